// narthex/os/error.hpp - a system error, captured once.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_ERROR_HPP
#define NARTHEX_OS_ERROR_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/os/windows.hpp"
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
#elif NARTHEX_HAS(WINDOWS)
  static error last() noexcept {
    const error e = {static_cast<int>(windows::GetLastError())};
    return e;
  }
  static error last_of_socket() noexcept {
    const error e = {windows::WSAGetLastError()};
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
#elif NARTHEX_HAS(WINDOWS)
    if (code == windows::wsaeaddrinuse) return errc::address_in_use;
    if (code == windows::wsaeacces || code == windows::error_access_denied) return errc::no_permission;
    if (code == windows::wsaemfile || code == windows::error_too_many_open_files) return errc::too_many_descriptors;
#endif
    return errc::system;
  }

  /// Writes the system's words for the code and a NUL; nothing where it has none. On Windows in its user's language, as UTF-8.
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
#elif NARTHEX_HAS(WINDOWS)
    enum : windows::dword { from_system = 0x1000, without_arguments = 0x200, any_language = 0 };
    enum : unsigned int { utf8 = 65001 };
    wchar_t wide[256];
    int wide_size = static_cast<int>(windows::FormatMessageW(from_system | without_arguments, nullptr, static_cast<windows::dword>(code),
                                                             any_language, wide, sizeof wide / sizeof *wide, nullptr));
    while (wide_size > 0 && (wide[wide_size - 1] <= L' ' || wide[wide_size - 1] == L'.')) --wide_size;  // ".\r\n"
    char text[3 * sizeof wide / sizeof *wide];
    const int text_size =
        wide_size > 0 ? windows::WideCharToMultiByte(utf8, 0, wide, wide_size, text, sizeof text, nullptr, nullptr) : 0;
    for (; n < static_cast<std::size_t>(text_size) && n + 1 < size; ++n) out[n] = text[n];
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
