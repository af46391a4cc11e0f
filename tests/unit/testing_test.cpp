// testing: values found, expositions compared and linted, as users' tests do it; and text that nobody should have written.
#include <narthex/narthex.hpp>

#include <narthex/testing.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace nx = narthex;
using nx::testing::compare;
using nx::testing::found;
using nx::testing::lint;
using nx::testing::lint_text;
using nx::testing::series_count;
using nx::testing::value;

namespace {

const double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const std::uint64_t odd_and_large = 9007199254740993u;  // 2^53 + 1, which no double is

/// A registry with an instrument of each kind.
struct house {
  nx::registry mine;
  nx::counter jobs{mine, "jobs_total", "Jobs done."};
  nx::family<nx::counter, 2> responses{mine, "responses_total", "Responses.", {"method", "code"}};
  nx::gauge heat{mine, "heat_celsius", "Temperature."};
  nx::int_gauge floor{mine, "floor", "Where the lift is."};
  nx::histogram wait{mine, "wait_seconds", "Waiting.", nx::buckets::exponential(0.1, 10, 3)};
  nx::family<nx::summary, 1> size{mine, "size_bytes", "Sizes.", {"kind"}};
  nx::summary parse{mine, "parse_seconds", "Parsing.", nx::quantiles({0.5, 0.99}).over_seconds(300)};

  house() {
    jobs.inc(3);
    responses.labels("GET", 200).inc(7);
    responses.labels("GET", 500).inc();
    heat.set(-2.5);
    floor.set(-4);
    for (const double seconds : {0.05, 0.5, 0.5, 99.0}) wait.observe(seconds);
    size.labels("mail").observe(10);
  }
};

/// The lines of the house's page, without HELP and TYPE.
const char* const page =
    "floor -4\nheat_celsius -2.5\njobs_total 3\nparse_seconds{quantile=\"0.5\"} NaN\nparse_seconds{quantile=\"0.99\"} NaN\n"
    "parse_seconds_sum 0\nparse_seconds_count 0\nresponses_total{method=\"GET\",code=\"200\"} 7\n"
    "responses_total{method=\"GET\",code=\"500\"} 1\nsize_bytes_sum{kind=\"mail\"} 10\nsize_bytes_count{kind=\"mail\"} 1\n"
    "wait_seconds_bucket{le=\"0.1\"} 1\nwait_seconds_bucket{le=\"1\"} 3\nwait_seconds_bucket{le=\"10\"} 3\n"
    "wait_seconds_bucket{le=\"+Inf\"} 4\nwait_seconds_sum 100.05\nwait_seconds_count 4\n";

std::string text_of(const found& f) {
  std::ostringstream out;
  out << f;
  CHECK(out.str() == f.text());
  return f.text();
}

}  // namespace

// ---- value ----

TEST_CASE("A value is found by its name and labels, in any order of the labels") {
  house h;
  CHECK(value(h.mine, "jobs_total") == 3);
  CHECK(value(h.mine, "responses_total", {{"method", "GET"}, {"code", "200"}}) == 7);
  CHECK(value(h.mine, "responses_total", {{"code", 500}, {"method", "GET"}}) == 1);
  CHECK(value(h.mine, "heat_celsius") == -2.5);
  CHECK(value(h.mine, "floor") == -4);
}

TEST_CASE("A histogram's and a summary's lines are found by the names they are written under") {
  house h;
  CHECK(value(h.mine, "wait_seconds_bucket", {{"le", "0.1"}}) == 1);
  CHECK(value(h.mine, "wait_seconds_bucket", {{"le", "1.0"}}) == 3);
  CHECK(value(h.mine, "wait_seconds_bucket", {{"le", 10}}) == 3);
  CHECK(value(h.mine, "wait_seconds_bucket", {{"le", "+Inf"}}) == 4);
  CHECK(value(h.mine, "wait_seconds_bucket", {{"le", "inf"}}) == 4);
  CHECK(value(h.mine, "wait_seconds_sum") == 100.05);
  CHECK(value(h.mine, "wait_seconds_count") == 4);
  CHECK(value(h.mine, "size_bytes_sum", {{"kind", "mail"}}) == 10);
  CHECK(value(h.mine, "size_bytes_count", {{"kind", "mail"}}) == 1);
  CHECK(value(h.mine, "parse_seconds", {{"quantile", "0.50"}}).exists());
  CHECK(value(h.mine, "parse_seconds", {{"quantile", ".99"}}).text() == "NaN");
  h.parse.observe(1);
  CHECK(value(h.mine, "parse_seconds", {{"quantile", "0.5"}}) == Approx(1).epsilon(0.02));

  nx::family<nx::histogram, 1> by_kind{h.mine, "lag_seconds", "Lag.", {"kind"}, nx::buckets{1, 2}};
  by_kind.labels("b").observe(1.5);
  CHECK(value(h.mine, "lag_seconds_bucket", {{"le", "1"}, {"kind", "b"}}) == 0);
  CHECK(value(h.mine, "lag_seconds_bucket", {{"kind", "b"}, {"le", "2"}}) == 1);
  CHECK(value(h.mine, "lag_seconds_sum", {{"kind", "b"}}) == 1.5);
}

