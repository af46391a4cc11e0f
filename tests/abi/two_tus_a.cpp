// The first of two translation units that include everything; the linker must find each thing once.
#include <narthex/narthex.hpp>

#include "two_tus.hpp"

static narthex::counter from_a{"from_a_total", "Counted by the first unit."};

const void* describe_seen_from_a() { return reinterpret_cast<const void*>(&narthex::describe); }
void count_in_a() { from_a.inc(); }
