// What tests of a misused server serve, and how it answers: a small registry, one whose page fills every buffer, refusals.
#ifndef NARTHEX_TESTS_SHOP_HPP
#define NARTHEX_TESTS_SHOP_HPP

#include <narthex/http_server.hpp>

#include <memory>
#include <string>
#include <vector>

namespace support {

const std::string get = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";
const std::string get_and_close = "GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";

struct shop {
  narthex::registry mine;
  narthex::counter things{mine, "things_total", "Things."};
  std::string body = "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 3\n";
  std::string kept = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n47\r\n" + body + "\r\n0\r\n\r\n";
  std::string closed = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                       "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n47\r\n" + body + "\r\n0\r\n\r\n";
  shop() { things.inc(3); }
};

/// Its page is larger than any socket's buffers.
struct warehouse {
  std::string help = std::string(60000, 'h');
  std::vector<std::string> names;
  narthex::registry mine;
  std::vector<std::unique_ptr<narthex::counter>> all;
  warehouse() {
    for (int i = 0; i < 300; ++i) names.push_back("thing_" + std::to_string(i) + "_total");
    for (const std::string& name : names) all.emplace_back(new narthex::counter(mine, name, help));
  }
};

/// The server's own metrics are tested apart: they would change with each request.
inline narthex::http_server_options quiet() { return narthex::http_server_options().without_own_metrics(); }

inline std::string refusal(const std::string& status, const std::string& more, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: text/plain; charset=utf-8\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string not_found = refusal("404 Not Found", "", "There is nothing here; the metrics are at /metrics.\n");

}  // namespace support

#endif  // NARTHEX_TESTS_SHOP_HPP
