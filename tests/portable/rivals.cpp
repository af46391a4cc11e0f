// tests/portable/rivals.cpp - what other C++ clients got wrong in the core, one test for each: the input, then the
// wrong result.
#include <narthex/narthex.hpp>

#include <cstring>
#include <limits>

#include "text_check.hpp"
#include "text_of.hpp"

namespace {

using check::text_of;

const volatile double not_a_number = std::numeric_limits<double>::quiet_NaN();
const double largest = std::numeric_limits<double>::max();

#if NARTHEX_HAS(HEAP)
template <class T, std::size_t N>
using some_family = nx::family<T, N>;
using small_histogram = nx::histogram;
#else
template <class T, std::size_t N>
using some_family = nx::fixed_family<T, N, 4>;
using small_histogram = nx::fixed_histogram<2>;
#endif

void help_with_newline_was_an_extra_raw_line() {
  nx::registry r;
  nx::counter c{r, "c", "one\ntwo 2\n"};
  CHECK_EQ_TEXT(text_of(r), "# HELP c one\\ntwo 2\\n\n# TYPE c counter\nc 0\n");
}

void gauge_at_the_largest_double_printed_a_number_that_overflows() {
  nx::registry r;
  nx::gauge g{r, "g", "G."};
  g.set(largest);
  CHECK_SHOWS(r, "g 1.7976931348623157e+308");
  g.set(-largest);
  CHECK_SHOWS(r, "g -1.7976931348623157e+308");
  CHECK_GOOD_TEXT(text_of(r), std::strlen(text_of(r)));
}

void tenth_and_two_tenths_was_0_3_which_reads_back_as_another_number() {
  nx::registry r;
  nx::gauge g{r, "g", "G."};
  g.set(0.1);
  g.inc(0.2);
  CHECK_SHOWS(r, "g 0.30000000000000004");
}

void observed_nan_counted_in_the_first_bucket_and_the_sum_was_nan_for_ever() {
  nx::registry r;
  static const double bounds[] = {1, 2};
  nx::histogram h{r, "h", "H.", nx::buckets(bounds)};
  nx::summary s{r, "s", "S."};
  h.observe(not_a_number), s.observe(not_a_number);
  h.observe(1.5), s.observe(1.5);
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 0\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"+Inf\"} 1\n"
      "h_sum 1.5\nh_count 1\n"
      "# HELP narthex_refused_total What was refused, by kind.\n"
      "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"update\"} 2\n"
      "# HELP s S.\n# TYPE s summary\ns_sum 1.5\ns_count 1\n");
}

void counter_incremented_by_nan_was_poisoned() {
  nx::registry r;
  nx::double_counter c{r, "c_total", "C."};
  c.inc(2.5);
  c.inc(not_a_number);
  c.inc(1);
  CHECK(c.value() == 3.5);
  CHECK_SHOWS(r, "c_total 3.5");
}

void metric_without_children_was_not_there() {
  nx::registry r;
  nx::counter c{r, "c_total", "C."};
  nx::histogram h{r, "h", "H."};
  CHECK_SHOWS(r, "c_total 0");
  CHECK_SHOWS(r, "h_count 0");
  some_family<nx::counter, 1> f{r, "f_total", "F.", {"x"}};  // has no series to show; naming one is enough
  f.labels("a");
  CHECK_SHOWS(r, "f_total{x=\"a\"} 0");
}

void bounds_in_falling_order_gave_no_output_and_no_word() {
  nx::registry r;
  static const double falling[] = {0.3, 1e-7}, rising[] = {1e-7, 0.3};
  check::told::listen();
  nx::histogram wrong{r, "wrong", "W.", nx::buckets(falling)}, right{r, "right", "R.", nx::buckets(rising)};
  CHECK(wrong.status().code() == nx::errc::bad_buckets && wrong.status().number() == 1);
  CHECK(check::told::count() == 1);
  right.observe(0.2);
  CHECK_SHOWS(r, "right_bucket{le=\"1e-07\"} 0");
  CHECK_SHOWS(r, "right_bucket{le=\"0.3\"} 1");
  CHECK(!std::strstr(text_of(r), "wrong"));
}

