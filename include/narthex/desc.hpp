// narthex/desc.hpp - what a metric is called and what type it has.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DESC_HPP
#define NARTHEX_DESC_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// The types of Prometheus; how a format spells them is the format's business.
enum class metric_type : std::uint8_t { counter, gauge, histogram, summary, info, state_set, unknown, gauge_histogram };

/// Whether a series of this type is one number, and not buckets, quantiles, sum and count.
constexpr bool is_one_number(metric_type type) noexcept {
  return type != metric_type::histogram && type != metric_type::summary && type != metric_type::gauge_histogram;
}

class name;

namespace detail {
inline void a_name_must_match_its_alphabet() {}  // not constexpr: naming it stops a consteval constructor
template <class T>
struct is_c_string : std::integral_constant<bool, std::is_same<T, const char*>::value || std::is_same<T, char*>::value> {};

enum class lifetime { any, permanent };

/// `wrong`: a unit that its name does not end in.
enum class unit_size : std::uint16_t { none = 0, wrong = 0xffff };
/// Of a unit in a name. Source: OpenMetrics 1.0, Unit.
inline unit_size unit_in(string_view name, string_view unit) noexcept {
  if (unit.empty()) return unit_size::none;
  if (name.ends_with("_total")) name = name.first(name.size() - 6);
  const bool fits = name.size() > unit.size() + 1 && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_';
  return fits && unit.size() < 0xffff ? static_cast<unit_size>(unit.size()) : unit_size::wrong;
}
/// The unit in a name, of that size.
inline string_view unit_of(string_view name, unit_size size) noexcept {
  if (size == unit_size::none || size == unit_size::wrong) return string_view();
  if (name.ends_with("_total")) name = name.first(name.size() - 6);
  return name.from(name.size() - static_cast<std::size_t>(size));
}
/// A name of any UTF-8, as a metric has it and, in quotes, as a label; see utf8_name.
struct utf8_text {
  string_view raw, quoted;
};

/// A text that ends in NUL: one word, as its length would be a second argument of every constructor.
class ended_text {
 public:
  constexpr ended_text(const char* text) noexcept : data_(text) {}
  explicit ended_text(string_view text) noexcept : data_(text.data()) {}
  constexpr operator string_view() const noexcept { return string_view(data_); }
  constexpr const char* data() const noexcept { return data_; }

 private:
  const char* data_;
};

/// A name as it was given; a literal is checked by the compiler under C++20. One that is kept by reference
/// (lifetime::forever) is taken from literals and pointers only.
template <alphabet Alphabet, lifetime Lifetime>
class name_arg {
 public:
  /// A literal (or any constexpr array). Under C++20 a bad one does not compile; before, and for all
  /// other kinds, the registration is refused at run time. A `const char` array that is not constexpr does not
  /// compile under C++20: pass a pointer to it.
  template <std::size_t N>
#if NARTHEX_HAS(CONSTEVAL)
  consteval name_arg(const char (&literal)[N]) noexcept : text_(static_cast<const char*>(literal)) {
    if (N == 1 || bad_byte(literal, N - 1, Alphabet) != N - 1) a_name_must_match_its_alphabet();
  }
#else
  constexpr name_arg(const char (&literal)[N]) noexcept : text_(static_cast<const char*>(literal)) {}
#endif
  template <std::size_t N>
  name_arg(char (&array)[N]) noexcept : text_(static_cast<const char*>(array)) {}
  template <class Pointer, class = typename std::enable_if<is_c_string<Pointer>::value>::type>
  name_arg(const Pointer& pointer) noexcept : text_(static_cast<const char*>(pointer)) {}
  template <class Text, class = typename std::enable_if<Lifetime == lifetime::any && std::is_class<Text>::value &&
                                                        !std::is_base_of<utf8_text, Text>::value &&
                                                        std::is_convertible<const Text&, string_view>::value>::type,
            class = void>
  name_arg(const Text& any) noexcept : text_(any) {}
  name_arg(const utf8_text& any) noexcept : text_(Alphabet == alphabet::metric ? any.raw : any.quoted) {}

