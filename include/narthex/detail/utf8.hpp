// narthex/detail/utf8.hpp - text made safe for a scrape: UTF-8 repaired, then escaped.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_UTF8_HPP
#define NARTHEX_DETAIL_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The length of the well-formed UTF-8 sequence at `s`, or 0 when the byte there begins none.
/// Source: Unicode 15, table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF).
NARTHEX_DETAIL_SMALL std::size_t utf8_length(const char* s, std::size_t size) noexcept {
  const unsigned char a = static_cast<unsigned char>(s[0]);
  if (a < 0x80) return 1;
  const std::size_t n = a >= 0xc2 && a <= 0xdf ? 2 : (a & 0xf0) == 0xe0 ? 3 : a >= 0xf0 && a <= 0xf4 ? 4 : 0;
  if (n == 0 || n > size) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((static_cast<unsigned char>(s[i]) & 0xc0) != 0x80) return 0;
  }
  const unsigned char b = static_cast<unsigned char>(s[1]);
  if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f)) {
    return 0;
  }
  return n;
}

constexpr char hex_digit(unsigned value) noexcept { return static_cast<char>(value + (value < 10 ? '0' : 'a' - 10)); }

enum class quoting { label_value, help, none };  // a double quote is escaped in a label value, raw in HELP; none: all is raw

/// Whether eight bytes all stand for themselves: ASCII without backslash, newline and quote. A byte of
/// `eight ^ all_of(c)` is 0 where there is a c, and subtracting 1 from a 0 borrows its top bit.
inline bool are_plain(std::uint64_t eight) noexcept {
  const std::uint64_t ones = 0x0101010101010101u, tops = ones << 7;
  const std::uint64_t slash = eight ^ ones * '\\', quote = eight ^ ones * '"', line = eight ^ ones * '\n';
  const std::uint64_t special = ((slash - ones) & ~slash) | ((quote - ones) & ~quote) | ((line - ones) & ~line);
  return ((eight | special) & tops) == 0;
}

/// Up to eight bytes as one number, the missing ones 0. In the order of memory: for hashing, not for arithmetic.
inline std::uint64_t load_bytes(const char* from, std::size_t size) noexcept {
  std::uint64_t eight = 0;
  if (size >= 8) {
    std::memcpy(&eight, from, 8);
  } else {
    unsigned char all[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<unsigned char>(from[i]);
    std::memcpy(&eight, all, 8);
  }
  return eight;
}

/// Whether the text stands for itself, as nearly every label value does.
inline bool is_plain(string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); i += 8) {
    if (!are_plain(load_bytes(text.data() + i, text.size() - i))) return false;
  }
  return true;
}

/// Calls `put(const char*, size_t)` with the repaired and escaped text, piece by piece.
///
/// A byte that is not part of well-formed UTF-8 becomes U+FFFD and its two hexadecimal digits, so
/// that two different broken values stay two different values.
/// Source: Prometheus exposition formats, text 0.0.4, "Comments, help text, and type information".
inline void put_safe(string_view text, quoting form, void (*put)(void*, const char*, std::size_t), void* to) {
  const char *at = text.data(), *const end = at + text.size();
  for (;;) {
    const char* const begin = at;
    std::size_t n = 1;
    for (; at != end; at += n) {
      n = utf8_length(at, static_cast<std::size_t>(end - at));
      if (n == 0 || (form != quoting::none && (*at == '\\' || *at == '\n' || (*at == '"' && form == quoting::label_value)))) break;
    }
    if (at != begin) put(to, begin, static_cast<std::size_t>(at - begin));
    if (at == end) return;
    const char letter = *at++;
    char piece[2] = {'\\', letter == '\n' ? 'n' : letter};
    if (n == 0) {
      const unsigned byte = static_cast<unsigned char>(letter);
      put(to, "\xef\xbf\xbd", 3);
      piece[0] = hex_digit(byte >> 4);
      piece[1] = hex_digit(byte & 15);
    }
    put(to, piece, sizeof piece);
  }
}

template <class Put>
void put_safe(string_view text, quoting form, Put& to) {
  put_safe(text, form, [](void* put, const char* data, std::size_t size) { (*static_cast<Put*>(put))(data, size); }, &to);
}

/// How many bytes put_safe would write.
inline std::size_t safe_size(string_view text, quoting form) noexcept {
  if (is_plain(text)) return text.size();
  struct {
    std::size_t n;
    void operator()(const char*, std::size_t size) noexcept { n += size; }
  } count = {0};
  put_safe(text, form, count);
  return count.n;
}

/// Writes what put_safe gives and returns the end; the caller made room by safe_size.
inline char* write_safe(char* out, string_view text, quoting form) noexcept {
  if (is_plain(text)) {
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    return out + text.size();
  }
  struct {
    char* p;
    void operator()(const char* data, std::size_t size) noexcept {
      std::memcpy(p, data, size);
      p += size;
    }
  } copy = {out};
  put_safe(text, form, copy);
  return copy.p;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_UTF8_HPP
