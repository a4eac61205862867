#!/bin/sh
# run.sh: every test that there is; ends with a line "N passed, N failed, N skipped".
#
# Usage: sh tests/run.sh [PART...]     parts: plain sanitizers valgrind fuzz bench demo readme (all of them by default)
#
# Installs what is missing and builds in build-test, build-asan and build-fuzz.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
. examples/packages.sh

all_parts='plain sanitizers valgrind fuzz bench demo readme'
parts=${*:-$all_parts}
for part in $parts; do
  case " $all_parts " in
    *" $part "*) ;;
    *) echo "run.sh: there is no part \"$part\"; the parts are: $all_parts"; exit 2 ;;
  esac
done
passed=0 failed=0 skipped=0
failures=
fuzz_seconds=${ZRTP_FUZZ_SECONDS:-60}
children=

trap 'test -z "$children" || kill $children 2>/dev/null' EXIT
trap 'exit 130' INT TERM HUP

wants () { case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac }

heading () { printf '\n== %s\n' "$*"; }

# count NAME STATUS: one test of its own; status 77 is a skip.
count ()
{
  case "$2" in
    0) passed=$((passed + 1)); echo "ok: $1" ;;
    77) skipped=$((skipped + 1)); echo "skipped: $1" ;;
    *) failed=$((failed + 1)); failures="$failures
  $1"; echo "FAILED: $1" ;;
  esac
}

summary ()
{
  test -z "$failures" || printf '\nFailed:%s\n' "$failures"
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
}

# build DIRECTORY OPTION...: configures (once) and builds; a failure counts.
build ()
{
  directory=$1
  shift
  if ! test -f "$directory/build.ninja"; then
    meson setup "$directory" "$@" >"$directory.log" 2>&1 ||
      { cat "$directory.log"; count "configuring $directory" 1; return 1; }
    rm -f "$directory.log"
  fi
  ninja -C "$directory" >"$directory/build.log" 2>&1 ||
    { tail -n 60 "$directory/build.log"; count "building $directory" 1; return 1; }
}

# tests NAME DIRECTORY OPTION...: runs tests by meson, and adds up what each program reports of its parts.
tests ()
{
  name=$1 directory=$2
  shift 2
  # meson puts the name of a wrapper into that of the log.
  rm -f "$directory/meson-logs/$name".json "$directory/meson-logs/$name"-valgrind.json
  meson test -C "$directory" --no-rebuild --print-errorlogs --logbase "$name" "$@"
  status=$?
  log=$directory/meson-logs/$name.json
  test -f "$log" || log=$directory/meson-logs/$name-valgrind.json
  counts=$(python3 tests/tally.py "$log" 2>"$directory/tally.err")
  bad=$(cat "$directory/tally.err")
  rm -f "$directory/tally.err"
  # shellcheck disable=SC2086
  set -- $counts
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
  test -z "$bad" || failures="$failures
$bad, $name"
  if test "$status" != 0 && test "$2" = 0; then
    count "$name (meson test ended with $status)" 1
  elif test "$(($1 + $2 + $3))" = 0; then
    count "$name (no tests)" 1
  fi
}

# few_plugins DIRECTORY: lets GStreamer load no other plugins than the tests use. Under a checker the plugin scanner runs
# inside the test, and other projects' plugins, and the libraries that they bring along, have leaks of their own.
few_plugins ()
{
  mkdir -p "$1"
  for plugin in app audioconvert audioresample audiotestsrc coreelements coretracers mulaw nice opus rtp rtpmanager srtp udp \
      videotestsrc; do
    ln -sf "$(pkg-config --variable=pluginsdir gstreamer-1.0)/libgst$plugin.so" "$1"
  done
  export GST_PLUGIN_SYSTEM_PATH_1_0="$root/$1" GST_REGISTRY_FORK=no CK_FORK=no ZRTP_GENERIC_LIGHT=1
}

all_plugins () { unset GST_PLUGIN_SYSTEM_PATH_1_0 GST_REGISTRY_FORK CK_FORK ZRTP_GENERIC_LIGHT; }

