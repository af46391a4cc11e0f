// What each thread owns of a counter or histogram: nothing is lost when threads meet, end, fork, outnumber the slots or
// count while they end, and every snapshot is whole meanwhile.
#include <narthex/narthex.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;

#if defined(__SANITIZE_THREAD__)
#define TEST_HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_HAS_TSAN 1
#endif
#endif
#ifndef TEST_HAS_TSAN
#define TEST_HAS_TSAN 0
#endif
#if defined(__SANITIZE_ADDRESS__) || TEST_HAS_TSAN
#define TEST_SLOWER 20
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_SLOWER 20
#endif
#endif
#ifndef TEST_SLOWER
#define TEST_SLOWER 1
#endif

namespace {

/// Runs body(0) .. body(n - 1) in as many threads, which begin together.
template <class Body>
void together(unsigned n, const Body& body) {
  std::atomic<unsigned> ready(0);
  std::vector<std::thread> all;
  for (unsigned i = 0; i < n; ++i) {
    all.emplace_back([&, i] {
      ++ready;
      while (ready.load() < n) std::this_thread::yield();
      body(i);
    });
  }
  for (std::thread& t : all) t.join();
}

const double bounds[3] = {1, 10, 100};
// One value for each bucket: the sum of a snapshot is then known from its counts.
const double one_of[4] = {0.5, 3, 64, 1000};

/// Whether a sample over `bounds` that was fed from `one_of` is whole.
bool is_whole(const nx::sample& s) {
  double sum = 0;
  std::uint64_t count = 0;
  for (unsigned i = 0; i < 4; ++i) {
    sum += static_cast<double>(s.counts[i]) * one_of[i];
    count += s.counts[i];
  }
  return count == s.count && sum >= s.sum && sum <= s.sum;
}

/// One of everything that has shards, and how often it was counted up.
struct things {
  nx::registry r;
  nx::counter c{r, "c_total", "C."};
  nx::double_counter d{r, "d_total", "D."};
  nx::histogram h{r, "h", "H.", nx::buckets(bounds)};
  nx::summary s{r, "s", "S."};
  nx::family<nx::counter, 1> f{r, "f_total", "F.", {"l"}};
  nx::family<nx::histogram, 1> fh{r, "fh", "F.", {"l"}, nx::buckets(bounds)};

  void count_up(unsigned times) {
    nx::counter mine = c;  // a handle is one thread's; a copy stands for the same series
    nx::double_counter mine_d = d;
    nx::histogram mine_h = h;
    nx::summary mine_s = s;
    nx::counter mine_f = f.labels("x");
    nx::histogram mine_fh = fh.labels("x");
    for (unsigned i = 0; i < times; ++i) {
      mine.inc();
      mine_d.inc(0.5);
      mine_h.observe(one_of[i % 4]);
      mine_s.observe(0.25);
      mine_f.inc(3);
      mine_fh.observe(one_of[i % 4]);
    }
  }
  bool has_counted(std::uint64_t times) {
    return c.value() == times && d.value() * 2 == static_cast<double>(times) && h.count() == times &&
           s.count() == times && s.sum() * 4 == static_cast<double>(times) && f.labels("x").value() == 3 * times &&
           fh.labels("x").count() == times;
  }
  /// Until threads have met on each of them, wherever two processors run them.
  std::uint64_t warm_up() {
    together(4, [this](unsigned) { count_up(100000 / TEST_SLOWER); });
    return 4 * (100000 / TEST_SLOWER);
  }
};

}  // namespace

TEST_CASE("shards: threads that come and go take over each other's slots, and nothing is lost or counted twice") {
  things t;
  std::uint64_t all = t.warm_up();
  CHECK(t.has_counted(all));
  for (unsigned round = 0; round < 200 / TEST_SLOWER; ++round) {
    together(4, [&](unsigned me) { t.count_up(me * 100); });
    all += 600;
  }
  std::vector<std::thread> loose;  // begin and end while others run
  for (unsigned i = 0; i < 400 / TEST_SLOWER; ++i) {
    loose.emplace_back([&] { t.count_up(1000); });
    all += 1000;
    if (i >= 12) loose[i - 12].join();
  }
  for (std::thread& l : loose) {
    if (l.joinable()) l.join();
  }
  CHECK(t.has_counted(all));
}

