// A concurrency that does not exist is refused, not taken for "none".
// expect: NARTHEX_CONCURRENCY must be
#ifndef ACCEPT
#define NARTHEX_CONCURRENCY 7
#endif
#include <narthex/narthex.hpp>
