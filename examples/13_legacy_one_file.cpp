// One copied header in an old program: -std=c++11 -fno-exceptions -fno-rtti, no thread, no heap, no allocation.
#define NARTHEX_HEAP 0                      // or in the build, once for all files
#define NARTHEX_CONCURRENCY NARTHEX_NONE
#include <narthex/narthex.hpp>

#include <stdio.h>

namespace nx = narthex;

// Without a heap the storage is in the objects: names are kept by reference, so they must live for ever.
static nx::counter ticks{"ticks_total", "Timer ticks."};
static nx::gauge voltage{"battery_volts", "Battery."};
static nx::fixed_family<nx::counter, 1, 4> errors{"errors_total", "Errors by kind.", {"kind"}};

int main() {
  ticks.inc();
  voltage.set(3.7);
  errors.labels("crc").inc();
  errors.labels("timeout").inc(2);

  // Piece by piece, here 64 bytes at a time, to wherever bytes can go.
  char piece[64];
  nx::sink out = {[](void* file, const char* data, size_t size) {
                    return fwrite(data, 1, size, static_cast<FILE*>(file)) == size;
                  },
                  stdout};
  return nx::write_text(nx::default_registry(), out, piece, sizeof piece).ok() ? 0 : 1;
}

// # HELP battery_volts Battery.
// # TYPE battery_volts gauge
// battery_volts 3.7
// # HELP errors_total Errors by kind.
// # TYPE errors_total counter
// errors_total{kind="crc"} 1
// errors_total{kind="timeout"} 2
// # HELP ticks_total Timer ticks.
// # TYPE ticks_total counter
// ticks_total 1
