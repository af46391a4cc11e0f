// narthex/os/process_windows.hpp - reads the numbers of this process from Windows.
// Room: cellar. Read os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_WINDOWS_HPP
#define NARTHEX_OS_PROCESS_WINDOWS_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/os/process.hpp"
#include "narthex/os/windows.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(WINDOWS)

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Threads: read() from any number at once.
/// Source:  the values of client_golang: handles stand for descriptors, of which 2^24 is the most that Windows gives; what is
///          called virtual is what the process has asked for. The number of threads is left out: Windows tells it only
///          with a list of all threads of all processes.
class process_reader {
 public:
  enum : bool { is_here = true };
  enum : std::size_t { max_root = 200 };

  /// There is no procfs here.
  explicit process_reader(string_view) noexcept {}
  process_reader(const process_reader&) = delete;
  process_reader& operator=(const process_reader&) = delete;

  process_values read() noexcept {
    process_values v;
    const windows::handle self = windows::GetCurrentProcess();
    file_time begun = {0, 0}, ended = {0, 0}, kernel = {0, 0}, user = {0, 0};
    if (windows::GetProcessTimes(self, begun.out(), ended.out(), kernel.out(), user.out())) {
      v.cpu_ticks = sum(process_number(kernel.ticks()), process_number(user.ticks()));
      if (begun.ticks() > at_1970) v.start_ticks = process_number(begun.ticks() - at_1970);
      v.boot_seconds = process_number(0);  // the start is told in the time of the clock on the wall
      v.ticks_per_second = process_number(10000000);
    }
    windows::dword handles = 0;
    if (windows::GetProcessHandleCount(self, &handles)) v.open_files = told(handles);
    v.max_files = process_number(1u << 24);
    memory_counters memory = {};
    memory.size = static_cast<windows::dword>(sizeof memory);
    if (windows::K32GetProcessMemoryInfo(self, windows::as<_PROCESS_MEMORY_COUNTERS>(&memory), memory.size)) {
      v.virtual_bytes = told(memory.asked_for);
      v.resident_bytes = told(memory.resident);
    }
    return v;
  }

 private:
  enum : std::uint64_t { at_1970 = 116444736000000000u };  // in ticks of 100 ns, from 1601

  /// No process has none of these: Wine 8 says 0 for what it does not count.
  static process_number told(std::uint64_t n) noexcept { return n ? process_number(n) : process_number(); }

  struct file_time {
    std::uint32_t low, high;
    std::uint64_t ticks() const noexcept { return static_cast<std::uint64_t>(high) << 32 | low; }
    _FILETIME* out() noexcept { return windows::as<_FILETIME>(this); }
  };
  struct memory_counters {  // PROCESS_MEMORY_COUNTERS_EX
    windows::dword size, faults;
    std::size_t peak_resident, resident, pools[4], paged, peak_paged, asked_for;
  };
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(WINDOWS)

#endif  // NARTHEX_OS_PROCESS_WINDOWS_HPP
