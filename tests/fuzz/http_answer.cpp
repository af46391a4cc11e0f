// Fuzz target: any bytes as a server's answer to a push. However they are cut, the same is made of them; nothing is believed that is
// cut short; limits hold. Answers that are whole, built here in every framing, are read as they were meant. Run by hand: see README.md.
#include <narthex/narthex.hpp>
#include <narthex/push_gateway.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace nx = narthex;

namespace {

unsigned long long state = 88172645463325252ull;
unsigned below(std::size_t n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<unsigned>(state % n);
}

void must(bool holds, const char* what, const std::string& bytes) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n---- answer (hex)\n", what);
  for (char c : bytes) std::fprintf(stderr, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  std::fprintf(stderr, "\n");
  std::abort();
}

/// What was made of some bytes, before and after the connection's end.
struct reading {
  bool begun, complete, bad, complete_at_end;
  int code;
  std::string words, location, page;
  bool operator==(const reading& o) const {
    return begun == o.begun && complete == o.complete && bad == o.bad && complete_at_end == o.complete_at_end && code == o.code && words == o.words &&
           location == o.location && page == o.page;
  }
};
bool append(void* to, const char* data, std::size_t size) {
  static_cast<std::string*>(to)->append(data, size);
  return true;
}
std::string text_of(nx::string_view v) { return std::string(v.data(), v.size()); }

/// most: bytes for each piece; 0: all at once. pages: whether a success' body is wanted whole.
reading read(const std::string& bytes, std::size_t most, bool pages) {
  reading r;
  const nx::sink to = {&append, &r.page};
  nx::detail::http_answer a(pages ? &to : nullptr);
  bool ended = false;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t left = bytes.size() - at, n = most == 0 ? left : 1 + below(most < left ? most : left);
    const std::string piece = bytes.substr(at, n);  // of its own: a view into it must not outlive the call
    a.feed(nx::string_view(piece.data(), piece.size()));
    at += n;
    must(!(a.is_complete() && a.is_bad()), "whole and bad at once", bytes);
    must(!ended || a.is_complete() || a.is_bad(), "an end is an end", bytes);
    ended = a.is_complete() || a.is_bad();
  }
  r.begun = a.begun();
  r.complete = a.is_complete();
  r.bad = a.is_bad();
  r.code = a.code();
  a.end();
  r.complete_at_end = a.is_complete();
  must(a.is_complete() != a.is_bad(), "at the end it is one of the two", bytes);
  must(r.code == a.code() && (!r.complete || r.complete_at_end) && !(r.bad && r.complete_at_end), "an end takes nothing back", bytes);
  r.words = text_of(a.words());
  r.location = text_of(a.location());
  return r;
}

reading check(const std::string& bytes) {
  reading whole;
  for (const bool pages : {true, false}) {
    whole = read(bytes, 0, pages);
    must(whole == read(bytes, 1, pages) && whole == read(bytes, 40, pages), "cuts make no difference", bytes);
    must(whole.begun == !bytes.empty(), "begun", bytes);
    must(whole.code == 0 || (whole.code >= 200 && whole.code <= 599), "a final code", bytes);
    must(whole.words.size() <= 512 && whole.location.size() <= 256 && whole.page.size() <= bytes.size(), "limits", bytes);
    must(whole.code != 0 || !whole.complete_at_end, "no success without a code", bytes);
    must(whole.code != 0 || bytes.size() <= 8192 || whole.bad, "a head that does not end", bytes);
  }
  return whole;
}

std::string repeated(std::size_t n) {
  std::string s;
  for (; n > 0; --n) s += static_cast<char>(below(6) == 0 ? '\n' : 'a' + static_cast<char>(below(26)));
  return s;
}

