// A fixed family has its storage inside: an instrument that needs room of its own does not fit.
// expect: the storage is inside
#include <narthex/narthex.hpp>

#ifdef ACCEPT
narthex::fixed_family<narthex::fixed_histogram<11>, 1, 2> f{"a_seconds", "A.", {"b"}};
#else
narthex::fixed_family<narthex::histogram, 1, 2> f{"a_seconds", "A.", {"b"}};
#endif
