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
#include "narthex/os/windows.hpp"
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

#if NARTHEX_HAS(SYSTEM)

/// Numbers the files in the making, so that those of two threads differ.
template <class Once>
struct file_numbers {
  static detail::shared<std::uint32_t> next;
};
template <class Once>
detail::shared<std::uint32_t> file_numbers<Once>::next(0);

/// Writes .narthex-PROCESS-NUMBER.tmp and a NUL, at most 40 characters: the name of a file in the making. Short, so that a long name of the path
/// does not make it too long; hidden; without the ending that a reader of the folder looks for.
template <class Char>
void write_other_name(Char* at, std::uint64_t process) noexcept {
  const std::uint64_t numbers[] = {process, file_numbers<void>::next.fetch_add(1, detail::memory_order_relaxed)};
  for (const char* from = ".narthex"; *from; ++from) *at++ = static_cast<Char>(*from);
  for (const std::uint64_t number : numbers) {
    char digits[20];
    std::size_t n = 0;
    std::uint64_t rest = number;
    do digits[n++] = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    *at++ = static_cast<Char>('-');
    while (n) *at++ = static_cast<Char>(digits[--n]);
  }
  for (const char* from = ".tmp"; *from; ++from) *at++ = static_cast<Char>(*from);
  *at = Char();
}

#endif

#if NARTHEX_HAS(POSIX)

/// A new text for a path, written beside it under another name. commit() puts it in place in one step; without
/// that, the destructor leaves no trace.
///
/// Threads: one object in one thread; any number of objects, threads and processes may replace one path.
class replaced_file {
 public:
  enum : std::size_t { max_path = 4096, max_other_path = max_path + 40 };
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
  inline error close() noexcept;

  int fd_;
  bool open_;  // there is a file under the other name
  char path_[max_path];
  char other_[max_other_path];
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
    write_other_name(other_ + folder, static_cast<std::uint64_t>(::getpid()));
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

#elif NARTHEX_HAS(WINDOWS)

/// The same; its paths are UTF-8, with '/' or '\\' between the folders.
class replaced_file {
 public:
  enum : std::size_t { max_path = 4096, max_other_path = max_path + 40 };  ///< in UTF-16 units
  enum : unsigned { max_leftovers = 1000,       ///< files of killed processes with our number that are stepped over
                    reader_patience_ms = 2000 };  ///< how long commit() waits for a reader of the old file

  replaced_file() noexcept : file_(no_file()), open_(false) {}
  ~replaced_file() { discard(); }
  replaced_file(const replaced_file&) = delete;
  replaced_file& operator=(const replaced_file&) = delete;

  inline error open(string_view path) noexcept;
  inline error write(const char* data, std::size_t size) noexcept;
  inline error sync() noexcept;
  inline error commit(unsigned mode) noexcept;
  inline void discard() noexcept;

 private:
  static windows::handle no_file() noexcept { return reinterpret_cast<windows::handle>(std::intptr_t(windows::invalid)); }
  inline error look_at_path() const noexcept;
  inline error close() noexcept;