TEST_CASE("Absent is neither 0 nor NaN") {
  house h;
  h.heat.set(not_a_number);
  const found nan = value(h.mine, "heat_celsius"), zero = value(h.mine, "parse_seconds_count"), none = value(h.mine, "none");
  CHECK(nan.exists());
  CHECK(zero.exists());
  CHECK(zero == 0);
  CHECK(zero == 0.0);
  CHECK_FALSE(none.exists());
  CHECK_FALSE(none == 0);
  CHECK(none != 0);
  CHECK_FALSE(none == none);
  CHECK_FALSE(none == zero);
  CHECK_FALSE(zero == none);
  CHECK_FALSE(none < 1);
  CHECK_FALSE(none > -1);
  CHECK(std::isnan(none));
  CHECK(std::isnan(nan));
  CHECK(none.exact().u64 == 0);
  CHECK(text_of(none) == "absent");
  CHECK(text_of(nan) == "NaN");
  CHECK(text_of(zero) == "0");
  CHECK_FALSE(found().exists());
}

TEST_CASE("Only exactly these labels of exactly this name are found") {
  house h;
  for (const char* name : {"", "jobs", "jobs_tota", "jobs_total_", "jobs_total_sum", "jobs_total_count", "_total", "wait_seconds",
                           "wait_seconds_bucket", "wait_seconds_max", "size_bytes", "parse_seconds", "responses_total"}) {
    INFO(name);
    CHECK_FALSE(value(h.mine, name).exists());
  }
  CHECK_FALSE(value(h.mine, "jobs_total", {{"code", "200"}}).exists());
  CHECK_FALSE(value(h.mine, "jobs_total", {{"", ""}}).exists());
  CHECK_FALSE(value(h.mine, "jobs_total", {{"le", "1"}}).exists());
  CHECK_FALSE(value(h.mine, "responses_total", {{"method", "GET"}}).exists());
  CHECK_FALSE(value(h.mine, "responses_total", {{"code", "200"}}).exists());
  CHECK_FALSE(value(h.mine, "responses_total", {{"method", "GET"}, {"code", "20"}}).exists());
  CHECK_FALSE(value(h.mine, "responses_total", {{"method", "GET"}, {"cod", "200"}}).exists());
  CHECK_FALSE(value(h.mine, "responses_total", {{"method", "GET"}, {"method", "GET"}}).exists());
  CHECK_FALSE(value(h.mine, "responses_total", {{"method", "GET"}, {"code", "200"}, {"code", "200"}}).exists());
  CHECK_FALSE(value(h.mine, "responses_total", {{"method", "GET"}, {"code", "200"}, {"a", ""}}).exists());
  CHECK_FALSE(value(h.mine, "wait_seconds_bucket", {{"le", "2"}}).exists());
  CHECK_FALSE(value(h.mine, "wait_seconds_bucket", {{"le", "-Inf"}}).exists());
  CHECK_FALSE(value(h.mine, "wait_seconds_bucket", {{"le", "x"}}).exists());
  CHECK_FALSE(value(h.mine, "wait_seconds_sum", {{"le", "1"}}).exists());
  CHECK_FALSE(value(h.mine, "wait_seconds_count", {{"le", "+Inf"}}).exists());
  CHECK_FALSE(value(h.mine, "parse_seconds", {{"quantile", "0.9"}}).exists());
  CHECK_FALSE(value(h.mine, "parse_seconds", {{"quantile", "+Inf"}}).exists());
  CHECK_FALSE(value(h.mine, "parse_seconds_bucket", {{"quantile", "0.5"}}).exists());
}

TEST_CASE("A label's value may hold quotes, line feeds, backslashes and broken UTF-8") {
  nx::registry r;
  nx::family<nx::gauge, 2> odd{r, "odd", "Odd.", {"a", "b"}};
  int n = 0;
  for (const char* text : {"", "\"", "\\", "\n", "a\",b=\"c", "\\\"", "\xff", "\xc3\xa4", "=,{}"}) {
    odd.labels(text, "x\"").set(++n);
    CHECK(value(r, "odd", {{"a", text}, {"b", "x\""}}) == n);
    CHECK_FALSE(value(r, "odd", {{"b", text}, {"a", "x\""}}).exists());
  }
  CHECK(series_count(r, "odd") == 9);
}

TEST_CASE("A registry's prefix and constant labels are part of what is looked for") {
  nx::registry r(nx::registry_options().label("region", "east").prefix("shop_"));
  nx::counter jobs{r, "jobs_total", "Jobs."};
  jobs.inc();
  CHECK(value(r, "shop_jobs_total", {{"region", "east"}}) == 1);
  CHECK_FALSE(value(r, "shop_jobs_total").exists());
  CHECK_FALSE(value(r, "jobs_total", {{"region", "east"}}).exists());
  CHECK_FALSE(value(r, "chop_jobs_total", {{"region", "east"}}).exists());
  CHECK(series_count(r, "shop_jobs_total") == 1);
  CHECK(series_count(r, "chop_jobs_total") == 0);
  CHECK(series_count(r, "jobs_total") == 0);
  CHECK(compare(r, "shop_jobs_total{region=\"east\"} 1", {"shop_jobs_total"}) == "");
}

