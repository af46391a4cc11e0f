// narthex/exemplar.hpp 0.1.0, in one file. Made by single_include/amalgamate.py: do not edit.
//
// MIT License
//
// Copyright (c) 2026 narthex contributors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

#include "narthex.hpp"

// ==== narthex/detail/exemplar_cell.hpp ==========================================================
// narthex/detail/exemplar_cell.hpp - the latest exemplar of a counter or bucket, replaced and read as a whole.
// Room: balconies. Read detail/shared.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_EXEMPLAR_CELL_HPP
#define NARTHEX_DETAIL_EXEMPLAR_CELL_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>


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

// ==== narthex/exemplar.hpp ======================================================================
// narthex/exemplar.hpp - counters and histograms that remember for what one of their events happened: a trace's id.
// Room: balconies. Read counter.hpp and histogram.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_EXEMPLAR_HPP
#define NARTHEX_EXEMPLAR_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <type_traits>


NARTHEX_BEGIN_NAMESPACE

/// Labels that say where more can be found about one event, and when it was: nx::exemplar({{"trace_id", id}}).
///
/// labels: names as a family's, each once; names and values together at most 128 code points, and as text with quotes and escapes
///         at most max_bytes: a trace id and a span id take 70. Broken UTF-8 is repaired.
/// Errors: see ok(); an exemplar that is not leaves none behind, and counts in narthex_refused_total{what="update"}; what it
///         came with is counted. One without labels is ok, and leaves none.
/// Memory: in place, text included: keep it, copy it, nothing it was made of must live on.
/// Source: OpenMetrics 1.0, Exemplars.
class exemplar {
 public:
  enum : std::size_t { max_code_points = 128, max_bytes = detail::exemplar_cell::text_bytes };

  exemplar(std::initializer_list<label_pair> labels) noexcept : time_ns_(0), size_(0), points_(0), ok_(true) {
    for (const label_pair& l : labels) add(l.name, l.value.text());
  }

  /// When the event was, in nanoseconds since 1970; 0: nobody says.
  exemplar& at_ns(std::int64_t unix_ns) noexcept {
    time_ns_ = unix_ns;
    return *this;
  }
  /// The same by a clock of yours: at_ns(clock()). nx::unix_time_ns of unix_time.hpp is one.
  exemplar& at(std::int64_t (*clock_ns)()) noexcept { return at_ns(NARTHEX_HAS(METRICS) ? clock_ns() : 0); }

  bool ok() const noexcept { return ok_; }
  /// As it is written: a="b",c="d".
  string_view text() const noexcept { return string_view(text_, size_); }
  std::int64_t time_ns() const noexcept { return time_ns_; }

 private:
  static std::size_t code_points(string_view ready) noexcept {
    std::size_t n = 0;
    for (const char c : ready) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return n;
  }
  static std::size_t escapes(string_view value) noexcept {
    std::size_t n = 0;
    for (const char c : value) n += c == '\\' || c == '"' || c == '\n';
    return n;
  }
  void add(string_view name, string_view value) noexcept {
    if (!NARTHEX_HAS(METRICS) || !ok_) return;
    std::size_t which = 0;
    const std::size_t comma = size_ ? 1 : 0, bytes = detail::label_text_size(name, value);
    ok_ = detail::check_label_names(&name, 1, metric_type::unknown, text(), which) == errc::ok && size_ + comma + bytes <= max_bytes;
    if (!ok_) return;
    if (comma) text_[size_] = ',';
    char* const begin = text_ + size_ + comma;
    detail::write_label(begin, name, value);
    size_ += static_cast<std::uint32_t>(comma + bytes);
    points_ += static_cast<std::uint32_t>(code_points(string_view(begin, bytes)) - 3 - escapes(value));  // without ="" and escapes
    ok_ = points_ <= max_code_points;
  }

  std::int64_t time_ns_;
  std::uint32_t size_, points_;
  bool ok_;
  char text_[max_bytes];
};

