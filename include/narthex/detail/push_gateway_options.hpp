// narthex/detail/push_gateway_options.hpp - how a push_gateway behaves.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_GATEWAY_OPTIONS_HPP
#define NARTHEX_DETAIL_PUSH_GATEWAY_OPTIONS_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/content_coding.hpp"
#include "narthex/detail/rate_window.hpp"
#include "narthex/string_view.hpp"
#include "narthex/transport.hpp"

NARTHEX_BEGIN_NAMESPACE

/// How a push_gateway behaves. Views only: what they point to must live until the push_gateway is made.
struct push_gateway_options {
  enum : unsigned { max_headers = 8 };
  enum : unsigned { max_pushes = detail::rate_window::max_events };
  enum : std::size_t { max_credential_bytes = 4096 };  ///< of a user, password or token each: tokens are long

  /// For one push as a whole: look-up, connect, send, answer. At least 1; there is no "for ever".
  int timeout_ms = 30000;
  /// For each address of the name, so that a dead IPv6 route leaves time for IPv4.
  int connect_timeout_ms = 3000;
  /// A larger exposition is refused: errc::too_large. The gateway itself has no limit, and keeps what it gets for ever.
  std::size_t max_body_bytes = 16 * 1024 * 1024;

  /// How many push() and push_add() any span of so many seconds may hold; delete_group() is free. Whoever sets more says that
  /// the gateway is scraped often enough for them to be seen: it keeps only the last one.
  unsigned pushes = 10;
  int per_seconds = 60;
  /// The clock of that rate: milliseconds, never backwards. Null: the system's monotonic clock. For tests.
  std::int64_t (*clock_ms)() = nullptr;

  push_gateway_options& set_timeout_ms(int ms) noexcept {
    timeout_ms = ms;
    return *this;
  }
  push_gateway_options& set_connect_timeout_ms(int ms) noexcept {
    connect_timeout_ms = ms;
    return *this;
  }
  push_gateway_options& set_max_body_bytes(std::size_t bytes) noexcept {
    max_body_bytes = bytes;
    return *this;
  }
  /// Compresses what is pushed. with: nx::gzip(), from <narthex/gzip.hpp>; 71 KB more during a push.
  ///
  /// For a Pushgateway of 1.5.0 or later: an older one answers 400 to it, which ends as errc::http_refused.
  push_gateway_options& compress(const detail::content_coding& with) noexcept {
    coding = &with;
    return *this;
  }
  /// Errors: errc::bad_rate: not 1 to max_pushes, or not 1 to 86400 seconds.
  push_gateway_options& set_push_rate(unsigned most, int in_seconds) noexcept {
    pushes = most;
    per_seconds = in_seconds;
    return *this;
  }
  push_gateway_options& set_clock_ms(std::int64_t (*clock)()) noexcept {
    clock_ms = clock;
    return *this;
  }
  /// Errors: errc::bad_credentials: a ':' in the user, a control byte, more than max_credential_bytes.
  push_gateway_options& basic_auth(string_view user_name, string_view with_password) noexcept {
    authorization = scheme::basic;
    user = user_name;
    secret = with_password;
    return *this;
  }
  /// Errors: errc::bad_credentials: empty, a blank, or anything but printable ASCII.
  push_gateway_options& bearer_token(string_view token) noexcept {
    authorization = scheme::bearer;
    user = string_view();
    secret = token;
    return *this;
  }
  /// Has all of it carried by the program's own connections: TLS for https, which is refused without.
  /// Errors: errc::transport_failed when one of its functions is missing.
  push_gateway_options& set_transport(const transport& by) noexcept {
    over = by;
    return *this;
  }
  /// Adds a header. Errors: errc::bad_header: no token, or a value that is not one printable line; a header that narthex
  /// writes itself (Host, User-Agent, Content-*, Connection, ...); a second Authorization. errc::too_large beyond max_headers.
  push_gateway_options& header(string_view name, string_view value) noexcept {
    if (header_count < max_headers) {
      header_names[header_count] = name;
      header_values[header_count] = value;
    }
    ++header_count;
    return *this;
  }

  const detail::content_coding* coding = nullptr;
  transport over = transport();
  enum class scheme { none, basic, bearer } authorization = scheme::none;
  string_view user, secret;
  string_view header_names[max_headers], header_values[max_headers];
  unsigned header_count = 0;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_GATEWAY_OPTIONS_HPP
