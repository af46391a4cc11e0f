// narthex/config.hpp - version, the user's macros, compiler facts, namespace.
// Room: ground. Everything rests on this; it includes nothing of ours. SPDX-License-Identifier: MIT
#ifndef NARTHEX_CONFIG_HPP
#define NARTHEX_CONFIG_HPP

// One place for all settings: -DNARTHEX_CONFIG_HEADER='"my_narthex_settings.h"'.
#ifdef NARTHEX_CONFIG_HEADER
#include NARTHEX_CONFIG_HEADER
#endif

#include <atomic>
#include <cstdint>

// ---- version ----
// The only place where the version is written: Meson, CMake and the single headers read it here.
#define NARTHEX_VERSION_MAJOR 0
#define NARTHEX_VERSION_MINOR 1
#define NARTHEX_VERSION_PATCH 0
#define NARTHEX_VERSION (NARTHEX_VERSION_MAJOR * 10000 + NARTHEX_VERSION_MINOR * 100 + NARTHEX_VERSION_PATCH)
#define NARTHEX_VERSION_GE(major, minor) (NARTHEX_VERSION >= (major) * 10000 + (minor) * 100)

// ---- what the user may set ----
// NARTHEX_CONCURRENCY says who may update a metric while somebody else does.
#define NARTHEX_NONE 0        // one thread, no interrupt touches a metric
#define NARTHEX_INTERRUPTS 1  // one core: a main loop and its handlers
#define NARTHEX_THREADS 2     // threads
#ifndef NARTHEX_CONCURRENCY
#if defined(NARTHEX_CRITICAL_ENTER)
#define NARTHEX_CONCURRENCY NARTHEX_INTERRUPTS
#elif defined(__STDCPP_THREADS__) || defined(__unix__) || defined(__APPLE__) || defined(_WIN32)
#define NARTHEX_CONCURRENCY NARTHEX_THREADS
#else
#define NARTHEX_CONCURRENCY NARTHEX_NONE
#endif
#endif

// With NARTHEX_INTERRUPTS: how interrupts are kept out for some ten instructions, where the processor cannot change a word
// in one step (Cortex-M0), and on others to save RAM: a histogram of three bounds has 52 bytes instead of 260.
//   NARTHEX_CRITICAL_ENTER()      an expression: keeps them out, and gives the state before, of any integer type
//   NARTHEX_CRITICAL_EXIT(state)  brings that state back
// Both nest, both keep the compiler from moving memory accesses across them; names of yours in them begin with `::`. For example:
//   FreeRTOS    taskENTER_CRITICAL_FROM_ISR()  taskEXIT_CRITICAL_FROM_ISR(state)   (in tasks, too: they save the mask)
//   Zephyr      irq_lock()                     irq_unlock(state)
//   bare metal  functions around PRIMASK:      examples/18_bare_metal/metrics_config.h
// Tasks that only such an interrupt switches between count as handlers; register and scrape in one of them.
#if defined(NARTHEX_CRITICAL_ENTER) != defined(NARTHEX_CRITICAL_EXIT)
#error "NARTHEX_CRITICAL_ENTER and NARTHEX_CRITICAL_EXIT come together"
#endif

// NARTHEX_YIELD() lets other threads run while a lock is waited for, in place of sched_yield(): for a system with threads that is not
// POSIX, such as vTaskDelay(1) of FreeRTOS, because a thread of low priority must come to its end. Without it such waiting spins.

// NARTHEX_HEAP 0: instruments hold their own storage; nothing is ever allocated.
#ifndef NARTHEX_HEAP
#define NARTHEX_HEAP __STDC_HOSTED__
#endif

// NARTHEX_DISABLE 1: compiled out. Every call is an empty inline, nothing is registered, values read as 0 and status() as ok;
// nothing is served, pushed or written to a file. detail/compiled_out.hpp tells the rest.
#ifndef NARTHEX_DISABLE
#define NARTHEX_DISABLE 0
#endif

// NARTHEX_NAMESPACE renames the library, for vendored copies that must not meet others.
#ifndef NARTHEX_NAMESPACE
#define NARTHEX_NAMESPACE narthex
#endif

// NARTHEX_NO_AUTOLINK 1: no header names a library to link; elsewhere than with MSVC none does.
#ifndef NARTHEX_NO_AUTOLINK
#define NARTHEX_NO_AUTOLINK 0
#endif

// NARTHEX_ASSERT(x) checks internal invariants; the library's own tests set it.
#ifdef NARTHEX_ASSERT
#define NARTHEX_DETAIL_TAG_CHK _chk
#else
#define NARTHEX_ASSERT(x) static_cast<void>(0)
#define NARTHEX_DETAIL_TAG_CHK
#endif

// ---- facts ----
// Read through NARTHEX_HAS(X), never with #ifdef: under -Wundef a misspelt name is a warning.
#define NARTHEX_HAS(x) NARTHEX_DETAIL_HAS_##x

