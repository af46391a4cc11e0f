// narthex/http_server.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/detail/exposition_format.hpp ======================================================
// narthex/detail/exposition_format.hpp - a format that an endpoint can offer; who includes no further one has text alone.
// Room: print shop. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP
#define NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

class chunk_writer;

/// What an endpoint needs to know of a format: constant tables and functions, handed out by reference, as
/// http_server_options().offer(nx::openmetrics()) takes it.
///
/// An answer is written series by series, between rests of the walk: begin(), then write() for each series, then end(); or
/// drop() alone, wherever the answer was broken off. After end() drop() is called, too.
struct exposition_format {
  /// What a clause of an Accept header may ask for, and the Content-Type that answers it. One that ends in "escaping="
  /// is completed with the scheme of that clause, and names are shown by it; with any other, names are shown as `names`
  /// says.
  struct version {
    const char* asked;         // the clause's `version`
    const char* content_type;  // null: there is no such version
  };
  struct parameter {
    const char* name;  // null: none
    const char* value;
  };
  /// Bytes of writers that every scrape has in place. Who needs more allocates in begin() and frees in drop().
  enum : std::size_t { most_bytes = NARTHEX_HAS(HEAP) ? 2048 : 256 };

  const char* media_type;  // "application/openmetrics-text"; compared without regard to case
  parameter needs[2];      // what a clause must say beside that, as protobuf's `proto` and `encoding`
  version versions[2];     // the first is for clauses that name none, too; the same again is for those that name a scheme
  name_escaping names;
  /// Null: chosen by Accept at the path of the metrics. ".json": served at that path with this behind it, whatever Accept
  /// says.
  const char* ending;
  std::size_t bytes;       // of the writer, at most most_bytes; aligned as 64 bits are

  /// Makes a writer in `memory`. False: no memory; then there is no drop(), and the answer is text.
  bool (*begin)(void* memory, chunk_writer& out);
  /// Writes a series. Of its names none are outside the legacy alphabet, unless `s.utf8` says so: then they are to be
  /// shown as they are.
  void (*write)(void* memory, const sample& s);
  /// Writes what follows the last series.
  void (*end)(void* memory);
  /// Frees what begin() took. Null: nothing.
  void (*drop)(void* memory);
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP

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

// ==== narthex/os/process.hpp ====================================================================
// narthex/os/process.hpp - the numbers of this process, each known or not.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_HPP
#define NARTHEX_OS_PROCESS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace os {

/// A number that the system told, or did not tell.
struct process_number {
  enum : std::uint64_t { most = ~std::uint64_t(0) };
  std::uint64_t value;
  bool known;
  process_number() noexcept : value(0), known(false) {}
  explicit process_number(std::uint64_t told) noexcept : value(told), known(true) {}
};

/// Both must be known, and the result fit.
inline process_number sum(const process_number& a, const process_number& b) noexcept {
  if (!a.known || !b.known || a.value + b.value < a.value) return process_number();
  return process_number(a.value + b.value);
}
inline process_number product(const process_number& a, const process_number& b) noexcept {
  if (!a.known || !b.known || (a.value && b.value > process_number::most / a.value)) return process_number();
  return process_number(a.value * b.value);
}

/// Reads the digits at `at`, up to the blank or line end that must follow: a text that was cut short must not give a
/// smaller number.
inline process_number read_number(string_view text, std::size_t at) noexcept {
  process_number n;
  const std::size_t begin = at;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    const unsigned digit = static_cast<unsigned>(text[at] - '0');
    if (n.value > (process_number::most - digit) / 10) return process_number();
    n.value = n.value * 10 + digit;
  }
  n.known = at > begin && at < text.size() && (text[at] == ' ' || text[at] == '\n');
  return n;
}

/// What /proc/self/stat tells.
struct process_stat {
  process_number cpu_ticks, threads, start_ticks, virtual_bytes, resident_pages;
};

/// Reads the one line of /proc/self/stat. A field that is missing, or not a number, is not known; the others are.
///
/// Source: proc(5), /proc/pid/stat. The second field is the command's name in parentheses and may hold blanks,
///         parentheses and line ends: fields are counted from the last closing one.
inline process_stat parse_process_stat(string_view text) noexcept {
  process_stat s;
  std::size_t at = text.size();
  while (at > 0 && text[at - 1] != ')') --at;
  if (at == 0) return s;
  process_number user, system;
  for (unsigned field = 3; at < text.size() && text[at] == ' '; ++field) {
    const process_number n = read_number(text, ++at);
    if (field == 14) user = n;
    if (field == 15) system = n;
    if (field == 20) s.threads = n;
    if (field == 22) s.start_ticks = n;
    if (field == 23) s.virtual_bytes = n;
    if (field == 24) s.resident_pages = n;
    while (at < text.size() && text[at] != ' ') ++at;
  }
  s.cpu_ticks = sum(user, system);
  return s;
}

/// Finds the line "btime N" of /proc/stat in pieces of any size: a line about interrupts before it has 10 kB and more
/// on large machines.
class boot_time_finder {
 public:
  boot_time_finder() noexcept : used_(0) {}

  /// Takes the next piece; true when the line was seen: no more is needed.
  bool take(const char* data, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i) {
      if (used_ < sizeof line_) line_[used_] = data[i];  // the rest of a longer line is another's
      ++used_;
      if (data[i] != '\n') continue;
      const string_view line(line_, used_ < sizeof line_ ? used_ : sizeof line_);
      used_ = 0;
      if (line.size() < 6 || std::memcmp(line.data(), "btime ", 6) != 0) continue;
      found_ = read_number(line, 6);
      return true;
    }
    return false;
  }
  /// Seconds since 1970.
  process_number found() const noexcept { return found_; }

 private:
  process_number found_;
  std::size_t used_;
  char line_[32];
};

/// One reading of everything.
struct process_values {
  process_number cpu_ticks, start_ticks, ticks_per_second;
  process_number boot_seconds;  ///< since 1970
  process_number open_files, threads, virtual_bytes, resident_bytes;
  process_number max_files, max_virtual_bytes;  ///< no limit: process_number::most
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_PROCESS_HPP

// ==== narthex/os/process_linux.hpp ==============================================================
// narthex/os/process_linux.hpp - reads the numbers of this process from /proc.
// Room: cellar. Read os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_LINUX_HPP
#define NARTHEX_OS_PROCESS_LINUX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if defined(__linux__)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Reads the numbers of the process that calls it: in a forked child, the child's.
///
/// Threads: read() from any number at once.
/// Memory:  what opendir() takes while it runs.
class process_reader {
 public:
  enum : bool { is_here = true };
  enum : std::size_t { max_root = 200 };

  /// proc: where procfs is mounted, up to max_root bytes; longer: nothing is known.
  explicit process_reader(string_view proc) noexcept : boot_(0), root_size_(proc.size()) {
    if (root_size_ <= max_root && root_size_) std::memcpy(path_, proc.data(), root_size_);
  }
  process_reader(const process_reader&) = delete;
  process_reader& operator=(const process_reader&) = delete;

  process_values read() noexcept {
    process_values v;
    if (root_size_ <= max_root) {
      const process_stat s = read_stat();
      v.cpu_ticks = s.cpu_ticks;
      v.start_ticks = s.start_ticks;
      v.threads = s.threads;
      v.virtual_bytes = s.virtual_bytes;
      v.resident_bytes = product(s.resident_pages, ask(_SC_PAGESIZE));
      v.boot_seconds = boot_time();
      v.open_files = count_files();
    }
    v.ticks_per_second = ask(_SC_CLK_TCK);
    v.max_files = limit(RLIMIT_NOFILE);
    v.max_virtual_bytes = limit(RLIMIT_AS);
    return v;
  }

 private:
  /// A path below the root, for one call.
  class path {
   public:
    path(const process_reader& from, string_view below) noexcept {
      std::memcpy(text_, from.path_, from.root_size_);
      std::memcpy(text_ + from.root_size_, below.data(), below.size());
      text_[from.root_size_ + below.size()] = '\0';
    }
    const char* text() const noexcept { return text_; }

   private:
    char text_[max_root + 16];
  };

  /// A file that is read from its beginning; no bytes when there is none.
  class source {
   public:
    explicit source(const path& at) noexcept : fd_(::open(at.text(), O_RDONLY | O_CLOEXEC)) {}
    ~source() {
      if (fd_ >= 0) ::close(fd_);
    }
    source(const source&) = delete;
    source& operator=(const source&) = delete;
    std::size_t read(char* to, std::size_t size) noexcept {
      if (fd_ < 0) return 0;
      ssize_t n = 0;
      do n = ::read(fd_, to, size);
      while (n < 0 && errno == EINTR);
      return n > 0 ? static_cast<std::size_t>(n) : 0;
    }

   private:
    int fd_;
  };

  process_stat read_stat() const noexcept {
    source from(path(*this, "/self/stat"));
    char text[2048];  // 52 numbers and a name of 64 bytes at most
    std::size_t n = 0, got = 0;
    while (n < sizeof text && (got = from.read(text + n, sizeof text - n)) > 0) n += got;
    // Whatever is longer has its last parenthesis nobody knows where.
    return n < sizeof text ? parse_process_stat(string_view(text, n)) : process_stat();
  }

  /// Read once, as it moves when the clock is set: a start time that changes would look like a restart.
  process_number boot_time() noexcept {
    const std::uint32_t known = boot_.load(detail::memory_order_relaxed);
    if (known) return process_number(known);
    source from(path(*this, "/stat"));
    boot_time_finder finder;
    char piece[1024];
    std::size_t got = 0;
    for (std::size_t all = 0; all < max_stat; all += got) {
      got = from.read(piece, sizeof piece);
      if (got == 0 || finder.take(piece, got)) break;
    }
    const process_number found = finder.found();
    if (!found.known || found.value == 0 || found.value > 0xffffffffu) return process_number();  // hidden, or nonsense
    boot_.store(static_cast<std::uint32_t>(found.value), detail::memory_order_relaxed);
    return found;
  }

  /// Without the one that the listing itself takes.
  process_number count_files() const noexcept {
    DIR* const folder = ::opendir(path(*this, "/self/fd").text());
    if (!folder) return process_number();
    const process_number own(static_cast<std::uint64_t>(::dirfd(folder)));
    std::uint64_t n = 0;
    errno = 0;
    while (const dirent* const entry = ::readdir(folder)) {
      char name[24];
      std::size_t size = 0;
      while (size < sizeof name - 1 && entry->d_name[size]) {
        name[size] = entry->d_name[size];
        ++size;
      }
      name[size++] = '\n';
      const process_number number = read_number(string_view(name, size), 0);
      if (number.known && number.value != own.value) ++n;
    }
    const bool whole = errno == 0;
    ::closedir(folder);
    return whole ? process_number(n) : process_number();
  }

  static process_number ask(int what) noexcept {
    const long n = ::sysconf(what);
    return n > 0 ? process_number(static_cast<std::uint64_t>(n)) : process_number();
  }

  template <class Which>
  static process_number limit(Which what) noexcept {
    rlimit l;
    if (::getrlimit(what, &l) != 0) return process_number();
    return process_number(l.rlim_cur == RLIM_INFINITY ? std::uint64_t(process_number::most) : static_cast<std::uint64_t>(l.rlim_cur));
  }

  enum : std::size_t { max_stat = 16u << 20 };  // of /proc/stat: 1,000 processors and 10,000 interrupts take less than 1 MB

  detail::shared<std::uint32_t> boot_;
  std::size_t root_size_;
  char path_[max_root];
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // __linux__

#endif  // NARTHEX_OS_PROCESS_LINUX_HPP

// ==== narthex/os/process_macos.hpp ==============================================================
// narthex/os/process_macos.hpp - reads the numbers of this process from macOS.
// Room: cellar. Read os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_MACOS_HPP
#define NARTHEX_OS_PROCESS_MACOS_HPP

#include <cstddef>
#include <cstdint>


#if defined(__APPLE__)

#include <dirent.h>
#include <errno.h>
#include <mach/mach.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Reads the numbers of the process that calls it: in a forked child, the child's. Compiled, never run.
///
/// Threads: read() from any number at once.
/// Memory:  what opendir() takes while it runs.
/// Source:  the values of client_golang.
class process_reader {
 public:
  enum : bool { is_here = true };
  enum : std::size_t { max_root = 200 };

