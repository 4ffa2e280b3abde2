#!/bin/sh
# xterm_shot.sh [OPTION]... STEP... -- PROGRAM [ARGUMENT]... - a program in a real xterm without a display: xterm with
# sixel under Xvfb, driven by xdotool, looked at by screenshots.
#
#   --size 80x24        columns and rows          --font 6x13      a font of the X server
#   --no-sixel          xterm as it comes         --polite         decGraphicsID: vt340, which has 16 registers
#   --resource 'XTerm*maxGraphicSize: 1100x1100'  one more resource; may be given several times
#   --limit 60          seconds that a wait may take
#
# Steps, in their order:
#   wait:TEXT           until the program has written these bytes since the last such wait; curses writes only what
#                       changed, so what is waited for should be new as a whole
#   still               until two screenshots, 0.2 s apart, are the same
#   type:TEXT  key:KEY  KEY as xdotool names it: Return, Up, ctrl+c, F1
#   click:X,Y           left button, at this pixel of the window
#   resize:100x30       columns and rows
#   shot:FILE.png       a screenshot of the window
#   exit                until the program ended
#
#   tools/xterm_shot.sh wait:ready still shot:a.png type:q exit -- latentty
#
# Exit code 1: a wait was in vain (the last screenshot is then in xterm_shot.png), 2: wrong usage.
# Packages: TERM_PACKAGES in tools/packages.sh.
set -eu

usage() {
  sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

size=80x24 font=6x13 limit=60 sixel=340
dir=$(mktemp -d)
server='' terminal=''
# Only processes that were started here; xterm ends with its program or with the server.
cleanup() {
  [ -z "$terminal" ] || kill "$terminal" 2>/dev/null || :
  [ -z "$server" ] || kill "$server" 2>/dev/null || :
  wait 2>/dev/null || :
  rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

: >"$dir/resources"
: >"$dir/log"
: >"$dir/steps"
while [ $# -gt 0 ]; do
  case $1 in
    --) shift && break ;;
    --size) size=$2 && shift ;;
    --font) font=$2 && shift ;;
    --limit) limit=$2 && shift ;;
    --resource) printf '%s\n' "$2" >>"$dir/resources" && shift ;;
    --no-sixel) sixel= ;;
    --polite) sixel=polite ;;
    wait:* | type:* | key:* | click:* | resize:* | shot:* | still | exit) printf '%s\n' "$1" >>"$dir/steps" ;;
    *) usage ;;
  esac
  shift
done
[ $# -gt 0 ] || usage
for tool in Xvfb xterm xdotool import; do
  command -v $tool >/dev/null ||
    { echo "xterm_shot.sh: $tool was not found; see TERM_PACKAGES in tools/packages.sh" >&2 && exit 2; }
done

# until_true WHAT COMMAND...: tries the command until it succeeds.
until_true() {
  what=$1 end=$(($(date +%s) + limit))
  shift
  until "$@"; do
    if [ "$(date +%s)" -ge $end ]; then
      echo "xterm_shot.sh: waited in vain: $what" >&2
      tail -n 5 "$dir/server" "$dir/xterm" >&2 2>/dev/null || :
      [ -z "${window-}" ] || import -window "$window" xterm_shot.png 2>/dev/null || :
      exit 1
    fi
    sleep 0.05
  done
}

Xvfb -displayfd 6 -screen 0 1600x1200x24 -nolisten tcp 6>"$dir/display" 2>"$dir/server" &
server=$!
until_true "the X server" test -s "$dir/display"
DISPLAY=:$(cat "$dir/display") LC_ALL=C.UTF-8
export DISPLAY LC_ALL
unset TMUX STY COLORTERM

case $sixel in
  340) set -- -ti vt340 -e "$@" ;;
  polite) set -- -xrm 'XTerm*decGraphicsID: vt340' -e "$@" ;;
  *) set -- -e "$@" ;;
esac
tac "$dir/resources" >"$dir/last-first" # each goes before those that are there: of two, the later one counts
while IFS= read -r resource; do
  set -- -xrm "$resource" "$@"
done <"$dir/last-first"
# On a busy machine the server may not take an xterm yet that comes at once: another one is started then.
start_xterm() {
  xterm -u8 -fn "$font" -geometry "$size+0+0" -l -lf "$dir/log" "$@" 2>"$dir/xterm" &
  terminal=$!
}
refused() {
  ! kill -0 "$terminal" 2>/dev/null && grep -qi 'display\|connection' "$dir/xterm"
}
start_xterm "$@"

find_window() {
  ! refused || start_xterm "$@"
  window=$(xdotool search --onlyvisible --class xterm 2>/dev/null | head -n 1)
  [ -n "$window" ]
}
# A fresh xterm is mapped before it takes keys: focus is set again until the server says so.
focus() {
  xdotool windowfocus "$window" 2>/dev/null && [ "$(xdotool getwindowfocus 2>/dev/null)" = "$window" ]
}
window=
until_true "xterm's window" find_window "$@"
until_true "the focus" focus

seen=0
has_text() {
  tail -c +$((seen + 1)) "$dir/log" | grep -qaF -- "$1"
}
is_still() {
  import -window "$window" "$dir/1.png" && sleep 0.2 && import -window "$window" "$dir/2.png" &&
    [ "$(identify -format '%#' "$dir/1.png")" = "$(identify -format '%#' "$dir/2.png")" ]
}
has_ended() {
  ! kill -0 "$terminal" 2>/dev/null
}
# Pixels of the window that are no cells: two borders.
resize() {
  width=${font%%x*} height=${font#*x}
  xdotool windowsize "$window" $((${1%x*} * width + 4)) $((${1#*x} * height + 4))
}

while IFS= read -r step; do
  value=${step#*:}
  case $step in
    wait:*)
      until_true "$step" has_text "$value"
      seen=$(wc -c <"$dir/log")
      ;;
    still) until_true "$step" is_still ;;
    type:*) xdotool type -- "$value" ;;
    key:*) xdotool key -- "$value" ;;
    click:*) xdotool mousemove --window "$window" "${value%,*}" "${value#*,}" click 1 ;;
    resize:*) resize "$value" ;;
    shot:*) import -window "$window" "$value" ;;
    exit) until_true "$step" has_ended ;;
  esac
done <"$dir/steps"
