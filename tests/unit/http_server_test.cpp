// http_server: what goes over the wire, byte by byte, and what the process must not notice.
#include <narthex/narthex.hpp>

#include <narthex/http_server.hpp>

#include <errno.h>
#include <string.h>
#if !defined(_WIN32)
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/held.hpp"

namespace nx = narthex;
using support::ask;
using support::client;
using support::open_files;
using support::soon;

namespace {

const std::string get_11 = "GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
const std::string get_10 = "GET /metrics HTTP/1.0\r\n\r\n";
const std::string head_11 =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: close\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";
const std::string head_10 =
    "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: close\r\n\r\n";

/// A registry with one counter at 3.
struct shop {
  nx::registry mine;
  nx::counter things{mine, "things_total", "Things."};
  std::string body = "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 3\n";
  std::string chunked = head_11 + "47\r\n" + body + "\r\n0\r\n\r\n";

  shop() { things.inc(3); }
};

/// A registry whose page is larger than any socket's buffers.
struct warehouse {
  std::string help = std::string(60000, 'h');
  std::vector<std::string> names;
  nx::registry mine;
  std::vector<std::unique_ptr<nx::counter>> all;

  warehouse() {
    for (int i = 0; i < 300; ++i) names.push_back("thing_" + std::to_string(i) + "_total");
    for (const std::string& name : names) all.emplace_back(new nx::counter(mine, name, help));
  }
};

/// Answers of exactly known bytes: the server's own metrics change with each request, and have a test of their own.
nx::http_server_options quiet() { return nx::http_server_options().without_own_metrics(); }
nx::http_server_options by_hand() { return quiet().without_thread(); }

std::string refusal(const std::string& status, const std::string& body, const std::string& more = "") {
  return status + "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n" + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string bad_request = refusal("HTTP/1.1 400 Bad Request", "The request is not valid HTTP.\n");
const std::string not_found =
    refusal("HTTP/1.1 404 Not Found", "There is nothing here; the metrics are at /metrics.\n");
const std::string not_allowed =
    refusal("HTTP/1.1 405 Method Not Allowed", "Only GET and HEAD are answered here.\n", "Allow: GET, HEAD\r\n");
const std::string too_late = refusal("HTTP/1.1 408 Request Timeout", "The request did not arrive in time.\n");
const std::string line_too_long = refusal("HTTP/1.1 414 URI Too Long", "The request line is too long.\n");
const std::string head_too_long =
    refusal("HTTP/1.1 431 Request Header Fields Too Large", "The request headers are too long.\n");
const std::string other_version =
    refusal("HTTP/1.1 505 HTTP Version Not Supported", "Only HTTP/1.0 and HTTP/1.1 are spoken here.\n");

std::string handled(nx::registry_core& registry, const std::string& request,
                    const nx::http_server_options& options = nx::http_server_options()) {
  std::string out;
  REQUIRE(nx::http_server::handle(registry, request, nx::string_sink(out), options).ok());
  return out;
}

bool has_ipv6() {
  nx::registry none;
  return nx::http_server(none, "[::1]:0", by_hand()).ok();
}

}  // namespace

// ---- handle(): no socket at all ----

TEST_CASE("http_server: handle answers GET with the exposition in chunks") {
  shop s;
  CHECK(handled(s.mine, get_11) == s.chunked);
  CHECK(handled(s.mine, "GET /metrics HTTP/1.7\r\nHost: here\r\n\r\n") == s.chunked);
}

TEST_CASE("http_server: every chunk of the exposition becomes one chunk of the response") {
  warehouse w;
  struct framer {
    std::string text;
    static bool write(void* self, const char* data, std::size_t size) {
      char length[20];
      std::string& t = static_cast<framer*>(self)->text;
      t.append(length, static_cast<std::size_t>(snprintf(length, sizeof length, "%zx\r\n", size)));
      t.append(data, size);
      t.append("\r\n");
      return true;
    }
  } expected;
  const nx::sink out = {&framer::write, &expected};
  REQUIRE(nx::write_text(w.mine, out).ok());
  const std::string page = handled(w.mine, get_11);
  CHECK(page.size() == head_11.size() + expected.text.size() + 5);
  CHECK((page == head_11 + expected.text + "0\r\n\r\n"));
}

TEST_CASE("http_server: handle answers HTTP/1.0 without chunks") {
  shop s;
  CHECK(handled(s.mine, get_10) == head_10 + s.body);
  CHECK(handled(s.mine, "GET /metrics HTTP/1.0\r\nHost: here\r\n\r\n") == head_10 + s.body);
}

TEST_CASE("http_server: a registry without metrics is an empty page") {
  nx::registry none;
  CHECK(handled(none, get_11) == head_11 + "0\r\n\r\n");
  CHECK(handled(none, get_10) == head_10);
}

TEST_CASE("http_server: HEAD has the headers of GET and no body") {
  shop s;
  CHECK(handled(s.mine, "HEAD /metrics HTTP/1.1\r\nHost: here\r\n\r\n") == head_11);
  CHECK(handled(s.mine, "HEAD /metrics HTTP/1.0\r\n\r\n") == head_10);
  CHECK(handled(s.mine, "HEAD /else HTTP/1.1\r\nHost: here\r\n\r\n") ==
        not_found.substr(0, not_found.find("There is")));
  const std::string page = handled(s.mine, "GET / HTTP/1.1\r\nHost: here\r\n\r\n");
  CHECK(handled(s.mine, "HEAD / HTTP/1.1\r\nHost: here\r\n\r\n") == page.substr(0, page.find("\r\n\r\n") + 4));
}

TEST_CASE("http_server: query strings, absolute targets, bare line feeds and leading empty lines are accepted") {
  shop s;
  for (const char* request : {
           "GET /metrics? HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics?names=a&x=/y HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET http://here:9464/metrics HTTP/1.1\r\nHost: here:9464\r\n\r\n",
           "GET HTTPS://here/metrics?x HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/1.1\nHost: here\n\n",
           "\r\n\nGET /metrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/1.1\r\nhOST:\r\n\r\n",
           "GET /metrics HTTP/1.1\r\nAccept: a/b;q=1,*/*\r\nX-y:\tz \xc3\xa4\r\nHost:\t here \r\n\r\n",
           "GET /metrics HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc",
       }) {
    INFO(request);
    CHECK(handled(s.mine, request) == s.chunked);
  }
}

TEST_CASE("http_server: other paths are not found") {
  shop s;
  for (const char* target : {"/metric", "/metrics/", "/metricsx", "//metrics", "/Metrics", "/x?/metrics",
                             "http://metrics/x", "/\xff"}) {
    INFO(target);
    CHECK(handled(s.mine, std::string("GET ") + target + " HTTP/1.1\r\nHost: here\r\n\r\n") == not_found);
  }
}

TEST_CASE("http_server: other methods are told which ones there are") {
  shop s;
  for (const char* line : {"POST /metrics", "PUT /nowhere", "OPTIONS *", "CONNECT here:80", "get /metrics",
                           "GETS /metrics"}) {
    INFO(line);
    CHECK(handled(s.mine, std::string(line) + " HTTP/1.1\r\nHost: here\r\n\r\n") == not_allowed);
  }
}

TEST_CASE("http_server: nonsense is a bad request") {
  shop s;
  for (const char* request : {
           "",
           "\r\n\r\n",
           "GET\r\n\r\n",
           "GET /metrics\r\n\r\n",
           "GET  /metrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics  HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/1.1 \r\nHost: here\r\n\r\n",
           " GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics x HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/11\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/1.10\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/a.1\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/1.b\r\nHost: here\r\n\r\n",
           "GET /metrics http/1.1\r\nHost: here\r\n\r\n",
           "G(T /metrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET metrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET * HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET ?x HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET http:/metrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET http:///metrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET ftp://here/metrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/1.1\r\n\r\n",                                     // no Host
           "GET /metrics HTTP/1.1\r\nHost: here\r\nHost: here\r\n\r\n",         // two
           "GET /metrics HTTP/1.1\r\nHost : here\r\n\r\n",
           "GET /metrics HTTP/1.1\r\nHost: here\r\nX\r\n\r\n",
           "GET /metrics HTTP/1.1\r\nHost: here\r\n: x\r\n\r\n",
           "GET /metrics HTTP/1.1\r\nHost: here\r\n folded\r\n\r\n",
           "GET /metrics HTTP/1.1\r\nHost: here\r\nX: a\rb\r\n\r\n",
           "GET /met\rrics HTTP/1.1\r\nHost: here\r\n\r\n",
           "GET /metrics HTTP/1.1\r\nHost: here\r\nX: \x7f\r\n\r\n",
           "GET /metrics HTTP/1.1\r\nHost: here\r\n",                           // does not end
           "GET /metrics HTTP/1.1\r\nHost: here\r\n\r",
       }) {
    INFO(request);
    CHECK(handled(s.mine, request) == bad_request);
  }
  CHECK(handled(s.mine, std::string("GET /metrics HTTP/1.1\r\nHost: here\r\nX: \0\r\n\r\n", 44)) == bad_request);
  CHECK(handled(s.mine, std::string("G\0T /metrics HTTP/1.1\r\nHost: here\r\n\r\n", 38)) == bad_request);
  CHECK(handled(s.mine, "GET x HTTP/1.0\r\n\r\n") ==
        refusal("HTTP/1.0 400 Bad Request", "The request is not valid HTTP.\n"));
}

TEST_CASE("http_server: other versions of HTTP are refused by number") {
  shop s;
  CHECK(handled(s.mine, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == other_version);
  CHECK(handled(s.mine, "GET /metrics HTTP/2.0\r\nHost: here\r\n\r\n") == other_version);
  CHECK(handled(s.mine, "GET /metrics HTTP/0.9\r\nHost: here\r\n\r\n") == other_version);
  CHECK(handled(s.mine, "HEAD /metrics HTTP/2.0\r\n\r\n") == other_version.substr(0, other_version.find("Only")));
}

TEST_CASE("http_server: a head may be as long as the limit and not longer") {
  shop s;
  const std::string front = "GET /metrics HTTP/1.1\r\nHost: here\r\nX: ";
  const auto padded = [&](std::size_t size) { return front + std::string(size - front.size() - 4, 'x') + "\r\n\r\n"; };
  CHECK(handled(s.mine, padded(8192)) == s.chunked);
  CHECK(handled(s.mine, padded(8193)) == head_too_long);
  CHECK(handled(s.mine, padded(100000)) == head_too_long);
  CHECK(handled(s.mine, padded(100), quiet().set_max_head_bytes(100)) == s.chunked);
  CHECK(handled(s.mine, padded(101), quiet().set_max_head_bytes(100)) == head_too_long);
  CHECK(handled(s.mine, "GET /" + std::string(8200, 'x') + " HTTP/1.1\r\nHost: here\r\n\r\n") == line_too_long);
}

TEST_CASE("http_server: the page at / shows the way for people and for Prometheus") {
  shop s;
  const std::string page = handled(s.mine, "GET / HTTP/1.1\r\nHost: box.example:9464\r\n\r\n");
  const std::size_t end = page.find("\r\n\r\n") + 4;
  CHECK(page.substr(0, end) == "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
                               "Content-Length: " + std::to_string(page.size() - end) + "\r\n\r\n");
  CHECK(page.find("<!DOCTYPE html>\n<html lang=\"en\">\n") == end);
  CHECK(page.find("<p>This program shows its metrics to Prometheus at "
                  "<a href=\"metrics\">/metrics</a>.</p>\n") < page.size());
  CHECK(page.find("<pre>scrape_configs:\n  - job_name: my-program\n    static_configs:\n"
                  "      - targets: [\"box.example:9464\"]\n</pre>\n") < page.size());
  const std::string version = std::to_string(NARTHEX_VERSION_MAJOR) + "." + std::to_string(NARTHEX_VERSION_MINOR) +
                              "." + std::to_string(NARTHEX_VERSION_PATCH);
  CHECK(page.find("<footer>narthex " + version + "</footer>\n</body>\n</html>\n") < page.size());
  CHECK(handled(s.mine, "GET http://box HTTP/1.1\r\nHost: box.example:9464\r\n\r\n") == page);
  CHECK(handled(s.mine, "GET / HTTP/1.0\r\n\r\n").find("[\"localhost:9464\"]") < page.size());
}

TEST_CASE("http_server: what comes from outside is escaped in the page") {
  shop s;
  const nx::http_server_options odd = quiet().set_path("/a&b");
  const std::string page = handled(s.mine, "GET / HTTP/1.1\r\nHost: <\"x\">\r\n\r\n", odd);
  CHECK(page.find("<a href=\"a&amp;b\">/a&amp;b</a>") < page.size());
  CHECK(page.find("    metrics_path: /a&amp;b\n") < page.size());
  CHECK(page.find("[\"&lt;&quot;x&quot;&gt;\"]") < page.size());
}

TEST_CASE("http_server: the metrics can be somewhere else") {
  shop s;
  const nx::http_server_options options = quiet().set_path("/own/path");
  CHECK(handled(s.mine, "GET /own/path HTTP/1.1\r\nHost: here\r\n\r\n", options) == s.chunked);
  CHECK(handled(s.mine, get_11, options) ==
        refusal("HTTP/1.1 404 Not Found", "There is nothing here; the metrics are at /own/path.\n"));
  CHECK(handled(s.mine, "GET / HTTP/1.1\r\nHost: here\r\n\r\n", quiet().set_path("/")) == s.chunked);
}

TEST_CASE("http_server: handle without a registry answers for the default one") {
  std::string by_default, by_name;
  CHECK(nx::http_server::handle(get_11, nx::string_sink(by_default)).ok());
  CHECK(nx::http_server::handle(nx::default_registry(), get_11, nx::string_sink(by_name)).ok());
  CHECK(by_default == by_name);
}

TEST_CASE("http_server: a sink that says no gets no more, and no end is written") {
  shop s;
  struct bounded {
    std::size_t calls_left;
    std::string text;
    bool called_again;
    static bool write(void* self, const char* data, std::size_t size) {
      bounded& b = *static_cast<bounded*>(self);
      if (b.calls_left == 0) {
        b.called_again = true;
        return false;
      }
      b.text.append(data, size);
      return --b.calls_left > 0;
    }
  };
  for (const std::string& request : {get_11, get_10, std::string("GET / HTTP/1.1\r\nHost: here\r\n\r\n")}) {
    const std::string whole = handled(s.mine, request);
    bool done = false;
    for (std::size_t calls = 1; !done; ++calls) {
      bounded b = {calls, std::string(), false};
      const nx::sink out = {&bounded::write, &b};
      const nx::status result = nx::http_server::handle(s.mine, request, out);
      INFO(calls << " calls: " << b.text);
      CHECK_FALSE(b.called_again);
      CHECK(whole.compare(0, b.text.size(), b.text) == 0);
      done = b.calls_left > 0;
      if (done) {
        CHECK(result.ok());
        CHECK(b.text == whole);
      } else {
        CHECK(result.code() == nx::errc::closed);
      }
    }
  }
}

// ---- over the wire ----

TEST_CASE("http_server: serves in the background from the moment it is made") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  REQUIRE(server.ok());
  CHECK(server.error() == std::string());
  CHECK(server.why().ok());
  REQUIRE(server.port() != 0);
  CHECK(ask(server.port(), get_11) == s.chunked);
  CHECK(ask(server.port(), get_10) == head_10 + s.body);
  CHECK(ask(server.port(), "HEAD /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n") == head_11);
  CHECK(ask(server.port(), "GET /x HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n") == not_found);
  CHECK(ask(server.port(), "DELETE /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n") == not_allowed);
  CHECK(ask(server.port(), "what?\r\n\r\n") == bad_request);
  s.things.inc();
  s.body[s.body.size() - 2] = '4';
  CHECK(ask(server.port(), get_10) == head_10 + s.body);
}

TEST_CASE("http_server: the page names the port that Prometheus needs") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  REQUIRE(server.ok());
  const std::string page = ask(server.port(), "GET / HTTP/1.0\r\n\r\n");
  CHECK(page.find("[\"localhost:" + std::to_string(server.port()) + "\"]") < page.size());
}

TEST_CASE("http_server: the default registry needs no argument, and gets the standard process metrics") {
  const std::string resident = "\n# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ";
  {
    nx::http_server server{"127.0.0.1:0", quiet().without_process_metrics()};
    const std::string page = ask(server.port(), get_11);
    CHECK(page.compare(0, head_11.size(), head_11) == 0);
    CHECK(page.find("process_") == std::string::npos);
  }
  shop s;
  nx::http_server of_another(s.mine, "127.0.0.1:0", quiet());
  CHECK(ask(of_another.port(), get_11) == s.chunked);
  for (int i = 0; i < 2; ++i) {
    nx::http_server server{"127.0.0.1:0"};
    REQUIRE(server.ok());
    const std::string page = ask(server.port(), get_11);
#if defined(__linux__) || defined(__APPLE__) || defined(_WIN32)
    CHECK(page.find(resident) < page.size());
    CHECK(page.find(resident) == page.rfind(resident));
#else
    CHECK(page.find(resident) == std::string::npos);
#endif
  }
}

TEST_CASE("http_server: a request may come byte by byte") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  client c(server.port());
  REQUIRE(c.send_byte_by_byte(get_11));
  CHECK(c.read() == s.chunked);
  CHECK(c.how_it_ended() == client::end::eof);
}

TEST_CASE("http_server: a client that half-closes after its request gets its answer") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  client c(server.port());
  REQUIRE(c.send(get_11));
  c.half_close();
  CHECK(c.read() == s.chunked);
}

TEST_CASE("http_server: a large page arrives whole") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet().set_write_timeout_ms(60000).set_request_timeout_ms(60000));
  const std::string page = ask(server.port(), get_11);
  CHECK(page.size() > 300 * 60000);
  CHECK((page == handled(w.mine, get_11)));
}

TEST_CASE("http_server: what a refused client still sends does not cost it the answer") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  for (int i = 0; i < 20; ++i) {
    client c(server.port());
    REQUIRE(c.send("GET /metrics HTTP/1.1\r\nHost: here\r\nX: " + std::string(40000, 'x')));
    CHECK(c.read() == head_too_long);
    CHECK(c.how_it_ended() == client::end::eof);
  }
  client c(server.port());
  REQUIRE(c.send(std::string(8192, 'x')));
  CHECK(c.read() == line_too_long);
}

TEST_CASE("http_server: what a client sends beyond its request does not cost it the end of the page") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet().set_write_timeout_ms(60000).set_request_timeout_ms(60000));
  client c(server.port(), "127.0.0.1", 32768);
  REQUIRE(c.send(get_11 + std::string(30000, 'x')));
  CHECK((c.read(~std::size_t(0), 60000) == handled(w.mine, get_11)));
  CHECK(c.how_it_ended() == client::end::eof);
}

