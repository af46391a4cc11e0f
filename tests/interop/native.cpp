// native.cpp - native histograms, exemplars, created times and a family of many series, served as protobuf on 127.0.0.1; prints its
// port, and serves until stdin closes. What a server must make of it is written down in protobuf.py.
#include <narthex/exemplar.hpp>
#include <narthex/gzip.hpp>
#include <narthex/http_server.hpp>
#include <narthex/native_histogram.hpp>
#include <narthex/protobuf.hpp>
#include <narthex/unix_time.hpp>

#include <cmath>
#include <cstdio>
#include <string>

namespace nx = narthex;

int main() {
  nx::registry shop{nx::registry_options().created_times(&nx::unix_time_ns)};
  nx::native_histogram seconds{shop, "n_seconds", "i / 100, 1 to 1000."};
  nx::native_histogram both{shop, "n_both_seconds", "Classic, too.", nx::native_buckets().schema(2).classic({0.5, 1, 5})};
  nx::native_histogram empty{shop, "n_empty", "Nothing observed."};
  nx::native_histogram bare{shop, "n_bare", "Nothing observed, and nothing is as 0 but 0.", nx::native_buckets().zero_threshold(0)};
  nx::native_histogram sides{shop, "n_sides", "Both signs, zero, and far apart.", nx::native_buckets().schema(8)};
  nx::native_histogram coarse{shop, "n_coarse", "Resolution lost.", nx::native_buckets().schema(8).max_buckets(20)};
  nx::family<nx::native_histogram, 2> by_route{shop, "n_route_seconds", "By route.", {"route", "code"}};
  nx::exemplar_counter jobs{shop, "n_jobs_total", "Jobs."};
  nx::exemplar_histogram traced{shop, "n_traced_seconds", "Traced.", {0.1, 1}};
  nx::family<nx::counter, 2> many{shop, "n_many_total", "More than one message.", {"number", "text"}};
  nx::summary parse{shop, "n_parse_seconds", "Quantiles.", nx::quantiles({0.5})};

  for (int i = 1; i <= 1000; ++i) {
    seconds.observe(i / 100.0);
    both.observe(i / 100.0);
    coarse.observe(std::pow(1.05, i % 400));
  }
  for (double v : {-1e10, -3.0, -0.125, 0.0, 1e-200, 2.0, 2.0, 1e6, 1e300}) sides.observe(v);
  for (int i = 0; i < 300; ++i) by_route.labels("/r/" + std::to_string(i), 200 + i % 3).observe(0.001 * i);
  by_route.labels("quote \" slash \\ line \n broken \xff", 1).observe(1);
  jobs.inc(5, nx::traced("00112233445566778899aabbccddeeff", "0011223344556677").at(&nx::unix_time_ns));
  traced.observe(0.5, nx::traced("ffeeddccbbaa99887766554433221100").at(&nx::unix_time_ns));
  traced.observe(7, nx::traced("0123456789abcdef0123456789abcdef").at(&nx::unix_time_ns));
  for (unsigned i = 0; i < 3000; ++i) many.labels(i, "some text that is not short").inc(i);
  parse.observe(0.25);

  nx::http_server server{shop, "127.0.0.1:0",
                         nx::http_server_options().offer(nx::protobuf()).compress(nx::gzip()).without_process_metrics().without_own_metrics()};
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.error());
    return 1;
  }
  std::printf("%d\n", server.port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
    jobs.inc(1, nx::traced("00112233445566778899aabbccddeeff", "0011223344556677").at(&nx::unix_time_ns));
  }
  return 0;
}
