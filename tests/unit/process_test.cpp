// The edges of a process: before main and after it, a thread's last destructor, fork, signal handlers.
#include <narthex/narthex.hpp>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;

#if defined(__SANITIZE_THREAD__)
#define TEST_HAS_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_HAS_TSAN 1
#endif
#endif
#ifndef TEST_HAS_TSAN
#define TEST_HAS_TSAN 0
#endif

namespace {

bool has(const std::string& page, const char* text) { return page.find(text) != std::string::npos; }

int report_to = -1;  // where the last destructors write what they see; -1: nowhere

void say(const char* text) {
  if (report_to >= 0 && write(report_to, text, strlen(text)) < 0) _exit(9);
}

enum class phase { early, late };
inline nx::enum_values<2> label_values(phase) { return {{"early", "late"}}; }

/// Made before everything else of this program that has a constructor, and destroyed after it.
struct outermost {
  outermost() : works(false) {
    nx::counter c{"process_early_total", "Counted before main."};
    c.inc(2);
    nx::family<nx::histogram, 1> f{"process_early_seconds", "Observed before main.", {"l"}};
    f.labels("x").observe(1);
    static char page[4096];
    const std::size_t size = nx::write_text(page, sizeof page - 1);
    works = size < sizeof page && strstr(page, "process_early_total 2\n") && c.status().ok() && f.status().ok();
  }
  ~outermost() {
    if (report_to < 0) return;
    // All other globals of this program are gone, the registered ones' nodes and the default registry are not.
    nx::counter c{"process_early_total", "Counted before main."};
    c.inc();
    nx::gauge g{"process_last", "Made in the last destructor."};
    g.set(1);
    nx::family<nx::histogram, 1>("process_early_seconds", "Observed before main.", {"l"}).labels("y").observe(2);
    static char page[65536];
    const std::size_t size = nx::write_text(page, sizeof page - 1);
    page[size < sizeof page ? size : 0] = '\0';
    say(strstr(page, "\nprocess_early_total 3\n") ? "early still counts;" : "EARLY LOST;");
    say(strstr(page, "\nprocess_last 1\n") ? "new ones are made;" : "NEW LOST;");
    say(strstr(page, "process_early_seconds_count{l=\"y\"} 1\n") ? "series are made;" : "SERIES LOST;");
    say(strstr(page, "\nprocess_global_total 5\n") ? "handles' nodes stay;" : "NODE LOST;");
    say(strstr(page, "process_fixed_total") ? "FIXED STAYED;" : "fixed ones are gone;");
    say(strstr(page, "process_called") ? "CALLBACK STAYED;" : "callbacks are gone;");
  }
  bool works;
};
#if defined(__GNUC__) && !defined(__APPLE__)
outermost all_round __attribute__((init_priority(101)));
#else
outermost all_round;
#endif

nx::counter global{"process_global_total", "A global."};
nx::fixed_counter fixed_global{"process_fixed_total", "A global with its storage inside."};
nx::enum_family<nx::counter, phase> enum_global{"process_enum_total", "A global.", {"phase"}};
nx::callback_gauge called_global{"process_called", "A global.", [] { return 1; }};

struct uses_globals_while_it_is_made {
  uses_globals_while_it_is_made() {
    global.inc(4);
    fixed_global.inc(4);
    enum_global.labels(phase::early).inc();
  }
  ~uses_globals_while_it_is_made() {
    if (report_to < 0) return;
    global.inc();
    fixed_global.inc();
    enum_global.labels(phase::late).inc();
    const std::string page = nx::to_text();
    say(has(page, "\nprocess_fixed_total 5\n") ? "fixed counts at exit;" : "FIXED LOST;");
    say(has(page, "process_enum_total{phase=\"late\"} 1\n") ? "enums count at exit;" : "ENUM LOST;");
  }
} user_of_globals;

void at_exit() {
  nx::counter(nx::name("process", "at", "exit_total"), "Counted in an exit handler.").inc();
  say(has(nx::to_text(), "\nprocess_at_exit_total 1\n") ? "exit handlers count;" : "EXIT LOST;");
}

struct outcome {
  bool hung;
  int code;  // the exit code; 128 + the signal that ended it
};

/// Waits for a child; one that takes longer than its alarm allows has hung.
outcome wait_for(pid_t child) {
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(state)) return outcome{false, WEXITSTATUS(state)};
  return outcome{WTERMSIG(state) == SIGALRM, 128 + WTERMSIG(state)};
}

}  // namespace

// ---- before and after main ----

TEST_CASE("the default registry works before main, in whatever order globals are made") {
  CHECK(all_round.works);
  const std::string page = nx::to_text();
  CHECK(has(page, "\nprocess_early_total 2\n"));
  CHECK(has(page, "process_early_seconds_count{l=\"x\"} 1\n"));
  CHECK(has(page, "\nprocess_global_total 4\n"));
  CHECK(has(page, "\nprocess_fixed_total 4\n"));
  CHECK(has(page, "process_enum_total{phase=\"early\"} 1\n"));
  CHECK(has(page, "\nprocess_called 1\n"));
}

