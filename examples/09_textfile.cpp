// A batch job that is over before anybody could scrape it: it leaves its result to node_exporter's textfile collector.
#include <narthex/narthex.hpp>
#include <narthex/textfile.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace nx = narthex;

// `09_textfile /var/lib/prometheus/node-exporter/backup.prom`; without an argument, a file in the temporary folder.
int main(int argc, char** argv) {
  const char* const folder = std::getenv("TMPDIR");
  const std::string path = argc > 1 ? argv[1] : std::string(folder ? folder : "/tmp") + "/narthex_example_09.prom";

  nx::registry job;  // of its own: just what this job has to tell
  nx::int_gauge files{job, "backup_files", "Files in the last backup."};
  nx::gauge duration{job, "backup_duration_seconds", "How long the last backup took."};
  nx::int_gauge finished{job, "backup_last_success_timestamp_seconds", "When the last backup ended well."};

  files.set(1234);
  duration.set(12.5);
  finished.set(1700000000);  // std::time(nullptr), in a job that is not an example

  // In one step: node_exporter reads the old file or this one. Where it fails, the old one stays.
  const nx::textfile_result result = nx::write_textfile(job, path);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.error());  // "/no/such/folder/backup.prom: No such file or directory"
    return result.code() == nx::errc::unsupported ? 77 : 1;
  }

  char text[1024];
  std::FILE* const file = std::fopen(path.c_str(), "r");
  const std::size_t size = file ? std::fread(text, 1, sizeof text, file) : 0;
  if (file) std::fclose(file);
  if (argc == 1) std::remove(path.c_str());
  std::printf("%.*s", static_cast<int>(size), text);
  return std::string(text, size) == nx::to_text(job) ? 0 : 1;
}

// # HELP backup_duration_seconds How long the last backup took.
// # TYPE backup_duration_seconds gauge
// backup_duration_seconds 12.5
// # HELP backup_files Files in the last backup.
// # TYPE backup_files gauge
// backup_files 1234
// # HELP backup_last_success_timestamp_seconds When the last backup ended well.
// # TYPE backup_last_success_timestamp_seconds gauge
// backup_last_success_timestamp_seconds 1700000000
