// Under C++20 the compiler reads the names: an empty one, too.
// std: c++20
// expect: (a_name_must_match_its_alphabet|consteval)
#include <narthex/narthex.hpp>

#ifdef ACCEPT
narthex::fixed_gauge g{"g", "G."};
#elif !NARTHEX_HAS(CONSTEVAL)
#error "a_name_must_match_its_alphabet: not where the compiler has no consteval"
#else
narthex::fixed_gauge g{"", "G."};
#endif
