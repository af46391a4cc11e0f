// tests/portable/registration.cpp - every refusal of a metric's or label's name: code, subject, number, words.
#include <narthex/narthex.hpp>

#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "text_of.hpp"

namespace {

using check::refused;
using check::text_of;
using check::told;
using nx::errc;

// Names come through pointers: as literals, C++20 would not compile the bad ones.
using text = const char*;

#if NARTHEX_HEAP
#define UNLESS " without utf8_name"
#else
#define UNLESS ""
#endif
const char name_words[] = ": a metric name" UNLESS " may hold only [a-zA-Z0-9_:] and must not begin with a digit; bad byte at ";

// A name that is empty or holds a byte that it may not: the byte's place is told; the instrument counts unseen.
void bad_names() {
  const struct {
    text name;
    errc why;
    unsigned at;
    text subject;
  } all[] = {{"", errc::empty_name, 0, ""},
             {nullptr, errc::empty_name, 0, ""},
             {"9x", errc::bad_name, 0, "9x"},
             {"a-b", errc::bad_name, 1, "a-b"},
             {"a b", errc::bad_name, 1, "a b"},
             {"x.y", errc::bad_name, 1, "x.y"},
             {"long_name{", errc::bad_name, 9, "long_name{"},
             {"a\nb", errc::bad_name, 1, "a?b"},
             {"caf\xc3\xa9", errc::bad_name, 3, "caf??"},
             {"a\x80", errc::bad_name, 1, "a?"}};
  for (const auto& row : all) {
    nx::registry r;
    told::listen();
    nx::counter c{r, row.name, "C."};
    refused(r, c, row.why, row.subject, row.at);
    c.inc(2);
    CHECK(c.value() == 2);
    char words[160];
    std::snprintf(words, sizeof words, "%s%s%u", row.subject, name_words, row.at);
    CHECK_EQ_TEXT(check::message_of(c.status()), row.why == errc::bad_name ? words : "a metric name must not be empty");
    c.unregister();
    CHECK(c.status().code() == row.why);
  }
  for (const text good : {"a", "_", ":", "A9:z_", "__x", "le", "Z"}) {
    nx::registry r;
    nx::gauge g{r, good, "G."};
    CHECK(g.status().ok());
    g.set(3);
    char line[16];
    std::snprintf(line, sizeof line, "%s 3", good);
    CHECK_SHOWS(r, line);
  }
}

/// Every kind of instrument answers to a bad name in the same way, and still works.
template <class T, class Works, class... More>
void bad_name(Works works, More... more) {
  const text bad = "no-good";
  nx::registry r;
  told::listen();
  T x{r, bad, "X.", more...};
  CHECK(works(x));
  refused(r, x, errc::bad_name, "no-good", 2);
}

template <class T>
struct works {
  static bool counter(T& x) { return x.inc(), x.value() == 1; }
  static bool gauge(T& x) { return x.set(7), x.dec(), x.value() == 6; }
  static bool distribution(T& x) { return x.observe(2), x.count() == 1 && x.sum() == 2; }
  static bool somehow(T&) { return true; }
};

void bad_names_everywhere() {
  bad_name<nx::counter>(works<nx::counter>::counter);
  bad_name<nx::fixed_counter>(works<nx::fixed_counter>::counter);
  bad_name<nx::double_counter>(works<nx::double_counter>::counter);
  bad_name<nx::gauge>(works<nx::gauge>::gauge);
  bad_name<nx::fixed_gauge>(works<nx::fixed_gauge>::gauge);
  bad_name<nx::int_gauge>(works<nx::int_gauge>::gauge);
  bad_name<nx::histogram>(works<nx::histogram>::distribution);
  bad_name<nx::fixed_histogram<>>(works<nx::fixed_histogram<>>::distribution);
  bad_name<nx::summary>(works<nx::summary>::distribution);
  bad_name<nx::fixed_summary>(works<nx::fixed_summary>::distribution);
  bad_name<nx::callback_gauge>(works<nx::callback_gauge>::somehow, [] { return 1; });
  const std::initializer_list<nx::label_pair> labels = {{"v", "1"}};
  bad_name<nx::info>(works<nx::info>::somehow, labels);
  const text bad = "no-good";
  nx::registry r;
  told::listen();
  nx::state_set s{r, bad, "S.", {"a", "b"}};
  s.set("b");
  CHECK(s.is("b") && !s.is("a"));
  refused(r, s, errc::bad_name, "no-good", 2);
}

#if NARTHEX_HAS(HEAP)
template <class T>
using pair_family = nx::family<T, 2>;
#else
template <class T>
using pair_family = nx::fixed_family<T, 2, 2>;
#endif

template <class T>
void bad_label(text one, text two, errc why, unsigned which, text subject) {
  nx::registry r{nx::registry_options().label("constant", "1")};
  told::listen();
  pair_family<T> f{r, "m", "M.", {one, two}};
  CHECK(f.status().code() == why && f.status().number() == which);
  CHECK_EQ_TEXT(f.status().subject(), subject);
  CHECK(told::count() == 1 && told::last().code() == why);
  f.labels("x", "y");
  CHECK(!std::strstr(text_of(r), "m{"));
  CHECK(f.labels("x", "y").status().code() == why);
}

// A label name that is bad, reserved or there already: its number and itself are told.
void bad_labels() {
  bad_label<nx::counter>("", "b", errc::bad_label_name, 0, "m");
  bad_label<nx::counter>("a", "", errc::bad_label_name, 1, "m");
  bad_label<nx::counter>("good", "not-good", errc::bad_label_name, 1, "m{not-good}");
  bad_label<nx::counter>("a:b", "b", errc::bad_label_name, 0, "m{a:b}");
  bad_label<nx::gauge>("a", "0", errc::bad_label_name, 1, "m{0}");
  bad_label<nx::gauge>("a", "\xc3\xa9\n", errc::bad_label_name, 1, "m{???}");
  bad_label<nx::counter>("__a", "b", errc::reserved_label_name, 0, "m{__a}");
  bad_label<nx::counter>("a", "__name__", errc::reserved_label_name, 1, "m{__name__}");
  bad_label<nx::counter>("a", "a", errc::duplicate_label_name, 1, "m{a}");
  bad_label<nx::counter>("a", "constant", errc::duplicate_label_name, 1, "m{constant}");
  bad_label<nx::summary>("quantile", "b", errc::reserved_label_name, 0, "m{quantile}");
#if NARTHEX_HAS(HEAP)
  bad_label<nx::histogram>("a", "le", errc::reserved_label_name, 1, "m{le}");
#else
  bad_label<nx::fixed_histogram<>>("a", "le", errc::reserved_label_name, 1, "m{le}");
#endif
  const struct {
    text one, two, words;
  } all[] = {{"good", "not-good",
              "m{not-good}: a label name" UNLESS " may hold only [a-zA-Z0-9_] and must not begin with a digit; label number 1"},
             {"__a", "b", "m{__a}: the label name is reserved; label number 0"},
             {"a", "a", "m{a}: the label name occurs twice; label number 1"}};
  for (const auto& row : all) {
    nx::registry r;
    pair_family<nx::counter> f{r, "m", "M.", {row.one, row.two}};
    CHECK_EQ_TEXT(check::message_of(f.status()), row.words);
  }
  nx::registry r;  // le and quantile are ordinary elsewhere, and a single underscore is no reservation
  pair_family<nx::gauge> f{r, "g", "G.", {"le", "quantile"}}, h{r, "h", "H.", {"_", "_a"}};
  f.labels("1", "2").set(1);
  h.labels("1", "2").set(1);
  CHECK_SHOWS(r, "g{le=\"1\",quantile=\"2\"} 1");
  CHECK_SHOWS(r, "h{_=\"1\",_a=\"2\"} 1");
}

}  // namespace

int main() {
  bad_names();
  bad_names_everywhere();
  bad_labels();
  return check::report();
}
