// process_collector: the numbers of this process, each right or not there.
#include <narthex/narthex.hpp>

#include <narthex/process_collector.hpp>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__linux__)
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/net.hpp"

#if defined(_WIN32)
#include <psapi.h>
#endif

namespace nx = narthex;
using nx::os::parse_process_stat;
using nx::os::process_number;
using nx::os::process_stat;

namespace {

/// A number as text, or "?".
std::string text_of(const process_number& n) { return n.known ? std::to_string(n.value) : "?"; }
std::string text_of(const process_stat& s) {
  return text_of(s.cpu_ticks) + " " + text_of(s.threads) + " " + text_of(s.start_ticks) + " " + text_of(s.virtual_bytes) +
         " " + text_of(s.resident_pages);
}
std::string read_stat(const std::string& text) { return text_of(parse_process_stat(text)); }

std::string boot_time(const std::string& text, std::size_t piece) {
  nx::os::boot_time_finder finder;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (finder.take(text.data() + at, text.size() - at < piece ? text.size() - at : piece)) break;
  }
  return text_of(finder.found());
}

const std::string most = "18446744073709551615";

/// Field 3 to the end, as Linux writes them: utime 250, stime 50, 7 threads, start 900, 8192 bytes, 3 pages.
const std::string fields = " S 1 2 3 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 7 0 900 8192 3 18446744073709551615 1 1 0\n";
const std::string all_known = "300 7 900 8192 3";

}  // namespace

// ---- text ----

TEST_CASE("process_collector: the fields of stat are counted from the last parenthesis") {
  CHECK(read_stat("123 (cat)" + fields) == all_known);
  for (const char* name : {"", " ", "a) R 1 2 (b", ")", "(", ")))", "a b", "a\nb", ") S 1 2 3 0 -1 4 1 0 0 0 9 9 0 0 20 0 9 0 9 9 9 "}) {
    CHECK(read_stat("123 (" + std::string(name) + ")" + fields) == all_known);
  }
}

TEST_CASE("process_collector: a field of stat that is missing or not a number is not known") {
  const std::string nothing = "? ? ? ? ?";
  CHECK(read_stat("") == nothing);
  CHECK(read_stat("123 (cat") == nothing);
  CHECK(read_stat(fields) == nothing);
  CHECK(read_stat(")") == nothing);
  CHECK(read_stat("123 (cat)") == nothing);
  CHECK(read_stat("123 (cat)S 1 2 3 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 7 0 900 8192 3 1\n") == nothing);
  CHECK(read_stat("123 (cat) S 1 2 3 0 -1 4 1 0 0 0 x 50 0 0 20 0 7 0 900 8192 3 1\n") == "? 7 900 8192 3");
  CHECK(read_stat("123 (cat) S 1 2 3 0 -1 4 1 0 0 0 250 -50 0 0 20 0 7 0 900 8192 3 1\n") == "? 7 900 8192 3");
  CHECK(read_stat("123 (cat) S 1 2 3 0 -1 4 1 0 0 0 250 50 0 0 20 0 7x 0 +9 0x1 -3 1\n") == "300 ? ? ? ?");
  CHECK(read_stat("123 (cat) S 1 2 3 0 -1 4 1 0 0 0 250 50 0 0 20 0  0 900 8192 3\n") == "300 ? 900 8192 3");
  const std::string whole = "123 (cat)" + fields;
  // Cut after any byte: what is known is right.
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const process_stat s = parse_process_stat(nx::string_view(whole.data(), size));
    if (s.cpu_ticks.known) CHECK(s.cpu_ticks.value == 300);
    if (s.threads.known) CHECK(s.threads.value == 7);
    if (s.start_ticks.known) CHECK(s.start_ticks.value == 900);
    if (s.virtual_bytes.known) CHECK(s.virtual_bytes.value == 8192);
    if (s.resident_pages.known) CHECK(s.resident_pages.value == 3);
  }
}