TEST_CASE("Integers are compared exactly, beyond 2^53 too") {
  nx::registry r;
  nx::counter many{r, "many_total", "M."};
  nx::int_gauge low{r, "low", "L."};
  nx::gauge real{r, "real", "R."};
  many.inc(odd_and_large);
  CHECK(value(r, "many_total") == odd_and_large);
  CHECK(odd_and_large == value(r, "many_total"));
  CHECK(value(r, "many_total") != odd_and_large - 1);
  CHECK(odd_and_large - 1 != value(r, "many_total"));
  CHECK(value(r, "many_total") != -static_cast<std::int64_t>(odd_and_large));
  CHECK(value(r, "many_total").exact().u64 == odd_and_large);
  CHECK(text_of(value(r, "many_total")) == "9007199254740993");

  low.set(std::numeric_limits<std::int64_t>::min());
  CHECK(value(r, "low") == std::numeric_limits<std::int64_t>::min());
  CHECK(value(r, "low") != std::numeric_limits<std::int64_t>::min() + 1);
  CHECK(value(r, "low") != (std::uint64_t(1) << 63));
  CHECK(text_of(value(r, "low")) == "-9223372036854775808");
  low.set(5);
  CHECK(value(r, "low") == 5);
  CHECK(value(r, "low") != -5);

  real.set(9007199254740992.0);
  CHECK(value(r, "real") == odd_and_large - 1);
  CHECK(value(r, "real") != odd_and_large);
  CHECK(value(r, "real") != value(r, "many_total"));
  CHECK(value(r, "many_total") != value(r, "real"));
  real.set(18446744073709551616.0);
  CHECK(value(r, "real") != std::numeric_limits<std::uint64_t>::max());
  real.set(-3);
  CHECK(value(r, "real") == -3);
  CHECK(value(r, "real") != 3);
  low.set(-3);
  CHECK(value(r, "real") == value(r, "low"));
  CHECK(value(r, "low") == value(r, "real"));
  CHECK(value(r, "low") == value(r, "low"));
  CHECK_FALSE(value(r, "low") != value(r, "real"));
  real.set(0.1);
  CHECK(value(r, "real") == 0.1);
  CHECK(value(r, "real") == value(r, "real"));
  CHECK(value(r, "real") > 0.05);
  CHECK(value(r, "real") < 1);
  CHECK(text_of(value(r, "real")) == "0.1");
}

TEST_CASE("Without a registry the default one is asked") {
  nx::counter here{"testing_default_total", "Here."};
  here.inc(2);
  CHECK(value("testing_default_total") == 2);
  CHECK(series_count("testing_default_total") == 1);
  CHECK(compare("testing_default_total 2", {"testing_default_total"}) == "");
  CHECK(lint() == lint(nx::default_registry()));
  nx::family<nx::counter, 1> labelled{"testing_other_total", "Other.", {"a"}};
  labelled.labels("b").inc();
  CHECK(value("testing_other_total", {{"a", "b"}}) == 1);
}

TEST_CASE("A metric's series are counted, a histogram's lines as one") {
  house h;
  CHECK(series_count(h.mine, "responses_total") == 2);
  CHECK(series_count(h.mine, "jobs_total") == 1);
  CHECK(series_count(h.mine, "wait_seconds") == 1);
  CHECK(series_count(h.mine, "wait_seconds_count") == 0);
  CHECK(series_count(h.mine, "jobs") == 0);
  CHECK(series_count(h.mine, "") == 0);
}

TEST_CASE("A collector is asked once for each look") {
  nx::registry r;
  int calls = 0;
  nx::collector pools{r, {{nx::metric_type::gauge, "pool_size", "P.", {"pool"}}}, [&calls](nx::collected& out) {
                        ++calls;
                        out.add(0, {"db"}, 4);
                      }};
  CHECK(value(r, "pool_size", {{"pool", "db"}}) == 4);
  CHECK(calls == 1);
  CHECK(compare(r, "pool_size{pool=\"db\"} 4") == "");
  CHECK(calls == 2);
}

// ---- compare ----

TEST_CASE("An exposition equals itself, and its lines in any order") {
  house h;
  CHECK(compare(h.mine, nx::to_text(h.mine)) == "");
  CHECK(compare(h.mine, page) == "");
  std::vector<std::string> lines;
  std::istringstream in(page);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::string backwards;
  for (const std::string& line : lines) backwards = "\t " + line + "\n\n" + backwards;
  CHECK(compare(h.mine, backwards) == "");
}

