// textfile: the old file or the new one, whole, whatever goes wrong.
#include <narthex/narthex.hpp>

#include <narthex/textfile.hpp>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !defined(_WIN32)
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sys/mount.h>
#endif

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/held.hpp"

namespace nx = narthex;

// ---- the system's calls, which fail when told ----

#if defined(__linux__)
namespace {
struct fault_plan {
  int short_writes = 0, write_errno = 0, write_errno_once = 0, interrupts = 0, fsyncs = 0, fsync_errno = 0, close_errno = 0;
  bool interrupt = false;  // the next one
} faults;

int interrupted() {
  if (!faults.interrupts) return 0;
  faults.interrupt = !faults.interrupt;
  return faults.interrupt ? EINTR : 0;
}
int fail(int code) {
  errno = code;
  return -1;
}
}  // namespace

extern "C" ssize_t write(int fd, const void* data, size_t size) {
  if (fd > 2) {
    if (const int code = interrupted()) return fail(code);
    if (faults.write_errno) return fail(faults.write_errno);
    if (const int code = faults.write_errno_once) {
      faults.write_errno_once = 0;
      return fail(code);
    }
    if (faults.short_writes && size > 7) size = 7;
  }
  return syscall(SYS_write, fd, data, size);
}
extern "C" int fsync(int fd) {
  if (const int code = interrupted()) return fail(code);
  ++faults.fsyncs;
  return faults.fsync_errno ? fail(faults.fsync_errno) : static_cast<int>(syscall(SYS_fsync, fd));
}
extern "C" int close(int fd) {
  const int code = static_cast<int>(syscall(SYS_close, fd));
  return faults.close_errno ? fail(faults.close_errno) : code;
}
#endif

namespace {

// ---- a folder, a registry ----

using support::content;
using support::folder;
using support::put;
using names = std::vector<std::string>;

struct shop {
  nx::registry mine;
  nx::counter things{mine, "things_total", "Things."};
  std::string page = "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 3\n";
  shop() { things.inc(3); }
};

struct large_shop {  // 200,000 bytes
  std::string help = std::string(2000, 'h');
  nx::registry mine;
  large_shop() {
    for (int i = 0; i < 100; ++i) nx::counter(mine, "thing_" + std::to_string(i) + "_total", help);
  }
};

#if !defined(_WIN32)
unsigned mode_of(const std::string& path) {
  struct stat s;
  return ::lstat(path.c_str(), &s) == 0 ? static_cast<unsigned>(s.st_mode) : 0u;
}
unsigned permissions(const std::string& path) { return mode_of(path) & 07777u; }
#endif
using support::open_files;
const nx::textfile_options quick = nx::textfile_options().without_sync();

#if defined(_WIN32)
enum : unsigned { file_exists = ERROR_FILE_EXISTS };
#else
enum : unsigned { file_exists = EEXIST };
#endif

/// The words of the refusal, from which everything else follows.
std::string refusal(nx::registry_core& registry, const std::string& path) {
  const std::size_t before = open_files();
  const nx::textfile_result r = nx::write_textfile(registry, path, quick);
  CHECK(open_files() == before);
  CHECK(r.ok() == (r.code() == nx::errc::ok));
  CHECK(r.code() == r.why().code());
  return r.error();
}

#if !defined(_WIN32)
/// Runs in a child, so that what it changes of the process is gone afterwards.
template <class Function>
int in_child(Function function) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(function());
  int how = 0;
  ::waitpid(child, &how, 0);
  return WIFEXITED(how) ? WEXITSTATUS(how) : 1000 + WTERMSIG(how);
}
#endif

}  // namespace

// ---- what is written ----

TEST_CASE("textfile: the file holds the exposition and nothing else") {
  const folder f;
  shop s;
  const std::size_t before = open_files();
  const nx::textfile_result r = nx::write_textfile(s.mine, f.at("job.prom"));
  CHECK(r.ok());
  CHECK(r.code() == nx::errc::ok);
  CHECK(std::string(r.error()).empty());
  CHECK(content(f.at("job.prom")) == s.page);
  CHECK(f.names() == names{"job.prom"});
  CHECK(open_files() == before);

  s.things.inc();
  REQUIRE(nx::write_textfile(s.mine, f.at("job.prom").c_str()).ok());
  CHECK(content(f.at("job.prom")) == "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 4\n");
  large_shop large;
  REQUIRE(nx::write_textfile(large.mine, f.at("job.prom")).ok());
  CHECK(content(f.at("job.prom")) == nx::to_text(large.mine));
  nx::registry empty;
  REQUIRE(nx::write_textfile(empty, f.at("job.prom")).ok());
  CHECK(content(f.at("job.prom")).empty());
}