  /// There is no procfs here.
  explicit process_reader(string_view) noexcept {}
  process_reader(const process_reader&) = delete;
  process_reader& operator=(const process_reader&) = delete;

  process_values read() noexcept {
    process_values v;
    v.ticks_per_second = process_number(1000000);
    rusage used;
    if (::getrusage(RUSAGE_SELF, &used) == 0) v.cpu_ticks = sum(micro(used.ru_utime), micro(used.ru_stime));
    read_start(v);
    read_task(v);
    v.open_files = count_files();
    v.max_files = limit(RLIMIT_NOFILE);
    v.max_virtual_bytes = limit(RLIMIT_AS);
    return v;
  }

 private:
  template <class Time>
  static process_number micro(const Time& t) noexcept {
    return process_number(static_cast<std::uint64_t>(t.tv_sec) * 1000000 + static_cast<std::uint64_t>(t.tv_usec));
  }

  static void read_start(process_values& v) noexcept {
    int which[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, static_cast<int>(::getpid())};
    kinfo_proc self;
    std::size_t size = sizeof self;
    if (::sysctl(which, 4, &self, &size, nullptr, 0) != 0 || size < sizeof self) return;
    v.start_ticks = micro(self.kp_proc.p_starttime);
    v.boot_seconds = process_number(0);  // the start is told in the time of the clock on the wall
  }

  /// Not by mach_task_self(), a macro with an old-style cast in it.
  static void read_task(process_values& v) noexcept {
    mach_task_basic_info task;
    mach_msg_type_number_t words = sizeof task / sizeof(natural_t);
    if (::task_info(mach_task_self_, MACH_TASK_BASIC_INFO, static_cast<task_info_t>(static_cast<void*>(&task)), &words) != KERN_SUCCESS) return;
    v.virtual_bytes = process_number(task.virtual_size);
    v.resident_bytes = process_number(task.resident_size);
  }

  /// Without the one that the listing itself takes.
  static process_number count_files() noexcept {
    DIR* const folder = ::opendir("/dev/fd");
    if (!folder) return process_number();
    std::uint64_t n = 0;
    errno = 0;
    while (const dirent* const entry = ::readdir(folder)) n += entry->d_name[0] != '.';
    const bool whole = errno == 0 && n > 0;
    ::closedir(folder);
    return whole ? process_number(n - 1) : process_number();
  }

  static process_number limit(int what) noexcept {
    rlimit l;
    if (::getrlimit(what, &l) != 0) return process_number();
    return process_number(l.rlim_cur == RLIM_INFINITY ? std::uint64_t(process_number::most) : static_cast<std::uint64_t>(l.rlim_cur));
  }
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // __APPLE__

#endif  // NARTHEX_OS_PROCESS_MACOS_HPP

// ==== narthex/os/process_windows.hpp ============================================================
// narthex/os/process_windows.hpp - reads the numbers of this process from Windows.
// Room: cellar. Read os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_WINDOWS_HPP
#define NARTHEX_OS_PROCESS_WINDOWS_HPP

#include <cstddef>
#include <cstdint>


#if NARTHEX_HAS(WINDOWS)

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Threads: read() from any number at once.
/// Source:  the values of client_golang: handles stand for descriptors, of which 2^24 is the most that Windows gives; what is
///          called virtual is what the process has asked for. The number of threads is left out: Windows tells it only
///          with a list of all threads of all processes.
class process_reader {
 public:
  enum : bool { is_here = true };
  enum : std::size_t { max_root = 200 };

  /// There is no procfs here.
  explicit process_reader(string_view) noexcept {}
  process_reader(const process_reader&) = delete;
  process_reader& operator=(const process_reader&) = delete;

  process_values read() noexcept {
    process_values v;
    const windows::handle self = windows::GetCurrentProcess();
    file_time begun = {0, 0}, ended = {0, 0}, kernel = {0, 0}, user = {0, 0};
    if (windows::GetProcessTimes(self, begun.out(), ended.out(), kernel.out(), user.out())) {
      v.cpu_ticks = sum(process_number(kernel.ticks()), process_number(user.ticks()));
      if (begun.ticks() > at_1970) v.start_ticks = process_number(begun.ticks() - at_1970);
      v.boot_seconds = process_number(0);  // the start is told in the time of the clock on the wall
      v.ticks_per_second = process_number(10000000);
    }
    windows::dword handles = 0;
    if (windows::GetProcessHandleCount(self, &handles)) v.open_files = told(handles);
    v.max_files = process_number(1u << 24);
    memory_counters memory = {};
    memory.size = static_cast<windows::dword>(sizeof memory);
    if (windows::K32GetProcessMemoryInfo(self, windows::as<_PROCESS_MEMORY_COUNTERS>(&memory), memory.size)) {
      v.virtual_bytes = told(memory.asked_for);
      v.resident_bytes = told(memory.resident);
    }
    return v;
  }

 private:
  enum : std::uint64_t { at_1970 = 116444736000000000u };  // in ticks of 100 ns, from 1601

  /// No process has none of these: Wine 8 says 0 for what it does not count.
  static process_number told(std::uint64_t n) noexcept { return n ? process_number(n) : process_number(); }

  struct file_time {
    std::uint32_t low, high;
    std::uint64_t ticks() const noexcept { return static_cast<std::uint64_t>(high) << 32 | low; }
    _FILETIME* out() noexcept { return windows::as<_FILETIME>(this); }
  };
  struct memory_counters {  // PROCESS_MEMORY_COUNTERS_EX
    windows::dword size, faults;
    std::size_t peak_resident, resident, pools[4], paged, peak_paged, asked_for;
  };
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(WINDOWS)

#endif  // NARTHEX_OS_PROCESS_WINDOWS_HPP

// ==== narthex/os/process_reader.hpp =============================================================
// narthex/os/process_reader.hpp - reads the numbers of this process, by the half of your system.
// Room: cellar. Read os/process.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_READER_HPP
#define NARTHEX_OS_PROCESS_READER_HPP

#include <cstddef>


// The same class in each, and each guards its own body. What a system does not tell is not known: it is left out, not made up.

#if !defined(__linux__) && !defined(__APPLE__) && !defined(_WIN32)

NARTHEX_BEGIN_NAMESPACE
namespace os {

class process_reader {
 public:
  enum : bool { is_here = false };
  enum : std::size_t { max_root = 200 };
  explicit process_reader(string_view) noexcept {}
  process_reader(const process_reader&) = delete;
  process_reader& operator=(const process_reader&) = delete;
  process_values read() noexcept { return process_values(); }
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif

#endif  // NARTHEX_OS_PROCESS_READER_HPP

// ==== narthex/process_collector.hpp =============================================================
// narthex/process_collector.hpp - the standard process_* metrics of the program itself.
// Room: balconies. Read collector.hpp and os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PROCESS_COLLECTOR_HPP
#define NARTHEX_PROCESS_COLLECTOR_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>


NARTHEX_BEGIN_NAMESPACE

/// Where a process_collector looks.
struct process_collector_options {
  /// Where procfs is mounted, on Linux; at most os::process_reader::max_root bytes. It is this process that is measured in any case.
  string_view proc = "/proc";

  process_collector_options& set_proc(string_view folder) noexcept {
    proc = folder;
    return *this;
  }
};

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

namespace detail {
/// Whether a process_collector stands in this registry, or in one that is attached to it.
inline bool has_process_metrics(const registry_core& top) noexcept {
  const inside_lists inside;
  for (const registry_core* r = &top; r; r = r->next_in_tree(&top)) {
    const collector* maker = nullptr;  // both names of one: a user's collector may have one of them
    for (const family_node* n = r->first(); n; n = n->next.load(memory_order_seq_cst)) {
      if (n->ops->kind != storage::collected || r->prefix() != top.prefix()) continue;
      const collector* const owner = static_cast<const collected_node*>(n)->owner;
      if (string_view(n->name()) == "process_cpu_seconds_total") maker = owner;
      if (maker == owner && string_view(n->name()) == "process_threads") return true;
    }
  }
  return false;
}
}  // namespace detail

/// Exposes process_cpu_seconds_total, process_open_fds, process_max_fds, process_virtual_memory_bytes,
/// process_virtual_memory_max_bytes, process_resident_memory_bytes, process_start_time_seconds and process_threads, while it lives.
///
///   nx::process_collector numbers{registry};       // for the default registry: nx::install_process_metrics();
///
/// A value that cannot be read is left out of that scrape; none is ever made up. No limit is shown as 1.8446744073709552e+19,
/// as client_golang does. A forked child shows its own numbers. On Windows handles stand for descriptors, 16777216 is the most,
/// virtual memory is what was asked for, and its limit and the threads are left out; on macOS the threads are.
/// Errors:  see status(): errc::unsupported where there is neither Linux, Windows nor macOS, or no heap; errc::too_large for a long path;
///          errc::name_taken when something else has one of the names (the others are exposed).
/// Threads: as collector.
/// Cost:    measured, a scrape takes 10 us with few open files, 0.2 ms with 1,000 and 3 ms with 10,000: the system lists them.
/// Source:  Prometheus, "Writing client libraries", Process metrics; proc(5).
class process_collector {
 public:
  explicit process_collector(const process_collector_options& options = process_collector_options()) noexcept
      : process_collector(default_registry(), options) {}
  explicit process_collector(registry_core& registry,
                             const process_collector_options& options = process_collector_options()) noexcept;
  /// Takes its metrics out of the registry and waits for its own call, if one is running.
  ~process_collector() { unregister(); }
  process_collector(const process_collector&) = delete;
  process_collector& operator=(const process_collector&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept;
  void unregister() noexcept;

 private:
  enum : unsigned { cpu, open_files, max_files, virtual_bytes, max_virtual_bytes, resident_bytes, start, threads };
  void collect(collected& out) noexcept;
  static void add(collected& out, unsigned family, const os::process_number& n) noexcept {
    if (!n.known) return;
    if (n.value == os::process_number::most) out.add(family, {}, static_cast<double>(n.value));
    else out.add(family, {}, n.value);
  }

  os::process_reader reader_;
  errc never_;  // why there are no families
  union {
    collector families_;
  };
};

inline process_collector::process_collector(registry_core& registry, const process_collector_options& options) noexcept
    : reader_(options.proc), never_(errc::ok) {
  if (!os::process_reader::is_here) never_ = errc::unsupported;
  else if (options.proc.size() > os::process_reader::max_root) never_ = errc::too_large;
  else if (detail::has_process_metrics(registry)) never_ = errc::name_taken;  // one line about it instead of eight
  if (never_ == errc::ok) {
    // Not one of these texts is ours: dashboards and people know them from other clients.
    new (&families_) collector(
        registry,
        {{metric_type::counter, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {}},
         {metric_type::gauge, "process_open_fds", "Number of open file descriptors.", {}},
         {metric_type::gauge, "process_max_fds", "Maximum number of open file descriptors.", {}},
         {metric_type::gauge, "process_virtual_memory_bytes", "Virtual memory size in bytes.", {}},
         {metric_type::gauge, "process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", {}},
         {metric_type::gauge, "process_resident_memory_bytes", "Resident memory size in bytes.", {}},
         {metric_type::gauge, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {}},
         {metric_type::gauge, "process_threads", "Number of OS threads in the process.", {}}},
        [this](collected& out) { collect(out); });
  } else if (never_ != errc::unsupported) {
    registry.count(mistake::registration);
    detail::report(status());
  }
}

inline status process_collector::status() const noexcept {
  using answer = NARTHEX_NAMESPACE::status;
  if (never_ == errc::ok) return families_.status();
  return never_ == errc::too_large ? answer(never_, "process_collector", os::process_reader::max_root)
                                   : answer(never_, "process_collector");
}

inline void process_collector::unregister() noexcept {
  if (never_ != errc::ok) return;
  families_.~collector();
  never_ = errc::not_registered;
}

inline void process_collector::collect(collected& out) noexcept {
  const os::process_values v = reader_.read();
  const double ticks = static_cast<double>(v.ticks_per_second.value);
  if (v.ticks_per_second.known && v.cpu_ticks.known) out.add(cpu, {}, static_cast<double>(v.cpu_ticks.value) / ticks);
  add(out, open_files, v.open_files);
  add(out, max_files, v.max_files);
  add(out, virtual_bytes, v.virtual_bytes);
  add(out, max_virtual_bytes, v.max_virtual_bytes);
  add(out, resident_bytes, v.resident_bytes);
  if (v.ticks_per_second.known && v.start_ticks.known && v.boot_seconds.known) {
    out.add(start, {}, static_cast<double>(v.boot_seconds.value) + static_cast<double>(v.start_ticks.value) / ticks);
  }
  add(out, threads, v.threads);
}

namespace detail {

/// The default registry's process_collector: made when it is asked for, never destroyed, as the registry itself.
template <class Once>
struct installed_process_metrics {
  enum : std::uint32_t { nothing, in_the_making, there };
  static shared<std::uint32_t> state;
  alignas(process_collector) static unsigned char room[sizeof(process_collector)];

