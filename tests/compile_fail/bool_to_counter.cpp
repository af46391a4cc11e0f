// inc(true) is a slip for an if around inc().
// expect: whole numbers
#include <narthex/narthex.hpp>

void count(narthex::counter& c, bool failed);
void count(narthex::counter& c, bool failed) {
#ifdef ACCEPT
  if (failed) c.inc();
#else
  c.inc(failed);
#endif
}
