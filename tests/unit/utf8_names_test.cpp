// UTF-8 names: who may use them, how each scheme shows them, and that no two of them become one.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/testing.hpp>
#include <narthex/utf8_name.hpp>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;
using nx::detail::name_escaping;
using nx::utf8_name;

namespace {

const char* const schemes[] = {"underscores", "dots", "values", "allow-utf-8"};

/// What a server answers to who asks for text 1.0.0 and a scheme.
std::string asked(nx::registry& r, const std::string& scheme, const std::string& query = "", std::string* head = nullptr) {
  std::string all;
  const std::string request = "GET /metrics" + query + " HTTP/1.0\r\nAccept: text/plain;version=1.0.0;escaping=" + scheme + "\r\n\r\n";
  REQUIRE(nx::http_server::handle(r, request, nx::string_sink(all)).ok());
  const std::size_t end = all.find("\r\n\r\n");
  if (head) *head = all.substr(0, end + 2);
  return all.substr(end + 4);
}

std::string from_hex(const std::string& hex) {
  std::string all;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) all += static_cast<char>(std::strtol(hex.substr(i, 2).c_str(), nullptr, 16));
  return all;
}
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> all(1);
  for (char c : line) {
    if (c == '\t') all.emplace_back();
    else all.back() += c;
  }
  return all;
}
std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}
std::string escaped(const std::string& name, nx::detail::alphabet of, name_escaping scheme) {
  nx::detail::byte_buffer out;
  REQUIRE(nx::detail::append_escaped(name, of, scheme, out));
  return out.text().str();
}

/// The families of a vector, held up by collectors.
struct vector_registry {
  struct child {
    std::vector<std::string> names, values;
    double value = 0, sum = 0;
    std::uint64_t count = 0;
    std::vector<double> bounds, quantiles, quantile_values;
    std::vector<std::uint64_t> counts;
  };
  nx::registry mine;
  std::vector<std::unique_ptr<nx::collector>> all;

  void add(nx::metric_type type, const std::string& name, const std::string& help, const child& c) {
    const auto show = [type](nx::collected& out, const child* k) {
      const auto put = [&](std::initializer_list<nx::label_value> labels) {
        if (type == nx::metric_type::histogram) out.add_histogram(0, labels, nx::buckets(k->bounds.data(), static_cast<unsigned>(k->bounds.size())), k->counts.data(), k->sum);
        else if (type == nx::metric_type::summary) out.add_summary(0, labels, k->quantiles.data(), k->quantile_values.data(), static_cast<unsigned>(k->quantiles.size()), k->sum, k->count);
        else out.add(0, labels, k->value);
      };
      if (k->names.empty()) put({});
      else if (k->names.size() == 1) put({k->values[0]});
      else put({k->values[0], k->values[1]});
    };
    children.emplace_back(new child(c));
    const child* const k = children.back().get();
    std::vector<utf8_name> n;
    for (const std::string& one : k->names) n.emplace_back(one);
    const auto function = [show, k](nx::collected& out) { show(out, k); };
    shows.emplace_back(new std::function<void(nx::collected&)>(function));
    const std::function<void(nx::collected&)>* const f = shows.back().get();
    const auto call = [f](nx::collected& out) { (*f)(out); };
    const utf8_name full{name};
    if (n.empty()) all.emplace_back(new nx::collector(mine, {{type, full, help, {}}}, call));
    else if (n.size() == 1) all.emplace_back(new nx::collector(mine, {{type, full, help, {n[0]}}}, call));
    else all.emplace_back(new nx::collector(mine, {{type, full, help, {n[0], n[1]}}}, call));
    REQUIRE(all.back()->status().ok());
  }

