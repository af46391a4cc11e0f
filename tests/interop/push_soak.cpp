// push_soak URL SECONDS SEED: programs that push, end and begin again while everything goes wrong; push_soak.py judges what is left.
//
// Eight periodic pushers that last ("live"), eight that end and are followed by others ("ended": they delete their group), and two
// threads that push by hand faster than they may. Says "calm?" on stdout, waits for a line, and ends them all; then prints the books
// as JSON. What a program is told of failing deletions (by the error hook) it does again: that is all that may need doing again.
#include <narthex/narthex.hpp>

#include <narthex/periodic_pusher.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/testing.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace nx = narthex;
using options = nx::periodic_pusher_options;

static std::mutex told_lock;
static std::set<std::string> told;  // addresses of groups that something failed for
static void keep(const nx::status& s) {
  const std::lock_guard<std::mutex> held(told_lock);
  told.insert(s.subject());
}

static nx::push_gateway_options impatient() { return nx::push_gateway_options().set_timeout_ms(2000).set_connect_timeout_ms(1000); }

/// What programs that have ended tell of their pushes, summed, by the names of their metrics.
struct books {
  std::map<std::string, double> all;
  int unbalanced = 0, deletions = 0;
  void add(nx::registry_core& r) {
    std::map<std::string, double> own;
    std::istringstream page(nx::to_text(r));
    for (std::string line; std::getline(page, line);) {
      if (line.compare(0, 13, "narthex_push_") != 0) continue;
      own[line.substr(13, line.find_first_of("{ ") - 13)] += std::atof(line.c_str() + line.rfind(' '));
    }
    const double accounted = own["successes_total"] + own["failures_total"] + own["refused_total"] + own["coalesced_total"] + own["in_flight"];
    if (own["calls_total"] != accounted) ++unbalanced;
    for (const auto& one : own) all[one.first] += one.second;
  }
  void add(const books& other) {
    for (const auto& one : other.all) all[one.first] += one.second;
    unbalanced += other.unbalanced;
    deletions += other.deletions;
  }
};

struct program {
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Its last value is what counts."};
  std::string instance;
  std::unique_ptr<nx::periodic_pusher> pusher;
  std::chrono::steady_clock::time_point end;
  bool is_live;

  program(const std::string& url, const std::string& name, bool live, unsigned seed, int ms)
      : instance(name), end(std::chrono::steady_clock::now() + std::chrono::milliseconds(ms)), is_live(live) {
    options o = options().set_pace(options::pace::every_1_s).set_gateway(impatient()).set_seed(seed).set_final_timeout_ms(10000);
    pusher.reset(new nx::periodic_pusher{mine, url, "soak", {{"instance", instance}}, live ? o : o.set_delete_after_ms(0)});
  }
  void finish(books& sum) {
    pusher.reset();
    sum.add(mine);
    if (!is_live) ++sum.deletions;
  }
};

struct by_hand {
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Help."};
  std::atomic<int> calls{0}, taken{0}, failed{0}, too_often{0}, busy{0};
  void run(nx::push_gateway& gw, const std::atomic<bool>& over) {
    while (!over) {
      ++calls;
      const nx::push_result r = gw.push();
      ++(r.ok() ? taken : r.code() == nx::errc::too_often ? too_often : r.code() == nx::errc::busy ? busy : failed);
      std::this_thread::sleep_for(std::chrono::milliseconds(97));
    }
  }
};

int main(int, char** argv) {
  const std::string url = argv[1];
  const int seconds = std::atoi(argv[2]);
  std::minstd_rand random(static_cast<unsigned>(std::atoi(argv[3])));
  nx::set_error_hook(&keep);
  books sum;
  std::mutex sum_lock;
  std::vector<std::unique_ptr<program>> all;
  std::vector<std::thread> ending;
  int born = 0;
  const auto add = [&](bool live) {
    const std::string name = (live ? "live-" : "ended-") + std::to_string(born++);
    const int ms = live ? 1000000000 : 2000 + static_cast<int>(random() % 8000);
    all.emplace_back(new program(url, name, live, static_cast<unsigned>(random()) | 1u, ms));
  };
  for (int i = 0; i < 8; ++i) add(true);
  for (int i = 0; i < 8; ++i) add(false);

  by_hand hand;
  std::atomic<bool> over(false);
  nx::push_gateway gw{hand.mine, url, "soak", {{"instance", "by-hand"}}, impatient()};
  std::thread one([&] { hand.run(gw, over); }), two([&] { hand.run(gw, over); });

  const auto stop = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (std::chrono::steady_clock::now() < stop) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i]->level.inc();
      if (random() % 16 == 0) all[i]->pusher->push_soon();
      if (std::chrono::steady_clock::now() < all[i]->end) continue;
      program* const old = all[i].release();
      ending.emplace_back([old, &sum, &sum_lock] {
        const std::unique_ptr<program> gone(old);
        books own;
        gone->finish(own);
        const std::lock_guard<std::mutex> held(sum_lock);
        sum.add(own);
      });
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i--));
      add(false);
    }
  }
  for (std::thread& t : ending) t.join();
  over = true;
  one.join();
  two.join();
  std::printf("calm?\n");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
  // What was under way when the calm came may still fail, for as long as a push may take; it must not be told of as of the end.
  std::this_thread::sleep_for(std::chrono::milliseconds(impatient().timeout_ms + 200));
  std::set<std::string> again;
  {
    const std::lock_guard<std::mutex> held(told_lock);
    again.swap(told);
  }

  std::string last;
  for (auto& p : all) {
    p->level.inc(1000);  // nobody has seen that yet
    if (p->is_live) last += (last.empty() ? "\"" : ", \"") + p->instance + "\": " + std::to_string(p->level.value());
    p->finish(sum);
  }
  int repeated = 0;
  for (const std::string& address : again) {
    const std::size_t at = address.find("/instance/ended-");
    if (at == std::string::npos) continue;
    const std::string instance = address.substr(at + 10);
    if (!nx::push_gateway{url, "soak", {{"instance", instance}}}.delete_group().ok()) return 1;
    ++repeated;
  }
  std::printf("{\"last\": {%s}, \"deletions\": %d, \"programs\": %d, \"unbalanced\": %d, \"told_at_the_end\": %u, ", last.c_str(),
              sum.deletions + repeated, born, sum.unbalanced, static_cast<unsigned>(told.size()));
  for (const auto& one : sum.all) std::printf("\"%s\": %.0f, ", one.first.c_str(), one.second);
  std::printf("\"hand\": {\"calls\": %d, \"taken\": %d, \"failed\": %d, \"too_often\": %d, \"busy\": %d, \"counted\": %.0f}}\n", hand.calls.load(),
              hand.taken.load(), hand.failed.load(), hand.too_often.load(), hand.busy.load(),
              nx::testing::value(hand.mine, "narthex_refused_total", {{"what", "push"}}).exact().as_double());
  return 0;
}
