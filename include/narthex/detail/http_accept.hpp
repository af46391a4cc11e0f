// narthex/detail/http_accept.hpp - which format a client gets, by its Accept.
// Room: balconies. Read exposition_format.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_ACCEPT_HPP
#define NARTHEX_DETAIL_HTTP_ACCEPT_HPP

#include "narthex/config.hpp"
#include "narthex/detail/exposition_format.hpp"
#include "narthex/detail/http_syntax.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// A scheme's name in a Content-Type.
inline const char* word_of(name_escaping scheme) noexcept {
  switch (scheme) {
    case name_escaping::allow_utf_8: return "allow-utf-8";
    case name_escaping::dots: return "dots";
    case name_escaping::values: return "values";
    case name_escaping::underscores: break;
  }
  return "underscores";
}

/// The format of an answer, and how it announces itself.
struct format_choice {
  const exposition_format* format;
  const char* content_type;
  name_escaping names;
  bool says_names;  // the Content-Type ends in the scheme's word
  bool varies;      // another client might get another one

  format_choice(const exposition_format& chosen, const char* type, name_escaping asked) noexcept
      : format(&chosen), content_type(type), names(chosen.names), says_names(string_view(type).ends_with("escaping=")), varies(false) {
    if (says_names) names = asked;
  }
};

/// Of what a client asks for, the most welcome that is offered; text 0.0.4 when that is nothing. Never a refusal: whoever
/// asks without knowing is shown what there is.
///
/// Cost: one pass over the header, whatever it says.
/// Source: RFC 9110, 12.5.1; the headers that Prometheus 2.0 to 3.14 sends.
class http_accept {
 public:
  /// offered: `count` formats, null where there are fewer.
  http_accept(const exposition_format& text, const exposition_format* const* offered, unsigned count) noexcept
      : text_(text), offered_(offered), count_(count), weight_(0),
        best_(text, text.versions[0].content_type, name_escaping::underscores) {}

  /// Reads one header line; further lines add to it.
  void read(string_view list) noexcept {
    for (http_element one; one.next(list);) {
      const unsigned weight = one.weight();
      if (weight <= weight_) continue;  // the first of two equally welcome ones
      if (one.name == "*/*" || same_word(one.name, "text/*")) {
        weight_ = weight;
        best_ = format_choice(text_, text_.versions[0].content_type, name_escaping::underscores);
      } else if (!consider(text_, one, weight)) {
        for (unsigned i = 0; i < count_ && offered_[i]; ++i) {
          if (!offered_[i]->ending && consider(*offered_[i], one, weight)) break;
        }
      }
    }
  }
  const format_choice& best() const noexcept { return best_; }

 private:
  bool consider(const exposition_format& f, const http_element& one, unsigned weight) noexcept {
    if (!same_word(one.name, f.media_type)) return false;
    string_view value;
    for (const exposition_format::parameter& p : f.needs) {
      if (p.name && (!one.find(p.name, value) || !same_word(value, p.value))) return false;
    }
    const bool any = !one.find("version", value);
    const name_escaping scheme = escaping_of(one);
    const exposition_format::version* found = nullptr;
    for (const exposition_format::version& v : f.versions) {
      if (!v.content_type || !(any || same_word(value, v.asked ? v.asked : ""))) continue;
      if (!found || (v.asked == found->asked && scheme != name_escaping::underscores)) found = &v;
    }
    if (!found) return false;
    weight_ = weight;
    best_ = format_choice(f, found->content_type, scheme);
    return true;
  }
  static name_escaping escaping_of(const http_element& one) noexcept {
    string_view value;
    if (one.find("escaping", value)) {
      for (name_escaping scheme : {name_escaping::allow_utf_8, name_escaping::dots, name_escaping::values}) {
        if (same_word(value, word_of(scheme))) return scheme;
      }
    }
    return name_escaping::underscores;
  }

  const exposition_format& text_;
  const exposition_format* const* offered_;
  unsigned count_, weight_;
  format_choice best_;
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_ACCEPT_HPP
