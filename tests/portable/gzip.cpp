// tests/portable/gzip.cpp - what gzip_writer writes, read back by an inflate that shares nothing with it: every kind of
// input, every cut, every limit of the format, sinks that refuse.
#include <narthex/gzip.hpp>
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <new>

#include "../support/inflate.hpp"
#include "check.hpp"

namespace {

namespace nx = narthex;

enum : std::size_t { most = 200000 };  // a microcontroller's test program has 4 MB for all
unsigned char text[most], unpacked[most];

/// Where packed bytes go; refuses once `pieces_left` is used up.
struct box {
  unsigned char bytes[most + 4096];
  std::size_t size;
  int pieces_left, refused;
  bool large_piece;

  void clear() {
    size = 0;
    pieces_left = -1;
    refused = 0;
    large_piece = false;
  }
  static bool take(void* self, const char* data, std::size_t n) {
    box& b = *static_cast<box*>(self);
    if (b.pieces_left == 0) return ++b.refused, false;
    if (b.pieces_left > 0) --b.pieces_left;
    if (n == 0 || n > 2048 || b.size + n > sizeof b.bytes) return b.large_piece = true, false;
    std::memcpy(b.bytes + b.size, data, n);
    b.size += n;
    return true;
  }
};
box packed, other;

alignas(nx::gzip_writer) unsigned char place[sizeof(nx::gzip_writer)];  // 71 KB: static, not on a stack

nx::gzip_writer& writer(box& to) {
  to.clear();
  const nx::sink out = {&box::take, &to};
  return *new (&place) nx::gzip_writer(out);
}

void pack(std::size_t size, std::size_t cut, box& to) {
  nx::gzip_writer& w = writer(to);
  for (std::size_t at = 0; at < size; at += cut) {
    CHECK(w.write(reinterpret_cast<const char*>(text) + at, size - at < cut ? size - at : cut));
  }
  CHECK(w.finish());
}

std::uint64_t seed = 88172645463325252u;
std::uint64_t random_bits() {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}
unsigned below(unsigned n) { return static_cast<unsigned>(random_bits() >> 33) % n; }

/// Packs the beginning of the text and reads it back.
check::inflated round_trip(std::size_t size, const char* what) {
  pack(size, most, packed);
  const check::inflated r = check::inflater(packed.bytes, packed.size, unpacked, most).run();
  const bool good = !r.wrong && r.size == size && (size == 0 || std::memcmp(text, unpacked, size) == 0) && r.members == 1;
  if (!CHECK(good)) std::printf("  %s, %lu bytes: %s\n", what, static_cast<unsigned long>(size), r.wrong ? r.wrong : "differs");
  CHECK(packed.size <= size + 24 + 5 * (size / 8192));
  CHECK(!packed.large_piece);
  return r;
}

void fill_random(std::size_t from, std::size_t to, unsigned alphabet) {
  for (std::size_t i = from; i < to; ++i) text[i] = static_cast<unsigned char>(alphabet == 256 ? below(256) : 'a' + below(alphabet));
}
/// Random bytes, and copies of what was there before, of random lengths and distances.
void fill_repeating(std::size_t size, unsigned alphabet, unsigned farthest, unsigned longest) {
  for (std::size_t at = 0; at < size;) {
    std::size_t n = 1 + below(longest);
    if (n > size - at) n = size - at;
    const std::size_t back = 1 + below(farthest);
    if (back > at || below(3) == 0) fill_random(at, at + n, alphabet);
    else for (std::size_t i = 0; i < n; ++i) text[at + i] = text[at + i - back];
    at += n;
  }
}
std::size_t fill_exposition(std::size_t room) {
  std::size_t at = 0;
  for (unsigned i = 0; at + 200 < room; ++i) {
    at += static_cast<std::size_t>(std::snprintf(reinterpret_cast<char*>(text) + at, room - at,
        "http_requests_total{method=\"%s\",code=\"%u\",path=\"/api/v1/item/%u\"} %lu\n", i % 3 ? "GET" : "POST",
        200 + i / 3 % 4, i / 12, static_cast<unsigned long>(random_bits() >> (44 + below(17)))));
  }
  return at;
}

void small_inputs() {
  const check::inflated nothing = round_trip(0, "nothing");
  CHECK(nothing.standard == 1 && packed.size == 20);
  for (unsigned byte = 0; byte < 256; ++byte) {
    text[0] = static_cast<unsigned char>(byte);
    CHECK(round_trip(1, "one byte").standard == 1 && packed.size <= 22);
  }
  for (unsigned byte = 0; byte < 256; ++byte) text[byte] = static_cast<unsigned char>(byte);
  CHECK(round_trip(256, "all bytes").stored == 1);
  for (unsigned size = 0; size < 300; ++size) {
    fill_random(0, size, 3);
    round_trip(size, "small");
  }
  for (unsigned i = 0; i < most; ++i) text[i] = 'x';
  for (unsigned size = 2; size < 1200; ++size) round_trip(size, "a run");
}

void forms() {
  fill_random(0, 200000, 256);
  const check::inflated noise = round_trip(200000, "noise");
  CHECK(noise.own == 0 && noise.standard == 0 && packed.size > 200000);
  const check::inflated lines = round_trip(fill_exposition(most), "exposition");
  CHECK(lines.stored == 0 && lines.own >= most / 32768);
  CHECK(packed.size * 8 < most);
  std::memset(text, 'x', most);
  const check::inflated run = round_trip(most, "a run");
  CHECK(run.longest == 258 && run.farthest < 258 && packed.size < most / 500);
  // Noise behind lines: the forms change from block to block.
  fill_random(100000, most, 256);
  fill_exposition(100000);
  const check::inflated mixed = round_trip(most, "both");
  CHECK(mixed.stored > 0 && mixed.own > 0);
}

void shapes() {
  for (unsigned alphabet : {1u, 2u, 3u, 10u, 40u, 256u}) {
    for (unsigned farthest : {1u, 4u, 100u, 5000u, 16384u, 40000u}) {
      for (unsigned longest : {4u, 20u, 300u}) {
        const std::size_t size = 60000 + below(60000);
        fill_repeating(size, alphabet, farthest, longest);
        round_trip(size, "copies");
      }
    }
  }
}

/// More than 2048 repeats to a block's bytes, all short and none next to another.
void many_steps() {
  for (unsigned gap : {0u, 1u, 2u}) {
    std::size_t at = 0;
    fill_random(0, 4096, 256);
    for (at = 4096; at + 16 < most;) {
      const std::size_t from = at - 4096 + below(2048);
      std::memmove(text + at, text + from, 5);
      at += 5;
      for (unsigned i = 0; i < gap; ++i) text[at++] = static_cast<unsigned char>(below(256));
    }
    const check::inflated r = round_trip(at, "many repeats");
    CHECK(r.own + r.standard + r.stored > at / 32768 + 1);
  }
}

/// A repeat is found at the edge of the window and not behind it.
void window() {
  for (unsigned distance : {300u, 1000u, 8191u, 8192u, 8193u, 16384u, 32768u, 32769u}) {
    for (unsigned at : {0u, 30000u, 72500u, 105000u}) {  // between the last ones and their copies the text moves
      std::memset(text, 'x', 150000);
      fill_random(at, at + 300, 256);
      std::memcpy(text + at + distance, text + at, 300);
      const check::inflated r = round_trip(at + distance + 400, "one copy");
      CHECK(r.farthest == (distance <= 8192 ? distance : 1));
    }
  }
}

/// Sizes about those of the buffers, and everything that is held back between them.
void edges() {
  fill_exposition(most);
  for (unsigned edge : {258u, 266u, 2048u, 8192u, 32768u, 40960u, 65536u, 73728u, 98304u, 131072u}) {
    for (unsigned size = edge - 3; size <= edge + 3; ++size) round_trip(size, "edge");
    for (int i = 0; i < 12; ++i) round_trip(edge + below(1000), "behind an edge");
  }
}

/// The same bytes come out however the text was cut.
void cuts() {
  const std::size_t size = fill_exposition(120000);
  pack(size, most, other);
  for (unsigned cut : {1u, 2u, 3u, 7u, 100u, 2047u, 4096u, 8192u, 16384u, 32767u, 32768u, 40959u, 40960u, 40961u, 65536u}) {
    pack(size, cut, packed);
    if (!CHECK(packed.size == other.size && std::memcmp(packed.bytes, other.bytes, other.size) == 0)) std::printf("  cut %u\n", cut);
  }
  pack(2000, most, other);
  for (unsigned cut = 1; cut <= 2000; ++cut) {
    pack(2000, cut, packed);
    CHECK(packed.size == other.size && std::memcmp(packed.bytes, other.bytes, other.size) == 0);
  }
}

void members() {
  nx::gzip_writer& w = writer(packed);
  CHECK(w.write("one ", 4) && w.finish() && w.write("two", 3) && w.finish() && w.finish());
  check::inflated r = check::inflater(packed.bytes, packed.size, unpacked, most).run();
  CHECK(!r.wrong && r.members == 3 && r.size == 7 && std::memcmp(unpacked, "one two", 7) == 0);
  CHECK(w.write("", 0) && w.finish());
  r = check::inflater(packed.bytes, packed.size, unpacked, most).run();
  CHECK(!r.wrong && r.members == 4 && r.size == 7);
  // A second member knows nothing of the first one's text.
  nx::gzip_writer& again = writer(packed);
  for (int member = 0; member < 3; ++member) {
    const std::size_t size = fill_exposition(100000);
    CHECK(again.write(reinterpret_cast<const char*>(text), size) && again.finish());
    r = check::inflater(packed.bytes, packed.size, unpacked, most).run();
    CHECK(!r.wrong && r.size == size && std::memcmp(unpacked, text, size) == 0);
    packed.clear();
  }
  packed.clear();
  CHECK(again.finish());
  CHECK(packed.size == 20);
  packed.clear();
  CHECK(again.write(reinterpret_cast<const char*>(text), 100000) && again.finish());
  pack(100000, most, other);
  CHECK(packed.size == other.size && std::memcmp(packed.bytes, other.bytes, other.size) == 0);
}

/// A sink that says no is not asked again, and whoever writes is told.
void refusals() {
  fill_random(0, most, 256);
  for (int pieces = 0; pieces < 90; pieces += 6) {
    nx::gzip_writer& w = writer(packed);
    packed.pieces_left = pieces;
    bool taken = true;
    for (std::size_t at = 0; at < most; at += 10000) {
      const bool now = w.write(reinterpret_cast<const char*>(text) + at, 10000);
      CHECK(taken || !now);
      taken = now;
    }
    CHECK(!w.finish() && packed.refused == 1 && !w.write("x", 1) && !w.finish() && packed.refused == 1);
  }
}

void check_sums() {
  nx::detail::crc32 sum;
  sum.add(reinterpret_cast<const unsigned char*>("123456789"), 9);
  CHECK(sum.value() == 0xcbf43926u);
  sum.restart();
  CHECK(sum.value() == 0);
  sum.add(reinterpret_cast<const unsigned char*>("12"), 2);
  sum.add(reinterpret_cast<const unsigned char*>("3456789"), 7);
  CHECK(sum.value() == 0xcbf43926u);
}

/// What the best code costs: the two lightest become one, each time.
template <unsigned Symbols>
std::uint64_t best_cost(const nx::detail::prefix_code<Symbols>& code) {
  static std::uint64_t weight[300];
  unsigned n = 0;
  for (const auto& symbol : code.of) {
    if (symbol.count) weight[n++] = symbol.count;
  }
  std::uint64_t cost = 0;
  for (; n > 1; --n) {
    for (int round = 0; round < 2; ++round) {
      unsigned least = static_cast<unsigned>(round);
      for (unsigned i = least; i < n; ++i) {
        if (weight[i] < weight[least]) least = i;
      }
      const std::uint64_t w = weight[least];
      weight[least] = weight[round];
      weight[round] = w;
    }
    weight[1] += weight[0];
    cost += weight[1];
    weight[0] = weight[n - 1];
  }
  return cost;
}

void codes() {
  static nx::detail::prefix_code<286> c;
  for (int trial = 0; trial < 400; ++trial) {
    c.clear();
    const unsigned used = 3 + below(284);
    std::uint32_t a = 1, b = 1;
    for (unsigned i = 0; i < used; ++i) {
      std::uint32_t n = 1 + below(trial % 2 ? 1u << below(16) : 100);
      if (trial % 8 == 0) {  // as deep as can be
        n = a;
        if (a < 100000) {
          const std::uint32_t sum = a + b;
          b = a;
          a = sum;
        }
      }
      c.of[(i * 97 + 5) % 286].count = n;
    }
    for (unsigned limit : {15u, 9u}) {
      c.make(limit);
      std::uint32_t room = 0;
      unsigned longest = 0;
      for (unsigned s = 0; s < 286; ++s) {
        CHECK((c.of[s].length != 0) == (c.of[s].count != 0) && c.of[s].length <= limit);
        if (c.of[s].length) room += 1u << (limit - c.of[s].length);
        if (c.of[s].length > longest) longest = c.of[s].length;
      }
      CHECK(room == 1u << limit);
      const std::uint64_t best = best_cost(c);
      CHECK(c.cost() >= best);
      if (longest < limit) CHECK(c.cost() == best);
      else if (limit == 15) CHECK(c.cost() < best + best / 100);
    }
  }
  // In a stream, too: letters as often as Fibonacci's numbers would take more than 15 bits.
  std::size_t at = 0;
  std::uint32_t a = 1, b = 1;
  for (unsigned letter = 0; letter < 21; ++letter) {
    for (std::uint32_t i = 0; i < a && at < 32000; ++i) text[at++] = static_cast<unsigned char>('A' + letter);
    const std::uint32_t sum = a + b;
    b = a;
    a = sum;
  }
  for (std::size_t i = at; i > 1; --i) {
    const std::size_t k = static_cast<std::size_t>(random_bits() % i);
    const unsigned char one = text[i - 1];
    text[i - 1] = text[k];
    text[k] = one;
  }
  CHECK(round_trip(at, "Fibonacci").longest_code <= 15);
}

/// Straight from a registry.
void from_a_registry() {
  nx::registry r;
  nx::counter c(r, "packed_total", "Packed.");
  c.inc(42);
  nx::gzip_writer& w = writer(packed);
  CHECK(nx::write_text(r, w.input()).ok() && w.finish());
  const check::inflated i = check::inflater(packed.bytes, packed.size, unpacked, most - 1).run();
  unpacked[i.size] = '\0';
  CHECK(!i.wrong);
  CHECK_EQ_TEXT(reinterpret_cast<const char*>(unpacked), "# HELP packed_total Packed.\n# TYPE packed_total counter\npacked_total 42\n");
}

/// The judge notices every single bit that is wrong, but for those that say nothing: the header's extra flags and system.
void the_judge() {
  const std::size_t size = fill_exposition(3000);
  pack(size, most, packed);
  int silent = 0;
  for (std::size_t bit = 0; bit < packed.size * 8; ++bit) {
    if (bit >= 64 && bit < 80) continue;
    packed.bytes[bit / 8] = static_cast<unsigned char>(packed.bytes[bit / 8] ^ (1u << bit % 8));
    const check::inflated r = check::inflater(packed.bytes, packed.size, unpacked, most).run();
    // A repeat from elsewhere may say the same.
    CHECK(r.wrong || (r.size == size && std::memcmp(text, unpacked, size) == 0));
    silent += !r.wrong;
    packed.bytes[bit / 8] = static_cast<unsigned char>(packed.bytes[bit / 8] ^ (1u << bit % 8));
  }
  CHECK(silent < 5);
}

}  // namespace

int main() {
  check_sums();
  codes();
  small_inputs();
  forms();
  shapes();
  many_steps();
  window();
  edges();
  cuts();
  members();
  refusals();
  from_a_registry();
  the_judge();
  return check::report();
}
