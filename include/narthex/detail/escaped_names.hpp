// narthex/detail/escaped_names.hpp - a scrape's UTF-8 names in the legacy alphabet, so that no two become one.
// Room: balconies. Read detail/escaped_name.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ESCAPED_NAMES_HPP
#define NARTHEX_DETAIL_ESCAPED_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/escaped_name.hpp"
#include "narthex/detail/hash_set.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/label.hpp"
#include "narthex/sample.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
/// Takes a name out of its quotes. Returns false without memory.
inline bool append_unquoted(string_view quoted, byte_buffer& to) noexcept {
  const string_view inside = quoted.from(1).first(quoted.size() - 2);
  bool ok = true;
  for (std::size_t i = 0; ok && i < inside.size(); ++i) {
    const bool escaped = inside[i] == '\\';
    if (escaped) ++i;
    ok = to.append(escaped && inside[i] == 'n' ? string_view("\n") : inside.from(i).first(1));
  }
  return ok;
}

/// What samples of a scheme are called. A name that another metric has already is shown by `values` instead, whose names are
/// unlike one another; one that is taken even so is left out and counted. Legacy names stay as they are, whatever else there
/// is; among UTF-8 names the first in name order has the choice. So with labels, within a series.
///
/// What Go does lost: it writes one name twice, which promtool refuses and of which a server keeps the first series.
class escaped_names {
 public:
  escaped_names(registry_core& root, name_escaping scheme) noexcept
      : root_(root), scheme_(scheme), skips_(false), is_own_(false), owes_start_(false) {}

  /// Learns the legacy names. False without memory.
  bool learn() noexcept {
    const inside_lists inside;
    for (const registry_core* r = &root_; r; r = r->next_in_tree(&root_)) {
      for (const family_node* n = r->first(); n; n = n->next.load(memory_order_seq_cst)) {
        if (!n->is_shown() || !is_legacy_name(r->prefix(), n->name())) continue;
        if (!take(hash_set::hash(hash_set::hash(hash_set::seed, r->prefix()), n->name()), r->prefix(), n->name(), n->ops->type, legacy_)) return false;
      }
    }
    return true;
  }

  /// See utf8_names::show.
  const sample* show(const sample& s) noexcept {
    if (s.starts_family) begin_family(s);
    if (skips_) return nullptr;
    if (!s.utf8 && s.starts_family == owes_start_) {
      owes_start_ = false;
      return &s;
    }
    shown_ = s;
    shown_.utf8 = nullptr;
    if (is_own_) {
      shown_.prefix = string_view();
      shown_.name = name_.text();
    }
    if (s.utf8 && !show_labels(s)) {
      root_.count(mistake::sample);
      return nullptr;
    }
    shown_.starts_family = owes_start_;
    owes_start_ = false;
    return &shown_;
  }

 private:
  /// Calls visit(hash) for every name that a metric may be written by in any format, until it says true.
  template <class Visit>
  static bool any_name(std::uint64_t h, string_view prefix, string_view name, metric_type type, Visit visit) noexcept {
    if (visit(h) || visit(hash_set::hash(h, "_created"))) return true;
    const bool is_summary = type == metric_type::summary, has_buckets = type == metric_type::histogram || type == metric_type::gauge_histogram;
    if (is_summary || has_buckets) {
      for (const char* tail : {"_sum", "_count", "_bucket", "_gsum", "_gcount"}) {
        if (visit(hash_set::hash(h, tail))) return true;
      }
    }
    // OpenMetrics calls their families so.
    const std::size_t off = type == metric_type::counter && name.ends_with("_total") ? 6 : type == metric_type::info && name.ends_with("_info") ? 5 : 0;
    if (off == 0) return false;
    const std::uint64_t family = hash_set::hash(hash_set::hash(hash_set::seed, prefix), name.first(name.size() - off));
    return visit(family) || visit(hash_set::hash(family, "_created"));
  }
  static bool is_taken(std::uint64_t h, string_view prefix, string_view name, metric_type type, const hash_set& by) noexcept {
    return any_name(h, prefix, name, type, [&by](std::uint64_t one) { return by.has(one); });
  }
  static bool take(std::uint64_t h, string_view prefix, string_view name, metric_type type, hash_set& by) noexcept {
    return !any_name(h, prefix, name, type, [&by](std::uint64_t one) { return !by.add(one); });
  }

  void begin_family(const sample& s) noexcept {
    owes_start_ = true;
    is_own_ = s.utf8 && !is_legacy_name(s.prefix, s.name);
    if (is_own_) {
      skips_ = !choose(s);
    } else {
      // A legacy name that came during the walk: somebody may be called that by now.
      const std::uint64_t h = hash_set::hash(hash_set::hash(hash_set::seed, s.prefix), s.name);
      skips_ = !legacy_.has(h) && is_taken(h, s.prefix, s.name, s.type, own_);
    }
  }

  /// Finds a name for the family; false when there is none.
  bool choose(const sample& s) noexcept {
    full_.clear();
    if (full_.append(s.prefix) && full_.append(s.name)) {
      for (name_escaping scheme : {scheme_, name_escaping::values}) {
        name_.clear();
        if (!append_escaped(full_.text(), alphabet::metric, scheme, name_)) break;
        const string_view name = name_.text();
        const std::uint64_t h = hash_set::hash(hash_set::seed, name);
        if (is_taken(h, "", name, s.type, legacy_) || is_taken(h, "", name, s.type, own_)) continue;
        if (take(h, "", name, s.type, own_)) return true;
      }
    }
    root_.count(mistake::sample);
    return false;
  }

  /// Puts legacy names into the labels' text; false when one finds none.
  bool show_labels(const sample& s) noexcept {
    labels_.clear();
    bool ok = true;
    for (ready_labels one(s.labels); ok && one.next();) {
      ok = labels_.size() == 0 || labels_.append(",");
      string_view name = one.name;
      if (name[0] == '"') ok = ok && find_label(name, s.labels);
      ok = ok && labels_.append(name) && labels_.append("=") && labels_.append(one.value);
    }
    shown_.labels = labels_.text();
    return ok;
  }
  /// Changes a quoted name to a legacy one that no other label of the series has.
  bool find_label(string_view& name, string_view all) noexcept {
    full_.clear();
    if (!append_unquoted(name, full_)) return false;
    for (name_escaping scheme : {scheme_, name_escaping::values}) {
      label_.clear();
      if (!append_escaped(full_.text(), alphabet::label, scheme, label_)) return false;
      name = label_.text();
      // "__name__" would be the metric's name over again.
      if (name != "__name__" && !has_label(all, name) && !has_label(labels_.text(), name)) return true;
    }
    return false;
  }

  registry_core& root_;
  const name_escaping scheme_;
  bool skips_;       // the family in hand
  bool is_own_;      // its name is in name_
  bool owes_start_;  // none of its series has been shown
  hash_set legacy_, own_;
  byte_buffer full_, name_, label_, labels_;
  sample shown_;
};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ESCAPED_NAMES_HPP
