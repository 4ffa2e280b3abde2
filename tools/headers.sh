#!/bin/sh
# headers.sh COMPILER FLAGS... - every header of src/ and of tests/support compiles alone, without a warning.
set -eu
cd "$(dirname -- "$0")/.."
count=0 faults=0
list=$(find src tests/support -name '*.h' | sort)
for header in $list; do
  count=$((count + 1))
  "$@" -std=c11 -Wall -Wextra -Werror -Isrc -Itests -fsyntax-only -include "$header" -x c /dev/null ||
    { echo "headers.sh: $header does not compile alone" && faults=$((faults + 1)); }
done
echo "headers.sh: $count headers, $faults faults"
[ $count -gt 0 ] && [ $faults -eq 0 ]
