// A misspelt fact must not silently be "no".
// expect: NARTHEX_DETAIL_HAS_HAEP
#include <narthex/narthex.hpp>

#ifdef ACCEPT
#if NARTHEX_HAS(HEAP)
#endif
#else
#if NARTHEX_HAS(HAEP)
#endif
#endif
