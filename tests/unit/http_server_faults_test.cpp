// http_server under clients that are slow, many, broken or hostile: who else is served meanwhile, and what is left behind.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <atomic>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/fake_server.hpp"
#include "support/held.hpp"
#include "support/shop.hpp"

namespace nx = narthex;
using support::ask;
using support::client;
using support::get;
using support::get_and_close;
using support::not_found;
using support::quiet;
using support::refusal;
using support::shop;
using support::soon;
using support::warehouse;

// ---- memory, counted and refused ----

namespace {
std::atomic<long> blocks(0);
std::atomic<bool> no_memory(false);
}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* const p = no_memory ? nullptr : malloc(size ? size : 1);
  if (p) ++blocks;
  return p;
}
void* operator new(std::size_t size) {
  void* const p = malloc(size ? size : 1);
  if (!p) abort();
  ++blocks;
  return p;
}
void operator delete(void* p) noexcept {
  if (p) --blocks;
  free(p);
}
#if __cplusplus >= 201402L
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
#endif

namespace {

const std::string bad_request = refusal("400 Bad Request", "Connection: close\r\n", "The request is not valid HTTP.\n");

std::string handled(nx::registry_core& registry, const std::string& request,
                    const nx::http_server_options& options = nx::http_server_options()) {
  std::string out;
  REQUIRE(nx::http_server::handle(registry, request, nx::string_sink(out), options).ok());
  return out;
}

double value(nx::registry_core& registry, const std::string& line) {
  const std::string text = "\n" + nx::to_text(registry);
  const std::size_t at = text.find("\n" + line + " ");
  return at == std::string::npos ? -1 : atof(text.c_str() + at + line.size() + 2);
}

#if !defined(_WIN32)
/// A client of a Unix socket.
std::string ask_unix(const std::string& path, const std::string& request) {
  sockaddr_un where;
  memset(&where, 0, sizeof where);
  where.sun_family = AF_UNIX;
  memcpy(where.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  std::string all;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    char part[4096];
    ssize_t n;
    while ((n = ::recv(fd, part, sizeof part, 0)) > 0) all.append(part, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return all;
}

struct folder {
  std::string name;
  folder() {
    char pattern[] = "/tmp/narthex_test_XXXXXX";
    name = ::mkdtemp(pattern);
  }
  ~folder() { ::rmdir(name.c_str()); }
};
#endif

}  // namespace

// ---- one connection, several requests ----

TEST_CASE("http_server: a connection stays open for the next request") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  client c(server.port());
  for (int i = 0; i < 3; ++i) {
    REQUIRE(c.send(get));
    CHECK(c.read(s.kept.size()) == s.kept);
    REQUIRE(c.send("GET /x HTTP/1.1\r\nHost: here\r\n\r\n"));
    CHECK(c.read(not_found.size()) == not_found);
    const std::string not_allowed = refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n", "Only GET and HEAD are answered here.\n");
    REQUIRE(c.send("DELETE /metrics HTTP/1.1\r\nHost: here\r\n\r\n"));
    CHECK(c.read(not_allowed.size()) == not_allowed);
  }
  REQUIRE(c.send("GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: x, CLOSE\r\n\r\n"));
  CHECK(c.read() == s.closed);
  CHECK(c.how_it_ended() == client::end::eof);
}

TEST_CASE("http_server: HTTP/1.0 and what was not understood end the connection") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  client old(server.port()), wrong(server.port());
  REQUIRE(old.send("GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get));
  CHECK(old.read() == "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                      "Connection: close\r\n\r\n" + s.body);
  REQUIRE(wrong.send("GET /metrics\r\n\r\n" + get));
  CHECK(wrong.read() == bad_request);
}

TEST_CASE("http_server: requests sent in one piece are answered in their order") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  for (int count : {2, 50, 400}) {  // 400 do not fit into the buffer together
    std::string requests, answers;
    for (int i = 0; i < count; ++i) {
      requests += (count - 1 - i) % 3 == 0 ? get : "GET /x HTTP/1.1\r\nHost: here\r\n\r\n";
      answers += (count - 1 - i) % 3 == 0 ? s.kept : not_found;
    }
    client c(server.port());
    std::thread sender([&] { c.send(requests + get_and_close); });
    CHECK((c.read() == answers + s.closed));
    sender.join();
    client d(server.port());
    std::thread other([&] {
      d.send(requests);
      d.half_close();
    });
    const std::string all = d.read();
    other.join();
    // The last answer announces the close, if the end of the requests was seen by then.
    const std::string front = answers.substr(0, answers.size() - s.kept.size());
    CHECK((all == answers || all == front + s.closed));
    CHECK(d.how_it_ended() == client::end::eof);
  }
}

TEST_CASE("http_server: a body is passed over, within its limit") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  const auto with = [&](const std::string& line, const std::string& headers, const std::string& body) {
    return ask(server.port(), line + " HTTP/1.1\r\nHost: here\r\n" + headers + "\r\n" + body);
  };
  CHECK(with("GET /metrics", "Content-Length: 3\r\n", "abc") == s.closed);
  CHECK(with("GET /metrics", "Content-Length: 0\r\nConnection: close\r\n", "") == s.closed);
  CHECK(with("GET /metrics", "Content-Length: 03\r\nContent-Length: 3\r\n", "abc") == s.closed);
  CHECK(with("GET /metrics", "Content-Length: 65536\r\nExpect: 100-continue\r\n", std::string(65536, 'x')) == s.closed);
  CHECK(with("POST /metrics", "Content-Length: 3\r\n", "abc") ==
        refusal("405 Method Not Allowed", "Connection: close\r\nAllow: GET, HEAD\r\n", "Only GET and HEAD are answered here.\n"));
  for (const char* length : {"65537", "18446744073709551617", "99999999999999999999999999999"}) {
    CHECK(with("GET /metrics", "Content-Length: " + std::string(length) + "\r\n", "x") ==
          refusal("413 Content Too Large", "Connection: close\r\n", "The request body is too long.\n"));
  }
  CHECK(with("GET /metrics", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n") ==
        refusal("501 Not Implemented", "Connection: close\r\n", "A request's body must have a Content-Length.\n"));
  for (const char* headers : {"Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: -1\r\n", "Content-Length: +1\r\n",
                              "Content-Length: \r\n", "Content-Length: 1 2\r\n", "Content-Length: 0x1\r\n",
                              "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 3, 3\r\n"}) {
    INFO(headers);
    CHECK(with("GET /metrics", headers, "abc") == bad_request);
  }
}

// ---- deadlines ----

TEST_CASE("http_server: who asks nothing more is let go after the idle time, without a word") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_idle_timeout_ms(50).set_read_timeout_ms(60000));
  client c(server.port());
  REQUIRE(c.send(get));
  CHECK(c.read() == s.kept);
  CHECK(c.how_it_ended() == client::end::eof);
}