TEST_CASE("Text for humans: indentation, blank lines, comments, order of labels, other ways to write a number") {
  house h;
  // Not inside CHECK: a raw string in a macro's argument is too much for GCC 4.8.
  const char* const expected = R"(
    # what the lift says
    # TYPE   floor   gauge
    floor -4.0

    # HELP jobs_total Jobs done.
    jobs_total 3e0
    responses_total { code = "200" , method="GET", } +7
    responses_total{code="500",method="GET"} 0.1E1
    wait_seconds_bucket{le="+inf"} 4
    wait_seconds_bucket{le="1.0"} 3
    wait_seconds_bucket{le="10.0"} 3
    wait_seconds_bucket{le=".1"} 1
  )";
  CHECK(compare(h.mine, expected, {"floor", "jobs_total", "responses_total", "wait_seconds_bucket"}) == "");
}

TEST_CASE("What differs is told in one line each, by name") {
  house h;
  CHECK(compare(h.mine, "jobs_total 4\n", {"jobs_total"}) == "jobs_total: expected 4, got 3\n");
  CHECK(compare(h.mine, "responses_total{code=\"200\",method=\"GET\"} 7.5\nresponses_total{code=\"404\",method=\"GET\"} 1",
                {"responses_total"}) ==
        "responses_total{method=\"GET\",code=\"200\"}: expected 7.5, got 7\n"
        "missing: responses_total{code=\"404\",method=\"GET\"} 1\n"
        "unexpected: responses_total{method=\"GET\",code=\"500\"} 1\n");
  CHECK(compare(h.mine, "", {"floor"}) == "unexpected: floor -4\n");
  CHECK(compare(h.mine, "", {"no_such_thing"}) == "");
  CHECK(compare(h.mine, "no_such_thing 1", {"no_such_thing"}) == "missing: no_such_thing 1\n");
  CHECK(compare(h.mine, "floor -4 1000", {"floor"}) == "floor: expected -4 1000, got -4\n");
  CHECK(compare(h.mine, "floor -4\nfloor -4", {"floor"}) == "missing: floor -4\n");
  h.heat.set(not_a_number);
  CHECK(compare(h.mine, "heat_celsius nan", {"heat_celsius"}) == "");
  CHECK(compare(h.mine, "heat_celsius 0", {"heat_celsius"}) == "heat_celsius: expected 0, got NaN\n");
  CHECK(compare(h.mine, "parse_seconds{quantile=\"0.50\"} nan\nparse_seconds{quantile=\"99e-2\"} nan", {"parse_seconds"}) ==
        "unexpected: parse_seconds_count 0\nunexpected: parse_seconds_sum 0\n");
  CHECK(compare(h.mine, "a{b=\"\\n\\\\\\\"\\x\"} 1", {"a"}) == "missing: a{b=\"\\n\\\\\\\"\\\\x\"} 1\n");
  h.heat.set(-infinity);
  CHECK(compare(h.mine, "heat_celsius -infinity", {"heat_celsius"}) == "");
  CHECK(compare(h.mine, "heat_celsius Inf", {"heat_celsius"}) == "heat_celsius: expected Inf, got -Inf\n");
}

TEST_CASE("HELP and TYPE are compared where they stand") {
  house h;
  CHECK(compare(h.mine, "# HELP floor Where the lift is.\n# TYPE floor gauge\nfloor -4", {"floor"}) == "");
  CHECK(compare(h.mine, "# TYPE floor counter\nfloor -4", {"floor"}) == "floor: expected type counter, got gauge\n");
  CHECK(compare(h.mine, "# HELP floor \"\\\\\\n\\x\nfloor -4", {"floor"}) ==
        "floor: expected help \"\\\"\\\\\\n\\\\x\", got \"Where the lift is.\"\n");
  CHECK(compare(h.mine, "# HELP floor\nfloor -4", {"floor"}) == "floor: expected help \"\", got \"Where the lift is.\"\n");
  CHECK(compare(h.mine, "# TYPE nowhere gauge\n", {"nowhere"}) == "missing: metric nowhere\n");
  const struct {
    const char *name, *type;
  } types[] = {{"jobs_total", "counter"}, {"floor", "gauge"}, {"wait_seconds", "histogram"}, {"size_bytes", "summary"}};
  for (const auto& real : types) {
    for (const char* const said : {"counter", "gauge", "histogram", "summary", "untyped"}) {
      const std::string answer = compare(h.mine, std::string("# TYPE ") + real.name + " " + said + "\n" + page);
      const std::string other = std::string(real.name) + ": expected type " + said + ", got " + real.type + "\n";
      CHECK(answer == (std::strcmp(said, real.type) == 0 ? "" : other));
    }
  }
  nx::collector raw{h.mine, {{nx::metric_type::unknown, "raw", "a\\b\nc", {}}}, [](nx::collected& out) { out.add(0, {}, 1); }};
  CHECK(compare(h.mine, "# HELP raw a\\\\b\\nc\n# TYPE raw untyped\nraw 1", {"raw"}) == "");
  CHECK(compare(h.mine, "# TYPE raw gauge\nraw 1", {"raw"}) == "raw: expected type gauge, got untyped\n");
}

