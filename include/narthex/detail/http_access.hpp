// narthex/detail/http_access.hpp - who may ask: basic authentication and bearer tokens.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ACCESS_HPP
#define NARTHEX_DETAIL_HTTP_ACCESS_HPP

#include <cstddef>
#include <cstring>

#include "narthex/config.hpp"
#include "narthex/detail/base64.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Whether two texts are equal, in a time that depends on the length of `given` alone.
inline bool same_secret(string_view given, string_view secret) noexcept {
  volatile unsigned difference = given.size() == secret.size() ? 0u : 1u;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char wanted = secret.empty() ? '\0' : secret[i % secret.size()];
    difference = difference | static_cast<unsigned>(static_cast<unsigned char>(given[i] ^ wanted));
  }
  return difference == 0;
}

/// The credentials of a server. Nothing set: everybody may ask. Something set that cannot be right: nobody may.
///
/// Source: RFC 7617 (basic), RFC 6750 (bearer).
class http_access {
 public:
  enum : std::size_t { max_bytes = 192 };  // of "user:password", and of a token

  http_access() noexcept : basic_size_(0), bearer_size_(0), bad_(false) {}

  void set_basic(string_view user, string_view password) noexcept {
    char plain[max_bytes];
    const std::size_t size = user.size() + 1 + password.size();
    bad_ = bad_ || user.empty() || size > max_bytes || !is_clean(user) || !is_clean(password) ||
           find_char(user, ':') < user.size();
    if (bad_) return;
    std::memcpy(plain, user.data(), user.size());
    plain[user.size()] = ':';
    if (!password.empty()) std::memcpy(plain + user.size() + 1, password.data(), password.size());
    basic_size_ = static_cast<std::size_t>(write_base64(basic_, string_view(plain, size), base64::padded) - basic_);
  }
  void set_bearer(string_view token) noexcept {
    bad_ = bad_ || token.empty() || token.size() > max_bytes || !is_clean(token) || find_char(token, ' ') < token.size();
    if (bad_) return;
    std::memcpy(bearer_, token.data(), token.size());
    bearer_size_ = token.size();
  }

  bool ok() const noexcept { return !bad_; }
  bool has_basic() const noexcept { return basic_size_ != 0; }

  /// authorization: the header's value.
  bool admits(string_view authorization) const noexcept {
    if (bad_) return false;
    if (basic_size_ == 0 && bearer_size_ == 0) return true;
    const std::size_t blank = find_char(authorization, ' ');
    const string_view scheme = authorization.first(blank), given = trim_blanks(authorization.from(blank));
    if (basic_size_ && same_word(scheme, "basic")) return same_secret(given, string_view(basic_, basic_size_));
    if (bearer_size_ && same_word(scheme, "bearer")) return same_secret(given, string_view(bearer_, bearer_size_));
    return false;
  }

 private:
  static bool is_clean(string_view text) noexcept {
    for (char c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return true;
  }
  char basic_[(max_bytes + 2) / 3 * 4];
  char bearer_[max_bytes];
  std::size_t basic_size_, bearer_size_;
  bool bad_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ACCESS_HPP
