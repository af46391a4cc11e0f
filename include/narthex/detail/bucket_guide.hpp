// narthex/detail/bucket_guide.hpp - where among many bounds the search for a value's bucket begins.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BUCKET_GUIDE_HPP
#define NARTHEX_DETAIL_BUCKET_GUIDE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A table by a value's leading bits, its exponent and some bits more: so far the bounds are smaller for certain.
/// What is left is at most as many bounds as are compared together, so 500 bounds cost what 20 do.
///
/// A cell is all values with the same leading bits: an interval, as positive doubles are in the order of their bits. The first
/// cell takes everything below it, too, negative numbers among it; the last takes everything above.
class bucket_guide {
 public:
  /// Fewer bounds need no guide.
  enum : std::size_t { fewest = 2 * compared_together + 1 };

  /// values[count], count >= fewest, which stay where they are.
  bucket_guide(const double* values, unsigned count) noexcept : values_(values), first_(0), last_(0), shift_(finest) {
    // The first cell begins where the bounds compared together end, the last where as many are left.
    const double &low = values[compared_together], &high = values[count - compared_together - 1];
    if (key(low) < 0) return;
    for (unsigned shift = coarsest; shift > finest; --shift) {
      const std::int64_t first = (key(low) >> shift) - 1, last = (key(high) >> shift) + 1 - first;
      if (last >= cells) return;
      if (fill(count, shift, first, static_cast<unsigned>(last))) {
        first_ = first;
        shift_ = shift;
        last_ = last;
        return;
      }
    }
  }

  /// Whether it can be used: not where bounds crowd in few places, or where most are negative.
  bool is_ready() const noexcept { return last_ != 0; }

  /// The number of the first bound >= value.
  unsigned find(double value) const noexcept {
    std::int64_t cell = (key(value) >> shift_) - first_;
    if (cell < 0) cell = 0;
    if (cell > last_) cell = last_;
    const unsigned start = starts_[cell];
    return start + count_below(values_ + start, value);
  }

 private:
  enum : unsigned { cells = 256, coarsest = 60, finest = 20 };

  static std::int64_t key(const double& value) noexcept {
    std::int64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
  }

  /// False when a cell holds more bounds than are compared together.
  bool fill(unsigned count, unsigned shift, std::int64_t first, unsigned last) noexcept {
    unsigned below = 0;
    for (unsigned cell = 0; cell <= last; ++cell) {
      const unsigned start = below;
      while (below < count && key(values_[below]) >> shift <= first + cell) ++below;
      if (below - start > compared_together) return false;
      const std::size_t latest = count - compared_together;
      starts_[cell] = static_cast<std::uint16_t>(start < latest ? start : latest);
    }
    return true;
  }

  const double* values_;
  std::int64_t first_, last_;
  unsigned shift_;
  std::uint16_t starts_[cells];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BUCKET_GUIDE_HPP