TEST_CASE("after main, exit handlers and the last destructors count, register and scrape") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    report_to = ends[1];
    alarm(60);
    std::atexit(&at_exit);
    std::exit(0);
  }
  close(ends[1]);
  std::string told;
  char part[256];
  for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) told.append(part, static_cast<std::size_t>(n));
  close(ends[0]);
  const outcome end = wait_for(child);
  CHECK_FALSE(end.hung);
  CHECK(end.code == 0);
  CHECK(told ==
        "exit handlers count;fixed counts at exit;enums count at exit;early still counts;new ones are made;"
        "series are made;handles' nodes stay;fixed ones are gone;callbacks are gone;");
}

TEST_CASE("a thread's last destructors count, make series and scrape") {
  static nx::registry r;
  static nx::family<nx::counter, 1> f{r, "f_total", "F.", {"l"}};
  struct last_words {
    ~last_words() {
      f.labels("known").inc();
      f.labels("new").inc();
      nx::counter(r, "c_total", "C.").inc();
      nx::histogram(r, "h", "H.").observe(1);
      said = has(nx::to_text(r), "f_total{l=\"new\"}");
    }
    static std::atomic<bool>& ok() {
      static std::atomic<bool> yes(false);
      return yes;
    }
    bool said = false;
  };
  // A key's destructor runs after those of thread_local objects.
  struct later {
    static void run(void* gauge) {
      static_cast<nx::gauge*>(gauge)->inc();
      f.labels("known").inc();
      last_words::ok() = has(nx::to_text(r), "f_total{l=\"known\"}");
    }
  };
  f.labels("known");
  nx::gauge g{r, "g", "G."};
  pthread_key_t key;
  REQUIRE(pthread_key_create(&key, &later::run) == 0);
  for (unsigned i = 0; i < 3; ++i) {
    std::thread([&] {
      static thread_local last_words words;
      words.said = true;
      pthread_setspecific(key, &g);
    }).join();
  }
  pthread_key_delete(key);
  CHECK(last_words::ok());
  CHECK(f.labels("known").value() == 6);
  CHECK(f.labels("new").value() == 3);
  CHECK(nx::counter(r, "c_total", "C.").value() == 3);
  CHECK(nx::histogram(r, "h", "H.").count() == 3);
  CHECK(g.value() == 3);
}

// ---- fork ----

TEST_CASE("a child goes on with what it had, and neither process sees the other's updates") {
  nx::registry r;
  nx::counter c{r, "c_total", "C."};
  nx::histogram h{r, "h", "H."};
  c.inc(2);
  h.observe(1);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(60);
    c.inc(3);
    h.observe(2);
    nx::gauge(r, "new", "N.").set(1);
    const std::string page = nx::to_text(r);
    _exit(has(page, "\nc_total 5\n") && has(page, "\nh_sum 3\n") && has(page, "\nnew 1\n") ? 0 : 1);
  }
  const outcome end = wait_for(child);
  CHECK_FALSE(end.hung);
  CHECK(end.code == 0);
  CHECK(c.value() == 2);
  CHECK_FALSE(has(nx::to_text(r), "new"));
}

