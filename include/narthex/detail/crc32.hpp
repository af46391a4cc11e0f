// narthex/detail/crc32.hpp - the check sum of gzip members, four bytes at a time.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CRC32_HPP
#define NARTHEX_DETAIL_CRC32_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// CRC-32 of what was added since the last restart().
///
/// Memory: 4 KB of tables in place, made by the constructor in microseconds: in the program's data they would be a generated
///         header, or would need a guard.
/// Source: RFC 1952, section 8 (the polynomial); one table for each of the four bytes, the k-th is for a byte with k zero bytes
///         behind it.
class crc32 {
 public:
  crc32() noexcept : rest_(0xffffffffu) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t r = byte;
      for (unsigned bit = 0; bit < 8; ++bit) r = (r >> 1) ^ (r & 1 ? 0xedb88320u : 0u);
      tables_[0][byte] = r;
    }
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      for (unsigned k = 1; k < 4; ++k) tables_[k][byte] = with_zero(tables_[k - 1][byte]);
    }
  }

  void restart() noexcept { rest_ = 0xffffffffu; }
  void add(const unsigned char* bytes, std::size_t size) noexcept {
    std::uint32_t r = rest_;
    for (; size >= 4; size -= 4, bytes += 4) {
      r ^= static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
           static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
      r = tables_[3][r & 0xff] ^ tables_[2][(r >> 8) & 0xff] ^ tables_[1][(r >> 16) & 0xff] ^ tables_[0][r >> 24];
    }
    for (; size > 0; --size, ++bytes) r = tables_[0][(r ^ *bytes) & 0xff] ^ (r >> 8);
    rest_ = r;
  }
  std::uint32_t value() const noexcept { return ~rest_; }

 private:
  std::uint32_t with_zero(std::uint32_t r) const noexcept { return tables_[0][r & 0xff] ^ (r >> 8); }

  std::uint32_t rest_;
  std::uint32_t tables_[4][256];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CRC32_HPP
