// narthex/textfile.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
//
// MIT License
//
// Copyright (c) 2026 narthex contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#include "narthex.hpp"

// ==== narthex/os/windows.hpp ====================================================================
// narthex/os/windows.hpp - the calls of Windows that os/ makes, declared without <windows.h>.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_WINDOWS_HPP
#define NARTHEX_OS_WINDOWS_HPP

#include <cstdint>


#if NARTHEX_HAS(WINDOWS)

#include <stdarg.h>
#include <stddef.h>

// <windows.h> would hand every file that serves metrics the macros min and max (or keep them from one that wants them),
// a few thousand other names and 100,000 lines; and <winsock2.h> does not compile behind a <windows.h> that was included
// without WIN32_LEAN_AND_MEAN. So these are the same functions, declared again: both headers may be included before or
// after. A declaration that differed from theirs would not compile beside them, which tests/unit/windows_test.cpp does.

// Only the names of theirs; what they hold is written below, where it is needed.
struct sockaddr;
struct addrinfo;
struct fd_set;
struct timeval;
struct WSAData;
struct _WSAPROTOCOL_INFOW;
struct _FILETIME;
struct _OVERLAPPED;
struct _PROCESS_MEMORY_COUNTERS;
struct _SECURITY_ATTRIBUTES;
struct _WIN32_FIND_DATAW;
union _LARGE_INTEGER;

