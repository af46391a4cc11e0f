// tests/bench/bench.cpp - what an operation costs: narthex, the bare operation, and Debian's prometheus-cpp.
// One line for each row, fields separated by tabs; run.sh builds, runs and lays out. SPDX-License-Identifier: MIT
#include <narthex/exemplar.hpp>
#include <narthex/http_server.hpp>
#include <narthex/json.hpp>
#include <narthex/narthex.hpp>
#include <narthex/native_histogram.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/periodic_pusher.hpp>
#include <narthex/protobuf.hpp>

#include "updates.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#if defined(__has_include) && __cplusplus >= 201703L
#if __has_include(<charconv>)
#include <charconv>
#endif
#endif

#ifdef HAVE_PROMETHEUS_CPP
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <ostream>
#include <streambuf>
#define RIVAL(...) __VA_ARGS__
#else
#define RIVAL(...)
#endif

namespace nx = narthex;
using std::uint64_t;

// ---- the harness ----

/// Does n operations and returns what they cost altogether: nanoseconds or bytes; below 0 when it cannot say now.
using work = std::function<double(uint64_t n)>;

/// A line of the table. A null work is one that is not here.
struct row {
  const char* name;
  const char* unit;
  work ours;
  const char* bare_is;  // what the bare operation is
  work bare;
  work rival;
  uint64_t times;  // operations in a round; 0: as many as take a slice
};

/// How often a row is gone through, and how long each of its works takes each time, in nanoseconds.
struct plan {
  unsigned rounds;
  double slice;
};
struct settings {
  bool smoke;
  plan many() const { return smoke ? plan{2, 5e4} : plan{15, 1e7}; }
  /// Short slices: with others on the machine two threads do not run side by side for long.
  plan contended() const { return smoke ? plan{2, 5e4} : plan{31, 1e6}; }
  plan few() const { return plan{smoke ? 1u : 7u, 0}; }
  plan once() const { return plan{1, 0}; }
  unsigned series() const { return smoke ? 500 : 100000; }
  unsigned histograms() const { return smoke ? 50 : 10000; }
};
static settings chosen = {false};

static void need(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "bench: %s\n", what);
  std::exit(1);
}

/// The compiler must have done everything before, and must believe that anything in memory has changed.
static inline void barrier() { __asm__ volatile("" : : : "memory"); }
/// Something looks at what is there.
static inline void keep(const void* at) { __asm__ volatile("" : : "r"(at) : "memory"); }
/// Something looks at this number, which is in a register.
static inline void keep_number(std::size_t number) { __asm__ volatile("" : : "r"(number)); }

/// Nanoseconds that passed.
static double wall_time() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
/// Nanoseconds that the program ran, the kernel's work for it included: others on this machine do not count.
static double processor_time() { return static_cast<double>(std::clock()) * (1e9 / CLOCKS_PER_SEC); }

/// Everybody's loop: `step(i)` for i from 0. The barrier makes a handle be loaded anew each time, as at a call site.
template <class Step>
static void run(const Step& all, uint64_t n) {
  const Step step = all;
  for (uint64_t i = 0; i < n; ++i) {
    step(i);
    barrier();
  }
}
template <class Step>
static work loop(Step step) {
  return [step](uint64_t n) {
    const double from = processor_time();
    run(step, n);
    return processor_time() - from;
  };
}

/// How often this program gave up its processor to wait.
static long waits() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

/// The same with half of the steps in a second thread: wall time from the first start to the last end. It cannot say
/// when the two did not run side by side though neither waited: then they did not get in each other's way.
template <class Loop>
static work two_loops(Loop repeat) {
  return [repeat](uint64_t n) {
    std::atomic<int> ready(0);
    double from[2], to[2], ran[2];
    long waited[2];
    const auto half = [&](int which) {
      ready.fetch_add(1);
      while (ready.load() != 2) std::this_thread::yield();
      ran[which] = processor_time();
      waited[which] = waits();
      from[which] = wall_time();
      repeat(n / 2);
      to[which] = wall_time();
    };
    std::thread other([&] { half(1); });
    half(0);
    other.join();
    const double both_ran = processor_time() - std::min(ran[0], ran[1]);
    const long both_waited = waits() - std::min(waited[0], waited[1]);
    const double took = std::max(to[0], to[1]) - std::min(from[0], from[1]);
    return both_ran > took * 1.7 || both_waited > 20 ? took : -took;
  };
}
template <class Step>
static work two_threads(Step step) {
  return two_loops([step](uint64_t n) { run(step, n); });
}

/// The same with sixteen threads: the time that processors worked on it, as there are fewer of them.
template <class Step>
static work crowd(Step step) {
  return [step](uint64_t n) {
    std::atomic<unsigned> ready(0);
    std::vector<std::thread> all;
    const double from = processor_time();
    for (unsigned i = 0; i < 16; ++i) {
      all.emplace_back([&] {
        ready.fetch_add(1);
        while (ready.load() < 16) std::this_thread::yield();
        run(step, n / 16 + 1);
      });
    }
    for (std::thread& t : all) t.join();
    return processor_time() - from;
  };
}

