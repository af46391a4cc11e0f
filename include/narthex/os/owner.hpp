// narthex/os/owner.hpp - the process that made an object: a fork copies the object, and not its duties.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_OWNER_HPP
#define NARTHEX_OS_OWNER_HPP

#include <cstdint>

#include "narthex/config.hpp"

#if NARTHEX_HAS(POSIX)
#include <unistd.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Remembers which process made it. The child of a fork has a copy of an object that is to push, or to delete, when it
/// goes: that is still for the parent to do.
class owner {
 public:
#if NARTHEX_HAS(POSIX)
  owner() noexcept : process_(::getpid()) {}
  bool is_here() const noexcept { return process_ == ::getpid(); }
  std::uint32_t number() const noexcept { return static_cast<std::uint32_t>(process_); }

 private:
  pid_t process_;
#else
  bool is_here() const noexcept { return true; }
  std::uint32_t number() const noexcept { return 0; }
#endif
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_OWNER_HPP
