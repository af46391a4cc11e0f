// narthex/error_hook.hpp - one line about each refused registration, to whoever wants to know.
// Room: foundations. Read detail/family_node.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_ERROR_HOOK_HPP
#define NARTHEX_ERROR_HOOK_HPP

#include "narthex/config.hpp"
#include "narthex/detail/family_node.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/status.hpp"

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
