// narthex/openmetrics.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/detail/exposition_format.hpp ======================================================
// narthex/detail/exposition_format.hpp - a format that an endpoint can offer; who includes no further one has text alone.
// Room: print shop. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP
#define NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

class chunk_writer;

/// What an endpoint needs to know of a format: constant tables and functions, handed out by reference, as
/// http_server_options().offer(nx::openmetrics()) takes it.
///
/// An answer is written series by series, between rests of the walk: begin(), then write() for each series, then end(); or
/// drop() alone, wherever the answer was broken off. After end() drop() is called, too.
struct exposition_format {
  /// What a clause of an Accept header may ask for, and the Content-Type that answers it. One that ends in "escaping="
  /// is completed with the scheme of that clause, and names are shown by it; with any other, names are shown as `names`
  /// says.
  struct version {
    const char* asked;         // the clause's `version`
    const char* content_type;  // null: there is no such version
  };
  struct parameter {
    const char* name;  // null: none
    const char* value;
  };
  /// Bytes of writers that every scrape has in place. Who needs more allocates in begin() and frees in drop().
  enum : std::size_t { most_bytes = NARTHEX_HAS(HEAP) ? 2048 : 256 };

  const char* media_type;  // "application/openmetrics-text"; compared without regard to case
  parameter needs[2];      // what a clause must say beside that, as protobuf's `proto` and `encoding`
  version versions[2];     // the first is for clauses that name none, too; the same again is for those that name a scheme
  name_escaping names;
  /// Null: chosen by Accept at the path of the metrics. ".json": served at that path with this behind it, whatever Accept
  /// says.
  const char* ending;
  std::size_t bytes;       // of the writer, at most most_bytes; aligned as 64 bits are

  /// Makes a writer in `memory`. False: no memory; then there is no drop(), and the answer is text.
  bool (*begin)(void* memory, chunk_writer& out);
  /// Writes a series. Of its names none are outside the legacy alphabet, unless `s.utf8` says so: then they are to be
  /// shown as they are.
  void (*write)(void* memory, const sample& s);
  /// Writes what follows the last series.
  void (*end)(void* memory);
  /// Frees what begin() took. Null: nothing.
  void (*drop)(void* memory);
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP

// ==== narthex/detail/exemplar_writer.hpp ========================================================
// narthex/detail/exemplar_writer.hpp - a format that shows exemplars, with the room that they are read into.
// Room: print shop. Read detail/exposition_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXEMPLAR_WRITER_HPP
#define NARTHEX_DETAIL_EXEMPLAR_WRITER_HPP

#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

// A `Writer` here has a constructor Writer(chunk_writer&, exemplar_room*); without room it leaves exemplars out.

/// For write_all(): the room is inside.
template <class Writer>
class with_exemplars : public Writer {
 public:
  explicit with_exemplars(chunk_writer& to) noexcept : Writer(to, &room_) {}

 private:
  exemplar_room room_;
};

/// For an endpoint: what an exposition_format calls. Without memory, or without a heap, exemplars are left out.
template <class Writer>
struct offered_writer {
  struct place : Writer {
    place(chunk_writer& to, exemplar_room* exemplars) noexcept : Writer(to, exemplars), room(exemplars) {}
    exemplar_room* room;
  };
  static_assert(sizeof(place) <= exposition_format::most_bytes, "an endpoint has no more room");

