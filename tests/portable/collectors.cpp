// tests/portable/collectors.cpp - families fetched by one call: what was declared is shown, everything else is dropped
// and counted.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstring>
#include <limits>

#include "text_check.hpp"
#include "text_of.hpp"

#if NARTHEX_HAS(HEAP)

namespace {

const volatile double infinity = std::numeric_limits<double>::infinity();  // see instruments.cpp

using check::text_of;
using nx::metric_type;

const std::uint64_t counts[] = {1, 2, 3};
const double half[] = {0.5}, values[] = {7.5};

// Every type a collector may declare, from one call, in name order with everything else.
void every_type() {
  nx::registry r{nx::registry_options().label("c", "1").prefix("p_")};
  nx::counter between{r, "d", "D."};
  int calls = 0;
  nx::collector all{r,
                    {{metric_type::summary, "e", "E.", {"x"}},
                     {metric_type::counter, "a_total", "A.", {"x", "y"}},
                     {metric_type::gauge, "b", "B\n.", {}},
                     {metric_type::unknown, "c", "C.", {}},
                     {metric_type::histogram, "f", "F.", {}}},
                    [&calls](nx::collected& out) {
                      ++calls;
                      out.add_histogram(4, {}, nx::buckets::linear(1, 1, 2), counts, -0.5);
                      out.add_summary(0, {"q"}, half, values, 1, 2.5, 3);
                      out.add_summary(0, {"none"}, nullptr, nullptr, 0, 0, 0);
                      out.add(1, {"\xff", 200}, std::uint64_t(18446744073709551615u));
                      out.add(1, {"b\"", "z"}, 1);
                      out.add(2, {}, -0.25f);
                      out.add(3, {}, double(infinity));
                    }};
  CHECK(all.status().ok());
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP p_a_total A.\n# TYPE p_a_total counter\n"
      "p_a_total{c=\"1\",x=\"\xef\xbf\xbd"
      "ff\",y=\"200\"} 18446744073709551615\np_a_total{c=\"1\",x=\"b\\\"\",y=\"z\"} 1\n"
      "# HELP p_b B\\n.\n# TYPE p_b gauge\np_b{c=\"1\"} -0.25\n# HELP p_c C.\n# TYPE p_c untyped\np_c{c=\"1\"} +Inf\n"
      "# HELP p_d D.\n# TYPE p_d counter\np_d{c=\"1\"} 0\n"
      "# HELP p_e E.\n# TYPE p_e summary\np_e{c=\"1\",x=\"q\",quantile=\"0.5\"} 7.5\np_e_sum{c=\"1\",x=\"q\"} 2.5\n"
      "p_e_count{c=\"1\",x=\"q\"} 3\np_e_sum{c=\"1\",x=\"none\"} 0\np_e_count{c=\"1\",x=\"none\"} 0\n"
      "# HELP p_f F.\n# TYPE p_f histogram\np_f_bucket{c=\"1\",le=\"1\"} 1\np_f_bucket{c=\"1\",le=\"2\"} 3\n"
      "p_f_bucket{c=\"1\",le=\"+Inf\"} 6\np_f_sum{c=\"1\"} -0.5\np_f_count{c=\"1\"} 6\n");
  CHECK(calls == 1);
  all.unregister();
  CHECK(all.status().code() == nx::errc::not_registered);
  CHECK(!std::strstr(text_of(r), "p_f") && calls == 1);
}

// A family that was not declared, other numbers of labels, another shape than the declared, repetitions, bad bounds and
// quantiles: dropped and counted one by one; what is right stays.
void undeclared_samples() {
  nx::registry r;
  nx::collector wild{r,
                     {{metric_type::gauge, "a", "A.", {"x"}},
                      {metric_type::histogram, "b", "B.", {"x"}},
                      {metric_type::summary, "c", "C.", {"x"}}},
                     [](nx::collected& out) {
                       static const double falling[] = {2, 1}, high[] = {1.5}, many[20] = {};
                       const nx::buckets bounds = nx::buckets::linear(1, 1, 2);
                       out.add(3, {"undeclared"}, 1);
                       out.add(0, {}, 1);
                       out.add(0, {"1", "2"}, 1);
                       out.add(0, {"good"}, 1);
                       out.add(0, {"good"}, 2);
                       out.add(1, {"a value for a histogram"}, 1);
                       out.add(2, {"a value for a summary"}, 1);
                       out.add_histogram(0, {"a histogram for a gauge"}, bounds, counts, 1);
                       out.add_histogram(2, {"a histogram for a summary"}, bounds, counts, 1);
                       out.add_summary(0, {"a summary for a gauge"}, half, values, 1, 1, 1);
                       out.add_summary(1, {"a summary for a histogram"}, half, values, 1, 1, 1);
                       out.add_histogram(1, {"falling"}, nx::buckets(falling), counts, 1);
                       out.add_summary(2, {"high"}, high, values, 1, 1, 1);
                       out.add_summary(2, {"many"}, many, many, 20, 1, 1);
                       out.add_histogram(1, {"good"}, bounds, counts, 1);
                       out.add_histogram(1, {"good"}, bounds, counts, 2);
                       out.add_summary(2, {"good"}, half, values, 1, 1, 1);
                     }};
  CHECK(wild.status().ok());
  const check::page page = check::page_of(r);
  CHECK_GOOD_TEXT(page.text, page.size);
  CHECK(r.refused(nx::mistake::sample) == 14);
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP a A.\n# TYPE a gauge\na{x=\"good\"} 1\n"
      "# HELP b B.\n# TYPE b histogram\nb_bucket{x=\"good\",le=\"1\"} 1\nb_bucket{x=\"good\",le=\"2\"} 3\n"
      "b_bucket{x=\"good\",le=\"+Inf\"} 6\nb_sum{x=\"good\"} 1\nb_count{x=\"good\"} 6\n"
      "# HELP c C.\n# TYPE c summary\nc{x=\"good\",quantile=\"0.5\"} 7.5\nc_sum{x=\"good\"} 1\nc_count{x=\"good\"} 1\n"
      "# HELP narthex_refused_total What was refused, by kind.\n"
      "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"sample\"} 28\n");
}

// One of its families refused: the collector says which, and shows the others.
void refused_families() {
  nx::registry r;
  check::told::listen();
  nx::counter taken{r, "taken", "T."};
  nx::collector some{r,
                     {{metric_type::gauge, "good", "G.", {}},
                      {metric_type::counter, "taken", "T.", {}},
                      {metric_type::histogram, "h", "H.", {"le"}},
                      {metric_type::gauge, "bad-name", "B.", {}},
                      {metric_type::gauge, "good", "G.", {}}},
                     [](nx::collected& out) {
                       out.add(0, {}, 1);
                       out.add(1, {}, 2);
                       out.add_histogram(2, {"x"}, nx::buckets::linear(1, 1, 2), counts, 3);
                       out.add(3, {}, 4);
                       out.add(4, {}, 5);
                     }};
  CHECK(check::told::count() == 4 && r.refused(nx::mistake::registration) == 4);
  CHECK(some.status().code() == nx::errc::name_taken);
  CHECK_EQ_TEXT(some.status().subject(), "taken");
  CHECK_SHOWS(r, "good 1");
  CHECK_SHOWS(r, "taken 0");
  CHECK(r.refused(nx::mistake::sample) == 0);  // they were told when they were refused
  CHECK_GOOD_TEXT(text_of(r), std::strlen(text_of(r)));
}

}  // namespace

int main() {
  every_type();
  undeclared_samples();
  refused_families();
  return check::report();
}

#else

int main() { return check::report(); }  // a collector keeps what it was given on the heap

#endif
