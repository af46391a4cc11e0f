// The spool: what is kept when no gateway takes it, for how long it is tried, what the file looks like, its limits, and its delivery.
#include <narthex/narthex.hpp>

#include <narthex/batch_job.hpp>
#include <narthex/periodic_pusher.hpp>
#include <narthex/spool.hpp>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#if !defined(_WIN32)
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>
#endif
#if defined(__linux__)
#include <sys/mount.h>
#endif

#include "support/catch.hpp"
#include "support/fake_server.hpp"
#include "support/folder.hpp"
#include "support/recorder.hpp"

namespace nx = narthex;
using support::content;
using support::folder;
using support::put;
using support::recorder;
using support::sample_of;

namespace {

const std::string failing = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", ok_200 = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

std::int64_t now_ms = 0;
std::int64_t test_clock() { return now_ms; }

std::vector<std::string> told;  // by the error hook
void keep(const nx::status& s) { told.push_back(s.message()); }
struct listening {
  nx::error_hook before;
  listening() : before(nx::set_error_hook(&keep)) { told.clear(); }
  ~listening() { nx::set_error_hook(before); }
};

/// A gateway with a page of its own, which takes what it is given or refuses it.
class gateway {
 public:
  gateway() : server_([this](support::guest& g) { serve(g); }) {}
  std::string url() const { return server_.url(); }
  void show(const std::string& page) {
    const std::lock_guard<std::mutex> held(lock_);
    page_ = page;
  }
  void answer_pushes_with(const std::string& answer) {
    const std::lock_guard<std::mutex> held(lock_);
    answer_ = answer;
  }
  /// The requests since the last call.
  std::vector<std::string> heard() {
    const std::lock_guard<std::mutex> held(lock_);
    std::vector<std::string> all;
    all.swap(heard_);
    return all;
  }

 private:
  void serve(support::guest& g) {
    const std::string request = g.read_request();
    const std::lock_guard<std::mutex> held(lock_);
    heard_.push_back(request);
    if (request.find("GET ") == 0) g.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(page_.size()) + "\r\n\r\n" + page_);
    else g.send(answer_);
  }
  std::mutex lock_;
  std::string page_, answer_ = ok_200;
  std::vector<std::string> heard_;
  support::fake_server server_;
};

nx::periodic_pusher_options by_tick(const folder& f) {
  return nx::periodic_pusher_options().without_thread().set_gateway(nx::push_gateway_options().set_clock_ms(&test_clock)).set_seed(1).set_spool(f.path);
}

/// A pusher that is ticked, with a spool.
struct stage {
  folder f;
  nx::registry mine;
  nx::int_gauge level{mine, "level", "Level."};
  recorder gateway;
  listening here;
  std::unique_ptr<nx::periodic_pusher> pusher;
  stage() { begin(by_tick(f)); }
  explicit stage(int after_ms, unsigned after_pushes) { begin(by_tick(f).set_give_up(after_ms, after_pushes)); }
  void begin(const nx::periodic_pusher_options& options) {
    now_ms = 1000000;
    pusher.reset(new nx::periodic_pusher{mine, gateway.url(), "edge", {{"instance", "i"}}, options});
  }
  void push() {
    const std::string before = own("attempts_total");
    for (int i = 0; i < 1000 && own("attempts_total") == before; ++i) now_ms += pusher->tick(now_ms);
  }
  std::string own(const std::string& name) { return sample_of(nx::to_text(mine), "narthex_push_" + name); }
  std::string file() {
    const std::vector<std::string> all = f.names();
    return all.size() == 1 ? content(f.at(all[0])) : "(" + std::to_string(all.size()) + " files)";
  }
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
std::string number_word(const std::string& line, int at) {  // words counted from 0
  std::size_t begin = 0;
  for (int i = 0; i < at; ++i) begin = line.find(' ', begin) + 1;
  return line.substr(begin, line.find(' ', begin) - begin);
}

/// A file as a program would have spooled it, of the group {job="j",instance="i"}.
std::string spooled(long long time_s, long long sequence, const std::string& verb = "PUT", const std::string& lines = "level{instance=\"i\",job=\"j\"} 1\n") {
  return "# narthex-spool 1 " + std::to_string(time_s * 1000) + " " + std::to_string(sequence * 1000) + " " + verb +
         " /metrics/job/j/instance/i instance=\"i\",job=\"j\"\n# HELP level Level.\n# TYPE level gauge\n" + lines;
}
#if defined(_WIN32)
const std::string no_folder = ": the system refused; error 3";
#else
const std::string no_folder = ": the system refused; error 2";
#endif
const char* const file_name = "narthex-0123456789abcdef.prom";
const std::string labels = "{instance=\"i\",job=\"j\"} ";

}  // namespace

