// narthex/os/thread.hpp - a joined thread, by the system's own calls: std::thread throws.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_THREAD_HPP
#define NARTHEX_OS_THREAD_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/windows.hpp"
#include "narthex/status.hpp"

#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(THREADS)
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#elif NARTHEX_HAS(WINDOWS) && NARTHEX_HAS(THREADS)
#include <process.h>
#include <stdlib.h>
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(THREADS)

/// While it lives, the thread that made it takes no signal that is sent to the process; one that is started meanwhile
/// inherits that for good, so that the program's handlers run where they ran before. Faults stay open: a crash in a
/// callback must reach the program's crash handler.
class without_signals {
 public:
  without_signals() noexcept {
    sigset_t all;
    sigfillset(&all);  // without "::", as sigdelset() below: both are macros on macOS
    const int faults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    for (int fault : faults) sigdelset(&all, fault);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  without_signals(const without_signals&) = delete;
  without_signals& operator=(const without_signals&) = delete;

 private:
  sigset_t before_;
};

template <void (*Run)(void*)>
void* enter_thread(void* context) {
  Run(context);
  return nullptr;
}
/// Runs `Run(context)` in a new thread that nobody joins, and that takes no signal that was meant for the program.
template <void (*Run)(void*)>
error start_detached(void* context) noexcept {
  pthread_attr_t detached;
  pthread_t id;
  error e = {::pthread_attr_init(&detached)};
  if (!e.ok()) return e;
  ::pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  const without_signals from_here;
  e.code = ::pthread_create(&id, &detached, &enter_thread<Run>, context);
  ::pthread_attr_destroy(&detached);
  return e;
}

#elif NARTHEX_HAS(WINDOWS) && NARTHEX_HAS(THREADS)

// By the C library's call, not the system's: it keeps an errno and the like for each thread, and takes them back.
inline error begin_thread(unsigned (__stdcall* enter)(void*), void* context, windows::handle& made) noexcept {
  error e = {0};
  const std::uintptr_t id = ::_beginthreadex(nullptr, 0, enter, context, 0, nullptr);
  if (id == 0) e = error::last();
  else made = reinterpret_cast<windows::handle>(id);
  return e;
}
template <void (*Run)(void*)>
unsigned __stdcall enter_thread(void* context) {
  Run(context);
  return 0;
}
/// Runs `Run(context)` in a new thread that nobody joins.
template <void (*Run)(void*)>
error start_detached(void* context) noexcept {
  windows::handle made = nullptr;
  const error e = begin_thread(&enter_thread<Run>, context, made);
  if (e.ok()) windows::CloseHandle(made);
  return e;
}

#endif

/// One thread, joined by its destructor.
///
/// Threads: start(), join() and the destructor by one thread; running() by the same.
/// Memory:  nothing beyond what the system's call takes; the stack has the system's usual size.
#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(THREADS)

class thread {
 public:
  thread() noexcept : run_(nullptr), context_(nullptr), id_(), process_(0) {}
  ~thread() { join(); }
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;

  /// Runs `run(context)` in a new thread, which takes no signal that was meant for the program.
  ///
  /// Errors:  errc::system with the code of pthread_create.
  status start(void (*run)(void*), void* context) noexcept {
    run_ = run;
    context_ = context;
    const without_signals from_here;
    const error e = {::pthread_create(&id_, nullptr, &enter, this)};
    if (e.ok()) process_ = ::getpid();
    return e.to_status("thread");
  }

  /// Waits for the end of the thread, if there is one.
  void join() noexcept {
    if (running()) ::pthread_join(id_, nullptr);
    process_ = 0;
  }

  /// Whether there is a thread to join. A fork copies this object but not the thread: in the child, no.
  bool running() const noexcept { return process_ != 0 && process_ == ::getpid(); }

 private:
  static void* enter(void* self) {
    thread* const t = static_cast<thread*>(self);
    t->run_(t->context_);
    return nullptr;
  }

  void (*run_)(void*);
  void* context_;
  pthread_t id_;
  pid_t process_;
};

#elif NARTHEX_HAS(WINDOWS) && NARTHEX_HAS(THREADS)

class thread {
 public:
  thread() noexcept : run_(nullptr), context_(nullptr), own_(nullptr) {}
  ~thread() { join(); }
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;

  /// Runs `run(context)` in a new thread.
  status start(void (*run)(void*), void* context) noexcept {
    run_ = run;
    context_ = context;
    return begin_thread(&enter, this, own_).to_status("thread");
  }

  /// Waits for the end of the thread, if there is one.
  void join() noexcept {
    enum : windows::dword { for_ever = 0xffffffffu };
    if (!running()) return;
    windows::WaitForSingleObject(own_, for_ever);
    windows::CloseHandle(own_);
    own_ = nullptr;
  }

  bool running() const noexcept { return own_ != nullptr; }

 private:
  static unsigned __stdcall enter(void* self) {
    thread* const t = static_cast<thread*>(self);
    t->run_(t->context_);
    return 0;
  }

  void (*run_)(void*);
  void* context_;
  windows::handle own_;
};

#else  // not here

class thread {
 public:
  thread() noexcept {}
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;
  status start(void (*)(void*), void*) noexcept { return status(errc::unsupported, "thread"); }
  void join() noexcept {}
  bool running() const noexcept { return false; }
};

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_THREAD_HPP
