// tests/portable/families.cpp - series found, made, hidden and shown again; what goes beyond the cap; enums.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstring>

#include "text_of.hpp"

namespace {

using check::text_of;

// Without a heap a family is a fixed one; the same source builds.
#if NARTHEX_HAS(HEAP)
template <class T, std::size_t N>
using some_family = nx::family<T, N>;
using small_histogram = nx::histogram;
#else
template <class T, std::size_t N>
using some_family = nx::fixed_family<T, N, 16, 160>;
using small_histogram = nx::fixed_histogram<2>;
#endif
template <class T, std::size_t N>
using fixed_16 = nx::fixed_family<T, N, 16, 160>;

// A family without series shows nothing; labels() makes a series once, at 0, in the order of creation.
template <class Family>
void finds_or_makes() {
  nx::registry r;
  Family f{r, "http_total", "Responses.", {"method", "code"}};
  CHECK(f.status().ok());
  CHECK_EQ_TEXT(text_of(r), "");
  auto put = f.labels("PUT", 404);
  CHECK(put.status().ok());
  f.labels("GET", "200").inc(2);
  f.labels("GET", 200u).inc();
  f.labels("GET", static_cast<unsigned char>(200)).inc();
  f.labels("GET", -1LL).inc();
  f.labels(~std::uint64_t{0}, static_cast<std::int64_t>(std::uint64_t{1} << 63)).inc();
  auto again = f.labels("PUT", "404");
  again.inc(7);
  CHECK(put.value() == 7);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP http_total Responses.\n# TYPE http_total counter\nhttp_total{method=\"PUT\",code=\"404\"} 7\n"
                "http_total{method=\"GET\",code=\"200\"} 4\nhttp_total{method=\"GET\",code=\"-1\"} 1\n"
                "http_total{method=\"18446744073709551615\",code=\"-9223372036854775808\"} 1\n");
  put.inc(-1);
  CHECK(r.refused(nx::mistake::update) == 1);
}

// remove() hides one series, clear() all; labels() or an update shows it again, from zero, in its old place.
template <class Family>
void hides_and_revives() {
  nx::registry r;
  Family f{r, "f", "F.", {"x"}};
  auto a = f.labels("a"), b = f.labels("b"), c = f.labels("c");
  a.inc(1), b.inc(2), c.inc(3);
  CHECK(f.remove("b"));
  CHECK(!f.remove("b"));
  CHECK(!f.remove("never there"));
  CHECK(b.status().code() == nx::errc::not_registered && a.status().ok());
  CHECK_EQ_TEXT(text_of(r), "# HELP f F.\n# TYPE f counter\nf{x=\"a\"} 1\nf{x=\"c\"} 3\n");
  b.inc(5);  // by a handle that was kept
  CHECK_EQ_TEXT(text_of(r), "# HELP f F.\n# TYPE f counter\nf{x=\"a\"} 1\nf{x=\"b\"} 5\nf{x=\"c\"} 3\n");
  CHECK(b.status().ok());
  f.clear();
  CHECK_EQ_TEXT(text_of(r), "");
  CHECK(f.labels("c").value() == 0);  // by asking for it
  CHECK_EQ_TEXT(text_of(r), "# HELP f F.\n# TYPE f counter\nf{x=\"c\"} 0\n");
  c.unregister();
  CHECK_EQ_TEXT(text_of(r), "");
  a.inc();
  CHECK_EQ_TEXT(text_of(r), "# HELP f F.\n# TYPE f counter\nf{x=\"a\"} 1\n");
}

// A histogram's sum and counts start over exactly, also after scrapes that moved between its sets of cells.
template <class Family>
void histograms_revive_from_zero() {
  nx::registry r;
  static const double bounds[] = {1, 10};
  Family f{r, "h", "H.", {"x"}, nx::buckets(bounds)};
  auto h = f.labels("a");
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100; ++i) h.observe(0.1);
    for (int i = 0; i < round; ++i) text_of(r);
    for (int i = 0; i < 7; ++i) h.observe(1e15);
    CHECK(h.count() == 107);
    CHECK(f.remove("a"));
    CHECK(h.count() == 0 && h.sum() == 0);
    CHECK_EQ_TEXT(text_of(r), "");
    h.observe(0.25);
    h.observe(10);
    h.observe(11.5);
    CHECK_EQ_TEXT(text_of(r),
                  "# HELP h H.\n# TYPE h histogram\nh_bucket{x=\"a\",le=\"1\"} 1\nh_bucket{x=\"a\",le=\"10\"} 2\n"
                  "h_bucket{x=\"a\",le=\"+Inf\"} 3\nh_sum{x=\"a\"} 21.75\nh_count{x=\"a\"} 3\n");
    f.clear();
  }
}

// The other kinds come back in the same way.
template <class Family>
void others_revive() {
  nx::registry r;
  Family f{r, "f", "F.", {"x"}};
  f.labels("a");
  CHECK(f.remove("a"));
  CHECK_EQ_TEXT(text_of(r), "");
  f.labels("a");
  CHECK(check::occurrences(text_of(r), "{x=\"a\"} 0\n") >= 1);
}

