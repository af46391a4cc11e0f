// batch_job: what a run tells that succeeds, fails, throws, forks, or finds no gateway.
#include <narthex/narthex.hpp>

#include <narthex/batch_job.hpp>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#if !defined(_WIN32)
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/recorder.hpp"

namespace nx = narthex;
using support::recorder;
using support::sample_of;

namespace {

std::int64_t now_ms = 0;
std::int64_t test_clock() { return now_ms; }
nx::batch_job_options by_test_clock() {
  return nx::batch_job_options().set_gateway(nx::push_gateway_options().set_clock_ms(&test_clock));
}

const std::string duration = "batch_job_duration_seconds", completion = "batch_job_last_completion_timestamp_seconds",
                  success = "batch_job_last_success_timestamp_seconds", records = "batch_job_records_processed";

std::vector<std::string> told;  // by the error hook
void keep(const nx::status& s) { told.push_back(s.message()); }
struct listening {
  nx::error_hook before;
  listening() : before(nx::set_error_hook(&keep)) { told.clear(); }
  ~listening() { nx::set_error_hook(before); }
};

const char* const nobody = "http://127.0.0.1:1";  // a port that only root could open

}  // namespace

TEST_CASE("batch_job: a run that succeeds replaces the group by how it went") {
  nx::registry mine;
  nx::counter other{mine, "rows_total", "Rows."};
  recorder gateway;
  now_ms = 5000;
  const double before = static_cast<double>(std::time(nullptr));
  {
    nx::batch_job job{mine, gateway.url(), "nightly", {{"instance", "db-3"}}, by_test_clock()};
    REQUIRE(job.ok());
    other.inc(7);
    job.processed();
    job.processed(41);
    now_ms += 12345;
    job.succeed();
    CHECK(gateway.count() == 0);
  }
  const double after = static_cast<double>(std::time(nullptr)) + 1;
  REQUIRE(gateway.count() == 1);
  const std::string r = gateway.all()[0];
  CHECK(r.find("PUT /metrics/job/nightly/instance/db-3 HTTP/1.1\r\n") == 0);
  CHECK(sample_of(r, duration) == "12.345");
  CHECK(sample_of(r, records) == "42");
  CHECK(sample_of(r, "rows_total") == "7");
  for (const std::string& name : {completion, success}) {
    CAPTURE(name);
    const double at = std::atof(sample_of(r, name).c_str());
    CHECK(at >= before);
    CHECK(at <= after);
  }
}

TEST_CASE("batch_job: a run that fails adds to the group, and says nothing of a success") {
  nx::registry mine;
  recorder gateway;
  now_ms = 0;
  {
    nx::batch_job job{mine, gateway.url(), "nightly", {}, by_test_clock()};
    job.processed(3);
    now_ms = 1500;
  }
  REQUIRE(gateway.verbs() == "POST");
  const std::string r = gateway.all()[0];
  CHECK(sample_of(r, duration) == "1.5");
  CHECK(sample_of(r, records) == "3");
  CHECK(sample_of(r, completion) != "");
  CHECK(r.find(success) == std::string::npos);
}

TEST_CASE("batch_job: a run that ends by an exception has failed, and the exception goes on") {
  nx::registry mine;
  recorder gateway;
  bool arrived = false;
  try {
    nx::batch_job job{mine, gateway.url(), "nightly"};
    throw std::runtime_error("disk full");
  } catch (const std::runtime_error&) {
    arrived = true;
  }
  CHECK(arrived);
  CHECK(gateway.verbs() == "POST");
}