TEST_CASE("process_collector: numbers of stat go up to 64 bits and not beyond") {
  const auto with = [](const std::string& user, const std::string& system, const std::string& size) {
    return read_stat("1 (x) S 1 2 3 0 -1 4 1 0 0 0 " + user + " " + system + " 0 0 20 0 7 0 900 " + size + " 3 0\n");
  };
  CHECK(with(most, "0", most) == most + " 7 900 " + most + " 3");
  CHECK(with(most, "1", "1") == "? 7 900 1 3");
  CHECK(with("0", "0", "18446744073709551616") == "0 7 900 ? 3");
  CHECK(with("0", "0", "184467440737095516150") == "0 7 900 ? 3");
  CHECK(with("0", "0", std::string(1000, '9')) == "0 7 900 ? 3");
  CHECK(with("0", "0", std::string(1000, '0') + "12") == "0 7 900 12 3");
  CHECK(text_of(product(process_number(1u << 20), process_number(4096))) == "4294967296");
  CHECK(text_of(product(process_number(0), process_number(4096))) == "0");
  CHECK(text_of(product(process_number(std::uint64_t(1) << 52), process_number(4096))) == "?");
  CHECK(text_of(product(process_number(process_number::most / 4096), process_number(4096))) == "18446744073709547520");
  CHECK(text_of(product(process_number(), process_number(4096))) == "?");
}

TEST_CASE("process_collector: the boot time is found in pieces of any size, behind lines of any length") {
  const std::string before = "cpu  1 2 3\nintr " + std::string(3000, '7') + " btime 5\nctxt 9\n";
  for (const std::size_t piece : {1u, 2u, 7u, 1024u, 100000u}) {
    CHECK(boot_time(before + "btime 1700000000\nprocesses 5\nbtime 8\n", piece) == "1700000000");
    CHECK(boot_time("btime 1\n", piece) == "1");
    CHECK(boot_time(before, piece) == "?");
    CHECK(boot_time("xbtime 5\nbtime\nbtime6 7\n btime 8\n", piece) == "?");
    CHECK(boot_time(before + "btime 170000", piece) == "?");
    CHECK(boot_time("btime x\n", piece) == "?");
    CHECK(boot_time("btime \n", piece) == "?");
    CHECK(boot_time("btime 0000000000000000000000000000000000001\n", piece) == "?");
    CHECK(boot_time("", piece) == "?");
    for (std::size_t n = 20; n < 70; ++n) {
      if (boot_time(std::string(n, 'x') + "btime 5\n", piece) != "?") FAIL(n);
    }
  }
}

#if defined(__linux__)

