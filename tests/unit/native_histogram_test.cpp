// Native histograms: every boundary of the vectors, limits against a model that keeps all values, resets, threads.
#include <narthex/narthex.hpp>

#include <narthex/native_histogram.hpp>
#include <narthex/protobuf.hpp>
#include <narthex/testing.hpp>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/golden.hpp"

namespace nx = narthex;
using nx::detail::native_scale;
using support::fields;

namespace {

double of_bits(const std::string& hex) {
  return nx::detail::bits_double(std::strtoull(hex.c_str(), nullptr, 16));
}
std::uint64_t bits(double d) { return nx::detail::double_bits(d); }

/// What a scrape reads of one series.
struct seen {
  bool is_there = false;
  int schema = 0;
  double zero_threshold = 0, sum = 0;
  std::uint64_t zero = 0, count = 0;
  std::map<std::int32_t, std::uint64_t> positive, negative;
  std::vector<std::uint64_t> classic;

  std::uint64_t total() const {
    std::uint64_t all = zero;
    for (const auto& b : positive) all += b.second;
    for (const auto& b : negative) all += b.second;
    return all;
  }
  std::uint64_t classic_total() const {
    std::uint64_t all = 0;
    for (const std::uint64_t n : classic) all += n;
    return all;
  }
};
seen look(nx::registry_core& registry, const char* name, nx::string_view labels = "") {
  seen out;
  nx::walk walk(registry);
  while (walk.next()) {
    const nx::sample& s = walk.now();
    if (s.name != name || s.labels != labels || !s.native) continue;
    out.is_there = true;
    out.schema = s.native->schema;
    out.zero_threshold = s.native->zero_threshold;
    out.zero = s.native->zero_count;
    out.sum = s.sum;
    out.count = s.count;
    for (unsigned i = 0; i < s.native->positive + s.native->negative; ++i) {
      auto& side = i < s.native->positive ? out.positive : out.negative;
      const std::int32_t last = side.empty() ? std::numeric_limits<std::int32_t>::min() : side.rbegin()->first;
      if (!side.empty()) CHECK(last < s.native->indexes[i]);
      side[s.native->indexes[i]] += s.native->counts[i];
    }
    for (unsigned i = 0; i <= s.bounds->size(); ++i) out.classic.push_back(s.counts[i]);
  }
  return out;
}

std::int32_t index_at(double value, int schema) {
  const std::uint32_t finest = native_scale::finest_of(bits(std::fabs(value)));
  return static_cast<std::int32_t>(native_scale::coarser(finest, static_cast<unsigned>(8 - schema)) - native_scale::zero_at);
}
double end_of(std::int32_t index, int schema) {
  return native_scale::end_of(native_scale::last_in(static_cast<std::uint32_t>(index) + native_scale::zero_at, static_cast<unsigned>(8 - schema)));
}

/// The buckets that the values would fall in, by the schema and the zero bucket that were read.
void check_against(const seen& s, const std::vector<double>& values, const std::vector<double>& bounds) {
  std::map<std::int32_t, std::uint64_t> positive, negative;
  std::vector<std::uint64_t> classic(bounds.size() + 1, 0);
  std::uint64_t zero = 0;
  double sum = 0;
  for (const double v : values) {
    sum += v;
    std::size_t b = 0;
    while (b < bounds.size() && bounds[b] < v) ++b;
    ++classic[b];
    if (std::fabs(v) <= s.zero_threshold) ++zero;
    else ++(v < 0 ? negative : positive)[index_at(v, s.schema)];
  }
  CHECK(s.count == values.size());
  CHECK(s.total() == s.count);
  CHECK(s.zero == zero);
  CHECK((s.positive == positive));
  CHECK((s.negative == negative));
  CHECK((s.classic == classic));
  if (std::isfinite(sum)) CHECK(s.sum == Approx(sum));
}

struct random_numbers {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  unsigned below(unsigned n) { return static_cast<unsigned>(next() % n); }
  double value(unsigned spread) {
    switch (below(40)) {
      case 0: return 0;
      case 1: return -0.0;
      case 2: return 1e-300;
      case 3: return std::ldexp(1.0, static_cast<int>(below(40)) - 20);
      default: break;
    }
    const double size = std::ldexp(1 + static_cast<double>(below(1 << 20)) / (1 << 20), static_cast<int>(below(spread)) - static_cast<int>(spread / 2));
    return below(4) ? size : -size;
  }
};

std::uint32_t now_seconds = 1000;
std::uint32_t test_clock() { return now_seconds; }

/// The bytes of the only family, as spans "offset:length" and deltas.
struct wire_buckets {
  std::string spans[2], deltas[2];
};
std::uint64_t varint(const std::string& s, std::size_t& at) {
  std::uint64_t v = 0;
  for (unsigned shift = 0;; shift += 7) {
    const unsigned char c = static_cast<unsigned char>(s[at++]);
    v |= static_cast<std::uint64_t>(c & 0x7f) << shift;
    if (c < 0x80) return v;
  }
}
long long zigzag(std::uint64_t v) { return static_cast<long long>(v >> 1) ^ -static_cast<long long>(v & 1); }
void read_message(const std::string& s, wire_buckets& out, int depth) {
  for (std::size_t at = 0; at < s.size();) {
    const std::uint64_t tag = varint(s, at);
    const unsigned field = static_cast<unsigned>(tag >> 3);
    if ((tag & 7) == 1) {
      at += 8;
    } else if ((tag & 7) == 0) {
      const std::uint64_t v = varint(s, at);
      if (depth == 2 && (field == 10 || field == 13)) {
        std::string& to = out.deltas[field == 13];
        to += (to.empty() ? "" : " ") + std::to_string(zigzag(v));
      }
    } else {
      const std::size_t size = static_cast<std::size_t>(varint(s, at));
      const std::string inner = s.substr(at, size);
      at += size;
      if ((depth == 0 && field == 4) || (depth == 1 && field == 7)) {
        read_message(inner, out, depth + 1);
      } else if (depth == 2 && (field == 9 || field == 12)) {
        std::size_t in = 1;
        const long long offset = zigzag(varint(inner, in));
        ++in;
        std::string& to = out.spans[field == 12];
        to += (to.empty() ? "" : ",") + std::to_string(offset) + ":" + std::to_string(varint(inner, in));
      }
    }
  }
}
wire_buckets on_the_wire(nx::registry_core& registry) {
  const std::string all = nx::to_protobuf(registry);
  wire_buckets out;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t size = static_cast<std::size_t>(varint(all, at));
    if (all.compare(at, 3, std::string("\x0a\x01h", 3)) == 0) read_message(all.substr(at, size), out, 0);
    at += size;
  }
  return out;
}

}  // namespace

