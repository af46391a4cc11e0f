// narthex/detail/utf8_names.hpp - the door to names outside the legacy alphabet; closed until somebody makes a utf8_name.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_UTF8_NAMES_HPP
#define NARTHEX_DETAIL_UTF8_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

class registry_core;
struct sample;

namespace detail {

struct family_node;

/// How names are shown that are not of the legacy alphabet.
/// Source: Prometheus, "UTF-8 names", escaping schemes.
enum class name_escaping : std::uint8_t { underscores, dots, values, allow_utf_8 };

/// What there is to do about such names, for who includes <narthex/utf8_name.hpp>.
///
/// A metric's name is kept as it is. A label's name is kept as it stands in an exposition, in quotes ("http.method"), so that
/// label text is ready-made and nothing asks what kind of name it has; no legacy name begins with a quote.
struct utf8_names {
  /// Whether somebody has made a utf8_name of it: of a metric's name as it is, of a label's in quotes.
  bool (*is_allowed)(string_view name, alphabet of);
  /// The name that stands in quotes.
  string_view (*unquoted)(string_view allowed);
  /// Puts the name in quotes if it needs them; false when there is no room for that.
  bool (*quote)(string_view& label, char* room, std::size_t size);
  /// Whether a series of the family has a name outside the legacy alphabet.
  bool (*has_any)(const registry_core&, const family_node&);
  /// The names of one scrape in a scheme other than allow_utf_8: begin() gives a state, null without memory; show() a sample whose
  /// names are all legacy, null when there is none for this one; end() frees it.
  void* (*begin)(registry_core&, name_escaping);
  const sample* (*show)(void* state, const sample&);
  void (*end)(void* state);
};

/// Whether a metric's name is of the legacy alphabet.
inline bool is_legacy_name(string_view prefix, string_view name) noexcept {
  std::size_t at = 0;
  for (string_view part : {prefix, name}) {
    for (char c : part) {
      if (!may_stand(c, at++, alphabet::metric)) return false;
    }
  }
  return at > 0;
}

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
/// Visible, as registries of several shared libraries are walked as one.
template <class Once>
struct NARTHEX_DETAIL_VISIBLE utf8_door {
  static shared<const utf8_names*> open;
};
template <class Once>
shared<const utf8_names*> utf8_door<Once>::open(nullptr);

/// Null: every name in this program is of the legacy alphabet.
inline const utf8_names* utf8_in_use() noexcept { return utf8_door<void>::open.load(memory_order_acquire); }
#else
inline const utf8_names* utf8_in_use() noexcept { return nullptr; }
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_UTF8_NAMES_HPP
