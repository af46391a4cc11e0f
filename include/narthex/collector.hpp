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
#include "narthex/detail/series_key.hpp"
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
  friend class collected;
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
    const detail::unit_size unit = detail::unit_in(d.name, d.unit);
    why = detail::check_unit(why, unit);
    n->measure_in(unit);
    n->names = label;
    n->arity = static_cast<unsigned>(d.labels.size());
    for (const string_view& l : d.labels) {
      const char* const copy = detail::keep_text(registry, l, why);
      new (label++) string_view(copy, std::strlen(copy));
    }
    if (why == errc::ok) why = detail::check_label_names(n->names, n->arity, d.type, registry.constant_labels(), at);
    n->name = detail::keep_text(registry, name, why);
    n->help = detail::keep_text(registry, d.help, why);
    n->refuse(why, at);
  }
  // A scrape may call the function as soon as the first has joined: all are complete by now.
  for (unsigned i = 0; i < count_; ++i) detail::join(registry, nodes_[i], nodes_[i].home.reason(), nodes_[i].home.reason_at());
}

inline void collected::refuse() noexcept {
  for (unsigned i = 0; i < from_->count_; ++i) {
    if (registry_core* const home = from_->nodes_[i].home.load(detail::memory_order_acquire)) {
      return home->count(mistake::sample);
    }
  }
}

inline collected::entry* collected::begin(unsigned family, std::initializer_list<label_value> labels, metric_type shape,
                                          std::size_t numbers_size) noexcept {
  if (family >= from_->count_ || from_->nodes_[family].arity != labels.size()) return refuse(), nullptr;
  const detail::collected_node& n = from_->nodes_[family];
  const metric_type type = n.ops->type;
  const metric_type wanted = is_one_number(type)                    ? metric_type::gauge
                             : type == metric_type::gauge_histogram ? metric_type::histogram : type;
  if (shape != wanted) return refuse(), nullptr;
  const registry_core* const home = n.home.load(detail::memory_order_acquire);
  if (!home) return nullptr;  // its family was refused when the collector was made, and told then
  std::size_t text_size = home->constant_labels().size() + 1;
  unsigned i = 0;
  std::uint32_t hash = 0;
  for (const label_value& v : labels) {
    const string_view value = v.text();
    hash = hash * 31 + detail::series_key(n.names + i, &value, 1).hash();
    text_size += detail::label_text_size(n.names[i++], value) + 1;
  }
  const std::size_t bytes = detail::round_up(sizeof(entry) + numbers_size + text_size);
  if (!make_room(bytes)) return refuse(), nullptr;
  entry* const e = new (memory_ + used_) entry();
  e->family = family;
  e->bytes = static_cast<std::uint32_t>(bytes);
  e->hash = hash;
  e->has_time = has_time_;
  e->time_ms = time_ms_;
  e->created_ns = type == metric_type::gauge || type == metric_type::unknown || type == metric_type::gauge_histogram ? 0 : created_ns_;
  detail::label_text ready(reinterpret_cast<char*>(e + 1) + numbers_size, text_size);
  ready.add_ready(home->constant_labels());
  i = 0;
  for (const label_value& v : labels) ready.add(n.names[i++], v.text());
  e->text_size = static_cast<std::uint32_t>(ready.text().size());
  for (std::size_t o = 0; o < used_; o += at(o)->bytes) {
    const entry& x = *at(o);
    if (x.family == family && x.hash == hash && text(x, numbers(x, n.ops->type)) == ready.text()) {
      return refuse(), nullptr;
    }
  }
  return e;
}

inline bool collected::next(const detail::collected_node& n, detail::position& where,
                            detail::reading& out) const noexcept {
  std::size_t o = where.index;
  while (o < used_ && at(o)->family != n.number_in_owner) o += at(o)->bytes;
  if (o >= used_) return false;
  const entry& e = *at(o);
  where.index = static_cast<std::uint32_t>(o + e.bytes);
  const metric_type type = n.ops->type;
  out.labels = text(e, numbers(e, type));
  out.is_plain = false;
  out.has_time = e.has_time;
  out.time_ms = e.time_ms;
  out.created_ns = e.created_ns;
  out.value = e.value;
  out.sum = e.sum;
  out.count = e.count;
  if (type == metric_type::histogram || type == metric_type::gauge_histogram) {
    out.bounds_copy = buckets(reinterpret_cast<const double*>(&e + 1), e.size);
    out.bounds = &out.bounds_copy;
    out.counts = out.count_room;
    out.count = 0;
    for (unsigned i = 0; i <= e.size; ++i) out.count += out.count_room[i] = get(e, e.size + i);
  } else if (type == metric_type::summary) {
    out.quantiles = reinterpret_cast<const double*>(&e + 1);
    out.quantile_values = out.quantiles + e.size;
    out.quantile_count = e.size;
  }
  return true;
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
