// narthex/detail/labelled_of.hpp - the series of a family of one kind: made, read, hidden.
// Room: shelves. Read detail/labelled.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LABELLED_OF_HPP
#define NARTHEX_DETAIL_LABELLED_OF_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/labelled.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/series_index.hpp"
#include "narthex/detail/series_key.hpp"
#include "narthex/detail/single.hpp"

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

template <class Core>
struct series_of : series, Core {
  series_of(const typename Core::args& kept, void* memory) noexcept : Core(kept, memory) {}
};

/// What depends on the kind of instrument.
template <class Core>
struct labelled_of : labelled {
  labelled_of(const char* full, const char* means) noexcept
      : labelled(&table, full, means), args(nullptr), mislabelled(nullptr) {}
  const typename Core::args* args;
  shared<single<Core>*> mislabelled;   // what labels() by name answers with to names that are not the family's

  /// The series behind one that was shown, if it is plain to see; all others take the long way. Small, without a call of
  /// its own: with everything in one function, a scrape of counters saved and restored six registers for each.
  static bool next(family_node& n, position& where, reading& out) noexcept {
    const series* const before = static_cast<const series*>(where.at);
    if (NARTHEX_DETAIL_LIKELY(before != nullptr)) {
      const series* const s = before->next.load(memory_order_acquire);
      if (NARTHEX_DETAIL_LIKELY(s != nullptr) && static_cast<const series_of<Core>*>(s)->read_at_once(out) && s->is_shown()) {
        where.at = s;
        out.labels = static_cast<const labelled_of&>(n).text_of(*s);
        return true;
      }
    }
    return look_for_next(n, where, out);
  }
  NARTHEX_DETAIL_NOINLINE static bool look_for_next(family_node& n, position& where, reading& out) noexcept {
    labelled_of& shelf = static_cast<labelled_of&>(n);
    while (where.index == 0) {
      const series* const before = static_cast<const series*>(where.at);
      series* s = (before ? before->next : shelf.first).load(memory_order_acquire);
      where.at = s;
      if (!s) {
        s = shelf.overflow;  // after all the others
        where.index = 1;
      }
      const std::uint32_t seen = s->hides.load(memory_order_acquire);  // before the value: see hide
      if (seen == series::fresh && !shelf.is_settled(*s)) continue;
      if (static_cast<series_of<Core>*>(s)->read(out)) s->show(seen);  // an update since it was removed
      if (s->is_hidden()) continue;
      out.labels = shelf.text_of(*s);
      return true;
    }
    return false;
  }

  /// Before any series is made.
  void keep_created(std::uint32_t in_series, std::int64_t (*by)()) noexcept {
    created_at = in_series;
    clock_ns = by;
    ops = &table_with_created;
  }
  static bool next_with_created(family_node& n, position& where, reading& out) noexcept {
    if (!look_for_next(n, where, out)) return false;
    out.is_plain = false;
    n.tell_created(where.index ? static_cast<void*>(static_cast<const labelled_of&>(n).overflow) : const_cast<void*>(where.at), out);
    return true;
  }

  void hide(series& s) noexcept {
    // First from zero, then hidden: an update in between shows it again, and counts from zero.
    static_cast<series_of<Core>&>(s).restart();
    stamp(&s);
    s.hide();
  }
  void clear() noexcept {
    for (series* s = first.load(memory_order_acquire); s; s = s->next.load(memory_order_acquire)) hide(*s);
    hide(*overflow);
  }

  /// The series of these values, made when there is none. Never null.
  template <unsigned N>
  series& get(const string_view* values) noexcept {
    const std::uint32_t hash = series_key::hash(values, N, seed);
    series* const s = find<N>(values, hash);
    if (!NARTHEX_DETAIL_LIKELY(s != nullptr)) return make(values, hash);
    s->show();
    return *s;
  }
  template <unsigned N>
  series* find_any(const string_view* values) const noexcept {
    std::uint32_t hash = series_key::hash(values, N, seed);
    if (series* const s = find<N>(values, hash)) return s;
    const series_key k = key(values);
    return find_repaired(k, k.is_verbatim(k.text_size()), hash);
  }

