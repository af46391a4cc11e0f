// narthex/detail/labelled.hpp - the series of one family, found by their label values.
// Room: shelves. Read label.hpp and detail/single.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LABELLED_HPP
#define NARTHEX_DETAIL_LABELLED_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/series_key.hpp"
#include "narthex/detail/single.hpp"
#include "narthex/label.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

struct series {
  shared<series*> next;          // in the order of creation
  const char* text;              // ready: constant labels, then a="b",c="d"
  std::uint32_t text_size;
  std::uint32_t hash;
  shared<std::uint32_t> hides;   // odd while hidden; every change goes up
  bool is_hidden() const noexcept { return (hides.load(memory_order_acquire) & 1) != 0; }
  void show() noexcept { show(hides.load(memory_order_acquire)); }
  /// Unless it was hidden again since `seen`.
  void show(std::uint32_t seen) noexcept {
    if (seen & 1) hides.compare_exchange_strong(seen, seen + 1, memory_order_acq_rel, memory_order_relaxed);
  }
  void hide() noexcept {
    std::uint32_t seen = hides.load(memory_order_relaxed);
    while (!hides.compare_exchange_weak(seen, (seen + 1) | 1, memory_order_acq_rel, memory_order_relaxed)) {
    }
  }
};

template <class Core>
struct series_of : series, Core {
  series_of(const typename Core::args& kept, void* memory) noexcept : Core(kept, memory) {}
};

/// Slots of pointers, open addressing. Never shrinks, never moves: a larger one takes its place and it stays until the
/// family ends, so that a lookup may go on in it. All the old ones together are smaller than the present one.
struct series_index {
  series_index* older;
  std::uint32_t mask;
  static std::size_t bytes(std::uint32_t places) noexcept {
    return sizeof(series_index) + places * sizeof(shared<series*>);
  }
  shared<series*>& slot(std::uint32_t i) noexcept {
    return reinterpret_cast<shared<series*>*>(this + 1)[i & mask];
  }
  void init(std::uint32_t places, series_index* before) noexcept {
    older = before;
    mask = places - 1;
    for (std::uint32_t i = 0; i < places; ++i) new (&slot(i)) shared<series*>(nullptr);
  }
  void put(series& s, std::memory_order order) noexcept {
    std::uint32_t i = s.hash;
    while (slot(i).load(memory_order_relaxed)) {
      ++i;
      NARTHEX_ASSERT(i - s.hash <= mask);  // a full index would be searched for ever
    }
    slot(i).store(&s, order);
  }
};

/// A family: what does not depend on the kind of its instruments.
///
/// A lookup that finds takes no lock and allocates nothing: it loads the index and slots with acquire, which
/// pairs with the release that published a complete series. A series is made outside the lock and put
/// in under it; a rival that was quicker is found then. Series are hidden, never freed, before the registry ends.
struct labelled : family_node {
  labelled(const family_ops* kind, const char* full, const char* words) noexcept
      : family_node(kind, full, words), names(nullptr), arity(0), limit(0), count(0), index(nullptr), first(nullptr),
        last(nullptr), overflow(nullptr), overflowed(0) {}

  const string_view* names;
  unsigned arity;
  string_view constant;                // the registry's constant labels, at the head of each series' text
  std::uint32_t limit;
  std::uint32_t count;                 // under the lock
  spin_lock lock;
  shared<series_index*> index;
  shared<series*> first;
  series* last;                        // under the lock
  series* overflow;                    // made with the family: it must be there when memory is not
  shared<cell_word> overflowed;

  series_key key(const string_view* values) const noexcept { return series_key(names, values, arity); }
  std::size_t constant_size() const noexcept { return constant.empty() ? 0 : constant.size() + 1; }

  series* find(const series_key& k) const noexcept {
    series_index& places = *index.load(memory_order_acquire);
    const std::size_t skip = constant_size();
    for (std::uint32_t i = k.hash();; ++i) {
      series* const s = places.slot(i).load(memory_order_acquire);
      if (!s) return nullptr;
      if (s->hash == k.hash() && k.is(string_view(s->text + skip, s->text_size - skip))) return s;
    }
  }

