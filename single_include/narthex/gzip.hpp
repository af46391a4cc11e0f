// narthex/gzip.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
//
// MIT License
//
// Copyright (c) 2026 narthex contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#include "narthex.hpp"

// ==== narthex/detail/content_coding.hpp =========================================================
// narthex/detail/content_coding.hpp - how a body may be coded on its way; who includes no coding gets none.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CONTENT_CODING_HPP
#define NARTHEX_DETAIL_CONTENT_CODING_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A coding in memory that its user brings and gives back without further ado.
struct content_coding {
  const char* name;        // as in Content-Encoding
  std::size_t bytes;       // of memory, aligned for any object
  sink (*begin)(void* memory, const sink& out);  // answers where the body goes in; once `out` has refused, that refuses too
  bool (*end)(void* memory);                     // everything is out; false when `out` refused
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CONTENT_CODING_HPP

// ==== narthex/detail/crc32.hpp ==================================================================
// narthex/detail/crc32.hpp - the check sum of gzip members, four bytes at a time.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CRC32_HPP
#define NARTHEX_DETAIL_CRC32_HPP

#include <cstddef>
#include <cstdint>


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

// ==== narthex/detail/bit_writer.hpp =============================================================
// narthex/detail/bit_writer.hpp - bits to bytes, the lowest first, in pieces to a sink.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BIT_WRITER_HPP
#define NARTHEX_DETAIL_BIT_WRITER_HPP

#include <cstddef>
#include <cstdint>


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

// ==== narthex/detail/prefix_code.hpp ============================================================
// narthex/detail/prefix_code.hpp - the shortest code for symbols of known frequency (Huffman), its lengths limited.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PREFIX_CODE_HPP
#define NARTHEX_DETAIL_PREFIX_CODE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>


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

// ==== narthex/detail/repeats.hpp ================================================================
// narthex/detail/repeats.hpp - where what comes now has come before, in text whose lines are like the lines before.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_REPEATS_HPP
#define NARTHEX_DETAIL_REPEATS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Finds repeats in a text that its owner keeps and moves: at the two latest places that began with the same five bytes. In
/// an exposition that is mostly the same column of the line before. (10,000 mixed series: 15.0 x smaller with two places, 14.0
/// with one, 2 % more with four at two thirds of the speed; 14.2 when places inside repeats are not remembered.)
///
/// Memory: 8 KB in place.
class repeats {
 public:
  enum : unsigned {
    longest = 258,   // RFC 1951, 3.2.5
    shortest = 4,    // three bytes as a repeat are hardly ever shorter than three digits
    window = 8192,   // how far back: near repeats take fewer bits; with 16 KB mixed series gain nothing, counters alone 3 %
    ahead = 8        // bytes that must be there behind the place that is asked about
  };
  /// length 0: nothing is repeated.
  struct repeat {
    unsigned from, length;
  };

  void forget() noexcept { std::memset(places_, 0, sizeof places_); }
  /// The text has moved `by` bytes to its front.
  void moved(unsigned by) noexcept {
    for (std::uint16_t& place : places_) place = static_cast<std::uint16_t>(place >= by ? place - by : 0);
  }

  /// What repeats at `at`, and remembers the place. The repeat ends at `end` at the latest; at + ahead <= end < 65536.
  repeat find(const unsigned char* text, unsigned at, unsigned end) noexcept {
    const std::uint64_t now = eight(text + at);
    repeat best = {0, 0};
    std::uint16_t* const row = row_of(now);
    const unsigned latest = row[0], before = row[1];
    try_place(text, latest, at, end, now, best);
    try_place(text, before, at, end, now, best);
    row[1] = row[0];
    row[0] = static_cast<std::uint16_t>(at);
    return best;
  }
  /// Remembers the places from `at` up to `end`, which has `ahead` bytes behind it.
  void remember(const unsigned char* text, unsigned at, unsigned end) noexcept {
    for (; at < end; ++at) {
      std::uint16_t* const row = row_of(eight(text + at));
      row[1] = row[0];
      row[0] = static_cast<std::uint16_t>(at);
    }
  }

 private:
  enum : unsigned { row_bits = 11, places_in_row = 2 };

  std::uint16_t* row_of(std::uint64_t now) noexcept {
    return places_ + places_in_row * ((now << 24) * 0x9e3779b97f4a7c15u >> (64 - row_bits));
  }

