// narthex/detail/small_function.hpp - a user's function, stored in place.
// Room: foundations. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SMALL_FUNCTION_HPP
#define NARTHEX_DETAIL_SMALL_FUNCTION_HPP

#include <new>
#include <type_traits>
#include <utility>

#include "narthex/config.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A user's function and up to three words of captures, stored in place.
template <class Result, class... Args>
class small_function {
 public:
  template <class F>
  explicit small_function(F&& f) noexcept {
    using stored = typename std::decay<F>::type;
    static_assert(sizeof(stored) <= sizeof room_ && alignof(stored) <= alignof(void*),
                  "a callback may capture up to three words; capture a pointer to the rest");
    static_assert(std::is_nothrow_move_constructible<stored>::value, "moving a callback must not throw");
    new (room_) stored(std::forward<F>(f));
    call_ = [](void* room, Args... args) -> Result { return (*static_cast<stored*>(room))(args...); };
    destroy_ = [](void* room) noexcept { static_cast<stored*>(room)->~stored(); };
  }
  ~small_function() { destroy_(room_); }
  small_function(const small_function&) = delete;
  small_function& operator=(const small_function&) = delete;

  Result operator()(Args... args) { return call_(room_, args...); }

 private:
  void* room_[3];
  Result (*call_)(void*, Args...);
  void (*destroy_)(void*);
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SMALL_FUNCTION_HPP
