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
#include "narthex/detail/write_all.hpp"
#include "narthex/sink.hpp"
#include "narthex/walk.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What is text format 0.0.4's own.
///
/// Source: Prometheus, "Exposition formats", Text format details.
template <class Once>
struct text_rules {
  static const char* type_word(metric_type type) noexcept {
    const metric_type as = type <= metric_type::summary             ? type
                           : type == metric_type::gauge_histogram ? metric_type::histogram : metric_type::gauge;
#if NARTHEX_HAS(HEAP)  // what is neither comes from collectors
    if (type == metric_type::unknown) return "untyped\n";
#endif
    return nth_text("counter\n\0gauge\n\0histogram\n\0summary\n", static_cast<unsigned>(as));
  }
  NARTHEX_DETAIL_COLD static void head(line_writer& to, const sample& s) {
    to.comment("# HELP ", s, s.name);
    put_safe(s.help, quoting::help, to.out());
    to.comment("\n# TYPE ", s, s.name);
    to.out().words(type_word(s.type));
  }
#if NARTHEX_HAS(HEAP)
  NARTHEX_DETAIL_COLD static void behind(line_writer& to, const sample& s, unsigned) {
    if (!s.has_time) return;
    to.out()(" ", 1);
    to.value_in_parts(s.time_ms);
  }
#endif
  static const line_rules rules, timeless;
};
template <class Once>
const line_rules text_rules<Once>::rules =
#if NARTHEX_HAS(HEAP)
    {&head, nullptr, nullptr, &behind, nullptr, "_sum", "_count"};
template <class Once>
const line_rules text_rules<Once>::timeless = {&head, nullptr, nullptr, nullptr, nullptr, "_sum", "_count"};
#else
    {&head, nullptr, nullptr, nullptr, nullptr};  // nobody says times there
template <class Once>
const line_rules text_rules<Once>::timeless = {&head, nullptr, nullptr, nullptr, nullptr};
#endif

/// One family after the other, in text format 0.0.4.
class text_writer : public line_writer {
 public:
  explicit text_writer(chunk_writer& to) noexcept : line_writer(to, text_rules<void>::rules) {}
  /// Writes what stands behind the last family: nothing.
  static void end() noexcept {}
};

/// The same for readers that refuse times: a Pushgateway, node_exporter's textfile collector.
class timeless_text_writer : public line_writer {
 public:
  explicit timeless_text_writer(chunk_writer& to) noexcept : line_writer(to, text_rules<void>::timeless) {}
  static void end() noexcept {}
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
  const errc why = detail::write_all<detail::text_writer>(registry, to, chunk, size);
  return why == errc::ok ? status() : status(why, "write_text");
}

/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_text(registry_core& registry, const sink& to) {
  char chunk[detail::chunk_bytes];
  return write_text(registry, to, chunk, sizeof chunk);
}
inline status write_text(const sink& to) { return write_text(default_registry(), to); }

/// Writes into a buffer, without a NUL.
///
/// buffer:  bytes of it behind the text are used, too.
/// Returns: the size of the whole exposition. When it is larger than `size`, the buffer holds its beginning:
///          do not serve that.
inline std::size_t write_text(registry_core& registry, char* buffer, std::size_t size) noexcept {
  return detail::write_all<detail::text_writer>(registry, buffer, size);
}
inline std::size_t write_text(char* buffer, std::size_t size) noexcept {
  return write_text(default_registry(), buffer, size);
}

#if NARTHEX_HAS(HEAP)
/// The exposition as a string. The string may throw std::bad_alloc: the one call of the core that can.
inline std::string to_text(registry_core& registry = default_registry()) {
  return detail::to_string<detail::text_writer>(registry);
}
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TEXT_FORMAT_HPP
