// 25_native_histogram.cpp - buckets that nobody has to choose, scraped as protobuf.
//
// Prometheus takes native histograms with --enable-feature=native-histograms (2.40 and later), newer ones with
// scrape_native_histograms: true in the scrape's configuration. Ask for the metric itself, without _bucket and le:
//   histogram_quantile(0.99, rate(request_seconds[5m]))
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/native_histogram.hpp>
#include <narthex/protobuf.hpp>

#include <cstdio>
#include <string>

namespace nx = narthex;

int main() {
  // Each bucket reaches a tenth further than the one before, 160 of them at most; when there would be more, two become one.
  nx::native_histogram latency{"request_seconds", "Time to serve."};

  // With classic buckets beside, for servers and people who read text; and to begin anew an hour after resolution was lost.
  nx::family<nx::native_histogram, 1> sizes{
      "body_bytes", "Size of the body.", {"route"},
      nx::native_buckets().factor(1.2).max_buckets(40).reset_after_seconds(3600).classic({1000, 1000000})};

  for (int i = 1; i <= 1000; ++i) latency.observe(i / 1000.0);
  sizes.labels("/upload").observe(3e9);
  sizes.labels("/login").observe(250);

  // Text stays the answer for who does not ask for protobuf, as Prometheus does then. Own transports take nx::write_protobuf(sink).
  const nx::http_server_options options = nx::http_server_options().offer(nx::protobuf());
  nx::http_server server{"127.0.0.1:0", options};

  // The same answer without a socket:
  std::string answer;
  const char request[] =
      "GET /metrics HTTP/1.1\r\nHost: here\r\n"
      "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n\r\n";
  if (!nx::http_server::handle(request, nx::string_sink(answer), options).ok()) return 1;
  const bool is_protobuf = answer.find("\r\nContent-Type: application/vnd.google.protobuf;") != std::string::npos;
  const bool has_text = nx::to_text().find("body_bytes_bucket{route=\"/login\",le=\"1000\"} 1\n") != std::string::npos;
  std::printf("%u observations, %s, %s\n", static_cast<unsigned>(latency.count()), is_protobuf ? "served as protobuf" : "served as text",
              has_text ? "with classic buckets for readers of text" : "without classic buckets");
  return server.ok() && is_protobuf && has_text ? 0 : 1;
}

// 1000 observations, served as protobuf, with classic buckets for readers of text
