#!/bin/sh
# run.sh: every benchmark, and one table of figures with the goals that they have.
#
# Usage: sh tests/bench/run.sh BUILD_DIR
#
# Compared figures come from the same run on the same machine. Ends with 1 if a program fails or a goal is missed. With
# ZRTP_BENCH_SMOKE=1 it runs briefly, to see that all of it works, and goals do not count.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u

build=${1:?usage: sh tests/bench/run.sh BUILD_DIR}
build=$(cd "$build" && pwd) || exit 1
bench=$build/tests/bench
rows=$(mktemp) || exit 1
trap 'rm -f "$rows" "$rows.registry"' EXIT
trap 'exit 130' INT TERM HUP

# The plugin that was built, and a registry of our own, so that none is left behind.
export GST_PLUGIN_PATH="$build/gst/elements${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}"
export GST_REGISTRY="$rows.registry"
export G_DEBUG=
unset GST_DEBUG

status=0
run ()
{
  program=$1
  shift
  if ! test -x "$bench/$program"; then
    echo "not built: $program" >&2
    return
  fi
  printf '.' >&2
  "$bench/$program" "$@" >>"$rows" || { echo "FAILED: $program $*" >&2; status=1; }
}

run bench-elements identity
for mode in srtp zrtp clear; do run bench-elements "$mode"; done
run bench-handshake-ours
run bench-handshake-bzrtp
run bench-handshake-bzrtp-own
for mode in sessions elements secure; do run bench-memory "$mode"; done
echo >&2

awk -v smoke="${ZRTP_BENCH_SMOKE:-}" -F '\t' '
  { value[$1] = $2 }

  function has(name) { return name in value && value[name] > 0 }

  # ratio TEXT OURS THEIRS UNIT GOAL: both values, ours / theirs; the goal is "<= x", ">= x" or nothing.
  function ratio(text, ours, theirs, unit, goal,    r) {
    if (!has(ours) || !has(theirs)) return
    r = value[ours] / value[theirs]
    printf "%-62s %10.0f %10.0f %-12s %8.3f  %-9s %s\n", text, value[ours], value[theirs], unit, r, goal, verdict(r, goal)
  }

  function figure(text, name, unit, goal) {
    if (!has(name)) return
    printf "%-62s %10.0f %10s %-12s %8s  %-9s %s\n", text, value[name], "", unit, "", goal, verdict(value[name], goal)
  }

  function verdict(r, goal,    part, ok) {
    if (goal == "") return ""
    split(goal, part, " ")
    ok = part[1] == "<=" ? r <= part[2] : r >= part[2]
    if (!ok) missed++
    return ok ? "ok" : "MISSED"
  }

  END {
    printf "%-62s %10s %10s %-12s %8s  %-9s\n", "", "ours", "theirs", "unit", "ratio", "goal"
    n = split("160 1200", size, " ")
    split("0.25 0.3333", limit, " ")
    for (i = 1; i <= n; i++) {
      for (lists = 0; lists < 2; lists++) {
        how = lists ? "list" : "buffer"
        of = size[i] "-" how
        text = size[i] " octets, " (lists ? "lists of 20" : "buffers")
        ratio("zrtpenc / srtpenc, " text, "zrtpenc-" of, "srtpenc-" of, "ns/packet", "<= " limit[i])
        ratio("zrtpenc / srtpenc, " text ", one memory", "zrtpenc-datagram-" of, "srtpenc-datagram-" of, "ns/packet", \
            "<= " limit[i])
        # srtpdec takes no lists: compared with it buffer by buffer.
        ratio("zrtpdec / srtpdec, " text, "zrtpdec-" of, "srtpdec-" size[i] "-buffer", "ns/packet", "<= " limit[i])
      }
    }
    for (i = 1; i <= n; i++) {
      for (lists = 0; lists < 2; lists++) {
        how = lists ? "list" : "buffer"
        of = size[i] "-" how
        text = size[i] " octets, " (lists ? "lists of 20" : "buffers")
        ratio("clear zrtpenc / identity, " text, "zrtpenc-clear-" of, "identity-" of, "ns/packet", "<= 1.3")
        ratio("clear zrtpdec / identity, " text, "zrtpdec-clear-" of, "identity-datagram-" of, "ns/packet", "<= 1.3")
      }
    }
    ratio("X255 calls: ours / bzrtp", "handshakes-ours-X255", "handshakes-bzrtp-X255", "per second", ">= 1.8")
    ratio("X255 calls: ours / bzrtp, with SRTP", "handshakes-ours-X255", "handshakes-bzrtp-srtp-X255", "per second", "")
    ratio("X255 calls: ours / bzrtp, own SRTP", "handshakes-ours-X255", "handshakes-bzrtp-own-srtp-X255", "per second", "")
    ratio("DH3k calls: ours / bzrtp", "handshakes-ours-DH3k", "handshakes-bzrtp-DH3k", "per second", ">= 1.8")
    ratio("DH3k calls: ours / bzrtp, with SRTP", "handshakes-ours-DH3k", "handshakes-bzrtp-srtp-DH3k", "per second", "")
    ratio("X448 calls: ours / bzrtp", "handshakes-ours-X448", "handshakes-bzrtp-X448", "per second", "")
    ratio("DH2k calls: ours / bzrtp", "handshakes-ours-DH2k", "handshakes-bzrtp-DH2k", "per second", "")
    figure("X255 calls", "handshakes-ours-X255", "per second", ">= 3500")
    figure("EC25 calls", "handshakes-ours-EC25", "per second", ">= 2500")
    figure("DH3k calls", "handshakes-ours-DH3k", "per second", ">= 250")
    figure("EC38 calls", "handshakes-ours-EC38", "per second", "")
    figure("memory of an idle session, one stream", "memory-session", "octets", "<= 65536")
    figure("the same with zrtpenc and zrtpdec", "memory-elements", "octets", "")
    figure("memory of a secure session with elements", "memory-secure", "octets", "")
    figure("threads with 1000 idle sessions", "threads-session", "threads", "<= 10")
    figure("threads with 1000 idle pairs of elements", "threads-elements", "threads", "<= 10")
    figure("threads while 1000 sessions go secure", "threads-secure", "threads", "<= 10")
    if (missed) printf "%d goals missed\n", missed
    exit missed && !smoke
  }' "$rows" || status=1
exit $status
