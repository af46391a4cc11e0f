// narthex/counter.hpp - a number that only goes up.
// Room: instruments. Read detail/cell.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_COUNTER_HPP
#define NARTHEX_COUNTER_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/detail/cell.hpp"
#include "narthex/detail/single.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

inline bool is_not_zero(std::uint64_t value) noexcept { return value != 0; }
inline bool is_not_zero(std::int64_t value) noexcept { return value != 0; }
/// By bits, so that NaN is not 0 under -ffast-math either.
inline bool is_not_zero(const double& value) noexcept { return double_bits(value) << 1 != 0; }

/// The storage of a series that is one number.
template <class Cell, metric_type Type, storage Kind>
struct number_core {
  static constexpr metric_type type = Type;
  static constexpr storage kind = Kind;
  enum : std::size_t { smallest_room = 0 };
  using args = no_args;
  static args smallest() noexcept { return args(); }
  static errc validate(const args&, std::size_t&) noexcept { return errc::ok; }
  static std::size_t args_room(const args&) noexcept { return 0; }
  static const args* keep(const args&, void*) noexcept { return &nothing_chosen(); }
  static std::size_t room(const args&) noexcept { return 0; }
  number_core(const args&, void* where) noexcept : number_core(where, std::is_constructible<Cell, const void*>()) {}
  bool read(reading& out) const noexcept {
    const auto value = cell.get();
    out.value = value;
    return is_not_zero(value);
  }
  bool read_at_once(reading& out) const noexcept { return get_at_once(cell, out.value); }
  void restart() noexcept { cell.restart(); }
  const args& chosen() const noexcept { return nothing_chosen(); }

  Cell cell;

 private:
  number_core(const void* where, std::true_type) noexcept : cell(where) {}
  number_core(const void*, std::false_type) noexcept : cell() {}
};

using counter_core = number_core<counter_cell, metric_type::counter, storage::counter>;
using double_counter_core = number_core<double_counter_cell, metric_type::counter, storage::double_counter>;
using fixed_counter_core = number_core<unsigned_cell, metric_type::counter, storage::counter>;
using fixed_double_counter_core = number_core<double_cell, metric_type::counter, storage::double_counter>;

}  // namespace detail

/// Counts events; starts at 0. The name should end in _total.
///
/// Threads: every member may be called from any thread at any time; lock-free. In signal handlers and interrupts, and where
///          nothing may ever be allocated, use fixed_counter: of the updates of a handler and of what it
///          interrupted one may be lost here.
/// Memory:  two words. Once threads meet on it, 128 bytes, and at most 64 for each thread that comes by then; where
///          there is no memory it stays as it is. A fixed_counter is one word.
/// Range:   64 bits; 32 where 64-bit atomics are not lock-free, wrapping as a counter reset.
/// Source:  Prometheus, "Writing client libraries", Counter.
template <class Holder>
class NARTHEX_DETAIL_IDLE counter_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = counter_of<handle<typename Holder::core_type>>;

  /// Adds 1. Cost: one relaxed atomic add; a load, an addition and a store once threads have met.
  void inc() noexcept { this->core().cell.add(1); }

  /// Adds `by`, an integer >= 0. A double does not compile: see double_counter.
  ///
  /// Errors: a negative amount (or one beyond a 32-bit cell) changes nothing and is counted in
  ///         narthex_refused_total{what="update"}.
  /// Cost:   as inc().
  template <class Int>
  void inc(Int by) noexcept {
    static_assert(std::is_integral<Int>::value && !std::is_same<Int, bool>::value,
                  "a counter counts in whole numbers; for fractions there is double_counter");
    // The comparison is without effect for unsigned types, and the cast cannot change a value that passes.
    const std::uint64_t amount = static_cast<std::uint64_t>(by);
    if (NARTHEX_DETAIL_LIKELY(!(by < Int(1)) && amount <= detail::unsigned_cell::limit())) {
      this->core().cell.add(amount);
    } else if (by != Int(0)) {
      detail::refuse_update(this->node());
    }
  }

  /// What was counted so far.
  std::uint64_t value() const noexcept { return this->core().cell.get(); }
};

/// Counts amounts that are not whole: seconds, joules; starts at 0. The name should end in _total.
///
/// Threads, memory: as counter_of (a fixed one takes 100 bytes where 64-bit atomics are not lock-free).
template <class Holder>
class NARTHEX_DETAIL_IDLE double_counter_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = double_counter_of<handle<typename Holder::core_type>>;

  /// Adds 1.
  void inc() noexcept { this->core().cell.add(1.0); }

  /// Adds `by`, finite and >= 0.
  ///
  /// Errors: negative, NaN and infinite amounts change nothing and are counted in
  ///         narthex_refused_total{what="update"}.
  /// Cost:   one compare-exchange; a load, an addition and a store once threads have met.
  void inc(double by) noexcept {
    if (NARTHEX_DETAIL_LIKELY(detail::is_finite(by) && !detail::is_less(by, 0))) {
      this->core().cell.add(by);
    } else {
      detail::refuse_update(this->node());
    }
  }

  double value() const noexcept { return this->core().cell.get(); }
};

using counter = counter_of<detail::registered_or_fixed<detail::counter_core>>;
using fixed_counter = counter_of<fixed<detail::fixed_counter_core>>;
using double_counter = double_counter_of<detail::registered_or_fixed<detail::double_counter_core>>;
using fixed_double_counter = double_counter_of<fixed<detail::fixed_double_counter_core>>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_COUNTER_HPP
