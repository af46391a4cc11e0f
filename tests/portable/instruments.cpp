// tests/portable/instruments.cpp - counters and gauges: verbs, values, refusals, exact text.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <limits>

#include "text_of.hpp"

namespace {

using check::text_of;
using std::int64_t;
using std::uint64_t;

// Read when the program runs: to clang since 18, with -ffast-math, a constant infinity as an argument is none at all.
const volatile double infinity = std::numeric_limits<double>::infinity();
const volatile double not_a_number = std::numeric_limits<double>::quiet_NaN();
const double largest = std::numeric_limits<double>::max();

// What clang, with -ffast-math, holds to be finite on both ways.
double taken_and_given(double value) { return value; }

// A counter starts at 0, is shown at once, and counts.
template <class Counter>
void counter_counts() {
  nx::registry r;
  Counter c{r, "jobs_total", "Jobs done."};
  CHECK(c.status().ok());
  CHECK(c.value() == 0);
  CHECK_EQ_TEXT(text_of(r), "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total 0\n");
  c.inc();
  c.inc(41);
  c.inc(0);
  CHECK(c.value() == 42);
  c.inc(static_cast<unsigned char>(8));
  c.inc(short(50));
  c.inc(1000000000L);
  CHECK(c.value() == 1000000100);
  CHECK_SHOWS(r, "jobs_total 1000000100");
  CHECK(r.refused(nx::mistake::update) == 0);
}

// A negative increment changes nothing and is counted, exactly, whatever the integer's type.
void counter_refuses_negative() {
  nx::registry r;
  nx::counter c{r, "c_total", "C."};
  c.inc(5);
  c.inc(-1);
  c.inc(static_cast<signed char>(-128));
  c.inc(std::numeric_limits<int64_t>::min());
  CHECK(c.value() == 5);
  CHECK(r.refused(nx::mistake::update) == 3);
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP c_total C.\n# TYPE c_total counter\nc_total 5\n"
      "# HELP narthex_refused_total What was refused, by kind.\n"
      "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"update\"} 3\n");
}

// A counter holds 64 bits and prints every digit; where cells have 32 bits, what does not fit is refused whole.
void counter_at_its_end() {
  nx::registry r;
  nx::counter c{r, "c_total", "C."};
#if NARTHEX_HAS(ATOMIC64)
  c.inc(~uint64_t{0});
  CHECK(c.value() == ~uint64_t{0});
  CHECK_SHOWS(r, "c_total 18446744073709551615");
  c.inc();  // wraps, as a reset
  CHECK(c.value() == 0);
  c.inc((uint64_t{1} << 53) + 1);
  CHECK_SHOWS(r, "c_total 9007199254740993");
  CHECK(r.refused(nx::mistake::update) == 0);
#else
  c.inc(0xffffffffu);
  CHECK(c.value() == 0xffffffffu);
  CHECK_SHOWS(r, "c_total 4294967295");
  c.inc(uint64_t{1} << 32);
  CHECK(c.value() == 0xffffffffu);
  CHECK(r.refused(nx::mistake::update) == 1);
  c.inc();
  CHECK(c.value() == 0);
#endif
}

// A double counter adds what is finite and not negative; everything else changes nothing and is counted.
template <class Counter>
void double_counter_counts() {
  nx::registry r;
  Counter c{r, "busy_seconds_total", "Busy."};
  CHECK(c.status().ok());
  CHECK_EQ_TEXT(text_of(r),
                "# HELP busy_seconds_total Busy.\n# TYPE busy_seconds_total counter\nbusy_seconds_total 0\n");
  c.inc(-0.0);
  CHECK_SHOWS(r, "busy_seconds_total 0");
  c.inc();
  c.inc(0.5);
  CHECK(c.value() == 1.5);
  CHECK(r.refused(nx::mistake::update) == 0);
  c.inc(-1e-300);
  c.inc(-infinity);
  c.inc(infinity);
  c.inc(not_a_number);
  c.inc(-not_a_number);
  c.inc(taken_and_given(infinity));
  c.inc(taken_and_given(not_a_number));
  CHECK(c.value() == 1.5);
  CHECK(r.refused(nx::mistake::update) == 7);
  CHECK_SHOWS(r, "busy_seconds_total 1.5");
  CHECK_SHOWS(r, "narthex_refused_total{what=\"update\"} 7");
}