TEST_CASE("every value falls in the bucket of the vectors") {
  unsigned rows = 0;
  for (const fields& row : support::rows_of("golden/native/bucket_index.tsv")) {
    ++rows;
    INFO(row[0] << " " << row[1]);
    nx::registry registry;
    nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(std::atoi(row[0].c_str())).zero_threshold(0)};
    h.observe(of_bits(row[2]));
    const seen s = look(registry, "h");
    CHECK(s.count == 1);
    CHECK(s.zero == (row[3] == "0" ? 1u : 0u));
    const std::map<std::int32_t, std::uint64_t> one = {{std::atoi(row[4].c_str()), 1}}, none;
    CHECK((s.positive == (row[3] == "+" ? one : none)));
    CHECK((s.negative == (row[3] == "-" ? one : none)));
  }
  CHECK(rows == 916);
}

TEST_CASE("every boundary is exact to the last bit") {
  unsigned rows = 0;
  for (const fields& row : support::rows_of("golden/native/bucket_bounds.tsv")) {
    const int schema = std::atoi(row[0].c_str());
    const std::int32_t index = std::atoi(row[1].c_str());
    ++rows;
    INFO(row[0] << " " << row[1]);
    const double below = of_bits(row[2]), end = of_bits(row[3]);
    CHECK(bits(end_of(index - 1, schema)) == bits(below));
    CHECK(bits(end_of(index, schema)) == bits(end));
    if (bits(below) == bits(end)) continue;  // beyond the doubles
    CHECK(index_at(end, schema) == index);
    CHECK(index_at(std::nextafter(below, 1e308 * 10), schema) == index);
    if (below >= std::numeric_limits<double>::min()) CHECK(index_at(below, schema) == index - 1);  // those beneath are rounded
  }
  CHECK(rows == 260);
}

