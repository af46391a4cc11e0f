// narthex/os/socket_none.hpp - sockets where there are none: every call says so.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_NONE_HPP
#define NARTHEX_OS_SOCKET_NONE_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

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
