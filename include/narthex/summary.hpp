// narthex/summary.hpp - observations summed and counted; quantiles when asked for.
// Room: instruments. Read histogram.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_SUMMARY_HPP
#define NARTHEX_SUMMARY_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "narthex/config.hpp"
#include "narthex/detail/adaptive_distribution.hpp"
#include "narthex/detail/distribution.hpp"
#include "narthex/detail/quantile_window.hpp"
#include "narthex/detail/single.hpp"

#if NARTHEX_HAS(HOST)
#include <ctime>
#endif

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(HEAP)
/// Which quantiles a summary gives, over which time: nx::quantiles({0.5, 0.9, 0.99}).over_seconds(300).
///
/// Shape:  0..1, increasing, at most 16; else errc::bad_quantile with its number.
/// Window: 600 seconds unless said otherwise, moved at scrapes by fifths.
/// Error:  see detail::quantile_window: 1.6 % of the value from 1e-9 to 1.7e10.
/// Cost:   40 KB a series; one more atomic add an observation.
class quantiles {
 public:
  quantiles() noexcept : count_(0), window_seconds_(600), clock_(&wall_seconds) {}
  quantiles(std::initializer_list<double> which) noexcept : quantiles() {
    for (const double q : which) {
      if (count_ < max_quantiles) which_[count_] = q;
      if (count_ <= max_quantiles) ++count_;
    }
  }
  quantiles& over_seconds(std::uint32_t window) noexcept {
    window_seconds_ = window;
    return *this;
  }
  /// Where the seconds come from; any origin. The wall clock unless said otherwise.
  quantiles& clock(std::uint32_t (*seconds)()) noexcept {
    clock_ = seconds;
    return *this;
  }

  unsigned size() const noexcept { return count_; }
  double operator[](unsigned i) const noexcept { return which_[i]; }
  std::uint32_t window_seconds() const noexcept { return window_seconds_; }
  std::uint32_t now_seconds() const noexcept { return clock_(); }
  const double* data() const noexcept { return which_; }

  enum : unsigned { max_quantiles = detail::reading::max_quantiles };

  unsigned first_bad() const noexcept {
    if (count_ > max_quantiles) return max_quantiles;
    for (unsigned i = 0; i < count_; ++i) {
      if (!(which_[i] >= 0 && which_[i] <= 1) || detail::is_nan(which_[i]) || (i && !(which_[i] > which_[i - 1]))) return i;
    }
    return count_;
  }
  friend bool operator==(const quantiles& a, const quantiles& b) noexcept {
    if (a.count_ != b.count_ || a.window_seconds_ != b.window_seconds_) return false;
    for (unsigned i = 0; i < a.count_; ++i) {
      if (a.which_[i] != b.which_[i]) return false;
    }
    return true;
  }
  friend bool operator!=(const quantiles& a, const quantiles& b) noexcept { return !(a == b); }

 private:
  static std::uint32_t wall_seconds() noexcept {
#if NARTHEX_HAS(HOST)
    return static_cast<std::uint32_t>(std::time(nullptr));
#else
    return 0;
#endif
  }
  unsigned count_;
  std::uint32_t window_seconds_;
  std::uint32_t (*clock_)();
  double which_[max_quantiles];
};
#endif

