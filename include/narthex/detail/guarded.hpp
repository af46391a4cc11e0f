// narthex/detail/guarded.hpp - a double that changes while interrupts are kept out, alone or with a count.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_GUARDED_HPP
#define NARTHEX_DETAIL_GUARDED_HPP

#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/shared.hpp"

#if !NARTHEX_HAS(LOCK_FREE)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A sum in cell-sized words: a double alone would be aligned to 8 bytes, which costs a node 4.
///
/// The addition, a hundred cycles on a processor without doubles, is done before interrupts are kept out; only if one has
/// come between it is done again, with them kept out, so that no stream of interrupts holds it up.
class guarded_double {
 public:
  guarded_double() noexcept { put(0); }
  double get() const noexcept {
    const critical alone;
    return peek();
  }
  void set(double to) noexcept {
    const critical alone;
    put(double_bits(to));
  }
  void add(double by) noexcept {
    add_with(by, [] {});
  }
  /// Adds, and does `more` in the same step.
  template <class More>
  void add_with(double by, const More& more) noexcept {
    const double before = get();
    const double after = detail::add(before, by);
    const critical alone;
    const double now = peek();
    put(double_bits(double_bits(now) == double_bits(before) ? after : detail::add(now, by)));
    more();
  }

  /// Both only while a `critical` lives.
  double peek() const noexcept {
    double value;
    std::memcpy(&value, words_, sizeof value);
    return value;
  }
  void put(std::uint64_t bits) noexcept { std::memcpy(words_, &bits, sizeof bits); }

 private:
  cell_word words_[sizeof(double) / sizeof(cell_word)];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // !NARTHEX_HAS(LOCK_FREE)

#endif  // NARTHEX_DETAIL_GUARDED_HPP
