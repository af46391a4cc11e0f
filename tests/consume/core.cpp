// The program of those who copy one file.
#include <cstdio>

#include <narthex/narthex.hpp>

narthex::counter jobs{"jobs_total", "Jobs done."};

int main() {
  jobs.inc();
  const std::string page = narthex::to_text();
  std::fputs(page.c_str(), stdout);
  return page.find("\njobs_total 1\n") == std::string::npos;
}
