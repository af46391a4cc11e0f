// narthex/os/process_macos.hpp - reads the numbers of this process from macOS.
// Room: cellar. Read os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_MACOS_HPP
#define NARTHEX_OS_PROCESS_MACOS_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/os/process.hpp"
#include "narthex/string_view.hpp"

#if defined(__APPLE__)

#include <dirent.h>
#include <errno.h>
#include <mach/mach.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// Reads the numbers of the process that calls it: in a forked child, the child's. Compiled, never run.
///
/// Threads: read() from any number at once.
/// Memory:  what opendir() takes while it runs.
/// Source:  the values of client_golang.
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
    v.ticks_per_second = process_number(1000000);
    rusage used;
    if (::getrusage(RUSAGE_SELF, &used) == 0) v.cpu_ticks = sum(micro(used.ru_utime), micro(used.ru_stime));
    read_start(v);
    read_task(v);
    v.open_files = count_files();
    v.max_files = limit(RLIMIT_NOFILE);
    v.max_virtual_bytes = limit(RLIMIT_AS);
    return v;
  }

 private:
  template <class Time>
  static process_number micro(const Time& t) noexcept {
    return process_number(static_cast<std::uint64_t>(t.tv_sec) * 1000000 + static_cast<std::uint64_t>(t.tv_usec));
  }

  static void read_start(process_values& v) noexcept {
    int which[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, static_cast<int>(::getpid())};
    kinfo_proc self;
    std::size_t size = sizeof self;
    if (::sysctl(which, 4, &self, &size, nullptr, 0) != 0 || size < sizeof self) return;
    v.start_ticks = micro(self.kp_proc.p_starttime);
    v.boot_seconds = process_number(0);  // the start is told in the time of the clock on the wall
  }

  /// Not by mach_task_self(), a macro with an old-style cast in it.
  static void read_task(process_values& v) noexcept {
    mach_task_basic_info task;
    mach_msg_type_number_t words = sizeof task / sizeof(natural_t);
    if (::task_info(mach_task_self_, MACH_TASK_BASIC_INFO, static_cast<task_info_t>(static_cast<void*>(&task)), &words) != KERN_SUCCESS) return;
    v.virtual_bytes = process_number(task.virtual_size);
    v.resident_bytes = process_number(task.resident_size);
  }

  /// Without the one that the listing itself takes.
  static process_number count_files() noexcept {
    DIR* const folder = ::opendir("/dev/fd");
    if (!folder) return process_number();
    std::uint64_t n = 0;
    errno = 0;
    while (const dirent* const entry = ::readdir(folder)) n += entry->d_name[0] != '.';
    const bool whole = errno == 0 && n > 0;
    ::closedir(folder);
    return whole ? process_number(n - 1) : process_number();
  }

  static process_number limit(int what) noexcept {
    rlimit l;
    if (::getrlimit(what, &l) != 0) return process_number();
    return process_number(l.rlim_cur == RLIM_INFINITY ? std::uint64_t(process_number::most) : static_cast<std::uint64_t>(l.rlim_cur));
  }
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // __APPLE__

#endif  // NARTHEX_OS_PROCESS_MACOS_HPP
