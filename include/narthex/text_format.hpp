// narthex/text_format.hpp - the registry as Prometheus text format 0.0.4.
// Room: print shop. Read walk.hpp and sink.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TEXT_FORMAT_HPP
#define NARTHEX_TEXT_FORMAT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/sink.hpp"
#include "narthex/walk.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Bytes on their way to a sink, in a caller's chunk; a walk rests while the sink runs.
class chunk_writer {
 public:
  chunk_writer(const sink& to, walk& series, char* chunk, std::size_t size) noexcept
      : to_(to), walk_(series), begin_(chunk), at_(chunk), end_(chunk + size), open_(true) {}

  NARTHEX_DETAIL_NOINLINE void operator()(const char* data, std::size_t size) {
    while (size > left()) {
      const std::size_t part = left();
      if (part) std::memcpy(at_, data, part);
      at_ += part;
      data += part;
      size -= part;
      flush();
    }
    if (size) std::memcpy(at_, data, size);
    at_ += size;
  }
  void operator()(string_view text) { (*this)(text.data(), text.size()); }

  /// Whether `size` bytes can be written at once, from at() up to what done() is told. Where there is no heap, the code
  /// for that is left out: there bytes count.
  bool has_room(std::size_t size) const noexcept { return NARTHEX_HAS(HEAP) && NARTHEX_DETAIL_LIKELY(size <= left()); }
  char* at() const noexcept { return at_; }
  void done(char* end) noexcept {
    at_ = end;
    // Into a large buffer, lines wait for memory otherwise, and a histogram's locked instructions for the lines.
    NARTHEX_DETAIL_FETCH(end, 2048, 1);
    NARTHEX_DETAIL_FETCH(end, 2048 + 64, 1);
  }

  void flush() {
    walk_.rest();
    if (open_ && at_ != begin_) open_ = to_.write(to_.context, begin_, static_cast<std::size_t>(at_ - begin_));
    at_ = begin_;
  }
  bool is_open() const noexcept { return open_; }

  /// Goes on in another chunk; for the sink, with what was written into the one before.
  void use(char* chunk, std::size_t size) noexcept {
    begin_ = chunk;
    end_ = chunk + size;
  }

 private:
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  const sink& to_;
  walk& walk_;
  char *begin_, *at_, *end_;
  bool open_;
};

/// Copies in moves that overlap, mostly without a loop: a call to memcpy costs more than a label's text. Returns the end.
inline char* copy_bytes(char* to, const char* data, std::size_t size) noexcept {
  char* const to_end = to + size;
  const char* const end = data + size;
  if (size >= 32) {
    std::memcpy(to, data, 16);
    std::memcpy(to + 16, data + 16, 16);
    for (std::size_t done = 32; done + 32 < size; done += 16) std::memcpy(to + done, data + done, 16);
    std::memcpy(to_end - 32, end - 32, 16);
    std::memcpy(to_end - 16, end - 16, 16);
  } else if (size >= 16) {
    std::memcpy(to, data, 16);
    std::memcpy(to_end - 16, end - 16, 16);
  } else if (size >= 8) {
    std::memcpy(to, data, 8);
    std::memcpy(to_end - 8, end - 8, 8);
  } else {
    for (; to != to_end; ++to, ++data) *to = *data;
  }
  return to_end;
}

/// One family after the other, in text format 0.0.4.
///
/// Source: Prometheus, "Exposition formats", Text format details.
class text_writer {
 public:
  explicit text_writer(chunk_writer& to) noexcept : out_(to), stem_size_(0) {
    for (bound_text& b : bounds_) b.size = 0;
  }

  void write(const sample& s) {
    if (s.starts_family) head(s);
    if (NARTHEX_DETAIL_LIKELY(s.type != metric_type::histogram && s.type != metric_type::summary)) return number_line(s, "{", s.value);
#if NARTHEX_HAS(HEAP)
    if (s.type == metric_type::histogram) distribution_text<metric_type::histogram>::write(*this, s);
    else distribution_text<metric_type::summary>::write(*this, s);
#else
    s.lines(*this, s);
#endif
  }

 private:
  template <metric_type Type>
  friend struct distribution_text;
  static string_view type_word(metric_type type) noexcept {
    switch (type) {
      case metric_type::counter: return "counter\n";
      case metric_type::histogram: return "histogram\n";
      case metric_type::summary: return "summary\n";
      case metric_type::unknown: return "untyped\n";
      case metric_type::gauge:
      case metric_type::info:
      case metric_type::state_set: break;
    }
    return "gauge\n";
  }

