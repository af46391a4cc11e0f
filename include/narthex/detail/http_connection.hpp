// narthex/detail/http_connection.hpp - one client, from its coming to its going, without ever waiting for it.
// Room: balconies. Read http_exchange.hpp and os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_CONNECTION_HPP
#define NARTHEX_DETAIL_HTTP_CONNECTION_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/http_exchange.hpp"
#include "narthex/detail/http_request.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Reads requests and writes answers as far as the socket goes along; who owns it waits for all its clients together.
///
/// Memory: 28 KB in place, and while an answer goes out what the client has not taken yet: 8 KB and one series' text.
class http_connection {
 public:
  http_connection(http_site& site, const os::wakeup& bell) noexcept
      : site_(site), bell_(bell), is_(state::reading), first_(true), peer_done_(false), pending_(false), all_written_(false),
        used_(0), head_bytes_(0), began_(0), progress_(0), answer_us_(0), drain_until_(0), drained_(0),
        exchange_(nullptr) {}
  ~http_connection() { close(); }
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  /// Where its client is accepted; then opened() is told.
  os::socket& peer() noexcept { return peer_; }
  void opened(std::int64_t now) noexcept {
    began_ = now;
    if (site_.own) site_.own->connections.inc();
  }

  bool is_closed() const noexcept { return is_ == state::closed; }
  bool is_reading() const noexcept { return is_ == state::reading; }
  /// From when on it may be given up to make room: when it has said nothing for a while (who has just come may speak,
  /// however many come after it), or has taken nothing of its answers for a while longer.
  std::int64_t may_go_at() const noexcept {
    if (is_ == state::answering) return progress_ + stuck_ms;
    return pending_ ? INT64_MAX : began_ + patience_ms;
  }
  bool wants_to_write() const noexcept { return is_ == state::answering; }
  /// Whether it can go on without its socket: the next request has come with the last.
  bool has_work() const noexcept { return is_ == state::reading && pending_; }
  /// What became of it: ok when the last answer was whole.
  const status& result() const noexcept { return result_; }

  /// When expire() is to be called.
  std::int64_t due() const noexcept {
    const http_server_options& o = site_.options;
    if (is_ == state::reading) return began_ + (first_ || used_ ? o.read_timeout_ms : o.idle_timeout_ms);
    if (is_ == state::draining) return drain_until_;
    const std::int64_t all = began_ + o.request_timeout_ms, one = progress_ + o.write_timeout_ms;
    return all < one ? all : one;
  }

  /// Goes on, when the socket is ready or has_work().
  void proceed() {
    if (is_ == state::answering) return pump();
    if (is_ == state::draining) return drain();
    if (is_ != state::reading) return;
    if (!pending_ && !read()) return;
    if (pending_ || used_ >= site_.options.max_head_bytes) return answer(0);
    if (peer_done_) used_ ? answer(0) : leave(status(errc::closed, "read"));
  }

  void expire() {
    if (is_ == state::answering) return break_off(status(errc::timeout, "write"), "timeout");
    if (is_ == state::draining) return close();
    if (used_) return answer(408);
    if (first_) count_aborted("timeout");
    leave(status(errc::timeout, "read"));
  }

  /// For `ms` nobody looked at this client: another one's answer was being made. The time is not its own.
  void excuse(std::int64_t ms) noexcept {
    if (is_ == state::answering) progress_ += ms;
    else began_ += ms;
  }
  /// Reads what has come since the last wait; whether that makes a request.
  bool has_asked() {
    if (is_ == state::reading && !pending_) read();
    return has_work();
  }

  /// Makes room for another client.
  void give_up() {
    if (is_ == state::draining || is_ == state::closed) return close();
    if (is_ == state::answering) return break_off(status(errc::closed, "write"), "overload");
    if (first_ || used_) count_aborted("overload");
    if (used_) answer(503);
    if (is_ != state::closed) leave(status(errc::closed, "read"));
  }

  /// Closes as is; an answer that has begun is seen to be cut short.
  void close() noexcept {
    if (is_ == state::closed) return;
    if (is_ == state::answering) peer_.reset();
    peer_.close();
    end_exchange();
    is_ = state::closed;
    if (site_.own && began_) site_.own->connections.dec();
  }

 private:
  enum class state : std::uint8_t { reading, answering, draining, closed };
  enum : int { patience_ms = 100, stuck_ms = 1000 };
  enum : int { drain_ms = 500 };              // for the client's own close: a round trip, and a client that is busy
  enum : std::size_t { drain_bytes = 131072,  // what is read and thrown away meanwhile: a body that was not too large
                       part_bytes = 8192 };   // written by one call of the system
  enum : unsigned { parts_in_turn = 64 };     // then the other clients have theirs
  enum : int { turn_ms = 10 };                // or after that: 64 parts of compressed metrics take 30 ms

  string_view head() const noexcept { return string_view(head_, used_); }

  bool read() {
    std::size_t got = 0;
    const status s = peer_.read_now(head_ + used_, site_.options.max_head_bytes - used_, got);
    if (s.code() == errc::timeout) return false;
    if (!s.ok()) return leave(s), false;
    if (used_ == 0 && !first_) began_ = os::monotonic_ms();
    peer_done_ = got == 0;
    const bool new_line = got && std::memchr(head_ + used_, '\n', got);
    used_ += got;
    pending_ = new_line && http_request::is_complete(head());
    if (!pending_ && !first_) skip_empty_lines();
    return true;
  }
  /// Some clients send one behind a request: it is not the beginning of the next.
  void skip_empty_lines() noexcept {
    std::size_t n = 0;
    while (n < used_ && (head_[n] == '\r' || head_[n] == '\n')) ++n;
    used_ -= n;
    std::memmove(head_, head_ + n, used_);
  }