  series& make(const string_view* values, std::uint32_t hash) noexcept {
    const series_key k = key(values);
    const std::size_t size = k.text_size();
    const bool is_verbatim = k.is_verbatim(size);
    series* answer = find_repaired(k, is_verbatim, hash);
    const auto equal = [this, values](const series& s) { return is(s, values, arity); };
    std::uint32_t number = 0;
    for (patience p; !answer;) {
      const claim claimed_now = claim_number(number);
      if (claimed_now == claim::got) break;
      answer = index.load(memory_order_acquire)->find(hash, equal);  // a rival may have made it
      if (!answer && claimed_now == claim::reached) return to_overflow();
      p.wait();
      // In a forked child: who was making series then stayed in the parent.
      if (p.in_vain()) {
        const std::uint32_t there = count.load(memory_order_acquire);
        claimed.compare_exchange_strong(number, there, memory_order_relaxed, memory_order_relaxed);
      }
    }
    if (!answer) {
      void* const room = rooms.take(series_bytes(size));
      if (room) {
        series& fresh = *construct(room, k, size, is_verbatim, hash);
        append(fresh);
        answer = series_index::insert(index, fresh, number, equal);
        if (answer == &fresh) {
          count.fetch_add(1, memory_order_release);
          return fresh;
        }
        fresh.hide();
        claimed.fetch_sub(1, memory_order_relaxed);
      } else {
        claimed.fetch_sub(1, memory_order_relaxed);
      }
      if (!answer) return to_overflow();
    }
    answer->show();
    return *answer;
  }

  std::size_t series_bytes(std::size_t size) const noexcept { return text_begins() + constant_size() + size; }
  series_of<Core>* construct(void* room, const series_key& k, std::size_t size, bool is_verbatim, std::uint32_t hash) noexcept {
    char* const begin = static_cast<char*>(room);
    series_of<Core>* const s = new (room) series_of<Core>(*args, begin + round_up(sizeof(series_of<Core>)));
    std::uint16_t* const sizes = reinterpret_cast<std::uint16_t*>(begin + sizes_at);
    for (unsigned i = 0; i < arity; ++i) {
      const std::size_t one = k.given()[i].size();
      if (one >= not_verbatim) is_verbatim = false;
      new (sizes + i) std::uint16_t(static_cast<std::uint16_t>(one));
    }
    if (!is_verbatim) sizes[0] = not_verbatim;
    char* end = begin + text_begins();
    if (!constant.empty()) {
      std::memcpy(end, constant.data(), constant.size());
      end += constant.size();
      *end++ = ',';
    }
    if (is_verbatim) k.write_verbatim(end);
    else k.write(end);
    if (created_at) {
      new (begin + created_at) created_time;
      stamp(begin);
    }
    s->next.store(nullptr, memory_order_relaxed);
    s->text_size = static_cast<std::uint32_t>(constant_size() + size);
    s->hash = hash;
    s->hides.store(series::fresh, memory_order_relaxed);
    return s;
  }

  /// A stand-in that says which label name was wrong the first time; one a family.
  NARTHEX_DETAIL_COLD registered<Core> answer_to_mislabelled(string_view wrong) noexcept {
    single<Core>* m = mislabelled.load(memory_order_acquire);
    if (!m) {
      const std::size_t args_at = round_up(sizeof(single<Core>));
      const std::size_t room_at = args_at + Core::args_room(*args);
      const std::size_t text_at = room_at + Core::room(*args);
      const string_view family_name(name());
      char* const memory = static_cast<char*>(allocate(text_at + family_name.size() + wrong.size() + 3));
      if (!memory) return stand_in<Core>::get();
      char* text = memory + text_at;
      const char* const full = copy_text(text, family_name).data();
      text[-1] = '{';
      copy_text(text, wrong);
      text[-1] = '}';
      *text = '\0';
      single<Core>* const mine = new (memory) single<Core>(&single_ops<Core, true>::table, full, "",
                                                           *Core::keep(*args, memory + args_at), memory + room_at);
      mine->refuse(errc::unknown_label, 0);
      if (mislabelled.compare_exchange_strong(m, mine, memory_order_acq_rel, memory_order_acquire)) {
        m = mine;
        report(m->refusal());
      } else {
        single_ops<Core, true>::destroy(mine);
      }
    }
    return registered<Core>{&m->core, m};
  }