TEST_CASE("shards: sixteen threads on however few processors lose nothing, and every snapshot is whole and no less") {
  things t;
  std::atomic<unsigned> running(16), torn(0), fewer(0);
  std::thread reader([&] {
    std::uint64_t before[3] = {0, 0, 0};
    while (running.load() != 0) {
      nx::walk w(t.r);
      while (w.next()) {
        const nx::sample& s = w.now();
        unsigned which = 0;
        std::uint64_t now = 0;
        if (s.type == nx::metric_type::histogram) {
          torn += !is_whole(s);
          which = s.name == "h" ? 0 : 1;
          now = s.count;
        } else if (s.name == "c_total") {
          which = 2;
          now = s.value.u64;
        } else {
          continue;
        }
        fewer += now < before[which];
        before[which] = now;
      }
    }
  });
  together(16, [&](unsigned) {
    t.count_up(50000 / TEST_SLOWER);
    --running;
  });
  reader.join();
  CHECK(torn == 0);
  CHECK(fewer == 0);
  CHECK(t.has_counted(16 * (50000 / TEST_SLOWER)));
}

TEST_CASE("shards: a million snapshots under full load are whole, none has fewer, and none takes long") {
  nx::registry r;
  nx::histogram h{r, "h", "H.", nx::buckets(bounds)};
  std::atomic<bool> stop(false);
  std::vector<std::thread> writers;
  for (unsigned i = 0; i < 3; ++i) {
    writers.emplace_back([&] {
      nx::histogram mine = h;
      for (unsigned k = 0; !stop.load(std::memory_order_relaxed); ++k) mine.observe(one_of[k * 7 / 3 % 4]);
    });
  }
  unsigned torn = 0, fewer = 0, slow = 0;
  std::uint64_t before = 0;
  const unsigned times = 1000000 / TEST_SLOWER;
  for (unsigned i = 0; i < times; ++i) {
    const auto began = std::chrono::steady_clock::now();
    nx::walk w(r);
    while (w.next()) {
      const nx::sample& s = w.now();
      torn += !is_whole(s);
      fewer += s.count < before;
      before = s.count;
    }
    slow += std::chrono::steady_clock::now() - began > std::chrono::milliseconds(1);
  }
  stop = true;
  for (std::thread& t : writers) t.join();
  CHECK(torn == 0);
  CHECK(fewer == 0);
  CHECK(slow < times / 100);  // whoever shares the processor takes his turns
}

TEST_CASE("shards: threads beyond the slots count as well") {
  const unsigned threads = sizeof(void*) == 8 ? 600 : 100, times = 200;  // there are 512 slots; room for 100 stacks
  things t;
  const std::uint64_t all = t.warm_up();
  std::mutex m;
  std::condition_variable c;
  unsigned alive = 0;
  std::vector<std::thread> v;
  for (unsigned i = 0; i < threads; ++i) {
    v.emplace_back([&] {
      t.count_up(times / 2);
      {
        std::unique_lock<std::mutex> lock(m);
        if (++alive == threads) c.notify_all();
        c.wait(lock, [&] { return alive == threads; });  // all keep their slots until the last has none
      }
      t.count_up(times / 2);
    });
  }
  for (std::thread& one : v) one.join();
  CHECK(t.has_counted(all + threads * times));
  t.count_up(10);  // and slots are there again
  together(4, [&](unsigned) { t.count_up(100); });
  CHECK(t.has_counted(all + threads * times + 410));
}

namespace {
struct counts_at_the_end {
  things* t = nullptr;
  unsigned times = 0;
  std::atomic<bool>* begun = nullptr;
  ~counts_at_the_end() {
    if (begun) *begun = true;
    if (t) t->count_up(times);
  }
};
thread_local counts_at_the_end early, late;
}  // namespace

TEST_CASE("shards: destructors of a thread's own objects count, whether they run before or after its slot is given back") {
  things t;
  std::uint64_t all = t.warm_up();
  for (unsigned round = 0; round < 20; ++round) {
    together(4, [&](unsigned me) {
      early.t = &t;           // made before the thread has a slot: ends after it
      early.times = 100;
      if (me % 2) t.count_up(50);
      late.t = &t;            // made after: ends before it
      late.times = 100;
    });
    all += 4 * 200 + 2 * 50;
  }
  // And while another thread has the slot.
  const unsigned times = 100000 / TEST_SLOWER;
  for (unsigned round = 0; round < 10; ++round) {
    std::atomic<bool> begun(false);
    std::thread one([&] {
      early.t = &t;
      early.times = times;
      early.begun = &begun;
      t.count_up(50);
    });
    while (!begun) std::this_thread::yield();
    std::thread two([&] { t.count_up(times); });
    one.join();
    two.join();
    all += 50 + 2 * times;
  }
  CHECK(t.has_counted(all));
}

