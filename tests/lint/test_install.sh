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
for file in man/man1/latentty.1 bash-completion/completions/latentty zsh/site-functions/_latentty \
  fish/vendor_completions.d/latentty.fish; do
  test -f "$prefix/share/$file" || { echo "not installed: share/$file" && exit 1; }
done
# A picture needs the demo model: nothing but share/latentty holds one here.
installed render -p "a red apple" --seed 42 --steps 2 -q -o apple.png
installed info apple.png | grep -q '128x128'
