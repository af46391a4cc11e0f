// narthex/os/host_name.hpp - what this machine calls itself, and the number of this process.
// Room: cellar. Read os/error.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_HOST_NAME_HPP
#define NARTHEX_OS_HOST_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/windows.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(POSIX)
#include <unistd.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// The name of this machine, as it was when this was made: gethostname(), or Windows' computer name.
///
/// Nothing is looked up. In a container it is the container's.
struct host_name {
  enum : std::size_t { max_name = 255 };

  host_name() noexcept : size_(0) {
#if NARTHEX_HAS(POSIX)
    if (::gethostname(name_, sizeof name_) != 0) {
      why_ = error::last().to_status("host name");
    } else {
      name_[max_name] = '\0';  // a longer one is cut, and need not have a NUL
      size_ = std::strlen(name_);
    }
#elif NARTHEX_HAS(WINDOWS)
    enum : unsigned int { utf8 = 65001 };
    wchar_t wide[64];
    windows::dword wide_size = sizeof wide / sizeof *wide;
    if (!windows::GetComputerNameW(wide, &wide_size)) why_ = error::last().to_status("host name");
    else size_ = static_cast<std::size_t>(windows::WideCharToMultiByte(utf8, 0, wide, static_cast<int>(wide_size), name_, max_name, nullptr, nullptr));
#else
    why_ = status(errc::unsupported, "host name");
#endif
    if (why_.ok() && size_ == 0) why_ = status(errc::unsupported, "host name");
  }

  const status& why() const noexcept { return why_; }
  string_view text() const noexcept { return string_view(name_, size_); }

 private:
  status why_;
  std::size_t size_;
  char name_[max_name + 1];
};

/// The number by which the system knows this process now: the child of a fork has another.
inline std::uint32_t process_number_now() noexcept {
#if NARTHEX_HAS(POSIX)
  return static_cast<std::uint32_t>(::getpid());
#elif NARTHEX_HAS(WINDOWS)
  return static_cast<std::uint32_t>(windows::GetCurrentProcessId());
#else
  return 0;
#endif
}

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_HOST_NAME_HPP
