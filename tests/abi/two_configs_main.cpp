// Two configurations in one program coexist: their names differ, their inline functions are not merged, both work, and
// each has its own registry, counts in it and writes it.
#include <cstdio>
#include <cstring>
#include <thread>

#include "two_configs.hpp"

static int failures = 0;
static void check(bool ok, const char* what) {
  if (!ok) {
    std::fprintf(stderr, "FAIL %s\n", what);
    ++failures;
  }
}

static char page[8192];
static bool shows(std::size_t size, const char* line) {
  page[size < sizeof page ? size : 0] = '\0';
  return std::strstr(page, line) != nullptr;
}

int main() {
  const seen a = look_a(), b = look_b();
  std::printf("a: %s\nb: %s\n", a.abi, b.abi);
  check(std::strncmp(a.abi, "v0_1_0_mt", 9) == 0, "a is the threaded configuration");
  check(std::strncmp(b.abi, "v0_1_0_st_nh", 12) == 0, "b is the lean one");
  check(a.inline_code != b.inline_code, "the inline functions are two");
  check(std::strcmp(a.message, "closed") == 0, "a works");
  check(std::strcmp(b.message, "closed") == 0, "b works");
  check(a.registry != b.registry, "the default registries are two");
  check(a.counter_size < b.counter_size, "a's counter is a handle, b's has its storage inside");

  // One thread is in b, which knows of no others; a has several.
  std::thread one([] { count_a(1000); }), two([] { count_a(1000); });
  count_b(3);
  one.join();
  two.join();
  std::size_t size = write_a(page, sizeof page - 1);
  check(shows(size, "\nrequests_total 2000\n"), "a's counter is in a's text");
  check(shows(size, "\nseconds_sum 500\nseconds_count 2000\n"), "a's histogram is in a's text");
  check(shows(size, "\nby_label_total{l=\"x\"} 4000\n"), "a's family, too");
  size = write_b(page, sizeof page - 1);
  check(shows(size, "\nrequests_total 3\n"), "b's counter is in b's text");
  check(shows(size, "\nseconds_sum 0.75\nseconds_count 3\n"), "b's histogram is in b's text");
  check(shows(size, "by_label_total{l=\"x\"} 6\n"), "b's family, too");
  check(!shows(size, "2000") && !shows(size, "refused"), "nothing of a is in b, and nothing was refused");
  return failures;
}
