// narthex/detail/push_body.hpp - a registry as the body of a push, checked while it is written.
// Room: balconies. Read text_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_BODY_HPP
#define NARTHEX_DETAIL_PUSH_BODY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/name_order.hpp"
#include "narthex/label.hpp"
#include "narthex/sample.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/text_format.hpp"
#include "narthex/walk.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Names that the gateway writes itself. The first two it overwrites without a word; of pushgateway_* it has its own
/// series, and a push of another type would be refused.
inline bool is_gateways_own(const full_name& n) noexcept {
  const auto begins_with = [&n](string_view text) {
    std::size_t i = 0;
    while (i < text.size() && i < n.size() && n[i] == text[i]) ++i;
    return i == text.size();
  };
  const string_view times[] = {"push_time_seconds", "push_failure_time_seconds"};
  for (string_view t : times) {
    if (n.size() == t.size() && begins_with(t)) return true;
  }
  return begins_with("pushgateway_");
}

/// What a gateway would refuse, or change silently, of one series.
///
/// names:  of the grouping key, each with a NUL behind it.
/// Errors: errc::label_clash (subject: metric{label}), errc::reserved_metric (metric).
inline status check_pushed(const sample& s, string_view names) noexcept {
  const full_name full = {s.prefix, s.name};
  char subject[96];
  std::size_t n = 0;
  const auto put = [&subject, &n](string_view text) {
    for (const char c : text) {
      if (n < sizeof subject) subject[n++] = c;
    }
  };
  put(s.prefix);
  put(s.name);
  if (s.starts_family && is_gateways_own(full)) return status(errc::reserved_metric, string_view(subject, n));
  for (const char* name = names.begin(); name != names.end() && !s.labels.empty(); name += std::strlen(name) + 1) {
    if (!has_label(s.labels, name)) continue;
    put("{");
    put(name);
    put("}");
    return status(errc::label_clash, string_view(subject, n));
  }
  return status();
}

/// Writes everything a registry shows into `body`, in text format 0.0.4. What is checked is what is sent: one walk.
///
/// Errors: check_pushed()'s; errc::too_large beyond max_bytes; errc::no_memory.
inline status write_push_body(registry_core& registry, string_view names, std::size_t max_bytes,
                              byte_buffer& body) noexcept {
  struct bounded {
    byte_buffer& body;
    std::size_t room;
    errc why;
    static bool write(void* self, const char* data, std::size_t size) {
      bounded& b = *static_cast<bounded*>(self);
      b.why = size > b.room ? errc::too_large : b.body.append(string_view(data, size)) ? errc::ok : errc::no_memory;
      if (b.why == errc::ok) b.room -= size;
      return b.why == errc::ok;
    }
  } all = {body, max_bytes, errc::ok};
  const sink to = {&bounded::write, &all};
  char chunk[4096];
  walk series(registry);
  chunk_writer out(to, series, chunk, sizeof chunk);
  text_writer text(out);
  while (out.is_open() && series.next()) {
    const status s = check_pushed(series.now(), names);
    if (!s.ok()) return s;
    text.write(series.now());
  }
  out.flush();
  if (all.why == errc::too_large) {
    const std::uint32_t most = 0xffffffffu;
    return status(all.why, "body", max_bytes < most ? static_cast<std::uint32_t>(max_bytes) : most);
  }
  return all.why == errc::ok ? status() : status(all.why, "body");
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_BODY_HPP
