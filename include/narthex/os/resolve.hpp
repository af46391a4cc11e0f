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
#include "narthex/os/owner.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/os/thread.hpp"
#include "narthex/os/windows.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if NARTHEX_HAS(POSIX)
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
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
  void put_words(const char* said) noexcept {
    for (std::size_t i = 0; said && said[i] != '\0' && i + 1 < sizeof words; ++i) {
      words[i] = said[i];
      words[i + 1] = '\0';
    }
  }
};

// ---- what differs between the systems ----

#if NARTHEX_HAS(POSIX)

inline bool is_numeric(string_view host, int family) noexcept {
  char text[host_addresses::max_text];
  unsigned char address[sizeof(in6_addr)];
  if (host.empty() || host.size() >= sizeof text) return false;
  std::memcpy(text, host.data(), host.size());
  text[host.size()] = '\0';
  return ::inet_pton(family, text, address) == 1;
}
inline bool is_ipv4(string_view host) noexcept { return is_numeric(host, AF_INET); }
inline bool is_ipv6(string_view host) noexcept { return is_numeric(host, AF_INET6); }

inline status refused_by_resolver(int code, const error& e, const char* name, host_addresses& out) noexcept {
  out.put_words(::gai_strerror(code));
  // Negative on glibc, positive elsewhere.
  return code == EAI_SYSTEM ? e.to_status(name)
                            : status(errc::no_such_host, name, static_cast<std::uint32_t>(code < 0 ? -code : code));
}

/// Asks the system's resolver, which takes its time.
inline status ask_resolver(const char* name, host_addresses& out) noexcept {
  addrinfo want;
  std::memset(&want, 0, sizeof want);
  want.ai_family = AF_UNSPEC;
  want.ai_socktype = SOCK_STREAM;
#if defined(AI_ADDRCONFIG)
  want.ai_flags = AI_ADDRCONFIG;  // no IPv6 address for a machine without IPv6
#endif
  addrinfo* all = nullptr;
  const int code = ::getaddrinfo(name, nullptr, &want, &all);
  const error e = error::last();
  if (code != 0) return refused_by_resolver(code, e, name, out);
  for (const addrinfo* a = all; a; a = a->ai_next) {
    char text[host_addresses::max_text];
    const void* const digits =
        a->ai_family == AF_INET6
            ? static_cast<const void*>(&static_cast<const sockaddr_in6*>(static_cast<const void*>(a->ai_addr))->sin6_addr)
            : static_cast<const void*>(&static_cast<const sockaddr_in*>(static_cast<const void*>(a->ai_addr))->sin_addr);
    if ((a->ai_family == AF_INET || a->ai_family == AF_INET6) &&
        ::inet_ntop(a->ai_family, digits, text, static_cast<socklen_t>(sizeof text))) {
      out.add(text);
    }
  }
  ::freeaddrinfo(all);
  return out.count > 0 ? status() : refused_by_resolver(EAI_NONAME, e, name, out);
}

#elif NARTHEX_HAS(WINDOWS)

inline bool is_numeric(string_view host, int family) noexcept {
  char text[host_addresses::max_text];
  unsigned char address[16];
  if (host.empty() || host.size() >= sizeof text) return false;
  std::memcpy(text, host.data(), host.size());
  text[host.size()] = '\0';
  return windows::inet_pton(family, text, address) == 1;
}
inline bool is_ipv4(string_view host) noexcept { return is_numeric(host, windows::af_inet); }
inline bool is_ipv6(string_view host) noexcept { return is_numeric(host, windows::af_inet6); }

/// Asks the system's resolver, which takes its time.
inline status ask_resolver(const char* name, host_addresses& out) noexcept {
  enum : int { addrconfig = 0x400 };  // no IPv6 address for a machine without IPv6
  error e = start_winsock();
  if (!e.ok()) return e.to_status(name);
  const windows::found_address want = {addrconfig, 0, windows::sock_stream, 0, 0, nullptr, nullptr, nullptr};
  addrinfo* all = nullptr;
  e.code = windows::getaddrinfo(name, nullptr, windows::as<addrinfo>(&want), &all);
  if (e.ok()) {
    for (const windows::found_address* a = windows::as<windows::found_address>(all); a; a = a->next) {
      char text[host_addresses::max_text];
      const void* const digits = a->family == windows::af_inet6
                                     ? static_cast<const windows::sockaddr_v6*>(a->address)->address
                                     : static_cast<const windows::sockaddr_v4*>(a->address)->address;
      if ((a->family == windows::af_inet || a->family == windows::af_inet6) &&
          windows::inet_ntop(a->family, digits, text, sizeof text)) {
        out.add(text);
      }
    }
    windows::freeaddrinfo(all);
    if (out.count == 0) e.code = windows::wsahost_not_found;
  }
  windows::WSACleanup();
  if (e.ok()) return status();
  char words[host_addresses::max_words];
  e.words(words, sizeof words);
  out.put_words(words);
  return status(errc::no_such_host, name, static_cast<std::uint32_t>(e.code));
}

