// narthex/detail/single.hpp - a metric without labels: one name, one storage, registered or fixed in place.
// Room: foundations. Read detail/registry_core.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SINGLE_HPP
#define NARTHEX_DETAIL_SINGLE_HPP

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/in_place.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/registry_core.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

// What a `Core` (the storage of one series) brings:
//   static constexpr metric_type type; static constexpr storage kind;
//   struct args                   what the user may choose (bounds, quantiles); compared by ==
//   static errc check(args, at&)  whether they can be used
//   static size_t args_room(args), static const args* keep(args, void*)
//                                 a copy that lasts, in that many bytes (a multiple of 8); a class derived from args, if more is kept
//   static size_t room(args)      bytes of arrays behind each storage, a multiple of 8
//   Core(const args& kept, void* room)
//   bool read(reading&) const     fills the sample; false when nothing was counted since the start or restart()
//   bool read_at_once(reading&) const
//                                 the same value in a few instructions; false when it takes more
//   void restart()                counts from zero again
//   const args& chosen() const

/// Whether a core has all of its storage inside.
template <class Core>
struct is_in_place : std::true_type {};

/// The args of a core that leaves nothing to choose.
struct no_args {
  friend bool operator==(const no_args&, const no_args&) noexcept { return true; }
};
template <class Once>
struct nothing_chosen_holder {
  static const no_args value;
};
template <class Once>
const no_args nothing_chosen_holder<Once>::value = no_args();
inline const no_args& nothing_chosen() noexcept { return nothing_chosen_holder<void>::value; }

}  // namespace detail

