// tests/portable/lines.cpp - a line is the same bytes whichever way it is put together: names, labels and digits of every
// size, in chunks that end before it, in it, right behind it; and nothing is written beyond a chunk.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "check.hpp"
#include "slot.hpp"

namespace {

namespace nx = narthex;
using check::slot;
using std::size_t;
using std::uint64_t;

/// What should be written, put together in the simplest way.
struct expected {
  char text[1 << 18];
  size_t size;
  void clear() { size = 0; }
  expected& operator<<(const char* more) {
    const size_t n = std::strlen(more);
    if (CHECK(size + n < sizeof text)) std::memcpy(text + size, more, n), size += n;
    return *this;
  }
  expected& operator<<(uint64_t n) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%llu", static_cast<unsigned long long>(n));
    return *this << digits;
  }
};
expected want;

enum : size_t { most_bytes = 1 << 18, guard = 64 };

/// Takes chunks of one size.
struct recorder {
  char text[most_bytes];
  size_t size;
  static bool write(void* context, const char* data, size_t n) {
    recorder& me = *static_cast<recorder*>(context);
    if (CHECK(me.size + n <= sizeof me.text)) std::memcpy(me.text + me.size, data, n), me.size += n;
    return true;
  }
};
recorder got;

bool is_wanted(const char* text, size_t size) {
  if (size == want.size && std::memcmp(text, want.text, size) == 0) return true;
  std::printf("got %u bytes, wanted %u:\n%.*s\n---\n%.*s\n", unsigned(size), unsigned(want.size), int(size), text,
              int(want.size), want.text);
  return false;
}

/// In chunks of `size`, and into a buffer of `size`, between guards.
bool holds_in(nx::registry& r, size_t size) {
  static char room[most_bytes + 2 * guard];
  std::memset(room, '#', guard);
  std::memset(room + guard + size, '#', guard);
  const auto guards_stand = [&] {
    for (size_t i = 0; i < guard; ++i) {
      if (room[i] != '#' || room[guard + size + i] != '#') return false;
    }
    return true;
  };
  got.size = 0;
  const nx::sink to = {&recorder::write, &got};
  if (!CHECK(nx::write_text(r, to, room + guard, size).ok()) || !CHECK(is_wanted(got.text, got.size))) return false;
  if (!CHECK(guards_stand())) return false;
  if (!CHECK(nx::write_text(r, room + guard, size) == want.size) || !CHECK(guards_stand())) return false;
  const size_t fits = size < want.size ? size : want.size;
  return CHECK(std::memcmp(room + guard, want.text, fits) == 0);
}

/// In sizes around the whole, around each line's end, and small ones.
void holds(nx::registry& r, bool in_all_sizes) {
  if (in_all_sizes) {
    for (size_t size = 1; size <= want.size + 200; ++size) {
      if (!holds_in(r, size)) return;
    }
    return;
  }
  for (const size_t size : {size_t{1}, size_t{13}, size_t{128}, want.size - 1, want.size, want.size + 1, want.size + 37,
                            want.size + 100, size_t{most_bytes}}) {
    if (!holds_in(r, size)) return;
  }
}

/// Letters whose order shows a piece that was moved.
const char* letters(char (&room)[1024], char first, size_t n) {
  for (size_t i = 0; i < n; ++i) room[i] = i == 0 ? first : static_cast<char>('a' + (i * 7 + n) % 26);
  room[n] = '\0';
  return room;
}

const size_t name_sizes[] = {1, 2, 15, 16, 17, 30, 31, 32, 33, 63, 64, 65, 95, 96, 126, 127, 128, 129, 200};

void labels_text(expected& to, const char* constant, const char* own, const char* value) {
  const bool some = *constant || *own;
  if (!some && !value) return;
  to << "{";
  if (*constant) to << "c=\"" << constant << "\"";
  if (*own) to << (*constant ? ",l=\"" : "l=\"") << own << "\"";
  if (value) to << (some ? "," : "") << "le=\"" << value << "\"";
  to << "}";
}

