// The first of two translation units that include everything; the linker must find each thing once.
#include "two_tus.hpp"

#include <narthex/narthex.hpp>

narthex::counter from_a{"from_a_total", "Counted by the first unit."};
narthex::fixed_histogram<> fixed_a{"fixed_seconds", "Observed by both."};

// Its own object, and the same metric as the second unit's.
static narthex::counter twice{"twice_total", "Registered by both."};
static narthex::family<narthex::gauge, 1> family{"family", "Registered by both.", {"l"}};

const void* describe_seen_from_a() { return reinterpret_cast<const void*>(&narthex::describe); }
const void* registry_seen_from_a() { return &narthex::default_registry(); }
const void* hook_seen_from_a() { return reinterpret_cast<const void*>(&narthex::set_error_hook); }

void count_in_a() {
  from_a.inc();
  fixed_a.observe(1);
  twice.inc();
  family.labels("a").set(1);
  shared_counter().inc();
  shared_family().labels(shared_method::get).inc();
}
