// narthex/process_collector.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
//
// MIT License
//
// Copyright (c) 2026 narthex contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#include "narthex.hpp"

// ==== narthex/os/process.hpp ====================================================================
// narthex/os/process.hpp - the numbers of this process, each known or not.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_HPP
#define NARTHEX_OS_PROCESS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


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

// ==== narthex/os/process_reader.hpp =============================================================
// narthex/os/process_reader.hpp - reads the numbers of this process; on Linux, from /proc.
// Room: cellar. Read os/process.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_READER_HPP
#define NARTHEX_OS_PROCESS_READER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if defined(__linux__)
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

#if defined(__linux__)

/// Reads the numbers of the process that calls it: in a forked child, the child's.
///
/// Threads: read() from any number at once.
/// Memory:  what opendir() takes while it runs.
class process_reader {
 public:
  enum : bool { is_here = true };
  enum : std::size_t { max_root = 200 };

  /// proc: where procfs is mounted, up to max_root bytes; longer: nothing is known.
  explicit process_reader(string_view proc) noexcept : boot_(0), root_size_(proc.size()) {
    if (root_size_ <= max_root && root_size_) std::memcpy(path_, proc.data(), root_size_);
  }
  process_reader(const process_reader&) = delete;
  process_reader& operator=(const process_reader&) = delete;

  process_values read() noexcept {
    process_values v;
    if (root_size_ <= max_root) {
      const process_stat s = read_stat();
      v.cpu_ticks = s.cpu_ticks;
      v.start_ticks = s.start_ticks;
      v.threads = s.threads;
      v.virtual_bytes = s.virtual_bytes;
      v.resident_bytes = product(s.resident_pages, ask(_SC_PAGESIZE));
      v.boot_seconds = boot_time();
      v.open_files = count_files();
    }
    v.ticks_per_second = ask(_SC_CLK_TCK);
    v.max_files = limit(RLIMIT_NOFILE);
    v.max_virtual_bytes = limit(RLIMIT_AS);
    return v;
  }

 private:
  /// A path below the root, for one call.
  class path {
   public:
    path(const process_reader& from, string_view below) noexcept {
      std::memcpy(text_, from.path_, from.root_size_);
      std::memcpy(text_ + from.root_size_, below.data(), below.size());
      text_[from.root_size_ + below.size()] = '\0';
    }
    const char* text() const noexcept { return text_; }

   private:
    char text_[max_root + 16];
  };

  /// A file that is read from its beginning; no bytes when there is none.
  class source {
   public:
    explicit source(const path& at) noexcept : fd_(::open(at.text(), O_RDONLY | O_CLOEXEC)) {}
    ~source() {
      if (fd_ >= 0) ::close(fd_);
    }
    source(const source&) = delete;
    source& operator=(const source&) = delete;
    std::size_t read(char* to, std::size_t size) noexcept {
      if (fd_ < 0) return 0;
      ssize_t n = 0;
      do n = ::read(fd_, to, size);
      while (n < 0 && errno == EINTR);
      return n > 0 ? static_cast<std::size_t>(n) : 0;
    }

   private:
    int fd_;
  };

  process_stat read_stat() const noexcept {
    source from(path(*this, "/self/stat"));
    char text[2048];  // 52 numbers and a name of 64 bytes at most
    std::size_t n = 0, got = 0;
    while (n < sizeof text && (got = from.read(text + n, sizeof text - n)) > 0) n += got;
    // Whatever is longer has its last parenthesis nobody knows where.
    return n < sizeof text ? parse_process_stat(string_view(text, n)) : process_stat();
  }

  /// Read once, as it moves when the clock is set: a start time that changes would look like a restart.
  process_number boot_time() noexcept {
    const std::uint32_t known = boot_.load(detail::memory_order_relaxed);
    if (known) return process_number(known);
    source from(path(*this, "/stat"));
    boot_time_finder finder;
    char piece[1024];
    std::size_t got = 0;
    for (std::size_t all = 0; all < max_stat; all += got) {
      got = from.read(piece, sizeof piece);
      if (got == 0 || finder.take(piece, got)) break;
    }
    const process_number found = finder.found();
    if (!found.known || found.value == 0 || found.value > 0xffffffffu) return process_number();  // hidden, or nonsense
    boot_.store(static_cast<std::uint32_t>(found.value), detail::memory_order_relaxed);
    return found;
  }

  /// Without the one that the listing itself takes.
  process_number count_files() const noexcept {
    DIR* const folder = ::opendir(path(*this, "/self/fd").text());
    if (!folder) return process_number();
    const process_number own(static_cast<std::uint64_t>(::dirfd(folder)));
    std::uint64_t n = 0;
    errno = 0;
    while (const dirent* const entry = ::readdir(folder)) {
      char name[24];
      std::size_t size = 0;
      while (size < sizeof name - 1 && entry->d_name[size]) {
        name[size] = entry->d_name[size];
        ++size;
      }
      name[size++] = '\n';
      const process_number number = read_number(string_view(name, size), 0);
      if (number.known && number.value != own.value) ++n;
    }
    const bool whole = errno == 0;
    ::closedir(folder);
    return whole ? process_number(n) : process_number();
  }

