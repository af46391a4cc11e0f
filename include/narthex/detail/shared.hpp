// narthex/detail/shared.hpp - a value that others may touch: atomic where anybody else exists.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SHARED_HPP
#define NARTHEX_DETAIL_SHARED_HPP

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

/// While it lives no interrupt comes, where that is how words change as one; elsewhere it is nothing.
class critical {
 public:
#if NARTHEX_HAS(CRITICAL)
  critical() noexcept : state_(NARTHEX_CRITICAL_ENTER()) {}
  ~critical() { NARTHEX_CRITICAL_EXIT(state_); }
#else
  critical() noexcept {}
#endif
  critical(const critical&) = delete;
  critical& operator=(const critical&) = delete;

#if NARTHEX_HAS(CRITICAL)
 private:
  const decltype(NARTHEX_CRITICAL_ENTER()) state_;
#endif
};

#if NARTHEX_HAS(LOCK_FREE)
template <class T>
using shared = std::atomic<T>;
#else
/// The face of std::atomic over a plain value: with nobody else around, an 8-byte counter needs no
/// libatomic; a Cortex-M0, which has no read-modify-write instruction, keeps interrupts out.
///
/// Order: an interrupt sees all that the program it stops has stored, so only the compiler must be kept from moving
///        things: where there are interrupts, the accesses are volatile.
template <class T>
class shared {
 public:
  constexpr shared() noexcept : value_() {}
  constexpr shared(T value) noexcept : value_(value) {}
  T load(std::memory_order) const noexcept { return static_cast<const seen&>(value_); }
  void store(T value, std::memory_order) noexcept { static_cast<seen&>(value_) = value; }
  T exchange(T value, std::memory_order order) noexcept {
    const critical alone;
    const T old = load(order);
    store(value, order);
    return old;
  }
  T fetch_add(T by, std::memory_order order) noexcept {
    using wraps = typename std::make_unsigned<T>::type;  // as std::atomic does, also for signed types
    const critical alone;
    const T old = load(order);
    store(static_cast<T>(static_cast<wraps>(old) + static_cast<wraps>(by)), order);
    return old;
  }
  T fetch_sub(T by, std::memory_order order) noexcept { return fetch_add(static_cast<T>(T(0) - by), order); }
  bool compare_exchange_strong(T& expected, T wanted, std::memory_order order, std::memory_order) noexcept {
    const critical alone;
    const T now = load(order);
    if (now == expected) store(wanted, order);
    const bool done = now == expected;
    expected = now;
    return done;
  }
  bool compare_exchange_weak(T& expected, T wanted, std::memory_order a, std::memory_order b) noexcept {
    return compare_exchange_strong(expected, wanted, a, b);
  }

 private:
#if NARTHEX_HAS(CRITICAL)
  static_assert(sizeof(T) <= sizeof(void*), "a load must be one instruction");
  using seen = volatile T;
#else
  using seen = T;
#endif
  T value_;
};
#endif

// The widest integer that is lock-free everywhere on this target.
#if NARTHEX_HAS(ATOMIC64)
using cell_word = std::uint64_t;
#else
using cell_word = std::uint32_t;
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SHARED_HPP
