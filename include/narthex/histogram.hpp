// narthex/histogram.hpp - observations counted by bucket.
// Room: instruments. Read buckets.hpp and detail/distribution.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_HISTOGRAM_HPP
#define NARTHEX_HISTOGRAM_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"
#include "narthex/detail/adaptive_distribution.hpp"
#include "narthex/detail/bucket_guide.hpp"
#include "narthex/detail/distribution.hpp"
#include "narthex/detail/single.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The default bounds, where the user says nothing.
struct bucket_args : buckets {
  bucket_args() noexcept : buckets(buckets::defaults()) {}
  bucket_args(const buckets& chosen) noexcept : buckets(chosen) {}
  bucket_args(std::initializer_list<double> bounds) noexcept : buckets(bounds) {}
};

template <class Distribution>
bool read_distribution(const Distribution& of_series, const buckets& upper_bounds, reading& out) noexcept {
  out.is_more<metric_type::histogram>();
  out.sum = of_series.read(out.count_room, out.count);
  out.counts = out.count_room;
  out.bounds_copy = upper_bounds;
  out.bounds = &out.bounds_copy;
  return out.count != 0;
}
inline errc validate_bounds(const buckets& bounds, unsigned most, std::size_t& at) noexcept {
  at = bounds.size() > most ? most : bounds.first_bad();
  return at == bounds.size() ? errc::ok : errc::bad_buckets;
}

/// A copy of the bounds, with a guide to many; both lie behind it.
class kept_bounds : public bucket_args {
 public:
  static std::size_t room(const buckets& chosen) noexcept { return guide_at(chosen.size()) + guide_room(chosen.size()); }
  /// In `memory` for room(chosen) bytes.
  static const kept_bounds* make(const buckets& chosen, void* memory) noexcept {
    char* const at = static_cast<char*>(memory);
    double* const values = reinterpret_cast<double*>(at + round_up(sizeof(kept_bounds)));
    for (unsigned i = 0; i < chosen.size(); ++i) values[i] = chosen[i];
    const bucket_guide* guide = nullptr;
    if (guide_room(chosen.size())) {
      guide = new (at + guide_at(chosen.size())) bucket_guide(values, chosen.size());
      if (!guide->is_ready()) guide = nullptr;
    }
    return new (memory) kept_bounds(buckets(values, chosen.size()), guide);
  }
  unsigned find(double value) const noexcept { return guide_ ? guide_->find(value) : find_among(list(), size(), value); }

 private:
  kept_bounds(const buckets& copy, const bucket_guide* guide) noexcept : bucket_args(copy), guide_(guide) {}
  static std::size_t guide_at(unsigned n) noexcept { return round_up(sizeof(kept_bounds)) + n * sizeof(double); }
  static std::size_t guide_room(unsigned n) noexcept {
    return n < bucket_guide::fewest ? 0 : round_up(sizeof(bucket_guide));
  }

  const bucket_guide* guide_;
};

/// The storage of one histogram; bounds and cells lie in room that comes with it.
template <class Distribution>
struct histogram_core_of {
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::histogram;
  using args = bucket_args;
  enum : std::size_t { smallest_room = Distribution::bytes(1) };
  static args smallest() noexcept { return args(buckets(nullptr, 0)); }
  static errc validate(const args& a, std::size_t& at) noexcept {
    return validate_bounds(a, buckets::max_bounds, at);
  }
  static std::size_t args_room(const args& a) noexcept { return kept_bounds::room(a); }
  /// Copies the bounds: a list in braces does not live long.
  static const kept_bounds* keep(const args& a, void* memory) noexcept { return kept_bounds::make(a, memory); }
  static std::size_t room(const args& a) noexcept { return Distribution::bytes(a.size() + 1); }

  histogram_core_of(const args& kept, void* cells) noexcept
      : bounds(static_cast<const kept_bounds&>(kept)), observed(cells, kept.size() + 1) {}

  bool read(reading& out) const noexcept { return read_distribution(observed, bounds, out); }
  static bool read_at_once(reading&) noexcept { return false; }
  void restart() noexcept { observed.restart(); }
  void observe(double value) noexcept { observed.observe(bounds.find(value), value); }
  const args& chosen() const noexcept { return bounds; }

