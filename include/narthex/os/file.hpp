// narthex/os/file.hpp - a file that is replaced whole or not at all.
// Room: cellar. Read os/error.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_FILE_HPP
#define NARTHEX_OS_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/os/error.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(POSIX)
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// A path as a status can hold it: its end, when it is long, as that is where the file's name is.
class path_subject {
 public:
  explicit path_subject(string_view path) noexcept : size_(0) {
    if (path.size() > sizeof text_) {
      for (; size_ < 3; ++size_) text_[size_] = '.';
      path = path.from(path.size() - (sizeof text_ - 3));
    }
    for (const char c : path) text_[size_++] = c;
  }
  operator string_view() const noexcept { return string_view(text_, size_); }

 private:
  std::size_t size_;
  char text_[73];  // what a status keeps
};

#if NARTHEX_HAS(POSIX)

/// Numbers the files in the making, so that those of two threads differ.
template <class Once>
struct file_numbers {
  static detail::shared<std::uint32_t> next;
};
template <class Once>
detail::shared<std::uint32_t> file_numbers<Once>::next(0);

/// A new text for a path, written beside it under another name. commit() puts it in place in one step; without
/// that, the destructor leaves no trace.
///
/// The other name is .narthex-PROCESS-NUMBER.tmp in the same folder: short, so that a long name of the path does not
/// make it too long; hidden; without the ending that a reader of the folder looks for.
/// Threads: one object in one thread; any number of objects, threads and processes may replace one path.
class replaced_file {
 public:
  enum : std::size_t { max_path = 4096 };
  enum : unsigned { max_leftovers = 1000 };  ///< files of killed processes with our number that are stepped over

  replaced_file() noexcept : fd_(-1), open_(false) {}
  ~replaced_file() { discard(); }
  replaced_file(const replaced_file&) = delete;
  replaced_file& operator=(const replaced_file&) = delete;

  inline error open(string_view path) noexcept;
  inline error write(const char* data, std::size_t size) noexcept;
  inline error sync() noexcept;
  inline error commit(unsigned mode) noexcept;
  inline void discard() noexcept;

 private:
  inline void name_it(std::size_t folder) noexcept;
  inline error close() noexcept;

  int fd_;
  bool open_;  // there is a file under the other name
  char path_[max_path];
  char other_[max_path + 40];
};

/// Makes the file beside `path`, which need not exist.
///
/// Errors: what the system says; ENOTSUP when `path` is a device, a pipe or a socket, also by a link: /dev/stdout would
///         become a file for everybody. EISDIR for a folder; EINVAL when there is a NUL in it.
inline error replaced_file::open(string_view path) noexcept {
  const error too_long = {ENAMETOOLONG}, has_nul = {EINVAL}, is_folder = {EISDIR}, no_file = {ENOTSUP}, none = {0};
  if (path.size() >= sizeof path_) return too_long;
  std::size_t folder = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\0') return has_nul;
    if (path[i] == '/') folder = i + 1;
    path_[i] = path[i];
  }
  path_[path.size()] = '\0';
  if (folder == path.size() && folder > 0) return is_folder;
  struct stat there;
  if (::stat(path_, &there) == 0) {
    if (S_ISDIR(there.st_mode)) return is_folder;
    if (!S_ISREG(there.st_mode)) return no_file;
  } else {
    const error e = error::last();
    if (e.code != ENOENT) return e;
  }
  if (path.empty()) {
    const error nowhere = {ENOENT};
    return nowhere;
  }
  std::memcpy(other_, path_, folder);
  for (unsigned tries = 0;; ++tries) {
    name_it(folder);
    // For its owner alone until it is whole; commit() gives it the wanted mode, whatever the umask.
    fd_ = ::open(other_, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd_ >= 0) break;
    const error e = error::last();
    if (e.code == EINTR) continue;
    if (e.code != EEXIST || tries >= max_leftovers) return e;
  }
  open_ = true;
  return none;
}

inline void replaced_file::name_it(std::size_t folder) noexcept {
  char* at = other_ + folder;
  const std::uint64_t numbers[] = {static_cast<std::uint64_t>(::getpid()),
                                   file_numbers<void>::next.fetch_add(1, detail::memory_order_relaxed)};
  std::memcpy(at, ".narthex", 8);
  at += 8;
  for (const std::uint64_t number : numbers) {
    char digits[20];
    std::size_t n = 0;
    std::uint64_t rest = number;
    do digits[n++] = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    *at++ = '-';
    while (n) *at++ = digits[--n];
  }
  std::memcpy(at, ".tmp", 5);
}

/// Writes everything.
inline error replaced_file::write(const char* data, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t n = ::write(fd_, data, size);
    if (n < 0) {
      const error e = error::last();
      if (e.code == EINTR) continue;
      return e;
    }
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  const error none = {0};
  return none;
}

/// Waits until the bytes are on the disk. Also when a full disk or quota is told of, on a file system that takes bytes
/// first and looks for room later.
inline error replaced_file::sync() noexcept {
  while (::fsync(fd_) != 0) {
    const error e = error::last();
    if (e.code != EINTR) return e;
  }
  const error none = {0};
  return none;
}

/// Puts the file in place with exactly the permissions of `mode`. A link at the path is replaced, not followed.
inline error replaced_file::commit(unsigned mode) noexcept {
  if (::fchmod(fd_, static_cast<mode_t>(mode & 07777u)) != 0) return error::last();
  const error e = close();
  if (!e.ok()) return e;
  if (::rename(other_, path_) != 0) return error::last();
  open_ = false;
  return e;
}

/// Not tried again: the descriptor is gone after any answer, and may be another thread's by then.
inline error replaced_file::close() noexcept {
  error e = {0};
  if (fd_ >= 0 && ::close(fd_) != 0) e = error::last();
  fd_ = -1;
  if (e.code == EINTR) e.code = 0;
  return e;
}

inline void replaced_file::discard() noexcept {
  static_cast<void>(close());
  if (open_) ::unlink(other_);
  open_ = false;
}

#else  // not here

class replaced_file {
 public:
  replaced_file() noexcept {}
  replaced_file(const replaced_file&) = delete;
  replaced_file& operator=(const replaced_file&) = delete;
  error open(string_view) noexcept { return none(); }
  error write(const char*, std::size_t) noexcept { return none(); }
  error sync() noexcept { return none(); }
  error commit(unsigned) noexcept { return none(); }
  void discard() noexcept {}

 private:
  static error none() noexcept {
    const error e = {0};
    return e;
  }
};

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_FILE_HPP
