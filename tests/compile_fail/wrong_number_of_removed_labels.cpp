// So does remove(), and in a family with its storage inside.
// expect: one value for each label name
#include <narthex/narthex.hpp>

void forget(narthex::fixed_family<narthex::counter, 2, 4>& f);
void forget(narthex::fixed_family<narthex::counter, 2, 4>& f) {
  f.remove("GET", 200);
#ifndef ACCEPT
  f.remove("GET", 200, "x");
#endif
}
