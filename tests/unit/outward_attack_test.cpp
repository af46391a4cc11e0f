// What strangers and mistakes do to the parts that reach outwards: pushes, process metrics, and the helpers for tests.
#include <narthex/narthex.hpp>

#include <narthex/process_collector.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/testing.hpp>


#if !defined(_WIN32)
#include <netdb.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/fake_server.hpp"

// ThreadSanitizer gives up on a thread made after the fork of a program with threads.
#if defined(__SANITIZE_THREAD__)
#define FORKS_WITH_THREADS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FORKS_WITH_THREADS 0
#endif
#endif
#ifndef FORKS_WITH_THREADS
#define FORKS_WITH_THREADS 1
#endif

namespace nx = narthex;
using support::fake_server;
using support::guest;

namespace {

// ---- a resolver that hangs until it is let go ----
std::atomic<bool> hang(true);
std::atomic<int> hanging(0);

struct shop {
  nx::registry mine;
  nx::gauge jobs{mine, "jobs", "Help."};
};

/// What a push says to a server that gives this answer to every request.
nx::push_result answered(const std::string& answer, const nx::push_gateway_options& options = nx::push_gateway_options()) {
  shop s;
  fake_server server([&](guest& g) {
    g.read_request();
    g.send(answer);
  });
  nx::push_gateway gw{s.mine, server.url(), "j", {}, options};
  return gw.push();
}

std::string message_of(const std::string& url, const nx::push_gateway_options& options = nx::push_gateway_options()) {
  shop s;
  nx::push_gateway gw{s.mine, url, "j", {}, options};
  return gw.status().message() + " " + gw.push().error();
}

bool mentions(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }

}  // namespace

#if !defined(_WIN32)
extern "C" int getaddrinfo(const char* host, const char*, const addrinfo*, addrinfo** out) {
  *out = nullptr;
  if (std::string(host) == "hang.test") {
    ++hanging;
    while (hang) ::poll(nullptr, 0, 1);
    --hanging;
  }
  return EAI_AGAIN;
}
#endif

// ---- pushes ----

TEST_CASE("outward: a web page is no Pushgateway's answer, whatever its status says") {
  // node_exporter 1.5.0 (Debian 12) to every PUT, POST and DELETE: a wrong port must not look like success.
  const std::string page =
      "<html>\n\t\t\t<head><title>Node Exporter</title></head>\n\t\t\t<body>\n\t\t\t<h1>Node Exporter</h1>\n"
      "\t\t\t<p><a href=\"/metrics\">Metrics</a></p>\n\t\t\t</body>\n\t\t\t</html>";
  const nx::push_result r = answered("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(page.size()) +
                                     "\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page);
  CHECK(r.code() == nx::errc::no_gateway);
  CHECK(r.http_status() == 200);
  CHECK(mentions(r.error(), "Node Exporter"));
}

TEST_CASE("outward: a URL that has the group's path already is refused") {
  // "http://gateway:9091/metrics/job" makes /metrics/job/metrics/job/j, which a gateway takes: as the group of job "metrics".
  shop s;
  for (const char* url : {"http://h:9091/metrics/job", "http://h:9091/metrics/job/", "http://h/metrics/job/foo/bar",
                          "http://h/metrics/job@base64/Zm9v/bar", "http://h/prefix/metrics/job/x", "http://h/%6detrics/j%6Fb"}) {
    CAPTURE(url);
    nx::push_gateway gw{s.mine, url, "j"};
    CHECK(gw.status().code() == nx::errc::bad_url);
  }
  for (const char* url : {"http://h", "http://h/metrics", "http://h/metrics/jobs", "http://h/a/job", "http://h/xmetrics/job"}) {
    CAPTURE(url);
    nx::push_gateway gw{s.mine, url, "j"};
    CHECK(gw.ok());
  }
}

TEST_CASE("outward: a secret in a URL's query or fragment is not repeated") {
  for (const char* url : {"http://h:9091/?token=hunter2", "https://h/?token=hunter2", "http://h#hunter2", "h?hunter2"}) {
    CAPTURE(url);
    CHECK(!mentions(message_of(url), "hunter2"));
  }
}

TEST_CASE("outward: a whole header line given as a name is refused without its value") {
  using options = nx::push_gateway_options;
  CHECK(!mentions(message_of("h", options().header("X-Api-Key: hunter2", "")), "hunter2"));
  CHECK(mentions(message_of("h", options().header("X-Api-Key: hunter2", "")), "X-Api-Key"));
  CHECK(!mentions(message_of("h", options().header("Authorization:Bearer hunter2", "")), "hunter2"));
  CHECK(!mentions(message_of("h", options().header("X-Api-Key hunter2", "")), "hunter2"));
}

#if FORKS_WITH_THREADS
#if !defined(_WIN32)
TEST_CASE("outward: a child does not inherit look-ups whose threads it has not got") {
  shop s;
  nx::push_gateway gw{s.mine, "http://hang.test", "j", {}, nx::push_gateway_options().set_timeout_ms(1).set_push_rate(17, 1)};
  for (int i = 0; i < 16; ++i) CHECK(gw.push().code() == nx::errc::timeout);
  CHECK(gw.push().code() == nx::errc::busy);
  const pid_t child = ::fork();
  if (child == 0) {
    nx::push_gateway mine{s.mine, "http://again.test", "j"};
    ::_exit(static_cast<int>(mine.push().code()));
  }
  int state = 0;
  ::waitpid(child, &state, 0);
  hang = false;
  const std::chrono::steady_clock::time_point end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (hanging > 0 && std::chrono::steady_clock::now() < end) ::poll(nullptr, 0, 1);
  REQUIRE(WIFEXITED(state));
  CHECK(WEXITSTATUS(state) == static_cast<int>(nx::errc::no_such_host));
}
#endif
#endif

// ---- process metrics ----

TEST_CASE("outward: process metrics stand beside a program's own collector of one of the names") {
#if defined(__linux__)
  nx::registry r;
  const nx::collector own{r, {{nx::metric_type::counter, "process_cpu_seconds_total", "Mine.", {}}},
                          [](nx::collected& out) { out.add(0, {}, 7.0); }};
  const nx::process_collector numbers{r};
  CHECK(numbers.status().code() == nx::errc::name_taken);
  CHECK(nx::testing::value(r, "process_cpu_seconds_total") == 7);
  CHECK(nx::testing::value(r, "process_threads").exists());
  CHECK(nx::testing::value(r, "process_open_fds").exists());
#endif
}

// ---- helpers for tests ----

TEST_CASE("outward: le and quantile are numbers of histograms and summaries, and text elsewhere") {
  nx::registry r;
  nx::family<nx::gauge, 1> g{r, "m", "Help.", {"quantile"}};
  g.labels("0.50").set(1);
  nx::family<nx::gauge, 1> h{r, "n", "Help.", {"le"}};
  h.labels("1.0").set(1);
  CHECK(nx::testing::compare(r, "m{quantile=\"0.50\"} 1\n", {"m"}) == "");
  CHECK(nx::testing::compare(r, "m{quantile=\"0.5\"} 1\n", {"m"}) != "");
  CHECK(nx::testing::compare(r, "n{le=\"1.0\"} 1\n", {"n"}) == "");
  CHECK(nx::testing::compare(r, "n{le=\"1\"} 1\n", {"n"}) != "");
  nx::histogram real{r, "real", "Help.", {1}};
  real.observe(0.5);
  CHECK(nx::testing::compare(r, "real_bucket{le=\"1.0\"} 1\nreal_bucket{le=\"+inf\"} 1\nreal_sum 0.5\nreal_count 1\n", {"real"}) == "");
}
