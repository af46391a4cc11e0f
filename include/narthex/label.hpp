// narthex/label.hpp - label names and values: taken from the user, checked, and made into text.
// Room: words. Read desc.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_LABEL_HPP
#define NARTHEX_LABEL_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/desc.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// A label's value: any text, or an integer written in decimal.
///
/// Any bytes are taken; broken UTF-8 is repaired byte by byte as U+FFFD and two hexadecimal digits before the
/// value's identity is decided, so two different broken values stay two series. No length limit.
/// Memory: a view for text, 20 digits in place for an integer; lives until the end of the call.
class label_value {
 public:
  template <class Text, class = typename std::enable_if<std::is_convertible<const Text&, string_view>::value>::type>
  label_value(const Text& any) noexcept : data_(string_view(any).data()), size_(string_view(any).size()) {
    if (!data_) data_ = "";
  }

  template <class Int, class = typename std::enable_if<std::is_integral<Int>::value>::type, class = void>
  label_value(Int value) noexcept : data_(nullptr) {
    static_assert(!std::is_same<Int, bool>::value && !std::is_same<Int, char>::value,
                  "a label value is text or a number; write \"true\" or \"x\"");
    char* const end = !NARTHEX_HAS(METRICS)        ? digits_
                      : std::is_signed<Int>::value ? detail::write_i64(digits_, static_cast<std::int64_t>(value))
                                                   : detail::write_u64(digits_, static_cast<std::uint64_t>(value));
    size_ = static_cast<std::size_t>(end - digits_);
  }

  string_view text() const noexcept { return string_view(data_ ? data_ : digits_, size_); }

 private:
  const char* data_;  // null: digits_, so that a copy points at its own digits
  std::size_t size_;
  char digits_[20];
};

/// A label's name and value, as info(), registry_options and labels() by name take them.
struct label_pair {
  string_view name;
  label_value value;
  template <class Value>
  label_pair(string_view label, const Value& any) noexcept : name(label), value(any) {}
};

namespace detail {
template <class T>
struct is_literal : std::false_type {};
template <std::size_t N>
struct is_literal<const char (&)[N]> : std::true_type {};
template <class... Names>
struct all_text : std::true_type {};
template <class First, class... Rest>
struct all_text<First, Rest...>
    : std::integral_constant<bool, std::is_convertible<First, string_view>::value && all_text<Rest...>::value> {};
}  // namespace detail

/// The label names of a family: exactly N of them, counted by the compiler.
///
/// Errors: a name is checked at registration (under C++20 literals by the compiler): errc::bad_label_name,
///         errc::reserved_label_name ("__...", "le" on a histogram, "quantile" on a summary),
///         errc::duplicate_label_name.
template <std::size_t N>
class label_names {
 public:
  // A parameter pack with enable_if, not deduced array bounds: GCC 4.8.5 takes only this.
#if NARTHEX_HAS(CONSTEVAL)
  template <std::size_t... Sizes>
    requires(sizeof...(Sizes) == N)
  consteval label_names(const char (&... literals)[Sizes]) noexcept : names_{label_name(literals).text()...} {}
  template <class... Names>
    requires(sizeof...(Names) == N && !(detail::is_literal<Names>::value && ...) &&
             (std::is_convertible_v<Names, string_view> && ...))
#else
  template <class... Names,
            class = typename std::enable_if<sizeof...(Names) == N && detail::all_text<Names...>::value>::type>
#endif
  constexpr label_names(Names&&... names) noexcept : names_{string_view(names)...} {}

  const string_view* data() const noexcept { return names_; }

 private:
  string_view names_[N];
};

namespace detail {

/// Reads ready text (a="b",c="d") label by label.
class ready_labels {
 public:
  explicit ready_labels(string_view text) noexcept : text_(text), at_(0) {}
  bool next() noexcept {
    if (at_ >= text_.size()) return false;
    std::size_t end = at_;
    if (NARTHEX_HAS(HEAP) && text_[end] == '"') end = behind_quotes(end);
    else while (text_[end] != '=') ++end;
    name = string_view(text_.data() + at_, end - at_);
    at_ = end + 1;
    end = behind_quotes(at_);
    value = string_view(text_.data() + at_, end - at_);
    at_ = end + 1;  // and the comma
    return true;
  }
  string_view name;   // in quotes when it is outside the legacy alphabet
  string_view value;  // in quotes

