// narthex/detail/http_answer.hpp - what an HTTP server answers, read piece by piece as it comes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ANSWER_HPP
#define NARTHEX_DETAIL_HTTP_ANSWER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/sink.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// One response to one request that was not HEAD: status, framing, where to, and the beginning of the body.
///
/// Understands a length, chunks, and a body that ends with the connection; interim answers (100, 103) before the one that
/// counts; HTTP/1.0 and a bare LF.
/// Memory: in place; what the server sends beyond the limits is an error (head) or dropped (body).
/// Source: RFC 9112, 4 to 7.
class http_answer {
 public:
  enum : std::size_t {
    max_head = 8192,   ///< status lines and headers, interim ones included; chunk sizes and trailers count, too
    max_line = 256,    ///< kept of one line: enough for a status, a framing header and most addresses
    max_kept = 512,    ///< kept of the body
    max_body = 65536   ///< read of the body: more than any gateway has to say
  };

  /// page: takes the whole body of a success, however long; null: its beginning is kept, as of all others.
  explicit http_answer(const sink* page = nullptr) noexcept
      : page_(page), state_(state::status_line), code_(0), seen_(0), line_size_(0), kept_size_(0), body_size_(0), left_(0),
        location_size_(0), framing_(framing::close), begun_(false), is_coded_(false) {}

  /// Takes the next bytes. What comes behind the end is ignored.
  void feed(string_view bytes) noexcept {
    while (!bytes.empty() && state_ != state::done && state_ != state::bad) {
      begun_ = true;
      if (state_ == state::body) {
        const std::size_t n = framing_ == framing::close || bytes.size() < left_ ? bytes.size()
                                                                                  : static_cast<std::size_t>(left_);
        take_body(bytes.first(n));
        bytes = bytes.from(n);
      } else {
        take_byte(bytes[0]);
        bytes = bytes.from(1);
      }
    }
  }
  /// The connection has ended.
  void end() noexcept {
    if (state_ == state::done) return;
    state_ = state_ == state::body && framing_ == framing::close ? state::done : state::bad;
  }

  /// Whether anything came at all.
  bool begun() const noexcept { return begun_; }
  /// The status of the final answer, once its head is complete; 0 before.
  int code() const noexcept { return code_; }
  bool is_complete() const noexcept { return state_ == state::done; }
  /// Not HTTP, cut short, or larger than the limits.
  bool is_bad() const noexcept { return state_ == state::bad; }
  /// The beginning of the body; where the answer is no HTTP, of what came instead.
  string_view words() const noexcept { return code_ ? string_view(kept_, kept_size_) : string_view(line_, line_size_); }
  /// Of a redirect; empty when there is none.
  string_view location() const noexcept { return string_view(location_, location_size_); }

 private:
  enum class state : std::uint8_t { status_line, header, body, chunk_size, chunk_end, trailer, done, bad };
  enum class framing : std::uint8_t { close, length, chunks };

  void take_byte(char c) noexcept {
    if (++seen_ > max_head) {
      state_ = state::bad;
      return;
    }
    if (c != '\n') {
      if (line_size_ < max_line) line_[line_size_++] = c;
      // Some other protocol, which may never send a newline.
      if (state_ == state::status_line && line_size_ <= 7 && c != "HTTP/1."[line_size_ - 1]) state_ = state::bad;
      return;
    }
    string_view line(line_, line_size_);
    if (!line.empty() && line[line.size() - 1] == '\r') line = line.first(line.size() - 1);
    take_line(line);
    if (state_ != state::bad) line_size_ = 0;
  }

  void take_line(string_view line) noexcept {
    switch (state_) {
      case state::status_line: return take_status(line);
      case state::header: return line.empty() ? end_head() : take_header(line);
      case state::chunk_size: return take_chunk_size(line);
      case state::chunk_end: state_ = line.empty() ? state::chunk_size : state::bad; return;
      case state::trailer:
        if (line.empty()) state_ = state::done;
        return;
      case state::body:
      case state::done:
      case state::bad: return;
    }
  }

