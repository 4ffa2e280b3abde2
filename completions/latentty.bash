# shellcheck shell=bash
# bash completion of latentty.  The program knows its words; where it has none, a file's name is meant.
_latentty() {
  local words
  mapfile -t words < <("${1/#\~/$HOME}" complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=("${words[@]%%$'\t'*}")
}
complete -o bashdefault -o default -F _latentty latentty
