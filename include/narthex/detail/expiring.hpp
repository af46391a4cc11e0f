// narthex/detail/expiring.hpp - series that come and go: taken out when idle, their memory used again.
// Room: balconies. Read detail/expiring_place.hpp and detail/series_key.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPIRING_HPP
#define NARTHEX_DETAIL_EXPIRING_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/blocks.hpp"
#include "narthex/detail/expiring_place.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/series_key.hpp"
#include "narthex/detail/single.hpp"
#include "narthex/label.hpp"

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What must be equal in two registrations of an expiring family.
template <class Args>
struct expiring_choice {
  storage kind;
  const Args* args;
  static bool same(const void* a, const void* b) noexcept {
    const expiring_choice *x = static_cast<const expiring_choice*>(a), *y = static_cast<const expiring_choice*>(b);
    return x->kind == y->kind && *x->args == *y->args;
  }
};

/// The family of such series.
///
/// A lookup takes no lock: it follows a chain, enters the place whose hash is right, and compares texts inside. A chain that
/// changes under it can only make it miss a series; making one, under the lock, looks again. Sweeps run under the lock,
/// 32 places at a time: at the beginning of a scrape, and two places with each new series, so that memory stays flat
/// also where nobody scrapes.
template <class Core>
struct expiring_node : named_node {
  using place = expiring_place_of<Core>;
  using at_type = expiring_at<Core>;
  enum : std::uint32_t { portion = 32, longest_chain = 64 };
  static constexpr std::size_t text_step = 32, classes = reading::text_room / text_step;

  expiring_node(const char* full, const char* means) noexcept
      : named_node(&table, full, means), names(nullptr), arity(0), limit(0), idle_ms(0), seed(0), clock(nullptr), args(nullptr),
        chains(nullptr), first(nullptr), births(0), overflow(nullptr), overflowed(0), dropped(0), last(&first), hand(nullptr),
        count(0), places(0), swept_at(0) {
    for (expiring_place*& one : unused) one = nullptr;
  }

  const string_view* names;
  unsigned arity;
  std::uint32_t limit, idle_ms;
  std::uint64_t seed;
  std::uint32_t (*clock)();
  string_view constant;
  const typename Core::args* args;
  expiring_choice<typename Core::args> choice;
  shared<expiring_chains*> chains;
  shared<expiring_place*> first;
  shared<std::uint32_t> births;
  place* overflow;
  shared<cell_word> overflowed, dropped;
  blocks rooms;

  // Under the lock.
  spin_lock lock;
  shared<expiring_place*>* last;
  expiring_place* hand;              // where the sweep goes on
  std::uint32_t count, places, swept_at;
  expiring_place* unused[classes];   // by the room they have for text

  series_key key(const string_view* values) const noexcept { return series_key(names, values, arity); }
  std::size_t constant_size() const noexcept { return constant.empty() ? 0 : constant.size() + 1; }
  static place& whole(expiring_place& p) noexcept { return static_cast<place&>(p); }
  static std::uint64_t value_of(const Core& core, reading& now) noexcept {
    core.read(now);
    const bool counted = Core::type == metric_type::histogram || Core::type == metric_type::summary;
    return counted ? now.count : now.value.is == number::kind::f64 ? double_bits(now.value.f64) : now.value.u64;
  }

  // ---- finding ----

  std::uint32_t hash_of(const series_key& k) const noexcept {
    return k.is_verbatim(k.text_size()) ? series_key::hash(k.given(), arity, seed) : k.repaired_hash(seed);
  }
  bool is(const expiring_place& p, const series_key& k) const noexcept {
    return k.is(string_view(p.text, p.text_size).from(constant_size()));
  }
  /// Generation 0 when it was not found. `mark`: that it was asked for.
  at_type find(const series_key& k, std::uint32_t hash) noexcept {
    expiring_place* p = chains.load(memory_order_acquire)->at(hash).load(memory_order_acquire);
    for (unsigned steps = 0; p && steps < longest_chain; ++steps, p = p->in_chain.load(memory_order_acquire)) {
      if (p->hash.load(memory_order_relaxed) != hash) continue;
      const cell_word seen_word = p->enter();
      const bool good = expiring_place::is_used(seen_word) && is(*p, k);
      if (good && !p->touched.load(memory_order_relaxed)) p->touched.store(1, memory_order_relaxed);
      p->leave();
      if (good) return at_type{&whole(*p), expiring_place::generation_of(seen_word)};
    }
    return at_type{nullptr, 0};
  }
  /// The same under the lock: whole chains, which nobody changes.
  expiring_place* find_locked(const series_key& k, std::uint32_t hash) noexcept {
    expiring_place* p = chains.load(memory_order_relaxed)->at(hash).load(memory_order_relaxed);
    while (p && (p->hash.load(memory_order_relaxed) != hash || !is(*p, k))) p = p->in_chain.load(memory_order_relaxed);
    return p;
  }

