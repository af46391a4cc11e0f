// Memory: refused at every single point, never asked for where updates are made, and given back.
#include <narthex/narthex.hpp>
#include <narthex/native_histogram.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;

#if defined(__clang__) && defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_HAS_OWN_NEW 0  // clang's thread sanitizer defines operator new itself, and it cannot be replaced
#endif
#endif
#ifndef TEST_HAS_OWN_NEW
#define TEST_HAS_OWN_NEW 1
#endif

#if TEST_HAS_OWN_NEW

// ---- this program's operator new: counts, and refuses when told to ----

namespace {

struct heap {
  static std::atomic<long> live;      // allocations not yet given back
  static std::atomic<long> asked;     // all since the start
  static std::atomic<long> refuse;    // which request is refused, counted down from here; below 0: none
  static std::atomic<bool> for_ever;  // whether all that come after it are refused, too
  static std::atomic<long> bytes;     // of the live ones
  static std::atomic<nx::counter*> counter;  // counts the requests, from inside
  enum : std::size_t { head = 16 };   // where the size is kept
  static void* get(std::size_t size) noexcept {
    ++asked;
    if (nx::counter* const c = counter.load()) nx::counter(*c).inc();
    long left = refuse.load();
    while (left > 0 || (left == 0 && !for_ever)) {  // at 0 for ever it stays 0, for all threads
      if (refuse.compare_exchange_weak(left, left - 1)) break;
    }
    if (left == 0) return nullptr;
    char* const memory = static_cast<char*>(std::malloc(size + head));
    if (!memory) return nullptr;
    ++live;
    bytes += static_cast<long>(size);
    std::memcpy(memory, &size, sizeof size);
    return memory + head;
  }
  static void give_back(void* memory) noexcept {
    if (!memory) return;
    char* const begin = static_cast<char*>(memory) - head;
    std::size_t size = 0;
    std::memcpy(&size, begin, sizeof size);
    bytes -= static_cast<long>(size);
    --live;
    std::free(begin);
  }
};
std::atomic<long> heap::live(0);
std::atomic<long> heap::asked(0);
std::atomic<long> heap::refuse(-1);
std::atomic<long> heap::bytes(0);
std::atomic<nx::counter*> heap::counter(nullptr);
std::atomic<bool> heap::for_ever(false);

}  // namespace

