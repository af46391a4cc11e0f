// periodic_pusher: when it pushes, what it sends after failures, what it refuses, and how it ends.
#include <narthex/narthex.hpp>

#include <narthex/periodic_pusher.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/recorder.hpp"

namespace nx = narthex;
using nx::detail::push_schedule;
using support::recorder;
using support::sample_of;
using pace = nx::periodic_pusher_options::pace;

namespace {

std::int64_t now_ms = 0;
std::int64_t test_clock() { return now_ms; }

const std::string failing = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
                  ok_200 = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

std::vector<std::string> told;  // by the error hook
void keep(const nx::status& s) { told.push_back(s.message()); }
struct listening {
  nx::error_hook before;
  listening() : before(nx::set_error_hook(&keep)) { told.clear(); }
  ~listening() { nx::set_error_hook(before); }
};

double number_of(const std::string& page, const std::string& name) { return std::atof(sample_of(page, name).c_str()); }

nx::periodic_pusher_options by_tick() {
  return nx::periodic_pusher_options().without_thread().set_gateway(nx::push_gateway_options().set_clock_ms(&test_clock)).set_seed(1);
}

/// A pusher that is ticked, and a clock that is moved.
struct stage {
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Level."};
  recorder gateway;
  listening here;
  std::unique_ptr<nx::periodic_pusher> pusher;
  explicit stage(const nx::periodic_pusher_options& options = by_tick()) {
    now_ms = 1000000;
    pusher.reset(new nx::periodic_pusher{mine, gateway.url(), "edge", {{"instance", "i"}}, options});
  }
  /// Ticks until there is one more push. Returns: how long that took.
  std::int64_t until_next() {
    const std::int64_t begin = now_ms;
    const std::size_t before = gateway.count();
    for (int i = 0; i < 1000; ++i) {
      const std::int64_t left = pusher->tick(now_ms);
      if (gateway.count() != before) return now_ms - begin;
      REQUIRE(left > 0);
      now_ms += left;
    }
    return -1;
  }
  std::string own(const std::string& name) { return sample_of(nx::to_text(mine), "narthex_push_" + name); }
};

}  // namespace

// ---- the arithmetic ----

TEST_CASE("periodic_pusher: the interval is base * (1 + 2 * error rate) over the last ten, and no more than 30 s or base") {
  for (const std::int64_t base : {1000, 5000, 15000, 17001, 60000}) {
    for (int made = 0; made <= 25; ++made) {
      for (int pattern = 0; pattern < 64; ++pattern) {
        push_schedule s;
        s.set(base, 1000, 7);
        s.start(0);
        std::vector<bool> all;
        for (int i = 0; i < made; ++i) {
          all.push_back((pattern >> i % 6 & 1) != 0);
          s.pushed(i, !all.back());
        }
        int last = 0, failed = 0;
        for (std::size_t i = all.size() > 10 ? all.size() - 10 : 0; i < all.size(); ++i) ++last, failed += all[i] ? 1 : 0;
        const double rate = last ? static_cast<double>(failed) / last : 0;
        double wanted = static_cast<double>(base) * (1 + 2 * rate);
        const double most = base > 30000 ? static_cast<double>(base) : 30000;
        if (wanted > most) wanted = most;
        const double off = static_cast<double>(s.interval_ms()) - wanted;
        if (off > 0.5 || off < -0.5) FAIL_CHECK(base << " " << made << " " << pattern << ": " << s.interval_ms() << ", not " << wanted);
      }
    }
  }
}

TEST_CASE("periodic_pusher: the first push lies anywhere in the first interval, the jitter in a tenth of the interval") {
  int early = 0, late = 0;
  std::int64_t least = 99999, most = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    push_schedule s;
    s.set(15000, 15000, seed);
    s.start(500);
    CHECK(!s.is_due(499));
    CHECK(s.is_due(500 + 14999));
    if (s.is_due(500 + 3000)) ++early;
    if (!s.is_due(500 + 12000)) ++late;
    s.pushed(20000, true);
    REQUIRE(!s.is_due(20000 + 14999));
    REQUIRE(s.is_due(20000 + 16500));
    std::int64_t due = 20000 + 15000;
    while (!s.is_due(due)) ++due;
    if (due - 35000 < least) least = due - 35000;
    if (due - 35000 > most) most = due - 35000;
    s.pushed(40000, false);  // 1 of 2: 30 s, and up to 3 s more
    REQUIRE(!s.is_due(40000 + 29999));
    REQUIRE(s.is_due(40000 + 33000));
  }
  CHECK(early > 300);  // of 400
  CHECK(late > 300);
  CHECK(least < 20);
  CHECK(most > 1480);
}

