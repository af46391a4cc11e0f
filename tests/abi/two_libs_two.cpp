// The other of two shared libraries.
#include "two_libs.hpp"

#include <narthex/narthex.hpp>

static narthex::counter both{"both_total", "Counted by both libraries."};
static narthex::family<narthex::counter, 1> family{"family_total", "Counted by both libraries.", {"l"}};
static narthex::histogram seconds{"both_seconds", "Observed by both libraries.", {1, 2}};
static narthex::gauge level{"level", "Set by both libraries."};
static narthex::fixed_counter own{"only_two_total", "Counted by one library."};
static narthex::callback_gauge called{"called_two", "Asked at a scrape.", [] { return 10; }};

narthex::registry_core& registry_of_two() { return narthex::default_registry(); }

void count_in_two() {
  both.inc(10);
  family.labels("both").inc(10);
  family.labels("two").inc(10);
  seconds.observe(10);
  level.set(10);
  own.inc(10);
}

void come_and_go_in_two(unsigned times) {
  for (; times; --times) {
    narthex::fixed_counter c{"comes_and_goes_total", "In both libraries."};
    narthex::callback_gauge g{"comes_and_goes_in_two", "In one library.", [] { return 10; }};
    c.inc();
  }
}

void count_in_two(narthex::counter c, narthex::histogram h, unsigned times) {
  for (; times; --times) {
    c.inc();
    h.observe(0.5);
  }
}