/// The value at `part` of the way from the least to the largest.
static double quantile(std::vector<double> v, double part) {
  std::sort(v.begin(), v.end());
  const double at = part * static_cast<double>(v.size() - 1);
  const std::size_t i = static_cast<std::size_t>(at);
  const double rest = at - static_cast<double>(i);
  return i + 1 < v.size() ? v[i] * (1 - rest) + v[i + 1] * rest : v[i];
}
static void print_middle(const char* format, const std::vector<double>& v) {
  if (v.empty())
    std::printf("\t-");
  else
    std::printf(format, quantile(v, .5));
}

/// How many operations take about as long as that.
static uint64_t enough(const work& w, double slice) {
  for (uint64_t n = 16;; n *= 4) {
    double took = std::fabs(w(n));
    for (int more = 0; more < 2; ++more) took = std::min(took, std::fabs(w(n)));
    took = std::max(took, 1.0);
    if (took * 4 > slice || n > uint64_t{1} << 32) {
      return std::max<uint64_t>(2, static_cast<uint64_t>(static_cast<double>(n) * slice / took));
    }
  }
}

/// Runs a row's works by turns, so that what disturbs one disturbs all, and prints the medians. A ratio is the median
/// of the rounds' own ratios, not the ratio of the medians.
static void measure(const row& r, plan p = chosen.many()) {
  const work* const works[3] = {&r.ours, &r.bare, &r.rival};
  uint64_t times[3] = {0, 0, 0};
  for (int k = 0; k < 3; ++k) {
    if (*works[k]) times[k] = r.times ? r.times : enough(*works[k], p.slice);
  }
  std::vector<double> costs[3], ratios[3];
  for (unsigned round = 0; round < p.rounds; ++round) {
    double cost[3] = {-1, -1, -1};
    for (unsigned turn = 0; turn < 3; ++turn) {
      const unsigned k = (round + turn) % 3;
      for (unsigned attempt = 0; *works[k] && attempt < 20 && cost[k] < 0; ++attempt) cost[k] = (*works[k])(times[k]);
    }
    for (unsigned k = 0; k < 3; ++k) {
      if (cost[k] < 0) continue;
      cost[k] = std::max(cost[k], 1.0) / static_cast<double>(times[k]);
      costs[k].push_back(cost[k]);
      if (cost[0] >= 0) ratios[k].push_back(cost[0] / cost[k]);
    }
  }
  std::printf("%s\t%s", r.name, r.unit);
  for (int k = 0; k < 3; ++k) print_middle("\t%.4g", costs[k]);
  for (int k = 1; k < 3; ++k) print_middle("\t%.3g", ratios[k]);
  if (costs[0].size() < 2)
    std::printf("\t-");
  else
    std::printf("\t%.0f%%", (quantile(costs[0], .75) - quantile(costs[0], .25)) / quantile(costs[0], .5) * 100);
  std::printf("\t%s\n", r.bare_is);
  std::fflush(stdout);
}

// ---- what is counted ----

/// xorshift64*: every run sees the same numbers.
static uint64_t random_bits() {
  static uint64_t state = 0x9e3779b97f4a7c15u;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 2685821657736338717u;
}

enum : unsigned { values = 4096 };

/// Durations, evenly over the orders of magnitude from 1 ms to 20 s.
static const double* durations() {
  static double all[values];
  if (all[0] == 0) {
    for (double& d : all) d = .001 * std::pow(20000, static_cast<double>(random_bits() >> 11) / 9007199254740992.0);
  }
  return all;
}

