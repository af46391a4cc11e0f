// narthex/detail/protobuf_message.hpp - one series as a protobuf message, into room that is there.
// Room: balconies. Read detail/protobuf_labels.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PROTOBUF_MESSAGE_HPP
#define NARTHEX_DETAIL_PROTOBUF_MESSAGE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"
#include "narthex/detail/chunk_writer.hpp"
#include "narthex/detail/protobuf_labels.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/sample.hpp"
#include "narthex/string_view.hpp"

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
