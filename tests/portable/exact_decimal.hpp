// tests/portable/exact_decimal.hpp - which double a decimal stands for, in whole numbers: MinGW's strtod is off by one in rare cases.
#ifndef NARTHEX_TESTS_EXACT_DECIMAL_HPP
#define NARTHEX_TESTS_EXACT_DECIMAL_HPP

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace check {

/// A whole number below 2^2048, lowest word first.
struct whole {
  std::uint32_t words[64];
  int size;

  explicit whole(std::uint64_t value) : size(0) {
    for (; value != 0; value >>= 32) words[size++] = static_cast<std::uint32_t>(value);
  }
  void multiply(std::uint32_t factor) {
    std::uint64_t carry = 0;
    for (int i = 0; i < size; ++i, carry >>= 32) {
      carry += static_cast<std::uint64_t>(words[i]) * factor;
      words[i] = static_cast<std::uint32_t>(carry);
    }
    if (carry != 0) words[size++] = static_cast<std::uint32_t>(carry);
  }
  void multiply_by_power_of_5(int power) {
    for (; power >= 13; power -= 13) multiply(1220703125);
    for (; power > 0; --power) multiply(5);
  }
  void shift_left(int bits) {
    multiply(std::uint32_t{1} << bits % 32);
    if (size == 0) return;
    std::memmove(words + bits / 32, words, static_cast<std::size_t>(size) * sizeof *words);
    std::memset(words, 0, static_cast<std::size_t>(bits / 32) * sizeof *words);
    size += bits / 32;
  }
  int compare(const whole& other) const {
    if (size != other.size) return size < other.size ? -1 : 1;
    for (int i = size; i-- > 0;) {
      if (words[i] != other.words[i]) return words[i] < other.words[i] ? -1 : 1;
    }
    return 0;
  }
};

/// A number's text without its sign, as digits * 10^exponent: at most 19 digits.
struct decimal {
  std::uint64_t digits;
  int exponent;

  explicit decimal(const char* text) : digits(0), exponent(0) {
    bool behind_point = false;
    for (text += *text == '-'; *text != '\0' && *text != 'e'; ++text) {
      if (*text == '.') {
        behind_point = true;
      } else {
        digits = digits * 10 + static_cast<std::uint64_t>(*text - '0');
        exponent -= behind_point;
      }
    }
    if (*text == 'e') exponent += std::atoi(text + 1);
  }
  /// -1, 0, 1: less than, equal to, greater than `factor` * 2^`power`.
  int compare(std::uint64_t factor, int power) const {
    whole left(digits), right(factor);
    left.multiply_by_power_of_5(exponent);
    right.multiply_by_power_of_5(-exponent);
    if (exponent > power) left.shift_left(exponent - power);
    if (exponent < power) right.shift_left(power - exponent);
    return left.compare(right);
  }
};

/// -1, 0, 1: whether the text is nearer to a smaller double than the finite one of these bits, to this one, to a larger one.
/// Halfway it belongs to the one whose last bit is 0. The signs have to be the same.
inline int nearest_to(const char* text, std::uint64_t bits) {
  const decimal number(text);
  const int biased = static_cast<int>(bits >> 52 & 0x7ff), power = (biased == 0 ? 1 : biased) - 1075;
  const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
  const std::uint64_t significand = fraction | std::uint64_t{biased != 0} << 52;
  const int tie_is_ours = significand % 2 == 0;
  const std::uint64_t below = fraction == 0 && biased > 1 ? 1 : 2;  // the smaller neighbour of a power of two is nearer
  if (significand != 0 && number.compare(4 * significand - below, power - 2) < 1 - tie_is_ours) return -1;
  return number.compare(4 * significand + 2, power - 2) > tie_is_ours - 1 ? 1 : 0;
}

}  // namespace check

#endif  // NARTHEX_TESTS_EXACT_DECIMAL_HPP
