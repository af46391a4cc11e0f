// narthex/os/pause.hpp - lets a stated time pass.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PAUSE_HPP
#define NARTHEX_OS_PAUSE_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/os/socket.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Waits so many milliseconds; signals do not shorten it. Not at all where there is no clock.
inline void pause_ms(int ms) noexcept {
  const std::int64_t begin = monotonic_ms(), end = begin + ms;
  wakeup nobody_rings;  // not opened: nothing but the time ends the wait
  poll_set set;
  for (std::int64_t left = ms; left > 0; left = end - monotonic_ms()) {
    set.clear();
    if (set.ready(set.add(nobody_rings))) return;
    set.wait(left);
  }
}

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_PAUSE_HPP
