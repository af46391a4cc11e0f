// narthex/native_buckets.hpp - how fine the buckets of a native histogram are, and how many there may be.
// Room: balconies. Read buckets.hpp and detail/native_scale.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_NATIVE_BUCKETS_HPP
#define NARTHEX_NATIVE_BUCKETS_HPP

#include <chrono>
#include <cstdint>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"
#include "narthex/detail/native_scale.hpp"
#include "narthex/status.hpp"

NARTHEX_BEGIN_NAMESPACE

/// What a native histogram does with its values.
///
/// A bucket ends where the next begins, `factor` times further. When a new bucket would be one more than max_buckets, then
/// (1) the zero bucket takes in the bucket nearest to it, if that ends at max_zero_threshold at the latest; or else
/// (2) two buckets become one, again and again until there is room, down to schema -4, which has 270 buckets at most.
/// If reset_after is set, a scrape that comes so long after the beginning takes what has been counted, and the histogram begins
/// anew with what it was given here: Prometheus sees an ordinary reset.
///
/// Errors: registration refuses errc::bad_native_buckets: a factor not above 1, a schema outside -4..8, no or more than 256 buckets, a
///         threshold that is negative or no number, more than 64 classic bounds; errc::bad_buckets: those bounds themselves.
/// Source: client_golang, HistogramOpts. It resets at the observation that finds no room, and what was counted since the last
///         scrape is lost; here nothing is, and the scrape decides.
class native_buckets {
 public:
  enum : unsigned { max_bounds = 64, max_count = 256 };

  native_buckets() noexcept
      : schema_(3), most_(160), reset_seconds_(0), zero_threshold_(detail::bits_double(std::uint64_t{0x37f} << 52)), max_zero_threshold_(0),
        classic_(nullptr, 0), clock_(&steady_seconds) {}

  /// How much further a bucket reaches than the one before, at most: 1.1 unless said otherwise. The schema is the coarsest that
  /// does not grow by more, 8 (by 1.0027) at best.
  native_buckets& factor(double growth) noexcept {
    schema_ = detail::is_finite(growth) && detail::is_less(1, growth) ? detail::native_scale::schema_of(growth) : bad_schema;
    return *this;
  }
  /// The same by schema: a bucket grows by 2^(2^-n); -4..8.
  native_buckets& schema(int n) noexcept {
    schema_ = n;
    return *this;
  }
  /// How many buckets there may be, of both signs, the zero bucket aside: 160 unless said otherwise.
  native_buckets& max_buckets(unsigned count) noexcept {
    most_ = count;
    return *this;
  }
  /// Values this far from 0 count as 0: 2^-128 unless said otherwise.
  native_buckets& zero_threshold(double width) noexcept {
    zero_threshold_ = width;
    return *this;
  }
  /// How far the zero bucket may grow when buckets run out: not at all unless said otherwise.
  native_buckets& max_zero_threshold(double width) noexcept {
    max_zero_threshold_ = width;
    return *this;
  }
  /// How long a histogram that has lost resolution keeps it so: for ever (0) unless said otherwise.
  native_buckets& reset_after_seconds(std::uint32_t passed) noexcept {
    reset_seconds_ = passed;
    return *this;
  }
  /// Counts in these bounds, too, for who scrapes text and for servers without native histograms.
  native_buckets& classic(const buckets& bounds) noexcept {
    classic_ = bounds;
    return *this;
  }
  /// Where the seconds come from; any origin. The steady clock unless said otherwise; read at scrapes.
  native_buckets& clock(std::uint32_t (*seconds)()) noexcept {
    clock_ = seconds;
    return *this;
  }

  int schema() const noexcept { return schema_; }
  unsigned max_buckets() const noexcept { return most_; }
  double zero_threshold() const noexcept { return zero_threshold_; }
  double max_zero_threshold() const noexcept { return max_zero_threshold_; }
  std::uint32_t reset_after_seconds() const noexcept { return reset_seconds_; }
  const buckets& classic() const noexcept { return classic_; }
  std::uint32_t now_seconds() const noexcept { return clock_(); }

  errc validate(std::size_t& at) const noexcept {
    at = 0;
    const bool is_good = schema_ >= detail::native_scale::coarsest && schema_ <= detail::native_scale::finest && most_ != 0 &&
                         most_ <= max_count && classic_.size() <= max_bounds && is_width(zero_threshold_) && is_width(max_zero_threshold_);
    if (!is_good) return errc::bad_native_buckets;
    at = classic_.first_bad();
    return at == classic_.size() ? errc::ok : errc::bad_buckets;
  }
  friend bool operator==(const native_buckets& a, const native_buckets& b) noexcept {
    return a.schema_ == b.schema_ && a.most_ == b.most_ && a.reset_seconds_ == b.reset_seconds_ &&
           detail::double_bits(a.zero_threshold_) == detail::double_bits(b.zero_threshold_) &&
           detail::double_bits(a.max_zero_threshold_) == detail::double_bits(b.max_zero_threshold_) && a.classic_ == b.classic_;
  }

 private:
  enum : int { bad_schema = 127 };
  static bool is_width(const double& width) noexcept {
    return detail::is_finite(width) && !(detail::double_bits(width) >> 63);
  }
  static std::uint32_t steady_seconds() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  }
  int schema_;
  unsigned most_;
  std::uint32_t reset_seconds_;
  double zero_threshold_, max_zero_threshold_;
  buckets classic_;
  std::uint32_t (*clock_)();
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_NATIVE_BUCKETS_HPP