  // ---- what the registry asks ----

  static family_ops::twin read_twin(family_node& n, const family_node& mine, const position& at, reading& out) noexcept {
    labelled_of& shelf = static_cast<labelled_of&>(n);
    const labelled& elsewhere = static_cast<const labelled&>(mine);
    bool is_known;
    const series* const found = shelf.find_equal(elsewhere, at.index ? *elsewhere.overflow : *static_cast<const series*>(at.at), is_known);
    if (!found) return is_known ? family_ops::twin::none : family_ops::twin::unknown;
    series& s = const_cast<series&>(*found);
    const std::uint32_t seen = s.hides.load(memory_order_acquire);  // before the value: see hide
    if (static_cast<series_of<Core>&>(s).read(out)) s.show(seen);
    if (s.is_hidden()) return family_ops::twin::none;
    if (shelf.created_at) shelf.tell_created(&s, out);
    return family_ops::twin::read;
  }

  static void restart(family_node& n) noexcept { static_cast<labelled_of&>(n).clear(); }
  static const void* chosen(const family_node& n) noexcept { return static_cast<const labelled_of&>(n).args; }
  static void unregister(family_node& n, void* core) noexcept {
    // By reference: for a pointer GCC 12 adds a test for null, and warns of what would follow.
    static_cast<labelled_of&>(n).hide(static_cast<series_of<Core>&>(*static_cast<Core*>(core)));
  }
  static status state(const family_node& n, const void* core) noexcept {
    const labelled_of& shelf = static_cast<const labelled_of&>(n);
    const status family = n.state();
    if (!family.ok()) return family;
    const series* const s = static_cast<const series_of<Core>*>(static_cast<const Core*>(core));
    if (s == shelf.overflow) return status(errc::series_limit, shelf.name(), shelf.limit);
    return s->is_hidden() ? status(errc::not_registered, shelf.name()) : status();
  }
  static void destroy(family_node* n) noexcept {
    labelled_of* const shelf = static_cast<labelled_of*>(n);
    for (series* s = shelf->first.load(memory_order_acquire); s;) {
      series* const after = s->next.load(memory_order_relaxed);
      static_cast<series_of<Core>*>(s)->~series_of<Core>();
      s = after;
    }
    shelf->rooms.end();
    shelf->index.load(memory_order_acquire)->largest()->end();
    if (single<Core>* const m = shelf->mislabelled.load(memory_order_acquire)) single_ops<Core, true>::destroy(m);
    static_cast<series_of<Core>*>(shelf->overflow)->~series_of<Core>();
    shelf->~labelled_of();
    release(shelf);
  }
  // Two, so that a series without created time does not pay for asking.
  static const family_ops table, table_with_created;
};
template <class Core>
const family_ops labelled_of<Core>::table = {
    Core::type, Core::kind, true, &next, &restart, &labelled_name, &chosen, &same_choice<typename Core::args>,
    &unregister, &state, &destroy, &read_twin};
template <class Core>
const family_ops labelled_of<Core>::table_with_created = {
    Core::type, Core::kind, true, &next_with_created, &restart, &labelled_name, &chosen, &same_choice<typename Core::args>,
    &unregister, &state, &destroy, &read_twin};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_LABELLED_OF_HPP
