// The compiler counts a family's label names, where it also reads them.
// std: c++20
// expect: (no matching|could not convert|no viable)
#include <narthex/narthex.hpp>

#ifdef ACCEPT
narthex::family<narthex::counter, 2> f{"f_total", "F.", {"method", "code"}};
#else
narthex::family<narthex::counter, 2> f{"f_total", "F.", {"method", "code", "region"}};
#endif
