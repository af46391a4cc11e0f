// Under C++20 the compiler reads the names.
// std: c++20
// expect: a_name_must_match_its_alphabet
#include <narthex/narthex.hpp>

#ifdef ACCEPT
narthex::counter c{"http_requests_total", "Requests."};
#elif !NARTHEX_HAS(CONSTEVAL)
#error "a_name_must_match_its_alphabet: not where the compiler has no consteval"
#else
narthex::counter c{"http-requests-total", "Requests."};
#endif
