// narthex/detail/shown_names.hpp - the names of one scrape, as its reader wants them.
// Room: print shop. Read detail/utf8_names.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SHOWN_NAMES_HPP
#define NARTHEX_DETAIL_SHOWN_NAMES_HPP

#include "narthex/config.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/sample.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Stands between a walk and a writer. Without UTF-8 names it is one test for each series.
class shown_names {
 public:
#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
  /// After the walk was made.
  shown_names(registry_core& root, name_escaping scheme) noexcept
      : utf8_(scheme == name_escaping::allow_utf_8 ? nullptr : utf8_in_use()), state_(nullptr) {
    if (utf8_ && !(state_ = utf8_->begin(root, scheme))) root.count(mistake::sample);
  }
  ~shown_names() {
    if (state_) utf8_->end(state_);
  }
  /// What is to be written of `s`, as long as both live; null: nothing, as there is no memory, or no name that is free.
  const sample* of(const sample& s) noexcept {
    if (NARTHEX_DETAIL_LIKELY(!utf8_)) return &s;
    return state_ ? utf8_->show(state_, s) : s.utf8 ? nullptr : &s;
  }

 private:
  const utf8_names* utf8_;
  void* state_;

 public:
#else
  shown_names(registry_core&, name_escaping) noexcept {}
  static const sample* of(const sample& s) noexcept { return &s; }
#endif
  shown_names(const shown_names&) = delete;
  shown_names& operator=(const shown_names&) = delete;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SHOWN_NAMES_HPP
