// What narthex must know of this program, for all of its files: -DNARTHEX_CONFIG_HEADER='"metrics_config.h"'.
#ifndef METRICS_CONFIG_H
#define METRICS_CONFIG_H

// Keeps interrupts out and says whether they were kept out before, so that it nests.
inline unsigned irq_save() {
  unsigned primask;
  __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask) : : "memory");
  return primask;
}
inline void irq_restore(unsigned primask) { __asm volatile("msr primask, %0" : : "r"(primask) : "memory"); }

#define NARTHEX_HEAP 0                            // all storage is in the objects
#define NARTHEX_CRITICAL_ENTER() irq_save()       // a main loop and its interrupt handlers
#define NARTHEX_CRITICAL_EXIT(state) irq_restore(state)

#endif  // METRICS_CONFIG_H
