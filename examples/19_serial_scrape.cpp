// A scrape answered from a loop without threads, sockets or heap: bytes come in one by one and go out in pieces, over whatever
// carries them. Here that is a pair of buffers; on a board, a serial line behind a SLIP or PPP gateway, or a TCP stack such as lwIP.
#define NARTHEX_HEAP 0  // or in the build, once for all files
#define NARTHEX_CONCURRENCY NARTHEX_NONE
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>

#include <stdio.h>
#include <string.h>

namespace nx = narthex;

static nx::counter turns{"loop_turns_total", "Turns of the main loop."};

// ---- the line: what your board has instead ----
static const char received[] =
    "GET /metrics HTTP/1.1\r\nHost: board\r\nAccept: text/plain\r\n\r\n"
    "GET /nothing HTTP/1.0\r\n\r\n";
static size_t next_byte = 0;
static char sent[1024];
static size_t sent_size = 0;

static bool read_byte(char& byte) {  // never waits
  if (next_byte + 1 == sizeof received) return false;
  byte = received[next_byte++];
  return true;
}
// With lwIP: tcp_write(pcb, data, size, TCP_WRITE_FLAG_COPY) == ERR_OK. False ends the answer.
static bool write_bytes(void*, const char* data, size_t size) {
  if (size > sizeof sent - sent_size) return false;
  memcpy(sent + sent_size, data, size);
  sent_size += size;
  return true;
}

// ---- one client at a time ----
static char request[512];
static size_t request_size = 0;

/// Takes a byte; true when it was a request's last, which then has been answered: close the connection.
static bool take(char byte) {
  request[request_size++] = byte;
  const bool whole = request_size >= 4 && memcmp(request + request_size - 4, "\r\n\r\n", 4) == 0;
  if (!whole && request_size < sizeof request) return false;
  const nx::sink out = {&write_bytes, nullptr};
  // Too long a request is answered, too: 431.
  const nx::status done = nx::http_server::handle(nx::string_view(request, request_size), out,
                                                  nx::http_server_options().set_max_head_bytes(sizeof request));
  request_size = 0;
  return done.ok();
}

int main() {
  int answers = 0;
  for (int turn = 0; turn < 200; ++turn) {
    turns.inc();  // the program's work
    char byte;
    if (read_byte(byte) && take(byte)) ++answers;
  }
  printf("%.*s", static_cast<int>(sent_size), sent);
  const char* const begin = "HTTP/1.1 200 OK\r\n";
  return answers == 2 && memcmp(sent, begin, strlen(begin)) == 0 && strstr(sent, "\nloop_turns_total 58\n") != nullptr &&
                 strstr(sent, "\r\n0\r\n\r\nHTTP/1.0 404 Not Found\r\n") != nullptr
             ? 0
             : 1;
}

// HTTP/1.1 200 OK
// Content-Type: text/plain; version=0.0.4; charset=utf-8
// Connection: close
// Transfer-Encoding: chunked
//
// 64
// # HELP loop_turns_total Turns of the main loop.
// # TYPE loop_turns_total counter
// loop_turns_total 58
//
// 0
//
// HTTP/1.0 404 Not Found
// Content-Type: text/plain; charset=utf-8
// Connection: close
// Content-Length: 52
//
// There is nothing here; the metrics are at /metrics.
