// narthex/detail/http_accept_encoding.hpp - whether a client takes gzip, by its Accept-Encoding.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP
#define NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP

#include "narthex/config.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Who says nothing gets the body as it is, and so does who is not understood: that is always right.
///
/// Source: RFC 9110, 12.5.3 and 12.4.2.
class http_accept_encoding {
 public:
  /// Reads one header line; further lines add to it.
  void read(string_view list) noexcept {
    for (http_element one; one.next(list);) {
      const int weight = static_cast<int>(one.weight());
      if (same_word(one.name, "gzip") || same_word(one.name, "x-gzip")) gzip_ = weight;
      else if (same_word(one.name, "identity")) identity_ = weight;
      else if (one.name == "*") any_ = weight;
    }
  }
  /// Accepted, and not less than the body as it is.
  bool takes_gzip() const noexcept {
    const int weight = gzip_ == unsaid ? any_ : gzip_;
    return weight > 0 && weight >= identity_;
  }

 private:
  enum : int { unsaid = -1 };

  int gzip_ = unsaid, any_ = unsaid, identity_ = unsaid;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP
