// narthex/push_gateway.hpp - hands a registry's metrics to a Pushgateway, for programs too short-lived to be scraped.
// Room: balconies. Read detail/push_*.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PUSH_GATEWAY_HPP
#define NARTHEX_PUSH_GATEWAY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/group_path.hpp"
#include "narthex/detail/http_answer.hpp"
#include "narthex/detail/http_client.hpp"
#include "narthex/detail/id_rule.hpp"
#include "narthex/detail/push_body.hpp"
#include "narthex/detail/push_gateway_options.hpp"
#include "narthex/detail/push_request.hpp"
#include "narthex/detail/push_result.hpp"
#include "narthex/detail/rate_window.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/label.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

namespace detail {
class push_targets;
class spool;
class spool_delivery;
}  // namespace detail

#if NARTHEX_HAS(METRICS)
/// Pushes a registry's metrics to one group of a Pushgateway.
///
///   nx::push_gateway gw{"http://127.0.0.1:9091", "nightly_batch", {{"instance", "db-3"}}};
///   const nx::push_result r = gw.push();
///   if (!r.ok()) std::fputs(r.error(), stderr);
///
/// Everything a gateway would refuse or be poisoned by is refused before a byte is sent: a bad grouping key when the object is
/// made, a metric with a label of the grouping key or a name of the gateway's own at the push.
///
/// registry: lives longer than this object.
/// url:      "http://host:port/prefix"; without "http://" that is assumed; without a port it is 80 as for any URL (a
///           Pushgateway listens at 9091). "https://..." with a transport of yours in the options that speaks TLS: see transport.hpp. A name, an IPv4 or an [IPv6] address; no user, query or fragment.
/// job:      not empty. labels: the rest of the grouping key; well-formed UTF-8. Not "job", "le", "quantile", "what", "__...".
///           One that looks like the id of a request, a run or a moment (the rule is in detail/id_rule.hpp) is told to the error
///           hook and counted in narthex_push_suspect_groups_total, and pushed: each value is a group that stays for ever.
/// Rate:     10 pushes in any 60 seconds, whatever comes of them, unless the options say more: what is pushed between two scrapes
///           of the gateway nobody ever sees. One too many gets errc::too_often, sends nothing, and is counted in
///           narthex_refused_total{what="push"}.
/// Errors:   of the arguments: kept in status() and answered by every push. Nothing throws, logs or touches the process.
/// Threads:  any; one push at a time: who comes meanwhile gets errc::busy at once (as does the child of a fork in mid-push).
///           The registry's callbacks run in the pushing thread. A name is looked up in a detached thread, which may outlive
///           the push by the resolver's patience; numeric addresses and "localhost" need none.
/// Memory:   what it was given is copied; during a push, the whole exposition, and about 30 kB of stack. Needs a heap and
///           sockets: elsewhere every call answers errc::unsupported.
/// Source:   Pushgateway, README, "Use it", "API"; RFC 9112.
class push_gateway {
 public:
  push_gateway(string_view url, string_view job,
               const detail::group_labels& labels = detail::group_labels(),
               const push_gateway_options& options = push_gateway_options()) noexcept
      : push_gateway(default_registry(), url, job, labels, options) {}
  push_gateway(registry_core& registry, string_view url, string_view job,
               const detail::group_labels& labels = detail::group_labels(),
               const push_gateway_options& options = push_gateway_options()) noexcept;
  push_gateway(const push_gateway&) = delete;
  push_gateway& operator=(const push_gateway&) = delete;

  /// ok, or what of the arguments was refused.
  const NARTHEX_NAMESPACE::status& status() const noexcept { return status_; }
  bool ok() const noexcept { return status_.ok(); }

  /// Replaces everything in the group by what the registry shows now (PUT).
  ///
  /// Errors:  errc::too_often: the rate is used up; nothing was sent, and the status' number() says for how many milliseconds.
  ///          errc::empty_exposition when the registry shows nothing: it would wipe the group. errc::label_clash,
  ///          reserved_metric, too_large, no_memory: nothing was sent. errc::no_such_host, timeout, closed, system, transport_failed:
  ///          the way there. errc::http_refused, redirected, no_gateway, bad_response: the other side. After a timeout the gateway may have
  ///          taken it or not.
  push_result push() noexcept { return run("PUT", body::required, turn::within_rate); }

  /// Replaces the metrics of the same names in the group, and leaves the others (POST). Of an empty registry it only
  /// refreshes the group's push_time_seconds.
  push_result push_add() noexcept { return run("POST", body::optional, turn::within_rate); }

  /// Removes the group, with exactly this job and these labels (DELETE). ok also when there is none. At any rate.
  push_result delete_group() noexcept { return run("DELETE", body::none, turn::free); }

