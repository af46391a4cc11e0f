// narthex/os/socket_winsock.hpp - sockets by the calls of Winsock 2, from Windows 7 SP1 on.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_WINSOCK_HPP
#define NARTHEX_OS_SOCKET_WINSOCK_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/wait_windows.hpp"
#include "narthex/os/windows.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(WINDOWS)

#if defined(_MSC_VER) && !NARTHEX_NO_AUTOLINK
#pragma comment(lib, "ws2_32")
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

// ---- addresses ----

/// An address as the system wants it.
struct endpoint {
  union {
    std::uint16_t family;
    windows::sockaddr_v4 v4;
    windows::sockaddr_v6 v6;
  };
  int size;
  bool every_interface;

  endpoint() noexcept : size(0), every_interface(false) { std::memset(&v6, 0, sizeof v6); }
  bool is_v6() const noexcept { return family == windows::af_inet6; }
  const sockaddr* any() const noexcept { return windows::as<sockaddr>(&v6); }

  /// host: "" for every interface, "localhost", or digits. All zeros is "any" in both families.
  bool set(string_view host, std::uint16_t port, int wanted) noexcept {
    char text[64];
    if (host.size() >= sizeof text) return false;
    every_interface = host.empty();
    if (host == "localhost") host = wanted == windows::af_inet6 ? "::1" : "127.0.0.1";
    for (std::size_t i = 0; i < host.size(); ++i) text[i] = host[i];
    text[host.size()] = '\0';
    const unsigned char big_endian[2] = {static_cast<unsigned char>(port >> 8), static_cast<unsigned char>(port & 255)};
    family = static_cast<std::uint16_t>(wanted);
    std::memcpy(is_v6() ? v6.port : v4.port, big_endian, 2);
    size = static_cast<int>(is_v6() ? sizeof v6 : sizeof v4);
    return host.empty() || windows::inet_pton(wanted, text, is_v6() ? v6.address : v4.address) == 1;
  }
};

/// Unix sockets have no file here that would be ours to remove.
class socket_file {};

// ---- the socket ----

class socket {
 public:
  enum : int { backlog = 128 };                ///< connections that may wait to be accepted
  enum : std::size_t { drain_bytes = 65536 };  ///< what finish() reads and throws away, at most

  socket() noexcept : handle_(windows::invalid) {}
  socket(socket&& other) noexcept : handle_(other.handle_) { other.handle_ = windows::invalid; }
  socket& operator=(socket&& other) noexcept {
    if (this != &other) {
      close();
      handle_ = other.handle_;
      other.handle_ = windows::invalid;
    }
    return *this;
  }
  ~socket() { close(); }

  status listen(string_view host, std::uint16_t port) noexcept;
  status listen_unix(string_view path, socket_file&) noexcept { return status(errc::unsupported, path); }
  status connect(string_view host, std::uint16_t port, const deadline& until) noexcept;
  status accept(socket& peer, const deadline& until) const noexcept;
  status read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept;
  status write(const char* data, std::size_t size, const deadline& until) const noexcept;
  // The same without waiting: errc::timeout when nothing could be done now.
  status read_now(char* data, std::size_t size, std::size_t& got) const noexcept;
  status write_now(const char* data, std::size_t size, std::size_t& put) const noexcept;

  void half_close() noexcept { windows::shutdown(own(), windows::sd_send); }
  void finish(const deadline& until) noexcept;
  void reset() noexcept;
  void close() noexcept {
    if (is_open()) close_socket(own());
    handle_ = windows::invalid;
  }

  bool is_open() const noexcept { return handle_ != windows::invalid; }
  std::uint16_t local_port() const noexcept;
  std::intptr_t handle() const noexcept { return handle_; }

 private:
  enum : std::size_t { most_at_once = 1u << 30 };  // recv() and send() take an int

  windows::socket_handle own() const noexcept { return static_cast<windows::socket_handle>(handle_); }

  int set(int level, int which, int value) noexcept {
    return windows::setsockopt(own(), level, which, static_cast<const char*>(static_cast<const void*>(&value)), sizeof value);
  }
  /// What is sent goes out in full buffers: the last, short one must not wait for the peer's acknowledgement.
  void send_at_once() noexcept { set(windows::ipproto_tcp, windows::tcp_nodelay, 1); }

  error listen_at(const endpoint& where) noexcept {
    close();
    const error e = open_socket(where.family, windows::sock_stream, handle_);
    if (!e.ok()) return e;
    // A port that is in use stays whose it is: SO_REUSEADDR would take it from another program here, and without
    // SO_EXCLUSIVEADDRUSE another could take it from us. A port whose connections are closing can be had at once anyway.
    if (set(windows::sol_socket, windows::so_exclusiveaddruse, 1) != 0) return error::last_of_socket();
    // Every interface means IPv4 too; a system that cannot have both in one socket says no here.
    if (where.is_v6() && set(windows::ipproto_ipv6, windows::ipv6_v6only, 0) != 0 && where.every_interface) {
      return error::last_of_socket();
    }
    if (windows::bind(own(), where.any(), where.size) != 0) return error::last_of_socket();
    if (windows::listen(own(), backlog) != 0) return error::last_of_socket();
    return e;
  }

  static status broken(const error& e, string_view subject) noexcept {
    const bool gone = e.code == windows::wsaeconnreset || e.code == windows::wsaeconnaborted ||
                      e.code == windows::wsaenetreset || e.code == windows::wsaeshutdown;
    return gone ? status(errc::closed, subject) : e.to_status(subject);
  }

