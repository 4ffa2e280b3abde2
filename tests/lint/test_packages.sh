#!/bin/sh
# tools/packages.sh against a system that is not there: fake dpkg-query, apt-get, apt-cache, id and sudo.
set -eu
tools=$(CDPATH='' cd -- "$(dirname -- "$0")/../../tools" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
cd "$dir"
for real in cat echo printf rm touch grep; do
  ln -s "$(command -v "$real")" bin/ 2>/dev/null || :
done

fake() {
  printf '#!/bin/sh\n%s\n' "$2" >"bin/$1"
  chmod +x "bin/$1"
}
fake dpkg-query 'echo "installed liba"; echo "config-files libgone"; [ ! -e done ] || echo "installed libb"; exit 1'
fake apt-get 'echo "apt-get $*" >>calls; echo noise; [ ! -e broken ] || { rm broken; exit 100; }'
fake apt-cache '[ ! -e no-lists ]'
fake id 'cat uid'
fake sudo 'echo "sudo $*" >>calls; "$@"'
fake tool ':'

# expect STATUS WHAT [-- WANTED...]: runs need_packages, checks its status, the empty stdout and the calls.
try() {
  want=$1 may=$2
  shift 2
  rm -f calls
  touch calls
  status=0
  PATH=$dir/bin /bin/sh -c '. "$0"; need_packages script "$@"' "$tools/packages.sh" "$may" "$@" \
    >out 2>err || status=$?
  if [ "$status" != "$want" ] || [ -s out ]; then
    echo "status $status, wanted $want; stdout and stderr:" >&2
    cat out err >&2
    exit 1
  fi
}
calls_are() {
  printf "$1" | cmp - calls || { cat calls err >&2 && exit 1; }
}
says() {
  grep -qF -- "$1" err || { echo "not said: $1" >&2 && cat err >&2 && exit 1; }
}

echo 0 >uid
try 0 yes liba tool:tool-package
calls_are ''
[ ! -s err ]

try 0 yes liba libb libgone other:other-package
says '  apt-get install -y --no-install-recommends other-package libb libgone'
calls_are 'apt-get install -y --no-install-recommends other-package libb libgone\n'

try 1 no libb
says '  apt-get install -y --no-install-recommends libb'
says 'not installed, as --no-install says'
calls_are ''

touch no-lists
try 0 yes libb
says '  apt-get update && apt-get install'
calls_are 'apt-get update\napt-get install -y --no-install-recommends libb\n'
rm no-lists

touch broken # lists that are too old: the first try fails
try 0 yes libb
calls_are 'apt-get install -y --no-install-recommends libb\napt-get update\napt-get install -y --no-install-recommends libb\n'

fake apt-get 'echo "apt-get $*" >>calls; exit 100'
try 1 yes libb
says 'apt-get failed'
fake apt-get 'echo "apt-get $*" >>calls'

echo 1000 >uid
try 0 yes libb
says '  sudo apt-get install'
calls_are 'sudo apt-get install -y --no-install-recommends libb\napt-get install -y --no-install-recommends libb\n'

rm bin/sudo
try 1 yes libb
says 'there is no sudo here'
calls_are ''

rm bin/dpkg-query # not a Debian: CMake says what is missing
try 0 yes libb
calls_are ''
