// narthex/os/resolve.hpp - a host's name into addresses, within a deadline.
// Room: cellar. SPDX-License-Identifier: MIT
#ifndef NARTHEX_OS_RESOLVE_HPP
#define NARTHEX_OS_RESOLVE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/os/thread.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(POSIX)
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>
#if NARTHEX_HAS(THREADS)
#include <pthread.h>
#endif
#endif

NARTHEX_BEGIN_NAMESPACE
namespace os {

/// What a name stands for: numeric addresses, in the order in which the system wants them tried.
struct host_addresses {
  enum : unsigned { max_count = 8, max_text = 48, max_words = 64 };
  enum : std::size_t { max_name = 253 };  ///< RFC 1035, less the root's dot
  unsigned count = 0;
  char text[max_count][max_text];
  char words[max_words];  ///< the resolver's own, when it refused; otherwise ""

  host_addresses() noexcept { words[0] = '\0'; }
  bool add(string_view address) noexcept {
    if (count == max_count || address.size() >= max_text) return false;
    std::memcpy(text[count], address.data(), address.size());
    text[count++][address.size()] = '\0';
    return true;
  }
};

#if NARTHEX_HAS(POSIX) && NARTHEX_HAS(HEAP)

inline bool is_numeric(string_view host, int family) noexcept {
  char text[host_addresses::max_text];
  unsigned char address[sizeof(in6_addr)];
  if (host.empty() || host.size() >= sizeof text) return false;
  std::memcpy(text, host.data(), host.size());
  text[host.size()] = '\0';
  return ::inet_pton(family, text, address) == 1;
}
inline bool is_ipv6(string_view host) noexcept { return is_numeric(host, AF_INET6); }

/// One look-up. Whoever leaves last, the asker or its thread, frees it: getaddrinfo() cannot be broken off.
class lookup {
 public:
  explicit lookup(string_view name) noexcept : users_(1), is_done_(0) {
    std::memcpy(name_, name.data(), name.size());
    name_[name.size()] = '\0';
  }
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;

  void run() noexcept {
    addrinfo want;
    std::memset(&want, 0, sizeof want);
    want.ai_family = AF_UNSPEC;
    want.ai_socktype = SOCK_STREAM;
#if defined(AI_ADDRCONFIG)
    want.ai_flags = AI_ADDRCONFIG;  // no IPv6 address for a machine without IPv6
#endif
    addrinfo* all = nullptr;
    const int code = ::getaddrinfo(name_, nullptr, &want, &all);
    const error e = error::last();
    if (code != 0) return refuse(code, e);
    for (const addrinfo* a = all; a; a = a->ai_next) {
      char text[host_addresses::max_text];
      const void* const digits =
          a->ai_family == AF_INET6
              ? static_cast<const void*>(&static_cast<const sockaddr_in6*>(static_cast<const void*>(a->ai_addr))->sin6_addr)
              : static_cast<const void*>(&static_cast<const sockaddr_in*>(static_cast<const void*>(a->ai_addr))->sin_addr);
      if ((a->ai_family == AF_INET || a->ai_family == AF_INET6) &&
          ::inet_ntop(a->ai_family, digits, text, static_cast<socklen_t>(sizeof text))) {
        found_.add(text);
      }
    }
    ::freeaddrinfo(all);
    if (found_.count == 0) refuse(EAI_NONAME, e);
  }
  const status& result() const noexcept { return result_; }
  const host_addresses& found() const noexcept { return found_; }

  static lookup* make(string_view name) noexcept {
    void* const memory = detail::allocate(sizeof(lookup));
    return memory ? new (memory) lookup(name) : nullptr;
  }
  void leave() noexcept {
    if (users_.fetch_sub(1, detail::memory_order_acq_rel) != 1) return;
    this->~lookup();
    detail::release(this);
  }

#if NARTHEX_HAS(THREADS)
  status start() noexcept;
  bool done_within(int ms) noexcept;

 private:
  static void* enter(void* self);
  wakeup done_;
#else
 private:
#endif
  void refuse(int code, const error& e) noexcept {
    const char* const said = ::gai_strerror(code);
    for (std::size_t i = 0; said && said[i] != '\0' && i + 1 < sizeof found_.words; ++i) {
      found_.words[i] = said[i];
      found_.words[i + 1] = '\0';
    }
    // Negative on glibc, positive elsewhere.
    result_ = code == EAI_SYSTEM ? e.to_status(name_)
                                 : status(errc::no_such_host, name_, static_cast<std::uint32_t>(code < 0 ? -code : code));
  }

