#!/bin/sh
# symbols.sh LIBRARY... - every external symbol of our static libraries starts with lt_.
set -eu
[ $# -gt 0 ] || { echo "usage: symbols.sh LIBRARY..." >&2 && exit 2; }
listing=$(nm --extern-only --defined-only "$@")
faults=$(echo "$listing" | awk 'NF == 3 && $3 !~ /^lt_/ { print $3 }' | sort -u)
if [ -n "$faults" ]; then
  echo "symbols.sh: external, but without lt_ in front (static, or renamed?):" >&2
  echo "$faults" >&2
  exit 1
fi
echo "symbols.sh: $(echo "$listing" | grep -c ' lt_') symbols"
