#!/bin/sh
# test_tmux.sh LATENTTY - the studio in a real tmux, which draws its own screen: half blocks (Debian's tmux has no sixel),
# no answer that becomes a key or the pane's title, another size of the window, and the end.
# Exit 77: tmux is not there.
set -eu
program=$1
command -v tmux >/dev/null || { echo "tmux was not found: not checked" && exit 77; }
dir=$(mktemp -d)
export HOME="$dir" LC_ALL=C.UTF-8
unset XDG_STATE_HOME XDG_CONFIG_HOME TMUX NO_COLOR || :
pane() { tmux -S "$dir/socket" "$@"; }
trap 'pane kill-server 2>/dev/null || :; rm -rf "$dir"' EXIT
cd "$dir"

fail() {
  echo "test_tmux.sh: $1" >&2
  pane capture-pane -p >&2
  exit 1
}
# Until the screen has a match of the expression, or, with "no", none.
wait_for() {
  tries=0
  until pane capture-pane -p | grep -Eq -- "$1"; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fail "waited in vain for: $1"
    sleep 0.1
  done
}
shows() { pane capture-pane -p | grep -Eq -- "$1" || fail "not on the screen: $1"; }
keys() { pane send-keys "$@"; }

pane -f /dev/null new-session -d -x 100 -y 30 \
  "echo before; '$program' --size 64x64 --seed 7 --steps 4; echo \"exit \$?\"; stty -a; exec cat"
wait_for '0/75$'
title=$(pane display-message -p '#{pane_title}')
case $title in *Gi=* | *a=q*) fail "the question for kitty's graphics became the title: $title" ;; esac
keys -l 'fox é猫'
wait_for '^ prompt> fox é猫 +[0-9]+/75$'
keys Enter
wait_for 'DONE 4/4'
wait_for '▀▀▀▀'
shows '^ prompt> fox é猫 +[0-9]+/75$'
shows 'noise \|.*\[@\] image'

keys ,
wait_for 'latents  step 3'
keys Home
wait_for 'latents  step 0'
pane resize-window -x 120 -y 40
wait_for '^ latentty.{107}4/4$'
wait_for '▀▀▀▀'
[ "$(pane capture-pane -p | grep -c '▀▀▀▀')" -gt 15 ] || fail "the picture is not as large as its room"
pane resize-window -x 60 -y 20
wait_for 'latentty needs 80x24, this is 60x20'
pane resize-window -x 100 -y 30
wait_for '▀▀▀▀'

# A paste in brackets, through tmux.
keys i
keys -l ' '
pane set-buffer 'pasted q'
pane paste-buffer -p
wait_for '^ prompt> fox é猫 pasted q +[0-9]+/75$'
keys C-c
wait_for '^exit 0$'
shows '^before$' # the alternate screen was left
shows '[^-]icanon'
shows '[^-]echo '
for mode in mouse_any_flag mouse_button_flag mouse_sgr_flag alternate_on keypad_cursor_flag keypad_flag; do
  [ "$(pane display-message -p "#{$mode}")" = 0 ] || fail "$mode is on at the end"
done
[ "$(pane display-message -p '#{cursor_flag}')" = 1 ] || fail "the cursor is hidden at the end"
