// narthex/testing.hpp - for users' tests: a value by name and labels, an exposition compared, names linted.
// Room: balconies. Read detail/comparison.hpp and detail/lint_rules.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TESTING_HPP
#define NARTHEX_TESTING_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/detail/comparison.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/exposition.hpp"
#include "narthex/detail/lint_rules.hpp"
#include "narthex/detail/normal_number.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/label.hpp"
#include "narthex/sample.hpp"
#include "narthex/string_view.hpp"
#include "narthex/text_format.hpp"
#include "narthex/walk.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
/// Helpers for tests, for any framework and for none. Their strings may throw std::bad_alloc; nothing else is thrown.
namespace testing {

/// A value that was looked for: a number, or absent, which is neither 0 nor NaN.
///
/// Compares with integers exactly, also beyond 2^53, and with doubles as a double; absent is equal to nothing. A test
/// framework prints it as it stands in the exposition, or as "absent".
class found {
 public:
  found() noexcept : exists_(false) {}
  explicit found(const number& value) noexcept : value_(value), exists_(true) {}

  bool exists() const noexcept { return exists_; }
  /// The number as it was counted; 0 when absent.
  const number& exact() const noexcept { return value_; }
  /// NaN when absent.
  operator double() const noexcept { return exists_ ? value_.as_double() : std::numeric_limits<double>::quiet_NaN(); }
  explicit operator bool() const = delete;  // NaN would be true: say exists(), or compare

  template <class Int>
  friend typename std::enable_if<std::is_integral<Int>::value, bool>::type operator==(const found& f, Int n) noexcept {
    return n < 0 ? f.is(true, 0 - static_cast<std::uint64_t>(n)) : f.is(false, static_cast<std::uint64_t>(n));
  }
  template <class Int>
  friend typename std::enable_if<std::is_integral<Int>::value, bool>::type operator==(Int n, const found& f) noexcept {
    return f == n;
  }
  template <class Int>
  friend typename std::enable_if<std::is_integral<Int>::value, bool>::type operator!=(const found& f, Int n) noexcept {
    return !(f == n);
  }
  template <class Int>
  friend typename std::enable_if<std::is_integral<Int>::value, bool>::type operator!=(Int n, const found& f) noexcept {
    return !(f == n);
  }
  friend bool operator==(const found& a, const found& b) noexcept {
    if (!a.exists_ || !b.exists_) return false;
    if (b.value_.is == number::kind::u64) return a == b.value_.u64;
    if (b.value_.is == number::kind::i64) return a == b.value_.i64;
    return a.value_.is == number::kind::u64   ? b == a.value_.u64
           : a.value_.is == number::kind::i64 ? b == a.value_.i64
                                              : a.value_.f64 == b.value_.f64;
  }
  friend bool operator!=(const found& a, const found& b) noexcept { return !(a == b); }

  /// Prints to anything that takes a C string by <<; no stream is included.
  template <class Stream>
  friend Stream& operator<<(Stream& out, const found& f) {
    out << f.text().c_str();
    return out;
  }
  /// As it stands in the exposition, or "absent".
  std::string text() const {
    if (!exists_) return "absent";
    char digits[detail::max_double_chars];
    char* const end = value_.is == number::kind::u64   ? detail::write_u64(digits, value_.u64)
                      : value_.is == number::kind::i64 ? detail::write_i64(digits, value_.i64)
                                                       : detail::write_double(digits, value_.f64);
    return std::string(digits, static_cast<std::size_t>(end - digits));
  }

 private:
  /// Whether this is that integer, given as sign and size.
  bool is(bool minus, std::uint64_t size) const noexcept {
    if (!exists_) return false;
    if (value_.is == number::kind::u64) return !minus && value_.u64 == size;
    if (value_.is == number::kind::i64) {
      const std::uint64_t mine = static_cast<std::uint64_t>(value_.i64);
      return minus == (value_.i64 < 0) && size == (minus ? 0 - mine : mine);
    }
    std::uint64_t odd = size;
    while (odd && odd % 2 == 0) odd /= 2;
    if (odd >> 53) return false;  // no double is this integer; a cast would round it to one
    const double rounded = static_cast<double>(size);
    return value_.f64 == (minus ? -rounded : rounded);
  }

  number value_;
  bool exists_;
};

}  // namespace testing