// ---- giving up ----

TEST_CASE("spool: a body counts as undeliverable after so many pushes in a row") {
  stage s(100000000, 3);
  s.gateway.answer_with(failing);
  s.level.set(1);
  s.push();
  s.push();
  CHECK(s.f.names().empty());
  s.level.set(3);
  s.push();
  CHECK(s.own("spooled_total") == "1");
  CHECK(s.own("dropped_total") == "0");
  CHECK(s.file().find("\nlevel{instance=\"i\",job=\"edge\"} 3\n") != std::string::npos);
  s.level.set(4);
  s.push();
  s.push();
  CHECK(s.own("spooled_total") == "1");
  s.push();
  CHECK(s.own("spooled_total") == "2");
  CHECK(s.file().find("\nlevel{instance=\"i\",job=\"edge\"} 4\n") != std::string::npos);  // the newest alone
  s.gateway.answer_with(ok_200);
  s.push();
  CHECK(s.f.names().empty());  // something newer has arrived
  s.gateway.answer_with(failing);
  s.push();
  s.push();
  s.gateway.answer_with(ok_200);
  s.push();
  s.gateway.answer_with(failing);
  s.push();
  CHECK(s.f.names().empty());  // in a row
}

TEST_CASE("spool: or after five minutes") {
  CHECK(nx::push_gateway_options().timeout_ms == 30000);  // what README says
  CHECK(nx::periodic_pusher_options().give_up_after_pushes == 20);
  stage s;
  s.gateway.answer_with(failing);
  s.push();
  const std::int64_t begin = now_ms;
  while (s.f.names().empty()) {
    CHECK(now_ms - begin < 300000);
    s.push();
  }
  CHECK(now_ms - begin >= 300000);
  CHECK(now_ms - begin < 335000);
  CHECK(s.own("spooled_total") == "1");
  CHECK(told.size() == 1);  // of the first failure
}

TEST_CASE("spool: without one, and where it cannot be written, the body is lost, and that is counted") {
  stage none(100000000, 2);
  none.begin(by_tick(none.f).set_spool(nx::spool_options()).set_give_up(100000000, 2));
  none.gateway.answer_with(failing);
  none.push();
  none.push();
  CHECK(none.own("dropped_total") == "1");
  CHECK(none.own("spooled_total") == "0");
  stage gone(100000000, 2);
  const std::string missing = gone.f.path + "/missing";
  gone.begin(by_tick(gone.f).set_spool(missing).set_give_up(100000000, 2));
  CHECK(gone.pusher->ok());
  REQUIRE(told.size() == 1);  // at once, when there is still time to make it
  CHECK(told[0] == missing + no_folder);
  gone.gateway.answer_with(failing);
  gone.push();
  gone.push();
  CHECK(gone.own("dropped_total") == "1");
  CHECK(told.size() == 3);  // the first failed push; the spool
  CHECK(told[2].find(": the system refused; error ") != std::string::npos);
}

