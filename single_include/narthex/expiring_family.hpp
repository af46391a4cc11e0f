// narthex/expiring_family.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
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

// ==== narthex/detail/expiring_place.hpp =========================================================
// narthex/detail/expiring_place.hpp - a place in memory for one series after another, and who is inside it.
// Room: balconies. Read detail/cell.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPIRING_PLACE_HPP
#define NARTHEX_DETAIL_EXPIRING_PLACE_HPP

#include <cstddef>
#include <cstdint>
#include <new>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A place for a series, used by one set of label values after another; never freed before its family ends, so that a stale
/// handle always has a word to look at.
///
/// That word counts, from the top: how often somebody entered, the generation, odd while the place is in use, and
/// how many are inside. Who wants to touch the series enters, and has come in when the generation is the one he knows; otherwise
/// he leaves at once and touches nothing. Only under the family's lock does the generation change.
/// Order: leaving is a release; using the place again begins with an acquiring look at the same word that finds nobody inside
/// after the generation went up. All that was done inside happens before that, and whoever comes later knows an older generation.
/// The new text is published by the release that makes the generation odd again.
/// Taking out an idle series is an exchange of the whole word as it was before the value was read: it
/// fails when anybody has entered since, so no update goes down with the series (unless 65,536 entries, or 64
/// without 64-bit atomics, came in between).
struct expiring_place {
  static constexpr unsigned inside_bits = sizeof(cell_word) == 8 ? 16 : 10;
  static constexpr unsigned generation_bits = sizeof(cell_word) == 8 ? 32 : 16;
  static constexpr cell_word one_generation = cell_word(1) << inside_bits;
  static constexpr cell_word inside_mask = one_generation - 1;
  static constexpr cell_word last_generation = (cell_word(1) << generation_bits) - 1;
  static constexpr cell_word one_entry = cell_word(1) << (inside_bits + generation_bits);
  static cell_word generation_of(cell_word s) noexcept { return s >> inside_bits & last_generation; }
  static bool is_used(cell_word s) noexcept { return (generation_of(s) & 1) != 0; }

  expiring_place() noexcept
      : state(0), hash(0), in_chain(nullptr), next(nullptr), touched(0), next_free(nullptr), birth(0), seen_at(0), seen(0),
        text_size(0), size_class(0), text(nullptr) {}

  shared<cell_word> state;
  shared<std::uint32_t> hash;                // read before it is known whether the series is this one
  shared<expiring_place*> in_chain;          // of the same hash; may lead astray while the place changes hands
  shared<expiring_place*> next;              // all places there are, in the order of memory
  shared<std::uint32_t> touched;             // labels() answered with it since the last sweep
  expiring_place* next_free;                 // under the lock
  std::uint32_t birth;                       // which creation this was; read inside
  std::uint32_t seen_at;                     // under the lock; milliseconds: when the value last was another
  std::uint64_t seen;                        // under the lock: the value then
  std::uint16_t text_size, size_class;
  char* text;                                // with the constant labels

  /// Adds an entry, and gives what the word was.
  cell_word enter() noexcept { return state.fetch_add(one_entry + 1, memory_order_acquire); }
  void leave() noexcept { state.fetch_sub(1, memory_order_release); }
  bool enter(cell_word generation) noexcept {
    if (NARTHEX_DETAIL_LIKELY(generation_of(enter()) == generation)) return true;
    leave();
    return false;
  }
  /// Nobody inside, and generations left: after the last one a place is not used again.
  bool can_be_used() const noexcept {
    const cell_word s = state.load(memory_order_acquire);
    return (s & inside_mask) == 0 && generation_of(s) + 2 < last_generation;
  }
};

template <class Core>
struct expiring_place_of : expiring_place, Core {
  expiring_place_of(const typename Core::args& kept, void* cells) noexcept : Core(kept, cells) {}
};

