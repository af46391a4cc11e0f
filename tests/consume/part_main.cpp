// A program of two halves, each with a narthex of its own: neither sees the other's metrics, and both are right.
#include <cstdio>
#include <string>

std::string alpha_page(int jobs);
std::string beta_page(int jobs);

static std::string page(const std::string& abi, const std::string& part, int jobs) {
  if (abi.find("_off") != std::string::npos) return abi + "\n";
  return abi + "\n# HELP " + part + "_seconds Time.\n# TYPE " + part + "_seconds histogram\n" + part + "_seconds_bucket{kind=\"long\",le=\"1\"} 0\n" +
         part + "_seconds_bucket{kind=\"long\",le=\"2\"} 1\n" + part + "_seconds_bucket{kind=\"long\",le=\"+Inf\"} 1\n" + part +
         "_seconds_sum{kind=\"long\"} 1.5\n" + part + "_seconds_count{kind=\"long\"} 1\n# HELP " + part + "_sessions_total Sessions.\n# TYPE " + part +
         "_sessions_total counter\n" + part + "_sessions_total{session=\"a\"} 1\n# HELP jobs_total Jobs done by " + part +
         ".\n# TYPE jobs_total counter\njobs_total " + std::to_string(jobs) + "\n";
}

int main(int, char** argv) {  // the two names of the inline namespace
  const std::string alpha = alpha_page(3), beta = beta_page(40);
  std::printf("%s\n%s", alpha.c_str(), beta.c_str());
  return alpha == page(argv[1], "alpha", 3) && beta == page(argv[2], "beta", 40) ? 0 : 1;
}