TEST_CASE("http_server: a deadline that has passed ends a request and an answer that could go on") {
  shop s;
  nx::http_server no_patience(s.mine, "127.0.0.1:0", by_hand().set_read_timeout_ms(0));
  client c(no_patience.port());
  c.send(get_11);
  CHECK(no_patience.serve_once(5000).subject() == std::string("read"));
  nx::http_server no_answer(s.mine, "127.0.0.1:0", by_hand().set_write_timeout_ms(0));
  client d(no_answer.port());
  d.send(get_11);
  CHECK(no_answer.serve_once(5000).subject() == std::string("write"));
  CHECK(d.read() == "");
}

TEST_CASE("http_server: a client that says nothing is closed without a word") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", by_hand().set_read_timeout_ms(50));
  client c(server.port());
  const nx::status result = server.serve_once(5000);
  CHECK(result.code() == nx::errc::timeout);
  CHECK(result.subject() == std::string("read"));
  CHECK(c.read() == "");
  CHECK(c.how_it_ended() == client::end::eof);
}

TEST_CASE("http_server: half a request is told that it came too late") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_read_timeout_ms(500));
  client c(server.port());
  REQUIRE(c.send(get_11.substr(0, 20)));
  CHECK(c.read() == too_late);
  CHECK(soon([&] { return ask(server.port(), get_11) == s.chunked; }));
}

