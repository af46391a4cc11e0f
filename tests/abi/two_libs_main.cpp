// Two shared libraries with hidden visibility have a default registry each, and so has the program. Attached, they are
// one page: families merge, series of the same labels are added up, of gauges the upper registry's is shown. Where the
// libraries share visible symbols there is one registry, and one page without attaching.
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <thread>

#include <narthex/narthex.hpp>

#include "two_libs.hpp"

static int failures = 0;
static void check(bool ok, const char* what) {
  if (!ok) {
    std::fprintf(stderr, "FAIL %s\n", what);
    ++failures;
  }
}

static bool shows(const std::string& page, const char* line) { return ("\n" + page).find(line) != std::string::npos; }

/// Whether no family's head and no series is there twice.
static bool nothing_twice(const std::string& page) {
  std::set<std::string> seen;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = page.find('\n', at);
    const std::string line = page.substr(at, end - at);
    const std::string key = line[0] == '#' ? line.substr(0, line.find(' ', 7)) : line.substr(0, line.rfind(' '));
    if (!seen.insert(key).second) {
      std::fprintf(stderr, "twice: %s\n", line.c_str());
      return false;
    }
    at = end + 1;
  }
  return true;
}

static void in_one_registry() {
  check(&registry_of_one() == &narthex::default_registry(), "one registry for the program and the libraries");
  const std::string page = narthex::to_text();
  check(nothing_twice(page), "nothing is there twice");
  check(shows(page, "\nboth_total 11\n"), "both libraries count in one counter");
  check(shows(page, "\nfamily_total{l=\"both\"} 11\n"), "both libraries count in one series");
  check(shows(page, "\nboth_seconds_sum 11\nboth_seconds_count 2\n"), "both libraries observe in one histogram");
  check(shows(page, "\nonly_one_total 1\n") && shows(page, "\nonly_two_total 10\n"), "each one's own counter is there");
  check(narthex::default_registry().attach(registry_of_one()).code() == narthex::errc::attach_cycle,
        "a registry is not attached to itself");
}

static void in_three_registries() {
  narthex::registry_core& mine = narthex::default_registry();
  check(&registry_of_one() != &registry_of_two() && &registry_of_one() != &mine, "each library has its own registry");
  narthex::gauge level{"level", "Set by both libraries."};
  check(!shows(narthex::to_text(), "both_total"), "before they are attached the program sees nothing of them");
  check(mine.attach(registry_of_one()).ok(), "the first library attaches");
  check(mine.attach(registry_of_two()).ok(), "the second library attaches");
  check(mine.attach(registry_of_two()).code() == narthex::errc::already_attached, "but once only");
  level.set(5);
  const std::string page = narthex::to_text();
  check(nothing_twice(page), "nothing is there twice");
  check(shows(page, "\nboth_total 11\n"), "equal counters add up");
  check(shows(page, "\nfamily_total{l=\"both\"} 11\n"), "equal series add up");
  check(shows(page, "\nfamily_total{l=\"one\"} 1\n") && shows(page, "\nfamily_total{l=\"two\"} 10\n"),
        "families merge");
  check(shows(page,
              "both_seconds_bucket{le=\"1\"} 1\nboth_seconds_bucket{le=\"2\"} 1\nboth_seconds_bucket{le=\"+Inf\"} 2\n"
              "both_seconds_sum 11\nboth_seconds_count 2\n"),
        "equal histograms add up");
  check(shows(page, "\nlevel 5\n"), "of gauges the upper one is shown");
  check(shows(page, "\nonly_one_total 1\n") && shows(page, "\nonly_two_total 10\n"), "each one's own counter is there");
  check(shows(page, "\ncalled_one 1\n") && shows(page, "\ncalled_two 10\n"), "callbacks are asked across libraries");
  check(!shows(page, "refused"), "nothing was refused");

  // What comes and goes in a library while the program scrapes: each library has locks of its own.
  bool well = true;
  std::thread one([] { come_and_go_in_one(300); }), two([] { come_and_go_in_two(300); });
  for (unsigned i = 0; i < 300; ++i) well = nothing_twice(narthex::to_text()) && well;
  one.join();
  two.join();
  check(well, "what comes and goes in the libraries breaks no scrape");

  check(mine.detach(registry_of_one()).ok(), "a library can be detached");
  check(shows(narthex::to_text(), "\nboth_total 10\n"), "then only the other one counts");
  check(mine.detach(registry_of_two()).ok(), "and the other one, too");
  check(narthex::to_text() == "# HELP level Set by both libraries.\n# TYPE level gauge\nlevel 5\n",
        "the program's own is left");
  check(narthex::to_text(registry_of_two()).find("both_total 10\n") != std::string::npos,
        "a library's registry stays its own");
}

// One counter and one histogram under the hands of all three: whose thread owns which part is the affair of each library
// alone, and the other two must not take that part for theirs.
static void on_one_counter() {
  narthex::registry mine;
  narthex::counter c{mine, "c_total", "C."};
  narthex::histogram h{mine, "h", "H.", {1, 2}};
  const unsigned times = 100000;
  for (int round = 0; round < 3; ++round) {
    std::thread threads[] = {
        std::thread([&] { count_in_one(c, h, times); }), std::thread([&] { count_in_two(c, h, times); }),
        std::thread([&] { count_in_one(c, h, times), count_in_two(c, h, times); }),
        std::thread([&] {
          for (unsigned i = 0; i < times; ++i) narthex::counter(c).inc(), narthex::histogram(h).observe(0.5);
        })};
    for (std::thread& t : threads) t.join();
  }
  check(c.value() == 15 * times, "a counter under the hands of several libraries loses nothing");
  check(h.count() == 15 * times && h.sum() == 7.5 * times, "nor does a histogram");
}

int main() {
  count_in_one();
  count_in_two();
  if (&registry_of_one() == &registry_of_two())
    in_one_registry();
  else
    in_three_registries();
  on_one_counter();
  return failures;
}