TEST_CASE("http_server: the second request has its own time to arrive") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_idle_timeout_ms(60000).set_read_timeout_ms(500));
  client c(server.port());
  REQUIRE(c.send(get + get.substr(0, 10)));
  CHECK(c.read() == s.kept + refusal("408 Request Timeout", "Connection: close\r\n", "The request did not arrive in time.\n"));
}

TEST_CASE("http_server: a pause before a request takes nothing from its time to arrive") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_idle_timeout_ms(60000).set_read_timeout_ms(600));
  client c(server.port());
  REQUIRE(c.send(get));
  REQUIRE(c.read(s.kept.size()) == s.kept);
  REQUIRE(c.read(1, 800) == "");  // longer than the time to arrive
  REQUIRE(c.send(get.substr(0, 10)));
  REQUIRE(c.read(1, 30) == "");
  REQUIRE(c.send(get.substr(10)));
  CHECK(c.read(s.kept.size()) == s.kept);
}

TEST_CASE("http_server: a slow reader that goes on reading gets its whole page") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet().set_write_timeout_ms(1000).set_request_timeout_ms(60000));
  client c(server.port());
  REQUIRE(c.send(get_and_close));
  const long long begun = support::now_ms();
  std::string page;
  do {
    page += c.read(1000000);
    support::sleep_us(80000);
  } while (c.how_it_ended() != client::end::eof && c.how_it_ended() != client::end::reset);
  CHECK(support::now_ms() - begun > 1200);
  CHECK(page.size() > 300 * 60000);
  CHECK(page.substr(page.size() - 5) == "0\r\n\r\n");
}

TEST_CASE("http_server: a reader that takes a little now and then is cut off after the time of a whole request") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet().set_request_timeout_ms(300).set_write_timeout_ms(60000));
  client c(server.port(), "127.0.0.1", 4096);
  REQUIRE(c.send(get));
  std::size_t taken = 0;
  const long long until = support::now_ms() + 20000;
  do {
    taken += c.read(20000, 20000).size();
    support::sleep_us(20000);
  } while (c.how_it_ended() != client::end::reset && support::now_ms() < until);
  CHECK(c.how_it_ended() == client::end::reset);
  CHECK(taken < 300 * 60000);
}

