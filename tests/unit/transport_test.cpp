// transport: pushes over connections of the program's own making, good ones and bad ones.
#include <narthex/narthex.hpp>

#include <narthex/periodic_pusher.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/transport.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "support/catch.hpp"
#include "support/held.hpp"
#include "support/recorder.hpp"

namespace nx = narthex;
using nx::errc;
using support::fake_server;
using support::guest;
using support::recorder;

namespace {

const std::string ok_200 = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A transport over a socket, turned by one at both ends of a letter: what crosses the wire is not what narthex wrote.
struct wire {
  std::string seen;  // "host address port scheme" of each connection
  int opened = 0, closed = 0, sends = 0, receives = 0, longest_ms = 0;
  std::size_t at_most = 1 << 20;  // bytes for each call
  std::size_t room = 1 << 30;     // bytes that can be sent before the other side must read
  nx::status refusal;             // of connect
  std::size_t lie = 0;            // added to every count
  bool is_silent = false;         // connects to nothing, and waits
  std::atomic<int> connecting{0}, stuck{0};

  struct connection {
    wire* of;
    nx::os::socket s;
    std::string turned;
  };
  static connection* as(void* c) { return static_cast<connection*>(c); }

  static nx::status connect(void* context, const nx::transport_target& to, int ms, void*& out) {
    wire& w = *static_cast<wire*>(context);
    ++w.connecting;
    w.seen += std::string(to.host) + " " + to.address + " " + std::to_string(to.port) +
              (to.of == nx::transport_target::scheme::https ? " https;" : " http;");
    if (w.is_silent) {
      nx::os::pause_ms(ms);
      return nx::status(errc::timeout, "connect");
    }
    if (!w.refusal.ok()) return w.refusal;
    std::unique_ptr<connection> c(new connection{&w, nx::os::socket(), ""});
    const nx::status s = c->s.connect(to.address, to.port, nx::os::deadline(ms));
    if (!s.ok()) return s;
    ++w.opened;
    out = c.release();
    return s;
  }
  static nx::status send(void* to, const char* data, std::size_t size, int ms, std::size_t& put) {
    connection& c = *as(to);
    ++c.of->sends;
    if (c.of->room == 0) {
      ++c.of->stuck;
      nx::os::pause_ms(ms);
      return nx::status(errc::timeout, "send");
    }
    if (ms > c.of->longest_ms) c.of->longest_ms = ms;
    c.turned.assign(data, size < c.of->at_most ? size : c.of->at_most);
    for (char& one : c.turned) one = static_cast<char>(one + 1);
    // One byte at least, and no longer than was said.
    const nx::os::deadline until(ms);
    nx::status s = c.s.write(c.turned.data(), 1, until);
    if (!s.ok()) return s;
    s = c.s.write_now(c.turned.data() + 1, c.turned.size() - 1, put);
    ++put;
    c.of->room -= put < c.of->room ? put : c.of->room;
    put += c.of->lie;
    return s.code() == errc::timeout ? nx::status() : s;
  }
  static nx::status receive(void* from, char* data, std::size_t size, int ms, std::size_t& got) {
    connection& c = *as(from);
    ++c.of->receives;
    if (ms > c.of->longest_ms) c.of->longest_ms = ms;
    const nx::status now = c.s.read_now(data, size < c.of->at_most ? size : c.of->at_most, got);
    const nx::status s = now.code() == errc::timeout && ms > 0 ? c.s.read(data, size < c.of->at_most ? size : c.of->at_most, got, nx::os::deadline(ms)) : now;
    for (std::size_t i = 0; i < got; ++i) data[i] = static_cast<char>(data[i] + 1);
    got += c.of->lie;
    return s;
  }
  static void close(void* one) {
    ++as(one)->of->closed;
    delete as(one);
  }
  nx::transport transport() { return nx::transport{this, &connect, &send, &receive, &close}; }
};

/// A gateway at the other end of such a wire: turns back what comes, and turns what it says.
std::string turned(std::string text, int by) {
  for (char& one : text) one = static_cast<char>(one + by);
  return text;
}
std::string read_turned(guest& g) {
  std::string raw;
  for (;;) {
    const std::string request = turned(raw, -1);
    const std::size_t head = request.find("\r\n\r\n"), at = request.find("Content-Length: ");
    if (head != std::string::npos && request.size() >= head + 4 + static_cast<std::size_t>(atol(request.c_str() + at + 16))) return request;
    const std::string more = g.read(1);
    if (more.empty()) return request;
    raw += more;
  }
}

struct shop {
  nx::registry mine;
  nx::counter things{mine, "things_total", "Things."};
  const std::string body = "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 3\n";
  shop() { things.inc(3); }
};

std::int64_t hours_apart() {
  static std::int64_t now = 0;
  return now += 3600000;
}
nx::push_gateway_options over(wire& w, int ms = 10000) {
  return nx::push_gateway_options().set_transport(w.transport()).set_timeout_ms(ms).set_clock_ms(&hours_apart);
}
std::string swapped(std::string url) { return url.replace(0, 4, "https"); }

}  // namespace

