// tests/portable/families_by_name.cpp - what only families with a heap have: labels by name, values of any size,
// thousands of series.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstring>

#include "text_check.hpp"
#include "text_of.hpp"

#if NARTHEX_HAS(HEAP)

#include <string>

namespace {

using check::text_of;

// Labels by name come in any order and are written in the family's.
void by_name_in_any_order() {
  nx::registry r;
  nx::family<nx::counter, 2> f{r, "f_total", "F.", {"method", "code"}};
  f.labels({{"code", 200}, {"method", "GET"}}).inc();
  f.labels({{"method", std::string("GET")}, {"code", "200"}}).inc();
  f.labels("GET", 200).inc();
  CHECK_EQ_TEXT(text_of(r), "# HELP f_total F.\n# TYPE f_total counter\nf_total{method=\"GET\",code=\"200\"} 3\n");
  CHECK(!f.remove({{"code", "200"}, {"method", "PUT"}}));
  CHECK(!f.remove({{"code", "200"}, {"metod", "GET"}}));
  CHECK(f.remove({{"code", "200"}, {"method", "GET"}}));
  CHECK_EQ_TEXT(text_of(r), "");
}

// A name that is not the family's, is missing, or is given twice: a stand-in says so, counts, and is not shown; the
// hook hears of the first one.
void mislabelled() {
  nx::registry r;
  check::told::listen();
  nx::family<nx::counter, 2> f{r, "f_total", "F.", {"method", "code"}};
  nx::counter unknown = f.labels({{"code", "200"}, {"verb", "GET"}});
  CHECK(unknown.status().code() == nx::errc::unknown_label);
  CHECK_EQ_TEXT(unknown.status().subject(), "f_total{verb}");
  CHECK_EQ_TEXT(check::message_of(unknown.status()),
                "f_total{verb}: the label name is not one of the family's, or is missing, or was given twice");
  CHECK(check::told::count() == 1 && check::told::last().code() == nx::errc::unknown_label);
  CHECK_EQ_TEXT(check::told::last().subject(), "f_total{verb}");
  unknown.inc();
  unknown.inc(41);
  CHECK(unknown.value() == 42);
  CHECK(f.labels({{"code", "200"}}).status().code() == nx::errc::unknown_label);
  CHECK(f.labels({{"code", "200"}, {"code", "200"}}).status().code() == nx::errc::unknown_label);
  CHECK(f.labels({{"code", "1"}, {"code", "2"}, {"method", "GET"}}).status().code() == nx::errc::unknown_label);
  CHECK(f.labels({{"", "1"}, {"code", "2"}}).status().code() == nx::errc::unknown_label);
  CHECK(f.labels({{"code", ""}, {"method", ""}}).status().ok());  // empty values are values
  CHECK(check::told::count() == 1);
  CHECK(r.refused(nx::mistake::series) == 5);
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP f_total F.\n# TYPE f_total counter\nf_total{method=\"\",code=\"\"} 0\n"
      "# HELP narthex_refused_total What was refused, by kind.\n"
      "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"series\"} 5\n");

  // Each family has its own stand-in, with its own bounds.
  nx::family<nx::histogram, 1> h{r, "h", "H.", {"x"}, {1, 2, 3}}, g{r, "g", "G.", {"y"}};
  nx::histogram wrong = h.labels({{"z", "1"}}), other = g.labels({{"zz", "1"}});
  wrong.observe(2);
  CHECK(wrong.count() == 1 && wrong.sum() == 2 && other.count() == 0);
  CHECK_EQ_TEXT(wrong.status().subject(), "h{z}");
  CHECK_EQ_TEXT(other.status().subject(), "g{zz}");
  CHECK(check::told::count() == 3);
}

