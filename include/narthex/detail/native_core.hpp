// narthex/detail/native_core.hpp - the storage of one native histogram: stages, from many fine buckets to fewer coarse ones.
// Room: balconies. Read detail/native_stage.hpp and detail/native_tally.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_NATIVE_CORE_HPP
#define NARTHEX_DETAIL_NATIVE_CORE_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/native_scale.hpp"
#include "narthex/detail/native_stage.hpp"
#include "narthex/detail/native_tally.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/detail/single.hpp"
#include "narthex/native_buckets.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Observations of one series. They go to the present stage; when that is full, or there are too many buckets, the next one, larger
/// or coarser, becomes the present one. Counts stay where they are: a snapshot reads all stages up to the present one, each
/// whole, and brings their buckets to the present schema.
///
/// Nothing here waits but a snapshot for another one. A stage is made by whoever needs it first, and of several who make it one wins.
///
/// Restart: by a reader. First the present stage is the first again, under another number; then every stage loses its keys, and then
///          what it has counted. An observation looks at that number again once it is certain which generation it will be of.
class native_core {
 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr storage kind = storage::native;
  using args = native_buckets;
#if NARTHEX_HAS(METRICS)
  enum : unsigned { first_places = 32, most_places = 512 };
  enum : std::size_t { smallest_room = native_stage::bytes(first_places) };
  static args smallest() noexcept { return args(); }
  static errc validate(const args& a, std::size_t& at) noexcept { return a.validate(at); }
  static std::size_t args_room(const args& a) noexcept { return round_up(sizeof(args)) + a.classic().size() * sizeof(double); }
  /// Copies the classic bounds: a list in braces does not live long.
  static const args* keep(const args& a, void* memory) noexcept {
    double* const values = reinterpret_cast<double*>(static_cast<char*>(memory) + round_up(sizeof(args)));
    for (unsigned i = 0; i < a.classic().size(); ++i) values[i] = a.classic()[i];
    args* const kept = new (memory) args(a);
    kept->classic(buckets(values, a.classic().size()));
    return kept;
  }
  static std::size_t room(const args&) noexcept { return smallest_room; }

  native_core(const args& kept, void* memory) noexcept
      : choice_(kept), zero_bits_(double_bits(kept.zero_threshold())), growths_(1), era_(0), zero_up_to_(0), is_limited_(0), makers_(0),
        began_(kept.now_seconds()) {
    while (places_of(growths_ - 1) < wanted_places(kept)) ++growths_;
    for (shared<native_stage*>& s : stages_) s.store(nullptr, memory_order_relaxed);
    stages_[0].store(new (memory) native_stage(memory, first_places, kept.schema(), era_), memory_order_relaxed);
  }
  ~native_core() {
    for (unsigned i = 0; i < stages; ++i) {
      native_stage* const s = stages_[i].load(memory_order_acquire);
      if (!s) continue;
      s->~native_stage();
      if (i) release(s);
    }
  }
  native_core(const native_core&) = delete;
  native_core& operator=(const native_core&) = delete;

  /// False when there is no place for it.
  bool observe(double value) noexcept {
    const std::uint64_t bits = double_bits(value), magnitude = bits << 1 >> 1;
    const std::uint32_t finest = NARTHEX_DETAIL_LIKELY(magnitude > zero_bits_) ? native_scale::finest_of(magnitude) : 0;
    const unsigned classic = choice_.classic().size() ? choice_.classic().find(value) : 0;
    for (;;) {
      const std::uint32_t era = era_.load(memory_order_acquire);
      native_stage& s = *stages_[era % eras].load(memory_order_acquire);
      const std::uint32_t key = NARTHEX_DETAIL_LIKELY(finest > zero_up_to_.load(memory_order_relaxed))
                                    ? native_key::of(native_scale::coarser(finest, s.steps), bits >> 63 != 0, classic)
                                    : native_key::of(native_key::zero_bucket, false, classic);
      if (NARTHEX_DETAIL_LIKELY(s.observe(key, era, value))) return true;
      if (!make_room(s, era, key)) return false;
    }
  }

