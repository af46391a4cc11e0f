// narthex/sample.hpp - what a scrape reads of one series: the one interface between registry and formats.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_SAMPLE_HPP
#define NARTHEX_SAMPLE_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"
#include "narthex/desc.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

struct sample;
namespace detail {
class line_writer;
struct utf8_names;
/// Writes the lines of a histogram, a summary, a counter with more than its number; defined in detail/line_writer.hpp.
template <metric_type Type>
struct sample_text {
  static void write(line_writer& to, const sample& s);
};
}  // namespace detail

/// A value as it was counted: integers stay exact to 64 bits.
///
/// In a build without a heap a double brings its text's writer along, so that a program without doubles links none.
struct number {
  enum class kind : std::uint8_t { u64, i64, f64 };
  kind is;
  union {
    std::uint64_t u64;
    std::int64_t i64;
    double f64;
  };
  number() noexcept : is(kind::u64), u64(0) {}
  number(std::uint64_t value) noexcept : is(kind::u64), u64(value) {}
  number(std::int64_t value) noexcept : is(kind::i64), i64(value) {}
#if NARTHEX_HAS(HEAP)
  number(double value) noexcept : is(kind::f64), f64(value) {}
  char* write_f64(char* out) const noexcept { return detail::write_double(out, f64); }
#else
  number(double value) noexcept : is(kind::f64), f64(value), writer(&detail::write_double<>) {}
  char* write_f64(char* out) const noexcept { return writer(out, f64); }
  char* (*writer)(char*, const double&);
#endif
  // Members one by one: of a whole object GCC 12 copies the union byte by byte.
  number& operator=(std::uint64_t value) noexcept {
    is = kind::u64;
    u64 = value;
    return *this;
  }
  number& operator=(std::int64_t value) noexcept {
    is = kind::i64;
    i64 = value;
    return *this;
  }
  number& operator=(double value) noexcept {
    is = kind::f64;
    f64 = value;
#if !NARTHEX_HAS(HEAP)
    writer = &detail::write_double<>;
#endif
    return *this;
  }
  double as_double() const noexcept {
    return is == kind::u64 ? static_cast<double>(u64) : is == kind::i64 ? static_cast<double>(i64) : f64;
  }
};

/// An observation that stands for its bucket, or an addition for its counter: where a trace of it can be found.
struct exemplar_sample {
  unsigned bucket;       ///< of a histogram; 0 of a counter
  string_view labels;    ///< ready, as sample::labels; never empty
  number value;
  std::int64_t time_ns;  ///< since 1970; 0: none was given
};

/// What a scrape that asks for exemplars brings as room for those of one series; what does not fit is left out.
struct exemplar_room {
  enum : std::size_t { most = NARTHEX_HAS(HEAP) ? 64 : 8, text_bytes = NARTHEX_HAS(HEAP) ? 6144 : 512 };
  exemplar_sample list[most];
  char text[text_bytes];
};

#if NARTHEX_HAS(HEAP)
namespace detail {
struct reading;
}
/// The buckets of a native histogram at one moment: those that were ever hit.
///
/// Shape: indexes[positive + negative], counts[positive + negative]; first the positive ones, each sign's in increasing order.
///        zero_count and all counts together are the sample's count.
struct native_counts {
  int schema;
  double zero_threshold;
  std::uint64_t zero_count;
  unsigned positive, negative;
  const std::int32_t* indexes;
  const std::uint64_t* counts;
  bool restarts;  ///< the histogram counts from zero after this
  void (*merge)(detail::reading& to, const sample& other);  ///< for a walk: adds another's buckets to its own
};
#endif

/// One series at one moment, with the family it belongs to.
///
/// Views point into memory that stays as it is until the walk that filled the sample moves on.
struct sample {
#if !NARTHEX_HAS(HEAP)
  /// As number::writer: what a series brings along that is not plain.
  void (*lines)(detail::line_writer&, const sample&);
#endif
  // the family
  metric_type type;
  string_view prefix;   ///< the registry's; the full name is prefix + name
  string_view name;
  string_view help;     ///< as the user wrote it; a format repairs and escapes it
#if NARTHEX_HAS(HEAP)
  string_view unit;     ///< what the name ends in, but for _total: "seconds"; empty when the user said none
#endif
  bool starts_family;   ///< the first series of its name in this scrape

  // the series
  string_view labels;   ///< ready: a="b",c="d" without braces, repaired and escaped
  bool is_plain;        ///< one number and nothing else: no time, no created time, no exemplar
#if NARTHEX_HAS(HEAP)
  bool has_time;        ///< a collector said when it was measured
  std::int64_t time_ms;     ///< when, since 1970; may be negative
  std::int64_t created_ns;  ///< since when it counts from zero, since 1970; 0: nobody knows
#endif

  // counter, histogram: in a scrape that asks for them (walk::want_exemplars), at most one for each bucket, in their order
  const exemplar_sample* exemplars;  ///< exemplars[exemplar_count]
  unsigned exemplar_count;

  /// Null: the metric's name and its labels' are all of the legacy alphabet. Otherwise some may be any UTF-8; such a label's
  /// name stands in quotes, escaped as a value is: "http.method"="GET",code="200".
  const detail::utf8_names* utf8;

  // counter, gauge, info (1), state_set (0 or 1 for the state in `labels`), unknown
  number value;

  // histogram, gauge_histogram, summary
  double sum;
  std::uint64_t count;                     ///< the sum of all `counts`
  const buckets* bounds;                   ///< histograms: the upper bounds
  const std::uint64_t* counts;             ///< counts[bounds->size() + 1], each bucket alone, the last for +Inf
  const double* quantiles;                 ///< summary: which[quantile_count]
  const double* quantile_values;           ///< summary: value[quantile_count]; NaN when the window is empty
  unsigned quantile_count;
#if NARTHEX_HAS(HEAP)
  const native_counts* native;             ///< native histogram: its buckets; null for everything else
#endif
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_SAMPLE_HPP
