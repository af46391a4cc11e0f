// What two shared libraries, each with a copy of the library inside that nobody else sees, show to their program.
#ifndef NARTHEX_TESTS_TWO_LIBS_HPP
#define NARTHEX_TESTS_TWO_LIBS_HPP

#include <narthex/narthex.hpp>

// Whether the libraries' copies of inline code and objects are their own (hidden visibility) is meson.build's choice.
#if defined(__GNUC__)
#define TWO_LIBS_SHOWN __attribute__((visibility("default")))
#else
#define TWO_LIBS_SHOWN
#endif

TWO_LIBS_SHOWN narthex::registry_core& registry_of_one();
TWO_LIBS_SHOWN narthex::registry_core& registry_of_two();
TWO_LIBS_SHOWN void count_in_one();
TWO_LIBS_SHOWN void count_in_two();
/// Makes and destroys in-place instruments, as often as is said.
TWO_LIBS_SHOWN void come_and_go_in_one(unsigned times);
TWO_LIBS_SHOWN void come_and_go_in_two(unsigned times);
/// Counts in what the program gave.
TWO_LIBS_SHOWN void count_in_one(narthex::counter c, narthex::histogram h, unsigned times);
TWO_LIBS_SHOWN void count_in_two(narthex::counter c, narthex::histogram h, unsigned times);

#endif  // NARTHEX_TESTS_TWO_LIBS_HPP