// A family is a handle: the same registration, and a copy, are the same family; other bounds are refused.
void equal_families_share() {
  nx::registry r;
  check::told::listen();
  nx::family<nx::histogram, 1> a{r, "h", "H.", {"x"}, {1, 2}}, b{r, "h", "H.", {"x"}, {1, 2}}, copy = a;
  a.labels("1").observe(1);
  b.labels("1").observe(2);
  CHECK(copy.labels("1").count() == 2);
  nx::family<nx::histogram, 1> c{r, "h", "H.", {"x"}, {1, 3}}, d{r, "h", "H.", {"y"}, {1, 2}};
  nx::family<nx::histogram, 2> e{r, "h", "H.", {"x", "y"}, {1, 2}};
  CHECK(c.status().code() == nx::errc::name_taken && d.status().code() == nx::errc::name_taken);
  CHECK(e.status().code() == nx::errc::name_taken);
  c.labels("1").observe(5);
  CHECK(c.labels("1").count() == 1 && a.labels("1").count() == 2);
  CHECK(check::told::count() == 3 && r.refused(nx::mistake::registration) == 3);
}

// A family taken out and registered again starts with no series; the old handles are its series again once they count.
void family_comes_back_empty() {
  nx::registry r;
  nx::family<nx::counter, 1> f{r, "f", "F.", {"x"}};
  nx::counter a = f.labels("a"), b = f.labels("b");
  a.inc(3), b.inc(4);
  f.unregister();
  CHECK(f.status().code() == nx::errc::not_registered && a.status().code() == nx::errc::not_registered);
  CHECK_EQ_TEXT(text_of(r), "");
  a.inc(100);
  CHECK(a.value() == 103);
  nx::family<nx::counter, 1> again{r, "f", "F.", {"x"}};
  CHECK(again.status().ok() && f.status().ok());
  CHECK_EQ_TEXT(text_of(r), "");
  b.inc();
  CHECK_EQ_TEXT(text_of(r), "# HELP f F.\n# TYPE f counter\nf{x=\"b\"} 1\n");
  CHECK(again.labels("a").value() == 0);
}

// A label value of a megabyte, HELP of a megabyte, and NUL bytes go through whole.
void values_of_any_size() {
  nx::registry r;
  const std::string large(std::size_t(1) << 20, 'x'), quotes(1000, '"'), broken(1000, '\xff'), zero("a\0b", 3);
  nx::family<nx::counter, 1> f{r, "f", large, {"x"}};
  f.labels(large).inc();
  f.labels(large).inc();
  f.labels(large + "y").inc();
  f.labels(zero).inc(7);
  f.labels("a").inc(8);
  f.labels(quotes).inc(9);
  f.labels(broken).inc(10);
  const std::string text = nx::to_text(r);
  CHECK(text.find("# HELP f " + large + "\n# TYPE f counter\nf{x=\"" + large + "\"} 2\nf{x=\"" + large + "y\"} 1\n") ==
        0);
  CHECK(text.find(std::string("\nf{x=\"a\0b\"} 7\nf{x=\"a\"} 8\n", 25)) != std::string::npos);
  std::string escaped, repaired;
  for (int i = 0; i < 1000; ++i)
    escaped += "\\\"", repaired +=
                       "\xef\xbf\xbd"
                       "ff";
  CHECK(text.find("\nf{x=\"" + escaped + "\"} 9\nf{x=\"" + repaired + "\"} 10\n") != std::string::npos);
  CHECK_GOOD_TEXT(text.data(), text.size());
  CHECK(f.remove(large) && nx::to_text(r).size() < text.size() - large.size());
}

// Series stay what they were while the index grows under them, and stand in the order of their creation.
void thousands_of_series() {
  nx::registry r{nx::registry_options().label("c", "1")};
  nx::family<nx::int_gauge, 2> f{r, "f", "F.", {"i", "j"}};
  enum { count = 3000 };
  for (int i = 0; i < count; ++i) f.labels(i * 7 % count, i % 3).set(i);
  for (int i = 0; i < count; ++i) f.labels(i * 7 % count, i % 3).inc(count);
  const std::string text = nx::to_text(r);
  CHECK_GOOD_TEXT(text.data(), text.size());
  CHECK(check::reader().samples() == count);
  std::string want = "# HELP f F.\n# TYPE f gauge\n";
  for (int i = 0; i < count; ++i) {
    want += "f{c=\"1\",i=\"" + std::to_string(i * 7 % count) + "\",j=\"" + std::to_string(i % 3) + "\"} " +
            std::to_string(i + count) + "\n";
  }
  CHECK(text == want);
  CHECK(r.refused(nx::mistake::series) == 0);
}

