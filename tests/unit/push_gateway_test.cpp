// push_gateway: every byte that is sent, everything that can come back, and what must never leave the program.
#include <narthex/narthex.hpp>

#include <narthex/push_gateway.hpp>

#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <netdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

#include <atomic>
#include <fstream>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/fake_server.hpp"
#include "support/held.hpp"

// What of Pushgateway's refusals (bodies.tsv of the project's vectors: 400, or a silent change) can never happen to a push of
// ours, and why. "writer": text_format, whose output is tested byte by byte elsewhere; the last column is the test below.
//
//   b04 b05    empty PUT wipes the group               errc::empty_exposition            "an empty registry"
//   b09 b10    no LF at the end, CRLF                  writer: each line ends in \n      "the exact bytes"
//   b11        timestamps                              writer has none                   "the exact bytes"
//   b14-b17    OpenMetrics, exemplars, unknown, info   writer: 0.0.4; untyped, gauge     "types are those of 0.0.4"
//   b20-b23    protobuf                                never sent                        "the exact bytes"
//   b24 b25    type conflict with another group        seen by the gateway alone: 400, its words are shown
//   b28 b33    a series or a label twice               registry: refused when registered, merged when attached
//   b29 b30 b32  own label job or of the group         errc::label_clash                 "a label of the grouping key"
//   b34        label __x                               registry: reserved_label_name     "what the registry has refused"
//   b35 b36    push_time_seconds                       errc::reserved_metric             "names of the gateway's own"
//   b38        go_goroutines as counter                seen by the gateway alone; pushgateway_* is refused here
//   b40 b41    broken UTF-8 in a label or help         writer repairs                    "broken UTF-8"
//   b42-b44    bad or quoted names                     registry: bad_name                "what the registry has refused"
//   b45-b47    TYPE twice or late, interleaved         writer: one walk, one head        "the exact bytes"
//   b50        grouping label le with a histogram      errc::reserved_label_name         "bad grouping labels"
//   b51        suffix collision in one body            registry: name_collides           "what the registry has refused"
//   b52 b77    collision or same series across groups  seen by the gateway alone; its words are shown
//   b54        negative or NaN counter                 instruments refuse the update
//   b56-b58    1e400, bad escapes                      writer
//   b60-b62    Content-Encoding                        never sent                        "headers that would change the request"
//   b65        no length                               always sent                       "the exact bytes"
//   b85        gaugehistogram                          no such type
//
// And of urls.tsv: a blank as '+', %2F, '..', empty parts, 'le', 'quantile', '__x', broken UTF-8: "every path of the vectors",
// "bad grouping labels", "broken UTF-8".

namespace nx = narthex;
using support::fake_server;
using support::guest;
using support::open_files;
using support::threads;

namespace {

// ---- a resolver of our own: names under .test, and a heap that refuses ----

std::atomic<int> hanging(0), look_ups(0);
std::atomic<bool> hang(false), open_to_signals(false);
std::atomic<long> refuse_after(-1);  // how many no-throw allocations succeed; negative: all
std::atomic<bool> has_refused(false);

}  // namespace

// The sanitizers have their own of both.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define TEST_IS_SANITIZED 1
#elif defined(__clang__) && defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define TEST_IS_SANITIZED 1
#endif
#endif
#ifndef TEST_IS_SANITIZED
#define TEST_IS_SANITIZED 0
#endif