  explicit vector_registry(const std::string& vec) {
    std::istringstream in(vec);
    std::string type, name, help;
    child c;
    bool has = false;
    const auto done = [&] {
      if (!has) return;
      const nx::metric_type t = type == "counter" ? nx::metric_type::counter : type == "histogram" ? nx::metric_type::histogram
                                : type == "summary" ? nx::metric_type::summary : nx::metric_type::gauge;
      std::uint64_t below = 0;
      for (std::uint64_t& n : c.counts) {
        n -= below;
        below += n;
      }
      c.counts.push_back(c.count - below);
      add(t, name, help, c);
      c = child();
      has = false;
    };
    for (std::string line; std::getline(in, line);) {
      const std::vector<std::string> f = fields_of(line);
      if (f[0] == "F") done(), type = f[1], name = f[2], help = f[3];
      if (f[0] == "M") done(), has = true;
      if (f[0] == "L") c.names.push_back(f[1]), c.values.push_back(f[2]);
      if (f[0] == "V") c.value = std::atof(f[1].c_str());
      if (f[0] == "S") c.sum = std::atof(f[1].c_str()), c.count = std::strtoull(f[2].c_str(), nullptr, 10);
      if (f[0] == "B") c.bounds.push_back(std::atof(f[1].c_str())), c.counts.push_back(std::strtoull(f[2].c_str(), nullptr, 10));
      if (f[0] == "Q") c.quantiles.push_back(std::atof(f[1].c_str())), c.quantile_values.push_back(std::atof(f[2].c_str()));
    }
    done();
  }
  std::vector<std::unique_ptr<child>> children;
  std::vector<std::unique_ptr<std::function<void(nx::collected&)>>> shows;
};

std::string lines(std::initializer_list<const char*> all) {
  std::string text;
  for (const char* line : all) text += std::string(line) + "\n";
  return text;
}

/// Every line of an exposition that is no comment, up to its value; a repeated one is what no reader takes.
std::set<std::string> series_of(const std::string& page) {
  std::set<std::string> all;
  std::istringstream in(page);
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, 7, "# HELP ") == 0) continue;
    const std::string key = line.substr(0, line.rfind(' '));
    INFO(page);
    CHECK(all.insert(key).second);
  }
  return all;
}

}  // namespace

// Must stay the first: afterwards this program has such names.
TEST_CASE("utf8 names: the first one of a program comes during a scrape") {
  if (nx::detail::utf8_in_use()) return;  // run in another order
  nx::registry r;
  std::unique_ptr<nx::gauge> late;
  nx::callback_gauge before{r, "a", "A.", [&] {
    if (!late) late.reset(new nx::gauge(r, utf8_name("b.c"), "B."));
    return 1;
  }};
  CHECK(nx::to_text(r) == lines({"# HELP a A.", "# TYPE a gauge", "a 1"}));
  CHECK(nx::to_text(r) == lines({"# HELP a A.", "# TYPE a gauge", "a 1", "# HELP b_c B.", "# TYPE b_c gauge", "b_c 0"}));
}

TEST_CASE("utf8 names: the shared vectors of names") {
  std::ifstream in("golden/names.tsv");
  unsigned escaped_ones = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> f = fields_of(line);
    const std::string name = from_hex(f[0]);
    INFO(f.back());
    CHECK(nx::detail::is_legacy_name("", name) == (f[1] == "true"));
    nx::registry r;
    const nx::counter plain{r, nx::string_view(name), "C."};
    CHECK(plain.status().ok() == (f[1] == "true"));
    const nx::counter meant{r, utf8_name(name), "C."};
    CHECK(meant.status().ok() == (f[3] == "true"));
    const nx::family<nx::counter, 1> labelled{r, "labelled", "L.", {utf8_name(name)}};
    CHECK(labelled.status().ok() == (f[3] == "true" && name.compare(0, 2, "__") != 0));
    if (f[1] == "true" || f[3] == "false") continue;
    ++escaped_ones;
    CHECK(escaped(name, nx::detail::alphabet::metric, name_escaping::underscores) == from_hex(f[4]));
    CHECK(escaped(name, nx::detail::alphabet::metric, name_escaping::dots) == from_hex(f[5]));
    CHECK(escaped(name, nx::detail::alphabet::metric, name_escaping::values) == from_hex(f[6]));
  }
  CHECK(escaped_ones > 20);
}

TEST_CASE("utf8 names: the shared vectors of expositions, by every scheme") {
  for (const char* name : {"036-utf8-name", "037-utf8-name-labels", "039-name-leading-digit", "041-utf8-histogram", "042-utf8-summary", "044-name-collision"}) {
    INFO(name);
    const std::string base = std::string("golden/expo/") + name;
    vector_registry v(file(base + ".vec"));
    REQUIRE_FALSE(v.all.empty());
    CHECK(asked(v.mine, "allow-utf-8") == file(base + ".text.utf8"));
    CHECK(asked(v.mine, "dots") == file(base + ".text.dots"));
    CHECK(asked(v.mine, "values") == file(base + ".text.values"));
    if (std::string(name) == "044-name-collision") continue;  // Go writes a name twice there; the test of collisions says what we do
    CHECK(asked(v.mine, "underscores") == file(base + ".text004"));
    CHECK(nx::to_text(v.mine) == file(base + ".text004"));
  }
}