  at_type get(const string_view* values) noexcept {
    const series_key k = key(values);
    const std::uint32_t given = series_key::hash(values, arity, seed);
    at_type found = find(k, given);
    if (NARTHEX_DETAIL_LIKELY(found.place != nullptr)) return found;
    const std::uint32_t hash = hash_of(k);  // another one for broken UTF-8 alone
    if (hash != given) found = find(k, hash);
    return found.place ? found : make(k, hash);
  }

  // ---- making ----

  at_type to_overflow() noexcept {
    overflowed.fetch_add(1, memory_order_relaxed);
    if (registry_core* const r = home()) r->count(mistake::series);
    return at_type{overflow, 0};
  }
  bool is_overflow(const string_view* values) const noexcept {
    for (unsigned i = 0; i < arity; ++i) {
      if (values[i] != overflow_value()) return false;
    }
    return true;
  }

  NARTHEX_DETAIL_COLD at_type make(const series_key& k, std::uint32_t hash) noexcept {
    if (is_overflow(k.given())) return at_type{overflow, 0};
    const std::size_t size = constant_size() + k.text_size();
    if (size > reading::text_room) return to_overflow();  // a scrape copies the text before it lets go of the series
    const std::size_t size_class = (size + text_step - 1) / text_step - 1;
    const std::uint32_t now = clock();
    reading room_to_read;
    // Memory is asked for without the lock; where there is none for more chains, the old ones become longer.
    void* memory = nullptr;
    expiring_chains* larger = nullptr;
    std::uint32_t chains_tried = 0;
    bool swept = false;
    at_type answer = {nullptr, 0};
    for (;;) {
      std::uint32_t chains_wanted = 0;
      {
        const hold held(lock);
        expiring_place* p = find_locked(k, hash);
        if (p) {
          p->touched.store(1, memory_order_relaxed);
          answer = at_type{&whole(*p), expiring_place::generation_of(p->state.load(memory_order_relaxed))};
          break;
        }
        if (!swept) sweep(count < limit ? 2 : static_cast<std::uint32_t>(portion), now, room_to_read);
        swept = true;
        if (count >= limit) break;
        const std::uint32_t have = chains.load(memory_order_relaxed)->mask + 1;
        if (count >= have && chains_tried < have * 2) {
          chains_wanted = chains_tried = have * 2;
        } else {
          p = take_unused(size_class);
          if (!p && memory) {
            p = &add_place(memory, size_class);
            memory = nullptr;
          }
          if (p) {
            if (larger && larger->mask >= have) {
              take_larger(*larger);
              larger = nullptr;
            }
            answer = begin(*p, k, hash, size, now);
            break;
          }
        }
      }
      if (chains_wanted) {
        if (larger) release(larger);
        void* const block = allocate(expiring_chains::bytes(chains_wanted));
        larger = block ? new (block) expiring_chains(chains_wanted) : nullptr;
      } else {
        memory = rooms.take(place_bytes(size_class));
        if (!memory) break;
      }
    }
    if (memory) {  // a rival was quicker
      const hold held(lock);
      give_unused(add_place(memory, size_class));
    }
    if (larger) release(larger);
    return answer.place ? answer : to_overflow();
  }

