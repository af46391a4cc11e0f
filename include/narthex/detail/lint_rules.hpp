// narthex/detail/lint_rules.hpp - the rules of `promtool check metrics`, in its words.
// Room: balconies. Read detail/exposition.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LINT_RULES_HPP
#define NARTHEX_DETAIL_LINT_RULES_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "narthex/config.hpp"
#include "narthex/detail/exposition.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A unit that a name mentions, and the one that it should be in; both empty when it mentions none.
struct mentioned_unit {
  string_view unit, base;
};

/// Finds the first part of a name that is a unit, a base unit included, which then hides the others.
/// Source: client_golang, promlint. "mibi" is its own spelling, so mebibytes is no unit to it.
inline mentioned_unit first_unit(string_view name) noexcept {
  struct known {
    const char* unit;
    const char* base;
  };
  static const known units[] = {
      {"amperes", "amperes"}, {"bytes", "bytes"},       {"celsius", "celsius"}, {"grams", "grams"},     {"joules", "joules"},
      {"kelvin", "kelvin"},   {"meters", "meters"},     {"metres", "metres"},   {"seconds", "seconds"}, {"volts", "volts"},
      {"minutes", "seconds"}, {"hours", "seconds"},     {"days", "seconds"},    {"weeks", "seconds"},   {"kelvins", "kelvin"},
      {"rankine", "celsius"}, {"fahrenheit", "celsius"}, {"inches", "meters"},  {"yards", "meters"},    {"miles", "meters"},
      {"bits", "bytes"},      {"calories", "joules"},   {"pounds", "grams"},    {"ounces", "grams"}};
  static const char* const prefixes[] = {"",     "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo",
                                         "kibi", "mega", "mibi", "giga",  "gibi",  "tera",  "tebi", "peta", "pebi"};
  mentioned_unit none;
  for (std::size_t begin = 0, end; begin <= name.size(); begin = end + 1) {
    for (end = begin; end < name.size() && name[end] != '_';) ++end;
    const string_view part(name.data() + begin, end - begin);
    for (const string_view prefix : prefixes) {
      if (part.size() < prefix.size() || part.first(prefix.size()) != prefix) continue;
      for (const known& u : units) {
        if (part.from(prefix.size()) != u.unit) continue;
        none.unit = part;
        none.base = u.base;
        return none;
      }
    }
  }
  return none;
}

/// Whether a name has `_part_` in it or ends in `_part`, in any case.
inline bool has_part(string_view name, string_view part) noexcept {
  for (std::size_t i = 0; i + part.size() < name.size(); ++i) {
    const std::size_t after = i + 1 + part.size();
    if (name[i] == '_' && is_word(string_view(name.data() + i + 1, part.size()), part) &&
        (after == name.size() || name[after] == '_')) {
      return true;
    }
  }
  return false;
}

inline bool is_camel_case(string_view name) noexcept {
  for (std::size_t i = 1; i < name.size(); ++i) {
    if (name[i - 1] >= 'a' && name[i - 1] <= 'z' && name[i] >= 'A' && name[i] <= 'Z') return true;
  }
  return false;
}

/// What is wrong with families and series, one line "metric text" for each problem, sorted.
///
/// Source: promtool 3.5.3 (client_golang, promlint). 2.42 knows no "metric not unique", and minds any type's word in a name.
class linter {
 public:
  explicit linter(const exposition& all) : all_(all), children_(all.families.size()) {}

  std::string run() {
    for (const read_series& s : all_.series) children_[s.family].push_back(child_of(s));
    for (std::size_t f = 0; f < all_.families.size(); ++f) {
      if (!children_[f].empty()) validate(all_.families[f], children_[f]);
    }
    heap_sort(problems_, [](const problem& a, const problem& b) {
      const int order = string_view(a.metric).compare(b.metric);
      return order ? order < 0 : string_view(a.text).compare(b.text) < 0;
    });
    std::string lines;
    for (const problem& p : problems_) lines += p.metric + " " + p.text + "\n";
    return lines;
  }

 private:
  struct problem {
    std::string metric, text;
  };
  struct child {
    const read_series* series;
    std::string key;  // its labels as they were written
  };

  /// The label that tells a family's lines apart and is none of the child's.
  static string_view own_label(metric_type type) noexcept {
    return type == metric_type::histogram ? "le" : type == metric_type::summary ? "quantile" : "";
  }
  child child_of(const read_series& s) const {
    child c = {&s, std::string()};
    const string_view own = own_label(all_.families[s.family].type);
    for (const read_label& l : s.labels) {
      if (own == l.name) continue;
      c.key += l.name + '\xff' + l.value + '\xff';  // a byte that text in UTF-8 does not have
    }
    return c;
  }

  void validate(const read_family& f, std::vector<child>& children) {
    const bool counter = f.type == metric_type::counter, histogram = f.type == metric_type::histogram;
    const bool summary = f.type == metric_type::summary, typed = f.type != metric_type::unknown;
    const string_view name = f.name;
    const auto say = [&](const std::string& text) { problems_.push_back(problem{f.name, text}); };

    bool has_help = false;
    for (const char c : f.help) has_help = has_help || !is_blank(c);
    if (!has_help) say("no help text");

    const mentioned_unit found = first_unit(name);
    if (found.unit != found.base) say("use base unit \"" + found.base.str() + "\" instead of \"" + found.unit.str() + "\"");

    const bool total = name.ends_with("_total");
    if (counter && !total) say("counter metrics should have \"_total\" suffix");
    if (typed && !counter && total) say("non-counter metrics should not have \"_total\" suffix");
    if (typed && !histogram && name.ends_with("_bucket")) say("non-histogram metrics should not have \"_bucket\" suffix");
    for (const string_view suffix : {"_count", "_sum"}) {
      if (typed && !histogram && !summary && name.ends_with(suffix)) {
        say("non-histogram and non-summary metrics should not have \"" + suffix.str() + "\" suffix");
      }
    }

    const char* const type = counter ? "counter" : histogram ? "histogram" : summary ? "summary" : "gauge";
    if (typed && has_part(name, type)) say(std::string("metric name should not include type '") + type + "'");
    for (const char c : name) {
      if (c != ':') continue;
      say("metric names should not contain ':'");
      break;
    }
    if (is_camel_case(name)) say("metric names should be written in 'snake_case' not 'camelCase'");
    for (const string_view unit : {"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"}) {
      if (has_part(name, unit)) say("metric names should not contain abbreviated units");
    }

    heap_sort(children, [](const child& a, const child& b) { return string_view(a.key).compare(b.key) < 0; });
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (i && children[i].key == children[i - 1].key) {
        if (histogram || summary) continue;  // another line of the same child
        say("metric not unique");
      }
      for (const read_label& l : children[i].series->labels) {
        if (own_label(f.type) == l.name) continue;
        if (typed && l.name == "le") say("non-histogram metrics should not have \"le\" label");
        if (typed && l.name == "quantile") say("non-summary metrics should not have \"quantile\" label");
        if (is_camel_case(l.name)) say("label names should be written in 'snake_case' not 'camelCase'");
      }
    }
  }

  const exposition& all_;
  std::vector<std::vector<child>> children_;
  std::vector<problem> problems_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_LINT_RULES_HPP
