// narthex/enum_family.hpp - a family whose labels are enums: a series is an array element.
// Room: shelves. Read fixed_family.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_ENUM_FAMILY_HPP
#define NARTHEX_ENUM_FAMILY_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/counter.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/detail/in_place.hpp"
#include "narthex/detail/series_key.hpp"
#include "narthex/detail/single.hpp"
#include "narthex/gauge.hpp"
#include "narthex/histogram.hpp"
#include "narthex/label.hpp"
#include "narthex/summary.hpp"

NARTHEX_BEGIN_NAMESPACE

/// The label values of an enum whose enumerators count from 0. A function beside the enum says them:
///
///   enum class method { get, post };
///   inline nx::enum_values<2> label_values(method) { return {{"get", "post"}}; }
template <std::size_t N>
struct enum_values {
  static constexpr std::size_t size = N;
  const char* text[N];  ///< static lifetime, all different
};
template <std::size_t N>
constexpr std::size_t enum_values<N>::size;

#if NARTHEX_HAS(METRICS)
namespace detail {

template <class Enum>
struct enum_size : std::integral_constant<std::size_t, decltype(label_values(Enum()))::size> {};

template <class... Enums>
struct enum_product : std::integral_constant<std::size_t, 1> {};
template <class First, class... Rest>
struct enum_product<First, Rest...>
    : std::integral_constant<std::size_t, enum_size<First>::value * enum_product<Rest...>::value> {};

/// The place of a combination of enumerators, the last one running fastest; beyond the product when one is no
/// enumerator.
template <class... Enums>
struct enum_index {
  static std::size_t of() noexcept { return 0; }
  static void write(std::size_t, const string_view*, label_text&) noexcept {}
  static std::size_t longest(const string_view*) noexcept { return 0; }
  static bool all_different(std::size_t&) noexcept { return true; }
};
template <class First, class... Rest>
struct enum_index<First, Rest...> {
  static std::size_t of(First first, Rest... rest) noexcept {
    const std::size_t i = static_cast<std::size_t>(first);
    const std::size_t behind = enum_index<Rest...>::of(rest...);
    const bool good = i < enum_size<First>::value && behind < enum_product<Rest...>::value;
    return good ? i * enum_product<Rest...>::value + behind : enum_product<First, Rest...>::value;
  }
  static void write(std::size_t index, const string_view* names, label_text& text) noexcept {
    text.add(names[0], label_values(First()).text[index / enum_product<Rest...>::value]);
    enum_index<Rest...>::write(index % enum_product<Rest...>::value, names + 1, text);
  }
  static std::size_t longest(const string_view* names) noexcept {
    std::size_t most = 0;
    const auto values = label_values(First());
    for (const char* const v : values.text) {
      const std::size_t size = label_text_size(names[0], v) + 1;
      most = size > most ? size : most;
    }
    return most + enum_index<Rest...>::longest(names + 1);
  }
  /// `at` counts the labels before one that has a value twice, as it will be written.
  static bool all_different(std::size_t& at) noexcept {
    const auto values = label_values(First());
    const string_view none[1] = {string_view("")};  // not null: it goes to memcpy
    for (std::size_t i = 0; i < enum_size<First>::value; ++i) {
      const string_view mine(values.text[i]);
      char text[reading::text_room];
      label_text written(text, sizeof text);
      written.add(none[0], mine);
      for (std::size_t k = 0; k < i; ++k) {
        const string_view other(values.text[k]);
        if (series_key(none, &other, 1).is(written.text())) return false;
      }
    }
    ++at;
    return enum_index<Rest...>::all_different(at);
  }
};

}  // namespace detail

/// Metrics labelled by enums: every combination exists from the start, at 0; finding one is arithmetic.
///
/// T: counter, double_counter, gauge, int_gauge, fixed_histogram<B>, fixed_summary.
/// An object with its storage inside: static lifetime, or longer than its handles; its destructor takes it out
/// of the registry. With a heap, name and help are copied; label names and values have static lifetime.
/// Errors:  see status(); errc::repeated_label_value for two equal values. A value that is no enumerator counts into nothing and in
///          narthex_refused_total{what="series"}.
/// Threads: any. Cost: labels() is a multiplication and an addition for each label.
template <class T, class... Enums>
class enum_family {
  using core = typename T::core_type;
  static_assert(detail::is_in_place<core>::value, "use fixed_histogram<B> or fixed_summary here: the storage is inside");
  using args_type = typename core::args;
  using index = detail::enum_index<Enums...>;
  enum : std::size_t { count = detail::enum_product<Enums...>::value };

 public:
  using handle_type = typename T::series_handle;