TEST_CASE("http_server: a byte now and then does not stretch the deadline") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_read_timeout_ms(200));
  client c(server.port());
  bool refused = false;
  for (int i = 0; i < 400 && !refused; ++i) {
    c.send("G");
    refused = !c.read(1, 25).empty();
  }
  CHECK(refused);
}

TEST_CASE("http_server: a client that goes away costs only itself") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  {
    client silent(server.port());
    client reset(server.port());
    reset.send(get_11);
    reset.reset();
    client half(server.port());
    half.send(get_11.substr(0, 20));
    half.half_close();
    silent.close();
    CHECK(half.read() == bad_request);
  }
  CHECK(ask(server.port(), get_11) == s.chunked);
}

TEST_CASE("http_server: a client that does not read is dropped, and sees that the page is not whole") {
  warehouse w;
  for (const std::string& request : {get_11, get_10}) {
    nx::http_server server(w.mine, "127.0.0.1:0", by_hand().set_write_timeout_ms(100));
    client c(server.port(), "127.0.0.1", 4096);
    REQUIRE(c.send(request));
    const nx::status result = server.serve_once(5000);
    CHECK(result.code() == nx::errc::timeout);
    CHECK(result.subject() == std::string("write"));
    const std::string part = c.read();
    CHECK(c.how_it_ended() == client::end::reset);
    CHECK(part.size() < 300 * 60000);
  }
}

// ---- addresses and ports ----

