// narthex/detail/series_index.hpp - finds a series by its hash, also while it grows; nobody waits for anybody.
// Room: shelves. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SERIES_INDEX_HPP
#define NARTHEX_DETAIL_SERIES_INDEX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(HEAP)

#if defined(__GNUC__)
#define NARTHEX_DETAIL_PREFETCH(at) __builtin_prefetch(at)
#else
#define NARTHEX_DETAIL_PREFETCH(at) static_cast<void>(at)
#endif

NARTHEX_BEGIN_NAMESPACE
namespace detail {

struct series {
  shared<series*> next;          // in the order of creation
  std::uint32_t hash;
  std::uint32_t text_size;       // with the constant labels
  // Odd while hidden; every change goes up. Begins at `fresh`: visible as soon as it is in the index, which the first
  // scrape looks up, so that making a series is one locked instruction less.
  shared<std::uint32_t> hides;
  enum : std::uint32_t { fresh = 0 };
  bool is_hidden() const noexcept { return (hides.load(memory_order_acquire) & 1) != 0; }
  /// Found by a scrape before, and not hidden.
  bool is_shown() const noexcept {
    const std::uint32_t seen = hides.load(memory_order_acquire);
    return seen != fresh && (seen & 1) == 0;
  }
  void show() noexcept { show(hides.load(memory_order_acquire)); }
  /// Unless it was hidden again since `seen`.
  void show(std::uint32_t seen) noexcept {
    if (seen & 1) hides.compare_exchange_strong(seen, seen + 1, memory_order_acq_rel, memory_order_relaxed);
  }
  void hide() noexcept {
    std::uint32_t seen = hides.load(memory_order_relaxed);
    while (!hides.compare_exchange_weak(seen, (seen + 1) | 1, memory_order_acq_rel, memory_order_relaxed)) {
    }
  }
};

/// Open addressing in a table of pointers that never shrinks. A table that is half full, or a quarter, gets a larger one behind
/// it, to which every new series then brings 256 slots; all tables stay until the family ends, so that a lookup may
/// go on in any of them. Those before the present one are together no larger than it.
///
/// Order and uniqueness. A slot goes once from empty to a series (release, which publishes it; lookups load with acquire) or, in
/// a table that has a larger one, to "moved" (release as well: whoever reads it sees the larger table). Therefore what
/// stands in front of a series never becomes empty, a probe that ends at an empty slot has proved that the series is not
/// there, and two threads that insert equal ones meet at the same first empty slot, where one of them wins.
/// A probe that ends at "moved" goes on in the larger table: nothing with that hash can come into this one any more.
/// Moving a slot twice does nothing, so a thread that was suspended while it moved some is neither waited for nor harmful.
class series_index {
 public:
  static std::size_t bytes(std::uint32_t places) noexcept {
    return sizeof(series_index) + places * sizeof(shared<series*>);
  }
  series_index(std::uint32_t places, series_index* before) noexcept
      : older_(before), larger_(nullptr), mask_(places - 1), given_out_(0), moved_(0) {
    for (std::uint32_t i = 0; i < places; ++i) new (&slot(i)) shared<series*>(nullptr);
  }

  /// The series of this hash for which `is(series&)` holds; null when there is none.
  template <class Is>
  series* find(std::uint32_t hash, const Is& is) noexcept {
    series_index* t = this;
    for (std::uint32_t i = hash;; ++i) {
      series* const s = t->slot(i).load(memory_order_acquire);
      if (!s) return nullptr;
      if (s == t->moved()) {
        t = t->larger_.load(memory_order_acquire);
        i = hash - 1;
      } else if (s->hash == hash && is(*s)) {
        return s;
      }
    }
  }

  /// Puts `fresh` in, the series number `n` from 0; or gives the one for which `is` holds. Null when a larger table is needed
  /// and there is no memory for it.
  template <class Is>
  static series* insert(shared<series_index*>& index, series& fresh, std::uint32_t n, const Is& is) noexcept {
    for (;;) {
      series_index* t = index.load(memory_order_acquire);
      series_index* larger = t->larger_.load(memory_order_acquire);
      if (larger) {
        // Its own growth begins when this one has ended.
        const bool is_late = n >= larger->grows_at();
        if (is_late) t->move_rest(*larger);
        else t->move_some(*larger);
        t->publish(index, *larger);
        if (is_late) continue;
      } else if (n == t->grows_at() || n >= t->full_at()) {
        larger = t->enlarge();
        if (!larger && n >= t->full_at()) return nullptr;
      }
      series* answer;
      while (!(answer = t->try_insert(fresh, larger != nullptr, is))) {
        t = t->larger_.load(memory_order_acquire);
        larger = t->larger_.load(memory_order_acquire);
      }
      return answer;
    }
  }

