#!/bin/sh
# shellcheck disable=SC2317
# long.sh [fuzz] [faults] [regenerate] [full] [soak] - what takes too long for every day; without arguments all.
# `./test.sh --long` runs it last.  All steps run, also after a fault; a summary and exit code 1 come at the end.
#
#   fuzz        every target of tests/fuzz for LT_FUZZ_SECONDS (600), several at a time; what it finds is kept in
#               build/fuzz/found, what it learns in build/fuzz/corpus
#   faults      tests/fault: every read and write of some commands fails or meets a signal, and every allocation of
#               the program itself, under the sanitizers; of libraries' allocations LT_FAULT_SAMPLE (1000) of each
#               command, as there are a hundred thousand
#   regenerate  character tables, fixtures and goldens made again and compared; the demo model's golden, too
#   full        the full size of Stable Diffusion 1.4, random weights, against diffusers; 8 GB of memory; and its
#               synthetic twin through `latentty bench`
#   soak        tools/soak.py for LT_SOAK_SECONDS (600), under the sanitizers
#
# regenerate and full need the Python packages of tools/oracle/requirements.txt: PY=python names an interpreter that
# has them, otherwise a virtual environment is made in build/oracle.
set -eu
cd "$(dirname -- "$0")/.."
root=$(pwd -P)
fuzz_seconds=${LT_FUZZ_SECONDS:-600} soak_seconds=${LT_SOAK_SECONDS:-600}
found=$root/build/fuzz/found scratch= # some targets go to a folder of their own: whole paths
trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT
jobs=$(nproc 2>/dev/null || echo 2)

build() { # PRESET TARGET...
  preset=$1
  shift
  if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "build/$preset/CMakeCache.txt"; then
    rm -rf "build/${preset:?}" # new, or from a folder that was moved
  fi
  cmake --preset "$preset" >build/long.log 2>&1 &&
    cmake --build --preset "$preset" -j "$jobs" --target "$@" >>build/long.log 2>&1 && return 0
  cat build/long.log >&2
  return 1
}

# One target: the corpus in build/ grows, the folders of the project are only read.
fuzz_target() {
  name=$1 log=$found/$1.log
  mkdir -p "build/fuzz/corpus/$name"
  set --
  while IFS= read -r folder; do
    set -- "$@" "$folder"
  done <"build/fuzz/tests/fuzz/$name.folders"
  status=0
  ASAN_OPTIONS=allocator_may_return_null=1 "build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$fuzz_seconds" \
    -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found/$name-" \
    "$root/build/fuzz/corpus/$name" "$@" >"$log" 2>&1 || status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if [ $status -ne 0 ]; then
    tail -n 40 "$log"
    echo "fuzz_$name: FAILED after ${runs:-0} runs; the input is in $found, the log is $log"
    echo "  again: build/fuzz/tests/fuzz/fuzz_$name FILE; once it is mended, keep it in tests/fuzz/corpus/$name"
    return 1
  fi
  echo "fuzz_$name: ${runs:-0} runs without a fault; $(sed -n 's/.*\(cov: [0-9]*\).*/\1/p' "$log" | tail -n 1)"
}

fuzz() {
  build fuzz fuzz || return 1
  mkdir -p "$found"
  fast=${TMPDIR:-/tmp}
  [ ! -w /dev/shm ] || fast=/dev/shm
  scratch=$(mktemp -d "$fast/latentty-fuzz-XXXXXX")
  status=0
  for list in build/fuzz/tests/fuzz/*.folders; do
    basename "$list" .folders
  done | TMPDIR=$scratch xargs -n 1 -P "$jobs" sh tools/long.sh --target || status=1
  return "$status"
}

regenerate() {
  status=0
  python3 tools/make_unicode_tables.py --check && echo "src/model/clip_unicode.inc: made again, the same" || status=1
  (
    # shellcheck disable=SC2034
    here=$root/tools/oracle
    # shellcheck source=tools/oracle/python.sh
    . tools/oracle/python.sh
    "$PY" tools/fixtures/again.py
  ) || status=1
  tools/oracle/goldens.sh --compare || status=1
  return "$status"
}

full() {
  build dev latentty tiny_model && tools/oracle/full_sd14.sh build/dev &&
    build/dev/latentty bench --synthetic sd14 --size 128x128 --repeat 1
}

faults() {
  build asan latentty lt_fault && python3 tests/fault/test_faults.py build/asan/latentty \
    build/asan/tests/fault/liblt_fault.so . --sanitized --all || return 1
  build dev latentty lt_fault && python3 tests/fault/test_faults.py build/dev/latentty \
    build/dev/tests/fault/liblt_fault.so . --sample "${LT_FAULT_SAMPLE:-1000}"
}

soak() {
  build asan latentty && python3 tools/soak.py build/asan/latentty --seconds "$soak_seconds"
}

if [ "${1-}" = --target ]; then # fuzz runs this script again
  fuzz_target "$2"
  exit
fi
[ $# -gt 0 ] || set -- fuzz faults regenerate full soak
for step; do
  case $step in
    fuzz | faults | regenerate | full | soak) ;;
    *) sed -n '3,17s/^# \{0,1\}//p' tools/long.sh >&2 && exit 2 ;;
  esac
done
mkdir -p build
summary='' faults=0
for step; do
  started=$(date +%s)
  echo "==> long: $step"
  if "$step"; then
    result=passed
  else
    result=FAILED faults=1
  fi
  seconds=$(($(date +%s) - started))
  echo "==> long: $step $result in $seconds s"
  summary="$summary
  $step: $result, $seconds s"
done
echo "==> long: summary$summary"
exit $faults
