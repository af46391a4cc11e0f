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
/// Nearly all values stand for themselves (is_plain): those are compared as they are.
class series_key {
 public:
  series_key(const string_view* names, const string_view* values, unsigned arity) noexcept
      : names_(names), values_(values), arity_(arity), hash_(0) {
    mixer m;
    for (unsigned i = 0; i < arity_; ++i) {
      if (is_plain(values_[i])) m(values_[i].data(), values_[i].size());
      else put_safe(values_[i], quoting::label_value, m);
      m("\"", 1);  // a byte that no written value holds bare: {"ab",""} is not {"a","b"}
    }
    hash_ = m.result();
  }

  std::uint32_t hash() const noexcept { return hash_; }

  /// Whether a series' text (without constant labels) is this key's.
  bool is(string_view text) const noexcept {
    const char* at = text.begin();
    for (unsigned i = 0; i < arity_; ++i) {
      at += (i ? 1 : 0) + names_[i].size() + 2;
      const string_view v = values_[i];
      if (is_plain(v)) {
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
  /// Mixes bytes eight at a time, whatever pieces they come in.
  class mixer {
   public:
    mixer() noexcept : state_(0x9e3779b97f4a7c15u), part_(0), have_(0) {}
    void operator()(const char* data, std::size_t size) noexcept {
      for (; size && have_; --size) byte(*data++);
      for (; size >= 8; size -= 8, data += 8) {
        std::uint64_t eight;
        std::memcpy(&eight, data, 8);
        mix(eight);
      }
      for (; size; --size) byte(*data++);
    }
    std::uint32_t result() noexcept {
      mix(part_ | static_cast<std::uint64_t>(have_) << 56);
      return static_cast<std::uint32_t>(state_ ^ state_ >> 32);
    }

   private:
    void byte(char c) noexcept {
      // In the order of memory, so that a piece of eight mixes the same.
      const unsigned char b = static_cast<unsigned char>(c);
      unsigned char all[8];
      std::memcpy(all, &part_, 8);
      all[have_] = b;
      std::memcpy(&part_, all, 8);
      if (++have_ == 8) {
        mix(part_);
        part_ = 0;
        have_ = 0;
      }
    }
    void mix(std::uint64_t eight) noexcept {
      state_ = (state_ ^ eight) * 0xbf58476d1ce4e5b9u;
      state_ ^= state_ >> 29;
    }
    std::uint64_t state_, part_;
    unsigned have_;
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
  std::uint32_t hash_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SERIES_KEY_HPP
