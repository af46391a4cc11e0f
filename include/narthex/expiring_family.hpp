// narthex/expiring_family.hpp - a family whose series go when nobody has used them for a while.
// Room: balconies. Apart from the core because of <chrono>. Read family.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_EXPIRING_FAMILY_HPP
#define NARTHEX_EXPIRING_FAMILY_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>

#include "narthex/config.hpp"
#include "narthex/counter.hpp"
#include "narthex/detail/compiled_out.hpp"
#include "narthex/detail/expiring.hpp"
#include "narthex/family.hpp"
#include "narthex/gauge.hpp"
#include "narthex/histogram.hpp"
#include "narthex/label.hpp"
#include "narthex/summary.hpp"

#if NARTHEX_HAS(HEAP)

NARTHEX_BEGIN_NAMESPACE

/// When a series goes, and how many there may be: nx::expiry().set_idle_ms(60000).set_most_series(100000).
///
/// The first registration decides.
class expiry {
 public:
  expiry() noexcept : idle_ms_(600000), most_(10000), clock_(&steady_ms) {}
  /// How long a value must stay the same; ten minutes unless said otherwise. Several scrape intervals, so that the last value
  /// is seen. At most 24 days.
  expiry& set_idle_ms(std::uint32_t ms) noexcept {
    idle_ms_ = ms < 0x7fffffffu ? ms : 0x7fffffffu;
    return *this;
  }
  /// How many at a time; 10,000 unless said otherwise. The rest goes to the overflow series.
  expiry& set_most_series(std::uint32_t most) noexcept {
    most_ = most;
    return *this;
  }
  /// Where the milliseconds come from; any origin, going round at 2^32. The steady clock unless said otherwise.
  expiry& set_clock(std::uint32_t (*ms)()) noexcept {
    clock_ = ms;
    return *this;
  }
  std::uint32_t idle_ms() const noexcept { return idle_ms_; }
  std::uint32_t most_series() const noexcept { return most_; }
  std::uint32_t (*clock() const noexcept)() { return clock_; }

 private:
  static std::uint32_t steady_ms() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  }
  std::uint32_t idle_ms_, most_;
  std::uint32_t (*clock_)();
};

#if NARTHEX_HAS(METRICS)
/// A series of an expiring_family: the verbs of T (inc, dec, set, observe, value, count, sum). Copies stand for the same series.
///
/// When the series has gone, the handle is stale: its updates are dropped, counted in the family's dropped() and in
/// narthex_refused_total{what="update"}, and never reach another series; what it reads is 0. Ask labels() again.
/// Threads: any. Cost: two atomic adds more than T, on the series' own cache line; no clock.
template <class T>
class expiring {
  using core = typename T::core_type;
  using node = detail::expiring_node<core>;

 public:
  expiring(const detail::expiring_at<core>& at, node* family) noexcept : at_(at), node_(family) {}

  template <class U = T>
  auto inc() noexcept -> decltype(std::declval<U&>().inc()) {
    const visit v(*this);
    if (v) v.real().inc();
  }
  template <class By, class U = T>
  auto inc(By by) noexcept -> decltype(std::declval<U&>().inc(by)) {
    const visit v(*this);
    if (v) v.real().inc(by);
  }
  template <class U = T>
  auto dec() noexcept -> decltype(std::declval<U&>().dec()) {
    const visit v(*this);
    if (v) v.real().dec();
  }
  template <class By, class U = T>
  auto dec(By by) noexcept -> decltype(std::declval<U&>().dec(by)) {
    const visit v(*this);
    if (v) v.real().dec(by);
  }
  template <class To, class U = T>
  auto set(To to) noexcept -> decltype(std::declval<U&>().set(to)) {
    const visit v(*this);
    if (v) v.real().set(to);
  }
  template <class U = T>
  auto observe(double seen) noexcept -> decltype(std::declval<U&>().observe(seen)) {
    const visit v(*this);
    if (v) v.real().observe(seen);
  }
  template <class U = T>
  auto value() const noexcept -> decltype(std::declval<U&>().value()) {
    const visit v(*this, quiet());
    return v ? v.real().value() : decltype(std::declval<U&>().value())();
  }
  template <class U = T>
  auto count() const noexcept -> decltype(std::declval<U&>().count()) {
    const visit v(*this, quiet());
    return v ? v.real().count() : decltype(std::declval<U&>().count())();
  }
  template <class U = T>
  auto sum() const noexcept -> decltype(std::declval<U&>().sum()) {
    const visit v(*this, quiet());
    return v ? v.real().sum() : decltype(std::declval<U&>().sum())();
  }

