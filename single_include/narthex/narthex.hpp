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
#if defined(__STDCPP_THREADS__) || defined(__unix__) || defined(__APPLE__) || defined(_WIN32)
#define NARTHEX_CONCURRENCY NARTHEX_THREADS
#else
#define NARTHEX_CONCURRENCY NARTHEX_NONE
#endif
#endif

// NARTHEX_HEAP 0: instruments hold their own storage; nothing is ever allocated.
#ifndef NARTHEX_HEAP
#define NARTHEX_HEAP __STDC_HOSTED__
#endif

// NARTHEX_NAMESPACE renames the library, for vendored copies that must not meet others.
#ifndef NARTHEX_NAMESPACE
#define NARTHEX_NAMESPACE narthex
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

#if NARTHEX_CONCURRENCY == NARTHEX_THREADS
#define NARTHEX_DETAIL_HAS_THREADS 1
#define NARTHEX_DETAIL_HAS_CONCURRENCY 1
#define NARTHEX_DETAIL_TAG_CONCURRENCY _mt
#elif NARTHEX_CONCURRENCY == NARTHEX_INTERRUPTS
#define NARTHEX_DETAIL_HAS_THREADS 0
#define NARTHEX_DETAIL_HAS_CONCURRENCY 1
#define NARTHEX_DETAIL_TAG_CONCURRENCY _isr
#elif NARTHEX_CONCURRENCY == NARTHEX_NONE
#define NARTHEX_DETAIL_HAS_THREADS 0
#define NARTHEX_DETAIL_HAS_CONCURRENCY 0
#define NARTHEX_DETAIL_TAG_CONCURRENCY _st
#else
#error "NARTHEX_CONCURRENCY must be NARTHEX_NONE, NARTHEX_INTERRUPTS or NARTHEX_THREADS"
#endif

// 64-bit atomics without libatomic. is_lock_free() is no substitute: with clang <= 16 and libstdc++
// asking it at run time needs libatomic even on x86-64.
#if ATOMIC_LLONG_LOCK_FREE == 2 || !NARTHEX_HAS(CONCURRENCY)
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

#if defined(__SIZEOF_INT128__)
#define NARTHEX_DETAIL_HAS_INT128 1
#else
#define NARTHEX_DETAIL_HAS_INT128 0
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

#if defined(__GNUC__)
#define NARTHEX_DETAIL_COLD __attribute__((cold, noinline))
#define NARTHEX_DETAIL_LIKELY(x) (__builtin_expect(!!(x), 1))
#else
#define NARTHEX_DETAIL_COLD
#define NARTHEX_DETAIL_LIKELY(x) (x)
#endif

// For what all shared libraries of a process must have in common, also those built with hidden visibility.
#if defined(__GNUC__) && !NARTHEX_HAS(WINDOWS)
#define NARTHEX_DETAIL_VISIBLE __attribute__((visibility("default")))
#else
#define NARTHEX_DETAIL_VISIBLE
#endif

// ---- namespace ----
// The inline namespace carries the version and every fact that changes a layout or an inline body, so
// that two versions or two configurations in one program coexist instead of corrupting each other.
#define NARTHEX_DETAIL_PASTE8(a, b, c, d, e, f, g, h) a##b##_##c##_##d##e##f##g##h
#define NARTHEX_DETAIL_ABI(major, minor, patch, conc, heap, a64, chk) \
  NARTHEX_DETAIL_PASTE8(v, major, minor, patch, conc, heap, a64, chk)
#define NARTHEX_ABI                                                                       \
  NARTHEX_DETAIL_ABI(NARTHEX_VERSION_MAJOR, NARTHEX_VERSION_MINOR, NARTHEX_VERSION_PATCH, \
                     NARTHEX_DETAIL_TAG_CONCURRENCY, NARTHEX_DETAIL_TAG_HEAP,             \
                     NARTHEX_DETAIL_TAG_ATOMIC64, NARTHEX_DETAIL_TAG_CHK)

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
  string_view(const char* text) noexcept : data_(text), size_(text ? std::strlen(text) : 0) {}

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
  bad_name,               ///< a metric name has a byte outside [a-zA-Z0-9_:], or begins with a digit
  missing_suffix,         ///< an info metric's name must end in _info
  name_taken,             ///< the name exists with another type, help or label set
  name_collides,          ///< a sample name would be written by two families (x_count against histogram x)
  bad_label_name,         ///< a label name is empty or has a byte outside [a-zA-Z0-9_]
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
  needs_transport,        ///< an https URL: TLS is not part of narthex
  no_such_host,           ///< a host's name that nobody could resolve
  bad_job,                ///< a job name must not be empty
  bad_utf8,               ///< text that goes into a URL must be well-formed UTF-8
  label_clash,            ///< a metric has a label that the grouping key has, too
  reserved_metric,        ///< a metric name that the Pushgateway keeps for itself
  empty_exposition,       ///< replacing a group by nothing would wipe it; delete_group() says that
  too_large,              ///< more bytes than the stated limit
  http_refused,           ///< the server answered no; number() is the HTTP status
  redirected,             ///< the server answers elsewhere, and nobody follows; number() is the HTTP status
  bad_response            ///< what came back is not an HTTP response
};