// ---- many, slow and hostile ----

TEST_CASE("http_server: a client stuck in its page holds up nobody else, nor an object that goes") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet().set_write_timeout_ms(60000).set_request_timeout_ms(60000));
  std::unique_ptr<nx::callback_gauge> goes(new nx::callback_gauge(w.mine, "zzz", "Last.", [] { return 1; }));
  client stuck(server.port(), "127.0.0.1", 65536);
  REQUIRE(stuck.send(get_and_close));
  REQUIRE(stuck.read(1000).size() == 1000);
  for (int i = 0; i < 3; ++i) {
    const std::string page = ask(server.port(), get_and_close);
    CHECK(page.size() > 300 * 60000);
    CHECK(page.substr(page.size() - 5) == "0\r\n\r\n");
  }
  goes.reset();  // returns although a scrape stands before it
  const std::string rest = stuck.read(~std::size_t(0), 60000);
  CHECK(rest.substr(rest.size() - 5) == "0\r\n\r\n");
  CHECK(rest.find("\nzzz 1\n") == std::string::npos);
}

TEST_CASE("http_server: beyond its limit of scrapes at once it says so, and soon serves again") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet().set_max_requests_in_flight(2).set_write_timeout_ms(60000));
  const std::string too_many =
      refusal("503 Service Unavailable", "Connection: close\r\n", "Too many clients at once; the limit is 2.\n");
  {
    client a(server.port(), "127.0.0.1", 4096), b(server.port(), "127.0.0.1", 4096);
    for (client* c : {&a, &b}) {
      REQUIRE(c->send(get));
      REQUIRE(c->read(1000).size() == 1000);
    }
    CHECK(ask(server.port(), get_and_close) == too_many);
    CHECK(ask(server.port(), "GET /-/healthy HTTP/1.0\r\n\r\n").substr(0, 15) == "HTTP/1.0 200 OK");
  }
  CHECK(soon([&] { return ask(server.port(), get_and_close) != too_many; }));
}

TEST_CASE("http_server: silent clients give way to one who asks, the most silent first") {
  shop s;
  const std::size_t files = support::open_files();
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_max_connections(4).set_read_timeout_ms(60000));
  std::vector<std::unique_ptr<client>> silent;
  for (unsigned i = 0; i < 4; ++i) {
    silent.emplace_back(new client(server.port()));
    if (i == 0) silent[0]->send("GET /met");
    if (files) REQUIRE(soon([&] { return support::open_files() == files + support::server_files + 2 * (i + 1); }));  // both ends: it is accepted
    CHECK(silent[i]->read(1, 20) == "");
  }
  CHECK(ask(server.port(), get_and_close) == s.closed);
  CHECK(silent[0]->read() == refusal("503 Service Unavailable", "Connection: close\r\n",
                                     "Too many clients at once; the limit is 4.\n"));
  REQUIRE(silent[1]->send(get));
  CHECK(silent[1]->read(s.kept.size()) == s.kept);
}

TEST_CASE("http_server: while all clients are being answered, a new one waits") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet().set_max_connections(2).set_write_timeout_ms(60000).set_request_timeout_ms(60000));
  std::unique_ptr<client> a(new client(server.port(), "127.0.0.1", 65536));
  client b(server.port(), "127.0.0.1", 65536);
  for (client* c : {a.get(), &b}) {
    REQUIRE(c->send(get_and_close));
    REQUIRE(c->read(1000).size() == 1000);
  }
  client third(server.port());
  REQUIRE(third.send("GET /x HTTP/1.1\r\nHost: here\r\n\r\n"));
  CHECK(third.read(1, 250) == "");
  a.reset();
  CHECK(third.read(not_found.size()) == not_found);
  const std::string rest = b.read(~std::size_t(0), 60000);
  CHECK(rest.substr(rest.size() - 5) == "0\r\n\r\n");
}

