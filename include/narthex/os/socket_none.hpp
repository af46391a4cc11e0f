// narthex/os/socket_none.hpp - sockets where there are none: every call says so.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_NONE_HPP
#define NARTHEX_OS_SOCKET_NONE_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if !NARTHEX_HAS(SOCKETS)

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

inline std::int64_t monotonic_us() noexcept { return 0; }
inline std::int64_t monotonic_ms() noexcept { return 0; }

class poll_set {
 public:
  enum : unsigned { room = 132 };
  enum class what : std::uint8_t { nothing, reading, writing };
  void clear() noexcept {}
  unsigned add(std::intptr_t, what) noexcept { return 0; }
  unsigned add(const wakeup&) noexcept { return 0; }
  void wait(std::int64_t) noexcept {}
  bool is_blind() const noexcept { return false; }
  bool ready(unsigned) const noexcept { return true; }
};

class socket_file {};

class socket {
 public:
  socket() noexcept {}
  socket(socket&&) noexcept {}
  socket& operator=(socket&&) noexcept { return *this; }

  status listen(string_view, std::uint16_t) noexcept { return none(); }
  status listen_unix(string_view, socket_file&) noexcept { return none(); }
  status connect(string_view, std::uint16_t, const deadline&) noexcept { return none(); }
  status accept(socket&, const deadline&) const noexcept { return none(); }
  status read(char*, std::size_t, std::size_t& got, const deadline&) const noexcept {
    got = 0;
    return none();
  }
  status write(const char*, std::size_t, const deadline&) const noexcept { return none(); }
  status read_now(char*, std::size_t, std::size_t& got) const noexcept {
    got = 0;
    return none();
  }
  status write_now(const char*, std::size_t, std::size_t& put) const noexcept {
    put = 0;
    return none();
  }
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

#endif  // !NARTHEX_HAS(SOCKETS)

#endif  // NARTHEX_OS_SOCKET_NONE_HPP
