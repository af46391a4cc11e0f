// narthex/detail/chunk_writer.hpp - the bytes of an exposition on their way to a sink, a chunk at a time.
// Room: print shop. Read walk.hpp and sink.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CHUNK_WRITER_HPP
#define NARTHEX_DETAIL_CHUNK_WRITER_HPP

#include <cstddef>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/sink.hpp"
#include "narthex/string_view.hpp"
#include "narthex/walk.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Bytes on their way to a sink, in a caller's chunk; a walk rests while the sink runs.
class chunk_writer {
 public:
  chunk_writer(const sink& to, walk& series, char* chunk, std::size_t size) noexcept
      : to_(to), walk_(series), begin_(chunk), at_(chunk), end_(chunk + size), open_(true) {}

  NARTHEX_DETAIL_SMALL void put(char letter) {
    if (at_ == end_) flush();
    *at_++ = letter;
  }
  NARTHEX_DETAIL_NOINLINE void operator()(const char* data, std::size_t size) {
#if NARTHEX_HAS(TINY)
    for (; size; --size) put(*data++);
#else
    while (size > left()) {
      const std::size_t part = left();
      if (part) std::memcpy(at_, data, part);
      at_ += part;
      data += part;
      size -= part;
      flush();
    }
    if (size) std::memcpy(at_, data, size);
    at_ += size;
#endif
  }
  void operator()(string_view text) { (*this)(text.data(), text.size()); }
  /// Up to its NUL.
  NARTHEX_DETAIL_SMALL void words(const char* text) {
#if NARTHEX_HAS(TINY)
    while (*text) put(*text++);
#else
    (*this)(text, std::strlen(text));
#endif
  }

  /// Whether `size` bytes can be written at once, from at() up to what done() is told. Where there is no heap, the code
  /// for that is left out: there bytes count.
  bool has_room(std::size_t size) const noexcept { return NARTHEX_HAS(HEAP) && NARTHEX_DETAIL_LIKELY(size <= left()); }
  char* at() const noexcept { return at_; }
  void done(char* end) noexcept {
    at_ = end;
    // Into a large buffer, lines wait for memory otherwise, and a histogram's locked instructions for the lines.
    NARTHEX_DETAIL_FETCH(end, 2048, 1);
    NARTHEX_DETAIL_FETCH(end, 2048 + 64, 1);
  }

  void flush() {
    walk_.rest();
    if (open_ && at_ != begin_) open_ = to_.write(to_.context, begin_, static_cast<std::size_t>(at_ - begin_));
    at_ = begin_;
  }
  bool is_open() const noexcept { return open_; }
  walk& source() const noexcept { return walk_; }

  /// Goes on in another chunk; for the sink, with what was written into the one before.
  void use(char* chunk, std::size_t size) noexcept {
    begin_ = chunk;
    end_ = chunk + size;
  }

 private:
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  const sink& to_;
  walk& walk_;
  char *begin_, *at_, *end_;
  bool open_;
};

/// Copies in moves that overlap, mostly without a loop: a call to memcpy costs more than a label's text. Returns the end.
inline char* copy_bytes(char* to, const char* data, std::size_t size) noexcept {
  char* const to_end = to + size;
  const char* const end = data + size;
  if (size >= 32) {
    std::memcpy(to, data, 16);
    std::memcpy(to + 16, data + 16, 16);
    for (std::size_t done = 32; done + 32 < size; done += 16) std::memcpy(to + done, data + done, 16);
    std::memcpy(to_end - 32, end - 32, 16);
    std::memcpy(to_end - 16, end - 16, 16);
  } else if (size >= 16) {
    std::memcpy(to, data, 16);
    std::memcpy(to_end - 16, end - 16, 16);
  } else if (size >= 8) {
    std::memcpy(to, data, 8);
    std::memcpy(to_end - 8, end - 8, 8);
  } else {
    for (; to != to_end; ++to, ++data) *to = *data;
  }
  return to_end;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CHUNK_WRITER_HPP