TEST_CASE("http_server: a crowd of clients that never finish their request costs no scrape") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  std::atomic<bool> over(false);
  std::atomic<int> bytes(0);
  std::thread crowd([&] {
    std::vector<std::unique_ptr<client>> all;
    for (int i = 0; !over; ++i) {
      if (all.size() < 200) all.emplace_back(new client(server.port()));
      client& c = *all[static_cast<std::size_t>(i) % all.size()];
      if (!c.connected() || !c.send("X")) all[static_cast<std::size_t>(i) % all.size()].reset(new client(server.port()));
      ++bytes;
      if (i % 50 == 0) support::sleep_us(1000);
    }
  });
  for (int i = 0; i < 100 || bytes < 1000; ++i) {
    const long long before = support::now_ms();
    CHECK(ask(server.port(), get_and_close) == s.closed);
    CHECK(support::now_ms() - before < 10000);
  }
  over = true;
  crowd.join();
}

/// Milliseconds that a connection and an answer cost here, whoever serves them: under Wine three hundred times what they cost elsewhere.
double cost_of_a_connection_ms() {
  support::fake_server plain([](support::guest& g) {
    g.read(get.size());
    g.send(not_found);
  });
  const long long begun = support::now_ms();
  enum : int { many = 100 };
  for (int i = 0; i < many; ++i) REQUIRE(ask(plain.port(), get) == not_found);
  return static_cast<double>(support::now_ms() - begun) / many;
}
#if defined(_WIN32)
enum : int { connections = 2000 };
#else
enum : int { connections = 10000 };
#endif

TEST_CASE("http_server: thousands of connections leave no descriptor, thread or memory behind, and the program counts on") {
  shop s;
  nx::counter work(s.mine, "work_total", "Work done meanwhile.");
  std::atomic<bool> over(false);
  std::thread worker([&] {
    while (!over) work.inc();
  });
  const double least_ms = cost_of_a_connection_ms();
  const std::size_t files = support::open_files(), threads = support::threads();
  const long memory = blocks;
  {
    nx::http_server server(s.mine, "127.0.0.1:0", quiet());
    const long long begun = support::now_ms();
    std::minstd_rand engine(7);
    const auto random = [&] { return static_cast<unsigned>(engine()); };
    for (int i = 0; i < connections; ++i) {
      client c(server.port());
      REQUIRE(c.connected());
      const unsigned what = random() % 8;
      if (what == 0) {
        c.reset();
      } else if (what == 1) {
        c.send(get.substr(0, random() % get.size()));
      } else if (what == 2) {
        c.send(get);
        c.reset();
      } else if (what == 3) {
        std::string noise;
        for (unsigned k = random() % 600; k > 0; --k) noise += static_cast<char>(random());
        c.send(noise);
        c.half_close();
        if (i % 100 == 3) c.read();
      } else if (what == 4) {
        c.send(get + get);
        c.half_close();
      } else if (i % 10 == 0) {
        const std::string page = ask(server.port(), get_and_close);
        REQUIRE(page.find("\r\n\r\n") != std::string::npos);
        REQUIRE(page.substr(page.size() - 5) == "0\r\n\r\n");
      }
    }
    CHECK(static_cast<double>(support::now_ms() - begun) < connections * (6 + 10 * least_ms));
    const std::uint64_t counted = work.value();
    CHECK(soon([&] { return work.value() > counted; }));
    CHECK(ask(server.port(), get_and_close).size() > s.closed.size());
    CHECK(soon([&] { return support::open_files() <= files + support::server_files; }));
  }
  CHECK(support::open_files() == files);
  CHECK(soon([&] { return support::threads() <= threads; }));  // a thread's entry goes a little after it was joined
  CHECK(blocks == memory);
  over = true;
  worker.join();
}

TEST_CASE("http_server: without memory for a client it waits, and serves when there is some") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  no_memory = true;
  client c(server.port());
  REQUIRE(c.send(get_and_close));
  CHECK(c.read(1, 150) == "");
  no_memory = false;
  CHECK(c.read() == s.closed);
}

TEST_CASE("http_server: without memory for an answer the client is waited for") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet());
  client c(server.port());
  REQUIRE(c.send("GET /x HTTP/1.1\r\nHost: here\r\n\r\n"));  // it has its memory; the buffer has 4 KB
  REQUIRE(c.read(not_found.size()) == not_found);
  no_memory = true;
  c.send(get_and_close);
  const std::string page = c.read();
  no_memory = false;
  CHECK((page == ask(server.port(), get_and_close)));
}

