// What the two configurations show to the program that links both: the name of their inline namespace, an inline
// function that each compiled for itself, and their own metrics as text. No header of ours is included here.
#ifndef NARTHEX_TESTS_TWO_CONFIGS_HPP
#define NARTHEX_TESTS_TWO_CONFIGS_HPP

#include <cstddef>

struct seen {
  const char* abi;          // NARTHEX_ABI as text
  const void* inline_code;  // where describe() lives: two configurations, two functions
  const char* message;      // what it says
  unsigned long status_size;
  const void* registry;  // where the default registry lives
  unsigned long counter_size;
};

seen look_a();
seen look_b();

// Both have metrics of the same names, as counters that each counts for itself.
void count_a(unsigned times);
void count_b(unsigned times);
std::size_t write_a(char* buffer, std::size_t size);
std::size_t write_b(char* buffer, std::size_t size);

#endif  // NARTHEX_TESTS_TWO_CONFIGS_HPP
