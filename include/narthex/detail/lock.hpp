// narthex/detail/lock.hpp - the cold path's lock and grace period, from <atomic> alone.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LOCK_HPP
#define NARTHEX_DETAIL_LOCK_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(THREADS) && NARTHEX_HAS(POSIX) && __STDC_HOSTED__
#include <sched.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(THREADS)

/// One turn of a waiting loop: spins at first, then lets others run, so that a holder that was
/// preempted on this very core comes back.
class patience {
 public:
  void wait() noexcept {
    if (turns_ < 64) ++turns_;
#if NARTHEX_HAS(POSIX) && __STDC_HOSTED__
    else sched_yield();
#endif
  }

 private:
  unsigned turns_ = 0;
};

/// Guards registration and the growth of an index: a few instructions at a time, never an update.
class spin_lock {
 public:
  constexpr spin_lock() noexcept : held_(0) {}
  void lock() noexcept {
    patience p;
    while (held_.exchange(1, memory_order_acquire)) {
      while (held_.load(memory_order_relaxed)) p.wait();
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
/// Two counters, so that a stream of new readers cannot hold up the wait for the old ones.
class grace {
 public:
  constexpr grace() noexcept : turn_(0), even_(0), odd_(0) {}
  std::uint32_t enter() noexcept {
    const std::uint32_t side = turn_.load(memory_order_seq_cst) & 1;
    inside(side).fetch_add(1, memory_order_seq_cst);
    return side;
  }
  void leave(std::uint32_t side) noexcept { inside(side).fetch_sub(1, memory_order_seq_cst); }
  void wait() noexcept {
    for (int round = 0; round < 2; ++round) {
      const std::uint32_t side = turn_.fetch_add(1, memory_order_seq_cst) & 1;
      patience p;
      while (inside(side).load(memory_order_seq_cst)) p.wait();
    }
  }

 private:
  std::atomic<std::uint32_t>& inside(std::uint32_t side) noexcept { return side ? odd_ : even_; }
  std::atomic<std::uint32_t> turn_, even_, odd_;
};

#else  // nobody to wait for: registration, scrapes and destructors run in one thread

class patience {
 public:
  void wait() noexcept {}
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
