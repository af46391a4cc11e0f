// tests/bench/gzip.cpp - how small gzip_writer makes expositions and how fast, beside zlib where it is installed.
// A table for people, then whether the targets hold. run.sh --gzip builds and runs it. SPDX-License-Identifier: MIT
#include <narthex/gzip.hpp>
#include <narthex/narthex.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

namespace nx = narthex;

namespace {

std::uint64_t state = 88172645463325252u;
std::uint64_t random_bits() {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}
double below(unsigned n) { return static_cast<double>(random_bits() % n); }

const char* const methods[] = {"GET", "POST", "PUT", "DELETE"};
const char* const words[] = {"orders", "users", "carts", "items", "login", "search", "reports", "invoices", "sessions", "images"};

std::string number(unsigned n) { return std::to_string(n); }
std::string hex(unsigned digits) {
  std::string s;
  while (digits-- > 0) s += "0123456789abcdef"[random_bits() % 16];
  return s;
}

// ---- what is packed: values spread over many sizes, label values as programs have them ----

void add_counters(nx::registry& r, unsigned n) {
  nx::family<nx::counter, 3> f{r, "http_requests_total", "Requests served, by route.", {"method", "code", "path"}, nx::series_limits(n)};
  for (unsigned i = 0; i < n; ++i) {
    const std::string path = "/api/v" + number(1 + i / 2000) + "/" + words[i / 20 % 10] + "/" + number(i / 200);
    f.labels(methods[i % 4], 200 + i / 4 % 5 * 50, path).inc(random_bits() >> (44 + random_bits() % 17));
  }
}
void add_gauges(nx::registry& r, unsigned n) {
  nx::family<nx::gauge, 2> memory{r, "container_memory_usage_bytes", "Memory in use.", {"namespace", "pod"}, nx::series_limits(n)};
  nx::family<nx::gauge, 2> heat{r, "device_temperature_celsius", "Temperature.", {"device", "sensor"}, nx::series_limits(n)};
  for (unsigned i = 0; i < n / 2; ++i) {
    const std::string pod = words[i / 40 % 10] + ("-" + hex(6)) + "-" + hex(5);
    memory.labels(i % 3 ? "shop" : "default", pod).set(static_cast<double>(random_bits() >> 30));
    heat.labels("dev-" + number(i / 5), "t" + number(i % 5)).set(20 + below(100000) / 1000);
  }
}
void add_histograms(nx::registry& r, unsigned n) {
  nx::family<nx::histogram, 3> f{r, "http_request_duration_seconds", "Time to serve a request.", {"method", "handler", "instance"},
                                 nx::buckets::defaults(), nx::series_limits(n)};
  for (unsigned i = 0; i < n; ++i) {
    nx::histogram h = f.labels(methods[i % 4], std::string("/api/") + words[i / 4 % 10] + "/" + number(i / 40),
                               "10.0." + number(i / 1000) + "." + number(i / 10 % 250) + ":9100");
    for (unsigned k = 20 + static_cast<unsigned>(below(200)); k > 0; --k) h.observe(std::exp(below(10000) / 1000 - 7));
  }
}
void add_summaries(nx::registry& r, unsigned n) {
  nx::family<nx::summary, 2> f{r, "rpc_duration_seconds", "Time of a call.", {"service", "op"}, nx::series_limits(n)};
  for (unsigned i = 0; i < n; ++i) {
    nx::summary s = f.labels(words[i % 10] + ("-" + number(i / 10)), i % 2 ? "read" : "write");
    for (unsigned k = static_cast<unsigned>(below(1000)); k > 0; --k) s.observe(below(100000) / 1e6);
  }
}

// ---- who packs ----

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct result {
  double ratio, mb_per_second;
};
/// The best of some rounds: what others on this machine take away is not ours.
template <class Pack>
result best_of(const std::string& text, int rounds, Pack pack) {
  std::vector<unsigned char> to(text.size() + text.size() / 100 + 1000);
  double best = 1e9;
  std::size_t size = 0;
  for (int i = 0; i < rounds; ++i) {
    const double from = processor_seconds();
    unsigned times = 0;
    do {
      size = pack(to);
      ++times;
    } while (processor_seconds() - from < 0.02);
    const double took = (processor_seconds() - from) / times;
    if (took < best) best = took;
  }
  const double all = static_cast<double>(text.size());
  return result{all / static_cast<double>(size), all / best / 1e6};
}

struct room {
  unsigned char* at;
  static bool take(void* self, const char* data, std::size_t size) {
    room& r = *static_cast<room*>(self);
    std::memcpy(r.at, data, size);
    r.at += size;
    return true;
  }
};

/// As the server writes: 8 KB at a time.
result ours(const std::string& text, int rounds) {
  static room out = {nullptr};
  static nx::gzip_writer writer(nx::sink{&room::take, &out});
  return best_of(text, rounds, [&](std::vector<unsigned char>& to) {
    out.at = to.data();
    for (std::size_t at = 0; at < text.size(); at += 8192) {
      writer.write(text.data() + at, text.size() - at < 8192 ? text.size() - at : 8192);
    }
    writer.finish();
    return static_cast<std::size_t>(out.at - to.data());
  });
}

result zlib(const std::string& text, int rounds, int level) {
#ifdef HAVE_ZLIB
  return best_of(text, rounds, [&](std::vector<unsigned char>& to) {
    z_stream z;
    std::memset(&z, 0, sizeof z);
    deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = static_cast<uInt>(text.size());
    z.next_out = to.data();
    z.avail_out = static_cast<uInt>(to.size());
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) std::abort();
    const std::size_t size = z.total_out;
    deflateEnd(&z);
    return size;
  });
#else
  static_cast<void>(text), static_cast<void>(rounds), static_cast<void>(level);
  return result{0, 0};
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  const int rounds = smoke ? 1 : 15;
  const unsigned part = smoke ? 50 : 1;
  struct {
    const char* name;
    void (*add)(nx::registry&, unsigned);
    unsigned series;
  } const kinds[] = {{"counters", &add_counters, 4000},
                     {"gauges", &add_gauges, 3000},
                     {"histograms", &add_histograms, 2500},
                     {"summaries", &add_summaries, 500},
                     {"all 10,000 series", nullptr, 0}};
  std::printf("%-18s %10s   %-20s %-20s %-20s\n", "exposition", "bytes", "narthex", "zlib 1", "zlib 6");
  bool holds = true;
  for (const auto& k : kinds) {
    nx::registry r;
    for (const auto& other : kinds) {
      if (other.add && (k.add == other.add || !k.add)) other.add(r, other.series / part);
    }
    const std::string text = nx::to_text(r);
    const result n = ours(text, rounds), z1 = zlib(text, rounds, 1), z6 = zlib(text, rounds, 6);
    std::printf("%-18s %10lu", k.name, static_cast<unsigned long>(text.size()));
    for (const result& one : {n, z1, z6}) {
      if (one.ratio > 0) std::printf("   %5.2f x %5.0f MB/s  ", one.ratio, one.mb_per_second);
      else std::printf("   %-20s", "not here");
    }
    std::printf("\n");
    if (!k.add) holds = n.ratio >= 6 && n.mb_per_second >= 150;
  }
  if (smoke) return 0;
  std::printf("target: all series 6 x smaller at 150 MB/s: %s; a writer takes %lu bytes\n", holds ? "holds" : "MISSED",
              static_cast<unsigned long>(sizeof(nx::gzip_writer)));
  return 0;
}