  void take_status(string_view line) noexcept {  // "HTTP/1.1 200 OK"
    const bool shaped = line.size() >= 12 && is_digit(line[7]) && line[8] == ' ' && line[9] >= '1' && line[9] <= '5' &&
                        is_digit(line[10]) && is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
    interim_ = shaped ? (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0') : 0;
    state_ = shaped && interim_ != 101 ? state::header : state::bad;  // nobody asked for another protocol
    framing_ = framing::close;
    has_length_ = is_coded_ = false;
    location_size_ = 0;
  }

  void take_header(string_view line) noexcept {
    const std::size_t colon = find_char(line, ':');
    if (line[0] == ' ' || line[0] == '\t') return;  // an old-fashioned continuation, of nothing that matters here
    if (colon == line.size()) {
      if (line_size_ < max_line) state_ = state::bad;
      return;
    }
    const string_view name = line.first(colon), value = trim_blanks(line.from(colon + 1));
    if (same_word(name, "content-length")) {
      take_length(value);
    } else if (same_word(name, "transfer-encoding")) {
      // Chunks are the outermost coding, or the end of the connection is the end of the body.
      const bool chunks = value.size() >= 7 && same_word(value.from(value.size() - 7), "chunked");
      framing_ = chunks ? framing::chunks : framing::close;
      is_coded_ = true;
    } else if (same_word(name, "location")) {
      std::memcpy(location_, value.data(), value.size());
      location_size_ = value.size();
    }
  }

  void take_length(string_view digits) noexcept {
    std::uint64_t n = 0;
    bool good = !digits.empty() && digits.size() <= 18;
    for (char c : digits) {
      good = good && is_digit(c);
      n = n * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (!good || (has_length_ && n != length_)) state_ = state::bad;
    has_length_ = true;
    length_ = n;
  }

  void end_head() noexcept {
    if (interim_ < 200) {
      state_ = state::status_line;
      return;
    }
    code_ = interim_;
    if (code_ == 204 || code_ == 304) {
      state_ = state::done;
    } else if (framing_ == framing::chunks) {
      state_ = state::chunk_size;
    } else {
      state_ = state::body;
      if (!has_length_ || is_coded_) return;
      framing_ = framing::length;
      left_ = length_;
      if (left_ == 0) state_ = state::done;
    }
  }

  void take_chunk_size(string_view line) noexcept {
    std::uint64_t n = 0;
    std::size_t i = 0;
    for (; i < line.size() && hex_value(line[i]) >= 0; ++i) n = n * 16 + static_cast<std::uint64_t>(hex_value(line[i]));
    if (i == 0 || i > 15 || (i < line.size() && !is_one_of(line[i], "; \t"))) {
      state_ = state::bad;
      return;
    }
    left_ = n;
    state_ = n == 0 ? state::trailer : state::body;
  }

  void take_body(string_view part) noexcept {
    const std::size_t room = max_kept - kept_size_, keep = part.size() < room ? part.size() : room;
    std::memcpy(kept_ + kept_size_, part.data(), keep);
    kept_size_ += keep;
    const bool is_page = page_ && code_ == 200;
    if (is_page && !page_->write(page_->context, part.data(), part.size())) state_ = state::bad;
    body_size_ += is_page ? 0 : part.size();
    if (framing_ != framing::close) {
      left_ -= part.size();
      if (left_ == 0 && state_ != state::bad) state_ = framing_ == framing::chunks ? state::chunk_end : state::done;
    }
    if (body_size_ > max_body) state_ = state::bad;
  }

  const sink* page_;
  state state_;
  int code_;
  int interim_ = 0;  // of the head that is being read
  std::size_t seen_, line_size_, kept_size_, body_size_;
  std::uint64_t left_;  // of the body, or of this chunk
  std::uint64_t length_ = 0;
  std::size_t location_size_;
  framing framing_;
  bool begun_;
  bool is_coded_;  // has a Transfer-Encoding, which beats a length
  bool has_length_ = false;
  char line_[max_line];
  char location_[max_line];
  char kept_[max_kept];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ANSWER_HPP
