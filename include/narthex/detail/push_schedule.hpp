// narthex/detail/push_schedule.hpp - when a periodic_pusher pushes: arithmetic alone, of a time that is given.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_SCHEDULE_HPP
#define NARTHEX_DETAIL_PUSH_SCHEDULE_HPP

#include <cstdint>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The times of pushes: the first spread over an interval, the others an interval and some jitter after the one before, from
/// begin to begin; longer intervals while pushes fail.
///
/// All times in milliseconds. Threads: one at a time.
class push_schedule {
 public:
  enum : unsigned { remembered = 10 };
  enum : std::int64_t { longest_ms = 30000 };  // of an interval that has grown

  /// floor_ms: at least 1; no two pushes are nearer. A shorter base_ms is raised to it.
  void set(std::int64_t base_ms, std::int64_t floor_ms, std::uint64_t seed) noexcept {
    floor_ms_ = floor_ms;
    base_ms_ = base_ms > floor_ms ? base_ms : floor_ms;
    random_ = seed;
  }

  /// The first push: anywhere in the first interval, so that a hundred programs that start together do not push together.
  void start(std::int64_t now_ms) noexcept { due_ms_ = now_ms + random_below(base_ms_); }

  /// base * (1 + 2 * error rate of the last 10 pushes), to the millisecond; at most 30 s, or base where that is longer.
  std::int64_t interval_ms() const noexcept {
    if (made_ == 0) return base_ms_;
    const std::int64_t pushes = made_;
    const std::int64_t grown = (base_ms_ * (pushes + 2 * failures()) + pushes / 2) / pushes;
    const std::int64_t most = base_ms_ > longest_ms ? base_ms_ : static_cast<std::int64_t>(longest_ms);
    return grown < most ? grown : most;
  }

  bool is_due(std::int64_t now_ms) const noexcept { return now_ms >= due_ms_; }

  /// Whether a push that somebody wants before it is due may be now: a multiple of the floor after the last one or later, unless that
  /// failed, or there was none. A gateway in trouble is not to be asked more often, nor by a hundred programs at once.
  bool is_slot(std::int64_t now_ms) const noexcept { return made_ > 0 && (failed_ & 1) == 0 && now_ms >= slot_ms_; }

  /// When there is something to ask again: the next slot, or when it is due.
  std::int64_t next_ms(std::int64_t now_ms) noexcept {
    if (made_ == 0) return due_ms_;
    while (slot_ms_ <= now_ms && slot_ms_ < due_ms_) slot_ms_ += floor_ms_;
    return slot_ms_ < due_ms_ ? slot_ms_ : due_ms_;
  }

  void pushed(std::int64_t begin_ms, bool ok) noexcept {
    failed_ = (failed_ << 1 | (ok ? 0u : 1u)) & ((1u << remembered) - 1);
    if (made_ < remembered) ++made_;
    const std::int64_t interval = interval_ms();
    due_ms_ = begin_ms + interval + random_below(interval / 10 + 1);
    slot_ms_ = begin_ms + floor_ms_;
  }

 private:
  std::int64_t failures() const noexcept {
    std::int64_t n = 0;
    for (unsigned rest = failed_; rest != 0; rest >>= 1) n += rest & 1;
    return n;
  }

  /// 0 <= it < limit. Source: S. Vigna, "splitmix64" (public domain).
  std::int64_t random_below(std::int64_t limit) noexcept {
    std::uint64_t mixed = random_ += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return static_cast<std::int64_t>((mixed ^ mixed >> 31) % static_cast<std::uint64_t>(limit));
  }

  std::int64_t base_ms_ = 1, floor_ms_ = 1, due_ms_ = 0, slot_ms_ = 0;
  std::uint64_t random_ = 0;
  unsigned made_ = 0, failed_ = 0;  // of the last 10: how many there are; a bit for each, 1 where it failed, the last lowest
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_SCHEDULE_HPP
