// The main example: metrics of a small service, printed and served. `05_http_server :9464` serves until killed;
// without an address it scrapes itself once.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

namespace nx = narthex;

nx::family<nx::counter, 2> responses{"http_responses_total", "Responses.", {"method", "code"}};
nx::histogram latency{"http_request_duration_seconds", "Time to serve.", {0.01, 0.1, 1}};
nx::int_gauge in_flight{"http_requests_in_flight", "Requests being served."};

static void work() {
  responses.labels("GET", 200).inc();
  latency.observe(0.05);
  in_flight.set(1);
}

static std::string scrape(std::uint16_t port) {
  const nx::os::deadline until(5000);
  const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
  nx::os::socket s;
  std::string page;
  if (!s.connect("127.0.0.1", port, until).ok() || !s.write(request, std::strlen(request), until).ok()) return page;
  char part[512];
  std::size_t n = 0;
  while (s.read(part, sizeof part, n, until).ok() && n > 0) page.append(part, n);
  return page;
}

int main(int argc, char** argv) {
  work();
  std::printf("%s", nx::to_text().c_str());

  nx::http_server server{argc > 1 ? argv[1] : "127.0.0.1:0"};  // serves from here on, in a thread of its own
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.error());
    return server.why().code() == nx::errc::unsupported ? 77 : 1;  // 77: skipped
  }
  if (argc > 1) {
    std::printf("\nServing http://localhost:%u/metrics until Ctrl-C.\n", static_cast<unsigned>(server.port()));
    std::fflush(stdout);
    for (;; work()) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  // The same, and what the server adds: narthex_http_* about itself, process_* about the program.
  const std::string page = scrape(server.port());
  const bool whole = page.find("\nhttp_responses_total{method=\"GET\",code=\"200\"} 1\n") != std::string::npos &&
                     page.find("\nnarthex_http_connections 1\n") != std::string::npos;
  return whole ? 0 : 1;
}

// # HELP http_request_duration_seconds Time to serve.
// # TYPE http_request_duration_seconds histogram
// http_request_duration_seconds_bucket{le="0.01"} 0
// http_request_duration_seconds_bucket{le="0.1"} 1
// http_request_duration_seconds_bucket{le="1"} 1
// http_request_duration_seconds_bucket{le="+Inf"} 1
// http_request_duration_seconds_sum 0.05
// http_request_duration_seconds_count 1
// # HELP http_requests_in_flight Requests being served.
// # TYPE http_requests_in_flight gauge
// http_requests_in_flight 1
// # HELP http_responses_total Responses.
// # TYPE http_responses_total counter
// http_responses_total{method="GET",code="200"} 1
