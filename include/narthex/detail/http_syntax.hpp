// narthex/detail/http_syntax.hpp - the small parts that requests, answers and URLs are made of; no locale is asked.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_SYNTAX_HPP
#define NARTHEX_DETAIL_HTTP_SYNTAX_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

inline bool is_one_of(char c, string_view all) noexcept {
  for (char one : all) {
    if (c == one) return true;
  }
  return false;
}

/// A header's name or a method.
/// Source: RFC 9110, 5.6.2 (token).
inline bool is_token(string_view s) noexcept {
  for (char c : s) {
    if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "!#$%&'*+-.^`|~")) return false;
  }
  return !s.empty();
}

/// The value of a hexadecimal digit; -1 when it is none.
inline int hex_value(char c) noexcept {
  return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Whether two words are equal but for the case of ASCII letters.
inline bool same_word(string_view a, string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] + 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

/// The position of the first `wanted`, or s.size().
inline std::size_t find_char(string_view s, char wanted) noexcept {
  std::size_t i = 0;
  while (i < s.size() && s[i] != wanted) ++i;
  return i;
}

/// Without the blanks and tabs at both ends.
inline string_view trim_blanks(string_view s) noexcept {
  while (!s.empty() && (s[0] == ' ' || s[0] == '\t')) s = s.from(1);
  while (!s.empty() && (s[s.size() - 1] == ' ' || s[s.size() - 1] == '\t')) s = s.first(s.size() - 1);
  return s;
}

/// Whether a comma-separated list has a word.
inline bool has_word(string_view list, string_view wanted) noexcept {
  for (;;) {
    const std::size_t comma = find_char(list, ',');
    if (same_word(trim_blanks(list.first(comma)), wanted)) return true;
    if (comma == list.size()) return false;
    list = list.from(comma + 1);
  }
}

/// One element of a list with weights: "text/plain; version=0.0.4; q=0.5". What cannot be read is as if it were not there.
///
/// Source: RFC 9110, 5.6.6 and 12.4.2.
class http_element {
 public:
  /// Cuts the next one off `list`; false after the last.
  bool next(string_view& list) noexcept {
    if (list.empty()) return false;
    const std::size_t comma = find_char(list, ',');
    const string_view one = list.first(comma);
    list = list.from(comma < list.size() ? comma + 1 : comma);
    const std::size_t end = find_char(one, ';');
    name = trim_blanks(one.first(end));
    parameters_ = one.from(end);
    return true;
  }
  /// The value of the first parameter of that name, without quotes; false when there is none.
  bool find(string_view wanted, string_view& value) const noexcept {
    for (string_view rest = parameters_; !rest.empty();) {
      rest = rest.from(1);
      const std::size_t end = find_char(rest, ';');
      const string_view one = rest.first(end);
      rest = rest.from(end);
      const std::size_t equals = find_char(one, '=');
      if (equals == one.size() || !same_word(trim_blanks(one.first(equals)), wanted)) continue;
      value = trim_blanks(one.from(equals + 1));
      if (value.size() >= 2 && value[0] == '"' && value[value.size() - 1] == '"') value = value.from(1).first(value.size() - 2);
      return true;
    }
    return false;
  }
  /// How welcome it is, in thousandths; 0: not at all, or not readable. More than 1 is 1, as Prometheus 2.49.0 said q=2.
  unsigned weight() const noexcept {
    string_view text;
    if (!find("q", text)) return 1000;
    unsigned thousandths = 0, digit = 1000;
    bool is_little = false;
    if (text.empty() || !is_digit(text[0])) return 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (digit == 1000 && i > 0 && text[i] == '.') {
        digit = 100;
        continue;
      }
      if (!is_digit(text[i])) return 0;
      const unsigned value = static_cast<unsigned>(text[i] - '0');
      if (digit == 1000) {
        if (value > 0) thousandths = 1000;
        continue;
      }
      thousandths += value * digit;
      is_little = is_little || value > 0;
      digit /= 10;
    }
    return thousandths > 1000 ? 1000 : thousandths == 0 && is_little ? 1 : thousandths;
  }

  string_view name;

 private:
  string_view parameters_;  // each begins with its ';'
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_SYNTAX_HPP