TEST_CASE("Names choose metrics, or single lines; expected lines beyond them are told") {
  house h;
  CHECK(compare(h.mine, "wait_seconds_count 4", {"wait_seconds_count"}) == "");
  CHECK(compare(h.mine, "# TYPE wait_seconds histogram\nwait_seconds_count 4", {"wait_seconds_count"}) == "");
  CHECK(compare(h.mine, "size_bytes_sum{kind=\"mail\"} 10\nsize_bytes_count{kind=\"mail\"} 1", {"size_bytes"}) == "");
  CHECK(compare(h.mine, "size_bytes_sum{kind=\"mail\"} 10", {"size_bytes"}) == "unexpected: size_bytes_count{kind=\"mail\"} 1\n");
  CHECK(compare(h.mine, "\njobs_total 3\nfloor{a=\"b\"} 9", {"jobs_total"}) ==
        "expected text, line 3: floor{a=\"b\"} is not among the names to compare\n");
  CHECK(compare(h.mine, "jobs_sum 3\njobs 1", {"jobs"}) == "missing: jobs_sum 3\nmissing: jobs 1\n");
  CHECK(compare(h.mine, "# TYPE jobs_sum gauge\njobs_sum 3", {"jobs"}) ==
        "missing: metric jobs_sum\nexpected text, line 2: jobs_sum is not among the names to compare\n");
}

TEST_CASE("Numbers are equal when their decimals are") {
  nx::registry r;
  nx::gauge g{r, "g", "G."};
  nx::counter many{r, "many_total", "M."};
  many.inc(odd_and_large);
  CHECK(compare(r, "many_total 9007199254740993", {"many_total"}) == "");
  CHECK(compare(r, "many_total 9007199254740992", {"many_total"}) ==
        "many_total: expected 9007199254740992, got 9007199254740993\n");
  CHECK(compare(r, "many_total 9.007199254740993e+15", {"many_total"}) == "");
  const struct {
    double is;
    std::vector<const char*> equal, different;
  } rows[] = {
      {0, {"0", "-0", "0.0", "000", "0e5", ".0", "0.", "+0"}, {"1", "NaN", "1e-9"}},
      {1, {"1", "1.0", "1e0", "10e-1", "0.1e1", "0.01e+2", "001", "1E+00", "+1", "1."}, {"10", "0.1", "-1", "1e1", "1.1"}},
      {-0.05, {"-.05", "-5e-2", "-0.050", "-500e-4"}, {"0.05", "-0.5", "-0.005", "-5"}},
      {1e6, {"1000000", "1e6", "1e+06", "1000000.000"}, {"100000", "10000000"}},
      {0.1 + 0.2, {"0.30000000000000004"}, {"0.3"}},
      {5e-324, {"5e-324", "0.5e-323"}, {"0", "5e-323"}},
      {1.7976931348623157e308, {"1.7976931348623157e308", "17976931348623157e292"}, {"+Inf", "1.7976931348623158e308"}},
      {infinity, {"Inf", "+Inf", "inf", "INFINITY", "+iNf"}, {"-Inf", "NaN", "1.7976931348623157e308"}},
      {not_a_number, {"NaN", "nan", "NAN"}, {"0", "Inf"}},
  };
  for (const auto& row : rows) {
    g.set(row.is);
    for (const char* const text : row.equal) {
      INFO(text);
      CHECK(compare(r, std::string("g ") + text, {"g"}) == "");
    }
    for (const char* const text : row.different) {
      INFO(text);
      CHECK(compare(r, std::string("g ") + text, {"g"}).find(std::string("g: expected ") + text + ", got ") == 0);
    }
  }
  for (const char* const bad : {"", "-", "+", ".", "e5", "1e", "1e+", "1e5.", "1.2.3", "--1", "+-1", "0x1", "1_0", "+nan", "-NaN",
                                "infi", "1e400", "-1e309", "1.7976931348623159e308", "1,5", "1f", "nano", "1e99999999999999999999"}) {
    INFO(bad);
    CHECK(compare(r, std::string("g ") + bad, {"g"}).find("expected text, line 1: a number is expected, found ") == 0);
  }
  g.set(0);
  CHECK(compare(r, "g 1e-99999999999999999999", {"g"}) != "");
  CHECK(compare(r, "g 0e99999999999999999999", {"g"}) == "");
}

