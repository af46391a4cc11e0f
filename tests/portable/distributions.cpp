// tests/portable/distributions.cpp - histograms and summaries: bounds, edges, sums, quantiles, refusals, exact text.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "text_check.hpp"
#include "text_of.hpp"

namespace {

using check::text_of;

const volatile double infinity = std::numeric_limits<double>::infinity();
const volatile double not_a_number = std::numeric_limits<double>::quiet_NaN();

// A histogram without words about bounds has the common ones for seconds, and is whole from the start.
template <class Histogram>
void default_bounds() {
  nx::registry r;
  Histogram h{r, "h_seconds", "H."};
  CHECK(h.status().ok());
  CHECK(h.count() == 0 && h.sum() == 0);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP h_seconds H.\n# TYPE h_seconds histogram\n"
                "h_seconds_bucket{le=\"0.005\"} 0\nh_seconds_bucket{le=\"0.01\"} 0\nh_seconds_bucket{le=\"0.025\"} 0\n"
                "h_seconds_bucket{le=\"0.05\"} 0\nh_seconds_bucket{le=\"0.1\"} 0\nh_seconds_bucket{le=\"0.25\"} 0\n"
                "h_seconds_bucket{le=\"0.5\"} 0\nh_seconds_bucket{le=\"1\"} 0\nh_seconds_bucket{le=\"2.5\"} 0\n"
                "h_seconds_bucket{le=\"5\"} 0\nh_seconds_bucket{le=\"10\"} 0\nh_seconds_bucket{le=\"+Inf\"} 0\n"
                "h_seconds_sum 0\nh_seconds_count 0\n");
}

// Every number of bounds, every place among them: the search must be right for each way in which it can halve.
void every_search() {
  static double bounds[nx::buckets::max_bounds];
  for (unsigned i = 0; i < nx::buckets::max_bounds; ++i) bounds[i] = 2 * i;
  for (unsigned n = 0; n <= nx::buckets::max_bounds; ++n) {
    const nx::buckets b(bounds, n);
    for (unsigned k = 0; k < n; ++k) {
      CHECK(b.find(2 * k) == k);
      CHECK(b.find(2 * k + 1.0) == k + 1);
    }
    CHECK(b.find(-infinity) == 0 && b.find(infinity) == n && b.find(-1) == 0);
  }
}