#if !defined(_WIN32)
TEST_CASE("http_server: without a descriptor for a client the most silent one gives its own") {
  shop s;
  for (bool with_idle : {true, false}) {
    nx::http_server server(s.mine, "127.0.0.1:0", quiet());
    const std::size_t files = support::open_files();
    std::unique_ptr<client> idle(new client(server.port()));
    REQUIRE(idle->send(get));
    REQUIRE(idle->read(s.kept.size()) == s.kept);
    if (!with_idle) idle.reset();
    REQUIRE(soon([&] { return with_idle || support::open_files() == files; }));
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    rlimit before, none;
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    const int lowest_free = ::dup(fd);
    ::close(lowest_free);
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    sockaddr_in where;
    memset(&where, 0, sizeof where);
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons(server.port());
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
    const bool sent = ::send(fd, get.data(), get.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(get.size());
    char answer[4096];
    pollfd p = {fd, POLLIN, 0};
    if (!with_idle) CHECK(::poll(&p, 1, 150) == 0);  // there is none to be had
    if (!with_idle) ::setrlimit(RLIMIT_NOFILE, &before);
    const int ready = ::poll(&p, 1, 10000);
    const ssize_t n = ready > 0 ? ::recv(fd, answer, sizeof answer, 0) : 0;
    ::setrlimit(RLIMIT_NOFILE, &before);
    ::close(fd);
    CHECK(connected);
    CHECK(sent);
    CHECK(std::string(answer, static_cast<std::size_t>(n > 0 ? n : 0)) == s.kept);
    if (with_idle) CHECK(idle->read() == "");
  }
}
#endif

TEST_CASE("http_server: two threads may call serve_once at the same time") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().without_thread());
  std::atomic<int> served(0);
  std::vector<std::thread> two;
  for (int t = 0; t < 2; ++t) {
    two.emplace_back([&] {
      while (served < 200) {
        if (server.serve_once(20).ok()) ++served;
      }
    });
  }
  for (int i = 0; i < 200; ++i) CHECK(ask(server.port(), get) == s.closed);  // alone: it does not keep connections
  for (std::thread& t : two) t.join();
}

// ---- who may ask, and what ----

TEST_CASE("http_server: with a password only who knows it is answered, at every path") {
  shop s;
  const nx::http_server_options basic = quiet().basic_auth("prom", "s3cr\xc3\xa9t:x");
  const std::string needs = refusal("401 Unauthorized", "Connection: close\r\nWWW-Authenticate: Basic realm=\"metrics\", charset=\"UTF-8\"\r\n",
                                    "This needs credentials.\n");
  const auto with = [&](const std::string& path, const std::string& authorization, const nx::http_server_options& o) {
    return handled(s.mine, "GET " + path + " HTTP/1.1\r\nHost: here\r\n" + authorization + "\r\n", o);
  };
  const std::string right = "cHJvbTpzM2Nyw6l0Ong=";
  CHECK(with("/metrics", "Authorization: Basic " + right + "\r\n", basic) == s.closed);
  CHECK(with("/metrics", "authorization:bAsIc   " + right + " \r\n", basic) == s.closed);
  for (const char* path : {"/metrics", "/", "/-/healthy", "/nowhere"}) CHECK(with(path, "", basic) == needs);
  for (const std::string& wrong : {std::string("Basic"), std::string("Basic "), "Basic " + right.substr(1), "Basic " + right + "=", "Basic" + right, right,
                                   "Basic " + right.substr(0, 19), std::string("Basic cHJvbTpzM2Nyw6l0OnkA"), "Bearer " + right,
                                   "Digest " + right, "Basic " + right + " " + right, "Basic " + right + right}) {
    INFO(wrong);
    CHECK(with("/metrics", "Authorization: " + wrong + "\r\n", basic) == needs);
  }
  CHECK(with("/metrics", "Authorization: Basic " + right + "\r\nAuthorization: Basic " + right + "\r\n", basic) == bad_request);
  CHECK(handled(s.mine, "HEAD /metrics HTTP/1.1\r\nHost: here\r\n\r\n", basic) == needs.substr(0, needs.find("This")));

  const nx::http_server_options bearer = quiet().bearer_token("abc.DEF-1");
  CHECK(with("/metrics", "Authorization: Bearer abc.DEF-1\r\n", bearer) == s.closed);
  CHECK(with("/metrics", "Authorization: Bearer abc.DEF-2\r\n", bearer) ==
        refusal("401 Unauthorized", "Connection: close\r\nWWW-Authenticate: Bearer realm=\"metrics\"\r\n", "This needs credentials.\n"));
  CHECK(with("/metrics", "Authorization: Basic abc.DEF-1\r\n", bearer).substr(0, 12) == "HTTP/1.1 401");
  const nx::http_server_options both = quiet().bearer_token("t").basic_auth("u", "");
  CHECK(with("/metrics", "Authorization: Bearer t\r\n", both) == s.closed);
  CHECK(with("/metrics", "Authorization: Basic dTo=\r\n", both) == s.closed);
  CHECK(with("/metrics", "", both).substr(0, 12) == "HTTP/1.1 401");
}

