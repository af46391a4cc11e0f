// narthex/info.hpp - a fact, as labels on 1.
// Room: instruments. Read detail/in_place.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_INFO_HPP
#define NARTHEX_INFO_HPP

#include <cstddef>
#include <initializer_list>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/detail/in_place.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/single.hpp"
#include "narthex/label.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
namespace detail {

/// An info metric's node: the text of its labels, ready but for the registry's constant ones.
struct info_node : named_node {
  info_node(const family_ops* kind, const char* full, const char* means) noexcept : named_node(kind, full, means) {}
  string_view text;   // its own labels
  string_view ready;  // owned: the registry's constant labels before them, of any length

  static bool next(family_node& n, position& where, reading& out) noexcept {
    if (where.index++) return false;
    const registry_core* const home = n.home();
    const string_view constant = home ? home->constant_labels() : string_view();
    const string_view own = static_cast<info_node&>(n).text;
    if (n.ops->owned) {
      out.labels = static_cast<info_node&>(n).ready;
    } else {  // never touched by a scrape after it was read
      label_text both(out.text, reading::text_room);
      both.add_ready(constant);
      both.add_ready(own);
      out.labels = both.text();
    }
    out.value = std::uint64_t(1);
    return true;
  }
  static string_view label(const family_node& n, unsigned i) noexcept {
    ready_labels one(static_cast<const info_node&>(n).text);
    while (one.next()) {
      if (i-- == 0) return one.name;
    }
    return string_view();
  }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const info_node&>(n).text; }
  static void unregister(family_node& n, void*) noexcept {
    if (registry_core* const home = n.home()) home->hide(n);
  }
  static void destroy(family_node* n) noexcept {
#if NARTHEX_HAS(HEAP)
    release(static_cast<info_node*>(n));
#else
    static_cast<void>(n);
#endif
  }
};
template <bool Owned>
struct info_ops {
  static const family_ops table;
};
template <bool Owned>
const family_ops info_ops<Owned>::table = {
    metric_type::info, storage::info,    Owned, &info_node::next, &nothing_to_restart, &info_node::label,
    &info_node::chosen, &same_choice<string_view>, &info_node::unregister, &node_state, Owned ? &info_node::destroy : nullptr};

/// Checks name and labels of an info metric; counts what its text needs.
inline errc check_info(string_view name, std::initializer_list<label_pair> labels, string_view constant, std::size_t& size,
                       std::size_t& at) noexcept {
  errc why = check_name(name, at);
  if (why == errc::ok && !name.ends_with("_info")) why = errc::missing_suffix;
  size = 0;
  at = why == errc::bad_name ? at : 0;
  for (const label_pair* p = labels.begin(); p != labels.end(); ++p) {
    std::size_t one = 0;
    errc bad = check_label_names(&p->name, 1, metric_type::info, constant, one);
    for (const label_pair* q = labels.begin(); q != p; ++q) {
      if (bad == errc::ok && q->name == p->name) bad = errc::duplicate_label_name;
    }
    if (why == errc::ok && bad != errc::ok) {
      why = bad;
      at = static_cast<std::size_t>(p - labels.begin());
    }
    size += label_text_size(p->name, p->value.text()) + 1;
  }
  return why;
}

inline string_view write_info(char* room, std::size_t size, std::initializer_list<label_pair> labels) noexcept {
  label_text text(room, size);
  for (const label_pair& p : labels) text.add(p.name, p.value.text());
  return text.text();
}

}  // namespace detail

