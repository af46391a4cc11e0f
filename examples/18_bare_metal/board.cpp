// Start-up, SysTick and the debugger's console ("semihosting") of any Cortex-M; a real board has its vendor's files for this.
#include "board.h"

#include <cstdint>

extern "C" {
extern std::uint32_t data_load[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];
extern void (*const constructors_begin[])();
extern void (*const constructors_end[])();
void timer_handler();

// What compilers call by themselves.
void* memcpy(void* to, const void* from, std::size_t size) {
  char* at = static_cast<char*>(to);
  for (const char* p = static_cast<const char*>(from); size; --size) *at++ = *p++;
  return to;
}
void* memmove(void* to, const void* from, std::size_t size) {
  char* at = static_cast<char*>(to);
  const char* p = static_cast<const char*>(from);
  if (at <= p) return memcpy(to, from, size);
  while (size--) at[size] = p[size];
  return to;
}
void* memset(void* to, int byte, std::size_t size) {
  for (char* at = static_cast<char*>(to); size; --size) *at++ = static_cast<char>(byte);
  return to;
}
int memcmp(const void* a, const void* b, std::size_t size) {
  const unsigned char *x = static_cast<const unsigned char*>(a), *y = static_cast<const unsigned char*>(b);
  for (; size; --size, ++x, ++y) {
    if (*x != *y) return *x - *y;
  }
  return 0;
}
std::size_t strlen(const char* text) {
  const char* end = text;
  while (*end) ++end;
  return static_cast<std::size_t>(end - text);
}
int strcmp(const char* a, const char* b) {
  for (; *a && *a == *b; ++a, ++b) continue;
  return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
}

int main();
void reset() {
  const std::uint32_t* from = data_load;
  for (std::uint32_t* to = data_begin; to < data_end;) *to++ = *from++;
  for (std::uint32_t* to = bss_begin; to < bss_end;) *to++ = 0;
  for (void (*const* make)() = constructors_begin; make < constructors_end; ++make) (*make)();
  const int code = main();
  // SYS_EXIT: the emulator ends, with 0 after "ApplicationExit".
  register std::uint32_t what __asm("r0") = 0x18;
  register std::uint32_t why __asm("r1") = code ? 0x20023 : 0x20026;
  __asm volatile("bkpt 0xab" : : "r"(what), "r"(why) : "memory");
  for (;;) continue;
}
void fault() {
  for (;;) __asm volatile("bkpt 0xab" : : : "memory");
}
}

using handler = void (*)();
__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
    reinterpret_cast<handler>(stack_top), reset, fault, fault, nullptr, nullptr, nullptr, nullptr,
    nullptr, nullptr, nullptr, fault, nullptr, nullptr, fault, timer_handler};

static volatile std::uint32_t* const systick = reinterpret_cast<volatile std::uint32_t*>(0xe000e010);
void start_timer() {
  systick[1] = 6000;  // some hundred instructions
  systick[2] = 0;
  systick[0] = 7;  // the processor's clock, with an interrupt
}
void stop_timer() { systick[0] = 0; }

void put_bytes(const char* data, std::size_t size) {
  for (; size; --size, ++data) {
    register std::uint32_t what __asm("r0") = 3;  // SYS_WRITEC
    register const char* at __asm("r1") = data;
    __asm volatile("bkpt 0xab" : "+r"(what) : "r"(at) : "memory");
  }
}
