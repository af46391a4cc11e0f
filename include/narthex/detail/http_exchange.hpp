// narthex/detail/http_exchange.hpp - one request answered, a part at a time; no socket.
// Room: balconies. Read http_request.hpp and http_response.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_EXCHANGE_HPP
#define NARTHEX_DETAIL_HTTP_EXCHANGE_HPP

#include <cstddef>
#include <cstdint>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/content_coding.hpp"
#include "narthex/detail/exposition_format.hpp"
#include "narthex/detail/http_accept.hpp"
#include "narthex/detail/http_formats.hpp"
#include "narthex/detail/http_metrics.hpp"
#include "narthex/detail/http_pages.hpp"
#include "narthex/detail/http_request.hpp"
#include "narthex/detail/http_response.hpp"
#include "narthex/detail/scrape_clock.hpp"
#include "narthex/detail/http_server_options.hpp"
#include "narthex/detail/memory.hpp"
#include "narthex/detail/name_query.hpp"
#include "narthex/detail/shown_names.hpp"
#include "narthex/detail/write_all.hpp"
#include "narthex/sink.hpp"
#include "narthex/string_view.hpp"
#include "narthex/text_format.hpp"
#include "narthex/walk.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// What all exchanges of a server have in common.
struct http_site {
  registry_core& registry;
  const http_server_options& options;
  std::uint16_t port;
  http_metrics* own;                // null: none
  shared<std::uint32_t> in_flight;  // exchanges that are writing metrics
  std::int64_t (*clock_ms)();
  scrape_clock scraped;

  http_site(registry_core& served, const http_server_options& how, std::uint16_t at, std::int64_t (*clock)()) noexcept
      : registry(served), options(how), port(at), own(nullptr), in_flight(0), clock_ms(clock) {}
};

/// The answer to one request. Metrics are written series by series, so that a client who takes them slowly holds up
/// nobody: whenever bytes have come out, the walk rests, and nothing waits for this scrape.
///
/// Memory: 19 KB in place; compressed metrics ask for 71 KB more.
class http_exchange {
 public:
  /// The site must outlive it, the request's text must stay as it is.
  http_exchange(http_site& site, const http_request& request, const sink& out) noexcept
      : site_(site), request_(request), response_(out, request_), coder_(nullptr), scrape_(nullptr), is_metrics_(false) {}
  ~http_exchange() { end_scrape(); }
  http_exchange(const http_exchange&) = delete;
  http_exchange& operator=(const http_exchange&) = delete;

  /// Writes the answer, or its beginning.
  void begin() {
    if (request_.code != 200) return refuse(request_.code, site_.options.max_connections);
    if (!site_.options.access.admits(request_.authorization)) return refuse(401);
    format_choice chosen = text_0_0_4();
    if (site_.options.formats.choose(request_, site_.options.path, chosen)) return begin_metrics(chosen);
    if (request_.path == "/-/healthy") return response_.whole(200, "text/plain; charset=utf-8", "", http_healthy());
    if (request_.path != "/") return refuse(404);
    const http_page body = {site_.options.path, request_.host, site_.port};
    response_.whole(200, "text/html; charset=utf-8", "", body);
  }
  /// Writes the next series, which may or may not come out yet; false after the last.
  bool more() {
    if (!scrape_) return false;
    scrape& s = *scrape_;
    if (s.chunks.is_open() && s.series.next()) {
      const sample& now = s.series.now();
      const sample* const shown = s.shown.of(now);
      if (now.starts_family) s.wanted = s.names.wants(now) || (shown && shown != &now && s.names.wants(*shown));
      if (s.wanted && shown) s.format->write(s.writer, *shown);
      return true;
    }
    if (s.chunks.is_open()) s.format->end(s.writer);
    s.chunks.flush();
    if (s.chunks.is_open() && (!coder_ || site_.options.coding->end(coder_))) response_.end_metrics();
    end_scrape();
    return false;
  }
  /// Whether its reader would take no more: the answer is cut short.
  bool broken() const noexcept { return response_.broken(); }
  bool keeps_alive() const noexcept { return request_.keep_alive; }
  bool is_scrape() const noexcept { return is_metrics_ && response_.code() == 200; }
  int code() const noexcept { return response_.code(); }