  static process_number ask(int what) noexcept {
    const long n = ::sysconf(what);
    return n > 0 ? process_number(static_cast<std::uint64_t>(n)) : process_number();
  }

  template <class Which>
  static process_number limit(Which what) noexcept {
    rlimit l;
    if (::getrlimit(what, &l) != 0) return process_number();
    return process_number(l.rlim_cur == RLIM_INFINITY ? std::uint64_t(process_number::most) : static_cast<std::uint64_t>(l.rlim_cur));
  }

  enum : std::size_t { max_stat = 16u << 20 };  // of /proc/stat: 1,000 processors and 10,000 interrupts take less than 1 MB

  detail::shared<std::uint32_t> boot_;
  std::size_t root_size_;
  char path_[max_root];
};

#else  // not here

class process_reader {
 public:
  enum : bool { is_here = false };
  enum : std::size_t { max_root = 200 };
  explicit process_reader(string_view) noexcept {}
  process_reader(const process_reader&) = delete;
  process_reader& operator=(const process_reader&) = delete;
  process_values read() noexcept { return process_values(); }
};

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_PROCESS_READER_HPP

// ==== narthex/process_collector.hpp =============================================================
// narthex/process_collector.hpp - the standard process_* metrics of the program itself.
// Room: balconies. Read collector.hpp and os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PROCESS_COLLECTOR_HPP
#define NARTHEX_PROCESS_COLLECTOR_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>


NARTHEX_BEGIN_NAMESPACE

/// Where a process_collector looks.
struct process_collector_options {
  /// Where procfs is mounted; at most os::process_reader::max_root bytes. It is this process that is measured in any case.
  string_view proc = "/proc";

  process_collector_options& set_proc(string_view folder) noexcept {
    proc = folder;
    return *this;
  }
};

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

namespace detail {
/// Whether a process_collector stands in this registry, or in one that is attached to it.
inline bool has_process_metrics(const registry_core& top) noexcept {
  const inside_lists inside;
  for (const registry_core* r = &top; r; r = r->next_in_tree(&top)) {
    const collector* maker = nullptr;  // both names of one: a user's collector may have one of them
    for (const family_node* n = r->first(); n; n = n->next.load(memory_order_seq_cst)) {
      if (n->ops->kind != storage::collected || r->prefix() != top.prefix()) continue;
      const collector* const owner = static_cast<const collected_node*>(n)->owner;
      if (string_view(n->name) == "process_cpu_seconds_total") maker = owner;
      if (maker == owner && string_view(n->name) == "process_threads") return true;
    }
  }
  return false;
}
}  // namespace detail

/// Exposes process_cpu_seconds_total, process_open_fds, process_max_fds, process_virtual_memory_bytes,
/// process_virtual_memory_max_bytes, process_resident_memory_bytes, process_start_time_seconds and process_threads, while it lives.
///
///   nx::process_collector numbers{registry};       // for the default registry: nx::install_process_metrics();
///
/// A value that cannot be read is left out of that scrape; none is ever made up. No limit is shown as 1.8446744073709552e+19,
/// as client_golang does. A forked child shows its own numbers.
/// Errors:  see status(): errc::unsupported where there is no Linux, or no heap; errc::too_large for a long path;
///          errc::name_taken when something else has one of the names (the others are exposed).
/// Threads: as collector.
/// Cost:    measured, a scrape takes 10 us with few open files, 0.2 ms with 1,000 and 3 ms with 10,000: the system lists them.
/// Source:  Prometheus, "Writing client libraries", Process metrics; proc(5).
class process_collector {
 public:
  explicit process_collector(const process_collector_options& options = process_collector_options()) noexcept
      : process_collector(default_registry(), options) {}
  explicit process_collector(registry_core& registry,
                             const process_collector_options& options = process_collector_options()) noexcept;
  /// Takes its metrics out of the registry and waits for its own call, if one is running.
  ~process_collector() { unregister(); }
  process_collector(const process_collector&) = delete;
  process_collector& operator=(const process_collector&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept;
  void unregister() noexcept;

 private:
  enum : unsigned { cpu, open_files, max_files, virtual_bytes, max_virtual_bytes, resident_bytes, start, threads };
  void collect(collected& out) noexcept;
  static void add(collected& out, unsigned family, const os::process_number& n) noexcept {
    if (!n.known) return;
    if (n.value == os::process_number::most) out.add(family, {}, static_cast<double>(n.value));
    else out.add(family, {}, n.value);
  }

  os::process_reader reader_;
  errc never_;  // why there are no families
  union {
    collector families_;
  };
};

inline process_collector::process_collector(registry_core& registry, const process_collector_options& options) noexcept
    : reader_(options.proc), never_(errc::ok) {
  if (!os::process_reader::is_here) never_ = errc::unsupported;
  else if (options.proc.size() > os::process_reader::max_root) never_ = errc::too_large;
  else if (detail::has_process_metrics(registry)) never_ = errc::name_taken;  // one line about it instead of eight
  if (never_ == errc::ok) {
    // Not one of these texts is ours: dashboards and people know them from other clients.
    new (&families_) collector(
        registry,
        {{metric_type::counter, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {}},
         {metric_type::gauge, "process_open_fds", "Number of open file descriptors.", {}},
         {metric_type::gauge, "process_max_fds", "Maximum number of open file descriptors.", {}},
         {metric_type::gauge, "process_virtual_memory_bytes", "Virtual memory size in bytes.", {}},
         {metric_type::gauge, "process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", {}},
         {metric_type::gauge, "process_resident_memory_bytes", "Resident memory size in bytes.", {}},
         {metric_type::gauge, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {}},
         {metric_type::gauge, "process_threads", "Number of OS threads in the process.", {}}},
        [this](collected& out) { collect(out); });
  } else if (never_ != errc::unsupported) {
    registry.count(mistake::registration);
    detail::report(status());
  }
}

inline status process_collector::status() const noexcept {
  using answer = NARTHEX_NAMESPACE::status;
  if (never_ == errc::ok) return families_.status();
  return never_ == errc::too_large ? answer(never_, "process_collector", os::process_reader::max_root)
                                   : answer(never_, "process_collector");
}

inline void process_collector::unregister() noexcept {
  if (never_ != errc::ok) return;
  families_.~collector();
  never_ = errc::not_registered;
}

inline void process_collector::collect(collected& out) noexcept {
  const os::process_values v = reader_.read();
  const double ticks = static_cast<double>(v.ticks_per_second.value);
  if (v.ticks_per_second.known && v.cpu_ticks.known) out.add(cpu, {}, static_cast<double>(v.cpu_ticks.value) / ticks);
  add(out, open_files, v.open_files);
  add(out, max_files, v.max_files);
  add(out, virtual_bytes, v.virtual_bytes);
  add(out, max_virtual_bytes, v.max_virtual_bytes);
  add(out, resident_bytes, v.resident_bytes);
  if (v.ticks_per_second.known && v.start_ticks.known && v.boot_seconds.known) {
    out.add(start, {}, static_cast<double>(v.boot_seconds.value) + static_cast<double>(v.start_ticks.value) / ticks);
  }
  add(out, threads, v.threads);
}

namespace detail {

/// The default registry's process_collector: made when it is asked for, never destroyed, as the registry itself.
template <class Once>
struct installed_process_metrics {
  enum : std::uint32_t { nothing, in_the_making, there };
  static shared<std::uint32_t> state;
  alignas(process_collector) static unsigned char room[sizeof(process_collector)];

