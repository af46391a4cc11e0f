// narthex/detail/byte_buffer.hpp - bytes that are collected before they go out, without throwing.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BYTE_BUFFER_HPP
#define NARTHEX_DETAIL_BYTE_BUFFER_HPP

#include <cstddef>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Appended at its end and taken from its front.
///
/// Memory: with a heap, grows by doubling; without one, 4 KB in place.
/// Errors: append() is false when there is no room, and then has taken nothing.
class byte_buffer {
 public:
  byte_buffer() noexcept : begin_(0), end_(0) {}
  byte_buffer(const byte_buffer&) = delete;
  byte_buffer& operator=(const byte_buffer&) = delete;

  string_view text() const noexcept { return string_view(data_ + begin_, end_ - begin_); }
  std::size_t size() const noexcept { return end_ - begin_; }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Forgets the first `n` <= size() bytes.
  void take(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == end_) clear();
  }
  bool append(string_view more) noexcept {
    if (more.empty()) return true;
    if (room_ - end_ < more.size() && !make_room(more.size())) return false;
    std::memcpy(data_ + end_, more.data(), more.size());
    end_ += more.size();
    return true;
  }
#if NARTHEX_HAS(HEAP)
  ~byte_buffer() { release(data_); }
  /// Gives the room of an empty one back, if it is larger than `most`.
  void shrink(std::size_t most) noexcept {
    if (size() || room_ <= most) return;
    release(data_);
    data_ = nullptr;
    room_ = 0;
  }

 private:
  bool make_room(std::size_t more) noexcept {
    if (begin_ > 0) {
      std::memmove(data_, data_ + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      if (room_ - end_ >= more) return true;
    }
    std::size_t wanted = room_ ? room_ * 2 : 4096;
    while (wanted - end_ < more) wanted *= 2;
    char* const larger = static_cast<char*>(allocate(wanted));
    if (!larger) return false;
    if (end_) std::memcpy(larger, data_, end_);
    release(data_);
    data_ = larger;
    room_ = wanted;
    return true;
  }
  char* data_ = nullptr;
  std::size_t room_ = 0;
#else
  void shrink(std::size_t) noexcept {}

 private:
  bool make_room(std::size_t more) noexcept {
    std::memmove(data_, data_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return room_ - end_ >= more;
  }
  enum : std::size_t { room_ = 4096 };
  char data_[room_];
#endif
  std::size_t begin_, end_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BYTE_BUFFER_HPP
