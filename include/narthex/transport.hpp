// narthex/transport.hpp - a connection of the program's own making, such as one that speaks TLS.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TRANSPORT_HPP
#define NARTHEX_TRANSPORT_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/status.hpp"

NARTHEX_BEGIN_NAMESPACE

/// Whom a transport connects to.
struct transport_target {
  const char* host;     ///< as in the URL, without brackets: the name that a certificate must have
  const char* address;  ///< one of its numeric addresses; the same as host where that is one
  std::uint16_t port;
  enum class scheme : std::uint8_t { http, https } of;  ///< what the URL says
};

/// Carries the bytes of pushes, in place of plain sockets: three functions of the program's, and one that ends it.
///
///   const nx::transport tls = {&my_context, &my_connect, &my_send, &my_receive, &my_close};
///   nx::push_gateway gw{"https://gateway:9091", "job", {{"instance", "a"}}, nx::push_gateway_options().set_transport(tls)};
///
/// narthex looks the name up, writes and reads the HTTP, and keeps the push's deadline as long as each call keeps its own. Whoever
/// gives a transport has all pushes of that push_gateway carried by it, those to http:// URLs too: none goes out in the clear by
/// a slip in a URL.
///
/// Each function answers ok; errc::timeout when its time has passed and nothing was done; errc::closed when the other side has broken off;
/// errc::system with the system's error code; errc::transport_failed for all else, with words for people as its subject (73 bytes):
/// "certificate has expired".
/// timeout_ms: 0 only looks. Up to 100 at a time for send and receive, which are called again until the push's time is up: a push
///          must be broken off soon when the program ends. For connect: the options' connect_timeout_ms, or what is left.
/// Errors:  they must not throw, nor raise signals: OpenSSL's own sockets raise SIGPIPE unless the program ignores it.
/// Threads: called in the pushing thread, for one connection after the other; several push_gateways may share a context.
/// Source:  DESIGN.md, "Push, files, process metrics". examples/27_push_tls.cpp is one with OpenSSL.
struct transport {
  void* context;  ///< handed to connect; lives as long as the push_gateway
  /// Connects, and makes sure that it is who it should be. `connection` is what the others get; it is closed only after ok.
  status (*connect)(void* context, const transport_target& to, int timeout_ms, void*& connection);
  /// Sends at least one byte. `put`: how many. After errc::timeout it is called with the same bytes again.
  status (*send)(void* connection, const char* data, std::size_t size, int timeout_ms, std::size_t& put);
  /// Receives at least one byte. `got`: how many; ok and 0: the other side has sent everything, and has said so. An end that nobody
  /// announced (TLS without close_notify) is errc::closed.
  status (*receive)(void* connection, char* data, std::size_t size, int timeout_ms, std::size_t& got);
  /// Drops it, without waiting for anything.
  void (*close)(void* connection);

  bool is_set() const noexcept { return connect || send || receive || close; }
  bool is_complete() const noexcept { return connect && send && receive && close; }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TRANSPORT_HPP