heading 'What the tests need'
if ! install_missing "$needs_of_demo$needs_of_tests"; then
  count 'installing what the tests need' 1
  summary
  exit 1
fi

if wants plain || wants valgrind || wants bench || wants readme; then
  heading 'Build'
  build build-test -Dwerror=true -Ddoc=enabled && built=1 || built=
fi

if wants plain && test -n "$built"; then
  heading 'Tests, interoperability with bzrtp among them'
  tests plain build-test
fi

if wants sanitizers; then
  heading 'Tests under AddressSanitizer and UndefinedBehaviorSanitizer'
  # gst-launch-1.0 and the plugin scanner are not built with the sanitizers: hence no calls, and no forked scanner.
  if build build-asan -Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false -Dbench=disabled -Dexamples=disabled \
      -Dintrospection=disabled; then
    export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    export LSAN_OPTIONS="suppressions=$root/tests/lsan.supp:print_suppressions=0"
    export ZRTP_TEST_SEEDS="${ZRTP_TEST_SEEDS:-100}"
    tests sanitizers build-asan --no-suite interop --no-suite elements --no-suite validate --timeout-multiplier 4
    # The slow unwinder sees through GLib and GStreamer, which the suppressions need.
    export ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0
    few_plugins build-asan/plugins
    tests sanitizers-elements build-asan --suite elements --timeout-multiplier 4
    all_plugins
    unset ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS ZRTP_TEST_SEEDS
  fi
fi

if wants valgrind && test -n "$built"; then
  heading 'Tests of the elements under valgrind'
  few_plugins build-test/plugins
  glib_supp=$(pkg-config --variable=prefix glib-2.0)/share/glib-2.0/valgrind/glib.supp
  tests valgrind build-test --suite elements \
    --timeout-multiplier 10 --wrapper "valgrind -q --error-exitcode=99 --leak-check=full \
--show-leak-kinds=definite --errors-for-leak-kinds=definite --num-callers=30 --suppressions=$root/tests/valgrind.supp \
$(test -f "$glib_supp" && echo "--suppressions=$glib_supp")"
  all_plugins
fi

if wants fuzz; then
  heading "Fuzzing, $fuzz_seconds seconds for each target"
  if ! has fuzzer -; then
    count 'fuzzing (needs clang)' 77
  elif build build-fuzz --native-file tests/clang.ini -Dfuzz=enabled -Dtests=disabled -Dbench=disabled \
      -Dintrospection=disabled -Db_lundef=false; then
    found=
    for target in build-fuzz/tests/fuzz/fuzz-*; do
      test -f "$target" && test -x "$target" || continue
      found="$found $target"
      corpus=build-fuzz/corpus-$(basename "$target")
      mkdir -p "$corpus"
      seeds=tests/fuzz/corpus/$(basename "$target" | sed 's/^fuzz-//')
      test -d "$seeds" || seeds=tests/fuzz/corpus
      "$target" -max_total_time="$fuzz_seconds" -error_exitcode=1 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$corpus-" "$corpus" "$seeds" >"$target.log" 2>&1 &
      children="$children $!"
    done
    # shellcheck disable=SC2086
    set -- $children
    for target in $found; do
      wait "$1"
      status=$?
      shift
      grep -E 'stat::number_of_executed_units|ERROR|SUMMARY' "$target.log"
      test "$status" = 0 || tail -n 40 "$target.log"
      count "$(basename "$target")" "$status"
    done
    children=
    test -n "$found" || count 'fuzzing (no targets)' 1
  fi
fi

if wants bench && test -n "$built"; then
  heading 'Benchmarks, only whether they run'
  ZRTP_BENCH_SMOKE=1 sh tests/bench/run.sh build-test
  count 'benchmarks' $?
fi

if wants demo; then
  heading 'The demo'
  sh examples/call.sh
  count 'examples/call.sh' $?
fi

if wants readme && test -n "$built"; then
  heading "The README's pipelines"
  python3 tests/check-readme.py build-test
  count "README's pipelines" $?
fi

summary
test "$failed" = 0
