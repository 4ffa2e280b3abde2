# shellcheck shell=sh disable=SC2034,SC2086
# packages.sh - what a Debian system must have; sourced by run.sh and test.sh.  Messages go to stderr.

# A tool is "command:package" (any installation of the command will do), a library only its package.
BUILD_PACKAGES="cc:gcc cmake:cmake ninja:ninja-build pkg-config:pkgconf
  libc6-dev libdnnl-dev libjson-c-dev libncurses-dev libpng-dev libsixel-dev libsqlite3-dev libutf8proc-dev zlib1g-dev"
TEST_PACKAGES="c++:g++ clang:clang clang-format:clang-format python3:python3 pip3:python3-pip dpkg-shlibdeps:dpkg-dev
  groff:groff-base libcmocka-dev libvterm-dev locales tmux:tmux zsh:zsh fish:fish"
LONG_PACKAGES="libclang-rt-dev libomp-dev python3-venv" # for clang as the compiler, and for diffusers
TERM_PACKAGES="xterm:xterm Xvfb:xvfb xdotool:xdotool import:imagemagick xfonts-base" # for tools/xterm_shot.sh

# Prints those of the wanted packages that are not there, each with a space in front.
missing_packages() {
  libraries=
  for want; do
    case $want in
      *:*) command -v "${want%%:*}" >/dev/null 2>&1 || printf ' %s' "${want#*:}" ;;
      *) libraries="$libraries $want" ;;
    esac
  done
  # shellcheck disable=SC2086
  there=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $libraries 2>/dev/null) || :
  for want in $libraries; do
    case "
$there
" in
      *"
installed $want
"*) ;;
      *) printf ' %s' "$want" ;;
    esac
  done
}

# need_packages SCRIPT MAY_INSTALL WANTED...: asks nothing when all are there; otherwise shows the command and,
# unless MAY_INSTALL is no, runs it.  Where there is no dpkg, CMake says what is missing.
need_packages() {
  script=$1 may_install=$2
  shift 2
  command -v dpkg-query >/dev/null 2>&1 || return 0
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0

  sudo=
  [ "$(id -u)" = 0 ] || sudo="sudo "
  update=
  for package in $missing; do
    apt-cache show "$package" >/dev/null 2>&1 || update="${sudo}apt-get update"
  done
  install="${sudo}apt-get install -y --no-install-recommends$missing"
  echo "$script: these packages are missing:$missing" >&2
  echo "  ${update:+$update && }$install" >&2
  if [ "$may_install" = no ]; then
    echo "$script: not installed, as --no-install says; run the command above" >&2
    return 1
  fi
  if [ -n "$sudo" ] && ! command -v sudo >/dev/null 2>&1; then
    echo "$script: there is no sudo here; run the command above as root, without 'sudo'" >&2
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  if [ -n "$update" ]; then
    $update >&2 && $install >&2 && return 0
  else
    $install >&2 && return 0
    echo "$script: once more, with fresh package lists" >&2
    ${sudo}apt-get update >&2 && $install >&2 && return 0
  fi
  echo "$script: apt-get failed; see above" >&2
  return 1
}
