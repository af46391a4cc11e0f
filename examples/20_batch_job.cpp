// A batch job that tells a Pushgateway how it went. `20_batch_job http://127.0.0.1:9091` pushes there; without an
// address it pushes to a stand-in of its own.
#include <narthex/narthex.hpp>
#include <narthex/batch_job.hpp>

#include <cstdio>
#include <string>
#include <thread>

namespace nx = narthex;

static bool import_record(int) { return true; }  // the work

// [readme: #include <narthex/batch_job.hpp>; url is "http://127.0.0.1:9091", say
static int import_all(const std::string& url) {
  nx::batch_job job{url, "nightly_import", {{"instance", "db-3"}}};
  for (int i = 0; i < 1000; ++i) {
    if (!import_record(i)) return 1;  // pushes that this run has failed, and when; the last success stays on the gateway
    job.processed();
  }
  job.succeed();
  return 0;
}  // pushes how it went and how long it took; the exit code stays yours, even if nobody is there to hear
// ]readme

/// Takes one request and says "200 OK".
static void stand_in(nx::os::socket* listener, std::string* request) {
  const nx::os::deadline until(10000);
  const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  nx::os::socket peer;
  if (!listener->accept(peer, until).ok()) return;
  char part[4096];
  std::size_t n = 0;
  while (request->find("\nbatch_job_records_processed ") == std::string::npos && peer.read(part, sizeof part, n, until).ok() && n > 0) {
    request->append(part, n);
  }
  if (peer.write(answer, sizeof answer - 1, until).ok()) peer.finish(until);
}

int main(int argc, char** argv) {
  if (argc > 1) return import_all(argv[1]);
  nx::os::socket listener;
  if (listener.listen("127.0.0.1", 0).code() == nx::errc::unsupported) return 77;  // 77: skipped
  std::string request;
  std::thread server(stand_in, &listener, &request);
  const int code = import_all("http://127.0.0.1:" + std::to_string(listener.local_port()));
  server.join();
  std::printf("%s\n", request.substr(0, request.find('\r')).c_str());
  const bool told = request.find("\nbatch_job_records_processed 1000\n") != std::string::npos &&
                    request.find("\nbatch_job_last_success_timestamp_seconds ") != std::string::npos;
  return told ? code : 1;
}

// PUT /metrics/job/nightly_import/instance/db-3 HTTP/1.1
