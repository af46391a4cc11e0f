// http_server attacked: slow callbacks, exhausted descriptors and memory, clients that hold on, busy loops, smuggled requests.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>

#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#endif

#include <atomic>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/held.hpp"
#include "support/shop.hpp"
#include "support/client.hpp"

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

// ---- memory, measured and refused ----

namespace {
std::atomic<long> bytes_held(0);
std::atomic<bool> no_memory(false);
enum : std::size_t { front = 32 };  // the size of a block stands before it

void* take(std::size_t size) noexcept {
  char* const p = static_cast<char*>(malloc(size + front));
  if (!p) return nullptr;
  memcpy(p, &size, sizeof size);
  bytes_held += static_cast<long>(size);
  return p + front;
}
}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return no_memory ? nullptr : take(size); }
void* operator new(std::size_t size) {
  void* const p = take(size);
  if (!p) abort();
  return p;
}
void operator delete(void* p) noexcept {
  if (!p) return;
  char* const block = static_cast<char*>(p) - front;
  std::size_t size = 0;
  memcpy(&size, block, sizeof size);
  bytes_held -= static_cast<long>(size);
  free(block);
}
#if __cplusplus >= 201402L
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }
#endif

namespace {

const std::string get_x = "GET /x HTTP/1.1\r\nHost: here\r\n\r\n";

/// A callback that the test lets go on.
struct gate {
  std::atomic<int> reached{0}, open{0};
  double pass() {
    const int mine = ++reached;
    for (const long long until = support::now_ms() + 20000; open < mine && support::now_ms() < until;) support::sleep_us(500);
    return 1;
  }
};

bool ends_whole(const std::string& page) { return page.size() > 5 && page.substr(page.size() - 5) == "0\r\n\r\n"; }

#if !defined(_WIN32)
long long cpu_ms() {
  timespec t;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<long long>(t.tv_sec) * 1000 + t.tv_nsec / 1000000;
}
/// The processor time of 300 ms in which this thread sleeps: what the server's thread burns. The least of up to five: what
/// is still under way at first is done by then, and who does not sleep burns in all of them.
long long burnt() {
  long long least = 1000;
  for (int i = 0; i < 5 && least >= 100; ++i) {
    const long long before = cpu_ms();
    support::sleep_us(300000);
    const long long spent = cpu_ms() - before;
    if (spent < least) least = spent;
  }
  return least;
}
#endif

}  // namespace

// ---- the program's own callbacks are slow ----

TEST_CASE("http_server: a callback that takes its time does not count as a client that takes nothing") {
  nx::registry mine;
  nx::callback_gauge slow(mine, "slow", "Slow.", [] {
    support::sleep_us(150000);
    return 1;
  });
  nx::http_server server(mine, "127.0.0.1:0", quiet().set_write_timeout_ms(100));
  const std::string page = ask(server.port(), get_and_close);
  CHECK(page.find("\nslow 1\n") < page.size());
  CHECK(ends_whole(page));
}

TEST_CASE("http_server: a request that arrives during another client's slow callback is answered") {
  nx::registry mine;
  gate g;
  gate* const at = &g;
  nx::callback_gauge slow(mine, "slow", "Slow.", [at] { return at->pass(); });
  nx::http_server server(mine, "127.0.0.1:0", quiet().set_read_timeout_ms(600));
  client fresh(server.port());  // accepted before the scrape: clients come in their order
  client scrape(server.port());
  REQUIRE(scrape.send(get_and_close));
  REQUIRE(soon([&] { return g.reached == 1; }));
  REQUIRE(fresh.send(get_x));  // in time; nobody looks
  support::sleep_us(800000);
  g.open = 1;
  CHECK(fresh.read(not_found.size()) == not_found);
  CHECK(ends_whole(scrape.read()));
}

TEST_CASE("http_server: a pipelined request does not come too late because its predecessor was slow") {
  nx::registry mine;
  gate g;
  gate* const at = &g;
  nx::callback_gauge slow(mine, "slow", "Slow.", [at] { return at->pass(); });
  nx::http_server server(mine, "127.0.0.1:0", quiet().set_read_timeout_ms(500));
  client c(server.port()), other(server.port());
  REQUIRE(c.send(get + get_x));
  REQUIRE(soon([&] { return g.reached == 1; }));
  support::sleep_us(700000);
  g.open = 1;
  std::string all, more;
  while (all.find(not_found) == std::string::npos && !(more = c.read(1)).empty()) all += more;
  CHECK(all.size() > not_found.size());
  CHECK(all.substr(all.size() - not_found.size()) == not_found);
}

