// narthex/detail/name_query.hpp - which metrics a scrape asks for: /metrics?name[]=a&name[]=b.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NAME_QUERY_HPP
#define NARTHEX_DETAIL_NAME_QUERY_HPP

#include <cstddef>
#include <initializer_list>

#include "narthex/config.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/sample.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Whether a scrape's query (name[]=a&name[]=b) asks for a metric.
///
/// Without a name[] it asks for all; otherwise for those whose family name, or the name of one of whose samples, is
/// exactly one of the names. Percent-decoded; '+' is a blank.
class name_query {
 public:
  explicit name_query(string_view query) noexcept : query_(query), has_names_(false) {
    string_view rest = query_, value;
    while (!has_names_ && next(rest, value)) has_names_ = true;
  }
  /// One decision for a family: ask with its first series.
  bool wants(const sample& s) const noexcept {
    const bool compound = !is_one_number(s.type), histogram = compound && s.type != metric_type::summary;
    string_view rest = query_, value;
    while (next(rest, value)) {
      if (is(value, s, "")) return true;
      if (compound && (is(value, s, "_sum") || is(value, s, "_count"))) return true;
      if (histogram && is(value, s, "_bucket")) return true;
    }
    return !has_names_;
  }

 private:
  /// Cuts the value of the next name[] off `rest`.
  static bool next(string_view& rest, string_view& value) noexcept {
    while (!rest.empty()) {
      const std::size_t end = find_char(rest, '&');
      const string_view pair = rest.first(end);
      rest = end < rest.size() ? rest.from(end + 1) : string_view();
      const std::size_t equals = find_char(pair, '=');
      if (equals == pair.size() || !decodes_to(pair.first(equals), {"name[]"})) continue;
      value = pair.from(equals + 1);
      return true;
    }
    return false;
  }

  static bool is(string_view text, const sample& s, const char* suffix) noexcept {
    return decodes_to(text, {s.prefix, s.name, suffix});
  }
  /// Whether the text is, once decoded, these parts one after the other.
  static bool decodes_to(string_view text, std::initializer_list<string_view> parts) noexcept {
    std::size_t i = 0;
    for (string_view part : parts) {
      for (char wanted : part) {
        if (i >= text.size()) return false;
        char got = text[i] == '+' ? ' ' : text[i];
        if (got == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
          got = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
          i += 2;
        }
        if (got != wanted) return false;
        ++i;
      }
    }
    return i == text.size();
  }

  string_view query_;
  bool has_names_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NAME_QUERY_HPP
