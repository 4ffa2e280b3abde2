#!/bin/sh
# gpu-check.sh [--no-install] [REPORT.md] - the CUDA backend on a real GPU, in one command: builds it, holds every op and
# whole pictures against the reference and the processor, looks with compute-sanitizer, tunes, times, and writes one
# report (build/gpu-report.md).  Takes some minutes; needs a driver.  Installs the packages of test.sh that are missing
# (--no-install: shows the command instead) and, where no CUDA toolkit with cuDNN is found, fetches one (tools/cuda.sh,
# 1 GB).  Where python3 has torch and diffusers, their best speed on the same card is timed, too.
set -eu
may_install=yes report=
for argument; do
  case $argument in
    --no-install) may_install=no ;;
    -*) sed -n '2,6s/^# //p' "$0" && exit 2 ;;
    /*) report=$argument ;;
    *) report=$PWD/$argument ;;
  esac
done
cd "$(dirname -- "$0")/.."
. tools/packages.sh
# shellcheck disable=SC2086
need_packages gpu-check.sh $may_install $BUILD_PACKAGES $TEST_PACKAGES
jobs=$(nproc 2>/dev/null || echo 2)
log=build/gpu-check.log
mkdir -p build
if ! cmake --preset cuda >$log 2>&1 && grep -qs '^LT_CUDA_FOUND:INTERNAL=FALSE$' build/cuda/CMakeCache.txt; then
  echo "gpu-check.sh: no CUDA toolkit with cuDNN was found; fetching one (1 GB)" >&2
  tools/cuda.sh
fi
echo "gpu-check.sh: building" >&2
if ! { cmake --preset cuda && cmake --build --preset cuda -j "$jobs" --target latentty latentty-cuda cuda_gpu_ops cuda_gpu_blocks cuda_gpu_parity; } \
  >$log 2>&1; then
  cat $log >&2
  echo "gpu-check.sh: the build failed" >&2
  exit 1
fi
exec python3 tools/gpu_check.py build/cuda "${report:-build/gpu-report.md}"
