// narthex/detail/cell.hpp - one number shared by threads. The write path ends here.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CELL_HPP
#define NARTHEX_DETAIL_CELL_HPP

#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/guarded.hpp"
#include "narthex/detail/record.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/shards.hpp"
#include "narthex/detail/slot.hpp"

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
  void restart() noexcept { set(0); }
  Int get() const noexcept { return value_.load(memory_order_relaxed); }
  /// The largest amount that add() takes whole.
  static constexpr Int limit() noexcept { return static_cast<Int>(static_cast<stored>(~stored(0))); }

 private:
  shared<stored> value_;
};

using unsigned_cell = int_cell<std::uint64_t, std::uint32_t>;
using signed_cell = int_cell<std::int64_t, std::int32_t>;

/// A double: one 64-bit word, or two words that change together.
#if !NARTHEX_HAS(LOCK_FREE)
class double_cell : public guarded_double {
 public:
  void restart() noexcept { set(0); }
};
#else
class double_cell {
 public:
  void restart() noexcept { set(0); }
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
    words_.update([by](const image& now, cell_word(&next)[2]) { split(detail::add(join(now.words), by), next); });
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
#endif

/// A value that takes a few instructions to read; false when it takes more. For a cell of one word it never does.
template <class Cell, class Number>
bool get_at_once(const Cell& cell, Number& to) noexcept {
  to = cell.get();
  return true;
}

#if NARTHEX_HAS(SHARDS)

// How the two kinds of sums are added to. add_to() says whether it is time to ask if others add here, too.
struct integer_sum {
  using value = std::uint64_t;
  static value of(std::uint64_t bits) noexcept { return bits; }
  static std::uint64_t bits_word(value v) noexcept { return v; }
  // A load to compare with, or a compare-exchange, would cost 1.7 times as much as this: on x86 no load begins before
  // the locked instruction ahead of it has ended. So one addition in about 256 asks, whatever amounts are added.
  static bool add_to(shared<std::uint64_t>& sum, value by) noexcept {
    return (sum.fetch_add(by, memory_order_relaxed) & by * 255) == 0;
  }
};
struct double_sum {
  using value = double;
  static value of(std::uint64_t bits) noexcept { return bits_double(bits); }
  static std::uint64_t bits_word(value v) noexcept { return double_bits(v); }
  static bool add_to(shared<std::uint64_t>& sum, value by) noexcept {
    std::uint64_t old = sum.load(memory_order_relaxed);
    bool met = false;
    while (!sum.compare_exchange_weak(old, bits_word(of(old) + by), memory_order_relaxed, memory_order_relaxed)) met = true;
    return met;
  }
};

/// A sum that only grows. One word, added to by one read-modify-write, until two threads meet there: from then on
/// each thread adds to a word of its own, without a locked instruction, and what is read is the sum of all.
///
/// Order:  relaxed, as for all cells. Each word has one writer, or is read-modified-written, and only grows: so does
///         their sum as read. For restart() see there.
/// Memory: two words; 128 bytes once two threads have met, and 48 for each thread that comes by then. A thread that
///         gets neither slot nor memory goes on with the first word.
template <class Sum>
class adaptive_cell {
 public:
  using value = typename Sum::value;
  /// In place (null) it stays one word for ever: such storage never allocates.
  explicit adaptive_cell(const void* registered) noexcept
      : first_(0), shards_(registered ? shard_link::may_grow : shard_link::never) {}

  /// Always inline: a call of its own, which GCC 12 made of it in a large program, cost 2 ns more than the addition's 5.
  NARTHEX_DETAIL_INLINE void add(value by) noexcept {
    if (!NARTHEX_DETAIL_LIKELY(shards_.get() == nullptr)) add_to_own(by);
    else if (!NARTHEX_DETAIL_LIKELY(!Sum::add_to(first_, by))) grow_if_contended();
  }

  value get() const noexcept {
    const value first = Sum::of(first_.load(memory_order_relaxed));
    const shard_table* const t = shards_.get();
    if (!t) return first;
    const value base = Sum::of(t->base.load(memory_order_acquire));
    return first + (sum_of(*t) - base);
  }
  /// False where get() has more to do; small enough to be inline in a scrape's loop.
  template <class Number>
  bool get_at_once(Number& to) const noexcept {
    if (!NARTHEX_DETAIL_LIKELY(shards_.get() == nullptr)) return false;
    to = Sum::of(first_.load(memory_order_relaxed));
    return true;
  }

  /// Counts from zero again: nobody else may store into a thread's word, so what they hold now becomes the base.
  ///
  /// Order: the base is released after the words were read, and acquired before they are: a reader finds words at
  ///        least as large as the base, and no less than 0. The compare-exchange is for two restarts at once.
  void restart() noexcept {
    first_.exchange(0, memory_order_relaxed);
    shard_table* const t = shards_.get();
    if (!t) return;
    std::uint64_t base = t->base.load(memory_order_acquire);
    while (!t->base.compare_exchange_strong(base, Sum::bits_word(sum_of(*t)), memory_order_acq_rel, memory_order_acquire)) {
    }
  }

 private:
  // Two threads' words are 64 bytes apart where an allocator gives 64 for 48, as glibc's and musl's do; others keep
  // what a thread asks for together.
  struct shard {
    char before[24];
    shared<std::uint64_t> bits_word;
    char behind[16];
  };
  NARTHEX_DETAIL_NOINLINE void add_to_own(value by) noexcept {
    if (void* const own = shards_.get()->mine_if_near()) add_to(own, by);
    else add_elsewhere(by);
  }
  NARTHEX_DETAIL_NOINLINE void add_elsewhere(value by) noexcept {
    shard_table& t = *shards_.get();
    void* own = t.mine();
    if (!NARTHEX_DETAIL_LIKELY(own != nullptr)) own = join(t);
    if (own) add_to(own, by);
    else Sum::add_to(first_, by);
  }
  static void add_to(void* own, value by) noexcept {
    shared<std::uint64_t>& sum = static_cast<shard*>(own)->bits_word;
    sum.store(Sum::bits_word(Sum::of(sum.load(memory_order_relaxed)) + by), memory_order_relaxed);
  }
  /// Whether another thread changes the sum just now: it comes between a load and an exchange right behind it.
  NARTHEX_DETAIL_COLD void grow_if_contended() noexcept {
    for (int tries = 0; tries < 2; ++tries) {
      const std::uint64_t seen = first_.load(memory_order_relaxed);
      if (first_.fetch_add(0, memory_order_relaxed) == seen) continue;
      shards_.grow();
      return;
    }
  }
  NARTHEX_DETAIL_COLD static void* join(shard_table& t) noexcept {
    return t.join(sizeof(shard), [](void* memory) { (new (memory) shard)->bits_word.store(0, memory_order_relaxed); });
  }
  static value sum_of(const shard_table& t) noexcept {
    value sum = 0;
    t.each([&sum](const void* s) { sum += Sum::of(static_cast<const shard*>(s)->bits_word.load(memory_order_relaxed)); });
    return sum;
  }

  shared<std::uint64_t> first_;
  shard_link shards_;
};

template <class Sum, class Number>
bool get_at_once(const adaptive_cell<Sum>& cell, Number& to) noexcept {
  return cell.get_at_once(to);
}

using counter_cell = adaptive_cell<integer_sum>;
using double_counter_cell = adaptive_cell<double_sum>;

#else
using counter_cell = unsigned_cell;
using double_counter_cell = double_cell;
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CELL_HPP
