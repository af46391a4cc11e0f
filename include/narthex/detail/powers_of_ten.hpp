// narthex/detail/powers_of_ten.hpp - products of 128 bits, and the powers of ten that doubles are multiplied by.
// Room: foundations. Read detail/number_tables.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_POWERS_OF_TEN_HPP
#define NARTHEX_DETAIL_POWERS_OF_TEN_HPP

#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/number_tables.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

struct u128 {
  std::uint64_t high;
  std::uint64_t low;
};

/// The product from four products of 32 bits.
inline u128 multiply_portable(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
  const std::uint64_t low = a0 * b0;
  const std::uint64_t cross = a1 * b0 + (low >> 32);  // no carry is lost: (2^32 - 1)^2 + 2^32 - 1 < 2^64
  const std::uint64_t middle = a0 * b1 + (cross & 0xffffffffu);
  return u128{a1 * b1 + (cross >> 32) + (middle >> 32), middle << 32 | (low & 0xffffffffu)};
}

#if NARTHEX_HAS(INT128)
inline u128 multiply(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ typedef unsigned __int128 native;
  const native product = static_cast<native>(a) * b;
  return u128{static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
}
#else
inline u128 multiply(std::uint64_t a, std::uint64_t b) noexcept { return multiply_portable(a, b); }
#endif

/// a * b + carry.
inline u128 multiply_add(std::uint64_t a, std::uint64_t b, std::uint64_t carry) noexcept {
  u128 sum = multiply(a, b);
  sum.low += carry;
  if (sum.low < carry) ++sum.high;
  return sum;
}

#if NARTHEX_HAS(TINY)
/// The first 128 bits of powers of ten, rounded up, from 10^0 or from the first one by 5/4 at each step: 0.1 KB of code for a
/// table of 0.6. What 192 bits lose on the way is far below what is asked of them: number_tables.py tries every power.
struct powers {
  static u128 get(std::int32_t e) noexcept {
    enum : int { words = 6 };
    std::uint32_t x[words + 1] = {0, 0, 0, 0, 0, 0x80000000u, 0};
    if (e < 0) {
      std::memcpy(x, first_power_of_ten<>::top, sizeof first_power_of_ten<>::top);
      e -= sparse_powers_of_ten<>::first;
    }
    for (; e; --e) {
      std::uint64_t sum = 0;
      for (int i = 0; i < words; ++i) {
        sum += x[i];
        sum += x[i] >> 2 | x[i + 1] << 30;
        x[i] = static_cast<std::uint32_t>(sum);
        sum >>= 32;
      }
      if (sum == 0) continue;
      x[words] = 1;
      for (int i = 0; i < words; ++i) x[i] = x[i] >> 1 | x[i + 1] << 31;
      x[words] = 0;
    }
    const std::uint64_t low = static_cast<std::uint64_t>(x[3]) << 32 | x[2];
    return u128{static_cast<std::uint64_t>(x[5]) << 32 | x[4], low + static_cast<std::uint64_t>((x[1] | x[0]) != 0)};
  }
};
#else
/// The first 128 bits of powers of ten, rounded up. 10^e is 5^e of another scale, which has 64 bits up to 5^27: that
/// gives those of everyday numbers at once, and the others by 10^(near + rest) = 10^near * 5^rest * 2^rest.
struct powers {
  /// 5^e, shifted up to the first bit; e < step.
  static std::uint64_t five_to(std::uint32_t e) noexcept {
    return powers_of_five<>::top[e];
  }
  static u128 get(std::int32_t e) noexcept {
    if (static_cast<std::uint32_t>(e) < sparse_powers_of_ten<>::step) return u128{five_to(static_cast<std::uint32_t>(e)), 0};
    const std::uint32_t from_first = static_cast<std::uint32_t>(e - sparse_powers_of_ten<>::first);
    const std::uint32_t step = sparse_powers_of_ten<>::step;
    const std::uint32_t steps = from_first / step, rest = from_first % step;
    const std::uint64_t* const nearest = sparse_powers_of_ten<>::top[steps];
    const std::uint64_t five = five_to(rest);
    // 192 by 64 bits, from the low end. Both have their first bit set, so the product lacks one at most.
    const u128 low = multiply(nearest[2], five);
    const u128 middle = multiply_add(nearest[1], five, low.high);
    const u128 high = multiply_add(nearest[0], five, middle.high);
    const unsigned lacks = 1 - static_cast<unsigned>(high.high >> 63);
    u128 power = {high.high << lacks | (high.low >> 63 & lacks), high.low << lacks | (middle.low >> 63 & lacks)};
    // Of what is cut off, 64 bits tell whether it is 0, and rounding up never carries: the tests try every power.
    power.low += static_cast<std::uint64_t>(middle.low << lacks != 0);
    return power;
  }
};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_POWERS_OF_TEN_HPP
