# shellcheck shell=sh disable=SC2154
# Sourced by the scripts of this folder: PY, an interpreter with requirements.txt.  Without PY=... a virtual
# environment is made in build/oracle/ from the Python package index.
if [ -z "${PY:-}" ]; then
  PY=$here/../../build/oracle/bin/python
  if [ ! -x "$PY" ] || ! "$PY" -c "import diffusers" 2>/dev/null; then
    python3 -m venv "$here/../../build/oracle"
    "$PY" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  fi
fi
export OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1
