// narthex/process_collector.hpp - the standard process_* metrics of the program itself.
// Room: balconies. Read collector.hpp and os/process_reader.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PROCESS_COLLECTOR_HPP
#define NARTHEX_PROCESS_COLLECTOR_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>

#include "narthex/collector.hpp"
#include "narthex/config.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/lock.hpp"
#include "narthex/detail/shared.hpp"
#include "narthex/os/process.hpp"
#include "narthex/os/process_reader.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// Where a process_collector looks.
struct process_collector_options {
  /// Where procfs is mounted, on Linux; at most os::process_reader::max_root bytes. It is this process that is measured in any case.
  string_view proc = "/proc";

  process_collector_options& set_proc(string_view folder) noexcept {
    proc = folder;
    return *this;
  }
};

#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)

namespace detail {
/// Whether a process_collector stands in this registry, or in one that is attached to it.
inline bool has_process_metrics(const registry_core& top) noexcept {
  const inside_lists inside;
  for (const registry_core* r = &top; r; r = r->next_in_tree(&top)) {
    const collector* maker = nullptr;  // both names of one: a user's collector may have one of them
    for (const family_node* n = r->first(); n; n = n->next.load(memory_order_seq_cst)) {
      if (n->ops->kind != storage::collected || r->prefix() != top.prefix()) continue;
      const collector* const owner = static_cast<const collected_node*>(n)->owner;
      if (string_view(n->name()) == "process_cpu_seconds_total") maker = owner;
      if (maker == owner && string_view(n->name()) == "process_threads") return true;
    }
  }
  return false;
}
}  // namespace detail

/// Exposes process_cpu_seconds_total, process_open_fds, process_max_fds, process_virtual_memory_bytes,
/// process_virtual_memory_max_bytes, process_resident_memory_bytes, process_start_time_seconds and process_threads, while it lives.
///
///   nx::process_collector numbers{registry};       // for the default registry: nx::install_process_metrics();
///
/// A value that cannot be read is left out of that scrape; none is ever made up. No limit is shown as 1.8446744073709552e+19,
/// as client_golang does. A forked child shows its own numbers. On Windows handles stand for descriptors, 16777216 is the most,
/// virtual memory is what was asked for, and its limit and the threads are left out; on macOS the threads are.
/// Errors:  see status(): errc::unsupported where there is neither Linux, Windows nor macOS, or no heap; errc::too_large for a long path;
///          errc::name_taken when something else has one of the names (the others are exposed).
/// Threads: as collector.
/// Cost:    measured, a scrape takes 10 us with few open files, 0.2 ms with 1,000 and 3 ms with 10,000: the system lists them.
/// Source:  Prometheus, "Writing client libraries", Process metrics; proc(5).
class process_collector {
 public:
  explicit process_collector(const process_collector_options& options = process_collector_options()) noexcept
      : process_collector(default_registry(), options) {}
  explicit process_collector(registry_core& registry,
                             const process_collector_options& options = process_collector_options()) noexcept;
  /// Takes its metrics out of the registry and waits for its own call, if one is running.
  ~process_collector() { unregister(); }
  process_collector(const process_collector&) = delete;
  process_collector& operator=(const process_collector&) = delete;

  NARTHEX_NAMESPACE::status status() const noexcept;
  void unregister() noexcept;

 private:
  enum : unsigned { cpu, open_files, max_files, virtual_bytes, max_virtual_bytes, resident_bytes, start, threads };
  void collect(collected& out) noexcept;
  static void add(collected& out, unsigned family, const os::process_number& n) noexcept {
    if (!n.known) return;
    if (n.value == os::process_number::most) out.add(family, {}, static_cast<double>(n.value));
    else out.add(family, {}, n.value);
  }

  os::process_reader reader_;
  errc never_;  // why there are no families
  union {
    collector families_;
  };
};

inline process_collector::process_collector(registry_core& registry, const process_collector_options& options) noexcept
    : reader_(options.proc), never_(errc::ok) {
  if (!os::process_reader::is_here) never_ = errc::unsupported;
  else if (options.proc.size() > os::process_reader::max_root) never_ = errc::too_large;
  else if (detail::has_process_metrics(registry)) never_ = errc::name_taken;  // one line about it instead of eight
  if (never_ == errc::ok) {
    // Not one of these texts is ours: dashboards and people know them from other clients.
    new (&families_) collector(
        registry,
        {{metric_type::counter, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {}},
         {metric_type::gauge, "process_open_fds", "Number of open file descriptors.", {}},
         {metric_type::gauge, "process_max_fds", "Maximum number of open file descriptors.", {}},
         {metric_type::gauge, "process_virtual_memory_bytes", "Virtual memory size in bytes.", {}},
         {metric_type::gauge, "process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", {}},
         {metric_type::gauge, "process_resident_memory_bytes", "Resident memory size in bytes.", {}},
         {metric_type::gauge, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {}},
         {metric_type::gauge, "process_threads", "Number of OS threads in the process.", {}}},
        [this](collected& out) { collect(out); });
  } else if (never_ != errc::unsupported) {
    registry.count(mistake::registration);
    detail::report(status());
  }
}

