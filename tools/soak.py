#!/usr/bin/env python3
"""Runs latentty with random settings for a while, interrupts it at random moments, and checks what it leaves.

usage: soak.py PROGRAM [--seconds N] [--seed S] [--case N]

PROGRAM should be built with the sanitizers (preset asan).  Every case is one run on the demo model, or on a copy of
it with one damaged file.  Checked: the exit code, that no sanitizer spoke, that no temporary file stays, that each
PNG is whole and of the size that was asked for, that a repeated run gives the same bytes, and that a signal ends a
run soon.  A case depends only on the seed and its number: --seed S --case N makes it again (signals come at the same
delay, not at the same instruction).
"""
import argparse
import json
import os
import pathlib
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

DEMO = pathlib.Path(__file__).resolve().parent.parent / "assets" / "demo"
PATIENCE, STOP_PATIENCE = 300, 120  # seconds that a run may take, and one that was interrupted
SANITIZED = 99  # exit code that a sanitizer gives
FAULTS = (b"Sanitizer", b"runtime error:", b"latentty: bug")
PROMPTS = ["A wild pokemon appears!", "", " ", "a", "wow!!! 4K", "<|endoftext|>", "ÉTÉ ﬁ 한국어", "🤗" * 80, "word " * 200,
           "\t\n", "-p", "--help", "'\"$(id)`", "\u0301\u0327a", "\x01\x1b[31m", "{seed} {i}"]
WRONG = [("--size", "63x64"), ("--size", "0x8"), ("--size", "99999x8"), ("-n", "0"), ("-n", "1001"), ("-g", "nan"),
         ("-s", "ddim"), ("-b", "tpu"), ("--dtype", "f64"), ("--seeds", "9..1"), ("--seed", "x"), ("--batch", "0"),
         ("--threads", "0"), ("--nothing", "1"), ("-m", "/nonexistent/model"), ("-o", "."), ("-p", b"\xff\xc0 cat"),
         ("--latents", "/nonexistent.safetensors"), ("--lens", "neither")]


class Fault(Exception):
    """What a case did wrong."""