 private:
  struct scrape {
    name_query names;
    bool wanted;
    walk series;
    shown_names shown;
    sink frames;
    chunk_writer chunks;
    const exposition_format* format;
    bool has_writer;
    alignas(std::uint64_t) unsigned char writer[exposition_format::most_bytes];
    char chunk[chunk_bytes];

    scrape(registry_core& registry, string_view query, const sink& to, const exposition_format& shown_as, name_escaping scheme) noexcept
        : names(query), wanted(true), series(registry), shown(registry, scheme), frames(to), chunks(frames, series, chunk, chunk_bytes),
          format(&shown_as), has_writer(false) {}
    ~scrape() {
      if (has_writer && format->drop) format->drop(writer);
    }
    bool begin() { return has_writer = format->bytes <= sizeof writer && format->begin(writer, chunks); }
  };

  void refuse(int status_code, unsigned limit = 0) {
    const http_words body = {status_code, site_.options.path, limit};
    const char* headers = "";
    if (status_code == 405) headers = "Allow: GET, HEAD\r\n";
    if (status_code == 401) {
      headers = site_.options.access.has_basic() ? "WWW-Authenticate: Basic realm=\"metrics\", charset=\"UTF-8\"\r\n"
                                              : "WWW-Authenticate: Bearer realm=\"metrics\"\r\n";
    }
    response_.whole(status_code, "text/plain; charset=utf-8", headers, body);
  }

  static format_choice text_0_0_4() noexcept {
    const exposition_format& text = text_exposition<void>::legacy;
    return format_choice(text, text.versions[0].content_type, text.names);
  }

  void begin_metrics(const format_choice& chosen) {
    is_metrics_ = true;
    const content_coding* const coding = NARTHEX_HAS(HEAP) ? site_.options.coding : nullptr;
    const bool coded = coding && request_.encodings.takes_gzip();
    if (coded) response_.code_metrics(coding->name);
    describe(chosen);
    if (!request_.wants_body) return response_.end_metrics();
    if (site_.in_flight.fetch_add(1, memory_order_relaxed) >= site_.options.max_requests_in_flight) {
      site_.in_flight.fetch_sub(1, memory_order_relaxed);
      return refuse(503, site_.options.max_requests_in_flight);
    }
    sink body = {&http_response::chunk, &response_};
#if NARTHEX_HAS(HEAP)
    if (coded) coder_ = allocate(coding->bytes);
    if (coded && coder_) body = coding->begin(coder_, body);
    else response_.code_metrics(nullptr);
#endif
    begin_scrape(chosen, body);
    if (scrape_->begin()) return;
    // No memory for that format. Text needs none.
    scrape_->~scrape();
    format_choice plain = text_0_0_4();
    plain.varies = chosen.varies;
    describe(plain);
    begin_scrape(plain, body);
    static_cast<void>(scrape_->begin());
  }
  void begin_scrape(const format_choice& chosen, const sink& body) {
    scrape_ = new (&room_) scrape(site_.registry, request_.query, body, *chosen.format, chosen.names);
#if NARTHEX_HAS(HEAP)
    const int patience = request_.scrape_timeout_ms;
    if (patience >= 0) scrape_->series.wait_until(site_.clock_ms, site_.clock_ms() + patience);
#endif
  }
  void describe(const format_choice& chosen) noexcept {
    const bool coding = NARTHEX_HAS(HEAP) && site_.options.coding;
    response_.describe_metrics(chosen.content_type, chosen.says_names ? word_of(chosen.names) : "",
                               chosen.varies && coding ? "Accept, Accept-Encoding" : chosen.varies ? "Accept" : coding ? "Accept-Encoding" : nullptr);
  }
  void end_scrape() noexcept {
    if (!scrape_) return;
    scrape_->~scrape();
    scrape_ = nullptr;
#if NARTHEX_HAS(HEAP)
    release(coder_);
    coder_ = nullptr;
#endif
    site_.in_flight.fetch_sub(1, memory_order_relaxed);
  }

  http_site& site_;
  const http_request request_;
  http_response response_;
  void* coder_;  // null: metrics go out as they are
  scrape* scrape_;
  bool is_metrics_;
  alignas(scrape) unsigned char room_[sizeof(scrape)];
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_EXCHANGE_HPP