  static bool begin(void* memory, chunk_writer& out) {
    exemplar_room* room = nullptr;
#if NARTHEX_HAS(HEAP)
    if (void* const more = allocate(sizeof(exemplar_room))) room = new (more) exemplar_room;
#endif
    new (memory) place(out, room);
    return true;
  }
  static void write(void* memory, const sample& s) { static_cast<place*>(memory)->write(s); }
  static void end(void* memory) { static_cast<place*>(memory)->end(); }
#if NARTHEX_HAS(HEAP)
  static void drop(void* memory) { release(static_cast<place*>(memory)->room); }
#else
  static constexpr void (*drop)(void*) = nullptr;
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_EXEMPLAR_WRITER_HPP

// ==== narthex/openmetrics.hpp ===================================================================
// narthex/openmetrics.hpp - the registry as OpenMetrics 1.0 text.
// Room: balconies. Read detail/line_writer.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OPENMETRICS_HPP
#define NARTHEX_OPENMETRICS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Which lengths of the name in hand are names themselves: of a, a_b, a_b_c every one begins the next.
///
/// Names come in their order, so whatever a name begins with was written shortly before it.
class name_lengths {
 public:
  name_lengths() noexcept { std::memset(bits_, 0, sizeof bits_); }
  /// Of the name before, only the first `common` bytes are the next one's, too.
  void keep(std::size_t common) noexcept {
    for (std::size_t i = 0; i < words; ++i) {
      const std::size_t from = i * 32;
      if (common < from) bits_[i] = 0;
      else if (common - from < 31) bits_[i] &= (std::uint32_t(2) << (common - from)) - 1;
    }
  }
  void add(std::size_t size) noexcept {
    if (size < words * 32) bits_[size / 32] |= std::uint32_t(1) << size % 32;
  }
  /// What is too long to remember counts as there.
  bool has(std::size_t size) const noexcept { return size >= words * 32 || (bits_[size / 32] >> size % 32 & 1) != 0; }

 private:
  enum : std::size_t { words = 8 };
  std::uint32_t bits_[words];
};

/// One family after the other, in OpenMetrics 1.0.
///
/// Source: OpenMetrics 1.0, Text format and Exposer requirements.
class openmetrics_writer : public line_writer {
 public:
  /// exemplars: room to read them into; null: they are left out.
  openmetrics_writer(chunk_writer& to, exemplar_room* exemplars) noexcept
      : line_writer(to, rules<void>::table), before_(), cut_(0), is_counter_(false) {
    if (exemplars) to.source().want_exemplars(*exemplars);
  }
  void end() { out()("# EOF\n"); }

 private:
  template <class Once>
  struct rules {
    static const line_rules table;
  };

  static string_view type_word(metric_type type) noexcept {
    switch (type) {
      case metric_type::counter: return "counter";
      case metric_type::histogram: return "histogram";
      case metric_type::gauge_histogram: return "gaugehistogram";
      case metric_type::summary: return "summary";
      case metric_type::info: return "info";
      case metric_type::state_set: return "stateset";
      case metric_type::unknown: return "unknown";
      case metric_type::gauge: break;
    }
    return "gauge";
  }

  /// How many bytes of a sample's name its family's name has not. A counter whose family would have the name of another one,
  /// or a sample that another one has, keeps its whole name and becomes unknown; so does one without _total, and an info.
  NARTHEX_DETAIL_COLD void take_name(const sample& s) noexcept {
    const full_name name = {s.prefix, s.name};
    const std::size_t size = name.size();
    std::size_t common = 0;
    static_cast<void>(relate(name, before_, common));
    before_ = name;
    names_.keep(common);
    created_.keep(common);
    cut_ = 0;
    if (s.type == metric_type::counter && s.name.ends_with("_total") && size > 6 && !created_.has(size - 6)) cut_ = 6;
    if (s.type == metric_type::info) cut_ = 5;
    if (cut_ && (s.name.size() <= cut_ || names_.has(size - cut_))) cut_ = 0;
    is_counter_ = cut_ == 6;
    names_.add(size);
    if (cut_) names_.add(size - cut_);
    if (s.name.ends_with("_created")) created_.add(size - 8);
  }

