// narthex/detail/registration.hpp - how a node joins the list of names, and leaves it.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_REGISTRATION_HPP
#define NARTHEX_DETAIL_REGISTRATION_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/name_order.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/error_hook.hpp"

#if NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(HEAP)
inline const char* registry_core::intern(string_view text) noexcept {
  char* const fresh = static_cast<char*>(detail::allocate(sizeof(interned) + text.size() + 1));
  if (!fresh) return nullptr;
  interned* const mine = new (fresh) interned{nullptr};
  char* at = fresh + sizeof(interned);
  detail::copy_text(at, text);
  interned* kept = mine;
  {
    const detail::hold held(detail::lists::lock);
    interned* x = names_;
    while (x && string_view(reinterpret_cast<const char*>(x + 1)) != text) x = x->next;
    if (x) {
      kept = x;
    } else {
      mine->next = names_;
      names_ = mine;
    }
  }
  if (kept != mine) detail::release(mine);
  return reinterpret_cast<const char*>(kept + 1);
}
#endif

namespace detail {
/// Whether the metric writes a sample of the name that goes on like this behind its own.
inline bool writes(const family_node& n, const char* text, const char* behind) noexcept {
  return n.ops->has_tail && n.ops->has_tail(text, behind);
}
inline bool writes(const family_node& n, const full_name& longer, std::size_t from) noexcept {
  const std::size_t before = longer.prefix.size();
  const char* const text = longer.name.data();
  return from < before ? writes(n, longer.prefix.data() + from, text) : writes(n, text + (from - before), nullptr);
}
#if NARTHEX_HAS(HEAP)
/// What a metric of this name could be a sample of, or itself: the first name that can matter to it.
inline string_view without_tail(string_view name) noexcept {
  for (const char* const tail : {"_bucket", "_count", "_sum", "_created", "_gcount", "_gsum"}) {
    if (name.ends_with(tail)) return name.first(name.size() - std::strlen(tail));
  }
  return name;
}
#else  // a search begins at the first name of all
inline string_view without_tail(string_view) noexcept { return string_view(); }
#endif
}  // namespace detail

/// Whether x of registry a and y of registry b, another one, cannot both be exposed.
NARTHEX_DETAIL_COLD inline errc registry_core::clash(const registry_core& a, const detail::family_node& x, const registry_core& b,
                                                     const detail::family_node& y) noexcept {
  const detail::full_name left = {a.prefix(), x.name()}, right = {b.prefix(), y.name()};
  std::size_t common;
  if (detail::relate(left, right, common) == 0) return detail::is_same_metric(x, y) ? errc::ok : errc::name_taken;
  const bool collide = (common == left.size() && detail::writes(x, right, common)) ||
                       (common == right.size() && detail::writes(y, left, common));
  return collide ? errc::name_collides : errc::ok;
}

/// The same for the names of the registries that `home` is attached to, or they to it.
NARTHEX_DETAIL_COLD inline errc registry_core::judge_elsewhere(const registry_core& home, const detail::family_node& n) noexcept {
  const detail::full_name name = {home.prefix(), n.name()};
  const registry_core& all = home.top();
  for (const registry_core* r = &all; r; r = r->next_in_tree(&all)) {
    if (r == &home) continue;
    detail::family_node* x = r->prefix() == home.prefix() ? r->start_for(detail::without_tail(n.name())) : r->first();
    for (; x; x = x->next.load(detail::memory_order_seq_cst)) {
      const errc why = clash(*r, *x, home, n);
      if (why != errc::ok && !x->is_unregistered()) return why;
      std::size_t common;
      if (detail::relate(detail::full_name{r->prefix(), x->name()}, name, common) > 0 && common < name.size()) break;  // nothing related follows
    }
  }
  return errc::ok;
}

/// Finds n's place among the names of this registry.
NARTHEX_DETAIL_COLD inline void registry_core::judge(const detail::family_node& n, verdict& v) noexcept {
  v.link = &first_;
  const char* const wanted = n.name();
  for (detail::family_node* x = start_for(detail::without_tail(wanted)); x; x = x->next.load(detail::memory_order_seq_cst)) {
    const char* const there = x->name();
    std::size_t common;
    const int order = detail::relate(there, wanted, common);
    if (order > 0 && wanted[common]) return;  // nothing related follows
    if (order <= 0) v.link = &x->next;
    // A node inside a user's object cannot be shared.
#if NARTHEX_HAS(HEAP)
    if (order == 0 && x->ops->owned && n.ops->owned && detail::is_same_metric(*x, n)) {
      v.twin = x;
      continue;
    }
#endif
    const errc why = order == 0 ? errc::name_taken
                     : (!there[common] && detail::writes(*x, wanted + common, nullptr)) ||
                             (!wanted[common] && detail::writes(n, there + common, nullptr))
                         ? errc::name_collides
                         : errc::ok;
    if (why == errc::ok || (NARTHEX_HAS(HEAP) && x->is_unregistered())) continue;
    v.why = why;
    return;
  }
}