  /// ok; errc::not_registered when the series has gone; errc::series_limit for the overflow series; or what is wrong with
  /// the family.
  NARTHEX_NAMESPACE::status status() const noexcept {
    if (!node_) return NARTHEX_NAMESPACE::status(errc::no_memory, "");
    const NARTHEX_NAMESPACE::status family = static_cast<const detail::family_node&>(*node_).state();
    if (!family.ok()) return family;
    if (at_.generation == 0) {
      return at_.place ? NARTHEX_NAMESPACE::status(errc::series_limit, node_->name(), node_->limit)
                       : NARTHEX_NAMESPACE::status(errc::unknown_label, node_->name());
    }
    const visit v(*this, quiet());
    return v ? family : NARTHEX_NAMESPACE::status(errc::not_registered, node_->name());
  }

 private:
  struct quiet {};
  /// Inside the series while it lives; false when the series has gone.
  class visit {
   public:
    visit(const expiring& h, quiet) noexcept : handle_(h) {
      is_inside_ = h.at_.place && h.at_.place->enter(h.at_.generation);
    }
    explicit visit(const expiring& h) noexcept : visit(h, quiet()) {
      if (!is_inside_) h.drop();
    }
    ~visit() {
      if (is_inside_) handle_.at_.place->leave();
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    explicit operator bool() const noexcept { return is_inside_; }
    T real() const noexcept { return T(detail::registered<core>{handle_.at_.place, handle_.node_}); }

   private:
    const expiring& handle_;
    bool is_inside_;
  };
  NARTHEX_DETAIL_COLD void drop() const noexcept {
    if (!node_) return;
    node_->dropped.fetch_add(1, detail::memory_order_relaxed);
    detail::refuse_update(*node_);
  }