TEST_CASE("Expected text that cannot be read is told with its line") {
  nx::registry r;
  const std::string so = "expected text, line 3: ";
  const struct {
    const char *line, *why;
  } rows[] = {
      {"a", "a number is expected, found the end of the line"},
      {"a b", "a number is expected, found \"b\""},
      {"9a 1", "a metric name is expected, found \"9a 1\""},
      {"a\r 1", "a number is expected, found \"? 1\""},
      {"a 1 x", "a timestamp in milliseconds is expected, found \"x\""},
      {"a 1 -5", "a timestamp in milliseconds is expected, found \"-5\""},
      {"a 1 9223372036854775808", "a timestamp of 63 bits is expected, found \"9223372036854775808\""},
      {"a 1 10000000000000000000", "a timestamp of 63 bits is expected, found \"10000000000000000000\""},
      {"a 1 2 3", "the end of the line is expected, found \"3\""},
      {"a{", "a label name is expected, found the end of the line"},
      {"a{x", "= is expected, found the end of the line"},
      {"a{,} 1", "a label name is expected, found \",} 1\""},
      {"a{x=\"1\",,} 1", "a label name is expected, found \",} 1\""},
      {"a{x=\"1\" y=\"2\"} 1", ", or } is expected, found \"y=\\\"2\\\"} 1\""},
      {"a{x=1} 1", "a value in quotes is expected, found \"1} 1\""},
      {"a{x=\"1} 1", "the closing quote is missing, found \"\\\"1} 1\""},
      {"a{x=\"1\\\"} 1", "the closing quote is missing, found \"\\\"1\\\\\\\"} 1\""},
      {"a{x=\"\xff\"} 1", "well-formed UTF-8 is expected, found \"\\\"\xef\xbf\xbd" "ff\\\"} 1\""},
      {"a{x=\"1\",x=\"2\"} 1", "a label name must not occur twice, found \"x=\\\"2\\\"} 1\""},
      {"a{x:y=\"1\"} 1", "= is expected, found \":y=\\\"1\\\"} 1\""},
      {"a{\"b\"} 1", "there is a metric name already, found \"\\\"b\\\"} 1\""},
      {"{\"\"} 1", "a name must not be empty, found \"\\\"\\\"} 1\""},
      {"{x=\"1\"} 1", "a metric name is expected inside the braces, found \" 1\""},
      {"# TYPE a gauges", "counter, gauge, histogram, summary or untyped is expected, found \"gauges\""},
      {"# TYPE a", "counter, gauge, histogram, summary or untyped is expected, found the end of the line"},
      {"# TYPE a-b gauge", "a metric name is expected, found \"-b gauge\""},
      {"# TYPE \"a gauge", "the closing quote is missing, found \"\\\"a gauge\""},
      {"# HELP ", "a metric name is expected, found the end of the line"},
      {"# HELP a-b c", "a metric name is expected, found \"-b c\""},
      {"# HELP a \xff", "well-formed UTF-8 is expected, found \"\xef\xbf\xbd" "ff\""},
  };
  for (const auto& row : rows) {
    INFO(row.line);
    CHECK(compare(r, std::string("# fine\n\n") + row.line + "\na b\n") == so + row.why + "\n");
    CHECK(lint_text(row.line) == std::string("line 1: ") + row.why + "\n");
  }
  CHECK(compare(r, std::string(100, '-')) == "expected text, line 1: a metric name is expected, found \"" + std::string(60, '-') + "\"\n");
  for (const char* const comment : {"#", "# ", "#TYPE a x", "# HELP", "# TYPE", "# TYPES a x", "# UNIT a x", "#\tEOF", "# type a x", "  #"}) {
    INFO(comment);
    CHECK(compare(r, comment) == "");
  }
}

TEST_CASE("Names beyond the classic alphabet are read in quotes and told in quotes") {
  nx::registry r;
  CHECK(compare(r, "{\"a.b\",c=\"d\",\"e.f\"=\"\\\"\"} 1\n{\"g\"} 2\n{h=\"i\",\"j k\"} 3") ==
        "missing: {\"a.b\",c=\"d\",\"e.f\"=\"\\\"\"} 1\nmissing: g 2\nmissing: {\"j k\",h=\"i\"} 3\n");
  CHECK(compare(r, "# TYPE \"a.b\" gauge") == "missing: metric a.b\n");
}

TEST_CASE("A difference has at most 50 lines, and each at most 400 bytes and dots") {
  nx::registry r;
  std::string expected, wanted;
  for (int i = 100; i < 150; ++i) {
    expected += "a" + std::to_string(i) + " 1\n";
    wanted += "missing: a" + std::to_string(i) + " 1\n";
  }
  CHECK(compare(r, expected) == wanted);
  CHECK(compare(r, expected + "b 1") == wanted + "and 1 more\n");
  CHECK(compare(r, expected + "b 1\nc 1\n") == wanted + "and 2 more\n");
  const std::string line = "missing: a{b=\"";
  const std::string whole = "a{b=\"" + std::string(400 - line.size() - 4, 'x') + "\"} 1";
  CHECK(compare(r, whole) == "missing: " + whole + "\n");
  CHECK(compare(r, "a{b=\"" + std::string(1000, 'x') + "\"} 1") == line + std::string(400 - line.size(), 'x') + "...\n");
}

TEST_CASE("Thousands of series in any order are compared in short time") {
  nx::registry r;
  nx::family<nx::gauge, 1> many{r, "many", "M.", {"n"}};
  std::string expected;
  for (unsigned i = 0; i < 10000; ++i) {
    const unsigned n = i * 7919 % 10000;
    many.labels(i).set(i);
    expected += "many{n=\"" + std::to_string(n) + "\"} " + std::to_string(n) + "\n";
  }
  CHECK(compare(r, expected) == "");
  CHECK(compare(r, expected + "many{n=\"x\"} 1\n") == "missing: many{n=\"x\"} 1\n");
}

// ---- lint ----

TEST_CASE("promtool's words for each of the vectors") {
  const struct {
    const char *name, *text, *problems;
  } vectors[] = {
#define LINT(name, text, problems) {name, text, problems},
#include "lint_vectors.inc"
#undef LINT
  };
  for (const auto& v : vectors) {
    INFO(v.name);
    CHECK(lint_text(v.text) == v.problems);
  }
}

