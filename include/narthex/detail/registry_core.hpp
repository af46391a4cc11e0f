// narthex/detail/registry_core.hpp - the list of names, and who may join it.
// Room: foundations. Read detail/family_node.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_REGISTRY_CORE_HPP
#define NARTHEX_DETAIL_REGISTRY_CORE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/family_node.hpp"
#include "narthex/detail/lists.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/name_order.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/error_hook.hpp"
#include "narthex/label.hpp"
#include "narthex/status.hpp"

NARTHEX_BEGIN_NAMESPACE

/// What a registry counts about its users' mistakes, shown as narthex_refused_total{what="..."} once not 0.
enum class mistake : std::uint8_t {
  registration,  ///< a metric was refused
  update,        ///< a negative, NaN or infinite value was not counted
  series,        ///< labels() answered with the overflow series or a stand-in
  sample,        ///< a custom collector gave what it had not declared, or memory for it was missing
  push           ///< a push beyond its rate
};
enum : unsigned { mistake_kinds = 5 };

class walk;

#if NARTHEX_HAS(METRICS)
namespace detail {

/// Whether two nodes of one name are the same metric, but for their registry.
NARTHEX_DETAIL_COLD inline bool is_same_metric(const family_node& x, const family_node& y) noexcept {
  if (x.ops->kind != y.ops->kind || x.ops->type != y.ops->type || string_view(x.help()) != string_view(y.help())) return false;
  if (x.unit_of_name() != y.unit_of_name()) return false;
  if (!x.ops->has_more || !y.ops->has_more) return x.ops->has_more == y.ops->has_more;
  return same_labels(x, y) && x.ops->all().same(x.ops->all().chosen(x), y.ops->all().chosen(y));
}

#if !NARTHEX_HAS(HEAP)
/// What only attached registries need: registry_core::attach fills it in, so that a program without links none of it.
template <class Once>
struct attaching {
  using judgement = errc (*)(const registry_core&, const family_node&);
  using way_on = bool (*)(walk&, bool begins);
  static shared<judgement> judge;
  static shared<way_on> walk_on;
};
template <class Once>
shared<typename attaching<Once>::judgement> attaching<Once>::judge(nullptr);
template <class Once>
shared<typename attaching<Once>::way_on> attaching<Once>::walk_on(nullptr);
#endif

inline void join_labels(reading& to, const char* ready) noexcept {
  label_text text(to.text, reading::text_room);
  text.add_ready(to.labels);
  text.add_ready(ready);
  to.labels = text.text();
}
#if !NARTHEX_HAS(HEAP)
/// What only registries with constant labels need.
template <class Once>
struct label_joining {
  using joint = void (*)(reading& to, const char* ready);
  static shared<joint> join;
};
template <class Once>
shared<typename label_joining<Once>::joint> label_joining<Once>::join(nullptr);
#endif
inline void reading::add_label(const char* ready) noexcept {
  if (labels.empty()) {
    labels = string_view(ready, std::strlen(ready));
    return;
  }
#if NARTHEX_HAS(HEAP)
  join_labels(*this, ready);
#else
  label_joining<void>::join.load(memory_order_relaxed)(*this, ready);
#endif
}

struct self_node : named_node {
  explicit constexpr self_node(registry_core* where) noexcept;
};

}  // namespace detail

/// The families of a registry, in name order. Trivially destructible and constant-initialised, so that the default
/// registry can be used before main and after it; `registry` adds options and a destructor.
///
/// Threads: every member may be called from any thread at any time.
class registry_core {
 public:
  constexpr registry_core() noexcept
      : first_(&self_), parent_(nullptr), child_(nullptr), sibling_(nullptr),
#if NARTHEX_HAS(THREADS)
        walks_(0),
#endif
        self_(this), prefix_(nullptr), prefix_size_(0), constant_(nullptr), constant_size_(0)
#if NARTHEX_HAS(HEAP)
        , refused_nodes_(nullptr), names_(nullptr), clock_ns_(nullptr)
#endif
  {}
  registry_core(const registry_core&) = delete;
  registry_core& operator=(const registry_core&) = delete;

  enum : unsigned { max_registries = NARTHEX_HAS(HEAP) ? 16 : 4 };  ///< that one scrape walks

  /// Makes the families of `other` part of every scrape of this registry. Families of one name merge; where
  /// both have a series with the same labels, counters, histograms and summaries are added up and of other
  /// types the one of this registry is shown.
  ///
  /// Errors:  errc::name_taken or name_collides (subject: the name), errc::attach_cycle, errc::already_attached,
  ///          errc::too_many_registries. Nothing is changed then.
  /// Threads: any. `other` must be detached before it is destroyed; a `registry` does that itself.
  status attach(registry_core& other) noexcept;