TEST_CASE("periodic_pusher: an interval below the pace is raised to it") {
  push_schedule s;
  s.set(200, 15000, 1);
  CHECK(s.interval_ms() == 15000);
  s.set(0, 1000, 1);
  CHECK(s.interval_ms() == 1000);
  s.set(-5, 1000, 1);
  CHECK(s.interval_ms() == 1000);
  s.set(40000, 15000, 1);
  CHECK(s.interval_ms() == 40000);
}

// ---- pushing ----

TEST_CASE("periodic_pusher: each push sends what the registry shows then, and tells of itself") {
  stage s;
  const double wall = static_cast<double>(std::time(nullptr));
  CHECK(s.own("interval_seconds") == "15");
  CHECK(s.own("attempts_total") == "0");
  CHECK(s.own("last_success_timestamp_seconds") == "0");
  s.level.set(1);
  CHECK(s.until_next() < 15000);
  std::string r = s.gateway.all().back();
  CHECK(r.find("PUT /metrics/job/edge/instance/i HTTP/1.1\r\n") == 0);
  CHECK(sample_of(r, "level") == "1");
  CHECK(sample_of(r, "narthex_push_attempts_total") == "1");
  const double first = std::atof(sample_of(r, "narthex_push_sequence").c_str());
  CHECK(first > wall - 60);
  CHECK(std::atof(s.own("last_success_timestamp_seconds").c_str()) >= wall);
  CHECK(s.own("duration_seconds_count") == "1");
  s.level.set(2);
  const std::int64_t gap = s.until_next();
  CHECK(gap >= 15000);
  CHECK(gap <= 16500);
  r = s.gateway.all().back();
  CHECK(sample_of(r, "level") == "2");
  CHECK(std::atof(sample_of(r, "narthex_push_sequence").c_str()) > first);
  CHECK(told.empty());
}

TEST_CASE("periodic_pusher: after a failure a fresh body and a longer interval; one line for a row of failures") {
  stage s;
  s.until_next();
  s.gateway.answer_with(failing);
  double before = 0;
  const char* const intervals[] = {"30", "30", "30", "30"};  // 1/2, 2/3, 3/4, 4/5 of the pushes: at most 30 s
  for (int i = 0; i < 4; ++i) {
    s.level.set(i);
    s.until_next();
    const std::string r = s.gateway.all().back();
    CHECK(sample_of(r, "level") == std::to_string(i));
    CHECK(number_of(r, "narthex_push_sequence") > before);
    before = number_of(r, "narthex_push_sequence");
    CHECK(s.own("interval_seconds") == intervals[i]);
  }
  REQUIRE(told.size() == 1);
  CHECK(told[0] == s.gateway.url() + "/metrics/job/edge/instance/i: the server refused; HTTP status 500");
  CHECK(s.own("failures_total{what=\"answer\"}") == "4");
  CHECK(s.own("failures_total{what=\"timeout\"}") == "0");
  const std::int64_t gap = s.until_next();
  CHECK(gap >= 30000);
  CHECK(gap <= 33000);
  s.gateway.answer_with(ok_200);
  for (int i = 0; i < 5; ++i) s.until_next();
  CHECK(s.own("interval_seconds") == "30");  // 5 of the last 10: 15 * (1 + 2 * 0.5)
  s.until_next();
  CHECK(s.own("interval_seconds") == "27");  // the oldest failure is forgotten
  s.until_next();
  CHECK(s.own("interval_seconds") == "24");
  for (int i = 0; i < 4; ++i) s.until_next();
  CHECK(s.own("interval_seconds") == "15");
  s.gateway.answer_with(failing);
  s.until_next();
  CHECK(s.own("interval_seconds") == "18");
  CHECK(told.size() == 2);
}

