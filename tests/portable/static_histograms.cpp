// Histograms over bounds that stay where they are.
#include <narthex/narthex.hpp>

#include <limits>

#include "check.hpp"
#include "text_of.hpp"

namespace nx = narthex;
using check::text_of;

namespace {

const double sizes[] = {-1, 0, 2.5};
const double with_infinity[] = {1, std::numeric_limits<double>::infinity()};
const double falling[] = {2, 1};

void counts_and_prints() {
  nx::registry r;
  nx::static_histogram<3> h{r, "size", "S.", sizes};
  CHECK(h.status().ok());
  for (const double value : {-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 2.5, 2.75}) h.observe(value);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP size S.\n# TYPE size histogram\nsize_bucket{le=\"-1\"} 2\nsize_bucket{le=\"0\"} 5\nsize_bucket{le=\"2.5\"} 7\n"
                "size_bucket{le=\"+Inf\"} 8\nsize_sum 2.25\nsize_count 8\n");
  CHECK(h.count() == 8);
}

void fewer_and_an_infinite_one() {
  nx::registry r;
  nx::static_histogram<3> h{r, "size", "S.", with_infinity};
  CHECK(h.status().ok());
  h.observe(1);
  h.observe(7);
  CHECK_EQ_TEXT(text_of(r), "# HELP size S.\n# TYPE size histogram\nsize_bucket{le=\"1\"} 1\nsize_bucket{le=\"+Inf\"} 2\nsize_sum 8\nsize_count 2\n");
}

void refused() {
  nx::registry r;
  const nx::error_hook before = nx::set_error_hook(nullptr);
  nx::static_histogram<2> many{r, "many", "M.", sizes};
  nx::static_histogram<2> down{r, "down", "D.", falling};
  static_cast<void>(nx::set_error_hook(before));
  CHECK(many.status().code() == nx::errc::bad_buckets && many.status().number() == 2);
  CHECK(down.status().code() == nx::errc::bad_buckets && down.status().number() == 1);
  many.observe(9);  // would be the fourth of three buckets
  many.observe(-9);
  down.observe(1.5);
  CHECK(many.count() == 1);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP narthex_refused_total What was refused, by kind.\n"
                "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"registration\"} 2\n");
}

void in_a_family() {
  nx::registry r;
  nx::fixed_family<nx::static_histogram<3>, 1, 2> f{r, "size", "S.", {"kind"}, sizes};
  f.labels("a").observe(1);
  CHECK(f.labels("a").count() == 1);
  CHECK(f.labels("b").count() == 0);
  CHECK(f.remove("a"));
  CHECK(f.labels("a").count() == 0);
}

void attached() {
  nx::registry a, b;
  nx::static_histogram<3> one{a, "size", "S.", sizes}, two{b, "size", "S.", sizes};
  one.observe(-1);
  two.observe(1);
  CHECK(a.attach(b).ok());
  CHECK_EQ_TEXT(text_of(a),
                "# HELP size S.\n# TYPE size histogram\nsize_bucket{le=\"-1\"} 1\nsize_bucket{le=\"0\"} 1\nsize_bucket{le=\"2.5\"} 2\n"
                "size_bucket{le=\"+Inf\"} 2\nsize_sum 0\nsize_count 2\n");
}

}  // namespace

int main() {
  counts_and_prints();
  fewer_and_an_infinite_one();
  refused();
  in_a_family();
  attached();
  return check::report();
}
