// tests/portable/number.cpp - digits: vectors from Go, round trip, shortness, the tables, both products.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "check.hpp"
#include "exact_decimal.hpp"

namespace {

namespace detail = narthex::detail;
using std::int64_t;
using std::uint64_t;

const uint64_t sign_bit = uint64_t{1} << 63;
const uint64_t infinity_bits = uint64_t{0x7ff} << 52;

/// xorshift64*, so that every machine sees the same numbers.
struct random_bits {
  uint64_t state;
  uint64_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717u;
  }
};

/// A text with its NUL, and a guard behind the promised room.
struct text {
  char chars[detail::max_double_chars + 8];
  text() { std::memset(chars, '#', sizeof chars); }
  const char* finish(char* end, std::size_t room) {
    for (std::size_t i = room; i < sizeof chars; ++i) CHECK(chars[i] == '#');
    CHECK(end > chars && end <= chars + room);
    *end = '\0';
    return chars;
  }
};

/// Every power that a double can need, from exact arithmetic.
struct full_powers {
  static detail::u128 get(std::int32_t e) { return all[e + 292]; }
  static const detail::u128 all[617];
};
const detail::u128 full_powers::all[617] = {
#include "powers_of_ten.inc"
};

template <class Powers>
const char* written(text& out, uint64_t bits) {
  return out.finish(detail::write_double<Powers>(out.chars, detail::bits_double(bits)), detail::max_double_chars);
}

/// Writes with the powers as they are computed and as they should be, and compares.
const char* written_twice(text& out, uint64_t bits) {
  text other;
  CHECK_EQ_TEXT(written<full_powers>(other, bits), written<detail::powers>(out, bits));
  return out.chars;
}

/// The digits of a number's text without zeros at either end; their count.
int digits_of(const char* number, char* digits) {
  int count = 0;
  for (; *number && *number != 'e'; ++number) {
    if (*number >= '0' && *number <= '9' && (count > 0 || *number != '0')) digits[count++] = *number;
  }
  while (count > 0 && digits[count - 1] == '0') --count;
  digits[count] = '\0';
  return count;
}

/// The double that a positive text stands for, whatever the C library makes of it.
uint64_t bits_of(const char* decimal_text) {
  uint64_t bits = detail::double_bits(std::strtod(decimal_text, nullptr));
  while (const int towards = check::nearest_to(decimal_text, bits)) bits += static_cast<uint64_t>(towards);
  return bits;
}

/// Reads back, no shorter text does, and of this length none is nearer.
void check_digits(uint64_t bits, bool thorough) {
  text out;
  const char* const got = written_twice(out, bits);
  if (!CHECK(check::nearest_to(got, bits) == 0 && (*got == '-') == (bits >> 63 != 0)))
    std::printf("  bits %016llx: %s\n", static_cast<unsigned long long>(bits), got);
  if (!thorough) return;

  char digits[40], nearest[40], printed[64];
  const int count = digits_of(got, digits);
  const double value = detail::bits_double(bits);
  if (count > 1) {
    std::snprintf(printed, sizeof printed, "%.*e", count - 2, value);
    if (!CHECK(check::nearest_to(printed, bits) != 0)) std::printf("  %s, shorter: %s\n", got, printed);
  }
  // The nearest decimal of this length reads back, too, except perhaps at powers of two, where ours is the
  // nearest of those that do. Halfway cases may end in another digit: then both are as near.
  std::snprintf(printed, sizeof printed, "%.*e", count - 1, value);
  if (check::nearest_to(printed, bits) == 0) {
    digits_of(printed, nearest);
    if (std::strcmp(digits, nearest) != 0) {
      char exact[1100];
      std::snprintf(exact, sizeof exact, "%.*e", 1075, value);
      const int length = digits_of(exact, exact);
      if (!CHECK(length == count + 1 && exact[count] == '5')) std::printf("  %s, nearer: %s\n", got, printed);
    }
  }
}

void vectors() {
  struct vector {
    uint64_t bits;
    const char* want;
  };
  static const vector all[] = {
#define FLOAT(bits, text, openmetrics) {bits, text},
#include "float_vectors.inc"
#undef FLOAT
  };
  for (const vector& v : all) {
    text out;
    CHECK_EQ_TEXT(written_twice(out, v.bits), v.want);
    text usual;
    const double value = detail::bits_double(v.bits);
    CHECK_EQ_TEXT(usual.finish(detail::write_double(usual.chars, value), detail::max_double_chars), v.want);
  }
}

