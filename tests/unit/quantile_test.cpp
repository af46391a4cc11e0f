// Quantiles of a summary: how far from the exact ones, and of which time.
#include <narthex/narthex.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;

namespace {

std::uint32_t seconds_now = 0;
std::uint32_t seconds() { return seconds_now; }

/// What a page shows for one quantile; -1 when there is no such line.
double shown(nx::registry_core& r, const std::string& quantile) {
  const std::string page = nx::to_text(r);
  const std::string line = "\ns{quantile=\"" + quantile + "\"} ";
  const std::size_t at = page.find(line);
  return at == std::string::npos ? -1 : std::strtod(page.c_str() + at + line.size(), nullptr);
}

/// The smallest value that at least the part `q` of all is not above.
double exact(std::vector<double> all, double q) {
  std::sort(all.begin(), all.end());
  const double rank = std::ceil(q * static_cast<double>(all.size()));
  return all[rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1];
}

const double bound = 1.0 / 64 + 1e-12;  // 32 buckets a power of two, the middle of one is given: 1.6 %

struct distribution {
  const char* name;
  double (*draw)(std::mt19937&);
};

double one(std::mt19937& random) { return std::uniform_real_distribution<double>(0, 1)(random); }

const distribution distributions[] = {
    {"uniform", [](std::mt19937& r) { return 1e-6 + one(r); }},
    {"exponential", [](std::mt19937& r) { return std::exponential_distribution<double>(20)(r) + 1e-9; }},
    {"lognormal", [](std::mt19937& r) { return std::lognormal_distribution<double>(-5, 2)(r); }},
    {"two peaks", [](std::mt19937& r) { return one(r) < 0.9 ? 0.01 + 0.001 * one(r) : 5 + one(r); }},
    {"heavy tail", [](std::mt19937& r) { return std::pow(1 - one(r), -1.5); }},
    {"nanoseconds to hours", [](std::mt19937& r) { return std::pow(10, -8.9 + 12 * one(r)); }},
    {"large", [](std::mt19937& r) { return 1e6 + 1e9 * one(r); }},
    {"constant", [](std::mt19937&) { return 0.25; }},
    {"two values", [](std::mt19937& r) { return one(r) < 0.5 ? 1.0 : 2.0; }},
    {"powers of two", [](std::mt19937& r) { return std::ldexp(1, static_cast<int>(20 * one(r)) - 10); }},
    {"just below them",
     [](std::mt19937& r) { return std::nextafter(std::ldexp(1, static_cast<int>(20 * one(r)) - 10), 0); }},
};

const char* const texts[] = {"0", "0.001", "0.05", "0.5", "0.75", "0.9", "0.99", "0.999", "1"};

}  // namespace

TEST_CASE("quantiles are within 1.6 % of the exact ones, whatever the distribution") {
  for (const distribution& d : distributions) {
    for (const unsigned count : {1u, 2u, 7u, 100u, 20000u}) {
      std::mt19937 random(count);
      nx::registry r;
      nx::summary s{r, "s", "S.", nx::quantiles({0, 0.001, 0.05, 0.5, 0.75, 0.9, 0.99, 0.999, 1})};
      std::vector<double> all;
      for (unsigned i = 0; i < count; ++i) {
        all.push_back(d.draw(random));
        s.observe(all.back());
      }
      for (const char* const q : texts) {
        const double wanted = exact(all, std::strtod(q, nullptr)), got = shown(r, q);
        CAPTURE(d.name, count, q, wanted, got);
        CHECK(std::fabs(got - wanted) <= bound * wanted);
      }
    }
  }
}

TEST_CASE("without observations every quantile is NaN, and sum and count are 0") {
  nx::registry r;
  nx::summary s{r, "s", "S.", nx::quantiles({0.5, 0.9})};
  CHECK(nx::to_text(r) ==
        "# HELP s S.\n# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns{quantile=\"0.9\"} NaN\ns_sum 0\ns_count 0\n");
}