 private:
  friend class batch_job;
  friend class periodic_pusher;
  friend class detail::push_targets;
  friend class detail::spool;
  friend class detail::spool_delivery;
  push_gateway(registry_core& registry, string_view url, const detail::group_path& group, const push_gateway_options& options) noexcept;
  enum class body { none, optional, required };
  enum class turn { within_rate, free };  // free: the last push of a program, and deletions

  /// most_ms: of the options' timeout_ms; bell: ends it as that would.
  push_result run(const char* verb, body wanted, turn which, int most_ms = 0x7fffffff, os::wakeup* bell = nullptr) noexcept;
  /// Of a gateway that has failed: no longer than a connection may take, as others wait for their push.
  int briefly(int most_ms) const noexcept { return most_ms < request_.connect_timeout_ms ? most_ms : request_.connect_timeout_ms; }
  push_result probe(int most_ms, os::wakeup* bell) const noexcept { return send("GET", "/-/ready", "", nullptr, briefly(most_ms), bell); }
  push_result exchange(const char* verb, body wanted, int most_ms, os::wakeup* bell) noexcept;
  push_result send(string_view verb, string_view path, string_view text, const detail::content_coding* coding, int most_ms,
                   os::wakeup* bell, const sink* page = nullptr) const noexcept;
  push_result refused_as_too_often(std::int64_t left_ms) const noexcept;
  push_result refused(const NARTHEX_NAMESPACE::status& why) const noexcept;
  static push_result refused_here(const NARTHEX_NAMESPACE::status& why) noexcept;
  push_result failed(const NARTHEX_NAMESPACE::status& why, const detail::http_client& client,
                     const detail::http_answer& answer) const noexcept;

  registry_core& registry_;
  detail::push_request request_;
  NARTHEX_NAMESPACE::status status_;
  std::int64_t (*clock_ms_)();
  detail::rate_window window_;  // of whoever is not busy
  detail::shared<std::uint32_t> busy_;
};

// ---- bodies ----

inline push_gateway::push_gateway(registry_core& registry, string_view url, string_view job,
                                  const detail::group_labels& labels, const push_gateway_options& options) noexcept
    : push_gateway(registry, url, detail::group_path(job, labels), options) {
  if (status_.ok()) detail::warn_of_ids(registry, detail::group_path(job, labels));
}

inline push_gateway::push_gateway(registry_core& registry, string_view url, const detail::group_path& group,
                                  const push_gateway_options& options) noexcept
    : registry_(registry), status_(request_.prepare(url, group, options)),
      clock_ms_(options.clock_ms ? options.clock_ms : &os::monotonic_ms), busy_(0) {
  if (status_.ok() && !window_.set(options.pushes, options.per_seconds)) {
    status_ = NARTHEX_NAMESPACE::status(errc::bad_rate, "push_gateway", push_gateway_options::max_pushes);
  }
}

inline push_result push_gateway::run(const char* verb, body wanted, turn which, int most_ms, os::wakeup* bell) noexcept {
  if (!status_.ok()) return refused(status_);
  if (busy_.exchange(1, detail::memory_order_acquire) != 0) {
    return refused(NARTHEX_NAMESPACE::status(errc::busy, ""));
  }
  const std::int64_t left_ms = which == turn::free ? 0 : window_.enter(clock_ms_());
  const push_result r = left_ms > 0 ? refused_as_too_often(left_ms) : exchange(verb, wanted, most_ms, bell);
  busy_.store(0, detail::memory_order_release);
  return r;
}

inline push_result push_gateway::exchange(const char* verb, body wanted, int most_ms, os::wakeup* bell) noexcept {
  using answer = NARTHEX_NAMESPACE::status;
  detail::byte_buffer text;
  const detail::content_coding* coding = wanted == body::none ? nullptr : request_.coding;
  if (wanted != body::none) {
    const answer s = detail::write_push_body(registry_, request_.names(), request_.max_body_bytes, coding, text);
    if (!s.ok()) return refused(s);
    if (text.size() == 0 && wanted == body::required) return refused(answer(errc::empty_exposition, ""));
  }
  return send(verb, request_.group(), text.text(), coding, most_ms, bell);
}

/// One request to this gateway, and its answer.
inline push_result push_gateway::send(string_view verb, string_view path, string_view text, const detail::content_coding* coding,
                                      int most_ms, os::wakeup* bell, const sink* page) const noexcept {
  detail::byte_buffer head;
  if (!request_.write_head(verb, path, text.size(), coding, head)) return refused(NARTHEX_NAMESPACE::status(errc::no_memory, ""));
  detail::http_client client(most_ms < request_.timeout_ms ? most_ms : request_.timeout_ms, request_.connect_timeout_ms,
                             request_.over, bell);
  detail::http_answer got(page);
  NARTHEX_NAMESPACE::status s = client.connect(request_.host(), request_.port, request_.scheme);
  if (s.ok()) s = client.exchange(head.text(), text, got);
  push_result r = failed(s, client, got);
  r.body_bytes_ = text.size();
  return r;
}

