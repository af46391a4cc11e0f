// An interrupt at every place where one can come: before interrupts are kept out, and as soon as they are let in again.
namespace {
unsigned enter();
void leave(unsigned state);
}  // namespace
#define NARTHEX_HEAP 0
#define NARTHEX_CRITICAL_ENTER() enter()
#define NARTHEX_CRITICAL_EXIT(state) leave(state)
#include <narthex/narthex.hpp>

#include <cstdio>

namespace nx = narthex;

namespace {

const nx::histogram_desc<2> sizes_desc{"sizes", "Sizes.", 0, 2};
nx::counter events{"events_total", "Events."};
nx::int_gauge level{"level", "Level."};
nx::gauge volts{"volts", "Volts."};
nx::double_counter busy{"busy_seconds_total", "Busy."};
nx::static_histogram<2> sizes{sizes_desc};
nx::fixed_summary waits{"waits", "Waits."};
nx::fixed_family<nx::counter, 1, 2> kinds{"kinds_total", "Kinds.", {"kind"}};
decltype(kinds)::handle_type* kind;

bool on = false, kept_out = false;
unsigned long interrupts = 0, nested = 0;
int failures = 0;

void check(bool good, const char* what) {
  if (good) return;
  ++failures;
  std::printf("FAIL %s\n", what);
}

void handler() {
  if (!on || kept_out) return;
  on = false;  // one at a time
  ++interrupts;
  check(sizes.sum() == static_cast<double>(sizes.count()), "an interrupt finds whole observations");
  events.inc();
  level.dec(2);
  volts.inc(0.5);
  busy.inc(0.25);
  sizes.observe(1);
  waits.observe(1);
  kind->inc();
  check(!kept_out, "every section has ended");
  on = true;
}

unsigned enter() {
  handler();
  const bool before = kept_out;
  if (before) ++nested;
  kept_out = true;
  return before;
}
void leave(unsigned state) {
  kept_out = state != 0;
  handler();
}

}  // namespace

int main() {
  auto made = kinds.labels("a");
  kind = &made;
  enum : unsigned { turns = 5000 };
  on = true;
  for (unsigned i = 0; i < turns; ++i) {
    events.inc();
    level.inc(3);
    volts.dec(0.5);
    busy.inc(0.25);
    sizes.observe(1);
    waits.observe(1);
    made.inc();
    if (i % 16) continue;
    // Whole observations only: each was 1.
    nx::walk series(nx::default_registry());
    while (series.next()) {
      const nx::sample& s = series.now();
      if (s.type != nx::metric_type::histogram && s.type != nx::metric_type::summary) continue;
      check(s.sum == static_cast<double>(s.count), "a snapshot is of whole observations");
      if (s.type == nx::metric_type::histogram) check(s.counts[1] == s.count && s.counts[0] + s.counts[2] == 0, "in one bucket");
    }
  }
  on = false;
  const unsigned long all = turns + interrupts;
  check(interrupts > 10ul * turns, "there were interrupts");
  check(nested == 0, "a section within a section is not needed");
  check(events.value() == all, "counter");
  check(level.value() == std::int64_t{3} * turns - 2 * static_cast<std::int64_t>(interrupts), "int_gauge");
  check(volts.value() == 0.5 * (static_cast<double>(interrupts) - turns), "gauge");
  check(busy.value() == 0.25 * static_cast<double>(all), "double_counter");
  check(sizes.count() == all && sizes.sum() == static_cast<double>(all), "histogram");
  check(waits.count() == all && waits.sum() == static_cast<double>(all), "summary");
  check(made.value() == all, "series of a family");
  std::printf("%lu interrupts, %d failures\n", interrupts, failures);
  return failures ? 1 : 0;
}