  /// Undoes attach(). Errors: errc::not_registered when `other` is not attached here.
  status detach(registry_core& other) noexcept;

  /// How many things of this kind were refused in this registry.
  std::uint64_t refused(mistake what) const noexcept {
    return refused_[static_cast<unsigned>(what)].n.load(detail::memory_order_relaxed);
  }

  string_view prefix() const noexcept { return string_view(prefix_, prefix_size_); }
  /// The constant labels as they are written: a="b",c="d".
  string_view constant_labels() const noexcept { return string_view(constant_, constant_size_); }

#if NARTHEX_HAS(HEAP)
  /// From now on, what is registered here keeps for each series since when it counts from zero: counters, histograms and
  /// summaries that the registry owns (not fixed_ ones, enum and expiring families). OpenMetrics shows it as x_created, protobuf in
  /// the series itself.
  ///
  /// clock_ns: nanoseconds since 1970, as nx::unix_time_ns of unix_time.hpp; called for each new or removed series, from
  ///           any thread, without a lock of ours. Null: nothing is kept.
  /// Cost:     8 bytes a series, and one line more for each in OpenMetrics.
  void keep_created_times(std::int64_t (*clock_ns)()) noexcept { clock_ns_.store(clock_ns, detail::memory_order_relaxed); }
  std::int64_t (*created_clock() const noexcept)() { return clock_ns_.load(detail::memory_order_relaxed); }
#endif

  // ---- for instruments and walks ----

  /// Puts `n` into the list, or says why not. `twin` is then the owned node that is the same metric, shown
  /// again when it was hidden.
  errc insert(detail::family_node& n, detail::family_node*& twin) noexcept;
  /// Takes a node of a user's object out; returns when no scrape can stand on it any more.
  void unlink(detail::family_node& n) noexcept;
  void hide(detail::family_node& n) noexcept {
#if NARTHEX_HAS(HEAP)
    const detail::hold held(detail::lists::lock);
    if (!n.is_shown()) return;  // or coming back
    n.place.show_as(detail::membership::unregistered);
    detail::change_lists();
#else
    static_cast<void>(n);  // nothing is owned
#endif
  }
  void count(mistake what) noexcept {
    refused_[static_cast<unsigned>(what)].n.fetch_add(1, detail::memory_order_relaxed);
  }
  /// Tells of a refused registration and counts it.
  void tell(const detail::family_node& n) noexcept {
    count(mistake::registration);
    detail::report(n);
  }
#if NARTHEX_HAS(HEAP)
  /// What the handles of a refused registration use until the registry ends: `fresh`, or the node of an equal
  /// refusal among the last 64, so that a refusal in a loop does not fill memory.
  detail::family_node* keep_refused(detail::family_node& fresh, errc why, std::size_t at) noexcept;
  /// A copy of `text` that lives as long as the registry; the same text is kept once. Null without memory.
  const char* intern(string_view text) noexcept;
#endif

  detail::family_node* first() const noexcept { return first_.load(detail::memory_order_seq_cst); }
  /// The next registry of the tree below `top`, itself first; null after the last.
  const registry_core* next_in_tree(const registry_core* root) const noexcept;

#if NARTHEX_HAS(THREADS)
  void enter_walk() noexcept { walks_.fetch_add(1, detail::memory_order_acquire); }
  void leave_walk() noexcept { walks_.fetch_sub(1, detail::memory_order_release); }
#else
  void enter_walk() noexcept {}
  void leave_walk() noexcept {}
#endif
  /// Whether a walk of it is one of several registries.
  bool has_others() const noexcept { return child_.load(detail::memory_order_seq_cst) != nullptr; }

 protected:
  /// Waits for scrapes, then frees what is owned and lets go of what is not.
  void end() noexcept;
  void set_prefix(string_view text) noexcept {
    prefix_ = text.data();
    prefix_size_ = static_cast<std::uint32_t>(text.size());
  }
  void set_constant_labels(string_view ready) noexcept {
#if !NARTHEX_HAS(HEAP)
    detail::label_joining<void>::join.store(&detail::join_labels, detail::memory_order_relaxed);
#endif
    constant_ = ready.data();
    constant_size_ = static_cast<std::uint32_t>(ready.size());
  }

 private:
  struct verdict {
    errc why;
#if NARTHEX_HAS(HEAP)
    detail::family_node* twin;
#endif
    detail::shared<detail::family_node*>* link;  // to the node behind the place
  };
  void judge(const detail::family_node& n, verdict& v) noexcept;
  static errc judge_elsewhere(const registry_core& home, const detail::family_node& n) noexcept;
  detail::family_node* start_for(string_view wanted) const noexcept;
  static errc clash(const registry_core& a, const detail::family_node& x, const registry_core& b,
                    const detail::family_node& y) noexcept;
  const registry_core& top() const noexcept;

