// narthex/detail/spool_options.hpp - where bodies go that no gateway takes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SPOOL_OPTIONS_HPP
#define NARTHEX_DETAIL_SPOOL_OPTIONS_HPP

#include <cstddef>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// A folder for bodies that no gateway takes: one file for each group, narthex-HASH.prom, with the newest one. Made from the folder's
/// path, which must exist; empty: none. Several programs may share one. A view, until what it is given to is made.
struct spool_options {
  string_view folder;
  /// Of the folder's narthex-*.prom together; the oldest files are removed when there are more.
  unsigned max_files = 64;
  std::size_t max_bytes = 64 * 1024 * 1024;

  spool_options() noexcept {}
  template <class Text, class = typename std::enable_if<std::is_convertible<const Text&, string_view>::value>::type>
  spool_options(const Text& path) noexcept : folder(path) {}

  spool_options& set_limits(unsigned files, std::size_t bytes) noexcept {
    max_files = files;
    max_bytes = bytes;
    return *this;
  }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SPOOL_OPTIONS_HPP