  constexpr string_view text() const noexcept { return string_view(text_); }
  constexpr const char* data() const noexcept { return text_.data(); }
  /// How many bytes of the name, at its end or before _total, are its unit.
#if NARTHEX_HAS(HEAP)
  constexpr unit_size unit() const noexcept { return unit_; }
#else
  constexpr unit_size unit() const noexcept { return unit_size::none; }
#endif

 private:
  friend class ::NARTHEX_NAMESPACE::name;
  using held = typename std::conditional<Lifetime == lifetime::permanent, ended_text, string_view>::type;
  struct composed {
    string_view text;
    unit_size unit;
  };
#if NARTHEX_HAS(HEAP)
  explicit name_arg(composed joined) noexcept : text_(joined.text), unit_(joined.unit) {}
  held text_;
  unit_size unit_ = unit_size::none;
#else
  explicit name_arg(composed joined) noexcept : text_(joined.text) {}
  held text_;
#endif
};
}  // namespace detail

/// A metric's full name: [a-zA-Z_:][a-zA-Z0-9_:]*. Colons are for recording rules; leave them out. Any other UTF-8 needs to be
/// meant: nx::utf8_name("http.server.duration"), with <narthex/utf8_name.hpp>.
///
/// A counter should end in _total, an info must end in _info; units are plural and last before that.
/// Errors: errc::empty_name, errc::bad_name with the byte's position.
/// Memory: a view; the registry copies it.
using metric_name = detail::name_arg<detail::alphabet::metric, detail::lifetime::any>;

/// A label's name: [a-zA-Z_][a-zA-Z0-9_]*, not beginning with "__"; or a utf8_name.
using label_name = detail::name_arg<detail::alphabet::label, detail::lifetime::any>;

/// A metric's name that is kept by reference: a literal, or a pointer to text of static lifetime.
using static_name = detail::name_arg<detail::alphabet::metric, detail::lifetime::permanent>;

/// Joins namespace, subsystem and name with underscores: nx::name("shop", "cart", "items").
///
/// Empty parts are left out. Holds up to 127 bytes; a longer name is cut and ends in "...", which
/// registration refuses (errc::bad_name). For a fixed instrument the object itself must have static lifetime.
/// Source: Prometheus, "Writing client libraries", Metric names.
class name {
 public:
  name(string_view space, string_view subsystem, string_view last) noexcept : size_(0), unit_(detail::unit_size::none) {
    if (NARTHEX_HAS(METRICS)) {
      append(space);
      append(subsystem);
      append(last);
    }
    text_[size_] = '\0';
  }
  /// One that is complete already: nx::name("cpu_seconds_total").unit("seconds").
  explicit name(string_view full) noexcept : name(full, string_view(), string_view()) {}

  /// Says that this is what the values are measured in, for formats that tell it: seconds, bytes, meters_per_second.
  ///
  /// what:   the name's last words, but for _total. Anything else is refused at registration: errc::bad_unit.
  /// Without a heap it is neither checked nor kept: a counter has 24 bytes there. An info or state set has none.
  name& unit(string_view what) noexcept {
    if (NARTHEX_HAS(METRICS)) unit_ = detail::unit_in(text(), what);
    return *this;
  }

  operator metric_name() const noexcept { return metric_name(metric_name::composed{text(), unit_}); }
  operator static_name() const& noexcept { return static_name(static_name::composed{text(), unit_}); }
  operator static_name() const&& = delete;  // would keep a pointer into a temporary
  string_view text() const noexcept { return string_view(text_, size_); }

  enum : std::size_t { max_size = 127 };

 private:
  void append(string_view part) noexcept {
    if (size_ && !part.empty()) text_[size_++] = '_';
    for (const char c : part) {
      if (size_ >= max_size) {
        size_ = max_size;
        for (int i = 0; i < 3; ++i) text_[size_++] = '.';
        return;
      }
      text_[size_++] = c ? c : '.';  // refused like a NUL, which some would take for the name's end
    }
  }

  std::size_t size_;
  detail::unit_size unit_;
  char text_[max_size + 6];  // "..." and two joints beyond the limit, and NUL
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DESC_HPP
