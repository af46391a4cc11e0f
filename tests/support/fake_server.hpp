// A TCP server for tests that does to each client what a script says: answers, dawdles, resets, or says nothing.
#ifndef NARTHEX_TESTS_FAKE_SERVER_HPP
#define NARTHEX_TESTS_FAKE_SERVER_HPP

#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "support/net.hpp"

namespace support {

/// One client, as the server sees it. Every wait ends when the server does.
class guest {
 public:
  guest(net::handle fd, net::handle bell) : fd_(fd), bell_(bell) { net::do_not_wait(fd_); }
  ~guest() { close(); }
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;

  /// Everything up to the end of a request: its head, and as much as its Content-Length says. `begun`: what was read of it.
  std::string read_request(std::string begun = std::string()) {
    std::size_t head = std::string::npos, wanted = 0;
    do {
      if (head != std::string::npos || (head = begun.find("\r\n\r\n")) == std::string::npos) continue;
      const std::size_t at = begun.find("Content-Length: ");
      wanted = head + 4 + (at < head ? static_cast<std::size_t>(atol(begun.c_str() + at + 16)) : 0);
    } while ((head == std::string::npos || begun.size() < wanted) && more(begun));
    return begun;
  }
  /// At least `size` bytes, if they come.
  std::string read(std::size_t size) {
    std::string all;
    while (all.size() < size && more(all)) continue;
    return all;
  }
  /// Until the client goes away.
  std::string read_all() {
    std::string all;
    while (more(all)) continue;
    return all;
  }
  bool send(const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
      if (!wait(POLLOUT, -1)) return false;
      const auto n = ::send(fd_, text.data() + done, static_cast<net::count>(text.size() - done), net::no_signal);
      if (n < 0 && !net::would_wait()) return false;
      if (n > 0) done += static_cast<std::size_t>(n);
    }
    return true;
  }
  /// A byte, a pause, a byte, ...
  void trickle(const std::string& text, int pause_ms) {
    for (char c : text) {
      if (!send(std::string(1, c)) || wait(0, pause_ms) || rung_) return;
    }
  }
  /// Does nothing, not even read, until the server ends.
  void idle() { wait(0, -1); }
  void half_close() { ::shutdown(fd_, net::shut_write); }
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
  bool wait(short events, int ms) {
    pollfd p[2] = {{events ? fd_ : net::handle(net::none), events, 0}, {bell_, POLLIN, 0}};
    if (fd_ == net::none || net::poll(p, 2, ms < 0 ? 20000 : ms) <= 0) return false;
    rung_ = p[1].revents != 0;
    return !rung_;
  }
  bool more(std::string& all) {
    char part[65536];
    if (!wait(POLLIN, -1)) return false;
    const auto n = ::recv(fd_, part, sizeof part, 0);
    if (n > 0) all.append(part, static_cast<std::size_t>(n));
    return n > 0;
  }

  net::handle fd_, bell_;
  bool rung_ = false;
};

/// Serves one client after the other, in a thread of its own, until it is destroyed.
class fake_server {
 public:
  using script = std::function<void(guest&)>;

  /// host: "127.0.0.1" or "::1"; at_port 0: any. ok() is false when the address cannot be had.
  explicit fake_server(script s, const char* host = "127.0.0.1", std::uint16_t at_port = 0) : script_(s), host_(host), served_(0) {
    const bool v6 = strchr(host, ':') != nullptr;
    sockaddr_in6 six;
    sockaddr_in four;
    memset(&six, 0, sizeof six);
    memset(&four, 0, sizeof four);
    six.sin6_family = AF_INET6;
    four.sin_family = AF_INET;
    const unsigned char wire[2] = {static_cast<unsigned char>(at_port >> 8), static_cast<unsigned char>(at_port & 255)};
    memcpy(&six.sin6_port, wire, 2);
    memcpy(&four.sin_port, wire, 2);
    inet_pton(AF_INET6, host, &six.sin6_addr);
    inet_pton(AF_INET, host, &four.sin_addr);
    sockaddr* const at = v6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
    socklen_t size = static_cast<socklen_t>(v6 ? sizeof six : sizeof four);
    listener_ = ::socket(at->sa_family, SOCK_STREAM, 0);
#if !defined(_WIN32)  // it would share the port there
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
#endif
    ok_ = ::bind(listener_, at, size) == 0 && ::listen(listener_, 64) == 0 && ::getsockname(listener_, at, &size) == 0 &&
          bell_.ok();
    unsigned char got[2];
    memcpy(got, v6 ? static_cast<const void*>(&six.sin6_port) : static_cast<const void*>(&four.sin_port), 2);
    port_ = static_cast<std::uint16_t>(got[0] * 256 + got[1]);
    if (ok_) thread_ = std::thread([this] { run(); });
  }
  ~fake_server() {
    if (ok_) {
      bell_.ring();
      thread_.join();
    }
    net::close(listener_);
  }
  fake_server(const fake_server&) = delete;
  fake_server& operator=(const fake_server&) = delete;

  bool ok() const { return ok_; }
  std::uint16_t port() const { return port_; }
  /// "127.0.0.1:9091", "[::1]:9091"
  std::string address() const {
    return (host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]") + ":" + std::to_string(port_);
  }
  std::string url() const { return "http://" + address(); }
  int served() const { return served_; }

 private:
  void run() {
    for (;;) {
      pollfd p[2] = {{listener_, POLLIN, 0}, {bell_.fd(), POLLIN, 0}};
      net::poll(p, 2, -1);
      if (p[1].revents) return;
      if (!p[0].revents) continue;
      const net::handle fd = ::accept(listener_, nullptr, nullptr);
      if (fd == net::none) continue;
      guest g(fd, bell_.fd());
      script_(g);
      ++served_;
    }
  }

  script script_;
  std::string host_;
  std::atomic<int> served_;
  net::bell bell_;  // before the listener: it brings Winsock up
  net::handle listener_ = net::none;
  bool ok_ = false;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace support

#endif  // NARTHEX_TESTS_FAKE_SERVER_HPP