TEST_CASE("http_server: a client that has asked while another was served is not the one to make room") {
  nx::registry mine;
  gate g;
  gate* const at = &g;
  nx::callback_gauge slow(mine, "slow", "Slow.", [at] { return at->pass(); });
  nx::http_server server(mine, "127.0.0.1:0", quiet().set_max_connections(3));
  client kept(server.port());
  REQUIRE(kept.send(get_x));
  REQUIRE(kept.read(not_found.size()) == not_found);
  client first(server.port());
  REQUIRE(first.send(get_and_close));
  REQUIRE(soon([&] { return g.reached == 1; }));
  client second(server.port());
  REQUIRE(second.send(get_and_close));  // is answered in the moment of its coming
  support::sleep_us(150000);                     // nobody is new any more
  g.open = 1;
  REQUIRE(soon([&] { return g.reached == 2; }));
  REQUIRE(kept.send(get_x));
  client third(server.port());
  REQUIRE(third.send(get_x));
  support::sleep_us(150000);
  g.open = 2;
  CHECK(kept.read(not_found.size()) == not_found);
  CHECK(third.read(not_found.size()) == not_found);
  CHECK(ends_whole(first.read()));
  CHECK(ends_whole(second.read()));
}

// ---- nothing left of something ----

#if !defined(_WIN32)
TEST_CASE("http_server: the last descriptor serves a client, though the next accept would have none") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  // The client has its descriptor before the limit comes down to one more than are open.
  const std::size_t files = support::open_files();
  if (!files) {
    WARN("skipped: no /proc/self/fd");
    return;
  }
  client c(server.port());
  REQUIRE(soon([&] { return support::open_files() == files + 2; }));  // accepted; it goes, so that the next one meets the limit
  c.close();
  REQUIRE(soon([&] { return support::open_files() == files; }));
  const int bound = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(bound >= 0);
  sockaddr_in where;
  memset(&where, 0, sizeof where);
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  where.sin_port = htons(server.port());
  const int free_one = ::fcntl(bound, F_DUPFD, 0);
  REQUIRE(free_one >= 0);
  ::close(free_one);
  rlimit before, tight;
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  tight = before;
  tight.rlim_cur = static_cast<rlim_t>(free_one) + 1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  const bool connected = ::connect(bound, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
  CHECK(soon([&] { return ::fcntl(free_one, F_GETFD) >= 0; }));  // accepted
  support::sleep_us(50000);                                               // the loop asks for another and is refused
  const bool sent = connected && ::send(bound, get_x.data(), get_x.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(get_x.size());
  char answer[1024];
  const ssize_t got = sent ? ::recv(bound, answer, sizeof answer, 0) : -1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  ::close(bound);
  CHECK(sent);
  CHECK(std::string(answer, got > 0 ? static_cast<std::size_t>(got) : 0) == not_found);
}
#endif

TEST_CASE("http_server: without memory a slow but steady reader still has the time of a whole request") {
  warehouse w;
  nx::http_server server(w.mine, "127.0.0.1:0", quiet().set_write_timeout_ms(1000).set_request_timeout_ms(60000));
  client c(server.port(), "127.0.0.1", 65536);
  REQUIRE(c.send(get_x));
  REQUIRE(c.read(not_found.size()) == not_found);
  no_memory = true;
  REQUIRE(c.send(get_and_close));
  std::size_t taken = 0;
  std::string part;
  do {  // something every 20 ms, 61 times, and never a silence of 1000
    part = c.read(300000);
    taken += part.size();
    support::sleep_us(20000);
  } while (part.size() == 300000);
  no_memory = false;
  CHECK(c.how_it_ended() == client::end::eof);
  CHECK(taken > 300 * 60000);
}

TEST_CASE("http_server: a client that stays connected holds no more than its place after its page") {
  std::string help(1000000, 'h');
  nx::registry mine;
  nx::counter one(mine, "one_total", help);
  nx::http_server server(mine, "127.0.0.1:0", quiet());
  client c(server.port());
  REQUIRE(c.send(get_x));
  REQUIRE(c.read(not_found.size()) == not_found);
  const long before = bytes_held;
  REQUIRE(c.send(get));
  std::string page;
  while (!ends_whole(page)) {
    const std::string more = c.read(1);
    REQUIRE(more.size() == 1);
    page += more + c.read(65536, 20);
  }
  std::string().swap(page);
  CHECK(soon([&] { return bytes_held - before < 100000; }));  // not the page's million
}

// ---- clients that hold on ----

TEST_CASE("http_server: an empty line behind a request is not the beginning of the next") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_read_timeout_ms(500));
  client c(server.port());
  REQUIRE(c.send(get + "\r\n"));
  CHECK(c.read(s.kept.size()) == s.kept);
  CHECK(c.read(1, 800) == "");
  REQUIRE(c.send(get_and_close));
  CHECK(c.read() == s.closed);
  client d(server.port());
  REQUIRE(d.send(get_and_close.substr(0, 10)));
  CHECK(d.read().substr(0, 12) == "HTTP/1.1 408");
}

