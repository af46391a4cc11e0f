// What a static_histogram is, is kept where it is, so it must not be a temporary.
// expect: (deleted|use of deleted)
#include <narthex/narthex.hpp>

static const narthex::histogram_desc<2> desc{"h", "H.", 1, 2};

int main() {
#ifdef ACCEPT
  static narthex::static_histogram<2> h{desc};
#else
  static narthex::static_histogram<2> h{narthex::histogram_desc<2>{"h", "H.", 1, 2}};
#endif
  h.observe(1);
}
