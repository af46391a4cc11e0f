// narthex/periodic_pusher.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/os/wait_posix.hpp =================================================================
// narthex/os/wait_posix.hpp - waiting for descriptors: a clock, a bell, a deadline, and several at once.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_WAIT_POSIX_HPP
#define NARTHEX_OS_WAIT_POSIX_HPP

#include <cstddef>
#include <cstdint>


#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(SOCKETS)

#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

#if defined(__linux__) && defined(_GNU_SOURCE)
// Atomic: a fork in another thread between two calls would hand the descriptor to a stranger.
inline int open_pipe(int* ends) noexcept { return ::pipe2(ends, O_CLOEXEC | O_NONBLOCK); }
inline void prepare(int) noexcept {}
#else
inline int open_pipe(int* ends) noexcept { return ::pipe(ends); }
inline void prepare(int fd) noexcept {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}
#endif

/// Microseconds, and milliseconds, of a clock that nobody sets.
inline std::int64_t monotonic_us() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1000000 + static_cast<std::int64_t>(t.tv_nsec / 1000);
}
inline std::int64_t monotonic_ms() noexcept { return monotonic_us() / 1000; }

/// A pipe whose reading end turns readable when it is rung, and is never read: it stays rung.
class wakeup {
 public:
  wakeup() noexcept {
    ends_[0] = -1;
    ends_[1] = -1;
  }
  ~wakeup() {
    for (int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }
  wakeup(const wakeup&) = delete;
  wakeup& operator=(const wakeup&) = delete;

  status open() noexcept {
    if (open_pipe(ends_) != 0) return error::last().to_status("wakeup");
    for (int end : ends_) prepare(end);
    return status();
  }
  void ring() noexcept {
    while (::write(ends_[1], "", 1) < 0 && errno == EINTR) continue;
  }
  /// Waits up to `ms` for it to be rung. False at once, if it was never opened.
  bool rung_within(int ms) const noexcept {
    pollfd p = {ends_[0], POLLIN, 0};
    return ends_[0] >= 0 && ::poll(&p, 1, ms) > 0;
  }
  /// The same without poll(): for a program that has given up its descriptors.
  bool is_rung() noexcept {
    char byte;
    if (ends_[0] < 0 || ::read(ends_[0], &byte, 1) != 1) return false;
    ring();
    return true;
  }
  int fd() const noexcept { return ends_[0]; }

 private:
  int ends_[2];
};

/// When a wait ends at the latest. Made once for a whole exchange, so that a peer who sends a byte now
/// and then does not win time; the monotonic clock, so that nobody who sets the date does.
class deadline {
 public:
  /// ms: from now on; negative: never.
  explicit deadline(int ms) noexcept : end_(ms < 0 ? -1 : monotonic_ms() + ms), bell_(-1) {}
  deadline(int ms, const wakeup& bell) noexcept : end_(ms < 0 ? -1 : monotonic_ms() + ms), bell_(bell.fd()) {}

  bool passed() const noexcept { return end_ >= 0 && monotonic_ms() >= end_; }

  /// Waits until `fd` is ready for `events`. An error on it is "ready" too: the call to come will tell.
  status wait(int fd, short events, string_view subject) const noexcept {
    for (;;) {
      pollfd p[2] = {{fd, events, 0}, {bell_, POLLIN, 0}};  // poll() ignores a negative descriptor
      const std::int64_t left = end_ < 0 ? -1 : end_ - monotonic_ms();
      if (end_ >= 0 && left <= 0) return status(errc::timeout, subject);
      if (::poll(p, 2, static_cast<int>(left)) < 0) {
        const error e = error::last();
        if (e.code == EINTR) continue;  // with the time that is left
        return e.to_status(subject);
      }
      if (p[1].revents) return status(errc::closed, subject);
      if (p[0].revents) return status();
    }
  }
  status wait(const wakeup& bell, string_view subject) const noexcept { return wait(bell.fd(), POLLIN, subject); }

 private:
  std::int64_t end_;  // in milliseconds; negative: never
  int bell_;
};

/// Several descriptors waited for together.
class poll_set {
 public:
  enum : unsigned { room = 132 };
  enum class what : std::uint8_t { nothing, reading, writing };

  poll_set() noexcept : count_(0), bell_(nullptr), blind_(false) {}
  void clear() noexcept {
    count_ = 0;
    bell_ = nullptr;
    blind_ = false;
  }
  /// Returns: the number to ask ready() with; what is beyond `room` is not waited for.
  unsigned add(std::intptr_t handle, what wanted) noexcept {
    if (count_ == room) return room;
    const pollfd p = {static_cast<int>(wanted == what::nothing ? -1 : handle),
                      static_cast<short>(wanted == what::writing ? POLLOUT : POLLIN), 0};
    all_[count_] = p;
    return count_++;
  }
  unsigned add(wakeup& bell) noexcept {
    bell_ = &bell;
    return add(bell.fd(), what::reading);
  }
  /// Waits until one is ready, or `ms` have passed; negative: no limit. A signal ends it early.
  void wait(std::int64_t ms) noexcept {
    const int most = 60 * 60 * 1000;
    const int n = ::poll(all_, count_, ms < 0 ? -1 : ms > most ? most : static_cast<int>(ms));
    if (n > 0) return;
    // poll() takes no more descriptors than RLIMIT_NOFILE, which a sandbox lowers after they were opened: then each is
    // tried now and then.
    blind_ = n < 0 && errno != EINTR;
    if (blind_) ::poll(nullptr, 0, ms >= 0 && ms < blind_ms ? static_cast<int>(ms) : blind_ms);
    for (unsigned i = 0; i < count_; ++i) {
      const bool is_bell = bell_ && all_[i].fd == bell_->fd();
      all_[i].revents = blind_ && all_[i].fd >= 0 && (!is_bell || bell_->is_rung()) ? POLLIN : 0;
    }
  }
  /// Whether the system would not wait: ready() says yes for all.
  bool is_blind() const noexcept { return blind_; }
  /// Also when it broke: the call to come will tell.
  bool ready(unsigned number) const noexcept { return number < count_ && all_[number].revents != 0; }

 private:
  enum : int { blind_ms = 20 };
  pollfd all_[room];
  unsigned count_;
  wakeup* bell_;
  bool blind_;
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(POSIX) && NARTHEX_HAS(SOCKETS)

#endif  // NARTHEX_OS_WAIT_POSIX_HPP

// ==== narthex/os/socket_posix.hpp ===============================================================
// narthex/os/socket_posix.hpp - sockets by the calls of POSIX.1-2008.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_POSIX_HPP
#define NARTHEX_OS_SOCKET_POSIX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(SOCKETS)

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

// ---- what differs between the systems ----

#if defined(__linux__) && defined(_GNU_SOURCE)
inline int open_stream(int family) noexcept { return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }
inline int accept_any(int listener) noexcept {
  return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
#else
inline int open_stream(int family) noexcept { return ::socket(family, SOCK_STREAM, 0); }
inline int accept_any(int listener) noexcept { return ::accept(listener, nullptr, nullptr); }
#endif

#if defined(MSG_NOSIGNAL)
enum : int { send_flags = MSG_NOSIGNAL };
#else
enum : int { send_flags = 0 };  // SO_NOSIGPIPE does it, below
#endif

inline void silence(int fd) noexcept {
#if defined(SO_NOSIGPIPE)
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#else
  static_cast<void>(fd);
#endif
}

// ---- addresses ----

/// An address as the system wants it.
struct endpoint {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };
  socklen_t size;
  bool every_interface;

  endpoint() noexcept : size(0), every_interface(false) { std::memset(&local, 0, sizeof local); }
  bool is_v6() const noexcept { return any.sa_family == AF_INET6; }

  /// host: "" for every interface, "localhost", or digits. All zeros is "any" in both families.
  bool set(string_view host, std::uint16_t port, int family) noexcept {
    char text[64];
    if (host.size() >= sizeof text) return false;
    every_interface = host.empty();
    if (host == "localhost") host = family == AF_INET6 ? "::1" : "127.0.0.1";
    for (std::size_t i = 0; i < host.size(); ++i) text[i] = host[i];
    text[host.size()] = '\0';
    const unsigned char big_endian[2] = {static_cast<unsigned char>(port >> 8), static_cast<unsigned char>(port & 255)};
    if (family == AF_INET6) {  // htons() is a macro with old-style casts on some systems
      v6.sin6_family = AF_INET6;
      std::memcpy(&v6.sin6_port, big_endian, 2);
      size = static_cast<socklen_t>(sizeof v6);
      return host.empty() || ::inet_pton(AF_INET6, text, &v6.sin6_addr) == 1;
    }
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_port, big_endian, 2);
    size = static_cast<socklen_t>(sizeof v4);
    return host.empty() || ::inet_pton(AF_INET, text, &v4.sin_addr) == 1;
  }

  /// A file name; not empty, without a NUL, and shorter than the system's limit of about 100 bytes.
  bool set_path(string_view path) noexcept {
    if (path.empty() || path.size() >= sizeof local.sun_path || std::memchr(path.data(), 0, path.size())) return false;
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path.data(), path.size());
    size = static_cast<socklen_t>(sizeof local);
    return true;
  }
};

/// The file that a listening Unix socket has; taken away by the process that made it, unless it is another's by now.
class socket_file {
 public:
  socket_file() noexcept : process_(0), device_(), inode_() { path_[0] = '\0'; }
  ~socket_file() {
    struct stat now;
    if (process_ != ::getpid() || ::lstat(path_, &now) != 0) return;
    if (now.st_dev == device_ && now.st_ino == inode_) ::unlink(path_);
  }
  socket_file(const socket_file&) = delete;
  socket_file& operator=(const socket_file&) = delete;

  void made(const endpoint& at) noexcept {
    struct stat now;
    if (::lstat(at.local.sun_path, &now) != 0) return;
    std::memcpy(path_, at.local.sun_path, sizeof path_);
    process_ = ::getpid();
    device_ = now.st_dev;
    inode_ = now.st_ino;
  }

 private:
  pid_t process_;
  dev_t device_;
  ino_t inode_;
  char path_[sizeof(sockaddr_un::sun_path)];
};

// ---- the socket ----

class socket {
 public:
  enum : int { backlog = 128 };                ///< connections that may wait to be accepted
  enum : std::size_t { drain_bytes = 65536 };  ///< what finish() reads and throws away, at most

  socket() noexcept : handle_(-1) {}
  socket(socket&& other) noexcept : handle_(other.handle_) { other.handle_ = -1; }
  socket& operator=(socket&& other) noexcept {
    if (this != &other) {
      close();
      handle_ = other.handle_;
      other.handle_ = -1;
    }
    return *this;
  }
  ~socket() { close(); }

  status listen(string_view host, std::uint16_t port) noexcept;
  status listen_unix(string_view path, socket_file& file) noexcept;
  status connect(string_view host, std::uint16_t port, const deadline& until) noexcept;
  status accept(socket& peer, const deadline& until) const noexcept;
  status read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept;
  status write(const char* data, std::size_t size, const deadline& until) const noexcept;
  // The same without waiting: errc::timeout when nothing could be done now.
  status read_now(char* data, std::size_t size, std::size_t& got) const noexcept;
  status write_now(const char* data, std::size_t size, std::size_t& put) const noexcept;

  void half_close() noexcept { ::shutdown(fd(), SHUT_WR); }
  void finish(const deadline& until) noexcept;
  void reset() noexcept;
  void close() noexcept {
    if (is_open()) ::close(fd());
    handle_ = -1;
  }

  bool is_open() const noexcept { return handle_ >= 0; }
  std::uint16_t local_port() const noexcept;
  std::intptr_t handle() const noexcept { return handle_; }

 private:
  int fd() const noexcept { return static_cast<int>(handle_); }

  error open(int family) noexcept {
    close();
    handle_ = open_stream(family);
    if (handle_ < 0) return error::last();
    prepare(fd());
    silence(fd());
    const error none = {0};
    return none;
  }

  /// What is sent goes out in full buffers: the last, short one must not wait for the peer's acknowledgement.
  void send_at_once() noexcept {
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }

  error listen_at(const endpoint& where) noexcept {
    const error e = open(where.any.sa_family);
    if (!e.ok()) return e;
    // A restarted program takes its port back from its own closed connections; a listener keeps it.
    const int on = 1, off = 0;
    ::setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Every interface means IPv4 too; a system that cannot have both in one socket says no here.
    if (where.is_v6() && ::setsockopt(fd(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) != 0 &&
        where.every_interface) {
      return error::last();
    }
    if (::bind(fd(), &where.any, where.size) != 0) return error::last();
    if (::listen(fd(), backlog) != 0) return error::last();
    const error none = {0};
    return none;
  }

  static status broken(const error& e, string_view subject) noexcept {
    const bool gone = e.code == EPIPE || e.code == ECONNRESET;
    return gone ? status(errc::closed, subject) : e.to_status(subject);
  }

  std::intptr_t handle_;
};

/// Binds and listens. "" is every interface, by IPv6 with IPv4 inside where the system can, else by
/// IPv4; "localhost" is 127.0.0.1, or ::1 where there is no IPv4.
inline status socket::listen(string_view host, std::uint16_t port) noexcept {
  const int order_any[] = {AF_INET6, AF_INET}, order_other[] = {AF_INET, AF_INET6};
  error e = {0};
  bool readable = false;
  for (int family : host.empty() ? order_any : order_other) {
    endpoint where;
    if (!where.set(host, port, family)) continue;
    readable = true;
    e = listen_at(where);
    if (e.ok()) return status();
    close();
    if (e.code == EADDRINUSE || e.code == EACCES) break;  // the port is the trouble, not the family
  }
  return readable ? e.to_status(host) : status(errc::bad_address, host);
}

/// Binds a file name and listens. A socket left behind by a program that died is replaced; a live one is not, and
/// neither is any other file. Of two programs that replace the same one in the same moment the later has the name.
inline status socket::listen_unix(string_view path, socket_file& file) noexcept {
  endpoint where;
  if (!where.set_path(path)) return status(errc::bad_address, path);
  error e = open(AF_UNIX);
  if (!e.ok()) return e.to_status(path);
  for (int attempt = 0;; ++attempt) {
    if (::bind(fd(), &where.any, where.size) == 0) break;
    e = error::last();
    struct stat there;
    if (e.code != EADDRINUSE || attempt || ::lstat(where.local.sun_path, &there) != 0 || !S_ISSOCK(there.st_mode)) {
      return e.to_status(path);
    }
    socket probe;
    if (!probe.open(AF_UNIX).ok() || ::connect(probe.fd(), &where.any, where.size) == 0 || errno != ECONNREFUSED) {
      return e.to_status(path);
    }
    ::unlink(where.local.sun_path);
  }
  file.made(where);
  return ::listen(fd(), backlog) == 0 ? status() : error::last().to_status(path);
}

inline status socket::connect(string_view host, std::uint16_t port, const deadline& until) noexcept {
  endpoint where;
  if (host.empty() || (!where.set(host, port, AF_INET) && !where.set(host, port, AF_INET6))) {
    return status(errc::bad_address, host);
  }
  error e = open(where.any.sa_family);
  if (!e.ok()) return e.to_status(host);
  send_at_once();
  if (::connect(fd(), &where.any, where.size) == 0) return status();
  e = error::last();
  if (e.code != EINPROGRESS && e.code != EINTR) return e.to_status(host);
  const status s = until.wait(fd(), POLLOUT, host);
  if (!s.ok()) return s;
  socklen_t size = static_cast<socklen_t>(sizeof e.code);
  if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &e.code, &size) != 0) e = error::last();
  return broken(e, host);
}

/// Takes the next connection. One that died in the queue is passed over.
inline status socket::accept(socket& peer, const deadline& until) const noexcept {
  for (;;) {
    peer.close();
    peer.handle_ = accept_any(fd());
    if (peer.is_open()) {
      prepare(peer.fd());
      silence(peer.fd());
      peer.send_at_once();
      return status();
    }
    const error e = error::last();
    if (e.code == EINTR || e.code == ECONNABORTED) continue;
    if (e.code != EAGAIN && e.code != EWOULDBLOCK) return e.to_status("accept");
    const status s = until.wait(fd(), POLLIN, "accept");
    if (!s.ok()) return s;
  }
}

inline status socket::read_now(char* data, std::size_t size, std::size_t& got) const noexcept {
  got = 0;
  for (;;) {
    const ssize_t n = ::recv(fd(), data, size, 0);
    if (n >= 0) {
      got = static_cast<std::size_t>(n);
      return status();
    }
    const error e = error::last();
    if (e.code == EAGAIN || e.code == EWOULDBLOCK) return status(errc::timeout, "read");
    if (e.code != EINTR) return broken(e, "read");
  }
}

inline status socket::write_now(const char* data, std::size_t size, std::size_t& put) const noexcept {
  put = 0;
  for (;;) {
    const ssize_t n = ::send(fd(), data, size, send_flags);
    if (n >= 0) {
      put = static_cast<std::size_t>(n);
      return status();
    }
    const error e = error::last();
    if (e.code == EAGAIN || e.code == EWOULDBLOCK) return status(errc::timeout, "write");
    if (e.code != EINTR) return broken(e, "write");
  }
}

/// Reads what is there, at least one byte; `got` is 0 when the peer has sent everything.
inline status socket::read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept {
  got = 0;
  for (;;) {
    if (until.passed()) return status(errc::timeout, "read");
    status s = read_now(data, size, got);
    if (s.code() != errc::timeout) return s;
    s = until.wait(fd(), POLLIN, "read");
    if (!s.ok()) return s;
  }
}

/// Writes everything.
inline status socket::write(const char* data, std::size_t size, const deadline& until) const noexcept {
  while (size > 0) {
    if (until.passed()) return status(errc::timeout, "write");
    std::size_t n = 0;
    status s = write_now(data, size, n);
    data += n;
    size -= n;
    if (s.code() == errc::timeout) s = until.wait(fd(), POLLOUT, "write");
    if (!s.ok()) return s;
  }
  return status();
}

/// Closes so that the peer gets all that was written. A close with unread input sends a reset, and a
/// reset makes the peer's system throw away what it has not handed over yet: so the end is announced,
/// and what still comes in is read, up to `until` and drain_bytes, before the descriptor goes.
inline void socket::finish(const deadline& until) noexcept {
  half_close();
  char rest[1024];
  std::size_t got = 0;
  for (std::size_t all = 0; all < drain_bytes; all += got) {
    if (!read(rest, sizeof rest, got, until).ok() || got == 0) break;
  }
  close();
}

