/* The vectors of a Cortex-M: where the stack is, where it begins, and a stop for what goes wrong. */
extern int __stack;
extern char __etext, __data_start__, __data_end__;
void _start(void);
void begin(void);
void stop(void);

void begin(void) {
  const char* from = &__etext;
  for (char* to = &__data_start__; to < &__data_end__; ++to) *to = *from++;
  _start();
  stop();
}
void stop(void) {
  for (;;) {
  }
}
__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {(void (*)(void))&__stack, begin, stop, stop, stop, stop, stop, 0, 0, 0, 0, stop, stop, 0, stop, stop};
