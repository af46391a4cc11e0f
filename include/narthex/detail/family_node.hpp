// narthex/detail/family_node.hpp - one name in a registry, whatever kind of metric stands behind it.
// Room: foundations. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_FAMILY_NODE_HPP
#define NARTHEX_DETAIL_FAMILY_NODE_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/sample.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

class registry_core;

namespace detail {

struct family_node;

/// A sample and the room its parts need: on the scraper's stack, so that nothing of a series is touched
/// once it was read.
struct reading : sample {
  enum : std::size_t { text_room = 256, max_quantiles = 16 };
  char text[text_room];                             // labels of series whose text is not kept ready
  double quantile_room[max_quantiles];
  std::uint64_t count_room[buckets::max_bounds + 1];
  double bound_room[buckets::max_bounds];           // bounds that lie in an object that may go away meanwhile
  buckets bounds_copy = buckets(nullptr, 0);
};

/// How far a walk came within one family.
struct position {
  const void* at;        // the last series read; null before the first
  std::uint32_t index;
};

// What kind of storage stands behind a name: a second registration must have the same.
enum class storage : std::uint8_t {
  counter, double_counter, gauge, int_gauge, histogram, summary, fixed_summary, info, state_set, callback, collected, self,
  expiring
};

/// What a registry asks of a family. One constant table per kind.
struct family_ops {
  metric_type type;
  storage kind;
  /// The registry's memory: never unlinked, only hidden. Otherwise the node lives inside a user's object.
  bool owned;
  /// Reads the next visible series after `where` and moves it on; false when there is none.
  bool (*next)(family_node&, position& where, reading&);
  /// Counts from zero again.
  void (*restart)(family_node&);
  /// The family's label name number `i`; empty beyond the last.
  string_view (*label)(const family_node&, unsigned i);
  /// What else makes it the metric it is (bounds, quantiles, states): of one type for each kind of storage.
  const void* (*chosen)(const family_node&);
  /// Whether two such choices are the same.
  bool (*same)(const void*, const void*);
  /// Takes the instrument with this storage out of the exposition.
  void (*unregister)(family_node&, void* core);
  /// What became of the instrument with this storage.
  status (*state)(const family_node&, const void* core);
  /// Ends and frees an owned node; null for the others.
  void (*destroy)(family_node*);
};

/// One name. Members but `next`, `home` and `hidden` never change after registration.
struct family_node {
  constexpr family_node(const family_ops* kind, const char* full, const char* words,
                        registry_core* registry = nullptr) noexcept
      : ops(kind), name(full), help(words), next(nullptr), home(registry), hidden(shown), reason(errc::ok), reason_at(0) {}

  const family_ops* ops;
  const char* name;                    // NUL-terminated, without the registry's prefix
  const char* help;                    // NUL-terminated
  shared<family_node*> next;           // by name; seq_cst, see grace
  shared<registry_core*> home;         // null: refused, unlinked, or the registry is gone
  enum : std::uint32_t { shown, unregistered, coming_back };
  shared<std::uint32_t> hidden;        // 32 bits: riscv64 needs libatomic for a byte
  errc reason;                         // why it was refused
  std::uint16_t reason_at;             // the offender's position

  void refuse(errc why, std::size_t at) noexcept {
    reason = why;
    reason_at = static_cast<std::uint16_t>(at < 0xffff ? at : 0xffff);
  }

  /// The answer to status() of an instrument of this family.
  status state() const noexcept {
    if (reason != errc::ok) return refusal();
    if (hidden.load(memory_order_acquire) || !home.load(memory_order_acquire)) {
      return status(errc::not_registered, name);
    }
    return status();
  }

  /// Why the registration was refused, in full: the metric, the label, the position.
  NARTHEX_DETAIL_COLD status refusal() const noexcept {
    char subject[96];
    std::size_t n = 0;
    const auto put = [&subject, &n](string_view text) {
      for (const char c : text) {
        if (n < sizeof subject) subject[n++] = c;
      }
    };
    put(name);
    const bool about_label =
        reason == errc::bad_label_name || reason == errc::reserved_label_name || reason == errc::duplicate_label_name ||
        reason == errc::repeated_label_value;
    const string_view label = about_label ? ops->label(*this, reason_at) : string_view();
    if (!label.empty()) {
      put("{");
      put(label);
      put("}");
    }
    const string_view text(subject, n);
    const bool has_place = about_label || reason == errc::bad_name || reason == errc::bad_buckets ||
                           reason == errc::bad_quantile || reason == errc::bad_states || reason == errc::label_too_long;
    return has_place ? status(reason, text, reason_at) : status(reason, text);
  }
};

inline string_view no_label(const family_node&, unsigned) noexcept { return string_view(); }
inline const void* nothing_more(const family_node&) noexcept { return nullptr; }
inline bool always_same(const void*, const void*) noexcept { return true; }
inline bool never_same(const void*, const void*) noexcept { return false; }
template <class Choice>
bool same_choice(const void* a, const void* b) noexcept {
  return *static_cast<const Choice*>(a) == *static_cast<const Choice*>(b);
}
inline void nothing_to_restart(family_node&) noexcept {}
inline status node_state(const family_node& n, const void*) noexcept { return n.state(); }

NARTHEX_DETAIL_COLD inline bool same_labels(const family_node& a, const family_node& b) noexcept {
  for (unsigned i = 0;; ++i) {
    const string_view name = a.ops->label(a, i);
    if (name != b.ops->label(b, i)) return false;
    if (name.empty()) return true;
  }
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_FAMILY_NODE_HPP
