// narthex/http_server.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/os/error.hpp ======================================================================
// narthex/os/error.hpp - a system error, captured once.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_ERROR_HPP
#define NARTHEX_OS_ERROR_HPP

#include <cstddef>
#include <cstdint>


#if NARTHEX_HAS(POSIX)
#include <errno.h>
#include <string.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// The system's error code, read in the line after the call that failed: whatever runs in between, a
/// destructor that closes a file for one, may set another.
struct error {
  int code;  ///< 0: no error

#if NARTHEX_HAS(POSIX)
  static error last() noexcept {
    const error e = {errno};
    return e;
  }
#endif

  bool ok() const noexcept { return code == 0; }

  /// The same as a status; `subject` says what was tried.
  status to_status(string_view subject) const noexcept {
    return code == 0 ? status() : status(kind(), subject, static_cast<std::uint32_t>(code));
  }
  /// What a program may want to tell apart; errc::system for all the rest.
  errc kind() const noexcept {
#if NARTHEX_HAS(POSIX)
    if (code == EADDRINUSE) return errc::address_in_use;
    if (code == EACCES || code == EPERM) return errc::no_permission;
    if (code == EMFILE || code == ENFILE) return errc::too_many_descriptors;
#endif
    return errc::system;
  }

  /// Writes the system's words for the code and a NUL; nothing where it has none.
  ///
  /// Returns: the length without the NUL; the text is cut when `size` is too small.
  /// Threads: any; no shared buffer, which strerror() has.
  std::size_t words(char* out, std::size_t size) const noexcept {
    if (size == 0) return 0;
    std::size_t n = 0;
#if NARTHEX_HAS(POSIX)
    char buffer[128];
    buffer[0] = '\0';
    const char* text = answer(::strerror_r(code, buffer, sizeof buffer), buffer);
    while (text && text[n] != '\0' && n + 1 < size) {
      out[n] = text[n];
      ++n;
    }
#endif
    out[n] = '\0';
    return n;
  }

 private:
#if NARTHEX_HAS(POSIX)
  // glibc returns the text, which need not be in the buffer; POSIX and everybody else a code.
  static const char* answer(const char* text, const char*) noexcept { return text; }
  static const char* answer(int refused, const char* buffer) noexcept { return refused ? nullptr : buffer; }
#endif
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_ERROR_HPP

// ==== narthex/os/socket_posix.hpp ===============================================================
// narthex/os/socket_posix.hpp - sockets by the calls of POSIX.1-2008.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_POSIX_HPP
#define NARTHEX_OS_SOCKET_POSIX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if NARTHEX_HAS(POSIX)

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

// ---- what differs between the systems ----

#if defined(__linux__) && defined(_GNU_SOURCE)
// Atomic: a fork in another thread between two calls would hand the descriptor to a stranger.
inline int open_stream(int family) noexcept { return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }
inline int accept_any(int listener) noexcept {
  return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
inline int open_pipe(int* ends) noexcept { return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK); }
inline void prepare(int) noexcept {}
#else
inline int open_stream(int family) noexcept { return ::socket(family, SOCK_STREAM, 0); }
inline int accept_any(int listener) noexcept { return ::accept(listener, nullptr, nullptr); }
inline int open_pipe(int* ends) noexcept { return ::pipe(ends); }
inline void prepare(int fd) noexcept {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}
#endif

#if defined(MSG_NOSIGNAL)
enum : int { send_flags = MSG_NOSIGNAL };
#else
enum : int { send_flags = 0 };  // SO_NOSIGPIPE does it, below
#endif

inline void silence(int fd) noexcept {
#if defined(SO_NOSIGPIPE)
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#else
  static_cast<void>(fd);
#endif
}

// ---- wakeup and deadline ----

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
  int fd() const noexcept { return ends_[0]; }

 private:
  int ends_[2];
};

/// When a wait ends at the latest. Made once for a whole exchange, so that a peer who sends a byte now
/// and then does not win time; the monotonic clock, so that nobody who sets the date does.
class deadline {
 public:
  /// ms: from now on; negative: never.
  explicit deadline(int ms) noexcept : end_(ms < 0 ? -1 : now() + ms), bell_(-1) {}
  deadline(int ms, const wakeup& bell) noexcept : end_(ms < 0 ? -1 : now() + ms), bell_(bell.fd()) {}

  bool passed() const noexcept { return end_ >= 0 && now() >= end_; }

  /// Waits until `fd` is ready for `events`. An error on it is "ready" too: the call to come will tell.
  status wait(int fd, short events, string_view subject) const noexcept {
    for (;;) {
      pollfd p[2] = {{fd, events, 0}, {bell_, POLLIN, 0}};  // poll() ignores a negative descriptor
      const std::int64_t left = end_ < 0 ? -1 : end_ - now();
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

 private:
  static std::int64_t now() noexcept {
    timespec t;
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::int64_t>(t.tv_sec) * 1000 + static_cast<std::int64_t>(t.tv_nsec / 1000000);
  }

  std::int64_t end_;  // in milliseconds; negative: never
  int bell_;
};

// ---- addresses ----

/// An address as the system wants it.
struct endpoint {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t size;
  bool every_interface;

  endpoint() noexcept : size(0), every_interface(false) { std::memset(&v6, 0, sizeof v6); }
  bool is_v6() const noexcept { return any.sa_family == AF_INET6; }

  /// host: "" for every interface, "localhost", or digits. All zeros is "any" in both families.
  bool set(string_view host, std::uint16_t port, int family) noexcept {
    char text[64];
    if (host.size() >= sizeof text) return false;
    every_interface = host.empty();
    if (host == "localhost") host = family == AF_INET6 ? "::1" : "127.0.0.1";
    for (std::size_t i = 0; i < host.size(); ++i) text[i] = host[i];
    text[host.size()] = '\0';
    const unsigned char big_endian[2] = {static_cast<unsigned char>(port >> 8), static_cast<unsigned char>(port & 255)};
    if (family == AF_INET6) {  // htons() is a macro with old-style casts on some systems
      v6.sin6_family = AF_INET6;
      std::memcpy(&v6.sin6_port, big_endian, 2);
      size = static_cast<socklen_t>(sizeof v6);
      return host.empty() || ::inet_pton(AF_INET6, text, &v6.sin6_addr) == 1;
    }
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_port, big_endian, 2);
    size = static_cast<socklen_t>(sizeof v4);
    return host.empty() || ::inet_pton(AF_INET, text, &v4.sin_addr) == 1;
  }
};

// ---- the socket ----

class socket {
 public:
  enum : int { backlog = 32 };                ///< connections that may wait while one is answered
  enum : std::size_t { drain_bytes = 65536 };  ///< what finish() reads and throws away, at most

