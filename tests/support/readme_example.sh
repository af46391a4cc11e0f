#!/bin/bash
# readme_example.sh: runs command 1 of README.md, word for word, in this tree; passes when the program prints its exposition
# and serves it to a client on the port it names. Stops it afterwards.
set -u
cd "$(dirname "$0")/../.." || exit 1
log=$(mktemp) || exit 1
setsid bash -c "$(tests/support/readme_command.sh 1)" > "$log" 2>&1 &
program=$!
trap 'kill -- -$program 2> /dev/null; rm -f "$log"' EXIT
fail() { echo "$1"; tail -n 30 "$log"; exit 1; }

get() {  # get PATH: the whole answer of the server
  exec 3<> "/dev/tcp/127.0.0.1/9464" || return 1
  printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
  cat <&3
  exec 3>&-
} 2> /dev/null

for _ in $(seq 1500); do  # five minutes at most, for the packages
  grep -q '^Serving ' "$log" && break
  kill -0 $program 2> /dev/null || fail "the command ended"
  sleep 0.2
done
grep -q '^Serving http://localhost:9464/metrics' "$log" || fail "the command does not serve"
grep -q '^http_responses_total{method="GET",code="200"} 1$' "$log" || fail "the command does not print its exposition"
page=$(get /metrics) || fail "nobody listens"
case $page in "HTTP/1.0 200 OK"*'http_responses_total{method="GET",code="200"} '*) ;; *) fail "not an exposition: $page" ;; esac
page=$(get /)
case $page in "HTTP/1.0 200 OK"*'<html'*'href="metrics"'*) ;; *) fail "not a page: $page" ;; esac
echo "printed, served, read"
