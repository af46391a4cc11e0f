// narthex/detail/http_peer.hpp - the other end of one exchange: behind a socket, or behind the program's own transport.
// Room: balconies. Read os/socket.hpp and transport.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_PEER_HPP
#define NARTHEX_DETAIL_HTTP_PEER_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/transport.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A connection that is waited for in both directions.
///
/// bell: rung, it ends every wait; a transport's after slice_ms, and its connecting not before it ends by itself.
class http_peer {
 public:
  enum class event { none, readable, writable, rung };
  enum : int { slice_ms = 100 };

  http_peer(const transport& over, os::wakeup* bell) noexcept : over_(over), bell_(bell) {}
  ~http_peer() { close(); }
  http_peer(const http_peer&) = delete;
  http_peer& operator=(const http_peer&) = delete;

  bool is_rung() const noexcept { return bell_ && bell_->rung_within(0); }

  status connect(const transport_target& to, int most_ms) noexcept {
    if (!over_.is_set()) {
      return socket_.connect(to.address, to.port, bell_ ? os::deadline(most_ms, *bell_) : os::deadline(most_ms));
    }
    const status s = over_.connect(over_.context, to, most_ms, connection_);
    is_open_ = s.ok();
    return s;
  }

  /// What can be done next, within `most_ms`. Something to read comes first: it may end the sending. Of a transport the caller asks
  /// is_rung() in between.
  event wait(bool sending, int most_ms) noexcept {
    if (over_.is_set()) {  // it waits in its own calls, and each direction has its turn
      was_sending_ = sending && !was_sending_;
      call_ms_ = sending && !was_sending_ ? 0 : most_ms < slice_ms ? most_ms : static_cast<int>(slice_ms);
      return was_sending_ ? event::writable : event::readable;
    }
    os::poll_set set;
    const unsigned in = set.add(socket_.handle(), os::poll_set::what::reading);
    const unsigned out = set.add(socket_.handle(), sending ? os::poll_set::what::writing : os::poll_set::what::nothing);
    const unsigned bell = bell_ ? set.add(*bell_) : os::poll_set::room;
    set.wait(most_ms);
    if (bell_ && set.ready(bell)) return event::rung;
    if (set.ready(in)) return event::readable;
    return set.ready(out) ? event::writable : event::none;
  }

  // errc::timeout: nothing could be done now.
  status read(char* data, std::size_t size, std::size_t& got) noexcept {
    if (!over_.is_set()) return socket_.read_now(data, size, got);
    got = 0;
    const status s = over_.receive(connection_, data, size, call_ms_, got);
    return checked(s, size, got);
  }
  status write(string_view from, std::size_t& put) noexcept {
    if (!over_.is_set()) return socket_.write_now(from.data(), from.size(), put);
    put = 0;
    const status s = over_.send(connection_, from.data(), from.size(), call_ms_, put);
    return s.ok() && put == 0 ? status(errc::timeout, "send") : checked(s, from.size(), put);
  }

  void close() noexcept {
    if (is_open_) over_.close(connection_);
    is_open_ = false;
    socket_.close();
  }
  /// So that what was cut short does not look as if it had ended; a transport's end is never mistaken for that of a body with a length.
  void reset() noexcept {
    if (over_.is_set()) close();
    else socket_.reset();
  }

 private:
  /// A count that cannot be: nothing of it is believed.
  static status checked(const status& s, std::size_t size, std::size_t& count) noexcept {
    if (!s.ok()) count = 0;
    if (count <= size) return s;
    count = 0;
    return status(errc::transport_failed, "a transport that did more than it was asked for");
  }

  transport over_;
  os::wakeup* bell_;
  os::socket socket_;
  void* connection_ = nullptr;
  int call_ms_ = 0;
  bool is_open_ = false, was_sending_ = false;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_PEER_HPP
