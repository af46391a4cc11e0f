// negotiation: which format an Accept header gets, by the vectors and by what Prometheus really sends; headers of answers.
#include <narthex/gzip.hpp>
#include <narthex/http_server.hpp>
#include <narthex/json.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/protobuf.hpp>
#include <narthex/utf8_name.hpp>

#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/client.hpp"

namespace nx = narthex;

namespace {

using nx::detail::exposition_format;
using nx::detail::name_escaping;

/// A format that says of each series its name, so that a test sees which one wrote an answer.
struct spoken {
  static unsigned begun, dropped;
  static bool has_memory;
  nx::detail::chunk_writer* out;
  static bool begin(void* memory, nx::detail::chunk_writer& to) {
    if (!has_memory) return false;
    ++begun;
    new (memory) spoken{&to};
    return true;
  }
  static void write(void* memory, const nx::sample& s) {
    nx::detail::chunk_writer& out = *static_cast<spoken*>(memory)->out;
    out("saw ");
    out(s.name);
    out("\n");
  }
  static void end(void* memory) { (*static_cast<spoken*>(memory)->out)("the end\n"); }
  static void drop(void*) { ++dropped; }
};
unsigned spoken::begun = 0, spoken::dropped = 0;
bool spoken::has_memory = true;

const exposition_format metrics_2020 = {
    "application/openmetrics-text", {{nullptr, nullptr}, {nullptr, nullptr}},
    {{"1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping="},
     {"0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8"}},
    name_escaping::underscores, nullptr, sizeof(spoken), &spoken::begin, &spoken::write, &spoken::end, &spoken::drop};
const exposition_format delimited = {
    "application/vnd.google.protobuf", {{"proto", "io.prometheus.client.MetricFamily"}, {"encoding", "delimited"}},
    {{nullptr, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"},
     {nullptr, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping="}},
    name_escaping::underscores, nullptr, sizeof(spoken), &spoken::begin, &spoken::write, &spoken::end, &spoken::drop};
const exposition_format tree = {
    "application/json", {{nullptr, nullptr}, {nullptr, nullptr}}, {{nullptr, "application/json"}, {nullptr, nullptr}},
    name_escaping::allow_utf_8, ".json", sizeof(spoken), &spoken::begin, &spoken::write, &spoken::end, &spoken::drop};

/// The Content-Type that answers these header lines.
std::string chosen(const std::vector<std::string>& lines, const std::vector<const exposition_format*>& offered, bool utf8) {
  using text = nx::detail::text_exposition<void>;
  nx::detail::http_accept accept(utf8 ? text::with_utf8_names : text::legacy, offered.data(), static_cast<unsigned>(offered.size()));
  for (const std::string& line : lines) accept.read(line);
  const nx::detail::format_choice& c = accept.best();
  return std::string(c.content_type) + (c.says_names ? nx::detail::word_of(c.names) : "");
}

struct row {
  std::string accept, sender, with_both, with_openmetrics, with_text;
};
std::vector<row> vectors() {
  std::vector<row> all;
  std::ifstream file("golden/accept.tsv");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    row r;
    std::string* const fields[] = {&r.accept, &r.sender, &r.with_both, &r.with_openmetrics, &r.with_text};
    std::size_t at = 0;
    for (std::string* f : fields) {
      const std::size_t end = line.find('\t', at);
      *f = line.substr(at, end - at);
      at = end + 1;
    }
    all.push_back(r);
  }
  return all;
}

struct shop {
  nx::registry mine;
  nx::counter things{mine, "things_total", "Things."};
  std::string page = nx::to_text(mine);
};

struct answer {
  std::string head, body;
};
answer asked(shop& s, const std::string& request, const nx::http_server_options& options) {
  std::string all;
  REQUIRE(nx::http_server::handle(s.mine, request, nx::string_sink(all), options).ok());
  const std::size_t end = all.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  answer a = {all.substr(0, end + 2), all.substr(end + 4)};
  return a;
}
std::string get(const std::string& headers, const char* path = "/metrics", const char* method = "GET") {
  return std::string(method) + " " + path + " HTTP/1.0\r\n" + headers + "\r\n";
}
bool says(const answer& a, const std::string& line) { return a.head.find("\r\n" + line + "\r\n") != std::string::npos; }

const std::string text_type = "Content-Type: text/plain; version=0.0.4; charset=utf-8";

}  // namespace

TEST_CASE("negotiation: the shared vectors") {
  const std::vector<row> rows = vectors();
  REQUIRE(rows.size() == 31);
  for (const row& r : rows) {
    INFO(r.accept + " of " + r.sender);
    const std::vector<std::string> lines = r.accept == "<none>" ? std::vector<std::string>() : std::vector<std::string>{r.accept};
    CHECK(chosen(lines, {&metrics_2020}, true) == r.with_both);
    CHECK(chosen(lines, {&metrics_2020}, false) == r.with_openmetrics);
    CHECK(chosen(lines, {&nx::openmetrics()}, true) == r.with_both);
    CHECK(chosen(lines, {}, false) == r.with_text);
  }
}

TEST_CASE("negotiation: the shared vectors of Accept-Encoding") {
  std::ifstream file("golden/accept_encoding.tsv");
  unsigned rows = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    const std::size_t tab = line.find('\t');
    if (line[0] == '#' || tab == std::string::npos) continue;
    INFO(line);
    nx::detail::http_accept_encoding encodings;
    if (line.compare(0, tab, "<none>") != 0) encodings.read(nx::string_view(line.data(), tab));
    CHECK(encodings.takes_gzip() == (line.find("gzip allowed", tab) != std::string::npos || line.find("gzip permitted", tab) != std::string::npos));
  }
  CHECK(rows == 21);
}

TEST_CASE("negotiation: protobuf by proto and encoding, first as Prometheus asks for native histograms") {
  const std::vector<const exposition_format*> all = {&metrics_2020, &delimited};
  const std::string type = delimited.versions[0].content_type;
  unsigned asks = 0;
  for (const row& r : vectors()) {
    if (r.accept.find("protobuf") == std::string::npos) continue;
    ++asks;
    CHECK(chosen({r.accept}, all, true) == type);
  }
  CHECK(asks == 3);
  const std::string base = "application/vnd.google.protobuf;";
  // Prometheus 3.0 to 3.3 says a scheme there, later ones do not.
  const std::string both = base + "proto=io.prometheus.client.MetricFamily;encoding=delimited";
  CHECK(chosen({both + ";escaping=allow-utf-8"}, all, false) == type + "; escaping=allow-utf-8");
  CHECK(chosen({both + ";escaping=underscores"}, all, false) == type);
  CHECK(chosen({base + "encoding=\"delimited\" ; PROTO=io.prometheus.client.MetricFamily"}, all, false) == type);
  for (const char* wrong : {"proto=io.prometheus.client.MetricFamily", "encoding=delimited", "proto=x;encoding=delimited",
                            "proto=io.prometheus.client.MetricFamily;encoding=text", ""}) {
    INFO(wrong);
    CHECK(chosen({base + wrong}, all, false) == "text/plain; version=0.0.4; charset=utf-8");
  }
}

TEST_CASE("negotiation: weights") {
  const auto gets_openmetrics = [](const std::string& accept) {
    return chosen({accept}, {&metrics_2020}, false).find("openmetrics") != std::string::npos;
  };
  const std::string om = "application/openmetrics-text";
  CHECK(gets_openmetrics("text/plain;q=0.5," + om + ";q=0.501"));
  CHECK_FALSE(gets_openmetrics("text/plain;q=0.5," + om + ";q=0.5"));  // the first of two
  CHECK(gets_openmetrics(om + ";q=0.5,text/plain;q=0.5"));
  CHECK(gets_openmetrics(om + ",text/plain;q=1"));          // unsaid is 1
  CHECK(gets_openmetrics(om + ";q=.5,text/plain;q=0.1") == false);  // unreadable: as if it were not there
  for (const char* q : {"1", "1.", "1.0", "1.000", "0.9", "0.0001", "2", "99999999999999999999", "\"0.9\"", " 1 "}) {
    INFO(q);
    CHECK(gets_openmetrics(om + ";q=" + q));
  }
  for (const char* q : {"0", "0.", "0.000", "", "x", "1x", "-1", "+1", "1e0", "0..5", "0,9", "nan"}) {
    INFO(q);
    CHECK_FALSE(gets_openmetrics(om + ";q=" + q));
  }
}

TEST_CASE("negotiation: the scheme is the one of the clause that was chosen") {
  const std::string om = "application/openmetrics-text;version=1.0.0";
  const auto scheme = [&](const std::string& accept) {
    const std::string type = chosen({accept}, {&metrics_2020}, true);
    const std::size_t at = type.find("escaping=");
    return at == std::string::npos ? std::string("none") : type.substr(at + 9);
  };
  CHECK(scheme(om + ";escaping=values") == "values");
  CHECK(scheme(om + ";escaping=dots") == "dots");
  CHECK(scheme(om + ";ESCAPING=Allow-UTF-8") == "allow-utf-8");
  CHECK(scheme(om + ";escaping=\"underscores\"") == "underscores");
  CHECK(scheme(om + ";escaping=dots;escaping=values") == "dots");  // the first of two
  CHECK(scheme("text/plain;version=1.0.0;escaping=values;q=0.5," + om + ";q=0.9") == "underscores");
  CHECK(scheme(om + ";escaping=values;q=0.3,text/plain;version=1.0.0;escaping=dots;q=0.5") == "dots");
  CHECK(scheme("text/plain;version=0.0.4;escaping=allow-utf-8") == "none");  // Prometheus 3.0: that version has legacy names only
}

TEST_CASE("negotiation: several header lines are one list") {
  const std::string om = "application/openmetrics-text";
  CHECK(chosen({"text/plain;q=0.5", om}, {&metrics_2020}, false).find(om) == 0);
  shop s;
  const answer a = asked(s, get("Accept: text/plain;q=0.5\r\nX: y\r\naccept: " + om + "\r\n"), nx::http_server_options().offer(metrics_2020));
  CHECK(says(a, "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"));
  CHECK(a.body == "saw things_total\nthe end\n");
}

TEST_CASE("negotiation: hostile headers are answered with text") {
  for (const std::string& accept : {std::string(8000, ','), std::string(8000, ';'), std::string(8000, '='), std::string(8000, '"'), std::string(",;=\"q", 5),
                                    std::string("application/openmetrics-text;q=\""),
                                    std::string("a/b;") + std::string(4000, 'q') + "=1", std::string("\t;\t,\t"), std::string(2000, '*')}) {
    CHECK(chosen({accept}, {&metrics_2020, &delimited}, true) == "text/plain; version=0.0.4; charset=utf-8");
  }
  // Garbage around what is meant.
  CHECK(chosen({",,;;,=;q, application/openmetrics-text ;; version = \"1.0.0\" ;;;=,;"}, {&metrics_2020}, false).find("application/openmetrics-text") == 0);
}

TEST_CASE("server: text alone varies by nothing; a further format by Accept, a path of its own by nothing") {
  shop s;
  const std::string wants = "Accept: application/openmetrics-text\r\n";
  const answer plain = asked(s, get(wants), nx::http_server_options());
  CHECK(says(plain, text_type));
  CHECK(plain.head.find("Vary") == std::string::npos);
  CHECK(plain.body == s.page);

  const nx::http_server_options both = nx::http_server_options().offer(metrics_2020).offer(tree);
  CHECK(says(asked(s, get(""), both), "Vary: Accept"));
  CHECK(says(asked(s, get(""), both), text_type));
  CHECK(asked(s, get(""), both).body == s.page);
  CHECK(says(asked(s, get(wants), both), "Vary: Accept"));
  CHECK(asked(s, get(wants), both).body == "saw things_total\nthe end\n");

  const answer json = asked(s, get("Accept: text/plain\r\n", "/metrics.json"), both);
  CHECK(says(json, "Content-Type: application/json"));
  CHECK(json.head.find("Vary") == std::string::npos);
  CHECK(json.body == "saw things_total\nthe end\n");
  CHECK(asked(s, get("", "/metrics.json"), nx::http_server_options()).head.find("404 Not Found") != std::string::npos);
  CHECK(asked(s, get("", "/metrics.jso"), both).head.find("404 Not Found") != std::string::npos);
  CHECK(asked(s, get("", "/metrics.json5"), both).head.find("404 Not Found") != std::string::npos);
  CHECK(asked(s, get("Accept: application/json\r\n"), both).body == s.page);
  CHECK(asked(s, get("", "/m.json"), nx::http_server_options().offer(tree).set_path("/m")).body == "saw things_total\nthe end\n");
  CHECK(asked(s, get("", "/metrics.json?name[]=other"), both).body == "the end\n");
}

TEST_CASE("server: HEAD says what GET would") {
  shop s;
  const nx::http_server_options both = nx::http_server_options().offer(metrics_2020).offer(tree);
  for (const char* path : {"/metrics", "/metrics.json"}) {
    for (const char* accept : {"", "Accept: application/openmetrics-text;version=0.0.1\r\n"}) {
      const answer head = asked(s, get(accept, path, "HEAD"), both);
      CHECK(head.body.empty());
      CHECK(head.head == asked(s, get(accept, path), both).head);
    }
  }
}

TEST_CASE("server: a writer is dropped once, whether its answer ended or was broken off") {
  shop s;
  const nx::http_server_options o = nx::http_server_options().offer(metrics_2020);
  const std::string request = get("Accept: application/openmetrics-text\r\n");
  spoken::begun = spoken::dropped = 0;
  asked(s, request, o);
  CHECK((spoken::begun == 1 && spoken::dropped == 1));
  const nx::sink closed = {[](void*, const char*, std::size_t) { return false; }, nullptr};
  CHECK_FALSE(nx::http_server::handle(s.mine, request, closed, o).ok());
  CHECK((spoken::begun == 2 && spoken::dropped == 2));
  asked(s, get(""), o);
  asked(s, get("Accept: application/openmetrics-text\r\n", "/metrics", "HEAD"), o);
  CHECK((spoken::begun == 2 && spoken::dropped == 2));
}

TEST_CASE("server: without memory for a format the answer is text") {
  shop s;
  spoken::has_memory = false;
  spoken::dropped = 0;
  const nx::http_server_options o = nx::http_server_options().offer(metrics_2020).offer(tree);
  for (const char* path : {"/metrics", "/metrics.json"}) {
    const answer a = asked(s, get("Accept: application/openmetrics-text\r\n", path), o);
    CHECK(says(a, text_type));
    CHECK(a.body == s.page);
  }
  spoken::has_memory = true;
  CHECK(spoken::dropped == 0);
}

TEST_CASE("server: of too many formats the last is kept; the same one twice is one") {
  nx::http_server_options o;
  for (int i = 0; i < 3; ++i) o.offer(metrics_2020);
  CHECK((o.formats.list[0] == &metrics_2020 && !o.formats.list[1]));
  static exposition_format more[6];
  for (exposition_format& f : more) {
    f = tree;
    o.offer(f);
  }
  CHECK(o.formats.list[nx::http_server_options::most_formats - 1] == &more[5]);
}

TEST_CASE("server: a collector knows how long the scraper waits") {
  nx::registry r;
  int left = -1;
  nx::collector slow{r, {{nx::metric_type::gauge, "slow", "S.", {}}}, [&left](nx::collected& out) { left = out.time_left_ms(); }};
  const auto told = [&](const std::string& headers) {
    left = -1;
    std::string all;
    REQUIRE(nx::http_server::handle(r, get(headers), nx::string_sink(all)).ok());
    return left;
  };
  const std::string name = "X-Prometheus-Scrape-Timeout-Seconds: ";
  CHECK(told("") == nx::collected::no_limit);
  const auto is_about = [](int ms, int expected) { return ms <= expected && ms > expected - 5000; };
  CHECK(is_about(told(name + "10\r\n"), 10000));
  CHECK(is_about(told(name + "10.000000\r\n"), 10000));
  CHECK(is_about(told("x-prometheus-scrape-timeout-seconds:7.1234567\r\n"), 7123));
  CHECK(told(name + "0.5\r\n") <= 500);
  CHECK(told(name + "0\r\n") == 0);
  for (const char* day : {"86400", "86401", "99999999999999999999999", "99999.5"}) CHECK(is_about(told(name + day + "\r\n"), 86400000));
  for (const char* bad : {"", "-1", "+1", "1s", "1e3", ".5", "0x10", "1.5.5", "nan", "1 0"}) {
    INFO(bad);
    CHECK(told(name + bad + "\r\n") == nx::collected::no_limit);
  }
  // Time that another collector takes is gone for those behind it.
  nx::callback_gauge before{r, "before", "B.", [] {
    for (const long long until = support::now_ms() + 30; support::now_ms() < until;) continue;
    return 1;
  }};
  CHECK(told(name + "10\r\n") <= 9970);
  CHECK(told(name + "0.02\r\n") == 0);
  nx::to_text(r);
  CHECK(left == nx::collected::no_limit);
}

TEST_CASE("server: every format of the library from one registry, over a connection") {
  nx::registry r;
  nx::family<nx::counter, 1> f{r, nx::utf8_name("my.hits_total"), "H.", {nx::utf8_name("http.route")}};
  f.labels("/").inc(3);
  nx::http_server server{r, "127.0.0.1:0", nx::http_server_options().without_own_metrics().offer(nx::openmetrics()).offer(nx::json()).offer(nx::protobuf()).compress(nx::gzip())};
  REQUIRE(server.ok());
  const auto asks = [&](const std::string& path, const std::string& accept) {
    support::client c(server.port());
    REQUIRE(c.send("GET " + path + " HTTP/1.0\r\n" + (accept.empty() ? "" : "Accept: " + accept + "\r\n") + "\r\n"));
    return c.read();
  };
  const std::string start = "HTTP/1.0 200 OK\r\nContent-Type: ", varies = "\r\nConnection: close\r\nVary: Accept, Accept-Encoding\r\n\r\n";
  CHECK(asks("/metrics", "") == start + "text/plain; version=0.0.4; charset=utf-8" + varies +
                                "# HELP my_hits_total H.\n# TYPE my_hits_total counter\nmy_hits_total{http_route=\"/\"} 3\n");
  CHECK(asks("/metrics", "text/plain;version=1.0.0;escaping=allow-utf-8") == start + "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8" + varies +
        "# HELP \"my.hits_total\" H.\n# TYPE \"my.hits_total\" counter\n{\"my.hits_total\",\"http.route\"=\"/\"} 3\n");
  CHECK(asks("/metrics", "application/openmetrics-text;version=0.0.1;escaping=allow-utf-8") == start + "application/openmetrics-text; version=0.0.1; charset=utf-8" + varies +
        "# TYPE my_hits counter\n# HELP my_hits H.\nmy_hits_total{http_route=\"/\"} 3\n# EOF\n");
  const std::string protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
  CHECK(asks("/metrics", protobuf) == start + protobuf + varies + nx::to_protobuf(r));
  const std::string named = asks("/metrics", protobuf + ";escaping=allow-utf-8");
  INFO(named);
  CHECK(named.find(start + protobuf + "; escaping=allow-utf-8" + varies) == 0);
  CHECK(named.find("my.hits_total") != std::string::npos);
  CHECK(named.find("\x0a\x0ahttp.route\x12\x01/") != std::string::npos);
  const std::string json = asks("/metrics.json", "text/plain");
  CHECK(json.find("Vary: Accept-Encoding\r\n\r\n") != std::string::npos);
  CHECK(json.find("\"my.hits_total\"") != std::string::npos);
  CHECK(json.substr(json.find("\r\n\r\n") + 4) == nx::to_json(r));
}
