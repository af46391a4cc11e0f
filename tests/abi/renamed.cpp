// Vendored under another name, by a header of settings: nothing of it is called narthex, the metrics of its own excepted.
#include <narthex/build_info.hpp>
#include <narthex/count_exceptions.hpp>
#include <narthex/expiring_family.hpp>
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/process_collector.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/testing.hpp>
#include <narthex/textfile.hpp>
#include <narthex/timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

static_assert(NARTHEX_VERSION_GE(0, 1) && !NARTHEX_VERSION_GE(NARTHEX_VERSION_MAJOR, NARTHEX_VERSION_MINOR + 1), "the version");

static int narthex = 0;  // the name is free

static std::atomic<int> yields(0);
inline void let_others_run() {
  ++yields;
  std::this_thread::yield();
}

namespace nx = acme_metrics;
enum class method { get, post };
inline nx::enum_values<2> label_values(method) { return {{"get", "post"}}; }

int main() {
  nx::registry mine;
  nx::family<nx::histogram, 1> seconds{mine, "acme_seconds", "Time.", {"kind"}, {1, 2}};
  nx::enum_family<nx::counter, method> calls{mine, "acme_calls_total", "Calls.", {"method"}};
  nx::counter refused{mine, nx::name("acme", "", "re fused"), "Refused."};
  nx::build_info build{mine, "acme", {{"version", "1"}}};
  {
    nx::histogram one = seconds.labels("a");
    nx::timer t{one};
  }
  calls.labels(method::post).inc();
  if (nx::testing::value(mine, "acme_calls_total", {{"method", "post"}}) != 1) ++narthex;
  if (nx::testing::value(mine, "acme_seconds_count", {{"kind", "a"}}) != 1) ++narthex;
  if (refused.status().code() != nx::errc::bad_name || !build.status().ok()) ++narthex;
  nx::detail::spin_lock held;
  held.lock();
  std::thread waits([&] { held.lock(); });
  for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20); yields == 0 && std::chrono::steady_clock::now() < until;) {
    std::this_thread::yield();
  }
  held.unlock();
  waits.join();
  if (yields == 0) ++narthex;
  std::printf("%d wrong\n", narthex);
  return narthex;
}
