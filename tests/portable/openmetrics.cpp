// tests/portable/openmetrics.cpp - OpenMetrics and JSON: types, names that would clash, what may not be written, exemplars, and
// the same bytes whatever the chunk.
#include <narthex/exemplar.hpp>
#include <narthex/json.hpp>
#include <narthex/narthex.hpp>
#include <narthex/openmetrics.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>

#include "check.hpp"

namespace {

namespace nx = narthex;
using std::size_t;
const volatile double infinity = std::numeric_limits<double>::infinity();  // see instruments.cpp
const volatile double not_a_number = std::numeric_limits<double>::quiet_NaN();

const char* text_in(size_t (*write)(nx::registry_core&, char*, size_t), nx::registry& r) {
  static char room[1 << 14];
  size_t size = write(r, room, sizeof room - 1);
  if (!CHECK(size < sizeof room)) size = sizeof room - 1;
  room[size] = '\0';
  return room;
}
size_t om(nx::registry_core& r, char* buffer, size_t size) { return nx::write_openmetrics(r, buffer, size); }
size_t js(nx::registry_core& r, char* buffer, size_t size) { return nx::write_json(r, buffer, size); }

void nothing() {
  nx::registry r;
  CHECK_EQ_TEXT(text_in(&om, r), "# EOF\n");
  CHECK_EQ_TEXT(text_in(&js, r), "{\"version\":1,\"families\":[]}\n");
}

void types() {
  nx::registry r;
  const nx::histogram_desc<2> times_desc{r, "f", "F.", 1, 2.5};
  nx::counter requests{r, "a_total", "A \"quoted\"\nhelp\\."};
  nx::counter bare{r, "b", "B."};
  nx::double_counter busy{r, "c_total", "C."};
  nx::gauge level{r, "d", "D."};
  nx::info facts{r, "e_info", "E.", {{"k", "v"}}};
  nx::static_histogram<2> times{times_desc};
  nx::summary sizes{r, "g", "G."};
  nx::state_set mode{r, "h", "H.", {"on", "off"}};
  requests.inc(7);
  busy.inc(2);
  level.set(1e6);
  times.observe(1);
  times.observe(3);
  sizes.observe(2);
  mode.set("off");
  CHECK_EQ_TEXT(text_in(&om, r),
                "# TYPE a counter\n# HELP a A \\\"quoted\\\"\\nhelp\\\\.\na_total 7\n"
                "# TYPE b unknown\n# HELP b B.\nb 0\n"
                "# TYPE c counter\n# HELP c C.\nc_total 2.0\n"
                "# TYPE d gauge\n# HELP d D.\nd 1e+06\n"
                "# TYPE e info\n# HELP e E.\ne_info{k=\"v\"} 1\n"
                "# TYPE f histogram\n# HELP f F.\nf_bucket{le=\"1.0\"} 1\nf_bucket{le=\"2.5\"} 1\nf_bucket{le=\"+Inf\"} 2\nf_sum 4.0\nf_count 2\n"
                "# TYPE g summary\n# HELP g G.\ng_sum 2.0\ng_count 1\n"
                "# TYPE h stateset\n# HELP h H.\nh{h=\"on\"} 0\nh{h=\"off\"} 1\n"
                "# EOF\n");
  CHECK_EQ_TEXT(text_in(&js, r),
                "{\"version\":1,\"families\":[\n"
                "{\"name\":\"a_total\",\"type\":\"counter\",\"help\":\"A \\\"quoted\\\"\\nhelp\\\\.\",\"series\":[\n{\"labels\":{},\"value\":7}]},\n"
                "{\"name\":\"b\",\"type\":\"counter\",\"help\":\"B.\",\"series\":[\n{\"labels\":{},\"value\":0}]},\n"
                "{\"name\":\"c_total\",\"type\":\"counter\",\"help\":\"C.\",\"series\":[\n{\"labels\":{},\"value\":2}]},\n"
                "{\"name\":\"d\",\"type\":\"gauge\",\"help\":\"D.\",\"series\":[\n{\"labels\":{},\"value\":1e+06}]},\n"
                "{\"name\":\"e_info\",\"type\":\"info\",\"help\":\"E.\",\"series\":[\n{\"labels\":{\"k\":\"v\"},\"value\":1}]},\n"
                "{\"name\":\"f\",\"type\":\"histogram\",\"help\":\"F.\",\"series\":[\n{\"labels\":{},\"count\":2,\"sum\":4,\"buckets\":["
                "{\"le\":1,\"count\":1},{\"le\":2.5,\"count\":1},{\"le\":\"+Inf\",\"count\":2}]}]},\n"
                "{\"name\":\"g\",\"type\":\"summary\",\"help\":\"G.\",\"series\":[\n{\"labels\":{},\"count\":1,\"sum\":2,\"quantiles\":[]}]},\n"
                "{\"name\":\"h\",\"type\":\"state_set\",\"help\":\"H.\",\"series\":[\n{\"labels\":{\"h\":\"on\"},\"value\":0},\n"
                "{\"labels\":{\"h\":\"off\"},\"value\":1}]}]}\n");
}

/// A family's name without _total or _info may be another one's, or one of its samples' may.
void clashes() {
  nx::registry r;
  nx::gauge jobs{r, "jobs", ""};
  nx::gauge between{r, "jobs_a", ""};  // before jobs_total by name
  nx::info about{r, "jobs_info", "", {{"k", "v"}}};
  nx::counter done{r, "jobs_total", ""};
  nx::gauge since{r, "made_created", ""};
  nx::counter made{r, "made_total", ""};
  nx::counter other{r, "made_total_total", ""};
  nx::info lone{r, "x_info", "", {{"k", "v"}}};
  nx::counter both{r, "x_total", ""};
  nx::counter fine{r, "xy_total", ""};
  nx::counter total{r, "_total", ""};
  nx::gauge starts{r, "job", ""};       // begins another name and is not its family
  nx::counter four{r, "wxyz_total", ""};  // as long as "made"
  nx::gauge word{r, "y2345678901234567890123456789012", ""};  // 32 letters
  nx::counter word_total{r, "y2345678901234567890123456789012_total", ""};
  CHECK_EQ_TEXT(text_in(&om, r),
                "# TYPE _total unknown\n# HELP _total \n_total 0\n"
                "# TYPE job gauge\n# HELP job \njob 0.0\n"
                "# TYPE jobs gauge\n# HELP jobs \njobs 0.0\n"
                "# TYPE jobs_a gauge\n# HELP jobs_a \njobs_a 0.0\n"
                "# TYPE jobs_info unknown\n# HELP jobs_info \njobs_info{k=\"v\"} 1\n"
                "# TYPE jobs_total unknown\n# HELP jobs_total \njobs_total 0\n"
                "# TYPE made_created gauge\n# HELP made_created \nmade_created 0.0\n"
                "# TYPE made_total unknown\n# HELP made_total \nmade_total 0\n"
                "# TYPE made_total_total unknown\n# HELP made_total_total \nmade_total_total 0\n"
                "# TYPE wxyz counter\n# HELP wxyz \nwxyz_total 0\n"
                "# TYPE x info\n# HELP x \nx_info{k=\"v\"} 1\n"
                "# TYPE x_total unknown\n# HELP x_total \nx_total 0\n"
                "# TYPE xy counter\n# HELP xy \nxy_total 0\n"
                "# TYPE y2345678901234567890123456789012 gauge\n# HELP y2345678901234567890123456789012 \n"
                "y2345678901234567890123456789012 0.0\n"
                "# TYPE y2345678901234567890123456789012_total unknown\n# HELP y2345678901234567890123456789012_total \n"
                "y2345678901234567890123456789012_total 0\n"
                "# EOF\n");
}

/// What JSON has no letter for, in help, labels and exemplars.
void json_text() {
  nx::registry r;
  nx::info facts{r, "a_info", "tab\there, \x01\x1f", {{"k", "\"q\\\n\r}"}, {"l", "\xff,\x7f"}}};
  static nx::fixed_exemplar_counter served{r, "b_total", ""};
  served.inc(1, {{"k", "=\"\t,"}, {"l", ""}});
  CHECK_EQ_TEXT(text_in(&js, r),
                "{\"version\":1,\"families\":[\n"
                "{\"name\":\"a_info\",\"type\":\"info\",\"help\":\"tab\\u0009here, \\u0001\\u001f\",\"series\":[\n"
                "{\"labels\":{\"k\":\"\\\"q\\\\\\n\\u000d}\",\"l\":\"\xef\xbf\xbd""ff,\x7f\"},\"value\":1}]},\n"
                "{\"name\":\"b_total\",\"type\":\"counter\",\"help\":\"\",\"series\":[\n"
                "{\"labels\":{},\"value\":1,\"exemplar\":{\"labels\":{\"k\":\"=\\\"\\u0009,\",\"l\":\"\"},\"value\":1}}]}]}\n");
  nx::gauge odd{r, "c", ""};
  odd.set(not_a_number);
  CHECK(std::strstr(text_in(&js, r), "\"value\":\"NaN\"}"));
  odd.set(-infinity);
  CHECK(std::strstr(text_in(&js, r), "\"value\":\"-Inf\"}"));
  served.unregister();
}

void forbidden_sums() {
  nx::registry r;
  const nx::histogram_desc<2> negative_desc{r, "a", "", -1, 1};
  const nx::histogram_desc<1> sunk_desc{r, "b", "", 1}, lost_desc{r, "c", "", 1};
  nx::static_histogram<2> negative{negative_desc};
  nx::static_histogram<1> sunk{sunk_desc}, lost{lost_desc};
  nx::summary under{r, "d", ""};
  negative.observe(0.5);
  sunk.observe(-2);
  lost.observe(infinity);
  lost.observe(-infinity);
  under.observe(-1);
  CHECK_EQ_TEXT(text_in(&om, r),
                "# TYPE a histogram\n# HELP a \na_bucket{le=\"-1.0\"} 0\na_bucket{le=\"1.0\"} 1\na_bucket{le=\"+Inf\"} 1\n"
                "# TYPE b histogram\n# HELP b \nb_bucket{le=\"1.0\"} 1\nb_bucket{le=\"+Inf\"} 1\n"
                "# TYPE c histogram\n# HELP c \nc_bucket{le=\"1.0\"} 1\nc_bucket{le=\"+Inf\"} 2\n"
                "# TYPE d summary\n# HELP d \nd_count 1\n"
                "# EOF\n");
}

void exemplars() {
  nx::registry r;
  static nx::fixed_exemplar_counter served{r, "a_total", ""};
  static nx::fixed_exemplar_double_counter busy{r, "b_total", ""};
  static nx::fixed_exemplar_histogram<2> times{r, "c", "", {1, 2}};
  static nx::fixed_exemplar_counter unnamed{r, "d", ""};
  served.inc();
  served.inc(3, nx::traced("4bf9\"").at_ns(1520879607789000000));
  busy.inc(0.5, {{"k", 7}});
  times.observe(1, nx::traced("t", "s"));  // the bound belongs to its bucket
  times.observe(9, nx::exemplar({{"k", "first"}}));
  times.observe(8, nx::exemplar({{"k", "later"}}));
  times.observe(1.5);
  unnamed.inc(1, nx::traced("t"));  // an unknown has none
  const char* const want =
      "# TYPE a counter\n# HELP a \na_total 4 # {trace_id=\"4bf9\\\"\"} 3.0 1520879607.789\n"
      "# TYPE b counter\n# HELP b \nb_total 0.5 # {k=\"7\"} 0.5\n"
      "# TYPE c histogram\n# HELP c \nc_bucket{le=\"1.0\"} 1 # {trace_id=\"t\",span_id=\"s\"} 1.0\nc_bucket{le=\"2.0\"} 2\n"
      "c_bucket{le=\"+Inf\"} 4 # {k=\"later\"} 8.0\nc_sum 19.5\nc_count 4\n"
      "# TYPE d unknown\n# HELP d \nd 1\n"
      "# EOF\n";
  CHECK_EQ_TEXT(text_in(&om, r), want);
  // Text 0.0.4 has none.
  static char page[4096];
  const size_t size = nx::write_text(r, page, sizeof page - 1);
  page[size] = '\0';
  CHECK(!std::strstr(page, "# {"));
  // What leaves none: nothing added, refused amounts, empty labels.
  served.inc(0, nx::traced("no"));
  served.inc(-1, nx::traced("no"));
  busy.inc(-1, nx::traced("no"));
  busy.inc(infinity, nx::traced("no"));
  times.observe(not_a_number, nx::traced("no"));
  times.observe(9, nx::exemplar({}));
  CHECK(!std::strstr(text_in(&om, r), "\"no\""));
  CHECK(r.refused(nx::mistake::update) == 4);
  CHECK(std::strstr(text_in(&om, r), "c_bucket{le=\"+Inf\"} 5 # {k=\"later\"} 8.0\n"));
  served.unregister();
  busy.unregister();
  times.unregister();
  unnamed.unregister();
}

void exemplar_limits() {
  char digits[300];
  std::memset(digits, 'x', sizeof digits);
  const auto of = [&digits](size_t size) { return nx::exemplar({{"a", nx::string_view(digits, size)}}); };
  const size_t most = nx::exemplar::max_bytes - 4 < 127 ? nx::exemplar::max_bytes - 4 : 127;
  CHECK(of(most).ok());
  CHECK(!of(most + 1).ok());
  CHECK(of(most).text().size() == most + 4);
  CHECK(!nx::exemplar({{"a", "1"}, {"a", "2"}}).ok());
  CHECK(!nx::exemplar({{"a b", "1"}}).ok());
  CHECK(!nx::exemplar({{"", "1"}}).ok());
  CHECK(!nx::exemplar({{"__a", "1"}}).ok());
  CHECK(nx::exemplar({}).ok());
  const nx::exemplar escaped({{"a", "\"\\\n\xff"}});
  CHECK(escaped.text() == "a=\"\\\"\\\\\\n\xef\xbf\xbd""ff\"");
  const unsigned char trace[16] = {0, 1, 0xab, 255}, span[8] = {0x10};
  CHECK(nx::traced(trace, span).text() ==
        nx::string_view("trace_id=\"0001abff000000000000000000000000\",span_id=\"1000000000000000\""));
  nx::registry r;
  static nx::fixed_exemplar_counter c{r, "c_total", ""};
  c.inc(2, of(most + 1));  // counted all the same
  CHECK(c.value() == 2 && r.refused(nx::mistake::update) == 1);
  c.inc(1, of(most));
  digits[most] = '\0';
  char want[400];
  std::snprintf(want, sizeof want, "c_total 3 # {a=\"%s\"} 1.0\n", digits);
  CHECK(std::strstr(text_in(&om, r), want));
  c.unregister();
}

struct kept {
  char text[1 << 14];
  size_t size;
  static bool write(void* self, const char* data, size_t size) {
    kept& k = *static_cast<kept*>(self);
    if (CHECK(k.size + size < sizeof k.text)) std::memcpy(k.text + k.size, data, size), k.size += size;
    return true;
  }
  static bool refuse(void*, const char*, size_t) { return false; }
};

void chunks() {
  nx::registry r{nx::registry_options().label("region", "east").prefix("shop_")};
  const nx::histogram_desc<2> plain_desc{r, "f", "F.", 1, 2.5};
  nx::counter requests{r, "a_total", "A."};
  nx::gauge level{r, "d", "D."};
  static nx::fixed_exemplar_histogram<2> times{r, "c", "", {1, 2}};
  nx::static_histogram<2> plain{plain_desc};
  requests.inc(123456789012);
  level.set(0.1);
  times.observe(2, nx::traced("0123456789abcdef", "01234567").at_ns(1));
  static kept whole, part;
  static char chunk[1 << 14];
  using writes = nx::status (*)(nx::registry_core&, const nx::sink&, char*, size_t);
  const writes all[] = {static_cast<writes>(&nx::write_openmetrics), static_cast<writes>(&nx::write_json)};
  for (const writes write : all) {
    whole.size = 0;
    const nx::sink to = {&kept::write, &whole};
    CHECK(write(r, to, chunk, sizeof chunk).ok());
    CHECK(whole.size > 500);
    for (size_t size = 1; size < 300; ++size) {
      part.size = 0;
      const nx::sink again = {&kept::write, &part};
      CHECK(write(r, again, chunk, size).ok());
      if (!CHECK(part.size == whole.size && std::memcmp(part.text, whole.text, whole.size) == 0)) break;
    }
    const nx::sink closed = {&kept::refuse, nullptr};
    CHECK(write(r, closed, chunk, 16).code() == nx::errc::closed);
    CHECK(write(r, to, chunk, 0).code() == nx::errc::no_memory);
  }
  times.unregister();
}

}  // namespace

int main() {
  nx::set_error_hook(nullptr);
  nothing();
  types();
  clashes();
  json_text();
  forbidden_sums();
  exemplars();
  exemplar_limits();
  chunks();
  return check::report();
}
