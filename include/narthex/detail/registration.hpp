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

/// Whether x of registry a and y of registry b cannot both be exposed.
NARTHEX_DETAIL_COLD inline errc registry_core::clash(const registry_core& a, const detail::family_node& x, const registry_core& b,
                                 const detail::family_node& y, detail::name_relation& relation) noexcept {
  const detail::full_name left = {a.prefix(), x.name}, right = {b.prefix(), y.name};
  relation = detail::relate(left, right);
  if (relation.order == 0) {
#if NARTHEX_HAS(HEAP)
    return detail::is_same_metric(x, y) ? errc::ok : errc::name_taken;
#else  // in one registry, a node inside an object is never another's
    return &a != &b && detail::attaching<void>::is_same(x, y) ? errc::ok : errc::name_taken;
#endif
  }
  if ((relation.common == left.size() && x.ops->has_tail && x.ops->has_tail(right, relation.common)) ||
      (relation.common == right.size() && y.ops->has_tail && y.ops->has_tail(left, relation.common))) {
    return errc::name_collides;
  }
  return errc::ok;
}

NARTHEX_DETAIL_COLD inline registry_core::verdict registry_core::judge(const detail::family_node& n) const noexcept {
  verdict v = {errc::ok, nullptr, nullptr};
  // The first name that can matter: n's own, or what n would be a sample of.
  detail::full_name from = {prefix(), n.name};
  const std::size_t size = from.size();
#if NARTHEX_HAS(HEAP)  // elsewhere a search begins at the first name of all
  for (const char* const tail : {"_bucket", "_count", "_sum", "_created", "_gcount", "_gsum"}) {
    if (!from.name.ends_with(tail)) continue;
    from.name = from.name.first(from.name.size() - std::strlen(tail));
    break;
  }
  if (!from.prefix.empty() && from.name.size() < 8) from = detail::full_name();  // a tail begun in the prefix
#endif
  const registry_core& all = top();
  for (const registry_core* r = &all; r; r = r->next_in_tree(&all)) {
    for (detail::family_node* x = r->start_for(from); x; x = x->next.load(detail::memory_order_seq_cst)) {
      detail::name_relation relation;
      const errc why = clash(*r, *x, *this, n, relation);
      if (relation.order > 0 && relation.common < size) break;  // nothing related follows
      if (r == this && relation.order <= 0) v.before = x;
      const bool hidden = x->is_unregistered();
      if (why != errc::ok) {
        if (!hidden) v.why = why;
      } else if (relation.order == 0 && r == this) {
        // A node inside a user's object cannot be shared.
        if (NARTHEX_HAS(HEAP) && x->ops->owned && n.ops->owned) v.twin = x;
        else if (!hidden) v.why = errc::name_taken;
      }
      if (v.why != errc::ok) return v;
    }
  }
  return v;
}

/// A node from which all names not before `wanted` can be reached.
inline detail::family_node* registry_core::start_for(const detail::full_name& wanted) const noexcept {
  detail::family_node* best = nullptr;
#if NARTHEX_HAS(HEAP)
  for (const finger& f : fingers_) {
    detail::family_node* const x = f.node.load(detail::memory_order_acquire);
    if (!x || detail::relate(detail::full_name{prefix(), x->name}, wanted).order >= 0) continue;
    if (!best || std::strcmp(best->name, x->name) < 0) best = x;
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
      if (equal->ops == fresh.ops && equal->home.reason() == why && string_view(equal->name) == string_view(fresh.name) &&
          string_view(equal->help) == string_view(fresh.help) && detail::same_labels(*equal, fresh)) {
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
  fresh.ops->destroy(&fresh);
  return equal;
}
#endif

NARTHEX_DETAIL_COLD inline errc registry_core::insert(detail::family_node& n, detail::family_node*& twin) noexcept {
  for (detail::patience p;;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    verdict v = judge(n);
    if (!NARTHEX_HAS(HEAP)) v.twin = nullptr;  // as a compiler does not see by itself
    const detail::membership::state was =
        v.twin ? v.twin->home.visibility(detail::memory_order_acquire) : detail::membership::shown;
    if (was == detail::membership::coming_back && (p.wait(), !p.in_vain())) continue;
    const detail::hold held(detail::lists::lock);
    if (detail::lists::version.load(detail::memory_order_relaxed) != seen) continue;  // somebody was quicker
    if (v.why != errc::ok) return v.why;
    twin = v.twin;
    detail::lists::version.fetch_add(1, detail::memory_order_release);
    if (twin) {
      if (was == detail::membership::shown) return errc::ok;
      twin->home.show_as(detail::membership::coming_back);
      break;
    }
    NARTHEX_ASSERT(!n.home.load(detail::memory_order_relaxed));
    n.home.store(this, detail::memory_order_relaxed);
    detail::shared<detail::family_node*>& link = v.before ? v.before->next : first_;
    n.next.store(link.load(detail::memory_order_relaxed), detail::memory_order_relaxed);
    link.store(&n, detail::memory_order_seq_cst);
#if NARTHEX_HAS(HEAP)
    if (n.ops->owned) fingers_[seen % 32].node.store(&n, detail::memory_order_release);
#endif
    return errc::ok;
  }
  // By one registration alone: another one's restart would take what was counted since the first returned.
  twin->ops->restart(*twin);
  const detail::hold held(detail::lists::lock);
  twin->home.show_as(detail::membership::shown);
  return errc::ok;
}

inline void registry_core::unlink(detail::family_node& n) noexcept {
  for (bool done = false; !done;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    // Begins at a node before n, or at the head.
    detail::family_node* x = start_for(detail::full_name{prefix(), n.name});
    detail::shared<detail::family_node*>* link = x == first() ? &first_ : &x->next;
    if (link != &first_) x = link->load(detail::memory_order_seq_cst);
    while (x && x != &n) {
      link = &x->next;
      x = link->load(detail::memory_order_seq_cst);
    }
    const detail::hold held(detail::lists::lock);
    if (detail::lists::version.load(detail::memory_order_relaxed) != seen) continue;
    detail::lists::version.fetch_add(1, detail::memory_order_release);
    if (x) link->store(n.next.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    done = true;
  }
  detail::lists::readers.wait();
  n.home.store(nullptr, detail::memory_order_release);  // only now: scrapes that stood on it took its labels from there
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_REGISTRATION_HPP
