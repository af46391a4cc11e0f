// narthex/detail/default_registry.hpp - the one registry that needs no argument.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_DEFAULT_REGISTRY_HPP
#define NARTHEX_DETAIL_DEFAULT_REGISTRY_HPP

#include "narthex/config.hpp"
#include "narthex/detail/registration.hpp"
#include "narthex/detail/registry_core.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {
template <class Once>
struct default_registry_holder {
  static registry_core registry;
};
// Constant-initialised and trivially destructible: ready before any constructor of the program runs,
// never destroyed, no guard, no exit handler.
template <class Once>
registry_core default_registry_holder<Once>::registry;
}  // namespace detail

/// The registry of every instrument that names none.
///
/// There is one per shared library under hidden visibility; registry_core::attach joins them.
/// Threads: any, at any time, before main and after it.
inline registry_core& default_registry() noexcept { return detail::default_registry_holder<void>::registry; }

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_DEFAULT_REGISTRY_HPP
