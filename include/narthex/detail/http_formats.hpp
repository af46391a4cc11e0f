// narthex/detail/http_formats.hpp - the formats of an endpoint: text, and what is offered beside it.
// Room: balconies. Read http_accept.hpp and http_request.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_FORMATS_HPP
#define NARTHEX_DETAIL_HTTP_FORMATS_HPP

#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/exposition_format.hpp"
#include "narthex/detail/http_accept.hpp"
#include "narthex/detail/http_request.hpp"
#include "narthex/detail/utf8_names.hpp"
#include "narthex/string_view.hpp"
#include "narthex/text_format.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// Text as a format among others. Version 1.0.0 is 0.0.4 with UTF-8 names, and offered where there are any.
template <class Once>
struct text_exposition {
  static bool begin(void* memory, chunk_writer& out) { return new (memory) text_writer(out), true; }
  static void write(void* memory, const sample& s) { static_cast<text_writer*>(memory)->write(s); }
  static void end(void*) {}
  static_assert(sizeof(text_writer) <= exposition_format::most_bytes, "its place is there");
  static const exposition_format legacy, with_utf8_names;
};
template <class Once>
const exposition_format text_exposition<Once>::legacy = {
    "text/plain", {{nullptr, nullptr}, {nullptr, nullptr}},
    {{"0.0.4", "text/plain; version=0.0.4; charset=utf-8"}, {nullptr, nullptr}},
    name_escaping::underscores, nullptr, sizeof(text_writer), &begin, &write, &end, nullptr};
template <class Once>
const exposition_format text_exposition<Once>::with_utf8_names = {
    "text/plain", {{nullptr, nullptr}, {nullptr, nullptr}},
    {{"0.0.4", "text/plain; version=0.0.4; charset=utf-8"}, {"1.0.0", "text/plain; version=1.0.0; charset=utf-8; escaping="}},
    name_escaping::underscores, nullptr, sizeof(text_writer), &begin, &write, &end, nullptr};

/// What is offered beside text. Who offers nothing in a build without a heap, where there are no UTF-8 names either, links no
/// negotiation.
struct format_offers {
  enum : unsigned { most = 4 };
  const exposition_format* list[most] = {};  // null: no more

  void add(const exposition_format& format) noexcept {
    unsigned i = 0;
    while (i + 1 < most && list[i] && list[i] != &format) ++i;
    list[i] = &format;
#if !NARTHEX_HAS(HEAP)
    choose_ = &choose;
#endif
  }

  /// The answer to a request for the metrics, which are at `path`; false when it is not for them.
  bool choose(const http_request& request, string_view path, format_choice& chosen) const {
#if NARTHEX_HAS(HEAP)
    return choose(*this, request, path, chosen);
#else
    return choose_ ? choose_(*this, request, path, chosen) : request.path == path;
#endif
  }

 private:
  static bool choose(const format_offers& offers, const http_request& request, string_view path, format_choice& chosen) {
    if (request.path == path) {
      const bool utf8 = utf8_in_use() != nullptr;
      http_accept accept(utf8 ? text_exposition<void>::with_utf8_names : text_exposition<void>::legacy, offers.list, most);
      request.each("accept", [&accept](string_view list_of_types) { accept.read(list_of_types); });
      chosen = accept.best();
      chosen.varies = utf8;
      for (const exposition_format* f : offers.list) chosen.varies = chosen.varies || (f && !f->ending);
      return true;
    }
    if (request.path.size() < path.size() || request.path.first(path.size()) != path) return false;
    for (const exposition_format* f : offers.list) {
      if (!f || !f->ending || request.path.from(path.size()) != f->ending) continue;
      chosen = format_choice(*f, f->versions[0].content_type, f->names);
      return true;
    }
    return false;
  }
#if !NARTHEX_HAS(HEAP)
  bool (*choose_)(const format_offers&, const http_request&, string_view, format_choice&) = nullptr;
#endif
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_FORMATS_HPP
