// A scrape, refused requests and pushes over this machine's own network, where there is one. Whoever has no sockets, no
// threads or no heap says so by a status; nothing waits for ever.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/push_gateway.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "text_check.hpp"
#include "text_of.hpp"

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(THREADS)

#include <string>

namespace {

enum : int { patience_ms = 60000 };

/// Everything that one peer says until it closes.
std::string heard(nx::os::socket& peer) {
  const nx::os::deadline until(patience_ms);
  std::string all;
  char part[4096];
  std::size_t got = 1;
  while (peer.read(part, sizeof part, got, until).ok() && got > 0) all.append(part, got);
  return all;
}

std::string asked(std::uint16_t port, const std::string& request) {
  const nx::os::deadline until(patience_ms);
  nx::os::socket s;
  if (!CHECK(s.connect("127.0.0.1", port, until).ok()) || !CHECK(s.write(request.data(), request.size(), until).ok())) {
    return std::string();
  }
  return heard(s);
}

const char body[] = "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 3\n";

void scrapes(std::uint16_t port) {
  const std::string head = " 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: close\r\n";
  for (int i = 0; i < 3; ++i) {
    CHECK_EQ_TEXT(asked(port, "GET /metrics HTTP/1.0\r\n\r\n").c_str(), ("HTTP/1.0" + head + "\r\n" + body).c_str());
    CHECK_EQ_TEXT(asked(port, "GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").c_str(),
                  ("HTTP/1.1" + head + "Transfer-Encoding: chunked\r\n\r\n47\r\n" + body + "\r\n0\r\n\r\n").c_str());
  }
  CHECK(asked(port, "GET /else HTTP/1.0\r\n\r\n").compare(0, 12, "HTTP/1.0 404") == 0);
  CHECK(asked(port, "nonsense\r\n\r\n").compare(0, 12, "HTTP/1.1 400") == 0);
}

/// Takes one push as a Pushgateway does.
struct gateway {
  nx::os::socket door;
  std::string request;

  static void serve(void* self) {
    gateway& g = *static_cast<gateway*>(self);
    const nx::os::deadline until(patience_ms);
    nx::os::socket peer;
    if (!CHECK(g.door.accept(peer, until).ok())) return;
    char part[4096];
    std::size_t got = 1;
    const std::string end = std::string("\r\n\r\n") + body;
    while (g.request.find(end) == std::string::npos && peer.read(part, sizeof part, got, until).ok() && got > 0) {
      g.request.append(part, got);
    }
    const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    CHECK(peer.write(answer, sizeof answer - 1, until).ok());
    peer.finish(until);
  }
};

void pushes(nx::registry& mine) {
  gateway g;
  if (!CHECK(g.door.listen("127.0.0.1", 0).ok())) return;
  const std::string address = "127.0.0.1:" + std::to_string(g.door.local_port());
  nx::os::thread one;
  if (!CHECK(one.start(&gateway::serve, &g).ok())) return;
  nx::push_gateway gw{mine, address, "night", {{"instance", "a"}}};
  const nx::push_result r = gw.push();
  if (!CHECK(r.ok())) std::printf("%s\n", r.error());
  one.join();
  CHECK(g.request.compare(0, 46, "PUT /metrics/job/night/instance/a HTTP/1.1\r\nHo") == 0);
  CHECK(g.request.find("Host: " + address + "\r\n") != std::string::npos);
  CHECK(g.request.find(std::string("\r\n\r\n") + body) != std::string::npos);

  g.door.close();
  CHECK(!gw.push().ok());  // nobody is there
}

}  // namespace

int main() {
  nx::registry mine;
  nx::counter things{mine, "things_total", "Things."};
  things.inc(3);
  nx::http_server server{mine, "127.0.0.1:0", nx::http_server_options().without_own_metrics()};
  if (server.why().code() == nx::errc::unsupported) {
    std::printf("no network here\n");
    return check::report();
  }
  if (!CHECK(server.ok())) std::printf("%s\n", server.error());
  if (server.ok()) scrapes(server.port());
  nx::http_server second{mine, "127.0.0.1:" + std::to_string(server.port())};
  CHECK(second.why().code() == nx::errc::address_in_use);
  if (server.ok()) pushes(mine);
  return check::report();
}

#else

int main() { return check::report(); }  // the server and the push helper need a heap; and a test of both, a second thread

#endif
