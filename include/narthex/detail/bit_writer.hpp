// narthex/detail/bit_writer.hpp - bits to bytes, the lowest first, in pieces to a sink.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BIT_WRITER_HPP
#define NARTHEX_DETAIL_BIT_WRITER_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/sink.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Once the sink has said no, everything is dropped.
///
/// Memory: 2 KB in place, which is also the largest piece.
class bit_writer {
 public:
  explicit bit_writer(const sink& out) noexcept : out_(out), held_(0), count_(0), size_(0), broken_(false) {}

  bool broken() const noexcept { return broken_; }

  /// count: 0 to 32; no bit of `bits` above them is set.
  void put(std::uint32_t bits, unsigned count) {
    held_ |= static_cast<std::uint64_t>(bits) << count_;
    count_ += count;
    if (count_ < 32) return;
    if (size_ + 4 > piece_bytes) flush();
    for (unsigned i = 0; i < 4; ++i) piece_[size_ + i] = static_cast<char>(static_cast<unsigned char>(held_ >> (8 * i)));
    size_ += 4;
    held_ >>= 32;
    count_ -= 32;
  }
  /// How many bits are missing to a whole byte.
  unsigned padding() const noexcept { return (8 - count_ % 8) % 8; }
  /// Goes on at the next whole byte, with nothing held back.
  void align() {
    put(0, padding());
    for (; count_ > 0; count_ -= 8, held_ >>= 8) put_byte(static_cast<unsigned char>(held_));
  }
  /// Only behind align().
  void put_byte(unsigned byte) {
    if (size_ == piece_bytes) flush();
    piece_[size_++] = static_cast<char>(static_cast<unsigned char>(byte));
  }
  /// Hands the whole bytes on.
  void flush() {
    if (size_ > 0 && !broken_) broken_ = !out_.write(out_.context, piece_, size_);
    size_ = 0;
  }

 private:
  enum : std::size_t { piece_bytes = 2048 };

  const sink out_;
  std::uint64_t held_;
  unsigned count_;
  std::size_t size_;
  bool broken_;
  char piece_[piece_bytes];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BIT_WRITER_HPP
