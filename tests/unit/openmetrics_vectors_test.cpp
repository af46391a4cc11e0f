// tests/unit/openmetrics_vectors_test.cpp - expositions as Prometheus' own Go code has them in OpenMetrics, byte for byte.
//
// The samples are put together by hand from golden/expo/*.vec, so that also those come out that no instrument would give: an
// exemplar in an empty bucket. What OpenMetrics forbids and Go writes is stated below.
#include <narthex/openmetrics.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;
using std::string;

namespace {

const char* const vectors[] = {
    "002-counter-unit", "003-counter-no-total", "004-help-escaping", "005-help-empty", "007-help-spaces",
    "008-label-escaping", "009-label-ctrl", "011-label-empty-value", "012-label-syntax-chars", "013-label-le-on-gauge",
    "014-special-values", "015-extreme-values", "016-exponent-switch", "017-histogram", "018-histogram-explicit-inf",
    "019-histogram-no-buckets", "020-histogram-neg-bounds", "021-histogram-big-counts", "024-summary", "026-summary-nan",
    "028-gaugehistogram", "029-timestamps", "030-counter-exemplar", "031-counter-exemplar-no-ts",
    "032-counter-exemplar-empty", "033-histogram-exemplars", "034-created", "036-utf8-name", "037-utf8-name-labels",
    "039-name-leading-digit", "040-label-colon", "041-utf8-histogram", "042-utf8-summary", "044-name-collision",
    "045-empty", "047-multi-families", "048-colon-name", "051-unicode-underscore-escape", "052-values-prefix",
    "053-native-histogram", "054-native-and-classic", "056-native-exemplars", "059-long-exemplar", "060-quoted-help"};

/// What is written other than Go does, and why.
const std::map<string, std::pair<string, string>>& stated() {
  static const std::map<string, std::pair<string, string>> all = {
      // with a negative bound there must be no sum, and without a sum no count
      {"020-histogram-neg-bounds", {"h_sum -12.5\nh_count 4\n", ""}},
      // a label's name with a colon is not of the legacy alphabet: Go does not notice, and nobody can read it
      {"040-label-colon", {"{a:b=", "{\"a:b\"="}},
      // no server takes a unit behind anything but an underscore
      {"060-quoted-help", {"# UNIT \"req.seconds\" seconds\n", ""}},
      // the suffixes are _gsum and _gcount
      {"028-gaugehistogram", {"gh_sum 3289.3\ngh_count 42\n", "gh_gsum 3289.3\ngh_gcount 42\n"}},
      // times are digits and a fraction: no exponent keeps nanoseconds, and not every reader takes one
      {"029-timestamps",
       {"1.0 1.395066363e+09\ng{v=\"2\"} 2.0 1.520879607789e+09\ng{v=\"3\"} 3.0 0.0\ng{v=\"4\"} 4.0 -3982.045\ng{v=\"5\"} 5.0 "
        "0.001\ng{v=\"6\"} 6.0 1.605281325e+09\n",
        "1.0 1395066363\ng{v=\"2\"} 2.0 1520879607.789\ng{v=\"3\"} 3.0 0\ng{v=\"4\"} 4.0 -3982.045\ng{v=\"5\"} 5.0 0.001\n"
        "g{v=\"6\"} 6.0 1605281325\n"}},
      {"030-counter-exemplar", {"0.67 1.520879607789e+09\n", "0.67 1520879607.789\n"}},
      {"033-histogram-exemplars",
       {"0.054 1.5208796077e+09\nh_bucket{le=\"1.0\"} 11 # {trace_id=\"KOO5S4vxi0o\"} 0.67\nh_bucket{le=\"10.0\"} 17 # "
        "{trace_id=\"oHg5SJYRHA0\"} 9.8 1.520879607789e+09\nh_bucket{le=\"+Inf\"} 17 # {trace_id=\"inf\"} 12.0 1.520879608e+09\n",
        "0.054 1520879607.7\nh_bucket{le=\"1.0\"} 11 # {trace_id=\"KOO5S4vxi0o\"} 0.67\nh_bucket{le=\"10.0\"} 17 # "
        "{trace_id=\"oHg5SJYRHA0\"} 9.8 1520879607.789\nh_bucket{le=\"+Inf\"} 17 # {trace_id=\"inf\"} 12.0 1520879608\n"}},
      {"059-long-exemplar", {"} 1.0 1.0\n", "} 1.0 1\n"}},
      // created times come out as soon as somebody keeps them; seconds and fraction, not through a double
      {"034-created",
       {"# TYPE c counter\n# HELP c A help text.\nc_total{a=\"b\"} 17.0\n# TYPE s summary\n# HELP s A help text.\ns_sum 1.0\ns_count 1\n# TYPE h "
        "histogram\n# HELP h A help text.\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1.0\nh_count 1\n",
        "# TYPE c counter\n# HELP c A help text.\nc_total{a=\"b\"} 17.0\nc_created{a=\"b\"} 1520430000.123\n# TYPE s summary\n# HELP s A help "
        "text.\ns_sum 1.0\ns_count 1\ns_created 1520430000\n# TYPE h histogram\n# HELP h A help text.\nh_bucket{le=\"1.0\"} 1\n"
        "h_bucket{le=\"+Inf\"} 1\nh_sum 1.0\nh_count 1\nh_created 1520430000.123456789\n"}},
      {"053-native-histogram", {"rpc_seconds_count 16\n", "rpc_seconds_count 16\nrpc_seconds_created 1700000000\n"}},
  };
  return all;
}

string field(const string& text) {
  string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'x') {
      out += static_cast<char>(std::strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
    }
  }
  return out;
}
string whole_file(const string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}
/// Seconds with a fraction, without going through a double.
std::int64_t ns_of(const string& text) {
  const std::size_t dot = text.find('.');
  string fraction = dot == string::npos ? "" : text.substr(dot + 1);
  fraction.resize(9, '0');
  return std::atoll(text.substr(0, dot).c_str()) * 1000000000 + std::atoll(fraction.c_str());
}
std::vector<string> split(const string& line) {
  std::vector<string> out;
  std::stringstream in(line);
  for (string one; std::getline(in, one, '\t');) out.push_back(one);
  if (!line.empty() && line[line.size() - 1] == '\t') out.push_back("");
  return out;
}
void add_label(string& to, const string& name, const string& value) {
  if (!to.empty()) to += ',';
  to.resize(to.size() + nx::detail::label_text_size(name, value));
  nx::detail::write_label(&to[to.size() - nx::detail::label_text_size(name, value)], name, value);
}