  /// Registers in the default registry. A name that is taken is refused, also by an equal family.
  enum_family(detail::kept_name name, detail::kept_help help, const label_names<sizeof...(Enums)>& names,
              const args_type& args = args_type()) noexcept
      : enum_family(default_registry(), name, help, names, args) {}
  enum_family(registry_core& registry, detail::kept_name name, detail::kept_help help,
              const label_names<sizeof...(Enums)>& names, const args_type& args = args_type()) noexcept
      : node_(names, args) {
    std::size_t at = 0;
    errc why = detail::check_unit(detail::validate<core>(name.text(), args, at), name.unit());
    node_.measure_in(name.unit());
    node_.own_words.name = detail::keep_text(registry, name.text(), why);
    node_.own_words.help = detail::keep_text(registry, help, why);
    if (why == errc::ok) {
      why = detail::check_label_names(names.data(), sizeof...(Enums), core::type, registry.constant_labels(), at);
    }
    if (why == errc::ok && index::longest(names.data()) + registry.constant_labels().size() > detail::reading::text_room) {
      why = errc::label_too_long;
      at = detail::reading::text_room;
    }
    std::size_t label = 0;
    if (why == errc::ok && !index::all_different(label)) {
      why = errc::repeated_label_value;
      at = label;
    }
    detail::join(registry, node_, why, at);
  }
  ~enum_family() { unregister(); }
  enum_family(const enum_family&) = delete;
  enum_family& operator=(const enum_family&) = delete;

  /// The series of these enumerators, in the order of the label names; one that counts into nothing for a value beyond them.
  handle_type labels(Enums... values) noexcept {
    const std::size_t i = index::of(values...);
    if (!NARTHEX_DETAIL_LIKELY(i < count)) refuse();
    return handle_type(detail::registered<core>{&node_.storage(i), &node_});
  }

  /// ok, or why the registration was refused.
  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }
  /// Takes the family out of the exposition for good; its handles go on counting. Waits only for a scrape that is reading it.
  void unregister() noexcept { detail::part(node_); }

 private:
  NARTHEX_DETAIL_COLD void refuse() noexcept {
    if (registry_core* const home = node_.home()) home->count(mistake::series);
  }

  struct node : detail::named_node {
    node(const label_names<sizeof...(Enums)>& given, const args_type& a) noexcept
        : named_node(&table, "", ""), names(given), args(a) {
      for (unsigned char* seat : room) new (seat) core(args, nullptr);
    }
    label_names<sizeof...(Enums)> names;
    args_type args;
    alignas(core) unsigned char room[count + 1][sizeof(core)];  // the last takes what is no enumerator, and is not shown

    core& storage(std::size_t i) noexcept { return *reinterpret_cast<core*>(&room[i]); }

    static bool next(detail::family_node& n, detail::position& where, detail::reading& out) noexcept {
      if (where.index >= count) return false;
      node& f = static_cast<node&>(n);
      const std::size_t i = where.index++;
      f.storage(i).read(out);
      const registry_core* const home = n.home();
      detail::label_text text(out.text, detail::reading::text_room);
      if (home) text.add_ready(home->constant_labels());
      index::write(i, f.names.data(), text);
      out.labels = text.text();
      return true;
    }
    static void restart(detail::family_node& n) noexcept {
      for (std::size_t i = 0; i < count; ++i) static_cast<node&>(n).storage(i).restart();
    }
    static string_view label(const detail::family_node& n, unsigned i) noexcept {
      return i < sizeof...(Enums) ? static_cast<const node&>(n).names.data()[i] : string_view();
    }
    // One element of the array cannot go alone.
    static void unregister(detail::family_node&, void*) noexcept {}
    static const void* chosen(const detail::family_node& n) noexcept { return &static_cast<const node&>(n).args; }
    static const detail::family_ops table;
  };
  node node_;
};
template <class T, class... Enums>
const detail::family_ops enum_family<T, Enums...>::node::table = {
    core::type, core::kind, false, &next, &restart, &label, &chosen, &detail::same_choice<args_type>, &unregister, &detail::node_state, nullptr};

#else  // compiled out

template <class T, class... Enums>
class NARTHEX_DETAIL_IDLE enum_family : public detail::no_family<typename T::series_handle> {
  using args_type = detail::unread<typename T::core_type::args>;

 public:
  using handle_type = typename T::series_handle;
  constexpr enum_family(detail::kept_name, detail::kept_help, const label_names<sizeof...(Enums)>&,
              args_type = {}) noexcept {}
  constexpr enum_family(registry_core&, detail::kept_name, detail::kept_help, const label_names<sizeof...(Enums)>&,
              args_type = {}) noexcept {}
  enum_family(const enum_family&) = delete;
  enum_family& operator=(const enum_family&) = delete;
  handle_type labels(Enums... values) const noexcept {
    if (false) mention(label_values(values)...);  // an enum's function in one file would be unused
    return handle_type(detail::no_core());
  }

 private:
  template <class... All>
  static void mention(const All&...) noexcept {}
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_ENUM_FAMILY_HPP
