// A user's program: the metrics of its library are on its page, after attaching when they have a registry of their own.
#include "library.hpp"

#include <narthex/narthex.hpp>

#include <cstdio>

static narthex::counter own{"own_total", "The program's."};

static bool join(narthex::registry_core& theirs) {
  if (&theirs == &narthex::default_registry()) return true;
  std::puts("attached");
  return narthex::default_registry().attach(theirs).ok();
}

#if defined(CONSUMER_HAS_SECOND)
namespace second {
void work();
narthex::registry_core& metrics();
}  // namespace second
#define TIMES "2"
#else
#define TIMES "1"
#endif

int main() {
  library::work();
  if (!join(library::metrics())) return 2;
#if defined(CONSUMER_HAS_SECOND)
  second::work();
  if (!join(second::metrics())) return 2;
#endif
  own.inc();
  const std::string page = narthex::to_text();
  std::fputs(page.c_str(), stdout);
  return page ==
                 "# HELP library_jobs_total Jobs done.\n# TYPE library_jobs_total counter\nlibrary_jobs_total " TIMES "\n"
                 "# HELP library_kinds_total Jobs by kind.\n# TYPE library_kinds_total counter\n"
                 "library_kinds_total{kind=\"long\"} " TIMES "\n"
                 "# HELP library_level Asked at a scrape.\n# TYPE library_level gauge\nlibrary_level 7\n"
                 "# HELP own_total The program's.\n# TYPE own_total counter\nown_total 1\n"
             ? 0
             : 1;
}
