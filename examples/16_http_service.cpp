// The metrics of an HTTP service, to be copied: http_metrics once, http_request around each request.
// `16_http_service :9464` serves made-up traffic until killed; without an address it prints.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

namespace nx = narthex;

/// queue_length: a function; it is called at a scrape, in the scrape's thread.
struct http_metrics {
  nx::family<nx::counter, 3> requests;
  nx::family<nx::counter, 2> failures;
  nx::family<nx::histogram, 2> duration;
  nx::family<nx::histogram, 1> size;
  nx::int_gauge in_flight;
  nx::callback_gauge queue;

  template <class F>
  http_metrics(nx::registry_core& r, F queue_length)
      : requests{r, "http_requests_total", "Requests answered.", {"method", "route", "code"}},
        failures{r, "http_request_failures_total", "Requests answered with a 5xx.", {"method", "route"}},
        duration{r, "http_request_duration_seconds", "Time from a request to the end of its answer.", {"method", "route"}},
        size{r, "http_response_size_bytes", "Size of the answers' bodies.", {"route"}, nx::buckets::exponential(256, 8, 5)},
        in_flight{r, "http_requests_in_flight", "Requests being served."},
        queue{r, "http_queue_length", "Connections that wait to be served.", queue_length} {}

  /// Series that are there from the start: rate() sees a first failure only if there was a 0 before it.
  void expect(const char* method, const char* route) {
    failures.labels(method, route);
    duration.labels(method, route);
  }
};

/// One request, from its first byte to the last of its answer; a 500 unless told otherwise, as when an exception leaves.
class http_request {
 public:
  /// route: the template, "/users/{id}" or "unmatched"; with the path, each user would make series of his own.
  http_request(http_metrics& m, const char* method, const char* route)
      : m_(m), method_(known(method)), route_(route), duration_(m.duration.labels(method_, route)), timer_(duration_),
        in_flight_(m.in_flight) {}
  ~http_request() {
    m_.requests.labels(method_, route_, code_).inc();
    m_.size.labels(route_).observe(bytes_);
    if (code_ >= 500) m_.failures.labels(method_, route_).inc();
  }
  void answered(int code, double bytes) { code_ = code, bytes_ = bytes; }

 private:
  /// A client may send any word, and each would be a series.
  static const char* known(const char* method) {
    for (const char* m : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
      if (std::strcmp(m, method) == 0) return m;
    }
    return "other";
  }
  http_metrics& m_;
  const char *method_, *route_;
  int code_ = 500;
  double bytes_ = 0;
  nx::histogram duration_;  // a handle; the timer needs it for as long as it lives
  nx::timer timer_;
  nx::track_in_progress in_flight_;
};

static std::atomic<unsigned> waiting{3};

static void traffic(http_metrics& m) {
  http_request(m, "GET", "/users/{id}").answered(200, 5000);
  http_request(m, "BREW", "unmatched").answered(404, 9);
  http_request failed(m, "GET", "/users/{id}");
}

int main(int argc, char** argv) {
  http_metrics metrics{nx::default_registry(), [] { return waiting.load(); }};
  metrics.expect("GET", "/users/{id}");
  if (argc > 1) {
    nx::http_server server{argv[1]};
    if (!server.ok()) return std::fprintf(stderr, "%s\n", server.error()), 1;
    for (;; traffic(metrics)) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  traffic(metrics);
  const std::string page = nx::to_text();
  std::printf("%s", page.c_str());
  for (const char* line : {"requests_total{method=\"GET\",route=\"/users/{id}\",code=\"200\"} 1\n",
                           "requests_total{method=\"GET\",route=\"/users/{id}\",code=\"500\"} 1\n",
                           "requests_total{method=\"other\",route=\"unmatched\",code=\"404\"} 1\n",
                           "failures_total{method=\"GET\",route=\"/users/{id}\"} 1\n", "in_flight 0\n", "queue_length 3\n",
                           "seconds_count{method=\"GET\",route=\"/users/{id}\"} 2\n", "bytes_sum{route=\"unmatched\"} 9\n"}) {
    if (page.find(line) == std::string::npos) return 1;
  }
  return 0;
}

// # HELP http_queue_length Connections that wait to be served.
// # TYPE http_queue_length gauge
// http_queue_length 3
// # HELP http_request_duration_seconds Time from a request to the end of its answer.
// # TYPE http_request_duration_seconds histogram
// http_request_duration_seconds_bucket{method="GET",route="/users/{id}",le="0.005"} 2
// ... 11 more buckets
// http_request_duration_seconds_sum{method="GET",route="/users/{id}"} 8.097e-06
// http_request_duration_seconds_count{method="GET",route="/users/{id}"} 2
// ... the same of method="other",route="unmatched"
// # HELP http_request_failures_total Requests answered with a 5xx.
// # TYPE http_request_failures_total counter
// http_request_failures_total{method="GET",route="/users/{id}"} 1
// # HELP http_requests_in_flight Requests being served.
// # TYPE http_requests_in_flight gauge
// http_requests_in_flight 0
// # HELP http_requests_total Requests answered.
// # TYPE http_requests_total counter
// http_requests_total{method="GET",route="/users/{id}",code="200"} 1
// http_requests_total{method="other",route="unmatched",code="404"} 1
// http_requests_total{method="GET",route="/users/{id}",code="500"} 1
// # HELP http_response_size_bytes Size of the answers' bodies.
// # TYPE http_response_size_bytes histogram
// http_response_size_bytes_bucket{route="/users/{id}",le="256"} 1
// http_response_size_bytes_bucket{route="/users/{id}",le="2048"} 1
// http_response_size_bytes_bucket{route="/users/{id}",le="16384"} 2
// ... 3 more buckets
// http_response_size_bytes_sum{route="/users/{id}"} 5000
// http_response_size_bytes_count{route="/users/{id}"} 2
// ... the same of route="unmatched"