NARTHEX_BEGIN_NAMESPACE
namespace os {
namespace windows {

using handle = void*;
using socket_handle = std::uintptr_t;
using dword = unsigned long;
#if defined(__MINGW32__)
using select_time = timeval*;  // "const PTIMEVAL" in its <winsock2.h>
#else
using select_time = const timeval*;
#endif

#define NARTHEX_DETAIL_WINDOWS(result) __declspec(dllimport) result __stdcall
extern "C" {

// ---- ws2_32 ----
NARTHEX_DETAIL_WINDOWS(int) WSAStartup(unsigned short version, WSAData* about);
NARTHEX_DETAIL_WINDOWS(int) WSACleanup();
NARTHEX_DETAIL_WINDOWS(int) WSAGetLastError();
NARTHEX_DETAIL_WINDOWS(socket_handle)
WSASocketW(int family, int type, int protocol, _WSAPROTOCOL_INFOW* provider, unsigned int group, dword flags);
NARTHEX_DETAIL_WINDOWS(int) bind(socket_handle s, const sockaddr* at, int size);
NARTHEX_DETAIL_WINDOWS(int) listen(socket_handle s, int backlog);
NARTHEX_DETAIL_WINDOWS(socket_handle) accept(socket_handle s, sockaddr* from, int* size);
NARTHEX_DETAIL_WINDOWS(int) connect(socket_handle s, const sockaddr* to, int size);
NARTHEX_DETAIL_WINDOWS(int) getsockname(socket_handle s, sockaddr* at, int* size);
NARTHEX_DETAIL_WINDOWS(int) setsockopt(socket_handle s, int level, int which, const char* value, int size);
NARTHEX_DETAIL_WINDOWS(int) getsockopt(socket_handle s, int level, int which, char* value, int* size);
NARTHEX_DETAIL_WINDOWS(int) ioctlsocket(socket_handle s, long command, unsigned long* value);
NARTHEX_DETAIL_WINDOWS(int) recv(socket_handle s, char* to, int size, int flags);
NARTHEX_DETAIL_WINDOWS(int) send(socket_handle s, const char* from, int size, int flags);
NARTHEX_DETAIL_WINDOWS(int) shutdown(socket_handle s, int how);
NARTHEX_DETAIL_WINDOWS(int) closesocket(socket_handle s);
NARTHEX_DETAIL_WINDOWS(int) select(int ignored, fd_set* read, fd_set* write, fd_set* except, select_time most);
NARTHEX_DETAIL_WINDOWS(int) inet_pton(int family, const char* text, void* address);
NARTHEX_DETAIL_WINDOWS(const char*) inet_ntop(int family, const void* address, char* text, size_t size);
NARTHEX_DETAIL_WINDOWS(int) getaddrinfo(const char* name, const char* service, const addrinfo* want, addrinfo** found);
NARTHEX_DETAIL_WINDOWS(void) freeaddrinfo(addrinfo* found);

// ---- kernel32 ----
NARTHEX_DETAIL_WINDOWS(dword) GetLastError();
NARTHEX_DETAIL_WINDOWS(dword)
FormatMessageW(dword flags, const void* source, dword id, dword language, wchar_t* text, dword size, va_list* arguments);
NARTHEX_DETAIL_WINDOWS(int)
MultiByteToWideChar(unsigned int page, dword flags, const char* from, int from_size, wchar_t* to, int to_size);
NARTHEX_DETAIL_WINDOWS(int)
WideCharToMultiByte(unsigned int page, dword flags, const wchar_t* from, int from_size, char* to, int to_size,
                    const char* instead, int* was_used);
NARTHEX_DETAIL_WINDOWS(int) QueryPerformanceCounter(_LARGE_INTEGER* count);
NARTHEX_DETAIL_WINDOWS(int) QueryPerformanceFrequency(_LARGE_INTEGER* per_second);
NARTHEX_DETAIL_WINDOWS(void) Sleep(dword ms);
NARTHEX_DETAIL_WINDOWS(dword) WaitForSingleObject(handle object, dword ms);
NARTHEX_DETAIL_WINDOWS(int) CloseHandle(handle object);
NARTHEX_DETAIL_WINDOWS(int) SetHandleInformation(handle object, dword mask, dword flags);
NARTHEX_DETAIL_WINDOWS(handle)
CreateFileW(const wchar_t* path, dword access, dword sharing, _SECURITY_ATTRIBUTES* security, dword how, dword flags,
            handle like);
NARTHEX_DETAIL_WINDOWS(int)
WriteFile(handle file, const void* data, dword size, dword* written, _OVERLAPPED* where);
NARTHEX_DETAIL_WINDOWS(int) ReadFile(handle file, void* to, dword size, dword* got, _OVERLAPPED* where);
NARTHEX_DETAIL_WINDOWS(int) FlushFileBuffers(handle file);
NARTHEX_DETAIL_WINDOWS(dword) GetFileType(handle file);
NARTHEX_DETAIL_WINDOWS(dword) GetFileAttributesW(const wchar_t* path);
NARTHEX_DETAIL_WINDOWS(int) MoveFileExW(const wchar_t* from, const wchar_t* to, dword flags);
NARTHEX_DETAIL_WINDOWS(int) DeleteFileW(const wchar_t* path);
NARTHEX_DETAIL_WINDOWS(handle) FindFirstFileW(const wchar_t* pattern, _WIN32_FIND_DATAW* found);
NARTHEX_DETAIL_WINDOWS(int) FindNextFileW(handle all, _WIN32_FIND_DATAW* found);
NARTHEX_DETAIL_WINDOWS(int) FindClose(handle all);
NARTHEX_DETAIL_WINDOWS(int) GetComputerNameW(wchar_t* name, dword* size);
NARTHEX_DETAIL_WINDOWS(handle) GetCurrentProcess();
NARTHEX_DETAIL_WINDOWS(dword) GetCurrentProcessId();
NARTHEX_DETAIL_WINDOWS(int)
GetProcessTimes(handle process, _FILETIME* begun, _FILETIME* ended, _FILETIME* kernel, _FILETIME* user);
NARTHEX_DETAIL_WINDOWS(int) GetProcessHandleCount(handle process, dword* count);
NARTHEX_DETAIL_WINDOWS(int) K32GetProcessMemoryInfo(handle process, _PROCESS_MEMORY_COUNTERS* counters, dword size);

}  // extern "C"
#undef NARTHEX_DETAIL_WINDOWS

/// Their type for a pointer, of ours with the same bytes.
template <class Theirs, class Ours>
Theirs* as(Ours* ours) noexcept {
  return static_cast<Theirs*>(static_cast<void*>(ours));
}
template <class Theirs, class Ours>
const Theirs* as(const Ours* ours) noexcept {
  return static_cast<const Theirs*>(static_cast<const void*>(ours));
}

/// INVALID_HANDLE_VALUE and INVALID_SOCKET.
enum : std::intptr_t { invalid = -1 };

// What a socket's address and a look-up hold.
enum : int { af_inet = 2, af_inet6 = 23, sock_stream = 1, sock_dgram = 2, ipproto_tcp = 6, ipproto_ipv6 = 41 };
enum : int { sol_socket = 0xffff, so_linger = 0x80, so_error = 0x1007, so_exclusiveaddruse = ~4, tcp_nodelay = 1, ipv6_v6only = 27 };
enum : dword { wsa_flag_overlapped = 1, wsa_flag_no_handle_inherit = 0x80, handle_flag_inherit = 1 };
enum : int { sd_send = 1, msg_peek = 2 };

struct sockaddr_v4 {
  std::uint16_t family;
  unsigned char port[2], address[4], zero[8];
};
struct sockaddr_v6 {
  std::uint16_t family;
  unsigned char port[2];
  std::uint32_t flow;
  unsigned char address[16];
  std::uint32_t scope;
};
struct found_address {
  int flags, family, type, protocol;
  std::size_t size;
  char* name;
  const void* address;
  found_address* next;
};
struct linger {
  std::uint16_t on, seconds;
};
struct seconds {
  long whole, micro;
};
struct startup_data {  // WSADATA is 408 bytes, 400 on 32 bits
  std::uint64_t bytes[64];
};

/// What WSAGetLastError() and GetLastError() say: one space of numbers.
enum : int {
  error_file_not_found = 2,
  error_too_many_open_files = 4,
  error_access_denied = 5,
  error_sharing_violation = 32,
  error_not_supported = 50,
  error_file_exists = 80,
  error_invalid_name = 123,
  error_already_exists = 183,
  error_filename_exced_range = 206,
  error_directory_not_supported = 336,
  wsaeacces = 10013,
  wsaemfile = 10024,
  wsaewouldblock = 10035,
  wsaeaddrinuse = 10048,
  wsaenetreset = 10052,
  wsaeconnaborted = 10053,
  wsaeconnreset = 10054,
  wsaeshutdown = 10058,
  wsahost_not_found = 11001
};

}  // namespace windows
}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(WINDOWS)