#if NARTHEX_HEAP
#define NARTHEX_DETAIL_HAS_HEAP 1
#define NARTHEX_DETAIL_TAG_HEAP
#else
#define NARTHEX_DETAIL_HAS_HEAP 0
#define NARTHEX_DETAIL_TAG_HEAP _nh
#endif

#if NARTHEX_DISABLE
#define NARTHEX_DETAIL_HAS_METRICS 0
#define NARTHEX_DETAIL_TAG_METRICS _off
#else
#define NARTHEX_DETAIL_HAS_METRICS 1
#define NARTHEX_DETAIL_TAG_METRICS
#endif

#if NARTHEX_CONCURRENCY == NARTHEX_THREADS
#define NARTHEX_DETAIL_HAS_THREADS 1
#define NARTHEX_DETAIL_HAS_CONCURRENCY 1
#define NARTHEX_DETAIL_TAG_CONCURRENCY _mt
#elif NARTHEX_CONCURRENCY == NARTHEX_INTERRUPTS
#define NARTHEX_DETAIL_HAS_THREADS 0
#define NARTHEX_DETAIL_HAS_CONCURRENCY 1
#ifdef NARTHEX_CRITICAL_ENTER
#define NARTHEX_DETAIL_TAG_CONCURRENCY _isr_cs
#else
#define NARTHEX_DETAIL_TAG_CONCURRENCY _isr
#endif
#elif NARTHEX_CONCURRENCY == NARTHEX_NONE
#define NARTHEX_DETAIL_HAS_THREADS 0
#define NARTHEX_DETAIL_HAS_CONCURRENCY 0
#define NARTHEX_DETAIL_TAG_CONCURRENCY _st
#else
#error "NARTHEX_CONCURRENCY must be NARTHEX_NONE, NARTHEX_INTERRUPTS or NARTHEX_THREADS"
#endif

#ifdef NARTHEX_CRITICAL_ENTER
#define NARTHEX_DETAIL_HAS_CRITICAL 1
#if NARTHEX_CONCURRENCY != NARTHEX_INTERRUPTS
#error "NARTHEX_CRITICAL_ENTER is for NARTHEX_CONCURRENCY=NARTHEX_INTERRUPTS"
#endif
#else
#define NARTHEX_DETAIL_HAS_CRITICAL 0
#endif

// Words that change in one step, whoever else is there.
#if NARTHEX_HAS(CONCURRENCY) && !NARTHEX_HAS(CRITICAL)
#define NARTHEX_DETAIL_HAS_LOCK_FREE 1
// Under an operating system the compiler's library asks the kernel where the processor cannot.
#if (ATOMIC_INT_LOCK_FREE != 2 || ATOMIC_POINTER_LOCK_FREE != 2) && !defined(__unix__)
#error "this processor cannot change a word in one step: define NARTHEX_CRITICAL_ENTER() and NARTHEX_CRITICAL_EXIT(state), see config.hpp; or NARTHEX_CONCURRENCY=NARTHEX_NONE"
#endif
#else
#define NARTHEX_DETAIL_HAS_LOCK_FREE 0
#endif

// 64-bit atomics without libatomic. is_lock_free() is no substitute: with clang <= 16 and libstdc++
// asking it at run time needs libatomic even on x86-64.
// A critical section guards changes alone: what is wider than a pointer takes two instructions to read.
#if !NARTHEX_HAS(CONCURRENCY) || (ATOMIC_LLONG_LOCK_FREE == 2 && (!NARTHEX_HAS(CRITICAL) || UINTPTR_MAX > 0xffffffffu))
#define NARTHEX_DETAIL_HAS_ATOMIC64 1
#define NARTHEX_DETAIL_TAG_ATOMIC64
#else
#define NARTHEX_DETAIL_HAS_ATOMIC64 0
#define NARTHEX_DETAIL_TAG_ATOMIC64 _a32
#endif

// A process with stderr, files and a clock around us.
#if __STDC_HOSTED__ && NARTHEX_HEAP
#define NARTHEX_DETAIL_HAS_HOST 1
#else
#define NARTHEX_DETAIL_HAS_HOST 0
#endif

#if defined(__unix__) || defined(__APPLE__)
#define NARTHEX_DETAIL_HAS_POSIX 1
#else
#define NARTHEX_DETAIL_HAS_POSIX 0
#endif

#if defined(_WIN32)
#define NARTHEX_DETAIL_HAS_WINDOWS 1
#else
#define NARTHEX_DETAIL_HAS_WINDOWS 0
#endif

// Files and threads that os/ knows how to ask for.
#if NARTHEX_HAS(POSIX) || NARTHEX_HAS(WINDOWS)
#define NARTHEX_DETAIL_HAS_SYSTEM 1
#else
#define NARTHEX_DETAIL_HAS_SYSTEM 0
#endif

// And sockets. Emscripten's are WebSockets below: listen() ends the program with an exception of JavaScript.
#if NARTHEX_HAS(SYSTEM) && !defined(__EMSCRIPTEN__)
#define NARTHEX_DETAIL_HAS_SOCKETS 1
#else
#define NARTHEX_DETAIL_HAS_SOCKETS 0
#endif

