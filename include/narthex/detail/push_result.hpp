// narthex/detail/push_result.hpp - what became of one push.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_PUSH_RESULT_HPP
#define NARTHEX_DETAIL_PUSH_RESULT_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

/// What became of one push: a value, to be looked at.
///
/// Memory: about 1.2 kB in place.
class NARTHEX_DETAIL_NODISCARD push_result {
 public:
  enum : std::size_t { max_error = 1024 };  ///< NUL included

  push_result() noexcept : body_bytes_(0), http_status_(0), error_size_(0), blank_(false) { error_[0] = '\0'; }

  /// The gateway has taken it: 200 or 202.
  bool ok() const noexcept { return why_.ok(); }
  errc code() const noexcept { return why_.code(); }
  const status& why() const noexcept { return why_; }
  /// What the gateway answered; 0 when it did not.
  int http_status() const noexcept { return http_status_; }
  /// Of the body that was sent, or that the sending of was begun, as it was coded.
  std::size_t body_bytes() const noexcept { return body_bytes_; }
  /// One printable line, with the address and the system's or the gateway's own words; "" when ok. Credentials are not in
  /// it, unless a server repeats them.
  const char* error() const noexcept { return error_; }

 private:
  friend class push_gateway;
  enum : std::size_t { max_address = 300 };  // shown of it: the words behind it matter more

  void put_address(string_view address) noexcept {
    if (address.empty()) return;
    put(address.first(address.size() < max_address ? address.size() : max_address));
    put(address.size() > max_address ? "...: " : ": ");
  }
  /// A run of blanks and line ends becomes one blank, and none at the end.
  void put(string_view text) noexcept {
    for (char c : text) {
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        blank_ = error_size_ > 0;
        continue;
      }
      if (blank_) put_byte(' ');
      blank_ = false;
      put_byte(c > ' ' && c < 0x7f ? c : '?');
    }
  }
  void put_byte(char c) noexcept {
    if (error_size_ + 1 < max_error) error_[error_size_++] = c;
    error_[error_size_] = '\0';
  }

  status why_;
  std::size_t body_bytes_;
  int http_status_;
  std::size_t error_size_;
  bool blank_;  // seen, not written
  char error_[max_error];
};

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_PUSH_RESULT_HPP
