// narthex/detail/labelled.hpp - the series of one family, found by their label values.
// Room: shelves. Read label.hpp and detail/single.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LABELLED_HPP
#define NARTHEX_DETAIL_LABELLED_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/blocks.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/series_index.hpp"
#include "narthex/detail/series_key.hpp"
#include "narthex/detail/single.hpp"
#include "narthex/label.hpp"

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

template <class Core>
struct series_of : series, Core {
  series_of(const typename Core::args& kept, void* memory) noexcept : Core(kept, memory) {}
};

/// A family: what does not depend on the kind of its instruments.
///
/// A series is what its kind stores, the sizes of its values (16 bits each), its label text; one piece of memory.
/// A lookup that finds takes no lock and allocates nothing: hash, a slot of the index, sizes and bytes compared with the text.
///
/// A new series claims a number below the cap, joins the list, and then tries for its slot in the index, which makes
/// it visible. Hence whoever finds a series by its values finds it in the next scrape too. One whose rival was quicker stays in the
/// list, hidden for ever, and gives its number back: nobody waits, but at the cap, where the last numbers may come back.
/// Series are hidden, never freed, before the registry ends.
struct labelled : named_node {
  labelled(const family_ops* kind, const char* full, const char* means) noexcept
      : named_node(kind, full, means), index(nullptr), names(nullptr), arity(0), sizes_at(0), limit(0), seed(0), claimed(0),
        count(0), first(nullptr), last(&first), overflow(nullptr), overflowed(0) {}

  shared<series_index*> index;
  const string_view* names;
  unsigned arity;
  std::uint32_t sizes_at;              // from the beginning of a series
  string_view constant;                // the registry's constant labels, at the head of each series' text
  std::uint32_t limit;
  std::uint64_t seed;
  shared<std::uint32_t> claimed;       // numbers of series that are there or being made
  shared<std::uint32_t> count;         // that are there
  blocks rooms;
  shared<series*> first;
  shared<shared<series*>*> last;       // the list's end or a link shortly before it
  series* overflow;                    // made with the family: it must be there when memory is not
  shared<cell_word> overflowed;

  // A series' sizes: the first is this when some value does not stand in the text as it is, or is longer.
  enum : std::uint16_t { not_verbatim = 0xffff };

  series_key key(const string_view* values) const noexcept { return series_key(names, values, arity); }
  std::size_t constant_size() const noexcept { return constant.empty() ? 0 : constant.size() + 1; }
  std::size_t text_begins() const noexcept { return sizes_at + arity * sizeof(std::uint16_t); }
  static const char* bytes(const series& s) noexcept { return reinterpret_cast<const char*>(&s); }
  string_view text_of(const series& s) const noexcept { return string_view(bytes(s) + text_begins(), s.text_size); }

  /// Whether the series has these values; n is the arity, known to the compiler in a lookup.
  bool is(const series& s, const string_view* values, unsigned n) const noexcept {
    const std::uint16_t* const sizes = reinterpret_cast<const std::uint16_t*>(bytes(s) + sizes_at);
    if (!NARTHEX_DETAIL_LIKELY(sizes[0] != not_verbatim)) return is_slowly(s, values);
    const char* at = bytes(s) + text_begins() + constant_size();
    for (unsigned i = 0; i < n; ++i) {
      const std::size_t size = sizes[i];
      at += names[i].size() + 2;
      if (values[i].size() != size || !same_bytes(at, values[i].data(), size)) return false;
      at += size + 2;
    }
    return true;
  }
  NARTHEX_DETAIL_COLD bool is_slowly(const series& s, const string_view* values) const noexcept {
    return key(values).is(text_of(s).from(constant_size()));
  }

  template <unsigned N>
  series* find(const string_view* values, std::uint32_t hash) const noexcept {
    return index.load(memory_order_acquire)->find(hash, [this, values](const series& s) { return is(s, values, N); });
  }
  /// By values whose UTF-8 may be broken; `hash` becomes the one that the series has or will have.
  series* find_repaired(const series_key& k, bool is_verbatim, std::uint32_t& hash) const noexcept {
    if (is_verbatim) return nullptr;
    const std::uint32_t repaired = k.repaired_hash(seed);
    if (repaired == hash) return nullptr;
    hash = repaired;
    return index.load(memory_order_acquire)->find(hash, [this, &k](const series& s) { return is_slowly(s, k.given()); });
  }

  series& to_overflow() noexcept {
    overflowed.fetch_add(1, memory_order_relaxed);
    if (registry_core* const r = home()) r->count(mistake::series);
    overflow->show();
    return *overflow;
  }

  /// Puts the series at the list's end. Order: the exchange releases the series to scrapes, which load links with acquire.
  void append(series& s) noexcept {
    shared<series*>* const from = last.load(memory_order_acquire);
    shared<series*>* link = from;
    for (series* after = nullptr; !link->compare_exchange_strong(after, &s, memory_order_acq_rel, memory_order_acquire);
         after = nullptr) {
      link = &after->next;
    }
    // A thread suspended between these two turns it back, for one later call to walk: cheaper than a locked instruction each.
    if (last.load(memory_order_relaxed) == from) last.store(&s.next, memory_order_release);
  }

  /// Whether a fresh series has won its slot.
  bool is_settled(series& s) noexcept {
    if (!index.load(memory_order_acquire)->find(s.hash, [&s](const series& other) { return &other == &s; })) return false;
    std::uint32_t seen = series::fresh;
    s.hides.compare_exchange_strong(seen, seen + 2, memory_order_acq_rel, memory_order_relaxed);
    return true;
  }

  enum class claim { got, reached, undecided };
  /// A number for a new series. Undecided at the cap while others may still give theirs back.
  claim claim_number(std::uint32_t& n) noexcept {
    n = claimed.load(memory_order_relaxed);
    while (n < limit) {
      if (claimed.compare_exchange_weak(n, n + 1, memory_order_relaxed, memory_order_relaxed)) return claim::got;
    }
    return count.load(memory_order_acquire) >= limit ? claim::reached : claim::undecided;
  }
};

inline string_view labelled_name(const family_node& n, unsigned i) noexcept {
  const labelled& shelf = static_cast<const labelled&>(n);
  return i < shelf.arity ? shelf.names[i] : string_view();
}

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
    void* const read = where.index ? static_cast<void*>(static_cast<const labelled_of&>(n).overflow) : const_cast<void*>(where.at);
    out.created_ns = n.created_ns_of(read);
    if (out.native && out.native->restarts) n.stamp(read);
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
    &unregister, &state, &destroy};
template <class Core>
const family_ops labelled_of<Core>::table_with_created = {
    Core::type, Core::kind, true, &next_with_created, &restart, &labelled_name, &chosen, &same_choice<typename Core::args>,
    &unregister, &state, &destroy};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_LABELLED_HPP
