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

#if NARTHEX_HAS(CONCURRENCY)
template <class T>
using shared = std::atomic<T>;
#else
/// The face of std::atomic over a plain value: with nobody else around, an 8-byte counter needs no
/// libatomic and a Cortex-M0 needs no read-modify-write instruction.
template <class T>
class shared {
 public:
  constexpr shared() noexcept : value_() {}
  constexpr shared(T value) noexcept : value_(value) {}
  T load(std::memory_order) const noexcept { return value_; }
  void store(T value, std::memory_order) noexcept { value_ = value; }
  T exchange(T value, std::memory_order) noexcept {
    const T old = value_;
    value_ = value;
    return old;
  }
  T fetch_add(T by, std::memory_order) noexcept {
    using wraps = typename std::make_unsigned<T>::type;  // as std::atomic does, also for signed types
    const T old = value_;
    value_ = static_cast<T>(static_cast<wraps>(old) + static_cast<wraps>(by));
    return old;
  }
  T fetch_sub(T by, std::memory_order) noexcept {
    const T old = value_;
    value_ = static_cast<T>(old - by);
    return old;
  }
  bool compare_exchange_strong(T& expected, T wanted, std::memory_order, std::memory_order) noexcept {
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    value_ = wanted;
    return true;
  }
  bool compare_exchange_weak(T& expected, T wanted, std::memory_order a, std::memory_order b) noexcept {
    return compare_exchange_strong(expected, wanted, a, b);
  }

 private:
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