TEST_CASE("periodic_pusher: what failed is told apart") {
  using m = nx::detail::push_metrics;
  const auto is = [](nx::errc e) { return std::string(m::reason(e)); };
  CHECK(is(nx::errc::timeout) == "timeout");
  CHECK(is(nx::errc::system) == "network");
  CHECK(is(nx::errc::closed) == "network");
  CHECK(is(nx::errc::no_such_host) == "host");
  CHECK(is(nx::errc::http_refused) == "answer");
  CHECK(is(nx::errc::no_gateway) == "answer");
  CHECK(is(nx::errc::too_often) == "rate");
  CHECK(is(nx::errc::label_clash) == "content");
  stage s;
  nx::family<nx::gauge, 1> clash{s.mine, "y", "Y.", {"instance"}};
  clash.labels("z").set(1);
  now_ms += s.pusher->tick(now_ms);
  s.pusher->tick(now_ms);
  CHECK(s.own("refused_total{what=\"content\"}") == "1");
  CHECK(s.gateway.count() == 0);
}

TEST_CASE("periodic_pusher: a late tick pushes once, and a tick before the time does not") {
  stage s;
  s.until_next();
  std::int64_t left = s.pusher->tick(now_ms);
  CHECK(left >= 15000 - 1);
  CHECK(s.pusher->tick(now_ms + left - 1) >= 1);
  CHECK(s.gateway.count() == 1);
  now_ms += 3600000;
  left = s.pusher->tick(now_ms);
  CHECK(s.gateway.count() == 2);
  CHECK(left >= 15000);
  for (int i = 0; i < 100; ++i) CHECK(s.pusher->tick(now_ms) == left);
  CHECK(s.gateway.count() == 2);
}

TEST_CASE("periodic_pusher: a clock of tick() that runs too fast meets the gateway's rate") {
  stage s;
  std::int64_t fast = 0;
  for (int i = 0; i < 20; ++i) s.pusher->tick(fast += 60000);  // the gateway's own clock stands still
  CHECK(s.gateway.count() == 10);
  CHECK(std::atoi(s.own("refused_total{what=\"rate\"}").c_str()) >= 9);  // the first tick may have been too early to push
}

TEST_CASE("periodic_pusher: each pace has room in the rate, which others do not get") {
  struct {
    pace at;
    std::int64_t ms;
  } const rows[] = {{pace::every_15_s, 15000}, {pace::every_5_s, 5000}, {pace::every_1_s, 1000}};
  for (const auto& row : rows) {
    CAPTURE(row.ms);
    stage s(by_tick().set_pace(row.at));
    s.until_next();
    const std::int64_t begin = now_ms;
    int n = 0;
    for (; n < 150; ++n) {
      const std::int64_t gap = s.until_next();
      if (gap < row.ms || gap > row.ms + row.ms / 10) FAIL_CHECK(gap);
    }
    CHECK(now_ms - begin >= n * row.ms);
    CHECK(s.own("refused_total{what=\"rate\"}") == "0");
    CHECK(std::atof(s.own("interval_seconds").c_str()) * 1000 == static_cast<double>(row.ms));
  }
  stage slow(by_tick().set_interval_ms(50));
  CHECK(slow.own("interval_seconds") == "15");
  stage own_word(by_tick().set_pace(pace::every_1_s).set_gateway(nx::push_gateway_options().set_push_rate(0, 60)));
  CHECK(own_word.pusher->status().code() == nx::errc::bad_rate);
}

