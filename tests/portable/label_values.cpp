// tests/portable/label_values.cpp - what a label value may hold: everything; what would break a line is escaped or
// repaired.
#include <narthex/narthex.hpp>

#include <cstdint>
#include <cstring>

#include "text_check.hpp"
#include "text_of.hpp"

namespace {

using check::text_of;

// Without a heap a family is a fixed one; the same source builds.
#if NARTHEX_HAS(HEAP)
template <class T, std::size_t N>
using some_family = nx::family<T, N>;
#else
template <class T, std::size_t N>
using some_family = nx::fixed_family<T, N, 16, 160>;
#endif
template <class T, std::size_t N>
using fixed_16 = nx::fixed_family<T, N, 16, 160>;

// Values that differ only in where they are cut are different series; so are empty ones.
template <class Family>
void values_are_whole() {
  nx::registry r;
  Family f{r, "f", "F.", {"a", "b"}};
  const char* const values[][2] = {{"ab", ""},        {"a", "b"},   {"", "ab"},  {"", ""},
                                   {"a\",b=\"b", ""}, {"a\\", "b"}, {"a", "\\b"}};
  int n = 0;
  for (const auto& v : values) f.labels(v[0], v[1]).inc(++n);
  n = 0;
  for (const auto& v : values) CHECK(f.labels(v[0], v[1]).value() == static_cast<unsigned>(++n));
  CHECK_EQ_TEXT(text_of(r),
                "# HELP f F.\n# TYPE f counter\nf{a=\"ab\",b=\"\"} 1\nf{a=\"a\",b=\"b\"} 2\nf{a=\"\",b=\"ab\"} "
                "3\nf{a=\"\",b=\"\"} 4\n"
                "f{a=\"a\\\",b=\\\"b\",b=\"\"} 5\nf{a=\"a\\\\\",b=\"b\"} 6\nf{a=\"a\",b=\"\\\\b\"} 7\n");
}

// Quotes, backslashes and newlines are escaped, all other bytes stand as they are, and nothing is a value, too.
template <class Family>
void any_bytes() {
  nx::registry r;
  Family f{r, "f", "F.", {"x"}};
  const nx::string_view values[] = {"\"",
                                    "\\",
                                    "\n",
                                    "\r\t\x01\x7f",
                                    "{a=\"b\"} 1 # x",
                                    "caf\xc3\xa9 \xf0\x9f\x98\x80 \xe6\x97\xa5",
                                    nx::string_view("a\0b", 3),
                                    nx::string_view()};
  for (const nx::string_view& v : values) f.labels(v).set(1);
  for (const nx::string_view& v : values) f.labels(v).inc();
  const char want[] =
      "# HELP f F.\n# TYPE f gauge\nf{x=\"\\\"\"} 2\nf{x=\"\\\\\"} 2\nf{x=\"\\n\"} 2\nf{x=\"\r\t\x01\x7f\"} 2\n"
      "f{x=\"{a=\\\"b\\\"} 1 # x\"} 2\nf{x=\"caf\xc3\xa9 \xf0\x9f\x98\x80 \xe6\x97\xa5\"} 2\nf{x=\"a\0b\"} "
      "2\nf{x=\"\"} 2\n";
  const check::page page = check::page_of(r);
  CHECK(page.size == sizeof want - 1 && std::memcmp(page.text, want, page.size) == 0);
  CHECK_GOOD_TEXT(page.text, page.size);
}

// A byte that must be escaped or repaired is seen wherever it stands.
template <class Family>
void special_byte_anywhere() {
  for (const char special : {'"', '\\', '\n', '\x80', '\xff'}) {
    for (std::size_t size = 1; size <= 16; ++size) {
      nx::registry r;
      Family f{r, "f", "F.", {"x"}};
      char value[16];
      for (int round = 1; round <= 2; ++round) {
        for (std::size_t at = 0; at < size; ++at) {
          std::memset(value, '!', size);
          value[at] = special;
          f.labels(nx::string_view(value, size)).inc();
        }
      }
      const check::page page = check::page_of(r);
      CHECK_GOOD_TEXT(page.text, page.size);
      CHECK(check::reader().samples() == size && check::occurrences(page.text, "\"} 2\n") == size);
    }
  }
}

// Two values that differ in one byte, wherever it is, are two series.
template <class Family>
void one_byte_differs() {
  char value[40];
  std::memset(value, 'a', sizeof value);
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      nx::registry r;
      Family f{r, "f", "F.", {"x"}};
      f.labels(nx::string_view(value, size)).inc(size);
      value[at] = 'b';
      CHECK(f.labels(nx::string_view(value, size)).value() == 0);
      f.labels(nx::string_view(value, size)).inc(100);
      value[at] = 'a';
      CHECK(f.labels(nx::string_view(value, size)).value() == size);
    }
  }
}

