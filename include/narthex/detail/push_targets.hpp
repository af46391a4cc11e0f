// narthex/detail/push_targets.hpp - one group on one gateway of several, or on all: tried in order, left, returned to, cleaned up.
// Room: balconies. Read push_gateway.hpp and detail/gateway_ring.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_TARGETS_HPP
#define NARTHEX_DETAIL_PUSH_TARGETS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/gateway_ring.hpp"
#include "narthex/detail/group_path.hpp"
#include "narthex/detail/periodic_pusher_options.hpp"
#include "narthex/detail/push_metrics.hpp"
#include "narthex/detail/push_result.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/error_hook.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/push_gateway.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(METRICS)
/// The gateways of a periodic_pusher. Each one that is tried gets a fresh body.
///
/// Threads: one at a time.
class push_targets {
 public:
  /// options: as they are, but for the gateways' own.
  push_targets(registry_core& registry, string_view url, const group_path& group, const push_gateway_options& gateway,
               const periodic_pusher_options& options, push_metrics& metrics) noexcept
      : metrics_(metrics), ring_(1 + (options.more_gateways < most_more ? options.more_gateways : most_more)),
        to_all_(options.to == periodic_pusher_options::targets::all), has_failed_(false),
        sequence_ms_(0) {
    for (unsigned i = 0; i < ring_.size(); ++i) {
      new (rooms_[i].bytes) push_gateway(registry, i == 0 ? url : options.gateways[i - 1], group, gateway);
      holds_[i] = false;
    }
    if (options.more_gateways > most_more) why_ = status(errc::too_large, "gateways", gateway_ring::max_gateways);
  }
  ~push_targets() {
    for (unsigned i = 0; i < ring_.size(); ++i) at(i).~push_gateway();
  }
  push_targets(const push_targets&) = delete;
  push_targets& operator=(const push_targets&) = delete;

  /// ok, or what was refused of the first gateway that is not.
  status why() const noexcept {
    for (unsigned i = 0; why_.ok() && i < ring_.size(); ++i) {
      if (!at(i).ok()) return at(i).status();
    }
    return why_;
  }
  const push_request& request() const noexcept { return at(0).request_; }
  /// Before each body: its number, the time to the millisecond. It grows when the clock is set back, and over a restart, too, however
  /// often gateways were tried; counting by one would not.
  std::int64_t count_up() noexcept {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t time_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
    sequence_ms_ = time_ms > sequence_ms_ ? time_ms : sequence_ms_ + 1;
    metrics_.sequence.set(static_cast<double>(sequence_ms_) / 1000);
    return sequence_ms_;
  }

