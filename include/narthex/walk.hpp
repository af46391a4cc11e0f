// narthex/walk.hpp - goes through everything that a scrape shows: families by name, series by age.
// Room: shelves. Read sample.hpp and detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_WALK_HPP
#define NARTHEX_WALK_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/callback.hpp"
#include "narthex/collector.hpp"
#include "narthex/config.hpp"
#include "narthex/detail/family_node.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/sample.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// One pass over a registry and what is attached to it. Every format is a loop around next().
///
/// Families come in name order, series in the order of their creation, each series read once, whole. What
/// is registered or removed meanwhile is seen or not; nothing is seen twice or torn.
///
/// Threads: any number of walks at once; a walk belongs to one thread. Updates and new series never wait for it.
///          Call rest() before running code that may block or destroy instruments.
/// Memory:  about 9 KB in place, whatever the number of series.
class walk {
 public:
  explicit walk(registry_core& root) noexcept
      : count_(0), present_(nobody), shown_from_(0), resting_(true), side_(0), last_(nullptr), steady_(nullptr), steady_at_(nullptr)
#if NARTHEX_HAS(HEAP)
        , batches_(nullptr)
#endif
  {
    now_.let_go = [](void* me) { static_cast<walk*>(me)->rest(); };
    now_.walker = this;
    now_.utf8 = nullptr;
    const detail::inside_lists inside;
    for (const registry_core* r = &root; r && count_ < registry_core::max_registries; r = r->next_in_tree(&root)) {
      cursor& c = cursors_[count_++];
      c.registry = const_cast<registry_core*>(r);
      c.registry->enter_walk();
      c.start(c.registry->first());
      c.save();
    }
  }
  ~walk() {
    rest();
    for (unsigned i = 0; i < count_; ++i) cursors_[i].registry->leave_walk();
#if NARTHEX_HAS(HEAP)
    while (collected* const b = batches_) {
      batches_ = b->next_;
      b->~collected();
      detail::release(b);
    }
#endif
  }
  walk(const walk&) = delete;
  walk& operator=(const walk&) = delete;

  /// Reads the next series; false after the last. The sample before is gone then.
  bool next() noexcept {
    // The next series of the family in hand, of which all but the series stands in now_ already.
    if (NARTHEX_HAS(HEAP) && NARTHEX_DETAIL_LIKELY(steady_ != nullptr && steady_->is_shown())) {
      detail::position& where = *steady_at_;
      if (NARTHEX_DETAIL_LIKELY(steady_->ops->next(*steady_, where, now_))) {
        NARTHEX_DETAIL_FETCH(where.at, 1024, 0);  // series mostly lie one behind the other
        NARTHEX_DETAIL_FETCH(where.at, 1024 + 64, 0);
        now_.starts_family = false;
        return true;
      }
    }
    return seek();
  }

  /// What next() has read.
  const sample& now() const noexcept { return now_; }

  /// Has exemplars read, too, into `room`, which must stay as long as the walk; they are gone with the sample.
  void want_exemplars(exemplar_room& room) noexcept { now_.exemplars_wanted = &room; }

  /// Lets go of the registries' lists: nothing waits for this walk until the next call of next().
  void rest() noexcept {
    if (resting_) return;
    for (unsigned i = 0; i < count_; ++i) cursors_[i].save();
    detail::lists::readers.leave(side_);
    resting_ = true;
    steady_ = nullptr;
  }

 private:
  friend class registry_core;
  enum : unsigned { nobody = ~0u };

  /// A registry of the tree and how far the walk came in it.
  struct cursor {
    registry_core* registry;
    detail::family_node* node;  // the family to read next, or in it; null at the end
    detail::position where;
    const char* name;           // of `node`, which may go away while the walk rests; a name does not
    bool owned;

    void start(detail::family_node* n) noexcept {
      node = n;
      where.at = nullptr;
      where.index = 0;
    }
    void save() noexcept {
      if (!node) return;
      name = node->name;
      owned = node->ops->owned;
    }
    /// Finds the place again: the same node, or the first one behind it.
    void find_again() noexcept {
      if (!node || owned) return;
      const bool begun = where.at || where.index;
      for (detail::family_node* n = registry->first(); n; n = n->next.load(detail::memory_order_seq_cst)) {
        if (n == node && n->name == name) return;
        const int order = std::strcmp(n->name, name);
        if (order > 0 || (order == 0 && !begun)) return start(n);
      }
      start(nullptr);
    }
    detail::full_name full() const noexcept { return detail::full_name{registry->prefix(), node->name}; }
  };

