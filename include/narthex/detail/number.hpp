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

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Room to give the writers below. They write no NUL and return the end.
enum : std::size_t {
  max_u64_chars = 20,    ///< 18446744073709551615
  max_i64_chars = 20,    ///< -9223372036854775808
  max_double_chars = 32  ///< -2.2250738585072014e-308 has 24; the rest is room to grow
};

// ---- integers ----

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

/// Writes plain digits; out: max_u64_chars.
inline char* write_u64(char* out, std::uint64_t value) noexcept {
  if (value < 100000000u) return write_up_to_8(out, static_cast<std::uint32_t>(value));
  const std::uint64_t high = value / 100000000u;
  return write_8(write_u64(out, high), static_cast<std::uint32_t>(value - high * 100000000u));
}

/// Writes plain digits, with a minus if need be; out: max_i64_chars.
inline char* write_i64(char* out, std::int64_t value) noexcept {
  std::uint64_t size = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  return write_u64(out, size);
}

// ---- 128 bits ----

struct u128 {
  std::uint64_t high;
  std::uint64_t low;
};

/// The product from four products of 32 bits.
inline u128 multiply_portable(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
  const std::uint64_t low = a0 * b0;
  const std::uint64_t cross = a1 * b0 + (low >> 32);  // no carry is lost: (2^32 - 1)^2 + 2^32 - 1 < 2^64
  const std::uint64_t middle = a0 * b1 + (cross & 0xffffffffu);
  return u128{a1 * b1 + (cross >> 32) + (middle >> 32), middle << 32 | (low & 0xffffffffu)};
}