TEST_CASE("http_server: answered clients that do not hang up cost nobody else more than a moment") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().set_max_connections(4));
  std::vector<std::unique_ptr<client>> all;
  for (int i = 0; i < 40; ++i) {
    all.emplace_back(new client(server.port()));
    REQUIRE(all.back()->send("GET /x HTTP/1.0\r\n\r\n"));
  }
  const long long before = support::now_ms();
  CHECK(ask(server.port(), get_and_close) == s.closed);
  CHECK(support::now_ms() - before < 3500);  // a second; four at a time, for half a second each, it would be five
}

TEST_CASE("http_server: clients that ask without end and take nothing do not shut the others out") {
  nx::registry mine;
  nx::counter one(mine, "one_total", std::string(20000, 'h'));  // some hundred answers fill what the system keeps for a client
  std::unique_ptr<nx::http_server> server(new nx::http_server(mine, "127.0.0.1:0",
      quiet().set_max_connections(4).set_write_timeout_ms(200000).set_request_timeout_ms(200000).set_stop_timeout_ms(0)));
  std::string requests;
  for (int i = 0; i < 200000; ++i) requests += get;
  std::vector<std::unique_ptr<client>> all;
  std::vector<std::thread> senders;
  for (int i = 0; i < 4; ++i) {
    all.emplace_back(new client(server->port(), "127.0.0.1", 4096));
    client* const c = all.back().get();
    senders.emplace_back([c, &requests] { c->send(requests); });
  }
  CHECK(all[3]->read(1) == "H");  // all are in
  client late(server->port());
  REQUIRE(late.send(get_and_close));
  const std::string page = late.read(~std::size_t(0), 60000);
  CHECK(page.find("\none_total 0\n") < page.size());
  CHECK(ends_whole(page));
  server.reset();  // ends the senders
  for (std::thread& t : senders) t.join();
}

#if !defined(_WIN32)
TEST_CASE("http_server: sleeps in every state") {
  warehouse w;
  shop s;
  const nx::http_server_options patient = quiet().set_write_timeout_ms(60000).set_request_timeout_ms(60000).set_read_timeout_ms(60000);
  nx::http_server server(w.mine, "127.0.0.1:0", patient);
  CHECK(burnt() < 100);  // nobody
  {
    client idle(server.port()), begun(server.port()), kept(server.port());
    begun.send("GET /met");
    kept.send(get_x);
    CHECK(kept.read(not_found.size()) == not_found);
    CHECK(burnt() < 100);
  }
  {
    client stuck(server.port(), "127.0.0.1", 4096), half(server.port(), "127.0.0.1", 4096), talks(server.port(), "127.0.0.1", 4096);
    for (client* c : {&stuck, &half, &talks}) REQUIRE(c->send(get));
    for (client* c : {&stuck, &half, &talks}) REQUIRE(c->read(1000).size() == 1000);
    half.half_close();
    talks.send(std::string(20000, 'x'));
    stuck.send(get);
    CHECK(burnt() < 100);
  }
  {
    client draining(server.port());
    draining.send("GET /x HTTP/1.0\r\n\r\n");
    draining.read();
    CHECK(burnt() < 100);
  }
  nx::http_server full(s.mine, "127.0.0.1:0", quiet().set_max_connections(2).set_read_timeout_ms(60000));
  {
    std::vector<std::unique_ptr<client>> all;
    for (int i = 0; i < 40; ++i) all.emplace_back(new client(full.port()));
    CHECK(burnt() < 100);
  }
  {
    const int reserve = ::socket(AF_INET, SOCK_STREAM, 0);
    const int next = ::fcntl(reserve, F_DUPFD, 0);
    ::close(next);
    rlimit before, none;
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = static_cast<rlim_t>(next);
    sockaddr_in where;
    memset(&where, 0, sizeof where);
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons(full.port());
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    ::connect(reserve, reinterpret_cast<const sockaddr*>(&where), sizeof where);
    const long long spent = burnt();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    ::close(reserve);
    CHECK(spent < 100);
  }
  {
    no_memory = true;
    client c(full.port());
    const long long spent = burnt();
    no_memory = false;
    CHECK(spent < 100);
  }
}
#endif

