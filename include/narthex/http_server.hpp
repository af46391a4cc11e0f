// narthex/http_server.hpp - answers GET /metrics; serve_once() needs no thread, handle() no socket.
// Room: balconies. Read text_format.hpp and os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_HTTP_SERVER_HPP
#define NARTHEX_HTTP_SERVER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "narthex/config.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/http.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/os/thread.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"
#include "narthex/text_format.hpp"

NARTHEX_BEGIN_NAMESPACE

/// How an http_server behaves; every default suits a program that just wants to be scraped.
struct http_server_options {
  enum : std::size_t { max_path = 64, max_head = 8192 };

  /// Where the metrics are. Begins with '/', at most max_path bytes.
  string_view path = "/metrics";
  /// What a request line with its headers may take, up to max_head. Prometheus sends about 500 bytes.
  std::size_t max_head_bytes = max_head;
  /// How long a client may take for its request. Below Prometheus' scrape timeout of 10 s, because one
  /// connection is served at a time: a silent one must not cost a scrape.
  int request_timeout_ms = 3000;
  /// How long a client may take for the whole answer.
  int response_timeout_ms = 10000;
  /// Who serves: a thread of the server's own, or the program by calling serve_once().
  enum class runs { in_background, in_serve_once } serving = runs::in_background;

  http_server_options& set_path(string_view value) noexcept {
    path = value;
    return *this;
  }
  http_server_options& set_max_head_bytes(std::size_t bytes) noexcept {
    max_head_bytes = bytes;
    return *this;
  }
  http_server_options& set_request_timeout_ms(int ms) noexcept {
    request_timeout_ms = ms;
    return *this;
  }
  http_server_options& set_response_timeout_ms(int ms) noexcept {
    response_timeout_ms = ms;
    return *this;
  }
  http_server_options& without_thread() noexcept {
    serving = runs::in_serve_once;
    return *this;
  }
};

/// Serves a registry's metrics over HTTP, from construction to destruction.
///
///   nx::http_server server{":9464"};                                    // every interface, a thread of its own
///   if (!server.ok()) std::fputs(server.error(), stderr);               // the program goes on without
///
/// registry: lives longer than the server.
/// address: ":9464" every interface, "127.0.0.1:0" this host and any free port, "[::1]:9464", "localhost:9464".
///          Numeric addresses and "localhost" only: nothing is looked up.
/// Threads: construct and destroy in one thread; the rest from any. The thread answers one client at a time;
///          callbacks of the registry run in it. More than one may call serve_once() at the same time.
/// Memory:  inside the object, and about 40 kB of stack while a request is served; nothing is allocated.
/// Errors:  kept in why(), with the system's words in error(). Nothing aborts, throws, or touches the process:
///          no signal is handled or raised, and the thread takes none that was meant for the program.
/// Source:  RFC 9112 (HTTP/1.1); Prometheus, "Exposition formats".
class http_server {
 public:
  explicit http_server(string_view address, const http_server_options& options = http_server_options()) noexcept
      : http_server(default_registry(), address, options) {}
  http_server(registry_core& registry, string_view address,
              const http_server_options& options = http_server_options()) noexcept;
  /// Stops at once: an answer that waits for its client is broken off.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  bool ok() const noexcept { return why_.ok(); }
  /// ":9464: Address already in use"; "" when ok.
  const char* error() const noexcept { return error_; }
  const status& why() const noexcept { return why_; }
  /// Where it listens: the system's choice for port 0. 0 when not ok.
  std::uint16_t port() const noexcept { return port_; }
  /// The listening socket, for a select() or poll() of the program's own; readable: serve_once(0) has work.
  std::intptr_t native_handle() const noexcept { return listener_.handle(); }

  /// Waits for a client, answers it, closes.
  ///
  /// timeout_ms: how long to wait for one; negative: for ever. The options bound what comes after.
  /// Returns: ok: answered, be it with a 404. errc::timeout: "accept": nobody came; "read", "write": the client
  ///          was too slow. errc::closed: it went away, or this server did. errc::system: what the system said.
  status serve_once(int timeout_ms);

