// narthex/detail/push_metrics.hpp - what a periodic_pusher tells about itself.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_METRICS_HPP
#define NARTHEX_DETAIL_PUSH_METRICS_HPP

#include "narthex/config.hpp"
#include "narthex/counter.hpp"
#include "narthex/family.hpp"
#include "narthex/fixed_family.hpp"
#include "narthex/gauge.hpp"
#include "narthex/histogram.hpp"
#include "narthex/registry.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
using push_counters = family<counter, 1>;
#else
using push_counters = fixed_family<counter, 1, 8>;
#endif

/// The metrics of a periodic_pusher, in the registry that it pushes. The books balance whenever nothing moves, and in every
/// body that is pushed: calls = successes + failures + refused + coalesced + in flight. A push_soon() in the moment in which the
/// body is written may be in one of them and not yet in another.
struct push_metrics {
  counter calls;
  counter successes;
  push_counters failures;  // by "what", a label that no grouping key may have: the first failure must not stop all pushes
  push_counters refused;
  counter coalesced;
  int_gauge in_flight;
  counter attempts;
  counter retries;
  counter bytes;
  counter spooled;
  counter dropped;
  gauge last_success;
  gauge interval;
  gauge sequence;
  int_gauge active_gateway;
  int_gauge open_circuits;
  histogram duration;

  explicit push_metrics(registry_core& registry) noexcept
      : calls(registry, "narthex_push_calls_total", "Pushes wanted: due, asked for early, or the last."),
        successes(registry, "narthex_push_successes_total", "Pushes that a gateway has taken."),
        failures(registry, "narthex_push_failures_total", "Pushes that no gateway has taken, by what stood in the way.", {"what"}),
        refused(registry, "narthex_push_refused_total", "Pushes of which nothing was sent, by what was wrong with them.", {"what"}),
        coalesced(registry, "narthex_push_coalesced_total", "Pushes wanted that went with another one."),
        in_flight(registry, "narthex_push_in_flight", "Pushes wanted that are under way or waiting for their time."),
        attempts(registry, "narthex_push_attempts_total", "Pushes begun, at every gateway that was tried."),
        retries(registry, "narthex_push_retries_total", "Pushes begun because the one before had failed."),
        bytes(registry, "narthex_push_bytes_total", "Bytes of bodies that gateways have taken, as they were sent."),
        spooled(registry, "narthex_push_spooled_total", "Bodies that nobody would take and that were written to the spool."),
        dropped(registry, "narthex_push_dropped_total", "Bodies that nobody would take and that are lost."),
        last_success(registry, "narthex_push_last_success_timestamp_seconds", "When a push last succeeded; 0: never."),
        interval(registry, "narthex_push_interval_seconds", "The present interval between pushes, without jitter; 0: only at the end."),
        sequence(registry, "narthex_push_sequence", "Grows with each push, and over restarts: of two bodies the larger is the newer."),
        active_gateway(registry, "narthex_push_active_gateway", "Which gateway of the list has the group: 0 is the first."),
        open_circuits(registry, "narthex_push_open_circuits", "Gateways left alone for now, as three pushes in a row have failed."),
        duration(registry, "narthex_push_duration_seconds", "How long pushes took, whatever came of them.", {0.01, 0.1, 1, 10}) {
    for (const char* what : {"answer", "host", "network", "timeout"}) failures.labels(what).inc(0);
    for (const char* what : {"content", "rate"}) refused.labels(what).inc(0);
  }

  void begin() noexcept {
    in_flight.inc();
    calls.inc();
  }
  void coalesce() noexcept {
    coalesced.inc();
    in_flight.dec();
  }
  void end(errc why) noexcept {
    if (why == errc::ok) successes.inc();
    else (was_refused(why) ? refused : failures).labels(reason(why)).inc();
    in_flight.dec();
  }

  /// Before a byte was sent, and so whatever the gateway is like.
  static bool was_refused(errc why) noexcept {
    const string_view word = reason(why);
    return why != errc::ok && (word == "content" || word == "rate");
  }

  /// Few words, so that one alert fits all: the error's own are for the error hook.
  static const char* reason(errc why) noexcept {
    switch (why) {
      case errc::timeout: return "timeout";
      case errc::no_such_host: return "host";
      case errc::too_often: return "rate";
      case errc::transport_failed:
      case errc::system:
      case errc::closed:
      case errc::no_permission:
      case errc::too_many_descriptors:
      case errc::address_in_use: return "network";
      case errc::http_refused:
      case errc::redirected:
      case errc::bad_response:
      case errc::no_gateway: return "answer";
      default: return "content";  // of the registry, or no memory for it
    }
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_METRICS_HPP
