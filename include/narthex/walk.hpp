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
      : count_(0), present_(nullptr), is_begun_(false)
#if NARTHEX_HAS(HEAP)
        , steady_(nullptr), steady_at_(nullptr), batches_(nullptr), patience_(), utf8_(detail::utf8_in_use())
#endif
  {
#if NARTHEX_HAS(THREADS)
    now_.let_go = [](void* me) { static_cast<walk*>(me)->rest(); };
    now_.walker = this;
#endif
    now_.utf8 = nullptr;
    visit_.enter();
    add(root);
    if (root.has_others()) several(step::begin);
    rest();
  }
  ~walk() {
    rest();
#if NARTHEX_HAS(THREADS)
    for (unsigned i = 0; i < count_; ++i) cursors_[i].registry->leave_walk();
#endif
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
#if NARTHEX_HAS(HEAP)
    if (NARTHEX_DETAIL_LIKELY(steady_ != nullptr && steady_->is_shown())) {
      detail::position& where = *steady_at_;
      if (NARTHEX_DETAIL_LIKELY(steady_->ops->next(*steady_, where, now_))) {
        NARTHEX_DETAIL_FETCH(where.at, 1024, 0);  // series mostly lie one behind the other
        NARTHEX_DETAIL_FETCH(where.at, 1024 + 64, 0);
        now_.starts_family = false;
        return true;
      }
    }
#endif
    return seek();
  }

  /// What next() has read.
  const sample& now() const noexcept { return now_; }

  /// Has exemplars read, too, into `room`, which must stay as long as the walk; they are gone with the sample.
  void want_exemplars(exemplar_room& room) noexcept { now_.exemplars_wanted = &room; }

#if NARTHEX_HAS(HEAP)
  /// Tells collectors how long the reader waits; see collected::time_left_ms().
  void wait_until(std::int64_t (*clock_ms)(), std::int64_t until_ms) noexcept { patience_ = {clock_ms, until_ms}; }
#endif

  /// Lets go of the registries' lists: nothing waits for this walk until the next call of next().
  void rest() noexcept {
    visit_.leave();
#if NARTHEX_HAS(HEAP)
    steady_ = nullptr;
#endif
  }

 private:
  friend class registry_core;

  /// A registry of the tree and how far the walk came in it.
  struct cursor {
    registry_core* registry;
    detail::family_node* node;  // the family to read next, or in it; null at the end
    detail::position where;
    const char* name;           // of `node`, which may go away while the walk rests; a name does not
    bool owned;
    bool has_shown;             // something of the family in hand

    void start(detail::family_node* n) noexcept {
      node = n;
      where.at = nullptr;
      where.index = 0;
      if (!n) return;
      name = n->name;
      if (NARTHEX_HAS(HEAP)) owned = n->ops->owned;
    }
    void pass() noexcept { start(node->next.load(detail::memory_order_seq_cst)); }
    /// Finds the place again: the same node, or the first one behind it.
    void find_again() noexcept {
      if (!node || (NARTHEX_HAS(HEAP) && owned)) return;
      const bool begun = where.at || where.index;
      for (detail::family_node* n = registry->first(); n; n = n->next.load(detail::memory_order_seq_cst)) {
        if (n == node && n->name == name) return;
        const int order = std::strcmp(n->name, name);
        if (order > 0 || (order == 0 && !begun)) return start(n);
      }
      start(nullptr);
    }
    detail::full_name full() const noexcept { return detail::full_name{registry->prefix(), name}; }
  };

  void add(registry_core& r) noexcept {
    cursor& c = cursors_[count_++];
    c.registry = &r;
    r.enter_walk();
    c.start(r.first());
  }

  /// Reads the next series where next() cannot tell at once.
  NARTHEX_DETAIL_COLD bool seek() noexcept {
#if NARTHEX_HAS(HEAP)
    steady_ = nullptr;
#endif
    for (;;) {
      go_on();
      if (!present_ && !choose()) return false;
      cursor& c = *present_;
      detail::family_node* const n = c.node;
      if (n && n->is_shown() && read(c, *n)) return true;
      go_on();  // a callback ran without the lists
      if (c.node == n && n) pass(c);
      else present_ = nullptr;
    }
  }

  void go_on() noexcept {
    if (visit_.enter()) find_again();
  }
  NARTHEX_DETAIL_COLD void find_again() noexcept {
    const cursor* const at = present_;
    const detail::family_node* const stood_on = at ? at->node : nullptr;
    const char* const lost = at ? at->name : nullptr;
    for (unsigned i = 0; i < count_; ++i) cursors_[i].find_again();
    if (!at || (at->node == stood_on && at->name == lost)) return;  // another object may have come to the same place
    present_ = nullptr;
    if (count_ > 1) several(step::lose, at->registry, lost);
  }

  /// Turns to the first name among all registries.
  bool choose() noexcept {
    is_begun_ = false;
    if (count_ > 1) return several(step::choose);
    cursors_[0].has_shown = false;
    if (cursors_[0].node) present_ = &cursors_[0];
    return present_ != nullptr;
  }

  /// Leaves the family at `c`, for the same name in this or a later registry if there is one.
  void pass(cursor& c) noexcept {
    const char* const left = c.name;
    c.pass();
#if NARTHEX_HAS(HEAP)
    // A node that came under this name while the walk rested has its turn at the next scrape.
    while (c.has_shown && c.node && std::strcmp(c.name, left) == 0) c.pass();
#endif
    if (count_ > 1) several(step::pass, c.registry, left);
    else present_ = nullptr;
  }

  bool read(cursor& c, detail::family_node& n) noexcept {
    const detail::family_basics& ops = *n.ops;  // of static lifetime: a callback's node may be gone after its call
    now_.type = ops.type;
    now_.prefix = c.registry->prefix();
    now_.name = n.name;
    now_.help = n.help;
    now_.labels = c.registry->constant_labels();
    now_.is_plain = true;
#if NARTHEX_HAS(HEAP)
    const detail::utf8_names* const door = detail::utf8_in_use();
    now_.utf8 = door && door->has_any(*c.registry, n) ? door : nullptr;
    if (now_.utf8 && !utf8_) return false;
#endif
    now_.exemplar_count = 0;
#if NARTHEX_HAS(HEAP)
    now_.has_time = false;
    now_.created_ns = 0;
    now_.unit = n.unit_of_name();
    now_.native = nullptr;
#endif
    while (next_of(c, n)) {
      if (count_ > 1 && is_shared(ops) && !several(step::merge)) continue;
      now_.starts_family = !is_begun_;
      is_begun_ = true;
      c.has_shown = true;
#if NARTHEX_HAS(HEAP)
      if (count_ == 1 && is_shared(ops)) {
        steady_ = &n;
        steady_at_ = &c.where;
      }
#endif
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
      batch = batches_ = new (memory) collected(n.owner->nodes_, n.owner->count_, n.owner->serial_, batches_, patience_);
      n.owner->function_(*batch);
    }
    // Another collector may have come to the same place in memory while the walk rested in its samples.
    if (c.where.at != batch && c.where.index) return false;
    c.where.at = batch;
    return batch->next(n, c.where, now_);
  }
