#!/bin/bash
# monitoring.sh [FOLDER...]: runs examples/monitoring/ against the real programs: promtool, Prometheus, Pushgateway, Alertmanager,
# example 16, and the batch job of pull_or_push.md.
#
# Each server scrapes the example and the Pushgateway through a copy of prometheus.yml that differs in ports and intervals only;
# then it is asked what README.md and the dashboard there ask. A second one without honor_labels shows that the check can fail, a third
# puts the labels back by relabel.yml. In the end the gateway is stopped, and the Alertmanager must hear of it.
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
s = [socket.socket() for _ in range(6)]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])')"
example=127.0.0.1:${port[0]} gateway=127.0.0.1:${port[1]}
alertmanager=127.0.0.1:${port[5]}
ported() { sed -e "s/localhost:9464/$example/" -e "s/localhost:9091/$gateway/" -e "s/localhost:9093/$alertmanager/" "$@"; }

# shellcheck disable=SC2086
check "16_http_service is built" "${CXX:-g++}" -std=c++11 -pthread ${CXXFLAGS:-} -I../../include ../16_http_service.cpp -o "$work/http_service"
# The guide's batch job, word for word, and a program that pushes each second until it hears something.
{
  echo '#include <narthex/narthex.hpp>'
  echo '#include <narthex/periodic_pusher.hpp>'
  echo '#include <cstdio>'
  echo 'struct record {};'
  echo 'struct records { record all[7]; const record* begin() const { return all; } const record* end() const { return all + 7; } };'
  echo 'static records all_records() { return records(); }'
  echo 'static bool load(const record&) { return true; }'
  echo '#define main guide'
  sed -n '/^```cpp$/,/^```$/p' pull_or_push.md | grep -v '^```' | sed "s,http://pushgateway:9091,http://$gateway,"
  echo '#undef main'
  echo "int main() { if (guide() != 0) return 1;"
  echo "narthex::periodic_pusher edge{\"http://$gateway\", \"edge\", {{\"instance\", \"till-17\"}}, narthex::periodic_pusher_options().set_pace("
  echo 'narthex::periodic_pusher_options::pace::every_1_s)}; std::getchar(); return edge.ok() ? 0 : 1; }'
} > "$work/guide.cpp"
# shellcheck disable=SC2086
check "the guide's batch job is built" "${CXX:-g++}" -std=c++11 -pthread ${CXXFLAGS:-} -I../../include "$work/guide.cpp" -o "$work/guide"
[ $failures = 0 ] || exit 1
"$work/http_service" "$example" > "$work/example.log" 2>&1 &
pids+=($!)
gateway_up() {  # with a file of ours: Debian's default is one of the whole machine
  prometheus-pushgateway --web.listen-address="$gateway" --persistence.file="$work/kept" --log.level=warn >> "$work/gateway.log" 2>&1 &
  pids[1]=$!
}
gateway_up
check "the example serves" until_ok get "http://$example/metrics" -o "$work/page"
check "the Pushgateway serves" until_ok get "http://$gateway/-/ready"
push=$(grep '^echo .*curl' README.md | ported)
check "README.md's push" bash -c "set -o pipefail; ${push/curl/curl -sS --fail}"

mkfifo "$work/input"
"$work/guide" < "$work/input" > "$work/guide.log" 2>&1 &
pids+=($!)
exec 3> "$work/input"
check "the guide's batch job has told how it went" until_ok bash -c \
  "curl -sS 'http://$gateway/metrics' | grep -q '^batch_job_records_processed{instance=\"db-3\",job=\"nightly_import\"} 7$'"
if command -v prometheus-alertmanager > /dev/null; then
  check "amtool check-config" amtool check-config alertmanager.yml
  prometheus-alertmanager --config.file=alertmanager.yml --storage.path="$work/alerts" --web.listen-address="$alertmanager" \
    --cluster.listen-address= --log.level=warn > "$work/alertmanager.log" 2>&1 &
  pids+=($!)
  check "the Alertmanager serves" until_ok get "http://$alertmanager/-/ready"
else
  echo "SKIP Alertmanager (prometheus-alertmanager is not here)"
