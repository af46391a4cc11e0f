// narthex/detail/prefix_code.hpp - the shortest code for symbols of known frequency (Huffman), its lengths limited.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PREFIX_CODE_HPP
#define NARTHEX_DETAIL_PREFIX_CODE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A canonical prefix code for up to `Symbols` symbols, as deflate describes one by its lengths.
///
/// Source: RFC 1951, 3.2.2 (codes from lengths, sent with their highest bit first); D. Huffman, 1952.
template <unsigned Symbols>
struct prefix_code {
  struct symbol_facts {
    std::uint32_t count;  // how often it is used: below 2^20
    std::uint16_t bits;   // its code, lowest bit first, as the stream wants it
    std::uint8_t length;  // in bits; 0: never used
  };
  // One array, not three: g++ 12.2 walks arrays of different steps in one object by one pointer, one of them then "from
  // address 0", holds stores there to be none, and leaves out the call of make_bits (aarch64 and sparc64, from -O1 on; in short:
  // struct { char c[999]; short s[999]; void f() { for (int i = 0; i < 999; ++i) s[i] = c[i]; } } and a caller who reads s).
  symbol_facts of[Symbols];

  void clear() noexcept { std::memset(of, 0, sizeof of); }

  /// Makes the lengths, none above `limit` bits, and the codes. A lone symbol gets one bit.
  void make(unsigned limit) noexcept {
    make_lengths(limit);
    make_bits();
  }
  /// Makes the codes from lengths that are there.
  void make_bits() noexcept {
    unsigned of_length[16] = {0}, next[16] = {0};
    for (const symbol_facts& s : of) ++of_length[s.length];
    of_length[0] = 0;
    for (unsigned l = 1; l < 16; ++l) next[l] = (next[l - 1] + of_length[l - 1]) << 1;
    for (symbol_facts& s : of) {
      unsigned forward = s.length ? next[s.length]++ : 0, backward = 0;
      for (unsigned l = 0; l < s.length; ++l, forward >>= 1) backward = backward << 1 | (forward & 1);
      s.bits = static_cast<std::uint16_t>(backward);
    }
  }
  /// How many bits all symbols take together.
  std::uint64_t cost() const noexcept {
    std::uint64_t all = 0;
    for (const symbol_facts& s : of) all += static_cast<std::uint64_t>(s.count) * s.length;
    return all;
  }

 private:
  void make_lengths(unsigned limit) noexcept {
    // Count above symbol: sorted by one comparison, and equal counts in a fixed order.
    std::uint32_t weight[2 * Symbols];
    std::uint16_t symbol[Symbols], parent[2 * Symbols];
    unsigned used = 0;
    for (unsigned s = 0; s < Symbols; ++s) {
      of[s].length = 0;
      if (of[s].count) weight[used++] = of[s].count << 9 | s;
    }
    static_assert(Symbols <= 512, "a symbol takes nine bits beside its count");
    if (used < 2) {
      if (used) of[weight[0] & 511].length = 1;
      return;
    }
    sort(weight, used);
    for (unsigned i = 0; i < used; ++i) {
      symbol[i] = static_cast<std::uint16_t>(weight[i] & 511);
      weight[i] >>= 9;
    }
    // The two lightest become one: leaves stand in order, and so do the pairs, as they are made.
    unsigned leaf = 0, pair = used;
    for (unsigned made = used; made < 2 * used - 1; ++made) {
      std::uint32_t sum = 0;
      for (unsigned two = 0; two < 2; ++two) {
        const bool takes_leaf = leaf < used && (pair == made || weight[leaf] <= weight[pair]);
        const unsigned lightest = takes_leaf ? leaf++ : pair++;
        sum += weight[lightest];
        parent[lightest] = static_cast<std::uint16_t>(made);
      }
      weight[made] = sum;
    }
    // From the root down, in place of the weights: how deep each lies.
    unsigned of_depth[16] = {0};
    weight[2 * used - 2] = 0;
    for (unsigned n = 2 * used - 2; n-- > 0;) {
      weight[n] = weight[parent[n]] + 1;
      if (n < used) ++of_depth[weight[n] < limit ? weight[n] : limit];
    }
    shorten(of_depth, limit);
    // The rarest symbols get the longest codes.
    unsigned next = 0;
    for (unsigned depth = limit; depth > 0; --depth) {
      for (unsigned n = 0; n < of_depth[depth]; ++n) of[symbol[next++]].length = static_cast<std::uint8_t>(depth);
    }
  }

  /// Codes that were cut off at the limit take more room than there is: each time, one code of the longest below the
  /// limit becomes one bit longer, and one from the limit moves beside it.
  static void shorten(unsigned* of_depth, unsigned limit) noexcept {
    std::uint32_t room_used = 0;  // in codes of `limit` bits
    for (unsigned depth = 1; depth <= limit; ++depth) room_used += of_depth[depth] << (limit - depth);
    for (; room_used > std::uint32_t{1} << limit; --room_used) {
      unsigned depth = limit - 1;
      while (of_depth[depth] == 0) --depth;
      --of_depth[depth];
      of_depth[depth + 1] += 2;
      --of_depth[limit];
    }
  }

  static void sort(std::uint32_t* all, unsigned size) noexcept {
    for (unsigned gap : {57u, 23u, 10u, 4u, 1u}) {
      for (unsigned i = gap; i < size; ++i) {
        const std::uint32_t one = all[i];
        unsigned to = i;
        for (; to >= gap && all[to - gap] > one; to -= gap) all[to] = all[to - gap];
        all[to] = one;
      }
    }
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PREFIX_CODE_HPP