#endif  // NARTHEX_OS_WINDOWS_HPP

// ==== narthex/os/error.hpp ======================================================================
// narthex/os/error.hpp - a system error, captured once.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_ERROR_HPP
#define NARTHEX_OS_ERROR_HPP

#include <cstddef>
#include <cstdint>


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

// ==== narthex/os/file.hpp =======================================================================
// narthex/os/file.hpp - a file that is replaced whole or not at all.
// Room: cellar. Read os/error.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_FILE_HPP
#define NARTHEX_OS_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if NARTHEX_HAS(POSIX)
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// A path as a status can hold it: its end, when it is long, as that is where the file's name is.
class path_subject {
 public:
  explicit path_subject(string_view path) noexcept : size_(0) {
    if (path.size() > sizeof text_) {
      for (; size_ < 3; ++size_) text_[size_] = '.';
      path = path.from(path.size() - (sizeof text_ - 3));
    }
    for (const char c : path) text_[size_++] = c;
  }
  operator string_view() const noexcept { return string_view(text_, size_); }

 private:
  std::size_t size_;
  char text_[73];  // what a status keeps
};

#if NARTHEX_HAS(SYSTEM)

/// Numbers the files in the making, so that those of two threads differ.
template <class Once>
struct file_numbers {
  static detail::shared<std::uint32_t> next;
};
template <class Once>
detail::shared<std::uint32_t> file_numbers<Once>::next(0);

/// Writes .narthex-PROCESS-NUMBER.tmp and a NUL, at most 40 characters: the name of a file in the making. Short, so that a long name of the path
/// does not make it too long; hidden; without the ending that a reader of the folder looks for.
template <class Char>
void write_other_name(Char* at, std::uint64_t process) noexcept {
  const std::uint64_t numbers[] = {process, file_numbers<void>::next.fetch_add(1, detail::memory_order_relaxed)};
  for (const char* from = ".narthex"; *from; ++from) *at++ = static_cast<Char>(*from);
  for (const std::uint64_t number : numbers) {
    char digits[20];
    std::size_t n = 0;
    std::uint64_t rest = number;
    do digits[n++] = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    *at++ = static_cast<Char>('-');
    while (n) *at++ = static_cast<Char>(digits[--n]);
  }
  for (const char* from = ".tmp"; *from; ++from) *at++ = static_cast<Char>(*from);
  *at = Char();
}