/// What a server that offers OpenMetrics answers to who asks for it and a scheme.
static std::string asked_openmetrics(nx::registry& r, const std::string& scheme) {
  std::string all;
  const std::string request = "GET /metrics HTTP/1.0\r\nAccept: application/openmetrics-text;version=1.0.0;escaping=" + scheme + "\r\n\r\n";
  REQUIRE(nx::http_server::handle(r, request, nx::string_sink(all), nx::http_server_options().offer(nx::openmetrics())).ok());
  CHECK(all.find("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=" + scheme + "\r\n") != std::string::npos);
  return all.substr(all.find("\r\n\r\n") + 4);
}

TEST_CASE("utf8 names: the shared vectors in OpenMetrics") {
  for (const char* name : {"036-utf8-name", "037-utf8-name-labels", "039-name-leading-digit", "041-utf8-histogram", "042-utf8-summary", "044-name-collision"}) {
    INFO(name);
    const std::string base = std::string("golden/expo/") + name;
    vector_registry v(file(base + ".vec"));
    CHECK(asked_openmetrics(v.mine, "allow-utf-8") == file(base + ".om1.utf8"));
  }
  nx::registry r;
  nx::family<nx::counter, 1> f{r, utf8_name("my.hits_total"), "H.", {utf8_name("http.route")}};
  f.labels("/").inc();
  CHECK(asked_openmetrics(r, "underscores") == lines({"# TYPE my_hits counter", "# HELP my_hits H.", "my_hits_total{http_route=\"/\"} 1", "# EOF"}));
  CHECK(asked_openmetrics(r, "values") == lines({"# TYPE U__my_2e_hits_ counter", "# HELP U__my_2e_hits_ H.", "U__my_2e_hits__total{U__http_2e_route=\"/\"} 1", "# EOF"}));
  CHECK(nx::to_openmetrics(r) == asked_openmetrics(r, "underscores"));
}

TEST_CASE("utf8 names: what must be escaped inside quotes; a colon in a label's name") {
  nx::registry r;
  nx::family<nx::gauge, 2> f{r, utf8_name("we\"ird\\na me\nx"), "A help text.", {utf8_name("l\"a\\b\nel"), utf8_name("a:b")}};
  f.labels("v", "w").set(1);
  CHECK(asked(r, "allow-utf-8") == "# HELP \"we\\\"ird\\\\na me\\nx\" A help text.\n# TYPE \"we\\\"ird\\\\na me\\nx\" gauge\n"
                                   "{\"we\\\"ird\\\\na me\\nx\",\"l\\\"a\\\\b\\nel\"=\"v\",\"a:b\"=\"w\"} 1\n");
  CHECK(asked(r, "values") == "# HELP U__we_22_ird_5c_na_20_me_a_x A help text.\n# TYPE U__we_22_ird_5c_na_20_me_a_x gauge\n"
                              "U__we_22_ird_5c_na_20_me_a_x{U__l_22_a_5c_b_a_el=\"v\",U__a_3a_b=\"w\"} 1\n");
}

