// What happens instead of exceptions: every refusal is a status, nothing is lost, nothing stops.
#include <narthex/narthex.hpp>

#include <cstdio>

namespace nx = narthex;

static int told = 0;

int main() {
  nx::set_error_hook([](const nx::status&) { ++told; });  // instead of a line on stderr; nullptr for silence

  nx::counter good{"jobs_total", "Jobs."};
  nx::gauge taken{"jobs_total", "Not a counter."};  // refused: it works, and is not exposed
  taken.set(5);
  good.inc(-1);  // refused, and counted

  char words[nx::status::max_message];
  taken.status().message(words, sizeof words);
  std::printf("%s\n\n", words);

  char page[1024];
  const std::size_t size = nx::write_text(page, sizeof page);  // no string, no heap
  std::printf("%.*s", static_cast<int>(size), page);
  return taken.status().code() == nx::errc::name_taken && taken.value() == 5 && good.value() == 0 && told == 1 &&
                 nx::string_view(page, size).ends_with("narthex_refused_total{what=\"update\"} 1\n")
             ? 0
             : 1;
}

// jobs_total: the name is registered with another type, help or label set
//
// # HELP jobs_total Jobs.
// # TYPE jobs_total counter
// jobs_total 0
// # HELP narthex_refused_total What was refused, by kind.
// # TYPE narthex_refused_total counter
// narthex_refused_total{what="registration"} 1
// narthex_refused_total{what="update"} 1
