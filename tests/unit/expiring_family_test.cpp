// Series that go when nobody has used them: when exactly, what stale handles do, and memory that stays flat.
#include <narthex/expiring_family.hpp>
#include <narthex/narthex.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define TEST_SLOWER 10
#else
#define TEST_SLOWER 1
#endif

namespace {

std::atomic<std::uint32_t> now_ms(0);
std::uint32_t test_clock() { return now_ms; }
nx::expiry after(std::uint32_t idle_ms, std::uint32_t most = 10000) {
  return nx::expiry().set_idle_ms(idle_ms).set_most_series(most).set_clock(&test_clock);
}
std::string f_lines(const std::string& lines) { return "# HELP f F.\n# TYPE f counter\n" + lines; }

}  // namespace

TEST_CASE("expiring: a series is found, counted and shown as in any family, by value and by name") {
  nx::registry r(nx::registry_options().label("region", "east"));
  nx::expiring_family<nx::counter, 2> f{r, "f", "F.", {"a", "b"}, after(1000)};
  REQUIRE(f.status().ok());
  CHECK(nx::to_text(r).empty());
  auto x = f.labels("x", 1);
  CHECK(x.status().ok());
  x.inc();
  x.inc(2);
  f.labels({{"b", "1"}, {"a", "x"}}).inc();
  f.labels("needs \"quotes\"\n", "\xff").inc(7);
  f.labels("needs \"quotes\"\n", "\xef\xbf\xbd" "ff").inc();  // what the last one is written as
  CHECK(x.value() == 4);
  CHECK(f.size() == 2);
  CHECK(nx::to_text(r) == f_lines("f{region=\"east\",a=\"x\",b=\"1\"} 4\n"
                                  "f{region=\"east\",a=\"needs \\\"quotes\\\"\\n\",b=\"\xef\xbf\xbd" "ff\"} 8\n"));
  x.inc(-1);
  CHECK(r.refused(nx::mistake::update) == 1);
  auto nobody = f.labels({{"nobody", "x"}, {"b", "y"}});
  nobody.inc();
  CHECK(nobody.status().code() == nx::errc::unknown_label);
  CHECK(f.dropped() == 1);
  CHECK(f.labels({{"a", "x"}}).status().code() == nx::errc::unknown_label);
  CHECK(f.size() == 2);
}

TEST_CASE("expiring: a series goes when its value has been the same for the idle time, and not before") {
  now_ms = 0xfffffff0u;  // the clock goes round
  nx::registry r;
  nx::expiring_family<nx::counter, 1> f{r, "f", "F.", {"x"}, after(1000)};
  auto a = f.labels("a"), b = f.labels("b");
  a.inc();
  b.inc();
  CHECK(nx::to_text(r) == f_lines("f{x=\"a\"} 1\nf{x=\"b\"} 1\n"));
  now_ms += 999;
  CHECK(nx::to_text(r) == f_lines("f{x=\"a\"} 1\nf{x=\"b\"} 1\n"));
  b.inc();
  now_ms += 500;  // sweeps come at least a quarter of the idle time apart
  CHECK(nx::to_text(r) == f_lines("f{x=\"b\"} 2\n"));
  CHECK(a.status().code() == nx::errc::not_registered);
  CHECK(b.status().ok());
  CHECK(a.value() == 0);
  CHECK(f.size() == 1);
  a.inc();
  CHECK(f.dropped() == 1);
  CHECK(r.refused(nx::mistake::update) == 1);
  auto again = f.labels("a");
  CHECK(again.value() == 0);
  again.inc(5);
  a.inc(100);
  CHECK(again.value() == 5);
  CHECK(f.dropped() == 2);
  now_ms += 999;
  CHECK(f.labels("b").value() == 2);  // being asked for is a use, too
  CHECK(f.size() == 2);
  nx::to_text(r);
  now_ms += 999;
  nx::to_text(r);
  CHECK(f.size() == 2);
  CHECK(b.status().ok());
  now_ms += 1000;
  nx::to_text(r);
  CHECK(f.size() == 0);
}