TEST_CASE("shards: removed under load and back again, a series counts exactly what came since") {
  things t;
  std::atomic<bool> done(false);
  std::thread scraper([&] {  // turns the histograms' sets all the time, also beside a removal
    while (!done.load()) {
      nx::walk w(t.r);
      while (w.next()) {
      }
    }
  });
  for (unsigned round = 0; round < 40 / (TEST_SLOWER > 1 ? 4 : 1); ++round) {
    std::atomic<bool> go_on(true);
    std::atomic<unsigned> trouble(0);
    std::thread remover([&] {
      while (go_on.load()) {
        t.f.remove("x");
        t.fh.remove("x");
        nx::walk w(t.r);
        while (w.next()) {
          const nx::sample& s = w.now();
          if (s.name == "f_total") trouble += s.value.u64 > 1u << 30;  // below 0, that is
          if (s.name == "fh") trouble += !is_whole(s);
        }
      }
    });
    together(3, [&](unsigned) { t.count_up(5000 / TEST_SLOWER); });
    go_on = false;
    remover.join();
    CHECK(trouble == 0);
    for (unsigned again = 0; again < 50; ++again) {
      t.f.remove("x");
      t.fh.remove("x");
      CHECK(t.f.labels("x").value() == 0);
      CHECK(t.fh.labels("x").count() == 0);
      t.count_up(4);
    }
    t.f.remove("x");
    t.fh.remove("x");
    together(3, [&](unsigned) { t.count_up(100); });
    CHECK(t.f.labels("x").value() == 900);
    CHECK(t.fh.labels("x").count() == 300);
    CHECK(t.fh.labels("x").sum() == 75 * (0.5 + 3 + 64 + 1000));
  }
  done = true;
  scraper.join();
}

TEST_CASE("shards: a histogram that held infinity is a number again after it was removed") {
  nx::registry r;
  nx::family<nx::histogram, 1> f{r, "h", "H.", {"l"}, nx::buckets(bounds)};
  const auto observe = [&](double value) {
    together(3, [&](unsigned) {
      nx::histogram h = f.labels("x");
      for (unsigned i = 0; i < 64; ++i) h.observe(value);
    });
  };
  observe(std::numeric_limits<double>::infinity());
  CHECK(f.labels("x").sum() == std::numeric_limits<double>::infinity());
  f.remove("x");
  CHECK(f.labels("x").sum() == 0);
  observe(0.1);
  CHECK(f.labels("x").count() == 192);
  CHECK(f.labels("x").sum() < 19.3);
  f.labels("x").count();  // turns the sets: each of them was cleared
  f.remove("x");
  observe(0.5);
  CHECK(f.labels("x").sum() == 96);
}

#if !TEST_HAS_TSAN  // it does not follow a child with threads
TEST_CASE("shards: a forked child counts on from what it had, and its new threads do not write into its own slot") {
  things t;
  t.warm_up();
  std::atomic<bool> stop(false);
  std::vector<std::thread> others;
  for (unsigned i = 0; i < 3; ++i) {
    others.emplace_back([&] {
      while (!stop.load()) t.count_up(1);
    });
  }
  nx::histogram far_away{t.r, "far_away", "Owned by a thread that is in the middle of it.", nx::buckets(bounds)};
  others.emplace_back([&] {
    nx::histogram mine = far_away;
    for (unsigned k = 0; !stop.load(std::memory_order_relaxed); ++k) mine.observe(one_of[k % 4]);
  });
  t.count_up(1000);
  unsigned bad = 0;
  for (unsigned round = 0; round < 100 / TEST_SLOWER; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      const std::uint64_t c = t.c.value(), h = t.h.count(), s = t.s.count();
      t.count_up(1000);
      const auto in_thread = [&] {
        t.count_up(1000);
        for (unsigned k = 0; k < 99; ++k) nx::histogram(far_away).observe(one_of[k * k % 4]);
      };
      std::thread one(in_thread), two(in_thread), three(in_thread), four(in_thread);
      t.count_up(1000);
      one.join(), two.join(), three.join(), four.join();
      bool whole = true;
      nx::walk w(t.r);
      while (w.next()) whole = whole && (w.now().type != nx::metric_type::histogram || is_whole(w.now()));
      _exit(whole && t.c.value() == c + 6000 && t.h.count() == h + 6000 && t.s.count() == s + 6000 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    bad += status != 0;
  }
  stop = true;
  for (std::thread& o : others) o.join();
  CHECK(bad == 0);
}
#endif