  /// Reads the next series where next() cannot tell at once.
  NARTHEX_DETAIL_COLD bool seek() noexcept {
    steady_ = nullptr;
    for (;;) {
      go_on();
      if (present_ == nobody && !choose()) return false;
      cursor& c = cursors_[present_];
      detail::family_node* const n = c.node;
      if (n && n->is_shown() && read(c, *n)) {
        shown_from_ |= 1u << present_;
        return true;
      }
      go_on();  // a callback ran without the lists
      if (c.node == n && n) pass(c);
      else present_ = nobody;
    }
  }

  NARTHEX_DETAIL_COLD void go_on() noexcept {
    if (!resting_) return;
    side_ = detail::lists::readers.enter();
    resting_ = false;
    const cursor* const at = present_ == nobody ? nullptr : &cursors_[present_];
    const detail::family_node* const stood_on = at ? at->node : nullptr;
    for (unsigned i = 0; i < count_; ++i) cursors_[i].find_again();
    if (!at || at->node == stood_on) return;
    const detail::full_name lost = {at->registry->prefix(), at->name};
    present_ = nobody;
    if (count_ > 1) several(step::lose, lost);
  }

  /// Turns to the first name among all registries.
  bool choose() noexcept {
    shown_from_ = 0;
    if (count_ > 1) return several(step::choose, detail::full_name());
    if (cursors_[0].node) present_ = 0;
    return present_ != nobody;
  }

  /// Leaves the family at `c`, for the same name in this or a later registry if there is one.
  NARTHEX_DETAIL_COLD void pass(cursor& c) noexcept {
    const detail::full_name left = c.full();
    c.start(c.node->next.load(detail::memory_order_seq_cst));
    const unsigned before = present_;
    // A node that came under this name while the walk rested has its turn at the next scrape.
    while ((shown_from_ >> before & 1) && c.node && detail::relate(c.full(), left).order == 0) {
      c.start(c.node->next.load(detail::memory_order_seq_cst));
    }
    if (count_ > 1) several(step::pass, left);
    else present_ = nobody;
  }

  NARTHEX_DETAIL_COLD bool read(cursor& c, detail::family_node& n) noexcept {
    const detail::full_name full = c.full();
    const metric_type type = n.ops->type;
    const string_view help = n.help, unit = n.unit_of_name();
    const bool shared = is_shared(n);  // asked before a callback, whose node may be gone after it
    now_.is_plain = is_one_number(type);
    now_.exemplar_count = 0;
    now_.has_time = false;
    now_.created_ns = 0;
    while (next_of(c, n)) {
      if (shared && count_ > 1 && !several(step::merge, full)) continue;
      // A family is known by its name: it may go on in another registry, or in another node after a rest.
      const bool goes_on = last_ == full.name.data() && now_.prefix.data() == full.prefix.data();
      now_.starts_family = !goes_on && (!last_ || detail::relate(full, detail::full_name{now_.prefix, now_.name}).order != 0);
      last_ = full.name.data();
      now_.type = type;
      now_.prefix = full.prefix;
      now_.name = full.name;
      now_.help = help;
      now_.unit = unit;
      if (shared && count_ == 1) {
        steady_ = &n;
        steady_at_ = &c.where;
      }
      return true;
    }
    return false;
  }

  /// Reads the next series of `n` into now_. A user's code is called without the lists, so that whoever takes a
  /// node out waits for it only when it is that node's own call.
  bool next_of(cursor& c, detail::family_node& n) noexcept {
#if NARTHEX_HAS(HEAP)
    if (n.ops->kind == detail::storage::collected) {
      const detail::pinned call(static_cast<detail::calling_node&>(n), now_);
      return next_collected(c, static_cast<detail::collected_node&>(n));
    }
#endif
    return n.ops->next(n, c.where, now_);
  }

#if NARTHEX_HAS(HEAP)
  /// A collector is called when the walk meets its first family; what it gave is kept for the others.
  NARTHEX_DETAIL_COLD bool next_collected(cursor& c, detail::collected_node& n) noexcept {
    collected* batch = batches_;
    while (batch && batch->from_serial_ != n.owner->serial_) batch = batch->next_;
    if (!batch) {
      void* const memory = detail::allocate(sizeof(collected));
      if (!memory) {
        c.registry->count(mistake::sample);
        return false;
      }
      batch = batches_ = new (memory) collected(*n.owner, n.owner->serial_, batches_);
      n.owner->function_(*batch);
    }
    // Another collector may have come to the same place in memory while the walk rested in its samples.
    if (c.where.at != batch && c.where.index) return false;
    c.where.at = batch;
    return batch->next(n, c.where, now_);
  }
#endif

  static bool is_shared(const detail::family_node& n) noexcept {
    return n.ops->kind != detail::storage::callback && n.ops->kind != detail::storage::collected;
  }

  // ---- with registries attached ----

