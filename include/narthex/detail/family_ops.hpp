// narthex/detail/family_ops.hpp - what a scrape and a registration ask of a family: one constant table for each kind.
// Room: foundations. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_FAMILY_OPS_HPP
#define NARTHEX_DETAIL_FAMILY_OPS_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/buckets.hpp"
#include "narthex/config.hpp"
#include "narthex/detail/name_order.hpp"
#include "narthex/desc.hpp"
#include "narthex/sample.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

struct family_node;

/// A sample and the room its parts need: on the scraper's stack, so that nothing of a series is touched
/// once it was read.
struct reading : sample {
  enum : std::size_t { text_room = 256, max_quantiles = 16 };
  buckets bounds_copy = buckets(nullptr, 0);
  char text[text_room];                             // labels of series whose text is not kept ready
  double quantile_room[max_quantiles];
  std::uint64_t count_room[buckets::max_bounds + 1];
  union {
    double bound_room[buckets::max_bounds];         // bounds that lie in an object that may go away meanwhile
    std::int32_t index_room[buckets::max_bounds + 1];  // a native histogram's
  };
#if NARTHEX_HAS(HEAP)
  native_counts native_room;
#endif

  /// Lets the walk that reads go of the lists, before a user's code runs.
#if NARTHEX_HAS(THREADS)
  void rest() const {
    if (let_go) let_go(walker);
  }
  void (*let_go)(void* walk) = nullptr;
  void* walker = nullptr;
#else
  void rest() const noexcept {}
#endif
  exemplar_room* exemplars_wanted = nullptr;  // null: nobody asks

  /// Adds the sum of another registry's series, and its native buckets.
  void add_sum(const reading& theirs) noexcept {
    sum = add(sum, theirs.sum);
#if NARTHEX_HAS(HEAP)
    if (native) native->merge(*this, theirs);
#endif
  }

  /// Before a series is read: it is a number and no more until its kind says otherwise.
  void be_plain() noexcept {
    is_plain = true;
    exemplar_count = 0;
#if NARTHEX_HAS(HEAP)
    has_time = false;
    created_ns = 0;
    native = nullptr;
#endif
  }

  /// Puts a label, ready, behind those that are there: the registry's, as a rule none.
  void add_label(const char* ready) noexcept;

  /// Says that it is more than a number: a histogram, a summary, or a counter with something.
  template <metric_type Type>
  void is_more() noexcept {
    is_plain = false;
#if !NARTHEX_HAS(HEAP)
    lines = &sample_text<Type>::write;
#endif
  }
};

/// How far a walk came within one family.
struct position {
  const void* at;        // the last series read; null before the first
  std::uint32_t index;
};

// What kind of storage stands behind a name: a second registration must have the same.
enum class storage : std::uint8_t {
  counter, double_counter, gauge, int_gauge, histogram, static_histogram, summary, fixed_summary, info, state_set, callback, collected, self,
  expiring, exemplar_counter, exemplar_double_counter, exemplar_histogram, native, described
};

struct family_ops;

/// What a scrape and a registration ask of a family. One constant table per kind.
struct family_basics {
  using next_series = bool (*)(family_node&, position& where, reading&);

  constexpr family_basics(metric_type of_type, storage of_kind, bool is_owned, next_series a, bool is_all = false) noexcept
      : type(of_type), kind(of_kind), owned(is_owned), has_more(is_all), next(a), has_tail(tails_of(of_type)) {}

  metric_type type;
  storage kind;
  /// The registry's memory: never unlinked, only hidden. Otherwise the node lives inside a user's object.
  bool owned;
  /// Whether this is a family_ops. One without is that of an object without labels and choices, where there is no heap.
  bool has_more;
  /// Reads the next visible series after `where` and moves it on; false when there is none. `labels` are the registry's
  /// constant ones before.
  next_series next;
  /// Whether a name goes on, behind this one, as that of a sample that this one writes; null: it writes none but its name.
  tail_test has_tail;

  const family_ops& all() const noexcept;
};

/// What else is asked of a family.
struct family_ops : family_basics {
  using to_node = void (*)(family_node&);
  using label_of = string_view (*)(const family_node&, unsigned i);
  using choice_of = const void* (*)(const family_node&);
  using comparison = bool (*)(const void*, const void*);
  using to_series = void (*)(family_node&, void* core);
  using state_of = status (*)(const family_node&, const void* core);
  using end_of = void (*)(family_node*);
  enum class twin : std::uint8_t { read, none, unknown };
  using twin_reader = twin (*)(family_node&, const family_node& elsewhere, const position& at, reading&);

#if NARTHEX_HAS(HEAP)
  constexpr family_ops(metric_type of_type, storage of_kind, bool is_owned, next_series a, to_node b, label_of c, choice_of d,
                       comparison e, to_series f, state_of g, end_of h, twin_reader k = nullptr) noexcept
      : family_basics(of_type, of_kind, is_owned, a, true), restart(b), label(c), chosen(d), same(e), unregister(f), state(g),
        destroy(h), read_twin(k) {}
#else
  constexpr family_ops(metric_type of_type, storage of_kind, bool is_owned, next_series a, to_node b, label_of c, choice_of d,
                       comparison e, to_series f, state_of g, end_of h) noexcept
      : family_basics(of_type, of_kind, is_owned, a, true), restart(b), label(c), chosen(d), same(e), unregister(f), state(g),
        destroy(h) {}
#endif

  /// Counts from zero again; null where nobody asks that, as for the last three.
  to_node restart;
  /// The family's label name number `i`; empty beyond the last.
  label_of label;
  /// What else makes it the metric it is (bounds, quantiles, states): of one type for each kind of storage.
  choice_of chosen;
  /// Whether two such choices are the same.
  comparison same;
  /// Takes the instrument with this storage out of the exposition.
  to_series unregister;
  /// What became of the instrument with this storage.
  state_of state;
  /// Ends and frees an owned node.
  end_of destroy;
#if NARTHEX_HAS(HEAP)
  /// Reads the series with the labels of the one at `at` in an equal family of another registry, by their hash: with 20,000 series
  /// in each, a scrape of both took 2.4 s without. Null, or unknown: whoever asks goes through them all.
  twin_reader read_twin;
#endif
};
inline const family_ops& family_basics::all() const noexcept {
  NARTHEX_ASSERT(has_more);
  return static_cast<const family_ops&>(*this);
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_FAMILY_OPS_HPP
