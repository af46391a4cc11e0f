// What translation unit a tells translation unit b: where it finds the library's inline code and shared objects.
#ifndef NARTHEX_TESTS_TWO_TUS_HPP
#define NARTHEX_TESTS_TWO_TUS_HPP

const void* describe_seen_from_a();
void count_in_a();

#endif  // NARTHEX_TESTS_TWO_TUS_HPP