namespace {

// ---- reading an exposition ----

double value(nx::registry_core& registry, const std::string& name) {
  const std::string page = nx::to_text(registry);
  const std::size_t at = page.find("\n" + name + " ");
  return at == std::string::npos ? -1 : ::strtod(page.c_str() + at + name.size() + 2, nullptr);
}
std::string names(nx::registry_core& registry) {
  const std::string page = nx::to_text(registry);
  std::string all;
  for (std::size_t at = 0; (at = page.find("# TYPE process_", at)) != std::string::npos;) {
    at += 15;
    all += page.substr(at, page.find(' ', at) - at) + " ";
  }
  return all;
}
const std::string eight =
    "cpu_seconds_total max_fds open_fds resident_memory_bytes start_time_seconds threads virtual_memory_bytes "
    "virtual_memory_max_bytes ";

/// As the kernel lists them: a sanitizer has a thread of its own.
double threads_now() {
  DIR* d = ::opendir("/proc/self/task");
  if (!d) return -1;
  double n = 0;
  while (const dirent* e = ::readdir(d)) n += e->d_name[0] != '.';
  ::closedir(d);
  return n;
}

/// Number `which` of /proc/self/statm, in bytes.
double pages_now(int which) {
  double n[2] = {-1, -1};
  std::FILE* f = std::fopen("/proc/self/statm", "re");
  if (f && std::fscanf(f, "%lf %lf", &n[0], &n[1]) != 2) n[which] = -1;
  if (f) std::fclose(f);
  return n[which] * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double now() {
  timespec t;
  ::clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// A made-up procfs.
struct tree {
  std::string path;
  tree() {
    char name[] = "/tmp/narthex-proc-XXXXXX";
    path = ::mkdtemp(name) ? name : "";
    REQUIRE(!path.empty());
    REQUIRE(::mkdir((path + "/self").c_str(), 0755) == 0);
    REQUIRE(::mkdir((path + "/self/fd").c_str(), 0755) == 0);
  }
  ~tree() { REQUIRE(::system(("rm -rf " + path).c_str()) == 0); }
  void put(const std::string& name, const std::string& text) const {
    std::FILE* f = std::fopen((path + name).c_str(), "we");
    REQUIRE(f != nullptr);
    std::fwrite(text.data(), 1, text.size(), f);
    std::fclose(f);
  }
  nx::process_collector_options options() const { return nx::process_collector_options().set_proc(path); }
};

template <class Function>
int in_child(Function function) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(function());
  int how = 0;
  ::waitpid(child, &how, 0);
  return WIFEXITED(how) ? WEXITSTATUS(how) : 1000 + WTERMSIG(how);
}

std::string told;
void tell(const nx::status& why) { told += why.message() + "\n"; }

/// Hears what goes to the error hook.
struct listening {
  nx::error_hook before = nx::set_error_hook(&tell);
  listening() { told.clear(); }
  ~listening() { nx::set_error_hook(before); }
};

}  // namespace

// ---- a made-up process: exact bytes ----

TEST_CASE("process_collector: names, types, help and values are those of other clients") {
  const tree t;
  t.put("/self/stat", "123 (a) b (c)" + fields);
  t.put("/stat", "cpu 1 2 3\nbtime 1700000000\n");
  for (const char* fd : {"/self/fd/0", "/self/fd/1", "/self/fd/2", "/self/fd/1000", "/self/fd/x", "/self/fd/3x"}) t.put(fd, "");
  nx::registry mine;
  nx::process_collector collector{mine, t.options()};
  REQUIRE(collector.status().ok());
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  REQUIRE(ticks == 100);
  rlimit files, memory;
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  REQUIRE(::getrlimit(RLIMIT_AS, &memory) == 0);
  REQUIRE(memory.rlim_cur == RLIM_INFINITY);
  CHECK(nx::to_text(mine) ==
        "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n"
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total 3\n"
        "# HELP process_max_fds Maximum number of open file descriptors.\n"
        "# TYPE process_max_fds gauge\n"
        "process_max_fds " + std::to_string(files.rlim_cur) + "\n"
        "# HELP process_open_fds Number of open file descriptors.\n"
        "# TYPE process_open_fds gauge\n"
        "process_open_fds 4\n"
        "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
        "# TYPE process_resident_memory_bytes gauge\n"
        "process_resident_memory_bytes " + std::to_string(3 * ::sysconf(_SC_PAGESIZE)) + "\n"
        "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.\n"
        "# TYPE process_start_time_seconds gauge\n"
        "process_start_time_seconds 1.700000009e+09\n"
        "# HELP process_threads Number of OS threads in the process.\n"
        "# TYPE process_threads gauge\n"
        "process_threads 7\n"
        "# HELP process_virtual_memory_bytes Virtual memory size in bytes.\n"
        "# TYPE process_virtual_memory_bytes gauge\n"
        "process_virtual_memory_bytes 8192\n"
        "# HELP process_virtual_memory_max_bytes Maximum amount of virtual memory available in bytes.\n"
        "# TYPE process_virtual_memory_max_bytes gauge\n"
        "process_virtual_memory_max_bytes 1.8446744073709552e+19\n");
}

TEST_CASE("process_collector: prefix and labels of the registry apply") {
  const tree t;
  t.put("/self/stat", "123 (x)" + fields);
  nx::registry mine{nx::registry_options().prefix("app_").label("region", "east")};
  nx::process_collector collector{mine, t.options()};
  CHECK(nx::to_text(mine).find("\napp_process_threads{region=\"east\"} 7\n") != std::string::npos);
}

TEST_CASE("process_collector: what cannot be read is left out alone, and is back when it can") {
  const tree t;
  nx::registry mine;
  nx::process_collector collector{mine, t.options()};
  CHECK(collector.status().ok());
  CHECK(names(mine) == "max_fds open_fds virtual_memory_max_bytes ");
  t.put("/self/stat", "123 (x)" + fields);
  CHECK(names(mine) ==
        "cpu_seconds_total max_fds open_fds resident_memory_bytes threads virtual_memory_bytes virtual_memory_max_bytes ");
  t.put("/stat", "btime 0\n");
  CHECK(value(mine, "process_start_time_seconds") == -1);
  t.put("/stat", "btime 4294967296\n");
  CHECK(value(mine, "process_start_time_seconds") == -1);
  t.put("/stat", "btime 1700000000\n");
  CHECK(names(mine) == eight);
  REQUIRE(::rmdir((t.path + "/self/fd").c_str()) == 0);
  CHECK(value(mine, "process_open_fds") == -1);
  t.put("/self/stat", "123 (x) S 1 2 3 0 -1 4 1 0 0 0 250 50 0 0 20 0 x 0 900 8192 9007199254740992 1\n");
  CHECK(names(mine) == "cpu_seconds_total max_fds start_time_seconds virtual_memory_bytes virtual_memory_max_bytes ");
  t.put("/self/stat", std::string(3000, ' ') + "123 (x)" + fields);  // too long: who knows where the last parenthesis is
  CHECK(names(mine) == "max_fds virtual_memory_max_bytes ");
  t.put("/self/stat", "123 (x)" + fields.substr(0, fields.size() - 1) + std::string(3000, ' ') + ") S 1\n");
  CHECK(names(mine) == "max_fds virtual_memory_max_bytes ");
  CHECK(mine.refused(nx::mistake::sample) == 0);
}

TEST_CASE("process_collector: the start time stays when the clock is set") {
  const tree t;
  t.put("/self/stat", "123 (x)" + fields);
  t.put("/stat", "btime 1700000000\n");
  nx::registry mine;
  nx::process_collector collector{mine, t.options()};
  CHECK(value(mine, "process_start_time_seconds") == 1700000009);
  t.put("/stat", "btime 1700000001\n");
  CHECK(value(mine, "process_start_time_seconds") == 1700000009);
}

TEST_CASE("process_collector: a path of any length is taken or refused") {
  nx::registry mine;
  std::string proc = "/proc";
  proc.insert(0, 195, '/');
  {
    nx::process_collector collector{mine, nx::process_collector_options().set_proc(proc)};
    CHECK(collector.status().ok());
    CHECK(names(mine) == eight);
  }
  const listening ears;
  nx::process_collector collector{mine, nx::process_collector_options().set_proc("/" + proc)};
  CHECK(collector.status().message() == "process_collector: too large; limit in bytes 200");
  CHECK(told == "process_collector: too large; limit in bytes 200\n");
  CHECK(names(mine).empty());
}

// ---- this process ----

TEST_CASE("process_collector: open files are counted") {
  nx::registry mine;
  nx::process_collector collector{mine};
  std::size_t counted = 0;
  for (int fd = 0; fd < 1024; ++fd) counted += ::fcntl(fd, F_GETFD) >= 0;
  const double before = value(mine, "process_open_fds");
  CHECK(before == static_cast<double>(counted));
  const int more[] = {::open("/dev/null", O_RDONLY | O_CLOEXEC), ::dup(0), ::fcntl(0, F_DUPFD, 900)};
  CHECK(value(mine, "process_open_fds") == before + 3);
  for (const int fd : more) ::close(fd);
  CHECK(value(mine, "process_open_fds") == before);
}

TEST_CASE("process_collector: threads are counted") {
  nx::registry mine;
  nx::process_collector collector{mine};
  const double before = value(mine, "process_threads");
  CHECK(before == threads_now());
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&gate);
  struct local {
    static void* wait(void* m) {
      pthread_mutex_lock(static_cast<pthread_mutex_t*>(m));
      pthread_mutex_unlock(static_cast<pthread_mutex_t*>(m));
      return nullptr;
    }
  };
  pthread_t a, b;
  REQUIRE(::pthread_create(&a, nullptr, &local::wait, &gate) == 0);
  REQUIRE(::pthread_create(&b, nullptr, &local::wait, &gate) == 0);
  CHECK(value(mine, "process_threads") >= before + 2);
  CHECK(value(mine, "process_threads") == threads_now());
  pthread_mutex_unlock(&gate);
  ::pthread_join(a, nullptr);
  ::pthread_join(b, nullptr);
}

