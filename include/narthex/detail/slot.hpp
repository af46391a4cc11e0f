// narthex/detail/slot.hpp - a small number for each running thread, so that it can own a part of what is shared.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SLOT_HPP
#define NARTHEX_DETAIL_SLOT_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/slot_notes.hpp"

// Where threads have data of their own that costs no call that may abort: emulated thread-local data does.
#if NARTHEX_HAS(THREADS) && NARTHEX_HAS(HOST) && NARTHEX_HAS(ATOMIC64) && NARTHEX_HAS(POSIX) && defined(__GNUC__)
#define NARTHEX_DETAIL_HAS_SHARDS 1
#else
#define NARTHEX_DETAIL_HAS_SHARDS 0
#endif

#if NARTHEX_HAS(SHARDS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Who has which slot. Each shared library with hidden symbols has a domain of its own: what is owned by slot
/// remembers whose slots these are.
///
/// Order: free() releases, take() acquires, and both are read-modify-writes of one word: a thread that takes a slot
///        sees all that its last owner stored, and goes on where he stopped. The slot has one writer at any time.
/// Fork:  a child keeps its own thread's slot; those of threads that stayed in the parent are never given out again.
class slot_domain {
 public:
  enum : std::uint32_t { places = 512, none = places };

  constexpr slot_domain() noexcept : taken_() {}

#if NARTHEX_HAS(THREAD_POINTER)
  slot_notes notes;
#endif

  std::uint32_t take() noexcept {
    for (std::uint32_t w = 0; w < places / 32; ++w) {
      std::uint32_t seen = taken_[w].bits.load(memory_order_relaxed);
      while (~seen) {
        const std::uint32_t lowest = ~seen & (seen + 1);
        if (taken_[w].bits.compare_exchange_weak(seen, seen | lowest, memory_order_acquire, memory_order_relaxed)) {
          std::uint32_t s = w * 32;
          while (lowest >> (s % 32) != 1) ++s;
#if NARTHEX_HAS(THREAD_POINTER)
          notes.write(s);
#endif
          return s;
        }
      }
    }
    return none;
  }
  void free(std::uint32_t slot) noexcept {
#if NARTHEX_HAS(THREAD_POINTER)
    notes.erase();
#endif
    taken_[slot / 32].bits.fetch_sub(std::uint32_t{1} << slot % 32, memory_order_release);
  }

 private:
  struct bits_word {
    constexpr bits_word() noexcept : bits(0) {}
    shared<std::uint32_t> bits;
  };
  bits_word taken_[places / 32];
};

/// What a thread knows of itself. Trivial, so that it can be used at any time of the thread's life.
struct thread_self {
  const void* name;     // see name_of()
  slot_domain* domain;  // null without a slot
  std::uint32_t slot;
  std::uint32_t state;
  enum : std::uint32_t { fresh, slotted, slotless };  // slotless: at its end, or when there was none left
  std::uint32_t growing;  // inside an allocation of ours: an update from there must not begin another
  std::uint32_t named;
};

// __thread: GCC reaches a thread_local of a template through a function that asks whether it must be constructed.
template <class Once>
struct threads_own {
  static __thread thread_self self;
  static slot_domain domain;
};
template <class Once>
__thread thread_self threads_own<Once>::self = {nullptr, nullptr, 0, thread_self::fresh, 0, 0};
template <class Once>
slot_domain threads_own<Once>::domain;

inline thread_self& this_thread() noexcept { return threads_own<void>::self; }

/// The address of its data names a thread among those that run; null until this was called once.
///
/// Another thread gets the name only after the first has ended, from a C library that locks meanwhile: it sees all
/// that the first stored. In a forked child the first may have stayed in the parent, in the middle of an
/// observation, so there new threads have no name.
inline const void* name_of(thread_self& me) noexcept {
  if (!me.named) {
    me.named = 1;
    if (!process<void>::is_forked()) me.name = &me;
  }
  return me.name;
}

/// Gives the slot back when its thread ends. What comes after (destructors of other thread-local objects) counts
/// without a slot.
struct slot_keeper {
  ~slot_keeper() {
    thread_self& me = this_thread();
    slot_domain* const from = me.domain;
    me.state = thread_self::slotless;
    me.domain = nullptr;
    if (from) from->free(me.slot);
  }
};

/// Takes a slot if this thread may have one and has none.
inline void take_slot(thread_self& me) noexcept {
  if (me.state != thread_self::fresh) return;
  me.state = thread_self::slotless;
  // The C library asks for memory to remember the destructor, and aborts when there is none.
  void* const probe = allocate(128);
  if (!probe) {
    me.state = thread_self::fresh;
    return;
  }
  release(probe);
  static thread_local slot_keeper keeper;
  static_cast<void>(&keeper);
  const std::uint32_t mine = threads_own<void>::domain.take();
  if (mine == slot_domain::none) return;
  me.slot = mine;
  me.state = thread_self::slotted;
  me.domain = &threads_own<void>::domain;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(SHARDS)

#endif  // NARTHEX_DETAIL_SLOT_HPP