/// Closes with a reset: an answer that was cut short must not look as if it had ended.
inline void socket::reset() noexcept {
  const linger now = {1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

/// The port that the system chose for port 0; 0 when the socket is closed.
inline std::uint16_t socket::local_port() const noexcept {
  endpoint here;
  socklen_t size = static_cast<socklen_t>(sizeof here.v6);
  if (::getsockname(fd(), &here.any, &size) != 0) return 0;
  unsigned char big_endian[2];
  std::memcpy(big_endian, here.is_v6() ? static_cast<const void*>(&here.v6.sin6_port)
                                       : static_cast<const void*>(&here.v4.sin_port), 2);
  return static_cast<std::uint16_t>(big_endian[0] * 256 + big_endian[1]);
}

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(POSIX) && NARTHEX_HAS(SOCKETS)

#endif  // NARTHEX_OS_SOCKET_POSIX_HPP

// ==== narthex/os/wait_windows.hpp ===============================================================
// narthex/os/wait_windows.hpp - waiting for sockets of Windows: a clock, a bell, a deadline, and several at once.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_WAIT_WINDOWS_HPP
#define NARTHEX_OS_WAIT_WINDOWS_HPP

#include <cstddef>
#include <cstdint>


#if NARTHEX_HAS(WINDOWS)

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Microseconds, and milliseconds, of a clock that nobody sets.
inline std::int64_t monotonic_us() noexcept {
  std::int64_t count = 0, per_second = 1;
  windows::QueryPerformanceCounter(windows::as<_LARGE_INTEGER>(&count));
  windows::QueryPerformanceFrequency(windows::as<_LARGE_INTEGER>(&per_second));
  return count / per_second * 1000000 + count % per_second * 1000000 / per_second;
}
inline std::int64_t monotonic_ms() noexcept { return monotonic_us() / 1000; }

// ---- sockets that keep Winsock up as long as they are open ----

/// Windows counts who has started Winsock, so each socket does: there is no moment at which somebody would have to know
/// that all are gone, and a program that uses Winsock itself notices nothing.
inline error start_winsock() noexcept {
  windows::startup_data ignored;
  const error e = {windows::WSAStartup(0x0202, windows::as<WSAData>(&ignored))};
  return e;
}
inline void close_socket(windows::socket_handle s) noexcept {
  windows::closesocket(s);
  windows::WSACleanup();
}
/// Neither waited for nor inherited. What accept() gives can be told the latter only now, not when it is made.
inline error prepare(windows::socket_handle s) noexcept {
  unsigned long on = 1;
  windows::SetHandleInformation(reinterpret_cast<windows::handle>(s), windows::handle_flag_inherit, 0);
  const error none = {0};
  return windows::ioctlsocket(s, static_cast<long>(0x8004667eu), &on) == 0 ? none : error::last_of_socket();  // FIONBIO
}
/// s: what close_socket() takes; unchanged after an error.
inline error open_socket(int family, int type, std::intptr_t& s) noexcept {
  error e = start_winsock();
  if (!e.ok()) return e;
  const windows::socket_handle made = windows::WSASocketW(
      family, type, 0, nullptr, 0, windows::wsa_flag_overlapped | windows::wsa_flag_no_handle_inherit);
  if (static_cast<std::intptr_t>(made) == windows::invalid) {
    e = error::last_of_socket();
    windows::WSACleanup();
    return e;
  }
  e = prepare(made);
  if (e.ok()) s = static_cast<std::intptr_t>(made);
  else close_socket(made);
  return e;
}

/// What select() takes: Windows has no limit to it, only the size that <winsock2.h> happens to give it.
template <unsigned Room>
struct socket_set {
  unsigned count = 0;
  windows::socket_handle all[Room];

  socket_set() noexcept {}
  void add(std::intptr_t s) noexcept { all[count++] = static_cast<windows::socket_handle>(s); }
  bool has(std::intptr_t s) const noexcept {
    for (unsigned i = 0; i < count; ++i) {
      if (all[i] == static_cast<windows::socket_handle>(s)) return true;
    }
    return false;
  }
};

/// Waits until one is ready, and leaves only those. ms: negative: no limit.
///
/// select(), because WSAPoll() says nothing of a connection that was refused (before Windows 10 2004), and calls a client that has
/// only sent its last byte broken, over and over, so that whoever waits to write to it would spin.
/// Returns: how many are ready; negative: what error::last_of_socket() says.
template <unsigned Room>
int select_within(std::int64_t ms, socket_set<Room>& reading, socket_set<Room>& writing, socket_set<Room>& failing) noexcept {
  const std::int64_t most = 60 * 60 * 1000;
  if (ms > most) ms = most;
  if (reading.count + writing.count + failing.count == 0) {  // select() refuses to wait for nothing
    windows::Sleep(static_cast<windows::dword>(ms < 0 ? most : ms));
    return 0;
  }
  windows::seconds left = {static_cast<long>(ms / 1000), static_cast<long>(ms % 1000 * 1000)};
  return windows::select(0, windows::as<fd_set>(&reading), windows::as<fd_set>(&writing), windows::as<fd_set>(&failing),
                         ms < 0 ? nullptr : windows::as<timeval>(&left));
}

// ---- what os/socket.hpp promises ----

/// A datagram socket that talks to nobody but itself: rung by a byte that is never read, so that it stays rung.
class wakeup {
 public:
  wakeup() noexcept : own_(windows::invalid) {}
  ~wakeup() {
    if (own_ != windows::invalid) close_socket(socket());
  }
  wakeup(const wakeup&) = delete;
  wakeup& operator=(const wakeup&) = delete;

  status open() noexcept {
    error e = open_socket(windows::af_inet, windows::sock_dgram, own_);
    if (!e.ok()) return e.to_status("wakeup");
    windows::sockaddr_v4 here = {windows::af_inet, {0, 0}, {127, 0, 0, 1}, {0}};
    int size = sizeof here;
    sockaddr* const at = windows::as<sockaddr>(&here);
    // Connected to itself it takes nothing from others.
    const bool done = windows::bind(socket(), at, size) == 0 && windows::getsockname(socket(), at, &size) == 0 &&
                      windows::connect(socket(), at, size) == 0;
    return done ? status() : error::last_of_socket().to_status("wakeup");
  }
  void ring() noexcept { windows::send(socket(), "", 1, 0); }
  /// Waits up to `ms` for it to be rung. False at once, if it was never opened.
  bool rung_within(int ms) const noexcept {
    socket_set<1> reading, none, nor;
    if (own_ == windows::invalid) return false;
    reading.add(own_);
    return select_within(ms, reading, none, nor) > 0;
  }
  /// The same without waiting for anything.
  bool is_rung() const noexcept {
    char byte;
    return own_ != windows::invalid && windows::recv(socket(), &byte, 1, windows::msg_peek) == 1;
  }
  std::intptr_t handle() const noexcept { return own_; }

 private:
  windows::socket_handle socket() const noexcept { return static_cast<windows::socket_handle>(own_); }
  std::intptr_t own_;
};

/// When a wait ends at the latest. Made once for a whole exchange, so that a peer who sends a byte now
/// and then does not win time; the monotonic clock, so that nobody who sets the date does.
class deadline {
 public:
  enum class until : std::uint8_t { readable, writable, connected };

  /// ms: from now on; negative: never.
  explicit deadline(int ms) noexcept : end_(ms < 0 ? -1 : monotonic_ms() + ms), bell_(windows::invalid) {}
  deadline(int ms, const wakeup& bell) noexcept : end_(ms < 0 ? -1 : monotonic_ms() + ms), bell_(bell.handle()) {}

  bool passed() const noexcept { return end_ >= 0 && monotonic_ms() >= end_; }

  /// Waits until the socket is ready. An error on it is "ready" too: the call to come will tell.
  status wait(std::intptr_t s, until what, string_view subject) const noexcept {
    for (;;) {
      socket_set<2> reading, writing, failing;
      (what == until::readable ? reading : writing).add(s);
      // That a connection was refused is told here only; of an open one, urgent data would be, again and again.
      if (what == until::connected) failing.add(s);
      if (bell_ != windows::invalid) reading.add(bell_);
      const std::int64_t left = end_ < 0 ? -1 : end_ - monotonic_ms();
      if (end_ >= 0 && left <= 0) return status(errc::timeout, subject);
      const int n = select_within(left, reading, writing, failing);
      if (n < 0) return error::last_of_socket().to_status(subject);
      if (n > 0) return bell_ != windows::invalid && reading.has(bell_) ? status(errc::closed, subject) : status();
    }
  }
  status wait(const wakeup& bell, string_view subject) const noexcept { return wait(bell.handle(), until::readable, subject); }

 private:
  std::int64_t end_;  // in milliseconds; negative: never
  std::intptr_t bell_;
};

/// Several sockets waited for together.
class poll_set {
 public:
  enum : unsigned { room = 132 };
  enum class what : std::uint8_t { nothing, reading, writing };

  poll_set() noexcept : count_(0), bell_(nullptr), blind_(false) {}
  void clear() noexcept {
    count_ = 0;
    bell_ = nullptr;
    blind_ = false;
  }
  /// Returns: the number to ask ready() with; what is beyond `room` is not waited for.
  unsigned add(std::intptr_t s, what wanted) noexcept {
    if (count_ == room) return room;
    const entry e = {s, wanted, false};
    all_[count_] = e;
    return count_++;
  }
  unsigned add(const wakeup& bell) noexcept {
    bell_ = &bell;
    return add(bell.handle(), what::reading);
  }
  /// Waits until one is ready, or `ms` have passed; negative: no limit.
  void wait(std::int64_t ms) noexcept {
    socket_set<room> reading, writing, none;
    for (unsigned i = 0; i < count_; ++i) {
      const entry& e = all_[i];
      if (e.s != windows::invalid && e.wanted == what::reading) reading.add(e.s);
      if (e.s != windows::invalid && e.wanted == what::writing) writing.add(e.s);
    }
    const int n = select_within(ms, reading, writing, none);
    blind_ = n < 0;  // one of them is no socket any more, or the system is out of memory: each is tried now and then
    if (blind_) windows::Sleep(static_cast<windows::dword>(ms < 0 || ms > blind_ms ? std::int64_t(blind_ms) : ms));
    for (unsigned i = 0; i < count_; ++i) {
      entry& e = all_[i];
      const bool is_bell = bell_ && e.s == bell_->handle();
      if (blind_) e.is_ready = is_bell ? bell_->is_rung() : e.wanted != what::nothing;
      else e.is_ready = n > 0 && (e.wanted == what::reading ? reading.has(e.s) : e.wanted == what::writing && writing.has(e.s));
    }
  }
  /// Whether the system would not wait: ready() says yes for all.
  bool is_blind() const noexcept { return blind_; }
  /// Also when it broke: the call to come will tell.
  bool ready(unsigned number) const noexcept { return number < count_ && all_[number].is_ready; }

 private:
  enum : int { blind_ms = 20 };
  struct entry {
    std::intptr_t s;
    what wanted;
    bool is_ready;
  };
  entry all_[room];
  unsigned count_;
  const wakeup* bell_;
  bool blind_;
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(WINDOWS)

#endif  // NARTHEX_OS_WAIT_WINDOWS_HPP

// ==== narthex/os/socket_winsock.hpp =============================================================
// narthex/os/socket_winsock.hpp - sockets by the calls of Winsock 2, from Windows 7 SP1 on.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_WINSOCK_HPP
#define NARTHEX_OS_SOCKET_WINSOCK_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if NARTHEX_HAS(WINDOWS)

#if defined(_MSC_VER) && !NARTHEX_NO_AUTOLINK
#pragma comment(lib, "ws2_32")
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

// ---- addresses ----

/// An address as the system wants it.
struct endpoint {
  union {
    std::uint16_t family;
    windows::sockaddr_v4 v4;
    windows::sockaddr_v6 v6;
  };
  int size;
  bool every_interface;

  endpoint() noexcept : size(0), every_interface(false) { std::memset(&v6, 0, sizeof v6); }
  bool is_v6() const noexcept { return family == windows::af_inet6; }
  const sockaddr* any() const noexcept { return windows::as<sockaddr>(&v6); }

  /// host: "" for every interface, "localhost", or digits. All zeros is "any" in both families.
  bool set(string_view host, std::uint16_t port, int wanted) noexcept {
    char text[64];
    if (host.size() >= sizeof text) return false;
    every_interface = host.empty();
    if (host == "localhost") host = wanted == windows::af_inet6 ? "::1" : "127.0.0.1";
    for (std::size_t i = 0; i < host.size(); ++i) text[i] = host[i];
    text[host.size()] = '\0';
    const unsigned char big_endian[2] = {static_cast<unsigned char>(port >> 8), static_cast<unsigned char>(port & 255)};
    family = static_cast<std::uint16_t>(wanted);
    std::memcpy(is_v6() ? v6.port : v4.port, big_endian, 2);
    size = static_cast<int>(is_v6() ? sizeof v6 : sizeof v4);
    return host.empty() || windows::inet_pton(wanted, text, is_v6() ? v6.address : v4.address) == 1;
  }
};

/// Unix sockets have no file here that would be ours to remove.
class socket_file {};

// ---- the socket ----

class socket {
 public:
  enum : int { backlog = 128 };                ///< connections that may wait to be accepted
  enum : std::size_t { drain_bytes = 65536 };  ///< what finish() reads and throws away, at most

  socket() noexcept : handle_(windows::invalid) {}
  socket(socket&& other) noexcept : handle_(other.handle_) { other.handle_ = windows::invalid; }
  socket& operator=(socket&& other) noexcept {
    if (this != &other) {
      close();
      handle_ = other.handle_;
      other.handle_ = windows::invalid;
    }
    return *this;
  }
  ~socket() { close(); }

  status listen(string_view host, std::uint16_t port) noexcept;
  status listen_unix(string_view path, socket_file&) noexcept { return status(errc::unsupported, path); }
  status connect(string_view host, std::uint16_t port, const deadline& until) noexcept;
  status accept(socket& peer, const deadline& until) const noexcept;
  status read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept;
  status write(const char* data, std::size_t size, const deadline& until) const noexcept;
  // The same without waiting: errc::timeout when nothing could be done now.
  status read_now(char* data, std::size_t size, std::size_t& got) const noexcept;
  status write_now(const char* data, std::size_t size, std::size_t& put) const noexcept;

  void half_close() noexcept { windows::shutdown(own(), windows::sd_send); }
  void finish(const deadline& until) noexcept;
  void reset() noexcept;
  void close() noexcept {
    if (is_open()) close_socket(own());
    handle_ = windows::invalid;
  }

  bool is_open() const noexcept { return handle_ != windows::invalid; }
  std::uint16_t local_port() const noexcept;
  std::intptr_t handle() const noexcept { return handle_; }

 private:
  enum : std::size_t { most_at_once = 1u << 30 };  // recv() and send() take an int

  windows::socket_handle own() const noexcept { return static_cast<windows::socket_handle>(handle_); }

  int set(int level, int which, int value) noexcept {
    return windows::setsockopt(own(), level, which, static_cast<const char*>(static_cast<const void*>(&value)), sizeof value);
  }
  /// What is sent goes out in full buffers: the last, short one must not wait for the peer's acknowledgement.
  void send_at_once() noexcept { set(windows::ipproto_tcp, windows::tcp_nodelay, 1); }

  error listen_at(const endpoint& where) noexcept {
    close();
    const error e = open_socket(where.family, windows::sock_stream, handle_);
    if (!e.ok()) return e;
    // A port that is in use stays whose it is: SO_REUSEADDR would take it from another program here, and without
    // SO_EXCLUSIVEADDRUSE another could take it from us. A port whose connections are closing can be had at once anyway.
    if (set(windows::sol_socket, windows::so_exclusiveaddruse, 1) != 0) return error::last_of_socket();
    // Every interface means IPv4 too; a system that cannot have both in one socket says no here.
    if (where.is_v6() && set(windows::ipproto_ipv6, windows::ipv6_v6only, 0) != 0 && where.every_interface) {
      return error::last_of_socket();
    }
    if (windows::bind(own(), where.any(), where.size) != 0) return error::last_of_socket();
    if (windows::listen(own(), backlog) != 0) return error::last_of_socket();
    return e;
  }

  static status broken(const error& e, string_view subject) noexcept {
    const bool gone = e.code == windows::wsaeconnreset || e.code == windows::wsaeconnaborted ||
                      e.code == windows::wsaenetreset || e.code == windows::wsaeshutdown;
    return gone ? status(errc::closed, subject) : e.to_status(subject);
  }

  std::intptr_t handle_;
};

/// Binds and listens. "" is every interface, by IPv6 with IPv4 inside where the system can, else by
/// IPv4; "localhost" is 127.0.0.1, or ::1 where there is no IPv4.
inline status socket::listen(string_view host, std::uint16_t port) noexcept {
  const int order_any[] = {windows::af_inet6, windows::af_inet}, order_other[] = {windows::af_inet, windows::af_inet6};
  error e = {0};
  bool readable = false;
  for (int family : host.empty() ? order_any : order_other) {
    endpoint where;
    if (!where.set(host, port, family)) continue;
    readable = true;
    e = listen_at(where);
    if (e.ok()) return status();
    close();
    if (e.code == windows::wsaeaddrinuse || e.code == windows::wsaeacces) break;  // the port is the trouble, not the family
  }
  return readable ? e.to_status(host) : status(errc::bad_address, host);
}

inline status socket::connect(string_view host, std::uint16_t port, const deadline& until) noexcept {
  endpoint where;
  if (host.empty() || (!where.set(host, port, windows::af_inet) && !where.set(host, port, windows::af_inet6))) {
    return status(errc::bad_address, host);
  }
  close();
  error e = open_socket(where.family, windows::sock_stream, handle_);
  if (!e.ok()) return e.to_status(host);
  send_at_once();
  if (windows::connect(own(), where.any(), where.size) == 0) return status();
  e = error::last_of_socket();
  if (e.code != windows::wsaewouldblock) return e.to_status(host);
  const status s = until.wait(handle_, deadline::until::connected, host);
  if (!s.ok()) return s;
  int size = sizeof e.code;
  char* const to = static_cast<char*>(static_cast<void*>(&e.code));
  if (windows::getsockopt(own(), windows::sol_socket, windows::so_error, to, &size) != 0) e = error::last_of_socket();
  return broken(e, host);
}

/// Takes the next connection. One that died in the queue is passed over.
inline status socket::accept(socket& peer, const deadline& until) const noexcept {
  for (;;) {
    peer.close();
    const std::intptr_t taken = static_cast<std::intptr_t>(windows::accept(own(), nullptr, nullptr));
    if (taken != windows::invalid) {
      const error e = start_winsock();
      if (!e.ok()) {
        windows::closesocket(static_cast<windows::socket_handle>(taken));
        return e.to_status("accept");
      }
      peer.handle_ = taken;
      const error refused = prepare(peer.own());
      if (!refused.ok()) return refused.to_status("accept");
      peer.send_at_once();
      return status();
    }
    const error e = error::last_of_socket();
    if (e.code == windows::wsaeconnreset || e.code == windows::wsaeconnaborted) continue;
    if (e.code != windows::wsaewouldblock) return e.to_status("accept");
    const status s = until.wait(handle_, deadline::until::readable, "accept");
    if (!s.ok()) return s;
  }
}

inline status socket::read_now(char* data, std::size_t size, std::size_t& got) const noexcept {
  got = 0;
  const int n = windows::recv(own(), data, static_cast<int>(size < most_at_once ? size : most_at_once), 0);
  if (n >= 0) {
    got = static_cast<std::size_t>(n);
    return status();
  }
  const error e = error::last_of_socket();
  return e.code == windows::wsaewouldblock ? status(errc::timeout, "read") : broken(e, "read");
}

inline status socket::write_now(const char* data, std::size_t size, std::size_t& put) const noexcept {
  put = 0;
  const int n = windows::send(own(), data, static_cast<int>(size < most_at_once ? size : most_at_once), 0);
  if (n >= 0) {
    put = static_cast<std::size_t>(n);
    return status();
  }
  const error e = error::last_of_socket();
  return e.code == windows::wsaewouldblock ? status(errc::timeout, "write") : broken(e, "write");
}

/// Reads what is there, at least one byte; `got` is 0 when the peer has sent everything.
inline status socket::read(char* data, std::size_t size, std::size_t& got, const deadline& until) const noexcept {
  got = 0;
  for (;;) {
    if (until.passed()) return status(errc::timeout, "read");
    status s = read_now(data, size, got);
    if (s.code() != errc::timeout) return s;
    s = until.wait(handle_, deadline::until::readable, "read");
    if (!s.ok()) return s;
  }
}

/// Writes everything.
inline status socket::write(const char* data, std::size_t size, const deadline& until) const noexcept {
  while (size > 0) {
    if (until.passed()) return status(errc::timeout, "write");
    std::size_t n = 0;
    status s = write_now(data, size, n);
    data += n;
    size -= n;
    if (s.code() == errc::timeout) s = until.wait(handle_, deadline::until::writable, "write");
    if (!s.ok()) return s;
  }
  return status();
}

/// Closes so that the peer gets all that was written. A close with unread input sends a reset, and a
/// reset makes the peer's system throw away what it has not handed over yet: so the end is announced,
/// and what still comes in is read, up to `until` and drain_bytes, before the socket goes.
inline void socket::finish(const deadline& until) noexcept {
  half_close();
  char rest[1024];
  std::size_t got = 0;
  for (std::size_t all = 0; all < drain_bytes; all += got) {
    if (!read(rest, sizeof rest, got, until).ok() || got == 0) break;
  }
  close();
}

/// Closes with a reset: an answer that was cut short must not look as if it had ended.
inline void socket::reset() noexcept {
  const windows::linger now = {1, 0};
  windows::setsockopt(own(), windows::sol_socket, windows::so_linger, static_cast<const char*>(static_cast<const void*>(&now)), sizeof now);
  close();
}

/// The port that the system chose for port 0; 0 when the socket is closed.
inline std::uint16_t socket::local_port() const noexcept {
  endpoint here;
  int size = sizeof here.v6;
  if (windows::getsockname(own(), windows::as<sockaddr>(&here.v6), &size) != 0) return 0;
  const unsigned char* const port = here.is_v6() ? here.v6.port : here.v4.port;
  return static_cast<std::uint16_t>(port[0] * 256 + port[1]);
}

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(WINDOWS)

#endif  // NARTHEX_OS_SOCKET_WINSOCK_HPP

// ==== narthex/os/socket_none.hpp ================================================================
// narthex/os/socket_none.hpp - sockets where there are none: every call says so.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_NONE_HPP
#define NARTHEX_OS_SOCKET_NONE_HPP

#include <cstddef>
#include <cstdint>


#if !NARTHEX_HAS(SOCKETS)

NARTHEX_BEGIN_NAMESPACE
namespace os {

class wakeup {
 public:
  status open() noexcept { return status(errc::unsupported, "wakeup"); }
  void ring() noexcept {}
  bool rung_within(int) const noexcept { return true; }
};

class deadline {
 public:
  explicit deadline(int) noexcept {}
  deadline(int, const wakeup&) noexcept {}
};

inline std::int64_t monotonic_us() noexcept { return 0; }
inline std::int64_t monotonic_ms() noexcept { return 0; }

class poll_set {
 public:
  enum : unsigned { room = 132 };
  enum class what : std::uint8_t { nothing, reading, writing };
  void clear() noexcept {}
  unsigned add(std::intptr_t, what) noexcept { return 0; }
  unsigned add(const wakeup&) noexcept { return 0; }
  void wait(std::int64_t) noexcept {}
  bool is_blind() const noexcept { return false; }
  bool ready(unsigned) const noexcept { return true; }
};

class socket_file {};

class socket {
 public:
  socket() noexcept {}
  socket(socket&&) noexcept {}
  socket& operator=(socket&&) noexcept { return *this; }

  status listen(string_view, std::uint16_t) noexcept { return none(); }
  status listen_unix(string_view, socket_file&) noexcept { return none(); }
  status connect(string_view, std::uint16_t, const deadline&) noexcept { return none(); }
  status accept(socket&, const deadline&) const noexcept { return none(); }
  status read(char*, std::size_t, std::size_t& got, const deadline&) const noexcept {
    got = 0;
    return none();
  }
  status write(const char*, std::size_t, const deadline&) const noexcept { return none(); }
  status read_now(char*, std::size_t, std::size_t& got) const noexcept {
    got = 0;
    return none();
  }
  status write_now(const char*, std::size_t, std::size_t& put) const noexcept {
    put = 0;
    return none();
  }
  void half_close() noexcept {}
  void finish(const deadline&) noexcept {}
  void reset() noexcept {}
  void close() noexcept {}
  bool is_open() const noexcept { return false; }
  std::uint16_t local_port() const noexcept { return 0; }
  std::intptr_t handle() const noexcept { return -1; }

 private:
  static status none() noexcept { return status(errc::unsupported, "socket"); }
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // !NARTHEX_HAS(SOCKETS)

#endif  // NARTHEX_OS_SOCKET_NONE_HPP

// ==== narthex/os/socket.hpp =====================================================================
// narthex/os/socket.hpp - a stream socket: listen, accept, connect, read, write, close.
// Room: cellar. Read this file, then the half of your system. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_SOCKET_HPP
#define NARTHEX_OS_SOCKET_HPP

#include <cstddef>
#include <cstdint>


// The same classes in each, and each guards its own body, so that the choice is made here once
// and no function has an #if inside:
//
//   wakeup       ends a wait early, from another thread or a signal handler, and stays rung
//   deadline     a moment on the monotonic clock; every call that may wait takes one
//   poll_set     waits for several sockets at once
//   socket_file  the name of a Unix socket in the file system, removed with it
//   socket       move-only, closes itself, knows nothing of HTTP
//
// No system type, macro or `using` is part of them. What they say:
//
//   ok                 done; read() with 0 bytes: the peer has sent everything
//   errc::timeout      the deadline passed
//   errc::closed       the wakeup was rung, or the peer broke the connection off
//   errc::bad_address  not a numeric address, "localhost" or "" (all interfaces): no look-up is made
//   errc::address_in_use, no_permission, too_many_descriptors, system
//                      what the system said; number() is the code, for os::error
//   errc::unsupported  no sockets in this build
//
// No call has an effect on the process: no signal is raised or handled, and what is opened is closed
// in a program that is started from this one.

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Splits "host:port": ":9464", "127.0.0.1:0", "localhost:9464", "[::1]:9464". An IPv6 address needs its
/// brackets, and nothing else may have them; the port is decimal, 0 to 65535.
///
/// Returns: false when the text is not of this form; then the other two are unchanged.
inline bool split_address(string_view address, string_view& host, std::uint16_t& port) noexcept {
  std::size_t colon = address.size();
  while (colon > 0 && address[colon - 1] != ':') --colon;
  if (colon == 0) return false;
  const string_view digits = address.from(colon);
  if (digits.empty() || digits.size() > 5) return false;
  std::uint32_t number = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (number > 65535) return false;

  string_view name = address.first(colon - 1);
  const bool brackets = name.size() >= 2 && name[0] == '[' && name[name.size() - 1] == ']';
  if (brackets) name = name.from(1).first(name.size() - 2);
  bool has_colon = false;
  for (char c : name) has_colon = has_colon || c == ':';
  if (has_colon != brackets) return false;
  host = name;
  port = static_cast<std::uint16_t>(number);
  return true;
}

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_SOCKET_HPP

// ==== narthex/os/owner.hpp ======================================================================
// narthex/os/owner.hpp - the process that made an object: a fork copies the object, and not its duties.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_OWNER_HPP
#define NARTHEX_OS_OWNER_HPP

#include <cstdint>


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

// ==== narthex/os/thread.hpp =====================================================================
// narthex/os/thread.hpp - a joined thread, by the system's own calls: std::thread throws.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_THREAD_HPP
#define NARTHEX_OS_THREAD_HPP

#include <cstdint>


#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(THREADS)
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#elif NARTHEX_HAS(WINDOWS) && NARTHEX_HAS(THREADS)
#include <process.h>
#include <stdlib.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(THREADS)

/// While it lives, the thread that made it takes no signal that is sent to the process; one that is started meanwhile
/// inherits that for good, so that the program's handlers run where they ran before. Faults stay open: a crash in a
/// callback must reach the program's crash handler.
class without_signals {
 public:
  without_signals() noexcept {
    sigset_t all;
    sigfillset(&all);  // without "::", as sigdelset() below: both are macros on macOS
    const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    for (int fault : faults) sigdelset(&all, fault);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  without_signals(const without_signals&) = delete;
  without_signals& operator=(const without_signals&) = delete;

 private:
  sigset_t before_;
};

template <void (*Run)(void*)>
void* enter_thread(void* context) {
  Run(context);
  return nullptr;
}
/// Runs `Run(context)` in a new thread that nobody joins, and that takes no signal that was meant for the program.
template <void (*Run)(void*)>
error start_detached(void* context) noexcept {
  pthread_attr_t detached;
  pthread_t id;
  error e = {::pthread_attr_init(&detached)};
  if (!e.ok()) return e;
  ::pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  const without_signals from_here;
  e.code = ::pthread_create(&id, &detached, &enter_thread<Run>, context);
  ::pthread_attr_destroy(&detached);
  return e;
}

#elif NARTHEX_HAS(WINDOWS) && NARTHEX_HAS(THREADS)

// By the C library's call, not the system's: it keeps an errno and the like for each thread, and takes them back.
inline error begin_thread(unsigned (__stdcall* enter)(void*), void* context, windows::handle& made) noexcept {
  error e = {0};
  const std::uintptr_t id = ::_beginthreadex(nullptr, 0, enter, context, 0, nullptr);
  if (id == 0) e = error::last();
  else made = reinterpret_cast<windows::handle>(id);
  return e;
}
template <void (*Run)(void*)>
unsigned __stdcall enter_thread(void* context) {
  Run(context);
  return 0;
}
/// Runs `Run(context)` in a new thread that nobody joins.
template <void (*Run)(void*)>
error start_detached(void* context) noexcept {
  windows::handle made = nullptr;
  const error e = begin_thread(&enter_thread<Run>, context, made);
  if (e.ok()) windows::CloseHandle(made);
  return e;
}

#endif

/// One thread, joined by its destructor.
///
/// Threads: start(), join() and the destructor by one thread; running() by the same.
/// Memory:  nothing beyond what the system's call takes; the stack has the system's usual size.
#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(THREADS)

class thread {
 public:
  thread() noexcept : run_(nullptr), context_(nullptr), id_(), process_(0) {}
  ~thread() { join(); }
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;

  /// Runs `run(context)` in a new thread, which takes no signal that was meant for the program.
  ///
  /// Errors:  errc::system with the code of pthread_create.
  status start(void (*run)(void*), void* context) noexcept {
    run_ = run;
    context_ = context;
    const without_signals from_here;
    const error e = {::pthread_create(&id_, nullptr, &enter, this)};
    if (e.ok()) process_ = ::getpid();
    return e.to_status("thread");
  }

  /// Waits for the end of the thread, if there is one.
  void join() noexcept {
    if (running()) ::pthread_join(id_, nullptr);
    process_ = 0;
  }

  /// Whether there is a thread to join. A fork copies this object but not the thread: in the child, no.
  bool running() const noexcept { return process_ != 0 && process_ == ::getpid(); }

 private:
  static void* enter(void* self) {
    thread* const t = static_cast<thread*>(self);
    t->run_(t->context_);
    return nullptr;
  }

  void (*run_)(void*);
  void* context_;
  pthread_t id_;
  pid_t process_;
};

#elif NARTHEX_HAS(WINDOWS) && NARTHEX_HAS(THREADS)

class thread {
 public:
  thread() noexcept : run_(nullptr), context_(nullptr), own_(nullptr) {}
  ~thread() { join(); }
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;

  /// Runs `run(context)` in a new thread.
  status start(void (*run)(void*), void* context) noexcept {
    run_ = run;
    context_ = context;
    return begin_thread(&enter, this, own_).to_status("thread");
  }

  /// Waits for the end of the thread, if there is one.
  void join() noexcept {
    enum : windows::dword { for_ever = 0xffffffffu };
    if (!running()) return;
    windows::WaitForSingleObject(own_, for_ever);
    windows::CloseHandle(own_);
    own_ = nullptr;
  }

  bool running() const noexcept { return own_ != nullptr; }

 private:
  static unsigned __stdcall enter(void* self) {
    thread* const t = static_cast<thread*>(self);
    t->run_(t->context_);
    return 0;
  }

  void (*run_)(void*);
  void* context_;
  windows::handle own_;
};

#else  // not here

class thread {
 public:
  thread() noexcept {}
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;
  status start(void (*)(void*), void*) noexcept { return status(errc::unsupported, "thread"); }
  void join() noexcept {}
  bool running() const noexcept { return false; }
};

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_THREAD_HPP

// ==== narthex/os/resolve.hpp ====================================================================
// narthex/os/resolve.hpp - a host's name into addresses, within a deadline.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_RESOLVE_HPP
#define NARTHEX_OS_RESOLVE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


#if NARTHEX_HAS(POSIX)
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// What a name stands for: numeric addresses, in the order in which the system wants them tried.
struct host_addresses {
  enum : unsigned { max_count = 8, max_text = 48, max_words = 64 };
  enum : std::size_t { max_name = 253 };  ///< RFC 1035, less the root's dot
  unsigned count = 0;
  char text[max_count][max_text];
  char words[max_words];  ///< the resolver's own, when it refused; otherwise ""

  host_addresses() noexcept { words[0] = '\0'; }
  bool add(string_view address) noexcept {
    if (count == max_count || address.size() >= max_text) return false;
    std::memcpy(text[count], address.data(), address.size());
    text[count++][address.size()] = '\0';
    return true;
  }
  void put_words(const char* said) noexcept {
    for (std::size_t i = 0; said && said[i] != '\0' && i + 1 < sizeof words; ++i) {
      words[i] = said[i];
      words[i + 1] = '\0';
    }
  }
};

// ---- what differs between the systems ----

#if NARTHEX_HAS(POSIX)

inline bool is_numeric(string_view host, int family) noexcept {
  char text[host_addresses::max_text];
  unsigned char address[sizeof(in6_addr)];
  if (host.empty() || host.size() >= sizeof text) return false;
  std::memcpy(text, host.data(), host.size());
  text[host.size()] = '\0';
  return ::inet_pton(family, text, address) == 1;
}
inline bool is_ipv4(string_view host) noexcept { return is_numeric(host, AF_INET); }
inline bool is_ipv6(string_view host) noexcept { return is_numeric(host, AF_INET6); }

inline status refused_by_resolver(int code, const error& e, const char* name, host_addresses& out) noexcept {
  out.put_words(::gai_strerror(code));
  // Negative on glibc, positive elsewhere.
  return code == EAI_SYSTEM ? e.to_status(name)
                            : status(errc::no_such_host, name, static_cast<std::uint32_t>(code < 0 ? -code : code));
}

/// Asks the system's resolver, which takes its time.
inline status ask_resolver(const char* name, host_addresses& out) noexcept {
  addrinfo want;
  std::memset(&want, 0, sizeof want);
  want.ai_family = AF_UNSPEC;
  want.ai_socktype = SOCK_STREAM;
#if defined(AI_ADDRCONFIG)
  want.ai_flags = AI_ADDRCONFIG;  // no IPv6 address for a machine without IPv6
#endif
  addrinfo* all = nullptr;
  const int code = ::getaddrinfo(name, nullptr, &want, &all);
  const error e = error::last();
  if (code != 0) return refused_by_resolver(code, e, name, out);
  for (const addrinfo* a = all; a; a = a->ai_next) {
    char text[host_addresses::max_text];
    const void* const digits =
        a->ai_family == AF_INET6
            ? static_cast<const void*>(&static_cast<const sockaddr_in6*>(static_cast<const void*>(a->ai_addr))->sin6_addr)
            : static_cast<const void*>(&static_cast<const sockaddr_in*>(static_cast<const void*>(a->ai_addr))->sin_addr);
    if ((a->ai_family == AF_INET || a->ai_family == AF_INET6) &&
        ::inet_ntop(a->ai_family, digits, text, static_cast<socklen_t>(sizeof text))) {
      out.add(text);
    }
  }
  ::freeaddrinfo(all);
  return out.count > 0 ? status() : refused_by_resolver(EAI_NONAME, e, name, out);
}

#elif NARTHEX_HAS(WINDOWS)

inline bool is_numeric(string_view host, int family) noexcept {
  char text[host_addresses::max_text];
  unsigned char address[16];
  if (host.empty() || host.size() >= sizeof text) return false;
  std::memcpy(text, host.data(), host.size());
  text[host.size()] = '\0';
  return windows::inet_pton(family, text, address) == 1;
}
inline bool is_ipv4(string_view host) noexcept { return is_numeric(host, windows::af_inet); }
inline bool is_ipv6(string_view host) noexcept { return is_numeric(host, windows::af_inet6); }

/// Asks the system's resolver, which takes its time.
inline status ask_resolver(const char* name, host_addresses& out) noexcept {
  enum : int { addrconfig = 0x400 };  // no IPv6 address for a machine without IPv6
  error e = start_winsock();
  if (!e.ok()) return e.to_status(name);
  const windows::found_address want = {addrconfig, 0, windows::sock_stream, 0, 0, nullptr, nullptr, nullptr};
  addrinfo* all = nullptr;
  e.code = windows::getaddrinfo(name, nullptr, windows::as<addrinfo>(&want), &all);
  if (e.ok()) {
    for (const windows::found_address* a = windows::as<windows::found_address>(all); a; a = a->next) {
      char text[host_addresses::max_text];
      const void* const digits = a->family == windows::af_inet6
                                     ? static_cast<const windows::sockaddr_v6*>(a->address)->address
                                     : static_cast<const windows::sockaddr_v4*>(a->address)->address;
      if ((a->family == windows::af_inet || a->family == windows::af_inet6) &&
          windows::inet_ntop(a->family, digits, text, sizeof text)) {
        out.add(text);
      }
    }
    windows::freeaddrinfo(all);
    if (out.count == 0) e.code = windows::wsahost_not_found;
  }
  windows::WSACleanup();
  if (e.ok()) return status();
  char words[host_addresses::max_words];
  e.words(words, sizeof words);
  out.put_words(words);
  return status(errc::no_such_host, name, static_cast<std::uint32_t>(e.code));
}

#else  // not here

inline bool is_ipv6(string_view) noexcept { return false; }

#endif

#if NARTHEX_HAS(SOCKETS) && NARTHEX_HAS(HEAP)

/// One look-up. Whoever leaves last, the asker or its thread, frees it: getaddrinfo() cannot be broken off.
class lookup {
 public:
  explicit lookup(string_view name) noexcept : users_(1), is_done_(0) {
    std::memcpy(name_, name.data(), name.size());
    name_[name.size()] = '\0';
  }
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;

  void run() noexcept { result_ = ask_resolver(name_, found_); }
  const status& result() const noexcept { return result_; }
  const host_addresses& found() const noexcept { return found_; }

  static lookup* make(string_view name) noexcept {
    void* const memory = detail::allocate(sizeof(lookup));
    return memory ? new (memory) lookup(name) : nullptr;
  }
  void leave() noexcept {
    if (users_.fetch_sub(1, detail::memory_order_acq_rel) != 1) return;
    this->~lookup();
    detail::release(this);
  }

#if NARTHEX_HAS(THREADS)
  status start() noexcept;
  bool done_within(int ms, const wakeup* bell) noexcept;

 private:
  static void enter(void* self);
  wakeup done_;
#else
 private:
#endif
  detail::shared<std::uint32_t> users_, is_done_;
  status result_;
  host_addresses found_;
  char name_[host_addresses::max_name + 1];
};

#if NARTHEX_HAS(THREADS)

/// Look-ups under way in the whole program: a resolver that is silent for a minute must not be given a thread
/// for every push of that minute.
template <class Once>
struct lookups {
  enum : std::uint32_t { most = 16 };
  static detail::shared<std::uint32_t> running, process;
};
template <class Once>
detail::shared<std::uint32_t> lookups<Once>::process(0);
template <class Once>
detail::shared<std::uint32_t> lookups<Once>::running(0);

inline void lookup::enter(void* self) {
  lookup* const l = static_cast<lookup*>(self);
  l->run();
  l->is_done_.store(1, detail::memory_order_release);
  l->done_.ring();
  l->leave();
  lookups<void>::running.fetch_sub(1, detail::memory_order_relaxed);
}

/// Runs it in a detached thread, which takes no signal that was meant for the program.
inline status lookup::start() noexcept {
  status s = done_.open();
  if (!s.ok()) return s;
  // Those of the process that we were forked from are not here. The number is read before anybody can add to it.
  const std::uint32_t me = owner().number();
  std::uint32_t whose = lookups<void>::process.load(detail::memory_order_acquire);
  const std::uint32_t theirs = lookups<void>::running.load(detail::memory_order_acquire);
  if (whose != me && lookups<void>::process.compare_exchange_strong(whose, me, detail::memory_order_acq_rel,
                                                                    detail::memory_order_acquire)) {
    lookups<void>::running.fetch_sub(theirs, detail::memory_order_acq_rel);
  }
  if (lookups<void>::running.fetch_add(1, detail::memory_order_relaxed) >= lookups<void>::most) {
    lookups<void>::running.fetch_sub(1, detail::memory_order_relaxed);
    return status(errc::busy, name_);
  }
  users_.fetch_add(1, detail::memory_order_relaxed);
  const error e = start_detached<&lookup::enter>(this);
  if (!e.ok()) {
    users_.fetch_sub(1, detail::memory_order_relaxed);
    lookups<void>::running.fetch_sub(1, detail::memory_order_relaxed);
  }
  return e.to_status("thread");
}

inline bool lookup::done_within(int ms, const wakeup* bell) noexcept {
  const int most = ms < 0 ? 0 : ms;
  const deadline end = bell ? deadline(most, *bell) : deadline(most);
  return end.wait(done_, name_).ok() && is_done_.load(detail::memory_order_acquire) != 0;
}

#endif

/// Looks a host's name up. Numeric addresses and "localhost" are answered without asking anybody.
///
/// host:    at most host_addresses::max_name bytes, none of them NUL.
/// bell:    rung, it ends the wait as the time would.
/// Errors:  errc::no_such_host (number() and out.words: the resolver's), errc::timeout, errc::no_memory, errc::busy when
///          16 look-ups are under way, errc::system.
/// Threads: the resolver runs in a detached thread, which lives until the resolver gives up, also after a timeout.
///          Without threads it runs in the caller's, and its own patience (seconds) is the limit.
inline status resolve(string_view host, int timeout_ms, host_addresses& out, const wakeup* bell = nullptr) noexcept {
  if (host == "localhost") {
    out.add("127.0.0.1");
    out.add("::1");
    return status();
  }
  if (is_ipv4(host) || is_ipv6(host)) {
    out.add(host);
    return status();
  }
  if (host.empty() || host.size() > host_addresses::max_name) return status(errc::no_such_host, host);
  lookup* const l = lookup::make(host);
  if (!l) return status(errc::no_memory, host);
#if NARTHEX_HAS(THREADS)
  status s = l->start();
  if (s.ok() && !l->done_within(timeout_ms, bell)) s = status(errc::timeout, host);
  if (s.ok()) {
    s = l->result();
    out = l->found();
  }
#else
  static_cast<void>(timeout_ms);
  static_cast<void>(bell);
  l->run();
  const status s = l->result();
  out = l->found();
#endif
  l->leave();
  return s;
}

#else  // not here

inline status resolve(string_view host, int, host_addresses&, const wakeup* = nullptr) noexcept { return status(errc::unsupported, host); }

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_RESOLVE_HPP

// ==== narthex/os/pause.hpp ======================================================================
// narthex/os/pause.hpp - lets a stated time pass.
// Room: cellar. Read os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PAUSE_HPP
#define NARTHEX_OS_PAUSE_HPP

#include <cstdint>


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

// ==== narthex/os/folder.hpp =====================================================================
// narthex/os/folder.hpp - what lies in a folder; a file read, a file removed.
// Room: cellar. Read os/file.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_FOLDER_HPP
#define NARTHEX_OS_FOLDER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if NARTHEX_HAS(POSIX)
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// A file in a folder.
struct folder_entry {
  enum : std::size_t { max_name = 768 };  ///< in UTF-8
  char name[max_name];
  std::uint64_t size;
  std::int64_t changed_s;  ///< since 1970, by the clock of its file system
};

#if NARTHEX_HAS(POSIX)

/// The regular files of one folder, in no order; links are not followed. What comes or goes meanwhile may be seen or not.
///
/// Threads: one.
class folder {
 public:
  folder() noexcept : all_(nullptr) {}
  ~folder() {
    if (all_) ::closedir(all_);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  /// Errors: what the system says.
  error open(string_view path) noexcept {
    const error too_long = {ENAMETOOLONG}, has_nul = {EINVAL}, none = {0};
    char text[replaced_file::max_path];
    if (path.size() >= sizeof text) return too_long;
    if (!path.empty() && std::memchr(path.data(), 0, path.size())) return has_nul;
    if (!path.empty()) std::memcpy(text, path.data(), path.size());
    text[path.size()] = '\0';
    all_ = ::opendir(text);
    return all_ ? none : error::last();
  }
  /// False after the last.
  bool next(folder_entry& found) noexcept {
    while (const dirent* const one = ::readdir(all_)) {
      const std::size_t size = std::strlen(one->d_name);
      struct stat about;  // dirfd() may be a macro, so without "::"
      if (size >= sizeof found.name || ::fstatat(dirfd(all_), one->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (!S_ISREG(about.st_mode)) continue;
      std::memcpy(found.name, one->d_name, size + 1);
      found.size = static_cast<std::uint64_t>(about.st_size);
      found.changed_s = static_cast<std::int64_t>(about.st_mtime);
      return true;
    }
    return false;
  }

 private:
  DIR* all_;
};

/// Reads a whole file, link or not; stops when the sink takes no more.
inline error read_file(const char* path, const sink& to) noexcept {
  error e = {0};
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error::last();
  char part[4096];
  bool more = true;
  while (more) {
    const ssize_t n = ::read(fd, part, sizeof part);
    if (n < 0) e = error::last();
    if (n < 0) more = e.code == EINTR;
    else e.code = 0, more = n > 0 && to.write(to.context, part, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return e;
}

inline error remove_file(const char* path) noexcept {
  const error none = {0};
  return ::unlink(path) == 0 ? none : error::last();
}

#elif NARTHEX_HAS(WINDOWS)

namespace windows {
/// A path of UTF-8, as the system wants it.
struct wide_path {
  wchar_t text[replaced_file::max_path];
  explicit wide_path(const char* path) noexcept {
    enum : unsigned int { utf8 = 65001 };
    enum : dword { strictly = 8 };
    if (MultiByteToWideChar(utf8, strictly, path, -1, text, sizeof text / sizeof *text) <= 0) text[0] = L'\0';
  }
};
/// WIN32_FIND_DATAW.
struct found_file {
  std::uint32_t attributes, made[2], read[2], written[2], size_high, size_low, unused[2];
  wchar_t name[260], short_name[14];
};
}  // namespace windows

/// The same.
class folder {
 public:
  folder() noexcept : all_(windows_none()), has_one_(false) {}
  ~folder() {
    if (all_ != windows_none()) windows::FindClose(all_);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  error open(string_view path) noexcept {
    const error too_long = {windows::error_filename_exced_range}, no_name = {windows::error_invalid_name}, none = {0};
    char text[replaced_file::max_path];
    if (path.size() + 3 > sizeof text) return too_long;
    if (path.empty() || std::memchr(path.data(), 0, path.size())) return no_name;
    if (!path.empty()) std::memcpy(text, path.data(), path.size());
    std::memcpy(text + path.size(), "/*", 3);
    const windows::wide_path pattern(text);
    all_ = windows::FindFirstFileW(pattern.text, windows::as<_WIN32_FIND_DATAW>(&found_));
    has_one_ = all_ != windows_none();
    return has_one_ ? none : error::last();
  }
  bool next(folder_entry& found) noexcept {
    enum : unsigned int { utf8 = 65001 };
    enum : std::uint32_t { not_a_file = 0x10 | 0x400 };  // a folder; a link
    for (; has_one_; has_one_ = windows::FindNextFileW(all_, windows::as<_WIN32_FIND_DATAW>(&found_)) != 0) {
      if (found_.attributes & not_a_file) continue;
      if (windows::WideCharToMultiByte(utf8, 0, found_.name, -1, found.name, sizeof found.name, nullptr, nullptr) <= 0) continue;
      found.size = std::uint64_t(found_.size_high) << 32 | found_.size_low;
      const std::uint64_t since_1601 = std::uint64_t(found_.written[1]) << 32 | found_.written[0];  // in 100 ns
      found.changed_s = static_cast<std::int64_t>(since_1601 / 10000000) - 11644473600;
      has_one_ = windows::FindNextFileW(all_, windows::as<_WIN32_FIND_DATAW>(&found_)) != 0;
      return true;
    }
    return false;
  }

 private:
  static windows::handle windows_none() noexcept { return reinterpret_cast<windows::handle>(std::intptr_t(windows::invalid)); }

  windows::handle all_;
  bool has_one_;
  windows::found_file found_;
};

inline error read_file(const char* path, const sink& to) noexcept {
  enum : windows::dword { generic_read = 0x80000000, share_all = 7, open_existing = 3, normal = 0x80 };
  error e = {0};
  const windows::wide_path wide(path);
  const windows::handle file = windows::CreateFileW(wide.text, generic_read, share_all, nullptr, open_existing, normal, nullptr);
  if (file == reinterpret_cast<windows::handle>(std::intptr_t(windows::invalid))) return error::last();
  char part[4096];
  windows::dword n = 0;
  do {
    if (!windows::ReadFile(file, part, sizeof part, &n, nullptr)) {
      e = error::last();
      n = 0;
    }
  } while (n > 0 && to.write(to.context, part, n));
  windows::CloseHandle(file);
  return e;
}

inline error remove_file(const char* path) noexcept {
  const error none = {0};
  const windows::wide_path wide(path);
  return windows::DeleteFileW(wide.text) ? none : error::last();
}

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_FOLDER_HPP

// ==== narthex/os/host_name.hpp ==================================================================
// narthex/os/host_name.hpp - what this machine calls itself, and the number of this process.
// Room: cellar. Read os/error.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_HOST_NAME_HPP
#define NARTHEX_OS_HOST_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


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

// ==== narthex/timer.hpp =========================================================================
// narthex/timer.hpp - measures a scope: its duration, and how many are inside.
// Room: balconies. Apart from the core because <chrono> is 32,000 lines at C++20. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TIMER_HPP
#define NARTHEX_TIMER_HPP

#include <chrono>


NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Times a scope in seconds: { nx::timer t{latency}; ... } observes once, at its end.
///
/// Takes a histogram or summary (observes) or a gauge (sets); the instrument must outlive the timer.
/// Time:    the steady clock. Threads: a timer belongs to one thread at a time. Memory: three words.
/// Source:  Prometheus, "Writing client libraries": durations are in seconds; other units are not offered.
class timer {
 public:
  template <class Instrument>
  explicit timer(Instrument& to) noexcept
      : to_(&to), take_(&take<Instrument>), start_(std::chrono::steady_clock::now()) {}
  timer(timer&& other) noexcept : to_(other.to_), take_(other.take_), start_(other.start_) { other.to_ = nullptr; }
  timer& operator=(timer&&) = delete;
  ~timer() { static_cast<void>(stop()); }

  /// Seconds since the start.
  double seconds() const noexcept {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  /// Observes now instead of at the end of the scope. Returns: the seconds.
  double stop() noexcept {
    const double passed = seconds();
    if (to_) take_(to_, passed);
    to_ = nullptr;
    return passed;
  }
  /// Observes nothing.
  void discard() noexcept { to_ = nullptr; }

 private:
  template <class Instrument>
  static auto observe_or_set(Instrument& to, double passed, int) noexcept -> decltype(to.observe(passed)) {
    to.observe(passed);
  }
  template <class Instrument>
  static auto observe_or_set(Instrument& to, double passed, long) noexcept -> decltype(to.set(passed)) {
    to.set(passed);
  }
  template <class Instrument>
  static void take(void* to, double passed) noexcept {
    observe_or_set(*static_cast<Instrument*>(to), passed, 0);
  }

  void* to_;
  void (*take_)(void*, double);
  std::chrono::steady_clock::time_point start_;
};

/// Counts who is inside a scope: { nx::track_in_progress g{queue}; ... } one up at its start, one down at its end.
///
/// Takes a gauge or int_gauge, which must outlive the guard.
class track_in_progress {
 public:
  template <class Gauge>
  explicit track_in_progress(Gauge& of) noexcept : gauge_(&of), leave_(&leave<Gauge>) {
    of.inc();
  }
  track_in_progress(track_in_progress&& other) noexcept : gauge_(other.gauge_), leave_(other.leave_) {
    other.gauge_ = nullptr;
  }
  track_in_progress& operator=(track_in_progress&&) = delete;
  ~track_in_progress() {
    if (gauge_) leave_(gauge_);
  }

 private:
  template <class Gauge>
  static void leave(void* from) noexcept {
    static_cast<Gauge*>(from)->dec();
  }
  void* gauge_;
  void (*leave_)(void*);
};

/// Sets a gauge to the present time: seconds since 1970, with fractions. Its name should end in _timestamp_seconds.
template <class Gauge>
void set_to_current_time(Gauge& to) noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  to.set(std::chrono::duration_cast<std::chrono::duration<double>>(now).count());
}

#else  // compiled out: no clock is read

class NARTHEX_DETAIL_IDLE timer {
 public:
  template <class Instrument>
  explicit timer(Instrument&) noexcept {}
  timer(timer&&) = default;
  timer& operator=(timer&&) = delete;
  double seconds() const noexcept { return 0; }
  double stop() noexcept { return 0; }
  void discard() noexcept {}
};

class NARTHEX_DETAIL_IDLE track_in_progress {
 public:
  template <class Gauge>
  explicit track_in_progress(Gauge&) noexcept {}
  track_in_progress(track_in_progress&&) = default;
  track_in_progress& operator=(track_in_progress&&) = delete;
};

template <class Gauge>
void set_to_current_time(Gauge&) noexcept {}

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TIMER_HPP

// ==== narthex/detail/content_coding.hpp =========================================================
// narthex/detail/content_coding.hpp - how a body may be coded on its way; who includes no coding gets none.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CONTENT_CODING_HPP
#define NARTHEX_DETAIL_CONTENT_CODING_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A coding in memory that its user brings and gives back without further ado.
struct content_coding {
  const char* name;        // as in Content-Encoding
  std::size_t bytes;       // of memory, aligned for any object
  sink (*begin)(void* memory, const sink& out);  // answers where the body goes in; once `out` has refused, that refuses too
  bool (*end)(void* memory);                     // everything is out; false when `out` refused
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CONTENT_CODING_HPP

// ==== narthex/detail/base64.hpp =================================================================
// narthex/detail/base64.hpp - bytes as base64 text, in both alphabets.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BASE64_HPP
#define NARTHEX_DETAIL_BASE64_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// padded: '+', '/' and '=' to full groups, as HTTP's basic authentication has it; url: '-', '_' and no padding.
/// Source: RFC 4648, sections 4 and 5.
enum class base64 { padded, url };

/// How many bytes write_base64 writes.
constexpr std::size_t base64_size(std::size_t bytes, base64 form) noexcept {
  return form == base64::padded ? (bytes + 2) / 3 * 4 : (bytes * 4 + 2) / 3;
}

/// Returns: the end of what was written.
inline char* write_base64(char* out, string_view bytes, base64 form) noexcept {
  const char* const digits = form == base64::padded ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                                                    : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t here = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (k < here ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= here) *out++ = digits[three >> (18 - 6 * k) & 63];
      else if (form == base64::padded) *out++ = '=';
    }
  }
  return out;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BASE64_HPP

// ==== narthex/detail/byte_buffer.hpp ============================================================
// narthex/detail/byte_buffer.hpp - bytes that are collected before they go out, without throwing.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BYTE_BUFFER_HPP
#define NARTHEX_DETAIL_BYTE_BUFFER_HPP

#include <cstddef>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Appended at its end and taken from its front.
///
/// Memory: with a heap, grows by doubling; without one, 4 KB in place.
/// Errors: append() is false when there is no room, and then has taken nothing.
class byte_buffer {
 public:
  byte_buffer() noexcept : begin_(0), end_(0) {}
  byte_buffer(const byte_buffer&) = delete;
  byte_buffer& operator=(const byte_buffer&) = delete;

  string_view text() const noexcept { return string_view(data_ + begin_, end_ - begin_); }
  std::size_t size() const noexcept { return end_ - begin_; }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Forgets the first `n` <= size() bytes.
  void take(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == end_) clear();
  }
  bool append(string_view more) noexcept {
    if (more.empty()) return true;
    if (room_ - end_ < more.size() && !make_room(more.size())) return false;
    std::memcpy(data_ + end_, more.data(), more.size());
    end_ += more.size();
    return true;
  }
#if NARTHEX_HAS(HEAP)
  ~byte_buffer() { release(data_); }
  /// Gives the room of an empty one back, if it is larger than `most`.
  void shrink(std::size_t most) noexcept {
    if (size() || room_ <= most) return;
    release(data_);
    data_ = nullptr;
    room_ = 0;
  }

 private:
  bool make_room(std::size_t more) noexcept {
    if (begin_ > 0) {
      std::memmove(data_, data_ + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      if (room_ - end_ >= more) return true;
    }
    std::size_t wanted = room_ ? room_ * 2 : 4096;
    while (wanted - end_ < more) wanted *= 2;
    char* const larger = static_cast<char*>(allocate(wanted));
    if (!larger) return false;
    if (end_) std::memcpy(larger, data_, end_);
    release(data_);
    data_ = larger;
    room_ = wanted;
    return true;
  }
  char* data_ = nullptr;
  std::size_t room_ = 0;
#else
  void shrink(std::size_t) noexcept {}

 private:
  bool make_room(std::size_t more) noexcept {
    std::memmove(data_, data_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return room_ - end_ >= more;
  }
  enum : std::size_t { room_ = 4096 };
  char data_[room_];
#endif
  std::size_t begin_, end_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BYTE_BUFFER_HPP

// ==== narthex/detail/hash_set.hpp ===============================================================
// narthex/detail/hash_set.hpp - names that were seen, as their hashes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HASH_SET_HPP
#define NARTHEX_DETAIL_HASH_SET_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
/// Names by 64 bits each. Two names of one hash are taken for one; of 10,000 names one pair in 10^11 programs.
class hash_set {
 public:
  enum : std::uint64_t { seed = 0xcbf29ce484222325u };
  /// Of a name in pieces: hash(hash(seed, "a"), "b") is hash(seed, "ab"). FNV-1a.
  static std::uint64_t hash(std::uint64_t before, string_view piece) noexcept {
    for (char c : piece) before = (before ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return before;
  }

  hash_set() noexcept : slots_(nullptr), room_(0), used_(0) {}
  ~hash_set() { release(slots_); }
  hash_set(const hash_set&) = delete;
  hash_set& operator=(const hash_set&) = delete;

  bool has(std::uint64_t h) const noexcept { return room_ && slots_[place(h)] != 0; }
  /// False without memory.
  bool add(std::uint64_t h) noexcept {
    if (used_ * 2 >= room_ && !grow()) return false;
    std::uint64_t& slot = slots_[place(h)];
    if (slot == 0) ++used_;
    slot = h | 1;
    return true;
  }

 private:
  std::size_t place(std::uint64_t h) const noexcept {
    std::size_t i = static_cast<std::size_t>(h >> 20) & (room_ - 1);
    while (slots_[i] != 0 && slots_[i] != (h | 1)) i = (i + 1) & (room_ - 1);
    return i;
  }
  bool grow() noexcept {
    const std::size_t before = room_, wanted = room_ ? room_ * 2 : 64;
    std::uint64_t* const old = slots_;
    std::uint64_t* const larger = static_cast<std::uint64_t*>(allocate(wanted * sizeof(std::uint64_t)));
    if (!larger) return false;
    for (std::size_t i = 0; i < wanted; ++i) larger[i] = 0;
    slots_ = larger;
    room_ = wanted;
    for (std::size_t i = 0; i < before; ++i) {
      if (old[i]) slots_[place(old[i])] = old[i];
    }
    release(old);
    return true;
  }

  std::uint64_t* slots_;  // 0: free
  std::size_t room_, used_;
};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HASH_SET_HPP

// ==== narthex/detail/http_syntax.hpp ============================================================
// narthex/detail/http_syntax.hpp - the small parts that requests, answers and URLs are made of; no locale is asked.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_SYNTAX_HPP
#define NARTHEX_DETAIL_HTTP_SYNTAX_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

inline bool is_one_of(char c, string_view all) noexcept {
  for (char one : all) {
    if (c == one) return true;
  }
  return false;
}

/// A header's name or a method.
/// Source: RFC 9110, 5.6.2 (token).
inline bool is_token(string_view s) noexcept {
  for (char c : s) {
    if (!is_letter(c) && !is_digit(c) && !is_one_of(c, "!#$%&'*+-.^`|~")) return false;
  }
  return !s.empty();
}

/// The value of a hexadecimal digit; -1 when it is none.
inline int hex_value(char c) noexcept {
  return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Whether two words are equal but for the case of ASCII letters.
inline bool same_word(string_view a, string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] + 32) : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? static_cast<char>(b[i] + 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

/// The position of the first `wanted`, or s.size().
inline std::size_t find_char(string_view s, char wanted) noexcept {
  std::size_t i = 0;
  while (i < s.size() && s[i] != wanted) ++i;
  return i;
}

/// Without the blanks and tabs at both ends.
inline string_view trim_blanks(string_view s) noexcept {
  while (!s.empty() && (s[0] == ' ' || s[0] == '\t')) s = s.from(1);
  while (!s.empty() && (s[s.size() - 1] == ' ' || s[s.size() - 1] == '\t')) s = s.first(s.size() - 1);
  return s;
}

/// Whether a comma-separated list has a word.
inline bool has_word(string_view list, string_view wanted) noexcept {
  for (;;) {
    const std::size_t comma = find_char(list, ',');
    if (same_word(trim_blanks(list.first(comma)), wanted)) return true;
    if (comma == list.size()) return false;
    list = list.from(comma + 1);
  }
}

/// One element of a list with weights: "text/plain; version=0.0.4; q=0.5". What cannot be read is as if it were not there.
///
/// Source: RFC 9110, 5.6.6 and 12.4.2.
class http_element {
 public:
  /// Cuts the next one off `list`; false after the last.
  bool next(string_view& list) noexcept {
    if (list.empty()) return false;
    const std::size_t comma = find_char(list, ',');
    const string_view one = list.first(comma);
    list = list.from(comma < list.size() ? comma + 1 : comma);
    const std::size_t end = find_char(one, ';');
    name = trim_blanks(one.first(end));
    parameters_ = one.from(end);
    return true;
  }
  /// The value of the first parameter of that name, without quotes; false when there is none.
  bool find(string_view wanted, string_view& value) const noexcept {
    for (string_view rest = parameters_; !rest.empty();) {
      rest = rest.from(1);
      const std::size_t end = find_char(rest, ';');
      const string_view one = rest.first(end);
      rest = rest.from(end);
      const std::size_t equals = find_char(one, '=');
      if (equals == one.size() || !same_word(trim_blanks(one.first(equals)), wanted)) continue;
      value = trim_blanks(one.from(equals + 1));
      if (value.size() >= 2 && value[0] == '"' && value[value.size() - 1] == '"') value = value.from(1).first(value.size() - 2);
      return true;
    }
    return false;
  }
  /// How welcome it is, in thousandths; 0: not at all, or not readable. More than 1 is 1, as Prometheus 2.49.0 said q=2.
  unsigned weight() const noexcept {
    string_view text;
    if (!find("q", text)) return 1000;
    unsigned thousandths = 0, digit = 1000;
    bool is_little = false;
    if (text.empty() || !is_digit(text[0])) return 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (digit == 1000 && i > 0 && text[i] == '.') {
        digit = 100;
        continue;
      }
      if (!is_digit(text[i])) return 0;
      const unsigned value = static_cast<unsigned>(text[i] - '0');
      if (digit == 1000) {
        if (value > 0) thousandths = 1000;
        continue;
      }
      thousandths += value * digit;
      is_little = is_little || value > 0;
      digit /= 10;
    }
    return thousandths > 1000 ? 1000 : thousandths == 0 && is_little ? 1 : thousandths;
  }

  string_view name;

 private:
  string_view parameters_;  // each begins with its ';'
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_SYNTAX_HPP

// ==== narthex/detail/scrape_clock.hpp ===========================================================
// narthex/detail/scrape_clock.hpp - when a server was last scraped.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SCRAPE_CLOCK_HPP
#define NARTHEX_DETAIL_SCRAPE_CLOCK_HPP

#include <cstdint>


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

// ==== narthex/transport.hpp =====================================================================
// narthex/transport.hpp - a connection of the program's own making, such as one that speaks TLS.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TRANSPORT_HPP
#define NARTHEX_TRANSPORT_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

/// Whom a transport connects to.
struct transport_target {
  const char* host;     ///< as in the URL, without brackets: the name that a certificate must have
  const char* address;  ///< one of its numeric addresses; the same as host where that is one
  std::uint16_t port;
  enum class scheme : std::uint8_t { http, https } of;  ///< what the URL says
};

/// Carries the bytes of pushes, in place of plain sockets: three functions of the program's, and one that ends it.
///
///   const nx::transport tls = {&my_context, &my_connect, &my_send, &my_receive, &my_close};
///   nx::push_gateway gw{"https://gateway:9091", "job", {{"instance", "a"}}, nx::push_gateway_options().set_transport(tls)};
///
/// narthex looks the name up, writes and reads the HTTP, and keeps the push's deadline as long as each call keeps its own. Whoever
/// gives a transport has all pushes of that push_gateway carried by it, those to http:// URLs too: none goes out in the clear by
/// a slip in a URL.
///
/// Each function answers ok; errc::timeout when its time has passed and nothing was done; errc::closed when the other side has broken off;
/// errc::system with the system's error code; errc::transport_failed for all else, with words for people as its subject (73 bytes):
/// "certificate has expired".
/// timeout_ms: 0 only looks. Up to 100 at a time for send and receive, which are called again until the push's time is up: a push
///          must be broken off soon when the program ends. For connect: the options' connect_timeout_ms, or what is left.
/// Errors:  they must not throw, nor raise signals: OpenSSL's own sockets raise SIGPIPE unless the program ignores it.
/// Threads: called in the pushing thread, for one connection after the other; several push_gateways may share a context.
/// Source:  DESIGN.md, "Push, files, process metrics". examples/27_push_tls.cpp is one with OpenSSL.
struct transport {
  void* context;  ///< handed to connect; lives as long as the push_gateway
  /// Connects, and makes sure that it is who it should be. `connection` is what the others get; it is closed only after ok.
  status (*connect)(void* context, const transport_target& to, int timeout_ms, void*& connection);
  /// Sends at least one byte. `put`: how many. After errc::timeout it is called with the same bytes again.
  status (*send)(void* connection, const char* data, std::size_t size, int timeout_ms, std::size_t& put);
  /// Receives at least one byte. `got`: how many; ok and 0: the other side has sent everything, and has said so. An end that nobody
  /// announced (TLS without close_notify) is errc::closed.
  status (*receive)(void* connection, char* data, std::size_t size, int timeout_ms, std::size_t& got);
  /// Drops it, without waiting for anything.
  void (*close)(void* connection);

  bool is_set() const noexcept { return connect || send || receive || close; }
  bool is_complete() const noexcept { return connect && send && receive && close; }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TRANSPORT_HPP

// ==== narthex/detail/push_url.hpp ===============================================================
// narthex/detail/push_url.hpp - where a Pushgateway is: host, port and path prefix, out of a URL.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_URL_HPP
#define NARTHEX_DETAIL_PUSH_URL_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What every URL leaves as it is.
/// Source: RFC 3986, 2.3 (unreserved).
inline bool is_unreserved(char c) noexcept { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '~'; }

/// "http://host:port/prefix" or "https://...", taken apart; views into the text that was read.
///
/// Source: RFC 3986, 3. No user, query or fragment; an IPv6 address in brackets, without a zone.
struct push_url {
  string_view authority;  ///< host:port as it was written: what the Host header says
  string_view host;       ///< without brackets
  std::uint16_t port;     ///< when the URL has none: 80, or 443 of https
  string_view prefix;     ///< "" or "/a/b"
  transport_target::scheme of;

  push_url() noexcept : port(80), of(transport_target::scheme::http) {}

  /// over: carries https.
  /// Errors: errc::bad_url with the position of the first byte that does not fit; errc::needs_transport.
  status read(string_view text, const transport& over) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] <= 0x20 || text[i] >= 0x7f) return refuse(text, i);
    }
    std::size_t begin = 0;
    while (begin < text.size() && text[begin] != ':' && text[begin] != '/') ++begin;
    if (text.size() - begin >= 3 && text.from(begin).first(3) == "://") {
      if (same_word(text.first(begin), "https")) {
        if (!over.is_set()) return status(errc::needs_transport, shown(text));
        of = transport_target::scheme::https;
        port = 443;
      } else if (!same_word(text.first(begin), "http")) {
        return refuse(text, 0);
      }
      begin += 3;
    } else {
      begin = 0;
    }
    std::size_t end = begin;
    while (end < text.size() && !is_one_of(text[end], "/?#")) ++end;
    std::size_t bad = 0;
    if (!read_authority(text, begin, end, bad)) return refuse(text, bad);
    return read_prefix(text, end);
  }

 private:
  /// Where it returns false, `bad` is the first byte that does not fit, or the end where something is missing.
  bool read_authority(string_view text, std::size_t begin, std::size_t end, std::size_t& bad) noexcept {
    authority = text.from(begin).first(end - begin);
    std::size_t i = begin;
    bad = begin;
    if (i < end && text[i] == '[') {
      while (i < end && text[i] != ']') ++i;
      host = text.from(begin + 1).first(i - begin - 1);
      if (i == end || !os::is_ipv6(host)) return false;
      ++i;
    } else {
      while (i < end && is_unreserved(text[i]) && text[i] != '~') ++i;
      host = text.from(begin).first(i - begin);
      if (host.empty() || host.size() > os::host_addresses::max_name) return false;
    }
    bad = i;
    if (i == end) return true;
    if (text[i] != ':') return false;
    std::uint32_t number = 0;
    for (bad = ++i; i < end; ++i) {
      if (!is_digit(text[i])) bad = i;
      if (!is_digit(text[i]) || (number = number * 10 + static_cast<std::uint32_t>(text[i] - '0')) > 65535) return false;
    }
    port = static_cast<std::uint16_t>(number);
    return number != 0;
  }

  status read_prefix(string_view text, std::size_t begin) noexcept {
    for (std::size_t i = begin; i < text.size(); ++i) {
      const char c = text[i];
      const bool escape = c == '%' && text.size() - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
      if (!escape && !is_unreserved(c) && !is_one_of(c, "/!$&'()*+,;=:@")) return refuse(text, i);
    }
    prefix = text.from(begin);
    while (!prefix.empty() && prefix[prefix.size() - 1] == '/') prefix = prefix.first(prefix.size() - 1);
    // A copied address of a group: a gateway takes "/metrics/job/metrics/job/j", as the group of job "metrics".
    for (std::size_t i = 0; i < prefix.size(); ++i) {
      const string_view group = "/metrics/job";
      std::size_t at = i, same = 0;
      while (same < group.size() && at < prefix.size() && decoded(at) == group[same]) {
        ++same;
        at += prefix[at] == '%' ? 3u : 1u;
      }
      if (same == group.size() && (at == prefix.size() || is_one_of(prefix[at], "/@"))) return refuse(text, begin + i);
    }
    return status();
  }
  char decoded(std::size_t at) const noexcept {
    return prefix[at] == '%' ? static_cast<char>(hex_value(prefix[at + 1]) * 16 + hex_value(prefix[at + 2])) : prefix[at];
  }

  /// A password that somebody has put into the URL must not turn up in a log.
  static string_view shown(string_view text) noexcept {
    for (char c : text) {
      if (c == '@') return "http://...@...";
    }
    std::size_t end = 0;  // nor must a token in a query
    while (end < text.size() && !is_one_of(text[end], "?#")) ++end;
    return text.first(end < text.size() ? end + 1 : end);
  }
  static status refuse(string_view text, std::size_t at) noexcept {
    return status(errc::bad_url, shown(text), static_cast<std::uint32_t>(at));
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_URL_HPP

// ==== narthex/grouping_key.hpp ==================================================================
// narthex/grouping_key.hpp - the labels of a group of pushed metrics, put together and kept.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_GROUPING_KEY_HPP
#define NARTHEX_GROUPING_KEY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>


NARTHEX_BEGIN_NAMESPACE

/// The grouping key of a push, but for the job: what tells this program from the others that push.
///
///   const nx::grouping_key key = nx::grouping_key().instance_of_process().region("eu").label("shard", 3);
///   nx::periodic_pusher pusher{"http://127.0.0.1:9091", "edge", key};
///
/// In whatever order labels are given, the URL has them in the order of their names.
/// Errors:  kept in status(), the first one; whoever is given this key has it then, too. Names and values are checked there.
/// Memory:  everything in place, 0.7 kB: at most 8 labels and 512 bytes of text.
/// Threads: a value; copy it freely.
class grouping_key {
 public:
  enum : unsigned { max_labels = 8 };
  enum : std::size_t { max_text = 512 };

  grouping_key() noexcept : count_(0), used_(0) {}

  /// Errors: errc::too_large beyond max_labels, errc::label_too_long beyond max_text.
  grouping_key& label(string_view name, const label_value& value) noexcept {
    const string_view parts[2] = {name, value.text()};
    if (why_.ok() && count_ == max_labels) why_ = NARTHEX_NAMESPACE::status(errc::too_large, name, max_labels);
    if (why_.ok() && parts[0].size() + parts[1].size() > max_text - used_) {
      why_ = NARTHEX_NAMESPACE::status(errc::label_too_long, name, max_text);
    }
    if (!why_.ok()) return *this;
    for (string_view one : parts) {
      if (!one.empty()) std::memcpy(text_ + used_, one.data(), one.size());
      used_ += one.size();
    }
    entry& e = all_[count_++];
    e.name_size = static_cast<std::uint16_t>(parts[0].size());
    e.value_size = static_cast<std::uint16_t>(parts[1].size());
    return *this;
  }
  grouping_key& instance(const label_value& value) noexcept { return label("instance", value); }
  grouping_key& region(string_view value) noexcept { return label("region", value); }
  grouping_key& team(string_view value) noexcept { return label("team", value); }
  /// instance="host:pid", of this process as it is now. Each run of the program is a group of its own, so let the last one be
  /// deleted (set_delete_after_ms): a gateway forgets nothing by itself.
  /// Errors: errc::system, errc::unsupported: the system tells no name.
  grouping_key& instance_of_process() noexcept {
    const os::host_name host;
    if (why_.ok()) why_ = host.why();
    char both[os::host_name::max_name + 1 + detail::max_u64_chars];
    const string_view front = host.text();
    if (!front.empty()) std::memcpy(both, front.data(), front.size());
    both[front.size()] = ':';
    const char* const end = detail::write_u64(both + front.size() + 1, os::process_number_now());
    return label("instance", string_view(both, static_cast<std::size_t>(end - both)));
  }

  const NARTHEX_NAMESPACE::status& status() const noexcept { return why_; }
  std::size_t size() const noexcept { return count_; }
  /// Of the label number `at` < size(), in the order in which they were given.
  string_view name_at(std::size_t at) const noexcept { return string_view(text_ + begin(at), all_[at].name_size); }
  string_view value_at(std::size_t at) const noexcept {
    return string_view(text_ + begin(at) + all_[at].name_size, all_[at].value_size);
  }

 private:
  struct entry {
    std::uint16_t name_size, value_size;
  };
  std::size_t begin(std::size_t at) const noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i < at; ++i) n += std::size_t(all_[i].name_size) + all_[i].value_size;
    return n;
  }

  NARTHEX_NAMESPACE::status why_;
  std::size_t count_, used_;
  entry all_[max_labels];
  char text_[max_text];
};

namespace detail {

/// The labels of a group, as a call gives them: braces, or a grouping_key. A view; lives as long as the call.
class group_labels {
 public:
  group_labels() noexcept : key_(nullptr) {}
  group_labels(std::initializer_list<label_pair> pairs) noexcept : pairs_(pairs), key_(nullptr) {}
  group_labels(const grouping_key& key) noexcept : key_(&key) {}

  status why() const noexcept { return key_ ? key_->status() : status(); }
  std::size_t size() const noexcept { return key_ ? key_->size() : pairs_.size(); }
  string_view name_at(std::size_t at) const noexcept { return key_ ? key_->name_at(at) : pairs_.begin()[at].name; }
  string_view value_at(std::size_t at) const noexcept { return key_ ? key_->value_at(at) : pairs_.begin()[at].value.text(); }

 private:
  std::initializer_list<label_pair> pairs_;
  const grouping_key* key_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_GROUPING_KEY_HPP

// ==== narthex/detail/group_path.hpp =============================================================
// narthex/detail/group_path.hpp - a job and its labels, checked, and as the path that a Pushgateway reads.
// Room: balconies. Read grouping_key.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_GROUP_PATH_HPP
#define NARTHEX_DETAIL_GROUP_PATH_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The first byte that is not part of well-formed UTF-8; text.size() when all are.
inline std::size_t bad_utf8_byte(string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t n = utf8_length(text.data() + i, text.size() - i);
    if (n == 0) break;
    i += n;
  }
  return i;
}

/// What a group is called: the job and the grouping labels. Views; lives as long as what it was given.
///
/// Source: Pushgateway, README, "URL"; each rule below was seen with Pushgateway 1.5.1 and 1.11.2.
class group_path {
 public:
  group_path(string_view job_name, const group_labels& of) noexcept : job_(job_name), labels_(of) {}

  string_view job() const noexcept { return job_; }
  const group_labels& labels() const noexcept { return labels_; }

  /// Errors: errc::bad_job, errc::bad_utf8 (position), errc::bad_label_name, reserved_label_name, duplicate_label_name
  ///         (the label's number, as given), and those of a grouping_key.
  status validate() const noexcept {
    if (!labels_.why().ok()) return labels_.why();
    if (job_.empty()) return status(errc::bad_job, "job");
    // One push of broken UTF-8 and the gateway answers 500 to every scrape and 400 to every other push.
    const std::size_t bad = bad_utf8_byte(job_);
    if (bad != job_.size()) return status(errc::bad_utf8, "job", static_cast<std::uint32_t>(bad));
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      const string_view n = labels_.name_at(i), text = labels_.value_at(i);
      const std::uint32_t number = static_cast<std::uint32_t>(i);
      if (n.empty() || bad_byte(n.data(), n.size(), alphabet::label) != n.size()) return status(errc::bad_label_name, n, number);
      if (is_reserved(n)) return status(errc::reserved_label_name, n, number);
      for (std::size_t other = 0; other < i; ++other) {
        if (labels_.name_at(other) == n) return status(errc::duplicate_label_name, n, number);
      }
      const std::size_t at = bad_utf8_byte(text);
      if (at != text.size()) return status(errc::bad_utf8, n, static_cast<std::uint32_t>(at));
    }
    return status();
  }

  /// Appends "/metrics/job/j/a/1"; false without memory. Labels stand in the order of their names.
  bool write_path(byte_buffer& out) const noexcept {
    bool fits = out.append("/metrics") && pair(out, "job", job_);
    for (std::size_t i = next("", labels_.size()); fits && i != none; i = next(name(i), labels_.size())) {
      fits = pair(out, name(i), value(i));
    }
    return fits;
  }
  /// Appends the names, "job" first, each with a NUL behind it.
  bool write_names(byte_buffer& out) const noexcept {
    const string_view nul("", 1);
    bool fits = out.append("job") && out.append(nul);
    for (std::size_t i = 0; fits && i < labels_.size(); ++i) fits = out.append(labels_.name_at(i)) && out.append(nul);
    return fits;
  }
  /// Appends a="1",job="j": what a gateway adds to each series of the group.
  bool write_labels(byte_buffer& out) const noexcept { return write_labels(out, labels_.size() + 1); }
  /// Appends a="1",instance="",job="j": what a gateway shows of the group itself, in its order.
  bool write_shown_labels(byte_buffer& out) const noexcept {
    bool has_instance = false;
    for (std::size_t i = 0; i < labels_.size(); ++i) has_instance = has_instance || labels_.name_at(i) == "instance";
    return write_labels(out, labels_.size() + (has_instance ? 1u : 2u));
  }

 private:
  /// job: the URL has it already. le, quantile: written beside a bucket's or quantile's own, they fail the scrape of the
  /// whole gateway. what: narthex_refused_total has it, which must not stop a push when it first appears.
  static bool is_reserved(string_view n) noexcept {
    return (n.size() >= 2 && n[0] == '_' && n[1] == '_') || n == "job" || n == "le" || n == "quantile" || n == "what";
  }

  enum : std::size_t { none = ~std::size_t(0) };

  // Behind the labels stand the job and an empty instance.
  string_view name(std::size_t at) const noexcept {
    return at < labels_.size() ? labels_.name_at(at) : at == labels_.size() ? string_view("job") : string_view("instance");
  }
  string_view value(std::size_t at) const noexcept {
    return at < labels_.size() ? labels_.value_at(at) : at == labels_.size() ? job_ : string_view();
  }
  /// Of the first `count`, the one with the next larger name; or none.
  std::size_t next(string_view after, std::size_t count) const noexcept {
    std::size_t best = none;
    for (std::size_t i = 0; i < count; ++i) {
      if (name(i).compare(after) > 0 && (best == none || name(i).compare(name(best)) < 0)) best = i;
    }
    return best;
  }

  bool write_labels(byte_buffer& out, std::size_t count) const noexcept {
    const std::size_t begin = out.size();
    bool fits = true;
    for (std::size_t i = next("", count); fits && i != none; i = next(name(i), count)) {
      fits = (out.size() == begin || out.append(",")) && out.append(name(i)) && out.append("=\"");
      for (char c : value(i)) {
        const char escaped[2] = {'\\', c == '\n' ? 'n' : c};
        const bool bare = c != '"' && c != '\\' && c != '\n';
        fits = fits && out.append(bare ? string_view(&c, 1) : string_view(escaped, 2));
      }
      fits = fits && out.append("\"");
    }
    return fits;
  }

  /// The server decodes %2F before it splits the path, and cleans "." and ".." and empty parts away with a redirect: these
  /// values go as base64. It reads a '+' as it stands, so a blank is %20.
  static bool pair(byte_buffer& out, string_view name, string_view value) noexcept {
    if (!out.append("/") || !out.append(name)) return false;
    bool slash = false;
    for (char c : value) slash = slash || c == '/';
    if (value.empty()) return out.append("@base64/=");
    if (slash || value == "." || value == "..") return out.append("@base64/") && put_base64(out, value);
    return out.append("/") && put_percent(out, value);
  }

  static bool put_base64(byte_buffer& out, string_view value) noexcept {
    char part[64];
    while (!value.empty()) {
      const std::size_t n = value.size() < 48 ? value.size() : 48;
      const char* const end = write_base64(part, value.first(n), base64::url);
      if (!out.append(string_view(part, static_cast<std::size_t>(end - part)))) return false;
      value = value.from(n);
    }
    return true;
  }

  static bool put_percent(byte_buffer& out, string_view value) noexcept {
    const char* const hex = "0123456789ABCDEF";
    for (char c : value) {
      const unsigned byte = static_cast<unsigned char>(c);
      const char escaped[3] = {'%', hex[byte >> 4], hex[byte & 15]};
      if (!out.append(is_unreserved(c) ? string_view(&c, 1) : string_view(escaped, 3))) return false;
    }
    return true;
  }

  string_view job_;
  group_labels labels_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_GROUP_PATH_HPP

// ==== narthex/detail/push_body.hpp ==============================================================
// narthex/detail/push_body.hpp - a registry as the body of a push, checked while it is written.
// Room: balconies. Read text_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_BODY_HPP
#define NARTHEX_DETAIL_PUSH_BODY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Names that the gateway writes itself. The first two it overwrites without a word; of pushgateway_* it has its own
/// series, and a push of another type would be refused.
inline bool is_gateways_own(const full_name& n) noexcept {
  const auto begins_with = [&n](string_view text) {
    std::size_t i = 0;
    while (i < text.size() && i < n.size() && n[i] == text[i]) ++i;
    return i == text.size();
  };
  const string_view times[] = {"push_time_seconds", "push_failure_time_seconds"};
  for (string_view t : times) {
    if (n.size() == t.size() && begins_with(t)) return true;
  }
  return begins_with("pushgateway_");
}

/// What a gateway would refuse, or change silently, of one series.
///
/// names:  of the grouping key, each with a NUL behind it.
/// Errors: errc::label_clash (subject: metric{label}), errc::reserved_metric (metric).
inline status check_pushed(const sample& s, string_view names) noexcept {
  const full_name full = {s.prefix, s.name};
  char subject[96];
  std::size_t n = 0;
  const auto put = [&subject, &n](string_view text) {
    for (const char c : text) {
      if (n < sizeof subject) subject[n++] = c;
    }
  };
  put(s.prefix);
  put(s.name);
  if (s.starts_family && is_gateways_own(full)) return status(errc::reserved_metric, string_view(subject, n));
  for (const char* name = names.begin(); name != names.end() && !s.labels.empty(); name += std::strlen(name) + 1) {
    if (!has_label(s.labels, name)) continue;
    put("{");
    put(name);
    put("}");
    return status(errc::label_clash, string_view(subject, n));
  }
  return status();
}

/// Memory for a coding, while a body is written; null where there is none.
struct push_coder {
  void* memory;
#if NARTHEX_HAS(HEAP)
  explicit push_coder(const content_coding* coding) noexcept : memory(coding ? allocate(coding->bytes) : nullptr) {}
  ~push_coder() { release(memory); }
#else
  explicit push_coder(const content_coding*) noexcept : memory(nullptr) {}
#endif
  push_coder(const push_coder&) = delete;
  push_coder& operator=(const push_coder&) = delete;
};

/// Writes everything a registry shows into `body`, in text format 0.0.4. What is checked is what is sent: one walk.
///
/// max_bytes: of text, coded or not: the gateway unpacks it.
/// coding:  null, or how to code it. Afterwards null if it was not: nothing to code (which must stay nothing: an empty body
///          and a coded one mean different things), or no memory for that.
/// Errors: check_pushed()'s; errc::too_large beyond max_bytes; errc::no_memory.
inline status write_push_body(registry_core& registry, string_view names, std::size_t max_bytes,
                              const content_coding*& coding, byte_buffer& body) noexcept {
  struct kept {
    static bool write(void* all, const char* data, std::size_t size) {
      return static_cast<byte_buffer*>(all)->append(string_view(data, size));
    }
  };
  struct bounded {
    sink to;
    std::size_t room;
    bool is_full;
    static bool write(void* self, const char* data, std::size_t size) {
      bounded& b = *static_cast<bounded*>(self);
      b.is_full = size > b.room;
      if (b.is_full) return false;
      b.room -= size;
      return b.to.write(b.to.context, data, size);
    }
  } all = {{&kept::write, &body}, max_bytes, false};
  push_coder coder(coding);
  if (!coder.memory) coding = nullptr;
  if (coding) all.to = coding->begin(coder.memory, all.to);
  const sink to = {&bounded::write, &all};
  char chunk[4096];
  walk series(registry);
  chunk_writer out(to, series, chunk, sizeof chunk);
  shown_names shown(registry, name_escaping::underscores);  // what every gateway takes
  timeless_text_writer text(out);
  while (out.is_open() && series.next()) {
    const sample* const one = shown.of(series.now());
    if (!one) continue;
    const status s = check_pushed(*one, names);
    if (!s.ok()) return s;
    text.write(*one);
  }
  out.flush();
  if (all.is_full) {
    const std::uint32_t most = 0xffffffffu;
    return status(errc::too_large, "body", max_bytes < most ? static_cast<std::uint32_t>(max_bytes) : most);
  }
  const bool whole = out.is_open() && (!coding || all.room == max_bytes || coding->end(coder.memory));
  if (all.room == max_bytes) coding = nullptr;
  return whole ? status() : status(errc::no_memory, "body");
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_BODY_HPP

// ==== narthex/detail/rate_window.hpp ============================================================
// narthex/detail/rate_window.hpp - how many events any span of time may hold, and when the next one may be.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_RATE_WINDOW_HPP
#define NARTHEX_DETAIL_RATE_WINDOW_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Lets at most `most` events into any span of so many seconds, wherever it begins: an event is let in when the one `most`
/// places before it is that old. Fixed windows would let in twice as many around their border.
///
/// Threads: one at a time. Memory: 528 bytes, however many events there are. Cost: constant.
class rate_window {
 public:
  enum : unsigned { max_events = 64 };  ///< a push a second, and a little, in a minute
  enum : int { max_seconds = 24 * 60 * 60 };

  rate_window() noexcept : span_ms_(0), most_(1), next_(0), count_(0) {}

  /// Errors: false: no events, or too many, or no span, or more than a day; nothing has changed.
  bool set(unsigned most, int seconds) noexcept {
    if (most < 1 || most > max_events || seconds < 1 || seconds > max_seconds) return false;
    most_ = most;
    span_ms_ = std::int64_t(seconds) * 1000;
    next_ = count_ = 0;
    return true;
  }

  /// now_ms:  never less than before.
  /// Returns: 0: let in; otherwise the milliseconds until there is room again, and nothing was let in.
  std::int64_t enter(std::int64_t now_ms) noexcept {
    if (count_ == most_) {
      const std::int64_t left = at_[next_] + span_ms_ - now_ms;
      if (left > 0) return left;
    } else {
      ++count_;
    }
    at_[next_] = now_ms;
    next_ = (next_ + 1) % most_;
    return 0;
  }

 private:
  std::int64_t at_[max_events];  // when the last `count_` were; the oldest at `next_` once all places are taken
  std::int64_t span_ms_;
  unsigned most_, next_, count_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_RATE_WINDOW_HPP

// ==== narthex/detail/push_gateway_options.hpp ===================================================
// narthex/detail/push_gateway_options.hpp - how a push_gateway behaves.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_GATEWAY_OPTIONS_HPP
#define NARTHEX_DETAIL_PUSH_GATEWAY_OPTIONS_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

/// How a push_gateway behaves. Views only: what they point to must live until the push_gateway is made.
struct push_gateway_options {
  enum : unsigned { max_headers = 8 };
  enum : unsigned { max_pushes = detail::rate_window::max_events };
  enum : std::size_t { max_credential_bytes = 4096 };  ///< of a user, password or token each: tokens are long

  /// For one push as a whole: look-up, connect, send, answer. At least 1; there is no "for ever".
  int timeout_ms = 30000;
  /// For each address of the name, so that a dead IPv6 route leaves time for IPv4.
  int connect_timeout_ms = 3000;
  /// A larger exposition is refused: errc::too_large. The gateway itself has no limit, and keeps what it gets for ever.
  std::size_t max_body_bytes = 16 * 1024 * 1024;

  /// How many push() and push_add() any span of so many seconds may hold; delete_group() is free. Whoever sets more says that
  /// the gateway is scraped often enough for them to be seen: it keeps only the last one.
  unsigned pushes = 10;
  int per_seconds = 60;
  /// The clock of that rate: milliseconds, never backwards. Null: the system's monotonic clock. For tests.
  std::int64_t (*clock_ms)() = nullptr;

  push_gateway_options& set_timeout_ms(int ms) noexcept {
    timeout_ms = ms;
    return *this;
  }
  push_gateway_options& set_connect_timeout_ms(int ms) noexcept {
    connect_timeout_ms = ms;
    return *this;
  }
  push_gateway_options& set_max_body_bytes(std::size_t bytes) noexcept {
    max_body_bytes = bytes;
    return *this;
  }
  /// Compresses what is pushed. with: nx::gzip(), from <narthex/gzip.hpp>; 71 KB more during a push.
  ///
  /// For a Pushgateway of 1.5.0 or later: an older one answers 400 to it, which ends as errc::http_refused.
  push_gateway_options& compress(const detail::content_coding& with) noexcept {
    coding = &with;
    return *this;
  }
  /// Errors: errc::bad_rate: not 1 to max_pushes, or not 1 to 86400 seconds.
  push_gateway_options& set_push_rate(unsigned most, int in_seconds) noexcept {
    pushes = most;
    per_seconds = in_seconds;
    return *this;
  }
  push_gateway_options& set_clock_ms(std::int64_t (*clock)()) noexcept {
    clock_ms = clock;
    return *this;
  }
  /// Errors: errc::bad_credentials: a ':' in the user, a control byte, more than max_credential_bytes.
  push_gateway_options& basic_auth(string_view user_name, string_view with_password) noexcept {
    authorization = scheme::basic;
    user = user_name;
    secret = with_password;
    return *this;
  }
  /// Errors: errc::bad_credentials: empty, a blank, or anything but printable ASCII.
  push_gateway_options& bearer_token(string_view token) noexcept {
    authorization = scheme::bearer;
    user = string_view();
    secret = token;
    return *this;
  }
  /// Has all of it carried by the program's own connections: TLS for https, which is refused without.
  /// Errors: errc::transport_failed when one of its functions is missing.
  push_gateway_options& set_transport(const transport& by) noexcept {
    over = by;
    return *this;
  }
  /// Adds a header. Errors: errc::bad_header: no token, or a value that is not one printable line; a header that narthex
  /// writes itself (Host, User-Agent, Content-*, Connection, ...); a second Authorization. errc::too_large beyond max_headers.
  push_gateway_options& header(string_view name, string_view value) noexcept {
    if (header_count < max_headers) {
      header_names[header_count] = name;
      header_values[header_count] = value;
    }
    ++header_count;
    return *this;
  }

  const detail::content_coding* coding = nullptr;
  transport over = transport();
  enum class scheme { none, basic, bearer } authorization = scheme::none;
  string_view user, secret;
  string_view header_names[max_headers], header_values[max_headers];
  unsigned header_count = 0;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_GATEWAY_OPTIONS_HPP

// ==== narthex/detail/push_request.hpp ===========================================================
// narthex/detail/push_request.hpp - what every request to one group has in common, checked and made ready once.
// Room: balconies. Read detail/push_url.hpp and detail/group_path.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_REQUEST_HPP
#define NARTHEX_DETAIL_PUSH_REQUEST_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Address, path, headers and limits of the requests to one group.
class push_request {
 public:
  int timeout_ms = 0, connect_timeout_ms = 0;
  std::size_t max_body_bytes = 0;
  std::uint16_t port = 80;
  transport_target::scheme scheme = transport_target::scheme::http;
  transport over = transport();
  const content_coding* coding = nullptr;

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(SYSTEM)
  status prepare(string_view url, const group_path& key, const push_gateway_options& options) noexcept {
    timeout_ms = options.timeout_ms > 1 ? options.timeout_ms : 1;
    connect_timeout_ms = options.connect_timeout_ms > 1 ? options.connect_timeout_ms : 1;
    max_body_bytes = options.max_body_bytes;
    coding = options.coding;
    over = options.over;
    if (over.is_set() && !over.is_complete()) return status(errc::transport_failed, "a function of the transport is missing");
    push_url where;
    status s = where.read(url, over);
    if (s.ok()) s = key.validate();
    if (s.ok()) s = validate(options);
    if (!s.ok()) return s;
    port = where.port;
    scheme = where.of;
    byte_buffer& t = text_;
    bool fits = t.append(scheme == transport_target::scheme::https ? "https://" : "http://") && t.append(where.authority);
    path_at_ = t.size();
    fits = fits && t.append(where.prefix);
    group_at_ = t.size();
    fits = fits && key.write_path(t);
    host_at_ = t.size();
    fits = fits && t.append(where.host);
    names_at_ = t.size();
    fits = fits && key.write_names(t);
    labels_at_ = t.size();
    fits = fits && key.write_labels(t);
    shown_at_ = t.size();
    fits = fits && key.write_shown_labels(t);
    headers_at_ = t.size();
    fits = fits && t.append("\r\nHost: ") && t.append(where.authority) && t.append("\r\nUser-Agent: narthex/") &&
           put_number(t, NARTHEX_VERSION_MAJOR) && t.append(".") && put_number(t, NARTHEX_VERSION_MINOR) && t.append(".") &&
           put_number(t, NARTHEX_VERSION_PATCH) && put_authorization(t, options);
    for (unsigned i = 0; i < options.header_count; ++i) {
      fits = fits && put_header(t, options.header_names[i], options.header_values[i]);
    }
    if (!fits) t.clear();
    return fits ? status() : status(errc::no_memory, "push_gateway");
  }
#else
  status prepare(string_view, const group_path&, const push_gateway_options&) noexcept {
    return status(errc::unsupported, "push_gateway");
  }
#endif

  /// "http://host:port/prefix/metrics/job/j/a/1", for people; "" when prepare() has refused.
  string_view address() const noexcept { return part(0, host_at_); }
  string_view host() const noexcept { return part(host_at_, names_at_); }
  /// Of the grouping key, each with a NUL behind it.
  string_view names() const noexcept { return part(names_at_, labels_at_); }
  /// "/metrics/job/j/a/1"
  string_view group() const noexcept { return part(group_at_, host_at_); }
  /// a="1",job="j": of each series of the group; and as a gateway shows them of the group itself.
  string_view labels() const noexcept { return part(labels_at_, shown_at_); }
  string_view shown_labels() const noexcept { return part(shown_at_, headers_at_); }

  /// path:  behind the URL's prefix: group(), or what else a gateway answers to.
  /// coded: how the body is; null: not at all.
  /// Errors: false without memory.
  bool write_head(string_view verb, string_view path, std::size_t body_size, const content_coding* coded, byte_buffer& out) const noexcept {
    // The length also of nothing: a PUT that a proxy passes on without one would be read as empty, and wipe the group.
    return out.append(verb) && out.append(" ") && out.append(part(path_at_, group_at_)) && out.append(path) && out.append(" HTTP/1.1") &&
           out.append(text_.text().from(headers_at_)) &&
           out.append("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8") &&
           (!coded || put_header(out, "Content-Encoding", coded->name)) && out.append("\r\nContent-Length: ") &&
           put_number(out, body_size) && out.append("\r\nConnection: close\r\n\r\n");
  }

 private:
  string_view part(std::size_t begin, std::size_t end) const noexcept {
    return text_.size() == 0 ? string_view("") : text_.text().from(begin).first(end - begin);
  }

  static bool put_number(byte_buffer& out, std::uint64_t number) noexcept {
    char digits[max_u64_chars];
    return out.append(string_view(digits, static_cast<std::size_t>(write_u64(digits, number) - digits)));
  }
  static bool put_header(byte_buffer& out, string_view name, string_view value) noexcept {
    return out.append("\r\n") && out.append(name) && out.append(": ") && out.append(value);
  }

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(SYSTEM)
  using options_t = push_gateway_options;

  static bool put_authorization(byte_buffer& out, const options_t& o) noexcept {
    if (o.authorization == options_t::scheme::none) return true;
    if (o.authorization == options_t::scheme::bearer) return put_header(out, "Authorization", "Bearer ") && out.append(o.secret);
    byte_buffer both;
    if (!both.append(o.user) || !both.append(":") || !both.append(o.secret)) return false;
    const std::size_t size = base64_size(both.size(), base64::padded);
    char* const coded = static_cast<char*>(allocate(size));
    if (!coded) return false;
    write_base64(coded, both.text(), base64::padded);
    const bool fits = put_header(out, "Authorization", "Basic ") && out.append(string_view(coded, size));
    release(coded);
    return fits;
  }

  /// Printable ASCII, and with it blanks (0x20) where they may be, and any byte from 0x80 up.
  static bool is_clean(string_view text, char lowest, unsigned char highest) noexcept {
    for (char c : text) {
      const unsigned char byte = static_cast<unsigned char>(c);
      if (byte < static_cast<unsigned char>(lowest) || byte == 0x7f || byte > highest) return false;
    }
    return true;
  }

  static status validate(const options_t& o) noexcept {
    const std::uint32_t most = options_t::max_credential_bytes;
    const bool basic = o.authorization == options_t::scheme::basic;
    bool colon = false;
    for (char c : o.user) colon = colon || c == ':';
    // RFC 7617: no colon in the user, no control bytes; base64 hides the rest. RFC 6750: a token is bare ASCII.
    if (basic && (colon || o.user.size() > most || !is_clean(o.user, ' ', 0xff))) return status(errc::bad_credentials, "user", most);
    if (basic && (o.secret.size() > most || !is_clean(o.secret, ' ', 0xff))) return status(errc::bad_credentials, "password", most);
    if (o.authorization == options_t::scheme::bearer && (o.secret.empty() || o.secret.size() > most || !is_clean(o.secret, '!', 0x7e))) {
      return status(errc::bad_credentials, "token", most);
    }
    if (o.header_count > options_t::max_headers) return status(errc::too_large, "headers", options_t::max_headers);
    bool authorized = o.authorization != options_t::scheme::none;
    for (unsigned i = 0; i < o.header_count; ++i) {
      const string_view name = o.header_names[i], value = o.header_values[i];
      const bool good = is_token(name) && is_clean(value, ' ', 0x7e) && !is_ours(name);
      const bool is_authorization = same_word(name, "authorization");
      if (!good || (is_authorization && authorized)) {
        std::size_t shown = 0;  // a whole line given as a name may hold a secret
        while (shown < name.size() && is_token(name.from(shown).first(1))) ++shown;
        return status(errc::bad_header, name.first(shown));
      }
      authorized = authorized || is_authorization;
    }
    return status();
  }

  /// What frames the request or says what is in it: a second one would make two requests of one.
  static bool is_ours(string_view name) noexcept {
    const string_view ours[] = {"host", "user-agent", "connection", "keep-alive", "proxy-connection", "transfer-encoding",
                                "te", "trailer", "upgrade", "expect", "content-length", "content-type", "content-encoding",
                                "content-range"};
    for (string_view one : ours) {
      if (same_word(name, one)) return true;
    }
    return false;
  }
#endif

  byte_buffer text_;  // address (with the path at its end), host, names, labels, headers
  std::size_t path_at_ = 0, group_at_ = 0, host_at_ = 0, names_at_ = 0, labels_at_ = 0, shown_at_ = 0, headers_at_ = 0;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_REQUEST_HPP

// ==== narthex/detail/http_answer.hpp ============================================================
// narthex/detail/http_answer.hpp - what an HTTP server answers, read piece by piece as it comes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ANSWER_HPP
#define NARTHEX_DETAIL_HTTP_ANSWER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// One response to one request that was not HEAD: status, framing, where to, and the beginning of the body.
///
/// Understands a length, chunks, and a body that ends with the connection; interim answers (100, 103) before the one that
/// counts; HTTP/1.0 and a bare LF.
/// Memory: in place; what the server sends beyond the limits is an error (head) or dropped (body).
/// Source: RFC 9112, 4 to 7.
class http_answer {
 public:
  enum : std::size_t {
    max_head = 8192,   ///< status lines and headers, interim ones included; chunk sizes and trailers count, too
    max_line = 256,    ///< kept of one line: enough for a status, a framing header and most addresses
    max_kept = 512,    ///< kept of the body
    max_body = 65536   ///< read of the body: more than any gateway has to say
  };

  /// page: takes the whole body of a success, however long; null: its beginning is kept, as of all others.
  explicit http_answer(const sink* page = nullptr) noexcept
      : page_(page), state_(state::status_line), code_(0), seen_(0), line_size_(0), kept_size_(0), body_size_(0), left_(0),
        location_size_(0), framing_(framing::close), begun_(false), is_coded_(false) {}

  /// Takes the next bytes. What comes behind the end is ignored.
  void feed(string_view bytes) noexcept {
    while (!bytes.empty() && state_ != state::done && state_ != state::bad) {
      begun_ = true;
      if (state_ == state::body) {
        const std::size_t n = framing_ == framing::close || bytes.size() < left_ ? bytes.size()
                                                                                  : static_cast<std::size_t>(left_);
        take_body(bytes.first(n));
        bytes = bytes.from(n);
      } else {
        take_byte(bytes[0]);
        bytes = bytes.from(1);
      }
    }
  }
  /// The connection has ended.
  void end() noexcept {
    if (state_ == state::done) return;
    state_ = state_ == state::body && framing_ == framing::close ? state::done : state::bad;
  }

  /// Whether anything came at all.
  bool begun() const noexcept { return begun_; }
  /// The status of the final answer, once its head is complete; 0 before.
  int code() const noexcept { return code_; }
  bool is_complete() const noexcept { return state_ == state::done; }
  /// Not HTTP, cut short, or larger than the limits.
  bool is_bad() const noexcept { return state_ == state::bad; }
  /// The beginning of the body; where the answer is no HTTP, of what came instead.
  string_view words() const noexcept { return code_ ? string_view(kept_, kept_size_) : string_view(line_, line_size_); }
  /// Of a redirect; empty when there is none.
  string_view location() const noexcept { return string_view(location_, location_size_); }

 private:
  enum class state : std::uint8_t { status_line, header, body, chunk_size, chunk_end, trailer, done, bad };
  enum class framing : std::uint8_t { close, length, chunks };

  void take_byte(char c) noexcept {
    if (++seen_ > max_head) {
      state_ = state::bad;
      return;
    }
    if (c != '\n') {
      if (line_size_ < max_line) line_[line_size_++] = c;
      // Some other protocol, which may never send a newline.
      if (state_ == state::status_line && line_size_ <= 7 && c != "HTTP/1."[line_size_ - 1]) state_ = state::bad;
      return;
    }
    string_view line(line_, line_size_);
    if (!line.empty() && line[line.size() - 1] == '\r') line = line.first(line.size() - 1);
    take_line(line);
    if (state_ != state::bad) line_size_ = 0;
  }

  void take_line(string_view line) noexcept {
    switch (state_) {
      case state::status_line: return take_status(line);
      case state::header: return line.empty() ? end_head() : take_header(line);
      case state::chunk_size: return take_chunk_size(line);
      case state::chunk_end: state_ = line.empty() ? state::chunk_size : state::bad; return;
      case state::trailer:
        if (line.empty()) state_ = state::done;
        return;
      case state::body:
      case state::done:
      case state::bad: return;
    }
  }

  void take_status(string_view line) noexcept {  // "HTTP/1.1 200 OK"
    const bool shaped = line.size() >= 12 && is_digit(line[7]) && line[8] == ' ' && line[9] >= '1' && line[9] <= '5' &&
                        is_digit(line[10]) && is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
    interim_ = shaped ? (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0') : 0;
    state_ = shaped && interim_ != 101 ? state::header : state::bad;  // nobody asked for another protocol
    framing_ = framing::close;
    has_length_ = is_coded_ = false;
    location_size_ = 0;
  }

  void take_header(string_view line) noexcept {
    const std::size_t colon = find_char(line, ':');
    if (line[0] == ' ' || line[0] == '\t') return;  // an old-fashioned continuation, of nothing that matters here
    if (colon == line.size()) {
      if (line_size_ < max_line) state_ = state::bad;
      return;
    }
    const string_view name = line.first(colon), value = trim_blanks(line.from(colon + 1));
    if (same_word(name, "content-length")) {
      take_length(value);
    } else if (same_word(name, "transfer-encoding")) {
      // Chunks are the outermost coding, or the end of the connection is the end of the body.
      const bool chunks = value.size() >= 7 && same_word(value.from(value.size() - 7), "chunked");
      framing_ = chunks ? framing::chunks : framing::close;
      is_coded_ = true;
    } else if (same_word(name, "location")) {
      std::memcpy(location_, value.data(), value.size());
      location_size_ = value.size();
    }
  }

  void take_length(string_view digits) noexcept {
    std::uint64_t n = 0;
    bool good = !digits.empty() && digits.size() <= 18;
    for (char c : digits) {
      good = good && is_digit(c);
      n = n * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (!good || (has_length_ && n != length_)) state_ = state::bad;
    has_length_ = true;
    length_ = n;
  }

  void end_head() noexcept {
    if (interim_ < 200) {
      state_ = state::status_line;
      return;
    }
    code_ = interim_;
    if (code_ == 204 || code_ == 304) {
      state_ = state::done;
    } else if (framing_ == framing::chunks) {
      state_ = state::chunk_size;
    } else {
      state_ = state::body;
      if (!has_length_ || is_coded_) return;
      framing_ = framing::length;
      left_ = length_;
      if (left_ == 0) state_ = state::done;
    }
  }

  void take_chunk_size(string_view line) noexcept {
    std::uint64_t n = 0;
    std::size_t i = 0;
    for (; i < line.size() && hex_value(line[i]) >= 0; ++i) n = n * 16 + static_cast<std::uint64_t>(hex_value(line[i]));
    if (i == 0 || i > 15 || (i < line.size() && !is_one_of(line[i], "; \t"))) {
      state_ = state::bad;
      return;
    }
    left_ = n;
    state_ = n == 0 ? state::trailer : state::body;
  }

  void take_body(string_view part) noexcept {
    const std::size_t room = max_kept - kept_size_, keep = part.size() < room ? part.size() : room;
    std::memcpy(kept_ + kept_size_, part.data(), keep);
    kept_size_ += keep;
    const bool is_page = page_ && code_ == 200;
    if (is_page && !page_->write(page_->context, part.data(), part.size())) state_ = state::bad;
    body_size_ += is_page ? 0 : part.size();
    if (framing_ != framing::close) {
      left_ -= part.size();
      if (left_ == 0 && state_ != state::bad) state_ = framing_ == framing::chunks ? state::chunk_end : state::done;
    }
    if (body_size_ > max_body) state_ = state::bad;
  }

  const sink* page_;
  state state_;
  int code_;
  int interim_ = 0;  // of the head that is being read
  std::size_t seen_, line_size_, kept_size_, body_size_;
  std::uint64_t left_;  // of the body, or of this chunk
  std::uint64_t length_ = 0;
  std::size_t location_size_;
  framing framing_;
  bool begun_;
  bool is_coded_;  // has a Transfer-Encoding, which beats a length
  bool has_length_ = false;
  char line_[max_line];
  char location_[max_line];
  char kept_[max_kept];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ANSWER_HPP

// ==== narthex/detail/http_peer.hpp ==============================================================
// narthex/detail/http_peer.hpp - the other end of one exchange: behind a socket, or behind the program's own transport.
// Room: balconies. Read os/socket.hpp and transport.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_PEER_HPP
#define NARTHEX_DETAIL_HTTP_PEER_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A connection that is waited for in both directions.
///
/// bell: rung, it ends every wait; a transport's after slice_ms, and its connecting not before it ends by itself.
class http_peer {
 public:
  enum class event { none, readable, writable, rung };
  enum : int { slice_ms = 100 };

  http_peer(const transport& over, os::wakeup* bell) noexcept : over_(over), bell_(bell) {}
  ~http_peer() { close(); }
  http_peer(const http_peer&) = delete;
  http_peer& operator=(const http_peer&) = delete;

  bool is_rung() const noexcept { return bell_ && bell_->rung_within(0); }

  status connect(const transport_target& to, int most_ms) noexcept {
    if (!over_.is_set()) {
      return socket_.connect(to.address, to.port, bell_ ? os::deadline(most_ms, *bell_) : os::deadline(most_ms));
    }
    const status s = over_.connect(over_.context, to, most_ms, connection_);
    is_open_ = s.ok();
    return s;
  }

  /// What can be done next, within `most_ms`. Something to read comes first: it may end the sending. Of a transport the caller asks
  /// is_rung() in between.
  event wait(bool sending, int most_ms) noexcept {
    if (over_.is_set()) {  // it waits in its own calls, and each direction has its turn
      was_sending_ = sending && !was_sending_;
      call_ms_ = sending && !was_sending_ ? 0 : most_ms < slice_ms ? most_ms : static_cast<int>(slice_ms);
      return was_sending_ ? event::writable : event::readable;
    }
    os::poll_set set;
    const unsigned in = set.add(socket_.handle(), os::poll_set::what::reading);
    const unsigned out = set.add(socket_.handle(), sending ? os::poll_set::what::writing : os::poll_set::what::nothing);
    const unsigned bell = bell_ ? set.add(*bell_) : os::poll_set::room;
    set.wait(most_ms);
    if (bell_ && set.ready(bell)) return event::rung;
    if (set.ready(in)) return event::readable;
    return set.ready(out) ? event::writable : event::none;
  }

  // errc::timeout: nothing could be done now.
  status read(char* data, std::size_t size, std::size_t& got) noexcept {
    if (!over_.is_set()) return socket_.read_now(data, size, got);
    got = 0;
    const status s = over_.receive(connection_, data, size, call_ms_, got);
    return checked(s, size, got);
  }
  status write(string_view from, std::size_t& put) noexcept {
    if (!over_.is_set()) return socket_.write_now(from.data(), from.size(), put);
    put = 0;
    const status s = over_.send(connection_, from.data(), from.size(), call_ms_, put);
    return s.ok() && put == 0 ? status(errc::timeout, "send") : checked(s, from.size(), put);
  }

  void close() noexcept {
    if (is_open_) over_.close(connection_);
    is_open_ = false;
    socket_.close();
  }
  /// So that what was cut short does not look as if it had ended; a transport's end is never mistaken for that of a body with a length.
  void reset() noexcept {
    if (over_.is_set()) close();
    else socket_.reset();
  }

 private:
  /// A count that cannot be: nothing of it is believed.
  static status checked(const status& s, std::size_t size, std::size_t& count) noexcept {
    if (!s.ok()) count = 0;
    if (count <= size) return s;
    count = 0;
    return status(errc::transport_failed, "a transport that did more than it was asked for");
  }

  transport over_;
  os::wakeup* bell_;
  os::socket socket_;
  void* connection_ = nullptr;
  int call_ms_ = 0;
  bool is_open_ = false, was_sending_ = false;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_PEER_HPP

// ==== narthex/detail/http_client.hpp ============================================================
// narthex/detail/http_client.hpp - one HTTP request to a host's name, and the answer, within a deadline.
// Room: balconies. Read os/resolve.hpp, detail/http_peer.hpp and detail/http_answer.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_CLIENT_HPP
#define NARTHEX_DETAIL_HTTP_CLIENT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A connection for one exchange, which both sides close after it.
///
/// Errors: what() says during which step, where that helps.
class http_client {
 public:
  /// timeout_ms: for everything; connect_timeout_ms: for each address of the name. bell: rung, it ends everything at once,
  /// as the time would.
  http_client(int timeout_ms, int connect_timeout_ms, const transport& over, os::wakeup* bell = nullptr) noexcept
      : end_(os::monotonic_ms() + timeout_ms), connect_timeout_ms_(connect_timeout_ms), bell_(bell), what_(""), peer_(over, bell) {}

  /// Connects to the first address of the name that answers.
  /// Errors: of the look-up; when no address answers, of the first one tried.
  status connect(string_view host, std::uint16_t port, transport_target::scheme of) noexcept {
    char name[os::host_addresses::max_name + 1];
    if (host.size() >= sizeof name) return status(errc::no_such_host, host);
    std::memcpy(name, host.data(), host.size());
    name[host.size()] = '\0';
    what_ = "while the name was looked up";
    status s = os::resolve(host, left_ms(), addresses_, bell_);
    if (!s.ok()) return s;
    what_ = "while connecting";
    for (unsigned i = 0; i < addresses_.count; ++i) {
      const int left = left_ms();
      if (left == 0) return i == 0 ? status(errc::timeout, host) : s;
      const int most = left < connect_timeout_ms_ ? left : connect_timeout_ms_;
      const transport_target to = {name, addresses_.text[i], port, of};
      const status one = peer_.connect(to, most);
      if (one.ok()) return one;
      if (i == 0) s = one;
    }
    peer_.close();
    return s;
  }

  /// Sends head and body and reads the answer. An answer that comes early ends the sending: a gateway that refuses the first
  /// line of a large body closes soon after, and "connection reset" would hide its reason.
  ///
  /// Errors:  errc::timeout, errc::closed, errc::system. What the answer holds by then is kept: it may be all that matters.
  ///          errc::bad_response: not HTTP, cut short, too large, or a success before all was sent.
  status exchange(string_view head, string_view body, http_answer& answer) noexcept {
    const status s = talk(head, body, answer);
    // A reset takes back what was not read yet: half a body must not be mistaken for a whole one.
    if (s.ok()) peer_.close();
    else peer_.reset();
    return s;
  }

  const char* what() const noexcept { return what_; }
  /// The resolver's, of a name that was not found; or "".
  const char* words() const noexcept { return addresses_.words; }

 private:
  int left_ms() const noexcept {
    const std::int64_t left = peer_.is_rung() ? 0 : end_ - os::monotonic_ms();
    return left > 0 ? static_cast<int>(left) : 0;
  }

  status talk(string_view head, string_view body, http_answer& answer) noexcept {
    // One buffer for the head and what of the body fits: two small packets would wait for each other's acknowledgement.
    char first[8192];
    string_view rest[2] = {head, body};
    std::size_t ready = fill(first, sizeof first, rest[0]);
    ready += fill(first + ready, sizeof first - ready, rest[1]);
    string_view now(first, ready);
    unsigned next = 0;
    status broken;
    what_ = "while sending";
    for (;;) {
      while (now.empty() && next < 2) now = rest[next++];
      const bool sending = broken.ok() && !now.empty() && answer.code() == 0;
      if (now.empty()) what_ = answer.begun() ? "while reading the answer" : "while waiting for the answer";
      const int left = left_ms();
      if (left == 0) return status(errc::timeout, "push");
      const http_peer::event now_can = peer_.wait(sending, left);
      if (now_can == http_peer::event::rung) return status(errc::timeout, "push");
      if (now_can == http_peer::event::readable) {
        char part[2048];
        std::size_t got = 0;
        const status s = peer_.read(part, sizeof part, got);
        if (!s.ok() && s.code() != errc::timeout) return broken.ok() ? s : broken;
        if (s.ok() && got == 0) answer.end();
        answer.feed(string_view(part, got));
        if (answer.is_complete()) return now.empty() || answer.code() >= 300 ? status() : status(errc::bad_response, "push");
        if (s.ok() && got == 0 && !answer.begun()) return broken.ok() ? status(errc::closed, "push") : broken;
        if (answer.is_bad()) return status(errc::bad_response, "push");
      } else if (now_can == http_peer::event::writable) {
        std::size_t put = 0;
        const status s = peer_.write(now, put);
        now = now.from(put);
        if (!s.ok() && s.code() != errc::timeout) broken = s;  // what the peer said before may still be there to read
      }
    }
  }

  static std::size_t fill(char* to, std::size_t room, string_view& from) noexcept {
    const std::size_t n = from.size() < room ? from.size() : room;
    if (n > 0) std::memcpy(to, from.data(), n);
    from = from.from(n);
    return n;
  }

  std::int64_t end_;
  int connect_timeout_ms_;
  os::wakeup* bell_;
  const char* what_;
  os::host_addresses addresses_;
  http_peer peer_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_CLIENT_HPP

// ==== narthex/detail/push_result.hpp ============================================================
// narthex/detail/push_result.hpp - what became of one push.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_RESULT_HPP
#define NARTHEX_DETAIL_PUSH_RESULT_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE

/// What became of one push: a value, to be looked at.
///
/// Memory: about 1.2 kB in place.
class NARTHEX_DETAIL_NODISCARD push_result {
 public:
  enum : std::size_t { max_error = 1024 };  ///< NUL included

  push_result() noexcept : body_bytes_(0), http_status_(0), error_size_(0), blank_(false) { error_[0] = '\0'; }

  /// The gateway has taken it: 200 or 202.
  bool ok() const noexcept { return why_.ok(); }
  errc code() const noexcept { return why_.code(); }
  const status& why() const noexcept { return why_; }
  /// What the gateway answered; 0 when it did not.
  int http_status() const noexcept { return http_status_; }
  /// Of the body that was sent, or that the sending of was begun, as it was coded.
  std::size_t body_bytes() const noexcept { return body_bytes_; }
  /// One printable line, with the address and the system's or the gateway's own words; "" when ok. Credentials are not in
  /// it, unless a server repeats them.
  const char* error() const noexcept { return error_; }

 private:
  friend class push_gateway;
  enum : std::size_t { max_address = 300 };  // shown of it: the words behind it matter more

  void put_address(string_view address) noexcept {
    if (address.empty()) return;
    put(address.first(address.size() < max_address ? address.size() : max_address));
    put(address.size() > max_address ? "...: " : ": ");
  }
  /// A run of blanks and line ends becomes one blank, and none at the end.
  void put(string_view text) noexcept {
    for (char c : text) {
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        blank_ = error_size_ > 0;
        continue;
      }
      if (blank_) put_byte(' ');
      blank_ = false;
      put_byte(c > ' ' && c < 0x7f ? c : '?');
    }
  }
  void put_byte(char c) noexcept {
    if (error_size_ + 1 < max_error) error_[error_size_++] = c;
    error_[error_size_] = '\0';
  }

  status why_;
  std::size_t body_bytes_;
  int http_status_;
  std::size_t error_size_;
  bool blank_;  // seen, not written
  char error_[max_error];
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_RESULT_HPP

// ==== narthex/detail/id_rule.hpp ================================================================
// narthex/detail/id_rule.hpp - whether a text looks like the id of one request, run or moment.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ID_RULE_HPP
#define NARTHEX_DETAIL_ID_RULE_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// True for a text in which, between bytes that are no letters or digits, there stands
///   a UUID: groups of 8, 4, 4, 4 and 12 hexadecimal digits with '-' between them;
///   20 or more hexadecimal digits, one of them decimal (hashes, trace ids; a docker id is shown with 12, an EC2 instance has 17);
///   a time: 10, 13, 16 or 19 decimal digits that begin with 1 (seconds to nanoseconds since 1970, up to 2033), or 12 or 14 that begin with
///   20 (202611230245, 20261123024500); or 15 or more decimal digits of any kind.
/// Never for what begins as a version or an IPv4 address does: v1.2.3, with whatever behind it.
///
/// So host:pid, addresses, versions, dates and the names of pods pass; the machine's UUID or a cloud's instance number of 19 digits
/// does not: it cannot be told from a request's.
inline bool looks_like_id(string_view text) noexcept {
  const auto number_ends = [text](std::size_t at) {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > begin && at - begin <= 5 ? at : text.size();
  };
  const std::size_t major = number_ends(!text.empty() && text[0] == 'v' ? 1u : 0u);
  const std::size_t second = major < text.size() && text[major] == '.' ? number_ends(major + 1) : text.size();
  if (second + 1 < text.size() && text[second] == '.' && is_digit(text[second + 1])) return false;

  const std::size_t uuid[] = {8, 4, 4, 4, 12};
  std::size_t groups = 0;  // of a UUID, right before this one
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t begin = i;
    std::size_t hex = 0, digits = 0;
    for (; i < text.size() && (is_digit(text[i]) || is_letter(text[i])) && text[i] != '_'; ++i) {
      hex += hex_value(text[i]) >= 0 ? 1u : 0u;
      digits += is_digit(text[i]) ? 1u : 0u;
    }
    const std::size_t size = i - begin;
    const bool all_hex = hex == size, all_digits = digits == size;
    groups = all_hex && size == uuid[groups] ? groups + 1 : all_hex && size == uuid[0] ? 1 : 0;
    if (groups == 5 || (all_hex && digits > 0 && size >= 20) || (all_digits && size >= 15)) return true;
    const bool of_1970 = size == 10 || size == 13, of_calendar = size == 12 || size == 14;
    if (all_digits && of_1970 && text[begin] == '1') return true;
    if (all_digits && of_calendar && text[begin] == '2' && text[begin + 1] == '0') return true;
    if (i < text.size() && text[i] != '-') groups = 0;
  }
  return false;
}

/// Tells of the first part of a group's name that looks like an id, and counts the group.
#if NARTHEX_HAS(METRICS) && NARTHEX_HAS(HEAP)
inline void warn_of_ids(registry_core& registry, const group_path& group) noexcept {
  for (std::size_t i = 0; i <= group.labels().size(); ++i) {
    const bool is_job = i == group.labels().size();
    if (!looks_like_id(is_job ? group.job() : group.labels().value_at(i))) continue;
    counter found(registry, "narthex_push_suspect_groups_total", "Groups with a value that looks like an id: each stays for ever.");
    found.inc();
    return report(status(errc::id_in_group, is_job ? string_view("job") : group.labels().name_at(i)));
  }
}
#else
inline void warn_of_ids(registry_core&, const group_path&) noexcept {}
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ID_RULE_HPP

// ==== narthex/push_gateway.hpp ==================================================================
// narthex/push_gateway.hpp - hands a registry's metrics to a Pushgateway, for programs too short-lived to be scraped.
// Room: balconies. Read detail/push_*.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PUSH_GATEWAY_HPP
#define NARTHEX_PUSH_GATEWAY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE

namespace detail {
class push_targets;
class spool;
class spool_delivery;
}  // namespace detail

#if NARTHEX_HAS(METRICS)
/// Pushes a registry's metrics to one group of a Pushgateway.
///
///   nx::push_gateway gw{"http://127.0.0.1:9091", "nightly_batch", {{"instance", "db-3"}}};
///   const nx::push_result r = gw.push();
///   if (!r.ok()) std::fputs(r.error(), stderr);
///
/// Everything a gateway would refuse or be poisoned by is refused before a byte is sent: a bad grouping key when the object is
/// made, a metric with a label of the grouping key or a name of the gateway's own at the push.
///
/// registry: lives longer than this object.
/// url:      "http://host:port/prefix"; without "http://" that is assumed; without a port it is 80 as for any URL (a
///           Pushgateway listens at 9091). "https://..." with a transport of yours in the options that speaks TLS: see transport.hpp. A name, an IPv4 or an [IPv6] address; no user, query or fragment.
/// job:      not empty. labels: the rest of the grouping key; well-formed UTF-8. Not "job", "le", "quantile", "what", "__...".
///           One that looks like the id of a request, a run or a moment (the rule is in detail/id_rule.hpp) is told to the error
///           hook and counted in narthex_push_suspect_groups_total, and pushed: each value is a group that stays for ever.
/// Rate:     10 pushes in any 60 seconds, whatever comes of them, unless the options say more: what is pushed between two scrapes
///           of the gateway nobody ever sees. One too many gets errc::too_often, sends nothing, and is counted in
///           narthex_refused_total{what="push"}.
/// Errors:   of the arguments: kept in status() and answered by every push. Nothing throws, logs or touches the process.
/// Threads:  any; one push at a time: who comes meanwhile gets errc::busy at once (as does the child of a fork in mid-push).
///           The registry's callbacks run in the pushing thread. A name is looked up in a detached thread, which may outlive
///           the push by the resolver's patience; numeric addresses and "localhost" need none.
/// Memory:   what it was given is copied; during a push, the whole exposition, and about 30 kB of stack. Needs a heap and
///           sockets: elsewhere every call answers errc::unsupported.
/// Source:   Pushgateway, README, "Use it", "API"; RFC 9112.
class push_gateway {
 public:
  push_gateway(string_view url, string_view job,
               const detail::group_labels& labels = detail::group_labels(),
               const push_gateway_options& options = push_gateway_options()) noexcept
      : push_gateway(default_registry(), url, job, labels, options) {}
  push_gateway(registry_core& registry, string_view url, string_view job,
               const detail::group_labels& labels = detail::group_labels(),
               const push_gateway_options& options = push_gateway_options()) noexcept;
  push_gateway(const push_gateway&) = delete;
  push_gateway& operator=(const push_gateway&) = delete;

  /// ok, or what of the arguments was refused.
  const NARTHEX_NAMESPACE::status& status() const noexcept { return status_; }
  bool ok() const noexcept { return status_.ok(); }

  /// Replaces everything in the group by what the registry shows now (PUT).
  ///
  /// Errors:  errc::too_often: the rate is used up; nothing was sent, and the status' number() says for how many milliseconds.
  ///          errc::empty_exposition when the registry shows nothing: it would wipe the group. errc::label_clash,
  ///          reserved_metric, too_large, no_memory: nothing was sent. errc::no_such_host, timeout, closed, system, transport_failed:
  ///          the way there. errc::http_refused, redirected, no_gateway, bad_response: the other side. After a timeout the gateway may have
  ///          taken it or not.
  push_result push() noexcept { return run("PUT", body::required, turn::within_rate); }

  /// Replaces the metrics of the same names in the group, and leaves the others (POST). Of an empty registry it only
  /// refreshes the group's push_time_seconds.
  push_result push_add() noexcept { return run("POST", body::optional, turn::within_rate); }

  /// Removes the group, with exactly this job and these labels (DELETE). ok also when there is none. At any rate.
  push_result delete_group() noexcept { return run("DELETE", body::none, turn::free); }

 private:
  friend class batch_job;
  friend class periodic_pusher;
  friend class detail::push_targets;
  friend class detail::spool;
  friend class detail::spool_delivery;
  push_gateway(registry_core& registry, string_view url, const detail::group_path& group, const push_gateway_options& options) noexcept;
  enum class body { none, optional, required };
  enum class turn { within_rate, free };  // free: the last push of a program, and deletions

  /// most_ms: of the options' timeout_ms; bell: ends it as that would.
  push_result run(const char* verb, body wanted, turn which, int most_ms = 0x7fffffff, os::wakeup* bell = nullptr) noexcept;
  /// Of a gateway that has failed: no longer than a connection may take, as others wait for their push.
  int briefly(int most_ms) const noexcept { return most_ms < request_.connect_timeout_ms ? most_ms : request_.connect_timeout_ms; }
  push_result probe(int most_ms, os::wakeup* bell) const noexcept { return send("GET", "/-/ready", "", nullptr, briefly(most_ms), bell); }
  push_result exchange(const char* verb, body wanted, int most_ms, os::wakeup* bell) noexcept;
  push_result send(string_view verb, string_view path, string_view text, const detail::content_coding* coding, int most_ms,
                   os::wakeup* bell, const sink* page = nullptr) const noexcept;
  push_result refused_as_too_often(std::int64_t left_ms) const noexcept;
  push_result refused(const NARTHEX_NAMESPACE::status& why) const noexcept;
  static push_result refused_here(const NARTHEX_NAMESPACE::status& why) noexcept;
  push_result failed(const NARTHEX_NAMESPACE::status& why, const detail::http_client& client,
                     const detail::http_answer& answer) const noexcept;

  registry_core& registry_;
  detail::push_request request_;
  NARTHEX_NAMESPACE::status status_;
  std::int64_t (*clock_ms_)();
  detail::rate_window window_;  // of whoever is not busy
  detail::shared<std::uint32_t> busy_;
};

// ---- bodies ----

inline push_gateway::push_gateway(registry_core& registry, string_view url, string_view job,
                                  const detail::group_labels& labels, const push_gateway_options& options) noexcept
    : push_gateway(registry, url, detail::group_path(job, labels), options) {
  if (status_.ok()) detail::warn_of_ids(registry, detail::group_path(job, labels));
}

inline push_gateway::push_gateway(registry_core& registry, string_view url, const detail::group_path& group,
                                  const push_gateway_options& options) noexcept
    : registry_(registry), status_(request_.prepare(url, group, options)),
      clock_ms_(options.clock_ms ? options.clock_ms : &os::monotonic_ms), busy_(0) {
  if (status_.ok() && !window_.set(options.pushes, options.per_seconds)) {
    status_ = NARTHEX_NAMESPACE::status(errc::bad_rate, "push_gateway", push_gateway_options::max_pushes);
  }
}

inline push_result push_gateway::run(const char* verb, body wanted, turn which, int most_ms, os::wakeup* bell) noexcept {
  if (!status_.ok()) return refused(status_);
  if (busy_.exchange(1, detail::memory_order_acquire) != 0) {
    return refused(NARTHEX_NAMESPACE::status(errc::busy, ""));
  }
  const std::int64_t left_ms = which == turn::free ? 0 : window_.enter(clock_ms_());
  const push_result r = left_ms > 0 ? refused_as_too_often(left_ms) : exchange(verb, wanted, most_ms, bell);
  busy_.store(0, detail::memory_order_release);
  return r;
}

inline push_result push_gateway::exchange(const char* verb, body wanted, int most_ms, os::wakeup* bell) noexcept {
  using answer = NARTHEX_NAMESPACE::status;
  detail::byte_buffer text;
  const detail::content_coding* coding = wanted == body::none ? nullptr : request_.coding;
  if (wanted != body::none) {
    const answer s = detail::write_push_body(registry_, request_.names(), request_.max_body_bytes, coding, text);
    if (!s.ok()) return refused(s);
    if (text.size() == 0 && wanted == body::required) return refused(answer(errc::empty_exposition, ""));
  }
  return send(verb, request_.group(), text.text(), coding, most_ms, bell);
}

/// One request to this gateway, and its answer.
inline push_result push_gateway::send(string_view verb, string_view path, string_view text, const detail::content_coding* coding,
                                      int most_ms, os::wakeup* bell, const sink* page) const noexcept {
  detail::byte_buffer head;
  if (!request_.write_head(verb, path, text.size(), coding, head)) return refused(NARTHEX_NAMESPACE::status(errc::no_memory, ""));
  detail::http_client client(most_ms < request_.timeout_ms ? most_ms : request_.timeout_ms, request_.connect_timeout_ms,
                             request_.over, bell);
  detail::http_answer got(page);
  NARTHEX_NAMESPACE::status s = client.connect(request_.host(), request_.port, request_.scheme);
  if (s.ok()) s = client.exchange(head.text(), text, got);
  push_result r = failed(s, client, got);
  r.body_bytes_ = text.size();
  return r;
}

inline push_result push_gateway::refused_as_too_often(std::int64_t left_ms) const noexcept {
  registry_.count(mistake::push);
  const std::int64_t most = 0xffffffff;  // of a clock that went backwards
  return refused(NARTHEX_NAMESPACE::status(errc::too_often, "push", static_cast<std::uint32_t>(left_ms < most ? left_ms : most)));
}

/// Before anything was sent: the offender is ours to name.
inline push_result push_gateway::refused(const NARTHEX_NAMESPACE::status& why) const noexcept {
  push_result r;
  char text[NARTHEX_NAMESPACE::status::max_message];
  r.why_ = why.subject()[0] != '\0' ? why : NARTHEX_NAMESPACE::status(why.code(), request_.address());
  r.put_address(request_.address());
  r.put(string_view(text, why.message(text, sizeof text)));
  return r;
}

/// Of something on this machine: the address has no part in it.
inline push_result push_gateway::refused_here(const NARTHEX_NAMESPACE::status& why) noexcept {
  push_result r;
  char text[NARTHEX_NAMESPACE::status::max_message];
  r.why_ = why;
  r.put(string_view(text, why.message(text, sizeof text)));
  return r;
}

/// After it was sent, or while: the status belongs to the address, and the words come from whoever said no.
inline push_result push_gateway::failed(const NARTHEX_NAMESPACE::status& why, const detail::http_client& client,
                                        const detail::http_answer& answer) const noexcept {
  using local = NARTHEX_NAMESPACE::status;
  push_result r;
  const string_view to = request_.address();
  const int code = answer.code();
  const std::uint32_t number = static_cast<std::uint32_t>(code);
  const bool taken = code == 200 || code == 202;
  r.http_status_ = code;
  const string_view said = answer.words();
  std::size_t front = 0;
  while (front < said.size() && said[front] <= ' ') ++front;
  // node_exporter 1.5, and whatever shows a page at every path, answers a PUT with 200; a gateway has nothing to show.
  const bool page = front < said.size() && said[front] == '<';
  if (taken && why.ok() && !page) return r;
  char words[128] = "";
  string_view more = client.words();
  if (code != 0 && !taken) {  // all that is needed, even if what followed broke off
    const bool elsewhere = code >= 300 && code < 400;
    r.why_ = local(elsewhere ? errc::redirected : errc::http_refused, to, number);
    more = elsewhere ? answer.location() : said;
  } else if (taken && page) {
    r.why_ = local(errc::no_gateway, to, number);
    more = said;
  } else if (why.code() == errc::bad_response) {
    r.why_ = local(errc::bad_response, to);
    more = said;
  } else {
    r.why_ = why.number() ? local(why.code(), to, why.number()) : local(why.code(), to);
    const os::error e = {static_cast<int>(why.number())};
    if (why.code() == errc::timeout || why.code() == errc::closed) more = client.what();
    else if (why.code() == errc::transport_failed) more = why.subject();
    else if (why.code() != errc::no_such_host && why.number() && e.words(words, sizeof words) > 0) more = words;
  }
  r.put_address(to);
  if (words[0] == '\0') {
    const local plain = r.why_.number() ? local(r.why_.code(), "", r.why_.number()) : local(r.why_.code(), "");
    char text[local::max_message];
    r.put(string_view(text, plain.message(text, sizeof text)));
    if (!more.empty()) r.put(more == client.what() ? " " : ": ");
  }
  r.put(more);
  return r;
}

#else  // compiled out: nothing is sent, and every answer is ok

class NARTHEX_DETAIL_IDLE push_gateway {
 public:
  push_gateway(string_view, string_view, const detail::group_labels& = detail::group_labels(),
               const push_gateway_options& = push_gateway_options()) noexcept {}
  push_gateway(registry_core&, string_view, string_view, const detail::group_labels& = detail::group_labels(),
               const push_gateway_options& = push_gateway_options()) noexcept {}
  push_gateway(const push_gateway&) = delete;
  push_gateway& operator=(const push_gateway&) = delete;
  const NARTHEX_NAMESPACE::status& status() const noexcept {
    static const NARTHEX_NAMESPACE::status fine;
    return fine;
  }
  bool ok() const noexcept { return true; }
  push_result push() noexcept { return push_result(); }
  push_result push_add() noexcept { return push_result(); }
  push_result delete_group() noexcept { return push_result(); }
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PUSH_GATEWAY_HPP

// ==== narthex/detail/spool_options.hpp ==========================================================
// narthex/detail/spool_options.hpp - where bodies go that no gateway takes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SPOOL_OPTIONS_HPP
#define NARTHEX_DETAIL_SPOOL_OPTIONS_HPP

#include <cstddef>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE

/// A folder for bodies that no gateway takes: one file for each group, narthex-HASH.prom, with the newest one. Made from the folder's
/// path, which must exist; empty: none. Several programs may share one. A view, until what it is given to is made.
struct spool_options {
  string_view folder;
  /// Of the folder's narthex-*.prom together; the oldest files are removed when there are more.
  unsigned max_files = 64;
  std::size_t max_bytes = 64 * 1024 * 1024;

  spool_options() noexcept {}
  template <class Text, class = typename std::enable_if<std::is_convertible<const Text&, string_view>::value>::type>
  spool_options(const Text& path) noexcept : folder(path) {}

  spool_options& set_limits(unsigned files, std::size_t bytes) noexcept {
    max_files = files;
    max_bytes = bytes;
    return *this;
  }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SPOOL_OPTIONS_HPP

// ==== narthex/detail/spool_text.hpp =============================================================
// narthex/detail/spool_text.hpp - what a spooled body looks like: a comment, then lines that carry the group's labels.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SPOOL_TEXT_HPP
#define NARTHEX_DETAIL_SPOOL_TEXT_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Takes the front of `text` up to the first `end`, and that with it; everything, when there is none.
inline string_view take_until(string_view& text, char end) noexcept {
  const std::size_t at = find_char(text, end);
  const string_view front = text.first(at);
  text = text.from(at < text.size() ? at + 1 : at);
  return front;
}
inline bool begins_with(string_view text, string_view front) noexcept {
  return text.size() >= front.size() && text.first(front.size()) == front;
}

/// A decimal number as Prometheus writes it (1.79e+09), in thousandths, cut off. 0 when it is none, negative or too large.
inline std::int64_t read_thousandths(string_view text) noexcept {
  std::int64_t digits = 0;
  int shift = 3, exponent = 0;
  std::size_t i = 0;
  bool in_fraction = false;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !in_fraction)); ++i) {
    if (text[i] == '.') in_fraction = true;
    else if (digits < 100000000000000000) digits = digits * 10 + (text[i] - '0'), shift -= in_fraction ? 1 : 0;
    else shift += in_fraction ? 0 : 1;
  }
  if (i < text.size() && (text[i] | 0x20) == 'e') {
    const bool negative = ++i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    for (; i < text.size() && is_digit(text[i]) && exponent < 1000; ++i) exponent = exponent * 10 + (text[i] - '0');
    shift += negative ? -exponent : exponent;
  }
  if (i < text.size()) return 0;
  for (; shift < 0 && digits > 0; ++shift) digits /= 10;
  for (; shift > 0 && digits > 0; --shift) {
    if (digits > 900000000000000000) return 0;
    digits *= 10;
  }
  return digits;
}

/// What the first line of a file in the spool says: "# narthex-spool 1 TIME SEQUENCE VERB PATH LABELS".
struct spool_head {
  std::int64_t time_ms;      ///< when it was spooled, since 1970, by the clock of whoever did
  std::int64_t sequence_ms;  ///< of the pusher's bodies the larger is the newer; in thousandths of narthex_push_sequence or of
                             ///< batch_job_last_completion_timestamp_seconds
  string_view verb;          ///< PUT or POST
  string_view path;          ///< the group's
  string_view labels;        ///< as a gateway shows them

  bool write(byte_buffer& out) const noexcept {
    char digits[2][max_u64_chars];
    const std::int64_t numbers[2] = {time_ms, sequence_ms};
    bool fits = out.append(mark());
    for (unsigned i = 0; i < 2; ++i) {
      char* const end = write_u64(digits[i], static_cast<std::uint64_t>(numbers[i]));
      fits = fits && out.append(string_view(digits[i], static_cast<std::size_t>(end - digits[i]))) && out.append(" ");
    }
    return fits && out.append(verb) && out.append(" ") && out.append(path) && out.append(" ") && out.append(labels) && out.append("\n");
  }

  /// Reads it from the front of `text`, which is left as the body.
  /// Errors: false: not what write() has written. The path goes into a request, so it may hold nothing but what a path may.
  bool read(string_view& text) noexcept {
    if (!begins_with(text, mark()) || text[text.size() - 1] != '\n') return false;
    string_view line = take_until(text, '\n').from(mark().size());
    const string_view seconds = take_until(line, ' '), sequence = take_until(line, ' ');
    time_ms = read_thousandths(seconds) / 1000;
    sequence_ms = read_thousandths(sequence) / 1000;
    verb = take_until(line, ' ');
    path = take_until(line, ' ');
    labels = line;
    bool clean = begins_with(path, "/metrics/job");
    for (char c : path) clean = clean && (is_letter(c) || is_digit(c) || is_one_of(c, "%-.~@=/"));
    return clean && time_ms > 0 && (verb == "PUT" || verb == "POST") && !labels.empty();
  }

 private:
  static string_view mark() noexcept { return "# narthex-spool 1 "; }
};

/// Appends `text`, with `labels` put before each sample's own. false without memory.
inline bool append_with_labels(byte_buffer& out, string_view text, string_view labels) noexcept {
  bool fits = true;
  while (fits && !text.empty()) {
    const string_view line = take_until(text, '\n');
    std::size_t name = 0;
    while (name < line.size() && line[name] != '{' && line[name] != ' ') ++name;
    const bool is_comment = line.empty() || line[0] == '#', has_labels = name < line.size() && line[name] == '{';
    if (is_comment) {
      fits = out.append(line);
    } else {
      fits = out.append(line.first(name)) && out.append("{") && out.append(labels) && out.append(has_labels ? "," : "}") &&
             out.append(line.from(has_labels ? name + 1 : name));
    }
    fits = fits && out.append("\n");
  }
  return fits;
}

/// Appends the families of `before` that `now` has not: what a gateway keeps of them at a POST. false without memory.
inline bool append_others(byte_buffer& out, string_view before, string_view now) noexcept {
  bool fits = true, keeps = false;
  while (fits && !before.empty()) {
    const string_view line = take_until(before, '\n');
    if (begins_with(line, "# HELP ") || begins_with(line, "# TYPE ")) {
      string_view rest = line.from(7), all = now;
      const string_view name = take_until(rest, ' ');
      keeps = true;
      while (keeps && !all.empty()) {
        string_view other = take_until(all, '\n');
        if (!begins_with(other, "# TYPE ")) continue;
        other = other.from(7);
        keeps = take_until(other, ' ') != name;
      }
    }
    if (keeps) fits = out.append(line) && out.append("\n");
  }
  return fits;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SPOOL_TEXT_HPP

// ==== narthex/detail/spool.hpp ==================================================================
// narthex/detail/spool.hpp - keeps the newest body of a group in a file when no gateway takes it.
// Room: balconies. Read detail/spool_text.hpp and os/folder.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SPOOL_HPP
#define NARTHEX_DETAIL_SPOOL_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(SYSTEM)

/// "narthex-", 16 hexadecimal digits, ".prom": of the group, so that a group has one file, whoever spools it.
struct spool_name {
  enum : std::size_t { size = 29, front = 8 };
  char text[size + 1];

  explicit spool_name(string_view group) noexcept {
    const std::uint64_t hash = hash_set::hash(hash_set::seed, group);
    std::memcpy(text, "narthex-0123456789abcdef.prom", size + 1);
    for (std::size_t i = 0; i < 16; ++i) text[front + i] = hex_digit(static_cast<unsigned>(hash >> (60 - 4 * i) & 15));
  }
  static bool fits(string_view name) noexcept {
    bool good = name.size() == size && begins_with(name, "narthex-") && name.from(front + 16) == ".prom";
    for (std::size_t i = 0; good && i < 16; ++i) good = hex_value(name[front + i]) >= 0;
    return good;
  }
};

/// Where a file of the folder is, with a NUL; false without memory.
inline bool write_spool_path(byte_buffer& out, string_view folder, string_view name) noexcept {
  return out.append(folder) && out.append("/") && out.append(name) &&
         out.append(string_view("", 1));
}

inline bool append_chunk(void* all, const char* data, std::size_t size) {
  return static_cast<byte_buffer*>(all)->append(string_view(data, size));
}

/// The place of one group in a spool.
///
/// Threads: one at a time; any number of programs may share the folder.
class spool {
 public:
  spool() noexcept : max_bytes_(0), max_files_(0), folder_size_(0) {}
  spool(const spool&) = delete;
  spool& operator=(const spool&) = delete;

  /// Errors: errc::no_memory; errc::bad_spool: a path that is too long, or with a NUL; of the system: no such folder, say, which may
  ///         be there later.
  status prepare(const spool_options& options, string_view group) noexcept {
    const string_view in = options.folder;
    max_files_ = options.max_files > 1 ? options.max_files : 1;
    max_bytes_ = options.max_bytes;
    if (in.empty()) return status();
    if (find_char(in, '\0') < in.size() || in.size() + 64 > os::replaced_file::max_path) return status(errc::bad_spool, os::path_subject(in));
    if (!write_spool_path(path_, in, spool_name(group).text)) return status(errc::no_memory, "spool");
    folder_size_ = in.size();
    os::folder there;
    return there.open(in).to_status(os::path_subject(in));
  }
  bool is_set() const noexcept { return folder_size_ > 0; }
  /// The file's path.
  const char* path() const noexcept { return path_.text().data(); }
  bool has_file() const noexcept {
    const sink none = {[](void*, const char*, std::size_t) { return false; }, nullptr};
    return is_set() && os::read_file(path(), none).ok();
  }

  /// Replaces the group's file by what the registry shows now; a POST keeps there what it does not show. Then removes the oldest files
  /// beyond the limits.
  ///
  /// removed: how many bodies went for that.
  /// Errors:  of the content; errc::too_large beyond max_bytes; of the system (no room, no folder, no permission; subject: the path). The
  ///          file is then as it was.
  status save(registry_core& registry, const push_request& request, string_view verb, std::int64_t sequence_ms, unsigned& removed) noexcept {
    byte_buffer text, whole, before;
    const content_coding* none = nullptr;
    removed = 0;
    status s = write_push_body(registry, request.names(), request.max_body_bytes, none, text);
    if (!s.ok()) return s;
    spool_head head;
    string_view kept;
    if (verb == "POST" && read_whole(before, kept, head) && head.path == request.group()) verb = head.verb;
    else kept = string_view();
    head.time_ms = static_cast<std::int64_t>(std::time(nullptr)) * 1000;
    head.sequence_ms = sequence_ms;
    head.verb = verb;
    head.path = request.group();
    head.labels = request.shown_labels();
    if (!head.write(whole) || !append_with_labels(whole, text.text(), request.labels()) || !append_others(whole, kept, text.text())) {
      return status(errc::no_memory, "spool");
    }
    if (whole.size() > max_bytes_) return status(errc::too_large, "spool", static_cast<std::uint32_t>(max_bytes_));
    const string_view file(path_.text().data(), path_.size() - 1);
    const os::error e = replace(file, whole.text());
    if (e.ok()) removed = trim();
    return e.to_status(os::path_subject(file));
  }

  /// Removes the group's file: something newer has arrived.
  void forget() noexcept {
    if (is_set()) static_cast<void>(os::remove_file(path()));
  }

 private:
  enum : std::int64_t { abandoned_s = 3600 };  ///< a file in the making that is so old: nobody makes it any more

  string_view folder() const noexcept { return path_.text().first(folder_size_); }
  string_view name() const noexcept { return path_.text().from(folder_size_ + 1).first(spool_name::size); }

  static os::error replace(string_view file, string_view text) noexcept {
    os::replaced_file to;
    os::error e = to.open(file);
    if (e.ok()) e = to.write(text.data(), text.size());
    if (e.ok()) e = to.sync();
    if (e.ok()) e = to.commit(0644);
    return e;
  }
  bool read_whole(byte_buffer& to, string_view& text, spool_head& head) const noexcept {
    const sink all = {&append_chunk, &to};
    if (!os::read_file(path(), all).ok()) return false;
    text = to.text();
    return head.read(text);
  }

  /// Removes the oldest until the limits hold, and never the one just written. Returns: how many.
  unsigned trim() noexcept {
    for (unsigned n = 0;; ++n) {
      os::folder all;
      os::folder_entry now, oldest;
      unsigned files = 0;
      std::uint64_t bytes = 0;
      oldest.name[0] = '\0';
      if (!all.open(folder()).ok()) return n;
      while (all.next(now)) {
        const string_view one(now.name);
        if (begins_with(one, ".narthex-") && std::time(nullptr) - now.changed_s > abandoned_s) remove(one);
        if (!spool_name::fits(one)) continue;
        ++files;
        bytes += now.size;
        if (one != name() && (oldest.name[0] == '\0' || now.changed_s < oldest.changed_s)) oldest = now;
      }
      if ((files <= max_files_ && bytes <= max_bytes_) || oldest.name[0] == '\0' || !remove(oldest.name)) return n;
    }
  }
  bool remove(string_view one) noexcept {
    byte_buffer file;
    return write_spool_path(file, folder(), one) && os::remove_file(file.text().data()).ok();
  }

  std::size_t max_bytes_;
  unsigned max_files_;
  std::size_t folder_size_;
  byte_buffer path_;  // of the file, with a NUL
};

#else  // no files, or no heap to put a body together

class spool {
 public:
  status prepare(const spool_options& options, string_view) noexcept {
    return options.folder.empty() ? status() : status(errc::unsupported, "spool");
  }
  bool is_set() const noexcept { return false; }
  bool has_file() const noexcept { return false; }
  const char* path() const noexcept { return ""; }
  status save(registry_core&, const push_request&, string_view, std::int64_t, unsigned&) noexcept { return status(errc::unsupported, "spool"); }
  void forget() noexcept {}
};

#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SPOOL_HPP

// ==== narthex/detail/push_schedule.hpp ==========================================================
// narthex/detail/push_schedule.hpp - when a periodic_pusher pushes: arithmetic alone, of a time that is given.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_SCHEDULE_HPP
#define NARTHEX_DETAIL_PUSH_SCHEDULE_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The times of pushes: the first spread over an interval, the others an interval and some jitter after the one before, from
/// begin to begin; longer intervals while pushes fail.
///
/// All times in milliseconds. Threads: one at a time.
class push_schedule {
 public:
  enum : unsigned { remembered = 10 };
  enum : std::int64_t { longest_ms = 30000 };  // of an interval that has grown

  /// floor_ms: at least 1; no two pushes are nearer. A shorter base_ms is raised to it.
  void set(std::int64_t base_ms, std::int64_t floor_ms, std::uint64_t seed) noexcept {
    floor_ms_ = floor_ms;
    base_ms_ = base_ms > floor_ms ? base_ms : floor_ms;
    random_ = seed;
  }

  /// The first push: anywhere in the first interval, so that a hundred programs that start together do not push together.
  void start(std::int64_t now_ms) noexcept { due_ms_ = now_ms + random_below(base_ms_); }

  /// base * (1 + 2 * error rate of the last 10 pushes), to the millisecond; at most 30 s, or base where that is longer.
  std::int64_t interval_ms() const noexcept {
    if (made_ == 0) return base_ms_;
    const std::int64_t pushes = made_;
    const std::int64_t grown = (base_ms_ * (pushes + 2 * failures()) + pushes / 2) / pushes;
    const std::int64_t most = base_ms_ > longest_ms ? base_ms_ : static_cast<std::int64_t>(longest_ms);
    return grown < most ? grown : most;
  }

  bool is_due(std::int64_t now_ms) const noexcept { return now_ms >= due_ms_; }

  /// Whether a push that somebody wants before it is due may be now: a multiple of the floor after the last one or later, unless that
  /// failed, or there was none. A gateway in trouble is not to be asked more often, nor by a hundred programs at once.
  bool is_slot(std::int64_t now_ms) const noexcept { return made_ > 0 && (failed_ & 1) == 0 && now_ms >= slot_ms_; }

  /// When there is something to ask again: the next slot, or when it is due.
  std::int64_t next_ms(std::int64_t now_ms) noexcept {
    if (made_ == 0) return due_ms_;
    while (slot_ms_ <= now_ms && slot_ms_ < due_ms_) slot_ms_ += floor_ms_;
    return slot_ms_ < due_ms_ ? slot_ms_ : due_ms_;
  }

  void pushed(std::int64_t begin_ms, bool ok) noexcept {
    failed_ = (failed_ << 1 | (ok ? 0u : 1u)) & ((1u << remembered) - 1);
    if (made_ < remembered) ++made_;
    const std::int64_t interval = interval_ms();
    due_ms_ = begin_ms + interval + random_below(interval / 10 + 1);
    slot_ms_ = begin_ms + floor_ms_;
  }

 private:
  std::int64_t failures() const noexcept {
    std::int64_t n = 0;
    for (unsigned rest = failed_; rest != 0; rest >>= 1) n += rest & 1;
    return n;
  }

  /// 0 <= it < limit. Source: S. Vigna, "splitmix64" (public domain).
  std::int64_t random_below(std::int64_t limit) noexcept {
    std::uint64_t mixed = random_ += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return static_cast<std::int64_t>((mixed ^ mixed >> 31) % static_cast<std::uint64_t>(limit));
  }

  std::int64_t base_ms_ = 1, floor_ms_ = 1, due_ms_ = 0, slot_ms_ = 0;
  std::uint64_t random_ = 0;
  unsigned made_ = 0, failed_ = 0;  // of the last 10: how many there are; a bit for each, 1 where it failed, the last lowest
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_SCHEDULE_HPP

// ==== narthex/detail/push_patience.hpp ==========================================================
// narthex/detail/push_patience.hpp - when a body counts as undeliverable: arithmetic alone, of a time that is given.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_PATIENCE_HPP
#define NARTHEX_DETAIL_PUSH_PATIENCE_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Counts pushes that fail in a row. Its time begins with the first of them, and again when it has run out.
///
/// Threads: one at a time.
class push_patience {
 public:
  void set(int after_ms, unsigned after_pushes) noexcept {
    after_ms_ = after_ms > 1 ? after_ms : 1;
    after_pushes_ = after_pushes > 1 ? after_pushes : 1;
  }
  /// begin_ms: when the push began. Returns: true: it has run out, with this push.
  bool has_run_out(std::int64_t begin_ms, bool is_taken) noexcept {
    if (is_taken) failed_ = 0;
    if (is_taken) return false;
    if (failed_++ == 0) since_ms_ = begin_ms;
    if (failed_ < after_pushes_ && begin_ms - since_ms_ < after_ms_) return false;
    failed_ = 0;
    return true;
  }

 private:
  std::int64_t after_ms_ = 1, since_ms_ = 0;
  unsigned after_pushes_ = 1, failed_ = 0;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_PATIENCE_HPP

// ==== narthex/detail/push_metrics.hpp ===========================================================
// narthex/detail/push_metrics.hpp - what a periodic_pusher tells about itself.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_METRICS_HPP
#define NARTHEX_DETAIL_PUSH_METRICS_HPP


NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
using push_counters = family<counter, 1>;
#else
using push_counters = fixed_family<counter, 1, 8>;
#endif

/// The metrics of a periodic_pusher, in the registry that it pushes. The books balance whenever nothing moves, and in every
/// body that is pushed: calls = successes + failures + refused + coalesced + in flight. A push_soon() in the moment in which the
/// body is written may be in one of them and not yet in another.
struct push_metrics {
  counter calls;
  counter successes;
  push_counters failures;  // by "what", a label that no grouping key may have: the first failure must not stop all pushes
  push_counters refused;
  counter coalesced;
  int_gauge in_flight;
  counter attempts;
  counter retries;
  counter bytes;
  counter spooled;
  counter dropped;
  gauge last_success;
  gauge interval;
  gauge sequence;
  int_gauge active_gateway;
  int_gauge open_circuits;
  histogram duration;

  explicit push_metrics(registry_core& registry) noexcept
      : calls(registry, "narthex_push_calls_total", "Pushes wanted: due, asked for early, or the last."),
        successes(registry, "narthex_push_successes_total", "Pushes that a gateway has taken."),
        failures(registry, "narthex_push_failures_total", "Pushes that no gateway has taken, by what stood in the way.", {"what"}),
        refused(registry, "narthex_push_refused_total", "Pushes of which nothing was sent, by what was wrong with them.", {"what"}),
        coalesced(registry, "narthex_push_coalesced_total", "Pushes wanted that went with another one."),
        in_flight(registry, "narthex_push_in_flight", "Pushes wanted that are under way or waiting for their time."),
        attempts(registry, "narthex_push_attempts_total", "Pushes begun, at every gateway that was tried."),
        retries(registry, "narthex_push_retries_total", "Pushes begun because the one before had failed."),
        bytes(registry, "narthex_push_bytes_total", "Bytes of bodies that gateways have taken, as they were sent."),
        spooled(registry, "narthex_push_spooled_total", "Bodies that nobody would take and that were written to the spool."),
        dropped(registry, "narthex_push_dropped_total", "Bodies that nobody would take and that are lost."),
        last_success(registry, "narthex_push_last_success_timestamp_seconds", "When a push last succeeded; 0: never."),
        interval(registry, "narthex_push_interval_seconds", "The present interval between pushes, without jitter; 0: only at the end."),
        sequence(registry, "narthex_push_sequence", "Grows with each push, and over restarts: of two bodies the larger is the newer."),
        active_gateway(registry, "narthex_push_active_gateway", "Which gateway of the list has the group: 0 is the first."),
        open_circuits(registry, "narthex_push_open_circuits", "Gateways left alone for now, as three pushes in a row have failed."),
        duration(registry, "narthex_push_duration_seconds", "How long pushes took, whatever came of them.", {0.01, 0.1, 1, 10}) {
    for (const char* what : {"answer", "host", "network", "timeout"}) failures.labels(what).inc(0);
    for (const char* what : {"content", "rate"}) refused.labels(what).inc(0);
  }

  void begin() noexcept {
    in_flight.inc();
    calls.inc();
  }
  void coalesce() noexcept {
    coalesced.inc();
    in_flight.dec();
  }
  void end(errc why) noexcept {
    if (why == errc::ok) successes.inc();
    else (was_refused(why) ? refused : failures).labels(reason(why)).inc();
    in_flight.dec();
  }

  /// Before a byte was sent, and so whatever the gateway is like.
  static bool was_refused(errc why) noexcept {
    const string_view word = reason(why);
    return why != errc::ok && (word == "content" || word == "rate");
  }

  /// Few words, so that one alert fits all: the error's own are for the error hook.
  static const char* reason(errc why) noexcept {
    switch (why) {
      case errc::timeout: return "timeout";
      case errc::no_such_host: return "host";
      case errc::too_often: return "rate";
      case errc::transport_failed:
      case errc::system:
      case errc::closed:
      case errc::no_permission:
      case errc::too_many_descriptors:
      case errc::address_in_use: return "network";
      case errc::http_refused:
      case errc::redirected:
      case errc::bad_response:
      case errc::no_gateway: return "answer";
      default: return "content";  // of the registry, or no memory for it
    }
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_METRICS_HPP

// ==== narthex/detail/periodic_pusher_options.hpp ================================================
// narthex/detail/periodic_pusher_options.hpp - how a periodic_pusher behaves.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PERIODIC_PUSHER_OPTIONS_HPP
#define NARTHEX_DETAIL_PERIODIC_PUSHER_OPTIONS_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

/// How a periodic_pusher behaves. Views only: what they point to must live until the periodic_pusher is made.
struct periodic_pusher_options {
  /// Deadlines, credentials, headers, and the rate, which a faster pace than 15 s widens to fit.
  push_gateway_options gateway;

  /// The least time between two pushes. Anything faster than the gateway is scraped is never seen by anybody, so whoever
  /// chooses less than 15 s says that it is:
  enum class pace : int {
    every_15_s = 15000,  ///< scraped as most gateways are
    every_5_s = 5000,    ///< scraped every 5 seconds: a few programs that are watched closely
    every_1_s = 1000     ///< scraped every second: on a developer's own machine, in a demonstration or a load test
  } least = pace::every_15_s;

  /// From one push to the next; less than the pace is raised to it. 0: the pace.
  int interval_ms = 0;
  /// For the push at the end, from the beginning of the destructor on.
  int final_timeout_ms = 5000;
  /// Negative: the group stays, with its last values, for ever. Otherwise it is deleted so long after the last push, and the
  /// program waits for that: longer than the gateway's scrape interval, or nobody has seen the last values.
  int delete_after_ms = -1;
  /// The label of the grouping key that tells this program's instances apart.
  string_view distinguishing_label = "instance";
  /// Further gateways, in the order in which they are tried when the ones before fail. All take the gateway options.
  enum : unsigned { max_more_gateways = 3 };
  string_view gateways[max_more_gateways];
  unsigned more_gateways = 0;
  enum class targets { one, all } to = targets::one;
  /// Where the last body goes when pushes have failed for so long, or so many of them in a row, and when the last push fails.
  spool_options spool;
  int give_up_after_ms = 300000;
  unsigned give_up_after_pushes = 20;
  enum class group { own, shared } of = group::own;
  enum class runs { in_background, in_tick, at_end } running = runs::in_background;
  /// The last push is left out when this was scraped so shortly before; null: never.
  const detail::scrape_clock* scraped = nullptr;
  int scraped_within_ms = 0;
  /// Of the jitter; 0: another one each time.
  std::uint64_t seed = 0;

  periodic_pusher_options& set_gateway(const push_gateway_options& options) noexcept {
    gateway = options;
    return *this;
  }
  periodic_pusher_options& set_pace(pace fastest) noexcept {
    least = fastest;
    return *this;
  }
  periodic_pusher_options& set_interval_ms(int ms) noexcept {
    interval_ms = ms;
    return *this;
  }
  periodic_pusher_options& set_final_timeout_ms(int ms) noexcept {
    final_timeout_ms = ms;
    return *this;
  }
  periodic_pusher_options& set_delete_after_ms(int ms) noexcept {
    delete_after_ms = ms;
    return *this;
  }
  periodic_pusher_options& set_distinguishing_label(string_view name) noexcept {
    distinguishing_label = name;
    return *this;
  }
  /// Says that no other program pushes to this group, though no label shows it.
  periodic_pusher_options& shared_group() noexcept {
    of = group::shared;
    return *this;
  }
  /// One more gateway to push to when those before it fail. Its circuit opens after three failures in a row; a minute later, and
  /// before each push to one that was left, it is asked for /-/ready. The group is deleted on the one that was left.
  /// Errors: errc::too_large beyond three more.
  periodic_pusher_options& also(string_view url) noexcept {
    if (more_gateways < max_more_gateways) gateways[more_gateways] = url;
    ++more_gateways;
    return *this;
  }
  /// Pushes to all gateways each time, for two Prometheus servers that scrape one each. One that takes it is a success.
  periodic_pusher_options& to_all() noexcept {
    to = targets::all;
    return *this;
  }
  /// Keeps what no gateway took in a file of its own in this folder: node_exporter's textfile folder, or one for drain_spool().
  periodic_pusher_options& set_spool(const spool_options& in) noexcept {
    spool = in;
    return *this;
  }
  /// When a body counts as undeliverable: at least 1 ms, 1 push.
  periodic_pusher_options& set_give_up(int after_ms, unsigned after_pushes) noexcept {
    give_up_after_ms = after_ms;
    give_up_after_pushes = after_pushes;
    return *this;
  }
  /// No thread: the program calls tick().
  periodic_pusher_options& without_thread() noexcept {
    running = runs::in_tick;
    return *this;
  }
  /// Only the last push, at the end of a program that is scraped otherwise; no thread, and nothing to tick.
  periodic_pusher_options& only_at_end() noexcept {
    running = runs::at_end;
    return *this;
  }
  /// Leaves the last push out when somebody has scraped within that time: then Prometheus has seen the values.
  ///
  ///   nx::http_server server{":9464"};
  ///   nx::periodic_pusher pusher{url, "edge", key, nx::periodic_pusher_options().only_at_end().unless_scraped(server.last_scrape(), 15000)};
  ///
  /// by: of a server that is destroyed after the pusher. within_ms: the scrape interval; to a tenth of a second.
  periodic_pusher_options& unless_scraped(const detail::scrape_clock& by, int within_ms) noexcept {
    scraped = &by;
    scraped_within_ms = within_ms;
    return *this;
  }
  periodic_pusher_options& set_seed(std::uint64_t value) noexcept {
    seed = value;
    return *this;
  }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PERIODIC_PUSHER_OPTIONS_HPP

// ==== narthex/detail/gateway_ring.hpp ===========================================================
// narthex/detail/gateway_ring.hpp - which of several gateways is pushed to: arithmetic alone, of a time that is given.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_GATEWAY_RING_HPP
#define NARTHEX_DETAIL_GATEWAY_RING_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// An ordered list of gateways, the one that is active, and a circuit for each: closed; open for a minute after three failures in
/// a row; then half open: one probe decides whether it is closed, or open for another minute.
///
/// The active one stays until it fails, or one that stands before it is well again. A list of one is never left alone: longer
/// intervals are what it gets.
/// Threads: one at a time.
class gateway_ring {
 public:
  enum : unsigned { max_gateways = 4, max_failures = 3 };
  enum : std::int64_t { open_ms = 60000 };

  explicit gateway_ring(unsigned count) noexcept : count_(count), active_(0) {
    for (circuit& one : all_) one.failures = 0, one.until_ms = 0;
  }

  unsigned size() const noexcept { return count_; }
  unsigned active() const noexcept { return active_; }
  void activate(unsigned which) noexcept { active_ = which; }

  /// Whether its circuit is not open.
  bool may_ask(unsigned which, std::int64_t now_ms) const noexcept {
    return count_ == 1 || all_[which].failures < max_failures || now_ms >= all_[which].until_ms;
  }
  /// Whether to ask it for its health before a push: when its circuit is half open, or when it was left for the active one.
  bool wants_probe(unsigned which) const noexcept {
    return count_ > 1 && (all_[which].failures >= max_failures || which < active_);
  }
  void tell(unsigned which, bool is_well, std::int64_t now_ms) noexcept {
    circuit& one = all_[which];
    if (is_well) one.failures = 0;
    else if (one.failures < max_failures) ++one.failures;
    one.until_ms = now_ms + open_ms;
  }
  unsigned open_circuits() const noexcept {
    unsigned n = 0;
    for (unsigned i = 0; count_ > 1 && i < count_; ++i) n += all_[i].failures >= max_failures ? 1u : 0u;
    return n;
  }

 private:
  struct circuit {
    unsigned failures;  // in a row, up to max_failures
    std::int64_t until_ms;
  } all_[max_gateways];
  unsigned count_, active_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_GATEWAY_RING_HPP

// ==== narthex/detail/push_targets.hpp ===========================================================
// narthex/detail/push_targets.hpp - one group on one gateway of several, or on all: tried in order, left, returned to, cleaned up.
// Room: balconies. Read push_gateway.hpp and detail/gateway_ring.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_TARGETS_HPP
#define NARTHEX_DETAIL_PUSH_TARGETS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(METRICS)
/// The gateways of a periodic_pusher. Each one that is tried gets a fresh body.
///
/// Threads: one at a time.
class push_targets {
 public:
  /// options: as they are, but for the gateways' own.
  push_targets(registry_core& registry, string_view url, const group_path& group, const push_gateway_options& gateway,
               const periodic_pusher_options& options, push_metrics& metrics) noexcept
      : metrics_(metrics), ring_(1 + (options.more_gateways < most_more ? options.more_gateways : most_more)),
        to_all_(options.to == periodic_pusher_options::targets::all), has_failed_(false),
        sequence_ms_(0) {
    for (unsigned i = 0; i < ring_.size(); ++i) {
      new (rooms_[i].bytes) push_gateway(registry, i == 0 ? url : options.gateways[i - 1], group, gateway);
      holds_[i] = false;
    }
    if (options.more_gateways > most_more) why_ = status(errc::too_large, "gateways", gateway_ring::max_gateways);
  }
  ~push_targets() {
    for (unsigned i = 0; i < ring_.size(); ++i) at(i).~push_gateway();
  }
  push_targets(const push_targets&) = delete;
  push_targets& operator=(const push_targets&) = delete;

  /// ok, or what was refused of the first gateway that is not.
  status why() const noexcept {
    for (unsigned i = 0; why_.ok() && i < ring_.size(); ++i) {
      if (!at(i).ok()) return at(i).status();
    }
    return why_;
  }
  const push_request& request() const noexcept { return at(0).request_; }
  /// Before each body: its number, the time to the millisecond. It grows when the clock is set back, and over a restart, too, however
  /// often gateways were tried; counting by one would not.
  std::int64_t count_up() noexcept {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
    sequence_ms_ = time_ms > sequence_ms_ ? time_ms : sequence_ms_ + 1;
    metrics_.sequence.set(static_cast<double>(sequence_ms_) / 1000);
    return sequence_ms_;
  }

  /// Pushes to the gateways that may be asked, in their order from the first on, until one takes it, or to all of them.
  /// When none may, to the active one all the same: each call is tried. The last one is tried with all of them.
  ///
  /// most_ms: for all of it; each gateway gets its share. Clean-up of what is left elsewhere is within it.
  /// Returns: ok when one has taken it; otherwise what the last one said.
  push_result push(push_gateway::turn which, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept;

  /// Deletes the group wherever it may be. Returns: what the active one said, when that is not ok; or another's.
  push_result remove(int most_ms) noexcept;

 private:
  enum : unsigned { most_more = gateway_ring::max_gateways - 1 };
  enum : int { no_limit = 0x7fffffff };
  struct room {
    alignas(push_gateway) unsigned char bytes[sizeof(push_gateway)];
  };
  push_gateway& at(unsigned i) noexcept { return *static_cast<push_gateway*>(static_cast<void*>(rooms_[i].bytes)); }
  const push_gateway& at(unsigned i) const noexcept {
    return *static_cast<const push_gateway*>(static_cast<const void*>(rooms_[i].bytes));
  }

  push_result attempt(unsigned i, push_gateway::turn which, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept;
  bool is_ready(unsigned i, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept;
  void clean_up(std::int64_t now_ms, std::int64_t end_ms, os::wakeup* bell) noexcept;
  static bool is_rung(os::wakeup* bell) noexcept { return bell && bell->rung_within(0); }
  static int share_ms(std::int64_t end_ms, unsigned parts) noexcept {
    if (end_ms < 0) return no_limit;
    const std::int64_t left = (end_ms - os::monotonic_ms()) / static_cast<std::int64_t>(parts);
    return left > 1 ? static_cast<int>(left) : 1;
  }

  push_metrics& metrics_;
  gateway_ring ring_;
  status why_;
  bool to_all_, has_failed_;
  bool holds_[gateway_ring::max_gateways];  // it may have the group: it was pushed to and not deleted since
  std::int64_t sequence_ms_;
  room rooms_[gateway_ring::max_gateways];
};

// ---- bodies ----

inline push_result push_targets::push(push_gateway::turn which, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept {
  const std::int64_t end_ms = most_ms == no_limit ? -1 : os::monotonic_ms() + most_ms;
  push_result said;
  bool is_taken = false, is_passed[gateway_ring::max_gateways] = {};
  unsigned tried = 0;
  // The second round is for those that were left out in the first: all of them when it is the last push, and the active one when
  // nobody has been asked at all.
  for (unsigned n = 0; n < 2 * ring_.size() && (!is_taken || to_all_); ++n) {
    const unsigned i = n % ring_.size();
    const bool again = n >= ring_.size(), all_the_same = which == push_gateway::turn::free || (tried == 0 && i == ring_.active());
    if (again && (is_passed[i] || !all_the_same)) continue;
    const int most = share_ms(end_ms, ring_.size() - tried);
    if (!again && (!ring_.may_ask(i, now_ms) || (ring_.wants_probe(i) && !is_ready(i, now_ms, most, bell)))) continue;
    const push_result r = attempt(i, which, now_ms, most, bell);
    if (push_metrics::was_refused(r.code()) || is_rung(bell)) return r;
    is_passed[i] = true;
    ++tried;
    if (!is_taken) said = r;
    if (r.ok() && !is_taken) ring_.activate(i);
    is_taken = is_taken || r.ok();
  }
  if (is_taken && !to_all_) clean_up(now_ms, end_ms, bell);
  metrics_.active_gateway.set(ring_.active());
  metrics_.open_circuits.set(ring_.open_circuits());
  return said;
}

inline push_result push_targets::attempt(unsigned i, push_gateway::turn which, std::int64_t now_ms, int most_ms,
                                         os::wakeup* bell) noexcept {
  metrics_.attempts.inc();
  if (has_failed_) metrics_.retries.inc();
  count_up();
  const push_result r = at(i).run("PUT", push_gateway::body::required, which, most_ms, bell);
  if (r.ok()) metrics_.bytes.inc(r.body_bytes());
  has_failed_ = !r.ok();
  if (push_metrics::was_refused(r.code())) return r;
  holds_[i] = true;  // after a failure, too: it may have taken the body, and its answer been lost
  if (r.ok() || !is_rung(bell)) ring_.tell(i, r.ok(), now_ms);
  return r;
}

/// Asks a gateway that was left whether it is well.
inline bool push_targets::is_ready(unsigned i, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept {
  const bool well = at(i).probe(most_ms, bell).ok();
  if (!well && !is_rung(bell)) ring_.tell(i, false, now_ms);
  return well;
}

/// No series twice: the group is deleted on all but the active gateway, as soon as each can be reached.
inline void push_targets::clean_up(std::int64_t now_ms, std::int64_t end_ms, os::wakeup* bell) noexcept {
  for (unsigned i = 0; i < ring_.size(); ++i) {
    if (!holds_[i] || i == ring_.active() || !ring_.may_ask(i, now_ms)) continue;
    const int most_ms = at(i).briefly(share_ms(end_ms, 1));
    const bool gone = at(i).run("DELETE", push_gateway::body::none, push_gateway::turn::free, most_ms, bell).ok();
    if (gone) holds_[i] = false;
    else if (!is_rung(bell)) ring_.tell(i, false, now_ms);
  }
}

inline push_result push_targets::remove(int most_ms) noexcept {
  const std::int64_t end_ms = os::monotonic_ms() + most_ms;
  push_result said;
  for (unsigned i = 0; i < ring_.size(); ++i) {
    if (!holds_[i] && i != ring_.active()) continue;
    const push_result r = at(i).run("DELETE", push_gateway::body::none, push_gateway::turn::free, share_ms(end_ms, ring_.size() - i));
    if (!r.ok() && (said.ok() || i == ring_.active())) said = r;
  }
  return said;
}
#endif  // NARTHEX_HAS(METRICS)

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_TARGETS_HPP

// ==== narthex/periodic_pusher.hpp ===============================================================
// narthex/periodic_pusher.hpp - pushes a registry to a Pushgateway again and again, no faster than anybody looks.
// Room: balconies. Read push_gateway.hpp and detail/push_schedule.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PERIODIC_PUSHER_HPP
#define NARTHEX_PERIODIC_PUSHER_HPP

#include <cstdint>
#include <ctime>


NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Replaces one group of a Pushgateway (PUT) again and again, and a last time when it goes. For programs that no scrape can
/// reach; all others are better off with http_server, and both may show the same registry.
///
///   nx::periodic_pusher pusher{"http://127.0.0.1:9091", "edge", {{"instance", "till-17"}}};
///
/// The first push comes anywhere in the first interval, each other one an interval and up to a tenth of it after the one
/// before. While pushes fail the interval is base * (1 + 2 * error rate of the last 10), at most 30 s (or base). One
/// push is under way at a time, and each one, after a failure too, sends what the registry shows then: never an old body.
///
/// It tells of itself in the registry: narthex_push_calls_total and 15 more, which examples/monitoring/README.md lists. One
/// periodic_pusher for a registry: two would write the same gauges.
///
/// The arguments are those of push_gateway, and so is what is refused.
/// Errors:  of the arguments: in status() at once, and told to the error hook; nothing is pushed then. errc::shared_group: the grouping
///          key has no "instance" (or what the options name instead) and the options do not say shared_group(). Of pushes: in
///          the metrics, and the first of each row of failures to the error hook. Nothing throws or touches the process.
/// Threads: construct and destroy in one thread; the rest any. The registry's callbacks run in the pushing thread.
/// Cost:    updates of instruments pay nothing. A thread that sleeps; 4 kB in place.
/// Source:  Prometheus, "When to use the Pushgateway"; Pushgateway, README.
class periodic_pusher {
 public:
  periodic_pusher(string_view url, string_view job, const detail::group_labels& labels = detail::group_labels(),
                  const periodic_pusher_options& options = periodic_pusher_options()) noexcept
      : periodic_pusher(default_registry(), url, job, labels, options) {}
  periodic_pusher(registry_core& registry, string_view url, string_view job,
                  const detail::group_labels& labels = detail::group_labels(),
                  const periodic_pusher_options& options = periodic_pusher_options()) noexcept;

  /// Breaks off a push that is under way, pushes what the registry shows now (unless_scraped() may say no), and deletes the group if the options say so. The
  /// first two take at most final_timeout_ms together, whatever the gateway does; a deletion waits delete_after_ms before,
  /// if the push succeeded, and takes at most final_timeout_ms again. Does nothing in the child of a fork.
  ~periodic_pusher();
  periodic_pusher(const periodic_pusher&) = delete;
  periodic_pusher& operator=(const periodic_pusher&) = delete;

  /// ok, or what was refused when it was made.
  const NARTHEX_NAMESPACE::status& status() const noexcept { return status_; }
  bool ok() const noexcept { return status_.ok(); }

  /// Asks for a push before it is due: at the next multiple of the pace after the last one. However often it is asked, that is
  /// one push; while pushes fail, and before the first, the one that is due anyway. Costs an exchange; never waits.
  void push_soon() noexcept {
    metrics_.begin();
    if (early_.exchange(1, detail::memory_order_relaxed) != 0) metrics_.coalesce();
  }

  /// Without a thread: pushes if that is due, which takes at most the gateway options' timeout_ms.
  ///
  /// now_ms:  of a clock that never goes backwards; the first call says when time begins.
  /// Returns: how many milliseconds after now_ms to call again; a call that comes late pushes once, not once for each time missed. -1: never, for
  ///          there is a thread, it pushes only at the end, or status() is not ok, or it is the child of a fork.
  std::int64_t tick(std::int64_t now_ms) noexcept;

 private:
  NARTHEX_NAMESPACE::status prepare(const detail::group_path& group, const periodic_pusher_options& options) noexcept;
  static push_gateway_options widened(const periodic_pusher_options& options) noexcept;
  static void run(void* self);
  std::int64_t proceed(std::int64_t now_ms) noexcept;
  bool push(push_gateway::turn which, std::int64_t now_ms, int most_ms) noexcept;
  void give_up() noexcept;

  registry_core& registry_;
  detail::push_metrics metrics_;
  detail::push_targets targets_;
  detail::push_schedule schedule_;
  detail::push_patience patience_;
  detail::spool spool_;
  NARTHEX_NAMESPACE::status status_;
  os::owner owner_;
  const detail::scrape_clock* scraped_;
  int scraped_within_ms_;
  os::wakeup bell_;
  os::thread thread_;
  std::int64_t now_ms_;  // of the last push, by its clock
  int final_timeout_ms_, delete_after_ms_;
  periodic_pusher_options::runs running_;
  bool begun_, failing_, may_have_spooled_;
  detail::shared<std::uint32_t> early_, busy_;
};

// ---- bodies ----

inline periodic_pusher::periodic_pusher(registry_core& registry, string_view url, string_view job,
                                        const detail::group_labels& labels,
                                        const periodic_pusher_options& options) noexcept
    : registry_(registry), metrics_(registry),
      targets_(registry, url, detail::group_path(job, labels), widened(options), options, metrics_), scraped_(options.scraped),
      scraped_within_ms_(options.scraped_within_ms), now_ms_(0),
      final_timeout_ms_(options.final_timeout_ms > 1 ? options.final_timeout_ms : 1), delete_after_ms_(options.delete_after_ms),
      running_(options.running), begun_(false), failing_(false),
      may_have_spooled_(true), early_(0), busy_(0) {
  status_ = prepare(detail::group_path(job, labels), options);
  if (status_.ok() && running_ == periodic_pusher_options::runs::in_background) {
    status_ = bell_.open();
    if (status_.ok()) status_ = thread_.start(&run, this);
  }
  if (!status_.ok()) detail::report(status_);
}

/// A pace faster than 15 s is the consent to as many pushes; the gateway's own window stays behind it, by its own clock.
inline push_gateway_options periodic_pusher::widened(const periodic_pusher_options& options) noexcept {
  push_gateway_options o = options.gateway;
  // A transport that is connecting cannot be broken off: at the end there must be time for the last push after it.
  const int half_ms = options.final_timeout_ms / 2;
  if (o.over.is_set() && o.connect_timeout_ms > half_ms) o.connect_timeout_ms = half_ms;
  if (options.least == periodic_pusher_options::pace::every_15_s || o.per_seconds < 1) return o;
  const std::int64_t fit = std::int64_t(o.per_seconds) * 1000 / static_cast<int>(options.least) + 2;
  const unsigned most = push_gateway_options::max_pushes;
  const unsigned wanted = fit < most ? static_cast<unsigned>(fit) : most;
  if (o.pushes >= 1 && o.pushes < wanted) o.pushes = wanted;
  return o;
}

inline NARTHEX_NAMESPACE::status periodic_pusher::prepare(const detail::group_path& group,
                                                          const periodic_pusher_options& options) noexcept {
  const NARTHEX_NAMESPACE::status refused = targets_.why();
  if (!refused.ok()) return refused;
  bool distinguished = options.of == periodic_pusher_options::group::shared;
  for (std::size_t i = 0; i < group.labels().size(); ++i) {
    distinguished = distinguished || (group.labels().name_at(i) == options.distinguishing_label && !group.labels().value_at(i).empty());
  }
  if (!distinguished) return NARTHEX_NAMESPACE::status(errc::shared_group, options.distinguishing_label);
  detail::warn_of_ids(registry_, group);
  const NARTHEX_NAMESPACE::status place_for_bodies = spool_.prepare(options.spool, targets_.request().group());
  if (!place_for_bodies.ok()) detail::report(place_for_bodies);  // may be there later; and pushing is better than nothing
  patience_.set(options.give_up_after_ms, options.give_up_after_pushes);
  const std::uint64_t place = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(this));
  const std::uint64_t own = static_cast<std::uint64_t>(os::monotonic_us()) ^ place << 20 ^
                            static_cast<std::uint64_t>(owner_.number()) << 40 ^ static_cast<std::uint64_t>(std::time(nullptr)) << 32;
  schedule_.set(options.interval_ms, static_cast<int>(options.least), options.seed != 0 ? options.seed : own);
  const bool at_end = options.running == periodic_pusher_options::runs::at_end;
  metrics_.interval.set(at_end ? 0 : static_cast<double>(schedule_.interval_ms()) / 1000);
  return NARTHEX_NAMESPACE::status();
}

inline void periodic_pusher::run(void* self) {
  periodic_pusher& p = *static_cast<periodic_pusher*>(self);
  os::poll_set set;
  unsigned rung = 0;
  do {
    const std::int64_t next_ms = p.proceed(os::monotonic_ms()), left = next_ms - os::monotonic_ms();
    set.clear();
    rung = set.add(p.bell_);
    set.wait(left > 0 ? left : 0);
  } while (!set.ready(rung));
}

inline std::int64_t periodic_pusher::tick(std::int64_t now_ms) noexcept {
  if (!status_.ok() || running_ != periodic_pusher_options::runs::in_tick || !owner_.is_here()) return -1;
  // A callback of the registry, or another thread: the one that is in it will push.
  if (busy_.exchange(1, detail::memory_order_acquire) != 0) return 1000;
  const std::int64_t left = proceed(now_ms) - now_ms;
  busy_.store(0, detail::memory_order_release);
  return left > 0 ? left : 0;
}

/// Pushes if there is reason to. Returns: when there may be one again.
inline std::int64_t periodic_pusher::proceed(std::int64_t now_ms) noexcept {
  if (!begun_) schedule_.start(now_ms);
  begun_ = true;
  const bool due = schedule_.is_due(now_ms);
  if (due || schedule_.is_slot(now_ms)) {
    const bool early = early_.exchange(0, detail::memory_order_relaxed) != 0;
    if (due) metrics_.begin();
    if (due && early) metrics_.coalesce();
    if (due || early) {
      const bool good = push(push_gateway::turn::within_rate, now_ms, 0x7fffffff);
      if (patience_.has_run_out(now_ms, good)) give_up();
      schedule_.pushed(now_ms, good);
      metrics_.interval.set(static_cast<double>(schedule_.interval_ms()) / 1000);
    }
  }
  return schedule_.next_ms(now_ms);
}

inline bool periodic_pusher::push(push_gateway::turn which, std::int64_t now_ms, int most_ms) noexcept {
  now_ms_ = now_ms;
  const std::int64_t begin = os::monotonic_us();
  // The last push is not broken off: the bell has rung by then.
  const bool by_thread = running_ == periodic_pusher_options::runs::in_background;
  os::wakeup* const bell = by_thread && which == push_gateway::turn::within_rate ? &bell_ : nullptr;
  const push_result r = targets_.push(which, now_ms, most_ms, bell);
  metrics_.duration.observe(static_cast<double>(os::monotonic_us() - begin) / 1e6);
  metrics_.end(r.code());
  if (r.ok()) {
    set_to_current_time(metrics_.last_success);
    if (may_have_spooled_) spool_.forget();  // an earlier run's, too: what has arrived now is newer
    may_have_spooled_ = false;
  } else {
    const bool broken_off = bell && bell->rung_within(0);
    if (!failing_ && !broken_off) detail::report(r.why());
  }
  failing_ = !r.ok();
  return r.ok();
}

/// What the registry shows goes to the spool, under a number of its own: it is newer than all that was tried.
inline void periodic_pusher::give_up() noexcept {
  if (!spool_.is_set()) return metrics_.dropped.inc();
  const std::int64_t sequence_ms = targets_.count_up();
  unsigned removed = 0;
  const NARTHEX_NAMESPACE::status s = spool_.save(registry_, targets_.request(), "PUT", sequence_ms, removed);
  metrics_.dropped.inc(removed);
  (s.ok() ? metrics_.spooled : metrics_.dropped).inc();
  may_have_spooled_ = true;
  if (!s.ok()) detail::report(s);
}

inline periodic_pusher::~periodic_pusher() {
  const std::int64_t begin = os::monotonic_ms();
  if (thread_.running()) {
    bell_.ring();
    thread_.join();
  }
  if (!status_.ok() || !owner_.is_here()) return;
  if (early_.exchange(0, detail::memory_order_relaxed) != 0) metrics_.coalesce();
  const std::int64_t left = final_timeout_ms_ - (os::monotonic_ms() - begin);
  bool seen = scraped_ && scraped_->is_within(scraped_within_ms_, os::monotonic_ms());
  if (!seen) {
    metrics_.begin();
    const bool by_tick = running_ == periodic_pusher_options::runs::in_tick;
    seen = push(push_gateway::turn::free, by_tick ? now_ms_ : os::monotonic_ms(), left > 1 ? static_cast<int>(left) : 1);
    if (!seen) give_up();
  }
  if (delete_after_ms_ < 0) return;
  if (seen) os::pause_ms(delete_after_ms_);
  const push_result gone = targets_.remove(final_timeout_ms_);
  if (!gone.ok()) detail::report(gone.why());
}

#else  // compiled out: no thread, nothing is sent, and every answer is ok

class NARTHEX_DETAIL_IDLE periodic_pusher {
 public:
  periodic_pusher(string_view, string_view, const detail::group_labels& = detail::group_labels(),
                  const periodic_pusher_options& = periodic_pusher_options()) noexcept {}
  periodic_pusher(registry_core&, string_view, string_view, const detail::group_labels& = detail::group_labels(),
                  const periodic_pusher_options& = periodic_pusher_options()) noexcept {}
  periodic_pusher(const periodic_pusher&) = delete;
  periodic_pusher& operator=(const periodic_pusher&) = delete;
  const NARTHEX_NAMESPACE::status& status() const noexcept {
    static const NARTHEX_NAMESPACE::status fine;
    return fine;
  }
  bool ok() const noexcept { return true; }
  void push_soon() noexcept {}
  std::int64_t tick(std::int64_t) noexcept { return -1; }
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PERIODIC_PUSHER_HPP
