// narthex/detail/distribution.hpp - observations counted by bucket and summed, read as one.
// Room: foundations. Read detail/record.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_DISTRIBUTION_HPP
#define NARTHEX_DETAIL_DISTRIBUTION_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/guarded.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/record.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/slot.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

enum : unsigned { nowhere = ~0u };
/// Which bucket an observation falls in, where that never changes.
struct known_bucket {
  enum : bool { may_refuse = false };
  unsigned bucket;
  unsigned operator()() const noexcept { return bucket; }
};

#if NARTHEX_HAS(LOCK_FREE)

/// A set of bucket counts and their sum, such that a snapshot is always of whole observations.
///
/// An observation commits by one compare-exchange of a record: the new sum, the bucket, and that bucket's new
/// count. The bucket's own cell follows; before anybody commits on top of a record, he makes sure that
/// its cell has followed. So a reader that finds the same record before and after reading the cells
/// has, with the count the record names, exactly the observations that record is the last of.
///
/// Order: a cell is moved from n - 1 to n once, by compare-exchange with release; whoever loads n with
///        acquire has seen the commit, and with it a head that is at least as new.
class observation_set {
 public:
  enum : unsigned { sum_words = sizeof(double) / sizeof(cell_word), bucket_at = sum_words, count_at, words };
  enum : cell_word { refused = static_cast<cell_word>(~cell_word(0)) };

  /// Gives how many there were before, more or less; `refused` when there is no bucket for it.
  template <class Which>
  cell_word observe(shared<cell_word>* counts, Which which, double value) noexcept {
    cell_word count = 0;
    unsigned bucket = 0;
    const cell_word before = state_.update([&](const image& now, cell_word(&next)[words]) {
      follow(counts, now);
      bucket = which();  // a restart since `now` was read fails the commit
      if (Which::may_refuse && bucket == nowhere) return put(next, get_sum(now), static_cast<unsigned>(now.words[bucket_at]), now.words[count_at]);
      count = static_cast<cell_word>(counts[bucket].load(memory_order_acquire) + 1);
      put(next, add(get_sum(now), value), bucket, count);
    });
    if (Which::may_refuse && bucket == nowhere) return refused;
    move_on(counts[bucket], count);
    return before;
  }

  /// Copies the counts and returns the sum of the same observations. Goes round once more for each observation that
  /// is committed meanwhile: see distribution for why that ends.
  double read(const shared<cell_word>* counts, unsigned buckets_and_inf, cell_word* out) const noexcept {
    for (;;) {
      const image now = state_.read();
      for (unsigned i = 0; i < buckets_and_inf; ++i) out[i] = counts[i].load(memory_order_acquire);
      if (!state_.is_present(now)) continue;
      NARTHEX_ASSERT(out[now.words[bucket_at]] == now.words[count_at] ||
                     static_cast<cell_word>(out[now.words[bucket_at]] + 1) == now.words[count_at]);
      out[now.words[bucket_at]] = now.words[count_at];
      return get_sum(now);
    }
  }

#if NARTHEX_HAS(SHARDS)
  bool is_untouched() const noexcept { return state_.is_untouched(); }
#endif

  /// Sets the sum to 0; the counts at that moment go to `out`.
  void forget_sum(shared<cell_word>* counts, unsigned buckets_and_inf, cell_word* out) noexcept {
    state_.update([&](const image& now, cell_word(&next)[words]) {
      follow(counts, now);
      for (unsigned i = 0; i < buckets_and_inf; ++i) out[i] = counts[i].load(memory_order_acquire);
      put(next, 0.0, static_cast<unsigned>(now.words[bucket_at]), now.words[count_at]);
    });
  }

 private:
  using state = record<words>;
  using image = typename state::image;

  static void follow(shared<cell_word>* counts, const image& now) noexcept {
    move_on(counts[now.words[bucket_at]], now.words[count_at]);
  }
  static void move_on(shared<cell_word>& cell, cell_word count) noexcept {
    cell_word before = static_cast<cell_word>(count - 1);
    if (cell.load(memory_order_acquire) == before) {
      cell.compare_exchange_strong(before, count, memory_order_release, memory_order_relaxed);
    }
  }
  static double get_sum(const image& now) noexcept {
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < sum_words; ++i) bits |= static_cast<std::uint64_t>(now.words[i]) << (32 * i);
    return bits_double(bits);
  }
  static void put(cell_word (&next)[words], double sum, unsigned bucket, cell_word count) noexcept {
    for (unsigned i = 0; i < sum_words; ++i) next[i] = static_cast<cell_word>(double_bits(sum) >> (32 * i));
    next[bucket_at] = bucket;
    next[count_at] = count;
  }

  state state_;
};