  static std::size_t core_at() noexcept { return round_up(sizeof(place)); }
  std::size_t place_bytes(std::size_t size_class) const noexcept {
    return core_at() + Core::room(*args) + (size_class + 1) * text_step;
  }
  expiring_place& add_place(void* memory, std::size_t size_class) noexcept {
    char* const from = static_cast<char*>(memory);
    place* const p = new (memory) place(*args, from + core_at());
    p->text = from + core_at() + Core::room(*args);
    p->size_class = static_cast<std::uint16_t>(size_class);
    last->store(p, memory_order_release);
    last = &p->next;
    ++places;
    return *p;
  }
  void give_unused(expiring_place& p) noexcept {
    p.next_free = unused[p.size_class];
    unused[p.size_class] = &p;
  }
  /// One that nobody is inside any more, among the first few; null when there is none.
  expiring_place* take_unused(std::size_t size_class) noexcept {
    expiring_place** link = &unused[size_class];
    for (unsigned tries = 0; *link && tries < 8; ++tries, link = &(*link)->next_free) {
      expiring_place* const p = *link;
      if (!p->can_be_used()) continue;
      *link = p->next_free;
      return p;
    }
    return nullptr;
  }
  at_type begin(expiring_place& p, const series_key& k, std::uint32_t hash, std::size_t size, std::uint32_t now) noexcept {
    whole(p).restart();
    char* end = p.text;
    if (!constant.empty()) {
      std::memcpy(end, constant.data(), constant.size());
      end += constant.size();
      *end++ = ',';
    }
    k.write(end);
    p.text_size = static_cast<std::uint16_t>(size);
    p.seen_at = now;
    p.seen = 0;
    p.birth = births.load(memory_order_relaxed) + 1;
    p.touched.store(1, memory_order_relaxed);
    p.hash.store(hash, memory_order_relaxed);
    births.store(p.birth, memory_order_release);  // before it can be seen: see next()
    const cell_word seen_word = p.state.fetch_add(expiring_place::one_generation, memory_order_acq_rel);
    shared<expiring_place*>& chain = chains.load(memory_order_relaxed)->at(hash);
    p.in_chain.store(chain.load(memory_order_relaxed), memory_order_relaxed);
    chain.store(&p, memory_order_release);
    ++count;
    return at_type{&whole(p), expiring_place::generation_of(seen_word) + 1};
  }
  void take_larger(expiring_chains& larger) noexcept {
    larger.older = chains.load(memory_order_relaxed);
    for (expiring_place* p = first.load(memory_order_relaxed); p; p = p->next.load(memory_order_relaxed)) {
      if (!expiring_place::is_used(p->state.load(memory_order_relaxed))) continue;
      shared<expiring_place*>& chain = larger.at(p->hash.load(memory_order_relaxed));
      p->in_chain.store(chain.load(memory_order_relaxed), memory_order_release);
      chain.store(p, memory_order_release);
    }
    chains.store(&larger, memory_order_release);
  }

  // ---- taking out; under the lock ----

