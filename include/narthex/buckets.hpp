// narthex/buckets.hpp - the bounds of a histogram: explicit, linear, exponential, default.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_BUCKETS_HPP
#define NARTHEX_BUCKETS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "narthex/config.hpp"
#include "narthex/detail/bits.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {
template <class Once>
struct default_bounds {
  static constexpr double values[11] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
};
template <class Once>
constexpr double default_bounds<Once>::values[11];

// How many of `compared_together` numbers are less than `value`. No comparison waits for another, so this is quicker than the last
// three halvings of a search.
enum : std::size_t { compared_together = 8 };
inline unsigned count_below(const double* at, double value) noexcept {
#if defined(__GNUC__) && (defined(__SSE2__) || defined(__aarch64__))
  typedef double two __attribute__((vector_size(16)));
  typedef std::int64_t two_answers __attribute__((vector_size(16)));
  two first, second, third, fourth;
  std::memcpy(&first, at, sizeof first);
  std::memcpy(&second, at + 2, sizeof second);
  std::memcpy(&third, at + 4, sizeof third);
  std::memcpy(&fourth, at + 6, sizeof fourth);
  const two wanted = {value, value};
  const two_answers below = ((first < wanted) + (second < wanted)) + ((third < wanted) + (fourth < wanted));
  return static_cast<unsigned>(0 - (below[0] + below[1]));  // a true comparison is -1
#else
  unsigned below = 0;
  for (std::size_t i = 0; i < compared_together; ++i) below += static_cast<unsigned>(at[i] < value);
  return below;
#endif
}
}  // namespace detail

/// Upper bounds of a histogram's buckets; the one for +Inf comes by itself.
///
/// Shape:  bounds[n], finite and strictly increasing, n <= max_bounds; a last +Inf is dropped.
/// Errors: anything else is refused at registration: errc::bad_buckets with the bound's number.
/// Memory: a view or a formula; histograms copy the bounds. A list in braces lives until the end of the statement.
/// Source: Prometheus, "Writing client libraries", Histogram.
class buckets {
 public:
  enum : unsigned { max_bounds = NARTHEX_HAS(HEAP) ? 512 : 64 };

  /// The common default: 5 ms to 10 s, for seconds.
  static buckets defaults() noexcept { return buckets(detail::default_bounds<void>::values, 11); }

  /// `count` bounds: start, start + width, start + 2 width, ... width must be positive.
  static buckets linear(double start, double width, unsigned count) noexcept {
    return buckets(&next_sum, start, width, count);
  }
  /// `count` bounds: start, start * factor, ... start must be positive, factor above 1.
  static buckets exponential(double start, double factor, unsigned count) noexcept {
    const double bad = detail::bits_double(0x7ff0000000000000u);  // which first_bad finds
    return buckets(&next_power, detail::is_less(0, start) ? start : bad, factor, count);
  }

  buckets(std::initializer_list<double> bounds) noexcept : buckets(bounds.begin(), bounds.size()) {}
  template <std::size_t N>
  buckets(const double (&upper)[N]) noexcept : buckets(upper, N) {}
  /// values[count]; stays the caller's.
  buckets(const double* values, std::size_t count) noexcept
      : values_(values), start_(0), step_(0), count_(static_cast<unsigned>(count)), next_(nullptr) {
    if (count > max_bounds + 1) count_ = max_bounds + 2;  // one too many even without a +Inf
    else if (count && detail::double_bits(values[count - 1]) == 0x7ff0000000000000u) --count_;
  }

  unsigned size() const noexcept { return count_; }

  /// Bound number `i`, i < size(). Formulas are computed term by term, so every call gives the same double.
  double operator[](unsigned i) const noexcept {
    if (!next_) return values_[i];
    double bound = start_;
    for (; i; --i) bound = next_(bound, step_);
    return bound;
  }

  /// The number of the first bad bound; size() when all are good.
  unsigned first_bad() const noexcept {
    if (count_ > max_bounds) return max_bounds;
    double last = 0;
    for (unsigned i = 0; i < count_; ++i) {
      const double bound = (*this)[i];
      if (!detail::is_finite(bound) || (i && !detail::is_less(last, bound))) return i;
      last = bound;
    }
    return count_;
  }

  /// The number of the bucket that `value` falls in: the first bound >= value, or size() for +Inf.
  unsigned find(double value) const noexcept {
    if (next_) {
      unsigned i = 0;
      for (double bound = start_; i < count_ && detail::is_less(bound, value); bound = next_(bound, step_)) ++i;
      return i;
    }
    return find_among(values_, count_, value);
  }
  static unsigned find_among(const double* values, unsigned count, double value) noexcept {
    if (NARTHEX_HAS(TINY) || count < detail::compared_together) {
      unsigned below = 0;
      for (unsigned i = 0; i < count; ++i) below += static_cast<unsigned>(detail::is_less(values[i], value));
      return below;
    }
    // Halving without a branch on the data, which nobody foresees: with one, GCC 12's choice for `?:`, an observation
    // took twice as long. Until a window is left.
    const double* at = values;
    std::size_t rest = count;
    for (; rest > 2 * detail::compared_together; rest -= rest / 2) at += rest / 2 & mask(at[rest / 2 - 1] < value);
    const std::size_t beyond = rest - detail::compared_together;
    if (beyond) at += beyond & mask(at[beyond - 1] < value);
    return static_cast<unsigned>(at - values) + detail::count_below(at, value);
  }

  friend bool operator==(const buckets& a, const buckets& b) noexcept {
    if (a.count_ != b.count_) return false;
    for (unsigned i = 0; i < a.count_; ++i) {
      if (detail::double_bits(a[i]) != detail::double_bits(b[i])) return false;
    }
    return true;
  }
  friend bool operator!=(const buckets& a, const buckets& b) noexcept { return !(a == b); }

  /// The array of the bounds, which must outlive this object; null for a formula.
  const double* list() const noexcept { return values_; }

 private:
  static std::size_t mask(bool all) noexcept { return 0 - static_cast<std::size_t>(all); }

  // A pointer, so that a program without formulas has no multiplication of doubles in it.
  using formula = double (*)(double bound, double step);
  static double next_sum(double bound, double step) noexcept { return as_stored(detail::add(bound, step)); }
  static double next_power(double bound, double step) noexcept { return as_stored(bound * step); }
  /// No more digits than a double has: the registers of 32-bit x86 keep more.
  static double as_stored(double value) noexcept {
    const volatile double stored = value;
    return stored;
  }
  buckets(formula f, double start, double step, unsigned count) noexcept
      : values_(nullptr), start_(start), step_(step), count_(count), next_(f) {}

  const double* values_;
  double start_, step_;
  unsigned count_;
  formula next_;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_BUCKETS_HPP
