// narthex/text_format.hpp - the registry as Prometheus text format 0.0.4.
// Room: print shop. Read walk.hpp and sink.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TEXT_FORMAT_HPP
#define NARTHEX_TEXT_FORMAT_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/detail/chunk_writer.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/line_writer.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/sink.hpp"
#include "narthex/walk.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What is text format 0.0.4's own.
///
/// Source: Prometheus, "Exposition formats", Text format details.
template <class Once>
struct text_rules {
  static string_view type_word(metric_type type) noexcept {
    switch (type) {
      case metric_type::counter: return "counter\n";
      case metric_type::histogram:
      case metric_type::gauge_histogram: return "histogram\n";
      case metric_type::summary: return "summary\n";
      case metric_type::unknown: return "untyped\n";
      case metric_type::gauge:
      case metric_type::info:
      case metric_type::state_set: break;
    }
    return "gauge\n";
  }
  NARTHEX_DETAIL_COLD static void head(line_writer& to, const sample& s) {
    to.comment("# HELP ", s);
    put_safe(s.help, quoting::help, to.out());
    to.comment("\n# TYPE ", s);
    to.out()(type_word(s.type));
  }
#if NARTHEX_HAS(HEAP)
  NARTHEX_DETAIL_COLD static void behind(line_writer& to, const sample& s, unsigned) {
    if (!s.has_time) return;
    to.out()(" ", 1);
    to.value_in_parts(s.time_ms);
  }
#endif
  static const line_rules rules;
};
template <class Once>
const line_rules text_rules<Once>::rules = {&head, nullptr, nullptr,
#if NARTHEX_HAS(HEAP)
                                            &behind,
#else
                                            nullptr,  // nobody says times there
#endif
                                            nullptr};

/// One family after the other, in text format 0.0.4.
class text_writer : public line_writer {
 public:
  explicit text_writer(chunk_writer& to) noexcept : line_writer(to, text_rules<void>::rules) {}
  /// Writes what stands behind the last family: nothing.
  static void end() noexcept {}
};

/// The one loop over series, for every way to take a format.
template <class Writer>
NARTHEX_DETAIL_NOINLINE void write_all(walk& series, chunk_writer& out) {
  Writer text(out);
  while (out.is_open() && series.next()) text.write(series.now());
  text.end();
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
    detail::write_all<detail::text_writer>(series, out);
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
  detail::write_all<detail::text_writer>(series, out);
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
