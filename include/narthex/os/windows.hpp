// narthex/os/windows.hpp - the calls of Windows that os/ makes, declared without <windows.h>.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_WINDOWS_HPP
#define NARTHEX_OS_WINDOWS_HPP

#include <cstdint>

#include "narthex/config.hpp"

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