TEST_CASE("transport: carries every byte of a push, and hears whom to connect to") {
  shop s;
  std::string request;
  fake_server server([&](guest& g) {
    request = read_turned(g);
    g.send(turned(ok_200, -1));
    g.read_all();
  });
  for (const std::size_t at_most : {std::size_t(1) << 20, std::size_t(1), std::size_t(7)}) {
    wire w;
    w.at_most = at_most;
    nx::push_gateway gw{s.mine, swapped(server.url()), "j", {{"instance", "a"}}, over(w)};
    REQUIRE(gw.ok());
    const nx::push_result r = gw.push();
    CHECK(std::string(r.error()) == "");
    CHECK(r.http_status() == 200);
    CHECK(request.substr(0, request.find("User-Agent")) == "PUT /metrics/job/j/instance/a HTTP/1.1\r\nHost: " + server.address() + "\r\n");
    CHECK(request.substr(request.find("\r\n\r\n") + 4) == s.body);
    CHECK(w.seen == "127.0.0.1 127.0.0.1 " + std::to_string(server.port()) + " https;");
    CHECK(w.opened == 1);
    CHECK(w.closed == 1);
    CHECK(w.longest_ms <= 100);
    CHECK(gw.delete_group().ok());
    CHECK(request.compare(0, 7, "DELETE ") == 0);
    CHECK(w.opened == 2);
    CHECK(w.closed == 2);
  }
}

TEST_CASE("transport: the name is looked up here, each address is tried, and a port is what the URL makes of it") {
  shop s;
  wire w;
  w.refusal = nx::status(errc::transport_failed, "certificate has expired");
  for (const char* url : {"https://localhost", "http://localhost/a", "https://[::1]/b", "https://127.0.0.1:77"}) {
    CHECK(!nx::push_gateway(s.mine, url, "j", {}, over(w)).push().ok());
  }
  CHECK(w.seen == "localhost 127.0.0.1 443 https;localhost ::1 443 https;localhost 127.0.0.1 80 http;localhost ::1 80 http;"
                  "::1 ::1 443 https;127.0.0.1 127.0.0.1 77 https;");
  CHECK(w.opened == 0);
  CHECK(w.closed == 0);
}

TEST_CASE("transport: what it says is what people read") {
  shop s;
  wire w;
  const auto error = [&](const nx::status& refusal) {
    w.refusal = refusal;
    nx::push_gateway gw(s.mine, "https://127.0.0.1:1", "j", {}, over(w));
    const nx::push_result r = gw.push();
    CHECK(r.code() == refusal.code());
    CHECK(r.http_status() == 0);
    return std::string(r.error());
  };
  const std::string to = "https://127.0.0.1:1/metrics/job/j: ";
  CHECK(error(nx::status(errc::transport_failed, "certificate has expired")) == to + "the transport refused: certificate has expired");
  CHECK(error(nx::status(errc::timeout, "")) == to + "the deadline passed while connecting");
  CHECK(error(nx::status(errc::closed, "")) == to + "closed while connecting");
  CHECK(error(nx::os::error{support::net::refused}.to_status("")) == to + support::net::words(support::net::refused));
}

TEST_CASE("transport: https without one is refused, and so is one that is not whole") {
  shop s;
  wire w;
  nx::push_gateway none(s.mine, "https://gateway:9091", "j");
  CHECK(none.status().message() == "https://gateway:9091: https needs a transport that speaks TLS");
  CHECK(none.push().code() == errc::needs_transport);
  nx::transport all[4] = {w.transport(), w.transport(), w.transport(), w.transport()};
  all[0].connect = nullptr;
  all[1].send = nullptr;
  all[2].receive = nullptr;
  all[3].close = nullptr;
  for (const nx::transport& one : all) {
    nx::push_gateway gw(s.mine, "https://gateway:9091", "j", {}, nx::push_gateway_options().set_transport(one));
    CHECK(gw.status().code() == errc::transport_failed);
    CHECK(gw.status().message() == "a function of the transport is missing: the transport refused");
    CHECK(gw.push().code() == errc::transport_failed);
  }
  CHECK(w.seen.empty());
}

