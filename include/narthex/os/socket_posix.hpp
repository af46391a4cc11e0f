// narthex/os/socket_posix.hpp - sockets by the calls of POSIX.1-2008.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_POSIX_HPP
#define NARTHEX_OS_SOCKET_POSIX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/wait_posix.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(SOCKETS)

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

// ---- what differs between the systems ----

#if defined(__linux__) && defined(_GNU_SOURCE)
inline int open_stream(int family) noexcept { return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }
inline int accept_any(int listener) noexcept {
  return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
#else
inline int open_stream(int family) noexcept { return ::socket(family, SOCK_STREAM, 0); }
inline int accept_any(int listener) noexcept { return ::accept(listener, nullptr, nullptr); }
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

// ---- addresses ----

/// An address as the system wants it.
struct endpoint {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };
  socklen_t size;
  bool every_interface;

  endpoint() noexcept : size(0), every_interface(false) { std::memset(&local, 0, sizeof local); }
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

  /// A file name; not empty, without a NUL, and shorter than the system's limit of about 100 bytes.
  bool set_path(string_view path) noexcept {
    if (path.empty() || path.size() >= sizeof local.sun_path || std::memchr(path.data(), 0, path.size())) return false;
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path.data(), path.size());
    size = static_cast<socklen_t>(sizeof local);
    return true;
  }
};

/// The file that a listening Unix socket has; taken away by the process that made it, unless it is another's by now.
class socket_file {
 public:
  socket_file() noexcept : process_(0), device_(), inode_() { path_[0] = '\0'; }
  ~socket_file() {
    struct stat now;
    if (process_ != ::getpid() || ::lstat(path_, &now) != 0) return;
    if (now.st_dev == device_ && now.st_ino == inode_) ::unlink(path_);
  }
  socket_file(const socket_file&) = delete;
  socket_file& operator=(const socket_file&) = delete;

  void made(const endpoint& at) noexcept {
    struct stat now;
    if (::lstat(at.local.sun_path, &now) != 0) return;
    std::memcpy(path_, at.local.sun_path, sizeof path_);
    process_ = ::getpid();
    device_ = now.st_dev;
    inode_ = now.st_ino;
  }

 private:
  pid_t process_;
  dev_t device_;
  ino_t inode_;
  char path_[sizeof(sockaddr_un::sun_path)];
};

// ---- the socket ----

class socket {
 public:
  enum : int { backlog = 128 };                ///< connections that may wait to be accepted
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
  status listen_unix(string_view path, socket_file& file) noexcept;
  status connect(string_view host, std::uint16_t port, const deadline& until) noexcept;
  status accept(socket& peer, const deadline& until) const noexcept;
  status read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept;
  status write(const char* data, std::size_t size, const deadline& until) const noexcept;
  // The same without waiting: errc::timeout when nothing could be done now.
  status read_now(char* data, std::size_t size, std::size_t& got) const noexcept;
  status write_now(const char* data, std::size_t size, std::size_t& put) const noexcept;

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

  /// What is sent goes out in full buffers: the last, short one must not wait for the peer's acknowledgement.
  void send_at_once() noexcept {
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
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

/// Binds a file name and listens. A socket left behind by a program that died is replaced; a live one is not, and
/// neither is any other file. Of two programs that replace the same one in the same moment the later has the name.
inline status socket::listen_unix(string_view path, socket_file& file) noexcept {
  endpoint where;
  if (!where.set_path(path)) return status(errc::bad_address, path);
  error e = open(AF_UNIX);
  if (!e.ok()) return e.to_status(path);
  for (int attempt = 0;; ++attempt) {
    if (::bind(fd(), &where.any, where.size) == 0) break;
    e = error::last();
    struct stat there;
    if (e.code != EADDRINUSE || attempt || ::lstat(where.local.sun_path, &there) != 0 || !S_ISSOCK(there.st_mode)) {
      return e.to_status(path);
    }
    socket probe;
    if (!probe.open(AF_UNIX).ok() || ::connect(probe.fd(), &where.any, where.size) == 0 || errno != ECONNREFUSED) {
      return e.to_status(path);
    }
    ::unlink(where.local.sun_path);
  }
  file.made(where);
  return ::listen(fd(), backlog) == 0 ? status() : error::last().to_status(path);
}

inline status socket::connect(string_view host, std::uint16_t port, const deadline& until) noexcept {
  endpoint where;
  if (host.empty() || (!where.set(host, port, AF_INET) && !where.set(host, port, AF_INET6))) {
    return status(errc::bad_address, host);
  }
  error e = open(where.any.sa_family);
  if (!e.ok()) return e.to_status(host);
  send_at_once();
  if (::connect(fd(), &where.any, where.size) == 0) return status();
  e = error::last();
  if (e.code != EINPROGRESS && e.code != EINTR) return e.to_status(host);
  const status s = until.wait(fd(), POLLOUT, host);
  if (!s.ok()) return s;
  socklen_t size = static_cast<socklen_t>(sizeof e.code);
  if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &e.code, &size) != 0) e = error::last();
  return broken(e, host);
}

/// Takes the next connection. One that died in the queue is passed over.
inline status socket::accept(socket& peer, const deadline& until) const noexcept {
  for (;;) {
    peer.close();
    peer.handle_ = accept_any(fd());
    if (peer.is_open()) {
      prepare(peer.fd());
      silence(peer.fd());
      peer.send_at_once();
      return status();
    }
    const error e = error::last();
    if (e.code == EINTR || e.code == ECONNABORTED) continue;
    if (e.code != EAGAIN && e.code != EWOULDBLOCK) return e.to_status("accept");
    const status s = until.wait(fd(), POLLIN, "accept");
    if (!s.ok()) return s;
  }
}

inline status socket::read_now(char* data, std::size_t size, std::size_t& got) const noexcept {
  got = 0;
  for (;;) {
    const ssize_t n = ::recv(fd(), data, size, 0);
    if (n >= 0) {
      got = static_cast<std::size_t>(n);
      return status();
    }
    const error e = error::last();
    if (e.code == EAGAIN || e.code == EWOULDBLOCK) return status(errc::timeout, "read");
    if (e.code != EINTR) return broken(e, "read");
  }
}

inline status socket::write_now(const char* data, std::size_t size, std::size_t& put) const noexcept {
  put = 0;
  for (;;) {
    const ssize_t n = ::send(fd(), data, size, send_flags);
    if (n >= 0) {
      put = static_cast<std::size_t>(n);
      return status();
    }
    const error e = error::last();
    if (e.code == EAGAIN || e.code == EWOULDBLOCK) return status(errc::timeout, "write");
    if (e.code != EINTR) return broken(e, "write");
  }
}

/// Reads what is there, at least one byte; `got` is 0 when the peer has sent everything.
inline status socket::read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept {
  got = 0;
  for (;;) {
    if (until.passed()) return status(errc::timeout, "read");
    status s = read_now(data, size, got);
    if (s.code() != errc::timeout) return s;
    s = until.wait(fd(), POLLIN, "read");
    if (!s.ok()) return s;
  }
}

/// Writes everything.
inline status socket::write(const char* data, std::size_t size, const deadline& until) const noexcept {
  while (size > 0) {
    if (until.passed()) return status(errc::timeout, "write");
    std::size_t n = 0;
    status s = write_now(data, size, n);
    data += n;
    size -= n;
    if (s.code() == errc::timeout) s = until.wait(fd(), POLLOUT, "write");
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

#endif  // NARTHEX_HAS(POSIX) && NARTHEX_HAS(SOCKETS)

#endif  // NARTHEX_OS_SOCKET_POSIX_HPP
