// narthex/detail/labelled.hpp - the series of one family, found by their label values.
// Room: shelves. Read detail/series_index.hpp and detail/series_key.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_LABELLED_HPP
#define NARTHEX_DETAIL_LABELLED_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/blocks.hpp"
#include "narthex/detail/family_node.hpp"
#include "narthex/detail/registry_core.hpp"
#include "narthex/detail/series_index.hpp"
#include "narthex/detail/series_key.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/label.hpp"

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A family: what does not depend on the kind of its instruments.
///
/// A series is what its kind stores, the sizes of its values (16 bits each), its label text; one piece of memory.
/// A lookup that finds takes no lock and allocates nothing: hash, a slot of the index, sizes and bytes compared with the text.
///
/// A new series claims a number below the cap, joins the list, and then tries for its slot in the index, which makes
/// it visible. Hence whoever finds a series by its values finds it in the next scrape too. One whose rival was quicker stays in the
/// list, hidden for ever, and gives its number back: nobody waits, but at the cap, where the last numbers may come back.
/// Series are hidden, never freed, before the registry ends.
struct labelled : named_node {
  labelled(const family_ops* kind, const char* full, const char* means) noexcept
      : named_node(kind, full, means), index(nullptr), names(nullptr), arity(0), sizes_at(0), limit(0), seed(0), claimed(0),
        count(0), first(nullptr), last(&first), overflow(nullptr), overflowed(0) {}

  shared<series_index*> index;
  const string_view* names;
  unsigned arity;
  std::uint32_t sizes_at;              // from the beginning of a series
  string_view constant;                // the registry's constant labels, at the head of each series' text
  std::uint32_t limit;
  std::uint64_t seed;
  shared<std::uint32_t> claimed;       // numbers of series that are there or being made
  shared<std::uint32_t> count;         // that are there
  blocks rooms;
  shared<series*> first;
  shared<shared<series*>*> last;       // the list's end or a link shortly before it
  series* overflow;                    // made with the family: it must be there when memory is not
  shared<cell_word> overflowed;

  // A series' sizes: the first is this when some value does not stand in the text as it is, or is longer.
  enum : std::uint16_t { not_verbatim = 0xffff };

  series_key key(const string_view* values) const noexcept { return series_key(names, values, arity); }
  std::size_t constant_size() const noexcept { return constant.empty() ? 0 : constant.size() + 1; }
  std::size_t text_begins() const noexcept { return sizes_at + arity * sizeof(std::uint16_t); }
  static const char* bytes(const series& s) noexcept { return reinterpret_cast<const char*>(&s); }
  string_view text_of(const series& s) const noexcept { return string_view(bytes(s) + text_begins(), s.text_size); }

  /// Whether the series has these values; n is the arity, known to the compiler in a lookup.
  bool is(const series& s, const string_view* values, unsigned n) const noexcept {
    const std::uint16_t* const sizes = reinterpret_cast<const std::uint16_t*>(bytes(s) + sizes_at);
    if (!NARTHEX_DETAIL_LIKELY(sizes[0] != not_verbatim)) return is_slowly(s, values);
    const char* at = bytes(s) + text_begins() + constant_size();
    for (unsigned i = 0; i < n; ++i) {
      const std::size_t size = sizes[i];
      at += names[i].size() + 2;
      if (values[i].size() != size || !same_bytes(at, values[i].data(), size)) return false;
      at += size + 2;
    }
    return true;
  }
  NARTHEX_DETAIL_COLD bool is_slowly(const series& s, const string_view* values) const noexcept {
    return key(values).is(text_of(s).from(constant_size()));
  }

  template <unsigned N>
  series* find(const string_view* values, std::uint32_t hash) const noexcept {
    return index.load(memory_order_acquire)->find(hash, [this, values](const series& s) { return is(s, values, N); });
  }
  /// By values whose UTF-8 may be broken; `hash` becomes the one that the series has or will have.
  series* find_repaired(const series_key& k, bool is_verbatim, std::uint32_t& hash) const noexcept {
    if (is_verbatim) return nullptr;
    const std::uint32_t repaired = k.repaired_hash(seed);
    if (repaired == hash) return nullptr;
    hash = repaired;
    return index.load(memory_order_acquire)->find(hash, [this, &k](const series& s) { return is_slowly(s, k.given()); });
  }

  /// The same series of another registry's family of these label names, by its text: values that do not stand in it as they are
  /// cannot be read off it. Null: there is none.
  const series* find_equal(const labelled& elsewhere, const series& s, bool& is_known) const noexcept {
    is_known = true;
    if (constant != elsewhere.constant) return nullptr;
    const std::uint16_t* const sizes = reinterpret_cast<const std::uint16_t*>(bytes(s) + elsewhere.sizes_at);
    if (sizes[0] == not_verbatim) {
      is_known = false;
      return nullptr;
    }
    const string_view text = elsewhere.text_of(s);
    const char* at = text.begin() + constant_size();
    text_hash h(seed);
    for (unsigned i = 0; i < arity; ++i) {
      at += names[i].size() + 2;
      h.add(string_view(at, sizes[i]));
      at += sizes[i] + 2u;
    }
    return index.load(memory_order_acquire)->find(h.result(), [this, text](const series& other) { return text_of(other) == text; });
  }

  series& to_overflow() noexcept {
    overflowed.fetch_add(1, memory_order_relaxed);
    if (registry_core* const r = home()) r->count(mistake::series);
    overflow->show();
    return *overflow;
  }

  /// Puts the series at the list's end. Order: the exchange releases the series to scrapes, which load links with acquire.
  void append(series& s) noexcept {
    shared<series*>* const from = last.load(memory_order_acquire);
    shared<series*>* link = from;
    for (series* after = nullptr; !link->compare_exchange_strong(after, &s, memory_order_acq_rel, memory_order_acquire);
         after = nullptr) {
      link = &after->next;
    }
    // A thread suspended between these two turns it back, for one later call to walk: cheaper than a locked instruction each.
    if (last.load(memory_order_relaxed) == from) last.store(&s.next, memory_order_release);
  }

  /// Whether a fresh series has won its slot.
  bool is_settled(series& s) noexcept {
    if (!index.load(memory_order_acquire)->find(s.hash, [&s](const series& other) { return &other == &s; })) return false;
    std::uint32_t seen = series::fresh;
    s.hides.compare_exchange_strong(seen, seen + 2, memory_order_acq_rel, memory_order_relaxed);
    return true;
  }

  enum class claim { got, reached, undecided };
  /// A number for a new series. Undecided at the cap while others may still give theirs back.
  claim claim_number(std::uint32_t& n) noexcept {
    n = claimed.load(memory_order_relaxed);
    while (n < limit) {
      if (claimed.compare_exchange_weak(n, n + 1, memory_order_relaxed, memory_order_relaxed)) return claim::got;
    }
    return count.load(memory_order_acquire) >= limit ? claim::reached : claim::undecided;
  }
};

inline string_view labelled_name(const family_node& n, unsigned i) noexcept {
  const labelled& shelf = static_cast<const labelled&>(n);
  return i < shelf.arity ? shelf.names[i] : string_view();
}

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_LABELLED_HPP
