// narthex/sink.hpp - where the bytes of an exposition go: chunks to a function and its context.
// Room: print shop. SPDX-License-Identifier: MIT
#ifndef NARTHEX_SINK_HPP
#define NARTHEX_SINK_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// Takes an exposition chunk by chunk.
///
/// write:   called with consecutive chunks, in order, from the thread that called write_text; returning
///          false ends the walk. narthex holds no lock and no pin while it runs, so it may block or
///          take its time; it may throw only if the caller of write_text can stand that.
/// context: handed back to `write` as its first argument.
struct sink {
  bool (*write)(void* context, const char* data, std::size_t size);
  void* context;
};

#if NARTHEX_HAS(HEAP)
/// Appends every chunk to a string. The string may throw std::bad_alloc; nothing else does.
inline sink string_sink(std::string& out) noexcept {
  struct local {
    static bool write(void* context, const char* data, std::size_t size) {
      static_cast<std::string*>(context)->append(data, size);
      return true;
    }
  };
  sink s = {&local::write, &out};
  return s;
}
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_SINK_HPP