  /// Pushes to the gateways that may be asked, in their order from the first on, until one takes it, or to all of them.
  /// When none may, to the active one all the same: each call is tried. The last one is tried with all of them.
  ///
  /// most_ms: for all of it; each gateway gets its share. Clean-up of what is left elsewhere is within it.
  /// Returns: ok when one has taken it; otherwise what the last one said.
  push_result push(push_gateway::turn which, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept;

  /// Deletes the group wherever it may be. Returns: what the active one said, when that is not ok; or another's.
  push_result remove(int most_ms) noexcept;

 private:
  enum : unsigned { most_more = gateway_ring::max_gateways - 1 };
  enum : int { no_limit = 0x7fffffff };
  struct room {
    alignas(push_gateway) unsigned char bytes[sizeof(push_gateway)];
  };
  push_gateway& at(unsigned i) noexcept { return *static_cast<push_gateway*>(static_cast<void*>(rooms_[i].bytes)); }
  const push_gateway& at(unsigned i) const noexcept {
    return *static_cast<const push_gateway*>(static_cast<const void*>(rooms_[i].bytes));
  }

  push_result attempt(unsigned i, push_gateway::turn which, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept;
  bool is_ready(unsigned i, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept;
  void clean_up(std::int64_t now_ms, std::int64_t end_ms, os::wakeup* bell) noexcept;
  static bool is_rung(os::wakeup* bell) noexcept { return bell && bell->rung_within(0); }
  static int share_ms(std::int64_t end_ms, unsigned parts) noexcept {
    if (end_ms < 0) return no_limit;
    const std::int64_t left = (end_ms - os::monotonic_ms()) / static_cast<std::int64_t>(parts);
    return left > 1 ? static_cast<int>(left) : 1;
  }

  push_metrics& metrics_;
  gateway_ring ring_;
  status why_;
  bool to_all_, has_failed_;
  bool holds_[gateway_ring::max_gateways];  // it may have the group: it was pushed to and not deleted since
  std::int64_t sequence_ms_;
  room rooms_[gateway_ring::max_gateways];
};

// ---- bodies ----

inline push_result push_targets::push(push_gateway::turn which, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept {
  const std::int64_t end_ms = most_ms == no_limit ? -1 : os::monotonic_ms() + most_ms;
  push_result said;
  bool is_taken = false, is_passed[gateway_ring::max_gateways] = {};
  unsigned tried = 0;
  // The second round is for those that were left out in the first: all of them when it is the last push, and the active one when
  // nobody has been asked at all.
  for (unsigned n = 0; n < 2 * ring_.size() && (!is_taken || to_all_); ++n) {
    const unsigned i = n % ring_.size();
    const bool again = n >= ring_.size(), all_the_same = which == push_gateway::turn::free || (tried == 0 && i == ring_.active());
    if (again && (is_passed[i] || !all_the_same)) continue;
    const int most = share_ms(end_ms, ring_.size() - tried);
    if (!again && (!ring_.may_ask(i, now_ms) || (ring_.wants_probe(i) && !is_ready(i, now_ms, most, bell)))) continue;
    const push_result r = attempt(i, which, now_ms, most, bell);
    if (push_metrics::was_refused(r.code()) || is_rung(bell)) return r;
    is_passed[i] = true;
    ++tried;
    if (!is_taken) said = r;
    if (r.ok() && !is_taken) ring_.activate(i);
    is_taken = is_taken || r.ok();
  }
  if (is_taken && !to_all_) clean_up(now_ms, end_ms, bell);
  metrics_.active_gateway.set(ring_.active());
  metrics_.open_circuits.set(ring_.open_circuits());
  return said;
}

inline push_result push_targets::attempt(unsigned i, push_gateway::turn which, std::int64_t now_ms, int most_ms,
                                         os::wakeup* bell) noexcept {
  metrics_.attempts.inc();
  if (has_failed_) metrics_.retries.inc();
  count_up();
  const push_result r = at(i).run("PUT", push_gateway::body::required, which, most_ms, bell);
  if (r.ok()) metrics_.bytes.inc(r.body_bytes());
  has_failed_ = !r.ok();
  if (push_metrics::was_refused(r.code())) return r;
  holds_[i] = true;  // after a failure, too: it may have taken the body, and its answer been lost
  if (r.ok() || !is_rung(bell)) ring_.tell(i, r.ok(), now_ms);
  return r;
}

/// Asks a gateway that was left whether it is well.
inline bool push_targets::is_ready(unsigned i, std::int64_t now_ms, int most_ms, os::wakeup* bell) noexcept {
  const bool well = at(i).probe(most_ms, bell).ok();
  if (!well && !is_rung(bell)) ring_.tell(i, false, now_ms);
  return well;
}

/// No series twice: the group is deleted on all but the active gateway, as soon as each can be reached.
inline void push_targets::clean_up(std::int64_t now_ms, std::int64_t end_ms, os::wakeup* bell) noexcept {
  for (unsigned i = 0; i < ring_.size(); ++i) {
    if (!holds_[i] || i == ring_.active() || !ring_.may_ask(i, now_ms)) continue;
    const int most_ms = at(i).briefly(share_ms(end_ms, 1));
    const bool gone = at(i).run("DELETE", push_gateway::body::none, push_gateway::turn::free, most_ms, bell).ok();
    if (gone) holds_[i] = false;
    else if (!is_rung(bell)) ring_.tell(i, false, now_ms);
  }
}

inline push_result push_targets::remove(int most_ms) noexcept {
  const std::int64_t end_ms = os::monotonic_ms() + most_ms;
  push_result said;
  for (unsigned i = 0; i < ring_.size(); ++i) {
    if (!holds_[i] && i != ring_.active()) continue;
    const push_result r = at(i).run("DELETE", push_gateway::body::none, push_gateway::turn::free, share_ms(end_ms, ring_.size() - i));
    if (!r.ok() && (said.ok() || i == ring_.active())) said = r;
  }
  return said;
}
#endif  // NARTHEX_HAS(METRICS)

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_TARGETS_HPP