static std::vector<double> bounds(unsigned n) {
  std::vector<double> all;
  if (n == 11) return {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
  for (unsigned i = 0; i < n; ++i) all.push_back(.001 * std::pow(1.1, i));
  return all;
}

/// Three label values; with their names about 60 bytes of label text.
struct label_set {
  std::string method, path, instance;
  std::string text() const {
    std::string t = "instance=\"";
    return t.append(instance).append("\",method=\"").append(method).append("\",path=\"").append(path).append("\"");
  }
};
static std::vector<label_set> label_sets(unsigned n) {
  static const char* const methods[] = {"GET", "POST", "DELETE"};
  std::vector<label_set> all(n);
  for (unsigned i = 0; i < n; ++i) {
    char path[32], instance[32];
    std::snprintf(path, sizeof path, "/api/v1/%07u", i);
    std::snprintf(instance, sizeof instance, "10.0.%u.%u", i / 251 % 200, i % 251);
    all[i] = {methods[i % 3], path, instance};
  }
  return all;
}

// ---- updates ----

static void updates() {
  nx::registry registry;
  nx::counter counter{registry, "requests_total", "Requests."};
  static nx::fixed_counter fixed{"fixed_total", "Requests."};
  static nx::fixed_gauge fixed_gauge{"fixed_depth", "Depth."};
  nx::double_counter seconds{registry, "busy_seconds_total", "Time."};
  nx::gauge gauge{registry, "depth", "Depth."};
  alignas(64) std::atomic<uint64_t> cell(0);
  alignas(64) std::atomic<double> real(0);
  need(counter.status().ok() && fixed.status().ok() && seconds.status().ok() && gauge.status().ok(), "a registration");
  RIVAL(prometheus::Registry theirs;
        auto& rival_counter =
            prometheus::BuildCounter().Name("requests_total").Help("Requests.").Register(theirs).Add({});
        auto& rival_gauge = prometheus::BuildGauge().Name("depth").Help("Depth.").Register(theirs).Add({});)

  const auto count = [&](uint64_t) { counter.inc(); };
  const auto add_to_cell = [&](uint64_t) { cell.fetch_add(1, std::memory_order_relaxed); };
  const auto compare_exchange = [&](uint64_t) {
    double old = real.load(std::memory_order_relaxed);
    while (!real.compare_exchange_weak(old, old + 1.5, std::memory_order_relaxed)) {
    }
  };
  RIVAL(
      const auto rival_count = [&](uint64_t) { rival_counter.Increment(); };
      const auto rival_add = [&](uint64_t) { rival_counter.Increment(1.5); };)

  measure({"counter.inc", "ns", loop(count), "relaxed fetch_add", loop(add_to_cell), {RIVAL(loop(rival_count))}, 0});
  // Its thread sleeps; what it costs nevertheless would be in the time, which is that of all threads.
  const work beside_pusher = [&](uint64_t n) {
    const nx::error_hook told = nx::set_error_hook(nullptr);  // nobody is there for its last push
    double cost = 0;
    {
      nx::periodic_pusher pusher{registry, "http://127.0.0.1:1", "bench", {{"instance", "bench"}}};
      need(pusher.ok(), "a pusher");
      cost = loop(count)(n);
    }
    nx::set_error_hook(told);
    return cost;
  };
  measure({"counter.inc beside an idle pusher", "ns", beside_pusher, "without one", loop(count), nullptr, 0});
  nx::exemplar_counter traced{registry, "traced_total", "Events."};
  const nx::exemplar here = nx::traced("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
  measure({"counter.inc with an exemplar", "ns", loop([&](uint64_t) { traced.inc(1, here); }), "without", loop(count), nullptr, 0});
  measure({"counter.inc, 2 threads on one",
           "ns",
           two_threads(count),
           "relaxed fetch_add",
           two_threads(add_to_cell),
           {RIVAL(two_threads(rival_count))},
           0},
          chosen.contended());
  measure({"counter.inc, 16 threads on one, processor time",
           "ns",
           crowd(count),
           "relaxed fetch_add",
           crowd(add_to_cell),
           {RIVAL(crowd(rival_count))},
           chosen.smoke ? 1000u : 3000000u},
          chosen.few());
  measure({"fixed_counter.inc",
           "ns",
           loop([&](uint64_t) { fixed.inc(); }),
           "relaxed fetch_add",
           loop(add_to_cell),
           {RIVAL(loop(rival_count))},
           0});
  measure({"double_counter.inc(1.5)",
           "ns",
           loop([&](uint64_t) { seconds.inc(1.5); }),
           "compare-exchange loop",
           loop(compare_exchange),
           {RIVAL(loop(rival_add))},
           0});
  measure({"double_counter, 2 threads",
           "ns",
           two_threads([&](uint64_t) { seconds.inc(1.5); }),
           "compare-exchange loop",
           two_threads(compare_exchange),
           {RIVAL(two_threads(rival_add))},
           0},
          chosen.contended());
  // Like the handle, a pointer that is loaded anew each time: whoever keeps values apart from code has it. In place there is none.
  std::atomic<double>* const at = &real;
  std::atomic<double>* const* const place = &at;
  keep(place);
  measure({"gauge.set",
           "ns",
           loop([&](uint64_t) { gauge.set(1.5); }),
           "relaxed store by a pointer",
           loop([place](uint64_t) { (*place)->store(1.5, std::memory_order_relaxed); }),
           {RIVAL(loop([&](uint64_t) { rival_gauge.Set(1.5); }))},
           0});
  measure({"fixed_gauge.set",
           "ns",
           loop([&](uint64_t) { fixed_gauge.set(1.5); }),
           "relaxed store",
           loop([&](uint64_t) { real.store(1.5, std::memory_order_relaxed); }),
           {RIVAL(loop([&](uint64_t) { rival_gauge.Set(1.5); }))},
           0});
  measure({"gauge.inc(1.5)",
           "ns",
           loop([&](uint64_t) { gauge.inc(1.5); }),
           "compare-exchange loop",
           loop(compare_exchange),
           {RIVAL(loop([&](uint64_t) { rival_gauge.Increment(1.5); }))},
           0});
  need(counter.value() > 0 && seconds.value() > 0, "nothing was counted");
}

// ---- the same in a shared library ----

/// A loop that is somewhere else.
template <class Loop>
static work elsewhere(Loop repeat) {
  return [repeat](uint64_t n) {
    const double from = processor_time();
    repeat(n);
    return processor_time() - from;
  };
}

static void libraries() {
  const updates_of here = updates_in_program(), there = updates_in_library();
  const double* const v = durations();
  const auto observed = [v](const updates_of& which) { return [&which, v](uint64_t n) { which.observe(n, v); }; };
  const char* const same = "the same in the program";
  measure({"counter.inc in a shared library", "ns", elsewhere(there.count), same, elsewhere(here.count), nullptr, 0});
  measure({"gauge.set in a shared library", "ns", elsewhere(there.set), same, elsewhere(here.set), nullptr, 0});
  measure({"histogram.observe in a shared library", "ns", elsewhere(observed(there)), same, elsewhere(observed(here)), nullptr, 0});
  measure({"labels(a, b).inc in a shared library", "ns", elsewhere(there.look_up), same, elsewhere(here.look_up), nullptr, 0});
  measure({"counter.inc there, 2 threads", "ns", two_loops(there.count), same, two_loops(here.count), nullptr, 0},
          chosen.contended());
  measure({"histogram.observe there, 2 threads", "ns", two_loops(observed(there)), same, two_loops(observed(here)), nullptr, 0},
          chosen.contended());
}

static void observations() {
  nx::registry registry;
  alignas(64) std::atomic<uint64_t> cell(0);
  const double* const d = durations();
  // Loads a value as the others do.
  const auto add_to_cell = [&, d](uint64_t i) {
    std::size_t bits;
    std::memcpy(&bits, &d[i % values], sizeof bits);
    keep_number(bits);
    cell.fetch_add(1, std::memory_order_relaxed);
  };
  const unsigned sizes[2] = {11, 100};
  for (const unsigned n : sizes) {
    const std::vector<double> b = bounds(n);
    nx::histogram h{registry, n == 11 ? "a_seconds" : "b_seconds", "Time.", nx::buckets(b.data(), b.size())};
    need(h.status().ok(), "a histogram's registration");
    RIVAL(prometheus::Registry theirs;
          auto& rival = prometheus::BuildHistogram().Name("a_seconds").Help("Time.").Register(theirs).Add({}, b);
          const auto rival_observe = [&, d](uint64_t i) { rival.Observe(d[i % values]); };)
    const auto observe = [&, d](uint64_t i) { h.observe(d[i % values]); };
    measure({n == 11 ? "histogram.observe, 11 bounds" : "histogram.observe, 100 bounds",
             "ns",
             loop(observe),
             "relaxed fetch_add",
             loop(add_to_cell),
             {RIVAL(loop(rival_observe))},
             0});
    if (n == 11) {
      nx::native_histogram native{registry, "native_seconds", "Time."};
      const auto observe_native = [&, d](uint64_t i) { native.observe(d[i % values]); };
      measure({"histogram.observe, native", "ns", loop(observe_native), "relaxed fetch_add", loop(add_to_cell), nullptr, 0});
      need(native.count() > 0, "nothing was observed");
      measure({"histogram.observe, 2 threads on one",
               "ns",
               two_threads(observe),
               "relaxed fetch_add",
               two_threads(add_to_cell),
               {RIVAL(two_threads(rival_observe))},
               0},
              chosen.contended());
    }
    need(h.count() > 0, "nothing was observed");
    if (n == 100) continue;
    // Not the mean but the 99th of 100 snapshots, while another thread observes all the time.
    const auto snapshots = [&](uint64_t times) {
      std::atomic<bool> stop(false);
      std::thread writer([&] {
        for (uint64_t i = 0; !stop.load(std::memory_order_relaxed); ++i) observe(i);
      });
      std::vector<double> took;
      for (uint64_t i = 0; i < times; ++i) {
        const double from = wall_time();
        need(h.count() > 0, "nothing was observed");
        took.push_back(wall_time() - from);
      }
      stop = true;
      writer.join();
      return quantile(took, .99) * static_cast<double>(times);
    };
    measure({"histogram snapshot under load, 99 % below", "ns", snapshots, "", nullptr, nullptr, chosen.smoke ? 100u : 20000u},
            chosen.few());
  }
}

// ---- lookups ----

enum class verb { get, post, put };
static nx::enum_values<3> label_values(verb) { return {{"GET", "POST", "PUT"}}; }
enum class result { ok, failed, timeout, refused };
static nx::enum_values<4> label_values(result) { return {{"ok", "failed", "timeout", "refused"}}; }

static void lookups() {
  nx::registry registry;
  nx::family<nx::counter, 2> family{registry, "requests_total", "Requests.", {"method", "path"}};
  RIVAL(prometheus::Registry theirs;
        auto& rival = prometheus::BuildCounter().Name("requests_total").Help("Requests.").Register(theirs);
        auto& rival_enums = prometheus::BuildCounter().Name("lookups_total").Help("Lookups.").Register(theirs);)
  std::unordered_map<std::string, std::atomic<uint64_t>> map;
  // Which of 1,000 series: a fixed random order, 4,096 steps long.
  const std::vector<label_set> sets = label_sets(1000);
  std::vector<const label_set*> order;
  std::vector<std::string> keys;
  for (unsigned i = 0; i < values; ++i) {
    const label_set& s = sets[i < sets.size() ? i : random_bits() % sets.size()];
    order.push_back(&s);
    keys.push_back("method=\"" + s.method + "\",path=\"" + s.path + "\"");
    map[keys.back()].fetch_add(1);
    family.labels(s.method, s.path).inc();
    need(family.labels(s.method, s.path).status().ok(), "a series");
    RIVAL(rival.Add({{"method", s.method}, {"path", s.path}}).Increment();)
  }
  for (unsigned i = values; i > 1; --i) {
    const std::size_t other = random_bits() % i;
    std::swap(order[i - 1], order[other]);
    std::swap(keys[i - 1], keys[other]);
  }
  measure({"family.labels(a, b).inc, 1,000 series",
           "ns",
           loop([&](uint64_t i) {
             const label_set& s = *order[i % values];
             family.labels(s.method, s.path).inc();
           }),
           "unordered_map, ready key",
           loop([&](uint64_t i) { map.find(keys[i % values])->second.fetch_add(1, std::memory_order_relaxed); }),
           {RIVAL(loop([&](uint64_t i) {
             const label_set& s = *order[i % values];
             rival.Add({{"method", s.method}, {"path", s.path}}).Increment();
           }))},
           0});
  // Without an update: two threads that add to one counter wait for its cache line, not for the lookup.
  const auto look_up = [&](uint64_t i) {
    const label_set& s = *order[i % values];
    keep_number(static_cast<std::size_t>(family.labels(s.method, s.path).value()));
  };
  measure({"family.labels(a, b), 2 threads",
           "ns",
           two_threads(look_up),
           "the same, 1 thread",
           loop(look_up),
           {RIVAL(two_threads([&](uint64_t i) {
             const label_set& s = *order[i % values];
             keep(&rival.Add({{"method", s.method}, {"path", s.path}}));
           }))},
           0},
          chosen.contended());
  measure({"family.labels by name",
           "ns",
           loop([&](uint64_t i) {
             const label_set& s = *order[i % values];
             family.labels({{"path", s.path}, {"method", s.method}}).inc();
           }),
           "unordered_map, ready key",
           loop([&](uint64_t i) { map.find(keys[i % values])->second.fetch_add(1, std::memory_order_relaxed); }),
           {RIVAL(loop([&](uint64_t i) {
             const label_set& s = *order[i % values];
             rival.Add({{"method", s.method}, {"path", s.path}}).Increment();
           }))},
           0});

  static nx::enum_family<nx::counter, verb, result> enums{"lookups_total", "Lookups.", {"method", "result"}};
  need(enums.status().ok(), "an enum_family");
  static std::atomic<uint64_t> cells[3 * 4];
  unsigned char which[values][2];
  for (auto& w : which) {
    w[0] = static_cast<unsigned char>(random_bits() % 3);
    w[1] = static_cast<unsigned char>(random_bits() % 4);
  }
  measure({"enum_family.labels(a, b).inc, 3 x 4",
           "ns",
           loop([&](uint64_t i) {
             const unsigned char* const w = which[i % values];
             enums.labels(static_cast<verb>(w[0]), static_cast<result>(w[1])).inc();
           }),
           "array element",
           loop([&](uint64_t i) {
             const unsigned char* const w = which[i % values];
             cells[w[0] * 4 + w[1]].fetch_add(1, std::memory_order_relaxed);
           }),
           {RIVAL(loop([&](uint64_t i) {
             const unsigned char* const w = which[i % values];
             rival_enums
                 .Add({{"method", label_values(verb()).text[w[0]]}, {"result", label_values(result()).text[w[1]]}})
                 .Increment();
           }))},
           0});
}

// ---- creation ----

/// Bytes that the program holds, the allocator's own headers included; -1 where that cannot be asked.
static double bytes_in_use() {
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 33)
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
#endif
#endif
  return -1;
}
/// Gives free memory back, so that everybody starts without any.
static void give_back() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

/// What `make()` costs while its answer, a std::unique_ptr, holds everything made.
template <class Make>
static work making(bool bytes, Make make) {
  return [bytes, make](uint64_t) {
    give_back();
    const double held = bytes_in_use();
    const double from = processor_time();
    const auto made = make();
    const double took = processor_time() - from;
    return !bytes ? took : held < 0 ? -1 : bytes_in_use() - held;
  };
}

static std::unique_ptr<nx::registry> our_counters(const std::vector<label_set>& sets) {
  std::unique_ptr<nx::registry> r(new nx::registry);
  nx::family<nx::counter, 3> f{*r,
                               "http_requests_total",
                               "Requests.",
                               {"instance", "method", "path"},
                               nx::series_limits(static_cast<std::uint32_t>(sets.size()))};
  for (const label_set& s : sets) f.labels(s.instance, s.method, s.path).inc();
  need(f.status().ok() && f.overflowed() == 0, "a family");
  return r;
}
#ifdef HAVE_PROMETHEUS_CPP
static std::unique_ptr<prometheus::Registry> rival_counters(const std::vector<label_set>& sets) {
  std::unique_ptr<prometheus::Registry> r(new prometheus::Registry);
  auto& f = prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(*r);
  for (const label_set& s : sets) f.Add({{"instance", s.instance}, {"method", s.method}, {"path", s.path}}).Increment();
  return r;
}
#endif

static void creation() {
  const std::vector<label_set> sets = label_sets(chosen.series());
  const auto ours = [&] { return our_counters(sets); };
  const auto bare = [&] {
    using map = std::unordered_map<std::string, std::atomic<uint64_t>>;
    std::unique_ptr<map> m(new map);
    for (const label_set& s : sets) (*m)[s.text()].fetch_add(1, std::memory_order_relaxed);
    return m;
  };
  RIVAL(const auto rival = [&] { return rival_counters(sets); };)
  const char* const name = chosen.smoke ? "create 500 series, 3 labels" : "create 100,000 series, 3 labels";
  measure({name,
           "ns",
           making(false, ours),
           "unordered_map of the text",
           making(false, bare),
           {RIVAL(making(false, rival))},
           sets.size()},
          chosen.few());
  measure({"memory of such a series",
           "bytes",
           making(true, ours),
           "unordered_map of the text",
           making(true, bare),
           {RIVAL(making(true, rival))},
           sets.size()},
          chosen.once());
}

// ---- text ----

#ifdef HAVE_PROMETHEUS_CPP
/// A stream into a buffer that is there already.
struct into_buffer : private std::streambuf, std::ostream {
  into_buffer(char* begin, std::size_t size) : std::ostream(static_cast<std::streambuf*>(this)) {
    setp(begin, begin + size);
  }
  void again() { setp(pbase(), epptr()); }
  std::size_t used() const { return static_cast<std::size_t>(pptr() - pbase()); }
};
static std::size_t rival_text(const prometheus::Registry& r, std::vector<char>& buffer) {
  into_buffer out(buffer.data(), buffer.size());
  prometheus::TextSerializer().Serialize(out, r.Collect());
  need(out.good(), "the buffer is too small");
  return out.used();
}
#endif

static std::size_t count_lines(const char* text, std::size_t size) {
  return static_cast<std::size_t>(std::count(text, text + size, '\n'));
}

/// A scrape into a warm buffer, for each line of it. `rival` writes the same metrics into a buffer. Everybody does it several
/// times running, and the last four count: the rival leaves nothing in the caches that another could use.
static void text(const char* name, nx::registry& registry,
                 const std::function<std::size_t(std::vector<char>&)>& rival) {
  const std::string lines = nx::to_text(registry);
  std::vector<char> buffer(lines.size() * 2, 'x');
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string::npos;) ends.push_back(++at);
  if (rival) need(count_lines(buffer.data(), rival(buffer)) == ends.size(), "the rival's text has other lines");
  const auto warm = [](const std::function<void()>& once) {
    return work([once](uint64_t) {
      for (int i = 0; i < 2; ++i) once();
      const double from = processor_time();
      for (int i = 0; i < 4; ++i) once();
      return (processor_time() - from) / 4;
    });
  };
  const work ours = warm([&] {
    need(nx::write_text(registry, buffer.data(), buffer.size()) == lines.size(), "the text has another size");
    keep(buffer.data());
  });
  const work bare = warm([&] {
    std::size_t at = 0;
    for (const std::size_t end : ends) {
      std::memcpy(&buffer[at], &lines[at], end - at);
      at = end;
      barrier();
    }
  });
  const work theirs = !rival ? work() : warm([&] {
    rival(buffer);
    keep(buffer.data());
  });
  measure({name, "ns/line", ours, "memcpy of each line", bare, theirs, ends.size()}, chosen.few());

  // The other formats of lines beside text: "text of ..." is the name.
  using writing = std::size_t (*)(nx::registry_core&, char*, std::size_t);
  const auto beside = [&](const char* format, writing write) {
    const std::string row = format + std::string(name + 4);
    buffer.resize(std::max(buffer.size(), write(registry, nullptr, 0) + 64));
    const work other = warm([&, write] {
      write(registry, buffer.data(), buffer.size());
      keep(buffer.data());
    });
    measure({row.c_str(), "ns/line", other, "text 0.0.4", ours, nullptr, ends.size()}, chosen.few());
  };
  beside("OpenMetrics", &nx::write_openmetrics);
  beside("JSON", &nx::write_json);
}

