#!/bin/sh
# test_xterm.sh XTERM_SHOT PLAY SUBJECT - a real xterm shows what the terminal of the tests draws: the picture on the
# same pixels, with the same hole.  Exit 77: the packages of tools/xterm_shot.sh are not there.
set -eu
shot=$1 play=$2 subject=$3
for tool in Xvfb xterm xdotool import compare; do
  command -v $tool >/dev/null || { echo "$tool was not found: not checked" && exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

sh "$shot" wait:none still type:p still type:hi still type:d still shot:real.png type:q exit -- "$subject"
"$play" --do 'wait event: none' --do 'keys p' --do 'wait acks: 1' --do 'keys hi' --do 'wait typed: hi' \
  --do 'keys d' --do 'quiet 200' --do 'dump ours.png' "$subject"
convert real.png -crop 480x312+2+2 +repage real.png # inside xterm's border

# libsixel and xterm round colours differently, by one; the hole, 4 cells of 6x13, is white in xterm and black in ours.
for name in real ours; do
  convert $name.png -crop 120x72+126+26 +repage $name.png
done
bad=$(compare -metric AE -fuzz 1% real.png ours.png null: 2>&1) || :
[ "$bad" = 312 ] || { echo "$bad pixels of the picture differ, wanted the 312 of the hole" && exit 1; }
colours=$(convert real.png -crop 24x13+6+13 +repage -format '%k %[fx:mean]' info:)
[ "$colours" = "1 1" ] || { echo "the hole in xterm: $colours, wanted one colour, white" && exit 1; }
