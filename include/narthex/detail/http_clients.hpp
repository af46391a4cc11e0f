// narthex/detail/http_clients.hpp - all clients of a server, served by one thread that waits for none of them.
// Room: balconies. Read http_connection.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_CLIENTS_HPP
#define NARTHEX_DETAIL_HTTP_CLIENTS_HPP

#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/http_connection.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/status.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Memory: a pointer for each client that may come, and one allocation for each that is there.
class http_clients {
 public:
  http_clients(http_site& site, os::socket& listener, os::wakeup& bell) noexcept
      : site_(site), listener_(listener), bell_(bell), count_(0), pause_until_(0) {
    const unsigned wanted = site.options.max_connections, most = http_server_options::most_connections;
    limit_ = wanted < 1 ? 1 : wanted < most ? wanted : most;
  }
  ~http_clients() {
    while (count_) drop(count_ - 1);
  }
  http_clients(const http_clients&) = delete;
  http_clients& operator=(const http_clients&) = delete;

  /// Serves until the bell rings, then lets answers that have begun go on for a while.
  void serve() {
    while (turn(-1)) continue;
    listener_.close();
    const std::int64_t end = os::monotonic_ms() + site_.options.stop_timeout_ms;
    for (unsigned i = count_; i-- > 0;) {
      if (all_[i]->is_reading()) drop(i);
    }
    while (count_ && os::monotonic_ms() < end) turn(end);
  }

 private:
  enum : int { pause_ms = 100 };  // out of descriptors or memory: the next accept would say the same at once, for ever
  enum : int { accepts_in_turn = 16 };
  enum : std::int64_t { never = INT64_MAX };

  /// One wait, and what it brought. until: 0 or later, the server is stopping; false when the bell has rung.
  bool turn(std::int64_t until) {
    const bool stopping = until >= 0;
    const std::int64_t begun = os::monotonic_ms();
    const std::int64_t room_at = has_room_at();
    const bool takes = !stopping && room_at <= begun;
    std::int64_t due = until;
    if (!stopping && !takes && room_at != never) due = room_at;
    set_.clear();
    const unsigned bell = stopping ? 0 : set_.add(bell_);
    const unsigned door = set_.add(listener_.handle(), takes ? os::poll_set::what::reading : os::poll_set::what::nothing);
    const unsigned first = door + 1;
    for (unsigned i = 0; i < count_; ++i) {
      http_connection& c = *all_[i];
      set_.add(c.peer().handle(), c.wants_to_write() ? os::poll_set::what::writing : os::poll_set::what::reading);
      const std::int64_t at = c.has_work() ? begun : c.due();
      if (due < 0 || at < due) due = at;
    }
    set_.wait(due < 0 ? -1 : due > begun ? due - begun : 0);
    if (!stopping && set_.ready(bell)) return false;

    for (unsigned i = count_; i-- > 0;) {  // downwards: drop() puts the last one in the place of the dropped
      http_connection& c = *all_[i];
      if (os::monotonic_ms() >= c.due()) c.expire();
      else if (set_.ready(first + i) || c.has_work()) proceed(c);
      if (c.is_closed() || (stopping && c.is_reading())) drop(i);
    }
    if (takes && set_.ready(door) && !set_.is_blind()) accept();
    return true;
  }

  /// What the one takes is no time of the others.
  void proceed(http_connection& c) {
    const std::int64_t before = os::monotonic_ms();
    c.proceed();
    const std::int64_t took = os::monotonic_ms() - before;
    for (unsigned i = 0; took > 0 && i < count_; ++i) {
      if (all_[i] != &c) all_[i]->excuse(took);
    }
  }

  void accept() {
    for (int i = 0; i < accepts_in_turn; ++i) {
      if (has_room_at() > os::monotonic_ms()) return;
      // That somebody waits is known for the first only.
      if (count_ == limit_ && (i > 0 || !make_room())) return;
      void* const memory = allocate(sizeof(http_connection));
      if (!memory) return pause();
      http_connection* const c = new (memory) http_connection(site_, bell_);
      status s = listener_.accept(c->peer(), os::deadline(0));
      // Without descriptors the system says so even when nobody waits: room is made only for one who does.
      const bool squeezed = s.code() == errc::too_many_descriptors && i == 0 && make_room();
      if (squeezed) {
        s = listener_.accept(c->peer(), os::deadline(0));
      }
      if (!s.ok()) {
        c->~http_connection();
        release(c);
        if (s.code() != errc::timeout && i == 0) pause();
        return;
      }
      all_[count_++] = c;
      c->opened(os::monotonic_ms());
      proceed(*c);  // its request has mostly come already
      if (c->is_closed()) drop(count_ - 1);
      if (squeezed) return;
    }
  }
  void pause() noexcept { pause_until_ = os::monotonic_ms() + pause_ms; }

  /// The client that may be given up first; count_ when there is none.
  unsigned first_to_go() const noexcept {
    unsigned found = count_;
    for (unsigned i = 0; i < count_; ++i) {
      if (all_[i]->may_go_at() < go_at(found)) found = i;
    }
    return found;
  }
  std::int64_t go_at(unsigned i) const noexcept { return i == count_ ? std::int64_t(never) : all_[i]->may_go_at(); }
  /// From when on another client can be taken.
  std::int64_t has_room_at() const noexcept {
    const std::int64_t at = count_ < limit_ ? 0 : go_at(first_to_go());
    return at > pause_until_ ? at : pause_until_;
  }
  bool make_room() {
    for (;;) {
      const unsigned i = first_to_go();
      if (go_at(i) > os::monotonic_ms()) return false;
      if (all_[i]->has_asked()) continue;  // since the last wait
      all_[i]->give_up();
      drop(i);
      return true;
    }
  }
  void drop(unsigned i) noexcept {
    all_[i]->~http_connection();
    release(all_[i]);
    all_[i] = all_[--count_];
  }

  http_site& site_;
  os::socket& listener_;
  os::wakeup& bell_;
  unsigned limit_, count_;
  std::int64_t pause_until_;
  os::poll_set set_;
  http_connection* all_[http_server_options::most_connections];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_HTTP_CLIENTS_HPP
