// narthex/gauge.hpp - a number that goes anywhere.
// Room: instruments. Read counter.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_GAUGE_HPP
#define NARTHEX_GAUGE_HPP

#include <cstdint>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/counter.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {
using gauge_core = number_core<double_cell, metric_type::gauge, storage::gauge>;
using int_gauge_core = number_core<signed_cell, metric_type::gauge, storage::int_gauge>;
}  // namespace detail

/// Holds a value that goes up and down; starts at 0. Any double, NaN and infinities too.
///
/// Threads: every member may be called from any thread at any time; lock-free.
/// Memory:  one cell; no allocation after construction.
/// Source:  Prometheus, "Writing client libraries", Gauge.
template <class Holder>
class NARTHEX_DETAIL_IDLE gauge_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = gauge_of<handle<typename Holder::core_type>>;

  /// Cost: a relaxed store.
  void set(double to) noexcept { this->core().cell.set(to); }
  /// Cost of the rest: one compare-exchange, again when another thread came first.
  void inc() noexcept { this->core().cell.add(1.0); }
  void inc(double by) noexcept { this->core().cell.add(by); }
  void dec() noexcept { this->core().cell.add(-1.0); }
  void dec(double by) noexcept { this->core().cell.add(-by); }
  double value() const noexcept { return this->core().cell.get(); }
};

/// Holds a whole number that goes up and down; starts at 0, wraps around at the ends of 64 bits (32 where 64-bit
/// atomics are not lock-free).
///
/// Threads: every member may be called from any thread, signal handler or interrupt at any time; lock-free.
/// Memory:  one cell; no allocation after construction.
/// Cost:    set is a relaxed store, the rest one relaxed atomic add.
template <class Holder>
class NARTHEX_DETAIL_IDLE int_gauge_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = int_gauge_of<handle<typename Holder::core_type>>;

  void set(std::int64_t to) noexcept { this->core().cell.set(to); }
  void inc() noexcept { this->core().cell.add(1); }
  void inc(std::int64_t by) noexcept { this->core().cell.add(by); }
  void dec() noexcept { this->core().cell.add(-1); }
  void dec(std::int64_t by) noexcept {
    this->core().cell.add(static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(by)));
  }
  std::int64_t value() const noexcept { return this->core().cell.get(); }
};

using gauge = gauge_of<detail::registered_or_fixed<detail::gauge_core>>;
using fixed_gauge = gauge_of<fixed<detail::gauge_core>>;
using int_gauge = int_gauge_of<detail::registered_or_fixed<detail::int_gauge_core>>;
using fixed_int_gauge = int_gauge_of<fixed<detail::int_gauge_core>>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_GAUGE_HPP