  NARTHEX_DETAIL_COLD static void head(line_writer& lines, const sample& s) {
    openmetrics_writer& to = static_cast<openmetrics_writer&>(lines);
    to.take_name(s);
    const bool has_cut = s.type == metric_type::counter || s.type == metric_type::info;
    const string_view family = s.name.first(s.name.size() - to.cut_);
    to.comment("# TYPE ", s, family);
    to.out()(type_word(has_cut && !to.cut_ ? metric_type::unknown : s.type));
#if NARTHEX_HAS(HEAP)
    const std::size_t unit = s.unit.size();
    if (unit && family.size() > unit && family.ends_with(s.unit) && family[family.size() - unit - 1] == '_') {
      to.comment("\n# UNIT ", s, family);
      to.out()(s.unit);
    }
#endif
    to.comment("\n# HELP ", s, family);
    put_safe(s.help, quoting::label_value, to.out());
    to.out()("\n", 1);
  }

  /// A collector's counter below zero, or not a number, would make the whole exposition invalid: it is left out.
  static void number_and_more(line_writer& lines, const sample& s) {
    openmetrics_writer& to = static_cast<openmetrics_writer&>(lines);
    const bool is_wrong = (s.value.is == number::kind::i64 && s.value.i64 < 0) ||
                          (s.value.is == number::kind::f64 && (is_nan(s.value.f64) || is_less(s.value.f64, 0)));
    if (to.is_counter_ && is_wrong) return;
    const unsigned first_bucket = 0, none = no_bucket;
    if (has_time(s) || s.exemplar_count) to.line_in_parts(s, "", s.value, to.is_counter_ ? first_bucket : none);
    else to.line_of(s, "", s.value);
    if (to.is_counter_) put_created(to, s);
  }

  /// Digits and fraction, as no exponent keeps nanoseconds, and the Python client takes 1.5e+09 for one and a half seconds.
  static void put_time(line_writer& to, std::int64_t time, std::uint32_t in_a_second) {
    char digits[1 + max_seconds_chars] = {' '};
    to.out()(digits, static_cast<std::size_t>(write_seconds(digits + 1, time, in_a_second) - digits));
  }
  /// ` # {labels} value time`: an exemplar, of a counter or a bucket.
  NARTHEX_DETAIL_COLD static void behind(line_writer& to, const sample& s, unsigned bucket) {
#if NARTHEX_HAS(HEAP)
    if (s.has_time) put_time(to, s.time_ms, 1000);
#endif
    if (bucket == no_bucket) return;
    for (unsigned i = 0; i < s.exemplar_count; ++i) {
      const exemplar_sample& e = s.exemplars[i];
      if (e.bucket != bucket) continue;
      to.out()(" # {");
      to.out()(e.labels);
      to.out()("} ");
      to.value_in_parts(e.value);
      if (e.time_ns != 0) put_time(to, e.time_ns, 1000000000);
    }
  }

  /// A double always shows that it is one: 1.0, 1e+06.
  static char* respell(char* begin, char* end) noexcept {
    for (const char* at = begin; at != end; ++at) {
      if (*at == '.' || *at == 'e' || *at == 'N' || *at == 'I') return end;
    }
    std::memcpy(end, ".0", 2);
    return end + 2;
  }

  /// A sum that is negative or not a number, or of a histogram with negative bounds, makes the exposition invalid. A histogram
  /// has both or none.
  static void totals(line_writer& to, const sample& s, void (*both)(line_writer&, const sample&)) {
    const bool is_summary = s.type == metric_type::summary;
    const bool below_zero = !is_summary && s.bounds->size() && is_less((*s.bounds)[0], 0);
    const bool may_be_negative = s.type == metric_type::gauge_histogram && below_zero;
    const bool is_fine = !is_nan(s.sum) && (may_be_negative || !(below_zero || is_less(s.sum, 0)));
    if (is_fine) both(to, s);
    else if (is_summary) to.line_in_parts(s, "_count", s.count);
    put_created(to, s);
  }

#if NARTHEX_HAS(HEAP)
  NARTHEX_DETAIL_NOINLINE static void put_created(line_writer& to, const sample& s) {
    if (s.created_ns <= 0) return;
    to.begin_line(s, s.name.first(s.name.size() - (is_one_number(s.type) ? 6 : 0)), "_created");
    put_time(to, s.created_ns, 1000000000);
    behind(to, s, no_bucket);
    to.out()("\n", 1);
  }
#else
  static void put_created(line_writer&, const sample&) noexcept {}
#endif