  detail::shared<detail::family_node*> first_;
  detail::shared<registry_core*> parent_, child_, sibling_;
#if NARTHEX_HAS(THREADS)
  detail::shared<std::uint32_t> walks_;
#endif
  struct tally {
    constexpr tally() noexcept : n(0) {}
    detail::shared<detail::cell_word> n;
  };
  tally refused_[mistake_kinds];
#if NARTHEX_HAS(HEAP)
  // The owned nodes registered last: places to begin a search at. 10,000 names in random order took 350 ms
  // without them.
  struct finger {
    constexpr finger() noexcept : node(nullptr) {}
    detail::shared<detail::family_node*> node;
  };
  finger fingers_[32];
#endif
  detail::self_node self_;
  const char* prefix_;
  alignas(4) std::uint32_t prefix_size_;  // where words lie at even places (m68k), `membership` would have one bit beside the address
  const char* constant_;
  std::uint32_t constant_size_;
#if NARTHEX_HAS(HEAP)
  struct interned {
    interned* next;  // the text lies behind it
  };
  detail::family_node* refused_nodes_;
  interned* names_;
  detail::shared<std::int64_t (*)()> clock_ns_;
#endif
};
static_assert(alignof(registry_core) >= 4, "two bits of its address are used");

namespace detail {
// ---- the registry's own metric ----

/// Shows each kind of refusal once it is not 0, so that a program without mistakes exposes nothing of ours.
NARTHEX_DETAIL_COLD inline bool next_refusal(family_node& n, position& where, reading& out) noexcept {
  const char* const what = "what=\"registration\"\0what=\"update\"\0what=\"series\"\0what=\"sample\"\0what=\"push\"";
  const registry_core* const home = static_cast<self_node&>(n).home();
  while (home && where.index < mistake_kinds) {
    const unsigned i = where.index++;
    const std::uint64_t value = home->refused(static_cast<mistake>(i));
    if (value == 0) continue;
    if (NARTHEX_HAS(HEAP)) out.labels = home->constant_labels();  // elsewhere a walk says it before each series
    out.add_label(nth_text(what, i));
    out.value = value;
    return true;
  }
  return false;
}

template <class Once>
struct self_ops {
#if NARTHEX_HAS(HEAP)
  static const family_ops table;
#else
  static const family_basics table;
#endif
};
template <class Once>
#if NARTHEX_HAS(HEAP)
const family_ops self_ops<Once>::table = {
    metric_type::counter, storage::self, false,   &next_refusal, &nothing_to_restart, &no_label,
    &nothing_more,        &always_same,  nullptr, nullptr,       nullptr};
#else
const family_basics self_ops<Once>::table = {metric_type::counter, storage::self, false, &next_refusal};
#endif

constexpr self_node::self_node(registry_core* where) noexcept
    : named_node(&self_ops<void>::table, "narthex_refused_total",
                  "What was refused, by kind.", where) {}

}  // namespace detail
// ---- the tree of attached registries ----

inline const registry_core& registry_core::top() const noexcept {
  const registry_core* r = this;
  while (const registry_core* up = r->parent_.load(detail::memory_order_seq_cst)) r = up;
  return *r;
}

inline const registry_core* registry_core::next_in_tree(const registry_core* root) const noexcept {
  if (const registry_core* down = child_.load(detail::memory_order_seq_cst)) return down;
  for (const registry_core* r = this; r && r != root; r = r->parent_.load(detail::memory_order_seq_cst)) {
    if (const registry_core* beside = r->sibling_.load(detail::memory_order_seq_cst)) return beside;
  }
  return nullptr;
}

#else  // compiled out

class registry_core {
 public:
  constexpr registry_core() noexcept {}
  registry_core(const registry_core&) = delete;
  registry_core& operator=(const registry_core&) = delete;
  enum : unsigned { max_registries = NARTHEX_HAS(HEAP) ? 16 : 4 };
  status attach(registry_core&) noexcept { return status(); }
  status detach(registry_core&) noexcept { return status(); }
  std::uint64_t refused(mistake) const noexcept { return 0; }
  string_view prefix() const noexcept { return string_view(); }
  string_view constant_labels() const noexcept { return string_view(); }
#if NARTHEX_HAS(HEAP)
  void keep_created_times(std::int64_t (*)()) noexcept {}
#endif
  void count(mistake) noexcept {}
};

#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_REGISTRY_CORE_HPP
