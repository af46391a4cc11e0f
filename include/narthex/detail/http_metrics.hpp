// narthex/detail/http_metrics.hpp - what a server tells about itself.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_METRICS_HPP
#define NARTHEX_DETAIL_HTTP_METRICS_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/counter.hpp"
#include "narthex/family.hpp"
#include "narthex/fixed_family.hpp"
#include "narthex/gauge.hpp"
#include "narthex/registry.hpp"
#include "narthex/summary.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
using http_counters = family<counter, 1>;  // two servers of one registry count together
#else
using http_counters = fixed_family<counter, 1, 12>;
#endif

/// The metrics of an http_server, in the registry that it serves.
struct http_metrics {
  http_counters requests;
  http_counters aborted;
  counter sent_bytes;
  int_gauge connections;
  summary scrape_seconds;

  explicit http_metrics(registry_core& registry) noexcept
      : requests(registry, "narthex_http_requests_total", "Requests answered, by status code.", {"code"}),
        aborted(registry, "narthex_http_aborted_total",
                "Connections that ended without a whole answer: too slow, broken by the client, or given up to make room.",
                {"reason"}),
        sent_bytes(registry, "narthex_http_sent_bytes_total", "Bytes of answers sent."),
        connections(registry, "narthex_http_connections", "Clients connected now."),
        scrape_seconds(registry, "narthex_http_scrape_duration_seconds",
                       "Time to write the metrics and hand them to the client.") {
    for (int code : {200, 503}) requests.labels(code).inc(0);
    for (const char* reason : {"timeout", "broken", "overload"}) aborted.labels(reason).inc(0);
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_METRICS_HPP
