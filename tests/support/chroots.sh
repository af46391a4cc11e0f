#!/bin/bash
# chroots.sh FOLDER [SUITE...]: makes FOLDER/bullseye, FOLDER/trixie and FOLDER/sid, small Debian systems with the compilers
# that Debian 12 has not; CHROOTS=FOLDER tells matrix.sh of them. What is there already stays as it is.
# Needs root, debootstrap, 4 GB and the package mirror of /etc/apt/sources*. Exit code 77: not all of them can be had.
# To be rid of them: rm -rf --one-file-system FOLDER. Nothing is ever mounted there but in namespaces that end by themselves.
set -u
[ $# -gt 0 ] || { sed -n '2,5s/^# //p' "$0"; exit 2; }
folder=$1; shift
[ "$(id -u)" = 0 ] && command -v debootstrap > /dev/null || { echo "needs root and debootstrap"; exit 77; }
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null |
  grep -oE '(^URIs: *|^deb +(\[[^]]*\] +)?)[a-z]+://[^ ]+debian/? *' | grep -oE '[a-z]+://[^ ]+' | head -n 1)
compilers() {
  case $1 in
    bullseye) echo "g++-9 g++-10 clang-9 clang-11 libc++-9-dev libc++abi-9-dev" ;;
    trixie) echo "g++-13 g++-14 clang-22" ;;
    sid) echo "g++-15 g++-16 clang-23 libc++-23-dev libc++abi-23-dev" ;;
    *) return 1 ;;
  esac
}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
missing=0
[ $# -gt 0 ] || set -- bullseye trixie sid
for suite; do
  packages=$(compilers "$suite") || { echo "chroots: no suite $suite"; exit 2; }
  [ ! -e "$folder/$suite" ] || { echo "$suite: there"; continue; }
  mkdir -p "$folder" && new=$(mktemp -d "$folder/$suite.XXXXXX") && chmod 755 "$folder" "$new" || exit 1
  # shellcheck disable=SC2016,SC2086  # sid's Release file may be past its date
  if debootstrap --variant=minbase "$suite" "$new" "${mirror:-http://deb.debian.org/debian}" > "$new.log" 2>&1 &&
    cp /etc/resolv.conf "$new/etc/resolv.conf" &&
    printf '#!/bin/sh\nexit 101\n' > "$new/usr/sbin/policy-rc.d" && chmod +x "$new/usr/sbin/policy-rc.d" &&
    unshare --mount --fork --pid sh -c 'mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$new" sh -c \
      'apt-get -o Acquire::Check-Valid-Until=false update && apt-get install -y --no-install-recommends "$@" && apt-get clean' sh $packages \
      >> "$new.log" 2>&1; then
    mv "$new" "$folder/$suite" && echo "$suite: $packages"
  else
    echo "$suite: not to be had"; tail -n 5 "$new.log" | sed 's/^/    /'; missing=77
    rm -rf --one-file-system "$new"
  fi
  rm -f "$new.log"
done
exit $missing
