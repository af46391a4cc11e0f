// narthex/textfile.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/os/error.hpp ======================================================================
// narthex/os/error.hpp - a system error, captured once.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_ERROR_HPP
#define NARTHEX_OS_ERROR_HPP

#include <cstddef>
#include <cstdint>


#if NARTHEX_HAS(POSIX)
#include <errno.h>
#include <string.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// The system's error code, read in the line after the call that failed: whatever runs in between, a
/// destructor that closes a file for one, may set another.
struct error {
  int code;  ///< 0: no error

#if NARTHEX_HAS(POSIX)
  static error last() noexcept {
    const error e = {errno};
    return e;
  }
#endif

  bool ok() const noexcept { return code == 0; }

  /// The same as a status; `subject` says what was tried.
  status to_status(string_view subject) const noexcept {
    return code == 0 ? status() : status(kind(), subject, static_cast<std::uint32_t>(code));
  }
  /// What a program may want to tell apart; errc::system for all the rest.
  errc kind() const noexcept {
#if NARTHEX_HAS(POSIX)
    if (code == EADDRINUSE) return errc::address_in_use;
    if (code == EACCES || code == EPERM) return errc::no_permission;
    if (code == EMFILE || code == ENFILE) return errc::too_many_descriptors;
#endif
    return errc::system;
  }

  /// Writes the system's words for the code and a NUL; nothing where it has none.
  ///
  /// Returns: the length without the NUL; the text is cut when `size` is too small.
  /// Threads: any; no shared buffer, which strerror() has.
  std::size_t words(char* out, std::size_t size) const noexcept {
    if (size == 0) return 0;
    std::size_t n = 0;
#if NARTHEX_HAS(POSIX)
    char buffer[128];
    buffer[0] = '\0';
    const char* text = answer(::strerror_r(code, buffer, sizeof buffer), buffer);
    while (text && text[n] != '\0' && n + 1 < size) {
      out[n] = text[n];
      ++n;
    }
#endif
    out[n] = '\0';
    return n;
  }

 private:
#if NARTHEX_HAS(POSIX)
  // glibc returns the text, which need not be in the buffer; POSIX and everybody else a code.
  static const char* answer(const char* text, const char*) noexcept { return text; }
  static const char* answer(int refused, const char* buffer) noexcept { return refused ? nullptr : buffer; }
#endif
};

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_ERROR_HPP

// ==== narthex/os/file.hpp =======================================================================
// narthex/os/file.hpp - a file that is replaced whole or not at all.
// Room: cellar. Read os/error.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_FILE_HPP
#define NARTHEX_OS_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


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

// ==== narthex/textfile.hpp ======================================================================
// narthex/textfile.hpp - writes a registry for node_exporter's textfile collector.
// Room: balconies. Read text_format.hpp and os/file.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TEXTFILE_HPP
#define NARTHEX_TEXTFILE_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE

/// How write_textfile() writes.
struct textfile_options {
  enum class sync { before_replacing, never };

  /// The permissions, exactly, whatever the umask: everybody may read, as node_exporter runs as a user of its own.
  unsigned mode = 0644;
  /// Whether to wait for the disk before the old file goes. Without it some file systems show an empty file after a
  /// power failure, and NFS and quotas have not yet said that there is no room. Costs milliseconds on a quiet disk.
  sync syncing = sync::before_replacing;

  textfile_options& set_mode(unsigned permissions) noexcept {
    mode = permissions;
    return *this;
  }
  /// For files that are written every few seconds, or lie in memory anyway.
  textfile_options& without_sync() noexcept {
    syncing = sync::never;
    return *this;
  }
};

/// What became of a file.
///
/// Threads: a value; copy it freely.
class NARTHEX_DETAIL_NODISCARD textfile_result {
 public:
  bool ok() const noexcept { return why_.ok(); }
  errc code() const noexcept { return why_.code(); }
  /// subject(): the end of the path; number(): the system's error code.
  const status& why() const noexcept { return why_; }
  /// "/var/lib/node_exporter/job.prom: No space left on device"; "" when ok.
  const char* error() const noexcept { return error_; }

 private:
  friend textfile_result write_textfile(registry_core&, string_view, const textfile_options&) noexcept;
  inline textfile_result(const os::error& e, string_view path) noexcept;
  textfile_result() noexcept { error_[0] = '\0'; }
  explicit textfile_result(const status& reason) noexcept : why_(reason) {
    error_[0] = '\0';
    if (!reason.ok()) reason.message(error_, sizeof error_);
  }

  status why_;
  char error_[status::max_message];
};

inline textfile_result::textfile_result(const os::error& e, string_view path) noexcept
    : textfile_result(e.to_status(os::path_subject(path))) {
  char words[128];
  if (e.ok() || e.words(words, sizeof words) == 0) return;
  std::size_t n = 0;
  for (const char* part : {why_.subject(), ": ", static_cast<const char*>(words)}) {
    while (*part && n + 1 < sizeof error_) error_[n++] = *part++;
  }
  error_[n] = '\0';
}

/// Replaces a file by what a registry shows, in text format 0.0.4: whoever reads it finds the old text or the new one, whole.
///
///   const nx::textfile_result r = nx::write_textfile("/var/lib/prometheus/node-exporter/backup.prom");
///   if (!r.ok()) std::fprintf(stderr, "%s\n", r.error());
///
/// path:    node_exporter reads files that end in .prom; the ending is the caller's choice, as others read such files
///          too. A link is replaced, not followed. The folder must exist, and this process be allowed to write in it. A
///          relative path is that of the working folder, which no callback may change meanwhile.
/// Errors:  errc::no_permission, errc::too_many_descriptors, errc::system with the system's code (full disk, no such folder,
///          a folder or device in place of the file), errc::unsupported where there is no POSIX. The old file is then as it
///          was and nothing new is left in the folder; only a process killed meanwhile leaves a hidden .narthex-*.tmp.
/// Threads: any, also several writers of one path: the last one wins. Nothing is locked; callbacks may take their time.
/// Cost:    about 30 kB of stack; no allocation but for custom collectors. A process under a limit of file sizes gets
///          SIGXFSZ, as from any write.
/// Source:  node_exporter, README, Textfile Collector.
inline textfile_result write_textfile(registry_core& registry, string_view path,
                                      const textfile_options& options = textfile_options()) noexcept {
#if !NARTHEX_HAS(METRICS)
  static_cast<void>(registry), static_cast<void>(path), static_cast<void>(options);
  return textfile_result();  // compiled out: a file that is there stays as it is
#elif NARTHEX_HAS(POSIX)
  struct target {
    os::replaced_file file;
    os::error e;
    static bool write(void* self, const char* data, std::size_t size) {
      target& t = *static_cast<target*>(self);
      t.e = t.file.write(data, size);
      return t.e.ok();
    }
  } to;
  to.e = to.file.open(path);
  const sink out = {&target::write, &to};
  if (to.e.ok()) static_cast<void>(write_text(registry, out));  // what it can say is in to.e
  if (to.e.ok() && options.syncing == textfile_options::sync::before_replacing) to.e = to.file.sync();
  if (to.e.ok()) to.e = to.file.commit(options.mode);
  return textfile_result(to.e, path);
#else
  static_cast<void>(registry);
  static_cast<void>(options);
  return textfile_result(status(errc::unsupported, os::path_subject(path)));
#endif
}
inline textfile_result write_textfile(string_view path, const textfile_options& options = textfile_options()) noexcept {
  return write_textfile(default_registry(), path, options);
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TEXTFILE_HPP
