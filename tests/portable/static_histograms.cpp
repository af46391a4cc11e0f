// Histograms of which all that never changes is a constant.
#include <narthex/narthex.hpp>

#include <cstring>
#include <limits>
#include <new>

#include "check.hpp"
#include "text_of.hpp"

namespace nx = narthex;
using check::text_of;

namespace {

const volatile double infinity = std::numeric_limits<double>::infinity();  // see instruments.cpp
const volatile double not_a_number = std::numeric_limits<double>::quiet_NaN();

const double sizes[] = {-1, 0, 2.5}, first_sizes[] = {-1, 0};

// A constant is there before any code runs: also before what stands above it.
extern const nx::histogram_desc<2> everywhere;
const bool is_there_at_once = nx::static_histogram<2>(everywhere).status().ok();
const nx::histogram_desc<2> everywhere{"everywhere", "E.", 1, 2};

void counts_and_prints() {
  nx::registry r;
  const nx::histogram_desc<3> desc{r, "size", "S.", -1, 0, 2.5};
  nx::static_histogram<3> h{desc};
  CHECK(h.status().ok());
  for (const double value : {-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 2.5, 2.75}) h.observe(value);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP size S.\n# TYPE size histogram\nsize_bucket{le=\"-1\"} 2\nsize_bucket{le=\"0\"} 5\nsize_bucket{le=\"2.5\"} 7\n"
                "size_bucket{le=\"+Inf\"} 8\nsize_sum 2.25\nsize_count 8\n");
  CHECK(h.count() == 8);
  CHECK(h.sum() >= 2.25 && h.sum() <= 2.25);
}

void in_the_default_registry() {
  CHECK(is_there_at_once);
  nx::static_histogram<2> h{everywhere};
  h.observe(2);
  CHECK(std::strstr(text_of(nx::default_registry()),
                    "# HELP everywhere E.\n# TYPE everywhere histogram\neverywhere_bucket{le=\"1\"} 0\neverywhere_bucket{le=\"2\"} 1\n"
                    "everywhere_bucket{le=\"+Inf\"} 1\neverywhere_sum 2\neverywhere_count 1\n"));
  h.unregister();
  CHECK(h.status().code() == nx::errc::not_registered);
  CHECK(!std::strstr(text_of(nx::default_registry()), "everywhere"));
  h.observe(1);
  CHECK(h.count() == 2);
}

void an_infinite_one() {
  nx::registry r;
  const nx::histogram_desc<2> desc{r, "size", "S.", 1, infinity};
  nx::static_histogram<2> h{desc};
  CHECK(h.status().ok());
  h.observe(1);
  h.observe(7);
  h.observe(not_a_number);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP narthex_refused_total What was refused, by kind.\n"
                "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"update\"} 1\n"
                "# HELP size S.\n# TYPE size histogram\nsize_bucket{le=\"1\"} 1\nsize_bucket{le=\"+Inf\"} 2\nsize_sum 8\nsize_count 2\n");
}

void refused() {
  nx::registry r;
  const nx::error_hook before = nx::set_error_hook(nullptr);
  const char* const wrong = "no name";
  const nx::histogram_desc<2> falling{r, "down", "D.", 2, 1}, nameless{r, wrong, "N.", 1, 2}, first{r, "taken", "T.", 1, 2};
  nx::static_histogram<2> down{falling}, bad{nameless}, kept{first}, again{first};
  nx::counter beside{r, "taken_sum", "T."};
  nx::fixed_family<nx::static_histogram<2>, 1, 2> many{r, "many", "M.", {"kind"}, sizes};
  static_cast<void>(nx::set_error_hook(before));
  CHECK(down.status().code() == nx::errc::bad_buckets && down.status().number() == 1);
  CHECK(bad.status().code() == nx::errc::bad_name && bad.status().number() == 2);
  CHECK(kept.status().ok());
  CHECK(again.status().code() == nx::errc::name_taken);
  CHECK(beside.status().code() == nx::errc::name_collides);
  CHECK(many.status().code() == nx::errc::bad_buckets && many.status().number() == 2);
  down.observe(1.5);
  again.observe(1.5);
  CHECK(down.count() == 1 && again.count() == 1);
  down.observe(not_a_number);  // has no registry that would count it
  again.unregister();
  CHECK(again.status().code() == nx::errc::name_taken);
  auto series = many.labels("a");
  series.observe(9);  // would be the fourth of three buckets
  series.observe(-9);
  CHECK(series.count() == 1 && series.sum() <= -9);
  CHECK_EQ_TEXT(text_of(r),
                "# HELP narthex_refused_total What was refused, by kind.\n"
                "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"registration\"} 5\n"
                "# HELP taken T.\n# TYPE taken histogram\ntaken_bucket{le=\"1\"} 0\ntaken_bucket{le=\"2\"} 0\n"
                "taken_bucket{le=\"+Inf\"} 0\ntaken_sum 0\ntaken_count 0\n");
}

