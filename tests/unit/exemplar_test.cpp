// tests/unit/exemplar_test.cpp - exemplars under threads, in families, by JSON; created times; units; times of collectors.
#include <narthex/exemplar.hpp>
#include <narthex/json.hpp>
#include <narthex/narthex.hpp>
#include <narthex/native_histogram.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/unix_time.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;
using std::string;

namespace {

bool has(const string& text, const string& piece) { return text.find(piece) != string::npos; }

/// An exemplar in which everything says the same number, so that a torn one cannot pass.
nx::exemplar telling(unsigned n) {
  const string digits = std::to_string(n), filler(n % 100, 'x');
  return nx::exemplar({{"a", digits}, {"f", filler}, {"b", digits}}).at_ns(static_cast<std::int64_t>(n) * 1000);
}
bool tells_one_number(const nx::exemplar_sample& e) {
  const string text(e.labels.data(), e.labels.size());
  const unsigned n = static_cast<unsigned>(std::strtoul(text.c_str() + 3, nullptr, 10));
  return e.value.f64 == n && e.time_ns == static_cast<std::int64_t>(n) * 1000 && text == string(telling(n).text().data(), telling(n).text().size());
}

/// Leaves the stack below full of addresses that nobody may read, for what forgets to set what it reads.
NARTHEX_DETAIL_NOINLINE void spoil_stack() {
  volatile unsigned char room[200000];
  for (volatile unsigned char& byte : room) byte = 0xaa;
}

std::int64_t clock_now = 0;
std::int64_t clock_of_test() { return clock_now; }

}  // namespace

