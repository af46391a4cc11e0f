// narthex/detail/exposition.hpp - reads text format 0.0.4 back, for tests.
// Room: balconies. Read text_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPOSITION_HPP
#define NARTHEX_DETAIL_EXPOSITION_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/normal_number.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/sample.hpp"
#include "narthex/string_view.hpp"

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