TEST_CASE("a growth factor is a schema") {
  for (const fields& row : support::rows_of("golden/native/schema_for_factor.tsv")) {
    INFO(row[0]);
    CHECK(nx::native_buckets().factor(std::strtod(row[0].c_str(), nullptr)).schema() == std::atoi(row[1].c_str()));
  }
}

TEST_CASE("spans and deltas are those of the Go library") {
  unsigned rows = 0;
  for (const fields& row : support::rows_of("golden/native/span_encoding.tsv")) {
    ++rows;
    INFO(row[0]);
    nx::registry registry;
    nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(0)};
    bool has_nan = false;
    for (const char* at = row[0].c_str() + 1; *at && *at != ']';) {
      char* end = nullptr;
      const double v = std::strtod(at, &end);
      has_nan = has_nan || v != v;
      h.observe(v);
      at = *end == ' ' ? end + 1 : end;
    }
    const wire_buckets w = on_the_wire(registry);
    CHECK(w.spans[1] == row[1]);
    CHECK("[" + w.deltas[1] + "]" == row[2]);
    CHECK(look(registry, "h").zero == std::strtoull(row[3].c_str(), nullptr, 10));
    CHECK(w.spans[0] == row[4]);
    CHECK("[" + w.deltas[0] + "]" == row[5]);
    const double sum = h.sum();
    char text[64];
    std::snprintf(text, sizeof text, "count=%llu sum=%s", static_cast<unsigned long long>(h.count()),
                  std::isinf(sum) ? "+Inf" : nx::to_text(registry).c_str() + nx::to_text(registry).find("h_sum ") + 6);
    std::string said = text;
    said = said.substr(0, said.find('\n'));
    // A NaN is refused here, as in every other histogram; the Go library counts it in no bucket.
    CHECK(said == (has_nan ? "count=1 sum=1" : row[6]));
    CHECK((nx::testing::value(registry, "narthex_refused_total", {{"what", "update"}}) == 1) == has_nan);
  }
  CHECK(rows == 13);
}

TEST_CASE("with more buckets than allowed, the zero bucket grows, then the resolution falls") {
  struct step {
    double value;
    int schema;
    double zero_threshold;
    std::size_t buckets;
  };
  nx::registry registry;
  SECTION("resolution") {
    nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(2).max_buckets(4)};
    // Bucket numbers at schema 2: 0, 1, 4, 8; then 12: 0, 1, 2, 4, 6 at schema 1; 0, 1, 2, 3 at schema 0. Then 5.
    const step steps[] = {{1, 2, 0, 1}, {1.1, 2, 0, 2}, {2, 2, 0, 3}, {4, 2, 0, 4}, {4, 2, 0, 4}, {8, 0, 0, 4}, {32, -1, 0, 4}};
    std::vector<double> values;
    for (const step& one : steps) {
      INFO(one.value);
      h.observe(one.value);
      values.push_back(one.value);
      const seen now = look(registry, "h");
      CHECK(now.schema == one.schema);
      CHECK(now.zero_threshold == 2.938735877055719e-39);
      CHECK(now.positive.size() == one.buckets);
      check_against(now, values, {});
    }
  }
  SECTION("zero bucket") {
    nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(0).max_buckets(3).zero_threshold(0.001).max_zero_threshold(1.2)};
    // The bucket nearest to zero goes, of whatever sign: it may be the new one.
    const step steps[] = {{1, 0, 0.001, 1}, {-0.5, 0, 0.001, 2}, {4, 0, 0.001, 3}, {16, 0, 0.5, 3}, {0.3, 0, 0.5, 3}, {0.75, 0, 0.5, 3},
                          {32, 0, 1, 3}, {1.5, -1, 1, 3}, {0.001, -1, 1, 3}};
    std::vector<double> values;
    for (const step& one : steps) {
      INFO(one.value);
      h.observe(one.value);
      values.push_back(one.value);
      const seen now = look(registry, "h");
      CHECK(now.schema == one.schema);
      CHECK(now.zero_threshold == one.zero_threshold);
      CHECK(now.positive.size() + now.negative.size() == one.buckets);
      check_against(now, values, {});
    }
  }
}