  NARTHEX_DETAIL_COLD void comment(string_view mark, const sample& s) {
    out_(mark);
    out_(s.prefix);
    out_(s.name);
    out_(" ", 1);
  }
  NARTHEX_DETAIL_COLD void head(const sample& s) {
    comment("# HELP ", s);
    put_safe(s.help, quoting::help, out_);
    comment("\n# TYPE ", s);
    out_(type_word(s.type));
    if (!NARTHEX_HAS(HEAP)) return;
    stem_size_ = s.prefix.size() + s.name.size();
    if (stem_size_ >= stem_room) {
      stem_size_ = ~std::size_t(0) / 2;  // no chunk has room for that at once
    } else {
      *copy_bytes(copy_bytes(stem_, s.prefix.data(), s.prefix.size()), s.name.data(), s.name.size()) = '{';
    }
  }

  static char* digits(char* to, const number& n) noexcept {
    return n.is == number::kind::u64   ? write_u64(to, n.u64)
           : n.is == number::kind::i64 ? write_i64(to, n.i64)
                                       : n.write_f64(to);
  }
  /// A line in pieces, where a chunk ends in it or it is longer than what is kept here. label: `name="`, or empty.
  NARTHEX_DETAIL_NOINLINE void line_in_parts(const sample& s, string_view suffix, string_view label, string_view value,
                                             const number& n) {
    out_(s.prefix);
    out_(s.name);
    out_(suffix);
    char before = '{';
    for (const string_view part : {s.labels, label}) {
      if (part.empty()) continue;
      out_(&before, 1);
      out_(part);
      before = ',';
    }
    if (!label.empty()) {
      out_(value);
      out_("\"", 1);
    }
    if (before == ',') out_("}", 1);
    out_(" ", 1);
    char text[max_double_chars];
    out_(text, static_cast<std::size_t>(digits(text, n) - text));
    out_("\n", 1);
  }

  // What follows is written at once, and may touch `slack` bytes behind its end: room is asked for with that.
  enum : std::size_t { slack = 32 };

  /// The name and what stands behind it, in whole blocks. `suffix` ends in a brace.
  template <std::size_t suffix_size>
  char* put_name(char* to, const char (&suffix)[suffix_size + 1]) const noexcept {
    const std::size_t size = stem_size_;
    for (std::size_t i = 0; i <= size; i += 32) std::memcpy(to + i, stem_ + i, 32);
    if (suffix_size > 1) std::memcpy(to + size, suffix, suffix_size);  // the brace alone stands behind the name
    return to + size + suffix_size;
  }

  /// One function for each suffix, so that the line of a counter is inline in the loop over series.
  template <std::size_t n>
  void number_line(const sample& s, const char (&suffix)[n], const number& value) {
    if (!out_.has_room(stem_size_ + n + s.labels.size() + 4 + max_double_chars + slack)) {
      return line_in_parts(s, string_view(suffix, n - 2), "", "", value);
    }
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
  NARTHEX_DETAIL_NOINLINE void sum_and_count(const sample& s) {
    number_line(s, "_sum{", s.sum);
    number_line(s, "_count{", s.count);
  }
  NARTHEX_DETAIL_COLD void quantile_lines(const sample& s) {
    for (unsigned i = 0; i < s.quantile_count; ++i) {
      char which[max_double_chars];
      const char* const end = write_double(which, s.quantiles[i]);
      line_in_parts(s, "", "quantile=\"", string_view(which, static_cast<std::size_t>(end - which)), s.quantile_values[i]);
    }
  }

  /// The lines of a histogram differ from one another in few bytes: the others are put together once for all of them,
  /// the bounds' digits mostly once for all series.
  void bucket_lines(const sample& s) {
    char begins[start_room];
    char* begins_end = begins;
    const bool fits = NARTHEX_HAS(HEAP) && stem_size_ + s.labels.size() + 9 + slack <= start_room;
    if (fits) {
      begins_end = put_name<8>(begins, "_bucket{");
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
      const bound_text& bound = i < n ? text_of(i, (*s.bounds)[i]) : infinity;
      if (!fits || !out_.has_room(begins_size + sizeof bound.text + max_u64_chars + 1)) {
        line_in_parts(s, "_bucket", "le=\"", string_view(bound.text + 4, bound.size - 7), cumulative);
        continue;
      }
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
      char* const end = write_double(all + 4, bound);
      std::memcpy(end, "\"} ", 3);
      b.bound = bound;
      b.size = static_cast<unsigned>(end + 3 - all);
      std::memcpy(b.text, all, sizeof b.text);
    }
    return b;
  }

  enum : unsigned { remembered = NARTHEX_HAS(HEAP) ? 24 : 1, start_room = NARTHEX_HAS(HEAP) ? 512 : 1 };
  enum : std::size_t { stem_room = 128 };
  chunk_writer& out_;
  std::size_t stem_size_;
  char stem_[stem_room];
  bound_text bounds_[remembered];
};

template <metric_type Type>
void distribution_text<Type>::write(text_writer& to, const sample& s) {
  if (Type == metric_type::histogram) to.bucket_lines(s);
  else to.quantile_lines(s);
  to.sum_and_count(s);
}

/// The one loop over series, for both ways to take the text.
NARTHEX_DETAIL_NOINLINE inline void write_all(walk& series, chunk_writer& out) {
  text_writer text(out);
  while (out.is_open() && series.next()) text.write(series.now());
  out.flush();
}

}  // namespace detail

