// narthex/detail/exemplar_writer.hpp - a format that shows exemplars, with the room that they are read into.
// Room: print shop. Read detail/exposition_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXEMPLAR_WRITER_HPP
#define NARTHEX_DETAIL_EXEMPLAR_WRITER_HPP

#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/chunk_writer.hpp"
#include "narthex/detail/exposition_format.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/sample.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

// A `Writer` here has a constructor Writer(chunk_writer&, exemplar_room*); without room it leaves exemplars out.

/// For write_all(): the room is inside.
template <class Writer>
class with_exemplars : public Writer {
 public:
  explicit with_exemplars(chunk_writer& to) noexcept : Writer(to, &room_) {}

 private:
  exemplar_room room_;
};

/// For an endpoint: what an exposition_format calls. Without memory, or without a heap, exemplars are left out.
template <class Writer>
struct offered_writer {
  struct place : Writer {
    place(chunk_writer& to, exemplar_room* exemplars) noexcept : Writer(to, exemplars), room(exemplars) {}
    exemplar_room* room;
  };
  static_assert(sizeof(place) <= exposition_format::most_bytes, "an endpoint has no more room");

  static bool begin(void* memory, chunk_writer& out) {
    exemplar_room* room = nullptr;
#if NARTHEX_HAS(HEAP)
    if (void* const more = allocate(sizeof(exemplar_room))) room = new (more) exemplar_room;
#endif
    new (memory) place(out, room);
    return true;
  }
  static void write(void* memory, const sample& s) { static_cast<place*>(memory)->write(s); }
  static void end(void* memory) { static_cast<place*>(memory)->end(); }
#if NARTHEX_HAS(HEAP)
  static void drop(void* memory) { release(static_cast<place*>(memory)->room); }
#else
  static constexpr void (*drop)(void*) = nullptr;
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_EXEMPLAR_WRITER_HPP
