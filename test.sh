#!/bin/sh
# test.sh [--no-install] [--quick | --long] - installs what is missing, builds, runs every test.
set -eu
cd "$(dirname -- "$0")"
. tools/packages.sh

usage() {
  cat <<'END'
usage: ./test.sh [--no-install] [--quick | --long]

  (none)        tests with line coverage, then again under the address and undefined behaviour sanitizers; what two
                threads share under the thread sanitizer; what computes with oneDNN also with its version 3, which is
                fetched into build/
  --quick       the tests once, without coverage or sanitizers
  --long        all of it, and soak, fuzz and regeneration; see tools/long.sh
  --no-install  refuse to install packages; show the command instead
END
}

may_install=yes mode=full
for argument; do
  case $argument in
    --no-install) may_install=no ;;
    --quick) mode=quick ;;
    --long) mode=long ;;
    -h | --help) usage && exit 0 ;;
    *)
      echo "test.sh: unknown argument '$argument'" >&2
      usage >&2
      exit 2
      ;;
  esac
done

started=$(date +%s)
jobs=$(nproc 2>/dev/null || echo 2)
doing="installing packages"
finish() {
  status=$?
  seconds=$(($(date +%s) - started))
  if [ $status -eq 0 ]; then
    echo "==> test.sh: all passed in ${seconds} s"
  else
    echo "==> test.sh: FAILED while $doing, after ${seconds} s" >&2
  fi
}
trap finish EXIT

step() {
  doing=$1
  echo "==> $doing"
}

# Shows what a command printed only if it fails.
quietly() {
  log=build/test.log
  "$@" >"$log" 2>&1 </dev/null && return 0
  status=$?
  cat "$log" >&2
  return $status
}

build() { # PRESET [TARGET...]
  preset=$1
  shift
  step "building preset $preset"
  if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$(pwd -P)" "build/$preset/CMakeCache.txt"; then
    rm -rf "build/${preset:?}" # new, or from a folder that was moved
  fi
  quietly cmake --preset "$preset"
  quietly cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"}
}

run_tests() { # PRESET [OPTION OF CTEST...]
  preset=$1
  shift
  step "testing preset $preset"
  ctest --preset "$preset" -j "$jobs" "$@"
}

[ $mode = long ] || LONG_PACKAGES=
# shellcheck disable=SC2086
need_packages test.sh $may_install $BUILD_PACKAGES $TEST_PACKAGES $LONG_PACKAGES
mkdir -p build

if [ $mode = quick ]; then
  build dev
  run_tests dev
  exit 0
fi

build coverage
if [ "${CI-}" = true ] && grep -q '^LT_CUDA_FOUND:INTERNAL=FALSE$' build/coverage/CMakeCache.txt; then
  step "fetching the CUDA toolkit"
  tools/cuda.sh
  build coverage
  if ! grep -q '^LT_CUDA_FOUND:INTERNAL=TRUE$' build/coverage/CMakeCache.txt; then
    echo "test.sh: the backend cuda was not built: $(sed -n 's/^LT_CUDA_MISSING:INTERNAL=//p' build/coverage/CMakeCache.txt)" >&2
    exit 1
  fi
fi
find build/coverage -name '*.gcda' -delete
run_tests coverage
step "counting the lines that were reached"
python3 tools/coverage.py build/coverage
build asan
run_tests asan
build tsan base_test_queue store_test_writer pipeline_test_session tui_test_saver
run_tests tsan -R '^(base/test_queue|store/test_writer|pipeline/test_session|tui/test_saver)$'
if [ "$(uname -m)" = x86_64 ]; then # for others there is no ready-made library
  step "fetching oneDNN 3.x"
  tools/onednn3.sh
  build onednn3
  run_tests onednn3
fi

if [ $mode = long ]; then
  step "running tools/long.sh"
  tools/long.sh
fi