#endif

#if NARTHEX_HAS(POSIX)

/// A new text for a path, written beside it under another name. commit() puts it in place in one step; without
/// that, the destructor leaves no trace.
///
/// Threads: one object in one thread; any number of objects, threads and processes may replace one path.
class replaced_file {
 public:
  enum : std::size_t { max_path = 4096, max_other_path = max_path + 40 };
  enum : unsigned { max_leftovers = 1000 };  ///< files of killed processes with our number that are stepped over

  replaced_file() noexcept : fd_(-1), open_(false) {}
  ~replaced_file() { discard(); }
  replaced_file(const replaced_file&) = delete;
  replaced_file& operator=(const replaced_file&) = delete;

  inline error open(string_view path) noexcept;
  inline error write(const char* data, std::size_t size) noexcept;
  inline error sync() noexcept;
  inline error commit(unsigned mode) noexcept;
  inline void discard() noexcept;

 private:
  inline error close() noexcept;

  int fd_;
  bool open_;  // there is a file under the other name
  char path_[max_path];
  char other_[max_other_path];
};

/// Makes the file beside `path`, which need not exist.
///
/// Errors: what the system says; ENOTSUP when `path` is a device, a pipe or a socket, also by a link: /dev/stdout would
///         become a file for everybody. EISDIR for a folder; EINVAL when there is a NUL in it.
inline error replaced_file::open(string_view path) noexcept {
  const error too_long = {ENAMETOOLONG}, has_nul = {EINVAL}, is_folder = {EISDIR}, no_file = {ENOTSUP}, none = {0};
  if (path.size() >= sizeof path_) return too_long;
  std::size_t folder = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\0') return has_nul;
    if (path[i] == '/') folder = i + 1;
    path_[i] = path[i];
  }
  path_[path.size()] = '\0';
  if (folder == path.size() && folder > 0) return is_folder;
  struct stat there;
  if (::stat(path_, &there) == 0) {
    if (S_ISDIR(there.st_mode)) return is_folder;
    if (!S_ISREG(there.st_mode)) return no_file;
  } else {
    const error e = error::last();
    if (e.code != ENOENT) return e;
  }
  if (path.empty()) {
    const error nowhere = {ENOENT};
    return nowhere;
  }
  std::memcpy(other_, path_, folder);
  for (unsigned tries = 0;; ++tries) {
    write_other_name(other_ + folder, static_cast<std::uint64_t>(::getpid()));
    // For its owner alone until it is whole; commit() gives it the wanted mode, whatever the umask.
    fd_ = ::open(other_, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd_ >= 0) break;
    const error e = error::last();
    if (e.code == EINTR) continue;
    if (e.code != EEXIST || tries >= max_leftovers) return e;
  }
  open_ = true;
  return none;
}

/// Writes everything.
inline error replaced_file::write(const char* data, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t n = ::write(fd_, data, size);
    if (n < 0) {
      const error e = error::last();
      if (e.code == EINTR) continue;
      return e;
    }
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  const error none = {0};
  return none;
}

/// Waits until the bytes are on the disk. Also when a full disk or quota is told of, on a file system that takes bytes
/// first and looks for room later.
inline error replaced_file::sync() noexcept {
  while (::fsync(fd_) != 0) {
    const error e = error::last();
    if (e.code != EINTR) return e;
  }
  const error none = {0};
  return none;
}

/// Puts the file in place with exactly the permissions of `mode`. A link at the path is replaced, not followed.
inline error replaced_file::commit(unsigned mode) noexcept {
  if (::fchmod(fd_, static_cast<mode_t>(mode & 07777u)) != 0) return error::last();
  const error e = close();
  if (!e.ok()) return e;
  if (::rename(other_, path_) != 0) return error::last();
  open_ = false;
  return e;
}

