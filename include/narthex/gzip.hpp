// narthex/gzip.hpp - expositions compressed as they are written, without a library.
// Room: balconies. Read detail/repeats.hpp and detail/deflate_block.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_GZIP_HPP
#define NARTHEX_GZIP_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/bit_writer.hpp"
#include "narthex/detail/content_coding.hpp"
#include "narthex/detail/crc32.hpp"
#include "narthex/detail/deflate_block.hpp"
#include "narthex/detail/repeats.hpp"
#include "narthex/sink.hpp"

NARTHEX_BEGIN_NAMESPACE

/// A sink in front of a sink: text goes in in pieces of any size, a gzip member comes out.
///
///   static nx::gzip_writer packed(to_file);       // too large for many a stack
///   nx::write_text(packed.input());
///   packed.finish();
///
/// Any bytes are taken. Expositions become 6 to 15 times smaller, at 150 MB/s and more (README); what cannot be compressed grows by at
/// most 24 bytes, and 5 for each 8 KB.
///
/// out:     lives longer than what is written; gets pieces of at most 2 KB, late: up to 40 KB are held back.
/// Memory:  71 KB in place; nothing is allocated. Stack: 6 KB.
/// Threads: one at a time; different writers are independent.
/// Errors:  write() and finish() say false once `out` has; what comes then is dropped. Nothing else fails.
/// Source:  RFC 1951 (deflate), RFC 1952 (gzip).
class gzip_writer {
 public:
  explicit gzip_writer(const sink& out) noexcept : out_(out), begun_(false) {}
  gzip_writer(const gzip_writer&) = delete;
  gzip_writer& operator=(const gzip_writer&) = delete;

  bool write(const char* data, std::size_t size) {
    if (!begun_) begin();
    while (size > 0 && !out_.broken()) {
      const std::size_t room = buffer_bytes - end_, n = size < room ? size : room;
      std::memcpy(text_ + end_, data, n);
      sum_.add(text_ + end_, n);
      end_ += static_cast<unsigned>(n);
      size_ += static_cast<std::uint32_t>(n);
      data += n;
      size -= n;
      if (end_ < buffer_bytes) break;
      pack(more);
      move_up();
    }
    return !out_.broken();
  }
  /// Ends the member and hands everything on. What is written then begins another one, which readers put behind the first.
  /// A member in which nothing was written is one of no bytes.
  bool finish() {
    if (!begun_) begin();
    do pack(last);
    while (begin_ < end_);
    out_.align();
    for (std::uint32_t number : {sum_.value(), size_}) out_.put(number, 32);
    out_.flush();
    begun_ = false;
    return !out_.broken();
  }
  /// For write_text and its like.
  sink input() noexcept {
    const sink s = {&gzip_writer::write_to, this};
    return s;
  }

 private:
  using repeats = detail::repeats;
  enum : unsigned {
    block_bytes = 32768,  // 16 KB lose 2 %, because each has codes of its own; 48 KB gain 0.5 %
    buffer_bytes = repeats::window + block_bytes,
    good_enough = 64  // a repeat that long is not given up for one that begins a byte later
  };
  enum stage { more, last };

  static bool write_to(void* self, const char* data, std::size_t size) {
    return static_cast<gzip_writer*>(self)->write(data, size);
  }

  void begin() {
    begun_ = true;
    begin_ = end_ = 0;
    size_ = 0;
    sum_.restart();
    repeats_.forget();
    // Deflate, no name, no time, from no system in particular.
    for (unsigned byte : {0x1fu, 0x8bu, 8u, 0u, 0u, 0u, 0u, 0u, 0u, 255u}) out_.put_byte(byte);
  }

  /// Makes a block of what is there. Unless it is the last, the end waits for what comes behind it: a repeat may go on.
  void pack(stage at) {
    const unsigned kept = at == last ? unsigned{repeats::ahead} : unsigned{repeats::longest} + repeats::ahead;
    const unsigned stop = end_ > begin_ + kept ? end_ - kept : begin_;
    unsigned now = begin_, literals_from = begin_;
    block_.clear();
    while (now < stop && !block_.is_full()) {
      repeats::repeat found = repeats_.find(text_, now, end_);
      if (found.length == 0) {
        ++now;
        continue;
      }
      unsigned known = now + 1;
      if (found.length < good_enough) {
        const repeats::repeat later = repeats_.find(text_, known, end_);
        if (later.length > found.length + 1) {
          found = later;
          now = known;
        }
        ++known;
      }
      // What was taken for literals may belong to the repeat.
      while (now > literals_from && found.from > 0 && found.length < repeats::longest && text_[now - 1] == text_[found.from - 1]) {
        --now;
        --found.from;
        ++found.length;
      }
      block_.add(text_ + literals_from, now - literals_from, found.length, now - found.from);
      now += found.length;
      literals_from = now;
      repeats_.remember(text_, known, now < end_ - repeats::ahead ? now : end_ - repeats::ahead);
    }
    if (at == last && !block_.is_full()) now = end_;
    if (!block_.is_full() && now > literals_from) block_.add_rest(text_ + literals_from, now - literals_from);
    else now = literals_from;
    block_.write(text_ + begin_, out_, at == last && now == end_);
    begin_ = now;
  }

  /// Makes room behind the text: only the window before the next block is needed.
  void move_up() noexcept {
    static_assert(unsigned{detail::deflate_block::most_steps} * repeats::shortest >= repeats::window, "each block frees some room");
    const unsigned by = begin_ - repeats::window;
    std::memmove(text_, text_ + by, end_ - by);
    repeats_.moved(by);
    begin_ -= by;
    end_ -= by;
  }

  detail::bit_writer out_;
  detail::crc32 sum_;
  std::uint32_t size_;        // modulo 2^32, as the format wants it
  unsigned begin_, end_;      // of what is not packed yet
  bool begun_;
  detail::repeats repeats_;
  detail::deflate_block block_;
  unsigned char text_[buffer_bytes];
};

/// For http_server_options::compress().
inline const detail::content_coding& gzip() noexcept {
  struct local {
    static sink begin(void* memory, const sink& out) { return (new (memory) gzip_writer(out))->input(); }
    static bool end(void* memory) { return static_cast<gzip_writer*>(memory)->finish(); }
  };
  static constexpr detail::content_coding coding = {"gzip", sizeof(gzip_writer), &local::begin, &local::end};
  return coding;
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_GZIP_HPP