TEST_CASE("textfile: without a registry it is the default one") {
  const folder f;
  nx::fixed_counter mine{"textfile_default_total", "Things."};
  REQUIRE(nx::write_textfile(f.at("job.prom"), quick).ok());
  CHECK(content(f.at("job.prom")) == "# HELP textfile_default_total Things.\n# TYPE textfile_default_total counter\ntextfile_default_total 0\n");
}

#if !defined(_WIN32)
TEST_CASE("textfile: a name without a folder is one in the working folder, and the name is free") {
  const folder f;
  CHECK(in_child([&f] {
          shop s;
          return ::chdir(f.path.c_str()) == 0 && nx::write_textfile(s.mine, "any name").ok() &&
                         nx::write_textfile(s.mine, "./b.prom").ok()
                     ? 0
                     : 1;
        }) == 0);
  CHECK(f.names() == names{"any name", "b.prom"});
}

TEST_CASE("textfile: the permissions are those of the options whatever the umask") {
  const folder f;
  shop s;
  for (const mode_t mask : {mode_t(077), mode_t(0), mode_t(0777)}) {
    const mode_t before = ::umask(mask);
    CHECK(nx::write_textfile(s.mine, f.at("a.prom")).ok());
    CHECK(nx::write_textfile(s.mine, f.at("b.prom"), nx::textfile_options().set_mode(0600)).ok());
    CHECK(nx::write_textfile(s.mine, f.at("c.prom"), nx::textfile_options(quick).set_mode(0666)).ok());
    CHECK(::umask(before) == mask);
    CHECK(permissions(f.at("a.prom")) == 0644);
    CHECK(permissions(f.at("b.prom")) == 0600);
    CHECK(permissions(f.at("c.prom")) == 0666);
  }
}

TEST_CASE("textfile: a link is replaced and what it pointed to is left alone") {
  const folder f;
  shop s;
  put(f.at("other"), "mine");
  REQUIRE(::symlink("other", f.at("job.prom").c_str()) == 0);
  REQUIRE(::symlink("nowhere", f.at("lost.prom").c_str()) == 0);
  CHECK(refusal(s.mine, f.at("job.prom")).empty());
  CHECK(refusal(s.mine, f.at("lost.prom")).empty());
  CHECK(content(f.at("other")) == "mine");
  CHECK(S_ISREG(mode_of(f.at("job.prom"))));
  CHECK(content(f.at("job.prom")) == s.page);
  CHECK(f.names() == names{"job.prom", "lost.prom", "other"});
}
#endif

// ---- while it is written ----

#if !defined(_WIN32)
TEST_CASE("textfile: while it is written the old file stands, beside one that no reader of .prom files sees") {
  const folder f;
  put(f.at("job.prom"), "old");
  nx::registry mine;
  std::string seen, old;
  unsigned mode = 0;
  bool inherited = false;
  const auto look = [&] {
    const names all = f.names();
    for (const std::string& name : all) {
      if (name != "job.prom") seen += name + " ";
      mode = permissions(f.at(name));
    }
    old = content(f.at("job.prom"));
    mode = seen.empty() ? 0 : permissions(f.at(seen.substr(0, seen.size() - 1)));
    for (int fd = 3; fd < 64; ++fd) {
      const int flags = ::fcntl(fd, F_GETFD);
      struct stat a, b;
      if (flags >= 0 && ::fstat(fd, &a) == 0 && ::stat(f.at(seen.substr(0, seen.size() - 1)).c_str(), &b) == 0 && a.st_ino == b.st_ino) {
        inherited = !(flags & FD_CLOEXEC);
      }
    }
    nx::counter late{mine, "a_late_total", "Registered by a callback."};  // nothing is locked meanwhile
    late.inc();
  };
  const auto* const call = &look;
  nx::callback_gauge gauge{mine, "gauge", "Slow.", [call] {
                             (*call)();
                             return 1;
                           }};
  REQUIRE(nx::write_textfile(mine, f.at("job.prom")).ok());
  CHECK(seen.find(".narthex-" + std::to_string(::getpid()) + "-") == 0);
  CHECK(seen.substr(seen.size() - 5) == ".tmp ");
  CHECK(std::count(seen.begin(), seen.end(), ' ') == 1);
  CHECK(mode == 0600);
  CHECK_FALSE(inherited);
  CHECK(old == "old");
  CHECK(f.names() == names{"job.prom"});
}

