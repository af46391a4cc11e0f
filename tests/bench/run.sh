#!/bin/bash
# run.sh [--smoke] [--raw] [--churn] [--gzip]: builds and runs the benchmarks and prints one table, then which targets (targets.tsv) hold.
# --smoke: only whether everything works, with tiny counts. --raw: fields separated by tabs, for other programs.
# --churn: instead, new series at stated rates for a minute (churn.cpp). --gzip: instead, compression beside zlib (gzip.cpp).
# CXX and CXXFLAGS choose compiler and flags (g++, -O2). README.md says how to read the table.
set -u
cd "$(dirname "$0")" || exit 1
export CXX=${CXX:-g++} LC_ALL=C
smoke='' raw='' churn='' gzip=''
for a; do
  case $a in
    --smoke) smoke=--smoke ;;
    --raw) raw=yes ;;
    --churn) churn=yes ;;
    --gzip) gzip=yes ;;
    *) sed -n '2,5s/^# //p' run.sh >&2; exit 2 ;;
  esac
done
command -v "$CXX" > /dev/null || { echo "bench: no compiler $CXX"; exit 77; }
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

# std::to_chars for doubles, the bare operation of one row, needs C++17; narthex does not.
std=-std=c++17; echo 'int main() {}' > "$out/try.cpp"
"$CXX" $std -fsyntax-only "$out/try.cpp" 2> /dev/null || std=-std=c++11
flags="$std ${CXXFLAGS:--O2} -Wall -Wextra -pthread -I../../include"
libraries='' rival="not here (Debian and Ubuntu: prometheus-cpp-dev)"
export HAVE_PROMETHEUS_CPP=0
printf '#include <prometheus/counter.h>\nint main() { prometheus::Counter c; c.Increment(); }\n' > "$out/try.cpp"
# shellcheck disable=SC2086
if "$CXX" $flags "$out/try.cpp" -o "$out/try" -lprometheus-cpp-core 2> /dev/null && "$out/try" 2> /dev/null; then
  HAVE_PROMETHEUS_CPP=1 libraries=-lprometheus-cpp-core flags="$flags -DHAVE_PROMETHEUS_CPP"
  rival="prometheus-cpp $(pkg-config --modversion prometheus-cpp-core 2> /dev/null || echo "of unknown version")"
fi
if [ -n "$gzip" ]; then
  echo '#include <zlib.h>
int main() { return zlibVersion()[0] == 0; }' > "$out/try.cpp"
  zlib=''
  # shellcheck disable=SC2086
  ! "$CXX" $flags "$out/try.cpp" -o "$out/try" -lz 2> /dev/null || zlib='-DHAVE_ZLIB -lz'
  # shellcheck disable=SC2086
  "$CXX" $flags gzip.cpp -o "$out/gzip" $zlib && "$out/gzip" $smoke; exit
fi
# shellcheck disable=SC2086
if [ -n "$churn" ]; then "$CXX" $flags churn.cpp -o "$out/churn" && "$out/churn" $smoke; exit; fi
# shellcheck disable=SC2086
{ "$CXX" $flags -DIN_LIBRARY -fPIC -shared updates.cpp -o "$out/libupdates.so" &&
  "$CXX" $flags bench.cpp updates.cpp -o "$out/bench" "$out/libupdates.so" $libraries; } || { echo "bench: bench.cpp does not compile"; exit 1; }

all() { "$out/bench" $smoke && ./compile_and_size.sh $smoke; }
if [ -n "$raw" ]; then all; exit; fi
echo "compiler  $("$CXX" --version | head -n 1), $std ${CXXFLAGS:--O2}"
echo "machine   $(uname -m), $(getconf _NPROCESSORS_ONLN) cores, load $(cut -d ' ' -f 1 /proc/loadavg 2> /dev/null || echo unknown) at the start"
echo "rival     $rival"
echo
all | awk -F '\t' -v rival="$HAVE_PROMETHEUS_CPP" -v smoke="$smoke" '
  function line(a, b, c, d, e, f, g, h, i) { printf "%-41s %7s %7s %10s %10s %10s %7s  %-7s  %s\n", a, f, g, c, d, e, h, b, i; fflush() }
  FILENAME == "targets.tsv" { if ($0 !~ /^#/) { target[++targets] = $0 } next }
  !rows++ { line("", "unit", "narthex", "bare", "rival", "/bare", "/rival", "spread", "the bare operation") }
  NF == 9 {
    ours[$1] = $3; bare[$1] = $4; per_bare[$1] = $6; per_rival[$1] = $7
    line($1, $2, $3, $4, rival ? $5 : "not here", $6, rival ? $7 : "", $8, $9); next
  }
  { print }
  END {
    if (smoke) exit
    printf "\n%-41s %-42s %8s %8s\n", "targets", "", "limit", "is"
    for (i = 1; i <= targets; i++) {
      split(target[i], t, FS)
      name = t[1]; what = t[2]; limit = t[3]; is = "-"
      if (!(name in ours) || ours[name] == "-") is = "-"
      else if (what == "bare") { is = per_bare[name]; what = "x bare" }
      else if (what == "rival") { is = per_rival[name]; what = "x rival" }
      else if (what == "itself") { is = ours[name]; what = "" }
      else if (what == "above bare") is = ours[name] - bare[name]
      else if (what in ours && ours[what] > 0) { is = sprintf("%.3g", ours[name] / ours[what]); what = "x " what }
      known = is != "" && is != "-"
      printf "%-41s %-42s %8s %8s  %s\n", name, what, limit, known ? is : "-", !known ? "not known" : is + 0 <= limit + 0 ? "holds" : "MISSED"
    }
  }' targets.tsv -
code=${PIPESTATUS[0]}
[ -z "$smoke" ] || [ "$code" != 0 ] || echo "smoke: everything works; these numbers say nothing"
exit "$code"
