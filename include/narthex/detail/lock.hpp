// narthex/detail/lock.hpp - the cold path's lock and grace period, from <atomic> alone.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LOCK_HPP
#define NARTHEX_DETAIL_LOCK_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(THREADS) && NARTHEX_HAS(POSIX) && __STDC_HOSTED__
#include <sched.h>
#include <unistd.h>
#define NARTHEX_DETAIL_HAS_FORK 1
#else
#define NARTHEX_DETAIL_HAS_FORK 0
#endif

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(THREADS)

/// After fork() a child has the locks and counts of threads that it does not have. The first process to use
/// narthex is remembered, so that its children can tell.
template <class Once>
struct NARTHEX_DETAIL_VISIBLE process {
  static std::atomic<long> origin;
  static bool is_forked() noexcept {
#if NARTHEX_HAS(FORK)
    const long first = origin.load(memory_order_relaxed);
    return first != 0 && first != static_cast<long>(getpid());
#else
    return false;
#endif
  }
};
template <class Once>
std::atomic<long> process<Once>::origin(0);

/// One turn of a waiting loop: spins at first, then lets others run, so that a holder that was
/// preempted on this very core comes back.
class patience {
 public:
  void wait() noexcept {
    if (turns_ <= enough) ++turns_;
    if (turns_ <= 64) return;
#if NARTHEX_HAS(FORK)
    if (process<void>::is_forked()) return static_cast<void>(usleep(1000));
#endif
#if defined(NARTHEX_YIELD)
    NARTHEX_YIELD();
#elif NARTHEX_HAS(FORK)
    sched_yield();
#endif
  }
  /// Whether it is a thread of the parent process that is waited for: a child only, after a second of what takes
  /// microseconds. It sleeps, as yields tell no time: a million of them took half a minute beside busy threads.
  bool in_vain() const noexcept { return turns_ > enough && process<void>::is_forked(); }

 private:
  enum : std::uint32_t { enough = 1024 };
  std::uint32_t turns_ = 0;
};

/// Guards registration and the growth of an index: a few instructions at a time, never an update.
class spin_lock {
 public:
  constexpr spin_lock() noexcept : held_(0) {}
  void lock() noexcept {
    patience p;
    while (held_.exchange(1, memory_order_acquire)) {
      while (held_.load(memory_order_relaxed)) {
        p.wait();
        std::uint32_t lost = 1;  // its holder stayed in the parent process: one of us takes it over
        if (p.in_vain() && held_.compare_exchange_strong(lost, 2, memory_order_acquire, memory_order_relaxed)) return;
      }
    }
  }
  void unlock() noexcept { held_.store(0, memory_order_release); }

 private:
  std::atomic<std::uint32_t> held_;  // 32 bits: riscv64 needs libatomic to exchange a byte
};

/// Lets readers walk a list without a lock while its owner takes nodes out.
///
/// A reader is inside from enter() to leave() and never waits. wait() returns when everybody who was
/// inside at its call has left: a node unlinked before is then seen by nobody.
///
/// Order: everything here, and the loads and stores of the links, is sequentially consistent. A reader
/// that wait() did not see inside (its count still 0) enters after wait() read that 0, so its loads
/// of the links come after the unlinking store. No fences: ThreadSanitizer does not know them.
/// Two counters, so that a stream of new readers cannot hold up the wait for the old ones; one waiter at a time, so
/// that its two rounds are of both counters: others' turns in between would give it the same one twice.
/// Fork:  the first to enter in a child forgets the readers that stayed in the parent.
class grace {
 public:
  constexpr grace() noexcept : waiters_(), turn_(0), even_(0), odd_(0), owner_(0) {}
  std::uint32_t enter() noexcept {
    own();
    const std::uint32_t side = turn_.load(memory_order_seq_cst) & 1;
    inside(side).fetch_add(1, memory_order_seq_cst);
    return side;
  }
  void leave(std::uint32_t side) noexcept { inside(side).fetch_sub(1, memory_order_seq_cst); }
  void wait() noexcept {
    own();
    waiters_.lock();
    for (int round = 0; round < 2; ++round) {
      const std::uint32_t side = turn_.fetch_add(1, memory_order_seq_cst) & 1;
      patience p;
      while (inside(side).load(memory_order_seq_cst)) p.wait();
    }
    waiters_.unlock();
  }

 private:
  void own() noexcept {
#if NARTHEX_HAS(FORK)
    const long me = static_cast<long>(getpid());
    long owner = owner_.load(memory_order_acquire);
    while (owner != me) {
      if (owner != taking && owner_.compare_exchange_strong(owner, taking, memory_order_acquire, memory_order_relaxed)) {
        // Nobody of this process is inside yet: everybody comes through here.
        even_.store(0, memory_order_relaxed);
        odd_.store(0, memory_order_relaxed);
        long none = 0;
        process<void>::origin.compare_exchange_strong(none, me, memory_order_relaxed, memory_order_relaxed);
        owner_.store(me, memory_order_release);
      }
      owner = owner_.load(memory_order_acquire);
    }
#endif
  }
  enum : long { taking = -1 };
  std::atomic<std::uint32_t>& inside(std::uint32_t side) noexcept { return side ? odd_ : even_; }
  spin_lock waiters_;
  std::atomic<std::uint32_t> turn_, even_, odd_;
  std::atomic<long> owner_;
};

#else  // nobody to wait for: registration, scrapes and destructors run in one thread

class patience {
 public:
  void wait() noexcept {}
  bool in_vain() const noexcept { return false; }
};

class spin_lock {
 public:
  constexpr spin_lock() noexcept {}
  void lock() noexcept {}
  void unlock() noexcept {}
};

class grace {
 public:
  constexpr grace() noexcept {}
  std::uint32_t enter() noexcept { return 0; }
  void leave(std::uint32_t) noexcept {}
  void wait() noexcept {}
};

#endif

class hold {
 public:
  explicit hold(spin_lock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~hold() { lock_.unlock(); }
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;

 private:
  spin_lock& lock_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_LOCK_HPP
