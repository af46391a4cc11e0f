// Two versions in one program, as when two libraries each bring their own copy: no symbol is merged, both count, and each
// shows what it counted. Part b is compiled against a copy of the headers that states another version (see meson.build).
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
  check(std::strncmp(b.abi, "v98_76_54_", 10) == 0 && std::strncmp(a.abi, "v98", 3) != 0, "the versions are two");
  check(std::strcmp(std::strchr(a.abi, 'm'), std::strchr(b.abi, 'm')) == 0, "and all else is alike");
  check(a.inline_code != b.inline_code, "the inline functions are two");
  check(a.registry != b.registry, "the default registries are two");
  check(a.counter_size == b.counter_size, "the types look alike");
  std::thread one([] { count_a(1000); }), two([] { count_b(500); });
  count_a(1000);
  count_b(500);
  one.join();
  two.join();
  std::size_t size = write_a(page, sizeof page - 1);
  check(shows(size, "\nrequests_total 2000\n"), "a's counter is in a's text");
  check(shows(size, "\nseconds_sum 500\nseconds_count 2000\n"), "a's histogram is in a's text");
  check(shows(size, "by_label_total{l=\"x\"} 4000\n"), "a's family, too");
  size = write_b(page, sizeof page - 1);
  check(shows(size, "\nrequests_total 1000\n"), "b's counter is in b's text");
  check(shows(size, "\nseconds_sum 250\nseconds_count 1000\n"), "b's histogram is in b's text");
  check(shows(size, "by_label_total{l=\"x\"} 2000\n"), "b's family, too");
  return failures;
}
