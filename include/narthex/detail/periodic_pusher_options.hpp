// narthex/detail/periodic_pusher_options.hpp - how a periodic_pusher behaves.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PERIODIC_PUSHER_OPTIONS_HPP
#define NARTHEX_DETAIL_PERIODIC_PUSHER_OPTIONS_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/push_gateway_options.hpp"
#include "narthex/detail/scrape_clock.hpp"
#include "narthex/detail/spool_options.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// How a periodic_pusher behaves. Views only: what they point to must live until the periodic_pusher is made.
struct periodic_pusher_options {
  /// Deadlines, credentials, headers, and the rate, which a faster pace than 15 s widens to fit.
  push_gateway_options gateway;

  /// The least time between two pushes. Anything faster than the gateway is scraped is never seen by anybody, so whoever
  /// chooses less than 15 s says that it is:
  enum class pace : int {
    every_15_s = 15000,  ///< scraped as most gateways are
    every_5_s = 5000,    ///< scraped every 5 seconds: a few programs that are watched closely
    every_1_s = 1000     ///< scraped every second: on a developer's own machine, in a demonstration or a load test
  } least = pace::every_15_s;

  /// From one push to the next; less than the pace is raised to it. 0: the pace.
  int interval_ms = 0;
  /// For the push at the end, from the beginning of the destructor on.
  int final_timeout_ms = 5000;
  /// Negative: the group stays, with its last values, for ever. Otherwise it is deleted so long after the last push, and the
  /// program waits for that: longer than the gateway's scrape interval, or nobody has seen the last values.
  int delete_after_ms = -1;
  /// The label of the grouping key that tells this program's instances apart.
  string_view distinguishing_label = "instance";
  /// Further gateways, in the order in which they are tried when the ones before fail. All take the gateway options.
  enum : unsigned { max_more_gateways = 3 };
  string_view gateways[max_more_gateways];
  unsigned more_gateways = 0;
  enum class targets { one, all } to = targets::one;
  /// Where the last body goes when pushes have failed for so long, or so many of them in a row, and when the last push fails.
  spool_options spool;
  int give_up_after_ms = 300000;
  unsigned give_up_after_pushes = 20;
  enum class group { own, shared } of = group::own;
  enum class runs { in_background, in_tick, at_end } running = runs::in_background;
  /// The last push is left out when this was scraped so shortly before; null: never.
  const detail::scrape_clock* scraped = nullptr;
  int scraped_within_ms = 0;
  /// Of the jitter; 0: another one each time.
  std::uint64_t seed = 0;

  periodic_pusher_options& set_gateway(const push_gateway_options& options) noexcept {
    gateway = options;
    return *this;
  }
  periodic_pusher_options& set_pace(pace fastest) noexcept {
    least = fastest;
    return *this;
  }
  periodic_pusher_options& set_interval_ms(int ms) noexcept {
    interval_ms = ms;
    return *this;
  }
  periodic_pusher_options& set_final_timeout_ms(int ms) noexcept {
    final_timeout_ms = ms;
    return *this;
  }
  periodic_pusher_options& set_delete_after_ms(int ms) noexcept {
    delete_after_ms = ms;
    return *this;
  }
  periodic_pusher_options& set_distinguishing_label(string_view name) noexcept {
    distinguishing_label = name;
    return *this;
  }
  /// Says that no other program pushes to this group, though no label shows it.
  periodic_pusher_options& shared_group() noexcept {
    of = group::shared;
    return *this;
  }
  /// One more gateway to push to when those before it fail. Its circuit opens after three failures in a row; a minute later, and
  /// before each push to one that was left, it is asked for /-/ready. The group is deleted on the one that was left.
  /// Errors: errc::too_large beyond three more.
  periodic_pusher_options& also(string_view url) noexcept {
    if (more_gateways < max_more_gateways) gateways[more_gateways] = url;
    ++more_gateways;
    return *this;
  }
  /// Pushes to all gateways each time, for two Prometheus servers that scrape one each. One that takes it is a success.
  periodic_pusher_options& to_all() noexcept {
    to = targets::all;
    return *this;
  }
  /// Keeps what no gateway took in a file of its own in this folder: node_exporter's textfile folder, or one for drain_spool().
  periodic_pusher_options& set_spool(const spool_options& in) noexcept {
    spool = in;
    return *this;
  }
  /// When a body counts as undeliverable: at least 1 ms, 1 push.
  periodic_pusher_options& set_give_up(int after_ms, unsigned after_pushes) noexcept {
    give_up_after_ms = after_ms;
    give_up_after_pushes = after_pushes;
    return *this;
  }
  /// No thread: the program calls tick().
  periodic_pusher_options& without_thread() noexcept {
    running = runs::in_tick;
    return *this;
  }
  /// Only the last push, at the end of a program that is scraped otherwise; no thread, and nothing to tick.
  periodic_pusher_options& only_at_end() noexcept {
    running = runs::at_end;
    return *this;
  }
  /// Leaves the last push out when somebody has scraped within that time: then Prometheus has seen the values.
  ///
  ///   nx::http_server server{":9464"};
  ///   nx::periodic_pusher pusher{url, "edge", key, nx::periodic_pusher_options().only_at_end().unless_scraped(server.last_scrape(), 15000)};
  ///
  /// by: of a server that is destroyed after the pusher. within_ms: the scrape interval; to a tenth of a second.
  periodic_pusher_options& unless_scraped(const detail::scrape_clock& by, int within_ms) noexcept {
    scraped = &by;
    scraped_within_ms = within_ms;
    return *this;
  }
  periodic_pusher_options& set_seed(std::uint64_t value) noexcept {
    seed = value;
    return *this;
  }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PERIODIC_PUSHER_OPTIONS_HPP
