// narthex/detail/push_body.hpp - a registry as the body of a push, checked while it is written.
// Room: balconies. Read text_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_BODY_HPP
#define NARTHEX_DETAIL_PUSH_BODY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/content_coding.hpp"
#include "narthex/detail/memory.hpp"
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

/// Memory for a coding, while a body is written; null where there is none.
struct push_coder {
  void* memory;
#if NARTHEX_HAS(HEAP)
  explicit push_coder(const content_coding* coding) noexcept : memory(coding ? allocate(coding->bytes) : nullptr) {}
  ~push_coder() { release(memory); }
#else
  explicit push_coder(const content_coding*) noexcept : memory(nullptr) {}
#endif
  push_coder(const push_coder&) = delete;
  push_coder& operator=(const push_coder&) = delete;
};

/// Writes everything a registry shows into `body`, in text format 0.0.4. What is checked is what is sent: one walk.
///
/// max_bytes: of text, coded or not: the gateway unpacks it.
/// coding:  null, or how to code it. Afterwards null if it was not: nothing to code (which must stay nothing: an empty body
///          and a coded one mean different things), or no memory for that.
/// Errors: check_pushed()'s; errc::too_large beyond max_bytes; errc::no_memory.
inline status write_push_body(registry_core& registry, string_view names, std::size_t max_bytes,
                              const content_coding*& coding, byte_buffer& body) noexcept {
  struct kept {
    static bool write(void* all, const char* data, std::size_t size) {
      return static_cast<byte_buffer*>(all)->append(string_view(data, size));
    }
  };
  struct bounded {
    sink to;
    std::size_t room;
    bool is_full;
    static bool write(void* self, const char* data, std::size_t size) {
      bounded& b = *static_cast<bounded*>(self);
      b.is_full = size > b.room;
      if (b.is_full) return false;
      b.room -= size;
      return b.to.write(b.to.context, data, size);
    }
  } all = {{&kept::write, &body}, max_bytes, false};
  push_coder coder(coding);
  if (!coder.memory) coding = nullptr;
  if (coding) all.to = coding->begin(coder.memory, all.to);
  const sink to = {&bounded::write, &all};
  char chunk[4096];
  walk series(registry);
  chunk_writer out(to, series, chunk, sizeof chunk);
  shown_names shown(registry, name_escaping::underscores);  // what every gateway takes
  timeless_text_writer text(out);
  while (out.is_open() && series.next()) {
    const sample* const one = shown.of(series.now());
    if (!one) continue;
    const status s = check_pushed(*one, names);
    if (!s.ok()) return s;
    text.write(*one);
  }
  out.flush();
  if (all.is_full) {
    const std::uint32_t most = 0xffffffffu;
    return status(errc::too_large, "body", max_bytes < most ? static_cast<std::uint32_t>(max_bytes) : most);
  }
  const bool whole = out.is_open() && (!coding || all.room == max_bytes || coding->end(coder.memory));
  if (all.room == max_bytes) coding = nullptr;
  return whole ? status() : status(errc::no_memory, "body");
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_BODY_HPP
