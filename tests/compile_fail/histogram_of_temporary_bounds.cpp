// Bounds that are kept where they are must not be a temporary.
// expect: (deleted|use of deleted)
#include <narthex/narthex.hpp>

static const double bounds[] = {1, 2};

int main() {
#ifdef ACCEPT
  static narthex::fixed_family<narthex::static_histogram<2>, 1, 1> h{"h", "H.", {"kind"}, bounds};
#else
  using two = const double[2];
  static narthex::fixed_family<narthex::static_histogram<2>, 1, 1> h{"h", "H.", {"kind"}, two{1, 2}};
#endif
  h.labels("a").observe(1);
}