  windows::handle file_;
  bool open_;  // there is a file under the other name
  wchar_t path_[max_path];
  wchar_t other_[max_other_path];
};

/// Makes the file beside `path`, which need not exist.
///
/// Errors: what the system says; ERROR_NOT_SUPPORTED when `path` is a device or a pipe: "NUL", "COM1".
///         ERROR_DIRECTORY_NOT_SUPPORTED for a folder; ERROR_INVALID_NAME when there is a NUL in it.
inline error replaced_file::open(string_view path) noexcept {
  enum : unsigned int { utf8 = 65001 };
  enum : windows::dword { strictly = 8, generic_write = 0x40000000, create_new = 1, normal = 0x80 };
  const error too_long = {windows::error_filename_exced_range}, no_name = {windows::error_invalid_name},
              is_folder = {windows::error_directory_not_supported}, none = {0};
  if (path.size() > 3 * std::size_t(max_path)) return too_long;
  if (path.empty() || std::memchr(path.data(), 0, path.size())) return no_name;
  const int wide = windows::MultiByteToWideChar(utf8, strictly, path.data(), static_cast<int>(path.size()), nullptr, 0);
  if (wide <= 0) return error::last();
  if (static_cast<std::size_t>(wide) >= max_path) return too_long;
  windows::MultiByteToWideChar(utf8, strictly, path.data(), static_cast<int>(path.size()), path_, wide);
  path_[wide] = L'\0';
  std::size_t folder = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(wide); ++i) {
    if (path_[i] == L'/' || path_[i] == L'\\' || (i == 1 && path_[i] == L':')) folder = i + 1;
    other_[i] = path_[i];
  }
  if (folder == static_cast<std::size_t>(wide)) return is_folder;
  const error e = look_at_path();
  if (!e.ok()) return e;
  for (unsigned tries = 0;; ++tries) {
    write_other_name(other_ + folder, windows::GetCurrentProcessId());
    file_ = windows::CreateFileW(other_, generic_write, 0, nullptr, create_new, normal, nullptr);
    if (file_ != no_file()) break;
    const error refused = error::last();
    if ((refused.code != windows::error_file_exists && refused.code != windows::error_already_exists) || tries >= max_leftovers) {
      return refused;
    }
  }
  open_ = true;
  return none;
}

/// Whether what is there may be replaced.
inline error replaced_file::look_at_path() const noexcept {
  enum : windows::dword { no_attributes = 0xffffffffu, folder = 0x10, share_all = 7, open_existing = 3, disk = 1 };
  const error is_folder = {windows::error_directory_not_supported}, device = {windows::error_not_supported}, none = {0};
  const windows::dword attributes = windows::GetFileAttributesW(path_);
  if (attributes == no_attributes) {
    const error e = error::last();
    return e.code == windows::error_file_not_found ? none : e;
  }
  if (attributes & folder) return is_folder;
  const windows::handle there = windows::CreateFileW(path_, 0, share_all, nullptr, open_existing, 0, nullptr);
  if (there == no_file()) return none;  // a file that may not even be looked at may yet be replaced
  const windows::dword type = windows::GetFileType(there);
  windows::CloseHandle(there);
  return type == disk ? none : device;
}

/// Writes everything.
inline error replaced_file::write(const char* data, std::size_t size) noexcept {
  const std::size_t most_at_once = 1u << 30;
  while (size > 0) {
    windows::dword n = 0;
    const windows::dword now = static_cast<windows::dword>(size < most_at_once ? size : most_at_once);
    if (!windows::WriteFile(file_, data, now, &n, nullptr)) return error::last();
    data += n;
    size -= n;
  }
  const error none = {0};
  return none;
}

/// Waits until the bytes are on the disk.
inline error replaced_file::sync() noexcept {
  const error none = {0};
  return windows::FlushFileBuffers(file_) ? none : error::last();
}

/// Puts the file in place. The mode is not used: who may read it is inherited from the folder.
///
/// A file that somebody has open cannot be replaced here, unlike by rename(): readers of a metrics file, and virus scanners, take
/// milliseconds, so they are waited for; whoever keeps it open longer is told of by the system's words.
inline error replaced_file::commit(unsigned) noexcept {
  enum : windows::dword { replace_existing = 1 };
  error e = close();
  if (!e.ok()) return e;
  for (unsigned waited = 0, pause = 1;; pause = pause < 50 ? 2 * pause : pause) {
    if (windows::MoveFileExW(other_, path_, replace_existing)) break;
    e = error::last();
    const bool is_open = e.code == windows::error_access_denied || e.code == windows::error_sharing_violation;
    if (!is_open || waited >= reader_patience_ms) return e;
    windows::Sleep(pause);
    waited += pause;
  }
  open_ = false;
  e.code = 0;
  return e;
}

inline error replaced_file::close() noexcept {
  error e = {0};
  if (file_ != no_file() && !windows::CloseHandle(file_)) e = error::last();
  file_ = no_file();
  return e;
}

inline void replaced_file::discard() noexcept {
  static_cast<void>(close());
  if (open_) windows::DeleteFileW(other_);
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
