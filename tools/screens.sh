#!/bin/sh
# screens.sh [PROGRAM] - the screenshots of docs/screens/, made anew in a real xterm (tools/xterm_shot.sh); PROGRAM is
# build/latentty without.  Needs TERM_PACKAGES of tools/packages.sh.
set -eu
cd "$(dirname -- "$0")/.."
program=$(readlink -f -- "${1:-build/latentty}")
out=$(pwd -P)/docs/screens
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir -p "$out"
export LC_ALL=C.UTF-8 HOME="$home" XDG_STATE_HOME="$home" XDG_DATA_HOME="$home" XDG_CONFIG_HOME="$home"

shots() { # SIZE STEP... -- ARGUMENT...
  size=$1
  shift
  tools/xterm_shot.sh --size "$size" --resource 'XTerm*faceName: DejaVu Sans Mono' --resource 'XTerm*faceSize: 11' \
    --resource 'XTerm*background: #111318' --resource 'XTerm*foreground: #d8dee9' \
    --resource 'XTerm*termName: xterm-256color' "$@"
}

fox="a red fox in the snow" castle="a castle in the mountains"
twelve="key:Right key:Right key:Right key:Right key:Right key:Right"
twelve="$twelve $twelve"

# shellcheck disable=SC2086
shots 100x32 wait:prompt still "type:$fox" still shot:"$out/form.png" key:Return wait:30/30 still \
  shot:"$out/step-30.png" key:Home still shot:"$out/step-0.png" $twelve still shot:"$out/step-12.png" key:2 still \
  shot:"$out/step-12-x0.png" key:question still shot:"$out/keys.png" key:q key:q exit -- "$program" --seed 42
# shellcheck disable=SC2086
shots 100x32 wait:prompt still "type:$fox" key:Return wait:30/30 still key:Home $twelve still key:3 still \
  shot:"$out/lens-3.png" key:4 still shot:"$out/lens-4.png" key:5 still still shot:"$out/lens-5.png" key:6 still still \
  key:h key:h key:h still shot:"$out/lens-6.png" key:7 still \
  shot:"$out/lens-7.png" key:8 still shot:"$out/lens-8.png" key:8 still \
  shot:"$out/lens-8-betas.png" key:8 still shot:"$out/lens-8-sigmas.png" key:8 still \
  shot:"$out/lens-8-cuts.png" key:0 still still \
  shot:"$out/lens-0.png" key:q exit -- "$program" --seed 42
shots 120x40 wait:prompt still "type:a photorealistic red fox in the snow" key:Return wait:30/30 still key:t still key:l \
  still shot:"$out/tokens.png" key:l key:l key:minus wait:'|A-B|' wait:'DONE 30/30' still shot:"$out/without.png" key:q \
  key:q exit -- "$program" --seed 42
shots 100x32 wait:lesson key:colon type:'pace 0' key:Return wait:12/12 still still key:Return still key:Return still key:5 \
  still still shot:"$out/lesson.png" key:q exit -- "$program" lesson 5
shots 100x32 wait:prompt still "type:$fox" key:Return wait:30/30 still key:O still still \
  shot:"$out/autoencoder.png" key:o still still still shot:"$out/noising.png" key:q key:q exit -- "$program" --seed 42
shots 100x32 wait:prompt still "type:$fox" key:Return wait:' 9/30' key:space wait:PAUSED still key:period still \
  shot:"$out/paused.png" key:q key:y exit -- "$program" --seed 42
# shellcheck disable=SC2086
shots 100x32 wait:prompt still "type:$fox" key:Return wait:30/30 still key:Home $twelve key:w key:minus key:minus \
  key:minus key:minus key:minus key:minus key:minus still shot:"$out/what-if.png" key:Return wait:fork wait:30/30 still key:c \
  still shot:"$out/compare.png" key:q key:q exit -- "$program" --seed 42
# shellcheck disable=SC2086
shots 100x32 wait:prompt still "type:$fox" key:Return wait:30/30 still key:Home $twelve key:p key:minus key:minus \
  key:minus key:minus key:q key:f wait:fork wait:30/30 still key:Home $twelve key:Right key:Right key:Right key:p key:Down \
  key:Down key:Down key:Down key:plus key:plus key:q key:f still still key:Up key:Up key:Home $twelve key:p key:Up \
  key:Up key:Up key:Up key:plus key:plus key:q key:f wait:'4/4, fork of 1' still still key:T still \
  shot:"$out/tree.png" key:q key:q exit -- "$program" --seed 42
shots 100x32 wait:prompt still "type:$fox" key:Escape still key:g still key:BackSpace type:6 key:Return still still \
  key:Right key:asterisk still shot:"$out/grid.png" key:q key:q exit -- "$program" --seed 42
for seed in "a house in the rain:8" "a green tree:9" "a sailing boat at sunset:1" "a wild pokemon appears:3"; do
  shots 80x24 wait:prompt still "type:${seed%:*}" key:Return wait:30/30 still key:q exit -- "$program" --seed "${seed#*:}"
done
shots 100x32 wait:prompt still key:Escape still key:H still key:Right still shot:"$out/gallery.png" key:q key:q exit -- \
  "$program"
shots 80x24 wait:prompt still "type:$castle" key:Return wait:30/30 still key:p still shot:"$out/small.png" \
  key:q key:q exit -- "$program" --seed 7
# shellcheck disable=SC2086
shots 170x50 wait:prompt still "type:$castle" key:Return wait:30/30 still key:Home $twelve still key:I still \
  shot:"$out/large.png" key:q exit -- "$program" --seed 7
# shellcheck disable=SC2086
shots 190x56 --resource 'XTerm*faceSize: 9' --resource 'XTerm*maxGraphicSize: 2200x1500' wait:prompt still \
  "type:$castle" key:Return wait:30/30 still key:Home $twelve still still key:Tab key:Tab key:7 still \
  shot:"$out/wide.png" key:q exit -- "$program" --seed 7
for file in "$out"/*.png; do # small enough for a repository
  convert "$file" -strip +dither -colors 128 "PNG8:$file"
done
