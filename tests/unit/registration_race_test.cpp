// Two registrations at once, the second searching while the first stands between its decision and its link.
#include <atomic>
#include <cstring>
#include <thread>

namespace {
std::atomic<int> step(0);  // 1: stop the next one that joins, 2: it stands there, 3: another one waits for it
void stop_when_joining(const char* asserted) {
  int armed = 1;
  if (std::strcmp(asserted, "!home()") != 0 || !step.compare_exchange_strong(armed, 2)) return;
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

#include <narthex/narthex.hpp>

#include "support/catch.hpp"

namespace nx = narthex;

TEST_CASE("registry: of two that register one name at the same moment, one is told that it is taken") {
  nx::set_error_hook(nullptr);
  nx::registry r;
  nx::status first, second;
  std::thread other([&r, &first] {
    step.store(1);
    const nx::fixed_counter c(r, "one_total", "");
    first = c.status();
    while (step.load() != 4) std::this_thread::yield();
  });
  while (step.load() < 2) std::this_thread::yield();
  {
    const nx::fixed_counter c(r, "one_total", "");
    second = c.status();
  }
  REQUIRE(step.load() == 3);
  step.store(4);
  other.join();
  CHECK(first.ok());
  CHECK(second.code() == nx::errc::name_taken);
}