TEST_CASE("http_server: credentials that cannot be right serve nobody") {
  shop s;
  const std::string longest(190, 'x');
  for (const nx::http_server_options& o :
       {quiet().basic_auth("", "x"), quiet().basic_auth("a:b", "x"), quiet().basic_auth("a", "x\n"), quiet().basic_auth("a\x7f", "x"),
        quiet().basic_auth("a", longest + "1"), quiet().bearer_token(""), quiet().bearer_token("a b"), quiet().bearer_token("a\r\nb"),
        quiet().bearer_token(longest + "123"), quiet().bearer_token("good").basic_auth("", "")}) {
    nx::http_server server(s.mine, "127.0.0.1:0", o);
    CHECK(server.why().code() == nx::errc::bad_credentials);
    CHECK(server.error() == std::string("127.0.0.1:0: ") + nx::describe(nx::errc::bad_credentials));
    CHECK(handled(s.mine, get, o).substr(0, 12) == "HTTP/1.1 401");
  }
  CHECK(nx::http_server(s.mine, "127.0.0.1:0", quiet().basic_auth("a", longest)).ok());
  CHECK(nx::http_server(s.mine, "127.0.0.1:0", quiet().bearer_token(longest + "12")).ok());
}

TEST_CASE("http_server: name[] chooses families, by their name or by that of a sample") {
  nx::registry mine(nx::registry_options().prefix("p_"));
  nx::counter a(mine, "a_total", "A.");
  nx::gauge b(mine, "b_count", "B.");
  nx::histogram h(mine, "h", "H.", {1.0});
  nx::summary u(mine, "u", "U.");
  const auto names = [&](const std::string& query) {
    const std::string page = handled(mine, "GET /metrics" + query + " HTTP/1.1\r\nHost: here\r\n\r\n");
    REQUIRE(page.substr(0, 15) == "HTTP/1.1 200 OK");
    std::string found;
    for (std::size_t at = 0; (at = page.find("# TYPE p_", at)) != std::string::npos; ++at) found += page[at + 9];
    return found;
  };
  CHECK(names("") == "abhu");
  CHECK(names("?") == "abhu");
  CHECK(names("?name=a&x[]=b") == "abhu");
  CHECK(names("?name[]=p_a_total") == "a");
  CHECK(names("?name%5b%5D=p_a%5Ftotal") == "a");
  CHECK(names("?x=1&name[]=p_u&name[]=p_a_total&&name[]=") == "au");
  CHECK(names("?name[]=p_h_bucket") == "h");
  CHECK(names("?name[]=p_h_sum") == "h");
  CHECK(names("?name[]=p_u_count") == "u");
  for (const char* none : {"?name[]=", "?name[]=p_a", "?name[]=a_total", "?name[]=p_a_total_sum", "?name[]=p_b_count_sum", "?name[]=p_u_bucket",
                           "?name[]=p_a_tota", "?name[]=p_a_totall", "?name[]=p_a%5", "?name[]=%ff", "?name[]=P_A_TOTAL", "?name[]=p_b"}) {
    INFO(none);
    CHECK(names(none) == "");
  }
}

TEST_CASE("http_server: a program's monitors have a page of their own") {
  nx::registry none;
  CHECK(handled(none, "GET /-/healthy HTTP/1.1\r\nHost: here\r\n\r\n") == refusal("200 OK", "Connection: close\r\n", "OK\n"));
}

// ---- what it tells about itself ----