/// Where a handle points: a place and the generation it was given for; generation 0 is of the overflow series, which stays.
template <class Core>
struct expiring_at {
  expiring_place_of<Core>* place;
  cell_word generation;
};

/// Where chains of places begin. Larger ones take the place of smaller ones, which stay until the family ends.
struct expiring_chains {
  expiring_chains* older;
  std::uint32_t mask;
  static std::size_t bytes(std::uint32_t n) noexcept { return sizeof(expiring_chains) + n * sizeof(shared<expiring_place*>); }
  explicit expiring_chains(std::uint32_t n) noexcept : older(nullptr), mask(n - 1) {
    for (std::uint32_t i = 0; i < n; ++i) new (&at(i)) shared<expiring_place*>(nullptr);
  }
  shared<expiring_place*>& at(std::uint32_t hash) noexcept {
    return reinterpret_cast<shared<expiring_place*>*>(this + 1)[hash & mask];
  }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_EXPIRING_PLACE_HPP

// ==== narthex/detail/expiring.hpp ===============================================================
// narthex/detail/expiring.hpp - series that come and go: taken out when idle, their memory used again.
// Room: balconies. Read detail/expiring_place.hpp and detail/series_key.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPIRING_HPP
#define NARTHEX_DETAIL_EXPIRING_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>


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

// ==== narthex/expiring_family.hpp ===============================================================
// narthex/expiring_family.hpp - a family whose series go when nobody has used them for a while.
// Room: balconies. Apart from the core because of <chrono>. Read family.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_EXPIRING_FAMILY_HPP
#define NARTHEX_EXPIRING_FAMILY_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>


#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

/// When a series goes, and how many there may be: nx::expiry().set_idle_ms(60000).set_most_series(100000).
///
/// The first registration decides.
class expiry {
 public:
  expiry() noexcept : idle_ms_(600000), most_(10000), clock_(&steady_ms) {}
  /// How long a value must stay the same; ten minutes unless said otherwise. Several scrape intervals, so that the last value
  /// is seen. At most 24 days.
  expiry& set_idle_ms(std::uint32_t ms) noexcept {
    idle_ms_ = ms < 0x7fffffffu ? ms : 0x7fffffffu;
    return *this;
  }
  /// How many at a time; 10,000 unless said otherwise. The rest goes to the overflow series.
  expiry& set_most_series(std::uint32_t most) noexcept {
    most_ = most;
    return *this;
  }
  /// Where the milliseconds come from; any origin, going round at 2^32. The steady clock unless said otherwise.
  expiry& set_clock(std::uint32_t (*ms)()) noexcept {
    clock_ = ms;
    return *this;
  }
  std::uint32_t idle_ms() const noexcept { return idle_ms_; }
  std::uint32_t most_series() const noexcept { return most_; }
  std::uint32_t (*clock() const noexcept)() { return clock_; }

 private:
  static std::uint32_t steady_ms() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  }
  std::uint32_t idle_ms_, most_;
  std::uint32_t (*clock_)();
};

#if NARTHEX_HAS(METRICS)
/// A series of an expiring_family: the verbs of T (inc, dec, set, observe, value, count, sum). Copies stand for the same series.
///
/// When the series has gone, the handle is stale: its updates are dropped, counted in the family's dropped() and in
/// narthex_refused_total{what="update"}, and never reach another series; what it reads is 0. Ask labels() again.
/// Threads: any. Cost: two atomic adds more than T, on the series' own cache line; no clock.
template <class T>
class expiring {
  using core = typename T::core_type;
  using node = detail::expiring_node<core>;

 public:
  expiring(const detail::expiring_at<core>& at, node* family) noexcept : at_(at), node_(family) {}