TEST_CASE("exemplars: whole under writers and readers, and never of an observation that is not counted") {
  nx::registry r;
  nx::exemplar_histogram h{r, "h", "", {100, 1000}};
  nx::exemplar_counter c{r, "c_total", ""};
  std::atomic<bool> done{false};
  std::atomic<unsigned> seen{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t) {
    threads.emplace_back([&h, &c, &done, t] {
      for (unsigned n = t + 1; !done; n = n % 2000 + 3) {
        h.observe(n, telling(n));
        c.inc(n, telling(n));
      }
    });
  }
  for (unsigned t = 0; t < 2; ++t) {
    threads.emplace_back([&r, &done, &seen] {
      nx::exemplar_room room;
      while (!done) {
        nx::walk series(r);
        series.want_exemplars(room);
        while (series.next()) {
          const nx::sample& s = series.now();
          for (unsigned i = 0; i < s.exemplar_count; ++i) {
            const nx::exemplar_sample& e = s.exemplars[i];
            bool good = tells_one_number(e);
            if (s.type == nx::metric_type::histogram) {
              good = good && s.counts[e.bucket] > 0 && s.bounds->find(e.value.f64) == e.bucket;
            }
            if (!good) FAIL("a torn or misplaced exemplar");
            ++seen;
          }
        }
      }
    });
  }
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (seen < 20000 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  done = true;
  for (std::thread& t : threads) t.join();
  CHECK(seen >= 20000);
}

TEST_CASE("exemplars: a cell in a storm of writers gives whole ones, and nearly always one") {
  nx::detail::exemplar_cell cell;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (char t = 'a'; t < 'd'; ++t) {
    threads.emplace_back([&cell, &done, t] {
      const string text(250, t);
      while (!done) cell.record(t, t, text);
    });
  }
  nx::detail::exemplar_cell::image now;
  while (!cell.read(now)) std::this_thread::yield();
  unsigned torn = 0, none = 0, others = 0;
  char last = 0;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (unsigned i = 0; (i < 200000 || others < 20) && std::chrono::steady_clock::now() < limit; ++i) {
    if (!cell.read(now)) {
      ++none;
      continue;
    }
    const string text(now.text, now.size);
    const char t = text[0];
    others += t != last;
    last = t;
    torn += text != string(250, t) || now.value != t || now.time_ns != t;
  }
  done = true;
  for (std::thread& t : threads) t.join();
  CHECK(torn == 0);
  CHECK(none < 3000);
  CHECK(others >= 20);
}

TEST_CASE("exemplars: a cell that somebody has taken is read as it was, and takes no other") {
  nx::detail::exemplar_cell cell;
  nx::detail::exemplar_cell::image now;
  CHECK_FALSE(cell.read(now));
  cell.record(1, 2, "a=\"1\"");
  cell.record(3, 4, "b=\"22\"");
  REQUIRE(cell.read(now));
  CHECK((now.value == 3 && now.time_ns == 4 && string(now.text, now.size) == "b=\"22\""));
  // The first word is the state: a writer who was stopped in the middle has its lowest bit set.
  auto& state = reinterpret_cast<std::atomic<nx::detail::cell_word>&>(cell);
  state.fetch_or(1);
  cell.record(5, 6, "c=\"333\"");
  REQUIRE(cell.read(now));
  CHECK((now.value == 3 && string(now.text, now.size) == "b=\"22\""));
  state.fetch_and(~nx::detail::cell_word(1));
  cell.clear();
  CHECK_FALSE(cell.read(now));
}

TEST_CASE("exemplars: in families, each series its own; removed with it; no memory for buckets without") {
  nx::registry r;
  nx::family<nx::exemplar_counter, 1> f{r, "f_total", "", {"x"}};
  nx::family<nx::exemplar_histogram, 1> h{r, "h", "", {"x"}, nx::buckets{1.0, 2.0}};
  f.labels("1").inc(2, nx::traced("one"));
  f.labels("2").inc(3);
  f.labels("3").inc(4, nx::traced("three"));
  h.labels("1").observe(2, nx::traced("h1"));
  h.labels("2").observe(2);
  string page = nx::to_openmetrics(r);
  CHECK(has(page, "f_total{x=\"1\"} 2 # {trace_id=\"one\"} 2.0\nf_total{x=\"2\"} 3\nf_total{x=\"3\"} 4 # {trace_id=\"three\"} 4.0\n"));
  CHECK(has(page, "h_bucket{x=\"1\",le=\"2.0\"} 1 # {trace_id=\"h1\"} 2.0\n"));
  CHECK(has(page, "h_bucket{x=\"2\",le=\"2.0\"} 1\n"));
  f.remove("1");
  f.labels("1").inc();
  h.remove("1");
  h.labels("1").observe(2);
  page = nx::to_openmetrics(r);
  CHECK(has(page, "f_total{x=\"1\"} 1\n"));
  CHECK(has(page, "h_bucket{x=\"1\",le=\"2.0\"} 1\n"));
  // The same registration is the same series; a plain counter of that name is another metric.
  nx::family<nx::exemplar_counter, 1> again{r, "f_total", "", {"x"}};
  again.labels("2").inc(1, nx::traced("again"));
  CHECK(has(nx::to_openmetrics(r), "f_total{x=\"2\"} 4 # {trace_id=\"again\"} 1.0\n"));
  nx::set_error_hook(nullptr);
  nx::family<nx::counter, 1> plain{r, "f_total", "", {"x"}};
  CHECK(plain.status().code() == nx::errc::name_taken);
}

TEST_CASE("exemplars: more than a scrape has room for are left out, and all lines stay") {
  nx::registry r;
  nx::exemplar_histogram h{r, "h", "", nx::buckets::linear(1, 1, 100)};
  for (unsigned i = 1; i <= 101; ++i) h.observe(i, nx::exemplar({{"a", string(120, 'x')}}));
  const string page = nx::to_openmetrics(r);
  std::size_t with = 0, all = 0;
  for (std::size_t at = 0; (at = page.find(" # {", at)) != string::npos; ++at) ++with;
  for (std::size_t at = 0; (at = page.find("h_bucket", at)) != string::npos; ++at) ++all;
  CHECK(all == 101);
  CHECK(with == nx::exemplar_room::text_bytes / 124);
}

TEST_CASE("created times: from the clock, anew with a series that comes back, none without") {
  clock_now = 1520430000123000000;
  nx::registry r{nx::registry_options().created_times(&clock_of_test)};
  nx::counter c{r, "c_total", ""};
  nx::gauge g{r, "g", ""};
  nx::histogram h{r, "h", "", {1}};
  nx::summary s{r, "s", ""};
  nx::family<nx::counter, 1> f{r, "f_total", "", {"x"}, nx::series_limits(3)};
  nx::family<nx::histogram, 1> fh{r, "fh", "", {"x"}, nx::buckets{1.0}};
  nx::counter unnamed{r, "u", ""};  // an unknown has none
  f.labels("1").inc();
  clock_now += 1000000000;
  f.labels("2").inc();
  fh.labels("1").observe(1);
  string page = nx::to_openmetrics(r);
  CHECK(has(page, "c_total 0\nc_created 1520430000.123\n"));
  CHECK(has(page, "f_total{x=\"1\"} 1\nf_created{x=\"1\"} 1520430000.123\nf_total{x=\"2\"} 1\nf_created{x=\"2\"} 1520430001.123\n"));
  CHECK(has(page, "fh_count{x=\"1\"} 1\nfh_created{x=\"1\"} 1520430001.123\n"));
  CHECK(has(page, "h_count 0\nh_created 1520430000.123\n"));
  CHECK(has(page, "s_count 0\ns_created 1520430000.123\n"));
  CHECK_FALSE(has(page, "g_created"));
  CHECK_FALSE(has(page, "u_created"));
  CHECK_FALSE(has(nx::to_text(r), "_created"));
  CHECK(has(nx::to_json(r), "{\"labels\":{\"x\":\"2\"},\"created\":1520430001.123,\"value\":1}"));
  clock_now += 5;
  f.remove("1");
  clock_now += 5;
  f.labels("1").inc();
  c.unregister();
  nx::counter back{r, "c_total", ""};
  page = nx::to_openmetrics(r);
  CHECK(has(page, "f_created{x=\"1\"} 1520430001.123000005\n"));
  CHECK(has(page, "c_created 1520430001.12300001\n"));
  // The overflow series has one, too.
  for (const char* x : {"3", "4", "5"}) f.labels(x).inc();
  CHECK(has(nx::to_openmetrics(r), "f_total{x=\"_overflow_\"} 2\nf_created{x=\"_overflow_\"} 1520430000.123\n"));

  nx::registry without;
  nx::counter plain{without, "c_total", ""};
  CHECK_FALSE(has(nx::to_openmetrics(without), "_created"));
  without.keep_created_times(&nx::unix_time_ns);  // from now on
  const std::int64_t before = nx::unix_time_ns();
  nx::counter later{without, "d_total", ""};
  page = nx::to_openmetrics(without);
  CHECK_FALSE(has(page, "c_created"));
  const std::size_t at = page.find("d_created ");
  REQUIRE(at != string::npos);
  CHECK(std::atof(page.c_str() + at + 10) >= static_cast<double>(before) / 1e9 - 1);
}

TEST_CASE("created times: of attached registries the earlier, as their counts are added up") {
  clock_now = 2000000000000000000;
  nx::registry a{nx::registry_options().created_times(&clock_of_test)}, b{nx::registry_options().created_times(&clock_of_test)};
  nx::counter one{a, "c_total", ""};
  clock_now = 1000000000000000000;
  nx::counter two{b, "c_total", ""};
  // Histograms, too: reading the other one's once looked at a native side that it has not.
  clock_now = 2000000000000000000;
  nx::histogram h{a, "h", "", {1}};
  nx::family<nx::histogram, 1> fh{a, "fh", "", {"x"}, nx::buckets{1.0}};
  clock_now = 1000000000000000000;
  nx::histogram i{b, "h", "", {1}};
  nx::family<nx::histogram, 1> fi{b, "fh", "", {"x"}, nx::buckets{1.0}};
  one.inc();
  two.inc();
  h.observe(1);
  i.observe(2);
  fh.labels("1").observe(1);
  fi.labels("1").observe(2);
  REQUIRE(a.attach(b).ok());
  spoil_stack();
  const string page = nx::to_openmetrics(a);
  CHECK(has(page, "c_total 2\nc_created 1000000000\n"));
  CHECK(has(page, "h_sum 3.0\nh_count 2\nh_created 1000000000\n"));
  CHECK(has(page, "fh_sum{x=\"1\"} 3.0\nfh_count{x=\"1\"} 2\nfh_created{x=\"1\"} 1000000000\n"));
}

TEST_CASE("units: what the name ends in, for every kind of metric; anything else is refused") {
  nx::set_error_hook(nullptr);
  nx::registry r{nx::registry_options().prefix("p_")};
  nx::counter c{r, nx::name("cpu_seconds_total").unit("seconds"), ""};
  nx::gauge g{r, nx::name("shop", "disk", "bytes").unit("bytes"), ""};
  nx::histogram h{r, nx::name("speed_meters_per_second").unit("meters_per_second"), "", {1}};
  nx::family<nx::summary, 1> f{r, nx::name("f_seconds").unit("seconds"), "", {"x"}};
  f.labels("1");
  static const nx::name fixed_name = nx::name("fixed_seconds_total").unit("seconds");
  nx::fixed_counter fixed{r, fixed_name, ""};
  nx::callback_gauge callback{r, nx::name("age_seconds").unit("seconds"), "", [] { return 1; }};
  nx::collector collector{r, {{nx::metric_type::gauge, "pool_bytes", "", {}, "bytes"}}, [](nx::collected& out) { out.add(0, {}, 1); }};
  const string page = nx::to_openmetrics(r);
  CHECK(has(page, "# TYPE p_cpu_seconds counter\n# UNIT p_cpu_seconds seconds\n# HELP p_cpu_seconds \n"));
  CHECK(has(page, "# UNIT p_shop_disk_bytes bytes\n"));
  CHECK(has(page, "# UNIT p_speed_meters_per_second meters_per_second\n"));
  CHECK(has(page, "# UNIT p_f_seconds seconds\n"));
  CHECK(has(page, "# UNIT p_fixed_seconds seconds\n"));
  CHECK(has(page, "# UNIT p_age_seconds seconds\n"));
  CHECK(has(page, "# UNIT p_pool_bytes bytes\n"));
  CHECK_FALSE(has(nx::to_text(r), "UNIT"));
  CHECK(has(nx::to_json(r), "\"name\":\"p_shop_disk_bytes\",\"type\":\"gauge\",\"unit\":\"bytes\""));

  for (const char* wrong : {"second", "bytes", "econds", "cpu_seconds", "x_cpu_seconds"}) {
    nx::counter bad{r, nx::name("cpu_seconds").unit(wrong), ""};
    INFO(wrong);
    CHECK(bad.status().code() == nx::errc::bad_unit);
  }
  nx::collector bad{r, {{nx::metric_type::gauge, "x_bytes", "", {}, "seconds"}}, [](nx::collected&) {}};
  CHECK(bad.status().code() == nx::errc::bad_unit);
  nx::counter without{r, "cpu_seconds_total", ""};  // the same metric has the same unit
  CHECK(without.status().code() == nx::errc::name_taken);
  nx::counter same{r, nx::name("cpu_seconds_total").unit("seconds"), ""};
  CHECK(same.status().ok());
}

TEST_CASE("a counter named like another family is unknown, and has neither unit nor exemplar nor created time") {
  nx::registry r{nx::registry_options().created_times(&clock_of_test)};
  nx::gauge g{r, "x_seconds", ""};
  nx::exemplar_counter c{r, nx::name("x_seconds_total").unit("seconds"), ""};
  c.inc(1, nx::traced("t"));
  CHECK(has(nx::to_openmetrics(r), "# TYPE x_seconds_total unknown\n# HELP x_seconds_total \nx_seconds_total 1\n# EOF"));
}

TEST_CASE("collectors: times and created times where they may stand; gauge histograms; wrong counters") {
  nx::registry r;
  nx::collector c{r,
                  {{nx::metric_type::gauge, "a", "", {"x"}},
                   {nx::metric_type::counter, "b_total", "", {}},
                   {nx::metric_type::gauge_histogram, "c", "", {}},
                   {nx::metric_type::histogram, "d", "", {}},
                   {nx::metric_type::counter, "e_total", "", {"x"}}},
                  [](nx::collected& out) {
                    const double bounds[] = {-1, 2};
                    const std::uint64_t counts[] = {1, 2, 3};
                    out.add(0, {"now"}, 1);
                    out.at_ms(-3982045);
                    out.since_ns(1500000000);
                    out.add(0, {"then"}, 2);
                    out.add(1, {}, 7u);
                    out.add_histogram(2, {}, nx::buckets(bounds, 2), counts, -4);
                    out.at_now();
                    out.add_histogram(3, {}, nx::buckets(bounds + 1, 1), counts, 4);
                    out.add(4, {"nan"}, std::strtod("nan", nullptr));
                    out.add(4, {"low"}, -1);
                    out.add(4, {"fine"}, 1.5);
                  }};
  CHECK(nx::to_openmetrics(r) ==
        "# TYPE a gauge\n# HELP a \na{x=\"now\"} 1\na{x=\"then\"} 2 -3982.045\n"
        "# TYPE b counter\n# HELP b \nb_total 7 -3982.045\nb_created 1.5 -3982.045\n"
        "# TYPE c gaugehistogram\n# HELP c \nc_bucket{le=\"-1.0\"} 1 -3982.045\nc_bucket{le=\"2.0\"} 3 -3982.045\n"
        "c_bucket{le=\"+Inf\"} 6 -3982.045\nc_gsum -4.0 -3982.045\nc_gcount 6 -3982.045\n"
        "# TYPE d histogram\n# HELP d \nd_bucket{le=\"2.0\"} 1\nd_bucket{le=\"+Inf\"} 3\nd_sum 4.0\nd_count 3\nd_created 1.5\n"
        "# TYPE e counter\n# HELP e \ne_total{x=\"fine\"} 1.5\ne_created{x=\"fine\"} 1.5\n# EOF\n");
  CHECK(has(nx::to_text(r), "a{x=\"then\"} 2 -3982045\n# HELP b_total \n# TYPE b_total counter\nb_total 7 -3982045\n"));
  CHECK(has(nx::to_text(r), "c_bucket{le=\"+Inf\"} 6 -3982045\nc_sum -4 -3982045\nc_count 6 -3982045\n"));
  CHECK(has(nx::to_json(r), "{\"labels\":{\"x\":\"then\"},\"time\":-3982.045,\"value\":2}"));
  // What is pushed has no times: a gateway refuses them.
  nx::detail::byte_buffer body;
  const nx::detail::content_coding* none = nullptr;
  REQUIRE(nx::detail::write_push_body(r, nx::string_view(), 10000, none, body).ok());
  CHECK(has(string(body.text().data(), body.text().size()), "a{x=\"then\"} 2\n"));
}

TEST_CASE("native histograms: OpenMetrics has their classic side, JSON both") {
  nx::registry r;
  nx::native_histogram h{r, "h", ""};
  for (const double v : {0.0, 1.0, 1.0, 2.5, -3.0}) h.observe(v);
  CHECK(nx::to_openmetrics(r) == "# TYPE h histogram\n# HELP h \nh_bucket{le=\"+Inf\"} 5\nh_sum 1.5\nh_count 5\n# EOF\n");
  // Of schema 3 bucket 0 ends at 1, 11 at 2.59, 13 at 3.08.
  CHECK(has(nx::to_json(r), "\"count\":5,\"sum\":1.5,\"buckets\":[{\"le\":\"+Inf\",\"count\":5}],"
                            "\"native\":{\"schema\":3,\"zero_threshold\":2.938735877055719e-39,\"zero_count\":1,"
                            "\"positive\":[[0,2],[11,1]],\"negative\":[[13,1]]}}"));
}

TEST_CASE("names: what a histogram or summary writes in any format is nobody else's") {
  nx::set_error_hook(nullptr);
  nx::registry r;
  nx::histogram h{r, "h", ""};
  nx::gauge created{r, "h_created", ""};
  CHECK(created.status().code() == nx::errc::name_collides);
  nx::gauge first{r, "s_created", ""};
  nx::summary s{r, "s", ""};
  CHECK(s.status().code() == nx::errc::name_collides);
  nx::collector gh{r, {{nx::metric_type::gauge_histogram, "gh", "", {}}}, [](nx::collected&) {}};
  nx::gauge sum{r, "gh_gsum", ""};
  CHECK(sum.status().code() == nx::errc::name_collides);
}
