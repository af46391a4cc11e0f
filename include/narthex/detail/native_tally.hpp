// narthex/detail/native_tally.hpp - counts of native buckets, brought to one schema and one zero bucket, in order.
// Room: balconies. Read detail/native_scale.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_TALLY_HPP
#define NARTHEX_DETAIL_NATIVE_TALLY_HPP

#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/family_node.hpp"
#include "narthex/detail/native_scale.hpp"
#include "narthex/detail/native_stage.hpp"
#include "narthex/sample.hpp"

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Buckets in order of their numbers (native_key::native: the positive ones first) with their counts, in arrays of the caller's.
class native_tally {
 public:
  enum : unsigned { most = buckets::max_bounds + 1 };

  /// steps: of the schema wanted, from the finest. zero_up_to: the last finest bucket that is part of the zero bucket; 0: none is.
  native_tally(std::int32_t* which, std::uint64_t* how_many, unsigned room, unsigned steps, std::uint32_t zero_up_to) noexcept
      : zero(0), size(0), which_(which), how_many_(how_many), room_(room), steps_(steps), zero_up_to_(zero_up_to) {}

  /// The bucket here of one of another schema, that is not coarser; 0: the zero bucket.
  std::uint32_t place_of(std::uint32_t native, unsigned steps) const noexcept {
    const std::uint32_t index = native_key::index(native);
    if (index == native_key::zero_bucket) return 0;
    const std::uint32_t finest = native_scale::last_in(index, steps);
    return finest <= zero_up_to_ ? 0 : native_key::with_index(native, native_scale::coarser(finest, steps_));
  }
  void add(std::uint32_t native, unsigned steps, std::uint64_t count) noexcept {
    const std::int32_t place = static_cast<std::int32_t>(place_of(native, steps));
    if (place == 0) {
      zero += count;
      return;
    }
    unsigned at = find(place);
    if (at < size && which_[at] == place) {
      how_many_[at] += count;
    } else if (size < room_) {
      std::memmove(which_ + at + 1, which_ + at, (size - at) * sizeof *which_);
      std::memmove(how_many_ + at + 1, how_many_ + at, (size - at) * sizeof *how_many_);
      which_[at] = place;
      how_many_[at] = count;
      ++size;
    } else {
      how_many_[at < size ? at : size - 1] += count;  // limits keep it from happening; if it did, the count would still be right
    }
  }
  bool has(std::uint32_t place) const noexcept {
    const unsigned at = find(static_cast<std::int32_t>(place));
    return at < size && which_[at] == static_cast<std::int32_t>(place);
  }
  /// The last finest bucket in the one nearest to zero; for a tally that is not empty.
  std::uint32_t nearest_zero() const noexcept {
    std::uint32_t nearest = native_key::index_mask;
    for (unsigned i = 0; i < size; ++i) {
      const std::uint32_t index = native_key::index(static_cast<std::uint32_t>(which_[i]));
      if (index < nearest) nearest = index;
    }
    return native_scale::last_in(nearest, steps_);
  }

  /// Fills the sample's view; the numbers become those that formats write.
  void show(native_counts& to, double zero_threshold) noexcept {
    unsigned positive = 0;
    for (unsigned i = 0; i < size; ++i) {
      const std::uint32_t native = static_cast<std::uint32_t>(which_[i]);
      positive += static_cast<unsigned>((native & native_key::negative) == 0);
      which_[i] = static_cast<std::int32_t>(native_key::index(native) - native_scale::zero_at);
    }
    to.schema = native_scale::finest - static_cast<int>(steps_);
    to.zero_threshold = zero_threshold;
    to.zero_count = zero;
    to.positive = positive;
    to.negative = size - positive;
    to.indexes = which_;
    to.counts = how_many_;
  }

  /// Adds a sample of another registry to `to`, in the coarser of their schemas and the wider of their zero buckets.
  static void merge(reading& to, const sample& other) noexcept {
    const native_counts& a = to.native_room;
    const native_counts& b = *other.native;
    const double threshold = is_less(a.zero_threshold, b.zero_threshold) ? b.zero_threshold : a.zero_threshold;
    std::uint32_t zero_up_to = threshold == 0 ? 0 : native_scale::finest_of(double_bits(threshold));
    if (zero_up_to && is_less(threshold, native_scale::end_of(zero_up_to))) --zero_up_to;
    std::int32_t which[most];
    std::uint64_t how_many[most];
    const unsigned in_classic = to.bounds->size() + 1;
    native_tally both(which, how_many, most - in_classic, static_cast<unsigned>(native_scale::finest - (a.schema < b.schema ? a.schema : b.schema)), zero_up_to);
    both.zero = a.zero_count + b.zero_count;
    for (const native_counts* const one : {&a, &b}) {
      for (unsigned i = 0; i < one->positive + one->negative; ++i) {
        const std::uint32_t sign = i < one->positive ? 0u : +native_key::negative;
        both.add(sign | (static_cast<std::uint32_t>(one->indexes[i]) + native_scale::zero_at),
                 static_cast<unsigned>(native_scale::finest - one->schema), one->counts[i]);
      }
    }
    std::memcpy(to.index_room, which, both.size * sizeof *which);
    std::memcpy(to.count_room + in_classic, how_many, both.size * sizeof *how_many);
    both.which_ = to.index_room;
    both.how_many_ = to.count_room + in_classic;
    both.show(to.native_room, threshold);
  }

  std::uint64_t zero;
  unsigned size;

 private:
  unsigned find(std::int32_t place) const noexcept {
    unsigned first = 0, beyond = size;
    while (first < beyond) {
      const unsigned middle = (first + beyond) / 2;
      if (which_[middle] < place) first = middle + 1;
      else beyond = middle;
    }
    return first;
  }
  std::int32_t* which_;
  std::uint64_t* how_many_;
  unsigned room_;
  unsigned steps_;
  std::uint32_t zero_up_to_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_NATIVE_TALLY_HPP
