// narthex/utf8_name.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
//
// MIT License
//
// Copyright (c) 2026 narthex contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#include "narthex.hpp"

// ==== narthex/detail/byte_buffer.hpp ============================================================
// narthex/detail/byte_buffer.hpp - bytes that are collected before they go out, without throwing.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_BYTE_BUFFER_HPP
#define NARTHEX_DETAIL_BYTE_BUFFER_HPP

#include <cstddef>
#include <cstring>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Appended at its end and taken from its front.
///
/// Memory: with a heap, grows by doubling; without one, 4 KB in place.
/// Errors: append() is false when there is no room, and then has taken nothing.
class byte_buffer {
 public:
  byte_buffer() noexcept : begin_(0), end_(0) {}
  byte_buffer(const byte_buffer&) = delete;
  byte_buffer& operator=(const byte_buffer&) = delete;

  string_view text() const noexcept { return string_view(data_ + begin_, end_ - begin_); }
  std::size_t size() const noexcept { return end_ - begin_; }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Forgets the first `n` <= size() bytes.
  void take(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == end_) clear();
  }
  bool append(string_view more) noexcept {
    if (more.empty()) return true;
    if (room_ - end_ < more.size() && !make_room(more.size())) return false;
    std::memcpy(data_ + end_, more.data(), more.size());
    end_ += more.size();
    return true;
  }