TEST_CASE("http_server: port taken is a status with the system's words") {
  shop s;
  nx::http_server first(s.mine, "127.0.0.1:0", quiet());
  REQUIRE(first.ok());
  const std::string address = "127.0.0.1:" + std::to_string(first.port());
  nx::http_server second(s.mine, address);
  CHECK_FALSE(second.ok());
  CHECK(second.error() == address + ": " + support::net::words(support::net::address_in_use));
  CHECK(second.why().code() == nx::errc::address_in_use);
  CHECK(second.why().number() == support::net::address_in_use);
  CHECK(second.why().subject() == address);
  CHECK(second.port() == 0);
  CHECK(second.native_handle() == -1);
  CHECK(second.serve_once(0).number() == support::net::address_in_use);
  CHECK(ask(first.port(), get_11) == s.chunked);
}

TEST_CASE("http_server: a port is free again as soon as its server is gone") {
  shop s;
  std::uint16_t port = 0;
  for (int i = 0; i < 3; ++i) {
    nx::http_server server(s.mine, "127.0.0.1:" + std::to_string(port), quiet());
    INFO(server.error());
    REQUIRE(server.ok());
    port = server.port();
    CHECK(ask(port, get_11) == s.chunked);
  }
}

TEST_CASE("http_server: an address that cannot be read is named") {
  shop s;
  for (const char* address :
       {"", ":", "9464", "localhost", "localhost:", ":http", ":65536", ":100000", ":-1", ":+1", ": 1", ":1 ",
        "::1:9464", "[::1]", "[::1]9464", "[::1:9464", "::1]:9464", "[]:9464", "[127.0.0.1]:9464", "[localhost]:9464",
        "127.0.0.1:80:80", "127.0.0:9464", "256.0.0.1:9464", "127.1:9464", "example.org:9464", " 127.0.0.1:9464",
        "http://127.0.0.1:9464", "[::x]:9464"}) {
    nx::http_server server(s.mine, address);
    INFO(address);
    CHECK_FALSE(server.ok());
    CHECK(server.why().code() == nx::errc::bad_address);
    CHECK(server.error() == (*address ? std::string(address) + ": " : std::string()) + "the address cannot be read");
    CHECK(server.port() == 0);
  }
  nx::http_server long_one(s.mine, std::string(5000, '1') + ":9464");
  CHECK(long_one.why().code() == nx::errc::bad_address);
}

TEST_CASE("http_server: an address of another machine is the system's word") {
  nx::registry none;
  nx::http_server server(none, "192.0.2.1:0", quiet());
  CHECK(server.error() == std::string("192.0.2.1:0: ") + support::net::words(support::net::address_not_here));
}

TEST_CASE("http_server: a path that is none is refused") {
  nx::registry none;
  for (const std::string& path : {std::string(), std::string("metrics"), "/" + std::string(64, 'x'), std::string("/a b"),
                                  std::string("/a?b"), std::string("/a#b"), std::string("/a\n"), std::string("/\x7f")}) {
    nx::http_server server(none, "127.0.0.1:0", quiet().set_path(path));
    CHECK(server.why().code() == nx::errc::bad_address);
  }
  nx::http_server longest(none, "127.0.0.1:0", by_hand().set_path("/" + std::string(63, 'x')));  // copied: a temporary
  client c(longest.port());
  c.send("GET /" + std::string(63, 'x') + " HTTP/1.0\r\n\r\n");
  c.half_close();
  CHECK(longest.serve_once(5000).ok());
  CHECK(c.read() == head_10);
}

TEST_CASE("http_server: every interface, by IPv4 and IPv6") {
  shop s;
  nx::http_server server(s.mine, ":0", quiet());
  REQUIRE(server.ok());
  CHECK(ask(server.port(), get_11) == s.chunked);
  if (has_ipv6()) CHECK(ask(server.port(), get_11, "::1") == s.chunked);
}

TEST_CASE("http_server: localhost is this machine") {
  shop s;
  nx::http_server server(s.mine, "localhost:0", quiet());
  REQUIRE(server.ok());
  CHECK(ask(server.port(), get_11) == s.chunked);
}

TEST_CASE("http_server: IPv6 in brackets") {
  if (!has_ipv6()) {
    WARN("skipped: this machine has no IPv6");
    return;
  }
  shop s;
  nx::http_server server(s.mine, "[::1]:0", quiet());
  REQUIRE(server.ok());
  REQUIRE(server.port() != 0);
  CHECK(ask(server.port(), get_11, "::1") == s.chunked);
  CHECK(ask(server.port(), get_11) == "");
  const std::string address = "[::1]:" + std::to_string(server.port());
  CHECK(nx::http_server(s.mine, address).error() == address + ": " + support::net::words(support::net::address_in_use));
}

// ---- serve_once ----