void layout() {
  struct row {
    double value;
    const char* want;
  };
  // clang-format off
  static const row all[] = {
      {0.0001, "0.0001"},             {0.00012, "0.00012"},           {0.00099999, "0.00099999"},
      {9.9999e-5, "9.9999e-05"},      {0.01, "0.01"},                 {0.1, "0.1"},
      {0.25, "0.25"},                 {1.5, "1.5"},                   {12.5, "12.5"},
      {123.456, "123.456"},           {12345.75, "12345.75"},         {123456.5, "123456.5"},
      {999999, "999999"},             {999999.5, "999999.5"},         {1e6, "1e+06"},
      {1000001, "1.000001e+06"},      {1048575, "1.048575e+06"},      {1048576, "1.048576e+06"},
      {-0.5, "-0.5"},                 {-7, "-7"},                     {-1234567, "-1.234567e+06"},
      {1e15, "1e+15"},                {1e99, "1e+99"},                {1e100, "1e+100"},
      {1e-99, "1e-99"},               {1e-100, "1e-100"},             {-1.5e-7, "-1.5e-07"},
      {1e21, "1e+21"},                {1e22, "1e+22"},                {1e23, "1e+23"},
      {5e-324, "5e-324"},             {9007199254740993.0, "9.007199254740992e+15"}};
  // clang-format on
  for (const row& r : all) {
    text out;
    CHECK_EQ_TEXT(written_twice(out, detail::double_bits(r.value)), r.want);
  }
  for (uint64_t whole = 0; whole < 1000000; whole += whole < 2000 ? 1 : 997) {
    text out, plain;
    const double value = static_cast<double>(whole);
    CHECK_EQ_TEXT(written_twice(out, detail::double_bits(value)),
                  plain.finish(detail::write_u64(plain.chars, whole), detail::max_u64_chars));
  }
}

void doubles() {
  for (uint64_t exponent = 0; exponent < 2047; ++exponent) {  // powers of two and their neighbours
    for (uint64_t step = 0; step < 5; ++step) {
      const uint64_t bits = (exponent << 52) + step - 2;
      if (bits - 1 < infinity_bits - 1) check_digits(bits, true);
    }
  }
  for (uint64_t bits = 1; bits < 2000; ++bits) check_digits(bits, true);
  for (int bit = 0; bit < 52; ++bit) check_digits(uint64_t{1} << bit, true);
  for (int power = -323; power <= 308; ++power) {
    char decimal_text[16];
    std::snprintf(decimal_text, sizeof decimal_text, "1e%+03d", power);
    const uint64_t bits = bits_of(decimal_text);
    if (power < -4 || power > 5) {
      text out;
      CHECK_EQ_TEXT(written_twice(out, bits), decimal_text);
    }
    for (uint64_t step = 0; step < 7; ++step) {
      if (bits + step > 3) check_digits(bits + step - 3, true);
    }
  }

  random_bits random = {88172645463325252u};
  for (int i = 0; i < 200000; ++i) {
    const uint64_t bits = random.next();
    if ((bits & infinity_bits) != infinity_bits && bits << 1 != 0) check_digits(bits, i % 16 == 0);
  }
  for (int i = 0; i < 20000; ++i) {  // what programs count and measure: few digits, moderate size
    char decimal_text[40], digits[40];
    uint64_t number = random.next() % 1000000000;
    std::snprintf(decimal_text, sizeof decimal_text, "%lue%d", static_cast<unsigned long>(number),
                  -static_cast<int>(random.next() % 12));
    const uint64_t bits = bits_of(decimal_text);
    text out;
    digits_of(written_twice(out, bits), digits);
    while (number != 0 && number % 10 == 0) number /= 10;
    text plain;
    if (number != 0) CHECK_EQ_TEXT(digits, plain.finish(detail::write_u64(plain.chars, number), detail::max_u64_chars));
    if (number != 0) check_digits(bits, false);
  }
  for (int i = 0; i < 20000; ++i) {  // whole numbers of every length
    const uint64_t whole = (random.next() >> 11) >> (random.next() % 53);
    if (whole != 0) check_digits(detail::double_bits(static_cast<double>(whole)), i % 16 == 0);
  }
}

void special() {
  const uint64_t nans[] = {infinity_bits + 1, infinity_bits + 2, infinity_bits + (uint64_t{1} << 51), ~uint64_t{0},
                           sign_bit + infinity_bits + 1};
  for (const uint64_t bits : nans) {
    text out;
    CHECK_EQ_TEXT(written_twice(out, bits), "NaN");
    CHECK(detail::is_nan(detail::bits_double(bits)));
    CHECK(!detail::is_finite(detail::bits_double(bits)));
  }
  for (uint64_t sign = 0; sign < 2; ++sign) {
    const double infinite = detail::bits_double((sign << 63) + infinity_bits);
    CHECK(!detail::is_nan(infinite) && !detail::is_finite(infinite));
    const double largest = detail::bits_double((sign << 63) + infinity_bits - 1);
    CHECK(!detail::is_nan(largest) && detail::is_finite(largest));
    const double zero = detail::bits_double(sign << 63);
    CHECK(!detail::is_nan(zero) && detail::is_finite(zero));
  }
}

