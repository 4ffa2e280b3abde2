#!/bin/sh
# onednn3.sh - puts oneDNN 3.x into build/onednn3-library (lib/ and include/), for the preset of that name.  Debian 12 has
# oneDNN 2.x; newer systems have 3.x.  Does nothing, and needs no network, when it is there already.
set -eu
cd "$(dirname -- "$0")/.."
dir=build/onednn3-library
wanted=$(cksum <tools/onednn3.txt)
[ "$(cat $dir/stamp 2>/dev/null)" != "$wanted" ] || exit 0

rm -rf $dir
mkdir -p $dir/wheels $dir/files
pip3 --quiet --disable-pip-version-check download --no-deps --require-hashes \
  --requirement tools/onednn3.txt --dest $dir/wheels
for wheel in "$dir"/wheels/*.whl; do
  python3 -m zipfile -e "$wheel" $dir/files
done
mkdir $dir/lib
mv $dir/files/onednn_devel_cpu_gomp-*.data/data/include $dir/include
# A wheel has no links: it holds the library once for each of its names.
mv $dir/files/onednn_cpu_gomp-*.data/data/lib/libdnnl.so.3 $dir/lib
ln -s libdnnl.so.3 $dir/lib/libdnnl.so
rm -rf $dir/wheels $dir/files
echo "$wanted" >$dir/stamp