  detail::expiring_at<core> at_;
  node* node_;
};

namespace detail {
template <class Core>
expiring_node<Core>* register_expiring(registry_core& r, const metric_name& called, string_view help, const string_view* names,
                                       string_view* overflow_values, unsigned arity, typename Core::args a,
                                       const expiry& e) noexcept {
  enum : std::uint32_t { first_chains = 8 };
  using node = expiring_node<Core>;
  using place = expiring_place_of<Core>;
  const string_view name = called.text();
  std::size_t at = 0;
  errc why = check_unit(validate<Core>(name, a, at), called.unit());
  if (why == errc::ok) why = check_label_names(names, arity, Core::type, r.constant_labels(), at);
  else a = Core::smallest();
  for (unsigned i = 0; i < arity; ++i) overflow_values[i] = overflow_value();
  const series_key overflow_key(names, overflow_values, arity);
  const std::size_t overflow_size = overflow_key.text_size();

  // One piece: node, names, first chains, args, overflow series, texts.
  const std::size_t names_at = round_up(sizeof(node));
  const std::size_t chains_at = names_at + round_up(arity * sizeof(string_view));
  const std::size_t args_at = chains_at + round_up(expiring_chains::bytes(first_chains));
  const std::size_t overflow_at = args_at + Core::args_room(a);
  const std::size_t room_at = overflow_at + round_up(sizeof(place));
  const std::size_t label_text_at = room_at + Core::room(a);
  const std::size_t text_at = label_text_at + (r.constant_labels().size() + 1) + overflow_size;
  std::size_t size = text_at + name.size() + help.size() + 2;
  for (unsigned i = 0; i < arity; ++i) size += names[i].size() + 1;
  char* const memory = static_cast<char*>(allocate(size));
  if (!memory) {
    r.count(mistake::registration);
    report(status(errc::no_memory, name));
    return nullptr;
  }
  char* text = memory + text_at;
  const char* const own_name = copy_text(text, name).data();
  node* const f = new (memory) node(own_name, copy_text(text, help).data());
  string_view* const own_names = reinterpret_cast<string_view*>(memory + names_at);
  for (unsigned i = 0; i < arity; ++i) new (own_names + i) string_view(copy_text(text, names[i]));
  f->measure_in(called.unit());
  f->names = own_names;
  f->arity = arity;
  f->constant = r.constant_labels();
  f->limit = e.most_series();
  f->idle_ms = e.idle_ms();
  f->clock = e.clock();
  f->seed = reinterpret_cast<std::uintptr_t>(memory) * 0x9e3779b97f4a7c15u;
  f->args = Core::keep(a, memory + args_at);
  f->choice.kind = Core::kind;
  f->choice.args = f->args;
  f->chains.store(new (memory + chains_at) expiring_chains(first_chains), memory_order_relaxed);
  f->overflow = new (memory + overflow_at) place(*f->args, memory + room_at);
  f->overflow->text = memory + label_text_at;
  char* end = f->overflow->text;
  if (!f->constant.empty()) {
    std::memcpy(end, f->constant.data(), f->constant.size());
    end += f->constant.size();
    *end++ = ',';
  }
  overflow_key.write(end);
  f->overflow->text_size = static_cast<std::uint16_t>(f->constant_size() + overflow_size);

  family_node* twin = nullptr;
  if (why == errc::ok) why = r.insert(*f, twin);
  if (twin) {
    node::destroy(f);
    return static_cast<node*>(twin);
  }
  return why == errc::ok ? f : static_cast<node*>(r.keep_refused(*f, why, at));
}
}  // namespace detail

/// A family for label sets that churn: connections, jobs, sessions. A series that nobody has used for a stated time goes, and
/// its memory serves the next one.
///
/// T: counter, double_counter, gauge, int_gauge, histogram, summary. N: how many labels.
/// Used:    its value has changed, or labels() has answered with it. Updates read no clock: a sweep at each scrape, and a small one with
///          each new series, sees whether the value is another than before. A gauge set to the same value for ever is idle.
/// Limits:  label text of up to 256 bytes together with the registry's constant labels; longer ones go to the overflow series, as
///          does what comes beyond expiry::set_most_series(). Series stand in the order of their places in memory.
/// Threads: every member may be called from any thread at any time; an update never waits. At most 65,535 threads at a time in one
///          series, 1,023 without 64-bit atomics. A new series waits for others being made.
/// Memory:  of as many series as there were at the same time, in steps of 32 bytes of label text; given back with the registry.
template <class T, std::size_t N>
class expiring_family {
  static_assert(N > 0, "a metric without labels is no family");
  using core = typename T::core_type;
  using args_type = typename core::args;
  using node = detail::expiring_node<core>;

 public:
  using handle_type = expiring<T>;

  /// Registers in the default registry. Errors: see status().
  expiring_family(metric_name name, string_view help, const label_names<N>& names, const expiry& when = expiry(),
                  const args_type& args = args_type()) noexcept
      : expiring_family(default_registry(), name, help, names, when, args) {}
  expiring_family(registry_core& registry, metric_name name, string_view help, const label_names<N>& names,
                  const expiry& when = expiry(), const args_type& args = args_type()) noexcept
      : node_(nullptr) {
    string_view overflow_values[N];
    node_ = detail::register_expiring<core>(registry, name, help, names.data(), overflow_values, N, args, when);
  }