  void take_out_of_chain(expiring_place& p) noexcept {
    shared<expiring_place*>* link = &chains.load(memory_order_relaxed)->at(p.hash.load(memory_order_relaxed));
    for (expiring_place* x = link->load(memory_order_relaxed); x != &p; x = link->load(memory_order_relaxed)) link = &x->in_chain;
    link->store(p.in_chain.load(memory_order_relaxed), memory_order_release);
    --count;
    give_unused(p);
  }
  void remove(expiring_place& p) noexcept {
    p.state.fetch_add(expiring_place::one_generation, memory_order_acq_rel);
    take_out_of_chain(p);
  }
  /// Looks at so many places, and takes out those whose value has been the same for idle_ms.
  void sweep(std::uint32_t how_many, std::uint32_t now, reading& room_to_read) noexcept {
    for (; how_many && places; --how_many) {
      expiring_place* const p = hand ? hand : first.load(memory_order_relaxed);
      hand = p->next.load(memory_order_relaxed);
      cell_word seen_word = p->state.load(memory_order_acquire);
      if (!expiring_place::is_used(seen_word)) continue;
      const std::uint64_t value = value_of(whole(*p), room_to_read);
      if ((seen_word & expiring_place::inside_mask) || value != p->seen || p->touched.load(memory_order_relaxed)) {
        p->seen = value;
        p->seen_at = now;
        p->touched.store(0, memory_order_relaxed);
        continue;
      }
      if (now - p->seen_at < idle_ms) continue;
      // Fails when anybody has come in since the value was read.
      if (p->state.compare_exchange_strong(seen_word, seen_word + expiring_place::one_generation, memory_order_acq_rel,
                                           memory_order_relaxed)) {
        take_out_of_chain(*p);
      }
    }
  }
  /// All places once, at most four times within idle_ms, giving the lock away in between.
  void sweep_all() noexcept {
    const std::uint32_t now = clock();
    reading room_to_read;
    std::uint32_t left;
    {
      const hold held(lock);
      left = swept_at && now - swept_at < idle_ms / 4 ? 0 : places;
      if (left) swept_at = now ? now : 1;
    }
    for (; left; left -= left < portion ? left : static_cast<std::uint32_t>(portion)) {
      const hold held(lock);
      sweep(left < portion ? left : static_cast<std::uint32_t>(portion), now, room_to_read);
    }
  }
  bool remove(const string_view* values) noexcept {
    const series_key k = key(values);
    const std::uint32_t hash = hash_of(k);
    const hold held(lock);
    expiring_place* const p = find_locked(k, hash);
    if (p) remove(*p);
    return p != nullptr;
  }
  void clear() noexcept {
    const hold held(lock);
    for (expiring_place* p = first.load(memory_order_relaxed); p; p = p->next.load(memory_order_relaxed)) {
      if (expiring_place::is_used(p->state.load(memory_order_relaxed))) remove(*p);
    }
    whole(*overflow).restart();
  }

  // ---- what the registry asks ----

  /// A series that was made after the scrape began is shown by the next one: its label values may have been shown already, at
  /// the place they had before they expired.
  static bool next(family_node& n, position& where, reading& out) noexcept {
    expiring_node& f = static_cast<expiring_node&>(n);
    if (where.at == f.overflow) return false;
    const expiring_place* const before = static_cast<const expiring_place*>(where.at);
    if (!before) {
      f.sweep_all();
      where.index = f.births.load(memory_order_acquire);
    }
    expiring_place* p = (before ? before->next : f.first).load(memory_order_acquire);
    for (; p; p = p->next.load(memory_order_acquire)) {
      where.at = p;
      const bool good = expiring_place::is_used(p->enter()) &&
                        static_cast<std::int32_t>(p->birth - where.index) <= 0;
      if (good) {
        whole(*p).read(out);
        std::memcpy(out.text, p->text, p->text_size);
        out.labels = string_view(out.text, p->text_size);
      }
      p->leave();
      if (good) return true;
    }
    where.at = f.overflow;
    out.labels = string_view(f.overflow->text, f.overflow->text_size);
    return f.overflow->read(out);
  }
  static void restart(family_node& n) noexcept { static_cast<expiring_node&>(n).clear(); }
  static string_view label(const family_node& n, unsigned i) noexcept {
    const expiring_node& f = static_cast<const expiring_node&>(n);
    return i < f.arity ? f.names[i] : string_view();
  }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const expiring_node&>(n).choice; }
  static void destroy(family_node* n) noexcept {
    expiring_node* const f = static_cast<expiring_node*>(n);
    for (expiring_place* p = f->first.load(memory_order_relaxed); p;) {
      expiring_place* const after = p->next.load(memory_order_relaxed);
      whole(*p).~place();
      p = after;
    }
    f->rooms.end();
    for (expiring_chains* c = f->chains.load(memory_order_relaxed); c->older;) {  // the oldest lies in the node
      expiring_chains* const older = c->older;
      release(c);
      c = older;
    }
    f->overflow->~place();
    f->~expiring_node();
    release(f);
  }
  static const family_ops table;
};
template <class Core>
const family_ops expiring_node<Core>::table = {
    Core::type, storage::expiring, true, &next, &restart, &label, &chosen, &expiring_choice<typename Core::args>::same,
    nullptr, &node_state, &destroy};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_EXPIRING_HPP