TEST_CASE("expiring: a stale handle never counts for the series that has its place now") {
  now_ms = 1;
  nx::registry r;
  nx::expiring_family<nx::counter, 1> f{r, "f", "F.", {"x"}, after(1000)};
  std::vector<nx::expiring<nx::counter>> stale;
  for (int i = 0; i < 1000; ++i) {
    stale.push_back(f.labels(i % 10));
    stale.back().inc();
    CHECK(f.remove(i % 10));
    CHECK(!f.remove(i % 10));
  }
  auto live = f.labels("live");
  for (auto& s : stale) s.inc(1000);
  CHECK(live.value() == 0);
  CHECK(f.dropped() == 1000);
  live.inc();
  CHECK(nx::to_text(r).find("f{x=\"live\"} 1\n") != std::string::npos);
  f.clear();
  CHECK(f.size() == 0);
  live.inc();
  CHECK(f.dropped() == 1001);
  CHECK(nx::to_text(r).find("f{") == std::string::npos);
}

TEST_CASE("expiring: beyond the cap and beyond 256 bytes there is the overflow series, until somebody goes") {
  now_ms = 1;
  nx::registry r;
  nx::expiring_family<nx::counter, 1> f{r, "f", "F.", {"x"}, after(1000, 2)};
  f.labels("a").inc();
  f.labels("b").inc();
  auto over = f.labels("c");
  CHECK(over.status().code() == nx::errc::series_limit);
  CHECK(over.status().number() == 2);
  over.inc(3);
  f.labels("_overflow_").inc();
  CHECK(f.overflowed() == 1);
  CHECK(r.refused(nx::mistake::series) == 1);
  CHECK(nx::to_text(r).find(f_lines("f{x=\"a\"} 1\nf{x=\"b\"} 1\nf{x=\"_overflow_\"} 4\n")) == 0);
  now_ms += 1000;
  CHECK(f.labels("c").status().ok());  // a sweep of the new series made room
  f.clear();
  CHECK(f.labels(std::string(252, 'y')).status().ok());                                     // 256 bytes: x="..."
  CHECK(f.labels(std::string(253, 'y')).status().code() == nx::errc::series_limit);
  CHECK(f.labels(std::string(252, 'y')).status().ok());
}

TEST_CASE("expiring: every kind of instrument, from zero each time") {
  now_ms = 1;
  nx::registry r;
  nx::expiring_family<nx::double_counter, 1> d{r, "d", "D.", {"x"}, after(1000)};
  nx::expiring_family<nx::gauge, 1> g{r, "g", "G.", {"x"}, after(1000)};
  nx::expiring_family<nx::int_gauge, 1> i{r, "i", "I.", {"x"}, after(1000)};
  nx::expiring_family<nx::histogram, 1> h{r, "h", "H.", {"x"}, after(1000), {1, 2}};
  nx::expiring_family<nx::summary, 1> s{r, "s", "S.", {"x"}, after(1000), nx::quantiles({0.5})};
  for (int round = 0; round < 3; ++round) {
    d.labels("a").inc(0.5);
    g.labels("a").set(2.5);
    g.labels("a").dec();
    i.labels("a").inc(7);
    i.labels("a").dec(2);
    h.labels("a").observe(1.5);
    s.labels("a").observe(4);
    CHECK(h.labels("a").count() == 1);
    CHECK(s.labels("a").sum() == 4);
    CHECK(nx::to_text(r) ==
          "# HELP d D.\n# TYPE d counter\nd{x=\"a\"} 0.5\n# HELP g G.\n# TYPE g gauge\ng{x=\"a\"} 1.5\n"
          "# HELP h H.\n# TYPE h histogram\nh_bucket{x=\"a\",le=\"1\"} 0\nh_bucket{x=\"a\",le=\"2\"} 1\n"
          "h_bucket{x=\"a\",le=\"+Inf\"} 1\nh_sum{x=\"a\"} 1.5\nh_count{x=\"a\"} 1\n"
          "# HELP i I.\n# TYPE i gauge\ni{x=\"a\"} 5\n# HELP s S.\n# TYPE s summary\ns{x=\"a\",quantile=\"0.5\"} " +
              nx::to_text(r).substr(nx::to_text(r).find("0.5\"} ") + 6));
    for (int more = 0; more < 2; ++more) {  // seen to have changed, then to be the same
      now_ms += 1000;
      nx::to_text(r);
    }
    CHECK(d.size() + g.size() + i.size() + h.size() + s.size() == 0);
  }
}

