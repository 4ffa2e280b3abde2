#!/usr/bin/env python3
"""Checks src/ with clang, with the flags that the build gives to its own compiler.

usage: clang.py BUILD_FOLDER     (a build with compile_commands.json)
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile


def check(entry, extra):
    """Runs clang over one entry of compile_commands.json; its output, empty if clean."""
    words = shlex.split(entry["command"])[1:]
    words = [w for i, w in enumerate(words) if w not in ("-c", "-o") and words[i - 1] != "-o"]
    command = ["clang", "-fsyntax-only", "-Werror", *words, *extra]
    done = subprocess.run(command, cwd=entry["directory"], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.stdout if done.returncode else ""


def lend_omp(compiler, folder):
    """Puts the omp.h of the build's compiler, and nothing else of it, into folder: clang may have none."""
    found = subprocess.run([compiler, "-print-file-name=include/omp.h"], text=True, check=True,
                           stdout=subprocess.PIPE).stdout.strip()
    if os.path.isfile(found):
        shutil.copy(found, folder)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    src = pathlib.Path(__file__).resolve().parent.parent / "src"
    entries = json.loads(pathlib.Path(sys.argv[1], "compile_commands.json").read_text())
    entries = [e for e in entries if src in pathlib.Path(e["file"]).resolve().parents]
    if not entries:
        sys.exit("clang.py: compile_commands.json names no file of src/")
    with tempfile.TemporaryDirectory() as lent, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        lend_omp(shlex.split(entries[0]["command"])[0], lent)
        outputs = [o for o in pool.map(check, entries, [["-idirafter", lent]] * len(entries)) if o]
    sys.stdout.writelines(outputs)
    print(f"clang.py: {len(entries)} files, {len(outputs)} with faults")
    return 1 if outputs else 0


if __name__ == "__main__":
    sys.exit(main())