/// A scrape of as many counters as there are label sets, up to 7 digits each.
static void counters_text(const char* name, const std::vector<label_set>& sets) {
  nx::registry ours;
  nx::family<nx::counter, 3> f{
      ours, "http_requests_total", "Requests.", {"instance", "method", "path"}, nx::series_limits(chosen.series())};
  std::vector<uint64_t> counts;
  for (std::size_t i = 0; i < sets.size(); ++i) counts.push_back(random_bits() >> (44 + random_bits() % 17));
  // One registry after the other: built by turns, their series would lie mixed in memory.
  for (std::size_t i = 0; i < sets.size(); ++i) f.labels(sets[i].instance, sets[i].method, sets[i].path).inc(counts[i]);
  RIVAL(prometheus::Registry theirs;
        auto& g = prometheus::BuildCounter().Name("http_requests_total").Help("Requests.").Register(theirs);
        for (std::size_t i = 0; i < sets.size(); ++i) {
          const label_set& s = sets[i];
          g.Add({{"instance", s.instance}, {"method", s.method}, {"path", s.path}}).Increment(static_cast<double>(counts[i]));
        })
  text(name, ours, {RIVAL([&](std::vector<char>& to) { return rival_text(theirs, to); })});
}

static void texts() {
  const std::vector<label_set> sets = label_sets(chosen.series());
  counters_text(chosen.smoke ? "text of 500 counters" : "text of 100,000 counters", sets);
  nx::registry ours;
  nx::family<nx::histogram, 3> f{ours, "http_seconds", "Time.", {"instance", "method", "path"}};
  const auto some = [](unsigned i) { return durations()[i * 2654435761u % values]; };
  for (unsigned i = 0; i < chosen.histograms(); ++i) {
    nx::histogram h = f.labels(sets[i].instance, sets[i].method, sets[i].path);
    for (unsigned k = 0; k < 50; ++k) h.observe(some(i * 50 + k));
  }
  RIVAL(prometheus::Registry theirs;
        auto& g = prometheus::BuildHistogram().Name("http_seconds").Help("Time.").Register(theirs);
        for (unsigned i = 0; i < chosen.histograms(); ++i) {
          const label_set& s = sets[i];
          auto& r = g.Add({{"instance", s.instance}, {"method", s.method}, {"path", s.path}}, bounds(11));
          for (unsigned k = 0; k < 50; ++k) r.Observe(some(i * 50 + k));
        })
  text(chosen.smoke ? "text of 50 histograms, 14 lines each" : "text of 10,000 histograms, 14 lines each", ours,
       {RIVAL([&](std::vector<char>& to) { return rival_text(theirs, to); })});
}