// Broken UTF-8 becomes U+FFFD and two digits a byte: two broken values stay two series, one stays one.
template <class Family>
void broken_utf8() {
  nx::registry r;
  Family f{r, "f", "F.", {"x"}};
  const char* const values[] = {
      "\xff", "\xfe", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\x97", "\x80\xc3\xa9\"\x80"};
  int n = 0;
  for (const char* const v : values) f.labels(v).inc(++n);
  for (const char* const v : values) f.labels(v).inc(10);
  f.labels(
       "\xef\xbf\xbd"
       "ff")
      .inc(100);  // what the first is written as: the very same series
  f.labels("\"\\\n\xff").inc(2);
  CHECK(f.labels("\"\\\n\xef\xbf\xbd"
                 "ff")
            .value() == 2);
  f.remove("\"\\\n\xff");
  CHECK(f.labels("\"\\\n\xff").status().ok());
  f.remove("\"\\\n\xff");
  CHECK_EQ_TEXT(text_of(r),
                "# HELP f F.\n# TYPE f counter\nf{x=\"\xef\xbf\xbd"
                "ff\"} 111\nf{x=\"\xef\xbf\xbd"
                "fe\"} 12\n"
                "f{x=\"a\xef\xbf\xbd"
                "c3\"} 13\nf{x=\"\xef\xbf\xbd"
                "c0\xef\xbf\xbd"
                "80\"} 14\n"
                "f{x=\"\xef\xbf\xbd"
                "ed\xef\xbf\xbd"
                "a0\xef\xbf\xbd"
                "80\"} 15\n"
                "f{x=\"\xef\xbf\xbd"
                "f4\xef\xbf\xbd"
                "90\xef\xbf\xbd"
                "80\xef\xbf\xbd"
                "80\"} 16\n"
                "f{x=\"\xef\xbf\xbd"
                "e6\xef\xbf\xbd"
                "97\"} 17\n"
                "f{x=\"\xef\xbf\xbd"
                "80\xc3\xa9\\\"\xef\xbf\xbd"
                "80\"} 18\n");
}

// Random bytes as values, in random numbers of series: the exposition is good whatever they are.
template <class Family>
void random_values() {
  nx::registry r{nx::registry_options().label("c", "\xff\"\\\n")};
  Family f{r, "f", "F.", {"x", "y"}};
  std::uint64_t state = 88172645463325252u;
  char bytes[24];
  for (int i = 0; i < 500; ++i) {
    for (char& c : bytes) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      c = state % 5 ? static_cast<char>(state >> 32) : "\"\\\n,="[(state >> 8) % 5];
    }
    const std::size_t cut = static_cast<std::size_t>(state >> 40) % 12, end = static_cast<std::size_t>(state >> 50) % 8;
    auto series = f.labels(nx::string_view(bytes, cut), nx::string_view(bytes + cut, end));
    const auto before = series.value();
    series.inc();
    CHECK(f.labels(nx::string_view(bytes, cut), nx::string_view(bytes + cut, end)).value() == before + 1);
    if (i % 7 == 0) f.remove(nx::string_view(bytes, cut), nx::string_view(bytes + cut, end));
  }
  const check::page page = check::page_of(r);
  CHECK_GOOD_TEXT(page.text, page.size);
  CHECK(check::reader().samples() > 10);
}

template <template <class, std::size_t> class Family>
void all() {
  values_are_whole<Family<nx::counter, 2>>();
  any_bytes<Family<nx::gauge, 1>>();
  special_byte_anywhere<Family<nx::counter, 1>>();
  one_byte_differs<Family<nx::counter, 1>>();
  broken_utf8<Family<nx::counter, 1>>();
  random_values<Family<nx::counter, 2>>();
}

}  // namespace

int main() {
  check::told::listen();
  all<some_family>();
  all<fixed_16>();
  CHECK(check::told::count() == 0);  // nothing here is a refused registration
  return check::report();
}
