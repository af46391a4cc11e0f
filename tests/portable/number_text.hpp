// tests/portable/number_text.hpp - numbers as an exposition may have them.
#ifndef NARTHEX_TESTS_NUMBER_TEXT_HPP
#define NARTHEX_TESTS_NUMBER_TEXT_HPP

#include <cfloat>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace check {

inline bool is(const char* text, std::size_t size, const char* word) {
  return std::strlen(word) == size && std::memcmp(text, word, size) == 0;
}

inline bool digits(const char*& p) {
  const char* const from = p;
  while (*p >= '0' && *p <= '9') ++p;
  return p > from;
}

/// A number as Go writes it: digits, point, exponent with sign and two digits; NaN, +Inf, -Inf.
inline bool number(const char* from, const char* to, double& value) {
  char text[40];
  const std::size_t size = static_cast<std::size_t>(to - from);
  if (size == 0 || size >= sizeof text) return false;
  std::memcpy(text, from, size);
  text[size] = '\0';
  value = std::strtod(std::strcmp(text, "+Inf") == 0 ? "inf" : std::strcmp(text, "-Inf") == 0 ? "-inf" : text, nullptr);
  if (is(text, size, "NaN") || is(text, size, "+Inf") || is(text, size, "-Inf")) return true;
  const char* p = text;
  if (*p == '-') ++p;
  if (!digits(p) || (*p == '.' && !digits(++p))) return false;
  if (*p == 'e') {
    if (*++p != '+' && *p != '-') return false;
    if (!digits(++p) || p[-2] == '+' || p[-2] == '-') return false;
  }
  return *p == '\0' && value >= -DBL_MAX && value <= DBL_MAX;
}

}  // namespace check

#endif  // NARTHEX_TESTS_NUMBER_TEXT_HPP