/// What a scrape takes as protobuf, beside text 0.0.4 of the same registry.
static void protobuf_text() {
  nx::registry registry;
  const std::vector<label_set> sets = label_sets(chosen.smoke ? 500 : 10000);
  nx::family<nx::counter, 3> counters{registry, "http_requests_total", "Requests.", {"instance", "method", "path"}};
  nx::family<nx::gauge, 2> gauges{registry, "heat_celsius", "Heat.", {"instance", "path"}, nx::series_limits(10000)};
  nx::family<nx::histogram, 3> histograms{registry, "http_seconds", "Time.", {"instance", "method", "path"}};
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const label_set& s = sets[i];
    if (i % 5 == 4) histograms.labels(s.instance, s.method, s.path).observe(durations()[i % values]);
    else if (i % 5 == 3) gauges.labels(s.instance, s.path).set(durations()[i % values]);
    else counters.labels(s.instance, s.method, s.path).inc(i);
  }
  std::vector<char> buffer(nx::to_text(registry).size() * 2, 'x');
  const auto page = [&buffer, &registry](std::size_t (*write)(nx::registry_core&, char*, std::size_t)) {
    return work([&buffer, &registry, write](uint64_t) {
      write(registry, buffer.data(), buffer.size());
      const double from = processor_time();
      for (int i = 0; i < 4; ++i) write(registry, buffer.data(), buffer.size());
      keep(buffer.data());
      return (processor_time() - from) / 4;
    });
  };
  measure({chosen.smoke ? "protobuf of 500 mixed series" : "protobuf of 10,000 mixed series", "ns/series", page(&nx::write_protobuf), "text 0.0.4",
           page(&nx::write_text), nullptr, sets.size()},
          chosen.few());
}