/// Not tried again: the descriptor is gone after any answer, and may be another thread's by then.
inline error replaced_file::close() noexcept {
  error e = {0};
  if (fd_ >= 0 && ::close(fd_) != 0) e = error::last();
  fd_ = -1;
  if (e.code == EINTR) e.code = 0;
  return e;
}

inline void replaced_file::discard() noexcept {
  static_cast<void>(close());
  if (open_) ::unlink(other_);
  open_ = false;
}

#elif NARTHEX_HAS(WINDOWS)

/// The same; its paths are UTF-8, with '/' or '\\' between the folders.
class replaced_file {
 public:
  enum : std::size_t { max_path = 4096, max_other_path = max_path + 40 };  ///< in UTF-16 units
  enum : unsigned { max_leftovers = 1000,       ///< files of killed processes with our number that are stepped over
                    reader_patience_ms = 2000 };  ///< how long commit() waits for a reader of the old file

  replaced_file() noexcept : file_(no_file()), open_(false) {}
  ~replaced_file() { discard(); }
  replaced_file(const replaced_file&) = delete;
  replaced_file& operator=(const replaced_file&) = delete;

  inline error open(string_view path) noexcept;
  inline error write(const char* data, std::size_t size) noexcept;
  inline error sync() noexcept;
  inline error commit(unsigned mode) noexcept;
  inline void discard() noexcept;

 private:
  static windows::handle no_file() noexcept { return reinterpret_cast<windows::handle>(std::intptr_t(windows::invalid)); }
  inline error look_at_path() const noexcept;
  inline error close() noexcept;

  windows::handle file_;
  bool open_;  // there is a file under the other name
  wchar_t path_[max_path];
  wchar_t other_[max_other_path];
};

/// Makes the file beside `path`, which need not exist.
///
/// Errors: what the system says; ERROR_NOT_SUPPORTED when `path` is a device or a pipe: "NUL", "COM1".
///         ERROR_DIRECTORY_NOT_SUPPORTED for a folder; ERROR_INVALID_NAME when there is a NUL in it.
inline error replaced_file::open(string_view path) noexcept {
  enum : unsigned int { utf8 = 65001 };
  enum : windows::dword { strictly = 8, generic_write = 0x40000000, create_new = 1, normal = 0x80 };
  const error too_long = {windows::error_filename_exced_range}, no_name = {windows::error_invalid_name},
              is_folder = {windows::error_directory_not_supported}, none = {0};
  if (path.size() > 3 * std::size_t(max_path)) return too_long;
  if (path.empty() || std::memchr(path.data(), 0, path.size())) return no_name;
  const int wide = windows::MultiByteToWideChar(utf8, strictly, path.data(), static_cast<int>(path.size()), nullptr, 0);
  if (wide <= 0) return error::last();
  if (static_cast<std::size_t>(wide) >= max_path) return too_long;
  windows::MultiByteToWideChar(utf8, strictly, path.data(), static_cast<int>(path.size()), path_, wide);
  path_[wide] = L'\0';
  std::size_t folder = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(wide); ++i) {
    if (path_[i] == L'/' || path_[i] == L'\\' || (i == 1 && path_[i] == L':')) folder = i + 1;
    other_[i] = path_[i];
  }
  if (folder == static_cast<std::size_t>(wide)) return is_folder;
  const error e = look_at_path();
  if (!e.ok()) return e;
  for (unsigned tries = 0;; ++tries) {
    write_other_name(other_ + folder, windows::GetCurrentProcessId());
    file_ = windows::CreateFileW(other_, generic_write, 0, nullptr, create_new, normal, nullptr);
    if (file_ != no_file()) break;
    const error refused = error::last();
    if ((refused.code != windows::error_file_exists && refused.code != windows::error_already_exists) || tries >= max_leftovers) {
      return refused;
    }
  }
  open_ = true;
  return none;
}