TEST_CASE("expiring: a second registration shares the family; another kind, or a plain family, is refused") {
  now_ms = 1;
  nx::registry r;
  nx::set_error_hook(nullptr);
  nx::expiring_family<nx::counter, 1> f{r, "f", "F.", {"x"}, after(1000)}, same{r, "f", "F.", {"x"}, after(5)};
  same.labels("a").inc();
  CHECK(f.labels("a").value() == 1);
  nx::expiring_family<nx::double_counter, 1> other{r, "f", "F.", {"x"}};
  CHECK(other.status().code() == nx::errc::name_taken);
  other.labels("a").inc();
  nx::family<nx::counter, 1> plain{r, "f", "F.", {"x"}};
  CHECK(plain.status().code() == nx::errc::name_taken);
  f.unregister();
  CHECK(nx::to_text(r).find("f{") == std::string::npos);
  nx::expiring_family<nx::counter, 1> back{r, "f", "F.", {"x"}};
  CHECK(back.status().ok());
  CHECK(back.size() == 0);
}

TEST_CASE("expiring: a label set that went and came back during a scrape stands there once") {
  now_ms = 1;
  nx::registry r;
  nx::expiring_family<nx::counter, 1> f{r, "f", "F.", {"x"}, after(1000)};
  f.labels("a").inc();
  f.labels("b").inc();
  f.labels("c").inc();
  nx::walk w(r);
  REQUIRE(w.next());
  CHECK(w.now().labels == "x=\"a\"");
  w.rest();
  CHECK(f.remove("a"));
  CHECK(f.remove("c"));
  CHECK(f.labels("a").value() == 0);  // where c was, in front of the walk
  REQUIRE(w.next());
  CHECK(w.now().labels == "x=\"b\"");
  CHECK(!w.next());
}

TEST_CASE("expiring: memory is that of the series at one time, however many there were") {
  now_ms = 1;
  nx::registry r;
  nx::expiring_family<nx::counter, 1> f{r, "f", "F.", {"x"}, after(100, 100000)};
  std::uint32_t most = 0;
  for (unsigned i = 0; i < 200000 / TEST_SLOWER; ++i) {
    if (i % 10 == 0) ++now_ms;  // 10,000 a second
    f.labels(i).inc();
    if (f.size() > most) most = f.size();
  }
  CHECK(f.overflowed() == 0);
  CHECK(most >= 1000);
  CHECK(most < 4000);  // those of 100 ms, and as many again until the sweep comes round
}

