// Values fetched at scrape time: one function for one value, or one function for whole families.
#include <narthex/narthex.hpp>

#include <cstdio>
#include <deque>

namespace nx = narthex;

struct pool {
  const char* name;
  int open, idle;
};

int main() {
  std::deque<int> queue = {1, 2, 3};
  const pool pools[] = {{"db", 10, 4}, {"cache", 3, 3}};

  // Up to three words of captures; the destructor takes it out of the registry and waits for its own call only.
  nx::callback_gauge depth{"queue_length", "Jobs waiting.", [&queue] { return queue.size(); }};

  // A collector declares its families, and is called once a scrape. Families are numbered in the order of declaration.
  nx::collector all_pools{{{nx::metric_type::gauge, "pool_connections", "Open connections.", {"pool"}},
                           {nx::metric_type::gauge, "pool_connections_idle", "Idle connections.", {"pool"}}},
                          [&pools](nx::collected& out) {
                            for (const pool& p : pools) {
                              out.add(0, {p.name}, p.open);
                              out.add(1, {p.name}, p.idle);
                            }
                          }};

  const std::string page = nx::to_text();
  std::printf("%s", page.c_str());
  return page ==
                 "# HELP pool_connections Open connections.\n"
                 "# TYPE pool_connections gauge\n"
                 "pool_connections{pool=\"db\"} 10\n"
                 "pool_connections{pool=\"cache\"} 3\n"
                 "# HELP pool_connections_idle Idle connections.\n"
                 "# TYPE pool_connections_idle gauge\n"
                 "pool_connections_idle{pool=\"db\"} 4\n"
                 "pool_connections_idle{pool=\"cache\"} 3\n"
                 "# HELP queue_length Jobs waiting.\n"
                 "# TYPE queue_length gauge\n"
                 "queue_length 3\n"
             ? 0
             : 1;
}

// # HELP pool_connections Open connections.
// # TYPE pool_connections gauge
// pool_connections{pool="db"} 10
// pool_connections{pool="cache"} 3
// # HELP pool_connections_idle Idle connections.
// # TYPE pool_connections_idle gauge
// pool_connections_idle{pool="db"} 4
// pool_connections_idle{pool="cache"} 3
// # HELP queue_length Jobs waiting.
// # TYPE queue_length gauge
// queue_length 3