#if NARTHEX_HAS(INT128)
inline u128 multiply(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ typedef unsigned __int128 native;
  const native product = static_cast<native>(a) * b;
  return u128{static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
}
#else
inline u128 multiply(std::uint64_t a, std::uint64_t b) noexcept { return multiply_portable(a, b); }
#endif

/// a * b + carry.
inline u128 multiply_add(std::uint64_t a, std::uint64_t b, std::uint64_t carry) noexcept {
  u128 sum = multiply(a, b);
  sum.low += carry;
  if (sum.low < carry) ++sum.high;
  return sum;
}

/// Powers of ten looked up. A policy has `get(e)`: the first 128 bits of 10^e, rounded up.
struct full_powers {
  static u128 get(std::int32_t e) noexcept {
    const std::uint64_t* const power = powers_of_ten<>::top[e - powers_of_ten<>::first];
    return u128{power[0], power[1]};
  }
};

/// The same 128 bits from a sixteenth of the table: 10^(near + rest) = 10^near * 5^rest * 2^rest.
struct small_powers {
  static u128 get(std::int32_t e) noexcept {
    const std::int32_t from_first = e - sparse_powers_of_ten<>::first;
    const std::int32_t rest = from_first % sparse_powers_of_ten<>::step;
    const std::uint64_t* const closest = sparse_powers_of_ten<>::top[from_first / sparse_powers_of_ten<>::step];
    const std::uint64_t five = std::uint64_t{powers_of_five<>::top[rest / 2]} * powers_of_five<>::top[rest - rest / 2];
    // 192 by 64 bits, from the low end; then the first bit goes to the top.
    const u128 low = multiply(closest[2], five);
    const u128 middle = multiply_add(closest[1], five, low.high);
    u128 high = multiply_add(closest[0], five, middle.high);
    std::uint64_t below = middle.low;
    bool inexact = low.low != 0;
    for (; !(high.high >> 63); below <<= 1) {
      high.high = high.high << 1 | high.low >> 63;
      high.low = high.low << 1 | below >> 63;
    }
    inexact = inexact || below != 0;
    if (inexact && ++high.low == 0) ++high.high;
    return high;
  }
};

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
inline std::uint64_t round_to_odd(u128 power, std::uint64_t c) noexcept {
  const u128 product = multiply_add(power.high, c, multiply(power.low, c).high);
  return product.high | static_cast<std::uint64_t>(product.low != 0);
}

/// The shortest decimal that reads back as c * 2^q; of several the one nearest to it.
///
/// c, q:    0 < c < 2^53, -1074 <= q <= 971.
/// closer:  the next double below is half as far as the one above: c is 2^52, and q not the least.
/// Returns: digits < 10^17, perhaps with zeros at the end.
/// Source:  R. Giulietti, "The Schubfach way to render doubles".
template <class Powers>
decimal shortest(std::uint64_t c, std::int32_t q, bool closer) noexcept {
  // 10^exponent is the largest power of ten no larger than the gap between the doubles that read as ours: at
  // least one of its multiples reads back, and at most one multiple of the next power does. (Every compiler
  // shifts negative numbers arithmetically; C++20 says so, too.)
  const std::int32_t exponent =
      (q * log_facts::log10_2 + (closer ? std::int32_t{log_facts::log10_3_4} : 0)) >> log_facts::log10_shift;
  const std::int32_t shift = q + ((-exponent * log_facts::log2_10) >> log_facts::log2_shift) + 1;
  const u128 power = Powers::get(-exponent);

  // Ours and the two ends of what reads back as it, in quarters of 10^exponent.
  const std::uint64_t odd = c & 1;  // the ends themselves read as the even one of two neighbours
  const std::uint64_t value = round_to_odd(power, 4 * c << shift);
  const std::uint64_t least = round_to_odd(power, (4 * c - 2 + closer) << shift) + odd;
  const std::uint64_t most = round_to_odd(power, (4 * c + 2) << shift) - odd;

  const std::uint64_t below = value / 4;
  const std::uint64_t below_10 = below / 10 * 10;
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
inline char* write_decimal(char* out, decimal d) noexcept {
  if (d.digits < 100000000u) {  // make it 17 digits, and keep those before the zeros
    d.digits *= 100000000u;
    d.exponent -= 8;
  }
  while (d.digits < 10000000000000000u) {
    d.digits *= 10;
    --d.exponent;
  }
  const std::int32_t point = d.exponent + 16;  // the exponent of the first digit
  char* first = out + 1;                       // leaves room to move digits left, and the point behind them
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
  while (end[-1] == '0') --end;

  if (point < -4 || point >= 6) {
    *out = *first;
    if (end == first + 1) {
      end = first;
    } else {
      *first = '.';
    }
    *end++ = 'e';
    *end++ = point < 0 ? '-' : '+';
    std::uint32_t size = static_cast<std::uint32_t>(point < 0 ? -point : point);
    if (size >= 100) {
      *end++ = static_cast<char>('0' + size / 100);
      size %= 100;
    }
    write_2(end, size);
    return end + 2;
  }
  if (point >= 0) {
    for (std::int32_t i = 0; i <= point; ++i) out[i] = out[i + 1];
    out[point + 1] = '.';
  }
  return end;
}

/// Writes a double as write_double() does, with the powers of ten from `Powers`.
template <class Powers>
char* write_double_with(char* out, const double& value) noexcept {
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
  if (bits >> 63) *out++ = '-';
  if (exponent == 0) return write_decimal(out, shortest<Powers>(fraction, -1074, false));

  const std::uint64_t c = fraction | std::uint64_t{1} << 52;
  // 1 <= value < 2^53: doubles are at most 1 apart, so a whole number has no shorter text than its own digits.
  if (exponent >= 1023 && exponent <= 1075) {
    const std::uint32_t below_point = 1075 - exponent;
    const std::uint64_t whole = c >> below_point;
    if (whole << below_point == c) {
      if (whole < 1000000) return write_up_to_8(out, static_cast<std::uint32_t>(whole));
      return write_decimal(out, decimal{whole, 0});
    }
  }
  return write_decimal(out,
                       shortest<Powers>(c, static_cast<std::int32_t>(exponent) - 1075, fraction == 0 && exponent > 1));
}

/// Writes the shortest text that reads back as the same double, byte for byte as Prometheus' Go code does.
///
/// out:    max_double_chars.
/// Text:   NaN, +Inf, -Inf, 0 for both zeros; 1e+06 from 10^6 and 9e-05 below 10^-4, plain in between.
/// Cost:   no allocation, no locale, no floating arithmetic.
/// Source: Go, strconv.AppendFloat(f, 'g', -1, 64) and prometheus/common, writeFloat.
inline char* write_double(char* out, const double& value) noexcept {
#if NARTHEX_HAS(HEAP)
  return write_double_with<full_powers>(out, value);
#else
  return write_double_with<small_powers>(out, value);
#endif
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NUMBER_HPP
