// narthex/detail/slot_notes.hpp - which thread has which slot, noted where a shared library finds it quickly.
// Room: foundations. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SLOT_NOTES_HPP
#define NARTHEX_DETAIL_SLOT_NOTES_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/shared.hpp"

// Position-independent code of a library reaches thread-local data through a function, which more than doubles the cost of
// a counter that threads share: 2.7 ns for 1.1. Where a register names the thread, a note is found in 1.3.
#if NARTHEX_HAS(THREADS) && defined(__GNUC__) && defined(__ELF__) && \
    ((defined(__x86_64__) && defined(__LP64__)) || defined(__aarch64__))
#define NARTHEX_DETAIL_HAS_THREAD_POINTER 1
#else
#define NARTHEX_DETAIL_HAS_THREAD_POINTER 0
#endif
#if NARTHEX_HAS(THREAD_POINTER) && defined(__PIC__) && !defined(__PIE__)
#define NARTHEX_DETAIL_HAS_SLOT_NOTES 1  // they are looked at; they are written everywhere
#else
#define NARTHEX_DETAIL_HAS_SLOT_NOTES 0
#endif

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(THREAD_POINTER)

/// What names this thread among those that run. Source: ELF Handling For Thread-Local Storage, section 3.4 (x86-64: the
/// word at %fs:0 is its own address); ELF for the Arm 64-bit Architecture, Thread Local Storage.
inline std::uintptr_t thread_pointer() noexcept {
  std::uintptr_t self;
#if defined(__x86_64__)
  __asm__("{movq %%fs:0, %0|mov %0, QWORD PTR fs:0}" : "=r"(self));  // the second with -masm=intel
#else
  __asm__("mrs %0, tpidr_el0" : "=r"(self));
#endif
  return self;
}

/// Notes of the first slots; a thread that finds its place taken does without.
///
/// Order: relaxed. A thread believes only the note that bears its own name, which it wrote itself and takes away when it
///        ends.
/// Fork:  notes of threads that stayed in the parent remain. A thread of the child may bear such a name, and then uses
///        a slot that nobody else in the child is ever given. What it finds there may be an addition short: good
///        enough for a sum, and nothing else may rely on notes.
class slot_notes {
 public:
  static constexpr std::uint32_t noted() noexcept { return 8; }  // slots below; thread pointers are multiples of 16, so a slot fits into one

  constexpr slot_notes() noexcept : all_() {}

  /// The slot; noted() or more without a note.
  std::uintptr_t find() const noexcept {
    const std::uintptr_t me = thread_pointer();
    return all_[place_of(me)].bits_word.load(memory_order_relaxed) ^ me;
  }
  void write(std::uint32_t slot) noexcept {
    const std::uintptr_t me = thread_pointer();
    std::uintptr_t nothing = 0;
    if (slot >= noted()) return;
    all_[place_of(me)].bits_word.compare_exchange_strong(nothing, me | slot, memory_order_relaxed, memory_order_relaxed);
  }
  void erase() noexcept {
    if (find() < noted()) all_[place_of(thread_pointer())].bits_word.store(0, memory_order_relaxed);
  }

 private:
  enum : std::size_t { places = 64 };
  struct note {
    constexpr note() noexcept : bits_word(0) {}
    shared<std::uintptr_t> bits_word;
  };
  /// Thread pointers are often a stack's size apart: the product's upper bits depend on all of theirs.
  static std::size_t place_of(std::uintptr_t thread) noexcept {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(thread) * 0x9e3779b97f4a7c15u >> 58);
  }
  note all_[places];
};

#endif  // NARTHEX_HAS(THREAD_POINTER)

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SLOT_NOTES_HPP
