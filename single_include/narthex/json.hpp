// narthex/json.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/json.hpp ==========================================================================
// narthex/json.hpp - the registry as JSON, for people and scripts.
// Room: balconies. Read sample.hpp and detail/chunk_writer.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_JSON_HPP
#define NARTHEX_JSON_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Text as the inside of a JSON string. What it is given has \\, \n and \" already: JSON spells them the same way.
class json_text {
 public:
  explicit json_text(chunk_writer& to) noexcept : out_(to) {}
  void operator()(const char* data, std::size_t size) {
    const char* const end = data + size;
    const char* begin = data;
    for (; data != end; ++data) {
      const unsigned letter = static_cast<unsigned char>(*data);
      if (letter >= 0x20) continue;
      out_(begin, static_cast<std::size_t>(data - begin));
      const char escaped[6] = {'\\', 'u', '0', '0', hex_digit(letter >> 4), hex_digit(letter & 15)};
      out_(escaped, sizeof escaped);
      begin = data + 1;
    }
    out_(begin, static_cast<std::size_t>(end - begin));
  }

 private:
  chunk_writer& out_;
};

/// One family after the other; see write_json for the schema.
class json_writer {
 public:
  json_writer(chunk_writer& to, exemplar_room* exemplars) noexcept : out_(to), begun_(false) {
    if (exemplars) to.source().want_exemplars(*exemplars);
  }

  void write(const sample& s) {
    if (s.starts_family) {
      out_(begun_ ? "]},\n{\"name\":\"" : "{\"version\":1,\"families\":[\n{\"name\":\"");
      begun_ = true;
      put_safe(s.prefix, quoting::label_value, out_);
      put_safe(s.name, quoting::label_value, out_);
      out_("\",\"type\":\"");
      out_(type_word(s.type));
#if NARTHEX_HAS(HEAP)
      if (!s.unit.empty()) {
        out_("\",\"unit\":\"");
        out_(s.unit);
      }
#endif
      out_("\",\"help\":\"");
      json_text help(out_);
      put_safe(s.help, quoting::label_value, help);
      out_("\",\"series\":[\n");
    } else {
      out_(",\n");
    }
    out_("{\"labels\":{");
    labels(s.labels);
    out_("}");
#if NARTHEX_HAS(HEAP)
    if (s.has_time) time("time", s.time_ms, 1000);
    if (s.created_ns > 0) time("created", s.created_ns, 1000000000);
#endif
    if (is_one_number(s.type)) {
      member("value", s.value);
      exemplar_of(s, 0);
    } else {
      member("count", s.count);
      member("sum", s.sum);
      if (s.type == metric_type::summary) quantiles(s);
      else buckets_of(s);
    }
    out_("}");
  }
  static name_escaping names() noexcept { return name_escaping::allow_utf_8; }
  void end() { out_(begun_ ? "]}]}\n" : "{\"version\":1,\"families\":[]}\n"); }

 private:
  static string_view type_word(metric_type type) noexcept {
    switch (type) {
      case metric_type::counter: return "counter";
      case metric_type::histogram: return "histogram";
      case metric_type::gauge_histogram: return "gauge_histogram";
      case metric_type::summary: return "summary";
      case metric_type::info: return "info";
      case metric_type::state_set: return "state_set";
      case metric_type::unknown: return "unknown";
      case metric_type::gauge: break;
    }
    return "gauge";
  }

  /// a="b",c="d" becomes "a":"b","c":"d"; a name may stand in quotes already.
  void labels(string_view ready) {
    json_text text(out_);
    for (const char *at = ready.begin(), *const stop = ready.end(); at != stop;) {
      if (at != ready.begin()) out_(",");
      const char* begin = at;
      if (*at == '"') {
        at = behind_string(at);
        text(begin, static_cast<std::size_t>(at - begin));
      } else {
        while (*at != '=') ++at;
        out_("\"");
        out_(begin, static_cast<std::size_t>(at - begin));
        out_("\"");
      }
      out_(":");
      begin = ++at;
      at = behind_string(at);
      text(begin, static_cast<std::size_t>(at - begin));
      if (at != stop) ++at;  // the comma
    }
  }
  static const char* behind_string(const char* quote) noexcept {
    for (++quote; *quote != '"'; ++quote) {
      if (*quote == '\\') ++quote;
    }
    return quote + 1;
  }