/// Whether what is there may be replaced.
inline error replaced_file::look_at_path() const noexcept {
  enum : windows::dword { no_attributes = 0xffffffffu, folder = 0x10, share_all = 7, open_existing = 3, disk = 1 };
  const error is_folder = {windows::error_directory_not_supported}, device = {windows::error_not_supported}, none = {0};
  const windows::dword attributes = windows::GetFileAttributesW(path_);
  if (attributes == no_attributes) {
    const error e = error::last();
    return e.code == windows::error_file_not_found ? none : e;
  }
  if (attributes & folder) return is_folder;
  const windows::handle there = windows::CreateFileW(path_, 0, share_all, nullptr, open_existing, 0, nullptr);
  if (there == no_file()) return none;  // a file that may not even be looked at may yet be replaced
  const windows::dword type = windows::GetFileType(there);
  windows::CloseHandle(there);
  return type == disk ? none : device;
}

/// Writes everything.
inline error replaced_file::write(const char* data, std::size_t size) noexcept {
  const std::size_t most_at_once = 1u << 30;
  while (size > 0) {
    windows::dword n = 0;
    const windows::dword now = static_cast<windows::dword>(size < most_at_once ? size : most_at_once);
    if (!windows::WriteFile(file_, data, now, &n, nullptr)) return error::last();
    data += n;
    size -= n;
  }
  const error none = {0};
  return none;
}

/// Waits until the bytes are on the disk.
inline error replaced_file::sync() noexcept {
  const error none = {0};
  return windows::FlushFileBuffers(file_) ? none : error::last();
}

/// Puts the file in place. The mode is not used: who may read it is inherited from the folder.
///
/// A file that somebody has open cannot be replaced here, unlike by rename(): readers of a metrics file, and virus scanners, take
/// milliseconds, so they are waited for; whoever keeps it open longer is told of by the system's words.
inline error replaced_file::commit(unsigned) noexcept {
  enum : windows::dword { replace_existing = 1 };
  error e = close();
  if (!e.ok()) return e;
  for (unsigned waited = 0, pause = 1;; pause = pause < 50 ? 2 * pause : pause) {
    if (windows::MoveFileExW(other_, path_, replace_existing)) break;
    e = error::last();
    const bool is_open = e.code == windows::error_access_denied || e.code == windows::error_sharing_violation;
    if (!is_open || waited >= reader_patience_ms) return e;
    windows::Sleep(pause);
    waited += pause;
  }
  open_ = false;
  e.code = 0;
  return e;
}

inline error replaced_file::close() noexcept {
  error e = {0};
  if (file_ != no_file() && !windows::CloseHandle(file_)) e = error::last();
  file_ = no_file();
  return e;
}

inline void replaced_file::discard() noexcept {
  static_cast<void>(close());
  if (open_) windows::DeleteFileW(other_);
  open_ = false;
}

#else  // not here

class replaced_file {
 public:
  replaced_file() noexcept {}
  replaced_file(const replaced_file&) = delete;
  replaced_file& operator=(const replaced_file&) = delete;
  error open(string_view) noexcept { return none(); }
  error write(const char*, std::size_t) noexcept { return none(); }
  error sync() noexcept { return none(); }
  error commit(unsigned) noexcept { return none(); }
  void discard() noexcept {}

 private:
  static error none() noexcept {
    const error e = {0};
    return e;
  }
};

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_FILE_HPP

// ==== narthex/textfile.hpp ======================================================================
// narthex/textfile.hpp - writes a registry for node_exporter's textfile collector.
// Room: balconies. Read text_format.hpp and os/file.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TEXTFILE_HPP
#define NARTHEX_TEXTFILE_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE

/// How write_textfile() writes.
struct textfile_options {
  enum class sync { before_replacing, never };

  /// The permissions, exactly, whatever the umask: everybody may read, as node_exporter runs as a user of its own.
  unsigned mode = 0644;
  /// Whether to wait for the disk before the old file goes. Without it some file systems show an empty file after a
  /// power failure, and NFS and quotas have not yet said that there is no room. Costs milliseconds on a quiet disk.
  sync syncing = sync::before_replacing;

  textfile_options& set_mode(unsigned permissions) noexcept {
    mode = permissions;
    return *this;
  }
  /// For files that are written every few seconds, or lie in memory anyway.
  textfile_options& without_sync() noexcept {
    syncing = sync::never;
    return *this;
  }
};

