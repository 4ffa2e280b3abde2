#!/usr/bin/env python3
"""Lets single calls of latentty fail, the n-th of a kind, and looks at what it says and leaves.

usage: test_faults.py PROGRAM PRELOAD PROJECT_FOLDER [--sanitized] [--all | --sample N] [--case NAME]

PRELOAD is fault.c beside this file, built.  Kinds: `alloc` (once, or from then on), `read`, `write`, and a
signal, or two, before the n-th read or write.  --sample takes N of each kind, one from each of N equal parts, the same
in every run; --all takes every n.  --sanitized: PROGRAM was built with the sanitizers, which are to see no leak; then
only allocations of the program itself fail, not those of libraries (see src/no_memory.c).

A run must end in one of two ways: as if nothing had happened, with the same files and the same words on stdout; or
with exit code 1 (for a signal 128 + its number) and one message.  Either way each file is whole or not there, and
nothing temporary stays.
"""
import argparse
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

SANITIZED = 99  # exit code that a sanitizer gives
TERM, INT = 15, 2
MOST_MIB = 320  # of address space: enough for every case
NOT_LOADED = 127
RENDER = ["render", "-q", "--steps", "1", "--size", "8x8", "--seed", "1", "-p", "a fox", "-o", "out.png"]
CASES = {
    "ref": [*RENDER, "-b", "ref", "--frames", "frames", "--trace", "trace.safetensors",
            "--sheet", "sheet.png", "--animation", "animation.png"],
    "cpu": [*RENDER, "-b", "cpu", "--dtype", "f32"],
    "tokens": ["tokens", "a fox, \u00e9t\u00e9", "--json"],
    "model": ["info", "MODEL"],
    "picture": ["info", "in.png", "--json"],
    "roundtrip": ["roundtrip", "-q", "in.png", "-o", "out.png", "-b", "ref"],
    "noise": ["noise", "-q", "in.png", "-o", "out.png", "-t", "5", "--seed", "1", "-b", "ref"],
    "rng": ["rng", "--shape", "1,4,8,8", "--seed", "1", "-o", "out.safetensors", "--json"],
    "schedule": ["schedule", "--json"],
}
# `info` of a model tells what is wrong with it on stdout, and did what it was asked to
REASONS = (b"Input/output error", b"Cannot allocate memory", b"Too many open files", b"not enough memory")


def steady(stdout):
    """Without what `info` says of a limit on memory under which a picture would not fit."""
    return re.sub(rb": more than the [0-9.]+ GB that may be used \(ulimit -v\)", b"", stdout)


class Fault(Exception):
    """What the program did wrong."""


