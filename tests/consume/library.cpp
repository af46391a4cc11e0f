// A user's library: metrics in its own file, for a static and for a shared library.
#include "library.hpp"

#include <narthex/narthex.hpp>

static narthex::counter done{"library_jobs_total", "Jobs done."};
static narthex::family<narthex::counter, 1> kinds{"library_kinds_total", "Jobs by kind.", {"kind"}};
#if !defined(library)  // run.sh makes a second library of this file, with -Dlibrary=second; a callback is one library's own
static narthex::callback_gauge level{"library_level", "Asked at a scrape.", [] { return 7; }};
#endif

namespace library {
__attribute__((visibility("default"))) void work() {
  done.inc();
  kinds.labels("long").inc();
}
__attribute__((visibility("default"))) narthex::registry_core& metrics() { return narthex::default_registry(); }
}  // namespace library