// The default cap is ten thousand series; a cap of none leaves the overflow series alone.
void caps() {
  nx::registry r;
  nx::family<nx::counter, 1> f{r, "f", "F.", {"i"}}, none{r, "none", "N.", {"i"}, nx::series_limits(0)};
  none.labels("a").inc(2);
  CHECK(none.labels("b").status().code() == nx::errc::series_limit);
  CHECK_SHOWS(r, "none{i=\"_overflow_\"} 2");
  for (int i = 0; i < 10000; ++i) f.labels(i).inc();
  CHECK(f.overflowed() == 0 && f.labels(9999).status().ok());
  CHECK(f.labels(10000).status().code() == nx::errc::series_limit && f.labels(10000).status().number() == 10000);
  CHECK(f.overflowed() == 2);
  nx::family<nx::histogram, 1> h{r, "h", "H.", {"i"}, nx::buckets::linear(1, 1, 2), nx::series_limits(1)};
  h.labels("in").observe(1);
  h.labels("out").observe(2);
  h.labels("also out").observe(3);
  CHECK(h.labels("_overflow_").count() == 2 && h.labels("in").count() == 1);
  nx::family<nx::summary, 1> s{r, "s", "S.", {"i"}, {0.5}, nx::series_limits(1)};
  s.labels("in").observe(1);
  s.labels("out").observe(1);
  CHECK(r.refused(nx::mistake::series) == 7);
  const std::string text = nx::to_text(r);
  CHECK_GOOD_TEXT(text.data(), text.size());
}

// A constant label stands on every series, also on overflow series and the registry's own; or, when the registry says
// that it is too long or not to be had, on none.
void constant_labels_everywhere() {
  const std::size_t sizes[] = {1, 100, 190, 200, 210, 220, 230, 240, 250, 260, 300, 5000};
  for (const std::size_t size : sizes) {
    for (const char* const name : {"c", "what"}) {
      nx::registry r{nx::registry_options().label(nx::label_name(name), std::string(size, '"'))};
      nx::family<nx::counter, 1> f{r, "f", "F.", {"x"}, nx::series_limits(1)};
      nx::info i{r, "i_info", "I.", {{"v", std::string(200, 'v')}}}, bare{r, "j_info", "J.", {}};
      nx::counter alone{r, "a", "A."};
      nx::state_set s{r, "s", "S.", {"on", "off"}};  // its labels have 256 bytes: it may be refused
      f.labels("a").inc();
      f.labels("b").inc(-1);
      const std::string text = nx::to_text(r);
      CHECK_GOOD_TEXT(text.data(), text.size());
      CHECK(check::reader().samples() == (s.status().ok() ? 9 : 8));
      std::string label = std::string(name) + "=\"";
      for (std::size_t n = 0; n < size; ++n) label += "\\\"";
      if (!r.status().ok()) {
        CHECK_EQ_TEXT(r.status().subject(), name);
        CHECK(text.find(label) == std::string::npos);
      } else {
        CHECK(check::occurrences(text.c_str(), (label + "\"").c_str()) == check::reader().samples());
        CHECK(text.find("\nf{" + label + "\",x=\"a\"} 1\nf{" + label + "\",x=\"_overflow_\"} 0\n") !=
              std::string::npos);
      }
    }
  }
}

}  // namespace

int main() {
  check::told::listen();
  by_name_in_any_order();
  mislabelled();
  equal_families_share();
  family_comes_back_empty();
  values_of_any_size();
  thousands_of_series();
  caps();
  constant_labels_everywhere();
  return check::report();
}

#else

int main() { return check::report(); }  // without a heap families are fixed: see families.cpp

#endif
