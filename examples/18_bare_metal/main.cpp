// A microcontroller, Cortex-M0 and up: a timer interrupt counts, the main loop prints the metrics. No heap, no OS, no C library.
#include <narthex/narthex.hpp>

#include "board.h"

namespace nx = narthex;

// Storage lies in the objects; texts stay in flash, and so does all that never changes of a static_histogram.
static const nx::histogram_desc<3> queue_desc{"queue_length", "Samples waiting, seen by both.", 1, 4, 16};
static nx::counter ticks{"ticks_total", "Timer interrupts."};
static nx::counter samples{"samples_total", "Samples taken, in the main loop and in the interrupt."};
static nx::gauge volts{"supply_volts", "Supply."};
static nx::static_histogram<3> queue{queue_desc};
static nx::fixed_family<nx::counter, 1, 2> errors{"errors_total", "Errors by kind.", {"kind"}};
static auto crc_errors = errors.labels("crc");  // handlers use handles that the main program made

enum : unsigned { last_tick = 100 };

extern "C" void timer_handler() {
  ticks.inc();
  samples.inc();
  queue.observe(2);
  if (ticks.value() % 10 == 0) crc_errors.inc();
  if (ticks.value() == last_tick) stop_timer();
}

int main() {
  volts.set(3.3);
  start_timer();
  // Whatever the interrupts come between, nothing is lost: they are counted by the same metrics as this.
  for (unsigned i = 0; i < 20000 || ticks.value() < last_tick; ++i) {
    if (i >= 20000) continue;
    samples.inc();
    queue.observe(i % 2 ? 3 : 20);
  }

  char piece[64];
  const nx::sink out = {[](void*, const char* data, std::size_t size) {
                          put_bytes(data, size);
                          return true;
                        },
                        nullptr};
  return nx::write_text(nx::default_registry(), out, piece, sizeof piece).ok() ? 0 : 1;
}
