// narthex/detail/native_scale.hpp - which bucket of a native histogram a value falls in, exactly, without a logarithm.
// Room: balconies. Read detail/native_bounds.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_SCALE_HPP
#define NARTHEX_DETAIL_NATIVE_SCALE_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/native_bounds.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Bucket i of schema n holds what is above 2^((i-1)/2^n) and not above 2^(i/2^n); infinity has the one behind that of the
// largest double. A bucket of schema n is two of schema n + 1, so all schemas are counted from the finest, and the bits of the
// double say which: no frexp, no log, nothing that -ffast-math could change.
//
// Source: Prometheus, "Native histograms", Schema.
struct native_scale {
  enum : int { coarsest = -4, finest = 8 };
  // Indexes of the finest schema are kept as positive numbers of 20 bits: this is 0.
  enum : std::uint32_t { zero_at = 1u << 19 };

  /// The finest index of a value above 0, from its bits without the sign: zero_at stands for 0.
  static std::uint32_t finest_of(std::uint64_t magnitude) noexcept {
    std::uint64_t exponent = magnitude >> 52;
    std::uint64_t fraction = magnitude & fraction_bits;
    if (!NARTHEX_DETAIL_LIKELY(exponent - 1 < 0x7fe)) {
      if (exponent) return of_infinity;
      exponent = 1;  // subnormal: the leading bit is moved to where it is not written
      for (fraction <<= 1; fraction <= fraction_bits; fraction <<= 1) --exponent;
      --exponent;
      fraction &= fraction_bits;
    }
    using bounds = native_bounds<void>;
    std::uint32_t k = static_cast<std::uint32_t>(fraction >> 44);
    k += bounds::ahead[k];
    k += static_cast<std::uint32_t>(bounds::ends[k] < fraction);
    k += static_cast<std::uint32_t>(bounds::ends[k] < fraction);
    return static_cast<std::uint32_t>((exponent - 1023) * 256 + k + zero_at);
  }

  /// The bucket of a coarser schema, `steps` below the finest, that has the finest bucket in it.
  static std::uint32_t coarser(std::uint32_t finest_index, unsigned steps) noexcept {
    return ((finest_index + (1u << steps) - 1) >> steps) + zero_at - (zero_at >> steps);
  }
  /// The last of the finest buckets in a bucket of a coarser schema.
  static std::uint32_t last_in(std::uint32_t index, unsigned steps) noexcept { return ((index - zero_at) << steps) + zero_at; }

  /// Where a bucket of the finest schema ends; infinity for the one that holds infinity.
  static double end_of(std::uint32_t finest_index) noexcept {
    if (finest_index >= of_largest) return bits_double(finest_index == of_largest ? largest_bits : std::uint64_t{0x7ff} << 52);
    const std::int32_t index = static_cast<std::int32_t>(finest_index - zero_at);
    const std::int32_t exponent = static_cast<std::int32_t>((finest_index - zero_at + (2048u << 8)) >> 8) - 2048;
    const std::uint64_t fraction = native_bounds<void>::ends[index & 0xff];
    if (exponent >= -1022) return bits_double(static_cast<std::uint64_t>(exponent + 1023) << 52 | fraction);
    // Subnormal: rounded to the nearest, ties to even.
    const std::uint64_t whole = fraction | (fraction_bits + 1);
    const unsigned off = static_cast<unsigned>(-1022 - exponent);
    if (off > 53) return 0;
    const std::uint64_t kept = whole >> off, lost = whole & ((std::uint64_t{1} << off) - 1), half = std::uint64_t{1} << (off - 1);
    return bits_double(kept + static_cast<std::uint64_t>(lost > half || (lost == half && (kept & 1) != 0)));
  }

  /// The coarsest schema whose buckets grow by no more than `factor`, which is above 1: 3 for 1.1. At the borders themselves it
  /// says what the Go client's logarithms say.
  static int schema_of(double factor) noexcept {
    const double growth[] = {65536, 256, 16, 4, 2, 1.4142135623730951, 1.1892071150027212, 1.0905077326652577,
                             1.044273782427414, 1.0218971486541166, 1.0108892860517005, 1.005429901112803};
    int schema = coarsest;
    for (const double g : growth) {
      if (!is_less(factor, g)) break;
      ++schema;
    }
    return schema;
  }

 private:
  enum : std::uint64_t { fraction_bits = (std::uint64_t{1} << 52) - 1, largest_bits = (std::uint64_t{0x7ff} << 52) - 1 };
  enum : std::uint32_t { of_largest = zero_at + 1024 * 256, of_infinity = of_largest + 1 };
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NATIVE_SCALE_HPP
