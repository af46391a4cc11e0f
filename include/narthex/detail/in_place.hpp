// narthex/detail/in_place.hpp - how a node inside a user's object joins a registry, and leaves it.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_IN_PLACE_HPP
#define NARTHEX_DETAIL_IN_PLACE_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/desc.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/registry_core.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Names of instruments inside a user's object: copied by the registry where there is a heap.
#if NARTHEX_HAS(HEAP)
using kept_name = metric_name;
using kept_help = string_view;
#else
using kept_name = static_name;
using kept_help = const char*;
#endif

#if NARTHEX_HAS(METRICS)
#if NARTHEX_HAS(HEAP)
/// A copy that is kept for ever, once for each text: an object may outlive its registry. "" and no_memory when there
/// is none.
inline const char* keep_text(registry_core&, string_view text, errc& why) noexcept {
  const char* const copy = default_registry().intern(text);
  if (!copy) why = errc::no_memory;
  return copy ? copy : "";
}
#else
inline const char* keep_text(registry_core&, string_view text, errc&) noexcept { return text.data(); }
#endif

/// Joins the registry, or says why not.
inline void join(registry_core& r, family_node& n, errc why, std::size_t at) noexcept {
  family_node* none = nullptr;
  if (why == errc::ok) why = r.insert(n, none);
  if (why == errc::ok) return;
  n.refuse(why, at);
  r.tell(n);
}
inline void part(family_node& n) noexcept {
  if (registry_core* const home = n.home()) home->unlink(n);
}
inline errc check_unit(errc why, unit_size u) noexcept {
  return why == errc::ok && u == unit_size::wrong ? errc::bad_unit : why;
}
inline errc check_name(string_view name, std::size_t& at) noexcept {
  at = name.empty() ? 0 : bad_byte(name.data(), name.size(), alphabet::metric);
  if (name.empty()) return errc::empty_name;
  const utf8_names* const utf8 = at == name.size() ? nullptr : utf8_in_use();
  return at == name.size() || (utf8 && utf8->is_allowed(name, alphabet::metric)) ? errc::ok : errc::bad_name;
}
/// Checks the name, too. why, at: what is wrong with all else.
NARTHEX_DETAIL_SMALL void join_by_name(registry_core& r, family_node& n, errc why, std::size_t at) noexcept {
#if NARTHEX_HAS(HEAP)
  std::size_t bad;
  const errc name = check_name(n.name(), bad);
  if (name == errc::ok) join(r, n, why, at);
  else join(r, n, name, bad);
#else
  const char* name = n.name();
  if (!name) name = "";
  std::size_t size = 0;
  while (may_stand(name[size], size, alphabet::metric)) ++size;
  if (name[size]) join(r, n, errc::bad_name, size);
  else if (size == 0) join(r, n, errc::empty_name, 0);
  else join(r, n, why, at);
#endif
}
#endif  // NARTHEX_HAS(METRICS)

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_IN_PLACE_HPP
