// narthex/static_histogram.hpp - a histogram of which only what changes takes RAM; the rest is a constant, in flash.
// Room: instruments. Read histogram.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_STATIC_HISTOGRAM_HPP
#define NARTHEX_STATIC_HISTOGRAM_HPP

#include <cstddef>
#include <cstring>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"
#include "narthex/desc.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/distribution.hpp"
#include "narthex/detail/family_node.hpp"
#include "narthex/detail/in_place.hpp"
#include "narthex/histogram.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// An array of static lifetime, kept where it is.
class static_bounds {
 public:
  template <std::size_t N>
  constexpr static_bounds(const double (&upper_bounds)[N]) noexcept : values_(upper_bounds), count_(N) {}
  template <std::size_t N>
  static_bounds(const double (&&)[N]) = delete;  // would keep a pointer into a temporary
  static_bounds(const double* values, unsigned count) noexcept : values_(values), count_(count) {}
  /// Without a last +Inf; the buckets are the same with it.
  buckets view() const noexcept { return buckets(values_, count_); }
  unsigned find(double value) const noexcept { return buckets::find_among(values_, count_, value); }
  friend bool operator==(const static_bounds& a, const static_bounds& b) noexcept {
    return a.count_ == b.count_ && std::memcmp(a.values_, b.values_, a.count_ * sizeof(double)) == 0;
  }

 private:
  const double* values_;
  unsigned count_;
};

/// The buckets of at most `Bounds` bounds that lie elsewhere.
template <unsigned Bounds>
class buckets_of_static {
  static_assert(Bounds <= buckets::max_bounds, "at most buckets::max_bounds");

 public:
  static errc validate(const static_bounds& upper_bounds, std::size_t& at) noexcept { return validate_bounds(upper_bounds.view(), Bounds, at); }
  void observe(const static_bounds& upper_bounds, double value) noexcept {
    const unsigned bucket = upper_bounds.find(value);
    if (NARTHEX_DETAIL_LIKELY(bucket <= Bounds)) counts_.observe(bucket, value);  // else they were refused
  }
  bool read(const static_bounds& upper_bounds, reading& out) const noexcept { return read_distribution(counts_, upper_bounds.view(), out); }
  void restart() noexcept { counts_.restart(); }

 private:
  placed_distribution<Bounds + 1> counts_;
};

/// The storage of one series of a family.
template <unsigned Bounds>
class static_histogram_core {
 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::static_histogram;
  using args = static_bounds;
  static errc validate(const args& a, std::size_t& at) noexcept { return buckets_of_static<Bounds>::validate(a, at); }
  static_histogram_core(const args& a, void*) noexcept : bounds(a) {}
  void observe(double value) noexcept { observed.observe(bounds, value); }
  bool read(reading& out) const noexcept { return observed.read(bounds, out); }
  void restart() noexcept { observed.restart(); }

 private:
  static_bounds bounds;
  buckets_of_static<Bounds> observed;
};

/// The constant of a static_histogram of any number of bounds.
struct described_buckets : described {
  constexpr described_buckets(const family_ops& usual, node_words what, registry_core* where, unsigned bounds) noexcept
      : described(usual, what, where), count(bounds) {}
  unsigned count;
};

template <unsigned Bounds>
class described_histogram;

}  // namespace detail

#if NARTHEX_HAS(METRICS)

/// What of a static_histogram never changes. Said as a constant it lies in flash, on a microcontroller:
///
///   static const nx::histogram_desc<3> latency_desc{"request_seconds", "Time to serve.", .01, .1, 1};
///   static nx::static_histogram<3> latency{latency_desc};
///
/// registry: at first, or the default one.
/// name, help: of static lifetime. So must the object be: what is shown of its static_histogram is read from it.
/// upper_bounds: `Bounds` numbers, strictly increasing; else the static_histogram is refused, with errc::bad_buckets.
/// Cost: on a Cortex-M 56 bytes + 8 a bound.
template <unsigned Bounds>
class histogram_desc : detail::described_buckets {
 public:
  template <class... Upper>
  constexpr histogram_desc(static_name name, const char* help, Upper... upper_bounds) noexcept
      : histogram_desc(detail::default_registry_holder<void>::registry, name, help, upper_bounds...) {}
  template <class... Upper>
  constexpr histogram_desc(registry_core& its_registry, static_name name, const char* help, Upper... upper_bounds) noexcept
      : described_buckets(detail::described_histogram<Bounds>::ops(), detail::node_words{name.data(), help}, &its_registry, Bounds),
        upper_{static_cast<double>(upper_bounds)...}
#if NARTHEX_HAS(HEAP)
        , unit_(name.unit())
#endif
  {
    static_assert(sizeof...(Upper) == Bounds, "as many bounds as it says");
  }
  histogram_desc(const histogram_desc&) = delete;
  histogram_desc& operator=(const histogram_desc&) = delete;

