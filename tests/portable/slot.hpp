// tests/portable/slot.hpp - an object that is made and ended when the test says so, always at the same address.
#ifndef NARTHEX_TESTS_SLOT_HPP
#define NARTHEX_TESTS_SLOT_HPP

#include <new>
#include <utility>

namespace check {

template <class T>
class slot {
 public:
  slot() : made_(false) {}
  ~slot() { drop(); }
  slot(const slot&) = delete;
  slot& operator=(const slot&) = delete;

  template <class... Args>
  T& make(Args&&... args) {
    drop();
    made_ = true;
    return *new (&room_) T{std::forward<Args>(args)...};
  }
  /// With a heap the handle's end would remove nothing: it is taken out first.
  void drop() {
    if (!made_) return;
    made_ = false;
    get().unregister();
    get().~T();
  }
  T& get() { return *reinterpret_cast<T*>(&room_); }

 private:
  alignas(T) unsigned char room_[sizeof(T)];
  bool made_;
};

}  // namespace check

#endif  // NARTHEX_TESTS_SLOT_HPP
