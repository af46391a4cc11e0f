// Names of any UTF-8, as OpenTelemetry has them: each scraper sees them as it asks for.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/utf8_name.hpp>

#include <cstdio>
#include <string>

namespace nx = narthex;
using nx::utf8_name;

nx::family<nx::counter, 1> requests{utf8_name("http.server.requests"), "Requests.", {utf8_name("http.route")}};

// The last line of what a scraper gets that sends these headers.
static std::string asked(const std::string& headers) {
  std::string answer;
  const nx::http_server_options options = nx::http_server_options().offer(nx::openmetrics());
  if (!nx::http_server::handle("GET /metrics HTTP/1.0\r\n" + headers + "\r\n", nx::string_sink(answer), options).ok()) return "";
  if (answer.size() > 6 && answer.compare(answer.size() - 6, 6, "# EOF\n") == 0) answer.erase(answer.size() - 6);
  return answer.substr(answer.rfind('\n', answer.size() - 2) + 1);
}

int main() {
  requests.labels("/login").inc();

  // Prometheus 3 says what it takes; OpenMetrics is offered, so it gets that. A curl, Prometheus 2 and a Pushgateway say nothing.
  const std::string today = asked("Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;q=0.3\r\n");
  const std::string text = asked("Accept: text/plain;version=1.0.0;escaping=allow-utf-8\r\n");
  const std::string reversible = asked("Accept: text/plain;version=1.0.0;escaping=values\r\n");
  const std::string before = asked("");
  std::printf("%s%s%s%s", today.c_str(), text.c_str(), reversible.c_str(), before.c_str());
  return today == "{\"http.server.requests\",\"http.route\"=\"/login\"} 1\n" && text == today &&
                 reversible == "U__http_2e_server_2e_requests{U__http_2e_route=\"/login\"} 1\n" &&
                 before == "http_server_requests{http_route=\"/login\"} 1\n"
             ? 0
             : 1;
}

// {"http.server.requests","http.route"="/login"} 1
// {"http.server.requests","http.route"="/login"} 1
// U__http_2e_server_2e_requests{U__http_2e_route="/login"} 1
// http_server_requests{http_route="/login"} 1