fi
lasting=${#pids[@]}

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
queries() { sed -n '/^| query/,/^$/p' README.md | sed -n 's/^| \(`.*`\) | .*/\1/p' | grep -o '`[^`]*`' | tr -d '`'; }
answered() {  # answered PORT: every query of README.md
  local q n=0
  while IFS= read -r q; do
    until_ok values "$1" "$q" || return 1
    n=$((n + 1))
  done < <(queries)
  [ $n -ge 7 ] || { echo "only $n queries found in README.md"; return 1; }
}
dashboard() {  # dashboard PORT: every query of every panel has an answer
  local q n=0
  while IFS= read -r q; do
    until_ok values "$1" "$q" || return 1
    n=$((n + 1))
  done < <(python3 -c '
import json
for p in json.load(open("dashboard.json"))["panels"]:
    for t in p["targets"]: print(t["expr"])')
  [ $n -ge 12 ] || { echo "only $n queries found in dashboard.json"; return 1; }
}
alerts() {  # alerts NAME STATE: whether the Alertmanager has it
  get "http://$alertmanager/api/v2/alerts" > "$work/alerts.json" || return 1
  python3 - "$1" "$2" "$work/alerts.json" <<< 'import json, sys
all = json.load(open(sys.argv[3]))
print([(a["labels"], a["status"]["state"]) for a in all])
sys.exit(not [a for a in all if a["labels"]["alertname"] == sys.argv[1] and a["status"]["state"] == sys.argv[2] and a["labels"]["severity"] == "page"])'
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
  check "$version, promtool check rules" "$folder/promtool" check rules recording_rules.yml alert_rules.yml
  check "$version, promtool test rules" "$folder/promtool" test rules rules_test.yml
  check "$version, promtool check config, relabel.yml" "$folder/promtool" check config relabel.yml
  if [ ! -e "$work/spoilt" ]; then  # once: it takes a while
    mkdir "$work/spoilt" && cp recording_rules.yml rules_test.yml "$work/spoilt"
    sed 's/> on (job, instance) 4/> on (job, instance) 40/' alert_rules.yml > "$work/spoilt/alert_rules.yml"
    check "$version, rules spoilt on purpose" no "$folder/promtool" test rules "$work/spoilt/rules_test.yml"
  fi
  check "$version, promtool check metrics" bash -c "'$folder/promtool' check metrics < '$work/page'"

  honest=$work/${version##* } careless=$work/${version##* }-careless
  relabelled=$honest-relabelled
  ported -e 's/\(scrape_interval\|scrape_timeout\|evaluation_interval\): 1[05]s/\1: 1s/' prometheus.yml > "$honest"
  grep -v -e honor_labels: -e rule_files: "$honest" | sed '/^alerting:/,/^$/d' > "$careless"
  { printf 'global: {scrape_interval: 1s, scrape_timeout: 1s}\n'; ported relabel.yml; } > "$relabelled"
  cp recording_rules.yml "$work" && sed 's/for: [15]m$/for: 0s/' alert_rules.yml > "$work/alert_rules.yml"
  server "$folder" "${port[2]}" "$honest"
  server "$folder" "${port[3]}" "$careless"
  server "$folder" "${port[4]}" "$relabelled"
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
  check "$version, relabelled: job and instance of the push again" until_ok is "${port[4]}" "$pushed{job=\"nightly_batch\",instance=\"a\"}" 1700000000
  check "$version, relabelled: the gateway keeps its own" is "${port[4]}" 'count(up{job="pushgateway"} == 1) + count(pushgateway_build_info{job="pushgateway"})' 2
  check "$version, relabelled: nothing is left of the other names" none "${port[4]}" '{exported_job!=""}'
  check "$version, the queries of README.md" answered "$a"
  check "$version, the queries of the dashboard" dashboard "$a"
  check "$version, the recorded age of a push that goes on" until_ok is "$a" 'job_instance:push_age_seconds{job="edge",instance="till-17"} < bool 10' 1
  check "$version, the books of the pusher balance" until_ok is "$a" 'narthex_push_calls_total{job="edge"} - on (job, instance) (narthex_push_successes_total
    + narthex_push_coalesced_total + narthex_push_in_flight + on (job, instance) sum by (job, instance) (narthex_push_failures_total)
    + on (job, instance) sum by (job, instance) (narthex_push_refused_total))' 0
  if [ $lasting = 4 ]; then
    check "$version, no alert of the gateway while it is up" no alerts PushgatewayDown active
    stop "${pids[1]}"
    check "$version, the Alertmanager hears that the gateway is down" until_ok alerts PushgatewayDown active
    gateway_up
    check "the Pushgateway serves again" until_ok get "http://$gateway/-/ready"
    check "$version, the alert ends with the trouble" until_ok is "$a" 'count(ALERTS{alertname="PushgatewayDown"}) or vector(0)' 0
    check "$version, and the pusher has gone on" until_ok is "$a" 'job_instance:push_age_seconds{job="edge",instance="till-17"} < bool 10' 1
  fi
  check "$version, no complaint in its log" no grep -E 'level=(warn|error)|level=(WARN|ERROR)' "$honest.log"
  stop "${pids[@]:$lasting}"
  pids=("${pids[@]:0:$lasting}")
done
check "the example, the pusher and the Pushgateway live on" kill -0 "${pids[@]}"
echo >&3
wait "${pids[2]}"
check "the pusher ends well" [ $? = 0 ]
[ $failures = 0 ]
