// What a program sees of metrics that are compiled out: everything is there, is empty, reads as 0 and says that it is well.
#include <narthex/batch_job.hpp>
#include <narthex/build_info.hpp>
#include <narthex/count_exceptions.hpp>
#include <narthex/http_server.hpp>
#include <narthex/narthex.hpp>
#include <narthex/periodic_pusher.hpp>
#include <narthex/process_collector.hpp>
#include <narthex/push_gateway.hpp>
#include <narthex/textfile.hpp>
#include <narthex/timer.hpp>

#if NARTHEX_HAS(HEAP)
#include <narthex/expiring_family.hpp>
#include <narthex/testing.hpp>
#endif

#include <cstdio>
#include <cstring>
#include <type_traits>

#include "../portable/check.hpp"

namespace nx = narthex;

static_assert(!NARTHEX_HAS(METRICS), "this is the test of NARTHEX_DISABLE");

enum class method { get, post };
inline nx::enum_values<2> label_values(method) { return {{"get", "post"}}; }

template <class T>
void is_nothing() {
  static_assert(std::is_empty<T>::value && std::is_trivially_destructible<T>::value, "it takes no room and needs no end");
}

static int calls = 0;
static int called() { return ++calls; }

struct page {
  char text[1024];
  std::size_t size;
  static bool add(void* self, const char* data, std::size_t n) {
    page& p = *static_cast<page*>(self);
    for (std::size_t i = 0; i < n && p.size + 1 < sizeof p.text; ++i) p.text[p.size++] = data[i];
    p.text[p.size] = '\0';
    return true;
  }
};

static void instruments() {
  nx::counter c{"c_total", "C."};
  c.inc();
  c.inc(5);
  c.inc(-5);
  CHECK(c.value() == 0);
  CHECK(c.status().ok());
  c.unregister();
  CHECK(c.status().ok());
  nx::double_counter d{"d_total", "D."};
  d.inc(0.5);
  CHECK(!(d.value() > 0));
  const char* const bad = "not a name";
  nx::gauge g{bad, "G."};
  g.set(4);
  g.inc();
  g.dec(2);
  nx::set_to_current_time(g);
  CHECK(!(g.value() > 0) && !(g.value() < 0));
  CHECK(g.status().ok());
  nx::int_gauge i{"i", "I."};
  i.set(-4);
  CHECK(i.value() == 0);
  nx::histogram h{"h", "H.", {1, 2}};
  h.observe(1);
  CHECK(h.count() == 0 && !(h.sum() > 0));
  nx::summary s{"s", "S."};
  s.observe(1);
  CHECK(s.count() == 0 && !(s.sum() > 0));
  nx::fixed_histogram<2> f{"f", "F.", {1, 2}};
  f.observe(1);
  CHECK(f.count() == 0);
  static const nx::histogram_desc<2> desc{"t", "T.", 1, 2};
  nx::static_histogram<2> t{desc};
  t.observe(1);
  CHECK(t.count() == 0 && t.status().ok());
  nx::state_set m{"m", "M.", {"a", "b"}};
  m.set("b");
  m.enable("a");
  m.set(7u);
  CHECK(!m.is("a") && !m.is("b"));
  nx::info b{"b_info", "B.", {{"version", 1}}};
  CHECK(b.status().ok());
  {
    nx::timer whole{h};
    CHECK(!(whole.seconds() > 0) && !(whole.stop() > 0));
    nx::track_in_progress one{i};
    nx::count_exceptions failed{c};
  }
  CHECK(h.count() == 0 && i.value() == 0);
  is_nothing<nx::counter>();
  is_nothing<nx::double_counter>();
  is_nothing<nx::gauge>();
  is_nothing<nx::int_gauge>();
  is_nothing<nx::histogram>();
  is_nothing<nx::summary>();
  is_nothing<nx::state_set>();
  is_nothing<nx::info>();
  is_nothing<nx::fixed_counter>();
  is_nothing<nx::fixed_histogram<50>>();
  is_nothing<nx::static_histogram<50>>();
  is_nothing<nx::histogram_desc<50>>();
  is_nothing<nx::timer>();
  is_nothing<nx::track_in_progress>();
  is_nothing<nx::registry>();
}