/// Observations of one series.
///
/// Writers use the hot one of two sets. A snapshot makes the other hot, reads the one that has become cold, turns
/// back, and reads the other. Only writers that had chosen a set before it went cold can still commit to it, each
/// once, so a snapshot goes round at most once per thread that was in mid-observe, whatever the
/// load; one that is suspended there delays nobody. Nothing is moved between the sets, ever.
class distribution {
 public:
  enum : unsigned { sets = 2 };

  /// Cells for `n` buckets, +Inf included: each set's counts, and what is taken off since restart().
  static constexpr std::size_t cells(std::size_t n) noexcept { return (sets + 1) * n; }
  static constexpr std::size_t bytes(std::size_t n) noexcept { return round_up(cells(n) * sizeof(cell_word)); }

  /// room: bytes(n) of them, zeroed here.
  distribution(void* room, unsigned n) noexcept : cells_(static_cast<shared<cell_word>*>(room)), n_(n), hot_(0) {
    for (std::size_t i = 0; i < cells(n); ++i) cells_[i].store(0, memory_order_relaxed);
  }

  void observe(unsigned bucket, double value) noexcept {
    NARTHEX_ASSERT(bucket < n_);
    observe_by(known_bucket{bucket}, value);
  }
  /// The bucket is asked for when it is certain that a restart before it is seen; false when there is none.
  template <class Which>
  bool observe_by(Which which, double value) noexcept {
    return count_in(which, value) != observation_set::refused;
  }

  /// Fills counts[n] and returns the sum of the same observations; `total` is the sum of the counts.
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept {
    const hold one_reader(readers_);
    const double sum = read_alone(counts);
    total = 0;
    for (unsigned i = 0; i < n_; ++i) total += counts[i];
    return sum;
  }

  /// Counts from zero again, exactly: no observation is lost or counted on both sides.
  void restart() const noexcept {
    const hold one_reader(readers_);
    restart_alone();
  }

 protected:
  /// Gives how many there were before in the hot set, more or less.
  template <class Which>
  cell_word count_in(Which which, double value) noexcept {
    const std::uint32_t hot = hot_.load(memory_order_relaxed);
    return sets_[hot].observe(cells_ + hot * n_, which, value);
  }
  double read_alone(std::uint64_t* counts) const noexcept {
    cell_word set_counts[buckets::max_bounds + 1];
    double sum = 0;
    for (unsigned s = 0; s < sets; ++s) {
      hot_.store((s + 1) % sets, memory_order_relaxed);
      sum = add(sum, sets_[s].read(cells_ + s * n_, n_, set_counts));
      for (unsigned i = 0; i < n_; ++i) counts[i] = set_counts[i] + (s ? counts[i] : 0);
    }
    bool near_wrap = false;
    for (unsigned i = 0; i < n_; ++i) {
      // Modulo the cell's width, so that a 32-bit cell that has wrapped still gives what came since restart().
      counts[i] = static_cast<cell_word>(counts[i] - taken_off(i).load(memory_order_relaxed));
      near_wrap = near_wrap || counts[i] > static_cast<cell_word>(~cell_word(0)) / 2;
    }
    // All buckets start over together, long before one of them would alone: rate() sees one ordinary reset.
    if (near_wrap) restart_alone();
    return sum;
  }
  void restart_alone() const noexcept {
    cell_word set_counts[buckets::max_bounds + 1];
    for (unsigned s = 0; s < sets; ++s) {
      hot_.store((s + 1) % sets, memory_order_relaxed);
      sets_[s].forget_sum(cells_ + s * n_, n_, set_counts);
      for (unsigned i = 0; i < n_; ++i) {
        const cell_word before = s ? taken_off(i).load(memory_order_relaxed) : 0;
        taken_off(i).store(static_cast<cell_word>(before + set_counts[i]), memory_order_relaxed);
      }
    }
  }
#if NARTHEX_HAS(SHARDS)
  /// Nothing was ever observed here, nor taken off.
  bool is_untouched() const noexcept { return sets_[0].is_untouched() && sets_[1].is_untouched(); }
#endif
  unsigned size() const noexcept { return n_; }
  spin_lock& readers() const noexcept { return readers_; }

