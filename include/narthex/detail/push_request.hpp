// narthex/detail/push_request.hpp - what every request to one group has in common, checked and made ready once.
// Room: balconies. Read detail/push_url.hpp and detail/group_path.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_REQUEST_HPP
#define NARTHEX_DETAIL_PUSH_REQUEST_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/base64.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/content_coding.hpp"
#include "narthex/detail/group_path.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/detail/push_gateway_options.hpp"
#include "narthex/detail/push_url.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/transport.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Address, path, headers and limits of the requests to one group.
class push_request {
 public:
  int timeout_ms = 0, connect_timeout_ms = 0;
  std::size_t max_body_bytes = 0;
  std::uint16_t port = 80;
  transport_target::scheme scheme = transport_target::scheme::http;
  transport over = transport();
  const content_coding* coding = nullptr;

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(SYSTEM)
  status prepare(string_view url, const group_path& key, const push_gateway_options& options) noexcept {
    timeout_ms = options.timeout_ms > 1 ? options.timeout_ms : 1;
    connect_timeout_ms = options.connect_timeout_ms > 1 ? options.connect_timeout_ms : 1;
    max_body_bytes = options.max_body_bytes;
    coding = options.coding;
    over = options.over;
    if (over.is_set() && !over.is_complete()) return status(errc::transport_failed, "a function of the transport is missing");
    push_url where;
    status s = where.read(url, over);
    if (s.ok()) s = key.validate();
    if (s.ok()) s = validate(options);
    if (!s.ok()) return s;
    port = where.port;
    scheme = where.of;
    byte_buffer& t = text_;
    bool fits = t.append(scheme == transport_target::scheme::https ? "https://" : "http://") && t.append(where.authority);
    path_at_ = t.size();
    fits = fits && t.append(where.prefix);
    group_at_ = t.size();
    fits = fits && key.write_path(t);
    host_at_ = t.size();
    fits = fits && t.append(where.host);
    names_at_ = t.size();
    fits = fits && key.write_names(t);
    labels_at_ = t.size();
    fits = fits && key.write_labels(t);
    shown_at_ = t.size();
    fits = fits && key.write_shown_labels(t);
    headers_at_ = t.size();
    fits = fits && t.append("\r\nHost: ") && t.append(where.authority) && t.append("\r\nUser-Agent: narthex/") &&
           put_number(t, NARTHEX_VERSION_MAJOR) && t.append(".") && put_number(t, NARTHEX_VERSION_MINOR) && t.append(".") &&
           put_number(t, NARTHEX_VERSION_PATCH) && put_authorization(t, options);
    for (unsigned i = 0; i < options.header_count; ++i) {
      fits = fits && put_header(t, options.header_names[i], options.header_values[i]);
    }
    if (!fits) t.clear();
    return fits ? status() : status(errc::no_memory, "push_gateway");
  }
#else
  status prepare(string_view, const group_path&, const push_gateway_options&) noexcept {
    return status(errc::unsupported, "push_gateway");
  }
#endif

  /// "http://host:port/prefix/metrics/job/j/a/1", for people; "" when prepare() has refused.
  string_view address() const noexcept { return part(0, host_at_); }
  string_view host() const noexcept { return part(host_at_, names_at_); }
  /// Of the grouping key, each with a NUL behind it.
  string_view names() const noexcept { return part(names_at_, labels_at_); }
  /// "/metrics/job/j/a/1"
  string_view group() const noexcept { return part(group_at_, host_at_); }
  /// a="1",job="j": of each series of the group; and as a gateway shows them of the group itself.
  string_view labels() const noexcept { return part(labels_at_, shown_at_); }
  string_view shown_labels() const noexcept { return part(shown_at_, headers_at_); }

  /// path:  behind the URL's prefix: group(), or what else a gateway answers to.
  /// coded: how the body is; null: not at all.
  /// Errors: false without memory.
  bool write_head(string_view verb, string_view path, std::size_t body_size, const content_coding* coded, byte_buffer& out) const noexcept {
    // The length also of nothing: a PUT that a proxy passes on without one would be read as empty, and wipe the group.
    return out.append(verb) && out.append(" ") && out.append(part(path_at_, group_at_)) && out.append(path) && out.append(" HTTP/1.1") &&
           out.append(text_.text().from(headers_at_)) &&
           out.append("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8") &&
           (!coded || put_header(out, "Content-Encoding", coded->name)) && out.append("\r\nContent-Length: ") &&
           put_number(out, body_size) && out.append("\r\nConnection: close\r\n\r\n");
  }