/// A node from which all names not before `wanted` can be reached.
inline detail::family_node* registry_core::start_for(string_view wanted) const noexcept {
  detail::family_node* best = nullptr;
#if NARTHEX_HAS(HEAP)
  for (const finger& f : fingers_) {
    detail::family_node* const x = f.node.load(detail::memory_order_acquire);
    if (!x || string_view(x->name()).compare(wanted) >= 0) continue;
    if (!best || std::strcmp(best->name(), x->name()) < 0) best = x;
  }
#else
  static_cast<void>(wanted);
#endif
  return best ? best : first();
}

#if NARTHEX_HAS(HEAP)
NARTHEX_DETAIL_COLD inline detail::family_node* registry_core::keep_refused(detail::family_node& fresh, errc why, std::size_t at) noexcept {
  fresh.refuse(why, at);
  count(mistake::registration);
  detail::family_node* equal = nullptr;
  {
    const detail::hold held(detail::lists::lock);
    unsigned looked_at = 0;
    for (equal = refused_nodes_; equal; equal = equal->next.load(detail::memory_order_relaxed)) {
      if (equal->ops == fresh.ops && equal->reason() == why && string_view(equal->name()) == string_view(fresh.name()) &&
          string_view(equal->help()) == string_view(fresh.help()) && detail::same_labels(*equal, fresh)) {
        break;
      }
      if (++looked_at == 64) {
        equal = nullptr;
        break;
      }
    }
    if (!equal) {
      fresh.next.store(refused_nodes_, detail::memory_order_relaxed);
      refused_nodes_ = &fresh;
    }
  }
  detail::report(fresh);
  if (!equal) return &fresh;
  fresh.ops->all().destroy(&fresh);
  return equal;
}
#endif

NARTHEX_DETAIL_COLD inline errc registry_core::insert(detail::family_node& n, detail::family_node*& twin) noexcept {
#if NARTHEX_HAS(HEAP)
  detail::patience p;
#endif
  for (;;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    verdict v = verdict();
    judge(n, v);
#if NARTHEX_HAS(HEAP)
    if (v.why == errc::ok) v.why = judge_elsewhere(*this, n);
    const detail::membership::state was =
        v.twin ? v.twin->place.visibility(detail::memory_order_acquire) : detail::membership::shown;
    if (was == detail::membership::coming_back && (p.wait(), !p.in_vain())) continue;
#else
    static_cast<void>(twin);  // nothing is owned
    const auto judge_others = detail::attaching<void>::judge.load(detail::memory_order_relaxed);
    if (v.why == errc::ok && judge_others) v.why = judge_others(*this, n);
#endif
    const detail::hold held(detail::lists::lock);
    if (!detail::are_unchanged(seen)) continue;  // somebody was quicker
    if (v.why != errc::ok) return v.why;
#if NARTHEX_HAS(HEAP)
    twin = v.twin;
    if (twin) {
      if (was == detail::membership::shown) return errc::ok;
      twin->place.show_as(detail::membership::coming_back);
      detail::change_lists();
      break;
    }
#endif
    n.join(*this);
    n.next.store(v.link->load(detail::memory_order_relaxed), detail::memory_order_relaxed);
    v.link->store(&n, detail::memory_order_seq_cst);
    detail::change_lists();
#if NARTHEX_HAS(HEAP)
    if (n.ops->owned) fingers_[seen % 32].node.store(&n, detail::memory_order_release);
#endif
    return errc::ok;
  }
#if NARTHEX_HAS(HEAP)
  // By one registration alone: another one's restart would take what was counted since the first returned.
  twin->ops->all().restart(*twin);
  const detail::hold held(detail::lists::lock);
  twin->place.show_as(detail::membership::shown);
  return errc::ok;
#endif
}

inline void registry_core::unlink(detail::family_node& n) noexcept {
  for (bool done = false; !done;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    // Begins at a node before n, or at the head.
    detail::family_node* x = start_for(n.name());
    detail::shared<detail::family_node*>* link = x == first() ? &first_ : &x->next;
    if (link != &first_) x = link->load(detail::memory_order_seq_cst);
    while (x && x != &n) {
      link = &x->next;
      x = link->load(detail::memory_order_seq_cst);
    }
    const detail::hold held(detail::lists::lock);
    if (!detail::are_unchanged(seen)) continue;
    if (x) link->store(n.next.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    detail::change_lists();
    done = true;
  }
  detail::lists::readers.wait();
  n.leave();  // only now: scrapes that stood on it took its labels from there
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_REGISTRATION_HPP
