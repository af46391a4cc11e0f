// What this process holds: descriptors (handles on Windows) and threads. 0: the system does not tell.
#ifndef NARTHEX_TESTS_HELD_HPP
#define NARTHEX_TESTS_HELD_HPP

#include <cstddef>

#include "support/net.hpp"

#if defined(_WIN32)

#include <tlhelp32.h>

namespace support {

enum : std::size_t { server_files = 4 };  // listener, bell, thread, and what Wine's thread waits by

inline std::size_t open_files() {
  {  // Under Wine a thread keeps what it has waited by for the first time: it shall not come between two counts.
    const net::bell any;
    pollfd p = {any.fd(), POLLIN, 0};
    net::poll(&p, 1, 0);
  }
  std::size_t n = 0;
  for (UINT_PTR i = 4; i < 16384; i += 4) {  // GetProcessHandleCount() says 0 under Wine 8
    DWORD flags = 0;
    if (::GetHandleInformation(reinterpret_cast<HANDLE>(i), &flags)) ++n;
  }
  return n;
}
inline std::size_t threads() {
  std::size_t n = 0;
  const HANDLE all = ::CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  THREADENTRY32 t = {};
  t.dwSize = sizeof t;
  for (BOOL more = ::Thread32First(all, &t); more; more = ::Thread32Next(all, &t)) n += t.th32OwnerProcessID == ::GetCurrentProcessId();
  ::CloseHandle(all);
  return n;
}

}  // namespace support

#else

#include <dirent.h>

namespace support {

enum : std::size_t { server_files = 3 };  // listener, and a pipe

inline std::size_t entries(const char* folder) {
  std::size_t n = 0;
  DIR* d = ::opendir(folder);
  if (!d) return 0;
  while (::readdir(d)) ++n;
  ::closedir(d);
  return n;
}
inline std::size_t open_files() { return entries("/proc/self/fd"); }
inline std::size_t threads() { return entries("/proc/self/task"); }

}  // namespace support

#endif

#endif  // NARTHEX_TESTS_HELD_HPP
