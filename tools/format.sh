#!/bin/sh
# format.sh [--fix] - clang-format over src/ and tests/; --fix rewrites.  Exit 77: not checked.
# Versions of clang-format differ in details; the project is formatted with 14, Debian 12's.
set -eu
cd "$(dirname -- "$0")/.."

tool=
for name in clang-format-14 clang-format; do
  case $("$name" --version 2>/dev/null) in
    *"version 14."*) tool=$name && break ;;
  esac
done
if [ -z "$tool" ]; then
  echo "format.sh: clang-format 14 was not found. Install it: sudo apt-get install clang-format-14" >&2
  [ "${CI-}" != true ] || exit 1
  exit 77
fi

set -- --dry-run -Werror "$@"
[ "${3-}" != --fix ] || set -- -i
find src tests \( -name '*.c' -o -name '*.h' -o -name '*.cc' -o -name '*.cu' -o -name '*.cuh' \) -not -path 'tests/data/*' -exec "$tool" "$@" {} +
