# packages.sh: what the scripts need from the system, and installing it. To be sourced by POSIX shell scripts.
#
# SPDX-License-Identifier: LGPL-2.1-or-later

# One need a line: what to look for, and the Debian package that brings it.
needs_of_demo='
command cc                  gcc
header stdio.h              libc6-dev
command pkg-config          pkg-config
command meson               meson
command ninja               ninja-build
command python3             python3
module glib-2.0             libglib2.0-dev
module gstreamer-1.0        libgstreamer1.0-dev
module gstreamer-base-1.0   libgstreamer1.0-dev
module gstreamer-audio-1.0  libgstreamer-plugins-base1.0-dev
module gstreamer-sdp-1.0    libgstreamer-plugins-base1.0-dev
module nettle               nettle-dev
module hogweed              nettle-dev
header gmp.h                libgmp-dev
module libsrtp2             libsrtp2-dev
module sqlite3              libsqlite3-dev
command gst-launch-1.0      gstreamer1.0-tools
element opusenc             gstreamer1.0-plugins-base
element audioresample       gstreamer1.0-plugins-base
element wavparse            gstreamer1.0-plugins-good
element rtpopuspay          gstreamer1.0-plugins-good
element rtpjitterbuffer     gstreamer1.0-plugins-good
element udpsink             gstreamer1.0-plugins-good
'
needs_of_tests='
module gstreamer-check-1.0  libgstreamer1.0-dev
module json-glib-1.0        libjson-glib-dev
module libbzrtp             libbzrtp-dev
module bctoolbox            libbctoolbox-dev
element srtpenc             gstreamer1.0-plugins-bad
command g-ir-scanner        gobject-introspection
module gobject-introspection-1.0 libgirepository1.0-dev
package python3-gi          python3-gi
command gjs                 gjs
command valac               valac
command gi-docgen           gi-docgen
module nice                 libnice-dev
element nicesrc             gstreamer1.0-nice
command valgrind            valgrind
package libc6-dbg           libc6-dbg
command clang               clang
fuzzer -                    libclang-rt-14-dev
'

# has KIND NAME: whether the system has it.
has ()
{
  case "$1" in
    command) command -v "$2" >/dev/null 2>&1 ;;
    header) echo "#include <$2>" | cc -E - >/dev/null 2>&1 ;;
    module) pkg-config --exists "$2" >/dev/null 2>&1 ;;
    # Without a version it asks for one of GStreamer's own, which other projects' plugins do not have.
    element) gst-inspect-1.0 --exists --atleast-version=0.0 "$2" >/dev/null 2>&1 ;;
    package) ! command -v dpkg-query >/dev/null 2>&1 || dpkg-query -W -f '${Status}' "$2" 2>/dev/null | grep -q ' installed$' ;;
    fuzzer) echo 'int LLVMFuzzerTestOneInput (const char *d, long n) { return 0; }' |
        clang -x c -fsanitize=fuzzer,address,undefined -o /dev/null - >/dev/null 2>&1 ;;
  esac
}

# Sets missing_packages (each once) and missing_things.
find_missing ()
{
  missing_packages= missing_things=
  while read -r kind name package; do
    test -n "$kind" || continue
    has "$kind" "$name" && continue
    missing_things="$missing_things
  $kind $name   (Debian: $package)"
    case " $missing_packages " in
      *" $package "*) ;;
      *) missing_packages="$missing_packages $package" ;;
    esac
  done <<END
$1
END
}

# Whether sudo is there and will do, without a password or with somebody to type it.
may_sudo () { command -v sudo >/dev/null 2>&1 && { test -t 0 || sudo -n true 2>/dev/null; }; }

# install_missing NEEDS: returns 1 if something is still missing in the end, having said what.
install_missing ()
{
  find_missing "$1"
  test -n "$missing_things" || return 0
  as_root=
  test "$(id -u)" = 0 || as_root=sudo
  if command -v apt-get >/dev/null 2>&1 && { test -z "$as_root" || may_sudo; }; then
    echo "Installing with apt-get:$missing_packages"
    apt_log=$(mktemp)
    # shellcheck disable=SC2086
    { $as_root apt-get update -q &&
      $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing_packages
    } >"$apt_log" 2>&1 || tail -n 20 "$apt_log"
    rm -f "$apt_log"
    find_missing "$1"
    test -n "$missing_things" || return 0
  fi
  echo "These are missing:$missing_things"
  test -z "$as_root" || echo "Ask your administrator to install:$missing_packages"
  return 1
}
