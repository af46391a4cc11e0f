// narthex/detail/line_writer.hpp - a sample as lines of text: what text format 0.0.4 and OpenMetrics have in common.
// Room: print shop. Read walk.hpp and detail/chunk_writer.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LINE_WRITER_HPP
#define NARTHEX_DETAIL_LINE_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/chunk_writer.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/sample.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What a format of lines has of its own. None of it is asked for a series that is a plain number, but by doubles.
///
/// Functions, not template parameters: the lines of both formats are one code, and a program without a heap links what it
/// uses.
struct line_rules {
  /// Writes what stands above a family.
  void (*head)(line_writer&, const sample&);
  /// Writes a series that is one number and more. Null: as a number, with its time.
  void (*number)(line_writer&, const sample&);
  /// Changes a double's digits in place; null: they are right. There is room for max_double_chars.
  char* (*respell)(char* begin, char* end);
  /// Writes what stands behind a value before the line ends: time, exemplar. bucket: no_bucket for what has none. Null in a
  /// format that asks for no exemplars: times are left out.
  void (*behind)(line_writer&, const sample&, unsigned bucket);
  /// Writes _sum and _count as far as they may be shown, by `both` if they may, and what follows them; null: calls `both`. And
  /// if it is not null, a summary's negative quantiles are left out.
  ///
  /// both: handed in, so that a program without a sum does not link the digits of doubles.
  void (*totals)(line_writer&, const sample&, void (*both)(line_writer&, const sample&));
#if NARTHEX_HAS(HEAP)
  /// What a gauge histogram's are called.
  const char *gauge_sum, *gauge_count;
#endif
};
enum : unsigned { no_bucket = ~0u };

/// One family after the other.
///
/// Source: Prometheus, "Exposition formats", Text format details; OpenMetrics 1.0, Text format.
class line_writer {
 public:
  line_writer(chunk_writer& to, const line_rules& rules) noexcept : out_(to), rules_(rules), stem_size_(0), quoted_(false) {
    for (bound_text& b : bounds_) b.size = 0;
  }

  void write(const sample& s) {
    if (s.starts_family) begin_family(s);
    if (NARTHEX_DETAIL_LIKELY(s.is_plain)) return line_of(s, "", s.value);
#if NARTHEX_HAS(HEAP)
    if (is_one_number(s.type)) sample_text<metric_type::counter>::write(*this, s);
    else if (s.type == metric_type::summary) sample_text<metric_type::summary>::write(*this, s);
    else sample_text<metric_type::histogram>::write(*this, s);
#else
    s.lines(*this, s);
#endif
  }

  /// To who has not asked for more.
  static name_escaping names() noexcept { return name_escaping::underscores; }

  // ---- for the formats ----

  chunk_writer& out() noexcept { return out_; }
  /// A comment's beginning; name: the sample's, or less of it.
  NARTHEX_DETAIL_COLD void comment(const char* mark, const sample& s, string_view name) {
    out_.words(mark);
    if (is_quoted()) put_quoted(s, name, "");
    else name_of(s, name);
    out_.put(' ');
  }
  /// A line with what stands behind its value. label: `name="` in front of the number `which`; null: there is none.
  NARTHEX_DETAIL_NOINLINE void line_in_parts(const sample& s, const char* suffix, const number& n, unsigned bucket = no_bucket,
                                             const char* label = nullptr, const number* which = nullptr) {
    begin_line(s, s.name, suffix, label, which);
    out_.put(' ');
    value_in_parts(n);
    if (s.exemplar_count || (has_time(s) && rules_.behind)) rules_.behind(*this, s, bucket);
    out_.put('\n');
  }
  /// A line up to the blank before its value; name: the sample's, or less of it.
  void begin_line(const sample& s, string_view name, const char* suffix, const char* label = nullptr,
                  const number* which = nullptr) {
    char before = '{';
    if (is_quoted()) {
      out_.put(before);
      put_quoted(s, name, suffix);
      before = ',';
    } else {
      name_of(s, name);
      out_.words(suffix);
    }
    if (!s.labels.empty()) {
      out_.put(before);
      out_(s.labels);
      before = ',';
    }
    if (label) {
      out_.put(before);
      out_.words(label);
      value_in_parts(*which);
      out_.put('"');
      before = ',';
    }
    if (before == ',') out_.put('}');
  }
  NARTHEX_DETAIL_NOINLINE void value_in_parts(const number& n) {
    char text[max_double_chars];
    out_(text, static_cast<std::size_t>(digits(text, n) - text));
  }
  /// One function for each suffix, so that the line of a counter is inline in the loop over series.
  template <std::size_t n>
  void line_of(const sample& s, const char (&suffix)[n], const number& value) {
    if (!out_.has_room(stem_size_ + n + s.labels.size() + 4 + max_double_chars + slack)) return line_in_parts(s, suffix, value);
    char* at = put_name<n - 1>(out_.at(), suffix);
    if (!s.labels.empty()) {
      at = copy_bytes(at, s.labels.data(), s.labels.size());
      std::memcpy(at, "} ", 2);
      at += 2;
    } else {
      at[-1] = ' ';
    }
    const bool is_short = value.is == number::kind::u64 && value.u64 < 100000000u;
    if (NARTHEX_DETAIL_LIKELY(is_short)) at = write_up_to_8(at, static_cast<std::uint32_t>(value.u64));
    else at = digits(at, value);
    *at++ = '\n';
    out_.done(at);
  }

