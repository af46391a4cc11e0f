#!/bin/bash
# compile_and_size.sh [--smoke]: what including narthex costs: compile time, preprocessed lines, bytes of a program.
# Prints lines as bench.cpp does; run.sh lays them out. CXX chooses the compiler, HAVE_PROMETHEUS_CPP=1 adds the rival.
set -u
cd "$(dirname "$0")/../.." || exit 1
cxx=${CXX:-g++}
rival=${HAVE_PROMETHEUS_CPP:-0}
rounds=9; [ "${1:-}" = --smoke ] && rounds=1
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
export LC_ALL=C

# ---- the sources: three times an include, three times a program that counts twice and prints the text ----
echo '#include <narthex/narthex.hpp>' > "$out/include_ours.cpp"
printf '#include <%s>\n' atomic string > "$out/include_bare.cpp"
printf '#include <prometheus/%s.h>\n' counter family gauge histogram registry summary text_serializer > "$out/include_rival.cpp"
cat > "$out/program_ours.cpp" <<'END'
#include <narthex/narthex.hpp>
#include <cstdio>
static bool print(void*, const char* data, std::size_t size) { return std::fwrite(data, 1, size, stdout) == size; }
int main() {
  narthex::counter jobs{"jobs_total", "Jobs."};
  narthex::family<narthex::counter, 2> requests{"requests_total", "Requests.", {"method", "code"}};
  jobs.inc();
  requests.labels("GET", 200).inc();
  const narthex::sink out = {print, nullptr};
  return narthex::write_text(out).ok() ? 0 : 1;
}
END
cat > "$out/program_bare.cpp" <<'END'
#include <atomic>
#include <cstdio>
#include <string>
static std::atomic<unsigned long> jobs, requests;
int main() {
  jobs.fetch_add(1, std::memory_order_relaxed);
  requests.fetch_add(1, std::memory_order_relaxed);
  const std::string text = "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total " + std::to_string(jobs.load()) +
                           "\n# HELP requests_total Requests.\n# TYPE requests_total counter\n"
                           "requests_total{method=\"GET\",code=\"200\"} " + std::to_string(requests.load()) + "\n";
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
END
cat > "$out/program_rival.cpp" <<'END'
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <iostream>
int main() {
  prometheus::Registry registry;
  auto& jobs = prometheus::BuildCounter().Name("jobs_total").Help("Jobs.").Register(registry).Add({});
  auto& requests = prometheus::BuildCounter().Name("requests_total").Help("Requests.").Register(registry);
  jobs.Increment();
  requests.Add({{"method", "GET"}, {"code", "200"}}).Increment();
  prometheus::TextSerializer().Serialize(std::cout, registry.Collect());
  return std::cout ? 0 : 1;
}
END
who="ours bare"; [ "$rival" = 1 ] && who="ours bare rival"
library=$([ "$rival" != 1 ] || echo -lprometheus-cpp-core)

fail() { echo "compile_and_size: $1" >&2; exit 1; }
compile() {  # compile SOURCE FLAGS...
  local source=$out/$1; shift
  "$cxx" -std=c++11 -pthread -Iinclude "$source" "$@"
}
row() {  # row NAME UNIT "WHAT IS BARE" PREFIX: medians and ratios of the numbers, one a line, in the files PREFIX_ours, _bare, _rival
  awk -v name="$1" -v unit="$2" -v bare_is="$3" -v prefix="$out/$4" '
    function quantile(v, n, part,   a, i, j, t, at) {
      for (i = 1; i <= n; i++) a[i] = v[i]
      for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] > a[j]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
      at = 1 + part * (n - 1); i = int(at)
      return i < n ? a[i] + (at - i) * (a[i + 1] - a[i]) : a[n]
    }
    function read(who, v,   n, file, line) {
      file = prefix "_" who
      for (n = 0; (getline line < file) > 0;) v[++n] = line + 0
      return n
    }
    function ratio(v, n,   i, r) {
      for (i = 1; i <= n; i++) r[i] = ours[i] / v[i]
      return n ? sprintf("%.3g", quantile(r, n, .5)) : "-"
    }
    function middle(v, n) { return n ? sprintf("%.7g", quantile(v, n, .5)) : "-" }
    BEGIN {
      n = read("ours", ours); b = read("bare", bare); c = read("rival", rival)
      spread = n > 1 ? sprintf("%.0f%%", (quantile(ours, n, .75) - quantile(ours, n, .25)) / quantile(ours, n, .5) * 100) : "-"
      printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, unit, middle(ours, n), middle(bare, b), middle(rival, c),
             ratio(bare, b), ratio(rival, c), spread, bare_is
    }'
}

# ---- compile time: processor time of a whole compiler run, by turns ----
TIMEFORMAT='%3U %3S'
for kind in include program; do
  for ((round = 0; round < rounds; round++)); do
    for w in $who; do
      { time compile "${kind}_$w.cpp" -O2 -c -o "$out/object" 2> "$out/errors"; } 2> "$out/time" || fail "$kind $w: $(cat "$out/errors")"
      awk '{ print ($1 + $2) * 1000 }' "$out/time" >> "$out/${kind}_$w"
    done
  done
done
row "compile, the include alone" "ms" "<atomic> and <string>" include
row "compile, a small program" "ms" "atomics and std::string" program

# ---- lines ----
for w in $who; do compile "include_$w.cpp" -E -P | wc -l > "$out/lines_$w"; done
row "lines after preprocessing" "lines" "<atomic> and <string>" lines

# ---- size: what is on the disk, then what is loaded; the rival's library counts once alone and once together ----
for w in $who; do
  libraries=''; [ "$w" = rival ] && libraries=$library
  # shellcheck disable=SC2086
  compile "program_$w.cpp" -Os -s -o "$out/program" -Wl,--as-needed $libraries > "$out/errors" 2>&1 || fail "program $w: $(cat "$out/errors")"
  "$out/program" > "$out/text_$w" || fail "the program of $w does not work"
  [ "$(grep -c '^[^#]' "$out/text_$w")" = 2 ] || fail "the program of $w printed something else: $(cat "$out/text_$w")"
  wc -c < "$out/program" > "$out/size_$w"
  cp "$out/size_$w" "$out/all_$w"
  size -A "$out/program" 2> "$out/errors" | awk '$1 ~ /^\.(text|rodata|data|bss)/ { n += $2 } END { if (n) print n }' > "$out/sections_$w"
  [ -z "$libraries" ] || wc -c < "$(ldd "$out/program" | awk '$1 ~ /prometheus/ { print $3 }')" |
    awk -v own="$(cat "$out/size_$w")" '{ print own + $1 }' > "$out/all_$w"
done
row "program, -Os, stripped" "bytes" "atomics and std::string" size
row "the same and the library it loads" "bytes" "atomics and std::string" all
row "its code and data" "bytes" "atomics and std::string" sections
