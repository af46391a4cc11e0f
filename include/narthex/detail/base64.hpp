// narthex/detail/base64.hpp - bytes as base64 text, in both alphabets.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BASE64_HPP
#define NARTHEX_DETAIL_BASE64_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// padded: '+', '/' and '=' to full groups, as HTTP's basic authentication has it; url: '-', '_' and no padding.
/// Source: RFC 4648, sections 4 and 5.
enum class base64 { padded, url };

/// How many bytes write_base64 writes.
constexpr std::size_t base64_size(std::size_t bytes, base64 form) noexcept {
  return form == base64::padded ? (bytes + 2) / 3 * 4 : (bytes * 4 + 2) / 3;
}

/// Returns: the end of what was written.
inline char* write_base64(char* out, string_view bytes, base64 form) noexcept {
  const char* const digits = form == base64::padded ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                                                    : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t here = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (k < here ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= here) *out++ = digits[three >> (18 - 6 * k) & 63];
      else if (form == base64::padded) *out++ = '=';
    }
  }
  return out;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BASE64_HPP
