// narthex/registry.hpp - a registry of one's own: options, attaching, and its end.
// Room: shelves. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_REGISTRY_HPP
#define NARTHEX_REGISTRY_HPP

#include <cstddef>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/in_place.hpp"
#include "narthex/detail/registration.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/label.hpp"
#include "narthex/walk.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// What a registry adds to its metrics: nx::registry_options().label("region", "east").prefix("shop_").
///
/// Views only: what they point to must live until the registry is made.
class registry_options {
 public:
  enum : unsigned { max_labels = 8 };

  /// A label on every series; one without a value is left out. Errors (see registry::status): errc::bad_label_name,
  /// reserved_label_name ("__...", le, quantile, what), duplicate_label_name, label_too_long beyond max_labels or
  /// registry::max_label_bytes; a bad label is left out.
  registry_options& label(label_name name, string_view value) noexcept {
    if (count_ < max_labels) {
      names_[count_] = name.text();
      values_[count_] = value;
    }
    ++count_;
    return *this;
  }
  /// Written before every name. Errors: errc::bad_name; a bad prefix is left out.
  registry_options& prefix(metric_name text) noexcept {
    prefix_ = text.text();
    return *this;
  }
#if NARTHEX_HAS(HEAP)
  /// Keeps since when series count from zero: see registry_core::keep_created_times.
  registry_options& created_times(std::int64_t (*clock_ns)()) noexcept {
    clock_ns_ = clock_ns;
    return *this;
  }
#endif

 private:
  friend class registry;
  string_view prefix_;
  string_view names_[max_labels], values_[max_labels];
  unsigned count_ = 0;
#if NARTHEX_HAS(HEAP)
  std::int64_t (*clock_ns_)() = nullptr;
#endif
};

/// A registry that its user owns.
///
/// It must outlive the handles registered in it; fixed and callback instruments may outlive it. Its destructor waits for
/// scrapes of it that are under way, and detaches what is attached: it must not be destroyed by a sink, callback or
/// collector of its own scrape.
/// Memory: with a heap, one allocation for prefix and labels; without one, 128 bytes in place.
class registry : public registry_core {
 public:
  registry() noexcept {}
  /// What all constant labels together may take as text: a scrape has 256 bytes for labels that are not kept ready.
  enum : std::size_t { max_label_bytes = 200 };

  explicit registry(const registry_options& options) noexcept {
    using namespace_status = NARTHEX_NAMESPACE::status;
    const string_view front = options.prefix_;
    std::size_t bad = 0;
    if (!front.empty() && detail::check_name(front, bad) != errc::ok) {
      status_ = namespace_status(errc::bad_name, front);
    }
    const unsigned given = options.count_ < registry_options::max_labels ? options.count_ : registry_options::max_labels;
    if (options.count_ > given) status_ = namespace_status(errc::label_too_long, "registry_options", given);
    std::size_t size = front.size() + 1;
    for (unsigned i = 0; i < given; ++i) size += detail::label_text_size(options.names_[i], options.values_[i]) + 1;
#if NARTHEX_HAS(HEAP)
    keep_created_times(options.clock_ns_);
    char* const room = text_ = static_cast<char*>(detail::allocate(size));
    if (!room) {
      status_ = namespace_status(errc::no_memory, "registry_options");
      return;
    }
#else
    char* const room = text_;
    if (size > sizeof text_) {
      status_ = namespace_status(errc::label_too_long, "registry_options", sizeof text_);
      return;
    }
#endif
    char* at = room;
    if (status_.code() != errc::bad_name) set_prefix(detail::copy_text(at, front));
    detail::label_text constant(at, size - static_cast<std::size_t>(at - room));
    // By name, so that the same labels are the same text whatever the order they were given in: attach() merges by it.
    unsigned sorted[registry_options::max_labels];
    for (unsigned i = 0; i < given; ++i) {
      unsigned to = i;
      for (; to && options.names_[sorted[to - 1]].compare(options.names_[i]) > 0; --to) sorted[to] = sorted[to - 1];
      sorted[to] = i;
    }
    for (unsigned k = 0; k < given; ++k) {
      const unsigned i = sorted[k];
      std::size_t which = 0;
      errc why = detail::check_label_names(&options.names_[i], 1, metric_type::histogram, constant.text(), which);
      // "what" is the label of narthex_refused_total.
      if (options.names_[i] == "quantile" || options.names_[i] == "what") why = errc::reserved_label_name;
      const std::size_t one = detail::label_text_size(options.names_[i], options.values_[i]) + 1;
      if (why == errc::ok && constant.text().size() + one > max_label_bytes) why = errc::label_too_long;
      // An empty value is no label to Prometheus: written, it would make one series look like two.
      if (why == errc::ok && options.values_[i].empty()) continue;
      if (why == errc::ok) constant.add(options.names_[i], options.values_[i]);
      else status_ = namespace_status(why, options.names_[i], i);
    }
    set_constant_labels(constant.text());
  }
  ~registry() {
    end();
#if NARTHEX_HAS(HEAP)
    detail::release(text_);
#endif
  }

