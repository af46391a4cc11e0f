// narthex/detail/push_patience.hpp - when a body counts as undeliverable: arithmetic alone, of a time that is given.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_PATIENCE_HPP
#define NARTHEX_DETAIL_PUSH_PATIENCE_HPP

#include <cstdint>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Counts pushes that fail in a row. Its time begins with the first of them, and again when it has run out.
///
/// Threads: one at a time.
class push_patience {
 public:
  void set(int after_ms, unsigned after_pushes) noexcept {
    after_ms_ = after_ms > 1 ? after_ms : 1;
    after_pushes_ = after_pushes > 1 ? after_pushes : 1;
  }
  /// begin_ms: when the push began. Returns: true: it has run out, with this push.
  bool has_run_out(std::int64_t begin_ms, bool is_taken) noexcept {
    if (is_taken) failed_ = 0;
    if (is_taken) return false;
    if (failed_++ == 0) since_ms_ = begin_ms;
    if (failed_ < after_pushes_ && begin_ms - since_ms_ < after_ms_) return false;
    failed_ = 0;
    return true;
  }

 private:
  std::int64_t after_ms_ = 1, since_ms_ = 0;
  unsigned after_pushes_ = 1, failed_ = 0;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_PATIENCE_HPP