TEST_CASE("process_collector: CPU time is that of the system, and never goes down") {
  nx::registry mine;
  nx::process_collector collector{mine};
  const double begin = value(mine, "process_cpu_seconds_total");
  double last = begin;
  for (int i = 0; i < 1000; ++i) {
    const double next = value(mine, "process_cpu_seconds_total");
    if (next < last) FAIL(next << " after " << last);
    last = next;
  }
  timespec t;
  do ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  while (static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9 < begin + 0.3);
  rusage r;
  REQUIRE(::getrusage(RUSAGE_SELF, &r) == 0);
  const double used = static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
                      static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
  const double shown = value(mine, "process_cpu_seconds_total");
  CHECK(shown >= begin + 0.25);
  CHECK(shown > used - 0.05);  // in ticks, each part rounded down
  CHECK(shown < used + 0.05);
}

TEST_CASE("process_collector: memory is that of the system") {
  nx::registry mine;
  nx::process_collector collector{mine};
  const std::size_t size = 64u << 20;
  const double resident = value(mine, "process_resident_memory_bytes"), whole = value(mine, "process_virtual_memory_bytes");
  CHECK(resident > 500000);
  CHECK(whole >= resident);
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  CHECK(value(mine, "process_virtual_memory_bytes") - whole >= static_cast<double>(size));
  CHECK(value(mine, "process_resident_memory_bytes") - resident < static_cast<double>(size) / 2);
  ::memset(memory, 1, size);
  const double filled = value(mine, "process_resident_memory_bytes");
  CHECK(filled - resident > static_cast<double>(size) * 0.9);
  CHECK(filled == Approx(pages_now(1)).margin(4e6));
  CHECK(value(mine, "process_virtual_memory_bytes") == Approx(pages_now(0)).margin(4e6));
  ::munmap(memory, size);
  CHECK(value(mine, "process_resident_memory_bytes") - resident < static_cast<double>(size) / 2);
}

