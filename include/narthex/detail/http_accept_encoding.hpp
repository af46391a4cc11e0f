// narthex/detail/http_accept_encoding.hpp - whether a client takes gzip, by its Accept-Encoding.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP
#define NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP

#include <cstddef>

#include "narthex/config.hpp"
#include "narthex/detail/ascii.hpp"
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
    for (;;) {
      const std::size_t comma = find_char(list, ',');
      read_one(list.first(comma));
      if (comma == list.size()) return;
      list = list.from(comma + 1);
    }
  }
  /// Accepted, and not less than the body as it is.
  bool takes_gzip() const noexcept {
    const int weight = gzip_ == unsaid ? any_ : gzip_;
    return weight > 0 && weight >= identity_;
  }

 private:
  enum : int { unsaid = -1 };

  void read_one(string_view one) noexcept {
    const std::size_t end = find_char(one, ';');
    const string_view name = trim_blanks(one.first(end));
    const int weight = end == one.size() ? 1000 : weight_of(trim_blanks(one.from(end + 1)));
    if (same_word(name, "gzip") || same_word(name, "x-gzip")) gzip_ = weight;
    else if (same_word(name, "identity")) identity_ = weight;
    else if (name == "*") any_ = weight;
  }
  /// "q=0.5" in thousandths; 0 for anything else.
  static int weight_of(string_view text) noexcept {
    if (text.size() < 3 || text.size() > 7 || (text[0] != 'q' && text[0] != 'Q') || text[1] != '=') return 0;
    int weight = 0, digit = 1000;
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (i == 3 ? text[i] != '.' : !is_digit(text[i])) return 0;
      if (i == 3) continue;
      weight += (text[i] - '0') * digit;
      digit /= 10;
    }
    return weight <= 1000 ? weight : 0;
  }

  int gzip_ = unsaid, any_ = unsaid, identity_ = unsaid;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ACCEPT_ENCODING_HPP
