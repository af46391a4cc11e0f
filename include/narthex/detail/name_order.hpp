// narthex/detail/name_order.hpp - names compared as they are written: a registry's prefix, the name, a suffix.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NAME_ORDER_HPP
#define NARTHEX_DETAIL_NAME_ORDER_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/desc.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A name in two pieces, so that a prefix costs no copy of each name.
struct full_name {
  string_view prefix;
  string_view name;
  std::size_t size() const noexcept { return prefix.size() + name.size(); }
  /// NUL behind the last letter.
  char operator[](std::size_t i) const noexcept {
    return i < prefix.size() ? prefix[i] : i < size() ? name[i - prefix.size()] : '\0';
  }
};

/// How two names stand to each other: < 0, 0, > 0 by bytes; `common` is how many leading bytes they share. Of one registry,
/// whose names share their prefix, as C strings.
template <class Name>
NARTHEX_DETAIL_COLD int relate(const Name& a, const Name& b, std::size_t& common) noexcept {
  std::size_t i = 0;
  while (a[i] == b[i] && a[i]) ++i;
  common = i;
  return static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i]);
}
inline int relate(const full_name& a, const full_name& b) noexcept {
  std::size_t common;
  return relate(a, b, common);
}

/// Whether a text, or the two one behind the other, is one of the endings of a distribution's samples, in whatever format.
template <metric_type Type>
NARTHEX_DETAIL_COLD bool is_tail(const char* text, const char* behind) noexcept {
  const char* tail = Type == metric_type::summary     ? "_count\0_sum\0_created\0"
                     : Type == metric_type::histogram ? "_bucket\0_count\0_sum\0_created\0"
                                                      : "_bucket\0_count\0_sum\0_gcount\0_gsum\0";
  for (; *tail; ++tail) {
    const char *at = text, *then = behind;
    for (;; ++at, ++tail) {
      if (!*at && then) {
        at = then;
        then = nullptr;
      }
      if (*at != *tail) break;
      if (!*at) return true;
    }
    while (*tail) ++tail;
  }
  return false;
}

/// What tells whether a metric of this type writes a sample `name + tail`; null: it writes none but its name. The tail may
/// begin in a registry's prefix: then the name is `behind` it, otherwise that is null.
using tail_test = bool (*)(const char* text, const char* behind);
constexpr tail_test tails_of(metric_type type) noexcept {
  return type == metric_type::histogram         ? &is_tail<metric_type::histogram>
         : type == metric_type::summary         ? &is_tail<metric_type::summary>
         : type == metric_type::gauge_histogram ? &is_tail<metric_type::gauge_histogram> : nullptr;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NAME_ORDER_HPP
