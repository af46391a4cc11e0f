// narthex/detail/normal_number.hpp - decimals as text, so that equal numbers are equal text.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NORMAL_NUMBER_HPP
#define NARTHEX_DETAIL_NORMAL_NUMBER_HPP

#include <cstddef>
#include <cstdint>
#include <string>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

inline std::string integer_text(std::uint64_t value) {
  char digits[max_u64_chars];
  return std::string(digits, static_cast<std::size_t>(write_u64(digits, value) - digits));
}

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Whether `text` is `lower` in any case.
inline bool is_word(string_view text, string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

/// Writes a number so that equal decimals are equal text: digits without outer zeros, and an exponent (1.50 is 15e1: 0.15 times
/// ten to the first). False when it is none, or is beyond a double's range.
///
/// Decimals are compared, not doubles: exact for integers of any size and for what narthex writes, which is the shortest text
/// of its double. No strtod, whose decimal point is the locale's.
/// Source: Prometheus' text parser, which takes what Go's ParseFloat takes but hexadecimal and underscores.
inline bool normal_number(string_view text, std::string& out) {
  std::size_t i = 0;
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-'), minus = has_sign && text[0] == '-';
  const string_view bare = text.from(has_sign ? 1 : 0);
  if (is_word(bare, "inf") || is_word(bare, "infinity")) return out = minus ? "-Inf" : "+Inf", true;
  if (is_word(text, "nan")) return out = "NaN", true;
  std::string digits;
  std::int64_t point = 0;  // how many digits stand before it
  bool any = false, fraction = false;
  for (; i < bare.size() && (is_digit(bare[i]) || (bare[i] == '.' && !fraction)); ++i) {
    if (bare[i] == '.') {
      fraction = true;
      continue;
    }
    any = true;
    if (!digits.empty() || bare[i] != '0') {
      digits += bare[i];
      point += !fraction;
    } else {
      point -= fraction;
    }
  }
  if (!any) return false;
  if (i < bare.size()) {
    if (bare[i] != 'e' && bare[i] != 'E') return false;
    ++i;
    const bool down = i < bare.size() && bare[i] == '-';
    if (i < bare.size() && (down || bare[i] == '+')) ++i;
    if (i == bare.size()) return false;
    std::int64_t exponent = 0;
    for (; i < bare.size(); ++i) {
      if (!is_digit(bare[i])) return false;
      if (exponent < 1000000000) exponent = exponent * 10 + (bare[i] - '0');
    }
    point += down ? -exponent : exponent;
  }
  while (!digits.empty() && digits[digits.size() - 1] == '0') digits.resize(digits.size() - 1);
  if (digits.empty()) return out = "0", true;
  // The largest double and half a step: whatever is as large rounds to infinity.
  if (point > 309 || (point == 309 && string_view(digits).compare("17976931348623158079") >= 0)) return false;
  out = minus ? "-" : "";
  out += digits;
  out += point < 0 ? "e-" : "e";
  out += integer_text(static_cast<std::uint64_t>(point < 0 ? -point : point));
  return true;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_NORMAL_NUMBER_HPP
