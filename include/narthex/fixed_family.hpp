// narthex/fixed_family.hpp - a family with room for a stated number of series inside.
// Room: shelves. Read detail/series_key.hpp and detail/single.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_FIXED_FAMILY_HPP
#define NARTHEX_FIXED_FAMILY_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/counter.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/detail/in_place.hpp"
#include "narthex/detail/series_key.hpp"
#include "narthex/gauge.hpp"
#include "narthex/histogram.hpp"
#include "narthex/label.hpp"
#include "narthex/summary.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Metrics that share name, help and N label names: up to `Series` of them, all storage inside, nothing allocated.
///
/// T:          counter, double_counter, gauge, int_gauge, fixed_histogram<B>, fixed_summary.
/// LabelBytes: room for each series' label text, names included: method="GET",code="200" is 24.
/// Beyond `Series`, or where the text does not fit, labels() answers with the overflow series, whose values are
/// all "_overflow_"; counted in narthex_refused_total{what="series"}.
/// Names, help and label names are kept by reference: static lifetime. So must the family be, as long as its
/// handles are used.
/// Threads: any; without threads, interrupt handlers use handles that the main loop made.
/// Cost:    labels() compares the values with each series in turn; no hash, no lock when it exists.
template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes = 64>
class fixed_family {
  static_assert(N > 0 && Series > 0 && LabelBytes <= 200, "at least one label and series, at most 200 bytes of labels");
  using core = typename T::core_type;
  static_assert(detail::is_in_place<core>::value, "use fixed_histogram<B> or fixed_summary here: the storage is inside");
  using args_type = typename core::args;

 public:
  using handle_type = typename T::series_handle;

  /// Registers in the default registry. Errors: see status(); a refused family hands out instruments that count, but are not
  /// exposed. A name that is taken is refused, also by an equal family. Cost: a search among the registry's names.
  fixed_family(static_name name, const char* help, const label_names<N>& names,
               const args_type& args = args_type()) noexcept
      : fixed_family(default_registry(), name, help, names, args) {}
  fixed_family(registry_core& registry, static_name name, const char* help, const label_names<N>& names,
               const args_type& args = args_type()) noexcept
      : node_(name.data(), help, names, args) {
    std::size_t at = 0;
    errc why = detail::check_unit(detail::validate<core>(name.text(), args, at), name.unit());
    node_.measure_in(name.unit());
    if (why == errc::ok) {
      why = detail::check_label_names(names.data(), N, core::type, registry.constant_labels(), at);
    }
    string_view overflow[N];
    for (string_view& v : overflow) v = detail::overflow_value();
    if (!node_.places[Series].write(node_.key(overflow)) ||
        registry.constant_labels().size() + 1 + LabelBytes > detail::reading::text_room) {
      if (why == errc::ok) why = errc::label_too_long, at = LabelBytes;
    }
    detail::join(registry, node_, why, at);
  }
  ~fixed_family() { unregister(); }
  fixed_family(const fixed_family&) = delete;
  fixed_family& operator=(const fixed_family&) = delete;

