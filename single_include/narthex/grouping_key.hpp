// narthex/grouping_key.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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