  /// The series of these values, made from zero when there is none. It stays for at least the idle time from here.
  ///
  /// Cost: for an existing series a hash, a comparison, two atomic adds; no lock, no allocation.
  template <class... Values>
  handle_type labels(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    return get(texts.data());
  }
  /// The same by name, in any order. Errors: a name that is unknown, missing or twice: a handle that drops its updates and whose
  /// status() is errc::unknown_label.
  handle_type labels(std::initializer_list<label_pair> pairs) const noexcept {
    string_view texts[N];
    if (!node_ || arrange(pairs, texts)) return get(texts);
    if (registry_core* const home = node_->home()) home->count(mistake::series);
    return handle_type(detail::expiring_at<core>{nullptr, 0}, node_);
  }

  /// Takes the series of these values out at once: handles to it are stale. Returns: whether there was one.
  template <class... Values>
  bool remove(const Values&... values) const noexcept {
    static_assert(sizeof...(Values) == N, "one value for each label name");
    const detail::value_texts<N> texts(values...);
    return node_ && node_->remove(texts.data());
  }
  bool remove(std::initializer_list<label_pair> pairs) const noexcept {
    string_view texts[N];
    return node_ && arrange(pairs, texts) && node_->remove(texts);
  }
  /// Takes out every series.
  void clear() const noexcept {
    if (node_) node_->clear();
  }

  /// ok, or why the registration was refused.
  NARTHEX_NAMESPACE::status status() const noexcept {
    return node_ ? static_cast<const detail::family_node&>(*node_).state() : NARTHEX_NAMESPACE::status(errc::no_memory, "");
  }
  /// Takes the family out of the exposition; registering it again shows it again, without series.
  void unregister() const noexcept {
    if (!node_) return;
    if (registry_core* const home = node_->home()) home->hide(*node_);
  }
  /// How many series there are.
  std::uint32_t size() const noexcept {
    if (!node_) return 0;
    const detail::hold held(node_->lock);
    return node_->count;
  }
  /// How often labels() answered with the overflow series.
  std::uint64_t overflowed() const noexcept { return node_ ? node_->overflowed.load(detail::memory_order_relaxed) : 0; }
  /// How many updates stale handles have dropped.
  std::uint64_t dropped() const noexcept { return node_ ? node_->dropped.load(detail::memory_order_relaxed) : 0; }

 private:
  handle_type get(const string_view* texts) const noexcept {
    return handle_type(node_ ? node_->get(texts) : detail::expiring_at<core>{nullptr, 0}, node_);
  }
  bool arrange(std::initializer_list<label_pair> pairs, string_view (&texts)[N]) const noexcept {
    for (const label_pair& p : pairs) {
      std::size_t i = 0;
      while (i < N && node_->names[i] != p.name) ++i;
      if (i == N || texts[i].data()) return false;
      texts[i] = p.value.text();
    }
    for (const string_view& text : texts) {
      if (!text.data()) return false;
    }
    return true;
  }

  node* node_;
};

#else  // compiled out

template <class T>
class NARTHEX_DETAIL_IDLE expiring : public T {
 public:
  explicit expiring(const detail::no_core& nothing) noexcept : T(nothing) {}
};

template <class T, std::size_t N>
class NARTHEX_DETAIL_IDLE expiring_family : public detail::no_family<expiring<T>> {
  using args_type = detail::unread<typename T::core_type::args>;

 public:
  using handle_type = expiring<T>;
  constexpr expiring_family(metric_name, string_view, const label_names<N>&, const expiry& = expiry(), args_type = {}) noexcept {}
  constexpr expiring_family(registry_core&, metric_name, string_view, const label_names<N>&, const expiry& = expiry(),
                  args_type = {}) noexcept {}
};

#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HAS(HEAP)

#endif  // NARTHEX_EXPIRING_FAMILY_HPP
