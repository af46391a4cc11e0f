#!/bin/bash
# lint.sh: nx::testing::lint says what `promtool check metrics` says, word for word.
#
# Judges: promtool on PATH (Debian 12 has 2.42) and the newer one that run.sh keeps in INTEROP_CACHE, where there is one. Installs nothing:
# exit code 77 without promtool. The texts are the rows of ../golden/lint/lint.tsv, those that read.tsv has as good, and SEEDS (100)
# registries with bad names. 2.42 minds any type's word in a name, knows no repeated series, and of a name's several units takes any one, so
# against it those lines are left out (the units in the registries only).
# Prints PASS, FAIL or SKIP and a name for each check; the last line counts. CXX, CXXFLAGS: the compiler.
set -u
exec < /dev/null
cd "$(dirname "$0")" || exit 1
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
cache=${INTEROP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/narthex-interop}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
command -v promtool > /dev/null || { echo "SKIP lint: no promtool on PATH"; exit 77; }

cat > "$work/lint.cpp" <<'END'
// lint FOLDER: writes FILE.ours beside each FILE that a line of standard input names. lint FOLDER SEEDS: writes registries 1, 2, ...
#include <narthex/narthex.hpp>
#include <narthex/testing.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>

namespace nx = narthex;

static void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

int main(int argc, char** argv) {
  const std::string folder = std::string(argv[1]) + "/";
  nx::set_error_hook(nullptr);
  for (std::string name; argc == 2 && std::getline(std::cin, name);) {
    std::ifstream in(folder + name, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    put(folder + name + ".ours", nx::testing::lint_text(text));
  }
  const char* const parts[] = {"x", "http", "fooBar", "FOO", "a:b", "ms", "S", "kb", "gauge", "Counter", "summary", "histogram", "bytes", "kilobytes",
                               "milliseconds", "seconds", "bits", "mebibytes", "total", "count", "sum", "bucket", "untyped", "9", "", "days"};
  const char* const labels[] = {"a", "le", "quantile", "codeClass", "b_c", "XY"};
  for (unsigned seed = 1; argc > 2 && seed <= std::stoul(argv[2]); ++seed) {
    std::mt19937 random(seed);
    const auto one_of = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    nx::registry r;
    for (unsigned n = 0; n < 30; ++n) {
      std::string name = parts[one_of(23)];
      for (unsigned more = one_of(4); more; --more) name += std::string("_") + parts[one_of(26)];
      const char* const help = one_of(5) ? "Some help." : "";
      const nx::label_names<1> label(labels[one_of(6)]);
      switch (one_of(6)) {
        case 0: nx::counter(r, name, help).inc(); break;
        case 1: nx::histogram(r, name, help, nx::buckets{1, 2}).observe(1); break;
        case 2: nx::summary(r, name, help, nx::quantiles({0.5})).observe(1); break;
        case 3: {
          nx::family<nx::gauge, 1> f(r, name, help, label);
          for (unsigned i = one_of(4); i; --i) f.labels(i).set(i);
          break;
        }
        case 4: {
          nx::family<nx::histogram, 1> f(r, name, help, label, nx::buckets{1, 2});
          for (unsigned i = one_of(4); i; --i) f.labels(i).observe(i);
          break;
        }
        default: {
          nx::family<nx::counter, 1> f(r, name, help, label);
          f.labels("v").inc();
        }
      }
    }
    put(folder + "registry-" + std::to_string(seed), nx::to_text(r));
  }
}
END

cat > "$work/judge.py" <<'END'
import pathlib, re, subprocess, sys

work, golden, promtools = pathlib.Path(sys.argv[1]), pathlib.Path("../golden/lint"), sys.argv[2:]
escapes = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t"}
folder = work / "texts"


def field(text):
    parts = re.split(r"(\\x[0-9a-f]{2}|\\.)", text)
    return b"".join(bytes([int(p[2:], 16)]) if p.startswith("\\x") else escapes.get(p, p).encode() for p in parts)


def rows(name):
    return [l.split("\t") for l in (golden / name).read_text(encoding="ascii").split("\n") if l and not l.startswith("#")]


folder.mkdir()
for row in rows("lint.tsv"):
    (folder / ("vector-" + row[0])).write_bytes(field(row[1]))
for row in rows("read.tsv"):
    if row[2] == "ok":
        (folder / ("read-" + row[0])).write_bytes(field(row[1]))
subprocess.run([str(work / "lint"), str(folder), sys.argv.pop(2)], check=True)
promtools = sys.argv[2:]
names = sorted(p.name for p in folder.iterdir())
subprocess.run([str(work / "lint"), str(folder)], input="\n".join(names).encode() + b"\n", check=True)
for promtool in promtools:
    version = subprocess.run([promtool, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    version = re.search(r"version (\d+\.\d+)", version).group(1)
    old = int(version.split(".")[0]) < 3
    for kind in "vector", "read", "registry":
        left_out = "not include type|not unique" + ("|use base unit" if kind == "registry" else "")
        lines = lambda data: [l for l in data.decode().splitlines() if not old or not re.search(left_out, l)]
        bad, same, problems, refused = [], 0, 0, 0
        for name in names:
            if not name.startswith(kind + "-"):
                continue
            run = subprocess.run([promtool, "check", "metrics"], input=(folder / name).read_bytes(), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
            if kind == "read" and run.returncode not in (0, 3):
                refused += 1  # it is stricter than the server, whose verdict the reader follows
                continue
            theirs, ours = lines(run.stdout), lines((folder / (name + ".ours")).read_bytes())
            same += theirs == ours and run.returncode in (0, 3)
            problems += len(theirs)
            if theirs != ours or run.returncode not in (0, 3):
                bad.append("%s: promtool says %r, narthex %r" % (name, sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))))
        said = "%d texts, %d problems" % (same, problems) + (", %d it cannot read" % refused if refused else "")
        enough = same > 20 and (kind != "registry" or problems > 10 * same)
        print("%s lint %s, promtool %s: the same words (%s)" % ("FAIL" if bad or not enough else "PASS", kind, version, said))
        for line in bad[:10]:
            print("    " + line[:600])
        sys.stdout.flush()
END

log=$work/log
: > "$log"
say() { echo "$*" | tee -a "$log"; }
# shellcheck disable=SC2086
if ${CXX:-g++} -std=c++11 -O1 -Wall -Wextra -pthread ${CXXFLAGS:-} -I../../include "$work/lint.cpp" -o "$work/lint" > "$work/build" 2>&1; then
  say "PASS lint is built"
  tools=promtool
  if "$cache/usr/bin/promtool" --version > /dev/null 2>&1; then tools="$tools $cache/usr/bin/promtool"
  else say "SKIP the newer promtool (run.sh fetches it)"; fi
  # shellcheck disable=SC2086
  timeout -k 15 200 /usr/bin/env python3 "$work/judge.py" "$work" "${SEEDS:-100}" $tools 2> "$work/errors" | tee -a "$log"
  [ "${PIPESTATUS[0]}" = 0 ] || { say "FAIL lint (the judge ended badly)"; tail -n 5 "$work/errors" | sed 's/^/    /'; }
else
  say "FAIL lint is built"; head -n 30 "$work/build" | sed 's/^/    /'
fi
echo "$(grep -c '^PASS ' "$log") passed, $(grep -c '^FAIL ' "$log") failed"
! grep -q '^FAIL ' "$log"
