// narthex/detail/ledger.hpp - one thread's observations, which others may read whole at any moment.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LEDGER_HPP
#define NARTHEX_DETAIL_LEDGER_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/distribution.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/slot.hpp"

#if NARTHEX_HAS(SHARDS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Bucket counts and their sum, with one writer, who never waits and uses no locked instruction, and one reader at a
/// time, who never waits for the writer.
///
/// An observation stores the new sum beside the present one, then commits by one store of the entry: how many
/// observations there are, and the bucket of the last. The bucket's count follows. So the sum that belongs to entry k
/// is number k % 2, and the counts together are k, or k - 1 while the last one's bucket has not followed.
///
/// Order:  stores release and loads acquire. What may overwrite anything that belongs to entry k is stored behind
///         entry k + 1; a reader that saw any of it sees, looking at the entry once more, that it is k no longer.
///         (tests/litmus/ledger.litmus)
/// Time:   there are two sets, and the writer uses the hot one. A reader makes the other hot and reads the one that has
///         become cold, twice: a cold set changes once more at most, by the observation that was under way. A writer
///         suspended there leaves it readable.
/// Restart: the reader announces a new generation. A set of an older one counts as empty, and its writer clears it
///         before he uses it; nobody reads it while he does.
class ledger {
 public:
  /// Of a ledger for n buckets, +Inf included; the counts lie behind it.
  static constexpr std::size_t bytes(std::size_t n) noexcept { return sizeof(ledger) + 2 * n * sizeof(shared<std::uint64_t>); }

  explicit ledger(unsigned n) noexcept : turn_(0), n_(n) {
    for (set& s : sets_) {
      s.generation.store(0, memory_order_relaxed);
      s.entry.store(0, memory_order_relaxed);
      for (shared<std::uint64_t>& sum : s.sum) sum.store(0, memory_order_relaxed);
    }
    for (unsigned i = 0; i < 2 * n; ++i) new (counts(0) + i) shared<std::uint64_t>(0);
  }

  void observe(unsigned bucket, double value) noexcept { observe_by(known_bucket{bucket}, value); }
  /// By the owner alone. `which` is asked for the bucket once it is certain which generation the observation will be of; false when
  /// it has none.
  template <class Which>
  bool observe_by(Which which, double value) noexcept {
    const std::uint64_t turn = turn_.load(memory_order_acquire);
    set& s = sets_[turn % 2];
    if (!NARTHEX_DETAIL_LIKELY(s.generation.load(memory_order_relaxed) == turn / 2)) return observe_anew(which, value);
    const unsigned bucket = which();
    if (Which::may_refuse && !NARTHEX_DETAIL_LIKELY(bucket != nowhere)) return false;
    NARTHEX_ASSERT(bucket < n_);
    const std::uint64_t k = s.entry.load(memory_order_relaxed) / places;
    const double sum = bits_double(s.sum[k % 2].load(memory_order_relaxed)) + value;
    shared<std::uint64_t>& count = counts(turn % 2)[bucket];
    s.sum[(k + 1) % 2].store(double_bits(sum), memory_order_release);
    s.entry.store((k + 1) * places + bucket, memory_order_release);
    count.store(count.load(memory_order_relaxed) + 1, memory_order_release);
    return true;
  }

  /// Adds the counts to `to` and gives the sum of the same observations.
  double read(std::uint64_t* to) noexcept {
    std::uint64_t turn = turn_.load(memory_order_relaxed);
    double sum = 0;
    for (int both = 0; both < 2; ++both) {
      const std::uint64_t cold = turn;
      turn_.store(turn ^= 1, memory_order_relaxed);
      sum += read_set(cold, to);
    }
    return sum;
  }

  /// Counts from zero again. Whoever observes in the new generation sees what was stored before.
  void restart() noexcept { turn_.store(turn_.load(memory_order_relaxed) + 2, memory_order_release); }

 private:
  enum : std::uint64_t { places = 1024 };  // a bucket's number fits beside 54 bits of count
  static_assert(std::uint64_t{buckets::max_bounds} < std::uint64_t{places}, "no room for the bucket");
  struct set {
    shared<std::uint64_t> generation, entry, sum[2];
  };
  shared<std::uint64_t>* counts(std::uint64_t which) const noexcept {
    return const_cast<shared<std::uint64_t>*>(reinterpret_cast<const shared<std::uint64_t>*>(this + 1)) + which * n_;
  }

  /// The last thing that observe() does, so that it has no registers to save.
  template <class Which>
  NARTHEX_DETAIL_COLD bool observe_anew(Which which, double value) noexcept {
    const std::uint64_t turn = turn_.load(memory_order_relaxed);  // a reader may have turned it meanwhile
    set& s = sets_[turn % 2];
    if (s.generation.load(memory_order_relaxed) != turn / 2) begin(s, turn);
    return observe_by(which, value);
  }
  void begin(set& s, std::uint64_t turn) noexcept {
    s.entry.store(0, memory_order_relaxed);
    for (shared<std::uint64_t>& sum : s.sum) sum.store(0, memory_order_relaxed);
    for (unsigned i = 0; i < n_; ++i) counts(turn % 2)[i].store(0, memory_order_relaxed);
    s.generation.store(turn / 2, memory_order_release);  // whoever sees it sees the zeros
  }

  double read_set(std::uint64_t turn, std::uint64_t* to) const noexcept {
    const set& s = sets_[turn % 2];
    if (s.generation.load(memory_order_acquire) != turn / 2) return 0;
    const shared<std::uint64_t>* const all = counts(turn % 2);
    const unsigned n = n_;
    std::uint64_t seen[buckets::max_bounds + 1];
    for (;;) {
      const std::uint64_t entry = s.entry.load(memory_order_acquire);
      if (entry == 0) return 0;  // nothing in this set, as in most that are not hot
      const double sum = bits_double(s.sum[entry / places % 2].load(memory_order_acquire));
      std::uint64_t followed = 0;
      for (unsigned i = 0; i < n; ++i) followed += seen[i] = all[i].load(memory_order_acquire);
      if (s.entry.load(memory_order_relaxed) != entry) continue;
      NARTHEX_ASSERT(entry / places - followed <= 1);
      seen[entry % places] += entry / places - followed;
      for (unsigned i = 0; i < n; ++i) to[i] += seen[i];
      return sum;
    }
  }

  shared<std::uint64_t> turn_;  // generation * 2 + the hot set; stored by readers alone
  unsigned n_;
  set sets_[2];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(SHARDS)

#endif  // NARTHEX_DETAIL_LEDGER_HPP
