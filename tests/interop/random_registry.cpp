// random_registry.cpp - a registry made of random legal calls, its exposition, and an account of what was put in.
//
//   random_registry SEED            the exposition
//   random_registry SEED --truth    the account
//   random_registry FIRST END       for each seed: "seed N BYTES BYTES\n", the exposition, the account
//   random_registry FIRST END --formats   for each seed: "seed N BYTES BYTES BYTES BYTES\n", text, OpenMetrics, JSON, protobuf of one
//                                   moment, with units, exemplars, created times and times of a collector beside what the account knows
//   random_registry FIRST END --protobuf   the same with the exposition as protobuf
//
// The account has one line for each family and each sample that a scrape must show; raw bytes in hexadecimal:
//   F <tab> name <tab> type <tab> help
//   S <tab> name <tab> value { <tab> label "=" hex | <tab> le ":" hexfloat }
// A value is decimal digits (exact), a hexfloat, nan, inf, or ~hexfloat (an estimate within 1.6 %). It comes from the model below,
// which shares no code with the library: what a program calls, and what the documentation says that it should give.
#include <narthex/exemplar.hpp>
#include <narthex/json.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/protobuf.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nx = narthex;
using std::string;

// ---- random things ----

struct rng {
  std::uint64_t state;
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  unsigned below(unsigned n) { return static_cast<unsigned>(next() % n); }
  bool one_in(unsigned n) { return below(n) == 0; }
};

static string random_bytes(rng& r, bool with_nul = true) {
  static const char* const pieces[] = {
      "\\", "\"", "\n", "\\n", "\\\\", "\\\"", "\r", "\r\n", "\t", " ", "  ", "{", "}", "a=\"b\",", "=", ",", "#", "# HELP x y", "# EOF",
      "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\xa5", "\xef\xbb\xbf", "\xe2\x80\xa8", "\xc2\x85", "\xc2\xa0", "\xef\xbf\xbd", "\xef\xbf\xbf",
      "\xf4\x8f\xbf\xbf", "\xe0\xa4\xa8\xe0\xa5\x8d", "\xd7\xa9", "\x7f", "\x1b[31m", "\x1c", "\x0b", "NaN", "+Inf", "0", "_overflow_",
      // broken: lone continuation, truncated, overlong, surrogate, beyond U+10FFFF, never valid
      "\x80", "\xbf", "\xc3", "\xe2\x82", "\xf0\x9f\x94", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
      "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5", "\xfe", "\xff", "\xef\xbf\xbd""ff"};
  string s;
  switch (r.below(10)) {
    case 0: return s;
    case 1: case 2: case 3:  // as most programs have them
      for (unsigned n = 1 + r.below(8); n; --n) s += static_cast<char>('a' + r.below(26));
      return s;
    case 4:  // any bytes
      for (unsigned n = r.below(20); n; --n) s += static_cast<char>(r.below(256));
      break;
    case 5: return string(1 + r.below(r.one_in(20) ? 9000 : 100), static_cast<char>('A' + r.below(26)));  // long
    default:
      for (unsigned n = 1 + r.below(6); n; --n) {
        if (r.one_in(3)) s += static_cast<char>('a' + r.below(26));
        else s += pieces[r.below(sizeof pieces / sizeof *pieces)];
      }
  }
  if (with_nul && r.one_in(8)) s += '\0';
  if (!with_nul) s.erase(std::remove(s.begin(), s.end(), '\0'), s.end());
  return s;
}

static string random_word(rng& r, const char* first, const char* rest) {
  string s(1, first[r.below(static_cast<unsigned>(std::strlen(first)))]);
  for (unsigned n = r.below(6); n; --n) s += rest[r.below(static_cast<unsigned>(std::strlen(rest)))];
  return s;
}
static const char letters[] = "abcdxyzABCXYZ_";
static const char letters_digits[] = "abcdxyzABCXYZ_0159";
static const char metric_letters[] = "abcdxyzABCXYZ_:";
static const char metric_letters_digits[] = "abcdxyzABCXYZ_:0159";

static double random_double(rng& r) {
  static const double specials[] = {0, -0.0, 1, -1, 0.5, 1e5, 999999, 1e6, 1e-4, 1e-5, 0.1 + 0.2, 9007199254740993.0, 9007199254740992.0,
      1e21, 1e22, 1e23, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, -1.7976931348623157e308,
      18446744073709551615.0, 4294967296.0, 5.960464477539063e-08, 123456789.125};
  switch (r.below(5)) {
    case 0: return specials[r.below(sizeof specials / sizeof *specials)];
    case 1: return static_cast<double>(r.below(100000));
    case 2: return static_cast<double>(static_cast<std::int64_t>(r.next())) / 1e9;
    default: {
      const std::uint64_t bits = r.next();
      double d;
      std::memcpy(&d, &bits, sizeof d);
      return std::isfinite(d) ? d : 0.25;
    }
  }
}
static double random_value(rng& r) {  // what a gauge may hold
  const double inf = std::numeric_limits<double>::infinity();
  switch (r.below(12)) {
    case 0: return std::nan("");
    case 1: return -std::nan("7");
    case 2: return inf;
    case 3: return -inf;
    default: return random_double(r);
  }
}

// ---- the model ----

/// Text as a scrape shows it, in code points: a byte that belongs to none becomes U+FFFD and two digits.
static string repaired(const string& raw) {
  string out;
  for (std::size_t i = 0; i < raw.size();) {
    const auto byte = [&](std::size_t at) { return at < raw.size() ? static_cast<unsigned char>(raw[at]) : 0u; };
    const unsigned a = byte(i);
    std::size_t n = a < 0x80 ? 1 : a < 0xc0 ? 0 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : a < 0xf8 ? 4 : 0;
    std::uint32_t point = n == 1 ? a : n == 2 ? a & 31 : n == 3 ? a & 15 : a & 7;
    for (std::size_t k = 1; k < n; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) n = 0;
      else point = point << 6 | (byte(i + k) & 63);
    }
    static const std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (n && (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))) n = 0;
    if (n) {
      out.append(raw, i, n);
      i += n;
    } else {
      char hex[3];
      std::snprintf(hex, sizeof hex, "%02x", a);
      out += string("\xef\xbf\xbd") + hex;
      ++i;
    }
  }
  return out;
}

using label_list = std::vector<std::pair<string, string>>;

