// narthex/protobuf.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/detail/protobuf_labels.hpp ========================================================
// narthex/detail/protobuf_labels.hpp - a series' ready label text, back as names and values in protobuf.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PROTOBUF_LABELS_HPP
#define NARTHEX_DETAIL_PROTOBUF_LABELS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// a="b",c="d" as fields `label`, 1, of messages LabelPair. Every put_ function gives the end of what it wrote.
///
/// Source: prometheus/client_model, metrics.proto; Protocol Buffers, Encoding.
struct protobuf_labels {
  /// A pair of n bytes, at least 4 and a comma, becomes n + 8 at most, with lengths below 2^28.
  static std::size_t labels_bytes(string_view text) noexcept { return 3 * text.size() + 16; }

  static char* put_labels(char* at, string_view text) noexcept {
    const char *from = text.data(), *const end = from + text.size();
    from = put_short_labels(at, from, end);
    while (from < end) {
      std::size_t name_escapes = 0, value_escapes = 0;
      const char *name = from, *name_end = from;
      if (*from == '"') {
        name_end = end_of_quoted(++name, end, name_escapes);
        from = name_end + 1;
      } else {
        while (*name_end != '=') ++name_end;
        from = name_end;
      }
      const char* const value = from + 2;
      const char* const value_end = end_of_quoted(value, end, value_escapes);
      from = value_end + 2;
      const std::size_t name_size = static_cast<std::size_t>(name_end - name) - name_escapes;
      const std::size_t value_size = static_cast<std::size_t>(value_end - value) - value_escapes;
      *at++ = 0x0a;
      at = put_varint(at, 2 + varint_bytes(name_size) + name_size + varint_bytes(value_size) + value_size);
      *at++ = 0x0a;
      at = put_text(at, name, name_end, name_escapes);
      *at++ = 0x12;
      at = put_text(at, value, value_end, value_escapes);
    }
    return at;
  }

  static char* put_varint(char* at, std::uint64_t value) noexcept {
    for (; value > 0x7f; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    return at;
  }
  static bool is_little_endian() noexcept {
    const std::uint16_t one = 1;
    char first;
    std::memcpy(&first, &one, 1);
    return first == 1;
  }

 private:
  /// The first quote or backslash; there is one.
  static const char* find_special(const char* at, const char* end) noexcept {
    const std::uint64_t ones = 0x0101010101010101u, tops = ones << 7;
    for (; end - at >= 8; at += 8) {
      std::uint64_t eight;
      std::memcpy(&eight, at, 8);
      const std::uint64_t slash = eight ^ ones * '\\', quote = eight ^ ones * '"';
      if ((((slash - ones) & ~slash) | ((quote - ones) & ~quote)) & tops) break;
    }
    while (*at != '"' && *at != '\\') ++at;
    return at;
  }
  /// Where text in quotes ends, from behind the first one.
  static const char* end_of_quoted(const char* at, const char* end, std::size_t& escapes) noexcept {
    escapes = 0;
    for (at = find_special(at, end); *at != '"'; at = find_special(at + 2, end)) ++escapes;
    return at;
  }
  static char* put_unescaped(char* at, const char* from, const char* end) noexcept {
    for (; from != end; ++from) {
      if (*from == '\\') {
        ++from;
        *at++ = *from == 'n' ? '\n' : *from;
      } else {
        *at++ = *from;
      }
    }
    return at;
  }
  static std::size_t varint_bytes(std::size_t size) noexcept {
    std::size_t n = 1;
    for (; size > 0x7f; size >>= 7) ++n;
    return n;
  }
  static char* put_text(char* at, const char* from, const char* end, std::size_t escapes) noexcept {
    at = put_varint(at, static_cast<std::size_t>(end - from) - escapes);
    return escapes ? put_unescaped(at, from, end) : copy_bytes(at, from, static_cast<std::size_t>(end - from));
  }
  /// Where quotes and backslashes are among the first 64 bytes, a bit each, the first byte's the lowest. size: 16 or more.
  struct marks {
    std::uint64_t quotes, slashes;
  };
#if defined(__GNUC__) && defined(__SSE2__)
  static marks marks_of(const char* at, std::size_t size) noexcept {
    typedef char sixteen __attribute__((vector_size(16)));
    const sixteen quote = {'"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"', '"'};
    const sixteen slash = quote + static_cast<char>('\\' - '"');
    marks m = {0, 0};
    const std::size_t last = size < 64 ? size - 16 : 48;
    for (std::size_t i = 0;; i = i + 16 < last ? i + 16 : last) {
      sixteen bytes;
      std::memcpy(&bytes, at + i, sizeof bytes);
      m.quotes |= std::uint64_t{static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(sixteen(bytes == quote)))} << i;
      m.slashes |= std::uint64_t{static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(sixteen(bytes == slash)))} << i;
      if (i == last) return m;
    }
  }