/// The exemplar of a traced event: latency.observe(seconds, nx::traced(trace_id, span_id)).
///
/// Text, mostly of 32 and of 16 hexadecimal digits; without a span the trace alone.
/// Source: OpenMetrics 1.0: trace_id and span_id are the names that readers know.
inline exemplar traced(string_view trace_id) noexcept { return exemplar({{"trace_id", trace_id}}); }
inline exemplar traced(string_view trace_id, string_view span_id) noexcept {
  return exemplar({{"trace_id", trace_id}, {"span_id", span_id}});
}
/// The same from the bytes that tracing libraries have.
inline exemplar traced(const unsigned char (&trace_id)[16], const unsigned char (&span_id)[8]) noexcept {
  char hex[48];
  const auto put = [&hex](std::size_t at, unsigned byte) {
    hex[at] = detail::hex_digit(byte >> 4);
    hex[at + 1] = detail::hex_digit(byte & 15);
  };
  for (std::size_t i = 0; i < 16; ++i) put(2 * i, trace_id[i]);
  for (std::size_t i = 0; i < 8; ++i) put(32 + 2 * i, span_id[i]);
  return traced(string_view(hex, 32), string_view(hex + 32, 16));
}

namespace detail {

/// A counter's storage with an exemplar.
template <class Core, storage Kind>
struct exemplar_counter_core : Core {
  static constexpr storage kind = Kind;
  using Core::Core;
  /// The exemplar first: whatever it stands for was counted before it was left.
  bool read(reading& out) const noexcept {
    out.template is_more<metric_type::counter>();
    out.exemplar_count = 0;
    exemplar_at.read_into(out, 0);
    return Core::read(out);
  }
  static bool read_at_once(reading&) noexcept { return false; }
  void restart() noexcept {
    Core::restart();
    exemplar_at.clear();
  }
  void record(double value, const exemplar& e) noexcept {
    if (!e.text().empty()) exemplar_at.record(value, e.time_ns(), e.text());
  }
  exemplar_cell exemplar_at;
};
template <class Core, storage Kind>
constexpr storage exemplar_counter_core<Core, Kind>::kind;

/// A histogram's storage with room for an exemplar in each bucket, inside.
template <unsigned Bounds>
class inline_exemplar_histogram_core : public inline_histogram_core<Bounds> {
  using core = inline_histogram_core<Bounds>;

 public:
  static constexpr storage kind = storage::exemplar_histogram;
  using core::core;
  bool read(reading& out) const noexcept {
    out.exemplar_count = 0;
    for (unsigned i = 0; i <= core::chosen().size(); ++i) cells[i].read_into(out, i);
    return core::read(out);
  }
  void restart() noexcept {
    core::restart();
    for (exemplar_cell& c : cells) c.clear();
  }
  void record(double value, const exemplar& e) noexcept {
    if (!e.text().empty()) cells[core::chosen().find(value)].record(value, e.time_ns(), e.text());
  }

 private:
  exemplar_cell cells[Bounds + 1];
};

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
/// The same with a pointer for each bucket: a bucket's cell is made with its first exemplar.
struct exemplar_histogram_core : histogram_core {
  static constexpr storage kind = storage::exemplar_histogram;
  using place = shared<exemplar_cell*>;
  enum : std::size_t { smallest_room = histogram_core::smallest_room + (sizeof(place) + 7) / 8 * 8 };
  static std::size_t room(const args& a) noexcept { return histogram_core::room(a) + round_up((a.size() + 1) * sizeof(place)); }

  exemplar_histogram_core(const args& kept, void* memory) noexcept
      : histogram_core(kept, memory),
        places(reinterpret_cast<place*>(static_cast<char*>(memory) + histogram_core::room(kept))) {
    for (unsigned i = 0; i <= kept.size(); ++i) new (places + i) place(nullptr);
  }
  ~exemplar_histogram_core() {
    for (unsigned i = 0; i <= chosen().size(); ++i) release(places[i].load(memory_order_acquire));
  }
  exemplar_histogram_core(const exemplar_histogram_core&) = delete;
  exemplar_histogram_core& operator=(const exemplar_histogram_core&) = delete;

  bool read(reading& out) const noexcept {
    out.exemplar_count = 0;
    for (unsigned i = 0; out.exemplars_wanted && i <= chosen().size(); ++i) {
      if (const exemplar_cell* const c = places[i].load(memory_order_acquire)) c->read_into(out, i);
    }
    return histogram_core::read(out);
  }
  void restart() noexcept {
    histogram_core::restart();
    for (unsigned i = 0; i <= chosen().size(); ++i) {
      if (exemplar_cell* const c = places[i].load(memory_order_acquire)) c->clear();
    }
  }
  void record(double value, const exemplar& e) noexcept {
    if (e.text().empty()) return;
    place& p = places[chosen().find(value)];
    exemplar_cell* c = p.load(memory_order_acquire);
    if (!c) {
      void* const memory = allocate(sizeof(exemplar_cell));
      if (!memory) return;
      exemplar_cell* const mine = new (memory) exemplar_cell;
      if (p.compare_exchange_strong(c, mine, memory_order_acq_rel, memory_order_acquire)) c = mine;
      else release(mine);
    }
    c->record(value, e.time_ns(), e.text());
  }

