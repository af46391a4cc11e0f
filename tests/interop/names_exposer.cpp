// names_exposer.cpp - names of any UTF-8 with known numbers, on 127.0.0.1; prints the port of a server that has text alone and of
// one that offers every format, then that of a server of random names, with a line for each of them: name and label's name in
// hexadecimal, and the value. Serves until stdin closes. What a server must make of it is in names.py.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/protobuf.hpp>
#include <narthex/utf8_name.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

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

/// Gauges with one label each, of random names.
struct random_names {
  nx::registry mine;
  std::vector<std::unique_ptr<nx::family<nx::gauge, 1>>> all;
  std::string account;
  unsigned long long state = 88172645463325252ull;

  unsigned below(unsigned n) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return static_cast<unsigned>(state % n);
  }
  std::string word() {
    static const char* const letters[] = {"a", "b", "z", "_", ".", "-", ":", "9", " ", "\"", "\\", "\n", "\t", "{", "}", "=", ",", "#", "\xc3\xa9", "\xe6\xb8\xa9", "\xf0\x9f\x98\x80"};
    std::string s;
    for (unsigned n = 1 + below(6); n > 0; --n) s += letters[below(sizeof letters / sizeof *letters)];
    return s;
  }
  static std::string hex(const std::string& s) {
    std::string all_of;
    for (const char c : s) {
      all_of += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
      all_of += "0123456789abcdef"[c & 15];
    }
    return all_of;
  }
  random_names() {
    for (int i = 0; i < 400; ++i) {
      const std::string name = word(), label = word();
      all.emplace_back(new nx::family<nx::gauge, 1>(mine, utf8_name(name), "R.", {utf8_name(label)}));
      if (!all.back()->status().ok()) continue;  // twice, or a label that begins with __
      all.back()->labels("v").set(i);
      account += hex(name) + " " + hex(label) + " " + std::to_string(i) + "\n";
    }
  }
};

int main() {
  nx::set_error_hook(nullptr);
  random_names names;
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
  nx::http_server random{names.mine, "127.0.0.1:0", nx::http_server_options(options).offer(nx::openmetrics()).offer(nx::protobuf())};
  if (!text.ok() || !all.ok() || !random.ok()) {
    std::fprintf(stderr, "%s %s %s\n", text.error(), all.error(), random.error());
    return 1;
  }
  std::printf("%u\n%u\n%u\n%s\n", static_cast<unsigned>(text.port()), static_cast<unsigned>(all.port()), static_cast<unsigned>(random.port()),
              names.account.c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return 0;
}
