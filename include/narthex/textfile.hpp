// narthex/textfile.hpp - writes a registry for node_exporter's textfile collector.
// Room: balconies. Read text_format.hpp and os/file.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TEXTFILE_HPP
#define NARTHEX_TEXTFILE_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/file.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/text_format.hpp"

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
///          a folder or device in place of the file), errc::unsupported where there are no files. The old file is then as it
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
#elif NARTHEX_HAS(SYSTEM)
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
  char chunk[detail::chunk_bytes];
  if (to.e.ok()) static_cast<void>(detail::write_all<detail::timeless_text_writer>(registry, out, chunk, sizeof chunk));  // what it can say is in to.e
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