TEST_CASE("process_collector: a limit that changes is seen") {
  nx::registry mine;
  nx::process_collector collector{mine};
  CHECK(in_child([&mine] {
          const rlimit files = {123, 200}, memory = {~rlim_t(0) / 8 * 5, RLIM_INFINITY};
          if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return 2;
          if (value(mine, "process_max_fds") != 123) return 3;
          if (value(mine, "process_virtual_memory_max_bytes") != 18446744073709551615.0) return 4;
          if (::setrlimit(RLIMIT_AS, &memory) != 0) return 5;
          return value(mine, "process_virtual_memory_max_bytes") == static_cast<double>(memory.rlim_cur) ? 0 : 6;
        }) == 0);
}

TEST_CASE("process_collector: a forked child shows its own numbers") {
  nx::registry mine;
  nx::process_collector collector{mine};
  const double start = value(mine, "process_start_time_seconds");
  CHECK(start > now() - 3600);
  CHECK(start < now() + 1);
  // Ticks are hundredths of a second: a child that starts later shows a later start.
  const double begin = now();
  while (now() < begin + 0.05) ::usleep(1000);
  CHECK(in_child([&mine, start] {
          if (value(mine, "process_threads") != threads_now()) return 2;
          if (value(mine, "process_cpu_seconds_total") > 0.05) return 3;
          return value(mine, "process_start_time_seconds") >= start + 0.04 ? 0 : 4;
        }) == 0);
  CHECK(value(mine, "process_start_time_seconds") == start);
}

