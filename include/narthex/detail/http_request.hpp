// narthex/detail/http_request.hpp - the head of a request, read; no socket, no metric.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_REQUEST_HPP
#define NARTHEX_DETAIL_HTTP_REQUEST_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/http_accept_encoding.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A request's head; `code` is 200 or says why it is refused.
///
/// Source: RFC 9112 (HTTP/1.1), sections 2 to 6 and 9.3.
struct http_request {
  enum : std::size_t { max_body_bytes = 65536 };  // nothing here reads a body: it is only passed over

  int code = 400;
  int minor = 1;               // the answer is HTTP/1.0 or HTTP/1.1
  bool wants_body = true;
  bool keep_alive = false;     // another request may follow; never behind a body, nor behind what was not understood
  std::size_t head_bytes = 0;  // with the empty lines before it and the one that ends it; 0: it does not end
  string_view path;
  string_view query;           // behind the '?'
  string_view host;            // as the client wrote it
  string_view authorization;
  http_accept_encoding encodings;
  string_view fields;          // all header lines
  int scrape_timeout_ms = -1;  // how long the scraper waits for the answer; -1: it did not say

  /// Whether the empty line that ends a head is there.
  static bool is_complete(string_view text) noexcept { return end_of_head(text) != 0; }

  /// Reads the head at the beginning of `text`, which may be no longer than `max_bytes`.
  void read(string_view text, std::size_t max_bytes) noexcept {
    const std::size_t end = end_of_head(text);
    if (end == 0 || end > max_bytes) {
      if (text.size() < max_bytes) return;
      const string_view seen = without_empty_lines(text.first(max_bytes));
      code = find_char(seen, '\n') < seen.size() ? 431 : 414;
      return;
    }
    string_view rest = without_empty_lines(text.first(end));
    string_view line;
    if (!next_line(rest, line) || !read_line(line)) return;
    fields = rest;
    counts seen;
    while (next_line(rest, line)) {
      if (line.empty()) return finish(seen, end);
      const std::size_t colon = find_char(line, ':');
      if (colon == line.size() || !is_token(line.first(colon))) break;  // a folded line, or a blank before the colon
      read_field(line.first(colon), trim_blanks(line.from(colon + 1)), seen);
    }
    code = 400;
  }

  /// Calls take(value) for each header line of that name.
  template <class Take>
  void each(string_view name, Take&& take) const {
    string_view rest = fields, line;
    while (next_line(rest, line)) {
      const std::size_t colon = find_char(line, ':');
      if (colon < line.size() && same_word(line.first(colon), name)) take(trim_blanks(line.from(colon + 1)));
    }
  }

 private:
  struct counts {
    int hosts = 0, authorizations = 0;
    bool has_length = false, has_coding = false, is_bad = false, says_close = false;
    std::size_t length = 0;
  };

  static string_view without_empty_lines(string_view s) noexcept {
    while (!s.empty() && (s[0] == '\r' || s[0] == '\n')) s = s.from(1);
    return s;
  }

  /// How many bytes a whole head takes; 0 when its end is not there.
  static std::size_t end_of_head(string_view all) noexcept {
    const string_view text = without_empty_lines(all);
    const std::size_t before = all.size() - text.size();
    for (std::size_t i = find_char(text, '\n'); i < text.size(); i += 1 + find_char(text.from(i + 1), '\n')) {
      const string_view next = text.from(i + 1);
      if (!next.empty() && next[0] == '\n') return before + i + 2;
      if (next.size() > 1 && next[0] == '\r' && next[1] == '\n') return before + i + 3;
    }
    return 0;
  }

  /// Cuts the next line off `rest`, without its CRLF (or bare LF). Control bytes make it no line.
  static bool next_line(string_view& rest, string_view& line) noexcept {
    const std::size_t n = find_char(rest, '\n');
    if (n == rest.size()) return false;
    line = rest.first(n > 0 && rest[n - 1] == '\r' ? n - 1 : n);
    rest = rest.from(n + 1);
    for (char c : line) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
  }

