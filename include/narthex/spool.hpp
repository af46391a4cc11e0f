// narthex/spool.hpp - delivers what programs have spooled while no gateway would take it.
// Room: balconies. Read detail/spool_delivery.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_SPOOL_HPP
#define NARTHEX_SPOOL_HPP

#include "narthex/config.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/push_gateway_options.hpp"
#include "narthex/detail/push_result.hpp"
#include "narthex/detail/spool.hpp"
#include "narthex/detail/spool_delivery.hpp"
#include "narthex/os/folder.hpp"
#include "narthex/push_gateway.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// What became of the files of a spool.
struct NARTHEX_DETAIL_NODISCARD drain_result {
  unsigned delivered = 0;  ///< and removed
  unsigned outdated = 0;   ///< removed: the gateway has got something newer of their groups since
  unsigned left = 0;       ///< still there; why says what stood in the way of the last one
  push_result why;

  bool ok() const noexcept { return why.ok(); }
};

/// Hands what is in a spool to a gateway: for the start of a program, or a timer beside those that spool.
///
///   const nx::drain_result r = nx::drain_spool("http://127.0.0.1:9091", "/var/spool/shop");
///   if (!r.ok()) std::fprintf(stderr, "%u left: %s\n", r.left, r.why.error());
///
/// An older body never goes over a newer one: the gateway's own page is read before each. Where it shows narthex_push_sequence or
/// batch_job_last_completion_timestamp_seconds of the group, the larger number is the newer; otherwise a body older than the group's
/// push_time_seconds is outdated, by the clocks of both machines. What cannot be asked or delivered stays where it is. Groups whose
/// programs still run are theirs to push: a body that one of them pushes between the look and the delivery would be covered.
///
/// A group that is delivered stays, also that of a program which would have deleted it.
///
/// url, options: as of push_gateway.
/// Errors:  of the arguments; of the folder; of the first gateway that cannot be reached, after which nothing more is tried.
///          errc::bad_spool: a file that is none. A gateway that refuses a body leaves the file.
/// Threads: any. Two that drain one folder deliver some bodies twice, which changes nothing.
/// Cost:    two requests for each file, each within the options' timeout_ms; the largest file in memory.
inline drain_result drain_spool(string_view url, string_view folder, const push_gateway_options& options = push_gateway_options()) noexcept {
  drain_result r;
#if !NARTHEX_HAS(METRICS)
  static_cast<void>(url), static_cast<void>(folder), static_cast<void>(options);  // compiled out: files that are there stay
#else
  const push_gateway gateway(default_registry(), url, "drain", detail::group_labels(), options);
  const detail::spool_delivery delivery(gateway);
  if (!gateway.ok()) r.why = delivery.refused(gateway.status());
#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(SYSTEM)
  if (!gateway.ok()) return r;
  using end = detail::spool_delivery::end;
  os::folder all;
  os::folder_entry one;
  const os::error e = all.open(folder);
  if (!e.ok()) r.why = delivery.refused(e.to_status(os::path_subject(folder)));
  bool goes_on = e.ok();
  while (e.ok() && all.next(one)) {
    if (!detail::spool_name::fits(one.name)) continue;
    detail::byte_buffer file;
    push_result said;
    end how = end::left;
    if (goes_on && !detail::write_spool_path(file, folder, one.name)) said = delivery.refused(status(errc::no_memory, "spool"));
    else if (goes_on) how = delivery.deliver(file.text().data(), said);
    ++(how == end::delivered ? r.delivered : how == end::outdated ? r.outdated : r.left);
    if (!said.ok()) r.why = said;
    // Who refuses one body may take the next; who cannot be reached cannot.
    goes_on = goes_on && (said.ok() || said.http_status() != 0 || said.code() == errc::bad_spool);
  }
#else
  static_cast<void>(folder);
#endif
#endif
  return r;
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_SPOOL_HPP