/// What became of a file.
///
/// Threads: a value; copy it freely.
class NARTHEX_DETAIL_NODISCARD textfile_result {
 public:
  bool ok() const noexcept { return why_.ok(); }
  errc code() const noexcept { return why_.code(); }
  /// subject(): the end of the path; number(): the system's error code.
  const status& why() const noexcept { return why_; }
  /// "/var/lib/node_exporter/job.prom: No space left on device"; "" when ok.
  const char* error() const noexcept { return error_; }

 private:
  friend textfile_result write_textfile(registry_core&, string_view, const textfile_options&) noexcept;
  inline textfile_result(const os::error& e, string_view path) noexcept;
  textfile_result() noexcept { error_[0] = '\0'; }
  explicit textfile_result(const status& reason) noexcept : why_(reason) {
    error_[0] = '\0';
    if (!reason.ok()) reason.message(error_, sizeof error_);
  }

  status why_;
  char error_[status::max_message];
};

inline textfile_result::textfile_result(const os::error& e, string_view path) noexcept
    : textfile_result(e.to_status(os::path_subject(path))) {
  char words[128];
  if (e.ok() || e.words(words, sizeof words) == 0) return;
  std::size_t n = 0;
  for (const char* part : {why_.subject(), ": ", static_cast<const char*>(words)}) {
    while (*part && n + 1 < sizeof error_) error_[n++] = *part++;
  }
  error_[n] = '\0';
}

/// Replaces a file by what a registry shows, in text format 0.0.4: whoever reads it finds the old text or the new one, whole.
///
///   const nx::textfile_result r = nx::write_textfile("/var/lib/prometheus/node-exporter/backup.prom");
///   if (!r.ok()) std::fprintf(stderr, "%s\n", r.error());
///
/// path:    node_exporter reads files that end in .prom; the ending is the caller's choice, as others read such files
///          too. A link is replaced, not followed. The folder must exist, and this process be allowed to write in it. A
///          relative path is that of the working folder, which no callback may change meanwhile.
/// Errors:  errc::no_permission, errc::too_many_descriptors, errc::system with the system's code (full disk, no such folder,
///          a folder or device in place of the file), errc::unsupported where there are no files. The old file is then as it
///          was and nothing new is left in the folder; only a process killed meanwhile leaves a hidden .narthex-*.tmp.
/// Threads: any, also several writers of one path: the last one wins. Nothing is locked; callbacks may take their time.
/// Cost:    about 30 kB of stack; no allocation but for custom collectors. A process under a limit of file sizes gets
///          SIGXFSZ, as from any write.
/// Source:  node_exporter, README, Textfile Collector.
inline textfile_result write_textfile(registry_core& registry, string_view path,
                                      const textfile_options& options = textfile_options()) noexcept {
#if !NARTHEX_HAS(METRICS)
  static_cast<void>(registry), static_cast<void>(path), static_cast<void>(options);
  return textfile_result();  // compiled out: a file that is there stays as it is
#elif NARTHEX_HAS(SYSTEM)
  struct target {
    os::replaced_file file;
    os::error e;
    static bool write(void* self, const char* data, std::size_t size) {
      target& t = *static_cast<target*>(self);
      t.e = t.file.write(data, size);
      return t.e.ok();
    }
  } to;
  to.e = to.file.open(path);
  const sink out = {&target::write, &to};
  char chunk[detail::chunk_bytes];
  if (to.e.ok()) static_cast<void>(detail::write_all<detail::timeless_text_writer>(registry, out, chunk, sizeof chunk));  // what it can say is in to.e
  if (to.e.ok() && options.syncing == textfile_options::sync::before_replacing) to.e = to.file.sync();
  if (to.e.ok()) to.e = to.file.commit(options.mode);
  return textfile_result(to.e, path);
#else
  static_cast<void>(registry);
  static_cast<void>(options);
  return textfile_result(status(errc::unsupported, os::path_subject(path)));
#endif
}
inline textfile_result write_textfile(string_view path, const textfile_options& options = textfile_options()) noexcept {
  return write_textfile(default_registry(), path, options);
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TEXTFILE_HPP