// ---- smuggling and splitting ----

TEST_CASE("http_server: each request of a connection shows its own credentials") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet().bearer_token("t"));
  const std::string right = "GET /metrics HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer t\r\n\r\n";
  const std::string needs = refusal("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"metrics\"\r\n", "This needs credentials.\n");
  client c(server.port());
  REQUIRE(c.send(right + get + right + get));
  CHECK(c.read(2 * s.kept.size()).substr(0, s.kept.size()) == s.kept);
  client d(server.port());
  REQUIRE(d.send(right + get + get_x + "HEAD /metrics HTTP/1.1\r\nHost: here\r\n\r\n"));
  d.half_close();
  const std::string all = d.read();
  CHECK(all.find("things_total", s.kept.size()) == std::string::npos);
  CHECK(all.substr(s.kept.size(), needs.size()) == needs);
}

TEST_CASE("http_server: what looks like a body is never the next request") {
  shop s;
  nx::http_server server(s.mine, "127.0.0.1:0", quiet());
  for (const char* headers : {"Content-Length: 38\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
                              "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 0\r\nContent-Length: 38\r\n",
                              "Content-Length: 00000000000000000000000000000000000038\r\n", "Content-Length: 18446744073709551616\r\n",
                              "Content-Length: 4294967296\r\n", "Content-Length: 0,38\r\n", "Transfer-Encoding:\r\n", "Content-Length : 38\r\n",
                              "X: a\r\n Content-Length: 38\r\n", "Content-Length:\t0\x0b\r\n", "X:\rContent-Length: 38\r\n"}) {
    for (const char* line : {"GET /x", "POST /x", "HEAD /x", "CONNECT x:1"}) {
      INFO(line << ' ' << headers);
      client c(server.port());
      REQUIRE(c.send(std::string(line) + " HTTP/1.1\r\nHost: here\r\n" + headers + "\r\n" + get));
      const std::string all = c.read();
      CHECK(all.find("HTTP/1.", 1) == std::string::npos);
      CHECK(all.find("things_total") == std::string::npos);
    }
  }
}

#if !defined(_WIN32)
TEST_CASE("http_server: a page that was cut short has no last chunk over a Unix socket, which knows no reset") {
  warehouse w;
  const std::string path = "/tmp/narthex_attack_" + std::to_string(::getpid());
  nx::http_server server(w.mine, "unix:" + path, quiet().set_write_timeout_ms(100));
  REQUIRE(server.ok());
  sockaddr_un where;
  memset(&where, 0, sizeof where);
  where.sun_family = AF_UNIX;
  memcpy(where.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";
  REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  pollfd hung_up = {fd, 0, 0};
  REQUIRE(::poll(&hung_up, 1, 20000) == 1);  // the server has closed it
  char part[65536];
  std::string all;
  ssize_t n;
  while ((n = ::recv(fd, part, sizeof part, 0)) > 0) all.append(part, static_cast<std::size_t>(n));
  ::close(fd);
  CHECK(all.size() < 300 * 60000);
  CHECK_FALSE(ends_whole(all));
}

TEST_CASE("http_server: a program that may have no more descriptors sleeps, and can still stop its server") {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    nx::registry none;
    std::unique_ptr<nx::http_server> server(new nx::http_server(none, "127.0.0.1:0", quiet()));
    client c(server->port());
    c.send(get_x);
    c.read(not_found.size());
    rlimit sandbox;
    ::getrlimit(RLIMIT_NOFILE, &sandbox);
    sandbox.rlim_cur = 0;  // as sandboxes have it; poll() refuses more descriptors than the limit
    ::setrlimit(RLIMIT_NOFILE, &sandbox);
    c.send(get_x);
    c.read(not_found.size());
    const bool sleeps = burnt() < 100;
    server.reset();
    ::_exit(sleeps ? 0 : 1);
  }
  int how = -1;
  REQUIRE(::waitpid(child, &how, 0) == child);
  CHECK_FALSE(WIFSIGNALED(how));
  CHECK(WEXITSTATUS(how) == 0);
}
#endif