  /// Answers one request, on whatever transport it came.
  ///
  /// request: the request line and the headers, with the empty line that ends them; what follows is ignored.
  /// out:     takes the whole response, frame and body, in order.
  /// Returns: not ok: the response is cut short; break the connection off, so that nobody takes it for whole.
  static status handle(registry_core& registry, string_view request, const sink& out,
                       const http_server_options& options = http_server_options()) {
    return answer(registry, request, out, options, 9464);
  }
  static status handle(string_view request, const sink& out,
                       const http_server_options& options = http_server_options()) {
    return answer(default_registry(), request, out, options, 9464);
  }

 private:
  enum : int { drain_ms = 500 };  // for the client's own close; a round trip, and a client that is busy

  struct outlet;
  struct words;
  struct page;
  static status answer(registry_core& registry, string_view text, const sink& out, const http_server_options& options,
                       std::uint16_t port) {
    detail::http_request request;
    request.read(text, options.max_head_bytes);
    return answer(registry, request, out, options, port);
  }
  static status answer(registry_core& registry, const detail::http_request& request, const sink& out,
                       const http_server_options& options, std::uint16_t port);
  static void run(void* self);
  status serve(os::socket& peer);
  status start(string_view address) noexcept;
  void refuse(const status& reason) noexcept;

  registry_core& registry_;
  http_server_options options_;
  status why_;
  std::uint16_t port_;
  os::wakeup wakeup_;
  os::socket listener_;
  os::thread thread_;
  char path_[http_server_options::max_path];
  char error_[status::max_message];
};

// ---- bodies ----

/// One sentence about a refusal, as plain text.
struct http_server::words {
  int code;
  string_view path;
  string_view detail;
  void operator()(detail::http_response& r) const {
    switch (code) {
      case 404:
        r.put("There is nothing here; the metrics are at ");
        r.put(path);
        break;
      case 405: r.put("Only GET and HEAD are answered here"); break;
      case 408: r.put("The request did not arrive in time"); break;
      case 414: r.put("The request line is too long"); break;
      case 431: r.put("The request headers are too long"); break;
      case 500:
        r.put("The metrics could not be written: ");
        r.put(detail);
        break;
      case 505: r.put("Only HTTP/1.0 and HTTP/1.1 are spoken here"); break;
      default: r.put("The request is not valid HTTP"); break;
    }
    r.put(".\n");
  }
};

