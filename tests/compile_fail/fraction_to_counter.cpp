// A counter counts in whole numbers: half an event must not silently become none.
// expect: double_counter
#include <narthex/narthex.hpp>

void count(narthex::counter& c, narthex::double_counter& d);
void count(narthex::counter& c, narthex::double_counter& d) {
  c.inc(1);
  d.inc(1.5);
#ifndef ACCEPT
  c.inc(1.5);
#endif
}
