// narthex/os/socket.hpp - a stream socket: listen, accept, connect, read, write, close.
// Room: cellar. Read this file, then the half of your system. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_HPP
#define NARTHEX_OS_SOCKET_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

// The same classes in each, and each guards its own body, so that the choice is made here once
// and no function has an #if inside:
//
//   wakeup       ends a wait early, from another thread or a signal handler, and stays rung
//   deadline     a moment on the monotonic clock; every call that may wait takes one
//   poll_set     waits for several sockets at once
//   socket_file  the name of a Unix socket in the file system, removed with it
//   socket       move-only, closes itself, knows nothing of HTTP
//
// No system type, macro or `using` is part of them. What they say:
//
//   ok                 done; read() with 0 bytes: the peer has sent everything
//   errc::timeout      the deadline passed
//   errc::closed       the wakeup was rung, or the peer broke the connection off
//   errc::bad_address  not a numeric address, "localhost" or "" (all interfaces): no look-up is made
//   errc::address_in_use, no_permission, too_many_descriptors, system
//                      what the system said; number() is the code, for os::error
//   errc::unsupported  no sockets in this build
//
// No call has an effect on the process: no signal is raised or handled, and what is opened is closed
// in a program that is started from this one.
#include "narthex/os/socket_none.hpp"
#include "narthex/os/socket_posix.hpp"
#include "narthex/os/socket_winsock.hpp"

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