// Values of a double counter and a gauge are written so that they read back exactly, from one end to the other.
void doubles_at_their_ends() {
  nx::registry r;
  nx::double_counter sum{r, "sum_total", "S."}, tiny{r, "tiny_total", "T."}, big{r, "big_total", "B."};
  sum.inc(0.1);
  sum.inc(0.2);
  CHECK_SHOWS(r, "sum_total 0.30000000000000004");
#if !defined(__FAST_MATH__)  // which has the processor add subnormal numbers as 0
  tiny.inc(std::numeric_limits<double>::denorm_min());
  CHECK_SHOWS(r, "tiny_total 5e-324");
  tiny.inc(std::numeric_limits<double>::denorm_min());
  CHECK_SHOWS(r, "tiny_total 1e-323");
#endif
  big.inc(largest);
  CHECK_SHOWS(r, "big_total 1.7976931348623157e+308");
  big.inc(largest);  // finite amounts may well sum up to no finite number
  CHECK_SHOWS(r, "big_total +Inf");
  nx::gauge g{r, "g", "G."};
  const struct {
    double value;
    const char* line;
  } all[] = {{largest, "g 1.7976931348623157e+308"},
             {-largest, "g -1.7976931348623157e+308"},
             {std::numeric_limits<double>::min(), "g 2.2250738585072014e-308"},
             {-0.0, "g 0"},
             {1e6, "g 1e+06"},
             {999999, "g 999999"},
             {1e-7, "g 1e-07"},
             {0.0001, "g 0.0001"},
             {123456789, "g 1.23456789e+08"},
             {infinity, "g +Inf"},
             {-infinity, "g -Inf"},
             {not_a_number, "g NaN"},
             {-not_a_number, "g NaN"}};
  for (const auto& row : all) {
    g.set(row.value);
    CHECK_SHOWS(r, row.line);
  }
#if !defined(__FAST_MATH__)  // which takes this for false
  CHECK(g.value() != g.value());
#endif
  CHECK(r.refused(nx::mistake::update) == 0);  // a gauge takes everything
}

template <class Gauge>
void gauge_goes_up_and_down() {
  nx::registry r;
  Gauge g{r, "queue_length", "Jobs waiting."};
  CHECK(g.status().ok());
  CHECK_EQ_TEXT(text_of(r), "# HELP queue_length Jobs waiting.\n# TYPE queue_length gauge\nqueue_length 0\n");
  g.set(10);
  g.inc();
  g.inc(5);
  g.dec();
  g.dec(20);
  CHECK(g.value() == -5);
  CHECK_SHOWS(r, "queue_length -5");
  g.inc(-3);
  g.dec(-1);
  CHECK(g.value() == -7);
}

void gauge_takes_fractions() {
  nx::registry r;
  nx::gauge g{r, "g", "G."};
  g.set(0.5);
  g.inc(0.25);
  g.dec(1.5);
  CHECK(g.value() == -0.75);
  CHECK_SHOWS(r, "g -0.75");
}

// An integer gauge prints plain digits to both ends of its cell and wraps around there.
void int_gauge_at_its_ends() {
  nx::registry r;
  nx::int_gauge g{r, "g", "G."};
  g.set(1234567890);
  CHECK_SHOWS(r, "g 1234567890");
#if NARTHEX_HAS(ATOMIC64)
  g.set(std::numeric_limits<int64_t>::max());
  CHECK_SHOWS(r, "g 9223372036854775807");
  g.inc();
  CHECK(g.value() == std::numeric_limits<int64_t>::min());
  CHECK_SHOWS(r, "g -9223372036854775808");
  g.set(0);
  g.dec(std::numeric_limits<int64_t>::min());
  CHECK(g.value() == std::numeric_limits<int64_t>::min());
#else
  g.set(2147483647);
  g.inc();
  CHECK_SHOWS(r, "g -2147483648");
#endif
}

}  // namespace

int main() {
  check::told::listen();
  counter_counts<nx::counter>();
  counter_counts<nx::fixed_counter>();
  counter_refuses_negative();
  counter_at_its_end();
  double_counter_counts<nx::double_counter>();
  double_counter_counts<nx::fixed_double_counter>();
  doubles_at_their_ends();
  gauge_goes_up_and_down<nx::gauge>();
  gauge_goes_up_and_down<nx::fixed_gauge>();
  gauge_goes_up_and_down<nx::int_gauge>();
  gauge_goes_up_and_down<nx::fixed_int_gauge>();
  gauge_takes_fractions();
  int_gauge_at_its_ends();
  CHECK(check::told::count() == 0);  // nothing here is a refused registration
  return check::report();
}