TEST_CASE("What promtool says beyond the vectors") {
  const std::string gauge = "# HELP x h\n# TYPE x gauge\n";
  const std::string label_camel = "x label names should be written in 'snake_case' not 'camelCase'\n";
  const struct {
    std::string text, problems;
  } rows[] = {
      {gauge + "x{a=\"1\"} 1\nx{a=\"1\"} 1\nx{a=\"1\"} 1\n", "x metric not unique\nx metric not unique\n"},
      {gauge + "x{a=\"1\",b=\"2\"} 1\nx{b=\"2\",a=\"1\"} 1\n", ""},
      {gauge + "x{a=\"1\",b=\"2\"} 1\nx{a=\"12\",b=\"\"} 1\nx{a=\"1\"} 1\nx 1\n", ""},
      {gauge + "x{aB=\"1\",bC=\"2\"} 1\nx{aB=\"2\",b=\"2\"} 1\n", label_camel + label_camel + label_camel},
      {gauge + "x{a=\"1b2\"} 1\nx{a=\"1\",b=\"2\"} 1\n", ""},
      {"# HELP x h\nx{quantile=\"1\",le=\"2\"} 1", ""},
      {"# HELP x_count h\n# TYPE x_count summary\nx_count_sum 1", ""},
      {gauge, ""},
      {"# TYPE x gauge\n", ""},
      {"x 1", "x no help text\n"},
      {"# HELP x   \t \nx 1", "x no help text\n"},
      {"# HELP h h\n# TYPE h histogram\nh_bucket{le=\"1\",quantile=\"3\"} 1\nh_bucket{le=\"+Inf\",quantile=\"3\"} 1\n"
       "h_sum{quantile=\"3\"} 1\nh_count{quantile=\"3\"} 1\n",
       "h non-summary metrics should not have \"quantile\" label\n"},
      {"# HELP x h\n# TYPE x summary\nx{le=\"1\"} 1\nx{le=\"2\"} 1\nx{quantile=\"0.5\"} 1\nx{quantile=\"0.5\"} 1\nx_sum 1\nx_count 1\n",
       "x non-histogram metrics should not have \"le\" label\nx non-histogram metrics should not have \"le\" label\n"},
      {"# HELP x h\n# TYPE x summary\nx_bucket{le=\"1\"} 1", "x_bucket no help text\n"},
      {"# HELP x h\n# TYPE x histogram\nx_bucket{le=\"1\"} 1\nx_count 1\nx_sum 1", ""},
      {"# HELP x h\n# TYPE x gauge\nx_count 1", "x_count no help text\n"},
      {"x_count 1\n# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_count 3\n",
       "x no help text\nx_count metric not unique\nx_count no help text\n"},
      {"# HELP x_s_ms h\nx_s_ms 1",
       "x_s_ms metric names should not contain abbreviated units\nx_s_ms metric names should not contain abbreviated units\n"},
      {"# HELP x_MS h\nx_MS 1", "x_MS metric names should not contain abbreviated units\n"},
      {"# HELP x_Gauge h\n# TYPE x_Gauge gauge\nx_Gauge 1\n", "x_Gauge metric name should not include type 'gauge'\n"},
      {"# HELP x_gauge h\nx_gauge 1\n", ""},
      {"# HELP x_gauges h\n# TYPE x_gauges gauge\nx_gauges 1\n", ""},
      {"# HELP gauge_x h\n# TYPE gauge_x gauge\ngauge_x 1\n", ""},
      {"x_kilometres_bytes_ms 1",
       "x_kilometres_bytes_ms metric names should not contain abbreviated units\nx_kilometres_bytes_ms no help text\n"
       "x_kilometres_bytes_ms use base unit \"metres\" instead of \"kilometres\"\n"},
      {"# HELP x_bytes_bits h\nx_bytes_bits 1", ""},
      {"# HELP bits h\nbits 1", "bits use base unit \"bytes\" instead of \"bits\"\n"},
      {"# HELP x_Bits h\nx_Bits 1", ""},
      {"a:bC{dE=\"1\"} 1",
       "a:bC label names should be written in 'snake_case' not 'camelCase'\n"
       "a:bC metric names should be written in 'snake_case' not 'camelCase'\na:bC metric names should not contain ':'\n"
       "a:bC no help text\n"},
      {"# HELP a:b:c h\na:b:c 1", "a:b:c metric names should not contain ':'\n"},
      {"b 1\na 1\nB 1", "B no help text\na no help text\nb no help text\n"},
      {"", ""},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(lint_text(row.text) == row.problems);
  }
}

