// narthex/collector.hpp - whole families fetched at scrape time, from one call of a user's function.
// Room: shelves. Read collected.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_COLLECTOR_HPP
#define NARTHEX_COLLECTOR_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <utility>

#include "narthex/callback.hpp"
#include "narthex/collected.hpp"
#include "narthex/config.hpp"
#include "narthex/declared.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/label.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Families whose values come from one call of a function at each scrape.
///
///   nx::collector pools{{{nx::metric_type::gauge, "pool_size", "Connections.", {"pool"}}},
///                       [&](nx::collected& out) { out.add(0, {"db"}, db.size()); }};
///
/// The function is called at most once per scrape, before the first of its families is written, without any lock
/// of ours. It may be given to several collectors of several registries. It must not throw and must not
/// destroy its collector.
/// Errors:  see status(): the first of its families that was refused; the others are exposed.
/// Threads: as callback_of. Its destructor waits for its own call and for nobody else's.
/// Memory:  one allocation, and during a scrape what the function gave.
class collector {
 public:
  template <class F>
  collector(std::initializer_list<declared> families, F&& function) noexcept
      : collector(default_registry(), families, std::forward<F>(function)) {}
  template <class F>
  collector(registry_core& registry, std::initializer_list<declared> families, F&& function) noexcept
      : function_(std::forward<F>(function)), nodes_(nullptr), count_(0), serial_(0), lost_(errc::ok) {
    join(registry, families);
  }
  ~collector() { unregister(); }
  collector(const collector&) = delete;
  collector& operator=(const collector&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept {
    if (lost_ != errc::ok) return NARTHEX_NAMESPACE::status(lost_, "collector");
    for (unsigned i = 0; i < count_; ++i) {
      if (!nodes_[i].state().ok()) return nodes_[i].state();
    }
    return NARTHEX_NAMESPACE::status();
  }

  /// Takes all its families out for good. When this returns, the function is not called any more.
  void unregister() noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      detail::part(nodes_[i]);
      nodes_[i].wait_for_calls();
      nodes_[i].~collected_node();
    }
    if (count_) lost_ = errc::not_registered;
    count_ = 0;
    detail::release(nodes_);
    nodes_ = nullptr;
  }

 private:
  friend class walk;
  inline void join(registry_core& registry, std::initializer_list<declared> families) noexcept;

  detail::small_function<void, collected&> function_;
  detail::collected_node* nodes_;
  unsigned count_;
  std::uint32_t serial_;  // tells it from others that had its address
  errc lost_;
};

namespace detail {
inline string_view collected_label(const family_node& n, unsigned i) noexcept {
  const collected_node& c = static_cast<const collected_node&>(n);
  return i < c.arity ? c.names[i] : string_view();
}
template <metric_type Type>
struct collected_ops {
  static const family_ops table;
};
template <metric_type Type>
const family_ops collected_ops<Type>::table = {
    Type, storage::collected, false, nullptr, &nothing_to_restart, &collected_label, &nothing_more, &never_same, nullptr, nullptr, nullptr};

inline const family_ops* collected_table(metric_type type) noexcept {
  switch (type) {
    case metric_type::counter: return &collected_ops<metric_type::counter>::table;
    case metric_type::histogram: return &collected_ops<metric_type::histogram>::table;
    case metric_type::summary: return &collected_ops<metric_type::summary>::table;
    case metric_type::unknown: return &collected_ops<metric_type::unknown>::table;
    case metric_type::gauge_histogram: return &collected_ops<metric_type::gauge_histogram>::table;
    case metric_type::gauge:
    case metric_type::info:
    case metric_type::state_set: break;
  }
  return &collected_ops<metric_type::gauge>::table;
}
}  // namespace detail

inline void collector::join(registry_core& registry, std::initializer_list<declared> families) noexcept {
  std::size_t names = 0;
  for (const declared& d : families) names += d.labels.size();
  const std::size_t names_at = detail::round_up(families.size() * sizeof(detail::collected_node));
  char* const memory = static_cast<char*>(detail::allocate(names_at + names * sizeof(string_view) + 1));
  if (!memory) {
    lost_ = errc::no_memory;
    registry.count(mistake::registration);
    return detail::report(status());
  }
  serial_ = detail::lists::version.fetch_add(1, detail::memory_order_relaxed);
  nodes_ = reinterpret_cast<detail::collected_node*>(memory);
  string_view* label = reinterpret_cast<string_view*>(memory + names_at);
  for (const declared& d : families) {
    detail::collected_node* const n =
        new (nodes_ + count_) detail::collected_node(detail::collected_table(d.type), *this, count_);
    ++count_;
    std::size_t at = 0;
    const detail::utf8_names* const utf8 = d.name.empty() || d.name[0] != '"' ? nullptr : detail::utf8_in_use();
    const string_view name = utf8 ? utf8->unquoted(d.name) : d.name;  // a utf8_name
    errc why = detail::check_name(name, at);
    if (d.type == metric_type::info || d.type == metric_type::state_set) why = errc::unsupported;
    const detail::unit_size unit = detail::unit_in(name, d.unit);
    why = detail::check_unit(why, unit);
    n->measure_in(unit);
    n->names = label;
    n->arity = static_cast<unsigned>(d.labels.size());
    for (const string_view& l : d.labels) {
      const char* const copy = detail::keep_text(registry, l, why);
      new (label++) string_view(copy, std::strlen(copy));
    }
    if (why == errc::ok) why = detail::check_label_names(n->names, n->arity, d.type, registry.constant_labels(), at);
    n->own_words.name = detail::keep_text(registry, name, why);
    n->own_words.help = detail::keep_text(registry, d.help, why);
    n->refuse(why, at);
  }
  // A scrape may call the function as soon as the first has joined: all are complete by now.
  for (unsigned i = 0; i < count_; ++i) detail::join(registry, nodes_[i], nodes_[i].reason(), nodes_[i].reason_at());
}

#else  // compiled out

class NARTHEX_DETAIL_IDLE collector : public detail::no_node {
 public:
  template <class F>
  collector(std::initializer_list<declared>, F&&) noexcept {}
  template <class F>
  collector(registry_core&, std::initializer_list<declared>, F&&) noexcept {}
  collector(const collector&) = delete;
  collector& operator=(const collector&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_COLLECTOR_HPP