#if !TEST_HAS_TSAN  // its own locks are not ready for a fork among busy threads
TEST_CASE("a child that was forked while other threads observed, registered and scraped can do all of that") {
  nx::registry r;
  nx::counter c{r, "c_total", "C."};
  nx::histogram h{r, "h", "H."};
  nx::family<nx::histogram, 1> f{r, "f", "F.", {"l"}};
  nx::family<nx::counter, 2> made{r, "made_total", "M.", {"i", "me"}, nx::series_limits(300)};
  std::atomic<bool> stop(false);
  std::vector<std::thread> busy;
  for (unsigned me = 0; me < 3; ++me) {
    busy.emplace_back([&, me] {
      nx::histogram mine = h;
      for (unsigned i = 0; !stop; ++i) {
        mine.observe(1);
        nx::counter(c).inc();
        f.labels(me).observe(1);
        made.labels(i % 400, me).inc();
        char page[512];
        if (me == 0) nx::write_text(r, page, sizeof page);
        if (me == 1) nx::fixed_counter(r, "fixed_total", "F.").inc();
        if (me == 2) nx::gauge(r, "again", "A.").unregister();
      }
    });
  }
  // A child that takes over what a thread of its parent held waits a second for it: all do at the same time.
  std::vector<pid_t> children;
  for (unsigned round = 0; round < 10; ++round) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // No std::string here: the allocator's lock is the allocator's business, but a sanitizer's is nobody's.
      alarm(30);
      const std::uint64_t before = c.value();
      c.inc();
      h.observe(1);
      f.labels(0u).observe(1);
      static char page[1 << 18];
      const std::size_t size = nx::write_text(r, page, sizeof page - 1);
      bool good = c.value() == before + 1 && size < sizeof page - 1;
      page[good ? size : 0] = '\0';
      good = good && strstr(page, "\nh_count ");
      { nx::fixed_counter fixed{r, "only_here_total", "F."}; }
      nx::counter{r, "in_child_total", "C."}.inc();
      made.labels("child", 1).inc();
      nx::registry own;
      {
        nx::registry attached;
        good = own.attach(attached).ok() && good;
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stop = true;
  for (std::thread& t : busy) t.join();
  unsigned hung = 0, failed = 0;
  for (const pid_t child : children) {
    const outcome end = wait_for(child);
    hung += end.hung;
    failed += !end.hung && end.code != 0;
  }
  CHECK(hung == 0);
  CHECK(failed == 0);
}

TEST_CASE("a child observes, too, when more threads than a histogram has places for were in the middle of that") {
  nx::registry r;
  nx::histogram h{r, "h", "H."};
  std::atomic<bool> stop(false);
  std::vector<std::thread> busy;
  for (unsigned i = 0; i < 12; ++i) {
    busy.emplace_back([&] {
      nx::histogram mine = h;
      while (!stop) mine.observe(1);
    });
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  while (h.count() < 10000 || std::chrono::steady_clock::now() < until) std::this_thread::yield();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(30);
    const std::uint64_t before = h.count();
    for (unsigned i = 0; i < 100; ++i) h.observe(1);
    _exit(h.count() == before + 100 ? 0 : 1);
  }
  stop = true;
  for (std::thread& t : busy) t.join();
  const outcome end = wait_for(child);
  CHECK_FALSE(end.hung);
  CHECK(end.code == 0);
}

TEST_CASE("a child that was forked in the middle of a scrape can let go of registries and in-place objects at once") {
  nx::registry top, below;
  nx::family<nx::counter, 1> f{top, "f_total", "F.", {"l"}};
  for (unsigned i = 0; i < 2000; ++i) f.labels(i).inc();
  std::unique_ptr<nx::fixed_counter> fixed(new nx::fixed_counter(top, "fixed_total", "F."));
  REQUIRE(top.attach(below).ok());
  std::atomic<bool> stop(false);
  std::thread scraper([&] {
    static char page[1 << 18];  // large enough that the walk never rests
    while (!stop) nx::write_text(top, page, sizeof page);
  });
  unsigned hung = 0, failed = 0;
  for (unsigned round = 0; round < 8; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      alarm(30);
      bool good = true;
      if (round % 2)
        fixed.reset();
      else
        good = top.detach(below).ok();
      _exit(good ? 0 : 1);
    }
    const outcome end = wait_for(child);
    hung += end.hung;
    failed += !end.hung && end.code != 0;
  }
  stop = true;
  scraper.join();
  CHECK(hung == 0);
  CHECK(failed == 0);
}
#endif

// ---- signal handlers ----

namespace {
nx::fixed_counter* counted_in_handler = nullptr;
nx::fixed_int_gauge* gauge_in_handler = nullptr;
nx::fixed_gauge* double_in_handler = nullptr;
nx::fixed_histogram<>* observed_in_handler = nullptr;
std::atomic<unsigned> handled(0);

void handle(int) {
  counted_in_handler->inc();
  gauge_in_handler->dec();
  double_in_handler->inc(0.5);
  observed_in_handler->observe(2);
  ++handled;
}
}  // namespace

TEST_CASE("a signal handler may count in the very instrument that it interrupted, and nothing is lost") {
  nx::registry r;
  nx::fixed_counter c{r, "c_total", "C."};
  nx::fixed_int_gauge i{r, "i", "I."};
  nx::fixed_gauge g{r, "g", "G."};
  nx::fixed_histogram<> h{r, "h", "H."};
  counted_in_handler = &c;
  gauge_in_handler = &i;
  double_in_handler = &g;
  observed_in_handler = &h;
  handled = 0;
  struct sigaction mine, was;
  memset(&mine, 0, sizeof mine);
  mine.sa_handler = &handle;
  REQUIRE(sigaction(SIGUSR1, &mine, &was) == 0);
  std::atomic<bool> stop(false);
  std::atomic<std::uint64_t> times(0);
  std::thread writer([&] {
    std::uint64_t n = 0;
    for (; !stop; ++n) {
      c.inc();
      i.inc();
      g.inc(0.5);
      h.observe(1);
      if (n % 256 == 0) std::this_thread::yield();  // the thread sanitizer delivers signals at system calls
    }
    times = n;
  });
  const pthread_t id = writer.native_handle();
  const unsigned signals = 2000;
  for (unsigned n = 1; n <= signals; ++n) {
    pthread_kill(id, SIGUSR1);
    while (handled < n) std::this_thread::yield();
  }
  stop = true;
  writer.join();
  sigaction(SIGUSR1, &was, nullptr);
  CHECK(handled == signals);
  CHECK(c.value() == times + signals);
  CHECK(i.value() == static_cast<std::int64_t>(times) - static_cast<std::int64_t>(signals));
  CHECK(g.value() == 0.5 * static_cast<double>(times + signals));
  CHECK(h.count() == times + signals);
  CHECK(h.sum() == static_cast<double>(times + 2 * signals));
}
