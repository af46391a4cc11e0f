// narthex/fwd.hpp - forward declarations for users' headers.
// Room: foundations. Nobody can forward-declare into an inline namespace by hand. SPDX-License-Identifier: MIT
#ifndef NARTHEX_FWD_HPP
#define NARTHEX_FWD_HPP

#include <cstddef>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE

class registry;
class registry_core;
class registry_options;
class status;
class string_view;
class walk;
struct sample;
struct sink;

// Instruments are aliases of templates: an object of one in a class needs its own header (counter.hpp, gauge.hpp,
// histogram.hpp, summary.hpp), which is small; a family can be named by its parts.
template <class T, std::size_t N>
class family;
template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes>
class fixed_family;
template <class T, class... Enums>
class enum_family;
template <class T, std::size_t N>
class expiring_family;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_FWD_HPP