  /// Frees this table and those before it, but for the first one, which lies in the family.
  void end() noexcept {
    for (series_index* t = this; t->older_;) {
      series_index* const before = t->older_;
      release(t);
      t = before;
    }
  }
  series_index* largest() noexcept {
    series_index* t = this;
    while (series_index* const larger = t->larger_.load(memory_order_acquire)) t = larger;
    return t;
  }

 private:
  enum : std::uint32_t { portion = 256 };
  shared<series*>& slot(std::uint32_t i) noexcept {
    return reinterpret_cast<shared<series*>*>(this + 1)[i & mask_];
  }
  // Half full; a quarter where that is little memory: a second probe costs a lookup of 15 ns another 10.
  std::uint32_t grows_at() const noexcept { return mask_ < 4096 ? mask_ / 4 : mask_ / 2; }
  std::uint32_t full_at() const noexcept { return mask_ / 4 * 3; }
  series* moved() noexcept { return reinterpret_cast<series*>(this); }  // no series lies here

  /// Null when the place is in the larger table.
  template <class Is>
  series* try_insert(series& fresh, bool is_moving, const Is& is) noexcept {
    for (std::uint32_t i = fresh.hash;; ++i) {
      shared<series*>& place = slot(i);
      series* s = place.load(memory_order_acquire);
      if (!s && place.compare_exchange_strong(s, is_moving ? moved() : &fresh, memory_order_acq_rel, memory_order_acquire)) {
        if (is_moving) return nullptr;
        return &fresh;
      }
      if (s == moved()) return nullptr;
      if (s == &fresh || (s->hash == fresh.hash && is(*s))) return s;
    }
  }

  NARTHEX_DETAIL_COLD series_index* enlarge() noexcept {
    const std::uint32_t places = (mask_ + 1) * (mask_ < 256 ? 4 : 2);
    void* const memory = allocate(bytes(places));
    if (!memory) return nullptr;
    series_index* const mine = new (memory) series_index(places, this);
    series_index* first = nullptr;
    if (larger_.compare_exchange_strong(first, mine, memory_order_acq_rel, memory_order_acquire)) return mine;
    release(memory);
    return first;
  }

  void move(std::uint32_t i, series_index& larger) noexcept {
    series* s = slot(i).load(memory_order_acquire);
    if (!s && slot(i).compare_exchange_strong(s, moved(), memory_order_acq_rel, memory_order_acquire)) return;
    if (s == moved()) return;
    const auto never = [](series&) { return false; };
    for (series_index* t = &larger; !t->try_insert(*s, t->larger_.load(memory_order_acquire) != nullptr, never);) {
      t = t->larger_.load(memory_order_acquire);
    }
  }
  void move_some(series_index& larger) noexcept {
    if (given_out_.load(memory_order_relaxed) > mask_) return;
    const std::uint32_t from = given_out_.fetch_add(portion, memory_order_relaxed);
    std::uint32_t done = 0;
    for (; done < portion && from <= mask_ && from + done <= mask_; ++done) {
      NARTHEX_DETAIL_PREFETCH(slot(from + done + 16).load(memory_order_relaxed));  // its hash: a cache miss each
      move(from + done, larger);
    }
    moved_.fetch_add(done, memory_order_acq_rel);
  }
  NARTHEX_DETAIL_COLD void move_rest(series_index& larger) noexcept {
    for (std::uint32_t i = 0; i <= mask_; ++i) move(i, larger);
    moved_.store(mask_ + 1, memory_order_release);
  }
  /// Once every slot has moved, lookups need not come here. Everything moved happens before: each portion's count
  /// is an acquiring and releasing add.
  void publish(shared<series_index*>& index, series_index& larger) noexcept {
    if (moved_.load(memory_order_acquire) <= mask_) return;
    series_index* me = this;
    index.compare_exchange_strong(me, &larger, memory_order_acq_rel, memory_order_relaxed);
  }

  series_index* older_;
  shared<series_index*> larger_;
  std::uint32_t mask_;
  shared<std::uint32_t> given_out_, moved_;  // slots
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_SERIES_INDEX_HPP