// ---- a scrape through the server ----

/// Takes a page and gives how many bytes came.
static std::size_t fetch(std::uint16_t port) {
  static char taken[1 << 17];
  const int s = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to = sockaddr_in();
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  need(s >= 0 && connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0, "no connection");
  const char request[] = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
  need(write(s, request, sizeof request - 1) == sizeof request - 1, "no request");
  std::size_t all = 0;
  for (ssize_t n; (n = read(s, taken, sizeof taken)) > 0;) all += static_cast<std::size_t>(n);
  close(s);
  return all;
}

/// The memory that is in use now, or that was at the most since forget_peak(); below 0 where the system does not tell.
static double resident(const char* which) {
  double kilobytes = -1;
  if (std::FILE* const f = std::fopen("/proc/self/status", "r")) {
    char line[256];
    while (std::fgets(line, sizeof line, f)) {
      if (std::strncmp(line, which, std::strlen(which)) == 0) kilobytes = std::atof(line + std::strlen(which) + 1);
    }
    std::fclose(f);
  }
  return kilobytes;
}
static bool forget_peak() {
  std::FILE* const f = std::fopen("/proc/self/clear_refs", "w");
  if (!f) return false;
  const bool good = std::fputs("5", f) >= 0;
  return std::fclose(f) == 0 && good;
}

