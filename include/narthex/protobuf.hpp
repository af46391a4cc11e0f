// narthex/protobuf.hpp - the registry as delimited protobuf, the one format that carries native histograms.
// Room: balconies. Read detail/protobuf_message.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_PROTOBUF_HPP
#define NARTHEX_PROTOBUF_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/chunk_writer.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/exposition_format.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/protobuf_message.hpp"
#include "narthex/detail/write_all.hpp"
#include "narthex/narthex.hpp"
#include "narthex/sample.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// One family after the other, as messages io.prometheus.client.MetricFamily, each with its length in front.
///
/// A message's length stands before it, so series are collected in a room of fixed size; a family that has more of them than fit
/// comes as several messages of the same name, which servers read as one. A series that is larger than the room gets a larger one;
/// where there is no memory, it is left out.
class protobuf_writer {
 public:
  explicit protobuf_writer(chunk_writer& to) noexcept
      : out_(to), room_(first_room_), end_(first_room_ + sizeof first_room_), at_(first_room_), head_end_(first_room_), unit_at_(0),
        unit_size_(0) {
    to.source().want_exemplars(exemplars_);
  }
  ~protobuf_writer() { drop_room(); }
  protobuf_writer(const protobuf_writer&) = delete;
  protobuf_writer& operator=(const protobuf_writer&) = delete;

  static name_escaping names() noexcept { return name_escaping::underscores; }

  void write(const sample& s) {
    if (s.starts_family) begin_family(s);
    if (head_end_ == room_ || !has_room(protobuf_message::most_bytes(s))) return default_registry().count(mistake::sample);
    at_ = protobuf_message::put_metric(at_, s);
  }
  void end() { send(); }

 private:
  enum : std::size_t { room_bytes = NARTHEX_HAS(HEAP) ? 8192 : 1024, length_bytes = 5 };

  NARTHEX_DETAIL_COLD void begin_family(const sample& s) {
    send();
    head_end_ = at_ = room_;
    unit_size_ = 0;
    const std::size_t name = s.prefix.size() + s.name.size();
    string_view help = s.help;
    if (!has_room(length_bytes + name + 5 * help.size() + 32)) {
      help = string_view();
      if (!has_room(length_bytes + name + 32)) return;
    }
    char* at = room_ + length_bytes;
    *at++ = 0x0a;
    at = protobuf_message::put_varint(at, name);
    if (!s.prefix.empty()) std::memcpy(at, s.prefix.data(), s.prefix.size());
    std::memcpy(at + s.prefix.size(), s.name.data(), s.name.size());
    at += name;
    // The unit is what the name ends in, and stands last: the Go library's order.
#if NARTHEX_HAS(HEAP)
    const std::size_t behind = s.type == metric_type::counter && s.name.ends_with("_total") ? 6 : 0;
    if (!s.unit.empty() && s.name.size() > s.unit.size() + behind &&
        s.name.first(s.name.size() - behind).ends_with(s.unit)) {
      unit_size_ = s.unit.size();
      unit_at_ = static_cast<std::size_t>(at - room_) - behind - unit_size_;
    }
#endif
    *at++ = 0x12;
    if (is_plain(help)) at = protobuf_message::put_bytes(at, help);
    else at = protobuf_message::put_repaired(at, help);
    *at++ = 0x18;
    *at++ = protobuf_message::type_number(s.type);
    head_end_ = at_ = at;
  }

  /// Hands on what has been collected of the family; its head stays.
  void send() {
    if (at_ == head_end_) return;
    if (unit_size_) {
      *at_++ = 0x2a;
      at_ = protobuf_message::put_varint(at_, unit_size_);
      std::memcpy(at_, room_ + unit_at_, unit_size_);
      at_ += unit_size_;
    }
    const std::size_t size = static_cast<std::size_t>(at_ - room_) - length_bytes;
    char length[protobuf_message::most_varint];
    out_(length, static_cast<std::size_t>(protobuf_message::put_varint(length, size) - length));
    out_(room_ + length_bytes, size);
    at_ = head_end_;
  }