#else  // not here

inline bool is_ipv6(string_view) noexcept { return false; }

#endif

#if NARTHEX_HAS(SOCKETS) && NARTHEX_HAS(HEAP)

/// One look-up. Whoever leaves last, the asker or its thread, frees it: getaddrinfo() cannot be broken off.
class lookup {
 public:
  explicit lookup(string_view name) noexcept : users_(1), is_done_(0) {
    std::memcpy(name_, name.data(), name.size());
    name_[name.size()] = '\0';
  }
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;

  void run() noexcept { result_ = ask_resolver(name_, found_); }
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
  bool done_within(int ms, const wakeup* bell) noexcept;

 private:
  static void enter(void* self);
  wakeup done_;
#else
 private:
#endif
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

inline void lookup::enter(void* self) {
  lookup* const l = static_cast<lookup*>(self);
  l->run();
  l->is_done_.store(1, detail::memory_order_release);
  l->done_.ring();
  l->leave();
  lookups<void>::running.fetch_sub(1, detail::memory_order_relaxed);
}

/// Runs it in a detached thread, which takes no signal that was meant for the program.
inline status lookup::start() noexcept {
  status s = done_.open();
  if (!s.ok()) return s;
  // Those of the process that we were forked from are not here. The number is read before anybody can add to it.
  const std::uint32_t me = owner().number();
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
  users_.fetch_add(1, detail::memory_order_relaxed);
  const error e = start_detached<&lookup::enter>(this);
  if (!e.ok()) {
    users_.fetch_sub(1, detail::memory_order_relaxed);
    lookups<void>::running.fetch_sub(1, detail::memory_order_relaxed);
  }
  return e.to_status("thread");
}

inline bool lookup::done_within(int ms, const wakeup* bell) noexcept {
  const int most = ms < 0 ? 0 : ms;
  const deadline end = bell ? deadline(most, *bell) : deadline(most);
  return end.wait(done_, name_).ok() && is_done_.load(detail::memory_order_acquire) != 0;
}

#endif

/// Looks a host's name up. Numeric addresses and "localhost" are answered without asking anybody.
///
/// host:    at most host_addresses::max_name bytes, none of them NUL.
/// bell:    rung, it ends the wait as the time would.
/// Errors:  errc::no_such_host (number() and out.words: the resolver's), errc::timeout, errc::no_memory, errc::busy when
///          16 look-ups are under way, errc::system.
/// Threads: the resolver runs in a detached thread, which lives until the resolver gives up, also after a timeout.
///          Without threads it runs in the caller's, and its own patience (seconds) is the limit.
inline status resolve(string_view host, int timeout_ms, host_addresses& out, const wakeup* bell = nullptr) noexcept {
  if (host == "localhost") {
    out.add("127.0.0.1");
    out.add("::1");
    return status();
  }
  if (is_ipv4(host) || is_ipv6(host)) {
    out.add(host);
    return status();
  }
  if (host.empty() || host.size() > host_addresses::max_name) return status(errc::no_such_host, host);
  lookup* const l = lookup::make(host);
  if (!l) return status(errc::no_memory, host);
#if NARTHEX_HAS(THREADS)
  status s = l->start();
  if (s.ok() && !l->done_within(timeout_ms, bell)) s = status(errc::timeout, host);
  if (s.ok()) {
    s = l->result();
    out = l->found();
  }
#else
  static_cast<void>(timeout_ms);
  static_cast<void>(bell);
  l->run();
  const status s = l->result();
  out = l->found();
#endif
  l->leave();
  return s;
}

#else  // not here

inline status resolve(string_view host, int, host_addresses&, const wakeup* = nullptr) noexcept { return status(errc::unsupported, host); }

#endif

}  // namespace os
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_OS_RESOLVE_HPP
