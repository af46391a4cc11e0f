// Two configurations in one program coexist: their names differ, their inline functions are not merged, both work.
#include <cstdio>
#include <cstring>

#include "two_configs.hpp"

static int failures = 0;
static void check(bool ok, const char* what) {
  if (!ok) {
    std::fprintf(stderr, "FAIL %s\n", what);
    ++failures;
  }
}

int main() {
  const seen a = look_a(), b = look_b();
  std::printf("a: %s\nb: %s\n", a.abi, b.abi);
  check(std::strncmp(a.abi, "v0_1_0_mt", 9) == 0, "a is the threaded configuration");
  check(std::strncmp(b.abi, "v0_1_0_st_nh", 12) == 0, "b is the lean one");
  check(a.inline_code != b.inline_code, "the inline functions are two");
  check(std::strcmp(a.message, "closed") == 0, "a works");
  check(std::strcmp(b.message, "closed") == 0, "b works");
  return failures;
}