TEST_CASE("http_server: counts what it does, in the registry that it serves") {
  shop s;
  const std::size_t without = nx::to_text(s.mine).size();
  nx::http_server server(s.mine, "127.0.0.1:0", nx::http_server_options().set_read_timeout_ms(500));
  CHECK(value(s.mine, "narthex_http_requests_total{code=\"200\"}") == 0);
  CHECK(value(s.mine, "narthex_http_aborted_total{reason=\"timeout\"}") == 0);
  const std::string first = ask(server.port(), get_and_close);
  ask(server.port(), "GET /x HTTP/1.0\r\n\r\n");
  ask(server.port(), "GET /metrics HTTP/1.1\r\nHost: here\r\n");  // 408
  CHECK(soon([&] { return value(s.mine, "narthex_http_connections") == 0; }));
  CHECK(value(s.mine, "narthex_http_requests_total{code=\"200\"}") == 1);
  CHECK(value(s.mine, "narthex_http_requests_total{code=\"404\"}") == 1);
  CHECK(value(s.mine, "narthex_http_requests_total{code=\"408\"}") == 1);
  CHECK(value(s.mine, "narthex_http_scrape_duration_seconds_count") == 1);
  CHECK(value(s.mine, "narthex_http_scrape_duration_seconds_sum") > 0);
  CHECK(value(s.mine, "narthex_http_sent_bytes_total") >
        static_cast<double>(first.size()));
  {
    client silent(server.port()), kept(server.port());
    kept.send(get);
    CHECK(soon([&] { return value(s.mine, "narthex_http_connections") == 2; }));
    CHECK(silent.read() == "");
  }
  CHECK(value(s.mine, "narthex_http_aborted_total{reason=\"timeout\"}") == 1);
  CHECK(soon([&] { return value(s.mine, "narthex_http_connections") == 0; }));
  nx::http_server second(s.mine, "127.0.0.1:0");  // counts together with the first
  ask(second.port(), get_and_close);
  CHECK(soon([&] { return value(s.mine, "narthex_http_requests_total{code=\"200\"}") == 3; }));
  shop other;
  nx::http_server quiet_one(other.mine, "127.0.0.1:0", quiet());
  CHECK(nx::to_text(other.mine).size() == without);
}

// ---- Unix sockets ----

#if !defined(_WIN32)
TEST_CASE("http_server: a Unix socket is served, and its name goes with the server") {
  shop s;
  folder f;
  const std::string path = f.name + "/s";
  {
    nx::http_server server(s.mine, "unix:" + path, quiet());
    INFO(server.error());
    REQUIRE(server.ok());
    CHECK(server.port() == 0);
    CHECK(ask_unix(path, get_and_close) == s.closed);
    nx::http_server second(s.mine, "unix:" + path, quiet());
    CHECK(second.why().code() == nx::errc::address_in_use);
    CHECK(second.error() == "unix:" + path + ": " + strerror(EADDRINUSE));
    const pid_t child = ::fork();
    if (child == 0) {
      server.~http_server();
      ::_exit(0);
    }
    int how = -1;
    REQUIRE(::waitpid(child, &how, 0) == child);
    CHECK(how == 0);
    CHECK(ask_unix(path, get_and_close) == s.closed);
  }
  CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("http_server: a Unix socket left by a dead program is replaced, another file is not") {
  shop s;
  folder f;
  const std::string path = f.name + "/s";
  const pid_t child = ::fork();
  if (child == 0) {
    nx::http_server server(s.mine, "unix:" + path, quiet().without_thread());
    ::_exit(server.ok() ? 0 : 1);  // without its destructor
  }
  int how = -1;
  REQUIRE(::waitpid(child, &how, 0) == child);
  REQUIRE(how == 0);
  REQUIRE(::access(path.c_str(), F_OK) == 0);
  {
    nx::http_server server(s.mine, "unix:" + path, quiet());
    REQUIRE(server.ok());
    CHECK(ask_unix(path, get_and_close) == s.closed);
    // Somebody took the name over: it is not ours to remove any more.
    REQUIRE(::unlink(path.c_str()) == 0);
    FILE* const file = ::fopen(path.c_str(), "w");
    REQUIRE(file);
    ::fclose(file);
  }
  CHECK(::access(path.c_str(), F_OK) == 0);
  CHECK(nx::http_server(s.mine, "unix:" + path, quiet()).why().code() == nx::errc::address_in_use);
  REQUIRE(::unlink(path.c_str()) == 0);
}

TEST_CASE("http_server: a Unix socket whose owner is only busy is not taken over") {
  nx::registry none;
  folder f;
  const std::string path = f.name + "/s";
  sockaddr_un where;
  memset(&where, 0, sizeof where);
  where.sun_family = AF_UNIX;
  memcpy(where.sun_path, path.c_str(), path.size());
  const sockaddr* const at = reinterpret_cast<const sockaddr*>(&where);
  const int owner = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::bind(owner, at, sizeof where) == 0);
  REQUIRE(::listen(owner, 0) == 0);
  std::vector<int> waiting;
  do {
    waiting.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
  } while (waiting.size() < 1000 && ::connect(waiting.back(), at, sizeof where) == 0);  // until its queue is full
  CHECK(nx::http_server(none, "unix:" + path, quiet()).why().code() == nx::errc::address_in_use);
  CHECK(::access(path.c_str(), F_OK) == 0);
  for (int fd : waiting) ::close(fd);
  ::close(owner);
  ::unlink(path.c_str());
}
#endif

