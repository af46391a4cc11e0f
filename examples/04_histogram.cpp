// Observations counted in buckets: explicit, linear, exponential or default bounds; and a summary.
#include <narthex/narthex.hpp>

#include <cstdio>

namespace nx = narthex;

nx::histogram sizes{"body_bytes", "Body size.", nx::buckets::exponential(64, 4, 3)};  // 64, 256, 1024
nx::summary parsing{"parse_seconds", "Time to parse.", nx::quantiles({0.5, 0.99}).over_seconds(300)};

int main() {
  for (const double size : {10.0, 100.0, 100.0, 5000.0}) sizes.observe(size);
  for (int i = 1; i <= 100; ++i) parsing.observe(i / 100.0);

  const std::string page = nx::to_text();
  std::printf("%s", page.c_str());
  const bool right = page.find("body_bytes_bucket{le=\"64\"} 1\n"
                               "body_bytes_bucket{le=\"256\"} 3\n"
                               "body_bytes_bucket{le=\"1024\"} 3\n"
                               "body_bytes_bucket{le=\"+Inf\"} 4\n"
                               "body_bytes_sum 5210\n"
                               "body_bytes_count 4\n") != std::string::npos;
  return right && parsing.count() == 100 ? 0 : 1;
}

// # HELP body_bytes Body size.
// # TYPE body_bytes histogram
// body_bytes_bucket{le="64"} 1
// body_bytes_bucket{le="256"} 3
// body_bytes_bucket{le="1024"} 3
// body_bytes_bucket{le="+Inf"} 4
// body_bytes_sum 5210
// body_bytes_count 4
// # HELP parse_seconds Time to parse.
// # TYPE parse_seconds summary
// parse_seconds{quantile="0.5"} 0.5078125
// parse_seconds{quantile="0.99"} 0.9921875
// parse_seconds_sum 50.5
// parse_seconds_count 100
