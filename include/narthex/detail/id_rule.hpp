// narthex/detail/id_rule.hpp - whether a text looks like the id of one request, run or moment.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ID_RULE_HPP
#define NARTHEX_DETAIL_ID_RULE_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/counter.hpp"
#include "narthex/detail/ascii.hpp"
#include "narthex/detail/group_path.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/error_hook.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// True for a text in which, between bytes that are no letters or digits, there stands
///   a UUID: groups of 8, 4, 4, 4 and 12 hexadecimal digits with '-' between them;
///   20 or more hexadecimal digits, one of them decimal (hashes, trace ids; a docker id is shown with 12, an EC2 instance has 17);
///   a time: 10, 13, 16 or 19 decimal digits that begin with 1 (seconds to nanoseconds since 1970, up to 2033), or 12 or 14 that begin with
///   20 (202611230245, 20261123024500); or 15 or more decimal digits of any kind.
/// Never for what begins as a version or an IPv4 address does: v1.2.3, with whatever behind it.
///
/// So host:pid, addresses, versions, dates and the names of pods pass; the machine's UUID or a cloud's instance number of 19 digits
/// does not: it cannot be told from a request's.
inline bool looks_like_id(string_view text) noexcept {
  const auto number_ends = [text](std::size_t at) {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > begin && at - begin <= 5 ? at : text.size();
  };
  const std::size_t major = number_ends(!text.empty() && text[0] == 'v' ? 1u : 0u);
  const std::size_t second = major < text.size() && text[major] == '.' ? number_ends(major + 1) : text.size();
  if (second + 1 < text.size() && text[second] == '.' && is_digit(text[second + 1])) return false;

  const std::size_t uuid[] = {8, 4, 4, 4, 12};
  std::size_t groups = 0;  // of a UUID, right before this one
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t begin = i;
    std::size_t hex = 0, digits = 0;
    for (; i < text.size() && (is_digit(text[i]) || is_letter(text[i])) && text[i] != '_'; ++i) {
      hex += hex_value(text[i]) >= 0 ? 1u : 0u;
      digits += is_digit(text[i]) ? 1u : 0u;
    }
    const std::size_t size = i - begin;
    const bool all_hex = hex == size, all_digits = digits == size;
    groups = all_hex && size == uuid[groups] ? groups + 1 : all_hex && size == uuid[0] ? 1 : 0;
    if (groups == 5 || (all_hex && digits > 0 && size >= 20) || (all_digits && size >= 15)) return true;
    const bool of_1970 = size == 10 || size == 13, of_calendar = size == 12 || size == 14;
    if (all_digits && of_1970 && text[begin] == '1') return true;
    if (all_digits && of_calendar && text[begin] == '2' && text[begin + 1] == '0') return true;
    if (i < text.size() && text[i] != '-') groups = 0;
  }
  return false;
}

/// Tells of the first part of a group's name that looks like an id, and counts the group.
#if NARTHEX_HAS(METRICS) && NARTHEX_HAS(HEAP)
inline void warn_of_ids(registry_core& registry, const group_path& group) noexcept {
  for (std::size_t i = 0; i <= group.labels().size(); ++i) {
    const bool is_job = i == group.labels().size();
    if (!looks_like_id(is_job ? group.job() : group.labels().value_at(i))) continue;
    counter found(registry, "narthex_push_suspect_groups_total", "Groups with a value that looks like an id: each stays for ever.");
    found.inc();
    return report(status(errc::id_in_group, is_job ? string_view("job") : group.labels().name_at(i)));
  }
}
#else
inline void warn_of_ids(registry_core&, const group_path&) noexcept {}
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ID_RULE_HPP