struct writing {
  nx::registry empty;
  nx::walk series{empty};
  string text;
  nx::sink to = nx::string_sink(text);
  char chunk[64];
  nx::detail::chunk_writer chunks{to, series, chunk, sizeof chunk};
  nx::detail::with_exemplars<nx::detail::openmetrics_writer> writer{chunks};
};

/// A metric of a vector, as a walk would give it.
struct metric {
  nx::sample s = nx::sample();
  string labels;
  std::vector<double> bounds, quantiles, values;
  std::vector<std::uint64_t> cumulative, counts;
  std::vector<nx::exemplar_sample> exemplars;
  std::vector<string> texts;

  void write(writing& to) {
    nx::sample& now = s;
    now.labels = labels;
    if (!bounds.empty() && bounds.back() > 1.7e308) bounds.pop_back(), cumulative.pop_back();  // +Inf comes by itself
    std::uint64_t before = 0;
    for (const std::uint64_t c : cumulative) counts.push_back(c - before), before = c;
    counts.push_back(now.count - before);
    const nx::buckets edges(bounds.data(), static_cast<unsigned>(bounds.size()));
    now.bounds = &edges;
    now.counts = counts.data();
    now.quantiles = quantiles.data();
    now.quantile_values = values.data();
    now.quantile_count = static_cast<unsigned>(quantiles.size());
    now.is_plain = nx::is_one_number(now.type) && exemplars.empty() && !now.has_time && !now.created_ns;
    for (std::size_t i = 0; i < exemplars.size(); ++i) exemplars[i].labels = texts[i];
    now.exemplars = exemplars.data();
    now.exemplar_count = static_cast<unsigned>(exemplars.size());
    to.writer.write(now);
  }
};

