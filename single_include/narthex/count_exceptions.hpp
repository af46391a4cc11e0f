// narthex/count_exceptions.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
//
// MIT License
//
// Copyright (c) 2026 narthex contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#include "narthex.hpp"

// ==== narthex/count_exceptions.hpp ==============================================================
// narthex/count_exceptions.hpp - counts the exceptions that leave a scope.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_COUNT_EXCEPTIONS_HPP
#define NARTHEX_COUNT_EXCEPTIONS_HPP

#include <exception>


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
