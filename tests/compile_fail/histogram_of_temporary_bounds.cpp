// Bounds that are kept where they are must not be a temporary.
// expect: (deleted|use of deleted)
#include <narthex/narthex.hpp>

static const double bounds[] = {1, 2};

int main() {
#ifdef ACCEPT
  static narthex::static_histogram<2> h{"h", "H.", bounds};
#else
  using two = const double[2];
  static narthex::static_histogram<2> h{"h", "H.", two{1, 2}};
#endif
  h.observe(1);
}
