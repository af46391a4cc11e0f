// narthex/detail/http.hpp - a request's head read, a response's frame written; no socket, no metric.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_HPP
#define NARTHEX_DETAIL_HTTP_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/base64.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/sink.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

// ---- the request ----

/// A request's head, read; `code` is 200 or says why it is refused.
struct http_request {
  int code = 400;
  int minor = 1;        // the answer is HTTP/1.0 or HTTP/1.1
  bool wants_body = true;
  string_view path;
  string_view host;     // as the client wrote it

  static bool is_token(string_view s) noexcept {
    for (char c : s) {
      const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (!alnum && (c == '\0' || !std::strchr("!#$%&'*+-.^_`|~", c))) return false;
    }
    return !s.empty();
  }

  static bool same_word(string_view a, const char* lower) noexcept {
    for (char c : a) {
      if (*lower == '\0' || (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != *lower++) return false;
    }
    return *lower == '\0';
  }

  static std::size_t find(string_view s, char wanted) noexcept {
    std::size_t i = 0;
    while (i < s.size() && s[i] != wanted) ++i;
    return i;
  }

  /// Cuts the next line off `rest`, without its CRLF (or bare LF). Control bytes make it no line.
  static bool next_line(string_view& rest, string_view& line) noexcept {
    const std::size_t n = find(rest, '\n');
    if (n == rest.size()) return false;
    line = rest.first(n > 0 && rest[n - 1] == '\r' ? n - 1 : n);
    rest = rest.from(n + 1);
    for (char c : line) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
  }

  static string_view without_empty_lines(string_view s) noexcept {
    while (!s.empty() && (s[0] == '\r' || s[0] == '\n')) s = s.from(1);
    return s;
  }

  /// Whether the empty line that ends a head is there.
  static bool is_complete(string_view text) noexcept {
    text = without_empty_lines(text);
    for (std::size_t i = find(text, '\n'); i < text.size(); i += 1 + find(text.from(i + 1), '\n')) {
      const string_view next = text.from(i + 1);
      if (!next.empty() && (next[0] == '\n' || (next[0] == '\r' && next.size() > 1 && next[1] == '\n'))) return true;
    }
    return false;
  }

  void read(string_view text, std::size_t max_bytes) noexcept {
    const bool too_long = text.size() >= max_bytes;
    if (too_long) text = text.first(max_bytes);
    const bool complete = is_complete(text);
    text = without_empty_lines(text);
    if (!complete) {
      if (too_long) code = find(text, '\n') < text.size() ? 431 : 414;
      return;
    }
    string_view line;
    if (!next_line(text, line) || !read_line(line)) return;
    int hosts = 0;
    while (next_line(text, line)) {
      if (line.empty()) {
        // RFC 9112, 3.2: without exactly one Host, HTTP/1.1 must be refused.
        if (code == 200 && hosts != 1 && (minor >= 1 || hosts > 1)) code = 400;
        return;
      }
      const std::size_t colon = find(line, ':');
      if (colon == line.size() || !is_token(line.first(colon))) break;  // a folded line, or a blank before the colon
      if (same_word(line.first(colon), "host")) {
        ++hosts;
        host = trim(line.from(colon + 1));
      }
    }
    code = 400;
  }

 private:
  static string_view trim(string_view s) noexcept {
    while (!s.empty() && (s[0] == ' ' || s[0] == '\t')) s = s.from(1);
    while (!s.empty() && (s[s.size() - 1] == ' ' || s[s.size() - 1] == '\t')) s = s.first(s.size() - 1);
    return s;
  }

  bool refuse() noexcept {
    code = 400;
    return false;
  }

  /// "GET /metrics?name HTTP/1.1". False: nonsense, and `code` stays 400.
  bool read_line(string_view line) noexcept {
    const std::size_t first = find(line, ' ');
    if (first == line.size()) return false;
    const string_view method = line.first(first);
    line = line.from(first + 1);
    const std::size_t second = find(line, ' ');
    if (second == line.size() || second == 0) return false;
    string_view target = line.first(second);
    const string_view v = line.from(second + 1);
    if (!is_token(method) || v.size() != 8 || v.first(5) != "HTTP/" || v[6] != '.') return false;
    if (v[5] < '0' || v[5] > '9' || v[7] < '0' || v[7] > '9') return false;
    code = 200;
    if (v[5] != '1') {
      code = 505;
      return true;
    }
    minor = v[7] == '0' ? 0 : 1;
    wants_body = method != "HEAD";
    if (wants_body && method != "GET") {
      code = 405;
      return true;
    }
    const std::size_t scheme = find(target, ':');
    if (same_word(target.first(scheme), "http") || same_word(target.first(scheme), "https")) {
      target = target.from(scheme);
      if (target.size() < 4 || target.first(3) != "://" || target[3] == '/') return refuse();
      target = target.from(3);
      std::size_t authority = 0;
      while (authority < target.size() && target[authority] != '/' && target[authority] != '?') ++authority;
      target = target.from(authority);
      path = target.first(find(target, '?'));
      if (path.empty()) path = "/";
      return true;
    }
    path = target.first(find(target, '?'));
    if (path.empty() || path[0] != '/') return refuse();
    return true;
  }
};

// ---- the answer ----

/// Writes one response, piece by piece, and remembers whether anybody still takes it.
class http_response {
 public:
  http_response(const sink& out, const http_request& request) noexcept
      : out_(out), request_(request), length_(0), begun_(false), broken_(false), counting_(false) {}