TEST_CASE("periodic_pusher: early calls go with the next multiple of the pace, one push for all of them") {
  stage s(by_tick().set_interval_ms(100000));
  s.pusher->push_soon();  // before the first: that one takes it
  now_ms += 1;
  s.until_next();
  CHECK(s.own("coalesced_total") == "1");
  const std::int64_t begin = now_ms;
  for (int i = 0; i < 5; ++i) s.pusher->push_soon();
  CHECK(s.own("coalesced_total") == "5");
  s.until_next();
  CHECK(now_ms - begin == 15000);
  CHECK(s.gateway.count() == 2);
  CHECK(s.own("coalesced_total") == "5");
  now_ms += 15001;  // just past a slot
  const std::int64_t left = s.pusher->tick(now_ms);
  s.pusher->push_soon();
  CHECK(left == 14999);
  CHECK(s.pusher->tick(now_ms + 14998) == 1);
  CHECK(s.gateway.count() == 2);
  now_ms += left;
  s.pusher->tick(now_ms);
  CHECK(s.gateway.count() == 3);
  const std::int64_t regular = s.until_next();  // nobody asks: the interval, with its jitter
  CHECK(regular >= 100000);
  CHECK(regular <= 110000);
}

TEST_CASE("periodic_pusher: while pushes fail, nobody gets an early one") {
  stage s(by_tick().set_interval_ms(60000));
  s.gateway.answer_with(failing);
  s.until_next();
  s.pusher->push_soon();
  CHECK(s.until_next() >= 60000);
  CHECK(s.own("coalesced_total") == "1");
  s.gateway.answer_with(ok_200);
  s.until_next();
  s.pusher->push_soon();
  CHECK(s.until_next() == 15000);
}

TEST_CASE("periodic_pusher: a callback that ticks the pusher that reads it does not push in the push") {
  stage s;
  std::int64_t inner = 0;
  struct both {
    nx::periodic_pusher* pusher;
    std::int64_t* inner;
  } b = {s.pusher.get(), &inner};
  nx::callback_gauge c{s.mine, "c", "C.", [&b] { return *b.inner = b.pusher->tick(now_ms); }};
  s.until_next();
  CHECK(inner == 1000);
  CHECK(s.gateway.count() == 1);
  c.unregister();
}

// ---- what is refused ----

TEST_CASE("periodic_pusher: a group that nothing tells apart is refused, unless the program says that it is its own") {
  nx::registry mine;
  recorder gateway;
  const listening here;
  const auto code_of = [&](std::initializer_list<nx::label_pair> labels, const nx::periodic_pusher_options& o) {
    nx::periodic_pusher p{mine, gateway.url(), "edge", labels, o};
    if (!p.ok()) CHECK(p.tick(0) == -1);
    return p.status().code();
  };
  using nx::errc;
  CHECK(code_of({}, by_tick()) == errc::shared_group);
  CHECK(code_of({}, nx::periodic_pusher_options()) == errc::shared_group);  // no thread either
  CHECK(code_of({{"region", "east"}}, by_tick()) == errc::shared_group);
  CHECK(code_of({{"instance", ""}}, by_tick()) == errc::shared_group);
  CHECK(gateway.count() == 0);  // nor at the end
  REQUIRE(told.size() == 4);
  CHECK(told[0] == "instance: programs that share a group overwrite each other: give it this label, or say shared_group()");
  CHECK(code_of({{"pod", "x-1"}}, by_tick().set_distinguishing_label("pod")) == errc::ok);
  CHECK(code_of({{"instance", "i"}}, by_tick().set_distinguishing_label("pod")) == errc::shared_group);
  CHECK(code_of({}, by_tick().shared_group()) == errc::ok);
  CHECK(code_of({{"instance", 17}}, by_tick()) == errc::ok);
  CHECK(code_of({{"le", "1"}, {"instance", "i"}}, by_tick()) == errc::reserved_label_name);
}

// ---- the end ----

TEST_CASE("periodic_pusher: the last value arrives, whatever the rate says, and the group stays") {
  stage s;
  std::int64_t fast = 0;
  for (int i = 0; i < 15; ++i) s.pusher->tick(fast += 60000);  // the rate is used up
  CHECK(s.gateway.count() == 10);
  s.level.set(99);
  s.pusher.reset();
  REQUIRE(s.gateway.count() == 11);
  CHECK(s.gateway.all().back().find("PUT ") == 0);
  CHECK(sample_of(s.gateway.all().back(), "level") == "99");
}