  static bool has_time(const sample& s) noexcept {
#if NARTHEX_HAS(HEAP)
    return s.has_time;
#else
    return static_cast<void>(s), false;
#endif
  }

 private:
  template <metric_type Type>
  friend struct sample_text;

  NARTHEX_DETAIL_COLD void begin_family(const sample& s) {
    quoted_ = NARTHEX_HAS(HEAP) && s.utf8 && !is_legacy_name(s.prefix, s.name);
    rules_.head(*this, s);
    if (!NARTHEX_HAS(HEAP)) return;
    stem_size_ = s.prefix.size() + s.name.size();
    if (stem_size_ >= stem_room || quoted_) {
      stem_size_ = ~std::size_t(0) / 2;  // no chunk has room for that at once
    } else {
      *copy_bytes(copy_bytes(stem_, s.prefix.data(), s.prefix.size()), s.name.data(), s.name.size()) = '{';
    }
  }
  void name_of(const sample& s, string_view name) {
    out_(s.prefix);
    out_(name);
  }
  bool is_quoted() const noexcept { return NARTHEX_HAS(HEAP) && quoted_; }
  NARTHEX_DETAIL_COLD void put_quoted(const sample& s, string_view name, string_view suffix) {
    out_("\"", 1);
    put_safe(s.prefix, quoting::label_value, out_);
    put_safe(name, quoting::label_value, out_);
    out_(suffix);
    out_("\"", 1);
  }

  char* digits(char* to, const number& n) const noexcept {
    if (n.is == number::kind::f64) {
      char* const end = n.write_f64(to);
      return rules_.respell ? rules_.respell(to, end) : end;
    }
    const bool is_below_zero = n.is == number::kind::i64 && n.i64 < 0;
    *to = '-';
    return write_u64(to + is_below_zero, is_below_zero ? 0 - n.u64 : n.u64);
  }

  // What follows is written at once, and may touch `slack` bytes behind its end: room is asked for with that.
  enum : std::size_t { slack = 32 };

  /// The name, the suffix and a brace, in whole blocks.
  template <std::size_t suffix_size>
  char* put_name(char* to, const char (&suffix)[suffix_size + 1]) const noexcept {
    const std::size_t size = stem_size_;
    for (std::size_t i = 0; i <= size; i += 32) std::memcpy(to + i, stem_ + i, 32);
    if (suffix_size) {  // the brace alone stands behind the name
      std::memcpy(to + size, suffix, suffix_size);
      to[size + suffix_size] = '{';
    }
    return to + size + suffix_size + 1;
  }

