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
#include "narthex/detail/family_cursor.hpp"
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
    now_.exemplars_wanted = nullptr;
    now_.utf8 = nullptr;
    visit_.enter();
    add(root);
#if NARTHEX_HAS(HEAP)
    add_others();
#else
    if (root.has_others()) detail::attaching<void>::walk_on.load(detail::memory_order_relaxed)(*this, true);
#endif
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

  using cursor = detail::family_cursor;

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
    if (count_ > 1) return seek_among();
#else
    if (count_ > 1) return detail::attaching<void>::walk_on.load(detail::memory_order_relaxed)(*this, false);
#endif
    cursor& c = cursors_[0];
    for (bool is_read = false;; is_read = true) {
      // A callback may have run without the lists.
      if (visit_.enter() && !c.find_again()) is_begun_ = is_read = false;
      if (is_read) {
        c.pass(is_begun_);
        is_begun_ = false;
      }
      if (!c.node) return false;
      if (NARTHEX_HAS(HEAP) && !c.node->is_shown()) continue;
      detail::family_node& n = *c.node;
      const detail::family_basics& ops = *n.ops;
      if (!begin(c) || !next_of(c, n)) continue;
#if NARTHEX_HAS(HEAP)
      if (is_shared(ops)) {
        steady_ = &n;
        steady_at_ = &c.where;
      }
#else
      static_cast<void>(ops);
#endif
      show();
      return true;
    }
  }

  /// The family at `c`, before its next series is read. False when nobody may see it.
  bool begin(const cursor& c) noexcept {
    const detail::family_node& n = *c.node;
    const detail::node_words& words = n.words();
    now_.type = n.ops->type;
    now_.prefix = c.registry->prefix();
    now_.name = string_view(words.name, std::strlen(words.name));
    now_.help = words.help;
    now_.labels = c.registry->constant_labels();
    now_.be_plain();
#if NARTHEX_HAS(HEAP)
    now_.unit = n.unit_of_name();
    const detail::utf8_names* const door = detail::utf8_in_use();
    now_.utf8 = door && door->has_any(*c.registry, n) ? door : nullptr;
    if (now_.utf8 && !utf8_) return false;
#endif
    return true;
  }
  void show() noexcept {
    now_.starts_family = !is_begun_;
    is_begun_ = true;
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

  /// The same as seek() of several registries.
  NARTHEX_DETAIL_COLD bool seek_among() noexcept {
    for (bool is_read = false;; is_read = true) {
      if (visit_.enter()) find_all();
      if (present_ && is_read) pass_on();
      if (!present_ && !choose()) return false;
      cursor& c = *present_;
      if (NARTHEX_HAS(HEAP) && !c.node->is_shown()) continue;
      detail::family_node& n = *c.node;
      const detail::family_basics& ops = *n.ops;  // of static lifetime: a callback's node may be gone after its call
      if (!begin(c)) continue;
      while (next_of(c, n)) {
        if (is_shared(ops) && !merge(c)) continue;
        show();
        return c.has_shown = true;
      }
    }
  }
#if !NARTHEX_HAS(HEAP)
  static bool walk_on(walk& me, bool begins) noexcept {
    if (begins) me.add_others();
    return begins || me.seek_among();
  }
#endif

  void add_others() noexcept {
    const registry_core* const root = cursors_[0].registry;
    for (const registry_core* r = root; (r = r->next_in_tree(root)) != nullptr && count_ < registry_core::max_registries;) {
      add(*const_cast<registry_core*>(r));
    }
  }
  /// Turns to the first name among all registries.
  bool choose() noexcept {
    is_begun_ = false;
    for (unsigned i = 0; i < count_; ++i) {
      cursor& c = cursors_[i];
      c.has_shown = false;
      if (c.node && (!present_ || detail::relate(c.full(), present_->full()) < 0)) present_ = &c;
    }
    return present_ != nullptr;
  }
  /// Leaves the family in hand, for the same name in a later registry if there is one.
  void pass_on() noexcept {
    cursor* c = present_;
    const detail::full_name left = c->full();
    c->pass(c->has_shown);
    while (c != cursors_ + count_ && !(c->node && detail::relate(c->full(), left) == 0)) ++c;
    present_ = c != cursors_ + count_ ? c : nullptr;
  }
  void find_all() noexcept {
    cursor* const at = present_;
    const char* const lost = at ? at->name : nullptr;
    for (unsigned i = 0; i < count_; ++i) {
      if (!cursors_[i].find_again() && &cursors_[i] == at) present_ = nullptr;
    }
    if (at && !present_) lose(detail::full_name{at->registry->prefix(), lost});
  }
  /// The family in hand has gone away: another registry may have the next name. Of the lost one's series elsewhere
  /// nobody can tell any more which were shown.
  void lose(const detail::full_name& lost) noexcept {
    if (!is_begun_) return;
    for (unsigned i = 0; i < count_; ++i) {
      cursor& c = cursors_[i];
      while (c.node && detail::relate(c.full(), lost) == 0) c.pass(false);
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
        const int order = detail::relate(detail::full_name{other.prefix(), n->name()}, c.full());
        if (order > 0) break;
        if (order < 0 || n->ops->kind != c.node->ops->kind) continue;
        if (!n->is_shown() && !was_shown) continue;
        is_there = true;
        detail::reading theirs;
        theirs.labels = other.constant_labels();
        theirs.be_plain();
        if (!read_equal(c, *n, theirs)) continue;
        if (&cursors_[i] < &c) return false;
        add(c.node->ops->type, theirs);
#if NARTHEX_HAS(HEAP)
        if (theirs.created_ns && theirs.created_ns < now_.created_ns) now_.created_ns = theirs.created_ns;
#endif
      }
      if (was_shown && !is_there) return false;
    }
    return true;
  }
  /// Reads the series of now_'s labels from an equal family of another registry. False when there is none.
  bool read_equal(const cursor& c, detail::family_node& n, detail::reading& theirs) const noexcept {
#if NARTHEX_HAS(HEAP)
    using ops = detail::family_ops;
    const ops::twin_reader by_hash = c.node->ops->owned ? n.ops->all().read_twin : nullptr;  // else it is a fixed family
    const ops::twin answer = by_hash ? by_hash(n, *c.node, c.where, theirs) : ops::twin::unknown;
    if (answer != ops::twin::unknown) return answer == ops::twin::read;
#else
    static_cast<void>(c);
#endif
    detail::position from_start = {nullptr, 0};
    while (n.ops->next(n, from_start, theirs)) {
      if (theirs.labels == now_.labels) return true;
    }
    return false;
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
  detail::lists_visit visit_;
#if NARTHEX_HAS(HEAP)
  detail::family_node* steady_;  // the family in hand if nothing needs to be asked but itself; never while resting
  detail::position* steady_at_;  // how far the walk came in it
  collected* batches_;
  detail::scraper_patience patience_;
  const detail::utf8_names* utf8_;  // as it was when the walk began: a first such name waits for the next scrape
#endif
  cursor cursors_[registry_core::max_registries];
  union {
    detail::reading now_;  // not constructed: next() says all that there is
  };
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
