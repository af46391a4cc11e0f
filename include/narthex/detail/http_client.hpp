// narthex/detail/http_client.hpp - one HTTP request to a host's name, and the answer, within a deadline.
// Room: balconies. Read os/resolve.hpp, detail/http_peer.hpp and detail/http_answer.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_CLIENT_HPP
#define NARTHEX_DETAIL_HTTP_CLIENT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/http_answer.hpp"
#include "narthex/detail/http_peer.hpp"
#include "narthex/os/resolve.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/transport.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A connection for one exchange, which both sides close after it.
///
/// Errors: what() says during which step, where that helps.
class http_client {
 public:
  /// timeout_ms: for everything; connect_timeout_ms: for each address of the name. bell: rung, it ends everything at once,
  /// as the time would.
  http_client(int timeout_ms, int connect_timeout_ms, const transport& over, os::wakeup* bell = nullptr) noexcept
      : end_(os::monotonic_ms() + timeout_ms), connect_timeout_ms_(connect_timeout_ms), bell_(bell), what_(""), peer_(over, bell) {}

  /// Connects to the first address of the name that answers.
  /// Errors: of the look-up; when no address answers, of the first one tried.
  status connect(string_view host, std::uint16_t port, transport_target::scheme of) noexcept {
    char name[os::host_addresses::max_name + 1];
    if (host.size() >= sizeof name) return status(errc::no_such_host, host);
    std::memcpy(name, host.data(), host.size());
    name[host.size()] = '\0';
    what_ = "while the name was looked up";
    status s = os::resolve(host, left_ms(), addresses_, bell_);
    if (!s.ok()) return s;
    what_ = "while connecting";
    for (unsigned i = 0; i < addresses_.count; ++i) {
      const int left = left_ms();
      if (left == 0) return i == 0 ? status(errc::timeout, host) : s;
      const int most = left < connect_timeout_ms_ ? left : connect_timeout_ms_;
      const transport_target to = {name, addresses_.text[i], port, of};
      const status one = peer_.connect(to, most);
      if (one.ok()) return one;
      if (i == 0) s = one;
    }
    peer_.close();
    return s;
  }

  /// Sends head and body and reads the answer. An answer that comes early ends the sending: a gateway that refuses the first
  /// line of a large body closes soon after, and "connection reset" would hide its reason.
  ///
  /// Errors:  errc::timeout, errc::closed, errc::system. What the answer holds by then is kept: it may be all that matters.
  ///          errc::bad_response: not HTTP, cut short, too large, or a success before all was sent.
  status exchange(string_view head, string_view body, http_answer& answer) noexcept {
    const status s = talk(head, body, answer);
    // A reset takes back what was not read yet: half a body must not be mistaken for a whole one.
    if (s.ok()) peer_.close();
    else peer_.reset();
    return s;
  }

  const char* what() const noexcept { return what_; }
  /// The resolver's, of a name that was not found; or "".
  const char* words() const noexcept { return addresses_.words; }

 private:
  int left_ms() const noexcept {
    const std::int64_t left = peer_.is_rung() ? 0 : end_ - os::monotonic_ms();
    return left > 0 ? static_cast<int>(left) : 0;
  }

  status talk(string_view head, string_view body, http_answer& answer) noexcept {
    // One buffer for the head and what of the body fits: two small packets would wait for each other's acknowledgement.
    char first[8192];
    string_view rest[2] = {head, body};
    std::size_t ready = fill(first, sizeof first, rest[0]);
    ready += fill(first + ready, sizeof first - ready, rest[1]);
    string_view now(first, ready);
    unsigned next = 0;
    status broken;
    what_ = "while sending";
    for (;;) {
      while (now.empty() && next < 2) now = rest[next++];
      const bool sending = broken.ok() && !now.empty() && answer.code() == 0;
      if (now.empty()) what_ = answer.begun() ? "while reading the answer" : "while waiting for the answer";
      const int left = left_ms();
      if (left == 0) return status(errc::timeout, "push");
      const http_peer::event now_can = peer_.wait(sending, left);
      if (now_can == http_peer::event::rung) return status(errc::timeout, "push");
      if (now_can == http_peer::event::readable) {
        char part[2048];
        std::size_t got = 0;
        const status s = peer_.read(part, sizeof part, got);
        if (!s.ok() && s.code() != errc::timeout) return broken.ok() ? s : broken;
        if (s.ok() && got == 0) answer.end();
        answer.feed(string_view(part, got));
        if (answer.is_complete()) return now.empty() || answer.code() >= 300 ? status() : status(errc::bad_response, "push");
        if (s.ok() && got == 0 && !answer.begun()) return broken.ok() ? status(errc::closed, "push") : broken;
        if (answer.is_bad()) return status(errc::bad_response, "push");
      } else if (now_can == http_peer::event::writable) {
        std::size_t put = 0;
        const status s = peer_.write(now, put);
        now = now.from(put);
        if (!s.ok() && s.code() != errc::timeout) broken = s;  // what the peer said before may still be there to read
      }
    }
  }

  static std::size_t fill(char* to, std::size_t room, string_view& from) noexcept {
    const std::size_t n = from.size() < room ? from.size() : room;
    if (n > 0) std::memcpy(to, from.data(), n);
    from = from.from(n);
    return n;
  }

  std::int64_t end_;
  int connect_timeout_ms_;
  os::wakeup* bell_;
  const char* what_;
  os::host_addresses addresses_;
  http_peer peer_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_CLIENT_HPP