TEST_CASE("textfile: a writer that is killed leaves the old file, and a leftover that harms nobody") {
  const folder f;
  shop s;
  put(f.at("job.prom"), "old");
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    large_shop large;
    const int bell = ready[1];
    nx::callback_gauge stuck{large.mine, "zzz", "Never ends.", [bell]() -> int {
                               if (::write(bell, "x", 1) == 1) {
                                 for (;;) ::pause();
                               }
                               return 0;
                             }};
    static_cast<void>(nx::write_textfile(large.mine, f.at("job.prom")));
    ::_exit(0);
  }
  ::close(ready[1]);
  char bell = 0;
  REQUIRE(::read(ready[0], &bell, 1) == 1);
  ::close(ready[0]);
  REQUIRE(::kill(child, SIGKILL) == 0);
  int how = 0;
  REQUIRE(::waitpid(child, &how, 0) == child);
  CHECK(content(f.at("job.prom")) == "old");
  const names left = f.names();
  REQUIRE(left.size() == 2);
  CHECK(left[0].find(".narthex-" + std::to_string(child) + "-") == 0);
  CHECK(refusal(s.mine, f.at("job.prom")).empty());
  CHECK(content(f.at("job.prom")) == s.page);
  CHECK(f.names() == left);
}
#endif

TEST_CASE("textfile: leftovers with our own number are stepped over and kept, up to a thousand") {
  const folder f;
  shop s;
  const auto leftover = [&f](unsigned i) { return f.at(".narthex-" + std::to_string(::getpid()) + "-" + std::to_string(i) + ".tmp"); };
  for (unsigned i = 0; i < 600; ++i) put(leftover(i), "theirs");
  CHECK(refusal(s.mine, f.at("job.prom")).empty());
  CHECK(content(f.at("job.prom")) == s.page);
  CHECK(f.names().size() == 601);
  for (unsigned i = 0; i < 600; ++i) {
    if (content(leftover(i)) != "theirs") FAIL(leftover(i));
  }
  for (unsigned i = 600; i < 2400; ++i) put(leftover(i), "theirs");
  const nx::textfile_result r = nx::write_textfile(s.mine, f.at("job.prom"));
  CHECK(r.code() == nx::errc::system);
  CHECK(r.why().number() == file_exists);
  CHECK(f.names().size() == 2401);
}

#if !defined(_WIN32)
TEST_CASE("textfile: a reader sees whole files only while two processes and two threads write") {
  const folder f;
  enum { times = 500 };
  const std::string path = f.at("job.prom");
  std::vector<std::string> pages(2);
  for (unsigned i = 0; i < 2; ++i) {
    large_shop l;
    if (i) nx::counter(l.mine, "more_total", "More.");
    pages[i] = nx::to_text(l.mine);
  }
  put(path, pages[0]);
  std::vector<pid_t> writers;
  for (int i = 0; i < 2; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      large_shop l;
      if (i) nx::counter(l.mine, "more_total", "More.");
      struct job {
        nx::registry_core* registry;
        const std::string* path;
        static void* run(void* self) {
          const job& j = *static_cast<job*>(self);
          for (int n = 0; n < times; ++n) {
            if (!nx::write_textfile(*j.registry, *j.path, quick).ok()) ::_exit(1);
          }
          return nullptr;
        }
      } j = {&l.mine, &path};
      pthread_t other;
      if (::pthread_create(&other, nullptr, &job::run, &j) != 0) ::_exit(2);
      job::run(&j);
      ::pthread_join(other, nullptr);
      ::_exit(0);
    }
    writers.push_back(child);
  }
  unsigned torn = 0, seen[2] = {0, 0};
  for (unsigned ended = 0; ended < 2;) {
    const std::string text = content(path);
    if (text == pages[0]) ++seen[0];
    else if (text == pages[1]) ++seen[1];
    else ++torn;
    int how = 0;
    const pid_t done = ::waitpid(-1, &how, WNOHANG);
    if (done > 0) {
      ++ended;
      CHECK(how == 0);
    }
  }
  CHECK(torn == 0);
  CHECK(seen[0] + seen[1] > 10);
  CHECK(f.names() == names{"job.prom"});
}
#endif

