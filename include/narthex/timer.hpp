// narthex/timer.hpp - measures a scope: its duration, and how many are inside.
// Room: balconies. Apart from the core because <chrono> is 32,000 lines at C++20. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TIMER_HPP
#define NARTHEX_TIMER_HPP

#include <chrono>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Times a scope in seconds: { nx::timer t{latency}; ... } observes once, at its end.
///
/// Takes a histogram or summary (observes) or a gauge (sets); the instrument must outlive the timer.
/// Time:    the steady clock. Threads: a timer belongs to one thread at a time. Memory: three words.
/// Source:  Prometheus, "Writing client libraries": durations are in seconds; other units are not offered.
class timer {
 public:
  template <class Instrument>
  explicit timer(Instrument& to) noexcept
      : to_(&to), take_(&take<Instrument>), start_(std::chrono::steady_clock::now()) {}
  timer(timer&& other) noexcept : to_(other.to_), take_(other.take_), start_(other.start_) { other.to_ = nullptr; }
  timer& operator=(timer&&) = delete;
  ~timer() { static_cast<void>(stop()); }

  /// Seconds since the start.
  double seconds() const noexcept {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  /// Observes now instead of at the end of the scope. Returns: the seconds.
  double stop() noexcept {
    const double passed = seconds();
    if (to_) take_(to_, passed);
    to_ = nullptr;
    return passed;
  }
  /// Observes nothing.
  void discard() noexcept { to_ = nullptr; }

 private:
  template <class Instrument>
  static auto observe_or_set(Instrument& to, double passed, int) noexcept -> decltype(to.observe(passed)) {
    to.observe(passed);
  }
  template <class Instrument>
  static auto observe_or_set(Instrument& to, double passed, long) noexcept -> decltype(to.set(passed)) {
    to.set(passed);
  }
  template <class Instrument>
  static void take(void* to, double passed) noexcept {
    observe_or_set(*static_cast<Instrument*>(to), passed, 0);
  }

  void* to_;
  void (*take_)(void*, double);
  std::chrono::steady_clock::time_point start_;
};

/// Counts who is inside a scope: { nx::track_in_progress g{queue}; ... } one up at its start, one down at its end.
///
/// Takes a gauge or int_gauge, which must outlive the guard.
class track_in_progress {
 public:
  template <class Gauge>
  explicit track_in_progress(Gauge& of) noexcept : gauge_(&of), leave_(&leave<Gauge>) {
    of.inc();
  }
  track_in_progress(track_in_progress&& other) noexcept : gauge_(other.gauge_), leave_(other.leave_) {
    other.gauge_ = nullptr;
  }
  track_in_progress& operator=(track_in_progress&&) = delete;
  ~track_in_progress() {
    if (gauge_) leave_(gauge_);
  }

 private:
  template <class Gauge>
  static void leave(void* from) noexcept {
    static_cast<Gauge*>(from)->dec();
  }
  void* gauge_;
  void (*leave_)(void*);
};

/// Sets a gauge to the present time: seconds since 1970, with fractions. Its name should end in _timestamp_seconds.
template <class Gauge>
void set_to_current_time(Gauge& to) noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  to.set(std::chrono::duration_cast<std::chrono::duration<double>>(now).count());
}

#else  // compiled out: no clock is read

class NARTHEX_DETAIL_IDLE timer {
 public:
  template <class Instrument>
  explicit timer(Instrument&) noexcept {}
  timer(timer&&) = default;
  timer& operator=(timer&&) = delete;
  double seconds() const noexcept { return 0; }
  double stop() noexcept { return 0; }
  void discard() noexcept {}
};

class NARTHEX_DETAIL_IDLE track_in_progress {
 public:
  template <class Gauge>
  explicit track_in_progress(Gauge&) noexcept {}
  track_in_progress(track_in_progress&&) = default;
  track_in_progress& operator=(track_in_progress&&) = delete;
};

template <class Gauge>
void set_to_current_time(Gauge&) noexcept {}

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TIMER_HPP