void* operator new(std::size_t size) {
  if (void* const memory = heap::get(size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return heap::get(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return heap::get(size); }
void operator delete(void* memory) noexcept { heap::give_back(memory); }
void operator delete[](void* memory) noexcept { heap::give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { heap::give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { heap::give_back(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { heap::give_back(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { heap::give_back(memory); }

namespace {

enum class method { get, post };
inline nx::enum_values<2> label_values(method) { return {{"get", "post"}}; }

struct quiet {
  quiet() : before(nx::set_error_hook(nullptr)) {}
  ~quiet() { nx::set_error_hook(before); }
  nx::error_hook before;
};

char page[256 * 1024];

bool has(const char* text) { return std::strstr(page, text) != nullptr; }

/// Whether each line is a comment or "name value" or "name{...} value", and ends.
bool is_well_formed(const char* text, std::size_t size) {
  for (std::size_t at = 0; at < size;) {
    const char* const end = static_cast<const char*>(std::memchr(text + at, '\n', size - at));
    if (!end) return false;
    const char* const line = text + at;
    at = static_cast<std::size_t>(end - text) + 1;
    if (std::strncmp(line, "# HELP ", 7) == 0 || std::strncmp(line, "# TYPE ", 7) == 0) continue;
    const char* space = end;
    while (space > line && *space != ' ') --space;
    char* rest = nullptr;
    std::strtod(space, &rest);
    if (space == line || rest != end) return false;
    if (std::memchr(line, '{', static_cast<std::size_t>(space - line)) && space[-1] != '}') return false;
  }
  return true;
}

/// What is not right with an answer under memory pressure: it is either registered, or says which memory was missing.
bool is_fair(const nx::status& s) {
  return s.ok() || s.code() == nx::errc::no_memory || s.code() == nx::errc::series_limit;
}

/// Everything once: registers all kinds, makes 100 series, collects, scrapes. Gives false when something is wrong.
/// Nothing here allocates but the library. `whole` says whether all of it was there.
bool everything(bool& whole) {
  bool good = true;
  nx::registry r(nx::registry_options().label("region", "east").prefix("p_"));
  good = good && is_fair(r.status());
  nx::counter c{r, "c_total", "C."}, same{r, "c_total", "C."};
  nx::double_counter dc{r, "dc_total", "D."};
  nx::gauge g{r, "g", "G."};
  nx::int_gauge ig{r, "ig", "I."};
  nx::histogram h{r, "h", "H."};
  nx::summary s{r, "s", "S."}, q{r, "q", "Q.", nx::quantiles({0.5, 0.9})};
  nx::info i{r, "i_info", "I.", {{"version", "1"}}};
  nx::state_set m{r, "m", "M.", {"a", "b"}};
  nx::counter refused{r, "0bad", "R."};
  nx::fixed_counter fc{r, "fc_total", "F."};
  nx::family<nx::counter, 2> f{r, "f_total", "F.", {"k", "l"}};
  nx::family<nx::histogram, 1> fh{r, "fh", "F.", {"l"}, {1, 2, 3}};
  nx::fixed_family<nx::counter, 1, 4> ff{r, "ff_total", "F.", {"l"}};
  nx::enum_family<nx::counter, method> e{r, "e_total", "E.", {"l"}};
  nx::callback_gauge cb{r, "cb", "C.", [] { return 7; }};
  nx::collector co{r,
                   {{nx::metric_type::gauge, "co", "C.", {"l"}}, {nx::metric_type::counter, "cp_total", "C.", {}}},
                   [](nx::collected& out) {
                     for (int k = 0; k < 20; ++k) out.add(0, {k}, k);
                     out.add(1, {}, 3);
                   }};

  // Whatever was refused, every instrument takes updates.
  c.inc();
  same.inc();
  dc.inc(0.5);
  g.set(1);
  ig.dec();
  h.observe(1);
  s.observe(1);
  q.observe(1);
  m.set("b");
  m.enable("a");
  refused.inc();
  fc.inc();
  ff.labels("x").inc();
  e.labels(method::post).inc();
  for (unsigned k = 0; k < 100; ++k) {
    nx::counter one = f.labels(k, "x");
    one.inc();
    good = good && is_fair(one.status());
  }
  for (unsigned k = 0; k < 5; ++k) {
    nx::histogram one = fh.labels(k);
    one.observe(2);
    good = good && is_fair(one.status());
  }
  nx::counter by_name = f.labels({{"nobody", "x"}, {"l", "y"}});
  by_name.inc();
  good = good && (by_name.status().code() == nx::errc::unknown_label || by_name.status().code() == nx::errc::no_memory);
  f.remove(7u, "x");
  f.labels(7u, "x").inc();
  good = good && is_fair(c.status()) && is_fair(dc.status()) && is_fair(g.status()) && is_fair(ig.status());
  good = good && is_fair(h.status()) && is_fair(s.status()) && is_fair(q.status()) && is_fair(i.status());
  good = good && is_fair(m.status()) && is_fair(fc.status()) && is_fair(f.status()) && is_fair(fh.status());
  good = good && is_fair(ff.status()) && is_fair(e.status()) && is_fair(cb.status()) && is_fair(co.status());
  good = good && (refused.status().code() == nx::errc::bad_name || refused.status().code() == nx::errc::no_memory);
  // Two handles to one counter; what stands in for one without memory is shared by all of its kind.
  good = good && (!c.status().ok() || c.value() == (same.status().ok() ? 2u : 1u));
  good = good && dc.value() >= 0.5 && h.count() >= 1 && s.count() >= 1 && fc.value() == 1;

  const std::size_t size = nx::write_text(r, page, sizeof page - 1);
  good = good && size < sizeof page && is_well_formed(page, size);
  page[size < sizeof page ? size : 0] = '\0';
  const bool plain = r.status().ok();
  if (plain) {
    good = good && has("\np_fc_total{region=\"east\"} 1\n");
    good = good && (!c.status().ok() || has("\np_c_total{region=\"east\"} "));
    good = good && (!h.status().ok() || has("\np_h_count{region=\"east\"} 1\n"));
    good = good && (!e.status().ok() || has("\np_e_total{region=\"east\",l=\"post\"} 1\n"));
    good = good && (!cb.status().ok() || has("\np_cb{region=\"east\"} 7\n"));
    good = good && (f.overflowed() == 0 || has("\np_f_total{region=\"east\",k=\"_overflow_\",l=\"_overflow_\"} "));
  }
  const std::uint64_t lost =
      r.refused(nx::mistake::registration) + r.refused(nx::mistake::series) + r.refused(nx::mistake::sample);
  whole =
      plain && lost == 2 && has("\np_co{region=\"east\",l=\"19\"} 19\n") && has("\np_cp_total{region=\"east\"} 3\n");
  return good;
}

}  // namespace

TEST_CASE("memory that is refused at any one point leaves everything else working, and nothing leaks") {
  quiet hush;
  bool whole = false;
  REQUIRE(everything(whole));  // names of in-place objects are kept for ever: from here on they are
  REQUIRE(whole);
  const long before = heap::live;
  const long first = heap::asked;
  REQUIRE(everything(whole));
  const long requests = heap::asked - first;
  REQUIRE(requests > 30);
  CHECK(heap::live == before);
  long bad_at = -1, leaked_at = -1, passed = 0;
  for (long n = 0; n < requests; ++n) {
    heap::refuse = n;
    const bool good = everything(whole);
    heap::refuse = -1;
    if (!good && bad_at < 0) bad_at = n;
    if (heap::live != before && leaked_at < 0) leaked_at = n;
    passed += whole;
  }
  CHECK(bad_at == -1);
  CHECK(leaked_at == -1);
  CHECK(passed < 20);  // a refused request shows, but for copies that a later request replaces
}

TEST_CASE("memory that runs out for good at any point is survived, and nothing leaks") {
  quiet hush;
  bool whole = false;
  REQUIRE(everything(whole));
  const long before = heap::live;
  long bad_at = -1, leaked_at = -1;
  heap::for_ever = true;
  for (long n = 0;; ++n) {
    heap::refuse = n;
    const bool good = everything(whole);
    const bool ran_out = heap::refuse <= 0;
    heap::refuse = -1;
    if (!good && bad_at < 0) bad_at = n;
    if (heap::live != before && leaked_at < 0) leaked_at = n;
    if (!ran_out) break;
  }
  heap::for_ever = false;
  CHECK(bad_at == -1);
  CHECK(leaked_at == -1);
  CHECK(whole);
}

TEST_CASE("without memory an instrument says no_memory and counts, and a family answers with its overflow series") {
  quiet hush;
  nx::registry r;
  nx::family<nx::counter, 1> f{r, "f_total", "F.", {"l"}};
  f.labels("before").inc();
  const std::string long_value(1000, 'x');  // more than a block of series has left
  heap::for_ever = true;
  heap::refuse = 0;
  nx::counter c{r, "c_total", "C."};
  nx::histogram h{r, "h", "H."};
  nx::info i{r, "i_info", "I.", {{"k", "v"}}};
  nx::state_set m{r, "m", "M.", {"a"}};
  nx::family<nx::gauge, 1> g{r, "g", "G.", {"l"}};
  nx::counter over = f.labels(long_value);
  const std::uint64_t was = c.value();
  c.inc();
  h.observe(1);
  m.set("a");
  g.labels("x").set(1);
  over.inc(3);
  f.labels("before").inc();
  const std::size_t size = nx::write_text(r, page, sizeof page - 1);
  heap::refuse = -1;
  heap::for_ever = false;
  page[size] = '\0';
  CHECK(c.status().code() == nx::errc::no_memory);
  CHECK(h.status().code() == nx::errc::no_memory);
  CHECK(i.status().code() == nx::errc::no_memory);
  CHECK(m.status().code() == nx::errc::no_memory);
  CHECK(g.status().code() == nx::errc::no_memory);
  CHECK(g.labels("x").status().code() == nx::errc::no_memory);
  CHECK(over.status().code() == nx::errc::series_limit);
  CHECK(c.value() == was + 1);
  CHECK(over.value() == 3);
  CHECK(f.overflowed() == 1);
  CHECK(std::string(page) ==
        "# HELP f_total F.\n# TYPE f_total counter\nf_total{l=\"before\"} 2\nf_total{l=\"_overflow_\"} 3\n"
        "# HELP narthex_refused_total What was refused, by kind.\n"
        "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"registration\"} 5\n"
        "narthex_refused_total{what=\"series\"} 1\n");
  // Memory is back: what was refused can be had.
  CHECK(f.labels(long_value).status().ok());
  nx::counter again{r, "c_total", "C."};
  CHECK(again.status().ok());
  CHECK(again.value() == 0);
}

TEST_CASE("what stands in without memory takes the updates of several threads") {
  quiet hush;
  nx::registry r;
  heap::for_ever = true;
  heap::refuse = 0;
  nx::counter c{r, "c_total", "C."};
  nx::double_counter dc{r, "dc_total", "D."};
  nx::histogram h{r, "h", "H."};
  nx::native_histogram n{r, "n", "N."};
  nx::summary s{r, "s", "S."};
  heap::refuse = -1;
  heap::for_ever = false;
  const std::uint64_t before[] = {c.value(), h.count(), n.count(), s.count()};
  const double before_d = dc.value();
  std::atomic<unsigned> turn(0);
  const auto update = [&](unsigned mine) {  // in turn: each goes on where the other has been
    for (unsigned k = 0; k < 200; ++k) {
      while (turn.load() % 2 != mine) std::this_thread::yield();
      c.inc();
      dc.inc(0.5);
      h.observe(k);
      n.observe(k);
      s.observe(k);
      ++turn;
    }
  };
  std::thread other([&update] { update(1); });
  update(0);
  other.join();
  CHECK(h.status().code() == nx::errc::no_memory);
  CHECK(n.status().code() == nx::errc::no_memory);
  CHECK(s.status().code() == nx::errc::no_memory);
  CHECK(c.value() - before[0] == 400);
  CHECK(h.count() - before[1] == 400);
  CHECK(n.count() - before[2] == 400);
  CHECK(s.count() - before[3] == 400);
  CHECK(dc.value() - before_d == 200);
}

TEST_CASE("no update, no lookup of an existing series and no scrape into a buffer asks for memory") {
  nx::registry r(nx::registry_options().label("region", "east"));
  nx::counter c{r, "c_total", "C."};
  nx::double_counter dc{r, "dc_total", "D."};
  nx::gauge g{r, "g", "G."};
  nx::int_gauge ig{r, "ig", "I."};
  nx::histogram h{r, "h", "H."};
  nx::summary s{r, "s", "S."}, q{r, "q", "Q.", nx::quantiles({0.5})};
  nx::info i{r, "i_info", "I.", {{"version", "1"}}};
  nx::state_set m{r, "m", "M.", {"a", "b"}};
  nx::family<nx::counter, 2> f{r, "f_total", "F.", {"k", "l"}};
  nx::family<nx::histogram, 1> fh{r, "fh", "F.", {"l"}};
  nx::fixed_counter fc{r, "fc_total", "F."};
  nx::fixed_histogram<> fhi{r, "fhi", "F."};
  nx::fixed_family<nx::counter, 1, 4> ff{r, "ff_total", "F.", {"l"}};
  nx::enum_family<nx::counter, method> e{r, "e_total", "E.", {"l"}};
  nx::callback_gauge cb{r, "cb", "C.", [] { return 7; }};
  for (unsigned k = 0; k < 100; ++k) f.labels(k, "x");
  f.labels("needs \"quotes\"\n", "\xff");
  fh.labels("x");
  const long before = heap::asked;
  for (unsigned k = 0; k < 100; ++k) {
    c.inc();
    c.inc(k);
    c.inc(-1);
    dc.inc(0.5);
    dc.inc(-1);
    g.set(k);
    g.inc();
    g.dec(2);
    ig.inc();
    ig.set(4);
    h.observe(k);
    s.observe(k);
    q.observe(k);
    m.set("b");
    m.set("never");
    fc.inc();
    fhi.observe(1);
    f.labels(k, "x").inc();
    f.labels({{"l", "x"}, {"k", k}}).inc();
    f.labels("needs \"quotes\"\n", "\xff").inc();
    f.remove(k, "x");
    fh.labels("x").observe(k);
    ff.labels(k).inc();
    e.labels(method::get).inc();
    nx::counter copy(c);
    copy.inc();
    copy.status();
  }
  CHECK(heap::asked == before);
  const std::size_t size = nx::write_text(r, page, sizeof page);
  CHECK(heap::asked == before);
  CHECK(is_well_formed(page, size));
}

TEST_CASE("a collector's scrape gives back what it took, also when the sink refuses in the middle") {
  nx::registry r;
  nx::collector co{r, {{nx::metric_type::gauge, "co", "C.", {"l"}}}, [](nx::collected& out) {
                     for (int k = 0; k < 1000; ++k) out.add(0, {k}, k);
                   }};
  struct refusing {
    static bool write(void* context, const char*, std::size_t) { return --*static_cast<int*>(context) > 0; }
  };
  const long before = heap::live;
  CHECK(nx::write_text(r, page, sizeof page) > 0);
  CHECK(heap::live == before);
  int chunks = 3;
  const nx::sink to = {&refusing::write, &chunks};
  CHECK(nx::write_text(r, to, page, 100).code() == nx::errc::closed);
  CHECK(heap::live == before);
  struct throwing {
    static bool write(void*, const char*, std::size_t) { throw 1; }
  };
  const nx::sink hot = {&throwing::write, nullptr};
  CHECK_THROWS_AS(nx::write_text(r, hot, page, 100), int);
  CHECK(heap::live == before);
  CHECK(nx::write_text(r, page, sizeof page) > 0);
}

TEST_CASE("a registry gives back all of its memory, however its metrics came and went") {
  quiet hush;
  const long before = heap::live;
  for (unsigned round = 0; round < 3; ++round) {
    nx::registry r(nx::registry_options().label("region", "east"));
    for (unsigned k = 0; k < 20; ++k) {
      nx::counter(r, "a_total", k % 2 ? "A." : "B.").unregister();
      nx::family<nx::counter, 1> f{r, "f_total", "F.", {"l"}, nx::series_limits(10)};
      for (unsigned n = 0; n < 20; ++n) f.labels(n + k).inc();
      f.labels({{"nobody", "x"}}).inc();
      if (k % 3 == 0) f.clear();
      if (k % 4 == 0) f.unregister();
      nx::summary(r, "s", "S.", nx::quantiles({0.5})).observe(1);
      nx::histogram(r, "bad bounds", "H.", {2, 1}).observe(1);
      nx::state_set(r, "m", "M.", {"a", "a"}).set("a");
    }
  }
  CHECK(heap::live == before);
}

namespace {
/// Threads that are there already when the memory is looked at, and do what they are told at once.
class crew {
 public:
  template <class Body>
  crew(unsigned n, Body body) : gate_(0), busy_(n) {
    for (unsigned i = 0; i < n; ++i) {
      all_.emplace_back([this, body, i] {
        for (; !gate_.load(); std::this_thread::yield()) {
        }
        body(i);
        for (--busy_; gate_.load() < 2; std::this_thread::yield()) {
        }
      });
    }
  }
  void work() {
    gate_ = 1;
    while (busy_.load() != 0) std::this_thread::yield();
  }
  ~crew() {
    gate_ = 2;
    for (std::thread& t : all_) t.join();
  }
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

 private:
  std::atomic<unsigned> gate_, busy_;
  std::vector<std::thread> all_;
};
}  // namespace

// Where the C library does not remember destructors of threads' objects, libstdc++ asks for memory to do it, once a thread.
#if defined(__GLIBCXX__) && !defined(_GLIBCXX_HAVE___CXA_THREAD_ATEXIT_IMPL)
const long of_a_thread = 32;
#else
const long of_a_thread = 0;
#endif

TEST_CASE("a contended counter takes 128 bytes and 64 for each thread, a histogram as much and its ledgers, till the registry ends") {
  const long before = heap::live;
  for (const unsigned threads : {2u, 8u, 17u, 33u}) {
    nx::registry r;
    nx::counter c{r, "c_total", "C."};
    nx::histogram h{r, "h", "H."};
    std::atomic<std::uint64_t> counted(0), observed(0);
    std::atomic<bool> stop(false);
    long alone = 0, with_counter = 0, with_histogram = 0;
    {
      crew counting(threads, [&](unsigned) {
        nx::counter mine = c;
        const auto began = std::chrono::steady_clock::now();
        do {
          for (unsigned i = 0; i < 10000; ++i) mine.inc();
          counted += 10000;
        } while (!stop && heap::bytes == alone && std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
        stop = true;
        for (unsigned i = 0; i < 1000; ++i) mine.inc();
        counted += 1000;
      });
      alone = heap::bytes;
      counting.work();
      with_counter = heap::bytes;
    }
    with_counter -= alone;
    CHECK(c.value() == counted);
    if (std::thread::hardware_concurrency() > 1 && NARTHEX_HAS(SHARDS)) CHECK(with_counter > 0);
    CHECK(with_counter <= 128 + (64 + of_a_thread) * static_cast<long>(threads));
    {
      crew observing(threads, [&](unsigned) {
        nx::histogram mine = h;
        for (unsigned i = 0; i < 2000; ++i) mine.observe(i % 16);
        observed += 2000;
      });
      alone = heap::bytes;
      observing.work();
      with_histogram = heap::bytes - alone;
    }
    CHECK(h.count() == observed);
    if (NARTHEX_HAS(SHARDS)) CHECK(with_histogram > 0);
    CHECK(with_histogram <= 128 + (of_a_thread + 16 + 80 + 2 * 8 * 12) * static_cast<long>(threads));
  }
  CHECK(heap::live == before);
}

TEST_CASE("threads that meet on an instrument when memory has run out lose nothing, and get no share of their own") {
  nx::registry r;
  nx::counter c{r, "c_total", "C."};
  nx::double_counter d{r, "d_total", "D."};
  nx::histogram h{r, "h", "H."};
  const long before = heap::live;
  {
    crew working(4, [&](unsigned) {
      nx::counter mine = c;
      nx::double_counter mine_d = d;
      nx::histogram mine_h = h;
      for (unsigned i = 0; i < 50000; ++i) {
        mine.inc();
        mine_d.inc(0.5);
        if (i % 16 == 0) mine_h.observe(0.25);
      }
    });
    const long with_crew = heap::live;
    heap::for_ever = true;
    heap::refuse = 0;
    working.work();
    heap::refuse = -1;
    heap::for_ever = false;
    const long after = heap::live;
    CHECK(after == with_crew);
  }
  const long after = heap::live;
  CHECK(after == before);
  CHECK(c.value() == 200000);
  CHECK(d.value() == 100000);
  CHECK(h.count() == 12500);
  CHECK(h.sum() == 3125);
}

TEST_CASE("a native histogram without memory uses the places that it has, then refuses; every observation is counted or refused") {
  const quiet q;
  const long before = heap::live;
  {
    nx::registry registry;
    nx::native_histogram h{registry, "h", "H.", nx::native_buckets().schema(5).max_buckets(100)};
    nx::counter refused{registry, "refused_total", "Keeps the registry's own metric company."};
    std::uint64_t counted = 0;
    for (long n = 0; n < 4; ++n) {  // refused for ever from the n-th request on, after which there is memory again
      heap::for_ever = true;
      heap::refuse = n;
      double value = 1e-3;
      for (unsigned i = 0; i < 300; ++i, value *= 1.05) h.observe(value);
      counted = h.count();
      heap::refuse = -1;
      heap::for_ever = false;
      nx::walk walk(registry);
      std::uint64_t in_buckets = 0, lost = 0;
      while (walk.next()) {
        const nx::sample& s = walk.now();
        if (s.name == "narthex_refused_total" && s.labels == "what=\"update\"") lost = s.value.u64;
        if (!s.native) continue;
        in_buckets = s.native->zero_count;
        for (unsigned i = 0; i < s.native->positive + s.native->negative; ++i) in_buckets += s.native->counts[i];
        CHECK(s.count == in_buckets);
      }
      CHECK(counted == in_buckets);
      CHECK(counted + lost == 300u * static_cast<std::uint64_t>(n + 1));
      if (n == 0) CHECK(counted == 32);  // each place has a bucket, of one value here
    }
    CHECK(counted > 32);
  }
  CHECK(heap::live == before);
}

TEST_CASE("instruments with their storage inside never ask for memory, however many threads meet on them") {
  nx::registry r;
  nx::fixed_counter c{r, "c_total", "C."};
  nx::fixed_double_counter d{r, "d_total", "D."};
  nx::fixed_histogram<3> h{r, "h", "H.", {1, 2, 3}};
  nx::fixed_family<nx::counter, 1, 4> f{r, "f_total", "F.", {"l"}};
  nx::enum_family<nx::double_counter, method> e{r, "e_total", "E.", {"l"}};
  std::atomic<std::uint64_t> rounds(0);
  crew working(4, [&](unsigned) {
    nx::counter mine_f = f.labels("x");
    nx::double_counter mine_e = e.labels(method::get);
    // Long enough for two of them to run side by side on a machine that has other things to do.
    const auto began = std::chrono::steady_clock::now();
    do {
      for (unsigned i = 0; i < 20000; ++i) c.inc();
      for (unsigned i = 0; i < 20000; ++i) d.inc(0.5);
      for (unsigned i = 0; i < 1000; ++i) h.observe(2);
      for (unsigned i = 0; i < 20000; ++i) mine_f.inc();
      for (unsigned i = 0; i < 20000; ++i) mine_e.inc(0.5);
      ++rounds;
    } while (std::chrono::steady_clock::now() - began < std::chrono::milliseconds(300));
  });
  const long before = heap::asked;
  working.work();
  CHECK(heap::asked == before);
  CHECK(c.value() == rounds * 20000);
  CHECK(d.value() == static_cast<double>(rounds * 10000));
  CHECK(h.count() == rounds * 1000);
  CHECK(f.labels("x").value() == rounds * 20000);
  CHECK(e.labels(method::get).value() == static_cast<double>(rounds * 10000));
}

TEST_CASE("an allocator counts its own requests, also those that the counter makes for its threads") {
  nx::registry r;
  nx::counter c{r, "allocations_total", "A."};
  {
    std::atomic<bool> grown(false);
    std::atomic<long> alone(0);
    crew meeting(2, [&](unsigned) {
      nx::counter mine = c;
      const auto began = std::chrono::steady_clock::now();
      while (!grown && std::chrono::steady_clock::now() - began < std::chrono::seconds(10)) {
        for (unsigned k = 0; k < 10000; ++k) mine.inc();
        if (heap::live > alone) grown = true;
      }
    });
    alone = heap::live.load();
    meeting.work();
  }
  const std::uint64_t counted = c.value();
  const long before = heap::asked;
  heap::counter = &c;
  {
    std::vector<std::thread> all;
    for (unsigned i = 0; i < 4; ++i) {
      all.emplace_back([] {  // which asks for its share of the counter from inside the allocator
        for (unsigned k = 0; k < 50000; ++k) ::operator delete(::operator new(8));  // clang leaves a new-expression out
      });
    }
    for (std::thread& t : all) t.join();
  }
  heap::counter = nullptr;
  CHECK(c.value() - counted == static_cast<std::uint64_t>(heap::asked - before));
  CHECK(c.value() - counted > 200000);
}

#endif  // TEST_HAS_OWN_NEW