#if NARTHEX_HAS(HEAP)
  ~byte_buffer() { release(data_); }
  /// Gives the room of an empty one back, if it is larger than `most`.
  void shrink(std::size_t most) noexcept {
    if (size() || room_ <= most) return;
    release(data_);
    data_ = nullptr;
    room_ = 0;
  }

 private:
  bool make_room(std::size_t more) noexcept {
    if (begin_ > 0) {
      std::memmove(data_, data_ + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      if (room_ - end_ >= more) return true;
    }
    std::size_t wanted = room_ ? room_ * 2 : 4096;
    while (wanted - end_ < more) wanted *= 2;
    char* const larger = static_cast<char*>(allocate(wanted));
    if (!larger) return false;
    if (end_) std::memcpy(larger, data_, end_);
    release(data_);
    data_ = larger;
    room_ = wanted;
    return true;
  }
  char* data_ = nullptr;
  std::size_t room_ = 0;
#else
  void shrink(std::size_t) noexcept {}

 private:
  bool make_room(std::size_t more) noexcept {
    std::memmove(data_, data_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return room_ - end_ >= more;
  }
  enum : std::size_t { room_ = 4096 };
  char data_[room_];
#endif
  std::size_t begin_, end_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_BYTE_BUFFER_HPP

// ==== narthex/detail/escaped_name.hpp ===========================================================
// narthex/detail/escaped_name.hpp - one UTF-8 name in the legacy alphabet, by any of the schemes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ESCAPED_NAME_HPP
#define NARTHEX_DETAIL_ESCAPED_NAME_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// The number of the character at `s`, which has `size` well-formed bytes.
inline std::uint32_t code_point(const char* s, std::size_t size) noexcept {
  std::uint32_t point = static_cast<unsigned char>(s[0]);
  if (size > 1) point &= 0x7fu >> size;
  for (std::size_t i = 1; i < size; ++i) point = point << 6 | (static_cast<unsigned char>(s[i]) & 0x3fu);
  return point;
}

/// Appends a name that is not of the legacy alphabet. Legacy names are to be left alone, in every scheme: so does Go.
///
/// name:    well-formed UTF-8.
/// Returns: false without memory.
/// Source:  Prometheus, "UTF-8 names", as prometheus/common does it: `dots` has two underscores for what is neither dot nor
///          legal, `values` has lower-case digits. A label's colon is illegal, which Go forgets.
inline bool append_escaped(string_view name, alphabet of, name_escaping scheme, byte_buffer& to) noexcept {
  bool ok = scheme != name_escaping::values || to.append("U__");
  for (std::size_t i = 0, n = 0; ok && i < name.size(); i += n) {
    n = utf8_length(name.data() + i, name.size() - i);
    if (n == 0) return false;
    const char letter = name[i];
    if (letter == '_' && scheme != name_escaping::underscores) ok = to.append("__");
    else if (may_stand(letter, i, of)) ok = to.append(name.from(i).first(1));
    else if (scheme == name_escaping::underscores) ok = to.append("_");
    else if (scheme == name_escaping::dots) ok = to.append(letter == '.' ? "_dot_" : "__");
    else {
      char text[8];
      char* at = text + sizeof text;
      *--at = '_';
      std::uint32_t rest = code_point(name.data() + i, n);
      do *--at = hex_digit(rest & 15);
      while (rest >>= 4);
      *--at = '_';
      ok = to.append(string_view(at, static_cast<std::size_t>(text + sizeof text - at)));
    }
  }
  return ok;
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_ESCAPED_NAME_HPP

// ==== narthex/detail/hash_set.hpp ===============================================================
// narthex/detail/hash_set.hpp - names that were seen, as their hashes.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HASH_SET_HPP
#define NARTHEX_DETAIL_HASH_SET_HPP

#include <cstddef>
#include <cstdint>


NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(HEAP)
/// Names by 64 bits each. Two names of one hash are taken for one; of 10,000 names one pair in 10^11 programs.
class hash_set {
 public:
  enum : std::uint64_t { seed = 0xcbf29ce484222325u };
  /// Of a name in pieces: hash(hash(seed, "a"), "b") is hash(seed, "ab"). FNV-1a.
  static std::uint64_t hash(std::uint64_t before, string_view piece) noexcept {
    for (char c : piece) before = (before ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return before;
  }

  hash_set() noexcept : slots_(nullptr), room_(0), used_(0) {}
  ~hash_set() { release(slots_); }
  hash_set(const hash_set&) = delete;
  hash_set& operator=(const hash_set&) = delete;

  bool has(std::uint64_t h) const noexcept { return room_ && slots_[place(h)] != 0; }
  /// False without memory.
  bool add(std::uint64_t h) noexcept {
    if (used_ * 2 >= room_ && !grow()) return false;
    std::uint64_t& slot = slots_[place(h)];
    if (slot == 0) ++used_;
    slot = h | 1;
    return true;
  }

 private:
  std::size_t place(std::uint64_t h) const noexcept {
    std::size_t i = static_cast<std::size_t>(h >> 20) & (room_ - 1);
    while (slots_[i] != 0 && slots_[i] != (h | 1)) i = (i + 1) & (room_ - 1);
    return i;
  }
  bool grow() noexcept {
    const std::size_t before = room_, wanted = room_ ? room_ * 2 : 64;
    std::uint64_t* const old = slots_;
    std::uint64_t* const larger = static_cast<std::uint64_t*>(allocate(wanted * sizeof(std::uint64_t)));
    if (!larger) return false;
    for (std::size_t i = 0; i < wanted; ++i) larger[i] = 0;
    slots_ = larger;
    room_ = wanted;
    for (std::size_t i = 0; i < before; ++i) {
      if (old[i]) slots_[place(old[i])] = old[i];
    }
    release(old);
    return true;
  }

  std::uint64_t* slots_;  // 0: free
  std::size_t room_, used_;
};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HASH_SET_HPP

// ==== narthex/detail/escaped_names.hpp ==========================================================
// narthex/detail/escaped_names.hpp - a scrape's UTF-8 names in the legacy alphabet, so that no two become one.
// Room: balconies. Read detail/escaped_name.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_ESCAPED_NAMES_HPP
#define NARTHEX_DETAIL_ESCAPED_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <new>


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

// ==== narthex/utf8_name.hpp =====================================================================
// narthex/utf8_name.hpp - names of any UTF-8, for who means it: nx::utf8_name("http.server.duration").
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_UTF8_NAME_HPP
#define NARTHEX_UTF8_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
namespace detail {

/// A name that somebody meant. It lies there for ever, as metrics may; what stands in quotes behind it.
struct meant_name {
  meant_name* next;
  string_view raw, quoted;
};

template <class Once>
struct NARTHEX_DETAIL_VISIBLE utf8_in_full {
  static shared<meant_name*> names;
  static const utf8_names table;

  /// The meant name of that text; null when there is none.
  static const meant_name* find(string_view text, string_view meant_name::*as) noexcept {
    const meant_name* n = names.load(memory_order_acquire);
    while (n && !(n->*as == text)) n = n->next;
    return n;
  }
  /// The meant name, made if need be; null when it is no UTF-8, or without memory.
  static const meant_name* mean(string_view text) noexcept {
    if (const meant_name* const there = find(text, &meant_name::raw)) return there;
    if (!is_utf8(text)) return nullptr;
    const std::size_t quoted = safe_size(text, quoting::label_value) + 2;
    char* const memory = static_cast<char*>(allocate(sizeof(meant_name) + text.size() + 1 + quoted));
    if (!memory) return nullptr;
    char* at = memory + sizeof(meant_name);
    const string_view raw = copy_text(at, text);
    write_quoted(at, text);
    meant_name* const fresh = new (memory) meant_name{names.load(memory_order_relaxed), raw, string_view(at, quoted)};
    while (!names.compare_exchange_weak(fresh->next, fresh, memory_order_release, memory_order_relaxed)) continue;
    utf8_door<Once>::open.store(&table, memory_order_release);
    return fresh;
  }

 private:
  static bool is_utf8(string_view text) noexcept {
    for (std::size_t i = 0, n = 0; i < text.size(); i += n) {
      n = utf8_length(text.data() + i, text.size() - i);
      if (n == 0 || text[i] == '\0') return false;
    }
    return !text.empty();
  }
  static bool is_label(string_view text) noexcept {
    return !text.empty() && bad_byte(text.data(), text.size(), alphabet::label) == text.size();
  }
  static void write_quoted(char* at, string_view text) noexcept {
    *at++ = '"';
    at = write_safe(at, text, quoting::label_value);
    *at = '"';
  }

  static bool is_allowed(string_view name, alphabet of) {
    if (of == alphabet::metric) return find(name, &meant_name::raw) != nullptr;
    return !name.empty() && name[0] == '"' && (find(name, &meant_name::quoted) != nullptr || is_quoted(name));
  }
  /// As a state set's label is quoted, which has a registry's prefix.
  static bool is_quoted(string_view name) noexcept {
    if (name.size() < 3 || name[name.size() - 1] != '"') return false;
    const string_view inside = name.from(1).first(name.size() - 2);
    for (std::size_t i = 0; i < inside.size(); ++i) {
      const char letter = inside[i];
      if (letter == '"' || letter == '\n') return false;
      if (letter == '\\' && (++i == inside.size() || !(inside[i] == '\\' || inside[i] == '"' || inside[i] == 'n'))) return false;
    }
    return is_utf8(inside) && !is_label(inside);
  }
  static string_view unquoted(string_view allowed) {
    const meant_name* const n = find(allowed, &meant_name::quoted);
    return n ? n->raw : allowed;
  }
  static bool quote(string_view& label, char* room, std::size_t size) {
    if (is_legacy_name("", label)) return true;
    char text[reading::text_room];
    if (safe_size(label, quoting::label_value) + 2 > sizeof text || sizeof text > size) return false;
    const std::size_t quoted = safe_size(label, quoting::label_value) + 2;
    write_quoted(text, label);
    std::memcpy(room, text, quoted);
    label = string_view(room, quoted);
    return true;
  }
  static bool has_any(const registry_core& r, const family_node& n) {
    if (!is_legacy_name(r.prefix(), n.name())) return true;
    for (ready_labels one(r.constant_labels()); one.next();) {
      if (one.name[0] == '"') return true;
    }
    for (unsigned i = 0;; ++i) {
      const string_view label = n.ops->all().label(n, i);
      if (label.empty()) return false;
      if (label[0] == '"') return true;
    }
  }
  static void* begin(registry_core& root, name_escaping scheme) {
    void* const memory = allocate(sizeof(escaped_names));
    escaped_names* const state = memory ? new (memory) escaped_names(root, scheme) : nullptr;
    if (!state || state->learn()) return state;
    end(state);
    return nullptr;
  }
  static const sample* show(void* state, const sample& s) { return static_cast<escaped_names*>(state)->show(s); }
  static void end(void* state) {
    static_cast<escaped_names*>(state)->~escaped_names();
    release(state);
  }
};
template <class Once>
shared<meant_name*> utf8_in_full<Once>::names(nullptr);
template <class Once>
const utf8_names utf8_in_full<Once>::table = {&is_allowed, &unquoted, &quote, &has_any, &begin, &show, &end};

}  // namespace detail
#endif  // NARTHEX_HAS(METRICS)

/// A metric's or a label's name of any UTF-8, taken where a legacy name is: in metrics, families, collectors, registries.
///
///   nx::counter requests{nx::utf8_name("http.server.requests"), "Requests."};
///   nx::family<nx::counter, 1> by_route{nx::utf8_name("http.server.hits"), "Hits.", {nx::utf8_name("http.route")}};
///
/// Prometheus 3 sees these names as they are. Who does not ask for that (2.x, a Pushgateway, node_exporter, to_text()) sees
/// them escaped, by underscores (http_server_requests) or as the scraper asked: dots, values. Where two names of a registry
/// would become one, one is shown by `values`, whose names are all different: U__http_2e_server_2e_requests.
///
/// text:    well-formed UTF-8 without a NUL, not empty; otherwise the registration is refused (errc::bad_name,
///          bad_label_name), as without a utf8_name. A legacy name is nothing special.
/// Threads: any. Memory: one allocation for each different name, kept for ever; none after the first time.
/// Cost:    a search among all such names: keep one for labels() by name. Series cost nothing more but in a scrape that escapes
///          them. Series and families with legacy names do not notice.
/// Source:  Prometheus, "UTF-8 names"; OpenTelemetry names look so.
class utf8_name : public detail::utf8_text {
 public:
  explicit utf8_name(string_view text) noexcept {
    raw = quoted = text;
#if NARTHEX_HAS(METRICS)
    if (detail::is_label_name(text)) return;
    const detail::meant_name* const meant = detail::utf8_in_full<void>::mean(text);
    if (!meant) return;
    raw = meant->raw;
    quoted = meant->quoted;
#endif
  }
  /// As a label's name, in quotes if it needs them.
  operator string_view() const noexcept { return quoted; }
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_UTF8_NAME_HPP
