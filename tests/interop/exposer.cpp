// exposer.cpp - one of everything with known numbers, on 127.0.0.1; prints its port and that of a server that compresses,
// serves until stdin closes.
// What a server must make of it is written down in scrape.py, line by line.
#include <narthex/gzip.hpp>
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>

namespace nx = narthex;

enum class method { get, post };
enum class result { ok, failed };
inline nx::enum_values<2> label_values(method) { return {{"get", "post"}}; }
inline nx::enum_values<2> label_values(result) { return {{"ok", "failed"}}; }

// ---- what has no labels: globals, as in most programs ----

static nx::counter jobs{"x_jobs_total", "Jobs."};
static nx::counter full{"x_full_total", "2^64-1."};
static nx::counter bare{"x_bare", "A counter without the suffix."};
static nx::double_counter busy{"x_busy_seconds_total", "0.1 + 0.2."};
static nx::gauge depth{"x_depth", "Below zero."};
static nx::int_gauge lowest{"x_lowest", "-2^63."};
static nx::histogram standard{"x_latency_seconds", "Default bounds."};
static nx::histogram own{"x_size_bytes", "Own bounds.", {-1, 0, 0.3, 1, 1e6}};
static nx::histogram empty{"x_empty", "Nothing observed.", nx::buckets::exponential(64, 4, 3)};
static nx::summary plain{"x_parse_seconds", "Sum and count."};
static nx::summary late{"x_reply_seconds", "With quantiles.", nx::quantiles({0.5, 0.99})};
static nx::summary never{"x_never_seconds", "Quantiles of nothing.", nx::quantiles({0.5})};
static nx::info build{"x_build_info", "What is running.", {{"version", "1.4.2"}, {"commit", "ab12cd"}}};
static nx::state_set mode{"x_mode", "Operating mode.", {"starting", "running", "draining"}};
static nx::fixed_counter in_place{"x_in_place_total", "Storage in the object."};
static nx::callback_counter called{"x_called_total", "From a callback.", [] { return std::uint64_t(9007199254740993); }};
static nx::callback_gauge asked{"x_asked", "From a callback.", [] { return -2.5; }};
static nx::gauge no_help{"x_no_help", ""};
static nx::gauge hard_help{"x_hard_help", "one \\ two\nthree \"four\" \\n five \xff\xc3( caf\xc3\xa9 \xf0\x9f\x94\xa5 {a=\"b\"} # 6"};
static nx::counter removed{"x_removed_total", "Not to be seen."};

// ---- with labels ----

static nx::family<nx::counter, 2> responses{"x_responses_total", "By method and code.", {"method", "code"}};
static nx::family<nx::histogram, 1> routes{"x_route_seconds", "By route.", {"route"}, nx::buckets::linear(1, 1, 2)};
static nx::family<nx::summary, 1> queues{"x_queue_seconds", "By queue.", {"queue"}};
static nx::family<nx::gauge, 1> capped{"x_capped", "Two series and no more.", {"n"}, nx::series_limits(2)};
static nx::family<nx::gauge, 1> values{"x_value", "Special values.", {"which"}};
static nx::family<nx::gauge, 2> nasty{"x_nasty", "Each label value says in hexadecimal what it was given.", {"hex", "value"}};
static nx::enum_family<nx::counter, method, result> ops{"x_ops_total", "By enums.", {"method", "result"}};
static nx::fixed_family<nx::gauge, 1, 4> small{"x_small", "All storage inside.", {"n"}};

static void put_nasty(const std::string& value) {
  std::string hex;
  for (const char c : value.substr(0, 64)) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  nasty.labels(hex, value).set(static_cast<double>(value.size()));
}

