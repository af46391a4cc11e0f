#!/bin/sh
# in.sh SUITE COMMAND...: runs COMMAND in the chroot $CHROOTS/SUITE, which chroots.sh makes, as root. This project and the folder
# of temporary files are there under their own paths, and so is the working folder; they are mounted in a namespace that ends
# with COMMAND, so that nothing is left behind, whatever happens.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd) system=${CHROOTS:-/not-here}/$1; shift
[ -x "$system/bin/sh" ] || { echo "in.sh: no $system" >&2; exit 1; }
# shellcheck disable=SC2016
exec unshare --mount sh -c '
  system=$1 here=$2; shift 2
  mount -t proc proc "$system/proc" && mount --bind /dev "$system/dev" || exit 1
  for folder in "${TMPDIR:-/tmp}" "$here"; do mkdir -p "$system$folder" && mount --bind "$folder" "$system$folder" || exit 1; done
  exec chroot "$system" sh -c "cd \"\$1\" && shift && exec \"\$@\"" sh "$PWD" "$@"' sh "$system" "$root" "$@"
