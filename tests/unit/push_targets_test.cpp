// Groups and gateways of pushes: grouping keys, values that look like ids, circuits, failover and return, clean-up, and the books.
#include <narthex/narthex.hpp>

#include <narthex/batch_job.hpp>
#include <narthex/http_server.hpp>
#include <narthex/periodic_pusher.hpp>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#if !defined(_WIN32)
#include <unistd.h>
#endif

#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/fake_server.hpp"
#include "support/recorder.hpp"

namespace nx = narthex;
using nx::detail::gateway_ring;
using support::sample_of;

namespace {

std::int64_t now_ms = 0;
std::int64_t test_clock() { return now_ms; }

std::vector<std::string> told;  // by the error hook
void keep(const nx::status& s) { told.push_back(s.message()); }
struct listening {
  nx::error_hook before;
  listening() : before(nx::set_error_hook(&keep)) { told.clear(); }
  ~listening() { nx::set_error_hook(before); }
};

/// A gateway that takes pushes, or is ready, as it is told; it keeps "VERB path" of each request, and the last body.
class gateway {
 public:
  gateway() : server_([this](support::guest& g) { serve(g); }) {}
  std::string url() const { return server_.url(); }
  void set(bool takes, bool ready) {
    const std::lock_guard<std::mutex> held(lock_);
    takes_ = takes;
    ready_ = ready;
  }
  void refuse_deletion(bool refuses) {
    const std::lock_guard<std::mutex> held(lock_);
    refuses_deletion_ = refuses;
  }
  /// "PUT GET PUT" since the last call; a look at the health is READY.
  std::string heard() {
    const std::lock_guard<std::mutex> held(lock_);
    const std::string all = heard_;
    heard_.clear();
    return all;
  }
  std::string body() {
    const std::lock_guard<std::mutex> held(lock_);
    return body_;
  }

