// narthex/os/wait_windows.hpp - waiting for sockets of Windows: a clock, a bell, a deadline, and several at once.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_WAIT_WINDOWS_HPP
#define NARTHEX_OS_WAIT_WINDOWS_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/windows.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(WINDOWS)

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Microseconds, and milliseconds, of a clock that nobody sets.
inline std::int64_t monotonic_us() noexcept {
  std::int64_t count = 0, per_second = 1;
  windows::QueryPerformanceCounter(windows::as<_LARGE_INTEGER>(&count));
  windows::QueryPerformanceFrequency(windows::as<_LARGE_INTEGER>(&per_second));
  return count / per_second * 1000000 + count % per_second * 1000000 / per_second;
}
inline std::int64_t monotonic_ms() noexcept { return monotonic_us() / 1000; }

// ---- sockets that keep Winsock up as long as they are open ----

/// Windows counts who has started Winsock, so each socket does: there is no moment at which somebody would have to know
/// that all are gone, and a program that uses Winsock itself notices nothing.
inline error start_winsock() noexcept {
  windows::startup_data ignored;
  const error e = {windows::WSAStartup(0x0202, windows::as<WSAData>(&ignored))};
  return e;
}
inline void close_socket(windows::socket_handle s) noexcept {
  windows::closesocket(s);
  windows::WSACleanup();
}
/// Neither waited for nor inherited. What accept() gives can be told the latter only now, not when it is made.
inline error prepare(windows::socket_handle s) noexcept {
  unsigned long on = 1;
  windows::SetHandleInformation(reinterpret_cast<windows::handle>(s), windows::handle_flag_inherit, 0);
  const error none = {0};
  return windows::ioctlsocket(s, static_cast<long>(0x8004667eu), &on) == 0 ? none : error::last_of_socket();  // FIONBIO
}
/// s: what close_socket() takes; unchanged after an error.
inline error open_socket(int family, int type, std::intptr_t& s) noexcept {
  error e = start_winsock();
  if (!e.ok()) return e;
  const windows::socket_handle made = windows::WSASocketW(
      family, type, 0, nullptr, 0, windows::wsa_flag_overlapped | windows::wsa_flag_no_handle_inherit);
  if (static_cast<std::intptr_t>(made) == windows::invalid) {
    e = error::last_of_socket();
    windows::WSACleanup();
    return e;
  }
  e = prepare(made);
  if (e.ok()) s = static_cast<std::intptr_t>(made);
  else close_socket(made);
  return e;
}

/// What select() takes: Windows has no limit to it, only the size that <winsock2.h> happens to give it.
template <unsigned Room>
struct socket_set {
  unsigned count = 0;
  windows::socket_handle all[Room];

  socket_set() noexcept {}
  void add(std::intptr_t s) noexcept { all[count++] = static_cast<windows::socket_handle>(s); }
  bool has(std::intptr_t s) const noexcept {
    for (unsigned i = 0; i < count; ++i) {
      if (all[i] == static_cast<windows::socket_handle>(s)) return true;
    }
    return false;
  }
};

/// Waits until one is ready, and leaves only those. ms: negative: no limit.
///
/// select(), because WSAPoll() says nothing of a connection that was refused (before Windows 10 2004), and calls a client that has
/// only sent its last byte broken, over and over, so that whoever waits to write to it would spin.
/// Returns: how many are ready; negative: what error::last_of_socket() says.
template <unsigned Room>
int select_within(std::int64_t ms, socket_set<Room>& reading, socket_set<Room>& writing, socket_set<Room>& failing) noexcept {
  const std::int64_t most = 60 * 60 * 1000;
  if (ms > most) ms = most;
  if (reading.count + writing.count + failing.count == 0) {  // select() refuses to wait for nothing
    windows::Sleep(static_cast<windows::dword>(ms < 0 ? most : ms));
    return 0;
  }
  windows::seconds left = {static_cast<long>(ms / 1000), static_cast<long>(ms % 1000 * 1000)};
  return windows::select(0, windows::as<fd_set>(&reading), windows::as<fd_set>(&writing), windows::as<fd_set>(&failing),
                         ms < 0 ? nullptr : windows::as<timeval>(&left));
}

// ---- what os/socket.hpp promises ----

/// A datagram socket that talks to nobody but itself: rung by a byte that is never read, so that it stays rung.
class wakeup {
 public:
  wakeup() noexcept : own_(windows::invalid) {}
  ~wakeup() {
    if (own_ != windows::invalid) close_socket(socket());
  }
  wakeup(const wakeup&) = delete;
  wakeup& operator=(const wakeup&) = delete;