TEST_CASE("utf8 names: only who says so gets them, whatever else the program does") {
  nx::registry r;
  const nx::counter meant{r, utf8_name("only.meant"), "M."};
  CHECK(meant.status().ok());
  const std::string dotted = "only.not.meant";
  const nx::counter not_meant{r, dotted, "N."};
  CHECK(not_meant.status().code() == nx::errc::bad_name);
  CHECK(not_meant.status().number() == 4);
  const std::string label = "not.meant";
  const nx::family<nx::counter, 1> f{r, "f", "F.", {label}};
  CHECK(f.status().code() == nx::errc::bad_label_name);
  for (const char* bad : {"", "\xff", "a\xc0\x80", "\xed\xa0\x80", "a\xe2\x82"}) {
    INFO(bad);
    CHECK_FALSE(nx::counter(r, utf8_name(bad), "B.").status().ok());
    CHECK_FALSE((nx::family<nx::counter, 1>(r, "g", "G.", {utf8_name(bad)}).status().ok()));
  }
  CHECK(nx::counter(r, utf8_name(std::string("a\0.b", 4)), "Z.").status().code() == nx::errc::bad_name);
  // A quote begins no legacy name; what is in quotes is taken if it could be a utf8_name, and nothing else.
  for (const char* bad : {"\"", "\"\"", "\"a", "\"a\"", "\"__x\"", "\"a.b", "\"a\"b\"", "\"a.b\\\"", "\"a.\\x\"", "\"a.\n\"", "\"\xff.\"", "a\"b"}) {
    INFO(bad);
    CHECK((nx::family<nx::counter, 1>(r, "q", "Q.", {std::string(bad)}).status().code()) == nx::errc::bad_label_name);
  }
  CHECK(asked(r, "allow-utf-8").find("only.not") == std::string::npos);
}

TEST_CASE("utf8 names: reserved and repeated labels") {
  nx::registry r(nx::registry_options().label(utf8_name("cloud.region"), "east"));
  const auto code = [&](const nx::label_names<2>& names) { return nx::family<nx::counter, 2>(r, "x", "X.", names).status().code(); };
  CHECK(code({utf8_name("a.b"), utf8_name("a.b")}) == nx::errc::duplicate_label_name);
  CHECK(code({utf8_name("cloud.region"), "b"}) == nx::errc::duplicate_label_name);
  CHECK(code({utf8_name("__name__"), "b"}) == nx::errc::reserved_label_name);
  CHECK((nx::family<nx::histogram, 1>(r, "y", "Y.", {utf8_name("le")}, nx::buckets::linear(1, 1, 2)).status().code()) == nx::errc::reserved_label_name);
  nx::family<nx::counter, 2> f{r, "x", "X.", {utf8_name("..name.."), utf8_name("l\xc3\xa9")}};
  f.labels(1, 2).inc();
  CHECK(asked(r, "underscores").find("x{cloud_region=\"east\",U___2e__2e_name_2e__2e_=\"1\",l_=\"2\"} 1\n") != std::string::npos);
}

TEST_CASE("utf8 names: every kind of metric takes them") {
  nx::registry r(nx::registry_options().prefix(utf8_name("shop.")).label(utf8_name("cloud.region"), "e\"ast"));
  REQUIRE(r.status().ok());
  nx::counter c{r, "c_total", "C."};
  nx::fixed_counter fc{r, utf8_name("c.fixed"), "C."};
  nx::callback_gauge cb{r, utf8_name("c.called"), "C.", [] { return 2; }};
  nx::info i{r, utf8_name("b.build_info"), "I.", {{utf8_name("git.commit"), "ab"}, {"v", "1"}}};
  nx::fixed_info<> fi{r, utf8_name("f.build_info"), "I.", {{utf8_name("git.commit"), "ab"}}};
  nx::state_set s{r, utf8_name("m.ode"), "S.", {"on", "off"}};
  nx::family<nx::counter, 1> f{r, utf8_name("fam.ily"), "F.", {utf8_name("http.route")}};
  f.labels({{utf8_name("http.route"), "/a"}}).inc();
  f.labels("/a").inc();
  nx::fixed_family<nx::counter, 1, 2> ff{r, utf8_name("fix.ed"), "F.", {utf8_name("http.route")}};
  ff.labels("/b").inc();
  const std::string start = "\"cloud.region\"=\"e\\\"ast\"";
  const std::string page = asked(r, "allow-utf-8"), end = "\n";
  for (const std::string& line : {"{\"shop.c_total\"," + start + "} 0", "{\"shop.c.fixed\"," + start + "} 0", "{\"shop.c.called\"," + start + "} 2",
                                  "{\"shop.b.build_info\"," + start + ",\"git.commit\"=\"ab\",v=\"1\"} 1", "{\"shop.f.build_info\"," + start + ",\"git.commit\"=\"ab\"} 1",
                                  "{\"shop.m.ode\"," + start + ",\"shop.m.ode\"=\"on\"} 1", "{\"shop.fam.ily\"," + start + ",\"http.route\"=\"/a\"} 2",
                                  "{\"shop.fix.ed\"," + start + ",\"http.route\"=\"/b\"} 1"}) {
    INFO(page);
    CHECK(page.find(line + end) != std::string::npos);
  }
  CHECK(asked(r, "dots").find("shop_dot_m_dot_ode{cloud_dot_region=\"e\\\"ast\",shop_dot_m_dot_ode=\"off\"} 0\n") != std::string::npos);
  CHECK(nx::to_text(r).find("shop_b_build_info{cloud_region=\"e\\\"ast\",git_commit=\"ab\",v=\"1\"} 1\n") != std::string::npos);
  CHECK(nx::testing::value(r, "shop.fam.ily", {{utf8_name("cloud.region"), "e\"ast"}, {utf8_name("http.route"), "/a"}}) == 2);
  for (const char* scheme : schemes) series_of(asked(r, scheme));
}

