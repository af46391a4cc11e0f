// narthex/detail/rate_window.hpp - how many events any span of time may hold, and when the next one may be.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_RATE_WINDOW_HPP
#define NARTHEX_DETAIL_RATE_WINDOW_HPP

#include <cstdint>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Lets at most `most` events into any span of so many seconds, wherever it begins: an event is let in when the one `most`
/// places before it is that old. Fixed windows would let in twice as many around their border.
///
/// Threads: one at a time. Memory: 528 bytes, however many events there are. Cost: constant.
class rate_window {
 public:
  enum : unsigned { max_events = 64 };  ///< a push a second, and a little, in a minute
  enum : int { max_seconds = 24 * 60 * 60 };

  rate_window() noexcept : span_ms_(0), most_(1), next_(0), count_(0) {}

  /// Errors: false: no events, or too many, or no span, or more than a day; nothing has changed.
  bool set(unsigned most, int seconds) noexcept {
    if (most < 1 || most > max_events || seconds < 1 || seconds > max_seconds) return false;
    most_ = most;
    span_ms_ = std::int64_t(seconds) * 1000;
    next_ = count_ = 0;
    return true;
  }

  /// now_ms:  never less than before.
  /// Returns: 0: let in; otherwise the milliseconds until there is room again, and nothing was let in.
  std::int64_t enter(std::int64_t now_ms) noexcept {
    if (count_ == most_) {
      const std::int64_t left = at_[next_] + span_ms_ - now_ms;
      if (left > 0) return left;
    } else {
      ++count_;
    }
    at_[next_] = now_ms;
    next_ = (next_ + 1) % most_;
    return 0;
  }

 private:
  std::int64_t at_[max_events];  // when the last `count_` were; the oldest at `next_` once all places are taken
  std::int64_t span_ms_;
  unsigned most_, next_, count_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_RATE_WINDOW_HPP
