// tests/portable/chunks.cpp - an exposition in pieces: the same bytes whatever the size, a sink that stops it, a sink
// that changes the very registry it is fed from.
#include <narthex/narthex.hpp>

#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <new>

#include "slot.hpp"
#include "text_check.hpp"
#include "text_of.hpp"

namespace {

using check::slot;

template <class T>
#if NARTHEX_HAS(HEAP)
using some_family = nx::family<T, 1>;
#else
using some_family = nx::fixed_family<T, 1, 8>;
#endif

const char* const names[] = {"a_total", "b", "c", "d", "e", "f", "g", "h", "i_info", "y", "z", "A_total", "zz"};

/// A registry with something of every kind in it.
struct house {
  nx::registry r;
  slot<nx::counter> a, new_a;
  slot<some_family<nx::counter>> b;
  slot<some_family<nx::gauge>> other_b;
  slot<nx::histogram> c, other_c, new_b;
  slot<nx::callback_gauge> d, new_d;
  slot<nx::callback_counter> other_d;
  slot<nx::fixed_counter> g, new_g;
  slot<nx::fixed_gauge> other_g;
  slot<nx::state_set> h, other_h;
  slot<nx::info> i;
  slot<nx::summary> y;
  slot<nx::gauge> z;
#if NARTHEX_HAS(HEAP)
  slot<nx::collector> e;
#endif

  explicit house(const nx::registry_options& options) : r(options) {
    a.make(r, names[0], "A.").inc(12345);
    b.make(r, names[1], "B\\\n.", nx::label_names<1>("x"));
    for (int n = 0; n < 5; ++n) b.get().labels(n).inc(n);
    c.make(r, names[2], "C.", nx::buckets::linear(1, 1, 3)).observe(2);
    d.make(r, names[3], "D.", [] { return 0.25; });
    make_collector();
    g.make(r, names[6], "G.").inc();
    h.make(r, names[7], "H.", std::initializer_list<const_state>{"on", "off"});
    i.make(r, names[8], "I.", std::initializer_list<nx::label_pair>{{"v", "1\"2"}});
    y.make(r, names[9], "Y.").observe(0.5);
    z.make(r, names[10], "Z.").set(-1.5);
    z.get().inc(1e300);
  }
#if NARTHEX_HAS(HEAP)
  using const_state = nx::string_view;
  void make_collector() {
    e.make(r,
           std::initializer_list<nx::declared>{{nx::metric_type::gauge, names[4], "E.", {"x"}},
                                               {nx::metric_type::unknown, names[5], "F.", {"x"}}},
           [](nx::collected& out) {
             for (int n = 0; n < 4; ++n) out.add(0, {n}, n * 0.5);
             out.add(1, {"text"}, 42.23);
           });
  }
#else
  using const_state = const char*;
  void make_collector() {}
#endif
};

/// Takes chunks, and does something to the house once `at` bytes have come.
struct recorder {
  char text[1 << 14];
  std::size_t size, at, limit, largest, calls;
  house* in;
  void (*act)(house&);