#if defined(__GLIBC__) && !TEST_IS_SANITIZED
#define TEST_HAS_OWN_RESOLVER 1
struct one_address {
  addrinfo info;  // first: freed by its address
  sockaddr_in at;
};
static int answer(addrinfo** out, const std::vector<const char*>& all) {
  *out = nullptr;
  for (std::size_t i = all.size(); i-- > 0;) {
    one_address* const one = static_cast<one_address*>(calloc(1, sizeof(one_address)));
    one->at.sin_family = AF_INET;
    inet_pton(AF_INET, all[i], &one->at.sin_addr);
    one->info.ai_family = AF_INET;
    one->info.ai_addr = reinterpret_cast<sockaddr*>(&one->at);
    one->info.ai_addrlen = static_cast<socklen_t>(sizeof one->at);
    one->info.ai_next = *out;
    *out = &one->info;
  }
  return 0;
}
extern "C" int getaddrinfo(const char* host, const char*, const addrinfo*, addrinfo** out) {
  ++look_ups;
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  if (!sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGUSR1) || sigismember(&blocked, SIGSEGV)) open_to_signals = true;
  const std::string name = host;
  if (name == "hang.test") {
    ++hanging;
    while (hang) support::sleep_us(1000);
    --hanging;
    return EAI_AGAIN;
  }
  if (name == "again.test") return EAI_AGAIN;
  if (name == "system.test") return errno = EMFILE, EAI_SYSTEM;
  if (name == "nothing.test") return answer(out, {});
  if (name == "second.test") return answer(out, {"127.0.0.2", "127.0.0.1"});
  if (name == "eighth.test") {
    return answer(out, {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.1"});
  }
  if (name == "tenth.test") {
    return answer(out, {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9",
                        "127.0.0.10", "127.0.0.1"});
  }
  return EAI_NONAME;
}
extern "C" void freeaddrinfo(addrinfo* all) noexcept {
  while (all) {
    addrinfo* const next = all->ai_next;
    free(all);
    all = next;
  }
}
#else
#define TEST_HAS_OWN_RESOLVER 0
#endif

#if !TEST_IS_SANITIZED
#define TEST_HAS_OWN_NEW 1
void* operator new(std::size_t size) {
  if (void* const memory = malloc(size ? size : 1)) return memory;
  abort();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (refuse_after >= 0 && refuse_after.fetch_sub(1) <= 0) {
    refuse_after = 0;
    has_refused = true;
    return nullptr;
  }
  return malloc(size ? size : 1);
}
namespace {
__attribute__((noinline)) void give_back(void* memory) { free(memory); }  // inlined, GCC takes it for a mismatch
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { give_back(memory); }
#else
#define TEST_HAS_OWN_NEW 0
#endif

namespace {

const std::string ok_200 = "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 16:08:04 GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A registry with one counter at 3.
struct shop {
  nx::registry mine;
  nx::counter things{mine, "things_total", "Things."};
  std::string body = "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 3\n";
  shop() { things.inc(3); }
};

/// A registry whose page has some megabytes.
struct warehouse {
  nx::registry mine;
  nx::family<nx::counter, 1> all{mine, "thing_total", "Things.", {"which"}, nx::series_limits(5000)};
  explicit warehouse(std::size_t label_bytes = 1000) {
    for (int i = 0; i < 4096; ++i) all.labels(std::string(label_bytes, 'x') + std::to_string(i)).inc();
  }
};

/// An hour later each time: pushes in a row are tested here, their rate in push_rate_test.
std::int64_t hours_apart() {
  static std::atomic<std::int64_t> now(0);
  return now += 3600000;
}
nx::push_gateway_options patient(int ms) { return nx::push_gateway_options().set_timeout_ms(ms).set_clock_ms(&hours_apart); }

/// Answers every request with one text, and keeps the requests.
struct recorder {
  std::mutex lock;
  std::vector<std::string> all;
  fake_server server;
  explicit recorder(std::string answer = ok_200, const char* host = "127.0.0.1", std::uint16_t port = 0)
      : server([this, answer](guest& g) {
          const std::string request = g.read_request();
          {
            const std::lock_guard<std::mutex> held(lock);
            all.push_back(request);
          }
          g.send(answer);
        }, host, port) {}
  std::string last() {
    const std::lock_guard<std::mutex> held(lock);
    return all.empty() ? "" : all.back();
  }
  std::size_t count() {
    const std::lock_guard<std::mutex> held(lock);
    return all.size();
  }
};

std::string request(const std::string& verb, const std::string& path, const std::string& host, const std::string& body,
                    const std::string& more = "") {
  return verb + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: narthex/" + std::to_string(NARTHEX_VERSION_MAJOR) +
         "." + std::to_string(NARTHEX_VERSION_MINOR) + "." + std::to_string(NARTHEX_VERSION_PATCH) + more +
         "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

/// What one push makes of an answer.
struct outcome {
  nx::errc code;
  int http;
  std::string words;  // behind the address
};
outcome push_to(fake_server::script script, const nx::push_gateway_options& options = patient(10000)) {
  shop s;
  fake_server server(script);
  nx::push_gateway gw{s.mine, server.url(), "j", {}, options};
  const nx::push_result r = gw.push();
  const std::string front = r.ok() ? "" : server.url() + "/metrics/job/j: ", text = r.error();
  CHECK(text.compare(0, front.size(), front) == 0);
  CHECK(r.why().code() == r.code());
  CHECK(r.ok() == (r.code() == nx::errc::ok));
  return outcome{r.code(), r.http_status(), text.substr(front.size() < text.size() ? front.size() : text.size())};
}
outcome answered(const std::string& answer, const nx::push_gateway_options& options = patient(10000)) {
  return push_to([answer](guest& g) {
    g.read_request();
    g.send(answer);
  }, options);
}
void check(const outcome& got, nx::errc code, int http, const std::string& words) {
  CHECK(got.code == code);
  CHECK(got.http == http);
  CHECK(got.words == words);
}

/// A thread's entry goes a little after it was joined.
bool settles(std::size_t (*count)(), std::size_t wanted) {
  for (int i = 0; i < 5000 && count() != wanted; ++i) support::sleep_us(1000);
  return count() == wanted;
}
/// Their number, once those that are at their end have ended.
std::size_t threads_at_rest() {
  std::size_t n = threads();
  for (int same = 0; same < 50; ++same) {
    support::sleep_us(1000);
    const std::size_t now = threads();
    if (now != n) same = 0;
    n = now;
  }
  return n;
}

/// A port where nobody listens, held so that nobody comes.
struct dead_port {
  support::net::user up;
  support::net::handle fd = ::socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port = 0;
  dead_port() {
    sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    inet_pton(AF_INET, "127.0.0.1", &a.sin_addr);
    socklen_t size = static_cast<socklen_t>(sizeof a);
    ::bind(fd, reinterpret_cast<sockaddr*>(&a), size);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size);
    unsigned char wire[2];
    memcpy(wire, &a.sin_port, 2);
    port = static_cast<std::uint16_t>(wire[0] * 256 + wire[1]);
  }
  ~dead_port() { support::net::close(fd); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
};

std::string unhex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(strtol(hex.substr(i, 2).c_str(), nullptr, 16));
  return out;
}

nx::errc status_of(const std::string& url, const std::string& job = "j") { return nx::push_gateway{url, job}.status().code(); }
std::string message_of(const std::string& url) { return nx::push_gateway{url, "j"}.status().message(); }

}  // namespace

// ---- what is sent ----

TEST_CASE("push_gateway: the exact bytes of push, push_add and delete_group") {
  shop s;
  recorder r;
  nx::push_gateway gw{s.mine, r.server.url(), "nightly_batch", {{"instance", "db-3"}, {"shard", 7}}};
  REQUIRE(gw.ok());
  const std::string path = "/metrics/job/nightly_batch/instance/db-3/shard/7";
  REQUIRE(gw.push().ok());
  CHECK(r.last() == request("PUT", path, r.server.address(), s.body));
  REQUIRE(gw.push_add().ok());
  CHECK(r.last() == request("POST", path, r.server.address(), s.body));
  REQUIRE(gw.delete_group().ok());
  CHECK(r.last() == request("DELETE", path, r.server.address(), ""));
  CHECK(r.count() == 3);
}

TEST_CASE("push_gateway: the body is what write_text writes, small or large") {
  warehouse w;
  recorder r;
  nx::push_gateway gw{w.mine, r.server.url(), "j"};
  REQUIRE(gw.push().ok());
  const std::string page = nx::to_text(w.mine);
  CHECK(page.size() > 4000000);
  CHECK((r.last() == request("PUT", "/metrics/job/j", r.server.address(), page)));
}

TEST_CASE("push_gateway: bodies around the size of the first packet arrive whole") {
  recorder r;
  for (std::size_t size : {1u, 3800u, 3900u, 4096u, 7800u, 7900u, 7950u, 8000u, 8100u, 8191u, 8192u, 8193u, 16384u}) {
    nx::registry mine;
    nx::gauge g{mine, "g", std::string(size, 'h')};
    nx::push_gateway gw{mine, r.server.url(), "j"};
    REQUIRE(gw.push().ok());
    CHECK((r.last() == request("PUT", "/metrics/job/j", r.server.address(), nx::to_text(mine))));
  }
}

TEST_CASE("push_gateway: a small request is one packet, that nothing waits for the acknowledgement of") {
  shop s;
  std::mutex lock;
  std::string first;
  fake_server server([&](guest& g) {
    const std::lock_guard<std::mutex> held(lock);
    first = g.read(1);
    g.send(ok_200);
  });
  nx::push_gateway gw{s.mine, server.url(), "j", {}, patient(10000)};
  for (int i = 0; i < 50; ++i) {
    REQUIRE(gw.push().ok());
    const std::lock_guard<std::mutex> held(lock);
    REQUIRE(first == request("PUT", "/metrics/job/j", server.address(), s.body));
  }
}

TEST_CASE("push_gateway: the default registry needs no name") {
  nx::callback_gauge here{"push_test_here", "", [] { return 1.0; }};
  recorder r;
  nx::push_gateway gw{r.server.url(), "j"};
  REQUIRE(gw.push().ok());
  CHECK(r.last().find("\npush_test_here 1\n") != std::string::npos);
}

TEST_CASE("push_gateway: every path of the vectors") {
  std::ifstream file("golden/push_paths.tsv");
  REQUIRE(file.good());
  shop s;
  recorder r;
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t a = line.find('\t'), b = line.find('\t', a + 1), c = line.find('\t', b + 1);
    const std::string job = unhex(line.substr(0, a)), path = line.substr(b + 1, c - b - 1);
    std::string names[4], values[4], group = line.substr(a + 1, b - a - 1);
    std::size_t n = 0;
    while (!group.empty()) {
      const std::size_t is = group.find('='), end = group.find(',') == std::string::npos ? group.size() : group.find(',');
      REQUIRE(n < 4);
      names[n] = group.substr(0, is);
      values[n++] = unhex(group.substr(is + 1, end - is - 1));
      group.erase(0, end + 1);
    }
    const auto push = [&](nx::push_gateway& gw) {
      REQUIRE(gw.status().message() == "ok");
      REQUIRE(gw.delete_group().ok());
    };
    if (n == 0) {
      nx::push_gateway gw{s.mine, r.server.url(), job};
      push(gw);
    } else if (n == 1) {
      nx::push_gateway gw{s.mine, r.server.url(), job, {{names[0], values[0]}}};
      push(gw);
    } else if (n == 2) {
      nx::push_gateway gw{s.mine, r.server.url(), job, {{names[0], values[0]}, {names[1], values[1]}}};
      push(gw);
    } else {
      REQUIRE(n == 3);
      nx::push_gateway gw{s.mine, r.server.url(), job, {{names[0], values[0]}, {names[1], values[1]}, {names[2], values[2]}}};
      push(gw);
    }
    CHECK(r.last() == request("DELETE", path, r.server.address(), ""));
    ++rows;
  }
  CHECK(rows == 48);
}

TEST_CASE("push_gateway: the URL with and without scheme, prefix and slashes") {
  shop s;
  recorder r;
  const std::string at = r.server.address();
  const std::vector<std::vector<std::string>> rows = {
      {"http://" + at, ""}, {at, ""}, {"HTTP://" + at, ""}, {"http://" + at + "/", ""}, {"http://" + at + "///", ""},
      {at + "/", ""}, {"http://" + at + "/gw", "/gw"}, {"http://" + at + "/gw/", "/gw"}, {at + "/a/b%20c//", "/a/b%20c"},
      {"http://" + at + "/a@b:c;d=e", "/a@b:c;d=e"}, {at + "/x://y", "/x://y"}};
  for (const std::vector<std::string>& row : rows) {
    nx::push_gateway gw{s.mine, row[0], "j"};
    REQUIRE(gw.push().ok());
    CHECK(r.last() == request("PUT", row[1] + "/metrics/job/j", at, s.body));
  }
}

TEST_CASE("push_gateway: names and IPv6 literals reach the server, and the Host header is as written") {
  shop s;
  recorder six(ok_200, "::1");
  recorder four;
  nx::push_gateway by_name{s.mine, "http://localhost:" + std::to_string(four.server.port()), "j"};
  REQUIRE(by_name.push().ok());
  CHECK(four.last() == request("PUT", "/metrics/job/j", "localhost:" + std::to_string(four.server.port()), s.body));
  if (!six.server.ok()) return;  // no IPv6 here
  nx::push_gateway literal{s.mine, six.server.url() + "/p", "j"};
  REQUIRE(literal.push().ok());
  CHECK(six.last() == request("PUT", "/p/metrics/job/j", six.server.address(), s.body));
  nx::push_gateway other_family{s.mine, "localhost:" + std::to_string(six.server.port()), "j"};  // 127.0.0.1 refuses
  REQUIRE(other_family.push().ok());
  CHECK(six.count() == 2);
}

TEST_CASE("push_gateway: credentials and headers") {
  shop s;
  recorder r;
  const auto sent = [&](const nx::push_gateway_options& o) {
    nx::push_gateway gw{s.mine, r.server.url(), "j", {}, o};
    REQUIRE(gw.status().message() == "ok");
    REQUIRE(gw.push().ok());
    return r.last();
  };
  const auto with = [&](const std::string& more) { return request("PUT", "/metrics/job/j", r.server.address(), s.body, more); };
  using options = nx::push_gateway_options;
  CHECK(sent(options().basic_auth("Aladdin", "open sesame")) == with("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
  CHECK(sent(options().basic_auth("u", "p:q")) == with("\r\nAuthorization: Basic dTpwOnE="));
  CHECK(sent(options().basic_auth("", "")) == with("\r\nAuthorization: Basic Og=="));
  CHECK(sent(options().basic_auth("\xc3\xbc", "\xc2\xa3")) == with("\r\nAuthorization: Basic w7w6wqM="));
  CHECK(sent(options().bearer_token("abc.DEF-1_2~3+4/5==")) == with("\r\nAuthorization: Bearer abc.DEF-1_2~3+4/5=="));
  CHECK(sent(options().header("X-Scope-OrgID", "team 1").header("X-Empty", "")) == with("\r\nX-Scope-OrgID: team 1\r\nX-Empty: "));
  CHECK(sent(options().header("authorization", "Digest x")) == with("\r\nauthorization: Digest x"));
}

TEST_CASE("push_gateway: what it was made from may go away") {
  shop s;
  recorder r;
  std::unique_ptr<nx::push_gateway> gw;
  {
    std::string url = r.server.url() + "/pre", job = "job name", label = "l", value = "v/w", token = "secret", header = "X-A", text = "b";
    gw.reset(new nx::push_gateway{s.mine, url, job, {{label, value}},
                                  nx::push_gateway_options().bearer_token(token).header(header, text)});
    for (std::string* one : {&url, &job, &label, &value, &token, &header, &text}) one->assign(one->size(), '!');
  }
  REQUIRE(gw->push().ok());
  CHECK(r.last() == request("PUT", "/pre/metrics/job/job%20name/l@base64/di93", r.server.address(), s.body,
                            "\r\nAuthorization: Bearer secret\r\nX-A: b"));
}

TEST_CASE("push_gateway: types are those of 0.0.4, and broken UTF-8 is repaired before it is sent") {
  nx::registry mine;
  nx::info i{mine, "build_info", "Bad \xff.", {{"version", "1\xfe"}}};
  nx::state_set m{mine, "mode", "", {"on", "off"}};
  recorder r;
  nx::push_gateway gw{mine, r.server.url(), "j"};
  REQUIRE(gw.push().ok());
  const std::string expected =
      "# HELP build_info Bad \xef\xbf\xbd" "ff.\n# TYPE build_info gauge\nbuild_info{version=\"1\xef\xbf\xbd" "fe\"} 1\n"
      "# HELP mode \n# TYPE mode gauge\nmode{mode=\"on\"} 1\nmode{mode=\"off\"} 0\n";
  CHECK(r.last() == request("PUT", "/metrics/job/j", r.server.address(), expected));
}

// ---- what is refused before anything is sent ----

TEST_CASE("push_gateway: bad URLs, with the first byte that does not fit") {
  const std::string words = ": the URL must be http://host:port/prefix; bad byte at ";
  const struct { const char* url; const char* at; } rows[] = {
      {"", "0"}, {"http://", "7"}, {"http:///x", "7"}, {"http://:9091", "7"}, {"ftp://h:1", "0"}, {"://h", "0"},
      {"http://h:", "9"}, {"http://h:x", "9"}, {"http://h:80x", "11"}, {"http://h:0", "9"}, {"http://h:65536", "9"},
      {"http://h:999999999999", "9"}, {"http://h:-1", "9"}, {"http://h:1:2", "10"}, {"http://h?q", "8"}, {"http://h/?q", "9"},
      {"http://h/#f", "9"}, {"http://h/a?b", "10"}, {"http://[::1", "7"}, {"http://[::1]x", "12"}, {"http://[::g]:1", "7"},
      {"http://[1.2.3.4]:1", "7"}, {"http://[fe80::1%25lo]:1", "7"}, {"http://::1:9091", "7"}, {"http://h/%", "9"},
      {"http://h/%2", "9"}, {"http://h/%zz", "9"}, {"http://h/a<b", "10"}, {"http://h/a\\b", "10"}, {"http://h\\x", "8"},
      {"http://h~x", "8"}, {"[::1]9091", "5"}};
  for (const auto& row : rows) {
    CAPTURE(row.url);
    CHECK(status_of(row.url) == nx::errc::bad_url);
    std::string shown = row.url;  // but for what may be a token
    if (shown.find_first_of("?#") != std::string::npos) shown.resize(shown.find_first_of("?#") + 1);
    CHECK(message_of(row.url) == (shown.empty() ? words.substr(2) : shown + words) + row.at);
  }
  CHECK(message_of("https://h:9091/x") == "https://h:9091/x: https needs a transport that speaks TLS");
  CHECK(status_of("HTTPS://h") == nx::errc::needs_transport);
  CHECK(status_of("http://" + std::string(253, 'h')) == nx::errc::ok);
  CHECK(status_of("http://" + std::string(254, 'h')) == nx::errc::bad_url);
  CHECK(status_of("http://h:65535") == nx::errc::ok);
  CHECK(status_of("h") == nx::errc::ok);
}

TEST_CASE("push_gateway: no control byte, blank or non-ASCII byte gets through a URL") {
  for (int c = 0; c < 256; ++c) {
    if (c > 0x20 && c < 0x7f) continue;
    for (const char* form : {"http://h\001:9091/p", "http://h:90\00191/p", "http://h:9091/p\001q", "http://h:9091/p\001", "\001http://h", "ht\001tp://h"}) {
      std::string url = form;
      const std::size_t at = url.find('\001');
      url[at] = static_cast<char>(c);
      nx::push_gateway gw{url, "j"};
      CHECK(gw.status().code() == nx::errc::bad_url);
      CHECK(gw.status().number() == at);
    }
  }
}

TEST_CASE("push_gateway: a password in a URL is refused and not repeated") {
  for (const char* url : {"http://user:hunter2@h:9091", "http://user:hunt/hunter2@h", "user:hunter2@h:9091", "https://user:hunter2@h"}) {
    nx::push_gateway gw{url, "j"};
    CHECK(!gw.ok());
    CHECK(gw.status().message().find("hunter2") == std::string::npos);
    CHECK(std::string(gw.push().error()).find("hunter2") == std::string::npos);
  }
  CHECK(status_of("http://user:hunter2@h:9091") == nx::errc::bad_url);
}

TEST_CASE("push_gateway: bad jobs and bad grouping labels") {
  CHECK(status_of("http://h", "") == nx::errc::bad_job);
  nx::push_gateway no_job{"http://h", ""};
  CHECK(std::string(no_job.push().error()) == "job: the job name must not be empty");
  const struct { const char* name; nx::errc code; } rows[] = {
      {"", nx::errc::bad_label_name}, {"0x", nx::errc::bad_label_name}, {"a-b", nx::errc::bad_label_name},
      {"a:b", nx::errc::bad_label_name}, {"a/b", nx::errc::bad_label_name}, {"a b", nx::errc::bad_label_name},
      {"a\r\nb", nx::errc::bad_label_name}, {"a@base64", nx::errc::bad_label_name}, {"\xc3\xa4", nx::errc::bad_label_name},
      {"__x", nx::errc::reserved_label_name}, {"__", nx::errc::reserved_label_name}, {"job", nx::errc::reserved_label_name},
      {"le", nx::errc::reserved_label_name}, {"quantile", nx::errc::reserved_label_name}, {"what", nx::errc::reserved_label_name},
      {"first", nx::errc::duplicate_label_name}, {"instance", nx::errc::ok}, {"_x", nx::errc::ok}, {"Job", nx::errc::ok}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    nx::push_gateway gw{"http://h", "j", {{"first", "1"}, {row.name, "v"}}};
    CHECK(gw.status().code() == row.code);
    if (row.code == nx::errc::ok) continue;
    CHECK(gw.status().number() == 1);
    CHECK(gw.push().code() == row.code);
    CHECK(gw.push_add().code() == row.code);
    CHECK(gw.delete_group().code() == row.code);
  }
}

TEST_CASE("push_gateway: broken UTF-8 in a job or a label value never leaves the program") {
  shop s;
  recorder r;
  const struct { const char* text; std::uint32_t at; } rows[] = {
      {"\xff", 0}, {"ab\xc3", 2}, {"a\xc3\xa4\x80", 3}, {"/\xff", 1}, {"\xed\xa0\x80", 0}, {"\xc0\xaf", 0}, {"\xf4\x90\x80\x80", 0}};
  for (const auto& row : rows) {
    nx::push_gateway as_job{s.mine, r.server.url(), row.text};
    nx::push_gateway as_value{s.mine, r.server.url(), "j", {{"a", "1"}, {"b", row.text}}};
    for (nx::push_gateway* gw : {&as_job, &as_value}) {
      CHECK(gw->status().code() == nx::errc::bad_utf8);
      CHECK(gw->status().number() == row.at);
      CHECK(gw->push().code() == nx::errc::bad_utf8);
      CHECK(gw->delete_group().code() == nx::errc::bad_utf8);
    }
    CHECK(std::string(as_job.status().subject()) == "job");
    CHECK(std::string(as_value.status().subject()) == "b");
  }
  CHECK(r.count() == 0);
}

TEST_CASE("push_gateway: credentials and headers that would change the request") {
  using options = nx::push_gateway_options;
  const auto code = [](const options& o) { return nx::push_gateway{"http://h", "j", {}, o}.status().code(); };
  const auto bad = nx::errc::bad_credentials;
  CHECK(code(options().basic_auth("a:b", "p")) == bad);
  CHECK(code(options().basic_auth("a\r\nX: y", "p")) == bad);
  CHECK(code(options().basic_auth("a", "p\n")) == bad);
  CHECK(code(options().basic_auth("a", nx::string_view("p\0", 2))) == bad);
  CHECK(code(options().basic_auth("a", "p\x7f")) == bad);
  CHECK(code(options().basic_auth("a", std::string(4097, 'p'))) == bad);
  CHECK(code(options().basic_auth(std::string(4097, 'a'), "p")) == bad);
  CHECK(code(options().basic_auth(std::string(4096, 'a'), std::string(4096, 'p'))) == nx::errc::ok);
  CHECK(code(options().bearer_token("")) == bad);
  CHECK(code(options().bearer_token("a b")) == bad);
  CHECK(code(options().bearer_token("a\r\nX: y")) == bad);
  CHECK(code(options().bearer_token("\xc3\xa4")) == bad);
  CHECK(code(options().bearer_token(std::string(4097, 't'))) == bad);
  nx::push_gateway secret{"http://h", "j", {}, options().basic_auth("a", "hunter2\n")};
  CHECK(std::string(secret.push().error()) == "password: credentials must be printable and within the limit of bytes 4096");

  for (const char* name : {"Host", "host", "CONTENT-LENGTH", "Transfer-Encoding", "Connection", "Content-Type", "Content-Encoding",
                           "Expect", "TE", "Trailer", "Upgrade", "User-Agent", "", "a b", "a:", "a\r\n", "\xc3\xa4", "a\t"}) {
    CAPTURE(name);
    CHECK(code(options().header(name, "x")) == nx::errc::bad_header);
  }
  for (const char* value : {"a\r\nX: y", "a\n", "\r", "\x7f", "\xff", "\x01"}) CHECK(code(options().header("X", value)) == nx::errc::bad_header);
  CHECK(code(options().header("X", nx::string_view("a\0b", 3))) == nx::errc::bad_header);
  CHECK(code(options().basic_auth("u", "p").header("Authorization", "x")) == nx::errc::bad_header);
  CHECK(code(options().header("Authorization", "x").header("AUTHORIZATION", "y")) == nx::errc::bad_header);
  options many;
  for (int i = 0; i < 8; ++i) many.header("X", "y");
  CHECK(code(many) == nx::errc::ok);
  CHECK(code(many.header("X", "y")) == nx::errc::too_large);
}

TEST_CASE("push_gateway: a metric with a label of the grouping key is refused, own or constant") {
  recorder r;
  nx::registry plain;
  nx::family<nx::counter, 2> f{plain, "f_total", "", {"code", "instance"}};
  nx::registry constant(nx::registry_options().label("region", "east").prefix("shop_"));
  nx::counter c{constant, "c_total", ""};
  nx::registry with_job;
  nx::family<nx::gauge, 1> g{with_job, "g", "", {"job"}};
  nx::push_gateway one{plain, r.server.url(), "j", {{"instance", "a"}}};
  REQUIRE(one.push_add().ok());  // no series yet
  f.labels("200", "x").inc();
  nx::push_result p = one.push();
  CHECK(p.code() == nx::errc::label_clash);
  CHECK(std::string(p.why().subject()) == "f_total{instance}");
  CHECK(std::string(p.error()) == r.server.url() + "/metrics/job/j/instance/a: f_total{instance}: the label is part of the grouping "
                                  "key, which would overwrite it");
  CHECK(one.push_add().code() == nx::errc::label_clash);
  CHECK(one.delete_group().ok());
  nx::push_gateway other{plain, r.server.url(), "j", {{"codes", "a"}, {"instanc", "b"}}};
  CHECK(other.push().ok());  // a metric's own instance is kept by the gateway
  nx::push_gateway two{constant, r.server.url(), "j", {{"a", "1"}, {"region", "west"}}};
  p = two.push();
  CHECK(p.code() == nx::errc::label_clash);
  CHECK(std::string(p.why().subject()) == "shop_c_total{region}");
  g.labels("x").set(1);
  nx::push_gateway three{with_job, r.server.url(), "j"};
  p = three.push();
  CHECK(p.code() == nx::errc::label_clash);
  CHECK(std::string(p.why().subject()) == "g{job}");
  CHECK(r.count() == 3);
}

TEST_CASE("push_gateway: a label's value may hold what looks like the clash") {
  recorder r;
  nx::registry mine;
  nx::family<nx::gauge, 2> g{mine, "g", "", {"a", "b"}};
  g.labels("\",instance=\"x", "instance").set(1);
  nx::push_gateway gw{mine, r.server.url(), "j", {{"instance", "a"}}};
  CHECK(gw.push().ok());
}

TEST_CASE("push_gateway: names of the gateway's own are refused, also with a registry's prefix") {
  recorder r;
  const struct { const char* prefix; const char* name; bool refused; } rows[] = {
      {"", "push_time_seconds", true}, {"", "push_failure_time_seconds", true}, {"push_", "time_seconds", true},
      {"push_failure", "_time_seconds", true}, {"", "pushgateway_build", true}, {"pushgateway", "_x", true},
      {"", "push_time_seconds_x", false}, {"", "x_push_time_seconds", false}, {"", "push_time_second", false},
      {"", "pushgateway", false}, {"my_", "push_time_seconds", false}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    nx::registry mine(nx::registry_options().prefix(row.prefix));
    nx::gauge g{mine, row.name, ""};
    nx::push_gateway gw{mine, r.server.url(), "j"};
    const nx::push_result p = gw.push();
    CHECK(p.code() == (row.refused ? nx::errc::reserved_metric : nx::errc::ok));
    if (row.refused) CHECK(p.why().subject() == std::string(row.prefix) + row.name);
  }
  CHECK(r.count() == 5);
}

TEST_CASE("push_gateway: what the registry has refused is not pushed, and does not stop the rest") {
  nx::set_error_hook(nullptr);
  recorder r;
  shop s;
  nx::gauge bad_name{s.mine, std::string("a.b"), ""};
  nx::family<nx::gauge, 1> bad_label{s.mine, "b", "", {std::string("__x")}};
  nx::histogram h{s.mine, "h", "", {1}};
  nx::gauge collides{s.mine, "h_count", ""};
  bad_label.labels("x").set(1);
  nx::push_gateway gw{s.mine, r.server.url(), "j", {{"x", "1"}}};
  REQUIRE(gw.push().ok());
  CHECK(r.last().find("a.b") == std::string::npos);
  CHECK(r.last().find("__x") == std::string::npos);
  CHECK(r.last().find("h_count gauge") == std::string::npos);
  CHECK(r.last().find("\nthings_total 3\n") != std::string::npos);
}

TEST_CASE("push_gateway: an empty registry is not put, but may be added") {
  nx::registry empty;
  nx::family<nx::counter, 1> without_series{empty, "f_total", "", {"l"}};
  recorder r;
  nx::push_gateway gw{empty, r.server.url(), "j"};
  const nx::push_result p = gw.push();
  CHECK(p.code() == nx::errc::empty_exposition);
  CHECK(std::string(p.error()) == r.server.url() + "/metrics/job/j: an empty exposition would wipe the group; delete_group() does that");
  CHECK(r.count() == 0);
  CHECK(gw.push_add().ok());
  CHECK(r.last() == request("POST", "/metrics/job/j", r.server.address(), ""));
}

TEST_CASE("push_gateway: a body beyond the limit is refused") {
  shop s;
  recorder r;
  nx::push_gateway just{s.mine, r.server.url(), "j", {}, nx::push_gateway_options().set_max_body_bytes(s.body.size())};
  CHECK(just.push().ok());
  nx::push_gateway above{s.mine, r.server.url(), "j", {}, nx::push_gateway_options().set_max_body_bytes(s.body.size() - 1)};
  const nx::push_result p = above.push();
  CHECK(p.code() == nx::errc::too_large);
  CHECK(p.why().number() == s.body.size() - 1);
  CHECK(r.count() == 1);
  warehouse w;
  nx::push_gateway large{w.mine, r.server.url(), "j", {}, nx::push_gateway_options().set_max_body_bytes(1000000)};
  CHECK(large.push().code() == nx::errc::too_large);
}

// ---- what comes back ----

TEST_CASE("push_gateway: 200 and 202 are success, every other status is a refusal with its words") {
  const std::string tail = " x\r\nContent-Length: 5\r\n\r\nwords";
  for (int code = 200; code < 600; ++code) {
    const bool bodiless = code == 204 || code == 304;
    const outcome got = answered("HTTP/1.1 " + std::to_string(code) + tail);
    const std::string words = bodiless ? "" : ": words";
    if (code == 200 || code == 202) check(got, nx::errc::ok, code, "");
    else if (code / 100 == 3) check(got, nx::errc::redirected, code, "the server answers elsewhere; HTTP status " + std::to_string(code));
    else check(got, nx::errc::http_refused, code, "the server refused; HTTP status " + std::to_string(code) + words);
  }
}

TEST_CASE("push_gateway: delete and add take 200 and 202, too") {
  shop s;
  for (const char* answer : {"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    recorder r(answer);
    nx::push_gateway gw{s.mine, r.server.url(), "j"};
    CHECK(gw.delete_group().ok());
    CHECK(gw.push_add().ok());
    CHECK(gw.push().http_status() == std::stoi(std::string(answer).substr(9)));
  }
}

TEST_CASE("push_gateway: the words of a gateway and of wrong servers") {
  check(answered("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 73\r\n\r\n"
                 "pushed metrics are invalid or inconsistent with existing metrics: same \n\xc3"),
        nx::errc::http_refused, 400,
        "the server refused; HTTP status 400: pushed metrics are invalid or inconsistent with existing metrics: same ?");
  // node_exporters of 1.6 and later, and a Prometheus server.
  check(answered("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 19\r\n\r\n404 page not found\n"),
        nx::errc::http_refused, 404, "the server refused; HTTP status 404: 404 page not found");
  check(answered("HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 19\r\n\r\nMethod Not Allowed\n"),
        nx::errc::http_refused, 405, "the server refused; HTTP status 405: Method Not Allowed");
  // A gateway that speaks TLS.
  check(answered("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"), nx::errc::http_refused, 400,
        "the server refused; HTTP status 400: Client sent an HTTP request to an HTTPS server.");
}

TEST_CASE("push_gateway: redirects are told and not followed") {
  std::atomic<int> visits(0);
  const outcome got = push_to([&](guest& g) {
    ++visits;
    g.read_request();
    g.send("HTTP/1.1 301 Moved Permanently\r\nLocation: http://127.0.0.1:1/metrics/\r\nContent-Length: 0\r\n\r\n");
  });
  check(got, nx::errc::redirected, 301, "the server answers elsewhere; HTTP status 301: http://127.0.0.1:1/metrics/");
  CHECK(visits == 1);
}

TEST_CASE("push_gateway: what is said is one printable line of bounded length") {
  const std::string noise = "a\x1b[31m\r\n\tb\x7f\x80" + std::string(2000, 'w');
  const outcome got = answered("HTTP/1.1 400 no\r\nContent-Length: " + std::to_string(noise.size()) + "\r\n\r\n" + noise);
  const std::string front = "the server refused; HTTP status 400: a?[31m b??";
  CHECK(got.words.substr(0, front.size()) == front);
  CHECK(got.words.size() == std::string("the server refused; HTTP status 400: ").size() + 512 - 2);
  for (char c : got.words) CHECK((c >= ' ' && c < 0x7f));
}

TEST_CASE("push_gateway: every framing of an answer is understood") {
  using nx::errc;
  const std::string refused = "the server refused; HTTP status 400: ";
  const struct { const char* answer; errc code; int http; const char* words; } rows[] = {
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", errc::ok, 200, ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA \r\n0123456789\r\n000\r\nTrailer: x\r\n\r\n", errc::ok, 200, ""},
      {"HTTP/1.1 400 x\r\nTRANSFER-ENCODING: Chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", errc::http_refused, 400, "abcde"},
      {"HTTP/1.1 400 x\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc", errc::http_refused, 400, "abc"},
      {"HTTP/1.1 200 OK\r\n\r\n", errc::ok, 200, ""},
      {"HTTP/1.0 200 OK\r\n\r\nsome text", errc::ok, 200, ""},
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", errc::ok, 200, ""},
      {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", errc::ok, 200, ""},
      {"HTTP/1.1 202 Accepted\r\nX: y\r\n folded\r\ncontent-length:2\r\ncontent-length: 2 \r\n\r\nokand more", errc::ok, 202, ""},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", errc::ok, 200, ""},
      {"HTTP/1.1 100 Continue\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 400 no\r\n\r\nwhy", errc::http_refused, 400, "why"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.answer);
    check(answered(row.answer), row.code, row.http, *row.words ? refused + row.words : std::string());
    // The same, however it is cut into packets.
    const std::string answer = row.answer;
    check(push_to([answer](guest& g) {
            g.read_request();
            g.trickle(answer, 0);
          }), row.code, row.http, *row.words ? refused + row.words : std::string());
  }
}

TEST_CASE("push_gateway: an answer that is no HTTP, is cut short or never ends") {
  using nx::errc;
  const std::string bad = "the answer is not valid HTTP";
  const auto is_bad = [&](const std::string& answer, int http, const std::string& words) {
    CAPTURE(answer.substr(0, 100));
    const outcome got = answered(answer);
    check(got, errc::bad_response, http, words.empty() ? bad : bad + ": " + words);
  };
  is_bad("SSH-2.0-OpenSSH_9.2p1\r\n", 0, "S");
  is_bad("220 mail.example.org ESMTP\r\n", 0, "2");
  is_bad("HTTQ", 0, "HTTQ");
  is_bad("HTTP/2.0 200 OK\r\n\r\n", 0, "HTTP/2");
  is_bad("HTTP/1.1 20 OK\r\n\r\n", 0, "HTTP/1.1 20 OK");
  is_bad("HTTP/1.1 2000 OK\r\n\r\n", 0, "HTTP/1.1 2000 OK");
  is_bad("HTTP/1.1 099 OK\r\n\r\n", 0, "HTTP/1.1 099 OK");
  is_bad("HTTP/1.1 600 OK\r\n\r\n", 0, "HTTP/1.1 600 OK");
  is_bad("HTTP/1.1  200 OK\r\n\r\n", 0, "HTTP/1.1 200 OK");
  is_bad("HTTP/1.1 101 Switching Protocols\r\n\r\n", 0, "HTTP/1.1 101 Switching Protocols");
  is_bad("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", 0, "no colon here");
  is_bad("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 0, "Content-Length: x");
  is_bad("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", 0, "Content-Length:");
  is_bad("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", 0, "Content-Length: -1");
  is_bad("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 0, "Content-Length: 2");
  is_bad("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", 0, "Content-Length: 9999999999999999999");
  is_bad("HTTP/1.1 200 OK\r\nContent-Le", 0, "Content-Le");
  is_bad("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 200, "abc");
  is_bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "");
  is_bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 200, "");
  is_bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 200, "abc");
  is_bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", 200, "abc");
  is_bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", 200, "");
  is_bad("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n", 200, "");  // 2^64
  std::string hints;
  while (hints.size() < 9000) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  CHECK(answered(hints + ok_200).code == errc::bad_response);
  std::string headers = "HTTP/1.1 200 OK\r\n";
  while (headers.size() < 8100) headers += "X-Header: value\r\n";
  CHECK(answered(headers + "\r\n").code == errc::ok);
  CHECK(answered(headers + headers.substr(17, 200) + "\r\n").code == errc::bad_response);
  CHECK(answered("HTTP/1.1 200 OK\r\nX: " + std::string(8000, 'x') + "\r\nContent-Length: 0\r\n\r\n").code == errc::ok);
  CHECK(answered("HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n" + std::string(65536, 'x')).code == errc::ok);
  CHECK(answered("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n" + std::string(65537, 'x')).code == errc::bad_response);
  // A refusal stays one, however much a proxy has to say about it, or however little of it came.
  check(answered("HTTP/1.1 502 x\r\nContent-Length: 10\r\n\r\nabc"), errc::http_refused, 502, "the server refused; HTTP status 502: abc");
  check(answered("HTTP/1.1 413 x\r\nContent-Length: 999999\r\n\r\nabc"), errc::http_refused, 413, "the server refused; HTTP status 413: abc");
  CHECK(answered("HTTP/1.1 200 OK\r\nX: " + std::string(9000, 'x')).code == errc::bad_response);
  const auto endless = [](const std::string& head, const std::string& more) {
    return push_to([=](guest& g) {
      g.read_request();
      if (g.send(head)) while (g.send(more)) continue;
    });
  };
  CHECK(endless("HTTP/1.1 200 OK\r\n", "X-Header: value\r\n").code == errc::bad_response);
  CHECK(endless("HTTP/1.1 200 OK\r\n\r\n", std::string(1000, 'x')).code == errc::bad_response);
  std::string chunks;
  while (chunks.size() < 1200) chunks += "1\r\nx\r\n";  // one by one they take longer than the deadline under Wine
  CHECK(endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunks).code == errc::bad_response);
  CHECK(endless("HTTP/1.1 503 x\r\n\r\n", std::string(1000, 'x')).code == errc::http_refused);
  CHECK(endless("", std::string(1000, '\n')).code == errc::bad_response);
}

TEST_CASE("push_gateway: a connection that breaks off, in each phase") {
  using nx::errc;
  const auto closed_before = [](const outcome& got) {
    CHECK(got.code == errc::closed);
    CHECK(got.http == 0);
    CHECK(got.words.substr(0, 13) == "closed while ");
  };
  closed_before(push_to([](guest& g) { g.reset(); }));
  closed_before(push_to([](guest& g) { g.close(); }));
  closed_before(push_to([](guest& g) { g.read(10), g.reset(); }));
  closed_before(push_to([](guest& g) { g.read_request(), g.reset(); }));
  closed_before(push_to([](guest& g) { g.read_request(), g.close(); }));
  closed_before(push_to([](guest& g) { g.read_request(), g.half_close(), g.read_all(); }));
  const outcome mid = push_to([](guest& g) {
    g.read_request();
    g.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
    g.read(1000000);  // until the client leaves
  }, patient(200));
  check(mid, errc::timeout, 200, "the deadline passed while reading the answer");
  const outcome half = push_to([](guest& g) { g.read_request(), g.send(ok_200), g.half_close(), g.read_all(); });
  check(half, errc::ok, 200, "");
  warehouse w;
  for (int phase = 0; phase < 2; ++phase) {
    fake_server server([phase](guest& g) {
      g.read(100000);
      if (phase) g.reset();
    });
    nx::push_gateway gw{w.mine, server.url(), "j"};
    CHECK(gw.push().code() == errc::closed);
  }
}

TEST_CASE("push_gateway: an early refusal of a large body is read, and no signal is raised") {
  warehouse w(6000);  // 24 MB: more than the buffers of two sockets take
  const nx::push_gateway_options options = nx::push_gateway_options().set_max_body_bytes(64000000);
  const std::string answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\nConnection: close\r\n\r\nline 1: x";
  const struct { std::size_t read_first; bool reset; } rows[] = {{1, false}, {100000, false}, {1000000, false}};
  for (const auto& row : rows) {
    std::atomic<std::size_t> came(0);
    fake_server server([&](guest& g) {
      came = g.read(row.read_first).size();
      g.send(answer);
      g.half_close();
      came += g.read_all().size();  // the client stops
    });
    nx::push_gateway gw{w.mine, server.url(), "j", {}, options};
    const nx::push_result r = gw.push();
    CHECK(std::string(r.error()) == server.url() + "/metrics/job/j: the server refused; HTTP status 400: line 1: x");
    CHECK(r.http_status() == 400);
    for (int i = 0; i < 5000 && server.served() == 0; ++i) support::sleep_us(1000);
    CHECK(came < 20000000);
  }
  // As Go does: answers, and closes soon after with the rest unread, which is a reset.
  fake_server closing([&](guest& g) {
    g.read(100);
    g.send(answer);
    g.read(300000);
  });
  nx::push_gateway gw{w.mine, closing.url(), "j", {}, options};
  for (int i = 0; i < 5; ++i) CHECK(gw.push().http_status() == 400);
  // An early "go on" is none; an early success is a lie.
  std::atomic<std::size_t> came(0);
  fake_server going_on([&](guest& g) {
    const std::string begun = g.read(1);
    g.send("HTTP/1.1 100 Continue\r\n\r\n");
    came = g.read_request(begun).size();
    g.send(ok_200);
    g.read_all();
  });
  nx::push_gateway on{w.mine, going_on.url(), "j", {}, options};
  CHECK(on.push().ok());
  CHECK(came > 24000000);
  fake_server lying([&](guest& g) {
    g.read(1);
    g.send(ok_200);
    g.read_all();
  });
  nx::push_gateway lie{w.mine, lying.url(), "j", {}, options};
  CHECK(lie.push().code() == nx::errc::bad_response);
}

TEST_CASE("push_gateway: the deadline holds for silence, drops of answer and drops of attention") {
  using nx::errc;
  const auto timed = [](fake_server::script script, nx::registry& registry) {
    fake_server server(script);
    nx::push_gateway gw{registry, server.url(), "j", {}, patient(300)};
    const long long begin = support::now_ms();
    const nx::push_result r = gw.push();
    const long long took = support::now_ms() - begin;
    CHECK(r.code() == errc::timeout);
    CHECK(took >= 295);
    CHECK(took < 20000);
    const std::string text = r.error();
    return text.substr(text.rfind("while "));
  };
  shop s;
  warehouse w(3000);  // more than the system takes for a peer that does not read
  CHECK(timed([](guest& g) { g.read_all(); }, s.mine) == "while waiting for the answer");
  CHECK(timed([](guest& g) { g.read_request(), g.trickle(ok_200, 20); }, s.mine) == "while reading the answer");
  CHECK(timed([](guest& g) { g.read_request(), g.trickle("HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x'), 10); }, s.mine) == "while reading the answer");
  CHECK(timed([](guest& g) { g.read(1), g.idle(); }, w.mine) == "while sending");
}

TEST_CASE("push_gateway: nobody there is a status with the system's words, again and again") {
  shop s;
  dead_port nobody;
  nx::push_gateway gw{s.mine, nobody.url(), "my/job", {{"path", "/var/tmp"}}};
  for (int i = 0; i < 3; ++i) {
    for (const nx::push_result& r : {gw.push(), gw.push_add(), gw.delete_group()}) {
      CHECK(r.code() == nx::errc::system);
      CHECK(r.why().number() == support::net::refused);
      CHECK(r.http_status() == 0);
      CHECK(std::string(r.error()) == nobody.url() + "/metrics/job@base64/bXkvam9i/path@base64/L3Zhci90bXA: " + support::net::words(support::net::refused));
    }
  }
}

TEST_CASE("push_gateway: a gateway that goes and comes back takes the next push") {
  shop s;
  std::unique_ptr<recorder> r(new recorder);
  const std::uint16_t port = r->server.port();
  nx::push_gateway gw{s.mine, r->server.url(), "j", {}, patient(10000)};
  for (int i = 0; i < 5; ++i) {
    CHECK(gw.push().ok());
    r.reset();
    CHECK(gw.push().code() == nx::errc::system);
    r.reset(new recorder(ok_200, "127.0.0.1", port));
    REQUIRE(r->server.ok());
  }
  CHECK(gw.push().ok());
}

TEST_CASE("push_gateway: a black hole costs the time for connecting, no more") {
  // A listener whose queue is full drops what comes.
  const support::net::user up;
  const support::net::handle hole = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  inet_pton(AF_INET, "127.0.0.1", &a.sin_addr);
  socklen_t size = static_cast<socklen_t>(sizeof a);
  REQUIRE(::bind(hole, reinterpret_cast<sockaddr*>(&a), size) == 0);
  REQUIRE(::listen(hole, 0) == 0);
  REQUIRE(::getsockname(hole, reinterpret_cast<sockaddr*>(&a), &size) == 0);
  support::net::handle fillers[4];
  for (support::net::handle& f : fillers) {
    f = ::socket(AF_INET, SOCK_STREAM, 0);
    support::net::do_not_wait(f);
    static_cast<void>(::connect(f, reinterpret_cast<sockaddr*>(&a), size));
  }
  unsigned char wire[2];
  memcpy(wire, &a.sin_port, 2);
  const std::string url = "http://127.0.0.1:" + std::to_string(wire[0] * 256 + wire[1]);
  shop s;
  const struct { int all, connecting; } rows[] = {{60000, 200}, {200, 60000}};
  for (const auto& row : rows) {
    nx::push_gateway gw{s.mine, url, "j", {}, patient(row.all).set_connect_timeout_ms(row.connecting)};
    const long long begin = support::now_ms();
    const nx::push_result r = gw.push();
    const long long took = support::now_ms() - begin;
    CHECK(r.code() == nx::errc::timeout);
    CHECK(std::string(r.error()) == url + "/metrics/job/j: the deadline passed while connecting");
    CHECK(took >= 195);
    CHECK(took < 20000);
  }
  for (support::net::handle f : fillers) support::net::close(f);
  support::net::close(hole);
}

// ---- names ----

TEST_CASE("push_gateway: a name that nobody knows") {
  shop s;
  nx::push_gateway gw{s.mine, "http://narthex-no-such-host.invalid:9091", "j", {}, patient(5000)};
  const nx::push_result r = gw.push();
  CHECK((r.code() == nx::errc::no_such_host || r.code() == nx::errc::timeout));
  if (r.code() == nx::errc::no_such_host) CHECK(std::string(r.error()).find("; error ") != std::string::npos);
}

#if TEST_HAS_OWN_RESOLVER

TEST_CASE("push_gateway: numeric addresses and localhost are not looked up") {
  shop s;
  recorder r;
  look_ups = 0;
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"}) {
    nx::push_gateway gw{s.mine, host + ":" + std::to_string(r.server.port()), "j"};
    static_cast<void>(gw.push().ok());
  }
  CHECK(look_ups == 0);
}

TEST_CASE("push_gateway: the addresses of a name are tried in turn, up to eight") {
  shop s;
  recorder r;
  const std::string port = ":" + std::to_string(r.server.port());
  nx::push_gateway second{s.mine, "second.test" + port, "j"}, tenth{s.mine, "tenth.test" + port, "j"};
  look_ups = 0;
  CHECK(second.push().ok());
  CHECK(second.push().ok());
  CHECK(look_ups == 2);  // each push asks again: addresses change
  CHECK(r.last() == request("PUT", "/metrics/job/j", "second.test" + port, s.body));
  CHECK(tenth.push().code() == nx::errc::system);
  CHECK(r.count() == 2);
  nx::push_gateway eighth{s.mine, "eighth.test" + port, "j"};
  CHECK(eighth.push().ok());
}

TEST_CASE("push_gateway: the resolver's words, and the system's behind it") {
  shop s;
  nx::push_gateway again{s.mine, "again.test", "j"}, system{s.mine, "system.test", "j"}, nothing{s.mine, "nothing.test", "j"};
  nx::push_result r = nothing.push();
  CHECK(r.code() == nx::errc::no_such_host);
  CHECK(std::string(r.error()) == "http://nothing.test/metrics/job/j: the host name could not be resolved; error " + std::to_string(EAI_NONAME < 0 ? -EAI_NONAME : EAI_NONAME) + ": " + gai_strerror(EAI_NONAME));
  r = again.push();
  CHECK(r.code() == nx::errc::no_such_host);
  CHECK(std::string(r.error()) == "http://again.test/metrics/job/j: the host name could not be resolved; error " + std::to_string(EAI_AGAIN < 0 ? -EAI_AGAIN : EAI_AGAIN) + ": " + gai_strerror(EAI_AGAIN));
  r = system.push();
  CHECK(r.code() == nx::errc::too_many_descriptors);
  CHECK(r.why().number() == EMFILE);
  CHECK(std::string(r.error()) == "http://system.test/metrics/job/j: Too many open files");
}

TEST_CASE("push_gateway: a look-up is given up when the bell rings") {
  hang = true;
  nx::os::wakeup bell;
  REQUIRE(bell.open().ok());
  const long long begin = support::now_ms();
  std::thread ringer([&bell] {
    while (hanging == 0) support::sleep_us(1000);
    bell.ring();
  });
  nx::detail::http_client client(20000, 20000, nx::transport(), &bell);
  CHECK(client.connect("hang.test", 9091, nx::transport_target::scheme::http).code() == nx::errc::timeout);
  CHECK(support::now_ms() - begin < 10000);
  ringer.join();
  hang = false;
  CHECK(settles([] { return static_cast<std::size_t>(hanging); }, 0));
}

TEST_CASE("push_gateway: a resolver that hangs costs the deadline, at most 16 threads, and nothing in the end") {
  shop s;
  const std::size_t tasks = threads_at_rest(), files = open_files();
  sigset_t before, after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  hang = true;
  {
    nx::push_gateway gw{s.mine, "hang.test", "j", {}, patient(50)};
    for (int i = 0; i < 16; ++i) {
      const long long begin = support::now_ms();
      const nx::push_result r = gw.push();
      CHECK(r.code() == nx::errc::timeout);
      CHECK(std::string(r.error()) == "http://hang.test/metrics/job/j: the deadline passed while the name was looked up");
      const long long took = support::now_ms() - begin;
      CHECK(took >= 45);
      CHECK(took < 20000);
    }
    const nx::push_result r = gw.push();
    CHECK(r.code() == nx::errc::busy);
    CHECK(std::string(r.error()).find("another thread is in the middle of it") != std::string::npos);
  }
  CHECK(settles([] { return static_cast<std::size_t>(hanging); }, 16));
  hang = false;  // the gateway is gone by now
  CHECK(settles(&threads, tasks));
  CHECK(settles(&open_files, files));
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int i = 1; i < 32; ++i) {
    CHECK(sigismember(&before, i) == 0);
    CHECK(sigismember(&after, i) == 0);
  }
  CHECK(!open_to_signals);
  nx::push_gateway gw{s.mine, "again.test", "j"};
  CHECK(gw.push().code() == nx::errc::no_such_host);
}

#endif

// ---- the program around it ----

TEST_CASE("push_gateway: a second push meanwhile is busy, and the one after it is not") {
  shop s;
  std::atomic<bool> inside(false), go(false);
  fake_server server([&](guest& g) {
    g.read_request();
    inside = true;
    while (!go) support::sleep_us(1000);
    g.send(ok_200);
    g.read_all();
  });
  nx::push_gateway gw{s.mine, server.url(), "j"};
  nx::push_result first;
  std::thread other([&] { first = gw.push(); });
  while (!inside) support::sleep_us(1000);
  const nx::push_result r = gw.push_add();
  CHECK(r.code() == nx::errc::busy);
  CHECK(std::string(r.error()) == server.url() + "/metrics/job/j: another thread is in the middle of it");
  CHECK(r.why().subject() == server.url() + "/metrics/job/j");
  CHECK(gw.delete_group().code() == nx::errc::busy);
  go = true;
  other.join();
  CHECK(first.ok());
  CHECK(gw.push().ok());
}

TEST_CASE("push_gateway: a callback that pushes with the gateway that reads it gets busy") {
  nx::registry mine;
  recorder r;
  struct state {
    nx::push_gateway* gw;
    nx::errc inner;
  } both = {nullptr, nx::errc::ok};
  nx::callback_gauge c{mine, "c", "", [&both] {
    both.inner = both.gw->push().code();
    return 1.0;
  }};
  nx::push_gateway gw{mine, r.server.url(), "j"};
  both.gw = &gw;
  CHECK(gw.push().ok());
  CHECK(both.inner == nx::errc::busy);
}

TEST_CASE("push_gateway: several threads with a gateway each, while the metrics change") {
  nx::registry mine;
  nx::family<nx::counter, 1> f{mine, "f_total", "", {"l"}};
  f.labels("x").inc();
  recorder r;
  std::atomic<int> good(0), others(0);
  std::vector<std::thread> all;
  nx::push_gateway shared_one{mine, r.server.url(), "shared", {}, patient(10000)};
  for (int t = 0; t < 4; ++t) {
    all.emplace_back([&, t] {
      nx::push_gateway gw{mine, r.server.url(), "j", {{"thread", t}}, patient(10000)};
      for (int i = 0; i < 25; ++i) {
        f.labels(t * 100 + i).inc();
        if (gw.push().ok()) ++good;
        const nx::push_result p = shared_one.push_add();
        if (p.ok() || p.code() == nx::errc::busy) ++others;
      }
    });
  }
  for (std::thread& t : all) t.join();
  CHECK(good == 100);
  CHECK(others == 100);
}

TEST_CASE("push_gateway: thousands of pushes and failures leave nothing behind") {
  shop s;
  dead_port nobody;
  const std::size_t tasks = threads_at_rest();
  {
    recorder good, refusing("HTTP/1.1 400 x\r\n\r\nno"), garbage("SSH-2.0-x\r\n");
    fake_server breaking([](guest& g) { g.read(10), g.reset(); });
    const nx::push_gateway_options o = patient(10000);
    nx::push_gateway a{s.mine, good.server.url(), "j", {}, o}, b{s.mine, refusing.server.url(), "j", {}, o},
        c{s.mine, garbage.server.url(), "j", {}, o}, d{s.mine, breaking.url(), "j", {}, o}, e{s.mine, nobody.url(), "j"},
        f{s.mine, "http://h", ""};
    const char* const many = ::getenv("NARTHEX_TEST_PUSHES");
#if defined(_WIN32)
    const int usual = 100;  // Wine's server is asked a dozen times for each push
#else
    const int usual = 500;
#endif
    const int rounds = many ? atoi(many) : usual;
    int failures = 0;
    std::size_t files = 0;
    for (int i = 0; i < rounds; ++i) {
      if (i == 1) files = open_files();  // by then each server's thread has waited once: what it waits by stays, under Wine
      if (!a.push().ok()) ++failures;
      if (b.push_add().http_status() != 400) ++failures;
      if (c.push().code() != nx::errc::bad_response) ++failures;
      if (d.push().code() != nx::errc::closed) ++failures;
      if (e.delete_group().code() != nx::errc::system) ++failures;
      if (f.push().code() != nx::errc::bad_job) ++failures;
    }
    CHECK(failures == 0);
    CHECK(settles(&open_files, files));
  }
  CHECK(settles(&threads, tasks));
}

#if !defined(_WIN32)
TEST_CASE("push_gateway: a program out of descriptors is told so") {
  shop s;
  recorder r;
  nx::push_gateway gw{s.mine, r.server.url(), "j"};
  rlimit before;
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit few = before;
  few.rlim_cur = 256;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  std::vector<int> all;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) all.push_back(fd);
  const nx::push_result p = gw.push();
  for (int fd : all) ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(p.code() == nx::errc::too_many_descriptors);
  CHECK(std::string(p.error()) == r.server.url() + "/metrics/job/j: Too many open files");
  CHECK(gw.push().ok());
}
#endif

#if TEST_HAS_OWN_NEW
TEST_CASE("push_gateway: no memory is a status at every allocation") {
  shop s;
  recorder r;
  const std::string url = r.server.url();
  const std::string long_value(20000, 'v');
  int refused = 0;
  for (int i = 0;; ++i) {
    has_refused = false;
    refuse_after = i;
    const nx::push_gateway gw{s.mine, url, "j", {{"l", long_value}}, nx::push_gateway_options().basic_auth("u", "p")};
    refuse_after = -1;
    if (!has_refused) break;
    CHECK(gw.status().code() == nx::errc::no_memory);
    ++refused;
  }
  CHECK(refused >= 4);
  nx::push_gateway gw{s.mine, url, "j", {}, patient(10000)};
  refused = 0;
  for (int i = 0;; ++i) {
    has_refused = false;
    refuse_after = i;
    const nx::push_result p = gw.push();
    refuse_after = -1;
    if (!has_refused) break;
    CHECK(p.code() == nx::errc::no_memory);
    ++refused;
  }
  CHECK(refused >= 2);
  CHECK(gw.push().ok());
#if TEST_HAS_OWN_RESOLVER
  nx::push_gateway named{s.mine, "again.test", "j"};
  refuse_after = 2;  // body, head; then the look-up
  const nx::push_result p = named.push();
  refuse_after = -1;
  CHECK(p.code() == nx::errc::no_memory);
#endif
}

TEST_CASE("push_gateway: very long labels and addresses") {
  shop s;
  recorder r;
  const std::string value(100000, 'v'), slashes(100000, '/');
  nx::push_gateway plain{s.mine, r.server.url(), value};
  REQUIRE(plain.push().ok());
  CHECK((r.last() == request("PUT", "/metrics/job/" + value, r.server.address(), s.body)));
  nx::push_gateway coded{s.mine, r.server.url(), "j", {{"l", slashes}}};
  REQUIRE(coded.push().ok());
  CHECK(r.last().find("/l@base64/Ly8vLy8v") != std::string::npos);
  dead_port nobody;
  nx::push_gateway lost{s.mine, nobody.url(), value};
  const nx::push_result p = lost.push();
  CHECK(std::string(p.error()).size() < nx::push_result::max_error);
  CHECK(std::string(p.error()).find(support::net::words(support::net::refused)) != std::string::npos);
}
#endif
