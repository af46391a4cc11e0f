// narthex/string_view.hpp - a view of characters that is the same type under every -std.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_STRING_VIEW_HPP
#define NARTHEX_STRING_VIEW_HPP

#include <cstddef>
#include <cstring>

#include "narthex/config.hpp"

#if NARTHEX_HAS(HEAP)
#include <string>
#endif
#if NARTHEX_HAS(STD_STRING_VIEW)
#include <string_view>
#endif

NARTHEX_BEGIN_NAMESPACE

/// Points at characters owned by somebody else; converts from every kind of string.
///
/// Threads: a value; copy it freely.
/// Memory:  a pointer and a length; never allocates, never terminates with NUL.
class string_view {
 public:
  constexpr string_view() noexcept : data_(nullptr), size_(0) {}
  constexpr string_view(const char* text, std::size_t length) noexcept : data_(text), size_(length) {}

  /// Views a C string up to its NUL; a null pointer is the empty string.
#if defined(__GNUC__)  // a literal's length is a constant, and so is what is made of it
  NARTHEX_DETAIL_INLINE constexpr string_view(const char* text) noexcept : data_(text), size_(text ? __builtin_strlen(text) : 0) {}
#else
  string_view(const char* text) noexcept : data_(text), size_(text ? std::strlen(text) : 0) {}
#endif

#if NARTHEX_HAS(HEAP)
  string_view(const std::string& text) noexcept : data_(text.data()), size_(text.size()) {}
  /// Copies the characters. The one call of this class that may throw: std::bad_alloc.
  std::string str() const { return std::string(data_ ? data_ : "", size_); }
#endif
#if NARTHEX_HAS(STD_STRING_VIEW)
  constexpr string_view(std::string_view text) noexcept : data_(text.data()), size_(text.size()) {}
#endif

  constexpr const char* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr char operator[](std::size_t i) const noexcept { return data_[i]; }
  constexpr const char* begin() const noexcept { return data_; }
  constexpr const char* end() const noexcept { return data_ + size_; }

  /// Drops the first `n` characters; `n` must not exceed size().
  constexpr string_view from(std::size_t n) const noexcept { return string_view(data_ + n, size_ - n); }
  /// Keeps the first `n` characters; `n` must not exceed size().
  constexpr string_view first(std::size_t n) const noexcept { return string_view(data_, n); }

  bool ends_with(string_view tail) const noexcept {
    return size_ >= tail.size_ && from(size_ - tail.size_) == tail;
  }

  /// Orders by bytes, as Prometheus' Go code orders names.
  int compare(string_view other) const noexcept {
    const std::size_t common = size_ < other.size_ ? size_ : other.size_;
    const int order = common ? std::memcmp(data_, other.data_, common) : 0;
    return order ? order : (size_ < other.size_ ? -1 : (size_ > other.size_ ? 1 : 0));
  }

  friend bool operator==(string_view a, string_view b) noexcept {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
  }
  friend bool operator!=(string_view a, string_view b) noexcept { return !(a == b); }

 private:
  const char* data_;
  std::size_t size_;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_STRING_VIEW_HPP
