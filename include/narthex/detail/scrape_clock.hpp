// narthex/detail/scrape_clock.hpp - when a server was last scraped.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SCRAPE_CLOCK_HPP
#define NARTHEX_DETAIL_SCRAPE_CLOCK_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The time of the last scrape that was answered whole, to a tenth of a second: a word that every processor can share.
///
/// Threads: any.
class scrape_clock {
 public:
  scrape_clock() noexcept : tenths_(0) {}
  scrape_clock(const scrape_clock&) = delete;
  scrape_clock& operator=(const scrape_clock&) = delete;

  /// now_ms: of the system's monotonic clock.
  void note(std::int64_t now_ms) noexcept { tenths_.store(tenths(now_ms), memory_order_relaxed); }
  bool is_within(int ms, std::int64_t now_ms) const noexcept {
    const std::uint32_t at = tenths_.load(memory_order_relaxed);
    return at != 0 && std::int64_t(tenths(now_ms) - at) * 100 <= ms;
  }

 private:
  static std::uint32_t tenths(std::int64_t ms) noexcept { return static_cast<std::uint32_t>(ms / 100) + 1; }  // 0: never

  shared<std::uint32_t> tenths_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SCRAPE_CLOCK_HPP
