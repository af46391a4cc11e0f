// narthex/detail/write_all.hpp - a whole registry in a format: to a sink, into a buffer, as a string.
// Room: print shop. Read detail/chunk_writer.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_WRITE_ALL_HPP
#define NARTHEX_DETAIL_WRITE_ALL_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/detail/chunk_writer.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/shown_names.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"
#include "narthex/walk.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

// A `Writer` (a format) brings:
//   explicit Writer(chunk_writer&)
//   void write(const sample&)     the next series, in the order of a walk
//   void end()                    what stands behind the last one
//   static name_escaping names()  how UTF-8 names are shown to who has not asked

#if NARTHEX_HAS(METRICS)
/// The one loop over series.
template <class Writer>
NARTHEX_DETAIL_NOINLINE void write_series(registry_core& registry, walk& series, chunk_writer& out) {
  shown_names shown(registry, Writer::names());
  Writer to(out);
  while (out.is_open() && series.next()) {
    if (const sample* const s = shown.of(series.now())) to.write(*s);
  }
  to.end();
  out.flush();
}

template <class Writer>
errc write_all(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  if (size == 0) return errc::no_memory;
  walk series(registry);
  chunk_writer out(to, series, chunk, size);
  write_series<Writer>(registry, series, out);
  return out.is_open() ? errc::ok : errc::closed;
}
enum : std::size_t { chunk_bytes = NARTHEX_HAS(HEAP) ? 8192 : 512 };  // on the stack, where the caller brings none

/// Straight into the buffer, a part at a time, so that the walk rests now and then; what does not fit goes nowhere.
template <class Writer>
std::size_t write_all(registry_core& registry, char* buffer, std::size_t size) noexcept {
  struct filling {
    chunk_writer* out;
    char* at;
    std::size_t room, total;
    char beyond[256];
    static bool write(void* context, const char*, std::size_t n) {
      filling& f = *static_cast<filling*>(context);
      f.total += n;
      if (f.room) {
        f.at += n;
        f.room -= n;
      }
      f.out->use(f.chunk(), f.chunk_size());
      return true;
    }
    char* chunk() noexcept { return room ? at : beyond; }
    std::size_t chunk_size() const noexcept { return room == 0 ? sizeof beyond : room < 32768 ? room : 32768; }
  } f;
  f.at = buffer;
  f.room = size;
  f.total = 0;
  const sink to = {&filling::write, &f};
  walk series(registry);
  chunk_writer out(to, series, f.chunk(), f.chunk_size());
  f.out = &out;
  write_series<Writer>(registry, series, out);
  return f.total;
}

#if NARTHEX_HAS(HEAP)
template <class Writer>
std::string to_string(registry_core& registry) {
  std::string text;
  char chunk[chunk_bytes];
  static_cast<void>(write_all<Writer>(registry, string_sink(text), chunk, sizeof chunk));
  return text;
}
#endif

#else  // compiled out

template <class Writer>
errc write_all(registry_core&, const sink&, char*, std::size_t) noexcept { return errc::ok; }
enum : std::size_t { chunk_bytes = 1 };
template <class Writer>
std::size_t write_all(registry_core&, char*, std::size_t) noexcept { return 0; }
#if NARTHEX_HAS(HEAP)
template <class Writer>
std::string to_string(registry_core&) { return std::string(); }
#endif

#endif  // NARTHEX_HAS(METRICS)

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_WRITE_ALL_HPP
