// The program that every other consumer builds: it serves, so it needs what a thread needs from the system.
#include <cstdio>

#include <narthex/http_server.hpp>

narthex::counter jobs{"jobs_total", "Jobs done."};

int main() {
  narthex::http_server server{"127.0.0.1:0"};
  if (!server.ok()) return std::fprintf(stderr, "%s\n", server.error()), 1;
  jobs.inc();
  const std::string page = narthex::to_text();
  std::fputs(page.c_str(), stdout);
  return page.find("\njobs_total 1\n") == std::string::npos;
}
