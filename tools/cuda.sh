#!/bin/sh
# cuda.sh - puts what the CUDA backend is built with into build/cuda-toolkit: compiler, runtime, cuBLASLt, cuDNN and
# NVRTC; about 1 GB to fetch and 1.5 GB on the disk.  CMake looks there before it looks for a toolkit of the system.
# Does nothing, and needs no network, when it is there already.  A driver and a GPU are not needed to build.
set -eu
cd "$(dirname -- "$0")/.."
dir=build/cuda-toolkit
wanted=$(cksum <tools/cuda.txt)
[ "$(cat $dir/stamp 2>/dev/null)" != "$wanted" ] || exit 0

rm -rf $dir
mkdir -p $dir
# NVIDIA's packages are for any Python: nothing of them runs in it.
pip3 --quiet --disable-pip-version-check install --no-deps --no-compile --root-user-action ignore --require-hashes \
  --requirement tools/cuda.txt --target $dir
rm -rf $dir/bin $dir/*.dist-info
echo "$wanted" >$dir/stamp
