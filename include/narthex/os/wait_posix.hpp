// narthex/os/wait_posix.hpp - waiting for descriptors: a clock, a bell, a deadline, and several at once.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_WAIT_POSIX_HPP
#define NARTHEX_OS_WAIT_POSIX_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/os/error.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(SOCKETS)

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

#if defined(__linux__) && defined(_GNU_SOURCE)
// Atomic: a fork in another thread between two calls would hand the descriptor to a stranger.
inline int open_pipe(int* ends) noexcept { return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK); }
inline void prepare(int) noexcept {}
#else
inline int open_pipe(int* ends) noexcept { return ::pipe(ends); }
inline void prepare(int fd) noexcept {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}
#endif

/// Microseconds, and milliseconds, of a clock that nobody sets.
inline std::int64_t monotonic_us() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1000000 + static_cast<std::int64_t>(t.tv_nsec / 1000);
}
inline std::int64_t monotonic_ms() noexcept { return monotonic_us() / 1000; }

/// A pipe whose reading end turns readable when it is rung, and is never read: it stays rung.
class wakeup {
 public:
  wakeup() noexcept {
    ends_[0] = -1;
    ends_[1] = -1;
  }
  ~wakeup() {
    for (int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }
  wakeup(const wakeup&) = delete;
  wakeup& operator=(const wakeup&) = delete;

  status open() noexcept {
    if (open_pipe(ends_) != 0) return error::last().to_status("wakeup");
    for (int end : ends_) prepare(end);
    return status();
  }
  void ring() noexcept {
    while (::write(ends_[1], "", 1) < 0 && errno == EINTR) continue;
  }
  /// Waits up to `ms` for it to be rung. False at once, if it was never opened.
  bool rung_within(int ms) const noexcept {
    pollfd p = {ends_[0], POLLIN, 0};
    return ends_[0] >= 0 && ::poll(&p, 1, ms) > 0;
  }
  /// The same without poll(): for a program that has given up its descriptors.
  bool is_rung() noexcept {
    char byte;
    if (ends_[0] < 0 || ::read(ends_[0], &byte, 1) != 1) return false;
    ring();
    return true;
  }
  int fd() const noexcept { return ends_[0]; }

 private:
  int ends_[2];
};

/// When a wait ends at the latest. Made once for a whole exchange, so that a peer who sends a byte now
/// and then does not win time; the monotonic clock, so that nobody who sets the date does.
class deadline {
 public:
  /// ms: from now on; negative: never.
  explicit deadline(int ms) noexcept : end_(ms < 0 ? -1 : monotonic_ms() + ms), bell_(-1) {}
  deadline(int ms, const wakeup& bell) noexcept : end_(ms < 0 ? -1 : monotonic_ms() + ms), bell_(bell.fd()) {}

  bool passed() const noexcept { return end_ >= 0 && monotonic_ms() >= end_; }

  /// Waits until `fd` is ready for `events`. An error on it is "ready" too: the call to come will tell.
  status wait(int fd, short events, string_view subject) const noexcept {
    for (;;) {
      pollfd p[2] = {{fd, events, 0}, {bell_, POLLIN, 0}};  // poll() ignores a negative descriptor
      const std::int64_t left = end_ < 0 ? -1 : end_ - monotonic_ms();
      if (end_ >= 0 && left <= 0) return status(errc::timeout, subject);
      if (::poll(p, 2, static_cast<int>(left)) < 0) {
        const error e = error::last();
        if (e.code == EINTR) continue;  // with the time that is left
        return e.to_status(subject);
      }
      if (p[1].revents) return status(errc::closed, subject);
      if (p[0].revents) return status();
    }
  }
  status wait(const wakeup& bell, string_view subject) const noexcept { return wait(bell.fd(), POLLIN, subject); }

 private:
  std::int64_t end_;  // in milliseconds; negative: never
  int bell_;
};

/// Several descriptors waited for together.
class poll_set {
 public:
  enum : unsigned { room = 132 };
  enum class what : std::uint8_t { nothing, reading, writing };

  poll_set() noexcept : count_(0), bell_(nullptr), blind_(false) {}
  void clear() noexcept {
    count_ = 0;
    bell_ = nullptr;
    blind_ = false;
  }
  /// Returns: the number to ask ready() with; what is beyond `room` is not waited for.
  unsigned add(std::intptr_t handle, what wanted) noexcept {
    if (count_ == room) return room;
    const pollfd p = {static_cast<int>(wanted == what::nothing ? -1 : handle),
                      static_cast<short>(wanted == what::writing ? POLLOUT : POLLIN), 0};
    all_[count_] = p;
    return count_++;
  }
  unsigned add(wakeup& bell) noexcept {
    bell_ = &bell;
    return add(bell.fd(), what::reading);
  }
  /// Waits until one is ready, or `ms` have passed; negative: no limit. A signal ends it early.
  void wait(std::int64_t ms) noexcept {
    const int most = 60 * 60 * 1000;
    const int n = ::poll(all_, count_, ms < 0 ? -1 : ms > most ? most : static_cast<int>(ms));
    if (n > 0) return;
    // poll() takes no more descriptors than RLIMIT_NOFILE, which a sandbox lowers after they were opened: then each is
    // tried now and then.
    blind_ = n < 0 && errno != EINTR;
    if (blind_) ::poll(nullptr, 0, ms >= 0 && ms < blind_ms ? static_cast<int>(ms) : blind_ms);
    for (unsigned i = 0; i < count_; ++i) {
      const bool is_bell = bell_ && all_[i].fd == bell_->fd();
      all_[i].revents = blind_ && all_[i].fd >= 0 && (!is_bell || bell_->is_rung()) ? POLLIN : 0;
    }
  }
  /// Whether the system would not wait: ready() says yes for all.
  bool is_blind() const noexcept { return blind_; }
  /// Also when it broke: the call to come will tell.
  bool ready(unsigned number) const noexcept { return number < count_ && all_[number].revents != 0; }

 private:
  enum : int { blind_ms = 20 };
  pollfd all_[room];
  unsigned count_;
  wakeup* bell_;
  bool blind_;
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(POSIX) && NARTHEX_HAS(SOCKETS)

#endif  // NARTHEX_OS_WAIT_POSIX_HPP