  static void try_place(const unsigned char* text, unsigned place, unsigned at, unsigned end, std::uint64_t now,
                        repeat& best) noexcept {
    if (place >= at || at - place > window) return;
    const std::uint64_t then = eight(text + place);
    if (static_cast<std::uint32_t>(then ^ now)) return;
    const unsigned length = common(text, place, at, end - at < longest ? end : at + longest);
    if (length <= best.length) return;
    best.from = place;
    best.length = length;
  }

  static unsigned common(const unsigned char* text, unsigned place, unsigned at, unsigned end) noexcept {
    unsigned n = shortest;
    for (; at + n + 8 <= end; n += 8) {
      const std::uint64_t differ = eight(text + place + n) ^ eight(text + at + n);
      if (differ) return n + low_zero_bits(differ) / 8;
    }
    while (at + n < end && text[place + n] == text[at + n]) ++n;
    return n;
  }

  /// Eight bytes, the first one lowest, whatever the machine's order: compilers make one load of it.
  static std::uint64_t eight(const unsigned char* b) noexcept {
    return static_cast<std::uint64_t>(b[0]) | static_cast<std::uint64_t>(b[1]) << 8 | static_cast<std::uint64_t>(b[2]) << 16 |
           static_cast<std::uint64_t>(b[3]) << 24 | static_cast<std::uint64_t>(b[4]) << 32 |
           static_cast<std::uint64_t>(b[5]) << 40 | static_cast<std::uint64_t>(b[6]) << 48 |
           static_cast<std::uint64_t>(b[7]) << 56;
  }

  std::uint16_t places_[places_in_row << row_bits];  // 0 is a place like any other: what it holds is compared
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_REPEATS_HPP

// ==== narthex/detail/deflate_block.hpp ==========================================================
// narthex/detail/deflate_block.hpp - one block of a deflate stream: literals and repeats in the shortest of three forms.
// Room: balconies. Read bit_writer.hpp and prefix_code.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_DEFLATE_BLOCK_HPP
#define NARTHEX_DETAIL_DEFLATE_BLOCK_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Collects what a block is made of, then writes it with codes of its own, with the standard's, or as it is.
///
/// Memory: 16 KB in place. Literals are not kept: they stand in the text.
/// Source: RFC 1951, 3.2.
class deflate_block {
 public:
  enum : unsigned { most_steps = 2048 };  // a block of exposition has about 700

  void clear() noexcept {
    steps_ = 0;
    text_bytes_ = 0;
    letters_.clear();
    distances_.clear();
    extra_bits_ = 0;
  }
  bool is_full() const noexcept { return steps_ == most_steps; }

  /// `literals` bytes of the text as they are, then a repeat of 3 to 258 bytes from 1 to 32768 bytes before.
  void add(const unsigned char* text, unsigned literals, unsigned length, unsigned distance) noexcept {
    put_step(text, literals, length, distance);
    const value l = of_length(length), d = of_distance(distance);
    ++letters_.of[l.symbol].count;
    ++distances_.of[d.symbol].count;
    extra_bits_ += l.extra + d.extra;
  }
  /// The last bytes of the text, without a repeat behind them.
  void add_rest(const unsigned char* text, unsigned literals) noexcept { put_step(text, literals, 0, 0); }

  /// Writes it. text: where the first literal stood; is_last: no block follows.
  void write(const unsigned char* text, bit_writer& out, unsigned is_last) {
    letters_.of[end_of_block].count = 1;
    letters_.make(15);
    distances_.make(15);
    make_lengths();
    const std::uint64_t own = 14 + 3 * shown_ + lengths_.cost() + length_extra_ + letters_.cost() + distances_.cost();
    const std::uint64_t standard = standard_cost();
    const std::uint64_t as_it_is = 32 + 8 * std::uint64_t{text_bytes_};  // without extra bits, which the others have
    if (as_it_is <= (own < standard ? own : standard) + extra_bits_) return store(text, out, is_last);
    out.put(is_last, 1);
    if (own < standard) {
      out.put(2, 2);
      write_lengths(out);
    } else {
      out.put(1, 2);
      take_standard();
    }
    write_steps(text, out);
  }

 private:
  enum : unsigned { end_of_block = 256, letters = 286, distances = 30 };

  struct step {
    std::uint16_t literals, length, distance;  // length 0: none; distance less one
  };
  /// A symbol and what stands behind it.
  struct value {
    unsigned symbol, extra, bits;
  };

