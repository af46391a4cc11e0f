// narthex/detail/series_key.hpp - label values as a series' identity: hashed, compared, written.
// Room: shelves. Read label.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SERIES_KEY_HPP
#define NARTHEX_DETAIL_SERIES_KEY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/label.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The value of each label of an overflow series. A user who says it means that series.
inline string_view overflow_value() noexcept { return "_overflow_"; }

/// The label values of one call. Two sets are the same series when their exposition text is the same:
/// values are hashed and compared as they will be written, without writing them.
///
/// Nearly all values stand for themselves (is_plain) and are taken as they are, eight bytes at a time; the others as
/// put_safe gives them, piece by piece. Two ways to hash are one function of the text: what put_safe has
/// changed holds a backslash or a byte from 0x80 up, and no plain value does.
class series_key {
 public:
  series_key(const string_view* names, const string_view* values, unsigned arity) noexcept
      : names_(names), values_(values), arity_(arity), plain_(true) {
    std::uint64_t state = 0x9e3779b97f4a7c15u;
    for (unsigned i = 0; i < arity_; ++i) {
      const string_view v = values_[i];
      std::uint64_t with = state ^ v.size();  // {"ab",""} is not {"a","b"}
      bool plain = true;
      for (std::size_t at = 0; plain && at < v.size(); at += 8) {
        const std::uint64_t eight = load_bytes(v.data() + at, v.size() - at);
        plain = are_plain(eight);
        with = mixed(with, eight);
      }
      if (!plain) {
        plain_ = false;
        byte_mixer pieces = {state};
        put_safe(v, quoting::label_value, pieces);
        with = pieces.state;
      }
      state = mixed(with, i);
    }
    hash_ = static_cast<std::uint32_t>(state ^ state >> 32);
  }

  std::uint32_t hash() const noexcept { return hash_; }

  /// Whether a series' text (without constant labels) is this key's.
  bool is(string_view text) const noexcept {
    if (text.empty()) return false;  // room of a fixed family that holds none
    const char* at = text.begin();
    for (unsigned i = 0; i < arity_; ++i) {
      at += (i ? 1 : 0) + names_[i].size() + 2;
      const string_view v = values_[i];
      if (plain_ || is_plain(v)) {
        // The text has a quote right behind an equal value; a longer value has another byte there, and a
        // bare quote only at its end, so nothing is read beyond the text.
        if (static_cast<std::size_t>(text.end() - at) <= v.size() || at[v.size()] != '"' ||
            (!v.empty() && std::memcmp(at, v.data(), v.size()) != 0)) {
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
    for (unsigned i = 0; i < arity_; ++i) n += label_text_size(names_[i], values_[i]);
    return n;
  }
  char* write(char* out) const noexcept {
    for (unsigned i = 0; i < arity_; ++i) {
      if (i) *out++ = ',';
      out = write_label(out, names_[i], values_[i]);
    }
    return out;
  }

 private:
  static std::uint64_t mixed(std::uint64_t state, std::uint64_t eight) noexcept {
    state = (state ^ eight) * 0xbf58476d1ce4e5b9u;
    return state ^ state >> 29;
  }

  struct byte_mixer {
    std::uint64_t state;
    void operator()(const char* data, std::size_t size) noexcept {
      for (; size; --size) state = mixed(state, static_cast<unsigned char>(*data++));
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
  bool plain_;  // all of them
  std::uint32_t hash_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SERIES_KEY_HPP