#else
  static marks marks_of(const char* at, std::size_t size) noexcept {
    marks m = {0, 0};
    const std::size_t last = size < 64 ? size - 8 : 56;
    for (std::size_t i = 0;; i = i + 8 < last ? i + 8 : last) {
      std::uint64_t eight;
      std::memcpy(&eight, at + i, sizeof eight);
      m.quotes |= bits_where(eight, '"') << i;
      m.slashes |= bits_where(eight, '\\') << i;
      if (i == last) return m;
    }
  }
  static std::uint64_t bits_where(std::uint64_t eight, char letter) noexcept {
    const std::uint64_t ones = 0x0101010101010101u, low = ones * 0x7f;
    const std::uint64_t apart = eight ^ ones * static_cast<unsigned char>(letter);
    const std::uint64_t tops = ~(((apart & low) + low) | apart | low);  // 0x80 where the letter is, exactly
    return tops / 128 * (is_little_endian() ? 0x0102040810204080u : 0x8040201008040201u) >> 56;
  }
#endif

  /// Pairs that have nothing escaped and 64 bytes at most. name="value becomes the length, the name's length, the name, two bytes
  /// for the two between, the value: copied in one piece.
  static const char* put_short_labels(char*& to, const char* from, const char* end) noexcept {
    char* at = to;
    while (end - from >= 16) {
      marks m = marks_of(from, static_cast<std::size_t>(end - from));
      if (m.slashes || (m.quotes & 1)) break;
      std::size_t begin = 0;
      while (m.quotes & (m.quotes - 1)) {
        const std::size_t open = low_zero_bits(m.quotes);
        m.quotes &= m.quotes - 1;
        const std::size_t close = low_zero_bits(m.quotes);
        m.quotes &= m.quotes - 1;
        const std::size_t name = open - 1 - begin, value = close - open - 1;
        at[0] = 0x0a;
        at[1] = static_cast<char>(name + value + 4);
        at[2] = 0x0a;
        at[3] = static_cast<char>(name);
        char* const behind = copy_bytes(at + 4, from + begin, close - begin);
        at[4 + name] = 0x12;
        at[5 + name] = static_cast<char>(value);
        at = behind;
        begin = close + 2;
      }
      if (begin == 0) break;
      from += begin;
    }
    to = at;
    return from;
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PROTOBUF_LABELS_HPP

// ==== narthex/detail/protobuf_message.hpp =======================================================
// narthex/detail/protobuf_message.hpp - one series as a protobuf message, into room that is there.
// Room: balconies. Read detail/protobuf_labels.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PROTOBUF_MESSAGE_HPP
#define NARTHEX_DETAIL_PROTOBUF_MESSAGE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The field `metric` of a MetricFamily and what is in it. Every put_ function gives the end of what it wrote.
///
/// Fields stand in the order of their numbers, repeated numbers not packed, as the Go library writes them.
/// Source: prometheus/client_model, metrics.proto; Protocol Buffers, Encoding.
struct protobuf_message : private protobuf_labels {
  enum : std::size_t { most_varint = 10 };
  using protobuf_labels::put_varint;

  /// Room that put_metric may ask for.
  static std::size_t most_bytes(const sample& s) noexcept {
    std::size_t n = labels_bytes(s.labels) + 96;
    if (s.is_plain) return n;
    for (unsigned i = 0; i < s.exemplar_count; ++i) n += 2 * labels_bytes(s.exemplars[i].labels) + 128;
    if (s.type == metric_type::summary) n += s.quantile_count * std::size_t{24};
    else if (!is_one_number(s.type)) n += s.bounds->size() * std::size_t{24};
#if NARTHEX_HAS(HEAP)
    if (has_native(s)) n += 48 + (s.native->positive + s.native->negative) * std::size_t{48};
#endif
    return n;
  }

  static char* put_metric(char* at, const sample& s) {
    *at++ = 0x22;
    const message metric(at, s.labels.size() < 104 && s.is_plain);
    at = put_labels(metric.begin, s.labels);
    if (NARTHEX_DETAIL_LIKELY(is_one_number(s.type))) {
      at = put_number(at, s);
    } else if (s.type == metric_type::summary) {
      at = put_summary(at, s);
    } else {
      at = put_time(at, s);
      at = put_histogram(at, s);
    }
    return metric.end(at);
  }

  static char type_number(metric_type type) noexcept {
    switch (type) {
      case metric_type::counter: return 0;
      case metric_type::summary: return 2;
      case metric_type::unknown: return 3;
      case metric_type::histogram: return 4;
      case metric_type::gauge_histogram: return 5;
      case metric_type::gauge:
      case metric_type::info:
      case metric_type::state_set: break;
    }
    return 1;
  }

  static char* put_bytes(char* at, string_view text) noexcept {
    at = put_varint(at, text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }
  /// Text of a user's: UTF-8 repaired, nothing escaped.
  static char* put_repaired(char* at, string_view text) {
    struct {
      char* at;
      void operator()(const char* data, std::size_t size) noexcept { at = copy_bytes(at, data, size); }
    } copy = {nullptr};
    const message m(at, text.size() < 120);
    copy.at = m.begin;
    put_safe(text, quoting::none, copy);
    return m.end(copy.at);
  }

 private:
  /// A length in front of what is not yet written. It is moved when the guess at the length's own size was wrong.
  struct message {
    message(char* at, bool is_short) noexcept : length(at), begin(at + (is_short ? 1 : 2)) {}
    char* end(char* at) const noexcept {
      const std::size_t size = static_cast<std::size_t>(at - begin);
      char* const right = length + (size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x200000 ? 3 : 5);
      if (right != begin) std::memmove(right, begin, size);
      put_varint(length, size);
      return right + size;
    }
    char* const length;
    char* const begin;
  };

  /// There is one NaN: in others servers see marks of their own, such as that of a series that ended.
  static char* put_double(char* at, const double& value) noexcept {
    std::uint64_t bits = is_nan(value) ? 0x7ff8000000000001u : double_bits(value);
    if (is_little_endian()) {
      std::memcpy(at, &bits, sizeof bits);
    } else {
      for (unsigned i = 0; i < 8; ++i, bits >>= 8) at[i] = static_cast<char>(bits & 0xff);
    }
    return at + 8;
  }
  static std::uint64_t zigzag(std::int64_t value) noexcept {
    return static_cast<std::uint64_t>(value) << 1 ^ (value < 0 ? ~std::uint64_t(0) : 0);
  }

  // ---- what a series has ----

#if NARTHEX_HAS(HEAP)
  static char* put_time(char* at, const sample& s) noexcept {
    if (s.is_plain || !s.has_time) return at;
    *at++ = 0x30;
    return put_varint(at, static_cast<std::uint64_t>(s.time_ms));
  }
  static char* put_created(char* at, const sample& s, char tag) noexcept {
    if (s.created_ns == 0) return at;
    *at++ = tag;
    return put_timestamp(at, s.created_ns);
  }
#else
  static char* put_time(char* at, const sample&) noexcept { return at; }
  static char* put_created(char* at, const sample&, char) noexcept { return at; }
#endif
  /// A google.protobuf.Timestamp.
  static char* put_timestamp(char* at, std::int64_t ns) noexcept {
    std::int64_t seconds = ns / 1000000000, rest = ns % 1000000000;
    if (rest < 0) {
      --seconds;
      rest += 1000000000;
    }
    char* const length = at++;
    if (seconds) {
      *at++ = 0x08;
      at = put_varint(at, static_cast<std::uint64_t>(seconds));
    }
    if (rest) {
      *at++ = 0x10;
      at = put_varint(at, static_cast<std::uint64_t>(rest));
    }
    *length = static_cast<char>(at - length - 1);
    return at;
  }
  static char* put_exemplar(char* at, const exemplar_sample& e) noexcept {
    const message m(at, e.labels.size() < 90);
    at = put_labels(m.begin, e.labels);
    *at++ = 0x11;
    at = put_double(at, e.value.as_double());
    if (e.time_ns) {
      *at++ = 0x1a;
      at = put_timestamp(at, e.time_ns);
    }
    return m.end(at);
  }
  static const exemplar_sample* exemplar_of(const sample& s, unsigned bucket) noexcept {
    for (unsigned i = 0; i < s.exemplar_count; ++i) {
      if (s.exemplars[i].bucket == bucket) return &s.exemplars[i];
    }
    return nullptr;
  }

  static char* put_number(char* at, const sample& s) noexcept {
    const bool is_counter = s.type == metric_type::counter;
    *at++ = static_cast<char>(is_counter ? 0x1a : s.type == metric_type::unknown ? 0x2a : 0x12);
    const message m(at, true);
    *m.begin = 0x09;
    at = put_double(m.begin + 1, s.value.as_double());
    if (NARTHEX_DETAIL_LIKELY(s.is_plain)) {
      *m.length = 9;
      return at;
    }
    if (is_counter && s.exemplar_count) {
      *at++ = 0x12;
      at = put_exemplar(at, s.exemplars[0]);
    }
    if (is_counter) at = put_created(at, s, 0x1a);
    return put_time(m.end(at), s);
  }
  static char* put_summary(char* at, const sample& s) noexcept {
    *at++ = 0x22;
    const message m(at, s.quantile_count < 4);
    at = put_count_and_sum(m.begin, s);
    for (unsigned i = 0; i < s.quantile_count; ++i) {
      std::memcpy(at, "\x1a\x12\x09", 3);
      at = put_double(at + 3, s.quantiles[i]);
      *at++ = 0x11;
      at = put_double(at, s.quantile_values[i]);
    }
    return put_time(m.end(put_created(at, s, 0x22)), s);
  }
  static char* put_count_and_sum(char* at, const sample& s) noexcept {
    *at++ = 0x08;
    at = put_varint(at, s.count);
    *at++ = 0x11;
    return put_double(at, s.sum);
  }
  static char* put_histogram(char* at, const sample& s) noexcept {
    *at++ = 0x3a;
    const message m(at, s.bounds->size() < 4);
    at = put_count_and_sum(m.begin, s);
    std::uint64_t cumulative = 0;
    const unsigned n = s.bounds->size();
    for (unsigned i = 0; i <= n; ++i) {
      cumulative += s.counts[i];
      const exemplar_sample* const e = s.exemplar_count ? exemplar_of(s, i) : nullptr;
      if (i == n && (!e || (has_native(s) && n == 0))) break;
      *at++ = 0x1a;
      const message bucket(at, !e);
      at = bucket.begin;
      *at++ = 0x08;
      at = put_varint(at, cumulative);
      *at++ = 0x11;
      at = put_double(at, i < n ? (*s.bounds)[i] : bits_double(std::uint64_t{0x7ff} << 52));
      if (e) {
        *at++ = 0x1a;
        at = put_exemplar(at, *e);
      }
      at = bucket.end(at);
    }
#if NARTHEX_HAS(HEAP)
    if (has_native(s)) at = put_native(at, *s.native);
#endif
    at = put_created(at, s, 0x7a);
    for (unsigned i = 0; has_native(s) && i < s.exemplar_count; ++i) {
      if (s.exemplars[i].time_ns == 0) continue;  // servers refuse it
      std::memcpy(at, "\x82\x01", 2);
      at = put_exemplar(at + 2, s.exemplars[i]);
    }
    return m.end(at);
  }
  static bool has_native(const sample& s) noexcept {
#if NARTHEX_HAS(HEAP)
    return s.type == metric_type::histogram && s.native != nullptr;
#else
    return static_cast<void>(s), false;
#endif
  }

#if NARTHEX_HAS(HEAP)
  static char* put_native(char* at, const native_counts& h) noexcept {
    *at++ = 0x28;
    at = put_varint(at, zigzag(h.schema));
    *at++ = 0x31;
    at = put_double(at, h.zero_threshold);
    *at++ = 0x38;
    at = put_varint(at, h.zero_count);
    at = put_buckets(at, 0x4a, h.indexes + h.positive, h.counts + h.positive, h.negative);
    at = put_buckets(at, 0x62, h.indexes, h.counts, h.positive);
    // Without any bucket, and a zero bucket that has no width, only this tells it from a classic one.
    if (h.positive + h.negative == 0 && h.zero_count == 0 && double_bits(h.zero_threshold) << 1 == 0) {
      std::memcpy(at, "\x62\x04\x08\x00\x10\x00", 6);
      at += 6;
    }
    return at;
  }
  /// Spans of buckets side by side, and each bucket's difference to the one before. Up to two empty ones are cheaper than
  /// another span.
  static char* put_buckets(char* at, char tag, const std::int32_t* indexes, const std::uint64_t* counts, unsigned n) noexcept {
    std::int64_t next = 0;
    for (unsigned i = 0; i < n;) {
      unsigned last = i;
      while (last + 1 < n && indexes[last + 1] - indexes[last] <= 3) ++last;
      *at++ = tag;
      char* const length = at++;
      *at++ = 0x08;
      at = put_varint(at, zigzag(indexes[i] - next));
      *at++ = 0x10;
      at = put_varint(at, static_cast<std::uint64_t>(std::int64_t{indexes[last]} - indexes[i] + 1));
      *length = static_cast<char>(at - length - 1);
      next = std::int64_t{indexes[last]} + 1;
      i = last + 1;
    }
    std::uint64_t before = 0;
    const auto put_delta = [&at, tag, &before](std::uint64_t count) {
      *at++ = static_cast<char>(tag + 6);
      at = put_varint(at, zigzag(static_cast<std::int64_t>(count - before)));
      before = count;
    };
    for (unsigned i = 0; i < n; ++i) {
      const std::int32_t gap = i ? indexes[i] - indexes[i - 1] : 1;
      for (std::int32_t k = 1; gap <= 3 && k < gap; ++k) put_delta(0);
      put_delta(counts[i]);
    }
    return at;
  }
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PROTOBUF_MESSAGE_HPP

// ==== narthex/protobuf.hpp ======================================================================
// narthex/protobuf.hpp - the registry as delimited protobuf, the one format that carries native histograms.
// Room: balconies. Read detail/protobuf_message.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PROTOBUF_HPP
#define NARTHEX_PROTOBUF_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// One family after the other, as messages io.prometheus.client.MetricFamily, each with its length in front.
///
/// A message's length stands before it, so series are collected in a room of fixed size; a family that has more of them than fit
/// comes as several messages of the same name, which servers read as one. A series that is larger than the room gets a larger one;
/// where there is no memory, it is left out.
class protobuf_writer {
 public:
  explicit protobuf_writer(chunk_writer& to) noexcept
      : out_(to), room_(first_room_), end_(first_room_ + sizeof first_room_), at_(first_room_), head_end_(first_room_), unit_at_(0),
        unit_size_(0) {
    to.source().want_exemplars(exemplars_);
  }
  ~protobuf_writer() { drop_room(); }
  protobuf_writer(const protobuf_writer&) = delete;
  protobuf_writer& operator=(const protobuf_writer&) = delete;

  static name_escaping names() noexcept { return name_escaping::underscores; }

  void write(const sample& s) {
    if (s.starts_family) begin_family(s);
    if (head_end_ == room_ || !has_room(protobuf_message::most_bytes(s))) return default_registry().count(mistake::sample);
    at_ = protobuf_message::put_metric(at_, s);
  }
  void end() { send(); }

 private:
  enum : std::size_t { room_bytes = NARTHEX_HAS(HEAP) ? 8192 : 1024, length_bytes = 5 };

  NARTHEX_DETAIL_COLD void begin_family(const sample& s) {
    send();
    head_end_ = at_ = room_;
    unit_size_ = 0;
    const std::size_t name = s.prefix.size() + s.name.size();
    string_view help = s.help;
    if (!has_room(length_bytes + name + 5 * help.size() + 32)) {
      help = string_view();
      if (!has_room(length_bytes + name + 32)) return;
    }
    char* at = room_ + length_bytes;
    *at++ = 0x0a;
    at = protobuf_message::put_varint(at, name);
    if (!s.prefix.empty()) std::memcpy(at, s.prefix.data(), s.prefix.size());
    std::memcpy(at + s.prefix.size(), s.name.data(), s.name.size());
    at += name;
    // The unit is what the name ends in, and stands last: the Go library's order.
#if NARTHEX_HAS(HEAP)
    const std::size_t behind = s.type == metric_type::counter && s.name.ends_with("_total") ? 6 : 0;
    if (!s.unit.empty() && s.name.size() > s.unit.size() + behind &&
        s.name.first(s.name.size() - behind).ends_with(s.unit)) {
      unit_size_ = s.unit.size();
      unit_at_ = static_cast<std::size_t>(at - room_) - behind - unit_size_;
    }
#endif
    *at++ = 0x12;
    if (is_plain(help)) at = protobuf_message::put_bytes(at, help);
    else at = protobuf_message::put_repaired(at, help);
    *at++ = 0x18;
    *at++ = protobuf_message::type_number(s.type);
    head_end_ = at_ = at;
  }

  /// Hands on what has been collected of the family; its head stays.
  void send() {
    if (at_ == head_end_) return;
    if (unit_size_) {
      *at_++ = 0x2a;
      at_ = protobuf_message::put_varint(at_, unit_size_);
      std::memcpy(at_, room_ + unit_at_, unit_size_);
      at_ += unit_size_;
    }
    const std::size_t size = static_cast<std::size_t>(at_ - room_) - length_bytes;
    char length[protobuf_message::most_varint];
    out_(length, static_cast<std::size_t>(protobuf_message::put_varint(length, size) - length));
    out_(room_ + length_bytes, size);
    at_ = head_end_;
  }

  /// Room for `size` more bytes, and the unit behind them.
  bool has_room(std::size_t size) {
    size += unit_size_ + 8;
    if (NARTHEX_DETAIL_LIKELY(size <= static_cast<std::size_t>(end_ - at_))) return true;
    send();
    return size <= static_cast<std::size_t>(end_ - at_) || grow(size);
  }
  NARTHEX_DETAIL_COLD bool grow(std::size_t size) noexcept {
#if NARTHEX_HAS(HEAP)
    const std::size_t kept = static_cast<std::size_t>(head_end_ - room_), wanted = kept + size;
    char* const larger = wanted < ~std::uint32_t(0) ? static_cast<char*>(allocate(wanted)) : nullptr;
    if (!larger) return false;
    std::memcpy(larger, room_, kept);
    drop_room();
    room_ = larger;
    end_ = larger + wanted;
    head_end_ = at_ = larger + kept;
    return true;
#else
    static_cast<void>(size);
    return false;
#endif
  }
  void drop_room() noexcept {
#if NARTHEX_HAS(HEAP)
    if (room_ != first_room_) release(room_);
#endif
  }

  chunk_writer& out_;
  char *room_, *end_;
  char* at_;        // behind the last series
  char* head_end_;  // room_: no head
  std::size_t unit_at_, unit_size_;
  exemplar_room exemplars_;
  char first_room_[room_bytes];
};

}  // namespace detail

/// Writes everything a registry shows, as delimited protobuf (io.prometheus.client.MetricFamily), to a sink.
///
/// As write_text() in all else: chunk, what it returns, threads. Counters keep their _total; infos and state sets are gauges. A
/// histogram has its classic buckets, without the one for +Inf, which its count says, and its native ones if it has them.
/// A family larger than 8 KB (1 KB without a heap) comes as several messages of the same name.
/// Memory:  18 KB of stack; more from the heap for a series with a longer message. Without a heap, or without memory, such a series
///          is left out, and counted in the default registry's narthex_refused_total{what="sample"}.
/// Cost:    0.75 of the text's for mixed series, half for histograms, 2.6 times for counters alone (tests/bench).
/// Source:  prometheus/client_model, metrics.proto. Content type: protobuf_content_type.
inline status write_protobuf(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  const errc why = detail::write_all<detail::protobuf_writer>(registry, to, chunk, size);
  return why == errc::ok ? status() : status(why, "write_protobuf");
}
/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_protobuf(registry_core& registry, const sink& to) {
  char chunk[detail::chunk_bytes];
  return write_protobuf(registry, to, chunk, sizeof chunk);
}
inline status write_protobuf(const sink& to) { return write_protobuf(default_registry(), to); }

/// Writes into a buffer, as write_text() does. Returns the size of the whole: larger than `size`, do not serve the beginning.
inline std::size_t write_protobuf(registry_core& registry, char* buffer, std::size_t size) noexcept {
  return detail::write_all<detail::protobuf_writer>(registry, buffer, size);
}
inline std::size_t write_protobuf(char* buffer, std::size_t size) noexcept { return write_protobuf(default_registry(), buffer, size); }

#if NARTHEX_HAS(HEAP)
/// The exposition as a string of bytes. The string may throw std::bad_alloc.
inline std::string to_protobuf(registry_core& registry = default_registry()) {
  return detail::to_string<detail::protobuf_writer>(registry);
}
#endif

/// For http_server_options().offer(nx::protobuf()): served to who asks for it first, as Prometheus does when native histograms or
/// created times are on. A scrape allocates 18 KB; without that memory, and without a heap, the answer is text.
inline const detail::exposition_format& protobuf() noexcept {
  using writer = detail::protobuf_writer;
  struct local {
    static writer*& at(void* memory) noexcept { return *static_cast<writer**>(memory); }
#if NARTHEX_HAS(HEAP)
    static bool begin(void* memory, detail::chunk_writer& out) {
      void* const room = detail::allocate(sizeof(writer));
      if (room) at(memory) = new (room) writer(out);
      return room != nullptr;
    }
    static void drop(void* memory) {
      at(memory)->~writer();
      detail::release(at(memory));
    }
#else
    static bool begin(void*, detail::chunk_writer&) { return false; }
    static void drop(void*) {}
#endif
    static void write(void* memory, const sample& s) { at(memory)->write(s); }
    static void end(void* memory) { at(memory)->end(); }
  };
  static constexpr detail::exposition_format format = {
      "application/vnd.google.protobuf",
      {{"proto", "io.prometheus.client.MetricFamily"}, {"encoding", "delimited"}},
      {{nullptr, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"},
       {nullptr, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping="}},
      detail::name_escaping::underscores,
      nullptr,
      sizeof(writer*),
      &local::begin,
      &local::write,
      &local::end,
      &local::drop};
  return format;
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PROTOBUF_HPP
