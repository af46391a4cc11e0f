// A program that is scraped, and pushes at its end what nobody has scraped any more; what no gateway takes is spooled, and delivered by a
// later run. `26_scraped_and_pushed http://127.0.0.1:9091 http://backup:9091` does it there; without addresses, with a stand-in.
#include <narthex/narthex.hpp>

#include <narthex/http_server.hpp>
#include <narthex/periodic_pusher.hpp>
#include <narthex/spool.hpp>

#include <cstdio>
#include <string>
#include <thread>

namespace nx = narthex;

nx::counter sales{"till_sales_total", "Things sold."};

static void run(const std::string& url, const std::string& backup) {
  nx::http_server server{"127.0.0.1:0"};  // first: it is asked at the end of the pusher
  const nx::periodic_pusher pusher{url, "tills", nx::grouping_key().instance("till-17").region("eu"),
                                   nx::periodic_pusher_options().also(backup).only_at_end().unless_scraped(server.last_scrape(), 15000).set_spool(".")};
  sales.inc();
}  // pushes, unless somebody has scraped in the last 15 seconds

static int drain(const std::string& url) {
  const nx::drain_result r = nx::drain_spool(url, ".");
  std::printf("%u delivered, %u outdated, %u left %s\n", r.delivered, r.outdated, r.left, r.why.error());
  return r.ok() ? 0 : 1;
}

/// Takes the question what it has, and the body, and says "200 OK".
static void stand_in(nx::os::socket* listener) {
  for (int i = 0; i < 2; ++i) {
    const nx::os::deadline until(10000);
    const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    nx::os::socket peer;
    char request[65536];
    std::size_t n = 0;
    if (!listener->accept(peer, until).ok() || !peer.read(request, sizeof request, n, until).ok()) return;
    const std::string text(request, n);
    std::printf("%s\n", text.substr(0, text.find('\r')).c_str());
    if (peer.write(answer, sizeof answer - 1, until).ok()) peer.finish(until);
  }
}

int main(int argc, char** argv) {
  if (argc > 2) {
    const int code = drain(argv[1]);  // what an earlier run could not deliver
    run(argv[1], argv[2]);
    return code;
  }
  nx::os::socket listener;
  if (listener.listen("127.0.0.1", 0).code() == nx::errc::unsupported) return 77;  // 77: skipped
  nx::set_error_hook(nullptr);
  run("http://127.0.0.1:1", "http://127.0.0.1:2");  // nobody is there
  std::thread gateway(stand_in, &listener);
  const int code = drain("http://127.0.0.1:" + std::to_string(listener.local_port()));
  gateway.join();
  return code;
}

// GET /metrics HTTP/1.1
// PUT /metrics/job/tills/instance/till-17/region/eu HTTP/1.1
// 1 delivered, 0 outdated, 0 left
