// What push.py tells it to push: one command a line on stdin, one answer a line on stdout.
//
//   METHOD URL HEX_JOB NAME=HEX_VALUE,... SCENARIO [OPTIONS]      METHOD: push, push_add, delete_group, hurry (12 pushes), crowd
//   (100 programs at once, each with an instance of its own: how many were not ok is the answer's HTTP_STATUS),
//   job_ok, job_failed, job_cleaned (a batch_job that succeeds, fails, or succeeds and deletes its group; GROUP is one label),
//   periodic_begin (makes the one periodic_pusher there is; SCENARIO thread: with a thread, each second; else ticked, and
//   cleaned: it deletes its group), periodic_tick (a minute later by its clock), periodic_end
//   drain (the spool of the options; HTTP_STATUS: 100 for each body delivered, 10 for one outdated, 1 for one left)
//   answer: CODE HTTP_STATUS ERROR. OPTIONS: also URL, spool FOLDER (of a periodic_pusher: after two pushes; of a batch_job), auth USER PASSWORD, gzip, timeout MS (of connecting: half of it; of a periodic_pusher's end: all)
#include <narthex/narthex.hpp>

#include <narthex/batch_job.hpp>
#include <narthex/gzip.hpp>
#include <narthex/periodic_pusher.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/spool.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace nx = narthex;

static std::string unhex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::strtol(hex.substr(i, 2).c_str(), nullptr, 16));
  return out;
}

/// Registries by name; each scenario of push.py has one.
struct scenario {
  nx::registry mine;
  nx::registry labelled{nx::registry_options().label("region", "east")};
  std::vector<std::unique_ptr<nx::gauge>> gauges;
  std::vector<std::unique_ptr<nx::counter>> counters;
  std::unique_ptr<nx::family<nx::gauge, 1>> family;
  std::unique_ptr<nx::histogram> histogram;
  std::unique_ptr<nx::summary> summary;
  nx::registry* registry = &mine;

  void gauge(const std::string& name, double value, const std::string& help = "Help.") {
    gauges.emplace_back(new nx::gauge(mine, name, help));
    gauges.back()->set(value);
  }
  void counter(const std::string& name) {
    counters.emplace_back(new nx::counter(mine, name, "Help."));
    counters.back()->inc(3);
  }
  void labels(const std::string& name, const std::string& label, const std::string& value) {
    family.reset(new nx::family<nx::gauge, 1>(*registry, name, "Help.", {label}));
    family->labels(value).set(1);
  }

  explicit scenario(const std::string& what) {
    if (what == "one") gauge("m", 1);
    if (what.compare(0, 6, "value:") == 0) gauge("m", std::atof(what.c_str() + 6));
    if (what == "a1b1") gauge("a", 1), gauge("b", 1);
    if (what == "a2") gauge("a", 2);
    if (what == "counter_m") counter("m");
    if (what == "counter_go") counter("go_goroutines");
    if (what == "gauge_h_count") gauge("h_count", 1);
    if (what == "histogram_h") {
      histogram.reset(new nx::histogram(mine, "h", "Help.", {1}));
      histogram->observe(0.5);
    }
    if (what == "summary_s") {
      summary.reset(new nx::summary(mine, "s", "Help."));
      summary->observe(0.5);
    }
    if (what == "label_job") labels("m", "job", "zzz");
    if (what == "label_x") labels("m", "x", "body");
    if (what == "label_instance") labels("m", "instance", "i1");
    if (what == "label_bad_utf8") labels("m", "a", "\xff");
    if (what == "label_nasty") labels("m", "a", "\"\\\n\r\t\x7f\xe6\x97\xa5");
    if (what == "help_bad_utf8") gauge("m", 1, "bad \xff\n\\");
    if (what == "push_time") gauge("push_time_seconds", 5);
    if (what == "push_failure") gauge("push_failure_time_seconds", 5);
    if (what == "pushgateway") gauge("pushgateway_x", 5);
    if (what == "bad_name") gauge("0m", 1), gauge("ok", 1);
    if (what == "process") gauge("process_start_time_seconds", 5);
    if (what == "constant_region") {
      registry = &labelled;
      labels("m", "a", "1");
    }
    if (what == "large") {
      registry = &mine;
      family.reset(new nx::family<nx::gauge, 1>(mine, "m", "Help.", {"i"}, nx::series_limits(5000)));
      for (int i = 0; i < 4096; ++i) family->labels(std::string(1000, 'x') + std::to_string(i)).set(i);
    }
    if (what == "everything") {
      gauge("g", 5e-324);
      counter("c_total");
      histogram.reset(new nx::histogram(mine, "h_seconds", "Help.", {0.1, 1}));
      histogram->observe(0.5);
      summary.reset(new nx::summary(mine, "s_seconds", "Help."));
      summary->observe(0.5);
      labels("l", "a", "\"\\\n\xe6\x97\xa5");
    }
  }
};

static std::int64_t minutes_ms = 0;
static std::int64_t by_minutes() { return minutes_ms; }

