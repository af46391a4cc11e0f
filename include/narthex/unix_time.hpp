// narthex/unix_time.hpp - the system's clock, for created times and exemplars; of its own, as <chrono> is large.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_UNIX_TIME_HPP
#define NARTHEX_UNIX_TIME_HPP

#include <chrono>
#include <cstdint>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE

/// Nanoseconds since 1970: nx::registry r{nx::registry_options().created_times(&nx::unix_time_ns)}.
inline std::int64_t unix_time_ns() noexcept {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_UNIX_TIME_HPP