  static process_collector& get() noexcept { return *static_cast<process_collector*>(static_cast<void*>(room)); }
};
template <class Once>
shared<std::uint32_t> installed_process_metrics<Once>::state(0);
template <class Once>
alignas(process_collector) unsigned char installed_process_metrics<Once>::room[sizeof(process_collector)];

}  // namespace detail

#else  // no collector without a heap; or compiled out

class NARTHEX_DETAIL_IDLE process_collector {
 public:
  explicit process_collector(const process_collector_options& = process_collector_options()) noexcept {}
  explicit process_collector(registry_core&, const process_collector_options& = process_collector_options()) noexcept {}
  process_collector(const process_collector&) = delete;
  process_collector& operator=(const process_collector&) = delete;
  NARTHEX_NAMESPACE::status status() const noexcept {
    return NARTHEX_HAS(METRICS) ? NARTHEX_NAMESPACE::status(errc::unsupported, "process_collector") : NARTHEX_NAMESPACE::status();
  }
  void unregister() noexcept {}
};

#endif

/// Adds the process_* metrics to the default registry, for the rest of the program; http_server does so by itself.
///
/// Once is enough, more do no harm. Where a process_collector of the program's own is there already, this changes
/// nothing and is ok. A forked child has them too, with its own numbers.
/// Errors:  errc::unsupported, errc::no_memory; errc::name_taken when a metric of the program has one of the names (the
///          others are exposed); errc::busy when another thread is in the middle of it, for long.
/// Threads: any, at any time.
inline status install_process_metrics() noexcept {
#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
  if (!os::process_reader::is_here) return status(errc::unsupported, "process_collector");
  using holder = detail::installed_process_metrics<void>;
  // Not for ever: it may be this thread itself, by way of the error hook, or one that a fork left behind.
  detail::patience p;
  for (unsigned turns = 0; turns < 10000; ++turns) {
    std::uint32_t state = holder::nothing;
    if (holder::state.compare_exchange_strong(state, holder::in_the_making, detail::memory_order_acquire,
                                              detail::memory_order_acquire)) {
      status result;
      if (!detail::has_process_metrics(default_registry())) {
        result = (new (holder::room) process_collector())->status();
        if (result.ok() || result.code() != errc::no_memory) {
          holder::state.store(holder::there, detail::memory_order_release);
          return result;
        }
        holder::get().~process_collector();
      }
      holder::state.store(holder::nothing, detail::memory_order_release);
      return result;
    }
    if (state == holder::there) return holder::get().status();
    p.wait();
    if (p.in_vain()) break;
  }
  return status(errc::busy, "install_process_metrics");
#else
  return process_collector().status();
#endif
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PROCESS_COLLECTOR_HPP
