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

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_SYNTAX_HPP
