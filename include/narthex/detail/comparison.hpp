// narthex/detail/comparison.hpp - two expositions side by side, and their differences in words.
// Room: balconies. Read detail/exposition.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_COMPARISON_HPP
#define NARTHEX_DETAIL_COMPARISON_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/exposition.hpp"
#include "narthex/detail/normal_number.hpp"
#include "narthex/sample.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Differences as lines for people, each cut, and only so many of them.
class differences {
 public:
  enum : std::size_t { max_lines = 50, max_text = 400 };

  differences() : lines_(0) {}
  void add(const std::string& line) {
    if (++lines_ > max_lines) return;
    text_ += line.size() > max_text ? line.substr(0, max_text) + "..." : line;
    text_ += '\n';
  }
  std::string text() const {
    return lines_ > max_lines ? text_ + "and " + integer_text(lines_ - max_lines) + " more\n" : text_;
  }

 private:
  std::string text_;
  std::size_t lines_;
};

inline bool is_name(string_view name, alphabet a) noexcept { return bad_byte(name.data(), name.size(), a) == name.size(); }

/// A series as it stands in an exposition, without its value.
inline std::string series_text(const read_series& s) {
  const bool plain = is_name(s.name, alphabet::metric);
  std::string text = plain ? s.name : "{";
  if (!plain) append_quoted(text, s.name);
  const char* before = plain ? "{" : ",";
  for (const read_label& l : s.labels) {
    text += before;
    before = ",";
    if (is_name(l.name, alphabet::label)) text += l.name;
    else append_quoted(text, l.name);
    text += '=';
    append_quoted(text, l.value);
  }
  return plain && s.labels.empty() ? text : text + "}";
}

/// Compares what is there with what was expected.
///
/// names: see testing::compare().
class comparison {
 public:
  comparison(const exposition& got, const exposition& expected, std::initializer_list<string_view> names) : names_(names) {
    for (const read_family& f : got.families) by_name_.push_back(&f);
    heap_sort(by_name_, [](const read_family* a, const read_family* b) { return string_view(a->name).compare(b->name) < 0; });
    for (const read_family& f : expected.families) compare_family(f);
    for (const read_series& s : expected.series) {
      if (!is_chosen(expected, s)) {
        found_.add("expected text, line " + integer_text(s.line) + ": " + series_text(s) + " is not among the names to compare");
      }
    }
    compare_series(chosen(got), chosen(expected));
  }
  std::string text() const { return found_.text(); }

 private:
  struct line {
    const read_series* series;
    std::string key;  // equal for equal series: labels in order, bounds and quantiles as normal numbers
  };

  bool is_named(string_view name) const noexcept {
    for (const string_view n : names_) {
      if (n == name) return true;
    }
    return names_.size() == 0;
  }
  /// By its own name or its family's, which text without TYPE does not tell.
  bool is_chosen(const exposition& all, const read_series& s) const noexcept {
    const read_family& f = all.families[s.family];
    const string_view name = s.name;
    if (is_named(name) || is_named(f.name)) return true;
    for (const string_view suffix : {"_bucket", "_sum", "_count"}) {
      if (!f.has_type && name.ends_with(suffix) && is_named(name.first(name.size() - suffix.size()))) return true;
    }
    return false;
  }
  std::vector<line> chosen(const exposition& all) const {
    std::vector<line> lines;
    for (const read_series& s : all.series) {
      if (is_chosen(all, s)) lines.push_back(line{&s, key(all.families[s.family], s)});
    }
    heap_sort(lines, [](const line& a, const line& b) { return string_view(a.key).compare(b.key) < 0; });
    return lines;
  }
  /// Of what is there.
  const read_family* find(string_view name) const noexcept {
    std::size_t low = 0, high = by_name_.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (string_view(by_name_[middle]->name).compare(name) < 0) low = middle + 1;
      else high = middle;
    }
    return low < by_name_.size() && name == by_name_[low]->name ? by_name_[low] : nullptr;
  }
  /// Expected text without TYPE is of the type that is there.
  metric_type type_of(const read_family& f) const noexcept {
    if (f.has_type) return f.type;
    string_view name = f.name;
    if (const read_family* const same = find(name)) return same->type;
    if (name.ends_with("_bucket")) name = name.first(name.size() - 7);
    const read_family* const whole = find(name);
    return whole ? whole->type : metric_type::unknown;
  }
  std::string key(const read_family& f, const read_series& s) const {
    const metric_type type = type_of(f);
    const string_view own = type == metric_type::histogram ? "le" : type == metric_type::summary ? "quantile" : "";
    std::vector<read_label> labels = s.labels;
    heap_sort(labels, [](const read_label& a, const read_label& b) { return string_view(a.name).compare(b.name) < 0; });
    std::string whole = s.name + '\xff';  // a byte that text in UTF-8 does not have
    for (const read_label& l : labels) {
      std::string normal;
      const bool is_number = own == l.name && normal_number(l.value, normal);
      whole += l.name + '\xff' + (is_number ? normal : l.value) + '\xff';
    }
    return whole;
  }

  void compare_series(const std::vector<line>& got, const std::vector<line>& expected) {
    std::size_t i = 0, k = 0;
    while (i < expected.size() || k < got.size()) {
      const int order = i == expected.size() ? 1 : k == got.size() ? -1 : string_view(expected[i].key).compare(got[k].key);
      if (order < 0) {
        const read_series& s = *expected[i++].series;
        found_.add("missing: " + series_text(s) + " " + s.value);
      } else if (order > 0) {
        const read_series& s = *got[k++].series;
        found_.add("unexpected: " + series_text(s) + " " + s.value);
      } else {
        const read_series &wanted = *expected[i++].series, &s = *got[k++].series;
        if (wanted.normal != s.normal) found_.add(series_text(s) + ": expected " + wanted.value + ", got " + s.value);
      }
    }
  }

  void compare_family(const read_family& wanted) {
    if (!wanted.has_type && !wanted.has_help) return;
    const read_family* const f = find(wanted.name);
    if (!f) return found_.add("missing: metric " + wanted.name);
    if (wanted.has_type && f->type != wanted.type) {
      found_.add(f->name + ": expected type " + type_word(wanted.type) + ", got " + type_word(f->type));
    }
    if (wanted.has_help && f->help != wanted.help) {
      std::string both = f->name + ": expected help ";
      append_quoted(both, wanted.help);
      both += ", got ";
      append_quoted(both, f->help);
      found_.add(both);
    }
  }
  static const char* type_word(metric_type type) noexcept {
    switch (type) {
      case metric_type::counter: return "counter";
      case metric_type::histogram:
      case metric_type::gauge_histogram: return "histogram";
      case metric_type::summary: return "summary";
      case metric_type::unknown: return "untyped";
      case metric_type::gauge:
      case metric_type::info:
      case metric_type::state_set: break;
    }
    return "gauge";
  }

  std::initializer_list<string_view> names_;
  std::vector<const read_family*> by_name_;  // of what is there
  differences found_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_COMPARISON_HPP