/// A program that pushes periodically; it counts its ticks.
struct lasting {
  nx::registry mine;
  nx::int_gauge ticks{mine, "ticks", "Ticks, and one for the end."};
  nx::periodic_pusher pusher;
  static nx::periodic_pusher_options options(const std::string& what, const nx::push_gateway_options& gateway) {
    nx::periodic_pusher_options o;
    o.set_gateway(gateway);
    if (gateway.timeout_ms != nx::push_gateway_options().timeout_ms) o.set_final_timeout_ms(gateway.timeout_ms);
    if (what == "thread") return o.set_pace(nx::periodic_pusher_options::pace::every_1_s);
    if (what == "cleaned") o.set_delete_after_ms(0);
    o.gateway.set_clock_ms(&by_minutes);
    return o.without_thread();
  }
  lasting(const std::string& url, const std::string& job, const std::string& what, const nx::push_gateway_options& gateway,
          const std::string& second, const std::string& spool)
      : pusher{mine, url, job, {{"instance", "i"}}, with(options(what, gateway), second, spool)} {}
  static nx::periodic_pusher_options with(nx::periodic_pusher_options o, const std::string& second, const std::string& spool) {
    if (!second.empty()) o.also(second);
    return o.set_spool(spool).set_give_up(100000000, 2);
  }
};

static int crowd(const std::string& url, const std::string& job, const nx::push_gateway_options& options) {
  std::vector<std::thread> all;
  std::atomic<int> failed(0);
  for (int i = 0; i < 100; ++i) {
    all.emplace_back([&, i] {
      nx::registry mine;
      nx::int_gauge m{mine, "m", "Help."};
      m.set(i);
      const std::string instance = std::to_string(i);
      if (!nx::push_gateway{mine, url, job, {{"instance", instance}}, options}.push().ok()) ++failed;
    });
  }
  for (std::thread& one : all) one.join();
  return failed;
}

int main() {
  nx::set_error_hook(nullptr);
  std::unique_ptr<lasting> program;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb, url, job, group, what, option;
    words >> verb >> url >> job >> group >> what;
    nx::push_gateway_options options;
    std::string user, password, second, spool;
    while (words >> option) {
      if (option == "also") words >> second;
      if (option == "spool") words >> spool;
      if (option == "auth" && words >> user >> password) options.basic_auth(user, password);
      if (option == "gzip") options.compress(nx::gzip());
      int ms = 0;
      if (option == "timeout" && words >> ms) options.set_timeout_ms(ms).set_connect_timeout_ms(ms / 2);
    }
    std::string names[3], values[3];
    std::size_t n = 0;
    std::istringstream pairs(group == "-" ? "" : group);
    for (std::string pair; n < 3 && std::getline(pairs, pair, ',');) {
      const std::size_t is = pair.find('=');
      names[n] = pair.substr(0, is);
      values[n++] = unhex(pair.substr(is + 1));
    }
    const std::string job_text = job == "-" ? "" : unhex(job);
    const std::string& u = url;
    scenario s(what);
    std::unique_ptr<nx::push_gateway> gw;
    nx::registry& r = *s.registry;
    if (n == 0) gw.reset(new nx::push_gateway{r, u, job_text, {}, options});
    if (n == 1) gw.reset(new nx::push_gateway{r, u, job_text, {{names[0], values[0]}}, options});
    if (n == 2) gw.reset(new nx::push_gateway{r, u, job_text, {{names[0], values[0]}, {names[1], values[1]}}, options});
    if (n == 3) {
      gw.reset(new nx::push_gateway{r, u, job_text, {{names[0], values[0]}, {names[1], values[1]}, {names[2], values[2]}}, options});
    }
    if (verb.compare(0, 9, "periodic_") == 0) {
      if (verb == "periodic_begin") program.reset(new lasting(u, job_text, what, options, second, spool));
      else program->ticks.inc();
      if (verb == "periodic_tick") program->pusher.tick(minutes_ms += 60000);
      const nx::errc code = program->pusher.status().code();
      if (verb == "periodic_end") program.reset();
      std::printf("%u 0 \n", static_cast<unsigned>(code));
      std::fflush(stdout);
      continue;
    }
    if (verb.compare(0, 4, "job_") == 0) {
      nx::batch_job run{r, u, job_text, {{names[0], values[0]}}, nx::batch_job_options().set_gateway(options).set_spool(spool).set_delete_after_ms(verb == "job_cleaned" ? 0 : -1)};
      run.processed(5);
      if (verb != "job_failed") run.succeed();
      const nx::push_result p = run.finish();
      std::printf("%u %d %s\n", static_cast<unsigned>(p.code()), p.http_status(), p.error());
      std::fflush(stdout);
      continue;
    }
    if (verb == "drain") {
      const nx::drain_result d = nx::drain_spool(u, spool, options);
      std::printf("%u %u %s\n", static_cast<unsigned>(d.why.code()), d.delivered * 100 + d.outdated * 10 + d.left, d.why.error());
      std::fflush(stdout);
      continue;
    }
    if (verb == "crowd") {
      std::printf("0 %d \n", crowd(u, job_text, options));
      std::fflush(stdout);
      continue;
    }
    for (int i = 1; verb == "hurry" && i < 12; ++i) static_cast<void>(gw->push().ok());
    const nx::push_result p = verb == "push" || verb == "hurry" ? gw->push() : verb == "push_add" ? gw->push_add() : gw->delete_group();
    std::printf("%u %d %s\n", static_cast<unsigned>(p.code()), p.http_status(), p.error());
    std::fflush(stdout);
  }
  return 0;
}
