// narthex/detail/ascii.hpp - which bytes may stand in names; no locale is asked.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ASCII_HPP
#define NARTHEX_DETAIL_ASCII_HPP

#include <cstddef>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Single-expression constexpr functions, so that C++11 and a C++20 consteval constructor share them.
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

enum class alphabet { metric, label };  // a metric name may hold colons, a label name may not

constexpr bool may_stand(char c, std::size_t at, alphabet a) noexcept {
  return is_letter(c) || (at > 0 && is_digit(c)) || (c == ':' && a == alphabet::metric);
}

/// The position of the first byte that may not stand in a name; `size` when all may.
/// Halves the range, so that a constexpr evaluation never recurses deeper than log2(size).
/// Source: Prometheus data model, "Metric names and labels", the classic alphabets.
NARTHEX_DETAIL_COLD constexpr std::size_t bad_byte(const char* s, std::size_t from, std::size_t size, alphabet a) noexcept {
  return from >= size ? size
         : size - from == 1
             ? (may_stand(s[from], from, a) ? size : from)
             : (bad_byte(s, from, from + (size - from) / 2, a) != from + (size - from) / 2
                    ? bad_byte(s, from, from + (size - from) / 2, a)
                    : bad_byte(s, from + (size - from) / 2, size, a));
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ASCII_HPP
