// narthex/family.hpp - finds or makes the instrument for a set of label values.
// Room: shelves. Read detail/labelled_of.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_FAMILY_HPP
#define NARTHEX_FAMILY_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>

#include "narthex/config.hpp"
#include "narthex/counter.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/detail/labelled_of.hpp"
#include "narthex/gauge.hpp"
#include "narthex/histogram.hpp"
#include "narthex/label.hpp"
#include "narthex/summary.hpp"

NARTHEX_BEGIN_NAMESPACE

/// How many series a family may have: 10,000 unless said otherwise. Hidden ones count. The first registration decides.
///
/// What comes after is counted in one overflow series, whose label values are all "_overflow_", and in
/// narthex_refused_total{what="series"}.
class series_limits {
 public:
  explicit constexpr series_limits(std::uint32_t at_most = 10000) noexcept : most_(at_most) {}
  std::uint32_t most() const noexcept { return most_; }

 private:
  std::uint32_t most_;
};

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
namespace detail {

/// Registers a family: a new node, or the one that is there already. Null without memory.
template <class Core>
labelled_of<Core>* register_family(registry_core& r, const metric_name& called, string_view help, const string_view* names,
                                   string_view* overflow_values, unsigned arity, typename Core::args a,
                                   std::uint32_t limit) noexcept {
  enum : std::uint32_t { first_slots = 8 };
  using node = labelled_of<Core>;
  const string_view name = called.text();
  std::size_t at = 0;
  errc why = check_unit(validate<Core>(name, a, at), called.unit());
  if (why == errc::ok) why = check_label_names(names, arity, Core::type, r.constant_labels(), at);
  else a = Core::smallest();

  // One piece: node, names, first index, args, overflow series, texts.
  for (unsigned i = 0; i < arity; ++i) overflow_values[i] = overflow_value();
  const series_key overflow_key(names, overflow_values, arity);
  const std::size_t overflow_size = overflow_key.text_size();
  const auto clock_ns = Core::type == metric_type::gauge ? nullptr : r.created_clock();
  const std::size_t created_in_series = round_up(sizeof(series_of<Core>)) + Core::room(a);
  const std::size_t sizes_in_series = created_in_series + (clock_ns ? std::size_t(created_time::bytes) : 0);
  const std::size_t names_at = round_up(sizeof(node));
  const std::size_t index_at = names_at + round_up(arity * sizeof(string_view));
  const std::size_t args_at = index_at + round_up(series_index::bytes(first_slots));
  const std::size_t overflow_at = args_at + Core::args_room(a);
  const std::size_t text_at = overflow_at + sizes_in_series + arity * sizeof(std::uint16_t) +
                              (r.constant_labels().size() + 1) + overflow_size;
  std::size_t size = text_at + name.size() + help.size() + 2;
  for (unsigned i = 0; i < arity; ++i) size += names[i].size() + 1;
  char* const memory = static_cast<char*>(allocate(size));
  if (!memory) {
    r.count(mistake::registration);
    report(status(errc::no_memory, name));
    return nullptr;
  }
  char* text = memory + text_at;
  const char* const own_name = copy_text(text, name).data();
  node* const made = new (memory) node(own_name, copy_text(text, help).data());
  string_view* const own_names = reinterpret_cast<string_view*>(memory + names_at);
  for (unsigned i = 0; i < arity; ++i) new (own_names + i) string_view(copy_text(text, names[i]));
  made->names = own_names;
  made->arity = arity;
  made->constant = r.constant_labels();
  made->limit = limit;
  made->args = Core::keep(a, memory + args_at);
  made->sizes_at = static_cast<std::uint32_t>(sizes_in_series);
  made->measure_in(called.unit());
  if (clock_ns) made->keep_created(static_cast<std::uint32_t>(created_in_series), clock_ns);
  // Its place in memory, which who chooses label values does not know.
  made->seed = reinterpret_cast<std::uintptr_t>(memory) * 0x9e3779b97f4a7c15u;
  const std::uint32_t hash = series_key::hash(overflow_values, arity, made->seed);
  made->overflow = made->construct(memory + overflow_at, overflow_key, overflow_size, true, hash);
  made->overflow->hide();
  made->index.store(new (memory + index_at) series_index(first_slots, nullptr), memory_order_relaxed);
  series_index::insert(made->index, *made->overflow, 0, [](const series&) { return false; });

  family_node* twin = nullptr;
  if (why == errc::ok) why = r.insert(*made, twin);
  if (twin) {
    node::destroy(made);
    return static_cast<node*>(twin);
  }
  return why == errc::ok ? made : static_cast<node*>(r.keep_refused(*made, why, at));
}

}  // namespace detail

/// Metrics that share name, help and label names; one series for each set of label values.
///
/// T: counter, double_counter, gauge, int_gauge, histogram, summary. N: how many labels.
/// A family is a handle: copies stand for the same family, destroying one removes nothing.
///
/// Threads: every member may be called from any thread at any time.
/// Memory:  a series is its storage, 24 bytes, its label text and 2 bytes a label, out of blocks of up to 32 KB; freed with
///          the registry. The index: 32 to 64 bytes a series; up to 100 while there are fewer than 1,000.
/// Source:  Prometheus, "Writing client libraries", Labels.
template <class T, std::size_t N>
class family {
  static_assert(N > 0, "a metric without labels is no family");
  using core = typename T::core_type;
  using args_type = typename core::args;
  using node = detail::labelled_of<core>;

