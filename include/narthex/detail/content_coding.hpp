// narthex/detail/content_coding.hpp - how a body may be coded on its way; who includes no coding gets none.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CONTENT_CODING_HPP
#define NARTHEX_DETAIL_CONTENT_CODING_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/sink.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A coding in memory that its user brings and gives back without further ado.
struct content_coding {
  const char* name;        // as in Content-Encoding
  std::size_t bytes;       // of memory, aligned for any object
  sink (*begin)(void* memory, const sink& out);  // answers where the body goes in; once `out` has refused, that refuses too
  bool (*end)(void* memory);                     // everything is out; false when `out` refused
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CONTENT_CODING_HPP
