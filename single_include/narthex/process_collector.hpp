// narthex/process_collector.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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
