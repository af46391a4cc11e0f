// narthex/os/process_linux.hpp - reads the numbers of this process from /proc.
// Room: cellar. Read os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_PROCESS_LINUX_HPP
#define NARTHEX_OS_PROCESS_LINUX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/os/process.hpp"
#include "narthex/string_view.hpp"

#if defined(__linux__)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

NARTHEX_BEGIN_NAMESPACE
namespace os {

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

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // __linux__

#endif  // NARTHEX_OS_PROCESS_LINUX_HPP
