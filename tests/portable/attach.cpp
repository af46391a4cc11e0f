// tests/portable/attach.cpp - registries: names in parts, options, the default one, and several that are scraped as
// one.
#include <narthex/narthex.hpp>

#include <cstdio>
#include <cstring>
#include <new>

#include "text_check.hpp"
#include "text_of.hpp"

namespace {

using check::text_of;
using check::told;
using nx::errc;

bool answer(const nx::status& s, errc why, const char* subject, unsigned number = 0) {
  return CHECK(s.code() == why) && CHECK_EQ_TEXT(s.subject(), subject) && CHECK(s.number() == number);
}

// Namespace, subsystem and name are joined by underscores; empty parts leave none; what is too long is refused, not
// cut.
void composed_names() {
  const struct {
    const char *space, *subsystem, *last, *want;
  } all[] = {{"shop", "cart", "items", "shop_cart_items"},
             {"", "cart", "items", "cart_items"},
             {"shop", "", "items", "shop_items"},
             {"", "", "items", "items"},
             {"shop", "cart", "", "shop_cart"},
             {"_", "_", "_", "_____"}};
  for (const auto& row : all) {
    nx::registry r;
    const nx::name joined(row.space, row.subsystem, row.last);
    nx::gauge g{r, joined, "G."};
    CHECK(g.status().ok());
    char want[80];
    std::snprintf(want, sizeof want, "# HELP %s G.\n# TYPE %s gauge\n%s 0\n", row.want, row.want, row.want);
    CHECK_EQ_TEXT(text_of(r), want);
  }
  char part[160];
  std::memset(part, 'x', sizeof part);
  told::listen();
  for (unsigned size = 120; size < 160; ++size) {
    nx::registry r;
    part[size] = '\0';
    const nx::name one(part, "", ""), two("", part, "y"), three(part, part, part);
    nx::gauge a{r, one, "A."}, b{r, two, "B."}, c{r, three, "C."};
    CHECK(a.status().ok() == (size <= nx::name::max_size) && b.status().ok() == (size + 2 <= nx::name::max_size));
    CHECK(c.status().code() == errc::bad_name && c.status().number() == nx::name::max_size);
    if (!a.status().ok()) CHECK(a.status().code() == errc::bad_name && a.status().number() == nx::name::max_size);
    CHECK_GOOD_TEXT(text_of(r), std::strlen(text_of(r)));
    part[size] = 'x';
  }
  nx::registry r;
  const nx::name empty("", "", ""), bad("a", "b-c", "d");
  nx::gauge nothing{r, empty, "N."}, wrong{r, bad, "W."};
  CHECK(nothing.status().code() == errc::empty_name);
  const nx::name with_nul("a", nx::string_view("b\0c", 3), "d");
  nx::fixed_gauge cut{r, with_nul, "C."};
  CHECK(cut.status().code() == errc::bad_name && cut.status().number() == 3);
  answer(wrong.status(), errc::bad_name, "a_b-c_d", 3);
}

// What is wrong with a registry's options is told by its status, and left out; the rest holds.
void bad_options() {
  const struct {
    const char *prefix, *label, *second;
    errc why;
    const char* subject;
    unsigned number;
    const char* line;
  } all[] = {{"p-", "a", "b", errc::bad_name, "p-", 0, "c{a=\"1\",b=\"2\"} 0"},
             {"9", "a", "b", errc::bad_name, "9", 0, "c{a=\"1\",b=\"2\"} 0"},
             {"p_", "a:", "b", errc::bad_label_name, "a:", 0, "p_c{b=\"2\"} 0"},
             {"p:", "", "b", errc::bad_label_name, "", 0, "p:c{b=\"2\"} 0"},
             {"", "__a", "b", errc::reserved_label_name, "__a", 0, "c{b=\"2\"} 0"},
             {"", "a", "le", errc::reserved_label_name, "le", 1, "c{a=\"1\"} 0"},
             {"", "a", "quantile", errc::reserved_label_name, "quantile", 1, "c{a=\"1\"} 0"},
             {"", "a", "a", errc::duplicate_label_name, "a", 1, "c{a=\"1\"} 0"}};
  for (const auto& row : all) {
    nx::registry r{nx::registry_options().prefix(row.prefix).label(row.label, "1").label(row.second, "2")};
    answer(r.status(), row.why, row.subject, row.number);
    nx::counter c{r, "c", "C."};
    CHECK_SHOWS(r, row.line);
  }
  nx::registry_options nine;
  static const char* const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
  for (const char* const name : names) nine.label(name, "1");
  nx::registry r{nine};
  answer(r.status(), errc::label_too_long, "registry_options", 8);
  nx::counter c{r, "c", "C."};
  CHECK_SHOWS(r, "c{a=\"1\",b=\"1\",c=\"1\",d=\"1\",e=\"1\",f=\"1\",g=\"1\",h=\"1\"} 0");
  CHECK(r.prefix().empty() && r.constant_labels().size() == 8 * 5 + 7);
}

// A state set's name becomes a label's name, prefix and all: it must be good and new as that, too.
void state_set_under_a_prefix() {
  told::listen();
  const struct {
    const char *prefix, *label, *name;
    bool good;
  } all[] = {{"p_", "x", "s", true},
             {"p:", "x", "s", false},
             {"p_", "p_s", "s", false},
             {"p_", "s", "s", true},
             {"_", "x", "_s", false}};
  for (const auto& row : all) {
    nx::registry r{nx::registry_options().prefix(row.prefix).label(row.label, "1")};
    nx::state_set s{r, row.name, "S.", {"on", "off"}};
    CHECK(r.status().ok() && s.status().ok() == row.good);
    CHECK_GOOD_TEXT(text_of(r), std::strlen(text_of(r)));
  }
}

// An instrument without a registry is in the default one, which is what write_text shows without one.
void default_registry() {
  nx::fixed_counter c{"in_default_total", "D."};
  c.inc(3);
  static char text[4096], same[4096];
  const std::size_t size = nx::write_text(text, sizeof text);
  CHECK(size < sizeof text && size == nx::write_text(nx::default_registry(), same, sizeof same));
  CHECK(std::memcmp(text, same, size) == 0);
  text[size] = '\0';
  CHECK(check::has_line(text, "in_default_total 3"));
}

// Attached, two registries are one page in name order; families of one name merge, equal series are added up.
void merged() {
  nx::registry root, part{nx::registry_options().prefix("p_")}, other;
  nx::counter a{root, "p_b", "B."}, b{part, "b", "B."}, z{root, "z", "Z."}, m{part, "m", "M."};
  nx::gauge g{root, "g", "G."}, h{other, "g", "G."};
  nx::double_counter d{root, "d", "D."}, e{other, "d", "D."};
  nx::histogram x{root, "x", "X.", nx::buckets::linear(1, 1, 2)}, y{other, "x", "X.", nx::buckets::linear(1, 1, 2)};
  nx::summary s{root, "s", "S."}, t{other, "s", "S."};
  a.inc(2), b.inc(3), z.inc(1), m.inc(4), g.set(5), h.set(6), d.inc(0.5), e.inc(0.25);
  x.observe(1), x.observe(3), y.observe(2), s.observe(10), t.observe(20);
  CHECK(root.attach(part).ok() && root.attach(other).ok());
  const char* const want =
      "# HELP d D.\n# TYPE d counter\nd 0.75\n# HELP g G.\n# TYPE g gauge\ng 5\n"
      "# HELP p_b B.\n# TYPE p_b counter\np_b 5\n# HELP p_m M.\n# TYPE p_m counter\np_m 4\n"
      "# HELP s S.\n# TYPE s summary\ns_sum 30\ns_count 2\n"
      "# HELP x X.\n# TYPE x histogram\nx_bucket{le=\"1\"} 1\nx_bucket{le=\"2\"} 2\nx_bucket{le=\"+Inf\"} 3\nx_sum "
      "6\nx_count 3\n"
      "# HELP z Z.\n# TYPE z counter\nz 1\n";
  CHECK_EQ_TEXT(text_of(root), want);
  CHECK_EQ_TEXT(text_of(part), "# HELP p_b B.\n# TYPE p_b counter\np_b 3\n# HELP p_m M.\n# TYPE p_m counter\np_m 4\n");
  CHECK(root.detach(other).ok());
  CHECK(!std::strstr(text_of(root), "0.75") && std::strstr(text_of(root), "p_b 5\n"));
  answer(root.detach(other), errc::not_registered, "registry::detach");
  CHECK(root.attach(other).ok());
  CHECK_EQ_TEXT(text_of(root), want);
}

// Families merge series by series: those of the upper registry first, HELP and TYPE once.
void merged_families() {
  nx::registry root, east{nx::registry_options().label("region", "east")}, part;
  nx::fixed_family<nx::counter, 1, 4> f{root, "f", "F.", {"x"}}, g{part, "f", "F.", {"x"}}, h{east, "f", "F.", {"x"}};
  f.labels("a").inc(1), f.labels("b").inc(2), g.labels("b").inc(10), g.labels("c").inc(20), h.labels("b").inc(100);
  g.labels("d").inc();
  CHECK(g.remove("d"));
#if NARTHEX_HAS(HEAP)
  const bool attached = root.attach(part).ok() && part.attach(east).ok();
#else
  const bool attached = root.attach(part).ok() && root.attach(east).ok();
#endif
  // Two fixed families of one name may be taken or refused; what is shown is right in both cases.
  const check::page page = check::page_of(root);
  CHECK_GOOD_TEXT(page.text, page.size);
  CHECK(!attached || check::reader().samples() == 4);
#if NARTHEX_HAS(HEAP)
  nx::registry top, low{nx::registry_options().label("region", "east")}, side;
  nx::family<nx::counter, 1> i{top, "f", "F.", {"x"}}, j{side, "f", "F.", {"x"}}, k{low, "f", "F.", {"x"}};
  i.labels("a").inc(1), i.labels("b").inc(2), j.labels("b").inc(10), j.labels("c").inc(20), k.labels("b").inc(100);
  CHECK(top.attach(side).ok() && side.attach(low).ok());
  CHECK_EQ_TEXT(
      text_of(top),
      "# HELP f F.\n# TYPE f counter\nf{x=\"a\"} 1\nf{x=\"b\"} 12\nf{x=\"c\"} 20\nf{region=\"east\",x=\"b\"} 100\n");
  i.remove("b");
  CHECK_SHOWS(top, "f{x=\"b\"} 10");
  low.count(nx::mistake::sample);
  top.count(nx::mistake::update);
  CHECK_SHOWS(top, "narthex_refused_total{region=\"east\",what=\"sample\"} 1");
#endif
}

#if NARTHEX_HAS(HEAP)
std::int64_t seconds;
std::int64_t next_second() { return ++seconds * 1000000000; }

// The equal series of another registry is found by its values, whatever they are: those that are escaped, long, broken, repaired
// to another's text, hidden, beyond the limit, of another kind of family.
void equal_series() {
  const nx::registry_options east = nx::registry_options().label("region", "e\"st");
  nx::registry top{east}, side{east}, west{nx::registry_options().label("region", "west")};
  nx::family<nx::counter, 2> a{top, "f", "F.", {"x", "y"}, nx::series_limits(6)}, b{side, "f", "F.", {"x", "y"}, nx::series_limits(5)},
      c{west, "f", "F.", {"x", "y"}};
  const char* const values[] = {"plain", "a\"b\\c\nd", "", "\xff", "seventeen bytes, and more than that, are folded by sixteen"};
  std::uint64_t n = 1;
  for (const char* const v : values) {
    a.labels(v, "1").inc(n), b.labels("1", v).inc(n), c.labels(v, "1").inc(1000);
    n *= 2;
  }
  a.labels("1", "plain").inc(100);
  a.labels("one", "too many").inc(7);
  b.labels("one", "too many").inc(8);
  CHECK(top.attach(west).ok() && top.attach(side).ok());
  const char* const text = text_of(top);
#define EAST(labels, value) "f{region=\"e\\\"st\"," labels "} " value "\n"
#define WEST(labels) "f{region=\"west\"," labels "} 1000\n"
  CHECK_EQ_TEXT(text,
                "# HELP f F.\n# TYPE f counter\n"
                EAST("x=\"plain\",y=\"1\"", "1") EAST("x=\"a\\\"b\\\\c\\nd\",y=\"1\"", "2") EAST("x=\"\",y=\"1\"", "4")
                EAST("x=\"\xEF\xBF\xBD" "ff\",y=\"1\"", "8")
                EAST("x=\"seventeen bytes, and more than that, are folded by sixteen\",y=\"1\"", "16")
                EAST("x=\"1\",y=\"plain\"", "101") EAST("x=\"_overflow_\",y=\"_overflow_\"", "15")
                EAST("x=\"1\",y=\"a\\\"b\\\\c\\nd\"", "2") EAST("x=\"1\",y=\"\"", "4")
                EAST("x=\"1\",y=\"\xEF\xBF\xBD" "ff\"", "8")
                EAST("x=\"1\",y=\"seventeen bytes, and more than that, are folded by sixteen\"", "16")
                WEST("x=\"plain\",y=\"1\"") WEST("x=\"a\\\"b\\\\c\\nd\",y=\"1\"") WEST("x=\"\",y=\"1\"")
                WEST("x=\"\xEF\xBF\xBD" "ff\",y=\"1\"")
                WEST("x=\"seventeen bytes, and more than that, are folded by sixteen\",y=\"1\"")
                "# HELP narthex_refused_total What was refused, by kind.\n# TYPE narthex_refused_total counter\n"
                "narthex_refused_total{region=\"e\\\"st\",what=\"series\"} 2\n");
#undef EAST
#undef WEST
  a.remove("1", "plain");
  CHECK_SHOWS(top, "f{region=\"e\\\"st\",x=\"1\",y=\"plain\"} 1");
  b.remove("1", "plain");
  CHECK(!std::strstr(text_of(top), "x=\"1\",y=\"plain\""));

  nx::registry root, part;
  nx::fixed_family<nx::counter, 1, 4> fixed{root, "g", "G.", {"x"}};
  nx::family<nx::counter, 1> grows{part, "g", "G.", {"x"}};
  nx::family<nx::histogram, 1> sizes{root, "h", "H.", {"x"}, {1, 2}}, more{part, "h", "H.", {"x"}, {1, 2}};
  fixed.labels("a").inc(1), grows.labels("a").inc(2), grows.labels("b").inc(4);
  sizes.labels("a").observe(1), more.labels("a").observe(2), more.labels("b").observe(3);
  CHECK(root.attach(part).ok());
  CHECK_EQ_TEXT(text_of(root),
                "# HELP g G.\n# TYPE g counter\ng{x=\"a\"} 3\ng{x=\"b\"} 4\n# HELP h H.\n# TYPE h histogram\n"
                "h_bucket{x=\"a\",le=\"1\"} 1\nh_bucket{x=\"a\",le=\"2\"} 2\nh_bucket{x=\"a\",le=\"+Inf\"} 2\nh_sum{x=\"a\"} 3\nh_count{x=\"a\"} 2\n"
                "h_bucket{x=\"b\",le=\"1\"} 0\nh_bucket{x=\"b\",le=\"2\"} 0\nh_bucket{x=\"b\",le=\"+Inf\"} 1\nh_sum{x=\"b\"} 3\nh_count{x=\"b\"} 1\n");
  nx::histogram kept = more.labels("a");
  CHECK(more.remove("a"));
  kept.observe(1.5);
  CHECK(nx::to_text(root).find("h_sum{x=\"a\"} 2.5\n") != std::string::npos);  // an update shows it again, at once

  // Both count from zero since the earlier of the two.
  nx::registry late{nx::registry_options().created_times(&next_second)}, early{nx::registry_options().created_times(&next_second)};
  nx::family<nx::counter, 1> second{late, "k", "K.", {"x"}}, first{early, "k", "K.", {"x"}};
  seconds = 0;
  first.labels("a").inc(1), second.labels("a").inc(2);
  CHECK(late.attach(early).ok());
  nx::walk all(late);
  CHECK(all.next() && all.now().value.u64 == 3 && all.now().created_ns == 1000000000);
}
#endif

// Metrics without labels of their own are one series where their registries' labels are the same.
void added_up_by_constant_labels() {
  nx::registry top{nx::registry_options().label("region", "east")}, low{nx::registry_options().label("region", "east")};
  nx::registry other{nx::registry_options().label("region", "west")};
  nx::counter a{top, "a", "A."}, b{low, "a", "A."}, c{other, "a", "A."};
  a.inc(1), b.inc(2), c.inc(4);
  CHECK(top.attach(low).ok() && top.attach(other).ok());
  CHECK_EQ_TEXT(text_of(top), "# HELP a A.\n# TYPE a counter\na{region=\"east\"} 3\na{region=\"west\"} 4\n");
}

// What cannot be one page is refused, with the name, and nothing changes; so are circles, second parents and too many.
void refused_attachments() {
  static const double bounds[] = {1}, others[] = {2};
  nx::registry root;
  nx::histogram h{root, "h", "H.", nx::buckets(bounds)};
  nx::counter c{root, "c", "C."}, sum{root, "x_sum", "S."};
  told::listen();
  {
    nx::registry type, help, shape, suffix, whole;
    nx::gauge a{type, "c", "C."};
    nx::counter b{help, "c", "Other."}, d{suffix, "h_count", "D."};
    nx::histogram e{shape, "h", "H.", nx::buckets(others)}, f{whole, "x", "X."};
    answer(root.attach(type), errc::name_taken, "c");
    answer(root.attach(help), errc::name_taken, "c");
    answer(root.attach(shape), errc::name_taken, "h");
    answer(root.attach(suffix), errc::name_collides, "h_count");
    answer(root.attach(whole), errc::name_collides, "x");
    CHECK(!std::strstr(text_of(root), "gauge"));
    // A sample's name that begins in a prefix.
    nx::registry half{nx::registry_options().prefix("h_c")}, most{nx::registry_options().prefix("h_bucket")};
    nx::counter g{half, "ount", "G."}, i{most, "s", "I."};
    answer(root.attach(half), errc::name_collides, "ount");
    CHECK(root.attach(most).ok() && root.detach(most).ok());
    CHECK(told::count() == 0);  // the caller has the answer
  }
  nx::registry a, b, late;
  answer(root.attach(root), errc::attach_cycle, "registry::attach");
  CHECK(root.attach(a).ok() && a.attach(b).ok());
  answer(b.attach(root), errc::attach_cycle, "registry::attach");
  answer(a.attach(root), errc::attach_cycle, "registry::attach");
  answer(late.attach(b), errc::already_attached, "registry::attach");
  CHECK(!root.attach(b).ok() && !root.attach(a).ok());
  answer(root.detach(b), errc::not_registered, "registry::detach");
  // From now on a registration looks at the whole tree.
  nx::gauge taken{b, "c", "C."};
  nx::counter collides{a, "h_bucket", "B."};
  CHECK(taken.status().code() == errc::name_taken && collides.status().code() == errc::name_collides);
  CHECK(told::count() == 2);
  CHECK(a.detach(b).ok());
  nx::gauge free{b, "c", "C."};
  CHECK(free.status().ok());
  answer(a.attach(b), errc::name_taken, "c");

  alignas(nx::registry) static unsigned char room[nx::registry::max_registries][sizeof(nx::registry)];
  nx::registry top;
  unsigned taken_in = 1;
  nx::registry* last = &top;
  for (auto& place : room) {
    nx::registry* const next = new (&place) nx::registry;
    const nx::status s = last->attach(*next);
    if (s.ok())
      ++taken_in, last = next;
    else
      answer(s, errc::too_many_registries, "registry::attach", nx::registry::max_registries);
  }
  CHECK(taken_in == nx::registry::max_registries);
  nx::counter deep{*last, "deep", "D."};
  CHECK_SHOWS(top, "deep 0");
  for (auto& place : room) reinterpret_cast<nx::registry*>(&place)->~registry();
}

// A registry that ends leaves the page it was part of; what was attached to it is free again.
void an_end() {
  nx::registry root, leaf;
  nx::counter c{leaf, "c", "C."};
  nx::fixed_counter* survivor = nullptr;
  alignas(nx::fixed_counter) static unsigned char room[sizeof(nx::fixed_counter)];
  {
    nx::registry middle;
    survivor = new (&room) nx::fixed_counter{middle, "m", "M."};
    CHECK(root.attach(middle).ok() && middle.attach(leaf).ok());
    CHECK(std::strstr(text_of(root), "c 0\n") && std::strstr(text_of(root), "m 0\n"));
  }
  CHECK_EQ_TEXT(text_of(root), "");
  survivor->inc();
  CHECK(survivor->value() == 1 && survivor->status().code() == errc::not_registered);
  survivor->~counter_of();
  CHECK(root.attach(leaf).ok());
  CHECK_SHOWS(root, "c 0");
}

}  // namespace

int main() {
  composed_names();
  bad_options();
  state_set_under_a_prefix();
  default_registry();
  merged();
  merged_families();
#if NARTHEX_HAS(HEAP)
  equal_series();
#endif
  added_up_by_constant_labels();
  refused_attachments();
  an_end();
  return check::report();
}
