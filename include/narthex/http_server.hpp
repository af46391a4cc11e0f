// narthex/http_server.hpp - answers GET /metrics; serve_once() needs no thread, handle() no socket.
// Room: balconies. Read detail/http_exchange.hpp and os/socket.hpp first. SPDX-License-Identifier: MIT
#ifndef NARTHEX_HTTP_SERVER_HPP
#define NARTHEX_HTTP_SERVER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>

#include "narthex/config.hpp"
#include "narthex/detail/default_registry.hpp"
#include "narthex/detail/http_clients.hpp"
#include "narthex/detail/http_connection.hpp"
#include "narthex/detail/http_exchange.hpp"
#include "narthex/detail/http_metrics.hpp"
#include "narthex/detail/http_server_options.hpp"
#include "narthex/detail/scrape_clock.hpp"
#include "narthex/os/error.hpp"
#include "narthex/os/socket.hpp"
#include "narthex/os/thread.hpp"
#include "narthex/process_collector.hpp"
#include "narthex/sink.hpp"
#include "narthex/status.hpp"
#include "narthex/string_view.hpp"

NARTHEX_BEGIN_NAMESPACE

#if NARTHEX_HAS(METRICS)
/// Serves a registry's metrics over HTTP, from construction to destruction.
///
///   nx::http_server server{":9464"};                                    // every interface, a thread of its own
///   if (!server.ok()) std::fputs(server.error(), stderr);               // the program goes on without
///
/// It answers GET and HEAD: the metrics at options.path, all or those asked for by name[]=family; "OK" at /-/healthy; a
/// page for people at /. One thread serves all clients and waits for none of them; callbacks of the registry run in
/// it, one scrape after the other.
///
/// registry: lives longer than the server. A server of the default registry installs the standard process metrics there.
/// address: ":9464" every interface, "127.0.0.1:0" this host and any free port, "[::1]:9464", "localhost:9464",
///          "unix:/run/app.sock". Numeric addresses and "localhost" only: nothing is looked up.
/// Threads: construct and destroy in one thread; the rest from any. More than one may call serve_once() at the same time.
/// Memory:  2 KB in place; in the background 28 KB for each connected client (NARTHEX_HEAP=0: one client at a time, on the
///          thread's stack), and for one that takes its page slowly 8 KB and one series' text.
/// Errors:  kept in why(), with the system's words in error(): errc::address_in_use, no_permission, bad_address,
///          too_many_descriptors, bad_credentials, no_memory, unsupported, system. Nothing aborts, throws, or touches the process:
///          no signal is handled or raised, and the thread takes none that was meant for the program.
/// Source:  RFC 9112 (HTTP/1.1); Prometheus, "Exposition formats".
class http_server {
 public:
  explicit http_server(string_view address, const http_server_options& options = http_server_options()) noexcept
      : http_server(default_registry(), address, options) {}
  http_server(registry_core& registry, string_view address,
              const http_server_options& options = http_server_options()) noexcept;
  /// Takes no further client, gives answers that have begun options.stop_timeout_ms to arrive, and breaks off the rest.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  bool ok() const noexcept { return why_.ok(); }
  /// ":9464: Address already in use"; "" when ok.
  const char* error() const noexcept { return error_; }
  const status& why() const noexcept { return why_; }
  /// Where it listens: the system's choice for port 0. 0 when not ok, and for a Unix socket.
  std::uint16_t port() const noexcept { return site_.port; }
  /// The listening socket, for a select() or poll() of the program's own; readable: serve_once(0) has work.
  std::intptr_t native_handle() const noexcept { return listener_.handle(); }

  /// When it was last scraped, for periodic_pusher_options::unless_scraped(). Lives as long as the server.
  const detail::scrape_clock& last_scrape() const noexcept { return site_.scraped; }

  /// Waits for a client, answers it, closes.
  ///
  /// timeout_ms: how long to wait for one; negative: for ever. The options bound what comes after.
  /// Returns: ok: answered, be it with a 404. errc::timeout: "accept": nobody came; "read", "write": the client
  ///          was too slow. errc::closed: it went away, or this server did. Others: what the system said.
  status serve_once(int timeout_ms);

  /// Answers one request, on whatever transport it came; then close that.
  ///
  /// request: the request line and the headers, with the empty line that ends them; what follows is ignored.
  /// out:     takes the whole response, frame and body, in order.
  /// Returns: not ok: the response is cut short; break the connection off, so that nobody takes it for whole.
  static status handle(registry_core& registry, string_view request, const sink& out,
                       const http_server_options& options = http_server_options());
  static status handle(string_view request, const sink& out,
                       const http_server_options& options = http_server_options()) {
    return handle(default_registry(), request, out, options);
  }

 private:
  static void run(void* self);
  status start(string_view address) noexcept;
  void refuse(const status& reason) noexcept;

  http_server_options options_;
  status why_;
  detail::http_site site_;
  os::wakeup wakeup_;
  os::socket_file file_;
  os::socket listener_;
  os::thread thread_;
  char path_[http_server_options::max_path];
  char error_[status::max_message];
  alignas(detail::http_metrics) unsigned char own_[sizeof(detail::http_metrics)];
};

#else  // compiled out: it listens nowhere, has no thread, and is ok, so that no program ends for want of a port