  socket() noexcept : handle_(-1) {}
  socket(socket&& other) noexcept : handle_(other.handle_) { other.handle_ = -1; }
  socket& operator=(socket&& other) noexcept {
    if (this != &other) {
      close();
      handle_ = other.handle_;
      other.handle_ = -1;
    }
    return *this;
  }
  ~socket() { close(); }

  status listen(string_view host, std::uint16_t port) noexcept;
  status connect(string_view host, std::uint16_t port, const deadline& until) noexcept;
  status accept(socket& peer, const deadline& until) const noexcept;
  status read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept;
  status write(const char* data, std::size_t size, const deadline& until) const noexcept;

  void half_close() noexcept { ::shutdown(fd(), SHUT_WR); }
  void finish(const deadline& until) noexcept;
  void reset() noexcept;
  void close() noexcept {
    if (is_open()) ::close(fd());
    handle_ = -1;
  }

  bool is_open() const noexcept { return handle_ >= 0; }
  std::uint16_t local_port() const noexcept;
  std::intptr_t handle() const noexcept { return handle_; }

 private:
  int fd() const noexcept { return static_cast<int>(handle_); }

  error open(int family) noexcept {
    close();
    handle_ = open_stream(family);
    if (handle_ < 0) return error::last();
    prepare(fd());
    silence(fd());
    const error none = {0};
    return none;
  }

