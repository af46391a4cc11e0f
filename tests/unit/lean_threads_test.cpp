// Threads that register, scrape and attach without a heap.
#include <atomic>
#include <cstring>
#include <thread>

namespace {
std::atomic<int> step(0);  // 1: stop the next one that joins, 2: it stands there, 3: another one waits for it
void stop_when_joining(const char* asserted) {
  int armed = 1;
  if (std::strcmp(asserted, "is_shown()") != 0 || !step.compare_exchange_strong(armed, 2)) return;
  while (step.load() == 2) std::this_thread::yield();
}
void note_who_waits() {
  int stands = 2;
  step.compare_exchange_strong(stands, 3);
  std::this_thread::yield();
}
}  // namespace
#undef NARTHEX_ASSERT
#define NARTHEX_ASSERT(x) ((x) ? stop_when_joining(#x) : __builtin_trap())
#define NARTHEX_YIELD() note_who_waits()
#define NARTHEX_HEAP 0

#include <narthex/narthex.hpp>

#include "support/catch.hpp"

namespace nx = narthex;

// The second one searches while the first stands between its decision and its link.
TEST_CASE("registry: of two that register one name at the same moment, one is told that it is taken") {
  nx::set_error_hook(nullptr);
  nx::registry r;
  nx::status first, second;
  std::thread other([&r, &first] {
    step.store(1);
    const nx::counter c(r, "one_total", "");
    first = c.status();
    while (step.load() != 4) std::this_thread::yield();
  });
  while (step.load() < 2) std::this_thread::yield();
  {
    const nx::counter c(r, "one_total", "");
    second = c.status();
  }
  REQUIRE(step.load() == 3);
  step.store(4);
  other.join();
  CHECK(first.ok());
  CHECK(second.code() == nx::errc::name_taken);
}

// With the thread sanitizer: nothing of it is a race.
TEST_CASE("registry: metrics come and go, two threads at once, while others scrape and attach") {
  static const nx::histogram_desc<1> desc{"sizes", "", 1};
  static nx::registry shop, stock;
  nx::set_error_hook(nullptr);
  REQUIRE(nx::default_registry().attach(shop).ok());
  std::atomic<bool> is_over(false);
  std::atomic<unsigned> turns(0), broken(0);
  std::thread scraper([&] {
    while (!is_over.load()) {
      unsigned sizes = 0, ticks = 0;
      for (nx::walk w(nx::default_registry()); w.next(); w.rest()) {
        sizes += w.now().name == "sizes";
        ticks += w.now().name == "ticks_total";
      }
      broken += sizes > 1 || ticks > 1;
      ++turns;
    }
  });
  std::thread attacher([&] {
    while (!is_over.load()) {
      broken += !nx::default_registry().attach(stock).ok();
      broken += !nx::default_registry().detach(stock).ok();
    }
  });
  const auto come_and_go = [&] {
    for (int i = 0; i < 200 || turns.load() < 20; ++i) {
      nx::static_histogram<1> sizes{desc};
      nx::counter ticks{shop, "ticks_total", ""};
      sizes.observe(2);
      ticks.inc();
      std::thread other([&] { sizes.unregister(); });
      sizes.unregister();
      ticks.unregister();
      other.join();
      broken += sizes.status().ok() || ticks.status().ok() || sizes.count() != 1;
    }
  };
  std::thread a(come_and_go), b(come_and_go);
  a.join();
  b.join();
  is_over.store(true);
  scraper.join();
  attacher.join();
  CHECK(broken.load() == 0);
  CHECK(nx::default_registry().detach(shop).ok());
}
