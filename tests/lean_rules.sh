#!/bin/bash
# lean_rules.sh: what a build without a heap asks of its surroundings is in the list below, and nothing else. Then breaks that rule in
# a copy of the headers in each of the forbidden ways, and expects to see it.
#
# Looks at the symbols an object file leaves undefined, for every compiler here: Cortex-M0, a 32-bit x86 without 64-bit atomics, this
# machine. Nothing is linked or run. Exit code 77: no compiler at all.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What compilers call by themselves, in their own library or in any program's start-up; and what image.cpp calls.
allowed='^(mem(cpy|move|set|cmp)|strlen|strcmp|__aeabi_[a-z0-9]+|__gnu_thumb1_case_[a-z]+|__(u?div|u?mod)[a-z]*di[0-9]|__cxa_atexit|__dso_handle|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__stack_chk_guard|_Z9put_bytes.*|__x86[.]get_pc_thunk.*)$'

compilers="cortex-m0 | arm-none-eabi-g++ -mcpu=cortex-m0 -mthumb
i486 | g++-12 -m32 -march=i486 -fno-pic -idirafter /usr/include/x86_64-linux-gnu
here | ${CXX:-g++}"
hook='-DNARTHEX_CONFIG_HEADER="metrics_config.h" -I../examples/18_bare_metal'
lean='-DNARTHEX_HEAP=0 -DNARTHEX_CONCURRENCY=NARTHEX_INTERRUPTS'
sets="DOUBLES HISTOGRAM DOUBLE_COUNTER LABELS CALLBACK INFO STATES PREFIX ATTACH ERROR_HOOK HTTP
FIXED_HISTOGRAM ENUMS
FORMULA
SUMMARY"

foreign() {  # foreign HEADERS "COMPILER" "CONFIGURATION" SETS: prints what is not allowed, or the compiler's words
  local set m flags
  while read -r set; do
    flags=''
    for m in $set; do flags="$flags -DWITH_$m"; done
    # Statics that need a guard are looked for, too: so no -fno-threadsafe-statics.
    # shellcheck disable=SC2086
    $2 -std=c++11 -Os -ffreestanding -fno-exceptions -fno-rtti -Wno-register -I"$1" $3 -I../examples/18_bare_metal $flags \
      -c sizes/image.cpp -o "$work/image.o" 2> "$work/words" || { head -n 3 "$work/words"; return; }
    nm -u "$work/image.o" 2> /dev/null | awk '{ print $2 }' | grep -Ev "$allowed" || true
  done <<< "$4" | sort -u
}

# name | what is put into counter::inc() | what is put in front of the file
breaks='a new | static_cast<void>(::operator new(8)); | #include <new>
a std::string | std::string text(this->node().name); static_cast<void>(text.size()); | #include <string>
a 64-bit atomic | static std::atomic<unsigned long long> wide; wide.fetch_add(1); | #include <atomic>
a printf | printf("%d", 1); | extern "C" int printf(const char*, ...);
a float formatter of libc | char text[32]; gcvt(1.5, 9, text); | extern "C" char* gcvt(double, int, char*);
a guarded static | static const auto first = this->node().name; static_cast<void>(first); | // nothing'

ran=0
while IFS='|' read -r name compiler; do
  name=${name% } configuration=$lean
  [ "$name" != cortex-m0 ] || configuration=$hook
  echo '#include <atomic>' | $compiler -x c++ -std=c++11 -ffreestanding -fsyntax-only - 2> /dev/null || { echo "not here: $name"; continue; }
  found=$(foreign "${NARTHEX_INCLUDE:-../include}" "$compiler" "$configuration" "$sets")
  [ -z "$found" ] || { echo "$name: a lean build asks for"; echo "$found"; exit 1; }
  echo "$name: nothing but what is allowed"
  while IFS='|' read -r what code front; do
    case "$name$what" in "herea 64-bit atomic "*) continue ;; esac  # which this machine has
    rm -rf "$work/include"; cp -r "${NARTHEX_INCLUDE:-../include}" "$work/include"
    header=$work/include/narthex/counter.hpp; [ -e "$header" ] || header=$work/include/narthex/narthex.hpp
    awk -v code="$code" -v front="$front" 'NR == 1 { print front } /void inc\(\) noexcept \{ this->core\(\).cell.add\(1\); \}/ && !done {
      sub(/\{/, "{ " code); done = 1 } { print }' "$header" > "$work/broken" && ! cmp -s "$work/broken" "$header"
    cp "$work/broken" "$header"
    found=$(foreign "$work/include" "$compiler" "$configuration" SUMMARY)
    [ -n "$found" ] || { echo "$name: $what was not noticed"; exit 1; }
    echo "  ${what% } is noticed: $(echo "$found" | head -n 1 | cut -c 1-100)"
  done <<< "$breaks"
  ran=1
done <<< "$compilers"
[ $ran = 1 ] || exit 77
