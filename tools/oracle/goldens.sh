#!/bin/sh
# goldens.sh OUT [NAME ...] - make the golden files of tests/data/golden/ in the folder OUT: every run of this list,
# or those named.
# goldens.sh --compare [NAME ...] - make them again somewhere else and compare with the committed ones.
#
# PY=python names an interpreter with requirements.txt; without it one is made, see python.sh.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$here/../..
golden=$root/tests/data/golden
case ${1:-} in
  '' | -h | --help) sed -n '2,6s/^# //p' "$0" && exit 2 ;;
esac
compare='' out=$1
shift
# shellcheck source=tools/oracle/python.sh
. "$here/python.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$out" = --compare ]; then
  compare=yes out=$work/golden
fi
mkdir -p "$out"

# wanted NAME: whether the command line asks for it.
names=" $* "
wanted() {
  [ "$names" = "  " ] && return 0
  case $names in *" $1 "*) return 0 ;; esac
  return 1
}

# g NAME MODEL ARGUMENT...: one run.
g() {
  name=$1 model=$2
  shift 2
  wanted "$name" || return 0
  if [ "$model" = demo ]; then
    directory=$root/assets/demo
  else
    directory=$work/tiny/$model
    [ -d "$directory" ] || "$PY" "$here/make_tiny.py" "$work/tiny" "$model" >/dev/null
  fi
  "$PY" "$here/golden.py" --model "$directory" --out "$out/$name.safetensors" --check "$@"
  if [ -n "$compare" ]; then
    "$PY" "$here/compare.py" --quiet --limit 1e-4 "$out/$name.safetensors" "$golden/$name.safetensors"
  fi
}

# n MODEL: the forward process, noising/MODEL.safetensors.
n() {
  wanted "noising/$1" || return 0
  [ -d "$work/tiny/$1" ] || "$PY" "$here/make_tiny.py" "$work/tiny" "$1" >/dev/null
  mkdir -p "$out/noising"
  "$PY" "$here/noising.py" --model "$work/tiny/$1" --out "$out/noising/$1.safetensors" --prompt "a fox" --seed 9 \
    --t 0 --t 401 --t 999
  if [ -n "$compare" ]; then
    "$PY" "$here/compare.py" --quiet --limit 1e-4 "$out/noising/$1.safetensors" "$golden/noising/$1.safetensors"
  fi
}

astronaut="a photo of an astronaut riding a horse on mars"
g sd1-lms20 sd1 --scheduler lms --prompt "$astronaut" --steps 20 --seed 42
g sd1-lmsblog-single sd1 --no-encode --scheduler lms-blog --prompt "a digital illustration of a medieval town" \
  --images-per-prompt 4 --generator single --steps 5 --seed 42
g sd1-lmsblog-list sd1 --no-encode --scheduler lms-blog --prompt "a cat" --prompt "two dogs, 4k!" --negative "blurry" \
  --generator list --steps 5 --seed 1 --seed 2147483648
g sd1-euler sd1 --no-encode --scheduler euler --prompt "a fox" --steps 5 --seed 9
g sd1-euler-a sd1 --no-encode --scheduler euler_a --prompt "a fox" --steps 5 --seed 9
g sd1-noguidance sd1 --no-encode --scheduler euler --guidance 1 --prompt "a fox" --steps 3 --seed 9
g sd1-oddsize sd1 --scheduler euler --height 72 --width 136 --prompt "a fox" --steps 2 --seed 9
g sd2-lms sd2 --scheduler lms --prompt "wow!!! a fox" --steps 4 --seed 7 --guidance 9
g sd2-euler sd2 --no-encode --scheduler euler --prompt "a fox" --steps 4 --seed 7
g bk-tiny bk-tiny --scheduler lms --prompt "a fox" --steps 3 --seed 0
g small-sd small-sd --scheduler lms --prompt "a fox" --steps 3 --seed 0 --height 80 --width 112
g odd odd --prompt "a fox" --steps 3 --seed 0 --height 56 --width 72
g turbo-1 turbo --no-encode --prompt "a fox" --steps 1 --seed 3 --guidance 0
g turbo-4 turbo --prompt "a fox" --steps 4 --seed 3 --guidance 0
g eps eps --scheduler lms --prompt "a fox" --steps 3 --seed 3
g init-lms sd1 --no-encode --scheduler lms --prompt "a fox" --steps 6 --seed 9 --init 64x64 --strength 0.7
g init-euler-a sd1 --no-encode --scheduler euler_a --prompt "a fox" --steps 5 --seed 9 --init 85x61
g init-list sd1 --no-encode --scheduler lms --prompt "a fox" --images-per-prompt 2 --generator list --steps 5 \
  --seed 3 --seed 4 --init 64x64
g init-single sd1 --no-encode --scheduler euler_a --prompt "a cat" --prompt "two dogs, 4k!" --steps 4 --seed 5 \
  --init 50x70 --strength 0.5 --width 64 --height 64
# The pooled output of the text encoder, of several models in one file.
if wanted pooled; then
  for model in sd1 sd2 odd; do
    [ -d "$work/tiny/$model" ] || "$PY" "$here/make_tiny.py" "$work/tiny" "$model" >/dev/null
  done
  "$PY" "$here/pooled.py" --out "$out/pooled.safetensors" "$work/tiny/sd1" "$work/tiny/sd2" "$work/tiny/odd" "$root/assets/demo"
  if [ -n "$compare" ]; then
    "$PY" "$here/compare.py" --quiet --limit 1e-4 "$out/pooled.safetensors" "$golden/pooled.safetensors"
  fi
fi
g attention sd1 --no-encode --attention --scheduler lms --prompt "a fox, hippopotamuses" --images-per-prompt 2 \
  --steps 3 --seed 9
g tiled sd1 --no-encode --scheduler euler --prompt "a fox" --steps 2 --seed 9 --init 168x104 --tiling
g demo demo --scheduler lms --prompt "A wild pokemon appears!" --steps 30 --seed 42 --slim
n sd1
n sd2