  /// With sum, counts and the native buckets of the same observations; restarts when it is time to.
  bool read(reading& out) const noexcept {
    const hold one_reader(reader_);
    const std::uint32_t era = era_.load(memory_order_acquire);
    const unsigned in_classic = choice_.classic().size() + 1;
    const std::uint32_t zero_up_to = zero_up_to_.load(memory_order_relaxed);
    native_tally buckets_now(out.index_room, out.count_room + in_classic, native_tally::most - in_classic,
                             stages_[era % eras].load(memory_order_acquire)->steps, zero_up_to);
    for (unsigned i = 0; i < in_classic; ++i) out.count_room[i] = 0;
    read_stages(era, out, [&](const native_stage& s, std::uint32_t key, std::uint64_t count) {
      out.count_room[native_key::classic(key)] += count;
      buckets_now.add(native_key::native(key), s.steps, count);
    });
    buckets_now.show(out.native_room, zero_up_to ? native_scale::end_of(zero_up_to) : choice_.zero_threshold());
    out.native_room.merge = &native_tally::merge;
    out.native = &out.native_room;
    out.is_more<metric_type::histogram>();
    out.counts = out.count_room;
    out.bounds_copy = choice_.classic();
    out.bounds = &out.bounds_copy;
    const bool is_due = is_limited_.load(memory_order_relaxed) != 0 && choice_.reset_after_seconds() != 0 &&
                        choice_.now_seconds() - began_ >= choice_.reset_after_seconds();
    out.native_room.restarts = is_due;
    if (is_due) const_cast<native_core*>(this)->restart_alone();
    return out.count != 0;
  }
  static bool read_at_once(reading&) noexcept { return false; }

  void read_totals(sample& out) const noexcept {
    const hold one_reader(reader_);
    read_stages(era_.load(memory_order_acquire), out, [](const native_stage&, std::uint32_t, std::uint64_t) {});
  }

  void restart() noexcept {
    const hold one_reader(reader_);
    restart_alone();
  }
  const args& chosen() const noexcept { return choice_; }

 private:
  enum : unsigned { most_growths = 5, stages = most_growths + 12, eras = 32 };  // an era: how often it restarted, and the stage

  // ---- the stages: growths_ of them double the room, each further one halves the resolution ----

  static unsigned places_of(unsigned growth) noexcept { return first_places << growth; }
  /// A quarter of the places stays free, for those who come while a larger stage is made. The coarsest schema has 269 buckets, and
  /// must never run out.
  static unsigned wanted_places(const args& a) noexcept {
    return a.schema() == native_scale::coarsest ? +most_places : (a.max_buckets() + a.classic().size() + 2) * 4 / 3;
  }
  int schema_of(unsigned stage) const noexcept {
    return choice_.schema() - static_cast<int>(stage < growths_ ? 0 : stage - growths_ + 1);
  }
  native_stage* stage_at(unsigned i) noexcept {
    native_stage* s = stages_[i].load(memory_order_acquire);
    if (s) return s;
    const unsigned places = schema_of(i) == native_scale::coarsest ? +most_places : places_of(i < growths_ ? i : growths_ - 1);
    // Observations made by an allocator of the user's come back to here: some time that must end.
    void* const memory = makers_.fetch_add(1, memory_order_relaxed) < 16 ? allocate(native_stage::bytes(places)) : nullptr;
    makers_.fetch_sub(1, memory_order_relaxed);
    if (!memory) return nullptr;
    native_stage* const made = new (memory) native_stage(memory, places, schema_of(i), era_);
    if (stages_[i].compare_exchange_strong(s, made, memory_order_acq_rel, memory_order_acquire)) return made;
    made->~native_stage();  // somebody was quicker
    release(made);
    return s;
  }

