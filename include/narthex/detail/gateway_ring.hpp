// narthex/detail/gateway_ring.hpp - which of several gateways is pushed to: arithmetic alone, of a time that is given.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_GATEWAY_RING_HPP
#define NARTHEX_DETAIL_GATEWAY_RING_HPP

#include <cstdint>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// An ordered list of gateways, the one that is active, and a circuit for each: closed; open for a minute after three failures in
/// a row; then half open: one probe decides whether it is closed, or open for another minute.
///
/// The active one stays until it fails, or one that stands before it is well again. A list of one is never left alone: longer
/// intervals are what it gets.
/// Threads: one at a time.
class gateway_ring {
 public:
  enum : unsigned { max_gateways = 4, max_failures = 3 };
  enum : std::int64_t { open_ms = 60000 };

  explicit gateway_ring(unsigned count) noexcept : count_(count), active_(0) {
    for (circuit& one : all_) one.failures = 0, one.until_ms = 0;
  }

  unsigned size() const noexcept { return count_; }
  unsigned active() const noexcept { return active_; }
  void activate(unsigned which) noexcept { active_ = which; }

  /// Whether its circuit is not open.
  bool may_ask(unsigned which, std::int64_t now_ms) const noexcept {
    return count_ == 1 || all_[which].failures < max_failures || now_ms >= all_[which].until_ms;
  }
  /// Whether to ask it for its health before a push: when its circuit is half open, or when it was left for the active one.
  bool wants_probe(unsigned which) const noexcept {
    return count_ > 1 && (all_[which].failures >= max_failures || which < active_);
  }
  void tell(unsigned which, bool is_well, std::int64_t now_ms) noexcept {
    circuit& one = all_[which];
    if (is_well) one.failures = 0;
    else if (one.failures < max_failures) ++one.failures;
    one.until_ms = now_ms + open_ms;
  }
  unsigned open_circuits() const noexcept {
    unsigned n = 0;
    for (unsigned i = 0; count_ > 1 && i < count_; ++i) n += all_[i].failures >= max_failures ? 1u : 0u;
    return n;
  }

 private:
  struct circuit {
    unsigned failures;  // in a row, up to max_failures
    std::int64_t until_ms;
  } all_[max_gateways];
  unsigned count_, active_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_GATEWAY_RING_HPP
