// narthex/grouping_key.hpp - the labels of a group of pushed metrics, put together and kept.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_GROUPING_KEY_HPP
#define NARTHEX_GROUPING_KEY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "narthex/config.hpp"
#include "narthex/detail/number.hpp"
#include "narthex/label.hpp"
#include "narthex/os/host_name.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// The grouping key of a push, but for the job: what tells this program from the others that push.
///
///   const nx::grouping_key key = nx::grouping_key().instance_of_process().region("eu").label("shard", 3);
///   nx::periodic_pusher pusher{"http://127.0.0.1:9091", "edge", key};
///
/// In whatever order labels are given, the URL has them in the order of their names.
/// Errors:  kept in status(), the first one; whoever is given this key has it then, too. Names and values are checked there.
/// Memory:  everything in place, 0.7 kB: at most 8 labels and 512 bytes of text.
/// Threads: a value; copy it freely.
class grouping_key {
 public:
  enum : unsigned { max_labels = 8 };
  enum : std::size_t { max_text = 512 };

  grouping_key() noexcept : count_(0), used_(0) {}

  /// Errors: errc::too_large beyond max_labels, errc::label_too_long beyond max_text.
  grouping_key& label(string_view name, const label_value& value) noexcept {
    const string_view parts[2] = {name, value.text()};
    if (why_.ok() && count_ == max_labels) why_ = NARTHEX_NAMESPACE::status(errc::too_large, name, max_labels);
    if (why_.ok() && parts[0].size() + parts[1].size() > max_text - used_) {
      why_ = NARTHEX_NAMESPACE::status(errc::label_too_long, name, max_text);
    }
    if (!why_.ok()) return *this;
    for (string_view one : parts) {
      if (!one.empty()) std::memcpy(text_ + used_, one.data(), one.size());
      used_ += one.size();
    }
    entry& e = all_[count_++];
    e.name_size = static_cast<std::uint16_t>(parts[0].size());
    e.value_size = static_cast<std::uint16_t>(parts[1].size());
    return *this;
  }
  grouping_key& instance(const label_value& value) noexcept { return label("instance", value); }
  grouping_key& region(string_view value) noexcept { return label("region", value); }
  grouping_key& team(string_view value) noexcept { return label("team", value); }
  /// instance="host:pid", of this process as it is now. Each run of the program is a group of its own, so let the last one be
  /// deleted (set_delete_after_ms): a gateway forgets nothing by itself.
  /// Errors: errc::system, errc::unsupported: the system tells no name.
  grouping_key& instance_of_process() noexcept {
    const os::host_name host;
    if (why_.ok()) why_ = host.why();
    char both[os::host_name::max_name + 1 + detail::max_u64_chars];
    const string_view front = host.text();
    if (!front.empty()) std::memcpy(both, front.data(), front.size());
    both[front.size()] = ':';
    const char* const end = detail::write_u64(both + front.size() + 1, os::process_number_now());
    return label("instance", string_view(both, static_cast<std::size_t>(end - both)));
  }

  const NARTHEX_NAMESPACE::status& status() const noexcept { return why_; }
  std::size_t size() const noexcept { return count_; }
  /// Of the label number `at` < size(), in the order in which they were given.
  string_view name_at(std::size_t at) const noexcept { return string_view(text_ + begin(at), all_[at].name_size); }
  string_view value_at(std::size_t at) const noexcept {
    return string_view(text_ + begin(at) + all_[at].name_size, all_[at].value_size);
  }

 private:
  struct entry {
    std::uint16_t name_size, value_size;
  };
  std::size_t begin(std::size_t at) const noexcept {
    std::size_t n = 0;
    for (std::size_t i = 0; i < at; ++i) n += std::size_t(all_[i].name_size) + all_[i].value_size;
    return n;
  }

  NARTHEX_NAMESPACE::status why_;
  std::size_t count_, used_;
  entry all_[max_labels];
  char text_[max_text];
};

namespace detail {

/// The labels of a group, as a call gives them: braces, or a grouping_key. A view; lives as long as the call.
class group_labels {
 public:
  group_labels() noexcept : key_(nullptr) {}
  group_labels(std::initializer_list<label_pair> pairs) noexcept : pairs_(pairs), key_(nullptr) {}
  group_labels(const grouping_key& key) noexcept : key_(&key) {}

  status why() const noexcept { return key_ ? key_->status() : status(); }
  std::size_t size() const noexcept { return key_ ? key_->size() : pairs_.size(); }
  string_view name_at(std::size_t at) const noexcept { return key_ ? key_->name_at(at) : pairs_.begin()[at].name; }
  string_view value_at(std::size_t at) const noexcept { return key_ ? key_->value_at(at) : pairs_.begin()[at].value.text(); }

 private:
  std::initializer_list<label_pair> pairs_;
  const grouping_key* key_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_GROUPING_KEY_HPP
