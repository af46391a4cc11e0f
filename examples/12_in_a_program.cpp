// A program decides where its libraries' metrics go, and serves them: here one library twice, told apart by a label.
// `12_in_a_program :9464` serves until Enter is pressed.
#include "11_in_a_library.hpp"

#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>

#include <cstdio>

namespace nx = narthex;

nx::counter jobs{"jobs_total", "Jobs done."};  // the program's own

int main(int argc, char** argv) {
  // registry_options().prefix("names_") would give other names instead. With one cache, default_registry() is enough.
  nx::registry names_registry{nx::registry_options().label("cache", "names")};
  nx::registry routes_registry{nx::registry_options().label("cache", "routes")};
  for (nx::registry* r : {&routes_registry, &names_registry}) {  // what is attached last is shown first
    if (!nx::default_registry().attach(*r).ok()) return 1;
  }

  answer_cache names{names_registry}, routes{routes_registry};
  names.put("10.0.0.7", "printer");
  names.find("10.0.0.7");
  routes.find("A to B");
  jobs.inc();

  const std::string page = nx::to_text();
  std::printf("%s", page.c_str());

  nx::http_server server{argc > 1 ? argv[1] : "127.0.0.1:0"};  // the one server of the program, for all its libraries
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.error());
    return server.why().code() == nx::errc::unsupported ? 77 : 1;  // 77: skipped
  }
  if (argc > 1) std::getchar();
  return page ==
                 "# HELP answer_cache_entries Answers remembered.\n"
                 "# TYPE answer_cache_entries gauge\n"
                 "answer_cache_entries{cache=\"names\"} 1\n"
                 "answer_cache_entries{cache=\"routes\"} 0\n"
                 "# HELP answer_cache_lookups_total Lookups.\n"
                 "# TYPE answer_cache_lookups_total counter\n"
                 "answer_cache_lookups_total{cache=\"names\",result=\"hit\"} 1\n"
                 "answer_cache_lookups_total{cache=\"names\",result=\"miss\"} 0\n"
                 "answer_cache_lookups_total{cache=\"routes\",result=\"hit\"} 0\n"
                 "answer_cache_lookups_total{cache=\"routes\",result=\"miss\"} 1\n"
                 "# HELP jobs_total Jobs done.\n"
                 "# TYPE jobs_total counter\n"
                 "jobs_total 1\n"
             ? 0
             : 1;
}

// # HELP answer_cache_entries Answers remembered.
// # TYPE answer_cache_entries gauge
// answer_cache_entries{cache="names"} 1
// answer_cache_entries{cache="routes"} 0
// # HELP answer_cache_lookups_total Lookups.
// # TYPE answer_cache_lookups_total counter
// answer_cache_lookups_total{cache="names",result="hit"} 1
// answer_cache_lookups_total{cache="names",result="miss"} 0
// answer_cache_lookups_total{cache="routes",result="hit"} 0
// answer_cache_lookups_total{cache="routes",result="miss"} 1
// # HELP jobs_total Jobs done.
// # TYPE jobs_total counter
// jobs_total 1