  detail::shared<std::uint32_t> users_, is_done_;
  status result_;
  host_addresses found_;
  char name_[host_addresses::max_name + 1];
};

#if NARTHEX_HAS(THREADS)

/// Look-ups under way in the whole program: a resolver that is silent for a minute must not be given a thread
/// for every push of that minute.
template <class Once>
struct lookups {
  enum : std::uint32_t { most = 16 };
  static detail::shared<std::uint32_t> running, process;
};
template <class Once>
detail::shared<std::uint32_t> lookups<Once>::process(0);
template <class Once>
detail::shared<std::uint32_t> lookups<Once>::running(0);

inline void* lookup::enter(void* self) {
  lookup* const l = static_cast<lookup*>(self);
  l->run();
  l->is_done_.store(1, detail::memory_order_release);
  l->done_.ring();
  l->leave();
  lookups<void>::running.fetch_sub(1, detail::memory_order_relaxed);
  return nullptr;
}

/// Runs it in a detached thread, which takes no signal that was meant for the program.
inline status lookup::start() noexcept {
  status s = done_.open();
  if (!s.ok()) return s;
  // Those of the process that we were forked from are not here. The number is read before anybody can add to it.
  const std::uint32_t me = static_cast<std::uint32_t>(::getpid());
  std::uint32_t whose = lookups<void>::process.load(detail::memory_order_acquire);
  const std::uint32_t theirs = lookups<void>::running.load(detail::memory_order_acquire);
  if (whose != me && lookups<void>::process.compare_exchange_strong(whose, me, detail::memory_order_acq_rel,
                                                                    detail::memory_order_acquire)) {
    lookups<void>::running.fetch_sub(theirs, detail::memory_order_acq_rel);
  }
  if (lookups<void>::running.fetch_add(1, detail::memory_order_relaxed) >= lookups<void>::most) {
    lookups<void>::running.fetch_sub(1, detail::memory_order_relaxed);
    return status(errc::busy, name_);
  }
  pthread_attr_t detached;
  pthread_t id;
  error e = {::pthread_attr_init(&detached)};
  if (e.ok()) {
    ::pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    users_.fetch_add(1, detail::memory_order_relaxed);
    const without_signals from_here;
    e.code = ::pthread_create(&id, &detached, &enter, this);
    ::pthread_attr_destroy(&detached);
    if (!e.ok()) users_.fetch_sub(1, detail::memory_order_relaxed);
  }
  if (!e.ok()) lookups<void>::running.fetch_sub(1, detail::memory_order_relaxed);
  return e.to_status("thread");
}

inline bool lookup::done_within(int ms) noexcept {
  return deadline(ms < 0 ? 0 : ms).wait(done_.fd(), POLLIN, name_).ok() && is_done_.load(detail::memory_order_acquire) != 0;
}

#endif

/// Looks a host's name up. Numeric addresses and "localhost" are answered without asking anybody.
///
/// host:    at most host_addresses::max_name bytes, none of them NUL.
/// Errors:  errc::no_such_host (number() and out.words: the resolver's), errc::timeout, errc::no_memory, errc::busy when
///          16 look-ups are under way, errc::system.
/// Threads: the resolver runs in a detached thread, which lives until the resolver gives up, also after a timeout.
///          Without threads it runs in the caller's, and its own patience (seconds) is the limit.
inline status resolve(string_view host, int timeout_ms, host_addresses& out) noexcept {
  if (host == "localhost") {
    out.add("127.0.0.1");
    out.add("::1");
    return status();
  }
  if (is_numeric(host, AF_INET) || is_ipv6(host)) {
    out.add(host);
    return status();
  }
  if (host.empty() || host.size() > host_addresses::max_name) return status(errc::no_such_host, host);
  lookup* const l = lookup::make(host);
  if (!l) return status(errc::no_memory, host);
#if NARTHEX_HAS(THREADS)
  status s = l->start();
  if (s.ok() && !l->done_within(timeout_ms)) s = status(errc::timeout, host);
  if (s.ok()) {
    s = l->result();
    out = l->found();
  }
#else
  static_cast<void>(timeout_ms);
  l->run();
  const status s = l->result();
  out = l->found();
#endif
  l->leave();
  return s;
}

#else  // not here

inline bool is_ipv6(string_view) noexcept { return false; }
inline status resolve(string_view host, int, host_addresses&) noexcept { return status(errc::unsupported, host); }

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_RESOLVE_HPP