double next_to(double value, int step) {
  std::int64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits += bits < 0 ? -step : step;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

// With a guide or without, a search finds what counting finds: on each bound, beside it and far from all.
unsigned wrong_places(const double* bounds, unsigned n, bool guided) {
  const nx::detail::bucket_guide guide(bounds, n);
  unsigned wrong = guide.is_ready() == guided ? 0 : 1000;
  const auto look = [&](double value) {
    unsigned place = 0;
    while (place < n && bounds[place] < value) ++place;
    wrong += nx::buckets::find_among(bounds, n, value) != place;
    wrong += guided && guide.find(value) != place;
  };
  for (unsigned i = 0; i < n; ++i) {
    look(bounds[i]);
    look(-bounds[i]);
    if (bounds[i] != 0) {
      look(next_to(bounds[i], 1));
      look(next_to(bounds[i], -1));
    }
  }
  for (const double value : {-infinity, -1e300, -1.0, -0.0, 0.0, 5e-324, 1e-300, 1.0, 1e300, infinity}) look(value);
  return wrong;
}
void guided_searches() {
  static double bounds[512];
  const auto fill = [&](double (*bound)(unsigned), unsigned n) {
    for (unsigned i = 0; i < n; ++i) bounds[i] = bound(i);
  };
  for (unsigned n = nx::detail::bucket_guide::fewest; n <= 512; n += n < 60 ? 1 : 113) {
    fill([](unsigned i) { return i * 2.0; }, n);
    CHECK(wrong_places(bounds, n, true) == 0);
    fill([](unsigned i) { return i * 0.5 - 3.5; }, n);  // as many bounds up to 0 as a guide takes
    CHECK(wrong_places(bounds, n, n < 200) == 0);
    fill([](unsigned i) { return i * 0.5 - 4.5; }, n);
    CHECK(wrong_places(bounds, n, false) == 0);
    fill([](unsigned i) { return i - 1000.0; }, n);
    CHECK(wrong_places(bounds, n, false) == 0);
    fill([](unsigned i) { return 1e9 + i; }, n);
    CHECK(wrong_places(bounds, n, true) == 0);
    fill([](unsigned i) { return next_to(1, static_cast<int>(i)); }, n);  // too close to each other
    CHECK(wrong_places(bounds, n, false) == 0);
    fill([](unsigned i) { return i < 9 ? 1 + i * 1e-9 : 1e9 + i; }, n);  // nine in one place, the rest far away
    CHECK(wrong_places(bounds, n, n < 18) == 0);
    double bound = 1e-300;
    for (unsigned i = 0; i < n; ++i, bound *= 10) bounds[i] = bound;
    if (n <= 256) CHECK(wrong_places(bounds, n, true) == 0);
    bound = 0.001;
    for (unsigned i = 0; i < n; ++i, bound *= 1.05) bounds[i] = bound;
    CHECK(wrong_places(bounds, n, true) == 0);
  }
}

template <class Histogram>
void many_bounds() {
  nx::registry r;
  Histogram h{r, "h", "H.", nx::buckets::linear(1, 1, 40)};
  for (unsigned i = 1; i <= 40; ++i) h.observe(i);
  for (const char* const line : {"h_bucket{le=\"1\"} 1", "h_bucket{le=\"17\"} 17", "h_bucket{le=\"40\"} 40"}) CHECK_SHOWS(r, line);
}

// A value on a bound belongs to it; buckets are cumulative; +Inf is the count.
template <class Histogram>
void edges() {
  nx::registry r;
  static const double bounds[] = {-1, 0.5, 10};
  Histogram h{r, "h", "H.", nx::buckets(bounds)};
  for (const double v : {-1.0, -1.0000000000000002, -0.9999999999999999, 0.5, 0.5000000000000001, 10.0, 10.5, -7.0}) {
    h.observe(v);
  }
  CHECK(h.count() == 8);
  const char* const lines[] = {"h_bucket{le=\"-1\"} 3", "h_bucket{le=\"0.5\"} 5", "h_bucket{le=\"10\"} 7",
                               "h_bucket{le=\"+Inf\"} 8", "h_count 8"};
  for (const char* const line : lines) CHECK_SHOWS(r, line);
}

// Bounds are written by the rules for numbers.
void bounds_as_text() {
  nx::registry r;
  static const double bounds[] = {-1e6, 0, 1e-7, 1e-5, 0.0001, 0.1, 1, 100000, 999999, 1e6, 1.1e23};
  nx::histogram h{r, "h", "H.", nx::buckets(bounds)};
  for (const char* const le :
       {"-1e+06", "0", "1e-07", "1e-05", "0.0001", "0.1", "1", "100000", "999999", "1e+06", "1.1e+23"}) {
    char line[64];
    std::snprintf(line, sizeof line, "h_bucket{le=\"%s\"} 0", le);
    CHECK_SHOWS(r, line);
  }
}

// Formulas are computed term by term: what client_golang's LinearBuckets and ExponentialBuckets give.
template <class Histogram>
void formulas() {
  nx::registry r;
  Histogram linear{r, "a", "A.", nx::buckets::linear(-15, 5, 6)},
      tenths{r, "b", "B.", nx::buckets::linear(0.1, 0.1, 3)};
  Histogram powers{r, "c", "C.", nx::buckets::exponential(100, 1.2, 3)},
      none{r, "d", "D.", nx::buckets::linear(1, 1, 0)};
  for (int i = -20; i <= 15; ++i) linear.observe(i);
  tenths.observe(0.3);
  powers.observe(120);
  powers.observe(145);
  none.observe(3);
  const char* const lines[] = {"a_bucket{le=\"-15\"} 6",
                               "a_bucket{le=\"-10\"} 11",
                               "a_bucket{le=\"-5\"} 16",
                               "a_bucket{le=\"0\"} 21",
                               "a_bucket{le=\"5\"} 26",
                               "a_bucket{le=\"10\"} 31",
                               "a_bucket{le=\"+Inf\"} 36",
                               "a_sum -90",
                               "a_count 36",
                               "b_bucket{le=\"0.1\"} 0",
                               "b_bucket{le=\"0.2\"} 0",
                               "b_bucket{le=\"0.30000000000000004\"} 1",
                               "c_bucket{le=\"100\"} 0",
                               "c_bucket{le=\"120\"} 1",
                               "c_bucket{le=\"144\"} 1",
                               "c_bucket{le=\"+Inf\"} 2",
                               "d_bucket{le=\"+Inf\"} 1",
                               "d_sum 3",
                               "d_count 1"};
  for (const char* const line : lines) CHECK_SHOWS(r, line);
}

// A last bound of +Inf is the one that comes by itself.
void trailing_infinity() {
  nx::registry r;
  static const double bounds[] = {1, infinity}, alone[] = {infinity};
  nx::histogram h{r, "h", "H.", nx::buckets(bounds)}, g{r, "g", "G.", nx::buckets(alone)};
  CHECK(h.status().ok() && g.status().ok());
  h.observe(2);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP g G.\n# TYPE g histogram\ng_bucket{le=\"+Inf\"} 0\ng_sum 0\ng_count 0\n"
                "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1\n");
}

