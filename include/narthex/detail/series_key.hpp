// narthex/detail/series_key.hpp - label values as a series' identity: hashed, compared, written.
// Room: shelves. Read label.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SERIES_KEY_HPP
#define NARTHEX_DETAIL_SERIES_KEY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/label.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The value of each label of an overflow series. A user who says it means that series.
inline string_view overflow_value() noexcept { return "_overflow_"; }

template <class Word>
Word load_word(const char* from) noexcept {
  Word w;
  std::memcpy(&w, from, sizeof w);
  return w;
}

/// Hashes texts one after the other, their sizes included: {"ab", ""} is not {"a", "b"}.
///
/// Sixteen bytes are one multiplication to twice the width, whose halves are folded together. The state, which begins
/// as the family's own number, stands in both factors: nobody can choose text that makes one of them zero.
class text_hash {
 public:
  explicit text_hash(std::uint64_t seed) noexcept : state_(seed) {}
  void add(string_view text) noexcept {
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left > 16; at += 16, left -= 16) fold_16(at);
    fold_last(at, left, text.size());
  }
  void fold_16(const char* at) noexcept { fold(load_word<std::uint64_t>(at), load_word<std::uint64_t>(at + 8)); }
  /// The last bytes of a text, 16 at most; its size makes texts of one beginning differ.
  void fold_last(const char* at, std::size_t left, std::size_t size) noexcept {
    std::uint64_t a = 0, b = 0;
    if (left >= 8) {
      a = load_word<std::uint64_t>(at);
      b = load_word<std::uint64_t>(at + left - 8);
    } else if (left >= 4) {
      a = load_word<std::uint32_t>(at);
      b = load_word<std::uint32_t>(at + left - 4);
    } else if (left) {
      const auto byte = [at](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])); };
      a = byte(0) << 16 | byte(left / 2) << 8 | byte(left - 1);
    }
    fold(a, b ^ static_cast<std::uint64_t>(size) << 48 ^ size);
  }
  std::uint32_t result() const noexcept { return static_cast<std::uint32_t>(state_ ^ state_ >> 32); }

 private:
  void fold(std::uint64_t a, std::uint64_t b) noexcept {
    const u128 product = multiply(a ^ state_, b ^ (state_ << 32 | state_ >> 32));
    state_ = product.low ^ product.high;
  }
  std::uint64_t state_;
};

/// Whether two pieces of the same size are equal: for short ones, without a call.
inline bool same_bytes(const char* a, const char* b, std::size_t size) noexcept {
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (load_word<std::uint64_t>(a + i) != load_word<std::uint64_t>(b + i)) return false;
    }
    return load_word<std::uint64_t>(a + size - 8) == load_word<std::uint64_t>(b + size - 8);
  }
  if (size >= 4) {
    return ((load_word<std::uint32_t>(a) ^ load_word<std::uint32_t>(b)) |
            (load_word<std::uint32_t>(a + size - 4) ^ load_word<std::uint32_t>(b + size - 4))) == 0;
  }
  return size == 0 || ((a[0] ^ b[0]) | (a[size / 2] ^ b[size / 2]) | (a[size - 1] ^ b[size - 1])) == 0;
}

/// Copies a piece that is short as a rule, without a call.
inline char* put_bytes(char* to, const char* from, std::size_t size) noexcept {
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else if (size) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
  return to + size;
}

/// is_plain, with two overlapping words in place of single bytes.
inline bool is_plain_value(string_view text) noexcept {
  const char* const at = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (!are_plain(load_word<std::uint64_t>(at + i))) return false;
    }
    return are_plain(load_word<std::uint64_t>(at + size - 8));
  }
  if (size >= 4) {
    return are_plain(static_cast<std::uint64_t>(load_word<std::uint32_t>(at)) << 32 | load_word<std::uint32_t>(at + size - 4));
  }
  if (size == 0) return true;
  const auto byte = [at](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])); };
  return are_plain(byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1));
}

/// The label values of one call. Two sets are the same series when their exposition text is the same: values are
/// compared as they will be written, without writing them.
///
/// Escaping keeps different texts different, so the hash is of the values as they are given, but for broken UTF-8: its
/// repaired form is another value's own text.
class series_key {
 public:
  series_key(const string_view* names, const string_view* values, unsigned arity) noexcept
      : names_(names), values_(values), arity_(arity) {}