/// Labels as a reader takes them: repaired, in no order.
static label_list shown(const label_list& labels) {
  label_list out;
  for (const auto& l : labels) out.emplace_back(l.first, repaired(l.second));
  std::sort(out.begin(), out.end());
  return out;
}
static string written(const std::pair<string, string>& label) {
  string out = label.first + "=\"";
  for (const char c : repaired(label.second)) {
    if (c == '"' || c == '\\' || c == '\n') out += '\\';
    out += c == '\n' ? 'n' : c;
  }
  return out + "\"";
}
/// How long labels are as text: what fixed storage has to hold.
static std::size_t text_size(const label_list& labels) {
  std::size_t n = 0;
  for (const auto& l : labels) n += (n ? 1 : 0) + written(l).size();
  return n;
}

struct figure {
  enum { whole, negative, real } is = whole;
  std::uint64_t n = 0;
  double d = 0;
  static figure of(std::uint64_t n) { figure f; f.n = n; return f; }
  static figure of(std::int64_t i) {
    figure f;
    f.is = i < 0 ? negative : whole;
    f.n = static_cast<std::uint64_t>(i);
    return f;
  }
  static figure of(double d) { figure f; f.is = real; f.d = d; return f; }
  bool zero() const { return is == real ? d == 0 : n == 0; }
  string text() const {
    char t[64];
    if (is == real) std::snprintf(t, sizeof t, std::isnan(d) ? "nan" : "%a", d);
    else if (is == negative) std::snprintf(t, sizeof t, "%lld", static_cast<long long>(n));
    else std::snprintf(t, sizeof t, "%llu", static_cast<unsigned long long>(n));
    return t;
  }
};

struct row {  // one series
  label_list labels;
  bool hidden = false;
  figure value;
  std::vector<std::uint64_t> counts;  // histogram: each bucket alone, the last for +Inf; summary: one
  double sum = 0;
  std::vector<double> seen;
  std::vector<double> quantile_values;  // given by a collector
  void restart() {
    value = value.is == figure::real ? figure::of(0.0) : value.is == figure::negative ? figure::of(std::int64_t(0)) : figure();
    for (auto& c : counts) c = 0;
    sum = 0;
    seen.clear();
  }
  std::uint64_t count() const {
    std::uint64_t n = 0;
    for (const auto c : counts) n += c;
    return n;
  }
  bool counted() const { return counts.empty() ? !value.zero() : count() != 0; }
};

struct shelf;
struct table {  // one family of one registry
  shelf* home = nullptr;
  string name, help, type;  // the name with the registry's prefix
  std::vector<string> label_names;
  std::vector<double> bounds, quantiles;
  bool hidden = false;
  bool estimated = false;   // quantiles come from the library's window
  bool fixed_rows = false;  // every row shows always
  std::deque<row> rows;
  std::size_t limit = 10000, made = 0, label_bytes = 0;
  row* overflow = nullptr;

  row& add(const label_list& own, figure start);
};

struct refusal {
  string at;  // "": before the scrape; else while the scrape was at this name
  const char* what;
};
struct shelf {  // one registry
  nx::registry* real = nullptr;
  string prefix;
  label_list constant;
  std::deque<table> tables;
  std::vector<refusal> refusals;
  std::vector<shelf*> attached;  // the last one first
  void refuse(const char* what, const string& at = string()) { refusals.push_back({at, what}); }
  void in_order(std::vector<shelf*>& out) {
    out.push_back(this);
    for (shelf* s : attached) s->in_order(out);
  }
};

row& table::add(const label_list& own, figure start) {
  rows.emplace_back();
  row& r = rows.back();
  r.labels = home->constant;
  r.labels.insert(r.labels.end(), own.begin(), own.end());
  r.value = start;
  if (type == "histogram") r.counts.assign(bounds.size() + 1, 0);
  if (type == "summary") r.counts.assign(1, 0);
  return r;
}

// ---- the account ----

static string hex(const string& raw) {
  string out;
  char two[3];
  for (const char c : raw) {
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += two;
  }
  return out;
}

static void line(string& out, const string& name, const string& value, const label_list& labels, const char* extra = "", double at = 0) {
  out += "S\t" + name + "\t" + value;
  for (const auto& l : labels) out += "\t" + l.first + "=" + hex(l.second);
  if (*extra) out += string("\t") + extra + ":" + figure::of(at).text();
  out += "\n";
}

static double exact_quantile(std::vector<double> seen, double q) {
  if (seen.empty()) return std::nan("");
  std::sort(seen.begin(), seen.end());
  const double n = static_cast<double>(seen.size());
  const double rank = std::max(1.0, std::ceil(q * n));
  return seen[static_cast<std::size_t>(rank) - 1];
}

static string account(shelf& root) {
  std::vector<shelf*> all;
  root.in_order(all);
  for (shelf* s : all) {  // what a registry says of itself
    table self;
    self.home = s;
    self.name = s->prefix + "narthex_refused_total";
    self.help = "What was refused, by kind.";
    self.type = "counter";
    for (const char* what : {"registration", "update", "series", "sample", "push"}) {
      std::uint64_t n = 0;
      for (const refusal& r : s->refusals) n += std::strcmp(r.what, what) == 0 && r.at < self.name;
      if (n) self.add({{"what", what}}, figure::of(n));
    }
    self.fixed_rows = true;
    s->tables.push_back(self);
  }
  std::map<string, std::pair<table*, std::deque<row>>> families;
  for (shelf* s : all) {
    for (table& t : s->tables) {
      if (t.hidden) continue;
      for (row& r : t.rows) {
        if (r.counted()) r.hidden = false;
        if (r.hidden && !t.fixed_rows) continue;
        auto& f = families.emplace(t.name, std::make_pair(&t, std::deque<row>())).first->second;
        row* twin = nullptr;
        for (row& other : f.second) {
          if (shown(other.labels) == shown(r.labels)) twin = &other;
        }
        if (!twin) {
          f.second.push_back(r);
        } else if (t.type == "counter") {
          twin->value = r.value.is == figure::real ? figure::of(twin->value.d + r.value.d) : figure::of(twin->value.n + r.value.n);
        } else if (!r.counts.empty()) {
          for (std::size_t i = 0; i < r.counts.size(); ++i) twin->counts[i] += r.counts[i];
          twin->sum += r.sum;
        }
      }
    }
  }
  string out;
  for (const auto& entry : families) {
    const table& t = *entry.second.first;
    out += "F\t" + t.name + "\t" + t.type + "\t" + hex(t.help) + "\n";
    for (const row& r : entry.second.second) {
      if (t.type == "histogram") {
        std::uint64_t n = 0;
        for (std::size_t i = 0; i < r.counts.size(); ++i) {
          n += r.counts[i];
          line(out, t.name + "_bucket", figure::of(n).text(), r.labels, "le",
               i < t.bounds.size() ? t.bounds[i] : std::numeric_limits<double>::infinity());
        }
      } else if (t.type == "summary") {
        for (std::size_t i = 0; i < t.quantiles.size(); ++i) {
          const double v = t.estimated ? exact_quantile(r.seen, t.quantiles[i]) : r.quantile_values[i];
          line(out, t.name, (t.estimated ? "~" : "") + figure::of(v).text(), r.labels, "quantile", t.quantiles[i]);
        }
      } else {
        line(out, t.name, r.value.text(), r.labels);
        continue;
      }
      line(out, t.name + "_sum", figure::of(r.sum).text(), r.labels);
      line(out, t.name + "_count", figure::of(r.count()).text(), r.labels);
    }
  }
  return out;
}

