// What two translation units share: functions in which a tells b what it finds, and inline code that both compile.
#ifndef NARTHEX_TESTS_TWO_TUS_HPP
#define NARTHEX_TESTS_TWO_TUS_HPP

#include <narthex/narthex.hpp>

enum class shared_method { get, post };
inline narthex::enum_values<2> label_values(shared_method) { return {{"get", "post"}}; }

/// One for the program: a function-local static of an inline function.
inline narthex::counter& shared_counter() {
  static narthex::counter c{"shared_total", "Counted by both."};
  return c;
}
inline narthex::enum_family<narthex::counter, shared_method>& shared_family() {
  static narthex::enum_family<narthex::counter, shared_method> f{
      "shared_methods_total", "Counted by both.", {"method"}};
  return f;
}

const void* describe_seen_from_a();
const void* registry_seen_from_a();
const void* hook_seen_from_a();
void count_in_a();

extern narthex::counter from_a;  // defined in a, used in b
extern narthex::fixed_histogram<> fixed_a;

#endif  // NARTHEX_TESTS_TWO_TUS_HPP