TEST_CASE("spool: a last push that fails is spooled at once; one that succeeds takes the file of an earlier run away") {
  stage s;
  s.level.set(5);
  s.gateway.answer_with(failing);
  s.pusher.reset();
  CHECK(s.file().find("\nlevel{instance=\"i\",job=\"edge\"} 5\n") != std::string::npos);
  const std::string pushed = s.gateway.all().back();
  const std::string at_gateway = sample_of(pushed, "narthex_push_sequence"), head = first_line(s.file());
  CHECK(std::atoll(number_word(head, 4).c_str()) > static_cast<long long>(std::atof(at_gateway.c_str())) * 1000);  // it is newer
  CHECK(head == "# narthex-spool 1 " + number_word(head, 3) + " " + number_word(head, 4) + " PUT /metrics/job/edge/instance/i instance=\"i\",job=\"edge\"");
  CHECK(std::atoll(number_word(head, 3).c_str()) / 1000 - static_cast<long long>(std::time(nullptr)) < 60);
  s.gateway.answer_with(ok_200);
  s.begin(by_tick(s.f));
  s.pusher.reset();
  CHECK(s.f.names().empty());
}

// ---- the file ----

TEST_CASE("spool: each line carries the labels of the group, and the rest is as it would be pushed") {
  folder f;
  nx::registry mine;
  nx::gauge plain{mine, "a", "A \\ and\nB."};
  nx::family<nx::counter, 1> labelled{mine, "b_total", "B.", {"x"}};
  labelled.labels("{\"} 1\n").inc(2);
  nx::histogram h{mine, "h", "H.", {1}};
  h.observe(0.5);
  {
    nx::batch_job job{mine, "http://127.0.0.1:1", "a/\"b\"", {{"zone", "\\\n"}, {"db", ""}}, nx::batch_job_options().set_spool(f.path)};
    const listening here;
    CHECK(!job.finish().ok());
  }
  const std::string in = "db=\"\",job=\"a/\\\"b\\\"\",zone=\"\\\\\\n\"";
  REQUIRE(f.names().size() == 1);
  CHECK(f.names()[0].find("narthex-") == 0);
  CHECK(f.names()[0].find(".prom") == 24);
  const std::string text = content(f.at(f.names()[0]));
  CHECK(text.find(" POST /metrics/job@base64/YS8iYiI/db@base64/=/zone/%5C%0A db=\"\",instance=\"\",job=") != std::string::npos);
  std::string rest = text.substr(text.find('\n') + 1);
  CHECK(rest.find("# HELP a A \\\\ and\\nB.\n# TYPE a gauge\na{" + in + "} 0\n# HELP b_total B.\n# TYPE b_total counter\nb_total{" + in +
                  ",x=\"{\\\"} 1\\n\"} 2\n") == 0);
  CHECK(rest.find("h_bucket{" + in + ",le=\"1\"} 1\nh_bucket{" + in + ",le=\"+Inf\"} 1\nh_sum{" + in + "} 0.5\nh_count{" + in + "} 1\n") != std::string::npos);
#if !defined(_WIN32)
  struct stat about;
  REQUIRE(::stat(f.at(f.names()[0]).c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0644);  // node_exporter is another user
#endif
}

TEST_CASE("spool: a batch job keeps its last success through failures that nobody heard of either") {
  folder f;
  nx::registry mine;
  recorder r;
  r.answer_with(failing);
  const listening here;
  const auto run = [&](bool succeeds, const std::string& url) {
    nx::batch_job job{mine, url, "nightly", {{"instance", "db"}}, nx::batch_job_options().set_spool(f.path)};
    job.processed(succeeds ? 7 : 1);
    if (succeeds) job.succeed();
    return job.finish();
  };
  nx::gauge once{mine, "once", "Once."};
  CHECK(!run(true, r.url()).ok());
  once.unregister();
  REQUIRE(f.names().size() == 1);
  const std::string path = f.at(f.names()[0]), good = content(path);
  const std::string success = sample_of(good, "batch_job_last_success_timestamp_seconds{instance=\"db\",job=\"nightly\"}");
  REQUIRE(success != "");
  CHECK(first_line(good).find(" PUT ") != std::string::npos);
  CHECK(!run(false, "http://127.0.0.1:1").ok());  // not even its page can be read
  const std::string both = content(path);
  CHECK(sample_of(both, "batch_job_last_success_timestamp_seconds{instance=\"db\",job=\"nightly\"}") == success);
  CHECK(sample_of(both, "batch_job_records_processed{instance=\"db\",job=\"nightly\"}") == "1");
  CHECK(sample_of(both, "once{instance=\"db\",job=\"nightly\"}") == "0");  // as a gateway would have kept it
  CHECK(first_line(both).find(" PUT ") != std::string::npos);             // it is still the whole group
  CHECK(both.find("# TYPE batch_job_records_processed") == both.rfind("# TYPE batch_job_records_processed"));

  gateway well;
  CHECK(run(false, well.url()).ok());  // what is spooled goes first
  const std::vector<std::string> heard = well.heard();
  REQUIRE(heard.size() == 3);
  CHECK(heard[0].find("GET /metrics HTTP/1.1\r\n") == 0);
  CHECK(heard[1].find("PUT /metrics/job/nightly/instance/db HTTP/1.1\r\n") == 0);
  CHECK(sample_of(heard[1], "batch_job_last_success_timestamp_seconds{instance=\"db\",job=\"nightly\"}") == success);
  CHECK(heard[2].find("POST /metrics/job/nightly/instance/db HTTP/1.1\r\n") == 0);
  CHECK(f.names().empty());

  CHECK(!run(false, "http://127.0.0.1:1").ok());
  CHECK(first_line(content(path)).find(" POST ") != std::string::npos);
  CHECK(run(true, well.url()).ok());
  CHECK(f.names().empty());  // the success says it all
  CHECK(well.heard().size() == 1);
}

TEST_CASE("spool: no more files and bytes than stated, the newest stay, and what is not ours is left alone") {
  folder f;
  nx::registry mine;
  nx::gauge one{mine, "one", "One."};
  const listening here;
  put(f.at("other.prom"), "x 1\n");
  put(f.at("narthex-0123.prom"), "y 1\n");
  const auto run = [&](int n, const nx::spool_options& o) {
    nx::batch_job job{mine, "http://127.0.0.1:1", "j", {{"instance", n}}, nx::batch_job_options().set_spool(o)};
    CHECK(!job.finish().ok());
    for (const std::string& name : f.names()) {
      if (content(f.at(name)).find("/instance/" + std::to_string(n) + " ") == std::string::npos) continue;
#if !defined(_WIN32)
      const utimbuf then = {1000000 + n, 1000000 + n};
      ::utime(f.at(name).c_str(), &then);
#endif
    }
  };
  const auto holds = [&](int n) {
    for (const std::string& name : f.names()) {
      if (content(f.at(name)).find("/instance/" + std::to_string(n) + " ") != std::string::npos) return true;
    }
    return false;
  };
  for (int n = 1; n <= 6; ++n) run(n, nx::spool_options(f.path).set_limits(3, 1 << 20));
  CHECK(f.names().size() == 3 + 2);
#if !defined(_WIN32)
  for (int n = 1; n <= 6; ++n) CHECK(holds(n) == (n > 3));
#endif
  std::size_t size = 0;
  for (const std::string& name : f.names()) size = content(f.at(name)).size() > size ? content(f.at(name)).size() : size;
  run(7, nx::spool_options(f.path).set_limits(100, 2 * size + 20));
  CHECK(f.names().size() == 2 + 2);
  CHECK(holds(7));
  run(8, nx::spool_options(f.path).set_limits(100, size / 2));
  CHECK(!holds(8));  // it alone is too large
  CHECK(holds(7));
  REQUIRE(!told.empty());
  CHECK(told.back() == "spool: too large; limit in bytes " + std::to_string(size / 2));
#if !defined(_WIN32)
  for (const std::string& name : f.names()) {
    const utimbuf tomorrow = {std::time(nullptr) + 86400, std::time(nullptr) + 86400};
    ::utime(f.at(name).c_str(), &tomorrow);
  }
  run(9, nx::spool_options(f.path).set_limits(1, 1 << 20));
  CHECK(f.names().size() == 1 + 2);
  CHECK(holds(9));  // whatever the clock says of the others
#endif
  CHECK(content(f.at("other.prom")) == "x 1\n");
  CHECK(content(f.at("narthex-0123.prom")) == "y 1\n");
}

#if !defined(_WIN32)
TEST_CASE("spool: a program that is killed before the file is in its place leaves the old one, and a trace that goes") {
  stage s(100000000, 1);
  s.gateway.answer_with(failing);
  s.level.set(1);
  s.push();
  const std::string name = s.f.names()[0], old = content(s.f.at(name));
  const pid_t child = ::fork();
  if (child == 0) {
    nx::os::replaced_file half;
    if (!half.open(s.f.at(name)).ok() || !half.write("# narthex-sp", 12).ok()) ::_exit(1);
    ::_exit(0);  // as SIGKILL would: no destructor
  }
  int state = -1;
  REQUIRE(::waitpid(child, &state, 0) == child);
  REQUIRE(state == 0);
  REQUIRE(s.f.names().size() == 2);
  const std::string trace = s.f.names()[0];
  CHECK(trace.find(".narthex-") == 0);  // no reader of the folder looks at it
  CHECK(content(s.f.at(name)) == old);
  gateway well;
  const nx::drain_result r = nx::drain_spool(well.url(), s.f.path);
  CHECK(r.ok());
  CHECK(r.delivered + r.outdated + r.left == 1);
  s.level.set(2);
  s.push();
  CHECK(s.f.names() == std::vector<std::string>{trace, name});  // it may be a live writer's
  const utimbuf hours_ago = {std::time(nullptr) - 3700, std::time(nullptr) - 3700};
  REQUIRE(::utime(s.f.at(trace).c_str(), &hours_ago) == 0);
  s.push();
  CHECK(s.f.names() == std::vector<std::string>{name});
  s.pusher.reset();
}
#endif

#if defined(__linux__)
TEST_CASE("spool: a full disk is a status, and what was there stays") {
  stage s(100000000, 1);
  if (::mount("narthex", s.f.path.c_str(), "tmpfs", 0, "size=16k") != 0) {
    WARN("left out: this user may not mount");
    return;
  }
  s.gateway.answer_with(failing);
  s.level.set(1);
  s.push();
  const std::string old = s.file();
  CHECK(old.find("\nlevel{instance=\"i\",job=\"edge\"} 1\n") != std::string::npos);
  nx::family<nx::gauge, 1> much{s.mine, "much", "Much.", {"x"}};
  for (int i = 0; i < 500; ++i) much.labels(i).set(i);
  s.push();
  CHECK(s.own("dropped_total") == "1");
  CHECK(s.file() == old);
  REQUIRE(!told.empty());
  CHECK(told.back().find(": the system refused; error 28") != std::string::npos);
  much.clear();
  s.level.set(2);
  s.push();
  CHECK(s.file().find("\nlevel{instance=\"i\",job=\"edge\"} 2\n") != std::string::npos);
  s.gateway.answer_with(ok_200);
  s.pusher.reset();
  CHECK(s.f.names().empty());
  CHECK(::umount(s.f.path.c_str()) == 0);
}
#endif

// ---- delivery ----

TEST_CASE("drain_spool: what is spooled is delivered as it stands, once") {
  folder f;
  gateway g;
  put(f.at(file_name), spooled(1700000000, 5));
  put(f.at("narthex-fedcba9876543210.prom"), "# narthex-spool 1 1700000000000 0 POST /metrics/job/k instance=\"\",job=\"k\"\nx{job=\"k\"} 1\n");
  put(f.at("other.prom"), "y 1\n");
  const nx::drain_result r = nx::drain_spool(g.url() + "/prefix", f.path, nx::push_gateway_options().basic_auth("u", "p"));
  CHECK(r.ok());
  CHECK(r.delivered == 2);
  CHECK(r.outdated + r.left == 0);
  CHECK(f.names() == std::vector<std::string>{"other.prom"});
  bool put_seen = false, post_seen = false;
  for (const std::string& one : g.heard()) {
    CHECK(one.find("\r\nAuthorization: Basic dTpw\r\n") != std::string::npos);
    if (one.find("GET /prefix/metrics HTTP/1.1\r\n") == 0) continue;
    const std::string body = one.substr(one.find("\r\n\r\n") + 4);
    if (one.find("PUT /prefix/metrics/job/j/instance/i HTTP/1.1\r\n") == 0) {
      put_seen = body == "# HELP level Level.\n# TYPE level gauge\nlevel{instance=\"i\",job=\"j\"} 1\n";
    }
    if (one.find("POST /prefix/metrics/job/k HTTP/1.1\r\n") == 0) post_seen = body == "x{job=\"k\"} 1\n";
  }
  CHECK(put_seen);
  CHECK(post_seen);
}

TEST_CASE("drain_spool: never an older body over a newer one") {
  struct {
    const char* what;
    std::string page;
    bool is_outdated;
  } const rows[] = {
      {"nothing of the group", "push_time_seconds{instance=\"k\",job=\"j\"} 1.8e+09\nnarthex_push_sequence{instance=\"k\",job=\"j\"} 9\n", false},
      {"an older push", "push_time_seconds" + labels + "1.699999999e+09\n", false},
      {"a newer push", "push_time_seconds" + labels + "1.7000000005e+09\n", true},
      {"the same second", "push_time_seconds" + labels + "1.7e+09\n", true},
      {"an older sequence, by a clock that is ahead", "push_time_seconds" + labels + "1.8e+09\nnarthex_push_sequence" + labels + "4\n", false},
      {"a newer sequence, by a clock that is behind", "push_time_seconds" + labels + "1.6e+09\nnarthex_push_sequence" + labels + "6\n", true},
      {"the same sequence", "push_time_seconds" + labels + "1.6e+09\nnarthex_push_sequence" + labels + "5\n", true},
      {"a later run", "batch_job_last_completion_timestamp_seconds" + labels + "5.25\n", true},
      {"an earlier run", "batch_job_last_completion_timestamp_seconds" + labels + "4.9999\n", false},
      {"words and longer names", "# HELP push_time_seconds x\npush_time_seconds_x" + labels + "1.8e+09\npush_time_seconds{instance=\"i\",job=\"j\",x=\"\"} 1.8e+09\n", false},
  };
  folder f;
  gateway g;
  for (const auto& row : rows) {
    for (const std::size_t padding : {std::size_t{0}, std::size_t{4090}, std::size_t{70000}}) {  // in pieces, and behind a line that is longer than all that matters
      CAPTURE(row.what, padding);
      g.show("x{a=\"" + std::string(padding, 'y') + "\"} 1\n" + row.page + "z 1\n");
      put(f.at(file_name), spooled(1700000000, 5));
      const nx::drain_result r = nx::drain_spool(g.url(), f.path);
      CHECK(r.ok());
      CHECK(r.outdated == (row.is_outdated ? 1 : 0));
      CHECK(r.delivered == (row.is_outdated ? 0 : 1));
      CHECK(f.names().empty());
      CHECK(g.heard().size() == (row.is_outdated ? 1 : 2));
    }
  }
}

TEST_CASE("drain_spool: what cannot be asked, delivered or read stays") {
  folder f;
  gateway g;
  put(f.at(file_name), spooled(1700000000, 5));
  nx::drain_result r = nx::drain_spool("http://127.0.0.1:1", f.path);
  CHECK(r.left == 1);
  CHECK(r.why.code() == nx::errc::system);
  recorder no_page;
  no_page.answer_with("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  r = nx::drain_spool(no_page.url(), f.path);
  CHECK(r.left == 1);
  CHECK(r.why.http_status() == 404);
  CHECK(no_page.verbs() == "GET");  // who cannot be asked what it has is not overwritten
  g.answer_pushes_with("HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno");
  r = nx::drain_spool(g.url(), f.path);
  CHECK(r.left == 1);
  CHECK(r.why.http_status() == 400);
  g.answer_pushes_with(ok_200);
  g.heard();
  put(f.at("narthex-1111111111111111.prom"), "");
  for (const std::string& bad : {std::string("x 1\n"), spooled(1700000000, 5).substr(0, 150), std::string("# narthex-spool 1 1 1 PUT /metrics/job/a\rX:y b\n"), std::string("# narthex-spool 1 1 1 PUT /metrics/job/a?x b\n"),
                                 std::string("# narthex-spool 1 1 1 DELETE /metrics/job/a b\n"), std::string("# narthex-spool 1 1 1 PUT /admin b\n"),
                                 std::string("# narthex-spool 1 0 1 PUT /metrics/job/a b\n"), std::string("# narthex-spool 1 1 1 PUT /metrics/job/a\n"), std::string("\n")}) {
    // In whatever order the system shows them, the good one is not always the first.
    for (const char* name : {"0000000000000000", "2222222222222222", "7777777777777777", "aaaaaaaaaaaaaaaa", "ffffffffffffffff"}) {
      put(f.at(std::string("narthex-") + name + ".prom"), bad);
    }
    put(f.at(file_name), spooled(1700000000, 5));
    r = nx::drain_spool(g.url(), f.path);
    CHECK(r.left == 6);
    CHECK(r.delivered == 1);  // one bad file does not keep the others
    CHECK(r.why.code() == nx::errc::bad_spool);
    CHECK(g.heard().size() == 2);
  }
  CHECK(f.names().size() == 6);
  folder two;
  put(two.at(file_name), spooled(1700000000, 5));
  put(two.at("narthex-fedcba9876543210.prom"), spooled(1700000000, 5));
  support::fake_server mute([](support::guest& one) { one.read_request(); });
  r = nx::drain_spool(mute.url(), two.path);
  CHECK(r.left == 2);
  CHECK(r.why.code() == nx::errc::closed);
  CHECK(support::soon([&] { return mute.served() > 0; }));
  CHECK(mute.served() == 1);  // who cannot be reached is not asked for each
  CHECK(nx::drain_spool(g.url(), f.path + "/missing").why.error() == f.path + "/missing" + no_folder);
  CHECK(nx::drain_spool("ftp://x", f.path).why.code() == nx::errc::bad_url);
  CHECK(nx::drain_spool(g.url(), std::string("a\0b", 3)).why.code() == nx::errc::system);
}

TEST_CASE("drain_spool: a body that is replaced while the old one is delivered stays") {
  folder f;
  const std::string path = f.at(file_name);
  put(path, spooled(1700000000, 5));
  support::fake_server slow([&](support::guest& g) {
    const std::string request = g.read_request();
    if (request.find("PUT ") == 0) put(path, spooled(1700000009, 6));
    g.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  CHECK(nx::drain_spool(slow.url(), f.path).delivered == 1);
  CHECK(content(path) == spooled(1700000009, 6));
}

TEST_CASE("drain_spool: decimal numbers to the thousandth") {
  using nx::detail::read_thousandths;
  struct {
    const char* text;
    std::int64_t value;
  } const rows[] = {{"0", 0}, {"1", 1000}, {"1.5", 1500}, {"1.7e+09", 1700000000000}, {"1.790000001e+09", 1790000001000}, {"1.7900000015e+09", 1790000001500},
                    {"1790000001.1234567", 1790000001123}, {"0.0005", 0}, {"5e-3", 5}, {"12345678901234567890", 0}, {"1e300", 0}, {"-1", 0}, {"NaN", 0},
                    {"+Inf", 0}, {"1.2.3", 0}, {"1x", 0}, {"", 0}, {"1e-400", 0}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(read_thousandths(row.text) == row.value);
  }
}
