// narthex/detail/self_metric.hpp - what a registry says of its users' mistakes, as a metric in itself.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SELF_METRIC_HPP
#define NARTHEX_DETAIL_SELF_METRIC_HPP

#include "narthex/config.hpp"
#include "narthex/label.hpp"
#include "narthex/detail/registry_core.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Shows each kind of refusal once it is not 0, so that a program without mistakes exposes nothing of ours.
inline bool next_refusal(family_node& n, position& where, reading& out) noexcept {
  static const char* const what[mistake_kinds] = {"registration", "update", "series", "sample"};
  const registry_core* const home = n.home.load(memory_order_acquire);
  while (home && where.index < mistake_kinds) {
    const unsigned i = where.index++;
    const std::uint64_t value = home->refused(static_cast<mistake>(i));
    if (value == 0) continue;
    label_text text(out.text, reading::text_room);
    text.add_ready(home->constant_labels());
    text.add("what", what[i]);
    out.labels = text.text();
    out.value = value;
    return true;
  }
  return false;
}

inline string_view refusal_label(const family_node&, unsigned i) noexcept { return i ? "" : "what"; }

template <class Once>
struct self_ops {
  static const family_ops table;
};
template <class Once>
const family_ops self_ops<Once>::table = {
    metric_type::counter, storage::self, false,   &next_refusal, &nothing_to_restart, &refusal_label,
    &always_same,         nullptr,       nullptr, nullptr};

constexpr self_node::self_node(registry_core* registry) noexcept
    : family_node(&self_ops<void>::table, "narthex_refused_total",
                  "What was refused: registrations, updates, new series, collected samples.", registry) {}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SELF_METRIC_HPP