// ---- what goes wrong ----

#if !defined(_WIN32)
TEST_CASE("textfile: what cannot be a file is refused with the path and the system's words") {
  const folder f;
  shop s;
  REQUIRE(::mkdir(f.at("folder.prom").c_str(), 0755) == 0);
  REQUIRE(::mkfifo(f.at("pipe.prom").c_str(), 0644) == 0);
  REQUIRE(::symlink("pipe.prom", f.at("to_pipe.prom").c_str()) == 0);
  put(f.at("file"), "old");
  const names before = f.names();
  CHECK(refusal(s.mine, f.at("missing/job.prom")) == f.at("missing/job.prom") + ": No such file or directory");
  CHECK(refusal(s.mine, f.at("file/job.prom")) == f.at("file/job.prom") + ": Not a directory");
  CHECK(refusal(s.mine, f.at("folder.prom")) == f.at("folder.prom") + ": Is a directory");
  CHECK(refusal(s.mine, f.at("new/")) == f.at("new/") + ": Is a directory");
  CHECK(refusal(s.mine, "/") == "/: Is a directory");
  CHECK(refusal(s.mine, ".") == ".: Is a directory");
  CHECK(refusal(s.mine, f.at("pipe.prom")) == f.at("pipe.prom") + ": Operation not supported");
  CHECK(refusal(s.mine, f.at("to_pipe.prom")) == f.at("to_pipe.prom") + ": Operation not supported");
  CHECK(refusal(s.mine, "").find("No such file or directory") != std::string::npos);
  CHECK(refusal(s.mine, f.at(std::string("a\0b", 3))) == f.at("a?b") + ": Invalid argument");
  CHECK(S_ISFIFO(mode_of(f.at("pipe.prom"))));
  CHECK(S_ISLNK(mode_of(f.at("to_pipe.prom"))));
  CHECK(f.names() == before);
  CHECK(content(f.at("file")) == "old");
}
#endif

TEST_CASE("textfile: a name that is too long is refused, the longest is not") {
  const folder f;
  shop s;
  const std::string longest(255, 'n'), longer(256, 'n');
  CHECK(refusal(s.mine, f.at(longest)).empty());
  CHECK(content(f.at(longest)) == s.page);
#if defined(_WIN32)  // which has no words for this, and takes "." out of a path before it looks at the length
  CHECK(nx::write_textfile(s.mine, f.at(longer), quick).code() == nx::errc::system);
#else
  CHECK(refusal(s.mine, f.at(longer)) == "..." + std::string(70, 'n') + ": File name too long");
  for (const std::size_t size : {std::size_t(4095), std::size_t(4096), std::size_t(100000)}) {
    std::string deep = f.path;
    while (deep.size() + 2 < size) deep += "/.";
    deep += deep.size() + 1 == size ? "x" : "/x";
    deep.resize(size, 'x');
    const nx::textfile_result r = nx::write_textfile(s.mine, deep, quick);
    CHECK(r.code() == nx::errc::system);  // at 4095 there is no room for the other name
    CHECK(r.why().number() == ENAMETOOLONG);
  }
#endif
  CHECK(f.names() == names{longest});
}

#if !defined(_WIN32)
TEST_CASE("textfile: without permission for the folder the old file stays") {
  const folder f;
  shop s;
  put(f.at("job.prom"), "old");
  const std::string path = f.at("job.prom");
  REQUIRE(::chmod(f.path.c_str(), 0555) == 0);
  CHECK(in_child([&] {
          if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 2;
          const nx::textfile_result r = nx::write_textfile(s.mine, path);
          return r.code() == nx::errc::no_permission && r.why().number() == EACCES && r.error() == path + ": Permission denied" ? 0 : 1;
        }) == 0);
  REQUIRE(::chmod(f.path.c_str(), 0755) == 0);
  CHECK(content(path) == "old");
  CHECK(f.names() == names{"job.prom"});
}

