// narthex/detail/number.hpp - integers and doubles to their shortest text.
// Room: foundations. Read detail/bits.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NUMBER_HPP
#define NARTHEX_DETAIL_NUMBER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/number_tables.hpp"
#include "narthex/detail/powers_of_ten.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Room to give the writers below. They write no NUL and return the end.
enum : std::size_t {
  max_u64_chars = 20,    ///< 18446744073709551615
  max_i64_chars = 20,    ///< -9223372036854775808
  max_seconds_chars = 32,  ///< -9223372036854775.808 has 21
  max_double_chars = 32  ///< -2.2250738585072014e-308 has 24; the rest is room to grow
};

// ---- integers ----

#if NARTHEX_HAS(TINY)
/// Takes the last decimal digit off a number, by long division in base 2: a Cortex-M0 has no division, its library's takes
/// 700 bytes. 600 cycles: a serial line is slower.
inline char take_digit(std::uint64_t& value) noexcept {
  std::uint32_t rest = 0;
  for (int i = 0; i < 64; ++i) {
    rest = rest << 1 | static_cast<std::uint32_t>(value >> 63);
    value <<= 1;
    if (rest >= 10) {
      rest -= 10;
      ++value;
    }
  }
  return static_cast<char>('0' + rest);
}
/// Writes plain digits; out: max_u64_chars.
inline char* write_u64(char* out, std::uint64_t value) noexcept {
  char digits[max_u64_chars];
  unsigned n = 0;
  do digits[n++] = take_digit(value);
  while (value);
  while (n) *out++ = digits[--n];
  return out;
}
inline char* write_up_to_8(char* out, std::uint32_t value) noexcept { return write_u64(out, value); }
#else
/// Writes the two digits of a number below 100.
inline void write_2(char* out, std::uint32_t value) noexcept { std::memcpy(out, digit_pairs<>::text + 2 * value, 2); }

/// Writes a number below 10^8 as eight digits.
inline char* write_8(char* out, std::uint32_t value) noexcept {
  const std::uint32_t high = value / 10000, low = value % 10000;
  write_2(out, high / 100);
  write_2(out + 2, high % 100);
  write_2(out + 4, low / 100);
  write_2(out + 6, low % 100);
  return out + 8;
}

#if NARTHEX_HAS(INT128)  // words of 64 bits
/// The eight digits of a number below 10^8, a byte each, the first in the lowest.
inline std::uint64_t split_8(std::uint32_t value) noexcept {
  // Four digits, two, one in each part of a word, by division in all parts at once: n / 100 is n * 10486 >> 20 below
  // 10^4, n / 10 is n * 103 >> 10 below 10^2.
  const std::uint32_t high = value / 10000;
  const std::uint64_t fours = high | static_cast<std::uint64_t>(value - high * 10000) << 32;
  const std::uint64_t hundreds = (fours * 10486 >> 20) & 0x7f0000007fu;
  const std::uint64_t twos = ((fours - 100 * hundreds) << 16) + hundreds;
  const std::uint64_t tens = (twos * 103 >> 10) & 0x0f000f000f000fu;
  return ((twos - 10 * tens) << 8) + tens;
}
/// Writes eight bytes, the lowest first, which compilers make one store of (not of a loop).
inline void write_bytes(char* out, std::uint64_t bytes) noexcept {
  const auto byte = [bytes](unsigned i) { return static_cast<char>(static_cast<unsigned char>(bytes >> (8 * i))); };
  out[0] = byte(0);
  out[1] = byte(1);
  out[2] = byte(2);
  out[3] = byte(3);
  out[4] = byte(4);
  out[5] = byte(5);
  out[6] = byte(6);
  out[7] = byte(7);
}

/// Writes a number below 10^8 without leading zeros; touches 8 bytes.
///
/// Without a branch: the number of digits is what a processor guesses worst.
inline char* write_up_to_8(char* out, std::uint32_t value) noexcept {
  const std::uint64_t digits = split_8(value);
  const unsigned zeros = low_zero_bits(digits | std::uint64_t{1} << 56) / 8;  // 0 has a digit, too
  write_bytes(out, (digits | 0x3030303030303030u) >> (8 * zeros));
  return out + 8 - zeros;
}
#else
/// Writes a number below 10^8 without leading zeros.
inline char* write_up_to_8(char* out, std::uint32_t value) noexcept {
  const int digits = value < 10000 ? (value < 100 ? 1 + (value >= 10) : 3 + (value >= 1000))
                                   : (value < 1000000 ? 5 + (value >= 100000) : 7 + (value >= 10000000));
  char* p = out + digits;
  for (; value >= 100; value /= 100) write_2(p -= 2, value % 100);
  if (value >= 10) {
    write_2(out, value);
  } else {
    *out = static_cast<char>('0' + value);
  }
  return out + digits;
}
#endif

/// Writes plain digits; out: max_u64_chars.
inline char* write_u64(char* out, std::uint64_t value) noexcept {
  if (value < 100000000u) return write_up_to_8(out, static_cast<std::uint32_t>(value));
  const std::uint64_t high = value / 100000000u;
  return write_8(write_u64(out, high), static_cast<std::uint32_t>(value - high * 100000000u));
}
#endif