  std::intptr_t handle_;
};

/// Binds and listens. "" is every interface, by IPv6 with IPv4 inside where the system can, else by
/// IPv4; "localhost" is 127.0.0.1, or ::1 where there is no IPv4.
inline status socket::listen(string_view host, std::uint16_t port) noexcept {
  const int order_any[] = {windows::af_inet6, windows::af_inet}, order_other[] = {windows::af_inet, windows::af_inet6};
  error e = {0};
  bool readable = false;
  for (int family : host.empty() ? order_any : order_other) {
    endpoint where;
    if (!where.set(host, port, family)) continue;
    readable = true;
    e = listen_at(where);
    if (e.ok()) return status();
    close();
    if (e.code == windows::wsaeaddrinuse || e.code == windows::wsaeacces) break;  // the port is the trouble, not the family
  }
  return readable ? e.to_status(host) : status(errc::bad_address, host);
}

inline status socket::connect(string_view host, std::uint16_t port, const deadline& until) noexcept {
  endpoint where;
  if (host.empty() || (!where.set(host, port, windows::af_inet) && !where.set(host, port, windows::af_inet6))) {
    return status(errc::bad_address, host);
  }
  close();
  error e = open_socket(where.family, windows::sock_stream, handle_);
  if (!e.ok()) return e.to_status(host);
  send_at_once();
  if (windows::connect(own(), where.any(), where.size) == 0) return status();
  e = error::last_of_socket();
  if (e.code != windows::wsaewouldblock) return e.to_status(host);
  const status s = until.wait(handle_, deadline::until::connected, host);
  if (!s.ok()) return s;
  int size = sizeof e.code;
  char* const to = static_cast<char*>(static_cast<void*>(&e.code));
  if (windows::getsockopt(own(), windows::sol_socket, windows::so_error, to, &size) != 0) e = error::last_of_socket();
  return broken(e, host);
}

/// Takes the next connection. One that died in the queue is passed over.
inline status socket::accept(socket& peer, const deadline& until) const noexcept {
  for (;;) {
    peer.close();
    const std::intptr_t taken = static_cast<std::intptr_t>(windows::accept(own(), nullptr, nullptr));
    if (taken != windows::invalid) {
      const error e = start_winsock();
      if (!e.ok()) {
        windows::closesocket(static_cast<windows::socket_handle>(taken));
        return e.to_status("accept");
      }
      peer.handle_ = taken;
      const error refused = prepare(peer.own());
      if (!refused.ok()) return refused.to_status("accept");
      peer.send_at_once();
      return status();
    }
    const error e = error::last_of_socket();
    if (e.code == windows::wsaeconnreset || e.code == windows::wsaeconnaborted) continue;
    if (e.code != windows::wsaewouldblock) return e.to_status("accept");
    const status s = until.wait(handle_, deadline::until::readable, "accept");
    if (!s.ok()) return s;
  }
}

inline status socket::read_now(char* data, std::size_t size, std::size_t& got) const noexcept {
  got = 0;
  const int n = windows::recv(own(), data, static_cast<int>(size < most_at_once ? size : most_at_once), 0);
  if (n >= 0) {
    got = static_cast<std::size_t>(n);
    return status();
  }
  const error e = error::last_of_socket();
  return e.code == windows::wsaewouldblock ? status(errc::timeout, "read") : broken(e, "read");
}

inline status socket::write_now(const char* data, std::size_t size, std::size_t& put) const noexcept {
  put = 0;
  const int n = windows::send(own(), data, static_cast<int>(size < most_at_once ? size : most_at_once), 0);
  if (n >= 0) {
    put = static_cast<std::size_t>(n);
    return status();
  }
  const error e = error::last_of_socket();
  return e.code == windows::wsaewouldblock ? status(errc::timeout, "write") : broken(e, "write");
}

/// Reads what is there, at least one byte; `got` is 0 when the peer has sent everything.
inline status socket::read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept {
  got = 0;
  for (;;) {
    if (until.passed()) return status(errc::timeout, "read");
    status s = read_now(data, size, got);
    if (s.code() != errc::timeout) return s;
    s = until.wait(handle_, deadline::until::readable, "read");
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
    if (s.code() == errc::timeout) s = until.wait(handle_, deadline::until::writable, "write");
    if (!s.ok()) return s;
  }
  return status();
}

/// Closes so that the peer gets all that was written. A close with unread input sends a reset, and a
/// reset makes the peer's system throw away what it has not handed over yet: so the end is announced,
/// and what still comes in is read, up to `until` and drain_bytes, before the socket goes.
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
  const windows::linger now = {1, 0};
  windows::setsockopt(own(), windows::sol_socket, windows::so_linger, static_cast<const char*>(static_cast<const void*>(&now)), sizeof now);
  close();
}

/// The port that the system chose for port 0; 0 when the socket is closed.
inline std::uint16_t socket::local_port() const noexcept {
  endpoint here;
  int size = sizeof here.v6;
  if (windows::getsockname(own(), windows::as<sockaddr>(&here.v6), &size) != 0) return 0;
  const unsigned char* const port = here.is_v6() ? here.v6.port : here.v4.port;
  return static_cast<std::uint16_t>(port[0] * 256 + port[1]);
}

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(WINDOWS)

#endif  // NARTHEX_OS_SOCKET_WINSOCK_HPP
