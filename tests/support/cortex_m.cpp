// The vectors of a Cortex-M: where the stack begins, where the program does, and a stop for what goes wrong.
extern "C" {
extern char __stack, __etext, __data_start__, __data_end__;
void _start();

[[noreturn]] static void stop() {
  for (;;) {
  }
}
static void begin() {
  const char* from = &__etext;
  for (char* to = &__data_start__; to < &__data_end__; ++to) *to = *from++;
  _start();
  stop();
}
}

struct vector_table {
  void* stack;
  void (*handlers[15])();
};
__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    &__stack, {begin, stop, stop, stop, stop, stop, nullptr, nullptr, nullptr, nullptr, stop, stop, nullptr, stop, stop}};