TEST_CASE("utf8 names: of names that become one, the legacy one keeps its own and the others are shown by values") {
  nx::registry r;
  nx::gauge raw{r, utf8_name("a.b"), "A."}, legacy{r, "a_b", "B."}, dash{r, utf8_name("a-b"), "C."}, dots{r, "a_dot_b", "D."};
  raw.set(1), legacy.set(2), dash.set(3), dots.set(4);
  CHECK(asked(r, "underscores") == lines({"# HELP U__a_2d_b C.", "# TYPE U__a_2d_b gauge", "U__a_2d_b 3", "# HELP U__a_2e_b A.", "# TYPE U__a_2e_b gauge",
                                          "U__a_2e_b 1", "# HELP a_b B.", "# TYPE a_b gauge", "a_b 2", "# HELP a_dot_b D.", "# TYPE a_dot_b gauge", "a_dot_b 4"}));
  CHECK(asked(r, "dots") == lines({"# HELP a__b C.", "# TYPE a__b gauge", "a__b 3", "# HELP U__a_2e_b A.", "# TYPE U__a_2e_b gauge", "U__a_2e_b 1",
                                   "# HELP a_b B.", "# TYPE a_b gauge", "a_b 2", "# HELP a_dot_b D.", "# TYPE a_dot_b gauge", "a_dot_b 4"}));
  CHECK(r.refused(nx::mistake::sample) == 0);
  // The one name that `values` may meet is one that somebody chose to look like it.
  nx::gauge look_alike{r, "U__a_2e_b", "L."};
  const std::string page = asked(r, "underscores");
  CHECK(page.find(" A.\n") == std::string::npos);
  CHECK(page.find("U__a_2e_b 0\n") != std::string::npos);
  CHECK(page.find("narthex_refused_total{what=\"sample\"}") != std::string::npos);
  CHECK(r.refused(nx::mistake::sample) == 1);
}

TEST_CASE("utf8 names: samples of distributions and families of OpenMetrics are names, too") {
  nx::registry r;
  nx::histogram h{r, utf8_name("rpc.time"), "H.", {1.0}};
  nx::counter count{r, "rpc_time_count", "C."};
  const std::string page = asked(r, "underscores");
  CHECK(page.find("U__rpc_2e_time_count 0\n") != std::string::npos);
  nx::registry o;
  nx::counter total{o, utf8_name("x.y_total"), "T."};
  nx::gauge family{o, "x_y", "G."};
  CHECK(asked(o, "underscores").find("U__x_2e_y__total 0\n") != std::string::npos);
  // The same names, escaped or not: refused as ever.
  CHECK(nx::counter(r, utf8_name("rpc.time_sum"), "S.").status().code() == nx::errc::name_collides);
}

TEST_CASE("utf8 names: labels that become one") {
  nx::registry r;
  nx::family<nx::counter, 3> f{r, "f", "F.", {utf8_name("\xe6\xb8\xa9\xe5\xba\xa6"), utf8_name("\xe6\xb9\xbf\xe5\xba\xa6"), "x__"}};
  f.labels(1, 2, 3).inc();
  CHECK(asked(r, "underscores") == lines({"# HELP f F.", "# TYPE f counter", "f{__=\"1\",U___6e7f__5ea6_=\"2\",x__=\"3\"} 1"}));
  nx::registry with_constant(nx::registry_options().label("a_b", "k"));
  nx::family<nx::counter, 2> g{with_constant, "g", "G.", {utf8_name("a.b"), utf8_name("a-b")}};
  g.labels(1, 2).inc();
  CHECK(asked(with_constant, "underscores") == lines({"# HELP g G.", "# TYPE g counter", "g{a_b=\"k\",U__a_2e_b=\"1\",U__a_2d_b=\"2\"} 1"}));
}