  void read_field(string_view name, string_view value, counts& seen) noexcept {
    if (same_word(name, "host")) {
      ++seen.hosts;
      host = value;
    } else if (same_word(name, "authorization")) {
      ++seen.authorizations;
      authorization = value;
    } else if (NARTHEX_HAS(HEAP) && same_word(name, "accept-encoding")) {  // nothing is coded without one
      encodings.read(value);
    } else if (NARTHEX_HAS(HEAP) && same_word(name, "x-prometheus-scrape-timeout-seconds")) {  // only collectors want to know
      scrape_timeout_ms = milliseconds(value);
    } else if (same_word(name, "connection")) {
      seen.says_close = seen.says_close || has_word(value, "close");
    } else if (same_word(name, "transfer-encoding")) {
      seen.has_coding = true;
    } else if (same_word(name, "content-length")) {
      std::size_t n = 0;
      seen.is_bad = seen.is_bad || value.empty();
      for (char c : value) {
        seen.is_bad = seen.is_bad || c < '0' || c > '9';
        if (n <= max_body_bytes) n = n * 10 + static_cast<std::size_t>(c - '0');  // larger is too large, whatever follows
      }
      seen.is_bad = seen.is_bad || (seen.has_length && seen.length != n);
      seen.has_length = true;
      seen.length = n;
    }
  }

  /// Of "10", "0.5" or "10.000000" seconds; at most a day, -1 for anything else.
  static int milliseconds(string_view seconds) noexcept {
    const int most = 86400000;
    int whole = 0, part = 0, digit = 1000;
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      const int value = seconds[i] - '0';
      if (seconds[i] == '.' && i > 0 && digit == 1000) {
        digit = 100;
      } else if (!is_digit(seconds[i])) {
        return -1;
      } else if (digit == 1000) {
        whole = whole < most / 1000 ? whole * 10 + value : whole;
      } else {
        part += value * digit;
        digit /= 10;
      }
    }
    return seconds.empty() ? -1 : whole < most / 1000 ? whole * 1000 + part : most;
  }

  void finish(const counts& seen, std::size_t end) noexcept {
    // 3.2: without exactly one Host, HTTP/1.1 must be refused. 6.3: two lengths are an attempt to smuggle.
    if (code == 200 && (seen.hosts > 1 || (seen.hosts == 0 && minor >= 1))) code = 400;
    if (seen.is_bad || (seen.has_length && seen.has_coding) || seen.authorizations > 1) code = 400;
    if (code == 200 && seen.has_coding) code = 501;
    if (code == 200 && seen.length > max_body_bytes) code = 413;
    head_bytes = end;
    keep_alive = (code == 200 || code == 405) && minor >= 1 && !seen.says_close && !seen.has_coding && seen.length == 0;
  }

  bool refuse() noexcept {
    code = 400;
    return false;
  }

  /// "GET /metrics?name HTTP/1.1". False: nonsense, and `code` stays 400.
  bool read_line(string_view line) noexcept {
    const std::size_t first = find_char(line, ' ');
    if (first == line.size()) return false;
    const string_view method = line.first(first);
    line = line.from(first + 1);
    const std::size_t second = find_char(line, ' ');
    if (second == line.size() || second == 0) return false;
    string_view target = line.first(second);
    const string_view v = line.from(second + 1);
    if (!is_token(method) || v.size() != 8 || v.first(5) != "HTTP/" || v[6] != '.') return false;
    if (v[5] < '0' || v[5] > '9' || v[7] < '0' || v[7] > '9') return false;
    code = 200;
    wants_body = method != "HEAD";
    if (v[5] != '1') {
      code = 505;
      return true;
    }
    minor = v[7] == '0' ? 0 : 1;
    if (wants_body && method != "GET") {
      code = 405;
      return true;
    }
    const std::size_t scheme = find_char(target, ':');
    if (same_word(target.first(scheme), "http") || same_word(target.first(scheme), "https")) {
      target = target.from(scheme);
      if (target.size() < 4 || target.first(3) != "://" || target[3] == '/') return refuse();
      target = target.from(3);
      std::size_t authority = 0;
      while (authority < target.size() && target[authority] != '/' && target[authority] != '?') ++authority;
      read_path(target.from(authority));
      if (path.empty()) path = "/";
      return true;
    }
    read_path(target);
    if (path.empty() || path[0] != '/') return refuse();
    return true;
  }

  void read_path(string_view target) noexcept {
    const std::size_t mark = find_char(target, '?');
    path = target.first(mark);
    if (mark < target.size()) query = target.from(mark + 1);
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_REQUEST_HPP
