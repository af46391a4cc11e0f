// narthex/detail/scraper_patience.hpp - how long the reader of a scrape goes on waiting.
// Room: shelves. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SCRAPER_PATIENCE_HPP
#define NARTHEX_DETAIL_SCRAPER_PATIENCE_HPP

#include <cstdint>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Until a clock shows a time; without a clock nobody knows.
struct scraper_patience {
  enum : int { no_limit = 0x7fffffff };
  std::int64_t (*clock_ms)();
  std::int64_t until_ms;

  int left_ms() const noexcept {
    if (!clock_ms) return no_limit;
    const std::int64_t left = until_ms - clock_ms();
    return left > 0 ? static_cast<int>(left) : 0;
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SCRAPER_PATIENCE_HPP