 private:
  std::size_t behind_quotes(std::size_t i) const noexcept {
    for (++i; text_[i] != '"'; ++i) {
      if (text_[i] == '\\') ++i;
    }
    return i + 1;
  }
  string_view text_;
  std::size_t at_;
};

inline bool has_label(string_view text, string_view name) noexcept {
  for (ready_labels one(text); one.next();) {
    if (one.name == name) return true;
  }
  return false;
}

inline bool is_label_name(string_view n) noexcept {
  if (!n.empty() && bad_byte(n.data(), n.size(), alphabet::label) == n.size()) return true;
  const utf8_names* const utf8 = utf8_in_use();
  return utf8 && utf8->is_allowed(n, alphabet::label);
}

/// The first label name that may not be used; null when all may. `at` is its number.
/// Source: Prometheus, "Writing client libraries", Labels, Summary, Histogram.
inline errc check_label_names(const string_view* names, std::size_t count, metric_type type, string_view constant,
                              std::size_t& at) noexcept {
  for (at = 0; at < count; ++at) {
    const string_view n = names[at];
    if (!is_label_name(n)) return errc::bad_label_name;
    if ((n.size() >= 2 && n[0] == '_' && n[1] == '_') || ((type == metric_type::histogram || type == metric_type::gauge_histogram) && n == "le") ||
        (type == metric_type::summary && n == "quantile")) {
      return errc::reserved_label_name;
    }
    for (std::size_t other = 0; other < at; ++other) {
      if (names[other] == n) return errc::duplicate_label_name;
    }
    if (has_label(constant, n)) return errc::duplicate_label_name;
  }
  return errc::ok;
}

/// How many bytes `name="value"` takes in an exposition.
inline std::size_t label_text_size(string_view name, string_view value) noexcept {
  return name.size() + 3 + safe_size(value, quoting::label_value);
}

inline char* write_label(char* out, string_view name, string_view value) noexcept {
  if (!name.empty()) std::memcpy(out, name.data(), name.size());
  out += name.size();
  *out++ = '=';
  *out++ = '"';
  out = write_safe(out, value, quoting::label_value);
  *out++ = '"';
  return out;
}

/// The values of one labels() or remove() call as text; lives as long as the call. Only integers need room.
template <std::size_t N>
class value_texts {
 public:
  template <class... Values>
  explicit value_texts(const Values&... values) noexcept {
    put(0, values...);
  }
  value_texts(const value_texts&) = delete;
  value_texts& operator=(const value_texts&) = delete;
  const string_view* data() const noexcept { return texts_; }

 private:
  void put(std::size_t) noexcept {}
  template <class First, class... Rest>
  void put(std::size_t i, const First& first, const Rest&... rest) noexcept {
    put_one(i, first, 0);
    put(i + 1, rest...);
  }
  template <class Text, class = typename std::enable_if<std::is_convertible<const Text&, string_view>::value>::type>
  void put_one(std::size_t i, const Text& any, int) noexcept {
    const string_view text(any);
    texts_[i] = string_view(text.data() ? text.data() : "", text.size());
  }
  template <class Other>
  void put_one(std::size_t i, const Other& any, long) noexcept {
    const label_value value(any);
    const string_view text = value.text();
    std::memcpy(digits_[i], text.data(), text.size());
    texts_[i] = string_view(digits_[i], text.size());
  }
  string_view texts_[N];
  char digits_[N][20];
};

/// Label text built in a caller's room, piece by piece; remembers when it did not fit.
class label_text {
 public:
  label_text(char* room, std::size_t room_size) noexcept
      : begin_(room), end_(room), limit_(room + room_size), fits_(true) {}
  /// Appends text that is ready already.
  void add_ready(string_view ready) noexcept {
    if (ready.empty() || !separate(ready.size())) return;
    std::memcpy(end_, ready.data(), ready.size());
    end_ += ready.size();
  }
  void add(string_view name, string_view value) noexcept {
    if (separate(label_text_size(name, value))) end_ = write_label(end_, name, value);
  }
  bool fits() const noexcept { return fits_; }
  string_view text() const noexcept { return string_view(begin_, static_cast<std::size_t>(end_ - begin_)); }

 private:
  bool separate(std::size_t coming) noexcept {
    const std::size_t comma = end_ != begin_ ? 1 : 0;
    if (static_cast<std::size_t>(limit_ - end_) < comma + coming) fits_ = false;
    if (fits_ && comma) *end_++ = ',';
    return fits_;
  }
  char* begin_;
  char* end_;
  char* limit_;
  bool fits_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_LABEL_HPP