  static std::uint32_t hash(const string_view* values, unsigned arity, std::uint64_t seed) noexcept {
    text_hash h(seed);
    for (unsigned i = 0; i < arity; ++i) h.add(values[i]);
    return h.result();
  }
  /// The hash of the text, where there is no family.
  std::uint32_t hash() const noexcept {
    enum : std::uint64_t { seed = 0x9e3779b97f4a7c15u };
    for (unsigned i = 0; i < arity_; ++i) {
      if (!is_plain(values_[i])) return repaired_hash(seed);
    }
    return hash(values_, arity_, seed);
  }
  /// The hash of the values once their UTF-8 is repaired.
  std::uint32_t repaired_hash(std::uint64_t seed) const noexcept {
    text_hash h(seed);
    for (unsigned i = 0; i < arity_; ++i) {
      repaired_bytes bytes = {&h, {}, 0, 0};
      put_safe(values_[i], quoting::label_value, bytes);
      h.fold_last(bytes.last, bytes.kept, bytes.size);
    }
    return h.result();
  }

  /// Whether a series' text (without constant labels) is this key's.
  bool is(string_view text) const noexcept {
    if (text.empty()) return false;  // room of a fixed family that holds none
    const char* at = text.begin();
    for (unsigned i = 0; i < arity_; ++i) {
      at += (i ? 1 : 0) + names_[i].size() + 2;
      const string_view v = values_[i];
      if (is_plain_value(v)) {
        // The text has a quote right behind an equal value; a longer value has another byte there, and a
        // bare quote only at its end, so nothing is read beyond the text.
        if (static_cast<std::size_t>(text.end() - at) <= v.size() || at[v.size()] != '"' ||
            !same_bytes(at, v.data(), v.size())) {
          return false;
        }
        at += v.size();
      } else {
        matcher m = {at, text.end(), true};
        put_safe(v, quoting::label_value, m);
        if (!m.same || m.at == text.end() || *m.at != '"') return false;
        at = m.at;
      }
      ++at;
    }
    return at == text.end();
  }

  std::size_t text_size() const noexcept {
    std::size_t n = arity_ ? arity_ - 1 : 0;
    for (unsigned i = 0; i < arity_; ++i) {
      n += names_[i].size() + 3;
      n += is_plain_value(values_[i]) ? values_[i].size() : safe_size(values_[i], quoting::label_value);
    }
    return n;
  }
  char* write(char* out) const noexcept {
    for (unsigned i = 0; i < arity_; ++i) {
      if (i) *out++ = ',';
      out = write_label(out, names_[i], values_[i]);
    }
    return out;
  }
  /// Whether the values stand in a text of this size as they are: whatever escaping and repairing change becomes longer.
  bool is_verbatim(std::size_t size) const noexcept {
    std::size_t n = arity_ ? arity_ - 1 : 0;
    for (unsigned i = 0; i < arity_; ++i) n += names_[i].size() + 3 + values_[i].size();
    return n == size;
  }
  char* write_verbatim(char* out) const noexcept {
    for (unsigned i = 0; i < arity_; ++i) {
      if (i) *out++ = ',';
      out = put_bytes(out, names_[i].data(), names_[i].size());
      *out++ = '=';
      *out++ = '"';
      out = put_bytes(out, values_[i].data(), values_[i].size());
      *out++ = '"';
    }
    return out;
  }
  const string_view* given() const noexcept { return values_; }

 private:
  /// Hands what put_safe gives to the hash as text_hash::add would take it, without the escapes.
  struct repaired_bytes {
    text_hash* to;
    char last[16];
    std::size_t kept, size;
    void operator()(const char* data, std::size_t count) noexcept {
      if (data[0] == '\\') return put(data[1] == 'n' ? '\n' : data[1]);  // a bare backslash is never among them
      for (; count; --count) put(*data++);
    }
    void put(char c) noexcept {
      if (kept == sizeof last) {
        to->fold_16(last);
        kept = 0;
      }
      last[kept++] = c;
      ++size;
    }
  };

  struct matcher {
    const char* at;
    const char* end;
    bool same;
    void operator()(const char* data, std::size_t size) noexcept {
      if (!same || static_cast<std::size_t>(end - at) < size || std::memcmp(at, data, size) != 0) {
        same = false;
        return;
      }
      at += size;
    }
  };

  const string_view* names_;
  const string_view* values_;
  unsigned arity_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SERIES_KEY_HPP
