// tests/bench/churn.cpp - new series at a stated rate while another thread looks one up: whether the rate holds, what a
// series takes, the longest lookup. run.sh --churn builds and runs it. SPDX-License-Identifier: MIT
#include <narthex/expiring_family.hpp>
#include <narthex/narthex.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace nx = narthex;
using std::chrono::steady_clock;

/// Bytes that the program holds, the allocator's own headers included; 0 where that cannot be asked.
static double bytes_in_use() {
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 33)
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
#endif
#endif
  return 0;
}
/// What this thread has run: what others on the machine take is not in it.
static double own_nanoseconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

template <class Family>
static void churn(const char* name, unsigned rate, double seconds, Family& f, double (*count)(Family&)) {
  const double before = bytes_in_use();
  std::atomic<bool> stop(false);
  double longest = 0;
  std::uint64_t lookups = 0;
  f.labels("10.0.0.1", "GET", "/api/v1/looked_up").inc();
  std::thread looking([&] {
    while (!stop) {
      const double from = own_nanoseconds();
      f.labels("10.0.0.1", "GET", "/api/v1/looked_up").inc();
      longest = std::max(longest, own_nanoseconds() - from);
      if (++lookups % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  const auto start = steady_clock::now();
  const double own_start = own_nanoseconds();
  double halfway = 0;
  std::uint64_t made = 0;
  const std::uint64_t all = static_cast<std::uint64_t>(rate * seconds);
  while (made < all) {
    const double passed = std::chrono::duration<double>(steady_clock::now() - start).count();
    for (const std::uint64_t due = std::min(all, static_cast<std::uint64_t>(passed * rate)); made < due; ++made) {
      char path[32];
      std::snprintf(path, sizeof path, "/api/v1/%010u", static_cast<unsigned>(made));
      f.labels("10.0.0.1", "GET", path).inc();
    }
    if (halfway == 0 && made * 2 > all) halfway = bytes_in_use() - before;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const double own = own_nanoseconds() - own_start;
  const double took = std::chrono::duration<double>(steady_clock::now() - start).count();
  const double held = bytes_in_use() - before;
  stop = true;
  looking.join();
  std::printf("%-16s %7u/s %10.0f/s %8.0f ns %9.0f series %6.0f bytes each %8.2f MB halfway %8.2f MB at the end %8.1f us\n", name, rate,
              static_cast<double>(made) / took, own / static_cast<double>(made), count(f), held / count(f), halfway / 1e6,
              held / 1e6, longest / 1e3);
  std::fflush(stdout);
}

int main(int argc, char** argv) {
  const double seconds = argc > 1 && std::strcmp(argv[1], "--smoke") == 0 ? .1 : 10;
  std::printf("new series at a rate for %g s: rate held, cost of one, how many at the end, memory, the longest lookup beside it\n",
              seconds);
  using plain = nx::family<nx::counter, 3>;
  using expiring = nx::expiring_family<nx::counter, 3>;
  for (const unsigned rate : {10000u, 50000u, 100000u}) {
    {
      nx::registry r;
      plain f{r, "made_total", "Made.", {"instance", "method", "path"}, nx::series_limits(2000000)};
      static const plain* counted;
      static double number;
      counted = &f;
      number = rate * seconds + 1;
      churn<plain>("family", rate, seconds, f, [](plain&) { return counted->overflowed() ? -1. : number; });
    }
    nx::registry r;
    expiring f{r, "made_total", "Made.", {"instance", "method", "path"}, nx::expiry().set_idle_ms(500).set_most_series(2000000)};
    churn<expiring>("expiring_family", rate, seconds, f, [](expiring& e) { return static_cast<double>(e.size()); });
  }
  return 0;
}
