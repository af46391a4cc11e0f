// As many bounds as the type says: the rest would be 0.
// expect: as many bounds as it says
#include <narthex/narthex.hpp>

#ifdef ACCEPT
static const narthex::histogram_desc<3> desc{"h", "H.", -2, -1, 0};
#else
static const narthex::histogram_desc<3> desc{"h", "H.", -2, -1};
#endif

int main() {
  static narthex::static_histogram<3> h{desc};
  h.observe(1);
}