TEST_CASE("whatever is observed under whatever limits, the buckets are right") {
  for (unsigned seed = 1; seed <= 150; ++seed) {
    INFO("seed " << seed);
    random_numbers r = {seed};
    nx::native_buckets choice;
    choice.schema(static_cast<int>(r.below(13)) - 4).max_buckets(1 + r.below(r.below(2) ? 20 : 256));
    if (r.below(2)) choice.zero_threshold(r.below(2) ? 0 : 0.01).max_zero_threshold(r.below(2) ? 0 : 4);
    std::vector<double> bounds;
    if (r.below(2)) {
      for (unsigned n = r.below(r.below(4) ? 8 : 65); n; --n) bounds.push_back((bounds.empty() ? -10 : bounds.back()) + 0.1 * (1 + r.below(30)));
    }
    choice.classic(nx::buckets(bounds.data(), bounds.size()));
    nx::registry registry;
    nx::native_histogram h{registry, "h", "", choice};
    REQUIRE(h.status().ok());
    const unsigned spread = 1 + r.below(r.below(3) ? 12 : 1000);
    std::vector<double> values;
    for (unsigned round = 0; round < 4; ++round) {
      for (unsigned n = r.below(400); n; --n) {
        values.push_back(r.value(spread));
        h.observe(values.back());
      }
      const seen now = look(registry, "h");
      check_against(now, values, bounds);
      CHECK(now.schema <= choice.schema());
      if (now.schema > -4) CHECK(now.positive.size() + now.negative.size() <= choice.max_buckets());
    }
    CHECK(h.count() == values.size());
    CHECK(nx::testing::value(registry, "narthex_refused_total", {{"what", "update"}}) != 1);
  }
}

TEST_CASE("after the time set, a histogram that lost resolution begins anew") {
  nx::registry registry;
  now_seconds = 4294967290u;  // goes round meanwhile
  nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(3).max_buckets(2).reset_after_seconds(60).clock(&test_clock).classic({1, 10})};
  h.observe(1);
  h.observe(2);
  now_seconds += 100;
  check_against(look(registry, "h"), {1, 2}, {1, 10});
  check_against(look(registry, "h"), {1, 2}, {1, 10});  // nothing was lost, so nothing begins
  h.observe(8);
  seen now = look(registry, "h");
  CHECK(now.schema < 3);
  check_against(now, {1, 2, 8}, {1, 10});  // what was counted is shown before it goes
  now = look(registry, "h");
  CHECK(now.count == 0);
  CHECK(now.schema == 3);
  for (double v : {3.0, 5.0, 700.0}) h.observe(v);
  now = look(registry, "h");
  CHECK(now.schema < 3);
  check_against(now, {3, 5, 700}, {1, 10});
  now_seconds += 59;
  look(registry, "h");
  check_against(look(registry, "h"), {3, 5, 700}, {1, 10});
  now_seconds += 1;
  look(registry, "h");
  CHECK(look(registry, "h").count == 0);
  CHECK(h.sum() == 0);
}

TEST_CASE("in a family each series has its own buckets; a removed one begins anew") {
  nx::registry registry;
  nx::family<nx::native_histogram, 1> f{registry, "f", "F.", {"a"}, nx::native_buckets().schema(4).max_buckets(3)};
  f.labels("x").observe(1);
  for (double v : {1.0, 2.0, 4.0, 8.0}) f.labels("y").observe(v);
  CHECK(look(registry, "f", "a=\"x\"").schema == 4);
  CHECK(look(registry, "f", "a=\"y\"").schema < 4);
  check_against(look(registry, "f", "a=\"y\""), {1, 2, 4, 8}, {});
  CHECK(f.remove("y"));
  CHECK(!look(registry, "f", "a=\"y\"").is_there);
  f.labels("y").observe(5);
  const seen y = look(registry, "f", "a=\"y\"");
  CHECK(y.schema == 4);
  check_against(y, {5}, {});
}

