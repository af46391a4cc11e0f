// A counter with its storage inside has one place in memory: a copy would be another, unregistered one.
// expect: (deleted|cannot be copied)
#include <narthex/narthex.hpp>

narthex::fixed_counter original{"x_total", "X."};
narthex::fixed_counter& use();
narthex::fixed_counter& use() {
#ifdef ACCEPT
  narthex::fixed_counter& copy = original;
#else
  static narthex::fixed_counter copy(original);
#endif
  return copy;
}
