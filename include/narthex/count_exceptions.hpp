// narthex/count_exceptions.hpp - counts the exceptions that leave a scope.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_COUNT_EXCEPTIONS_HPP
#define NARTHEX_COUNT_EXCEPTIONS_HPP

#include <exception>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// { nx::count_exceptions guard{failures}; work(); } counts 1 when work() throws.
///
/// Before C++17 a guard that lives inside a destructor, during the unwinding of another exception, counts nothing.
/// Built without exceptions it never counts. Counter: counter or double_counter; it must outlive the guard.
/// Source: Prometheus, "Writing client libraries", Counter.
class count_exceptions {
 public:
  template <class Counter>
  explicit count_exceptions(Counter& to) noexcept
      : counter_(&to), count_(&count<Counter>), before_(in_flight()) {}
  count_exceptions(const count_exceptions&) = delete;
  count_exceptions& operator=(const count_exceptions&) = delete;
  ~count_exceptions() {
    if (in_flight() > before_) count_(counter_);
  }

 private:
  static int in_flight() noexcept {
#if __cplusplus >= 201703L
    return std::uncaught_exceptions();
#else
    return std::uncaught_exception() ? 1 : 0;
#endif
  }
  template <class Counter>
  static void count(void* to) noexcept {
    static_cast<Counter*>(to)->inc();
  }
  void* counter_;
  void (*count_)(void*);
  int before_;
};

#else  // compiled out

class NARTHEX_DETAIL_IDLE count_exceptions {
 public:
  template <class Counter>
  explicit count_exceptions(Counter&) noexcept {}
  count_exceptions(const count_exceptions&) = delete;
  count_exceptions& operator=(const count_exceptions&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_COUNT_EXCEPTIONS_HPP
