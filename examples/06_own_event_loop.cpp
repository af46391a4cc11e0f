// Serves the metrics from the program's own loop: no thread is made, serve_once() answers who is there.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>

#include <cstdio>
#include <cstring>

namespace nx = narthex;

int main() {
  nx::counter turns{"loop_turns_total", "Turns of the main loop."};

  nx::http_server server{"127.0.0.1:0", nx::http_server_options().without_thread()};
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.error());
    return server.why().code() == nx::errc::unsupported ? 77 : 1;  // 77: skipped
  }

  // Somebody who scrapes; in real life, Prometheus.
  const nx::os::deadline until(5000);
  const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
  nx::os::socket scraper;

  for (int turn = 1; turn <= 5; ++turn) {
    turns.inc();  // the program's work
    if (turn == 4) {
      if (!scraper.connect("127.0.0.1", server.port(), until).ok()) return 1;
      if (!scraper.write(request, std::strlen(request), until).ok()) return 1;
      scraper.half_close();
    }
    // At most 10 ms; 0 only looks. With poll() or epoll, wait for server.native_handle() to be readable instead.
    const nx::status served = server.serve_once(10);
    std::printf("turn %d: %s\n", turn, served.ok() ? "served a scrape" : nx::describe(served.code()));
  }

  char page[1024];
  std::size_t size = 0, n = 0;
  while (size < sizeof page - 1 && scraper.read(page + size, sizeof page - 1 - size, n, until).ok() && n > 0) size += n;
  page[size] = '\0';
  return std::strstr(page, "\nloop_turns_total 4\n") ? 0 : 1;
}

// turn 1: the deadline passed
// turn 2: the deadline passed
// turn 3: the deadline passed
// turn 4: served a scrape
// turn 5: the deadline passed