TEST_CASE("the window moves by fifths with the clock; sum and count know no window") {
  seconds_now = 1000;
  nx::registry r;
  nx::summary s{r, "s", "S.", nx::quantiles({0, 1}).over_seconds(50).clock(&seconds)};
  s.observe(1);
  CHECK(shown(r, "0") == Approx(1).epsilon(bound));
  seconds_now = 1009;
  s.observe(2);
  CHECK(shown(r, "1") == Approx(2).epsilon(bound));
  // One more fifth at each step; each gets its own value.
  for (unsigned step = 1; step <= 4; ++step) {
    seconds_now = 1000 + 10 * step;
    CHECK(shown(r, "0") == Approx(1).epsilon(bound));
    s.observe(10.0 * step);
    CHECK(shown(r, "1") == Approx(10.0 * step).epsilon(bound));
  }
  seconds_now = 1049;
  CHECK(shown(r, "0") == Approx(1).epsilon(bound));
  seconds_now = 1050;  // the first fifth is gone, with its 1 and 2
  CHECK(shown(r, "0") == Approx(10).epsilon(bound));
  CHECK(shown(r, "1") == Approx(40).epsilon(bound));
  seconds_now = 1060;
  CHECK(shown(r, "0") == Approx(20).epsilon(bound));
  seconds_now = 1089;
  CHECK(shown(r, "0") == Approx(40).epsilon(bound));
  seconds_now = 1090;
  CHECK(std::isnan(shown(r, "0")));
  CHECK(std::isnan(shown(r, "1")));
  CHECK(s.count() == 6);
  CHECK(s.sum() == 103);
  s.observe(7);
  CHECK(shown(r, "0.5") == -1);
  CHECK(shown(r, "1") == Approx(7).epsilon(bound));
}

TEST_CASE("after a long time without a scrape the window is empty, and what comes then is seen") {
  seconds_now = 5;
  nx::registry r;
  nx::summary s{r, "s", "S.", nx::quantiles({0.5}).over_seconds(10).clock(&seconds)};
  s.observe(1);
  seconds_now = 2000000000u;
  CHECK(std::isnan(shown(r, "0.5")));
  s.observe(3);
  CHECK(shown(r, "0.5") == Approx(3).epsilon(bound));
}

TEST_CASE("a clock that is set back, or that passes 2^32, empties nothing and does not stop the window") {
  seconds_now = 4294967290u;
  nx::registry r;
  nx::summary s{r, "s", "S.", nx::quantiles({0.5}).over_seconds(50).clock(&seconds)};
  s.observe(1);
  seconds_now = 3;  // nine seconds later
  CHECK(shown(r, "0.5") == Approx(1).epsilon(bound));
  seconds_now = 43;  // 49 seconds later
  CHECK(shown(r, "0.5") == Approx(1).epsilon(bound));
  seconds_now = 44;
  CHECK(std::isnan(shown(r, "0.5")));
  seconds_now = 1000;
  CHECK(std::isnan(shown(r, "0.5")));
  s.observe(2);
  seconds_now = 500;
  CHECK(shown(r, "0.5") == Approx(2).epsilon(bound));
  seconds_now = 549;
  CHECK(shown(r, "0.5") == Approx(2).epsilon(bound));
  seconds_now = 550;
  CHECK(std::isnan(shown(r, "0.5")));
}

TEST_CASE("windows of a few seconds or none move by single seconds") {
  for (const std::uint32_t window : {0u, 1u, 4u, 5u}) {
    seconds_now = 100;
    nx::registry r;
    nx::summary s{r, "s", "S.", nx::quantiles({0.5}).over_seconds(window).clock(&seconds)};
    s.observe(1);
    seconds_now = 104;
    CHECK(shown(r, "0.5") == Approx(1).epsilon(bound));
    seconds_now = 105;
    CHECK(std::isnan(shown(r, "0.5")));
  }
}

