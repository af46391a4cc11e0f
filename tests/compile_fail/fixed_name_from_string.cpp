// An instrument with its storage inside keeps its name by reference: a string's text does not live as long.
// expect: (no matching|could not convert|no viable)
#include <narthex/narthex.hpp>

#include <string>

void make(const std::string& name);
void make(const std::string& name) {
  narthex::counter copied{name, "With a heap, names are copied."};
#ifdef ACCEPT
  static narthex::fixed_counter c{"x_total", "X."};
#else
  static narthex::fixed_counter c{name, "X."};
#endif
  c.inc();
}