// ---- updates: the same to an instrument and to its row ----

template <class H>
void update(rng& r, nx::counter_of<H> c, row& m, shelf& s) {
  if (r.one_in(10)) {
    c.inc(r.one_in(2) ? -1 : std::numeric_limits<int>::min());
    s.refuse("update");
  } else if (r.one_in(3)) {
    c.inc();
    ++m.value.n;
  } else {
    const std::uint64_t by = r.one_in(6) ? r.next() : r.one_in(8) ? 0 : r.below(2000000);
    c.inc(by);
    m.value.n += by;
  }
}
template <class H>
void update(rng& r, nx::double_counter_of<H> c, row& m, shelf& s) {
  const double by = random_value(r);
  c.inc(by);
  if (std::isfinite(by) && !(by < 0)) m.value.d += by;
  else s.refuse("update");
}
template <class H>
void update(rng& r, nx::gauge_of<H> g, row& m, shelf&) {
  const double v = random_value(r);
  switch (r.below(6)) {
    case 0: g.inc(); m.value.d += 1; break;
    case 1: g.dec(); m.value.d -= 1; break;
    case 2: g.inc(v); m.value.d += v; break;
    case 3: g.dec(v); m.value.d -= v; break;
    default: g.set(v); m.value.d = v;
  }
}
template <class H>
void update(rng& r, nx::int_gauge_of<H> g, row& m, shelf&) {
  const std::uint64_t v = r.one_in(3) ? r.next() : r.one_in(8) ? std::uint64_t(1) << 63 : r.below(1000);
  std::uint64_t n = m.value.n;
  switch (r.below(4)) {
    case 0: g.inc(static_cast<std::int64_t>(v)); n += v; break;
    case 1: g.dec(static_cast<std::int64_t>(v)); n -= v; break;
    case 2: g.dec(); n -= 1; break;
    default: g.set(static_cast<std::int64_t>(v)); n = v;
  }
  m.value = figure::of(static_cast<std::int64_t>(n));
}
template <class H>
void update(rng& r, nx::histogram_of<H> h, row& m, shelf& s, const table& t) {
  for (unsigned n = 1 + r.below(4); n; --n) {
    const double v = r.one_in(4) && !t.bounds.empty() ? t.bounds[r.below(static_cast<unsigned>(t.bounds.size()))]
                     : r.one_in(2) ? random_value(r) : r.below(2000) / 100.0;
    h.observe(v);
    if (std::isnan(v)) {
      s.refuse("update");
      continue;
    }
    std::size_t i = 0;
    while (i < t.bounds.size() && !(v <= t.bounds[i])) ++i;
    ++m.counts[i];
    m.sum += v;
  }
}
template <class H>
void update(rng& r, nx::summary_of<H> q, row& m, shelf& s, const table& t) {
  for (unsigned n = 1 + r.below(4); n; --n) {
    // The window knows 1e-9 to 1.7e10; what lies outside is shown as 0 or the upper end.
    const double v = t.quantiles.empty() ? random_value(r) : r.one_in(8) ? 0 : r.below(1000000) / 997.0;
    q.observe(v);
    if (std::isnan(v)) {
      s.refuse("update");
      continue;
    }
    ++m.counts[0];
    m.sum += v;
    m.seen.push_back(v);
  }
}
template <class H>
void update(rng& r, nx::counter_of<H> i, row& m, shelf& s, const table&) { update(r, i, m, s); }
template <class H>
void update(rng& r, nx::double_counter_of<H> i, row& m, shelf& s, const table&) { update(r, i, m, s); }
template <class H>
void update(rng& r, nx::gauge_of<H> i, row& m, shelf& s, const table&) { update(r, i, m, s); }
template <class H>
void update(rng& r, nx::int_gauge_of<H> i, row& m, shelf& s, const table&) { update(r, i, m, s); }

template <class T> struct facts;
template <class H> struct facts<nx::counter_of<H>> { static const char* type() { return "counter"; } static figure start() { return figure(); } };
template <class H> struct facts<nx::double_counter_of<H>> { static const char* type() { return "counter"; } static figure start() { return figure::of(0.0); } };
template <class H> struct facts<nx::gauge_of<H>> { static const char* type() { return "gauge"; } static figure start() { return figure::of(0.0); } };
template <class H> struct facts<nx::int_gauge_of<H>> { static const char* type() { return "gauge"; } static figure start() { return figure::of(std::int64_t(0)); } };
template <class H> struct facts<nx::histogram_of<H>> { static const char* type() { return "histogram"; } static figure start() { return figure(); } };
template <class H> struct facts<nx::summary_of<H>> { static const char* type() { return "summary"; } static figure start() { return figure(); } };

// ---- what is registered ----

struct spec {  // may be given to two registries
  string name, help;
  std::vector<string> label_names;
  std::vector<std::vector<string>> values;
  std::vector<double> bounds;
  unsigned quantiles = 0;
};
static const std::vector<std::vector<double>> quantile_sets = {{}, {0.5}, {0.5, 0.9, 0.99}, {0, 1}, {0.01, 0.25, 0.5, 0.75, 0.999, 1}};
static nx::quantiles quantile_args(unsigned which) {
  switch (which) {
    case 1: return nx::quantiles({0.5});
    case 2: return nx::quantiles({0.5, 0.9, 0.99});
    case 3: return nx::quantiles({0, 1});
    case 4: return nx::quantiles({0.01, 0.25, 0.5, 0.75, 0.999, 1});
    default: return nx::quantiles();
  }
}
template <class T> struct args_of { static nx::detail::no_args get(const spec&) { return {}; } };
template <> struct args_of<nx::histogram> {
  static nx::buckets get(const spec& s) { return nx::buckets(s.bounds.data(), s.bounds.size()); }
};
template <> struct args_of<nx::summary> { static nx::quantiles get(const spec& s) { return quantile_args(s.quantiles); } };

struct world {
  rng r;
  std::deque<string> kept;                            // what must outlive the registries
  std::deque<std::unique_ptr<nx::registry>> registries;
  std::deque<shelf> shelves;
  std::vector<std::shared_ptr<void>> objects;         // these go before the registries
  std::vector<std::function<void()>> actions;
  unsigned number = 0;

  bool keeps_created = false;  // of every other registry

