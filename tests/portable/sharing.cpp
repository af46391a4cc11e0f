// tests/portable/sharing.cpp - who may have a name: equal registrations, different ones, samples that would meet,
// coming back.
#include <narthex/narthex.hpp>

#include <cstdio>
#include <cstring>
#include <new>

#include "text_check.hpp"
#include "text_of.hpp"

namespace {

using check::text_of;
using check::told;
using nx::errc;

template <class Instrument>
bool is_refused(const Instrument& x, errc why, const char* message) {
  const bool good = CHECK(x.status().code() == why) && CHECK_EQ_TEXT(check::message_of(x.status()), message) &&
                    CHECK(told::count() == 1 && told::last().code() == why) &&
                    CHECK_EQ_TEXT(told::last().subject(), x.status().subject());
  told::listen();
  return good;
}
const char taken[] = "x: the name is registered with another type, help or label set";

// The same thing twice is one series where the registry owns it; an object that is its own storage cannot share a name.
void equal_registrations() {
  nx::registry r;
  told::listen();
  nx::counter a{r, "x", "X."};
  nx::counter b{r, "x", "X."};
  a.inc(2);
  b.inc(3);
#if NARTHEX_HAS(HEAP)
  CHECK(b.status().ok() && a.value() == 5);
  nx::histogram h{r, "h", "H.", {1, 2}}, same{r, "h", "H.", nx::buckets::linear(1, 1, 2)};
  nx::info i{r, "i_info", "I.", {{"v", "1"}}}, again{r, "i_info", "I.", {{"v", "1"}}};
  nx::state_set s{r, "s", "S.", {"a", "b"}}, also{r, "s", "S.", {"a", "b"}};
  same.observe(1);
  also.set("b");
  CHECK(h.count() == 1 && again.status().ok() && s.is("b"));
  CHECK(told::count() == 0);
  nx::info other{r, "i_info", "I.", {{"v", "2"}}};
  CHECK(other.status().code() == errc::name_taken);
  nx::state_set more{r, "s", "S.", {"a", "b", "c"}};
  CHECK(more.status().code() == errc::name_taken);
  told::listen();
#else
  is_refused(b, errc::name_taken, taken);
  CHECK(a.value() == 2 && b.value() == 3);
#endif
  nx::fixed_counter c{r, "x", "X."};
  is_refused(c, errc::name_taken, taken);
  nx::callback_counter d{r, "x", "X.", [] { return 1; }};
  is_refused(d, errc::name_taken, taken);
  CHECK(check::occurrences(text_of(r), "# TYPE x ") == 1);
}

// Another type, help or storage under one name is refused, and counts unseen.
void different_registrations() {
  nx::registry r;
  told::listen();
  nx::counter first{r, "x", "X."};
  nx::counter help{r, "x", "Y."};
  is_refused(help, errc::name_taken, taken);
  nx::gauge gauge{r, "x", "X."};
  is_refused(gauge, errc::name_taken, taken);
  nx::double_counter whole{r, "x", "X."};  // the same type for Prometheus, another storage for us
  is_refused(whole, errc::name_taken, taken);
  nx::histogram histogram{r, "x", "X."};
  is_refused(histogram, errc::name_taken, taken);
  nx::fixed_family<nx::counter, 1, 2> family{r, "x", "X.", {"a"}};
  is_refused(family, errc::name_taken, taken);
  help.inc(), gauge.set(5), whole.inc(0.5), histogram.observe(1), family.labels("1").inc();
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP narthex_refused_total What was refused, by kind.\n"
      "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"registration\"} 5\n"
      "# HELP x X.\n# TYPE x counter\nx 0\n");
  nx::counter own{r, "narthex_refused_total", "Mine."};
  CHECK(own.status().code() == errc::name_taken);
}

