// narthex/detail/shards.hpp - what each thread owns of one metric, found by the thread's slot.
// Room: foundations. Read detail/slot.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SHARDS_HPP
#define NARTHEX_DETAIL_SHARDS_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/slot.hpp"

#if NARTHEX_HAS(SHARDS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// While it lives, updates that this thread makes inside its own allocator ask for no memory.
class growing {
 public:
  explicit growing(thread_self& me) noexcept : me_(me), first_(me.growing == 0) { me_.growing = 1; }
  ~growing() {
    if (first_) me_.growing = 0;
  }
  growing(const growing&) = delete;
  growing& operator=(const growing&) = delete;
  bool is_first() const noexcept { return first_; }

 private:
  thread_self& me_;
  bool first_;
};

/// A table of blocks of memory, one for each thread that came by. Never shrinks; freed with the metric.
///
/// Memory: 128 bytes; for threads beyond the eighth nodes of 8, 16, 32 ... pointers, 16 bytes a thread at most; the blocks.
/// Order:  blocks and nodes are published with release and read with acquire. A thread finds its own block relaxed: it
///         stored it itself, or has the slot, with acquire, from the one who did.
class shard_table {
 public:
  enum : std::uint32_t { near_slots = 8, nodes = 6 };  // 8 + 8 + 16 + 32 + 64 + 128 + 256

  explicit shard_table(const slot_domain* from) noexcept : domain_(from), base(0) {
    for (shared<void*>& b : near_) b.store(nullptr, memory_order_relaxed);
    for (shared<place*>& n : far_) n.store(nullptr, memory_order_relaxed);
  }

  /// The calling thread's block; null when it has none.
  void* mine() const noexcept {
    const thread_self& me = this_thread();
    if (!NARTHEX_DETAIL_LIKELY(me.domain == domain_)) return nullptr;  // another library's thread, or without a slot
    if (NARTHEX_DETAIL_LIKELY(me.slot < near_slots)) return near_[me.slot].load(memory_order_relaxed);
    const found at = find(me.slot);
    const place* const node = far_[at.node].load(memory_order_acquire);
    return node ? node[at.index].block.load(memory_order_relaxed) : nullptr;
  }
  /// The same for the first threads, and null for others: with the search for those in one function, a counter's addition
  /// took twice as long. For sums alone: see slot_notes.
  void* mine_if_near() const noexcept {
#if NARTHEX_HAS(SLOT_NOTES)
    const std::uintptr_t slot = domain_->notes.find();
#else
    const thread_self& me = this_thread();
    const std::uint32_t slot = NARTHEX_DETAIL_LIKELY(me.domain == domain_) ? me.slot : +near_slots;
#endif
    return NARTHEX_DETAIL_LIKELY(slot < near_slots) ? near_[slot].load(memory_order_relaxed) : nullptr;
  }

  /// Makes one for it: `construct` gets `size` bytes. Null without memory or slot.
  template <class Construct>
  void* join(std::size_t size, const Construct& construct) noexcept {
    thread_self& me = this_thread();
    const growing once(me);
    if (!once.is_first()) return nullptr;
    take_slot(me);
    if (me.domain != domain_) return nullptr;
    shared<void*>* const at = make_place(me.slot);
    if (!at) return nullptr;
    if (void* const left = at->load(memory_order_relaxed)) return left;  // by the last owner of the slot
    void* const memory = allocate(size);
    if (!memory) return nullptr;
    construct(memory);
    at->store(memory, memory_order_release);
    return memory;
  }

  /// look(void* block) for all there are.
  template <class Look>
  void each(const Look& look) const noexcept {
    for (const shared<void*>& b : near_) {
      if (void* const block = b.load(memory_order_acquire)) look(block);
    }
    for (std::uint32_t n = 0; n < nodes; ++n) {
      const place* const node = far_[n].load(memory_order_acquire);
      for (std::uint32_t i = 0; node && i < near_slots << n; ++i) {
        if (void* const block = node[i].block.load(memory_order_acquire)) look(block);
      }
    }
  }

  void end() noexcept {
    each([](void* block) { release(block); });
    for (shared<place*>& n : far_) release(n.load(memory_order_acquire));
  }

 private:
  struct place {
    shared<void*> block;
  };
  struct found {
    std::uint32_t node, index;
  };
  /// Node n has the slots from 8 << n on.
  static found find(std::uint32_t slot) noexcept {
    const std::uint32_t n = static_cast<std::uint32_t>(__builtin_clz(near_slots) - __builtin_clz(slot));
    return found{n, slot - (static_cast<std::uint32_t>(near_slots) << n)};
  }
  shared<void*>* make_place(std::uint32_t slot) noexcept {
    if (slot < near_slots) return &near_[slot];
    const found at = find(slot);
    place* node = far_[at.node].load(memory_order_acquire);
    if (!node) {
      const std::uint32_t size = static_cast<std::uint32_t>(near_slots) << at.node;
      place* const fresh = static_cast<place*>(allocate(size * sizeof(place)));
      if (!fresh) return nullptr;
      for (std::uint32_t i = 0; i < size; ++i) (new (fresh + i) place)->block.store(nullptr, memory_order_relaxed);
      if (far_[at.node].compare_exchange_strong(node, fresh, memory_order_acq_rel, memory_order_acquire)) {
        node = fresh;
      } else {
        release(fresh);
      }
    }
    return &node[at.index].block;
  }

  const slot_domain* const domain_;

 public:
  shared<std::uint64_t> base;  // for its owner's use

 private:
  shared<void*> near_[near_slots];
  shared<place*> far_[nodes];
};
#if NARTHEX_HAS(THREAD_POINTER)
static_assert(+shard_table::near_slots == slot_notes::noted(), "what is noted is near");
#endif
static_assert(sizeof(void*) != 8 || sizeof(shard_table) == 128, "the documented size");

/// Where a metric's table hangs: not there, never to be there, or there for good.
class shard_link {
 public:
  enum kind : std::uintptr_t { may_grow, never };
  explicit shard_link(kind k) noexcept : word_(k) {}
  ~shard_link() {
    shard_table* const t = get();
    if (!t) return;
    t->end();
    t->~shard_table();
    release(t);
  }
  shard_link(const shard_link&) = delete;
  shard_link& operator=(const shard_link&) = delete;

  /// Acquire pairs with the release in grow(): whoever finds a table finds it constructed.
  shard_table* get() const noexcept {
    const std::uintptr_t w = word_.load(memory_order_acquire);
    return w > never ? reinterpret_cast<shard_table*>(w) : nullptr;
  }

  /// Makes the table, once; where memory is missing things stay as they are.
  NARTHEX_DETAIL_COLD shard_table* grow() noexcept {
    std::uintptr_t seen = word_.load(memory_order_acquire);
    if (seen > never) return reinterpret_cast<shard_table*>(seen);
    const growing once(this_thread());
    if (seen == never || !once.is_first()) return nullptr;
    void* const memory = allocate(sizeof(shard_table));
    if (!memory) return nullptr;
    shard_table* const fresh = new (memory) shard_table(&threads_own<void>::domain);
    if (word_.compare_exchange_strong(seen, reinterpret_cast<std::uintptr_t>(fresh), memory_order_acq_rel,
                                      memory_order_acquire)) {
      return fresh;
    }
    release(memory);  // somebody was quicker
    return reinterpret_cast<shard_table*>(seen);
  }

 private:
  shared<std::uintptr_t> word_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(SHARDS)

#endif  // NARTHEX_DETAIL_SHARDS_HPP