  /// code: 0, or why it is refused whatever it says.
  void answer(int code) {
    http_request request;
    request.read(head(), site_.options.max_head_bytes);
    if (code) {
      request.code = code;
      request.keep_alive = false;
    }
    const bool one_by_one = site_.options.serving == http_server_options::runs::in_serve_once || !NARTHEX_HAS(HEAP);
    if (one_by_one || (peer_done_ && request.head_bytes == used_)) request.keep_alive = false;
    head_bytes_ = request.head_bytes;
    pending_ = false;
    first_ = false;
    is_ = state::answering;
    all_written_ = false;
    answer_us_ = os::monotonic_us();
    progress_ = answer_us_ / 1000;
    const sink out = {&take, this};
    exchange_ = new (&room_) http_exchange(site_, request, out);
    exchange_->begin();
    pump();
  }

  /// What the exchange writes is kept until the client takes it. Without memory for that, it is waited for.
  static bool take(void* self, const char* data, std::size_t size) {
    http_connection& c = *static_cast<http_connection*>(self);
    if (c.out_.append(string_view(data, size))) return true;
    const std::int64_t left = c.due() - os::monotonic_ms();
    const os::deadline until(left > 0 ? static_cast<int>(left) : 0, c.bell_);
    const string_view kept = c.out_.text();
    if (!c.peer_.write(kept.data(), kept.size(), until).ok() || !c.peer_.write(data, size, until).ok()) return false;
    c.count_sent(kept.size() + size);
    c.progress_ = os::monotonic_ms();
    c.out_.clear();
    return true;
  }

  void pump() {
    const std::int64_t begun = os::monotonic_ms();
    for (unsigned parts = 0; parts < parts_in_turn && os::monotonic_ms() - begun < turn_ms; ++parts) {
      const bool owed = out_.size() > 0;
      while (!all_written_ && out_.size() < part_bytes && !exchange_->broken()) all_written_ = !exchange_->more();
      const std::int64_t now = os::monotonic_ms();
      if (!owed) progress_ = now;  // it had taken everything: the time was the registry's, whose callbacks may be slow
      if (now >= due()) return expire();
      if (exchange_->broken()) return break_off(status(errc::closed, "write"), "broken");
      std::size_t put = 0;
      const status s = peer_.write_now(out_.text().data(), out_.size(), put);
      out_.take(put);
      count_sent(put);
      if (put) progress_ = now;
      if (s.code() == errc::timeout) break;
      if (!s.ok()) return break_off(s, "broken");
      if (all_written_ && out_.size() == 0) return finish(now);
    }
  }

  void finish(std::int64_t now) {
    result_ = status();
    if (exchange_->is_scrape()) site_.scraped.note(now);
    if (site_.own) site_.own->requests.labels(exchange_->code()).inc();
    if (site_.own && exchange_->is_scrape()) {
      site_.own->scrape_seconds.observe(static_cast<double>(os::monotonic_us() - answer_us_) / 1e6);
    }
    const bool stays = exchange_->keeps_alive();
    end_exchange();
    began_ = now;
    if (stays) {
      used_ -= head_bytes_;
      std::memmove(head_, head_ + head_bytes_, used_);
      skip_empty_lines();
      is_ = state::reading;
      pending_ = http_request::is_complete(head());
      return;
    }
    // A close with unread input sends a reset, and a reset makes the peer's system throw away what it has not handed
    // over yet: so the end is announced, and what still comes in is read before the descriptor goes.
    peer_.half_close();
    is_ = state::draining;
    drain_until_ = now + drain_ms;
    drain();
  }

  void drain() {
    for (; drained_ < drain_bytes;) {
      std::size_t got = 0;
      const status s = peer_.read_now(head_, sizeof head_, got);
      if (s.code() == errc::timeout) return;
      if (!s.ok() || got == 0) break;
      drained_ += got;
    }
    close();
  }

  /// Ends without owing anything.
  void leave(const status& why) {
    result_ = why;
    close();
  }
  /// Ends in the middle of an answer, with a reset: nobody must take it for whole.
  void break_off(const status& why, const char* reason) {
    count_aborted(reason);
    result_ = why;
    close();
  }
  void end_exchange() noexcept {
    if (exchange_) exchange_->~http_exchange();
    exchange_ = nullptr;
    out_.clear();
    out_.shrink(4 * part_bytes);
  }
  void count_aborted(const char* reason) noexcept {
    if (site_.own) site_.own->aborted.labels(reason).inc();
  }
  void count_sent(std::size_t bytes) noexcept {
    if (site_.own) site_.own->sent_bytes.inc(bytes);
  }

  http_site& site_;
  const os::wakeup& bell_;
  os::socket peer_;
  status result_;
  state is_;
  bool first_;        // its first request has not come yet
  bool peer_done_;    // the client has sent everything
  bool pending_;      // a whole request lies in head_
  bool all_written_;  // the exchange has nothing more to write
  std::size_t used_, head_bytes_;
  std::int64_t began_;     // the request, or the silence before it
  std::int64_t progress_;  // when the client last took something
  std::int64_t answer_us_;  // when the answer began
  std::int64_t drain_until_;
  std::size_t drained_;
  byte_buffer out_;
  http_exchange* exchange_;
  char head_[http_server_options::max_head];
  alignas(http_exchange) unsigned char room_[sizeof(http_exchange)];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_CONNECTION_HPP
