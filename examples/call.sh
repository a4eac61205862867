#!/bin/sh
# call.sh: Alice calls Bob on this machine, encrypted; installs what is missing, builds, calls, and gives a verdict.
#
# Usage: sh examples/call.sh [--build DIR] [--seconds N]     N: 5 to 600, 12 by default
#
# What each side said and heard, the capture and the logs are kept in DIR/call (DIR is build-call by default).
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/examples/packages.sh"

build=$root/build-call
seconds=12
while test $# -gt 0; do
  case "$1" in
    --build | --seconds)
      test $# -gt 1 || { echo "call.sh: $1 needs a value"; exit 2; }
      if test "$1" = --build; then build=$2; else seconds=$2; fi
      shift 2 ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
# Less is too little to compare what was heard with what was said.
case "$seconds" in
  '' | *[!0-9]* | ????*) seconds=0 ;;
esac
if test "$seconds" -lt 5 || test "$seconds" -gt 600; then
  echo "call.sh: --seconds takes a whole number from 5 to 600"
  exit 2
fi

install_missing "$needs_of_demo"

if ! test -f "$build/build.ninja"; then
  echo "Building in $(basename "$build") ..."
  meson setup "$build" "$root" -Dtests=disabled -Dbench=disabled -Dinterop=disabled -Dintrospection=disabled \
    >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
  rm -f "$build.log"
fi
ninja -C "$build" >"$build/call-build.log" 2>&1 || { cat "$build/call-build.log"; exit 1; }

# exec: then whoever stops this script stops the call.
exec python3 "$root/examples/call.py" --build "$build" --seconds "$seconds"
