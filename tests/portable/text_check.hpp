// tests/portable/text_check.hpp - a strict reader of text format 0.0.4, for expositions nobody wrote down beforehand.
//
// It takes what narthex promises, which is less than parsers take: HELP, TYPE and samples of one family together,
// families by name, no timestamps, no blanks but one, valid UTF-8, three escapes, no series twice, whole histograms and
// summaries.
#ifndef NARTHEX_TESTS_TEXT_CHECK_HPP
#define NARTHEX_TESTS_TEXT_CHECK_HPP

#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "check.hpp"
#include "number_text.hpp"

namespace check {

class text_reader {
 public:
  /// Null when the text is good; otherwise what is wrong, and line() says where.
  const char* read(const char* text, std::size_t size) {
    at_ = text;
    end_ = text + size;
    line_ = 0;
    samples_ = 0;
    name_size_ = last_size_ = 0;
    std::memset(seen_, 0, sizeof seen_);
    while (at_ < end_) {
      if (const char* wrong = family()) return wrong;
    }
    return nullptr;
  }
  unsigned line() const { return line_; }
  unsigned long samples() const { return samples_; }

 private:
  enum : std::size_t { max_series = std::size_t(1) << 16 };

  bool take(const char* word) {
    const std::size_t n = std::strlen(word);
    if (static_cast<std::size_t>(end_ - at_) < n || std::memcmp(at_, word, n) != 0) return false;
    at_ += n;
    return true;
  }
  bool next_is(char c) const { return at_ < end_ && *at_ == c; }

  static bool is_name_byte(char c, bool first, bool colon) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
           (!first && c >= '0' && c <= '9');
  }
  std::size_t take_name(bool colon) {
    std::size_t n = 0;
    while (at_ < end_ && is_name_byte(*at_, n == 0, colon)) ++at_, ++n;
    return n;
  }

  /// One character of UTF-8, or nothing. Bounds are compared with the code point, unlike the library's own check.
  bool take_character() {
    const unsigned char lead = static_cast<unsigned char>(*at_);
    const int more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : -1;
    if (more < 0 || end_ - at_ <= more) return false;
    std::uint32_t point = more ? lead & (0x3fu >> more) : lead;
    for (int i = 1; i <= more; ++i) {
      const unsigned char c = static_cast<unsigned char>(at_[i]);
      if (c >> 6 != 2) return false;
      point = point << 6 | (c & 0x3f);
    }
    static const std::uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    at_ += more + 1;
    return true;
  }
  /// Text up to `stop`, with the escapes of the place.
  const char* take_text(char stop, bool quoted) {
    while (at_ < end_ && *at_ != stop) {
      if (*at_ == '\n') return "a newline inside a label value";
      if (*at_ == '\\') {
        ++at_;
        if (!(next_is('\\') || next_is('n') || (quoted && next_is('"')))) return "an escape that does not exist";
        ++at_;
      } else if (!take_character()) {
        return "broken UTF-8";
      }
    }
    return at_ < end_ ? nullptr : "the text ends too early";
  }

  const char* family() {
    ++line_;
    if (!take("# HELP ")) return "a family must begin with HELP";
    name_ = at_;
    name_size_ = take_name(true);
    if (name_size_ == 0 || !take(" ")) return "bad metric name in HELP";
    if (last_size_ != 0) {
      const std::size_t common = last_size_ < name_size_ ? last_size_ : name_size_;
      const int order = std::memcmp(last_, name_, common);
      if (order > 0 || (order == 0 && last_size_ >= name_size_)) return "families must stand in name order, each once";
    }
    if (const char* wrong = take_text('\n', false)) return wrong;
    ++at_;
    ++line_;
    if (!take("# TYPE ")) return "TYPE must follow HELP";
    const char* const typed = at_;
    if (take_name(true) != name_size_ || std::memcmp(typed, name_, name_size_) != 0) return "TYPE of another metric";
    type_ = take(" counter\n")     ? 'c'
            : take(" gauge\n")     ? 'g'
            : take(" untyped\n")   ? 'u'
            : take(" histogram\n") ? 'h'
            : take(" summary\n")   ? 's'
                                   : '?';
    if (type_ == '?') return "bad type";
    if (at_ == end_ || *at_ == '#') return "a family without samples";
    open_ = false;
    while (at_ < end_ && *at_ != '#') {
      ++line_;
      if (const char* wrong = sample()) return wrong;
    }
    last_ = name_;
    last_size_ = name_size_;
    return open_ ? "a histogram or summary is not whole" : nullptr;
  }

  static std::uint64_t mixed(std::uint64_t state, const char* from, const char* to) {
    for (; from < to; ++from) state = (state ^ static_cast<unsigned char>(*from)) * 0x100000001b3u;
    return state ^ state >> 29;
  }