/// A whole answer, and what must be made of it.
struct meant {
  std::string bytes, body, location;
  int code;
  bool needs_end;
};
meant built() {
  static const int codes[] = {200, 202, 204, 301, 304, 307, 400, 401, 404, 413, 429, 500, 503, 599};
  static const char* const extras[] = {"Date: Sun, 22 Nov 2026 16:08:04 GMT", "Server: x", "content-type: text/plain", "X-A:", "X: Content-Length: 7", "Connection: close"};
  meant m;
  m.code = codes[below(sizeof codes / sizeof *codes)];
  m.needs_end = false;
  const std::string eol = below(4) == 0 ? "\n" : "\r\n";
  for (unsigned n = below(3); n > 0; --n) m.bytes += "HTTP/1.1 10" + std::string(below(2) ? "0" : "3") + " Go on" + eol + (below(2) ? "Link: </x>" + eol : "") + eol;
  m.bytes += std::string("HTTP/1.") + (below(4) == 0 ? "0 " : "1 ") + std::to_string(m.code) + (below(3) ? " Words of any kind" : "") + eol;
  for (unsigned n = below(4); n > 0; --n) m.bytes += extras[below(sizeof extras / sizeof *extras)] + eol;
  if (below(3) == 0) m.bytes += "LOCATION: " + (m.location = "http://elsewhere:" + std::to_string(below(65536)) + "/x") + (below(2) ? "  " : "") + eol;
  const bool empty = m.code == 204 || m.code == 304;
  m.body = empty ? "" : repeated(below(3) == 0 ? 0 : below(3) == 0 ? below(60000) : below(700));
  const unsigned framing = below(3);
  if (empty) {
    m.bytes += eol;
  } else if (framing == 0) {
    m.bytes += (below(2) ? "Content-Length: " : "content-length:") + std::to_string(m.body.size()) + eol + eol + m.body;
  } else if (framing == 1) {
    m.bytes += "Transfer-Encoding: " + std::string(below(2) ? "chunked" : "x, Chunked") + eol + eol;
    for (std::size_t at = 0; at < m.body.size();) {
      std::size_t n = 1 + below(m.body.size() / 4 + 1);
      if (n > m.body.size() - at) n = m.body.size() - at;
      char size[32];
      std::snprintf(size, sizeof size, below(2) ? "%x" : "00%X", static_cast<unsigned>(n));
      m.bytes += size + std::string(below(4) ? "" : ";a=b") + eol + m.body.substr(at, n) + eol;
      at += n;
    }
    m.bytes += "0" + eol + (below(3) ? "" : "Trailer: x" + eol) + eol;
  } else {
    m.bytes += eol + m.body;
    m.needs_end = true;
  }
  return m;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}

#if !defined(NARTHEX_LIBFUZZER)

namespace {

void check_built() {
  const meant m = built();
  const reading r = check(m.bytes);
  must(r.code == m.code && r.location == m.location && r.words == m.body.substr(0, 512), "a whole answer is read as it was meant", m.bytes);
  must(r.complete == !m.needs_end && r.complete_at_end && !r.bad, "and known to be whole", m.bytes);
  must(m.code != 200 || read(m.bytes, 0, true).page == m.body, "and so is its page", m.bytes);
  if (!m.needs_end && !m.bytes.empty()) {
    const reading cut = check(m.bytes.substr(0, below(m.bytes.size())));
    must(!cut.complete_at_end, "cut short, it is not whole", m.bytes);
    must(check(m.bytes + "more").complete, "what comes behind it is nothing to it", m.bytes);
  }
  std::string spoilt = m.bytes;
  for (unsigned n = 1 + below(4); n > 0 && !spoilt.empty(); --n) {
    const std::size_t at = below(spoilt.size() < 400 ? spoilt.size() : 400);
    if (below(3) == 0) spoilt.erase(at, 1 + below(5));
    else if (below(2)) spoilt.insert(at, 1 + below(3), static_cast<char>(below(256)));
    else spoilt[at] = static_cast<char>(below(256));
  }
  check(spoilt);
}

}  // namespace

/// Files as arguments are replayed. "-s N": N seconds of made up answers.
int main(int argc, char** argv) {
  int first = 1, seconds = 1;
  if (argc > 2 && std::strcmp(argv[1], "-s") == 0) seconds = std::atoi(argv[2]), first = 3;
  check("");
  check(std::string(20000, 'x'));
  check("HTTP/1.1 200 OK\r\n" + std::string(20000, 'x'));
  must(!check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc").complete_at_end, "two lengths", "");
  must(!check("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n").complete_at_end, "a length beyond all", "");
  must(!check("HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").complete_at_end, "another protocol", "");
  must(!check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n").complete_at_end, "a chunk beyond all", "");
  must(check("HTTP/1.1 500 Oh\r\n\r\n" + std::string(100000, 'x')).bad, "a body beyond all", "");
  for (int i = first; i < argc; ++i) {
    std::string s;
    std::FILE* const f = std::fopen(argv[i], "rb");
    if (!f) continue;
    for (int c; (c = std::fgetc(f)) != EOF;) s += static_cast<char>(c);
    std::fclose(f);
    check(s);
  }
  unsigned long count = 0;
  for (const std::time_t until = std::time(nullptr) + seconds; std::time(nullptr) <= until; ++count) check_built();
  std::printf("%lu answers\n", count);
  return 0;
}

#endif
