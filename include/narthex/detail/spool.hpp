// narthex/detail/spool.hpp - keeps the newest body of a group in a file when no gateway takes it.
// Room: balconies. Read detail/spool_text.hpp and os/folder.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SPOOL_HPP
#define NARTHEX_DETAIL_SPOOL_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "narthex/config.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/hash_set.hpp"
#include "narthex/detail/push_body.hpp"
#include "narthex/detail/push_request.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/detail/spool_options.hpp"
#include "narthex/detail/spool_text.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/file.hpp"
#include "narthex/os/folder.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(SYSTEM)

/// "narthex-", 16 hexadecimal digits, ".prom": of the group, so that a group has one file, whoever spools it.
struct spool_name {
  enum : std::size_t { size = 29, front = 8 };
  char text[size + 1];

  explicit spool_name(string_view group) noexcept {
    const std::uint64_t hash = hash_set::hash(hash_set::seed, group);
    std::memcpy(text, "narthex-0123456789abcdef.prom", size + 1);
    for (std::size_t i = 0; i < 16; ++i) text[front + i] = hex_digit(static_cast<unsigned>(hash >> (60 - 4 * i) & 15));
  }
  static bool fits(string_view name) noexcept {
    bool good = name.size() == size && begins_with(name, "narthex-") && name.from(front + 16) == ".prom";
    for (std::size_t i = 0; good && i < 16; ++i) good = hex_value(name[front + i]) >= 0;
    return good;
  }
};

/// Where a file of the folder is, with a NUL; false without memory.
inline bool write_spool_path(byte_buffer& out, string_view folder, string_view name) noexcept {
  return out.append(folder) && out.append("/") && out.append(name) &&
         out.append(string_view("", 1));
}

inline bool append_chunk(void* all, const char* data, std::size_t size) {
  return static_cast<byte_buffer*>(all)->append(string_view(data, size));
}

/// The place of one group in a spool.
///
/// Threads: one at a time; any number of programs may share the folder.
class spool {
 public:
  spool() noexcept : max_bytes_(0), max_files_(0), folder_size_(0) {}
  spool(const spool&) = delete;
  spool& operator=(const spool&) = delete;

  /// Errors: errc::no_memory; errc::bad_spool: a path that is too long, or with a NUL; of the system: no such folder, say, which may
  ///         be there later.
  status prepare(const spool_options& options, string_view group) noexcept {
    const string_view in = options.folder;
    max_files_ = options.max_files > 1 ? options.max_files : 1;
    max_bytes_ = options.max_bytes;
    if (in.empty()) return status();
    if (find_char(in, '\0') < in.size() || in.size() + 64 > os::replaced_file::max_path) return status(errc::bad_spool, os::path_subject(in));
    if (!write_spool_path(path_, in, spool_name(group).text)) return status(errc::no_memory, "spool");
    folder_size_ = in.size();
    os::folder there;
    return there.open(in).to_status(os::path_subject(in));
  }
  bool is_set() const noexcept { return folder_size_ > 0; }
  /// The file's path.
  const char* path() const noexcept { return path_.text().data(); }
  bool has_file() const noexcept {
    const sink none = {[](void*, const char*, std::size_t) { return false; }, nullptr};
    return is_set() && os::read_file(path(), none).ok();
  }

  /// Replaces the group's file by what the registry shows now; a POST keeps there what it does not show. Then removes the oldest files
  /// beyond the limits.
  ///
  /// removed: how many bodies went for that.
  /// Errors:  of the content; errc::too_large beyond max_bytes; of the system (no room, no folder, no permission; subject: the path). The
  ///          file is then as it was.
  status save(registry_core& registry, const push_request& request, string_view verb, std::int64_t sequence_ms, unsigned& removed) noexcept {
    byte_buffer text, whole, before;
    const content_coding* none = nullptr;
    removed = 0;
    status s = write_push_body(registry, request.names(), request.max_body_bytes, none, text);
    if (!s.ok()) return s;
    spool_head head;
    string_view kept;
    if (verb == "POST" && read_whole(before, kept, head) && head.path == request.group()) verb = head.verb;
    else kept = string_view();
    head.time_ms = static_cast<std::int64_t>(std::time(nullptr)) * 1000;
    head.sequence_ms = sequence_ms;
    head.verb = verb;
    head.path = request.group();
    head.labels = request.shown_labels();
    if (!head.write(whole) || !append_with_labels(whole, text.text(), request.labels()) || !append_others(whole, kept, text.text())) {
      return status(errc::no_memory, "spool");
    }
    if (whole.size() > max_bytes_) return status(errc::too_large, "spool", static_cast<std::uint32_t>(max_bytes_));
    const string_view file(path_.text().data(), path_.size() - 1);
    const os::error e = replace(file, whole.text());
    if (e.ok()) removed = trim();
    return e.to_status(os::path_subject(file));
  }

  /// Removes the group's file: something newer has arrived.
  void forget() noexcept {
    if (is_set()) static_cast<void>(os::remove_file(path()));
  }

 private:
  enum : std::int64_t { abandoned_s = 3600 };  ///< a file in the making that is so old: nobody makes it any more

  string_view folder() const noexcept { return path_.text().first(folder_size_); }
  string_view name() const noexcept { return path_.text().from(folder_size_ + 1).first(spool_name::size); }

  static os::error replace(string_view file, string_view text) noexcept {
    os::replaced_file to;
    os::error e = to.open(file);
    if (e.ok()) e = to.write(text.data(), text.size());
    if (e.ok()) e = to.sync();
    if (e.ok()) e = to.commit(0644);
    return e;
  }
  bool read_whole(byte_buffer& to, string_view& text, spool_head& head) const noexcept {
    const sink all = {&append_chunk, &to};
    if (!os::read_file(path(), all).ok()) return false;
    text = to.text();
    return head.read(text);
  }

  /// Removes the oldest until the limits hold, and never the one just written. Returns: how many.
  unsigned trim() noexcept {
    for (unsigned n = 0;; ++n) {
      os::folder all;
      os::folder_entry now, oldest;
      unsigned files = 0;
      std::uint64_t bytes = 0;
      oldest.name[0] = '\0';
      if (!all.open(folder()).ok()) return n;
      while (all.next(now)) {
        const string_view one(now.name);
        if (begins_with(one, ".narthex-") && std::time(nullptr) - now.changed_s > abandoned_s) remove(one);
        if (!spool_name::fits(one)) continue;
        ++files;
        bytes += now.size;
        if (one != name() && (oldest.name[0] == '\0' || now.changed_s < oldest.changed_s)) oldest = now;
      }
      if ((files <= max_files_ && bytes <= max_bytes_) || oldest.name[0] == '\0' || !remove(oldest.name)) return n;
    }
  }
  bool remove(string_view one) noexcept {
    byte_buffer file;
    return write_spool_path(file, folder(), one) && os::remove_file(file.text().data()).ok();
  }

  std::size_t max_bytes_;
  unsigned max_files_;
  std::size_t folder_size_;
  byte_buffer path_;  // of the file, with a NUL
};

#else  // no files, or no heap to put a body together

class spool {
 public:
  status prepare(const spool_options& options, string_view) noexcept {
    return options.folder.empty() ? status() : status(errc::unsupported, "spool");
  }
  bool is_set() const noexcept { return false; }
  bool has_file() const noexcept { return false; }
  const char* path() const noexcept { return ""; }
  status save(registry_core&, const push_request&, string_view, std::int64_t, unsigned&) noexcept { return status(errc::unsupported, "spool"); }
  void forget() noexcept {}
};

#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SPOOL_HPP
