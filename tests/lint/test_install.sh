#!/bin/sh
# test_install.sh CMAKE BUILD_FOLDER - `cmake --install` gives a program that works where it was put, also after
# a move, with nothing but its own folder.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$1" --install "$2" --prefix "$dir/first" >"$dir/log" || { cat "$dir/log" && exit 1; }
mv "$dir/first" "$dir/a prefix"
prefix="$dir/a prefix"
mkdir "$dir/empty"
cd "$dir/empty"

# latentty in an environment of its own
installed() {
  env -i PATH=/usr/bin:/bin HOME=/nonexistent ${GCOV_ERROR_FILE+GCOV_ERROR_FILE="$GCOV_ERROR_FILE"} \
    "$prefix/bin/latentty" "$@"
}

installed --version
installed --version | grep -q '^latentty [0-9]'
test -f "$prefix/share/latentty/demo/model_index.json"
