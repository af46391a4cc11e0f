// narthex/batch_job.hpp - a batch job that tells a Pushgateway how it went, whatever way it ends.
// Room: balconies. Read push_gateway.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_BATCH_JOB_HPP
#define NARTHEX_BATCH_JOB_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/push_gateway_options.hpp"
#include "narthex/detail/push_result.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/spool.hpp"
#include "narthex/detail/spool_delivery.hpp"
#include "narthex/detail/spool_options.hpp"
#include "narthex/error_hook.hpp"
#include "narthex/gauge.hpp"
#include "narthex/grouping_key.hpp"
#include "narthex/label.hpp"
#include "narthex/os/owner.hpp"
#include "narthex/os/pause.hpp"
#include "narthex/push_gateway.hpp"
#include "narthex/registry.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/timer.hpp"

NARTHEX_BEGIN_NAMESPACE

/// How a batch_job behaves. Views only: what they point to must live until the batch_job is made.
struct batch_job_options {
  /// Deadlines, credentials, headers.
  push_gateway_options gateway;
  /// Negative: the group stays, so that the last success can be seen and missed. Otherwise the group is deleted so long after
  /// the push, and the program waits for that: longer than the gateway's scrape interval, or nobody has seen the push. For
  /// jobs whose grouping key never comes again.
  int delete_after_ms = -1;
  /// Where the run is told of when no gateway hears it: node_exporter's textfile folder, or one for drain_spool().
  spool_options spool;

  batch_job_options& set_gateway(const push_gateway_options& options) noexcept {
    gateway = options;
    return *this;
  }
  batch_job_options& set_delete_after_ms(int ms) noexcept {
    delete_after_ms = ms;
    return *this;
  }
  batch_job_options& set_spool(const spool_options& in) noexcept {
    spool = in;
    return *this;
  }
};

#if NARTHEX_HAS(METRICS)
/// Measures one run of a batch job and pushes how it went when it goes out of scope.
///
///   int main() {
///     nx::batch_job job{"http://127.0.0.1:9091", "nightly_import", {{"instance", "db-3"}}};
///     for (...) { ...; job.processed(); }
///     job.succeed();            // not reached: the run has failed, and the time of the last success stays what it was
///   }                           // pushes
///
/// Pushed, beside what else the registry shows: batch_job_duration_seconds, batch_job_last_completion_timestamp_seconds,
/// batch_job_records_processed, and of a run that succeeded batch_job_last_success_timestamp_seconds. A run that succeeded
/// replaces the group (PUT); one that failed leaves there what it does not push itself (POST), which is how the last success
/// survives it. Duration and times are in the registry only for that push.
///
/// The arguments are those of push_gateway; so is what is refused, in status() at once and again by finish(). One batch_job for
/// a registry at a time. A job that runs for longer than two scrapes is better scraped meanwhile, too: http_server beside it.
/// Errors:  nothing throws, and no failure of pushing touches the program or its exit code. The destructor tells the error hook
///          (one line on stderr), finish() its caller.
/// Threads: processed() and succeed() any; finish() and the destructor one, after them.
/// Cost:    the end of scope takes at most the options' timeout_ms, and with delete_after_ms that time and as much again. A run that
///          failed, and finds one before it in the spool, takes up to three times as long.
///          _exit(), abort() and fatal signals run no destructor, and push nothing.
/// Source:  Prometheus, "Instrumentation", Batch jobs; "When to use the Pushgateway".
class batch_job {
 public:
  batch_job(string_view url, string_view job, const detail::group_labels& labels = detail::group_labels(),
            const batch_job_options& options = batch_job_options()) noexcept
      : batch_job(default_registry(), url, job, labels, options) {}
  batch_job(registry_core& registry, string_view url, string_view job,
            const detail::group_labels& labels = detail::group_labels(),
            const batch_job_options& options = batch_job_options()) noexcept;
  /// As finish(), unless that was called; a failure goes to the error hook.
  ~batch_job();
  batch_job(const batch_job&) = delete;
  batch_job& operator=(const batch_job&) = delete;

  /// ok, or what of the arguments was refused.
  const NARTHEX_NAMESPACE::status& status() const noexcept { return gateway_.status(); }
  bool ok() const noexcept { return gateway_.ok(); }

  /// Counts records as processed. Errors: a negative amount changes nothing and is counted in
  /// narthex_refused_total{what="update"}.
  void processed(std::int64_t records = 1) noexcept {
    if (records < 0) registry_.count(mistake::update);
    else records_.inc(records);
  }

  /// Says that the run has done what it should. Without this it has failed.
  void succeed() noexcept { succeeded_.store(1, detail::memory_order_relaxed); }

  /// Ends the run: measures, pushes, and deletes the group if the options say so.
  ///
  /// Returns: the push's result; when that is ok, the deletion's. errc::closed when the run has ended already, and in the
  ///          child of a fork, whose run it is not.
  push_result finish() noexcept;

