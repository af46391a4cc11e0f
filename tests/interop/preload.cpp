// For LD_PRELOAD: what a program meets seldom. JUMPING_CLOCK=1: the time of day jumps a year ahead and back with each look at it; the
// monotonic clock is left alone. KILLED_AT_RENAME=1: the program is killed when it is about to put a file in its place.
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

static std::atomic<unsigned> looks(0);
static time_t jump() {
  static const bool jumps = ::getenv("JUMPING_CLOCK") != nullptr;
  if (!jumps) return 0;
  return looks++ % 2 == 0 ? 31536000 : -31536000;
}

extern "C" int clock_gettime(clockid_t which, timespec* out) {
  using call = int (*)(clockid_t, timespec*);
  static const call real = reinterpret_cast<call>(dlsym(RTLD_NEXT, "clock_gettime"));
  const int code = real(which, out);
  if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) out->tv_sec += jump();
  return code;
}
extern "C" time_t time(time_t* out) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
extern "C" int gettimeofday(timeval* out, void*) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}
extern "C" int rename(const char* from, const char* to) noexcept {
  using call = int (*)(const char*, const char*);
  if (::getenv("KILLED_AT_RENAME")) ::kill(::getpid(), SIGKILL);
  return reinterpret_cast<call>(dlsym(RTLD_NEXT, "rename"))(from, to);
}