  static unsigned log2_of(unsigned n) noexcept {
    unsigned log = 0;
    while (n >>= 1) ++log;
    return log;
  }
  static value of_length(unsigned length) noexcept {
    const unsigned n = length - 3;
    if (n == 255) return value{285, 0, 0};
    if (n < 8) return value{257 + n, 0, 0};
    const unsigned extra = log2_of(n) - 2;
    return value{257 + 4 * extra + (n >> extra), extra, n & ((1u << extra) - 1)};
  }
  static value of_distance(unsigned distance) noexcept {
    const unsigned n = distance - 1;
    if (n < 4) return value{n, 0, 0};
    const unsigned extra = log2_of(n) - 1;
    return value{2 * extra + (n >> extra), extra, n & ((1u << extra) - 1)};
  }

  void put_step(const unsigned char* text, unsigned literals, unsigned length, unsigned distance) noexcept {
    for (unsigned i = 0; i < literals; ++i) ++letters_.of[text[i]].count;
    step& s = all_[steps_++];
    s.literals = static_cast<std::uint16_t>(literals);
    s.length = static_cast<std::uint16_t>(length);
    s.distance = static_cast<std::uint16_t>(distance - 1);
    text_bytes_ += literals + length;
  }

  // ---- the codes' lengths, in a code of their own (3.2.7) ----

  /// Puts a code's lengths in a row, those behind its last symbol left out; how many there are.
  template <unsigned Symbols>
  static unsigned show_lengths(const prefix_code<Symbols>& code, unsigned size, unsigned least, std::uint8_t* row) noexcept {
    while (size > least && code.of[size - 1].length == 0) --size;
    for (unsigned s = 0; s < size; ++s) row[s] = code.of[s].length;
    return size;
  }

