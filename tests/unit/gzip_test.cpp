// gzip: large expositions, writers side by side, the server's answers to whoever accepts it, and pushes. The bytes themselves are
// judged in portable/gzip.cpp and by zlib in fuzz/gzip.cpp.
#include <narthex/narthex.hpp>

#include <narthex/gzip.hpp>
#include <narthex/http_server.hpp>
#include <narthex/push_gateway.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/client.hpp"
#include "support/fake_server.hpp"
#include "support/inflate.hpp"

namespace nx = narthex;
using support::client;

/// Two tests ask for more memory than there is: the address sanitizer, too, shall say so instead of ending them.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace {

std::string unpacked(const std::string& packed, std::size_t room) {
  std::vector<unsigned char> out(room + 1);
  const check::inflated r =
      check::inflater(reinterpret_cast<const unsigned char*>(packed.data()), packed.size(), out.data(), out.size()).run();
  INFO((r.wrong ? r.wrong : ""));
  CHECK(r.wrong == nullptr);
  CHECK(r.members == 1);
  return std::string(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(r.size));
}

/// A registry of mixed series.
struct shop {
  nx::registry mine;
  nx::family<nx::counter, 3> requests{
      mine, "http_requests_total", "Requests.", {"method", "code", "path"}, nx::series_limits(200000)};
  nx::family<nx::histogram, 2> seconds{
      mine, "http_request_duration_seconds", "Time.", {"method", "path"}, nx::buckets::defaults(), nx::series_limits(200000)};
  nx::family<nx::gauge, 1> heat{mine, "heat_celsius", "Heat.", {"place"}, nx::series_limits(200000)};
  std::string page;

  explicit shop(unsigned series) {
    unsigned state = 12345;
    const auto random = [&state](unsigned n) {
      state = state * 1103515245u + 12345u;
      return (state >> 8) % n;
    };
    for (unsigned i = 0; i < series; ++i) {
      const std::string path = "/api/v1/item/" + std::to_string(i / 4);
      requests.labels(i % 2 ? "GET" : "POST", 200 + i % 4, path).inc(random(1u << (i % 20)));
      nx::histogram h = seconds.labels(i % 2 ? "GET" : "POST", path + std::to_string(i));
      for (unsigned k = 0; k < 20; ++k) h.observe(random(3000) / 1000.0);
      heat.labels(i).set(random(100000) / 1000.0);
    }
    page = nx::to_text(mine);
  }
};

std::string packed_page(shop& s) {
  std::string out;
  std::unique_ptr<nx::gzip_writer> w(new nx::gzip_writer(nx::string_sink(out)));
  CHECK(nx::write_text(s.mine, w->input()).ok());
  CHECK(w->finish());
  return out;
}

const char* const encodings_that_take_it[] = {
    "gzip", "GZIP", "x-gzip", "gzip;q=1", "gzip ; q=0.001", "gzip;Q=0.5", "deflate, gzip;q=1.0, *;q=0.5", "*", "*;q=0.1",
    "identity;q=0.5, gzip", "identity, gzip", "br,gzip", " gzip , br ", "gzip;q=0.5, identity;q=0.4", ",,gzip,", "identity;q=0, *", "gzip;level=9",
    "gzip;q=2", "gzip;q=1.5", "gzip;q=0.12345",
};
const char* const encodings_that_do_not[] = {
    "", "identity", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *", "*;q=0", "deflate", "gzipped", "gzip;q=",
    "gzip;q=a", "identity, gzip;q=0.5", "gzip;q=0.4, identity;q=0.5", "gzip q=1", "g zip", "br;gzip",
};

struct answer {
  std::string head, body;  // of chunks, put together
};
answer read_answer(const std::string& all) {
  answer a;
  const std::size_t end = all.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  a.head = all.substr(0, end + 2);
  std::string rest = all.substr(end + 4);
  if (a.head.find("Transfer-Encoding: chunked\r\n") == std::string::npos) {
    a.body = rest;
    return a;
  }
  for (;;) {
    const std::size_t line = rest.find("\r\n");
    REQUIRE(line != std::string::npos);
    const std::size_t size = static_cast<std::size_t>(std::strtoul(rest.c_str(), nullptr, 16));
    REQUIRE(rest.size() >= line + 4 + size);
    a.body += rest.substr(line + 2, size);
    REQUIRE(rest.substr(line + 2 + size, 2) == "\r\n");
    rest = rest.substr(line + 4 + size);
    if (size == 0) break;
  }
  CHECK(rest.empty());
  return a;
}
bool says(const answer& a, const std::string& header) { return a.head.find("\r\n" + header + "\r\n") != std::string::npos; }

const nx::http_server_options packing = nx::http_server_options().compress(nx::gzip()).without_own_metrics().without_process_metrics();

answer asked(shop& s, const std::string& request, const nx::http_server_options& options = packing) {
  std::string out;
  CHECK(nx::http_server::handle(s.mine, request, nx::string_sink(out), options).ok());
  return read_answer(out);
}
std::string get(const std::string& more) { return "GET /metrics HTTP/1.1\r\nHost: here\r\n" + more + "\r\n"; }
const std::string wants = "Accept-Encoding: gzip\r\n";

}  // namespace

