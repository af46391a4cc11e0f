#!/bin/bash
# sizes.sh [--write]: links programs for Cortex-M0 and M4, prints what each feature costs there, and fails where something has
# grown by more than 5 % since sizes/sizes.tsv was written (--write writes it anew) or is above its budget.
#
# Flash is all of it: vectors, start-up, constants, the compiler's own arithmetic; below it, of what has a budget, the functions and
# tables that are narthex' own. RAM is without the stack. Figures are of the
# compiler named in sizes.tsv; another one is measured and printed, not judged. Exit code 77: no such compiler here.
set -eu
cd "$(dirname "$0")"
command -v arm-none-eabi-g++ > /dev/null || { echo "no arm-none-eabi-g++"; exit 77; }
echo '#include <atomic>' | arm-none-eabi-g++ -x c++ -fsyntax-only - 2> /dev/null || { echo "no libstdc++ for arm-none-eabi"; exit 77; }
board=../examples/18_bare_metal
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# name | what the program has beside three counters, an integer gauge and text
programs="nothing, the start-up alone | NOTHING
integers: 3 counters, 1 gauge, text |
doubles: 3 counters, 1 gauge, 1 histogram, text | DOUBLES HISTOGRAM
+ double gauge | DOUBLES
+ double counter | DOUBLE_COUNTER
+ static histogram, 3 bounds | HISTOGRAM
+ fixed histogram, 3 bounds | FIXED_HISTOGRAM
+ the same by a formula | FORMULA
+ summary | SUMMARY
+ labels, room for 4 series | LABELS
+ enum family, 2 series | ENUMS
+ callback gauge | CALLBACK
+ info, 1 label | INFO
+ state set, 2 states | STATES
+ registry with prefix and label | PREFIX
+ attached registry | ATTACH
+ error hook and its words | ERROR_HOOK
+ OpenMetrics in place of text | OPENMETRICS
+ JSON in place of text | JSON
+ protobuf in place of text | PROTOBUF
+ scrapes by HTTP, over bytes of your own | HTTP"

link() {  # link CPU "MACROS" ELF
  local flags='' m
  for m in $2; do flags="$flags -DWITH_$m"; done
  # shellcheck disable=SC2086
  arm-none-eabi-g++ -mcpu="$1" -mthumb -std=c++11 -Os -Wall -Wextra -Wno-register -Wno-unused-function -Werror -ffreestanding \
    -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit -fno-tree-loop-distribute-patterns -ffunction-sections \
    -fdata-sections -I"${NARTHEX_INCLUDE:-../include}" -I$board -DNARTHEX_CONFIG_HEADER='"metrics_config.h"' $flags sizes/image.cpp \
    $board/board.cpp -nostdlib -T $board/cortex-m.ld -Wl,--gc-sections -lgcc -o "$3"
}
sizes() { arm-none-eabi-size "$1" | awk 'NR == 2 { print $1 + $2, $2 + $3 }'; }

compiler=$(arm-none-eabi-g++ --version | head -n 1)
{
  printf '# compiler\t%s\n' "$compiler"
  for cpu in cortex-m0 cortex-m4; do
    while IFS='|' read -r name macros; do
      link $cpu "$macros" "$work/image.elf"
      read -r flash ram <<< "$(sizes "$work/image.elf")"
      printf '%s\t%s\t%s\t%s\n' $cpu "${name% }" "$flash" "$ram"
      case $name in integers:*|doubles:*)
        own=$(arm-none-eabi-nm -S --radix=d "$work/image.elf" | awk '$4 ~ /7narthex/ && $1 < 536870912 && !seen[$1]++ { n += $2 } END { print n }')
        printf '%s\t%s\t%s\t0\n' $cpu "  of these narthex, ${name%%:*}" "$own" ;;
      esac
      # One object of each kind, from the linker's own table.
      case $macros in *"DOUBLES HISTOGRAM"*) objects="served:counter level:gauge latency:static_histogram<3>" ;;
        *FIXED_HISTOGRAM*) objects="latency:fixed_histogram<3>" ;; *SUMMARY*) objects="latency:summary" ;;
        *DOUBLE_COUNTER*) objects="busy:double_counter" ;; *LABELS*) objects="errors:fixed_family<counter,1,4,24>" ;;
        *ENUMS*) objects="errors:enum_family<counter,2_values>" ;; *) objects= ;; esac
      for o in $objects; do
        size=$(arm-none-eabi-nm -S "$work/image.elf" | awk -v n="${o%%:*}" '$4 ~ "(^|[0-9])" n "(E|$)" && $3 ~ /[bBdD]/ { print $2 }' | head -n 1)
        printf '%s\tsizeof %s\t0\t%d\n' $cpu "${o#*:}" "0x$size"
      done
    done <<< "$programs"
  done
} > "$work/sizes.tsv"
[ "${1:-}" != --write ] || cp "$work/sizes.tsv" sizes/sizes.tsv

awk -F'\t' -v given="$compiler" '
  FNR == NR { if ($1 == "# compiler") pinned = $2; else { flash[$1, $2] = $3; ram[$1, $2] = $4 } next }
  $1 == "# compiler" { print $2; if ($2 != pinned) print "not the compiler of sizes.tsv (" pinned "): nothing is judged"; next }
  { n++; cpu[n] = $1; what[n] = $2; f[n] = $3; r[n] = $4
    if (!(($1, $2) in flash)) bad = bad "\nnot in sizes.tsv: " $1 " " $2
    else {
      if ($3 > flash[$1, $2] * 1.05) bad = bad "\ngrown by more than 5 %: " $1 " " $2 ": flash " flash[$1, $2] " -> " $3
      if ($4 > ram[$1, $2] * 1.05) bad = bad "\ngrown by more than 5 %: " $1 " " $2 ": RAM " ram[$1, $2] " -> " $4
    }
  }
  END {
    budget("integers: 3 counters, 1 gauge, text", FLASH_INTEGERS, 0); budget("doubles: 3 counters, 1 gauge, 1 histogram, text", FLASH_DOUBLES, 0)
    budget("sizeof counter", 0, 24)
    budget("sizeof static_histogram<3>", 0, 16 + 4 * 4)  # four buckets, +Inf included
    printf "%-50s %9s %6s %9s %6s\n", "bytes", "M0 flash", "RAM", "M4 flash", "RAM"
    half = n / 2
    for (i = 1; i <= half; i++) {
      j = i + half
      if (what[i] ~ /^[+]/) printf "%-50s %+9d %+6d %+9d %+6d\n", what[i], f[i] - f[2], r[i] - r[2], f[j] - f[2 + half], r[j] - r[2 + half]
      else if (what[i] ~ /^sizeof/) printf "%-50s %9s %6d %9s %6d\n", what[i], "", r[i], "", r[j]
      else printf "%-50s %9d %6d %9d %6d\n", what[i], f[i], r[i], f[j], r[j]
    }
    if (given == pinned && bad != "") { print bad; exit 1 }
  }
  function budget(name, most_flash, most_ram, i) {
    for (i = 1; i <= n; i++) if (what[i] == name) {
      if (most_flash && f[i] > most_flash) bad = bad "\nabove the budget: " cpu[i] " " name ": " f[i] " bytes of flash, not " most_flash
      if (most_ram && r[i] > most_ram) bad = bad "\nabove the budget: " cpu[i] " " name ": " r[i] " bytes of RAM, not " most_ram
    }
  }' FLASH_INTEGERS=3072 FLASH_DOUBLES=8192 sizes/sizes.tsv "$work/sizes.tsv"
