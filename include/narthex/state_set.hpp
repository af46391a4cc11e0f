// narthex/state_set.hpp - which of several states holds, one series each.
// Room: instruments. Read info.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_STATE_SET_HPP
#define NARTHEX_STATE_SET_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/detail/in_place.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/single.hpp"
#include "narthex/label.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
namespace detail {

/// All states in one word, so that a scrape sees them at one moment.
struct state_node : named_node {
  constexpr state_node(const family_ops* kind, const char* full, const char* means) noexcept
      : named_node(kind, full, means), states(nullptr), count(0), bits(1) {}
  const char* const* states;
  unsigned count;
  shared<std::uint32_t> bits;

  static bool next(family_node& n, position& where, reading& out) noexcept {
    const state_node& s = static_cast<const state_node&>(n);
    if (where.index == 0) {
      // The word as it was at the first state stands for all: kept where a walk keeps its place.
      const std::uintptr_t now = s.bits.load(memory_order_relaxed);
      where.at = reinterpret_cast<const void*>(now);
    }
    const unsigned i = where.index++;
    if (i >= s.count) return false;
    out.labels = s.write_labels(i, out.text, reading::text_room);
    out.value = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(where.at) >> i & 1);
    return true;
  }
  string_view write_labels(unsigned i, char* room, std::size_t size) const noexcept {
    const registry_core* const r = home();
    label_text text(room, size);
    if (r) {
      text.add_ready(r->constant_labels());
      char full[reading::text_room];  // check() saw that it fits
      string_view own = write_name(*r, name(), full);
      static_cast<void>(write_label_name(own, full));
      text.add(own, states[i]);
    }
    return text.text();
  }
  static string_view write_name(const registry_core& r, string_view own, char* room) noexcept {
    if (!r.prefix().empty()) std::memcpy(room, r.prefix().data(), r.prefix().size());
    if (!own.empty()) std::memcpy(room + r.prefix().size(), own.data(), own.size());
    return string_view(room, r.prefix().size() + own.size());
  }
  static bool write_label_name(string_view& full, char (&room)[reading::text_room]) noexcept {
    const utf8_names* const utf8 = utf8_in_use();
    return !utf8 || utf8->quote(full, room, sizeof room);
  }

  /// The number of a state; count when there is none.
  unsigned find(string_view which) const noexcept {
    unsigned i = 0;
    while (i < count && string_view(states[i]) != which) ++i;
    return i;
  }

  errc validate(const registry_core& r, string_view own, std::size_t& at) const noexcept {
    errc why = check_name(own, at);
    if (why != errc::ok) return why;
    // Its label has the metric's full name: the registry's prefix counts, and what is no label name is refused.
    char room[reading::text_room];
    if (r.prefix().size() + own.size() > sizeof room) return at = sizeof room, errc::label_too_long;
    string_view full = write_name(r, own, room);
    if (!write_label_name(full, room)) return at = sizeof room, errc::label_too_long;
    why = check_label_names(&full, 1, metric_type::state_set, r.constant_labels(), at);
    if (why != errc::ok) return why;
    at = count < 32 ? count : 32;
    if (count == 0 || count > 32) return errc::bad_states;
    for (unsigned i = 0; i < count; ++i) {
      at = i;
      const std::size_t size = label_text_size(full, states[i]) + r.constant_labels().size() + 1;
      if (size > reading::text_room) return at = reading::text_room, errc::label_too_long;
      // Different as they will be written: two broken ones may be repaired to the same text.
      char mine[reading::text_room], other[reading::text_room];
      const string_view text(mine, static_cast<std::size_t>(write_safe(mine, states[i], quoting::label_value) - mine));
      for (unsigned k = 0; k < i; ++k) {
        const std::size_t n = static_cast<std::size_t>(write_safe(other, states[k], quoting::label_value) - other);
        if (text == string_view(other, n)) return errc::bad_states;
      }
    }
    return errc::ok;
  }

