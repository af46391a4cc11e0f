// Series told apart by labels: found by value or by name, kept for the hot path, from enums, removed.
#include <narthex/narthex.hpp>

#include <cstdio>

namespace nx = narthex;

nx::family<nx::counter, 2> responses{"http_responses_total", "Responses.", {"method", "code"}};

// An enum's owner says its label values once, beside it; the compiler counts them.
enum class result { hit, miss };
inline nx::enum_values<2> label_values(result) { return {{"hit", "miss"}}; }
nx::enum_family<nx::counter, result> lookups{"cache_lookups_total", "Lookups.", {"result"}};

int main() {
  responses.labels("GET", 200).inc();
  responses.labels({{"code", "500"}, {"method", "POST"}}).inc();

  nx::counter ok = responses.labels("GET", 200);  // the same series, without looking it up again
  ok.inc(9);

  responses.labels("PUT", 404).inc();
  responses.remove("PUT", 404);  // gone from the next scrape; an update would bring it back, from zero

  lookups.labels(result::hit).inc();  // an array element: no hash, and both series exist from the start

  const std::string page = nx::to_text();
  std::printf("%s", page.c_str());
  return page ==
                 "# HELP cache_lookups_total Lookups.\n"
                 "# TYPE cache_lookups_total counter\n"
                 "cache_lookups_total{result=\"hit\"} 1\n"
                 "cache_lookups_total{result=\"miss\"} 0\n"
                 "# HELP http_responses_total Responses.\n"
                 "# TYPE http_responses_total counter\n"
                 "http_responses_total{method=\"GET\",code=\"200\"} 10\n"
                 "http_responses_total{method=\"POST\",code=\"500\"} 1\n"
             ? 0
             : 1;
}

// # HELP cache_lookups_total Lookups.
// # TYPE cache_lookups_total counter
// cache_lookups_total{result="hit"} 1
// cache_lookups_total{result="miss"} 0
// # HELP http_responses_total Responses.
// # TYPE http_responses_total counter
// http_responses_total{method="GET",code="200"} 10
// http_responses_total{method="POST",code="500"} 1
