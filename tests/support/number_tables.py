#!/usr/bin/env python3
"""Write include/narthex/detail/number_tables.hpp: the powers of ten that number.hpp multiplies by; and all of them
in full for the tests, tests/portable/powers_of_ten.inc.

  number_tables.py            write the files
  number_tables.py --check    write nothing; fail if a committed file differs by one byte

Both first prove, in exact arithmetic, what number.hpp relies on: the logarithms are right for every
exponent of a double, the tables yield every power, and 128 bits of a power are enough for
every double. Python 3.6 or later, standard library only. Same input, same bytes.
"""
import fractions
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "narthex" / "detail" / "number_tables.hpp"
VECTORS = ROOT / "tests" / "portable" / "powers_of_ten.inc"

Q_MIN, Q_MAX = -1074, 971           # a finite double is c * 2^q with c < 2^53
FIRST, LAST = -292, 324             # the powers of ten that meet them: 10^-k
STEP, SPARSE_FIRST = 27, -297       # the table: 10^(SPARSE_FIRST + STEP * i)
LOG10_2, LOG10_3_4, LOG10_SHIFT = 315653, -131008, 20   # log10(2), log10(3/4), times 2^20
LOG2_10, LOG2_SHIFT = 217706, 16    # log2(10), times 2^16


def top_bits(e, bits, up):
    """The first `bits` bits of 10^e, rounded up or down."""
    n, d = (10 ** e, 1) if e >= 0 else (1, 10 ** -e)
    shift = bits - n.bit_length() + d.bit_length()
    for s in (shift, shift - 1):
        a, b = (n << s, d) if s >= 0 else (n, d << -s)
        top = a // b
        if top.bit_length() == bits:
            return top + (1 if up and a % b else 0)
    raise AssertionError("no scale for 10^%d" % e)


FULL = [top_bits(e, 128, up=True) for e in range(FIRST, LAST + 1)]
SPARSE = [top_bits(e, 192, up=False) for e in range(SPARSE_FIRST, LAST + 1, STEP)]
FIVES = [5 ** n << (64 - (5 ** n).bit_length()) for n in range(STEP)]             # first bit set


def from_tables(e):
    """What powers in powers_of_ten.hpp computes."""
    if 0 <= e < STEP:
        return FIVES[e] << 64
    i, j = divmod(e - SPARSE_FIRST, STEP)
    product = SPARSE[i] * FIVES[j]
    rest = product.bit_length() - 128
    assert rest in (127, 128)
    return -(-product >> rest)


def from_steps(e):
    """What it computes where the tables are left out: 10^e from 10^0 or from the first one, by 5/4 at each step."""
    x, steps = (1 << 191, e) if e >= 0 else (SPARSE[0], e - SPARSE_FIRST)
    for _ in range(steps):
        x += x >> 2
        x >>= x.bit_length() - 192
    return -(-x >> 64)


def power(base, e):
    """base^e as numerator and denominator."""
    return (base ** e, 1) if e >= 0 else (1, base ** -e)


def scaled(c, q, k):
    """c * 2^q / 10^k."""
    n, d = power(2, q)
    a, b = power(10, -k)
    return fractions.Fraction(c * n * a, d * b)


def is_floor_log10(x, k):
    n, d = power(10, k)
    return n <= x * d < 10 * n


def near_misses(x, most, gap):
    """All m <= most with m * x nearer than `gap` to an integer, but not on it.

    gap < 1 / (2 * most): by Legendre's theorem each is a multiple of the denominator of a convergent.
    """
    a, b = x.numerator, x.denominator
    older, newer = 1, 0
    while b:
        whole, rest = divmod(a, b)
        older, newer = newer, whole * newer + older
        if newer > most:
            return
        a, b = b, rest
        for m in range(newer, most + 1, newer):
            part = m * x % 1
            if part == 0 or min(part, 1 - part) >= gap:
                break
            yield m


def prove():
    for e in range(FIRST, LAST + 1):
        assert from_tables(e) == FULL[e - FIRST], "tables, 10^%d" % e
        assert from_steps(e) == FULL[e - FIRST], "steps, 10^%d" % e
        log2 = e * LOG2_10 >> LOG2_SHIFT
        assert scaled(1, log2, e) <= 1 < scaled(1, log2 + 1, e), "log2(10^%d)" % e
    for q in range(Q_MIN, Q_MAX + 1):
        k = q * LOG10_2 >> LOG10_SHIFT
        closer = (q * LOG10_2 + LOG10_3_4) >> LOG10_SHIFT
        assert FIRST <= -k <= LAST and FIRST <= -closer <= LAST
        assert is_floor_log10(scaled(1, q, 0), k), "log10(2^%d)" % q
        assert is_floor_log10(scaled(3, q - 2, 0), closer), "log10(3/4 * 2^%d)" % q
        for power_of_ten in (-k, -closer):
            assert 0 <= q + (power_of_ten * LOG2_10 >> LOG2_SHIFT) + 1 <= 8, "4 * c, shifted, fits 64 bits"
        # round_to_odd() takes m * 2^(q + 1) / 10^k, m <= 2^54 + 1, or (2^54 - 1) * 2^q / 10^closer.
        # Its power is too large by less than one part in 2^127, which adds less than 2^-67 to the product, and
        # it looks at 64 bits below the point. So it is right unless the true product is a near miss; and then
        # still if that lies above an odd number, as the bit that would be set is set already.
        x = scaled(1, q + 1, k)
        for m in near_misses(x, 2 ** 54 + 1, fractions.Fraction(1, 2 ** 64)):
            assert m * x % 1 < fractions.Fraction(1, 2) and m * x // 1 % 2 == 1, "128 bits, %d * 2^%d" % (m, q + 1)
        x = scaled(2 ** 54 - 1, q, closer) % 1
        assert x == 0 or min(x, 1 - x) > fractions.Fraction(1, 2 ** 64), "128 bits, below 2^%d" % (q + 52)


