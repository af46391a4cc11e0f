// Fuzz target: any bytes, packed by gzip_writer in pieces that they choose, must come back. `--pairs` prints what was packed and
// the result for another judge: support/gzip_judge.py asks zlib. Run by hand: see README.md.
#include <narthex/gzip.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "../support/inflate.hpp"

namespace nx = narthex;

namespace {

std::string packed_in_pieces(const std::string& text, unsigned cut_seed) {
  static nx::gzip_writer* writer = nullptr;
  static std::string out;
  if (!writer) writer = new nx::gzip_writer(nx::string_sink(out));  // one for all: what is left of the last must not matter
  out.clear();
  unsigned long state = cut_seed;
  for (std::size_t at = 0; at < text.size();) {
    state = state * 1103515245u + 12345u;
    std::size_t n = cut_seed ? 1 + (state >> 16) % (state & 32 ? 20000 : 50) : text.size();
    if (n > text.size() - at) n = text.size() - at;
    if (!writer->write(text.data() + at, n)) abort();
    at += n;
  }
  if (!writer->finish()) abort();
  return out;
}

void fail(const char* what, const std::string& text) {
  std::fprintf(stderr, "FAILED: %s, %lu bytes: written to gzip.failed\n", what, static_cast<unsigned long>(text.size()));
  if (std::FILE* const f = std::fopen("gzip.failed", "wb")) {
    std::fwrite(text.data(), 1, text.size(), f);
    std::fclose(f);
  }
  abort();
}

void print(const std::string& s) {
  std::printf("%lu\n", static_cast<unsigned long>(s.size()));
  std::fwrite(s.data(), 1, s.size(), stdout);
}
bool prints_pairs = false;

void judge(const std::string& text) {
  const std::string whole = packed_in_pieces(text, 0);
  if (packed_in_pieces(text, static_cast<unsigned>(text.size()) * 2654435761u + 1) != whole) fail("cut into pieces", text);
  if (whole.size() > text.size() + 24 + 5 * (text.size() / 8192)) fail("grown", text);
  std::vector<unsigned char> room(text.size() + 1);
  const check::inflated r =
      check::inflater(reinterpret_cast<const unsigned char*>(whole.data()), whole.size(), room.data(), room.size()).run();
  if (r.wrong) fail(r.wrong, text);
  if (r.size != text.size() || std::memcmp(room.data(), text.data(), r.size) != 0) fail("differs", text);
  if (!prints_pairs) return;
  print(text);
  print(whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  judge(text);
  // Long enough for all buffers: the input again and again, a little different each time.
  if (size > 0 && size < 4096 && data[0] % 8 == 0) {
    const std::size_t wanted = 50000 + 512u * data[size - 1];
    while (text.size() < wanted) {
      text.append(reinterpret_cast<const char*>(data), size);
      text[text.size() - 1 - (text.size() * 7919u) % size] = static_cast<char>(text.size() % 251);
    }
    judge(text);
  }
  return 0;
}

#if !defined(NARTHEX_LIBFUZZER)

namespace {

unsigned long long state = 88172645463325252ull;
unsigned below(std::size_t n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<unsigned>(state % n);
}
std::string made_up() {
  static const char* const words[] = {"http_requests_total{method=\"", "\",code=\"", "200", "\"} ", "1e-05", "\n", "le=\"+Inf\"", "_bucket", "0", "# HELP x "};
  std::string s;
  const unsigned alphabet = below(3) == 0 ? 256 : 1 + below(20);
  const std::size_t wanted = below(10) == 0 ? below(200000) : below(3000);
  while (s.size() < wanted) {
    if (below(4) == 0) s += words[below(sizeof words / sizeof *words)];
    else if (below(3) == 0 && !s.empty()) s += s.substr(s.size() - 1 - below(s.size()), 1 + below(400));
    else for (unsigned n = below(30); n > 0; --n) s += static_cast<char>(below(alphabet));
  }
  return s;
}
void run(const std::string& s) { LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(s.data()), s.size()); }

}  // namespace

/// Files as arguments are replayed. "-s N": N seconds of made up inputs. "--pairs": 300 of them, printed.
int main(int argc, char** argv) {
  int first = 1, seconds = 1;
  if (argc > 2 && std::strcmp(argv[1], "-s") == 0) seconds = std::atoi(argv[2]), first = 3;
  prints_pairs = argc > 1 && std::strcmp(argv[1], "--pairs") == 0;
  run("");
  for (unsigned byte = 0; byte < 256; ++byte) run(std::string(1, static_cast<char>(byte)));
  if (prints_pairs) {
    for (int i = 0; i < 300; ++i) run(made_up());
    return 0;
  }
  for (int i = first; i < argc; ++i) {
    std::string s;
    std::FILE* const f = std::fopen(argv[i], "rb");
    if (!f) continue;
    for (int c; (c = std::fgetc(f)) != EOF;) s += static_cast<char>(c);
    std::fclose(f);
    run(s);
  }
  unsigned long count = 0;
  for (const std::time_t until = std::time(nullptr) + seconds; std::time(nullptr) < until; ++count) run(made_up());
  std::printf("%lu inputs\n", count);
  return 0;
}

#endif
