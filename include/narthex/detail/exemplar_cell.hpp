// narthex/detail/exemplar_cell.hpp - the latest exemplar of a counter or bucket, replaced and read as a whole.
// Room: balconies. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXEMPLAR_CELL_HPP
#define NARTHEX_DETAIL_EXEMPLAR_CELL_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/family_node.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/sample.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Two places: one is shown, whoever has the cell to himself fills the other. An exemplar is one of many, so whoever finds
/// the cell taken goes on without leaving his: nobody waits, and a suspended thread only keeps later ones out.
///
/// Order: words are stored with release and loaded with acquire. A reader who sees a word of a place that is being filled anew
///        therefore also sees that another one was shown meanwhile, and reads again. He takes the cell if he can, so that
///        writers keep away while he copies; if a writer has it, the place that is shown stays as it is until that one
///        is done. In a storm of writers he gives up after a thousand times.
class exemplar_cell {
 public:
  enum : std::size_t { text_bytes = NARTHEX_HAS(HEAP) ? 256 : 96 };
  struct alignas(sizeof(cell_word)) image {  // where a double is aligned to less, too
    double value;
    std::int64_t time_ns;
    std::uint32_t size;
    char text[text_bytes];
  };

  exemplar_cell() noexcept : state_(0) {
    for (auto& place : places_) {
      for (shared<cell_word>& w : place) w.store(0, memory_order_relaxed);
    }
  }

  void record(double value, std::int64_t time_ns, string_view text) noexcept {
    cell_word now = state_.load(memory_order_relaxed);
    if (now & taken || !state_.compare_exchange_strong(now, now | taken, memory_order_acquire, memory_order_relaxed)) return;
    image i;
    i.value = value;
    i.time_ns = time_ns;
    i.size = static_cast<std::uint32_t>(text.size());
    if (!text.empty()) std::memcpy(i.text, text.data(), text.size());
    shared<cell_word>* const place = places_[shown(now + next)];
    for (std::size_t w = 0; w < words(i.size); ++w) {
      cell_word bits;
      std::memcpy(&bits, reinterpret_cast<const char*>(&i) + w * sizeof bits, sizeof bits);
      place[w].store(bits, memory_order_release);
    }
    state_.store(now + next, memory_order_release);
  }
  /// Shows none any more; one that is being recorded just now may come after it.
  void clear() noexcept {
    if (state_.load(memory_order_relaxed) != 0) record(0, 0, string_view());
  }

  /// False when there is none.
  bool read(image& out) const noexcept {
    for (unsigned tries = 0; tries < 1000; ++tries) {
      cell_word now = state_.load(memory_order_acquire);
      if (now < next) return false;
      const bool mine =
          !(now & taken) && state_.compare_exchange_strong(now, now | taken, memory_order_acquire, memory_order_acquire);
      const shared<cell_word>* const place = places_[shown(now)];
      out.size = text_bytes;
      for (std::size_t w = 0; w < words(out.size); ++w) {
        const cell_word bits = place[w].load(memory_order_acquire);
        std::memcpy(reinterpret_cast<char*>(&out) + w * sizeof bits, &bits, sizeof bits);
        if (out.size > text_bytes) out.size = text_bytes;  // torn; read again below
      }
      if (mine) state_.store(now, memory_order_release);
      if (mine || state_.load(memory_order_acquire) / next == now / next) return out.size != 0;
    }
    return false;
  }
  /// Adds it to what a scrape reads of a series, if that wants exemplars and has room.
  void read_into(reading& out, unsigned bucket) const noexcept {
    exemplar_room* const room = out.exemplars_wanted;
    image i;
    if (!room || out.exemplar_count == exemplar_room::most || !read(i)) return;
    char* const end = out.exemplar_count ? const_cast<char*>(room->list[out.exemplar_count - 1].labels.end()) : room->text;
    if (i.size > static_cast<std::size_t>(room->text + exemplar_room::text_bytes - end)) return;
    std::memcpy(end, i.text, i.size);
    exemplar_sample& e = room->list[out.exemplar_count++];
    e.bucket = bucket;
    e.labels = string_view(end, i.size);
    e.value = i.value;
    e.time_ns = i.time_ns;
    out.exemplars = room->list;
  }

 private:
  // state_: how many were shown so far, and whether somebody has the cell.
  enum : cell_word { taken = 1, next = 2 };
  static std::size_t shown(cell_word state) noexcept { return state / next % 2; }
  static std::size_t words(std::size_t text_size) noexcept {
    return (offsetof(image, text) + text_size + sizeof(cell_word) - 1) / sizeof(cell_word);
  }
  static_assert(sizeof(image) % sizeof(cell_word) == 0, "an image is whole words");

  mutable shared<cell_word> state_;
  shared<cell_word> places_[2][sizeof(image) / sizeof(cell_word)];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_EXEMPLAR_CELL_HPP
