#!/bin/sh
# call.sh: Alice calls Bob on this machine, encrypted; installs what is missing, builds, calls, and gives a verdict.
#
# Usage: sh examples/call.sh [--build DIR] [--seconds N]
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
    --build) build=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

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