  template <class U = T>
  auto inc() noexcept -> decltype(std::declval<U&>().inc()) {
    const visit v(*this);
    if (v) v.real().inc();
  }
  template <class By, class U = T>
  auto inc(By by) noexcept -> decltype(std::declval<U&>().inc(by)) {
    const visit v(*this);
    if (v) v.real().inc(by);
  }
  template <class U = T>
  auto dec() noexcept -> decltype(std::declval<U&>().dec()) {
    const visit v(*this);
    if (v) v.real().dec();
  }
  template <class By, class U = T>
  auto dec(By by) noexcept -> decltype(std::declval<U&>().dec(by)) {
    const visit v(*this);
    if (v) v.real().dec(by);
  }
  template <class To, class U = T>
  auto set(To to) noexcept -> decltype(std::declval<U&>().set(to)) {
    const visit v(*this);
    if (v) v.real().set(to);
  }
  template <class U = T>
  auto observe(double seen) noexcept -> decltype(std::declval<U&>().observe(seen)) {
    const visit v(*this);
    if (v) v.real().observe(seen);
  }
  template <class U = T>
  auto value() const noexcept -> decltype(std::declval<U&>().value()) {
    const visit v(*this, quiet());
    return v ? v.real().value() : decltype(std::declval<U&>().value())();
  }
  template <class U = T>
  auto count() const noexcept -> decltype(std::declval<U&>().count()) {
    const visit v(*this, quiet());
    return v ? v.real().count() : decltype(std::declval<U&>().count())();
  }
  template <class U = T>
  auto sum() const noexcept -> decltype(std::declval<U&>().sum()) {
    const visit v(*this, quiet());
    return v ? v.real().sum() : decltype(std::declval<U&>().sum())();
  }

  /// ok; errc::not_registered when the series has gone; errc::series_limit for the overflow series; or what is wrong with
  /// the family.
  NARTHEX_NAMESPACE::status status() const noexcept {
    if (!node_) return NARTHEX_NAMESPACE::status(errc::no_memory, "");
    const NARTHEX_NAMESPACE::status family = static_cast<const detail::family_node&>(*node_).state();
    if (!family.ok()) return family;
    if (at_.generation == 0) {
      return at_.place ? NARTHEX_NAMESPACE::status(errc::series_limit, node_->name(), node_->limit)
                       : NARTHEX_NAMESPACE::status(errc::unknown_label, node_->name());
    }
    const visit v(*this, quiet());
    return v ? family : NARTHEX_NAMESPACE::status(errc::not_registered, node_->name());
  }

 private:
  struct quiet {};
  /// Inside the series while it lives; false when the series has gone.
  class visit {
   public:
    visit(const expiring& h, quiet) noexcept : handle_(h) {
      is_inside_ = h.at_.place && h.at_.place->enter(h.at_.generation);
    }
    explicit visit(const expiring& h) noexcept : visit(h, quiet()) {
      if (!is_inside_) h.drop();
    }
    ~visit() {
      if (is_inside_) handle_.at_.place->leave();
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    explicit operator bool() const noexcept { return is_inside_; }
    T real() const noexcept { return T(detail::registered<core>{handle_.at_.place, handle_.node_}); }

   private:
    const expiring& handle_;
    bool is_inside_;
  };
  NARTHEX_DETAIL_COLD void drop() const noexcept {
    if (!node_) return;
    node_->dropped.fetch_add(1, detail::memory_order_relaxed);
    detail::refuse_update(*node_);
  }