namespace detail {

/// Whether two label values are the same number, as le="1" and le="1.0" are.
inline bool same_number(string_view a, string_view b) {
  std::string x, y;
  return normal_number(a, x) && normal_number(b, y) && x == y;
}

/// Whether ready text (a="b",c="d") holds exactly the labels `given`, `own` left aside, in any order.
inline bool are_labels(string_view ready, std::initializer_list<label_pair> given, string_view own) {
  std::size_t pieces = 0;
  for (const label_pair& l : given) pieces += own.empty() || l.name != own;
  for (ready_labels one(ready); one.next();) {
    bool same = false;
    for (const label_pair& l : given) {
      if (l.name != one.name) continue;
      std::string wanted;
      append_quoted(wanted, l.value.text());
      same = one.value == wanted;
    }
    if (!same) return false;
    --pieces;
  }
  return pieces == 0;
}

/// Finds the line `suffix` of a sample with a bound or quantile `which`.
inline bool find_line(const sample& s, string_view suffix, string_view which, number& value) {
  const bool histogram = s.type != metric_type::summary;
  if (is_one_number(s.type)) return value = s.value, suffix.empty();
  if (suffix == "_sum") return value = s.sum, true;
  if (suffix == "_count") return value = s.count, true;
  if (suffix != (histogram ? "_bucket" : "")) return false;
  const unsigned n = histogram ? s.bounds->size() : s.quantile_count;
  value = std::uint64_t(0);
  for (unsigned i = 0; i < n; ++i) {
    char text[max_double_chars];
    char* const end = write_double(text, histogram ? (*s.bounds)[i] : s.quantiles[i]);
    if (histogram) value.u64 += s.counts[i];
    if (!same_number(string_view(text, static_cast<std::size_t>(end - text)), which)) continue;
    if (!histogram) value = s.quantile_values[i];
    return true;
  }
  value.u64 = s.count;
  return histogram && same_number("+Inf", which);
}

}  // namespace detail

namespace testing {

/// The value of one line of the exposition: its name, and all labels that stand in its braces, in any order.
///
/// Exactly those labels: constant labels and le or quantile included, so that no second series can be meant. A value of le or
/// quantile is compared as a number. Finds also x_bucket, x_sum and x_count.
/// Returns: the value, exact; absent when no such line would be written.
/// Cost:    a walk over the registry; callbacks and collectors are called as in a scrape.
inline found value(registry_core& registry, string_view name, std::initializer_list<label_pair> labels = {}) {
  walk series(registry);
  while (series.next()) {
    const sample& s = series.now();
    const std::size_t prefix = s.prefix.size(), size = prefix + s.name.size();
    if (name.size() < size || name.first(prefix) != s.prefix) continue;
    if (string_view(name.data() + prefix, s.name.size()) != s.name) continue;
    const string_view suffix = name.from(size);
    const bool is_bucket = !is_one_number(s.type) && suffix == "_bucket";
    const bool is_quantile = s.type == metric_type::summary && suffix.empty();
    const string_view own = is_bucket ? "le" : is_quantile ? "quantile" : "";
    string_view which;
    for (const label_pair& l : labels) {
      if (!own.empty() && l.name == own) which = l.value.text();
    }
    number n;
    if (detail::are_labels(s.labels, labels, own) && detail::find_line(s, suffix, which, n)) return found(n);
  }
  return found();
}
inline found value(string_view name, std::initializer_list<label_pair> labels = {}) {
  return value(default_registry(), name, labels);
}

/// How many series a metric shows; a histogram or summary with all its lines is one.
inline std::size_t series_count(registry_core& registry, string_view name) {
  std::size_t count = 0;
  walk series(registry);
  while (series.next()) {
    const sample& s = series.now();
    count += name.size() == s.prefix.size() + s.name.size() && name.first(s.prefix.size()) == s.prefix &&
             name.from(s.prefix.size()) == s.name;
  }
  return count;
}
inline std::size_t series_count(string_view name) { return series_count(default_registry(), name); }

/// Compares what the registry exposes with text written by hand.
///
///   const char* const expected = R"(
///     # TYPE jobs_total counter
///     jobs_total{kind="mail"} 3
///   )";
///   CHECK(nx::testing::compare(registry, expected, {"jobs_total"}) == "");
///
/// names:    metrics, or single lines' names as x_count; without any, everything is compared.
/// expected: text format 0.0.4 with blank lines and indentation, in any order of lines and labels. HELP and TYPE are compared where
///           they stand. Numbers are compared as decimals: 1, 1.0 and 1e0 are equal, 0.3 and 0.30000000000000004 are not.
/// Returns:  empty when they agree, else a line for each difference, the first 50. Expected text that cannot be read, or
///           that has a line which `names` leave out, is a difference, told with its line number.
inline std::string compare(registry_core& registry, string_view expected, std::initializer_list<string_view> names = {}) {
  detail::exposition wanted, got;
  const std::string bad = detail::read_exposition(expected, wanted);
  if (!bad.empty()) return "expected text, " + bad + "\n";
  const std::string text = to_text(registry);
  static_cast<void>(detail::read_exposition(text, got));
  return detail::comparison(got, wanted, names).text();
}
inline std::string compare(string_view expected, std::initializer_list<string_view> names = {}) {
  return compare(default_registry(), expected, names);
}

/// Finds what is unusual in names, labels and help, as `promtool check metrics` of Prometheus 3.5 does, in its words.
///
/// Returns: a line "metric problem" for each, sorted; empty when there is none. Text that cannot be read is the one problem.
/// Source:  client_golang, promlint; Prometheus, "Metric and label naming".
inline std::string lint_text(string_view exposition) {
  detail::exposition all;
  const std::string bad = detail::read_exposition(exposition, all);
  return bad.empty() ? detail::linter(all).run() : bad + "\n";
}
inline std::string lint(registry_core& registry = default_registry()) { return lint_text(to_text(registry)); }

}  // namespace testing
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_TESTING_HPP