  static void restart(family_node& n) noexcept { static_cast<state_node&>(n).bits.store(1, memory_order_relaxed); }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const state_node&>(n); }
  friend bool operator==(const state_node& x, const state_node& y) noexcept {
    unsigned i = 0;
    while (i < x.count && i < y.count && string_view(x.states[i]) == string_view(y.states[i])) ++i;
    return i == x.count && i == y.count;
  }
  static void unregister(family_node& n, void*) noexcept {
    if (registry_core* const home = n.home()) home->hide(n);
  }
  static void destroy(family_node* n) noexcept {
#if NARTHEX_HAS(HEAP)
    release(static_cast<state_node*>(n));
#else
    static_cast<void>(n);
#endif
  }
};
template <bool Owned>
struct state_ops {
  static const family_ops table;
};
template <bool Owned>
const family_ops state_ops<Owned>::table = {
    metric_type::state_set, storage::state_set, Owned, &state_node::next, &state_node::restart, &no_label,
    &state_node::chosen, &same_choice<state_node>, &state_node::unregister, &node_state, Owned ? &state_node::destroy : nullptr};

}  // namespace detail

/// Which of several states holds: mode{mode="running"} 1, one series for each state, the first one set at the start.
///
/// Errors:  1 to 32 different states, whose labels fit 256 bytes: see status().
/// Threads: every member may be called from any thread at any time; lock-free. A scrape sees one moment.
/// Source:  OpenMetrics 1.0, StateSet.
template <class Holder>
class state_set_of : public Holder {
 public:
  using Holder::Holder;

  /// Makes this state the only one. A state that is not of the set changes nothing and is counted in
  /// narthex_refused_total{what="update"}.
  /// Cost: a search by name; by number (in the order of registration, from 0) a relaxed store.
  void set(string_view state) noexcept { set(this->states().find(state)); }
  void set(unsigned state) noexcept {
    if (known(state)) this->states().bits.store(std::uint32_t(1) << state, detail::memory_order_relaxed);
  }
  /// For states that may hold together: sets or clears one alone.
  void enable(string_view state) noexcept { change(state, std::uint32_t(1)); }
  void disable(string_view state) noexcept { change(state, std::uint32_t(0)); }

  /// Whether this state holds; false for one that is not of the set. Cost: a search by name.
  bool is(string_view state) const noexcept {
    const unsigned i = this->states().find(state);
    return i < this->states().count && (this->states().bits.load(detail::memory_order_relaxed) >> i & 1) != 0;
  }

 private:
  bool known(unsigned state) noexcept {
    if (state < this->states().count) return true;
    detail::refuse_update(this->states());
    return false;
  }
  void change(string_view state, std::uint32_t to) noexcept {
    const unsigned i = this->states().find(state);
    if (!known(i)) return;
    detail::shared<std::uint32_t>& bits = this->states().bits;
    std::uint32_t old = bits.load(detail::memory_order_relaxed);
    while (!bits.compare_exchange_weak(old, (old & ~(std::uint32_t(1) << i)) | to << i, detail::memory_order_relaxed,
                                       detail::memory_order_relaxed)) {
    }
  }
};

#if NARTHEX_HAS(HEAP)
/// A handle to a state set that its registry owns; see state_set.
class registered_states {
 public:
  registered_states(metric_name name, string_view help, std::initializer_list<string_view> all) noexcept
      : registered_states(default_registry(), name, help, all) {}
  registered_states(registry_core& registry, metric_name name, string_view help,
                    std::initializer_list<string_view> all) noexcept
      : node_(nullptr) {
    std::size_t size = name.text().size() + help.size() + 2;
    for (const string_view& s : all) size += s.size() + 1;
    const std::size_t states_at = detail::round_up(sizeof(detail::state_node));
    const std::size_t text_at = states_at + all.size() * sizeof(const char*);
    char* const memory = static_cast<char*>(detail::allocate(text_at + size));
    if (!memory) {
      registry.count(mistake::registration);
      node_ = &nowhere();
      detail::report(status());
      return;
    }
    char* text = memory + text_at;
    const char* const own_name = detail::copy_text(text, name.text()).data();
    const char* const own_help = detail::copy_text(text, help).data();
    const char** const own = reinterpret_cast<const char**>(memory + states_at);
    node_ = new (memory) detail::state_node(&detail::state_ops<true>::table, own_name, own_help);
    for (const string_view& s : all) own[node_->count++] = detail::copy_text(text, s).data();
    node_->states = own;
    std::size_t at = 0;
    errc why = node_->validate(registry, name.text(), at);
    detail::family_node* twin = nullptr;
    if (why == errc::ok) why = registry.insert(*node_, twin);
    if (twin) {
      detail::state_node::destroy(node_);
      node_ = static_cast<detail::state_node*>(twin);
    } else if (why != errc::ok) {
      node_ = static_cast<detail::state_node*>(registry.keep_refused(*node_, why, at));
    }
  }
  NARTHEX_NAMESPACE::status status() const noexcept { return node_->state(); }
  void unregister() const noexcept { detail::state_node::unregister(*node_, nullptr); }

