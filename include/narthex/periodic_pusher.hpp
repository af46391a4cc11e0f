// narthex/periodic_pusher.hpp - pushes a registry to a Pushgateway again and again, no faster than anybody looks.
// Room: balconies. Read push_gateway.hpp and detail/push_schedule.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PERIODIC_PUSHER_HPP
#define NARTHEX_PERIODIC_PUSHER_HPP

#include <cstdint>
#include <ctime>

#include "narthex/config.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/periodic_pusher_options.hpp"
#include "narthex/detail/group_path.hpp"
#include "narthex/detail/id_rule.hpp"
#include "narthex/detail/push_metrics.hpp"
#include "narthex/detail/push_patience.hpp"
#include "narthex/detail/push_result.hpp"
#include "narthex/detail/push_schedule.hpp"
#include "narthex/detail/push_targets.hpp"
#include "narthex/detail/scrape_clock.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/spool.hpp"
#include "narthex/error_hook.hpp"
#include "narthex/grouping_key.hpp"
#include "narthex/label.hpp"
#include "narthex/os/owner.hpp"
#include "narthex/os/pause.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/os/thread.hpp"
#include "narthex/push_gateway.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/timer.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Replaces one group of a Pushgateway (PUT) again and again, and a last time when it goes. For programs that no scrape can
/// reach; all others are better off with http_server, and both may show the same registry.
///
///   nx::periodic_pusher pusher{"http://127.0.0.1:9091", "edge", {{"instance", "till-17"}}};
///
/// The first push comes anywhere in the first interval, each other one an interval and up to a tenth of it after the one
/// before. While pushes fail the interval is base * (1 + 2 * error rate of the last 10), at most 30 s (or base). One
/// push is under way at a time, and each one, after a failure too, sends what the registry shows then: never an old body.
///
/// It tells of itself in the registry: narthex_push_calls_total and 15 more, which examples/monitoring/README.md lists. One
/// periodic_pusher for a registry: two would write the same gauges.
///
/// The arguments are those of push_gateway, and so is what is refused.
/// Errors:  of the arguments: in status() at once, and told to the error hook; nothing is pushed then. errc::shared_group: the grouping
///          key has no "instance" (or what the options name instead) and the options do not say shared_group(). Of pushes: in
///          the metrics, and the first of each row of failures to the error hook. Nothing throws or touches the process.
/// Threads: construct and destroy in one thread; the rest any. The registry's callbacks run in the pushing thread.
/// Cost:    updates of instruments pay nothing. A thread that sleeps; 4 kB in place.
/// Source:  Prometheus, "When to use the Pushgateway"; Pushgateway, README.
class periodic_pusher {
 public:
  periodic_pusher(string_view url, string_view job, const detail::group_labels& labels = detail::group_labels(),
                  const periodic_pusher_options& options = periodic_pusher_options()) noexcept
      : periodic_pusher(default_registry(), url, job, labels, options) {}
  periodic_pusher(registry_core& registry, string_view url, string_view job,
                  const detail::group_labels& labels = detail::group_labels(),
                  const periodic_pusher_options& options = periodic_pusher_options()) noexcept;

  /// Breaks off a push that is under way, pushes what the registry shows now (unless_scraped() may say no), and deletes the group if the options say so. The
  /// first two take at most final_timeout_ms together, whatever the gateway does; a deletion waits delete_after_ms before,
  /// if the push succeeded, and takes at most final_timeout_ms again. Does nothing in the child of a fork.
  ~periodic_pusher();
  periodic_pusher(const periodic_pusher&) = delete;
  periodic_pusher& operator=(const periodic_pusher&) = delete;

  /// ok, or what was refused when it was made.
  const NARTHEX_NAMESPACE::status& status() const noexcept { return status_; }
  bool ok() const noexcept { return status_.ok(); }

  /// Asks for a push before it is due: at the next multiple of the pace after the last one. However often it is asked, that is
  /// one push; while pushes fail, and before the first, the one that is due anyway. Costs an exchange; never waits.
  void push_soon() noexcept {
    metrics_.begin();
    if (early_.exchange(1, detail::memory_order_relaxed) != 0) metrics_.coalesce();
  }

  /// Without a thread: pushes if that is due, which takes at most the gateway options' timeout_ms.
  ///
  /// now_ms:  of a clock that never goes backwards; the first call says when time begins.
  /// Returns: how many milliseconds after now_ms to call again; a call that comes late pushes once, not once for each time missed. -1: never, for
  ///          there is a thread, it pushes only at the end, or status() is not ok, or it is the child of a fork.
  std::int64_t tick(std::int64_t now_ms) noexcept;

 private:
  NARTHEX_NAMESPACE::status prepare(const detail::group_path& group, const periodic_pusher_options& options) noexcept;
  static push_gateway_options widened(const periodic_pusher_options& options) noexcept;
  static void run(void* self);
  std::int64_t proceed(std::int64_t now_ms) noexcept;
  bool push(push_gateway::turn which, std::int64_t now_ms, int most_ms) noexcept;
  void give_up() noexcept;