  NARTHEX_DETAIL_NOINLINE static void sum_and_count(line_writer& to, const sample& s) {
#if NARTHEX_HAS(HEAP)
    const bool is_gauge = s.type == metric_type::gauge_histogram;
    if (is_gauge || s.has_time) {
      to.line_in_parts(s, is_gauge ? to.rules_.gauge_sum : "_sum", s.sum);
      return to.line_in_parts(s, is_gauge ? to.rules_.gauge_count : "_count", s.count);
    }
#endif
    to.line_of(s, "_sum", s.sum);
    to.line_of(s, "_count", s.count);
  }
  NARTHEX_DETAIL_COLD void quantile_lines(const sample& s) {
    for (unsigned i = 0; i < s.quantile_count; ++i) {
      if (rules_.totals && is_less(s.quantile_values[i], 0)) continue;
      const number which = s.quantiles[i];
      line_in_parts(s, "", s.quantile_values[i], no_bucket, "quantile=\"", &which);
    }
  }

  /// The lines of a histogram differ from one another in few bytes: the others are put together once for all of them,
  /// the bounds' digits mostly once for all series.
  void bucket_lines(const sample& s) {
    char begins[start_room];
    char* begins_end = begins;
    const bool is_bare = s.exemplar_count == 0 && !has_time(s);
    const bool fits = NARTHEX_HAS(HEAP) && is_bare && stem_size_ + s.labels.size() + 9 + slack <= start_room;
    if (fits) {
      begins_end = put_name<7>(begins, "_bucket");
      if (!s.labels.empty()) {
        begins_end = copy_bytes(begins_end, s.labels.data(), s.labels.size());
        *begins_end++ = ',';
      }
    }
    const std::size_t begins_size = static_cast<std::size_t>(begins_end - begins);
    const bound_text infinity = {0, 11, "le=\"+Inf\"} "};
    std::uint64_t cumulative = 0;
    const unsigned n = s.bounds->size();
    for (unsigned i = 0; i <= n; ++i) {
      cumulative += s.counts[i];
      if (!fits || !out_.has_room(begins_size + sizeof infinity.text + max_u64_chars + 1)) {
        const number bound = i < n ? (*s.bounds)[i] : bits_double(std::uint64_t{0x7ff} << 52);
        line_in_parts(s, "_bucket", cumulative, i, "le=\"", &bound);
        continue;
      }
      const bound_text& bound = i < n ? text_of(i, (*s.bounds)[i]) : infinity;
      char* at = copy_bytes(out_.at(), begins, begins_size);
      std::memcpy(at, bound.text, sizeof bound.text);
      at = write_u64(at + bound.size, cumulative);
      *at++ = '\n';
      out_.done(at);
    }
  }

  /// le="bound"} and a space, copied whole. A double has 24 characters at most.
  struct bound_text {
    double bound;
    unsigned size;
    char text[32];
  };
  const bound_text& text_of(unsigned i, const double& bound) noexcept {
    bound_text& b = bounds_[i % remembered];
    if (b.size == 0 || double_bits(b.bound) != double_bits(bound)) {
      char all[4 + max_double_chars + 3] = {'l', 'e', '=', '"'};
      char* const end = digits(all + 4, bound);
      std::memcpy(end, "\"} ", 3);
      b.bound = bound;
      b.size = static_cast<unsigned>(end + 3 - all);
      std::memcpy(b.text, all, sizeof b.text);
    }
    return b;
  }

  enum : unsigned { remembered = NARTHEX_HAS(HEAP) ? 24 : 1, start_room = NARTHEX_HAS(HEAP) ? 512 : 1 };
  enum : std::size_t { stem_room = NARTHEX_HAS(HEAP) ? 128 : 1 };
  chunk_writer& out_;
  const line_rules& rules_;
  std::size_t stem_size_;
  char stem_[stem_room];
  bound_text bounds_[remembered];
  bool quoted_;  // the name of the family in hand stands in quotes, inside the braces
};

template <metric_type Type>
NARTHEX_DETAIL_NOINLINE void sample_text<Type>::write(line_writer& to, const sample& s) {
  if (Type == metric_type::counter) {
    if (to.rules_.number) to.rules_.number(to, s);
    else to.line_in_parts(s, "", s.value);
    return;
  }
  if (Type == metric_type::histogram) to.bucket_lines(s);
  else to.quantile_lines(s);
  if (to.rules_.totals) to.rules_.totals(to, s, &line_writer::sum_and_count);
  else line_writer::sum_and_count(to, s);
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_LINE_WRITER_HPP
