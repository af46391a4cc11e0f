#!/bin/bash
# matrix.sh [--single] quick | all | TARGET...: compiles the portable tests as one program for each target, standard and mode,
# runs it there, prints a table. No target links libatomic.
#
# quick: the targets that CI runs. all: everything that is on this machine, also what nobody has seen run yet (`untried` below).
# --single: against single_include/, not include/.
# --table: what stands in README.md under "Where it runs"; --check: whether it does.  JOBS: how many at once (default: processors).
# Exit code 0: nothing failed; 77: no target is here.
set -u
cd "$(dirname "$0")" || exit 1
self=$PWD/matrix.sh
gcc48=${GCC48_DIR:-} zig=${ZIG_DIR:-} arm=support/cortex_m in=support/in.sh  # CHROOTS=FOLDER: what support/chroots.sh FOLDER made
rest=-idirafter\ /usr/include/x86_64-linux-gnu  # versioned multilib packages leave this out
memory="-sINITIAL_MEMORY=67108864 -sABORTING_MALLOC=0"  # 16 MB are too few, and what fails would end the program
export NODE_PATH=${NODE_PATH:-/usr/share/nodejs}  # where Debian's em++ has its modules, for another node than Debian's
native="noexcept lean leanmt isr st crit"

# when | target | system | compiler | command | standards | how it is run, one way per `;`, `-`: compiled only | modes
# The first mode is run under each standard; the others share them out.
targets() {
  cat <<END
quick | gcc-4.8 | x86-64 Linux, glibc 2.17 and later | g++ 4.8 | $gcc48/bin/g++ | 11 | env ; $gcc48/run-on-2.17 | full lean isr
all | gcc-9 | x86-64 Linux | g++ 9 | $in bullseye g++-9 | 11 14 17 2a | $in bullseye env | full $native
all | gcc-10 | x86-64 Linux | g++ 10 | $in bullseye g++-10 | 11 17 2a | $in bullseye env | full leanmt crit
all | gcc-11 | x86-64 Linux | g++ 11 | g++-11 | 11 17 2b | env | full lean leanmt
all | gcc-12 | x86-64 Linux | g++ 12 | g++-12 | 11 14 17 2a 2b | env | full $native
all | gcc-13 | x86-64 Linux | g++ 13 | $in trixie g++-13 | 11 17 2b | $in trixie env | full noexcept isr
all | gcc-14 | x86-64 Linux | g++ 14 | $in trixie g++-14 | 11 17 2c | $in trixie env | full lean st
all | gcc-15 | x86-64 Linux | g++ 15 | $in sid g++-15 | 11 17 2c | $in sid env | full leanmt crit
all | gcc-16 | x86-64 Linux | g++ 16 | $in sid g++-16 | 11 14 17 2a 2b 2c | $in sid env | full $native
all | clang-9 | x86-64 Linux | clang++ 9 | $in bullseye clang++-9 | 11 14 17 2a | $in bullseye env | full $native
all | clang-11 | x86-64 Linux | clang++ 11 | $in bullseye clang++-11 | 11 17 2a | $in bullseye env | full lean isr
all | clang-14 | x86-64 Linux | clang++ 14 | clang++-14 | 11 14 17 2a 2b | env | full $native
all | clang-16 | x86-64 Linux | clang++ 16 | clang++-16 | 11 17 2b | env | full noexcept isr
all | clang-19 | x86-64 Linux | clang++ 19 | clang++-19 | 11 17 2c | env | full noexcept leanmt
all | clang-22 | x86-64 Linux | clang++ 22 | $in trixie clang++-22 | 11 17 2c | $in trixie env | full noexcept st
all | clang-23 | x86-64 Linux | clang++ 23 | $in sid clang++-23 | 11 14 17 2a 2b 2c 2d | $in sid env | full $native
all | libc++-9 | x86-64 Linux, libc++ 9 | clang++ 9 | $in bullseye clang++-9 -stdlib=libc++ | 11 2a | $in bullseye env | full lean
all | libc++ | x86-64 Linux, libc++ 14 | clang++ 14 | clang++-14 -stdlib=libc++ | 11 2a | env | full lean
all | libc++-23 | x86-64 Linux, libc++ 23 | clang++ 23 | $in sid clang++-23 -stdlib=libc++ | 11 2d | $in sid env | full lean
all | musl | x86-64 Linux, musl, libc++ | zig 0.12 | $zig/zig c++ -target x86_64-linux-musl -static | 11 17 | env | full lean
all | musl-x86 | 32-bit x86 Linux, musl, libc++ | zig 0.12 | $zig/zig c++ -target x86-linux-musl -static | 11 | env | full lean
quick | i686 | 32-bit x86 Linux | g++ 12 | g++-12 -m32 $rest | 11 | env | full lean
quick | i486 | 32-bit x86 Linux, no 64-bit atomics | g++ 12 | g++-12 -m32 -march=i486 $rest | 11 | env | full lean
quick | armel | ARMv5 Linux, no 64-bit atomics, emulated | g++ 12 | arm-linux-gnueabi-g++-12 | 11 | qemu-arm -L /usr/arm-linux-gnueabi | full lean
all | armhf | ARMv7 Linux, emulated | g++ 12 | arm-linux-gnueabihf-g++-12 | 11 | qemu-arm -L /usr/arm-linux-gnueabihf | full lean crit
quick | aarch64 | ARMv8 Linux, emulated | g++ 12 | aarch64-linux-gnu-g++-12 | 11 | qemu-aarch64 -L /usr/aarch64-linux-gnu | full lean
quick | s390x | s390x Linux, big endian, emulated | g++ 12 | s390x-linux-gnu-g++-12 | 17 | qemu-s390x -L /usr/s390x-linux-gnu | full lean
all | sparc64 | sparc64 Linux, big endian, emulated | g++ 12 | sparc64-linux-gnu-g++-12 | 11 | qemu-sparc64 -L /usr/sparc64-linux-gnu | full lean
all | mips | 32-bit MIPS Linux, big endian, emulated | g++ 12 | mips-linux-gnu-g++-12 | 11 | qemu-mips -L /usr/mips-linux-gnu | full lean
all | powerpc | 32-bit PowerPC Linux, big endian, emulated | g++ 12 | powerpc-linux-gnu-g++-12 | 11 | qemu-ppc -L /usr/powerpc-linux-gnu | full lean
all | m68k | m68k Linux, big endian, emulated | g++ 12 | m68k-linux-gnu-g++-12 | 11 | qemu-m68k -L /usr/m68k-linux-gnu | full lean crit
all | riscv64 | riscv64 Linux, emulated | g++ 12 | riscv64-linux-gnu-g++-12 | 11 | qemu-riscv64 -L /usr/riscv64-linux-gnu | full lean
all | mingw64 | x86-64 Windows, by Wine | MinGW g++ 12 | x86_64-w64-mingw32-g++-posix -static -D_WIN32_WINNT=0x0601 -lws2_32 | 11 | env WINEDEBUG=-all wine | full lean
all | mingw64-win32 | x86-64 Windows, by Wine, threads of the win32 model | MinGW g++ 12 | x86_64-w64-mingw32-g++-win32 -static -D_WIN32_WINNT=0x0601 -lws2_32 | 11 | env WINEDEBUG=-all wine | full st lean
all | mingw32 | 32-bit x86 Windows | MinGW g++ 12 | i686-w64-mingw32-g++-posix -static -D_WIN32_WINNT=0x0601 -lws2_32 | 11 | - | full lean
quick | wasm | WebAssembly, WASI in Node | clang++ 14, libc++ | clang++-14 --target=wasm32-wasi -fno-exceptions -Wl,-z,stack-size=1048576 | 11 2a | node --no-warnings support/wasi.mjs | st lean isr
all | emscripten | WebAssembly, Emscripten in Node | em++ 3.1 | em++ $memory | 11 2b | node --no-experimental-fetch | st lean isr
all | emscripten-threads | WebAssembly with threads, Emscripten in Node | em++ 3.1 | em++ $memory -pthread -sPROXY_TO_PTHREAD -sEXIT_RUNTIME -sPTHREAD_POOL_SIZE=8 | 11 17 | node --no-experimental-fetch | full noexcept leanmt
all | cortex-m3 | Cortex-M3, bare metal, emulated | arm-none-eabi g++ 12 | arm-none-eabi-g++ -mcpu=cortex-m3 -mthumb --specs=rdimon.specs -T $arm.ld $arm.cpp | 11 17 | $PWD/support/cortex_m.sh mps2-an385 | isr lean crit
all | cortex-m4 | Cortex-M4, bare metal, emulated | arm-none-eabi g++ 12 | arm-none-eabi-g++ -mcpu=cortex-m4 -mthumb --specs=rdimon.specs -T $arm.ld $arm.cpp | 11 | $PWD/support/cortex_m.sh mps2-an386 | isr lean
all | macos | x86-64 macOS | zig 0.12 | $zig/zig c++ -target x86_64-macos | 11 | - | full lean
all | old-abi | \`-D_GLIBCXX_USE_CXX11_ABI=0\` | g++ 12 | g++-12 -D_GLIBCXX_USE_CXX11_ABI=0 | 11 | env | full lean
all | debug-stl | \`-D_GLIBCXX_DEBUG\` | g++ 12 | g++-12 -D_GLIBCXX_DEBUG -D_GLIBCXX_ASSERTIONS | 11 | env | full lean
all | unguarded | \`-fno-threadsafe-statics\` | g++ 12 | g++-12 -fno-threadsafe-statics | 11 | env | full lean
all | unsigned-char | \`-funsigned-char\` | g++ 12 | g++-12 -funsigned-char | 11 | env | full lean
all | short-enums | \`-fshort-enums\` | g++ 12 | g++-12 -fshort-enums | 11 | env | full lean
all | fast-math | \`-ffast-math\` | g++ 12 | g++-12 -ffast-math -O2 | 11 | env | full lean
all | fast-math-clang | \`-ffast-math\` | clang++ 14 | clang++-14 -ffast-math -O2 | 11 | env | full lean
all | fast-math-clang-19 | \`-ffast-math\` | clang++ 19 | clang++-19 -ffast-math -O2 -Wno-nan-infinity-disabled | 11 | env | full lean
all | hidden | \`-fvisibility=hidden -O3\` | g++ 12 | g++-12 -fvisibility=hidden -O3 | 11 | env | full lean
all | lto | \`-flto -O2\` | g++ 12 | g++-12 -flto -O2 | 11 | env | full lean
all | sanitized | address and undefined sanitizers | clang++ 14 | clang++-14 -fsanitize=address,undefined -fno-sanitize-recover=all | 11 | env | full lean isr crit
END
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
    crit) echo "$(mode_flags isr) -include support/critical.hpp" ;;
  esac
}
field() { awk -F' *[|] *' -v name="$1" -v n="$2" '$2 == name { print $n }' "$work/targets"; }
year() { case $1 in 2a) echo 20 ;; 2b) echo 23 ;; 2c) echo 26 ;; 2d) echo 29 ;; *) echo "$1" ;; esac; }
cells() {  # cells TARGET: "TARGET STANDARD MODE" for all that is to be built
  local i=0 m s standards modes
  read -ra standards <<< "$(field "$1" 6)"
  read -ra modes <<< "$(field "$1" 8)"
  for s in "${standards[@]}"; do echo "$1 $s ${modes[0]}"; done
  for m in "${modes[@]:1}"; do i=$((i + 1)); echo "$1 ${standards[$((i % ${#standards[@]}))]} $m"; done
}

one() {  # one TARGET STANDARD MODE: leaves "ran", "compiled" or "failed" in a file, and a log beside it
  local out="$work/$1.$2.$3" how code said=compiled compiler flags more word
  read -r compiler flags <<< "$(field "$1" 5)"
  # a target's flags come after the strict ones, so that they win; but after all words of "zig c++" and of "in.sh SUITE g++"
  case ${compiler##*/} in zig) more=1 ;; in.sh) more="1 2" ;; *) more= ;; esac
  for _ in $more; do read -r word flags <<< "$flags"; compiler="$compiler $word"; done
  # shellcheck disable=SC2046,SC2086
  if ! timeout 580 $compiler $strict ${OPT:--O1} -std=c++"$2" $(mode_flags "$3") -I"$root" "$work/portable.cpp" $flags -o "$out.exe" > "$out.log" 2>&1; then
    said=failed
  else
    while read -r how; do
      [ "$how" != - ] || continue
      timeout 300 $how "$out.exe" > "$out.run" 2>&1 < /dev/null; code=$?
      tr -d '\r' < "$out.run" >> "$out.log"
      if [ $code = 0 ] && tr -d '\r' < "$out.run" | grep -qx "ran $tests tests"; then said=ran; continue; fi
      echo "($how) exit code $code" >> "$out.log"; said=failed; break
    done < <(field "$1" 7 | tr ';' '\n')
  fi
  rm -f "$out.exe"
  echo "$said" > "$out.said"
}
if [ "${1:-}" = --one ]; then one "$2" "$3" "$4"; exit; fi

table() {  # what is claimed: a line for each target
  echo "| target | compiler | C++ | modes | |"
  echo "|---|---|---|---|---|"
  targets | while IFS='|' read -r when _ system compiler _ standards how modes; do
    years=$(for s in $standards; do year "$s"; done | paste -sd' ')
    how=$(echo $how) when=$(echo $when) said=ran
    [ "$how" != - ] || said=compiled
    case $when in quick) said="$said, also by CI" ;; untried) said="not tried yet" ;; esac
    echo "|$system|$compiler| $years |$modes | $said |"
  done
}
in_readme() { sed -n '/^<!-- matrix -->$/,/^<!-- end -->$/p' ../README.md | sed '1d;$d'; }

root=../include
case ${1:-} in
  --single) root=../single_include; shift ;;
  --table) table; exit ;;
  --check) diff <(table) <(in_readme) && echo "README.md says what matrix.sh knows" || { echo "README.md: 'Where it runs' is not: tests/matrix.sh --table"; exit 1; }; exit ;;
esac
[ $# -gt 0 ] || { sed -n '2,8s/^# //p' "$self"; exit 2; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tests=$(find portable -name '*.cpp' | wc -l)
export work root tests OPT=${OPT:-}
python3 support/together.py "$work/portable.cpp" || exit 1
[ -n "$gcc48" ] && [ -x "$gcc48/bin/g++" ] || gcc48=$(support/gcc48.sh) || gcc48=/not-here
[ -n "$zig" ] || zig=/not-here
targets > "$work/targets"
case $1 in
  quick) names=$(awk -F' *[|] *' '$1 == "quick" { print $2 }' "$work/targets") ;;
  all) names=$(awk -F' *[|] *' '{ print $2 }' "$work/targets") ;;
  *) names=$* ;;
esac
here=
printf '#include <cstddef>\nint main() {}\n' > "$work/probe.cpp"
for t in $names; do
  [ -n "$(field "$t" 2)" ] || { echo "matrix: no target $t"; exit 2; }
  how=$(field "$t" 7 | sed 's/ *;.*//'); [ "$how" != - ] || how=true
  # shellcheck disable=SC2046
  if $(field "$t" 5) "$work/probe.cpp" -o "$work/probe.exe" > "$work/$t.probe" 2>&1 && timeout 120 $how "$work/probe.exe" >> "$work/$t.probe" 2>&1 < /dev/null; then
    here="$here $t"
  fi
done
for t in $here; do cells "$t"; done | xargs -r -P "${JOBS:-$(nproc)}" -L 1 "$self" --one

total=0 bad=0
printf '%-20s %-22s %-4s %-9s %s\n' target compiler C++ mode result
for t in $names; do
  case " $here " in *" $t "*) ;; *)
    printf '%-20s %-22s %-4s %-9s %s\n' "$t" "$(field "$t" 4)" - - "not here"; continue ;;
  esac
  while read -r _ s m; do
    said=$(cat "$work/$t.$s.$m.said" 2> /dev/null) || said=failed
    printf '%-20s %-22s %-4s %-9s %s\n' "$t" "$(field "$t" 4)" "$(year "$s")" "$m" "$said"
    total=$((total + 1)); [ "$said" != failed ] || bad=$((bad + 1))
  done < <(cells "$t")
done
grep -lx failed "$work"/*.said 2> /dev/null | head -n "${SHOW:-5}" | while read -r f; do
  echo "---- $(basename "$f" .said)"; grep -E 'error|failed|undefined|exit code|warning' "${f%.said}.log" | head -n 12
done
echo "matrix: $total programs of $tests tests, $bad failed"
[ -n "$here" ] || exit 77
[ "$bad" = 0 ] && [ "$total" -gt 0 ]
