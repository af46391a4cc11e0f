// tests/portable/text_of.hpp - a registry's exposition as a C string, with a heap and without.
#ifndef NARTHEX_TESTS_TEXT_OF_HPP
#define NARTHEX_TESTS_TEXT_OF_HPP

#include <narthex/narthex.hpp>

#include <cstddef>
#include <cstdio>
#include <cstring>

#include "check.hpp"

namespace nx = narthex;

namespace check {

/// An exposition and its size: a label value may hold a NUL.
struct page {
  const char* text;
  std::size_t size;
};

/// Everything the registry shows. The text ends in NUL and is overwritten by the next call.
inline page page_of(nx::registry_core& registry) {
  static char room[std::size_t(1) << 18];
  std::size_t size = nx::write_text(registry, room, sizeof room - 1);
  if (!CHECK(size < sizeof room)) size = sizeof room - 1;
  room[size] = '\0';
  const page all = {room, size};
  return all;
}

inline const char* text_of(nx::registry_core& registry) { return page_of(registry).text; }

/// Whether the exposition has this line; `line` comes without the newline.
inline bool has_line(const char* text, const char* line) {
  const std::size_t size = std::strlen(line);
  for (const char* at = text; at; at = std::strchr(at, '\n'), at = at ? at + 1 : at) {
    if (std::strncmp(at, line, size) == 0 && at[size] == '\n') return true;
  }
  return false;
}

/// How often `piece` occurs.
inline unsigned occurrences(const char* text, const char* piece) {
  unsigned count = 0;
  for (const char* at = std::strstr(text, piece); at; at = std::strstr(at + 1, piece)) ++count;
  return count;
}

/// Says what is missing.
inline bool shows(nx::registry_core& registry, const char* line, const char* file, int at) {
  const char* const text = text_of(registry);
  const bool holds = has_line(text, line);
  if (!holds && count_failure()) std::printf("%s:%d: failed: no line %s in\n%s", file, at, line, text);
  return holds;
}

/// The last refusal told to the hook, and how many there were.
struct told {
  static nx::status& last() {
    static nx::status status;
    return status;
  }
  static unsigned& count() {
    static unsigned n = 0;
    return n;
  }
  static void hook(const nx::status& why) {
    last() = why;
    ++count();
  }
  /// From here on refusals are counted from 0 and printed nowhere.
  static void listen() {
    nx::set_error_hook(&hook);
    count() = 0;
    last() = nx::status();
  }
};

inline const char* message_of(const nx::status& status) {
  static char text[nx::status::max_message];
  status.message(text, sizeof text);
  return text;
}

/// The instrument was refused for this reason, and the hook has heard of it once, in the same words.
template <class Instrument>
bool refused(nx::registry& r, const Instrument& x, nx::errc why, const char* subject, unsigned number) {
  const nx::status s = x.status();
  bool good = CHECK(!s.ok()) && CHECK(s.code() == why);
  good = CHECK_EQ_TEXT(s.subject(), subject) && good;
  good = CHECK(s.number() == number) && good;
  good = CHECK(told::count() == 1) && good;
  good = CHECK(told::last().code() == why && told::last().number() == number) && good;
  good = CHECK_EQ_TEXT(told::last().subject(), subject) && good;
  good = CHECK(r.refused(nx::mistake::registration) == 1) && good;
  good = CHECK_EQ_TEXT(
             text_of(r),
             "# HELP narthex_refused_total What was refused, by kind.\n"
             "# TYPE narthex_refused_total counter\nnarthex_refused_total{what=\"registration\"} 1\n") &&
         good;
  if (!good) std::printf("  in the case of %s: %s\n", subject, check::message_of(s));
  return good;
}

}  // namespace check

#define CHECK_SHOWS(registry, line) (check::shows((registry), (line), __FILE__, __LINE__))

#endif  // NARTHEX_TESTS_TEXT_OF_HPP