static void families() {
  nx::enum_family<nx::counter, method> e{"e_total", "E.", {"method"}};
  e.labels(method::get).inc();
  CHECK(e.labels(method::get).value() == 0);
  nx::fixed_family<nx::counter, 1, 4> f{"f_total", "F.", {"kind"}};
  for (int k = 0; k < 9; ++k) f.labels(k).inc();
  CHECK(f.labels(1).value() == 0 && f.labels(8).status().ok() && !f.remove(1));
  is_nothing<nx::enum_family<nx::counter, method>>();
  is_nothing<nx::fixed_family<nx::counter, 1, 400>>();
  nx::callback_gauge g{"g", "G.", &called};
  CHECK(g.status().ok());
  is_nothing<nx::callback_gauge>();
#if NARTHEX_HAS(HEAP)
  nx::family<nx::counter, 2> r{"r_total", "R.", {"method", "code"}, nx::series_limits(1)};
  nx::counter kept = r.labels("GET", 200);
  kept.inc();
  r.labels({{"code", 200}, {"method", "GET"}}).inc();
  r.labels("PUT", 404).inc();
  CHECK(kept.value() == 0 && r.overflowed() == 0 && !r.remove("GET", 200) && r.status().ok());
  r.clear();
  is_nothing<nx::family<nx::counter, 2>>();
  nx::expiring_family<nx::gauge, 1> x{"x", "X.", {"session"}};
  nx::expiring<nx::gauge> one = x.labels("a");
  one.set(1);
  CHECK(!(one.value() > 0) && x.size() == 0 && x.dropped() == 0);
  is_nothing<nx::expiring_family<nx::gauge, 1>>();
  nx::collector all{{{nx::metric_type::gauge, "p", "P.", {"pool"}}}, [](nx::collected& out) { out.add(0, {"db"}, called()); }};
  CHECK(all.status().ok());
  is_nothing<nx::collector>();
#endif
}

static void expositions() {
  nx::registry mine{nx::registry_options().label("region", "east").prefix("shop_")};
  nx::counter orders{mine, "orders_total", "Orders."};
  orders.inc();
  CHECK(mine.status().ok() && nx::default_registry().attach(mine).ok() && nx::default_registry().detach(mine).ok());
  CHECK(mine.refused(nx::mistake::registration) == 0);
  char text[64] = "untouched";
  CHECK(nx::write_text(text, sizeof text) == 0 && std::strcmp(text, "untouched") == 0);
  page p = {"", 0};
  const nx::sink out = {&page::add, &p};
  CHECK(nx::write_text(mine, out).ok() && p.size == 0);
  nx::walk series(mine);
  CHECK(!series.next());
  CHECK(nx::set_error_hook(nullptr) == nullptr);
#if NARTHEX_HAS(HEAP)
  CHECK(nx::to_text() == "" && nx::to_text(mine) == "");
  CHECK(!nx::testing::value(mine, "shop_orders_total").exists());
  CHECK(nx::testing::series_count(mine, "shop_orders_total") == 0);
  CHECK(nx::testing::compare(mine, "") == "" && nx::testing::lint(mine) == "");
#endif
}

static void outside() {
  CHECK(nx::install_standard_metrics("app", {{"version", "1"}}).ok());
  CHECK(nx::process_collector().status().ok());
  nx::http_server server{"no address at all"};
  CHECK(server.ok() && server.why().ok() && server.port() == 0 && server.native_handle() == -1 && server.error()[0] == '\0');
  CHECK(server.serve_once(1).code() == nx::errc::timeout);
  nx::http_server second{"no address at all", nx::http_server_options().without_thread()};
  CHECK(second.ok());
  // Whoever has a connection of his own must answer it.
  page p = {"", 0};
  const nx::sink out = {&page::add, &p};
  CHECK(nx::http_server::handle("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", out).ok());
  const char* const body = std::strstr(p.text, "\r\n\r\n");
  CHECK(std::strncmp(p.text, "HTTP/1.1 200 OK\r\n", 17) == 0 && body);
  if (body) CHECK_EQ_TEXT(body + 4, "0\r\n\r\n");  // in chunks, of which there is none
  nx::push_gateway gateway{"http://127.0.0.1:1", ""};
  CHECK(gateway.ok() && gateway.status().ok());
  const nx::push_result pushed = gateway.push();
  CHECK(pushed.ok() && pushed.http_status() == 0 && pushed.error()[0] == '\0');
  CHECK(gateway.push_add().ok() && gateway.delete_group().ok());
  nx::batch_job job{"http://127.0.0.1:1", ""};
  job.processed();
  job.succeed();
  CHECK(job.ok() && job.status().ok() && job.finish().ok());
  nx::periodic_pusher pusher{"http://127.0.0.1:1", ""};
  pusher.push_soon();
  CHECK(pusher.ok() && pusher.status().ok() && pusher.tick(0) == -1);
  const nx::textfile_result written = nx::write_textfile("/no/such/folder/a.prom");
  CHECK(written.ok() && written.error()[0] == '\0');
}

int main() {
  instruments();
  families();
  expositions();
  outside();
  CHECK(calls == 0);
  std::puts("nothing was counted, and nothing went wrong");
  return check::report();
}
