// narthex/detail/spool_delivery.hpp - hands one spooled body to a gateway, unless that has got something newer.
// Room: balconies. Read detail/spool.hpp and push_gateway.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_SPOOL_DELIVERY_HPP
#define NARTHEX_DETAIL_SPOOL_DELIVERY_HPP

#include <cstddef>
#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/byte_buffer.hpp"
#include "narthex/detail/push_result.hpp"
#include "narthex/detail/spool.hpp"
#include "narthex/detail/spool_text.hpp"
#include "narthex/os/folder.hpp"
#include "narthex/push_gateway.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

#if NARTHEX_HAS(METRICS) && NARTHEX_HAS(HEAP) && NARTHEX_HAS(SYSTEM)

/// Looks, in a gateway's page that comes in pieces, for what it says of one group.
class group_finder {
 public:
  std::int64_t pushed_ms = 0, sequence_ms = 0;  ///< 0: it says nothing

  explicit group_finder(string_view labels) noexcept : labels_(labels), used_(0) {}
  static bool take(void* self, const char* data, std::size_t size) {
    group_finder& f = *static_cast<group_finder*>(self);
    for (std::size_t i = 0; i < size; ++i) {
      if (data[i] == '\n') f.take_line();
      else if (f.used_ < sizeof f.line_) f.line_[f.used_++] = data[i];
    }
    return true;
  }

 private:
  /// A longer line than there is room for is not one of these.
  void take_line() noexcept {
    const string_view line(line_, used_);
    used_ = 0;
    look(line, "push_time_seconds", pushed_ms);
    look(line, "narthex_push_sequence", sequence_ms);
    look(line, "batch_job_last_completion_timestamp_seconds", sequence_ms);
  }
  void look(string_view line, string_view name, std::int64_t& found) const noexcept {
    if (!begins_with(line, name)) return;
    line = line.from(name.size());
    if (line.empty() || line[0] != '{' || !begins_with(line.from(1), labels_)) return;
    line = line.from(1 + labels_.size());
    if (begins_with(line, "} ")) found = read_thousandths(line.from(2));
  }

  string_view labels_;
  std::size_t used_;
  char line_[4096];
};

/// One file of a spool on its way to a gateway.
class spool_delivery {
 public:
  enum class end { delivered, outdated, left };

  explicit spool_delivery(const push_gateway& to) noexcept : to_(to) {}
  static push_result refused(const status& why) noexcept { return push_gateway::refused_here(why); }

  /// why: when it is left: what of the file, or what the gateway said. The file is removed when it is delivered or outdated, unless a new
  ///      one has taken its place meanwhile.
  end deliver(const char* file, push_result& why) const noexcept {
    byte_buffer text;
    spool_head head;
    string_view body;
    if (!read(file, text, body, head, why)) return end::left;
    group_finder seen(head.labels);
    const sink page = {&group_finder::take, &seen};
    why = to_.send("GET", "/metrics", "", nullptr, no_limit, nullptr, &page);
    if (!why.ok()) return end::left;
    const bool outdated = seen.sequence_ms && head.sequence_ms ? seen.sequence_ms >= head.sequence_ms : seen.pushed_ms >= head.time_ms;
    if (!outdated) why = to_.send(head.verb, head.path, body, nullptr, no_limit, nullptr);
    if (!why.ok()) return end::left;
    byte_buffer again;
    spool_head now;
    push_result ignored;
    const bool same = read(file, again, body, now, ignored) && now.time_ms == head.time_ms && now.sequence_ms == head.sequence_ms;
    if (same) static_cast<void>(os::remove_file(file));
    return outdated ? end::outdated : end::delivered;
  }

 private:
  enum : int { no_limit = 0x7fffffff };

  bool read(const char* file, byte_buffer& text, string_view& body, spool_head& head, push_result& why) const noexcept {
    const sink all = {&append_chunk, &text};
    const os::error e = os::read_file(file, all);
    body = text.text();
    const bool good = e.ok() && head.read(body);
    if (!good) why = refused(e.ok() ? status(errc::bad_spool, os::path_subject(file)) : e.to_status(os::path_subject(file)));
    return good;
  }

  const push_gateway& to_;
};

#elif NARTHEX_HAS(METRICS)

class spool_delivery {
 public:
  explicit spool_delivery(const push_gateway&) noexcept {}
  static push_result refused(const status& why) noexcept { return push_gateway::refused_here(why); }
  enum class end { delivered, outdated, left };
  static end deliver(const char*, push_result&) noexcept { return end::left; }
};

#endif

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_SPOOL_DELIVERY_HPP