  error listen_at(const endpoint& where) noexcept {
    const error e = open(where.any.sa_family);
    if (!e.ok()) return e;
    // A restarted program takes its port back from its own closed connections; a listener keeps it.
    const int on = 1, off = 0;
    ::setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Every interface means IPv4 too; a system that cannot have both in one socket says no here.
    if (where.is_v6() && ::setsockopt(fd(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 &&
        where.every_interface) {
      return error::last();
    }
    if (::bind(fd(), &where.any, where.size) != 0) return error::last();
    if (::listen(fd(), backlog) != 0) return error::last();
    const error none = {0};
    return none;
  }

  static status broken(const error& e, string_view subject) noexcept {
    const bool gone = e.code == EPIPE || e.code == ECONNRESET;
    return gone ? status(errc::closed, subject) : e.to_status(subject);
  }

  std::intptr_t handle_;
};

/// Binds and listens. "" is every interface, by IPv6 with IPv4 inside where the system can, else by
/// IPv4; "localhost" is 127.0.0.1, or ::1 where there is no IPv4.
inline status socket::listen(string_view host, std::uint16_t port) noexcept {
  const int order_any[] = {AF_INET6, AF_INET}, order_other[] = {AF_INET, AF_INET6};
  error e = {0};
  bool readable = false;
  for (int family : host.empty() ? order_any : order_other) {
    endpoint where;
    if (!where.set(host, port, family)) continue;
    readable = true;
    e = listen_at(where);
    if (e.ok()) return status();
    close();
    if (e.code == EADDRINUSE || e.code == EACCES) break;  // the port is the trouble, not the family
  }
  return readable ? e.to_status(host) : status(errc::bad_address, host);
}

inline status socket::connect(string_view host, std::uint16_t port, const deadline& until) noexcept {
  endpoint where;
  if (host.empty() || (!where.set(host, port, AF_INET) && !where.set(host, port, AF_INET6))) {
    return status(errc::bad_address, host);
  }
  error e = open(where.any.sa_family);
  if (!e.ok()) return e.to_status(host);
  if (::connect(fd(), &where.any, where.size) == 0) return status();
  e = error::last();
  if (e.code != EINPROGRESS && e.code != EINTR) return e.to_status(host);
  const status s = until.wait(fd(), POLLOUT, host);
  if (!s.ok()) return s;
  socklen_t size = static_cast<socklen_t>(sizeof e.code);
  if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &e.code, &size) != 0) e = error::last();
  return e.to_status(host);
}

/// Takes the next connection. One that died in the queue is passed over.
inline status socket::accept(socket& peer, const deadline& until) const noexcept {
  for (;;) {
    peer.close();
    peer.handle_ = accept_any(fd());
    if (peer.is_open()) {
      prepare(peer.fd());
      silence(peer.fd());
      return status();
    }
    const error e = error::last();
    if (e.code == EINTR || e.code == ECONNABORTED) continue;
    if (e.code != EAGAIN && e.code != EWOULDBLOCK) return e.to_status("accept");
    const status s = until.wait(fd(), POLLIN, "accept");
    if (!s.ok()) return s;
  }
}

/// Reads what is there, at least one byte; `got` is 0 when the peer has sent everything.
inline status socket::read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept {
  got = 0;
  for (;;) {
    if (until.passed()) return status(errc::timeout, "read");
    const ssize_t n = ::recv(fd(), data, size, 0);
    if (n >= 0) {
      got = static_cast<std::size_t>(n);
      return status();
    }
    const error e = error::last();
    if (e.code == EINTR) continue;
    if (e.code != EAGAIN && e.code != EWOULDBLOCK) return broken(e, "read");
    const status s = until.wait(fd(), POLLIN, "read");
    if (!s.ok()) return s;
  }
}

/// Writes everything.
inline status socket::write(const char* data, std::size_t size, const deadline& until) const noexcept {
  while (size > 0) {
    if (until.passed()) return status(errc::timeout, "write");
    const ssize_t n = ::send(fd(), data, size, send_flags);
    if (n >= 0) {
      data += n;
      size -= static_cast<std::size_t>(n);
      continue;
    }
    const error e = error::last();
    if (e.code == EINTR) continue;
    if (e.code != EAGAIN && e.code != EWOULDBLOCK) return broken(e, "write");
    const status s = until.wait(fd(), POLLOUT, "write");
    if (!s.ok()) return s;
  }
  return status();
}

/// Closes so that the peer gets all that was written. A close with unread input sends a reset, and a
/// reset makes the peer's system throw away what it has not handed over yet: so the end is announced,
/// and what still comes in is read, up to `until` and drain_bytes, before the descriptor goes.
inline void socket::finish(const deadline& until) noexcept {
  half_close();
  char rest[1024];
  std::size_t got = 0;
  for (std::size_t all = 0; all < drain_bytes; all += got) {
    if (!read(rest, sizeof rest, got, until).ok() || got == 0) break;
  }
  close();
}

/// Closes with a reset: an answer that was cut short must not look as if it had ended.
inline void socket::reset() noexcept {
  const linger now = {1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

/// The port that the system chose for port 0; 0 when the socket is closed.
inline std::uint16_t socket::local_port() const noexcept {
  endpoint here;
  socklen_t size = static_cast<socklen_t>(sizeof here.v6);
  if (::getsockname(fd(), &here.any, &size) != 0) return 0;
  unsigned char big_endian[2];
  std::memcpy(big_endian, here.is_v6() ? static_cast<const void*>(&here.v6.sin6_port)
                                       : static_cast<const void*>(&here.v4.sin_port), 2);
  return static_cast<std::uint16_t>(big_endian[0] * 256 + big_endian[1]);
}

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(POSIX)

#endif  // NARTHEX_OS_SOCKET_POSIX_HPP

// ==== narthex/os/socket_none.hpp ================================================================
// narthex/os/socket_none.hpp - sockets where there are none: every call says so.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_NONE_HPP
#define NARTHEX_OS_SOCKET_NONE_HPP

#include <cstddef>
#include <cstdint>


#if !NARTHEX_HAS(POSIX)

NARTHEX_BEGIN_NAMESPACE
namespace os {

class wakeup {
 public:
  status open() noexcept { return status(errc::unsupported, "wakeup"); }
  void ring() noexcept {}
  bool rung_within(int) const noexcept { return true; }
};

class deadline {
 public:
  explicit deadline(int) noexcept {}
  deadline(int, const wakeup&) noexcept {}
};

class socket {
 public:
  socket() noexcept {}
  socket(socket&&) noexcept {}
  socket& operator=(socket&&) noexcept { return *this; }

  status listen(string_view, std::uint16_t) noexcept { return none(); }
  status connect(string_view, std::uint16_t, const deadline&) noexcept { return none(); }
  status accept(socket&, const deadline&) const noexcept { return none(); }
  status read(char*, std::size_t, std::size_t& got, const deadline&) const noexcept {
    got = 0;
    return none();
  }
  status write(const char*, std::size_t, const deadline&) const noexcept { return none(); }
  void half_close() noexcept {}
  void finish(const deadline&) noexcept {}
  void reset() noexcept {}
  void close() noexcept {}
  bool is_open() const noexcept { return false; }
  std::uint16_t local_port() const noexcept { return 0; }
  std::intptr_t handle() const noexcept { return -1; }

 private:
  static status none() noexcept { return status(errc::unsupported, "socket"); }
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // !NARTHEX_HAS(POSIX)

#endif  // NARTHEX_OS_SOCKET_NONE_HPP

// ==== narthex/os/socket.hpp =====================================================================
// narthex/os/socket.hpp - a stream socket: listen, accept, connect, read, write, close.
// Room: cellar. Read this file, then the half of your system. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_HPP
#define NARTHEX_OS_SOCKET_HPP

#include <cstddef>
#include <cstdint>


// The same three classes in each, and each guards its own body, so that the choice is made here once
// and no function has an #if inside:
//
//   wakeup    ends a wait early, from another thread or a signal handler, and stays rung
//   deadline  a moment on the monotonic clock; every call that may wait takes one
//   socket    move-only, closes itself, knows nothing of HTTP
//
// No system type, macro or `using` is part of them. What they say:
//
//   ok                 done; read() with 0 bytes: the peer has sent everything
//   errc::timeout      the deadline passed
//   errc::closed       the wakeup was rung, or the peer broke the connection off
//   errc::bad_address  not a numeric address, "localhost" or "" (all interfaces): no look-up is made
//   errc::system       anything else; number() is the code, for os::error
//   errc::unsupported  no sockets in this build
//
// No call has an effect on the process: no signal is raised or handled, and what is opened is closed
// in a program that is started from this one.

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Splits "host:port": ":9464", "127.0.0.1:0", "localhost:9464", "[::1]:9464". An IPv6 address needs its
/// brackets, and nothing else may have them; the port is decimal, 0 to 65535.
///
/// Returns: false when the text is not of this form; then the other two are unchanged.
inline bool split_address(string_view address, string_view& host, std::uint16_t& port) noexcept {
  std::size_t colon = address.size();
  while (colon > 0 && address[colon - 1] != ':') --colon;
  if (colon == 0) return false;
  const string_view digits = address.from(colon);
  if (digits.empty() || digits.size() > 5) return false;
  std::uint32_t number = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (number > 65535) return false;

  string_view name = address.first(colon - 1);
  const bool brackets = name.size() >= 2 && name[0] == '[' && name[name.size() - 1] == ']';
  if (brackets) name = name.from(1).first(name.size() - 2);
  bool has_colon = false;
  for (char c : name) has_colon = has_colon || c == ':';
  if (has_colon != brackets) return false;
  host = name;
  port = static_cast<std::uint16_t>(number);
  return true;
}

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_SOCKET_HPP

// ==== narthex/os/thread.hpp =====================================================================
// narthex/os/thread.hpp - a joined thread, by the system's own calls: std::thread throws.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_THREAD_HPP
#define NARTHEX_OS_THREAD_HPP


#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(THREADS)
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// One thread, joined by its destructor.
///
/// Threads: start(), join() and the destructor by one thread; running() by the same.
/// Memory:  nothing beyond what the system's call takes; the stack has the system's usual size.
#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(THREADS)

class thread {
 public:
  thread() noexcept : run_(nullptr), context_(nullptr), id_(), process_(0) {}
  ~thread() { join(); }
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;

  /// Runs `run(context)` in a new thread.
  ///
  /// The thread blocks every signal that is sent to the process, so that the program's handlers run where
  /// they ran before. Faults stay open: a crash in a callback must reach the program's crash handler.
  /// Errors:  errc::system with the code of pthread_create.
  status start(void (*run)(void*), void* context) noexcept {
    run_ = run;
    context_ = context;
    sigset_t all, before;
    ::sigfillset(&all);
    const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    for (int fault : faults) ::sigdelset(&all, fault);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // a thread inherits its maker's mask: no moment without
    const error e = {::pthread_create(&id_, nullptr, &enter, this)};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (e.ok()) process_ = ::getpid();
    return e.to_status("thread");
  }

  /// Waits for the end of the thread, if there is one.
  void join() noexcept {
    if (running()) ::pthread_join(id_, nullptr);
    process_ = 0;
  }

  /// Whether there is a thread to join. A fork copies this object but not the thread: in the child, no.
  bool running() const noexcept { return process_ != 0 && process_ == ::getpid(); }

 private:
  static void* enter(void* self) {
    thread* const t = static_cast<thread*>(self);
    t->run_(t->context_);
    return nullptr;
  }

  void (*run_)(void*);
  void* context_;
  pthread_t id_;
  pid_t process_;
};

#else  // not here

class thread {
 public:
  thread() noexcept {}
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;
  status start(void (*)(void*), void*) noexcept { return status(errc::unsupported, "thread"); }
  void join() noexcept {}
  bool running() const noexcept { return false; }
};

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_THREAD_HPP

// ==== narthex/detail/base64.hpp =================================================================
// narthex/detail/base64.hpp - bytes as base64 text, in both alphabets.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BASE64_HPP
#define NARTHEX_DETAIL_BASE64_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// padded: '+', '/' and '=' to full groups, as HTTP's basic authentication has it; url: '-', '_' and no padding.
/// Source: RFC 4648, sections 4 and 5.
enum class base64 { padded, url };

/// How many bytes write_base64 writes.
constexpr std::size_t base64_size(std::size_t bytes, base64 form) noexcept {
  return form == base64::padded ? (bytes + 2) / 3 * 4 : (bytes * 4 + 2) / 3;
}

/// Returns: the end of what was written.
inline char* write_base64(char* out, string_view bytes, base64 form) noexcept {
  const char* const digits = form == base64::padded ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                                                    : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t here = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (k < here ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= here) *out++ = digits[three >> (18 - 6 * k) & 63];
      else if (form == base64::padded) *out++ = '=';
    }
  }
  return out;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BASE64_HPP

// ==== narthex/detail/byte_buffer.hpp ============================================================
// narthex/detail/byte_buffer.hpp - bytes that are collected before they go out, without throwing.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BYTE_BUFFER_HPP
#define NARTHEX_DETAIL_BYTE_BUFFER_HPP

#include <cstddef>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Appended at its end and taken from its front.
///
/// Memory: with a heap, grows by doubling; without one, 4 KB in place.
/// Errors: append() is false when there is no room, and then has taken nothing.
class byte_buffer {
 public:
  byte_buffer() noexcept : begin_(0), end_(0) {}
  byte_buffer(const byte_buffer&) = delete;
  byte_buffer& operator=(const byte_buffer&) = delete;

  string_view text() const noexcept { return string_view(data_ + begin_, end_ - begin_); }
  std::size_t size() const noexcept { return end_ - begin_; }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Forgets the first `n` <= size() bytes.
  void take(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == end_) clear();
  }
  bool append(string_view more) noexcept {
    if (more.empty()) return true;
    if (room_ - end_ < more.size() && !make_room(more.size())) return false;
    std::memcpy(data_ + end_, more.data(), more.size());
    end_ += more.size();
    return true;
  }
  /// A sink that ends when there is no room; `this` must outlive it.
  sink to_sink() noexcept {
    struct local {
      static bool write(void* self, const char* data, std::size_t n) {
        return static_cast<byte_buffer*>(self)->append(string_view(data, n));
      }
    };
    const sink s = {&local::write, this};
    return s;
  }

#if NARTHEX_HAS(HEAP)
  ~byte_buffer() { release(data_); }

 private:
  bool make_room(std::size_t more) noexcept {
    if (begin_ > 0) {
      std::memmove(data_, data_ + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      if (room_ - end_ >= more) return true;
    }
    std::size_t wanted = room_ ? room_ * 2 : 4096;
    while (wanted - end_ < more) wanted *= 2;
    char* const larger = static_cast<char*>(allocate(wanted));
    if (!larger) return false;
    if (end_) std::memcpy(larger, data_, end_);
    release(data_);
    data_ = larger;
    room_ = wanted;
    return true;
  }
  char* data_ = nullptr;
  std::size_t room_ = 0;
#else
 private:
  bool make_room(std::size_t more) noexcept {
    std::memmove(data_, data_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return room_ - end_ >= more;
  }
  enum : std::size_t { room_ = 4096 };
  char data_[room_];
#endif
  std::size_t begin_, end_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BYTE_BUFFER_HPP

// ==== narthex/detail/http.hpp ===================================================================
// narthex/detail/http.hpp - a request's head read, a response's frame written; no socket, no metric.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_HPP
#define NARTHEX_DETAIL_HTTP_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

// ---- the request ----

/// A request's head, read; `code` is 200 or says why it is refused.
struct http_request {
  int code = 400;
  int minor = 1;        // the answer is HTTP/1.0 or HTTP/1.1
  bool wants_body = true;
  string_view path;
  string_view host;     // as the client wrote it

  static bool is_token(string_view s) noexcept {
    for (char c : s) {
      const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (!alnum && (c == '\0' || !std::strchr("!#$%&'*+-.^_`|~", c))) return false;
    }
    return !s.empty();
  }

  static bool same_word(string_view a, const char* lower) noexcept {
    for (char c : a) {
      if (*lower == '\0' || (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != *lower++) return false;
    }
    return *lower == '\0';
  }

  static std::size_t find(string_view s, char wanted) noexcept {
    std::size_t i = 0;
    while (i < s.size() && s[i] != wanted) ++i;
    return i;
  }

  /// Cuts the next line off `rest`, without its CRLF (or bare LF). Control bytes make it no line.
  static bool next_line(string_view& rest, string_view& line) noexcept {
    const std::size_t n = find(rest, '\n');
    if (n == rest.size()) return false;
    line = rest.first(n > 0 && rest[n - 1] == '\r' ? n - 1 : n);
    rest = rest.from(n + 1);
    for (char c : line) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
  }

  static string_view without_empty_lines(string_view s) noexcept {
    while (!s.empty() && (s[0] == '\r' || s[0] == '\n')) s = s.from(1);
    return s;
  }

  /// Whether the empty line that ends a head is there.
  static bool is_complete(string_view text) noexcept {
    text = without_empty_lines(text);
    for (std::size_t i = find(text, '\n'); i < text.size(); i += 1 + find(text.from(i + 1), '\n')) {
      const string_view next = text.from(i + 1);
      if (!next.empty() && (next[0] == '\n' || (next[0] == '\r' && next.size() > 1 && next[1] == '\n'))) return true;
    }
    return false;
  }

  void read(string_view text, std::size_t max_bytes) noexcept {
    const bool too_long = text.size() >= max_bytes;
    if (too_long) text = text.first(max_bytes);
    const bool complete = is_complete(text);
    text = without_empty_lines(text);
    if (!complete) {
      if (too_long) code = find(text, '\n') < text.size() ? 431 : 414;
      return;
    }
    string_view line;
    if (!next_line(text, line) || !read_line(line)) return;
    int hosts = 0;
    while (next_line(text, line)) {
      if (line.empty()) {
        // RFC 9112, 3.2: without exactly one Host, HTTP/1.1 must be refused.
        if (code == 200 && hosts != 1 && (minor >= 1 || hosts > 1)) code = 400;
        return;
      }
      const std::size_t colon = find(line, ':');
      if (colon == line.size() || !is_token(line.first(colon))) break;  // a folded line, or a blank before the colon
      if (same_word(line.first(colon), "host")) {
        ++hosts;
        host = trim(line.from(colon + 1));
      }
    }
    code = 400;
  }

 private:
  static string_view trim(string_view s) noexcept {
    while (!s.empty() && (s[0] == ' ' || s[0] == '\t')) s = s.from(1);
    while (!s.empty() && (s[s.size() - 1] == ' ' || s[s.size() - 1] == '\t')) s = s.first(s.size() - 1);
    return s;
  }

  bool refuse() noexcept {
    code = 400;
    return false;
  }

  /// "GET /metrics?name HTTP/1.1". False: nonsense, and `code` stays 400.
  bool read_line(string_view line) noexcept {
    const std::size_t first = find(line, ' ');
    if (first == line.size()) return false;
    const string_view method = line.first(first);
    line = line.from(first + 1);
    const std::size_t second = find(line, ' ');
    if (second == line.size() || second == 0) return false;
    string_view target = line.first(second);
    const string_view v = line.from(second + 1);
    if (!is_token(method) || v.size() != 8 || v.first(5) != "HTTP/" || v[6] != '.') return false;
    if (v[5] < '0' || v[5] > '9' || v[7] < '0' || v[7] > '9') return false;
    code = 200;
    if (v[5] != '1') {
      code = 505;
      return true;
    }
    minor = v[7] == '0' ? 0 : 1;
    wants_body = method != "HEAD";
    if (wants_body && method != "GET") {
      code = 405;
      return true;
    }
    const std::size_t scheme = find(target, ':');
    if (same_word(target.first(scheme), "http") || same_word(target.first(scheme), "https")) {
      target = target.from(scheme);
      if (target.size() < 4 || target.first(3) != "://" || target[3] == '/') return refuse();
      target = target.from(3);
      std::size_t authority = 0;
      while (authority < target.size() && target[authority] != '/' && target[authority] != '?') ++authority;
      target = target.from(authority);
      path = target.first(find(target, '?'));
      if (path.empty()) path = "/";
      return true;
    }
    path = target.first(find(target, '?'));
    if (path.empty() || path[0] != '/') return refuse();
    return true;
  }
};

// ---- the answer ----

/// Writes one response, piece by piece, and remembers whether anybody still takes it.
class http_response {
 public:
  http_response(const sink& out, const http_request& request) noexcept
      : out_(out), request_(request), length_(0), begun_(false), broken_(false), counting_(false) {}

  bool begun() const noexcept { return begun_; }
  bool broken() const noexcept { return broken_; }

  /// A whole answer whose body is what `body(*this)` puts: once to count it, once to write it.
  template <class Body>
  void whole(int code, const char* type, const Body& body) {
    counting_ = true;
    body(*this);
    counting_ = false;
    head(code, type);
    put("Content-Length: ");
    put_number(length_, 10);
    put("\r\n\r\n");
    if (request_.wants_body) body(*this);
  }

  /// A body whose length nobody knows yet: chunks for HTTP/1.1, up to the close for HTTP/1.0.
  void begin_metrics() {
    begun_ = true;
    head(200, "text/plain; version=0.0.4; charset=utf-8");
    put(request_.minor ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
  }
  void end_metrics() {
    if (!begun_) begin_metrics();
    if (request_.minor && request_.wants_body) put("0\r\n\r\n");
  }
  static bool chunk(void* self, const char* data, std::size_t size) {
    http_response& r = *static_cast<http_response*>(self);
    if (size == 0) return true;  // an empty chunk would be the end
    if (!r.begun_) r.begin_metrics();
    if (r.request_.minor) {
      r.put_number(size, 16);
      r.put("\r\n");
    }
    r.put(string_view(data, size));
    if (r.request_.minor) r.put("\r\n");
    return !r.broken_;
  }

  void put(string_view text) {
    if (counting_) {
      length_ += text.size();
    } else if (!broken_ && !text.empty()) {
      broken_ = !out_.write(out_.context, text.data(), text.size());
    }
  }
  void put_number(std::uint64_t number, unsigned base) {
    char digits[20];
    std::size_t i = sizeof digits;
    do digits[--i] = "0123456789abcdef"[number % base];
    while (number /= base);
    put(string_view(digits + i, sizeof digits - i));
  }
  void put_html(string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      put(c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : text.from(i).first(1));
    }
  }

 private:
  static const char* reason(int code) noexcept {
    switch (code) {
      case 200: return "200 OK";
      case 404: return "404 Not Found";
      case 405: return "405 Method Not Allowed";
      case 408: return "408 Request Timeout";
      case 414: return "414 URI Too Long";
      case 431: return "431 Request Header Fields Too Large";
      case 500: return "500 Internal Server Error";
      case 505: return "505 HTTP Version Not Supported";
      default: return "400 Bad Request";
    }
  }
  void head(int code, const char* type) {
    put(request_.minor ? "HTTP/1.1 " : "HTTP/1.0 ");
    put(reason(code));
    put("\r\nContent-Type: ");
    put(type);
    put(code == 405 ? "\r\nAllow: GET, HEAD\r\nConnection: close\r\n" : "\r\nConnection: close\r\n");
  }

  const sink& out_;
  const http_request& request_;
  std::uint64_t length_;
  bool begun_, broken_, counting_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_HPP

// ==== narthex/http_server.hpp ===================================================================
// narthex/http_server.hpp - answers GET /metrics; serve_once() needs no thread, handle() no socket.
// Room: balconies. Read text_format.hpp and os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_HTTP_SERVER_HPP
#define NARTHEX_HTTP_SERVER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>


NARTHEX_BEGIN_NAMESPACE

/// How an http_server behaves; every default suits a program that just wants to be scraped.
struct http_server_options {
  enum : std::size_t { max_path = 64, max_head = 8192 };

  /// Where the metrics are. Begins with '/', at most max_path bytes.
  string_view path = "/metrics";
  /// What a request line with its headers may take, up to max_head. Prometheus sends about 500 bytes.
  std::size_t max_head_bytes = max_head;
  /// How long a client may take for its request. Below Prometheus' scrape timeout of 10 s, because one
  /// connection is served at a time: a silent one must not cost a scrape.
  int request_timeout_ms = 3000;
  /// How long a client may take for the whole answer.
  int response_timeout_ms = 10000;
  /// Who serves: a thread of the server's own, or the program by calling serve_once().
  enum class runs { in_background, in_serve_once } serving = runs::in_background;

  http_server_options& set_path(string_view value) noexcept {
    path = value;
    return *this;
  }
  http_server_options& set_max_head_bytes(std::size_t bytes) noexcept {
    max_head_bytes = bytes;
    return *this;
  }
  http_server_options& set_request_timeout_ms(int ms) noexcept {
    request_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_response_timeout_ms(int ms) noexcept {
    response_timeout_ms = ms;
    return *this;
  }
  http_server_options& without_thread() noexcept {
    serving = runs::in_serve_once;
    return *this;
  }
};

/// Serves a registry's metrics over HTTP, from construction to destruction.
///
///   nx::http_server server{":9464"};                                    // every interface, a thread of its own
///   if (!server.ok()) std::fputs(server.error(), stderr);               // the program goes on without
///
/// registry: lives longer than the server.
/// address: ":9464" every interface, "127.0.0.1:0" this host and any free port, "[::1]:9464", "localhost:9464".
///          Numeric addresses and "localhost" only: nothing is looked up.
/// Threads: construct and destroy in one thread; the rest from any. The thread answers one client at a time;
///          callbacks of the registry run in it. More than one may call serve_once() at the same time.
/// Memory:  inside the object, and about 40 kB of stack while a request is served; nothing is allocated.
/// Errors:  kept in why(), with the system's words in error(). Nothing aborts, throws, or touches the process:
///          no signal is handled or raised, and the thread takes none that was meant for the program.
/// Source:  RFC 9112 (HTTP/1.1); Prometheus, "Exposition formats".
class http_server {
 public:
  explicit http_server(string_view address, const http_server_options& options = http_server_options()) noexcept
      : http_server(default_registry(), address, options) {}
  http_server(registry_core& registry, string_view address,
              const http_server_options& options = http_server_options()) noexcept;
  /// Stops at once: an answer that waits for its client is broken off.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  bool ok() const noexcept { return why_.ok(); }
  /// ":9464: Address already in use"; "" when ok.
  const char* error() const noexcept { return error_; }
  const status& why() const noexcept { return why_; }
  /// Where it listens: the system's choice for port 0. 0 when not ok.
  std::uint16_t port() const noexcept { return port_; }
  /// The listening socket, for a select() or poll() of the program's own; readable: serve_once(0) has work.
  std::intptr_t native_handle() const noexcept { return listener_.handle(); }

  /// Waits for a client, answers it, closes.
  ///
  /// timeout_ms: how long to wait for one; negative: for ever. The options bound what comes after.
  /// Returns: ok: answered, be it with a 404. errc::timeout: "accept": nobody came; "read", "write": the client
  ///          was too slow. errc::closed: it went away, or this server did. errc::system: what the system said.
  status serve_once(int timeout_ms);

  /// Answers one request, on whatever transport it came.
  ///
  /// request: the request line and the headers, with the empty line that ends them; what follows is ignored.
  /// out:     takes the whole response, frame and body, in order.
  /// Returns: not ok: the response is cut short; break the connection off, so that nobody takes it for whole.
  static status handle(registry_core& registry, string_view request, const sink& out,
                       const http_server_options& options = http_server_options()) {
    return answer(registry, request, out, options, 9464);
  }
  static status handle(string_view request, const sink& out,
                       const http_server_options& options = http_server_options()) {
    return answer(default_registry(), request, out, options, 9464);
  }

 private:
  enum : int { drain_ms = 500 };  // for the client's own close; a round trip, and a client that is busy

  struct outlet;
  struct words;
  struct page;
  static status answer(registry_core& registry, string_view text, const sink& out, const http_server_options& options,
                       std::uint16_t port) {
    detail::http_request request;
    request.read(text, options.max_head_bytes);
    return answer(registry, request, out, options, port);
  }
  static status answer(registry_core& registry, const detail::http_request& request, const sink& out,
                       const http_server_options& options, std::uint16_t port);
  static void run(void* self);
  status serve(os::socket& peer);
  status start(string_view address) noexcept;
  void refuse(const status& reason) noexcept;

  registry_core& registry_;
  http_server_options options_;
  status why_;
  std::uint16_t port_;
  os::wakeup wakeup_;
  os::socket listener_;
  os::thread thread_;
  char path_[http_server_options::max_path];
  char error_[status::max_message];
};

// ---- bodies ----

/// One sentence about a refusal, as plain text.
struct http_server::words {
  int code;
  string_view path;
  string_view detail;
  void operator()(detail::http_response& r) const {
    switch (code) {
      case 404:
        r.put("There is nothing here; the metrics are at ");
        r.put(path);
        break;
      case 405: r.put("Only GET and HEAD are answered here"); break;
      case 408: r.put("The request did not arrive in time"); break;
      case 414: r.put("The request line is too long"); break;
      case 431: r.put("The request headers are too long"); break;
      case 500:
        r.put("The metrics could not be written: ");
        r.put(detail);
        break;
      case 505: r.put("Only HTTP/1.0 and HTTP/1.1 are spoken here"); break;
      default: r.put("The request is not valid HTTP"); break;
    }
    r.put(".\n");
  }
};

/// The page for people who open the address in a browser.
struct http_server::page {
  string_view path;
  string_view host;  // as the browser reached us: what Prometheus will need, too
  std::uint16_t port;
  void operator()(detail::http_response& r) const {
    r.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Metrics</title>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
          "<style>\nbody { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em; }\n"
          "pre { padding: 1em; overflow: auto; border-radius: 6px; background: rgba(128, 128, 128, 0.15); }\n"
          "footer { color: gray; font-size: 14px; }\n</style>\n</head>\n<body>\n<h1>Metrics</h1>\n"
          "<p>This program shows its metrics to Prometheus at <a href=\"");
    r.put_html(path.empty() ? path : path.from(1));  // relative: right behind a proxy's prefix, too
    r.put("\">");
    r.put_html(path);
    r.put("</a>.</p>\n<p>To collect them, add this to <code>prometheus.yml</code>:</p>\n"
          "<pre>scrape_configs:\n  - job_name: my-program\n");
    if (path != "/metrics") {
      r.put("    metrics_path: ");
      r.put_html(path);
      r.put("\n");
    }
    r.put("    static_configs:\n      - targets: [\"");
    if (host.empty()) {
      r.put("localhost:");
      r.put_number(port, 10);
    } else {
      r.put_html(host);
    }
    r.put("\"]\n</pre>\n<footer>narthex ");
    r.put_number(NARTHEX_VERSION_MAJOR, 10);
    r.put(".");
    r.put_number(NARTHEX_VERSION_MINOR, 10);
    r.put(".");
    r.put_number(NARTHEX_VERSION_PATCH, 10);
    r.put("</footer>\n</body>\n</html>\n");
  }
};

inline status http_server::answer(registry_core& registry, const detail::http_request& request, const sink& out,
                                  const http_server_options& options, std::uint16_t port) {
  detail::http_response r(out, request);
  status s;
  if (request.code != 200) {
    const words body = {request.code, options.path, string_view()};
    r.whole(request.code, "text/plain; charset=utf-8", body);
  } else if (request.path == options.path) {
    if (request.wants_body) {
      const sink chunks = {&detail::http_response::chunk, &r};
      s = write_text(registry, chunks);
    }
    if (s.ok()) {
      r.end_metrics();
    } else if (!r.begun()) {
      char text[status::max_message];
      const words body = {500, options.path, string_view(text, s.message(text, sizeof text))};
      r.whole(500, "text/plain; charset=utf-8", body);
      s = status();
    }
  } else if (request.path == "/") {
    const page body = {options.path, request.host, port};
    r.whole(200, "text/html; charset=utf-8", body);
  } else {
    const words body = {404, options.path, string_view()};
    r.whole(404, "text/plain; charset=utf-8", body);
  }
  return r.broken() ? status(errc::closed, "response") : s;
}

/// Makes full buffers of small pieces: each call of the system may become a packet.
struct http_server::outlet {
  os::socket& peer;
  os::deadline until;
  status result;
  std::size_t used;
  char buffer[8192];

  outlet(os::socket& to, const os::deadline& end) noexcept : peer(to), until(end), used(0) {}
  bool flush() noexcept {
    if (result.ok()) result = peer.write(buffer, used, until);
    used = 0;
    return result.ok();
  }
  static bool write(void* self, const char* data, std::size_t size) {
    outlet& o = *static_cast<outlet*>(self);
    while (size > 0) {
      const std::size_t room = sizeof o.buffer - o.used;
      const std::size_t part = size < room ? size : room;
      std::memcpy(o.buffer + o.used, data, part);
      o.used += part;
      data += part;
      size -= part;
      if (o.used == sizeof o.buffer && !o.flush()) return false;
    }
    return true;
  }
};

inline status http_server::serve(os::socket& peer) {
  char text[http_server_options::max_head];
  std::size_t n = 0;
  detail::http_request request;
  const os::deadline head_until(options_.request_timeout_ms, wakeup_);
  for (;;) {
    std::size_t got = 0;
    const status s = peer.read(text + n, options_.max_head_bytes - n, got, head_until);
    if (s.code() == errc::timeout && n > 0) {
      request.code = 408;
      break;
    }
    if (!s.ok()) return s;
    if (got == 0 && n == 0) return status(errc::closed, "read");  // somebody looked whether the port is open
    n += got;
    const bool new_line = got > 0 && std::memchr(text + n - got, '\n', got);
    if (got == 0 || n == options_.max_head_bytes || (new_line && request.is_complete(string_view(text, n)))) {
      request.read(string_view(text, n), options_.max_head_bytes);
      break;
    }
  }
  outlet o(peer, os::deadline(options_.response_timeout_ms, wakeup_));
  const sink out = {&outlet::write, &o};
  const status s = answer(registry_, request, out, options_, port_);
  if (s.ok() && o.flush()) {
    peer.finish(os::deadline(drain_ms, wakeup_));
    return s;
  }
  peer.reset();
  return o.result.ok() ? s : o.result;
}

inline status http_server::serve_once(int timeout_ms) {
  if (!ok()) return why_;
  os::socket peer;
  const status s = listener_.accept(peer, os::deadline(timeout_ms, wakeup_));
  return s.ok() ? serve(peer) : s;
}

inline void http_server::run(void* self) {
  http_server& server = *static_cast<http_server*>(self);
  int pause_ms = 0;
  while (!server.wakeup_.rung_within(pause_ms)) {
    // Out of descriptors, say: the next accept would say the same at once, for ever.
    pause_ms = server.serve_once(-1).code() == errc::system ? 100 : 0;
  }
}

inline http_server::http_server(registry_core& registry, string_view address,
                                const http_server_options& options) noexcept
    : registry_(registry), options_(options), port_(0) {
  error_[0] = '\0';
  const status s = start(address);
  if (!s.ok()) refuse(s);
}

inline status http_server::start(string_view address) noexcept {
  const string_view path = options_.path;
  if (path.empty() || path[0] != '/' || path.size() > sizeof path_) return status(errc::bad_address, path);
  std::memcpy(path_, path.data(), path.size());
  options_.path = string_view(path_, path.size());
  if (options_.max_head_bytes > http_server_options::max_head) options_.max_head_bytes = http_server_options::max_head;

  string_view host;
  std::uint16_t wanted = 0;
  if (!os::split_address(address, host, wanted)) return status(errc::bad_address, address);
  status s = listener_.listen(host, wanted);
  if (s.code() == errc::system) return status(errc::system, address, s.number());
  if (!s.ok()) return status(s.code(), address);
  port_ = listener_.local_port();
  if (options_.serving == http_server_options::runs::in_serve_once) return s;
  s = wakeup_.open();
  return s.ok() ? thread_.start(&run, this) : s;  // the thread reads why_, which is written only if there is none
}

inline http_server::~http_server() {
  if (!thread_.running()) return;
  wakeup_.ring();
  thread_.join();
}

/// Keeps the reason, and for people "address: the system's words".
inline void http_server::refuse(const status& reason) noexcept {
  listener_.close();
  port_ = 0;
  why_ = reason;
  why_.message(error_, sizeof error_);
  char words_of_system[128];
  const os::error e = {static_cast<int>(reason.number())};
  if (reason.code() != errc::system || e.words(words_of_system, sizeof words_of_system) == 0) return;
  std::size_t n = 0;
  for (const char* part : {why_.subject(), ": ", static_cast<const char*>(words_of_system)}) {
    while (*part && n + 1 < sizeof error_) error_[n++] = *part++;
  }
  error_[n] = '\0';
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HTTP_SERVER_HPP