class NARTHEX_DETAIL_IDLE http_server {
 public:
  explicit http_server(string_view, const http_server_options& = http_server_options()) noexcept {}
  http_server(registry_core&, string_view, const http_server_options& = http_server_options()) noexcept {}
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  bool ok() const noexcept { return true; }
  const char* error() const noexcept { return ""; }
  const status& why() const noexcept {
    static const status fine;
    return fine;
  }
  std::uint16_t port() const noexcept { return 0; }
  const detail::scrape_clock& last_scrape() const noexcept {
    static const detail::scrape_clock never;
    return never;
  }
  std::intptr_t native_handle() const noexcept { return -1; }
  /// Waits, as nobody comes: a loop that has its pace from here keeps it.
  status serve_once(int timeout_ms) {
    os::poll_set nobody;
    nobody.wait(timeout_ms);
    return status(errc::timeout, "accept");
  }
  static status handle(registry_core& registry, string_view request, const sink& out,
                       const http_server_options& options = http_server_options());
  static status handle(string_view request, const sink& out, const http_server_options& options = http_server_options()) {
    return handle(default_registry(), request, out, options);
  }
};

#endif  // NARTHEX_HAS(METRICS)

// ---- bodies ----

inline status http_server::handle(registry_core& registry, string_view text, const sink& out,
                                  const http_server_options& options) {
  detail::http_request request;
  request.read(text, options.max_head_bytes);
  request.keep_alive = false;
  detail::http_site site(registry, options, 9464, NARTHEX_HAS(HEAP) ? &os::monotonic_ms : nullptr);  // for collectors
  detail::http_exchange exchange(site, request, out);
  exchange.begin();
  while (exchange.more()) continue;
  return exchange.broken() ? status(errc::closed, "response") : status();
}

#if NARTHEX_HAS(METRICS)
inline status http_server::serve_once(int timeout_ms) {
  if (!ok()) return why_;
  detail::http_connection client(site_, wakeup_);
  const status s = listener_.accept(client.peer(), os::deadline(timeout_ms, wakeup_));
  if (!s.ok()) return s;
  client.opened(os::monotonic_ms());
  os::poll_set set;
  while (!client.is_closed()) {
    set.clear();
    const unsigned bell = set.add(wakeup_);
    const unsigned socket = set.add(client.peer().handle(), client.wants_to_write() ? os::poll_set::what::writing
                                                                                    : os::poll_set::what::reading);
    const std::int64_t left = client.due() - os::monotonic_ms();
    if (left > 0) set.wait(left);
    if (set.ready(bell)) return status(errc::closed, "http_server");
    if (client.due() <= os::monotonic_ms()) client.expire();
    else if (set.ready(socket)) client.proceed();
  }
  return client.result();
}

inline void http_server::run(void* self) {
  http_server& server = *static_cast<http_server*>(self);
#if NARTHEX_HAS(HEAP)
  detail::http_clients(server.site_, server.listener_, server.wakeup_).serve();
#else
  int pause_ms = 0;
  while (!server.wakeup_.rung_within(pause_ms)) {
    const errc e = server.serve_once(-1).code();
    // Out of descriptors, say: the next accept would say the same at once, for ever.
    pause_ms = e == errc::ok || e == errc::timeout || e == errc::closed ? 0 : 100;
  }
#endif
}

inline http_server::http_server(registry_core& registry, string_view address,
                                const http_server_options& options) noexcept
    : options_(options), site_(registry, options_, 0, &os::monotonic_ms) {
  error_[0] = '\0';
  const status s = start(address);
  if (!s.ok()) refuse(s);
}

inline status http_server::start(string_view address) noexcept {
  const string_view path = options_.path;
  if (path.empty() || path[0] != '/' || path.size() > sizeof path_) return status(errc::bad_address, path);
  for (char c : path) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f || c == '?' || c == '#') return status(errc::bad_address, path);  // no request could ask for it
  }
  std::memcpy(path_, path.data(), path.size());
  options_.path = string_view(path_, path.size());
  if (options_.max_head_bytes > http_server_options::max_head) options_.max_head_bytes = http_server_options::max_head;
  if (!options_.access.ok()) return status(errc::bad_credentials, address);

  status s;
  if (address.size() > 5 && address.first(5) == "unix:") {
    s = listener_.listen_unix(address.from(5), file_);
  } else {
    string_view host;
    std::uint16_t wanted = 0;
    if (!os::split_address(address, host, wanted)) return status(errc::bad_address, address);
    s = listener_.listen(host, wanted);
    if (s.ok()) site_.port = listener_.local_port();
  }
  if (!s.ok()) return s.number() ? status(s.code(), address, s.number()) : status(s.code(), address);
  if (options_.own == http_server_options::shows::own_metrics) site_.own = new (&own_) detail::http_metrics(site_.registry);
  if (&site_.registry == &default_registry() && options_.process == http_server_options::installs::process_metrics) {
    static_cast<void>(install_process_metrics());  // what it has to say, it says to the error hook
  }
  if (options_.serving == http_server_options::runs::in_serve_once) return s;
  s = wakeup_.open();
  return s.ok() ? thread_.start(&run, this) : s;  // the thread reads why_, which is written only if there is none
}

inline http_server::~http_server() {
  if (thread_.running()) {
    wakeup_.ring();
    thread_.join();
  }
  if (site_.own) site_.own->~http_metrics();
}

/// Keeps the reason, and for people "address: the system's words".
inline void http_server::refuse(const status& reason) noexcept {
  listener_.close();
  site_.port = 0;
  why_ = reason;
  why_.message(error_, sizeof error_);
  char words_of_system[128];
  const os::error e = {static_cast<int>(reason.number())};
  if (e.ok() || e.words(words_of_system, sizeof words_of_system) == 0) return;
  std::size_t n = 0;
  for (const char* part : {why_.subject(), ": ", static_cast<const char*>(words_of_system)}) {
    while (*part && n + 1 < sizeof error_) error_[n++] = *part++;
  }
  error_[n] = '\0';
}
#endif  // NARTHEX_HAS(METRICS)

NARTHEX_END_NAMESPACE

#endif  // NARTHEX_HTTP_SERVER_HPP
