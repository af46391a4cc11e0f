// narthex/collected.hpp - what a collector's function gives its samples to, during one scrape.
// Room: shelves. Read declared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_COLLECTED_HPP
#define NARTHEX_COLLECTED_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>

#include "narthex/callback.hpp"
#include "narthex/config.hpp"
#include "narthex/declared.hpp"
#include "narthex/detail/scraper_patience.hpp"
#include "narthex/detail/series_key.hpp"
#include "narthex/label.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
class collector;

namespace detail {

/// One of a collector's names.
struct collected_node : calling_node {
  collected_node(const family_ops* kind, collector& from, unsigned which) noexcept
      : calling_node(kind, "", ""), owner(&from), number_in_owner(which), names(nullptr), arity(0) {}
  collector* owner;
  unsigned number_in_owner;
  const string_view* names;
  unsigned arity;
};

}  // namespace detail

/// What a collector's function gives its samples to, during one scrape.
///
/// A sample that was not declared, has another shape or number of labels, or repeats an earlier one is dropped and counted
/// in narthex_refused_total{what="sample"}; so is what finds no memory. Without exceptions or locks of ours.
/// Cost: each sample is compared with those before it: meant for hundreds of series, not for tens of thousands.
class collected {
 public:
  /// When the samples from here on were measured, in milliseconds since 1970; at_now() ends that.
  ///
  /// For values that are older than the scrape and must not seem fresh; otherwise leave it to the server. A server takes no
  /// negative time by text 0.0.4. Pushes and textfiles are without times: their readers refuse them.
  void at_ms(std::int64_t unix_ms) noexcept { has_time_ = true, time_ms_ = unix_ms; }
  void at_now() noexcept { has_time_ = false; }
  /// Since when the counters, histograms and summaries from here on count from zero, in nanoseconds since 1970; 0: nobody knows.
  void since_ns(std::int64_t unix_ns) noexcept { created_ns_ = unix_ns; }

  /// A counter, gauge or unknown value of family number `family` (in the order of declaration, from 0), taken as it is.
  template <class Value>
  void add(unsigned family, std::initializer_list<label_value> labels, Value value) noexcept {
    if (entry* const e = begin(family, labels, metric_type::gauge, 0)) {
      e->value = detail::to_number(value);
      keep(*e);
    }
  }
  /// A histogram, or a gauge histogram (what is there now, by size): counts[bounds.size() + 1], each bucket alone, the last
  /// for +Inf.
  void add_histogram(unsigned family, std::initializer_list<label_value> labels, const buckets& bounds,
                     const std::uint64_t* counts, double sum) noexcept {
    const unsigned n = bounds.size();
    if (bounds.first_bad() != n) return refuse();
    if (entry* const e = begin(family, labels, metric_type::histogram, (2 * n + 1) * 8)) {
      e->sum = sum;
      e->size = n;
      for (unsigned i = 0; i < n; ++i) put(*e, i, detail::double_bits(bounds[i]));
      for (unsigned i = 0; i <= n; ++i) put(*e, n + i, counts[i]);
      keep(*e);
    }
  }
  /// A summary: values[n] for quantiles[n], which are increasing and in 0..1; n may be 0.
  void add_summary(unsigned family, std::initializer_list<label_value> labels, const double* quantiles,
                   const double* values, unsigned n, double sum, std::uint64_t count) noexcept {
    for (unsigned i = 0; i < n; ++i) {
      if (detail::is_nan(quantiles[i]) || !(quantiles[i] >= 0 && quantiles[i] <= 1) || (i && !(quantiles[i] > quantiles[i - 1]))) return refuse();
    }
    if (n > detail::reading::max_quantiles) return refuse();
    if (entry* const e = begin(family, labels, metric_type::summary, 2 * n * 8)) {
      e->sum = sum;
      e->count = count;
      e->size = n;
      for (unsigned i = 0; i < n; ++i) put(*e, i, detail::double_bits(quantiles[i]));
      for (unsigned i = 0; i < n; ++i) put(*e, n + i, detail::double_bits(values[i]));
      keep(*e);
    }
  }

  /// How long the scraper goes on waiting for the whole page, as it said (X-Prometheus-Scrape-Timeout-Seconds): a function that
  /// asks slow things may leave the last of them out, and the rest arrives. 0: it has given up. no_limit: it said nothing.
  ///
  /// Take something off for the way: the whole page must be there by then.
  int time_left_ms() const noexcept { return patience_.left_ms(); }
  enum : int { no_limit = detail::scraper_patience::no_limit };

