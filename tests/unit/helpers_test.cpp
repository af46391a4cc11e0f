// tests/unit/helpers_test.cpp - timers, in-progress guards, the present time, counted exceptions.
#include <narthex/count_exceptions.hpp>
#include <narthex/narthex.hpp>
#include <narthex/timer.hpp>

#include <ctime>
#include <stdexcept>
#include <utility>

#include "support/catch.hpp"

namespace nx = narthex;

TEST_CASE("timer: a scope is observed once, in seconds, at its end") {
  nx::registry r;
  nx::histogram h{r, "h_seconds", "H."};
  nx::summary s{r, "s_seconds", "S."};
  nx::gauge g{r, "g_seconds", "G."};
  const auto start = std::chrono::steady_clock::now();
  {
    nx::timer a{h}, b{s}, c{g};
    while (a.seconds() < 0.002) continue;
    CHECK(h.count() == 0);
  }
  const double all = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(h.count() == 1);
  CHECK(s.count() == 1);
  for (const double seconds : {h.sum(), s.sum(), g.value()}) {
    CHECK(seconds >= 0.002);
    CHECK(seconds <= all);
  }
}

TEST_CASE("timer: stop observes at once, discard never, and a moved-from timer is silent") {
  nx::registry r;
  nx::histogram h{r, "h_seconds", "H."};
  {
    nx::timer t{h};
    CHECK(t.stop() >= 0);
    CHECK(h.count() == 1);
    CHECK(t.stop() >= 0);
  }
  CHECK(h.count() == 1);
  { nx::timer t{h}; t.discard(); }
  CHECK(h.count() == 1);
  {
    nx::timer t{h};
    nx::timer u{std::move(t)};
  }
  CHECK(h.count() == 2);
}

TEST_CASE("track_in_progress: one up inside the scope, one down behind it") {
  nx::registry r;
  nx::gauge g{r, "g", "G."};
  nx::int_gauge i{r, "i", "I."};
  {
    nx::track_in_progress a{g}, b{i}, c{i};
    CHECK(g.value() == 1);
    CHECK(i.value() == 2);
    nx::track_in_progress d{std::move(a)};
    CHECK(g.value() == 1);
  }
  CHECK(g.value() == 0);
  CHECK(i.value() == 0);
}

TEST_CASE("set_to_current_time: seconds since 1970") {
  nx::registry r;
  nx::gauge g{r, "g_timestamp_seconds", "G."};
  const double before = static_cast<double>(std::time(nullptr));
  nx::set_to_current_time(g);
  CHECK(g.value() >= before - 1);
  CHECK(g.value() <= static_cast<double>(std::time(nullptr)) + 1);
}

TEST_CASE("count_exceptions: counts what leaves the scope, and nothing else") {
  nx::registry r;
  nx::counter c{r, "c_total", "C."};
  { nx::count_exceptions guard{c}; }
  CHECK(c.value() == 0);
  try {
    nx::count_exceptions guard{c};
    throw std::runtime_error("left");
  } catch (const std::runtime_error&) {
  }
  CHECK(c.value() == 1);
  {
    nx::count_exceptions guard{c};
    try {
      throw std::runtime_error("stayed");
    } catch (const std::runtime_error&) {
    }
  }
  CHECK(c.value() == 1);
}