  const char* sample() {
    const char* const name = at_;
    const std::size_t n = take_name(true);
    if (n < name_size_ || std::memcmp(name, name_, name_size_) != 0) return "a sample of another family";
    const std::size_t tail_size = n - name_size_;
    const char* const tail = name + name_size_;
    const char part = tail_size == 0                   ? ' '
                      : is(tail, tail_size, "_bucket") ? 'b'
                      : is(tail, tail_size, "_sum")    ? 's'
                      : is(tail, tail_size, "_count")  ? 'c'
                                                       : '?';
    const bool fits = type_ == 'h'   ? part == 'b' || part == 's' || part == 'c'
                      : type_ == 's' ? part == ' ' || part == 's' || part == 'c'
                                     : part == ' ';
    if (!fits) return "a sample name that the type does not have";

    // The series, whatever order its labels have; and apart from le and quantile, to tell where the next one begins.
    std::uint64_t labels = 0, edge_hash = 0;
    double edge = 0;
    bool has_edge = false;
    std::uint64_t names[64];
    unsigned count = 0;
    if (next_is('{')) {
      do {
        ++at_;
        const char* const label = at_;
        const std::size_t label_size = take_name(false);
        if (label_size == 0 || !take("=\"")) return "bad label name";
        const char* const value = at_;
        if (const char* wrong = take_text('"', true)) return wrong;
        const std::uint64_t name_hash = mixed(0xcbf29ce484222325u, label, label + label_size);
        for (unsigned i = 0; i < count; ++i) {
          if (names[i] == name_hash) return "a label name twice";
        }
        if (count == 64) return "too many labels for this reader";
        names[count++] = name_hash;
        const std::uint64_t both = mixed(name_hash + 1, value, at_);
        if ((part == 'b' && is(label, label_size, "le")) ||
            (type_ == 's' && part == ' ' && is(label, label_size, "quantile"))) {
          if (!number(value, at_, edge)) return "le or quantile is no number";
          has_edge = true;
          edge_hash = both;
        } else if (has_edge) {
          return "le or quantile must be the last label";
        } else {
          labels += both;
        }
        ++at_;
      } while (next_is(','));
      if (!take("}")) return "a label list that does not end";
    }
    if (!take(" ")) return "one blank must stand before the value";
    const char* const value = at_;
    while (at_ < end_ && *at_ != '\n') ++at_;
    double amount = 0;
    if (at_ == end_ || !number(value, at_, amount)) return "bad value";
    ++samples_;
    const std::uint64_t series = mixed(0xcbf29ce484222325u, name, name + n) * 31 + labels + edge_hash * 7;
    if (!remember(series | 1)) return "a series twice";
    const char* const wrong = type_ == 'h' || type_ == 's' ? whole(part, labels, has_edge, edge, value) : nullptr;
    ++at_;
    return wrong;
  }

  /// Keeps track of the lines of one histogram or summary. `value` ends at at_.
  const char* whole(char part, std::uint64_t labels, bool has_edge, double edge, const char* value) {
    const std::size_t size = static_cast<std::size_t>(at_ - value);
    if (!open_) {
      if (type_ == 'h' && part != 'b') return "a histogram must begin with a bucket";
      if (type_ == 's' && part == 'c') return "a summary without a sum";
      open_ = true;
      labels_ = labels;
      stage_ = 0;
      edges_ = 0;
      plain_ = 0;
      infinite_ = false;
    }
    if (labels != labels_) return "samples of two series are mixed";
    if (part == 'b' || part == ' ') {
      if (stage_ != 0) return "a bucket or quantile behind the sum";
      if (!has_edge) return "le or quantile is missing";
      if (edges_++ && !(edge > edge_)) return "le or quantile must increase";
      edge_ = edge;
      if (part == ' ') return nullptr;
      infinite_ = edge > DBL_MAX;
      return take_count(value, size) ? nullptr : "a bucket's count is no whole number, or decreases";
    }
    if (part == 's') {
      if (stage_++ != 0) return "a sum twice";
      return type_ == 'h' && !infinite_ ? "the +Inf bucket is missing" : nullptr;
    }
    open_ = false;
    const std::uint64_t before = plain_;
    if (stage_ != 1) return "count must follow sum";
    if (!take_count(value, size)) return "count is no whole number";
    return type_ == 'h' && plain_ != before ? "count is not the +Inf bucket" : nullptr;
  }
  bool take_count(const char* text, std::size_t size) {
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (text[i] < '0' || text[i] > '9') return false;
      n = n * 10 + static_cast<unsigned>(text[i] - '0');
    }
    const bool grows = size > 0 && n >= plain_;
    plain_ = n;
    return grows;
  }

  bool remember(std::uint64_t series) {
    std::size_t i = static_cast<std::size_t>(series >> 20) % max_series;
    for (; seen_[i]; i = (i + 1) % max_series) {
      if (seen_[i] == series) return false;
    }
    seen_[i] = series;
    return samples_ < max_series;
  }

  const char* at_;
  const char* end_;
  const char* name_;
  const char* last_;
  std::size_t name_size_, last_size_;
  std::uint64_t labels_, plain_, seen_[max_series];
  unsigned long samples_;
  unsigned line_, stage_, edges_;
  double edge_;
  char type_;
  bool open_, infinite_;
};

inline text_reader& reader() {
  static text_reader only;
  return only;
}

/// Prints what is wrong, and the line.
inline bool good_text(const char* text, std::size_t size, const char* file, int at) {
  const char* const wrong = reader().read(text, size);
  if (wrong && count_failure()) {
    const char* line = text;
    for (unsigned i = 1; i < reader().line() && line; ++i)
      line = std::strchr(line, '\n') ? std::strchr(line, '\n') + 1 : line;
    std::printf("%s:%d: failed: %s, line %u: %.200s\n", file, at, wrong, reader().line(), line);
  }
  return !wrong;
}

}  // namespace check

#define CHECK_GOOD_TEXT(text, size) (check::good_text((text), (size), __FILE__, __LINE__))

#endif  // NARTHEX_TESTS_TEXT_CHECK_HPP