// A fixed instrument meets a registered one of its kind, and fixed ones of other sizes meet: refused, whatever the
// layouts.
void storage_of_one_kind() {
  static const double bounds[] = {1, 2};
  const nx::buckets shapes[] = {nx::buckets(bounds), nx::buckets::linear(1, 1, 2), nx::buckets::defaults(),
                                nx::buckets::linear(1, 1, 0)};
  for (const nx::buckets& one : shapes) {
    for (const nx::buckets& two : shapes) {
      nx::registry r;
      told::listen();
      nx::histogram a{r, "x", "X.", one};
      nx::fixed_histogram<> b{r, "x", "X.", two};
      is_refused(b, errc::name_taken, taken);
      nx::fixed_histogram<64> c{r, "y", "Y.", one};
      nx::histogram d{r, "y", "Y.", two};
      CHECK(d.status().code() == errc::name_taken);
      nx::fixed_family<nx::fixed_histogram<13>, 1, 2> e{r, "z", "Z.", {"a"}, one};
      nx::fixed_family<nx::fixed_histogram<11>, 1, 3> f{r, "z", "Z.", {"a"}, two};
      CHECK(f.status().code() == errc::name_taken);
#if NARTHEX_HAS(HEAP)
      nx::family<nx::histogram, 1> g{r, "z", "Z.", {"a"}, two}, h{r, "w", "W.", {"a"}, one};
      nx::fixed_family<nx::fixed_histogram<13>, 1, 2> i{r, "w", "W.", {"a"}, two};
      CHECK(g.status().code() == errc::name_taken && i.status().code() == errc::name_taken);
      nx::summary s{r, "s", "S.", {0.5}};
      nx::fixed_summary t{r, "s", "S."};
      CHECK(t.status().code() == errc::name_taken);
      nx::fixed_summary u{r, "u", "U."};
      nx::summary v{r, "u", "U.", {0.5}};
      CHECK(v.status().code() == errc::name_taken);
#endif
    }
  }
}

template <class First, class Second>
void collide(const char* one, const char* two, bool expected, const char* prefix = "") {
  nx::registry r{*prefix ? nx::registry_options().prefix(prefix) : nx::registry_options()};
  told::listen();
  First a{r, one, "A."};
  Second b{r, two, "B."};
  CHECK(a.status().ok());
  char message[80];
  std::snprintf(message, sizeof message, "%s: another metric writes a sample of this name", two);
  if (expected)
    is_refused(b, errc::name_collides, message);
  else
    CHECK(b.status().ok());
  CHECK_GOOD_TEXT(text_of(r), std::strlen(text_of(r)));
}
template <class Whole, class Part>
void collide_both_ways(const char* whole, const char* part, bool expected, const char* prefix = "") {
  collide<Whole, Part>(whole, part, expected, prefix);
  collide<Part, Whole>(part, whole, expected, prefix);
}

// Two metrics may not write one sample name, whichever came first.
void colliding_samples() {
  for (const char* const prefix : {"", "p_"}) {
    collide_both_ways<nx::histogram, nx::counter>("x", "x_count", true, prefix);
    collide_both_ways<nx::histogram, nx::gauge>("x", "x_sum", true, prefix);
    collide_both_ways<nx::histogram, nx::summary>("x", "x_bucket", true, prefix);
    collide_both_ways<nx::summary, nx::counter>("x", "x_count", true, prefix);
    collide_both_ways<nx::summary, nx::histogram>("x", "x_sum", true, prefix);
    collide_both_ways<nx::summary, nx::counter>("x", "x_bucket", false, prefix);
    collide_both_ways<nx::histogram, nx::counter>("x", "x_total", false, prefix);
    collide_both_ways<nx::histogram, nx::counter>("x", "x_counts", false, prefix);
    collide_both_ways<nx::histogram, nx::counter>("x", "x_coun", false, prefix);
    collide_both_ways<nx::histogram, nx::counter>("x", "y_count", false, prefix);
    collide_both_ways<nx::histogram, nx::counter>("x_sum", "x_sum_count", true, prefix);
    collide_both_ways<nx::counter, nx::gauge>("x", "x_count", false, prefix);
    collide_both_ways<nx::gauge, nx::counter>("x", "x_bucket", false, prefix);
  }
  // Others may stand between the two in the order of names.
  for (const char* const part : {"long_name_sum", "long_name_count", "long_name_bucket"}) {
    for (const bool whole_first : {true, false}) {
      nx::registry r;
      told::listen();
      const char *const first = whole_first ? "long_name" : part, *const second = whole_first ? part : "long_name";
      nx::histogram a{r, first, "A."};
      nx::counter before{r, "long_nam", "B."}, between{r, "long_name_aaa", "C."}, near{r, "long_name_", "D."},
          last{r, "x", "E."};
      nx::histogram b{r, second, "F."};
      char message[80];
      std::snprintf(message, sizeof message, "%s: another metric writes a sample of this name", second);
      is_refused(b, errc::name_collides, message);
    }
  }
}

