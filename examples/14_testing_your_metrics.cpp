// Metrics in your own tests: one value, a whole exposition, and whether the names are good ones. Any test framework will do.
#include <narthex/narthex.hpp>
#include <narthex/testing.hpp>

#include <cstdio>
#include <string>

namespace nx = narthex;

/// What is to be tested. It takes its registry, so that each test can give it a fresh one.
class mailer {
 public:
  explicit mailer(nx::registry_core& registry)
      : sent_(registry, "mails_sent_total", "Mails sent.", {"result"}), size_(registry, "mail_bytes", "Size of mails.", {100, 1000}) {}
  void send(const std::string& text) {
    size_.observe(static_cast<double>(text.size()));
    sent_.labels(text.empty() ? "refused" : "ok").inc();
  }

 private:
  nx::family<nx::counter, 1> sent_;
  nx::histogram size_;
};

int failures = 0;
static void check(bool fine, const char* what) {
  std::printf("%s: %s\n", fine ? "ok" : "FAILED", what);
  failures += !fine;
}

int main() {
  nx::registry registry;
  mailer m(registry);
  m.send("Hello.");
  m.send("");

  using namespace nx::testing;
  check(value(registry, "mails_sent_total", {{"result", "ok"}}) == 1, "one was sent");
  check(value(registry, "mail_bytes_bucket", {{"le", "100"}}) == 2, "both were small");
  check(!value(registry, "mails_sent_total", {{"result", "bounced"}}).exists(), "none bounced");
  check(series_count(registry, "mails_sent_total") == 2, "two results");

  const char* const expected = R"(
    # TYPE mails_sent_total counter
    mails_sent_total{result="refused"} 1
    mails_sent_total{result="ok"} 2
  )";
  const std::string difference = compare(registry, expected, {"mails_sent_total"});
  std::printf("%s", difference.c_str());
  check(difference == "mails_sent_total{result=\"ok\"}: expected 2, got 1\n", "a difference in one line");

  check(lint(registry) == "", "promtool would not complain");
  nx::gauge late(registry, "mailDelay_ms", "Delay.");
  std::printf("%s", lint(registry).c_str());
  check(lint(registry) != "", "now it would");
  return failures;
}

// ok: one was sent
// ok: both were small
// ok: none bounced
// ok: two results
// mails_sent_total{result="ok"}: expected 2, got 1
// ok: a difference in one line
// ok: promtool would not complain
// mailDelay_ms metric names should be written in 'snake_case' not 'camelCase'
// mailDelay_ms metric names should not contain abbreviated units
// ok: now it would