void small_bound_was_zero_and_constant_labels_got_lost_and_sum_was_cut() {
  nx::registry r{nx::registry_options().label("a", "b")};
  static const double bounds[] = {1e-7};
  nx::histogram h{r, "h", "H.", nx::buckets(bounds)};
  h.observe(5.7);
  h.observe(0.3);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP h H.\n# TYPE h histogram\nh_bucket{a=\"b\",le=\"1e-07\"} 0\nh_bucket{a=\"b\",le=\"+Inf\"} 2\n"
                "h_sum{a=\"b\"} 6\nh_count{a=\"b\"} 2\n");
}

void bound_of_a_million_was_no_number() {
  nx::registry r;
  static const double bounds[] = {1e6};
  nx::histogram h{r, "h", "H.", nx::buckets(bounds)};
  CHECK_SHOWS(r, "h_bucket{le=\"1e+06\"} 0");
}

void label_value_with_a_quote_was_not_escaped() {
  nx::registry r;
  some_family<nx::counter, 1> f{r, "f", "F.", {"x"}};
  f.labels("say \"hi\"\\\n").inc();
  CHECK_SHOWS(r, "f{x=\"say \\\"hi\\\"\\\\\\n\"} 1");
}

void histogram_was_not_cumulative_and_had_no_infinite_bucket() {
  nx::registry r;
  static const double bounds[] = {1, 2};
  nx::histogram h{r, "h", "H.", nx::buckets(bounds)};
  for (const double v : {0.5, 1.5, 1.5, 3.0, 3.0, 3.0}) h.observe(v);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 3\nh_bucket{le=\"+Inf\"} 6\n"
                "h_sum 12.5\nh_count 6\n");
}

void labelled_histogram_repeated_its_type_and_had_no_sum() {
  nx::registry r;
  static const double bounds[] = {1};
  some_family<small_histogram, 1> f{r, "h", "H.", {"x"}, nx::buckets(bounds)};
  f.labels("a").observe(0.5);
  f.labels("b").observe(2);
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP h H.\n# TYPE h histogram\n"
      "h_bucket{x=\"a\",le=\"1\"} 1\nh_bucket{x=\"a\",le=\"+Inf\"} 1\nh_sum{x=\"a\"} 0.5\nh_count{x=\"a\"} 1\n"
      "h_bucket{x=\"b\",le=\"1\"} 0\nh_bucket{x=\"b\",le=\"+Inf\"} 1\nh_sum{x=\"b\"} 2\nh_count{x=\"b\"} 1\n");
}

void counter_was_typed_a_gauge() {
  nx::registry r;
  nx::counter a{r, "a_total", "A."};
  nx::double_counter b{r, "b_total", "B."};
  nx::callback_counter c{r, "c_total", "C.", [] { return 1; }};
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP a_total A.\n# TYPE a_total counter\na_total 0\n# HELP b_total B.\n# TYPE b_total counter\nb_total 0\n"
      "# HELP c_total C.\n# TYPE c_total counter\nc_total 1\n");
}

}  // namespace

int main() {
  help_with_newline_was_an_extra_raw_line();
  gauge_at_the_largest_double_printed_a_number_that_overflows();
  tenth_and_two_tenths_was_0_3_which_reads_back_as_another_number();
  observed_nan_counted_in_the_first_bucket_and_the_sum_was_nan_for_ever();
  counter_incremented_by_nan_was_poisoned();
  metric_without_children_was_not_there();
  bounds_in_falling_order_gave_no_output_and_no_word();
  small_bound_was_zero_and_constant_labels_got_lost_and_sum_was_cut();
  bound_of_a_million_was_no_number();
  label_value_with_a_quote_was_not_escaped();
  histogram_was_not_cumulative_and_had_no_infinite_bucket();
  labelled_histogram_repeated_its_type_and_had_no_sum();
  counter_was_typed_a_gauge();
  return check::report();
}
