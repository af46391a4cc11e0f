// A raw TCP client for tests: says what it is told, byte for byte, and keeps everything it hears.
#ifndef NARTHEX_TESTS_CLIENT_HPP
#define NARTHEX_TESTS_CLIENT_HPP

#include <string.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "support/net.hpp"

namespace support {

class client {
 public:
  enum class end { eof, reset, deadline, other };  // how reading ended

  /// host: "127.0.0.1" or "::1". receive_bytes: a small window, for clients that are slow to read.
  explicit client(std::uint16_t port, const char* host = "127.0.0.1", int receive_bytes = 0) : fd_(net::none) {
    const bool v6 = strchr(host, ':') != nullptr;
    const unsigned char big_endian[2] = {static_cast<unsigned char>(port >> 8), static_cast<unsigned char>(port & 255)};
    sockaddr_in a4;
    sockaddr_in6 a6;
    memset(&a4, 0, sizeof a4);
    memset(&a6, 0, sizeof a6);
    a4.sin_family = AF_INET;
    a6.sin6_family = AF_INET6;
    memcpy(&a4.sin_port, big_endian, 2);
    memcpy(&a6.sin6_port, big_endian, 2);
    inet_pton(AF_INET, host, &a4.sin_addr);
    inet_pton(AF_INET6, host, &a6.sin6_addr);
    fd_ = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (receive_bytes > 0) net::set(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    const int on = 1;
    net::set(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr* where = v6 ? reinterpret_cast<const sockaddr*>(&a6) : reinterpret_cast<const sockaddr*>(&a4);
    if (::connect(fd_, where, static_cast<socklen_t>(v6 ? sizeof a6 : sizeof a4)) != 0) close();
  }
  ~client() { close(); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  bool connected() const { return fd_ != net::none; }

  bool send(const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
      const std::size_t left = text.size() - done, most = 1u << 30;
      const auto n = ::send(fd_, text.data() + done, static_cast<net::count>(left < most ? left : most), net::no_signal);
      if (n <= 0) return false;
      done += static_cast<std::size_t>(n);
    }
    return true;
  }
  /// One packet per byte.
  bool send_byte_by_byte(const std::string& text) {
    for (char c : text) {
      if (!send(std::string(1, c))) return false;
    }
    return true;
  }

  /// Reads until the server closes, `most` bytes have come, or the deadline.
  std::string read(std::size_t most = ~std::size_t(0), int timeout_ms = 60000) {
    std::string all;
    const long long until = now_ms() + timeout_ms;
    char buffer[65536];
    while (all.size() < most) {
      pollfd p = {fd_, POLLIN, 0};
      const long long left = until - now_ms();
      if (left <= 0 || net::poll(&p, 1, static_cast<int>(left)) <= 0) return how_ = end::deadline, all;
      const std::size_t room = most - all.size() < sizeof buffer ? most - all.size() : sizeof buffer;
      const auto n = ::recv(fd_, buffer, static_cast<net::count>(room), 0);
      if (n == 0) return how_ = !half_closed_ && net::is_reset(fd_) ? end::reset : end::eof, all;
      if (n < 0) return how_ = net::was_reset() ? end::reset : end::other, all;
      all.append(buffer, static_cast<std::size_t>(n));
    }
    return all;
  }
  end how_it_ended() const { return how_; }

  void half_close() {
    half_closed_ = true;
    ::shutdown(fd_, net::shut_write);
  }
  void reset() {
    const linger now = {1, 0};
    net::set(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ != net::none) net::close(fd_);
    fd_ = net::none;
  }

 private:
  net::user up_;
  net::handle fd_;
  end how_ = end::other;
  bool half_closed_ = false;
};

/// The whole answer to one request; "" when there is nobody.
inline std::string ask(std::uint16_t port, const std::string& request, const char* host = "127.0.0.1") {
  client c(port, host);
  return c.connected() && c.send(request) ? c.read() : std::string();
}

}  // namespace support

#endif  // NARTHEX_TESTS_CLIENT_HPP