/// Names outside the legacy alphabet are shown as they are: a scheme changes them before a sample comes here. Whether there were any.
bool write(const string& path, writing& to) {
  static const nx::detail::utf8_names some = nx::detail::utf8_names();
  std::ifstream in(path, std::ios::binary);
  string type, name, help, unit;
  metric m;
  bool has_metric = false, starts = false, is_utf8 = false;
  const auto flush = [&] {
    if (has_metric) m.write(to);
    has_metric = false;
  };
  for (string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<string> f = split(line);
    if (f[0] == "F" || f[0] == "M") flush();
    if (f[0] == "F") {
      type = f[1], name = f[2], help = field(f[3]), unit = f[4] == "-" ? "" : f[4];
      starts = true;
      is_utf8 = is_utf8 || nx::detail::bad_byte(name.data(), name.size(), nx::detail::alphabet::metric) != name.size();
    } else if (f[0] == "M") {
      m = metric();
      has_metric = true;
      m.s.type = type == "counter"          ? nx::metric_type::counter
                 : type == "gauge"          ? nx::metric_type::gauge
                 : type == "summary"        ? nx::metric_type::summary
                 : type == "histogram"      ? nx::metric_type::histogram
                 : type == "gaugehistogram" ? nx::metric_type::gauge_histogram
                                            : nx::metric_type::unknown;
      m.s.name = name;
      m.s.help = help;
      m.s.unit = unit;
      m.s.starts_family = starts;
      m.s.utf8 = &some;
      starts = false;
      m.s.has_time = f[1] != "-";
      m.s.time_ms = std::atoll(f[1].c_str());
      m.s.created_ns = f[2] == "-" ? 0 : ns_of(f[2]);
    } else if (f[0] == "L") {
      const bool is_legacy = nx::detail::bad_byte(f[1].data(), f[1].size(), nx::detail::alphabet::label) == f[1].size();
      is_utf8 = is_utf8 || !is_legacy;
      add_label(m.labels, is_legacy ? f[1] : "\"" + f[1] + "\"", field(f[2]));
    } else if (f[0] == "V") {
      m.s.value = std::strtod(f[1].c_str(), nullptr);
    } else if (f[0] == "S") {
      m.s.sum = std::strtod(f[1].c_str(), nullptr);
      m.s.count = std::strtoull(f[2].c_str(), nullptr, 10);
    } else if (f[0] == "B") {
      m.bounds.push_back(std::strtod(f[1].c_str(), nullptr));
      m.cumulative.push_back(std::strtoull(f[2].c_str(), nullptr, 10));
    } else if (f[0] == "Q") {
      m.quantiles.push_back(std::strtod(f[1].c_str(), nullptr));
      m.values.push_back(std::strtod(f[2].c_str(), nullptr));
    } else if (f[0] == "X") {
      string labels;
      for (std::size_t i = 4; i + 1 < f.size(); i += 2) add_label(labels, f[i], field(f[i + 1]));
      if (labels.empty()) continue;  // one without labels is never left
      nx::exemplar_sample e;
      e.bucket = f[1] == "-" ? 0 : static_cast<unsigned>(std::atoi(f[1].c_str()));
      e.value = std::strtod(f[2].c_str(), nullptr);
      e.time_ns = f[3] == "-" ? 0 : ns_of(f[3]);
      m.exemplars.push_back(e);
      m.texts.push_back(labels);
    }
  }
  flush();
  return is_utf8;
}

}  // namespace

TEST_CASE("openmetrics: every vector comes out as Go writes it, but for what is stated") {
  unsigned done = 0, utf8 = 0;
  for (const string name : vectors) {
    const string path = "golden/expo/" + name;
    writing to;
    const bool is_utf8 = write(path + ".vec", to);
    to.writer.end();
    to.chunks.flush();
    string want = whole_file(path + (is_utf8 ? ".om1.utf8" : ".om1spec"));
    const auto differs = stated().find(name);
    if (differs != stated().end()) {
      const std::size_t at = want.find(differs->second.first);
      REQUIRE(at != string::npos);
      want.replace(at, differs->second.first.size(), differs->second.second);
    }
    INFO(name);
    CHECK(to.text == want);
    ++done;
    utf8 += is_utf8;
  }
  CHECK(done == 44);  // none gets lost
  CHECK(utf8 == 10);
}