  explicit world(std::uint64_t seed) : r{seed * 0x2545f4914f6cdd1du + 1} {}

  string new_name(const char* tail, bool colons = true) {
    char id[8];
    std::snprintf(id, sizeof id, "k%03u", number++);
    return random_word(r, colons ? metric_letters : letters, colons ? metric_letters_digits : letters_digits) + id + tail;
  }
  string label_name(const std::vector<string>& have, const shelf& s, bool le, bool quantile) {
    for (;;) {
      static const char* const usual[] = {"le", "quantile", "job", "instance", "method", "code", "what", "_", "A"};
      const string n = r.one_in(3) ? usual[r.below(9)] : random_word(r, letters, letters_digits);
      bool good = n.compare(0, 2, "__") != 0 && (le || n != "le") && (quantile || n != "quantile");
      for (const auto& h : have) good = good && h != n;
      for (const shelf& any : shelves) {
        for (const auto& c : any.constant) good = good && c.first != n;
      }
      static_cast<void>(s);
      if (good) return n;
    }
  }
  spec new_spec(const char* type, unsigned labels, const shelf& s) {
    static const char* const tails[] = {"", "_seconds", "_bytes", "_total", "_sum", "_count", "_bucket", "_info"};
    spec p;
    const bool counter = !std::strcmp(type, "counter"), histogram = !std::strcmp(type, "histogram"), summary = !std::strcmp(type, "summary");
    p.name = new_name(counter && !r.one_in(4) ? "_total" : tails[r.below(histogram || summary ? 3 : 8)]);
    p.help = random_bytes(r, false);
    for (unsigned i = 0; i < labels; ++i) p.label_names.push_back(label_name(p.label_names, s, !histogram, !summary));
    for (unsigned n = 1 + r.below(6); n && labels; --n) {
      std::vector<string> v;
      for (unsigned i = 0; i < labels; ++i) v.push_back(r.one_in(4) && !p.values.empty() ? p.values.back()[i] : random_bytes(r));
      p.values.push_back(v);
    }
    if (histogram) {
      const unsigned n = r.below(14);
      for (unsigned i = 0; i < n; ++i) p.bounds.push_back(r.one_in(3) ? random_double(r) : static_cast<double>(r.below(4000)) / 200 - 2);
      std::sort(p.bounds.begin(), p.bounds.end());
      p.bounds.erase(std::unique(p.bounds.begin(), p.bounds.end()), p.bounds.end());
    }
    if (summary && r.one_in(3)) p.quantiles = r.below(5);
    return p;
  }
  table& new_table(shelf& s, const spec& p, const char* type) {
    s.tables.emplace_back();
    table& t = s.tables.back();
    t.home = &s;
    t.name = s.prefix + p.name;
    t.help = p.help;
    t.type = type;
    t.label_names = p.label_names;
    t.bounds = p.bounds;
    t.quantiles = quantile_sets[p.quantiles];
    t.estimated = true;
    return t;
  }

  template <class T>
  void single(shelf& s, const spec& p) {
    table& t = new_table(s, p, facts<T>::type());
    row& m = t.add({}, facts<T>::start());
    const T i{*s.real, p.name, p.help, args_of<T>::get(p)};
    shelf* home = &s;
    table* tab = &t;
    row* mine = &m;
    actions.push_back([=] {
      if (r.one_in(12)) {
        i.unregister();
        tab->hidden = true;
      } else if (r.one_in(3)) {  // the same again: the same node, shown again from zero when it was hidden
        T again{*home->real, p.name, p.help, args_of<T>::get(p)};
        if (tab->hidden) mine->restart();
        tab->hidden = false;
        update(r, again, *mine, *home, *tab);
      } else {
        // Of no use while hidden: registering it again begins at zero.
        update(r, i, *mine, *home, *tab);
      }
    });
  }

  template <class T, std::size_t... I>
  void family(shelf& s, const spec& p, std::index_sequence<I...>) {
    enum : std::size_t { N = sizeof...(I) };
    table& t = new_table(s, p, facts<T>::type());
    t.limit = r.one_in(4) ? 1 + r.below(3) : 10000;
    const nx::family<T, N> f(*s.real, p.name, p.help, nx::label_names<N>(p.label_names[I]...), args_of<T>::get(p),
                             nx::series_limits(static_cast<std::uint32_t>(t.limit)));
    shelf* home = &s;
    table* tab = &t;
    label_list over;
    for (const auto& n : p.label_names) over.emplace_back(n, "_overflow_");
    t.overflow = &t.add(over, facts<T>::start());
    t.overflow->hidden = true;
    // labels(), as the documentation has it
    const auto find = [=](const std::vector<string>& v) -> row* {
      label_list own;
      for (std::size_t i = 0; i < N; ++i) own.emplace_back(p.label_names[i], v[i]);
      label_list full = home->constant;
      full.insert(full.end(), own.begin(), own.end());
      for (row& m : tab->rows) {
        if (shown(m.labels) == shown(full)) return &m;
      }
      if (tab->made == tab->limit) {
        home->refuse("series");
        return tab->overflow;
      }
      ++tab->made;
      return &tab->add(own, facts<T>::start());
    };
    auto held = std::make_shared<std::vector<std::pair<T, row*>>>();
    const auto pick = [=](const std::vector<string>& v) {
      const bool number = N == 1 && !v[0].empty() && v[0].size() < 9 && v[0].find_first_not_of("0123456789") == string::npos &&
                          (v[0] == "0" || v[0][0] != '0');
      row* const m = find(v);
      m->hidden = false;
      if constexpr (N == 1) {
        if (number) return std::make_pair(f.labels(std::atoi(v[0].c_str())), m);
      }
      if constexpr (N == 2) {  // by name, in the other order
        if (r.one_in(2)) return std::make_pair(f.labels({{p.label_names[1], v[1]}, {p.label_names[0], v[0]}}), m);
      }
      static_cast<void>(number);
      return std::make_pair(f.labels(v[I]...), m);
    };
    actions.push_back([=] {
      const std::vector<string>& v = p.values[r.below(static_cast<unsigned>(p.values.size()))];
      switch (r.below(16)) {
        case 0: {
          label_list full = home->constant;
          for (std::size_t i = 0; i < N; ++i) full.emplace_back(p.label_names[i], v[i]);
          for (row& m : tab->rows) {
            if (shown(m.labels) != shown(full)) continue;
            if (!m.hidden) m.restart();
            m.hidden = true;
          }
          static_cast<void>(f.remove(v[I]...));
          break;
        }
        case 1:
          if (!r.one_in(3)) break;
          f.clear();
          for (row& m : tab->rows) m.restart(), m.hidden = true;
          break;
        case 2:
          if (!r.one_in(4)) break;
          f.unregister();
          tab->hidden = true;
          break;
        case 3: {
          const nx::family<T, N> again(*home->real, p.name, p.help, nx::label_names<N>(p.label_names[I]...), args_of<T>::get(p));
          if (tab->hidden) {
            for (row& m : tab->rows) m.restart(), m.hidden = true;
          }
          tab->hidden = false;
          break;
        }
        case 4: case 5:  // through a handle of long ago: an update shows a removed series again
          if (!held->empty()) {
            auto& h = (*held)[r.below(static_cast<unsigned>(held->size()))];
            update(r, h.first, *h.second, *home, *tab);
            break;
          }
          // fall through
        default: {
          auto h = pick(v);
          if (r.one_in(3)) held->push_back(h);
          if (!r.one_in(8)) update(r, h.first, *h.second, *home, *tab);
        }
      }
    });
  }
  template <class T>
  void family(shelf& s, const spec& p) {
    switch (p.label_names.size()) {
      case 1: return family<T>(s, p, std::make_index_sequence<1>());
      case 2: return family<T>(s, p, std::make_index_sequence<2>());
      case 3: return family<T>(s, p, std::make_index_sequence<3>());
      case 4: return family<T>(s, p, std::make_index_sequence<4>());
      case 5: return family<T>(s, p, std::make_index_sequence<5>());
      default: return family<T>(s, p, std::make_index_sequence<6>());
    }
  }
  /// An instrument or a family; sometimes the same in a second registry, where the two are one to a scrape.
  template <class T>
  void ordinary(shelf& s) {
    const unsigned labels = r.one_in(3) ? 0 : 1 + r.below(6);
    const spec p = new_spec(facts<T>::type(), labels, s);
    const auto make = [&](shelf& in, const spec& as) { labels ? family<T>(in, as) : single<T>(in, as); };
    make(s, p);
    if (!r.one_in(3)) return;
    shelf& other = shelves[r.below(static_cast<unsigned>(shelves.size()))];
    spec as = p;
    const string full = s.prefix + p.name;
    if (&other == &s || full.compare(0, other.prefix.size(), other.prefix) != 0) return;
    as.name = full.substr(other.prefix.size());
    if (as.name.empty() || (as.name[0] >= '0' && as.name[0] <= '9')) return;
    make(other, as);
  }