inline status process_collector::status() const noexcept {
  using answer = NARTHEX_NAMESPACE::status;
  if (never_ == errc::ok) return families_.status();
  return never_ == errc::too_large ? answer(never_, "process_collector", os::process_reader::max_root)
                                   : answer(never_, "process_collector");
}

inline void process_collector::unregister() noexcept {
  if (never_ != errc::ok) return;
  families_.~collector();
  never_ = errc::not_registered;
}

inline void process_collector::collect(collected& out) noexcept {
  const os::process_values v = reader_.read();
  const double ticks = static_cast<double>(v.ticks_per_second.value);
  if (v.ticks_per_second.known && v.cpu_ticks.known) out.add(cpu, {}, static_cast<double>(v.cpu_ticks.value) / ticks);
  add(out, open_files, v.open_files);
  add(out, max_files, v.max_files);
  add(out, virtual_bytes, v.virtual_bytes);
  add(out, max_virtual_bytes, v.max_virtual_bytes);
  add(out, resident_bytes, v.resident_bytes);
  if (v.ticks_per_second.known && v.start_ticks.known && v.boot_seconds.known) {
    out.add(start, {}, static_cast<double>(v.boot_seconds.value) + static_cast<double>(v.start_ticks.value) / ticks);
  }
  add(out, threads, v.threads);
}

namespace detail {

/// The default registry's process_collector: made when it is asked for, never destroyed, as the registry itself.
template <class Once>
struct installed_process_metrics {
  enum : std::uint32_t { nothing, in_the_making, there };
  static shared<std::uint32_t> state;
  alignas(process_collector) static unsigned char room[sizeof(process_collector)];

  static process_collector& get() noexcept { return *static_cast<process_collector*>(static_cast<void*>(room)); }
};
template <class Once>
shared<std::uint32_t> installed_process_metrics<Once>::state(0);
template <class Once>
alignas(process_collector) unsigned char installed_process_metrics<Once>::room[sizeof(process_collector)];

}  // namespace detail

#else  // no collector without a heap; or compiled out

class NARTHEX_DETAIL_IDLE process_collector {
 public:
  explicit process_collector(const process_collector_options& = process_collector_options()) noexcept {}
  explicit process_collector(registry_core&, const process_collector_options& = process_collector_options()) noexcept {}
  process_collector(const process_collector&) = delete;
  process_collector& operator=(const process_collector&) = delete;
  NARTHEX_NAMESPACE::status status() const noexcept {
    return NARTHEX_HAS(METRICS) ? NARTHEX_NAMESPACE::status(errc::unsupported, "process_collector") : NARTHEX_NAMESPACE::status();
  }
  void unregister() noexcept {}
};

#endif

/// Adds the process_* metrics to the default registry, for the rest of the program; http_server does so by itself.
///
/// Once is enough, more do no harm. Where a process_collector of the program's own is there already, this changes
/// nothing and is ok. A forked child has them too, with its own numbers.
/// Errors:  errc::unsupported, errc::no_memory; errc::name_taken when a metric of the program has one of the names (the
///          others are exposed); errc::busy when another thread is in the middle of it, for long.
/// Threads: any, at any time.
inline status install_process_metrics() noexcept {
#if NARTHEX_HAS(HEAP) && NARTHEX_HAS(METRICS)
  if (!os::process_reader::is_here) return status(errc::unsupported, "process_collector");
  using holder = detail::installed_process_metrics<void>;
  // Not for ever: it may be this thread itself, by way of the error hook, or one that a fork left behind.
  detail::patience p;
  for (unsigned turns = 0; turns < 10000; ++turns) {
    std::uint32_t state = holder::nothing;
    if (holder::state.compare_exchange_strong(state, holder::in_the_making, detail::memory_order_acquire,
                                              detail::memory_order_acquire)) {
      status result;
      if (!detail::has_process_metrics(default_registry())) {
        result = (new (holder::room) process_collector())->status();
        if (result.ok() || result.code() != errc::no_memory) {
          holder::state.store(holder::there, detail::memory_order_release);
          return result;
        }
        holder::get().~process_collector();
      }
      holder::state.store(holder::nothing, detail::memory_order_release);
      return result;
    }
    if (state == holder::there) return holder::get().status();
    p.wait();
    if (p.in_vain()) break;
  }
  return status(errc::busy, "install_process_metrics");
#else
  return process_collector().status();
#endif
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PROCESS_COLLECTOR_HPP