  /// The series of these values, made when there is none, shown again when hidden. For the overflow series, status() of the answer
  /// is errc::series_limit.
  template <class... Values>
  handle_type labels(const Values&... values) noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    slot& s = node_.get(node_.key(texts.data()));
    return handle_type(detail::registered<core>{&s.storage(), &node_});
  }

  /// Hides the series of these values; a later labels() or update shows it again, from zero. It keeps its room.
  ///
  /// Returns: whether there was one.
  template <class... Values>
  bool remove(const Values&... values) noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    slot* const s = node_.find(node_.key(texts.data()));
    if (!s || !slot::is_shown(s->state.load(detail::memory_order_acquire))) return false;
    s->hide();
    return true;
  }
  /// Hides every series.
  void clear() noexcept { node::restart(node_); }

  /// ok, or why the registration was refused; errc::label_too_long when LabelBytes has no room for the overflow series.
  NARTHEX_NAMESPACE::status status() const noexcept { return static_cast<const detail::family_node&>(node_).state(); }
  /// Takes the family out of the exposition for good; its handles go on counting. Waits only for a scrape that is reading it.
  void unregister() noexcept { detail::part(node_); }

 private:
  enum : std::uint32_t { unused, shown, hidden_again };

  struct slot {
    detail::shared<std::uint32_t> state;  // odd while shown, even while hidden; every change goes up
    std::uint32_t text_size;
    char text[LabelBytes];
    alignas(core) unsigned char room[sizeof(core)];

    core& storage() noexcept { return *reinterpret_cast<core*>(&room); }
    static bool is_shown(std::uint32_t seen) noexcept { return (seen & 1) != 0; }
    void show() noexcept { show(state.load(detail::memory_order_acquire)); }
    /// Unless it was hidden again since `seen`.
    void show(std::uint32_t seen) noexcept {
      if (is_shown(seen)) return;
      state.compare_exchange_strong(seen, seen + 1, detail::memory_order_acq_rel, detail::memory_order_relaxed);
    }
    void hide() noexcept {
      storage().restart();  // first: see labelled_of::hide
      std::uint32_t seen = state.load(detail::memory_order_relaxed), next;
      do {
        next = (seen + 2) & ~std::uint32_t(1);
        if (next == unused) next = hidden_again;
      } while (!state.compare_exchange_weak(seen, next, detail::memory_order_acq_rel, detail::memory_order_relaxed));
    }
    bool write(const detail::series_key& k) noexcept {
      const std::size_t size = k.text_size();
      if (size > LabelBytes) return false;
      k.write(text);
      text_size = static_cast<std::uint32_t>(size);
      return true;
    }
  };

  struct node : detail::named_node {
    node(const char* full, const char* means, const label_names<N>& given, const args_type& a) noexcept
        : named_node(&table, full, means), names(given), args(a) {
      for (slot& s : places) {
        s.state.store(unused, detail::memory_order_relaxed);
        s.text_size = 0;
        new (&s.room) core(args, nullptr);
      }
    }
    label_names<N> names;
    args_type args;
    detail::spin_lock lock;
    slot places[Series + 1];  // the last is for overflow

    detail::series_key key(const string_view* values) const noexcept {
      return detail::series_key(names.data(), values, N);
    }
    slot* find(const detail::series_key& k) noexcept {
      for (slot& s : places) {
        if (&s != &places[Series] && s.state.load(detail::memory_order_acquire) == unused) continue;
        if (k.is(string_view(s.text, s.text_size))) return &s;
      }
      return nullptr;
    }
    slot& get(const detail::series_key& k) noexcept {
      slot* s = find(k);
      if (!s) s = make(k);
      s->show();  // the overflow slot's text was there from the start: unused is hidden to it
      return *s;
    }
    slot* make(const detail::series_key& k) noexcept {
      const detail::hold held(lock);
      if (slot* const s = find(k)) return s;
      for (slot& s : places) {
        if (&s == &places[Series] || s.state.load(detail::memory_order_relaxed) != unused) continue;
        if (!s.write(k)) break;
        s.state.store(shown, detail::memory_order_release);
        return &s;
      }
      if (registry_core* const r = this->home()) r->count(mistake::series);
      return &places[Series];
    }

    static bool next(detail::family_node& n, detail::position& where, detail::reading& out) noexcept {
      node& f = static_cast<node&>(n);
      while (where.index <= Series) {
        slot& s = f.places[where.index++];
        const std::uint32_t seen = s.state.load(detail::memory_order_acquire);  // before the value: see labelled_of::hide
        if (seen == unused) continue;
        if (s.storage().read(out)) s.show(seen);
        if (!slot::is_shown(s.state.load(detail::memory_order_acquire))) continue;
        const registry_core* const home = n.home();
        detail::label_text text(out.text, detail::reading::text_room);
        if (home) text.add_ready(home->constant_labels());
        text.add_ready(string_view(s.text, s.text_size));
        out.labels = text.text();
        return true;
      }
      return false;
    }
    static void restart(detail::family_node& n) noexcept {
      for (slot& s : static_cast<node&>(n).places) {
        if (s.state.load(detail::memory_order_acquire) != unused) s.hide();
      }
    }
    static string_view label(const detail::family_node& n, unsigned i) noexcept {
      return i < N ? static_cast<const node&>(n).names.data()[i] : string_view();
    }
    static slot& slot_of(detail::family_node& n, const void* storage) noexcept {
      node& f = static_cast<node&>(n);
      std::size_t i = 0;
      while (i < Series && &f.places[i].storage() != storage) ++i;
      return f.places[i];
    }
    static void unregister(detail::family_node& n, void* storage) noexcept { slot_of(n, storage).hide(); }
    static NARTHEX_NAMESPACE::status state(const detail::family_node& n, const void* storage) noexcept {
      const NARTHEX_NAMESPACE::status family = n.state();
      if (!family.ok()) return family;
      node& f = const_cast<node&>(static_cast<const node&>(n));
      slot& s = slot_of(f, storage);
      if (&s == &f.places[Series]) return NARTHEX_NAMESPACE::status(errc::series_limit, n.name(), Series);
      return slot::is_shown(s.state.load(detail::memory_order_acquire)) ? family
                                                                 : NARTHEX_NAMESPACE::status(errc::not_registered, n.name());
    }
    static const void* chosen(const detail::family_node& n) noexcept { return &static_cast<const node&>(n).args; }
    static const detail::family_ops table;
  };
  node node_;
};
template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes>
const detail::family_ops fixed_family<T, N, Series, LabelBytes>::node::table = {
    core::type, core::kind, false, &next, &restart, &label, &chosen, &detail::same_choice<args_type>, &unregister, &state, nullptr};

#else  // compiled out

template <class T, std::size_t N, std::size_t Series, std::size_t LabelBytes = 64>
class NARTHEX_DETAIL_IDLE fixed_family : public detail::no_family<typename T::series_handle> {
  using args_type = detail::unread<typename T::core_type::args>;

 public:
  using handle_type = typename T::series_handle;
  constexpr fixed_family(static_name, const char*, const label_names<N>&, args_type = {}) noexcept {}
  constexpr fixed_family(registry_core&, static_name, const char*, const label_names<N>&, args_type = {}) noexcept {}
  fixed_family(const fixed_family&) = delete;
  fixed_family& operator=(const fixed_family&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_FIXED_FAMILY_HPP
