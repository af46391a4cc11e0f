// narthex/detail/push_url.hpp - where a Pushgateway is: host, port and path prefix, out of a URL.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_URL_HPP
#define NARTHEX_DETAIL_PUSH_URL_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/os/resolve.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/transport.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What every URL leaves as it is.
/// Source: RFC 3986, 2.3 (unreserved).
inline bool is_unreserved(char c) noexcept { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '~'; }

/// "http://host:port/prefix" or "https://...", taken apart; views into the text that was read.
///
/// Source: RFC 3986, 3. No user, query or fragment; an IPv6 address in brackets, without a zone.
struct push_url {
  string_view authority;  ///< host:port as it was written: what the Host header says
  string_view host;       ///< without brackets
  std::uint16_t port;     ///< when the URL has none: 80, or 443 of https
  string_view prefix;     ///< "" or "/a/b"
  transport_target::scheme of;

  push_url() noexcept : port(80), of(transport_target::scheme::http) {}

  /// over: carries https.
  /// Errors: errc::bad_url with the position of the first byte that does not fit; errc::needs_transport.
  status read(string_view text, const transport& over) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] <= 0x20 || text[i] >= 0x7f) return refuse(text, i);
    }
    std::size_t begin = 0;
    while (begin < text.size() && text[begin] != ':' && text[begin] != '/') ++begin;
    if (text.size() - begin >= 3 && text.from(begin).first(3) == "://") {
      if (same_word(text.first(begin), "https")) {
        if (!over.is_set()) return status(errc::needs_transport, shown(text));
        of = transport_target::scheme::https;
        port = 443;
      } else if (!same_word(text.first(begin), "http")) {
        return refuse(text, 0);
      }
      begin += 3;
    } else {
      begin = 0;
    }
    std::size_t end = begin;
    while (end < text.size() && !is_one_of(text[end], "/?#")) ++end;
    std::size_t bad = 0;
    if (!read_authority(text, begin, end, bad)) return refuse(text, bad);
    return read_prefix(text, end);
  }

 private:
  /// Where it returns false, `bad` is the first byte that does not fit, or the end where something is missing.
  bool read_authority(string_view text, std::size_t begin, std::size_t end, std::size_t& bad) noexcept {
    authority = text.from(begin).first(end - begin);
    std::size_t i = begin;
    bad = begin;
    if (i < end && text[i] == '[') {
      while (i < end && text[i] != ']') ++i;
      host = text.from(begin + 1).first(i - begin - 1);
      if (i == end || !os::is_ipv6(host)) return false;
      ++i;
    } else {
      while (i < end && is_unreserved(text[i]) && text[i] != '~') ++i;
      host = text.from(begin).first(i - begin);
      if (host.empty() || host.size() > os::host_addresses::max_name) return false;
    }
    bad = i;
    if (i == end) return true;
    if (text[i] != ':') return false;
    std::uint32_t number = 0;
    for (bad = ++i; i < end; ++i) {
      if (!is_digit(text[i])) bad = i;
      if (!is_digit(text[i]) || (number = number * 10 + static_cast<std::uint32_t>(text[i] - '0')) > 65535) return false;
    }
    port = static_cast<std::uint16_t>(number);
    return number != 0;
  }

  status read_prefix(string_view text, std::size_t begin) noexcept {
    for (std::size_t i = begin; i < text.size(); ++i) {
      const char c = text[i];
      const bool escape = c == '%' && text.size() - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
      if (!escape && !is_unreserved(c) && !is_one_of(c, "/!$&'()*+,;=:@")) return refuse(text, i);
    }
    prefix = text.from(begin);
    while (!prefix.empty() && prefix[prefix.size() - 1] == '/') prefix = prefix.first(prefix.size() - 1);
    // A copied address of a group: a gateway takes "/metrics/job/metrics/job/j", as the group of job "metrics".
    for (std::size_t i = 0; i < prefix.size(); ++i) {
      const string_view group = "/metrics/job";
      std::size_t at = i, same = 0;
      while (same < group.size() && at < prefix.size() && decoded(at) == group[same]) {
        ++same;
        at += prefix[at] == '%' ? 3u : 1u;
      }
      if (same == group.size() && (at == prefix.size() || is_one_of(prefix[at], "/@"))) return refuse(text, begin + i);
    }
    return status();
  }
  char decoded(std::size_t at) const noexcept {
    return prefix[at] == '%' ? static_cast<char>(hex_value(prefix[at + 1]) * 16 + hex_value(prefix[at + 2])) : prefix[at];
  }

  /// A password that somebody has put into the URL must not turn up in a log.
  static string_view shown(string_view text) noexcept {
    for (char c : text) {
      if (c == '@') return "http://...@...";
    }
    std::size_t end = 0;  // nor must a token in a query
    while (end < text.size() && !is_one_of(text[end], "?#")) ++end;
    return text.first(end < text.size() ? end + 1 : end);
  }
  static status refuse(string_view text, std::size_t at) noexcept {
    return status(errc::bad_url, shown(text), static_cast<std::uint32_t>(at));
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_URL_HPP
