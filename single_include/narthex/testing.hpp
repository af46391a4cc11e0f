// narthex/testing.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
//
// MIT License
//
// Copyright (c) 2026 narthex contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#include "narthex.hpp"

// ==== narthex/detail/normal_number.hpp ==========================================================
// narthex/detail/normal_number.hpp - decimals as text, so that equal numbers are equal text.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NORMAL_NUMBER_HPP
#define NARTHEX_DETAIL_NORMAL_NUMBER_HPP

#include <cstddef>
#include <cstdint>
#include <string>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

inline std::string integer_text(std::uint64_t value) {
  char digits[max_u64_chars];
  return std::string(digits, static_cast<std::size_t>(write_u64(digits, value) - digits));
}

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Whether `text` is `lower` in any case.
inline bool is_word(string_view text, string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

/// Writes a number so that equal decimals are equal text: digits without outer zeros, and an exponent (1.50 is 15e1: 0.15 times
/// ten to the first). False when it is none, or is beyond a double's range.
///
/// Decimals are compared, not doubles: exact for integers of any size and for what narthex writes, which is the shortest text
/// of its double. No strtod, whose decimal point is the locale's.
/// Source: Prometheus' text parser, which takes what Go's ParseFloat takes but hexadecimal and underscores.
inline bool normal_number(string_view text, std::string& out) {
  std::size_t i = 0;
  const bool has_sign = !text.empty() && (text[0] == '+' || text[0] == '-'), minus = has_sign && text[0] == '-';
  const string_view bare = text.from(has_sign ? 1 : 0);
  if (is_word(bare, "inf") || is_word(bare, "infinity")) return out = minus ? "-Inf" : "+Inf", true;
  if (is_word(text, "nan")) return out = "NaN", true;
  std::string digits;
  std::int64_t point = 0;  // how many digits stand before it
  bool any = false, fraction = false;
  for (; i < bare.size() && (is_digit(bare[i]) || (bare[i] == '.' && !fraction)); ++i) {
    if (bare[i] == '.') {
      fraction = true;
      continue;
    }
    any = true;
    if (!digits.empty() || bare[i] != '0') {
      digits += bare[i];
      point += !fraction;
    } else {
      point -= fraction;
    }
  }
  if (!any) return false;
  if (i < bare.size()) {
    if (bare[i] != 'e' && bare[i] != 'E') return false;
    ++i;
    const bool down = i < bare.size() && bare[i] == '-';
    if (i < bare.size() && (down || bare[i] == '+')) ++i;
    if (i == bare.size()) return false;
    std::int64_t exponent = 0;
    for (; i < bare.size(); ++i) {
      if (!is_digit(bare[i])) return false;
      if (exponent < 1000000000) exponent = exponent * 10 + (bare[i] - '0');
    }
    point += down ? -exponent : exponent;
  }
  while (!digits.empty() && digits[digits.size() - 1] == '0') digits.resize(digits.size() - 1);
  if (digits.empty()) return out = "0", true;
  // The largest double and half a step: whatever is as large rounds to infinity.
  if (point > 309 || (point == 309 && string_view(digits).compare("17976931348623158079") >= 0)) return false;
  out = minus ? "-" : "";
  out += digits;
  out += point < 0 ? "e-" : "e";
  out += integer_text(static_cast<std::uint64_t>(point < 0 ? -point : point));
  return true;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_NORMAL_NUMBER_HPP

// ==== narthex/detail/exposition.hpp =============================================================
// narthex/detail/exposition.hpp - reads text format 0.0.4 back, for tests.
// Room: balconies. Read text_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPOSITION_HPP
#define NARTHEX_DETAIL_EXPOSITION_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A label of a line, its value without escapes.
struct read_label {
  std::string name, value;
};

/// A line with a value.
struct read_series {
  std::size_t family;              // its place in exposition::families
  std::string name;
  std::vector<read_label> labels;  // as they were written
  std::string value, normal;       // as it was written, a timestamp included; and so that equal numbers are equal text
  std::size_t line;
};

/// What HELP and TYPE say, or nothing but a name.
struct read_family {
  std::string name, help;
  metric_type type;
  bool has_help, has_type;
  std::size_t line;  // where it was named first
};

struct exposition {
  std::vector<read_family> families;
  std::vector<read_series> series;
};

/// Sorts in place by `before(a, b)`: a heap sort, as <algorithm> is 20,000 lines for one call.
template <class T, class Before>
void heap_sort(std::vector<T>& all, Before before) {
  const std::size_t size = all.size();
  for (std::size_t step = 0; step < size / 2 + size; ++step) {
    std::size_t end = size, i = 0;
    if (step < size / 2) {
      i = size / 2 - 1 - step;
    } else {
      end = size - 1 - (step - size / 2);
      std::swap(all[0], all[end]);
    }
    for (std::size_t child; (child = 2 * i + 1) < end; i = child) {
      if (child + 1 < end && before(all[child], all[child + 1])) ++child;
      if (!before(all[i], all[child])) break;
      std::swap(all[i], all[child]);
    }
  }
}

inline void append(std::string& to, string_view text) {
  if (!text.empty()) to.append(text.data(), text.size());
}
inline void append_quoted(std::string& to, string_view text) {
  struct {
    std::string* to;
    void operator()(const char* data, std::size_t size) { to->append(data, size); }
  } put = {&to};
  to += '"';
  put_safe(text, quoting::label_value, put);
  to += '"';
}
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// Reads one line after the other into an exposition.
///
/// Takes what a Prometheus server's parser takes, but for a line feed inside quotes, a label name that occurs twice in a series and an
/// empty name, which a server's parser lets pass and its scrape mostly does not.
/// Source: Prometheus, "Exposition formats", Text format details.
class line_reader {
 public:
  explicit line_reader(exposition& out) noexcept : out_(out), line_(0) {}

  /// False when the line cannot be read; why() says it.
  bool read(string_view line) {
    ++line_;
    rest_ = line;
    skip_blanks();
    return rest_.empty() || (rest_[0] == '#' ? read_comment() : read_series_line());
  }
  const std::string& why() const noexcept { return why_; }

 private:
  bool no(const char* what) {
    why_ = "line " + integer_text(line_) + ": " + what;
    if (rest_.empty()) return why_ += ", found the end of the line", false;
    why_ += ", found ";
    const std::size_t from = why_.size();
    append_quoted(why_, rest_.first(rest_.size() < 60 ? rest_.size() : 60));
    for (std::size_t i = from; i < why_.size(); ++i) {
      if (static_cast<unsigned char>(why_[i]) < ' ') why_[i] = '?';  // a CR would hide the line on a terminal
    }
    return false;
  }
  char peek() const noexcept { return rest_.empty() ? '\n' : rest_[0]; }
  string_view take(std::size_t n) noexcept {
    const string_view taken = rest_.first(n);
    rest_ = rest_.from(n);
    return taken;
  }
  std::size_t skip_blanks() noexcept {
    std::size_t n = 0;
    while (n < rest_.size() && is_blank(rest_[n])) ++n;
    take(n);
    return n;
  }
  string_view take_to_blank() noexcept {
    std::size_t n = 0;
    while (n < rest_.size() && !is_blank(rest_[n])) ++n;
    return take(n);
  }
  string_view take_name(alphabet a) noexcept {
    std::size_t n = 0;
    while (n < rest_.size() && may_stand(rest_[n], n, a)) ++n;
    return take(n);
  }

  bool take_quoted(std::string& text) {
    std::size_t i = 1;
    text.clear();
    for (; i < rest_.size() && rest_[i] != '"'; ++i) {
      char c = rest_[i];
      const char next = i + 1 < rest_.size() ? rest_[i + 1] : ' ';
      if (c == '\\' && (next == '\\' || next == '"' || next == 'n')) {
        c = next == 'n' ? '\n' : next;
        ++i;
      }
      text += c;
    }
    if (i >= rest_.size()) return no("the closing quote is missing");
    if (!is_utf8(text)) return no("well-formed UTF-8 is expected");
    take(i + 1);
    return true;
  }
  static bool is_utf8(string_view text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t n = utf8_length(text.data() + i, text.size() - i);
      if (n == 0) return false;
      i += n;
    }
    return true;
  }

  bool read_comment() {
    take(1);
    if (skip_blanks() == 0) return true;
    const string_view keyword = take_to_blank();
    const bool help = keyword == "HELP";
    if (rest_.empty() || (!help && keyword != "TYPE")) return true;
    skip_blanks();
    std::string name;
    if (peek() == '"') {
      if (!take_quoted(name)) return false;
    } else {
      name = take_name(alphabet::metric).str();
    }
    if (name.empty() || (!rest_.empty() && !is_blank(rest_[0]))) return no("a metric name is expected");
    if (help) {
      if (!rest_.empty()) take(1);
      if (!is_utf8(rest_)) return no("well-formed UTF-8 is expected");
      read_family& f = out_.families[family(name)];
      f.has_help = true;
      f.help.clear();
      for (std::size_t i = 0; i < rest_.size(); ++i) {
        const char next = rest_[i] == '\\' && i + 1 < rest_.size() ? rest_[i + 1] : ' ';
        if (next == '\\' || next == 'n') ++i;
        f.help += next == 'n' ? '\n' : rest_[i];
      }
      return true;
    }
    skip_blanks();
    metric_type type;
    if (rest_ == "counter") type = metric_type::counter;
    else if (rest_ == "gauge") type = metric_type::gauge;
    else if (rest_ == "histogram") type = metric_type::histogram;
    else if (rest_ == "summary") type = metric_type::summary;
    else if (rest_ == "untyped") type = metric_type::unknown;
    else return no("counter, gauge, histogram, summary or untyped is expected");
    read_family& f = out_.families[family(name)];
    f.has_type = true;
    f.type = type;
    return true;
  }

  bool read_series_line() {
    read_series s;
    s.line = line_;
    if (peek() != '{') {
      s.name = take_name(alphabet::metric).str();
      if (s.name.empty()) return no("a metric name is expected");
      skip_blanks();
    }
    if (peek() == '{' && !read_labels(s)) return false;
    if (s.name.empty()) return no("a metric name is expected inside the braces");
    skip_blanks();
    const string_view before = rest_;
    s.value = take_to_blank().str();
    if (!normal_number(s.value, s.normal)) return rest_ = before, no("a number is expected");
    skip_blanks();
    if (!rest_.empty()) {
      const string_view stamp = take_to_blank();
      std::string normal;
      for (const char c : stamp) {
        if (!is_digit(c)) return rest_ = stamp, no("a timestamp in milliseconds is expected");
        if (!normal.empty() || c != '0') normal += c;
      }
      if (normal.size() > 19 || (normal.size() == 19 && normal > "9223372036854775807")) {
        return rest_ = stamp, no("a timestamp of 63 bits is expected");
      }
      skip_blanks();
      if (!rest_.empty()) return no("the end of the line is expected");
      s.normal += " " + (normal.empty() ? "0" : normal);
      s.value += " ";
      append(s.value, stamp);
    }
    s.family = family_of_series(s.name);
    out_.series.push_back(std::move(s));
    return true;
  }

  bool read_labels(read_series& s) {
    take(1);
    for (;;) {
      skip_blanks();
      if (peek() == '}') return take(1), true;
      read_label l;
      const string_view before = rest_;
      const bool quoted = peek() == '"';
      if (quoted) {
        if (!take_quoted(l.name)) return false;
      } else {
        l.name = take_name(alphabet::label).str();
      }
      if (l.name.empty()) return rest_ = before, no(quoted ? "a name must not be empty" : "a label name is expected");
      skip_blanks();
      if (quoted && (peek() == ',' || peek() == '}')) {
        if (!s.name.empty()) return rest_ = before, no("there is a metric name already");
        s.name.swap(l.name);
      } else {
        if (peek() != '=') return no("= is expected");
        take(1);
        skip_blanks();
        if (peek() != '"') return no("a value in quotes is expected");
        if (!take_quoted(l.value)) return false;
        for (const read_label& other : s.labels) {
          if (other.name == l.name) return rest_ = before, no("a label name must not occur twice");
        }
        s.labels.push_back(std::move(l));
        skip_blanks();
      }
      if (peek() == ',') take(1);
      else if (peek() != '}') return no(", or } is expected");
    }
  }

  /// Where `name` stands, or would stand, in the index of names.
  std::size_t place(string_view name) const noexcept {
    std::size_t low = 0, high = index_.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (string_view(out_.families[index_[middle]].name).compare(name) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  const read_family* find(string_view name) const noexcept {
    const std::size_t at = place(name);
    const read_family* const f = at < index_.size() ? &out_.families[index_[at]] : nullptr;
    return f && string_view(f->name) == name ? f : nullptr;
  }
  std::size_t number_of(const read_family& f) const noexcept { return static_cast<std::size_t>(&f - out_.families.data()); }
  std::size_t family(const std::string& name) {
    if (const read_family* const f = find(name)) return number_of(*f);
    const read_family f = {name, "", metric_type::unknown, false, false, line_};
    index_.insert(index_.begin() + static_cast<std::ptrdiff_t>(place(name)), out_.families.size());
    out_.families.push_back(f);
    return out_.families.size() - 1;
  }
  /// The family that a line belongs to by what has been declared above it, as Prometheus' Go code decides it.
  std::size_t family_of_series(const std::string& name) {
    if (const read_family* const f = find(name)) return number_of(*f);
    const char* const suffixes[] = {"_count", "_sum", "_bucket"};
    for (const string_view suffix : suffixes) {
      if (!string_view(name).ends_with(suffix)) continue;
      const read_family* const f = find(string_view(name).first(name.size() - suffix.size()));
      if (f && (f->type == metric_type::histogram || (f->type == metric_type::summary && suffix != "_bucket"))) {
        return number_of(*f);
      }
    }
    return family(name);
  }

  exposition& out_;
  std::vector<std::size_t> index_;  // of out_.families, by name
  std::size_t line_;
  string_view rest_;
  std::string why_;
};

/// Reads a whole text. Returns: empty, or "line 3: what is wrong".
inline std::string read_exposition(string_view text, exposition& out) {
  line_reader lines(out);
  while (!text.empty()) {
    std::size_t n = 0;
    while (n < text.size() && text[n] != '\n') ++n;
    if (!lines.read(text.first(n))) return lines.why();
    text = text.from(n < text.size() ? n + 1 : n);
  }
  return std::string();
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_EXPOSITION_HPP

// ==== narthex/detail/comparison.hpp =============================================================
// narthex/detail/comparison.hpp - two expositions side by side, and their differences in words.
// Room: balconies. Read detail/exposition.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_COMPARISON_HPP
#define NARTHEX_DETAIL_COMPARISON_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>


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

// ==== narthex/detail/lint_rules.hpp =============================================================
// narthex/detail/lint_rules.hpp - the rules of `promtool check metrics`, in its words.
// Room: balconies. Read detail/exposition.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LINT_RULES_HPP
#define NARTHEX_DETAIL_LINT_RULES_HPP

#include <cstddef>
#include <string>
#include <vector>


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

// ==== narthex/testing.hpp =======================================================================
// narthex/testing.hpp - for users' tests: a value by name and labels, an exposition compared, names linted.
// Room: balconies. Read detail/comparison.hpp and detail/lint_rules.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TESTING_HPP
#define NARTHEX_TESTING_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
/// Helpers for tests, for any framework and for none. Their strings may throw std::bad_alloc; nothing else is thrown.
namespace testing {

/// A value that was looked for: a number, or absent, which is neither 0 nor NaN.
///
/// Compares with integers exactly, also beyond 2^53, and with doubles as a double; absent is equal to nothing. A test
/// framework prints it as it stands in the exposition, or as "absent".
class found {
 public:
  found() noexcept : exists_(false) {}
  explicit found(const number& value) noexcept : value_(value), exists_(true) {}

  bool exists() const noexcept { return exists_; }
  /// The number as it was counted; 0 when absent.
  const number& exact() const noexcept { return value_; }
  /// NaN when absent.
  operator double() const noexcept { return exists_ ? value_.as_double() : std::numeric_limits<double>::quiet_NaN(); }
  explicit operator bool() const = delete;  // NaN would be true: say exists(), or compare

  template <class Int>
  friend typename std::enable_if<std::is_integral<Int>::value, bool>::type operator==(const found& f, Int n) noexcept {
    return n < 0 ? f.is(true, 0 - static_cast<std::uint64_t>(n)) : f.is(false, static_cast<std::uint64_t>(n));
  }
  template <class Int>
  friend typename std::enable_if<std::is_integral<Int>::value, bool>::type operator==(Int n, const found& f) noexcept {
    return f == n;
  }
  template <class Int>
  friend typename std::enable_if<std::is_integral<Int>::value, bool>::type operator!=(const found& f, Int n) noexcept {
    return !(f == n);
  }
  template <class Int>
  friend typename std::enable_if<std::is_integral<Int>::value, bool>::type operator!=(Int n, const found& f) noexcept {
    return !(f == n);
  }
  friend bool operator==(const found& a, const found& b) noexcept {
    if (!a.exists_ || !b.exists_) return false;
    if (b.value_.is == number::kind::u64) return a == b.value_.u64;
    if (b.value_.is == number::kind::i64) return a == b.value_.i64;
    return a.value_.is == number::kind::u64   ? b == a.value_.u64
           : a.value_.is == number::kind::i64 ? b == a.value_.i64
                                              : a.value_.f64 == b.value_.f64;
  }
  friend bool operator!=(const found& a, const found& b) noexcept { return !(a == b); }

  /// Prints to anything that takes a C string by <<; no stream is included.
  template <class Stream>
  friend Stream& operator<<(Stream& out, const found& f) {
    out << f.text().c_str();
    return out;
  }
  /// As it stands in the exposition, or "absent".
  std::string text() const {
    if (!exists_) return "absent";
    char digits[detail::max_double_chars];
    char* const end = value_.is == number::kind::u64   ? detail::write_u64(digits, value_.u64)
                      : value_.is == number::kind::i64 ? detail::write_i64(digits, value_.i64)
                                                       : detail::write_double(digits, value_.f64);
    return std::string(digits, static_cast<std::size_t>(end - digits));
  }

 private:
  /// Whether this is that integer, given as sign and size.
  bool is(bool minus, std::uint64_t size) const noexcept {
    if (!exists_) return false;
    if (value_.is == number::kind::u64) return !minus && value_.u64 == size;
    if (value_.is == number::kind::i64) {
      const std::uint64_t mine = static_cast<std::uint64_t>(value_.i64);
      return minus == (value_.i64 < 0) && size == (minus ? 0 - mine : mine);
    }
    std::uint64_t odd = size;
    while (odd && odd % 2 == 0) odd /= 2;
    if (odd >> 53) return false;  // no double is this integer; a cast would round it to one
    const double rounded = static_cast<double>(size);
    return value_.f64 == (minus ? -rounded : rounded);
  }

  number value_;
  bool exists_;
};

}  // namespace testing

namespace detail {

/// Whether two label values are the same number, as le="1" and le="1.0" are.
inline bool same_number(string_view a, string_view b) {
  std::string x, y;
  return normal_number(a, x) && normal_number(b, y) && x == y;
}

/// Whether ready text (a="b",c="d") holds exactly the labels `given`, `own` left aside, in any order.
inline bool are_labels(string_view ready, std::initializer_list<label_pair> given, string_view own) {
  std::size_t pieces = 0;
  for (const label_pair& l : given) pieces += own.empty() || l.name != own;
  for (ready_labels one(ready); one.next();) {
    bool same = false;
    for (const label_pair& l : given) {
      if (l.name != one.name) continue;
      std::string wanted;
      append_quoted(wanted, l.value.text());
      same = one.value == wanted;
    }
    if (!same) return false;
    --pieces;
  }
  return pieces == 0;
}

/// Finds the line `suffix` of a sample with a bound or quantile `which`.
inline bool find_line(const sample& s, string_view suffix, string_view which, number& value) {
  const bool histogram = s.type != metric_type::summary;
  if (is_one_number(s.type)) return value = s.value, suffix.empty();
  if (suffix == "_sum") return value = s.sum, true;
  if (suffix == "_count") return value = s.count, true;
  if (suffix != (histogram ? "_bucket" : "")) return false;
  const unsigned n = histogram ? s.bounds->size() : s.quantile_count;
  value = std::uint64_t(0);
  for (unsigned i = 0; i < n; ++i) {
    char text[max_double_chars];
    char* const end = write_double(text, histogram ? (*s.bounds)[i] : s.quantiles[i]);
    if (histogram) value.u64 += s.counts[i];
    if (!same_number(string_view(text, static_cast<std::size_t>(end - text)), which)) continue;
    if (!histogram) value = s.quantile_values[i];
    return true;
  }
  value.u64 = s.count;
  return histogram && same_number("+Inf", which);
}

}  // namespace detail

namespace testing {

/// The value of one line of the exposition: its name, and all labels that stand in its braces, in any order.
///
/// Exactly those labels: constant labels and le or quantile included, so that no second series can be meant. A value of le or
/// quantile is compared as a number. Finds also x_bucket, x_sum and x_count.
/// Returns: the value, exact; absent when no such line would be written.
/// Cost:    a walk over the registry; callbacks and collectors are called as in a scrape.
inline found value(registry_core& registry, string_view name, std::initializer_list<label_pair> labels = {}) {
  walk series(registry);
  while (series.next()) {
    const sample& s = series.now();
    const std::size_t prefix = s.prefix.size(), size = prefix + s.name.size();
    if (name.size() < size || name.first(prefix) != s.prefix) continue;
    if (string_view(name.data() + prefix, s.name.size()) != s.name) continue;
    const string_view suffix = name.from(size);
    const bool is_bucket = !is_one_number(s.type) && suffix == "_bucket";
    const bool is_quantile = s.type == metric_type::summary && suffix.empty();
    const string_view own = is_bucket ? "le" : is_quantile ? "quantile" : "";
    string_view which;
    for (const label_pair& l : labels) {
      if (!own.empty() && l.name == own) which = l.value.text();
    }
    number n;
    if (detail::are_labels(s.labels, labels, own) && detail::find_line(s, suffix, which, n)) return found(n);
  }
  return found();
}
inline found value(string_view name, std::initializer_list<label_pair> labels = {}) {
  return value(default_registry(), name, labels);
}

/// How many series a metric shows; a histogram or summary with all its lines is one.
inline std::size_t series_count(registry_core& registry, string_view name) {
  std::size_t count = 0;
  walk series(registry);
  while (series.next()) {
    const sample& s = series.now();
    count += name.size() == s.prefix.size() + s.name.size() && name.first(s.prefix.size()) == s.prefix &&
             name.from(s.prefix.size()) == s.name;
  }
  return count;
}
inline std::size_t series_count(string_view name) { return series_count(default_registry(), name); }

/// Compares what the registry exposes with text written by hand.
///
///   const char* const expected = R"(
///     # TYPE jobs_total counter
///     jobs_total{kind="mail"} 3
///   )";
///   CHECK(nx::testing::compare(registry, expected, {"jobs_total"}) == "");
///
/// names:    metrics, or single lines' names as x_count; without any, everything is compared.
/// expected: text format 0.0.4 with blank lines and indentation, in any order of lines and labels. HELP and TYPE are compared where
///           they stand. Numbers are compared as decimals: 1, 1.0 and 1e0 are equal, 0.3 and 0.30000000000000004 are not.
/// Returns:  empty when they agree, else a line for each difference, the first 50. Expected text that cannot be read, or
///           that has a line which `names` leave out, is a difference, told with its line number.
inline std::string compare(registry_core& registry, string_view expected, std::initializer_list<string_view> names = {}) {
  detail::exposition wanted, got;
  const std::string bad = detail::read_exposition(expected, wanted);
  if (!bad.empty()) return "expected text, " + bad + "\n";
  const std::string text = to_text(registry);
  static_cast<void>(detail::read_exposition(text, got));
  return detail::comparison(got, wanted, names).text();
}
inline std::string compare(string_view expected, std::initializer_list<string_view> names = {}) {
  return compare(default_registry(), expected, names);
}

/// Finds what is unusual in names, labels and help, as `promtool check metrics` of Prometheus 3.5 does, in its words.
///
/// Returns: a line "metric problem" for each, sorted; empty when there is none. Text that cannot be read is the one problem.
/// Source:  client_golang, promlint; Prometheus, "Metric and label naming".
inline std::string lint_text(string_view exposition) {
  detail::exposition all;
  const std::string bad = detail::read_exposition(exposition, all);
  return bad.empty() ? detail::linter(all).run() : bad + "\n";
}
inline std::string lint(registry_core& registry = default_registry()) { return lint_text(to_text(registry)); }

}  // namespace testing
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_TESTING_HPP