TEST_CASE("periodic_pusher: without a tick there is still the last push; clean-up waits to be seen") {
  stage s(by_tick().set_delete_after_ms(120));
  const long long begin = support::now_ms();
  s.pusher.reset();
  CHECK(support::now_ms() - begin >= 120);
  CHECK(s.gateway.verbs() == "PUT DELETE");
  CHECK(s.gateway.all().back().find("DELETE /metrics/job/edge/instance/i HTTP/1.1\r\n") == 0);
}

TEST_CASE("periodic_pusher: a last push that fails is told, is not waited for, and the group goes all the same") {
  stage s(by_tick().set_delete_after_ms(60000));
  s.gateway.answer_with(failing);
  const long long begin = support::now_ms();
  s.pusher.reset();
  CHECK(support::now_ms() - begin < 30000);
  CHECK(s.gateway.verbs() == "PUT DELETE");
  CHECK(told.size() == 2);
}

TEST_CASE("periodic_pusher: a gateway that never answers holds the end up for the stated time") {
  stage s(by_tick().set_final_timeout_ms(200));
  s.gateway.answer_with("");
  const long long begin = support::now_ms();
  s.pusher.reset();
  const long long took = support::now_ms() - begin;
  CHECK(took >= 195);
  CHECK(took < 5000);
  CHECK(s.own("failures_total{what=\"timeout\"}") == "1");
}

TEST_CASE("periodic_pusher: the thread pushes by itself; a push under way at the end is broken off for a fresh one") {
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Level."};
  const listening here;
  std::vector<std::string> requests;
  std::mutex lock;
  std::atomic<int> came(0);
  support::fake_server gateway{[&](support::guest& g) {
    const std::string r = g.read_request();
    {
      const std::lock_guard<std::mutex> held(lock);
      requests.push_back(r);
    }
    // The first one hears nothing until it goes; the next one is answered.
    if (++came == 1) g.read_all();
    else g.send(ok_200);
  }};
  std::unique_ptr<nx::periodic_pusher> pusher(new nx::periodic_pusher{
      mine, gateway.url(), "edge", {{"instance", "i"}},
      nx::periodic_pusher_options().set_pace(pace::every_1_s).set_gateway(nx::push_gateway_options().set_timeout_ms(60000)).set_final_timeout_ms(15000)});
  REQUIRE(pusher->ok());
  CHECK(pusher->tick(0) == -1);
  while (came == 0) std::this_thread::yield();  // within a second
  level.set(7);
  const long long begin = support::now_ms();
  pusher.reset();
  CHECK(support::now_ms() - begin < 10000);
  REQUIRE(requests.size() == 2);
  CHECK(sample_of(requests[0], "level") == "0");
  CHECK(sample_of(requests[1], "level") == "7");
  CHECK(number_of(requests[1], "narthex_push_sequence") > number_of(requests[0], "narthex_push_sequence"));
  CHECK(told.empty());  // broken off by ourselves: no trouble to tell of
}

TEST_CASE("periodic_pusher: with a thread it pushes again and again, and early calls come from any thread") {
  nx::registry mine;
  recorder gateway;
  nx::periodic_pusher pusher{mine, gateway.url(), "edge", {{"instance", "i"}}, nx::periodic_pusher_options().set_pace(pace::every_1_s)};
  std::atomic<bool> stop(false);
  std::thread eager([&] {
    while (!stop) {
      pusher.push_soon();
      std::this_thread::yield();
    }
  });
  const long long begin = support::now_ms();
  gateway.wait_for(3);
  const long long took = support::now_ms() - begin;
  stop = true;
  eager.join();
  CHECK(took >= 1990);  // however eager
}

#if !defined(_WIN32)
TEST_CASE("periodic_pusher: the child of a fork neither pushes nor deletes") {
  stage s(by_tick().set_delete_after_ms(0));
  const pid_t child = ::fork();
  if (child == 0) {
    const bool still = s.pusher->tick(now_ms) == -1 && s.pusher->tick(now_ms + 60000) == -1;
    s.pusher.reset();
    ::_exit(still ? 0 : 1);
  }
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  CHECK(state == 0);
  CHECK(s.gateway.count() == 0);
  s.pusher.reset();
  CHECK(s.gateway.verbs() == "PUT DELETE");
}
#endif
