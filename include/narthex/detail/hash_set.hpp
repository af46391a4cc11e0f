// narthex/detail/hash_set.hpp - names that were seen, as their hashes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HASH_SET_HPP
#define NARTHEX_DETAIL_HASH_SET_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
/// Names by 64 bits each. Two names of one hash are taken for one; of 10,000 names one pair in 10^11 programs.
class hash_set {
 public:
  enum : std::uint64_t { seed = 0xcbf29ce484222325u };
  /// Of a name in pieces: hash(hash(seed, "a"), "b") is hash(seed, "ab"). FNV-1a.
  static std::uint64_t hash(std::uint64_t before, string_view piece) noexcept {
    for (char c : piece) before = (before ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return before;
  }

  hash_set() noexcept : slots_(nullptr), room_(0), used_(0) {}
  ~hash_set() { release(slots_); }
  hash_set(const hash_set&) = delete;
  hash_set& operator=(const hash_set&) = delete;

  bool has(std::uint64_t h) const noexcept { return room_ && slots_[place(h)] != 0; }
  /// False without memory.
  bool add(std::uint64_t h) noexcept {
    if (used_ * 2 >= room_ && !grow()) return false;
    std::uint64_t& slot = slots_[place(h)];
    if (slot == 0) ++used_;
    slot = h | 1;
    return true;
  }

 private:
  std::size_t place(std::uint64_t h) const noexcept {
    std::size_t i = static_cast<std::size_t>(h >> 20) & (room_ - 1);
    while (slots_[i] != 0 && slots_[i] != (h | 1)) i = (i + 1) & (room_ - 1);
    return i;
  }
  bool grow() noexcept {
    const std::size_t before = room_, wanted = room_ ? room_ * 2 : 64;
    std::uint64_t* const old = slots_;
    std::uint64_t* const larger = static_cast<std::uint64_t*>(allocate(wanted * sizeof(std::uint64_t)));
    if (!larger) return false;
    for (std::size_t i = 0; i < wanted; ++i) larger[i] = 0;
    slots_ = larger;
    room_ = wanted;
    for (std::size_t i = 0; i < before; ++i) {
      if (old[i]) slots_[place(old[i])] = old[i];
    }
    release(old);
    return true;
  }

  std::uint64_t* slots_;  // 0: free
  std::size_t room_, used_;
};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HASH_SET_HPP