class Case:
    """A command, and what it does when nothing fails."""

    def __init__(self, options, name, folder):
        self.options, self.name, self.folder = options, name, folder
        self.words = [w.replace("MODEL", f"{options.project}/assets/demo") for w in CASES[name]]
        calls = folder.parent / "calls"
        whole = self.run(LT_FAULT_CALLS=str(calls))
        if whole.returncode != 0:
            raise Fault(f"failed without a fault: {whole.stderr!r}")
        self.stdout, self.files = whole.stdout, self.read_files()
        self.calls = {k: int(n) for k, n in (line.split() for line in calls.read_text().splitlines())}

    def run(self, limit=None, **environment):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        if "in.png" in self.words:
            picture = "text-odd.png" if self.name == "picture" else "good/rgb8.png"
            shutil.copy(self.options.project / "tests/data/image" / picture, self.folder / "in.png")
        more = {k: v for k, v in os.environ.items() if k.startswith("GCOV")}
        if self.options.sanitized:
            more["LT_FAULT_PROGRAM"] = "1"
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C", "OMP_WAIT_POLICY": "passive",
               "LATENTTY_ASSETS": str(self.options.project / "assets"), "LD_PRELOAD": str(self.options.preload),
               "ASAN_OPTIONS": f"detect_leaks=1:allocator_may_return_null=1:verify_asan_link_order=0:exitcode={SANITIZED}",
               "UBSAN_OPTIONS": f"print_stacktrace=1:exitcode={SANITIZED}", **more, **environment}
        return subprocess.run([self.options.program, *self.words], cwd=self.folder, env=env, timeout=300, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=limit)

    def read_files(self):
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in self.folder.rglob("*") if p.is_file()}

    def check(self, done, signals):
        """Raises Fault unless the run ended in one of the two ways."""
        said = done.stderr.decode(errors="replace").splitlines()
        files = self.read_files()
        for name, data in files.items():
            if data != self.files.get(name):
                raise Fault(f"'{name}' is left and is not what it should be")
        if done.returncode == 0:
            told = self.name == "model" and any(reason in done.stdout for reason in REASONS)
            if files != self.files or (steady(done.stdout) != steady(self.stdout) and not told):
                raise Fault("exit code 0, but another result")
            return
        if signals:
            wanted = {128 + s for s in signals} | {1}  # 1: what was printed did not arrive either
        else:  # 2: a name where nothing can be made is refused, as one that is wrong
            wanted = {2} if b"cannot make directory" in done.stderr else {1}
        if done.returncode not in wanted:
            raise Fault(f"exit code {done.returncode}, expected one of {sorted(wanted | {0})}")
        if not steady(self.stdout).startswith(steady(done.stdout)):
            raise Fault(f"stdout is not the beginning of the whole: {done.stdout[-200:]!r}")
        messages = [line for line in said if line.startswith(("latentty: ", "libgomp: "))]
        if len(messages) != 1 and len(signals) < 2:
            raise Fault(f"{len(messages)} messages, expected one")
        if len(said) > 2 or any("bug" in line for line in messages):
            raise Fault("more than a message and a hint, or a bug")

    def faults_of(self, done, settings, signals=()):
        """0, or 1 after saying what is wrong."""
        try:
            self.check(done, signals)
        except Fault as fault:
            print(f"{self.name}: {settings}: {fault}\n  exit code {done.returncode}, stderr:\n"
                  + done.stderr.decode(errors="replace"), flush=True)
            return 1
        return 0

    def try_one(self, what, signals=()):
        environment = {"LT_FAULT": what}
        if signals:
            environment["LT_FAULT_SIGNALS"] = ",".join(map(str, signals))
        return self.faults_of(self.run(**environment), " ".join(f"{k}={v}" for k, v in environment.items()), signals)

    def try_limits(self):
        """With less and less memory, as `ulimit -v` says it, until the program cannot be loaded: (runs, faults)."""
        runs = faults = 0
        for mib in range(MOST_MIB, 0, -MOST_MIB // (2 * self.options.sample)):
            size = mib << 20
            done = self.run(limit=lambda size=size: resource.setrlimit(resource.RLIMIT_AS, (size, size)))
            if done.returncode == NOT_LOADED or not done.stderr and done.returncode < 0:
                break
            faults += self.faults_of(done, f"ulimit -v {mib << 10}")
            runs += 1
        return runs, faults

    def choose(self, kind):
        """The n to try: all, or one at random from each of so many equal parts."""
        total, parts = self.calls[kind], self.options.sample
        if self.options.all or total <= parts:
            return range(1, total + 1)
        rng = random.Random(f"{self.name}/{kind}")
        edges = [1 + total * i // parts for i in range(parts + 1)]
        return [rng.randrange(edges[i], edges[i + 1]) for i in range(parts)]

    def try_all(self):
        """(runs, faults) of this command."""
        runs = faults = 0
        rows = [("alloc", "", ()), ("alloc", "+", ()), ("read", "", ()), ("read", "+", ()), ("write", "", ()),
                ("read", "", (TERM,)), ("write", "", (TERM,)), ("write", "", (INT, TERM))]
        for kind, suffix, signals in rows:
            for n in self.choose(kind):
                faults += self.try_one(f"{kind}:{n}{suffix}", signals)
                runs += 1
        if not self.options.sanitized:  # which need terabytes
            more = self.try_limits()
            runs, faults = runs + more[0], faults + more[1]
        return runs, faults


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2][len("usage: "):])
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("preload", type=os.path.abspath)
    parser.add_argument("project", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--sanitized", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--sample", type=int, default=6)
    parser.add_argument("--case", choices=CASES)
    options = parser.parse_args()
    runs = faults = 0
    with tempfile.TemporaryDirectory(prefix="latentty-faults-") as folder:
        for name in [options.case] if options.case else CASES:
            case = Case(options, name, pathlib.Path(folder) / name)
            more = case.try_all()
            runs, faults = runs + more[0], faults + more[1]
            print(f"{name}: of {case.calls} calls, {more[0]} runs, {more[1]} faults", flush=True)
    print(f"test_faults.py: {runs} runs, {faults} faults")
    return 1 if faults or not runs else 0


if __name__ == "__main__":
    sys.exit(main())