  /// For a key that its stage does not have: gives it a cell, or makes another stage the present one, or widens the zero bucket; then
  /// the observation is tried again. False when nothing helps.
  NARTHEX_DETAIL_COLD bool make_room(native_stage& s, std::uint32_t era, std::uint32_t key) noexcept {
    if (era_.load(memory_order_acquire) != era) return true;
    const std::uint32_t zero_up_to = zero_up_to_.load(memory_order_relaxed);
    std::int32_t which[native_tally::most];
    std::uint64_t unused[native_tally::most];
    native_tally there(which, unused, native_tally::most, s.steps, zero_up_to);
    unsigned taken = 0;
    for (unsigned i = 0; i < s.size(); ++i) {
      const std::uint32_t other = s.key_at(i);
      if (!other) continue;
      ++taken;
      there.add(native_key::native(other), s.steps, 0);
    }
    const std::uint32_t place = there.place_of(native_key::native(key), s.steps);
    const bool is_one_more = place != 0 && !there.has(place) && there.size >= choice_.max_buckets();
    if (is_one_more) {
      is_limited_.store(1, memory_order_relaxed);
      there.add(native_key::native(key), s.steps, 0);
      if (widen_zero(there.nearest_zero())) return true;
      if (go_coarser(s, era, key)) return true;
    }
    if (taken >= s.size() / 4 * 3) {
      const unsigned next = era % eras + 1;
      if (next < growths_ ? go_on(s, era, next) : go_coarser(s, era, key)) return true;
    }
    return s.insert(key);
  }
  bool widen_zero(std::uint32_t up_to) noexcept {
    if (is_less(choice_.max_zero_threshold(), native_scale::end_of(up_to))) return false;
    std::uint32_t before = zero_up_to_.load(memory_order_relaxed);
    while (before < up_to && !zero_up_to_.compare_exchange_weak(before, up_to, memory_order_relaxed, memory_order_relaxed)) {
    }
    return true;
  }
  bool go_on(const native_stage& from, std::uint32_t era, unsigned next) noexcept {
    native_stage* const to = stage_at(next);
    if (!to) return false;
    for (unsigned i = 0; i < from.size(); ++i) {
      if (const std::uint32_t key = from.key_at(i)) to->insert(key);
    }
    era_.compare_exchange_strong(era, era - era % eras + next, memory_order_acq_rel, memory_order_relaxed);
    return true;
  }
  /// To the first stage in which there is room for the key, too.
  bool go_coarser(const native_stage& from, std::uint32_t era, std::uint32_t newcomer) noexcept {
    if (from.schema() == native_scale::coarsest) return false;
    unsigned next = era % eras + 1;
    for (next = next < growths_ ? growths_ : next;; ++next) {
      native_stage* const to = stage_at(next);
      if (!to) return false;
      std::int32_t which[native_tally::most];
      std::uint64_t unused[native_tally::most];
      native_tally there(which, unused, native_tally::most, to->steps, zero_up_to_.load(memory_order_relaxed));
      there.add(native_key::native(newcomer), from.steps, 0);
      for (unsigned i = 0; i < from.size(); ++i) {
        const std::uint32_t key = from.key_at(i);
        if (!key) continue;
        there.add(native_key::native(key), from.steps, 0);
        const std::uint32_t place = there.place_of(native_key::native(key), from.steps);
        if (place) to->insert(native_key::with_index(key, native_key::index(place)));
      }
      if (there.size > choice_.max_buckets() && to->schema() > native_scale::coarsest) continue;
      era_.compare_exchange_strong(era, era - era % eras + next, memory_order_acq_rel, memory_order_relaxed);
      return true;
    }
  }

  // ---- by one reader at a time ----

  template <class Look>
  void read_stages(std::uint32_t era, sample& all, const Look& look) const noexcept {
    all.sum = 0;
    all.count = 0;
    for (unsigned i = 0; i <= era % eras; ++i) {
      const native_stage* const s = stages_[i].load(memory_order_acquire);
      if (!s) continue;
      std::uint64_t counts[most_places], count = 0;
      all.sum = add(all.sum, s->observed.read(counts, count));
      if (count == 0) continue;
      all.count += count;
      for (unsigned cell = 0; cell < s->size(); ++cell) {
        if (counts[cell]) look(*s, s->key_at(cell), counts[cell]);
      }
    }
  }
  void restart_alone() noexcept {
    era_.store((era_.load(memory_order_relaxed) / eras + 1) * eras, memory_order_relaxed);
    zero_up_to_.store(0, memory_order_relaxed);
    is_limited_.store(0, memory_order_relaxed);
    began_ = choice_.now_seconds();
    for (shared<native_stage*>& at : stages_) {
      if (native_stage* const s = at.load(memory_order_acquire)) s->restart();
    }
  }

  const args& choice_;
  const std::uint64_t zero_bits_;
  unsigned growths_;
  shared<std::uint32_t> era_;
  shared<std::uint32_t> zero_up_to_;  // the last finest bucket that the zero bucket has taken in; 0: none
  shared<std::uint32_t> is_limited_;  // buckets ran out since the beginning
  shared<std::uint32_t> makers_;
  std::uint32_t began_;
  mutable spin_lock reader_;
  shared<native_stage*> stages_[stages];
#endif  // NARTHEX_HAS(METRICS)
};
#if NARTHEX_HAS(METRICS)
template <>
struct is_in_place<native_core> : std::false_type {};
#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_DETAIL_NATIVE_CORE_HPP