  series& to_overflow() noexcept {
    overflowed.fetch_add(1, memory_order_relaxed);
    if (registry_core* const r = home.load(memory_order_acquire)) r->count(mistake::series);
    overflow->show();
    return *overflow;
  }

  /// Puts `fresh` in; or gives the one a rival put in, or null when the cap is reached; the caller frees `fresh` then.
  series* insert(series& fresh, const series_key& k) noexcept {
    series_index* larger = nullptr;
    series* answer = nullptr;
    for (bool done = false; !done;) {
      std::uint32_t wanted = 0;
      {
        const hold held(lock);
        series_index* places = index.load(memory_order_relaxed);
        answer = find(k);
        done = true;
        if (!answer && count < limit) {
          const std::uint32_t have = places->mask + 1;
          const bool full = count + 2 > have / 4 * 3;  // at most three quarters, the overflow series included
          if (full && (!larger || larger->mask < places->mask)) {
            wanted = have * 2;
            done = false;
          } else {
            if (full) {
              larger->older = places;
              for (std::uint32_t i = 0; i < have; ++i) {
                if (series* const s = places->slot(i).load(memory_order_relaxed)) larger->put(*s, memory_order_relaxed);
              }
              index.store(larger, memory_order_release);
              places = larger;
              larger = nullptr;
            }
            places->put(fresh, memory_order_release);
            (last ? last->next : first).store(&fresh, memory_order_release);
            last = &fresh;
            ++count;
            answer = &fresh;
          }
        }
      }
      if (wanted) {
        if (larger) release(larger);
        larger = static_cast<series_index*>(allocate(series_index::bytes(wanted)));
        if (!larger) return nullptr;
        larger->init(wanted, nullptr);
      }
    }
    if (larger) release(larger);
    return answer;
  }
};

inline string_view labelled_name(const family_node& n, unsigned i) noexcept {
  const labelled& f = static_cast<const labelled&>(n);
  return i < f.arity ? f.names[i] : string_view();
}

/// What depends on the kind of instrument.
template <class Core>
struct labelled_of : labelled {
  labelled_of(const char* full, const char* words) noexcept
      : labelled(&table, full, words), args(nullptr), mislabelled(nullptr) {}
  const typename Core::args* args;
  shared<single<Core>*> mislabelled;   // what labels() by name answers with to names that are not the family's

  static bool next(family_node& n, position& where, reading& out) noexcept {
    labelled_of& f = static_cast<labelled_of&>(n);
    while (where.index == 0) {
      const series* const before = static_cast<const series*>(where.at);
      series* s = (before ? before->next : f.first).load(memory_order_acquire);
      where.at = s;
      if (!s) {
        s = f.overflow;  // after all the others
        where.index = 1;
      }
      const std::uint32_t seen = s->hides.load(memory_order_acquire);  // before the value: see hide
      if (static_cast<series_of<Core>*>(s)->read(out)) s->show(seen);  // an update since it was removed
      if (s->is_hidden()) continue;
      out.labels = string_view(s->text, s->text_size);
      return true;
    }
    return false;
  }

  void hide(series& s) noexcept {
    // First from zero, then hidden: an update in between shows it again, and counts from zero.
    static_cast<series_of<Core>&>(s).restart();
    s.hide();
  }
  void clear() noexcept {
    for (series* s = first.load(memory_order_acquire); s; s = s->next.load(memory_order_acquire)) hide(*s);
    hide(*overflow);
  }

  /// The series of these values, made when there is none. Never null.
  series& get(const string_view* values) noexcept {
    const series_key k = key(values);
    if (series* const s = find(k)) {
      s->show();
      return *s;
    }
    return make(k);
  }

