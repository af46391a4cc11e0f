// narthex/detail/deflate_block.hpp - one block of a deflate stream: literals and repeats in the shortest of three forms.
// Room: balconies. Read bit_writer.hpp and prefix_code.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_DEFLATE_BLOCK_HPP
#define NARTHEX_DETAIL_DEFLATE_BLOCK_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/bit_writer.hpp"
#include "narthex/detail/prefix_code.hpp"

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