#if defined(__SIZEOF_INT128__)
#define NARTHEX_DETAIL_HAS_INT128 1
#else
#define NARTHEX_DETAIL_HAS_INT128 0
#endif

// Where bytes of code count more than nanoseconds: a small processor without a heap.
#if !NARTHEX_HAS(HEAP) && !NARTHEX_HAS(INT128)
#define NARTHEX_DETAIL_HAS_TINY 1
#else
#define NARTHEX_DETAIL_HAS_TINY 0
#endif

// Names written as literals are checked by the compiler where it can (C++20).
#if defined(__cpp_consteval)
#define NARTHEX_DETAIL_HAS_CONSTEVAL 1
#else
#define NARTHEX_DETAIL_HAS_CONSTEVAL 0
#endif

#if __cplusplus >= 201703L
#define NARTHEX_DETAIL_HAS_STD_STRING_VIEW __STDC_HOSTED__
#define NARTHEX_DETAIL_NODISCARD [[nodiscard]]
#else
#define NARTHEX_DETAIL_HAS_STD_STRING_VIEW 0
#define NARTHEX_DETAIL_NODISCARD
#endif

// A moment's rest for a processor that waits for another one.
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define NARTHEX_DETAIL_PAUSE() __builtin_ia32_pause()
#elif defined(__GNUC__) && (defined(__aarch64__) || (defined(__ARM_ARCH) && __ARM_ARCH >= 7))
#define NARTHEX_DETAIL_PAUSE() __asm__ volatile("yield")
#else
#define NARTHEX_DETAIL_PAUSE() std::atomic_signal_fence(std::memory_order_seq_cst)
#endif

// Asks for the cache line `on` bytes behind an address, to be read (0) or written (1). A wrong guess costs nothing.
#if defined(__GNUC__)
#define NARTHEX_DETAIL_FETCH(at, on, to_write) \
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(at) + (on)), to_write)
#else
#define NARTHEX_DETAIL_FETCH(at, on, to_write) static_cast<void>(at)
#endif

#if defined(__GNUC__)
#if NARTHEX_HAS(TINY)
#define NARTHEX_DETAIL_COLD
#else
#define NARTHEX_DETAIL_COLD __attribute__((cold, noinline))
#endif
#define NARTHEX_DETAIL_NOINLINE __attribute__((noinline))
#define NARTHEX_DETAIL_INLINE inline __attribute__((always_inline))
#define NARTHEX_DETAIL_LIKELY(x) (__builtin_expect(!!(x), 1))
#else
#define NARTHEX_DETAIL_COLD
#define NARTHEX_DETAIL_NOINLINE
#define NARTHEX_DETAIL_INLINE inline
#define NARTHEX_DETAIL_LIKELY(x) (x)
#endif

// A function of its own where bytes count.
#if NARTHEX_HAS(TINY)
#define NARTHEX_DETAIL_SMALL NARTHEX_DETAIL_NOINLINE inline
#else
#define NARTHEX_DETAIL_SMALL inline
#endif

// For what all shared libraries of a process must have in common, also those built with hidden visibility.
#if defined(__GNUC__) && !NARTHEX_HAS(WINDOWS)
#define NARTHEX_DETAIL_VISIBLE __attribute__((visibility("default")))
#else
#define NARTHEX_DETAIL_VISIBLE
#endif

// Compiled out, an object is a constant, of which clang says that nobody uses it.
#if defined(__GNUC__) && !NARTHEX_HAS(METRICS)
#define NARTHEX_DETAIL_IDLE __attribute__((unused))
#else
#define NARTHEX_DETAIL_IDLE
#endif

// ---- namespace ----
// The inline namespace carries the version and every fact that changes a layout or an inline body, so
// that two versions or two configurations in one program coexist instead of corrupting each other.
#define NARTHEX_DETAIL_PASTE9(a, b, c, d, e, f, g, h, i) a##b##_##c##_##d##e##f##g##h##i
#define NARTHEX_DETAIL_ABI(major, minor, patch, conc, heap, a64, off, chk) \
  NARTHEX_DETAIL_PASTE9(v, major, minor, patch, conc, heap, a64, off, chk)
#define NARTHEX_ABI                                                                       \
  NARTHEX_DETAIL_ABI(NARTHEX_VERSION_MAJOR, NARTHEX_VERSION_MINOR, NARTHEX_VERSION_PATCH, \
                     NARTHEX_DETAIL_TAG_CONCURRENCY, NARTHEX_DETAIL_TAG_HEAP,             \
                     NARTHEX_DETAIL_TAG_ATOMIC64, NARTHEX_DETAIL_TAG_METRICS, NARTHEX_DETAIL_TAG_CHK)

#define NARTHEX_BEGIN_NAMESPACE \
  namespace NARTHEX_NAMESPACE { \
  inline namespace NARTHEX_ABI {
#define NARTHEX_END_NAMESPACE \
  }                           \
  }

#endif  // NARTHEX_CONFIG_HPP
