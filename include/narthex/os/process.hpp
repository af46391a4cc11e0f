// narthex/os/process.hpp - the numbers of this process, each known or not.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_HPP
#define NARTHEX_OS_PROCESS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// A number that the system told, or did not tell.
struct process_number {
  enum : std::uint64_t { most = ~std::uint64_t(0) };
  std::uint64_t value;
  bool known;
  process_number() noexcept : value(0), known(false) {}
  explicit process_number(std::uint64_t told) noexcept : value(told), known(true) {}
};

/// Both must be known, and the result fit.
inline process_number sum(const process_number& a, const process_number& b) noexcept {
  if (!a.known || !b.known || a.value + b.value < a.value) return process_number();
  return process_number(a.value + b.value);
}
inline process_number product(const process_number& a, const process_number& b) noexcept {
  if (!a.known || !b.known || (a.value && b.value > process_number::most / a.value)) return process_number();
  return process_number(a.value * b.value);
}

/// Reads the digits at `at`, up to the blank or line end that must follow: a text that was cut short must not give a
/// smaller number.
inline process_number read_number(string_view text, std::size_t at) noexcept {
  process_number n;
  const std::size_t begin = at;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    const unsigned digit = static_cast<unsigned>(text[at] - '0');
    if (n.value > (process_number::most - digit) / 10) return process_number();
    n.value = n.value * 10 + digit;
  }
  n.known = at > begin && at < text.size() && (text[at] == ' ' || text[at] == '\n');
  return n;
}

/// What /proc/self/stat tells.
struct process_stat {
  process_number cpu_ticks, threads, start_ticks, virtual_bytes, resident_pages;
};

/// Reads the one line of /proc/self/stat. A field that is missing, or not a number, is not known; the others are.
///
/// Source: proc(5), /proc/pid/stat. The second field is the command's name in parentheses and may hold blanks,
///         parentheses and line ends: fields are counted from the last closing one.
inline process_stat parse_process_stat(string_view text) noexcept {
  process_stat s;
  std::size_t at = text.size();
  while (at > 0 && text[at - 1] != ')') --at;
  if (at == 0) return s;
  process_number user, system;
  for (unsigned field = 3; at < text.size() && text[at] == ' '; ++field) {
    const process_number n = read_number(text, ++at);
    if (field == 14) user = n;
    if (field == 15) system = n;
    if (field == 20) s.threads = n;
    if (field == 22) s.start_ticks = n;
    if (field == 23) s.virtual_bytes = n;
    if (field == 24) s.resident_pages = n;
    while (at < text.size() && text[at] != ' ') ++at;
  }
  s.cpu_ticks = sum(user, system);
  return s;
}

/// Finds the line "btime N" of /proc/stat in pieces of any size: a line about interrupts before it has 10 kB and more
/// on large machines.
class boot_time_finder {
 public:
  boot_time_finder() noexcept : used_(0) {}

  /// Takes the next piece; true when the line was seen: no more is needed.
  bool take(const char* data, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i) {
      if (used_ < sizeof line_) line_[used_] = data[i];  // the rest of a longer line is another's
      ++used_;
      if (data[i] != '\n') continue;
      const string_view line(line_, used_ < sizeof line_ ? used_ : sizeof line_);
      used_ = 0;
      if (line.size() < 6 || std::memcmp(line.data(), "btime ", 6) != 0) continue;
      found_ = read_number(line, 6);
      return true;
    }
    return false;
  }
  /// Seconds since 1970.
  process_number found() const noexcept { return found_; }

 private:
  process_number found_;
  std::size_t used_;
  char line_[32];
};

/// One reading of everything.
struct process_values {
  process_number cpu_ticks, start_ticks, ticks_per_second;
  process_number boot_seconds;  ///< since 1970
  process_number open_files, threads, virtual_bytes, resident_bytes;
  process_number max_files, max_virtual_bytes;  ///< no limit: process_number::most
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_PROCESS_HPP