  template <class T, std::size_t Series, std::size_t Bytes, std::size_t... I>
  void fixed_family(shelf& s, const typename T::core_type::args& args, std::vector<double> bounds, std::index_sequence<I...>) {
    enum : std::size_t { N = sizeof...(I) };
    spec p = new_spec(facts<T>::type(), N, s);
    p.bounds = std::move(bounds);
    p.quantiles = 0;
    p.values.resize(Series + 3, p.values[0]);
    for (auto& v : p.values) {
      for (auto& text : v) text = random_bytes(r).substr(0, r.one_in(2) ? 5 : 400);
    }
    kept.push_back(p.name);
    const char* const name = kept.back().c_str();
    kept.push_back(p.help);
    const char* const help = kept.back().c_str();
    std::vector<const char*> names;
    for (const auto& n : p.label_names) kept.push_back(n), names.push_back(kept.back().c_str());
    using real = nx::fixed_family<T, N, Series, Bytes>;
    const auto f = std::make_shared<real>(*s.real, name, help, nx::label_names<N>(nx::string_view(names[I])...), args);
    objects.push_back(f);
    label_list over;
    for (const auto& n : p.label_names) over.emplace_back(n, "_overflow_");
    if (text_size(over) > Bytes || text_size(s.constant) + 1 + Bytes > 256) return s.refuse("registration");
    table& t = new_table(s, p, facts<T>::type());
    t.overflow = &t.add(over, facts<T>::start());
    t.overflow->hidden = true;
    t.label_bytes = Bytes;
    t.limit = Series;
    shelf* home = &s;
    table* tab = &t;
    real* const fam = f.get();
    actions.push_back([=] {
      const std::vector<string>& v = p.values[r.below(static_cast<unsigned>(p.values.size()))];
      label_list own, full = home->constant;
      for (std::size_t i = 0; i < N; ++i) own.emplace_back(p.label_names[i], v[i]);
      full.insert(full.end(), own.begin(), own.end());
      row* m = nullptr;
      for (row& x : tab->rows) {
        if (shown(x.labels) == shown(full)) m = &x;
      }
      if (r.one_in(8)) {
        if (m) m->restart(), m->hidden = true;
        static_cast<void>(fam->remove(v[I]...));
        return;
      }
      if (!m && (tab->made == tab->limit || text_size(own) > tab->label_bytes)) {
        home->refuse("series");
        m = tab->overflow;
      } else if (!m) {
        ++tab->made;
        m = &tab->add(own, facts<T>::start());
      }
      m->hidden = false;
      update(r, fam->labels(v[I]...), *m, *home, *tab);
    });
  }

  template <class F>
  void callback(shelf& s, const char* type, F value, figure shows, bool refused) {
    const spec p = new_spec(type, 0, s);
    if (!std::strcmp(type, "counter")) objects.push_back(std::make_shared<nx::callback_counter>(*s.real, p.name, p.help, value));
    else objects.push_back(std::make_shared<nx::callback_gauge>(*s.real, p.name, p.help, value));
    table& t = new_table(s, p, type);
    if (refused) s.refuse("sample", t.name);
    else t.add({}, shows);
  }

  void any_callback(shelf& s);
  void collector(shelf& s);
  void info(shelf& s);
  void states(shelf& s);
  void enums(shelf& s);
  void refused(shelf& s);
  void early_scrape();
  void fill();
  void fill_more();
};

void world::any_callback(shelf& s) {
  const char* const type = r.one_in(2) ? "counter" : "gauge";
  const bool counter = *type == 'c';
  switch (r.below(3)) {
    case 0: {
      const double v = random_value(r);
      return callback(s, type, [v] { return v; }, figure::of(v), counter && !(v >= 0 && std::isfinite(v)));
    }
    case 1: {
      const std::uint64_t v = r.one_in(2) ? r.next() : ~std::uint64_t(0);
      return callback(s, type, [v] { return v; }, figure::of(v), false);
    }
    default: {
      const std::int64_t v = static_cast<std::int64_t>(r.next());
      return callback(s, type, [v] { return v; }, figure::of(v), counter && v < 0);
    }
  }
}

