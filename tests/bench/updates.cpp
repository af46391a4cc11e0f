// tests/bench/updates.cpp - see updates.hpp. The library's copy lives in a namespace of its own, so that nothing of the
// program's is used in its place.
#ifdef IN_LIBRARY
#define NARTHEX_NAMESPACE narthex_in_library
#endif
#include "updates.hpp"

#include <narthex/narthex.hpp>

namespace {

namespace nx = NARTHEX_NAMESPACE;

nx::registry registry;
nx::counter counter{registry, "requests_total", "Requests."};
nx::gauge gauge{registry, "depth", "Depth."};
nx::histogram histogram{registry, "latency_seconds", "Time."};
nx::family<nx::counter, 2> family{registry, "responses_total", "Responses.", {"method", "code"}};

inline void barrier() { __asm__ volatile("" : : : "memory"); }

template <class Step>
void run(std::uint64_t n, Step step) {
  for (std::uint64_t i = 0; i < n; ++i) {
    step(i);
    barrier();
  }
}
void count(std::uint64_t n) {
  run(n, [](std::uint64_t) { counter.inc(); });
}
void set(std::uint64_t n) {
  run(n, [](std::uint64_t i) { gauge.set(static_cast<double>(i)); });
}
void observe(std::uint64_t n, const double* v) {
  run(n, [v](std::uint64_t i) { histogram.observe(v[i % 4096]); });
}
void look_up(std::uint64_t n) {
  run(n, [](std::uint64_t i) { family.labels("GET", 200 + i % 8).inc(); });
}

}  // namespace

#ifdef IN_LIBRARY
extern "C" updates_of updates_in_library() {
#else
updates_of updates_in_program() {
#endif
  const updates_of all = {count, set, observe, look_up};
  return all;
}
