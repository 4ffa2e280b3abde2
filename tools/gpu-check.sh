#!/bin/sh
# gpu-check.sh [REPORT.md] - the CUDA backend on a real GPU, in one command: builds it, holds every op and whole pictures
# against the reference and the processor, looks with compute-sanitizer, tunes, times, and writes one report
# (build/gpu-report.md).  Takes some minutes; needs a driver, the packages of test.sh and, unless a CUDA toolkit with
# cuDNN is there, tools/cuda.sh.  Where python3 has torch and diffusers, their best speed on the same card is timed, too.
set -eu
cd "$(dirname -- "$0")/.."
report=${1:-build/gpu-report.md}
jobs=$(nproc 2>/dev/null || echo 2)
mkdir -p build
if ! { cmake --preset cuda && cmake --build --preset cuda -j "$jobs" --target latentty latentty-cuda cuda_gpu_ops cuda_gpu_parity; } \
  >build/gpu-check.log 2>&1; then
  cat build/gpu-check.log >&2
  echo "gpu-check.sh: the build failed; where the toolkit is missing: tools/cuda.sh" >&2
  exit 1
fi
exec python3 tools/gpu_check.py build/cuda "$report"
