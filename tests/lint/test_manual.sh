#!/bin/sh
# test_manual.sh PROGRAM - docs/latentty.1 is well-formed and says what the program and the sources say.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
manual=$root/docs/latentty.1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
faults=0
fault() {
  echo "latentty.1: $1"
  faults=1
}

groff -man -ww -z -Tutf8 "$manual" 2>"$dir/warnings"
[ ! -s "$dir/warnings" ] || fault "$(cat "$dir/warnings")"
version=$("$1" --version | head -n 1)
head -n 1 "$manual" | grep -qF "\"$version\"" || fault "the heading does not say $version"

sed 's/\\-/-/g; s/\\f.//g' "$manual" >"$dir/manual"
"$1" complete '' | cut -f 1 | grep -v '^-' >"$dir/commands"
while read -r command; do
  grep -qE "^\.B(I $command|R? latentty.*$command)" "$dir/manual" || fault "the command $command is missing"
  [ "$command" = help ] || "$1" help "$command" >>"$dir/help"
done <"$dir/commands"
"$1" --help >>"$dir/help"

# Each option of the manual is one of some command, and the other way round.
grep -oE -- '--[a-z][a-z0-9-]+' "$dir/help" | sort -u >"$dir/options"
grep -oE -- '--[a-z][a-z0-9-]+' "$dir/manual" | sort -u >"$dir/written"
diff "$dir/options" "$dir/written" || fault "options differ (<: of the program, >: of the manual)"

grep -rhoE '(getenv|lt_path_user)\("[A-Z_]+"' "$root/src" | sort -u | cut -d '"' -f 2 >"$dir/variables"
[ -s "$dir/variables" ]
while read -r name; do
  grep -qw -- "$name" "$dir/manual" || fault "the variable $name is missing"
done <"$dir/variables"
exit $faults