 private:
  shared<cell_word>& taken_off(unsigned i) const noexcept { return cells_[sets * n_ + i]; }

  shared<cell_word>* cells_;
  unsigned n_;
  // Readers turn the hot set, and only a reader may restart: both are part of reading.
  mutable shared<std::uint32_t> hot_;
  mutable spin_lock readers_;  // one snapshot at a time; no writer ever looks at it
  mutable observation_set sets_[sets];
};

#else

/// Observations of one series: an interrupt never sees one half done, nor does a snapshot.
///
/// A snapshot keeps interrupts out while it copies the counts, four instructions each.
class distribution {
 public:
  /// Cells for `n` buckets, +Inf included.
  static constexpr std::size_t cells(std::size_t n) noexcept { return n; }
  static constexpr std::size_t bytes(std::size_t n) noexcept { return round_up(n * sizeof(cell_word)); }

  distribution(void* room, unsigned n) noexcept : cells_(static_cast<cell_word*>(room)), n_(n) { clear(sum_, cells_, n_); }
  void observe(unsigned bucket, double value) noexcept { observe(sum_, cells_[bucket], value); }
  /// False when there is no bucket for it.
  template <class Which>
  bool observe_by(Which which, double value) noexcept {
    const unsigned bucket = which();
    if (bucket == nowhere) return false;
    observe(bucket, value);
    return true;
  }
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept { return read(sum_, cells_, n_, counts, total); }
  void restart() const noexcept { clear(sum_, cells_, n_); }

  static void observe(guarded_double& sum, cell_word& cell, double value) noexcept {
    sum.add_with(value, [&cell] { ++cell; });
  }
  /// Fills counts[n] and returns the sum of the same observations; `total` is the sum of the counts.
  static double read(guarded_double& sum, cell_word* cells, unsigned n, std::uint64_t* counts, std::uint64_t& total) noexcept {
    double seen;
    {
      const critical alone;
      seen = sum.peek();
      for (unsigned i = 0; i < n; ++i) counts[i] = cells[i];
    }
    total = 0;
    std::uint64_t most = 0;
    for (unsigned i = 0; i < n; ++i) {
      total += counts[i];
      most |= counts[i];
    }
    // All buckets start over together, long before one of them would alone: rate() sees one ordinary reset.
    if (most > static_cast<cell_word>(~cell_word(0)) / 2) clear(sum, cells, n);
    return seen;
  }
  static void clear(guarded_double& sum, cell_word* cells, unsigned n) noexcept {
    const critical alone;
    sum.put(0);
    for (unsigned i = 0; i < n; ++i) cells[i] = 0;
  }

 private:
  cell_word* cells_;
  unsigned n_;
  mutable guarded_double sum_;
};

#endif

// ---- with the cells inside ----

#if NARTHEX_HAS(LOCK_FREE)
template <unsigned N>
struct cells_inside {
  shared<cell_word> cells[distribution::cells(N)];
};
/// A distribution of N buckets, +Inf included, in one piece.
template <unsigned N>
class placed_distribution : cells_inside<N>, public distribution {
 public:
  placed_distribution() noexcept : distribution(cells_inside<N>::cells, N) {}
};
#else
/// A distribution of N buckets, +Inf included, in one piece: no pointer, no number.
template <unsigned N>
class placed_distribution {
 public:
  placed_distribution() noexcept { restart(); }
  void observe(unsigned bucket, double value) noexcept { distribution::observe(sum_, cells_[bucket], value); }
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept {
    return distribution::read(sum_, cells_, N, counts, total);
  }
  void restart() const noexcept { distribution::clear(sum_, cells_, N); }

 private:
  mutable guarded_double sum_;
  mutable cell_word cells_[N];
};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_DISTRIBUTION_HPP
