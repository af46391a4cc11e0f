// narthex/os/error.hpp - a system error, captured once.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_ERROR_HPP
#define NARTHEX_OS_ERROR_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(POSIX)
#include <errno.h>
#include <string.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// The system's error code, read in the line after the call that failed: whatever runs in between, a
/// destructor that closes a file for one, may set another.
struct error {
  int code;  ///< 0: no error

#if NARTHEX_HAS(POSIX)
  static error last() noexcept {
    const error e = {errno};
    return e;
  }
#endif

  bool ok() const noexcept { return code == 0; }

  /// The same as a status; `subject` says what was tried.
  status to_status(string_view subject) const noexcept {
    return code == 0 ? status() : status(kind(), subject, static_cast<std::uint32_t>(code));
  }
  /// What a program may want to tell apart; errc::system for all the rest.
  errc kind() const noexcept {
#if NARTHEX_HAS(POSIX)
    if (code == EADDRINUSE) return errc::address_in_use;
    if (code == EACCES || code == EPERM) return errc::no_permission;
    if (code == EMFILE || code == ENFILE) return errc::too_many_descriptors;
#endif
    return errc::system;
  }

  /// Writes the system's words for the code and a NUL; nothing where it has none.
  ///
  /// Returns: the length without the NUL; the text is cut when `size` is too small.
  /// Threads: any; no shared buffer, which strerror() has.
  std::size_t words(char* out, std::size_t size) const noexcept {
    if (size == 0) return 0;
    std::size_t n = 0;
#if NARTHEX_HAS(POSIX)
    char buffer[128];
    buffer[0] = '\0';
    const char* text = answer(::strerror_r(code, buffer, sizeof buffer), buffer);
    while (text && text[n] != '\0' && n + 1 < size) {
      out[n] = text[n];
      ++n;
    }
#endif
    out[n] = '\0';
    return n;
  }

 private:
#if NARTHEX_HAS(POSIX)
  // glibc returns the text, which need not be in the buffer; POSIX and everybody else a code.
  static const char* answer(const char* text, const char*) noexcept { return text; }
  static const char* answer(int refused, const char* buffer) noexcept { return refused ? nullptr : buffer; }
#endif
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_ERROR_HPP
