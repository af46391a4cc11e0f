#!/bin/bash
# run.sh: the protocols of include/narthex/detail as litmus tests, judged by herd7 under the RC11 model of C11.
# x.litmus: what must never happen does not. x.why.broken.litmus: weakened in one place, it does.
# $HERD7 chooses the program (package herdtools7, or opam). Exit code 77: it is not here.
set -u
cd "$(dirname "$0")" || exit 1
herd=${HERD7:-herd7}
command -v "$herd" > /dev/null || { echo "litmus: no herd7"; exit 77; }
failed=0
for test in *.litmus; do
  wanted=Never
  case $test in *.broken.litmus) wanted=Sometimes ;; esac
  said=$(timeout 60 "$herd" -model rc11.cat "$test" 2>&1 | sed -n 's/^Observation [^ ]* \([A-Z][a-z]*\) .*/\1/p')
  if [ "$said" = "$wanted" ]; then
    echo "ok   $test: $said"
  else
    echo "FAIL $test: ${said:-no answer}, not $wanted"
    failed=1
  fi
done
exit $failed