struct bucket {
  const char* bound;
  uint64_t count;
};
void histogram_text(expected& to, const char* name, const char* constant, const char* own,
                    std::initializer_list<bucket> lines, const char* sum, uint64_t count) {
  for (const bucket& b : lines) {
    to << name << "_bucket";
    labels_text(to, constant, own, b.bound);
    to << " " << b.count << "\n";
  }
  to << name << "_sum";
  labels_text(to, constant, own, nullptr);
  to << " " << sum << "\n" << name << "_count";
  labels_text(to, constant, own, nullptr);
  to << " " << count << "\n";
}

// A counter, a gauge and a histogram under names and constant labels of every size.
void names_and_constant_labels(size_t prefix_size) {
  static char a[1024], b[1024], c[1024], constant[1024], prefix[1024];
  for (const size_t name_size : name_sizes) {
    for (size_t label_size = 0; label_size <= 80; label_size += label_size < 36 ? 1 : 11) {
      nx::registry r{nx::registry_options()
                         .label("c", letters(constant, 'L', label_size))
                         .prefix(prefix_size ? letters(prefix, 'p', prefix_size) : "")};
      letters(prefix, 'p', prefix_size);
      slot<nx::fixed_counter> count;
      slot<nx::fixed_gauge> gauge;
      slot<nx::fixed_histogram<3>> h;
      const uint64_t value = uint64_t{1} << (label_size % 64);
      count.make(r, letters(a, 'A', name_size), "Help.").inc(value);
      gauge.make(r, letters(b, 'B', name_size), "Help.").set(-0.5);
      auto& some = h.make(r, letters(c, 'C', name_size), "Help.", nx::buckets::linear(1, 1.5, 3));
      some.observe(1), some.observe(2), some.observe(9), some.observe(10);
      want.clear();
      const char* const p = prefix;
      want << "# HELP " << p << a << " Help.\n# TYPE " << p << a << " counter\n" << p << a;
      labels_text(want, constant, "", nullptr);
      want << " " << (NARTHEX_HAS(ATOMIC64) ? value : value & 0xffffffffu) << "\n# HELP " << p << b << " Help.\n# TYPE "
           << p << b << " gauge\n" << p << b;
      labels_text(want, constant, "", nullptr);
      want << " -0.5\n# HELP " << p << c << " Help.\n# TYPE " << p << c << " histogram\n";
      static char full[2048];
      std::snprintf(full, sizeof full, "%s%s", p, c);
      histogram_text(want, full, constant, "", {{"1", 1}, {"2.5", 2}, {"4", 2}, {"+Inf", 4}}, "22", 4);
      if (!NARTHEX_HAS(ATOMIC64) && label_size > 31) continue;  // refused: too large for a cell
      holds(r, label_size == 33 && (name_size == 31 || name_size == 127));
    }
  }
}

// Every number of digits, and the least and the largest of each.
void digits() {
  const char* const name = "a_total";  // not a literal to C++20
  for (unsigned n = 1; n <= (NARTHEX_HAS(ATOMIC64) ? 20u : 9u); ++n) {
    uint64_t least = 1;
    for (unsigned i = 1; i < n; ++i) least *= 10;
    for (const uint64_t value : {least, least + least / 2 + 7, n == 20 ? ~uint64_t{0} : least * 10 - 1}) {
      nx::registry r;
      slot<nx::fixed_counter> count;
      count.make(r, name, "A.").inc(value);
      want.clear();
      want << "# HELP a_total A.\n# TYPE a_total counter\na_total " << value << "\n";
      holds(r, true);
    }
  }
}