TEST_CASE("transport: the deadline holds for silence, drops of attention, and one that cannot connect") {
  shop s;
  fake_server silent([](guest& g) { g.idle(); });
  fake_server slow([](guest& g) {
    read_turned(g);
    g.trickle(turned("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + std::string(4000, 'x'), -1), 20);
  });
  for (const std::string& url : {silent.url(), slow.url()}) {
    wire w;
    nx::push_gateway gw(s.mine, url, "j", {}, over(w, 300));
    const long long begin = support::now_ms();
    const nx::push_result r = gw.push();
    CHECK(r.code() == errc::timeout);
    CHECK(support::now_ms() - begin >= 295);
    CHECK(support::now_ms() - begin < 5000);
    CHECK(w.closed == 1);
    CHECK(w.receives < 200);
  }
  wire w;
  w.is_silent = true;
  nx::push_gateway gw(s.mine, "https://127.0.0.1", "j", {}, over(w, 300).set_connect_timeout_ms(200));
  const long long begin = support::now_ms();
  CHECK(gw.push().code() == errc::timeout);
  CHECK(support::now_ms() - begin >= 195);
  CHECK(support::now_ms() - begin < 5000);
}

TEST_CASE("transport: an early refusal of a large body is read, and one that is cut short is no success") {
  nx::registry mine;
  nx::family<nx::counter, 1> all{mine, "thing_total", "Things.", {"which"}, nx::series_limits(5000)};
  for (int i = 0; i < 4096; ++i) all.labels(std::string(1000, 'x') + std::to_string(i)).inc();
  wire w;
  w.room = 100000;
  fake_server refuses([&](guest& g) {
    g.read(1000);
    while (!w.stuck) nx::os::pause_ms(1);
    g.send(turned("HTTP/1.1 413 Large\r\nContent-Length: 4\r\n\r\nlong", -1));
    g.idle();  // reads no more: the rest of the body has nowhere to go
  });
  nx::push_gateway gw(mine, refuses.url(), "j", {}, over(w));
  const nx::push_result r = gw.push();
  CHECK(r.code() == errc::http_refused);
  CHECK(r.http_status() == 413);
  CHECK(std::string(r.error()).find("413: long") != std::string::npos);
  w.room = 1 << 30;

  shop s;
  for (const std::string& answer : {ok_200.substr(0, 20), std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), std::string()}) {
    fake_server cuts([&](guest& g) {
      read_turned(g);
      g.send(turned(answer, -1));
    });
    nx::push_gateway to(s.mine, cuts.url(), "j", {}, over(w));
    CHECK(!to.push().ok());
  }
  CHECK(w.opened == 4);
  CHECK(w.closed == 4);
}

TEST_CASE("transport: counts that cannot be are not believed") {
  shop s;
  fake_server server([](guest& g) {
    read_turned(g);
    g.send(turned(ok_200, -1));
  });
  wire w;
  w.lie = 100000;
  nx::push_gateway gw(s.mine, server.url(), "j", {}, over(w, 2000));
  const nx::push_result r = gw.push();
  CHECK(r.code() == errc::transport_failed);
  CHECK(std::string(r.error()).find("did more than it was asked for") != std::string::npos);
  CHECK(w.closed == 1);
}

TEST_CASE("transport: the end of a program breaks a push off, and still sends the last value") {
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Level."};
  std::atomic<int> came(0);
  std::string last;
  fake_server server([&](guest& g) {
    last = read_turned(g);
    if (++came == 1) g.read_all();  // the first one hears nothing until it goes
    else g.send(turned(ok_200, -1));
  });
  wire w;
  std::unique_ptr<nx::periodic_pusher> pusher(new nx::periodic_pusher{
      mine, swapped(server.url()), "edge", {{"instance", "i"}},
      nx::periodic_pusher_options().set_pace(nx::periodic_pusher_options::pace::every_1_s).set_final_timeout_ms(15000).set_gateway(
          nx::push_gateway_options().set_transport(w.transport()).set_timeout_ms(60000))});
  REQUIRE(pusher->ok());
  REQUIRE(support::soon([&] { return came == 1; }));
  level.set(7);
  const long long begin = support::now_ms();
  pusher.reset();
  CHECK(support::now_ms() - begin < 10000);
  CHECK(support::sample_of(last, "level") == "7");
  CHECK(w.opened == 2);
  CHECK(w.closed == 2);
}

TEST_CASE("transport: one that is connecting leaves time for the last push") {
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Level."};
  wire w;
  w.is_silent = true;
  const nx::error_hook before = nx::set_error_hook(nullptr);
  std::unique_ptr<nx::periodic_pusher> pusher(new nx::periodic_pusher{
      mine, "https://127.0.0.1:1", "edge", {{"instance", "i"}},
      nx::periodic_pusher_options().set_pace(nx::periodic_pusher_options::pace::every_1_s).set_final_timeout_ms(1000).set_gateway(
          nx::push_gateway_options().set_transport(w.transport()).set_connect_timeout_ms(30000).set_timeout_ms(60000))});
  REQUIRE(support::soon([&] { return w.connecting > 0; }));
  const long long begin = support::now_ms();
  pusher.reset();
  CHECK(support::now_ms() - begin < 8000);
  CHECK(w.connecting >= 2);
  nx::set_error_hook(before);
}

TEST_CASE("transport: hundreds of pushes and failures leave nothing open") {
  shop s;
  const std::size_t before = support::open_files();
  {
    fake_server server([](guest& g) {
      read_turned(g);
      g.send(turned(ok_200, -1));
    });
    fake_server bad([](guest& g) { g.reset(); });
    wire w;
    for (int i = 0; i < 100; ++i) {
      CHECK(nx::push_gateway(s.mine, server.url(), "j", {}, over(w)).push().ok());
      CHECK(!nx::push_gateway(s.mine, bad.url(), "j", {}, over(w)).push().ok());
    }
    CHECK(w.opened == w.closed);
  }
  CHECK(support::open_files() == before);
}
