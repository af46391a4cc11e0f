// Compressed metrics: a server that compresses for who accepts it, and a writer for transports of your own.
#include <narthex/gzip.hpp>
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace nx = narthex;

nx::family<nx::counter, 2> responses{"http_responses_total", "Responses.", {"method", "path"}};

int main() {
  for (int i = 0; i < 1000; ++i) responses.labels(i % 2 ? "GET" : "POST", "/item/" + std::to_string(i)).inc(i);

  // Prometheus asks for gzip by itself; a curl without --compressed gets text as before.
  const nx::http_server_options options = nx::http_server_options().compress(nx::gzip());
  nx::http_server server{"127.0.0.1:0", options};

  // The same answer without a socket:
  std::string answer;
  const char request[] = "GET /metrics HTTP/1.1\r\nHost: here\r\nAccept-Encoding: gzip\r\n\r\n";
  if (!nx::http_server::handle(request, nx::string_sink(answer), options).ok()) return 1;
  const bool packed = answer.find("\r\nContent-Encoding: gzip\r\n") != std::string::npos;

  // Text goes in as it is written, a gzip member comes out: to a file, a radio link, anything. 71 KB, so not on a small stack.
  std::string file;
  std::unique_ptr<nx::gzip_writer> writer(new nx::gzip_writer(nx::string_sink(file)));
  const bool written = nx::write_text(writer->input()).ok() && writer->finish();
  const std::size_t times = nx::to_text().size() / file.size();
  std::printf("%s, and %s\n", packed ? "the answer is compressed" : "the answer is text",
              times >= 6 ? "the file is a sixth or less" : "the file is large");
  return packed && written && times >= 6 ? 0 : 1;
}

// the answer is compressed, and the file is a sixth or less