  NARTHEX_DETAIL_COLD series& make(const series_key& k) noexcept {
    void* const memory = allocate(series_bytes(k));
    if (!memory) return to_overflow();
    series_of<Core>* const s = construct(memory, k);
    series* const kept = insert(*s, k);
    if (kept != s) destroy_series(s);
    if (!kept) return to_overflow();
    kept->show();
    return *kept;
  }

  std::size_t series_bytes(const series_key& k) const noexcept {
    return round_up(sizeof(series_of<Core>)) + Core::room(*args) + constant_size() + k.text_size();
  }
  series_of<Core>* construct(void* memory, const series_key& k) noexcept {
    char* const begin = static_cast<char*>(memory);
    const std::size_t room_at = round_up(sizeof(series_of<Core>));
    series_of<Core>* const s = new (memory) series_of<Core>(*args, begin + room_at);
    char* const text = begin + room_at + Core::room(*args);
    char* end = text;
    if (!constant.empty()) {
      std::memcpy(end, constant.data(), constant.size());
      end += constant.size();
      *end++ = ',';
    }
    end = k.write(end);
    s->next.store(nullptr, memory_order_relaxed);
    s->text = text;
    s->text_size = static_cast<std::uint32_t>(end - text);
    s->hash = k.hash();
    s->hides.store(0, memory_order_relaxed);
    return s;
  }

  /// A stand-in that says which label name was wrong the first time; one a family.
  NARTHEX_DETAIL_COLD registered<Core> answer_to_mislabelled(string_view wrong) noexcept {
    single<Core>* m = mislabelled.load(memory_order_acquire);
    if (!m) {
      const std::size_t args_at = round_up(sizeof(single<Core>));
      const std::size_t room_at = args_at + Core::args_room(*args);
      const std::size_t text_at = room_at + Core::room(*args);
      const string_view family_name(name);
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

  static void destroy_series(series* s) noexcept {
    series_of<Core>* const all = static_cast<series_of<Core>*>(s);
    all->~series_of<Core>();
    release(all);
  }

  // ---- what the registry asks ----

  static void restart(family_node& n) noexcept { static_cast<labelled_of&>(n).clear(); }
  static const void* chosen(const family_node& n) noexcept { return static_cast<const labelled_of&>(n).args; }
  static void unregister(family_node& n, void* core) noexcept {
    // By reference: for a pointer GCC 12 adds a test for null, and warns of what would follow.
    static_cast<labelled_of&>(n).hide(static_cast<series_of<Core>&>(*static_cast<Core*>(core)));
  }
  static status state(const family_node& n, const void* core) noexcept {
    const labelled_of& f = static_cast<const labelled_of&>(n);
    const status family = n.state();
    if (!family.ok()) return family;
    const series* const s = static_cast<const series_of<Core>*>(static_cast<const Core*>(core));
    if (s == f.overflow) return status(errc::series_limit, f.name, f.limit);
    return s->is_hidden() ? status(errc::not_registered, f.name) : status();
  }
  static void destroy(family_node* n) noexcept {
    labelled_of* const f = static_cast<labelled_of*>(n);
    for (series* s = f->first.load(memory_order_relaxed); s;) {
      series* const after = s->next.load(memory_order_relaxed);
      destroy_series(s);
      s = after;
    }
    for (series_index* i = f->index.load(memory_order_relaxed); i && i->older;) {  // the oldest lies in the node
      series_index* const before = i->older;
      release(i);
      i = before;
    }
    if (single<Core>* const m = f->mislabelled.load(memory_order_acquire)) single_ops<Core, true>::destroy(m);
    static_cast<series_of<Core>*>(f->overflow)->~series_of<Core>();
    f->~labelled_of();
    release(f);
  }
  static const family_ops table;
};
template <class Core>
const family_ops labelled_of<Core>::table = {
    Core::type, Core::kind, true, &next, &restart, &labelled_name, &chosen, &same_choice<typename Core::args>,
    &unregister, &state, &destroy};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_LABELLED_HPP