TEST_CASE("process_collector: a process with a strange name reads itself") {
  nx::registry mine;
  nx::process_collector collector{mine};
  CHECK(in_child([&mine] {
          if (::prctl(PR_SET_NAME, "a) b (c) S 1 2", 0, 0, 0) != 0) return 2;
          return names(mine) == eight && value(mine, "process_threads") == threads_now() ? 0 : 3;
        }) == 0);
}

TEST_CASE("process_collector: its scrape leaves no descriptor open") {
  nx::registry mine;
  nx::process_collector collector{mine};
  const double before = value(mine, "process_open_fds");
  for (int i = 0; i < 50; ++i) value(mine, "process_open_fds");
  CHECK(value(mine, "process_open_fds") == before);
}

// ---- who has it ----

TEST_CASE("process_collector: it is gone with its object, and one registry has one") {
  nx::registry mine;
  {
    nx::process_collector collector{mine};
    const listening ears;
    nx::process_collector second{mine};
    CHECK(second.status().code() == nx::errc::name_taken);
    CHECK(std::string(second.status().subject()) == "process_collector");
    CHECK(told == second.status().message() + "\n");  // one line
    CHECK(mine.refused(nx::mistake::registration) == 1);
    CHECK(names(mine) == eight);
    second.unregister();
    CHECK(names(mine) == eight);
  }
  CHECK(names(mine).empty());
  nx::process_collector again{mine};
  CHECK(again.status().ok());
  CHECK(names(mine) == eight);
  again.unregister();
  again.unregister();
  CHECK(again.status().code() == nx::errc::not_registered);
  CHECK(names(mine).empty());
}

TEST_CASE("process_collector: a name that the program has itself is left to it") {
  nx::registry mine;
  nx::gauge own{mine, "process_open_fds", "As I count them."};
  const listening ears;
  nx::process_collector collector{mine};
  CHECK(collector.status().code() == nx::errc::name_taken);
  CHECK(std::string(collector.status().subject()) == "process_open_fds");
  CHECK(std::count(told.begin(), told.end(), '\n') == 1);
  CHECK(names(mine) == eight);
  CHECK(value(mine, "process_open_fds") == 0);
  CHECK(value(mine, "process_threads") >= 1);
}

TEST_CASE("process_collector: a metric of that name is no process_collector, and under a prefix there may be another") {
  nx::registry mine, part{nx::registry_options().prefix("part_")};
  const listening ears;
  nx::double_counter own{mine, "process_cpu_seconds_total", "As I count it."};
  nx::process_collector collector{mine};
  CHECK(std::string(collector.status().subject()) == "process_cpu_seconds_total");
  CHECK(names(mine) == eight);
  nx::registry top;
  REQUIRE(top.attach(part).ok());
  nx::process_collector one{part}, other{top};
  CHECK(one.status().ok());
  CHECK(other.status().ok());
  CHECK(names(top) == eight);
}

