// narthex/detail/escaped_name.hpp - one UTF-8 name in the legacy alphabet, by any of the schemes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ESCAPED_NAME_HPP
#define NARTHEX_DETAIL_ESCAPED_NAME_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The number of the character at `s`, which has `size` well-formed bytes.
inline std::uint32_t code_point(const char* s, std::size_t size) noexcept {
  std::uint32_t point = static_cast<unsigned char>(s[0]);
  if (size > 1) point &= 0x7fu >> size;
  for (std::size_t i = 1; i < size; ++i) point = point << 6 | (static_cast<unsigned char>(s[i]) & 0x3fu);
  return point;
}

/// Appends a name that is not of the legacy alphabet. Legacy names are to be left alone, in every scheme: so does Go.
///
/// name:    well-formed UTF-8.
/// Returns: false without memory.
/// Source:  Prometheus, "UTF-8 names", as prometheus/common does it: `dots` has two underscores for what is neither dot nor
///          legal, `values` has lower-case digits. A label's colon is illegal, which Go forgets.
inline bool append_escaped(string_view name, alphabet of, name_escaping scheme, byte_buffer& to) noexcept {
  bool ok = scheme != name_escaping::values || to.append("U__");
  for (std::size_t i = 0, n = 0; ok && i < name.size(); i += n) {
    n = utf8_length(name.data() + i, name.size() - i);
    if (n == 0) return false;
    const char letter = name[i];
    if (letter == '_' && scheme != name_escaping::underscores) ok = to.append("__");
    else if (may_stand(letter, i, of)) ok = to.append(name.from(i).first(1));
    else if (scheme == name_escaping::underscores) ok = to.append("_");
    else if (scheme == name_escaping::dots) ok = to.append(letter == '.' ? "_dot_" : "__");
    else {
      char text[8];
      char* at = text + sizeof text;
      *--at = '_';
      std::uint32_t rest = code_point(name.data() + i, n);
      do *--at = hex_digit(rest & 15);
      while (rest >>= 4);
      *--at = '_';
      ok = to.append(string_view(at, static_cast<std::size_t>(text + sizeof text - at)));
    }
  }
  return ok;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ESCAPED_NAME_HPP