  registry_core& registry_;
  detail::push_metrics metrics_;
  detail::push_targets targets_;
  detail::push_schedule schedule_;
  detail::push_patience patience_;
  detail::spool spool_;
  NARTHEX_NAMESPACE::status status_;
  os::owner owner_;
  const detail::scrape_clock* scraped_;
  int scraped_within_ms_;
  os::wakeup bell_;
  os::thread thread_;
  std::int64_t now_ms_;  // of the last push, by its clock
  int final_timeout_ms_, delete_after_ms_;
  periodic_pusher_options::runs running_;
  bool begun_, failing_, may_have_spooled_;
  detail::shared<std::uint32_t> early_, busy_;
};

// ---- bodies ----

inline periodic_pusher::periodic_pusher(registry_core& registry, string_view url, string_view job,
                                        const detail::group_labels& labels,
                                        const periodic_pusher_options& options) noexcept
    : registry_(registry), metrics_(registry),
      targets_(registry, url, detail::group_path(job, labels), widened(options), options, metrics_), scraped_(options.scraped),
      scraped_within_ms_(options.scraped_within_ms), now_ms_(0),
      final_timeout_ms_(options.final_timeout_ms > 1 ? options.final_timeout_ms : 1), delete_after_ms_(options.delete_after_ms),
      running_(options.running), begun_(false), failing_(false),
      may_have_spooled_(true), early_(0), busy_(0) {
  status_ = prepare(detail::group_path(job, labels), options);
  if (status_.ok() && running_ == periodic_pusher_options::runs::in_background) {
    status_ = bell_.open();
    if (status_.ok()) status_ = thread_.start(&run, this);
  }
  if (!status_.ok()) detail::report(status_);
}

/// A pace faster than 15 s is the consent to as many pushes; the gateway's own window stays behind it, by its own clock.
inline push_gateway_options periodic_pusher::widened(const periodic_pusher_options& options) noexcept {
  push_gateway_options o = options.gateway;
  // A transport that is connecting cannot be broken off: at the end there must be time for the last push after it.
  const int half_ms = options.final_timeout_ms / 2;
  if (o.over.is_set() && o.connect_timeout_ms > half_ms) o.connect_timeout_ms = half_ms;
  if (options.least == periodic_pusher_options::pace::every_15_s || o.per_seconds < 1) return o;
  const std::int64_t fit = std::int64_t(o.per_seconds) * 1000 / static_cast<int>(options.least) + 2;
  const unsigned most = push_gateway_options::max_pushes;
  const unsigned wanted = fit < most ? static_cast<unsigned>(fit) : most;
  if (o.pushes >= 1 && o.pushes < wanted) o.pushes = wanted;
  return o;
}

inline NARTHEX_NAMESPACE::status periodic_pusher::prepare(const detail::group_path& group,
                                                          const periodic_pusher_options& options) noexcept {
  const NARTHEX_NAMESPACE::status refused = targets_.why();
  if (!refused.ok()) return refused;
  bool distinguished = options.of == periodic_pusher_options::group::shared;
  for (std::size_t i = 0; i < group.labels().size(); ++i) {
    distinguished = distinguished || (group.labels().name_at(i) == options.distinguishing_label && !group.labels().value_at(i).empty());
  }
  if (!distinguished) return NARTHEX_NAMESPACE::status(errc::shared_group, options.distinguishing_label);
  detail::warn_of_ids(registry_, group);
  const NARTHEX_NAMESPACE::status place_for_bodies = spool_.prepare(options.spool, targets_.request().group());
  if (!place_for_bodies.ok()) detail::report(place_for_bodies);  // may be there later; and pushing is better than nothing
  patience_.set(options.give_up_after_ms, options.give_up_after_pushes);
  const std::uint64_t place = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(this));
  const std::uint64_t own = static_cast<std::uint64_t>(os::monotonic_us()) ^ place << 20 ^
                            static_cast<std::uint64_t>(owner_.number()) << 40 ^ static_cast<std::uint64_t>(std::time(nullptr)) << 32;
  schedule_.set(options.interval_ms, static_cast<int>(options.least), options.seed != 0 ? options.seed : own);
  const bool at_end = options.running == periodic_pusher_options::runs::at_end;
  metrics_.interval.set(at_end ? 0 : static_cast<double>(schedule_.interval_ms()) / 1000);
  return NARTHEX_NAMESPACE::status();
}

inline void periodic_pusher::run(void* self) {
  periodic_pusher& p = *static_cast<periodic_pusher*>(self);
  os::poll_set set;
  unsigned rung = 0;
  do {
    const std::int64_t next_ms = p.proceed(os::monotonic_ms()), left = next_ms - os::monotonic_ms();
    set.clear();
    rung = set.add(p.bell_);
    set.wait(left > 0 ? left : 0);
  } while (!set.ready(rung));
}

