// narthex/detail/bits.hpp - doubles as their bits.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BITS_HPP
#define NARTHEX_DETAIL_BITS_HPP

#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

static_assert(sizeof(double) == sizeof(std::uint64_t), "narthex needs doubles of IEEE 754 binary64");

// -ffast-math lets a compiler assume that no double is NaN or infinite, and drop a test for it. So we ask the bits. clang from 18
// on draws that conclusion for bits, too, where the double was a parameter or a result: what it reads as volatile it must test.

inline std::uint64_t double_bits(const double& value) noexcept {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
#if defined(__clang__) && __FINITE_MATH_ONLY__
  const volatile std::uint64_t as_it_is = bits;
  return as_it_is;
#else
  return bits;
#endif
}

inline double bits_double(std::uint64_t bits) noexcept {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The 11 bits of the exponent; 0x7ff is infinite or NaN, 0 is zero or subnormal.
inline std::uint32_t exponent_bits(std::uint64_t bits) noexcept {
  return static_cast<std::uint32_t>(bits >> 52) & 0x7ffu;
}

inline bool is_finite(const double& value) noexcept { return exponent_bits(double_bits(value)) != 0x7ffu; }

inline bool is_nan(const double& value) noexcept { return double_bits(value) << 1 > std::uint64_t{0x7ff} << 53; }

/// The sum of two doubles by their bits, rounded to the nearest, ties to even: exactly what hardware gives, NaN's bits aside.
///
/// The sum of a Cortex-M0's library takes 1.7 KB, this one 0.3.
/// Source: IEEE 754-2008, sections 4.3.1, 6.3 and 7.2.
inline std::uint64_t add_bits(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t sign = std::uint64_t{1} << 63, hidden = std::uint64_t{1} << 52;
  if (a << 1 < b << 1) {
    const std::uint64_t larger = b;
    b = a;
    a = larger;
  }
  std::uint32_t exponent = exponent_bits(a), lower = exponent_bits(b);
  const bool differ = ((a ^ b) & sign) != 0;
  if (exponent == 0x7ffu) return lower == 0x7ffu && differ ? std::uint64_t{0x7ff8} << 48 : a;
  // Three more bits: two to round by, and one that tells whether there was anything below them.
  std::uint64_t sum = (a & (hidden - 1)) << 3, small_part = (b & (hidden - 1)) << 3;
  if (exponent) sum |= hidden << 3;
  else exponent = 1;
  if (lower) small_part |= hidden << 3;
  else lower = 1;
  for (std::uint32_t apart = exponent - lower; apart && small_part > 1; --apart) small_part = small_part >> 1 | (small_part & 1);
  sum = differ ? sum - small_part : sum + small_part;
  if (sum == 0 && differ) return 0;
  if (sum >> 56) {
    sum = sum >> 1 | (sum & 1);
    ++exponent;
  }
  for (; sum >> 55 == 0 && exponent > 1; --exponent) sum <<= 1;
  // The hidden bit and a carry out of it both raise the exponent, to the infinite one at last.
  std::uint64_t bits = (sum >> 3) + (static_cast<std::uint64_t>(exponent - 1) << 52);
  const unsigned below = static_cast<unsigned>(sum & 7);
  bits += static_cast<std::uint64_t>(below + (bits & 1) > 4);
  if (exponent_bits(bits) == 0x7ffu) bits = std::uint64_t{0x7ff} << 52;
  return bits | (a & sign);
}

/// a + b.
inline double add(const double& a, const double& b) noexcept {
  return NARTHEX_HAS(TINY) ? bits_double(add_bits(double_bits(a), double_bits(b))) : a + b;
}

/// a < b, for numbers.
inline bool is_less(const double& a, const double& b) noexcept {
#if NARTHEX_HAS(TINY)
  // By bits: the comparisons of a Cortex-M0's library take 700 bytes.
  const auto place = [](std::uint64_t bits) {
    const std::uint64_t sign = std::uint64_t{1} << 63;
    return bits << 1 == 0 ? sign : bits & sign ? ~bits : bits | sign;
  };
  return place(double_bits(a)) < place(double_bits(b));
#else
  return a < b;
#endif
}

/// How many bits below the lowest one that is set; not for 0.
inline unsigned low_zero_bits(std::uint64_t bits) noexcept {
#if defined(__GNUC__)
  return static_cast<unsigned>(__builtin_ctzll(bits));
#else
  unsigned n = 0;
  for (unsigned half = 32; half; half /= 2) {
    if (bits << (64 - half) == 0) {
      bits >>= half;
      n += half;
    }
  }
  return n;
#endif
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BITS_HPP
