// narthex/detail/adaptive_distribution.hpp - observations of one series, each thread's in a ledger of its own.
// Room: foundations. Read detail/ledger.hpp and detail/distribution.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ADAPTIVE_DISTRIBUTION_HPP
#define NARTHEX_DETAIL_ADAPTIVE_DISTRIBUTION_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/distribution.hpp"
#include "narthex/detail/ledger.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/shards.hpp"
#include "narthex/detail/slot.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(SHARDS)

/// The first thread to observe owns a ledger that is there from the start. Others share a distribution; every 32nd
/// observation there earns its thread a ledger of its own, if there is memory and a slot.
///
/// Order:  the first ledger has one writer at any time, who sees what the one before him stored: see name_of().
/// Memory: for 12 buckets 1.1 KB; 128 bytes once a second thread has earned a ledger, and 272 for each of these ledgers.
class adaptive_distribution : distribution {
 public:
  static constexpr std::size_t bytes(std::size_t n) noexcept { return distribution::bytes(n) + ledger::bytes(n); }

  adaptive_distribution(void* room, unsigned n) noexcept
      : distribution(room, n), owner_(this), shards_(shard_link::may_grow),
        first_(new (static_cast<char*>(room) + distribution::bytes(n)) ledger(n)) {}

  void observe(unsigned bucket, double value) noexcept { observe_by(known_bucket{bucket}, value); }
  /// The bucket is asked for when it is certain that a restart before it is seen; false when there is none.
  template <class Which>
  bool observe_by(Which which, double value) noexcept {
    ledger* mine = first_;
    if (!NARTHEX_DETAIL_LIKELY(owner_.load(memory_order_relaxed) == this_thread().name)) {
      const shard_table* const t = shards_.get();
      mine = t ? static_cast<ledger*>(t->mine()) : nullptr;
      if (!NARTHEX_DETAIL_LIKELY(mine != nullptr)) return observe_shared(which, value);
    }
    return mine->observe_by(which, value);
  }

  /// Fills counts[n] and returns the sum of the same observations; `total` is the sum of the counts.
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept {
    const hold one_reader(readers());
    double sum = 0;
    // Most series are observed by one thread: what all share is empty, and half of a scrape's time went into reading it.
    if (is_untouched()) {
      for (unsigned i = 0; i < size(); ++i) counts[i] = 0;
    } else {
      sum = read_alone(counts);
    }
    sum += first_->read(counts);
    if (const shard_table* const t = shards_.get()) {
      t->each([&](void* l) { sum += static_cast<ledger*>(l)->read(counts); });
    }
    total = 0;
    for (unsigned i = 0; i < size(); ++i) total += counts[i];
    return sum;
  }

  /// Counts from zero again; an observation under way may count on the side before.
  void restart() noexcept {
    const hold one_reader(readers());
    if (!is_untouched()) restart_alone();
    first_->restart();
    if (const shard_table* const t = shards_.get()) t->each([](void* l) { static_cast<ledger*>(l)->restart(); });
  }

 private:
  template <class Which>
  NARTHEX_DETAIL_COLD bool observe_shared(Which which, double value) noexcept {
    const void* owner = this;
    const void* const me = name_of(this_thread());
    if (me && (owner_.load(memory_order_relaxed) == me ||
               owner_.compare_exchange_strong(owner, me, memory_order_relaxed, memory_order_relaxed))) {
      return first_->observe_by(which, value);
    }
    const cell_word before = count_in(which, value);
    if (Which::may_refuse && before == observation_set::refused) return false;
    if (before % 32 == 31) {
      if (shard_table* const t = shards_.grow()) {
        const unsigned n = size();
        t->join(ledger::bytes(n), [n](void* memory) { new (memory) ledger(n); });
      }
    }
    return true;
  }

  shared<const void*> owner_;  // the object itself: nobody yet
  shard_link shards_;
  ledger* first_;
};

#else
using adaptive_distribution = distribution;
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ADAPTIVE_DISTRIBUTION_HPP
