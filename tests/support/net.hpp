// What tests need of sockets and clocks, by the names of POSIX, on Windows too. Include it behind the headers that are tested.
#ifndef NARTHEX_TESTS_NET_HPP
#define NARTHEX_TESTS_NET_HPP

#include <string.h>

#include <cstddef>
#include <string>

#if defined(_WIN32)

#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <winsock2.h>
#include <ws2tcpip.h>

#include <windows.h>

namespace support {
namespace net {

using handle = SOCKET;
using count = int;
const handle none = INVALID_SOCKET;
enum : int { no_signal = 0, shut_write = SD_SEND };

/// Keeps Winsock up while it lives: whether narthex does so by itself is a test of its own.
struct user {
  user() {
    WSADATA ignored;
    WSAStartup(MAKEWORD(2, 2), &ignored);
  }
  ~user() { WSACleanup(); }
  user(const user&) = delete;
  user& operator=(const user&) = delete;
};
inline int poll(pollfd* all, unsigned size, int ms) {
  pollfd wanted[8];  // WSAPoll() knows no "not this one"
  unsigned n = 0;
  for (unsigned i = 0; i < size; ++i) {
    all[i].revents = 0;
    if (all[i].fd != none) wanted[n++] = all[i];
  }
  if (n == 0) return ::Sleep(static_cast<DWORD>(ms)), 0;
  const int ready = ::WSAPoll(wanted, n, ms);
  n = 0;
  for (unsigned i = 0; ready > 0 && i < size; ++i) {
    if (all[i].fd != none) all[i].revents = wanted[n++].revents;
  }
  return ready;
}
inline void close(handle s) { ::closesocket(s); }
inline int set(handle s, int level, int which, const void* value, int size) {
  return ::setsockopt(s, level, which, static_cast<const char*>(value), size);
}
inline void do_not_wait(handle s) {
  unsigned long on = 1;
  ::ioctlsocket(s, static_cast<long>(FIONBIO), &on);
}
enum : int { address_in_use = WSAEADDRINUSE, address_not_here = WSAEADDRNOTAVAIL, refused = WSAECONNREFUSED };
/// The system's words for a code, or narthex' own: Wine has none for many.
inline std::string words(int code) {
  char text[256];
  DWORD n = ::FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, static_cast<DWORD>(code), 0, text, sizeof text, nullptr);
  while (n > 0 && strchr(" .\r\n", text[n - 1])) --n;
  if (n > 0) return std::string(text, n);
  return (code == WSAEADDRINUSE ? "the address is in use; error " : "the system refused; error ") + std::to_string(code);
}
inline bool would_wait() { return WSAGetLastError() == WSAEWOULDBLOCK; }
inline bool was_reset() { return WSAGetLastError() == WSAECONNRESET || WSAGetLastError() == WSAECONNABORTED; }
/// Of a socket at its end, which we have not shut down: Wine tells readers of a reset as of an ordinary end.
inline bool is_reset(handle s) { return ::send(s, "", 0, 0) < 0; }

/// Something to poll that one call makes readable for good.
class bell {
 public:
  bell() : s_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in here = {};
    int size = sizeof here;
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr* const at = reinterpret_cast<sockaddr*>(&here);
    ok_ = ::bind(s_, at, size) == 0 && ::getsockname(s_, at, &size) == 0 && ::connect(s_, at, size) == 0;
  }
  ~bell() { net::close(s_); }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  bool ok() const { return ok_; }
  void ring() { ::send(s_, "", 1, 0); }
  handle fd() const { return s_; }

 private:
  user up_;
  handle s_;
  bool ok_;
};

}  // namespace net

inline long long now_ms() {
  LARGE_INTEGER count, per_second;
  ::QueryPerformanceCounter(&count);
  ::QueryPerformanceFrequency(&per_second);
  return count.QuadPart * 1000 / per_second.QuadPart;
}
inline void sleep_us(unsigned us) { ::Sleep((us + 999) / 1000); }

}  // namespace support

#else

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

namespace support {
namespace net {

using handle = int;
using count = std::size_t;
enum : int { none = -1, no_signal = MSG_NOSIGNAL, shut_write = SHUT_WR };

struct user {
  user() {}
};
inline int poll(pollfd* all, unsigned n, int ms) { return ::poll(all, n, ms); }
inline void close(handle s) { ::close(s); }
inline int set(handle s, int level, int which, const void* value, int size) {
  return ::setsockopt(s, level, which, value, static_cast<socklen_t>(size));
}
inline void do_not_wait(handle s) { ::fcntl(s, F_SETFL, ::fcntl(s, F_GETFL) | O_NONBLOCK); }
enum : int { address_in_use = EADDRINUSE, address_not_here = EADDRNOTAVAIL, refused = ECONNREFUSED };
inline std::string words(int code) { return strerror(code); }
inline bool would_wait() { return errno == EAGAIN; }
inline bool was_reset() { return errno == ECONNRESET; }
inline bool is_reset(handle) { return false; }  // recv() has told

class bell {
 public:
  bell() : ok_(::pipe(ends_) == 0) {}
  ~bell() {
    for (int end : ends_) {
      if (ok_) ::close(end);
    }
  }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  bool ok() const { return ok_; }
  void ring() { static_cast<void>(::write(ends_[1], "", 1) == 1); }
  handle fd() const { return ends_[0]; }

 private:
  int ends_[2];
  bool ok_;
};

}  // namespace net

inline long long now_ms() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<long long>(t.tv_sec) * 1000 + t.tv_nsec / 1000000;
}
inline void sleep_us(unsigned us) { ::usleep(us); }

}  // namespace support

#endif

namespace support {

/// Waits for a condition for at most twenty seconds.
template <class Condition>
bool soon(Condition condition) {
  for (const long long until = now_ms() + 20000; now_ms() < until; sleep_us(500)) {
    if (condition()) return true;
  }
  return false;
}

}  // namespace support

#endif  // NARTHEX_TESTS_NET_HPP
