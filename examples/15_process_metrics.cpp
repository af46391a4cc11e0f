// The usual set in one call: CPU, memory and files of this process, its version and compiler, all on the default registry.
#include <narthex/build_info.hpp>
#include <narthex/narthex.hpp>

#include <cstdio>
#include <string>

namespace nx = narthex;

int main() {
  // For the process metrics alone: nx::install_process_metrics(), in narthex/process_collector.hpp.
  const nx::status s = nx::install_standard_metrics("shop", {{"version", "1.4.2"}, {"commit", "ab12cd"}});
  if (!s.ok()) {
    std::fprintf(stderr, "%s\n", s.message().c_str());
    return s.code() == nx::errc::unsupported ? 77 : 1;  // 77: skipped
  }

  const std::string page = nx::to_text();
  int families = 0;
  for (std::size_t at = 0, end = 0; (end = page.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = page.substr(at, end - at);
    if (line.compare(0, 7, "# TYPE ") != 0) continue;
    ++families;
    std::printf("%s\n", line.c_str() + 7);
  }
  const bool has_version = page.find("\nshop_build_info{version=\"1.4.2\",commit=\"ab12cd\",compiler=\"") != std::string::npos;
#if defined(__linux__)
  const int expected = 9;
#else
  const int expected = 5;  // at least: other systems tell fewer
#endif
  return families >= expected && has_version ? 0 : 1;
}

// process_cpu_seconds_total counter
// process_max_fds gauge
// process_open_fds gauge
// process_resident_memory_bytes gauge
// process_start_time_seconds gauge
// process_threads gauge
// process_virtual_memory_bytes gauge
// process_virtual_memory_max_bytes gauge
// shop_build_info gauge
