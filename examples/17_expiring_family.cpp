// Label sets that come and go: a series that nobody uses for a while goes, and its memory serves the next one.
#include <narthex/expiring_family.hpp>
#include <narthex/narthex.hpp>

#include <cstdio>

namespace nx = narthex;

// Here time passes when we say so; leave set_clock() out for the steady clock.
static std::uint32_t now_ms = 0;
static std::uint32_t our_clock() { return now_ms; }

nx::expiring_family<nx::counter, 1> sent{
    "session_messages_total", "Messages sent.", {"session"}, nx::expiry().set_idle_ms(60000).set_clock(&our_clock)};

int main() {
  auto first = sent.labels("a1");  // keep the handle while the session lasts
  first.inc(3);
  sent.labels("b2").inc();
  std::printf("%s", nx::to_text().c_str());  // each scrape looks which values have changed

  now_ms = 50000;
  sent.labels("b2").inc();
  nx::to_text();
  now_ms = 100000;
  const std::string page = nx::to_text();  // for 100 seconds nobody has used a1
  std::printf("%s", page.c_str());

  first.inc();  // too late: dropped and counted, and no other series' count
  const bool is_gone = first.status().code() == nx::errc::not_registered && sent.dropped() == 1;
  sent.labels("a1").inc();  // a new series, from zero
  return is_gone && sent.labels("a1").value() == 1 &&
                 page ==
                     "# HELP session_messages_total Messages sent.\n"
                     "# TYPE session_messages_total counter\n"
                     "session_messages_total{session=\"b2\"} 2\n"
             ? 0
             : 1;
}

// # HELP session_messages_total Messages sent.
// # TYPE session_messages_total counter
// session_messages_total{session="a1"} 3
// session_messages_total{session="b2"} 1
// # HELP session_messages_total Messages sent.
// # TYPE session_messages_total counter
// session_messages_total{session="b2"} 2