TEST_CASE("http_server: serve_once answers one client, in the caller's thread") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", by_hand());
  REQUIRE(server.ok());
  client first(server.port()), second(server.port());
  for (client* c : {&first, &second}) {
    REQUIRE(c->send(get_11));
    c->half_close();
  }
  CHECK(server.serve_once(5000).ok());
  CHECK(first.read() == s.chunked);
  CHECK(second.read(1, 50) == "");
  CHECK(server.serve_once(-1).ok());
  CHECK(second.read() == s.chunked);
}

TEST_CASE("http_server: serve_once says when nobody came") {
  nx::registry none;
  nx::http_server server(none, "127.0.0.1:0", by_hand());
  for (int ms : {0, 30}) {
    const long long before = support::now_ms();
    const nx::status result = server.serve_once(ms);
    CHECK(support::now_ms() - before >= ms);
    CHECK(result.code() == nx::errc::timeout);
    CHECK(result.subject() == std::string("accept"));
  }
}

TEST_CASE("http_server: serve_once says when a client left before it asked") {
  nx::registry none;
  nx::http_server server(none, "127.0.0.1:0", by_hand());
  client(server.port()).close();
  CHECK(server.serve_once(5000).code() == nx::errc::closed);
}

TEST_CASE("http_server: the native handle tells a program's own poll when serve_once has work") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", by_hand());
  pollfd p = {static_cast<support::net::handle>(server.native_handle()), POLLIN, 0};
  CHECK(support::net::poll(&p, 1, 0) == 0);
  client c(server.port());
  c.send(get_11);
  c.half_close();
  CHECK(support::net::poll(&p, 1, 5000) == 1);
  CHECK(server.serve_once(0).ok());
  CHECK(c.read() == s.chunked);
}

#if !defined(_WIN32)
TEST_CASE("http_server: a program full of signals waits as long as one without") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", by_hand().set_read_timeout_ms(100));
  struct sigaction before, counted;
  memset(&counted, 0, sizeof counted);
  counted.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &counted, &before);
  itimerval often, none;
  memset(&none, 0, sizeof none);
  often.it_interval.tv_sec = often.it_value.tv_sec = 0;
  often.it_interval.tv_usec = often.it_value.tv_usec = 5000;
  client silent(server.port()), slow(server.port());
  slow.send(get_11);
  slow.half_close();
  ::setitimer(ITIMER_REAL, &often, nullptr);
  const nx::status first = server.serve_once(5000);
  const nx::status second = server.serve_once(5000);
  const nx::status third = server.serve_once(100);
  ::setitimer(ITIMER_REAL, &none, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
  CHECK(first.code() == nx::errc::timeout);
  CHECK(first.subject() == std::string("read"));
  CHECK(second.ok());
  CHECK(third.code() == nx::errc::timeout);
  CHECK(slow.read() == s.chunked);
}

TEST_CASE("http_server: no descriptors left is a status, and passes") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", by_hand());
  client c(server.port());
  c.send(get_11);
  c.half_close();
  rlimit before;
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const nx::status refused = server.serve_once(5000);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(refused.code() == nx::errc::too_many_descriptors);
  CHECK(refused.number() == EMFILE);
  CHECK(server.serve_once(5000).ok());
  CHECK(c.read() == s.chunked);
}
#endif

// ---- stopping, and what the process must not notice ----

TEST_CASE("http_server: stops at once, with a client that says nothing") {
  nx::registry none;
  std::unique_ptr<nx::http_server> server(new nx::http_server(
      none, "127.0.0.1:0", quiet().set_read_timeout_ms(60000)));
  client c(server->port());
  c.send("GET");
  const long long before = support::now_ms();
  server.reset();
  CHECK(support::now_ms() - before < 20000);
  CHECK(c.read() == "");
}

TEST_CASE("http_server: stops at once during a scrape, and the cut page does not look whole") {
  warehouse w;
  for (const std::string& request : {get_11, get_10}) {
    std::unique_ptr<nx::http_server> server(new nx::http_server(
        w.mine, "127.0.0.1:0", quiet().set_write_timeout_ms(60000).set_request_timeout_ms(60000)));
    client c(server->port(), "127.0.0.1", 4096);
    REQUIRE(c.send(request));
    const std::string first = c.read(1000);
    REQUIRE(first.size() == 1000);
    const long long before = support::now_ms();
    server.reset();
    CHECK(support::now_ms() - before < 20000);
    const std::string rest = c.read();
    CHECK(c.how_it_ended() == client::end::reset);
    CHECK(rest.size() < 300 * 60000);
  }
}