  static process_collector& get() noexcept { return *static_cast<process_collector*>(static_cast<void*>(room)); }
};
template <class Once>
shared<std::uint32_t> installed_process_metrics<Once>::state(0);
template <class Once>
alignas(process_collector) unsigned char installed_process_metrics<Once>::room[sizeof(process_collector)];

}  // namespace detail

#else  // no collector without a heap; or compiled out

class NARTHEX_DETAIL_IDLE process_collector {
 public:
  explicit process_collector(const process_collector_options& = process_collector_options()) noexcept {}
  explicit process_collector(registry_core&, const process_collector_options& = process_collector_options()) noexcept {}
  process_collector(const process_collector&) = delete;
  process_collector& operator=(const process_collector&) = delete;
  NARTHEX_NAMESPACE::status status() const noexcept {
    return NARTHEX_HAS(METRICS) ? NARTHEX_NAMESPACE::status(errc::unsupported, "process_collector") : NARTHEX_NAMESPACE::status();
  }
  void unregister() noexcept {}
};

#endif

/// Adds the process_* metrics to the default registry, for the rest of the program; http_server does so by itself.
///
/// Once is enough, more do no harm. Where a process_collector of the program's own is there already, this changes
/// nothing and is ok. A forked child has them too, with its own numbers.
/// Errors:  errc::unsupported, errc::no_memory; errc::name_taken when a metric of the program has one of the names (the
///          others are exposed); errc::busy when another thread is in the middle of it, for long.
/// Threads: any, at any time.
inline status install_process_metrics() noexcept {
#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
  if (!os::process_reader::is_here) return status(errc::unsupported, "process_collector");
  using holder = detail::installed_process_metrics<void>;
  // Not for ever: it may be this thread itself, by way of the error hook, or one that a fork left behind.
  detail::patience p;
  for (unsigned turns = 0; turns < 10000; ++turns) {
    std::uint32_t state = holder::nothing;
    if (holder::state.compare_exchange_strong(state, holder::in_the_making, detail::memory_order_acquire,
                                              detail::memory_order_acquire)) {
      status result;
      if (!detail::has_process_metrics(default_registry())) {
        result = (new (holder::room) process_collector())->status();
        if (result.ok() || result.code() != errc::no_memory) {
          holder::state.store(holder::there, detail::memory_order_release);
          return result;
        }
        holder::get().~process_collector();
      }
      holder::state.store(holder::nothing, detail::memory_order_release);
      return result;
    }
    if (state == holder::there) return holder::get().status();
    p.wait();
    if (p.in_vain()) break;
  }
  return status(errc::busy, "install_process_metrics");
#else
  return process_collector().status();
#endif
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PROCESS_COLLECTOR_HPP

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

// ==== narthex/detail/http_accept_encoding.hpp ===================================================
// narthex/detail/http_accept_encoding.hpp - whether a client takes gzip, by its Accept-Encoding.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP
#define NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Who says nothing gets the body as it is, and so does who is not understood: that is always right.
///
/// Source: RFC 9110, 12.5.3 and 12.4.2.
class http_accept_encoding {
 public:
  /// Reads one header line; further lines add to it.
  void read(string_view list) noexcept {
    for (http_element one; one.next(list);) {
      const int weight = static_cast<int>(one.weight());
      if (same_word(one.name, "gzip") || same_word(one.name, "x-gzip")) gzip_ = weight;
      else if (same_word(one.name, "identity")) identity_ = weight;
      else if (one.name == "*") any_ = weight;
    }
  }
  /// Accepted, and not less than the body as it is.
  bool takes_gzip() const noexcept {
    const int weight = gzip_ == unsaid ? any_ : gzip_;
    return weight > 0 && weight >= identity_;
  }

 private:
  enum : int { unsaid = -1 };

  int gzip_ = unsaid, any_ = unsaid, identity_ = unsaid;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP

// ==== narthex/detail/http_accept.hpp ============================================================
// narthex/detail/http_accept.hpp - which format a client gets, by its Accept.
// Room: balconies. Read exposition_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ACCEPT_HPP
#define NARTHEX_DETAIL_HTTP_ACCEPT_HPP


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A scheme's name in a Content-Type.
inline const char* word_of(name_escaping scheme) noexcept {
  switch (scheme) {
    case name_escaping::allow_utf_8: return "allow-utf-8";
    case name_escaping::dots: return "dots";
    case name_escaping::values: return "values";
    case name_escaping::underscores: break;
  }
  return "underscores";
}

/// The format of an answer, and how it announces itself.
struct format_choice {
  const exposition_format* format;
  const char* content_type;
  name_escaping names;
  bool says_names;  // the Content-Type ends in the scheme's word
  bool varies;      // another client might get another one

  format_choice(const exposition_format& chosen, const char* type, name_escaping asked) noexcept
      : format(&chosen), content_type(type), names(chosen.names), says_names(string_view(type).ends_with("escaping=")), varies(false) {
    if (says_names) names = asked;
  }
};

/// Of what a client asks for, the most welcome that is offered; text 0.0.4 when that is nothing. Never a refusal: whoever
/// asks without knowing is shown what there is.
///
/// Cost: one pass over the header, whatever it says.
/// Source: RFC 9110, 12.5.1; the headers that Prometheus 2.0 to 3.14 sends.
class http_accept {
 public:
  /// offered: `count` formats, null where there are fewer.
  http_accept(const exposition_format& text, const exposition_format* const* offered, unsigned count) noexcept
      : text_(text), offered_(offered), count_(count), weight_(0),
        best_(text, text.versions[0].content_type, name_escaping::underscores) {}

  /// Reads one header line; further lines add to it.
  void read(string_view list) noexcept {
    for (http_element one; one.next(list);) {
      const unsigned weight = one.weight();
      if (weight <= weight_) continue;  // the first of two equally welcome ones
      if (one.name == "*/*" || same_word(one.name, "text/*")) {
        weight_ = weight;
        best_ = format_choice(text_, text_.versions[0].content_type, name_escaping::underscores);
      } else if (!consider(text_, one, weight)) {
        for (unsigned i = 0; i < count_ && offered_[i]; ++i) {
          if (!offered_[i]->ending && consider(*offered_[i], one, weight)) break;
        }
      }
    }
  }
  const format_choice& best() const noexcept { return best_; }

 private:
  bool consider(const exposition_format& f, const http_element& one, unsigned weight) noexcept {
    if (!same_word(one.name, f.media_type)) return false;
    string_view value;
    for (const exposition_format::parameter& p : f.needs) {
      if (p.name && (!one.find(p.name, value) || !same_word(value, p.value))) return false;
    }
    const bool any = !one.find("version", value);
    const name_escaping scheme = escaping_of(one);
    const exposition_format::version* found = nullptr;
    for (const exposition_format::version& v : f.versions) {
      if (!v.content_type || !(any || same_word(value, v.asked ? v.asked : ""))) continue;
      if (!found || (v.asked == found->asked && scheme != name_escaping::underscores)) found = &v;
    }
    if (!found) return false;
    weight_ = weight;
    best_ = format_choice(f, found->content_type, scheme);
    return true;
  }
  static name_escaping escaping_of(const http_element& one) noexcept {
    string_view value;
    if (one.find("escaping", value)) {
      for (name_escaping scheme : {name_escaping::allow_utf_8, name_escaping::dots, name_escaping::values}) {
        if (same_word(value, word_of(scheme))) return scheme;
      }
    }
    return name_escaping::underscores;
  }

  const exposition_format& text_;
  const exposition_format* const* offered_;
  unsigned count_, weight_;
  format_choice best_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ACCEPT_HPP

// ==== narthex/detail/http_request.hpp ===========================================================
// narthex/detail/http_request.hpp - the head of a request, read; no socket, no metric.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_REQUEST_HPP
#define NARTHEX_DETAIL_HTTP_REQUEST_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A request's head; `code` is 200 or says why it is refused.
///
/// Source: RFC 9112 (HTTP/1.1), sections 2 to 6 and 9.3.
struct http_request {
  enum : std::size_t { max_body_bytes = 65536 };  // nothing here reads a body: it is only passed over

  int code = 400;
  int minor = 1;               // the answer is HTTP/1.0 or HTTP/1.1
  bool wants_body = true;
  bool keep_alive = false;     // another request may follow; never behind a body, nor behind what was not understood
  std::size_t head_bytes = 0;  // with the empty lines before it and the one that ends it; 0: it does not end
  string_view path;
  string_view query;           // behind the '?'
  string_view host;            // as the client wrote it
  string_view authorization;
  http_accept_encoding encodings;
  string_view fields;          // all header lines
  int scrape_timeout_ms = -1;  // how long the scraper waits for the answer; -1: it did not say

  /// Whether the empty line that ends a head is there.
  static bool is_complete(string_view text) noexcept { return end_of_head(text) != 0; }

  /// Reads the head at the beginning of `text`, which may be no longer than `max_bytes`.
  void read(string_view text, std::size_t max_bytes) noexcept {
    const std::size_t end = end_of_head(text);
    if (end == 0 || end > max_bytes) {
      if (text.size() < max_bytes) return;
      const string_view seen = without_empty_lines(text.first(max_bytes));
      code = find_char(seen, '\n') < seen.size() ? 431 : 414;
      return;
    }
    string_view rest = without_empty_lines(text.first(end));
    string_view line;
    if (!next_line(rest, line) || !read_line(line)) return;
    fields = rest;
    counts seen;
    while (next_line(rest, line)) {
      if (line.empty()) return finish(seen, end);
      const std::size_t colon = find_char(line, ':');
      if (colon == line.size() || !is_token(line.first(colon))) break;  // a folded line, or a blank before the colon
      read_field(line.first(colon), trim_blanks(line.from(colon + 1)), seen);
    }
    code = 400;
  }

  /// Calls take(value) for each header line of that name.
  template <class Take>
  void each(string_view name, Take&& take) const {
    string_view rest = fields, line;
    while (next_line(rest, line)) {
      const std::size_t colon = find_char(line, ':');
      if (colon < line.size() && same_word(line.first(colon), name)) take(trim_blanks(line.from(colon + 1)));
    }
  }

 private:
  struct counts {
    int hosts = 0, authorizations = 0;
    bool has_length = false, has_coding = false, is_bad = false, says_close = false;
    std::size_t length = 0;
  };

  static string_view without_empty_lines(string_view s) noexcept {
    while (!s.empty() && (s[0] == '\r' || s[0] == '\n')) s = s.from(1);
    return s;
  }

  /// How many bytes a whole head takes; 0 when its end is not there.
  static std::size_t end_of_head(string_view all) noexcept {
    const string_view text = without_empty_lines(all);
    const std::size_t before = all.size() - text.size();
    for (std::size_t i = find_char(text, '\n'); i < text.size(); i += 1 + find_char(text.from(i + 1), '\n')) {
      const string_view next = text.from(i + 1);
      if (!next.empty() && next[0] == '\n') return before + i + 2;
      if (next.size() > 1 && next[0] == '\r' && next[1] == '\n') return before + i + 3;
    }
    return 0;
  }

  /// Cuts the next line off `rest`, without its CRLF (or bare LF). Control bytes make it no line.
  static bool next_line(string_view& rest, string_view& line) noexcept {
    const std::size_t n = find_char(rest, '\n');
    if (n == rest.size()) return false;
    line = rest.first(n > 0 && rest[n - 1] == '\r' ? n - 1 : n);
    rest = rest.from(n + 1);
    for (char c : line) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return true;
  }

  void read_field(string_view name, string_view value, counts& seen) noexcept {
    if (same_word(name, "host")) {
      ++seen.hosts;
      host = value;
    } else if (same_word(name, "authorization")) {
      ++seen.authorizations;
      authorization = value;
    } else if (NARTHEX_HAS(HEAP) && same_word(name, "accept-encoding")) {  // nothing is coded without one
      encodings.read(value);
    } else if (NARTHEX_HAS(HEAP) && same_word(name, "x-prometheus-scrape-timeout-seconds")) {  // only collectors want to know
      scrape_timeout_ms = milliseconds(value);
    } else if (same_word(name, "connection")) {
      seen.says_close = seen.says_close || has_word(value, "close");
    } else if (same_word(name, "transfer-encoding")) {
      seen.has_coding = true;
    } else if (same_word(name, "content-length")) {
      std::size_t n = 0;
      seen.is_bad = seen.is_bad || value.empty();
      for (char c : value) {
        seen.is_bad = seen.is_bad || c < '0' || c > '9';
        if (n <= max_body_bytes) n = n * 10 + static_cast<std::size_t>(c - '0');  // larger is too large, whatever follows
      }
      seen.is_bad = seen.is_bad || (seen.has_length && seen.length != n);
      seen.has_length = true;
      seen.length = n;
    }
  }

  /// Of "10", "0.5" or "10.000000" seconds; at most a day, -1 for anything else.
  static int milliseconds(string_view seconds) noexcept {
    const int most = 86400000;
    int whole = 0, part = 0, digit = 1000;
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      const int value = seconds[i] - '0';
      if (seconds[i] == '.' && i > 0 && digit == 1000) {
        digit = 100;
      } else if (!is_digit(seconds[i])) {
        return -1;
      } else if (digit == 1000) {
        whole = whole < most / 1000 ? whole * 10 + value : whole;
      } else {
        part += value * digit;
        digit /= 10;
      }
    }
    return seconds.empty() ? -1 : whole < most / 1000 ? whole * 1000 + part : most;
  }

  void finish(const counts& seen, std::size_t end) noexcept {
    // 3.2: without exactly one Host, HTTP/1.1 must be refused. 6.3: two lengths are an attempt to smuggle.
    if (code == 200 && (seen.hosts > 1 || (seen.hosts == 0 && minor >= 1))) code = 400;
    if (seen.is_bad || (seen.has_length && seen.has_coding) || seen.authorizations > 1) code = 400;
    if (code == 200 && seen.has_coding) code = 501;
    if (code == 200 && seen.length > max_body_bytes) code = 413;
    head_bytes = end;
    keep_alive = (code == 200 || code == 405) && minor >= 1 && !seen.says_close && !seen.has_coding && seen.length == 0;
  }

  bool refuse() noexcept {
    code = 400;
    return false;
  }

  /// "GET /metrics?name HTTP/1.1". False: nonsense, and `code` stays 400.
  bool read_line(string_view line) noexcept {
    const std::size_t first = find_char(line, ' ');
    if (first == line.size()) return false;
    const string_view method = line.first(first);
    line = line.from(first + 1);
    const std::size_t second = find_char(line, ' ');
    if (second == line.size() || second == 0) return false;
    string_view target = line.first(second);
    const string_view v = line.from(second + 1);
    if (!is_token(method) || v.size() != 8 || v.first(5) != "HTTP/" || v[6] != '.') return false;
    if (v[5] < '0' || v[5] > '9' || v[7] < '0' || v[7] > '9') return false;
    code = 200;
    wants_body = method != "HEAD";
    if (v[5] != '1') {
      code = 505;
      return true;
    }
    minor = v[7] == '0' ? 0 : 1;
    if (wants_body && method != "GET") {
      code = 405;
      return true;
    }
    const std::size_t scheme = find_char(target, ':');
    if (same_word(target.first(scheme), "http") || same_word(target.first(scheme), "https")) {
      target = target.from(scheme);
      if (target.size() < 4 || target.first(3) != "://" || target[3] == '/') return refuse();
      target = target.from(3);
      std::size_t authority = 0;
      while (authority < target.size() && target[authority] != '/' && target[authority] != '?') ++authority;
      read_path(target.from(authority));
      if (path.empty()) path = "/";
      return true;
    }
    read_path(target);
    if (path.empty() || path[0] != '/') return refuse();
    return true;
  }

  void read_path(string_view target) noexcept {
    const std::size_t mark = find_char(target, '?');
    path = target.first(mark);
    if (mark < target.size()) query = target.from(mark + 1);
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_REQUEST_HPP

// ==== narthex/detail/http_formats.hpp ===========================================================
// narthex/detail/http_formats.hpp - the formats of an endpoint: text, and what is offered beside it.
// Room: balconies. Read http_accept.hpp and http_request.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_FORMATS_HPP
#define NARTHEX_DETAIL_HTTP_FORMATS_HPP

#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Text as a format among others. Version 1.0.0 is 0.0.4 with UTF-8 names, and offered where there are any.
template <class Once>
struct text_exposition {
  static bool begin(void* memory, chunk_writer& out) { return new (memory) text_writer(out), true; }
  static void write(void* memory, const sample& s) { static_cast<text_writer*>(memory)->write(s); }
  static void end(void*) {}
  static_assert(sizeof(text_writer) <= exposition_format::most_bytes, "its place is there");
  static const exposition_format legacy, with_utf8_names;
};
template <class Once>
const exposition_format text_exposition<Once>::legacy = {
    "text/plain", {{nullptr, nullptr}, {nullptr, nullptr}},
    {{"0.0.4", "text/plain; version=0.0.4; charset=utf-8"}, {nullptr, nullptr}},
    name_escaping::underscores, nullptr, sizeof(text_writer), &begin, &write, &end, nullptr};
template <class Once>
const exposition_format text_exposition<Once>::with_utf8_names = {
    "text/plain", {{nullptr, nullptr}, {nullptr, nullptr}},
    {{"0.0.4", "text/plain; version=0.0.4; charset=utf-8"}, {"1.0.0", "text/plain; version=1.0.0; charset=utf-8; escaping="}},
    name_escaping::underscores, nullptr, sizeof(text_writer), &begin, &write, &end, nullptr};

/// What is offered beside text. Who offers nothing in a build without a heap, where there are no UTF-8 names either, links no
/// negotiation.
struct format_offers {
  enum : unsigned { most = 4 };
  const exposition_format* list[most] = {};  // null: no more

  void add(const exposition_format& format) noexcept {
    unsigned i = 0;
    while (i + 1 < most && list[i] && list[i] != &format) ++i;
    list[i] = &format;
#if !NARTHEX_HAS(HEAP)
    choose_ = &choose;
#endif
  }

  /// The answer to a request for the metrics, which are at `path`; false when it is not for them.
  bool choose(const http_request& request, string_view path, format_choice& chosen) const {
#if NARTHEX_HAS(HEAP)
    return choose(*this, request, path, chosen);
#else
    return choose_ ? choose_(*this, request, path, chosen) : request.path == path;
#endif
  }

 private:
  static bool choose(const format_offers& offers, const http_request& request, string_view path, format_choice& chosen) {
    if (request.path == path) {
      const bool utf8 = utf8_in_use() != nullptr;
      http_accept accept(utf8 ? text_exposition<void>::with_utf8_names : text_exposition<void>::legacy, offers.list, most);
      request.each("accept", [&accept](string_view list_of_types) { accept.read(list_of_types); });
      chosen = accept.best();
      chosen.varies = utf8;
      for (const exposition_format* f : offers.list) chosen.varies = chosen.varies || (f && !f->ending);
      return true;
    }
    if (request.path.size() < path.size() || request.path.first(path.size()) != path) return false;
    for (const exposition_format* f : offers.list) {
      if (!f || !f->ending || request.path.from(path.size()) != f->ending) continue;
      chosen = format_choice(*f, f->versions[0].content_type, f->names);
      return true;
    }
    return false;
  }
#if !NARTHEX_HAS(HEAP)
  bool (*choose_)(const format_offers&, const http_request&, string_view, format_choice&) = nullptr;
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_FORMATS_HPP

// ==== narthex/detail/http_access.hpp ============================================================
// narthex/detail/http_access.hpp - who may ask: basic authentication and bearer tokens.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ACCESS_HPP
#define NARTHEX_DETAIL_HTTP_ACCESS_HPP

#include <cstddef>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Whether two texts are equal, in a time that depends on the length of `given` alone.
inline bool same_secret(string_view given, string_view secret) noexcept {
  volatile unsigned difference = given.size() == secret.size() ? 0u : 1u;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char wanted = secret.empty() ? '\0' : secret[i % secret.size()];
    difference = difference | static_cast<unsigned>(static_cast<unsigned char>(given[i] ^ wanted));
  }
  return difference == 0;
}

/// The credentials of a server. Nothing set: everybody may ask. Something set that cannot be right: nobody may.
///
/// Source: RFC 7617 (basic), RFC 6750 (bearer).
class http_access {
 public:
  enum : std::size_t { max_bytes = 192 };  // of "user:password", and of a token

  http_access() noexcept : basic_size_(0), bearer_size_(0), bad_(false) {}

  void set_basic(string_view user, string_view password) noexcept {
    char plain[max_bytes];
    const std::size_t size = user.size() + 1 + password.size();
    bad_ = bad_ || user.empty() || size > max_bytes || !is_clean(user) || !is_clean(password) ||
           find_char(user, ':') < user.size();
    if (bad_) return;
    std::memcpy(plain, user.data(), user.size());
    plain[user.size()] = ':';
    if (!password.empty()) std::memcpy(plain + user.size() + 1, password.data(), password.size());
    basic_size_ = static_cast<std::size_t>(write_base64(basic_, string_view(plain, size), base64::padded) - basic_);
  }
  void set_bearer(string_view token) noexcept {
    bad_ = bad_ || token.empty() || token.size() > max_bytes || !is_clean(token) || find_char(token, ' ') < token.size();
    if (bad_) return;
    std::memcpy(bearer_, token.data(), token.size());
    bearer_size_ = token.size();
  }

  bool ok() const noexcept { return !bad_; }
  bool has_basic() const noexcept { return basic_size_ != 0; }

  /// authorization: the header's value.
  bool admits(string_view authorization) const noexcept {
    if (bad_) return false;
    if (basic_size_ == 0 && bearer_size_ == 0) return true;
    const std::size_t blank = find_char(authorization, ' ');
    const string_view scheme = authorization.first(blank), given = trim_blanks(authorization.from(blank));
    if (basic_size_ && same_word(scheme, "basic")) return same_secret(given, string_view(basic_, basic_size_));
    if (bearer_size_ && same_word(scheme, "bearer")) return same_secret(given, string_view(bearer_, bearer_size_));
    return false;
  }

 private:
  static bool is_clean(string_view text) noexcept {
    for (char c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return true;
  }
  char basic_[(max_bytes + 2) / 3 * 4];
  char bearer_[max_bytes];
  std::size_t basic_size_, bearer_size_;
  bool bad_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ACCESS_HPP

// ==== narthex/detail/http_server_options.hpp ====================================================
// narthex/detail/http_server_options.hpp - how an http_server behaves.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_SERVER_OPTIONS_HPP
#define NARTHEX_DETAIL_HTTP_SERVER_OPTIONS_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

/// How an http_server behaves; every default suits a program that just wants to be scraped.
///
/// A timeout of 0 ms has passed when it begins; there is no way to say "for ever".
struct http_server_options {
  enum : std::size_t { max_path = 64, max_head = 8192 };
  enum : unsigned { most_connections = 128, most_formats = detail::format_offers::most };

  /// Where the metrics are. Begins with '/', at most max_path bytes, no blank, '?' or '#': errc::bad_address.
  string_view path = "/metrics";
  /// What a request line with its headers may take, up to max_head. Prometheus sends about 500 bytes.
  std::size_t max_head_bytes = max_head;

  /// Clients that may be connected, 1 to most_connections. One more takes the place of the one that has kept silent for
  /// longest, or has taken nothing of its answer for a second; while there is none it waits.
  unsigned max_connections = 32;
  /// Clients that may be in the middle of receiving metrics; a further one gets 503 and the reason.
  unsigned max_requests_in_flight = 8;

  /// How long a request may take to arrive, from its first byte; for a new client, from its coming.
  int read_timeout_ms = 3000;
  /// How long a client may take nothing of its answer.
  int write_timeout_ms = 5000;
  /// How long a request may take altogether, from its first byte to the last of its answer.
  int request_timeout_ms = 15000;
  /// How long a client may stay between two requests: above the usual scrape intervals, so that Prometheus keeps its
  /// connection.
  int idle_timeout_ms = 90000;
  /// How long a server that is destroyed lets answers go on that have begun.
  int stop_timeout_ms = 1000;

  /// Who serves: a thread of the server's own, or the program by calling serve_once().
  enum class runs { in_background, in_serve_once } serving = runs::in_background;
  /// Whether the server shows narthex_http_* in the registry that it serves.
  enum class shows { own_metrics, none } own = shows::own_metrics;
  /// Whether a server of the default registry installs the standard process metrics there.
  enum class installs { process_metrics, none } process = installs::process_metrics;
  /// How metrics may be coded for who accepts it; see compress(). Null: not at all.
  const detail::content_coding* coding = nullptr;
  /// What is spoken beside text; see offer().
  detail::format_offers formats;
  /// Who may ask; see basic_auth() and bearer_token().
  detail::http_access access;

  http_server_options& set_path(string_view value) noexcept {
    path = value;
    return *this;
  }
  http_server_options& set_max_head_bytes(std::size_t bytes) noexcept {
    max_head_bytes = bytes;
    return *this;
  }
  http_server_options& set_max_connections(unsigned clients) noexcept {
    max_connections = clients;
    return *this;
  }
  http_server_options& set_max_requests_in_flight(unsigned requests) noexcept {
    max_requests_in_flight = requests;
    return *this;
  }
  http_server_options& set_read_timeout_ms(int ms) noexcept {
    read_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_write_timeout_ms(int ms) noexcept {
    write_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_request_timeout_ms(int ms) noexcept {
    request_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_idle_timeout_ms(int ms) noexcept {
    idle_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_stop_timeout_ms(int ms) noexcept {
    stop_timeout_ms = ms;
    return *this;
  }
  http_server_options& without_thread() noexcept {
    serving = runs::in_serve_once;
    return *this;
  }
  http_server_options& without_own_metrics() noexcept {
    own = shows::none;
    return *this;
  }
  http_server_options& without_process_metrics() noexcept {
    process = installs::none;
    return *this;
  }

  /// Compresses metrics for clients whose Accept-Encoding has gzip, as Prometheus' has. coding: nx::gzip(), with
  /// <narthex/gzip.hpp>.
  ///
  /// Cost: about 4 ns of the server's thread for each byte of metrics; for each client that is receiving them 71 KB, and up to
  ///       33 KB that it has not taken yet. Where there is no memory for that, and in builds without a heap, metrics go out as
  ///       they are.
  http_server_options& compress(const detail::content_coding& with) noexcept {
    coding = &with;
    return *this;
  }

  /// Speaks a further format with who asks for it, by Accept or by a path of its own: nx::openmetrics(), nx::protobuf(),
  /// nx::json(), each with the header of its name. Who asks for nothing, or for what is not offered, gets text 0.0.4.
  ///
  /// At most most_formats; one more takes the place of the last.
  http_server_options& offer(const detail::exposition_format& format) noexcept {
    formats.add(format);
    return *this;
  }

  /// Only who knows the password may ask, whatever the path. Without TLS both can be read on the way.
  ///
  /// user: no ':'; with the password at most 191 bytes, no control bytes. Copied. Both this and bearer_token() may be set:
  ///       either admits.
  /// Errors: errc::bad_credentials when the server is made, which then serves nobody.
  /// Source: RFC 7617; compared in a time that does not depend on the secret.
  http_server_options& basic_auth(string_view user, string_view password) noexcept {
    access.set_basic(user, password);
    return *this;
  }
  /// Only who has the token may ask. token: 1 to 192 bytes, no blanks or control bytes. The rest as basic_auth().
  http_server_options& bearer_token(string_view token) noexcept {
    access.set_bearer(token);
    return *this;
  }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_SERVER_OPTIONS_HPP

// ==== narthex/detail/name_query.hpp =============================================================
// narthex/detail/name_query.hpp - which metrics a scrape asks for: /metrics?name[]=a&name[]=b.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NAME_QUERY_HPP
#define NARTHEX_DETAIL_NAME_QUERY_HPP

#include <cstddef>
#include <initializer_list>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Whether a scrape's query (name[]=a&name[]=b) asks for a metric.
///
/// Without a name[] it asks for all; otherwise for those whose family name, or the name of one of whose samples, is
/// exactly one of the names. Percent-decoded; '+' is a blank.
class name_query {
 public:
  explicit name_query(string_view query) noexcept : query_(query), has_names_(false) {
    string_view rest = query_, value;
    while (!has_names_ && next(rest, value)) has_names_ = true;
  }
  /// One decision for a family: ask with its first series.
  bool wants(const sample& s) const noexcept {
    const bool compound = !is_one_number(s.type), histogram = compound && s.type != metric_type::summary;
    string_view rest = query_, value;
    while (next(rest, value)) {
      if (is(value, s, "")) return true;
      if (compound && (is(value, s, "_sum") || is(value, s, "_count"))) return true;
      if (histogram && is(value, s, "_bucket")) return true;
    }
    return !has_names_;
  }

 private:
  /// Cuts the value of the next name[] off `rest`.
  static bool next(string_view& rest, string_view& value) noexcept {
    while (!rest.empty()) {
      const std::size_t end = find_char(rest, '&');
      const string_view pair = rest.first(end);
      rest = end < rest.size() ? rest.from(end + 1) : string_view();
      const std::size_t equals = find_char(pair, '=');
      if (equals == pair.size() || !decodes_to(pair.first(equals), {"name[]"})) continue;
      value = pair.from(equals + 1);
      return true;
    }
    return false;
  }

  static bool is(string_view text, const sample& s, const char* suffix) noexcept {
    return decodes_to(text, {s.prefix, s.name, suffix});
  }
  /// Whether the text is, once decoded, these parts one after the other.
  static bool decodes_to(string_view text, std::initializer_list<string_view> parts) noexcept {
    std::size_t i = 0;
    for (string_view part : parts) {
      for (char wanted : part) {
        if (i >= text.size()) return false;
        char got = text[i] == '+' ? ' ' : text[i];
        if (got == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
          got = static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
          i += 2;
        }
        if (got != wanted) return false;
        ++i;
      }
    }
    return i == text.size();
  }

  string_view query_;
  bool has_names_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NAME_QUERY_HPP

// ==== narthex/detail/http_response.hpp ==========================================================
// narthex/detail/http_response.hpp - the frame of an answer, written piece by piece; no socket, no metric.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_RESPONSE_HPP
#define NARTHEX_DETAIL_HTTP_RESPONSE_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Writes one response and remembers whether anybody still takes it.
///
/// No Date header: narthex has no calendar, and what is asked every 15 seconds is not cached.
/// Source: RFC 9112, sections 4, 6 and 7.1.
class http_response {
 public:
  /// `request` must outlive it.
  http_response(const sink& out, const http_request& request) noexcept
      : out_(out), request_(request), coding_(nullptr), type_(nullptr), scheme_(""), vary_(nullptr), length_(0), code_(0),
        begun_(false), broken_(false), counting_(false) {}

  bool broken() const noexcept { return broken_; }
  int code() const noexcept { return code_; }

  /// A whole answer whose body is what `body(*this)` puts: once to count it, once to write it.
  /// more: further header lines.
  template <class Body>
  void whole(int status_code, const char* type, const char* more, const Body& body) {
    length_ = 0;
    counting_ = true;
    body(*this);
    counting_ = false;
    head(status_code, type);
    put(more);
    put("Content-Length: ");
    put_number(length_, 10);
    put("\r\n\r\n");
    if (request_.wants_body) body(*this);
  }

  /// What metrics are written as: Content-Type is `type` with `scheme` behind it. vary: the headers by which another client
  /// might get something else; null: none.
  void describe_metrics(const char* type, const char* scheme, const char* vary) noexcept {
    type_ = type;
    scheme_ = scheme;
    vary_ = vary;
  }
  /// How they are coded; null: as they are.
  void code_metrics(const char* coding) noexcept { coding_ = coding; }

  /// A body whose length nobody knows yet: chunks for HTTP/1.1, up to the close for HTTP/1.0.
  void begin_metrics() {
    begun_ = true;
    head(200, type_, scheme_);
    if (vary_) {
      put("Vary: ");
      put(vary_);
      put("\r\n");
    }
    if (NARTHEX_HAS(HEAP) && coding_) {
      put("Content-Encoding: ");
      put(coding_);
      put("\r\n");
    }
    put(request_.minor ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
  }
  void end_metrics() {
    if (!begun_) begin_metrics();
    if (request_.minor && request_.wants_body) put("0\r\n\r\n");
  }
  static bool chunk(void* self, const char* data, std::size_t size) {
    http_response& r = *static_cast<http_response*>(self);
    if (size == 0) return true;  // an empty chunk would be the end
    if (!r.begun_) r.begin_metrics();
    if (r.request_.minor) {
      r.put_number(size, 16);
      r.put("\r\n");
    }
    r.put(string_view(data, size));
    if (r.request_.minor) r.put("\r\n");
    return !r.broken_;
  }

  void put(string_view text) {
    if (counting_) {
      length_ += text.size();
    } else if (!broken_ && !text.empty()) {
      broken_ = !out_.write(out_.context, text.data(), text.size());
    }
  }
  void put_number(std::uint64_t number, unsigned base) {
    char digits[20];
    std::size_t i = sizeof digits;
    do digits[--i] = "0123456789abcdef"[number % base];
    while (number /= base);
    put(string_view(digits + i, sizeof digits - i));
  }
  void put_html(string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      put(c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : text.from(i).first(1));
    }
  }

 private:
  static const char* reason(int status_code) noexcept {
    switch (status_code) {
      case 200: return "200 OK";
      case 401: return "401 Unauthorized";
      case 404: return "404 Not Found";
      case 405: return "405 Method Not Allowed";
      case 408: return "408 Request Timeout";
      case 413: return "413 Content Too Large";
      case 414: return "414 URI Too Long";
      case 431: return "431 Request Header Fields Too Large";
      case 501: return "501 Not Implemented";
      case 503: return "503 Service Unavailable";
      case 505: return "505 HTTP Version Not Supported";
      default: return "400 Bad Request";
    }
  }
  void head(int status_code, const char* type, const char* type_end = "") {
    code_ = status_code;
    put(request_.minor ? "HTTP/1.1 " : "HTTP/1.0 ");
    put(reason(status_code));
    put("\r\nContent-Type: ");
    put(type);
    put(type_end);
    put(request_.keep_alive ? "\r\n" : "\r\nConnection: close\r\n");
  }

  const sink out_;
  const http_request& request_;
  const char *coding_, *type_, *scheme_, *vary_;
  std::uint64_t length_;
  int code_;
  bool begun_, broken_, counting_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_RESPONSE_HPP

// ==== narthex/detail/http_pages.hpp =============================================================
// narthex/detail/http_pages.hpp - what people read: the page at /, and one sentence about each refusal.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_PAGES_HPP
#define NARTHEX_DETAIL_HTTP_PAGES_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// One sentence about a refusal, as plain text.
struct http_words {
  int code;
  string_view path;
  unsigned limit;
  void operator()(http_response& r) const {
    switch (code) {
      case 401: r.put("This needs credentials"); break;
      case 404:
        r.put("There is nothing here; the metrics are at ");
        r.put(path);
        break;
      case 405: r.put("Only GET and HEAD are answered here"); break;
      case 408: r.put("The request did not arrive in time"); break;
      case 413: r.put("The request body is too long"); break;
      case 414: r.put("The request line is too long"); break;
      case 431: r.put("The request headers are too long"); break;
      case 501: r.put("A request's body must have a Content-Length"); break;
      case 503:
        r.put("Too many clients at once; the limit is ");
        r.put_number(limit, 10);
        break;
      case 505: r.put("Only HTTP/1.0 and HTTP/1.1 are spoken here"); break;
      default: r.put("The request is not valid HTTP"); break;
    }
    r.put(".\n");
  }
};

/// The page for people who open the address in a browser.
struct http_page {
  string_view path;
  string_view host;  // as the browser reached us: what Prometheus will need, too
  std::uint16_t port;
  void operator()(http_response& r) const {
    r.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Metrics</title>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
          "<style>\nbody { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em; }\n"
          "pre { padding: 1em; overflow: auto; border-radius: 6px; background: rgba(128, 128, 128, 0.15); }\n"
          "footer { color: gray; font-size: 14px; }\n</style>\n</head>\n<body>\n<h1>Metrics</h1>\n"
          "<p>This program shows its metrics to Prometheus at <a href=\"");
    r.put_html(path.empty() ? path : path.from(1));  // relative: right behind a proxy's prefix, too
    r.put("\">");
    r.put_html(path);
    r.put("</a>.</p>\n<p>To collect them, add this to <code>prometheus.yml</code>:</p>\n"
          "<pre>scrape_configs:\n  - job_name: my-program\n");
    if (path != "/metrics") {
      r.put("    metrics_path: ");
      r.put_html(path);
      r.put("\n");
    }
    r.put("    static_configs:\n      - targets: [\"");
    if (host.empty()) {
      r.put("localhost:");
      r.put_number(port, 10);
    } else {
      r.put_html(host);
    }
    r.put("\"]\n</pre>\n<footer>narthex ");
    r.put_number(NARTHEX_VERSION_MAJOR, 10);
    r.put(".");
    r.put_number(NARTHEX_VERSION_MINOR, 10);
    r.put(".");
    r.put_number(NARTHEX_VERSION_PATCH, 10);
    r.put("</footer>\n</body>\n</html>\n");
  }
};

/// What monitors of the program itself ask for.
struct http_healthy {
  void operator()(http_response& r) const { r.put("OK\n"); }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_PAGES_HPP

// ==== narthex/detail/http_metrics.hpp ===========================================================
// narthex/detail/http_metrics.hpp - what a server tells about itself.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_METRICS_HPP
#define NARTHEX_DETAIL_HTTP_METRICS_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
using http_counters = family<counter, 1>;  // two servers of one registry count together
#else
using http_counters = fixed_family<counter, 1, 12>;
#endif

/// The metrics of an http_server, in the registry that it serves.
struct http_metrics {
  http_counters requests;
  http_counters aborted;
  counter sent_bytes;
  int_gauge connections;
  summary scrape_seconds;

  explicit http_metrics(registry_core& registry) noexcept
      : requests(registry, "narthex_http_requests_total", "Requests answered, by status code.", {"code"}),
        aborted(registry, "narthex_http_aborted_total",
                "Connections that ended without a whole answer: too slow, broken by the client, or given up to make room.",
                {"reason"}),
        sent_bytes(registry, "narthex_http_sent_bytes_total", "Bytes of answers sent."),
        connections(registry, "narthex_http_connections", "Clients connected now."),
        scrape_seconds(registry, "narthex_http_scrape_duration_seconds",
                       "Time to write the metrics and hand them to the client.") {
    for (int code : {200, 503}) requests.labels(code).inc(0);
    for (const char* reason : {"timeout", "broken", "overload"}) aborted.labels(reason).inc(0);
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_METRICS_HPP

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

// ==== narthex/detail/http_exchange.hpp ==========================================================
// narthex/detail/http_exchange.hpp - one request answered, a part at a time; no socket.
// Room: balconies. Read http_request.hpp and http_response.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_EXCHANGE_HPP
#define NARTHEX_DETAIL_HTTP_EXCHANGE_HPP

#include <cstddef>
#include <cstdint>
#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What all exchanges of a server have in common.
struct http_site {
  registry_core& registry;
  const http_server_options& options;
  std::uint16_t port;
  http_metrics* own;                // null: none
  shared<std::uint32_t> in_flight;  // exchanges that are writing metrics
  std::int64_t (*clock_ms)();
  scrape_clock scraped;

  http_site(registry_core& served, const http_server_options& how, std::uint16_t at, std::int64_t (*clock)()) noexcept
      : registry(served), options(how), port(at), own(nullptr), in_flight(0), clock_ms(clock) {}
};

/// The answer to one request. Metrics are written series by series, so that a client who takes them slowly holds up
/// nobody: whenever bytes have come out, the walk rests, and nothing waits for this scrape.
///
/// Memory: 19 KB in place; compressed metrics ask for 71 KB more.
class http_exchange {
 public:
  /// The site must outlive it, the request's text must stay as it is.
  http_exchange(http_site& site, const http_request& request, const sink& out) noexcept
      : site_(site), request_(request), response_(out, request_), coder_(nullptr), scrape_(nullptr), is_metrics_(false) {}
  ~http_exchange() { end_scrape(); }
  http_exchange(const http_exchange&) = delete;
  http_exchange& operator=(const http_exchange&) = delete;

  /// Writes the answer, or its beginning.
  void begin() {
    if (request_.code != 200) return refuse(request_.code, site_.options.max_connections);
    if (!site_.options.access.admits(request_.authorization)) return refuse(401);
    format_choice chosen = text_0_0_4();
    if (site_.options.formats.choose(request_, site_.options.path, chosen)) return begin_metrics(chosen);
    if (request_.path == "/-/healthy") return response_.whole(200, "text/plain; charset=utf-8", "", http_healthy());
    if (request_.path != "/") return refuse(404);
    const http_page body = {site_.options.path, request_.host, site_.port};
    response_.whole(200, "text/html; charset=utf-8", "", body);
  }
  /// Writes the next series, which may or may not come out yet; false after the last.
  bool more() {
    if (!scrape_) return false;
    scrape& s = *scrape_;
    if (s.chunks.is_open() && s.series.next()) {
      const sample& now = s.series.now();
      const sample* const shown = s.shown.of(now);
      if (now.starts_family) s.wanted = s.names.wants(now) || (shown && shown != &now && s.names.wants(*shown));
      if (s.wanted && shown) s.format->write(s.writer, *shown);
      return true;
    }
    if (s.chunks.is_open()) s.format->end(s.writer);
    s.chunks.flush();
    if (s.chunks.is_open() && (!coder_ || site_.options.coding->end(coder_))) response_.end_metrics();
    end_scrape();
    return false;
  }
  /// Whether its reader would take no more: the answer is cut short.
  bool broken() const noexcept { return response_.broken(); }
  bool keeps_alive() const noexcept { return request_.keep_alive; }
  bool is_scrape() const noexcept { return is_metrics_ && response_.code() == 200; }
  int code() const noexcept { return response_.code(); }

 private:
  struct scrape {
    name_query names;
    bool wanted;
    walk series;
    shown_names shown;
    sink frames;
    chunk_writer chunks;
    const exposition_format* format;
    bool has_writer;
    alignas(std::uint64_t) unsigned char writer[exposition_format::most_bytes];
    char chunk[chunk_bytes];

    scrape(registry_core& registry, string_view query, const sink& to, const exposition_format& shown_as, name_escaping scheme) noexcept
        : names(query), wanted(true), series(registry), shown(registry, scheme), frames(to), chunks(frames, series, chunk, chunk_bytes),
          format(&shown_as), has_writer(false) {}
    ~scrape() {
      if (has_writer && format->drop) format->drop(writer);
    }
    bool begin() { return has_writer = format->bytes <= sizeof writer && format->begin(writer, chunks); }
  };

  void refuse(int status_code, unsigned limit = 0) {
    const http_words body = {status_code, site_.options.path, limit};
    const char* headers = "";
    if (status_code == 405) headers = "Allow: GET, HEAD\r\n";
    if (status_code == 401) {
      headers = site_.options.access.has_basic() ? "WWW-Authenticate: Basic realm=\"metrics\", charset=\"UTF-8\"\r\n"
                                              : "WWW-Authenticate: Bearer realm=\"metrics\"\r\n";
    }
    response_.whole(status_code, "text/plain; charset=utf-8", headers, body);
  }

  static format_choice text_0_0_4() noexcept {
    const exposition_format& text = text_exposition<void>::legacy;
    return format_choice(text, text.versions[0].content_type, text.names);
  }

  void begin_metrics(const format_choice& chosen) {
    is_metrics_ = true;
    const content_coding* const coding = NARTHEX_HAS(HEAP) ? site_.options.coding : nullptr;
    const bool coded = coding && request_.encodings.takes_gzip();
    if (coded) response_.code_metrics(coding->name);
    describe(chosen);
    if (!request_.wants_body) return response_.end_metrics();
    if (site_.in_flight.fetch_add(1, memory_order_relaxed) >= site_.options.max_requests_in_flight) {
      site_.in_flight.fetch_sub(1, memory_order_relaxed);
      return refuse(503, site_.options.max_requests_in_flight);
    }
    sink body = {&http_response::chunk, &response_};
#if NARTHEX_HAS(HEAP)
    if (coded) coder_ = allocate(coding->bytes);
    if (coded && coder_) body = coding->begin(coder_, body);
    else response_.code_metrics(nullptr);
#endif
    begin_scrape(chosen, body);
    if (scrape_->begin()) return;
    // No memory for that format. Text needs none.
    scrape_->~scrape();
    format_choice plain = text_0_0_4();
    plain.varies = chosen.varies;
    describe(plain);
    begin_scrape(plain, body);
    static_cast<void>(scrape_->begin());
  }
  void begin_scrape(const format_choice& chosen, const sink& body) {
    scrape_ = new (&room_) scrape(site_.registry, request_.query, body, *chosen.format, chosen.names);
#if NARTHEX_HAS(HEAP)
    const int patience = request_.scrape_timeout_ms;
    if (patience >= 0) scrape_->series.wait_until(site_.clock_ms, site_.clock_ms() + patience);
#endif
  }
  void describe(const format_choice& chosen) noexcept {
    const bool coding = NARTHEX_HAS(HEAP) && site_.options.coding;
    response_.describe_metrics(chosen.content_type, chosen.says_names ? word_of(chosen.names) : "",
                               chosen.varies && coding ? "Accept, Accept-Encoding" : chosen.varies ? "Accept" : coding ? "Accept-Encoding" : nullptr);
  }
  void end_scrape() noexcept {
    if (!scrape_) return;
    scrape_->~scrape();
    scrape_ = nullptr;
#if NARTHEX_HAS(HEAP)
    release(coder_);
    coder_ = nullptr;
#endif
    site_.in_flight.fetch_sub(1, memory_order_relaxed);
  }

  http_site& site_;
  const http_request request_;
  http_response response_;
  void* coder_;  // null: metrics go out as they are
  scrape* scrape_;
  bool is_metrics_;
  alignas(scrape) unsigned char room_[sizeof(scrape)];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_EXCHANGE_HPP

// ==== narthex/detail/http_connection.hpp ========================================================
// narthex/detail/http_connection.hpp - one client, from its coming to its going, without ever waiting for it.
// Room: balconies. Read http_exchange.hpp and os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_CONNECTION_HPP
#define NARTHEX_DETAIL_HTTP_CONNECTION_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Reads requests and writes answers as far as the socket goes along; who owns it waits for all its clients together.
///
/// Memory: 28 KB in place, and while an answer goes out what the client has not taken yet: 8 KB and one series' text.
class http_connection {
 public:
  http_connection(http_site& site, const os::wakeup& bell) noexcept
      : site_(site), bell_(bell), is_(state::reading), first_(true), peer_done_(false), pending_(false), all_written_(false),
        used_(0), head_bytes_(0), began_(0), progress_(0), answer_us_(0), drain_until_(0), drained_(0),
        exchange_(nullptr) {}
  ~http_connection() { close(); }
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  /// Where its client is accepted; then opened() is told.
  os::socket& peer() noexcept { return peer_; }
  void opened(std::int64_t now) noexcept {
    began_ = now;
    if (site_.own) site_.own->connections.inc();
  }

  bool is_closed() const noexcept { return is_ == state::closed; }
  bool is_reading() const noexcept { return is_ == state::reading; }
  /// From when on it may be given up to make room: when it has said nothing for a while (who has just come may speak,
  /// however many come after it), or has taken nothing of its answers for a while longer.
  std::int64_t may_go_at() const noexcept {
    if (is_ == state::answering) return progress_ + stuck_ms;
    return pending_ ? INT64_MAX : began_ + patience_ms;
  }
  bool wants_to_write() const noexcept { return is_ == state::answering; }
  /// Whether it can go on without its socket: the next request has come with the last.
  bool has_work() const noexcept { return is_ == state::reading && pending_; }
  /// What became of it: ok when the last answer was whole.
  const status& result() const noexcept { return result_; }

  /// When expire() is to be called.
  std::int64_t due() const noexcept {
    const http_server_options& o = site_.options;
    if (is_ == state::reading) return began_ + (first_ || used_ ? o.read_timeout_ms : o.idle_timeout_ms);
    if (is_ == state::draining) return drain_until_;
    const std::int64_t all = began_ + o.request_timeout_ms, one = progress_ + o.write_timeout_ms;
    return all < one ? all : one;
  }

  /// Goes on, when the socket is ready or has_work().
  void proceed() {
    if (is_ == state::answering) return pump();
    if (is_ == state::draining) return drain();
    if (is_ != state::reading) return;
    if (!pending_ && !read()) return;
    if (pending_ || used_ >= site_.options.max_head_bytes) return answer(0);
    if (peer_done_) used_ ? answer(0) : leave(status(errc::closed, "read"));
  }

  void expire() {
    if (is_ == state::answering) return break_off(status(errc::timeout, "write"), "timeout");
    if (is_ == state::draining) return close();
    if (used_) return answer(408);
    if (first_) count_aborted("timeout");
    leave(status(errc::timeout, "read"));
  }

  /// For `ms` nobody looked at this client: another one's answer was being made. The time is not its own.
  void excuse(std::int64_t ms) noexcept {
    if (is_ == state::answering) progress_ += ms;
    else began_ += ms;
  }
  /// Reads what has come since the last wait; whether that makes a request.
  bool has_asked() {
    if (is_ == state::reading && !pending_) read();
    return has_work();
  }

  /// Makes room for another client.
  void give_up() {
    if (is_ == state::draining || is_ == state::closed) return close();
    if (is_ == state::answering) return break_off(status(errc::closed, "write"), "overload");
    if (first_ || used_) count_aborted("overload");
    if (used_) answer(503);
    if (is_ != state::closed) leave(status(errc::closed, "read"));
  }

  /// Closes as is; an answer that has begun is seen to be cut short.
  void close() noexcept {
    if (is_ == state::closed) return;
    if (is_ == state::answering) peer_.reset();
    peer_.close();
    end_exchange();
    is_ = state::closed;
    if (site_.own && began_) site_.own->connections.dec();
  }

 private:
  enum class state : std::uint8_t { reading, answering, draining, closed };
  enum : int { patience_ms = 100, stuck_ms = 1000 };
  enum : int { drain_ms = 500 };              // for the client's own close: a round trip, and a client that is busy
  enum : std::size_t { drain_bytes = 131072,  // what is read and thrown away meanwhile: a body that was not too large
                       part_bytes = 8192 };   // written by one call of the system
  enum : unsigned { parts_in_turn = 64 };     // then the other clients have theirs
  enum : int { turn_ms = 10 };                // or after that: 64 parts of compressed metrics take 30 ms

  string_view head() const noexcept { return string_view(head_, used_); }

  bool read() {
    std::size_t got = 0;
    const status s = peer_.read_now(head_ + used_, site_.options.max_head_bytes - used_, got);
    if (s.code() == errc::timeout) return false;
    if (!s.ok()) return leave(s), false;
    if (used_ == 0 && !first_) began_ = os::monotonic_ms();
    peer_done_ = got == 0;
    const bool new_line = got && std::memchr(head_ + used_, '\n', got);
    used_ += got;
    pending_ = new_line && http_request::is_complete(head());
    if (!pending_ && !first_) skip_empty_lines();
    return true;
  }
  /// Some clients send one behind a request: it is not the beginning of the next.
  void skip_empty_lines() noexcept {
    std::size_t n = 0;
    while (n < used_ && (head_[n] == '\r' || head_[n] == '\n')) ++n;
    used_ -= n;
    std::memmove(head_, head_ + n, used_);
  }

  /// code: 0, or why it is refused whatever it says.
  void answer(int code) {
    http_request request;
    request.read(head(), site_.options.max_head_bytes);
    if (code) {
      request.code = code;
      request.keep_alive = false;
    }
    const bool one_by_one = site_.options.serving == http_server_options::runs::in_serve_once || !NARTHEX_HAS(HEAP);
    if (one_by_one || (peer_done_ && request.head_bytes == used_)) request.keep_alive = false;
    head_bytes_ = request.head_bytes;
    pending_ = false;
    first_ = false;
    is_ = state::answering;
    all_written_ = false;
    answer_us_ = os::monotonic_us();
    progress_ = answer_us_ / 1000;
    const sink out = {&take, this};
    exchange_ = new (&room_) http_exchange(site_, request, out);
    exchange_->begin();
    pump();
  }

  /// What the exchange writes is kept until the client takes it. Without memory for that, it is waited for.
  static bool take(void* self, const char* data, std::size_t size) {
    http_connection& c = *static_cast<http_connection*>(self);
    if (c.out_.append(string_view(data, size))) return true;
    const std::int64_t left = c.due() - os::monotonic_ms();
    const os::deadline until(left > 0 ? static_cast<int>(left) : 0, c.bell_);
    const string_view kept = c.out_.text();
    if (!c.peer_.write(kept.data(), kept.size(), until).ok() || !c.peer_.write(data, size, until).ok()) return false;
    c.count_sent(kept.size() + size);
    c.progress_ = os::monotonic_ms();
    c.out_.clear();
    return true;
  }

  void pump() {
    const std::int64_t begun = os::monotonic_ms();
    for (unsigned parts = 0; parts < parts_in_turn && os::monotonic_ms() - begun < turn_ms; ++parts) {
      const bool owed = out_.size() > 0;
      while (!all_written_ && out_.size() < part_bytes && !exchange_->broken()) all_written_ = !exchange_->more();
      const std::int64_t now = os::monotonic_ms();
      if (!owed) progress_ = now;  // it had taken everything: the time was the registry's, whose callbacks may be slow
      if (now >= due()) return expire();
      if (exchange_->broken()) return break_off(status(errc::closed, "write"), "broken");
      std::size_t put = 0;
      const status s = peer_.write_now(out_.text().data(), out_.size(), put);
      out_.take(put);
      count_sent(put);
      if (put) progress_ = now;
      if (s.code() == errc::timeout) break;
      if (!s.ok()) return break_off(s, "broken");
      if (all_written_ && out_.size() == 0) return finish(now);
    }
  }

  void finish(std::int64_t now) {
    result_ = status();
    if (exchange_->is_scrape()) site_.scraped.note(now);
    if (site_.own) site_.own->requests.labels(exchange_->code()).inc();
    if (site_.own && exchange_->is_scrape()) {
      site_.own->scrape_seconds.observe(static_cast<double>(os::monotonic_us() - answer_us_) / 1e6);
    }
    const bool stays = exchange_->keeps_alive();
    end_exchange();
    began_ = now;
    if (stays) {
      used_ -= head_bytes_;
      std::memmove(head_, head_ + head_bytes_, used_);
      skip_empty_lines();
      is_ = state::reading;
      pending_ = http_request::is_complete(head());
      return;
    }
    // A close with unread input sends a reset, and a reset makes the peer's system throw away what it has not handed
    // over yet: so the end is announced, and what still comes in is read before the descriptor goes.
    peer_.half_close();
    is_ = state::draining;
    drain_until_ = now + drain_ms;
    drain();
  }

  void drain() {
    for (; drained_ < drain_bytes;) {
      std::size_t got = 0;
      const status s = peer_.read_now(head_, sizeof head_, got);
      if (s.code() == errc::timeout) return;
      if (!s.ok() || got == 0) break;
      drained_ += got;
    }
    close();
  }

  /// Ends without owing anything.
  void leave(const status& why) {
    result_ = why;
    close();
  }
  /// Ends in the middle of an answer, with a reset: nobody must take it for whole.
  void break_off(const status& why, const char* reason) {
    count_aborted(reason);
    result_ = why;
    close();
  }
  void end_exchange() noexcept {
    if (exchange_) exchange_->~http_exchange();
    exchange_ = nullptr;
    out_.clear();
    out_.shrink(4 * part_bytes);
  }
  void count_aborted(const char* reason) noexcept {
    if (site_.own) site_.own->aborted.labels(reason).inc();
  }
  void count_sent(std::size_t bytes) noexcept {
    if (site_.own) site_.own->sent_bytes.inc(bytes);
  }

  http_site& site_;
  const os::wakeup& bell_;
  os::socket peer_;
  status result_;
  state is_;
  bool first_;        // its first request has not come yet
  bool peer_done_;    // the client has sent everything
  bool pending_;      // a whole request lies in head_
  bool all_written_;  // the exchange has nothing more to write
  std::size_t used_, head_bytes_;
  std::int64_t began_;     // the request, or the silence before it
  std::int64_t progress_;  // when the client last took something
  std::int64_t answer_us_;  // when the answer began
  std::int64_t drain_until_;
  std::size_t drained_;
  byte_buffer out_;
  http_exchange* exchange_;
  char head_[http_server_options::max_head];
  alignas(http_exchange) unsigned char room_[sizeof(http_exchange)];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_CONNECTION_HPP

// ==== narthex/detail/http_clients.hpp ===========================================================
// narthex/detail/http_clients.hpp - all clients of a server, served by one thread that waits for none of them.
// Room: balconies. Read http_connection.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_CLIENTS_HPP
#define NARTHEX_DETAIL_HTTP_CLIENTS_HPP

#include <cstdint>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Memory: a pointer for each client that may come, and one allocation for each that is there.
class http_clients {
 public:
  http_clients(http_site& site, os::socket& listener, os::wakeup& bell) noexcept
      : site_(site), listener_(listener), bell_(bell), count_(0), pause_until_(0) {
    const unsigned wanted = site.options.max_connections, most = http_server_options::most_connections;
    limit_ = wanted < 1 ? 1 : wanted < most ? wanted : most;
  }
  ~http_clients() {
    while (count_) drop(count_ - 1);
  }
  http_clients(const http_clients&) = delete;
  http_clients& operator=(const http_clients&) = delete;

  /// Serves until the bell rings, then lets answers that have begun go on for a while.
  void serve() {
    while (turn(-1)) continue;
    listener_.close();
    const std::int64_t end = os::monotonic_ms() + site_.options.stop_timeout_ms;
    for (unsigned i = count_; i-- > 0;) {
      if (all_[i]->is_reading()) drop(i);
    }
    while (count_ && os::monotonic_ms() < end) turn(end);
  }

 private:
  enum : int { pause_ms = 100 };  // out of descriptors or memory: the next accept would say the same at once, for ever
  enum : int { accepts_in_turn = 16 };
  enum : std::int64_t { never = INT64_MAX };

  /// One wait, and what it brought. until: 0 or later, the server is stopping; false when the bell has rung.
  bool turn(std::int64_t until) {
    const bool stopping = until >= 0;
    const std::int64_t begun = os::monotonic_ms();
    const std::int64_t room_at = has_room_at();
    const bool takes = !stopping && room_at <= begun;
    std::int64_t due = until;
    if (!stopping && !takes && room_at != never) due = room_at;
    set_.clear();
    const unsigned bell = stopping ? 0 : set_.add(bell_);
    const unsigned door = set_.add(listener_.handle(), takes ? os::poll_set::what::reading : os::poll_set::what::nothing);
    const unsigned first = door + 1;
    for (unsigned i = 0; i < count_; ++i) {
      http_connection& c = *all_[i];
      set_.add(c.peer().handle(), c.wants_to_write() ? os::poll_set::what::writing : os::poll_set::what::reading);
      const std::int64_t at = c.has_work() ? begun : c.due();
      if (due < 0 || at < due) due = at;
    }
    set_.wait(due < 0 ? -1 : due > begun ? due - begun : 0);
    if (!stopping && set_.ready(bell)) return false;

    for (unsigned i = count_; i-- > 0;) {  // downwards: drop() puts the last one in the place of the dropped
      http_connection& c = *all_[i];
      if (os::monotonic_ms() >= c.due()) c.expire();
      else if (set_.ready(first + i) || c.has_work()) proceed(c);
      if (c.is_closed() || (stopping && c.is_reading())) drop(i);
    }
    if (takes && set_.ready(door) && !set_.is_blind()) accept();
    return true;
  }

  /// What the one takes is no time of the others.
  void proceed(http_connection& c) {
    const std::int64_t before = os::monotonic_ms();
    c.proceed();
    const std::int64_t took = os::monotonic_ms() - before;
    for (unsigned i = 0; took > 0 && i < count_; ++i) {
      if (all_[i] != &c) all_[i]->excuse(took);
    }
  }

  void accept() {
    for (int i = 0; i < accepts_in_turn; ++i) {
      if (has_room_at() > os::monotonic_ms()) return;
      // That somebody waits is known for the first only.
      if (count_ == limit_ && (i > 0 || !make_room())) return;
      void* const memory = allocate(sizeof(http_connection));
      if (!memory) return pause();
      http_connection* const c = new (memory) http_connection(site_, bell_);
      status s = listener_.accept(c->peer(), os::deadline(0));
      // Without descriptors the system says so even when nobody waits: room is made only for one who does.
      const bool squeezed = s.code() == errc::too_many_descriptors && i == 0 && make_room();
      if (squeezed) {
        s = listener_.accept(c->peer(), os::deadline(0));
      }
      if (!s.ok()) {
        c->~http_connection();
        release(c);
        if (s.code() != errc::timeout && i == 0) pause();
        return;
      }
      all_[count_++] = c;
      c->opened(os::monotonic_ms());
      proceed(*c);  // its request has mostly come already
      if (c->is_closed()) drop(count_ - 1);
      if (squeezed) return;
    }
  }
  void pause() noexcept { pause_until_ = os::monotonic_ms() + pause_ms; }

  /// The client that may be given up first; count_ when there is none.
  unsigned first_to_go() const noexcept {
    unsigned found = count_;
    for (unsigned i = 0; i < count_; ++i) {
      if (all_[i]->may_go_at() < go_at(found)) found = i;
    }
    return found;
  }
  std::int64_t go_at(unsigned i) const noexcept { return i == count_ ? std::int64_t(never) : all_[i]->may_go_at(); }
  /// From when on another client can be taken.
  std::int64_t has_room_at() const noexcept {
    const std::int64_t at = count_ < limit_ ? 0 : go_at(first_to_go());
    return at > pause_until_ ? at : pause_until_;
  }
  bool make_room() {
    for (;;) {
      const unsigned i = first_to_go();
      if (go_at(i) > os::monotonic_ms()) return false;
      if (all_[i]->has_asked()) continue;  // since the last wait
      all_[i]->give_up();
      drop(i);
      return true;
    }
  }
  void drop(unsigned i) noexcept {
    all_[i]->~http_connection();
    release(all_[i]);
    all_[i] = all_[--count_];
  }

  http_site& site_;
  os::socket& listener_;
  os::wakeup& bell_;
  unsigned limit_, count_;
  std::int64_t pause_until_;
  os::poll_set set_;
  http_connection* all_[http_server_options::most_connections];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_HTTP_CLIENTS_HPP

// ==== narthex/http_server.hpp ===================================================================
// narthex/http_server.hpp - answers GET /metrics; serve_once() needs no thread, handle() no socket.
// Room: balconies. Read detail/http_exchange.hpp and os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_HTTP_SERVER_HPP
#define NARTHEX_HTTP_SERVER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>


NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Serves a registry's metrics over HTTP, from construction to destruction.
///
///   nx::http_server server{":9464"};                                    // every interface, a thread of its own
///   if (!server.ok()) std::fputs(server.error(), stderr);               // the program goes on without
///
/// It answers GET and HEAD: the metrics at options.path, all or those asked for by name[]=family; "OK" at /-/healthy; a
/// page for people at /. One thread serves all clients and waits for none of them; callbacks of the registry run in
/// it, one scrape after the other.
///
/// registry: lives longer than the server. A server of the default registry installs the standard process metrics there.
/// address: ":9464" every interface, "127.0.0.1:0" this host and any free port, "[::1]:9464", "localhost:9464",
///          "unix:/run/app.sock". Numeric addresses and "localhost" only: nothing is looked up.
/// Threads: construct and destroy in one thread; the rest from any. More than one may call serve_once() at the same time.
/// Memory:  2 KB in place; in the background 28 KB for each connected client (NARTHEX_HEAP=0: one client at a time, on the
///          thread's stack), and for one that takes its page slowly 8 KB and one series' text.
/// Errors:  kept in why(), with the system's words in error(): errc::address_in_use, no_permission, bad_address,
///          too_many_descriptors, bad_credentials, no_memory, unsupported, system. Nothing aborts, throws, or touches the process:
///          no signal is handled or raised, and the thread takes none that was meant for the program.
/// Source:  RFC 9112 (HTTP/1.1); Prometheus, "Exposition formats".
class http_server {
 public:
  explicit http_server(string_view address, const http_server_options& options = http_server_options()) noexcept
      : http_server(default_registry(), address, options) {}
  http_server(registry_core& registry, string_view address,
              const http_server_options& options = http_server_options()) noexcept;
  /// Takes no further client, gives answers that have begun options.stop_timeout_ms to arrive, and breaks off the rest.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  bool ok() const noexcept { return why_.ok(); }
  /// ":9464: Address already in use"; "" when ok.
  const char* error() const noexcept { return error_; }
  const status& why() const noexcept { return why_; }
  /// Where it listens: the system's choice for port 0. 0 when not ok, and for a Unix socket.
  std::uint16_t port() const noexcept { return site_.port; }
  /// The listening socket, for a select() or poll() of the program's own; readable: serve_once(0) has work.
  std::intptr_t native_handle() const noexcept { return listener_.handle(); }

  /// When it was last scraped, for periodic_pusher_options::unless_scraped(). Lives as long as the server.
  const detail::scrape_clock& last_scrape() const noexcept { return site_.scraped; }

  /// Waits for a client, answers it, closes.
  ///
  /// timeout_ms: how long to wait for one; negative: for ever. The options bound what comes after.
  /// Returns: ok: answered, be it with a 404. errc::timeout: "accept": nobody came; "read", "write": the client
  ///          was too slow. errc::closed: it went away, or this server did. Others: what the system said.
  status serve_once(int timeout_ms);

  /// Answers one request, on whatever transport it came; then close that.
  ///
  /// request: the request line and the headers, with the empty line that ends them; what follows is ignored.
  /// out:     takes the whole response, frame and body, in order.
  /// Returns: not ok: the response is cut short; break the connection off, so that nobody takes it for whole.
  static status handle(registry_core& registry, string_view request, const sink& out,
                       const http_server_options& options = http_server_options());
  static status handle(string_view request, const sink& out,
                       const http_server_options& options = http_server_options()) {
    return handle(default_registry(), request, out, options);
  }

 private:
  static void run(void* self);
  status start(string_view address) noexcept;
  void refuse(const status& reason) noexcept;

  http_server_options options_;
  status why_;
  detail::http_site site_;
  os::wakeup wakeup_;
  os::socket_file file_;
  os::socket listener_;
  os::thread thread_;
  char path_[http_server_options::max_path];
  char error_[status::max_message];
  alignas(detail::http_metrics) unsigned char own_[sizeof(detail::http_metrics)];
};

#else  // compiled out: it listens nowhere, has no thread, and is ok, so that no program ends for want of a port

class NARTHEX_DETAIL_IDLE http_server {
 public:
  explicit http_server(string_view, const http_server_options& = http_server_options()) noexcept {}
  http_server(registry_core&, string_view, const http_server_options& = http_server_options()) noexcept {}
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  bool ok() const noexcept { return true; }
  const char* error() const noexcept { return ""; }
  const status& why() const noexcept {
    static const status fine;
    return fine;
  }
  std::uint16_t port() const noexcept { return 0; }
  const detail::scrape_clock& last_scrape() const noexcept {
    static const detail::scrape_clock never;
    return never;
  }
  std::intptr_t native_handle() const noexcept { return -1; }
  /// Waits, as nobody comes: a loop that has its pace from here keeps it.
  status serve_once(int timeout_ms) {
    os::poll_set nobody;
    nobody.wait(timeout_ms);
    return status(errc::timeout, "accept");
  }
  static status handle(registry_core& registry, string_view request, const sink& out,
                       const http_server_options& options = http_server_options());
  static status handle(string_view request, const sink& out, const http_server_options& options = http_server_options()) {
    return handle(default_registry(), request, out, options);
  }
};

#endif  // NARTHEX_HAS(METRICS)

// ---- bodies ----

inline status http_server::handle(registry_core& registry, string_view text, const sink& out,
                                  const http_server_options& options) {
  detail::http_request request;
  request.read(text, options.max_head_bytes);
  request.keep_alive = false;
  detail::http_site site(registry, options, 9464, NARTHEX_HAS(HEAP) ? &os::monotonic_ms : nullptr);  // for collectors
  detail::http_exchange exchange(site, request, out);
  exchange.begin();
  while (exchange.more()) continue;
  return exchange.broken() ? status(errc::closed, "response") : status();
}

#if NARTHEX_HAS(METRICS)
inline status http_server::serve_once(int timeout_ms) {
  if (!ok()) return why_;
  detail::http_connection client(site_, wakeup_);
  const status s = listener_.accept(client.peer(), os::deadline(timeout_ms, wakeup_));
  if (!s.ok()) return s;
  client.opened(os::monotonic_ms());
  os::poll_set set;
  while (!client.is_closed()) {
    set.clear();
    const unsigned bell = set.add(wakeup_);
    const unsigned socket = set.add(client.peer().handle(), client.wants_to_write() ? os::poll_set::what::writing
                                                                                    : os::poll_set::what::reading);
    const std::int64_t left = client.due() - os::monotonic_ms();
    if (left > 0) set.wait(left);
    if (set.ready(bell)) return status(errc::closed, "http_server");
    if (client.due() <= os::monotonic_ms()) client.expire();
    else if (set.ready(socket)) client.proceed();
  }
  return client.result();
}

inline void http_server::run(void* self) {
  http_server& server = *static_cast<http_server*>(self);
#if NARTHEX_HAS(HEAP)
  detail::http_clients(server.site_, server.listener_, server.wakeup_).serve();
#else
  int pause_ms = 0;
  while (!server.wakeup_.rung_within(pause_ms)) {
    const errc e = server.serve_once(-1).code();
    // Out of descriptors, say: the next accept would say the same at once, for ever.
    pause_ms = e == errc::ok || e == errc::timeout || e == errc::closed ? 0 : 100;
  }
#endif
}

inline http_server::http_server(registry_core& registry, string_view address,
                                const http_server_options& options) noexcept
    : options_(options), site_(registry, options_, 0, &os::monotonic_ms) {
  error_[0] = '\0';
  const status s = start(address);
  if (!s.ok()) refuse(s);
}

inline status http_server::start(string_view address) noexcept {
  const string_view path = options_.path;
  if (path.empty() || path[0] != '/' || path.size() > sizeof path_) return status(errc::bad_address, path);
  for (char c : path) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f || c == '?' || c == '#') return status(errc::bad_address, path);  // no request could ask for it
  }
  std::memcpy(path_, path.data(), path.size());
  options_.path = string_view(path_, path.size());
  if (options_.max_head_bytes > http_server_options::max_head) options_.max_head_bytes = http_server_options::max_head;
  if (!options_.access.ok()) return status(errc::bad_credentials, address);

  status s;
  if (address.size() > 5 && address.first(5) == "unix:") {
    s = listener_.listen_unix(address.from(5), file_);
  } else {
    string_view host;
    std::uint16_t wanted = 0;
    if (!os::split_address(address, host, wanted)) return status(errc::bad_address, address);
    s = listener_.listen(host, wanted);
    if (s.ok()) site_.port = listener_.local_port();
  }
  if (!s.ok()) return s.number() ? status(s.code(), address, s.number()) : status(s.code(), address);
  if (options_.own == http_server_options::shows::own_metrics) site_.own = new (&own_) detail::http_metrics(site_.registry);
  if (&site_.registry == &default_registry() && options_.process == http_server_options::installs::process_metrics) {
    static_cast<void>(install_process_metrics());  // what it has to say, it says to the error hook
  }
  if (options_.serving == http_server_options::runs::in_serve_once) return s;
  s = wakeup_.open();
  return s.ok() ? thread_.start(&run, this) : s;  // the thread reads why_, which is written only if there is none
}

inline http_server::~http_server() {
  if (thread_.running()) {
    wakeup_.ring();
    thread_.join();
  }
  if (site_.own) site_.own->~http_metrics();
}

/// Keeps the reason, and for people "address: the system's words".
inline void http_server::refuse(const status& reason) noexcept {
  listener_.close();
  site_.port = 0;
  why_ = reason;
  why_.message(error_, sizeof error_);
  char words_of_system[128];
  const os::error e = {static_cast<int>(reason.number())};
  if (e.ok() || e.words(words_of_system, sizeof words_of_system) == 0) return;
  std::size_t n = 0;
  for (const char* part : {why_.subject(), ": ", static_cast<const char*>(words_of_system)}) {
    while (*part && n + 1 < sizeof error_) error_[n++] = *part++;
  }
  error_[n] = '\0';
}
#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HTTP_SERVER_HPP
