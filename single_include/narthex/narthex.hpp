// narthex/narthex.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/config.hpp ========================================================================
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

// ==== narthex/fwd.hpp ===========================================================================
// narthex/fwd.hpp - forward declarations for users' headers.
// Room: foundations. Nobody can forward-declare into an inline namespace by hand. SPDX-License-Identifier: MIT
#ifndef NARTHEX_FWD_HPP
#define NARTHEX_FWD_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE

class registry;
class registry_core;
class registry_options;
class status;
class string_view;
class walk;
struct sample;
struct sink;

// Instruments are aliases of templates: an object of one in a class needs its own header (counter.hpp, gauge.hpp,
// histogram.hpp, summary.hpp), which is small; a family can be named by its parts.
template <class T, std::size_t N>
class family;
template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes>
class fixed_family;
template <class T, class... Enums>
class enum_family;
template <class T, std::size_t N>
class expiring_family;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_FWD_HPP

// ==== narthex/string_view.hpp ===================================================================
// narthex/string_view.hpp - a view of characters that is the same type under every -std.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_STRING_VIEW_HPP
#define NARTHEX_STRING_VIEW_HPP

#include <cstddef>
#include <cstring>


#if NARTHEX_HAS(HEAP)
#include <string>
#endif
#if NARTHEX_HAS(STD_STRING_VIEW)
#include <string_view>
#endif

NARTHEX_BEGIN_NAMESPACE

/// Points at characters owned by somebody else; converts from every kind of string.
///
/// Threads: a value; copy it freely.
/// Memory:  a pointer and a length; never allocates, never terminates with NUL.
class string_view {
 public:
  constexpr string_view() noexcept : data_(nullptr), size_(0) {}
  constexpr string_view(const char* text, std::size_t length) noexcept : data_(text), size_(length) {}

  /// Views a C string up to its NUL; a null pointer is the empty string.
#if defined(__GNUC__)  // a literal's length is a constant, and so is what is made of it
  NARTHEX_DETAIL_INLINE constexpr string_view(const char* text) noexcept : data_(text), size_(text ? __builtin_strlen(text) : 0) {}
#else
  string_view(const char* text) noexcept : data_(text), size_(text ? std::strlen(text) : 0) {}
#endif

#if NARTHEX_HAS(HEAP)
  string_view(const std::string& text) noexcept : data_(text.data()), size_(text.size()) {}
  /// Copies the characters. The one call of this class that may throw: std::bad_alloc.
  std::string str() const { return std::string(data_ ? data_ : "", size_); }
#endif
#if NARTHEX_HAS(STD_STRING_VIEW)
  constexpr string_view(std::string_view text) noexcept : data_(text.data()), size_(text.size()) {}
#endif

  constexpr const char* data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr char operator[](std::size_t i) const noexcept { return data_[i]; }
  constexpr const char* begin() const noexcept { return data_; }
  constexpr const char* end() const noexcept { return data_ + size_; }

  /// Drops the first `n` characters; `n` must not exceed size().
  constexpr string_view from(std::size_t n) const noexcept { return string_view(data_ + n, size_ - n); }
  /// Keeps the first `n` characters; `n` must not exceed size().
  constexpr string_view first(std::size_t n) const noexcept { return string_view(data_, n); }

  bool ends_with(string_view tail) const noexcept {
    return size_ >= tail.size_ && from(size_ - tail.size_) == tail;
  }

  /// Orders by bytes, as Prometheus' Go code orders names.
  int compare(string_view other) const noexcept {
    const std::size_t common = size_ < other.size_ ? size_ : other.size_;
    const int order = common ? std::memcmp(data_, other.data_, common) : 0;
    return order ? order : (size_ < other.size_ ? -1 : (size_ > other.size_ ? 1 : 0));
  }

  friend bool operator==(string_view a, string_view b) noexcept {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
  }
  friend bool operator!=(string_view a, string_view b) noexcept { return !(a == b); }

 private:
  const char* data_;
  std::size_t size_;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_STRING_VIEW_HPP

// ==== narthex/status.hpp ========================================================================
// narthex/status.hpp - how anything says no: a code, the offender, and words for people.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_STATUS_HPP
#define NARTHEX_STATUS_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

/// Why something was refused. `ok` is 0; the others never change their number within a version.
enum class errc : std::uint8_t {
  ok = 0,
  empty_name,             ///< a metric name is empty
  bad_name,               ///< a metric name has a byte outside [a-zA-Z0-9_:], or begins with a digit; see utf8_name
  missing_suffix,         ///< an info metric's name must end in _info
  name_taken,             ///< the name exists with another type, help or label set
  name_collides,          ///< a sample name would be written by two families (x_count against histogram x)
  bad_label_name,         ///< a label name is empty or has a byte outside [a-zA-Z0-9_]; see utf8_name
  reserved_label_name,    ///< a label name begins with __, or is le on a histogram, quantile on a summary
  duplicate_label_name,   ///< a label name occurs twice, or a registry's constant label has it already
  unknown_label,          ///< labels() by name: a name the family does not have, or one that is missing
  repeated_label_value,   ///< an enum has the same label value twice
  label_too_long,         ///< label text does not fit the fixed storage
  bad_buckets,            ///< bounds are not strictly increasing, not numbers, or too many
  bad_quantile,           ///< a quantile outside 0..1, out of order, or too many
  bad_states,             ///< a state set without states, with a state twice, or with more than 32
  series_limit,           ///< the family's cap is reached; updates go to the overflow series
  no_memory,              ///< memory was refused; updates go to a stand-in that is not exposed
  not_registered,         ///< unregistered, or never registered
  already_attached,       ///< a registry can be attached to one other at a time
  attach_cycle,           ///< attaching would make a registry its own part
  too_many_registries,    ///< one scrape walks at most walk::max_registries registries
  bad_address,            ///< an address that cannot be read: ":9464", "127.0.0.1:0", "[::1]:9464"
  system,                 ///< the system said no; number() is its error code
  timeout,                ///< a deadline passed
  closed,                 ///< the other side, or this one, is closed
  unsupported,            ///< not available in this build
  address_in_use,         ///< somebody else listens at this address
  no_permission,          ///< the system forbids it: a low port, a folder of somebody else's
  too_many_descriptors,   ///< this process or the whole system has no file descriptor left
  busy,                   ///< another thread is in the middle of it
  bad_credentials,        ///< a user, password or token that cannot be sent in a header, or is too long
  bad_header,             ///< a header's name or value that cannot be sent
  bad_url,                ///< a URL that cannot be read: "http://host:port/prefix"
  needs_transport,        ///< an https URL, and no transport that speaks TLS
  no_such_host,           ///< a host's name that nobody could resolve
  bad_job,                ///< a job name must not be empty
  bad_utf8,               ///< text that goes into a URL must be well-formed UTF-8
  label_clash,            ///< a metric has a label that the grouping key has, too
  reserved_metric,        ///< a metric name that the Pushgateway keeps for itself
  empty_exposition,       ///< replacing a group by nothing would wipe it; delete_group() says that
  too_large,              ///< more bytes than the stated limit
  http_refused,           ///< the server answered no; number() is the HTTP status
  redirected,             ///< the server answers elsewhere, and nobody follows; number() is the HTTP status
  bad_response,           ///< what came back is not an HTTP response, or not a whole one
  no_gateway,             ///< a server that is no Pushgateway has answered with a page; number() is the HTTP status
  bad_rate,               ///< a rate of no pushes, of more than number(), or in no time
  too_often,              ///< the rate of pushes is used up; number() is the milliseconds until there is room again
  shared_group,           ///< a group without a label that tells its pushers apart
  transport_failed,       ///< the program's own transport said no; the subject is its words
  bad_unit,               ///< a unit that the name does not end in, or of what has none
  id_in_group,            ///< a warning: a group's label looks like the id of one request or moment; groups stay for ever
  bad_spool,              ///< a file in the spool that narthex has not written, or not whole
  bad_native_buckets      ///< a native histogram of an impossible schema, size or zero bucket
};

/// The words for a code; a static string.
NARTHEX_DETAIL_COLD inline const char* describe(errc code) noexcept {
  switch (code) {
    case errc::ok: return "ok";
    case errc::empty_name: return "a metric name must not be empty";
    case errc::bad_name:
      return NARTHEX_HAS(HEAP) ? "a metric name without utf8_name may hold only [a-zA-Z0-9_:] and must not begin with a digit; bad byte at"
                               : "a metric name may hold only [a-zA-Z0-9_:] and must not begin with a digit; bad byte at";
    case errc::missing_suffix: return "the name of an info metric must end in _info";
    case errc::name_taken: return "the name is registered with another type, help or label set";
    case errc::name_collides: return "another metric writes a sample of this name";
    case errc::bad_label_name:
      return NARTHEX_HAS(HEAP) ? "a label name without utf8_name may hold only [a-zA-Z0-9_] and must not begin with a digit; label number"
                               : "a label name may hold only [a-zA-Z0-9_] and must not begin with a digit; label number";
    case errc::reserved_label_name: return "the label name is reserved; label number";
    case errc::duplicate_label_name: return "the label name occurs twice; label number";
    case errc::unknown_label: return "the label name is not one of the family's, or is missing, or was given twice";
    case errc::repeated_label_value: return "an enum's label values must all be different; label number";
    case errc::label_too_long: return "the label text does not fit; bytes of room";
    case errc::bad_buckets: return "bucket bounds must be numbers in strictly increasing order, within the limit; bound number";
    case errc::bad_quantile: return "quantiles must lie in 0..1 in increasing order, within the limit; quantile number";
    case errc::bad_states: return "a state set needs 1 to 32 different states; state number";
    case errc::series_limit: return "the family has reached its limit of series";
    case errc::no_memory: return "no memory";
    case errc::not_registered: return "not registered";
    case errc::already_attached: return "the registry is attached already";
    case errc::attach_cycle: return "a registry cannot be attached to itself or to a part of itself";
    case errc::too_many_registries: return "too many registries are attached; limit";
    case errc::bad_address: return "the address cannot be read";
    case errc::system: return "the system refused; error";
    case errc::timeout: return "the deadline passed";
    case errc::closed: return "closed";
    case errc::unsupported: return "not available in this build";
    case errc::address_in_use: return "the address is in use; error";
    case errc::no_permission: return "the system does not permit it; error";
    case errc::too_many_descriptors: return "too many open files; error";
    case errc::busy: return "another thread is in the middle of it";
    case errc::bad_credentials: return "credentials must be printable and within the limit of bytes";
    case errc::bad_header: return "a header must be a token and a line of printable text";
    case errc::bad_url: return "the URL must be http://host:port/prefix; bad byte at";
    case errc::needs_transport: return "https needs a transport that speaks TLS";
    case errc::no_such_host: return "the host name could not be resolved; error";
    case errc::bad_job: return "the job name must not be empty";
    case errc::bad_utf8: return "the text must be well-formed UTF-8; bad byte at";
    case errc::label_clash: return "the label is part of the grouping key, which would overwrite it";
    case errc::reserved_metric: return "the Pushgateway keeps this metric name for itself";
    case errc::empty_exposition: return "an empty exposition would wipe the group; delete_group() does that";
    case errc::too_large: return "too large; limit in bytes";
    case errc::http_refused: return "the server refused; HTTP status";
    case errc::redirected: return "the server answers elsewhere; HTTP status";
    case errc::bad_response: return "the answer is not valid HTTP";
    case errc::no_gateway: return "a page came back, so this is no Pushgateway; HTTP status";
    case errc::bad_rate: return "a rate must allow at least one push in 1 to 86400 seconds; pushes at most";
    case errc::too_often: return "pushed too often for anybody to see; room again in milliseconds";
    case errc::bad_unit: return "a unit must be what the name ends in, before _total: x_seconds, x_seconds_total";
    case errc::shared_group: return "programs that share a group overwrite each other: give it this label, or say shared_group()";
    case errc::transport_failed: return "the transport refused";
    case errc::id_in_group: return "looks like an id, and each value is a group that stays for ever: leave it out, or delete the group";
    case errc::bad_spool: return "not a file that narthex has spooled";
    case errc::bad_native_buckets: return "a native histogram has a factor above 1 or a schema of -4 to 8, 1 to 256 buckets, at most 64 classic bounds, and thresholds of 0 or more";
  }
  return "unknown";
}

/// An answer: ok, or what was refused and why.
///
/// Threads: a value; copy it freely.
/// Memory:  80 bytes; the offender's text is copied, cut to 70 bytes, and made printable ASCII.
class NARTHEX_DETAIL_NODISCARD status {
 public:
  status() noexcept : number_(0), code_(errc::ok), has_number_(false) { subject_[0] = '\0'; }

  /// who: the metric, label or address that was refused; where: a position, limit or system code.
  status(errc why, string_view who) noexcept : number_(0), code_(why), has_number_(false) { put_subject(who); }
  status(errc why, string_view who, std::uint32_t where) noexcept : number_(where), code_(why), has_number_(true) {
    put_subject(who);
  }

  bool ok() const noexcept { return code_ == errc::ok; }
  errc code() const noexcept { return code_; }
  /// The offender: a metric's name, name{label}, or an address.
  const char* subject() const noexcept { return subject_; }
  /// A byte's position, a label's or bound's number counted from 0, a limit, or the system's error code.
  std::uint32_t number() const noexcept { return number_; }

  /// Writes "subject: words number" and a NUL.
  ///
  /// Returns: the length without the NUL; the text is cut when `size` is too small.
  std::size_t message(char* out, std::size_t size) const noexcept {
    if (size == 0) return 0;
    std::size_t n = 0;
    if (subject_[0]) {
      n = append(out, size, n, subject_);
      n = append(out, size, n, ": ");
    }
    n = append(out, size, n, describe(code_));
    if (has_number_) {
      char digits[12];
      char* p = digits + sizeof digits - 1;
      *p = '\0';
      std::uint32_t rest = number_;
      do {
        *--p = static_cast<char>('0' + rest % 10);
        rest /= 10;
      } while (rest);
      n = append(out, size, n, " ");
      n = append(out, size, n, p);
    }
    out[n] = '\0';
    return n;
  }

#if NARTHEX_HAS(HEAP)
  /// The same as a string. May throw std::bad_alloc, as every std::string may.
  std::string message() const {
    char text[max_message];
    return std::string(text, message(text, sizeof text));
  }
#endif

  enum : std::size_t { max_message = 256 };  ///< no message is longer, NUL included

 private:
  static std::size_t append(char* out, std::size_t size, std::size_t n, const char* text) noexcept {
    while (*text && n + 1 < size) out[n++] = *text++;
    return n;
  }

  void put_subject(string_view who) noexcept {
    std::size_t n = 0;
    for (; n < who.size() && n + 1 < sizeof subject_; ++n) {
      const char c = who[n];
      subject_[n] = (c >= 0x20 && c < 0x7f) ? c : '?';  // one line on a terminal, whatever came in
    }
    subject_[n] = '\0';
  }

  std::uint32_t number_;
  errc code_;
  bool has_number_;
  char subject_[74];
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_STATUS_HPP

// ==== narthex/detail/shared.hpp =================================================================
// narthex/detail/shared.hpp - a value that others may touch: atomic where anybody else exists.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SHARED_HPP
#define NARTHEX_DETAIL_SHARED_HPP

#include <atomic>
#include <cstdint>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

/// While it lives no interrupt comes, where that is how words change as one; elsewhere it is nothing.
class critical {
 public:
#if NARTHEX_HAS(CRITICAL)
  critical() noexcept : state_(NARTHEX_CRITICAL_ENTER()) {}
  ~critical() { NARTHEX_CRITICAL_EXIT(state_); }
#else
  critical() noexcept {}
#endif
  critical(const critical&) = delete;
  critical& operator=(const critical&) = delete;

#if NARTHEX_HAS(CRITICAL)
 private:
  const decltype(NARTHEX_CRITICAL_ENTER()) state_;
#endif
};

#if NARTHEX_HAS(LOCK_FREE)
template <class T>
using shared = std::atomic<T>;
#else
/// The face of std::atomic over a plain value: with nobody else around, an 8-byte counter needs no
/// libatomic; a Cortex-M0, which has no read-modify-write instruction, keeps interrupts out.
///
/// Order: an interrupt sees all that the program it stops has stored, so only the compiler must be kept from moving
///        things: where there are interrupts, the accesses are volatile.
template <class T>
class shared {
 public:
  constexpr shared() noexcept : value_() {}
  constexpr shared(T value) noexcept : value_(value) {}
  T load(std::memory_order) const noexcept { return static_cast<const seen&>(value_); }
  void store(T value, std::memory_order) noexcept { static_cast<seen&>(value_) = value; }
  T exchange(T value, std::memory_order order) noexcept {
    const critical alone;
    const T old = load(order);
    store(value, order);
    return old;
  }
  T fetch_add(T by, std::memory_order order) noexcept {
    using wraps = typename std::make_unsigned<T>::type;  // as std::atomic does, also for signed types
    const critical alone;
    const T old = load(order);
    store(static_cast<T>(static_cast<wraps>(old) + static_cast<wraps>(by)), order);
    return old;
  }
  T fetch_sub(T by, std::memory_order order) noexcept { return fetch_add(static_cast<T>(T(0) - by), order); }
  bool compare_exchange_strong(T& expected, T wanted, std::memory_order order, std::memory_order) noexcept {
    const critical alone;
    const T now = load(order);
    if (now == expected) store(wanted, order);
    const bool done = now == expected;
    expected = now;
    return done;
  }
  bool compare_exchange_weak(T& expected, T wanted, std::memory_order a, std::memory_order b) noexcept {
    return compare_exchange_strong(expected, wanted, a, b);
  }

 private:
#if NARTHEX_HAS(CRITICAL)
  static_assert(sizeof(T) <= sizeof(void*), "a load must be one instruction");
  using seen = volatile T;
#else
  using seen = T;
#endif
  T value_;
};
#endif

// The widest integer that is lock-free everywhere on this target.
#if NARTHEX_HAS(ATOMIC64)
using cell_word = std::uint64_t;
#else
using cell_word = std::uint32_t;
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SHARED_HPP

// ==== narthex/detail/ascii.hpp ==================================================================
// narthex/detail/ascii.hpp - which bytes may stand in names; no locale is asked.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ASCII_HPP
#define NARTHEX_DETAIL_ASCII_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Number `n` of texts that stand one behind the other, each with its NUL: a table of pointers would be larger.
inline const char* nth_text(const char* texts, unsigned n) noexcept {
  for (; n; --n) {
    while (*texts++) continue;
  }
  return texts;
}

enum class alphabet { metric, label };  // a metric name may hold colons, a label name may not

constexpr bool may_stand(char c, std::size_t at, alphabet a) noexcept {
  return is_letter(c) || (at > 0 && is_digit(c)) || (c == ':' && a == alphabet::metric);
}

/// The position of the first byte that may not stand in a name; `size` when all may.
/// Source: Prometheus data model, "Metric names and labels", the classic alphabets.
#if NARTHEX_HAS(CONSTEVAL)
constexpr
#else
NARTHEX_DETAIL_COLD inline
#endif
std::size_t bad_byte(const char* s, std::size_t size, alphabet a) noexcept {
  std::size_t at = 0;
  while (at < size && may_stand(s[at], at, a)) ++at;
  return at;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ASCII_HPP

// ==== narthex/detail/utf8.hpp ===================================================================
// narthex/detail/utf8.hpp - text made safe for a scrape: UTF-8 repaired, then escaped.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_UTF8_HPP
#define NARTHEX_DETAIL_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The length of the well-formed UTF-8 sequence at `s`, or 0 when the byte there begins none.
/// Source: Unicode 15, table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF).
NARTHEX_DETAIL_SMALL std::size_t utf8_length(const char* s, std::size_t size) noexcept {
  const unsigned char a = static_cast<unsigned char>(s[0]);
  if (a < 0x80) return 1;
  const std::size_t n = a >= 0xc2 && a <= 0xdf ? 2 : (a & 0xf0) == 0xe0 ? 3 : a >= 0xf0 && a <= 0xf4 ? 4 : 0;
  if (n == 0 || n > size) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((static_cast<unsigned char>(s[i]) & 0xc0) != 0x80) return 0;
  }
  const unsigned char b = static_cast<unsigned char>(s[1]);
  if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f)) {
    return 0;
  }
  return n;
}

constexpr char hex_digit(unsigned value) noexcept { return static_cast<char>(value + (value < 10 ? '0' : 'a' - 10)); }

enum class quoting { label_value, help, none };  // a double quote is escaped in a label value, raw in HELP; none: all is raw

/// Whether eight bytes all stand for themselves: ASCII without backslash, newline and quote. A byte of
/// `eight ^ all_of(c)` is 0 where there is a c, and subtracting 1 from a 0 borrows its top bit.
inline bool are_plain(std::uint64_t eight) noexcept {
  const std::uint64_t ones = 0x0101010101010101u, tops = ones << 7;
  const std::uint64_t slash = eight ^ ones * '\\', quote = eight ^ ones * '"', line = eight ^ ones * '\n';
  const std::uint64_t special = ((slash - ones) & ~slash) | ((quote - ones) & ~quote) | ((line - ones) & ~line);
  return ((eight | special) & tops) == 0;
}

/// Up to eight bytes as one number, the missing ones 0. In the order of memory: for hashing, not for arithmetic.
inline std::uint64_t load_bytes(const char* from, std::size_t size) noexcept {
  std::uint64_t eight = 0;
  if (size >= 8) {
    std::memcpy(&eight, from, 8);
  } else {
    unsigned char all[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<unsigned char>(from[i]);
    std::memcpy(&eight, all, 8);
  }
  return eight;
}

/// Whether the text stands for itself, as nearly every label value does.
inline bool is_plain(string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); i += 8) {
    if (!are_plain(load_bytes(text.data() + i, text.size() - i))) return false;
  }
  return true;
}

/// Calls `put(const char*, size_t)` with the repaired and escaped text, piece by piece.
///
/// A byte that is not part of well-formed UTF-8 becomes U+FFFD and its two hexadecimal digits, so
/// that two different broken values stay two different values.
/// Source: Prometheus exposition formats, text 0.0.4, "Comments, help text, and type information".
inline void put_safe(string_view text, quoting form, void (*put)(void*, const char*, std::size_t), void* to) {
  const char *at = text.data(), *const end = at + text.size();
  for (;;) {
    const char* const begin = at;
    std::size_t n = 1;
    for (; at != end; at += n) {
      n = utf8_length(at, static_cast<std::size_t>(end - at));
      if (n == 0 || (form != quoting::none && (*at == '\\' || *at == '\n' || (*at == '"' && form == quoting::label_value)))) break;
    }
    if (at != begin) put(to, begin, static_cast<std::size_t>(at - begin));
    if (at == end) return;
    const char letter = *at++;
    char piece[2] = {'\\', letter == '\n' ? 'n' : letter};
    if (n == 0) {
      const unsigned byte = static_cast<unsigned char>(letter);
      put(to, "\xef\xbf\xbd", 3);
      piece[0] = hex_digit(byte >> 4);
      piece[1] = hex_digit(byte & 15);
    }
    put(to, piece, sizeof piece);
  }
}

template <class Put>
void put_safe(string_view text, quoting form, Put& to) {
  put_safe(text, form, [](void* put, const char* data, std::size_t size) { (*static_cast<Put*>(put))(data, size); }, &to);
}

/// How many bytes put_safe would write.
inline std::size_t safe_size(string_view text, quoting form) noexcept {
  if (is_plain(text)) return text.size();
  struct {
    std::size_t n;
    void operator()(const char*, std::size_t size) noexcept { n += size; }
  } count = {0};
  put_safe(text, form, count);
  return count.n;
}

/// Writes what put_safe gives and returns the end; the caller made room by safe_size.
inline char* write_safe(char* out, string_view text, quoting form) noexcept {
  if (is_plain(text)) {
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    return out + text.size();
  }
  struct {
    char* p;
    void operator()(const char* data, std::size_t size) noexcept {
      std::memcpy(p, data, size);
      p += size;
    }
  } copy = {out};
  put_safe(text, form, copy);
  return copy.p;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_UTF8_HPP

// ==== narthex/detail/bits.hpp ===================================================================
// narthex/detail/bits.hpp - doubles as their bits.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BITS_HPP
#define NARTHEX_DETAIL_BITS_HPP

#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

static_assert(sizeof(double) == sizeof(std::uint64_t), "narthex needs doubles of IEEE 754 binary64");

// -ffast-math lets a compiler assume that no double is NaN or infinite, and drop a test for it. So we ask the bits. clang from 18
// on draws that conclusion for bits, too, where the double was a parameter or a result: what it reads as volatile it must test.

inline std::uint64_t double_bits(const double& value) noexcept {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
#if defined(__clang__) && __FINITE_MATH_ONLY__
  const volatile std::uint64_t as_it_is = bits;
  return as_it_is;
#else
  return bits;
#endif
}

inline double bits_double(std::uint64_t bits) noexcept {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// The 11 bits of the exponent; 0x7ff is infinite or NaN, 0 is zero or subnormal.
inline std::uint32_t exponent_bits(std::uint64_t bits) noexcept {
  return static_cast<std::uint32_t>(bits >> 52) & 0x7ffu;
}

inline bool is_finite(const double& value) noexcept { return exponent_bits(double_bits(value)) != 0x7ffu; }

inline bool is_nan(const double& value) noexcept { return double_bits(value) << 1 > std::uint64_t{0x7ff} << 53; }

/// The sum of two doubles by their bits, rounded to the nearest, ties to even: exactly what hardware gives, NaN's bits aside.
///
/// The sum of a Cortex-M0's library takes 1.7 KB, this one 0.3.
/// Source: IEEE 754-2008, sections 4.3.1, 6.3 and 7.2.
inline std::uint64_t add_bits(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t sign = std::uint64_t{1} << 63, hidden = std::uint64_t{1} << 52;
  if (a << 1 < b << 1) {
    const std::uint64_t larger = b;
    b = a;
    a = larger;
  }
  std::uint32_t exponent = exponent_bits(a), lower = exponent_bits(b);
  const bool differ = ((a ^ b) & sign) != 0;
  if (exponent == 0x7ffu) return lower == 0x7ffu && differ ? std::uint64_t{0x7ff8} << 48 : a;
  // Three more bits: two to round by, and one that tells whether there was anything below them.
  std::uint64_t sum = (a & (hidden - 1)) << 3, small_part = (b & (hidden - 1)) << 3;
  if (exponent) sum |= hidden << 3;
  else exponent = 1;
  if (lower) small_part |= hidden << 3;
  else lower = 1;
  for (std::uint32_t apart = exponent - lower; apart && small_part > 1; --apart) small_part = small_part >> 1 | (small_part & 1);
  sum = differ ? sum - small_part : sum + small_part;
  if (sum == 0 && differ) return 0;
  if (sum >> 56) {
    sum = sum >> 1 | (sum & 1);
    ++exponent;
  }
  for (; sum >> 55 == 0 && exponent > 1; --exponent) sum <<= 1;
  // The hidden bit and a carry out of it both raise the exponent, to the infinite one at last.
  std::uint64_t bits = (sum >> 3) + (static_cast<std::uint64_t>(exponent - 1) << 52);
  const unsigned below = static_cast<unsigned>(sum & 7);
  bits += static_cast<std::uint64_t>(below + (bits & 1) > 4);
  if (exponent_bits(bits) == 0x7ffu) bits = std::uint64_t{0x7ff} << 52;
  return bits | (a & sign);
}

/// a + b.
inline double add(const double& a, const double& b) noexcept {
  return NARTHEX_HAS(TINY) ? bits_double(add_bits(double_bits(a), double_bits(b))) : a + b;
}

/// a < b, for numbers.
inline bool is_less(const double& a, const double& b) noexcept {
#if NARTHEX_HAS(TINY)
  // By bits: the comparisons of a Cortex-M0's library take 700 bytes.
  const auto place = [](std::uint64_t bits) {
    const std::uint64_t sign = std::uint64_t{1} << 63;
    return bits << 1 == 0 ? sign : bits & sign ? ~bits : bits | sign;
  };
  return place(double_bits(a)) < place(double_bits(b));
#else
  return a < b;
#endif
}

/// How many bits below the lowest one that is set; not for 0.
inline unsigned low_zero_bits(std::uint64_t bits) noexcept {
#if defined(__GNUC__)
  return static_cast<unsigned>(__builtin_ctzll(bits));
#else
  unsigned n = 0;
  for (unsigned half = 32; half; half /= 2) {
    if (bits << (64 - half) == 0) {
      bits >>= half;
      n += half;
    }
  }
  return n;
#endif
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BITS_HPP

// ==== narthex/detail/guarded.hpp ================================================================
// narthex/detail/guarded.hpp - a double that changes while interrupts are kept out, alone or with a count.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_GUARDED_HPP
#define NARTHEX_DETAIL_GUARDED_HPP

#include <cstdint>
#include <cstring>


#if !NARTHEX_HAS(LOCK_FREE)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A sum in cell-sized words: a double alone would be aligned to 8 bytes, which costs a node 4.
///
/// The addition, a hundred cycles on a processor without doubles, is done before interrupts are kept out; only if one has
/// come between it is done again, with them kept out, so that no stream of interrupts holds it up.
class guarded_double {
 public:
  guarded_double() noexcept { put(0); }
  double get() const noexcept {
    const critical alone;
    return peek();
  }
  void set(double to) noexcept {
    const critical alone;
    put(double_bits(to));
  }
  void add(double by) noexcept {
    add_with(by, [] {});
  }
  /// Adds, and does `more` in the same step.
  template <class More>
  void add_with(double by, const More& more) noexcept {
    const double before = get();
    const double after = detail::add(before, by);
    const critical alone;
    const double now = peek();
    put(double_bits(double_bits(now) == double_bits(before) ? after : detail::add(now, by)));
    more();
  }

  /// Both only while a `critical` lives.
  double peek() const noexcept {
    double value;
    std::memcpy(&value, words_, sizeof value);
    return value;
  }
  void put(std::uint64_t bits) noexcept { std::memcpy(words_, &bits, sizeof bits); }

 private:
  cell_word words_[sizeof(double) / sizeof(cell_word)];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // !NARTHEX_HAS(LOCK_FREE)

#endif  // NARTHEX_DETAIL_GUARDED_HPP

// ==== narthex/detail/lock.hpp ===================================================================
// narthex/detail/lock.hpp - the cold path's lock and grace period, from <atomic> alone.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LOCK_HPP
#define NARTHEX_DETAIL_LOCK_HPP

#include <cstdint>


#if NARTHEX_HAS(THREADS) && NARTHEX_HAS(POSIX) && __STDC_HOSTED__
#include <sched.h>
#include <unistd.h>
#define NARTHEX_DETAIL_HAS_FORK 1
#else
#define NARTHEX_DETAIL_HAS_FORK 0
#endif

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(THREADS)

/// After fork() a child has the locks and counts of threads that it does not have. The first process to use
/// narthex is remembered, so that its children can tell.
template <class Once>
struct NARTHEX_DETAIL_VISIBLE process {
  static std::atomic<long> origin;
  static bool is_forked() noexcept {
#if NARTHEX_HAS(FORK)
    const long first = origin.load(memory_order_relaxed);
    return first != 0 && first != static_cast<long>(getpid());
#else
    return false;
#endif
  }
};
template <class Once>
std::atomic<long> process<Once>::origin(0);

/// One turn of a waiting loop: spins at first, then lets others run, so that a holder that was
/// preempted on this very core comes back.
class patience {
 public:
  void wait() noexcept {
    if (turns_ <= enough) ++turns_;
    if (turns_ <= 64) return;
#if NARTHEX_HAS(FORK)
    if (process<void>::is_forked()) return static_cast<void>(usleep(1000));
#endif
#if defined(NARTHEX_YIELD)
    NARTHEX_YIELD();
#elif NARTHEX_HAS(FORK)
    sched_yield();
#endif
  }
  /// Whether it is a thread of the parent process that is waited for: a child only, after a second of what takes
  /// microseconds. It sleeps, as yields tell no time: a million of them took half a minute beside busy threads.
  bool in_vain() const noexcept { return turns_ > enough && process<void>::is_forked(); }

 private:
  enum : std::uint32_t { enough = 1024 };
  std::uint32_t turns_ = 0;
};

/// Guards registration and the growth of an index: a few instructions at a time, never an update.
class spin_lock {
 public:
  constexpr spin_lock() noexcept : held_(0) {}
  void lock() noexcept {
    patience p;
    while (held_.exchange(1, memory_order_acquire)) {
      while (held_.load(memory_order_relaxed)) {
        p.wait();
        std::uint32_t lost = 1;  // its holder stayed in the parent process: one of us takes it over
        if (p.in_vain() && held_.compare_exchange_strong(lost, 2, memory_order_acquire, memory_order_relaxed)) return;
      }
    }
  }
  void unlock() noexcept { held_.store(0, memory_order_release); }

 private:
  std::atomic<std::uint32_t> held_;  // 32 bits: riscv64 needs libatomic to exchange a byte
};

/// Lets readers walk a list without a lock while its owner takes nodes out.
///
/// A reader is inside from enter() to leave() and never waits. wait() returns when everybody who was
/// inside at its call has left: a node unlinked before is then seen by nobody.
///
/// Order: everything here, and the loads and stores of the links, is sequentially consistent. A reader
/// that wait() did not see inside (its count still 0) enters after wait() read that 0, so its loads
/// of the links come after the unlinking store. No fences: ThreadSanitizer does not know them.
/// Two counters, so that a stream of new readers cannot hold up the wait for the old ones; one waiter at a time, so
/// that its two rounds are of both counters: others' turns in between would give it the same one twice.
/// Fork:  the first to enter in a child forgets the readers that stayed in the parent.
class grace {
 public:
  constexpr grace() noexcept : waiters_(), turn_(0), even_(0), odd_(0), owner_(0) {}
  std::uint32_t enter() noexcept {
    own();
    const std::uint32_t side = turn_.load(memory_order_seq_cst) & 1;
    inside(side).fetch_add(1, memory_order_seq_cst);
    return side;
  }
  void leave(std::uint32_t side) noexcept { inside(side).fetch_sub(1, memory_order_seq_cst); }
  void wait() noexcept {
    own();
    waiters_.lock();
    for (int round = 0; round < 2; ++round) {
      const std::uint32_t side = turn_.fetch_add(1, memory_order_seq_cst) & 1;
      patience p;
      while (inside(side).load(memory_order_seq_cst)) p.wait();
    }
    waiters_.unlock();
  }

 private:
  void own() noexcept {
#if NARTHEX_HAS(FORK)
    const long me = static_cast<long>(getpid());
    long owner = owner_.load(memory_order_acquire);
    while (owner != me) {
      if (owner != taking && owner_.compare_exchange_strong(owner, taking, memory_order_acquire, memory_order_relaxed)) {
        // Nobody of this process is inside yet: everybody comes through here.
        even_.store(0, memory_order_relaxed);
        odd_.store(0, memory_order_relaxed);
        long none = 0;
        process<void>::origin.compare_exchange_strong(none, me, memory_order_relaxed, memory_order_relaxed);
        owner_.store(me, memory_order_release);
      }
      owner = owner_.load(memory_order_acquire);
    }
#endif
  }
  enum : long { taking = -1 };
  std::atomic<std::uint32_t>& inside(std::uint32_t side) noexcept { return side ? odd_ : even_; }
  spin_lock waiters_;
  std::atomic<std::uint32_t> turn_, even_, odd_;
  std::atomic<long> owner_;
};

#else  // nobody to wait for: registration, scrapes and destructors run in one thread

class patience {
 public:
  void wait() noexcept {}
  bool in_vain() const noexcept { return false; }
};

class spin_lock {
 public:
  constexpr spin_lock() noexcept {}
  void lock() noexcept {}
  void unlock() noexcept {}
};

class grace {
 public:
  constexpr grace() noexcept {}
  std::uint32_t enter() noexcept { return 0; }
  void leave(std::uint32_t) noexcept {}
  void wait() noexcept {}
};

#endif

class hold {
 public:
  explicit hold(spin_lock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~hold() { lock_.unlock(); }
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;

 private:
  spin_lock& lock_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_LOCK_HPP

// ==== narthex/detail/lists.hpp ==================================================================
// narthex/detail/lists.hpp - what guards the lists of all registries: a lock, a version, a grace period.
// Room: foundations. Read detail/lock.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LISTS_HPP
#define NARTHEX_DETAIL_LISTS_HPP

#include <cstdint>


#if NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What guards the lists of all registries of this program: visible, as attached registries of several shared
/// libraries are walked as one. Searching is done outside the lock; under it a registration only looks whether the
/// version is still the one it searched, and links.
template <class Once>
struct NARTHEX_DETAIL_VISIBLE structure {
  static spin_lock lock;
  static shared<std::uint32_t> version;
  static grace readers;
};
template <class Once>
spin_lock structure<Once>::lock;
template <class Once>
shared<std::uint32_t> structure<Once>::version(0);
template <class Once>
grace structure<Once>::readers;
using lists = structure<void>;

/// Says that something was linked, unlinked or hidden. Behind the change: who sees the version must see the list of it, or two
/// registrations at once linked the same name twice.
inline void change_lists() noexcept {
#if NARTHEX_HAS(THREADS)
  lists::version.fetch_add(1, memory_order_release);
#else  // by one thread, no handler
  lists::version.store(lists::version.load(memory_order_relaxed) + 1, memory_order_relaxed);
#endif
}
/// Whether nothing has changed since, of which the lock is held. Without threads nobody else is there.
inline bool are_unchanged(std::uint32_t since) noexcept {
  return !NARTHEX_HAS(THREADS) || lists::version.load(memory_order_relaxed) == since;
}

/// While it lives, no node that can be reached goes away.
class inside_lists {
 public:
  inside_lists() noexcept : side_(lists::readers.enter()) {}
  ~inside_lists() { lists::readers.leave(side_); }
  inside_lists(const inside_lists&) = delete;
  inside_lists& operator=(const inside_lists&) = delete;

 private:
  std::uint32_t side_;
};

/// A walk's way in and out of the lists. Without threads nobody waits for it: what happened meanwhile is seen by the version.
class lists_visit {
 public:
#if NARTHEX_HAS(THREADS)
  lists_visit() noexcept : side_(0), outside_(true) {}
  /// Whether what was seen before may have gone away.
  bool enter() noexcept {
    if (!outside_) return false;
    side_ = lists::readers.enter();
    outside_ = false;
    return true;
  }
  void leave() noexcept {
    if (outside_) return;
    lists::readers.leave(side_);
    outside_ = true;
  }

 private:
  std::uint32_t side_;
  bool outside_;
#else
  lists_visit() noexcept : seen_(lists::version.load(memory_order_relaxed)) {}
  bool enter() noexcept {
    const std::uint32_t before = seen_;
    seen_ = lists::version.load(memory_order_relaxed);
    return seen_ != before;
  }
  void leave() noexcept {}

 private:
  std::uint32_t seen_;
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_LISTS_HPP

// ==== narthex/detail/memory.hpp =================================================================
// narthex/detail/memory.hpp - memory asked for without throwing; absent in a build without a heap.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_MEMORY_HPP
#define NARTHEX_DETAIL_MEMORY_HPP

#include <cstddef>
#include <cstring>
#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
/// Null when there is none. Never over-aligned: before C++17 `new` would ignore it.
inline void* allocate(std::size_t size) noexcept { return ::operator new(size, std::nothrow); }
inline void release(void* memory) noexcept { ::operator delete(memory); }
#endif

constexpr std::size_t round_up(std::size_t size) noexcept { return (size + 7) / 8 * 8; }

/// Copies `text` and a NUL to `at`, which moves behind them.
inline string_view copy_text(char*& at, string_view text) noexcept {
  const string_view copy(at, text.size());
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  at[text.size()] = '\0';
  at += text.size() + 1;
  return copy;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_MEMORY_HPP

// ==== narthex/detail/blocks.hpp =================================================================
// narthex/detail/blocks.hpp - memory that is taken piece by piece and given back all at once.
// Room: foundations. Read detail/memory.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BLOCKS_HPP
#define NARTHEX_DETAIL_BLOCKS_HPP

#include <cstddef>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Pieces of memory in blocks that double from 512 bytes to 32 KB: a series costs neither an allocator's call nor its header.
///
/// Threads: any, without a lock.
/// Order:   taking a piece is one relaxed add, since only its taker looks into it; who publishes the piece publishes
///          what is in it. A block's own words are there before the release that shows the block.
class blocks {
 public:
  constexpr blocks() noexcept : newest_(nullptr) {}
  blocks(const blocks&) = delete;
  blocks& operator=(const blocks&) = delete;

  /// Aligned to eight bytes; null when there is no memory.
  void* take(std::size_t bytes) noexcept {
    bytes = round_up(bytes);
    for (block* b = newest_.load(memory_order_acquire);;) {
      if (b) {
        const std::size_t at = b->used.fetch_add(bytes, memory_order_relaxed);
        if (at + bytes <= b->size) return begin(b) + at;
      }
      std::size_t size = b ? b->size * 2 : static_cast<std::size_t>(smallest);
      if (size > largest) size = largest;
      if (size < bytes) size = bytes;
      void* const memory = allocate(round_up(sizeof(block)) + size);
      if (!memory) return nullptr;
      block* const fresh = new (memory) block(b, size, bytes);
      if (newest_.compare_exchange_strong(b, fresh, memory_order_acq_rel, memory_order_acquire)) return begin(fresh);
      release(memory);  // another thread's block is there
    }
  }
  /// Gives everything back.
  void end() noexcept {
    for (block* b = newest_.load(memory_order_acquire); b;) {
      block* const before = b->older;
      release(b);
      b = before;
    }
    newest_.store(nullptr, memory_order_relaxed);
  }

 private:
  enum : std::size_t { smallest = 512, largest = 32768 };
  struct block {
    block(block* before, std::size_t bytes, std::size_t taken) noexcept : older(before), size(bytes), used(taken) {}
    block* const older;
    const std::size_t size;
    shared<std::size_t> used;  // beyond `size` when a piece did not fit
  };
  static char* begin(block* b) noexcept { return reinterpret_cast<char*>(b) + round_up(sizeof(block)); }
  shared<block*> newest_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_BLOCKS_HPP

// ==== narthex/detail/slot_notes.hpp =============================================================
// narthex/detail/slot_notes.hpp - which thread has which slot, noted where a shared library finds it quickly.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SLOT_NOTES_HPP
#define NARTHEX_DETAIL_SLOT_NOTES_HPP

#include <cstddef>
#include <cstdint>


// Position-independent code of a library reaches thread-local data through a function, which more than doubles the cost of
// a counter that threads share: 2.7 ns for 1.1. Where a register names the thread, a note is found in 1.3.
#if NARTHEX_HAS(THREADS) && defined(__GNUC__) && defined(__ELF__) && \
    ((defined(__x86_64__) && defined(__LP64__)) || defined(__aarch64__))
#define NARTHEX_DETAIL_HAS_THREAD_POINTER 1
#else
#define NARTHEX_DETAIL_HAS_THREAD_POINTER 0
#endif
#if NARTHEX_HAS(THREAD_POINTER) && defined(__PIC__) && !defined(__PIE__)
#define NARTHEX_DETAIL_HAS_SLOT_NOTES 1  // they are looked at; they are written everywhere
#else
#define NARTHEX_DETAIL_HAS_SLOT_NOTES 0
#endif

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(THREAD_POINTER)

/// What names this thread among those that run. Source: ELF Handling For Thread-Local Storage, section 3.4 (x86-64: the
/// word at %fs:0 is its own address); ELF for the Arm 64-bit Architecture, Thread Local Storage.
inline std::uintptr_t thread_pointer() noexcept {
  std::uintptr_t self;
#if defined(__x86_64__)
  __asm__("{movq %%fs:0, %0|mov %0, QWORD PTR fs:0}" : "=r"(self));  // the second with -masm=intel
#else
  __asm__("mrs %0, tpidr_el0" : "=r"(self));
#endif
  return self;
}

/// Notes of the first slots; a thread that finds its place taken does without.
///
/// Order: relaxed. A thread believes only the note that bears its own name, which it wrote itself and takes away when it
///        ends.
/// Fork:  notes of threads that stayed in the parent remain. A thread of the child may bear such a name, and then uses
///        a slot that nobody else in the child is ever given. What it finds there may be an addition short: good
///        enough for a sum, and nothing else may rely on notes.
class slot_notes {
 public:
  static constexpr std::uint32_t noted() noexcept { return 8; }  // slots below; thread pointers are multiples of 16, so a slot fits into one

  constexpr slot_notes() noexcept : all_() {}

  /// The slot; noted() or more without a note.
  std::uintptr_t find() const noexcept {
    const std::uintptr_t me = thread_pointer();
    return all_[place_of(me)].bits_word.load(memory_order_relaxed) ^ me;
  }
  void write(std::uint32_t slot) noexcept {
    const std::uintptr_t me = thread_pointer();
    std::uintptr_t nothing = 0;
    if (slot >= noted()) return;
    all_[place_of(me)].bits_word.compare_exchange_strong(nothing, me | slot, memory_order_relaxed, memory_order_relaxed);
  }
  void erase() noexcept {
    if (find() < noted()) all_[place_of(thread_pointer())].bits_word.store(0, memory_order_relaxed);
  }

 private:
  enum : std::size_t { places = 64 };
  struct note {
    constexpr note() noexcept : bits_word(0) {}
    shared<std::uintptr_t> bits_word;
  };
  /// Thread pointers are often a stack's size apart: the product's upper bits depend on all of theirs.
  static std::size_t place_of(std::uintptr_t thread) noexcept {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(thread) * 0x9e3779b97f4a7c15u >> 58);
  }
  note all_[places];
};

#endif  // NARTHEX_HAS(THREAD_POINTER)

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SLOT_NOTES_HPP

// ==== narthex/detail/slot.hpp ===================================================================
// narthex/detail/slot.hpp - a small number for each running thread, so that it can own a part of what is shared.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SLOT_HPP
#define NARTHEX_DETAIL_SLOT_HPP

#include <cstdint>


// Where threads have data of their own that costs no call that may abort: emulated thread-local data does.
#if NARTHEX_HAS(THREADS) && NARTHEX_HAS(HOST) && NARTHEX_HAS(ATOMIC64) && NARTHEX_HAS(POSIX) && defined(__GNUC__)
#define NARTHEX_DETAIL_HAS_SHARDS 1
#else
#define NARTHEX_DETAIL_HAS_SHARDS 0
#endif

#if NARTHEX_HAS(SHARDS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Who has which slot. Each shared library with hidden symbols has a domain of its own: what is owned by slot
/// remembers whose slots these are.
///
/// Order: free() releases, take() acquires, and both are read-modify-writes of one word: a thread that takes a slot
///        sees all that its last owner stored, and goes on where he stopped. The slot has one writer at any time.
/// Fork:  a child keeps its own thread's slot; those of threads that stayed in the parent are never given out again.
class slot_domain {
 public:
  enum : std::uint32_t { places = 512, none = places };

  constexpr slot_domain() noexcept : taken_() {}

#if NARTHEX_HAS(THREAD_POINTER)
  slot_notes notes;
#endif

  std::uint32_t take() noexcept {
    for (std::uint32_t w = 0; w < places / 32; ++w) {
      std::uint32_t seen = taken_[w].bits.load(memory_order_relaxed);
      while (~seen) {
        const std::uint32_t lowest = ~seen & (seen + 1);
        if (taken_[w].bits.compare_exchange_weak(seen, seen | lowest, memory_order_acquire, memory_order_relaxed)) {
          std::uint32_t s = w * 32;
          while (lowest >> (s % 32) != 1) ++s;
#if NARTHEX_HAS(THREAD_POINTER)
          notes.write(s);
#endif
          return s;
        }
      }
    }
    return none;
  }
  void free(std::uint32_t slot) noexcept {
#if NARTHEX_HAS(THREAD_POINTER)
    notes.erase();
#endif
    taken_[slot / 32].bits.fetch_sub(std::uint32_t{1} << slot % 32, memory_order_release);
  }

 private:
  struct bits_word {
    constexpr bits_word() noexcept : bits(0) {}
    shared<std::uint32_t> bits;
  };
  bits_word taken_[places / 32];
};

/// What a thread knows of itself. Trivial, so that it can be used at any time of the thread's life.
struct thread_self {
  const void* name;     // see name_of()
  slot_domain* domain;  // null without a slot
  std::uint32_t slot;
  std::uint32_t state;
  enum : std::uint32_t { fresh, slotted, slotless };  // slotless: at its end, or when there was none left
  std::uint32_t growing;  // inside an allocation of ours: an update from there must not begin another
  std::uint32_t named;
};

// __thread: GCC reaches a thread_local of a template through a function that asks whether it must be constructed.
template <class Once>
struct threads_own {
  static __thread thread_self self;
  static slot_domain domain;
};
template <class Once>
__thread thread_self threads_own<Once>::self = {nullptr, nullptr, 0, thread_self::fresh, 0, 0};
template <class Once>
slot_domain threads_own<Once>::domain;

inline thread_self& this_thread() noexcept { return threads_own<void>::self; }

/// The address of its data names a thread among those that run; null until this was called once.
///
/// Another thread gets the name only after the first has ended, from a C library that locks meanwhile: it sees all
/// that the first stored. In a forked child the first may have stayed in the parent, in the middle of an
/// observation, so there new threads have no name.
inline const void* name_of(thread_self& me) noexcept {
  if (!me.named) {
    me.named = 1;
    if (!process<void>::is_forked()) me.name = &me;
  }
  return me.name;
}

/// Gives the slot back when its thread ends. What comes after (destructors of other thread-local objects) counts
/// without a slot.
struct slot_keeper {
  ~slot_keeper() {
    thread_self& me = this_thread();
    slot_domain* const from = me.domain;
    me.state = thread_self::slotless;
    me.domain = nullptr;
    if (from) from->free(me.slot);
  }
};

/// Takes a slot if this thread may have one and has none.
inline void take_slot(thread_self& me) noexcept {
  if (me.state != thread_self::fresh) return;
  me.state = thread_self::slotless;
  // The C library asks for memory to remember the destructor, and aborts when there is none.
  void* const probe = allocate(128);
  if (!probe) {
    me.state = thread_self::fresh;
    return;
  }
  release(probe);
  static thread_local slot_keeper keeper;
  static_cast<void>(&keeper);
  const std::uint32_t mine = threads_own<void>::domain.take();
  if (mine == slot_domain::none) return;
  me.slot = mine;
  me.state = thread_self::slotted;
  me.domain = &threads_own<void>::domain;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(SHARDS)

#endif  // NARTHEX_DETAIL_SLOT_HPP

// ==== narthex/detail/shards.hpp =================================================================
// narthex/detail/shards.hpp - what each thread owns of one metric, found by the thread's slot.
// Room: foundations. Read detail/slot.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SHARDS_HPP
#define NARTHEX_DETAIL_SHARDS_HPP

#include <cstddef>
#include <cstdint>
#include <new>


#if NARTHEX_HAS(SHARDS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// While it lives, updates that this thread makes inside its own allocator ask for no memory.
class growing {
 public:
  explicit growing(thread_self& me) noexcept : me_(me), first_(me.growing == 0) { me_.growing = 1; }
  ~growing() {
    if (first_) me_.growing = 0;
  }
  growing(const growing&) = delete;
  growing& operator=(const growing&) = delete;
  bool is_first() const noexcept { return first_; }

 private:
  thread_self& me_;
  bool first_;
};

/// A table of blocks of memory, one for each thread that came by. Never shrinks; freed with the metric.
///
/// Memory: 128 bytes; for threads beyond the eighth nodes of 8, 16, 32 ... pointers, 16 bytes a thread at most; the blocks.
/// Order:  blocks and nodes are published with release and read with acquire. A thread finds its own block relaxed: it
///         stored it itself, or has the slot, with acquire, from the one who did.
class shard_table {
 public:
  enum : std::uint32_t { near_slots = 8, nodes = 6 };  // 8 + 8 + 16 + 32 + 64 + 128 + 256

  explicit shard_table(const slot_domain* from) noexcept : domain_(from), base(0) {
    for (shared<void*>& b : near_) b.store(nullptr, memory_order_relaxed);
    for (shared<place*>& n : far_) n.store(nullptr, memory_order_relaxed);
  }

  /// The calling thread's block; null when it has none.
  void* mine() const noexcept {
    const thread_self& me = this_thread();
    if (!NARTHEX_DETAIL_LIKELY(me.domain == domain_)) return nullptr;  // another library's thread, or without a slot
    if (NARTHEX_DETAIL_LIKELY(me.slot < near_slots)) return near_[me.slot].load(memory_order_relaxed);
    const found at = find(me.slot);
    const place* const node = far_[at.node].load(memory_order_acquire);
    return node ? node[at.index].block.load(memory_order_relaxed) : nullptr;
  }
  /// The same for the first threads, and null for others: with the search for those in one function, a counter's addition
  /// took twice as long. For sums alone: see slot_notes.
  void* mine_if_near() const noexcept {
#if NARTHEX_HAS(SLOT_NOTES)
    const std::uintptr_t slot = domain_->notes.find();
#else
    const thread_self& me = this_thread();
    const std::uint32_t slot = NARTHEX_DETAIL_LIKELY(me.domain == domain_) ? me.slot : +near_slots;
#endif
    return NARTHEX_DETAIL_LIKELY(slot < near_slots) ? near_[slot].load(memory_order_relaxed) : nullptr;
  }

  /// Makes one for it: `construct` gets `size` bytes. Null without memory or slot.
  template <class Construct>
  void* join(std::size_t size, const Construct& construct) noexcept {
    thread_self& me = this_thread();
    const growing once(me);
    if (!once.is_first()) return nullptr;
    take_slot(me);
    if (me.domain != domain_) return nullptr;
    shared<void*>* const at = make_place(me.slot);
    if (!at) return nullptr;
    if (void* const left = at->load(memory_order_relaxed)) return left;  // by the last owner of the slot
    void* const memory = allocate(size);
    if (!memory) return nullptr;
    construct(memory);
    at->store(memory, memory_order_release);
    return memory;
  }

  /// look(void* block) for all there are.
  template <class Look>
  void each(const Look& look) const noexcept {
    for (const shared<void*>& b : near_) {
      if (void* const block = b.load(memory_order_acquire)) look(block);
    }
    for (std::uint32_t n = 0; n < nodes; ++n) {
      const place* const node = far_[n].load(memory_order_acquire);
      for (std::uint32_t i = 0; node && i < near_slots << n; ++i) {
        if (void* const block = node[i].block.load(memory_order_acquire)) look(block);
      }
    }
  }

  void end() noexcept {
    each([](void* block) { release(block); });
    for (shared<place*>& n : far_) release(n.load(memory_order_acquire));
  }

 private:
  struct place {
    shared<void*> block;
  };
  struct found {
    std::uint32_t node, index;
  };
  /// Node n has the slots from 8 << n on.
  static found find(std::uint32_t slot) noexcept {
    const std::uint32_t n = static_cast<std::uint32_t>(__builtin_clz(near_slots) - __builtin_clz(slot));
    return found{n, slot - (static_cast<std::uint32_t>(near_slots) << n)};
  }
  shared<void*>* make_place(std::uint32_t slot) noexcept {
    if (slot < near_slots) return &near_[slot];
    const found at = find(slot);
    place* node = far_[at.node].load(memory_order_acquire);
    if (!node) {
      const std::uint32_t size = static_cast<std::uint32_t>(near_slots) << at.node;
      place* const fresh = static_cast<place*>(allocate(size * sizeof(place)));
      if (!fresh) return nullptr;
      for (std::uint32_t i = 0; i < size; ++i) (new (fresh + i) place)->block.store(nullptr, memory_order_relaxed);
      if (far_[at.node].compare_exchange_strong(node, fresh, memory_order_acq_rel, memory_order_acquire)) {
        node = fresh;
      } else {
        release(fresh);
      }
    }
    return &node[at.index].block;
  }

  const slot_domain* const domain_;

 public:
  shared<std::uint64_t> base;  // for its owner's use

 private:
  shared<void*> near_[near_slots];
  shared<place*> far_[nodes];
};
#if NARTHEX_HAS(THREAD_POINTER)
static_assert(+shard_table::near_slots == slot_notes::noted(), "what is noted is near");
#endif
static_assert(sizeof(void*) != 8 || sizeof(shard_table) == 128, "the documented size");

/// Where a metric's table hangs: not there, never to be there, or there for good.
class shard_link {
 public:
  enum kind : std::uintptr_t { may_grow, never };
  explicit shard_link(kind k) noexcept : word_(k) {}
  ~shard_link() {
    shard_table* const t = get();
    if (!t) return;
    t->end();
    t->~shard_table();
    release(t);
  }
  shard_link(const shard_link&) = delete;
  shard_link& operator=(const shard_link&) = delete;

  /// Acquire pairs with the release in grow(): whoever finds a table finds it constructed.
  shard_table* get() const noexcept {
    const std::uintptr_t w = word_.load(memory_order_acquire);
    return w > never ? reinterpret_cast<shard_table*>(w) : nullptr;
  }

  /// Makes the table, once; where memory is missing things stay as they are.
  NARTHEX_DETAIL_COLD shard_table* grow() noexcept {
    std::uintptr_t seen = word_.load(memory_order_acquire);
    if (seen > never) return reinterpret_cast<shard_table*>(seen);
    const growing once(this_thread());
    if (seen == never || !once.is_first()) return nullptr;
    void* const memory = allocate(sizeof(shard_table));
    if (!memory) return nullptr;
    shard_table* const fresh = new (memory) shard_table(&threads_own<void>::domain);
    if (word_.compare_exchange_strong(seen, reinterpret_cast<std::uintptr_t>(fresh), memory_order_acq_rel,
                                      memory_order_acquire)) {
      return fresh;
    }
    release(memory);  // somebody was quicker
    return reinterpret_cast<shard_table*>(seen);
  }

 private:
  shared<std::uintptr_t> word_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(SHARDS)

#endif  // NARTHEX_DETAIL_SHARDS_HPP

// ==== narthex/detail/record.hpp =================================================================
// narthex/detail/record.hpp - a few words that change together, without a lock.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_RECORD_HPP
#define NARTHEX_DETAIL_RECORD_HPP


#if NARTHEX_HAS(LOCK_FREE)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// `Words` words that are replaced as one.
///
/// A writer claims a free slot, fills it, and makes it the present one by a single compare-exchange
/// of the head (version and slot number); the slot it replaced is free again. A reader copies the present
/// slot and looks at the head once more.
///
/// Threads: any number of writers and readers. A writer that is suspended keeps one slot and blocks
///          nobody, up to `places` - 1 of them at a time; a further writer waits for a free slot.
/// Order:   words are stored with release and loaded with acquire. A reader that sees a word of a
///          recycled slot therefore also sees the head that replaced that slot, and reads again.
/// Wrap:    the version has 61 bits (28 on targets without 64-bit atomics: a writer would have to sleep
///          through an exact multiple of 2^28 changes).
template <unsigned Words>
class record {
 public:
  struct image {
    cell_word words[Words];
    cell_word head;
  };

  enum : unsigned { places = NARTHEX_HAS(THREADS) ? 8 : 4 };  // interrupts: main loop + 2 nested handlers

  record() noexcept : head_(0) {
    for (unsigned s = 0; s < places; ++s) {
      taken_[s].store(s == 0, memory_order_relaxed);
      for (unsigned i = 0; i < Words; ++i) slot_[s][i].store(0, memory_order_relaxed);
    }
  }

  /// Copies the present words; tries again only when somebody changed them meanwhile.
  image read() const noexcept {
    image now;
    do {
      now.head = head_.load(memory_order_acquire);
      for (unsigned i = 0; i < Words; ++i) now.words[i] = slot_[now.head % places][i].load(memory_order_acquire);
    } while (!is_present(now));
    return now;
  }

  bool is_present(const image& seen) const noexcept { return head_.load(memory_order_acquire) == seen.head; }

  /// Nothing was ever changed.
  bool is_untouched() const noexcept { return head_.load(memory_order_acquire) == 0; }

  /// Replaces the words by what `change(image& now, word (&next)[Words])` makes of them; it is called
  /// again when another writer came first. Gives how many changes there were before, modulo 2^28 at least.
  template <class Change>
  cell_word update(Change&& change) noexcept {
    const unsigned mine = claim();
    // Whoever lost steps back for a moment, longer each time: two threads on one histogram took 290 ns an
    // observation without that, and take 80.
    for (unsigned pauses = 32;; pauses = pauses < 512 ? pauses * 2 : pauses) {
      image now = read();
      cell_word next[Words];
      change(now, next);
      for (unsigned i = 0; i < Words; ++i) slot_[mine][i].store(next[i], memory_order_release);
      cell_word expected = now.head;
      if (head_.compare_exchange_strong(expected, (now.head / places + 1) * places + mine, memory_order_acq_rel,
                                        memory_order_relaxed)) {
        NARTHEX_ASSERT(now.head % places != mine && taken_[now.head % places].load(memory_order_relaxed) != 0);
        taken_[now.head % places].store(0, memory_order_release);
        return now.head / places;
      }
      for (unsigned i = 0; i < pauses; ++i) NARTHEX_DETAIL_PAUSE();
    }
  }

 private:
  unsigned claim() noexcept {
    patience p;
    // The slot after the present one is free unless somebody else is writing.
    for (unsigned s = static_cast<unsigned>(head_.load(memory_order_relaxed) % places) + 1;; ++s) {
      s %= places;
      std::uint32_t held = taken_[s].load(memory_order_relaxed);
      // In a forked child the slots of threads that stayed in the parent are free, once all others are not.
      const bool lost = held != 0 && p.in_vain() && s != head_.load(memory_order_acquire) % places;
      if ((held == 0 || lost) &&
          taken_[s].compare_exchange_strong(held, held + 1, memory_order_acquire, memory_order_relaxed)) {
        return s;
      }
      p.wait();
    }
  }

  shared<cell_word> head_;
  shared<std::uint32_t> taken_[places];
  shared<cell_word> slot_[places][Words];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(LOCK_FREE)

#endif  // NARTHEX_DETAIL_RECORD_HPP

// ==== narthex/detail/cell.hpp ===================================================================
// narthex/detail/cell.hpp - one number shared by threads. The write path ends here.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CELL_HPP
#define NARTHEX_DETAIL_CELL_HPP

#include <cstdint>
#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Order: relaxed everywhere. A metric's value guards no other memory; a scrape needs each cell's own
// modification order and nothing else.

/// An integer. 32 bits wide where 64-bit atomics are not lock-free: a lone counter that wraps is a
/// counter reset to Prometheus.
template <class Int, class Narrow>
class int_cell {
#if NARTHEX_HAS(ATOMIC64)
  using stored = Int;
#else
  using stored = Narrow;
#endif

 public:
  int_cell() noexcept : value_(0) {}
  void add(Int by) noexcept { value_.fetch_add(static_cast<stored>(by), memory_order_relaxed); }
  void set(Int to) noexcept { value_.store(static_cast<stored>(to), memory_order_relaxed); }
  void restart() noexcept { set(0); }
  Int get() const noexcept { return value_.load(memory_order_relaxed); }
  /// The largest amount that add() takes whole.
  static constexpr Int limit() noexcept { return static_cast<Int>(static_cast<stored>(~stored(0))); }

 private:
  shared<stored> value_;
};

using unsigned_cell = int_cell<std::uint64_t, std::uint32_t>;
using signed_cell = int_cell<std::int64_t, std::int32_t>;

/// A double: one 64-bit word, or two words that change together.
#if !NARTHEX_HAS(LOCK_FREE)
class double_cell : public guarded_double {
 public:
  void restart() noexcept { set(0); }
};
#else
class double_cell {
 public:
  void restart() noexcept { set(0); }
#if NARTHEX_HAS(ATOMIC64)
  double_cell() noexcept : bits_(0) {}
  void add(double by) noexcept {
    std::uint64_t old = bits_.load(memory_order_relaxed);
    while (!bits_.compare_exchange_weak(old, double_bits(bits_double(old) + by), memory_order_relaxed,
                                        memory_order_relaxed)) {
    }
  }
  void set(double to) noexcept { bits_.store(double_bits(to), memory_order_relaxed); }
  double get() const noexcept { return bits_double(bits_.load(memory_order_relaxed)); }

 private:
  shared<std::uint64_t> bits_;
#else
  void add(double by) noexcept {
    words_.update([by](const image& now, cell_word(&next)[2]) { split(detail::add(join(now.words), by), next); });
  }
  void set(double to) noexcept {
    words_.update([to](const image&, cell_word(&next)[2]) { split(to, next); });
  }
  double get() const noexcept { return join(words_.read().words); }

 private:
  using image = record<2>::image;
  static double join(const cell_word (&w)[2]) noexcept {
    return bits_double(static_cast<std::uint64_t>(w[0]) << 32 | w[1]);
  }
  static void split(double value, cell_word (&w)[2]) noexcept {
    w[0] = static_cast<cell_word>(double_bits(value) >> 32);
    w[1] = static_cast<cell_word>(double_bits(value));
  }
  record<2> words_;
#endif
};
#endif

/// A value that takes a few instructions to read; false when it takes more. For a cell of one word it never does.
template <class Cell, class Number>
bool get_at_once(const Cell& cell, Number& to) noexcept {
  to = cell.get();
  return true;
}

#if NARTHEX_HAS(SHARDS)

// How the two kinds of sums are added to. add_to() says whether it is time to ask if others add here, too.
struct integer_sum {
  using value = std::uint64_t;
  static value of(std::uint64_t bits) noexcept { return bits; }
  static std::uint64_t bits_word(value v) noexcept { return v; }
  // A load to compare with, or a compare-exchange, would cost 1.7 times as much as this: on x86 no load begins before
  // the locked instruction ahead of it has ended. So one addition in about 256 asks, whatever amounts are added.
  static bool add_to(shared<std::uint64_t>& sum, value by) noexcept {
    return (sum.fetch_add(by, memory_order_relaxed) & by * 255) == 0;
  }
};
struct double_sum {
  using value = double;
  static value of(std::uint64_t bits) noexcept { return bits_double(bits); }
  static std::uint64_t bits_word(value v) noexcept { return double_bits(v); }
  static bool add_to(shared<std::uint64_t>& sum, value by) noexcept {
    std::uint64_t old = sum.load(memory_order_relaxed);
    bool met = false;
    while (!sum.compare_exchange_weak(old, bits_word(of(old) + by), memory_order_relaxed, memory_order_relaxed)) met = true;
    return met;
  }
};

/// A sum that only grows. One word, added to by one read-modify-write, until two threads meet there: from then on
/// each thread adds to a word of its own, without a locked instruction, and what is read is the sum of all.
///
/// Order:  relaxed, as for all cells. Each word has one writer, or is read-modified-written, and only grows: so does
///         their sum as read. For restart() see there.
/// Memory: two words; 128 bytes once two threads have met, and 48 for each thread that comes by then. A thread that
///         gets neither slot nor memory goes on with the first word.
template <class Sum>
class adaptive_cell {
 public:
  using value = typename Sum::value;
  /// In place (null) it stays one word for ever: such storage never allocates.
  explicit adaptive_cell(const void* registered) noexcept
      : first_(0), shards_(registered ? shard_link::may_grow : shard_link::never) {}

  /// Always inline: a call of its own, which GCC 12 made of it in a large program, cost 2 ns more than the addition's 5.
  NARTHEX_DETAIL_INLINE void add(value by) noexcept {
    if (!NARTHEX_DETAIL_LIKELY(shards_.get() == nullptr)) add_to_own(by);
    else if (!NARTHEX_DETAIL_LIKELY(!Sum::add_to(first_, by))) grow_if_contended();
  }

  value get() const noexcept {
    const value first = Sum::of(first_.load(memory_order_relaxed));
    const shard_table* const t = shards_.get();
    if (!t) return first;
    const value base = Sum::of(t->base.load(memory_order_acquire));
    return first + (sum_of(*t) - base);
  }
  /// False where get() has more to do; small enough to be inline in a scrape's loop.
  template <class Number>
  bool get_at_once(Number& to) const noexcept {
    if (!NARTHEX_DETAIL_LIKELY(shards_.get() == nullptr)) return false;
    to = Sum::of(first_.load(memory_order_relaxed));
    return true;
  }

  /// Counts from zero again: nobody else may store into a thread's word, so what they hold now becomes the base.
  ///
  /// Order: the base is released after the words were read, and acquired before they are: a reader finds words at
  ///        least as large as the base, and no less than 0. The compare-exchange is for two restarts at once.
  void restart() noexcept {
    first_.exchange(0, memory_order_relaxed);
    shard_table* const t = shards_.get();
    if (!t) return;
    std::uint64_t base = t->base.load(memory_order_acquire);
    while (!t->base.compare_exchange_strong(base, Sum::bits_word(sum_of(*t)), memory_order_acq_rel, memory_order_acquire)) {
    }
  }

 private:
  // Two threads' words are 64 bytes apart where an allocator gives 64 for 48, as glibc's and musl's do; others keep
  // what a thread asks for together.
  struct shard {
    char before[24];
    shared<std::uint64_t> bits_word;
    char behind[16];
  };
  NARTHEX_DETAIL_NOINLINE void add_to_own(value by) noexcept {
    if (void* const own = shards_.get()->mine_if_near()) add_to(own, by);
    else add_elsewhere(by);
  }
  NARTHEX_DETAIL_NOINLINE void add_elsewhere(value by) noexcept {
    shard_table& t = *shards_.get();
    void* own = t.mine();
    if (!NARTHEX_DETAIL_LIKELY(own != nullptr)) own = join(t);
    if (own) add_to(own, by);
    else Sum::add_to(first_, by);
  }
  static void add_to(void* own, value by) noexcept {
    shared<std::uint64_t>& sum = static_cast<shard*>(own)->bits_word;
    sum.store(Sum::bits_word(Sum::of(sum.load(memory_order_relaxed)) + by), memory_order_relaxed);
  }
  /// Whether another thread changes the sum just now: it comes between a load and an exchange right behind it.
  NARTHEX_DETAIL_COLD void grow_if_contended() noexcept {
    for (int tries = 0; tries < 2; ++tries) {
      const std::uint64_t seen = first_.load(memory_order_relaxed);
      if (first_.fetch_add(0, memory_order_relaxed) == seen) continue;
      shards_.grow();
      return;
    }
  }
  NARTHEX_DETAIL_COLD static void* join(shard_table& t) noexcept {
    return t.join(sizeof(shard), [](void* memory) { (new (memory) shard)->bits_word.store(0, memory_order_relaxed); });
  }
  static value sum_of(const shard_table& t) noexcept {
    value sum = 0;
    t.each([&sum](const void* s) { sum += Sum::of(static_cast<const shard*>(s)->bits_word.load(memory_order_relaxed)); });
    return sum;
  }

  shared<std::uint64_t> first_;
  shard_link shards_;
};

template <class Sum, class Number>
bool get_at_once(const adaptive_cell<Sum>& cell, Number& to) noexcept {
  return cell.get_at_once(to);
}

using counter_cell = adaptive_cell<integer_sum>;
using double_counter_cell = adaptive_cell<double_sum>;

#else
using counter_cell = unsigned_cell;
using double_counter_cell = double_cell;
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CELL_HPP

// ==== narthex/detail/number_tables.hpp ==========================================================
// narthex/detail/number_tables.hpp - the powers of ten and the digits that number.hpp looks up.
// Generated by tests/support/number_tables.py: do not edit. Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NUMBER_TABLES_HPP
#define NARTHEX_DETAIL_NUMBER_TABLES_HPP

#include <cstdint>


// clang-format off
NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Members of templates: one definition per program, and none where a table is not used.

/// Logarithms of powers by one multiplication and one shift; the generator tries every exponent there is.
struct log_facts {
  enum : std::int32_t {
    log10_2 = 315653, log10_3_4 = -131008, log10_shift = 20,  // log10(2) and log10(3/4), times 2^20
    log2_10 = 217706, log2_shift = 16                            // log2(10), times 2^16
  };
};

/// 00 01 ... 99.
template <class Unused = void>
struct digit_pairs {
  static const char text[201];
};
template <class Unused>
const char digit_pairs<Unused>::text[201] = {
  "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
  "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
};

/// The first 192 bits of every 27th power from 10^first, rounded down: {high, middle, low}; 576 bytes.
template <class Unused = void>
struct sparse_powers_of_ten {
  enum : std::int32_t { first = -297, step = 27 };
  static const std::uint64_t top[24][3];
};
template <class Unused>
const std::uint64_t sparse_powers_of_ten<Unused>::top[24][3] = {
  {0xa76c582338ed2621ull, 0xaf2af2b80af6f24eull, 0x657c8f4d43323a36ull},
  {0x873e4f75e2224e68ull, 0x5a7744a6e804a291ull, 0xcc35eddfcf0996d7ull},
  {0xda7f5bf590966848ull, 0xaf39a475506a899eull, 0xa30294cc2934e662ull},
  {0xb080392cc4349decull, 0xbd8d794d96aacfb3ull, 0xfe13a5c86af64418ull},
  {0x8e938662882af53eull, 0x547eb47b7282ee9cull, 0x41b0230e1421487dull},
  {0xe65829b3046b0afaull, 0x0cb4a5a3112a5112ull, 0xa3b561b1cb208396ull},
  {0xba121a4650e4ddebull, 0x92f34d62616ce413ull, 0x21a0183e10583cd3ull},
  {0x964e858c91ba2655ull, 0x3a6a07f8d510f86full, 0xe9082f25e9c5e9ecull},
  {0xf2d56790ab41c2a2ull, 0xfae27299423fb9c3ull, 0x3695dad7e8858901ull},
  {0xc428d05aa4751e4cull, 0xaa97e14c3c26b886ull, 0x96842dc95323f5a8ull},
  {0x9e74d1b791e07e48ull, 0x775ea264cf55347dull, 0xca49f1c05120c9c7ull},
  {0x8000000000000000ull, 0x0000000000000000ull, 0x0000000000000000ull},
  {0xcecb8f27f4200f3aull, 0x0000000000000000ull, 0x0000000000000000ull},
  {0xa70c3c40a64e6c51ull, 0x999090b65f67d924ull, 0x0000000000000000ull},
  {0x86f0ac99b4e8dafdull, 0x69a028bb3ded71a3ull, 0xdf9f915627c04e28ull},
  {0xda01ee641a708de9ull, 0xe80e6f4820cc9495ull, 0xd74baad03bc1d8d3ull},
  {0xb01ae745b101e9e4ull, 0x5ec05dcff72e7f8full, 0xc04c79ffe324301full},
  {0x8e41ade9fbebc27dull, 0x14588f13be847307ull, 0x23bd6a2059c002f5ull},
  {0xe5d3ef282a242e81ull, 0x8f1668c8a86da5faull, 0xf0b5ccf5176ecc7cull},
  {0xb9a74a0637ce2ee1ull, 0x6d953e2bd7173692ull, 0x88efb0037ac08bdeull},
  {0x95f83d0a1fb69cd9ull, 0x4abdaf101564f98eull, 0x0d5a4af7b3a98e47ull},
  {0xf24a01a73cf2dccfull, 0xbc633b39673c8cecull, 0x3d9c44cd2f36917cull},
  {0xc3b8358109e84f07ull, 0x0a862f80ec4700c8ull, 0x02606ea01029dc37ull},
  {0x9e19db92b4e31ba9ull, 0x6c07a2c26a8346d1ull, 0x4944d9f52cd0dec2ull}
};

/// The first of them, in words of 32 bits, the lowest first.
template <class Unused = void>
struct first_power_of_ten {
  static const std::uint32_t top[6];
};
template <class Unused>
const std::uint32_t first_power_of_ten<Unused>::top[6] = {
  0x43323a36u, 0x657c8f4du, 0x0af6f24eu, 0xaf2af2b8u, 0x38ed2621u, 0xa76c5823u
};

/// 5^0 ... 5^26, shifted so that the first bit is set; 216 bytes.
template <class Unused = void>
struct powers_of_five {
  static const std::uint64_t top[27];
};
template <class Unused>
const std::uint64_t powers_of_five<Unused>::top[27] = {
  0x8000000000000000ull, 0xa000000000000000ull, 0xc800000000000000ull, 0xfa00000000000000ull,
  0x9c40000000000000ull, 0xc350000000000000ull, 0xf424000000000000ull, 0x9896800000000000ull,
  0xbebc200000000000ull, 0xee6b280000000000ull, 0x9502f90000000000ull, 0xba43b74000000000ull,
  0xe8d4a51000000000ull, 0x9184e72a00000000ull, 0xb5e620f480000000ull, 0xe35fa931a0000000ull,
  0x8e1bc9bf04000000ull, 0xb1a2bc2ec5000000ull, 0xde0b6b3a76400000ull, 0x8ac7230489e80000ull,
  0xad78ebc5ac620000ull, 0xd8d726b7177a8000ull, 0x878678326eac9000ull, 0xa968163f0a57b400ull,
  0xd3c21bcecceda100ull, 0x84595161401484a0ull, 0xa56fa5b99019a5c8ull
};

}  // namespace detail
NARTHEX_END_NAMESPACE
// clang-format on

#endif  // NARTHEX_DETAIL_NUMBER_TABLES_HPP

// ==== narthex/detail/powers_of_ten.hpp ==========================================================
// narthex/detail/powers_of_ten.hpp - products of 128 bits, and the powers of ten that doubles are multiplied by.
// Room: foundations. Read detail/number_tables.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_POWERS_OF_TEN_HPP
#define NARTHEX_DETAIL_POWERS_OF_TEN_HPP

#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

struct u128 {
  std::uint64_t high;
  std::uint64_t low;
};

/// The product from four products of 32 bits.
inline u128 multiply_portable(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
  const std::uint64_t low = a0 * b0;
  const std::uint64_t cross = a1 * b0 + (low >> 32);  // no carry is lost: (2^32 - 1)^2 + 2^32 - 1 < 2^64
  const std::uint64_t middle = a0 * b1 + (cross & 0xffffffffu);
  return u128{a1 * b1 + (cross >> 32) + (middle >> 32), middle << 32 | (low & 0xffffffffu)};
}

#if NARTHEX_HAS(INT128)
inline u128 multiply(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ typedef unsigned __int128 native;
  const native product = static_cast<native>(a) * b;
  return u128{static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
}
#else
inline u128 multiply(std::uint64_t a, std::uint64_t b) noexcept { return multiply_portable(a, b); }
#endif

/// a * b + carry.
inline u128 multiply_add(std::uint64_t a, std::uint64_t b, std::uint64_t carry) noexcept {
  u128 sum = multiply(a, b);
  sum.low += carry;
  if (sum.low < carry) ++sum.high;
  return sum;
}

#if NARTHEX_HAS(TINY)
/// The first 128 bits of powers of ten, rounded up, from 10^0 or from the first one by 5/4 at each step: 0.1 KB of code for a
/// table of 0.6. What 192 bits lose on the way is far below what is asked of them: number_tables.py tries every power.
struct powers {
  static u128 get(std::int32_t e) noexcept {
    enum : int { words = 6 };
    std::uint32_t x[words + 1] = {0, 0, 0, 0, 0, 0x80000000u, 0};
    if (e < 0) {
      std::memcpy(x, first_power_of_ten<>::top, sizeof first_power_of_ten<>::top);
      e -= sparse_powers_of_ten<>::first;
    }
    for (; e; --e) {
      std::uint64_t sum = 0;
      for (int i = 0; i < words; ++i) {
        sum += x[i];
        sum += x[i] >> 2 | x[i + 1] << 30;
        x[i] = static_cast<std::uint32_t>(sum);
        sum >>= 32;
      }
      if (sum == 0) continue;
      x[words] = 1;
      for (int i = 0; i < words; ++i) x[i] = x[i] >> 1 | x[i + 1] << 31;
      x[words] = 0;
    }
    const std::uint64_t low = static_cast<std::uint64_t>(x[3]) << 32 | x[2];
    return u128{static_cast<std::uint64_t>(x[5]) << 32 | x[4], low + static_cast<std::uint64_t>((x[1] | x[0]) != 0)};
  }
};
#else
/// The first 128 bits of powers of ten, rounded up. 10^e is 5^e of another scale, which has 64 bits up to 5^27: that
/// gives those of everyday numbers at once, and the others by 10^(near + rest) = 10^near * 5^rest * 2^rest.
struct powers {
  /// 5^e, shifted up to the first bit; e < step.
  static std::uint64_t five_to(std::uint32_t e) noexcept {
    return powers_of_five<>::top[e];
  }
  static u128 get(std::int32_t e) noexcept {
    if (static_cast<std::uint32_t>(e) < sparse_powers_of_ten<>::step) return u128{five_to(static_cast<std::uint32_t>(e)), 0};
    const std::uint32_t from_first = static_cast<std::uint32_t>(e - sparse_powers_of_ten<>::first);
    const std::uint32_t step = sparse_powers_of_ten<>::step;
    const std::uint32_t steps = from_first / step, rest = from_first % step;
    const std::uint64_t* const nearest = sparse_powers_of_ten<>::top[steps];
    const std::uint64_t five = five_to(rest);
    // 192 by 64 bits, from the low end. Both have their first bit set, so the product lacks one at most.
    const u128 low = multiply(nearest[2], five);
    const u128 middle = multiply_add(nearest[1], five, low.high);
    const u128 high = multiply_add(nearest[0], five, middle.high);
    const unsigned lacks = 1 - static_cast<unsigned>(high.high >> 63);
    u128 power = {high.high << lacks | (high.low >> 63 & lacks), high.low << lacks | (middle.low >> 63 & lacks)};
    // Of what is cut off, 64 bits tell whether it is 0, and rounding up never carries: the tests try every power.
    power.low += static_cast<std::uint64_t>(middle.low << lacks != 0);
    return power;
  }
};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_POWERS_OF_TEN_HPP

// ==== narthex/detail/number.hpp =================================================================
// narthex/detail/number.hpp - integers and doubles to their shortest text.
// Room: foundations. Read detail/bits.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NUMBER_HPP
#define NARTHEX_DETAIL_NUMBER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Room to give the writers below. They write no NUL and return the end.
enum : std::size_t {
  max_u64_chars = 20,    ///< 18446744073709551615
  max_i64_chars = 20,    ///< -9223372036854775808
  max_seconds_chars = 32,  ///< -9223372036854775.808 has 21
  max_double_chars = 32  ///< -2.2250738585072014e-308 has 24; the rest is room to grow
};

// ---- integers ----

#if NARTHEX_HAS(TINY)
/// Takes the last decimal digit off a number, by long division in base 2: a Cortex-M0 has no division, its library's takes
/// 700 bytes. 600 cycles: a serial line is slower.
inline char take_digit(std::uint64_t& value) noexcept {
  std::uint32_t rest = 0;
  for (int i = 0; i < 64; ++i) {
    rest = rest << 1 | static_cast<std::uint32_t>(value >> 63);
    value <<= 1;
    if (rest >= 10) {
      rest -= 10;
      ++value;
    }
  }
  return static_cast<char>('0' + rest);
}
/// Writes plain digits; out: max_u64_chars.
inline char* write_u64(char* out, std::uint64_t value) noexcept {
  char digits[max_u64_chars];
  unsigned n = 0;
  do digits[n++] = take_digit(value);
  while (value);
  while (n) *out++ = digits[--n];
  return out;
}
inline char* write_up_to_8(char* out, std::uint32_t value) noexcept { return write_u64(out, value); }
#else
/// Writes the two digits of a number below 100.
inline void write_2(char* out, std::uint32_t value) noexcept { std::memcpy(out, digit_pairs<>::text + 2 * value, 2); }

/// Writes a number below 10^8 as eight digits.
inline char* write_8(char* out, std::uint32_t value) noexcept {
  const std::uint32_t high = value / 10000, low = value % 10000;
  write_2(out, high / 100);
  write_2(out + 2, high % 100);
  write_2(out + 4, low / 100);
  write_2(out + 6, low % 100);
  return out + 8;
}

#if NARTHEX_HAS(INT128)  // words of 64 bits
/// The eight digits of a number below 10^8, a byte each, the first in the lowest.
inline std::uint64_t split_8(std::uint32_t value) noexcept {
  // Four digits, two, one in each part of a word, by division in all parts at once: n / 100 is n * 10486 >> 20 below
  // 10^4, n / 10 is n * 103 >> 10 below 10^2.
  const std::uint32_t high = value / 10000;
  const std::uint64_t fours = high | static_cast<std::uint64_t>(value - high * 10000) << 32;
  const std::uint64_t hundreds = (fours * 10486 >> 20) & 0x7f0000007fu;
  const std::uint64_t twos = ((fours - 100 * hundreds) << 16) + hundreds;
  const std::uint64_t tens = (twos * 103 >> 10) & 0x0f000f000f000fu;
  return ((twos - 10 * tens) << 8) + tens;
}
/// Writes eight bytes, the lowest first, which compilers make one store of (not of a loop).
inline void write_bytes(char* out, std::uint64_t bytes) noexcept {
  const auto byte = [bytes](unsigned i) { return static_cast<char>(static_cast<unsigned char>(bytes >> (8 * i))); };
  out[0] = byte(0);
  out[1] = byte(1);
  out[2] = byte(2);
  out[3] = byte(3);
  out[4] = byte(4);
  out[5] = byte(5);
  out[6] = byte(6);
  out[7] = byte(7);
}

/// Writes a number below 10^8 without leading zeros; touches 8 bytes.
///
/// Without a branch: the number of digits is what a processor guesses worst.
inline char* write_up_to_8(char* out, std::uint32_t value) noexcept {
  const std::uint64_t digits = split_8(value);
  const unsigned zeros = low_zero_bits(digits | std::uint64_t{1} << 56) / 8;  // 0 has a digit, too
  write_bytes(out, (digits | 0x3030303030303030u) >> (8 * zeros));
  return out + 8 - zeros;
}
#else
/// Writes a number below 10^8 without leading zeros.
inline char* write_up_to_8(char* out, std::uint32_t value) noexcept {
  const int digits = value < 10000 ? (value < 100 ? 1 + (value >= 10) : 3 + (value >= 1000))
                                   : (value < 1000000 ? 5 + (value >= 100000) : 7 + (value >= 10000000));
  char* p = out + digits;
  for (; value >= 100; value /= 100) write_2(p -= 2, value % 100);
  if (value >= 10) {
    write_2(out, value);
  } else {
    *out = static_cast<char>('0' + value);
  }
  return out + digits;
}
#endif

/// Writes plain digits; out: max_u64_chars.
inline char* write_u64(char* out, std::uint64_t value) noexcept {
  if (value < 100000000u) return write_up_to_8(out, static_cast<std::uint32_t>(value));
  const std::uint64_t high = value / 100000000u;
  return write_8(write_u64(out, high), static_cast<std::uint32_t>(value - high * 100000000u));
}
#endif

/// Writes plain digits, with a minus if need be; out: max_i64_chars.
inline char* write_i64(char* out, std::int64_t value) noexcept {
  std::uint64_t size = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  return write_u64(out, size);
}

/// Writes a time, `count` of which are a second (1000, 1000000000), as seconds, exactly: 1520430000.123; out: max_seconds_chars.
inline char* write_seconds(char* out, std::int64_t time, std::uint32_t count) noexcept {
  const std::uint64_t size = time < 0 ? 0 - static_cast<std::uint64_t>(time) : static_cast<std::uint64_t>(time);
  if (time < 0) *out++ = '-';
  out = write_u64(out, size / count);
  std::uint32_t rest = static_cast<std::uint32_t>(size % count) * (1000000000 / count);
  if (rest) *out++ = '.';
  for (std::uint32_t place = 100000000; rest; rest %= place, place /= 10) *out++ = static_cast<char>('0' + rest / place);
  return out;
}

// ---- doubles ----

/// A decimal number: digits * 10^exponent.
struct decimal {
  std::uint64_t digits;
  std::int32_t exponent;
};

/// floor(x), or floor(x) + 1 if that is odd and x is not whole, where x = power * c / 2^128.
///
/// An odd answer compares with even numbers as x does: this is what lets 64 bits decide exactly.
/// Source: R. Giulietti, "The Schubfach way to render doubles"; number_tables.py proves it for our powers.
#if NARTHEX_HAS(TINY)
NARTHEX_DETAIL_NOINLINE inline std::uint64_t round_to_odd(const u128& power, std::uint64_t significand) noexcept {
  // By parts of 16 bits, as they are multiplied on paper: a Cortex-M0 multiplies 32 bits to 32.
  std::uint64_t parts[3] = {power.low, power.high, significand};
  std::uint16_t product[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int k = 0; k < 4; ++k) {
    std::uint32_t sum = 0;
    for (int i = 0; i < 8; ++i) {
      const std::uint32_t a = static_cast<std::uint16_t>(parts[i / 4] >> 16 * (i % 4));
      sum += a * static_cast<std::uint16_t>(parts[2]) + product[i + k];
      product[i + k] = static_cast<std::uint16_t>(sum);
      sum >>= 16;
    }
    product[k + 8] = static_cast<std::uint16_t>(sum);
    parts[2] >>= 16;
  }
  std::uint64_t top = 0;
  for (int i = 12; i > 8;) top = top << 16 | product[--i];
  return top | static_cast<std::uint64_t>((product[4] | product[5] | product[6] | product[7]) != 0);
}
#else
inline std::uint64_t round_to_odd(u128 power, std::uint64_t significand) noexcept {
  const u128 product = multiply_add(power.high, significand, multiply(power.low, significand).high);
  return product.high | static_cast<std::uint64_t>(product.low != 0);
}
#endif

/// The shortest decimal that reads back as c * 2^q; of several the one nearest to it.
///
/// c, q:    0 < c < 2^53, -1074 <= q <= 971.
/// closer:  the next double below is half as far as the one above: c is 2^52, and q not the least.
/// Returns: digits < 10^17, perhaps with zeros at the end.
/// Source:  R. Giulietti, "The Schubfach way to render doubles".
template <class Powers>
decimal shortest(std::uint64_t significand, std::int32_t binary, bool closer) noexcept {
  // 10^exponent is the largest power of ten no larger than the gap between the doubles that read as ours: at
  // least one of its multiples reads back, and at most one multiple of the next power does. (Every compiler
  // shifts negative numbers arithmetically; C++20 says so, too.)
  const std::int32_t exponent =
      (binary * log_facts::log10_2 + (closer ? std::int32_t{log_facts::log10_3_4} : 0)) >> log_facts::log10_shift;
  const std::int32_t shift = binary + ((-exponent * log_facts::log2_10) >> log_facts::log2_shift) + 1;
  const u128 power = Powers::get(-exponent);

  // Ours and the two ends of what reads back as it, in quarters of 10^exponent.
  const std::uint64_t odd = significand & 1;  // the ends themselves read as the even one of two neighbours
  const std::uint64_t value = round_to_odd(power, 4 * significand << shift);
  const std::uint64_t least = round_to_odd(power, (4 * significand - 2 + closer) << shift) + odd;
  const std::uint64_t most = round_to_odd(power, (4 * significand + 2) << shift) - odd;

  const std::uint64_t below = value / 4;
#if NARTHEX_HAS(TINY)
  std::uint64_t below_tenth = below;
  const std::uint64_t below_10 = below - static_cast<std::uint64_t>(take_digit(below_tenth) - '0');
#else
  const std::uint64_t below_10 = below / 10 * 10;
#endif
  const bool below_10_fits = 4 * below_10 >= least;
  const bool above_10_fits = 4 * (below_10 + 10) <= most;
  if (below_10_fits != above_10_fits) return decimal{below_10_fits ? below_10 : below_10 + 10, exponent};

  const bool below_fits = 4 * below >= least;
  const bool above_fits = 4 * (below + 1) <= most;
  if (below_fits != above_fits) return decimal{below_fits ? below : below + 1, exponent};

  const std::uint64_t half = 4 * below + 2;
  const bool up = value > half || (value == half && (below & 1) != 0);
  return decimal{below + up, exponent};
}

/// Lays digits out with the exponent form below 10^-4 and from 10^6; not for whole numbers below 10^6.
///
/// What differs from one number to the next at random (how many digits, how many zeros) is done without branches.
inline char* write_decimal(char* out, decimal d) noexcept {
#if NARTHEX_HAS(TINY)
  char plain[max_u64_chars];
  const std::size_t count = static_cast<std::size_t>(write_u64(plain, d.digits) - plain);
  const std::int32_t point = d.exponent + static_cast<std::int32_t>(count) - 1;
  char* first = out + 1;
  if (point < 0 && point >= -4) {
    std::memcpy(out, "0.000", 5);
    first -= point;
  }
  std::memcpy(first, plain, count);
  char* end = first + count;
#else
  if (d.digits < 100000000u) {  // make it 17 digits, and keep those before the zeros
    d.digits *= 100000000u;
    d.exponent -= 8;
  }
  while (d.digits < 1000000000000000u) {
    d.digits *= 10;
    --d.exponent;
  }
  const unsigned lacks = d.digits < 10000000000000000u;
  d.digits = lacks ? d.digits * 10 : d.digits;
  const std::int32_t point = d.exponent - static_cast<std::int32_t>(lacks) + 16;  // the exponent of the first digit
  char* first = out + 1;  // leaves room to move digits left, and the point behind them
  if (point < 0 && point >= -4) {
    std::memcpy(out, "0.000", 5);
    first -= point;
  }
  const std::uint64_t high = d.digits / 100000000u;
  const std::uint32_t low = static_cast<std::uint32_t>(d.digits - high * 100000000u);
  const std::uint32_t lead = static_cast<std::uint32_t>(high) / 100000000u;
  *first = static_cast<char>('0' + lead);
  write_8(first + 1, static_cast<std::uint32_t>(high) - lead * 100000000u);
  char* end = first + 9;
  if (low != 0) end = write_8(end, low);
#endif
  while (end[-1] == '0') --end;

  if (point < -4 || point >= 6) {
    *out = *first;
    *first = '.';
    end -= end == first + 1;
    *end++ = 'e';
    *end++ = point < 0 ? '-' : '+';
    const std::uint32_t size = static_cast<std::uint32_t>(point < 0 ? -point : point);
#if NARTHEX_HAS(TINY)
    if (size < 10) *end++ = '0';
    return write_u64(end, size);
#else
    const std::uint32_t hundreds = size / 100;
    *end = static_cast<char>('0' + hundreds);
    end += hundreds != 0;
    write_2(end, size - hundreds * 100);
    return end + 2;
#endif
  }
  if (point >= 0) {
    for (std::int32_t i = 0; i <= point; ++i) out[i] = out[i + 1];
    out[point + 1] = '.';
  }
  return end;
}

/// Writes the shortest text that reads back as the same double, byte for byte as Prometheus' Go code does.
///
/// out:    max_double_chars.
/// Text:   NaN, +Inf, -Inf, 0 for both zeros; 1e+06 from 10^6 and 9e-05 below 10^-4, plain in between.
/// Cost:   no allocation, no locale, no floating arithmetic.
/// Source: Go, strconv.AppendFloat(f, 'g', -1, 64) and prometheus/common, writeFloat.
template <class Powers = powers>
char* write_double(char* out, const double& value) noexcept {
  const std::uint64_t bits = double_bits(value);
  const std::uint64_t fraction = bits & 0xfffffffffffffu;
  const std::uint32_t exponent = exponent_bits(bits);
  if (exponent == 0x7ffu) {
    std::memcpy(out, fraction ? "NaN" : bits >> 63 ? "-Inf" : "+Inf", 4);
    return out + (fraction ? 3 : 4);
  }
  if (exponent == 0 && fraction == 0) {
    *out = '0';
    return out + 1;
  }
  *out = '-';
  out += bits >> 63;
  if (exponent == 0) return write_decimal(out, shortest<Powers>(fraction, -1074, false));

  const std::uint64_t significand = fraction | std::uint64_t{1} << 52;
  // 1 <= value < 2^53: doubles are at most 1 apart, so a whole number has no shorter text than its own digits.
  if (exponent >= 1023 && exponent <= 1075) {
    const std::uint32_t below_point = 1075 - exponent;
    const std::uint64_t whole = significand >> below_point;
    if (whole << below_point == significand) {
      if (whole < 1000000) return write_up_to_8(out, static_cast<std::uint32_t>(whole));
      return write_decimal(out, decimal{whole, 0});
    }
  }
  return write_decimal(out,
                       shortest<Powers>(significand, static_cast<std::int32_t>(exponent) - 1075, fraction == 0 && exponent > 1));
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NUMBER_HPP

// ==== narthex/detail/utf8_names.hpp =============================================================
// narthex/detail/utf8_names.hpp - the door to names outside the legacy alphabet; closed until somebody makes a utf8_name.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_UTF8_NAMES_HPP
#define NARTHEX_DETAIL_UTF8_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>


NARTHEX_BEGIN_NAMESPACE

class registry_core;
struct sample;

namespace detail {

struct family_node;

/// How names are shown that are not of the legacy alphabet.
/// Source: Prometheus, "UTF-8 names", escaping schemes.
enum class name_escaping : std::uint8_t { underscores, dots, values, allow_utf_8 };

/// What there is to do about such names, for who includes <narthex/utf8_name.hpp>.
///
/// A metric's name is kept as it is. A label's name is kept as it stands in an exposition, in quotes ("http.method"), so that
/// label text is ready-made and nothing asks what kind of name it has; no legacy name begins with a quote.
struct utf8_names {
  /// Whether somebody has made a utf8_name of it: of a metric's name as it is, of a label's in quotes.
  bool (*is_allowed)(string_view name, alphabet of);
  /// The name that stands in quotes.
  string_view (*unquoted)(string_view allowed);
  /// Puts the name in quotes if it needs them; false when there is no room for that.
  bool (*quote)(string_view& label, char* room, std::size_t size);
  /// Whether a series of the family has a name outside the legacy alphabet.
  bool (*has_any)(const registry_core&, const family_node&);
  /// The names of one scrape in a scheme other than allow_utf_8: begin() gives a state, null without memory; show() a sample whose
  /// names are all legacy, null when there is none for this one; end() frees it.
  void* (*begin)(registry_core&, name_escaping);
  const sample* (*show)(void* state, const sample&);
  void (*end)(void* state);
};

/// Whether a metric's name is of the legacy alphabet.
inline bool is_legacy_name(string_view prefix, string_view name) noexcept {
  std::size_t at = 0;
  for (string_view part : {prefix, name}) {
    for (char c : part) {
      if (!may_stand(c, at++, alphabet::metric)) return false;
    }
  }
  return at > 0;
}

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
/// Visible, as registries of several shared libraries are walked as one.
template <class Once>
struct NARTHEX_DETAIL_VISIBLE utf8_door {
  static shared<const utf8_names*> open;
};
template <class Once>
shared<const utf8_names*> utf8_door<Once>::open(nullptr);

/// Null: every name in this program is of the legacy alphabet.
inline const utf8_names* utf8_in_use() noexcept { return utf8_door<void>::open.load(memory_order_acquire); }
#else
inline const utf8_names* utf8_in_use() noexcept { return nullptr; }
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_UTF8_NAMES_HPP

// ==== narthex/desc.hpp ==========================================================================
// narthex/desc.hpp - what a metric is called and what type it has.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DESC_HPP
#define NARTHEX_DESC_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE

/// The types of Prometheus; how a format spells them is the format's business.
enum class metric_type : std::uint8_t { counter, gauge, histogram, summary, info, state_set, unknown, gauge_histogram };

/// Whether a series of this type is one number, and not buckets, quantiles, sum and count.
constexpr bool is_one_number(metric_type type) noexcept {
  return type != metric_type::histogram && type != metric_type::summary && type != metric_type::gauge_histogram;
}

class name;

namespace detail {
inline void a_name_must_match_its_alphabet() {}  // not constexpr: naming it stops a consteval constructor
template <class T>
struct is_c_string : std::integral_constant<bool, std::is_same<T, const char*>::value || std::is_same<T, char*>::value> {};

enum class lifetime { any, permanent };

/// `wrong`: a unit that its name does not end in.
enum class unit_size : std::uint16_t { none = 0, wrong = 0xffff };
/// Of a unit in a name. Source: OpenMetrics 1.0, Unit.
inline unit_size unit_in(string_view name, string_view unit) noexcept {
  if (unit.empty()) return unit_size::none;
  if (name.ends_with("_total")) name = name.first(name.size() - 6);
  const bool fits = name.size() > unit.size() + 1 && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_';
  return fits && unit.size() < 0xffff ? static_cast<unit_size>(unit.size()) : unit_size::wrong;
}
/// The unit in a name, of that size.
inline string_view unit_of(string_view name, unit_size size) noexcept {
  if (size == unit_size::none || size == unit_size::wrong) return string_view();
  if (name.ends_with("_total")) name = name.first(name.size() - 6);
  return name.from(name.size() - static_cast<std::size_t>(size));
}
/// A name of any UTF-8, as a metric has it and, in quotes, as a label; see utf8_name.
struct utf8_text {
  string_view raw, quoted;
};

/// A text that ends in NUL: one word, as its length would be a second argument of every constructor.
class ended_text {
 public:
  constexpr ended_text(const char* text) noexcept : data_(text) {}
  explicit ended_text(string_view text) noexcept : data_(text.data()) {}
  constexpr operator string_view() const noexcept { return string_view(data_); }
  constexpr const char* data() const noexcept { return data_; }

 private:
  const char* data_;
};

/// A name as it was given; a literal is checked by the compiler under C++20. One that is kept by reference
/// (lifetime::forever) is taken from literals and pointers only.
template <alphabet Alphabet, lifetime Lifetime>
class name_arg {
 public:
  /// A literal (or any constexpr array). Under C++20 a bad one does not compile; before, and for all
  /// other kinds, the registration is refused at run time. A `const char` array that is not constexpr does not
  /// compile under C++20: pass a pointer to it.
  template <std::size_t N>
#if NARTHEX_HAS(CONSTEVAL)
  consteval name_arg(const char (&literal)[N]) noexcept : text_(static_cast<const char*>(literal)) {
    if (N == 1 || bad_byte(literal, N - 1, Alphabet) != N - 1) a_name_must_match_its_alphabet();
  }
#else
  constexpr name_arg(const char (&literal)[N]) noexcept : text_(static_cast<const char*>(literal)) {}
#endif
  template <std::size_t N>
  name_arg(char (&array)[N]) noexcept : text_(static_cast<const char*>(array)) {}
  template <class Pointer, class = typename std::enable_if<is_c_string<Pointer>::value>::type>
  name_arg(const Pointer& pointer) noexcept : text_(static_cast<const char*>(pointer)) {}
  template <class Text, class = typename std::enable_if<Lifetime == lifetime::any && std::is_class<Text>::value &&
                                                        !std::is_base_of<utf8_text, Text>::value &&
                                                        std::is_convertible<const Text&, string_view>::value>::type,
            class = void>
  name_arg(const Text& any) noexcept : text_(any) {}
  name_arg(const utf8_text& any) noexcept : text_(Alphabet == alphabet::metric ? any.raw : any.quoted) {}

  constexpr string_view text() const noexcept { return string_view(text_); }
  constexpr const char* data() const noexcept { return text_.data(); }
  /// How many bytes of the name, at its end or before _total, are its unit.
#if NARTHEX_HAS(HEAP)
  constexpr unit_size unit() const noexcept { return unit_; }
#else
  constexpr unit_size unit() const noexcept { return unit_size::none; }
#endif

 private:
  friend class ::NARTHEX_NAMESPACE::name;
  using held = typename std::conditional<Lifetime == lifetime::permanent, ended_text, string_view>::type;
  struct composed {
    string_view text;
    unit_size unit;
  };
#if NARTHEX_HAS(HEAP)
  explicit name_arg(composed joined) noexcept : text_(joined.text), unit_(joined.unit) {}
  held text_;
  unit_size unit_ = unit_size::none;
#else
  explicit name_arg(composed joined) noexcept : text_(joined.text) {}
  held text_;
#endif
};
}  // namespace detail

/// A metric's full name: [a-zA-Z_:][a-zA-Z0-9_:]*. Colons are for recording rules; leave them out. Any other UTF-8 needs to be
/// meant: nx::utf8_name("http.server.duration"), with <narthex/utf8_name.hpp>.
///
/// A counter should end in _total, an info must end in _info; units are plural and last before that.
/// Errors: errc::empty_name, errc::bad_name with the byte's position.
/// Memory: a view; the registry copies it.
using metric_name = detail::name_arg<detail::alphabet::metric, detail::lifetime::any>;

/// A label's name: [a-zA-Z_][a-zA-Z0-9_]*, not beginning with "__"; or a utf8_name.
using label_name = detail::name_arg<detail::alphabet::label, detail::lifetime::any>;

/// A metric's name that is kept by reference: a literal, or a pointer to text of static lifetime.
using static_name = detail::name_arg<detail::alphabet::metric, detail::lifetime::permanent>;

/// Joins namespace, subsystem and name with underscores: nx::name("shop", "cart", "items").
///
/// Empty parts are left out. Holds up to 127 bytes; a longer name is cut and ends in "...", which
/// registration refuses (errc::bad_name). For a fixed instrument the object itself must have static lifetime.
/// Source: Prometheus, "Writing client libraries", Metric names.
class name {
 public:
  name(string_view space, string_view subsystem, string_view last) noexcept : size_(0), unit_(detail::unit_size::none) {
    if (NARTHEX_HAS(METRICS)) {
      append(space);
      append(subsystem);
      append(last);
    }
    text_[size_] = '\0';
  }
  /// One that is complete already: nx::name("cpu_seconds_total").unit("seconds").
  explicit name(string_view full) noexcept : name(full, string_view(), string_view()) {}

  /// Says that this is what the values are measured in, for formats that tell it: seconds, bytes, meters_per_second.
  ///
  /// what:   the name's last words, but for _total. Anything else is refused at registration: errc::bad_unit.
  /// Without a heap it is neither checked nor kept: a counter has 24 bytes there. An info or state set has none.
  name& unit(string_view what) noexcept {
    if (NARTHEX_HAS(METRICS)) unit_ = detail::unit_in(text(), what);
    return *this;
  }

  operator metric_name() const noexcept { return metric_name(metric_name::composed{text(), unit_}); }
  operator static_name() const& noexcept { return static_name(static_name::composed{text(), unit_}); }
  operator static_name() const&& = delete;  // would keep a pointer into a temporary
  string_view text() const noexcept { return string_view(text_, size_); }

  enum : std::size_t { max_size = 127 };

 private:
  void append(string_view part) noexcept {
    if (size_ && !part.empty()) text_[size_++] = '_';
    for (const char c : part) {
      if (size_ >= max_size) {
        size_ = max_size;
        for (int i = 0; i < 3; ++i) text_[size_++] = '.';
        return;
      }
      text_[size_++] = c ? c : '.';  // refused like a NUL, which some would take for the name's end
    }
  }

  std::size_t size_;
  detail::unit_size unit_;
  char text_[max_size + 6];  // "..." and two joints beyond the limit, and NUL
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DESC_HPP

// ==== narthex/buckets.hpp =======================================================================
// narthex/buckets.hpp - the bounds of a histogram: explicit, linear, exponential, default.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_BUCKETS_HPP
#define NARTHEX_BUCKETS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>


NARTHEX_BEGIN_NAMESPACE
namespace detail {
template <class Once>
struct default_bounds {
  static constexpr double values[11] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
};
template <class Once>
constexpr double default_bounds<Once>::values[11];

// How many of `compared_together` numbers are less than `value`. No comparison waits for another, so this is quicker than the last
// three halvings of a search.
enum : std::size_t { compared_together = 8 };
inline unsigned count_below(const double* at, double value) noexcept {
#if defined(__GNUC__) && (defined(__SSE2__) || defined(__aarch64__))
  typedef double two __attribute__((vector_size(16)));
  typedef std::int64_t two_answers __attribute__((vector_size(16)));
  two first, second, third, fourth;
  std::memcpy(&first, at, sizeof first);
  std::memcpy(&second, at + 2, sizeof second);
  std::memcpy(&third, at + 4, sizeof third);
  std::memcpy(&fourth, at + 6, sizeof fourth);
  const two wanted = {value, value};
  const two_answers below = ((first < wanted) + (second < wanted)) + ((third < wanted) + (fourth < wanted));
  return static_cast<unsigned>(0 - (below[0] + below[1]));  // a true comparison is -1
#else
  unsigned below = 0;
  for (std::size_t i = 0; i < compared_together; ++i) below += static_cast<unsigned>(at[i] < value);
  return below;
#endif
}
}  // namespace detail

/// Upper bounds of a histogram's buckets; the one for +Inf comes by itself.
///
/// Shape:  bounds[n], finite and strictly increasing, n <= max_bounds; a last +Inf is dropped.
/// Errors: anything else is refused at registration: errc::bad_buckets with the bound's number.
/// Memory: a view or a formula; histograms copy the bounds. A list in braces lives until the end of the statement.
/// Source: Prometheus, "Writing client libraries", Histogram.
class buckets {
 public:
  enum : unsigned { max_bounds = NARTHEX_HAS(HEAP) ? 512 : 64 };

  /// The common default: 5 ms to 10 s, for seconds.
  static buckets defaults() noexcept { return buckets(detail::default_bounds<void>::values, 11); }

  /// `count` bounds: start, start + width, start + 2 width, ... width must be positive.
  static buckets linear(double start, double width, unsigned count) noexcept {
    return buckets(&next_sum, start, width, count);
  }
  /// `count` bounds: start, start * factor, ... start must be positive, factor above 1.
  static buckets exponential(double start, double factor, unsigned count) noexcept {
    const double bad = detail::bits_double(0x7ff0000000000000u);  // which first_bad finds
    return buckets(&next_power, detail::is_less(0, start) ? start : bad, factor, count);
  }

  buckets(std::initializer_list<double> bounds) noexcept : buckets(bounds.begin(), bounds.size()) {}
  template <std::size_t N>
  buckets(const double (&upper)[N]) noexcept : buckets(upper, N) {}
  /// values[count]; stays the caller's.
  buckets(const double* values, std::size_t count) noexcept
      : values_(values), start_(0), step_(0), count_(static_cast<unsigned>(count)), next_(nullptr) {
    if (count > max_bounds + 1) count_ = max_bounds + 2;  // one too many even without a +Inf
    else if (count && detail::double_bits(values[count - 1]) == 0x7ff0000000000000u) --count_;
  }

  unsigned size() const noexcept { return count_; }

  /// Bound number `i`, i < size(). Formulas are computed term by term, so every call gives the same double.
  double operator[](unsigned i) const noexcept {
    if (!next_) return values_[i];
    double bound = start_;
    for (; i; --i) bound = next_(bound, step_);
    return bound;
  }

  /// The number of the first bad bound; size() when all are good.
  unsigned first_bad() const noexcept {
    if (count_ > max_bounds) return max_bounds;
    double last = 0;
    for (unsigned i = 0; i < count_; ++i) {
      const double bound = (*this)[i];
      if (!detail::is_finite(bound) || (i && !detail::is_less(last, bound))) return i;
      last = bound;
    }
    return count_;
  }

  /// The number of the bucket that `value` falls in: the first bound >= value, or size() for +Inf.
  unsigned find(double value) const noexcept {
    if (next_) {
      unsigned i = 0;
      for (double bound = start_; i < count_ && detail::is_less(bound, value); bound = next_(bound, step_)) ++i;
      return i;
    }
    return find_among(values_, count_, value);
  }
  static unsigned find_among(const double* values, unsigned count, double value) noexcept {
    if (NARTHEX_HAS(TINY) || count < detail::compared_together) {
      unsigned below = 0;
      for (unsigned i = 0; i < count; ++i) below += static_cast<unsigned>(detail::is_less(values[i], value));
      return below;
    }
    // Halving without a branch on the data, which nobody foresees: with one, GCC 12's choice for `?:`, an observation
    // took twice as long. Until a window is left.
    const double* at = values;
    std::size_t rest = count;
    for (; rest > 2 * detail::compared_together; rest -= rest / 2) at += rest / 2 & mask(at[rest / 2 - 1] < value);
    const std::size_t beyond = rest - detail::compared_together;
    if (beyond) at += beyond & mask(at[beyond - 1] < value);
    return static_cast<unsigned>(at - values) + detail::count_below(at, value);
  }

  friend bool operator==(const buckets& a, const buckets& b) noexcept {
    if (a.count_ != b.count_) return false;
    for (unsigned i = 0; i < a.count_; ++i) {
      if (detail::double_bits(a[i]) != detail::double_bits(b[i])) return false;
    }
    return true;
  }
  friend bool operator!=(const buckets& a, const buckets& b) noexcept { return !(a == b); }

  /// The array of the bounds, which must outlive this object; null for a formula.
  const double* list() const noexcept { return values_; }

 private:
  static std::size_t mask(bool all) noexcept { return 0 - static_cast<std::size_t>(all); }

  // A pointer, so that a program without formulas has no multiplication of doubles in it.
  using formula = double (*)(double bound, double step);
  static double next_sum(double bound, double step) noexcept { return as_stored(detail::add(bound, step)); }
  static double next_power(double bound, double step) noexcept { return as_stored(bound * step); }
  /// No more digits than a double has: the registers of 32-bit x86 keep more.
  static double as_stored(double value) noexcept {
    const volatile double stored = value;
    return stored;
  }
  buckets(formula f, double start, double step, unsigned count) noexcept
      : values_(nullptr), start_(start), step_(step), count_(count), next_(f) {}

  const double* values_;
  double start_, step_;
  unsigned count_;
  formula next_;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_BUCKETS_HPP

// ==== narthex/detail/bucket_guide.hpp ===========================================================
// narthex/detail/bucket_guide.hpp - where among many bounds the search for a value's bucket begins.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BUCKET_GUIDE_HPP
#define NARTHEX_DETAIL_BUCKET_GUIDE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A table by a value's leading bits, its exponent and some bits more: so far the bounds are smaller for certain.
/// What is left is at most as many bounds as are compared together, so 500 bounds cost what 20 do.
///
/// A cell is all values with the same leading bits: an interval, as positive doubles are in the order of their bits. The first
/// cell takes everything below it, too, negative numbers among it; the last takes everything above.
class bucket_guide {
 public:
  /// Fewer bounds need no guide.
  enum : std::size_t { fewest = 2 * compared_together + 1 };

  /// values[count], count >= fewest, which stay where they are.
  bucket_guide(const double* values, unsigned count) noexcept : values_(values), first_(0), last_(0), shift_(finest) {
    // The first cell begins where the bounds compared together end, the last where as many are left.
    const double &low = values[compared_together], &high = values[count - compared_together - 1];
    if (key(low) < 0) return;
    for (unsigned shift = coarsest; shift > finest; --shift) {
      const std::int64_t first = (key(low) >> shift) - 1, last = (key(high) >> shift) + 1 - first;
      if (last >= cells) return;
      if (fill(count, shift, first, static_cast<unsigned>(last))) {
        first_ = first;
        shift_ = shift;
        last_ = last;
        return;
      }
    }
  }

  /// Whether it can be used: not where bounds crowd in few places, or where most are negative.
  bool is_ready() const noexcept { return last_ != 0; }

  /// The number of the first bound >= value.
  unsigned find(double value) const noexcept {
    std::int64_t cell = (key(value) >> shift_) - first_;
    if (cell < 0) cell = 0;
    if (cell > last_) cell = last_;
    const unsigned start = starts_[cell];
    return start + count_below(values_ + start, value);
  }

 private:
  enum : unsigned { cells = 256, coarsest = 60, finest = 20 };

  static std::int64_t key(const double& value) noexcept {
    std::int64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
  }

  /// False when a cell holds more bounds than are compared together.
  bool fill(unsigned count, unsigned shift, std::int64_t first, unsigned last) noexcept {
    unsigned below = 0;
    for (unsigned cell = 0; cell <= last; ++cell) {
      const unsigned start = below;
      while (below < count && key(values_[below]) >> shift <= first + cell) ++below;
      if (below - start > compared_together) return false;
      const std::size_t latest = count - compared_together;
      starts_[cell] = static_cast<std::uint16_t>(start < latest ? start : latest);
    }
    return true;
  }

  const double* values_;
  std::int64_t first_, last_;
  unsigned shift_;
  std::uint16_t starts_[cells];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BUCKET_GUIDE_HPP

// ==== narthex/label.hpp =========================================================================
// narthex/label.hpp - label names and values: taken from the user, checked, and made into text.
// Room: words. Read desc.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_LABEL_HPP
#define NARTHEX_LABEL_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE

/// A label's value: any text, or an integer written in decimal.
///
/// Any bytes are taken; broken UTF-8 is repaired byte by byte as U+FFFD and two hexadecimal digits before the
/// value's identity is decided, so two different broken values stay two series. No length limit.
/// Memory: a view for text, 20 digits in place for an integer; lives until the end of the call.
class label_value {
 public:
  template <class Text, class = typename std::enable_if<std::is_convertible<const Text&, string_view>::value>::type>
  label_value(const Text& any) noexcept : data_(string_view(any).data()), size_(string_view(any).size()) {
    if (!data_) data_ = "";
  }

  template <class Int, class = typename std::enable_if<std::is_integral<Int>::value>::type, class = void>
  label_value(Int value) noexcept : data_(nullptr) {
    static_assert(!std::is_same<Int, bool>::value && !std::is_same<Int, char>::value,
                  "a label value is text or a number; write \"true\" or \"x\"");
    char* const end = !NARTHEX_HAS(METRICS)        ? digits_
                      : std::is_signed<Int>::value ? detail::write_i64(digits_, static_cast<std::int64_t>(value))
                                                   : detail::write_u64(digits_, static_cast<std::uint64_t>(value));
    size_ = static_cast<std::size_t>(end - digits_);
  }

  string_view text() const noexcept { return string_view(data_ ? data_ : digits_, size_); }

 private:
  const char* data_;  // null: digits_, so that a copy points at its own digits
  std::size_t size_;
  char digits_[20];
};

/// A label's name and value, as info(), registry_options and labels() by name take them.
struct label_pair {
  string_view name;
  label_value value;
  template <class Value>
  label_pair(string_view label, const Value& any) noexcept : name(label), value(any) {}
};

namespace detail {
template <class T>
struct is_literal : std::false_type {};
template <std::size_t N>
struct is_literal<const char (&)[N]> : std::true_type {};
template <class... Names>
struct all_text : std::true_type {};
template <class First, class... Rest>
struct all_text<First, Rest...>
    : std::integral_constant<bool, std::is_convertible<First, string_view>::value && all_text<Rest...>::value> {};
}  // namespace detail

/// The label names of a family: exactly N of them, counted by the compiler.
///
/// Errors: a name is checked at registration (under C++20 literals by the compiler): errc::bad_label_name,
///         errc::reserved_label_name ("__...", "le" on a histogram, "quantile" on a summary),
///         errc::duplicate_label_name.
template <std::size_t N>
class label_names {
 public:
  // A parameter pack with enable_if, not deduced array bounds: GCC 4.8.5 takes only this.
#if NARTHEX_HAS(CONSTEVAL)
  template <std::size_t... Sizes>
    requires(sizeof...(Sizes) == N)
  consteval label_names(const char (&... literals)[Sizes]) noexcept : names_{label_name(literals).text()...} {}
  template <class... Names>
    requires(sizeof...(Names) == N && !(detail::is_literal<Names>::value && ...) &&
             (std::is_convertible_v<Names, string_view> && ...))
#else
  template <class... Names,
            class = typename std::enable_if<sizeof...(Names) == N && detail::all_text<Names...>::value>::type>
#endif
  constexpr label_names(Names&&... names) noexcept : names_{string_view(names)...} {}

  const string_view* data() const noexcept { return names_; }

 private:
  string_view names_[N];
};

namespace detail {

/// Reads ready text (a="b",c="d") label by label.
class ready_labels {
 public:
  explicit ready_labels(string_view text) noexcept : text_(text), at_(0) {}
  bool next() noexcept {
    if (at_ >= text_.size()) return false;
    std::size_t end = at_;
    if (NARTHEX_HAS(HEAP) && text_[end] == '"') end = behind_quotes(end);
    else while (text_[end] != '=') ++end;
    name = string_view(text_.data() + at_, end - at_);
    at_ = end + 1;
    end = behind_quotes(at_);
    value = string_view(text_.data() + at_, end - at_);
    at_ = end + 1;  // and the comma
    return true;
  }
  string_view name;   // in quotes when it is outside the legacy alphabet
  string_view value;  // in quotes

 private:
  std::size_t behind_quotes(std::size_t i) const noexcept {
    for (++i; text_[i] != '"'; ++i) {
      if (text_[i] == '\\') ++i;
    }
    return i + 1;
  }
  string_view text_;
  std::size_t at_;
};

inline bool has_label(string_view text, string_view name) noexcept {
  for (ready_labels one(text); one.next();) {
    if (one.name == name) return true;
  }
  return false;
}

inline bool is_label_name(string_view n) noexcept {
  if (!n.empty() && bad_byte(n.data(), n.size(), alphabet::label) == n.size()) return true;
  const utf8_names* const utf8 = utf8_in_use();
  return utf8 && utf8->is_allowed(n, alphabet::label);
}

/// The first label name that may not be used; null when all may. `at` is its number.
/// Source: Prometheus, "Writing client libraries", Labels, Summary, Histogram.
inline errc check_label_names(const string_view* names, std::size_t count, metric_type type, string_view constant,
                              std::size_t& at) noexcept {
  for (at = 0; at < count; ++at) {
    const string_view n = names[at];
    if (!is_label_name(n)) return errc::bad_label_name;
    if ((n.size() >= 2 && n[0] == '_' && n[1] == '_') || ((type == metric_type::histogram || type == metric_type::gauge_histogram) && n == "le") ||
        (type == metric_type::summary && n == "quantile")) {
      return errc::reserved_label_name;
    }
    for (std::size_t other = 0; other < at; ++other) {
      if (names[other] == n) return errc::duplicate_label_name;
    }
    if (has_label(constant, n)) return errc::duplicate_label_name;
  }
  return errc::ok;
}

/// How many bytes `name="value"` takes in an exposition.
inline std::size_t label_text_size(string_view name, string_view value) noexcept {
  return name.size() + 3 + safe_size(value, quoting::label_value);
}

inline char* write_label(char* out, string_view name, string_view value) noexcept {
  if (!name.empty()) std::memcpy(out, name.data(), name.size());
  out += name.size();
  *out++ = '=';
  *out++ = '"';
  out = write_safe(out, value, quoting::label_value);
  *out++ = '"';
  return out;
}

/// The values of one labels() or remove() call as text; lives as long as the call. Only integers need room.
template <std::size_t N>
class value_texts {
 public:
  template <class... Values>
  explicit value_texts(const Values&... values) noexcept {
    put(0, values...);
  }
  value_texts(const value_texts&) = delete;
  value_texts& operator=(const value_texts&) = delete;
  const string_view* data() const noexcept { return texts_; }

 private:
  void put(std::size_t) noexcept {}
  template <class First, class... Rest>
  void put(std::size_t i, const First& first, const Rest&... rest) noexcept {
    put_one(i, first, 0);
    put(i + 1, rest...);
  }
  template <class Text, class = typename std::enable_if<std::is_convertible<const Text&, string_view>::value>::type>
  void put_one(std::size_t i, const Text& any, int) noexcept {
    const string_view text(any);
    texts_[i] = string_view(text.data() ? text.data() : "", text.size());
  }
  template <class Other>
  void put_one(std::size_t i, const Other& any, long) noexcept {
    const label_value value(any);
    const string_view text = value.text();
    std::memcpy(digits_[i], text.data(), text.size());
    texts_[i] = string_view(digits_[i], text.size());
  }
  string_view texts_[N];
  char digits_[N][20];
};

/// Label text built in a caller's room, piece by piece; remembers when it did not fit.
class label_text {
 public:
  label_text(char* room, std::size_t room_size) noexcept
      : begin_(room), end_(room), limit_(room + room_size), fits_(true) {}
  /// Appends text that is ready already.
  void add_ready(string_view ready) noexcept {
    if (ready.empty() || !separate(ready.size())) return;
    std::memcpy(end_, ready.data(), ready.size());
    end_ += ready.size();
  }
  void add(string_view name, string_view value) noexcept {
    if (separate(label_text_size(name, value))) end_ = write_label(end_, name, value);
  }
  bool fits() const noexcept { return fits_; }
  string_view text() const noexcept { return string_view(begin_, static_cast<std::size_t>(end_ - begin_)); }

 private:
  bool separate(std::size_t coming) noexcept {
    const std::size_t comma = end_ != begin_ ? 1 : 0;
    if (static_cast<std::size_t>(limit_ - end_) < comma + coming) fits_ = false;
    if (fits_ && comma) *end_++ = ',';
    return fits_;
  }
  char* begin_;
  char* end_;
  char* limit_;
  bool fits_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_LABEL_HPP

// ==== narthex/sample.hpp ========================================================================
// narthex/sample.hpp - what a scrape reads of one series: the one interface between registry and formats.
// Room: words. SPDX-License-Identifier: MIT
#ifndef NARTHEX_SAMPLE_HPP
#define NARTHEX_SAMPLE_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

struct sample;
namespace detail {
class line_writer;
struct utf8_names;
/// Writes the lines of a histogram, a summary, a counter with more than its number; defined in detail/line_writer.hpp.
template <metric_type Type>
struct sample_text {
  static void write(line_writer& to, const sample& s);
};
}  // namespace detail

/// A value as it was counted: integers stay exact to 64 bits.
///
/// In a build without a heap a double brings its text's writer along, so that a program without doubles links none.
struct number {
  enum class kind : std::uint8_t { u64, i64, f64 };
  kind is;
  union {
    std::uint64_t u64;
    std::int64_t i64;
    double f64;
  };
  number() noexcept : is(kind::u64), u64(0) {}
  number(std::uint64_t value) noexcept : is(kind::u64), u64(value) {}
  number(std::int64_t value) noexcept : is(kind::i64), i64(value) {}
#if NARTHEX_HAS(HEAP)
  number(double value) noexcept : is(kind::f64), f64(value) {}
  char* write_f64(char* out) const noexcept { return detail::write_double(out, f64); }
#else
  number(double value) noexcept : is(kind::f64), f64(value), writer(&detail::write_double<>) {}
  char* write_f64(char* out) const noexcept { return writer(out, f64); }
  char* (*writer)(char*, const double&);
#endif
  // Members one by one: of a whole object GCC 12 copies the union byte by byte.
  number& operator=(std::uint64_t value) noexcept {
    is = kind::u64;
    u64 = value;
    return *this;
  }
  number& operator=(std::int64_t value) noexcept {
    is = kind::i64;
    i64 = value;
    return *this;
  }
  number& operator=(double value) noexcept {
    is = kind::f64;
    f64 = value;
#if !NARTHEX_HAS(HEAP)
    writer = &detail::write_double<>;
#endif
    return *this;
  }
  double as_double() const noexcept {
    return is == kind::u64 ? static_cast<double>(u64) : is == kind::i64 ? static_cast<double>(i64) : f64;
  }
};

/// An observation that stands for its bucket, or an addition for its counter: where a trace of it can be found.
struct exemplar_sample {
  unsigned bucket;       ///< of a histogram; 0 of a counter
  string_view labels;    ///< ready, as sample::labels; never empty
  number value;
  std::int64_t time_ns;  ///< since 1970; 0: none was given
};

/// What a scrape that asks for exemplars brings as room for those of one series; what does not fit is left out.
struct exemplar_room {
  enum : std::size_t { most = NARTHEX_HAS(HEAP) ? 64 : 8, text_bytes = NARTHEX_HAS(HEAP) ? 6144 : 512 };
  exemplar_sample list[most];
  char text[text_bytes];
};

#if NARTHEX_HAS(HEAP)
namespace detail {
struct reading;
}
/// The buckets of a native histogram at one moment: those that were ever hit.
///
/// Shape: indexes[positive + negative], counts[positive + negative]; first the positive ones, each sign's in increasing order.
///        zero_count and all counts together are the sample's count.
struct native_counts {
  int schema;
  double zero_threshold;
  std::uint64_t zero_count;
  unsigned positive, negative;
  const std::int32_t* indexes;
  const std::uint64_t* counts;
  bool restarts;  ///< the histogram counts from zero after this
  void (*merge)(detail::reading& to, const sample& other);  ///< for a walk: adds another's buckets to its own
};
#endif

/// One series at one moment, with the family it belongs to.
///
/// Views point into memory that stays as it is until the walk that filled the sample moves on.
struct sample {
#if !NARTHEX_HAS(HEAP)
  /// As number::writer: what a series brings along that is not plain.
  void (*lines)(detail::line_writer&, const sample&);
#endif
  // the family
  metric_type type;
  string_view prefix;   ///< the registry's; the full name is prefix + name
  string_view name;
  string_view help;     ///< as the user wrote it; a format repairs and escapes it
#if NARTHEX_HAS(HEAP)
  string_view unit;     ///< what the name ends in, but for _total: "seconds"; empty when the user said none
#endif
  bool starts_family;   ///< the first series of its name in this scrape

  // the series
  string_view labels;   ///< ready: a="b",c="d" without braces, repaired and escaped
  bool is_plain;        ///< one number and nothing else: no time, no created time, no exemplar
#if NARTHEX_HAS(HEAP)
  bool has_time;        ///< a collector said when it was measured
  std::int64_t time_ms;     ///< when, since 1970; may be negative
  std::int64_t created_ns;  ///< since when it counts from zero, since 1970; 0: nobody knows
#endif

  // counter, histogram: in a scrape that asks for them (walk::want_exemplars), at most one for each bucket, in their order
  const exemplar_sample* exemplars;  ///< exemplars[exemplar_count]
  unsigned exemplar_count;

  /// Null: the metric's name and its labels' are all of the legacy alphabet. Otherwise some may be any UTF-8; such a label's
  /// name stands in quotes, escaped as a value is: "http.method"="GET",code="200".
  const detail::utf8_names* utf8;

  // counter, gauge, info (1), state_set (0 or 1 for the state in `labels`), unknown
  number value;

  // histogram, gauge_histogram, summary
  double sum;
  std::uint64_t count;                     ///< the sum of all `counts`
  const buckets* bounds;                   ///< histograms: the upper bounds
  const std::uint64_t* counts;             ///< counts[bounds->size() + 1], each bucket alone, the last for +Inf
  const double* quantiles;                 ///< summary: which[quantile_count]
  const double* quantile_values;           ///< summary: value[quantile_count]; NaN when the window is empty
  unsigned quantile_count;
#if NARTHEX_HAS(HEAP)
  const native_counts* native;             ///< native histogram: its buckets; null for everything else
#endif
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_SAMPLE_HPP

// ==== narthex/detail/compiled_out.hpp ===========================================================
// narthex/detail/compiled_out.hpp - what instruments and families are where metrics are compiled out (NARTHEX_DISABLE).
// Room: foundations of what is registered. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_COMPILED_OUT_HPP
#define NARTHEX_DETAIL_COMPILED_OUT_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>


#if !NARTHEX_HAS(METRICS)

// The verbs of counter.hpp, gauge.hpp, histogram.hpp and summary.hpp are the same as ever; what they work on is this. Objects
// are empty and trivially destructible: a global needs neither a constructor before main nor an exit handler. Of the
// rest each header has its own nothing beside the real thing; what reads a registry (text, server, push, testing) finds
// it empty.

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Takes everything, keeps nothing, reads as 0.
struct no_cell {
  template <class Value>
  void add(Value) const noexcept {}
  template <class Value>
  void set(Value) const noexcept {}
  unsigned char get() const noexcept { return 0; }  // converts to every number without a warning
};
struct no_core {
  no_cell cell;
  bool observe(double) const noexcept { return true; }
  template <class Exemplar>
  void record(double, const Exemplar&) const noexcept {}
  void read(sample& out) const noexcept {
    out.sum = 0;
    out.count = 0;
  }
  void read_totals(sample& out) const noexcept { read(out); }
};
inline void refuse_update(const no_core&) noexcept {}

/// Takes the place of args (bounds, quantiles), so that a static object in a function is a constant and needs no guard.
template <class Args>
struct unread {
  constexpr unread() noexcept {}
  constexpr unread(std::initializer_list<double>) noexcept {}
  template <class Given, class = typename std::enable_if<std::is_convertible<const Given&, Args>::value>::type>
  constexpr unread(const Given&) noexcept {}
};

/// What everything has that could be registered.
struct no_node {
  NARTHEX_NAMESPACE::status status() const noexcept { return NARTHEX_NAMESPACE::status(); }
  void unregister() const noexcept {}
};

/// What all kinds of families have but their constructors.
template <class Handle>
struct no_family : no_node {
  template <class... Values>
  Handle labels(const Values&...) const noexcept {
    return Handle(no_core());
  }
  Handle labels(std::initializer_list<label_pair>) const noexcept { return Handle(no_core()); }
  template <class... Values>
  bool remove(const Values&...) const noexcept {
    return false;
  }
  bool remove(std::initializer_list<label_pair>) const noexcept { return false; }
  void clear() const noexcept {}
  std::uint32_t size() const noexcept { return 0; }
  std::uint64_t overflowed() const noexcept { return 0; }
  std::uint64_t dropped() const noexcept { return 0; }
};

}  // namespace detail

template <class Core>
class handle : public detail::no_node {
 public:
  using core_type = Core;
#if NARTHEX_HAS(HEAP)
  constexpr handle(metric_name, string_view, detail::unread<typename Core::args> = {}) noexcept {}
  constexpr handle(registry_core&, metric_name, string_view, detail::unread<typename Core::args> = {}) noexcept {}
#endif
  constexpr explicit handle(const detail::no_core&) noexcept {}

 protected:
  detail::no_core core() const noexcept { return detail::no_core(); }
  detail::no_core node() const noexcept { return detail::no_core(); }
};

template <class Core>
class fixed : public detail::no_node {
 public:
  using core_type = Core;
  constexpr fixed(static_name, const char*, detail::unread<typename Core::args> = {}) noexcept {}
  constexpr fixed(registry_core&, static_name, const char*, detail::unread<typename Core::args> = {}) noexcept {}
  fixed(const fixed&) = delete;
  fixed& operator=(const fixed&) = delete;

 protected:
  detail::no_core core() const noexcept { return detail::no_core(); }
  detail::no_core node() const noexcept { return detail::no_core(); }
};

NARTHEX_END_NAMESPACE

#endif  // !NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_COMPILED_OUT_HPP

// ==== narthex/detail/distribution.hpp ===========================================================
// narthex/detail/distribution.hpp - observations counted by bucket and summed, read as one.
// Room: foundations. Read detail/record.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_DISTRIBUTION_HPP
#define NARTHEX_DETAIL_DISTRIBUTION_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

enum : unsigned { nowhere = ~0u };
/// Which bucket an observation falls in, where that never changes.
struct known_bucket {
  enum : bool { may_refuse = false };
  unsigned bucket;
  unsigned operator()() const noexcept { return bucket; }
};

#if NARTHEX_HAS(LOCK_FREE)

/// A set of bucket counts and their sum, such that a snapshot is always of whole observations.
///
/// An observation commits by one compare-exchange of a record: the new sum, the bucket, and that bucket's new
/// count. The bucket's own cell follows; before anybody commits on top of a record, he makes sure that
/// its cell has followed. So a reader that finds the same record before and after reading the cells
/// has, with the count the record names, exactly the observations that record is the last of.
///
/// Order: a cell is moved from n - 1 to n once, by compare-exchange with release; whoever loads n with
///        acquire has seen the commit, and with it a head that is at least as new.
class observation_set {
 public:
  enum : unsigned { sum_words = sizeof(double) / sizeof(cell_word), bucket_at = sum_words, count_at, words };
  enum : cell_word { refused = static_cast<cell_word>(~cell_word(0)) };

  /// Gives how many there were before, more or less; `refused` when there is no bucket for it.
  template <class Which>
  cell_word observe(shared<cell_word>* counts, Which which, double value) noexcept {
    cell_word count = 0;
    unsigned bucket = 0;
    const cell_word before = state_.update([&](const image& now, cell_word(&next)[words]) {
      follow(counts, now);
      bucket = which();  // a restart since `now` was read fails the commit
      if (Which::may_refuse && bucket == nowhere) return put(next, get_sum(now), static_cast<unsigned>(now.words[bucket_at]), now.words[count_at]);
      count = static_cast<cell_word>(counts[bucket].load(memory_order_acquire) + 1);
      put(next, add(get_sum(now), value), bucket, count);
    });
    if (Which::may_refuse && bucket == nowhere) return refused;
    move_on(counts[bucket], count);
    return before;
  }

  /// Copies the counts and returns the sum of the same observations. Goes round once more for each observation that
  /// is committed meanwhile: see distribution for why that ends.
  double read(const shared<cell_word>* counts, unsigned buckets_and_inf, cell_word* out) const noexcept {
    for (;;) {
      const image now = state_.read();
      for (unsigned i = 0; i < buckets_and_inf; ++i) out[i] = counts[i].load(memory_order_acquire);
      if (!state_.is_present(now)) continue;
      NARTHEX_ASSERT(out[now.words[bucket_at]] == now.words[count_at] ||
                     static_cast<cell_word>(out[now.words[bucket_at]] + 1) == now.words[count_at]);
      out[now.words[bucket_at]] = now.words[count_at];
      return get_sum(now);
    }
  }

#if NARTHEX_HAS(SHARDS)
  bool is_untouched() const noexcept { return state_.is_untouched(); }
#endif

  /// Sets the sum to 0; the counts at that moment go to `out`.
  void forget_sum(shared<cell_word>* counts, unsigned buckets_and_inf, cell_word* out) noexcept {
    state_.update([&](const image& now, cell_word(&next)[words]) {
      follow(counts, now);
      for (unsigned i = 0; i < buckets_and_inf; ++i) out[i] = counts[i].load(memory_order_acquire);
      put(next, 0.0, static_cast<unsigned>(now.words[bucket_at]), now.words[count_at]);
    });
  }

 private:
  using state = record<words>;
  using image = typename state::image;

  static void follow(shared<cell_word>* counts, const image& now) noexcept {
    move_on(counts[now.words[bucket_at]], now.words[count_at]);
  }
  static void move_on(shared<cell_word>& cell, cell_word count) noexcept {
    cell_word before = static_cast<cell_word>(count - 1);
    if (cell.load(memory_order_acquire) == before) {
      cell.compare_exchange_strong(before, count, memory_order_release, memory_order_relaxed);
    }
  }
  static double get_sum(const image& now) noexcept {
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < sum_words; ++i) bits |= static_cast<std::uint64_t>(now.words[i]) << (32 * i);
    return bits_double(bits);
  }
  static void put(cell_word (&next)[words], double sum, unsigned bucket, cell_word count) noexcept {
    for (unsigned i = 0; i < sum_words; ++i) next[i] = static_cast<cell_word>(double_bits(sum) >> (32 * i));
    next[bucket_at] = bucket;
    next[count_at] = count;
  }

  state state_;
};

/// Observations of one series.
///
/// Writers use the hot one of two sets. A snapshot makes the other hot, reads the one that has become cold, turns
/// back, and reads the other. Only writers that had chosen a set before it went cold can still commit to it, each
/// once, so a snapshot goes round at most once per thread that was in mid-observe, whatever the
/// load; one that is suspended there delays nobody. Nothing is moved between the sets, ever.
class distribution {
 public:
  enum : unsigned { sets = 2 };

  /// Cells for `n` buckets, +Inf included: each set's counts, and what is taken off since restart().
  static constexpr std::size_t cells(std::size_t n) noexcept { return (sets + 1) * n; }
  static constexpr std::size_t bytes(std::size_t n) noexcept { return round_up(cells(n) * sizeof(cell_word)); }

  /// room: bytes(n) of them, zeroed here.
  distribution(void* room, unsigned n) noexcept : cells_(static_cast<shared<cell_word>*>(room)), n_(n), hot_(0) {
    for (std::size_t i = 0; i < cells(n); ++i) cells_[i].store(0, memory_order_relaxed);
  }

  void observe(unsigned bucket, double value) noexcept {
    NARTHEX_ASSERT(bucket < n_);
    observe_by(known_bucket{bucket}, value);
  }
  /// The bucket is asked for when it is certain that a restart before it is seen; false when there is none.
  template <class Which>
  bool observe_by(Which which, double value) noexcept {
    return count_in(which, value) != observation_set::refused;
  }

  /// Fills counts[n] and returns the sum of the same observations; `total` is the sum of the counts.
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept {
    const hold one_reader(readers_);
    const double sum = read_alone(counts);
    total = 0;
    for (unsigned i = 0; i < n_; ++i) total += counts[i];
    return sum;
  }

  /// Counts from zero again, exactly: no observation is lost or counted on both sides.
  void restart() const noexcept {
    const hold one_reader(readers_);
    restart_alone();
  }

 protected:
  /// Gives how many there were before in the hot set, more or less.
  template <class Which>
  cell_word count_in(Which which, double value) noexcept {
    const std::uint32_t hot = hot_.load(memory_order_relaxed);
    return sets_[hot].observe(cells_ + hot * n_, which, value);
  }
  double read_alone(std::uint64_t* counts) const noexcept {
    cell_word set_counts[buckets::max_bounds + 1];
    double sum = 0;
    for (unsigned s = 0; s < sets; ++s) {
      hot_.store((s + 1) % sets, memory_order_relaxed);
      sum = add(sum, sets_[s].read(cells_ + s * n_, n_, set_counts));
      for (unsigned i = 0; i < n_; ++i) counts[i] = set_counts[i] + (s ? counts[i] : 0);
    }
    bool near_wrap = false;
    for (unsigned i = 0; i < n_; ++i) {
      // Modulo the cell's width, so that a 32-bit cell that has wrapped still gives what came since restart().
      counts[i] = static_cast<cell_word>(counts[i] - taken_off(i).load(memory_order_relaxed));
      near_wrap = near_wrap || counts[i] > static_cast<cell_word>(~cell_word(0)) / 2;
    }
    // All buckets start over together, long before one of them would alone: rate() sees one ordinary reset.
    if (near_wrap) restart_alone();
    return sum;
  }
  void restart_alone() const noexcept {
    cell_word set_counts[buckets::max_bounds + 1];
    for (unsigned s = 0; s < sets; ++s) {
      hot_.store((s + 1) % sets, memory_order_relaxed);
      sets_[s].forget_sum(cells_ + s * n_, n_, set_counts);
      for (unsigned i = 0; i < n_; ++i) {
        const cell_word before = s ? taken_off(i).load(memory_order_relaxed) : 0;
        taken_off(i).store(static_cast<cell_word>(before + set_counts[i]), memory_order_relaxed);
      }
    }
  }
#if NARTHEX_HAS(SHARDS)
  /// Nothing was ever observed here, nor taken off.
  bool is_untouched() const noexcept { return sets_[0].is_untouched() && sets_[1].is_untouched(); }
#endif
  unsigned size() const noexcept { return n_; }
  spin_lock& readers() const noexcept { return readers_; }

 private:
  shared<cell_word>& taken_off(unsigned i) const noexcept { return cells_[sets * n_ + i]; }

  shared<cell_word>* cells_;
  unsigned n_;
  // Readers turn the hot set, and only a reader may restart: both are part of reading.
  mutable shared<std::uint32_t> hot_;
  mutable spin_lock readers_;  // one snapshot at a time; no writer ever looks at it
  mutable observation_set sets_[sets];
};

#else

/// Observations of one series: an interrupt never sees one half done, nor does a snapshot.
///
/// A snapshot keeps interrupts out while it copies the counts, four instructions each.
class distribution {
 public:
  /// Cells for `n` buckets, +Inf included.
  static constexpr std::size_t cells(std::size_t n) noexcept { return n; }
  static constexpr std::size_t bytes(std::size_t n) noexcept { return round_up(n * sizeof(cell_word)); }

  distribution(void* room, unsigned n) noexcept : cells_(static_cast<cell_word*>(room)), n_(n) { clear(sum_, cells_, n_); }
  void observe(unsigned bucket, double value) noexcept { observe(sum_, cells_[bucket], value); }
  /// False when there is no bucket for it.
  template <class Which>
  bool observe_by(Which which, double value) noexcept {
    const unsigned bucket = which();
    if (bucket == nowhere) return false;
    observe(bucket, value);
    return true;
  }
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept { return read(sum_, cells_, n_, counts, total); }
  void restart() const noexcept { clear(sum_, cells_, n_); }

  static void observe(guarded_double& sum, cell_word& cell, double value) noexcept {
    sum.add_with(value, [&cell] { ++cell; });
  }
  /// Fills counts[n] and returns the sum of the same observations; `total` is the sum of the counts.
  static double read(guarded_double& sum, cell_word* cells, unsigned n, std::uint64_t* counts, std::uint64_t& total) noexcept {
    double seen;
    {
      const critical alone;
      seen = sum.peek();
      for (unsigned i = 0; i < n; ++i) counts[i] = cells[i];
    }
    total = 0;
    std::uint64_t most = 0;
    for (unsigned i = 0; i < n; ++i) {
      total += counts[i];
      most |= counts[i];
    }
    // All buckets start over together, long before one of them would alone: rate() sees one ordinary reset.
    if (most > static_cast<cell_word>(~cell_word(0)) / 2) clear(sum, cells, n);
    return seen;
  }
  static void clear(guarded_double& sum, cell_word* cells, unsigned n) noexcept {
    const critical alone;
    sum.put(0);
    for (unsigned i = 0; i < n; ++i) cells[i] = 0;
  }

 private:
  cell_word* cells_;
  unsigned n_;
  mutable guarded_double sum_;
};

#endif

// ---- with the cells inside ----

#if NARTHEX_HAS(LOCK_FREE)
template <unsigned N>
struct cells_inside {
  shared<cell_word> cells[distribution::cells(N)];
};
/// A distribution of N buckets, +Inf included, in one piece.
template <unsigned N>
class placed_distribution : cells_inside<N>, public distribution {
 public:
  placed_distribution() noexcept : distribution(cells_inside<N>::cells, N) {}
};
#else
/// A distribution of N buckets, +Inf included, in one piece: no pointer, no number.
template <unsigned N>
class placed_distribution {
 public:
  placed_distribution() noexcept { restart(); }
  void observe(unsigned bucket, double value) noexcept { distribution::observe(sum_, cells_[bucket], value); }
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept {
    return distribution::read(sum_, cells_, N, counts, total);
  }
  void restart() const noexcept { distribution::clear(sum_, cells_, N); }

 private:
  mutable guarded_double sum_;
  mutable cell_word cells_[N];
};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_DISTRIBUTION_HPP

// ==== narthex/detail/ledger.hpp =================================================================
// narthex/detail/ledger.hpp - one thread's observations, which others may read whole at any moment.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LEDGER_HPP
#define NARTHEX_DETAIL_LEDGER_HPP

#include <cstddef>
#include <cstdint>
#include <new>


#if NARTHEX_HAS(SHARDS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Bucket counts and their sum, with one writer, who never waits and uses no locked instruction, and one reader at a
/// time, who never waits for the writer.
///
/// An observation stores the new sum beside the present one, then commits by one store of the entry: how many
/// observations there are, and the bucket of the last. The bucket's count follows. So the sum that belongs to entry k
/// is number k % 2, and the counts together are k, or k - 1 while the last one's bucket has not followed.
///
/// Order:  stores release and loads acquire. What may overwrite anything that belongs to entry k is stored behind
///         entry k + 1; a reader that saw any of it sees, looking at the entry once more, that it is k no longer.
///         (tests/litmus/ledger.litmus)
/// Time:   there are two sets, and the writer uses the hot one. A reader makes the other hot and reads the one that has
///         become cold, twice: a cold set changes once more at most, by the observation that was under way. A writer
///         suspended there leaves it readable.
/// Restart: the reader announces a new generation. A set of an older one counts as empty, and its writer clears it
///         before he uses it; nobody reads it while he does.
class ledger {
 public:
  /// Of a ledger for n buckets, +Inf included; the counts lie behind it.
  static constexpr std::size_t bytes(std::size_t n) noexcept { return sizeof(ledger) + 2 * n * sizeof(shared<std::uint64_t>); }

  explicit ledger(unsigned n) noexcept : turn_(0), n_(n) {
    for (set& s : sets_) {
      s.generation.store(0, memory_order_relaxed);
      s.entry.store(0, memory_order_relaxed);
      for (shared<std::uint64_t>& sum : s.sum) sum.store(0, memory_order_relaxed);
    }
    for (unsigned i = 0; i < 2 * n; ++i) new (counts(0) + i) shared<std::uint64_t>(0);
  }

  void observe(unsigned bucket, double value) noexcept { observe_by(known_bucket{bucket}, value); }
  /// By the owner alone. `which` is asked for the bucket once it is certain which generation the observation will be of; false when
  /// it has none.
  template <class Which>
  bool observe_by(Which which, double value) noexcept {
    const std::uint64_t turn = turn_.load(memory_order_acquire);
    set& s = sets_[turn % 2];
    if (!NARTHEX_DETAIL_LIKELY(s.generation.load(memory_order_relaxed) == turn / 2)) return observe_anew(which, value);
    const unsigned bucket = which();
    if (Which::may_refuse && !NARTHEX_DETAIL_LIKELY(bucket != nowhere)) return false;
    NARTHEX_ASSERT(bucket < n_);
    const std::uint64_t k = s.entry.load(memory_order_relaxed) / places;
    const double sum = bits_double(s.sum[k % 2].load(memory_order_relaxed)) + value;
    shared<std::uint64_t>& count = counts(turn % 2)[bucket];
    s.sum[(k + 1) % 2].store(double_bits(sum), memory_order_release);
    s.entry.store((k + 1) * places + bucket, memory_order_release);
    count.store(count.load(memory_order_relaxed) + 1, memory_order_release);
    return true;
  }

  /// Adds the counts to `to` and gives the sum of the same observations.
  double read(std::uint64_t* to) noexcept {
    std::uint64_t turn = turn_.load(memory_order_relaxed);
    double sum = 0;
    for (int both = 0; both < 2; ++both) {
      const std::uint64_t cold = turn;
      turn_.store(turn ^= 1, memory_order_relaxed);
      sum += read_set(cold, to);
    }
    return sum;
  }

  /// Counts from zero again. Whoever observes in the new generation sees what was stored before.
  void restart() noexcept { turn_.store(turn_.load(memory_order_relaxed) + 2, memory_order_release); }

 private:
  enum : std::uint64_t { places = 1024 };  // a bucket's number fits beside 54 bits of count
  static_assert(std::uint64_t{buckets::max_bounds} < std::uint64_t{places}, "no room for the bucket");
  struct set {
    shared<std::uint64_t> generation, entry, sum[2];
  };
  shared<std::uint64_t>* counts(std::uint64_t which) const noexcept {
    return const_cast<shared<std::uint64_t>*>(reinterpret_cast<const shared<std::uint64_t>*>(this + 1)) + which * n_;
  }

  /// The last thing that observe() does, so that it has no registers to save.
  template <class Which>
  NARTHEX_DETAIL_COLD bool observe_anew(Which which, double value) noexcept {
    const std::uint64_t turn = turn_.load(memory_order_relaxed);  // a reader may have turned it meanwhile
    set& s = sets_[turn % 2];
    if (s.generation.load(memory_order_relaxed) != turn / 2) begin(s, turn);
    return observe_by(which, value);
  }
  void begin(set& s, std::uint64_t turn) noexcept {
    s.entry.store(0, memory_order_relaxed);
    for (shared<std::uint64_t>& sum : s.sum) sum.store(0, memory_order_relaxed);
    for (unsigned i = 0; i < n_; ++i) counts(turn % 2)[i].store(0, memory_order_relaxed);
    s.generation.store(turn / 2, memory_order_release);  // whoever sees it sees the zeros
  }

  double read_set(std::uint64_t turn, std::uint64_t* to) const noexcept {
    const set& s = sets_[turn % 2];
    if (s.generation.load(memory_order_acquire) != turn / 2) return 0;
    const shared<std::uint64_t>* const all = counts(turn % 2);
    const unsigned n = n_;
    std::uint64_t seen[buckets::max_bounds + 1];
    for (;;) {
      const std::uint64_t entry = s.entry.load(memory_order_acquire);
      if (entry == 0) return 0;  // nothing in this set, as in most that are not hot
      const double sum = bits_double(s.sum[entry / places % 2].load(memory_order_acquire));
      std::uint64_t followed = 0;
      for (unsigned i = 0; i < n; ++i) followed += seen[i] = all[i].load(memory_order_acquire);
      if (s.entry.load(memory_order_relaxed) != entry) continue;
      NARTHEX_ASSERT(entry / places - followed <= 1);
      seen[entry % places] += entry / places - followed;
      for (unsigned i = 0; i < n; ++i) to[i] += seen[i];
      return sum;
    }
  }

  shared<std::uint64_t> turn_;  // generation * 2 + the hot set; stored by readers alone
  unsigned n_;
  set sets_[2];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(SHARDS)

#endif  // NARTHEX_DETAIL_LEDGER_HPP

// ==== narthex/detail/adaptive_distribution.hpp ==================================================
// narthex/detail/adaptive_distribution.hpp - observations of one series, each thread's in a ledger of its own.
// Room: foundations. Read detail/ledger.hpp and detail/distribution.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ADAPTIVE_DISTRIBUTION_HPP
#define NARTHEX_DETAIL_ADAPTIVE_DISTRIBUTION_HPP

#include <cstddef>
#include <cstdint>
#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(SHARDS)

/// The first thread to observe owns a ledger that is there from the start. Others share a distribution; every 32nd
/// observation there earns its thread a ledger of its own, if there is memory and a slot.
///
/// Order:  the first ledger has one writer at any time, who sees what the one before him stored: see name_of().
/// Memory: for 12 buckets 1.1 KB; 128 bytes once a second thread has earned a ledger, and 272 for each of these ledgers.
class adaptive_distribution : distribution {
 public:
  static constexpr std::size_t bytes(std::size_t n) noexcept { return distribution::bytes(n) + ledger::bytes(n); }

  adaptive_distribution(void* room, unsigned n) noexcept
      : distribution(room, n), owner_(this), shards_(shard_link::may_grow),
        first_(new (static_cast<char*>(room) + distribution::bytes(n)) ledger(n)) {}

  void observe(unsigned bucket, double value) noexcept { observe_by(known_bucket{bucket}, value); }
  /// The bucket is asked for when it is certain that a restart before it is seen; false when there is none.
  template <class Which>
  bool observe_by(Which which, double value) noexcept {
    ledger* mine = first_;
    if (!NARTHEX_DETAIL_LIKELY(owner_.load(memory_order_relaxed) == this_thread().name)) {
      const shard_table* const t = shards_.get();
      mine = t ? static_cast<ledger*>(t->mine()) : nullptr;
      if (!NARTHEX_DETAIL_LIKELY(mine != nullptr)) return observe_shared(which, value);
    }
    return mine->observe_by(which, value);
  }

  /// Fills counts[n] and returns the sum of the same observations; `total` is the sum of the counts.
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept {
    const hold one_reader(readers());
    double sum = 0;
    // Most series are observed by one thread: what all share is empty, and half of a scrape's time went into reading it.
    if (is_untouched()) {
      for (unsigned i = 0; i < size(); ++i) counts[i] = 0;
    } else {
      sum = read_alone(counts);
    }
    sum += first_->read(counts);
    if (const shard_table* const t = shards_.get()) {
      t->each([&](void* l) { sum += static_cast<ledger*>(l)->read(counts); });
    }
    total = 0;
    for (unsigned i = 0; i < size(); ++i) total += counts[i];
    return sum;
  }

  /// Counts from zero again; an observation under way may count on the side before.
  void restart() noexcept {
    const hold one_reader(readers());
    if (!is_untouched()) restart_alone();
    first_->restart();
    if (const shard_table* const t = shards_.get()) t->each([](void* l) { static_cast<ledger*>(l)->restart(); });
  }

 private:
  template <class Which>
  NARTHEX_DETAIL_COLD bool observe_shared(Which which, double value) noexcept {
    const void* owner = this;
    const void* const me = name_of(this_thread());
    if (me && (owner_.load(memory_order_relaxed) == me ||
               owner_.compare_exchange_strong(owner, me, memory_order_relaxed, memory_order_relaxed))) {
      return first_->observe_by(which, value);
    }
    const cell_word before = count_in(which, value);
    if (Which::may_refuse && before == observation_set::refused) return false;
    if (before % 32 == 31) {
      if (shard_table* const t = shards_.grow()) {
        const unsigned n = size();
        t->join(ledger::bytes(n), [n](void* memory) { new (memory) ledger(n); });
      }
    }
    return true;
  }

  shared<const void*> owner_;  // the object itself: nobody yet
  shard_link shards_;
  ledger* first_;
};

#else
using adaptive_distribution = distribution;
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ADAPTIVE_DISTRIBUTION_HPP

// ==== narthex/detail/quantile_window.hpp ========================================================
// narthex/detail/quantile_window.hpp - quantiles of what was observed of late, within a stated error.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_QUANTILE_WINDOW_HPP
#define NARTHEX_DETAIL_QUANTILE_WINDOW_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Counts per slice of time in buckets of equal relative width.
///
/// Error: a value from 2^-30 to 2^34 is reported within 1.6 % (32 buckets per power of two, their middle
///        is given); below, zero and negative ones as 0; above, as 1.7e10. The rank is exact.
/// Time:  the window moves by whole slices, at a scrape, so that an observation reads no clock.
/// Memory: slices * buckets * 4 bytes = 40 KB.
class quantile_window {
 public:
  enum : unsigned {
    slices = 5,
    steps = 32,                     // per power of two: 2^-5 wide, 2^-6 from the middle
    lowest = (1023 - 30) * steps,   // index of 2^-30 among all doubles
    buckets = 64 * steps + 1        // the first is for everything below
  };
  static constexpr std::size_t cells() noexcept { return std::size_t(slices) * buckets; }

  /// room: cells() of them, zeroed here.
  quantile_window(shared<std::uint32_t>* room, std::uint32_t window_seconds, std::uint32_t now_seconds) noexcept
      : cells_(room), slice_seconds_(window_seconds < slices ? 1 : window_seconds / slices),
        began_(now_seconds), present_(0) {
    clear();
  }

  void observe(double value) noexcept {
    cells_[present_.load(memory_order_relaxed) * buckets + bucket_of(value)].fetch_add(1, memory_order_relaxed);
  }

  void clear() noexcept {
    for (std::size_t i = 0; i < cells(); ++i) cells_[i].store(0, memory_order_relaxed);
  }

  /// Moves the window to `now_seconds` and gives value[n] for which[n] (increasing, each 0..1); NaN when the
  /// window is empty.
  void read(std::uint32_t now_seconds, const double* which, double* value, unsigned n) noexcept {
    const hold one_reader(readers_);
    move_to(now_seconds);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < cells(); ++i) total += cells_[i].load(memory_order_relaxed);
    std::uint64_t passed = 0;
    unsigned b = 0;
    for (unsigned q = 0; q < n; ++q) {
      if (total == 0) {
        value[q] = bits_double(0x7ff8000000000000u);
        continue;
      }
      std::uint64_t rank = static_cast<std::uint64_t>(which[q] * static_cast<double>(total));
      if (static_cast<double>(rank) < which[q] * static_cast<double>(total) || rank == 0) ++rank;  // rounded up, from 1
      while (b < buckets && passed + in_bucket(b) < rank) passed += in_bucket(b++);
      value[q] = middle_of(b < buckets ? b : buckets - 1);
    }
  }

 private:
  static unsigned bucket_of(double value) noexcept {
    const std::uint64_t at = double_bits(value) >> 47;  // sign, exponent, 5 bits of the fraction
    if (at < lowest || at >> 16) return 0;
    return at - lowest < buckets - 1 ? static_cast<unsigned>(at - lowest) + 1 : buckets - 1;
  }
  static double middle_of(unsigned b) noexcept {
    return b == 0 ? 0 : bits_double((static_cast<std::uint64_t>(b - 1 + lowest) << 47) | std::uint64_t(1) << 46);
  }
  std::uint64_t in_bucket(unsigned b) const noexcept {
    std::uint64_t n = 0;
    for (unsigned s = 0; s < slices; ++s) n += cells_[s * buckets + b].load(memory_order_relaxed);
    return n;
  }
  void move_to(std::uint32_t now) noexcept {
    const std::int32_t passed = static_cast<std::int32_t>(now - began_);
    if (passed < 0) began_ = now;  // the wall clock was set back: the slice begins anew
    const std::uint32_t turns = passed <= 0 ? 0 : static_cast<std::uint32_t>(passed) / slice_seconds_;
    began_ += turns * slice_seconds_;
    for (std::uint32_t t = 0; t < turns && t < slices; ++t) {
      const std::uint32_t oldest = (present_.load(memory_order_relaxed) + 1) % slices;
      for (unsigned b = 0; b < buckets; ++b) cells_[oldest * buckets + b].store(0, memory_order_relaxed);
      present_.store(oldest, memory_order_relaxed);
    }
  }

  shared<std::uint32_t>* cells_;
  std::uint32_t slice_seconds_;
  std::uint32_t began_;
  shared<std::uint32_t> present_;
  spin_lock readers_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_QUANTILE_WINDOW_HPP

// ==== narthex/detail/small_function.hpp =========================================================
// narthex/detail/small_function.hpp - a user's function, stored in place.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SMALL_FUNCTION_HPP
#define NARTHEX_DETAIL_SMALL_FUNCTION_HPP

#include <new>
#include <type_traits>
#include <utility>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A user's function and up to three words of captures, stored in place.
template <class Result, class... Args>
class small_function {
 public:
  template <class F>
  explicit small_function(F&& f) noexcept {
    using stored = typename std::decay<F>::type;
    static_assert(sizeof(stored) <= sizeof room_ && alignof(stored) <= alignof(void*),
                  "a callback may capture up to three words; capture a pointer to the rest");
    static_assert(std::is_nothrow_move_constructible<stored>::value, "moving a callback must not throw");
    new (room_) stored(std::forward<F>(f));
    call_ = [](void* room, Args... args) -> Result { return (*static_cast<stored*>(room))(args...); };
    destroy_ = [](void* room) noexcept { static_cast<stored*>(room)->~stored(); };
  }
  ~small_function() { destroy_(room_); }
  small_function(const small_function&) = delete;
  small_function& operator=(const small_function&) = delete;

  Result operator()(Args... args) { return call_(room_, args...); }

 private:
  void* room_[3];
  Result (*call_)(void*, Args...);
  void (*destroy_)(void*);
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SMALL_FUNCTION_HPP

// ==== narthex/detail/name_order.hpp =============================================================
// narthex/detail/name_order.hpp - names compared as they are written: a registry's prefix, the name, a suffix.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NAME_ORDER_HPP
#define NARTHEX_DETAIL_NAME_ORDER_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A name in two pieces, so that a prefix costs no copy of each name.
struct full_name {
  string_view prefix;
  string_view name;
  std::size_t size() const noexcept { return prefix.size() + name.size(); }
  /// NUL behind the last letter.
  char operator[](std::size_t i) const noexcept {
    return i < prefix.size() ? prefix[i] : i < size() ? name[i - prefix.size()] : '\0';
  }
};

/// How two names stand to each other: < 0, 0, > 0 by bytes; `common` is how many leading bytes they share. Of one registry,
/// whose names share their prefix, as C strings.
template <class Name>
NARTHEX_DETAIL_COLD int relate(const Name& a, const Name& b, std::size_t& common) noexcept {
  std::size_t i = 0;
  while (a[i] == b[i] && a[i]) ++i;
  common = i;
  return static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i]);
}
inline int relate(const full_name& a, const full_name& b) noexcept {
  std::size_t common;
  return relate(a, b, common);
}

/// Whether a text, or the two one behind the other, is one of the endings of a distribution's samples, in whatever format.
template <metric_type Type>
NARTHEX_DETAIL_COLD bool is_tail(const char* text, const char* behind) noexcept {
  const char* tail = Type == metric_type::summary     ? "_count\0_sum\0_created\0"
                     : Type == metric_type::histogram ? "_bucket\0_count\0_sum\0_created\0"
                                                      : "_bucket\0_count\0_sum\0_gcount\0_gsum\0";
  for (; *tail; ++tail) {
    const char *at = text, *then = behind;
    for (;; ++at, ++tail) {
      if (!*at && then) {
        at = then;
        then = nullptr;
      }
      if (*at != *tail) break;
      if (!*at) return true;
    }
    while (*tail) ++tail;
  }
  return false;
}

/// What tells whether a metric of this type writes a sample `name + tail`; null: it writes none but its name. The tail may
/// begin in a registry's prefix: then the name is `behind` it, otherwise that is null.
using tail_test = bool (*)(const char* text, const char* behind);
constexpr tail_test tails_of(metric_type type) noexcept {
  return type == metric_type::histogram         ? &is_tail<metric_type::histogram>
         : type == metric_type::summary         ? &is_tail<metric_type::summary>
         : type == metric_type::gauge_histogram ? &is_tail<metric_type::gauge_histogram> : nullptr;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NAME_ORDER_HPP

// ==== narthex/detail/family_ops.hpp =============================================================
// narthex/detail/family_ops.hpp - what a scrape and a registration ask of a family: one constant table for each kind.
// Room: foundations. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_FAMILY_OPS_HPP
#define NARTHEX_DETAIL_FAMILY_OPS_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

struct family_node;

/// A sample and the room its parts need: on the scraper's stack, so that nothing of a series is touched
/// once it was read.
struct reading : sample {
  enum : std::size_t { text_room = 256, max_quantiles = 16 };
  buckets bounds_copy = buckets(nullptr, 0);
  char text[text_room];                             // labels of series whose text is not kept ready
  double quantile_room[max_quantiles];
  std::uint64_t count_room[buckets::max_bounds + 1];
  union {
    double bound_room[buckets::max_bounds];         // bounds that lie in an object that may go away meanwhile
    std::int32_t index_room[buckets::max_bounds + 1];  // a native histogram's
  };
#if NARTHEX_HAS(HEAP)
  native_counts native_room;
#endif

  /// Lets the walk that reads go of the lists, before a user's code runs.
#if NARTHEX_HAS(THREADS)
  void rest() const {
    if (let_go) let_go(walker);
  }
  void (*let_go)(void* walk) = nullptr;
  void* walker = nullptr;
#else
  void rest() const noexcept {}
#endif
  exemplar_room* exemplars_wanted = nullptr;  // null: nobody asks

  /// Adds the sum of another registry's series, and its native buckets.
  void add_sum(const reading& theirs) noexcept {
    sum = add(sum, theirs.sum);
#if NARTHEX_HAS(HEAP)
    if (native) native->merge(*this, theirs);
#endif
  }

  /// Before a series is read: it is a number and no more until its kind says otherwise.
  void be_plain() noexcept {
    is_plain = true;
    exemplar_count = 0;
#if NARTHEX_HAS(HEAP)
    has_time = false;
    created_ns = 0;
    native = nullptr;
#endif
  }

  /// Puts a label, ready, behind those that are there: the registry's, as a rule none.
  void add_label(const char* ready) noexcept;

  /// Says that it is more than a number: a histogram, a summary, or a counter with something.
  template <metric_type Type>
  void is_more() noexcept {
    is_plain = false;
#if !NARTHEX_HAS(HEAP)
    lines = &sample_text<Type>::write;
#endif
  }
};

/// How far a walk came within one family.
struct position {
  const void* at;        // the last series read; null before the first
  std::uint32_t index;
};

// What kind of storage stands behind a name: a second registration must have the same.
enum class storage : std::uint8_t {
  counter, double_counter, gauge, int_gauge, histogram, static_histogram, summary, fixed_summary, info, state_set, callback, collected, self,
  expiring, exemplar_counter, exemplar_double_counter, exemplar_histogram, native, described
};

struct family_ops;

/// What a scrape and a registration ask of a family. One constant table per kind.
struct family_basics {
  using next_series = bool (*)(family_node&, position& where, reading&);

  constexpr family_basics(metric_type of_type, storage of_kind, bool is_owned, next_series a, bool is_all = false) noexcept
      : type(of_type), kind(of_kind), owned(is_owned), has_more(is_all), next(a), has_tail(tails_of(of_type)) {}

  metric_type type;
  storage kind;
  /// The registry's memory: never unlinked, only hidden. Otherwise the node lives inside a user's object.
  bool owned;
  /// Whether this is a family_ops. One without is that of an object without labels and choices, where there is no heap.
  bool has_more;
  /// Reads the next visible series after `where` and moves it on; false when there is none. `labels` are the registry's
  /// constant ones before.
  next_series next;
  /// Whether a name goes on, behind this one, as that of a sample that this one writes; null: it writes none but its name.
  tail_test has_tail;

  const family_ops& all() const noexcept;
};

/// What else is asked of a family.
struct family_ops : family_basics {
  using to_node = void (*)(family_node&);
  using label_of = string_view (*)(const family_node&, unsigned i);
  using choice_of = const void* (*)(const family_node&);
  using comparison = bool (*)(const void*, const void*);
  using to_series = void (*)(family_node&, void* core);
  using state_of = status (*)(const family_node&, const void* core);
  using end_of = void (*)(family_node*);
  enum class twin : std::uint8_t { read, none, unknown };
  using twin_reader = twin (*)(family_node&, const family_node& elsewhere, const position& at, reading&);

#if NARTHEX_HAS(HEAP)
  constexpr family_ops(metric_type of_type, storage of_kind, bool is_owned, next_series a, to_node b, label_of c, choice_of d,
                       comparison e, to_series f, state_of g, end_of h, twin_reader k = nullptr) noexcept
      : family_basics(of_type, of_kind, is_owned, a, true), restart(b), label(c), chosen(d), same(e), unregister(f), state(g),
        destroy(h), read_twin(k) {}
#else
  constexpr family_ops(metric_type of_type, storage of_kind, bool is_owned, next_series a, to_node b, label_of c, choice_of d,
                       comparison e, to_series f, state_of g, end_of h) noexcept
      : family_basics(of_type, of_kind, is_owned, a, true), restart(b), label(c), chosen(d), same(e), unregister(f), state(g),
        destroy(h) {}
#endif

  /// Counts from zero again; null where nobody asks that, as for the last three.
  to_node restart;
  /// The family's label name number `i`; empty beyond the last.
  label_of label;
  /// What else makes it the metric it is (bounds, quantiles, states): of one type for each kind of storage.
  choice_of chosen;
  /// Whether two such choices are the same.
  comparison same;
  /// Takes the instrument with this storage out of the exposition.
  to_series unregister;
  /// What became of the instrument with this storage.
  state_of state;
  /// Ends and frees an owned node.
  end_of destroy;
#if NARTHEX_HAS(HEAP)
  /// Reads the series with the labels of the one at `at` in an equal family of another registry, by their hash: with 20,000 series
  /// in each, a scrape of both took 2.4 s without. Null, or unknown: whoever asks goes through them all.
  twin_reader read_twin;
#endif
};
inline const family_ops& family_basics::all() const noexcept {
  NARTHEX_ASSERT(has_more);
  return static_cast<const family_ops&>(*this);
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_FAMILY_OPS_HPP

// ==== narthex/detail/family_node.hpp ============================================================
// narthex/detail/family_node.hpp - one name in a registry, whatever kind of metric stands behind it.
// Room: foundations. Read detail/family_ops.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_FAMILY_NODE_HPP
#define NARTHEX_DETAIL_FAMILY_NODE_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

class registry_core;

namespace detail {

#if NARTHEX_HAS(HEAP)
/// Where a node stands: its registry, and whether it is shown there; or why it was refused.
///
/// Order: of a node that a registry owns it changes under the lists' lock alone.
class membership {
 public:
  enum state : std::uint32_t { shown, unregistered, coming_back, refused };

  constexpr explicit membership(registry_core* registry) noexcept : word_(registry) {}

  /// Null: refused, unlinked, or the registry is gone.
  registry_core* load(std::memory_order order) const noexcept {
    const std::uintptr_t w = bits_of(order);
    return (w & tag) == refused ? nullptr : reinterpret_cast<registry_core*>(w & ~std::uintptr_t(tag));
  }
  void store(registry_core* registry, std::memory_order order) noexcept { word_.store(registry, order); }

  state visibility(std::memory_order order) const noexcept { return static_cast<state>(bits_of(order) & tag); }
  void show_as(state s) noexcept {
    put((bits_of(memory_order_relaxed) & ~std::uintptr_t(tag)) | s, memory_order_release);
  }

  /// Before anybody else sees the node, or of one that nobody but its owner does.
  void refuse(errc why, std::size_t at) noexcept {
    const std::uintptr_t place = at < 0xffff ? at : 0xffff;
    put(place << 16 | static_cast<std::uintptr_t>(why) << 8 | refused, memory_order_relaxed);
  }
  errc reason() const noexcept {
    const std::uintptr_t w = bits_of(memory_order_relaxed);
    return (w & tag) == refused ? static_cast<errc>(w >> 8 & 0xff) : errc::ok;
  }
  std::uint16_t reason_at() const noexcept { return static_cast<std::uint16_t>(bits_of(memory_order_relaxed) >> 16); }

 private:
  enum : std::uint32_t { tag = 3 };
  std::uintptr_t bits_of(std::memory_order order) const noexcept { return reinterpret_cast<std::uintptr_t>(word_.load(order)); }
  void put(std::uintptr_t w, std::memory_order order) noexcept { word_.store(reinterpret_cast<void*>(w), order); }
  shared<void*> word_;  // a pointer, so that the default registry's own node is there before any code runs
};

/// When a series began to count from zero: nanoseconds since 1970, whole seconds where 64-bit atomics are not lock-free.
class created_time {
 public:
  enum : std::size_t { bytes = 8 };
  static created_time& at(void* begin, std::uint32_t offset) noexcept {
    return *reinterpret_cast<created_time*>(static_cast<char*>(begin) + offset);
  }
  void set(std::int64_t ns) noexcept { word_.store(static_cast<cell_word>(ns / unit_ns), memory_order_relaxed); }
  std::int64_t get() const noexcept { return static_cast<std::int64_t>(word_.load(memory_order_relaxed)) * unit_ns; }

 private:
  enum : std::int64_t { unit_ns = NARTHEX_HAS(ATOMIC64) ? 1 : 1000000000 };
  shared<cell_word> word_;
};
#endif

/// What a name is without its registry's prefix, and what it means; both end in NUL.
struct node_words {
  const char* name;
  const char* help;
};

/// All that never changes of a metric, in one constant: where RAM is short, in flash.
struct described : family_ops {
  constexpr described(const family_ops& usual, node_words what, registry_core* where) noexcept
      : family_ops(usual), words(what), registry(where) {}
  node_words words;
  registry_core* registry;
};

#if NARTHEX_HAS(HEAP)
/// Where a name stands, and what it is.
struct node_base {
  constexpr node_base(const family_basics* kind, node_words what, registry_core* registry) noexcept
      : ops(kind), own_words(what), next(nullptr), place(registry) {}
  explicit node_base(const described& d) noexcept : node_base(&d, d.words, nullptr) {}

  const family_basics* ops;
  node_words own_words;
  shared<family_node*> next;  // by name; seq_cst, see grace
  membership place;

  const node_words& words() const noexcept { return own_words; }
  /// Null: refused, unlinked, or the registry is gone.
  registry_core* home() const noexcept { return place.load(memory_order_acquire); }
  /// Before it is linked, under the lists' lock.
  void join(registry_core& r) noexcept {
    NARTHEX_ASSERT(!home());
    place.store(&r, memory_order_relaxed);
  }
  /// When nobody can stand on it any more.
  void leave() noexcept { place.store(nullptr, memory_order_release); }
  bool is_shown() const noexcept { return place.visibility(memory_order_acquire) == membership::shown; }
  bool is_unregistered() const noexcept { return place.visibility(memory_order_acquire) == membership::unregistered; }

  void refuse(errc why, std::size_t at) noexcept {
    if (why != errc::ok) place.refuse(why, at);
  }
  errc reason() const noexcept { return place.reason(); }
  unsigned reason_at() const noexcept { return place.reason_at(); }
};
#else
/// The same, inside a user's object: it is shown as long as it is linked. What never changes stands behind it (named_node) or
/// in its constant (described).
struct node_base {
  constexpr explicit node_base(const family_basics* kind) noexcept : ops(kind), next(nullptr) {}
  explicit node_base(const described& d) noexcept : node_base(&d) {}

  const family_basics* ops;
  shared<family_node*> next;  // by name; seq_cst, see grace. Odd: it is in no list, and the other bits say why not

  inline const node_words& words() const noexcept;
  inline registry_core* home() const noexcept;
  inline void join(registry_core& r) noexcept;
  void leave() noexcept { set_state(1); }
  bool is_shown() const noexcept { return (bits() & 1) == 0; }
  bool is_unregistered() const noexcept { return !is_shown(); }

  void refuse(errc why, std::size_t at) noexcept {
    const std::uintptr_t where = at < 0xffff ? at : 0xffff;
    if (why != errc::ok) set_state(where << 16 | static_cast<std::uintptr_t>(why) << 8 | 1);
  }
  errc reason() const noexcept { return is_shown() ? errc::ok : static_cast<errc>(bits() >> 8 & 0xff); }
  unsigned reason_at() const noexcept { return static_cast<std::uint16_t>(bits() >> 16); }

 private:
  std::uintptr_t bits() const noexcept { return reinterpret_cast<std::uintptr_t>(next.load(memory_order_acquire)); }
  void set_state(std::uintptr_t state) noexcept { next.store(reinterpret_cast<family_node*>(state), memory_order_release); }
};
#endif

/// One name. Of what is there at registration nothing changes but its place.
struct family_node : node_base {
  using node_base::node_base;
  const char* name() const noexcept { return words().name; }
  const char* help() const noexcept { return words().help; }

#if NARTHEX_HAS(HEAP)
  unit_size unit = unit_size::none;
  std::uint32_t created_at = 0;            // how far behind a series' beginning its created_time lies; 0: there is none
  std::int64_t (*clock_ns)() = nullptr;    // what it is read from

  /// What the name's values are measured in; empty when nobody said.
  string_view unit_of_name() const noexcept { return unit_of(name(), unit); }
  void measure_in(unit_size u) noexcept { unit = u == unit_size::wrong ? unit_size::none : u; }

  /// Keeps, for a series at `begin`, that it counts from zero since now. Nothing where the registry has no clock.
  void stamp(void* begin) const noexcept {
    if (created_at) created_time::at(begin, created_at).set(clock_ns());
  }
  /// Since when it does, where that is kept; a native histogram that has just begun anew says so from the next time on.
  void tell_created(void* begin, reading& out) const noexcept {
    out.created_ns = created_time::at(begin, created_at).get();
    if (out.native && out.native->restarts) stamp(begin);
  }
#else
  static string_view unit_of_name() noexcept { return string_view(); }
  static void measure_in(unit_size) noexcept {}  // nodes have no room for it there
#endif

  /// The answer to status() of an instrument of this family.
  status state() const noexcept {
    if (reason() != errc::ok) return refusal();
    return is_shown() && home() ? status() : status(errc::not_registered, name());
  }

  /// Why the registration was refused, in full: the metric, the label, the position.
  NARTHEX_DETAIL_COLD status refusal() const noexcept {
    const errc why = reason();
    const unsigned at = reason_at();
    char subject[96];
    std::size_t n = 0;
    const auto put = [&subject, &n](string_view text) {
      for (const char c : text) {
        if (n < sizeof subject) subject[n++] = c;
      }
    };
    put(name());
    const bool about_label =
        why == errc::bad_label_name || why == errc::reserved_label_name || why == errc::duplicate_label_name ||
        why == errc::repeated_label_value;
    const string_view label = about_label ? ops->all().label(*this, at) : string_view();
    if (!label.empty()) {
      put("{");
      put(label);
      put("}");
    }
    const string_view text(subject, n);
    const bool has_place = about_label || why == errc::bad_name || why == errc::bad_buckets ||
                           why == errc::bad_quantile || why == errc::bad_states || why == errc::label_too_long;
    return has_place ? status(why, text, at) : status(why, text);
  }
};

/// One whose name is not in a constant of its own: all but a static_histogram.
#if NARTHEX_HAS(HEAP)
struct named_node : family_node {
  constexpr named_node(const family_basics* kind, const char* full, const char* means, registry_core* registry = nullptr) noexcept
      : family_node(kind, node_words{full, means}, registry) {}
};
#else
struct named_node : family_node {
  constexpr named_node(const family_basics* kind, const char* full, const char* means, registry_core* where = nullptr) noexcept
      : family_node(kind), own_words{full, means}, registry(where) {}
  node_words own_words;
  registry_core* registry;

  const node_words& words() const noexcept { return own_words; }
  registry_core* home() const noexcept { return is_shown() ? registry : nullptr; }
};
static_assert(alignof(named_node) >= 2, "a bit of its address is used");
inline const node_words& node_base::words() const noexcept {
  return ops->kind == storage::described ? static_cast<const described*>(ops)->words : static_cast<const named_node*>(this)->words();
}
inline registry_core* node_base::home() const noexcept {
  if (ops->kind != storage::described) return static_cast<const named_node*>(this)->home();
  return is_shown() ? static_cast<const described*>(ops)->registry : nullptr;
}
inline void node_base::join(registry_core& r) noexcept {
  NARTHEX_ASSERT(is_shown());  // one that left or was refused never comes back
  if (ops->kind != storage::described) static_cast<named_node*>(this)->registry = &r;
}
#endif

inline string_view no_label(const family_node&, unsigned) noexcept { return string_view(); }
inline const void* nothing_more(const family_node&) noexcept { return nullptr; }
inline bool always_same(const void*, const void*) noexcept { return true; }
inline bool never_same(const void*, const void*) noexcept { return false; }
template <class Choice>
bool same_choice(const void* a, const void* b) noexcept {
  return *static_cast<const Choice*>(a) == *static_cast<const Choice*>(b);
}
inline void nothing_to_restart(family_node&) noexcept {}
inline status node_state(const family_node& n, const void*) noexcept { return n.state(); }

NARTHEX_DETAIL_COLD inline bool same_labels(const family_node& a, const family_node& b) noexcept {
  for (unsigned i = 0;; ++i) {
    const string_view name = a.ops->all().label(a, i);
    if (name != b.ops->all().label(b, i)) return false;
    if (name.empty()) return true;
  }
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_FAMILY_NODE_HPP

// ==== narthex/error_hook.hpp ====================================================================
// narthex/error_hook.hpp - one line about each refused registration, to whoever wants to know.
// Room: foundations. Read detail/family_node.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_ERROR_HOOK_HPP
#define NARTHEX_ERROR_HOOK_HPP


#if NARTHEX_HAS(HOST)
#include <cstdio>
#endif

NARTHEX_BEGIN_NAMESPACE

/// Called with each refused registration, in the thread that tried it.
using error_hook = void (*)(const status&);

namespace detail {

#if NARTHEX_HAS(HOST)
inline void print_refusal(const status& why) noexcept {
  char line[status::max_message + 16] = "narthex: ";
  std::size_t n = 9;
  n += why.message(line + n, status::max_message);
  line[n++] = '\n';
  std::fwrite(line, 1, n, stderr);  // one call, so that lines of several threads do not mix
}
#endif

template <class Once>
struct error_hook_holder {
  static shared<error_hook> hook;
#if !NARTHEX_HAS(HEAP)
  static void (*teller)(const family_node&);  // null until somebody listens: the words need half a kilobyte of code
#endif
};
template <class Once>
shared<error_hook> error_hook_holder<Once>::hook(
#if NARTHEX_HAS(HOST)
    &print_refusal
#else
    nullptr
#endif
);
#if !NARTHEX_HAS(HEAP)
template <class Once>
void (*error_hook_holder<Once>::teller)(const family_node&) = nullptr;
#endif

inline void report(const status& why) noexcept {
  const error_hook hook = error_hook_holder<void>::hook.load(memory_order_acquire);
  if (hook) hook(why);
}
inline void report_refusal(const family_node& n) noexcept { report(n.refusal()); }
inline void report(const family_node& n) noexcept {
#if NARTHEX_HAS(HEAP)
  report_refusal(n);
#else
  if (error_hook_holder<void>::teller) error_hook_holder<void>::teller(n);
#endif
}

}  // namespace detail

/// Replaces what is told of refused registrations; a null pointer silences it.
///
/// hook:    must not throw. The first one writes a line to stderr (without a host there is none).
/// Returns: the hook that was there.
/// Threads: any, at any time; one hook for all registries.
inline error_hook set_error_hook(error_hook hook) noexcept {
#if NARTHEX_HAS(METRICS)
#if !NARTHEX_HAS(HEAP)
  detail::error_hook_holder<void>::teller = &detail::report_refusal;
#endif
  return detail::error_hook_holder<void>::hook.exchange(hook, detail::memory_order_acq_rel);
#else
  static_cast<void>(hook);
  return nullptr;
#endif
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_ERROR_HOOK_HPP

// ==== narthex/detail/registry_core.hpp ==========================================================
// narthex/detail/registry_core.hpp - the list of names, and who may join it.
// Room: foundations. Read detail/family_node.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_REGISTRY_CORE_HPP
#define NARTHEX_DETAIL_REGISTRY_CORE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE

/// What a registry counts about its users' mistakes, shown as narthex_refused_total{what="..."} once not 0.
enum class mistake : std::uint8_t {
  registration,  ///< a metric was refused
  update,        ///< a negative, NaN or infinite value was not counted
  series,        ///< labels() answered with the overflow series or a stand-in
  sample,        ///< a custom collector gave what it had not declared, or memory for it was missing
  push           ///< a push beyond its rate
};
enum : unsigned { mistake_kinds = 5 };

class walk;

#if NARTHEX_HAS(METRICS)
namespace detail {

/// Whether two nodes of one name are the same metric, but for their registry.
NARTHEX_DETAIL_COLD inline bool is_same_metric(const family_node& x, const family_node& y) noexcept {
  if (x.ops->kind != y.ops->kind || x.ops->type != y.ops->type || string_view(x.help()) != string_view(y.help())) return false;
  if (x.unit_of_name() != y.unit_of_name()) return false;
  if (!x.ops->has_more || !y.ops->has_more) return x.ops->has_more == y.ops->has_more;
  return same_labels(x, y) && x.ops->all().same(x.ops->all().chosen(x), y.ops->all().chosen(y));
}

#if !NARTHEX_HAS(HEAP)
/// What only attached registries need: registry_core::attach fills it in, so that a program without links none of it.
template <class Once>
struct attaching {
  using judgement = errc (*)(const registry_core&, const family_node&);
  using way_on = bool (*)(walk&, bool begins);
  static shared<judgement> judge;
  static shared<way_on> walk_on;
};
template <class Once>
shared<typename attaching<Once>::judgement> attaching<Once>::judge(nullptr);
template <class Once>
shared<typename attaching<Once>::way_on> attaching<Once>::walk_on(nullptr);
#endif

inline void join_labels(reading& to, const char* ready) noexcept {
  label_text text(to.text, reading::text_room);
  text.add_ready(to.labels);
  text.add_ready(ready);
  to.labels = text.text();
}
#if !NARTHEX_HAS(HEAP)
/// What only registries with constant labels need.
template <class Once>
struct label_joining {
  using joint = void (*)(reading& to, const char* ready);
  static shared<joint> join;
};
template <class Once>
shared<typename label_joining<Once>::joint> label_joining<Once>::join(nullptr);
#endif
inline void reading::add_label(const char* ready) noexcept {
  if (labels.empty()) {
    labels = string_view(ready, std::strlen(ready));
    return;
  }
#if NARTHEX_HAS(HEAP)
  join_labels(*this, ready);
#else
  label_joining<void>::join.load(memory_order_relaxed)(*this, ready);
#endif
}

struct self_node : named_node {
  explicit constexpr self_node(registry_core* where) noexcept;
};

}  // namespace detail

/// The families of a registry, in name order. Trivially destructible and constant-initialised, so that the default
/// registry can be used before main and after it; `registry` adds options and a destructor.
///
/// Threads: every member may be called from any thread at any time.
class registry_core {
 public:
  constexpr registry_core() noexcept
      : first_(&self_), parent_(nullptr), child_(nullptr), sibling_(nullptr),
#if NARTHEX_HAS(THREADS)
        walks_(0),
#endif
        self_(this), prefix_(nullptr), prefix_size_(0), constant_(nullptr), constant_size_(0)
#if NARTHEX_HAS(HEAP)
        , refused_nodes_(nullptr), names_(nullptr), clock_ns_(nullptr)
#endif
  {}
  registry_core(const registry_core&) = delete;
  registry_core& operator=(const registry_core&) = delete;

  enum : unsigned { max_registries = NARTHEX_HAS(HEAP) ? 16 : 4 };  ///< that one scrape walks

  /// Makes the families of `other` part of every scrape of this registry. Families of one name merge; where
  /// both have a series with the same labels, counters, histograms and summaries are added up and of other
  /// types the one of this registry is shown.
  ///
  /// Errors:  errc::name_taken or name_collides (subject: the name), errc::attach_cycle, errc::already_attached,
  ///          errc::too_many_registries. Nothing is changed then.
  /// Threads: any. `other` must be detached before it is destroyed; a `registry` does that itself.
  status attach(registry_core& other) noexcept;

  /// Undoes attach(). Errors: errc::not_registered when `other` is not attached here.
  status detach(registry_core& other) noexcept;

  /// How many things of this kind were refused in this registry.
  std::uint64_t refused(mistake what) const noexcept {
    return refused_[static_cast<unsigned>(what)].n.load(detail::memory_order_relaxed);
  }

  string_view prefix() const noexcept { return string_view(prefix_, prefix_size_); }
  /// The constant labels as they are written: a="b",c="d".
  string_view constant_labels() const noexcept { return string_view(constant_, constant_size_); }

#if NARTHEX_HAS(HEAP)
  /// From now on, what is registered here keeps for each series since when it counts from zero: counters, histograms and
  /// summaries that the registry owns (not fixed_ ones, enum and expiring families). OpenMetrics shows it as x_created, protobuf in
  /// the series itself.
  ///
  /// clock_ns: nanoseconds since 1970, as nx::unix_time_ns of unix_time.hpp; called for each new or removed series, from
  ///           any thread, without a lock of ours. Null: nothing is kept.
  /// Cost:     8 bytes a series, and one line more for each in OpenMetrics.
  void keep_created_times(std::int64_t (*clock_ns)()) noexcept { clock_ns_.store(clock_ns, detail::memory_order_relaxed); }
  std::int64_t (*created_clock() const noexcept)() { return clock_ns_.load(detail::memory_order_relaxed); }
#endif

  // ---- for instruments and walks ----

  /// Puts `n` into the list, or says why not. `twin` is then the owned node that is the same metric, shown
  /// again when it was hidden.
  errc insert(detail::family_node& n, detail::family_node*& twin) noexcept;
  /// Takes a node of a user's object out; returns when no scrape can stand on it any more.
  void unlink(detail::family_node& n) noexcept;
  void hide(detail::family_node& n) noexcept {
#if NARTHEX_HAS(HEAP)
    const detail::hold held(detail::lists::lock);
    if (!n.is_shown()) return;  // or coming back
    n.place.show_as(detail::membership::unregistered);
    detail::change_lists();
#else
    static_cast<void>(n);  // nothing is owned
#endif
  }
  void count(mistake what) noexcept {
    refused_[static_cast<unsigned>(what)].n.fetch_add(1, detail::memory_order_relaxed);
  }
  /// Tells of a refused registration and counts it.
  void tell(const detail::family_node& n) noexcept {
    count(mistake::registration);
    detail::report(n);
  }
#if NARTHEX_HAS(HEAP)
  /// What the handles of a refused registration use until the registry ends: `fresh`, or the node of an equal
  /// refusal among the last 64, so that a refusal in a loop does not fill memory.
  detail::family_node* keep_refused(detail::family_node& fresh, errc why, std::size_t at) noexcept;
  /// A copy of `text` that lives as long as the registry; the same text is kept once. Null without memory.
  const char* intern(string_view text) noexcept;
#endif

  detail::family_node* first() const noexcept { return first_.load(detail::memory_order_seq_cst); }
  /// The next registry of the tree below `top`, itself first; null after the last.
  const registry_core* next_in_tree(const registry_core* root) const noexcept;

#if NARTHEX_HAS(THREADS)
  void enter_walk() noexcept { walks_.fetch_add(1, detail::memory_order_acquire); }
  void leave_walk() noexcept { walks_.fetch_sub(1, detail::memory_order_release); }
#else
  void enter_walk() noexcept {}
  void leave_walk() noexcept {}
#endif
  /// Whether a walk of it is one of several registries.
  bool has_others() const noexcept { return child_.load(detail::memory_order_seq_cst) != nullptr; }

 protected:
  /// Waits for scrapes, then frees what is owned and lets go of what is not.
  void end() noexcept;
  void set_prefix(string_view text) noexcept {
    prefix_ = text.data();
    prefix_size_ = static_cast<std::uint32_t>(text.size());
  }
  void set_constant_labels(string_view ready) noexcept {
#if !NARTHEX_HAS(HEAP)
    detail::label_joining<void>::join.store(&detail::join_labels, detail::memory_order_relaxed);
#endif
    constant_ = ready.data();
    constant_size_ = static_cast<std::uint32_t>(ready.size());
  }

 private:
  struct verdict {
    errc why;
#if NARTHEX_HAS(HEAP)
    detail::family_node* twin;
#endif
    detail::shared<detail::family_node*>* link;  // to the node behind the place
  };
  void judge(const detail::family_node& n, verdict& v) noexcept;
  static errc judge_elsewhere(const registry_core& home, const detail::family_node& n) noexcept;
  detail::family_node* start_for(string_view wanted) const noexcept;
  static errc clash(const registry_core& a, const detail::family_node& x, const registry_core& b,
                    const detail::family_node& y) noexcept;
  const registry_core& top() const noexcept;

  detail::shared<detail::family_node*> first_;
  detail::shared<registry_core*> parent_, child_, sibling_;
#if NARTHEX_HAS(THREADS)
  detail::shared<std::uint32_t> walks_;
#endif
  struct tally {
    constexpr tally() noexcept : n(0) {}
    detail::shared<detail::cell_word> n;
  };
  tally refused_[mistake_kinds];
#if NARTHEX_HAS(HEAP)
  // The owned nodes registered last: places to begin a search at. 10,000 names in random order took 350 ms
  // without them.
  struct finger {
    constexpr finger() noexcept : node(nullptr) {}
    detail::shared<detail::family_node*> node;
  };
  finger fingers_[32];
#endif
  detail::self_node self_;
  const char* prefix_;
  alignas(4) std::uint32_t prefix_size_;  // where words lie at even places (m68k), `membership` would have one bit beside the address
  const char* constant_;
  std::uint32_t constant_size_;
#if NARTHEX_HAS(HEAP)
  struct interned {
    interned* next;  // the text lies behind it
  };
  detail::family_node* refused_nodes_;
  interned* names_;
  detail::shared<std::int64_t (*)()> clock_ns_;
#endif
};
static_assert(alignof(registry_core) >= 4, "two bits of its address are used");

namespace detail {
// ---- the registry's own metric ----

/// Shows each kind of refusal once it is not 0, so that a program without mistakes exposes nothing of ours.
NARTHEX_DETAIL_COLD inline bool next_refusal(family_node& n, position& where, reading& out) noexcept {
  const char* const what = "what=\"registration\"\0what=\"update\"\0what=\"series\"\0what=\"sample\"\0what=\"push\"";
  const registry_core* const home = static_cast<self_node&>(n).home();
  while (home && where.index < mistake_kinds) {
    const unsigned i = where.index++;
    const std::uint64_t value = home->refused(static_cast<mistake>(i));
    if (value == 0) continue;
    if (NARTHEX_HAS(HEAP)) out.labels = home->constant_labels();  // elsewhere a walk says it before each series
    out.add_label(nth_text(what, i));
    out.value = value;
    return true;
  }
  return false;
}

template <class Once>
struct self_ops {
#if NARTHEX_HAS(HEAP)
  static const family_ops table;
#else
  static const family_basics table;
#endif
};
template <class Once>
#if NARTHEX_HAS(HEAP)
const family_ops self_ops<Once>::table = {
    metric_type::counter, storage::self, false,   &next_refusal, &nothing_to_restart, &no_label,
    &nothing_more,        &always_same,  nullptr, nullptr,       nullptr};
#else
const family_basics self_ops<Once>::table = {metric_type::counter, storage::self, false, &next_refusal};
#endif

constexpr self_node::self_node(registry_core* where) noexcept
    : named_node(&self_ops<void>::table, "narthex_refused_total",
                  "What was refused, by kind.", where) {}

}  // namespace detail
// ---- the tree of attached registries ----

inline const registry_core& registry_core::top() const noexcept {
  const registry_core* r = this;
  while (const registry_core* up = r->parent_.load(detail::memory_order_seq_cst)) r = up;
  return *r;
}

inline const registry_core* registry_core::next_in_tree(const registry_core* root) const noexcept {
  if (const registry_core* down = child_.load(detail::memory_order_seq_cst)) return down;
  for (const registry_core* r = this; r && r != root; r = r->parent_.load(detail::memory_order_seq_cst)) {
    if (const registry_core* beside = r->sibling_.load(detail::memory_order_seq_cst)) return beside;
  }
  return nullptr;
}

#else  // compiled out

class registry_core {
 public:
  constexpr registry_core() noexcept {}
  registry_core(const registry_core&) = delete;
  registry_core& operator=(const registry_core&) = delete;
  enum : unsigned { max_registries = NARTHEX_HAS(HEAP) ? 16 : 4 };
  status attach(registry_core&) noexcept { return status(); }
  status detach(registry_core&) noexcept { return status(); }
  std::uint64_t refused(mistake) const noexcept { return 0; }
  string_view prefix() const noexcept { return string_view(); }
  string_view constant_labels() const noexcept { return string_view(); }
#if NARTHEX_HAS(HEAP)
  void keep_created_times(std::int64_t (*)()) noexcept {}
#endif
  void count(mistake) noexcept {}
};

#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_REGISTRY_CORE_HPP

// ==== narthex/detail/registration.hpp ===========================================================
// narthex/detail/registration.hpp - how a node joins the list of names, and leaves it.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_REGISTRATION_HPP
#define NARTHEX_DETAIL_REGISTRATION_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


#if NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(HEAP)
inline const char* registry_core::intern(string_view text) noexcept {
  char* const fresh = static_cast<char*>(detail::allocate(sizeof(interned) + text.size() + 1));
  if (!fresh) return nullptr;
  interned* const mine = new (fresh) interned{nullptr};
  char* at = fresh + sizeof(interned);
  detail::copy_text(at, text);
  interned* kept = mine;
  {
    const detail::hold held(detail::lists::lock);
    interned* x = names_;
    while (x && string_view(reinterpret_cast<const char*>(x + 1)) != text) x = x->next;
    if (x) {
      kept = x;
    } else {
      mine->next = names_;
      names_ = mine;
    }
  }
  if (kept != mine) detail::release(mine);
  return reinterpret_cast<const char*>(kept + 1);
}
#endif

namespace detail {
/// Whether the metric writes a sample of the name that goes on like this behind its own.
inline bool writes(const family_node& n, const char* text, const char* behind) noexcept {
  return n.ops->has_tail && n.ops->has_tail(text, behind);
}
inline bool writes(const family_node& n, const full_name& longer, std::size_t from) noexcept {
  const std::size_t before = longer.prefix.size();
  const char* const text = longer.name.data();
  return from < before ? writes(n, longer.prefix.data() + from, text) : writes(n, text + (from - before), nullptr);
}
#if NARTHEX_HAS(HEAP)
/// What a metric of this name could be a sample of, or itself: the first name that can matter to it.
inline string_view without_tail(string_view name) noexcept {
  for (const char* const tail : {"_bucket", "_count", "_sum", "_created", "_gcount", "_gsum"}) {
    if (name.ends_with(tail)) return name.first(name.size() - std::strlen(tail));
  }
  return name;
}
#else  // a search begins at the first name of all
inline string_view without_tail(string_view) noexcept { return string_view(); }
#endif
}  // namespace detail

/// Whether x of registry a and y of registry b, another one, cannot both be exposed.
NARTHEX_DETAIL_COLD inline errc registry_core::clash(const registry_core& a, const detail::family_node& x, const registry_core& b,
                                                     const detail::family_node& y) noexcept {
  const detail::full_name left = {a.prefix(), x.name()}, right = {b.prefix(), y.name()};
  std::size_t common;
  if (detail::relate(left, right, common) == 0) return detail::is_same_metric(x, y) ? errc::ok : errc::name_taken;
  const bool collide = (common == left.size() && detail::writes(x, right, common)) ||
                       (common == right.size() && detail::writes(y, left, common));
  return collide ? errc::name_collides : errc::ok;
}

/// The same for the names of the registries that `home` is attached to, or they to it.
NARTHEX_DETAIL_COLD inline errc registry_core::judge_elsewhere(const registry_core& home, const detail::family_node& n) noexcept {
  const detail::full_name name = {home.prefix(), n.name()};
  const registry_core& all = home.top();
  for (const registry_core* r = &all; r; r = r->next_in_tree(&all)) {
    if (r == &home) continue;
    detail::family_node* x = r->prefix() == home.prefix() ? r->start_for(detail::without_tail(n.name())) : r->first();
    for (; x; x = x->next.load(detail::memory_order_seq_cst)) {
      const errc why = clash(*r, *x, home, n);
      if (why != errc::ok && !x->is_unregistered()) return why;
      std::size_t common;
      if (detail::relate(detail::full_name{r->prefix(), x->name()}, name, common) > 0 && common < name.size()) break;  // nothing related follows
    }
  }
  return errc::ok;
}

/// Finds n's place among the names of this registry.
NARTHEX_DETAIL_COLD inline void registry_core::judge(const detail::family_node& n, verdict& v) noexcept {
  v.link = &first_;
  const char* const wanted = n.name();
  for (detail::family_node* x = start_for(detail::without_tail(wanted)); x; x = x->next.load(detail::memory_order_seq_cst)) {
    const char* const there = x->name();
    std::size_t common;
    const int order = detail::relate(there, wanted, common);
    if (order > 0 && wanted[common]) return;  // nothing related follows
    if (order <= 0) v.link = &x->next;
    // A node inside a user's object cannot be shared.
#if NARTHEX_HAS(HEAP)
    if (order == 0 && x->ops->owned && n.ops->owned && detail::is_same_metric(*x, n)) {
      v.twin = x;
      continue;
    }
#endif
    const errc why = order == 0 ? errc::name_taken
                     : (!there[common] && detail::writes(*x, wanted + common, nullptr)) ||
                             (!wanted[common] && detail::writes(n, there + common, nullptr))
                         ? errc::name_collides
                         : errc::ok;
    if (why == errc::ok || (NARTHEX_HAS(HEAP) && x->is_unregistered())) continue;
    v.why = why;
    return;
  }
}

/// A node from which all names not before `wanted` can be reached.
inline detail::family_node* registry_core::start_for(string_view wanted) const noexcept {
  detail::family_node* best = nullptr;
#if NARTHEX_HAS(HEAP)
  for (const finger& f : fingers_) {
    detail::family_node* const x = f.node.load(detail::memory_order_acquire);
    if (!x || string_view(x->name()).compare(wanted) >= 0) continue;
    if (!best || std::strcmp(best->name(), x->name()) < 0) best = x;
  }
#else
  static_cast<void>(wanted);
#endif
  return best ? best : first();
}

#if NARTHEX_HAS(HEAP)
NARTHEX_DETAIL_COLD inline detail::family_node* registry_core::keep_refused(detail::family_node& fresh, errc why, std::size_t at) noexcept {
  fresh.refuse(why, at);
  count(mistake::registration);
  detail::family_node* equal = nullptr;
  {
    const detail::hold held(detail::lists::lock);
    unsigned looked_at = 0;
    for (equal = refused_nodes_; equal; equal = equal->next.load(detail::memory_order_relaxed)) {
      if (equal->ops == fresh.ops && equal->reason() == why && string_view(equal->name()) == string_view(fresh.name()) &&
          string_view(equal->help()) == string_view(fresh.help()) && detail::same_labels(*equal, fresh)) {
        break;
      }
      if (++looked_at == 64) {
        equal = nullptr;
        break;
      }
    }
    if (!equal) {
      fresh.next.store(refused_nodes_, detail::memory_order_relaxed);
      refused_nodes_ = &fresh;
    }
  }
  detail::report(fresh);
  if (!equal) return &fresh;
  fresh.ops->all().destroy(&fresh);
  return equal;
}
#endif

NARTHEX_DETAIL_COLD inline errc registry_core::insert(detail::family_node& n, detail::family_node*& twin) noexcept {
#if NARTHEX_HAS(HEAP)
  detail::patience p;
#endif
  for (;;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    verdict v = verdict();
    judge(n, v);
#if NARTHEX_HAS(HEAP)
    if (v.why == errc::ok) v.why = judge_elsewhere(*this, n);
    const detail::membership::state was =
        v.twin ? v.twin->place.visibility(detail::memory_order_acquire) : detail::membership::shown;
    if (was == detail::membership::coming_back && (p.wait(), !p.in_vain())) continue;
#else
    static_cast<void>(twin);  // nothing is owned
    const auto judge_others = detail::attaching<void>::judge.load(detail::memory_order_relaxed);
    if (v.why == errc::ok && judge_others) v.why = judge_others(*this, n);
#endif
    const detail::hold held(detail::lists::lock);
    if (!detail::are_unchanged(seen)) continue;  // somebody was quicker
    if (v.why != errc::ok) return v.why;
#if NARTHEX_HAS(HEAP)
    twin = v.twin;
    if (twin) {
      if (was == detail::membership::shown) return errc::ok;
      twin->place.show_as(detail::membership::coming_back);
      detail::change_lists();
      break;
    }
#endif
    n.join(*this);
    n.next.store(v.link->load(detail::memory_order_relaxed), detail::memory_order_relaxed);
    v.link->store(&n, detail::memory_order_seq_cst);
    detail::change_lists();
#if NARTHEX_HAS(HEAP)
    if (n.ops->owned) fingers_[seen % 32].node.store(&n, detail::memory_order_release);
#endif
    return errc::ok;
  }
#if NARTHEX_HAS(HEAP)
  // By one registration alone: another one's restart would take what was counted since the first returned.
  twin->ops->all().restart(*twin);
  const detail::hold held(detail::lists::lock);
  twin->place.show_as(detail::membership::shown);
  return errc::ok;
#endif
}

inline void registry_core::unlink(detail::family_node& n) noexcept {
  for (bool done = false; !done;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    // Begins at a node before n, or at the head.
    detail::family_node* x = start_for(n.name());
    detail::shared<detail::family_node*>* link = x == first() ? &first_ : &x->next;
    if (link != &first_) x = link->load(detail::memory_order_seq_cst);
    while (x && x != &n) {
      link = &x->next;
      x = link->load(detail::memory_order_seq_cst);
    }
    const detail::hold held(detail::lists::lock);
    if (!detail::are_unchanged(seen)) continue;
    if (x) link->store(n.next.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    detail::change_lists();
    done = true;
  }
  detail::lists::readers.wait();
  n.leave();  // only now: scrapes that stood on it took its labels from there
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_REGISTRATION_HPP

// ==== narthex/detail/default_registry.hpp =======================================================
// narthex/detail/default_registry.hpp - the one registry that needs no argument.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_DEFAULT_REGISTRY_HPP
#define NARTHEX_DETAIL_DEFAULT_REGISTRY_HPP


NARTHEX_BEGIN_NAMESPACE
namespace detail {
template <class Once>
struct default_registry_holder {
  static registry_core registry;
};
// Constant-initialised and trivially destructible: ready before any constructor of the program runs,
// never destroyed, no guard, no exit handler.
template <class Once>
registry_core default_registry_holder<Once>::registry;
}  // namespace detail

/// The registry of every instrument that names none.
///
/// There is one per shared library under hidden visibility; registry_core::attach joins them.
/// Threads: any, at any time, before main and after it.
inline registry_core& default_registry() noexcept { return detail::default_registry_holder<void>::registry; }

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_DEFAULT_REGISTRY_HPP

// ==== narthex/detail/in_place.hpp ===============================================================
// narthex/detail/in_place.hpp - how a node inside a user's object joins a registry, and leaves it.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_IN_PLACE_HPP
#define NARTHEX_DETAIL_IN_PLACE_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Names of instruments inside a user's object: copied by the registry where there is a heap.
#if NARTHEX_HAS(HEAP)
using kept_name = metric_name;
using kept_help = string_view;
#else
using kept_name = static_name;
using kept_help = const char*;
#endif

#if NARTHEX_HAS(METRICS)
#if NARTHEX_HAS(HEAP)
/// A copy that is kept for ever, once for each text: an object may outlive its registry. "" and no_memory when there
/// is none.
inline const char* keep_text(registry_core&, string_view text, errc& why) noexcept {
  const char* const copy = default_registry().intern(text);
  if (!copy) why = errc::no_memory;
  return copy ? copy : "";
}
#else
inline const char* keep_text(registry_core&, string_view text, errc&) noexcept { return text.data(); }
#endif

/// Joins the registry, or says why not.
inline void join(registry_core& r, family_node& n, errc why, std::size_t at) noexcept {
  family_node* none = nullptr;
  if (why == errc::ok) why = r.insert(n, none);
  if (why == errc::ok) return;
  n.refuse(why, at);
  r.tell(n);
}
inline void part(family_node& n) noexcept {
  if (registry_core* const home = n.home()) home->unlink(n);
}
inline errc check_unit(errc why, unit_size u) noexcept {
  return why == errc::ok && u == unit_size::wrong ? errc::bad_unit : why;
}
inline errc check_name(string_view name, std::size_t& at) noexcept {
  at = name.empty() ? 0 : bad_byte(name.data(), name.size(), alphabet::metric);
  if (name.empty()) return errc::empty_name;
  const utf8_names* const utf8 = at == name.size() ? nullptr : utf8_in_use();
  return at == name.size() || (utf8 && utf8->is_allowed(name, alphabet::metric)) ? errc::ok : errc::bad_name;
}
/// Checks the name, too. why, at: what is wrong with all else.
NARTHEX_DETAIL_SMALL void join_by_name(registry_core& r, family_node& n, errc why, std::size_t at) noexcept {
#if NARTHEX_HAS(HEAP)
  std::size_t bad;
  const errc name = check_name(n.name(), bad);
  if (name == errc::ok) join(r, n, why, at);
  else join(r, n, name, bad);
#else
  const char* name = n.name();
  if (!name) name = "";
  std::size_t size = 0;
  while (may_stand(name[size], size, alphabet::metric)) ++size;
  if (name[size]) join(r, n, errc::bad_name, size);
  else if (size == 0) join(r, n, errc::empty_name, 0);
  else join(r, n, why, at);
#endif
}
#endif  // NARTHEX_HAS(METRICS)

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_IN_PLACE_HPP

// ==== narthex/detail/single.hpp =================================================================
// narthex/detail/single.hpp - a metric without labels: one name, one storage, registered or fixed in place.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SINGLE_HPP
#define NARTHEX_DETAIL_SINGLE_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

// What a `Core` (the storage of one series) brings:
//   static constexpr metric_type type; static constexpr storage kind;
//   struct args                   what the user may choose (bounds, quantiles); compared by ==
//   static errc check(args, at&)  whether they can be used
//   static size_t args_room(args), static const args* keep(args, void*)
//                                 a copy that lasts, in that many bytes (a multiple of 8); a class derived from args, if more is kept
//   static size_t room(args)      bytes of arrays behind each storage, a multiple of 8
//   Core(const args& kept, void* room)
//   bool read(reading&) const     fills the sample; false when nothing was counted since the start or restart()
//   bool read_at_once(reading&) const
//                                 the same value in a few instructions; false when it takes more
//   void restart()                counts from zero again
//   const args& chosen() const

/// Whether a core has all of its storage inside.
template <class Core>
struct is_in_place : std::true_type {};

/// The args of a core that leaves nothing to choose.
struct no_args {
  friend bool operator==(const no_args&, const no_args&) noexcept { return true; }
};
template <class Once>
struct nothing_chosen_holder {
  static const no_args value;
};
template <class Once>
const no_args nothing_chosen_holder<Once>::value = no_args();
inline const no_args& nothing_chosen() noexcept { return nothing_chosen_holder<void>::value; }

}  // namespace detail

#if NARTHEX_HAS(METRICS)
namespace detail {

template <class Core>
struct single : named_node {
  single(const family_basics* kind, const char* full, const char* means, const typename Core::args& kept, void* room) noexcept
      : named_node(kind, full, means), core(kept, room) {}
  Core core;
};

template <class Core, bool Owned>
struct single_ops {
  static bool next(family_node& n, position& where, reading& out) noexcept {
    if (where.index++) return false;
    static_cast<single<Core>&>(n).core.read(out);
#if NARTHEX_HAS(HEAP)
    if (n.created_at) {
      out.is_plain = false;
      n.tell_created(&n, out);
    }
#endif
    return true;
  }
  static void restart(family_node& n) noexcept {
    static_cast<single<Core>&>(n).core.restart();
#if NARTHEX_HAS(HEAP)
    n.stamp(&n);
#endif
  }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const single<Core>&>(n).core.chosen(); }
  static void unregister(family_node& n, void*) noexcept {
    if (registry_core* const home = n.home()) home->hide(n);
  }
  static void destroy(family_node* n) noexcept;
  // One that is not owned has no handles and is never restarted.
  using table_type = typename std::conditional<!NARTHEX_HAS(HEAP) && std::is_same<typename Core::args, no_args>::value, family_basics,
                                               family_ops>::type;
  static const table_type table;
  static constexpr family_basics make(const family_basics*) noexcept {
    return family_basics(Core::type, Core::kind, Owned, &next);
  }
  static constexpr family_ops make(const family_ops*) noexcept {
    return family_ops(Core::type, Core::kind, Owned, &next, Owned ? &restart : nullptr, &no_label, &chosen,
                      &same_choice<typename Core::args>, Owned ? &unregister : nullptr, Owned ? &node_state : nullptr,
                      Owned ? &destroy : nullptr);
  }
};
template <class Core, bool Owned>
const typename single_ops<Core, Owned>::table_type single_ops<Core, Owned>::table =
    single_ops<Core, Owned>::make(static_cast<const table_type*>(nullptr));

/// Checks what can be checked without a registry.
template <class Core>
errc validate(string_view name, const typename Core::args& a, std::size_t& at) noexcept {
  const errc why = check_name(name, at);
  return why != errc::ok ? why : Core::validate(a, at);
}

/// A storage and the node it belongs to: what a handle holds.
template <class Core>
struct registered {
  Core* core;
  family_node* node;
};

#if NARTHEX_HAS(HEAP)

template <class Core, bool Owned>
void single_ops<Core, Owned>::destroy(family_node* n) noexcept {
  single<Core>* const s = static_cast<single<Core>*>(n);
  s->~single<Core>();
  release(s);
}

/// What stands in when there is no memory: counts into nothing, shared by all of its kind.
template <class Core>
struct stand_in {
  static registered<Core> get() noexcept {
    const hold held(lists::lock);
    single<Core>* const s = reinterpret_cast<single<Core>*>(memory);
    if (!made) {
      const typename Core::args* const kept = Core::keep(Core::smallest(), memory + args_at);
      new (s) single<Core>(&single_ops<Core, true>::table, "", "", *kept, memory + room_at);
      s->refuse(errc::no_memory, 0);
      made = true;
    }
    return registered<Core>{&s->core, s};
  }
  enum : std::size_t {
    args_at = round_up(sizeof(single<Core>)) / 8,
    room_at = args_at + round_up(sizeof(*Core::keep(Core::smallest(), nullptr))) / 8,  // what is kept may be more than the args
    size = room_at + Core::smallest_room / 8
  };
  static std::uint64_t memory[size];
  static bool made;
};
template <class Core>
std::uint64_t stand_in<Core>::memory[size];
template <class Core>
bool stand_in<Core>::made = false;

/// Registers a metric without labels: a new node, or the one that is there already.
template <class Core>
NARTHEX_DETAIL_COLD registered<Core> register_single(registry_core& r, const metric_name& called, string_view help,
                                                       typename Core::args a) noexcept {
  const string_view name = called.text();
  std::size_t at = 0;
  errc why = check_unit(validate<Core>(name, a, at), called.unit());
  if (why != errc::ok) a = Core::smallest();
  const std::size_t args_at = round_up(sizeof(single<Core>));
  const std::size_t room_at = args_at + Core::args_room(a);
  const std::size_t created_at = room_at + Core::room(a);
  const auto clock_ns = Core::type == metric_type::gauge ? nullptr : r.created_clock();
  const std::size_t text_at = created_at + (clock_ns ? std::size_t(created_time::bytes) : 0);
  char* const memory = static_cast<char*>(allocate(text_at + name.size() + help.size() + 2));
  if (!memory) {
    r.count(mistake::registration);
    report(status(errc::no_memory, name));
    return stand_in<Core>::get();
  }
  char* text = memory + text_at;
  const char* const own_name = copy_text(text, name).data();
  const char* const own_help = copy_text(text, help).data();
  const typename Core::args* const kept = Core::keep(a, memory + args_at);
  single<Core>* const s =
      new (memory) single<Core>(&single_ops<Core, true>::table, own_name, own_help, *kept, memory + room_at);
  s->measure_in(called.unit());
  if (clock_ns) {
    s->created_at = static_cast<std::uint32_t>(created_at);
    s->clock_ns = clock_ns;
    new (memory + created_at) created_time;
    s->stamp(s);
  }
  family_node* twin = nullptr;
  if (why == errc::ok) why = r.insert(*s, twin);
  if (twin) {
    single_ops<Core, true>::destroy(s);
    return registered<Core>{&static_cast<single<Core>*>(twin)->core, twin};
  }
  if (why == errc::ok) return registered<Core>{&s->core, s};
  family_node* const refused = r.keep_refused(*s, why, at);
  return registered<Core>{&static_cast<single<Core>*>(refused)->core, refused};
}

#else

template <class Core, bool Owned>
void single_ops<Core, Owned>::destroy(family_node*) noexcept {}

#endif

}  // namespace detail

/// A small handle to a series; copies stand for the same series.
///
/// Destroying a handle never removes the series. A handle may be used as long as the registry (or the fixed
/// family) that owns the series lives: for the default registry that is for ever, also in destructors of globals and
/// after main. Without a heap only fixed families hand out handles.
template <class Core>
class handle {
 public:
  using core_type = Core;

#if NARTHEX_HAS(HEAP)
  /// Registers in the default registry. The same name, help, type and bounds give the same series.
  ///
  /// help:    any text, up to a NUL; broken UTF-8 is repaired when it is written. Say what is counted, and in which unit.
  /// Errors:  see status(); a refused instrument counts, but is not exposed.
  /// Threads: any. Cost: one allocation, a search among the registry's names.
  handle(metric_name name, string_view help, const typename Core::args& args = typename Core::args()) noexcept
      : handle(default_registry(), name, help, args) {}
  handle(registry_core& registry, metric_name name, string_view help,
         const typename Core::args& args = typename Core::args()) noexcept
      : at_(detail::register_single<Core>(registry, name, help, args)) {}
#endif
  explicit handle(const detail::registered<Core>& at) noexcept : at_(at) {}

  /// ok; or why the registration was refused; errc::series_limit for an overflow series;
  /// errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept { return at_.node->ops->all().state(*at_.node, at_.core); }

  /// Takes the series out of the exposition (not those of an enum_family). Its handles go on counting; registering it again
  /// shows it again, from zero. A series of a family is shown again by the next update, too.
  void unregister() const noexcept { at_.node->ops->all().unregister(*at_.node, at_.core); }

 protected:
  Core& core() const noexcept { return *at_.core; }
  detail::family_node& node() const noexcept { return *at_.node; }

 private:
  detail::registered<Core> at_;
};

/// An instrument with its storage inside: it never allocates and never shares.
///
/// Name and help are kept by reference: static lifetime. The object must outlive its use by others; its
/// destructor takes it out of the registry and waits only for a scrape that is reading it.
template <class Core>
class fixed {
 public:
  using core_type = Core;

  /// Registers in the default registry. Errors: see status(); a name that is taken is refused, also by an equal metric.
  NARTHEX_DETAIL_INLINE fixed(static_name name, const char* help, const typename Core::args& args = typename Core::args()) noexcept
      : fixed(default_registry(), name, help, args) {}
  NARTHEX_DETAIL_INLINE fixed(registry_core& registry, static_name name, const char* help,
                              const typename Core::args& args = typename Core::args()) noexcept
      : node_(&detail::single_ops<Core, false>::table, name.data(), help, args, nullptr) {
    std::size_t at = 0;
    const errc why = detail::check_unit(Core::validate(args, at), name.unit());
    node_.measure_in(name.unit());
    detail::join_by_name(registry, node_, why, at);
  }
  ~fixed() { unregister(); }
  fixed(const fixed&) = delete;
  fixed& operator=(const fixed&) = delete;

  /// ok, or why the registration was refused; errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }

  /// Takes the instrument out of the exposition for good; it goes on counting.
  void unregister() noexcept { detail::part(node_); }

 protected:
  Core& core() noexcept { return node_.core; }
  const Core& core() const noexcept { return node_.core; }
  const detail::family_node& node() const noexcept { return node_; }

 private:
  detail::single<Core> node_;
};

namespace detail {
/// Counts an update that was refused: negative, NaN, infinite.
NARTHEX_DETAIL_COLD inline void refuse_update(const family_node& n) noexcept {
  if (registry_core* const home = n.home()) home->count(mistake::update);
}
}  // namespace detail

#endif  // NARTHEX_HAS(METRICS)

namespace detail {
#if NARTHEX_HAS(HEAP)
template <class Core>
using registered_or_fixed = handle<Core>;
#else
template <class Core>
using registered_or_fixed = fixed<Core>;
#endif
}  // namespace detail

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SINGLE_HPP

// ==== narthex/counter.hpp =======================================================================
// narthex/counter.hpp - a number that only goes up.
// Room: instruments. Read detail/cell.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_COUNTER_HPP
#define NARTHEX_COUNTER_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

inline bool is_not_zero(std::uint64_t value) noexcept { return value != 0; }
inline bool is_not_zero(std::int64_t value) noexcept { return value != 0; }
/// By bits, so that NaN is not 0 under -ffast-math either.
inline bool is_not_zero(const double& value) noexcept { return double_bits(value) << 1 != 0; }

/// The storage of a series that is one number.
template <class Cell, metric_type Type, storage Kind>
struct number_core {
  static constexpr metric_type type = Type;
  static constexpr storage kind = Kind;
  enum : std::size_t { smallest_room = 0 };
  using args = no_args;
  static args smallest() noexcept { return args(); }
  static errc validate(const args&, std::size_t&) noexcept { return errc::ok; }
  static std::size_t args_room(const args&) noexcept { return 0; }
  static const args* keep(const args&, void*) noexcept { return &nothing_chosen(); }
  static std::size_t room(const args&) noexcept { return 0; }
  number_core(const args&, void* where) noexcept : number_core(where, std::is_constructible<Cell, const void*>()) {}
  bool read(reading& out) const noexcept {
    const auto value = cell.get();
    out.value = value;
    return is_not_zero(value);
  }
  bool read_at_once(reading& out) const noexcept { return get_at_once(cell, out.value); }
  void restart() noexcept { cell.restart(); }
  const args& chosen() const noexcept { return nothing_chosen(); }

  Cell cell;

 private:
  number_core(const void* where, std::true_type) noexcept : cell(where) {}
  number_core(const void*, std::false_type) noexcept : cell() {}
};

using counter_core = number_core<counter_cell, metric_type::counter, storage::counter>;
using double_counter_core = number_core<double_counter_cell, metric_type::counter, storage::double_counter>;
using fixed_counter_core = number_core<unsigned_cell, metric_type::counter, storage::counter>;
using fixed_double_counter_core = number_core<double_cell, metric_type::counter, storage::double_counter>;

}  // namespace detail

/// Counts events; starts at 0. The name should end in _total.
///
/// Threads: every member may be called from any thread at any time; lock-free. In signal handlers and interrupts, and where
///          nothing may ever be allocated, use fixed_counter: of the updates of a handler and of what it
///          interrupted one may be lost here.
/// Memory:  two words. Once threads meet on it, 128 bytes, and at most 64 for each thread that comes by then; where
///          there is no memory it stays as it is. A fixed_counter is one word.
/// Range:   64 bits; 32 where 64-bit atomics are not lock-free, wrapping as a counter reset.
/// Source:  Prometheus, "Writing client libraries", Counter.
template <class Holder>
class NARTHEX_DETAIL_IDLE counter_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = counter_of<handle<typename Holder::core_type>>;

  /// Adds 1. Cost: one relaxed atomic add; a load, an addition and a store once threads have met.
  void inc() noexcept { this->core().cell.add(1); }

  /// Adds `by`, an integer >= 0. A double does not compile: see double_counter.
  ///
  /// Errors: a negative amount (or one beyond a 32-bit cell) changes nothing and is counted in
  ///         narthex_refused_total{what="update"}.
  /// Cost:   as inc().
  template <class Int>
  void inc(Int by) noexcept {
    static_assert(std::is_integral<Int>::value && !std::is_same<Int, bool>::value,
                  "a counter counts in whole numbers; for fractions there is double_counter");
    // The comparison is without effect for unsigned types, and the cast cannot change a value that passes.
    const std::uint64_t amount = static_cast<std::uint64_t>(by);
    if (NARTHEX_DETAIL_LIKELY(!(by < Int(1)) && amount <= detail::unsigned_cell::limit())) {
      this->core().cell.add(amount);
    } else if (by != Int(0)) {
      detail::refuse_update(this->node());
    }
  }

  /// What was counted so far.
  std::uint64_t value() const noexcept { return this->core().cell.get(); }
};

/// Counts amounts that are not whole: seconds, joules; starts at 0. The name should end in _total.
///
/// Threads, memory: as counter_of (a fixed one takes 100 bytes where 64-bit atomics are not lock-free).
template <class Holder>
class NARTHEX_DETAIL_IDLE double_counter_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = double_counter_of<handle<typename Holder::core_type>>;

  /// Adds 1.
  void inc() noexcept { this->core().cell.add(1.0); }

  /// Adds `by`, finite and >= 0.
  ///
  /// Errors: negative, NaN and infinite amounts change nothing and are counted in
  ///         narthex_refused_total{what="update"}.
  /// Cost:   one compare-exchange; a load, an addition and a store once threads have met.
  void inc(double by) noexcept {
    if (NARTHEX_DETAIL_LIKELY(detail::is_finite(by) && !detail::is_less(by, 0))) {
      this->core().cell.add(by);
    } else {
      detail::refuse_update(this->node());
    }
  }

  double value() const noexcept { return this->core().cell.get(); }
};

using counter = counter_of<detail::registered_or_fixed<detail::counter_core>>;
using fixed_counter = counter_of<fixed<detail::fixed_counter_core>>;
using double_counter = double_counter_of<detail::registered_or_fixed<detail::double_counter_core>>;
using fixed_double_counter = double_counter_of<fixed<detail::fixed_double_counter_core>>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_COUNTER_HPP

// ==== narthex/gauge.hpp =========================================================================
// narthex/gauge.hpp - a number that goes anywhere.
// Room: instruments. Read counter.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_GAUGE_HPP
#define NARTHEX_GAUGE_HPP

#include <cstdint>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE
namespace detail {
using gauge_core = number_core<double_cell, metric_type::gauge, storage::gauge>;
using int_gauge_core = number_core<signed_cell, metric_type::gauge, storage::int_gauge>;
}  // namespace detail

/// Holds a value that goes up and down; starts at 0. Any double, NaN and infinities too.
///
/// Threads: every member may be called from any thread at any time; lock-free.
/// Memory:  one cell; no allocation after construction.
/// Source:  Prometheus, "Writing client libraries", Gauge.
template <class Holder>
class NARTHEX_DETAIL_IDLE gauge_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = gauge_of<handle<typename Holder::core_type>>;

  /// Cost: a relaxed store.
  void set(double to) noexcept { this->core().cell.set(to); }
  /// Cost of the rest: one compare-exchange, again when another thread came first.
  void inc() noexcept { this->core().cell.add(1.0); }
  void inc(double by) noexcept { this->core().cell.add(by); }
  void dec() noexcept { this->core().cell.add(-1.0); }
  void dec(double by) noexcept { this->core().cell.add(-by); }
  double value() const noexcept { return this->core().cell.get(); }
};

/// Holds a whole number that goes up and down; starts at 0, wraps around at the ends of 64 bits (32 where 64-bit
/// atomics are not lock-free).
///
/// Threads: every member may be called from any thread, signal handler or interrupt at any time; lock-free.
/// Memory:  one cell; no allocation after construction.
/// Cost:    set is a relaxed store, the rest one relaxed atomic add.
template <class Holder>
class NARTHEX_DETAIL_IDLE int_gauge_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = int_gauge_of<handle<typename Holder::core_type>>;

  void set(std::int64_t to) noexcept { this->core().cell.set(to); }
  void inc() noexcept { this->core().cell.add(1); }
  void inc(std::int64_t by) noexcept { this->core().cell.add(by); }
  void dec() noexcept { this->core().cell.add(-1); }
  void dec(std::int64_t by) noexcept {
    this->core().cell.add(static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(by)));
  }
  std::int64_t value() const noexcept { return this->core().cell.get(); }
};

using gauge = gauge_of<detail::registered_or_fixed<detail::gauge_core>>;
using fixed_gauge = gauge_of<fixed<detail::gauge_core>>;
using int_gauge = int_gauge_of<detail::registered_or_fixed<detail::int_gauge_core>>;
using fixed_int_gauge = int_gauge_of<fixed<detail::int_gauge_core>>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_GAUGE_HPP

// ==== narthex/histogram.hpp =====================================================================
// narthex/histogram.hpp - observations counted by bucket.
// Room: instruments. Read buckets.hpp and detail/distribution.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_HISTOGRAM_HPP
#define NARTHEX_HISTOGRAM_HPP

#include <cstddef>
#include <cstdint>
#include <new>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The default bounds, where the user says nothing.
struct bucket_args : buckets {
  bucket_args() noexcept : buckets(buckets::defaults()) {}
  bucket_args(const buckets& chosen) noexcept : buckets(chosen) {}
  bucket_args(std::initializer_list<double> bounds) noexcept : buckets(bounds) {}
};

template <class Distribution>
bool read_distribution(const Distribution& of_series, const buckets& upper_bounds, reading& out) noexcept {
  out.is_more<metric_type::histogram>();
  out.sum = of_series.read(out.count_room, out.count);
  out.counts = out.count_room;
  out.bounds_copy = upper_bounds;
  out.bounds = &out.bounds_copy;
  return out.count != 0;
}
inline errc validate_bounds(const buckets& bounds, unsigned most, std::size_t& at) noexcept {
  at = bounds.size() > most ? most : bounds.first_bad();
  return at == bounds.size() ? errc::ok : errc::bad_buckets;
}

/// A copy of the bounds, with a guide to many; both lie behind it.
class kept_bounds : public bucket_args {
 public:
  static std::size_t room(const buckets& chosen) noexcept { return guide_at(chosen.size()) + guide_room(chosen.size()); }
  /// In `memory` for room(chosen) bytes.
  static const kept_bounds* make(const buckets& chosen, void* memory) noexcept {
    char* const at = static_cast<char*>(memory);
    double* const values = reinterpret_cast<double*>(at + round_up(sizeof(kept_bounds)));
    for (unsigned i = 0; i < chosen.size(); ++i) values[i] = chosen[i];
    const bucket_guide* guide = nullptr;
    if (guide_room(chosen.size())) {
      guide = new (at + guide_at(chosen.size())) bucket_guide(values, chosen.size());
      if (!guide->is_ready()) guide = nullptr;
    }
    return new (memory) kept_bounds(buckets(values, chosen.size()), guide);
  }
  unsigned find(double value) const noexcept { return guide_ ? guide_->find(value) : find_among(list(), size(), value); }

 private:
  kept_bounds(const buckets& copy, const bucket_guide* guide) noexcept : bucket_args(copy), guide_(guide) {}
  static std::size_t guide_at(unsigned n) noexcept { return round_up(sizeof(kept_bounds)) + n * sizeof(double); }
  static std::size_t guide_room(unsigned n) noexcept {
    return n < bucket_guide::fewest ? 0 : round_up(sizeof(bucket_guide));
  }

  const bucket_guide* guide_;
};

/// The storage of one histogram; bounds and cells lie in room that comes with it.
template <class Distribution>
struct histogram_core_of {
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::histogram;
  using args = bucket_args;
  enum : std::size_t { smallest_room = Distribution::bytes(1) };
  static args smallest() noexcept { return args(buckets(nullptr, 0)); }
  static errc validate(const args& a, std::size_t& at) noexcept {
    return validate_bounds(a, buckets::max_bounds, at);
  }
  static std::size_t args_room(const args& a) noexcept { return kept_bounds::room(a); }
  /// Copies the bounds: a list in braces does not live long.
  static const kept_bounds* keep(const args& a, void* memory) noexcept { return kept_bounds::make(a, memory); }
  static std::size_t room(const args& a) noexcept { return Distribution::bytes(a.size() + 1); }

  histogram_core_of(const args& kept, void* cells) noexcept
      : bounds(static_cast<const kept_bounds&>(kept)), observed(cells, kept.size() + 1) {}

  bool read(reading& out) const noexcept { return read_distribution(observed, bounds, out); }
  static bool read_at_once(reading&) noexcept { return false; }
  void restart() noexcept { observed.restart(); }
  void observe(double value) noexcept { observed.observe(bounds.find(value), value); }
  const args& chosen() const noexcept { return bounds; }

 private:
  const kept_bounds& bounds;
  Distribution observed;
};
using histogram_core = histogram_core_of<adaptive_distribution>;

template <>
struct is_in_place<histogram_core> : std::false_type {};

/// The same with room for up to `Bounds` bounds inside.
template <unsigned Bounds>
class inline_histogram_core {
  static_assert(Bounds <= buckets::max_bounds, "at most buckets::max_bounds");

 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::histogram;
  using args = bucket_args;
  static errc validate(const args& a, std::size_t& at) noexcept { return validate_bounds(a, Bounds, at); }
  inline_histogram_core(const args& a, void*) noexcept : bounds(copied(a, values)) {}
  void observe(double value) noexcept { observed.observe(bounds.find(value), value); }
  /// Copies the bounds, too: the object may go away while a sink is given the sample.
  bool read(reading& out) const noexcept {
    for (unsigned i = 0; i < bounds.size(); ++i) out.bound_room[i] = bounds[i];
    return read_distribution(observed, buckets(out.bound_room, bounds.size()), out);
  }
  void restart() noexcept { observed.restart(); }
  const args& chosen() const noexcept { return bounds; }

 private:
  /// A list in braces does not live long.
  static buckets copied(const args& a, double* to) noexcept {
    std::size_t at = 0;
    const unsigned n = validate(a, at) == errc::ok ? a.size() : 0;
    for (unsigned i = 0; i < n; ++i) to[i] = a[i];
    return buckets(to, n);
  }
  double values[Bounds ? Bounds : 1];
  bucket_args bounds;
  placed_distribution<Bounds + 1> observed;
};

}  // namespace detail

/// Counts observations in buckets and sums them; the unit belongs in the name (_seconds, _bytes).
///
/// Threads: every member may be called from any thread at any time, a fixed_histogram's in signal handlers, too. An
///          observation waits for nobody: each thread that observes often does it in a part of its own. Of the threads that
///          share one (all of a fixed_histogram), with more than 7 suspended in the middle, a further one waits.
/// Memory:  about 600 bytes + 40 per bucket; more than 16 bounds take 600 more, once for a family. When several threads
///          observe often, 128 bytes, and about 100 + 16 per bucket for each; where there is no memory they share.
///          A fixed_histogram: about 500 + 32 per bucket, ever.
/// A scrape sees whole observations only: _count is the +Inf bucket, _sum is of the same observations.
/// Source:  Prometheus, "Writing client libraries", Histogram.
template <class Holder>
class NARTHEX_DETAIL_IDLE histogram_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = histogram_of<handle<typename Holder::core_type>>;

  /// Counts `value` in the first bucket whose bound is not less than it.
  ///
  /// value:  in the metric's own unit. NaN is refused: counted in narthex_refused_total{what="update"}.
  ///         Infinities are counted and make the sum infinite.
  /// Cost:   a search among the bounds, three stores; three compare-exchanges where threads share.
  void observe(double value) noexcept {
    if (NARTHEX_DETAIL_LIKELY(!detail::is_nan(value))) {
      this->core().observe(value);
    } else {
      detail::refuse_update(this->node());
    }
  }

  /// How many were observed. Cost of both: a snapshot of all buckets.
  std::uint64_t count() const noexcept {
    detail::reading now;
    this->core().read(now);
    return now.count;
  }
  /// The sum of what was observed.
  double sum() const noexcept {
    detail::reading now;
    this->core().read(now);
    return now.sum;
  }
};

/// A histogram with its storage inside, for up to `Bounds` bounds (more are refused: errc::bad_buckets), buckets::max_bounds at most.
template <unsigned Bounds = 11>
using fixed_histogram = histogram_of<fixed<detail::inline_histogram_core<Bounds>>>;

#if NARTHEX_HAS(HEAP)
using histogram = histogram_of<handle<detail::histogram_core>>;
#else
using histogram = fixed_histogram<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HISTOGRAM_HPP

// ==== narthex/static_histogram.hpp ==============================================================
// narthex/static_histogram.hpp - a histogram of which only what changes takes RAM; the rest is a constant, in flash.
// Room: instruments. Read histogram.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_STATIC_HISTOGRAM_HPP
#define NARTHEX_STATIC_HISTOGRAM_HPP

#include <cstddef>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// An array of static lifetime, kept where it is.
class static_bounds {
 public:
  template <std::size_t N>
  constexpr static_bounds(const double (&upper_bounds)[N]) noexcept : values_(upper_bounds), count_(N) {}
  template <std::size_t N>
  static_bounds(const double (&&)[N]) = delete;  // would keep a pointer into a temporary
  static_bounds(const double* values, unsigned count) noexcept : values_(values), count_(count) {}
  /// Without a last +Inf; the buckets are the same with it.
  buckets view() const noexcept { return buckets(values_, count_); }
  unsigned find(double value) const noexcept { return buckets::find_among(values_, count_, value); }
  friend bool operator==(const static_bounds& a, const static_bounds& b) noexcept {
    return a.count_ == b.count_ && std::memcmp(a.values_, b.values_, a.count_ * sizeof(double)) == 0;
  }

 private:
  const double* values_;
  unsigned count_;
};

/// The buckets of at most `Bounds` bounds that lie elsewhere.
template <unsigned Bounds>
class buckets_of_static {
  static_assert(Bounds <= buckets::max_bounds, "at most buckets::max_bounds");

 public:
  static errc validate(const static_bounds& upper_bounds, std::size_t& at) noexcept { return validate_bounds(upper_bounds.view(), Bounds, at); }
  void observe(const static_bounds& upper_bounds, double value) noexcept {
    const unsigned bucket = upper_bounds.find(value);
    if (NARTHEX_DETAIL_LIKELY(bucket <= Bounds)) counts_.observe(bucket, value);  // else they were refused
  }
  bool read(const static_bounds& upper_bounds, reading& out) const noexcept { return read_distribution(counts_, upper_bounds.view(), out); }
  void restart() noexcept { counts_.restart(); }

 private:
  placed_distribution<Bounds + 1> counts_;
};

/// The storage of one series of a family.
template <unsigned Bounds>
class static_histogram_core {
 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::static_histogram;
  using args = static_bounds;
  static errc validate(const args& a, std::size_t& at) noexcept { return buckets_of_static<Bounds>::validate(a, at); }
  static_histogram_core(const args& a, void*) noexcept : bounds(a) {}
  void observe(double value) noexcept { observed.observe(bounds, value); }
  bool read(reading& out) const noexcept { return observed.read(bounds, out); }
  void restart() noexcept { observed.restart(); }

 private:
  static_bounds bounds;
  buckets_of_static<Bounds> observed;
};

/// The constant of a static_histogram of any number of bounds.
struct described_buckets : described {
  constexpr described_buckets(const family_ops& usual, node_words what, registry_core* where, unsigned bounds) noexcept
      : described(usual, what, where), count(bounds) {}
  unsigned count;
};

template <unsigned Bounds>
class described_histogram;

}  // namespace detail

#if NARTHEX_HAS(METRICS)

/// What of a static_histogram never changes. Said as a constant it lies in flash, on a microcontroller:
///
///   static const nx::histogram_desc<3> latency_desc{"request_seconds", "Time to serve.", .01, .1, 1};
///   static nx::static_histogram<3> latency{latency_desc};
///
/// registry: at first, or the default one.
/// name, help: of static lifetime. So must the object be: what is shown of its static_histogram is read from it.
/// upper_bounds: `Bounds` numbers, strictly increasing; else the static_histogram is refused, with errc::bad_buckets.
/// Cost: on a Cortex-M 56 bytes + 8 a bound.
template <unsigned Bounds>
class histogram_desc : detail::described_buckets {
 public:
  template <class... Upper>
  constexpr histogram_desc(static_name name, const char* help, Upper... upper_bounds) noexcept
      : histogram_desc(detail::default_registry_holder<void>::registry, name, help, upper_bounds...) {}
  template <class... Upper>
  constexpr histogram_desc(registry_core& its_registry, static_name name, const char* help, Upper... upper_bounds) noexcept
      : described_buckets(detail::described_histogram<Bounds>::ops(), detail::node_words{name.data(), help}, &its_registry, Bounds),
        upper_{static_cast<double>(upper_bounds)...}
#if NARTHEX_HAS(HEAP)
        , unit_(name.unit())
#endif
  {
    static_assert(sizeof...(Upper) == Bounds, "as many bounds as it says");
  }
  histogram_desc(const histogram_desc&) = delete;
  histogram_desc& operator=(const histogram_desc&) = delete;

 private:
  friend class detail::described_histogram<Bounds>;

  double upper_[Bounds ? Bounds : 1];  // no pointer to it in here: to GCC 4.8 the whole would be no constant then
#if NARTHEX_HAS(HEAP)
  detail::unit_size unit_;
#endif
};

namespace detail {

/// What a static_histogram holds: its place among the names, sum and buckets.
template <unsigned Bounds>
class described_histogram {
 public:
  using core_type = static_histogram_core<Bounds>;

  /// Registers. Errors: see status(); a name that is taken is refused, also by an equal metric.
  NARTHEX_DETAIL_INLINE explicit described_histogram(const histogram_desc<Bounds>& constant_part) noexcept : node_(constant_part) {
    std::size_t at = 0;
    errc why = buckets_of_static<Bounds>::validate(node_.bounds(), at);
#if NARTHEX_HAS(HEAP)
    why = check_unit(why, constant_part.unit_);
    node_.measure_in(constant_part.unit_);
#endif
    join_by_name(*constant_part.registry, node_, why, at);
  }
  explicit described_histogram(const histogram_desc<Bounds>&&) = delete;  // would keep a pointer into a temporary
  ~described_histogram() { unregister(); }
  described_histogram(const described_histogram&) = delete;
  described_histogram& operator=(const described_histogram&) = delete;

  /// ok, or why the registration was refused; errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }

  /// Takes the instrument out of the exposition for good; it goes on counting.
  void unregister() noexcept { part(node_); }

  static constexpr family_ops ops() noexcept {
    return family_ops(metric_type::histogram, storage::described, false, &node_type::next, nullptr, &no_label, &node_type::chosen,
                      &node_type::same, nullptr, nullptr, nullptr);
  }

 protected:
  struct node_type : family_node {
    explicit node_type(const histogram_desc<Bounds>& constant_part) noexcept : family_node(static_cast<const described&>(constant_part)) {}
    static static_bounds bounds_of(const described_buckets& d) noexcept {
      return static_bounds(static_cast<const histogram_desc<Bounds>&>(d).upper_, Bounds);
    }
    const described_buckets& desc() const noexcept { return static_cast<const described_buckets&>(*ops); }
    static_bounds bounds() const noexcept { return bounds_of(desc()); }
    void observe(double value) noexcept { counts.observe(bounds(), value); }
    bool read(reading& out) const noexcept { return counts.read(bounds(), out); }

    static bool next(family_node& n, position& where, reading& out) noexcept {
      if (where.index++) return false;
      static_cast<node_type&>(n).read(out);
      return true;
    }
    static const void* chosen(const family_node& n) noexcept { return &static_cast<const node_type&>(n).desc(); }
    static bool same(const void* a, const void* b) noexcept {
      const described_buckets &x = *static_cast<const described_buckets*>(a), &y = *static_cast<const described_buckets*>(b);
      return x.count == y.count && bounds_of(x) == bounds_of(y);
    }

    buckets_of_static<Bounds> counts;
  };
  node_type& core() noexcept { return node_; }
  const node_type& core() const noexcept { return node_; }
  const family_node& node() const noexcept { return node_; }

 private:
  node_type node_;
};

}  // namespace detail

#else  // compiled out

template <unsigned Bounds>
class histogram_desc {
 public:
  template <class... Upper>
  constexpr histogram_desc(static_name, const char*, Upper...) noexcept {
    static_assert(sizeof...(Upper) == Bounds, "as many bounds as it says");
  }
  template <class... Upper>
  constexpr histogram_desc(registry_core&, static_name, const char*, Upper...) noexcept {
    static_assert(sizeof...(Upper) == Bounds, "as many bounds as it says");
  }
  histogram_desc(const histogram_desc&) = delete;
  histogram_desc& operator=(const histogram_desc&) = delete;
};

namespace detail {
template <unsigned Bounds>
class described_histogram : public no_node {
 public:
  using core_type = static_histogram_core<Bounds>;
  constexpr explicit described_histogram(const histogram_desc<Bounds>&) noexcept {}
  explicit described_histogram(const histogram_desc<Bounds>&&) = delete;
  described_histogram(const described_histogram&) = delete;
  described_histogram& operator=(const described_histogram&) = delete;

 protected:
  no_core core() const noexcept { return no_core(); }
  no_core node() const noexcept { return no_core(); }
};
}  // namespace detail

#endif  // NARTHEX_HAS(METRICS)

/// A histogram with its storage inside and all that never changes in a histogram_desc.
///
/// Memory: with a critical section (see config.hpp) 16 bytes + 4 per bucket, +Inf included. Otherwise as fixed_histogram, without
///         its bounds. As a series of a fixed_family it takes an array of bounds of static lifetime in place of the desc.
template <unsigned Bounds>
using static_histogram = histogram_of<detail::described_histogram<Bounds>>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_STATIC_HISTOGRAM_HPP

// ==== narthex/summary.hpp =======================================================================
// narthex/summary.hpp - observations summed and counted; quantiles when asked for.
// Room: instruments. Read histogram.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_SUMMARY_HPP
#define NARTHEX_SUMMARY_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>


#if NARTHEX_HAS(HOST)
#include <ctime>
#endif

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(HEAP)
/// Which quantiles a summary gives, over which time: nx::quantiles({0.5, 0.9, 0.99}).over_seconds(300).
///
/// Shape:  0..1, increasing, at most 16; else errc::bad_quantile with its number.
/// Window: 600 seconds unless said otherwise, moved at scrapes by fifths.
/// Error:  see detail::quantile_window: 1.6 % of the value from 1e-9 to 1.7e10.
/// Cost:   40 KB a series; one more atomic add an observation.
class quantiles {
 public:
  quantiles() noexcept : count_(0), window_seconds_(600), clock_(&wall_seconds) {}
  quantiles(std::initializer_list<double> which) noexcept : quantiles() {
    for (const double q : which) {
      if (count_ < max_quantiles) which_[count_] = q;
      if (count_ <= max_quantiles) ++count_;
    }
  }
  quantiles& over_seconds(std::uint32_t window) noexcept {
    window_seconds_ = window;
    return *this;
  }
  /// Where the seconds come from; any origin. The wall clock unless said otherwise.
  quantiles& clock(std::uint32_t (*seconds)()) noexcept {
    clock_ = seconds;
    return *this;
  }

  unsigned size() const noexcept { return count_; }
  double operator[](unsigned i) const noexcept { return which_[i]; }
  std::uint32_t window_seconds() const noexcept { return window_seconds_; }
  std::uint32_t now_seconds() const noexcept { return clock_(); }
  const double* data() const noexcept { return which_; }

  enum : unsigned { max_quantiles = detail::reading::max_quantiles };

  unsigned first_bad() const noexcept {
    if (count_ > max_quantiles) return max_quantiles;
    for (unsigned i = 0; i < count_; ++i) {
      if (!(which_[i] >= 0 && which_[i] <= 1) || detail::is_nan(which_[i]) || (i && !(which_[i] > which_[i - 1]))) return i;
    }
    return count_;
  }
  friend bool operator==(const quantiles& a, const quantiles& b) noexcept {
    if (a.count_ != b.count_ || a.window_seconds_ != b.window_seconds_) return false;
    for (unsigned i = 0; i < a.count_; ++i) {
      if (a.which_[i] != b.which_[i]) return false;
    }
    return true;
  }
  friend bool operator!=(const quantiles& a, const quantiles& b) noexcept { return !(a == b); }

 private:
  static std::uint32_t wall_seconds() noexcept {
#if NARTHEX_HAS(HOST)
    return static_cast<std::uint32_t>(std::time(nullptr));
#else
    return 0;
#endif
  }
  unsigned count_;
  std::uint32_t window_seconds_;
  std::uint32_t (*clock_)();
  double which_[max_quantiles];
};
#endif

namespace detail {

#if NARTHEX_HAS(HEAP)
struct summary_core {
  static constexpr metric_type type = metric_type::summary;
  static constexpr storage kind = storage::summary;
  using args = quantiles;
  enum : std::size_t { smallest_room = adaptive_distribution::bytes(1) };
  static args smallest() noexcept { return args(); }
  static errc validate(const args& a, std::size_t& at) noexcept {
    at = a.first_bad();
    return at == a.size() ? errc::ok : errc::bad_quantile;
  }
  static std::size_t args_room(const args&) noexcept { return round_up(sizeof(args)); }
  static const args* keep(const args& a, void* memory) noexcept { return new (memory) args(a); }
  static std::size_t room(const args& a) noexcept {
    return smallest_room + (a.size() ? round_up(sizeof(quantile_window)) +
                                           round_up(quantile_window::cells() * sizeof(std::uint32_t)) : 0);
  }
  summary_core(const args& kept, void* memory) noexcept
      : choice(kept), observed(memory, 1), late(nullptr) {
    if (kept.size() != 0) add_window(memory);
  }
  bool read(reading& out) const noexcept {
    out.is_more<metric_type::summary>();
    out.sum = observed.read(out.count_room, out.count);
    out.quantile_count = 0;
    if (late) {
      out.quantile_count = choice.size();
      out.quantiles = choice.data();
      out.quantile_values = out.quantile_room;
      late->read(choice.now_seconds(), choice.data(), out.quantile_room, choice.size());
    }
    return out.count != 0;
  }
  static bool read_at_once(reading&) noexcept { return false; }
  void restart() noexcept {
    observed.restart();
    if (late) late->clear();
  }
  void observe(double value) noexcept {
    observed.observe(0, value);
    if (late) late->observe(value);
  }
  const args& chosen() const noexcept { return choice; }

 private:
  // Cold, so that GCC 12 does not see into it: of a stand-in, whose room is smaller and which never gets here, it
  // says -Warray-bounds.
  NARTHEX_DETAIL_COLD void add_window(void* memory) noexcept {
    char* const at = static_cast<char*>(memory) + smallest_room;
    void* const cells = at + round_up(sizeof(quantile_window));
    late = new (at)
        quantile_window(static_cast<shared<std::uint32_t>*>(cells), choice.window_seconds(), choice.now_seconds());
  }
  const quantiles& choice;
  adaptive_distribution observed;
  quantile_window* late;
};
#endif

#if NARTHEX_HAS(HEAP)
template <>
struct is_in_place<summary_core> : std::false_type {};
#endif

/// Sum and count alone, with the storage inside.
struct fixed_summary_core {
  static constexpr metric_type type = metric_type::summary;
  static constexpr storage kind = storage::fixed_summary;
  using args = no_args;
  static args smallest() noexcept { return args(); }
  static errc validate(const args&, std::size_t&) noexcept { return errc::ok; }
  static std::size_t args_room(const args&) noexcept { return 0; }
  static const args* keep(const args& a, void*) noexcept { return &a; }
  static std::size_t room(const args&) noexcept { return 0; }
  fixed_summary_core(const args&, void*) noexcept {}
  bool read(reading& out) const noexcept {
    out.is_more<metric_type::summary>();
    out.sum = observed.read(out.count_room, out.count);
    out.quantile_count = 0;
    return out.count != 0;
  }
  void restart() noexcept { observed.restart(); }
  void observe(double value) noexcept { observed.observe(0, value); }
  const args& chosen() const noexcept { return nothing_chosen(); }

 private:
  placed_distribution<1> observed;
};

}  // namespace detail

/// Sums and counts observations; quantiles are opt-in. The unit belongs in the name (_seconds, _bytes).
///
/// Threads: as histogram_of.
/// Memory:  about 700 bytes, 40 KB more with quantiles; for threads as histogram_of.
/// Source:  Prometheus, "Writing client libraries", Summary.
template <class Holder>
class NARTHEX_DETAIL_IDLE summary_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = summary_of<handle<typename Holder::core_type>>;

  /// Counts `value`, in the metric's own unit. NaN is refused: counted in narthex_refused_total{what="update"}.
  /// Cost: as histogram_of, without a search; one atomic add more for quantiles.
  void observe(double value) noexcept {
    if (NARTHEX_DETAIL_LIKELY(!detail::is_nan(value))) {
      this->core().observe(value);
    } else {
      detail::refuse_update(this->node());
    }
  }

  /// How many were observed. Cost of both: a snapshot.
  std::uint64_t count() const noexcept {
    detail::reading now;
    this->core().read(now);
    return now.count;
  }
  /// The sum of what was observed.
  double sum() const noexcept {
    detail::reading now;
    this->core().read(now);
    return now.sum;
  }
};

using fixed_summary = summary_of<fixed<detail::fixed_summary_core>>;
#if NARTHEX_HAS(HEAP)
using summary = summary_of<handle<detail::summary_core>>;
#else
using summary = fixed_summary;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_SUMMARY_HPP

// ==== narthex/info.hpp ==========================================================================
// narthex/info.hpp - a fact, as labels on 1.
// Room: instruments. Read detail/in_place.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_INFO_HPP
#define NARTHEX_INFO_HPP

#include <cstddef>
#include <initializer_list>
#include <new>


NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
namespace detail {

/// An info metric's node: the text of its labels, ready but for the registry's constant ones.
struct info_node : named_node {
  info_node(const family_ops* kind, const char* full, const char* means) noexcept : named_node(kind, full, means) {}
  string_view text;   // its own labels
  string_view ready;  // owned: the registry's constant labels before them, of any length

  static bool next(family_node& n, position& where, reading& out) noexcept {
    if (where.index++) return false;
    const registry_core* const home = n.home();
    const string_view constant = home ? home->constant_labels() : string_view();
    const string_view own = static_cast<info_node&>(n).text;
    if (n.ops->owned) {
      out.labels = static_cast<info_node&>(n).ready;
    } else {  // never touched by a scrape after it was read
      label_text both(out.text, reading::text_room);
      both.add_ready(constant);
      both.add_ready(own);
      out.labels = both.text();
    }
    out.value = std::uint64_t(1);
    return true;
  }
  static string_view label(const family_node& n, unsigned i) noexcept {
    ready_labels one(static_cast<const info_node&>(n).text);
    while (one.next()) {
      if (i-- == 0) return one.name;
    }
    return string_view();
  }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const info_node&>(n).text; }
  static void unregister(family_node& n, void*) noexcept {
    if (registry_core* const home = n.home()) home->hide(n);
  }
  static void destroy(family_node* n) noexcept {
#if NARTHEX_HAS(HEAP)
    release(static_cast<info_node*>(n));
#else
    static_cast<void>(n);
#endif
  }
};
template <bool Owned>
struct info_ops {
  static const family_ops table;
};
template <bool Owned>
const family_ops info_ops<Owned>::table = {
    metric_type::info, storage::info,    Owned, &info_node::next, &nothing_to_restart, &info_node::label,
    &info_node::chosen, &same_choice<string_view>, &info_node::unregister, &node_state, Owned ? &info_node::destroy : nullptr};

/// Checks name and labels of an info metric; counts what its text needs.
inline errc check_info(string_view name, std::initializer_list<label_pair> labels, string_view constant, std::size_t& size,
                       std::size_t& at) noexcept {
  errc why = check_name(name, at);
  if (why == errc::ok && !name.ends_with("_info")) why = errc::missing_suffix;
  size = 0;
  at = why == errc::bad_name ? at : 0;
  for (const label_pair* p = labels.begin(); p != labels.end(); ++p) {
    std::size_t one = 0;
    errc bad = check_label_names(&p->name, 1, metric_type::info, constant, one);
    for (const label_pair* q = labels.begin(); q != p; ++q) {
      if (bad == errc::ok && q->name == p->name) bad = errc::duplicate_label_name;
    }
    if (why == errc::ok && bad != errc::ok) {
      why = bad;
      at = static_cast<std::size_t>(p - labels.begin());
    }
    size += label_text_size(p->name, p->value.text()) + 1;
  }
  return why;
}

inline string_view write_info(char* room, std::size_t size, std::initializer_list<label_pair> labels) noexcept {
  label_text text(room, size);
  for (const label_pair& p : labels) text.add(p.name, p.value.text());
  return text.text();
}

}  // namespace detail

#if NARTHEX_HAS(HEAP)
/// A fact that does not change: nx::info build{"build_info", "What runs.", {{"version", "1.4.2"}}}. The name ends
/// in _info, the value is 1.
///
/// A handle: destroying it removes nothing; the same name, help and labels give the same series.
/// Threads: every member may be called from any thread at any time.
/// Memory: one allocation; names, help and labels are copied.
/// Source: OpenMetrics 1.0, Info.
class info {
 public:
  /// Errors: see status(): errc::missing_suffix, and whatever is wrong with name and labels.
  info(metric_name name, string_view help, std::initializer_list<label_pair> labels) noexcept
      : info(default_registry(), name, help, labels) {}
  info(registry_core& registry, metric_name name, string_view help, std::initializer_list<label_pair> labels) noexcept
      : node_(nullptr) {
    std::size_t size = 0, at = 0;
    errc why = detail::check_info(name.text(), labels, registry.constant_labels(), size, at);
    size += registry.constant_labels().size() + 1;
    const std::size_t text_at = detail::round_up(sizeof(detail::info_node));
    char* const memory =
        static_cast<char*>(detail::allocate(text_at + size + name.text().size() + help.size() + 2));
    if (!memory) {
      registry.count(mistake::registration);
      detail::report(status());
      return;
    }
    char* text = memory + text_at + size;
    const char* const own_name = detail::copy_text(text, name.text()).data();
    const char* const own_help = detail::copy_text(text, help).data();
    node_ = new (memory) detail::info_node(&detail::info_ops<true>::table, own_name, own_help);
    detail::label_text ready(memory + text_at, size);
    ready.add_ready(registry.constant_labels());
    const std::size_t own_at = ready.text().size() + (ready.text().empty() || labels.size() == 0 ? 0 : 1);
    for (const label_pair& p : labels) ready.add(p.name, p.value.text());
    node_->ready = ready.text();
    node_->text = node_->ready.from(own_at);
    detail::family_node* twin = nullptr;
    if (why == errc::ok) why = registry.insert(*node_, twin);
    if (twin) {
      detail::info_node::destroy(node_);
      node_ = static_cast<detail::info_node*>(twin);
    } else if (why != errc::ok) {
      node_ = static_cast<detail::info_node*>(registry.keep_refused(*node_, why, at));
    }
  }
  /// ok, or why the registration was refused; errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept {
    return node_ ? node_->state() : NARTHEX_NAMESPACE::status(errc::no_memory, "info");
  }
  /// Takes it out of the exposition; registering it again shows it again.
  void unregister() const noexcept {
    if (node_) detail::info_node::unregister(*node_, nullptr);
  }

 private:
  detail::info_node* node_;
};
#endif

/// The same with its label text inside, up to `Bytes` (at most 200; errc::label_too_long); it cannot be copied, and its
/// destructor takes it out of the registry.
template <std::size_t Bytes = 128>
class fixed_info {
  static_assert(Bytes <= 200, "a scrape has room for 256 bytes of such labels, the registry's included");

 public:
  /// Errors: see status(): as info; a name that is taken is refused, also by an equal metric. Name and help are kept by
  /// reference: static lifetime.
  fixed_info(static_name name, const char* help, std::initializer_list<label_pair> labels) noexcept
      : fixed_info(default_registry(), name, help, labels) {}
  fixed_info(registry_core& registry, static_name name, const char* help,
             std::initializer_list<label_pair> labels) noexcept
      : node_(&detail::info_ops<false>::table, name.data(), help) {
    std::size_t size = 0, at = 0;
    errc why = detail::check_info(name.text(), labels, registry.constant_labels(), size, at);
    if (why == errc::ok && (size > sizeof text_ + 1 || size + registry.constant_labels().size() > detail::reading::text_room)) {
      why = errc::label_too_long;
      at = sizeof text_;
    }
    node_.text = detail::write_info(text_, sizeof text_, labels);
    detail::join(registry, node_, why, at);
  }
  ~fixed_info() { unregister(); }
  fixed_info(const fixed_info&) = delete;
  fixed_info& operator=(const fixed_info&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }
  /// Takes it out of the exposition for good; waits only for a scrape that is reading it.
  void unregister() noexcept { detail::part(node_); }

 private:
  detail::info_node node_;
  char text_[Bytes];
};

#else  // compiled out

#if NARTHEX_HAS(HEAP)
class NARTHEX_DETAIL_IDLE info : public detail::no_node {
 public:
  constexpr info(metric_name, string_view, std::initializer_list<label_pair>) noexcept {}
  constexpr info(registry_core&, metric_name, string_view, std::initializer_list<label_pair>) noexcept {}
};
#endif

template <std::size_t Bytes = 128>
class NARTHEX_DETAIL_IDLE fixed_info : public detail::no_node {
 public:
  constexpr fixed_info(static_name, const char*, std::initializer_list<label_pair>) noexcept {}
  constexpr fixed_info(registry_core&, static_name, const char*, std::initializer_list<label_pair>) noexcept {}
  fixed_info(const fixed_info&) = delete;
  fixed_info& operator=(const fixed_info&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

#if !NARTHEX_HAS(HEAP)
using info = fixed_info<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_INFO_HPP

// ==== narthex/state_set.hpp =====================================================================
// narthex/state_set.hpp - which of several states holds, one series each.
// Room: instruments. Read info.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_STATE_SET_HPP
#define NARTHEX_STATE_SET_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>


NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
namespace detail {

/// All states in one word, so that a scrape sees them at one moment.
struct state_node : named_node {
  constexpr state_node(const family_ops* kind, const char* full, const char* means) noexcept
      : named_node(kind, full, means), states(nullptr), count(0), bits(1) {}
  const char* const* states;
  unsigned count;
  shared<std::uint32_t> bits;

  static bool next(family_node& n, position& where, reading& out) noexcept {
    const state_node& s = static_cast<const state_node&>(n);
    if (where.index == 0) {
      // The word as it was at the first state stands for all: kept where a walk keeps its place.
      const std::uintptr_t now = s.bits.load(memory_order_relaxed);
      where.at = reinterpret_cast<const void*>(now);
    }
    const unsigned i = where.index++;
    if (i >= s.count) return false;
    out.labels = s.write_labels(i, out.text, reading::text_room);
    out.value = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(where.at) >> i & 1);
    return true;
  }
  string_view write_labels(unsigned i, char* room, std::size_t size) const noexcept {
    const registry_core* const r = home();
    label_text text(room, size);
    if (r) {
      text.add_ready(r->constant_labels());
      char full[reading::text_room];  // check() saw that it fits
      string_view own = write_name(*r, name(), full);
      static_cast<void>(write_label_name(own, full));
      text.add(own, states[i]);
    }
    return text.text();
  }
  static string_view write_name(const registry_core& r, string_view own, char* room) noexcept {
    if (!r.prefix().empty()) std::memcpy(room, r.prefix().data(), r.prefix().size());
    if (!own.empty()) std::memcpy(room + r.prefix().size(), own.data(), own.size());
    return string_view(room, r.prefix().size() + own.size());
  }
  static bool write_label_name(string_view& full, char (&room)[reading::text_room]) noexcept {
    const utf8_names* const utf8 = utf8_in_use();
    return !utf8 || utf8->quote(full, room, sizeof room);
  }

  /// The number of a state; count when there is none.
  unsigned find(string_view which) const noexcept {
    unsigned i = 0;
    while (i < count && string_view(states[i]) != which) ++i;
    return i;
  }

  errc validate(const registry_core& r, string_view own, std::size_t& at) const noexcept {
    errc why = check_name(own, at);
    if (why != errc::ok) return why;
    // Its label has the metric's full name: the registry's prefix counts, and what is no label name is refused.
    char room[reading::text_room];
    if (r.prefix().size() + own.size() > sizeof room) return at = sizeof room, errc::label_too_long;
    string_view full = write_name(r, own, room);
    if (!write_label_name(full, room)) return at = sizeof room, errc::label_too_long;
    why = check_label_names(&full, 1, metric_type::state_set, r.constant_labels(), at);
    if (why != errc::ok) return why;
    at = count < 32 ? count : 32;
    if (count == 0 || count > 32) return errc::bad_states;
    for (unsigned i = 0; i < count; ++i) {
      at = i;
      const std::size_t size = label_text_size(full, states[i]) + r.constant_labels().size() + 1;
      if (size > reading::text_room) return at = reading::text_room, errc::label_too_long;
      // Different as they will be written: two broken ones may be repaired to the same text.
      char mine[reading::text_room], other[reading::text_room];
      const string_view text(mine, static_cast<std::size_t>(write_safe(mine, states[i], quoting::label_value) - mine));
      for (unsigned k = 0; k < i; ++k) {
        const std::size_t n = static_cast<std::size_t>(write_safe(other, states[k], quoting::label_value) - other);
        if (text == string_view(other, n)) return errc::bad_states;
      }
    }
    return errc::ok;
  }

  static void restart(family_node& n) noexcept { static_cast<state_node&>(n).bits.store(1, memory_order_relaxed); }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const state_node&>(n); }
  friend bool operator==(const state_node& x, const state_node& y) noexcept {
    unsigned i = 0;
    while (i < x.count && i < y.count && string_view(x.states[i]) == string_view(y.states[i])) ++i;
    return i == x.count && i == y.count;
  }
  static void unregister(family_node& n, void*) noexcept {
    if (registry_core* const home = n.home()) home->hide(n);
  }
  static void destroy(family_node* n) noexcept {
#if NARTHEX_HAS(HEAP)
    release(static_cast<state_node*>(n));
#else
    static_cast<void>(n);
#endif
  }
};
template <bool Owned>
struct state_ops {
  static const family_ops table;
};
template <bool Owned>
const family_ops state_ops<Owned>::table = {
    metric_type::state_set, storage::state_set, Owned, &state_node::next, &state_node::restart, &no_label,
    &state_node::chosen, &same_choice<state_node>, &state_node::unregister, &node_state, Owned ? &state_node::destroy : nullptr};

}  // namespace detail

/// Which of several states holds: mode{mode="running"} 1, one series for each state, the first one set at the start.
///
/// Errors:  1 to 32 different states, whose labels fit 256 bytes: see status().
/// Threads: every member may be called from any thread at any time; lock-free. A scrape sees one moment.
/// Source:  OpenMetrics 1.0, StateSet.
template <class Holder>
class state_set_of : public Holder {
 public:
  using Holder::Holder;

  /// Makes this state the only one. A state that is not of the set changes nothing and is counted in
  /// narthex_refused_total{what="update"}.
  /// Cost: a search by name; by number (in the order of registration, from 0) a relaxed store.
  void set(string_view state) noexcept { set(this->states().find(state)); }
  void set(unsigned state) noexcept {
    if (known(state)) this->states().bits.store(std::uint32_t(1) << state, detail::memory_order_relaxed);
  }
  /// For states that may hold together: sets or clears one alone.
  void enable(string_view state) noexcept { change(state, std::uint32_t(1)); }
  void disable(string_view state) noexcept { change(state, std::uint32_t(0)); }

  /// Whether this state holds; false for one that is not of the set. Cost: a search by name.
  bool is(string_view state) const noexcept {
    const unsigned i = this->states().find(state);
    return i < this->states().count && (this->states().bits.load(detail::memory_order_relaxed) >> i & 1) != 0;
  }

 private:
  bool known(unsigned state) noexcept {
    if (state < this->states().count) return true;
    detail::refuse_update(this->states());
    return false;
  }
  void change(string_view state, std::uint32_t to) noexcept {
    const unsigned i = this->states().find(state);
    if (!known(i)) return;
    detail::shared<std::uint32_t>& bits = this->states().bits;
    std::uint32_t old = bits.load(detail::memory_order_relaxed);
    while (!bits.compare_exchange_weak(old, (old & ~(std::uint32_t(1) << i)) | to << i, detail::memory_order_relaxed,
                                       detail::memory_order_relaxed)) {
    }
  }
};

#if NARTHEX_HAS(HEAP)
/// A handle to a state set that its registry owns; see state_set.
class registered_states {
 public:
  registered_states(metric_name name, string_view help, std::initializer_list<string_view> all) noexcept
      : registered_states(default_registry(), name, help, all) {}
  registered_states(registry_core& registry, metric_name name, string_view help,
                    std::initializer_list<string_view> all) noexcept
      : node_(nullptr) {
    std::size_t size = name.text().size() + help.size() + 2;
    for (const string_view& s : all) size += s.size() + 1;
    const std::size_t states_at = detail::round_up(sizeof(detail::state_node));
    const std::size_t text_at = states_at + all.size() * sizeof(const char*);
    char* const memory = static_cast<char*>(detail::allocate(text_at + size));
    if (!memory) {
      registry.count(mistake::registration);
      node_ = &nowhere();
      detail::report(status());
      return;
    }
    char* text = memory + text_at;
    const char* const own_name = detail::copy_text(text, name.text()).data();
    const char* const own_help = detail::copy_text(text, help).data();
    const char** const own = reinterpret_cast<const char**>(memory + states_at);
    node_ = new (memory) detail::state_node(&detail::state_ops<true>::table, own_name, own_help);
    for (const string_view& s : all) own[node_->count++] = detail::copy_text(text, s).data();
    node_->states = own;
    std::size_t at = 0;
    errc why = node_->validate(registry, name.text(), at);
    detail::family_node* twin = nullptr;
    if (why == errc::ok) why = registry.insert(*node_, twin);
    if (twin) {
      detail::state_node::destroy(node_);
      node_ = static_cast<detail::state_node*>(twin);
    } else if (why != errc::ok) {
      node_ = static_cast<detail::state_node*>(registry.keep_refused(*node_, why, at));
    }
  }
  NARTHEX_NAMESPACE::status status() const noexcept { return node_->state(); }
  void unregister() const noexcept { detail::state_node::unregister(*node_, nullptr); }

 protected:
  detail::state_node& states() const noexcept { return *node_; }

 private:
  template <class Once>
  struct stand_in {
    static detail::state_node node;
  };
  static detail::state_node& nowhere() noexcept {
    stand_in<void>::node.refuse(errc::no_memory, 0);
    return stand_in<void>::node;
  }
  detail::state_node* node_;
};
template <class Once>
detail::state_node registered_states::stand_in<Once>::node(&detail::state_ops<true>::table, "state_set", "");
#endif

/// A state set with its storage inside, for up to `States` states of static lifetime; see state_set.
template <unsigned States>
class fixed_states {
 public:
  fixed_states(static_name name, const char* help, std::initializer_list<const char*> all) noexcept
      : fixed_states(default_registry(), name, help, all) {}
  fixed_states(registry_core& registry, static_name name, const char* help,
               std::initializer_list<const char*> all) noexcept
      : node_(&detail::state_ops<false>::table, name.data(), help) {
    for (const char* const s : all) {
      if (node_.count < States) own_[node_.count] = s;
      ++node_.count;
    }
    node_.states = own_;
    std::size_t at = States;
    errc why = errc::bad_states;
    if (node_.count > States) node_.count = States;
    else why = node_.validate(registry, name.text(), at);
    detail::join(registry, node_, why, at);
  }
  ~fixed_states() { unregister(); }
  fixed_states(const fixed_states&) = delete;
  fixed_states& operator=(const fixed_states&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }
  void unregister() noexcept { detail::part(node_); }

 protected:
  detail::state_node& states() noexcept { return node_; }
  const detail::state_node& states() const noexcept { return node_; }

 private:
  detail::state_node node_;
  const char* own_[States];
};

#else  // compiled out

template <class Holder>
class NARTHEX_DETAIL_IDLE state_set_of : public Holder {
 public:
  using Holder::Holder;
  void set(string_view) noexcept {}
  void set(unsigned) noexcept {}
  void enable(string_view) noexcept {}
  void disable(string_view) noexcept {}
  bool is(string_view) const noexcept { return false; }
};

#if NARTHEX_HAS(HEAP)
class registered_states : public detail::no_node {
 public:
  constexpr registered_states(metric_name, string_view, std::initializer_list<string_view>) noexcept {}
  constexpr registered_states(registry_core&, metric_name, string_view, std::initializer_list<string_view>) noexcept {}
};
#endif

template <unsigned States>
class fixed_states : public detail::no_node {
 public:
  constexpr fixed_states(static_name, const char*, std::initializer_list<const char*>) noexcept {}
  constexpr fixed_states(registry_core&, static_name, const char*, std::initializer_list<const char*>) noexcept {}
  fixed_states(const fixed_states&) = delete;
  fixed_states& operator=(const fixed_states&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

template <unsigned States = 8>
using fixed_state_set = state_set_of<fixed_states<States>>;
#if NARTHEX_HAS(HEAP)
using state_set = state_set_of<registered_states>;
#else
using state_set = fixed_state_set<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_STATE_SET_HPP

// ==== narthex/detail/series_key.hpp =============================================================
// narthex/detail/series_key.hpp - label values as a series' identity: hashed, compared, written.
// Room: shelves. Read label.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SERIES_KEY_HPP
#define NARTHEX_DETAIL_SERIES_KEY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The value of each label of an overflow series. A user who says it means that series.
inline string_view overflow_value() noexcept { return "_overflow_"; }

template <class Word>
Word load_word(const char* from) noexcept {
  Word w;
  std::memcpy(&w, from, sizeof w);
  return w;
}

/// Hashes texts one after the other, their sizes included: {"ab", ""} is not {"a", "b"}.
///
/// Sixteen bytes are one multiplication to twice the width, whose halves are folded together. The state, which begins
/// as the family's own number, stands in both factors: nobody can choose text that makes one of them zero.
class text_hash {
 public:
  explicit text_hash(std::uint64_t seed) noexcept : state_(seed) {}
  void add(string_view text) noexcept {
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left > 16; at += 16, left -= 16) fold_16(at);
    fold_last(at, left, text.size());
  }
  void fold_16(const char* at) noexcept { fold(load_word<std::uint64_t>(at), load_word<std::uint64_t>(at + 8)); }
  /// The last bytes of a text, 16 at most; its size makes texts of one beginning differ.
  void fold_last(const char* at, std::size_t left, std::size_t size) noexcept {
    std::uint64_t a = 0, b = 0;
    if (left >= 8) {
      a = load_word<std::uint64_t>(at);
      b = load_word<std::uint64_t>(at + left - 8);
    } else if (left >= 4) {
      a = load_word<std::uint32_t>(at);
      b = load_word<std::uint32_t>(at + left - 4);
    } else if (left) {
      const auto byte = [at](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])); };
      a = byte(0) << 16 | byte(left / 2) << 8 | byte(left - 1);
    }
    fold(a, b ^ static_cast<std::uint64_t>(size) << 48 ^ size);
  }
  std::uint32_t result() const noexcept { return static_cast<std::uint32_t>(state_ ^ state_ >> 32); }

 private:
  void fold(std::uint64_t a, std::uint64_t b) noexcept {
    const u128 product = multiply(a ^ state_, b ^ (state_ << 32 | state_ >> 32));
    state_ = product.low ^ product.high;
  }
  std::uint64_t state_;
};

/// Whether two pieces of the same size are equal: for short ones, without a call.
inline bool same_bytes(const char* a, const char* b, std::size_t size) noexcept {
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (load_word<std::uint64_t>(a + i) != load_word<std::uint64_t>(b + i)) return false;
    }
    return load_word<std::uint64_t>(a + size - 8) == load_word<std::uint64_t>(b + size - 8);
  }
  if (size >= 4) {
    return ((load_word<std::uint32_t>(a) ^ load_word<std::uint32_t>(b)) |
            (load_word<std::uint32_t>(a + size - 4) ^ load_word<std::uint32_t>(b + size - 4))) == 0;
  }
  return size == 0 || ((a[0] ^ b[0]) | (a[size / 2] ^ b[size / 2]) | (a[size - 1] ^ b[size - 1])) == 0;
}

/// Copies a piece that is short as a rule, without a call.
inline char* put_bytes(char* to, const char* from, std::size_t size) noexcept {
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else if (size) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
  return to + size;
}

/// is_plain, with two overlapping words in place of single bytes.
inline bool is_plain_value(string_view text) noexcept {
  const char* const at = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      if (!are_plain(load_word<std::uint64_t>(at + i))) return false;
    }
    return are_plain(load_word<std::uint64_t>(at + size - 8));
  }
  if (size >= 4) {
    return are_plain(static_cast<std::uint64_t>(load_word<std::uint32_t>(at)) << 32 | load_word<std::uint32_t>(at + size - 4));
  }
  if (size == 0) return true;
  const auto byte = [at](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])); };
  return are_plain(byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1));
}

/// The label values of one call. Two sets are the same series when their exposition text is the same: values are
/// compared as they will be written, without writing them.
///
/// Escaping keeps different texts different, so the hash is of the values as they are given, but for broken UTF-8: its
/// repaired form is another value's own text.
class series_key {
 public:
  series_key(const string_view* names, const string_view* values, unsigned arity) noexcept
      : names_(names), values_(values), arity_(arity) {}

  static std::uint32_t hash(const string_view* values, unsigned arity, std::uint64_t seed) noexcept {
    text_hash h(seed);
    for (unsigned i = 0; i < arity; ++i) h.add(values[i]);
    return h.result();
  }
  /// The hash of the text, where there is no family.
  std::uint32_t hash() const noexcept {
    enum : std::uint64_t { seed = 0x9e3779b97f4a7c15u };
    for (unsigned i = 0; i < arity_; ++i) {
      if (!is_plain(values_[i])) return repaired_hash(seed);
    }
    return hash(values_, arity_, seed);
  }
  /// The hash of the values once their UTF-8 is repaired.
  std::uint32_t repaired_hash(std::uint64_t seed) const noexcept {
    text_hash h(seed);
    for (unsigned i = 0; i < arity_; ++i) {
      repaired_bytes bytes = {&h, {}, 0, 0};
      put_safe(values_[i], quoting::label_value, bytes);
      h.fold_last(bytes.last, bytes.kept, bytes.size);
    }
    return h.result();
  }

  /// Whether a series' text (without constant labels) is this key's.
  bool is(string_view text) const noexcept {
    if (text.empty()) return false;  // room of a fixed family that holds none
    const char* at = text.begin();
    for (unsigned i = 0; i < arity_; ++i) {
      at += (i ? 1 : 0) + names_[i].size() + 2;
      const string_view v = values_[i];
      if (is_plain_value(v)) {
        // The text has a quote right behind an equal value; a longer value has another byte there, and a
        // bare quote only at its end, so nothing is read beyond the text.
        if (static_cast<std::size_t>(text.end() - at) <= v.size() || at[v.size()] != '"' ||
            !same_bytes(at, v.data(), v.size())) {
          return false;
        }
        at += v.size();
      } else {
        matcher m = {at, text.end(), true};
        put_safe(v, quoting::label_value, m);
        if (!m.same || m.at == text.end() || *m.at != '"') return false;
        at = m.at;
      }
      ++at;
    }
    return at == text.end();
  }

  std::size_t text_size() const noexcept {
    std::size_t n = arity_ ? arity_ - 1 : 0;
    for (unsigned i = 0; i < arity_; ++i) {
      n += names_[i].size() + 3;
      n += is_plain_value(values_[i]) ? values_[i].size() : safe_size(values_[i], quoting::label_value);
    }
    return n;
  }
  char* write(char* out) const noexcept {
    for (unsigned i = 0; i < arity_; ++i) {
      if (i) *out++ = ',';
      out = write_label(out, names_[i], values_[i]);
    }
    return out;
  }
  /// Whether the values stand in a text of this size as they are: whatever escaping and repairing change becomes longer.
  bool is_verbatim(std::size_t size) const noexcept {
    std::size_t n = arity_ ? arity_ - 1 : 0;
    for (unsigned i = 0; i < arity_; ++i) n += names_[i].size() + 3 + values_[i].size();
    return n == size;
  }
  char* write_verbatim(char* out) const noexcept {
    for (unsigned i = 0; i < arity_; ++i) {
      if (i) *out++ = ',';
      out = put_bytes(out, names_[i].data(), names_[i].size());
      *out++ = '=';
      *out++ = '"';
      out = put_bytes(out, values_[i].data(), values_[i].size());
      *out++ = '"';
    }
    return out;
  }
  const string_view* given() const noexcept { return values_; }

 private:
  /// Hands what put_safe gives to the hash as text_hash::add would take it, without the escapes.
  struct repaired_bytes {
    text_hash* to;
    char last[16];
    std::size_t kept, size;
    void operator()(const char* data, std::size_t count) noexcept {
      if (data[0] == '\\') return put(data[1] == 'n' ? '\n' : data[1]);  // a bare backslash is never among them
      for (; count; --count) put(*data++);
    }
    void put(char c) noexcept {
      if (kept == sizeof last) {
        to->fold_16(last);
        kept = 0;
      }
      last[kept++] = c;
      ++size;
    }
  };

  struct matcher {
    const char* at;
    const char* end;
    bool same;
    void operator()(const char* data, std::size_t size) noexcept {
      if (!same || static_cast<std::size_t>(end - at) < size || std::memcmp(at, data, size) != 0) {
        same = false;
        return;
      }
      at += size;
    }
  };

  const string_view* names_;
  const string_view* values_;
  unsigned arity_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SERIES_KEY_HPP

// ==== narthex/detail/series_index.hpp ===========================================================
// narthex/detail/series_index.hpp - finds a series by its hash, also while it grows; nobody waits for anybody.
// Room: shelves. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SERIES_INDEX_HPP
#define NARTHEX_DETAIL_SERIES_INDEX_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


#if NARTHEX_HAS(HEAP)

#if defined(__GNUC__)
#define NARTHEX_DETAIL_PREFETCH(at) __builtin_prefetch(at)
#else
#define NARTHEX_DETAIL_PREFETCH(at) static_cast<void>(at)
#endif

NARTHEX_BEGIN_NAMESPACE
namespace detail {

struct series {
  shared<series*> next;          // in the order of creation
  std::uint32_t hash;
  std::uint32_t text_size;       // with the constant labels
  // Odd while hidden; every change goes up. Begins at `fresh`: visible as soon as it is in the index, which the first
  // scrape looks up, so that making a series is one locked instruction less.
  shared<std::uint32_t> hides;
  enum : std::uint32_t { fresh = 0 };
  bool is_hidden() const noexcept { return (hides.load(memory_order_acquire) & 1) != 0; }
  /// Found by a scrape before, and not hidden.
  bool is_shown() const noexcept {
    const std::uint32_t seen = hides.load(memory_order_acquire);
    return seen != fresh && (seen & 1) == 0;
  }
  void show() noexcept { show(hides.load(memory_order_acquire)); }
  /// Unless it was hidden again since `seen`.
  void show(std::uint32_t seen) noexcept {
    if (seen & 1) hides.compare_exchange_strong(seen, seen + 1, memory_order_acq_rel, memory_order_relaxed);
  }
  void hide() noexcept {
    std::uint32_t seen = hides.load(memory_order_relaxed);
    while (!hides.compare_exchange_weak(seen, (seen + 1) | 1, memory_order_acq_rel, memory_order_relaxed)) {
    }
  }
};

/// Open addressing in a table of pointers that never shrinks. A table that is half full, or a quarter, gets a larger one behind
/// it, to which every new series then brings 256 slots; all tables stay until the family ends, so that a lookup may
/// go on in any of them. Those before the present one are together no larger than it.
///
/// Order and uniqueness. A slot goes once from empty to a series (release, which publishes it; lookups load with acquire) or, in
/// a table that has a larger one, to "moved" (release as well: whoever reads it sees the larger table). Therefore what
/// stands in front of a series never becomes empty, a probe that ends at an empty slot has proved that the series is not
/// there, and two threads that insert equal ones meet at the same first empty slot, where one of them wins.
/// A probe that ends at "moved" goes on in the larger table: nothing with that hash can come into this one any more.
/// Moving a slot twice does nothing, so a thread that was suspended while it moved some is neither waited for nor harmful.
class series_index {
 public:
  static std::size_t bytes(std::uint32_t places) noexcept {
    return sizeof(series_index) + places * sizeof(shared<series*>);
  }
  series_index(std::uint32_t places, series_index* before) noexcept
      : older_(before), larger_(nullptr), mask_(places - 1), given_out_(0), moved_(0) {
    for (std::uint32_t i = 0; i < places; ++i) new (&slot(i)) shared<series*>(nullptr);
  }

  /// The series of this hash for which `is(series&)` holds; null when there is none.
  template <class Is>
  series* find(std::uint32_t hash, const Is& is) noexcept {
    series_index* t = this;
    for (std::uint32_t i = hash;; ++i) {
      series* const s = t->slot(i).load(memory_order_acquire);
      if (!s) return nullptr;
      if (s == t->moved()) {
        t = t->larger_.load(memory_order_acquire);
        i = hash - 1;
      } else if (s->hash == hash && is(*s)) {
        return s;
      }
    }
  }

  /// Puts `fresh` in, the series number `n` from 0; or gives the one for which `is` holds. Null when a larger table is needed
  /// and there is no memory for it.
  template <class Is>
  static series* insert(shared<series_index*>& index, series& fresh, std::uint32_t n, const Is& is) noexcept {
    for (;;) {
      series_index* t = index.load(memory_order_acquire);
      series_index* larger = t->larger_.load(memory_order_acquire);
      if (larger) {
        // Its own growth begins when this one has ended.
        const bool is_late = n >= larger->grows_at();
        if (is_late) t->move_rest(*larger);
        else t->move_some(*larger);
        t->publish(index, *larger);
        if (is_late) continue;
      } else if (n == t->grows_at() || n >= t->full_at()) {
        larger = t->enlarge();
        if (!larger && n >= t->full_at()) return nullptr;
      }
      series* answer;
      while (!(answer = t->try_insert(fresh, larger != nullptr, is))) {
        t = t->larger_.load(memory_order_acquire);
        larger = t->larger_.load(memory_order_acquire);
      }
      return answer;
    }
  }

  /// Frees this table and those before it, but for the first one, which lies in the family.
  void end() noexcept {
    for (series_index* t = this; t->older_;) {
      series_index* const before = t->older_;
      release(t);
      t = before;
    }
  }
  series_index* largest() noexcept {
    series_index* t = this;
    while (series_index* const larger = t->larger_.load(memory_order_acquire)) t = larger;
    return t;
  }

 private:
  enum : std::uint32_t { portion = 256 };
  shared<series*>& slot(std::uint32_t i) noexcept {
    return reinterpret_cast<shared<series*>*>(this + 1)[i & mask_];
  }
  // Half full; a quarter where that is little memory: a second probe costs a lookup of 15 ns another 10.
  std::uint32_t grows_at() const noexcept { return mask_ < 4096 ? mask_ / 4 : mask_ / 2; }
  std::uint32_t full_at() const noexcept { return mask_ / 4 * 3; }
  series* moved() noexcept { return reinterpret_cast<series*>(this); }  // no series lies here

  /// Null when the place is in the larger table.
  template <class Is>
  series* try_insert(series& fresh, bool is_moving, const Is& is) noexcept {
    for (std::uint32_t i = fresh.hash;; ++i) {
      shared<series*>& place = slot(i);
      series* s = place.load(memory_order_acquire);
      if (!s && place.compare_exchange_strong(s, is_moving ? moved() : &fresh, memory_order_acq_rel, memory_order_acquire)) {
        if (is_moving) return nullptr;
        return &fresh;
      }
      if (s == moved()) return nullptr;
      if (s == &fresh || (s->hash == fresh.hash && is(*s))) return s;
    }
  }

  NARTHEX_DETAIL_COLD series_index* enlarge() noexcept {
    const std::uint32_t places = (mask_ + 1) * (mask_ < 256 ? 4 : 2);
    void* const memory = allocate(bytes(places));
    if (!memory) return nullptr;
    series_index* const mine = new (memory) series_index(places, this);
    series_index* first = nullptr;
    if (larger_.compare_exchange_strong(first, mine, memory_order_acq_rel, memory_order_acquire)) return mine;
    release(memory);
    return first;
  }

  void move(std::uint32_t i, series_index& larger) noexcept {
    series* s = slot(i).load(memory_order_acquire);
    if (!s && slot(i).compare_exchange_strong(s, moved(), memory_order_acq_rel, memory_order_acquire)) return;
    if (s == moved()) return;
    const auto never = [](series&) { return false; };
    for (series_index* t = &larger; !t->try_insert(*s, t->larger_.load(memory_order_acquire) != nullptr, never);) {
      t = t->larger_.load(memory_order_acquire);
    }
  }
  void move_some(series_index& larger) noexcept {
    if (given_out_.load(memory_order_relaxed) > mask_) return;
    const std::uint32_t from = given_out_.fetch_add(portion, memory_order_relaxed);
    std::uint32_t done = 0;
    for (; done < portion && from <= mask_ && from + done <= mask_; ++done) {
      NARTHEX_DETAIL_PREFETCH(slot(from + done + 16).load(memory_order_relaxed));  // its hash: a cache miss each
      move(from + done, larger);
    }
    moved_.fetch_add(done, memory_order_acq_rel);
  }
  NARTHEX_DETAIL_COLD void move_rest(series_index& larger) noexcept {
    for (std::uint32_t i = 0; i <= mask_; ++i) move(i, larger);
    moved_.store(mask_ + 1, memory_order_release);
  }
  /// Once every slot has moved, lookups need not come here. Everything moved happens before: each portion's count
  /// is an acquiring and releasing add.
  void publish(shared<series_index*>& index, series_index& larger) noexcept {
    if (moved_.load(memory_order_acquire) <= mask_) return;
    series_index* me = this;
    index.compare_exchange_strong(me, &larger, memory_order_acq_rel, memory_order_relaxed);
  }

  series_index* older_;
  shared<series_index*> larger_;
  std::uint32_t mask_;
  shared<std::uint32_t> given_out_, moved_;  // slots
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_SERIES_INDEX_HPP

// ==== narthex/detail/labelled.hpp ===============================================================
// narthex/detail/labelled.hpp - the series of one family, found by their label values.
// Room: shelves. Read detail/series_index.hpp and detail/series_key.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LABELLED_HPP
#define NARTHEX_DETAIL_LABELLED_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A family: what does not depend on the kind of its instruments.
///
/// A series is what its kind stores, the sizes of its values (16 bits each), its label text; one piece of memory.
/// A lookup that finds takes no lock and allocates nothing: hash, a slot of the index, sizes and bytes compared with the text.
///
/// A new series claims a number below the cap, joins the list, and then tries for its slot in the index, which makes
/// it visible. Hence whoever finds a series by its values finds it in the next scrape too. One whose rival was quicker stays in the
/// list, hidden for ever, and gives its number back: nobody waits, but at the cap, where the last numbers may come back.
/// Series are hidden, never freed, before the registry ends.
struct labelled : named_node {
  labelled(const family_ops* kind, const char* full, const char* means) noexcept
      : named_node(kind, full, means), index(nullptr), names(nullptr), arity(0), sizes_at(0), limit(0), seed(0), claimed(0),
        count(0), first(nullptr), last(&first), overflow(nullptr), overflowed(0) {}

  shared<series_index*> index;
  const string_view* names;
  unsigned arity;
  std::uint32_t sizes_at;              // from the beginning of a series
  string_view constant;                // the registry's constant labels, at the head of each series' text
  std::uint32_t limit;
  std::uint64_t seed;
  shared<std::uint32_t> claimed;       // numbers of series that are there or being made
  shared<std::uint32_t> count;         // that are there
  blocks rooms;
  shared<series*> first;
  shared<shared<series*>*> last;       // the list's end or a link shortly before it
  series* overflow;                    // made with the family: it must be there when memory is not
  shared<cell_word> overflowed;

  // A series' sizes: the first is this when some value does not stand in the text as it is, or is longer.
  enum : std::uint16_t { not_verbatim = 0xffff };

  series_key key(const string_view* values) const noexcept { return series_key(names, values, arity); }
  std::size_t constant_size() const noexcept { return constant.empty() ? 0 : constant.size() + 1; }
  std::size_t text_begins() const noexcept { return sizes_at + arity * sizeof(std::uint16_t); }
  static const char* bytes(const series& s) noexcept { return reinterpret_cast<const char*>(&s); }
  string_view text_of(const series& s) const noexcept { return string_view(bytes(s) + text_begins(), s.text_size); }

  /// Whether the series has these values; n is the arity, known to the compiler in a lookup.
  bool is(const series& s, const string_view* values, unsigned n) const noexcept {
    const std::uint16_t* const sizes = reinterpret_cast<const std::uint16_t*>(bytes(s) + sizes_at);
    if (!NARTHEX_DETAIL_LIKELY(sizes[0] != not_verbatim)) return is_slowly(s, values);
    const char* at = bytes(s) + text_begins() + constant_size();
    for (unsigned i = 0; i < n; ++i) {
      const std::size_t size = sizes[i];
      at += names[i].size() + 2;
      if (values[i].size() != size || !same_bytes(at, values[i].data(), size)) return false;
      at += size + 2;
    }
    return true;
  }
  NARTHEX_DETAIL_COLD bool is_slowly(const series& s, const string_view* values) const noexcept {
    return key(values).is(text_of(s).from(constant_size()));
  }

  template <unsigned N>
  series* find(const string_view* values, std::uint32_t hash) const noexcept {
    return index.load(memory_order_acquire)->find(hash, [this, values](const series& s) { return is(s, values, N); });
  }
  /// By values whose UTF-8 may be broken; `hash` becomes the one that the series has or will have.
  series* find_repaired(const series_key& k, bool is_verbatim, std::uint32_t& hash) const noexcept {
    if (is_verbatim) return nullptr;
    const std::uint32_t repaired = k.repaired_hash(seed);
    if (repaired == hash) return nullptr;
    hash = repaired;
    return index.load(memory_order_acquire)->find(hash, [this, &k](const series& s) { return is_slowly(s, k.given()); });
  }

  /// The same series of another registry's family of these label names, by its text: values that do not stand in it as they are
  /// cannot be read off it. Null: there is none.
  const series* find_equal(const labelled& elsewhere, const series& s, bool& is_known) const noexcept {
    is_known = true;
    if (constant != elsewhere.constant) return nullptr;
    const std::uint16_t* const sizes = reinterpret_cast<const std::uint16_t*>(bytes(s) + elsewhere.sizes_at);
    if (sizes[0] == not_verbatim) {
      is_known = false;
      return nullptr;
    }
    const string_view text = elsewhere.text_of(s);
    const char* at = text.begin() + constant_size();
    text_hash h(seed);
    for (unsigned i = 0; i < arity; ++i) {
      at += names[i].size() + 2;
      h.add(string_view(at, sizes[i]));
      at += sizes[i] + 2u;
    }
    return index.load(memory_order_acquire)->find(h.result(), [this, text](const series& other) { return text_of(other) == text; });
  }

  series& to_overflow() noexcept {
    overflowed.fetch_add(1, memory_order_relaxed);
    if (registry_core* const r = home()) r->count(mistake::series);
    overflow->show();
    return *overflow;
  }

  /// Puts the series at the list's end. Order: the exchange releases the series to scrapes, which load links with acquire.
  void append(series& s) noexcept {
    shared<series*>* const from = last.load(memory_order_acquire);
    shared<series*>* link = from;
    for (series* after = nullptr; !link->compare_exchange_strong(after, &s, memory_order_acq_rel, memory_order_acquire);
         after = nullptr) {
      link = &after->next;
    }
    // A thread suspended between these two turns it back, for one later call to walk: cheaper than a locked instruction each.
    if (last.load(memory_order_relaxed) == from) last.store(&s.next, memory_order_release);
  }

  /// Whether a fresh series has won its slot.
  bool is_settled(series& s) noexcept {
    if (!index.load(memory_order_acquire)->find(s.hash, [&s](const series& other) { return &other == &s; })) return false;
    std::uint32_t seen = series::fresh;
    s.hides.compare_exchange_strong(seen, seen + 2, memory_order_acq_rel, memory_order_relaxed);
    return true;
  }

  enum class claim { got, reached, undecided };
  /// A number for a new series. Undecided at the cap while others may still give theirs back.
  claim claim_number(std::uint32_t& n) noexcept {
    n = claimed.load(memory_order_relaxed);
    while (n < limit) {
      if (claimed.compare_exchange_weak(n, n + 1, memory_order_relaxed, memory_order_relaxed)) return claim::got;
    }
    return count.load(memory_order_acquire) >= limit ? claim::reached : claim::undecided;
  }
};

inline string_view labelled_name(const family_node& n, unsigned i) noexcept {
  const labelled& shelf = static_cast<const labelled&>(n);
  return i < shelf.arity ? shelf.names[i] : string_view();
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_LABELLED_HPP

// ==== narthex/detail/labelled_of.hpp ============================================================
// narthex/detail/labelled_of.hpp - the series of a family of one kind: made, read, hidden.
// Room: shelves. Read detail/labelled.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LABELLED_OF_HPP
#define NARTHEX_DETAIL_LABELLED_OF_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

template <class Core>
struct series_of : series, Core {
  series_of(const typename Core::args& kept, void* memory) noexcept : Core(kept, memory) {}
};

/// What depends on the kind of instrument.
template <class Core>
struct labelled_of : labelled {
  labelled_of(const char* full, const char* means) noexcept
      : labelled(&table, full, means), args(nullptr), mislabelled(nullptr) {}
  const typename Core::args* args;
  shared<single<Core>*> mislabelled;   // what labels() by name answers with to names that are not the family's

  /// The series behind one that was shown, if it is plain to see; all others take the long way. Small, without a call of
  /// its own: with everything in one function, a scrape of counters saved and restored six registers for each.
  static bool next(family_node& n, position& where, reading& out) noexcept {
    const series* const before = static_cast<const series*>(where.at);
    if (NARTHEX_DETAIL_LIKELY(before != nullptr)) {
      const series* const s = before->next.load(memory_order_acquire);
      if (NARTHEX_DETAIL_LIKELY(s != nullptr) && static_cast<const series_of<Core>*>(s)->read_at_once(out) && s->is_shown()) {
        where.at = s;
        out.labels = static_cast<const labelled_of&>(n).text_of(*s);
        return true;
      }
    }
    return look_for_next(n, where, out);
  }
  NARTHEX_DETAIL_NOINLINE static bool look_for_next(family_node& n, position& where, reading& out) noexcept {
    labelled_of& shelf = static_cast<labelled_of&>(n);
    while (where.index == 0) {
      const series* const before = static_cast<const series*>(where.at);
      series* s = (before ? before->next : shelf.first).load(memory_order_acquire);
      where.at = s;
      if (!s) {
        s = shelf.overflow;  // after all the others
        where.index = 1;
      }
      const std::uint32_t seen = s->hides.load(memory_order_acquire);  // before the value: see hide
      if (seen == series::fresh && !shelf.is_settled(*s)) continue;
      if (static_cast<series_of<Core>*>(s)->read(out)) s->show(seen);  // an update since it was removed
      if (s->is_hidden()) continue;
      out.labels = shelf.text_of(*s);
      return true;
    }
    return false;
  }

  /// Before any series is made.
  void keep_created(std::uint32_t in_series, std::int64_t (*by)()) noexcept {
    created_at = in_series;
    clock_ns = by;
    ops = &table_with_created;
  }
  static bool next_with_created(family_node& n, position& where, reading& out) noexcept {
    if (!look_for_next(n, where, out)) return false;
    out.is_plain = false;
    n.tell_created(where.index ? static_cast<void*>(static_cast<const labelled_of&>(n).overflow) : const_cast<void*>(where.at), out);
    return true;
  }

  void hide(series& s) noexcept {
    // First from zero, then hidden: an update in between shows it again, and counts from zero.
    static_cast<series_of<Core>&>(s).restart();
    stamp(&s);
    s.hide();
  }
  void clear() noexcept {
    for (series* s = first.load(memory_order_acquire); s; s = s->next.load(memory_order_acquire)) hide(*s);
    hide(*overflow);
  }

  /// The series of these values, made when there is none. Never null.
  template <unsigned N>
  series& get(const string_view* values) noexcept {
    const std::uint32_t hash = series_key::hash(values, N, seed);
    series* const s = find<N>(values, hash);
    if (!NARTHEX_DETAIL_LIKELY(s != nullptr)) return make(values, hash);
    s->show();
    return *s;
  }
  template <unsigned N>
  series* find_any(const string_view* values) const noexcept {
    std::uint32_t hash = series_key::hash(values, N, seed);
    if (series* const s = find<N>(values, hash)) return s;
    const series_key k = key(values);
    return find_repaired(k, k.is_verbatim(k.text_size()), hash);
  }

  series& make(const string_view* values, std::uint32_t hash) noexcept {
    const series_key k = key(values);
    const std::size_t size = k.text_size();
    const bool is_verbatim = k.is_verbatim(size);
    series* answer = find_repaired(k, is_verbatim, hash);
    const auto equal = [this, values](const series& s) { return is(s, values, arity); };
    std::uint32_t number = 0;
    for (patience p; !answer;) {
      const claim claimed_now = claim_number(number);
      if (claimed_now == claim::got) break;
      answer = index.load(memory_order_acquire)->find(hash, equal);  // a rival may have made it
      if (!answer && claimed_now == claim::reached) return to_overflow();
      p.wait();
      // In a forked child: who was making series then stayed in the parent.
      if (p.in_vain()) {
        const std::uint32_t there = count.load(memory_order_acquire);
        claimed.compare_exchange_strong(number, there, memory_order_relaxed, memory_order_relaxed);
      }
    }
    if (!answer) {
      void* const room = rooms.take(series_bytes(size));
      if (room) {
        series& fresh = *construct(room, k, size, is_verbatim, hash);
        append(fresh);
        answer = series_index::insert(index, fresh, number, equal);
        if (answer == &fresh) {
          count.fetch_add(1, memory_order_release);
          return fresh;
        }
        fresh.hide();
        claimed.fetch_sub(1, memory_order_relaxed);
      } else {
        claimed.fetch_sub(1, memory_order_relaxed);
      }
      if (!answer) return to_overflow();
    }
    answer->show();
    return *answer;
  }

  std::size_t series_bytes(std::size_t size) const noexcept { return text_begins() + constant_size() + size; }
  series_of<Core>* construct(void* room, const series_key& k, std::size_t size, bool is_verbatim, std::uint32_t hash) noexcept {
    char* const begin = static_cast<char*>(room);
    series_of<Core>* const s = new (room) series_of<Core>(*args, begin + round_up(sizeof(series_of<Core>)));
    std::uint16_t* const sizes = reinterpret_cast<std::uint16_t*>(begin + sizes_at);
    for (unsigned i = 0; i < arity; ++i) {
      const std::size_t one = k.given()[i].size();
      if (one >= not_verbatim) is_verbatim = false;
      new (sizes + i) std::uint16_t(static_cast<std::uint16_t>(one));
    }
    if (!is_verbatim) sizes[0] = not_verbatim;
    char* end = begin + text_begins();
    if (!constant.empty()) {
      std::memcpy(end, constant.data(), constant.size());
      end += constant.size();
      *end++ = ',';
    }
    if (is_verbatim) k.write_verbatim(end);
    else k.write(end);
    if (created_at) {
      new (begin + created_at) created_time;
      stamp(begin);
    }
    s->next.store(nullptr, memory_order_relaxed);
    s->text_size = static_cast<std::uint32_t>(constant_size() + size);
    s->hash = hash;
    s->hides.store(series::fresh, memory_order_relaxed);
    return s;
  }

  /// A stand-in that says which label name was wrong the first time; one a family.
  NARTHEX_DETAIL_COLD registered<Core> answer_to_mislabelled(string_view wrong) noexcept {
    single<Core>* m = mislabelled.load(memory_order_acquire);
    if (!m) {
      const std::size_t args_at = round_up(sizeof(single<Core>));
      const std::size_t room_at = args_at + Core::args_room(*args);
      const std::size_t text_at = room_at + Core::room(*args);
      const string_view family_name(name());
      char* const memory = static_cast<char*>(allocate(text_at + family_name.size() + wrong.size() + 3));
      if (!memory) return stand_in<Core>::get();
      char* text = memory + text_at;
      const char* const full = copy_text(text, family_name).data();
      text[-1] = '{';
      copy_text(text, wrong);
      text[-1] = '}';
      *text = '\0';
      single<Core>* const mine = new (memory) single<Core>(&single_ops<Core, true>::table, full, "",
                                                           *Core::keep(*args, memory + args_at), memory + room_at);
      mine->refuse(errc::unknown_label, 0);
      if (mislabelled.compare_exchange_strong(m, mine, memory_order_acq_rel, memory_order_acquire)) {
        m = mine;
        report(m->refusal());
      } else {
        single_ops<Core, true>::destroy(mine);
      }
    }
    return registered<Core>{&m->core, m};
  }

  // ---- what the registry asks ----

  static family_ops::twin read_twin(family_node& n, const family_node& mine, const position& at, reading& out) noexcept {
    labelled_of& shelf = static_cast<labelled_of&>(n);
    const labelled& elsewhere = static_cast<const labelled&>(mine);
    bool is_known;
    const series* const found = shelf.find_equal(elsewhere, at.index ? *elsewhere.overflow : *static_cast<const series*>(at.at), is_known);
    if (!found) return is_known ? family_ops::twin::none : family_ops::twin::unknown;
    series& s = const_cast<series&>(*found);
    const std::uint32_t seen = s.hides.load(memory_order_acquire);  // before the value: see hide
    if (static_cast<series_of<Core>&>(s).read(out)) s.show(seen);
    if (s.is_hidden()) return family_ops::twin::none;
    if (shelf.created_at) shelf.tell_created(&s, out);
    return family_ops::twin::read;
  }

  static void restart(family_node& n) noexcept { static_cast<labelled_of&>(n).clear(); }
  static const void* chosen(const family_node& n) noexcept { return static_cast<const labelled_of&>(n).args; }
  static void unregister(family_node& n, void* core) noexcept {
    // By reference: for a pointer GCC 12 adds a test for null, and warns of what would follow.
    static_cast<labelled_of&>(n).hide(static_cast<series_of<Core>&>(*static_cast<Core*>(core)));
  }
  static status state(const family_node& n, const void* core) noexcept {
    const labelled_of& shelf = static_cast<const labelled_of&>(n);
    const status family = n.state();
    if (!family.ok()) return family;
    const series* const s = static_cast<const series_of<Core>*>(static_cast<const Core*>(core));
    if (s == shelf.overflow) return status(errc::series_limit, shelf.name(), shelf.limit);
    return s->is_hidden() ? status(errc::not_registered, shelf.name()) : status();
  }
  static void destroy(family_node* n) noexcept {
    labelled_of* const shelf = static_cast<labelled_of*>(n);
    for (series* s = shelf->first.load(memory_order_acquire); s;) {
      series* const after = s->next.load(memory_order_relaxed);
      static_cast<series_of<Core>*>(s)->~series_of<Core>();
      s = after;
    }
    shelf->rooms.end();
    shelf->index.load(memory_order_acquire)->largest()->end();
    if (single<Core>* const m = shelf->mislabelled.load(memory_order_acquire)) single_ops<Core, true>::destroy(m);
    static_cast<series_of<Core>*>(shelf->overflow)->~series_of<Core>();
    shelf->~labelled_of();
    release(shelf);
  }
  // Two, so that a series without created time does not pay for asking.
  static const family_ops table, table_with_created;
};
template <class Core>
const family_ops labelled_of<Core>::table = {
    Core::type, Core::kind, true, &next, &restart, &labelled_name, &chosen, &same_choice<typename Core::args>,
    &unregister, &state, &destroy, &read_twin};
template <class Core>
const family_ops labelled_of<Core>::table_with_created = {
    Core::type, Core::kind, true, &next_with_created, &restart, &labelled_name, &chosen, &same_choice<typename Core::args>,
    &unregister, &state, &destroy, &read_twin};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_LABELLED_OF_HPP

// ==== narthex/family.hpp ========================================================================
// narthex/family.hpp - finds or makes the instrument for a set of label values.
// Room: shelves. Read detail/labelled_of.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_FAMILY_HPP
#define NARTHEX_FAMILY_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>


NARTHEX_BEGIN_NAMESPACE

/// How many series a family may have: 10,000 unless said otherwise. Hidden ones count. The first registration decides.
///
/// What comes after is counted in one overflow series, whose label values are all "_overflow_", and in
/// narthex_refused_total{what="series"}.
class series_limits {
 public:
  explicit constexpr series_limits(std::uint32_t at_most = 10000) noexcept : most_(at_most) {}
  std::uint32_t most() const noexcept { return most_; }

 private:
  std::uint32_t most_;
};

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
namespace detail {

/// Registers a family: a new node, or the one that is there already. Null without memory.
template <class Core>
labelled_of<Core>* register_family(registry_core& r, const metric_name& called, string_view help, const string_view* names,
                                   string_view* overflow_values, unsigned arity, typename Core::args a,
                                   std::uint32_t limit) noexcept {
  enum : std::uint32_t { first_slots = 8 };
  using node = labelled_of<Core>;
  const string_view name = called.text();
  std::size_t at = 0;
  errc why = check_unit(validate<Core>(name, a, at), called.unit());
  if (why == errc::ok) why = check_label_names(names, arity, Core::type, r.constant_labels(), at);
  else a = Core::smallest();

  // One piece: node, names, first index, args, overflow series, texts.
  for (unsigned i = 0; i < arity; ++i) overflow_values[i] = overflow_value();
  const series_key overflow_key(names, overflow_values, arity);
  const std::size_t overflow_size = overflow_key.text_size();
  const auto clock_ns = Core::type == metric_type::gauge ? nullptr : r.created_clock();
  const std::size_t created_in_series = round_up(sizeof(series_of<Core>)) + Core::room(a);
  const std::size_t sizes_in_series = created_in_series + (clock_ns ? std::size_t(created_time::bytes) : 0);
  const std::size_t names_at = round_up(sizeof(node));
  const std::size_t index_at = names_at + round_up(arity * sizeof(string_view));
  const std::size_t args_at = index_at + round_up(series_index::bytes(first_slots));
  const std::size_t overflow_at = args_at + Core::args_room(a);
  const std::size_t text_at = overflow_at + sizes_in_series + arity * sizeof(std::uint16_t) +
                              (r.constant_labels().size() + 1) + overflow_size;
  std::size_t size = text_at + name.size() + help.size() + 2;
  for (unsigned i = 0; i < arity; ++i) size += names[i].size() + 1;
  char* const memory = static_cast<char*>(allocate(size));
  if (!memory) {
    r.count(mistake::registration);
    report(status(errc::no_memory, name));
    return nullptr;
  }
  char* text = memory + text_at;
  const char* const own_name = copy_text(text, name).data();
  node* const made = new (memory) node(own_name, copy_text(text, help).data());
  string_view* const own_names = reinterpret_cast<string_view*>(memory + names_at);
  for (unsigned i = 0; i < arity; ++i) new (own_names + i) string_view(copy_text(text, names[i]));
  made->names = own_names;
  made->arity = arity;
  made->constant = r.constant_labels();
  made->limit = limit;
  made->args = Core::keep(a, memory + args_at);
  made->sizes_at = static_cast<std::uint32_t>(sizes_in_series);
  made->measure_in(called.unit());
  if (clock_ns) made->keep_created(static_cast<std::uint32_t>(created_in_series), clock_ns);
  // Its place in memory, which who chooses label values does not know.
  made->seed = reinterpret_cast<std::uintptr_t>(memory) * 0x9e3779b97f4a7c15u;
  const std::uint32_t hash = series_key::hash(overflow_values, arity, made->seed);
  made->overflow = made->construct(memory + overflow_at, overflow_key, overflow_size, true, hash);
  made->overflow->hide();
  made->index.store(new (memory + index_at) series_index(first_slots, nullptr), memory_order_relaxed);
  series_index::insert(made->index, *made->overflow, 0, [](const series&) { return false; });

  family_node* twin = nullptr;
  if (why == errc::ok) why = r.insert(*made, twin);
  if (twin) {
    node::destroy(made);
    return static_cast<node*>(twin);
  }
  return why == errc::ok ? made : static_cast<node*>(r.keep_refused(*made, why, at));
}

}  // namespace detail

/// Metrics that share name, help and label names; one series for each set of label values.
///
/// T: counter, double_counter, gauge, int_gauge, histogram, summary. N: how many labels.
/// A family is a handle: copies stand for the same family, destroying one removes nothing.
///
/// Threads: every member may be called from any thread at any time.
/// Memory:  a series is its storage, 24 bytes, its label text and 2 bytes a label, out of blocks of up to 32 KB; freed with
///          the registry. The index: 32 to 64 bytes a series; up to 100 while there are fewer than 1,000.
/// Source:  Prometheus, "Writing client libraries", Labels.
template <class T, std::size_t N>
class family {
  static_assert(N > 0, "a metric without labels is no family");
  using core = typename T::core_type;
  using args_type = typename core::args;
  using node = detail::labelled_of<core>;

 public:
  /// Registers in the default registry. The same name, help, label names and bounds give the same family.
  ///
  /// Errors: see status(); a refused family hands out instruments that count, but are not exposed.
  family(metric_name name, string_view help, const label_names<N>& names, const args_type& args = args_type(),
         series_limits limits = series_limits()) noexcept
      : family(default_registry(), name, help, names, args, limits) {}
  family(metric_name name, string_view help, const label_names<N>& names, series_limits limits) noexcept
      : family(default_registry(), name, help, names, args_type(), limits) {}
  family(registry_core& registry, metric_name name, string_view help, const label_names<N>& names,
         series_limits limits) noexcept
      : family(registry, name, help, names, args_type(), limits) {}
  family(registry_core& registry, metric_name name, string_view help, const label_names<N>& names,
         const args_type& args = args_type(), series_limits limits = series_limits()) noexcept
      : node_(nullptr) {
    string_view overflow_values[N];
    node_ = detail::register_family<core>(registry, name, help, names.data(), overflow_values, N, args,
                                          limits.most());
  }

  /// The series of these values, in the order of the label names; made when there is none, shown again when hidden.
  ///
  /// values: text or integers, N of them.
  /// Errors: see status() of the answer: errc::series_limit for the overflow series, which also stands in
  ///         when there is no memory.
  /// Cost:   for an existing series a hash of the values and a comparison; no lock, no allocation.
  ///         Keep the handle where that is too much.
  template <class... Values>
  T labels(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    return get(texts.data());
  }

  /// The same by name, in any order: labels({{"code", "200"}, {"method", "GET"}}).
  ///
  /// Errors: a name that is unknown, missing or twice: a stand-in whose status() is errc::unknown_label.
  T labels(std::initializer_list<label_pair> pairs) const noexcept {
    string_view texts[N];
    const string_view wrong = node_ ? arrange(pairs, texts) : string_view();
    return wrong.data() ? T(mislabelled(wrong)) : get(texts);
  }

  /// Hides the series of these values; a later labels() or update shows it again, from zero.
  ///
  /// Returns: whether there was one.
  template <class... Values>
  bool remove(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    return node_ && remove_series(texts.data());
  }
  bool remove(std::initializer_list<label_pair> pairs) const noexcept {
    string_view texts[N];
    return node_ && !arrange(pairs, texts).data() && remove_series(texts);
  }

  /// Hides every series.
  void clear() const noexcept {
    if (node_) node_->clear();
  }

  /// ok, or why the registration was refused.
  NARTHEX_NAMESPACE::status status() const noexcept {
    return node_ ? static_cast<const detail::family_node&>(*node_).state() : NARTHEX_NAMESPACE::status(errc::no_memory, "");
  }
  /// Takes the family out of the exposition; registering it again shows it again, from zero.
  void unregister() const noexcept {
    if (!node_) return;
    if (registry_core* const home = node_->home()) home->hide(*node_);
  }
  /// How often labels() answered with the overflow series.
  std::uint64_t overflowed() const noexcept {
    return node_ ? node_->overflowed.load(detail::memory_order_relaxed) : 0;
  }

 private:
  T get(const string_view* texts) const noexcept {
    if (!node_) return T(detail::stand_in<core>::get());
    return T(detail::registered<core>{&static_cast<detail::series_of<core>&>(node_->template get<N>(texts)), node_});
  }

  bool remove_series(const string_view* texts) const noexcept {
    detail::series* const s = node_->template find_any<N>(texts);
    if (!s || s->is_hidden()) return false;
    node_->hide(*s);
    return true;
  }

  /// Puts values in the order of the names. Returns the name that is wrong; a null view when none is.
  string_view arrange(std::initializer_list<label_pair> pairs, string_view (&texts)[N]) const noexcept {
    for (std::size_t i = 0; i < N; ++i) texts[i] = string_view();
    for (const label_pair& p : pairs) {
      std::size_t i = 0;
      while (i < N && node_->names[i] != p.name) ++i;
      if (i == N || texts[i].data()) return p.name.data() ? p.name : string_view("", 0);
      texts[i] = p.value.text();
    }
    for (std::size_t i = 0; i < N; ++i) {
      if (!texts[i].data()) return node_->names[i];
    }
    return string_view();
  }

  detail::registered<core> mislabelled(string_view wrong) const noexcept {
    registry_core* const home = node_->home();
    if (home) home->count(mistake::series);
    return node_->answer_to_mislabelled(wrong);
  }

  node* node_;
};
#elif NARTHEX_HAS(HEAP)  // compiled out

template <class T, std::size_t N>
class NARTHEX_DETAIL_IDLE family : public detail::no_family<T> {
  using args_type = detail::unread<typename T::core_type::args>;

 public:
  constexpr family(metric_name, string_view, const label_names<N>&, args_type = {}, series_limits = series_limits()) noexcept {}
  constexpr family(metric_name, string_view, const label_names<N>&, series_limits) noexcept {}
  constexpr family(registry_core&, metric_name, string_view, const label_names<N>&, series_limits) noexcept {}
  constexpr family(registry_core&, metric_name, string_view, const label_names<N>&, args_type = {},
         series_limits = series_limits()) noexcept {}
};

#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_FAMILY_HPP

// ==== narthex/fixed_family.hpp ==================================================================
// narthex/fixed_family.hpp - a family with room for a stated number of series inside.
// Room: shelves. Read detail/series_key.hpp and detail/single.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_FIXED_FAMILY_HPP
#define NARTHEX_FIXED_FAMILY_HPP

#include <cstddef>
#include <cstdint>
#include <new>


NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Metrics that share name, help and N label names: up to `Series` of them, all storage inside, nothing allocated.
///
/// T:          counter, double_counter, gauge, int_gauge, fixed_histogram<B>, fixed_summary.
/// LabelBytes: room for each series' label text, names included: method="GET",code="200" is 24.
/// Beyond `Series`, or where the text does not fit, labels() answers with the overflow series, whose values are
/// all "_overflow_"; counted in narthex_refused_total{what="series"}.
/// Names, help and label names are kept by reference: static lifetime. So must the family be, as long as its
/// handles are used.
/// Threads: any; without threads, interrupt handlers use handles that the main loop made.
/// Cost:    labels() compares the values with each series in turn; no hash, no lock when it exists.
template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes = 64>
class fixed_family {
  static_assert(N > 0 && Series > 0 && LabelBytes <= 200, "at least one label and series, at most 200 bytes of labels");
  using core = typename T::core_type;
  static_assert(detail::is_in_place<core>::value, "use fixed_histogram<B> or fixed_summary here: the storage is inside");
  using args_type = typename core::args;

 public:
  using handle_type = typename T::series_handle;

  /// Registers in the default registry. Errors: see status(); a refused family hands out instruments that count, but are not
  /// exposed. A name that is taken is refused, also by an equal family. Cost: a search among the registry's names.
  fixed_family(static_name name, const char* help, const label_names<N>& names,
               const args_type& args = args_type()) noexcept
      : fixed_family(default_registry(), name, help, names, args) {}
  fixed_family(registry_core& registry, static_name name, const char* help, const label_names<N>& names,
               const args_type& args = args_type()) noexcept
      : node_(name.data(), help, names, args) {
    std::size_t at = 0;
    errc why = detail::check_unit(detail::validate<core>(name.text(), args, at), name.unit());
    node_.measure_in(name.unit());
    if (why == errc::ok) {
      why = detail::check_label_names(names.data(), N, core::type, registry.constant_labels(), at);
    }
    string_view overflow[N];
    for (string_view& v : overflow) v = detail::overflow_value();
    if (!node_.places[Series].write(node_.key(overflow)) ||
        registry.constant_labels().size() + 1 + LabelBytes > detail::reading::text_room) {
      if (why == errc::ok) why = errc::label_too_long, at = LabelBytes;
    }
    detail::join(registry, node_, why, at);
  }
  ~fixed_family() { unregister(); }
  fixed_family(const fixed_family&) = delete;
  fixed_family& operator=(const fixed_family&) = delete;

  /// The series of these values, made when there is none, shown again when hidden. For the overflow series, status() of the answer
  /// is errc::series_limit.
  template <class... Values>
  handle_type labels(const Values&... values) noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    slot& s = node_.get(node_.key(texts.data()));
    return handle_type(detail::registered<core>{&s.storage(), &node_});
  }

  /// Hides the series of these values; a later labels() or update shows it again, from zero. It keeps its room.
  ///
  /// Returns: whether there was one.
  template <class... Values>
  bool remove(const Values&... values) noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    slot* const s = node_.find(node_.key(texts.data()));
    if (!s || !slot::is_shown(s->state.load(detail::memory_order_acquire))) return false;
    s->hide();
    return true;
  }
  /// Hides every series.
  void clear() noexcept { node::restart(node_); }

  /// ok, or why the registration was refused; errc::label_too_long when LabelBytes has no room for the overflow series.
  NARTHEX_NAMESPACE::status status() const noexcept { return static_cast<const detail::family_node&>(node_).state(); }
  /// Takes the family out of the exposition for good; its handles go on counting. Waits only for a scrape that is reading it.
  void unregister() noexcept { detail::part(node_); }

 private:
  enum : std::uint32_t { unused, shown, hidden_again };

  struct slot {
    detail::shared<std::uint32_t> state;  // odd while shown, even while hidden; every change goes up
    std::uint32_t text_size;
    char text[LabelBytes];
    alignas(core) unsigned char room[sizeof(core)];

    core& storage() noexcept { return *reinterpret_cast<core*>(&room); }
    static bool is_shown(std::uint32_t seen) noexcept { return (seen & 1) != 0; }
    void show() noexcept { show(state.load(detail::memory_order_acquire)); }
    /// Unless it was hidden again since `seen`.
    void show(std::uint32_t seen) noexcept {
      if (is_shown(seen)) return;
      state.compare_exchange_strong(seen, seen + 1, detail::memory_order_acq_rel, detail::memory_order_relaxed);
    }
    void hide() noexcept {
      storage().restart();  // first: see labelled_of::hide
      std::uint32_t seen = state.load(detail::memory_order_relaxed), next;
      do {
        next = (seen + 2) & ~std::uint32_t(1);
        if (next == unused) next = hidden_again;
      } while (!state.compare_exchange_weak(seen, next, detail::memory_order_acq_rel, detail::memory_order_relaxed));
    }
    bool write(const detail::series_key& k) noexcept {
      const std::size_t size = k.text_size();
      if (size > LabelBytes) return false;
      k.write(text);
      text_size = static_cast<std::uint32_t>(size);
      return true;
    }
  };

  struct node : detail::named_node {
    node(const char* full, const char* means, const label_names<N>& given, const args_type& a) noexcept
        : named_node(&table, full, means), names(given), args(a) {
      for (slot& s : places) {
        s.state.store(unused, detail::memory_order_relaxed);
        s.text_size = 0;
        new (&s.room) core(args, nullptr);
      }
    }
    label_names<N> names;
    args_type args;
    detail::spin_lock lock;
    slot places[Series + 1];  // the last is for overflow

    detail::series_key key(const string_view* values) const noexcept {
      return detail::series_key(names.data(), values, N);
    }
    slot* find(const detail::series_key& k) noexcept {
      for (slot& s : places) {
        if (&s != &places[Series] && s.state.load(detail::memory_order_acquire) == unused) continue;
        if (k.is(string_view(s.text, s.text_size))) return &s;
      }
      return nullptr;
    }
    slot& get(const detail::series_key& k) noexcept {
      slot* s = find(k);
      if (!s) s = make(k);
      s->show();  // the overflow slot's text was there from the start: unused is hidden to it
      return *s;
    }
    slot* make(const detail::series_key& k) noexcept {
      const detail::hold held(lock);
      if (slot* const s = find(k)) return s;
      for (slot& s : places) {
        if (&s == &places[Series] || s.state.load(detail::memory_order_relaxed) != unused) continue;
        if (!s.write(k)) break;
        s.state.store(shown, detail::memory_order_release);
        return &s;
      }
      if (registry_core* const r = this->home()) r->count(mistake::series);
      return &places[Series];
    }

    static bool next(detail::family_node& n, detail::position& where, detail::reading& out) noexcept {
      node& f = static_cast<node&>(n);
      while (where.index <= Series) {
        slot& s = f.places[where.index++];
        const std::uint32_t seen = s.state.load(detail::memory_order_acquire);  // before the value: see labelled_of::hide
        if (seen == unused) continue;
        if (s.storage().read(out)) s.show(seen);
        if (!slot::is_shown(s.state.load(detail::memory_order_acquire))) continue;
        const registry_core* const home = n.home();
        detail::label_text text(out.text, detail::reading::text_room);
        if (home) text.add_ready(home->constant_labels());
        text.add_ready(string_view(s.text, s.text_size));
        out.labels = text.text();
        return true;
      }
      return false;
    }
    static void restart(detail::family_node& n) noexcept {
      for (slot& s : static_cast<node&>(n).places) {
        if (s.state.load(detail::memory_order_acquire) != unused) s.hide();
      }
    }
    static string_view label(const detail::family_node& n, unsigned i) noexcept {
      return i < N ? static_cast<const node&>(n).names.data()[i] : string_view();
    }
    static slot& slot_of(detail::family_node& n, const void* storage) noexcept {
      node& f = static_cast<node&>(n);
      std::size_t i = 0;
      while (i < Series && &f.places[i].storage() != storage) ++i;
      return f.places[i];
    }
    static void unregister(detail::family_node& n, void* storage) noexcept { slot_of(n, storage).hide(); }
    static NARTHEX_NAMESPACE::status state(const detail::family_node& n, const void* storage) noexcept {
      const NARTHEX_NAMESPACE::status family = n.state();
      if (!family.ok()) return family;
      node& f = const_cast<node&>(static_cast<const node&>(n));
      slot& s = slot_of(f, storage);
      if (&s == &f.places[Series]) return NARTHEX_NAMESPACE::status(errc::series_limit, n.name(), Series);
      return slot::is_shown(s.state.load(detail::memory_order_acquire)) ? family
                                                                 : NARTHEX_NAMESPACE::status(errc::not_registered, n.name());
    }
    static const void* chosen(const detail::family_node& n) noexcept { return &static_cast<const node&>(n).args; }
    static const detail::family_ops table;
  };
  node node_;
};
template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes>
const detail::family_ops fixed_family<T, N, Series, LabelBytes>::node::table = {
    core::type, core::kind, false, &next, &restart, &label, &chosen, &detail::same_choice<args_type>, &unregister, &state, nullptr};

#else  // compiled out

template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes = 64>
class NARTHEX_DETAIL_IDLE fixed_family : public detail::no_family<typename T::series_handle> {
  using args_type = detail::unread<typename T::core_type::args>;

 public:
  using handle_type = typename T::series_handle;
  constexpr fixed_family(static_name, const char*, const label_names<N>&, args_type = {}) noexcept {}
  constexpr fixed_family(registry_core&, static_name, const char*, const label_names<N>&, args_type = {}) noexcept {}
  fixed_family(const fixed_family&) = delete;
  fixed_family& operator=(const fixed_family&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_FIXED_FAMILY_HPP

// ==== narthex/enum_family.hpp ===================================================================
// narthex/enum_family.hpp - a family whose labels are enums: a series is an array element.
// Room: shelves. Read fixed_family.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_ENUM_FAMILY_HPP
#define NARTHEX_ENUM_FAMILY_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE

/// The label values of an enum whose enumerators count from 0. A function beside the enum says them:
///
///   enum class method { get, post };
///   inline nx::enum_values<2> label_values(method) { return {{"get", "post"}}; }
template <std::size_t N>
struct enum_values {
  static constexpr std::size_t size = N;
  const char* text[N];  ///< static lifetime, all different
};
template <std::size_t N>
constexpr std::size_t enum_values<N>::size;

#if NARTHEX_HAS(METRICS)
namespace detail {

template <class Enum>
struct enum_size : std::integral_constant<std::size_t, decltype(label_values(Enum()))::size> {};

template <class... Enums>
struct enum_product : std::integral_constant<std::size_t, 1> {};
template <class First, class... Rest>
struct enum_product<First, Rest...>
    : std::integral_constant<std::size_t, enum_size<First>::value * enum_product<Rest...>::value> {};

/// The place of a combination of enumerators, the last one running fastest; beyond the product when one is no
/// enumerator.
template <class... Enums>
struct enum_index {
  static std::size_t of() noexcept { return 0; }
  static void write(std::size_t, const string_view*, label_text&) noexcept {}
  static std::size_t longest(const string_view*) noexcept { return 0; }
  static bool all_different(std::size_t&) noexcept { return true; }
};
template <class First, class... Rest>
struct enum_index<First, Rest...> {
  static std::size_t of(First first, Rest... rest) noexcept {
    const std::size_t i = static_cast<std::size_t>(first);
    const std::size_t behind = enum_index<Rest...>::of(rest...);
    const bool good = i < enum_size<First>::value && behind < enum_product<Rest...>::value;
    return good ? i * enum_product<Rest...>::value + behind : enum_product<First, Rest...>::value;
  }
  static void write(std::size_t index, const string_view* names, label_text& text) noexcept {
    text.add(names[0], label_values(First()).text[index / enum_product<Rest...>::value]);
    enum_index<Rest...>::write(index % enum_product<Rest...>::value, names + 1, text);
  }
  static std::size_t longest(const string_view* names) noexcept {
    std::size_t most = 0;
    const auto values = label_values(First());
    for (const char* const v : values.text) {
      const std::size_t size = label_text_size(names[0], v) + 1;
      most = size > most ? size : most;
    }
    return most + enum_index<Rest...>::longest(names + 1);
  }
  /// `at` counts the labels before one that has a value twice, as it will be written.
  static bool all_different(std::size_t& at) noexcept {
    const auto values = label_values(First());
    const string_view none[1] = {string_view("")};  // not null: it goes to memcpy
    for (std::size_t i = 0; i < enum_size<First>::value; ++i) {
      const string_view mine(values.text[i]);
      char text[reading::text_room];
      label_text written(text, sizeof text);
      written.add(none[0], mine);
      for (std::size_t k = 0; k < i; ++k) {
        const string_view other(values.text[k]);
        if (series_key(none, &other, 1).is(written.text())) return false;
      }
    }
    ++at;
    return enum_index<Rest...>::all_different(at);
  }
};

}  // namespace detail

/// Metrics labelled by enums: every combination exists from the start, at 0; finding one is arithmetic.
///
/// T: counter, double_counter, gauge, int_gauge, fixed_histogram<B>, fixed_summary.
/// An object with its storage inside: static lifetime, or longer than its handles; its destructor takes it out
/// of the registry. With a heap, name and help are copied; label names and values have static lifetime.
/// Errors:  see status(); errc::repeated_label_value for two equal values. A value that is no enumerator counts into nothing and in
///          narthex_refused_total{what="series"}.
/// Threads: any. Cost: labels() is a multiplication and an addition for each label.
template <class T, class... Enums>
class enum_family {
  using core = typename T::core_type;
  static_assert(detail::is_in_place<core>::value, "use fixed_histogram<B> or fixed_summary here: the storage is inside");
  using args_type = typename core::args;
  using index = detail::enum_index<Enums...>;
  enum : std::size_t { count = detail::enum_product<Enums...>::value };

 public:
  using handle_type = typename T::series_handle;

  /// Registers in the default registry. A name that is taken is refused, also by an equal family.
  enum_family(detail::kept_name name, detail::kept_help help, const label_names<sizeof...(Enums)>& names,
              const args_type& args = args_type()) noexcept
      : enum_family(default_registry(), name, help, names, args) {}
  enum_family(registry_core& registry, detail::kept_name name, detail::kept_help help,
              const label_names<sizeof...(Enums)>& names, const args_type& args = args_type()) noexcept
      : node_(names, args) {
    std::size_t at = 0;
    errc why = detail::check_unit(detail::validate<core>(name.text(), args, at), name.unit());
    node_.measure_in(name.unit());
    node_.own_words.name = detail::keep_text(registry, name.text(), why);
    node_.own_words.help = detail::keep_text(registry, help, why);
    if (why == errc::ok) {
      why = detail::check_label_names(names.data(), sizeof...(Enums), core::type, registry.constant_labels(), at);
    }
    if (why == errc::ok && index::longest(names.data()) + registry.constant_labels().size() > detail::reading::text_room) {
      why = errc::label_too_long;
      at = detail::reading::text_room;
    }
    std::size_t label = 0;
    if (why == errc::ok && !index::all_different(label)) {
      why = errc::repeated_label_value;
      at = label;
    }
    detail::join(registry, node_, why, at);
  }
  ~enum_family() { unregister(); }
  enum_family(const enum_family&) = delete;
  enum_family& operator=(const enum_family&) = delete;

  /// The series of these enumerators, in the order of the label names; one that counts into nothing for a value beyond them.
  handle_type labels(Enums... values) noexcept {
    const std::size_t i = index::of(values...);
    if (!NARTHEX_DETAIL_LIKELY(i < count)) refuse();
    return handle_type(detail::registered<core>{&node_.storage(i), &node_});
  }

  /// ok, or why the registration was refused.
  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }
  /// Takes the family out of the exposition for good; its handles go on counting. Waits only for a scrape that is reading it.
  void unregister() noexcept { detail::part(node_); }

 private:
  NARTHEX_DETAIL_COLD void refuse() noexcept {
    if (registry_core* const home = node_.home()) home->count(mistake::series);
  }

  struct node : detail::named_node {
    node(const label_names<sizeof...(Enums)>& given, const args_type& a) noexcept
        : named_node(&table, "", ""), names(given), args(a) {
      for (unsigned char* seat : room) new (seat) core(args, nullptr);
    }
    label_names<sizeof...(Enums)> names;
    args_type args;
    alignas(core) unsigned char room[count + 1][sizeof(core)];  // the last takes what is no enumerator, and is not shown

    core& storage(std::size_t i) noexcept { return *reinterpret_cast<core*>(&room[i]); }

    static bool next(detail::family_node& n, detail::position& where, detail::reading& out) noexcept {
      if (where.index >= count) return false;
      node& f = static_cast<node&>(n);
      const std::size_t i = where.index++;
      f.storage(i).read(out);
      const registry_core* const home = n.home();
      detail::label_text text(out.text, detail::reading::text_room);
      if (home) text.add_ready(home->constant_labels());
      index::write(i, f.names.data(), text);
      out.labels = text.text();
      return true;
    }
    static void restart(detail::family_node& n) noexcept {
      for (std::size_t i = 0; i < count; ++i) static_cast<node&>(n).storage(i).restart();
    }
    static string_view label(const detail::family_node& n, unsigned i) noexcept {
      return i < sizeof...(Enums) ? static_cast<const node&>(n).names.data()[i] : string_view();
    }
    // One element of the array cannot go alone.
    static void unregister(detail::family_node&, void*) noexcept {}
    static const void* chosen(const detail::family_node& n) noexcept { return &static_cast<const node&>(n).args; }
    static const detail::family_ops table;
  };
  node node_;
};
template <class T, class... Enums>
const detail::family_ops enum_family<T, Enums...>::node::table = {
    core::type, core::kind, false, &next, &restart, &label, &chosen, &detail::same_choice<args_type>, &unregister, &detail::node_state, nullptr};

#else  // compiled out

template <class T, class... Enums>
class NARTHEX_DETAIL_IDLE enum_family : public detail::no_family<typename T::series_handle> {
  using args_type = detail::unread<typename T::core_type::args>;

 public:
  using handle_type = typename T::series_handle;
  constexpr enum_family(detail::kept_name, detail::kept_help, const label_names<sizeof...(Enums)>&,
              args_type = {}) noexcept {}
  constexpr enum_family(registry_core&, detail::kept_name, detail::kept_help, const label_names<sizeof...(Enums)>&,
              args_type = {}) noexcept {}
  enum_family(const enum_family&) = delete;
  enum_family& operator=(const enum_family&) = delete;
  handle_type labels(Enums... values) const noexcept {
    if (false) mention(label_values(values)...);  // an enum's function in one file would be unused
    return handle_type(detail::no_core());
  }

 private:
  template <class... All>
  static void mention(const All&...) noexcept {}
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_ENUM_FAMILY_HPP

// ==== narthex/callback.hpp ======================================================================
// narthex/callback.hpp - a value fetched at scrape time.
// Room: shelves. Read detail/in_place.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_CALLBACK_HPP
#define NARTHEX_CALLBACK_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A node whose values come from a user's code: pinned, not guarded, while that runs, so that its destructor waits
/// for its own call and for nobody else's.
struct calling_node : named_node {
  calling_node(const family_ops* kind, const char* full, const char* means) noexcept
      : named_node(kind, full, means), calls(0) {}
  shared<std::uint32_t> calls;
  void wait_for_calls() noexcept {
    patience p;
    while (calls.load(memory_order_acquire) && !p.in_vain()) p.wait();
  }
};

/// While it lives its node stays, and the walk that calls it is not in the lists.
class pinned {
 public:
  pinned(calling_node& n, const reading& by) noexcept : node_(n) {
    node_.calls.fetch_add(1, memory_order_seq_cst);
    by.rest();
  }
  ~pinned() { node_.calls.fetch_sub(1, memory_order_release); }
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;

 private:
  calling_node& node_;
};

template <class Value>
number to_number(Value value) noexcept {
  using wide = typename std::conditional<!std::is_integral<Value>::value, double,
                                         typename std::conditional<std::is_signed<Value>::value, std::int64_t,
                                                                   std::uint64_t>::type>::type;
  return number(static_cast<wide>(value));
}

}  // namespace detail

#if NARTHEX_HAS(METRICS)
/// A counter or gauge whose value is fetched at scrape time; see callback_counter and callback_gauge.
template <metric_type Type>
class callback_of {
 public:
  /// Registers in the default registry. `function` returns a number; integers stay exact.
  ///
  /// It is called once per scrape, without any lock of ours, in the scraper's thread; from several threads
  /// when there are several scrapes. It must not throw and must not destroy this object. A counter's value that is
  /// negative, NaN or infinite is left out of the scrape and counted in narthex_refused_total{what="sample"}.
  /// Errors: see status(). A name that is taken is refused, also by an equal metric.
  /// Memory: up to three words of captures lie in this object; with a heap, name and help are copied.
  template <class F>
  callback_of(detail::kept_name name, detail::kept_help help, F&& function) noexcept
      : callback_of(default_registry(), name, help, std::forward<F>(function)) {}
  template <class F>
  callback_of(registry_core& registry, detail::kept_name name, detail::kept_help help, F&& function) noexcept
      : node_(std::forward<F>(function)) {
    std::size_t at = 0;
    errc why = detail::check_unit(detail::check_name(name.text(), at), name.unit());
    node_.measure_in(name.unit());
    node_.own_words.name = detail::keep_text(registry, name.text(), why);
    node_.own_words.help = detail::keep_text(registry, help, why);
    detail::join(registry, node_, why, at);
  }

  /// Takes it out of the registry and waits for its own call, if one is running.
  ~callback_of() { unregister(); }
  callback_of(const callback_of&) = delete;
  callback_of& operator=(const callback_of&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }

  /// Takes it out of the exposition for good. When this returns, the function is not called any more.
  void unregister() noexcept {
    detail::part(node_);
    node_.wait_for_calls();
  }

 private:
  struct node : detail::calling_node {
    template <class F>
    explicit node(F&& f) noexcept : calling_node(&table, "", ""), function(wrap<typename std::decay<F>::type>{std::forward<F>(f)}) {}
    detail::small_function<number> function;

    template <class F>
    struct wrap {
      F f;
      number operator()() { return detail::to_number(f()); }
    };
    static bool next(detail::family_node& n, detail::position& where, detail::reading& out) noexcept {
      const detail::pinned call(static_cast<node&>(n), out);
      if (where.index++) return false;
      registry_core* const home = static_cast<node&>(n).home();
      if (!home) return false;  // taken out just before the call
      out.value = static_cast<node&>(n).function();
      const double value = out.value.as_double();
      if (Type == metric_type::counter && (value < 0 || !detail::is_finite(value))) {
        home->count(mistake::sample);
        return false;
      }
      out.labels = home->constant_labels();
      return true;
    }
    static const detail::family_ops table;
  };
  node node_;
};
template <metric_type Type>
const detail::family_ops callback_of<Type>::node::table = {
    Type,      detail::storage::callback, false,   &next, &detail::nothing_to_restart, &detail::no_label,
    &detail::nothing_more, &detail::never_same, nullptr, nullptr, nullptr};

#else  // compiled out; not constexpr, as nobody names a callback in one file, and clang would say that it is unused

template <metric_type Type>
class NARTHEX_DETAIL_IDLE callback_of : public detail::no_node {
 public:
  template <class F>
  callback_of(detail::kept_name, detail::kept_help, F&&) noexcept {}
  template <class F>
  callback_of(registry_core&, detail::kept_name, detail::kept_help, F&&) noexcept {}
  callback_of(const callback_of&) = delete;
  callback_of& operator=(const callback_of&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

/// A counter kept elsewhere: nx::callback_counter c{"x_total", "...", [&] { return source.total; }};
using callback_counter = callback_of<metric_type::counter>;
/// A gauge read at scrape time: nx::callback_gauge g{"depth", "...", [&q] { return q.size(); }};
using callback_gauge = callback_of<metric_type::gauge>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_CALLBACK_HPP

// ==== narthex/declared.hpp ======================================================================
// narthex/declared.hpp - what a collector says of a family before its first sample.
// Room: shelves. Read desc.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DECLARED_HPP
#define NARTHEX_DECLARED_HPP

#include <initializer_list>


NARTHEX_BEGIN_NAMESPACE

/// A family that a collector declares: type, name, help, label names.
struct declared {
  metric_type type;  ///< counter, gauge, histogram, gauge_histogram, summary or unknown
  string_view name;
  string_view help;
  std::initializer_list<string_view> labels;
  string_view unit;  ///< what the name ends in, but for _total; empty: none

  declared(metric_type is, string_view called, string_view meaning, std::initializer_list<string_view> names,
           string_view measured_in = string_view()) noexcept
      : type(is), name(called), help(meaning), labels(names), unit(measured_in) {}
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DECLARED_HPP

// ==== narthex/detail/scraper_patience.hpp =======================================================
// narthex/detail/scraper_patience.hpp - how long the reader of a scrape goes on waiting.
// Room: shelves. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SCRAPER_PATIENCE_HPP
#define NARTHEX_DETAIL_SCRAPER_PATIENCE_HPP

#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Until a clock shows a time; without a clock nobody knows.
struct scraper_patience {
  enum : int { no_limit = 0x7fffffff };
  std::int64_t (*clock_ms)();
  std::int64_t until_ms;

  int left_ms() const noexcept {
    if (!clock_ms) return no_limit;
    const std::int64_t left = until_ms - clock_ms();
    return left > 0 ? static_cast<int>(left) : 0;
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SCRAPER_PATIENCE_HPP

// ==== narthex/collected.hpp =====================================================================
// narthex/collected.hpp - what a collector's function gives its samples to, during one scrape.
// Room: shelves. Read declared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_COLLECTED_HPP
#define NARTHEX_COLLECTED_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
class collector;

namespace detail {

/// One of a collector's names.
struct collected_node : calling_node {
  collected_node(const family_ops* kind, collector& from, unsigned which) noexcept
      : calling_node(kind, "", ""), owner(&from), number_in_owner(which), names(nullptr), arity(0) {}
  collector* owner;
  unsigned number_in_owner;
  const string_view* names;
  unsigned arity;
};

}  // namespace detail

/// What a collector's function gives its samples to, during one scrape.
///
/// A sample that was not declared, has another shape or number of labels, or repeats an earlier one is dropped and counted
/// in narthex_refused_total{what="sample"}; so is what finds no memory. Without exceptions or locks of ours.
/// Cost: each sample is compared with those before it: meant for hundreds of series, not for tens of thousands.
class collected {
 public:
  /// When the samples from here on were measured, in milliseconds since 1970; at_now() ends that.
  ///
  /// For values that are older than the scrape and must not seem fresh; otherwise leave it to the server. A server takes no
  /// negative time by text 0.0.4. Pushes and textfiles are without times: their readers refuse them.
  void at_ms(std::int64_t unix_ms) noexcept { has_time_ = true, time_ms_ = unix_ms; }
  void at_now() noexcept { has_time_ = false; }
  /// Since when the counters, histograms and summaries from here on count from zero, in nanoseconds since 1970; 0: nobody knows.
  void since_ns(std::int64_t unix_ns) noexcept { created_ns_ = unix_ns; }

  /// A counter, gauge or unknown value of family number `family` (in the order of declaration, from 0), taken as it is.
  template <class Value>
  void add(unsigned family, std::initializer_list<label_value> labels, Value value) noexcept {
    if (entry* const e = begin(family, labels, metric_type::gauge, 0)) {
      e->value = detail::to_number(value);
      keep(*e);
    }
  }
  /// A histogram, or a gauge histogram (what is there now, by size): counts[bounds.size() + 1], each bucket alone, the last
  /// for +Inf.
  void add_histogram(unsigned family, std::initializer_list<label_value> labels, const buckets& bounds,
                     const std::uint64_t* counts, double sum) noexcept {
    const unsigned n = bounds.size();
    if (bounds.first_bad() != n) return refuse();
    if (entry* const e = begin(family, labels, metric_type::histogram, (2 * n + 1) * 8)) {
      e->sum = sum;
      e->size = n;
      for (unsigned i = 0; i < n; ++i) put(*e, i, detail::double_bits(bounds[i]));
      for (unsigned i = 0; i <= n; ++i) put(*e, n + i, counts[i]);
      keep(*e);
    }
  }
  /// A summary: values[n] for quantiles[n], which are increasing and in 0..1; n may be 0.
  void add_summary(unsigned family, std::initializer_list<label_value> labels, const double* quantiles,
                   const double* values, unsigned n, double sum, std::uint64_t count) noexcept {
    for (unsigned i = 0; i < n; ++i) {
      if (detail::is_nan(quantiles[i]) || !(quantiles[i] >= 0 && quantiles[i] <= 1) || (i && !(quantiles[i] > quantiles[i - 1]))) return refuse();
    }
    if (n > detail::reading::max_quantiles) return refuse();
    if (entry* const e = begin(family, labels, metric_type::summary, 2 * n * 8)) {
      e->sum = sum;
      e->count = count;
      e->size = n;
      for (unsigned i = 0; i < n; ++i) put(*e, i, detail::double_bits(quantiles[i]));
      for (unsigned i = 0; i < n; ++i) put(*e, n + i, detail::double_bits(values[i]));
      keep(*e);
    }
  }

  /// How long the scraper goes on waiting for the whole page, as it said (X-Prometheus-Scrape-Timeout-Seconds): a function that
  /// asks slow things may leave the last of them out, and the rest arrives. 0: it has given up. no_limit: it said nothing.
  ///
  /// Take something off for the way: the whole page must be there by then.
  int time_left_ms() const noexcept { return patience_.left_ms(); }
  enum : int { no_limit = detail::scraper_patience::no_limit };

 private:
  friend class walk;
  friend class collector;
  struct entry {
    unsigned family;
    std::uint32_t bytes;  // of this entry, all told
    std::uint32_t hash;
    std::uint32_t text_size;
    unsigned size;        // bounds or quantiles
    bool has_time;
    std::int64_t time_ms, created_ns;
    number value;
    double sum;
    std::uint64_t count;
    // then numbers, 8 bytes each, then the label text
  };

  collected(const detail::collected_node* nodes, unsigned count, std::uint32_t serial, collected* before,
            detail::scraper_patience patience) noexcept
      : nodes_(nodes), count_(count), from_serial_(serial), next_(before), patience_(patience), memory_(nullptr), used_(0), room_(0),
        has_time_(false), time_ms_(0),
        created_ns_(0) {}
  ~collected() { detail::release(memory_); }
  collected(const collected&) = delete;
  collected& operator=(const collected&) = delete;

  entry* at(std::size_t offset) const noexcept { return reinterpret_cast<entry*>(memory_ + offset); }
  static void put(entry& e, unsigned i, std::uint64_t bits) noexcept {
    std::memcpy(reinterpret_cast<char*>(&e + 1) + i * 8, &bits, 8);
  }
  static std::uint64_t get(const entry& e, unsigned i) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, reinterpret_cast<const char*>(&e + 1) + i * 8, 8);
    return bits;
  }
  static string_view text(const entry& e, std::size_t numbers) noexcept {
    return string_view(reinterpret_cast<const char*>(&e + 1) + numbers, e.text_size);
  }
  static std::size_t numbers(const entry& e, metric_type type) noexcept {
    return is_one_number(type) ? 0 : type == metric_type::summary ? 2 * e.size * 8 : (2 * e.size + 1) * 8;
  }

  /// `shape` is histogram, summary, or gauge for whatever is one number.
  inline entry* begin(unsigned family, std::initializer_list<label_value> labels, metric_type shape,
                      std::size_t numbers_size) noexcept;
  inline void refuse() noexcept;
  void keep(const entry& e) noexcept { used_ += e.bytes; }
  bool make_room(std::size_t more) noexcept {
    if (room_ - used_ >= more) return true;
    const std::size_t wanted = (used_ + more) * 2;
    char* const larger = static_cast<char*>(detail::allocate(wanted));
    if (!larger) return false;
    if (used_) std::memcpy(larger, memory_, used_);
    detail::release(memory_);
    memory_ = larger;
    room_ = wanted;
    return true;
  }

  /// Gives the next entry of `family` behind `where`.
  inline bool next(const detail::collected_node& n, detail::position& where, detail::reading& out) const noexcept;

  const detail::collected_node* nodes_;  // of the collector that gives
  unsigned count_;
  std::uint32_t from_serial_;
  collected* next_;
  const detail::scraper_patience patience_;
  char* memory_;
  std::size_t used_, room_;
  bool has_time_;
  std::int64_t time_ms_, created_ns_;
};

inline void collected::refuse() noexcept {
  for (unsigned i = 0; i < count_; ++i) {
    if (registry_core* const home = nodes_[i].home()) {
      return home->count(mistake::sample);
    }
  }
}

inline collected::entry* collected::begin(unsigned family, std::initializer_list<label_value> labels, metric_type shape,
                                          std::size_t numbers_size) noexcept {
  if (family >= count_ || nodes_[family].arity != labels.size()) return refuse(), nullptr;
  const detail::collected_node& n = nodes_[family];
  const metric_type type = n.ops->type;
  const metric_type wanted = is_one_number(type)                    ? metric_type::gauge
                             : type == metric_type::gauge_histogram ? metric_type::histogram : type;
  if (shape != wanted) return refuse(), nullptr;
  const registry_core* const home = n.home();
  if (!home) return nullptr;  // its family was refused when the collector was made, and told then
  std::size_t text_size = home->constant_labels().size() + 1;
  unsigned i = 0;
  std::uint32_t hash = 0;
  for (const label_value& v : labels) {
    const string_view value = v.text();
    hash = hash * 31 + detail::series_key(n.names + i, &value, 1).hash();
    text_size += detail::label_text_size(n.names[i++], value) + 1;
  }
  const std::size_t bytes = detail::round_up(sizeof(entry) + numbers_size + text_size);
  if (!make_room(bytes)) return refuse(), nullptr;
  entry* const e = new (memory_ + used_) entry();
  e->family = family;
  e->bytes = static_cast<std::uint32_t>(bytes);
  e->hash = hash;
  e->has_time = has_time_;
  e->time_ms = time_ms_;
  e->created_ns = type == metric_type::gauge || type == metric_type::unknown || type == metric_type::gauge_histogram ? 0 : created_ns_;
  detail::label_text ready(reinterpret_cast<char*>(e + 1) + numbers_size, text_size);
  ready.add_ready(home->constant_labels());
  i = 0;
  for (const label_value& v : labels) ready.add(n.names[i++], v.text());
  e->text_size = static_cast<std::uint32_t>(ready.text().size());
  for (std::size_t o = 0; o < used_; o += at(o)->bytes) {
    const entry& x = *at(o);
    if (x.family == family && x.hash == hash && text(x, numbers(x, n.ops->type)) == ready.text()) {
      return refuse(), nullptr;
    }
  }
  return e;
}

inline bool collected::next(const detail::collected_node& n, detail::position& where,
                            detail::reading& out) const noexcept {
  std::size_t o = where.index;
  while (o < used_ && at(o)->family != n.number_in_owner) o += at(o)->bytes;
  if (o >= used_) return false;
  const entry& e = *at(o);
  where.index = static_cast<std::uint32_t>(o + e.bytes);
  const metric_type type = n.ops->type;
  out.labels = text(e, numbers(e, type));
  out.is_plain = false;
  out.has_time = e.has_time;
  out.time_ms = e.time_ms;
  out.created_ns = e.created_ns;
  out.value = e.value;
  out.sum = e.sum;
  out.count = e.count;
  if (type == metric_type::histogram || type == metric_type::gauge_histogram) {
    out.bounds_copy = buckets(reinterpret_cast<const double*>(&e + 1), e.size);
    out.bounds = &out.bounds_copy;
    out.counts = out.count_room;
    out.count = 0;
    for (unsigned i = 0; i <= e.size; ++i) out.count += out.count_room[i] = get(e, e.size + i);
  } else if (type == metric_type::summary) {
    out.quantiles = reinterpret_cast<const double*>(&e + 1);
    out.quantile_values = out.quantiles + e.size;
    out.quantile_count = e.size;
  }
  return true;
}

#else  // compiled out

class collected {
 public:
  void at_ms(std::int64_t) noexcept {}
  void at_now() noexcept {}
  void since_ns(std::int64_t) noexcept {}
  template <class Value>
  void add(unsigned, std::initializer_list<label_value>, Value) noexcept {}
  void add_histogram(unsigned, std::initializer_list<label_value>, const buckets&, const std::uint64_t*, double) noexcept {}
  void add_summary(unsigned, std::initializer_list<label_value>, const double*, const double*, unsigned, double,
                   std::uint64_t) noexcept {}
  int time_left_ms() const noexcept { return no_limit; }
  enum : int { no_limit = detail::scraper_patience::no_limit };
  collected(const collected&) = delete;
  collected& operator=(const collected&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_COLLECTED_HPP

// ==== narthex/collector.hpp =====================================================================
// narthex/collector.hpp - whole families fetched at scrape time, from one call of a user's function.
// Room: shelves. Read collected.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_COLLECTOR_HPP
#define NARTHEX_COLLECTOR_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <utility>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Families whose values come from one call of a function at each scrape.
///
///   nx::collector pools{{{nx::metric_type::gauge, "pool_size", "Connections.", {"pool"}}},
///                       [&](nx::collected& out) { out.add(0, {"db"}, db.size()); }};
///
/// The function is called at most once per scrape, before the first of its families is written, without any lock
/// of ours. It may be given to several collectors of several registries. It must not throw and must not
/// destroy its collector.
/// Errors:  see status(): the first of its families that was refused; the others are exposed.
/// Threads: as callback_of. Its destructor waits for its own call and for nobody else's.
/// Memory:  one allocation, and during a scrape what the function gave.
class collector {
 public:
  template <class F>
  collector(std::initializer_list<declared> families, F&& function) noexcept
      : collector(default_registry(), families, std::forward<F>(function)) {}
  template <class F>
  collector(registry_core& registry, std::initializer_list<declared> families, F&& function) noexcept
      : function_(std::forward<F>(function)), nodes_(nullptr), count_(0), serial_(0), lost_(errc::ok) {
    join(registry, families);
  }
  ~collector() { unregister(); }
  collector(const collector&) = delete;
  collector& operator=(const collector&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept {
    if (lost_ != errc::ok) return NARTHEX_NAMESPACE::status(lost_, "collector");
    for (unsigned i = 0; i < count_; ++i) {
      if (!nodes_[i].state().ok()) return nodes_[i].state();
    }
    return NARTHEX_NAMESPACE::status();
  }

  /// Takes all its families out for good. When this returns, the function is not called any more.
  void unregister() noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      detail::part(nodes_[i]);
      nodes_[i].wait_for_calls();
      nodes_[i].~collected_node();
    }
    if (count_) lost_ = errc::not_registered;
    count_ = 0;
    detail::release(nodes_);
    nodes_ = nullptr;
  }

 private:
  friend class walk;
  inline void join(registry_core& registry, std::initializer_list<declared> families) noexcept;

  detail::small_function<void, collected&> function_;
  detail::collected_node* nodes_;
  unsigned count_;
  std::uint32_t serial_;  // tells it from others that had its address
  errc lost_;
};

namespace detail {
inline string_view collected_label(const family_node& n, unsigned i) noexcept {
  const collected_node& c = static_cast<const collected_node&>(n);
  return i < c.arity ? c.names[i] : string_view();
}
template <metric_type Type>
struct collected_ops {
  static const family_ops table;
};
template <metric_type Type>
const family_ops collected_ops<Type>::table = {
    Type, storage::collected, false, nullptr, &nothing_to_restart, &collected_label, &nothing_more, &never_same, nullptr, nullptr, nullptr};

inline const family_ops* collected_table(metric_type type) noexcept {
  switch (type) {
    case metric_type::counter: return &collected_ops<metric_type::counter>::table;
    case metric_type::histogram: return &collected_ops<metric_type::histogram>::table;
    case metric_type::summary: return &collected_ops<metric_type::summary>::table;
    case metric_type::unknown: return &collected_ops<metric_type::unknown>::table;
    case metric_type::gauge_histogram: return &collected_ops<metric_type::gauge_histogram>::table;
    case metric_type::gauge:
    case metric_type::info:
    case metric_type::state_set: break;
  }
  return &collected_ops<metric_type::gauge>::table;
}
}  // namespace detail

inline void collector::join(registry_core& registry, std::initializer_list<declared> families) noexcept {
  std::size_t names = 0;
  for (const declared& d : families) names += d.labels.size();
  const std::size_t names_at = detail::round_up(families.size() * sizeof(detail::collected_node));
  char* const memory = static_cast<char*>(detail::allocate(names_at + names * sizeof(string_view) + 1));
  if (!memory) {
    lost_ = errc::no_memory;
    registry.count(mistake::registration);
    return detail::report(status());
  }
  serial_ = detail::lists::version.fetch_add(1, detail::memory_order_relaxed);
  nodes_ = reinterpret_cast<detail::collected_node*>(memory);
  string_view* label = reinterpret_cast<string_view*>(memory + names_at);
  for (const declared& d : families) {
    detail::collected_node* const n =
        new (nodes_ + count_) detail::collected_node(detail::collected_table(d.type), *this, count_);
    ++count_;
    std::size_t at = 0;
    const detail::utf8_names* const utf8 = d.name.empty() || d.name[0] != '"' ? nullptr : detail::utf8_in_use();
    const string_view name = utf8 ? utf8->unquoted(d.name) : d.name;  // a utf8_name
    errc why = detail::check_name(name, at);
    if (d.type == metric_type::info || d.type == metric_type::state_set) why = errc::unsupported;
    const detail::unit_size unit = detail::unit_in(name, d.unit);
    why = detail::check_unit(why, unit);
    n->measure_in(unit);
    n->names = label;
    n->arity = static_cast<unsigned>(d.labels.size());
    for (const string_view& l : d.labels) {
      const char* const copy = detail::keep_text(registry, l, why);
      new (label++) string_view(copy, std::strlen(copy));
    }
    if (why == errc::ok) why = detail::check_label_names(n->names, n->arity, d.type, registry.constant_labels(), at);
    n->own_words.name = detail::keep_text(registry, name, why);
    n->own_words.help = detail::keep_text(registry, d.help, why);
    n->refuse(why, at);
  }
  // A scrape may call the function as soon as the first has joined: all are complete by now.
  for (unsigned i = 0; i < count_; ++i) detail::join(registry, nodes_[i], nodes_[i].reason(), nodes_[i].reason_at());
}

#else  // compiled out

class NARTHEX_DETAIL_IDLE collector : public detail::no_node {
 public:
  template <class F>
  collector(std::initializer_list<declared>, F&&) noexcept {}
  template <class F>
  collector(registry_core&, std::initializer_list<declared>, F&&) noexcept {}
  collector(const collector&) = delete;
  collector& operator=(const collector&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_COLLECTOR_HPP

// ==== narthex/detail/family_cursor.hpp ==========================================================
// narthex/detail/family_cursor.hpp - a place among the names of a registry that is found again after a rest.
// Room: shelves. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_FAMILY_CURSOR_HPP
#define NARTHEX_DETAIL_FAMILY_CURSOR_HPP

#include <cstddef>
#include <cstring>


#if NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A registry and how far a walk came in it.
struct family_cursor {
  registry_core* registry;
  family_node* node;  // the family to read next, or in it; null at the end
  position where;
  const char* name;           // of `node`, which may go away while the walk rests; a name does not
  const family_basics* ops;   // of `node`, too
  bool has_shown;             // something of the family in hand

  void start(family_node* n) noexcept {
    node = n;
    where.at = nullptr;
    where.index = 0;
    if (!n) return;
    name = n->name();
    ops = n->ops;
  }
  /// Turns to the next family. One that came under the name in hand while the walk rested has its turn at the next scrape.
  void pass(bool has_shown_it) noexcept {
    const char* const left = name;
    do start(node->next.load(memory_order_seq_cst));
    while (NARTHEX_HAS(HEAP) && has_shown_it && node && std::strcmp(name, left) == 0);  // elsewhere names are all different
  }
  /// Finds the place again: the same node, or the first one behind it. False when that is another one.
  bool find_again() noexcept {
    if (!node || (NARTHEX_HAS(HEAP) && ops->owned)) return true;
    const bool begun = where.at || where.index;
    family_node* n = registry->first();
    for (; n; n = n->next.load(memory_order_seq_cst)) {
      std::size_t common;
      const int order = relate(n->name(), name, common);
      if (order > 0) break;
      if (order < 0) continue;
      if (n == node && n->ops == ops) return true;  // not another object that came to the same place
      if (!begun) break;
    }
    start(n);
    return false;
  }
  full_name full() const noexcept { return full_name{registry->prefix(), name}; }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_FAMILY_CURSOR_HPP

// ==== narthex/walk.hpp ==========================================================================
// narthex/walk.hpp - goes through everything that a scrape shows: families by name, series by age.
// Room: shelves. Read sample.hpp and detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_WALK_HPP
#define NARTHEX_WALK_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// One pass over a registry and what is attached to it. Every format is a loop around next().
///
/// Families come in name order, series in the order of their creation, each series read once, whole. What
/// is registered or removed meanwhile is seen or not; nothing is seen twice or torn.
///
/// Threads: any number of walks at once; a walk belongs to one thread. Updates and new series never wait for it.
///          Call rest() before running code that may block or destroy instruments.
/// Memory:  about 9 KB in place, whatever the number of series.
class walk {
 public:
  explicit walk(registry_core& root) noexcept
      : count_(0), present_(nullptr), is_begun_(false)
#if NARTHEX_HAS(HEAP)
        , steady_(nullptr), steady_at_(nullptr), batches_(nullptr), patience_(), utf8_(detail::utf8_in_use())
#endif
  {
#if NARTHEX_HAS(THREADS)
    now_.let_go = [](void* me) { static_cast<walk*>(me)->rest(); };
    now_.walker = this;
#endif
    now_.exemplars_wanted = nullptr;
    now_.utf8 = nullptr;
    visit_.enter();
    add(root);
#if NARTHEX_HAS(HEAP)
    add_others();
#else
    if (root.has_others()) detail::attaching<void>::walk_on.load(detail::memory_order_relaxed)(*this, true);
#endif
    rest();
  }
  ~walk() {
    rest();
#if NARTHEX_HAS(THREADS)
    for (unsigned i = 0; i < count_; ++i) cursors_[i].registry->leave_walk();
#endif
#if NARTHEX_HAS(HEAP)
    while (collected* const b = batches_) {
      batches_ = b->next_;
      b->~collected();
      detail::release(b);
    }
#endif
  }
  walk(const walk&) = delete;
  walk& operator=(const walk&) = delete;

  /// Reads the next series; false after the last. The sample before is gone then.
  bool next() noexcept {
    // The next series of the family in hand, of which all but the series stands in now_ already.
#if NARTHEX_HAS(HEAP)
    if (NARTHEX_DETAIL_LIKELY(steady_ != nullptr && steady_->is_shown())) {
      detail::position& where = *steady_at_;
      if (NARTHEX_DETAIL_LIKELY(steady_->ops->next(*steady_, where, now_))) {
        NARTHEX_DETAIL_FETCH(where.at, 1024, 0);  // series mostly lie one behind the other
        NARTHEX_DETAIL_FETCH(where.at, 1024 + 64, 0);
        now_.starts_family = false;
        return true;
      }
    }
#endif
    return seek();
  }

  /// What next() has read.
  const sample& now() const noexcept { return now_; }

  /// Has exemplars read, too, into `room`, which must stay as long as the walk; they are gone with the sample.
  void want_exemplars(exemplar_room& room) noexcept { now_.exemplars_wanted = &room; }

#if NARTHEX_HAS(HEAP)
  /// Tells collectors how long the reader waits; see collected::time_left_ms().
  void wait_until(std::int64_t (*clock_ms)(), std::int64_t until_ms) noexcept { patience_ = {clock_ms, until_ms}; }
#endif

  /// Lets go of the registries' lists: nothing waits for this walk until the next call of next().
  void rest() noexcept {
    visit_.leave();
#if NARTHEX_HAS(HEAP)
    steady_ = nullptr;
#endif
  }

 private:
  friend class registry_core;

  using cursor = detail::family_cursor;

  void add(registry_core& r) noexcept {
    cursor& c = cursors_[count_++];
    c.registry = &r;
    r.enter_walk();
    c.start(r.first());
  }

  /// Reads the next series where next() cannot tell at once.
  NARTHEX_DETAIL_COLD bool seek() noexcept {
#if NARTHEX_HAS(HEAP)
    steady_ = nullptr;
    if (count_ > 1) return seek_among();
#else
    if (count_ > 1) return detail::attaching<void>::walk_on.load(detail::memory_order_relaxed)(*this, false);
#endif
    cursor& c = cursors_[0];
    for (bool is_read = false;; is_read = true) {
      // A callback may have run without the lists.
      if (visit_.enter() && !c.find_again()) is_begun_ = is_read = false;
      if (is_read) {
        c.pass(is_begun_);
        is_begun_ = false;
      }
      if (!c.node) return false;
      if (NARTHEX_HAS(HEAP) && !c.node->is_shown()) continue;
      detail::family_node& n = *c.node;
      const detail::family_basics& ops = *n.ops;
      if (!begin(c) || !next_of(c, n)) continue;
#if NARTHEX_HAS(HEAP)
      if (is_shared(ops)) {
        steady_ = &n;
        steady_at_ = &c.where;
      }
#else
      static_cast<void>(ops);
#endif
      show();
      return true;
    }
  }

  /// The family at `c`, before its next series is read. False when nobody may see it.
  bool begin(const cursor& c) noexcept {
    const detail::family_node& n = *c.node;
    const detail::node_words& words = n.words();
    now_.type = n.ops->type;
    now_.prefix = c.registry->prefix();
    now_.name = string_view(words.name, std::strlen(words.name));
    now_.help = words.help;
    now_.labels = c.registry->constant_labels();
    now_.be_plain();
#if NARTHEX_HAS(HEAP)
    now_.unit = n.unit_of_name();
    const detail::utf8_names* const door = detail::utf8_in_use();
    now_.utf8 = door && door->has_any(*c.registry, n) ? door : nullptr;
    if (now_.utf8 && !utf8_) return false;
#endif
    return true;
  }
  void show() noexcept {
    now_.starts_family = !is_begun_;
    is_begun_ = true;
  }

  /// Reads the next series of `n` into now_. A user's code is called without the lists, so that whoever takes a
  /// node out waits for it only when it is that node's own call.
  bool next_of(cursor& c, detail::family_node& n) noexcept {
#if NARTHEX_HAS(HEAP)
    if (n.ops->kind == detail::storage::collected) {
      const detail::pinned call(static_cast<detail::calling_node&>(n), now_);
      return next_collected(c, static_cast<detail::collected_node&>(n));
    }
#endif
    return n.ops->next(n, c.where, now_);
  }

#if NARTHEX_HAS(HEAP)
  /// A collector is called when the walk meets its first family; what it gave is kept for the others.
  NARTHEX_DETAIL_COLD bool next_collected(cursor& c, detail::collected_node& n) noexcept {
    collected* batch = batches_;
    while (batch && batch->from_serial_ != n.owner->serial_) batch = batch->next_;
    if (!batch) {
      void* const memory = detail::allocate(sizeof(collected));
      if (!memory) {
        c.registry->count(mistake::sample);
        return false;
      }
      batch = batches_ = new (memory) collected(n.owner->nodes_, n.owner->count_, n.owner->serial_, batches_, patience_);
      n.owner->function_(*batch);
    }
    // Another collector may have come to the same place in memory while the walk rested in its samples.
    if (c.where.at != batch && c.where.index) return false;
    c.where.at = batch;
    return batch->next(n, c.where, now_);
  }
#endif

  static bool is_shared(const detail::family_basics& ops) noexcept {
    return ops.kind != detail::storage::callback && ops.kind != detail::storage::collected;
  }

  // ---- with registries attached ----

  /// The same as seek() of several registries.
  NARTHEX_DETAIL_COLD bool seek_among() noexcept {
    for (bool is_read = false;; is_read = true) {
      if (visit_.enter()) find_all();
      if (present_ && is_read) pass_on();
      if (!present_ && !choose()) return false;
      cursor& c = *present_;
      if (NARTHEX_HAS(HEAP) && !c.node->is_shown()) continue;
      detail::family_node& n = *c.node;
      const detail::family_basics& ops = *n.ops;  // of static lifetime: a callback's node may be gone after its call
      if (!begin(c)) continue;
      while (next_of(c, n)) {
        if (is_shared(ops) && !merge(c)) continue;
        show();
        return c.has_shown = true;
      }
    }
  }
#if !NARTHEX_HAS(HEAP)
  static bool walk_on(walk& me, bool begins) noexcept {
    if (begins) me.add_others();
    return begins || me.seek_among();
  }
#endif

  void add_others() noexcept {
    const registry_core* const root = cursors_[0].registry;
    for (const registry_core* r = root; (r = r->next_in_tree(root)) != nullptr && count_ < registry_core::max_registries;) {
      add(*const_cast<registry_core*>(r));
    }
  }
  /// Turns to the first name among all registries.
  bool choose() noexcept {
    is_begun_ = false;
    for (unsigned i = 0; i < count_; ++i) {
      cursor& c = cursors_[i];
      c.has_shown = false;
      if (c.node && (!present_ || detail::relate(c.full(), present_->full()) < 0)) present_ = &c;
    }
    return present_ != nullptr;
  }
  /// Leaves the family in hand, for the same name in a later registry if there is one.
  void pass_on() noexcept {
    cursor* c = present_;
    const detail::full_name left = c->full();
    c->pass(c->has_shown);
    while (c != cursors_ + count_ && !(c->node && detail::relate(c->full(), left) == 0)) ++c;
    present_ = c != cursors_ + count_ ? c : nullptr;
  }
  void find_all() noexcept {
    cursor* const at = present_;
    const char* const lost = at ? at->name : nullptr;
    for (unsigned i = 0; i < count_; ++i) {
      if (!cursors_[i].find_again() && &cursors_[i] == at) present_ = nullptr;
    }
    if (at && !present_) lose(detail::full_name{at->registry->prefix(), lost});
  }
  /// The family in hand has gone away: another registry may have the next name. Of the lost one's series elsewhere
  /// nobody can tell any more which were shown.
  void lose(const detail::full_name& lost) noexcept {
    if (!is_begun_) return;
    for (unsigned i = 0; i < count_; ++i) {
      cursor& c = cursors_[i];
      while (c.node && detail::relate(c.full(), lost) == 0) c.pass(false);
    }
  }

  /// With the same series in several registries: adds up what can be added, or shows the first one's.
  /// False when now_ has been shown already, by an earlier registry.
  NARTHEX_DETAIL_COLD bool merge(const cursor& c) noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      if (&cursors_[i] == &c) continue;
      const registry_core& other = *cursors_[i].registry;
      // What an earlier registry has shown of this family may have been taken out since: then nobody can tell which
      // series it had.
      const bool was_shown = &cursors_[i] < &c && cursors_[i].has_shown;
      bool is_there = false;
      for (detail::family_node* n = other.first(); n; n = n->next.load(detail::memory_order_seq_cst)) {
        const int order = detail::relate(detail::full_name{other.prefix(), n->name()}, c.full());
        if (order > 0) break;
        if (order < 0 || n->ops->kind != c.node->ops->kind) continue;
        if (!n->is_shown() && !was_shown) continue;
        is_there = true;
        detail::reading theirs;
        theirs.labels = other.constant_labels();
        theirs.be_plain();
        if (!read_equal(c, *n, theirs)) continue;
        if (&cursors_[i] < &c) return false;
        add(c.node->ops->type, theirs);
#if NARTHEX_HAS(HEAP)
        if (theirs.created_ns && theirs.created_ns < now_.created_ns) now_.created_ns = theirs.created_ns;
#endif
      }
      if (was_shown && !is_there) return false;
    }
    return true;
  }
  /// Reads the series of now_'s labels from an equal family of another registry. False when there is none.
  bool read_equal(const cursor& c, detail::family_node& n, detail::reading& theirs) const noexcept {
#if NARTHEX_HAS(HEAP)
    using ops = detail::family_ops;
    const ops::twin_reader by_hash = c.node->ops->owned ? n.ops->all().read_twin : nullptr;  // else it is a fixed family
    const ops::twin answer = by_hash ? by_hash(n, *c.node, c.where, theirs) : ops::twin::unknown;
    if (answer != ops::twin::unknown) return answer == ops::twin::read;
#else
    static_cast<void>(c);
#endif
    detail::position from_start = {nullptr, 0};
    while (n.ops->next(n, from_start, theirs)) {
      if (theirs.labels == now_.labels) return true;
    }
    return false;
  }
  void add(metric_type type, const detail::reading& theirs) noexcept {
    if (type == metric_type::counter) {
      if (now_.value.is == number::kind::u64) now_.value = now_.value.u64 + theirs.value.u64;
      else now_.value = detail::add(now_.value.f64, theirs.value.f64);
    } else if (type == metric_type::histogram || type == metric_type::summary) {
      const unsigned n = type == metric_type::histogram ? now_.bounds->size() + 1 : 1;
      for (unsigned i = 0; i < n; ++i) now_.count_room[i] += theirs.count_room[i];
      now_.count += theirs.count;
      now_.add_sum(theirs);
    }
  }

  unsigned count_;
  cursor* present_;  // where the family in hand is read
  bool is_begun_;    // something of it was shown
  detail::lists_visit visit_;
#if NARTHEX_HAS(HEAP)
  detail::family_node* steady_;  // the family in hand if nothing needs to be asked but itself; never while resting
  detail::position* steady_at_;  // how far the walk came in it
  collected* batches_;
  detail::scraper_patience patience_;
  const detail::utf8_names* utf8_;  // as it was when the walk began: a first such name waits for the next scrape
#endif
  cursor cursors_[registry_core::max_registries];
  union {
    detail::reading now_;  // not constructed: next() says all that there is
  };
};

#else  // compiled out

class NARTHEX_DETAIL_IDLE walk {
 public:
  explicit walk(registry_core&) noexcept {}
  walk(const walk&) = delete;
  walk& operator=(const walk&) = delete;
  bool next() noexcept { return false; }
  const sample& now() const noexcept { return now_; }
  void want_exemplars(exemplar_room&) noexcept {}
  void rest() noexcept {}
  void wait_until(std::int64_t (*)(), std::int64_t) noexcept {}

 private:
  sample now_;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_WALK_HPP

// ==== narthex/registry.hpp ======================================================================
// narthex/registry.hpp - a registry of one's own: options, attaching, and its end.
// Room: shelves. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_REGISTRY_HPP
#define NARTHEX_REGISTRY_HPP

#include <cstddef>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// What a registry adds to its metrics: nx::registry_options().label("region", "east").prefix("shop_").
///
/// Views only: what they point to must live until the registry is made.
class registry_options {
 public:
  enum : unsigned { max_labels = 8 };

  /// A label on every series; one without a value is left out. Errors (see registry::status): errc::bad_label_name,
  /// reserved_label_name ("__...", le, quantile, what), duplicate_label_name, label_too_long beyond max_labels or
  /// registry::max_label_bytes; a bad label is left out.
  registry_options& label(label_name name, string_view value) noexcept {
    if (count_ < max_labels) {
      names_[count_] = name.text();
      values_[count_] = value;
    }
    ++count_;
    return *this;
  }
  /// Written before every name. Errors: errc::bad_name; a bad prefix is left out.
  registry_options& prefix(metric_name text) noexcept {
    prefix_ = text.text();
    return *this;
  }
#if NARTHEX_HAS(HEAP)
  /// Keeps since when series count from zero: see registry_core::keep_created_times.
  registry_options& created_times(std::int64_t (*clock_ns)()) noexcept {
    clock_ns_ = clock_ns;
    return *this;
  }
#endif

 private:
  friend class registry;
  string_view prefix_;
  string_view names_[max_labels], values_[max_labels];
  unsigned count_ = 0;
#if NARTHEX_HAS(HEAP)
  std::int64_t (*clock_ns_)() = nullptr;
#endif
};

/// A registry that its user owns.
///
/// It must outlive the handles registered in it; fixed and callback instruments may outlive it. Its destructor waits for
/// scrapes of it that are under way, and detaches what is attached: it must not be destroyed by a sink, callback or
/// collector of its own scrape.
/// Memory: with a heap, one allocation for prefix and labels; without one, 128 bytes in place.
class registry : public registry_core {
 public:
  registry() noexcept {}
  /// What all constant labels together may take as text: a scrape has 256 bytes for labels that are not kept ready.
  enum : std::size_t { max_label_bytes = 200 };

  explicit registry(const registry_options& options) noexcept {
    using namespace_status = NARTHEX_NAMESPACE::status;
    const string_view front = options.prefix_;
    std::size_t bad = 0;
    if (!front.empty() && detail::check_name(front, bad) != errc::ok) {
      status_ = namespace_status(errc::bad_name, front);
    }
    const unsigned given = options.count_ < registry_options::max_labels ? options.count_ : registry_options::max_labels;
    if (options.count_ > given) status_ = namespace_status(errc::label_too_long, "registry_options", given);
    std::size_t size = front.size() + 1;
    for (unsigned i = 0; i < given; ++i) size += detail::label_text_size(options.names_[i], options.values_[i]) + 1;
#if NARTHEX_HAS(HEAP)
    keep_created_times(options.clock_ns_);
    char* const room = text_ = static_cast<char*>(detail::allocate(size));
    if (!room) {
      status_ = namespace_status(errc::no_memory, "registry_options");
      return;
    }
#else
    char* const room = text_;
    if (size > sizeof text_) {
      status_ = namespace_status(errc::label_too_long, "registry_options", sizeof text_);
      return;
    }
#endif
    char* at = room;
    if (status_.code() != errc::bad_name) set_prefix(detail::copy_text(at, front));
    detail::label_text constant(at, size - static_cast<std::size_t>(at - room));
    // By name, so that the same labels are the same text whatever the order they were given in: attach() merges by it.
    unsigned sorted[registry_options::max_labels];
    for (unsigned i = 0; i < given; ++i) {
      unsigned to = i;
      for (; to && options.names_[sorted[to - 1]].compare(options.names_[i]) > 0; --to) sorted[to] = sorted[to - 1];
      sorted[to] = i;
    }
    for (unsigned k = 0; k < given; ++k) {
      const unsigned i = sorted[k];
      std::size_t which = 0;
      errc why = detail::check_label_names(&options.names_[i], 1, metric_type::histogram, constant.text(), which);
      // "what" is the label of narthex_refused_total.
      if (options.names_[i] == "quantile" || options.names_[i] == "what") why = errc::reserved_label_name;
      const std::size_t one = detail::label_text_size(options.names_[i], options.values_[i]) + 1;
      if (why == errc::ok && constant.text().size() + one > max_label_bytes) why = errc::label_too_long;
      // An empty value is no label to Prometheus: written, it would make one series look like two.
      if (why == errc::ok && options.values_[i].empty()) continue;
      if (why == errc::ok) constant.add(options.names_[i], options.values_[i]);
      else status_ = namespace_status(why, options.names_[i], i);
    }
    set_constant_labels(constant.text());
  }
  ~registry() {
    end();
#if NARTHEX_HAS(HEAP)
    detail::release(text_);
#endif
  }

  /// ok, or what of the options was left out.
  NARTHEX_NAMESPACE::status status() const noexcept { return status_; }

 private:
  NARTHEX_NAMESPACE::status status_;
#if NARTHEX_HAS(HEAP)
  char* text_ = nullptr;
#else
  char text_[128];
#endif
};

// ---- attaching ----

inline status registry_core::attach(registry_core& other) noexcept {
#if !NARTHEX_HAS(HEAP)
  detail::attaching<void>::judge.store(&judge_elsewhere, detail::memory_order_relaxed);
  detail::attaching<void>::walk_on.store(&walk::walk_on, detail::memory_order_relaxed);
#endif
  for (;;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    status why;
    const registry_core& all = top();
    unsigned registries = 0;
    for (const registry_core* r = &all; r; r = r->next_in_tree(&all), ++registries) {
      if (r == &other) why = status(errc::attach_cycle, "registry::attach");
    }
    for (const registry_core* r = &other; r; r = r->next_in_tree(&other)) ++registries;
    if (other.parent_.load(detail::memory_order_acquire)) why = status(errc::already_attached, "registry::attach");
    // Every name of the one tree against every name of the other.
    for (const registry_core* r = &all; r && why.ok(); r = r->next_in_tree(&all)) {
      for (const registry_core* o = &other; o && why.ok(); o = o->next_in_tree(&other)) {
        for (detail::family_node* x = r->first(); x && why.ok(); x = x->next.load(detail::memory_order_seq_cst)) {
          if (x->is_unregistered()) continue;
          for (detail::family_node* y = o->first(); y; y = y->next.load(detail::memory_order_seq_cst)) {
            const errc code = clash(*r, *x, *o, *y);
            if (code == errc::ok) continue;
            if (y->is_unregistered()) continue;
            why = status(code, y->name());
            break;
          }
        }
      }
    }
    if (why.ok() && registries > max_registries) {
      why = status(errc::too_many_registries, "registry::attach", max_registries);
    }
    const detail::hold held(detail::lists::lock);
    if (!detail::are_unchanged(seen)) continue;
    if (!why.ok()) return why;
    other.sibling_.store(child_.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    other.parent_.store(this, detail::memory_order_seq_cst);
    child_.store(&other, detail::memory_order_seq_cst);
    detail::change_lists();
    return why;
  }
}

inline status registry_core::detach(registry_core& other) noexcept {
  {
    const detail::hold held(detail::lists::lock);
    detail::shared<registry_core*>* link = &child_;
    registry_core* r = link->load(detail::memory_order_relaxed);
    while (r && r != &other) {
      link = &r->sibling_;
      r = link->load(detail::memory_order_relaxed);
    }
    if (!r) return status(errc::not_registered, "registry::detach");
    link->store(other.sibling_.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    other.parent_.store(nullptr, detail::memory_order_seq_cst);
    detail::change_lists();
  }
  detail::lists::readers.wait();
  return status();
}

// ---- the end ----

inline void registry_core::end() noexcept {
  if (registry_core* const parent = parent_.load(detail::memory_order_acquire)) static_cast<void>(parent->detach(*this));
  while (registry_core* const child = child_.load(detail::memory_order_acquire)) static_cast<void>(detach(*child));
#if NARTHEX_HAS(THREADS)
  detail::patience p;
  while (walks_.load(detail::memory_order_acquire) && !p.in_vain()) p.wait();
#endif
  for (detail::family_node* n = first(); n;) {
    detail::family_node* const after = n->next.load(detail::memory_order_relaxed);
    n->leave();
    if (NARTHEX_HAS(HEAP) && n->ops->all().destroy) n->ops->all().destroy(n);
    n = after;
  }
#if NARTHEX_HAS(HEAP)
  while (detail::family_node* const n = refused_nodes_) {
    refused_nodes_ = n->next.load(detail::memory_order_relaxed);
    n->ops->all().destroy(n);
  }
  while (interned* const text = names_) {
    names_ = text->next;
    detail::release(text);
  }
#endif
}

#else  // compiled out

class registry_options {
 public:
  enum : unsigned { max_labels = 8 };
  registry_options& label(label_name, string_view) noexcept { return *this; }
  registry_options& prefix(metric_name) noexcept { return *this; }
#if NARTHEX_HAS(HEAP)
  registry_options& created_times(std::int64_t (*)()) noexcept { return *this; }
#endif
};

class NARTHEX_DETAIL_IDLE registry : public registry_core {
 public:
  constexpr registry() noexcept {}
  constexpr explicit registry(const registry_options&) noexcept {}
  enum : std::size_t { max_label_bytes = 200 };
  NARTHEX_NAMESPACE::status status() const noexcept { return NARTHEX_NAMESPACE::status(); }
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_REGISTRY_HPP

// ==== narthex/sink.hpp ==========================================================================
// narthex/sink.hpp - where the bytes of an exposition go: chunks to a function and its context.
// Room: print shop. SPDX-License-Identifier: MIT
#ifndef NARTHEX_SINK_HPP
#define NARTHEX_SINK_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE

/// Takes an exposition chunk by chunk.
///
/// write:   called with consecutive chunks, in order, from the thread that called write_text; returning
///          false ends the walk. narthex holds no lock and no pin while it runs, so it may block or
///          take its time; it may throw only if the caller of write_text can stand that.
/// context: handed back to `write` as its first argument.
struct sink {
  bool (*write)(void* context, const char* data, std::size_t size);
  void* context;
};

#if NARTHEX_HAS(HEAP)
/// Appends every chunk to a string. The string may throw std::bad_alloc; nothing else does.
inline sink string_sink(std::string& out) noexcept {
  struct local {
    static bool write(void* context, const char* data, std::size_t size) {
      static_cast<std::string*>(context)->append(data, size);
      return true;
    }
  };
  sink s = {&local::write, &out};
  return s;
}
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_SINK_HPP

// ==== narthex/detail/shown_names.hpp ============================================================
// narthex/detail/shown_names.hpp - the names of one scrape, as its reader wants them.
// Room: print shop. Read detail/utf8_names.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SHOWN_NAMES_HPP
#define NARTHEX_DETAIL_SHOWN_NAMES_HPP


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Stands between a walk and a writer. Without UTF-8 names it is one test for each series.
class shown_names {
 public:
#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
  /// After the walk was made.
  shown_names(registry_core& root, name_escaping scheme) noexcept
      : utf8_(scheme == name_escaping::allow_utf_8 ? nullptr : utf8_in_use()), state_(nullptr) {
    if (utf8_ && !(state_ = utf8_->begin(root, scheme))) root.count(mistake::sample);
  }
  ~shown_names() {
    if (state_) utf8_->end(state_);
  }
  /// What is to be written of `s`, as long as both live; null: nothing, as there is no memory, or no name that is free.
  const sample* of(const sample& s) noexcept {
    if (NARTHEX_DETAIL_LIKELY(!utf8_)) return &s;
    return state_ ? utf8_->show(state_, s) : s.utf8 ? nullptr : &s;
  }

 private:
  const utf8_names* utf8_;
  void* state_;

 public:
#else
  shown_names(registry_core&, name_escaping) noexcept {}
  static const sample* of(const sample& s) noexcept { return &s; }
#endif
  shown_names(const shown_names&) = delete;
  shown_names& operator=(const shown_names&) = delete;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SHOWN_NAMES_HPP

// ==== narthex/detail/chunk_writer.hpp ===========================================================
// narthex/detail/chunk_writer.hpp - the bytes of an exposition on their way to a sink, a chunk at a time.
// Room: print shop. Read walk.hpp and sink.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_CHUNK_WRITER_HPP
#define NARTHEX_DETAIL_CHUNK_WRITER_HPP

#include <cstddef>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Bytes on their way to a sink, in a caller's chunk; a walk rests while the sink runs.
class chunk_writer {
 public:
  chunk_writer(const sink& to, walk& series, char* chunk, std::size_t size) noexcept
      : to_(to), walk_(series), begin_(chunk), at_(chunk), end_(chunk + size), open_(true) {}

  NARTHEX_DETAIL_SMALL void put(char letter) {
    if (at_ == end_) flush();
    *at_++ = letter;
  }
  NARTHEX_DETAIL_NOINLINE void operator()(const char* data, std::size_t size) {
#if NARTHEX_HAS(TINY)
    for (; size; --size) put(*data++);
#else
    while (size > left()) {
      const std::size_t part = left();
      if (part) std::memcpy(at_, data, part);
      at_ += part;
      data += part;
      size -= part;
      flush();
    }
    if (size) std::memcpy(at_, data, size);
    at_ += size;
#endif
  }
  void operator()(string_view text) { (*this)(text.data(), text.size()); }
  /// Up to its NUL.
  NARTHEX_DETAIL_SMALL void words(const char* text) {
#if NARTHEX_HAS(TINY)
    while (*text) put(*text++);
#else
    (*this)(text, std::strlen(text));
#endif
  }

  /// Whether `size` bytes can be written at once, from at() up to what done() is told. Where there is no heap, the code
  /// for that is left out: there bytes count.
  bool has_room(std::size_t size) const noexcept { return NARTHEX_HAS(HEAP) && NARTHEX_DETAIL_LIKELY(size <= left()); }
  char* at() const noexcept { return at_; }
  void done(char* end) noexcept {
    at_ = end;
    // Into a large buffer, lines wait for memory otherwise, and a histogram's locked instructions for the lines.
    NARTHEX_DETAIL_FETCH(end, 2048, 1);
    NARTHEX_DETAIL_FETCH(end, 2048 + 64, 1);
  }

  void flush() {
    walk_.rest();
    if (open_ && at_ != begin_) open_ = to_.write(to_.context, begin_, static_cast<std::size_t>(at_ - begin_));
    at_ = begin_;
  }
  bool is_open() const noexcept { return open_; }
  walk& source() const noexcept { return walk_; }

  /// Goes on in another chunk; for the sink, with what was written into the one before.
  void use(char* chunk, std::size_t size) noexcept {
    begin_ = chunk;
    end_ = chunk + size;
  }

 private:
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  const sink& to_;
  walk& walk_;
  char *begin_, *at_, *end_;
  bool open_;
};

/// Copies in moves that overlap, mostly without a loop: a call to memcpy costs more than a label's text. Returns the end.
inline char* copy_bytes(char* to, const char* data, std::size_t size) noexcept {
  char* const to_end = to + size;
  const char* const end = data + size;
  if (size >= 32) {
    std::memcpy(to, data, 16);
    std::memcpy(to + 16, data + 16, 16);
    for (std::size_t done = 32; done + 32 < size; done += 16) std::memcpy(to + done, data + done, 16);
    std::memcpy(to_end - 32, end - 32, 16);
    std::memcpy(to_end - 16, end - 16, 16);
  } else if (size >= 16) {
    std::memcpy(to, data, 16);
    std::memcpy(to_end - 16, end - 16, 16);
  } else if (size >= 8) {
    std::memcpy(to, data, 8);
    std::memcpy(to_end - 8, end - 8, 8);
  } else {
    for (; to != to_end; ++to, ++data) *to = *data;
  }
  return to_end;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_CHUNK_WRITER_HPP

// ==== narthex/detail/line_writer.hpp ============================================================
// narthex/detail/line_writer.hpp - a sample as lines of text: what text format 0.0.4 and OpenMetrics have in common.
// Room: print shop. Read walk.hpp and detail/chunk_writer.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LINE_WRITER_HPP
#define NARTHEX_DETAIL_LINE_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What a format of lines has of its own. None of it is asked for a series that is a plain number, but by doubles.
///
/// Functions, not template parameters: the lines of both formats are one code, and a program without a heap links what it
/// uses.
struct line_rules {
  /// Writes what stands above a family.
  void (*head)(line_writer&, const sample&);
  /// Writes a series that is one number and more. Null: as a number, with its time.
  void (*number)(line_writer&, const sample&);
  /// Changes a double's digits in place; null: they are right. There is room for max_double_chars.
  char* (*respell)(char* begin, char* end);
  /// Writes what stands behind a value before the line ends: time, exemplar. bucket: no_bucket for what has none. Null in a
  /// format that asks for no exemplars: times are left out.
  void (*behind)(line_writer&, const sample&, unsigned bucket);
  /// Writes _sum and _count as far as they may be shown, by `both` if they may, and what follows them; null: calls `both`. And
  /// if it is not null, a summary's negative quantiles are left out.
  ///
  /// both: handed in, so that a program without a sum does not link the digits of doubles.
  void (*totals)(line_writer&, const sample&, void (*both)(line_writer&, const sample&));
#if NARTHEX_HAS(HEAP)
  /// What a gauge histogram's are called.
  const char *gauge_sum, *gauge_count;
#endif
};
enum : unsigned { no_bucket = ~0u };

/// One family after the other.
///
/// Source: Prometheus, "Exposition formats", Text format details; OpenMetrics 1.0, Text format.
class line_writer {
 public:
  line_writer(chunk_writer& to, const line_rules& rules) noexcept : out_(to), rules_(rules), stem_size_(0), quoted_(false) {
    for (bound_text& b : bounds_) b.size = 0;
  }

  void write(const sample& s) {
    if (s.starts_family) begin_family(s);
    if (NARTHEX_DETAIL_LIKELY(s.is_plain)) return line_of(s, "", s.value);
#if NARTHEX_HAS(HEAP)
    if (is_one_number(s.type)) sample_text<metric_type::counter>::write(*this, s);
    else if (s.type == metric_type::summary) sample_text<metric_type::summary>::write(*this, s);
    else sample_text<metric_type::histogram>::write(*this, s);
#else
    s.lines(*this, s);
#endif
  }

  /// To who has not asked for more.
  static name_escaping names() noexcept { return name_escaping::underscores; }

  // ---- for the formats ----

  chunk_writer& out() noexcept { return out_; }
  /// A comment's beginning; name: the sample's, or less of it.
  NARTHEX_DETAIL_COLD void comment(const char* mark, const sample& s, string_view name) {
    out_.words(mark);
    if (is_quoted()) put_quoted(s, name, "");
    else name_of(s, name);
    out_.put(' ');
  }
  /// A line with what stands behind its value. label: `name="` in front of the number `which`; null: there is none.
  NARTHEX_DETAIL_NOINLINE void line_in_parts(const sample& s, const char* suffix, const number& n, unsigned bucket = no_bucket,
                                             const char* label = nullptr, const number* which = nullptr) {
    begin_line(s, s.name, suffix, label, which);
    out_.put(' ');
    value_in_parts(n);
    if (s.exemplar_count || (has_time(s) && rules_.behind)) rules_.behind(*this, s, bucket);
    out_.put('\n');
  }
  /// A line up to the blank before its value; name: the sample's, or less of it.
  void begin_line(const sample& s, string_view name, const char* suffix, const char* label = nullptr,
                  const number* which = nullptr) {
    char before = '{';
    if (is_quoted()) {
      out_.put(before);
      put_quoted(s, name, suffix);
      before = ',';
    } else {
      name_of(s, name);
      out_.words(suffix);
    }
    if (!s.labels.empty()) {
      out_.put(before);
      out_(s.labels);
      before = ',';
    }
    if (label) {
      out_.put(before);
      out_.words(label);
      value_in_parts(*which);
      out_.put('"');
      before = ',';
    }
    if (before == ',') out_.put('}');
  }
  NARTHEX_DETAIL_NOINLINE void value_in_parts(const number& n) {
    char text[max_double_chars];
    out_(text, static_cast<std::size_t>(digits(text, n) - text));
  }
  /// One function for each suffix, so that the line of a counter is inline in the loop over series.
  template <std::size_t n>
  void line_of(const sample& s, const char (&suffix)[n], const number& value) {
    if (!out_.has_room(stem_size_ + n + s.labels.size() + 4 + max_double_chars + slack)) return line_in_parts(s, suffix, value);
    char* at = put_name<n - 1>(out_.at(), suffix);
    if (!s.labels.empty()) {
      at = copy_bytes(at, s.labels.data(), s.labels.size());
      std::memcpy(at, "} ", 2);
      at += 2;
    } else {
      at[-1] = ' ';
    }
    const bool is_short = value.is == number::kind::u64 && value.u64 < 100000000u;
    if (NARTHEX_DETAIL_LIKELY(is_short)) at = write_up_to_8(at, static_cast<std::uint32_t>(value.u64));
    else at = digits(at, value);
    *at++ = '\n';
    out_.done(at);
  }

  static bool has_time(const sample& s) noexcept {
#if NARTHEX_HAS(HEAP)
    return s.has_time;
#else
    return static_cast<void>(s), false;
#endif
  }

 private:
  template <metric_type Type>
  friend struct sample_text;

  NARTHEX_DETAIL_COLD void begin_family(const sample& s) {
    quoted_ = NARTHEX_HAS(HEAP) && s.utf8 && !is_legacy_name(s.prefix, s.name);
    rules_.head(*this, s);
    if (!NARTHEX_HAS(HEAP)) return;
    stem_size_ = s.prefix.size() + s.name.size();
    if (stem_size_ >= stem_room || quoted_) {
      stem_size_ = ~std::size_t(0) / 2;  // no chunk has room for that at once
    } else {
      *copy_bytes(copy_bytes(stem_, s.prefix.data(), s.prefix.size()), s.name.data(), s.name.size()) = '{';
    }
  }
  void name_of(const sample& s, string_view name) {
    out_(s.prefix);
    out_(name);
  }
  bool is_quoted() const noexcept { return NARTHEX_HAS(HEAP) && quoted_; }
  NARTHEX_DETAIL_COLD void put_quoted(const sample& s, string_view name, string_view suffix) {
    out_("\"", 1);
    put_safe(s.prefix, quoting::label_value, out_);
    put_safe(name, quoting::label_value, out_);
    out_(suffix);
    out_("\"", 1);
  }

  char* digits(char* to, const number& n) const noexcept {
    if (n.is == number::kind::f64) {
      char* const end = n.write_f64(to);
      return rules_.respell ? rules_.respell(to, end) : end;
    }
    const bool is_below_zero = n.is == number::kind::i64 && n.i64 < 0;
    *to = '-';
    return write_u64(to + is_below_zero, is_below_zero ? 0 - n.u64 : n.u64);
  }

  // What follows is written at once, and may touch `slack` bytes behind its end: room is asked for with that.
  enum : std::size_t { slack = 32 };

  /// The name, the suffix and a brace, in whole blocks.
  template <std::size_t suffix_size>
  char* put_name(char* to, const char (&suffix)[suffix_size + 1]) const noexcept {
    const std::size_t size = stem_size_;
    for (std::size_t i = 0; i <= size; i += 32) std::memcpy(to + i, stem_ + i, 32);
    if (suffix_size) {  // the brace alone stands behind the name
      std::memcpy(to + size, suffix, suffix_size);
      to[size + suffix_size] = '{';
    }
    return to + size + suffix_size + 1;
  }

  NARTHEX_DETAIL_NOINLINE static void sum_and_count(line_writer& to, const sample& s) {
#if NARTHEX_HAS(HEAP)
    const bool is_gauge = s.type == metric_type::gauge_histogram;
    if (is_gauge || s.has_time) {
      to.line_in_parts(s, is_gauge ? to.rules_.gauge_sum : "_sum", s.sum);
      return to.line_in_parts(s, is_gauge ? to.rules_.gauge_count : "_count", s.count);
    }
#endif
    to.line_of(s, "_sum", s.sum);
    to.line_of(s, "_count", s.count);
  }
  NARTHEX_DETAIL_COLD void quantile_lines(const sample& s) {
    for (unsigned i = 0; i < s.quantile_count; ++i) {
      if (rules_.totals && is_less(s.quantile_values[i], 0)) continue;
      const number which = s.quantiles[i];
      line_in_parts(s, "", s.quantile_values[i], no_bucket, "quantile=\"", &which);
    }
  }

  /// The lines of a histogram differ from one another in few bytes: the others are put together once for all of them,
  /// the bounds' digits mostly once for all series.
  void bucket_lines(const sample& s) {
    char begins[start_room];
    char* begins_end = begins;
    const bool is_bare = s.exemplar_count == 0 && !has_time(s);
    const bool fits = NARTHEX_HAS(HEAP) && is_bare && stem_size_ + s.labels.size() + 9 + slack <= start_room;
    if (fits) {
      begins_end = put_name<7>(begins, "_bucket");
      if (!s.labels.empty()) {
        begins_end = copy_bytes(begins_end, s.labels.data(), s.labels.size());
        *begins_end++ = ',';
      }
    }
    const std::size_t begins_size = static_cast<std::size_t>(begins_end - begins);
    const bound_text infinity = {0, 11, "le=\"+Inf\"} "};
    std::uint64_t cumulative = 0;
    const unsigned n = s.bounds->size();
    for (unsigned i = 0; i <= n; ++i) {
      cumulative += s.counts[i];
      if (!fits || !out_.has_room(begins_size + sizeof infinity.text + max_u64_chars + 1)) {
        const number bound = i < n ? (*s.bounds)[i] : bits_double(std::uint64_t{0x7ff} << 52);
        line_in_parts(s, "_bucket", cumulative, i, "le=\"", &bound);
        continue;
      }
      const bound_text& bound = i < n ? text_of(i, (*s.bounds)[i]) : infinity;
      char* at = copy_bytes(out_.at(), begins, begins_size);
      std::memcpy(at, bound.text, sizeof bound.text);
      at = write_u64(at + bound.size, cumulative);
      *at++ = '\n';
      out_.done(at);
    }
  }

  /// le="bound"} and a space, copied whole. A double has 24 characters at most.
  struct bound_text {
    double bound;
    unsigned size;
    char text[32];
  };
  const bound_text& text_of(unsigned i, const double& bound) noexcept {
    bound_text& b = bounds_[i % remembered];
    if (b.size == 0 || double_bits(b.bound) != double_bits(bound)) {
      char all[4 + max_double_chars + 3] = {'l', 'e', '=', '"'};
      char* const end = digits(all + 4, bound);
      std::memcpy(end, "\"} ", 3);
      b.bound = bound;
      b.size = static_cast<unsigned>(end + 3 - all);
      std::memcpy(b.text, all, sizeof b.text);
    }
    return b;
  }

  enum : unsigned { remembered = NARTHEX_HAS(HEAP) ? 24 : 1, start_room = NARTHEX_HAS(HEAP) ? 512 : 1 };
  enum : std::size_t { stem_room = NARTHEX_HAS(HEAP) ? 128 : 1 };
  chunk_writer& out_;
  const line_rules& rules_;
  std::size_t stem_size_;
  char stem_[stem_room];
  bound_text bounds_[remembered];
  bool quoted_;  // the name of the family in hand stands in quotes, inside the braces
};

template <metric_type Type>
NARTHEX_DETAIL_NOINLINE void sample_text<Type>::write(line_writer& to, const sample& s) {
  if (Type == metric_type::counter) {
    if (to.rules_.number) to.rules_.number(to, s);
    else to.line_in_parts(s, "", s.value);
    return;
  }
  if (Type == metric_type::histogram) to.bucket_lines(s);
  else to.quantile_lines(s);
  if (to.rules_.totals) to.rules_.totals(to, s, &line_writer::sum_and_count);
  else line_writer::sum_and_count(to, s);
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_LINE_WRITER_HPP

// ==== narthex/detail/write_all.hpp ==============================================================
// narthex/detail/write_all.hpp - a whole registry in a format: to a sink, into a buffer, as a string.
// Room: print shop. Read detail/chunk_writer.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_WRITE_ALL_HPP
#define NARTHEX_DETAIL_WRITE_ALL_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

// A `Writer` (a format) brings:
//   explicit Writer(chunk_writer&)
//   void write(const sample&)     the next series, in the order of a walk
//   void end()                    what stands behind the last one
//   static name_escaping names()  how UTF-8 names are shown to who has not asked

#if NARTHEX_HAS(METRICS)
/// The one loop over series.
template <class Writer>
NARTHEX_DETAIL_NOINLINE void write_series(registry_core& registry, walk& series, chunk_writer& out) {
  shown_names shown(registry, Writer::names());
  Writer to(out);
  while (out.is_open() && series.next()) {
    if (const sample* const s = shown.of(series.now())) to.write(*s);
  }
  to.end();
  out.flush();
}

template <class Writer>
errc write_all(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  if (size == 0) return errc::no_memory;
  walk series(registry);
  chunk_writer out(to, series, chunk, size);
  write_series<Writer>(registry, series, out);
  return out.is_open() ? errc::ok : errc::closed;
}
enum : std::size_t { chunk_bytes = NARTHEX_HAS(HEAP) ? 8192 : 512 };  // on the stack, where the caller brings none

/// Straight into the buffer, a part at a time, so that the walk rests now and then; what does not fit goes nowhere.
template <class Writer>
std::size_t write_all(registry_core& registry, char* buffer, std::size_t size) noexcept {
  struct filling {
    chunk_writer* out;
    char* at;
    std::size_t room, total;
    char beyond[256];
    static bool write(void* context, const char*, std::size_t n) {
      filling& f = *static_cast<filling*>(context);
      f.total += n;
      if (f.room) {
        f.at += n;
        f.room -= n;
      }
      f.out->use(f.chunk(), f.chunk_size());
      return true;
    }
    char* chunk() noexcept { return room ? at : beyond; }
    std::size_t chunk_size() const noexcept { return room == 0 ? sizeof beyond : room < 32768 ? room : 32768; }
  } f;
  f.at = buffer;
  f.room = size;
  f.total = 0;
  const sink to = {&filling::write, &f};
  walk series(registry);
  chunk_writer out(to, series, f.chunk(), f.chunk_size());
  f.out = &out;
  write_series<Writer>(registry, series, out);
  return f.total;
}

#if NARTHEX_HAS(HEAP)
template <class Writer>
std::string to_string(registry_core& registry) {
  std::string text;
  char chunk[chunk_bytes];
  static_cast<void>(write_all<Writer>(registry, string_sink(text), chunk, sizeof chunk));
  return text;
}
#endif

#else  // compiled out

template <class Writer>
errc write_all(registry_core&, const sink&, char*, std::size_t) noexcept { return errc::ok; }
enum : std::size_t { chunk_bytes = 1 };
template <class Writer>
std::size_t write_all(registry_core&, char*, std::size_t) noexcept { return 0; }
#if NARTHEX_HAS(HEAP)
template <class Writer>
std::string to_string(registry_core&) { return std::string(); }
#endif

#endif  // NARTHEX_HAS(METRICS)

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_WRITE_ALL_HPP

// ==== narthex/text_format.hpp ===================================================================
// narthex/text_format.hpp - the registry as Prometheus text format 0.0.4.
// Room: print shop. Read walk.hpp and sink.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TEXT_FORMAT_HPP
#define NARTHEX_TEXT_FORMAT_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What is text format 0.0.4's own.
///
/// Source: Prometheus, "Exposition formats", Text format details.
template <class Once>
struct text_rules {
  static const char* type_word(metric_type type) noexcept {
    const metric_type as = type <= metric_type::summary             ? type
                           : type == metric_type::gauge_histogram ? metric_type::histogram : metric_type::gauge;
#if NARTHEX_HAS(HEAP)  // what is neither comes from collectors
    if (type == metric_type::unknown) return "untyped\n";
#endif
    return nth_text("counter\n\0gauge\n\0histogram\n\0summary\n", static_cast<unsigned>(as));
  }
  NARTHEX_DETAIL_COLD static void head(line_writer& to, const sample& s) {
    to.comment("# HELP ", s, s.name);
    put_safe(s.help, quoting::help, to.out());
    to.comment("\n# TYPE ", s, s.name);
    to.out().words(type_word(s.type));
  }
#if NARTHEX_HAS(HEAP)
  NARTHEX_DETAIL_COLD static void behind(line_writer& to, const sample& s, unsigned) {
    if (!s.has_time) return;
    to.out()(" ", 1);
    to.value_in_parts(s.time_ms);
  }
#endif
  static const line_rules rules, timeless;
};
template <class Once>
const line_rules text_rules<Once>::rules =
#if NARTHEX_HAS(HEAP)
    {&head, nullptr, nullptr, &behind, nullptr, "_sum", "_count"};
template <class Once>
const line_rules text_rules<Once>::timeless = {&head, nullptr, nullptr, nullptr, nullptr, "_sum", "_count"};
#else
    {&head, nullptr, nullptr, nullptr, nullptr};  // nobody says times there
template <class Once>
const line_rules text_rules<Once>::timeless = {&head, nullptr, nullptr, nullptr, nullptr};
#endif

/// One family after the other, in text format 0.0.4.
class text_writer : public line_writer {
 public:
  explicit text_writer(chunk_writer& to) noexcept : line_writer(to, text_rules<void>::rules) {}
  /// Writes what stands behind the last family: nothing.
  static void end() noexcept {}
};

/// The same for readers that refuse times: a Pushgateway, node_exporter's textfile collector.
class timeless_text_writer : public line_writer {
 public:
  explicit timeless_text_writer(chunk_writer& to) noexcept : line_writer(to, text_rules<void>::timeless) {}
  static void end() noexcept {}
};

}  // namespace detail

/// Writes everything a registry shows, in text format 0.0.4, to a sink.
///
/// chunk:   room for `size` >= 1 bytes; the sink gets pieces of that size.
/// Returns: ok; errc::closed when the sink would not take more; errc::no_memory when `size` is 0.
/// Errors:  what the sink throws comes through.
/// Threads: any number at once; updates and new series never wait for it, and it holds nothing while the sink runs.
/// Cost:    memory is constant, whatever the number of series; no allocation but for custom collectors.
inline status write_text(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  const errc why = detail::write_all<detail::text_writer>(registry, to, chunk, size);
  return why == errc::ok ? status() : status(why, "write_text");
}

/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_text(registry_core& registry, const sink& to) {
  char chunk[detail::chunk_bytes];
  return write_text(registry, to, chunk, sizeof chunk);
}
inline status write_text(const sink& to) { return write_text(default_registry(), to); }

/// Writes into a buffer, without a NUL.
///
/// buffer:  bytes of it behind the text are used, too.
/// Returns: the size of the whole exposition. When it is larger than `size`, the buffer holds its beginning:
///          do not serve that.
inline std::size_t write_text(registry_core& registry, char* buffer, std::size_t size) noexcept {
  return detail::write_all<detail::text_writer>(registry, buffer, size);
}
inline std::size_t write_text(char* buffer, std::size_t size) noexcept {
  return write_text(default_registry(), buffer, size);
}

#if NARTHEX_HAS(HEAP)
/// The exposition as a string. The string may throw std::bad_alloc: the one call of the core that can.
inline std::string to_text(registry_core& registry = default_registry()) {
  return detail::to_string<detail::text_writer>(registry);
}
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_TEXT_FORMAT_HPP

// ==== narthex/narthex.hpp =======================================================================
// narthex/narthex.hpp - the core, in one include.
// Room: front door. SPDX-License-Identifier: MIT
#ifndef NARTHEX_NARTHEX_HPP
#define NARTHEX_NARTHEX_HPP


#endif  // NARTHEX_NARTHEX_HPP