TEST_CASE("batch_job: one registry, one run after the other: a failure does not repeat the success before it") {
  nx::registry mine;
  recorder gateway;
  {
    nx::batch_job job{mine, gateway.url(), "a"};
    job.processed(10);
    job.succeed();
  }
  CHECK(nx::to_text(mine).find(success) == std::string::npos);
  CHECK(nx::to_text(mine).find(duration) == std::string::npos);
  {
    nx::batch_job job{mine, gateway.url(), "a"};
    job.processed(2);
  }
  CHECK(nx::to_text(mine).find("_seconds") == std::string::npos);
  {
    nx::batch_job job{mine, gateway.url(), "a"};
    job.succeed();
  }
  REQUIRE(gateway.verbs() == "PUT POST PUT");
  const std::vector<std::string> all = gateway.all();
  CHECK(all[1].find(success) == std::string::npos);
  CHECK(sample_of(all[0], records) == "10");
  CHECK(sample_of(all[1], records) == "2");
  CHECK(sample_of(all[2], records) == "0");
  CHECK(sample_of(all[2], success) != "");
}

TEST_CASE("batch_job: the times are not shown before the end") {
  nx::registry mine;
  recorder gateway;
  nx::batch_job job{mine, gateway.url(), "a"};
  const std::string page = nx::to_text(mine);
  CHECK(sample_of(page, records) == "0");
  CHECK(page.find("_seconds") == std::string::npos);
}

TEST_CASE("batch_job: finish() says what became of it, once; the destructor is silent then") {
  nx::registry mine;
  recorder gateway;
  {
    nx::batch_job job{mine, gateway.url(), "a"};
    job.succeed();
    CHECK(job.finish().ok());
    const nx::push_result again = job.finish();
    CHECK(again.code() == nx::errc::closed);
    CHECK(std::string(again.error()) == gateway.url() + "/metrics/job/a: batch_job: closed");
  }
  CHECK(gateway.verbs() == "PUT");
  gateway.answer_with("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno");
  const listening here;
  {
    nx::batch_job job{mine, gateway.url(), "a"};
    CHECK(job.finish().http_status() == 400);
  }
  CHECK(told.empty());
}