TEST_CASE("process_collector: install_process_metrics puts one into the default registry, however often and by whom") {
  nx::registry_core& all = nx::default_registry();
  const listening ears;
  REQUIRE(names(all).empty());
  {
    nx::process_collector own;
    REQUIRE(own.status().ok());
    CHECK(nx::install_process_metrics().ok());  // his own is enough
    CHECK(names(all) == eight);
  }
  CHECK(names(all).empty());
  {
    nx::registry part;
    nx::process_collector own{part};
    REQUIRE(all.attach(part).ok());
    CHECK(nx::install_process_metrics().ok());
    CHECK(names(all) == eight);
  }
  CHECK(names(all).empty());
  struct local {
    static void* install(void* gate) {
      pthread_mutex_lock(static_cast<pthread_mutex_t*>(gate));
      pthread_mutex_unlock(static_cast<pthread_mutex_t*>(gate));
      return nx::install_process_metrics().ok() ? gate : nullptr;
    }
  };
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&gate);
  std::vector<pthread_t> threads(8);
  for (pthread_t& t : threads) REQUIRE(::pthread_create(&t, nullptr, &local::install, &gate) == 0);
  pthread_mutex_unlock(&gate);
  for (const pthread_t& t : threads) {
    void* result = nullptr;
    ::pthread_join(t, &result);
    CHECK(result == &gate);
  }
  CHECK(names(all) == eight);
  CHECK(nx::install_process_metrics().ok());
  CHECK(names(all) == eight);
  CHECK(told.empty());
  CHECK(all.refused(nx::mistake::registration) == 0);
  CHECK(in_child([&all] { return nx::install_process_metrics().ok() && names(all) == eight && value(all, "process_threads") == threads_now() ? 0 : 1; }) == 0);
}

#elif defined(_WIN32)

TEST_CASE("process_collector: Windows tells CPU time, start, handles and memory") {
  nx::registry mine;
  nx::process_collector collector{mine};
  REQUIRE(collector.status().ok());
  const auto value = [&mine](const std::string& name) {
    const std::string page = nx::to_text(mine);
    const std::size_t at = page.find("\n" + name + " ");
    return at == std::string::npos ? -1 : ::strtod(page.c_str() + at + name.size() + 2, nullptr);
  };
  const double started = value("process_start_time_seconds"), now = static_cast<double>(::time(nullptr));
  CHECK(started > now - 3600);
  CHECK(started < now + 2);
  CHECK(value("process_start_time_seconds") == started);
  const double before = value("process_cpu_seconds_total");
  CHECK(before >= 0);
  double after = before;
  volatile unsigned work = 0;
  for (const long long until = support::now_ms() + 20000; after < before + 0.05 && support::now_ms() < until; after = value("process_cpu_seconds_total")) {
    for (unsigned i = 0; i < 1000000; ++i) work = work + i;
  }
  CHECK(after >= before + 0.05);
  CHECK(after < before + 20);
  CHECK(value("process_max_fds") == 16777216);
  const auto memory = [] {
    PROCESS_MEMORY_COUNTERS_EX m = {};
    ::K32GetProcessMemoryInfo(::GetCurrentProcess(), reinterpret_cast<PROCESS_MEMORY_COUNTERS*>(&m), sizeof m);
    return m;
  };
  const double resident = value("process_resident_memory_bytes");
  CHECK(resident > 100000);
  CHECK(resident == Approx(static_cast<double>(memory().WorkingSetSize)).epsilon(0.1));
  std::vector<char> block(64u << 20, 'x');
  CHECK(value("process_resident_memory_bytes") > resident + 5e7);
  CHECK(block[block.size() / 2] == 'x');
  // What Windows does not count is left out: under Wine 8 these two.
  const double asked = static_cast<double>(memory().PrivateUsage);
  if (asked > 0) CHECK(value("process_virtual_memory_bytes") == Approx(asked).epsilon(0.1));
  else CHECK(value("process_virtual_memory_bytes") == -1);
  DWORD handles = 0;
  ::GetProcessHandleCount(::GetCurrentProcess(), &handles);
  CHECK(value("process_open_fds") == (handles ? static_cast<double>(handles) : -1.0));
  for (const char* name : {"process_threads", "process_virtual_memory_max_bytes"}) CHECK(value(name) == -1);
}
#elif !defined(__APPLE__)

TEST_CASE("process_collector: elsewhere it exposes nothing and says so") {
  nx::registry mine;
  nx::process_collector collector{mine};
  CHECK(collector.status().code() == nx::errc::unsupported);
  CHECK(nx::install_process_metrics().code() == nx::errc::unsupported);
  CHECK(nx::to_text(mine).empty());
}

#endif
