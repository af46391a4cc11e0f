// A batch job that pushes how it went, as its last act. `08_push_gateway http://127.0.0.1:9091` pushes there;
// without an address it pushes to a stand-in of its own.
#include <narthex/narthex.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/timer.hpp>

#include <cstdio>
#include <ctime>
#include <string>
#include <thread>

namespace nx = narthex;

/// Takes one request, prints its first line, and says "200 OK".
static void stand_in(nx::os::socket* listener) {
  const nx::os::deadline until(10000);
  const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  nx::os::socket peer;
  char request[4096];
  std::size_t n = 0;
  if (!listener->accept(peer, until).ok() || !peer.read(request, sizeof request, n, until).ok()) return;
  const std::string text(request, n);
  std::printf("%s\n", text.substr(0, text.find('\r')).c_str());
  if (peer.write(answer, sizeof answer - 1, until).ok()) peer.finish(until);
}

int main(int argc, char** argv) {
  // A registry of its own: what is pushed stays on the gateway, so push what belongs to the job, and nothing else.
  nx::registry batch;
  nx::gauge duration{batch, "batch_duration_seconds", "How long the last run took."};
  nx::gauge success{batch, "batch_last_success_timestamp_seconds", "When the last run succeeded."};
  nx::int_gauge records{batch, "batch_records", "Records written by the last run."};

  nx::os::socket listener;
  std::thread server;
  std::string url = argc > 1 ? argv[1] : "";
  if (url.empty()) {
    if (listener.listen("127.0.0.1", 0).code() == nx::errc::unsupported) return 77;  // 77: skipped
    url = "http://127.0.0.1:" + std::to_string(listener.local_port());
    server = std::thread(stand_in, &listener);
  }

  {
    nx::timer t{duration};
    records.set(1234);  // the work
  }
  success.set(static_cast<double>(std::time(nullptr)));

  // One group per job and instance: two programs with one grouping key would overwrite each other.
  nx::push_gateway gw{batch, url, "nightly_batch", {{"instance", "db-3"}}};
  const nx::push_result pushed = gw.push();
  if (server.joinable()) server.join();
  std::printf("%s\n", pushed.ok() ? "pushed" : pushed.error());
  return pushed.ok() ? 0 : 1;
}

// PUT /metrics/job/nightly_batch/instance/db-3 HTTP/1.1
// pushed
