// The lean configuration: no heap, one thread; or the default one of another version (see meson.build).
#include <narthex/narthex.hpp>

#include "two_configs.hpp"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static narthex::counter same_name{"requests_total", "Counted in both."};
static narthex::histogram same_histogram{"seconds", "Observed in both."};
static narthex::fixed_family<narthex::counter, 1, 2> family{"by_label_total", "Counted in both.", {"l"}};

seen look_b() {
  seen s = {TEXT(NARTHEX_ABI),
            reinterpret_cast<const void*>(&narthex::describe),
            narthex::describe(narthex::errc::closed),
            sizeof(narthex::status),
            &narthex::default_registry(),
            sizeof(narthex::counter)};
  return s;
}

void count_b(unsigned times) {
  for (; times; --times) {
    same_name.inc();
    same_histogram.observe(0.25);
    family.labels("x").inc(2);
  }
}

std::size_t write_b(char* buffer, std::size_t size) { return narthex::write_text(buffer, size); }