// Beyond the cap labels() answers with one overflow series, shown last; hidden series count towards the cap.
template <class Family>
void overflow(nx::registry& r, Family& f) {
  for (int i = 0; i < 3; ++i) CHECK(f.labels(i, "x").status().ok());
  CHECK(f.remove(1, "x"));
  auto beyond = f.labels(3, "x");
  CHECK(beyond.status().code() == nx::errc::series_limit);
  CHECK_EQ_TEXT(beyond.status().subject(), "f");
  CHECK(beyond.status().number() == 3);
  beyond.inc();
  f.labels(4, "y").inc();
  f.labels("_overflow_", "_overflow_").inc();  // the same series, by its name
  CHECK(r.refused(nx::mistake::series) == 2);
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP f F.\n# TYPE f counter\nf{a=\"0\",b=\"x\"} 0\nf{a=\"2\",b=\"x\"} 0\nf{a=\"_overflow_\",b=\"_overflow_\"} "
      "3\n"
      "# HELP narthex_refused_total What was refused, by kind.\n"
      "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"series\"} 2\n");
  CHECK(f.labels(1, "x").status().ok());
  f.clear();
  CHECK(!std::strstr(text_of(r), "f{"));
  f.labels(5, "z");
  CHECK_SHOWS(r, "f{a=\"_overflow_\",b=\"_overflow_\"} 0");
}

#if NARTHEX_HAS(HEAP)
// A value has no length limit, also where its length does not fit sixteen bits.
void long_values_are_found_again() {
  static char value[70000];
  std::memset(value, 'x', sizeof value);
  nx::registry r;
  nx::family<nx::counter, 2> f{r, "f", "F.", {"a", "b"}};
  for (const std::size_t size : {std::size_t{65534}, std::size_t{65535}, std::size_t{65536}, std::size_t{70000}}) {
    for (int k = 0; k < 2; ++k) f.labels("short", nx::string_view(value, size)).inc();
    for (int k = 0; k < 3; ++k) f.labels(nx::string_view(value, size), "short").inc();
    CHECK(f.labels("short", nx::string_view(value, size)).value() == 2);
    CHECK(f.labels(nx::string_view(value, size), "short").value() == 3);
  }
}
#endif

// What does not fit the room of a fixed family goes to its overflow series; what fits exactly has its own.
void text_that_does_not_fit() {
  nx::registry r;
  nx::fixed_family<nx::counter, 1, 4, 17> f{r, "f", "F.", {"long"}};  // long="_overflow_" is 17 bytes
  CHECK(f.status().ok());
  CHECK(f.labels("0123456789").status().ok());
  CHECK(f.labels("0123456789a").status().code() == nx::errc::series_limit);
  CHECK(f.labels("012345678\"").status().code() == nx::errc::series_limit);  // escaped, it is longer
  CHECK(r.refused(nx::mistake::series) == 2);
  nx::fixed_family<nx::counter, 1, 4, 16> none{r, "none", "N.", {"long"}};
  CHECK(none.status().code() == nx::errc::label_too_long && none.status().number() == 16);
}

enum class method { get, put };
nx::enum_values<2> label_values(method) { return {{"GET", "P\"UT"}}; }
enum class result { ok, failed, lost };
nx::enum_values<3> label_values(result) { return {{"ok", "failed", "lost"}}; }

// Every combination of enumerators is there from the start; what is no enumerator counts into nothing.
void enums() {
  nx::registry r;
  nx::enum_family<nx::counter, method, result> ops{r, "ops_total", "Operations.", {"method", "result"}};
  CHECK(ops.status().ok());
  ops.labels(method::put, result::failed).inc(3);
  ops.labels(method::get, result::ok).inc();
  ops.labels(static_cast<method>(2), result::ok).inc(1000);
  ops.labels(method::get, static_cast<result>(-1)).inc(1000);
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP narthex_refused_total What was refused, by kind.\n"
      "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"series\"} 2\n"
      "# HELP ops_total Operations.\n# TYPE ops_total counter\nops_total{method=\"GET\",result=\"ok\"} 1\n"
      "ops_total{method=\"GET\",result=\"failed\"} 0\nops_total{method=\"GET\",result=\"lost\"} 0\n"
      "ops_total{method=\"P\\\"UT\",result=\"ok\"} 0\nops_total{method=\"P\\\"UT\",result=\"failed\"} 3\n"
      "ops_total{method=\"P\\\"UT\",result=\"lost\"} 0\n");
  static const double bounds[] = {1};
  nx::enum_family<nx::fixed_histogram<1>, method> h{r, "h", "H.", {"m"}, nx::buckets(bounds)};
  h.labels(method::get).observe(1);
  CHECK_SHOWS(r, "h_bucket{m=\"GET\",le=\"1\"} 1");
  CHECK_SHOWS(r, "h_count{m=\"P\\\"UT\"} 0");
}

template <template <class, std::size_t> class Family, class Histogram, class Summary>
void all() {
  finds_or_makes<Family<nx::counter, 2>>();
  hides_and_revives<Family<nx::counter, 1>>();
  histograms_revive_from_zero<Family<Histogram, 1>>();
  others_revive<Family<nx::gauge, 1>>();
  others_revive<Family<nx::int_gauge, 1>>();
  others_revive<Family<nx::double_counter, 1>>();
  others_revive<Family<Summary, 1>>();
}

}  // namespace

int main() {
  check::told::listen();
  all<some_family, small_histogram, nx::summary>();
  all<fixed_16, nx::fixed_histogram<2>, nx::fixed_summary>();
  {
    nx::registry r;
    nx::fixed_family<nx::counter, 2, 3> f{r, "f", "F.", {"a", "b"}};
    overflow(r, f);
  }
#if NARTHEX_HAS(HEAP)
  long_values_are_found_again();
  nx::registry r;
  nx::family<nx::counter, 2> f{r, "f", "F.", {"a", "b"}, nx::series_limits(3)};
  overflow(r, f);
  CHECK(f.overflowed() == 3);
#endif
  enums();
  CHECK(check::told::count() == 0);  // nothing so far was a refused registration
  text_that_does_not_fit();
  return check::report();
}
