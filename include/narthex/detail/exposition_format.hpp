// narthex/detail/exposition_format.hpp - a format that an endpoint can offer; who includes no further one has text alone.
// Room: print shop. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP
#define NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/sample.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

class chunk_writer;

/// What an endpoint needs to know of a format: constant tables and functions, handed out by reference, as
/// http_server_options().offer(nx::openmetrics()) takes it.
///
/// An answer is written series by series, between rests of the walk: begin(), then write() for each series, then end(); or
/// drop() alone, wherever the answer was broken off. After end() drop() is called, too.
struct exposition_format {
  /// What a clause of an Accept header may ask for, and the Content-Type that answers it. One that ends in "escaping="
  /// is completed with the scheme of that clause, and names are shown by it; with any other, names are shown as `names`
  /// says.
  struct version {
    const char* asked;         // the clause's `version`
    const char* content_type;  // null: there is no such version
  };
  struct parameter {
    const char* name;  // null: none
    const char* value;
  };
  /// Bytes of writers that every scrape has in place. Who needs more allocates in begin() and frees in drop().
  enum : std::size_t { most_bytes = NARTHEX_HAS(HEAP) ? 2048 : 256 };

  const char* media_type;  // "application/openmetrics-text"; compared without regard to case
  parameter needs[2];      // what a clause must say beside that, as protobuf's `proto` and `encoding`
  version versions[2];     // the first is for clauses that name none, too; the same again is for those that name a scheme
  name_escaping names;
  /// Null: chosen by Accept at the path of the metrics. ".json": served at that path with this behind it, whatever Accept
  /// says.
  const char* ending;
  std::size_t bytes;       // of the writer, at most most_bytes; aligned as 64 bits are

  /// Makes a writer in `memory`. False: no memory; then there is no drop(), and the answer is text.
  bool (*begin)(void* memory, chunk_writer& out);
  /// Writes a series. Of its names none are outside the legacy alphabet, unless `s.utf8` says so: then they are to be
  /// shown as they are.
  void (*write)(void* memory, const sample& s);
  /// Writes what follows the last series.
  void (*end)(void* memory);
  /// Frees what begin() took. Null: nothing.
  void (*drop)(void* memory);
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_EXPOSITION_FORMAT_HPP
