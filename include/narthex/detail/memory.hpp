// narthex/detail/memory.hpp - memory asked for without throwing; absent in a build without a heap.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_MEMORY_HPP
#define NARTHEX_DETAIL_MEMORY_HPP

#include <cstddef>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
/// Null when there is none. Never over-aligned: before C++17 `new` would ignore it.
inline void* allocate(std::size_t size) noexcept { return ::operator new(size, std::nothrow); }
inline void release(void* memory) noexcept { ::operator delete(memory); }
#endif

constexpr std::size_t round_up(std::size_t size) noexcept { return (size + 7) / 8 * 8; }

/// Copies `text` and a NUL to `at`, which moves behind them.
inline string_view copy_text(char*& at, string_view text) noexcept {
  const string_view copy(at, text.size());
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  at[text.size()] = '\0';
  at += text.size() + 1;
  return copy;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_MEMORY_HPP