 private:
  friend class detail::described_histogram<Bounds>;

  double upper_[Bounds ? Bounds : 1];  // no pointer to it in here: to GCC 4.8 the whole would be no constant then
#if NARTHEX_HAS(HEAP)
  detail::unit_size unit_;
#endif
};

namespace detail {

/// What a static_histogram holds: its place among the names, sum and buckets.
template <unsigned Bounds>
class described_histogram {
 public:
  using core_type = static_histogram_core<Bounds>;

  /// Registers. Errors: see status(); a name that is taken is refused, also by an equal metric.
  NARTHEX_DETAIL_INLINE explicit described_histogram(const histogram_desc<Bounds>& constant_part) noexcept : node_(constant_part) {
    std::size_t at = 0;
    errc why = buckets_of_static<Bounds>::validate(node_.bounds(), at);
#if NARTHEX_HAS(HEAP)
    why = check_unit(why, constant_part.unit_);
    node_.measure_in(constant_part.unit_);
#endif
    join_by_name(*constant_part.registry, node_, why, at);
  }
  explicit described_histogram(const histogram_desc<Bounds>&&) = delete;  // would keep a pointer into a temporary
  ~described_histogram() { unregister(); }
  described_histogram(const described_histogram&) = delete;
  described_histogram& operator=(const described_histogram&) = delete;

  /// ok, or why the registration was refused; errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }

  /// Takes the instrument out of the exposition for good; it goes on counting.
  void unregister() noexcept { part(node_); }

  static constexpr family_ops ops() noexcept {
    return family_ops(metric_type::histogram, storage::described, false, &node_type::next, nullptr, &no_label, &node_type::chosen,
                      &node_type::same, nullptr, nullptr, nullptr);
  }

 protected:
  struct node_type : family_node {
    explicit node_type(const histogram_desc<Bounds>& constant_part) noexcept : family_node(static_cast<const described&>(constant_part)) {}
    static static_bounds bounds_of(const described_buckets& d) noexcept {
      return static_bounds(static_cast<const histogram_desc<Bounds>&>(d).upper_, Bounds);
    }
    const described_buckets& desc() const noexcept { return static_cast<const described_buckets&>(*ops); }
    static_bounds bounds() const noexcept { return bounds_of(desc()); }
    void observe(double value) noexcept { counts.observe(bounds(), value); }
    bool read(reading& out) const noexcept { return counts.read(bounds(), out); }

    static bool next(family_node& n, position& where, reading& out) noexcept {
      if (where.index++) return false;
      static_cast<node_type&>(n).read(out);
      return true;
    }
    static const void* chosen(const family_node& n) noexcept { return &static_cast<const node_type&>(n).desc(); }
    static bool same(const void* a, const void* b) noexcept {
      const described_buckets &x = *static_cast<const described_buckets*>(a), &y = *static_cast<const described_buckets*>(b);
      return x.count == y.count && bounds_of(x) == bounds_of(y);
    }

    buckets_of_static<Bounds> counts;
  };
  node_type& core() noexcept { return node_; }
  const node_type& core() const noexcept { return node_; }
  const family_node& node() const noexcept { return node_; }

 private:
  node_type node_;
};

}  // namespace detail

#else  // compiled out

template <unsigned Bounds>
class histogram_desc {
 public:
  template <class... Upper>
  constexpr histogram_desc(static_name, const char*, Upper...) noexcept {
    static_assert(sizeof...(Upper) == Bounds, "as many bounds as it says");
  }
  template <class... Upper>
  constexpr histogram_desc(registry_core&, static_name, const char*, Upper...) noexcept {
    static_assert(sizeof...(Upper) == Bounds, "as many bounds as it says");
  }
  histogram_desc(const histogram_desc&) = delete;
  histogram_desc& operator=(const histogram_desc&) = delete;
};

namespace detail {
template <unsigned Bounds>
class described_histogram : public no_node {
 public:
  using core_type = static_histogram_core<Bounds>;
  constexpr explicit described_histogram(const histogram_desc<Bounds>&) noexcept {}
  explicit described_histogram(const histogram_desc<Bounds>&&) = delete;
  described_histogram(const described_histogram&) = delete;
  described_histogram& operator=(const described_histogram&) = delete;

 protected:
  no_core core() const noexcept { return no_core(); }
  no_core node() const noexcept { return no_core(); }
};
}  // namespace detail

#endif  // NARTHEX_HAS(METRICS)

/// A histogram with its storage inside and all that never changes in a histogram_desc.
///
/// Memory: with a critical section (see config.hpp) 16 bytes + 4 per bucket, +Inf included. Otherwise as fixed_histogram, without
///         its bounds. As a series of a fixed_family it takes an array of bounds of static lifetime in place of the desc.
template <unsigned Bounds>
using static_histogram = histogram_of<detail::described_histogram<Bounds>>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_STATIC_HISTOGRAM_HPP
