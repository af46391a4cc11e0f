#!/bin/bash
# clean_machine.sh [--worktree] [--ci]: runs the two commands of README.md, word for word, on a fresh Debian 12 (a chroot with
# only the base system) in a clean clone of the last commit; --worktree copies the files of the working tree instead.
# --ci: runs .ci/run there instead, which must install all that it needs (half an hour).
# Needs root, debootstrap and the package mirror of /etc/apt/sources*. KEEP=1 leaves the machine there for a look.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" = 0 ] && command -v debootstrap > /dev/null || { echo "needs root and debootstrap"; exit 77; }
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null |
  grep -oE '(^URIs: *|^deb +(\[[^]]*\] +)?)[a-z]+://[^ ]+debian/? *' | grep -oE '[a-z]+://[^ ]+' | head -n 1)
machine=$(mktemp -d) || exit 1
cleanup() { [ -n "${KEEP:-}" ] && echo "the machine is in $machine" || rm -rf --one-file-system "$machine"; }
trap cleanup EXIT
chmod 755 "$machine"  # apt downloads as a user of its own

t=$SECONDS
debootstrap --variant=minbase bookworm "$machine" "${mirror:-http://deb.debian.org/debian}" > "$machine.log" 2>&1 ||
  { tail -n 20 "$machine.log"; rm -f "$machine.log"; exit 1; }
rm -f "$machine.log"
cp /etc/resolv.conf "$machine/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' > "$machine/usr/sbin/policy-rc.d" && chmod +x "$machine/usr/sbin/policy-rc.d"
worktree='' what='1 2'
for a; do case $a in --worktree) worktree=yes ;; --ci) what=ci ;; *) sed -n '2,5s/^# //p' "$0"; exit 2 ;; esac; done
if [ -n "$worktree" ]; then
  mkdir "$machine/narthex"
  (cd "$root" && git ls-files -co --exclude-standard -z | xargs -0 tar cf - --ignore-failed-read) | tar xf - -C "$machine/narthex"
else
  git clone -q --no-hardlinks "$root" "$machine/narthex" || exit 1
fi
echo "fresh machine after $((SECONDS - t)) s"

failed=0
for n in $what; do
  if [ "$n" = ci ]; then command=.ci/run
  else command=$("$machine/narthex/tests/support/readme_command.sh" "$n"); fi
  [ -n "$command" ] || { echo "FAIL command $n: README.md has none"; failed=1; continue; }
  echo "    $command"
  # The first one serves until it is stopped: a script runs it, and reads what it serves.
  [ "$n" != 1 ] || command=tests/support/readme_example.sh
  t=$SECONDS
  # a mount namespace of its own: nothing stays mounted, whatever happens
  printf '%s\n' "$command" | unshare --mount --fork --pid sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" /usr/bin/env -i \
    HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -c "cd /narthex && sh -s"' sh "$machine" \
    > "$machine/log" 2>&1
  code=$?
  if [ $code = 0 ]; then echo "PASS command $n ($((SECONDS - t)) s)"; else echo "FAIL command $n ($((SECONDS - t)) s, exit code $code)"; failed=1; fi
  tail -n $([ "$n" = ci ] && echo 60 || echo 12) "$machine/log" | sed 's/^/    | /'
done
exit $failed
