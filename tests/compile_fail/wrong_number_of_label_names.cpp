// The compiler counts a family's label names.
// expect: (no matching|could not convert|no viable)
#include <narthex/narthex.hpp>

#ifdef ACCEPT
narthex::family<narthex::counter, 2> f{"f_total", "F.", {"method", "code"}};
#else
narthex::family<narthex::counter, 2> f{"f_total", "F.", {"method"}};
#endif