 private:
  const kept_bounds& bounds;
  Distribution observed;
};
using histogram_core = histogram_core_of<adaptive_distribution>;

template <>
struct is_in_place<histogram_core> : std::false_type {};

/// The same with room for up to `Bounds` bounds inside.
template <unsigned Bounds>
class inline_histogram_core {
  static_assert(Bounds <= buckets::max_bounds, "at most buckets::max_bounds");

 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::histogram;
  using args = bucket_args;
  static errc validate(const args& a, std::size_t& at) noexcept { return validate_bounds(a, Bounds, at); }
  inline_histogram_core(const args& a, void*) noexcept : bounds(copied(a, values)) {}
  void observe(double value) noexcept { observed.observe(bounds.find(value), value); }
  /// Copies the bounds, too: the object may go away while a sink is given the sample.
  bool read(reading& out) const noexcept {
    for (unsigned i = 0; i < bounds.size(); ++i) out.bound_room[i] = bounds[i];
    return read_distribution(observed, buckets(out.bound_room, bounds.size()), out);
  }
  void restart() noexcept { observed.restart(); }
  const args& chosen() const noexcept { return bounds; }

 private:
  /// A list in braces does not live long.
  static buckets copied(const args& a, double* to) noexcept {
    std::size_t at = 0;
    const unsigned n = validate(a, at) == errc::ok ? a.size() : 0;
    for (unsigned i = 0; i < n; ++i) to[i] = a[i];
    return buckets(to, n);
  }
  double values[Bounds ? Bounds : 1];
  bucket_args bounds;
  placed_distribution<Bounds + 1> observed;
};

}  // namespace detail

/// Counts observations in buckets and sums them; the unit belongs in the name (_seconds, _bytes).
///
/// Threads: every member may be called from any thread at any time, a fixed_histogram's in signal handlers, too. An
///          observation waits for nobody: each thread that observes often does it in a part of its own. Of the threads that
///          share one (all of a fixed_histogram), with more than 7 suspended in the middle, a further one waits.
/// Memory:  about 600 bytes + 40 per bucket; more than 16 bounds take 600 more, once for a family. When several threads
///          observe often, 128 bytes, and about 100 + 16 per bucket for each; where there is no memory they share.
///          A fixed_histogram: about 500 + 32 per bucket, ever.
/// A scrape sees whole observations only: _count is the +Inf bucket, _sum is of the same observations.
/// Source:  Prometheus, "Writing client libraries", Histogram.
template <class Holder>
class NARTHEX_DETAIL_IDLE histogram_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = histogram_of<handle<typename Holder::core_type>>;

  /// Counts `value` in the first bucket whose bound is not less than it.
  ///
  /// value:  in the metric's own unit. NaN is refused: counted in narthex_refused_total{what="update"}.
  ///         Infinities are counted and make the sum infinite.
  /// Cost:   a search among the bounds, three stores; three compare-exchanges where threads share.
  void observe(double value) noexcept {
    if (NARTHEX_DETAIL_LIKELY(!detail::is_nan(value))) {
      this->core().observe(value);
    } else {
      detail::refuse_update(this->node());
    }
  }

  /// How many were observed. Cost of both: a snapshot of all buckets.
  std::uint64_t count() const noexcept {
    detail::reading now;
    this->core().read(now);
    return now.count;
  }
  /// The sum of what was observed.
  double sum() const noexcept {
    detail::reading now;
    this->core().read(now);
    return now.sum;
  }
};

/// A histogram with its storage inside, for up to `Bounds` bounds (more are refused: errc::bad_buckets), buckets::max_bounds at most.
template <unsigned Bounds = 11>
using fixed_histogram = histogram_of<fixed<detail::inline_histogram_core<Bounds>>>;

#if NARTHEX_HAS(HEAP)
using histogram = histogram_of<handle<detail::histogram_core>>;
#else
using histogram = fixed_histogram<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HISTOGRAM_HPP