TEST_CASE("two registries that show the same native histogram are added up") {
  nx::registry one, two;
  nx::native_histogram a{one, "h", "H.", nx::native_buckets().schema(3).zero_threshold(0.5).max_buckets(20).classic({1, 3})};
  nx::native_histogram b{two, "h", "H.", nx::native_buckets().schema(3).zero_threshold(0.5).max_buckets(20).classic({1, 3})};
  std::vector<double> all;
  for (double v = 0.001; v < 1e4; v *= 1.3) {
    b.observe(v);
    all.push_back(v);
  }
  for (double v : {0.1, -2.0, 3.0}) {
    a.observe(v);
    all.push_back(v);
  }
  REQUIRE(one.attach(two).ok());
  const seen s = look(one, "h");
  CHECK(s.schema == look(two, "h").schema);
  CHECK(s.schema < 3);
  check_against(s, all, {1, 3});
}

TEST_CASE("text formats show the classic buckets, or the infinite one alone") {
  nx::registry registry;
  nx::native_histogram plain{registry, "a", "A."}, both{registry, "b", "B.", nx::native_buckets().classic(nx::buckets::linear(1, 1, 2))};
  for (double v : {0.5, 1.5, 9.0}) {
    plain.observe(v);
    both.observe(v);
  }
  CHECK(nx::to_text(registry) ==
        "# HELP a A.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 3\na_sum 11\na_count 3\n"
        "# HELP b B.\n# TYPE b histogram\nb_bucket{le=\"1\"} 1\nb_bucket{le=\"2\"} 2\nb_bucket{le=\"+Inf\"} 3\nb_sum 11\nb_count 3\n");
}

TEST_CASE("infinities have a bucket of their own; a NaN is refused") {
  nx::registry registry;
  nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(8).classic({1})};
  const double inf = std::numeric_limits<double>::infinity();
  h.observe(inf);
  h.observe(std::numeric_limits<double>::max());
  h.observe(std::nan(""));
  seen s = look(registry, "h");
  CHECK((s.positive == std::map<std::int32_t, std::uint64_t>{{262144, 1}, {262145, 1}}));
  CHECK(s.sum == inf);
  h.observe(-inf);
  s = look(registry, "h");
  CHECK((s.negative == std::map<std::int32_t, std::uint64_t>{{262145, 1}}));
  CHECK(s.sum != s.sum);
  CHECK((s.classic == std::vector<std::uint64_t>{1, 2}));
  CHECK(s.total() == 3);
  CHECK(nx::testing::value(registry, "narthex_refused_total", {{"what", "update"}}) == 1);
}

TEST_CASE("what cannot be is refused, and says why") {
  nx::registry registry;
  nx::set_error_hook(nullptr);
  const auto why = [&registry](const nx::native_buckets& b) { return nx::native_histogram(registry, "bad", "", b).status().code(); };
  const nx::errc bad = nx::errc::bad_native_buckets;
  CHECK(why(nx::native_buckets().factor(1)) == bad);
  CHECK(why(nx::native_buckets().factor(std::nan(""))) == bad);
  CHECK(why(nx::native_buckets().schema(9)) == bad);
  CHECK(why(nx::native_buckets().schema(-5)) == bad);
  CHECK(why(nx::native_buckets().max_buckets(0)) == bad);
  CHECK(why(nx::native_buckets().max_buckets(257)) == bad);
  CHECK(why(nx::native_buckets().zero_threshold(-1)) == bad);
  CHECK(why(nx::native_buckets().max_zero_threshold(std::nan(""))) == bad);
  CHECK(why(nx::native_buckets().classic(nx::buckets::linear(1, 1, 65))) == bad);
  CHECK(why(nx::native_buckets().classic({2, 1})) == nx::errc::bad_buckets);
  nx::native_histogram good{registry, "good", ""};
  CHECK(nx::native_histogram(registry, "good", "").status().ok());
  CHECK(nx::native_histogram(registry, "good", "", nx::native_buckets().schema(4)).status().code() == nx::errc::name_taken);
  CHECK(nx::histogram(registry, "good", "").status().code() == nx::errc::name_taken);
  nx::native_histogram refused{registry, "good", "", nx::native_buckets().schema(99)};
  refused.observe(1);
  CHECK(refused.count() == 1);
}

