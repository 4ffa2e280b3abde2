#!/bin/sh
# test_libraries.sh PROGRAM ONEDNN - the program loads the oneDNN that it was built with, and one OpenMP runtime: with
# two, oneDNN would not hear how many threads it may use.
set -eu
list=$(ldd "$1")
loaded=$(echo "$list" | sed -n 's/.*libdnnl\.so[^ ]* => \([^ ]*\) .*/\1/p')
if [ "$(readlink -f "$loaded")" != "$(readlink -f "$2")" ]; then
  echo "built with $2, loads '$loaded'"
  exit 1
fi
runtimes=$(echo "$list" | grep -cE 'lib(g|i)?omp[0-9]*\.so') || :
if [ "$runtimes" != 1 ]; then
  echo "$runtimes OpenMP runtimes:"
  echo "$list"
  exit 1
fi
