#!/bin/bash
# textfile.sh: node_exporter reads what write_textfile() wrote; promtool and the Python client judge the process metrics.
#
# On Debian 12, as root or with sudo: installs what is missing (no service starts). Prints PASS or FAIL and a name for each
# check; the last line counts. CXX, CXXFLAGS: the compiler. INTEROP_CACHE: where run.sh keeps a newer promtool.
set -u
exec < /dev/null
cd "$(dirname "$0")" || exit 1
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1
cache=${INTEROP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/narthex-interop}
work=$(mktemp -d) || exit 1
chmod 755 "$work"
root= && [ "$(id -u)" = 0 ] || root=sudo
policy=/usr/sbin/policy-rc.d held=

hold_services() {  # whoever came first keeps his own policy
  [ -x $policy ] && { $policy prometheus-node-exporter start > /dev/null 2>&1; [ $? = 101 ]; } && return
  ! $root test -e $policy || $root mv $policy $policy.before-textfile
  printf '#!/bin/sh\nexit 101\n' | $root tee $policy > /dev/null && $root chmod +x $policy && held=yes
}
release_services() {
  [ "$held" = yes ] || return 0
  $root rm -f $policy
  ! $root test -e $policy.before-textfile || $root mv $policy.before-textfile $policy
  held=
}
trap 'release_services; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

packages() {
  local missing=''
  command -v "${CXX:-g++}" > /dev/null || missing="$missing g++"
  command -v promtool > /dev/null || missing="$missing prometheus"
  command -v prometheus-node-exporter > /dev/null || missing="$missing prometheus-node-exporter"
  /usr/bin/python3 -c 'import prometheus_client' 2> /dev/null || missing="$missing python3 python3-prometheus-client"
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

log=$work/log
say() { echo "$*" | tee -a "$log"; }
finish() {
  local passed failed
  passed=$(grep -c '^PASS ' "$log") failed=$(grep -c '^FAIL ' "$log")
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]; exit
}
: > "$log"
if packages > "$work/packages" 2>&1; then say "PASS packages"
else say "FAIL packages"; tail -n 20 "$work/packages" | sed 's/^/    /'; finish; fi
# shellcheck disable=SC2086
if ${CXX:-g++} -O1 -Wall -Wextra -pthread ${CXXFLAGS:-} -I../../include textfile_writer.cpp -o "$work/writer" > "$work/build" 2>&1; then
  say "PASS textfile_writer is built"
else
  say "FAIL textfile_writer is built"; head -n 30 "$work/build" | sed 's/^/    /'; finish
fi
tools=promtool
! "$cache/usr/bin/promtool" --version > /dev/null 2>&1 || tools="$tools $cache/usr/bin/promtool"
# shellcheck disable=SC2086
timeout -k 15 120 /usr/bin/python3 textfile.py "$work/writer" "$(command -v prometheus-node-exporter)" $tools 2> "$work/errors" |
  tee -a "$log"
code=${PIPESTATUS[0]}
[ "$code" = 0 ] || grep -q '^FAIL ' "$log" || say "FAIL textfile.py (exit code $code)"
[ "$code" = 0 ] || tail -n 20 "$work/errors" | sed 's/^/    /'
finish
