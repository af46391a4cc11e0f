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

/// The storage of one histogram; bounds and cells lie in room that comes with it.
template <class Distribution>
struct histogram_core_of {
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::histogram;
  using args = bucket_args;
  enum : std::size_t { smallest_room = Distribution::bytes(1) };
  static args smallest() noexcept { return args(buckets(nullptr, 0)); }
  static errc validate(const args& a, std::size_t& at) noexcept {
    at = a.first_bad();
    return at == a.size() ? errc::ok : errc::bad_buckets;
  }
  static std::size_t args_room(const args& a) noexcept { return round_up(sizeof(args)) + a.size() * sizeof(double); }
  /// Copies the bounds: a list in braces does not live long.
  static const args* keep(const args& a, void* memory) noexcept {
    double* const values = reinterpret_cast<double*>(static_cast<char*>(memory) + round_up(sizeof(args)));
    for (unsigned i = 0; i < a.size(); ++i) values[i] = a[i];
    return new (memory) args(buckets(values, a.size()));
  }
  static std::size_t room(const args& a) noexcept { return Distribution::bytes(a.size() + 1); }

  histogram_core_of(const args& kept, void* cells) noexcept : bounds(kept), observed(cells, kept.size() + 1) {}

  bool read(reading& out) const noexcept {
    out.sum = observed.read(out.count_room, out.count);
    out.counts = out.count_room;
    out.bounds_copy = bounds;
    out.bounds = &out.bounds_copy;
    return out.count != 0;
  }
  static bool read_at_once(reading&) noexcept { return false; }
  void restart() noexcept { observed.restart(); }
  void observe(double value) noexcept { observed.observe(bounds.find(value), value); }
  const args& chosen() const noexcept { return bounds; }

  const args& bounds;
  Distribution observed;
};
using histogram_core = histogram_core_of<adaptive_distribution>;

template <unsigned Bounds>
struct inline_histogram_room {
  explicit inline_histogram_room(const bucket_args& a) noexcept : values(), own_bounds(buckets(values, a.size())) {
    for (unsigned i = 0; i < a.size(); ++i) values[i] = a[i];  // a list in braces does not live long
  }
  double values[Bounds ? Bounds : 1];
  bucket_args own_bounds;
  shared<cell_word> cells[distribution::cells(Bounds + 1)];
};

template <>
struct is_in_place<histogram_core> : std::false_type {};

/// The same with room for up to `Bounds` bounds inside.
template <unsigned Bounds>
struct inline_histogram_core : private inline_histogram_room<Bounds>, histogram_core_of<distribution> {
  using base = histogram_core_of<distribution>;
  using args = base::args;
  static errc validate(const args& a, std::size_t& at) noexcept {
    at = Bounds;
    return a.size() > Bounds ? errc::bad_buckets : base::validate(a, at);
  }
  static std::size_t args_room(const args&) noexcept { return 0; }
  static const args* keep(const args& a, void*) noexcept { return &a; }
  static std::size_t room(const args&) noexcept { return 0; }
  inline_histogram_core(const args& a, void*) noexcept
      : inline_histogram_room<Bounds>(good(a) ? a : smallest()),
        base(inline_histogram_room<Bounds>::own_bounds, inline_histogram_room<Bounds>::cells) {}

  /// Copies the bounds, too: the object may go away while a sink is given the sample.
  bool read(reading& out) const noexcept {
    const bool counted = base::read(out);
    for (unsigned i = 0; i < bounds.size(); ++i) out.bound_room[i] = bounds[i];
    out.bounds_copy = buckets(out.bound_room, bounds.size());
    return counted;
  }

 private:
  static bool good(const args& a) noexcept {
    std::size_t at = 0;
    return validate(a, at) == errc::ok;
  }
};

}  // namespace detail

/// Counts observations in buckets and sums them; the unit belongs in the name (_seconds, _bytes).
///
/// Threads: every member may be called from any thread at any time, a fixed_histogram's in signal handlers, too. An
///          observation waits for nobody: each thread that observes often does it in a part of its own. Of the threads that
///          share one (all of a fixed_histogram), with more than 7 suspended in the middle, a further one waits.
/// Memory:  about 600 bytes + 40 per bucket. Once several threads observe often, 128 bytes, and about 100 + 16 per bucket
///          for each; where there is no memory they share. A fixed_histogram: about 500 + 32 per bucket, ever.
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

/// A histogram with its storage inside, for up to `Bounds` bounds (more are refused: errc::bad_buckets).
template <unsigned Bounds = 11>
using fixed_histogram = histogram_of<fixed<detail::inline_histogram_core<Bounds>>>;

#if NARTHEX_HAS(HEAP)
using histogram = histogram_of<handle<detail::histogram_core>>;
#else
using histogram = fixed_histogram<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HISTOGRAM_HPP