TEST_CASE("utf8 names: a scrape by name takes the name, or what is shown for it") {
  nx::registry r;
  nx::counter one{r, utf8_name("http.hits"), "H."}, other{r, "other", "O."};
  const std::string page = lines({"# HELP http_hits H.", "# TYPE http_hits counter", "http_hits 0"});
  CHECK(asked(r, "underscores", "?name[]=http.hits") == page);
  CHECK(asked(r, "underscores", "?name[]=http_hits") == page);
  CHECK(asked(r, "underscores", "?name[]=http-hits").empty());
  CHECK(asked(r, "allow-utf-8", "?name%5B%5D=http%2Ehits").find("{\"http.hits\"} 0\n") != std::string::npos);
}

TEST_CASE("utf8 names: how an answer announces itself") {
  nx::registry r;
  nx::counter one{r, utf8_name("http.hits"), "H."};
  std::string head;
  for (const char* scheme : schemes) {
    asked(r, scheme, "", &head);
    CHECK(head.find("Content-Type: text/plain; version=1.0.0; charset=utf-8; escaping=" + std::string(scheme) + "\r\n") != std::string::npos);
    CHECK(head.find("Vary: Accept\r\n") != std::string::npos);
  }
  std::string all;
  CHECK(nx::http_server::handle(r, "GET /metrics HTTP/1.0\r\n\r\n", nx::string_sink(all)).ok());
  CHECK(all.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  CHECK(all.find("\nhttp_hits 0\n") != std::string::npos);
}

TEST_CASE("utf8 names: registries that are joined") {
  nx::registry mine, theirs(nx::registry_options().label(utf8_name("cloud.region"), "east"));
  nx::family<nx::counter, 1> a{mine, "hits", "H.", {"x"}}, b{theirs, "hits", "H.", {"x"}};
  a.labels(1).inc();
  b.labels(1).inc(2);
  REQUIRE(mine.attach(theirs).ok());
  CHECK(asked(mine, "underscores") == lines({"# HELP hits H.", "# TYPE hits counter", "hits{x=\"1\"} 1", "hits{cloud_region=\"east\",x=\"1\"} 2"}));
  CHECK(asked(mine, "allow-utf-8") == lines({"# HELP hits H.", "# TYPE hits counter", "hits{x=\"1\"} 1", "hits{\"cloud.region\"=\"east\",x=\"1\"} 2"}));
  mine.detach(theirs);
}

TEST_CASE("utf8 names: a family whose first series finds no names for its labels begins with the next") {
  nx::registry mine(nx::registry_options().label(utf8_name("a.b"), "east")), theirs;
  nx::family<nx::counter, 2> a{mine, "hits", "H.", {"a_b", "U__a_2e_b"}}, b{theirs, "hits", "H.", {"a_b", "U__a_2e_b"}};
  a.labels(1, 2).inc();
  b.labels(3, 4).inc();
  REQUIRE(mine.attach(theirs).ok());
  CHECK(asked(mine, "underscores", "?name[]=hits") == lines({"# HELP hits H.", "# TYPE hits counter", "hits{a_b=\"3\",U__a_2e_b=\"4\"} 1"}));
  CHECK(mine.refused(nx::mistake::sample) == 1);
  mine.detach(theirs);
}

TEST_CASE("utf8 names: a name that comes during a scrape has its turn in the next, or breaks nothing") {
  nx::registry r;
  nx::gauge first{r, utf8_name("a.b"), "A."};
  // Registers the legacy name that `a.b` has by then, while the scrape is between the two.
  std::unique_ptr<nx::gauge> late;
  nx::callback_gauge between{r, "a1", "B.", [&] {
    if (!late) late.reset(new nx::gauge(r, "a_b", "L."));
    return 1;
  }};
  const std::string page = asked(r, "underscores");
  CHECK(series_of(page).count("a_b") == 1);
  CHECK(page.find(" L.\n") == std::string::npos);
  const std::string next = asked(r, "underscores");
  CHECK(next.find("# HELP a_b L.\n") != std::string::npos);
  CHECK(next.find("# HELP U__a_2e_b A.\n") != std::string::npos);
}

TEST_CASE("utf8 names: registering and scraping at once") {
  nx::registry r;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&r, t] {
      for (int i = 0; i < 60; ++i) {
        const std::string name = "n." + std::to_string((i * 7 + t) % 50);
        const nx::counter c{r, utf8_name(name), "C."};
        if (!c.status().ok()) std::abort();
      }
    });
  }
  for (int i = 0; i < 20; ++i) series_of(asked(r, schemes[i % 4]));
  for (std::thread& t : threads) t.join();
  CHECK(series_of(asked(r, "allow-utf-8")).size() == 100);
}

