// What textfile.py asks for: a file for node_exporter, many of them, or a page of this process.
#include <narthex/build_info.hpp>
#include <narthex/narthex.hpp>
#include <narthex/textfile.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace nx = narthex;

// textfile_writer write PATH [TIMES]: replaces the file, so many times.
// textfile_writer process:            prints a page of its own numbers and waits for the end of its input.
int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (std::string(argv[1]) == "process") {
    if (!nx::install_standard_metrics("interop", {{"version", "1.4.2"}}).ok()) return 1;
    std::printf("%s# EOF\n", nx::to_text().c_str());
    std::fflush(stdout);
    while (std::getchar() != EOF) continue;
    return 0;
  }
  if (argc < 3) return 2;
  nx::registry job;
  nx::counter files{job, "backup_files_total", "Files, with a \\ and a\nsecond line."};
  nx::gauge duration{job, "backup_duration_seconds", "How long it took."};
  nx::histogram sizes{job, "backup_size_bytes", "Sizes.", {1e3, 1e6}};
  nx::family<nx::gauge, 2> by_disk{job, "backup_free_ratio", "What is left.", {"disk", "path"}};
  files.inc(1234);
  duration.set(12.5);
  sizes.observe(10);
  sizes.observe(1e9);
  by_disk.labels("a", "/x \"quoted\" \\ \n\xe2\x82\xac").set(0.25);
  by_disk.labels("b", "").set(1);
  for (int n = argc > 3 ? std::atoi(argv[3]) : 1; n > 0; --n) {
    const nx::textfile_result r = nx::write_textfile(job, argv[2]);
    if (!r.ok()) {
      std::fprintf(stderr, "%s\n", r.error());
      return 1;
    }
  }
}
