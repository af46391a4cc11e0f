// tests/bench/updates.hpp - loops that are compiled twice: into the program and into a shared library.
#ifndef NARTHEX_BENCH_UPDATES_HPP
#define NARTHEX_BENCH_UPDATES_HPP

#include <cstdint>

/// What a copy of the loops offers; `n` updates of one instrument, the values from v[4096].
struct updates_of {
  void (*count)(std::uint64_t n);
  void (*set)(std::uint64_t n);
  void (*observe)(std::uint64_t n, const double* v);
  void (*look_up)(std::uint64_t n);
};
updates_of updates_in_program();
extern "C" updates_of updates_in_library();

#endif  // NARTHEX_BENCH_UPDATES_HPP
