#!/bin/bash
# run.sh: real parsers and real servers against what narthex writes. On Debian 12, as root, nothing needs to be there before.
#
# Installs what is missing (no service starts) and fetches a newer Prometheus out of Debian sid without installing it; where
# that cannot be had, its checks are skipped. Prints PASS, FAIL or SKIP and a name for each check; the last line counts.
# INTEROP_CACHE: where sid's programs are kept (default ~/.cache/narthex-interop). SEEDS: how many random registries (300).
# CXX, CXXFLAGS: the compiler. All traffic stays on 127.0.0.1, but for the packages.
set -u
exec < /dev/null
cd "$(dirname "$0")" || exit 1
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1
cache=${INTEROP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/narthex-interop}
work=$(mktemp -d) || exit 1
root= && [ "$(id -u)" = 0 ] || root=sudo
policy=/usr/sbin/policy-rc.d held=

# ---- packages ----
hold_services() {  # as .ci/run does, under another name: whoever came first keeps his own policy
  [ -x $policy ] && { $policy prometheus start > /dev/null 2>&1; [ $? = 101 ]; } && return
  ! $root test -e $policy || $root mv $policy $policy.before-interop
  printf '#!/bin/sh\nexit 101\n' | $root tee $policy > /dev/null && $root chmod +x $policy && held=yes
}
release_services() {
  [ "$held" = yes ] || return 0
  $root rm -f $policy
  ! $root test -e $policy.before-interop || $root mv $policy.before-interop $policy
  held=
}
trap 'release_services; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

packages() {
  local missing=''
  command -v "${CXX:-g++}" > /dev/null || missing="$missing g++"
  command -v prometheus > /dev/null && command -v promtool > /dev/null || missing="$missing prometheus"
  [ -x /usr/bin/python3 ] || missing="$missing python3"
  dpkg-query -W -f '${Status}' python3-prometheus-client 2> /dev/null | grep -q ' installed$' ||
    missing="$missing python3-prometheus-client"
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

sid() {  # sid FOLDER: sid's prometheus and promtool into FOLDER/usr/bin, by an apt configuration of its own
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
  timeout 90 apt-get $o update && (cd "$apt/debs" && timeout 90 apt-get $o download prometheus promtool) || return 1
  mkdir -p "$1"
  for o in "$apt"/debs/*.deb; do dpkg -x "$o" "$1" || return 1; done
  "$1/usr/bin/prometheus" --version && "$1/usr/bin/promtool" --version
}


# ---- checks ----
log=$work/log
say() { echo "$*" | tee -a "$log"; }
run() {  # run NAME SECONDS COMMAND...: its own PASS, FAIL and SKIP lines; a FAIL when it ends badly without one
  local name=$1 seconds=$2 code before; shift 2
  before=$(grep -c '^FAIL ' "$log")
  timeout -k 15 "$seconds" "$@" 2> "$work/errors" | tee -a "$log"
  code=${PIPESTATUS[0]}
  [ "$code" = 0 ] || [ "$(grep -c '^FAIL ' "$log")" != "$before" ] || say "FAIL $name (exit code $code)"
  [ "$code" = 0 ] || tail -n 20 "$work/errors" | sed 's/^/    /'
}
finish() {
  local passed failed skipped
  passed=$(grep -c '^PASS ' "$log") failed=$(grep -c '^FAIL ' "$log") skipped=$(grep -c '^SKIP ' "$log")
  [ "$skipped" = 0 ] && echo "$passed passed, $failed failed" || echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]; exit
}
: > "$log"
python=/usr/bin/python3 seeds=${SEEDS:-300}

if packages > "$work/packages" 2>&1; then say "PASS packages (${SECONDS} s)"
else say "FAIL packages"; tail -n 20 "$work/packages" | sed 's/^/    /'; finish; fi
servers=prometheus tools=promtool
if "$cache/usr/bin/promtool" --version > /dev/null 2>&1 || sid "$cache" > "$work/sid" 2>&1; then
  servers="$servers $cache/usr/bin/prometheus" tools="$tools $cache/usr/bin/promtool"
else
  say "SKIP the newer Prometheus (Debian sid cannot be had: $(grep -v '^ ' "$work/sid" | tail -n 1 | cut -c 1-200))"
fi

t=$SECONDS
for program in exposer random_registry names_exposer native; do
  # shellcheck disable=SC2086
  ${CXX:-g++} -O1 -Wall -Wextra -pthread ${CXXFLAGS:-} -I../../include $program.cpp -o "$work/$program" > "$work/$program.log" 2>&1 &
done
wait
for program in exposer random_registry names_exposer native; do
  if [ -x "$work/$program" ]; then say "PASS $program is built ($((SECONDS - t)) s)"
  else say "FAIL $program is built"; head -n 30 "$work/$program.log" | sed 's/^/    /'; built=no; fi
done
[ -z "${built:-}" ] || finish
# shellcheck disable=SC2086
run parsers.py 100 $python parsers.py "$work/random_registry" "$seeds" $tools
run formats.py 100 $python formats.py "$work/random_registry" "$seeds"
# shellcheck disable=SC2086
run scrape.py 160 $python scrape.py "$work/exposer" "$work/random_registry" "$seeds" $servers
# shellcheck disable=SC2086
run names.py 100 $python names.py "$work/names_exposer" $servers
# shellcheck disable=SC2086
run protobuf.py 160 $python protobuf.py "$work/native" "$work/random_registry" "$seeds" $servers
finish
