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
      : to_(to), walk_(series), chunk_(chunk), size_(size), used_(0), open_(true) {}

  void operator()(const char* data, std::size_t size) {
    while (size > size_ - used_) {
      const std::size_t part = size_ - used_;
      std::memcpy(chunk_ + used_, data, part);
      used_ = size_;
      data += part;
      size -= part;
      flush();
    }
    if (size) std::memcpy(chunk_ + used_, data, size);
    used_ += size;
  }
  void operator()(string_view text) {
    if (!text.empty()) (*this)(text.data(), text.size());
  }
  void operator()(const number& value) {
    char digits[max_double_chars];
    char* const end = value.is == number::kind::u64   ? write_u64(digits, value.u64)
                      : value.is == number::kind::i64 ? write_i64(digits, value.i64)
                                                      : write_double(digits, value.f64);
    (*this)(digits, static_cast<std::size_t>(end - digits));
  }
  void flush() {
    walk_.rest();
    if (open_ && used_) open_ = to_.write(to_.context, chunk_, used_);
    used_ = 0;
  }
  bool is_open() const noexcept { return open_; }

 private:
  const sink& to_;
  walk& walk_;
  char* chunk_;
  std::size_t size_, used_;
  bool open_;
};

/// One family after the other, in text format 0.0.4.
///
/// Source: Prometheus, "Exposition formats", Text format details.
class text_writer {
 public:
  explicit text_writer(chunk_writer& to) noexcept : out_(to) {}

  void write(const sample& s) {
    if (s.starts_family) head(s);
    if (s.type == metric_type::histogram) {
      std::uint64_t cumulative = 0;
      const unsigned n = s.bounds->size();
      for (unsigned i = 0; i <= n; ++i) {
        cumulative += s.counts[i];
        char bound[max_double_chars];
        const char* end = i < n ? write_double(bound, (*s.bounds)[i]) : nullptr;
        line(s, "_bucket", "le", end ? string_view(bound, static_cast<std::size_t>(end - bound)) : string_view("+Inf"),
             cumulative);
      }
    } else if (s.type == metric_type::summary) {
      for (unsigned i = 0; i < s.quantile_count; ++i) {
        char which[max_double_chars];
        const char* const end = write_double(which, s.quantiles[i]);
        line(s, "", "quantile", string_view(which, static_cast<std::size_t>(end - which)), s.quantile_values[i]);
      }
    } else {
      return line(s, "", "", "", s.value);
    }
    line(s, "_sum", "", "", s.sum);
    line(s, "_count", "", "", s.count);
  }

 private:
  static string_view type_word(metric_type type) noexcept {
    switch (type) {
      case metric_type::counter: return " counter\n";
      case metric_type::histogram: return " histogram\n";
      case metric_type::summary: return " summary\n";
      case metric_type::unknown: return " untyped\n";
      case metric_type::gauge:
      case metric_type::info:
      case metric_type::state_set: break;
    }
    return " gauge\n";
  }

  void head(const sample& s) {
    out_("# HELP ");
    out_(s.prefix);
    out_(s.name);
    out_(" ");
    put_safe(s.help, quoting::help, out_);
    out_("\n# TYPE ");
    out_(s.prefix);
    out_(s.name);
    out_(type_word(s.type));
  }

  void line(const sample& s, string_view suffix, string_view label, string_view value, const number& n) {
    out_(s.prefix);
    out_(s.name);
    out_(suffix);
    if (!s.labels.empty() || !label.empty()) {
      out_("{");
      out_(s.labels);
      if (!label.empty()) {
        if (!s.labels.empty()) out_(",");
        out_(label);
        out_("=\"");
        out_(value);
        out_("\"");
      }
      out_("}");
    }
    out_(" ");
    out_(n);
    out_("\n");
  }

  chunk_writer& out_;
};

}  // namespace detail

/// Writes everything a registry shows, in text format 0.0.4, to a sink.
///
/// chunk:   room for `size` >= 1 bytes; the sink gets pieces of that size.
/// Returns: ok; errc::closed when the sink would not take more; errc::no_memory when `size` is 0.
/// Errors:  what the sink throws comes through.
/// Threads: any number at once; updates and new series never wait for it, and it holds nothing while the sink runs.
/// Cost:    memory is constant, whatever the number of series; no allocation but for custom collectors.
inline status write_text(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  if (size == 0) return status(errc::no_memory, "write_text");
  walk series(registry);
  detail::chunk_writer out(to, series, chunk, size);
  detail::text_writer text(out);
  while (out.is_open() && series.next()) text.write(series.now());
  out.flush();
  return out.is_open() ? status() : status(errc::closed, "write_text");
}

/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_text(registry_core& registry, const sink& to) {
  char chunk[NARTHEX_HAS(HEAP) ? 8192 : 512];
  return write_text(registry, to, chunk, sizeof chunk);
}
inline status write_text(const sink& to) { return write_text(default_registry(), to); }

/// Writes into a buffer, without a NUL.
///
/// Returns: the size of the whole exposition. When it is larger than `size`, the buffer holds its beginning:
///          do not serve that.
inline std::size_t write_text(registry_core& registry, char* buffer, std::size_t size) noexcept {
  struct filling {
    char* at;
    std::size_t room, total;
    static bool write(void* context, const char* data, std::size_t n) {
      filling& f = *static_cast<filling*>(context);
      const std::size_t fits = n < f.room ? n : f.room;
      if (fits) std::memcpy(f.at, data, fits);
      f.at += fits;
      f.room -= fits;
      f.total += n;
      return true;
    }
  } f = {buffer, size, 0};
  const sink to = {&filling::write, &f};
  static_cast<void>(write_text(registry, to));
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

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TEXT_FORMAT_HPP