#if !defined(_WIN32)
TEST_CASE("http_server: a name that cannot be a Unix socket is a status") {
  nx::registry none;
  CHECK(nx::http_server(none, "unix:/tmp/" + std::string(200, 'x'), quiet()).why().code() == nx::errc::bad_address);
  CHECK(nx::http_server(none, std::string("unix:/tmp/a\0b", 13), quiet()).why().code() == nx::errc::bad_address);
  CHECK(nx::http_server(none, "unix:", quiet()).why().code() == nx::errc::bad_address);
  nx::http_server nowhere(none, "unix:/nowhere/at/all", quiet());
  CHECK(nowhere.why().code() == nx::errc::system);
  CHECK(nowhere.error() == std::string("unix:/nowhere/at/all: ") + strerror(ENOENT));
}

TEST_CASE("http_server: without permission it says so") {
  folder f;
  ::chmod(f.name.c_str(), 0700);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(77);
    nx::registry none;
    const nx::errc path = nx::http_server(none, "unix:" + (::getuid() == 65534 ? f.name : "/root") + "/s", quiet()).why().code();
    ::_exit(path == nx::errc::no_permission ? 0 : 1);
  }
  int how = -1;
  REQUIRE(::waitpid(child, &how, 0) == child);
  if (WEXITSTATUS(how) == 77) WARN("skipped: cannot become another user");
  else CHECK(how == 0);
}
#endif

// ---- stopping ----

TEST_CASE("http_server: a scrape that has begun is finished when the server stops") {
  warehouse w;
  std::unique_ptr<nx::http_server> server(new nx::http_server(w.mine, "127.0.0.1:0", quiet().set_stop_timeout_ms(20000)));
  const std::uint16_t port = server->port();
  client c(port, "127.0.0.1", 65536), idle(port);
  REQUIRE(idle.send("GET /x HTTP/1.1\r\nHost: here\r\n\r\n"));
  REQUIRE(idle.read(not_found.size()) == not_found);
  REQUIRE(c.send(get));  // it would stay for another
  REQUIRE(c.read(1000).size() == 1000);
  std::string rest;
  std::thread reader([&] { rest = c.read(); });
  const long long before = support::now_ms();
  server.reset();
  CHECK(support::now_ms() - before < 15000);
  reader.join();
  CHECK(rest.size() > 300 * 60000);
  CHECK(rest.substr(rest.size() - 5) == "0\r\n\r\n");
  CHECK(idle.read() == "");
  CHECK_FALSE(client(port).connected());
}

TEST_CASE("http_server: while it stops it takes nobody else") {
  warehouse w;
  std::unique_ptr<nx::http_server> server(new nx::http_server(
      w.mine, "127.0.0.1:0", quiet().set_stop_timeout_ms(20000).set_write_timeout_ms(60000).set_request_timeout_ms(60000)));
  const std::uint16_t port = server->port();
  std::unique_ptr<client> stuck(new client(port, "127.0.0.1", 4096));
  REQUIRE(stuck->send(get));
  REQUIRE(stuck->read(1000).size() == 1000);
  std::atomic<bool> stopped(false);
  std::thread stopper([&] {
    server.reset();
    stopped = true;
  });
  CHECK(soon([&] { return !client(port).connected(); }));
  CHECK_FALSE(stopped);
  stuck.reset();
  stopper.join();
}

TEST_CASE("http_server: stopping does not wait for a reader that has stopped") {
  warehouse w;
  std::unique_ptr<nx::http_server> server(new nx::http_server(
      w.mine, "127.0.0.1:0", quiet().set_stop_timeout_ms(50).set_write_timeout_ms(60000).set_request_timeout_ms(60000)));
  client c(server->port(), "127.0.0.1", 4096);
  REQUIRE(c.send(get));
  REQUIRE(c.read(1000).size() == 1000);
  const long long before = support::now_ms();
  server.reset();
  CHECK(support::now_ms() - before < 20000);
  CHECK(c.read().size() < 300 * 60000);
  CHECK(c.how_it_ended() == client::end::reset);
}