/// Writes plain digits, with a minus if need be; out: max_i64_chars.
inline char* write_i64(char* out, std::int64_t value) noexcept {
  std::uint64_t size = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  return write_u64(out, size);
}

/// Writes a time, `count` of which are a second (1000, 1000000000), as seconds, exactly: 1520430000.123; out: max_seconds_chars.
inline char* write_seconds(char* out, std::int64_t time, std::uint32_t count) noexcept {
  const std::uint64_t size = time < 0 ? 0 - static_cast<std::uint64_t>(time) : static_cast<std::uint64_t>(time);
  if (time < 0) *out++ = '-';
  out = write_u64(out, size / count);
  std::uint32_t rest = static_cast<std::uint32_t>(size % count) * (1000000000 / count);
  if (rest) *out++ = '.';
  for (std::uint32_t place = 100000000; rest; rest %= place, place /= 10) *out++ = static_cast<char>('0' + rest / place);
  return out;
}

// ---- doubles ----

/// A decimal number: digits * 10^exponent.
struct decimal {
  std::uint64_t digits;
  std::int32_t exponent;
};

/// floor(x), or floor(x) + 1 if that is odd and x is not whole, where x = power * c / 2^128.
///
/// An odd answer compares with even numbers as x does: this is what lets 64 bits decide exactly.
/// Source: R. Giulietti, "The Schubfach way to render doubles"; number_tables.py proves it for our powers.
#if NARTHEX_HAS(TINY)
NARTHEX_DETAIL_NOINLINE inline std::uint64_t round_to_odd(const u128& power, std::uint64_t significand) noexcept {
  // By parts of 16 bits, as they are multiplied on paper: a Cortex-M0 multiplies 32 bits to 32.
  std::uint64_t parts[3] = {power.low, power.high, significand};
  std::uint16_t product[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int k = 0; k < 4; ++k) {
    std::uint32_t sum = 0;
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t a = static_cast<std::uint16_t>(parts[i / 4] >> 16 * (i % 4));
      sum += a * static_cast<std::uint16_t>(parts[2]) + product[i + k];
      product[i + k] = static_cast<std::uint16_t>(sum);
      sum >>= 16;
    }
    product[k + 8] = static_cast<std::uint16_t>(sum);
    parts[2] >>= 16;
  }
  std::uint64_t top = 0;
  for (int i = 12; i > 8;) top = top << 16 | product[--i];
  return top | static_cast<std::uint64_t>((product[4] | product[5] | product[6] | product[7]) != 0);
}
#else
inline std::uint64_t round_to_odd(u128 power, std::uint64_t significand) noexcept {
  const u128 product = multiply_add(power.high, significand, multiply(power.low, significand).high);
  return product.high | static_cast<std::uint64_t>(product.low != 0);
}
#endif

/// The shortest decimal that reads back as c * 2^q; of several the one nearest to it.
///
/// c, q:    0 < c < 2^53, -1074 <= q <= 971.
/// closer:  the next double below is half as far as the one above: c is 2^52, and q not the least.
/// Returns: digits < 10^17, perhaps with zeros at the end.
/// Source:  R. Giulietti, "The Schubfach way to render doubles".
template <class Powers>
decimal shortest(std::uint64_t significand, std::int32_t binary, bool closer) noexcept {
  // 10^exponent is the largest power of ten no larger than the gap between the doubles that read as ours: at
  // least one of its multiples reads back, and at most one multiple of the next power does. (Every compiler
  // shifts negative numbers arithmetically; C++20 says so, too.)
  const std::int32_t exponent =
      (binary * log_facts::log10_2 + (closer ? std::int32_t{log_facts::log10_3_4} : 0)) >> log_facts::log10_shift;
  const std::int32_t shift = binary + ((-exponent * log_facts::log2_10) >> log_facts::log2_shift) + 1;
  const u128 power = Powers::get(-exponent);

  // Ours and the two ends of what reads back as it, in quarters of 10^exponent.
  const std::uint64_t odd = significand & 1;  // the ends themselves read as the even one of two neighbours
  const std::uint64_t value = round_to_odd(power, 4 * significand << shift);
  const std::uint64_t least = round_to_odd(power, (4 * significand - 2 + closer) << shift) + odd;
  const std::uint64_t most = round_to_odd(power, (4 * significand + 2) << shift) - odd;

  const std::uint64_t below = value / 4;
#if NARTHEX_HAS(TINY)
  std::uint64_t below_tenth = below;
  const std::uint64_t below_10 = below - static_cast<std::uint64_t>(take_digit(below_tenth) - '0');
#else
  const std::uint64_t below_10 = below / 10 * 10;
#endif
  const bool below_10_fits = 4 * below_10 >= least;
  const bool above_10_fits = 4 * (below_10 + 10) <= most;
  if (below_10_fits != above_10_fits) return decimal{below_10_fits ? below_10 : below_10 + 10, exponent};

  const bool below_fits = 4 * below >= least;
  const bool above_fits = 4 * (below + 1) <= most;
  if (below_fits != above_fits) return decimal{below_fits ? below : below + 1, exponent};

  const std::uint64_t half = 4 * below + 2;
  const bool up = value > half || (value == half && (below & 1) != 0);
  return decimal{below + up, exponent};
}