 private:
  string_view part(std::size_t begin, std::size_t end) const noexcept {
    return text_.size() == 0 ? string_view("") : text_.text().from(begin).first(end - begin);
  }

  static bool put_number(byte_buffer& out, std::uint64_t number) noexcept {
    char digits[max_u64_chars];
    return out.append(string_view(digits, static_cast<std::size_t>(write_u64(digits, number) - digits)));
  }
  static bool put_header(byte_buffer& out, string_view name, string_view value) noexcept {
    return out.append("\r\n") && out.append(name) && out.append(": ") && out.append(value);
  }

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(SYSTEM)
  using options_t = push_gateway_options;

  static bool put_authorization(byte_buffer& out, const options_t& o) noexcept {
    if (o.authorization == options_t::scheme::none) return true;
    if (o.authorization == options_t::scheme::bearer) return put_header(out, "Authorization", "Bearer ") && out.append(o.secret);
    byte_buffer both;
    if (!both.append(o.user) || !both.append(":") || !both.append(o.secret)) return false;
    const std::size_t size = base64_size(both.size(), base64::padded);
    char* const coded = static_cast<char*>(allocate(size));
    if (!coded) return false;
    write_base64(coded, both.text(), base64::padded);
    const bool fits = put_header(out, "Authorization", "Basic ") && out.append(string_view(coded, size));
    release(coded);
    return fits;
  }

  /// Printable ASCII, and with it blanks (0x20) where they may be, and any byte from 0x80 up.
  static bool is_clean(string_view text, char lowest, unsigned char highest) noexcept {
    for (char c : text) {
      const unsigned char byte = static_cast<unsigned char>(c);
      if (byte < static_cast<unsigned char>(lowest) || byte == 0x7f || byte > highest) return false;
    }
    return true;
  }

  static status validate(const options_t& o) noexcept {
    const std::uint32_t most = options_t::max_credential_bytes;
    const bool basic = o.authorization == options_t::scheme::basic;
    bool colon = false;
    for (char c : o.user) colon = colon || c == ':';
    // RFC 7617: no colon in the user, no control bytes; base64 hides the rest. RFC 6750: a token is bare ASCII.
    if (basic && (colon || o.user.size() > most || !is_clean(o.user, ' ', 0xff))) return status(errc::bad_credentials, "user", most);
    if (basic && (o.secret.size() > most || !is_clean(o.secret, ' ', 0xff))) return status(errc::bad_credentials, "password", most);
    if (o.authorization == options_t::scheme::bearer && (o.secret.empty() || o.secret.size() > most || !is_clean(o.secret, '!', 0x7e))) {
      return status(errc::bad_credentials, "token", most);
    }
    if (o.header_count > options_t::max_headers) return status(errc::too_large, "headers", options_t::max_headers);
    bool authorized = o.authorization != options_t::scheme::none;
    for (unsigned i = 0; i < o.header_count; ++i) {
      const string_view name = o.header_names[i], value = o.header_values[i];
      const bool good = is_token(name) && is_clean(value, ' ', 0x7e) && !is_ours(name);
      const bool is_authorization = same_word(name, "authorization");
      if (!good || (is_authorization && authorized)) {
        std::size_t shown = 0;  // a whole line given as a name may hold a secret
        while (shown < name.size() && is_token(name.from(shown).first(1))) ++shown;
        return status(errc::bad_header, name.first(shown));
      }
      authorized = authorized || is_authorization;
    }
    return status();
  }

  /// What frames the request or says what is in it: a second one would make two requests of one.
  static bool is_ours(string_view name) noexcept {
    const string_view ours[] = {"host", "user-agent", "connection", "keep-alive", "proxy-connection", "transfer-encoding",
                                "te", "trailer", "upgrade", "expect", "content-length", "content-type", "content-encoding",
                                "content-range"};
    for (string_view one : ours) {
      if (same_word(name, one)) return true;
    }
    return false;
  }
#endif

  byte_buffer text_;  // address (with the path at its end), host, names, labels, headers
  std::size_t path_at_ = 0, group_at_ = 0, host_at_ = 0, names_at_ = 0, labels_at_ = 0, shown_at_ = 0, headers_at_ = 0;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_REQUEST_HPP
