#!/bin/sh
# The lints that are shell scripts must refuse what they promise to refuse.
set -eu
tools=$(CDPATH='' cd -- "$(dirname -- "$0")/../../tools" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/src" "$dir/tests/support" "$dir/tools"
cp "$tools/headers.sh" "$tools/format.sh" "$tools/clang.py" "$dir/tools"
cp "$tools/../.clang-format" "$dir"
cd "$dir"

refused() {
  what=$1
  shift
  if "$@" >out 2>&1; then
    echo "not refused: $what" >&2
    cat out >&2
    exit 1
  fi
}

echo 'int lt_fine(void); int lt_fine(void) { return 0; }' >a.c
cc -c a.c -o a.o
ar rc fine.a a.o
sh "$tools/symbols.sh" fine.a
echo 'int naked(void); int naked(void) { return 0; }' >b.c
cc -c b.c -o b.o
ar rc naked.a b.o
refused "a symbol without lt_" sh "$tools/symbols.sh" fine.a naked.a
grep -qx naked out
refused "a library that is not there" sh "$tools/symbols.sh" none.a

printf '#pragma once\n#include <stddef.h>\nsize_t lt_n(void);\n' >src/a.h
sh tools/headers.sh cc
printf '#pragma once\nsize_t lt_n(void);\n' >src/a.h
refused "a header that does not compile alone" sh tools/headers.sh cc
rm src/a.h
refused "no headers at all" sh tools/headers.sh cc

printf 'int lt_n(void);\n' >src/a.c
entry() {
  printf '[{"directory": "%s", "file": "%s/src/a.c", "command": "gcc %s -o a.o -c %s/src/a.c"}]\n' \
    "$dir" "$dir" -Wall "$dir" >compile_commands.json
}
entry
python3 tools/clang.py .
printf 'static int n;\n' >src/a.c
refused "a warning of clang" python3 tools/clang.py .

printf 'int lt_n(void);\n' >src/a.c
status=0
sh tools/format.sh || status=$?
[ $status -ne 77 ] || exit 0 # no clang-format 14 here: lint/format says so
[ $status -eq 0 ]
printf 'int   lt_n ( void );\n' >src/a.c
refused "code in another format" sh tools/format.sh
sh tools/format.sh --fix
sh tools/format.sh
