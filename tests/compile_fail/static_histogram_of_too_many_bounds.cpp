// A scrape has room for so many buckets: it would write beyond.
// expect: at most buckets::max_bounds
// flags: -DNARTHEX_HEAP=0
#include <narthex/narthex.hpp>

static const double bounds[] = {1, 2};

int main() {
#ifdef ACCEPT
  static narthex::fixed_family<narthex::static_histogram<64>, 1, 1> h{"h", "H.", {"kind"}, bounds};
#else
  static narthex::fixed_family<narthex::static_histogram<65>, 1, 1> h{"h", "H.", {"kind"}, bounds};
#endif
  h.labels("a").observe(1);
}