TEST_CASE("small and negative values are reported as 0, huge ones as 1.7e10, and their ranks are exact") {
  nx::registry r;
  nx::summary s{r, "s", "S.", nx::quantiles({0.25, 0.5, 0.75, 1})};
  const double infinite = std::numeric_limits<double>::infinity();
  for (const double v : {-1e9, 0.0, -0.0, 1e-300, std::ldexp(1, -31), -infinite}) s.observe(v);
  for (int i = 0; i < 6; ++i) s.observe(1);
  for (const double v : {1.8e10, 1e300, infinite, 2e10, 1e11, 1e12}) s.observe(v);
  for (int i = 0; i < 6; ++i) s.observe(2);
  CHECK(shown(r, "0.25") == 0);
  CHECK(shown(r, "0.5") == Approx(1).epsilon(bound));
  CHECK(shown(r, "0.75") == Approx(2).epsilon(bound));
  CHECK(shown(r, "1") == Approx(1.7e10).epsilon(0.016));
  CHECK(s.count() == 24);
  CHECK(std::isnan(s.sum()));  // -Inf and +Inf were observed
}

TEST_CASE("the ends of the range that the error bound is for are inside it") {
  for (const double v : {std::ldexp(1, -30), std::nextafter(std::ldexp(1, -29), 0), std::ldexp(1, 33), 1.6e10,
                         std::nextafter(std::ldexp(1, 34), 0)}) {
    nx::registry r;
    nx::summary s{r, "s", "S.", nx::quantiles({0.5})};
    s.observe(v);
    CAPTURE(v);
    CHECK(std::fabs(shown(r, "0.5") - v) <= bound * v);
  }
}

TEST_CASE("NaN is refused: it moves neither quantiles, sum nor count") {
  nx::registry r;
  nx::summary s{r, "s", "S.", nx::quantiles({0.5})};
  s.observe(2);
  s.observe(std::numeric_limits<double>::quiet_NaN());
  CHECK(s.count() == 1);
  CHECK(s.sum() == 2);
  CHECK(shown(r, "0.5") == Approx(2).epsilon(bound));
  CHECK(r.refused(nx::mistake::update) == 1);
}

TEST_CASE("a summary that is removed begins with an empty window, too") {
  nx::registry r;
  nx::family<nx::summary, 1> f{r, "s", "S.", {"l"}, nx::quantiles({0.5})};
  f.labels("x").observe(5);
  f.remove("x");
  f.labels("x");
  CHECK(nx::to_text(r) ==
        "# HELP s S.\n# TYPE s summary\ns{l=\"x\",quantile=\"0.5\"} NaN\ns_sum{l=\"x\"} 0\ns_count{l=\"x\"} 0\n");
}

TEST_CASE("quantiles outside 0..1, out of order, not numbers or too many are refused") {
  const nx::error_hook before = nx::set_error_hook(nullptr);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const nx::quantiles bad[] = {{-0.1},     {1.1},
                               {0.5, 0.5}, {0.9, 0.5},
                               {0.5, nan}, {0, .1, .2, .3, .4, .5, .6, .7, .8, .81, .82, .83, .84, .85, .86, .87, .88}};
  const unsigned where[] = {0, 0, 1, 1, 1, 16};
  for (unsigned i = 0; i < 6; ++i) {
    nx::registry r;
    nx::summary s{r, "s", "S.", bad[i]};
    CAPTURE(i);
    CHECK(s.status().code() == nx::errc::bad_quantile);
    CHECK(s.status().number() == where[i]);
    s.observe(1);
    CHECK(s.count() == 1);
  }
  nx::registry r;
  nx::summary s{r, "s", "S.", {0, .1, .2, .3, .4, .5, .6, .7, .8, .81, .82, .83, .84, .85, .86, 1}};
  CHECK(s.status().ok());
  nx::set_error_hook(before);
}
