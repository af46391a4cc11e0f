// The second translation unit, with main(): both see the same inline functions and the same default registry.
#include <cstdio>
#include <string>

#include <narthex/narthex.hpp>

#include "two_tus.hpp"

static narthex::counter from_b{"from_b_total", "Counted by the second unit."};

static int failures = 0;
static void check(bool ok, const char* what) {
  if (!ok) {
    std::fprintf(stderr, "FAIL %s\n", what);
    ++failures;
  }
}

int main() {
  count_in_a();
  from_b.inc();
  check(describe_seen_from_a() == reinterpret_cast<const void*>(&narthex::describe), "describe() exists once");
  const std::string page = "\n" + narthex::to_text();
  check(page.find("\nfrom_a_total 1\n") != std::string::npos, "the first unit's counter is on the page");
  check(page.find("\nfrom_b_total 1\n") != std::string::npos, "the second unit's counter is on the page");
  return failures;
}