  status open() noexcept {
    error e = open_socket(windows::af_inet, windows::sock_dgram, own_);
    if (!e.ok()) return e.to_status("wakeup");
    windows::sockaddr_v4 here = {windows::af_inet, {0, 0}, {127, 0, 0, 1}, {0}};
    int size = sizeof here;
    sockaddr* const at = windows::as<sockaddr>(&here);
    // Connected to itself it takes nothing from others.
    const bool done = windows::bind(socket(), at, size) == 0 && windows::getsockname(socket(), at, &size) == 0 &&
                      windows::connect(socket(), at, size) == 0;
    return done ? status() : error::last_of_socket().to_status("wakeup");
  }
  void ring() noexcept { windows::send(socket(), "", 1, 0); }
  /// Waits up to `ms` for it to be rung. False at once, if it was never opened.
  bool rung_within(int ms) const noexcept {
    socket_set<1> reading, none, nor;
    if (own_ == windows::invalid) return false;
    reading.add(own_);
    return select_within(ms, reading, none, nor) > 0;
  }
  /// The same without waiting for anything.
  bool is_rung() const noexcept {
    char byte;
    return own_ != windows::invalid && windows::recv(socket(), &byte, 1, windows::msg_peek) == 1;
  }
  std::intptr_t handle() const noexcept { return own_; }

 private:
  windows::socket_handle socket() const noexcept { return static_cast<windows::socket_handle>(own_); }
  std::intptr_t own_;
};

/// When a wait ends at the latest. Made once for a whole exchange, so that a peer who sends a byte now
/// and then does not win time; the monotonic clock, so that nobody who sets the date does.
class deadline {
 public:
  enum class until : std::uint8_t { readable, writable, connected };

  /// ms: from now on; negative: never.
  explicit deadline(int ms) noexcept : end_(ms < 0 ? -1 : monotonic_ms() + ms), bell_(windows::invalid) {}
  deadline(int ms, const wakeup& bell) noexcept : end_(ms < 0 ? -1 : monotonic_ms() + ms), bell_(bell.handle()) {}

  bool passed() const noexcept { return end_ >= 0 && monotonic_ms() >= end_; }

  /// Waits until the socket is ready. An error on it is "ready" too: the call to come will tell.
  status wait(std::intptr_t s, until what, string_view subject) const noexcept {
    for (;;) {
      socket_set<2> reading, writing, failing;
      (what == until::readable ? reading : writing).add(s);
      // That a connection was refused is told here only; of an open one, urgent data would be, again and again.
      if (what == until::connected) failing.add(s);
      if (bell_ != windows::invalid) reading.add(bell_);
      const std::int64_t left = end_ < 0 ? -1 : end_ - monotonic_ms();
      if (end_ >= 0 && left <= 0) return status(errc::timeout, subject);
      const int n = select_within(left, reading, writing, failing);
      if (n < 0) return error::last_of_socket().to_status(subject);
      if (n > 0) return bell_ != windows::invalid && reading.has(bell_) ? status(errc::closed, subject) : status();
    }
  }
  status wait(const wakeup& bell, string_view subject) const noexcept { return wait(bell.handle(), until::readable, subject); }

 private:
  std::int64_t end_;  // in milliseconds; negative: never
  std::intptr_t bell_;
};

/// Several sockets waited for together.
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
  unsigned add(std::intptr_t s, what wanted) noexcept {
    if (count_ == room) return room;
    const entry e = {s, wanted, false};
    all_[count_] = e;
    return count_++;
  }
  unsigned add(const wakeup& bell) noexcept {
    bell_ = &bell;
    return add(bell.handle(), what::reading);
  }
  /// Waits until one is ready, or `ms` have passed; negative: no limit.
  void wait(std::int64_t ms) noexcept {
    socket_set<room> reading, writing, none;
    for (unsigned i = 0; i < count_; ++i) {
      const entry& e = all_[i];
      if (e.s != windows::invalid && e.wanted == what::reading) reading.add(e.s);
      if (e.s != windows::invalid && e.wanted == what::writing) writing.add(e.s);
    }
    const int n = select_within(ms, reading, writing, none);
    blind_ = n < 0;  // one of them is no socket any more, or the system is out of memory: each is tried now and then
    if (blind_) windows::Sleep(static_cast<windows::dword>(ms < 0 || ms > blind_ms ? std::int64_t(blind_ms) : ms));
    for (unsigned i = 0; i < count_; ++i) {
      entry& e = all_[i];
      const bool is_bell = bell_ && e.s == bell_->handle();
      if (blind_) e.is_ready = is_bell ? bell_->is_rung() : e.wanted != what::nothing;
      else e.is_ready = n > 0 && (e.wanted == what::reading ? reading.has(e.s) : e.wanted == what::writing && writing.has(e.s));
    }
  }
  /// Whether the system would not wait: ready() says yes for all.
  bool is_blind() const noexcept { return blind_; }
  /// Also when it broke: the call to come will tell.
  bool ready(unsigned number) const noexcept { return number < count_ && all_[number].is_ready; }

 private:
  enum : int { blind_ms = 20 };
  struct entry {
    std::intptr_t s;
    what wanted;
    bool is_ready;
  };
  entry all_[room];
  unsigned count_;
  const wakeup* bell_;
  bool blind_;
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(WINDOWS)

#endif  // NARTHEX_OS_WAIT_WINDOWS_HPP