#if NARTHEX_HAS(HEAP)
/// A fact that does not change: nx::info build{"build_info", "What runs.", {{"version", "1.4.2"}}}. The name ends
/// in _info, the value is 1.
///
/// A handle: destroying it removes nothing; the same name, help and labels give the same series.
/// Threads: every member may be called from any thread at any time.
/// Memory: one allocation; names, help and labels are copied.
/// Source: OpenMetrics 1.0, Info.
class info {
 public:
  /// Errors: see status(): errc::missing_suffix, and whatever is wrong with name and labels.
  info(metric_name name, string_view help, std::initializer_list<label_pair> labels) noexcept
      : info(default_registry(), name, help, labels) {}
  info(registry_core& registry, metric_name name, string_view help, std::initializer_list<label_pair> labels) noexcept
      : node_(nullptr) {
    std::size_t size = 0, at = 0;
    errc why = detail::check_info(name.text(), labels, registry.constant_labels(), size, at);
    size += registry.constant_labels().size() + 1;
    const std::size_t text_at = detail::round_up(sizeof(detail::info_node));
    char* const memory =
        static_cast<char*>(detail::allocate(text_at + size + name.text().size() + help.size() + 2));
    if (!memory) {
      registry.count(mistake::registration);
      detail::report(status());
      return;
    }
    char* text = memory + text_at + size;
    const char* const own_name = detail::copy_text(text, name.text()).data();
    const char* const own_help = detail::copy_text(text, help).data();
    node_ = new (memory) detail::info_node(&detail::info_ops<true>::table, own_name, own_help);
    detail::label_text ready(memory + text_at, size);
    ready.add_ready(registry.constant_labels());
    const std::size_t own_at = ready.text().size() + (ready.text().empty() || labels.size() == 0 ? 0 : 1);
    for (const label_pair& p : labels) ready.add(p.name, p.value.text());
    node_->ready = ready.text();
    node_->text = node_->ready.from(own_at);
    detail::family_node* twin = nullptr;
    if (why == errc::ok) why = registry.insert(*node_, twin);
    if (twin) {
      detail::info_node::destroy(node_);
      node_ = static_cast<detail::info_node*>(twin);
    } else if (why != errc::ok) {
      node_ = static_cast<detail::info_node*>(registry.keep_refused(*node_, why, at));
    }
  }
  /// ok, or why the registration was refused; errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept {
    return node_ ? node_->state() : NARTHEX_NAMESPACE::status(errc::no_memory, "info");
  }
  /// Takes it out of the exposition; registering it again shows it again.
  void unregister() const noexcept {
    if (node_) detail::info_node::unregister(*node_, nullptr);
  }

 private:
  detail::info_node* node_;
};
#endif

/// The same with its label text inside, up to `Bytes` (at most 200; errc::label_too_long); it cannot be copied, and its
/// destructor takes it out of the registry.
template <std::size_t Bytes = 128>
class fixed_info {
  static_assert(Bytes <= 200, "a scrape has room for 256 bytes of such labels, the registry's included");

 public:
  /// Errors: see status(): as info; a name that is taken is refused, also by an equal metric. Name and help are kept by
  /// reference: static lifetime.
  fixed_info(static_name name, const char* help, std::initializer_list<label_pair> labels) noexcept
      : fixed_info(default_registry(), name, help, labels) {}
  fixed_info(registry_core& registry, static_name name, const char* help,
             std::initializer_list<label_pair> labels) noexcept
      : node_(&detail::info_ops<false>::table, name.data(), help) {
    std::size_t size = 0, at = 0;
    errc why = detail::check_info(name.text(), labels, registry.constant_labels(), size, at);
    if (why == errc::ok && (size > sizeof text_ + 1 || size + registry.constant_labels().size() > detail::reading::text_room)) {
      why = errc::label_too_long;
      at = sizeof text_;
    }
    node_.text = detail::write_info(text_, sizeof text_, labels);
    detail::join(registry, node_, why, at);
  }
  ~fixed_info() { unregister(); }
  fixed_info(const fixed_info&) = delete;
  fixed_info& operator=(const fixed_info&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }
  /// Takes it out of the exposition for good; waits only for a scrape that is reading it.
  void unregister() noexcept { detail::part(node_); }

 private:
  detail::info_node node_;
  char text_[Bytes];
};

#else  // compiled out

#if NARTHEX_HAS(HEAP)
class NARTHEX_DETAIL_IDLE info : public detail::no_node {
 public:
  constexpr info(metric_name, string_view, std::initializer_list<label_pair>) noexcept {}
  constexpr info(registry_core&, metric_name, string_view, std::initializer_list<label_pair>) noexcept {}
};
#endif

template <std::size_t Bytes = 128>
class NARTHEX_DETAIL_IDLE fixed_info : public detail::no_node {
 public:
  constexpr fixed_info(static_name, const char*, std::initializer_list<label_pair>) noexcept {}
  constexpr fixed_info(registry_core&, static_name, const char*, std::initializer_list<label_pair>) noexcept {}
  fixed_info(const fixed_info&) = delete;
  fixed_info& operator=(const fixed_info&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

#if !NARTHEX_HAS(HEAP)
using info = fixed_info<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_INFO_HPP
