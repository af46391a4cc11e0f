// narthex/detail/quantile_window.hpp - quantiles of what was observed of late, within a stated error.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_QUANTILE_WINDOW_HPP
#define NARTHEX_DETAIL_QUANTILE_WINDOW_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/shared.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Counts per slice of time in buckets of equal relative width.
///
/// Error: a value from 2^-30 to 2^34 is reported within 1.6 % (32 buckets per power of two, their middle
///        is given); below, zero and negative ones as 0; above, as 1.7e10. The rank is exact.
/// Time:  the window moves by whole slices, at a scrape, so that an observation reads no clock.
/// Memory: slices * buckets * 4 bytes = 40 KB.
class quantile_window {
 public:
  enum : unsigned {
    slices = 5,
    steps = 32,                     // per power of two: 2^-5 wide, 2^-6 from the middle
    lowest = (1023 - 30) * steps,   // index of 2^-30 among all doubles
    buckets = 64 * steps + 1        // the first is for everything below
  };
  static constexpr std::size_t cells() noexcept { return std::size_t(slices) * buckets; }

  /// room: cells() of them, zeroed here.
  quantile_window(shared<std::uint32_t>* room, std::uint32_t window_seconds, std::uint32_t now_seconds) noexcept
      : cells_(room), slice_seconds_(window_seconds < slices ? 1 : window_seconds / slices),
        began_(now_seconds), present_(0) {
    clear();
  }

  void observe(double value) noexcept {
    cells_[present_.load(memory_order_relaxed) * buckets + bucket_of(value)].fetch_add(1, memory_order_relaxed);
  }

  void clear() noexcept {
    for (std::size_t i = 0; i < cells(); ++i) cells_[i].store(0, memory_order_relaxed);
  }

  /// Moves the window to `now_seconds` and gives value[n] for which[n] (increasing, each 0..1); NaN when the
  /// window is empty.
  void read(std::uint32_t now_seconds, const double* which, double* value, unsigned n) noexcept {
    const hold one_reader(readers_);
    move_to(now_seconds);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < cells(); ++i) total += cells_[i].load(memory_order_relaxed);
    std::uint64_t passed = 0;
    unsigned b = 0;
    for (unsigned q = 0; q < n; ++q) {
      if (total == 0) {
        value[q] = bits_double(0x7ff8000000000000u);
        continue;
      }
      std::uint64_t rank = static_cast<std::uint64_t>(which[q] * static_cast<double>(total));
      if (static_cast<double>(rank) < which[q] * static_cast<double>(total) || rank == 0) ++rank;  // rounded up, from 1
      while (b < buckets && passed + in_bucket(b) < rank) passed += in_bucket(b++);
      value[q] = middle_of(b < buckets ? b : buckets - 1);
    }
  }

 private:
  static unsigned bucket_of(double value) noexcept {
    const std::uint64_t at = double_bits(value) >> 47;  // sign, exponent, 5 bits of the fraction
    if (at < lowest || at >> 16) return 0;
    return at - lowest < buckets - 1 ? static_cast<unsigned>(at - lowest) + 1 : buckets - 1;
  }
  static double middle_of(unsigned b) noexcept {
    return b == 0 ? 0 : bits_double((static_cast<std::uint64_t>(b - 1 + lowest) << 47) | std::uint64_t(1) << 46);
  }
  std::uint64_t in_bucket(unsigned b) const noexcept {
    std::uint64_t n = 0;
    for (unsigned s = 0; s < slices; ++s) n += cells_[s * buckets + b].load(memory_order_relaxed);
    return n;
  }
  void move_to(std::uint32_t now) noexcept {
    const std::int32_t passed = static_cast<std::int32_t>(now - began_);
    if (passed < 0) began_ = now;  // the wall clock was set back: the slice begins anew
    const std::uint32_t turns = passed <= 0 ? 0 : static_cast<std::uint32_t>(passed) / slice_seconds_;
    began_ += turns * slice_seconds_;
    for (std::uint32_t t = 0; t < turns && t < slices; ++t) {
      const std::uint32_t oldest = (present_.load(memory_order_relaxed) + 1) % slices;
      for (unsigned b = 0; b < buckets; ++b) cells_[oldest * buckets + b].store(0, memory_order_relaxed);
      present_.store(oldest, memory_order_relaxed);
    }
  }

  shared<std::uint32_t>* cells_;
  std::uint32_t slice_seconds_;
  std::uint32_t began_;
  shared<std::uint32_t> present_;
  spin_lock readers_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_QUANTILE_WINDOW_HPP
