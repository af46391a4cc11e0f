// Code with metrics in it, and, with -DWITHOUT, the same code as if nobody had ever written them: disassembly.py wants
// both to be the same machine code where metrics are compiled out.
#include <cstdio>
#include <cstdlib>
#include <string>

#if defined(WITHOUT)
#define METRICS(...)
#else
#define METRICS(...) __VA_ARGS__
#include <narthex/build_info.hpp>
#include <narthex/count_exceptions.hpp>
#include <narthex/expiring_family.hpp>
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/process_collector.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/textfile.hpp>
#include <narthex/timer.hpp>

namespace nx = narthex;

enum class method { get, post };
inline nx::enum_values<2> label_values(method) { return {{"get", "post"}}; }

nx::counter requests{"http_requests_total", "Requests served."};
nx::double_counter busy{"worker_busy_seconds_total", "Time spent working."};
nx::gauge level{"level", "Level."};
nx::int_gauge queue{"queue_length", "Jobs waiting."};
nx::histogram latency{"latency_seconds", "Time to serve.", {0.01, 0.1, 1}};
nx::histogram sizes{"body_bytes", "Body size.", nx::buckets::exponential(64, 4, 8)};
nx::summary parsing{"parse_seconds", "Time to parse.", nx::quantiles({0.5, 0.99}).over_seconds(300)};
nx::info build{"program_info", "What runs.", {{"version", "1.4.2"}}};
nx::state_set mode{"mode", "Operating mode.", {"starting", "running"}};
nx::fixed_counter wakeups{"wakeups_total", "Wakeups."};
nx::fixed_histogram<3> lags{"lag_seconds", "Lag.", {0.01, 0.1, 1}};
const nx::histogram_desc<2> waits_desc{"wait_seconds", "Waits.", 0.01, 0.1};
nx::static_histogram<2> waits{waits_desc};
nx::family<nx::counter, 2> responses{"http_responses_total", "Responses.", {"method", "code"}};
nx::family<nx::histogram, 1> routes{"route_seconds", "Time.", {"route"}, nx::buckets::defaults(), nx::series_limits(100)};
nx::fixed_family<nx::counter, 1, 4> kinds{"kinds_total", "Kinds.", {"kind"}};
nx::enum_family<nx::counter, method> methods{"methods_total", "Methods.", {"method"}};
nx::expiring_family<nx::counter, 1> sessions{"session_messages_total", "Messages.", {"session"}, nx::expiry().set_idle_ms(60000)};
nx::callback_gauge depth{"depth", "Asked at a scrape.", [] { return std::rand(); }};
nx::collector pools{{{nx::metric_type::gauge, "pool_size", "Connections.", {"pool"}}},
                    [](nx::collected& out) { out.add(0, {"db"}, std::rand()); }};
nx::registry mine{nx::registry_options().label("region", "east").prefix("shop_")};
nx::counter orders{mine, nx::name("shop", "cart", "orders_total"), "Orders."};
nx::http_server endpoint{":9464"};
nx::push_gateway gateway{"http://127.0.0.1:9091", "nightly_batch", {{"instance", "db-3"}}};
#endif

extern "C" int work(int);
extern "C" {

int count(int n) {
  METRICS(requests.inc(); requests.inc(n); requests.inc(3u); busy.inc(0.5); wakeups.inc();)
  return work(n);
}
int measure(double x) {
  METRICS(level.set(x); level.inc(); level.dec(2); queue.inc(); queue.dec(3); queue.set(-1);)
  return work(static_cast<int>(x));
}
int observe(double x) {
  METRICS(latency.observe(x); sizes.observe(x); parsing.observe(x); lags.observe(x); waits.observe(x);)
  return work(static_cast<int>(x));
}
int label(const char* user, int code) {
  METRICS(responses.labels("GET", code).inc(); responses.labels({{"code", code}, {"method", user}}).inc(); routes.labels(user).observe(1);
          kinds.labels(user).inc(); methods.labels(method::get).inc(); sessions.labels(user).inc(); responses.remove("PUT", code);
          sessions.clear(); nx::counter kept = responses.labels(user, code); kept.inc();)
  return work(code);
}
int scope(int n) {
  METRICS(nx::timer t{latency}; nx::track_in_progress one{queue}; nx::count_exceptions failed{requests};)
  n = work(n);
  METRICS(nx::set_to_current_time(level); mode.set("running"); mode.set(1u);)
  return n;
}
int fetch(int n) {
  METRICS(nx::callback_gauge local{"local_depth", "Asked at a scrape.", [&n] { return n; }};
          nx::counter late{"late_total", "Made in a function."}; late.inc(); static nx::counter once{"once_total", "Once."}; once.inc();)
  return work(n);
}
unsigned long long look(int n) {
  METRICS(return requests.value() + latency.count() + static_cast<unsigned long long>(level.value()) + mine.refused(nx::mistake::update) +
                 responses.overflowed() + (mode.is("running") ? 1u : 0u) + static_cast<unsigned long long>(n);)
  return static_cast<unsigned long long>(n);
}
bool taken(void) {
  METRICS(if (!requests.status().ok() || !responses.status().ok() || !nx::default_registry().attach(mine).ok()) return false;)
  return true;
}
void show(std::FILE* to) {
  METRICS(std::fputs(nx::to_text().c_str(), to);)
#if defined(WITHOUT)
  std::fputs(std::string().c_str(), to);
#endif
}
int print(int n) {
  METRICS(char page[512]; nx::sink nowhere = {nullptr, nullptr};
          if (nx::write_text(page, sizeof page) != 0 || !nx::write_text(nowhere).ok()) return 1;)
  return work(n);
}
int serve(int n) {
  METRICS(nx::set_error_hook(nullptr); if (!nx::install_standard_metrics("app", {{"version", "1.2"}}).ok()) return 1;
          nx::http_server server{"127.0.0.1:0"}; if (!server.ok()) return std::fputs(server.error(), stderr);)
  n = work(n);
  METRICS(if (!nx::write_textfile("/tmp/a.prom").ok() || !gateway.push().ok() || !gateway.delete_group().ok()) return 1;)
  return n;
}

}  // extern "C"