TEST_CASE("an observation whose era has passed is not counted") {
  using nx::detail::native_key;
  using nx::detail::native_stage;
  std::vector<std::uint64_t> memory(native_stage::bytes(32) / 8);
  nx::detail::shared<std::uint32_t> era(32);
  native_stage* const stage = new (memory.data()) native_stage(memory.data(), 32, 3, era);
  const std::uint32_t key = native_key::of(native_scale::zero_at, false, 0);
  CHECK(!stage->observe(key, 32, 1.0));  // has no cell
  CHECK(stage->insert(key));
  CHECK(stage->observe(key, 32, 1.0));
  era.store(64, std::memory_order_relaxed);
  CHECK(!stage->observe(key, 32, 1.0));
  CHECK(stage->observe(key, 64, 1.0));
  std::uint64_t counts[32], total = 0;
  CHECK(stage->observed.read(counts, total) == 2.0);
  CHECK(total == 2);
  stage->~native_stage();
}

// ---- threads ----

namespace {

/// What a scrape reads while threads observe 1, 2, 4 ... 512, each in a bucket of its own: the sum says which were counted.
void check_whole(const seen& s) {
  if (s.schema != 0) return;
  double sum = 0;
  for (const auto& b : s.positive) sum += std::ldexp(static_cast<double>(b.second), b.first);
  CHECK(s.total() == s.count);
  CHECK(s.classic_total() == s.count);
  CHECK(s.sum == sum);
}

}  // namespace

TEST_CASE("a snapshot under load is of whole observations") {
  nx::registry registry;
  nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(0).classic({3, 100})};
  const unsigned each = 40000;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&h, t] {
      for (unsigned i = 0; i < each; ++i) h.observe(std::ldexp(1.0, static_cast<int>((i * (2 * t + 1)) % 10)));
    });
  }
  std::uint64_t last = 0;
  for (seen s; s.count < 4 * each;) {
    s = look(registry, "h");
    check_whole(s);
    CHECK(s.count >= last);
    last = s.count;
  }
  for (std::thread& t : threads) t.join();
  CHECK(h.sum() == each / 10 * (1023.0 + 1023 + 5 * (1 + 32) + 1023));  // steps of 1, 3, 5 and 7 through ten values
}

TEST_CASE("nothing is lost while the resolution falls under load") {
  for (unsigned round = 0; round < 6; ++round) {
    nx::registry registry;
    nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(8).max_buckets(10 + 40 * (round % 3)).max_zero_threshold(round % 2 ? 1e-3 : 0)};
    const unsigned each = 5000;
    std::vector<std::thread> threads;
    std::vector<std::vector<double>> values(4);
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&h, &values, t, round] {
        random_numbers r = {t + 100 * round};
        for (unsigned i = 0; i < each; ++i) {
          const double v = r.value(1 + i / 100);
          values[t].push_back(v);
          h.observe(v);
        }
      });
    }
    for (seen s; s.count < 4 * each;) {
      s = look(registry, "h");
      CHECK(s.total() == s.count);
    }
    for (std::thread& t : threads) t.join();
    std::vector<double> all;
    for (const std::vector<double>& v : values) all.insert(all.end(), v.begin(), v.end());
    const seen s = look(registry, "h");
    check_against(s, all, {});
    if (s.schema > -4) CHECK(s.positive.size() + s.negative.size() <= 10 + 40 * (round % 3));
  }
}

TEST_CASE("a reset under load leaves no observation in a bucket of another value") {
  nx::registry registry;
  nx::native_histogram h{registry, "h", "", nx::native_buckets().schema(0).max_buckets(11).reset_after_seconds(1).clock(&test_clock).classic({3, 100})};
  std::atomic<bool> stop(false);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      // Now and then one bucket too many, so that a reset is wanted; in between buckets come in ever other orders.
      for (unsigned i = 0; !stop.load(std::memory_order_relaxed); ++i) {
        const unsigned k = i % 5000 < 50 ? i % 13 : (i / 700 + i * (2 * t + 1)) % 10;
        h.observe(std::ldexp(1.0, static_cast<int>(k)));
      }
    });
  }
  unsigned resets = 0;
  std::uint64_t last = 0;
  for (unsigned i = 0; i < 3000 || resets < 20; ++i) {
    now_seconds += i % 3 == 0 ? 1u : 0u;
    const seen s = look(registry, "h");
    if (s.count < last) ++resets;
    last = s.count;
    CHECK(s.total() == s.count);
    CHECK(s.classic_total() == s.count);
    check_whole(s);
  }
  stop.store(true);
  for (std::thread& t : threads) t.join();
}
