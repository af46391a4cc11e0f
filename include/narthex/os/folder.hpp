// narthex/os/folder.hpp - what lies in a folder; a file read, a file removed.
// Room: cellar. Read os/file.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_FOLDER_HPP
#define NARTHEX_OS_FOLDER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/file.hpp"
#include "narthex/os/windows.hpp"
#include "narthex/sink.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(POSIX)
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// A file in a folder.
struct folder_entry {
  enum : std::size_t { max_name = 768 };  ///< in UTF-8
  char name[max_name];
  std::uint64_t size;
  std::int64_t changed_s;  ///< since 1970, by the clock of its file system
};

#if NARTHEX_HAS(POSIX)

/// The regular files of one folder, in no order; links are not followed. What comes or goes meanwhile may be seen or not.
///
/// Threads: one.
class folder {
 public:
  folder() noexcept : all_(nullptr) {}
  ~folder() {
    if (all_) ::closedir(all_);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  /// Errors: what the system says.
  error open(string_view path) noexcept {
    const error too_long = {ENAMETOOLONG}, has_nul = {EINVAL}, none = {0};
    char text[replaced_file::max_path];
    if (path.size() >= sizeof text) return too_long;
    if (!path.empty() && std::memchr(path.data(), 0, path.size())) return has_nul;
    if (!path.empty()) std::memcpy(text, path.data(), path.size());
    text[path.size()] = '\0';
    all_ = ::opendir(text);
    return all_ ? none : error::last();
  }
  /// False after the last.
  bool next(folder_entry& found) noexcept {
    while (const dirent* const one = ::readdir(all_)) {
      const std::size_t size = std::strlen(one->d_name);
      struct stat about;  // dirfd() may be a macro, so without "::"
      if (size >= sizeof found.name || ::fstatat(dirfd(all_), one->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (!S_ISREG(about.st_mode)) continue;
      std::memcpy(found.name, one->d_name, size + 1);
      found.size = static_cast<std::uint64_t>(about.st_size);
      found.changed_s = static_cast<std::int64_t>(about.st_mtime);
      return true;
    }
    return false;
  }

 private:
  DIR* all_;
};

/// Reads a whole file, link or not; stops when the sink takes no more.
inline error read_file(const char* path, const sink& to) noexcept {
  error e = {0};
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error::last();
  char part[4096];
  bool more = true;
  while (more) {
    const ssize_t n = ::read(fd, part, sizeof part);
    if (n < 0) e = error::last();
    if (n < 0) more = e.code == EINTR;
    else e.code = 0, more = n > 0 && to.write(to.context, part, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return e;
}

inline error remove_file(const char* path) noexcept {
  const error none = {0};
  return ::unlink(path) == 0 ? none : error::last();
}

#elif NARTHEX_HAS(WINDOWS)

namespace windows {
/// A path of UTF-8, as the system wants it.
struct wide_path {
  wchar_t text[replaced_file::max_path];
  explicit wide_path(const char* path) noexcept {
    enum : unsigned int { utf8 = 65001 };
    enum : dword { strictly = 8 };
    if (MultiByteToWideChar(utf8, strictly, path, -1, text, sizeof text / sizeof *text) <= 0) text[0] = L'\0';
  }
};
/// WIN32_FIND_DATAW.
struct found_file {
  std::uint32_t attributes, made[2], read[2], written[2], size_high, size_low, unused[2];
  wchar_t name[260], short_name[14];
};
}  // namespace windows

/// The same.
class folder {
 public:
  folder() noexcept : all_(windows_none()), has_one_(false) {}
  ~folder() {
    if (all_ != windows_none()) windows::FindClose(all_);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  error open(string_view path) noexcept {
    const error too_long = {windows::error_filename_exced_range}, no_name = {windows::error_invalid_name}, none = {0};
    char text[replaced_file::max_path];
    if (path.size() + 3 > sizeof text) return too_long;
    if (path.empty() || std::memchr(path.data(), 0, path.size())) return no_name;
    if (!path.empty()) std::memcpy(text, path.data(), path.size());
    std::memcpy(text + path.size(), "/*", 3);
    const windows::wide_path pattern(text);
    all_ = windows::FindFirstFileW(pattern.text, windows::as<_WIN32_FIND_DATAW>(&found_));
    has_one_ = all_ != windows_none();
    return has_one_ ? none : error::last();
  }
  bool next(folder_entry& found) noexcept {
    enum : unsigned int { utf8 = 65001 };
    enum : std::uint32_t { not_a_file = 0x10 | 0x400 };  // a folder; a link
    for (; has_one_; has_one_ = windows::FindNextFileW(all_, windows::as<_WIN32_FIND_DATAW>(&found_)) != 0) {
      if (found_.attributes & not_a_file) continue;
      if (windows::WideCharToMultiByte(utf8, 0, found_.name, -1, found.name, sizeof found.name, nullptr, nullptr) <= 0) continue;
      found.size = std::uint64_t(found_.size_high) << 32 | found_.size_low;
      const std::uint64_t since_1601 = std::uint64_t(found_.written[1]) << 32 | found_.written[0];  // in 100 ns
      found.changed_s = static_cast<std::int64_t>(since_1601 / 10000000) - 11644473600;
      has_one_ = windows::FindNextFileW(all_, windows::as<_WIN32_FIND_DATAW>(&found_)) != 0;
      return true;
    }
    return false;
  }

 private:
  static windows::handle windows_none() noexcept { return reinterpret_cast<windows::handle>(std::intptr_t(windows::invalid)); }

  windows::handle all_;
  bool has_one_;
  windows::found_file found_;
};

inline error read_file(const char* path, const sink& to) noexcept {
  enum : windows::dword { generic_read = 0x80000000, share_all = 7, open_existing = 3, normal = 0x80 };
  error e = {0};
  const windows::wide_path wide(path);
  const windows::handle file = windows::CreateFileW(wide.text, generic_read, share_all, nullptr, open_existing, normal, nullptr);
  if (file == reinterpret_cast<windows::handle>(std::intptr_t(windows::invalid))) return error::last();
  char part[4096];
  windows::dword n = 0;
  do {
    if (!windows::ReadFile(file, part, sizeof part, &n, nullptr)) {
      e = error::last();
      n = 0;
    }
  } while (n > 0 && to.write(to.context, part, n));
  windows::CloseHandle(file);
  return e;
}

inline error remove_file(const char* path) noexcept {
  const error none = {0};
  const windows::wide_path wide(path);
  return windows::DeleteFileW(wide.text) ? none : error::last();
}

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_FOLDER_HPP
