// narthex/detail/expiring_place.hpp - a place in memory for one series after another, and who is inside it.
// Room: balconies. Read detail/cell.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPIRING_PLACE_HPP
#define NARTHEX_DETAIL_EXPIRING_PLACE_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A place for a series, used by one set of label values after another; never freed before its family ends, so that a stale
/// handle always has a word to look at.
///
/// That word counts, from the top: how often somebody entered, the generation, odd while the place is in use, and
/// how many are inside. Who wants to touch the series enters, and has come in when the generation is the one he knows; otherwise
/// he leaves at once and touches nothing. Only under the family's lock does the generation change.
/// Order: leaving is a release; using the place again begins with an acquiring look at the same word that finds nobody inside
/// after the generation went up. All that was done inside happens before that, and whoever comes later knows an older generation.
/// The new text is published by the release that makes the generation odd again.
/// Taking out an idle series is an exchange of the whole word as it was before the value was read: it
/// fails when anybody has entered since, so no update goes down with the series (unless 65,536 entries, or 64
/// without 64-bit atomics, came in between).
struct expiring_place {
  static constexpr unsigned inside_bits = sizeof(cell_word) == 8 ? 16 : 10;
  static constexpr unsigned generation_bits = sizeof(cell_word) == 8 ? 32 : 16;
  static constexpr cell_word one_generation = cell_word(1) << inside_bits;
  static constexpr cell_word inside_mask = one_generation - 1;
  static constexpr cell_word last_generation = (cell_word(1) << generation_bits) - 1;
  static constexpr cell_word one_entry = cell_word(1) << (inside_bits + generation_bits);
  static cell_word generation_of(cell_word s) noexcept { return s >> inside_bits & last_generation; }
  static bool is_used(cell_word s) noexcept { return (generation_of(s) & 1) != 0; }

  expiring_place() noexcept
      : state(0), hash(0), in_chain(nullptr), next(nullptr), touched(0), next_free(nullptr), birth(0), seen_at(0), seen(0),
        text_size(0), size_class(0), text(nullptr) {}

  shared<cell_word> state;
  shared<std::uint32_t> hash;                // read before it is known whether the series is this one
  shared<expiring_place*> in_chain;          // of the same hash; may lead astray while the place changes hands
  shared<expiring_place*> next;              // all places there are, in the order of memory
  shared<std::uint32_t> touched;             // labels() answered with it since the last sweep
  expiring_place* next_free;                 // under the lock
  std::uint32_t birth;                       // which creation this was; read inside
  std::uint32_t seen_at;                     // under the lock; milliseconds: when the value last was another
  std::uint64_t seen;                        // under the lock: the value then
  std::uint16_t text_size, size_class;
  char* text;                                // with the constant labels

  /// Adds an entry, and gives what the word was.
  cell_word enter() noexcept { return state.fetch_add(one_entry + 1, memory_order_acquire); }
  void leave() noexcept { state.fetch_sub(1, memory_order_release); }
  bool enter(cell_word generation) noexcept {
    if (NARTHEX_DETAIL_LIKELY(generation_of(enter()) == generation)) return true;
    leave();
    return false;
  }
  /// Nobody inside, and generations left: after the last one a place is not used again.
  bool can_be_used() const noexcept {
    const cell_word s = state.load(memory_order_acquire);
    return (s & inside_mask) == 0 && generation_of(s) + 2 < last_generation;
  }
};

template <class Core>
struct expiring_place_of : expiring_place, Core {
  expiring_place_of(const typename Core::args& kept, void* cells) noexcept : Core(kept, cells) {}
};

/// Where a handle points: a place and the generation it was given for; generation 0 is of the overflow series, which stays.
template <class Core>
struct expiring_at {
  expiring_place_of<Core>* place;
  cell_word generation;
};

/// Where chains of places begin. Larger ones take the place of smaller ones, which stay until the family ends.
struct expiring_chains {
  expiring_chains* older;
  std::uint32_t mask;
  static std::size_t bytes(std::uint32_t n) noexcept { return sizeof(expiring_chains) + n * sizeof(shared<expiring_place*>); }
  explicit expiring_chains(std::uint32_t n) noexcept : older(nullptr), mask(n - 1) {
    for (std::uint32_t i = 0; i < n; ++i) new (&at(i)) shared<expiring_place*>(nullptr);
  }
  shared<expiring_place*>& at(std::uint32_t hash) noexcept {
    return reinterpret_cast<shared<expiring_place*>*>(this + 1)[hash & mask];
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_EXPIRING_PLACE_HPP
