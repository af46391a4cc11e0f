// One half of a program: its metrics, and its page. run.sh compiles it twice, with PART=alpha and PART=beta, against two
// versions or two configurations of narthex.
#include <narthex/expiring_family.hpp>
#include <narthex/narthex.hpp>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define NAME_OF(part, end) part##end
#define NAME(part, end) NAME_OF(part, end)

static narthex::counter shared_name{"jobs_total", "Jobs done by " TEXT(PART) "."};  // the same name in both, with another help
static narthex::family<narthex::histogram, 1> times{TEXT(PART) "_seconds", "Time.", {"kind"}, {1, 2}};
static narthex::expiring_family<narthex::counter, 1> sessions{TEXT(PART) "_sessions_total", "Sessions.", {"session"}};

std::string NAME(PART, _page)(int jobs) {
  shared_name.inc(jobs);
  times.labels("long").observe(1.5);
  sessions.labels("a").inc();
  return TEXT(NARTHEX_ABI) "\n" + narthex::to_text();
}