TEST_CASE("utf8 names: random registries of them say the same in every scheme, and no line twice") {
  unsigned long long seed = 88172645463325252ull;
  const auto below = [&seed](std::size_t n) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return static_cast<std::size_t>(seed % n);
  };
  const char* const letters[] = {"a", "b", "_", ".", "-", ":", "9", " ", "\"", "\\", "\n", "\xc3\xa9", "\xe6\xb8\xa9", "\xf0\x9f\x98\x80", "U__", "_dot_", "_total", "_sum"};
  const auto word = [&] {
    std::string s;
    for (std::size_t n = 1 + below(4); n > 0; --n) s += letters[below(sizeof letters / sizeof *letters)];
    return s;
  };
  for (int round = 0; round < 150; ++round) {
    nx::registry r(below(3) ? nx::registry_options() : nx::registry_options().label(utf8_name(word()), "k"));
    std::vector<std::unique_ptr<nx::family<nx::gauge, 2>>> families;
    std::vector<std::unique_ptr<nx::histogram>> histograms;
    for (std::size_t n = 1 + below(12); n > 0; --n) {
      if (below(4) == 0) {
        histograms.emplace_back(new nx::histogram(r, utf8_name(word()), "H.", {1.0}));
        continue;
      }
      families.emplace_back(new nx::family<nx::gauge, 2>(r, utf8_name(word()), "F.", {utf8_name(word()), utf8_name(word())}));
      for (std::size_t k = below(3); k > 0; --k) families.back()->labels(below(3), below(3)).set(static_cast<double>(below(100)));
    }
    std::size_t all = 0;
    for (const char* scheme : {"allow-utf-8", "values", "dots", "underscores"}) {
      const std::size_t shown = series_of(asked(r, scheme)).size();
      if (!all) all = shown;
      INFO(asked(r, "allow-utf-8") + "\n----\n" + asked(r, scheme));
      // Only a name that looks like `values` may cost a metric its place, and that is counted.
      if (r.refused(nx::mistake::sample) == 0) CHECK(shown == all);
      CHECK(shown <= all + 3);
    }
  }
}

TEST_CASE("utf8 names: a push shows them by underscores, and clashes by what is shown") {
  nx::registry r;
  nx::family<nx::counter, 1> f{r, utf8_name("job.done"), "D.", {utf8_name("cloud.region")}};
  f.labels("east").inc();
  const auto push = [&](const std::string& names, std::string& text) {
    nx::detail::byte_buffer body;
    const nx::detail::content_coding* coding = nullptr;
    const nx::status s = nx::detail::write_push_body(r, nx::string_view(names), 10000, coding, body);
    text = body.text().str();
    return s;
  };
  std::string text;
  CHECK(push(std::string("job\0", 4), text).ok());
  CHECK(text == lines({"# HELP job_done D.", "# TYPE job_done counter", "job_done{cloud_region=\"east\"} 1"}));
  const nx::status clash = push(std::string("job\0cloud_region\0", 17), text);
  CHECK(clash.code() == nx::errc::label_clash);
  CHECK(clash.subject() == std::string("job_done{cloud_region}"));
  // The group itself has a legacy alphabet in every gateway's URL but the newest's, which must be told to take more.
  nx::push_gateway gateway{"http://127.0.0.1:1", "job", {{utf8_name("cloud.region"), "east"}}};
  CHECK(gateway.status().code() == nx::errc::bad_label_name);
}
