#!/bin/bash
# gcc48.sh [DIR]: puts GCC 4.8.5 with libstdc++ 4.8 and glibc 2.17 (the RHEL 7 vintage) into DIR and prints DIR.
# Without DIR: $GCC48_DIR, or a folder of the user's cache. Nothing from the package is executed while it is installed.
# DIR/bin/g++ is the compiler; DIR/run-on-2.17 PROGRAM starts a program on the toolchain's own C and C++ libraries.
# Exit code 77: it could not be downloaded.
set -u
dir=${1:-${GCC48_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/narthex-gcc48}}
package=@napi-rs/cross-toolchain-x64-target-x86_64
triple=x86_64-unknown-linux-gnu

if ! [ -x "$dir/tc/bin/$triple-g++" ]; then
  command -v npm >/dev/null || { echo "gcc48: no npm, no GCC 4.8.5" >&2; exit 77; }
  mkdir -p "$dir" || exit 1
  work=$(mktemp -d "$dir/tmp.XXXXXX") || exit 1
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/tc"
  echo '{"private":true}' > "$work/package.json"
  (cd "$work" && timeout 180 npm install --ignore-scripts --no-audit --no-fund --silent --fetch-retries=1 "$package@1.0.0") >&2 ||
    { echo "gcc48: $package could not be downloaded" >&2; exit 77; }
  tar xJf "$work/node_modules/$package/$triple.tar.xz" -C "$work/tc" || exit 1
  rm -rf "$dir/tc" && mv "$work/tc" "$dir/tc" || exit 1
fi
root=$dir/tc/$triple
mkdir -p "$dir/bin" && ln -sf "../tc/bin/$triple-g++" "$dir/bin/g++"
printf '#!/bin/sh\nexec "%s/sysroot/lib64/ld-linux-x86-64.so.2" --library-path "%s/sysroot/lib64:%s/lib64" "$@"\n' \
  "$root" "$root" "$root" > "$dir/run-on-2.17" && chmod +x "$dir/run-on-2.17"
"$dir/bin/g++" --version >/dev/null && echo "$dir"
