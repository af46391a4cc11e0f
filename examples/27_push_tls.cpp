// Pushes by HTTPS: a transport of the program's own, here with OpenSSL. `27_push_tls https://gateway:9091 ca.pem` pushes there,
// and believes whom ca.pem vouches for. To build it: g++ -std=c++11 -pthread -I../single_include 27_push_tls.cpp -lssl -lcrypto
#include <narthex/narthex.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/transport.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

namespace nx = narthex;

/// One connection: a socket, and what encrypts it.
struct tls_connection {
  nx::os::socket socket;
  SSL* ssl = nullptr;
  ~tls_connection() { SSL_free(ssl); }
};

static nx::status refused(SSL* ssl) {
  const long verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) return nx::status(nx::errc::transport_failed, X509_verify_cert_error_string(verdict));
#if defined(SSL_R_UNEXPECTED_EOF_WHILE_READING)  // of OpenSSL 3; before, there was no reason
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return nx::status(nx::errc::closed, "tls");
#endif
  const char* const why = ERR_reason_error_string(ERR_peek_error());
  return why ? nx::status(nx::errc::transport_failed, why) : nx::status(nx::errc::closed, "tls");
}

/// Makes sense of a call that has done nothing: ok means that it is worth trying again now.
static nx::status wait_for(const tls_connection& c, int result, const nx::os::deadline& until) {
  const int why = SSL_get_error(c.ssl, result);
  nx::os::poll_set set;  // what TLS waits for need not be what the caller does
  if (why == SSL_ERROR_WANT_READ) set.add(c.socket.handle(), nx::os::poll_set::what::reading);
  else if (why == SSL_ERROR_WANT_WRITE) set.add(c.socket.handle(), nx::os::poll_set::what::writing);
  else return refused(c.ssl);
  if (until.passed()) return nx::status(nx::errc::timeout, "tls");
  set.wait(10);
  return nx::status();
}

static nx::status tls_connect(void* context, const nx::transport_target& to, int timeout_ms, void*& connection) {
  const nx::os::deadline until(timeout_ms);
  tls_connection* const c = new tls_connection;
  nx::status s = c->socket.connect(to.address, to.port, until);  // does not block from then on
  c->ssl = s.ok() ? SSL_new(static_cast<SSL_CTX*>(context)) : nullptr;
  if (s.ok() && c->ssl) {
    SSL_set_fd(c->ssl, static_cast<int>(c->socket.handle()));
    // The certificate must be for this name, or for this address; without these lines it may be anybody's.
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(c->ssl);
    if (std::strcmp(to.host, to.address) == 0) X509_VERIFY_PARAM_set1_ip_asc(wanted, to.host);
    else X509_VERIFY_PARAM_set1_host(wanted, to.host, 0);
    if (std::strcmp(to.host, to.address) != 0) SSL_ctrl(c->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(to.host));
    for (int n = 0; s.ok() && n != 1; s = n == 1 ? s : wait_for(*c, n, until)) {
      ERR_clear_error();
      n = SSL_connect(c->ssl);
    }
  } else if (s.ok()) {
    s = nx::status(nx::errc::no_memory, "tls");
  }
  if (s.ok()) connection = c;
  else delete c;
  return s;
}

static nx::status tls_send(void* connection, const char* data, std::size_t size, int timeout_ms, std::size_t& put) {
  const tls_connection& c = *static_cast<tls_connection*>(connection);
  const nx::os::deadline until(timeout_ms);
  for (;;) {
    ERR_clear_error();
    const int n = SSL_write(c.ssl, data, static_cast<int>(size < 16384 ? size : 16384));
    if (n > 0) put = static_cast<std::size_t>(n);
    const nx::status s = n > 0 ? nx::status() : wait_for(c, n, until);
    if (n > 0 || !s.ok()) return s;
  }
}

static nx::status tls_receive(void* connection, char* data, std::size_t size, int timeout_ms, std::size_t& got) {
  const tls_connection& c = *static_cast<tls_connection*>(connection);
  const nx::os::deadline until(timeout_ms);
  for (;;) {
    ERR_clear_error();
    const int n = SSL_read(c.ssl, data, static_cast<int>(size));
    if (n > 0) got = static_cast<std::size_t>(n);
    const bool done = n > 0 || SSL_get_error(c.ssl, n) == SSL_ERROR_ZERO_RETURN;  // an end that was announced: 0 bytes
    const nx::status s = done ? nx::status() : wait_for(c, n, until);
    if (done || !s.ok()) return s;
  }
}

static void tls_close(void* connection) { delete static_cast<tls_connection*>(connection); }

int main(int argc, char** argv) {
#if defined(SIGPIPE)
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets in a way that raises it
#endif
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (!context) return 1;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);  // not the default
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (argc > 2 ? SSL_CTX_load_verify_locations(context, argv[2], nullptr) != 1 : SSL_CTX_set_default_verify_paths(context) != 1) {
    std::fprintf(stderr, "these certificates cannot be read\n");
    return 1;
  }

  nx::registry batch;
  nx::int_gauge records{batch, "batch_records", "Records written by the last run."};
  records.set(1234);
  const nx::transport tls = {context, &tls_connect, &tls_send, &tls_receive, &tls_close};
  const std::string url = argc > 1 ? argv[1] : "https://127.0.0.1:1";
  nx::push_gateway gw{batch, url, "nightly_batch", {{"instance", "db-3"}}, nx::push_gateway_options().set_transport(tls)};
  const nx::push_result pushed = gw.push();
  std::printf("%s\n", pushed.ok() ? "pushed" : pushed.error());
  SSL_CTX_free(context);
  return argc > 1 ? !pushed.ok() : pushed.code() != nx::errc::system && pushed.code() != nx::errc::timeout;
}

// https://127.0.0.1:1/metrics/job/nightly_batch/instance/db-3: Connection refused
