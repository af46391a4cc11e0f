// A scrape has room for so many buckets: it would write beyond.
// expect: at most buckets::max_bounds
// flags: -DNARTHEX_HEAP=0
#include <narthex/narthex.hpp>

int main() {
#ifdef ACCEPT
  static narthex::fixed_histogram<64> h{"h", "H.", {1, 2}};
#else
  static narthex::fixed_histogram<65> h{"h", "H.", {1, 2}};
#endif
  h.observe(1);
}