#if NARTHEX_HAS(HEAP)
// Series with labels of any size, longer than any buffer, too.
void label_sizes() {
  static char value[1024], constant[1024];
  for (const size_t constant_size : {size_t{0}, size_t{9}}) {
    nx::registry r{nx::registry_options().label("c", letters(constant, 'K', constant_size))};
    nx::family<nx::counter, 1> counts{r, "a_total", "A.", {"l"}};
    nx::family<nx::histogram, 1> times{r, "b_seconds", "B.", {"l"}, nx::buckets{0.005, 2.5}, nx::series_limits(1000)};
    const auto each_size = [](void (*act)(size_t, void*), void* with) {
      for (size_t n = 1; n <= 700; n += n < 70 ? 1 : (n > 470 && n < 530) ? 1 : 37) act(n, with);
    };
    struct both {
      nx::family<nx::counter, 1>& counts;
      nx::family<nx::histogram, 1>& times;
    } all = {counts, times};
    each_size([](size_t n, void* with) {
      both& f = *static_cast<both*>(with);
      f.counts.labels(letters(value, 'V', n)).inc(n);
      f.times.labels(value).observe(static_cast<double>(n));
    }, &all);
    want.clear();
    want << "# HELP a_total A.\n# TYPE a_total counter\n";
    each_size([](size_t n, void*) {
      want << "a_total";
      labels_text(want, constant, letters(value, 'V', n), nullptr);
      want << " " << uint64_t{n} << "\n";
    }, nullptr);
    want << "# HELP b_seconds B.\n# TYPE b_seconds histogram\n";
    each_size([](size_t n, void*) {
      char sum[24];
      std::snprintf(sum, sizeof sum, "%u", unsigned(n));
      histogram_text(want, "b_seconds", constant, letters(value, 'V', n),
                     {{"0.005", 0}, {"2.5", n < 3 ? 1u : 0u}, {"+Inf", 1}}, sum, 1);
    }, nullptr);
    CHECK(want.size > 60000);
    for (const size_t size : {size_t{1}, size_t{100}, size_t{511}, size_t{4096}, size_t{8192}, size_t{32768}, size_t{32769},
                              size_t{60000}, want.size, size_t{most_bytes}}) {
      if (!holds_in(r, size)) return;
    }
  }
}

// The bounds' digits are remembered: those of one family must not be shown for another, nor among more than are remembered.
void bounds() {
  nx::registry r;
  nx::histogram a{r, "a", "A.", nx::buckets::linear(1, 1, 60)}, b{r, "b", "B.", nx::buckets{2, 3}},
      c{r, "c", "C.", nx::buckets{2, 4, 1e300}};
  nx::family<nx::histogram, 1> f{r, "d", "D.", {"l"}, nx::buckets::linear(1, 1, 30), nx::series_limits(10)};
  a.observe(1), b.observe(3), c.observe(3), f.labels("x").observe(30), f.labels("y").observe(31);
  want.clear();
  want << "# HELP a A.\n# TYPE a histogram\n";
  for (unsigned i = 1; i <= 60; ++i) want << "a_bucket{le=\"" << uint64_t{i} << "\"} 1\n";
  want << "a_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n# HELP b B.\n# TYPE b histogram\n";
  histogram_text(want, "b", "", "", {{"2", 0}, {"3", 1}, {"+Inf", 1}}, "3", 1);
  want << "# HELP c C.\n# TYPE c histogram\n";
  histogram_text(want, "c", "", "", {{"2", 0}, {"4", 1}, {"1e+300", 1}, {"+Inf", 1}}, "3", 1);
  want << "# HELP d D.\n# TYPE d histogram\n";
  for (const char* const l : {"x", "y"}) {
    for (unsigned i = 1; i <= 30; ++i) {
      want << "d_bucket{l=\"" << l << "\",le=\"" << uint64_t{i} << "\"} " << uint64_t{i == 30 && *l == 'x'} << "\n";
    }
    want << "d_bucket{l=\"" << l << "\",le=\"+Inf\"} 1\nd_sum{l=\"" << l << "\"} " << uint64_t{*l == 'x' ? 30u : 31u}
         << "\nd_count{l=\"" << l << "\"} 1\n";
  }
  holds(r, false);
}
#endif

}  // namespace

int main() {
  names_and_constant_labels(0);
  names_and_constant_labels(5);
  digits();
#if NARTHEX_HAS(HEAP)
  label_sizes();
  bounds();
#endif
  return check::report();
}
