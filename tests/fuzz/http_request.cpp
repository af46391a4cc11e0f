// Fuzz target: any bytes as a request. The answer must be exactly one well-formed response, and the same bytes must get
// the same answer over a connection, however they are cut into packets. Run by hand: see README.md.
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>
#include <narthex/utf8_name.hpp>

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <map>
#include <string>

namespace nx = narthex;

namespace {

const std::string* in_hand = nullptr;

void fail(const char* what, const std::string& answer) {
  fprintf(stderr, "FAILED: %s\n---- request (hex)\n", what);
  for (char c : *in_hand) fprintf(stderr, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  fprintf(stderr, "\n---- request\n%s\n---- answer\n%s\n", in_hand->c_str(), answer.c_str());
  abort();
}
void must(bool holds, const char* what, const std::string& answer) {
  if (!holds) fail(what, answer);
}
bool starts(const std::string& s, const char* with) { return s.compare(0, strlen(with), with) == 0; }

/// What is served: no metric changes, so that equal requests have equal answers.
struct shown {
  nx::registry mine{nx::registry_options().prefix("p_")};
  nx::counter a{mine, "a_total", "A \\ \n help."};
  nx::histogram h{mine, "h", "H.", {1.0, 2.5}};
  nx::summary u{mine, "u", "U."};
  nx::family<nx::gauge, 1> f{mine, "f", "F.", {"l"}};
  nx::family<nx::counter, 1> dotted{mine, nx::utf8_name("d.e"), "D.", {nx::utf8_name("g.h")}};
  nx::http_server_options open_to_all = nx::http_server_options().without_own_metrics().without_process_metrics().offer(nx::openmetrics());
  std::map<std::string, std::string> pages;  // by Content-Type
  nx::http_server_options secret = open_to_all;
  shown() {
    f.labels("x\"y\n").set(2);
    dotted.labels("i").inc();
    for (const char* scheme : {"underscores", "dots", "values", "allow-utf-8"}) {
      for (const char* type : {"text/plain;version=1.0.0", "text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0",
                               "application/openmetrics-text;version=0.0.1"}) {
        std::string answer;
        const std::string ask = "GET /metrics HTTP/1.0\r\nAccept: " + std::string(type) + ";escaping=" + scheme + "\r\n\r\n";
        if (!nx::http_server::handle(mine, ask, nx::string_sink(answer), open_to_all).ok()) abort();
        const std::size_t at = answer.find("Content-Type: ") + 14;
        pages[answer.substr(at, answer.find("\r\n", at) - at)] = answer.substr(answer.find("\r\n\r\n") + 4);
      }
    }
    if (pages.size() != 10) abort();  // two versions with a scheme, two without
    secret.basic_auth("u", "p").bearer_token("t");
  }
};
shown& site() {
  static shown* const s = new shown;  // outlives every server
  return *s;
}

/// Reads one response from the front of `all`; returns what is behind it. Nothing about it may be wrong.
struct response {
  int code = 0;
  bool keeps = true;
  std::string body, rest, type;
};
response parse(const std::string& all, bool of_head) {
  response r;
  const char* const lines[] = {"200 OK", "400 Bad Request", "401 Unauthorized", "404 Not Found", "405 Method Not Allowed",
                               "408 Request Timeout", "413 Content Too Large", "414 URI Too Long",
                               "431 Request Header Fields Too Large", "501 Not Implemented", "503 Service Unavailable",
                               "505 HTTP Version Not Supported"};
  must(starts(all, "HTTP/1.1 ") || starts(all, "HTTP/1.0 "), "version", all);
  const bool old = all[7] == '0';
  for (const char* line : lines) {
    if (all.compare(9, strlen(line) + 2, std::string(line) + "\r\n") == 0) r.code = atoi(line);
  }
  must(r.code != 0, "status line", all);
  const std::size_t end = all.find("\r\n\r\n");
  must(end != std::string::npos, "end of head", all);
  long length = -1;
  bool chunked = false, typed = false, allow = false, challenged = false, varies = false;
  for (std::size_t at = all.find("\r\n") + 2; at < end + 2;) {
    const std::size_t stop = all.find("\r\n", at);
    const std::string line = all.substr(at, stop - at);
    at = stop + 2;
    if (starts(line, "Content-Length: ")) must(length < 0 && (length = atol(line.c_str() + 16)) >= 0, "length", all);
    else if (line == "Transfer-Encoding: chunked") chunked = true;
    else if (line == "Connection: close") r.keeps = false;
    else if (starts(line, "Content-Type: ")) must(!typed, "one type", all), typed = true, r.type = line.substr(14);
    else if (line == "Vary: Accept") varies = true;
    else if (line == "Allow: GET, HEAD") allow = true;
    else if (starts(line, "WWW-Authenticate: ")) challenged = true;
    else fail("unknown header", all);
  }
  must(typed && allow == (r.code == 405) && challenged == (r.code == 401), "headers of the code", all);
  must(varies == (site().pages.count(r.type) == 1), "metrics vary by Accept, and nothing else does", all);
  must(!(chunked && (length >= 0 || old)), "one framing", all);
  must(r.code == 200 || length >= 0, "a refusal has a length", all);
  r.rest = all.substr(end + 4);
  // Of a line that is none the method is not known: a body then, and a close.
  const bool unread = (r.code == 400 || r.code == 414 || r.code == 431 || r.code == 505) && !r.keeps && !r.rest.empty();
  if (of_head && !unread) return r;
  if (length >= 0) {
    must(r.rest.size() >= static_cast<std::size_t>(length), "whole body", all);
    r.body = r.rest.substr(0, static_cast<std::size_t>(length));
    r.rest.erase(0, static_cast<std::size_t>(length));
  } else if (chunked) {
    for (;;) {
      char* stop = nullptr;
      must(!r.rest.empty() && strchr("0123456789abcdef", r.rest[0]), "chunk size", all);
      const unsigned long size = strtoul(r.rest.c_str(), &stop, 16);
      const std::size_t head = static_cast<std::size_t>(stop - r.rest.c_str());
      must(r.rest.compare(head, 2, "\r\n") == 0 && r.rest.size() >= head + 4 + size, "chunk", all);
      must(r.rest.compare(head + 2 + size, 2, "\r\n") == 0, "end of chunk", all);
      r.body.append(r.rest, head + 2, size);
      r.rest.erase(0, head + 4 + size);
      if (size == 0) break;
    }
  } else {
    must(!r.keeps, "a body without an end needs a close", all);
    r.body.swap(r.rest);
  }
  return r;
}

std::string first_line(const std::string& request) {
  std::size_t from = 0;
  while (from < request.size() && (request[from] == '\r' || request[from] == '\n')) ++from;
  std::string line = request.substr(from, request.find('\n', from) - from);
  if (!line.empty() && line[line.size() - 1] == '\r') line.erase(line.size() - 1);
  return line;
}

std::string handled(const std::string& request, const nx::http_server_options& options) {
  std::string out;
  must(nx::http_server::handle(site().mine, request, nx::string_sink(out), options).ok(), "handle", out);
  return out;
}

void check_handle(const std::string& request) {
  const std::string answer = handled(request, site().open_to_all), line = first_line(request);
  const response r = parse(answer, starts(line, "HEAD "));
  must(!r.keeps, "handle() closes", answer);
  must(r.rest.empty(), "nothing behind the response", answer);
  must(r.code != 401 && r.code != 408 && r.code != 503, "no such reason", answer);
  // Written again, apart from the server: what a good request looks like.
  const bool get = starts(line, "GET ") || starts(line, "HEAD ");
  const bool version = line.size() > 9 && (line.compare(line.size() - 9, 7, " HTTP/1") == 0) && line[line.size() - 2] == '.';
  if (r.code == 200 || r.code == 404) must(get && version, "only a whole GET or HEAD is looked up", answer);
  if (r.code == 200 && !r.body.empty() && r.body != "OK\n" && !starts(r.body, "<!DOCTYPE html>")) {
    must(line.find("/metrics") != std::string::npos, "metrics at /metrics alone", answer);
    must(site().pages.count(r.type) == 1, "a known type", answer);
    const std::string& page = site().pages[r.type];
    if (line.find('?') == std::string::npos) must(r.body == page, "the whole page of its type", answer);
    else must(r.body.size() <= page.size() && starts(r.body, "# "), "families of the page", answer);
    must(request.find("ccept") != std::string::npos || request.find("CCEPT") != std::string::npos || strcasestr(request.c_str(), "accept") ||
         r.type == "text/plain; version=0.0.4; charset=utf-8", "text to who asks for nothing", answer);
  }
  if (starts(r.body, "<!DOCTYPE html>")) {
    must(r.body.find("<script") == std::string::npos && r.body.find('\0') == std::string::npos, "escaped", answer);
  }
  const std::string guarded = handled(request, site().secret);
  const response g = parse(guarded, starts(line, "HEAD "));
  if (g.code == 200 || g.code == 404) {
    must(request.find("dTpw") != std::string::npos || request.find("earer") != std::string::npos ||
         request.find("EARER") != std::string::npos || strcasestr(request.c_str(), "bearer"), "credentials", guarded);
    must(guarded == answer, "the same once admitted", guarded);
  } else {
    must(g.code == 401 ? r.code == 200 || r.code == 404 : guarded == answer, "401 in place of what is there", guarded);
  }
}

/// Sends the bytes in pieces over a connection, and reads all that comes until the server closes.
std::string over_wire(const std::string& path, const std::string& bytes, unsigned seed) {
  sockaddr_un where;
  memset(&where, 0, sizeof where);
  where.sun_family = AF_UNIX;
  memcpy(where.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  must(fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0, "connect", "");
  std::string all;
  char part[65536];
  std::size_t sent = 0;
  bool refused = false;
  for (;;) {
    pollfd p = {fd, static_cast<short>(POLLIN | (refused || sent == bytes.size() ? 0 : POLLOUT)), 0};
    must(::poll(&p, 1, 10000) > 0, "an end within ten seconds", all);
    if (p.revents & POLLOUT && !refused && sent < bytes.size()) {
      seed = seed * 1103515245u + 12345u;
      std::size_t n = (seed >> 16) % 4 == 0 ? bytes.size() - sent : 1 + (seed >> 18) % 40;
      if (n > bytes.size() - sent) n = bytes.size() - sent;
      const ssize_t put = ::send(fd, bytes.data() + sent, n, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put > 0) sent += static_cast<std::size_t>(put);
      else refused = true;
      if (sent == bytes.size()) ::shutdown(fd, SHUT_WR);
      continue;
    }
    const ssize_t n = ::recv(fd, part, sizeof part, 0);
    if (n <= 0) break;
    all.append(part, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return all;
}

/// What follows, without "Connection: close": the last answer says so or not, as the end was seen in time.
std::string without_close(std::string s) {
  for (std::size_t at; (at = s.find("\r\nConnection: close\r\n")) != std::string::npos;) s.erase(at, 19);
  return s;
}

void check_wire(const std::string& bytes) {
  static const std::string path = "/tmp/narthex_fuzz_" + std::to_string(::getpid());
  static nx::http_server* const server = new nx::http_server(site().mine, "unix:" + path, site().open_to_all);
  static const int removed = ::atexit([] { delete server; });
  must(server->ok() && removed == 0, server->error(), "");
  if (bytes.empty()) return;
  const std::string once = over_wire(path, bytes, 0), again = over_wire(path, bytes, static_cast<unsigned>(bytes.size()) * 7919u + 1u);
  // A front of it is what handle() says about the first request.
  if (bytes.find_first_not_of("\r\n") == std::string::npos) return;
  const std::string alone = without_close(handled(bytes, site().open_to_all)), wire = without_close(once);
  const bool names_port = alone.find("text/html") != std::string::npos;  // the page says where its server is
  must(names_port || wire.compare(0, alone.size(), alone) == 0, "handle() and the wire agree", once);
  must(without_close(again) == wire, "the packets make no difference", once + "\n---- or\n" + again);
  // Every answer but the last keeps the connection.
  std::string rest = once;
  bool keeps = true;
  while (!rest.empty()) {
    must(keeps, "nothing behind the last response", once);
    if (rest.find("HTTP/1.", 1) == std::string::npos || bytes.find("HEAD") != std::string::npos) break;
    const response r = parse(rest, false);
    keeps = r.keeps;
    rest = r.rest;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string request(reinterpret_cast<const char*>(data), size);
  in_hand = &request;
  static unsigned long calls = 0;
  check_handle(request);
  if (++calls % 8 == 0 || getenv("NARTHEX_FUZZ_WIRE")) check_wire(request);
  return 0;
}

#if !defined(NARTHEX_LIBFUZZER)

namespace {

const char* const corpus[] = {
    "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n",
    "GET /metrics HTTP/1.0\r\n\r\n",
    "HEAD /metrics HTTP/1.1\r\nHost: here\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: <script>\"&'\r\n\r\n",
    "GET /-/healthy HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
    "GET /metrics?name[]=p_a_total&name%5b%5D=p_h_bucket HTTP/1.1\r\nHost: here\r\n\r\n",
    "GET http://here:1/metrics?x HTTP/1.1\r\nHost: here\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: here\r\nAuthorization: Basic dTpw\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer t\r\n\r\n",
    "POST /metrics HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc",
    "POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "GET /x HTTP/1.1\r\nHost: here\r\n\r\nGET /metrics HTTP/1.1\r\nHost: here\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /x HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\n",
    "GET /x HTTP/1.1\nHost: here\n\nOPTIONS * HTTP/1.1\nHost: x\n\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\r\n\r\nGET /metrics HTTP/1.1\r\nHost:\r\nX: a\r\n b\r\n\r\n",
    "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: here\r\nAccept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;"
    "version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r\n"
    "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n",
    "GET /metrics HTTP/1.0\r\nAccept: text/plain;version=\"1.0.0\";escaping=values\r\naccept:application/openmetrics-text;q=0.5;escaping=dots\r\n\r\n",
    "",
};
const char* const words[] = {"GET ", "HEAD ", "/metrics", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "Host: a\r\n", "\r\n", "\r\n\r\n", "\n", "\r", ":", " ", "\t",
                             "Content-Length: ", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "Authorization: Basic dTpw\r\n",
                             "name[]=", "%", "%5b", "?", "&", "http://", "/-/healthy", "0", "18446744073709551616", "Bearer t", "<script>",
                             "Accept: ", "text/plain", "application/openmetrics-text", ";version=1.0.0", ";version=0.0.1", ";escaping=allow-utf-8", ";escaping=dots",
                             ";q=0.5", ";q=0", ";q=2", ",", ";", "=", "*/*", "X-Prometheus-Scrape-Timeout-Seconds: "};

unsigned long long state = 88172645463325252ull;
unsigned random_below(std::size_t n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<unsigned>(state % n);
}

void run(const std::string& s) { LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(s.data()), s.size()); }

std::string mutated() {
  const std::size_t seeds = sizeof corpus / sizeof *corpus;
  std::string s = corpus[random_below(seeds)];
  if (random_below(3) == 0) s += corpus[random_below(seeds)];
  for (unsigned n = random_below(6); n > 0; --n) {
    const std::size_t at = random_below(s.size() + 1);
    switch (random_below(7)) {
      case 0: s.insert(at, 1, static_cast<char>(random_below(256))); break;
      case 1: if (at < s.size()) s[at] = static_cast<char>(random_below(256)); break;
      case 2: s.erase(at, 1 + random_below(8)); break;
      case 3: s.insert(at, words[random_below(sizeof words / sizeof *words)]); break;
      case 4: s.insert(at, s.substr(random_below(s.size() + 1), random_below(40))); break;
      case 5: if (random_below(20) == 0) s.insert(at, std::string(random_below(10000), 'x')); break;
      default: if (at < s.size()) s[at] = static_cast<char>(s[at] ^ (1 << random_below(8))); break;
    }
  }
  return s;
}

}  // namespace

/// Files as arguments are replayed. "-s N" as the first: then N seconds of mutations.
int main(int argc, char** argv) {
  int first = 1, seconds = 1;
  if (argc > 2 && strcmp(argv[1], "-s") == 0) seconds = atoi(argv[2]), first = 3;
  for (const char* s : corpus) run(s);
  for (int i = first; i < argc; ++i) {
    std::string s;
    FILE* const f = fopen(argv[i], "rb");
    if (!f) continue;
    for (int c; (c = fgetc(f)) != EOF;) s += static_cast<char>(c);
    fclose(f);
    run(s);
  }
  unsigned long count = 0;
  for (const time_t until = time(nullptr) + seconds; time(nullptr) < until; ++count) run(mutated());
  printf("%lu mutations\n", count);
  return 0;
}

#endif