  bool begun() const noexcept { return begun_; }
  bool broken() const noexcept { return broken_; }

  /// A whole answer whose body is what `body(*this)` puts: once to count it, once to write it.
  template <class Body>
  void whole(int code, const char* type, const Body& body) {
    counting_ = true;
    body(*this);
    counting_ = false;
    head(code, type);
    put("Content-Length: ");
    put_number(length_, 10);
    put("\r\n\r\n");
    if (request_.wants_body) body(*this);
  }

  /// A body whose length nobody knows yet: chunks for HTTP/1.1, up to the close for HTTP/1.0.
  void begin_metrics() {
    begun_ = true;
    head(200, "text/plain; version=0.0.4; charset=utf-8");
    put(request_.minor ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
  }
  void end_metrics() {
    if (!begun_) begin_metrics();
    if (request_.minor && request_.wants_body) put("0\r\n\r\n");
  }
  static bool chunk(void* self, const char* data, std::size_t size) {
    http_response& r = *static_cast<http_response*>(self);
    if (size == 0) return true;  // an empty chunk would be the end
    if (!r.begun_) r.begin_metrics();
    if (r.request_.minor) {
      r.put_number(size, 16);
      r.put("\r\n");
    }
    r.put(string_view(data, size));
    if (r.request_.minor) r.put("\r\n");
    return !r.broken_;
  }

  void put(string_view text) {
    if (counting_) {
      length_ += text.size();
    } else if (!broken_ && !text.empty()) {
      broken_ = !out_.write(out_.context, text.data(), text.size());
    }
  }
  void put_number(std::uint64_t number, unsigned base) {
    char digits[20];
    std::size_t i = sizeof digits;
    do digits[--i] = "0123456789abcdef"[number % base];
    while (number /= base);
    put(string_view(digits + i, sizeof digits - i));
  }
  void put_html(string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      put(c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : text.from(i).first(1));
    }
  }

 private:
  static const char* reason(int code) noexcept {
    switch (code) {
      case 200: return "200 OK";
      case 404: return "404 Not Found";
      case 405: return "405 Method Not Allowed";
      case 408: return "408 Request Timeout";
      case 414: return "414 URI Too Long";
      case 431: return "431 Request Header Fields Too Large";
      case 500: return "500 Internal Server Error";
      case 505: return "505 HTTP Version Not Supported";
      default: return "400 Bad Request";
    }
  }
  void head(int code, const char* type) {
    put(request_.minor ? "HTTP/1.1 " : "HTTP/1.0 ");
    put(reason(code));
    put("\r\nContent-Type: ");
    put(type);
    put(code == 405 ? "\r\nAllow: GET, HEAD\r\nConnection: close\r\n" : "\r\nConnection: close\r\n");
  }

  const sink& out_;
  const http_request& request_;
  std::uint64_t length_;
  bool begun_, broken_, counting_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_HPP
