// What other people's headers define, and every header of narthex must survive; the standard library comes first, as it
// survives less.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <functional>
#include <limits>
#include <new>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// ---- windows.h ----
#undef major
#undef minor
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define small char
#define hyper int
#define near
#define far
#define pascal
#define cdecl
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define THIS this
#define CONST const
#define VOID void
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define NO_ERROR 0
#define DELETE 0x00010000L
#define INFINITE 0xffffffff
#define ABSOLUTE 1
#define RELATIVE 2
#define STRICT 1
#define DOMAIN 1
#define OVERFLOW 3
#define UNDERFLOW 4
#define IGNORE 0
#define TEXT(quoted) L##quoted
#define FAILED(hr) ((hr) < 0)
#define SUCCEEDED(hr) ((hr) >= 0)
#define Yield()
#define GetMessage GetMessageA
#define GetObject GetObjectA
// ---- X11 ----
#define Bool int
#define Status int
#define Success 0
#define None 0L
#define True 1
#define False 0
#define Always 2
#define Unsorted 0
#define Above 0
#define Below 1
#define Absolute 1
// ---- Qt ----
#define signals public
#define emit
#define foreach(variable, container) for (variable : container)
// ---- Arduino, AVR, termios ----
#define abs(x) ((x) > 0 ? (x) : -(x))
#define round(x) ((long)(x))
#define sq(x) ((x) * (x))
#define bit(b) (1UL << (b))
#define constrain(x, low, high) (x)
#define lowByte(w) ((unsigned char)(w))
#define bitRead(value, b) (value)
#define boolean bool
#define interrupts() sei()
#define F(text) (text)
#define _BV(b) (1 << (b))
#undef B0
#undef B1
#define B0 0
#define B1 1
#define HIGH 1
#define LOW 0
#define INPUT 0
#define OUTPUT 1
#define INTERNAL 3
#define DEFAULT 1
#define EXTERNAL 0
#define SERIAL 0
#define DISPLAY 1
#define CHANGE 1
#define PI 3.14159
#define F_CPU 16000000
// ---- Unix, GNU, the kernel ----
#define major(device) (device)
#define minor(device) (device)
#undef linux
#undef unix
#define linux 1
#define unix 1
#define likely(x) (x)
#define unlikely(x) (x)
#define container_of(pointer, type, member) (pointer)
#undef errno
#define errno (*__errno_location())
#undef MIN
#undef MAX
#define MIN(a, b) (a)
#define MAX(a, b) (a)
// ---- everybody's own ----
#undef assert
#define assert(x) ((void)(x))
#define verify(x) (x)
#define require(x) (x)
#define expect(x) (x)
#define debug(...) (void)0
#define trace(...) (void)0
#define warn(...) (void)0
#define log(...) (void)0
#define fatal(...) (void)0
#define fail(...) (void)0
#define test(...) (void)0
#define CHECK(x) (x)
#define LOG(x) (x)
#define TEST(a, b) void
#define INFO 1
#define WARNING 2
#define FATAL 3
#define DEBUG 1
#define GET 1
#define POST 2
#define PUT 3
#define HEAD 4
#define OK 0
#define BAD 1
#define THREADS 4
#define HEAP 1
#define HOST 1
#define POSIX 1
#define VERSION "1"
#define BEGIN {
#define END }
#define COUNTER 1
#define GAUGE 2
#define HISTOGRAM 3
#define SUMMARY 4
#define METRIC 5
#define LABEL 6
#define VISIBLE 1
#define COLD
#define LIKELY(x) (x)
#define UNUSED(x) (void)(x)
#define BOOL int
#define BYTE unsigned char
#define WORD unsigned short
#define E 2.71828
#define I 1
#define R 1
#define W 2
#define A 1
#define B 2
#define C 3
#define D 4
#define X 1
#define Y 2
#define Z 3
#define slots           // Qt
#define forever for (;;)
#define word(...) 1     // Arduino
#define check(x)        // macOS