 private:
  place* places;
};
template <>
struct is_in_place<exemplar_histogram_core> : std::false_type {};
#endif

}  // namespace detail

/// A counter that also takes exemplars; in all else a counter. OpenMetrics and protobuf show the latest.
///
/// Families: family, fixed_family, enum_family<nx::exemplar_counter, ...>; an expiring_family's handles take none.
/// Threads: as counter_of; an exemplar that meets another one being left is dropped.
/// Memory:  600 bytes more than the counter (250 without a heap).
template <class Counter>
class NARTHEX_DETAIL_IDLE exemplar_counter_of : public Counter {
 public:
  using Counter::Counter;
  using series_handle = exemplar_counter_of<typename Counter::series_handle>;
  using Counter::inc;

  /// Adds `by`, and leaves an exemplar of that value. Cost: as inc(by), and 20 stores.
  template <class Amount>
  void inc(Amount by, const exemplar& e) noexcept {
    this->inc(by);
    if (!e.ok()) return detail::refuse_update(this->node());
    const double added = static_cast<double>(by);
    const bool is_counted = detail::is_finite(added) && detail::is_less(0, added) &&
                            (!std::is_integral<Amount>::value || static_cast<std::uint64_t>(by) <= detail::unsigned_cell::limit());
    if (is_counted) this->core().record(added, e);
  }
};

/// A histogram that also takes exemplars, one in each bucket; in all else a histogram. OpenMetrics and protobuf show the latest.
///
/// Families: as exemplar_counter_of; in fixed and enum families the fixed_ one.
/// Threads: as histogram_of; an exemplar that meets another one being left in its bucket is dropped.
/// Memory:  8 bytes more in each bucket, and 600 in one that has had an exemplar; where there is no memory, none is left.
///          A fixed one: 600 for each bucket (250 without a heap).
template <class Histogram>
class NARTHEX_DETAIL_IDLE exemplar_histogram_of : public Histogram {
 public:
  using Histogram::Histogram;
  using series_handle = exemplar_histogram_of<typename Histogram::series_handle>;
  using Histogram::observe;

  /// Observes `value`, and leaves an exemplar in its bucket. Cost: as observe(value), a search, and 20 stores.
  void observe(double value, const exemplar& e) noexcept {
    this->observe(value);
    if (!e.ok()) return detail::refuse_update(this->node());
    if (!detail::is_nan(value)) this->core().record(value, e);
  }
};

using exemplar_counter = exemplar_counter_of<counter_of<detail::registered_or_fixed<
    detail::exemplar_counter_core<detail::counter_core, detail::storage::exemplar_counter>>>>;
using exemplar_double_counter = exemplar_counter_of<double_counter_of<detail::registered_or_fixed<
    detail::exemplar_counter_core<detail::double_counter_core, detail::storage::exemplar_double_counter>>>>;
using fixed_exemplar_counter = exemplar_counter_of<counter_of<
    fixed<detail::exemplar_counter_core<detail::fixed_counter_core, detail::storage::exemplar_counter>>>>;
using fixed_exemplar_double_counter = exemplar_counter_of<double_counter_of<
    fixed<detail::exemplar_counter_core<detail::fixed_double_counter_core, detail::storage::exemplar_double_counter>>>>;

template <unsigned Bounds = 11>
using fixed_exemplar_histogram = exemplar_histogram_of<histogram_of<fixed<detail::inline_exemplar_histogram_core<Bounds>>>>;
#if NARTHEX_HAS(HEAP)
#if NARTHEX_HAS(METRICS)
using exemplar_histogram = exemplar_histogram_of<histogram_of<handle<detail::exemplar_histogram_core>>>;
#else
using exemplar_histogram = exemplar_histogram_of<histogram>;
#endif
#else
using exemplar_histogram = fixed_exemplar_histogram<>;
#endif

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_EXEMPLAR_HPP