  static bool write(void* context, const char* data, std::size_t n) {
    recorder& me = *static_cast<recorder*>(context);
    ++me.calls;
    if (n > me.largest) me.largest = n;
    CHECK(n > 0);
    if (me.size + n > me.limit) return false;
    std::memcpy(me.text + me.size, data, n);
    me.size += n;
    if (me.act && me.size >= me.at) {
      void (*const act)(house&) = me.act;
      me.act = nullptr;
      act(*me.in);
    }
    return true;
  }
  nx::status run(house& from, std::size_t chunk_size, void (*action)(house&) = nullptr, std::size_t position = 0,
                 std::size_t end = sizeof text, nx::registry_core* top = nullptr) {
    static char chunk[8192];
    size = largest = calls = 0;
    at = position;
    limit = end;
    in = &from;
    act = action;
    const nx::sink to = {&write, this};
    return nx::write_text(top ? *top : from.r, to, chunk, chunk_size);
  }
};
recorder got, whole;

// The bytes are the same in chunks of any size, in a buffer, and in a string; families are sorted, HELP and TYPE stand
// once.
void any_chunk_size(house& from) {
  CHECK(whole.run(from, 8192).ok() && whole.calls == 1);
  CHECK_GOOD_TEXT(whole.text, whole.size);
  for (const unsigned size : {1u, 2u, 7u, 64u, 100u, 8192u}) {
    CHECK(got.run(from, size).ok());
    CHECK(got.size == whole.size && std::memcmp(got.text, whole.text, got.size) == 0);
    CHECK(got.largest <= size && got.calls == (got.size + size - 1) / size);
  }
  const check::page page = check::page_of(from.r);
  CHECK(page.size == whole.size && std::memcmp(page.text, whole.text, page.size) == 0);
  static char small[100];
  std::memset(small, '#', sizeof small);
  CHECK(nx::write_text(from.r, small, 90) == whole.size);  // says what it would have needed
  CHECK(std::memcmp(small, whole.text, 90) == 0 && small[90] == '#');
  CHECK(nx::write_text(from.r, small, 0) == whole.size && nx::write_text(from.r, nullptr, 0) == whole.size);
#if NARTHEX_HAS(HEAP)
  CHECK(nx::to_text(from.r) == std::string(whole.text, whole.size));
#endif
}

// A sink that takes no more is not asked again, and has the beginning; write_text says so.
void refusing_sinks(house& from) {
  for (const unsigned size : {1u, 7u, 64u}) {
    for (std::size_t limit = 0; limit < whole.size; limit += 37) {
      const nx::status s = got.run(from, size, nullptr, 0, limit);
      CHECK(s.code() == nx::errc::closed);
      CHECK(got.calls == limit / size + 1 && got.size == limit / size * size);
      CHECK(std::memcmp(got.text, whole.text, got.size) == 0);
    }
  }
  CHECK(got.run(from, 64).ok());
}

// ---- what a sink may do to the registry ----

void new_type_under_b(house& o) {
  o.b.drop();
  auto& f = o.other_b.make(o.r, names[1], "B, a gauge.", nx::label_names<1>("x"));
  for (int n = 0; n < 5; ++n) f.labels(n).set(n);
}
void histogram_under_b(house& o) {
  o.b.drop();
  o.new_b.make(o.r, names[1], "B, a histogram.", nx::buckets::linear(1, 1, 3));
}
void b_leaves_and_comes_back(house& o) {
  o.b.drop();
  o.b.make(o.r, names[1], "B\\\n.", nx::label_names<1>("x")).labels(3).inc();
}
void series_come_and_go(house& o) {
  o.b.get().remove(1);
  o.b.get().labels(7).inc();
  o.b.get().clear();
  o.b.get().labels(2).inc();
}
void new_bounds_under_c(house& o) {
  o.c.drop();
  o.other_c.make(o.r, names[2], "C.", nx::buckets::linear(5, 1, 5)).observe(6);
}
void callbacks_change(house& o) {
  o.d.drop();
  o.other_d.make(o.r, names[3], "D, a counter.", [] { return 7; });
}
void callback_elsewhere(house& o) {  // the same metric, but not the same object
  o.d.drop();
  o.new_d.make(o.r, names[3], "D.", [] { return 0.75; });
}
void fixed_elsewhere(house& o) {
  o.g.drop();
  o.new_g.make(o.r, names[6], "G.");
}
void fixed_change(house& o) {
  o.g.drop();
  o.other_g.make(o.r, names[6], "G, a gauge.").set(0.5);
}
void states_change(house& o) {
  o.h.drop();
  o.other_h.make(o.r, names[7], "H.", std::initializer_list<house::const_state>{"off", "on", "broken"});
}
void names_come_before_and_behind(house& o) {
  o.a.drop();
  o.new_a.make(o.r, names[11], "New.");
  o.z.make(o.r, names[12], "New.");
}
void everything_goes(house& o) {
  o.a.drop(), o.b.drop(), o.c.drop(), o.d.drop(), o.g.drop(), o.h.drop(), o.i.drop(), o.y.drop(), o.z.drop();
#if NARTHEX_HAS(HEAP)
  o.e.drop();
#endif
}
void another_scrape(house& o) { check::page_of(o.r); }
void updates(house& o) {
  o.a.get().inc(-1);
  for (int n = 0; n < 100; ++n) o.c.get().observe(n), o.b.get().labels(n % 5).inc(1000), o.y.get().observe(n);
}
#if NARTHEX_HAS(HEAP)
// The new one lies where the old one was, and its families have other shapes.
void collectors_change(house& o) {
  o.e.make(o.r,
           std::initializer_list<nx::declared>{{nx::metric_type::summary, names[4], "E.", {"y"}},
                                               {nx::metric_type::histogram, names[5], "F.", {"y"}}},
           [](nx::collected& out) {
             const std::uint64_t counts[] = {1, 2, 3};
             out.add_histogram(1, {"\n"}, nx::buckets::linear(1, 1, 2), counts, 1.5);
             const double which[] = {0.5}, value[] = {3};
             out.add_summary(0, {"new"}, which, value, 1, 2.5, 3);
           });
}
void collector_goes(house& o) { o.e.drop(); }
#endif

// Whatever a sink does, and wherever in the text, what it gets is a good exposition, and the next one is, too.
void changes_in_the_middle() {
  void (*const acts[])(house&) = {
    new_type_under_b,
    histogram_under_b,
    b_leaves_and_comes_back,
    series_come_and_go,
    new_bounds_under_c,
    callbacks_change,
    callback_elsewhere,
    fixed_elsewhere,
    fixed_change,
    states_change,
#if NARTHEX_HAS(HEAP)
    collectors_change,
    collector_goes,
#endif
    names_come_before_and_behind,
    everything_goes,
    another_scrape,
    updates
  };
  unsigned number = 0;
  for (void (*const act)(house&) : acts) {
    for (const unsigned chunk : {1u, 7u, 64u}) {
      for (std::size_t at = 1; at < whole.size; at += 11) {
        // Alone, and below a registry that has some of its families, too.
        nx::registry top;
        house from{nx::registry_options()};
        some_family<nx::counter> b{top, names[1], "B\\\n.", nx::label_names<1>("x")};
        nx::counter a{top, names[0], "A."}, between{top, "dd", "B."};
        b.labels(2).inc(), b.labels("top").inc();
        const bool joined = chunk == 7 && top.attach(from.r).ok();
        const bool good = CHECK(got.run(from, chunk, act, at, sizeof got.text, joined ? &top : nullptr).ok()) &&
                          CHECK_GOOD_TEXT(got.text, got.size);
        const check::page after = check::page_of(joined ? top : from.r);
        if (!good || !CHECK_GOOD_TEXT(after.text, after.size)) {
          std::printf("  act %u at byte %u in chunks of %u:\n%.*s\n", number, unsigned(at), chunk, int(got.size),
                      got.text);
          return;
        }
      }
    }
    ++number;
  }
}

// An object of another kind lies where the one was that the walk stands on, under the same name.
union two_kinds {
  nx::fixed_family<nx::fixed_counter, 1, 4> counters;
  nx::fixed_family<nx::fixed_histogram<2>, 1, 4> histograms;
  explicit two_kinds(nx::registry& registry) : counters(registry, "k", "K.", nx::label_names<1>("x")) {}
  ~two_kinds() {}
};
void another_kind_at_the_same_place() {
  struct scene {
    nx::registry r;
    two_kinds place{r};
    std::size_t size = 0, at = 0;
    char text[2000];
    static bool write(void* context, const char* data, std::size_t n) {
      scene& me = *static_cast<scene*>(context);
      std::memcpy(me.text + me.size, data, n);
      const std::size_t before = me.size;
      me.size += n;
      if (before > me.at || me.size <= me.at) return true;
      using counters = decltype(me.place.counters);
      me.place.counters.~counters();
      new (&me.place.histograms) decltype(me.place.histograms){me.r, "k", "K.", nx::label_names<1>("x"), {1, 2}};
      for (int i = 0; i < 3; ++i) me.place.histograms.labels(i).observe(i);
      return true;
    }
  };
  for (std::size_t at = 0; at < 60; at += 5) {
    scene s;
    s.at = at;
    for (int i = 0; i < 3; ++i) s.place.counters.labels(i).inc();
    char chunk[4];
    CHECK(nx::write_text(s.r, nx::sink{&scene::write, &s}, chunk, sizeof chunk).ok());
    CHECK_GOOD_TEXT(s.text, s.size);
    using histograms = decltype(s.place.histograms);
    s.place.histograms.~histograms();
  }
}

// The upper registry's part of a family goes away in its middle: what the lower one has of it cannot be told from what was shown.
void upper_part_of_a_family_goes() {
  struct scene {
    nx::registry upper, lower;
    slot<nx::fixed_family<nx::fixed_counter, 1, 4>> top, below;
    std::size_t size = 0, at = 0;
    char text[2000];
    static bool write(void* context, const char* data, std::size_t n) {
      scene& me = *static_cast<scene*>(context);
      std::memcpy(me.text + me.size, data, n);
      me.size += n;
      if (me.size > me.at) me.top.drop();
      return true;
    }
  };
  for (std::size_t at = 0; at < 80; at += 3) {
    scene s;
    s.at = at;
    const char* const name = "k";  // a literal that is handed on is not one that C++20 can check
    s.top.make(s.upper, name, "K.", nx::label_names<1>("x"));
    s.below.make(s.lower, name, "K.", nx::label_names<1>("x"));
    for (int i = 0; i < 3; ++i) s.top.get().labels(i).inc(), s.below.get().labels(i).inc();
    CHECK(s.upper.attach(s.lower).ok());
    char chunk[4];
    CHECK(nx::write_text(s.upper, nx::sink{&scene::write, &s}, chunk, sizeof chunk).ok());
    CHECK_GOOD_TEXT(s.text, s.size);
  }
}

}  // namespace

int main() {
  check::told::listen();
  {
    house plain{nx::registry_options()}, named{nx::registry_options().label("c", "\"").prefix("p_")};
    any_chunk_size(named);
    any_chunk_size(plain);
    refusing_sinks(plain);
  }
  CHECK(check::told::count() == 0);
  changes_in_the_middle();
  another_kind_at_the_same_place();
  upper_part_of_a_family_goes();
  return check::report();
}
