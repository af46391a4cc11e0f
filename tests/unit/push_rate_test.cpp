// push_gateway's rate: what it lets through, what it refuses and counts, and what is free of it.
#include <narthex/narthex.hpp>

#include <narthex/push_gateway.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_server.hpp"

namespace nx = narthex;
using support::fake_server;
using support::guest;

namespace {

std::int64_t now_ms = 0;
std::int64_t test_clock() { return now_ms; }

const std::string ok_200 = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A registry with a counter, a gateway that takes everything, and a clock that stands still until it is moved.
struct bench {
  nx::registry mine;
  nx::counter things{mine, "things_total", "Things."};
  fake_server server{[](guest& g) {
    g.read_request();
    g.send(ok_200);
  }};
  bench() { now_ms = 1000000; }
  nx::push_gateway_options options() { return nx::push_gateway_options().set_clock_ms(&test_clock); }
  std::string refused() {
    const std::string page = nx::to_text(mine), line = "narthex_refused_total{what=\"push\"} ";
    const std::size_t at = page.find(line);
    return at == std::string::npos ? "" : page.substr(at + line.size(), page.find('\n', at) - at - line.size());
  }
};

}  // namespace

TEST_CASE("push rate: ten pushes in a minute, and the eleventh is a status and a count") {
  bench b;
  nx::push_gateway gw{b.mine, b.server.url(), "j", {}, b.options()};
  for (int i = 0; i < 10; ++i) {
    CHECK((i % 2 ? gw.push_add() : gw.push()).ok());  // both count
    now_ms += 100;
  }
  CHECK(b.refused() == "");
  now_ms += 500;  // 1.5 s after the first
  nx::push_result r = gw.push();
  CHECK(r.code() == nx::errc::too_often);
  CHECK(r.why().number() == 58500);
  CHECK(r.http_status() == 0);
  CHECK(std::string(r.error()) ==
        b.server.url() + "/metrics/job/j: push: pushed too often for anybody to see; room again in milliseconds 58500");
  CHECK(gw.push_add().code() == nx::errc::too_often);
  CHECK(b.refused() == "2");
  now_ms += 58499;
  r = gw.push();
  CHECK(r.code() == nx::errc::too_often);
  CHECK(r.why().number() == 1);
  now_ms += 1;
  CHECK(gw.push().ok());  // refused ones took no place
  CHECK(gw.push().why().number() == 100);
  CHECK(b.refused() == "4");
}

TEST_CASE("push rate: nothing is sent for a refused push, and delete_group is free") {
  bench b;
  nx::push_gateway gw{b.mine, b.server.url(), "j", {}, b.options()};
  for (int i = 0; i < 10; ++i) REQUIRE(gw.push().ok());
  for (int i = 0; i < 100; ++i) CHECK(gw.push().code() == nx::errc::too_often);
  for (int i = 0; i < 20; ++i) CHECK(gw.delete_group().ok());
  // The fake gateway counts a guest when it is through with it: one more that it must have finished first.
  nx::push_gateway other{b.mine, b.server.url(), "j", {}, b.options()};
  CHECK(other.push().ok());
  CHECK(b.server.served() >= 30);
  CHECK(b.server.served() <= 31);
  CHECK(b.refused() == "100");
}

TEST_CASE("push rate: a push that fails has used its place, one that is refused for its arguments has not") {
  bench b;
  fake_server angry{[](guest& g) {
    g.read_request();
    g.send("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
  }};
  nx::push_gateway gw{b.mine, angry.url(), "j", {}, b.options().set_push_rate(2, 60)};
  CHECK(gw.push().http_status() == 500);
  CHECK(gw.push().http_status() == 500);
  CHECK(gw.push().code() == nx::errc::too_often);
  nx::push_gateway bad{b.mine, "ftp://x", "j", {}, b.options().set_push_rate(1, 60)};
  for (int i = 0; i < 5; ++i) CHECK(bad.push().code() == nx::errc::bad_url);
  CHECK(b.refused() == "1");
}

TEST_CASE("push rate: more is the options' word, within reason") {
  bench b;
  nx::push_gateway gw{b.mine, b.server.url(), "j", {}, b.options().set_push_rate(64, 1)};
  for (int i = 0; i < 64; ++i) REQUIRE(gw.push().ok());
  CHECK(gw.push().why().number() == 1000);
  now_ms += 1000;
  for (int i = 0; i < 64; ++i) REQUIRE(gw.push().ok());
  CHECK(gw.push().code() == nx::errc::too_often);
  nx::push_gateway day{b.mine, b.server.url(), "j", {}, b.options().set_push_rate(1, 86400)};
  CHECK(day.push().ok());
  CHECK(day.push().why().number() == 86400000);

  struct {
    unsigned most;
    int seconds;
  } const bad[] = {{0, 60}, {65, 60}, {4000000000u, 60}, {10, 0}, {10, -1}, {10, 86401}, {10, 2147483647}};
  for (const auto& row : bad) {
    CAPTURE(row.most, row.seconds);
    nx::push_gateway refused{b.mine, b.server.url(), "j", {}, b.options().set_push_rate(row.most, row.seconds)};
    CHECK(refused.status().code() == nx::errc::bad_rate);
    CHECK(refused.status().number() == 64);
    CHECK(refused.push().code() == nx::errc::bad_rate);
    CHECK(refused.delete_group().code() == nx::errc::bad_rate);
  }
  // What is wrong with the arguments comes first.
  CHECK(nx::push_gateway(b.mine, "ftp://x", "j", {}, b.options().set_push_rate(0, 0)).status().code() == nx::errc::bad_url);
}

TEST_CASE("push rate: no span of time, wherever it begins, holds more; and no push is refused that would fit") {
  std::mt19937 random(6);
  for (int round = 0; round < 200; ++round) {
    const unsigned most = 1 + random() % 64;
    const int seconds = 1 + static_cast<int>(random() % 60);
    nx::detail::rate_window window;
    REQUIRE(window.set(most, seconds));
    std::vector<std::int64_t> taken;
    std::int64_t now = static_cast<std::int64_t>(random() % 5);
    int wrong = 0;
    for (int i = 0; i < 1000; ++i) {
      now += static_cast<std::int64_t>(random() % (random() % 8 ? 50 : 2000 * static_cast<unsigned>(seconds)));
      unsigned inside = 0;  // of the span that ends now
      for (std::int64_t t : taken) inside += now - t < seconds * 1000 ? 1 : 0;
      const std::int64_t left = window.enter(now);
      if ((left == 0) != (inside < most)) ++wrong;
      if (left > 0 && taken[taken.size() - most] + seconds * 1000 - now != left) ++wrong;
      if (left == 0) taken.push_back(now);
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("push rate: the system's clock is there without being asked for, and one that goes back stops nothing for ever") {
  bench b;
  nx::push_gateway real{b.mine, b.server.url(), "j", {}, nx::push_gateway_options().set_push_rate(1, 86400)};
  CHECK(real.push().ok());
  const nx::push_result r = real.push();
  CHECK(r.code() == nx::errc::too_often);
  CHECK(r.why().number() > 86400000 - 60000);
  nx::push_gateway gw{b.mine, b.server.url(), "j", {}, b.options().set_push_rate(1, 1)};
  now_ms = std::int64_t(1) << 40;
  CHECK(gw.push().ok());
  now_ms = 0;
  CHECK(gw.push().why().number() == 0xffffffffu);
  now_ms = (std::int64_t(1) << 40) + 1000;
  CHECK(gw.push().ok());
}