TEST_CASE("batch_job: whatever fails, the destructor tells the error hook one line and nothing else happens") {
  recorder gateway("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
  const std::string down = gateway.url();
  nx::registry mine;
  nx::gauge clash_of{mine, "x", "X."};
  const listening here;
  { nx::batch_job job{mine, down, "a"}; }
  REQUIRE(told.size() == 1);
  CHECK(told[0] == down + "/metrics/job/a: the server refused; HTTP status 500");
  told.clear();
  { nx::batch_job job{mine, nobody, "a"}; }
  REQUIRE(told.size() == 1);
  CHECK(told[0].find(std::string(nobody) + "/metrics/job/a: the system refused; error") == 0);
  told.clear();
  { nx::batch_job job{mine, "https://x", ""}; }
  REQUIRE(told.size() == 1);
  CHECK(told[0] == "https://x: https needs a transport that speaks TLS");
  told.clear();
  {
    nx::family<nx::gauge, 1> clash{mine, "y", "Y.", {"instance"}};
    clash.labels("z").set(1);
    nx::batch_job job{mine, down, "a", {{"instance", "i"}}};
    CHECK(job.ok());
  }
  REQUIRE(told.size() == 1);
  CHECK(told[0] == "y{instance}: the label is part of the grouping key, which would overwrite it");
}

TEST_CASE("batch_job: a gateway that never answers costs the deadline") {
  nx::registry mine;
  recorder gateway("");
  const listening here;
  const long long begin = support::now_ms();
  { nx::batch_job job{mine, gateway.url(), "a", {}, nx::batch_job_options().set_gateway(nx::push_gateway_options().set_timeout_ms(150))}; }
  const long long took = support::now_ms() - begin;
  CHECK(took >= 145);
  CHECK(took < 5000);
  REQUIRE(told.size() == 1);
  CHECK(told[0] == gateway.url() + "/metrics/job/a: the deadline passed");
}

TEST_CASE("batch_job: clean-up is asked for, waits to be seen, and comes after a push that failed, too") {
  nx::registry mine;
  recorder gateway;
  long long begin = support::now_ms();
  {
    nx::batch_job job{mine, gateway.url(), "a", {{"pod", "x-1"}}, nx::batch_job_options().set_delete_after_ms(120)};
    job.succeed();
  }
  CHECK(support::now_ms() - begin >= 120);
  REQUIRE(gateway.verbs() == "PUT DELETE");
  CHECK(gateway.all()[1].find("DELETE /metrics/job/a/pod/x-1 HTTP/1.1\r\n") == 0);
  { nx::batch_job job{mine, gateway.url(), "a", {}, nx::batch_job_options().set_delete_after_ms(0)}; }
  CHECK(gateway.verbs() == "PUT DELETE POST DELETE");
  gateway.answer_with("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
  begin = support::now_ms();
  nx::batch_job job{mine, gateway.url(), "a", {}, nx::batch_job_options().set_delete_after_ms(60000)};
  CHECK(job.finish().http_status() == 500);
  CHECK(support::now_ms() - begin < 30000);  // nobody can see what has not arrived
  CHECK(gateway.verbs() == "PUT DELETE POST DELETE POST DELETE");
}

TEST_CASE("batch_job: a push or a deletion that fails is what finish() answers, the push first") {
  nx::registry mine;
  std::atomic<char> failing('D');
  support::fake_server gateway{[&failing](support::guest& g) {
    const std::string r = g.read_request();
    g.send(r[0] == failing ? "HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }};
  nx::batch_job job{mine, gateway.url(), "a", {}, nx::batch_job_options().set_delete_after_ms(0)};
  CHECK(job.finish().http_status() == 503);
  failing = 'P';
  nx::batch_job other{mine, gateway.url(), "a", {}, nx::batch_job_options().set_delete_after_ms(0)};
  CHECK(other.finish().http_status() == 503);
}

TEST_CASE("batch_job: bad arguments are told at once") {
  nx::registry mine;
  const listening here;
  nx::batch_job job{mine, "http://h", ""};
  CHECK(!job.ok());
  CHECK(job.status().code() == nx::errc::bad_job);
  job.processed();
  job.succeed();
  CHECK(job.finish().code() == nx::errc::bad_job);
}

TEST_CASE("batch_job: a negative number of records is refused and counted") {
  nx::registry mine;
  recorder gateway;
  nx::batch_job job{mine, gateway.url(), "a"};
  job.processed(5);
  job.processed(-3);
  job.processed(0);
  const std::string page = nx::to_text(mine);
  CHECK(sample_of(page, records) == "5");
  CHECK(sample_of(page, "narthex_refused_total{what=\"update\"}") == "1");
}

TEST_CASE("batch_job: the default registry needs no name") {
  recorder gateway;
  nx::counter c{"batch_job_test_total", "In the default registry."};
  c.inc();
  { nx::batch_job job{gateway.url(), "a"}; }
  CHECK(sample_of(gateway.all()[0], "batch_job_test_total") == "1");
}

#if !defined(_WIN32)
TEST_CASE("batch_job: the exit code is the program's, whatever becomes of the push") {
  recorder gateway("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
  for (const std::string& url : {std::string(nobody), std::string("nonsense://"), gateway.url()}) {
    CAPTURE(url);
    for (int wanted : {0, 7}) {
      const pid_t child = ::fork();
      if (child == 0) {
        nx::set_error_hook(nullptr);
        const auto program = [&] {
          nx::batch_job job{url, "a"};
          if (wanted == 0) job.succeed();
          return wanted;
        };
        ::_exit(program());
      }
      int state = 0;
      REQUIRE(::waitpid(child, &state, 0) == child);
      REQUIRE(WIFEXITED(state));
      CHECK(WEXITSTATUS(state) == wanted);
    }
  }
}

TEST_CASE("batch_job: the child of a fork neither pushes nor deletes") {
  nx::registry mine;
  recorder gateway;
  nx::batch_job* const job = new nx::batch_job{mine, gateway.url(), "a", {}, nx::batch_job_options().set_delete_after_ms(0)};
  const pid_t child = ::fork();
  if (child == 0) {
    const listening here;
    const bool closed = job->finish().code() == nx::errc::closed;
    delete job;
    ::_exit(closed && told.empty() ? 0 : 1);
  }
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  CHECK(state == 0);
  CHECK(gateway.count() == 0);
  delete job;
  CHECK(gateway.verbs() == "POST DELETE");
}
#endif
