// The second translation unit, with main(): both see the same inline functions and the same default registry.
#include <cstdio>
#include <string>

#include <narthex/narthex.hpp>

#include "two_tus.hpp"

static narthex::counter from_b{"from_b_total", "Counted by the second unit."};
static narthex::counter twice{"twice_total", "Registered by both."};
static narthex::family<narthex::gauge, 1> family{"family", "Registered by both.", {"l"}};

static int failures = 0;
static void check(bool ok, const char* what) {
  if (!ok) {
    std::fprintf(stderr, "FAIL %s\n", what);
    ++failures;
  }
}

int main() {
  count_in_a();
  from_a.inc();
  fixed_a.observe(2);
  from_b.inc();
  twice.inc();
  family.labels("b").set(2);
  family.labels("a").inc();
  shared_counter().inc();
  shared_family().labels(shared_method::post).inc();
  check(describe_seen_from_a() == reinterpret_cast<const void*>(&narthex::describe), "describe() exists once");
  check(hook_seen_from_a() == reinterpret_cast<const void*>(&narthex::set_error_hook), "set_error_hook() exists once");
  check(registry_seen_from_a() == &narthex::default_registry(), "the default registry exists once");
  const std::string page = "\n" + narthex::to_text();
  check(page.find("\nfrom_a_total 2\n") != std::string::npos, "the first unit's counter is on the page");
  check(page.find("\nfrom_b_total 1\n") != std::string::npos, "the second unit's counter is on the page");
  check(page.find("\nfixed_seconds_sum 3\nfixed_seconds_count 2\n") != std::string::npos,
        "both observed in one histogram");
  check(page.find("\ntwice_total 2\n") != std::string::npos, "both objects stand for one counter");
  check(page.find("\nfamily{l=\"a\"} 2\nfamily{l=\"b\"} 2\n") != std::string::npos,
        "both objects stand for one family");
  check(page.find("\nshared_total 2\n") != std::string::npos, "an inline function's static is one");
  check(page.find("\nshared_methods_total{method=\"get\"} 1\nshared_methods_total{method=\"post\"} 1\n") !=
            std::string::npos,
        "an inline function's enum family is one");
  check(page.find("refused") == std::string::npos, "nothing was refused");
  return failures;
}
