// narthex/native_histogram.hpp - observations counted in buckets that nobody has to choose.
// Room: balconies. Read histogram.hpp and detail/native_stage.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_NATIVE_HISTOGRAM_HPP
#define NARTHEX_NATIVE_HISTOGRAM_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"
#include "narthex/detail/native_core.hpp"
#include "narthex/detail/native_scale.hpp"
#include "narthex/detail/single.hpp"
#include "narthex/narthex.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

/// Counts observations in buckets that grow exponentially and exist once something falls in them; the unit belongs in the name.
///
///   nx::native_histogram latency{"request_seconds", "Time to serve."};
///   nx::native_histogram size{"body_bytes", "Size.", nx::native_buckets().factor(1.2).classic(nx::buckets::exponential(64, 4, 8))};
///
/// Scraped as protobuf it has its native buckets; in every text format it has the classic ones it was given, or +Inf alone. It works
/// in nx::family, too. It needs a heap.
///
/// Threads: every member may be called from any thread at any time; an observation waits for nobody, as in a histogram.
/// Memory:  2.2 KB with up to 24 buckets, and 3.4, 6.2, 11.9 KB more beyond 24, 48, 96. Each loss of resolution adds one more of the
///          last size (the coarsest schema's has 23 KB), till the end. For each further thread that observes often 16 bytes a place. It is
///          asked for when a bucket is new, without throwing; without memory the places that are left are used, and then an
///          observation is refused and counted in narthex_refused_total{what="update"}.
/// A scrape sees whole observations only: _count is the sum of the buckets, native and classic, _sum is of the same observations.
/// Source:  Prometheus, "Native histograms"; limits as in the Go client, see native_buckets.
template <class Holder>
class NARTHEX_DETAIL_IDLE native_histogram_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = native_histogram_of<handle<typename Holder::core_type>>;

  /// Counts `value` in its bucket.
  ///
  /// value:  any sign. NaN is refused: counted in narthex_refused_total{what="update"}. Infinities have a bucket of their own and make
  ///         the sum infinite.
  /// Cost:   the bits of the value, two look-ups in tables, three stores; the search among classic bounds beside. The first
  ///         observation in a bucket looks through all of them, and may ask for memory.
  void observe(double value) noexcept {
    if (!NARTHEX_DETAIL_LIKELY(!detail::is_nan(value) && this->core().observe(value))) detail::refuse_update(this->node());
  }

  /// How many were observed since the last reset. Cost of both: a snapshot of all buckets.
  std::uint64_t count() const noexcept { return totals().count; }
  /// The sum of what was observed.
  double sum() const noexcept { return totals().sum; }

 private:
  sample totals() const noexcept {
    sample now;
    this->core().read_totals(now);
    return now;
  }
};

using native_histogram = native_histogram_of<handle<detail::native_core>>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_NATIVE_HISTOGRAM_HPP