 private:
  void serve(support::guest& g) {
    const std::string request = g.read_request(), verb = request.substr(0, request.find(' '));
    const std::lock_guard<std::mutex> held(lock_);
    const bool is_probe = request.find("GET /-/ready ") == 0;
    heard_ += (heard_.empty() ? "" : " ") + (is_probe ? "READY" : verb);
    const bool good = is_probe ? ready_ : verb == "DELETE" ? takes_ && !refuses_deletion_ : takes_;
    if (good && verb == "PUT") body_ = request;
    g.send(good ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  }

  std::mutex lock_;
  bool takes_ = true, ready_ = true, refuses_deletion_ = false;
  std::string heard_, body_;
  support::fake_server server_;
};

nx::periodic_pusher_options by_tick() {
  return nx::periodic_pusher_options().without_thread().set_gateway(nx::push_gateway_options().set_clock_ms(&test_clock)).set_seed(1);
}

/// A pusher with two gateways that is ticked, and a clock that is moved.
struct stage {
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Level."};
  gateway one, two;
  listening here;
  std::unique_ptr<nx::periodic_pusher> pusher;
  explicit stage(nx::periodic_pusher_options options = by_tick()) {
    now_ms = 1000000;
    pusher.reset(new nx::periodic_pusher{mine, one.url(), "edge", {{"instance", "i"}}, options.also(two.url())});
  }
  /// One push. Returns: what the two gateways have heard for it.
  std::string push() {
    const std::string before = own("attempts_total");
    for (int i = 0; i < 1000 && own("attempts_total") == before; ++i) now_ms += pusher->tick(now_ms);
    return one.heard() + " | " + two.heard();
  }
  std::string own(const std::string& name) { return sample_of(nx::to_text(mine), "narthex_push_" + name); }
};

double number_of(const std::string& page, const std::string& name) { return std::atof(sample_of(page, "narthex_push_" + name).c_str()); }

/// calls - (successes + failures + refused + coalesced + in flight)
double imbalance(const std::string& page) {
  double all = number_of(page, "calls_total");
  for (const char* column : {"successes_total", "coalesced_total", "in_flight", "failures_total{what=\"answer\"}",
                             "failures_total{what=\"host\"}", "failures_total{what=\"network\"}", "failures_total{what=\"timeout\"}",
                             "refused_total{what=\"content\"}", "refused_total{what=\"rate\"}"}) {
    REQUIRE(sample_of(page, std::string("narthex_push_") + column) != "");
    all -= number_of(page, column);
  }
  return all;
}

}  // namespace

// ---- grouping keys ----

TEST_CASE("grouping_key: whatever the order of the labels, the URL has them in the order of their names") {
  support::recorder r;
  nx::registry mine;
  nx::gauge one{mine, "one", "One."};
  nx::push_gateway a{mine, r.url(), "j", nx::grouping_key().team("a/b").label("shard", 3).region("eu").instance("db-3")};
  REQUIRE(a.push().ok());
  CHECK(r.all().back().find("PUT /metrics/job/j/instance/db-3/region/eu/shard/3/team@base64/YS9i HTTP/1.1\r\n") == 0);
  const nx::grouping_key kept = nx::grouping_key().instance("db-3").region("eu"), copy = kept;
  nx::push_gateway b{mine, r.url(), "j", copy};
  REQUIRE(b.push().ok());
  CHECK(r.all().back().find("PUT /metrics/job/j/instance/db-3/region/eu HTTP/1.1\r\n") == 0);
  nx::push_gateway none{mine, r.url(), "j", nx::grouping_key()};
  REQUIRE(none.push().ok());
  CHECK(r.all().back().find("PUT /metrics/job/j HTTP/1.1\r\n") == 0);
}

TEST_CASE("grouping_key: the instance of a process is host:pid, and enough for a periodic_pusher and a batch_job") {
#if defined(_WIN32)
  char host[256] = "";
  DWORD room = sizeof host;
  REQUIRE(::GetComputerNameA(host, &room));
  const std::string pid = std::to_string(::GetCurrentProcessId());
#else
  char host[256] = "";
  REQUIRE(::gethostname(host, sizeof host) == 0);
  const std::string pid = std::to_string(::getpid());
#endif
  const nx::grouping_key key = nx::grouping_key().instance_of_process();
  REQUIRE(key.status().ok());
  REQUIRE(key.size() == 1);
  CHECK(std::string(key.name_at(0).data(), key.name_at(0).size()) == "instance");
  CHECK(std::string(key.value_at(0).data(), key.value_at(0).size()) == host + (":" + pid));
  const listening here;
  gateway g;
  nx::registry mine;
  nx::periodic_pusher p{mine, g.url(), "edge", key, by_tick()};
  CHECK(p.ok());
  nx::batch_job job{mine, g.url(), "nightly", key};
  CHECK(job.ok());
  CHECK(told.empty());  // no id
}

TEST_CASE("grouping_key: too many labels, too much text, and what a gateway would refuse, are told by whoever gets it") {
  nx::registry mine;
  const auto code_of = [&](const nx::grouping_key& key) { return nx::push_gateway(mine, "http://127.0.0.1:1", "j", key).status(); };
  nx::grouping_key many;
  for (int i = 0; i < 8; ++i) many.label("l" + std::to_string(i), i);
  CHECK(code_of(many).ok());
  many.label("l8", 8);
  CHECK(code_of(many).message() == "l8: too large; limit in bytes 8");
  CHECK(code_of(nx::grouping_key().label("a", std::string(511, 'x'))).ok());
  CHECK(code_of(nx::grouping_key().label("a", std::string(512, 'x'))).message() == "a: the label text does not fit; bytes of room 512");
  CHECK(code_of(nx::grouping_key().label("le", "1")).code() == nx::errc::reserved_label_name);
  CHECK(code_of(nx::grouping_key().region("eu").label("region", "us")).code() == nx::errc::duplicate_label_name);
}

// ---- values that look like ids ----

TEST_CASE("push_gateway: what looks like an id, and what does not") {
  using nx::detail::looks_like_id;
  for (const char* id : {"123e4567-e89b-12d3-a456-426614174000", "run-123E4567-E89B-12D3-A456-426614174000-x",
                         "4bf92f3577b34da6a3ce929d0e0e4736", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "req_0123456789abcdef0123",
                         "1700000000", "run-1700000000", "1700000000123", "backup.1700000000123456", "1700000000123456789",
                         "202611230245", "run_20261123024500", "175928847299117063", "a:123e4567-e89b-12d3-a456-426614174000"}) {
    if (!looks_like_id(id)) FAIL_CHECK(id);
  }
  for (const char* name : {"", "db-3", "db-3.example.org:4242", "9f86d081884c:17", "web01:4194304", "10.0.0.1:9464", "[2001:db8::8a2e:370:7334]:9100",
                           "fe80::1ff:fe23:4567:890a", "1.2.3", "v1.22.333", "v0.0.0-20200601152816-913338de1bd2", "10.0.19045.3803", "2.1.0-rc1+g3f2a9c1",
                           "web-7d4b9c6f5d-x2x8k", "kube-proxy-8zk2x", "backup-27854940-abcde", "db-0", "i-0abcd1234ef567890",
                           "ip-10-0-0-1.eu-west-1.compute.internal", "2026-11-23", "20261123", "2026-11-23T02:45:00Z", "0012345678", "till-4006381333931",
                           "eu", "deadbeef", "00:1b:44:11:3a:b7", "001b44113ab7", "shard-12", "1", "v2", "north", "nightly_batch", "facade", "de305d54-75b4-431b",
                           "1e9", "accessibility_feedback", "deadbeefdeadbeefdeadbeef"}) {
    if (looks_like_id(name)) FAIL_CHECK(name);
  }
}

TEST_CASE("push_gateway: a group that looks like an id is told once, counted, and pushed all the same") {
  support::recorder r;
  nx::registry mine;
  nx::gauge one{mine, "one", "One."};
  const listening here;
  nx::push_gateway gw{mine, r.url(), "j", {{"run", "123e4567-e89b-12d3-a456-426614174000"}}};
  REQUIRE(told.size() == 1);
  CHECK(told[0] == "run: looks like an id, and each value is a group that stays for ever: leave it out, or delete the group");
  CHECK(gw.push().ok());
  CHECK(sample_of(r.all().back(), "narthex_push_suspect_groups_total") == "1");
  nx::push_gateway by_job{mine, r.url(), "import-1700000000"};
  CHECK(told.back() == "job: looks like an id, and each value is a group that stays for ever: leave it out, or delete the group");
  CHECK(sample_of(nx::to_text(mine), "narthex_push_suspect_groups_total") == "2");
  nx::periodic_pusher p{mine, r.url(), "j", {{"instance", "1700000000"}}, by_tick().also("http://127.0.0.1:1").also("http://127.0.0.1:2")};
  CHECK(told.size() == 3);  // not once for each gateway
  nx::push_gateway fine{mine, r.url(), "j", {{"instance", "db-3:4242"}}};
  nx::push_gateway refused{mine, r.url(), "j", {{"le", "1700000000"}}};
  CHECK(told.size() == 3);
  CHECK(sample_of(nx::to_text(mine), "narthex_push_suspect_groups_total") == "3");
}

// ---- circuits ----

TEST_CASE("gateway_ring: a circuit opens at the third failure in a row, for a minute, and is then half open") {
  gateway_ring ring(2);
  const auto fail = [&](std::int64_t at) { ring.tell(0, false, at); };
  fail(0);
  fail(1000);
  CHECK(ring.may_ask(0, 1000));
  CHECK(!ring.wants_probe(0));
  CHECK(ring.open_circuits() == 0);
  ring.tell(0, true, 1500);  // in a row
  fail(2000);
  fail(3000);
  CHECK(ring.may_ask(0, 3000));
  fail(4000);
  CHECK(ring.open_circuits() == 1);
  CHECK(!ring.may_ask(0, 4000));
  CHECK(!ring.may_ask(0, 63999));
  CHECK(ring.may_ask(0, 64000));
  CHECK(ring.wants_probe(0));
  fail(64000);  // the probe
  CHECK(!ring.may_ask(0, 123999));
  CHECK(ring.may_ask(0, 124000));
  ring.tell(0, true, 124000);
  CHECK(ring.open_circuits() == 0);
  CHECK(!ring.wants_probe(0));
  CHECK(ring.may_ask(1, 0));
  ring.activate(1);
  CHECK(ring.wants_probe(0));  // it was left
  gateway_ring alone(1);
  for (int i = 0; i < 9; ++i) alone.tell(0, false, 0);
  CHECK(alone.may_ask(0, 0));
  CHECK(!alone.wants_probe(0));
  CHECK(alone.open_circuits() == 0);
}

// ---- several gateways ----

TEST_CASE("periodic_pusher: the second gateway takes what the first does not, and the first is returned to when it is well") {
  stage s;
  CHECK(s.push() == "PUT | ");
  CHECK(s.own("active_gateway") == "0");
  s.one.set(false, false);
  s.level.set(5);
  CHECK(s.push() == "PUT DELETE | PUT");  // the group of the one that was left is asked to go
  CHECK(sample_of(s.two.body(), "level") == "5");
  CHECK(s.own("active_gateway") == "1");
  CHECK(s.push() == "READY | PUT");  // the third failure in a row
  CHECK(s.own("open_circuits") == "1");
  CHECK(s.push() == " | PUT");  // the circuit is open: for a minute it hears nothing
  CHECK(s.own("interval_seconds") == "15");  // for one has taken each
  CHECK(s.own("successes_total") == "4");
  CHECK(s.own("attempts_total") == "5");
  CHECK(s.own("retries_total") == "1");
  CHECK(s.own("failures_total{what=\"answer\"}") == "0");
  std::string heard;
  for (int i = 0; i < 6 && heard.find("READY") != 0; ++i) heard = s.push();
  CHECK(heard == "READY | PUT");  // half open: one probe, and open again
  CHECK(s.push() == " | PUT");
  s.one.set(true, true);
  s.level.set(6);
  for (int i = 0; i < 6 && heard.find("READY PUT") != 0; ++i) heard = s.push();
  CHECK(heard == "READY PUT | DELETE");  // so that no series is there twice
  CHECK(sample_of(s.one.body(), "level") == "6");
  CHECK(s.own("active_gateway") == "0");
  CHECK(s.own("open_circuits") == "0");
  CHECK(s.push() == "PUT | ");
  CHECK(told.empty());
  s.pusher.reset();
  CHECK(s.one.heard() + " | " + s.two.heard() == "PUT | ");
}

TEST_CASE("periodic_pusher: a gateway that is ready and takes nothing is not gone back to") {
  stage s;
  s.one.set(false, true);
  CHECK(s.push() == "PUT DELETE | PUT");
  CHECK(s.push() == "READY PUT | PUT");  // the third failure: it is not asked to delete any more
  CHECK(s.push() == " | PUT");
}

TEST_CASE("periodic_pusher: what could not be deleted is deleted when the gateway can be reached") {
  stage s;
  CHECK(s.push() == "PUT | ");
  s.one.set(false, false);
  CHECK(s.push() == "PUT DELETE | PUT");
  s.one.set(true, true);
  s.two.refuse_deletion(true);
  CHECK(s.push() == "READY PUT | DELETE");
  CHECK(s.push() == "PUT | DELETE");  // the second failure
  s.two.refuse_deletion(false);
  CHECK(s.push() == "PUT | DELETE");
  CHECK(s.push() == "PUT | ");
}

TEST_CASE("periodic_pusher: no gateway at all is a failure, told once, and the active one is tried even when all circuits are open") {
  stage s;
  s.one.set(false, false);
  s.two.set(false, false);
  for (int i = 0; i < 3; ++i) CHECK(s.push() == "PUT | PUT");
  CHECK(s.own("open_circuits") == "2");
  CHECK(s.push() == "PUT | ");
  CHECK(s.own("failures_total{what=\"answer\"}") == "4");
  CHECK(s.own("attempts_total") == "7");
  CHECK(s.own("retries_total") == "6");
  CHECK(s.own("interval_seconds") == "30");
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("the server refused; HTTP status 503") != std::string::npos);
  s.two.set(true, true);
  s.level.set(7);
  s.pusher.reset();  // the last push is not lost to circuits
  CHECK(sample_of(s.two.body(), "level") == "7");
}

