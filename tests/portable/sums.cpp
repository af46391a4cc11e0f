// Sums of doubles by their bits, which small processors print: the same as the machine's own.
#include <narthex/narthex.hpp>

#include <cfloat>
#include <cstdint>
#include <cstdio>

namespace {

using narthex::detail::add_bits;
using narthex::detail::bits_double;
using narthex::detail::double_bits;
using narthex::detail::is_less;
using narthex::detail::is_nan;

int failures = 0;

// With -ffast-math, the machine may be told to take the smallest doubles for zeros.
bool takes_for_zero(std::uint64_t bits) {
  static const volatile double smallest = bits_double(1);
  static const bool any = double_bits(smallest + smallest) == 0;
  return any && bits << 1 != 0 && bits << 1 < std::uint64_t{1} << 53;
}

void compare(std::uint64_t a, std::uint64_t b) {
  const volatile double left = bits_double(a), right = bits_double(b);
  const volatile double sum = left + right;
  const double wanted = sum;
  const std::uint64_t got = add_bits(a, b);
  if (takes_for_zero(a) || takes_for_zero(b) || takes_for_zero(got)) return;
  // Elsewhere the machine's own sums are rounded twice.
  const bool same = FLT_EVAL_METHOD != 0 || got == double_bits(wanted) || (is_nan(wanted) && is_nan(bits_double(got)));
  const bool order = is_nan(bits_double(a)) || is_nan(bits_double(b)) || is_less(bits_double(a), bits_double(b)) == (left < right);
  if ((same && order) || ++failures > 5) return;
  std::printf("FAIL %.17g and %.17g: sum %.17g\n", bits_double(a), bits_double(b), bits_double(got));
}

}  // namespace

int main() {
  const std::uint64_t sign = std::uint64_t{1} << 63, one = std::uint64_t{0x3ff} << 52, infinite = std::uint64_t{0x7ff} << 52;
  const std::uint64_t hidden = std::uint64_t{1} << 52;
  const std::uint64_t edges[] = {0, 1, hidden - 1, hidden, hidden + 1, one, one + 1, one - 1, infinite - 1, infinite, infinite + hidden / 2,
                                 one - 52 * hidden, one - 53 * hidden, one - 54 * hidden, one + 53 * hidden, 2 * hidden};
  for (const std::uint64_t a : edges) {
    for (const std::uint64_t b : edges) {
      compare(a, b);
      compare(a | sign, b);
      compare(a, b | sign);
      compare(a | sign, b | sign);
    }
  }
  std::uint64_t state = 1;
  const auto random = [&state] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 32 | state << 32) ^ state >> 13;
  };
  for (int i = 0; i < 300000; ++i) {
    const std::uint64_t a = random(), b = random();
    compare(a, b);
    // Exponents that are near, and numbers with few bits, where halves meet.
    const std::uint64_t close_by = (b & ~infinite) | (((a >> 52 & 0x7ff) + b % 130 - 65) & 0x7ff) << 52;
    const std::uint64_t few = ~std::uint64_t{0} << i % 52 | std::uint64_t{0xfff} << 52;
    compare(a, close_by);
    compare(a & few, close_by & few);
    compare(a & ~(infinite - 8 * hidden), b & ~(infinite - 8 * hidden));  // tiny ones
  }
  return failures ? 1 : 0;
}