inline std::int64_t periodic_pusher::tick(std::int64_t now_ms) noexcept {
  if (!status_.ok() || running_ != periodic_pusher_options::runs::in_tick || !owner_.is_here()) return -1;
  // A callback of the registry, or another thread: the one that is in it will push.
  if (busy_.exchange(1, detail::memory_order_acquire) != 0) return 1000;
  const std::int64_t left = proceed(now_ms) - now_ms;
  busy_.store(0, detail::memory_order_release);
  return left > 0 ? left : 0;
}

/// Pushes if there is reason to. Returns: when there may be one again.
inline std::int64_t periodic_pusher::proceed(std::int64_t now_ms) noexcept {
  if (!begun_) schedule_.start(now_ms);
  begun_ = true;
  const bool due = schedule_.is_due(now_ms);
  if (due || schedule_.is_slot(now_ms)) {
    const bool early = early_.exchange(0, detail::memory_order_relaxed) != 0;
    if (due) metrics_.begin();
    if (due && early) metrics_.coalesce();
    if (due || early) {
      const bool good = push(push_gateway::turn::within_rate, now_ms, 0x7fffffff);
      if (patience_.has_run_out(now_ms, good)) give_up();
      schedule_.pushed(now_ms, good);
      metrics_.interval.set(static_cast<double>(schedule_.interval_ms()) / 1000);
    }
  }
  return schedule_.next_ms(now_ms);
}

inline bool periodic_pusher::push(push_gateway::turn which, std::int64_t now_ms, int most_ms) noexcept {
  now_ms_ = now_ms;
  const std::int64_t begin = os::monotonic_us();
  // The last push is not broken off: the bell has rung by then.
  const bool by_thread = running_ == periodic_pusher_options::runs::in_background;
  os::wakeup* const bell = by_thread && which == push_gateway::turn::within_rate ? &bell_ : nullptr;
  const push_result r = targets_.push(which, now_ms, most_ms, bell);
  metrics_.duration.observe(static_cast<double>(os::monotonic_us() - begin) / 1e6);
  metrics_.end(r.code());
  if (r.ok()) {
    set_to_current_time(metrics_.last_success);
    if (may_have_spooled_) spool_.forget();  // an earlier run's, too: what has arrived now is newer
    may_have_spooled_ = false;
  } else {
    const bool broken_off = bell && bell->rung_within(0);
    if (!failing_ && !broken_off) detail::report(r.why());
  }
  failing_ = !r.ok();
  return r.ok();
}

/// What the registry shows goes to the spool, under a number of its own: it is newer than all that was tried.
inline void periodic_pusher::give_up() noexcept {
  if (!spool_.is_set()) return metrics_.dropped.inc();
  const std::int64_t sequence_ms = targets_.count_up();
  unsigned removed = 0;
  const NARTHEX_NAMESPACE::status s = spool_.save(registry_, targets_.request(), "PUT", sequence_ms, removed);
  metrics_.dropped.inc(removed);
  (s.ok() ? metrics_.spooled : metrics_.dropped).inc();
  may_have_spooled_ = true;
  if (!s.ok()) detail::report(s);
}

inline periodic_pusher::~periodic_pusher() {
  const std::int64_t begin = os::monotonic_ms();
  if (thread_.running()) {
    bell_.ring();
    thread_.join();
  }
  if (!status_.ok() || !owner_.is_here()) return;
  if (early_.exchange(0, detail::memory_order_relaxed) != 0) metrics_.coalesce();
  const std::int64_t left = final_timeout_ms_ - (os::monotonic_ms() - begin);
  bool seen = scraped_ && scraped_->is_within(scraped_within_ms_, os::monotonic_ms());
  if (!seen) {
    metrics_.begin();
    const bool by_tick = running_ == periodic_pusher_options::runs::in_tick;
    seen = push(push_gateway::turn::free, by_tick ? now_ms_ : os::monotonic_ms(), left > 1 ? static_cast<int>(left) : 1);
    if (!seen) give_up();
  }
  if (delete_after_ms_ < 0) return;
  if (seen) os::pause_ms(delete_after_ms_);
  const push_result gone = targets_.remove(final_timeout_ms_);
  if (!gone.ok()) detail::report(gone.why());
}

#else  // compiled out: no thread, nothing is sent, and every answer is ok

class NARTHEX_DETAIL_IDLE periodic_pusher {
 public:
  periodic_pusher(string_view, string_view, const detail::group_labels& = detail::group_labels(),
                  const periodic_pusher_options& = periodic_pusher_options()) noexcept {}
  periodic_pusher(registry_core&, string_view, string_view, const detail::group_labels& = detail::group_labels(),
                  const periodic_pusher_options& = periodic_pusher_options()) noexcept {}
  periodic_pusher(const periodic_pusher&) = delete;
  periodic_pusher& operator=(const periodic_pusher&) = delete;
  const NARTHEX_NAMESPACE::status& status() const noexcept {
    static const NARTHEX_NAMESPACE::status fine;
    return fine;
  }
  bool ok() const noexcept { return true; }
  void push_soon() noexcept {}
  std::int64_t tick(std::int64_t) noexcept { return -1; }
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PERIODIC_PUSHER_HPP