TEST_CASE("textfile: a limit of file sizes or descriptors is told, and nothing is left") {
  const folder f;
  large_shop l;
  put(f.at("job.prom"), "old");
  const std::string path = f.at("job.prom");
  CHECK(in_child([&] {
          ::signal(SIGXFSZ, SIG_IGN);
          const rlimit small = {20000, 20000};
          if (::setrlimit(RLIMIT_FSIZE, &small) != 0) return 2;
          return nx::write_textfile(l.mine, path).error() == path + ": File too large" ? 0 : 1;
        }) == 0);
  CHECK(in_child([&] {
          const rlimit few = {3, 3};
          for (int fd = 3; fd < 64; ++fd) ::close(fd);
          if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 2;
          const nx::textfile_result r = nx::write_textfile(l.mine, path);
          return r.code() == nx::errc::too_many_descriptors && r.error() == path + ": Too many open files" ? 0 : 1;
        }) == 0);
  CHECK(content(path) == "old");
  CHECK(f.names() == names{"job.prom"});
}
#endif

#if defined(__linux__)

TEST_CASE("textfile: a full disk and one that cannot be written leave the old file") {
  const folder f;
  large_shop l;
  shop s;
  if (::mount("narthex", f.path.c_str(), "tmpfs", 0, "size=64k") != 0) {
    WARN("left out: this user may not mount");
    return;
  }
  put(f.at("job.prom"), "old");
  CHECK(refusal(l.mine, f.at("job.prom")) == f.at("job.prom") + ": No space left on device");
  CHECK(content(f.at("job.prom")) == "old");
  CHECK(f.names() == names{"job.prom"});
  CHECK(refusal(s.mine, f.at("job.prom")).empty());  // there is room again
  CHECK(content(f.at("job.prom")) == s.page);
  CHECK(::mount("narthex", f.path.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  CHECK(refusal(s.mine, f.at("job.prom")) == f.at("job.prom") + ": Read-only file system");
  CHECK(content(f.at("job.prom")) == s.page);
  CHECK(::umount(f.path.c_str()) == 0);
}

TEST_CASE("textfile: short writes and interruptions are gone on with") {
  const folder f;
  large_shop l;
  faults.short_writes = 1;
  faults.interrupts = 1;
  const std::string said = nx::write_textfile(l.mine, f.at("job.prom")).error();
  faults = fault_plan();
  CHECK(said == "");
  CHECK(content(f.at("job.prom")) == nx::to_text(l.mine));
}

TEST_CASE("textfile: after one error nothing more is written, even if there is room again") {
  const folder f;
  large_shop l;
  put(f.at("job.prom"), "old");
  faults.write_errno_once = ENOSPC;
  const std::string said = nx::write_textfile(l.mine, f.at("job.prom")).error();
  faults = fault_plan();
  CHECK(said == f.at("job.prom") + ": No space left on device");
  CHECK(content(f.at("job.prom")) == "old");
  CHECK(f.names() == names{"job.prom"});
}

TEST_CASE("textfile: an error of the disk is told, whenever it comes") {
  const folder f;
  shop s;
  put(f.at("job.prom"), "old");
  int fsyncs = -1;
  const auto said = [&](int& which, int code, const nx::textfile_options& options) -> std::string {
    which = code;
    const nx::textfile_result r = nx::write_textfile(s.mine, f.at("job.prom"), options);
    fsyncs = faults.fsyncs;
    faults = fault_plan();
    return r.error();
  };
  const nx::textfile_options careful;
  CHECK(said(faults.write_errno, EDQUOT, careful) == f.at("job.prom") + ": Disk quota exceeded");
  CHECK(said(faults.write_errno, EIO, careful) == f.at("job.prom") + ": Input/output error");
  CHECK(said(faults.fsync_errno, EIO, careful) == f.at("job.prom") + ": Input/output error");
  CHECK(said(faults.close_errno, EIO, careful) == f.at("job.prom") + ": Input/output error");
  CHECK(content(f.at("job.prom")) == "old");
  CHECK(f.names() == names{"job.prom"});
  CHECK(said(faults.fsync_errno, EIO, quick) == "");  // not asked for
  CHECK(fsyncs == 0);
  CHECK(content(f.at("job.prom")) == s.page);
  CHECK(said(faults.close_errno, EINTR, careful) == "");  // it is closed all the same
  CHECK(fsyncs == 1);
  CHECK(f.names() == names{"job.prom"});
}

#endif