  /// ok, or what of the options was left out.
  NARTHEX_NAMESPACE::status status() const noexcept { return status_; }

 private:
  NARTHEX_NAMESPACE::status status_;
#if NARTHEX_HAS(HEAP)
  char* text_ = nullptr;
#else
  char text_[128];
#endif
};

// ---- attaching ----

inline status registry_core::attach(registry_core& other) noexcept {
#if !NARTHEX_HAS(HEAP)
  detail::attaching<void>::judge.store(&judge_elsewhere, detail::memory_order_relaxed);
  detail::attaching<void>::walk_on.store(&walk::walk_on, detail::memory_order_relaxed);
#endif
  for (;;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    status why;
    const registry_core& all = top();
    unsigned registries = 0;
    for (const registry_core* r = &all; r; r = r->next_in_tree(&all), ++registries) {
      if (r == &other) why = status(errc::attach_cycle, "registry::attach");
    }
    for (const registry_core* r = &other; r; r = r->next_in_tree(&other)) ++registries;
    if (other.parent_.load(detail::memory_order_acquire)) why = status(errc::already_attached, "registry::attach");
    // Every name of the one tree against every name of the other.
    for (const registry_core* r = &all; r && why.ok(); r = r->next_in_tree(&all)) {
      for (const registry_core* o = &other; o && why.ok(); o = o->next_in_tree(&other)) {
        for (detail::family_node* x = r->first(); x && why.ok(); x = x->next.load(detail::memory_order_seq_cst)) {
          if (x->is_unregistered()) continue;
          for (detail::family_node* y = o->first(); y; y = y->next.load(detail::memory_order_seq_cst)) {
            const errc code = clash(*r, *x, *o, *y);
            if (code == errc::ok) continue;
            if (y->is_unregistered()) continue;
            why = status(code, y->name());
            break;
          }
        }
      }
    }
    if (why.ok() && registries > max_registries) {
      why = status(errc::too_many_registries, "registry::attach", max_registries);
    }
    const detail::hold held(detail::lists::lock);
    if (!detail::are_unchanged(seen)) continue;
    if (!why.ok()) return why;
    other.sibling_.store(child_.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    other.parent_.store(this, detail::memory_order_seq_cst);
    child_.store(&other, detail::memory_order_seq_cst);
    detail::change_lists();
    return why;
  }
}

inline status registry_core::detach(registry_core& other) noexcept {
  {
    const detail::hold held(detail::lists::lock);
    detail::shared<registry_core*>* link = &child_;
    registry_core* r = link->load(detail::memory_order_relaxed);
    while (r && r != &other) {
      link = &r->sibling_;
      r = link->load(detail::memory_order_relaxed);
    }
    if (!r) return status(errc::not_registered, "registry::detach");
    link->store(other.sibling_.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    other.parent_.store(nullptr, detail::memory_order_seq_cst);
    detail::change_lists();
  }
  detail::lists::readers.wait();
  return status();
}

// ---- the end ----

inline void registry_core::end() noexcept {
  if (registry_core* const parent = parent_.load(detail::memory_order_acquire)) static_cast<void>(parent->detach(*this));
  while (registry_core* const child = child_.load(detail::memory_order_acquire)) static_cast<void>(detach(*child));
#if NARTHEX_HAS(THREADS)
  detail::patience p;
  while (walks_.load(detail::memory_order_acquire) && !p.in_vain()) p.wait();
#endif
  for (detail::family_node* n = first(); n;) {
    detail::family_node* const after = n->next.load(detail::memory_order_relaxed);
    n->leave();
    if (NARTHEX_HAS(HEAP) && n->ops->all().destroy) n->ops->all().destroy(n);
    n = after;
  }
#if NARTHEX_HAS(HEAP)
  while (detail::family_node* const n = refused_nodes_) {
    refused_nodes_ = n->next.load(detail::memory_order_relaxed);
    n->ops->all().destroy(n);
  }
  while (interned* const text = names_) {
    names_ = text->next;
    detail::release(text);
  }
#endif
}

#else  // compiled out

class registry_options {
 public:
  enum : unsigned { max_labels = 8 };
  registry_options& label(label_name, string_view) noexcept { return *this; }
  registry_options& prefix(metric_name) noexcept { return *this; }
#if NARTHEX_HAS(HEAP)
  registry_options& created_times(std::int64_t (*)()) noexcept { return *this; }
#endif
};

class NARTHEX_DETAIL_IDLE registry : public registry_core {
 public:
  constexpr registry() noexcept {}
  constexpr explicit registry(const registry_options&) noexcept {}
  enum : std::size_t { max_label_bytes = 200 };
  NARTHEX_NAMESPACE::status status() const noexcept { return NARTHEX_NAMESPACE::status(); }
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_REGISTRY_HPP