namespace detail {

#if NARTHEX_HAS(HEAP)
struct summary_core {
  static constexpr metric_type type = metric_type::summary;
  static constexpr storage kind = storage::summary;
  using args = quantiles;
  enum : std::size_t { smallest_room = adaptive_distribution::bytes(1) };
  static args smallest() noexcept { return args(); }
  static errc validate(const args& a, std::size_t& at) noexcept {
    at = a.first_bad();
    return at == a.size() ? errc::ok : errc::bad_quantile;
  }
  static std::size_t args_room(const args&) noexcept { return round_up(sizeof(args)); }
  static const args* keep(const args& a, void* memory) noexcept { return new (memory) args(a); }
  static std::size_t room(const args& a) noexcept {
    return smallest_room + (a.size() ? round_up(sizeof(quantile_window)) +
                                           round_up(quantile_window::cells() * sizeof(std::uint32_t)) : 0);
  }
  summary_core(const args& kept, void* memory) noexcept
      : choice(kept), observed(memory, 1), late(nullptr) {
    if (kept.size() != 0) add_window(memory);
  }
  bool read(reading& out) const noexcept {
    out.is_more<metric_type::summary>();
    out.sum = observed.read(out.count_room, out.count);
    out.quantile_count = 0;
    if (late) {
      out.quantile_count = choice.size();
      out.quantiles = choice.data();
      out.quantile_values = out.quantile_room;
      late->read(choice.now_seconds(), choice.data(), out.quantile_room, choice.size());
    }
    return out.count != 0;
  }
  static bool read_at_once(reading&) noexcept { return false; }
  void restart() noexcept {
    observed.restart();
    if (late) late->clear();
  }
  void observe(double value) noexcept {
    observed.observe(0, value);
    if (late) late->observe(value);
  }
  const args& chosen() const noexcept { return choice; }

 private:
  // Cold, so that GCC 12 does not see into it: of a stand-in, whose room is smaller and which never gets here, it
  // says -Warray-bounds.
  NARTHEX_DETAIL_COLD void add_window(void* memory) noexcept {
    char* const at = static_cast<char*>(memory) + smallest_room;
    void* const cells = at + round_up(sizeof(quantile_window));
    late = new (at)
        quantile_window(static_cast<shared<std::uint32_t>*>(cells), choice.window_seconds(), choice.now_seconds());
  }
  const quantiles& choice;
  adaptive_distribution observed;
  quantile_window* late;
};
#endif

#if NARTHEX_HAS(HEAP)
template <>
struct is_in_place<summary_core> : std::false_type {};
#endif

/// Sum and count alone, with the storage inside.
struct fixed_summary_core {
  static constexpr metric_type type = metric_type::summary;
  static constexpr storage kind = storage::fixed_summary;
  using args = no_args;
  static args smallest() noexcept { return args(); }
  static errc validate(const args&, std::size_t&) noexcept { return errc::ok; }
  static std::size_t args_room(const args&) noexcept { return 0; }
  static const args* keep(const args& a, void*) noexcept { return &a; }
  static std::size_t room(const args&) noexcept { return 0; }
  fixed_summary_core(const args&, void*) noexcept {}
  bool read(reading& out) const noexcept {
    out.is_more<metric_type::summary>();
    out.sum = observed.read(out.count_room, out.count);
    out.quantile_count = 0;
    return out.count != 0;
  }
  void restart() noexcept { observed.restart(); }
  void observe(double value) noexcept { observed.observe(0, value); }
  const args& chosen() const noexcept { return nothing_chosen(); }

 private:
  placed_distribution<1> observed;
};

}  // namespace detail

/// Sums and counts observations; quantiles are opt-in. The unit belongs in the name (_seconds, _bytes).
///
/// Threads: as histogram_of.
/// Memory:  about 700 bytes, 40 KB more with quantiles; for threads as histogram_of.
/// Source:  Prometheus, "Writing client libraries", Summary.
template <class Holder>
class NARTHEX_DETAIL_IDLE summary_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = summary_of<handle<typename Holder::core_type>>;

  /// Counts `value`, in the metric's own unit. NaN is refused: counted in narthex_refused_total{what="update"}.
  /// Cost: as histogram_of, without a search; one atomic add more for quantiles.
  void observe(double value) noexcept {
    if (NARTHEX_DETAIL_LIKELY(!detail::is_nan(value))) {
      this->core().observe(value);
    } else {
      detail::refuse_update(this->node());
    }
  }

  /// How many were observed. Cost of both: a snapshot.
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

using fixed_summary = summary_of<fixed<detail::fixed_summary_core>>;
#if NARTHEX_HAS(HEAP)
using summary = summary_of<handle<detail::summary_core>>;
#else
using summary = fixed_summary;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_SUMMARY_HPP
