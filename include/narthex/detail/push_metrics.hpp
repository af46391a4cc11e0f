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

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
using push_counters = family<counter, 1>;
#else
using push_counters = fixed_family<counter, 1, 8>;
#endif

/// The metrics of a periodic_pusher, in the registry that it pushes.
struct push_metrics {
  counter attempts;
  push_counters failures;  // by "what", a label that no grouping key may have: the first failure must not stop all pushes
  counter coalesced;
  gauge last_success;
  gauge interval;
  gauge sequence;
  histogram duration;

  explicit push_metrics(registry_core& registry) noexcept
      : attempts(registry, "narthex_push_attempts_total", "Pushes begun."),
        failures(registry, "narthex_push_failures_total", "Pushes that failed, by what stood in the way.", {"what"}),
        coalesced(registry, "narthex_push_coalesced_total", "Early pushes asked for that went with another one."),
        last_success(registry, "narthex_push_last_success_timestamp_seconds", "When a push last succeeded; 0: never."),
        interval(registry, "narthex_push_interval_seconds", "The present interval between pushes, without jitter."),
        sequence(registry, "narthex_push_sequence", "Grows with each push: of two bodies the larger is the newer."),
        duration(registry, "narthex_push_duration_seconds", "How long pushes took, whatever came of them.", {0.01, 0.1, 1, 10}) {
    for (const char* what : {"answer", "content", "host", "network", "rate", "timeout"}) failures.labels(what).inc(0);
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
