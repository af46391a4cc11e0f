// A program that no scrape can reach pushes periodically; one without threads says when. `21_periodic_pusher
// http://127.0.0.1:9091` pushes there for a minute; without an address it pushes once, to a stand-in of its own.
#include <narthex/narthex.hpp>
#include <narthex/periodic_pusher.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

namespace nx = narthex;

nx::counter sales{"till_sales_total", "Things sold."};

/// Takes two requests, the last push and the deletion, and says "200 OK".
static void stand_in(nx::os::socket* listener) {
  for (int i = 0; i < 2; ++i) {
    const nx::os::deadline until(10000);
    const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    nx::os::socket peer;
    char request[16384];
    std::size_t n = 0;
    if (!listener->accept(peer, until).ok() || !peer.read(request, sizeof request, n, until).ok()) return;
    const std::string text(request, n);
    std::printf("%s\n", text.substr(0, text.find('\r')).c_str());
    if (peer.write(answer, sizeof answer - 1, until).ok()) peer.finish(until);
  }
}

int main(int argc, char** argv) {
  if (argc > 1) {  // a thread pushes, every 15 seconds and when this scope ends
    nx::periodic_pusher pusher{argv[1], "tills", {{"instance", "till-17"}}};
    for (int second = 0; second < 60; ++second) {
      sales.inc();
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    return pusher.ok() ? 0 : 1;
  }

  nx::os::socket listener;
  if (listener.listen("127.0.0.1", 0).code() == nx::errc::unsupported) return 77;  // 77: skipped
  const std::string url = "http://127.0.0.1:" + std::to_string(listener.local_port());
  std::thread server(stand_in, &listener);
  {
    // No thread: the program's own loop asks, and is told when to ask again. At its end the group goes, too.
    nx::periodic_pusher pusher{url, "tills", {{"instance", "till-17"}},
                               nx::periodic_pusher_options().without_thread().set_delete_after_ms(0)};
    sales.inc();
    const std::int64_t next_ms = pusher.tick(0);
    if (!pusher.ok() || next_ms < 0 || next_ms >= 15000) return 1;
  }  // pushes a last time
  server.join();
  return 0;
}

// PUT /metrics/job/tills/instance/till-17 HTTP/1.1
// DELETE /metrics/job/tills/instance/till-17 HTTP/1.1
