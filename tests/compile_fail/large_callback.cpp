// A callback's captures lie in the object: three words of them.
// expect: three words
#include <narthex/narthex.hpp>

void watch(int* a, int* b, int* c, int* d);
void watch(int* a, int* b, int* c, int* d) {
#ifdef ACCEPT
  static_cast<void>(d);
  narthex::callback_gauge g{"g", "G.", [a, b, c] { return *a + *b + *c; }};
#else
  narthex::callback_gauge g{"g", "G.", [a, b, c, d] { return *a + *b + *c + *d; }};
#endif
}
