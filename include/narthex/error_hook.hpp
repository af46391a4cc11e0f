// narthex/error_hook.hpp - one line about each refused registration, to whoever wants to know.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_ERROR_HOOK_HPP
#define NARTHEX_ERROR_HOOK_HPP

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/status.hpp"

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
#if NARTHEX_HAS(METRICS)
  return detail::error_hook_holder<void>::hook.exchange(hook, detail::memory_order_acq_rel);
#else
  static_cast<void>(hook);
  return nullptr;
#endif
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_ERROR_HOOK_HPP