void world::collector(shelf& s) {
  struct given {
    unsigned family;
    std::vector<string> labels;
    figure value;
    std::vector<std::uint64_t> counts;
    std::vector<double> quantiles, values;
    double sum;
    std::uint64_t count;
  };
  static const char* const types[] = {"untyped", "histogram", "summary", "counter", "gauge"};
  static const unsigned arity[] = {1, 0, 2, 1, 0};
  spec p[5];
  table* t[5];
  string first;
  for (unsigned f = 0; f < 5; ++f) {
    p[f] = new_spec(types[f], arity[f], s);
    t[f] = &new_table(s, p[f], types[f]);
    t[f]->estimated = false;
    t[f]->quantiles = {0, 0.5, 1};
    if (f == 0 || t[f]->name < first) first = t[f]->name;
  }
  auto all = std::make_shared<std::vector<given>>();
  for (unsigned n = r.below(14); n; --n) {
    given g;
    g.family = r.below(6);  // 5 was not declared
    const unsigned labels = g.family < 5 ? arity[g.family] : 0;
    const bool wrong = r.one_in(10);
    for (unsigned i = 0; i < (wrong ? 3 : labels); ++i) g.labels.push_back(r.one_in(3) ? "same" : random_bytes(r));
    const bool whole = r.one_in(2);
    g.value = whole ? figure::of(r.next()) : figure::of(random_value(r));
    if (g.family < 5) {
      for (std::size_t i = 0; i <= p[g.family].bounds.size(); ++i) g.counts.push_back(r.below(1000));
    }
    g.quantiles = {0, 0.5, 1};
    for (int i = 0; i < 3; ++i) g.values.push_back(random_value(r));
    g.sum = random_value(r);
    g.count = r.next() >> r.below(64);
    all->push_back(g);
    label_list own, full = s.constant;
    bool good = g.family < 5 && g.labels.size() == labels;
    for (unsigned i = 0; good && i < labels; ++i) own.emplace_back(p[g.family].label_names[i], g.labels[i]);
    full.insert(full.end(), own.begin(), own.end());
    if (good) {
      for (const row& m : t[g.family]->rows) good = good && shown(m.labels) != shown(full);
    }
    if (!good) {
      s.refuse("sample", first);
      continue;
    }
    row& m = t[g.family]->add(own, g.value);
    m.sum = g.sum;
    m.quantile_values = g.values;
    if (g.family == 1) m.counts = g.counts;
    if (g.family == 2) m.counts = {g.count};
  }
  const auto bounds = std::make_shared<std::vector<double>>(p[1].bounds);
  objects.push_back(bounds);
  objects.push_back(all);
  const std::vector<given>* const what = all.get();
  const std::vector<double>* const b = bounds.get();
  objects.push_back(std::make_shared<nx::collector>(
      *s.real,
      std::initializer_list<nx::declared>{{nx::metric_type::unknown, p[0].name, p[0].help, {p[0].label_names[0]}},
                                          {nx::metric_type::histogram, p[1].name, p[1].help, {}},
                                          {nx::metric_type::summary, p[2].name, p[2].help, {p[2].label_names[0], p[2].label_names[1]}},
                                          {nx::metric_type::counter, p[3].name, p[3].help, {p[3].label_names[0]}},
                                          {nx::metric_type::gauge, p[4].name, p[4].help, {}}},
      [what, b](nx::collected& out) {
        for (const given& g : *what) {
          const auto give = [&](std::initializer_list<nx::label_value> l) {
            if (g.family == 1) out.add_histogram(1, l, nx::buckets(b->data(), b->size()), g.counts.data(), g.sum);
            else if (g.family == 2) out.add_summary(2, l, g.quantiles.data(), g.values.data(), 3, g.sum, g.count);
            else if (g.value.is == figure::real) out.add(g.family, l, g.value.d);
            else out.add(g.family, l, g.value.n);
          };
          switch (g.labels.size()) {
            case 0: give({}); break;
            case 1: give({g.labels[0]}); break;
            case 2: give({g.labels[0], g.labels[1]}); break;
            default: give({g.labels[0], g.labels[1], g.labels[2]});
          }
        }
      }));
}

void world::info(shelf& s) {
  spec p = new_spec("gauge", 3, s);
  p.name = new_name("_info");
  const auto& n = p.label_names;
  auto& v = p.values[0];
  if (r.one_in(3)) v[0] += string(260, 'i');  // an info's labels have no limit
  table& t = new_table(s, p, "gauge");
  if (r.one_in(2)) {
    const nx::info i(*s.real, p.name, p.help, {{n[0], v[0]}, {n[1], v[1]}, {n[2], v[2]}});
    t.add({{n[0], v[0]}, {n[1], v[1]}, {n[2], v[2]}}, figure::of(std::uint64_t(1)));
  } else {
    const nx::info i(*s.real, p.name, p.help, {{n[0], v[0]}});
    t.add({{n[0], v[0]}}, figure::of(std::uint64_t(1)));
  }
}

void world::states(shelf& s) {
  spec p = new_spec("gauge", 0, s);
  p.name = new_name("", false);
  string v[3];
  for (auto& text : v) text = random_bytes(r, false).substr(0, 12);
  if (r.one_in(4)) v[1] = repaired(v[0]);  // refused: the same once it is written
  const string full = s.prefix + p.name;
  const nx::state_set m(*s.real, p.name, p.help, {v[0], v[1], v[2]});
  const string w[3] = {repaired(v[0]), repaired(v[1]), repaired(v[2])};
  bool good = w[0] != w[1] && w[1] != w[2] && w[0] != w[2] && full.find(':') == string::npos && full.compare(0, 2, "__") != 0;
  std::size_t longest = 0;
  for (const auto& text : v) longest = std::max(longest, text_size({{full, text}}));
  good = good && longest + text_size(s.constant) + 1 <= 256;
  for (const auto& c : s.constant) good = good && c.first != full;
  if (!good) return s.refuse("registration");
  table& t = new_table(s, p, "gauge");
  t.fixed_rows = true;
  for (int i = 0; i < 3; ++i) t.add({{full, v[i]}}, figure::of(std::uint64_t(i == 0)));
  row* rows[3] = {&t.rows[0], &t.rows[1], &t.rows[2]};
  const std::vector<string> words(v, v + 3);
  row *a = rows[0], *b = rows[1], *c = rows[2];
  auto handle = std::make_shared<nx::state_set>(m);
  shelf* home = &s;
  actions.push_back([=] {
    row* const all[3] = {a, b, c};
    const unsigned i = r.below(3);
    switch (r.below(4)) {
      case 0: handle->enable(words[i]); all[i]->value.n = 1; break;
      case 1: handle->disable(words[i]); all[i]->value.n = 0; break;
      case 2: handle->set("no such state, surely"); home->refuse("update"); break;
      default:
        handle->set(words[i]);
        for (unsigned k = 0; k < 3; ++k) all[k]->value.n = k == i;
    }
  });
}

