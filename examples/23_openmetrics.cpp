// 23_openmetrics.cpp - from a slow bucket to the trace of one request in it: exemplars, units, created times; OpenMetrics and JSON.
//
// Prometheus keeps exemplars with --enable-feature=exemplar-storage; Grafana shows them as dots on the graph, linked to the trace.
#include <narthex/exemplar.hpp>
#include <narthex/http_server.hpp>
#include <narthex/json.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/unix_time.hpp>

#include <cstdio>
#include <string>

namespace nx = narthex;

int main() {
  // Since when each series counts: a reader tells a restarted program from a slow one. It costs a look at the clock for a new series.
  nx::registry shop{nx::registry_options().created_times(&nx::unix_time_ns)};

  nx::exemplar_histogram latency{shop, nx::name("request_seconds").unit("seconds"), "Time to serve.", {0.1, 1}};
  nx::family<nx::exemplar_counter, 1> failed{shop, "failed_requests_total", "Requests that failed.", {"why"}};

  latency.observe(0.02);
  latency.observe(0.7, nx::traced("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7").at(&nx::unix_time_ns));
  failed.labels("timeout").inc(1, nx::exemplar({{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"}, {"shard", 7}}));

  const std::string page = nx::to_openmetrics(shop), json = nx::to_json(shop);
  std::printf("%s\n%s\n", page.c_str(), json.c_str());

  // Text 0.0.4 stays the answer for who does not ask for more; /metrics.json is for people and scripts.
  const nx::http_server_options options = nx::http_server_options().offer(nx::openmetrics()).offer(nx::json());
  nx::http_server server{shop, "127.0.0.1:0", options};
  const bool has_trace = page.find("request_seconds_bucket{le=\"1.0\"} 2 # {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\","
                                   "span_id=\"00f067aa0ba902b7\"} 0.7 ") != std::string::npos;
  const bool has_unit = page.find("# UNIT request_seconds seconds\n") != std::string::npos;
  const bool is_since = page.find("\nfailed_requests_created{why=\"timeout\"} ") != std::string::npos;
  std::string answer;
  const char request[] = "GET /metrics.json HTTP/1.1\r\nHost: here\r\n\r\n";
  const bool is_served = nx::http_server::handle(shop, request, nx::string_sink(answer), options).ok() &&
                         answer.find("\r\nContent-Type: application/json") != std::string::npos;
  return server.ok() && has_trace && has_unit && is_since && is_served ? 0 : 1;
}