 private:
  friend class walk;
  friend class collector;
  struct entry {
    unsigned family;
    std::uint32_t bytes;  // of this entry, all told
    std::uint32_t hash;
    std::uint32_t text_size;
    unsigned size;        // bounds or quantiles
    bool has_time;
    std::int64_t time_ms, created_ns;
    number value;
    double sum;
    std::uint64_t count;
    // then numbers, 8 bytes each, then the label text
  };

  collected(const detail::collected_node* nodes, unsigned count, std::uint32_t serial, collected* before,
            detail::scraper_patience patience) noexcept
      : nodes_(nodes), count_(count), from_serial_(serial), next_(before), patience_(patience), memory_(nullptr), used_(0), room_(0),
        has_time_(false), time_ms_(0),
        created_ns_(0) {}
  ~collected() { detail::release(memory_); }
  collected(const collected&) = delete;
  collected& operator=(const collected&) = delete;

  entry* at(std::size_t offset) const noexcept { return reinterpret_cast<entry*>(memory_ + offset); }
  static void put(entry& e, unsigned i, std::uint64_t bits) noexcept {
    std::memcpy(reinterpret_cast<char*>(&e + 1) + i * 8, &bits, 8);
  }
  static std::uint64_t get(const entry& e, unsigned i) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, reinterpret_cast<const char*>(&e + 1) + i * 8, 8);
    return bits;
  }
  static string_view text(const entry& e, std::size_t numbers) noexcept {
    return string_view(reinterpret_cast<const char*>(&e + 1) + numbers, e.text_size);
  }
  static std::size_t numbers(const entry& e, metric_type type) noexcept {
    return is_one_number(type) ? 0 : type == metric_type::summary ? 2 * e.size * 8 : (2 * e.size + 1) * 8;
  }

  /// `shape` is histogram, summary, or gauge for whatever is one number.
  inline entry* begin(unsigned family, std::initializer_list<label_value> labels, metric_type shape,
                      std::size_t numbers_size) noexcept;
  inline void refuse() noexcept;
  void keep(const entry& e) noexcept { used_ += e.bytes; }
  bool make_room(std::size_t more) noexcept {
    if (room_ - used_ >= more) return true;
    const std::size_t wanted = (used_ + more) * 2;
    char* const larger = static_cast<char*>(detail::allocate(wanted));
    if (!larger) return false;
    if (used_) std::memcpy(larger, memory_, used_);
    detail::release(memory_);
    memory_ = larger;
    room_ = wanted;
    return true;
  }

  /// Gives the next entry of `family` behind `where`.
  inline bool next(const detail::collected_node& n, detail::position& where, detail::reading& out) const noexcept;

  const detail::collected_node* nodes_;  // of the collector that gives
  unsigned count_;
  std::uint32_t from_serial_;
  collected* next_;
  const detail::scraper_patience patience_;
  char* memory_;
  std::size_t used_, room_;
  bool has_time_;
  std::int64_t time_ms_, created_ns_;
};

inline void collected::refuse() noexcept {
  for (unsigned i = 0; i < count_; ++i) {
    if (registry_core* const home = nodes_[i].home()) {
      return home->count(mistake::sample);
    }
  }
}

inline collected::entry* collected::begin(unsigned family, std::initializer_list<label_value> labels, metric_type shape,
                                          std::size_t numbers_size) noexcept {
  if (family >= count_ || nodes_[family].arity != labels.size()) return refuse(), nullptr;
  const detail::collected_node& n = nodes_[family];
  const metric_type type = n.ops->type;
  const metric_type wanted = is_one_number(type)                    ? metric_type::gauge
                             : type == metric_type::gauge_histogram ? metric_type::histogram : type;
  if (shape != wanted) return refuse(), nullptr;
  const registry_core* const home = n.home();
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

class collected {
 public:
  void at_ms(std::int64_t) noexcept {}
  void at_now() noexcept {}
  void since_ns(std::int64_t) noexcept {}
  template <class Value>
  void add(unsigned, std::initializer_list<label_value>, Value) noexcept {}
  void add_histogram(unsigned, std::initializer_list<label_value>, const buckets&, const std::uint64_t*, double) noexcept {}
  void add_summary(unsigned, std::initializer_list<label_value>, const double*, const double*, unsigned, double,
                   std::uint64_t) noexcept {}
  int time_left_ms() const noexcept { return no_limit; }
  enum : int { no_limit = detail::scraper_patience::no_limit };
  collected(const collected&) = delete;
  collected& operator=(const collected&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_COLLECTED_HPP
