// narthex/utf8_name.hpp - names of any UTF-8, for who means it: nx::utf8_name("http.server.duration").
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_UTF8_NAME_HPP
#define NARTHEX_UTF8_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/desc.hpp"
#include "narthex/detail/escaped_names.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/utf8.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/label.hpp"
#include "narthex/string_view.hpp"

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