// NaN is refused and counted, and leaves the sum a number; infinities are counted where they belong.
template <class Histogram>
void special_observations() {
  nx::registry r;
  static const double bounds[] = {1, 2};
  Histogram h{r, "h", "H.", nx::buckets(bounds)};
  h.observe(not_a_number);
  h.observe(-not_a_number);
  h.observe(1.5);
  CHECK(h.count() == 1 && h.sum() == 1.5);
  CHECK(r.refused(nx::mistake::update) == 2);
  h.observe(-0.0);
  h.observe(std::numeric_limits<double>::denorm_min());
  h.observe(infinity);
  CHECK_SHOWS(r, "h_bucket{le=\"1\"} 2");
  CHECK_SHOWS(r, "h_bucket{le=\"2\"} 3");
  CHECK_SHOWS(r, "h_bucket{le=\"+Inf\"} 4");
  CHECK_SHOWS(r, "h_sum +Inf");
  h.observe(-infinity);
  CHECK_SHOWS(r, "h_bucket{le=\"1\"} 3");
  CHECK_SHOWS(r, "h_sum NaN");  // the sum of both infinities is none
  CHECK_SHOWS(r, "h_count 5");
  CHECK_SHOWS(r, "narthex_refused_total{what=\"update\"} 2");
}

// Sums are those of doubles added in order, whatever fits and does not.
void exact_sums() {
  nx::registry r;
  nx::histogram h{r, "h", "H."};
  nx::summary s{r, "s", "S."};
  h.observe(0.1);
  h.observe(0.2);
  s.observe(5.7);
  s.observe(0.3);
  CHECK_SHOWS(r, "h_sum 0.30000000000000004");
  CHECK_SHOWS(r, "s_sum 6");
  h.observe(std::numeric_limits<double>::max());
  CHECK_SHOWS(r, "h_sum 1.7976931348623157e+308");
  nx::histogram many{r, "many", "M.", nx::buckets::exponential(1, 2, 10)};
  for (int i = 0; i < 3000; ++i) {
    many.observe(i * 0.7);
    if (i % 500 == 0)
      CHECK(check::occurrences(text_of(r), "many_bucket") == 11);  // a scrape in between changes nothing
  }
  // Each snapshot may turn to the other set of cells, so the order of addition is not ours: within a few last places.
  const double want = 0.7 * 2999 * 3000 / 2;
  CHECK(many.count() == 3000 && many.sum() > want * (1 - 1e-12) && many.sum() < want * (1 + 1e-12));
}

// As many bounds as the build takes are taken, and all of them shown.
void many_bounds() {
  nx::registry r;
  nx::fixed_histogram<nx::buckets::max_bounds> h{r, "h", "H.", nx::buckets::linear(1, 1, nx::buckets::max_bounds)};
  CHECK(h.status().ok());
  for (unsigned i = 0; i <= nx::buckets::max_bounds + 1; ++i) h.observe(i);
  const check::page page = check::page_of(r);
  CHECK(check::occurrences(page.text, "h_bucket") == nx::buckets::max_bounds + 1);
  CHECK_GOOD_TEXT(page.text, page.size);
#if NARTHEX_HAS(HEAP)
  nx::histogram registered{r, "registered", "R.", nx::buckets::exponential(1, 1.01, nx::buckets::max_bounds)};
  CHECK(registered.status().ok());
  for (unsigned i = 0; i < 600; ++i) registered.observe(i);
  const check::page both = check::page_of(r);
  CHECK(check::occurrences(both.text, "registered_bucket") == nx::buckets::max_bounds + 1);
  CHECK_GOOD_TEXT(both.text, both.size);
#endif
}