#if NARTHEX_HAS(METRICS)
namespace detail {

template <class Core>
struct single : named_node {
  single(const family_basics* kind, const char* full, const char* means, const typename Core::args& kept, void* room) noexcept
      : named_node(kind, full, means), core(kept, room) {}
  Core core;
};

template <class Core, bool Owned>
struct single_ops {
  static bool next(family_node& n, position& where, reading& out) noexcept {
    if (where.index++) return false;
    static_cast<single<Core>&>(n).core.read(out);
#if NARTHEX_HAS(HEAP)
    if (n.created_at) {
      out.is_plain = false;
      n.tell_created(&n, out);
    }
#endif
    return true;
  }
  static void restart(family_node& n) noexcept {
    static_cast<single<Core>&>(n).core.restart();
#if NARTHEX_HAS(HEAP)
    n.stamp(&n);
#endif
  }
  static const void* chosen(const family_node& n) noexcept { return &static_cast<const single<Core>&>(n).core.chosen(); }
  static void unregister(family_node& n, void*) noexcept {
    if (registry_core* const home = n.home()) home->hide(n);
  }
  static void destroy(family_node* n) noexcept;
  // One that is not owned has no handles and is never restarted.
  using table_type = typename std::conditional<!NARTHEX_HAS(HEAP) && std::is_same<typename Core::args, no_args>::value, family_basics,
                                               family_ops>::type;
  static const table_type table;
  static constexpr family_basics make(const family_basics*) noexcept {
    return family_basics(Core::type, Core::kind, Owned, &next);
  }
  static constexpr family_ops make(const family_ops*) noexcept {
    return family_ops(Core::type, Core::kind, Owned, &next, Owned ? &restart : nullptr, &no_label, &chosen,
                      &same_choice<typename Core::args>, Owned ? &unregister : nullptr, Owned ? &node_state : nullptr,
                      Owned ? &destroy : nullptr);
  }
};
template <class Core, bool Owned>
const typename single_ops<Core, Owned>::table_type single_ops<Core, Owned>::table =
    single_ops<Core, Owned>::make(static_cast<const table_type*>(nullptr));

/// Checks what can be checked without a registry.
template <class Core>
errc validate(string_view name, const typename Core::args& a, std::size_t& at) noexcept {
  const errc why = check_name(name, at);
  return why != errc::ok ? why : Core::validate(a, at);
}

/// A storage and the node it belongs to: what a handle holds.
template <class Core>
struct registered {
  Core* core;
  family_node* node;
};

#if NARTHEX_HAS(HEAP)

template <class Core, bool Owned>
void single_ops<Core, Owned>::destroy(family_node* n) noexcept {
  single<Core>* const s = static_cast<single<Core>*>(n);
  s->~single<Core>();
  release(s);
}

/// What stands in when there is no memory: counts into nothing, shared by all of its kind.
template <class Core>
struct stand_in {
  static registered<Core> get() noexcept {
    const hold held(lists::lock);
    single<Core>* const s = reinterpret_cast<single<Core>*>(memory);
    if (!made) {
      const typename Core::args* const kept = Core::keep(Core::smallest(), memory + args_at);
      new (s) single<Core>(&single_ops<Core, true>::table, "", "", *kept, memory + room_at);
      s->refuse(errc::no_memory, 0);
      made = true;
    }
    return registered<Core>{&s->core, s};
  }
  enum : std::size_t {
    args_at = round_up(sizeof(single<Core>)) / 8,
    room_at = args_at + round_up(sizeof(*Core::keep(Core::smallest(), nullptr))) / 8,  // what is kept may be more than the args
    size = room_at + Core::smallest_room / 8
  };
  static std::uint64_t memory[size];
  static bool made;
};
template <class Core>
std::uint64_t stand_in<Core>::memory[size];
template <class Core>
bool stand_in<Core>::made = false;

/// Registers a metric without labels: a new node, or the one that is there already.
template <class Core>
NARTHEX_DETAIL_COLD registered<Core> register_single(registry_core& r, const metric_name& called, string_view help,
                                                       typename Core::args a) noexcept {
  const string_view name = called.text();
  std::size_t at = 0;
  errc why = check_unit(validate<Core>(name, a, at), called.unit());
  if (why != errc::ok) a = Core::smallest();
  const std::size_t args_at = round_up(sizeof(single<Core>));
  const std::size_t room_at = args_at + Core::args_room(a);
  const std::size_t created_at = room_at + Core::room(a);
  const auto clock_ns = Core::type == metric_type::gauge ? nullptr : r.created_clock();
  const std::size_t text_at = created_at + (clock_ns ? std::size_t(created_time::bytes) : 0);
  char* const memory = static_cast<char*>(allocate(text_at + name.size() + help.size() + 2));
  if (!memory) {
    r.count(mistake::registration);
    report(status(errc::no_memory, name));
    return stand_in<Core>::get();
  }
  char* text = memory + text_at;
  const char* const own_name = copy_text(text, name).data();
  const char* const own_help = copy_text(text, help).data();
  const typename Core::args* const kept = Core::keep(a, memory + args_at);
  single<Core>* const s =
      new (memory) single<Core>(&single_ops<Core, true>::table, own_name, own_help, *kept, memory + room_at);
  s->measure_in(called.unit());
  if (clock_ns) {
    s->created_at = static_cast<std::uint32_t>(created_at);
    s->clock_ns = clock_ns;
    new (memory + created_at) created_time;
    s->stamp(s);
  }
  family_node* twin = nullptr;
  if (why == errc::ok) why = r.insert(*s, twin);
  if (twin) {
    single_ops<Core, true>::destroy(s);
    return registered<Core>{&static_cast<single<Core>*>(twin)->core, twin};
  }
  if (why == errc::ok) return registered<Core>{&s->core, s};
  family_node* const refused = r.keep_refused(*s, why, at);
  return registered<Core>{&static_cast<single<Core>*>(refused)->core, refused};
}

#else

template <class Core, bool Owned>
void single_ops<Core, Owned>::destroy(family_node*) noexcept {}

#endif

}  // namespace detail