TEST_CASE("http_server: stops when nobody ever came") {
  nx::registry none;
  for (int i = 0; i < 50; ++i) nx::http_server(none, "127.0.0.1:0");
}

#if !defined(_WIN32)
TEST_CASE("http_server: a broken connection raises no SIGPIPE") {
  struct sigaction ends, before;
  memset(&ends, 0, sizeof ends);
  ends.sa_handler = SIG_DFL;  // would end this process
  ::sigaction(SIGPIPE, &ends, &before);
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", by_hand());  // in this thread: the server's own blocks signals
  client c(server.port());
  c.send(get_11);
  c.close();
  CHECK(server.serve_once(5000).code() == nx::errc::closed);
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_CASE("http_server: no signal's disposition and no mask changes") {
  struct sigaction before[32], now;
  sigset_t open, mask_before, mask_now;
  ::sigemptyset(&open);
  ::pthread_sigmask(SIG_SETMASK, &open, &mask_before);
  for (int i = 1; i < 32; ++i) ::sigaction(i, nullptr, &before[i]);
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  CHECK(ask(server.port(), get_11) == s.chunked);
  for (int i = 1; i < 32; ++i) {
    INFO(i);
    ::sigaction(i, nullptr, &now);
    CHECK(now.sa_handler == before[i].sa_handler);
    CHECK(now.sa_flags == before[i].sa_flags);
  }
  ::pthread_sigmask(SIG_SETMASK, &mask_before, &mask_now);
  for (int i = 1; i < 32; ++i) CHECK(sigismember(&mask_now, i) == 0);
}

TEST_CASE("http_server: its thread takes no signal that was meant for the program") {
  nx::registry none;
  nx::http_server server(none, "127.0.0.1:0", quiet());
  sigset_t one, before, waiting;
  ::sigemptyset(&one);
  ::sigaddset(&one, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &one, &before);
  ::kill(::getpid(), SIGUSR1);  // would end the process, if the server's thread took it
  support::sleep_us(50000);
  ::sigpending(&waiting);
  CHECK(sigismember(&waiting, SIGUSR1) == 1);
  int taken = 0;
  CHECK(::sigwait(&one, &taken) == 0);
  CHECK(taken == SIGUSR1);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}
#endif

TEST_CASE("http_server: leaks no descriptor, whatever clients do") {
  if (open_files() == 0) {
    WARN("skipped: nobody tells");
    return;
  }
  shop s;
  const std::size_t before = open_files();
  {
    nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_read_timeout_ms(100));
    for (int i = 0; i < 200; ++i) {
      client c(server.port());
      switch (i % 5) {
        case 0: c.reset(); break;
        case 1: c.send("nonsense\r\n\r\n"); break;
        case 2: c.send(get_11.substr(0, 9)); break;
        default: c.send(get_11); c.read(); break;
      }
    }
    CHECK(soon([&] { return ask(server.port(), get_11) == s.chunked; }));  // the deadline is short for a busy machine, too
    nx::http_server taken(s.mine, "127.0.0.1:" + std::to_string(server.port()));
    CHECK_FALSE(taken.ok());
    CHECK(soon([&] { return open_files() == before + support::server_files; }));  // the clients go by themselves
  }
  CHECK(open_files() == before);
}

#if !defined(_WIN32)
TEST_CASE("http_server: its descriptors are closed in a program that is started") {
  nx::registry none;
  bool was_open[64];
  for (int fd = 0; fd < 64; ++fd) was_open[fd] = ::fcntl(fd, F_GETFD) >= 0;
  nx::http_server server(none, "127.0.0.1:0", quiet());
  int found = 0;
  for (int fd = 0; fd < 64; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || was_open[fd]) continue;
    ++found;
    CHECK((flags & FD_CLOEXEC) != 0);
  }
  CHECK(found == 3);
}

TEST_CASE("http_server: a forked child can destroy its copy, and the parent goes on serving") {
  shop s;
  std::unique_ptr<nx::http_server> server(new nx::http_server(s.mine, "127.0.0.1:0", quiet()));
  REQUIRE(server->ok());
  const pid_t child = ::fork();
  if (child == 0) {
    server.reset();
    ::_exit(0);
  }
  int how = -1;
  REQUIRE(::waitpid(child, &how, 0) == child);
  CHECK(how == 0);
  CHECK(ask(server->port(), get_11) == s.chunked);
}
#endif
