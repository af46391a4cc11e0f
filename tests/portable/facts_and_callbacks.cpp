// tests/portable/facts_and_callbacks.cpp - info, state sets, callbacks; leaving a registry; what a registry adds; HELP.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstring>
#include <limits>

#include "text_of.hpp"

namespace {

using check::text_of;
using std::int64_t;
using std::uint64_t;

const volatile double infinity = std::numeric_limits<double>::infinity();
const volatile double not_a_number = std::numeric_limits<double>::quiet_NaN();

// An info is a gauge at 1 whose labels say the fact.
void info_states_a_fact() {
  nx::registry r;
  nx::info build{r, "build_info", "What runs.", {{"version", "1.4.2"}, {"commit", "ab12cd"}, {"year", 2026}}};
  CHECK(build.status().ok());
  nx::fixed_info<> host{r, "host_info", "Where.", {{"os", "a \"b\" \\ c\nd"}}};
  CHECK(host.status().ok());
  CHECK_EQ_TEXT(text_of(r),
                "# HELP build_info What runs.\n# TYPE build_info gauge\n"
                "build_info{version=\"1.4.2\",commit=\"ab12cd\",year=\"2026\"} 1\n"
                "# HELP host_info Where.\n# TYPE host_info gauge\nhost_info{os=\"a \\\"b\\\" \\\\ c\\nd\"} 1\n");
  nx::fixed_info<16> tight{r, "tight_info", "T.", {{"a", "0123456789ab"}}};  // a="0123456789ab" fills its room
  CHECK(tight.status().ok());
  CHECK_SHOWS(r, "tight_info{a=\"0123456789ab\"} 1");
}

// A state set has one series a state, the first one set at the start, exactly one after set().
template <class States>
void state_set_shows_every_state() {
  nx::registry r;
  States mode{r, "mode", "Operating mode.", {"starting", "running", "draining"}};
  CHECK(mode.status().ok());
  CHECK_EQ_TEXT(text_of(r),
                "# HELP mode Operating mode.\n# TYPE mode gauge\n"
                "mode{mode=\"starting\"} 1\nmode{mode=\"running\"} 0\nmode{mode=\"draining\"} 0\n");
  mode.set("running");
  CHECK(mode.is("running") && !mode.is("starting") && !mode.is("unheard of"));
  CHECK_SHOWS(r, "mode{mode=\"starting\"} 0");
  CHECK_SHOWS(r, "mode{mode=\"running\"} 1");
  mode.set(2u);
  mode.enable("starting");
  CHECK(mode.is("draining") && mode.is("starting") && !mode.is("running"));
  mode.disable("draining");
  CHECK_SHOWS(r, "mode{mode=\"draining\"} 0");
  CHECK_SHOWS(r, "mode{mode=\"starting\"} 1");
  mode.set("unheard of");
  mode.set(3u);
  mode.enable("");
  mode.disable("runnin");
  CHECK(mode.is("starting"));
  CHECK(r.refused(nx::mistake::update) == 4);
}

// A callback is asked once a scrape; integers stay exact; a counter that is no count is left out and counted.
void callbacks_are_asked() {
  nx::registry r;
  int calls = 0;
  uint64_t total = 18446744073709551615u;
  double depth = 0.25;
  nx::callback_counter bytes{r, "bytes_total", "Bytes.", [&total, &calls] { return ++calls, total; }};
  nx::callback_gauge temperature{r, "celsius", "T.", [&depth] { return depth; }};
  nx::callback_gauge debt{r, "debt", "D.", [] { return std::numeric_limits<int64_t>::min(); }};
  double odd = -1;
  nx::callback_counter wrong{r, "wrong_total", "W.", [&odd] { return odd; }};
  CHECK(bytes.status().ok() && temperature.status().ok() && debt.status().ok() && wrong.status().ok());
  CHECK_EQ_TEXT(text_of(r),
                "# HELP bytes_total Bytes.\n# TYPE bytes_total counter\nbytes_total 18446744073709551615\n"
                "# HELP celsius T.\n# TYPE celsius gauge\ncelsius 0.25\n"
                "# HELP debt D.\n# TYPE debt gauge\ndebt -9223372036854775808\n");  // the refusal is of the next scrape
  CHECK(calls == 1);
}

// A counter that is no count has neither line nor HELP in that scrape, and comes back when it is one again.
void callback_counter_that_is_no_count() {
  nx::registry r;
  double value = 3;
  nx::callback_counter c{r, "c_total", "C.", [&value] { return value; }};
  CHECK_SHOWS(r, "c_total 3");
  for (const double bad : {-1.0, -infinity, infinity, not_a_number}) {
    value = bad;
    CHECK(!std::strstr(text_of(r), " c_total ") && !std::strstr(text_of(r), "\nc_total "));
  }
  CHECK(r.refused(nx::mistake::sample) == 8);
  CHECK_SHOWS(r, "narthex_refused_total{what=\"sample\"} 9");  // this scrape's is counted before
  value = 4;
  CHECK_SHOWS(r, "c_total 4");
}

// What lives in place goes with its object, and with unregister(); it goes on counting.
void fixed_instruments_leave() {
  nx::registry r;
  {
    nx::fixed_counter c{r, "c_total", "C."};
    nx::fixed_counter again{r, "d_total", "D."};
    CHECK(std::strstr(text_of(r), "c_total 0\n"));
    again.unregister();
    CHECK(again.status().code() == nx::errc::not_registered);
    again.inc();
    CHECK(again.value() == 1);
    CHECK_EQ_TEXT(text_of(r), "# HELP c_total C.\n# TYPE c_total counter\nc_total 0\n");
    nx::fixed_counter third{r, "d_total", "Another D."};  // the name is free again, for anything
    CHECK(third.status().ok());
    again.unregister();  // not its own any more
    CHECK_SHOWS(r, "d_total 0");
  }
  CHECK_EQ_TEXT(text_of(r), "");
}

// Two registries know nothing of each other; each adds its own prefix and constant labels to everything.
void prefix_and_constant_labels() {
  nx::registry plain;
  nx::registry r{nx::registry_options().label("region", "e\"st").label("zone", "1").prefix("shop_")};
  CHECK(r.status().ok());
  nx::counter same{plain, "orders_total", "O."}, c{r, "orders_total", "O."};
  nx::info i{r, "i_info", "I.", {{"v", "1"}}};
  nx::state_set s{r, "s", "S.", {"on"}};
  nx::histogram h{r, "h", "H.", nx::buckets::linear(1, 1, 1)};
  nx::summary m{r, "m", "M."};
  nx::callback_gauge g{r, "g", "G.", [] { return 7; }};
  c.inc();
  c.inc(-1);
  CHECK_EQ_TEXT(text_of(plain), "# HELP orders_total O.\n# TYPE orders_total counter\norders_total 0\n");
  CHECK_EQ_TEXT(
      text_of(r),
      "# HELP shop_g G.\n# TYPE shop_g gauge\nshop_g{region=\"e\\\"st\",zone=\"1\"} 7\n"
      "# HELP shop_h H.\n# TYPE shop_h histogram\n"
      "shop_h_bucket{region=\"e\\\"st\",zone=\"1\",le=\"1\"} 0\n"
      "shop_h_bucket{region=\"e\\\"st\",zone=\"1\",le=\"+Inf\"} 0\n"
      "shop_h_sum{region=\"e\\\"st\",zone=\"1\"} 0\nshop_h_count{region=\"e\\\"st\",zone=\"1\"} 0\n"
      "# HELP shop_i_info I.\n# TYPE shop_i_info gauge\nshop_i_info{region=\"e\\\"st\",zone=\"1\",v=\"1\"} 1\n"
      "# HELP shop_m M.\n# TYPE shop_m summary\nshop_m_sum{region=\"e\\\"st\",zone=\"1\"} 0\n"
      "shop_m_count{region=\"e\\\"st\",zone=\"1\"} 0\n"
      "# HELP shop_narthex_refused_total What was refused, by kind.\n"
      "# TYPE shop_narthex_refused_total counter\n"
      "shop_narthex_refused_total{region=\"e\\\"st\",zone=\"1\",what=\"update\"} 1\n"
      "# HELP shop_orders_total O.\n# TYPE shop_orders_total counter\n"
      "shop_orders_total{region=\"e\\\"st\",zone=\"1\"} 1\n"
      "# HELP shop_s S.\n# TYPE shop_s gauge\nshop_s{region=\"e\\\"st\",zone=\"1\",shop_s=\"on\"} 1\n");
}

// HELP: a backslash and a newline are escaped, a quote is not, broken UTF-8 is repaired, emptiness is kept.
void help_texts() {
  nx::registry r;
  nx::counter a{r, "a", ""}, b{r, "b", "x\\y\n\"z\" "}, c{r, "c", "caf\xc3\xa9 \xff"};
  CHECK_EQ_TEXT(text_of(r),
                "# HELP a \n# TYPE a counter\na 0\n# HELP b x\\\\y\\n\"z\" \n# TYPE b counter\nb 0\n"
                "# HELP c caf\xc3\xa9 \xef\xbf\xbd"
                "ff\n# TYPE c counter\nc 0\n");
}

}  // namespace

int main() {
  check::told::listen();
  info_states_a_fact();
  state_set_shows_every_state<nx::state_set>();
  state_set_shows_every_state<nx::fixed_state_set<4>>();
  callbacks_are_asked();
  callback_counter_that_is_no_count();
  fixed_instruments_leave();
  prefix_and_constant_labels();
  help_texts();
  CHECK(check::told::count() == 0);  // nothing here is a refused registration
  return check::report();
}
