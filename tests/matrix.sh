#!/bin/bash
# matrix.sh [--single] quick | all | TARGET...: compiles tests/portable/*.cpp for each target, runs them there, prints a table.
#
# quick: the targets that CI runs. all: everything in the list below that is on this machine. No target links libatomic.
# --single: against single_include/ instead of include/.  JOBS: how many at once (default: processors).
# Exit code 0: nothing failed; 77: no target is here.
set -u
cd "$(dirname "$0")" || exit 1
self=$PWD/matrix.sh
gcc48=${GCC48_DIR:-}
triples="arm-linux-gnueabihf aarch64-linux-gnu mips-linux-gnu powerpc-linux-gnu m68k-linux-gnu riscv64-linux-gnu sparc64-linux-gnu"
qemu() { case $1 in powerpc*) echo qemu-ppc ;; *) echo "qemu-${1%%-*}" ;; esac }

# name | compiler and flags | how to run it, one way per `;` | modes
targets() {
  cat <<END
gcc-4.8    | $gcc48/bin/g++ -std=c++11 | env ; $gcc48/run-on-2.17 | full lean
i686       | g++-12 -m32 -idirafter /usr/include/x86_64-linux-gnu -std=c++11 | env | full lean
i486       | g++-12 -m32 -march=i486 -idirafter /usr/include/x86_64-linux-gnu -std=c++11 | env | full lean
armel      | arm-linux-gnueabi-g++-12 -std=c++11 | qemu-arm -L /usr/arm-linux-gnueabi | full lean
s390x      | s390x-linux-gnu-g++-12 -std=c++17 | qemu-s390x -L /usr/s390x-linux-gnu | full lean
END
  [ "${1:-}" = quick ] && return
  local t s
  for t in $triples; do echo "$t | $t-g++-12 -std=c++11 | $(qemu "$t") -L /usr/$t | full noexcept lean isr"; done
  for t in g++-9 g++-10 g++-11 g++-12 g++-13 g++-14 clang++-14 clang++-16 clang++-19; do
    for s in 11 14 17 2a 2b; do echo "$t/c++$s | $t -std=c++$s | env | full noexcept lean leanmt isr st"; done
  done
  for s in 11 17 2a; do echo "libc++/c++$s | clang++-14 -stdlib=libc++ -std=c++$s | env | full noexcept lean"; done
  echo "old-abi | g++-12 -D_GLIBCXX_USE_CXX11_ABI=0 -std=c++11 | env | full"
  echo "mingw64 | x86_64-w64-mingw32-g++-posix -std=c++11 -static -D_WIN32_WINNT=0x0601 | env WINEDEBUG=-all wine | full lean"
}
strict="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wundef -Werror"
mode_flags() {
  local bare="-fno-exceptions -fno-rtti"
  case $1 in
    full) echo "-pthread" ;;
    noexcept) echo "-pthread $bare" ;;
    st) echo "-DNARTHEX_CONCURRENCY=NARTHEX_NONE" ;;
    lean) echo "-DNARTHEX_HEAP=0 -DNARTHEX_CONCURRENCY=NARTHEX_NONE $bare" ;;
    leanmt) echo "-pthread -DNARTHEX_HEAP=0 $bare" ;;
    isr) echo "-DNARTHEX_HEAP=0 -DNARTHEX_CONCURRENCY=NARTHEX_INTERRUPTS $bare" ;;
  esac
}
field() { awk -F' *[|] *' -v name="$1" -v n="$2" '$1 == name { print $n }' "$work/targets"; }

one() {  # one TARGET MODE TEST: leaves "ran", "failed" or "skipped" in a file, and a log beside it
  local out="$work/${1//\//_}.$2.$3" how code=0 said=ran compiler flags
  read -r compiler flags <<< "$(field "$1" 2)"  # a target's flags come after the strict ones, so that they win
  # shellcheck disable=SC2046,SC2086
  if ! timeout 300 $compiler $strict $flags ${OPT:--O1} $(mode_flags "$2") -I"$root" "portable/$3.cpp" -o "$out.exe" > "$out.log" 2>&1; then
    said=failed
  else
    while read -r how; do
      timeout 120 $how "$out.exe" >> "$out.log" 2>&1 < /dev/null; code=$?
      [ $code = 0 ] && continue
      [ $code = 77 ] && said=skipped && continue
      echo "($how) exit code $code" >> "$out.log"; said=failed; break
    done < <(field "$1" 3 | tr ';' '\n')
  fi
  rm -f "$out.exe"
  echo "$said" > "$out.said"
}
if [ "${1:-}" = --one ]; then one "$2" "$3" "$4"; exit; fi

root=../include
[ "${1:-}" = --single ] && root=../single_include && shift
[ $# -gt 0 ] || { sed -n '2,7s/^# //p' "$self"; exit 2; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export work root OPT=${OPT:-}
[ -n "$gcc48" ] && [ -x "$gcc48/bin/g++" ] || gcc48=$(support/gcc48.sh) || gcc48=/not-here
targets > "$work/targets"
case $1 in
  quick) names=$(targets quick | sed 's/ *|.*//') ;;
  all) names=$(sed 's/ *|.*//' "$work/targets") ;;
  *) names=$* ;;
esac
here=
for t in $names; do
  [ -n "$(field "$t" 1)" ] || { echo "matrix: no target $t"; exit 2; }
  # shellcheck disable=SC2046
  if printf '#include <cstddef>\nint main() {}\n' | $(field "$t" 2) -x c++ - -o "$work/probe" > /dev/null 2>&1 &&
     (cd "$work" && $(field "$t" 3 | sed 's/ *;.*//') ./probe) > /dev/null 2>&1; then here="$here $t"; fi
done
for t in $here; do
  for m in $(field "$t" 4); do
    for f in portable/*.cpp; do echo "$t $m $(basename "$f" .cpp)"; done
  done
done | xargs -r -P "${JOBS:-$(nproc)}" -L 1 "$self" --one

count() { cat "$work/${1//\//_}.$2."*.said 2>/dev/null | grep -c "^$3\$"; }
total=0 bad=0 missing=
printf '%-22s %-9s %5s %7s %8s\n' target mode ran failed skipped
for t in $names; do
  case " $here " in *" $t "*) ;; *) missing="$missing $t"; continue ;; esac
  for m in $(field "$t" 4); do
    ran=$(count "$t" "$m" ran) failed=$(count "$t" "$m" failed)
    printf '%-22s %-9s %5d %7d %8d\n' "$t" "$m" "$ran" "$failed" "$(count "$t" "$m" skipped)"
    total=$((total + ran + failed)) bad=$((bad + failed))
  done
done
[ -z "$missing" ] || echo "not here:$missing"
grep -l failed "$work"/*.said 2>/dev/null | head -n "${SHOW:-5}" | while read -r f; do
  echo "---- $(basename "$f" .said)"; head -n 12 "${f%.said}.log"
done
echo "matrix: $total compiled and run, $bad failed"
[ -n "$here" ] || exit 77
[ "$bad" = 0 ] && [ "$total" -gt 0 ]