def rows(entries, per_line):
    for i in range(0, len(entries), per_line):
        yield "  " + ", ".join(entries[i:i + per_line]) + ("," if i + per_line < len(entries) else "")


def words(value, count, bits=64):
    """The value as `count` words, the highest first."""
    digits = ["0x%0*xu" % (bits // 4, value >> (bits * i) & ((1 << bits) - 1)) for i in range(count)]
    return "{" + ", ".join(w + ("ll" if bits == 64 else "") for w in reversed(digits)) + "}"


def table(comment, template, facts, array, entries, per_line):
    kind, name, size = array
    yield from ("/// " + line for line in comment)
    yield "template <class Unused = void>"
    yield "struct %s {" % template
    if facts:
        yield "  enum : std::int32_t { %s };" % ", ".join("%s = %d" % fact for fact in facts)
    yield "  static const %s %s%s;" % array
    yield "};"
    yield "template <class Unused>"
    yield "const %s %s<Unused>::%s%s = {" % (kind, template, name, size)
    yield from rows(entries, per_line)
    yield "};"
    yield ""


def header():
    pairs = "".join("%02d" % i for i in range(100))
    yield "// narthex/detail/number_tables.hpp - the powers of ten and the digits that number.hpp looks up."
    yield "// Generated by tests/support/number_tables.py: do not edit. Room: foundations. SPDX-License-Identifier: MIT"
    yield "#ifndef NARTHEX_DETAIL_NUMBER_TABLES_HPP"
    yield "#define NARTHEX_DETAIL_NUMBER_TABLES_HPP"
    yield ""
    yield "#include <cstdint>"
    yield ""
    yield '#include "narthex/config.hpp"'
    yield ""
    yield "// clang-format off"
    yield "NARTHEX_BEGIN_NAMESPACE"
    yield "namespace detail {"
    yield ""
    yield "// Members of templates: one definition per program, and none where a table is not used."
    yield ""
    yield "/// Logarithms of powers by one multiplication and one shift; the generator tries every exponent there is."
    yield "struct log_facts {"
    yield "  enum : std::int32_t {"
    yield "    log10_2 = %d, log10_3_4 = %d, log10_shift = %d,  // log10(2) and log10(3/4), times 2^%d" % (
        LOG10_2, LOG10_3_4, LOG10_SHIFT, LOG10_SHIFT)
    yield "    log2_10 = %d, log2_shift = %d                            // log2(10), times 2^%d" % (
        LOG2_10, LOG2_SHIFT, LOG2_SHIFT)
    yield "  };"
    yield "};"
    yield ""
    yield from table(["00 01 ... 99."], "digit_pairs", [], ("char", "text", "[%d]" % (len(pairs) + 1)),
                     ['"%s"' % pairs[i:i + 100] for i in range(0, 200, 100)], 1)
    yield from table(["The first 192 bits of every %dth power from 10^first, rounded down: "
                      "{high, middle, low}; %d bytes." % (STEP, 24 * len(SPARSE))],
                     "sparse_powers_of_ten", [("first", SPARSE_FIRST), ("step", STEP)],
                     ("std::uint64_t", "top", "[%d][3]" % len(SPARSE)), [words(p, 3) for p in SPARSE], 1)
    yield from table(["The first of them, in words of 32 bits, the lowest first."], "first_power_of_ten", [],
                     ("std::uint32_t", "top", "[6]"), ["0x%08xu" % (SPARSE[0] >> 32 * i & 0xffffffff) for i in range(6)], 6)
    yield from table(["5^0 ... 5^%d, shifted so that the first bit is set; %d bytes." % (STEP - 1, 8 * len(FIVES))],
                     "powers_of_five", [], ("std::uint64_t", "top", "[%d]" % len(FIVES)),
                     ["0x%016xull" % p for p in FIVES], 4)
    yield "}  // namespace detail"
    yield "NARTHEX_END_NAMESPACE"
    yield "// clang-format on"
    yield ""
    yield "#endif  // NARTHEX_DETAIL_NUMBER_TABLES_HPP"


def vectors():
    yield "// The first 128 bits of 10^%d ... 10^%d, rounded up. Generated by tests/support/number_tables.py." % (FIRST, LAST)
    yield from rows([words(p, 2) for p in FULL], 2)


def main(args):
    prove()
    stale = 0
    for path, lines in ((HEADER, header()), (VECTORS, vectors())):
        data = ("\n".join(lines) + "\n").replace('",\n  "', '"\n  "').encode("ascii")
        if args == ["--check"]:
            if not path.exists() or path.read_bytes() != data:
                print("%s is stale: run tests/support/number_tables.py" % path.relative_to(ROOT))
                stale = 1
        elif args:
            print(__doc__)
            return 2
        else:
            path.write_bytes(data)
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
