// narthex/detail/ascii.hpp - which bytes may stand in names; no locale is asked.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ASCII_HPP
#define NARTHEX_DETAIL_ASCII_HPP

#include <cstddef>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Number `n` of texts that stand one behind the other, each with its NUL: a table of pointers would be larger.
inline const char* nth_text(const char* texts, unsigned n) noexcept {
  for (; n; --n) {
    while (*texts++) continue;
  }
  return texts;
}

enum class alphabet { metric, label };  // a metric name may hold colons, a label name may not

constexpr bool may_stand(char c, std::size_t at, alphabet a) noexcept {
  return is_letter(c) || (at > 0 && is_digit(c)) || (c == ':' && a == alphabet::metric);
}

/// The position of the first byte that may not stand in a name; `size` when all may.
/// Source: Prometheus data model, "Metric names and labels", the classic alphabets.
#if NARTHEX_HAS(CONSTEVAL)
constexpr
#else
NARTHEX_DETAIL_COLD inline
#endif
std::size_t bad_byte(const char* s, std::size_t size, alphabet a) noexcept {
  std::size_t at = 0;
  while (at < size && may_stand(s[at], at, a)) ++at;
  return at;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ASCII_HPP