static void streams() {
  const unsigned n = chosen.smoke ? 500 : 1000000;
  nx::registry registry;
  nx::family<nx::counter, 3> f{
      registry, "http_requests_total", "Requests.", {"instance", "method", "path"}, nx::series_limits(n)};
  {
    const std::vector<label_set> sets = label_sets(n);
    for (const label_set& s : sets) f.labels(s.instance, s.method, s.path).inc(random_bits() >> 50);
  }
  give_back();
  nx::http_server server{registry, "127.0.0.1:0", nx::http_server_options().set_request_timeout_ms(600000)};
  const std::uint16_t port = server.port();
  need(port != 0 && fetch(port) > n, "the server does not answer");
  const work over_http = [&](uint64_t) {
    const double from = wall_time();
    fetch(port);
    return wall_time() - from;
  };
  const work into_nothing = [&](uint64_t) {
    const nx::sink nowhere = {[](void*, const char*, std::size_t) { return true; }, nullptr};
    const double from = wall_time();
    need(nx::write_text(registry, nowhere).ok(), "a scrape");
    return wall_time() - from;
  };
  const char* const name = chosen.smoke ? "HTTP scrape of 500 series" : "HTTP scrape of 1,000,000 series";
  measure({name, "ns/line", over_http, "text, then thrown away", into_nothing, nullptr, n}, chosen.few());
  measure({"memory above rest meanwhile",
           "KB",
           [&](uint64_t) {
             const double rest = resident("VmRSS");
             if (rest < 0 || !forget_peak()) return -1.0;
             fetch(port);
             return resident("VmHWM") - rest;
           },
           "",
           nullptr,
           nullptr,
           1},
          chosen.once());
  // What an update costs the thread that does them, in its own processor time.
  nx::counter updated = f.labels("10.0.0.1", "GET", "/updated");
  const auto updates = [&](bool scraped) {
    return work([&, scraped](uint64_t) {
      std::atomic<bool> enough_of_it(false);
      double cost = -1;
      std::thread other([&] {
        timespec from, to;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
        uint64_t done = 0;
        for (; !enough_of_it.load(std::memory_order_relaxed); done += 1000) {
          for (unsigned i = 0; i < 1000; ++i) updated.inc();
        }
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
        const double took =
            static_cast<double>(to.tv_sec - from.tv_sec) * 1e9 + static_cast<double>(to.tv_nsec - from.tv_nsec);
        if (done) cost = took / static_cast<double>(done);
      });
      if (scraped) fetch(port);
      else std::this_thread::sleep_for(std::chrono::milliseconds(chosen.smoke ? 1 : 100));
      enough_of_it = true;
      other.join();
      return cost;
    });
  };
  measure({"an update meanwhile", "ns", updates(true), "without a scrape", updates(false), nullptr, 1}, chosen.few());
}

