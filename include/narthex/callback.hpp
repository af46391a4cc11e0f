// narthex/callback.hpp - a value fetched at scrape time.
// Room: shelves. Read detail/in_place.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_CALLBACK_HPP
#define NARTHEX_CALLBACK_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "narthex/config.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/detail/in_place.hpp"
#include "narthex/detail/small_function.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A node whose values come from a user's code: pinned, not guarded, while that runs, so that its destructor waits
/// for its own call and for nobody else's.
struct calling_node : named_node {
  calling_node(const family_ops* kind, const char* full, const char* means) noexcept
      : named_node(kind, full, means), calls(0) {}
  shared<std::uint32_t> calls;
  void wait_for_calls() noexcept {
    patience p;
    while (calls.load(memory_order_acquire) && !p.in_vain()) p.wait();
  }
};

/// While it lives its node stays, and the walk that calls it is not in the lists.
class pinned {
 public:
  pinned(calling_node& n, const reading& by) noexcept : node_(n) {
    node_.calls.fetch_add(1, memory_order_seq_cst);
    by.rest();
  }
  ~pinned() { node_.calls.fetch_sub(1, memory_order_release); }
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;

 private:
  calling_node& node_;
};

template <class Value>
number to_number(Value value) noexcept {
  using wide = typename std::conditional<!std::is_integral<Value>::value, double,
                                         typename std::conditional<std::is_signed<Value>::value, std::int64_t,
                                                                   std::uint64_t>::type>::type;
  return number(static_cast<wide>(value));
}

}  // namespace detail

#if NARTHEX_HAS(METRICS)
/// A counter or gauge whose value is fetched at scrape time; see callback_counter and callback_gauge.
template <metric_type Type>
class callback_of {
 public:
  /// Registers in the default registry. `function` returns a number; integers stay exact.
  ///
  /// It is called once per scrape, without any lock of ours, in the scraper's thread; from several threads
  /// when there are several scrapes. It must not throw and must not destroy this object. A counter's value that is
  /// negative, NaN or infinite is left out of the scrape and counted in narthex_refused_total{what="sample"}.
  /// Errors: see status(). A name that is taken is refused, also by an equal metric.
  /// Memory: up to three words of captures lie in this object; with a heap, name and help are copied.
  template <class F>
  callback_of(detail::kept_name name, detail::kept_help help, F&& function) noexcept
      : callback_of(default_registry(), name, help, std::forward<F>(function)) {}
  template <class F>
  callback_of(registry_core& registry, detail::kept_name name, detail::kept_help help, F&& function) noexcept
      : node_(std::forward<F>(function)) {
    std::size_t at = 0;
    errc why = detail::check_unit(detail::check_name(name.text(), at), name.unit());
    node_.measure_in(name.unit());
    node_.own_words.name = detail::keep_text(registry, name.text(), why);
    node_.own_words.help = detail::keep_text(registry, help, why);
    detail::join(registry, node_, why, at);
  }

  /// Takes it out of the registry and waits for its own call, if one is running.
  ~callback_of() { unregister(); }
  callback_of(const callback_of&) = delete;
  callback_of& operator=(const callback_of&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept { return node_.state(); }

  /// Takes it out of the exposition for good. When this returns, the function is not called any more.
  void unregister() noexcept {
    detail::part(node_);
    node_.wait_for_calls();
  }

 private:
  struct node : detail::calling_node {
    template <class F>
    explicit node(F&& f) noexcept : calling_node(&table, "", ""), function(wrap<typename std::decay<F>::type>{std::forward<F>(f)}) {}
    detail::small_function<number> function;

    template <class F>
    struct wrap {
      F f;
      number operator()() { return detail::to_number(f()); }
    };
    static bool next(detail::family_node& n, detail::position& where, detail::reading& out) noexcept {
      const detail::pinned call(static_cast<node&>(n), out);
      if (where.index++) return false;
      registry_core* const home = static_cast<node&>(n).home();
      if (!home) return false;  // taken out just before the call
      out.value = static_cast<node&>(n).function();
      const double value = out.value.as_double();
      if (Type == metric_type::counter && (value < 0 || !detail::is_finite(value))) {
        home->count(mistake::sample);
        return false;
      }
      out.labels = home->constant_labels();
      return true;
    }
    static const detail::family_ops table;
  };
  node node_;
};
template <metric_type Type>
const detail::family_ops callback_of<Type>::node::table = {
    Type,      detail::storage::callback, false,   &next, &detail::nothing_to_restart, &detail::no_label,
    &detail::nothing_more, &detail::never_same, nullptr, nullptr, nullptr};

#else  // compiled out; not constexpr, as nobody names a callback in one file, and clang would say that it is unused

template <metric_type Type>
class NARTHEX_DETAIL_IDLE callback_of : public detail::no_node {
 public:
  template <class F>
  callback_of(detail::kept_name, detail::kept_help, F&&) noexcept {}
  template <class F>
  callback_of(registry_core&, detail::kept_name, detail::kept_help, F&&) noexcept {}
  callback_of(const callback_of&) = delete;
  callback_of& operator=(const callback_of&) = delete;
};

#endif  // NARTHEX_HAS(METRICS)

/// A counter kept elsewhere: nx::callback_counter c{"x_total", "...", [&] { return source.total; }};
using callback_counter = callback_of<metric_type::counter>;
/// A gauge read at scrape time: nx::callback_gauge g{"depth", "...", [&q] { return q.size(); }};
using callback_gauge = callback_of<metric_type::gauge>;

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_CALLBACK_HPP