enum class colour { red, green, blue };
enum class size { small, large };
inline nx::enum_values<3> label_values(colour) { return {{"red \"dark\"", "gr\xc3\xbcn\\", "bl\xff\nue"}}; }
inline nx::enum_values<2> label_values(size) { return {{"", "large"}}; }

void world::enums(shelf& s) {
  const spec p = new_spec("counter", 2, s);
  using real = nx::enum_family<nx::counter, colour, size>;
  kept.push_back(p.label_names[0]);
  const nx::string_view first = kept.back();
  kept.push_back(p.label_names[1]);
  const auto f = std::make_shared<real>(*s.real, p.name, p.help, nx::label_names<2>(first, nx::string_view(kept.back())));
  objects.push_back(f);
  const label_list longest = {{p.label_names[0], label_values(colour()).text[2]}, {p.label_names[1], "large"}};
  if (text_size(longest) + 1 + text_size(s.constant) > 256) return s.refuse("registration");
  table& t = new_table(s, p, "counter");
  t.fixed_rows = true;
  for (int c = 0; c < 3; ++c) {
    for (int z = 0; z < 2; ++z) {
      t.add({{p.label_names[0], label_values(colour()).text[c]}, {p.label_names[1], label_values(size()).text[z]}}, figure());
    }
  }
  shelf* home = &s;
  table* tab = &t;
  real* const fam = f.get();
  actions.push_back([=] {
    const unsigned c = r.below(3), z = r.below(2);
    if (r.one_in(10)) {
      fam->labels(static_cast<colour>(3), size::small).inc();
      return home->refuse("series");
    }
    update(r, fam->labels(static_cast<colour>(c), static_cast<size>(z)), tab->rows[c * 2 + z], *home, *tab);
  });
}

/// Registrations that must be refused, and must not be seen.
void world::refused(shelf& s) {
  static const char* const bad[] = {"", "1a", "a b", "a-b", "a.b", "\xc3\xa9", "a\n", "{}", "a\"", "\xff"};
  switch (r.below(5)) {
    case 0: nx::counter(*s.real, bad[r.below(10)], "bad").inc(); break;
    case 1: nx::family<nx::gauge, 1>(*s.real, new_name(""), "bad", nx::label_names<1>(r.one_in(2) ? "__name__" : "a:b")).labels("x").set(1); break;
    case 2: nx::histogram(*s.real, new_name(""), "bad", nx::buckets({2, 1})).observe(1); break;
    case 3: nx::info(*s.real, new_name(""), "bad", {}); break;
    default:  // a name that a visible metric of this registry has, as something else
      for (const table& t : s.tables) {
        if (t.hidden) continue;
        nx::summary(*s.real, t.name.substr(s.prefix.size()), t.help + "?").observe(1);
        return s.refuse("registration");
      }
      return;
  }
  s.refuse("registration");
}

/// A scrape in the middle of it all: shows what was updated since it was removed, and counts what is refused in scrapes.
void world::early_scrape() {
  static_cast<void>(nx::to_text(*shelves[0].real).size());
  std::vector<shelf*> all;
  shelves[0].in_order(all);
  for (shelf* s : all) {
    for (std::size_t i = 0, n = s->refusals.size(); i < n; ++i) {
      if (!s->refusals[i].at.empty()) s->refuse(s->refusals[i].what);
    }
    for (table& t : s->tables) {
      for (row& m : t.rows) m.hidden = m.hidden && (t.hidden || !m.counted());
    }
  }
}

void world::fill() {
  const unsigned n = r.one_in(2) ? 1 : 2 + r.below(4);
  std::vector<std::pair<shelf*, shelf*>> late;
  for (unsigned i = 0; i < n; ++i) {
    shelves.emplace_back();
    shelf& s = shelves.back();
    nx::registry_options o;
    if (r.one_in(3)) {
      static const char* const prefixes[] = {"shop_", "a:", "_", "x"};
      s.prefix = r.one_in(2) ? prefixes[r.below(4)] : random_word(r, metric_letters, metric_letters_digits);
      kept.push_back(s.prefix);
      o.prefix(kept.back());
    }
    if (i > 0 && r.one_in(3)) {
      s.constant = shelves[i - 1].constant;  // so that the same series can be in both
      if (r.one_in(2)) std::reverse(s.constant.begin(), s.constant.end());
    } else if (r.one_in(2)) {
      const unsigned labels = r.one_in(10) ? 8 : 1 + r.below(3);
      while (s.constant.size() < labels) {
        const string name = random_word(r, letters, letters_digits);
        bool good = name.compare(0, 2, "__") != 0 && name != "le" && name != "quantile" && name != "what";
        for (const auto& c : s.constant) good = good && c.first != name;
        // An empty value is no label to a server: two registries could not be told apart there.
        string value = random_bytes(r);
        if (value.empty()) value = "v";
        if (good) s.constant.emplace_back(name, value);
      }
    }
    for (const auto& c : s.constant) {
      kept.push_back(c.first);
      const string& name = kept.back();
      kept.push_back(c.second);
      o.label(name, kept.back());
    }
    registries.emplace_back(new nx::registry(o));
    s.real = registries.back().get();
    if (keeps_created && r.one_in(2)) s.real->keep_created_times([] { return std::int64_t(1520430000123456789); });
    if (s.real->status().code() == nx::errc::label_too_long) {  // it has said so: what was left out is not expected
      const string got = "," + s.real->constant_labels().str();
      const auto left_out = [&](const std::pair<string, string>& l) { return got.find("," + written(l)) == string::npos; };
      s.constant.erase(std::remove_if(s.constant.begin(), s.constant.end(), left_out), s.constant.end());
    }
    if (i > 0) {
      shelf& parent = shelves[r.below(i)];
      if (r.one_in(2)) {
        late.emplace_back(&parent, &s);
      } else if (parent.real->attach(*s.real).ok()) {
        parent.attached.insert(parent.attached.begin(), &s);
      } else {
        std::abort();
      }
    }
  }
  for (unsigned families = r.below(14); families; --families) {
    shelf& s = shelves[r.below(n)];
    switch (r.below(16)) {
      case 0: case 1: ordinary<nx::counter>(s); break;
      case 2: ordinary<nx::double_counter>(s); break;
      case 3: case 4: ordinary<nx::gauge>(s); break;
      case 5: ordinary<nx::int_gauge>(s); break;
      case 6: case 7: ordinary<nx::histogram>(s); break;
      case 8: ordinary<nx::summary>(s); break;
      case 9: any_callback(s); break;
      case 10: collector(s); break;
      case 11: info(s); break;
      case 12: states(s); break;
      case 13: enums(s); break;
      case 14:
        switch (r.below(4)) {
          case 0: fixed_family<nx::counter, 3, 64>(s, {}, {}, std::make_index_sequence<1>()); break;
          case 1: fixed_family<nx::gauge, 4, 120>(s, {}, {}, std::make_index_sequence<2>()); break;
          case 2: fixed_family<nx::int_gauge, 2, 200>(s, {}, {}, std::make_index_sequence<3>()); break;
          default: {
            static const double bounds[] = {-1.5, 0, 0.1, 1e6};
            fixed_family<nx::fixed_histogram<4>, 2, 64>(s, nx::buckets(bounds), {-1.5, 0, 0.1, 1e6}, std::make_index_sequence<1>());
          }
        }
        break;
      default: refused(s);
    }
  }
  const unsigned rounds = r.below(12) * static_cast<unsigned>(actions.size());
  for (unsigned i = 0; i < rounds; ++i) {
    if (i == rounds / 2) early_scrape();
    actions[r.below(static_cast<unsigned>(actions.size()))]();
  }
  for (const auto& l : late) {
    const nx::status attached = l.first->real->attach(*l.second->real);
    if (!attached.ok()) {
      std::fprintf(stderr, "attach: %s\n", attached.message().c_str());
      std::abort();
    }
    l.first->attached.insert(l.first->attached.begin(), l.second);
  }
}