 protected:
  detail::state_node& states() const noexcept { return *node_; }

 private:
  template <class Once>
  struct stand_in {
    static detail::state_node node;
  };
  static detail::state_node& nowhere() noexcept {
    stand_in<void>::node.refuse(errc::no_memory, 0);
    return stand_in<void>::node;
  }
  detail::state_node* node_;
};
template <class Once>
detail::state_node registered_states::stand_in<Once>::node(&detail::state_ops<true>::table, "state_set", "");
#endif

/// A state set with its storage inside, for up to `States` states of static lifetime; see state_set.
template <unsigned States>
class fixed_states {
 public:
  fixed_states(static_name name, const char* help, std::initializer_list<const char*> all) noexcept
      : fixed_states(default_registry(), name, help, all) {}
  fixed_states(registry_core& registry, static_name name, const char* help,
               std::initializer_list<const char*> all) noexcept
      : node_(&detail::state_ops<false>::table, name.data(), help) {
    for (const char* const s : all) {
      if (node_.count < States) own_[node_.count] = s;
      ++node_.count;
    }
    node_.states = own_;
    std::size_t at = States;
    errc why = errc::bad_states;
    if (node_.count > States) node_.count = States;
    else why = node_.validate(registry, name.text(), at);
    detail::join(registry, node_, why, at);
  }
  ~fixed_states() { unregister(); }
  fixed_states(const fixed_states&) = delete;
  fixed_states& operator=(const fixed_states&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }
  void unregister() noexcept { detail::part(node_); }

 protected:
  detail::state_node& states() noexcept { return node_; }
  const detail::state_node& states() const noexcept { return node_; }

 private:
  detail::state_node node_;
  const char* own_[States];
};

#else  // compiled out

template <class Holder>
class NARTHEX_DETAIL_IDLE state_set_of : public Holder {
 public:
  using Holder::Holder;
  void set(string_view) noexcept {}
  void set(unsigned) noexcept {}
  void enable(string_view) noexcept {}
  void disable(string_view) noexcept {}
  bool is(string_view) const noexcept { return false; }
};

#if NARTHEX_HAS(HEAP)
class registered_states : public detail::no_node {
 public:
  constexpr registered_states(metric_name, string_view, std::initializer_list<string_view>) noexcept {}
  constexpr registered_states(registry_core&, metric_name, string_view, std::initializer_list<string_view>) noexcept {}
};
#endif

template <unsigned States>
class fixed_states : public detail::no_node {
 public:
  constexpr fixed_states(static_name, const char*, std::initializer_list<const char*>) noexcept {}
  constexpr fixed_states(registry_core&, static_name, const char*, std::initializer_list<const char*>) noexcept {}
  fixed_states(const fixed_states&) = delete;
  fixed_states& operator=(const fixed_states&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

template <unsigned States = 8>
using fixed_state_set = state_set_of<fixed_states<States>>;
#if NARTHEX_HAS(HEAP)
using state_set = state_set_of<registered_states>;
#else
using state_set = fixed_state_set<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_STATE_SET_HPP
