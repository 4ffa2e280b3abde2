#!/bin/sh
# test_package.sh CPACK BUILD_FOLDER - the .deb installs, runs from where it lies and goes without a trace.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
umask 077
"$1" --config "$2/CPackConfig.cmake" -G DEB -B "$dir/made" >"$dir/log" 2>&1 || { cat "$dir/log" && exit 1; }
set -- "$dir"/made/*.deb
[ $# = 1 ]
deb=$1

# What the program links must come with it, and nothing that is only built with.
needs=$(dpkg-deb -f "$deb" Depends)
echo "$deb needs: $needs"
for library in libc6 libdnnl libgomp1 libjson-c libpng16 libutf8proc; do
  echo "$needs" | grep -q "\b$library" || { echo "Depends lacks $library" && exit 1; }
done
case $needs in
  *-dev*) echo "Depends has what is only built with" && exit 1 ;;
esac

# Installed for real, into a root of its own with an empty database of packages.
root=$dir/root
mkdir -p "$root/var/lib/dpkg"
touch "$root/var/lib/dpkg/status"
package() {
  dpkg --root="$root" --log="$dir/dpkg.log" --force-not-root,depends "$@" >"$dir/log" 2>&1 || { cat "$dir/log" && exit 1; }
}
package -i "$deb"
package --verify latentty
[ ! -s "$dir/log" ]

# latentty in an environment of its own: only the package's files are near.
cd "$dir/made"
installed() {
  env -i PATH=/usr/bin:/bin HOME=/nonexistent ${GCOV_ERROR_FILE+GCOV_ERROR_FILE="$GCOV_ERROR_FILE"} \
    "$root/usr/bin/latentty" "$@"
}
installed --version | grep -qF "latentty $(dpkg-deb -f "$deb" Version)"
installed render -p "a red apple" --seed 42 --steps 2 -q -o apple.png
installed info apple.png | grep -q '128x128'

share=$root/usr/share
gzip -dc "$share/man/man1/latentty.1.gz" | groff -man -Tutf8 | grep -q latentty
for file in bash-completion/completions/latentty zsh/vendor-completions/_latentty \
  fish/vendor_completions.d/latentty.fish doc/latentty/copyright doc/latentty/CHANGELOG.md; do
  [ -s "$share/$file" ] || { echo "not in the package: $file" && exit 1; }
done
closed=$(find "$root/usr" ! -perm -o+r)
[ -z "$closed" ] || { echo "not for everyone to read: $closed" && exit 1; }

package --purge latentty
left=$(find "$root" -path "$root/var" -prune -o -type f -print)
[ -z "$left" ] || { echo "left behind: $left" && exit 1; }
