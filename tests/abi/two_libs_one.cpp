// One of two shared libraries: the same metrics as the other, and some of its own.
#include "two_libs.hpp"

#include <narthex/narthex.hpp>

static narthex::counter both{"both_total", "Counted by both libraries."};
static narthex::family<narthex::counter, 1> family{"family_total", "Counted by both libraries.", {"l"}};
static narthex::histogram seconds{"both_seconds", "Observed by both libraries.", {1, 2}};
static narthex::gauge level{"level", "Set by both libraries."};
static narthex::fixed_counter own{"only_one_total", "Counted by one library."};
static narthex::callback_gauge called{"called_one", "Asked at a scrape.", [] { return 1; }};

narthex::registry_core& registry_of_one() { return narthex::default_registry(); }

void count_in_one() {
  both.inc(1);
  family.labels("both").inc(1);
  family.labels("one").inc(1);
  seconds.observe(1);
  level.set(1);
  own.inc(1);
}

void come_and_go_in_one(unsigned times) {
  for (; times; --times) {
    narthex::fixed_counter c{"comes_and_goes_total", "In both libraries."};
    narthex::callback_gauge g{"comes_and_goes_in_one", "In one library.", [] { return 1; }};
    c.inc();
  }
}

void count_in_one(narthex::counter c, narthex::histogram h, unsigned times) {
  for (; times; --times) {
    c.inc();
    h.observe(0.5);
  }
}