  full_name before_;
  name_lengths names_;    // that families have
  name_lengths created_;  // that with _created behind are a family's
  std::size_t cut_;
  bool is_counter_;       // of the family in hand: it is written as one
};
template <class Once>
const line_rules openmetrics_writer::rules<Once>::table = {&head, &number_and_more, &respell, &behind, &totals
#if NARTHEX_HAS(HEAP)
                                                           , "_gsum", "_gcount"
#endif
};

/// How an endpoint writes it.
template <class Once>
struct openmetrics_format : offered_writer<openmetrics_writer> {
  static const exposition_format table;
};
template <class Once>
const exposition_format openmetrics_format<Once>::table = {
    "application/openmetrics-text", {{nullptr, nullptr}, {nullptr, nullptr}},
    {{"1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping="},
     {"0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8"}},
    name_escaping::underscores, nullptr, sizeof(typename offered_writer<openmetrics_writer>::place), &offered_writer<openmetrics_writer>::begin, &offered_writer<openmetrics_writer>::write, &offered_writer<openmetrics_writer>::end,
    offered_writer<openmetrics_writer>::drop};

}  // namespace detail

/// OpenMetrics for an endpoint, beside text: nx::http_server server{":9464", nx::http_server_options().offer(nx::openmetrics())};
///
/// Servers from 2.5 on ask for it first. Off unless offered, as it changes le and the names in metadata. Cost: 9 KB while it is
/// written. Without a heap, exemplars are left out there.
inline const detail::exposition_format& openmetrics() noexcept { return detail::openmetrics_format<void>::table; }

/// Writes everything a registry shows, in OpenMetrics 1.0, to a sink.
///
/// As write_text() in all else: chunk, what it returns, threads, cost. The differences to text 0.0.4 that a server sees: le and
/// quantile read 1.0, the names in metadata are without _total and _info, a counter without _total is unknown.
/// Left out, because it would make the exposition invalid: _sum and _count of a histogram with negative bounds or a sum that
/// is negative or no number, such a _sum of a summary, its negative quantiles, a collector's counter below zero.
/// Unknown, because their family would have another one's name: a counter x_total and an info x_info beside a metric x; a
/// counter x_total beside x_created.
/// Source: OpenMetrics 1.0. Content type: openmetrics_content_type.
inline status write_openmetrics(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  const errc why = detail::write_all<detail::with_exemplars<detail::openmetrics_writer>>(registry, to, chunk, size);
  return why == errc::ok ? status() : status(why, "write_openmetrics");
}
/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_openmetrics(registry_core& registry, const sink& to) {
  char chunk[detail::chunk_bytes];
  return write_openmetrics(registry, to, chunk, sizeof chunk);
}
inline status write_openmetrics(const sink& to) { return write_openmetrics(default_registry(), to); }

/// Writes into a buffer, as write_text() does. Returns the size of the whole: larger than `size`, do not serve the beginning.
inline std::size_t write_openmetrics(registry_core& registry, char* buffer, std::size_t size) noexcept {
  return detail::write_all<detail::with_exemplars<detail::openmetrics_writer>>(registry, buffer, size);
}
inline std::size_t write_openmetrics(char* buffer, std::size_t size) noexcept {
  return write_openmetrics(default_registry(), buffer, size);
}

#if NARTHEX_HAS(HEAP)
/// The exposition as a string. The string may throw std::bad_alloc.
inline std::string to_openmetrics(registry_core& registry = default_registry()) {
  return detail::to_string<detail::with_exemplars<detail::openmetrics_writer>>(registry);
}
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OPENMETRICS_HPP
