// narthex/detail/http_response.hpp - the frame of an answer, written piece by piece; no socket, no metric.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_RESPONSE_HPP
#define NARTHEX_DETAIL_HTTP_RESPONSE_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/http_request.hpp"
#include "narthex/sink.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Writes one response and remembers whether anybody still takes it.
///
/// No Date header: narthex has no calendar, and what is asked every 15 seconds is not cached.
/// Source: RFC 9112, sections 4, 6 and 7.1.
class http_response {
 public:
  /// `request` must outlive it.
  http_response(const sink& out, const http_request& request) noexcept
      : out_(out), request_(request), coding_(nullptr), type_(nullptr), scheme_(""), vary_(nullptr), length_(0), code_(0),
        begun_(false), broken_(false), counting_(false) {}

  bool broken() const noexcept { return broken_; }
  int code() const noexcept { return code_; }

  /// A whole answer whose body is what `body(*this)` puts: once to count it, once to write it.
  /// more: further header lines.
  template <class Body>
  void whole(int status_code, const char* type, const char* more, const Body& body) {
    length_ = 0;
    counting_ = true;
    body(*this);
    counting_ = false;
    head(status_code, type);
    put(more);
    put("Content-Length: ");
    put_number(length_, 10);
    put("\r\n\r\n");
    if (request_.wants_body) body(*this);
  }

  /// What metrics are written as: Content-Type is `type` with `scheme` behind it. vary: the headers by which another client
  /// might get something else; null: none.
  void describe_metrics(const char* type, const char* scheme, const char* vary) noexcept {
    type_ = type;
    scheme_ = scheme;
    vary_ = vary;
  }
  /// How they are coded; null: as they are.
  void code_metrics(const char* coding) noexcept { coding_ = coding; }

  /// A body whose length nobody knows yet: chunks for HTTP/1.1, up to the close for HTTP/1.0.
  void begin_metrics() {
    begun_ = true;
    head(200, type_, scheme_);
    if (vary_) {
      put("Vary: ");
      put(vary_);
      put("\r\n");
    }
    if (NARTHEX_HAS(HEAP) && coding_) {
      put("Content-Encoding: ");
      put(coding_);
      put("\r\n");
    }
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
  static const char* reason(int status_code) noexcept {
    switch (status_code) {
      case 200: return "200 OK";
      case 401: return "401 Unauthorized";
      case 404: return "404 Not Found";
      case 405: return "405 Method Not Allowed";
      case 408: return "408 Request Timeout";
      case 413: return "413 Content Too Large";
      case 414: return "414 URI Too Long";
      case 431: return "431 Request Header Fields Too Large";
      case 501: return "501 Not Implemented";
      case 503: return "503 Service Unavailable";
      case 505: return "505 HTTP Version Not Supported";
      default: return "400 Bad Request";
    }
  }
  void head(int status_code, const char* type, const char* type_end = "") {
    code_ = status_code;
    put(request_.minor ? "HTTP/1.1 " : "HTTP/1.0 ");
    put(reason(status_code));
    put("\r\nContent-Type: ");
    put(type);
    put(type_end);
    put(request_.keep_alive ? "\r\n" : "\r\nConnection: close\r\n");
  }

  const sink out_;
  const http_request& request_;
  const char *coding_, *type_, *scheme_, *vary_;
  std::uint64_t length_;
  int code_;
  bool begun_, broken_, counting_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_RESPONSE_HPP