// A summary is a sum and a count; quantiles are opt-in.
template <class Summary>
void summary_sums() {
  nx::registry r;
  Summary s{r, "s", "S."};
  CHECK(s.status().ok());
  CHECK_EQ_TEXT(text_of(r), "# HELP s S.\n# TYPE s summary\ns_sum 0\ns_count 0\n");
  s.observe(1.5);
  s.observe(-4);
  s.observe(not_a_number);
  CHECK(s.count() == 2 && s.sum() == -2.5);
  CHECK(r.refused(nx::mistake::update) == 1);
  CHECK_SHOWS(r, "s_sum -2.5");
  CHECK_SHOWS(r, "s_count 2");
}

#if NARTHEX_HAS(HEAP)
std::uint32_t now = 1000;
std::uint32_t test_clock() { return now; }

double quantile(nx::registry& r, const char* which) {
  char begin[64];
  std::snprintf(begin, sizeof begin, "s{quantile=\"%s\"} ", which);
  const char* const at = std::strstr(text_of(r), begin);
  return CHECK(at) ? std::strtod(at + std::strlen(begin), nullptr) : 0;
}
bool is_near(double got, double want) { return got > want * 0.984 && got < want * 1.016; }

// Quantiles are NaN in an empty window, within 1.6 % of the value otherwise, and forget what is older than the window.
void quantiles_of_a_window() {
  nx::registry r;
  nx::summary s{r, "s", "S.", nx::quantiles({0, 0.5, 0.99, 1}).over_seconds(50).clock(&test_clock)};
  CHECK(s.status().ok());
  const char* const empty =
      "# HELP s S.\n# TYPE s summary\ns{quantile=\"0\"} NaN\ns{quantile=\"0.5\"} NaN\ns{quantile=\"0.99\"} NaN\n"
      "s{quantile=\"1\"} NaN\ns_sum 0\ns_count 0\n";
  CHECK_EQ_TEXT(text_of(r), empty);
  for (int i = 1000; i >= 1; --i) s.observe(i);
  CHECK(is_near(quantile(r, "0"), 1) && is_near(quantile(r, "0.5"), 500));
  CHECK(is_near(quantile(r, "0.99"), 990) && is_near(quantile(r, "1"), 1000));
  now += 39;  // four fifths of the window later they are still there
  for (int i = 0; i < 4000; ++i) s.observe(0.001);
  CHECK(is_near(quantile(r, "0.5"), 0.001) && is_near(quantile(r, "1"), 1000));
  now += 200;
  CHECK(check::occurrences(text_of(r), "} NaN\n") == 4);
  CHECK_SHOWS(r, "s_count 5000");
  s.observe(-3);
  s.observe(0);
  CHECK_SHOWS(r, "s{quantile=\"1\"} 0");
}

// An instrument's quantiles are part of what it is: others under its name are refused.
void quantiles_are_identity() {
  nx::registry r;
  nx::summary a{r, "s", "S.", {0.5, 0.9}}, same{r, "s", "S.", {0.5, 0.9}};
  CHECK(a.status().ok() && same.status().ok());
  same.observe(1);
  CHECK(a.count() == 1);
  const unsigned told = check::told::count();
  nx::summary more{r, "s", "S.", {0.5, 0.9, 0.99}}, none{r, "s", "S."};
  nx::summary longer{r, "s", "S.", nx::quantiles({0.5, 0.9}).over_seconds(60)};
  CHECK(more.status().code() == nx::errc::name_taken && none.status().code() == nx::errc::name_taken);
  CHECK(longer.status().code() == nx::errc::name_taken);
  CHECK(check::told::count() == told + 3);
}
#endif

}  // namespace

int main() {
  check::told::listen();
  default_bounds<nx::histogram>();
  default_bounds<nx::fixed_histogram<11>>();
  every_search();
  guided_searches();
  many_bounds<nx::fixed_histogram<40>>();
#if NARTHEX_HAS(HEAP)
  many_bounds<nx::histogram>();
#endif
  edges<nx::histogram>();
  edges<nx::fixed_histogram<3>>();
  bounds_as_text();
  formulas<nx::histogram>();
  formulas<nx::fixed_histogram<6>>();
  trailing_infinity();
  special_observations<nx::histogram>();
  special_observations<nx::fixed_histogram<2>>();
  exact_sums();
  many_bounds();
  summary_sums<nx::summary>();
  summary_sums<nx::fixed_summary>();
  CHECK(check::told::count() == 0);  // nothing so far was a refused registration
#if NARTHEX_HAS(HEAP)
  quantiles_of_a_window();
  quantiles_are_identity();
#endif
  return check::report();
}
