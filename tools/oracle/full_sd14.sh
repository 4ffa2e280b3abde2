#!/bin/sh
# full_sd14.sh BUILD [SIDE] - the exact shape of Stable Diffusion 1.4 with random weights, two LMS steps at
# SIDE x SIDE pixels (256), from prompt to picture, in float32: latentty of the folder BUILD against diffusers.
# Needs 8 GB of memory, 3 GB of disk in TMPDIR, and minutes.  PY as in goldens.sh.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
build=${1:?usage: full_sd14.sh BUILD [SIDE]} side=${2:-256}
# shellcheck source=tools/oracle/python.sh
. "$here/python.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

prompt="a photo of an astronaut riding a horse on mars"
"$build/tests/support/tiny_model" sd14 "$work/sd14" --dtype f16
"$build/latentty" render --model "$work/sd14" --backend cpu --dtype f32 --scheduler lms --steps 2 --seed 42 \
  --guidance-scale 7.5 --size "${side}x$side" --prompt "$prompt" --output "$work/picture.png" \
  --trace "$work/ours.safetensors"
"$PY" "$here/golden.py" --model "$work/sd14" --scheduler lms --steps 2 --seed 42 --height "$side" --width "$side" \
  --prompt "$prompt" --no-encode --no-error --out "$work/theirs.safetensors"
"$PY" "$here/compare.py" --limit 1e-5 "$work/ours.safetensors" "$work/theirs.safetensors"
