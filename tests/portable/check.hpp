// tests/portable/check.hpp - CHECK for programs without a framework, exceptions, RTTI or a heap.
// main() ends with `return check::report();`: 0 when nothing failed, 1 otherwise.
#ifndef NARTHEX_TESTS_CHECK_HPP
#define NARTHEX_TESTS_CHECK_HPP

#include <cstdio>
#include <cstring>

namespace check {

inline unsigned long& failures() {
  static unsigned long count = 0;
  return count;
}

/// Whether to print one more; a broken loop should not fill the log.
inline bool count_failure() {
  enum { max_printed = 50 };
  return ++failures() <= max_printed;
}

inline bool that(bool holds, const char* file, int line, const char* what) {
  if (!holds && count_failure()) std::printf("%s:%d: failed: %s\n", file, line, what);
  return holds;
}

inline bool equal_text(const char* got, const char* want, const char* file, int line, const char* what) {
  const bool holds = std::strcmp(got, want) == 0;
  if (!holds && count_failure()) {
    std::printf("%s:%d: failed: %s\n  got:  %s\n  want: %s\n", file, line, what, got, want);
  }
  return holds;
}

inline int report() {
  if (failures() != 0) std::printf("%lu checks failed\n", failures());
  return failures() == 0 ? 0 : 1;
}

}  // namespace check

/// Both are expressions, true when the check holds, so that a caller can print more: `if (!CHECK(x)) ...`.
#define CHECK(condition) (check::that((condition), __FILE__, __LINE__, #condition))
#define CHECK_EQ_TEXT(got, want) (check::equal_text((got), (want), __FILE__, __LINE__, #got " == " #want))

#endif  // NARTHEX_TESTS_CHECK_HPP