void integers() {
  const char* const nines = "9999999999999999999";
  uint64_t power = 1;
  for (int digits = 1; digits <= 20; ++digits) {  // 1, 9; 10, 99; ... 10^19
    text low, high, minus;
    char want[24] = "1";
    for (int i = 1; i < digits; ++i) want[i] = '0';
    want[digits] = '\0';
    CHECK_EQ_TEXT(low.finish(detail::write_u64(low.chars, power), detail::max_u64_chars), want);
    if (digits <= 19) {
      CHECK_EQ_TEXT(high.finish(detail::write_u64(high.chars, power * 10 - 1), detail::max_u64_chars),
                    digits == 19 ? nines : nines + (19 - digits));
      const int64_t negative = -static_cast<int64_t>(power);
      std::memmove(want + 1, want, static_cast<std::size_t>(digits) + 1);
      want[0] = '-';
      CHECK_EQ_TEXT(minus.finish(detail::write_i64(minus.chars, negative), detail::max_i64_chars), want);
    }
    power *= 10;
  }
  const uint64_t unsigned_ends[] = {0, ~uint64_t{0}};
  const char* const unsigned_texts[] = {"0", "18446744073709551615"};
  for (int i = 0; i < 2; ++i) {
    text out;
    CHECK_EQ_TEXT(out.finish(detail::write_u64(out.chars, unsigned_ends[i]), detail::max_u64_chars), unsigned_texts[i]);
  }
  const int64_t largest = static_cast<int64_t>(sign_bit - 1);
  const int64_t signed_ends[] = {0, -1, largest, -largest - 1};
  const char* const signed_texts[] = {"0", "-1", "9223372036854775807", "-9223372036854775808"};
  for (int i = 0; i < 4; ++i) {
    text out;
    CHECK_EQ_TEXT(out.finish(detail::write_i64(out.chars, signed_ends[i]), detail::max_i64_chars), signed_texts[i]);
  }
  random_bits random = {1181783497276652981u};
  for (int i = 0; i < 50000; ++i) {
    const uint64_t value = random.next() >> (random.next() % 64);
    char want[24];
    std::snprintf(want, sizeof want, "%llu", static_cast<unsigned long long>(value));
    text plain, negated;
    CHECK_EQ_TEXT(plain.finish(detail::write_u64(plain.chars, value), detail::max_u64_chars), want);
    const int64_t less = -static_cast<int64_t>(value >> 1);
    std::snprintf(want, sizeof want, "%lld", static_cast<long long>(less));
    CHECK_EQ_TEXT(negated.finish(detail::write_i64(negated.chars, less), detail::max_i64_chars), want);
  }
}

void tables_and_products() {
  for (int e = -292; e <= 324; ++e) {
    const detail::u128 full = full_powers::get(e), small = detail::powers::get(e);
    CHECK(full.high == small.high && full.low == small.low);
    CHECK(full.high >> 63 == 1);
  }
  random_bits random = {3935559000370003845u};
  const uint64_t edges[] = {0, 1, 2, 0xffffffffu, uint64_t{1} << 32, (uint64_t{1} << 32) + 1, sign_bit, ~uint64_t{0}};
  const uint64_t edge_count = sizeof edges / sizeof edges[0];
  for (uint64_t i = 0; i < 100000; ++i) {
    const bool on_edge = i < edge_count * edge_count;
    const uint64_t a = on_edge ? edges[i / edge_count] : random.next() >> (random.next() % 64);
    const uint64_t b = on_edge ? edges[i % edge_count] : random.next() >> (random.next() % 64);
    const detail::u128 usual = detail::multiply(a, b), portable = detail::multiply_portable(a, b);
    CHECK(usual.high == portable.high && usual.low == portable.low);
    CHECK(portable.low == a * b);
    const detail::u128 three = detail::multiply_add(a, b, detail::multiply(random.state, b).high);
    CHECK(detail::round_to_odd(detail::u128{a, random.state}, b) == (three.high | static_cast<uint64_t>(three.low != 0)));
    if (b != 0 && portable.low != 0) {  // (2^64 - a) * b = 2^64 * b - a * b
      CHECK(detail::multiply_portable(0 - a, b).high == b - portable.high - 1);
    }
  }
  const detail::u128 most = detail::multiply_portable(~uint64_t{0}, ~uint64_t{0});
  CHECK(most.high == ~uint64_t{0} - 1 && most.low == 1);
}

}  // namespace

int main() {
  vectors();
  layout();
  special();
  integers();
  tables_and_products();
  doubles();
  return check::report();
}
