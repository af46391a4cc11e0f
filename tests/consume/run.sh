#!/bin/bash
# run.sh [WORD]: builds and runs small programs as users would, with the very lines that README.md tells them to copy.
# Each consumer stands in an empty folder, beside ../narthex, a copy of this repository. WORD: only those whose name has it.
# Prints ok or FAILED for each; a missing tool is said and left out. Exit code 1: one failed. CXX: the compiler.
set -u
here=$(cd "$(dirname "$0")" && pwd) source=$(cd "$(dirname "$0")/../.." && pwd) only=${1:-}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
CXX=$(command -v "${CXX:-c++}") || { echo "no compiler"; exit 1; }
gcc48=${GCC48_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/narthex-gcc48}
version=$("$source/single_include/amalgamate.py" --version)
export CXX here work gcc48 version
failures=0

mkdir "$work/narthex" "$work/bin" "$work/home" "$work/logs"
tar -C "$source" --exclude=./.git --exclude='./build*' --exclude=./subprojects -cf - . | tar -xf - -C "$work/narthex" || exit 1
printf '#!/bin/sh\nexec "%s" "$@"\n' "$CXX" > "$work/bin/g++"  # the README says g++
chmod +x "$work/bin/g++"
export PATH=$work/bin:$PATH

# ---- what consumers are made of ----
block() {  # block NAME: the code block that follows `<!-- consumer: NAME -->` in README.md, word for word
  local text
  text=$(awk -v mark="<!-- consumer: $1 -->" '
    $0 == mark { found = 1; next }
    found && /^```/ { if (open++) exit; next }
    found && open { print }' "$work/narthex/README.md")
  [ -n "$text" ] || { echo "README.md has no block for: $1" >&2; return 1; }
  printf '%s\n' "$text"
}
cmake_project() {  # cmake_project LINES...: CMakeLists.txt of a program; LINES are how it gets narthex
  printf '%s\n' 'cmake_minimum_required(VERSION 3.14)' 'project(consumer CXX)' "$@" 'add_executable(main main.cpp)' \
    "$(sed -n '/^\*\*CMake:/s/.*`\(target_link_libraries.*)\)`.*/\1/p' "$work/narthex/README.md")" > CMakeLists.txt
  grep -q '^target_link' CMakeLists.txt
}
cmake_run() {  # cmake_run OPTIONS...: configures, builds, runs
  cmake -S . -B build "$@"
  cmake --build build -v
  build/main
}
fails() {  # fails FILE COMMAND...: it must fail, and say what FILE's words are
  local words=$1; shift
  if "$@" > failed 2>&1; then cat failed; return 1; fi
  grep -q -- "$words" failed
}
every_header() {  # every_header FOLDER: includes of all that was copied
  (cd "$1" && for h in narthex/*.hpp; do echo "#include <$h>"; done)
}
export -f block cmake_project cmake_run fails every_header

# Each runs under `bash -e`: one command per line, because -e does not see the first half of `a && b`.

# ---- copied ----
one_file() {
  mkdir narthex
  cp ../narthex/single_include/narthex/narthex.hpp narthex/
  g++ -std=c++11 -Werror -Wall -Wextra -Wpedantic -I. core.cpp -o main
  ./main
}
all_files() {
  block copy > lines
  . ./lines
  ./main
}
beside_the_sources() {  # two translation units with everything, included both ways (a rival's were multiply defined)
  cp ../narthex/single_include/narthex/*.hpp .
  { every_header ../narthex/single_include | sed 's,<narthex/\(.*\)>,"\1",'; echo 'int other() { return !narthex::to_text().empty(); }'; } > other.cpp
  mkdir -p include/narthex
  cp ./*.hpp include/narthex/
  { every_header include; echo 'int other(); narthex::gauge g{"g", "G."}; int main() { return other() != 1; }'; } > one.cpp
  g++ -std=c++11 -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -pthread -Iinclude one.cpp other.cpp -o main
  ./main
}
no_exceptions() {
  every_header ../narthex/single_include > every.hpp
  g++ -std=c++11 -fno-exceptions -fno-rtti -Werror -Wall -Wextra -pthread -I../narthex/single_include -include ./every.hpp main.cpp -o main
  ./main
}
macros() {
  local flags
  every_header ../narthex/single_include > every.cpp
  for flags in -std=gnu++11 "-std=c++11 -DNARTHEX_HEAP=0 -DNARTHEX_CONCURRENCY=NARTHEX_NONE -fno-exceptions -fno-rtti"; do
    # shellcheck disable=SC2086
    g++ $flags -fsyntax-only -I../narthex/single_include -include ./macros.hpp every.cpp
  done
  g++ -std=gnu++11 -pthread -I../narthex/single_include -include ./macros.hpp main.cpp -o main
  ./main
  # And behind narthex's, live where a program uses it.
  { cat every.cpp; echo '#include "macros.hpp"'; cat library.cpp; echo 'narthex::build_info build{"app", {{"version", "1"}}};'; } > after.cpp
  g++ -std=gnu++11 -I../narthex/single_include -c after.cpp
}

# ---- Meson ----
meson_project() {  # meson_project LINES...: meson.build of a program
  printf '%s\n' "project('consumer', 'cpp', default_options: ['cpp_std=c++11'])" "$@" "test('main', main)" > meson.build
}
meson_line() { block meson | sed "s/^executable/main = &/"; }
brings_nothing_else() {  # as a subproject narthex brings headers: no target, no test, no file to install
  [ "$(meson introspect build --targets | grep -o '"name": "[^"]*"')" = '"name": "main"' ]
  [ "$(meson introspect build --tests | grep -c '"suite"')" = 1 ]
  DESTDIR=$PWD/stage meson install -C build
  [ -z "$(find . -path '*/stage/*' -name '*.hpp')" ]
}
export -f meson_project meson_line brings_nothing_else
meson_subproject() {
  mkdir subprojects
  ln -s "$work/narthex" subprojects/narthex
  meson_project "$(meson_line)"
  meson setup build -Dwerror=true -Ddefault_library=static -Dwarning_level=3
  meson test -C build -v
  brings_nothing_else
}
meson_wrap() {
  mkdir -p subprojects/packagefiles
  block wrap > subprojects/narthex.wrap
  grep -qx "directory = narthex-$version" subprojects/narthex.wrap
  tar -C "$work" -czf "subprojects/packagefiles/narthex-$version.tar.gz" --transform "s,^narthex,narthex-$version," \
    --exclude=narthex/tests narthex
  meson_project "$(meson_line)"
  meson setup build -Dwerror=true --wrap-mode=forcefallback
  meson test -C build -v
  brings_nothing_else
  mv subprojects/narthex.wrap subprojects/metrics.wrap  # found by [provide], not by its name
  rm -r "subprojects/narthex-$version"
  meson setup again --wrap-mode=forcefallback
  [ -d "subprojects/narthex-$version" ]
}
meson_two_ways() {  # one project names the variable, another asks for the dependency: both are the same
  mkdir subprojects
  ln -s "$work/narthex" subprojects/narthex
  meson_project "named = dependency('narthex', version: '>=0.1', fallback: ['narthex', 'narthex_dep'])" \
    "assert(named.version() == subproject('narthex').get_variable('narthex_dep').version())" \
    "assert(not dependency('narthex', version: '>=9', required: false).found())" \
    "main = executable('main', 'main.cpp', dependencies: [named, dependency('narthex')])"
  meson setup build
  meson test -C build -v
}
no_threads() {  # a system that has none still has the core
  printf '#!/bin/sh\ncase " $* " in *" -pthread "*) exit 1 ;; esac\nexec "%s" -Dpthread_create=not_here "$@"\n' "$CXX" > compiler
  chmod +x compiler
  mkdir subprojects
  ln -s "$work/narthex" subprojects/narthex
  cp core.cpp main.cpp
  meson_project "$(meson_line)"
  CXX=$PWD/compiler meson setup build
  meson test -C build -v
}
pkgconfig() {
  export HOME=$work/home
  block pkgconfig > lines
  . ./lines
  ./main
  [ "$(pkg-config --modversion narthex)" = "$version" ]
  diff -r -x README.md ../narthex/include/narthex "$HOME/.local/include/narthex"
}

# ---- CMake ----
cmake_subdirectory() {
  mkdir third_party
  ln -s "$work/narthex" third_party/narthex
  cmake_project "$(block cmake_subdirectory)"
  cmake_run
  DESTDIR=$PWD/stage cmake --install build
  [ ! -e stage ] || [ -z "$(find stage -type f)" ]
}
cmake_fetch() {
  cmake_project "$(block cmake_fetch)"
  cmake_run
}
cmake_fetch_override() {  # as distributions do it: the declaration names a repository, and a folder replaces it
  cmake_project 'include(FetchContent)' 'FetchContent_Declare(narthex GIT_REPOSITORY nowhere GIT_TAG none)' 'FetchContent_MakeAvailable(narthex)'
  cmake_run -DFETCHCONTENT_SOURCE_DIR_NARTHEX="$work/narthex" -DFETCHCONTENT_FULLY_DISCONNECTED=ON
}
cmake_twice() {  # two libraries of one program bring it each
  cmake_project 'add_subdirectory(../narthex one)' 'add_subdirectory(../narthex two)'
  cmake_run
}
cmake_find() {
  block cmake_find | sed -n 's/.*# after: //p' > lines
  grep -q 'cmake --install build' lines
  export DESTDIR=$PWD/root
  . ./lines
  unset DESTDIR
  diff -r -x README.md ../narthex/include/narthex root/usr/local/include/narthex
  rm -r build
  cmake_project "$(block cmake_find)"
  cmake_run -DCMAKE_PREFIX_PATH="$PWD/root/usr/local"
  cmake_project 'find_package(narthex 9 REQUIRED)'
  fails 'requested version "9"' cmake -S . -B newer -DCMAKE_PREFIX_PATH="$PWD/root/usr/local"
  cmake_project 'find_package(narthex 0.0.9 REQUIRED)'  # before 1.0 every minor version may break
  fails 'requested version "0.0.9"' cmake -S . -B older -DCMAKE_PREFIX_PATH="$PWD/root/usr/local"
}
cmake_exported() {  # a library that vendors narthex and is installed for others
  mkdir use
  cp main.cpp use/
  printf '%s\n' 'cmake_minimum_required(VERSION 3.14)' 'project(owner CXX)' 'set(NARTHEX_INSTALL ON)' \
    'add_subdirectory(../narthex narthex)' 'add_library(owner STATIC library.cpp)' 'target_link_libraries(owner PUBLIC narthex::narthex)' \
    'target_include_directories(owner PUBLIC $<INSTALL_INTERFACE:include>)' \
    'install(TARGETS owner EXPORT owner DESTINATION lib)' 'install(FILES library.hpp DESTINATION include)' \
    'install(EXPORT owner FILE ownerConfig.cmake NAMESPACE owner:: DESTINATION share/cmake/owner)' > CMakeLists.txt
  cmake -S . -B build
  cmake --build build
  cmake --install build --prefix "$PWD/prefix"
  cp library_main.cpp use/main.cpp
  cd use || exit 1
  cmake_project 'find_package(narthex REQUIRED)' 'find_package(owner REQUIRED)' 'link_libraries(owner::owner)'
  cmake_run -DCMAKE_PREFIX_PATH="$work/cmake_exported/prefix"
}
old_glibc() {  # GCC 4.8.5, glibc 2.17: threads are a library of their own, and each way brings it
  export CXX=$gcc48/bin/g++
  cmake_project 'add_subdirectory(../narthex narthex)'
  cmake -S . -B build
  cmake --build build -v
  "$gcc48/run-on-2.17" build/main
  cmake -S ../narthex -B install
  cmake --install install --prefix "$PWD/prefix"
  cmake_project 'find_package(narthex REQUIRED)'
  cmake -S . -B found -DCMAKE_PREFIX_PATH="$PWD/prefix"
  cmake --build found -v
  "$gcc48/run-on-2.17" found/main
  "$CXX" -std=c++11 -I../narthex/single_include core.cpp -o core
  "$gcc48/run-on-2.17" ./core
  fails pthread_create "$CXX" -std=c++11 -I../narthex/single_include main.cpp -o main
}
old_glibc_meson() {
  export CXX=$gcc48/bin/g++
  mkdir subprojects
  ln -s "$work/narthex" subprojects/narthex
  meson_project "$(meson_line)"
  meson setup build
  meson compile -C build
  "$gcc48/run-on-2.17" build/main
}

# ---- package managers: what the tool would do, in a few lines (examples/packaging/README.md says what is unchecked) ----
platformio() {
  local folder
  folder=$(python3 -c 'import json; print(json.load(open("../narthex/library.json"))["build"]["includeDir"])')
  g++ -std=c++11 -Werror -Wall -Wextra -pthread -I"../narthex/$folder" main.cpp -o main
  ./main
}
arduino() {
  cp -r ../narthex/examples/packaging/arduino library
  cp -r ../narthex/single_include/narthex library/src/narthex
  sed 's,<narthex/narthex.hpp>,<narthex.h>,' core.cpp > sketch.cpp
  grep -q '<narthex.h>' sketch.cpp
  g++ -std=c++11 -Werror -Wall -Wextra -Ilibrary/src sketch.cpp -o main
  ./main
}
esp_idf() {
  printf '%s\n' 'cmake_minimum_required(VERSION 3.16)' 'project(consumer CXX)' 'set(ESP_PLATFORM 1)' \
    'function(idf_component_register)' 'cmake_parse_arguments(arg "" "" "SRCS;INCLUDE_DIRS" ${ARGN})' 'add_library(component INTERFACE)' \
    'foreach(folder ${arg_INCLUDE_DIRS})' 'target_include_directories(component INTERFACE ${CMAKE_CURRENT_LIST_DIR}/${folder})' \
    'endforeach()' 'endfunction()' 'add_subdirectory(../narthex narthex)' 'if(TARGET narthex)' 'message(FATAL_ERROR "more than a component")' \
    'endif()' 'add_executable(main core.cpp)' 'target_link_libraries(main component)' > CMakeLists.txt
  cmake_run
  # Components are read once more before, as a script, for what they require.
  printf '%s\n' 'set(ESP_PLATFORM 1)' 'macro(idf_component_register)' 'message("asked for: ${ARGN}")' 'return()' 'endmacro()' \
    'include(../narthex/CMakeLists.txt)' > script.cmake
  cmake -P script.cmake 2>&1 | grep -q 'asked for: INCLUDE_DIRS;include'
}
zephyr() {
  local folder
  folder=$(sed -n 's/^  cmake: //p' ../narthex/zephyr/module.yml)
  printf '%s\n' 'cmake_minimum_required(VERSION 3.20)' 'project(consumer CXX)' 'add_executable(main core.cpp)' \
    'function(zephyr_include_directories)' 'target_include_directories(main PRIVATE ${ARGN})' 'endfunction()' \
    "add_subdirectory(../narthex/$folder narthex)" > CMakeLists.txt
  cmake_run
}
conan() {
  python3 conan_stand_in.py ../narthex/examples/packaging/conan/conanfile.py "$PWD/package" > said
  grep -qx "version $version" said
  g++ -std=c++11 -Werror -Wall -Wextra -I package/include main.cpp -o main $(sed -n 's/^system_libs /-l/p' said)
  ./main
  diff -r -x README.md ../narthex/include/narthex package/include/narthex
  [ -s package/licenses/LICENSE ]
}
vcpkg() {
  local port=../narthex/examples/packaging/vcpkg/narthex
  printf '%s\n' 'function(vcpkg_from_github)' 'cmake_parse_arguments(arg "" "OUT_SOURCE_PATH;REPO;REF;SHA512;HEAD_REF" "" ${ARGN})' \
    'if(NOT arg_REF STREQUAL "v${VERSION}")' 'message(FATAL_ERROR "${arg_REF}")' 'endif()' \
    "set(\${arg_OUT_SOURCE_PATH} $work/narthex PARENT_SCOPE)" 'endfunction()' \
    'function(run)' 'execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed)' 'if(failed)' 'message(FATAL_ERROR "${ARGN}")' 'endif()' 'endfunction()' \
    'function(vcpkg_cmake_configure)' 'cmake_parse_arguments(arg "" "SOURCE_PATH" "OPTIONS" ${ARGN})' \
    'run(cmake -S ${arg_SOURCE_PATH} -B built -DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR} ${arg_OPTIONS})' 'endfunction()' \
    'function(vcpkg_cmake_install)' 'run(cmake --build built --target install)' 'endfunction()' \
    'function(vcpkg_cmake_config_fixup)' 'cmake_parse_arguments(arg "" "CONFIG_PATH" "" ${ARGN})' \
    'file(RENAME ${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH} ${CURRENT_PACKAGES_DIR}/share/narthex)' \
    'file(READ ${CURRENT_PACKAGES_DIR}/share/narthex/narthexTargets.cmake text)' \
    'string(REPLACE "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\nif" "if" text "${text}")' \
    'file(WRITE ${CURRENT_PACKAGES_DIR}/share/narthex/narthexTargets.cmake "${text}")' 'file(GLOB left ${CURRENT_PACKAGES_DIR}/share/cmake/*)' \
    'if(NOT left)' 'file(REMOVE_RECURSE ${CURRENT_PACKAGES_DIR}/share/cmake)' 'endif()' 'endfunction()' \
    'function(vcpkg_install_copyright)' 'cmake_parse_arguments(arg "" "" "FILE_LIST" ${ARGN})' \
    'configure_file(${arg_FILE_LIST} ${CURRENT_PACKAGES_DIR}/share/narthex/copyright COPYONLY)' 'endfunction()' \
    "include($PWD/$port/portfile.cmake)" > stand_in.cmake
  cmake -DCURRENT_PACKAGES_DIR="$PWD/packages" -DPORT=narthex -DVERSION="$version" -P stand_in.cmake
  [ -s packages/share/narthex/copyright ]
  # What vcpkg complains of: a package has nothing but these, and no empty folders.
  [ "$(cd packages && find . -mindepth 1 -maxdepth 2 | sort | tr '\n' ' ')" = "./include ./include/narthex ./share ./share/narthex " ]
  [ -z "$(find packages -type d -empty)" ]
  rm -r built
  cmake_project "$(block cmake_find)"
  cmake_run -DCMAKE_PREFIX_PATH="$PWD/packages"
}
wrapdb() {
  mkdir -p subprojects/packagecache
  tar -C "$work" -czf "subprojects/packagecache/narthex-$version.tar.gz" --transform "s,^narthex,narthex-$version," --exclude=narthex/tests narthex
  sed "s/^source_hash = 0/source_hash = $(sha256sum "subprojects/packagecache/narthex-$version.tar.gz" | cut -d' ' -f1)/" \
    ../narthex/examples/packaging/wrap/narthex.wrap > subprojects/narthex.wrap
  meson_project "$(meson_line)"
  meson setup build --wrap-mode=forcefallback
  meson test -C build -v
}

# ---- users' libraries ----
static_library() {
  local flags
  for flags in "" "-Os -ffunction-sections -fdata-sections -fvisibility=hidden -Wl,--gc-sections" "-O2 -flto" "-static"; do
    [ "$flags" != "-O2 -flto" ] || ! g++ --version | grep -q clang || continue  # its archives need a linker of its own
    rm -f ./*.o ./*.a
    # shellcheck disable=SC2086
    {
      g++ -std=c++11 $flags -I../narthex/include -DCONSUMER_HAS_FWD -c library.cpp library_main.cpp
      if [ "$flags" = "-O2 -flto" ]; then gcc-ar rc liblibrary.a library.o; else ar rc liblibrary.a library.o; fi
      g++ $flags library_main.o liblibrary.a -o main
      ./main
      g++ $flags -Wl,--start-group liblibrary.a library_main.o -Wl,--end-group -o main
      ./main
    }
  done
}
unused_in_static_library() {  # nothing of its file is called: only the linker's own switch brings the metrics
  echo '#include <narthex/narthex.hpp>
    int main(int n, char**) { return (narthex::to_text().find("library_jobs_total 0") != std::string::npos) != (n > 1); }' > main.cpp
  g++ -std=c++11 -I../narthex/include -c library.cpp main.cpp
  ar rc liblibrary.a library.o
  g++ main.o liblibrary.a -o main
  ./main
  g++ main.o -Wl,--whole-archive liblibrary.a -Wl,--no-whole-archive -o main
  ./main whole
}
shared_libraries() {  # with hidden symbols, the default registry is one for each
  local visibility flags
  for visibility in default hidden; do
    flags="-std=c++11 -fvisibility=$visibility -I../narthex/include"
    # shellcheck disable=SC2086
    {
      g++ $flags -fPIC -shared library.cpp -o liblibrary.so
      g++ $flags -fPIC -shared -Dlibrary=second library.cpp -o libsecond.so
      g++ $flags -DCONSUMER_HAS_FWD -DCONSUMER_HAS_SECOND library_main.cpp -L. -llibrary -lsecond -Wl,-rpath,. -o main
    }
    ./main > page
    [ "$(grep -cx attached page)" = "$([ $visibility = default ] && echo 0 || echo 2)" ]
  done
}

link_time_optimised() {  # the linker sees both halves of a program whole, and compares their types
  local flags="-std=c++11 -O2 -flto -pthread -I../narthex/include -DCONSUMER_HAS_FWD"
  g++ --version | grep -q clang || flags="$flags -Werror=odr -Werror=lto-type-mismatch -flto-partition=none"
  { every_header ../narthex/include; cat main.cpp; } > whole.cpp
  # shellcheck disable=SC2086
  {
    g++ $flags -c whole.cpp library.cpp
    echo 'namespace library { void work(); } int call() { return library::work(), 0; } int called = call();' > call.cpp
    g++ $flags -c call.cpp
    g++ $flags whole.o call.o library.o -o main
  }
  ./main > page
  grep -qx 'library_jobs_total 1' page
}
halves() {  # halves ABI ABI: alpha.o and beta.o as one program, from archives, from shared libraries, optimised as one
  local how
  g++ part_main.cpp alpha.o beta.o -o main
  ./main "$1" "$2"
  for how in alpha beta; do
    ar rc lib$how.a $how.o
    g++ -shared $how.o -o lib$how.so
  done
  g++ part_main.cpp libalpha.a libbeta.a -o main
  ./main "$1" "$2"
  rm libalpha.a libbeta.a
  g++ part_main.cpp -L. -lalpha -lbeta -Wl,-rpath,. -o main
  ./main "$1" "$2"
}
two_versions() {
  local now="v${version//./_}_mt" other="v9_8_7_mt" flags
  cp -r ../narthex/include newer
  sed -i -E 's/(VERSION_MAJOR) [0-9]+/\1 9/; s/(VERSION_MINOR) [0-9]+/\1 8/; s/(VERSION_PATCH) [0-9]+/\1 7/' newer/narthex/config.hpp
  for flags in "" "-O2" "-O2 -flto"; do
    [ "$flags" != "-O2 -flto" ] || ! g++ --version | grep -q clang || continue
    # shellcheck disable=SC2086
    {
      g++ -std=c++11 -fPIC $flags -I../narthex/include -DPART=alpha -c part.cpp -o alpha.o
      g++ -std=c++11 -fPIC $flags -Inewer -DPART=beta -c part.cpp -o beta.o
    }
    halves "$now" "$other"
  done
}
half_compiled_out() {  # a library without metrics in a program with them
  local now="v${version//./_}_mt"
  g++ -std=c++11 -fPIC -I../narthex/include -DPART=alpha -c part.cpp -o alpha.o
  g++ -std=c++11 -fPIC -I../narthex/include -DPART=beta -DNARTHEX_DISABLE=1 -c part.cpp -o beta.o
  halves "$now" "${now}_off"
}

# ---- all of them, two at a time ----
names=() titles=()
consumer() {  # consumer NAME FUNCTION TOOL...
  local tool name=$1 function=$2; shift 2
  case $name in *"$only"*) ;; *) return ;; esac
  for tool; do command -v "$tool" > /dev/null || { echo "not here: $name ($tool)"; return; }; done
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  mkdir "$work/$function" && cp "$here"/*.[ch]pp "$here"/*.py "$work/$function/"
  titles+=("$name") names+=("$function")
  (cd "$work/$function" && timeout -k 5 120 bash -exc "$function" > "$work/logs/$function" 2>&1 && touch "$work/logs/$function.ok") &
}
for f in $(declare -F | awk '{ print $3 }'); do export -f "${f?}"; done
[ -x "$gcc48/bin/g++" ] || gcc48=/not-here
consumer "one copied file" one_file
consumer "all files copied, as README.md says" all_files
consumer "copied beside the sources, two translation units" beside_the_sources
consumer "without exceptions and RTTI" no_exceptions
consumer "among other people's macros" macros
consumer "Meson subproject" meson_subproject meson
consumer "Meson wrap" meson_wrap meson
consumer "Meson, both names" meson_two_ways meson
consumer "Meson, no threads" no_threads meson
consumer "pkg-config" pkgconfig meson pkg-config
consumer "CMake add_subdirectory" cmake_subdirectory cmake
consumer "CMake FetchContent" cmake_fetch cmake
consumer "CMake FetchContent, overridden" cmake_fetch_override cmake
consumer "CMake, brought twice" cmake_twice cmake
consumer "CMake find_package" cmake_find cmake
consumer "CMake, a library that is installed" cmake_exported cmake
consumer "PlatformIO's folders" platformio python3
consumer "Arduino's folders" arduino
consumer "ESP-IDF component" esp_idf cmake
consumer "Zephyr module" zephyr cmake
consumer "Conan recipe" conan python3
consumer "vcpkg port" vcpkg cmake
consumer "WrapDB's wrap" wrapdb meson sha256sum
consumer "CMake, glibc 2.17" old_glibc cmake "$gcc48/bin/g++"
consumer "Meson, glibc 2.17" old_glibc_meson meson "$gcc48/bin/g++"
consumer "static library" static_library ar gcc-ar
consumer "static library of which nothing is called" unused_in_static_library ar
consumer "two shared libraries" shared_libraries
consumer "link-time optimisation" link_time_optimised
consumer "two versions in one program" two_versions ar
consumer "a library compiled out, a program not" half_compiled_out ar
wait
for i in "${!names[@]}"; do
  if [ -e "$work/logs/${names[i]}.ok" ]; then echo "ok: ${titles[i]}"; continue; fi
  echo "FAILED: ${titles[i]}"
  tail -n 30 "$work/logs/${names[i]}" | sed 's/^/    /'
  failures=$((failures + 1))
done
echo "$((${#names[@]} - failures)) ok, $failures failed ($SECONDS s)"
[ $failures = 0 ]
