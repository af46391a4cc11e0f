// narthex/detail/family_cursor.hpp - a place among the names of a registry that is found again after a rest.
// Room: shelves. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_FAMILY_CURSOR_HPP
#define NARTHEX_DETAIL_FAMILY_CURSOR_HPP

#include <cstddef>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/family_node.hpp"
#include "narthex/detail/name_order.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A registry and how far a walk came in it.
struct family_cursor {
  registry_core* registry;
  family_node* node;  // the family to read next, or in it; null at the end
  position where;
  const char* name;           // of `node`, which may go away while the walk rests; a name does not
  const family_basics* ops;   // of `node`, too
  bool has_shown;             // something of the family in hand

  void start(family_node* n) noexcept {
    node = n;
    where.at = nullptr;
    where.index = 0;
    if (!n) return;
    name = n->name();
    ops = n->ops;
  }
  /// Turns to the next family. One that came under the name in hand while the walk rested has its turn at the next scrape.
  void pass(bool has_shown_it) noexcept {
    const char* const left = name;
    do start(node->next.load(memory_order_seq_cst));
    while (NARTHEX_HAS(HEAP) && has_shown_it && node && std::strcmp(name, left) == 0);  // elsewhere names are all different
  }
  /// Finds the place again: the same node, or the first one behind it. False when that is another one.
  bool find_again() noexcept {
    if (!node || (NARTHEX_HAS(HEAP) && ops->owned)) return true;
    const bool begun = where.at || where.index;
    family_node* n = registry->first();
    for (; n; n = n->next.load(memory_order_seq_cst)) {
      std::size_t common;
      const int order = relate(n->name(), name, common);
      if (order > 0) break;
      if (order < 0) continue;
      if (n == node && n->ops == ops) return true;  // not another object that came to the same place
      if (!begun) break;
    }
    start(n);
    return false;
  }
  full_name full() const noexcept { return full_name{registry->prefix(), name}; }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_FAMILY_CURSOR_HPP
