// narthex/detail/http_server_options.hpp - how an http_server behaves.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_SERVER_OPTIONS_HPP
#define NARTHEX_DETAIL_HTTP_SERVER_OPTIONS_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/content_coding.hpp"
#include "narthex/detail/exposition_format.hpp"
#include "narthex/detail/http_access.hpp"
#include "narthex/detail/http_formats.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// How an http_server behaves; every default suits a program that just wants to be scraped.
///
/// A timeout of 0 ms has passed when it begins; there is no way to say "for ever".
struct http_server_options {
  enum : std::size_t { max_path = 64, max_head = 8192 };
  enum : unsigned { most_connections = 128, most_formats = detail::format_offers::most };

  /// Where the metrics are. Begins with '/', at most max_path bytes, no blank, '?' or '#': errc::bad_address.
  string_view path = "/metrics";
  /// What a request line with its headers may take, up to max_head. Prometheus sends about 500 bytes.
  std::size_t max_head_bytes = max_head;

  /// Clients that may be connected, 1 to most_connections. One more takes the place of the one that has kept silent for
  /// longest, or has taken nothing of its answer for a second; while there is none it waits.
  unsigned max_connections = 32;
  /// Clients that may be in the middle of receiving metrics; a further one gets 503 and the reason.
  unsigned max_requests_in_flight = 8;

  /// How long a request may take to arrive, from its first byte; for a new client, from its coming.
  int read_timeout_ms = 3000;
  /// How long a client may take nothing of its answer.
  int write_timeout_ms = 5000;
  /// How long a request may take altogether, from its first byte to the last of its answer.
  int request_timeout_ms = 15000;
  /// How long a client may stay between two requests: above the usual scrape intervals, so that Prometheus keeps its
  /// connection.
  int idle_timeout_ms = 90000;
  /// How long a server that is destroyed lets answers go on that have begun.
  int stop_timeout_ms = 1000;

  /// Who serves: a thread of the server's own, or the program by calling serve_once().
  enum class runs { in_background, in_serve_once } serving = runs::in_background;
  /// Whether the server shows narthex_http_* in the registry that it serves.
  enum class shows { own_metrics, none } own = shows::own_metrics;
  /// Whether a server of the default registry installs the standard process metrics there.
  enum class installs { process_metrics, none } process = installs::process_metrics;
  /// How metrics may be coded for who accepts it; see compress(). Null: not at all.
  const detail::content_coding* coding = nullptr;
  /// What is spoken beside text; see offer().
  detail::format_offers formats;
  /// Who may ask; see basic_auth() and bearer_token().
  detail::http_access access;

  http_server_options& set_path(string_view value) noexcept {
    path = value;
    return *this;
  }
  http_server_options& set_max_head_bytes(std::size_t bytes) noexcept {
    max_head_bytes = bytes;
    return *this;
  }
  http_server_options& set_max_connections(unsigned clients) noexcept {
    max_connections = clients;
    return *this;
  }
  http_server_options& set_max_requests_in_flight(unsigned requests) noexcept {
    max_requests_in_flight = requests;
    return *this;
  }
  http_server_options& set_read_timeout_ms(int ms) noexcept {
    read_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_write_timeout_ms(int ms) noexcept {
    write_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_request_timeout_ms(int ms) noexcept {
    request_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_idle_timeout_ms(int ms) noexcept {
    idle_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_stop_timeout_ms(int ms) noexcept {
    stop_timeout_ms = ms;
    return *this;
  }
  http_server_options& without_thread() noexcept {
    serving = runs::in_serve_once;
    return *this;
  }
  http_server_options& without_own_metrics() noexcept {
    own = shows::none;
    return *this;
  }
  http_server_options& without_process_metrics() noexcept {
    process = installs::none;
    return *this;
  }

  /// Compresses metrics for clients whose Accept-Encoding has gzip, as Prometheus' has. coding: nx::gzip(), with
  /// <narthex/gzip.hpp>.
  ///
  /// Cost: about 4 ns of the server's thread for each byte of metrics; for each client that is receiving them 71 KB, and up to
  ///       33 KB that it has not taken yet. Where there is no memory for that, and in builds without a heap, metrics go out as
  ///       they are.
  http_server_options& compress(const detail::content_coding& with) noexcept {
    coding = &with;
    return *this;
  }

  /// Speaks a further format with who asks for it, by Accept or by a path of its own: nx::openmetrics(), nx::protobuf(),
  /// nx::json(), each with the header of its name. Who asks for nothing, or for what is not offered, gets text 0.0.4.
  ///
  /// At most most_formats; one more takes the place of the last.
  http_server_options& offer(const detail::exposition_format& format) noexcept {
    formats.add(format);
    return *this;
  }

  /// Only who knows the password may ask, whatever the path. Without TLS both can be read on the way.
  ///
  /// user: no ':'; with the password at most 191 bytes, no control bytes. Copied. Both this and bearer_token() may be set:
  ///       either admits.
  /// Errors: errc::bad_credentials when the server is made, which then serves nobody.
  /// Source: RFC 7617; compared in a time that does not depend on the secret.
  http_server_options& basic_auth(string_view user, string_view password) noexcept {
    access.set_basic(user, password);
    return *this;
  }
  /// Only who has the token may ask. token: 1 to 192 bytes, no blanks or control bytes. The rest as basic_auth().
  http_server_options& bearer_token(string_view token) noexcept {
    access.set_bearer(token);
    return *this;
  }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_SERVER_OPTIONS_HPP
