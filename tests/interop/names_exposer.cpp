// names_exposer.cpp - names of any UTF-8 with known numbers, on 127.0.0.1; prints the port of a server that has text alone and of
// one that offers every format, serves until stdin closes. What a server must make of it is in names.py.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/protobuf.hpp>
#include <narthex/utf8_name.hpp>

#include <cstdio>

namespace nx = narthex;
using nx::utf8_name;

static nx::family<nx::counter, 1> requests{utf8_name("http.server.requests_total"), "Requests.", {utf8_name("http.route")}};
static nx::histogram duration{utf8_name("http.server.duration"), "Time.", {1.0, 2.0}};
static nx::gauge warmth{utf8_name("\xe6\xb8\xa9\xe5\xba\xa6"), "Temperature."}, humidity{utf8_name("\xe6\xb9\xbf\xe5\xba\xa6"), "Humidity."};
static nx::gauge dotted{utf8_name("a.b"), "Dotted."}, legacy{"a_b", "Legacy."};
static nx::gauge lives{utf8_name("9lives"), "A digit first."}, said{utf8_name("say \"hi\" \\ there"), "Quotes."};
static nx::family<nx::counter, 2> plain{"plain_total", "A legacy name.", {utf8_name("\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87"), "legacy"}};
static nx::counter untouched{"untouched_total", "All legacy."};
static nx::state_set mode{utf8_name("app.mode"), "States.", {"on", "off"}};
static nx::collector patience{{{nx::metric_type::gauge, "patience_ms", "How long the scraper waits.", {}}},
                              [](nx::collected& out) { out.add(0, {}, std::int64_t(out.time_left_ms())); }};

int main() {
  requests.labels("/a").inc(3);
  for (const double v : {0.5, 1.5, 2.5}) duration.observe(v);
  warmth.set(21.5);
  humidity.set(40);
  dotted.set(1);
  legacy.set(2);
  lives.set(9);
  said.set(5);
  plain.labels("\xd0\xb4\xd0\xb0", "x").inc(7);
  untouched.inc(11);
  mode.set("off");

  const nx::http_server_options options = nx::http_server_options().without_own_metrics().without_process_metrics();
  nx::http_server text{"127.0.0.1:0", options}, all{"127.0.0.1:0", nx::http_server_options(options).offer(nx::openmetrics()).offer(nx::protobuf())};
  if (!text.ok() || !all.ok()) {
    std::fprintf(stderr, "%s %s\n", text.error(), all.error());
    return 1;
  }
  std::printf("%u\n%u\n", static_cast<unsigned>(text.port()), static_cast<unsigned>(all.port()));
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
