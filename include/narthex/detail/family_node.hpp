// narthex/detail/family_node.hpp - one name in a registry, whatever kind of metric stands behind it.
// Room: foundations. Read detail/family_ops.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_FAMILY_NODE_HPP
#define NARTHEX_DETAIL_FAMILY_NODE_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/family_ops.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

class registry_core;

namespace detail {

#if NARTHEX_HAS(HEAP)
/// Where a node stands: its registry, and whether it is shown there; or why it was refused.
///
/// Order: of a node that a registry owns it changes under the lists' lock alone.
class membership {
 public:
  enum state : std::uint32_t { shown, unregistered, coming_back, refused };

  constexpr explicit membership(registry_core* registry) noexcept : word_(registry) {}

  /// Null: refused, unlinked, or the registry is gone.
  registry_core* load(std::memory_order order) const noexcept {
    const std::uintptr_t w = bits_of(order);
    return (w & tag) == refused ? nullptr : reinterpret_cast<registry_core*>(w & ~std::uintptr_t(tag));
  }
  void store(registry_core* registry, std::memory_order order) noexcept { word_.store(registry, order); }

  state visibility(std::memory_order order) const noexcept { return static_cast<state>(bits_of(order) & tag); }
  void show_as(state s) noexcept {
    put((bits_of(memory_order_relaxed) & ~std::uintptr_t(tag)) | s, memory_order_release);
  }

  /// Before anybody else sees the node, or of one that nobody but its owner does.
  void refuse(errc why, std::size_t at) noexcept {
    const std::uintptr_t place = at < 0xffff ? at : 0xffff;
    put(place << 16 | static_cast<std::uintptr_t>(why) << 8 | refused, memory_order_relaxed);
  }
  errc reason() const noexcept {
    const std::uintptr_t w = bits_of(memory_order_relaxed);
    return (w & tag) == refused ? static_cast<errc>(w >> 8 & 0xff) : errc::ok;
  }
  std::uint16_t reason_at() const noexcept { return static_cast<std::uint16_t>(bits_of(memory_order_relaxed) >> 16); }

 private:
  enum : std::uint32_t { tag = 3 };
  std::uintptr_t bits_of(std::memory_order order) const noexcept { return reinterpret_cast<std::uintptr_t>(word_.load(order)); }
  void put(std::uintptr_t w, std::memory_order order) noexcept { word_.store(reinterpret_cast<void*>(w), order); }
  shared<void*> word_;  // a pointer, so that the default registry's own node is there before any code runs
};

/// When a series began to count from zero: nanoseconds since 1970, whole seconds where 64-bit atomics are not lock-free.
class created_time {
 public:
  enum : std::size_t { bytes = 8 };
  static created_time& at(void* begin, std::uint32_t offset) noexcept {
    return *reinterpret_cast<created_time*>(static_cast<char*>(begin) + offset);
  }
  void set(std::int64_t ns) noexcept { word_.store(static_cast<cell_word>(ns / unit_ns), memory_order_relaxed); }
  std::int64_t get() const noexcept { return static_cast<std::int64_t>(word_.load(memory_order_relaxed)) * unit_ns; }

 private:
  enum : std::int64_t { unit_ns = NARTHEX_HAS(ATOMIC64) ? 1 : 1000000000 };
  shared<cell_word> word_;
};
#endif

/// What a name is without its registry's prefix, and what it means; both end in NUL.
struct node_words {
  const char* name;
  const char* help;
};

/// All that never changes of a metric, in one constant: where RAM is short, in flash.
struct described : family_ops {
  constexpr described(const family_ops& usual, node_words what, registry_core* where) noexcept
      : family_ops(usual), words(what), registry(where) {}
  node_words words;
  registry_core* registry;
};

#if NARTHEX_HAS(HEAP)
/// Where a name stands, and what it is.
struct node_base {
  constexpr node_base(const family_basics* kind, node_words what, registry_core* registry) noexcept
      : ops(kind), own_words(what), next(nullptr), place(registry) {}
  explicit node_base(const described& d) noexcept : node_base(&d, d.words, nullptr) {}

  const family_basics* ops;
  node_words own_words;
  shared<family_node*> next;  // by name; seq_cst, see grace
  membership place;

  const node_words& words() const noexcept { return own_words; }
  /// Null: refused, unlinked, or the registry is gone.
  registry_core* home() const noexcept { return place.load(memory_order_acquire); }
  /// Before it is linked, under the lists' lock.
  void join(registry_core& r) noexcept {
    NARTHEX_ASSERT(!home());
    place.store(&r, memory_order_relaxed);
  }
  /// When nobody can stand on it any more.
  void leave() noexcept { place.store(nullptr, memory_order_release); }
  bool is_shown() const noexcept { return place.visibility(memory_order_acquire) == membership::shown; }
  bool is_unregistered() const noexcept { return place.visibility(memory_order_acquire) == membership::unregistered; }

  void refuse(errc why, std::size_t at) noexcept {
    if (why != errc::ok) place.refuse(why, at);
  }
  errc reason() const noexcept { return place.reason(); }
  unsigned reason_at() const noexcept { return place.reason_at(); }
};
#else
/// The same, inside a user's object: it is shown as long as it is linked. What never changes stands behind it (named_node) or
/// in its constant (described).
struct node_base {
  constexpr explicit node_base(const family_basics* kind) noexcept : ops(kind), next(nullptr) {}
  explicit node_base(const described& d) noexcept : node_base(&d) {}

