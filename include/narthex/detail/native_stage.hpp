// narthex/detail/native_stage.hpp - the buckets of one resolution, found by number, as many as have been hit.
// Room: balconies. Read detail/adaptive_distribution.hpp and detail/native_scale.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_STAGE_HPP
#define NARTHEX_DETAIL_NATIVE_STAGE_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/adaptive_distribution.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/native_scale.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What a cell of a native histogram counts: a bucket of the native histogram and one of the classic at once, so that one count
/// and one sum belong to both. A number of 32 bits, never 0.
struct native_key {
  enum : std::uint32_t { taken = 1u << 31, negative = 1u << 20, index_mask = negative - 1, zero_bucket = 0, native_mask = 2 * negative - 1 };

  static std::uint32_t of(std::uint32_t index, bool is_negative, unsigned classic) noexcept {
    return taken | classic << 21 | (is_negative ? +negative : 0u) | index;
  }
  static std::uint32_t index(std::uint32_t key) noexcept { return key & index_mask; }
  static unsigned classic(std::uint32_t key) noexcept { return (key & ~taken) >> 21; }
  /// The bucket of the native histogram alone: sign and index.
  static std::uint32_t native(std::uint32_t key) noexcept { return key & native_mask; }
  static std::uint32_t with_index(std::uint32_t key, std::uint32_t index) noexcept { return (key & ~index_mask) | index; }
};

/// Cells in a table with open addressing: the place of a key is the number of its cell in a distribution. Keys are put in by a
/// compare-exchange and stay, until a restart.
///
/// Order: a key stands before anything is counted under it. On a restart keys go first, and then the distribution's
///        generation: whoever counts in the new one sees them gone. (tests/litmus/native.litmus)
class native_stage {
 public:
  /// Of a stage with `places` (a power of two) cells.
  static constexpr std::size_t bytes(std::size_t places) noexcept {
    return round_up(sizeof(native_stage)) + round_up(places * sizeof(shared<std::uint32_t>)) + adaptive_distribution::bytes(places);
  }
  native_stage(void* memory, unsigned places, int of_schema, const shared<std::uint32_t>& present_era) noexcept
      : observed(static_cast<char*>(memory) + round_up(sizeof(native_stage)) + round_up(places * sizeof(shared<std::uint32_t>)), places),
        steps(static_cast<unsigned>(native_scale::finest - of_schema)), mask_(places - 1), era_(present_era) {
    for (unsigned i = 0; i < places; ++i) new (keys() + i) shared<std::uint32_t>(0);
  }

  int schema() const noexcept { return native_scale::finest - static_cast<int>(steps); }
  unsigned size() const noexcept { return mask_ + 1; }
  std::uint32_t key_at(unsigned cell) const noexcept { return keys()[cell].load(memory_order_relaxed); }

  /// The key's cell; nowhere when it has none.
  unsigned find(std::uint32_t key) const noexcept {
    for (unsigned at = begin(key);; at = (at + 1) & mask_) {
      const std::uint32_t seen = keys()[at].load(memory_order_relaxed);
      if (NARTHEX_DETAIL_LIKELY(seen == key)) return at;
      if (seen == 0 || at == ((begin(key) - 1) & mask_)) return nowhere;
    }
  }
  /// Counts under the key, if it has a cell, and the histogram's era is still this one when it is certain what a restart takes along.
  /// Two registers: with more, whatever is handed on in memory, an observation took twice as long.
  bool observe(std::uint32_t key, std::uint32_t era, double value) noexcept { return observed.observe_by(cell_of{this, era, key}, value); }

  /// Puts the key in; false when there is no place.
  bool insert(std::uint32_t key) noexcept {
    for (unsigned i = 0, at = begin(key); i <= mask_; ++i, at = (at + 1) & mask_) {
      std::uint32_t seen = 0;
      if (keys()[at].compare_exchange_strong(seen, key, memory_order_relaxed, memory_order_relaxed) || seen == key) return true;
    }
    return false;
  }
  void restart() noexcept {
    for (unsigned i = 0; i <= mask_; ++i) keys()[i].store(0, memory_order_relaxed);
    observed.restart();
  }

  adaptive_distribution observed;
  const unsigned steps;  // from the finest schema

 private:
  struct cell_of {
    enum : bool { may_refuse = true };
    const native_stage* stage;
    std::uint32_t era, key;
    unsigned operator()() const noexcept {
      return NARTHEX_DETAIL_LIKELY(stage->era_.load(memory_order_relaxed) == era) ? stage->find(key) : +nowhere;
    }
  };

  // Neighbours lie side by side; of what is in both signs, or in several classic buckets, the others lie elsewhere.
  unsigned begin(std::uint32_t key) const noexcept { return (key + (key >> 20) * 13) & mask_; }
  shared<std::uint32_t>* keys() const noexcept {
    return reinterpret_cast<shared<std::uint32_t>*>(reinterpret_cast<char*>(const_cast<native_stage*>(this)) + round_up(sizeof(native_stage)));
  }
  const unsigned mask_;
  const shared<std::uint32_t>& era_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_NATIVE_STAGE_HPP