// ---- digits ----

static void digits() {
  static double any[values], decimals[values];
  for (double& d : any) {
    do {
      const uint64_t bits = random_bits();
      std::memcpy(&d, &bits, sizeof d);
    } while (!std::isfinite(d));
  }
  for (double& d : decimals) d = static_cast<double>(random_bits() % 100000) / 1000;
  const struct {
    const char* name;
    const double* from;
  } kinds[] = {{"a double's text, random bits", any}, {"a double's text, short decimals", decimals}};
  for (const auto& k : kinds) {
    const double* const from = k.from;
    char to[64];
    char* const out = to;
    work bare;
#if defined(__cpp_lib_to_chars)
    bare = loop([=](uint64_t i) { keep(std::to_chars(out, out + 64, from[i % values]).ptr); });
#endif
    RIVAL(into_buffer stream(out, sizeof to); stream.precision(16);)  // as the rival's text is made
    measure({k.name,
             "ns",
             loop([=](uint64_t i) { keep(nx::detail::write_double(out, from[i % values])); }),
             "std::to_chars",
             bare,
             {RIVAL(loop([&stream, from](uint64_t i) {
               stream.again();
               stream << from[i % values];
               keep(&stream);
             }))},
             0});
  }
  static uint64_t whole[values];
  for (uint64_t& n : whole) n = random_bits() >> random_bits() % 64;
  char to[64];
  char* const out = to;
  work bare;
#if defined(__cpp_lib_to_chars)
  bare = loop([=](uint64_t i) { keep(std::to_chars(out, out + 64, whole[i % values]).ptr); });
#endif
  measure({"an integer's text, 1 to 20 digits",
           "ns",
           loop([=](uint64_t i) { keep(nx::detail::write_u64(out, whole[i % values])); }),
           "std::to_chars",
           bare,
           nullptr,
           0});
}

int main(int argc, char** argv) {
  chosen.smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  updates();
  observations();
  libraries();
  lookups();
  creation();
  texts();
  protobuf_text();
  streams();
  digits();
  return 0;
}
