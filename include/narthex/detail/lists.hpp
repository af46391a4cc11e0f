// narthex/detail/lists.hpp - what guards the lists of all registries: a lock, a version, a grace period.
// Room: foundations. Read detail/lock.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LISTS_HPP
#define NARTHEX_DETAIL_LISTS_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/shared.hpp"

#if NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What guards the lists of all registries of this program: visible, as attached registries of several shared
/// libraries are walked as one. Searching is done outside the lock; under it a registration only looks whether the
/// version is still the one it searched, and links.
template <class Once>
struct NARTHEX_DETAIL_VISIBLE structure {
  static spin_lock lock;
  static shared<std::uint32_t> version;
  static grace readers;
};
template <class Once>
spin_lock structure<Once>::lock;
template <class Once>
shared<std::uint32_t> structure<Once>::version(0);
template <class Once>
grace structure<Once>::readers;
using lists = structure<void>;

/// Says that something was linked, unlinked or hidden. Behind the change: who sees the version must see the list of it, or two
/// registrations at once linked the same name twice.
inline void change_lists() noexcept {
#if NARTHEX_HAS(THREADS)
  lists::version.fetch_add(1, memory_order_release);
#else  // by one thread, no handler
  lists::version.store(lists::version.load(memory_order_relaxed) + 1, memory_order_relaxed);
#endif
}
/// Whether nothing has changed since, of which the lock is held. Without threads nobody else is there.
inline bool are_unchanged(std::uint32_t since) noexcept {
  return !NARTHEX_HAS(THREADS) || lists::version.load(memory_order_relaxed) == since;
}

/// While it lives, no node that can be reached goes away.
class inside_lists {
 public:
  inside_lists() noexcept : side_(lists::readers.enter()) {}
  ~inside_lists() { lists::readers.leave(side_); }
  inside_lists(const inside_lists&) = delete;
  inside_lists& operator=(const inside_lists&) = delete;

 private:
  std::uint32_t side_;
};

/// A walk's way in and out of the lists. Without threads nobody waits for it: what happened meanwhile is seen by the version.
class lists_visit {
 public:
#if NARTHEX_HAS(THREADS)
  lists_visit() noexcept : side_(0), outside_(true) {}
  /// Whether what was seen before may have gone away.
  bool enter() noexcept {
    if (!outside_) return false;
    side_ = lists::readers.enter();
    outside_ = false;
    return true;
  }
  void leave() noexcept {
    if (outside_) return;
    lists::readers.leave(side_);
    outside_ = true;
  }

 private:
  std::uint32_t side_;
  bool outside_;
#else
  lists_visit() noexcept : seen_(lists::version.load(memory_order_relaxed)) {}
  bool enter() noexcept {
    const std::uint32_t before = seen_;
    seen_ = lists::version.load(memory_order_relaxed);
    return seen_ != before;
  }
  void leave() noexcept {}

 private:
  std::uint32_t seen_;
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_LISTS_HPP
