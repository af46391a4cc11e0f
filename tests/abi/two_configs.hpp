// What the two configurations show to the program that links both: the name of their inline namespace, and an answer
// from an inline function that each compiled for itself. No header of ours is included here.
#ifndef NARTHEX_TESTS_TWO_CONFIGS_HPP
#define NARTHEX_TESTS_TWO_CONFIGS_HPP

struct seen {
  const char* abi;           // NARTHEX_ABI as text
  const void* inline_code;   // where describe() lives: two configurations, two functions
  const char* message;       // what it says
  unsigned long status_size;
};

seen look_a();
seen look_b();

#endif  // NARTHEX_TESTS_TWO_CONFIGS_HPP