#if NARTHEX_HAS(HEAP)
/// What is shown under the name x.
const char* shown(nx::registry& r) {
  const char* const at = std::strstr(text_of(r), "# HELP x ");
  return at ? at : "";
}

// unregister() hides; the same registration comes back from zero; another one takes the name; so back and forth.
void out_and_back() {
  nx::registry r;
  told::listen();
  nx::counter c{r, "x", "X."};
  c.inc(5);
  c.unregister();
  CHECK(c.status().code() == errc::not_registered);
  CHECK_EQ_TEXT(check::message_of(c.status()), "x: not registered");
  CHECK_EQ_TEXT(text_of(r), "");
  c.inc(5);
  CHECK(c.value() == 10);
  for (int round = 0; round < 3; ++round) {
    nx::counter back{r, "x", "X."};
    CHECK(back.status().ok() && c.status().ok() && c.value() == 0);
    c.inc();
    CHECK_EQ_TEXT(shown(r), "# HELP x X.\n# TYPE x counter\nx 1\n");
    nx::gauge g{r, "x", "Y."};
    is_refused(g, errc::name_taken, taken);
    back.unregister();
    nx::gauge free{r, "x", "Y."};
    CHECK(free.status().ok() && free.value() == 0);
    free.set(-2);
    CHECK_EQ_TEXT(shown(r), "# HELP x Y.\n# TYPE x gauge\nx -2\n");
    nx::counter late{r, "x", "X."};
    is_refused(late, errc::name_taken, taken);
    free.unregister();
    nx::histogram h{r, "x", "X.", nx::buckets::linear(0, 1, 1)};
    h.observe(0.5);
    CHECK_EQ_TEXT(
        shown(r),
        "# HELP x X.\n# TYPE x histogram\nx_bucket{le=\"0\"} 0\nx_bucket{le=\"+Inf\"} 1\nx_sum 0.5\nx_count 1\n");
    h.unregister();
  }
  nx::counter part{r, "x_count", "P."};  // while the histogram is hidden, its samples' names are free
  CHECK(part.status().ok());
  nx::histogram h{r, "x", "X.", nx::buckets::linear(0, 1, 1)};
  is_refused(h, errc::name_collides, "x: another metric writes a sample of this name");
  part.unregister();
  nx::histogram back{r, "x", "X.", nx::buckets::linear(0, 1, 1)};
  CHECK(back.status().ok() && back.count() == 0);
  nx::fixed_counter fixed{r, "y", "Y."};
  fixed.unregister();
  nx::counter owned{r, "y", "Y."};
  CHECK(owned.status().ok());
  owned.unregister();
  nx::fixed_counter next{r, "y", "Y."};
  CHECK(next.status().ok());
  CHECK(told::count() == 0);
}
#endif

// Names come in any order and go out sorted, each once, however many there are.
#if NARTHEX_HAS(HEAP) && defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
enum { many = 10000, step = 7919 };
#else
enum { many = 400, step = 73 };
#endif
template <class Counter>
void many_names() {
  static char names[many][16];
  nx::registry r;
  alignas(Counter) static unsigned char room[many][sizeof(Counter)];
  told::listen();
  for (int i = 0; i < many; ++i) {
    const int n = i * step % many;
    std::snprintf(names[i], sizeof names[i], i % 2 ? "m%d_total" : "m%05d", n);
    Counter* const c = new (&room[i]) Counter{r, static_cast<const char*>(names[i]), "M."};
    c->inc(n);
    CHECK(c->status().ok());
  }
  static char text[many * 72];
  const std::size_t size = nx::write_text(r, text, sizeof text);
  CHECK(size < sizeof text);
  CHECK_GOOD_TEXT(text, size);
  CHECK(check::reader().samples() == many && told::count() == 0);
  for (int i = 0; i < many; i += 97) {
    char line[40];
    const int n = i * step % many;
    std::snprintf(line, sizeof line, i % 2 ? "\nm%d_total %d\n" : "\nm%05d %d\n", n, n);
    CHECK(std::strstr(text, line));
  }
  for (int i = 0; i < many; ++i) reinterpret_cast<Counter*>(&room[i])->~Counter();
}

}  // namespace

int main() {
  equal_registrations();
  different_registrations();
  storage_of_one_kind();
  colliding_samples();
#if NARTHEX_HAS(HEAP)
  out_and_back();
#endif
  many_names<nx::counter>();
  return check::report();
}