/// The words for a code; a static string.
inline const char* describe(errc code) noexcept {
  switch (code) {
    case errc::ok: return "ok";
    case errc::empty_name: return "a metric name must not be empty";
    case errc::bad_name: return "a metric name may hold only [a-zA-Z0-9_:] and must not begin with a digit; bad byte at";
    case errc::missing_suffix: return "the name of an info metric must end in _info";
    case errc::name_taken: return "the name is registered with another type, help or label set";
    case errc::name_collides: return "another metric writes a sample of this name";
    case errc::bad_label_name: return "a label name may hold only [a-zA-Z0-9_] and must not begin with a digit; label number";
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

#if NARTHEX_HAS(CONCURRENCY)
template <class T>
using shared = std::atomic<T>;
#else
/// The face of std::atomic over a plain value: with nobody else around, an 8-byte counter needs no
/// libatomic and a Cortex-M0 needs no read-modify-write instruction.
template <class T>
class shared {
 public:
  constexpr shared() noexcept : value_() {}
  constexpr shared(T value) noexcept : value_(value) {}
  T load(std::memory_order) const noexcept { return value_; }
  void store(T value, std::memory_order) noexcept { value_ = value; }
  T exchange(T value, std::memory_order) noexcept {
    const T old = value_;
    value_ = value;
    return old;
  }
  T fetch_add(T by, std::memory_order) noexcept {
    using wraps = typename std::make_unsigned<T>::type;  // as std::atomic does, also for signed types
    const T old = value_;
    value_ = static_cast<T>(static_cast<wraps>(old) + static_cast<wraps>(by));
    return old;
  }
  T fetch_sub(T by, std::memory_order) noexcept {
    const T old = value_;
    value_ = static_cast<T>(old - by);
    return old;
  }
  bool compare_exchange_strong(T& expected, T wanted, std::memory_order, std::memory_order) noexcept {
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    value_ = wanted;
    return true;
  }
  bool compare_exchange_weak(T& expected, T wanted, std::memory_order a, std::memory_order b) noexcept {
    return compare_exchange_strong(expected, wanted, a, b);
  }

 private:
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

// ==== narthex/error_hook.hpp ====================================================================
// narthex/error_hook.hpp - one line about each refused registration, to whoever wants to know.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_ERROR_HOOK_HPP
#define NARTHEX_ERROR_HOOK_HPP


#if NARTHEX_HAS(HOST)
#include <cstdio>
#endif

NARTHEX_BEGIN_NAMESPACE

/// Called with each refused registration, in the thread that tried it.
using error_hook = void (*)(const status&);

namespace detail {

inline void print_refusal(const status& why) noexcept {
#if NARTHEX_HAS(HOST)
  char line[status::max_message + 16] = "narthex: ";
  std::size_t n = 9;
  n += why.message(line + n, status::max_message);
  line[n++] = '\n';
  std::fwrite(line, 1, n, stderr);  // one call, so that lines of several threads do not mix
#else
  static_cast<void>(why);
#endif
}

template <class Once>
struct error_hook_holder {
  static shared<error_hook> hook;
};
template <class Once>
shared<error_hook> error_hook_holder<Once>::hook(&print_refusal);

inline void report(const status& why) noexcept {
  const error_hook hook = error_hook_holder<void>::hook.load(memory_order_acquire);
  if (hook) hook(why);
}

}  // namespace detail

/// Replaces what is told of refused registrations; a null pointer silences it.
///
/// hook:    must not throw. The first one writes a line to stderr (to nowhere in a build without a host).
/// Returns: the hook that was there.
/// Threads: any, at any time; one hook for all registries.
inline error_hook set_error_hook(error_hook hook) noexcept {
  return detail::error_hook_holder<void>::hook.exchange(hook, detail::memory_order_acq_rel);
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_ERROR_HOOK_HPP

// ==== narthex/detail/ascii.hpp ==================================================================
// narthex/detail/ascii.hpp - which bytes may stand in names; no locale is asked.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ASCII_HPP
#define NARTHEX_DETAIL_ASCII_HPP

#include <cstddef>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

// Single-expression constexpr functions, so that C++11 and a C++20 consteval constructor share them.
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

enum class alphabet { metric, label };  // a metric name may hold colons, a label name may not

constexpr bool may_stand(char c, std::size_t at, alphabet a) noexcept {
  return is_letter(c) || (at > 0 && is_digit(c)) || (c == ':' && a == alphabet::metric);
}

/// The position of the first byte that may not stand in a name; `size` when all may.
/// Halves the range, so that a constexpr evaluation never recurses deeper than log2(size).
/// Source: Prometheus data model, "Metric names and labels", the classic alphabets.
constexpr std::size_t bad_byte(const char* s, std::size_t from, std::size_t size, alphabet a) noexcept {
  return from >= size ? size
         : size - from == 1
             ? (may_stand(s[from], from, a) ? size : from)
             : (bad_byte(s, from, from + (size - from) / 2, a) != from + (size - from) / 2
                    ? bad_byte(s, from, from + (size - from) / 2, a)
                    : bad_byte(s, from + (size - from) / 2, size, a));
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
inline std::size_t utf8_length(const char* s, std::size_t size) noexcept {
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

enum class quoting { label_value, help };  // a double quote is escaped in a label value, raw in HELP

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
template <class Put>
void put_safe(string_view text, quoting q, Put& put) {
  std::size_t begin = 0, i = 0;
  while (i < text.size()) {
    const char c = text[i];
    const std::size_t n = utf8_length(text.data() + i, text.size() - i);
    if (n != 0 && c != '\\' && c != '\n' && (c != '"' || q == quoting::help)) {
      i += n;
      continue;
    }
    if (i > begin) put(text.data() + begin, i - begin);
    if (n == 0) {
      const char* const hex = "0123456789abcdef";
      const unsigned byte = static_cast<unsigned char>(c);
      const char broken[5] = {'\xef', '\xbf', '\xbd', hex[byte >> 4], hex[byte & 15]};
      put(broken, sizeof broken);
    } else {
      const char escaped[2] = {'\\', c == '\n' ? 'n' : c};
      put(escaped, sizeof escaped);
    }
    begin = ++i;
  }
  if (i > begin) put(text.data() + begin, i - begin);
}

/// How many bytes put_safe would write.
inline std::size_t safe_size(string_view text, quoting q) noexcept {
  if (is_plain(text)) return text.size();
  struct {
    std::size_t n;
    void operator()(const char*, std::size_t size) noexcept { n += size; }
  } count = {0};
  put_safe(text, q, count);
  return count.n;
}

/// Writes what put_safe gives and returns the end; the caller made room by safe_size.
inline char* write_safe(char* out, string_view text, quoting q) noexcept {
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
  put_safe(text, q, copy);
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

// -ffast-math lets a compiler assume that no double is NaN or infinite, and drop a test for it. So we
// ask the bits, and take the double by reference: LLVM marks by-value parameters with that promise.

inline std::uint64_t double_bits(const double& value) noexcept {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
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

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BITS_HPP

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
#if NARTHEX_HAS(FORK)
    if (turns_ <= 64) return;
    if (process<void>::is_forked()) usleep(1000);
    else sched_yield();
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
  enum : std::uint32_t { slots = 512, none = slots };

  constexpr slot_domain() noexcept : taken_() {}

  std::uint32_t take() noexcept {
    for (std::uint32_t w = 0; w < slots / 32; ++w) {
      std::uint32_t seen = taken_[w].bits.load(memory_order_relaxed);
      while (~seen) {
        const std::uint32_t lowest = ~seen & (seen + 1);
        if (taken_[w].bits.compare_exchange_weak(seen, seen | lowest, memory_order_acquire, memory_order_relaxed)) {
          std::uint32_t s = w * 32;
          while (lowest >> (s % 32) != 1) ++s;
          return s;
        }
      }
    }
    return none;
  }
  void free(std::uint32_t slot) noexcept {
    taken_[slot / 32].bits.fetch_sub(std::uint32_t{1} << slot % 32, memory_order_release);
  }

 private:
  struct word {
    constexpr word() noexcept : bits(0) {}
    shared<std::uint32_t> bits;
  };
  word taken_[slots / 32];
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
    std::uint32_t n = 0;
    while (slot >= static_cast<std::uint32_t>(near_slots) << (n + 1)) ++n;
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

#if NARTHEX_HAS(CONCURRENCY)
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
#else
  record() noexcept {
    for (unsigned i = 0; i < Words; ++i) words_[i] = 0;
  }
  image read() const noexcept {
    image now;
    for (unsigned i = 0; i < Words; ++i) now.words[i] = words_[i];
    now.head = 0;
    return now;
  }
  bool is_present(const image&) const noexcept { return true; }
  template <class Change>
  cell_word update(Change&& change) noexcept {
    image now = read();
    change(now, words_);
    return 0;
  }

 private:
  cell_word words_[Words];
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

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
    words_.update([by](const image& now, cell_word(&next)[2]) { split(join(now.words) + by, next); });
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

#if NARTHEX_HAS(SHARDS)

// How the two kinds of sums are added to. add_to() says whether it is time to ask if others add here, too.
struct integer_sum {
  using value = std::uint64_t;
  static value of(std::uint64_t word) noexcept { return word; }
  static std::uint64_t word(value v) noexcept { return v; }
  // A load to compare with, or a compare-exchange, would cost 1.7 times as much as this: on x86 no load begins before
  // the locked instruction ahead of it has ended. So one addition in about 256 asks, whatever amounts are added.
  static bool add_to(shared<std::uint64_t>& sum, value by) noexcept {
    return (sum.fetch_add(by, memory_order_relaxed) & by * 255) == 0;
  }
};
struct double_sum {
  using value = double;
  static value of(std::uint64_t word) noexcept { return bits_double(word); }
  static std::uint64_t word(value v) noexcept { return double_bits(v); }
  static bool add_to(shared<std::uint64_t>& sum, value by) noexcept {
    std::uint64_t old = sum.load(memory_order_relaxed);
    bool met = false;
    while (!sum.compare_exchange_weak(old, word(of(old) + by), memory_order_relaxed, memory_order_relaxed)) met = true;
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

  void add(value by) noexcept {
    if (shard_table* const t = shards_.get()) {
      shard* s = static_cast<shard*>(t->mine());
      if (!NARTHEX_DETAIL_LIKELY(s != nullptr)) s = join(*t);
      if (NARTHEX_DETAIL_LIKELY(s != nullptr)) {
        s->word.store(Sum::word(Sum::of(s->word.load(memory_order_relaxed)) + by), memory_order_relaxed);
        return;
      }
    }
    if (!NARTHEX_DETAIL_LIKELY(!Sum::add_to(first_, by))) grow_if_contended();
  }

  value get() const noexcept {
    const value first = Sum::of(first_.load(memory_order_relaxed));
    const shard_table* const t = shards_.get();
    if (!t) return first;
    const value base = Sum::of(t->base.load(memory_order_acquire));
    return first + (sum_of(*t) - base);
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
    while (!t->base.compare_exchange_strong(base, Sum::word(sum_of(*t)), memory_order_acq_rel, memory_order_acquire)) {
    }
  }

 private:
  // Two threads' words are 64 bytes apart where an allocator gives 64 for 48, as glibc's and musl's do; others keep
  // what a thread asks for together.
  struct shard {
    char before[24];
    shared<std::uint64_t> word;
    char behind[16];
  };
  /// Whether another thread changes the sum just now: it comes between a load and an exchange right behind it.
  NARTHEX_DETAIL_COLD void grow_if_contended() noexcept {
    for (int tries = 0; tries < 2; ++tries) {
      const std::uint64_t seen = first_.load(memory_order_relaxed);
      if (first_.fetch_add(0, memory_order_relaxed) == seen) continue;
      shards_.grow();
      return;
    }
  }
  NARTHEX_DETAIL_COLD static shard* join(shard_table& t) noexcept {
    return static_cast<shard*>(t.join(sizeof(shard), [](void* memory) {
      (new (memory) shard)->word.store(0, memory_order_relaxed);
    }));
  }
  static value sum_of(const shard_table& t) noexcept {
    value sum = 0;
    t.each([&sum](const void* s) { sum += Sum::of(static_cast<const shard*>(s)->word.load(memory_order_relaxed)); });
    return sum;
  }

  shared<std::uint64_t> first_;
  shard_link shards_;
};

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

/// The first 128 bits of 10^first ... 10^last, rounded up: {high, low}; 9872 bytes.
template <class Unused = void>
struct powers_of_ten {
  enum : std::int32_t { first = -292, last = 324 };
  static const std::uint64_t top[617][2];
};
template <class Unused>
const std::uint64_t powers_of_ten<Unused>::top[617][2] = {
  {0xff77b1fcbebcdc4full, 0x25e8e89c13bb0f7bull}, {0x9faacf3df73609b1ull, 0x77b191618c54e9adull},
  {0xc795830d75038c1dull, 0xd59df5b9ef6a2418ull}, {0xf97ae3d0d2446f25ull, 0x4b0573286b44ad1eull},
  {0x9becce62836ac577ull, 0x4ee367f9430aec33ull}, {0xc2e801fb244576d5ull, 0x229c41f793cda740ull},
  {0xf3a20279ed56d48aull, 0x6b43527578c11110ull}, {0x9845418c345644d6ull, 0x830a13896b78aaaaull},
  {0xbe5691ef416bd60cull, 0x23cc986bc656d554ull}, {0xedec366b11c6cb8full, 0x2cbfbe86b7ec8aa9ull},
  {0x94b3a202eb1c3f39ull, 0x7bf7d71432f3d6aaull}, {0xb9e08a83a5e34f07ull, 0xdaf5ccd93fb0cc54ull},
  {0xe858ad248f5c22c9ull, 0xd1b3400f8f9cff69ull}, {0x91376c36d99995beull, 0x23100809b9c21fa2ull},
  {0xb58547448ffffb2dull, 0xabd40a0c2832a78bull}, {0xe2e69915b3fff9f9ull, 0x16c90c8f323f516dull},
  {0x8dd01fad907ffc3bull, 0xae3da7d97f6792e4ull}, {0xb1442798f49ffb4aull, 0x99cd11cfdf41779dull},
  {0xdd95317f31c7fa1dull, 0x40405643d711d584ull}, {0x8a7d3eef7f1cfc52ull, 0x482835ea666b2573ull},
  {0xad1c8eab5ee43b66ull, 0xda3243650005eed0ull}, {0xd863b256369d4a40ull, 0x90bed43e40076a83ull},
  {0x873e4f75e2224e68ull, 0x5a7744a6e804a292ull}, {0xa90de3535aaae202ull, 0x711515d0a205cb37ull},
  {0xd3515c2831559a83ull, 0x0d5a5b44ca873e04ull}, {0x8412d9991ed58091ull, 0xe858790afe9486c3ull},
  {0xa5178fff668ae0b6ull, 0x626e974dbe39a873ull}, {0xce5d73ff402d98e3ull, 0xfb0a3d212dc81290ull},
  {0x80fa687f881c7f8eull, 0x7ce66634bc9d0b9aull}, {0xa139029f6a239f72ull, 0x1c1fffc1ebc44e81ull},
  {0xc987434744ac874eull, 0xa327ffb266b56221ull}, {0xfbe9141915d7a922ull, 0x4bf1ff9f0062baa9ull},
  {0x9d71ac8fada6c9b5ull, 0x6f773fc3603db4aaull}, {0xc4ce17b399107c22ull, 0xcb550fb4384d21d4ull},
  {0xf6019da07f549b2bull, 0x7e2a53a146606a49ull}, {0x99c102844f94e0fbull, 0x2eda7444cbfc426eull},
  {0xc0314325637a1939ull, 0xfa911155fefb5309ull}, {0xf03d93eebc589f88ull, 0x793555ab7eba27cbull},
  {0x96267c7535b763b5ull, 0x4bc1558b2f3458dfull}, {0xbbb01b9283253ca2ull, 0x9eb1aaedfb016f17ull},
  {0xea9c227723ee8bcbull, 0x465e15a979c1caddull}, {0x92a1958a7675175full, 0x0bfacd89ec191ecaull},
  {0xb749faed14125d36ull, 0xcef980ec671f667cull}, {0xe51c79a85916f484ull, 0x82b7e12780e7401bull},
  {0x8f31cc0937ae58d2ull, 0xd1b2ecb8b0908811ull}, {0xb2fe3f0b8599ef07ull, 0x861fa7e6dcb4aa16ull},
  {0xdfbdcece67006ac9ull, 0x67a791e093e1d49bull}, {0x8bd6a141006042bdull, 0xe0c8bb2c5c6d24e1ull},
  {0xaecc49914078536dull, 0x58fae9f773886e19ull}, {0xda7f5bf590966848ull, 0xaf39a475506a899full},
  {0x888f99797a5e012dull, 0x6d8406c952429604ull}, {0xaab37fd7d8f58178ull, 0xc8e5087ba6d33b84ull},
  {0xd5605fcdcf32e1d6ull, 0xfb1e4a9a90880a65ull}, {0x855c3be0a17fcd26ull, 0x5cf2eea09a550680ull},
  {0xa6b34ad8c9dfc06full, 0xf42faa48c0ea481full}, {0xd0601d8efc57b08bull, 0xf13b94daf124da27ull},
  {0x823c12795db6ce57ull, 0x76c53d08d6b70859ull}, {0xa2cb1717b52481edull, 0x54768c4b0c64ca6full},
  {0xcb7ddcdda26da268ull, 0xa9942f5dcf7dfd0aull}, {0xfe5d54150b090b02ull, 0xd3f93b35435d7c4dull},
  {0x9efa548d26e5a6e1ull, 0xc47bc5014a1a6db0ull}, {0xc6b8e9b0709f109aull, 0x359ab6419ca1091cull},
  {0xf867241c8cc6d4c0ull, 0xc30163d203c94b63ull}, {0x9b407691d7fc44f8ull, 0x79e0de63425dcf1eull},
  {0xc21094364dfb5636ull, 0x985915fc12f542e5ull}, {0xf294b943e17a2bc4ull, 0x3e6f5b7b17b2939eull},
  {0x979cf3ca6cec5b5aull, 0xa705992ceecf9c43ull}, {0xbd8430bd08277231ull, 0x50c6ff782a838354ull},
  {0xece53cec4a314ebdull, 0xa4f8bf5635246429ull}, {0x940f4613ae5ed136ull, 0x871b7795e136be9aull},
  {0xb913179899f68584ull, 0x28e2557b59846e40ull}, {0xe757dd7ec07426e5ull, 0x331aeada2fe589d0ull},
  {0x9096ea6f3848984full, 0x3ff0d2c85def7622ull}, {0xb4bca50b065abe63ull, 0x0fed077a756b53aaull},
  {0xe1ebce4dc7f16dfbull, 0xd3e8495912c62895ull}, {0x8d3360f09cf6e4bdull, 0x64712dd7abbbd95dull},
  {0xb080392cc4349decull, 0xbd8d794d96aacfb4ull}, {0xdca04777f541c567ull, 0xecf0d7a0fc5583a1ull},
  {0x89e42caaf9491b60ull, 0xf41686c49db57245ull}, {0xac5d37d5b79b6239ull, 0x311c2875c522ced6ull},
  {0xd77485cb25823ac7ull, 0x7d633293366b828cull}, {0x86a8d39ef77164bcull, 0xae5dff9c02033198ull},
  {0xa8530886b54dbdebull, 0xd9f57f830283fdfdull}, {0xd267caa862a12d66ull, 0xd072df63c324fd7cull},
  {0x8380dea93da4bc60ull, 0x4247cb9e59f71e6eull}, {0xa46116538d0deb78ull, 0x52d9be85f074e609ull},
  {0xcd795be870516656ull, 0x67902e276c921f8cull}, {0x806bd9714632dff6ull, 0x00ba1cd8a3db53b7ull},
  {0xa086cfcd97bf97f3ull, 0x80e8a40eccd228a5ull}, {0xc8a883c0fdaf7df0ull, 0x6122cd128006b2ceull},
  {0xfad2a4b13d1b5d6cull, 0x796b805720085f82ull}, {0x9cc3a6eec6311a63ull, 0xcbe3303674053bb1ull},
  {0xc3f490aa77bd60fcull, 0xbedbfc4411068a9dull}, {0xf4f1b4d515acb93bull, 0xee92fb5515482d45ull},
  {0x991711052d8bf3c5ull, 0x751bdd152d4d1c4bull}, {0xbf5cd54678eef0b6ull, 0xd262d45a78a0635eull},
  {0xef340a98172aace4ull, 0x86fb897116c87c35ull}, {0x9580869f0e7aac0eull, 0xd45d35e6ae3d4da1ull},
  {0xbae0a846d2195712ull, 0x8974836059cca10aull}, {0xe998d258869facd7ull, 0x2bd1a438703fc94cull},
  {0x91ff83775423cc06ull, 0x7b6306a34627ddd0ull}, {0xb67f6455292cbf08ull, 0x1a3bc84c17b1d543ull},
  {0xe41f3d6a7377eecaull, 0x20caba5f1d9e4a94ull}, {0x8e938662882af53eull, 0x547eb47b7282ee9dull},
  {0xb23867fb2a35b28dull, 0xe99e619a4f23aa44ull}, {0xdec681f9f4c31f31ull, 0x6405fa00e2ec94d5ull},
  {0x8b3c113c38f9f37eull, 0xde83bc408dd3dd05ull}, {0xae0b158b4738705eull, 0x9624ab50b148d446ull},
  {0xd98ddaee19068c76ull, 0x3badd624dd9b0958ull}, {0x87f8a8d4cfa417c9ull, 0xe54ca5d70a80e5d7ull},
  {0xa9f6d30a038d1dbcull, 0x5e9fcf4ccd211f4dull}, {0xd47487cc8470652bull, 0x7647c32000696720ull},
  {0x84c8d4dfd2c63f3bull, 0x29ecd9f40041e074ull}, {0xa5fb0a17c777cf09ull, 0xf468107100525891ull},
  {0xcf79cc9db955c2ccull, 0x7182148d4066eeb5ull}, {0x81ac1fe293d599bfull, 0xc6f14cd848405531ull},
  {0xa21727db38cb002full, 0xb8ada00e5a506a7dull}, {0xca9cf1d206fdc03bull, 0xa6d90811f0e4851dull},
  {0xfd442e4688bd304aull, 0x908f4a166d1da664ull}, {0x9e4a9cec15763e2eull, 0x9a598e4e043287ffull},
  {0xc5dd44271ad3cdbaull, 0x40eff1e1853f29feull}, {0xf7549530e188c128ull, 0xd12bee59e68ef47dull},
  {0x9a94dd3e8cf578b9ull, 0x82bb74f8301958cfull}, {0xc13a148e3032d6e7ull, 0xe36a52363c1faf02ull},
  {0xf18899b1bc3f8ca1ull, 0xdc44e6c3cb279ac2ull}, {0x96f5600f15a7b7e5ull, 0x29ab103a5ef8c0baull},
  {0xbcb2b812db11a5deull, 0x7415d448f6b6f0e8ull}, {0xebdf661791d60f56ull, 0x111b495b3464ad22ull},
  {0x936b9fcebb25c995ull, 0xcab10dd900beec35ull}, {0xb84687c269ef3bfbull, 0x3d5d514f40eea743ull},
  {0xe65829b3046b0afaull, 0x0cb4a5a3112a5113ull}, {0x8ff71a0fe2c2e6dcull, 0x47f0e785eaba72acull},
  {0xb3f4e093db73a093ull, 0x59ed216765690f57ull}, {0xe0f218b8d25088b8ull, 0x306869c13ec3532dull},
  {0x8c974f7383725573ull, 0x1e414218c73a13fcull}, {0xafbd2350644eeacfull, 0xe5d1929ef90898fbull},
  {0xdbac6c247d62a583ull, 0xdf45f746b74abf3aull}, {0x894bc396ce5da772ull, 0x6b8bba8c328eb784ull},
  {0xab9eb47c81f5114full, 0x066ea92f3f326565ull}, {0xd686619ba27255a2ull, 0xc80a537b0efefebeull},
  {0x8613fd0145877585ull, 0xbd06742ce95f5f37ull}, {0xa798fc4196e952e7ull, 0x2c48113823b73705ull},
  {0xd17f3b51fca3a7a0ull, 0xf75a15862ca504c6ull}, {0x82ef85133de648c4ull, 0x9a984d73dbe722fcull},
  {0xa3ab66580d5fdaf5ull, 0xc13e60d0d2e0ebbbull}, {0xcc963fee10b7d1b3ull, 0x318df905079926a9ull},
  {0xffbbcfe994e5c61full, 0xfdf17746497f7053ull}, {0x9fd561f1fd0f9bd3ull, 0xfeb6ea8bedefa634ull},
  {0xc7caba6e7c5382c8ull, 0xfe64a52ee96b8fc1ull}, {0xf9bd690a1b68637bull, 0x3dfdce7aa3c673b1ull},
  {0x9c1661a651213e2dull, 0x06bea10ca65c084full}, {0xc31bfa0fe5698db8ull, 0x486e494fcff30a63ull},
  {0xf3e2f893dec3f126ull, 0x5a89dba3c3efccfbull}, {0x986ddb5c6b3a76b7ull, 0xf89629465a75e01dull},
  {0xbe89523386091465ull, 0xf6bbb397f1135824ull}, {0xee2ba6c0678b597full, 0x746aa07ded582e2dull},
  {0x94db483840b717efull, 0xa8c2a44eb4571cddull}, {0xba121a4650e4ddebull, 0x92f34d62616ce414ull},
  {0xe896a0d7e51e1566ull, 0x77b020baf9c81d18ull}, {0x915e2486ef32cd60ull, 0x0ace1474dc1d122full},
  {0xb5b5ada8aaff80b8ull, 0x0d819992132456bbull}, {0xe3231912d5bf60e6ull, 0x10e1fff697ed6c6aull},
  {0x8df5efabc5979c8full, 0xca8d3ffa1ef463c2ull}, {0xb1736b96b6fd83b3ull, 0xbd308ff8a6b17cb3ull},
  {0xddd0467c64bce4a0ull, 0xac7cb3f6d05ddbdfull}, {0x8aa22c0dbef60ee4ull, 0x6bcdf07a423aa96cull},
  {0xad4ab7112eb3929dull, 0x86c16c98d2c953c7ull}, {0xd89d64d57a607744ull, 0xe871c7bf077ba8b8ull},
  {0x87625f056c7c4a8bull, 0x11471cd764ad4973ull}, {0xa93af6c6c79b5d2dull, 0xd598e40d3dd89bd0ull},
  {0xd389b47879823479ull, 0x4aff1d108d4ec2c4ull}, {0x843610cb4bf160cbull, 0xcedf722a585139bbull},
  {0xa54394fe1eedb8feull, 0xc2974eb4ee658829ull}, {0xce947a3da6a9273eull, 0x733d226229feea33ull},
  {0x811ccc668829b887ull, 0x0806357d5a3f5260ull}, {0xa163ff802a3426a8ull, 0xca07c2dcb0cf26f8ull},
  {0xc9bcff6034c13052ull, 0xfc89b393dd02f0b6ull}, {0xfc2c3f3841f17c67ull, 0xbbac2078d443ace3ull},
  {0x9d9ba7832936edc0ull, 0xd54b944b84aa4c0eull}, {0xc5029163f384a931ull, 0x0a9e795e65d4df12ull},
  {0xf64335bcf065d37dull, 0x4d4617b5ff4a16d6ull}, {0x99ea0196163fa42eull, 0x504bced1bf8e4e46ull},
  {0xc06481fb9bcf8d39ull, 0xe45ec2862f71e1d7ull}, {0xf07da27a82c37088ull, 0x5d767327bb4e5a4dull},
  {0x964e858c91ba2655ull, 0x3a6a07f8d510f870ull}, {0xbbe226efb628afeaull, 0x890489f70a55368cull},
  {0xeadab0aba3b2dbe5ull, 0x2b45ac74ccea842full}, {0x92c8ae6b464fc96full, 0x3b0b8bc90012929eull},
  {0xb77ada0617e3bbcbull, 0x09ce6ebb40173745ull}, {0xe55990879ddcaabdull, 0xcc420a6a101d0516ull},
  {0x8f57fa54c2a9eab6ull, 0x9fa946824a12232eull}, {0xb32df8e9f3546564ull, 0x47939822dc96abfaull},
  {0xdff9772470297ebdull, 0x59787e2b93bc56f8ull}, {0x8bfbea76c619ef36ull, 0x57eb4edb3c55b65bull},
  {0xaefae51477a06b03ull, 0xede622920b6b23f2ull}, {0xdab99e59958885c4ull, 0xe95fab368e45eceeull},
  {0x88b402f7fd75539bull, 0x11dbcb0218ebb415ull}, {0xaae103b5fcd2a881ull, 0xd652bdc29f26a11aull},
  {0xd59944a37c0752a2ull, 0x4be76d3346f04960ull}, {0x857fcae62d8493a5ull, 0x6f70a4400c562ddcull},
  {0xa6dfbd9fb8e5b88eull, 0xcb4ccd500f6bb953ull}, {0xd097ad07a71f26b2ull, 0x7e2000a41346a7a8ull},
  {0x825ecc24c873782full, 0x8ed400668c0c28c9ull}, {0xa2f67f2dfa90563bull, 0x728900802f0f32fbull},
  {0xcbb41ef979346bcaull, 0x4f2b40a03ad2ffbaull}, {0xfea126b7d78186bcull, 0xe2f610c84987bfa9ull},
  {0x9f24b832e6b0f436ull, 0x0dd9ca7d2df4d7caull}, {0xc6ede63fa05d3143ull, 0x91503d1c79720dbcull},
  {0xf8a95fcf88747d94ull, 0x75a44c6397ce912bull}, {0x9b69dbe1b548ce7cull, 0xc986afbe3ee11abbull},
  {0xc24452da229b021bull, 0xfbe85badce996169ull}, {0xf2d56790ab41c2a2ull, 0xfae27299423fb9c4ull},
  {0x97c560ba6b0919a5ull, 0xdccd879fc967d41bull}, {0xbdb6b8e905cb600full, 0x5400e987bbc1c921ull},
  {0xed246723473e3813ull, 0x290123e9aab23b69ull}, {0x9436c0760c86e30bull, 0xf9a0b6720aaf6522ull},
  {0xb94470938fa89bceull, 0xf808e40e8d5b3e6aull}, {0xe7958cb87392c2c2ull, 0xb60b1d1230b20e05ull},
  {0x90bd77f3483bb9b9ull, 0xb1c6f22b5e6f48c3ull}, {0xb4ecd5f01a4aa828ull, 0x1e38aeb6360b1af4ull},
  {0xe2280b6c20dd5232ull, 0x25c6da63c38de1b1ull}, {0x8d590723948a535full, 0x579c487e5a38ad0full},
  {0xb0af48ec79ace837ull, 0x2d835a9df0c6d852ull}, {0xdcdb1b2798182244ull, 0xf8e431456cf88e66ull},
  {0x8a08f0f8bf0f156bull, 0x1b8e9ecb641b5900ull}, {0xac8b2d36eed2dac5ull, 0xe272467e3d222f40ull},
  {0xd7adf884aa879177ull, 0x5b0ed81dcc6abb10ull}, {0x86ccbb52ea94baeaull, 0x98e947129fc2b4eaull},
  {0xa87fea27a539e9a5ull, 0x3f2398d747b36225ull}, {0xd29fe4b18e88640eull, 0x8eec7f0d19a03aaeull},
  {0x83a3eeeef9153e89ull, 0x1953cf68300424adull}, {0xa48ceaaab75a8e2bull, 0x5fa8c3423c052dd8ull},
  {0xcdb02555653131b6ull, 0x3792f412cb06794eull}, {0x808e17555f3ebf11ull, 0xe2bbd88bbee40bd1ull},
  {0xa0b19d2ab70e6ed6ull, 0x5b6aceaeae9d0ec5ull}, {0xc8de047564d20a8bull, 0xf245825a5a445276ull},
  {0xfb158592be068d2eull, 0xeed6e2f0f0d56713ull}, {0x9ced737bb6c4183dull, 0x55464dd69685606cull},
  {0xc428d05aa4751e4cull, 0xaa97e14c3c26b887ull}, {0xf53304714d9265dfull, 0xd53dd99f4b3066a9ull},
  {0x993fe2c6d07b7fabull, 0xe546a8038efe402aull}, {0xbf8fdb78849a5f96ull, 0xde98520472bdd034ull},
  {0xef73d256a5c0f77cull, 0x963e66858f6d4441ull}, {0x95a8637627989aadull, 0xdde7001379a44aa9ull},
  {0xbb127c53b17ec159ull, 0x5560c018580d5d53ull}, {0xe9d71b689dde71afull, 0xaab8f01e6e10b4a7ull},
  {0x9226712162ab070dull, 0xcab3961304ca70e9ull}, {0xb6b00d69bb55c8d1ull, 0x3d607b97c5fd0d23ull},
  {0xe45c10c42a2b3b05ull, 0x8cb89a7db77c506bull}, {0x8eb98a7a9a5b04e3ull, 0x77f3608e92adb243ull},
  {0xb267ed1940f1c61cull, 0x55f038b237591ed4ull}, {0xdf01e85f912e37a3ull, 0x6b6c46dec52f6689ull},
  {0x8b61313bbabce2c6ull, 0x2323ac4b3b3da016ull}, {0xae397d8aa96c1b77ull, 0xabec975e0a0d081bull},
  {0xd9c7dced53c72255ull, 0x96e7bd358c904a22ull}, {0x881cea14545c7575ull, 0x7e50d64177da2e55ull},
  {0xaa242499697392d2ull, 0xdde50bd1d5d0b9eaull}, {0xd4ad2dbfc3d07787ull, 0x955e4ec64b44e865ull},
  {0x84ec3c97da624ab4ull, 0xbd5af13bef0b113full}, {0xa6274bbdd0fadd61ull, 0xecb1ad8aeacdd58full},
  {0xcfb11ead453994baull, 0x67de18eda5814af3ull}, {0x81ceb32c4b43fcf4ull, 0x80eacf948770ced8ull},
  {0xa2425ff75e14fc31ull, 0xa1258379a94d028eull}, {0xcad2f7f5359a3b3eull, 0x096ee45813a04331ull},
  {0xfd87b5f28300ca0dull, 0x8bca9d6e188853fdull}, {0x9e74d1b791e07e48ull, 0x775ea264cf55347eull},
  {0xc612062576589ddaull, 0x95364afe032a819eull}, {0xf79687aed3eec551ull, 0x3a83ddbd83f52205ull},
  {0x9abe14cd44753b52ull, 0xc4926a9672793543ull}, {0xc16d9a0095928a27ull, 0x75b7053c0f178294ull},
  {0xf1c90080baf72cb1ull, 0x5324c68b12dd6339ull}, {0x971da05074da7beeull, 0xd3f6fc16ebca5e04ull},
  {0xbce5086492111aeaull, 0x88f4bb1ca6bcf585ull}, {0xec1e4a7db69561a5ull, 0x2b31e9e3d06c32e6ull},
  {0x9392ee8e921d5d07ull, 0x3aff322e62439fd0ull}, {0xb877aa3236a4b449ull, 0x09befeb9fad487c3ull},
  {0xe69594bec44de15bull, 0x4c2ebe687989a9b4ull}, {0x901d7cf73ab0acd9ull, 0x0f9d37014bf60a11ull},
  {0xb424dc35095cd80full, 0x538484c19ef38c95ull}, {0xe12e13424bb40e13ull, 0x2865a5f206b06fbaull},
  {0x8cbccc096f5088cbull, 0xf93f87b7442e45d4ull}, {0xafebff0bcb24aafeull, 0xf78f69a51539d749ull},
  {0xdbe6fecebdedd5beull, 0xb573440e5a884d1cull}, {0x89705f4136b4a597ull, 0x31680a88f8953031ull},
  {0xabcc77118461cefcull, 0xfdc20d2b36ba7c3eull}, {0xd6bf94d5e57a42bcull, 0x3d32907604691b4dull},
  {0x8637bd05af6c69b5ull, 0xa63f9a49c2c1b110ull}, {0xa7c5ac471b478423ull, 0x0fcf80dc33721d54ull},
  {0xd1b71758e219652bull, 0xd3c36113404ea4a9ull}, {0x83126e978d4fdf3bull, 0x645a1cac083126eaull},
  {0xa3d70a3d70a3d70aull, 0x3d70a3d70a3d70a4ull}, {0xccccccccccccccccull, 0xcccccccccccccccdull},
  {0x8000000000000000ull, 0x0000000000000000ull}, {0xa000000000000000ull, 0x0000000000000000ull},
  {0xc800000000000000ull, 0x0000000000000000ull}, {0xfa00000000000000ull, 0x0000000000000000ull},
  {0x9c40000000000000ull, 0x0000000000000000ull}, {0xc350000000000000ull, 0x0000000000000000ull},
  {0xf424000000000000ull, 0x0000000000000000ull}, {0x9896800000000000ull, 0x0000000000000000ull},
  {0xbebc200000000000ull, 0x0000000000000000ull}, {0xee6b280000000000ull, 0x0000000000000000ull},
  {0x9502f90000000000ull, 0x0000000000000000ull}, {0xba43b74000000000ull, 0x0000000000000000ull},
  {0xe8d4a51000000000ull, 0x0000000000000000ull}, {0x9184e72a00000000ull, 0x0000000000000000ull},
  {0xb5e620f480000000ull, 0x0000000000000000ull}, {0xe35fa931a0000000ull, 0x0000000000000000ull},
  {0x8e1bc9bf04000000ull, 0x0000000000000000ull}, {0xb1a2bc2ec5000000ull, 0x0000000000000000ull},
  {0xde0b6b3a76400000ull, 0x0000000000000000ull}, {0x8ac7230489e80000ull, 0x0000000000000000ull},
  {0xad78ebc5ac620000ull, 0x0000000000000000ull}, {0xd8d726b7177a8000ull, 0x0000000000000000ull},
  {0x878678326eac9000ull, 0x0000000000000000ull}, {0xa968163f0a57b400ull, 0x0000000000000000ull},
  {0xd3c21bcecceda100ull, 0x0000000000000000ull}, {0x84595161401484a0ull, 0x0000000000000000ull},
  {0xa56fa5b99019a5c8ull, 0x0000000000000000ull}, {0xcecb8f27f4200f3aull, 0x0000000000000000ull},
  {0x813f3978f8940984ull, 0x4000000000000000ull}, {0xa18f07d736b90be5ull, 0x5000000000000000ull},
  {0xc9f2c9cd04674edeull, 0xa400000000000000ull}, {0xfc6f7c4045812296ull, 0x4d00000000000000ull},
  {0x9dc5ada82b70b59dull, 0xf020000000000000ull}, {0xc5371912364ce305ull, 0x6c28000000000000ull},
  {0xf684df56c3e01bc6ull, 0xc732000000000000ull}, {0x9a130b963a6c115cull, 0x3c7f400000000000ull},
  {0xc097ce7bc90715b3ull, 0x4b9f100000000000ull}, {0xf0bdc21abb48db20ull, 0x1e86d40000000000ull},
  {0x96769950b50d88f4ull, 0x1314448000000000ull}, {0xbc143fa4e250eb31ull, 0x17d955a000000000ull},
  {0xeb194f8e1ae525fdull, 0x5dcfab0800000000ull}, {0x92efd1b8d0cf37beull, 0x5aa1cae500000000ull},
  {0xb7abc627050305adull, 0xf14a3d9e40000000ull}, {0xe596b7b0c643c719ull, 0x6d9ccd05d0000000ull},
  {0x8f7e32ce7bea5c6full, 0xe4820023a2000000ull}, {0xb35dbf821ae4f38bull, 0xdda2802c8a800000ull},
  {0xe0352f62a19e306eull, 0xd50b2037ad200000ull}, {0x8c213d9da502de45ull, 0x4526f422cc340000ull},
  {0xaf298d050e4395d6ull, 0x9670b12b7f410000ull}, {0xdaf3f04651d47b4cull, 0x3c0cdd765f114000ull},
  {0x88d8762bf324cd0full, 0xa5880a69fb6ac800ull}, {0xab0e93b6efee0053ull, 0x8eea0d047a457a00ull},
  {0xd5d238a4abe98068ull, 0x72a4904598d6d880ull}, {0x85a36366eb71f041ull, 0x47a6da2b7f864750ull},
  {0xa70c3c40a64e6c51ull, 0x999090b65f67d924ull}, {0xd0cf4b50cfe20765ull, 0xfff4b4e3f741cf6dull},
  {0x82818f1281ed449full, 0xbff8f10e7a8921a5ull}, {0xa321f2d7226895c7ull, 0xaff72d52192b6a0eull},
  {0xcbea6f8ceb02bb39ull, 0x9bf4f8a69f764491ull}, {0xfee50b7025c36a08ull, 0x02f236d04753d5b5ull},
  {0x9f4f2726179a2245ull, 0x01d762422c946591ull}, {0xc722f0ef9d80aad6ull, 0x424d3ad2b7b97ef6ull},
  {0xf8ebad2b84e0d58bull, 0xd2e0898765a7deb3ull}, {0x9b934c3b330c8577ull, 0x63cc55f49f88eb30ull},
  {0xc2781f49ffcfa6d5ull, 0x3cbf6b71c76b25fcull}, {0xf316271c7fc3908aull, 0x8bef464e3945ef7bull},
  {0x97edd871cfda3a56ull, 0x97758bf0e3cbb5adull}, {0xbde94e8e43d0c8ecull, 0x3d52eeed1cbea318ull},
  {0xed63a231d4c4fb27ull, 0x4ca7aaa863ee4bdeull}, {0x945e455f24fb1cf8ull, 0x8fe8caa93e74ef6bull},
  {0xb975d6b6ee39e436ull, 0xb3e2fd538e122b45ull}, {0xe7d34c64a9c85d44ull, 0x60dbbca87196b617ull},
  {0x90e40fbeea1d3a4aull, 0xbc8955e946fe31ceull}, {0xb51d13aea4a488ddull, 0x6babab6398bdbe42ull},
  {0xe264589a4dcdab14ull, 0xc696963c7eed2dd2ull}, {0x8d7eb76070a08aecull, 0xfc1e1de5cf543ca3ull},
  {0xb0de65388cc8ada8ull, 0x3b25a55f43294bccull}, {0xdd15fe86affad912ull, 0x49ef0eb713f39ebfull},
  {0x8a2dbf142dfcc7abull, 0x6e3569326c784338ull}, {0xacb92ed9397bf996ull, 0x49c2c37f07965405ull},
  {0xd7e77a8f87daf7fbull, 0xdc33745ec97be907ull}, {0x86f0ac99b4e8dafdull, 0x69a028bb3ded71a4ull},
  {0xa8acd7c0222311bcull, 0xc40832ea0d68ce0dull}, {0xd2d80db02aabd62bull, 0xf50a3fa490c30191ull},
  {0x83c7088e1aab65dbull, 0x792667c6da79e0fbull}, {0xa4b8cab1a1563f52ull, 0x577001b891185939ull},
  {0xcde6fd5e09abcf26ull, 0xed4c0226b55e6f87ull}, {0x80b05e5ac60b6178ull, 0x544f8158315b05b5ull},
  {0xa0dc75f1778e39d6ull, 0x696361ae3db1c722ull}, {0xc913936dd571c84cull, 0x03bc3a19cd1e38eaull},
  {0xfb5878494ace3a5full, 0x04ab48a04065c724ull}, {0x9d174b2dcec0e47bull, 0x62eb0d64283f9c77ull},
  {0xc45d1df942711d9aull, 0x3ba5d0bd324f8395ull}, {0xf5746577930d6500ull, 0xca8f44ec7ee3647aull},
  {0x9968bf6abbe85f20ull, 0x7e998b13cf4e1eccull}, {0xbfc2ef456ae276e8ull, 0x9e3fedd8c321a67full},
  {0xefb3ab16c59b14a2ull, 0xc5cfe94ef3ea101full}, {0x95d04aee3b80ece5ull, 0xbba1f1d158724a13ull},
  {0xbb445da9ca61281full, 0x2a8a6e45ae8edc98ull}, {0xea1575143cf97226ull, 0xf52d09d71a3293beull},
  {0x924d692ca61be758ull, 0x593c2626705f9c57ull}, {0xb6e0c377cfa2e12eull, 0x6f8b2fb00c77836dull},
  {0xe498f455c38b997aull, 0x0b6dfb9c0f956448ull}, {0x8edf98b59a373fecull, 0x4724bd4189bd5eadull},
  {0xb2977ee300c50fe7ull, 0x58edec91ec2cb658ull}, {0xdf3d5e9bc0f653e1ull, 0x2f2967b66737e3eeull},
  {0x8b865b215899f46cull, 0xbd79e0d20082ee75ull}, {0xae67f1e9aec07187ull, 0xecd8590680a3aa12ull},
  {0xda01ee641a708de9ull, 0xe80e6f4820cc9496ull}, {0x884134fe908658b2ull, 0x3109058d147fdcdeull},
  {0xaa51823e34a7eedeull, 0xbd4b46f0599fd416ull}, {0xd4e5e2cdc1d1ea96ull, 0x6c9e18ac7007c91bull},
  {0x850fadc09923329eull, 0x03e2cf6bc604ddb1ull}, {0xa6539930bf6bff45ull, 0x84db8346b786151dull},
  {0xcfe87f7cef46ff16ull, 0xe612641865679a64ull}, {0x81f14fae158c5f6eull, 0x4fcb7e8f3f60c07full},
  {0xa26da3999aef7749ull, 0xe3be5e330f38f09eull}, {0xcb090c8001ab551cull, 0x5cadf5bfd3072cc6ull},
  {0xfdcb4fa002162a63ull, 0x73d9732fc7c8f7f7ull}, {0x9e9f11c4014dda7eull, 0x2867e7fddcdd9afbull},
  {0xc646d63501a1511dull, 0xb281e1fd541501b9ull}, {0xf7d88bc24209a565ull, 0x1f225a7ca91a4227ull},
  {0x9ae757596946075full, 0x3375788de9b06959ull}, {0xc1a12d2fc3978937ull, 0x0052d6b1641c83afull},
  {0xf209787bb47d6b84ull, 0xc0678c5dbd23a49bull}, {0x9745eb4d50ce6332ull, 0xf840b7ba963646e1ull},
  {0xbd176620a501fbffull, 0xb650e5a93bc3d899ull}, {0xec5d3fa8ce427affull, 0xa3e51f138ab4cebfull},
  {0x93ba47c980e98cdfull, 0xc66f336c36b10138ull}, {0xb8a8d9bbe123f017ull, 0xb80b0047445d4185ull},
  {0xe6d3102ad96cec1dull, 0xa60dc059157491e6ull}, {0x9043ea1ac7e41392ull, 0x87c89837ad68db30ull},
  {0xb454e4a179dd1877ull, 0x29babe4598c311fcull}, {0xe16a1dc9d8545e94ull, 0xf4296dd6fef3d67bull},
  {0x8ce2529e2734bb1dull, 0x1899e4a65f58660dull}, {0xb01ae745b101e9e4ull, 0x5ec05dcff72e7f90ull},
  {0xdc21a1171d42645dull, 0x76707543f4fa1f74ull}, {0x899504ae72497ebaull, 0x6a06494a791c53a9ull},
  {0xabfa45da0edbde69ull, 0x0487db9d17636893ull}, {0xd6f8d7509292d603ull, 0x45a9d2845d3c42b7ull},
  {0x865b86925b9bc5c2ull, 0x0b8a2392ba45a9b3ull}, {0xa7f26836f282b732ull, 0x8e6cac7768d7141full},
  {0xd1ef0244af2364ffull, 0x3207d795430cd927ull}, {0x8335616aed761f1full, 0x7f44e6bd49e807b9ull},
  {0xa402b9c5a8d3a6e7ull, 0x5f16206c9c6209a7ull}, {0xcd036837130890a1ull, 0x36dba887c37a8c10ull},
  {0x802221226be55a64ull, 0xc2494954da2c978aull}, {0xa02aa96b06deb0fdull, 0xf2db9baa10b7bd6dull},
  {0xc83553c5c8965d3dull, 0x6f92829494e5acc8ull}, {0xfa42a8b73abbf48cull, 0xcb772339ba1f17faull},
  {0x9c69a97284b578d7ull, 0xff2a760414536efcull}, {0xc38413cf25e2d70dull, 0xfef5138519684abbull},
  {0xf46518c2ef5b8cd1ull, 0x7eb258665fc25d6aull}, {0x98bf2f79d5993802ull, 0xef2f773ffbd97a62ull},
  {0xbeeefb584aff8603ull, 0xaafb550ffacfd8fbull}, {0xeeaaba2e5dbf6784ull, 0x95ba2a53f983cf39ull},
  {0x952ab45cfa97a0b2ull, 0xdd945a747bf26184ull}, {0xba756174393d88dfull, 0x94f971119aeef9e5ull},
  {0xe912b9d1478ceb17ull, 0x7a37cd5601aab85eull}, {0x91abb422ccb812eeull, 0xac62e055c10ab33bull},
  {0xb616a12b7fe617aaull, 0x577b986b314d600aull}, {0xe39c49765fdf9d94ull, 0xed5a7e85fda0b80cull},
  {0x8e41ade9fbebc27dull, 0x14588f13be847308ull}, {0xb1d219647ae6b31cull, 0x596eb2d8ae258fc9ull},
  {0xde469fbd99a05fe3ull, 0x6fca5f8ed9aef3bcull}, {0x8aec23d680043beeull, 0x25de7bb9480d5855ull},
  {0xada72ccc20054ae9ull, 0xaf561aa79a10ae6bull}, {0xd910f7ff28069da4ull, 0x1b2ba1518094da05ull},
  {0x87aa9aff79042286ull, 0x90fb44d2f05d0843ull}, {0xa99541bf57452b28ull, 0x353a1607ac744a54ull},
  {0xd3fa922f2d1675f2ull, 0x42889b8997915ce9ull}, {0x847c9b5d7c2e09b7ull, 0x69956135febada12ull},
  {0xa59bc234db398c25ull, 0x43fab9837e699096ull}, {0xcf02b2c21207ef2eull, 0x94f967e45e03f4bcull},
  {0x8161afb94b44f57dull, 0x1d1be0eebac278f6ull}, {0xa1ba1ba79e1632dcull, 0x6462d92a69731733ull},
  {0xca28a291859bbf93ull, 0x7d7b8f7503cfdcffull}, {0xfcb2cb35e702af78ull, 0x5cda735244c3d43full},
  {0x9defbf01b061adabull, 0x3a0888136afa64a8ull}, {0xc56baec21c7a1916ull, 0x088aaa1845b8fdd1ull},
  {0xf6c69a72a3989f5bull, 0x8aad549e57273d46ull}, {0x9a3c2087a63f6399ull, 0x36ac54e2f678864cull},
  {0xc0cb28a98fcf3c7full, 0x84576a1bb416a7deull}, {0xf0fdf2d3f3c30b9full, 0x656d44a2a11c51d6ull},
  {0x969eb7c47859e743ull, 0x9f644ae5a4b1b326ull}, {0xbc4665b596706114ull, 0x873d5d9f0dde1fefull},
  {0xeb57ff22fc0c7959ull, 0xa90cb506d155a7ebull}, {0x9316ff75dd87cbd8ull, 0x09a7f12442d588f3ull},
  {0xb7dcbf5354e9beceull, 0x0c11ed6d538aeb30ull}, {0xe5d3ef282a242e81ull, 0x8f1668c8a86da5fbull},
  {0x8fa475791a569d10ull, 0xf96e017d694487bdull}, {0xb38d92d760ec4455ull, 0x37c981dcc395a9adull},
  {0xe070f78d3927556aull, 0x85bbe253f47b1418ull}, {0x8c469ab843b89562ull, 0x93956d7478ccec8full},
  {0xaf58416654a6babbull, 0x387ac8d1970027b3ull}, {0xdb2e51bfe9d0696aull, 0x06997b05fcc0319full},
  {0x88fcf317f22241e2ull, 0x441fece3bdf81f04ull}, {0xab3c2fddeeaad25aull, 0xd527e81cad7626c4ull},
  {0xd60b3bd56a5586f1ull, 0x8a71e223d8d3b075ull}, {0x85c7056562757456ull, 0xf6872d5667844e4aull},
  {0xa738c6bebb12d16cull, 0xb428f8ac016561dcull}, {0xd106f86e69d785c7ull, 0xe13336d701beba53ull},
  {0x82a45b450226b39cull, 0xecc0024661173474ull}, {0xa34d721642b06084ull, 0x27f002d7f95d0191ull},
  {0xcc20ce9bd35c78a5ull, 0x31ec038df7b441f5ull}, {0xff290242c83396ceull, 0x7e67047175a15272ull},
  {0x9f79a169bd203e41ull, 0x0f0062c6e984d387ull}, {0xc75809c42c684dd1ull, 0x52c07b78a3e60869ull},
  {0xf92e0c3537826145ull, 0xa7709a56ccdf8a83ull}, {0x9bbcc7a142b17ccbull, 0x88a66076400bb692ull},
  {0xc2abf989935ddbfeull, 0x6acff893d00ea436ull}, {0xf356f7ebf83552feull, 0x0583f6b8c4124d44ull},
  {0x98165af37b2153deull, 0xc3727a337a8b704bull}, {0xbe1bf1b059e9a8d6ull, 0x744f18c0592e4c5dull},
  {0xeda2ee1c7064130cull, 0x1162def06f79df74ull}, {0x9485d4d1c63e8be7ull, 0x8addcb5645ac2ba9ull},
  {0xb9a74a0637ce2ee1ull, 0x6d953e2bd7173693ull}, {0xe8111c87c5c1ba99ull, 0xc8fa8db6ccdd0438ull},
  {0x910ab1d4db9914a0ull, 0x1d9c9892400a22a3ull}, {0xb54d5e4a127f59c8ull, 0x2503beb6d00cab4cull},
  {0xe2a0b5dc971f303aull, 0x2e44ae64840fd61eull}, {0x8da471a9de737e24ull, 0x5ceaecfed289e5d3ull},
  {0xb10d8e1456105dadull, 0x7425a83e872c5f48ull}, {0xdd50f1996b947518ull, 0xd12f124e28f7771aull},
  {0x8a5296ffe33cc92full, 0x82bd6b70d99aaa70ull}, {0xace73cbfdc0bfb7bull, 0x636cc64d1001550cull},
  {0xd8210befd30efa5aull, 0x3c47f7e05401aa4full}, {0x8714a775e3e95c78ull, 0x65acfaec34810a72ull},
  {0xa8d9d1535ce3b396ull, 0x7f1839a741a14d0eull}, {0xd31045a8341ca07cull, 0x1ede48111209a051ull},
  {0x83ea2b892091e44dull, 0x934aed0aab460433ull}, {0xa4e4b66b68b65d60ull, 0xf81da84d56178540ull},
  {0xce1de40642e3f4b9ull, 0x36251260ab9d668full}, {0x80d2ae83e9ce78f3ull, 0xc1d72b7c6b42601aull},
  {0xa1075a24e4421730ull, 0xb24cf65b8612f820ull}, {0xc94930ae1d529cfcull, 0xdee033f26797b628ull},
  {0xfb9b7cd9a4a7443cull, 0x169840ef017da3b2ull}, {0x9d412e0806e88aa5ull, 0x8e1f289560ee864full},
  {0xc491798a08a2ad4eull, 0xf1a6f2bab92a27e3ull}, {0xf5b5d7ec8acb58a2ull, 0xae10af696774b1dcull},
  {0x9991a6f3d6bf1765ull, 0xacca6da1e0a8ef2aull}, {0xbff610b0cc6edd3full, 0x17fd090a58d32af4ull},
  {0xeff394dcff8a948eull, 0xddfc4b4cef07f5b1ull}, {0x95f83d0a1fb69cd9ull, 0x4abdaf101564f98full},
  {0xbb764c4ca7a4440full, 0x9d6d1ad41abe37f2ull}, {0xea53df5fd18d5513ull, 0x84c86189216dc5eeull},
  {0x92746b9be2f8552cull, 0x32fd3cf5b4e49bb5ull}, {0xb7118682dbb66a77ull, 0x3fbc8c33221dc2a2ull},
  {0xe4d5e82392a40515ull, 0x0fabaf3feaa5334bull}, {0x8f05b1163ba6832dull, 0x29cb4d87f2a7400full},
  {0xb2c71d5bca9023f8ull, 0x743e20e9ef511013ull}, {0xdf78e4b2bd342cf6ull, 0x914da9246b255417ull},
  {0x8bab8eefb6409c1aull, 0x1ad089b6c2f7548full}, {0xae9672aba3d0c320ull, 0xa184ac2473b529b2ull},
  {0xda3c0f568cc4f3e8ull, 0xc9e5d72d90a2741full}, {0x8865899617fb1871ull, 0x7e2fa67c7a658893ull},
  {0xaa7eebfb9df9de8dull, 0xddbb901b98feeab8ull}, {0xd51ea6fa85785631ull, 0x552a74227f3ea566ull},
  {0x8533285c936b35deull, 0xd53a88958f872760ull}, {0xa67ff273b8460356ull, 0x8a892abaf368f138ull},
  {0xd01fef10a657842cull, 0x2d2b7569b0432d86ull}, {0x8213f56a67f6b29bull, 0x9c3b29620e29fc74ull},
  {0xa298f2c501f45f42ull, 0x8349f3ba91b47b90ull}, {0xcb3f2f7642717713ull, 0x241c70a936219a74ull},
  {0xfe0efb53d30dd4d7ull, 0xed238cd383aa0111ull}, {0x9ec95d1463e8a506ull, 0xf4363804324a40abull},
  {0xc67bb4597ce2ce48ull, 0xb143c6053edcd0d6ull}, {0xf81aa16fdc1b81daull, 0xdd94b7868e94050bull},
  {0x9b10a4e5e9913128ull, 0xca7cf2b4191c8327ull}, {0xc1d4ce1f63f57d72ull, 0xfd1c2f611f63a3f1ull},
  {0xf24a01a73cf2dccfull, 0xbc633b39673c8cedull}, {0x976e41088617ca01ull, 0xd5be0503e085d814ull},
  {0xbd49d14aa79dbc82ull, 0x4b2d8644d8a74e19ull}, {0xec9c459d51852ba2ull, 0xddf8e7d60ed1219full},
  {0x93e1ab8252f33b45ull, 0xcabb90e5c942b504ull}, {0xb8da1662e7b00a17ull, 0x3d6a751f3b936244ull},
  {0xe7109bfba19c0c9dull, 0x0cc512670a783ad5ull}, {0x906a617d450187e2ull, 0x27fb2b80668b24c6ull},
  {0xb484f9dc9641e9daull, 0xb1f9f660802dedf7ull}, {0xe1a63853bbd26451ull, 0x5e7873f8a0396974ull},
  {0x8d07e33455637eb2ull, 0xdb0b487b6423e1e9ull}, {0xb049dc016abc5e5full, 0x91ce1a9a3d2cda63ull},
  {0xdc5c5301c56b75f7ull, 0x7641a140cc7810fcull}, {0x89b9b3e11b6329baull, 0xa9e904c87fcb0a9eull},
  {0xac2820d9623bf429ull, 0x546345fa9fbdcd45ull}, {0xd732290fbacaf133ull, 0xa97c177947ad4096ull},
  {0x867f59a9d4bed6c0ull, 0x49ed8eabcccc485eull}, {0xa81f301449ee8c70ull, 0x5c68f256bfff5a75ull},
  {0xd226fc195c6a2f8cull, 0x73832eec6fff3112ull}, {0x83585d8fd9c25db7ull, 0xc831fd53c5ff7eacull},
  {0xa42e74f3d032f525ull, 0xba3e7ca8b77f5e56ull}, {0xcd3a1230c43fb26full, 0x28ce1bd2e55f35ecull},
  {0x80444b5e7aa7cf85ull, 0x7980d163cf5b81b4ull}, {0xa0555e361951c366ull, 0xd7e105bcc3326220ull},
  {0xc86ab5c39fa63440ull, 0x8dd9472bf3fefaa8ull}, {0xfa856334878fc150ull, 0xb14f98f6f0feb952ull},
  {0x9c935e00d4b9d8d2ull, 0x6ed1bf9a569f33d4ull}, {0xc3b8358109e84f07ull, 0x0a862f80ec4700c9ull},
  {0xf4a642e14c6262c8ull, 0xcd27bb612758c0fbull}, {0x98e7e9cccfbd7dbdull, 0x8038d51cb897789dull},
  {0xbf21e44003acdd2cull, 0xe0470a63e6bd56c4ull}, {0xeeea5d5004981478ull, 0x1858ccfce06cac75ull},
  {0x95527a5202df0ccbull, 0x0f37801e0c43ebc9ull}, {0xbaa718e68396cffdull, 0xd30560258f54e6bbull},
  {0xe950df20247c83fdull, 0x47c6b82ef32a206aull}, {0x91d28b7416cdd27eull, 0x4cdc331d57fa5442ull},
  {0xb6472e511c81471dull, 0xe0133fe4adf8e953ull}, {0xe3d8f9e563a198e5ull, 0x58180fddd97723a7ull},
  {0x8e679c2f5e44ff8full, 0x570f09eaa7ea7649ull}, {0xb201833b35d63f73ull, 0x2cd2cc6551e513dbull},
  {0xde81e40a034bcf4full, 0xf8077f7ea65e58d2ull}, {0x8b112e86420f6191ull, 0xfb04afaf27faf783ull},
  {0xadd57a27d29339f6ull, 0x79c5db9af1f9b564ull}, {0xd94ad8b1c7380874ull, 0x18375281ae7822bdull},
  {0x87cec76f1c830548ull, 0x8f2293910d0b15b6ull}, {0xa9c2794ae3a3c69aull, 0xb2eb3875504ddb23ull},
  {0xd433179d9c8cb841ull, 0x5fa60692a46151ecull}, {0x849feec281d7f328ull, 0xdbc7c41ba6bcd334ull},
  {0xa5c7ea73224deff3ull, 0x12b9b522906c0801ull}, {0xcf39e50feae16befull, 0xd768226b34870a01ull},
  {0x81842f29f2cce375ull, 0xe6a1158300d46641ull}, {0xa1e53af46f801c53ull, 0x60495ae3c1097fd1ull},
  {0xca5e89b18b602368ull, 0x385bb19cb14bdfc5ull}, {0xfcf62c1dee382c42ull, 0x46729e03dd9ed7b6ull},
  {0x9e19db92b4e31ba9ull, 0x6c07a2c26a8346d2ull}
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

/// 5^0 ... 5^13, shifted so that the first bit is set.
template <class Unused = void>
struct powers_of_five {
  static const std::uint32_t top[14];
};
template <class Unused>
const std::uint32_t powers_of_five<Unused>::top[14] = {
  0x80000000u, 0xa0000000u, 0xc8000000u, 0xfa000000u, 0x9c400000u, 0xc3500000u, 0xf4240000u,
  0x98968000u, 0xbebc2000u, 0xee6b2800u, 0x9502f900u, 0xba43b740u, 0xe8d4a510u, 0x9184e72au
};

}  // namespace detail
NARTHEX_END_NAMESPACE
// clang-format on

#endif  // NARTHEX_DETAIL_NUMBER_TABLES_HPP

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
  max_double_chars = 32  ///< -2.2250738585072014e-308 has 24; the rest is room to grow
};

// ---- integers ----

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

/// Writes plain digits; out: max_u64_chars.
inline char* write_u64(char* out, std::uint64_t value) noexcept {
  if (value < 100000000u) return write_up_to_8(out, static_cast<std::uint32_t>(value));
  const std::uint64_t high = value / 100000000u;
  return write_8(write_u64(out, high), static_cast<std::uint32_t>(value - high * 100000000u));
}

/// Writes plain digits, with a minus if need be; out: max_i64_chars.
inline char* write_i64(char* out, std::int64_t value) noexcept {
  std::uint64_t size = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  return write_u64(out, size);
}

// ---- 128 bits ----

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

/// Powers of ten looked up. A policy has `get(e)`: the first 128 bits of 10^e, rounded up.
struct full_powers {
  static u128 get(std::int32_t e) noexcept {
    const std::uint64_t* const power = powers_of_ten<>::top[e - powers_of_ten<>::first];
    return u128{power[0], power[1]};
  }
};

/// The same 128 bits from a sixteenth of the table: 10^(near + rest) = 10^near * 5^rest * 2^rest.
struct small_powers {
  static u128 get(std::int32_t e) noexcept {
    const std::int32_t from_first = e - sparse_powers_of_ten<>::first;
    const std::int32_t rest = from_first % sparse_powers_of_ten<>::step;
    const std::uint64_t* const closest = sparse_powers_of_ten<>::top[from_first / sparse_powers_of_ten<>::step];
    const std::uint64_t five = std::uint64_t{powers_of_five<>::top[rest / 2]} * powers_of_five<>::top[rest - rest / 2];
    // 192 by 64 bits, from the low end; then the first bit goes to the top.
    const u128 low = multiply(closest[2], five);
    const u128 middle = multiply_add(closest[1], five, low.high);
    u128 high = multiply_add(closest[0], five, middle.high);
    std::uint64_t below = middle.low;
    bool inexact = low.low != 0;
    for (; !(high.high >> 63); below <<= 1) {
      high.high = high.high << 1 | high.low >> 63;
      high.low = high.low << 1 | below >> 63;
    }
    inexact = inexact || below != 0;
    if (inexact && ++high.low == 0) ++high.high;
    return high;
  }
};

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
inline std::uint64_t round_to_odd(u128 power, std::uint64_t c) noexcept {
  const u128 product = multiply_add(power.high, c, multiply(power.low, c).high);
  return product.high | static_cast<std::uint64_t>(product.low != 0);
}

/// The shortest decimal that reads back as c * 2^q; of several the one nearest to it.
///
/// c, q:    0 < c < 2^53, -1074 <= q <= 971.
/// closer:  the next double below is half as far as the one above: c is 2^52, and q not the least.
/// Returns: digits < 10^17, perhaps with zeros at the end.
/// Source:  R. Giulietti, "The Schubfach way to render doubles".
template <class Powers>
decimal shortest(std::uint64_t c, std::int32_t q, bool closer) noexcept {
  // 10^exponent is the largest power of ten no larger than the gap between the doubles that read as ours: at
  // least one of its multiples reads back, and at most one multiple of the next power does. (Every compiler
  // shifts negative numbers arithmetically; C++20 says so, too.)
  const std::int32_t exponent =
      (q * log_facts::log10_2 + (closer ? std::int32_t{log_facts::log10_3_4} : 0)) >> log_facts::log10_shift;
  const std::int32_t shift = q + ((-exponent * log_facts::log2_10) >> log_facts::log2_shift) + 1;
  const u128 power = Powers::get(-exponent);

  // Ours and the two ends of what reads back as it, in quarters of 10^exponent.
  const std::uint64_t odd = c & 1;  // the ends themselves read as the even one of two neighbours
  const std::uint64_t value = round_to_odd(power, 4 * c << shift);
  const std::uint64_t least = round_to_odd(power, (4 * c - 2 + closer) << shift) + odd;
  const std::uint64_t most = round_to_odd(power, (4 * c + 2) << shift) - odd;

  const std::uint64_t below = value / 4;
  const std::uint64_t below_10 = below / 10 * 10;
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
inline char* write_decimal(char* out, decimal d) noexcept {
  if (d.digits < 100000000u) {  // make it 17 digits, and keep those before the zeros
    d.digits *= 100000000u;
    d.exponent -= 8;
  }
  while (d.digits < 10000000000000000u) {
    d.digits *= 10;
    --d.exponent;
  }
  const std::int32_t point = d.exponent + 16;  // the exponent of the first digit
  char* first = out + 1;                       // leaves room to move digits left, and the point behind them
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
  while (end[-1] == '0') --end;

  if (point < -4 || point >= 6) {
    *out = *first;
    if (end == first + 1) {
      end = first;
    } else {
      *first = '.';
    }
    *end++ = 'e';
    *end++ = point < 0 ? '-' : '+';
    std::uint32_t size = static_cast<std::uint32_t>(point < 0 ? -point : point);
    if (size >= 100) {
      *end++ = static_cast<char>('0' + size / 100);
      size %= 100;
    }
    write_2(end, size);
    return end + 2;
  }
  if (point >= 0) {
    for (std::int32_t i = 0; i <= point; ++i) out[i] = out[i + 1];
    out[point + 1] = '.';
  }
  return end;
}

/// Writes a double as write_double() does, with the powers of ten from `Powers`.
template <class Powers>
char* write_double_with(char* out, const double& value) noexcept {
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
  if (bits >> 63) *out++ = '-';
  if (exponent == 0) return write_decimal(out, shortest<Powers>(fraction, -1074, false));

  const std::uint64_t c = fraction | std::uint64_t{1} << 52;
  // 1 <= value < 2^53: doubles are at most 1 apart, so a whole number has no shorter text than its own digits.
  if (exponent >= 1023 && exponent <= 1075) {
    const std::uint32_t below_point = 1075 - exponent;
    const std::uint64_t whole = c >> below_point;
    if (whole << below_point == c) {
      if (whole < 1000000) return write_up_to_8(out, static_cast<std::uint32_t>(whole));
      return write_decimal(out, decimal{whole, 0});
    }
  }
  return write_decimal(out,
                       shortest<Powers>(c, static_cast<std::int32_t>(exponent) - 1075, fraction == 0 && exponent > 1));
}

/// Writes the shortest text that reads back as the same double, byte for byte as Prometheus' Go code does.
///
/// out:    max_double_chars.
/// Text:   NaN, +Inf, -Inf, 0 for both zeros; 1e+06 from 10^6 and 9e-05 below 10^-4, plain in between.
/// Cost:   no allocation, no locale, no floating arithmetic.
/// Source: Go, strconv.AppendFloat(f, 'g', -1, 64) and prometheus/common, writeFloat.
inline char* write_double(char* out, const double& value) noexcept {
#if NARTHEX_HAS(HEAP)
  return write_double_with<full_powers>(out, value);
#else
  return write_double_with<small_powers>(out, value);
#endif
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NUMBER_HPP

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
enum class metric_type : std::uint8_t { counter, gauge, histogram, summary, info, state_set, unknown };

class name;

namespace detail {
inline void a_name_must_match_its_alphabet() {}  // not constexpr: naming it stops a consteval constructor
template <class T>
struct is_c_string : std::integral_constant<bool, std::is_same<T, const char*>::value || std::is_same<T, char*>::value> {};

enum class lifetime { any, permanent };

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
  consteval name_arg(const char (&literal)[N]) noexcept : text_(literal, N - 1) {
    if (N == 1 || bad_byte(literal, 0, N - 1, Alphabet) != N - 1) a_name_must_match_its_alphabet();
  }
#else
  name_arg(const char (&literal)[N]) noexcept : text_(static_cast<const char*>(literal)) {}
#endif
  template <std::size_t N>
  name_arg(char (&array)[N]) noexcept : text_(static_cast<const char*>(array)) {}
  template <class Pointer, class = typename std::enable_if<is_c_string<Pointer>::value>::type>
  name_arg(const Pointer& pointer) noexcept : text_(static_cast<const char*>(pointer)) {}
  template <class Text, class = typename std::enable_if<Lifetime == lifetime::any && std::is_class<Text>::value &&
                                                        std::is_convertible<const Text&, string_view>::value>::type,
            class = void>
  name_arg(const Text& any) noexcept : text_(any) {}

  constexpr string_view text() const noexcept { return text_; }

 private:
  friend class ::NARTHEX_NAMESPACE::name;
  struct composed {
    string_view text;
  };
  explicit name_arg(composed joined) noexcept : text_(joined.text) {}
  string_view text_;
};
}  // namespace detail

/// A metric's full name: [a-zA-Z_:][a-zA-Z0-9_:]*. Colons are for recording rules; leave them out.
///
/// A counter should end in _total, an info must end in _info; units are plural and last before that.
/// Errors: errc::empty_name, errc::bad_name with the byte's position.
/// Memory: a view; the registry copies it.
using metric_name = detail::name_arg<detail::alphabet::metric, detail::lifetime::any>;

/// A label's name: [a-zA-Z_][a-zA-Z0-9_]*, not beginning with "__".
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
  name(string_view space, string_view subsystem, string_view last) noexcept : size_(0) {
    append(space);
    append(subsystem);
    append(last);
    text_[size_] = '\0';
  }
  operator metric_name() const noexcept { return metric_name(metric_name::composed{text()}); }
  operator static_name() const& noexcept { return static_name(static_name::composed{text()}); }
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
      text_[size_++] = c;
    }
  }

  std::size_t size_;
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
#include <initializer_list>


NARTHEX_BEGIN_NAMESPACE
namespace detail {
template <class Once>
struct default_bounds {
  static constexpr double values[11] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
};
template <class Once>
constexpr double default_bounds<Once>::values[11];
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
    return buckets(shape::linear, start, width, count);
  }
  /// `count` bounds: start, start * factor, ... start must be positive, factor above 1.
  static buckets exponential(double start, double factor, unsigned count) noexcept {
    return buckets(shape::exponential, start, factor, count);
  }

  buckets(std::initializer_list<double> bounds) noexcept : buckets(bounds.begin(), bounds.size()) {}
  template <std::size_t N>
  buckets(const double (&bounds)[N]) noexcept : buckets(bounds, N) {}
  /// values[count]; stays the caller's.
  buckets(const double* values, std::size_t count) noexcept
      : values_(values), start_(0), step_(0), count_(static_cast<unsigned>(count)), shape_(shape::list) {
    if (count > max_bounds + 1) count_ = max_bounds + 2;  // one too many even without a +Inf
    else if (count && detail::double_bits(values[count - 1]) == 0x7ff0000000000000u) --count_;
  }

  unsigned size() const noexcept { return count_; }

  /// Bound number `i`, i < size(). Formulas are computed term by term, so every call gives the same double.
  double operator[](unsigned i) const noexcept {
    if (shape_ == shape::list) return values_[i];
    double bound = start_;
    for (; i; --i) bound = next(bound);
    return bound;
  }

  /// The number of the first bad bound; size() when all are good.
  unsigned first_bad() const noexcept {
    if (count_ > max_bounds) return max_bounds;
    if (shape_ == shape::exponential && !(start_ > 0)) return 0;
    double last = 0;
    for (unsigned i = 0; i < count_; ++i) {
      const double bound = (*this)[i];
      if (!detail::is_finite(bound) || (i && !(bound > last))) return i;
      last = bound;
    }
    return count_;
  }

  /// The number of the bucket that `value` falls in: the first bound >= value, or size() for +Inf.
  unsigned find(double value) const noexcept {
    if (shape_ != shape::list) {
      unsigned i = 0;
      for (double bound = start_; i < count_ && bound < value; bound = next(bound)) ++i;
      return i;
    }
    // Halving without a branch on the data, which nobody foresees: with one, GCC 12's choice for `?:`, an observation
    // took twice as long.
    const double* at = values_;
    std::size_t rest = count_;
    while (rest > 1) {
      const std::size_t half = rest / 2;
      at += half & (0 - static_cast<std::size_t>(at[half - 1] < value));
      rest -= half;
    }
    return static_cast<unsigned>(at - values_) + (rest ? static_cast<unsigned>(*at < value) : 0u);
  }

  friend bool operator==(const buckets& a, const buckets& b) noexcept {
    if (a.count_ != b.count_) return false;
    for (unsigned i = 0; i < a.count_; ++i) {
      if (detail::double_bits(a[i]) != detail::double_bits(b[i])) return false;
    }
    return true;
  }
  friend bool operator!=(const buckets& a, const buckets& b) noexcept { return !(a == b); }

  /// Whether the bounds are an array that must outlive this object.
  bool is_list() const noexcept { return shape_ == shape::list; }

 private:
  enum class shape : unsigned char { list, linear, exponential };
  buckets(shape s, double start, double step, unsigned count) noexcept
      : values_(nullptr), start_(start), step_(step), count_(count), shape_(s) {}
  double next(double bound) const noexcept { return shape_ == shape::linear ? bound + step_ : bound * step_; }

  const double* values_;
  double start_, step_;
  unsigned count_;
  shape shape_;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_BUCKETS_HPP

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
    char* const end = std::is_signed<Int>::value
                          ? detail::write_i64(digits_, static_cast<std::int64_t>(value))
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
  label_names(Names&&... names) noexcept : names_{string_view(names)...} {}

  const string_view* data() const noexcept { return names_; }

 private:
  string_view names_[N];
};

namespace detail {

/// Finds the label `name` in ready text (a="b",c="d"); values there have no bare quote.
inline bool has_label(string_view text, string_view name) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t begin = i;
    while (text[i] != '=') ++i;
    if (string_view(text.data() + begin, i - begin) == name) return true;
    for (i += 2; text[i] != '"'; ++i) {
      if (text[i] == '\\') ++i;
    }
    i += 2;  // the closing quote and the comma
  }
  return false;
}

/// The first label name that may not be used; null when all may. `at` is its number.
/// Source: Prometheus, "Writing client libraries", Labels, Summary, Histogram.
inline errc check_label_names(const string_view* names, std::size_t count, metric_type type, string_view constant,
                              std::size_t& at) noexcept {
  for (at = 0; at < count; ++at) {
    const string_view n = names[at];
    if (n.empty() || bad_byte(n.data(), 0, n.size(), alphabet::label) != n.size()) return errc::bad_label_name;
    if ((n.size() >= 2 && n[0] == '_' && n[1] == '_') || (type == metric_type::histogram && n == "le") ||
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

/// The values of one labels() or remove() call as text; lives as long as the call.
template <std::size_t N>
class value_texts {
 public:
  template <class... Values>
  explicit value_texts(const Values&... values) noexcept : given_{label_value(values)...} {
    for (std::size_t i = 0; i < N; ++i) texts_[i] = given_[i].text();
  }
  const string_view* data() const noexcept { return texts_; }

 private:
  label_value given_[N];
  string_view texts_[N];
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

/// A value as it was counted: integers stay exact to 64 bits.
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
  number(double value) noexcept : is(kind::f64), f64(value) {}
  double as_double() const noexcept {
    return is == kind::u64 ? static_cast<double>(u64) : is == kind::i64 ? static_cast<double>(i64) : f64;
  }
};

/// One series at one moment, with the family it belongs to.
///
/// Views point into memory that stays as it is until the walk that filled the sample moves on.
struct sample {
  // the family
  metric_type type;
  string_view prefix;   ///< the registry's; the full name is prefix + name
  string_view name;
  string_view help;     ///< as the user wrote it; a format repairs and escapes it
  bool starts_family;   ///< the first series of its name in this scrape

  // the series
  string_view labels;   ///< ready: a="b",c="d" without braces, repaired and escaped

  // counter, gauge, info (1), state_set (0 or 1 for the state in `labels`), unknown
  number value;

  // histogram, summary
  double sum;
  std::uint64_t count;                     ///< the sum of all `counts`
  const buckets* bounds;                   ///< histogram: the upper bounds
  const std::uint64_t* counts;             ///< counts[bounds->size() + 1], each bucket alone, the last for +Inf
  const double* quantiles;                 ///< summary: which[quantile_count]
  const double* quantile_values;           ///< summary: value[quantile_count]; NaN when the window is empty
  unsigned quantile_count;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_SAMPLE_HPP

// ==== narthex/detail/distribution.hpp ===========================================================
// narthex/detail/distribution.hpp - observations counted by bucket and summed, read as one.
// Room: foundations. Read detail/record.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_DISTRIBUTION_HPP
#define NARTHEX_DETAIL_DISTRIBUTION_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

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

  /// Gives how many there were before, more or less.
  cell_word observe(shared<cell_word>* counts, unsigned bucket, double value) noexcept {
    cell_word count = 0;
    const cell_word before = state_.update([&](const image& now, cell_word(&next)[words]) {
      follow(counts, now);
      count = static_cast<cell_word>(counts[bucket].load(memory_order_acquire) + 1);
      put(next, get_sum(now) + value, bucket, count);
    });
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
#if NARTHEX_HAS(CONCURRENCY)
  enum : unsigned { sets = 2 };
#else
  enum : unsigned { sets = 1 };
#endif

  /// Cells for `n` buckets, +Inf included: each set's counts, and what is taken off since restart().
  static constexpr std::size_t cells(std::size_t n) noexcept { return (sets + 1) * n; }
  static constexpr std::size_t bytes(std::size_t n) noexcept { return round_up(cells(n) * sizeof(cell_word)); }

  /// room: bytes(n) of them, zeroed here.
  distribution(void* room, unsigned n) noexcept : cells_(static_cast<shared<cell_word>*>(room)), n_(n), hot_(0) {
    for (std::size_t i = 0; i < cells(n); ++i) cells_[i].store(0, memory_order_relaxed);
  }

  /// Gives how many there were before in the hot set, more or less.
  cell_word observe(unsigned bucket, double value) noexcept {
    NARTHEX_ASSERT(bucket < n_);
    const std::uint32_t hot = hot_.load(memory_order_relaxed);
    return sets_[hot].observe(cells_ + hot * n_, bucket, value);
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
  double read_alone(std::uint64_t* counts) const noexcept {
    cell_word set_counts[buckets::max_bounds + 1];
    double sum = 0;
    for (unsigned s = 0; s < sets; ++s) {
      hot_.store((s + 1) % sets, memory_order_relaxed);
      sum += sets_[s].read(cells_ + s * n_, n_, set_counts);
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

  /// By the owner alone.
  void observe(unsigned bucket, double value) noexcept {
    NARTHEX_ASSERT(bucket < n_);
    const std::uint64_t turn = turn_.load(memory_order_relaxed);
    set& s = sets_[turn % 2];
    if (!NARTHEX_DETAIL_LIKELY(s.generation.load(memory_order_relaxed) == turn / 2)) begin(s, turn);
    const std::uint64_t k = s.entry.load(memory_order_relaxed) / places;
    const double sum = bits_double(s.sum[k % 2].load(memory_order_relaxed)) + value;
    shared<std::uint64_t>& count = counts(turn % 2)[bucket];
    s.sum[(k + 1) % 2].store(double_bits(sum), memory_order_release);
    s.entry.store((k + 1) * places + bucket, memory_order_release);
    count.store(count.load(memory_order_relaxed) + 1, memory_order_release);
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

  /// Counts from zero again.
  void restart() noexcept { turn_.store(turn_.load(memory_order_relaxed) + 2, memory_order_relaxed); }

 private:
  enum : std::uint64_t { places = 1024 };  // a bucket's number fits beside 54 bits of count
  static_assert(std::uint64_t{buckets::max_bounds} < std::uint64_t{places}, "no room for the bucket");
  struct set {
    shared<std::uint64_t> generation, entry, sum[2];
  };
  shared<std::uint64_t>* counts(std::uint64_t which) const noexcept {
    return const_cast<shared<std::uint64_t>*>(reinterpret_cast<const shared<std::uint64_t>*>(this + 1)) + which * n_;
  }

  NARTHEX_DETAIL_COLD void begin(set& s, std::uint64_t turn) noexcept {
    s.entry.store(0, memory_order_relaxed);
    for (shared<std::uint64_t>& sum : s.sum) sum.store(0, memory_order_relaxed);
    for (unsigned i = 0; i < n_; ++i) counts(turn % 2)[i].store(0, memory_order_relaxed);
    s.generation.store(turn / 2, memory_order_release);  // whoever sees it sees the zeros
  }

  double read_set(std::uint64_t turn, std::uint64_t* to) const noexcept {
    const set& s = sets_[turn % 2];
    if (s.generation.load(memory_order_acquire) != turn / 2) return 0;
    std::uint64_t seen[buckets::max_bounds + 1];
    for (;;) {
      const std::uint64_t entry = s.entry.load(memory_order_acquire);
      const double sum = bits_double(s.sum[entry / places % 2].load(memory_order_acquire));
      std::uint64_t followed = 0;
      for (unsigned i = 0; i < n_; ++i) followed += seen[i] = counts(turn % 2)[i].load(memory_order_acquire);
      if (s.entry.load(memory_order_relaxed) != entry) continue;
      NARTHEX_ASSERT(entry / places - followed <= 1);
      seen[entry % places] += entry / places - followed;
      for (unsigned i = 0; i < n_; ++i) to[i] += seen[i];
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

  void observe(unsigned bucket, double value) noexcept {
    if (ledger* const own = mine()) own->observe(bucket, value);
    else observe_shared(bucket, value);
  }

  /// Fills counts[n] and returns the sum of the same observations; `total` is the sum of the counts.
  double read(std::uint64_t* counts, std::uint64_t& total) const noexcept {
    const hold one_reader(readers());
    double sum = read_alone(counts);
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
    restart_alone();
    first_->restart();
    if (const shard_table* const t = shards_.get()) t->each([](void* l) { static_cast<ledger*>(l)->restart(); });
  }

 private:
  ledger* mine() const noexcept {
    if (NARTHEX_DETAIL_LIKELY(owner_.load(memory_order_relaxed) == this_thread().name)) return first_;
    const shard_table* const t = shards_.get();
    return t ? static_cast<ledger*>(t->mine()) : nullptr;
  }

  NARTHEX_DETAIL_COLD void observe_shared(unsigned bucket, double value) noexcept {
    const void* owner = this;
    const void* const me = name_of(this_thread());
    if (me && (owner_.load(memory_order_relaxed) == me ||
               owner_.compare_exchange_strong(owner, me, memory_order_relaxed, memory_order_relaxed))) {
      first_->observe(bucket, value);
    } else if (distribution::observe(bucket, value) % 32 == 31) {
      if (shard_table* const t = shards_.grow()) {
        const unsigned n = size();
        t->join(ledger::bytes(n), [n](void* memory) { new (memory) ledger(n); });
      }
    }
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
  char operator[](std::size_t i) const noexcept {
    return i < prefix.size() ? prefix[i] : name[i - prefix.size()];
  }
};

/// How two names stand to each other.
struct name_relation {
  int order;           // < 0, 0, > 0 by bytes
  std::size_t common;  // how many leading bytes they share
};

inline name_relation relate(const full_name& a, const full_name& b) noexcept {
  // Names of one registry share their prefix: skip what is the same memory.
  std::size_t i = a.prefix.data() == b.prefix.data() && a.prefix.size() == b.prefix.size() ? a.prefix.size() : 0;
  const std::size_t end = a.size() < b.size() ? a.size() : b.size();
  while (i < end && a[i] == b[i]) ++i;
  const int order = i < end ? static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i])
                            : (a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0);
  return name_relation{order, i};
}

/// Whether a metric of this type writes a sample `name + tail`.
inline bool writes_suffix(metric_type type, const full_name& longer, std::size_t from) noexcept {
  const auto tail_is = [&](string_view tail) {
    if (longer.size() - from != tail.size()) return false;
    for (std::size_t i = 0; i < tail.size(); ++i) {
      if (longer[from + i] != tail[i]) return false;
    }
    return true;
  };
  if (type != metric_type::histogram && type != metric_type::summary) return false;
  return tail_is("_sum") || tail_is("_count") || (type == metric_type::histogram && tail_is("_bucket"));
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_NAME_ORDER_HPP

// ==== narthex/detail/family_node.hpp ============================================================
// narthex/detail/family_node.hpp - one name in a registry, whatever kind of metric stands behind it.
// Room: foundations. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_FAMILY_NODE_HPP
#define NARTHEX_DETAIL_FAMILY_NODE_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

class registry_core;

namespace detail {

struct family_node;

/// A sample and the room its parts need: on the scraper's stack, so that nothing of a series is touched
/// once it was read.
struct reading : sample {
  enum : std::size_t { text_room = 256, max_quantiles = 16 };
  char text[text_room];                             // labels of series whose text is not kept ready
  double quantile_room[max_quantiles];
  std::uint64_t count_room[buckets::max_bounds + 1];
  double bound_room[buckets::max_bounds];           // bounds that lie in an object that may go away meanwhile
  buckets bounds_copy = buckets(nullptr, 0);
};

/// How far a walk came within one family.
struct position {
  const void* at;        // the last series read; null before the first
  std::uint32_t index;
};

// What kind of storage stands behind a name: a second registration must have the same.
enum class storage : std::uint8_t {
  counter, double_counter, gauge, int_gauge, histogram, summary, fixed_summary, info, state_set, callback, collected, self
};

/// What a registry asks of a family. One constant table per kind.
struct family_ops {
  metric_type type;
  storage kind;
  /// The registry's memory: never unlinked, only hidden. Otherwise the node lives inside a user's object.
  bool owned;
  /// Reads the next visible series after `where` and moves it on; false when there is none.
  bool (*next)(family_node&, position& where, reading&);
  /// Counts from zero again.
  void (*restart)(family_node&);
  /// The family's label name number `i`; empty beyond the last.
  string_view (*label)(const family_node&, unsigned i);
  /// What else makes it the metric it is (bounds, quantiles, states): of one type for each kind of storage.
  const void* (*chosen)(const family_node&);
  /// Whether two such choices are the same.
  bool (*same)(const void*, const void*);
  /// Takes the instrument with this storage out of the exposition.
  void (*unregister)(family_node&, void* core);
  /// What became of the instrument with this storage.
  status (*state)(const family_node&, const void* core);
  /// Ends and frees an owned node; null for the others.
  void (*destroy)(family_node*);
};

/// One name. Members but `next`, `home` and `hidden` never change after registration.
struct family_node {
  constexpr family_node(const family_ops* kind, const char* full, const char* words,
                        registry_core* registry = nullptr) noexcept
      : ops(kind), name(full), help(words), next(nullptr), home(registry), hidden(shown), reason(errc::ok), reason_at(0) {}

  const family_ops* ops;
  const char* name;                    // NUL-terminated, without the registry's prefix
  const char* help;                    // NUL-terminated
  shared<family_node*> next;           // by name; seq_cst, see grace
  shared<registry_core*> home;         // null: refused, unlinked, or the registry is gone
  enum : std::uint32_t { shown, unregistered, coming_back };
  shared<std::uint32_t> hidden;        // 32 bits: riscv64 needs libatomic for a byte
  errc reason;                         // why it was refused
  std::uint16_t reason_at;             // the offender's position

  void refuse(errc why, std::size_t at) noexcept {
    reason = why;
    reason_at = static_cast<std::uint16_t>(at < 0xffff ? at : 0xffff);
  }

  /// The answer to status() of an instrument of this family.
  status state() const noexcept {
    if (reason != errc::ok) return refusal();
    if (hidden.load(memory_order_acquire) || !home.load(memory_order_acquire)) {
      return status(errc::not_registered, name);
    }
    return status();
  }

  /// Why the registration was refused, in full: the metric, the label, the position.
  status refusal() const noexcept {
    char subject[96];
    std::size_t n = 0;
    const auto put = [&subject, &n](string_view text) {
      for (const char c : text) {
        if (n < sizeof subject) subject[n++] = c;
      }
    };
    put(name);
    const bool about_label =
        reason == errc::bad_label_name || reason == errc::reserved_label_name || reason == errc::duplicate_label_name ||
        reason == errc::repeated_label_value;
    const string_view label = about_label ? ops->label(*this, reason_at) : string_view();
    if (!label.empty()) {
      put("{");
      put(label);
      put("}");
    }
    const string_view text(subject, n);
    const bool has_place = about_label || reason == errc::bad_name || reason == errc::bad_buckets ||
                           reason == errc::bad_quantile || reason == errc::bad_states || reason == errc::label_too_long;
    return has_place ? status(reason, text, reason_at) : status(reason, text);
  }
};

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

inline bool same_labels(const family_node& a, const family_node& b) noexcept {
  for (unsigned i = 0;; ++i) {
    const string_view name = a.ops->label(a, i);
    if (name != b.ops->label(b, i)) return false;
    if (name.empty()) return true;
  }
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_FAMILY_NODE_HPP

// ==== narthex/detail/registry_core.hpp ==========================================================
// narthex/detail/registry_core.hpp - the list of names, and who may join it.
// Room: foundations. Read detail/family_node.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_REGISTRY_CORE_HPP
#define NARTHEX_DETAIL_REGISTRY_CORE_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE

/// What a registry counts about its users' mistakes, shown as narthex_refused_total{what="..."} once not 0.
enum class mistake : std::uint8_t {
  registration,  ///< a metric was refused
  update,        ///< a negative, NaN or infinite value was not counted
  series,        ///< labels() answered with the overflow series or a stand-in
  sample         ///< a custom collector gave what it had not declared, or memory for it was missing
};
enum : unsigned { mistake_kinds = 4 };

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

struct self_node : family_node {
  explicit constexpr self_node(registry_core* registry) noexcept;
};

}  // namespace detail

/// The families of a registry, in name order. Trivially destructible and constant-initialised, so that the default
/// registry can be used before main and after it; `registry` adds options and a destructor.
///
/// Threads: every member may be called from any thread at any time.
class registry_core {
 public:
  constexpr registry_core() noexcept
      : first_(&self_), parent_(nullptr), child_(nullptr), sibling_(nullptr), walks_(0), self_(this),
        prefix_(nullptr), prefix_size_(0), constant_(nullptr), constant_size_(0)
#if NARTHEX_HAS(HEAP)
        , refused_nodes_(nullptr), names_(nullptr)
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

  // ---- for instruments and walks ----

  /// Puts `n` into the list, or says why not. `twin` is then the owned node that is the same metric, shown
  /// again when it was hidden.
  errc insert(detail::family_node& n, detail::family_node*& twin) noexcept;
  /// Takes a node of a user's object out; returns when no scrape can stand on it any more.
  void unlink(detail::family_node& n) noexcept;
  void hide(detail::family_node& n) noexcept {
    const detail::hold held(detail::lists::lock);
    if (n.hidden.load(detail::memory_order_relaxed) != detail::family_node::shown) return;  // or coming back
    n.hidden.store(detail::family_node::unregistered, detail::memory_order_release);
    detail::lists::version.fetch_add(1, detail::memory_order_release);
  }
  void count(mistake what) noexcept {
    refused_[static_cast<unsigned>(what)].n.fetch_add(1, detail::memory_order_relaxed);
  }
  /// Tells of a refused registration and counts it.
  void tell(const detail::family_node& n) noexcept {
    count(mistake::registration);
    detail::report(n.refusal());
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

  void enter_walk() noexcept { walks_.fetch_add(1, detail::memory_order_acquire); }
  void leave_walk() noexcept { walks_.fetch_sub(1, detail::memory_order_release); }

 protected:
  /// Waits for scrapes, then frees what is owned and lets go of what is not.
  void end() noexcept;
  void set_prefix(string_view text) noexcept {
    prefix_ = text.data();
    prefix_size_ = static_cast<std::uint32_t>(text.size());
  }
  void set_constant_labels(string_view ready) noexcept {
    constant_ = ready.data();
    constant_size_ = static_cast<std::uint32_t>(ready.size());
  }

 private:
  struct verdict {
    errc why;
    detail::family_node* twin;
    detail::family_node* before;  // the last node of this registry that stands before the place
  };
  verdict judge(const detail::family_node& n) const noexcept;
  detail::family_node* start_for(const detail::full_name& wanted) const noexcept;
  static errc clash(const registry_core& a, const detail::family_node& x, const registry_core& b,
                    const detail::family_node& y, detail::name_relation& relation) noexcept;
  const registry_core& top() const noexcept;

  detail::shared<detail::family_node*> first_;
  detail::shared<registry_core*> parent_, child_, sibling_;
  detail::shared<std::uint32_t> walks_;
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
  std::uint32_t prefix_size_;
  const char* constant_;
  std::uint32_t constant_size_;
#if NARTHEX_HAS(HEAP)
  struct interned {
    interned* next;  // the text lies behind it
  };
  detail::family_node* refused_nodes_;
  interned* names_;
#endif
};

namespace detail {
// ---- the registry's own metric ----

/// Shows each kind of refusal once it is not 0, so that a program without mistakes exposes nothing of ours.
inline bool next_refusal(family_node& n, position& where, reading& out) noexcept {
  static const char* const what[mistake_kinds] = {"registration", "update", "series", "sample"};
  const registry_core* const home = n.home.load(memory_order_acquire);
  while (home && where.index < mistake_kinds) {
    const unsigned i = where.index++;
    const std::uint64_t value = home->refused(static_cast<mistake>(i));
    if (value == 0) continue;
    label_text text(out.text, reading::text_room);
    text.add_ready(home->constant_labels());
    text.add("what", what[i]);
    out.labels = text.text();
    out.value = value;
    return true;
  }
  return false;
}

inline string_view refusal_label(const family_node&, unsigned i) noexcept { return i ? "" : "what"; }

template <class Once>
struct self_ops {
  static const family_ops table;
};
template <class Once>
const family_ops self_ops<Once>::table = {
    metric_type::counter, storage::self, false,   &next_refusal, &nothing_to_restart, &refusal_label,
    &nothing_more,        &always_same,  nullptr, nullptr,       nullptr};

constexpr self_node::self_node(registry_core* registry) noexcept
    : family_node(&self_ops<void>::table, "narthex_refused_total",
                  "What was refused: registrations, updates, new series, collected samples.", registry) {}

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

/// Whether x of registry a and y of registry b cannot both be exposed.
inline errc registry_core::clash(const registry_core& a, const detail::family_node& x, const registry_core& b,
                                 const detail::family_node& y, detail::name_relation& relation) noexcept {
  const detail::full_name left = {a.prefix(), x.name}, right = {b.prefix(), y.name};
  relation = detail::relate(left, right);
  if (relation.order == 0) {
    const bool same = x.ops->kind == y.ops->kind && x.ops->type == y.ops->type &&
                      string_view(x.help) == string_view(y.help) && detail::same_labels(x, y) && x.ops->same(x.ops->chosen(x), y.ops->chosen(y));
    return same ? errc::ok : errc::name_taken;
  }
  if ((relation.common == left.size() && detail::writes_suffix(x.ops->type, right, relation.common)) ||
      (relation.common == right.size() && detail::writes_suffix(y.ops->type, left, relation.common))) {
    return errc::name_collides;
  }
  return errc::ok;
}

inline registry_core::verdict registry_core::judge(const detail::family_node& n) const noexcept {
  verdict v = {errc::ok, nullptr, nullptr};
  // The first name that can matter: n's own, or what n would be a sample of.
  detail::full_name from = {prefix(), n.name};
  const std::size_t size = from.size();
  for (const char* const tail : {"_bucket", "_count", "_sum"}) {
    if (!from.name.ends_with(tail)) continue;
    from.name = from.name.first(from.name.size() - std::strlen(tail));
    break;
  }
  if (!from.prefix.empty() && from.name.size() < 7) from = detail::full_name();  // a tail begun in the prefix
  const registry_core& all = top();
  for (const registry_core* r = &all; r; r = r->next_in_tree(&all)) {
    for (detail::family_node* x = r->start_for(from); x; x = x->next.load(detail::memory_order_seq_cst)) {
      detail::name_relation relation;
      const errc why = clash(*r, *x, *this, n, relation);
      if (relation.order > 0 && relation.common < size) break;  // nothing related follows
      if (r == this && relation.order <= 0) v.before = x;
      const bool hidden = x->hidden.load(detail::memory_order_acquire) == detail::family_node::unregistered;
      if (why != errc::ok) {
        if (!hidden) v.why = why;
      } else if (relation.order == 0 && r == this) {
        // A node inside a user's object cannot be shared.
        if (x->ops->owned && n.ops->owned) v.twin = x;
        else if (!hidden) v.why = errc::name_taken;
      }
      if (v.why != errc::ok) return v;
    }
  }
  return v;
}

/// A node from which all names not before `wanted` can be reached.
inline detail::family_node* registry_core::start_for(const detail::full_name& wanted) const noexcept {
  detail::family_node* best = nullptr;
#if NARTHEX_HAS(HEAP)
  for (const finger& f : fingers_) {
    detail::family_node* const x = f.node.load(detail::memory_order_acquire);
    if (!x || detail::relate(detail::full_name{prefix(), x->name}, wanted).order >= 0) continue;
    if (!best || std::strcmp(best->name, x->name) < 0) best = x;
  }
#else
  static_cast<void>(wanted);
#endif
  return best ? best : first();
}

#if NARTHEX_HAS(HEAP)
inline detail::family_node* registry_core::keep_refused(detail::family_node& fresh, errc why, std::size_t at) noexcept {
  fresh.refuse(why, at);
  count(mistake::registration);
  detail::family_node* equal = nullptr;
  {
    const detail::hold held(detail::lists::lock);
    unsigned looked_at = 0;
    for (equal = refused_nodes_; equal; equal = equal->next.load(detail::memory_order_relaxed)) {
      if (equal->ops == fresh.ops && equal->reason == why && string_view(equal->name) == string_view(fresh.name) &&
          string_view(equal->help) == string_view(fresh.help) && detail::same_labels(*equal, fresh)) {
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
  detail::report(fresh.refusal());
  if (!equal) return &fresh;
  fresh.ops->destroy(&fresh);
  return equal;
}
#endif

inline errc registry_core::insert(detail::family_node& n, detail::family_node*& twin) noexcept {
  for (detail::patience p;;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    const verdict v = judge(n);
    const std::uint32_t hidden = v.twin ? v.twin->hidden.load(detail::memory_order_acquire) : 0u;
    if (hidden == detail::family_node::coming_back && (p.wait(), !p.in_vain())) continue;
    const detail::hold held(detail::lists::lock);
    if (detail::lists::version.load(detail::memory_order_relaxed) != seen) continue;  // somebody was quicker
    if (v.why != errc::ok) return v.why;
    twin = v.twin;
    detail::lists::version.fetch_add(1, detail::memory_order_release);
    if (twin) {
      if (hidden == detail::family_node::shown) return errc::ok;
      twin->hidden.store(detail::family_node::coming_back, detail::memory_order_release);
      break;
    }
    NARTHEX_ASSERT(!n.home.load(detail::memory_order_relaxed));
    n.home.store(this, detail::memory_order_relaxed);
    detail::shared<detail::family_node*>& link = v.before ? v.before->next : first_;
    n.next.store(link.load(detail::memory_order_relaxed), detail::memory_order_relaxed);
    link.store(&n, detail::memory_order_seq_cst);
#if NARTHEX_HAS(HEAP)
    if (n.ops->owned) fingers_[seen % 32].node.store(&n, detail::memory_order_release);
#endif
    return errc::ok;
  }
  // By one registration alone: another one's restart would take what was counted since the first returned.
  twin->ops->restart(*twin);
  const detail::hold held(detail::lists::lock);
  twin->hidden.store(detail::family_node::shown, detail::memory_order_release);
  return errc::ok;
}

inline void registry_core::unlink(detail::family_node& n) noexcept {
  for (bool done = false; !done;) {
    const std::uint32_t seen = detail::lists::version.load(detail::memory_order_acquire);
    const detail::inside_lists inside;
    // Begins at a node before n, or at the head.
    detail::family_node* x = start_for(detail::full_name{prefix(), n.name});
    detail::shared<detail::family_node*>* link = x == first() ? &first_ : &x->next;
    if (link != &first_) x = link->load(detail::memory_order_seq_cst);
    while (x && x != &n) {
      link = &x->next;
      x = link->load(detail::memory_order_seq_cst);
    }
    const detail::hold held(detail::lists::lock);
    if (detail::lists::version.load(detail::memory_order_relaxed) != seen) continue;
    detail::lists::version.fetch_add(1, detail::memory_order_release);
    if (x) link->store(n.next.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    done = true;
  }
  detail::lists::readers.wait();
  n.home.store(nullptr, detail::memory_order_release);  // only now: scrapes that stood on it took its labels from there
}

NARTHEX_END_NAMESPACE

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
/// A copy that is kept for ever, once for each text: an object may outlive its registry. "" and no_memory when there
/// is none.
inline const char* keep_text(registry_core&, string_view text, errc& why) noexcept {
  const char* const copy = default_registry().intern(text);
  if (!copy) why = errc::no_memory;
  return copy ? copy : "";
}
#else
using kept_name = static_name;
using kept_help = const char*;
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
  if (registry_core* const home = n.home.load(memory_order_acquire)) home->unlink(n);
}
inline errc check_name(string_view name, std::size_t& at) noexcept {
  at = name.empty() ? 0 : bad_byte(name.data(), 0, name.size(), alphabet::metric);
  return name.empty() ? errc::empty_name : at != name.size() ? errc::bad_name : errc::ok;
}

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
//                                 a copy that lasts, in that many bytes (a multiple of 8)
//   static size_t room(args)      bytes of arrays behind each storage, a multiple of 8
//   Core(const args& kept, void* room)
//   bool read(reading&) const     fills the sample; false when nothing was counted since the start or restart()
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

template <class Core>
struct single : family_node {
  single(const family_ops* kind, const char* full, const char* words, const typename Core::args& kept, void* room) noexcept
      : family_node(kind, full, words), core(kept, room) {}
  Core core;
};

template <class Core, bool Owned>
struct single_ops {
  static bool next(family_node& n, position& where, reading& out) noexcept {
    if (where.index++) return false;
    const registry_core* const home = n.home.load(memory_order_acquire);
    out.labels = home ? home->constant_labels() : string_view();
    static_cast<single<Core>&>(n).core.read(out);
    return true;
  }
  static void restart(family_node& n) noexcept { static_cast<single<Core>&>(n).core.restart(); }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const single<Core>&>(n).core.chosen(); }
  static void unregister(family_node& n, void*) noexcept {
    if (registry_core* const home = n.home.load(memory_order_acquire)) home->hide(n);
  }
  static void destroy(family_node* n) noexcept;
  static const family_ops table;
};
template <class Core, bool Owned>
const family_ops single_ops<Core, Owned>::table = {
    Core::type, Core::kind,  Owned,       &next,       &restart,
    &no_label,  &chosen,     &same_choice<typename Core::args>, &unregister, &node_state,
    Owned ? &destroy : nullptr};

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
    room_at = args_at + round_up(sizeof(typename Core::args)) / 8,
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
registered<Core> register_single(registry_core& r, string_view name, string_view help, typename Core::args a) noexcept {
  std::size_t at = 0;
  errc why = validate<Core>(name, a, at);
  if (why != errc::ok) a = Core::smallest();
  const std::size_t args_at = round_up(sizeof(single<Core>));
  const std::size_t room_at = args_at + Core::args_room(a);
  const std::size_t text_at = room_at + Core::room(a);
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
      : at_(detail::register_single<Core>(registry, name.text(), help, args)) {}
#endif
  explicit handle(const detail::registered<Core>& at) noexcept : at_(at) {}

  /// ok; or why the registration was refused; errc::series_limit for an overflow series;
  /// errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept { return at_.node->ops->state(*at_.node, at_.core); }

  /// Takes the series out of the exposition (not those of an enum_family). Its handles go on counting; registering it again
  /// shows it again, from zero. A series of a family is shown again by the next update, too.
  void unregister() const noexcept { at_.node->ops->unregister(*at_.node, at_.core); }

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
  fixed(static_name name, const char* help, const typename Core::args& args = typename Core::args()) noexcept
      : fixed(default_registry(), name, help, args) {}
  fixed(registry_core& registry, static_name name, const char* help,
        const typename Core::args& args = typename Core::args()) noexcept
      : node_(&detail::single_ops<Core, false>::table, name.text().data(), help, args, nullptr) {
    std::size_t at = 0;
    const errc why = detail::validate<Core>(name.text(), args, at);
    detail::join(registry, node_, why, at);
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
  if (registry_core* const home = n.home.load(memory_order_acquire)) home->count(mistake::update);
}

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
class counter_of : public Holder {
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
class double_counter_of : public Holder {
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
    if (NARTHEX_DETAIL_LIKELY(detail::is_finite(by) && !(by < 0))) {
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
class gauge_of : public Holder {
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
class int_gauge_of : public Holder {
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

/// The storage of one histogram; bounds and cells lie in room that comes with it.
template <class Distribution>
struct histogram_core_of {
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::histogram;
  using args = bucket_args;
  enum : std::size_t { smallest_room = Distribution::bytes(1) };
  static args smallest() noexcept { return args(buckets(nullptr, 0)); }
  static errc validate(const args& a, std::size_t& at) noexcept {
    at = a.first_bad();
    return at == a.size() ? errc::ok : errc::bad_buckets;
  }
  static std::size_t args_room(const args& a) noexcept { return round_up(sizeof(args)) + a.size() * sizeof(double); }
  /// Copies the bounds: a list in braces does not live long.
  static const args* keep(const args& a, void* memory) noexcept {
    double* const values = reinterpret_cast<double*>(static_cast<char*>(memory) + round_up(sizeof(args)));
    for (unsigned i = 0; i < a.size(); ++i) values[i] = a[i];
    return new (memory) args(buckets(values, a.size()));
  }
  static std::size_t room(const args& a) noexcept { return Distribution::bytes(a.size() + 1); }

  histogram_core_of(const args& kept, void* cells) noexcept : bounds(kept), observed(cells, kept.size() + 1) {}

  bool read(reading& out) const noexcept {
    out.sum = observed.read(out.count_room, out.count);
    out.counts = out.count_room;
    out.bounds_copy = bounds;
    out.bounds = &out.bounds_copy;
    return out.count != 0;
  }
  void restart() noexcept { observed.restart(); }
  const args& chosen() const noexcept { return bounds; }

  const args& bounds;
  Distribution observed;
};
using histogram_core = histogram_core_of<adaptive_distribution>;

template <unsigned Bounds>
struct inline_histogram_room {
  explicit inline_histogram_room(const bucket_args& a) noexcept : values(), own_bounds(buckets(values, a.size())) {
    for (unsigned i = 0; i < a.size(); ++i) values[i] = a[i];  // a list in braces does not live long
  }
  double values[Bounds ? Bounds : 1];
  bucket_args own_bounds;
  shared<cell_word> cells[distribution::cells(Bounds + 1)];
};

template <>
struct is_in_place<histogram_core> : std::false_type {};

/// The same with room for up to `Bounds` bounds inside.
template <unsigned Bounds>
struct inline_histogram_core : private inline_histogram_room<Bounds>, histogram_core_of<distribution> {
  using base = histogram_core_of<distribution>;
  using args = base::args;
  static errc validate(const args& a, std::size_t& at) noexcept {
    at = Bounds;
    return a.size() > Bounds ? errc::bad_buckets : base::validate(a, at);
  }
  static std::size_t args_room(const args&) noexcept { return 0; }
  static const args* keep(const args& a, void*) noexcept { return &a; }
  static std::size_t room(const args&) noexcept { return 0; }
  inline_histogram_core(const args& a, void*) noexcept
      : inline_histogram_room<Bounds>(good(a) ? a : smallest()),
        base(inline_histogram_room<Bounds>::own_bounds, inline_histogram_room<Bounds>::cells) {}

  /// Copies the bounds, too: the object may go away while a sink is given the sample.
  bool read(reading& out) const noexcept {
    const bool counted = base::read(out);
    for (unsigned i = 0; i < bounds.size(); ++i) out.bound_room[i] = bounds[i];
    out.bounds_copy = buckets(out.bound_room, bounds.size());
    return counted;
  }

 private:
  static bool good(const args& a) noexcept {
    std::size_t at = 0;
    return validate(a, at) == errc::ok;
  }
};

}  // namespace detail

/// Counts observations in buckets and sums them; the unit belongs in the name (_seconds, _bytes).
///
/// Threads: every member may be called from any thread at any time, a fixed_histogram's in signal handlers, too. An
///          observation waits for nobody: each thread that observes often does it in a part of its own. Of the threads that
///          share one (all of a fixed_histogram), with more than 7 suspended in the middle, a further one waits.
/// Memory:  about 600 bytes + 40 per bucket. Once several threads observe often, 128 bytes, and about 100 + 16 per bucket
///          for each; where there is no memory they share. A fixed_histogram: about 500 + 32 per bucket, ever.
/// A scrape sees whole observations only: _count is the +Inf bucket, _sum is of the same observations.
/// Source:  Prometheus, "Writing client libraries", Histogram.
template <class Holder>
class histogram_of : public Holder {
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
      auto& h = this->core();
      h.observed.observe(h.bounds.find(value), value);
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

/// A histogram with its storage inside, for up to `Bounds` bounds (more are refused: errc::bad_buckets).
template <unsigned Bounds = 11>
using fixed_histogram = histogram_of<fixed<detail::inline_histogram_core<Bounds>>>;

#if NARTHEX_HAS(HEAP)
using histogram = histogram_of<handle<detail::histogram_core>>;
#else
using histogram = fixed_histogram<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HISTOGRAM_HPP

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
  fixed_summary_core(const args&, void*) noexcept : observed(cells, 1) {}
  bool read(reading& out) const noexcept {
    out.sum = observed.read(out.count_room, out.count);
    out.quantile_count = 0;
    return out.count != 0;
  }
  void restart() noexcept { observed.restart(); }
  void observe(double value) noexcept { observed.observe(0, value); }
  const args& chosen() const noexcept { return nothing_chosen(); }

 private:
  shared<cell_word> cells[distribution::cells(1)];
  distribution observed;
};

}  // namespace detail

/// Sums and counts observations; quantiles are opt-in. The unit belongs in the name (_seconds, _bytes).
///
/// Threads: as histogram_of.
/// Memory:  about 700 bytes, 40 KB more with quantiles; for threads as histogram_of.
/// Source:  Prometheus, "Writing client libraries", Summary.
template <class Holder>
class summary_of : public Holder {
 public:
  using Holder::Holder;
  using series_handle = summary_of<handle<typename Holder::core_type>>;

  /// Counts `value`, in the metric's own unit. NaN is refused: counted in narthex_refused_total{what="update"}.
  void observe(double value) noexcept {
    if (NARTHEX_DETAIL_LIKELY(!detail::is_nan(value))) {
      this->core().observe(value);
    } else {
      detail::refuse_update(this->node());
    }
  }

  std::uint64_t count() const noexcept {
    detail::reading now;
    this->core().read(now);
    return now.count;
  }
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
namespace detail {

/// An info metric's node: the text of its labels, ready but for the registry's constant ones.
struct info_node : family_node {
  info_node(const family_ops* kind, const char* full, const char* words) noexcept : family_node(kind, full, words) {}
  string_view text;   // its own labels
  string_view ready;  // owned: the registry's constant labels before them, of any length

  static bool next(family_node& n, position& where, reading& out) noexcept {
    if (where.index++) return false;
    const registry_core* const home = n.home.load(memory_order_acquire);
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
  /// The label names are read from the text: they have no byte that would need escaping.
  static string_view label(const family_node& n, unsigned i) noexcept {
    const string_view text = static_cast<const info_node&>(n).text;
    std::size_t at = 0;
    while (at < text.size()) {
      std::size_t end = at;
      while (text[end] != '=') ++end;
      if (i-- == 0) return string_view(text.data() + at, end - at);
      for (at = end + 2; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
      }
      at += 2;
    }
    return string_view();
  }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const info_node&>(n).text; }
  static void unregister(family_node& n, void*) noexcept {
    if (registry_core* const home = n.home.load(memory_order_acquire)) home->hide(n);
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
  NARTHEX_NAMESPACE::status status() const noexcept {
    return node_ ? node_->state() : NARTHEX_NAMESPACE::status(errc::no_memory, "info");
  }
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
  fixed_info(static_name name, const char* help, std::initializer_list<label_pair> labels) noexcept
      : fixed_info(default_registry(), name, help, labels) {}
  fixed_info(registry_core& registry, static_name name, const char* help,
             std::initializer_list<label_pair> labels) noexcept
      : node_(&detail::info_ops<false>::table, name.text().data(), help) {
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
  void unregister() noexcept { detail::part(node_); }

 private:
  detail::info_node node_;
  char text_[Bytes];
};

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
namespace detail {

/// All states in one word, so that a scrape sees them at one moment.
struct state_node : family_node {
  constexpr state_node(const family_ops* kind, const char* full, const char* words) noexcept
      : family_node(kind, full, words), states(nullptr), count(0), bits(1) {}
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
    const registry_core* const r = home.load(memory_order_acquire);
    label_text text(room, size);
    if (r) {
      text.add_ready(r->constant_labels());
      char full[reading::text_room];  // check() saw that it fits
      text.add(write_name(*r, name, full), states[i]);
    }
    return text.text();
  }
  static string_view write_name(const registry_core& r, string_view own, char* room) noexcept {
    if (!r.prefix().empty()) std::memcpy(room, r.prefix().data(), r.prefix().size());
    if (!own.empty()) std::memcpy(room + r.prefix().size(), own.data(), own.size());
    return string_view(room, r.prefix().size() + own.size());
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
    const string_view full = write_name(r, own, room);
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
    if (registry_core* const home = n.home.load(memory_order_acquire)) home->hide(n);
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
      : node_(&detail::state_ops<false>::table, name.text().data(), help) {
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

/// The label values of one call. Two sets are the same series when their exposition text is the same:
/// values are hashed and compared as they will be written, without writing them.
///
/// Nearly all values stand for themselves (is_plain) and are taken as they are, eight bytes at a time; the others as
/// put_safe gives them, piece by piece. Two ways to hash are one function of the text: what put_safe has
/// changed holds a backslash or a byte from 0x80 up, and no plain value does.
class series_key {
 public:
  series_key(const string_view* names, const string_view* values, unsigned arity) noexcept
      : names_(names), values_(values), arity_(arity), plain_(true) {
    std::uint64_t state = 0x9e3779b97f4a7c15u;
    for (unsigned i = 0; i < arity_; ++i) {
      const string_view v = values_[i];
      std::uint64_t with = state ^ v.size();  // {"ab",""} is not {"a","b"}
      bool plain = true;
      for (std::size_t at = 0; plain && at < v.size(); at += 8) {
        const std::uint64_t eight = load_bytes(v.data() + at, v.size() - at);
        plain = are_plain(eight);
        with = mixed(with, eight);
      }
      if (!plain) {
        plain_ = false;
        byte_mixer pieces = {state};
        put_safe(v, quoting::label_value, pieces);
        with = pieces.state;
      }
      state = mixed(with, i);
    }
    hash_ = static_cast<std::uint32_t>(state ^ state >> 32);
  }

  std::uint32_t hash() const noexcept { return hash_; }

  /// Whether a series' text (without constant labels) is this key's.
  bool is(string_view text) const noexcept {
    if (text.empty()) return false;  // room of a fixed family that holds none
    const char* at = text.begin();
    for (unsigned i = 0; i < arity_; ++i) {
      at += (i ? 1 : 0) + names_[i].size() + 2;
      const string_view v = values_[i];
      if (plain_ || is_plain(v)) {
        // The text has a quote right behind an equal value; a longer value has another byte there, and a
        // bare quote only at its end, so nothing is read beyond the text.
        if (static_cast<std::size_t>(text.end() - at) <= v.size() || at[v.size()] != '"' ||
            (!v.empty() && std::memcmp(at, v.data(), v.size()) != 0)) {
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
    for (unsigned i = 0; i < arity_; ++i) n += label_text_size(names_[i], values_[i]);
    return n;
  }
  char* write(char* out) const noexcept {
    for (unsigned i = 0; i < arity_; ++i) {
      if (i) *out++ = ',';
      out = write_label(out, names_[i], values_[i]);
    }
    return out;
  }

 private:
  static std::uint64_t mixed(std::uint64_t state, std::uint64_t eight) noexcept {
    state = (state ^ eight) * 0xbf58476d1ce4e5b9u;
    return state ^ state >> 29;
  }

  struct byte_mixer {
    std::uint64_t state;
    void operator()(const char* data, std::size_t size) noexcept {
      for (; size; --size) state = mixed(state, static_cast<unsigned char>(*data++));
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
  bool plain_;  // all of them
  std::uint32_t hash_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SERIES_KEY_HPP

// ==== narthex/detail/labelled.hpp ===============================================================
// narthex/detail/labelled.hpp - the series of one family, found by their label values.
// Room: shelves. Read label.hpp and detail/single.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LABELLED_HPP
#define NARTHEX_DETAIL_LABELLED_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

struct series {
  shared<series*> next;          // in the order of creation
  const char* text;              // ready: constant labels, then a="b",c="d"
  std::uint32_t text_size;
  std::uint32_t hash;
  shared<std::uint32_t> hides;   // odd while hidden; every change goes up
  bool is_hidden() const noexcept { return (hides.load(memory_order_acquire) & 1) != 0; }
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

template <class Core>
struct series_of : series, Core {
  series_of(const typename Core::args& kept, void* memory) noexcept : Core(kept, memory) {}
};

/// Slots of pointers, open addressing. Never shrinks, never moves: a larger one takes its place and it stays until the
/// family ends, so that a lookup may go on in it. All the old ones together are smaller than the present one.
struct series_index {
  series_index* older;
  std::uint32_t mask;
  static std::size_t bytes(std::uint32_t places) noexcept {
    return sizeof(series_index) + places * sizeof(shared<series*>);
  }
  shared<series*>& slot(std::uint32_t i) noexcept {
    return reinterpret_cast<shared<series*>*>(this + 1)[i & mask];
  }
  void init(std::uint32_t places, series_index* before) noexcept {
    older = before;
    mask = places - 1;
    for (std::uint32_t i = 0; i < places; ++i) new (&slot(i)) shared<series*>(nullptr);
  }
  void put(series& s, std::memory_order order) noexcept {
    std::uint32_t i = s.hash;
    while (slot(i).load(memory_order_relaxed)) {
      ++i;
      NARTHEX_ASSERT(i - s.hash <= mask);  // a full index would be searched for ever
    }
    slot(i).store(&s, order);
  }
};

/// A family: what does not depend on the kind of its instruments.
///
/// A lookup that finds takes no lock and allocates nothing: it loads the index and slots with acquire, which
/// pairs with the release that published a complete series. A series is made outside the lock and put
/// in under it; a rival that was quicker is found then. Series are hidden, never freed, before the registry ends.
struct labelled : family_node {
  labelled(const family_ops* kind, const char* full, const char* words) noexcept
      : family_node(kind, full, words), names(nullptr), arity(0), limit(0), count(0), index(nullptr), first(nullptr),
        last(nullptr), overflow(nullptr), overflowed(0) {}

  const string_view* names;
  unsigned arity;
  string_view constant;                // the registry's constant labels, at the head of each series' text
  std::uint32_t limit;
  std::uint32_t count;                 // under the lock
  spin_lock lock;
  shared<series_index*> index;
  shared<series*> first;
  series* last;                        // under the lock
  series* overflow;                    // made with the family: it must be there when memory is not
  shared<cell_word> overflowed;

  series_key key(const string_view* values) const noexcept { return series_key(names, values, arity); }
  std::size_t constant_size() const noexcept { return constant.empty() ? 0 : constant.size() + 1; }

  series* find(const series_key& k) const noexcept {
    series_index& places = *index.load(memory_order_acquire);
    const std::size_t skip = constant_size();
    for (std::uint32_t i = k.hash();; ++i) {
      series* const s = places.slot(i).load(memory_order_acquire);
      if (!s) return nullptr;
      if (s->hash == k.hash() && k.is(string_view(s->text + skip, s->text_size - skip))) return s;
    }
  }

  series& to_overflow() noexcept {
    overflowed.fetch_add(1, memory_order_relaxed);
    if (registry_core* const r = home.load(memory_order_acquire)) r->count(mistake::series);
    overflow->show();
    return *overflow;
  }

  /// Puts `fresh` in; or gives the one a rival put in, or null when the cap is reached; the caller frees `fresh` then.
  series* insert(series& fresh, const series_key& k) noexcept {
    series_index* larger = nullptr;
    series* answer = nullptr;
    for (bool done = false; !done;) {
      std::uint32_t wanted = 0;
      {
        const hold held(lock);
        series_index* places = index.load(memory_order_relaxed);
        answer = find(k);
        done = true;
        if (!answer && count < limit) {
          const std::uint32_t have = places->mask + 1;
          const bool full = count + 2 > have / 4 * 3;  // at most three quarters, the overflow series included
          if (full && (!larger || larger->mask < places->mask)) {
            wanted = have * 2;
            done = false;
          } else {
            if (full) {
              larger->older = places;
              for (std::uint32_t i = 0; i < have; ++i) {
                if (series* const s = places->slot(i).load(memory_order_relaxed)) larger->put(*s, memory_order_relaxed);
              }
              index.store(larger, memory_order_release);
              places = larger;
              larger = nullptr;
            }
            places->put(fresh, memory_order_release);
            (last ? last->next : first).store(&fresh, memory_order_release);
            last = &fresh;
            ++count;
            answer = &fresh;
          }
        }
      }
      if (wanted) {
        if (larger) release(larger);
        larger = static_cast<series_index*>(allocate(series_index::bytes(wanted)));
        if (!larger) return nullptr;
        larger->init(wanted, nullptr);
      }
    }
    if (larger) release(larger);
    return answer;
  }
};

inline string_view labelled_name(const family_node& n, unsigned i) noexcept {
  const labelled& f = static_cast<const labelled&>(n);
  return i < f.arity ? f.names[i] : string_view();
}

/// What depends on the kind of instrument.
template <class Core>
struct labelled_of : labelled {
  labelled_of(const char* full, const char* words) noexcept
      : labelled(&table, full, words), args(nullptr), mislabelled(nullptr) {}
  const typename Core::args* args;
  shared<single<Core>*> mislabelled;   // what labels() by name answers with to names that are not the family's

  static bool next(family_node& n, position& where, reading& out) noexcept {
    labelled_of& f = static_cast<labelled_of&>(n);
    while (where.index == 0) {
      const series* const before = static_cast<const series*>(where.at);
      series* s = (before ? before->next : f.first).load(memory_order_acquire);
      where.at = s;
      if (!s) {
        s = f.overflow;  // after all the others
        where.index = 1;
      }
      const std::uint32_t seen = s->hides.load(memory_order_acquire);  // before the value: see hide
      if (static_cast<series_of<Core>*>(s)->read(out)) s->show(seen);  // an update since it was removed
      if (s->is_hidden()) continue;
      out.labels = string_view(s->text, s->text_size);
      return true;
    }
    return false;
  }

  void hide(series& s) noexcept {
    // First from zero, then hidden: an update in between shows it again, and counts from zero.
    static_cast<series_of<Core>&>(s).restart();
    s.hide();
  }
  void clear() noexcept {
    for (series* s = first.load(memory_order_acquire); s; s = s->next.load(memory_order_acquire)) hide(*s);
    hide(*overflow);
  }

  /// The series of these values, made when there is none. Never null.
  series& get(const string_view* values) noexcept {
    const series_key k = key(values);
    if (series* const s = find(k)) {
      s->show();
      return *s;
    }
    return make(k);
  }

  NARTHEX_DETAIL_COLD series& make(const series_key& k) noexcept {
    void* const memory = allocate(series_bytes(k));
    if (!memory) return to_overflow();
    series_of<Core>* const s = construct(memory, k);
    series* const kept = insert(*s, k);
    if (kept != s) destroy_series(s);
    if (!kept) return to_overflow();
    kept->show();
    return *kept;
  }

  std::size_t series_bytes(const series_key& k) const noexcept {
    return round_up(sizeof(series_of<Core>)) + Core::room(*args) + constant_size() + k.text_size();
  }
  series_of<Core>* construct(void* memory, const series_key& k) noexcept {
    char* const begin = static_cast<char*>(memory);
    const std::size_t room_at = round_up(sizeof(series_of<Core>));
    series_of<Core>* const s = new (memory) series_of<Core>(*args, begin + room_at);
    char* const text = begin + room_at + Core::room(*args);
    char* end = text;
    if (!constant.empty()) {
      std::memcpy(end, constant.data(), constant.size());
      end += constant.size();
      *end++ = ',';
    }
    end = k.write(end);
    s->next.store(nullptr, memory_order_relaxed);
    s->text = text;
    s->text_size = static_cast<std::uint32_t>(end - text);
    s->hash = k.hash();
    s->hides.store(0, memory_order_relaxed);
    return s;
  }

  /// A stand-in that says which label name was wrong the first time; one a family.
  NARTHEX_DETAIL_COLD registered<Core> answer_to_mislabelled(string_view wrong) noexcept {
    single<Core>* m = mislabelled.load(memory_order_acquire);
    if (!m) {
      const std::size_t args_at = round_up(sizeof(single<Core>));
      const std::size_t room_at = args_at + Core::args_room(*args);
      const std::size_t text_at = room_at + Core::room(*args);
      const string_view family_name(name);
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

  static void destroy_series(series* s) noexcept {
    series_of<Core>* const all = static_cast<series_of<Core>*>(s);
    all->~series_of<Core>();
    release(all);
  }

  // ---- what the registry asks ----

  static void restart(family_node& n) noexcept { static_cast<labelled_of&>(n).clear(); }
  static const void* chosen(const family_node& n) noexcept { return static_cast<const labelled_of&>(n).args; }
  static void unregister(family_node& n, void* core) noexcept {
    // By reference: for a pointer GCC 12 adds a test for null, and warns of what would follow.
    static_cast<labelled_of&>(n).hide(static_cast<series_of<Core>&>(*static_cast<Core*>(core)));
  }
  static status state(const family_node& n, const void* core) noexcept {
    const labelled_of& f = static_cast<const labelled_of&>(n);
    const status family = n.state();
    if (!family.ok()) return family;
    const series* const s = static_cast<const series_of<Core>*>(static_cast<const Core*>(core));
    if (s == f.overflow) return status(errc::series_limit, f.name, f.limit);
    return s->is_hidden() ? status(errc::not_registered, f.name) : status();
  }
  static void destroy(family_node* n) noexcept {
    labelled_of* const f = static_cast<labelled_of*>(n);
    for (series* s = f->first.load(memory_order_relaxed); s;) {
      series* const after = s->next.load(memory_order_relaxed);
      destroy_series(s);
      s = after;
    }
    for (series_index* i = f->index.load(memory_order_relaxed); i && i->older;) {  // the oldest lies in the node
      series_index* const before = i->older;
      release(i);
      i = before;
    }
    if (single<Core>* const m = f->mislabelled.load(memory_order_acquire)) single_ops<Core, true>::destroy(m);
    static_cast<series_of<Core>*>(f->overflow)->~series_of<Core>();
    f->~labelled_of();
    release(f);
  }
  static const family_ops table;
};
template <class Core>
const family_ops labelled_of<Core>::table = {
    Core::type, Core::kind, true, &next, &restart, &labelled_name, &chosen, &same_choice<typename Core::args>,
    &unregister, &state, &destroy};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_LABELLED_HPP

// ==== narthex/family.hpp ========================================================================
// narthex/family.hpp - finds or makes the instrument for a set of label values.
// Room: shelves. Read detail/labelled.hpp first. SPDX-License-Identifier: MIT
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
  explicit series_limits(std::uint32_t at_most = 10000) noexcept : most_(at_most) {}
  std::uint32_t most() const noexcept { return most_; }

 private:
  std::uint32_t most_;
};

#if NARTHEX_HAS(HEAP)
namespace detail {

/// Registers a family: a new node, or the one that is there already. Null without memory.
template <class Core>
labelled_of<Core>* register_family(registry_core& r, string_view name, string_view help, const string_view* names,
                                   string_view* overflow_values, unsigned arity, typename Core::args a,
                                   std::uint32_t limit) noexcept {
  enum : std::uint32_t { first_slots = 8 };
  using node = labelled_of<Core>;
  std::size_t at = 0;
  errc why = validate<Core>(name, a, at);
  if (why == errc::ok) why = check_label_names(names, arity, Core::type, r.constant_labels(), at);
  else a = Core::smallest();

  // One piece: node, names, first index, args, overflow series, texts.
  const std::size_t names_at = round_up(sizeof(node));
  const std::size_t index_at = names_at + round_up(arity * sizeof(string_view));
  const std::size_t args_at = index_at + round_up(series_index::bytes(first_slots));
  const std::size_t overflow_at = args_at + Core::args_room(a);
  const std::size_t room_at = overflow_at + round_up(sizeof(series_of<Core>));
  std::size_t size = room_at + Core::room(a) + (r.constant_labels().size() + 1) + name.size() + help.size() + 2;
  for (unsigned i = 0; i < arity; ++i) size += 2 * names[i].size() + overflow_value().size() + 5;
  char* const memory = static_cast<char*>(allocate(size));
  if (!memory) {
    r.count(mistake::registration);
    report(status(errc::no_memory, name));
    return nullptr;
  }
  char* text = memory + room_at + Core::room(a) + (r.constant_labels().size() + 1);
  for (unsigned i = 0; i < arity; ++i) text += names[i].size() + overflow_value().size() + 4;
  const char* const own_name = copy_text(text, name).data();
  node* const f = new (memory) node(own_name, copy_text(text, help).data());
  string_view* const own_names = reinterpret_cast<string_view*>(memory + names_at);
  for (unsigned i = 0; i < arity; ++i) new (own_names + i) string_view(copy_text(text, names[i]));
  f->names = own_names;
  f->arity = arity;
  f->constant = r.constant_labels();
  f->limit = limit;
  f->args = Core::keep(a, memory + args_at);
  series_index* const index = new (memory + index_at) series_index;
  index->init(first_slots, nullptr);
  f->index.store(index, memory_order_relaxed);
  for (unsigned i = 0; i < arity; ++i) overflow_values[i] = overflow_value();
  f->overflow = f->construct(memory + overflow_at, f->key(overflow_values));
  f->overflow->hides.store(1, memory_order_relaxed);
  index->put(*f->overflow, memory_order_release);

  family_node* twin = nullptr;
  if (why == errc::ok) why = r.insert(*f, twin);
  if (twin) {
    node::destroy(f);
    return static_cast<node*>(twin);
  }
  return why == errc::ok ? f : static_cast<node*>(r.keep_refused(*f, why, at));
}

}  // namespace detail

/// Metrics that share name, help and label names; one series for each set of label values.
///
/// T: counter, double_counter, gauge, int_gauge, histogram, summary. N: how many labels.
/// A family is a handle: copies stand for the same family, destroying one removes nothing.
///
/// Threads: every member may be called from any thread at any time.
/// Memory:  a series is one allocation: its storage, 32 bytes, its label text; freed with the registry.
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
    node_ = detail::register_family<core>(registry, name.text(), help, names.data(), overflow_values, N, args,
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
    if (registry_core* const home = node_->home.load(detail::memory_order_acquire)) home->hide(*node_);
  }
  /// How often labels() answered with the overflow series.
  std::uint64_t overflowed() const noexcept {
    return node_ ? node_->overflowed.load(detail::memory_order_relaxed) : 0;
  }

 private:
  T get(const string_view* texts) const noexcept {
    if (!node_) return T(detail::stand_in<core>::get());
    return T(detail::registered<core>{&static_cast<detail::series_of<core>&>(node_->get(texts)), node_});
  }

  bool remove_series(const string_view* texts) const noexcept {
    detail::series* const s = node_->find(node_->key(texts));
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
    registry_core* const home = node_->home.load(detail::memory_order_acquire);
    if (home) home->count(mistake::series);
    return node_->answer_to_mislabelled(wrong);
  }

  node* node_;
};
#endif  // NARTHEX_HAS(HEAP)

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
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE

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

  fixed_family(static_name name, const char* help, const label_names<N>& names,
               const args_type& args = args_type()) noexcept
      : fixed_family(default_registry(), name, help, names, args) {}
  fixed_family(registry_core& registry, static_name name, const char* help, const label_names<N>& names,
               const args_type& args = args_type()) noexcept
      : node_(name.text().data(), help, names, args) {
    std::size_t at = 0;
    errc why = detail::validate<core>(name.text(), args, at);
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

  /// The series of these values, made when there is none, shown again when hidden.
  template <class... Values>
  handle_type labels(const Values&... values) noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    slot& s = node_.get(node_.key(texts.data()));
    return handle_type(detail::registered<core>{&s.storage(), &node_});
  }

  /// Hides the series of these values; a later labels() or update shows it again, from zero. It keeps its room.
  template <class... Values>
  bool remove(const Values&... values) noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    slot* const s = node_.find(node_.key(texts.data()));
    if (!s || !slot::is_shown(s->state.load(detail::memory_order_acquire))) return false;
    s->hide();
    return true;
  }
  void clear() noexcept { node::restart(node_); }

  NARTHEX_NAMESPACE::status status() const noexcept { return static_cast<const detail::family_node&>(node_).state(); }
  void unregister() noexcept { detail::part(node_); }

 private:
  enum : std::uint32_t { unused, shown, hidden_again };

  struct slot {
    detail::shared<std::uint32_t> state;  // odd while shown, even while hidden; every change goes up
    std::uint32_t text_size;
    char text[LabelBytes];
    typename std::aligned_storage<sizeof(core), alignof(core)>::type room;

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

  struct node : detail::family_node {
    node(const char* full, const char* words, const label_names<N>& given, const args_type& a) noexcept
        : family_node(&table, full, words), names(given), args(a) {
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
      if (registry_core* const r = this->home.load(detail::memory_order_acquire)) r->count(mistake::series);
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
        const registry_core* const home = n.home.load(detail::memory_order_acquire);
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
      if (&s == &f.places[Series]) return NARTHEX_NAMESPACE::status(errc::series_limit, n.name, Series);
      return slot::is_shown(s.state.load(detail::memory_order_acquire)) ? family
                                                                 : NARTHEX_NAMESPACE::status(errc::not_registered, n.name);
    }
    static const void* chosen(const detail::family_node& n) noexcept { return &static_cast<const node&>(n).args; }
    static const detail::family_ops table;
  };
  node node_;
};
template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes>
const detail::family_ops fixed_family<T, N, Series, LabelBytes>::node::table = {
    core::type, core::kind, false, &next, &restart, &label, &chosen, &detail::same_choice<args_type>, &unregister, &state, nullptr};

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

  enum_family(detail::kept_name name, detail::kept_help help, const label_names<sizeof...(Enums)>& names,
              const args_type& args = args_type()) noexcept
      : enum_family(default_registry(), name, help, names, args) {}
  enum_family(registry_core& registry, detail::kept_name name, detail::kept_help help,
              const label_names<sizeof...(Enums)>& names, const args_type& args = args_type()) noexcept
      : node_(names, args) {
    std::size_t at = 0;
    errc why = detail::validate<core>(name.text(), args, at);
    node_.name = detail::keep_text(registry, name.text(), why);
    node_.help = detail::keep_text(registry, help, why);
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

  handle_type labels(Enums... values) noexcept {
    const std::size_t i = index::of(values...);
    if (!NARTHEX_DETAIL_LIKELY(i < count)) refuse();
    return handle_type(detail::registered<core>{&node_.storage(i), &node_});
  }

  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }
  void unregister() noexcept { detail::part(node_); }

 private:
  NARTHEX_DETAIL_COLD void refuse() noexcept {
    if (registry_core* const home = node_.home.load(detail::memory_order_acquire)) home->count(mistake::series);
  }

  struct node : detail::family_node {
    node(const label_names<sizeof...(Enums)>& given, const args_type& a) noexcept
        : family_node(&table, "", ""), names(given), args(a) {
      for (room_type& r : room) new (&r) core(args, nullptr);
    }
    using room_type = typename std::aligned_storage<sizeof(core), alignof(core)>::type;
    label_names<sizeof...(Enums)> names;
    args_type args;
    room_type room[count + 1];  // the last takes what is no enumerator, and is not shown

    core& storage(std::size_t i) noexcept { return *reinterpret_cast<core*>(&room[i]); }

    static bool next(detail::family_node& n, detail::position& where, detail::reading& out) noexcept {
      if (where.index >= count) return false;
      node& f = static_cast<node&>(n);
      const std::size_t i = where.index++;
      f.storage(i).read(out);
      const registry_core* const home = n.home.load(detail::memory_order_acquire);
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
struct calling_node : family_node {
  calling_node(const family_ops* kind, const char* full, const char* words) noexcept
      : family_node(kind, full, words), calls(0) {}
  shared<std::uint32_t> calls;
  void wait_for_calls() noexcept {
    patience p;
    while (calls.load(memory_order_acquire) && !p.in_vain()) p.wait();
  }
};

}  // namespace detail

namespace detail {

template <class Value>
number to_number(Value value) noexcept {
  using wide = typename std::conditional<!std::is_integral<Value>::value, double,
                                         typename std::conditional<std::is_signed<Value>::value, std::int64_t,
                                                                   std::uint64_t>::type>::type;
  return number(static_cast<wide>(value));
}

}  // namespace detail

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
    errc why = detail::check_name(name.text(), at);
    node_.name = detail::keep_text(registry, name.text(), why);
    node_.help = detail::keep_text(registry, help, why);
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
      if (where.index++) return false;
      registry_core* const home = n.home.load(detail::memory_order_acquire);
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

/// A counter kept elsewhere: nx::callback_counter c{"x_total", "...", [&] { return source.total; }};
using callback_counter = callback_of<metric_type::counter>;
/// A gauge read at scrape time: nx::callback_gauge g{"depth", "...", [&q] { return q.size(); }};
using callback_gauge = callback_of<metric_type::gauge>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_CALLBACK_HPP

// ==== narthex/collector.hpp =====================================================================
// narthex/collector.hpp - whole families fetched at scrape time, from one call of a user's function.
// Room: shelves. Read callback.hpp first. SPDX-License-Identifier: MIT
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

/// A family that a collector declares: type, name, help, label names.
struct declared {
  metric_type type;  ///< counter, gauge, histogram, summary or unknown
  string_view name;
  string_view help;
  std::initializer_list<string_view> labels;
};

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
  /// A counter, gauge or unknown value of family number `family` (in the order of declaration, from 0), taken as it is.
  template <class Value>
  void add(unsigned family, std::initializer_list<label_value> labels, Value value) noexcept {
    if (entry* const e = begin(family, labels, metric_type::gauge, 0)) {
      e->value = detail::to_number(value);
      keep(*e);
    }
  }
  /// A histogram: counts[bounds.size() + 1], each bucket alone, the last for +Inf.
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

 private:
  friend class walk;
  friend class collector;
  struct entry {
    unsigned family;
    std::uint32_t bytes;  // of this entry, all told
    std::uint32_t hash;
    std::uint32_t text_size;
    unsigned size;        // bounds or quantiles
    number value;
    double sum;
    std::uint64_t count;
    // then numbers, 8 bytes each, then the label text
  };

  collected(collector& from, std::uint32_t serial, collected* before) noexcept
      : from_(&from), from_serial_(serial), next_(before), memory_(nullptr), used_(0), room_(0) {}
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
    return type == metric_type::histogram ? (2 * e.size + 1) * 8 : type == metric_type::summary ? 2 * e.size * 8 : 0;
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

  collector* from_;
  std::uint32_t from_serial_;
  collected* next_;
  char* memory_;
  std::size_t used_, room_;
};

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
  friend class collected;
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
    errc why = detail::check_name(d.name, at);
    if (d.type == metric_type::info || d.type == metric_type::state_set) why = errc::unsupported;
    n->names = label;
    n->arity = static_cast<unsigned>(d.labels.size());
    for (const string_view& l : d.labels) {
      const char* const copy = detail::keep_text(registry, l, why);
      new (label++) string_view(copy, std::strlen(copy));
    }
    if (why == errc::ok) why = detail::check_label_names(n->names, n->arity, d.type, registry.constant_labels(), at);
    n->name = detail::keep_text(registry, d.name, why);
    n->help = detail::keep_text(registry, d.help, why);
    n->refuse(why, at);
  }
  // A scrape may call the function as soon as the first has joined: all are complete by now.
  for (unsigned i = 0; i < count_; ++i) detail::join(registry, nodes_[i], nodes_[i].reason, nodes_[i].reason_at);
}

inline void collected::refuse() noexcept {
  for (unsigned i = 0; i < from_->count_; ++i) {
    if (registry_core* const home = from_->nodes_[i].home.load(detail::memory_order_acquire)) {
      return home->count(mistake::sample);
    }
  }
}

inline collected::entry* collected::begin(unsigned family, std::initializer_list<label_value> labels, metric_type shape,
                                          std::size_t numbers_size) noexcept {
  if (family >= from_->count_ || from_->nodes_[family].arity != labels.size()) return refuse(), nullptr;
  const detail::collected_node& n = from_->nodes_[family];
  const metric_type type = n.ops->type;
  const bool is_number = type != metric_type::histogram && type != metric_type::summary;
  if (is_number ? shape != metric_type::gauge : shape != type) return refuse(), nullptr;
  const registry_core* const home = n.home.load(detail::memory_order_acquire);
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
  out.value = e.value;
  out.sum = e.sum;
  out.count = e.count;
  if (type == metric_type::histogram) {
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

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_COLLECTOR_HPP

// ==== narthex/registry.hpp ======================================================================
// narthex/registry.hpp - a registry of one's own: options, attaching, and its end.
// Room: shelves. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_REGISTRY_HPP
#define NARTHEX_REGISTRY_HPP

#include <cstddef>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE

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

 private:
  friend class registry;
  string_view prefix_;
  string_view names_[max_labels], values_[max_labels];
  unsigned count_ = 0;
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
    if (!front.empty() && detail::bad_byte(front.data(), 0, front.size(), detail::alphabet::metric) != front.size()) {
      status_ = namespace_status(errc::bad_name, front);
    }
    const unsigned given = options.count_ < registry_options::max_labels ? options.count_ : registry_options::max_labels;
    if (options.count_ > given) status_ = namespace_status(errc::label_too_long, "registry_options", given);
    std::size_t size = front.size() + 1;
    for (unsigned i = 0; i < given; ++i) size += detail::label_text_size(options.names_[i], options.values_[i]) + 1;
#if NARTHEX_HAS(HEAP)
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
          if (x->hidden.load(detail::memory_order_acquire) == detail::family_node::unregistered) continue;
          for (detail::family_node* y = o->first(); y; y = y->next.load(detail::memory_order_seq_cst)) {
            detail::name_relation relation;
            const errc code = clash(*r, *x, *o, *y, relation);
            if (code == errc::ok) continue;
            if (y->hidden.load(detail::memory_order_acquire) == detail::family_node::unregistered) continue;
            why = status(code, y->name);
            break;
          }
        }
      }
    }
    if (why.ok() && registries > max_registries) {
      why = status(errc::too_many_registries, "registry::attach", max_registries);
    }
    const detail::hold held(detail::lists::lock);
    if (detail::lists::version.load(detail::memory_order_relaxed) != seen) continue;
    if (!why.ok()) return why;
    detail::lists::version.fetch_add(1, detail::memory_order_release);
    other.sibling_.store(child_.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    other.parent_.store(this, detail::memory_order_seq_cst);
    child_.store(&other, detail::memory_order_seq_cst);
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
    detail::lists::version.fetch_add(1, detail::memory_order_release);
    link->store(other.sibling_.load(detail::memory_order_relaxed), detail::memory_order_seq_cst);
    other.parent_.store(nullptr, detail::memory_order_seq_cst);
  }
  detail::lists::readers.wait();
  return status();
}

// ---- the end ----

inline void registry_core::end() noexcept {
  if (registry_core* const parent = parent_.load(detail::memory_order_acquire)) static_cast<void>(parent->detach(*this));
  while (registry_core* const child = child_.load(detail::memory_order_acquire)) static_cast<void>(detach(*child));
  detail::patience p;
  while (walks_.load(detail::memory_order_acquire) && !p.in_vain()) p.wait();
  for (detail::family_node* n = first(); n;) {
    detail::family_node* const after = n->next.load(detail::memory_order_relaxed);
    n->home.store(nullptr, detail::memory_order_release);
    if (n->ops->destroy) n->ops->destroy(n);
    n = after;
  }
#if NARTHEX_HAS(HEAP)
  while (detail::family_node* const n = refused_nodes_) {
    refused_nodes_ = n->next.load(detail::memory_order_relaxed);
    n->ops->destroy(n);
  }
  while (interned* const text = names_) {
    names_ = text->next;
    detail::release(text);
  }
#endif
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_REGISTRY_HPP

// ==== narthex/walk.hpp ==========================================================================
// narthex/walk.hpp - goes through everything that a scrape shows: families by name, series by age.
// Room: shelves. Read sample.hpp and detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_WALK_HPP
#define NARTHEX_WALK_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE

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
      : count_(0), present_(nobody), shown_from_(0), resting_(true), side_(0), last_(nullptr)
#if NARTHEX_HAS(HEAP)
        , batches_(nullptr)
#endif
  {
    const detail::inside_lists inside;
    for (const registry_core* r = &root; r && count_ < registry_core::max_registries; r = r->next_in_tree(&root)) {
      cursor& c = cursors_[count_++];
      c.registry = const_cast<registry_core*>(r);
      c.registry->enter_walk();
      c.start(c.registry->first());
      c.save();
    }
  }
  ~walk() {
    rest();
    for (unsigned i = 0; i < count_; ++i) cursors_[i].registry->leave_walk();
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
    for (;;) {
      go_on();
      if (present_ == nobody && !choose()) return false;
      cursor& c = cursors_[present_];
      detail::family_node* const n = c.node;
      if (n && !n->hidden.load(detail::memory_order_acquire) && read(c, *n)) {
        shown_from_ |= 1u << present_;
        return true;
      }
      go_on();  // a callback ran without the lists
      if (c.node == n && n) pass(c);
      else present_ = nobody;
    }
  }

  /// What next() has read.
  const sample& now() const noexcept { return now_; }

  /// Lets go of the registries' lists: nothing waits for this walk until the next call of next().
  void rest() noexcept {
    if (resting_) return;
    for (unsigned i = 0; i < count_; ++i) cursors_[i].save();
    detail::lists::readers.leave(side_);
    resting_ = true;
  }

 private:
  enum : unsigned { nobody = ~0u };

  /// A registry of the tree and how far the walk came in it.
  struct cursor {
    registry_core* registry;
    detail::family_node* node;  // the family to read next, or in it; null at the end
    detail::position where;
    const char* name;           // of `node`, which may go away while the walk rests; a name does not
    bool owned;

    void start(detail::family_node* n) noexcept {
      node = n;
      where.at = nullptr;
      where.index = 0;
    }
    void save() noexcept {
      if (!node) return;
      name = node->name;
      owned = node->ops->owned;
    }
    /// Finds the place again: the same node, or the first one behind it.
    void find_again() noexcept {
      if (!node || owned) return;
      const bool begun = where.at || where.index;
      for (detail::family_node* n = registry->first(); n; n = n->next.load(detail::memory_order_seq_cst)) {
        if (n == node && n->name == name) return;
        const int order = std::strcmp(n->name, name);
        if (order > 0 || (order == 0 && !begun)) return start(n);
      }
      start(nullptr);
    }
    detail::full_name full() const noexcept { return detail::full_name{registry->prefix(), node->name}; }
  };

  void go_on() noexcept {
    if (!resting_) return;
    side_ = detail::lists::readers.enter();
    resting_ = false;
    const cursor* const at = present_ == nobody ? nullptr : &cursors_[present_];
    const detail::family_node* const stood_on = at ? at->node : nullptr;
    for (unsigned i = 0; i < count_; ++i) cursors_[i].find_again();
    if (at && at->node != stood_on) lose(detail::full_name{at->registry->prefix(), at->name});
  }

  /// The family in hand has gone away: another registry may have the next name. Of the lost one's series elsewhere
  /// nobody can tell any more which were shown.
  void lose(const detail::full_name& lost) noexcept {
    present_ = nobody;
    if (!last_ || detail::relate(lost, detail::full_name{now_.prefix, now_.name}).order != 0) return;
    for (unsigned i = 0; i < count_; ++i) {
      cursor& c = cursors_[i];
      while (c.node && detail::relate(c.full(), lost).order == 0) c.start(c.node->next.load(detail::memory_order_seq_cst));
    }
  }

  /// Turns to the first name among all registries.
  bool choose() noexcept {
    shown_from_ = 0;
    for (unsigned i = 0; i < count_; ++i) {
      const cursor& c = cursors_[i];
      if (c.node && (present_ == nobody || detail::relate(c.full(), cursors_[present_].full()).order < 0)) present_ = i;
    }
    return present_ != nobody;
  }

  /// Leaves the family at `c`, for the same name in this or a later registry if there is one.
  void pass(cursor& c) noexcept {
    const detail::full_name left = c.full();
    c.start(c.node->next.load(detail::memory_order_seq_cst));
    const unsigned before = present_;
    // A node that came under this name while the walk rested has its turn at the next scrape.
    while ((shown_from_ >> before & 1) && c.node && detail::relate(c.full(), left).order == 0) {
      c.start(c.node->next.load(detail::memory_order_seq_cst));
    }
    present_ = nobody;
    for (unsigned i = before; i < count_ && count_ > 1; ++i) {
      if (cursors_[i].node && detail::relate(cursors_[i].full(), left).order == 0) {
        present_ = i;
        return;
      }
    }
  }

  bool read(cursor& c, detail::family_node& n) noexcept {
    const detail::full_name full = c.full();
    const metric_type type = n.ops->type;
    const string_view help = n.help;
    const bool shared = count_ > 1 && is_shared(n);  // asked before a callback, whose node may be gone after it
    while (next_of(c, n)) {
      if (shared && !merge(c)) continue;
      // A family is known by its name: it may go on in another registry, or in another node after a rest.
      const bool goes_on = last_ == full.name.data() && now_.prefix.data() == full.prefix.data();
      now_.starts_family = !goes_on && (!last_ || detail::relate(full, detail::full_name{now_.prefix, now_.name}).order != 0);
      last_ = full.name.data();
      now_.type = type;
      now_.prefix = full.prefix;
      now_.name = full.name;
      now_.help = help;
      return true;
    }
    return false;
  }

  /// Reads the next series of `n` into now_. A user's code is called without the lists, so that whoever takes a
  /// node out waits for it only when it is that node's own call.
  bool next_of(cursor& c, detail::family_node& n) noexcept {
    const detail::storage kind = n.ops->kind;
    if (kind != detail::storage::callback && kind != detail::storage::collected) return n.ops->next(n, c.where, now_);
    detail::calling_node& call = static_cast<detail::calling_node&>(n);
    call.calls.fetch_add(1, detail::memory_order_seq_cst);
    rest();
    bool got = false;
    if (kind == detail::storage::callback) got = n.ops->next(n, c.where, now_);
#if NARTHEX_HAS(HEAP)
    else got = next_collected(c, static_cast<detail::collected_node&>(n));
#endif
    call.calls.fetch_sub(1, detail::memory_order_release);
    return got;
  }

#if NARTHEX_HAS(HEAP)
  /// A collector is called when the walk meets its first family; what it gave is kept for the others.
  bool next_collected(cursor& c, detail::collected_node& n) noexcept {
    collected* batch = batches_;
    while (batch && batch->from_serial_ != n.owner->serial_) batch = batch->next_;
    if (!batch) {
      void* const memory = detail::allocate(sizeof(collected));
      if (!memory) {
        c.registry->count(mistake::sample);
        return false;
      }
      batch = batches_ = new (memory) collected(*n.owner, n.owner->serial_, batches_);
      n.owner->function_(*batch);
    }
    // Another collector may have come to the same place in memory while the walk rested in its samples.
    if (c.where.at != batch && c.where.index) return false;
    c.where.at = batch;
    return batch->next(n, c.where, now_);
  }
#endif

  static bool is_shared(const detail::family_node& n) noexcept {
    return n.ops->kind != detail::storage::callback && n.ops->kind != detail::storage::collected;
  }

  /// With the same series in several registries: adds up what can be added, or shows the first one's.
  /// False when now_ has been shown already, by an earlier registry.
  bool merge(const cursor& c) noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      if (&cursors_[i] == &c) continue;
      const registry_core& other = *cursors_[i].registry;
      // What an earlier registry has shown of this family may have been taken out since: then nobody can tell which
      // series it had.
      const bool was_shown = &cursors_[i] < &c && (shown_from_ >> i & 1) != 0;
      bool is_there = false;
      for (detail::family_node* n = other.first(); n; n = n->next.load(detail::memory_order_seq_cst)) {
        const int order = detail::relate(detail::full_name{other.prefix(), n->name}, c.full()).order;
        if (order > 0) break;
        if (order < 0 || n->ops->kind != c.node->ops->kind) continue;
        if (n->hidden.load(detail::memory_order_acquire) && !was_shown) continue;
        is_there = true;
        detail::position from_start = {nullptr, 0};
        detail::reading theirs;
        while (n->ops->next(*n, from_start, theirs)) {
          if (theirs.labels != now_.labels) continue;
          if (&cursors_[i] < &c) return false;
          add(c.node->ops->type, theirs);
          break;
        }
      }
      if (was_shown && !is_there) return false;
    }
    return true;
  }
  void add(metric_type type, const detail::reading& theirs) noexcept {
    if (type == metric_type::counter) {
      if (now_.value.is == number::kind::u64) now_.value = now_.value.u64 + theirs.value.u64;
      else now_.value = now_.value.f64 + theirs.value.f64;
    } else if (type == metric_type::histogram || type == metric_type::summary) {
      const unsigned n = type == metric_type::histogram ? now_.bounds->size() + 1 : 1;
      for (unsigned i = 0; i < n; ++i) now_.count_room[i] += theirs.count_room[i];
      now_.count += theirs.count;
      now_.sum += theirs.sum;
    }
  }

  unsigned count_, present_;
  std::uint32_t shown_from_;  // the registries that have shown something of the family in hand, one bit each
  bool resting_;
  std::uint32_t side_;
  const char* last_;  // the name last shown
#if NARTHEX_HAS(HEAP)
  collected* batches_;
#endif
  cursor cursors_[registry_core::max_registries];
  detail::reading now_;
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_WALK_HPP

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

// ==== narthex/text_format.hpp ===================================================================
// narthex/text_format.hpp - the registry as Prometheus text format 0.0.4.
// Room: print shop. Read walk.hpp and sink.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_TEXT_FORMAT_HPP
#define NARTHEX_TEXT_FORMAT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Bytes on their way to a sink, in a caller's chunk; a walk rests while the sink runs.
class chunk_writer {
 public:
  chunk_writer(const sink& to, walk& series, char* chunk, std::size_t size) noexcept
      : to_(to), walk_(series), chunk_(chunk), size_(size), used_(0), open_(true) {}

  void operator()(const char* data, std::size_t size) {
    while (size > size_ - used_) {
      const std::size_t part = size_ - used_;
      std::memcpy(chunk_ + used_, data, part);
      used_ = size_;
      data += part;
      size -= part;
      flush();
    }
    if (size) std::memcpy(chunk_ + used_, data, size);
    used_ += size;
  }
  void operator()(string_view text) {
    if (!text.empty()) (*this)(text.data(), text.size());
  }
  void operator()(const number& value) {
    char digits[max_double_chars];
    char* const end = value.is == number::kind::u64   ? write_u64(digits, value.u64)
                      : value.is == number::kind::i64 ? write_i64(digits, value.i64)
                                                      : write_double(digits, value.f64);
    (*this)(digits, static_cast<std::size_t>(end - digits));
  }
  void flush() {
    walk_.rest();
    if (open_ && used_) open_ = to_.write(to_.context, chunk_, used_);
    used_ = 0;
  }
  bool is_open() const noexcept { return open_; }

 private:
  const sink& to_;
  walk& walk_;
  char* chunk_;
  std::size_t size_, used_;
  bool open_;
};

/// One family after the other, in text format 0.0.4.
///
/// Source: Prometheus, "Exposition formats", Text format details.
class text_writer {
 public:
  explicit text_writer(chunk_writer& to) noexcept : out_(to) {}

  void write(const sample& s) {
    if (s.starts_family) head(s);
    if (s.type == metric_type::histogram) {
      std::uint64_t cumulative = 0;
      const unsigned n = s.bounds->size();
      for (unsigned i = 0; i <= n; ++i) {
        cumulative += s.counts[i];
        char bound[max_double_chars];
        const char* end = i < n ? write_double(bound, (*s.bounds)[i]) : nullptr;
        line(s, "_bucket", "le", end ? string_view(bound, static_cast<std::size_t>(end - bound)) : string_view("+Inf"),
             cumulative);
      }
    } else if (s.type == metric_type::summary) {
      for (unsigned i = 0; i < s.quantile_count; ++i) {
        char which[max_double_chars];
        const char* const end = write_double(which, s.quantiles[i]);
        line(s, "", "quantile", string_view(which, static_cast<std::size_t>(end - which)), s.quantile_values[i]);
      }
    } else {
      return line(s, "", "", "", s.value);
    }
    line(s, "_sum", "", "", s.sum);
    line(s, "_count", "", "", s.count);
  }

 private:
  static string_view type_word(metric_type type) noexcept {
    switch (type) {
      case metric_type::counter: return " counter\n";
      case metric_type::histogram: return " histogram\n";
      case metric_type::summary: return " summary\n";
      case metric_type::unknown: return " untyped\n";
      case metric_type::gauge:
      case metric_type::info:
      case metric_type::state_set: break;
    }
    return " gauge\n";
  }

  void head(const sample& s) {
    out_("# HELP ");
    out_(s.prefix);
    out_(s.name);
    out_(" ");
    put_safe(s.help, quoting::help, out_);
    out_("\n# TYPE ");
    out_(s.prefix);
    out_(s.name);
    out_(type_word(s.type));
  }

  void line(const sample& s, string_view suffix, string_view label, string_view value, const number& n) {
    out_(s.prefix);
    out_(s.name);
    out_(suffix);
    if (!s.labels.empty() || !label.empty()) {
      out_("{");
      out_(s.labels);
      if (!label.empty()) {
        if (!s.labels.empty()) out_(",");
        out_(label);
        out_("=\"");
        out_(value);
        out_("\"");
      }
      out_("}");
    }
    out_(" ");
    out_(n);
    out_("\n");
  }

  chunk_writer& out_;
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
  if (size == 0) return status(errc::no_memory, "write_text");
  walk series(registry);
  detail::chunk_writer out(to, series, chunk, size);
  detail::text_writer text(out);
  while (out.is_open() && series.next()) text.write(series.now());
  out.flush();
  return out.is_open() ? status() : status(errc::closed, "write_text");
}

/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_text(registry_core& registry, const sink& to) {
  char chunk[NARTHEX_HAS(HEAP) ? 8192 : 512];
  return write_text(registry, to, chunk, sizeof chunk);
}
inline status write_text(const sink& to) { return write_text(default_registry(), to); }

/// Writes into a buffer, without a NUL.
///
/// Returns: the size of the whole exposition. When it is larger than `size`, the buffer holds its beginning:
///          do not serve that.
inline std::size_t write_text(registry_core& registry, char* buffer, std::size_t size) noexcept {
  struct filling {
    char* at;
    std::size_t room, total;
    static bool write(void* context, const char* data, std::size_t n) {
      filling& f = *static_cast<filling*>(context);
      const std::size_t fits = n < f.room ? n : f.room;
      if (fits) std::memcpy(f.at, data, fits);
      f.at += fits;
      f.room -= fits;
      f.total += n;
      return true;
    }
  } f = {buffer, size, 0};
  const sink to = {&filling::write, &f};
  static_cast<void>(write_text(registry, to));
  return f.total;
}
inline std::size_t write_text(char* buffer, std::size_t size) noexcept {
  return write_text(default_registry(), buffer, size);
}

#if NARTHEX_HAS(HEAP)
/// The exposition as a string. The string may throw std::bad_alloc: the one call of the core that can.
inline std::string to_text(registry_core& registry = default_registry()) {
  std::string text;
  static_cast<void>(write_text(registry, string_sink(text)));
  return text;
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
