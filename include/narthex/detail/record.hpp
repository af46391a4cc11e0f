// narthex/detail/record.hpp - a few words that change together, without a lock.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_RECORD_HPP
#define NARTHEX_DETAIL_RECORD_HPP

#include "narthex/config.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(LOCK_FREE)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// `Words` words that are replaced as one.
///
/// A writer claims a free slot, fills it, and makes it the present one by a single compare-exchange
/// of the head (version and slot number); the slot it replaced is free again. A reader copies the present
/// slot and looks at the head once more.
///
/// Threads: any number of writers and readers. A writer that is suspended keeps one slot and blocks
///          nobody, up to `places` - 1 of them at a time; a further writer waits for a free slot.
/// Order:   words are stored with release and loaded with acquire. A reader that sees a word of a
///          recycled slot therefore also sees the head that replaced that slot, and reads again.
/// Wrap:    the version has 61 bits (28 on targets without 64-bit atomics: a writer would have to sleep
///          through an exact multiple of 2^28 changes).
template <unsigned Words>
class record {
 public:
  struct image {
    cell_word words[Words];
    cell_word head;
  };

  enum : unsigned { places = NARTHEX_HAS(THREADS) ? 8 : 4 };  // interrupts: main loop + 2 nested handlers

  record() noexcept : head_(0) {
    for (unsigned s = 0; s < places; ++s) {
      taken_[s].store(s == 0, memory_order_relaxed);
      for (unsigned i = 0; i < Words; ++i) slot_[s][i].store(0, memory_order_relaxed);
    }
  }

  /// Copies the present words; tries again only when somebody changed them meanwhile.
  image read() const noexcept {
    image now;
    do {
      now.head = head_.load(memory_order_acquire);
      for (unsigned i = 0; i < Words; ++i) now.words[i] = slot_[now.head % places][i].load(memory_order_acquire);
    } while (!is_present(now));
    return now;
  }

  bool is_present(const image& seen) const noexcept { return head_.load(memory_order_acquire) == seen.head; }

  /// Nothing was ever changed.
  bool is_untouched() const noexcept { return head_.load(memory_order_acquire) == 0; }

  /// Replaces the words by what `change(image& now, word (&next)[Words])` makes of them; it is called
  /// again when another writer came first. Gives how many changes there were before, modulo 2^28 at least.
  template <class Change>
  cell_word update(Change&& change) noexcept {
    const unsigned mine = claim();
    // Whoever lost steps back for a moment, longer each time: two threads on one histogram took 290 ns an
    // observation without that, and take 80.
    for (unsigned pauses = 32;; pauses = pauses < 512 ? pauses * 2 : pauses) {
      image now = read();
      cell_word next[Words];
      change(now, next);
      for (unsigned i = 0; i < Words; ++i) slot_[mine][i].store(next[i], memory_order_release);
      cell_word expected = now.head;
      if (head_.compare_exchange_strong(expected, (now.head / places + 1) * places + mine, memory_order_acq_rel,
                                        memory_order_relaxed)) {
        NARTHEX_ASSERT(now.head % places != mine && taken_[now.head % places].load(memory_order_relaxed) != 0);
        taken_[now.head % places].store(0, memory_order_release);
        return now.head / places;
      }
      for (unsigned i = 0; i < pauses; ++i) NARTHEX_DETAIL_PAUSE();
    }
  }

 private:
  unsigned claim() noexcept {
    patience p;
    // The slot after the present one is free unless somebody else is writing.
    for (unsigned s = static_cast<unsigned>(head_.load(memory_order_relaxed) % places) + 1;; ++s) {
      s %= places;
      std::uint32_t held = taken_[s].load(memory_order_relaxed);
      // In a forked child the slots of threads that stayed in the parent are free, once all others are not.
      const bool lost = held != 0 && p.in_vain() && s != head_.load(memory_order_acquire) % places;
      if ((held == 0 || lost) &&
          taken_[s].compare_exchange_strong(held, held + 1, memory_order_acquire, memory_order_relaxed)) {
        return s;
      }
      p.wait();
    }
  }

  shared<cell_word> head_;
  shared<std::uint32_t> taken_[places];
  shared<cell_word> slot_[places][Words];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(LOCK_FREE)

#endif  // NARTHEX_DETAIL_RECORD_HPP