 public:
  /// Registers in the default registry. The same name, help, label names and bounds give the same family.
  ///
  /// Errors: see status(); a refused family hands out instruments that count, but are not exposed.
  family(metric_name name, string_view help, const label_names<N>& names, const args_type& args = args_type(),
         series_limits limits = series_limits()) noexcept
      : family(default_registry(), name, help, names, args, limits) {}
  family(metric_name name, string_view help, const label_names<N>& names, series_limits limits) noexcept
      : family(default_registry(), name, help, names, args_type(), limits) {}
  family(registry_core& registry, metric_name name, string_view help, const label_names<N>& names,
         series_limits limits) noexcept
      : family(registry, name, help, names, args_type(), limits) {}
  family(registry_core& registry, metric_name name, string_view help, const label_names<N>& names,
         const args_type& args = args_type(), series_limits limits = series_limits()) noexcept
      : node_(nullptr) {
    string_view overflow_values[N];
    node_ = detail::register_family<core>(registry, name, help, names.data(), overflow_values, N, args,
                                          limits.most());
  }

  /// The series of these values, in the order of the label names; made when there is none, shown again when hidden.
  ///
  /// values: text or integers, N of them.
  /// Errors: see status() of the answer: errc::series_limit for the overflow series, which also stands in
  ///         when there is no memory.
  /// Cost:   for an existing series a hash of the values and a comparison; no lock, no allocation.
  ///         Keep the handle where that is too much.
  template <class... Values>
  T labels(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    return get(texts.data());
  }

  /// The same by name, in any order: labels({{"code", "200"}, {"method", "GET"}}).
  ///
  /// Errors: a name that is unknown, missing or twice: a stand-in whose status() is errc::unknown_label.
  T labels(std::initializer_list<label_pair> pairs) const noexcept {
    string_view texts[N];
    const string_view wrong = node_ ? arrange(pairs, texts) : string_view();
    return wrong.data() ? T(mislabelled(wrong)) : get(texts);
  }

  /// Hides the series of these values; a later labels() or update shows it again, from zero.
  ///
  /// Returns: whether there was one.
  template <class... Values>
  bool remove(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    return node_ && remove_series(texts.data());
  }
  bool remove(std::initializer_list<label_pair> pairs) const noexcept {
    string_view texts[N];
    return node_ && !arrange(pairs, texts).data() && remove_series(texts);
  }

  /// Hides every series.
  void clear() const noexcept {
    if (node_) node_->clear();
  }

  /// ok, or why the registration was refused.
  NARTHEX_NAMESPACE::status status() const noexcept {
    return node_ ? static_cast<const detail::family_node&>(*node_).state() : NARTHEX_NAMESPACE::status(errc::no_memory, "");
  }
  /// Takes the family out of the exposition; registering it again shows it again, from zero.
  void unregister() const noexcept {
    if (!node_) return;
    if (registry_core* const home = node_->home()) home->hide(*node_);
  }
  /// How often labels() answered with the overflow series.
  std::uint64_t overflowed() const noexcept {
    return node_ ? node_->overflowed.load(detail::memory_order_relaxed) : 0;
  }

 private:
  T get(const string_view* texts) const noexcept {
    if (!node_) return T(detail::stand_in<core>::get());
    return T(detail::registered<core>{&static_cast<detail::series_of<core>&>(node_->template get<N>(texts)), node_});
  }

  bool remove_series(const string_view* texts) const noexcept {
    detail::series* const s = node_->template find_any<N>(texts);
    if (!s || s->is_hidden()) return false;
    node_->hide(*s);
    return true;
  }

  /// Puts values in the order of the names. Returns the name that is wrong; a null view when none is.
  string_view arrange(std::initializer_list<label_pair> pairs, string_view (&texts)[N]) const noexcept {
    for (std::size_t i = 0; i < N; ++i) texts[i] = string_view();
    for (const label_pair& p : pairs) {
      std::size_t i = 0;
      while (i < N && node_->names[i] != p.name) ++i;
      if (i == N || texts[i].data()) return p.name.data() ? p.name : string_view("", 0);
      texts[i] = p.value.text();
    }
    for (std::size_t i = 0; i < N; ++i) {
      if (!texts[i].data()) return node_->names[i];
    }
    return string_view();
  }

  detail::registered<core> mislabelled(string_view wrong) const noexcept {
    registry_core* const home = node_->home();
    if (home) home->count(mistake::series);
    return node_->answer_to_mislabelled(wrong);
  }

  node* node_;
};
#elif NARTHEX_HAS(HEAP)  // compiled out

template <class T, std::size_t N>
class NARTHEX_DETAIL_IDLE family : public detail::no_family<T> {
  using args_type = detail::unread<typename T::core_type::args>;

 public:
  constexpr family(metric_name, string_view, const label_names<N>&, args_type = {}, series_limits = series_limits()) noexcept {}
  constexpr family(metric_name, string_view, const label_names<N>&, series_limits) noexcept {}
  constexpr family(registry_core&, metric_name, string_view, const label_names<N>&, series_limits) noexcept {}
  constexpr family(registry_core&, metric_name, string_view, const label_names<N>&, args_type = {},
         series_limits = series_limits()) noexcept {}
};

#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_FAMILY_HPP
