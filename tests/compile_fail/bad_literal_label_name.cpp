// Under C++20 the compiler reads the label names.
// std: c++20
// expect: a_name_must_match_its_alphabet
#include <narthex/narthex.hpp>

#ifdef ACCEPT
narthex::family<narthex::counter, 2> f{"f_total", "F.", {"method", "code"}};
#elif !NARTHEX_HAS(CONSTEVAL)
#error "a_name_must_match_its_alphabet: not where the compiler has no consteval"
#else
narthex::family<narthex::counter, 2> f{"f_total", "F.", {"method", "status:code"}};
#endif