TEST_CASE("periodic_pusher: a last push has time for the second gateway when the first never answers") {
  support::recorder silent;
  silent.answer_with("");
  std::string heard;
  support::fake_server second([&](support::guest& g) {
    const std::string request = g.read_request();
    support::sleep_us(100000);  // a gateway that has to think
    heard += request.substr(0, 3);
    g.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  nx::registry mine;
  nx::gauge one{mine, "one", "One."};
  const listening here;
  std::unique_ptr<nx::periodic_pusher> p(new nx::periodic_pusher{
      mine, silent.url(), "edge", {{"instance", "i"}}, by_tick().also(second.url()).set_final_timeout_ms(1000)});
  const long long begin = support::now_ms();
  p.reset();
  CHECK(support::now_ms() - begin < 5000);
  CHECK(heard == "PUT");
  CHECK(sample_of(nx::to_text(mine), "narthex_push_successes_total") == "1");
}

TEST_CASE("periodic_pusher: a push that is broken off at the end does not go to the second gateway; the last one does") {
  support::recorder silent;
  silent.answer_with("");
  gateway second;
  nx::registry mine;
  nx::gauge one{mine, "one", "One."};
  const listening here;
  using options = nx::periodic_pusher_options;
  std::unique_ptr<nx::periodic_pusher> p(new nx::periodic_pusher{
      mine, silent.url(), "edge", {{"instance", "i"}}, options().set_pace(options::pace::every_1_s).also(second.url()).set_final_timeout_ms(1000)});
  silent.wait_for(1);
  one.set(2);
  const long long begin = support::now_ms();
  p.reset();
  CHECK(support::now_ms() - begin < 5000);
  CHECK(second.heard() == "PUT");
  CHECK(sample_of(second.body(), "one") == "2");
  const std::string page = nx::to_text(mine);
  CHECK(imbalance(page) == 0);
  CHECK(number_of(page, "calls_total") == 2);
  CHECK(number_of(page, "failures_total{what=\"timeout\"}") == 1);
}

TEST_CASE("periodic_pusher: to all of them: each gets each push, and one is enough") {
  stage s(by_tick().to_all().set_delete_after_ms(0));
  CHECK(s.push() == "PUT | PUT");
  s.one.set(false, false);
  CHECK(s.push() == "PUT | PUT");  // and nothing is deleted
  CHECK(s.own("active_gateway") == "1");
  CHECK(s.own("successes_total") == "2");
  CHECK(imbalance(nx::to_text(s.mine)) == 0);
  s.one.set(true, true);
  CHECK(s.push() == "READY PUT | PUT");
  CHECK(s.own("active_gateway") == "0");
  s.pusher.reset();
  CHECK(s.one.heard() + " | " + s.two.heard() == "PUT DELETE | PUT DELETE");
}

TEST_CASE("periodic_pusher: what is refused before it is sent is not tried elsewhere, and no gateway's fault") {
  stage s;
  nx::family<nx::gauge, 1> clash{s.mine, "y", "Y.", {"instance"}};
  clash.labels("x").set(1);
  for (int i = 1; i <= 4; ++i) {
    CHECK(s.push() == " | ");
    CHECK(s.own("attempts_total") == std::to_string(i));
  }
  CHECK(s.own("refused_total{what=\"content\"}") == "4");
  CHECK(s.own("open_circuits") == "0");
  clash.clear();
  CHECK(s.push() == "PUT | ");
}

TEST_CASE("periodic_pusher: gateways that cannot be read, or too many, are refused") {
  nx::registry mine;
  const listening here;
  const auto code_of = [&](const nx::periodic_pusher_options& o) {
    return nx::periodic_pusher(mine, "http://127.0.0.1:1", "edge", {{"instance", "i"}}, o).status().code();
  };
  CHECK(code_of(by_tick().also("ftp://x")) == nx::errc::bad_url);
  CHECK(code_of(by_tick().also("http://127.0.0.1:2").also("")) == nx::errc::bad_url);
  nx::periodic_pusher_options many = by_tick();
  for (int i = 0; i < 4; ++i) many.also("http://127.0.0.1:2");
  CHECK(code_of(many) == nx::errc::too_large);
}

// ---- the books ----

TEST_CASE("periodic_pusher: the books balance in every body and after every push") {
  stage s;
  nx::family<nx::gauge, 1> clash{s.mine, "y", "Y.", {"instance"}};
  double bytes = 0;
  for (int i = 0; i < 40; ++i) {
    s.one.set(i % 3 != 0, i % 3 != 0);
    s.two.set(i % 7 != 0, i % 7 != 0);
    if (i == 20) clash.labels("x").set(1);
    if (i == 23) clash.clear();
    for (int j = 0; j < i % 4; ++j) s.pusher->push_soon();
    CHECK(imbalance(nx::to_text(s.mine)) == 0);
    CHECK(s.own("in_flight") == (i % 4 ? "1" : "0"));  // asked for, and not yet pushed
    const std::string before = s.one.body() + s.two.body();
    s.push();
    CHECK(imbalance(nx::to_text(s.mine)) == 0);
    CHECK(s.own("in_flight") == "0");
    for (gateway* g : {&s.one, &s.two}) {
      const std::string body = g->body();
      if (body.empty() || before.find(body) != std::string::npos) continue;
      CHECK(imbalance("\n" + body) == 0);
      CHECK(number_of("\n" + body, "in_flight") == 1);
      bytes += static_cast<double>(body.size() - body.find("\r\n\r\n") - 4);
      CHECK(number_of(nx::to_text(s.mine), "bytes_total") == bytes);
    }
  }
  CHECK(s.own("refused_total{what=\"content\"}") != "0");
  CHECK(s.own("coalesced_total") != "0");
  CHECK(s.own("failures_total{what=\"answer\"}") != "0");
  s.pusher->push_soon();
  s.pusher.reset();
  CHECK(imbalance(nx::to_text(s.mine)) == 0);
  CHECK(s.own("in_flight") == "0");
}

// ---- scraped and pushed ----

TEST_CASE("periodic_pusher: a scraped program pushes at its end, unless somebody has scraped it shortly before") {
  const listening here;
  gateway g;
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Level."};
  nx::http_server server{mine, "127.0.0.1:0"};
  REQUIRE(server.ok());
  using options = nx::periodic_pusher_options;
  const auto run = [&](const options& o) {
    nx::periodic_pusher p{mine, g.url(), "edge", {{"instance", "i"}}, o};
    CHECK(p.ok());
    CHECK(p.tick(0) == -1);
    CHECK(g.heard() == "");
  };
  const auto get = [&](const std::string& path) {
    support::client c(server.port());
    c.send("GET " + path + " HTTP/1.0\r\n\r\n");
    return c.read();
  };
  level.set(1);
  run(options().only_at_end());
  CHECK(g.heard() == "PUT");
  CHECK(sample_of(g.body(), "level") == "1");
  CHECK(sample_of(g.body(), "narthex_push_interval_seconds") == "0");  // nobody is to wait for the next
  run(options().only_at_end().unless_scraped(server.last_scrape(), 60000));
  CHECK(g.heard() == "PUT");  // nobody has scraped
  CHECK(get("/-/healthy").find("200") != std::string::npos);
  CHECK(get("/nothing").find("404") != std::string::npos);
  run(options().only_at_end().unless_scraped(server.last_scrape(), 60000));
  CHECK(g.heard() == "PUT");  // nor now
  level.set(2);
  CHECK(sample_of(get("/metrics"), "level") == "2");
  const double calls = number_of(nx::to_text(mine), "calls_total");
  REQUIRE(support::soon([&] { return server.last_scrape().is_within(60000, nx::os::monotonic_ms()); }));
  run(options().only_at_end().unless_scraped(server.last_scrape(), 60000));
  CHECK(g.heard() == "");
  CHECK(number_of(nx::to_text(mine), "calls_total") == calls);
  run(options().only_at_end().unless_scraped(server.last_scrape(), 60000).set_delete_after_ms(0));
  CHECK(g.heard() == "DELETE");
  run(options().only_at_end());
  CHECK(g.heard() == "PUT");
  run(options().only_at_end().unless_scraped(server.last_scrape(), -1000));  // not so lately
  CHECK(g.heard() == "PUT");
}

TEST_CASE("scrape_clock: to a tenth of a second, and never is never") {
  nx::detail::scrape_clock c;
  CHECK(!c.is_within(0x7fffffff, 0));
  CHECK(!c.is_within(0x7fffffff, 1000));
  c.note(0);
  CHECK(c.is_within(0, 0));
  c.note(1000000);
  CHECK(c.is_within(5000, 1000000));
  CHECK(c.is_within(5000, 1005000));
  CHECK(!c.is_within(5000, 1005100));
}
