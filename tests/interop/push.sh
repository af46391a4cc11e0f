#!/bin/bash
# push.sh: what real Pushgateways make of narthex' pushes. On Debian 12, as root, nothing needs to be there before.
#
# Installs what is missing (no service starts) and fetches a newer Pushgateway out of Debian sid without installing it; where
# that cannot be had, its checks are skipped. Prints PASS, FAIL or SKIP and a name for each check; the last line counts.
# SOAK_SECONDS, SOAK_SEED: how long programs push through random faults (12), and which (1).
# INTEROP_CACHE: where sid's program is kept (default ~/.cache/narthex-interop). CXX, CXXFLAGS: the compiler.
# All traffic stays on 127.0.0.1, but for the packages; no gateway is left running and none keeps a file.
set -u
exec < /dev/null
cd "$(dirname "$0")" || exit 1
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1
cache=${INTEROP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/narthex-interop}
work=$(mktemp -d) || exit 1
root= && [ "$(id -u)" = 0 ] || root=sudo
policy=/usr/sbin/policy-rc.d held=

# ---- packages, as run.sh does ----
hold_services() {
  [ -x $policy ] && { $policy prometheus-pushgateway start > /dev/null 2>&1; [ $? = 101 ]; } && return
  ! $root test -e $policy || $root mv $policy $policy.before-push
  printf '#!/bin/sh\nexit 101\n' | $root tee $policy > /dev/null && $root chmod +x $policy && held=yes
}
release_services() {
  [ "$held" = yes ] || return 0
  $root rm -f $policy
  ! $root test -e $policy.before-push || $root mv $policy.before-push $policy
  held=
}
trap 'release_services; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

packages() {
  local missing=''
  command -v "${CXX:-g++}" > /dev/null || missing="$missing g++"
  command -v prometheus-pushgateway > /dev/null || missing="$missing prometheus-pushgateway"
  command -v promtool > /dev/null || missing="$missing prometheus"
  [ -x /usr/bin/python3 ] || missing="$missing python3"
  [ -n "$missing" ] || return 0
  echo "installing$missing"
  hold_services
  # shellcheck disable=SC2086
  $root apt-get -o DPkg::Lock::Timeout=120 update &&
    $root apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends $missing
  local code=$?
  release_services
  return $code
}

sid() {  # sid FOLDER: sid's prometheus-pushgateway into FOLDER/usr/bin, by an apt configuration of its own
  local apt="$work/apt" mirror o
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null |
    grep -oE '(^URIs: *|^deb +(\[[^]]*\] +)?)[a-z]+://[^ ]+debian/? *' | grep -oE '[a-z]+://[^ ]+' | head -n 1)
  [ -n "$mirror" ] || { echo "no Debian mirror in /etc/apt/sources*"; return 1; }
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs" || return 1
  chmod 755 "$work" && chmod -R 777 "$apt"  # apt downloads as a user of its own
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" > "$apt/sources.list"
  o="-o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null
     -o Dir::State::lists=$apt/lists -o Dir::Cache=$apt/cache -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none
     -o Acquire::Retries=1 -o Acquire::http::Timeout=20"
  # shellcheck disable=SC2086
  timeout 90 apt-get $o update && (cd "$apt/debs" && timeout 90 apt-get $o download prometheus-pushgateway) || return 1
  mkdir -p "$1"
  for o in "$apt"/debs/*.deb; do dpkg -x "$o" "$1" || return 1; done
  "$1/usr/bin/prometheus-pushgateway" --version
}

# ---- checks ----
log=$work/log
say() { echo "$*" | tee -a "$log"; }
finish() {
  local passed failed skipped
  passed=$(grep -c '^PASS ' "$log") failed=$(grep -c '^FAIL ' "$log") skipped=$(grep -c '^SKIP ' "$log")
  [ "$skipped" = 0 ] && echo "$passed passed, $failed failed" || echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]; exit
}
: > "$log"

if packages > "$work/packages" 2>&1; then say "PASS packages (${SECONDS} s)"
else say "FAIL packages"; tail -n 20 "$work/packages" | sed 's/^/    /'; finish; fi
gateways=$(command -v prometheus-pushgateway)
if "$cache/usr/bin/prometheus-pushgateway" --version > /dev/null 2>&1 || sid "$cache" > "$work/sid" 2>&1; then
  gateways="$gateways $cache/usr/bin/prometheus-pushgateway"
else
  say "SKIP the newer Pushgateway (Debian sid cannot be had: $(grep -v '^ ' "$work/sid" | tail -n 1 | cut -c 1-200))"
fi

build() {  # build NAME ARGUMENTS...
  local name=$1; shift
  # shellcheck disable=SC2086
  ${CXX:-g++} -std=c++11 -O1 -Wall -Wextra -pthread ${CXXFLAGS:-} -I../../include -o "$work/$name" "$@" > "$work/$name.log" 2>&1 &&
    { say "PASS $name is built"; return; }
  say "FAIL $name is built"; head -n 30 "$work/$name.log" | sed 's/^/    /'; finish
}
judge() {  # judge SECONDS SCRIPT ARGUMENTS...: a script that says PASS and FAIL, into what is in $out
  local before code
  before=$(grep -c '^FAIL ' "$out")
  timeout -k 15 "$1" /usr/bin/python3 "${@:2}" 2> "$out.errors" | tee -a "$out"
  code=${PIPESTATUS[0]}
  [ "$code" = 0 ] && return
  [ "$(grep -c '^FAIL ' "$out")" != "$before" ] || echo "FAIL $2 (exit code $code)" | tee -a "$out"
  tail -n 20 "$out.errors" | sed 's/^/    /'
}
build push push.cpp
build soak push_soak.cpp
build preload.so preload.cpp -shared -fPIC -ldl
tls=
printf '#include <openssl/ssl.h>\nint main() { return TLS_client_method() == nullptr; }\n' > "$work/try.cpp"
if command -v openssl > /dev/null && ${CXX:-g++} "$work/try.cpp" -o "$work/try" -lssl -lcrypto 2> /dev/null; then
  build tls ../../examples/27_push_tls.cpp -lssl -lcrypto
  tls=$work/tls
fi
newest=${gateways##* } soak_seconds=${SOAK_SECONDS:-12}
: > "$work/soak.out"
(out=$work/soak.out judge $((soak_seconds + 120)) push_soak.py "$work/soak" "$newest" "$soak_seconds" "${SOAK_SEED:-1}" > "$work/soak.said") &
soak=$!
# shellcheck disable=SC2086
out=$log judge 200 push.py "$work/push" promtool $gateways
out=$log judge 200 push_faults.py "$work/push" "$work/preload.so" "$tls" prometheus-pushgateway
wait $soak
cat "$work/soak.said"
cat "$work/soak.out" >> "$log"
finish