#endif

  static bool is_shared(const detail::family_basics& ops) noexcept {
    return ops.kind != detail::storage::callback && ops.kind != detail::storage::collected;
  }

  // ---- with registries attached ----

  enum class step { begin, choose, pass, lose, merge };
  /// in, name: the family that is left, of steps that leave one.
  bool several(step what, const registry_core* in = nullptr, const char* name = nullptr) noexcept {
#if NARTHEX_HAS(HEAP)
    return step_among(*this, static_cast<int>(what), in, name);
#else
    return detail::attaching<void>::several(*this, static_cast<int>(what), in, name);
#endif
  }
  NARTHEX_DETAIL_COLD static bool step_among(walk& me, int what, const registry_core* in, const char* name) noexcept {
    switch (static_cast<step>(what)) {
      case step::begin: me.add_others(); return true;
      case step::choose: return me.choose_first();
      case step::pass: me.pass_on(detail::full_name{in->prefix(), name}); return true;
      case step::lose: me.lose(detail::full_name{in->prefix(), name}); return true;
      case step::merge: break;
    }
    return me.merge(*me.present_);
  }

  void add_others() noexcept {
    const registry_core* const root = cursors_[0].registry;
    for (const registry_core* r = root; (r = r->next_in_tree(root)) != nullptr && count_ < registry_core::max_registries;) {
      add(*const_cast<registry_core*>(r));
    }
  }
  bool choose_first() noexcept {
    for (unsigned i = 0; i < count_; ++i) {
      cursor& c = cursors_[i];
      c.has_shown = false;
      if (c.node && (!present_ || detail::relate(c.full(), present_->full()) < 0)) present_ = &c;
    }
    return present_ != nullptr;
  }
  void pass_on(const detail::full_name& left) noexcept {
    cursor* c = present_;
    while (c != cursors_ + count_ && !(c->node && detail::relate(c->full(), left) == 0)) ++c;
    present_ = c != cursors_ + count_ ? c : nullptr;
  }
  /// The family in hand has gone away: another registry may have the next name. Of the lost one's series elsewhere
  /// nobody can tell any more which were shown.
  void lose(const detail::full_name& lost) noexcept {
    if (!is_begun_) return;
    for (unsigned i = 0; i < count_; ++i) {
      cursor& c = cursors_[i];
      while (c.node && detail::relate(c.full(), lost) == 0) c.pass();
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
      const bool was_shown = &cursors_[i] < &c && cursors_[i].has_shown;
      bool is_there = false;
      for (detail::family_node* n = other.first(); n; n = n->next.load(detail::memory_order_seq_cst)) {
        const int order = detail::relate(detail::full_name{other.prefix(), n->name}, c.full());
        if (order > 0) break;
        if (order < 0 || n->ops->kind != c.node->ops->kind) continue;
        if (!n->is_shown() && !was_shown) continue;
        is_there = true;
        detail::position from_start = {nullptr, 0};
        detail::reading theirs;
        theirs.labels = other.constant_labels();
#if NARTHEX_HAS(HEAP)
        theirs.created_ns = 0;
#endif
        while (n->ops->next(*n, from_start, theirs)) {
          if (theirs.labels != now_.labels) continue;
          if (&cursors_[i] < &c) return false;
          add(c.node->ops->type, theirs);
#if NARTHEX_HAS(HEAP)
          if (theirs.created_ns && theirs.created_ns < now_.created_ns) now_.created_ns = theirs.created_ns;
#endif
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
      now_.add_sum(theirs);
    }
  }

  unsigned count_;
  cursor* present_;  // where the family in hand is read
  bool is_begun_;    // something of it was shown
  detail::visit visit_;
#if NARTHEX_HAS(HEAP)
  detail::family_node* steady_;  // the family in hand if nothing needs to be asked but itself; never while resting
  detail::position* steady_at_;  // how far the walk came in it
  collected* batches_;
  detail::scraper_patience patience_;
  const detail::utf8_names* utf8_;  // as it was when the walk began: a first such name waits for the next scrape
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
  void wait_until(std::int64_t (*)(), std::int64_t) noexcept {}

 private:
  sample now_;
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_WALK_HPP