/// The page for people who open the address in a browser.
struct http_server::page {
  string_view path;
  string_view host;  // as the browser reached us: what Prometheus will need, too
  std::uint16_t port;
  void operator()(detail::http_response& r) const {
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

inline status http_server::answer(registry_core& registry, const detail::http_request& request, const sink& out,
                                  const http_server_options& options, std::uint16_t port) {
  detail::http_response r(out, request);
  status s;
  if (request.code != 200) {
    const words body = {request.code, options.path, string_view()};
    r.whole(request.code, "text/plain; charset=utf-8", body);
  } else if (request.path == options.path) {
    if (request.wants_body) {
      const sink chunks = {&detail::http_response::chunk, &r};
      s = write_text(registry, chunks);
    }
    if (s.ok()) {
      r.end_metrics();
    } else if (!r.begun()) {
      char text[status::max_message];
      const words body = {500, options.path, string_view(text, s.message(text, sizeof text))};
      r.whole(500, "text/plain; charset=utf-8", body);
      s = status();
    }
  } else if (request.path == "/") {
    const page body = {options.path, request.host, port};
    r.whole(200, "text/html; charset=utf-8", body);
  } else {
    const words body = {404, options.path, string_view()};
    r.whole(404, "text/plain; charset=utf-8", body);
  }
  return r.broken() ? status(errc::closed, "response") : s;
}

/// Makes full buffers of small pieces: each call of the system may become a packet.
struct http_server::outlet {
  os::socket& peer;
  os::deadline until;
  status result;
  std::size_t used;
  char buffer[8192];

  outlet(os::socket& to, const os::deadline& end) noexcept : peer(to), until(end), used(0) {}
  bool flush() noexcept {
    if (result.ok()) result = peer.write(buffer, used, until);
    used = 0;
    return result.ok();
  }
  static bool write(void* self, const char* data, std::size_t size) {
    outlet& o = *static_cast<outlet*>(self);
    while (size > 0) {
      const std::size_t room = sizeof o.buffer - o.used;
      const std::size_t part = size < room ? size : room;
      std::memcpy(o.buffer + o.used, data, part);
      o.used += part;
      data += part;
      size -= part;
      if (o.used == sizeof o.buffer && !o.flush()) return false;
    }
    return true;
  }
};

inline status http_server::serve(os::socket& peer) {
  char text[http_server_options::max_head];
  std::size_t n = 0;
  detail::http_request request;
  const os::deadline head_until(options_.request_timeout_ms, wakeup_);
  for (;;) {
    std::size_t got = 0;
    const status s = peer.read(text + n, options_.max_head_bytes - n, got, head_until);
    if (s.code() == errc::timeout && n > 0) {
      request.code = 408;
      break;
    }
    if (!s.ok()) return s;
    if (got == 0 && n == 0) return status(errc::closed, "read");  // somebody looked whether the port is open
    n += got;
    const bool new_line = got > 0 && std::memchr(text + n - got, '\n', got);
    if (got == 0 || n == options_.max_head_bytes || (new_line && request.is_complete(string_view(text, n)))) {
      request.read(string_view(text, n), options_.max_head_bytes);
      break;
    }
  }
  outlet o(peer, os::deadline(options_.response_timeout_ms, wakeup_));
  const sink out = {&outlet::write, &o};
  const status s = answer(registry_, request, out, options_, port_);
  if (s.ok() && o.flush()) {
    peer.finish(os::deadline(drain_ms, wakeup_));
    return s;
  }
  peer.reset();
  return o.result.ok() ? s : o.result;
}

inline status http_server::serve_once(int timeout_ms) {
  if (!ok()) return why_;
  os::socket peer;
  const status s = listener_.accept(peer, os::deadline(timeout_ms, wakeup_));
  return s.ok() ? serve(peer) : s;
}

inline void http_server::run(void* self) {
  http_server& server = *static_cast<http_server*>(self);
  int pause_ms = 0;
  while (!server.wakeup_.rung_within(pause_ms)) {
    // Out of descriptors, say: the next accept would say the same at once, for ever.
    pause_ms = server.serve_once(-1).code() == errc::system ? 100 : 0;
  }
}

inline http_server::http_server(registry_core& registry, string_view address,
                                const http_server_options& options) noexcept
    : registry_(registry), options_(options), port_(0) {
  error_[0] = '\0';
  const status s = start(address);
  if (!s.ok()) refuse(s);
}

inline status http_server::start(string_view address) noexcept {
  const string_view path = options_.path;
  if (path.empty() || path[0] != '/' || path.size() > sizeof path_) return status(errc::bad_address, path);
  std::memcpy(path_, path.data(), path.size());
  options_.path = string_view(path_, path.size());
  if (options_.max_head_bytes > http_server_options::max_head) options_.max_head_bytes = http_server_options::max_head;

  string_view host;
  std::uint16_t wanted = 0;
  if (!os::split_address(address, host, wanted)) return status(errc::bad_address, address);
  status s = listener_.listen(host, wanted);
  if (s.code() == errc::system) return status(errc::system, address, s.number());
  if (!s.ok()) return status(s.code(), address);
  port_ = listener_.local_port();
  if (options_.serving == http_server_options::runs::in_serve_once) return s;
  s = wakeup_.open();
  return s.ok() ? thread_.start(&run, this) : s;  // the thread reads why_, which is written only if there is none
}

inline http_server::~http_server() {
  if (!thread_.running()) return;
  wakeup_.ring();
  thread_.join();
}

/// Keeps the reason, and for people "address: the system's words".
inline void http_server::refuse(const status& reason) noexcept {
  listener_.close();
  port_ = 0;
  why_ = reason;
  why_.message(error_, sizeof error_);
  char words_of_system[128];
  const os::error e = {static_cast<int>(reason.number())};
  if (reason.code() != errc::system || e.words(words_of_system, sizeof words_of_system) == 0) return;
  std::size_t n = 0;
  for (const char* part : {why_.subject(), ": ", static_cast<const char*>(words_of_system)}) {
    while (*part && n + 1 < sizeof error_) error_[n++] = *part++;
  }
  error_[n] = '\0';
}

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HTTP_SERVER_HPP