// Taken out from the middle of a list and put back; one outlives its registry.
void comes_and_goes() {
  alignas(nx::registry) static unsigned char room[sizeof(nx::registry)];
  nx::registry* const r = new (room) nx::registry;
  const nx::histogram_desc<1> desc{*r, "m", "", 1};
  nx::counter before{*r, "a", ""}, behind{*r, "z", ""};
  for (int i = 0; i < 2; ++i) {
    nx::static_histogram<1> h{desc};
    CHECK(h.status().ok());
    CHECK_EQ_TEXT(text_of(*r),
                  "# HELP a \n# TYPE a counter\na 0\n"
                  "# HELP m \n# TYPE m histogram\nm_bucket{le=\"1\"} 0\nm_bucket{le=\"+Inf\"} 0\nm_sum 0\nm_count 0\n"
                  "# HELP z \n# TYPE z counter\nz 0\n");
  }
  CHECK_EQ_TEXT(text_of(*r), "# HELP a \n# TYPE a counter\na 0\n# HELP z \n# TYPE z counter\nz 0\n");
  nx::static_histogram<1> orphan{desc};
  r->~registry();
  CHECK(orphan.status().code() == nx::errc::not_registered);
  orphan.observe(not_a_number);
  orphan.unregister();
}

#if NARTHEX_HAS(HEAP)
void with_a_unit() {
  nx::registry a, b;
  const nx::error_hook before = nx::set_error_hook(nullptr);
  const nx::name good = nx::name("wait_seconds").unit("seconds"), bad = nx::name("wait_seconds").unit("bytes");
  const nx::histogram_desc<1> in_seconds{a, good, "", 1}, wrong{b, bad, "", 1};
  nx::static_histogram<1> h{in_seconds}, refused{wrong};
  static_cast<void>(nx::set_error_hook(before));
  CHECK(refused.status().code() == nx::errc::bad_unit);
  nx::walk w(a);
  CHECK(w.next() && w.now().name == "wait_seconds" && w.now().unit == "seconds");
}
#endif

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
  nx::registry a, b, c;
  const nx::error_hook before = nx::set_error_hook(nullptr);
  const nx::histogram_desc<3> in_a{a, "size", "S.", -1, 0, 2.5}, in_b{b, "size", "S.", -1, 0, 2.5}, in_c{c, "size", "S.", -1, 0, 2};
  nx::static_histogram<3> one{in_a}, two{in_b}, other{in_c};
  static_cast<void>(nx::set_error_hook(before));
  one.observe(-1);
  two.observe(1);
  CHECK(a.attach(b).ok());
  CHECK(a.attach(c).code() == nx::errc::name_taken);
  nx::registry d;
  const nx::histogram_desc<2> in_d{d, "size", "S.", -1, 0};
  nx::static_histogram<2> fewer{in_d};
  CHECK(a.attach(d).code() == nx::errc::name_taken);
  // As the series of a family, of which only the number of bounds differs.
  nx::registry e, f;
  nx::fixed_family<nx::static_histogram<3>, 1, 1> all{e, "kinds", "", {"kind"}, sizes}, some{f, "kinds", "", {"kind"}, first_sizes};
  CHECK(all.status().ok() && some.status().ok());
  CHECK(e.attach(f).code() == nx::errc::name_taken);
  CHECK_EQ_TEXT(text_of(a),
                "# HELP size S.\n# TYPE size histogram\nsize_bucket{le=\"-1\"} 1\nsize_bucket{le=\"0\"} 1\nsize_bucket{le=\"2.5\"} 2\n"
                "size_bucket{le=\"+Inf\"} 2\nsize_sum 0\nsize_count 2\n");
}

}  // namespace

int main() {
  counts_and_prints();
  in_the_default_registry();
  an_infinite_one();
  refused();
  comes_and_goes();
#if NARTHEX_HAS(HEAP)
  with_a_unit();
#endif
  in_a_family();
  attached();
  return check::report();
}
