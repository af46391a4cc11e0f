// Critical sections that notice when they are not left as they were entered. For matrix.sh: -include it before all else.
#ifndef NARTHEX_TESTS_CRITICAL_HPP
#define NARTHEX_TESTS_CRITICAL_HPP

namespace critical {

inline unsigned& depth() {
  static unsigned now = 0;
  return now;
}
inline unsigned enter() { return depth()++; }
inline void leave(unsigned before) {
  if (--depth() != before) __builtin_trap();
}

}  // namespace critical

#define NARTHEX_CRITICAL_ENTER() ::critical::enter()
#define NARTHEX_CRITICAL_EXIT(state) ::critical::leave(state)

#endif  // NARTHEX_TESTS_CRITICAL_HPP