  /// A number; what JSON has no number for is a string: "NaN", "+Inf", "-Inf".
  void value(const number& n) {
    char text[max_double_chars];
    char* const stop = n.is == number::kind::u64   ? write_u64(text, n.u64)
                       : n.is == number::kind::i64 ? write_i64(text, n.i64)
                                                   : n.write_f64(text);
    const bool is_word = n.is == number::kind::f64 && !is_finite(n.f64);
    if (is_word) out_("\"");
    out_(text, static_cast<std::size_t>(stop - text));
    if (is_word) out_("\"");
  }
  void member(string_view name, const number& n) {
    out_(",\"");
    out_(name);
    out_("\":");
    value(n);
  }
  /// Seconds since 1970 with as many decimals as there are.
  void time(string_view name, std::int64_t since_1970, std::uint32_t in_a_second) {
    out_(",\"");
    out_(name);
    out_("\":");
    char text[max_seconds_chars];
    out_(text, static_cast<std::size_t>(write_seconds(text, since_1970, in_a_second) - text));
  }
  void exemplar_of(const sample& s, unsigned bucket) {
    for (unsigned i = 0; i < s.exemplar_count; ++i) {
      const exemplar_sample& e = s.exemplars[i];
      if (e.bucket != bucket) continue;
      out_(",\"exemplar\":{\"labels\":{");
      labels(e.labels);
      out_("}");
      member("value", e.value);
      if (e.time_ns != 0) time("time", e.time_ns, 1000000000);
      out_("}");
    }
  }
  void buckets_of(const sample& s) {
    out_(",\"buckets\":[");
    std::uint64_t cumulative = 0;
    const unsigned n = s.bounds->size();
    for (unsigned i = 0; i <= n; ++i) {
      cumulative += s.counts[i];
      out_(i ? ",{\"le\":" : "{\"le\":");
      if (i < n) value((*s.bounds)[i]);
      else out_("\"+Inf\"");
      member("count", cumulative);
      exemplar_of(s, i);
      out_("}");
    }
    out_("]");
#if NARTHEX_HAS(HEAP)
    if (s.native) native(*s.native);
#endif
  }
#if NARTHEX_HAS(HEAP)
  void native(const native_counts& n) {
    out_(",\"native\":{\"schema\":");
    value(static_cast<std::int64_t>(n.schema));
    member("zero_threshold", n.zero_threshold);
    member("zero_count", n.zero_count);
    pairs("positive", n, 0, n.positive);
    pairs("negative", n, n.positive, n.negative);
    out_("}");
  }
  void pairs(string_view name, const native_counts& n, unsigned from, unsigned count) {
    out_(",\"");
    out_(name);
    out_("\":[");
    for (unsigned i = from; i < from + count; ++i) {
      out_(i > from ? ",[" : "[");
      value(static_cast<std::int64_t>(n.indexes[i]));
      out_(",");
      value(n.counts[i]);
      out_("]");
    }
    out_("]");
  }
#endif
  void quantiles(const sample& s) {
    out_(",\"quantiles\":[");
    for (unsigned i = 0; i < s.quantile_count; ++i) {
      out_(i ? ",{\"quantile\":" : "{\"quantile\":");
      value(s.quantiles[i]);
      member("value", s.quantile_values[i]);
      out_("}");
    }
    out_("]");
  }

  chunk_writer& out_;
  bool begun_;
};

/// How an endpoint writes it.
template <class Once>
struct json_format : offered_writer<json_writer> {
  static const exposition_format table;
};
template <class Once>
const exposition_format json_format<Once>::table = {
    "application/json", {{nullptr, nullptr}, {nullptr, nullptr}}, {{nullptr, "application/json"}, {nullptr, nullptr}},
    name_escaping::allow_utf_8, ".json", sizeof(typename offered_writer<json_writer>::place), &offered_writer<json_writer>::begin, &offered_writer<json_writer>::write, &offered_writer<json_writer>::end,
    offered_writer<json_writer>::drop};

}  // namespace detail

/// JSON for an endpoint: http_server_options().offer(nx::json()) serves it at /metrics.json, whatever Accept says.
inline const detail::exposition_format& json() noexcept { return detail::json_format<void>::table; }

/// Writes everything a registry shows as one JSON object, to a sink. As write_text() in all else.
///
///   {"version":1,"families":[
///    {"name":"http_requests_total","type":"counter","help":"Requests served.","series":[
///     {"labels":{"code":"200"},"value":42,"exemplar":{"labels":{"trace_id":"4bf9"},"value":1,"time":1700000000.5}}]},
///    {"name":"work_seconds","type":"histogram","unit":"seconds","help":"","series":[
///     {"labels":{},"created":1700000000,"count":3,"sum":0.5,"buckets":[{"le":0.1,"count":2},{"le":"+Inf","count":3}]}]}]}
///
/// version:  1 as long as what stands here stays as it is; members may be added, so skip those you do not know.
/// Families: name as registered, with the registry's prefix; type counter, gauge, histogram, gauge_histogram, summary, info,
///           state_set, unknown; unit when it was said. Series: "value"; of a summary "count", "sum", "quantiles" of {quantile, value}; of
///           histograms "count", "sum", "buckets" of {le, count}, counted up to the bound; "exemplar" of a series or bucket, "created" and
///           "time" (of a collector that says so) where there is one. A native histogram also has "native": {schema, zero_threshold,
///           zero_count, positive, negative}, the last two lists of [index, count], each bucket alone.
/// Numbers:  integers are exact to 64 bits: read them as such; doubles read back to the same double. "NaN", "+Inf" and
///           "-Inf" are strings. Times are seconds since 1970.
inline status write_json(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  const errc why = detail::write_all<detail::with_exemplars<detail::json_writer>>(registry, to, chunk, size);
  return why == errc::ok ? status() : status(why, "write_json");
}
/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_json(registry_core& registry, const sink& to) {
  char chunk[detail::chunk_bytes];
  return write_json(registry, to, chunk, sizeof chunk);
}
inline status write_json(const sink& to) { return write_json(default_registry(), to); }

/// Writes into a buffer, as write_text() does. Returns the size of the whole: larger than `size`, do not serve the beginning.
inline std::size_t write_json(registry_core& registry, char* buffer, std::size_t size) noexcept {
  return detail::write_all<detail::with_exemplars<detail::json_writer>>(registry, buffer, size);
}
inline std::size_t write_json(char* buffer, std::size_t size) noexcept { return write_json(default_registry(), buffer, size); }

#if NARTHEX_HAS(HEAP)
/// The same as a string, which may throw std::bad_alloc.
inline std::string to_json(registry_core& registry = default_registry()) {
  return detail::to_string<detail::with_exemplars<detail::json_writer>>(registry);
}
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_JSON_HPP
