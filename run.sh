#!/bin/sh
# run.sh [--no-install] [arguments of latentty] - installs what is missing, builds in build/, runs.
# Writes nothing to stdout itself.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd -P)
build=$root/build
program=$build/latentty
. "$root/tools/packages.sh"

may_install=yes
if [ "${1-}" = --no-install ]; then
  may_install=no
  shift
fi

say() { echo "run.sh: $*" >&2; }

# Quietly; the log is shown when a command fails.
logged() {
  "$@" >"$build/build.log" 2>&1 </dev/null && return 0
  cat "$build/build.log" >&2
  say "the build failed; its log is above and in $build/build.log"
  exit 1
}

configure() {
  (cd "$root" && cmake --preset release)
}

# The module for GPUs as well, where there are a driver and what it is built with.
targets() {
  echo latentty
  if grep -qsxF 'LT_CUDA_FOUND:INTERNAL=TRUE' "$build/CMakeCache.txt" &&
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -qF 'libcuda.so.1'; then
    echo latentty-cuda
  fi
}

# shellcheck disable=SC2046
build_program() {
  # A folder that was moved or copied here must be configured again.
  if [ -f "$build/CMakeCache.txt" ] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$build/CMakeCache.txt"; then
    rm -rf "$build/CMakeCache.txt" "$build/CMakeFiles" "$build/build.ninja"
  fi
  if [ ! -f "$build/build.ninja" ]; then
    say "building in $build (about a minute, once)"
    logged configure
  elif [ -x "$program" ] && ninja -C "$build" -n $(targets) 2>/dev/null | grep -q 'no work to do'; then
    return
  else
    say "bringing $build up to date"
  fi
  logged ninja -C "$build" $(targets)
}

if mkdir -p "$build" 2>/dev/null && [ -w "$build" ]; then
  # shellcheck disable=SC2086
  need_packages run.sh $may_install $BUILD_PACKAGES
  # Two at once: the second waits for the first's build.
  exec 9>"$build/.lock"
  flock 9
  build_program
  exec 9>&-
elif [ ! -x "$program" ]; then
  say "cannot write to $build, and there is no program in it"
  exit 1
fi
exec "$program" "$@"