  /// Room for `size` more bytes, and the unit behind them.
  bool has_room(std::size_t size) {
    size += unit_size_ + 8;
    if (NARTHEX_DETAIL_LIKELY(size <= static_cast<std::size_t>(end_ - at_))) return true;
    send();
    return size <= static_cast<std::size_t>(end_ - at_) || grow(size);
  }
  NARTHEX_DETAIL_COLD bool grow(std::size_t size) noexcept {
#if NARTHEX_HAS(HEAP)
    const std::size_t kept = static_cast<std::size_t>(head_end_ - room_), wanted = kept + size;
    char* const larger = wanted < ~std::uint32_t(0) ? static_cast<char*>(allocate(wanted)) : nullptr;
    if (!larger) return false;
    std::memcpy(larger, room_, kept);
    drop_room();
    room_ = larger;
    end_ = larger + wanted;
    head_end_ = at_ = larger + kept;
    return true;
#else
    static_cast<void>(size);
    return false;
#endif
  }
  void drop_room() noexcept {
#if NARTHEX_HAS(HEAP)
    if (room_ != first_room_) release(room_);
#endif
  }

  chunk_writer& out_;
  char *room_, *end_;
  char* at_;        // behind the last series
  char* head_end_;  // room_: no head
  std::size_t unit_at_, unit_size_;
  exemplar_room exemplars_;
  char first_room_[room_bytes];
};

}  // namespace detail

/// Writes everything a registry shows, as delimited protobuf (io.prometheus.client.MetricFamily), to a sink.
///
/// As write_text() in all else: chunk, what it returns, threads. Counters keep their _total; infos and state sets are gauges. A
/// histogram has its classic buckets, without the one for +Inf, which its count says, and its native ones if it has them.
/// A family larger than 8 KB (1 KB without a heap) comes as several messages of the same name.
/// Memory:  18 KB of stack; more from the heap for a series with a longer message. Without a heap, or without memory, such a series
///          is left out, and counted in the default registry's narthex_refused_total{what="sample"}.
/// Cost:    0.75 of the text's for mixed series, half for histograms, 2.6 times for counters alone (tests/bench).
/// Source:  prometheus/client_model, metrics.proto. Content type: protobuf_content_type.
inline status write_protobuf(registry_core& registry, const sink& to, char* chunk, std::size_t size) {
  const errc why = detail::write_all<detail::protobuf_writer>(registry, to, chunk, size);
  return why == errc::ok ? status() : status(why, "write_protobuf");
}
/// The same in pieces of 8 KB (512 bytes without a heap), on the stack.
inline status write_protobuf(registry_core& registry, const sink& to) {
  char chunk[detail::chunk_bytes];
  return write_protobuf(registry, to, chunk, sizeof chunk);
}
inline status write_protobuf(const sink& to) { return write_protobuf(default_registry(), to); }

/// Writes into a buffer, as write_text() does. Returns the size of the whole: larger than `size`, do not serve the beginning.
inline std::size_t write_protobuf(registry_core& registry, char* buffer, std::size_t size) noexcept {
  return detail::write_all<detail::protobuf_writer>(registry, buffer, size);
}
inline std::size_t write_protobuf(char* buffer, std::size_t size) noexcept { return write_protobuf(default_registry(), buffer, size); }

#if NARTHEX_HAS(HEAP)
/// The exposition as a string of bytes. The string may throw std::bad_alloc.
inline std::string to_protobuf(registry_core& registry = default_registry()) {
  return detail::to_string<detail::protobuf_writer>(registry);
}
#endif

/// For http_server_options().offer(nx::protobuf()): served to who asks for it first, as Prometheus does when native histograms or
/// created times are on. A scrape allocates 18 KB; without that memory, and without a heap, the answer is text.
inline const detail::exposition_format& protobuf() noexcept {
  using writer = detail::protobuf_writer;
  struct local {
    static writer*& at(void* memory) noexcept { return *static_cast<writer**>(memory); }
#if NARTHEX_HAS(HEAP)
    static bool begin(void* memory, detail::chunk_writer& out) {
      void* const room = detail::allocate(sizeof(writer));
      if (room) at(memory) = new (room) writer(out);
      return room != nullptr;
    }
    static void drop(void* memory) {
      at(memory)->~writer();
      detail::release(at(memory));
    }
#else
    static bool begin(void*, detail::chunk_writer&) { return false; }
    static void drop(void*) {}
#endif
    static void write(void* memory, const sample& s) { at(memory)->write(s); }
    static void end(void* memory) { at(memory)->end(); }
  };
  static constexpr detail::exposition_format format = {
      "application/vnd.google.protobuf",
      {{"proto", "io.prometheus.client.MetricFamily"}, {"encoding", "delimited"}},
      {{nullptr, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"},
       {nullptr, "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping="}},
      detail::name_escaping::underscores,
      nullptr,
      sizeof(writer*),
      &local::begin,
      &local::write,
      &local::end,
      &local::drop};
  return format;
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_PROTOBUF_HPP