TEST_CASE("expiring: threads update, look up, make, remove and scrape at once, and nothing counts for another") {
  now_ms = 1;
  nx::registry r;
  nx::expiring_family<nx::counter, 1> f{r, "f", "F.", {"x"}, after(3, 64)};
  std::atomic<bool> stop(false);
  std::atomic<std::uint64_t> told(0);
  std::string trouble;
  std::thread scraping([&] {
    while (!stop) {
      const std::string page = nx::to_text(r);
      // Series number n is only ever counted up by 1000 + n: a value says whose counts are in it.
      for (std::size_t at = page.find("f{x=\""); at != std::string::npos; at = page.find("f{x=\"", at + 1)) {
        if (page.compare(at + 5, 1, "_") == 0) continue;
        const unsigned long n = std::strtoul(page.c_str() + at + 5, nullptr, 10);
        const unsigned long value = std::strtoul(page.c_str() + page.find(' ', at), nullptr, 10);
        if (value % (1000 + n) != 0) trouble = page.substr(at, 40);
      }
      now_ms += 2;
    }
  });
  std::vector<std::thread> all;
  for (unsigned t = 0; t < 3; ++t) {
    all.emplace_back([&, t] {
      std::vector<nx::expiring<nx::counter>> kept;
      std::vector<unsigned> of;
      for (unsigned i = 0; i < 60000 / TEST_SLOWER; ++i) {
        const unsigned n = (i * 7 + t * 13) % 90;
        auto h = f.labels(n);
        if (h.status().code() == nx::errc::series_limit) continue;
        h.inc(1000 + n);
        if (kept.size() < 40) kept.push_back(h), of.push_back(n);
        const std::size_t old = i % kept.size();
        kept[old].inc(1000 + of[old]);
        if (i % 5 == 0) kept[old] = h, of[old] = n;
        if (i % 50 == 0) f.remove(n);
        ++told;
      }
    });
  }
  for (std::thread& t : all) t.join();
  stop = true;
  scraping.join();
  CHECK(trouble.empty());
  CHECK(told > 0);
  CHECK(f.size() <= 64);
  CHECK(f.dropped() > 0);
}

TEST_CASE("expiring: who is inside a series that is removed reads its own counts to the end") {
  now_ms = 1;
  nx::registry r;
  double bounds[200];
  for (int i = 0; i < 200; ++i) bounds[i] = i;
  nx::expiring_family<nx::histogram, 1> f{r, "f", "F.", {"x"}, after(1000, 2), nx::buckets(bounds)};
  std::atomic<bool> stop(false);
  std::uint64_t most = 0, reads = 0;
  std::thread reading([&] {
    while (!stop) {
      const std::uint64_t got = f.labels("mine").count();  // a snapshot of all buckets takes its time
      if (got > most) most = got;
      ++reads;
    }
  });
  for (unsigned round = 0; round < 40000 / TEST_SLOWER; ++round) {
    f.labels("mine").observe(3);
    f.remove("mine");
    auto other = f.labels("other");
    if (other.status().ok()) {
      for (int i = 0; i < 20; ++i) other.observe(150);
    }
    f.remove("other");
  }
  stop = true;
  reading.join();
  CHECK(reads > 0);
  CHECK(most <= 1);
}

TEST_CASE("expiring: updates of a series in use are all there, whatever sweeps") {
  now_ms = 1;
  nx::registry r;
  nx::expiring_family<nx::counter, 1> f{r, "f", "F.", {"x"}, after(1, 1000)};
  std::atomic<bool> stop(false);
  std::thread sweeping([&] {
    for (unsigned i = 0; !stop; ++i) {
      now_ms += 1;
      f.labels(i % 500).inc();
      if (i % 64 == 0) nx::to_text(r);
    }
  });
  // Each time asked for anew: a handle that labels() gave is good for the idle time, unless the clock runs on in between.
  const unsigned times = 100000 / TEST_SLOWER;
  std::uint64_t lost_before = f.dropped();
  std::uint64_t counted = 0, last = 0;
  for (unsigned i = 0; i < times; ++i) {
    auto mine = f.labels("mine");
    const std::uint64_t was = mine.value();
    mine.inc();
    const std::uint64_t is = mine.value();
    if (is != 0 && is != was + 1) ++lost_before;
    if (was < last) counted += last;
    last = is;
  }
  stop = true;
  sweeping.join();
  CHECK(lost_before == 0);
  CHECK(counted + last + f.dropped() >= 1);
}