  detail::expiring_at<core> at_;
  node* node_;
};

namespace detail {
template <class Core>
expiring_node<Core>* register_expiring(registry_core& r, const metric_name& called, string_view help, const string_view* names,
                                       string_view* overflow_values, unsigned arity, typename Core::args a,
                                       const expiry& e) noexcept {
  enum : std::uint32_t { first_chains = 8 };
  using node = expiring_node<Core>;
  using place = expiring_place_of<Core>;
  const string_view name = called.text();
  std::size_t at = 0;
  errc why = check_unit(validate<Core>(name, a, at), called.unit());
  if (why == errc::ok) why = check_label_names(names, arity, Core::type, r.constant_labels(), at);
  else a = Core::smallest();
  for (unsigned i = 0; i < arity; ++i) overflow_values[i] = overflow_value();
  const series_key overflow_key(names, overflow_values, arity);
  const std::size_t overflow_size = overflow_key.text_size();

  // One piece: node, names, first chains, args, overflow series, texts.
  const std::size_t names_at = round_up(sizeof(node));
  const std::size_t chains_at = names_at + round_up(arity * sizeof(string_view));
  const std::size_t args_at = chains_at + round_up(expiring_chains::bytes(first_chains));
  const std::size_t overflow_at = args_at + Core::args_room(a);
  const std::size_t room_at = overflow_at + round_up(sizeof(place));
  const std::size_t label_text_at = room_at + Core::room(a);
  const std::size_t text_at = label_text_at + (r.constant_labels().size() + 1) + overflow_size;
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
  node* const f = new (memory) node(own_name, copy_text(text, help).data());
  string_view* const own_names = reinterpret_cast<string_view*>(memory + names_at);
  for (unsigned i = 0; i < arity; ++i) new (own_names + i) string_view(copy_text(text, names[i]));
  f->measure_in(called.unit());
  f->names = own_names;
  f->arity = arity;
  f->constant = r.constant_labels();
  f->limit = e.most_series();
  f->idle_ms = e.idle_ms();
  f->clock = e.clock();
  f->seed = reinterpret_cast<std::uintptr_t>(memory) * 0x9e3779b97f4a7c15u;
  f->args = Core::keep(a, memory + args_at);
  f->choice.kind = Core::kind;
  f->choice.args = f->args;
  f->chains.store(new (memory + chains_at) expiring_chains(first_chains), memory_order_relaxed);
  f->overflow = new (memory + overflow_at) place(*f->args, memory + room_at);
  f->overflow->text = memory + label_text_at;
  char* end = f->overflow->text;
  if (!f->constant.empty()) {
    std::memcpy(end, f->constant.data(), f->constant.size());
    end += f->constant.size();
    *end++ = ',';
  }
  overflow_key.write(end);
  f->overflow->text_size = static_cast<std::uint16_t>(f->constant_size() + overflow_size);

  family_node* twin = nullptr;
  if (why == errc::ok) why = r.insert(*f, twin);
  if (twin) {
    node::destroy(f);
    return static_cast<node*>(twin);
  }
  return why == errc::ok ? f : static_cast<node*>(r.keep_refused(*f, why, at));
}
}  // namespace detail

/// A family for label sets that churn: connections, jobs, sessions. A series that nobody has used for a stated time goes, and
/// its memory serves the next one.
///
/// T: counter, double_counter, gauge, int_gauge, histogram, summary. N: how many labels.
/// Used:    its value has changed, or labels() has answered with it. Updates read no clock: a sweep at each scrape, and a small one with
///          each new series, sees whether the value is another than before. A gauge set to the same value for ever is idle.
/// Limits:  label text of up to 256 bytes together with the registry's constant labels; longer ones go to the overflow series, as
///          does what comes beyond expiry::set_most_series(). Series stand in the order of their places in memory.
/// Threads: every member may be called from any thread at any time; an update never waits. At most 65,535 threads at a time in one
///          series, 1,023 without 64-bit atomics. A new series waits for others being made.
/// Memory:  of as many series as there were at the same time, in steps of 32 bytes of label text; given back with the registry.
template <class T, std::size_t N>
class expiring_family {
  static_assert(N > 0, "a metric without labels is no family");
  using core = typename T::core_type;
  using args_type = typename core::args;
  using node = detail::expiring_node<core>;

 public:
  using handle_type = expiring<T>;

  /// Registers in the default registry. Errors: see status().
  expiring_family(metric_name name, string_view help, const label_names<N>& names, const expiry& when = expiry(),
                  const args_type& args = args_type()) noexcept
      : expiring_family(default_registry(), name, help, names, when, args) {}
  expiring_family(registry_core& registry, metric_name name, string_view help, const label_names<N>& names,
                  const expiry& when = expiry(), const args_type& args = args_type()) noexcept
      : node_(nullptr) {
    string_view overflow_values[N];
    node_ = detail::register_expiring<core>(registry, name, help, names.data(), overflow_values, N, args, when);
  }

