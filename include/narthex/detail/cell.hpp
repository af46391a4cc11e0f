// narthex/detail/cell.hpp - one number shared by threads. The write path ends here.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CELL_HPP
#define NARTHEX_DETAIL_CELL_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/record.hpp"
#include "narthex/detail/shared.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Order: relaxed everywhere. A metric's value guards no other memory; a scrape needs each cell's own
// modification order and nothing else.

/// An integer. 32 bits wide where 64-bit atomics are not lock-free: a lone counter that wraps is a
/// counter reset to Prometheus.
template <class Int, class Narrow>
class int_cell {
#if NARTHEX_HAS(ATOMIC64)
  using stored = Int;
#else
  using stored = Narrow;
#endif

 public:
  int_cell() noexcept : value_(0) {}
  void add(Int by) noexcept { value_.fetch_add(static_cast<stored>(by), memory_order_relaxed); }
  void set(Int to) noexcept { value_.store(static_cast<stored>(to), memory_order_relaxed); }
  Int get() const noexcept { return value_.load(memory_order_relaxed); }
  /// The largest amount that add() takes whole.
  static constexpr Int limit() noexcept { return static_cast<Int>(static_cast<stored>(~stored(0))); }

 private:
  shared<stored> value_;
};

using unsigned_cell = int_cell<std::uint64_t, std::uint32_t>;
using signed_cell = int_cell<std::int64_t, std::int32_t>;

/// A double: one 64-bit word, or two words that change together.
class double_cell {
 public:
#if NARTHEX_HAS(ATOMIC64)
  double_cell() noexcept : bits_(0) {}
  void add(double by) noexcept {
    std::uint64_t old = bits_.load(memory_order_relaxed);
    while (!bits_.compare_exchange_weak(old, double_bits(bits_double(old) + by), memory_order_relaxed,
                                        memory_order_relaxed)) {
    }
  }
  void set(double to) noexcept { bits_.store(double_bits(to), memory_order_relaxed); }
  double get() const noexcept { return bits_double(bits_.load(memory_order_relaxed)); }

 private:
  shared<std::uint64_t> bits_;
#else
  void add(double by) noexcept {
    words_.update([by](const image& now, cell_word(&next)[2]) { split(join(now.words) + by, next); });
  }
  void set(double to) noexcept {
    words_.update([to](const image&, cell_word(&next)[2]) { split(to, next); });
  }
  double get() const noexcept { return join(words_.read().words); }

 private:
  using image = record<2>::image;
  static double join(const cell_word (&w)[2]) noexcept {
    return bits_double(static_cast<std::uint64_t>(w[0]) << 32 | w[1]);
  }
  static void split(double value, cell_word (&w)[2]) noexcept {
    w[0] = static_cast<cell_word>(double_bits(value) >> 32);
    w[1] = static_cast<cell_word>(double_bits(value));
  }
  record<2> words_;
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CELL_HPP