 private:
  push_result push_last() noexcept;
  push_result push_failure() noexcept;
  void settle(const push_result& r, const char* verb, double completed) noexcept;

  registry_core& registry_;
  push_gateway gateway_;
  int_gauge records_;
  detail::spool spool_;
  os::owner owner_;
  std::int64_t begin_ms_;
  int delete_after_ms_;
  detail::shared<std::uint32_t> succeeded_, finished_;
};

// ---- bodies ----

inline batch_job::batch_job(registry_core& registry, string_view url, string_view job,
                            const detail::group_labels& labels, const batch_job_options& options) noexcept
    : registry_(registry), gateway_(registry, url, job, labels, options.gateway),
      records_(registry, "batch_job_records_processed", "Records that the last run has processed."),
      begin_ms_(gateway_.clock_ms_()), delete_after_ms_(options.delete_after_ms), succeeded_(0), finished_(0) {
  const NARTHEX_NAMESPACE::status place_for_bodies = spool_.prepare(options.spool, gateway_.request_.group());
  if (ok() && !place_for_bodies.ok()) detail::report(place_for_bodies);
  records_.set(0);  // an earlier run of this registry may have left its own
}

inline batch_job::~batch_job() {
  if (!owner_.is_here() || finished_.load(detail::memory_order_relaxed) != 0) return;
  const push_result r = finish();
  if (!r.ok()) detail::report(r.why());
}

inline push_result batch_job::finish() noexcept {
  if (!owner_.is_here() || finished_.exchange(1, detail::memory_order_acq_rel) != 0) {
    return gateway_.refused(NARTHEX_NAMESPACE::status(errc::closed, "batch_job"));
  }
  const push_result r = push_last();
  if (delete_after_ms_ < 0) return r;
  if (r.ok()) os::pause_ms(delete_after_ms_);
  const push_result gone = gateway_.delete_group();
  return r.ok() ? gone : r;
}

/// The times are registered now, not before: nobody shall see them at 0, and the last success only of a run that was one.
inline push_result batch_job::push_last() noexcept {
  gauge duration(registry_, "batch_job_duration_seconds", "How long the last run took.");
  gauge completion(registry_, "batch_job_last_completion_timestamp_seconds", "When the last run ended, well or not.");
  duration.set(static_cast<double>(gateway_.clock_ms_() - begin_ms_) / 1000);
  set_to_current_time(completion);
  if (succeeded_.load(detail::memory_order_relaxed) == 0) {
    const push_result r = push_failure();
    settle(r, "POST", completion.value());
    duration.unregister();
    completion.unregister();
    return r;
  }
  gauge success(registry_, "batch_job_last_success_timestamp_seconds", "When a run last succeeded.");
  set_to_current_time(success);
  const push_result r = gateway_.push();
  settle(r, "PUT", completion.value());
  for (gauge* one : {&duration, &completion, &success}) one->unregister();
  return r;
}

/// A run that failed adds to what the runs before have told: what is still in the spool goes first.
inline push_result batch_job::push_failure() noexcept {
  push_result before;
  if (spool_.has_file()) static_cast<void>(detail::spool_delivery(gateway_).deliver(spool_.path(), before));
  return before.ok() || before.http_status() != 0 || before.code() == errc::bad_spool ? gateway_.push_add() : before;
}

/// Keeps what was not taken; what was makes a spooled success old.
inline void batch_job::settle(const push_result& r, const char* verb, double completed) noexcept {
  if (r.ok() && *verb == 'P' && verb[1] == 'U') spool_.forget();
  if (r.ok() || !spool_.is_set()) return;
  unsigned removed = 0;
  const NARTHEX_NAMESPACE::status s = spool_.save(registry_, gateway_.request_, verb, static_cast<std::int64_t>(completed * 1000), removed);
  if (!s.ok()) detail::report(s);
}

#else  // compiled out: nothing is measured or sent, and every answer is ok

class NARTHEX_DETAIL_IDLE batch_job {
 public:
  batch_job(string_view, string_view, const detail::group_labels& = detail::group_labels(),
            const batch_job_options& = batch_job_options()) noexcept {}
  batch_job(registry_core&, string_view, string_view, const detail::group_labels& = detail::group_labels(),
            const batch_job_options& = batch_job_options()) noexcept {}
  batch_job(const batch_job&) = delete;
  batch_job& operator=(const batch_job&) = delete;
  const NARTHEX_NAMESPACE::status& status() const noexcept {
    static const NARTHEX_NAMESPACE::status fine;
    return fine;
  }
  bool ok() const noexcept { return true; }
  void processed(std::int64_t = 1) noexcept {}
  void succeed() noexcept {}
  push_result finish() noexcept { return push_result(); }
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_BATCH_JOB_HPP
