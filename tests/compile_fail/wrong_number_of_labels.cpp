// labels() takes one value for each label name.
// expect: one value for each label name
#include <narthex/narthex.hpp>

void count(const narthex::family<narthex::counter, 2>& f);
void count(const narthex::family<narthex::counter, 2>& f) {
  f.labels("GET", 200).inc();
#ifndef ACCEPT
  f.labels("GET").inc();
#endif
}