int main() {
  nx::set_error_hook(nullptr);
  const double inf = std::numeric_limits<double>::infinity();

  jobs.inc();
  jobs.inc(41);
  full.inc(~std::uint64_t(0));
  bare.inc(7);
  busy.inc(0.1);
  busy.inc(0.2);
  depth.set(-12.5);
  lowest.set(std::numeric_limits<std::int64_t>::min());
  for (int i = 1; i <= 100; ++i) standard.observe(i / 50.0);
  for (const double v : {-2.0, -1.0, 0.0, 0.1 + 0.2, 0.3, 1e6, 1e6 + 1, inf}) own.observe(v);
  plain.observe(0.25);
  plain.observe(1.5);
  for (int i = 1; i <= 1000; ++i) late.observe(i / 1000.0);
  mode.set("running");
  in_place.inc(3);
  hard_help.set(1);
  removed.inc();
  removed.unregister();

  responses.labels("GET", 200).inc(3);
  responses.labels({{"code", "404"}, {"method", "GET"}}).inc();
  responses.labels("POST", 500).inc(2);
  static_cast<void>(responses.remove("POST", 500));
  for (const double v : {0.5, 1.5, 2.5}) routes.labels("/a").observe(v);
  static_cast<void>(routes.labels("/b"));
  queues.labels("q").observe(2);
  for (int i = 0; i < 4; ++i) capped.labels(i).inc();
  ops.labels(method::post, result::failed).inc(5);
  small.labels("one").set(1);

  values.labels("nan").set(std::nan(""));
  values.labels("inf").set(inf);
  values.labels("-inf").set(-inf);
  values.labels("-0").set(-0.0);
  values.labels("max").set(DBL_MAX);
  values.labels("-max").set(-DBL_MAX);
  values.labels("min").set(DBL_MIN);
  values.labels("denormal").set(5e-324);
  values.labels("0.1+0.2").set(0.1 + 0.2);
  values.labels("1e6").set(1e6);
  values.labels("1e21").set(1e21);
  values.labels("2^53+1").set(9007199254740993.0);

  for (int c = 0; c < 256; ++c) put_nasty(std::string(1, static_cast<char>(c)));
  for (const char* s : {"a\\", "\\n", "\\\\n", "a\"b", "\"", "\\\"", "\n\n", "a\r\nb", " lead", "trail ", "\t", "{}", "{a=\"b\"} 1", "a=\"b\",c=\"d\"", ",",
                        "# HELP x y", "# EOF", "}", "NaN", "_overflow_", "\xef\xbb\xbf", "\xc2\x85", "\xe2\x80\xa8", "caf\xc3\xa9", "\xf0\x9f\x94\xa5",
                        "\xef\xbf\xbe", "\xf4\x8f\xbf\xbf", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf0\x9f\x94" "x", "\xff\xfe"}) {
    put_nasty(s);
  }
  put_nasty(std::string("a\0b", 3));
  put_nasty(std::string(100000, 'x'));

  // A registry of its own beside it: another prefix, a label on everything.
  nx::registry shop(nx::registry_options().label("region", "ea\"st").prefix("x_shop_"));
  nx::counter orders{shop, "orders_total", "Orders."};
  orders.inc(11);
  nx::counter refused{shop, "not a name", "Refused."};
  refused.inc();
  if (!nx::default_registry().attach(shop).ok()) return 1;

  static const std::uint64_t counts[] = {1, 2, 3};
  static const double which[] = {0.5}, at[] = {0.125};
  nx::collector pools{{{nx::metric_type::unknown, "x_pool_thing", "Of no type.", {"pool"}},
                       {nx::metric_type::histogram, "x_pool_wait_seconds", "Collected.", {}},
                       {nx::metric_type::summary, "x_pool_use_seconds", "Collected.", {}}},
                      [](nx::collected& out) {
                        out.add(0, {"db"}, 0.75);
                        out.add(0, {7}, std::int64_t(-7));
                        out.add_histogram(1, {}, nx::buckets({1, 2}), counts, 12.5);
                        out.add_summary(2, {}, which, at, 1, 3.5, 9);
                      }};

  nx::http_server_options options = nx::http_server_options().without_own_metrics().without_process_metrics();
  nx::http_server server{"127.0.0.1:0", options}, packing{"127.0.0.1:0", options.compress(nx::gzip())};
  if (!server.ok() || !packing.ok()) {
    std::fprintf(stderr, "%s %s\n", server.error(), packing.error());
    return 1;
  }
  std::printf("%u\n%u\n", static_cast<unsigned>(server.port()), static_cast<unsigned>(packing.port()));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