TEST_CASE("Every unit, prefix and abbreviation is known") {
  const auto problem = [](const std::string& name) { return lint_text("# HELP " + name + " h\n" + name + " 1\n"); };
  const auto base = [&](const std::string& unit, const std::string& better) {
    const std::string name = "x_" + unit;
    INFO(name);
    CHECK(problem(name) == (better.empty() ? "" : name + " use base unit \"" + better + "\" instead of \"" + unit + "\"\n"));
  };
  const char* const units[][2] = {{"amperes", "amperes"}, {"bytes", "bytes"}, {"celsius", "celsius"}, {"grams", "grams"}, {"joules", "joules"},
      {"kelvin", "kelvin"}, {"meters", "meters"}, {"metres", "metres"}, {"seconds", "seconds"}, {"volts", "volts"}, {"minutes", "seconds"},
      {"hours", "seconds"}, {"days", "seconds"}, {"weeks", "seconds"}, {"kelvins", "kelvin"}, {"fahrenheit", "celsius"}, {"rankine", "celsius"},
      {"inches", "meters"}, {"yards", "meters"}, {"miles", "meters"}, {"bits", "bytes"}, {"calories", "joules"}, {"pounds", "grams"},
      {"ounces", "grams"}};
  for (const auto& unit : units) {
    base(unit[0], std::string(unit[0]) == unit[1] ? "" : unit[1]);
    for (const char* const prefix : {"pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga",
                                     "gibi", "tera", "tebi", "peta", "pebi"}) {
      base(std::string(prefix) + unit[0], unit[1]);
    }
    base(std::string("mebi") + unit[0], "");
    base(std::string("kilokilo") + unit[0], "");
  }
  for (const char* const part : {"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"}) {
    const std::string wrong = " metric names should not contain abbreviated units\n";
    const std::string end = std::string("x_") + part, middle = std::string("x_") + part + "_y", front = std::string(part) + "_x";
    CHECK(problem(end) == end + wrong);
    CHECK(problem(middle) == middle + wrong);
    CHECK(problem(front) == "");
    CHECK(problem(end + "q") == "");
  }
}

TEST_CASE("A registry is linted as it is exposed") {
  house h;
  CHECK(lint(h.mine) == "");
  nx::counter wrong{h.mine, "sendCount_ms", ""};
  CHECK(lint(h.mine) ==
        "sendCount_ms counter metrics should have \"_total\" suffix\n"
        "sendCount_ms metric names should be written in 'snake_case' not 'camelCase'\n"
        "sendCount_ms metric names should not contain abbreviated units\nsendCount_ms no help text\n");
}

// ---- the reader ----

TEST_CASE("Text is taken or refused as a Prometheus server does, but for three stated rows") {
  const struct {
    const char *name, *text;
    std::size_t size;
    bool accepted;
  } vectors[] = {
#define READ(name, text, size, accepted) {name, text, size, accepted},
#include "lint_vectors.inc"
#undef READ
  };
  std::string otherwise;
  for (const auto& v : vectors) {
    const bool accepted = lint_text(nx::string_view(v.text, v.size)).find("line ") != 0;
    if (accepted != v.accepted) otherwise += std::string(v.name) + "\n";
  }
  CHECK(otherwise == "t23-raw-newline-label\nt40-dup-label\nt60-empty-quoted\n");
}

TEST_CASE("No text breaks the reader") {
  house h;
  h.responses.labels("a\"\\\n", "\xff").inc();
  const std::string good[] = {nx::to_text(h.mine), page,
                              "{\"a.b\",\"c d\"=\"e\\\"\\\\\\n\"} 1e5 12345\n# TYPE \"a.b\" gauge\n# HELP \"a.b\" \\n\\\\ x\n a\t{ b = \"c\" , } -Inf\t7 \n"};
  const std::string bits = std::string("\n\t\r \"\\{},=#_:+-.eE019NaInfx\xff\xc3\xa4\xed") + '\0';
  std::mt19937 random(20261122);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::size_t refused = 0, differ = 0;
  for (int round = 0; round < 200000; ++round) {
    // A few lines of the page, so that a round is short, and a few changes of each kind.
    const std::string& from = good[below(3)];
    const std::size_t some = below(from.size()), line = from.rfind('\n', some);
    std::string text = from.substr(below(8) == 0 ? some : line == std::string::npos ? 0 : line + 1, 20 + below(120));
    const std::size_t cut = text.rfind('\n');
    if (below(8) && cut != std::string::npos) text.resize(cut);
    for (std::size_t changes = below(4); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = below(text.size());
      switch (below(5)) {
        case 0: text[at] = bits[below(bits.size())]; break;
        case 1: text.insert(at, 1, bits[below(bits.size())]); break;
        case 2: text.erase(at, 1 + below(5)); break;
        case 3: text.insert(below(text.size()), text.substr(at, below(20))); break;
        default: text[at] = static_cast<char>(text[at] ^ (1 << below(8))); break;
      }
    }
    const std::string problems = lint_text(text);
    const std::string difference = round % 50 ? "" : compare(h.mine, text);
    const bool bad = problems.find("line ") == 0;
    refused += bad;
    differ += difference.size() > 0;
    if (!bad) continue;
    // What is refused is one line that names the place, whatever bytes were found.
    if (problems.find('\n') != problems.size() - 1 || problems.size() > 500) FAIL(problems);
  }
  CHECK(refused > 50000);
  CHECK(refused < 150000);
  CHECK(differ == 4000);
}
