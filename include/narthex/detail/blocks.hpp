// narthex/detail/blocks.hpp - memory that is taken piece by piece and given back all at once.
// Room: foundations. Read detail/memory.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BLOCKS_HPP
#define NARTHEX_DETAIL_BLOCKS_HPP

#include <cstddef>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Pieces of memory in blocks that double from 512 bytes to 32 KB: a series costs neither an allocator's call nor its header.
///
/// Threads: any, without a lock.
/// Order:   taking a piece is one relaxed add, since only its taker looks into it; who publishes the piece publishes
///          what is in it. A block's own words are there before the release that shows the block.
class blocks {
 public:
  constexpr blocks() noexcept : newest_(nullptr) {}
  blocks(const blocks&) = delete;
  blocks& operator=(const blocks&) = delete;

  /// Aligned to eight bytes; null when there is no memory.
  void* take(std::size_t bytes) noexcept {
    bytes = round_up(bytes);
    for (block* b = newest_.load(memory_order_acquire);;) {
      if (b) {
        const std::size_t at = b->used.fetch_add(bytes, memory_order_relaxed);
        if (at + bytes <= b->size) return begin(b) + at;
      }
      std::size_t size = b ? b->size * 2 : static_cast<std::size_t>(smallest);
      if (size > largest) size = largest;
      if (size < bytes) size = bytes;
      void* const memory = allocate(round_up(sizeof(block)) + size);
      if (!memory) return nullptr;
      block* const fresh = new (memory) block(b, size, bytes);
      if (newest_.compare_exchange_strong(b, fresh, memory_order_acq_rel, memory_order_acquire)) return begin(fresh);
      release(memory);  // another thread's block is there
    }
  }
  /// Gives everything back.
  void end() noexcept {
    for (block* b = newest_.load(memory_order_acquire); b;) {
      block* const before = b->older;
      release(b);
      b = before;
    }
    newest_.store(nullptr, memory_order_relaxed);
  }

 private:
  enum : std::size_t { smallest = 512, largest = 32768 };
  struct block {
    block(block* before, std::size_t bytes, std::size_t taken) noexcept : older(before), size(bytes), used(taken) {}
    block* const older;
    const std::size_t size;
    shared<std::size_t> used;  // beyond `size` when a piece did not fit
  };
  static char* begin(block* b) noexcept { return reinterpret_cast<char*>(b) + round_up(sizeof(block)); }
  shared<block*> newest_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_BLOCKS_HPP