  /// The series of these values, made from zero when there is none. It stays for at least the idle time from here.
  ///
  /// Cost: for an existing series a hash, a comparison, two atomic adds; no lock, no allocation.
  template <class... Values>
  handle_type labels(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    return get(texts.data());
  }
  /// The same by name, in any order. Errors: a name that is unknown, missing or twice: a handle that drops its updates and whose
  /// status() is errc::unknown_label.
  handle_type labels(std::initializer_list<label_pair> pairs) const noexcept {
    string_view texts[N];
    if (!node_ || arrange(pairs, texts)) return get(texts);
    if (registry_core* const home = node_->home()) home->count(mistake::series);
    return handle_type(detail::expiring_at<core>{nullptr, 0}, node_);
  }

  /// Takes the series of these values out at once: handles to it are stale. Returns: whether there was one.
  template <class... Values>
  bool remove(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    return node_ && node_->remove(texts.data());
  }
  bool remove(std::initializer_list<label_pair> pairs) const noexcept {
    string_view texts[N];
    return node_ && arrange(pairs, texts) && node_->remove(texts);
  }
  /// Takes out every series.
  void clear() const noexcept {
    if (node_) node_->clear();
  }

  /// ok, or why the registration was refused.
  NARTHEX_NAMESPACE::status status() const noexcept {
    return node_ ? static_cast<const detail::family_node&>(*node_).state() : NARTHEX_NAMESPACE::status(errc::no_memory, "");
  }
  /// Takes the family out of the exposition; registering it again shows it again, without series.
  void unregister() const noexcept {
    if (!node_) return;
    if (registry_core* const home = node_->home()) home->hide(*node_);
  }
  /// How many series there are.
  std::uint32_t size() const noexcept {
    if (!node_) return 0;
    const detail::hold held(node_->lock);
    return node_->count;
  }
  /// How often labels() answered with the overflow series.
  std::uint64_t overflowed() const noexcept { return node_ ? node_->overflowed.load(detail::memory_order_relaxed) : 0; }
  /// How many updates stale handles have dropped.
  std::uint64_t dropped() const noexcept { return node_ ? node_->dropped.load(detail::memory_order_relaxed) : 0; }

 private:
  handle_type get(const string_view* texts) const noexcept {
    return handle_type(node_ ? node_->get(texts) : detail::expiring_at<core>{nullptr, 0}, node_);
  }
  bool arrange(std::initializer_list<label_pair> pairs, string_view (&texts)[N]) const noexcept {
    for (const label_pair& p : pairs) {
      std::size_t i = 0;
      while (i < N && node_->names[i] != p.name) ++i;
      if (i == N || texts[i].data()) return false;
      texts[i] = p.value.text();
    }
    for (const string_view& text : texts) {
      if (!text.data()) return false;
    }
    return true;
  }

  node* node_;
};

#else  // compiled out

template <class T>
class NARTHEX_DETAIL_IDLE expiring : public T {
 public:
  explicit expiring(const detail::no_core& nothing) noexcept : T(nothing) {}
};

template <class T, std::size_t N>
class NARTHEX_DETAIL_IDLE expiring_family : public detail::no_family<expiring<T>> {
  using args_type = detail::unread<typename T::core_type::args>;

 public:
  using handle_type = expiring<T>;
  constexpr expiring_family(metric_name, string_view, const label_names<N>&, const expiry& = expiry(), args_type = {}) noexcept {}
  constexpr expiring_family(registry_core&, metric_name, string_view, const label_names<N>&, const expiry& = expiry(),
                  args_type = {}) noexcept {}
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_EXPIRING_FAMILY_HPP
