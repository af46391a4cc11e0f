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
  char operator[](std::size_t i) const noexcept {
    return i < prefix.size() ? prefix[i] : name[i - prefix.size()];
  }
};

/// How two names stand to each other.
struct name_relation {
  int order;           // < 0, 0, > 0 by bytes
  std::size_t common;  // how many leading bytes they share
};

NARTHEX_DETAIL_COLD inline name_relation relate(const full_name& a, const full_name& b) noexcept {
  // Names of one registry share their prefix: skip what is the same memory.
  std::size_t i = a.prefix.data() == b.prefix.data() && a.prefix.size() == b.prefix.size() ? a.prefix.size() : 0;
  const std::size_t end = a.size() < b.size() ? a.size() : b.size();
  while (i < end && a[i] == b[i]) ++i;
  const int order = i < end ? static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i])
                            : (a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0);
  return name_relation{order, i};
}

/// Whether `longer` from there on is one of the endings of a distribution's samples, in whatever format.
template <metric_type Type>
NARTHEX_DETAIL_COLD bool is_tail(const full_name& longer, std::size_t from) noexcept {
  const auto tail_is = [&](string_view tail) {
    if (longer.size() - from != tail.size()) return false;
    for (std::size_t i = 0; i < tail.size(); ++i) {
      if (longer[from + i] != tail[i]) return false;
    }
    return true;
  };
  return tail_is("_sum") || tail_is("_count") || (Type != metric_type::summary && tail_is("_bucket")) ||
         (Type == metric_type::gauge_histogram ? tail_is("_gsum") || tail_is("_gcount") : tail_is("_created"));
}

/// What tells whether a metric of this type writes a sample `name + tail`; null: it writes none but its name.
using tail_test = bool (*)(const full_name& longer, std::size_t from);
constexpr tail_test tails_of(metric_type type) noexcept {
  return type == metric_type::histogram         ? &is_tail<metric_type::histogram>
         : type == metric_type::summary         ? &is_tail<metric_type::summary>
         : type == metric_type::gauge_histogram ? &is_tail<metric_type::gauge_histogram> : nullptr;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NAME_ORDER_HPP