inline push_result push_gateway::refused_as_too_often(std::int64_t left_ms) const noexcept {
  registry_.count(mistake::push);
  const std::int64_t most = 0xffffffff;  // of a clock that went backwards
  return refused(NARTHEX_NAMESPACE::status(errc::too_often, "push", static_cast<std::uint32_t>(left_ms < most ? left_ms : most)));
}

/// Before anything was sent: the offender is ours to name.
inline push_result push_gateway::refused(const NARTHEX_NAMESPACE::status& why) const noexcept {
  push_result r;
  char text[NARTHEX_NAMESPACE::status::max_message];
  r.why_ = why.subject()[0] != '\0' ? why : NARTHEX_NAMESPACE::status(why.code(), request_.address());
  r.put_address(request_.address());
  r.put(string_view(text, why.message(text, sizeof text)));
  return r;
}

/// Of something on this machine: the address has no part in it.
inline push_result push_gateway::refused_here(const NARTHEX_NAMESPACE::status& why) noexcept {
  push_result r;
  char text[NARTHEX_NAMESPACE::status::max_message];
  r.why_ = why;
  r.put(string_view(text, why.message(text, sizeof text)));
  return r;
}

/// After it was sent, or while: the status belongs to the address, and the words come from whoever said no.
inline push_result push_gateway::failed(const NARTHEX_NAMESPACE::status& why, const detail::http_client& client,
                                        const detail::http_answer& answer) const noexcept {
  using local = NARTHEX_NAMESPACE::status;
  push_result r;
  const string_view to = request_.address();
  const int code = answer.code();
  const std::uint32_t number = static_cast<std::uint32_t>(code);
  const bool taken = code == 200 || code == 202;
  r.http_status_ = code;
  const string_view said = answer.words();
  std::size_t front = 0;
  while (front < said.size() && said[front] <= ' ') ++front;
  // node_exporter 1.5, and whatever shows a page at every path, answers a PUT with 200; a gateway has nothing to show.
  const bool page = front < said.size() && said[front] == '<';
  if (taken && why.ok() && !page) return r;
  char words[128] = "";
  string_view more = client.words();
  if (code != 0 && !taken) {  // all that is needed, even if what followed broke off
    const bool elsewhere = code >= 300 && code < 400;
    r.why_ = local(elsewhere ? errc::redirected : errc::http_refused, to, number);
    more = elsewhere ? answer.location() : said;
  } else if (taken && page) {
    r.why_ = local(errc::no_gateway, to, number);
    more = said;
  } else if (why.code() == errc::bad_response) {
    r.why_ = local(errc::bad_response, to);
    more = said;
  } else {
    r.why_ = why.number() ? local(why.code(), to, why.number()) : local(why.code(), to);
    const os::error e = {static_cast<int>(why.number())};
    if (why.code() == errc::timeout || why.code() == errc::closed) more = client.what();
    else if (why.code() == errc::transport_failed) more = why.subject();
    else if (why.code() != errc::no_such_host && why.number() && e.words(words, sizeof words) > 0) more = words;
  }
  r.put_address(to);
  if (words[0] == '\0') {
    const local plain = r.why_.number() ? local(r.why_.code(), "", r.why_.number()) : local(r.why_.code(), "");
    char text[local::max_message];
    r.put(string_view(text, plain.message(text, sizeof text)));
    if (!more.empty()) r.put(more == client.what() ? " " : ": ");
  }
  r.put(more);
  return r;
}

#else  // compiled out: nothing is sent, and every answer is ok

class NARTHEX_DETAIL_IDLE push_gateway {
 public:
  push_gateway(string_view, string_view, const detail::group_labels& = detail::group_labels(),
               const push_gateway_options& = push_gateway_options()) noexcept {}
  push_gateway(registry_core&, string_view, string_view, const detail::group_labels& = detail::group_labels(),
               const push_gateway_options& = push_gateway_options()) noexcept {}
  push_gateway(const push_gateway&) = delete;
  push_gateway& operator=(const push_gateway&) = delete;
  const NARTHEX_NAMESPACE::status& status() const noexcept {
    static const NARTHEX_NAMESPACE::status fine;
    return fine;
  }
  bool ok() const noexcept { return true; }
  push_result push() noexcept { return push_result(); }
  push_result push_add() noexcept { return push_result(); }
  push_result delete_group() noexcept { return push_result(); }
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PUSH_GATEWAY_HPP