// ---- out ----

/// Exemplars, units, times: what text 0.0.4 shows nothing of, but for the times.
void world::fill_more() {
  nx::registry& to = *shelves[0].real;
  const auto word = [this] {
    string s = random_bytes(r, false).substr(0, 20);
    s.erase(std::remove(s.begin(), s.end(), '}'), s.end());  // the Python client (0.16) takes it for the end of an exemplar's labels
    return s;
  };
  const auto left = [this, word] {
    nx::exemplar e = r.one_in(3) ? nx::traced(word(), word()) : nx::exemplar({{"a", word()}, {"b_2", r.below(1000)}});
    if (r.one_in(2)) e.at_ns(static_cast<std::int64_t>(r.next() >> 2));
    return e;
  };
  const auto own = [this](const char* tail) { return kept.push_back(new_name(tail, false)), kept.back().c_str(); };
  nx::family<nx::exemplar_counter, 1> counters(to, nx::name(own("_bytes_total")).unit("bytes"), "", {"zz"});
  nx::family<nx::exemplar_double_counter, 1> doubles(to, own("_total"), "", {"zz"});
  std::vector<double> bounds;
  for (unsigned i = 0, n = r.below(20); i < n; ++i) bounds.push_back(i + r.below(100) / 128.0);
  nx::family<nx::exemplar_histogram, 1> times(to, nx::name(own("_seconds")).unit("seconds"), "", {"zz"},
                                              nx::buckets(bounds.data(), static_cast<unsigned>(bounds.size())));
  nx::exemplar_histogram alone(to, nx::name(own("_ratio")).unit("ratio"), "");
  for (unsigned n = r.below(60); n; --n) {
    const unsigned series = r.below(3);
    const double value = r.below(25) + r.below(3) / 4.0;
    counters.labels(series).inc(r.below(5), left());
    doubles.labels(series).inc(value, left());
    if (r.one_in(2)) times.labels(series).observe(value, left());
    else times.labels(series).observe(value);
    alone.observe(value / 25, left());
  }
  const std::int64_t at = static_cast<std::int64_t>(r.next() % 4000000000000);
  const std::uint64_t some = r.below(1000);
  objects.push_back(std::make_shared<nx::collector>(
      to,
      std::initializer_list<nx::declared>{{nx::metric_type::gauge_histogram, own("_bytes"), "", {"zz"}, "bytes"},
                                          {nx::metric_type::counter, own("_total"), "", {"zz"}}},
      [at, some](nx::collected& out) {
        const double edges[] = {-1, 0.5, 7};
        const std::uint64_t counts[] = {some, 2, 0, 1};
        out.at_ms(at);
        out.add_histogram(0, {"old"}, nx::buckets(edges, 3), counts, -2.5);
        out.since_ns(at * 1000);
        out.add(1, {"old"}, some);
        out.at_now();
        out.add_histogram(0, {"new"}, nx::buckets(edges + 1, 2), counts + 1, 2.5);
        out.add(1, {"new"}, some);
      }));
}

int main(int argc, char** argv) {
  nx::set_error_hook(nullptr);
  if (argc < 2) {
    std::fprintf(stderr, "random_registry SEED [--truth] | FIRST END\n");
    return 2;
  }
  const bool as_protobuf = argc > 3 && std::strcmp(argv[3], "--protobuf") == 0;
  const bool truth = argc > 2 && std::strcmp(argv[2], "--truth") == 0, frames = argc > 2 && !truth;
  const bool formats = argc > 3 && std::strcmp(argv[3], "--formats") == 0;
  const std::uint64_t first = std::strtoull(argv[1], nullptr, 10), end = frames ? std::strtoull(argv[2], nullptr, 10) : first + 1;
  for (std::uint64_t seed = first; seed < end; ++seed) {
    world w(seed);
    w.keeps_created = formats;
    w.fill();
    if (formats) w.fill_more();
    // In pieces of any size.
    string text;
    std::vector<char> chunk(1 + w.r.below(w.r.one_in(2) ? 8192 : 40));
    nx::registry& shown = *w.shelves[0].real;
    const nx::sink to = nx::string_sink(text);
    const nx::status written =
        as_protobuf ? nx::write_protobuf(shown, to, chunk.data(), chunk.size()) : nx::write_text(shown, to, chunk.data(), chunk.size());
    if (!written.ok()) return 1;
    if (formats) {
      string all[3];
      if (!nx::write_openmetrics(*w.shelves[0].real, nx::string_sink(all[0]), chunk.data(), chunk.size()).ok()) return 1;
      if (!nx::write_json(*w.shelves[0].real, nx::string_sink(all[1]), chunk.data(), chunk.size()).ok()) return 1;
      if (!nx::write_protobuf(shown, nx::string_sink(all[2]), chunk.data(), chunk.size()).ok()) return 1;
      std::printf("seed %llu %zu %zu %zu %zu\n", static_cast<unsigned long long>(seed), text.size(), all[0].size(), all[1].size(), all[2].size());
      for (const string& one : {text, all[0], all[1], all[2]}) std::fwrite(one.data(), 1, one.size(), stdout);
      w.actions.clear();
      w.objects.clear();
      continue;
    }
    const string said = account(w.shelves[0]);
    if (frames) std::printf("seed %llu %zu %zu\n", static_cast<unsigned long long>(seed), text.size(), said.size());
    if (!truth) std::fwrite(text.data(), 1, text.size(), stdout);
    if (truth || frames) std::fwrite(said.data(), 1, said.size(), stdout);
    w.actions.clear();
    w.objects.clear();
  }
  return 0;
}