class Case:
    """One command line and what may come of it."""

    def __init__(self, rng, folder):
        self.folder = folder
        self.signals, self.repeat, self.pictures, self.frames, self.allowed = [], False, 0, 0, {0}
        self.options = {"-m": str(DEMO), "-o": "out-{i}.png"}
        self.settings(rng)
        prompts = self.prompts(rng)
        kind = rng.choices(["good", "wrong", "damaged"], [7, 1, 2])[0]
        if kind == "wrong":
            self.options.update([rng.choice(WRONG)])
            self.allowed = {1, 2}
        elif kind == "damaged":
            self.options["-m"] = damage(rng, folder / "model")
            self.allowed = {0, 1}
        if rng.random() < .4:
            self.interrupt(rng)
        else:
            self.repeat = kind == "good" and rng.random() < .15
        self.argv = ["render", "-q", *prompts]
        for name, value in self.options.items():
            self.argv += [f"{name}={value}"] if name.startswith("--") else [name, value]

    def prompts(self, rng):
        prompts = ["--prompt=" + rng.choice(PROMPTS) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        self.pictures = len(prompts)
        if rng.random() < .3:
            seeds = [rng.choice(["0", "-1", "42", "18446744073709551615"]) for _ in range(rng.randint(1, 2))]
            self.options["--seeds"] = ",".join(seeds)
            self.pictures *= len(seeds)
        else:
            batch = rng.choice([1, 1, 2])
            self.options.update({"--seed": str(rng.getrandbits(64)), "--batch": str(batch)})
            self.pictures *= batch
        if rng.random() < .2:
            self.options.update({"--frames": "frames", "--lens": rng.choice(["latents", "x0"])})
            self.frames = self.pictures * (int(self.options["-n"]) + 1)
        return prompts

    def settings(self, rng):
        self.size = [8 * rng.randint(1, 10), 8 * rng.randint(1, 10)]
        self.options["--size"] = "%dx%d" % tuple(self.size)
        self.options["-n"] = str(rng.randint(1, 4))
        self.options["-s"] = rng.choice(["lms", "lms-blog", "euler", "euler_a"])
        self.options["--threads"] = rng.choice(["1", "2", "3"])
        some = {"-g": ["0", "1", "7.5", "-2", "1e3"], "--negative-prompt": PROMPTS, "--dtype": ["f32", "bf16"],
                "--timestep-spacing": ["linspace", "leading", "trailing"], "--trace": ["trace.safetensors"]}
        for name, values in some.items():
            if rng.random() < .35:
                self.options[name] = rng.choice(values)
        if rng.random() < .2:
            self.options.update({"-b": "ref", "--dtype": "f32"})

    def interrupt(self, rng):
        first = rng.choice([signal.SIGINT, signal.SIGTERM])
        self.signals = [(rng.choice([.02, .3, 1, 3, 8]) * rng.random(), first)]
        if rng.random() < .3:
            self.signals.append((.3 * rng.random(), rng.choice([signal.SIGINT, signal.SIGTERM])))
        self.allowed |= {128 + number for _, number in self.signals}


def damage(rng, folder):
    """A copy of the demo model with one file cut, overwritten somewhere, or gone; the others are links."""
    files = sorted(p.relative_to(DEMO) for p in DEMO.rglob("*") if p.is_file())
    victim = rng.choice(files)
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name != victim:
            (folder / name).symlink_to(DEMO / name)
    content = bytearray((DEMO / victim).read_bytes())
    how = rng.choice(["cut", "bytes", "gone"])
    if how == "cut":
        del content[rng.randrange(len(content)):]
    for _ in range(rng.randint(1, 8) if how == "bytes" else 0):  # mostly in the beginning: that is the header
        content[rng.randrange(min(len(content), rng.choice([64, 4096, 1 << 30])))] = rng.randrange(256)
    if how != "gone":
        (folder / victim).write_bytes(content)
    return str(folder)


def run(program, argv, folder, signals=()):
    """(exit code, stdout, stderr, seconds from the first signal to the end)."""
    exitcode = f":exitcode={SANITIZED}"
    env = {**os.environ, "OMP_WAIT_POLICY": "passive", "UBSAN_OPTIONS": "print_stacktrace=1" + exitcode,
           "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1" + exitcode}
    with subprocess.Popen([program, *argv], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        asked = None
        for delay, number in signals:
            try:
                child.wait(delay)
                break
            except subprocess.TimeoutExpired:
                asked = asked or time.monotonic()
                child.send_signal(number)
        try:
            out, err = child.communicate(timeout=STOP_PATIENCE if asked else PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            raise Fault(f"still there after {STOP_PATIENCE if asked else PATIENCE} s; stderr: {err!r}") from None
    # a signal that comes before the program could install its handlers ends it by itself
    code = 128 - child.returncode if child.returncode < 0 else child.returncode
    if code == SANITIZED or any(fault in err for fault in FAULTS):
        raise Fault("a sanitizer or an assertion spoke:\n" + err.decode(errors="replace"))
    return code, out, err, time.monotonic() - asked if asked else 0


def check_png(program, path, size):
    code, out, err, _ = run(program, ["info", "--json", path.name], path.parent)
    facts = json.loads(out) if code == 0 else {}
    if size and [facts.get("width"), facts.get("height")] != size:
        raise Fault(f"{path.name}: not a whole picture of {size}: info says {facts} {err!r}")


def check(program, case):
    """Runs a case; returns (exit code, seconds that a signal took).  Raises Fault."""
    code, _, err, took = run(program, case.argv, case.folder, case.signals)
    if code not in case.allowed:
        raise Fault(f"exit code {code}, expected one of {sorted(case.allowed)}; stderr: {err!r}")
    if code in (1, 2) and b"latentty" not in err:
        raise Fault(f"exit code {code} without a message; stderr: {err!r}")
    left = [p for p in case.folder.rglob("*.part-*")]
    if left:
        raise Fault(f"temporary files stay: {left}")
    pictures = sorted(case.folder.glob("out-*.png"))
    frames = sorted(case.folder.glob("frames/*.png"))
    if code == 0 and (len(pictures), len(frames)) != (case.pictures, case.frames):
        raise Fault(f"{len(pictures)} pictures and {len(frames)} frames, "
                    f"expected {case.pictures} and {case.frames}")
    for path in pictures + frames[-1:]:
        check_png(program, path, case.size)
    trace = case.folder / "trace.safetensors"
    if trace.exists() and run(program, ["info", trace.name], case.folder)[0] != 0:
        raise Fault("the trace cannot be read")
    if case.repeat:
        before = [p.read_bytes() for p in pictures]
        run(program, case.argv, case.folder)
        if before != [p.read_bytes() for p in pictures]:
            raise Fault("the same command gave another picture")
    return code, took


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n")[2][len("usage: "):])
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--case", type=int)
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    work = pathlib.Path(tempfile.mkdtemp(prefix="latentty-soak-"))
    print(f"soak.py: --seed {options.seed}, in {work}", flush=True)
    started, said, slowest, counts = time.monotonic(), 0, (0, 0), {}
    number = options.case or 0
    while True:
        folder = work / str(number)
        folder.mkdir()
        case = Case(random.Random(f"{options.seed}/{number}"), folder)
        try:
            code, took = check(program, case)
        except Fault as fault:
            print(f"soak.py: case {number} FAILED: {fault}\n"
                  f"  signals: {[(round(d, 3), n.name) for d, n in case.signals]}\n"
                  f"  in {folder}: {shlex.join(map(os.fsdecode, [program, *case.argv]))}\n"
                  f"  again: tools/soak.py {options.program} --seed {options.seed} --case {number}")
            return 1
        shutil.rmtree(folder)
        counts[code] = counts.get(code, 0) + 1
        slowest = max(slowest, (took, number))
        number += 1
        seconds = time.monotonic() - started
        if seconds > said + 60:
            said = seconds
            print(f"soak.py: {sum(counts.values())} runs in {seconds:.0f} s", flush=True)
        if options.case is not None or seconds > options.seconds:
            break
    work.rmdir()
    codes = ", ".join(f"{n} with exit code {code}" for code, n in sorted(counts.items()))
    print(f"soak.py: {sum(counts.values())} runs: {codes}; "
          f"the slowest end after a signal: {slowest[0]:.1f} s, case {slowest[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