/// A small handle to a series; copies stand for the same series.
///
/// Destroying a handle never removes the series. A handle may be used as long as the registry (or the fixed
/// family) that owns the series lives: for the default registry that is for ever, also in destructors of globals and
/// after main. Without a heap only fixed families hand out handles.
template <class Core>
class handle {
 public:
  using core_type = Core;

#if NARTHEX_HAS(HEAP)
  /// Registers in the default registry. The same name, help, type and bounds give the same series.
  ///
  /// help:    any text, up to a NUL; broken UTF-8 is repaired when it is written. Say what is counted, and in which unit.
  /// Errors:  see status(); a refused instrument counts, but is not exposed.
  /// Threads: any. Cost: one allocation, a search among the registry's names.
  handle(metric_name name, string_view help, const typename Core::args& args = typename Core::args()) noexcept
      : handle(default_registry(), name, help, args) {}
  handle(registry_core& registry, metric_name name, string_view help,
         const typename Core::args& args = typename Core::args()) noexcept
      : at_(detail::register_single<Core>(registry, name, help, args)) {}
#endif
  explicit handle(const detail::registered<Core>& at) noexcept : at_(at) {}

  /// ok; or why the registration was refused; errc::series_limit for an overflow series;
  /// errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept { return at_.node->ops->all().state(*at_.node, at_.core); }

  /// Takes the series out of the exposition (not those of an enum_family). Its handles go on counting; registering it again
  /// shows it again, from zero. A series of a family is shown again by the next update, too.
  void unregister() const noexcept { at_.node->ops->all().unregister(*at_.node, at_.core); }

 protected:
  Core& core() const noexcept { return *at_.core; }
  detail::family_node& node() const noexcept { return *at_.node; }

 private:
  detail::registered<Core> at_;
};

/// An instrument with its storage inside: it never allocates and never shares.
///
/// Name and help are kept by reference: static lifetime. The object must outlive its use by others; its
/// destructor takes it out of the registry and waits only for a scrape that is reading it.
template <class Core>
class fixed {
 public:
  using core_type = Core;

  /// Registers in the default registry. Errors: see status(); a name that is taken is refused, also by an equal metric.
  NARTHEX_DETAIL_INLINE fixed(static_name name, const char* help, const typename Core::args& args = typename Core::args()) noexcept
      : fixed(default_registry(), name, help, args) {}
  NARTHEX_DETAIL_INLINE fixed(registry_core& registry, static_name name, const char* help,
                              const typename Core::args& args = typename Core::args()) noexcept
      : node_(&detail::single_ops<Core, false>::table, name.data(), help, args, nullptr) {
    std::size_t at = 0;
    const errc why = detail::check_unit(Core::validate(args, at), name.unit());
    node_.measure_in(name.unit());
    detail::join_by_name(registry, node_, why, at);
  }
  ~fixed() { unregister(); }
  fixed(const fixed&) = delete;
  fixed& operator=(const fixed&) = delete;

  /// ok, or why the registration was refused; errc::not_registered after unregister().
  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }

  /// Takes the instrument out of the exposition for good; it goes on counting.
  void unregister() noexcept { detail::part(node_); }

 protected:
  Core& core() noexcept { return node_.core; }
  const Core& core() const noexcept { return node_.core; }
  const detail::family_node& node() const noexcept { return node_; }

 private:
  detail::single<Core> node_;
};

namespace detail {
/// Counts an update that was refused: negative, NaN, infinite.
NARTHEX_DETAIL_COLD inline void refuse_update(const family_node& n) noexcept {
  if (registry_core* const home = n.home()) home->count(mistake::update);
}
}  // namespace detail

#endif  // NARTHEX_HAS(METRICS)

namespace detail {
#if NARTHEX_HAS(HEAP)
template <class Core>
using registered_or_fixed = handle<Core>;
#else
template <class Core>
using registered_or_fixed = fixed<Core>;
#endif
}  // namespace detail

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SINGLE_HPP