/// Lays digits out with the exponent form below 10^-4 and from 10^6; not for whole numbers below 10^6.
///
/// What differs from one number to the next at random (how many digits, how many zeros) is done without branches.
inline char* write_decimal(char* out, decimal d) noexcept {
#if NARTHEX_HAS(TINY)
  char plain[max_u64_chars];
  const std::size_t count = static_cast<std::size_t>(write_u64(plain, d.digits) - plain);
  const std::int32_t point = d.exponent + static_cast<std::int32_t>(count) - 1;
  char* first = out + 1;
  if (point < 0 && point >= -4) {
    std::memcpy(out, "0.000", 5);
    first -= point;
  }
  std::memcpy(first, plain, count);
  char* end = first + count;
#else
  if (d.digits < 100000000u) {  // make it 17 digits, and keep those before the zeros
    d.digits *= 100000000u;
    d.exponent -= 8;
  }
  while (d.digits < 1000000000000000u) {
    d.digits *= 10;
    --d.exponent;
  }
  const unsigned lacks = d.digits < 10000000000000000u;
  d.digits = lacks ? d.digits * 10 : d.digits;
  const std::int32_t point = d.exponent - static_cast<std::int32_t>(lacks) + 16;  // the exponent of the first digit
  char* first = out + 1;  // leaves room to move digits left, and the point behind them
  if (point < 0 && point >= -4) {
    std::memcpy(out, "0.000", 5);
    first -= point;
  }
  const std::uint64_t high = d.digits / 100000000u;
  const std::uint32_t low = static_cast<std::uint32_t>(d.digits - high * 100000000u);
  const std::uint32_t lead = static_cast<std::uint32_t>(high) / 100000000u;
  *first = static_cast<char>('0' + lead);
  write_8(first + 1, static_cast<std::uint32_t>(high) - lead * 100000000u);
  char* end = first + 9;
  if (low != 0) end = write_8(end, low);
#endif
  while (end[-1] == '0') --end;

  if (point < -4 || point >= 6) {
    *out = *first;
    *first = '.';
    end -= end == first + 1;
    *end++ = 'e';
    *end++ = point < 0 ? '-' : '+';
    const std::uint32_t size = static_cast<std::uint32_t>(point < 0 ? -point : point);
#if NARTHEX_HAS(TINY)
    if (size < 10) *end++ = '0';
    return write_u64(end, size);
#else
    const std::uint32_t hundreds = size / 100;
    *end = static_cast<char>('0' + hundreds);
    end += hundreds != 0;
    write_2(end, size - hundreds * 100);
    return end + 2;
#endif
  }
  if (point >= 0) {
    for (std::int32_t i = 0; i <= point; ++i) out[i] = out[i + 1];
    out[point + 1] = '.';
  }
  return end;
}

/// Writes the shortest text that reads back as the same double, byte for byte as Prometheus' Go code does.
///
/// out:    max_double_chars.
/// Text:   NaN, +Inf, -Inf, 0 for both zeros; 1e+06 from 10^6 and 9e-05 below 10^-4, plain in between.
/// Cost:   no allocation, no locale, no floating arithmetic.
/// Source: Go, strconv.AppendFloat(f, 'g', -1, 64) and prometheus/common, writeFloat.
template <class Powers = powers>
char* write_double(char* out, const double& value) noexcept {
  const std::uint64_t bits = double_bits(value);
  const std::uint64_t fraction = bits & 0xfffffffffffffu;
  const std::uint32_t exponent = exponent_bits(bits);
  if (exponent == 0x7ffu) {
    std::memcpy(out, fraction ? "NaN" : bits >> 63 ? "-Inf" : "+Inf", 4);
    return out + (fraction ? 3 : 4);
  }
  if (exponent == 0 && fraction == 0) {
    *out = '0';
    return out + 1;
  }
  *out = '-';
  out += bits >> 63;
  if (exponent == 0) return write_decimal(out, shortest<Powers>(fraction, -1074, false));

  const std::uint64_t significand = fraction | std::uint64_t{1} << 52;
  // 1 <= value < 2^53: doubles are at most 1 apart, so a whole number has no shorter text than its own digits.
  if (exponent >= 1023 && exponent <= 1075) {
    const std::uint32_t below_point = 1075 - exponent;
    const std::uint64_t whole = significand >> below_point;
    if (whole << below_point == significand) {
      if (whole < 1000000) return write_up_to_8(out, static_cast<std::uint32_t>(whole));
      return write_decimal(out, decimal{whole, 0});
    }
  }
  return write_decimal(out,
                       shortest<Powers>(significand, static_cast<std::int32_t>(exponent) - 1075, fraction == 0 && exponent > 1));
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NUMBER_HPP