#if NARTHEX_HAS(METRICS)
/// Writes everything a registry shows, in text format 0.0.4, to a sink.
///
/// chunk:   room for `size` >= 1 bytes; the sink gets pieces of that size.
/// Returns: ok; errc::closed when the sink would not take more; errc::no_memory when `size` is 0.
/// Errors:  what the sink throws comes through.
/// Threads: any number at once; updates and new series never wait for it, and it holds nothing while the sink runs.
/// Cost:    memory is constant, whatever the number of series; no allocation but for custom collectors.
inline status write_text(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  errc why = size == 0 ? errc::no_memory : errc::ok;
  if (why == errc::ok) {
    walk series(registry);
    detail::chunk_writer out(to, series, chunk, size);
    detail::write_all(series, out);
    if (!out.is_open()) why = errc::closed;
  }
  return why == errc::ok ? status() : status(why, "write_text");
}

/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_text(registry_core& registry, const sink& to) {
  char chunk[NARTHEX_HAS(HEAP) ? 8192 : 512];
  return write_text(registry, to, chunk, sizeof chunk);
}
inline status write_text(const sink& to) { return write_text(default_registry(), to); }

/// Writes into a buffer, without a NUL.
///
/// buffer:  bytes of it behind the text are used, too.
/// Returns: the size of the whole exposition. When it is larger than `size`, the buffer holds its beginning:
///          do not serve that.
inline std::size_t write_text(registry_core& registry, char* buffer, std::size_t size) noexcept {
  // Straight into the buffer, a part at a time, so that the walk rests now and then; what does not fit goes nowhere.
  struct filling {
    detail::chunk_writer* out;
    char* at;
    std::size_t room, total;
    char beyond[256];
    static bool write(void* context, const char*, std::size_t n) {
      filling& f = *static_cast<filling*>(context);
      f.total += n;
      if (f.room) {
        f.at += n;
        f.room -= n;
      }
      f.out->use(f.chunk(), f.chunk_size());
      return true;
    }
    char* chunk() noexcept { return room ? at : beyond; }
    std::size_t chunk_size() const noexcept { return room == 0 ? sizeof beyond : room < 32768 ? room : 32768; }
  } f;
  f.at = buffer;
  f.room = size;
  f.total = 0;
  const sink to = {&filling::write, &f};
  walk series(registry);
  detail::chunk_writer out(to, series, f.chunk(), f.chunk_size());
  f.out = &out;
  detail::write_all(series, out);
  return f.total;
}
inline std::size_t write_text(char* buffer, std::size_t size) noexcept {
  return write_text(default_registry(), buffer, size);
}

#if NARTHEX_HAS(HEAP)
/// The exposition as a string. The string may throw std::bad_alloc: the one call of the core that can.
inline std::string to_text(registry_core& registry = default_registry()) {
  std::string text;
  static_cast<void>(write_text(registry, string_sink(text)));
  return text;
}
#endif

#else  // compiled out

inline status write_text(registry_core&, const sink&, char*, std::size_t) { return status(); }
inline status write_text(registry_core&, const sink&) { return status(); }
inline status write_text(const sink&) { return status(); }
inline std::size_t write_text(registry_core&, char*, std::size_t) noexcept { return 0; }
inline std::size_t write_text(char*, std::size_t) noexcept { return 0; }
#if NARTHEX_HAS(HEAP)
inline std::string to_text(registry_core& = default_registry()) { return std::string(); }
#endif

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TEXT_FORMAT_HPP
