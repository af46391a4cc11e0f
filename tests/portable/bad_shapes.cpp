// tests/portable/bad_shapes.cpp - every refusal of bounds, quantiles, states and facts: code, subject, number, words.
#include <narthex/narthex.hpp>

#include <cstdio>
#include <cstring>
#include <limits>

#include "text_of.hpp"

namespace {

using check::refused;
using check::told;
using nx::errc;

using text = const char*;

template <class Histogram>
void bad_bounds(const nx::buckets& bounds, unsigned which) {
  nx::registry r;
  told::listen();
  Histogram h{r, "h", "H.", bounds};
  h.observe(2);
  CHECK(h.count() == 1 && h.sum() == 2);
  refused(r, h, errc::bad_buckets, "h", which);
  char words[160];
  std::snprintf(words, sizeof words,
                "h: bucket bounds must be numbers in strictly increasing order, within the limit; bound number %u",
                which);
  CHECK_EQ_TEXT(check::message_of(h.status()), words);
}

// Bounds out of order, equal, no numbers, infinite, computed badly, too many: the bound's number is told.
void bad_bucket_bounds() {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  static const double order[] = {2, 1}, equal[] = {1, 2, 2}, zeros[] = {-0.0, 0.0}, inside[] = {1, inf, 2},
                      low[] = {-inf, 1};
  static const double no_number[] = {1, nan}, first[] = {nan, 1}, twice[] = {1, inf, inf};
  bad_bounds<nx::histogram>(nx::buckets(order), 1);
  bad_bounds<nx::histogram>(nx::buckets(equal), 2);
  bad_bounds<nx::histogram>(nx::buckets(zeros), 1);
  bad_bounds<nx::histogram>(nx::buckets(inside), 1);
  bad_bounds<nx::histogram>(nx::buckets(low), 0);
  bad_bounds<nx::histogram>(nx::buckets(no_number), 1);
  bad_bounds<nx::histogram>(nx::buckets(first), 0);
  bad_bounds<nx::histogram>(nx::buckets(twice), 1);
  bad_bounds<nx::histogram>(nx::buckets::linear(1, 0, 2), 1);
  bad_bounds<nx::histogram>(nx::buckets::linear(1, -1, 3), 1);
  bad_bounds<nx::histogram>(nx::buckets::linear(1e17, 1, 3), 1);
  bad_bounds<nx::histogram>(nx::buckets::linear(nan, 1, 1), 0);
  bad_bounds<nx::histogram>(nx::buckets::exponential(0, 2, 3), 0);
  bad_bounds<nx::histogram>(nx::buckets::exponential(-1, 2, 3), 0);
  bad_bounds<nx::histogram>(nx::buckets::exponential(1, 1, 3), 1);
  bad_bounds<nx::histogram>(nx::buckets::exponential(1, 0.5, 3), 1);
  bad_bounds<nx::histogram>(nx::buckets::exponential(1e300, 1e10, 3), 1);
  bad_bounds<nx::fixed_histogram<2>>(nx::buckets::linear(1, 1, 3), 2);
  const unsigned limit = NARTHEX_HAS(HEAP) ? unsigned(nx::buckets::max_bounds) : 11;
  bad_bounds<nx::histogram>(nx::buckets::linear(1, 1, limit + 1), limit);
  bad_bounds<nx::histogram>(nx::buckets::linear(1, 1, ~0u), limit);
  static double many[nx::buckets::max_bounds + 8];
  for (unsigned i = 0; i < nx::buckets::max_bounds + 8; ++i) many[i] = i;
  for (unsigned more = 1; more < 8; ++more)
    bad_bounds<nx::histogram>(nx::buckets(many, nx::buckets::max_bounds + more), limit);
}

#if NARTHEX_HAS(HEAP)
// Quantiles beyond 0..1, out of order or too many: the quantile's number is told.
void bad_quantiles() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const struct {
    nx::quantiles which;
    unsigned bad;
  } all[] = {{{-0.1}, 0},     {{1.1}, 0},
             {{0.5, 0.5}, 1}, {{0.5, 0.9, 0.7}, 2},
             {{0.5, nan}, 1}, {{0, .01, .02, .03, .04, .05, .06, .07, .08, .09, .1, .11, .12, .13, .14, .15, .16}, 16}};
  for (const auto& row : all) {
    nx::registry r;
    told::listen();
    nx::summary s{r, "s", "S.", row.which};
    s.observe(2);
    CHECK(s.count() == 1);
    refused(r, s, errc::bad_quantile, "s", row.bad);
  }
}
#endif

template <class... States>
void bad_states(text name, errc why, unsigned number, text subject, States... states) {
  nx::registry r{nx::registry_options()};
  told::listen();
  nx::state_set s{r, name, "S.", {states...}};
  refused(r, s, why, subject, number);
}

// A state set needs different states, a name that is a label's name too, and room for its labels.
void bad_state_sets() {
  static char long_state[300];
  std::memset(long_state, 'x', sizeof long_state - 1);
  bad_states("s", errc::bad_states, 2, "s", "a", "b", "a");
  bad_states("s", errc::bad_states, 1, "s", "\xff",
             "\xef\xbf\xbd"
             "ff");                                        // repaired, they are the same
  bad_states("s:s", errc::bad_label_name, 0, "s:s", "a");  // its label has its name
  bad_states("s", errc::label_too_long, 256, "s", "a", text(long_state));
  bad_states("__s", errc::reserved_label_name, 0, "__s", "a");
  const unsigned most = NARTHEX_HAS(HEAP) ? 32 : 8;
  bad_states("s", errc::bad_states, most, "s", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d",
             "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w");
  nx::registry r;
  told::listen();
  nx::state_set none{r, "s", "S.", {}};
  refused(r, none, errc::bad_states, "s", 0);
}

// An info's name ends in _info; its labels answer to the rules of labels.
void bad_infos() {
  const struct {
    text name, label, second;
    errc why;
    unsigned number;
    text subject;
  } all[] = {{"build", "a", "b", errc::missing_suffix, 0, "build"},
             {"infos", "a", "b", errc::missing_suffix, 0, "infos"},
             {"x_info", "a", "a", errc::duplicate_label_name, 1, "x_info{a}"},
             {"x_info", "a", "-", errc::bad_label_name, 1, "x_info{-}"},
             {"x_info", "__a", "b", errc::reserved_label_name, 0, "x_info{__a}"}};
  for (const auto& row : all) {
    nx::registry r;
    told::listen();
    nx::info i{r, row.name, "I.", {{row.label, "1"}, {row.second, 2}}};
    refused(r, i, row.why, row.subject, row.number);
  }
}

}  // namespace

int main() {
  bad_bucket_bounds();
#if NARTHEX_HAS(HEAP)
  bad_quantiles();
#endif
  bad_state_sets();
  bad_infos();
  return check::report();
}