TEST_CASE("gzip: ten megabytes of exposition come back byte for byte, and are a sixth at most") {
  shop s(8000);
  REQUIRE(s.page.size() > 10000000);
  const std::string packed = packed_page(s);
  CHECK(packed.size() * 6 < s.page.size());
  const bool same = unpacked(packed, s.page.size()) == s.page;
  CHECK(same);
}

TEST_CASE("gzip: writers in several threads know nothing of each other") {
  shop s(300);
  const std::string alone = packed_page(s);
  std::vector<std::string> all(4);
  std::vector<std::thread> threads;
  for (std::string& one : all) {
    threads.emplace_back([&s, &one] {
      std::unique_ptr<nx::gzip_writer> w(new nx::gzip_writer(nx::string_sink(one)));
      for (int round = 0; round < 5; ++round) {
        one.clear();
        for (std::size_t at = 0; at < s.page.size(); at += 1000) {
          w->write(s.page.data() + at, s.page.size() - at < 1000 ? s.page.size() - at : 1000);
        }
        w->finish();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (const std::string& one : all) CHECK(one == alone);
}

TEST_CASE("gzip: the server compresses for who accepts it") {
  shop s(100);
  for (const char* value : encodings_that_take_it) {
    INFO(value);
    const answer a = asked(s, get(std::string("Accept-Encoding: ") + value + "\r\n"));
    CHECK(says(a, "Content-Encoding: gzip"));
    CHECK(says(a, "Vary: Accept-Encoding"));
    CHECK(says(a, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
    CHECK(a.body.size() * 6 < s.page.size());
    CHECK(unpacked(a.body, s.page.size()) == s.page);
  }
}

TEST_CASE("gzip: the server sends metrics as they are to who does not accept it") {
  shop s(3);
  for (const char* value : encodings_that_do_not) {
    INFO(value);
    const answer a = asked(s, get(std::string("Accept-Encoding: ") + value + "\r\n"));
    CHECK(a.head.find("Content-Encoding") == std::string::npos);
    CHECK(says(a, "Vary: Accept-Encoding"));
    CHECK(a.body == s.page);
  }
  CHECK(asked(s, get("")).body == s.page);
}

TEST_CASE("gzip: several header lines are one list") {
  shop s(3);
  CHECK(says(asked(s, get("Accept-Encoding: br\r\naccept-encoding: gzip\r\n")), "Content-Encoding: gzip"));
  CHECK(says(asked(s, get("Accept-Encoding: gzip\r\nAccept-Encoding: br\r\n")), "Content-Encoding: gzip"));
  CHECK_FALSE(says(asked(s, get("Accept-Encoding: *\r\nAccept-Encoding: gzip;q=0\r\n")), "Content-Encoding: gzip"));
}

TEST_CASE("gzip: a server that was not told to does not, and does not vary") {
  shop s(3);
  const answer a = asked(s, get(wants), nx::http_server_options());
  CHECK(a.head.find("Content-Encoding") == std::string::npos);
  CHECK(a.head.find("Vary") == std::string::npos);
  CHECK(a.body == s.page);
}

TEST_CASE("gzip: HEAD has the headers of GET, HTTP/1.0 no chunks, and only metrics are compressed") {
  shop s(50);
  const answer full = asked(s, get(wants));
  std::string out;
  CHECK(nx::http_server::handle(s.mine, "HEAD /metrics HTTP/1.1\r\nHost: here\r\n" + wants + "\r\n", nx::string_sink(out), packing).ok());
  CHECK(out == full.head + "\r\n");
  const answer old = asked(s, "GET /metrics HTTP/1.0\r\n" + wants + "\r\n");
  CHECK(old.head.compare(0, 8, "HTTP/1.0") == 0);
  CHECK(old.head.find("chunked") == std::string::npos);
  CHECK(says(old, "Content-Encoding: gzip"));
  CHECK(old.body == full.body);
  for (const char* path : {"/", "/-/healthy", "/else"}) {
    const answer other = asked(s, std::string("GET ") + path + " HTTP/1.1\r\nHost: here\r\n" + wants + "\r\n");
    CHECK(other.head.find("Content-Encoding") == std::string::npos);
    CHECK(other.head.find("Content-Length") != std::string::npos);
  }
}

TEST_CASE("gzip: an empty page and a filtered one are whole members") {
  nx::registry none;
  std::string out;
  CHECK(nx::http_server::handle(none, get(wants), nx::string_sink(out), packing).ok());
  CHECK(unpacked(read_answer(out).body, 0).empty());
  shop s(50);
  const answer some = asked(s, "GET /metrics?name[]=heat_celsius HTTP/1.1\r\nHost: here\r\n" + wants + "\r\n");
  const std::string page = unpacked(some.body, s.page.size());
  CHECK(page.find("# HELP heat_celsius") == 0);
  CHECK(page.find("http_requests_total") == std::string::npos);
}

TEST_CASE("gzip: where there is no memory for it, metrics go out as they are") {
  shop s(3);
  nx::detail::content_coding huge = nx::gzip();
  huge.bytes = ~std::size_t(0) / 2;
  const answer a = asked(s, get(wants), nx::http_server_options().compress(huge));
  CHECK(a.head.find("Content-Encoding") == std::string::npos);
  CHECK(says(a, "Vary: Accept-Encoding"));
  CHECK(a.body == s.page);
}

TEST_CASE("gzip: a client that is gone ends it") {
  shop s(2000);
  for (int pieces : {0, 1, 2, 5, 20}) {
    struct door {
      int left;
      static bool write(void* self, const char*, std::size_t) { return static_cast<door*>(self)->left-- > 0; }
    } d = {pieces};
    const nx::sink out = {&door::write, &d};
    CHECK(nx::http_server::handle(s.mine, get(wants), out, packing).code() == nx::errc::closed);
    CHECK(d.left == -1);
  }
}

TEST_CASE("gzip: over one connection, compressed and not by turns; many clients at once") {
  shop s(500);
  nx::http_server server{s.mine, "127.0.0.1:0", packing};
  REQUIRE(server.ok());
  const std::string last = "Connection: close\r\n";
  const auto whole = [&s](const answer& a, bool packed) {
    CHECK(says(a, "Content-Encoding: gzip") == packed);
    const bool same = (packed ? unpacked(a.body, s.page.size()) : a.body) == s.page;
    CHECK(same);
  };
  client c(server.port());
  REQUIRE(c.send(get(wants) + get("") + get(wants) + get(wants + last)));
  std::string all = c.read();
  CHECK(c.how_it_ended() == client::end::eof);
  for (const bool packed : {true, false, true, true}) {
    const std::size_t next = all.find("HTTP/1.1 200 OK", 1);
    whole(read_answer(all.substr(0, next)), packed);
    all = next == std::string::npos ? "" : all.substr(next);
  }
  CHECK(all.empty());

  std::vector<std::unique_ptr<client>> crowd;
  for (int i = 0; i < 8; ++i) crowd.emplace_back(new client(server.port(), "127.0.0.1", 4096));
  for (const auto& one : crowd) REQUIRE(one->send(get(wants + last)));
  crowd[3]->reset();
  crowd.erase(crowd.begin() + 3);
  for (const auto& one : crowd) whole(read_answer(one->read()), true);
}

namespace {

/// What a gateway hears of one push.
std::string pushed(nx::registry& r, const nx::push_gateway_options& options, nx::errc wanted = nx::errc::ok, const char* verb = "push") {
  std::string heard;
  {
    support::fake_server server([&heard](support::guest& g) {
      heard = g.read_request();
      g.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    nx::push_gateway gw{r, "127.0.0.1:" + std::to_string(server.port()), "job", {}, options};
    CHECK((verb == std::string("push") ? gw.push() : gw.push_add()).code() == wanted);
  }
  return heard;
}
const nx::push_gateway_options packed_push = nx::push_gateway_options().compress(nx::gzip());

}  // namespace

TEST_CASE("gzip: a push is compressed when the program says so") {
  shop s(200);
  const std::string all = pushed(s.mine, packed_push);
  const std::size_t head = all.find("\r\n\r\n") + 4;
  CHECK(all.find("\r\nContent-Encoding: gzip\r\n") < head);
  CHECK(all.find("\r\nContent-Length: " + std::to_string(all.size() - head) + "\r\n") < head);
  const bool same = unpacked(all.substr(head), s.page.size()) == s.page;
  CHECK(same);
  CHECK((all.size() - head) * 6 < s.page.size());
  const std::string plain = pushed(s.mine, nx::push_gateway_options());
  CHECK(plain.find("Content-Encoding") == std::string::npos);
  CHECK(plain.substr(plain.find("\r\n\r\n") + 4) == s.page);
}

TEST_CASE("gzip: a push of nothing stays one, and wipes no group") {
  nx::registry none;
  CHECK(pushed(none, packed_push, nx::errc::empty_exposition).empty());
  const std::string added = pushed(none, packed_push, nx::errc::ok, "push_add");
  CHECK(added.find("\r\nContent-Length: 0\r\n") != std::string::npos);
  CHECK(added.find("Content-Encoding") == std::string::npos);
}

TEST_CASE("gzip: a push's limit is one of text; without memory for compression it goes as it is") {
  shop s(200);
  nx::push_gateway_options small = packed_push;
  CHECK(pushed(s.mine, small.set_max_body_bytes(s.page.size() - 1), nx::errc::too_large).empty());
  CHECK_FALSE(pushed(s.mine, small.set_max_body_bytes(s.page.size())).empty());
  nx::detail::content_coding huge = nx::gzip();
  huge.bytes = ~std::size_t(0) / 2;
  const std::string plain = pushed(s.mine, nx::push_gateway_options().compress(huge));
  CHECK(plain.find("Content-Encoding") == std::string::npos);
  CHECK(plain.substr(plain.find("\r\n\r\n") + 4) == s.page);
}