  const family_basics* ops;
  shared<family_node*> next;  // by name; seq_cst, see grace. Odd: it is in no list, and the other bits say why not

  inline const node_words& words() const noexcept;
  inline registry_core* home() const noexcept;
  inline void join(registry_core& r) noexcept;
  void leave() noexcept { set_state(1); }
  bool is_shown() const noexcept { return (bits() & 1) == 0; }
  bool is_unregistered() const noexcept { return !is_shown(); }

  void refuse(errc why, std::size_t at) noexcept {
    const std::uintptr_t where = at < 0xffff ? at : 0xffff;
    if (why != errc::ok) set_state(where << 16 | static_cast<std::uintptr_t>(why) << 8 | 1);
  }
  errc reason() const noexcept { return is_shown() ? errc::ok : static_cast<errc>(bits() >> 8 & 0xff); }
  unsigned reason_at() const noexcept { return static_cast<std::uint16_t>(bits() >> 16); }

 private:
  std::uintptr_t bits() const noexcept { return reinterpret_cast<std::uintptr_t>(next.load(memory_order_acquire)); }
  void set_state(std::uintptr_t state) noexcept { next.store(reinterpret_cast<family_node*>(state), memory_order_release); }
};
#endif

/// One name. Of what is there at registration nothing changes but its place.
struct family_node : node_base {
  using node_base::node_base;
  const char* name() const noexcept { return words().name; }
  const char* help() const noexcept { return words().help; }

#if NARTHEX_HAS(HEAP)
  unit_size unit = unit_size::none;
  std::uint32_t created_at = 0;            // how far behind a series' beginning its created_time lies; 0: there is none
  std::int64_t (*clock_ns)() = nullptr;    // what it is read from

  /// What the name's values are measured in; empty when nobody said.
  string_view unit_of_name() const noexcept { return unit_of(name(), unit); }
  void measure_in(unit_size u) noexcept { unit = u == unit_size::wrong ? unit_size::none : u; }

  /// Keeps, for a series at `begin`, that it counts from zero since now. Nothing where the registry has no clock.
  void stamp(void* begin) const noexcept {
    if (created_at) created_time::at(begin, created_at).set(clock_ns());
  }
  /// Since when it does, where that is kept; a native histogram that has just begun anew says so from the next time on.
  void tell_created(void* begin, reading& out) const noexcept {
    out.created_ns = created_time::at(begin, created_at).get();
    if (out.native && out.native->restarts) stamp(begin);
  }
#else
  static string_view unit_of_name() noexcept { return string_view(); }
  static void measure_in(unit_size) noexcept {}  // nodes have no room for it there
#endif

  /// The answer to status() of an instrument of this family.
  status state() const noexcept {
    if (reason() != errc::ok) return refusal();
    return is_shown() && home() ? status() : status(errc::not_registered, name());
  }

  /// Why the registration was refused, in full: the metric, the label, the position.
  NARTHEX_DETAIL_COLD status refusal() const noexcept {
    const errc why = reason();
    const unsigned at = reason_at();
    char subject[96];
    std::size_t n = 0;
    const auto put = [&subject, &n](string_view text) {
      for (const char c : text) {
        if (n < sizeof subject) subject[n++] = c;
      }
    };
    put(name());
    const bool about_label =
        why == errc::bad_label_name || why == errc::reserved_label_name || why == errc::duplicate_label_name ||
        why == errc::repeated_label_value;
    const string_view label = about_label ? ops->all().label(*this, at) : string_view();
    if (!label.empty()) {
      put("{");
      put(label);
      put("}");
    }
    const string_view text(subject, n);
    const bool has_place = about_label || why == errc::bad_name || why == errc::bad_buckets ||
                           why == errc::bad_quantile || why == errc::bad_states || why == errc::label_too_long;
    return has_place ? status(why, text, at) : status(why, text);
  }
};

/// One whose name is not in a constant of its own: all but a static_histogram.
#if NARTHEX_HAS(HEAP)
struct named_node : family_node {
  constexpr named_node(const family_basics* kind, const char* full, const char* means, registry_core* registry = nullptr) noexcept
      : family_node(kind, node_words{full, means}, registry) {}
};
#else
struct named_node : family_node {
  constexpr named_node(const family_basics* kind, const char* full, const char* means, registry_core* where = nullptr) noexcept
      : family_node(kind), own_words{full, means}, registry(where) {}
  node_words own_words;
  registry_core* registry;

  const node_words& words() const noexcept { return own_words; }
  registry_core* home() const noexcept { return is_shown() ? registry : nullptr; }
};
static_assert(alignof(named_node) >= 2, "a bit of its address is used");
inline const node_words& node_base::words() const noexcept {
  return ops->kind == storage::described ? static_cast<const described*>(ops)->words : static_cast<const named_node*>(this)->words();
}
inline registry_core* node_base::home() const noexcept {
  if (ops->kind != storage::described) return static_cast<const named_node*>(this)->home();
  return is_shown() ? static_cast<const described*>(ops)->registry : nullptr;
}
inline void node_base::join(registry_core& r) noexcept {
  NARTHEX_ASSERT(is_shown());  // one that left or was refused never comes back
  if (ops->kind != storage::described) static_cast<named_node*>(this)->registry = &r;
}
#endif

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
    const string_view name = a.ops->all().label(a, i);
    if (name != b.ops->all().label(b, i)) return false;
    if (name.empty()) return true;
  }
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_FAMILY_NODE_HPP