  enum class step { choose, pass, lose, merge };
#if NARTHEX_HAS(HEAP)
  bool several(step what, const detail::full_name& name) noexcept { return step_among(*this, what, name); }
#else
  bool several(step what, const detail::full_name& name) noexcept {
    return detail::attaching<void>::several(*this, static_cast<int>(what), name);
  }
  static bool step_among(walk& me, int what, const detail::full_name& name) noexcept {
    return step_among(me, static_cast<step>(what), name);
  }
#endif
  NARTHEX_DETAIL_COLD static bool step_among(walk& me, step what, const detail::full_name& name) noexcept {
    switch (what) {
      case step::choose: return me.choose_first();
      case step::pass: me.pass_on(name); return true;
      case step::lose: me.lose(name); return true;
      case step::merge: break;
    }
    return me.merge(me.cursors_[me.present_]);
  }

  bool choose_first() noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      const cursor& c = cursors_[i];
      if (c.node && (present_ == nobody || detail::relate(c.full(), cursors_[present_].full()).order < 0)) present_ = i;
    }
    return present_ != nobody;
  }
  void pass_on(const detail::full_name& left) noexcept {
    const unsigned before = present_;
    present_ = nobody;
    for (unsigned i = before; i < count_; ++i) {
      if (cursors_[i].node && detail::relate(cursors_[i].full(), left).order == 0) {
        present_ = i;
        return;
      }
    }
  }
  /// The family in hand has gone away: another registry may have the next name. Of the lost one's series elsewhere
  /// nobody can tell any more which were shown.
  void lose(const detail::full_name& lost) noexcept {
    if (!last_ || detail::relate(lost, detail::full_name{now_.prefix, now_.name}).order != 0) return;
    for (unsigned i = 0; i < count_; ++i) {
      cursor& c = cursors_[i];
      while (c.node && detail::relate(c.full(), lost).order == 0) c.start(c.node->next.load(detail::memory_order_seq_cst));
    }
  }

  /// With the same series in several registries: adds up what can be added, or shows the first one's.
  /// False when now_ has been shown already, by an earlier registry.
  NARTHEX_DETAIL_COLD bool merge(const cursor& c) noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      if (&cursors_[i] == &c) continue;
      const registry_core& other = *cursors_[i].registry;
      // What an earlier registry has shown of this family may have been taken out since: then nobody can tell which
      // series it had.
      const bool was_shown = &cursors_[i] < &c && (shown_from_ >> i & 1) != 0;
      bool is_there = false;
      for (detail::family_node* n = other.first(); n; n = n->next.load(detail::memory_order_seq_cst)) {
        const int order = detail::relate(detail::full_name{other.prefix(), n->name}, c.full()).order;
        if (order > 0) break;
        if (order < 0 || n->ops->kind != c.node->ops->kind) continue;
        if (!n->is_shown() && !was_shown) continue;
        is_there = true;
        detail::position from_start = {nullptr, 0};
        detail::reading theirs;
        while (n->ops->next(*n, from_start, theirs)) {
          if (theirs.labels != now_.labels) continue;
          if (&cursors_[i] < &c) return false;
          add(c.node->ops->type, theirs);
          break;
        }
      }
      if (was_shown && !is_there) return false;
    }
    return true;
  }
  void add(metric_type type, const detail::reading& theirs) noexcept {
    if (type == metric_type::counter) {
      if (now_.value.is == number::kind::u64) now_.value = now_.value.u64 + theirs.value.u64;
      else now_.value = detail::add(now_.value.f64, theirs.value.f64);
    } else if (type == metric_type::histogram || type == metric_type::summary) {
      const unsigned n = type == metric_type::histogram ? now_.bounds->size() + 1 : 1;
      for (unsigned i = 0; i < n; ++i) now_.count_room[i] += theirs.count_room[i];
      now_.count += theirs.count;
      now_.sum = detail::add(now_.sum, theirs.sum);
    }
  }

  unsigned count_, present_;
  std::uint32_t shown_from_;  // the registries that have shown something of the family in hand, one bit each
  bool resting_;
  std::uint32_t side_;
  const char* last_;  // the name last shown
  detail::family_node* steady_;  // the family in hand if nothing needs to be asked but itself; never while resting
  detail::position* steady_at_;  // how far the walk came in it
#if NARTHEX_HAS(HEAP)
  collected* batches_;
#endif
  cursor cursors_[registry_core::max_registries];
  detail::reading now_;
};

#else  // compiled out

class NARTHEX_DETAIL_IDLE walk {
 public:
  explicit walk(registry_core&) noexcept {}
  walk(const walk&) = delete;
  walk& operator=(const walk&) = delete;
  bool next() noexcept { return false; }
  const sample& now() const noexcept { return now_; }
  void want_exemplars(exemplar_room&) noexcept {}
  void rest() noexcept {}

 private:
  sample now_;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_WALK_HPP