  /// Puts both codes' lengths in one row and the row into runs: 16 repeats the last one, 17 and 18 are zeros.
  void make_lengths() noexcept {
    std::uint8_t row[letters + distances];
    letters_shown_ = show_lengths(letters_, letters, 257, row);
    distances_shown_ = show_lengths(distances_, distances, 1, row + letters_shown_);
    const unsigned size = letters_shown_ + distances_shown_;
    lengths_.clear();
    runs_ = 0;
    length_extra_ = 0;
    for (unsigned i = 0; i < size;) {
      unsigned same = 1;
      while (i + same < size && row[i + same] == row[i]) ++same;
      i += same;
      const unsigned length = row[i - 1];
      if (length) {
        put_run(length, 0, 0);
        --same;
      }
      while (same > 0) {
        const unsigned most = length ? 6 : 138, n = same < most ? same : most;
        if (n < 3) put_run(length, 0, 0);
        else if (length) put_run(16, 2, n - 3);
        else if (n < 11) put_run(17, 3, n - 3);
        else put_run(18, 7, n - 11);
        same -= n < 3 ? 1 : n;
      }
    }
    lengths_.make(7);
    shown_ = 19;
    while (shown_ > 4 && lengths_.of[order(shown_ - 1)].length == 0) --shown_;
  }
  void put_run(unsigned symbol, unsigned extra, unsigned bits) noexcept {
    ++lengths_.of[symbol].count;
    length_extra_ += extra;
    run_symbol_[runs_] = static_cast<std::uint8_t>(symbol);
    run_bits_[runs_++] = static_cast<std::uint8_t>(bits);
  }
  /// In which order the lengths of that third code stand.
  static unsigned order(unsigned i) noexcept {
    return static_cast<unsigned char>("\x10\x11\x12\x00\x08\x07\x09\x06\x0a\x05\x0b\x04\x0c\x03\x0d\x02\x0e\x01\x0f"[i]);
  }
  void write_lengths(bit_writer& out) {
    out.put(letters_shown_ - 257, 5);
    out.put(distances_shown_ - 1, 5);
    out.put(shown_ - 4, 4);
    for (unsigned i = 0; i < shown_; ++i) out.put(lengths_.of[order(i)].length, 3);
    for (unsigned i = 0; i < runs_; ++i) {
      const unsigned symbol = run_symbol_[i];
      out.put(lengths_.of[symbol].bits, lengths_.of[symbol].length);
      out.put(run_bits_[i], symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
    }
  }

  // ---- the standard's codes (3.2.6) ----

  static unsigned standard_length(unsigned letter) noexcept {
    return letter < 144 ? 8 : letter < 256 ? 9 : letter < 280 ? 7 : 8;
  }
  std::uint64_t standard_cost() const noexcept {
    std::uint64_t all = 0;
    for (unsigned s = 0; s < letters; ++s) all += static_cast<std::uint64_t>(letters_.of[s].count) * standard_length(s);
    for (unsigned s = 0; s < distances; ++s) all += std::uint64_t{5} * distances_.of[s].count;
    return all;
  }
  void take_standard() noexcept {
    for (unsigned s = 0; s < all_letters; ++s) letters_.of[s].length = static_cast<std::uint8_t>(standard_length(s));
    letters_.make_bits();
    for (unsigned s = 0; s < distances; ++s) distances_.of[s].length = 5;
    distances_.make_bits();
  }

  // ---- the block itself ----

  void store(const unsigned char* text, bit_writer& out, unsigned is_last) {
    out.put(is_last, 3);
    out.align();
    for (unsigned n : {text_bytes_, ~text_bytes_}) {
      out.put_byte(n & 0xff);
      out.put_byte(n >> 8 & 0xff);
    }
    for (unsigned i = 0; i < text_bytes_; ++i) out.put_byte(text[i]);
  }
  void write_steps(const unsigned char* text, bit_writer& out) {
    for (unsigned i = 0; i < steps_; ++i) {
      const step s = all_[i];
      for (unsigned k = 0; k < s.literals; ++k) out.put(letters_.of[text[k]].bits, letters_.of[text[k]].length);
      text += s.literals + s.length;
      if (s.length == 0) continue;
      const value l = of_length(s.length), d = of_distance(s.distance + 1u);
      out.put(letters_.of[l.symbol].bits | l.bits << letters_.of[l.symbol].length, letters_.of[l.symbol].length + l.extra);
      out.put(distances_.of[d.symbol].bits | d.bits << distances_.of[d.symbol].length, distances_.of[d.symbol].length + d.extra);
    }
    out.put(letters_.of[end_of_block].bits, letters_.of[end_of_block].length);
  }

  enum : unsigned { all_letters = 288 };  // two of them never occur, but take their part of the standard's code

  unsigned steps_, text_bytes_, extra_bits_;
  unsigned letters_shown_, distances_shown_, shown_, runs_, length_extra_;
  prefix_code<all_letters> letters_;
  prefix_code<distances> distances_;
  prefix_code<19> lengths_;
  std::uint8_t run_symbol_[letters + distances], run_bits_[letters + distances];
  step all_[most_steps];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_DEFLATE_BLOCK_HPP

// ==== narthex/gzip.hpp ==========================================================================
// narthex/gzip.hpp - expositions compressed as they are written, without a library.
// Room: balconies. Read detail/repeats.hpp and detail/deflate_block.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_GZIP_HPP
#define NARTHEX_GZIP_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


NARTHEX_BEGIN_NAMESPACE

/// A sink in front of a sink: text goes in in pieces of any size, a gzip member comes out.
///
///   static nx::gzip_writer packed(to_file);       // too large for many a stack
///   nx::write_text(packed.input());
///   packed.finish();
///
/// Any bytes are taken. Expositions become 6 to 15 times smaller, at 150 MB/s and more (README); what cannot be compressed grows by at
/// most 24 bytes, and 5 for each 8 KB.
///
/// out:     lives longer than what is written; gets pieces of at most 2 KB, late: up to 40 KB are held back.
/// Memory:  71 KB in place; nothing is allocated. Stack: 6 KB.
/// Threads: one at a time; different writers are independent.
/// Errors:  write() and finish() say false once `out` has; what comes then is dropped. Nothing else fails.
/// Source:  RFC 1951 (deflate), RFC 1952 (gzip).
class gzip_writer {
 public:
  explicit gzip_writer(const sink& out) noexcept : out_(out), begun_(false) {}
  gzip_writer(const gzip_writer&) = delete;
  gzip_writer& operator=(const gzip_writer&) = delete;

  bool write(const char* data, std::size_t size) {
    if (!begun_) begin();
    while (size > 0 && !out_.broken()) {
      const std::size_t room = buffer_bytes - end_, n = size < room ? size : room;
      std::memcpy(text_ + end_, data, n);
      sum_.add(text_ + end_, n);
      end_ += static_cast<unsigned>(n);
      size_ += static_cast<std::uint32_t>(n);
      data += n;
      size -= n;
      if (end_ < buffer_bytes) break;
      pack(more);
      move_up();
    }
    return !out_.broken();
  }
  /// Ends the member and hands everything on. What is written then begins another one, which readers put behind the first.
  /// A member in which nothing was written is one of no bytes.
  bool finish() {
    if (!begun_) begin();
    do pack(last);
    while (begin_ < end_);
    out_.align();
    for (std::uint32_t number : {sum_.value(), size_}) out_.put(number, 32);
    out_.flush();
    begun_ = false;
    return !out_.broken();
  }
  /// For write_text and its like.
  sink input() noexcept {
    const sink s = {&gzip_writer::write_to, this};
    return s;
  }

 private:
  using repeats = detail::repeats;
  enum : unsigned {
    block_bytes = 32768,  // 16 KB lose 2 %, because each has codes of its own; 48 KB gain 0.5 %
    buffer_bytes = repeats::window + block_bytes,
    good_enough = 64  // a repeat that long is not given up for one that begins a byte later
  };
  enum stage { more, last };

  static bool write_to(void* self, const char* data, std::size_t size) {
    return static_cast<gzip_writer*>(self)->write(data, size);
  }

  void begin() {
    begun_ = true;
    begin_ = end_ = 0;
    size_ = 0;
    sum_.restart();
    repeats_.forget();
    // Deflate, no name, no time, from no system in particular.
    for (unsigned byte : {0x1fu, 0x8bu, 8u, 0u, 0u, 0u, 0u, 0u, 0u, 255u}) out_.put_byte(byte);
  }

  /// Makes a block of what is there. Unless it is the last, the end waits for what comes behind it: a repeat may go on.
  void pack(stage at) {
    const unsigned kept = at == last ? unsigned{repeats::ahead} : unsigned{repeats::longest} + repeats::ahead;
    const unsigned stop = end_ > begin_ + kept ? end_ - kept : begin_;
    unsigned now = begin_, literals_from = begin_;
    block_.clear();
    while (now < stop && !block_.is_full()) {
      repeats::repeat found = repeats_.find(text_, now, end_);
      if (found.length == 0) {
        ++now;
        continue;
      }
      unsigned known = now + 1;
      if (found.length < good_enough) {
        const repeats::repeat later = repeats_.find(text_, known, end_);
        if (later.length > found.length + 1) {
          found = later;
          now = known;
        }
        ++known;
      }
      // What was taken for literals may belong to the repeat.
      while (now > literals_from && found.from > 0 && found.length < repeats::longest && text_[now - 1] == text_[found.from - 1]) {
        --now;
        --found.from;
        ++found.length;
      }
      block_.add(text_ + literals_from, now - literals_from, found.length, now - found.from);
      now += found.length;
      literals_from = now;
      repeats_.remember(text_, known, now < end_ - repeats::ahead ? now : end_ - repeats::ahead);
    }
    if (at == last && !block_.is_full()) now = end_;
    if (!block_.is_full() && now > literals_from) block_.add_rest(text_ + literals_from, now - literals_from);
    else now = literals_from;
    block_.write(text_ + begin_, out_, at == last && now == end_);
    begin_ = now;
  }

  /// Makes room behind the text: only the window before the next block is needed.
  void move_up() noexcept {
    static_assert(unsigned{detail::deflate_block::most_steps} * repeats::shortest >= repeats::window, "each block frees some room");
    const unsigned by = begin_ - repeats::window;
    std::memmove(text_, text_ + by, end_ - by);
    repeats_.moved(by);
    begin_ -= by;
    end_ -= by;
  }

  detail::bit_writer out_;
  detail::crc32 sum_;
  std::uint32_t size_;        // modulo 2^32, as the format wants it
  unsigned begin_, end_;      // of what is not packed yet
  bool begun_;
  detail::repeats repeats_;
  detail::deflate_block block_;
  unsigned char text_[buffer_bytes];
};

/// For http_server_options::compress().
inline const detail::content_coding& gzip() noexcept {
  struct local {
    static sink begin(void* memory, const sink& out) { return (new (memory) gzip_writer(out))->input(); }
    static bool end(void* memory) { return static_cast<gzip_writer*>(memory)->finish(); }
  };
  static constexpr detail::content_coding coding = {"gzip", sizeof(gzip_writer), &local::begin, &local::end};
  return coding;
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_GZIP_HPP
