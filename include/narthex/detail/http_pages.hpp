// narthex/detail/http_pages.hpp - what people read: the page at /, and one sentence about each refusal.
// Room: balconies. SPDX-License-Identifier: MIT
#ifndef NARTHEX_DETAIL_HTTP_PAGES_HPP
#define NARTHEX_DETAIL_HTTP_PAGES_HPP

#include <cstdint>

#include "narthex/config.hpp"
#include "narthex/detail/http_response.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE
namespace detail {

/// One sentence about a refusal, as plain text.
struct http_words {
  int code;
  string_view path;
  unsigned limit;
  void operator()(http_response& r) const {
    switch (code) {
      case 401: r.put("This needs credentials"); break;
      case 404:
        r.put("There is nothing here; the metrics are at ");
        r.put(path);
        break;
      case 405: r.put("Only GET and HEAD are answered here"); break;
      case 408: r.put("The request did not arrive in time"); break;
      case 413: r.put("The request body is too long"); break;
      case 414: r.put("The request line is too long"); break;
      case 431: r.put("The request headers are too long"); break;
      case 501: r.put("A request's body must have a Content-Length"); break;
      case 503:
        r.put("Too many clients at once; the limit is ");
        r.put_number(limit, 10);
        break;
      case 505: r.put("Only HTTP/1.0 and HTTP/1.1 are spoken here"); break;
      default: r.put("The request is not valid HTTP"); break;
    }
    r.put(".\n");
  }
};

/// The page for people who open the address in a browser.
struct http_page {
  string_view path;
  string_view host;  // as the browser reached us: what Prometheus will need, too
  std::uint16_t port;
  void operator()(http_response& r) const {
    r.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Metrics</title>\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
          "<style>\nbody { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em; }\n"
          "pre { padding: 1em; overflow: auto; border-radius: 6px; background: rgba(128, 128, 128, 0.15); }\n"
          "footer { color: gray; font-size: 14px; }\n</style>\n</head>\n<body>\n<h1>Metrics</h1>\n"
          "<p>This program shows its metrics to Prometheus at <a href=\"");
    r.put_html(path.empty() ? path : path.from(1));  // relative: right behind a proxy's prefix, too
    r.put("\">");
    r.put_html(path);
    r.put("</a>.</p>\n<p>To collect them, add this to <code>prometheus.yml</code>:</p>\n"
          "<pre>scrape_configs:\n  - job_name: my-program\n");
    if (path != "/metrics") {
      r.put("    metrics_path: ");
      r.put_html(path);
      r.put("\n");
    }
    r.put("    static_configs:\n      - targets: [\"");
    if (host.empty()) {
      r.put("localhost:");
      r.put_number(port, 10);
    } else {
      r.put_html(host);
    }
    r.put("\"]\n</pre>\n<footer>narthex ");
    r.put_number(NARTHEX_VERSION_MAJOR, 10);
    r.put(".");
    r.put_number(NARTHEX_VERSION_MINOR, 10);
    r.put(".");
    r.put_number(NARTHEX_VERSION_PATCH, 10);
    r.put("</footer>\n</body>\n</html>\n");
  }
};

/// What monitors of the program itself ask for.
struct http_healthy {
  void operator()(http_response& r) const { r.put("OK\n"); }
};

}  // namespace detail
NARTHEX_END_NAMESPACE

#endif  // NARTHEX_DETAIL_HTTP_PAGES_HPP
