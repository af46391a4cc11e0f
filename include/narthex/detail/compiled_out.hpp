// narthex/detail/compiled_out.hpp - what instruments and families are where metrics are compiled out (NARTHEX_DISABLE).
// Room: foundations of what is registered. Read sample.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_COMPILED_OUT_HPP
#define NARTHEX_DETAIL_COMPILED_OUT_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include "narthex/config.hpp"
#include "narthex/desc.hpp"
#include "narthex/fwd.hpp"
#include "narthex/label.hpp"
#include "narthex/sample.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

#if !NARTHEX_HAS(METRICS)

// The verbs of counter.hpp, gauge.hpp, histogram.hpp and summary.hpp are the same as ever; what they work on is this. Objects
// are empty and trivially destructible: a global needs neither a constructor before main nor an exit handler. Of the
// rest each header has its own nothing beside the real thing; what reads a registry (text, server, push, testing) finds
// it empty.

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Takes everything, keeps nothing, reads as 0.
struct no_cell {
  template <class Value>
  void add(Value) const noexcept {}
  template <class Value>
  void set(Value) const noexcept {}
  unsigned char get() const noexcept { return 0; }  // converts to every number without a warning
};
struct no_core {
  no_cell cell;
  bool observe(double) const noexcept { return true; }
  template <class Exemplar>
  void record(double, const Exemplar&) const noexcept {}
  void read(sample& out) const noexcept {
    out.sum = 0;
    out.count = 0;
  }
  void read_totals(sample& out) const noexcept { read(out); }
};
inline void refuse_update(const no_core&) noexcept {}

/// Takes the place of args (bounds, quantiles), so that a static object in a function is a constant and needs no guard.
template <class Args>
struct unread {
  constexpr unread() noexcept {}
  constexpr unread(std::initializer_list<double>) noexcept {}
  template <class Given, class = typename std::enable_if<std::is_convertible<const Given&, Args>::value>::type>
  constexpr unread(const Given&) noexcept {}
};

/// What everything has that could be registered.
struct no_node {
  NARTHEX_NAMESPACE::status status() const noexcept { return NARTHEX_NAMESPACE::status(); }
  void unregister() const noexcept {}
};

/// What all kinds of families have but their constructors.
template <class Handle>
struct no_family : no_node {
  template <class... Values>
  Handle labels(const Values&...) const noexcept {
    return Handle(no_core());
  }
  Handle labels(std::initializer_list<label_pair>) const noexcept { return Handle(no_core()); }
  template <class... Values>
  bool remove(const Values&...) const noexcept {
    return false;
  }
  bool remove(std::initializer_list<label_pair>) const noexcept { return false; }
  void clear() const noexcept {}
  std::uint32_t size() const noexcept { return 0; }
  std::uint64_t overflowed() const noexcept { return 0; }
  std::uint64_t dropped() const noexcept { return 0; }
};

}  // namespace detail

template <class Core>
class handle : public detail::no_node {
 public:
  using core_type = Core;
#if NARTHEX_HAS(HEAP)
  constexpr handle(metric_name, string_view, detail::unread<typename Core::args> = {}) noexcept {}
  constexpr handle(registry_core&, metric_name, string_view, detail::unread<typename Core::args> = {}) noexcept {}
#endif
  constexpr explicit handle(const detail::no_core&) noexcept {}

 protected:
  detail::no_core core() const noexcept { return detail::no_core(); }
  detail::no_core node() const noexcept { return detail::no_core(); }
};

template <class Core>
class fixed : public detail::no_node {
 public:
  using core_type = Core;
  constexpr fixed(static_name, const char*, detail::unread<typename Core::args> = {}) noexcept {}
  constexpr fixed(registry_core&, static_name, const char*, detail::unread<typename Core::args> = {}) noexcept {}
  fixed(const fixed&) = delete;
  fixed& operator=(const fixed&) = delete;

 protected:
  detail::no_core core() const noexcept { return detail::no_core(); }
  detail::no_core node() const noexcept { return detail::no_core(); }
};

NARTHEX_END_NAMESPACE

#endif  // !NARTHEX_HAS(METRICS)

#endif  // NARTHEX_DETAIL_COMPILED_OUT_HPP
