// narthex/detail/protobuf_labels.hpp - a series' ready label text, back as names and values in protobuf.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PROTOBUF_LABELS_HPP
#define NARTHEX_DETAIL_PROTOBUF_LABELS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/chunk_writer.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// a="b",c="d" as fields `label`, 1, of messages LabelPair. Every put_ function gives the end of what it wrote.
///
/// Source: prometheus/client_model, metrics.proto; Protocol Buffers, Encoding.
struct protobuf_labels {
  /// A pair of n bytes, at least 4 and a comma, becomes n + 8 at most, with lengths below 2^28.
  static std::size_t labels_bytes(string_view text) noexcept { return 3 * text.size() + 16; }

  static char* put_labels(char* at, string_view text) noexcept {
    const char *from = text.data(), *const end = from + text.size();
    from = put_short_labels(at, from, end);
    while (from < end) {
      std::size_t name_escapes = 0, value_escapes = 0;
      const char *name = from, *name_end = from;
      if (*from == '"') {
        name_end = end_of_quoted(++name, end, name_escapes);
        from = name_end + 1;
      } else {
        while (*name_end != '=') ++name_end;
        from = name_end;
      }
      const char* const value = from + 2;
      const char* const value_end = end_of_quoted(value, end, value_escapes);
      from = value_end + 2;
      const std::size_t name_size = static_cast<std::size_t>(name_end - name) - name_escapes;
      const std::size_t value_size = static_cast<std::size_t>(value_end - value) - value_escapes;
      *at++ = 0x0a;
      at = put_varint(at, 2 + varint_bytes(name_size) + name_size + varint_bytes(value_size) + value_size);
      *at++ = 0x0a;
      at = put_text(at, name, name_end, name_escapes);
      *at++ = 0x12;
      at = put_text(at, value, value_end, value_escapes);
    }
    return at;
  }

  static char* put_varint(char* at, std::uint64_t value) noexcept {
    for (; value > 0x7f; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    return at;
  }
  static bool is_little_endian() noexcept {
    const std::uint16_t one = 1;
    char first;
    std::memcpy(&first, &one, 1);
    return first == 1;
  }

 private:
  /// The first quote or backslash; there is one.
  static const char* find_special(const char* at, const char* end) noexcept {
    const std::uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    for (; end - at >= 8; at += 8) {
      std::uint64_t eight;
      std::memcpy(&eight, at, 8);
      const std::uint64_t slash = eight ^ ones * '\\', quote = eight ^ ones * '"';
      if ((((slash - ones) & ~slash) | ((quote - ones) & ~quote)) & tops) break;
    }
    while (*at != '"' && *at != '\\') ++at;
    return at;
  }
  /// Where text in quotes ends, from behind the first one.
  static const char* end_of_quoted(const char* at, const char* end, std::size_t& escapes) noexcept {
    escapes = 0;
    for (at = find_special(at, end); *at != '"'; at = find_special(at + 2, end)) ++escapes;
    return at;
  }
  static char* put_unescaped(char* at, const char* from, const char* end) noexcept {
    for (; from != end; ++from) {
      if (*from == '\\') {
        ++from;
        *at++ = *from == 'n' ? '\n' : *from;
      } else {
        *at++ = *from;
      }
    }
    return at;
  }
  static std::size_t varint_bytes(std::size_t size) noexcept {
    std::size_t n = 1;
    for (; size > 0x7f; size >>= 7) ++n;
    return n;
  }
  static char* put_text(char* at, const char* from, const char* end, std::size_t escapes) noexcept {
    at = put_varint(at, static_cast<std::size_t>(end - from) - escapes);
    return escapes ? put_unescaped(at, from, end) : copy_bytes(at, from, static_cast<std::size_t>(end - from));
  }
  /// Where quotes and backslashes are among the first 64 bytes, a bit each, the first byte's the lowest. size: 16 or more.
  struct marks {
    std::uint64_t quotes, slashes;
  };
#if defined(__GNUC__) && defined(__SSE2__)
  static marks marks_of(const char* at, std::size_t size) noexcept {
    typedef char sixteen __attribute__((vector_size(16)));
    const sixteen quote = {'"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"'};
    const sixteen slash = quote + static_cast<char>('\\' - '"');
    marks m = {0, 0};
    const std::size_t last = size < 64 ? size - 16 : 48;
    for (std::size_t i = 0;; i = i + 16 < last ? i + 16 : last) {
      sixteen bytes;
      std::memcpy(&bytes, at + i, sizeof bytes);
      m.quotes |= std::uint64_t{static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(sixteen(bytes == quote)))} << i;
      m.slashes |= std::uint64_t{static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(sixteen(bytes == slash)))} << i;
      if (i == last) return m;
    }
  }
#else
  static marks marks_of(const char* at, std::size_t size) noexcept {
    marks m = {0, 0};
    const std::size_t last = size < 64 ? size - 8 : 56;
    for (std::size_t i = 0;; i = i + 8 < last ? i + 8 : last) {
      std::uint64_t eight;
      std::memcpy(&eight, at + i, sizeof eight);
      m.quotes |= bits_where(eight, '"') << i;
      m.slashes |= bits_where(eight, '\\') << i;
      if (i == last) return m;
    }
  }
  static std::uint64_t bits_where(std::uint64_t eight, char letter) noexcept {
    const std::uint64_t ones = 0x0101010101010101u, low = ones * 0x7f;
    const std::uint64_t apart = eight ^ ones * static_cast<unsigned char>(letter);
    const std::uint64_t tops = ~(((apart & low) + low) | apart | low);  // 0x80 where the letter is, exactly
    return tops / 128 * (is_little_endian() ? 0x0102040810204080u : 0x8040201008040201u) >> 56;
  }
#endif

  /// Pairs that have nothing escaped and 64 bytes at most. name="value becomes the length, the name's length, the name, two bytes
  /// for the two between, the value: copied in one piece.
  static const char* put_short_labels(char*& to, const char* from, const char* end) noexcept {
    char* at = to;
    while (end - from >= 16) {
      marks m = marks_of(from, static_cast<std::size_t>(end - from));
      if (m.slashes || (m.quotes & 1)) break;
      std::size_t begin = 0;
      while (m.quotes & (m.quotes - 1)) {
        const std::size_t open = low_zero_bits(m.quotes);
        m.quotes &= m.quotes - 1;
        const std::size_t close = low_zero_bits(m.quotes);
        m.quotes &= m.quotes - 1;
        const std::size_t name = open - 1 - begin, value = close - open - 1;
        at[0] = 0x0a;
        at[1] = static_cast<char>(name + value + 4);
        at[2] = 0x0a;
        at[3] = static_cast<char>(name);
        char* const behind = copy_bytes(at + 4, from + begin, close - begin);
        at[4 + name] = 0x12;
        at[5 + name] = static_cast<char>(value);
        at = behind;
        begin = close + 2;
      }
      if (begin == 0) break;
      from += begin;
    }
    to = at;
    return from;
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PROTOBUF_LABELS_HPP
