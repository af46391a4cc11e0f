// A counter, a labelled counter and a histogram, printed.
// [readme
#include <narthex/narthex.hpp>

#include <cstdio>

namespace nx = narthex;

nx::counter requests{"http_requests_total", "Requests served."};
nx::family<nx::counter, 2> responses{"http_responses_total", "Responses.", {"method", "code"}};
nx::histogram latency{"http_request_duration_seconds", "Time to serve.", {0.01, 0.1, 1}};

int main() {
  requests.inc();
  responses.labels("GET", 200).inc();
  latency.observe(0.05);
  std::printf("%s", nx::to_text().c_str());
  // ]readme
  return nx::to_text() ==
                 "# HELP http_request_duration_seconds Time to serve.\n"
                 "# TYPE http_request_duration_seconds histogram\n"
                 "http_request_duration_seconds_bucket{le=\"0.01\"} 0\n"
                 "http_request_duration_seconds_bucket{le=\"0.1\"} 1\n"
                 "http_request_duration_seconds_bucket{le=\"1\"} 1\n"
                 "http_request_duration_seconds_bucket{le=\"+Inf\"} 1\n"
                 "http_request_duration_seconds_sum 0.05\n"
                 "http_request_duration_seconds_count 1\n"
                 "# HELP http_requests_total Requests served.\n"
                 "# TYPE http_requests_total counter\n"
                 "http_requests_total 1\n"
                 "# HELP http_responses_total Responses.\n"
                 "# TYPE http_responses_total counter\n"
                 "http_responses_total{method=\"GET\",code=\"200\"} 1\n"
             ? 0
             : 1;
  // [readme
}
// ]readme

// # HELP http_request_duration_seconds Time to serve.
// # TYPE http_request_duration_seconds histogram
// http_request_duration_seconds_bucket{le="0.01"} 0
// http_request_duration_seconds_bucket{le="0.1"} 1
// http_request_duration_seconds_bucket{le="1"} 1
// http_request_duration_seconds_bucket{le="+Inf"} 1
// http_request_duration_seconds_sum 0.05
// http_request_duration_seconds_count 1
// # HELP http_requests_total Requests served.
// # TYPE http_requests_total counter
// http_requests_total 1
// # HELP http_responses_total Responses.
// # TYPE http_responses_total counter
// http_responses_total{method="GET",code="200"} 1
