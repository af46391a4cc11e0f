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

// -ffast-math lets a compiler assume that no double is NaN or infinite, and drop a test for it. So we
// ask the bits, and take the double by reference: LLVM marks by-value parameters with that promise.

inline std::uint64_t double_bits(const double& value) noexcept {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
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
