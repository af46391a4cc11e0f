// A metric without labels is no family.
// expect: without labels is no family
#include <narthex/narthex.hpp>

#ifdef ACCEPT
using wanted = narthex::family<narthex::counter, 1>;
#else
using wanted = narthex::family<narthex::counter, 0>;
#endif
std::size_t size();
std::size_t size() { return sizeof(wanted); }
