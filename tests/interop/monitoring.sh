#!/bin/bash
# monitoring.sh [FOLDER...]: runs examples/monitoring/ against the real programs: promtool, Prometheus, Pushgateway, and example 16.
#
# Each server scrapes the example and the Pushgateway through a copy of prometheus.yml that differs in ports and interval only;
# then it is asked what README.md there says to ask. A second one without honor_labels shows that the check can fail.
# FOLDER: where prometheus and promtool lie; without one, the PATH and what run.sh has fetched. Prints PASS, FAIL or SKIP and a
# name for each check. Exit code 1: one failed; 77: nothing to run it with. CXX, CXXFLAGS: the compiler. All on 127.0.0.1.
set -u
exec < /dev/null
cd "$(dirname "$0")/../../examples/monitoring" || exit 1
export LC_ALL=C.UTF-8 no_proxy='*'
cache=${INTEROP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/narthex-interop}/usr/bin
for tool in prometheus-pushgateway curl python3 "${CXX:-g++}"; do
  command -v "$tool" > /dev/null || { echo "SKIP monitoring ($tool is not here)"; exit 77; }
done
if [ $# = 0 ]; then
  ! command -v prometheus > /dev/null || set -- "$(dirname "$(command -v prometheus)")"
  ! "$cache/prometheus" --version > /dev/null 2>&1 || set -- "$@" "$cache"
fi
[ $# != 0 ] || { echo "SKIP monitoring (prometheus is not here)"; exit 77; }

work=$(mktemp -d) || exit 1
pids=()
stop() {  # stop PID...: and waits, so that nobody writes into a folder that is being removed
  local p
  for p; do kill "$p" 2> /dev/null; done
  for p; do wait "$p" 2> /dev/null; done
}
trap 'stop "${pids[@]}"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
failures=0
check() {  # check NAME COMMAND...
  local name=$1; shift
  if "$@" > "$work/said" 2>&1; then echo "PASS $name"; return; fi
  echo "FAIL $name"
  tail -n 15 "$work/said" | sed 's/^/    /'
  failures=$((failures + 1))
}
no() { ! "$@"; }
until_ok() {  # until_ok COMMAND...: tries for half a minute, and shows the last attempt
  local end=$((SECONDS + 30))
  until "$@" > "$work/attempt" 2>&1; do
    [ $SECONDS -lt $end ] || { echo "not within 30 s: $*"; cat "$work/attempt"; return 1; }
    sleep 0.1
  done
}
get() { curl -sS --max-time 5 --fail "$@"; }

# ---- what runs ----
read -r -a port <<< "$(python3 -c '
import socket
s = [socket.socket() for _ in range(4)]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])')"
example=127.0.0.1:${port[0]} gateway=127.0.0.1:${port[1]}
ported() { sed -e "s/localhost:9464/$example/" -e "s/localhost:9091/$gateway/" "$@"; }

# shellcheck disable=SC2086
check "16_http_service is built" "${CXX:-g++}" -std=c++11 -pthread ${CXXFLAGS:-} -I../../include ../16_http_service.cpp -o "$work/http_service"
[ $failures = 0 ] || exit 1
"$work/http_service" "$example" > "$work/example.log" 2>&1 &
pids+=($!)
# Debian's keeps what was pushed in a file of the system's, unless it is told not to.
prometheus-pushgateway --web.listen-address="$gateway" --persistence.file= --log.level=warn > "$work/gateway.log" 2>&1 &
pids+=($!)
check "the example serves" until_ok get "http://$example/metrics" -o "$work/page"
check "the Pushgateway serves" until_ok get "http://$gateway/-/ready"
push=$(grep '^echo .*curl' README.md | ported)
check "README.md's push" bash -c "set -o pipefail; ${push/curl/curl -sS --fail}"

# ---- what is asked ----
values() {  # values PORT EXPRESSION: one value per line; fails when there is none
  get -G "http://127.0.0.1:$1/api/v1/query" --data-urlencode "query=$2" > "$work/json.$1" || return 1
  python3 - "$work/json.$1" <<< 'import json, sys
result = json.load(open(sys.argv[1]))["data"]["result"]
print("\n".join(x["value"][1] for x in result))
sys.exit(not result)'
}
is() { [ "$(values "$1" "$2")" = "$3" ] || { echo "$2 is not $3, but:"; values "$1" "$2"; cat "$work/json.$1"; return 1; }; }
none() { is "$1" "count($2) or vector(0)" 0; }
queries() { sed -n 's/^| \(`.*`\) | .*/\1/p' README.md | grep -o '`[^`]*`' | tr -d '`'; }
answered() {  # answered PORT: every query of README.md
  local q n=0
  while IFS= read -r q; do
    until_ok values "$1" "$q" || return 1
    n=$((n + 1))
  done < <(queries)
  [ $n -ge 7 ] || { echo "only $n queries found in README.md"; return 1; }
}
server() {  # server FOLDER PORT CONFIG
  "$1/prometheus" --config.file="$3" --storage.tsdb.path="$3.data" --log.level=warn --web.listen-address="127.0.0.1:$2" \
    > "$3.log" 2>&1 &
  pids+=($!)
}

for folder; do
  version="prometheus $("$folder/prometheus" --version 2>&1 | awk 'NR == 1 { sub(/\+.*/, "", $3); print $3 }')"
  check "$version, promtool check config" "$folder/promtool" check config prometheus.yml
  sed 's/honor_labels: true/honor_labels: perhaps/' prometheus.yml > "$work/spoilt.yml"
  check "$version, spoilt on purpose" no "$folder/promtool" check config "$work/spoilt.yml"
  check "$version, promtool check metrics" bash -c "'$folder/promtool' check metrics < '$work/page'"

  honest=$work/${version##* } careless=$work/${version##* }-careless
  ported -e 's/scrape_\(interval\|timeout\): 1[05]s/scrape_\1: 1s/' prometheus.yml > "$honest"
  grep -v honor_labels: "$honest" > "$careless"
  server "$folder" "${port[2]}" "$honest"
  server "$folder" "${port[3]}" "$careless"
  a=${port[2]} b=${port[3]} pushed=batch_last_success_timestamp_seconds
  check "$version, both targets are up" until_ok is "$a" 'count(up{job=~"http_service|pushgateway"} == 1)' 2
  check "$version, and no other" is "$a" 'count(up)' 2
  check "$version, job and instance of the program" until_ok values "$a" \
    "http_requests_total{job=\"http_service\",instance=\"$example\",route=\"/users/{id}\",code=\"200\"} > 0"
  check "$version, job and instance of the push" until_ok is "$a" "$pushed{job=\"nightly_batch\",instance=\"a\"}" 1700000000
  check "$version, nothing was renamed" none "$a" '{exported_job!=""}'
  check "$version, without honor_labels: renamed" until_ok is "$b" \
    "$pushed{job=\"pushgateway\",exported_job=\"nightly_batch\",exported_instance=\"a\"}" 1700000000
  check "$version, without honor_labels: not found by job" none "$b" "$pushed{job=\"nightly_batch\"}"
  check "$version, the queries of README.md" answered "$a"
  check "$version, no complaint in its log" no grep -E 'level=(warn|error)|level=(WARN|ERROR)' "$honest.log"
  stop "${pids[@]:2}"
  pids=("${pids[@]:0:2}")
done
check "the example and the Pushgateway live on" kill -0 "${pids[@]}"
[ $failures = 0 ]
