#!/bin/bash
# run.sh: builds and runs main.cpp as users would: a copied file, a Meson subproject, pkg-config, CMake (twice).
# Each consumer stands in an empty folder. Exit code 1: one failed. A missing tool is said and left out.
set -u
here=$(cd "$(dirname "$0")" && pwd) source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
: "${CXX:=c++}"
export CXX here source work
failures=0

consumer() {  # consumer NAME TOOL FUNCTION
  command -v "$2" > /dev/null || { echo "not here: $1 ($2)"; return; }
  mkdir "$work/$3" && cp "$here/main.cpp" "$work/$3/" && cd "$work/$3" || exit 1
  [ -d "$here/${3%%_*}" ] && cp "$here/${3%%_*}"/* .
  if bash -exc "$3" > log 2>&1; then echo "ok: $1"; else echo "FAILED: $1"; tail -n 30 log; failures=$((failures + 1)); fi
}

# Each runs under `bash -e`: one command per line, because -e does not see the first half of `a && b`.
plain() {
  mkdir narthex
  cp "$source/single_include/narthex/narthex.hpp" narthex/
  "$CXX" -std=c++11 -Werror -I. main.cpp -o main
  ./main
}
meson_subproject() {
  mkdir subprojects
  ln -s "$source" subprojects/narthex
  meson setup build
  meson test -C build -v
  # as a subproject narthex brings headers and nothing else
  [ "$(meson introspect build --targets | grep -o '"name": "[^"]*"')" = '"name": "main"' ]
  [ "$(meson introspect build --tests | grep -c '"suite"')" = 1 ]
  DESTDIR=$PWD/stage meson install -C build
  [ -z "$(find . -path '*stage*' -name '*.hpp')" ]
}
pkgconfig() {
  meson setup build "$source" -Dtests=disabled --prefix="$work/prefix"
  meson install -C build
  export PKG_CONFIG_PATH=$work/prefix/share/pkgconfig
  make main
  ./main
  [ "$(pkg-config --modversion narthex)" = "$("$source/single_include/amalgamate.py" --version)" ]
  diff -r -x README.md "$source/include/narthex" "$work/prefix/include/narthex"
}
cmake_vendored() {
  cmake -S . -B build -DNARTHEX_SOURCE="$source"
  cmake --build build
  build/main
}
cmake_installed() {
  cmake -S "$source" -B install
  cmake --install install --prefix "$work/cmake_prefix"
  cmake -S . -B build -DCMAKE_PREFIX_PATH="$work/cmake_prefix"
  cmake --build build
  build/main
}

export -f plain meson_subproject pkgconfig cmake_vendored cmake_installed
consumer "one copied file and a compiler" "$CXX" plain
consumer "Meson subproject" meson meson_subproject
consumer "pkg-config after meson install" pkg-config pkgconfig
consumer "CMake add_subdirectory" cmake cmake_vendored
consumer "CMake find_package" cmake cmake_installed
[ $failures = 0 ]
