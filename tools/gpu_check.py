#!/usr/bin/env python3
"""What tools/gpu-check.sh does once everything is built: runs the checks on the GPU and writes a report in Markdown.

usage: gpu_check.py BUILD REPORT

BUILD: a build folder with latentty, latentty-cuda.so and tests/cuda/cuda_gpu_parity.  The exit code is 1 if a check failed;
every check runs all the same.  Needs python3 alone; torch and diffusers only for the comparison in the end.
"""
import array
import json
import math
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
UNET_LIMIT = 5e-3  # relative L2 of noise predictions in f16 against the processor's f32
BATCHES = [1, 2, 4]


class Report:
    """Lines of Markdown, also said as they come."""

    def __init__(self, path):
        self.path, self.lines, self.faults = path, [], []

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)
        self.path.write_text("\n".join(self.lines) + "\n")

    def heading(self, text):
        self.say(f"\n## {text}\n")

    def block(self, text):
        for line in ["```", *text.rstrip().splitlines(), "```"]:
            self.say(line)

    def check(self, name, ok, facts):
        self.say(f"- {'passed' if ok else '**FAILED**'}: {name}: {facts}")
        if not ok:
            self.faults.append(name)


def command(*words, timeout=900, apart=False):
    """(code, output); code -1: it could not be started or took too long.  apart: what it says of itself (stderr) is the
    output only where it failed."""
    try:
        done = subprocess.run([str(w) for w in words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE if apart else subprocess.STDOUT, timeout=timeout, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        return -1, str(fault)
    output = done.stderr if apart and done.returncode else done.stdout
    return done.returncode, output.decode(errors="replace")


def tensors(path):
    """{name: array of floats} of the float32 tensors of a .safetensors file."""
    data = path.read_bytes()
    header = struct.unpack("<Q", data[:8])[0]
    found = {}
    for name, facts in json.loads(data[8:8 + header]).items():
        if name != "__metadata__" and facts["dtype"] == "F32":
            start, end = facts["data_offsets"]
            found[name] = array.array("f", data[8 + header + start:8 + header + end])
    return found


def relative(a, b):
    """L2 of a - b, of b's."""
    norm = math.sqrt(sum(y * y for y in b))
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b))) / norm if norm else 0.0


def psnr(a, b):
    """Of two pictures in -1..1, in dB."""
    def level(x):
        return min(max(x, -1.0), 1.0)
    square = sum((level(x) - level(y)) ** 2 for x, y in zip(a, b)) / len(a)
    return 10 * math.log10(4 / square) if square else math.inf


def machine(report, build):
    report.heading("Machine")
    _, text = command("nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit", "--format=csv")
    report.block(text)
    _, text = command(build / "latentty", "--version")
    report.block(text)
    _, text = command("git", "rev-parse", "--short", "HEAD")
    report.say(f"Commit {text.strip()}, {time.strftime('%Y-%m-%d')}.")


def parity(report, build):
    report.heading("Ops and networks against the reference and the processor")
    for name, what in [("ops", "every op in odd shapes and three types"), ("blocks", "attention in blocks"), ("parity", "Stable Diffusion 1.4's ops and networks")]:
        code, text = command(build / "tests" / "cuda" / f"cuda_gpu_{name}", timeout=3600)
        report.check(what, code == 0, f"exit code {code}")
        report.block(text if len(text) < 20000 else text[:2000] + "\n...\n" + text[-18000:])


def sanitizer():
    """compute-sanitizer's path, or None."""
    homes = [os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]
    return shutil.which("compute-sanitizer", path=os.pathsep.join([os.environ.get("PATH", ""),
                                                                   *(f"{home}/bin" for home in homes if home)]))


def our_kernels():
    """Their names, from the source."""
    files = (ROOT / "src" / "cuda").glob("*.cuh")
    return {name for f in files for name in re.findall(r"__global__ void (?:__launch_bounds__\([^)]*\) )?(\w+)\(", f.read_text())}


def sanitize(report, build):
    """memcheck is about all kernels, as we say where they work; the others about ours alone: the libraries' pass values
    in ways that look like hazards to them."""
    report.heading("compute-sanitizer")
    program = sanitizer()
    if not program:
        report.say("Not run: compute-sanitizer was not found in PATH, CUDA_HOME or /usr/local/cuda.")
        return
    ours = re.compile(r"\b(" + "|".join(sorted(our_kernels())) + r")\b")
    for tool in ["memcheck", "racecheck", "initcheck", "synccheck"]:
        code, text = command(program, "--tool", tool, "--error-exitcode", "3", build / "tests" / "cuda" / "cuda_gpu_parity",
                             "--small", timeout=1800)
        said = [line for line in text.splitlines() if line.startswith("=========")]
        others = code == 3 and tool != "memcheck" and not any(ours.search(line) for line in said)
        report.check(f"compute-sanitizer {tool}", code == 0 or others,
                     (said[-1].strip("= ") if said else f"exit code {code}") + (", in the libraries' kernels alone" if others else ""))
        if code:
            report.block("\n".join((said or text.splitlines())[:80]))


def render(build, folder, backend, dtype):
    """A traced picture of the demo model: (fault or None, tensors)."""
    trace = folder / f"{backend}-{dtype}.safetensors"
    code, text = command(build / "latentty", "render", "-p", "A wild pokemon appears!", "--seed", "42", "--backend", backend,
                         "--dtype", dtype, "--trace", trace, "-o", folder / f"{backend}-{dtype}.png", "--quiet", apart=True)
    return (text, {}) if code else (None, tensors(trace))


def pictures(report, build):
    report.heading("A whole picture of the demo model against the processor in f32")
    folder = build / "gpu-check"
    folder.mkdir(exist_ok=True)
    fault, want = render(build, folder, "cpu", "f32")
    if fault:
        report.check("cpu f32", False, fault.strip())
        return
    for dtype, limit, least in [("f32", 1e-4, 60), ("f16", UNET_LIMIT, 30), ("bf16", 4e-2, 20)]:
        fault, got = render(build, folder, "cuda", dtype)
        if fault:
            report.check(f"cuda {dtype}", False, fault.strip())
            continue
        first = max(relative(got[k], want[k]) for k in ("step.000.eps_uncond", "step.000.eps_text"))
        quality = psnr(got["image.float"], want["image.float"])
        report.check(f"cuda {dtype}", first <= limit and quality >= least,
                     f"first noise predictions within {first:.2e} (at most {limit:.0e}), end picture {quality:.1f} dB "
                     f"(at least {least})")


def bench(build, dtype, batch, repeat=10):
    code, text = command(build / "latentty", "bench", "--synthetic", "sd14", "--size", "512x512", "--backend", "cuda", "--dtype",
                         dtype, "--batch", batch, "--repeat", repeat, "--json", "--quiet", apart=True)
    return (json.loads(text), None) if code == 0 else (None, text.strip())


def table(report, parts):
    report.say("| op | count | ms | share | TFLOP/s | of the matrix product |")
    report.say("|---|--:|--:|--:|--:|--:|")
    for op in parts["ops"]:
        rate = f"{op['flop_per_s'] / 1e12:.1f}" if op["flop_per_s"] else ""
        share = f"{op['of_matmul']:.2f}" if op["of_matmul"] else ""
        report.say(f"| {op['op']} | {op['count']} | {op['ms']:.3f} | {op['share']:.3f} | {rate} | {share} |")


def ms(value):
    return "" if value is None else f"{value:.2f} ms"


def speed(report, build):
    report.heading("Speed: Stable Diffusion 1.4's shapes at 512x512, random weights")
    report.say("| type | pictures | guided step | decode | step, decode beside it | text | load | memory of the process on the host, peak |")
    report.say("|---|--:|--:|--:|--:|--:|--:|--:|")
    details = None
    for dtype in ["f16", "bf16"]:
        for batch in BATCHES:
            bench(build, dtype, batch, 1)  # tunes, and fills the cache of plans
            facts, fault = bench(build, dtype, batch)
            if fault:
                report.check(f"bench {dtype} {batch}", False, fault)
                continue
            times = [facts[f"{part}_ms"] for part in ("guided_step", "decode", "guided_step_with_decode", "text", "load")]
            report.say(f"| {dtype} | {batch} | {' | '.join(map(ms, times))} | {facts['peak_rss_mb']:.0f} MB |")
            if (dtype, batch) == ("f16", 1):
                details = facts
    for part in ["guided_step", "decode"] if details else []:
        report.say(f"\nOps of one {part.replace('_', ' ')} in f16, measured one by one:\n")
        table(report, details[part])


def rivals(report, build):
    report.heading("diffusers on the same card")
    code, _ = command(sys.executable, "-c", "import torch, diffusers, transformers; assert torch.cuda.is_available()")
    if code:
        report.say("Not measured: python3 has no torch with CUDA, diffusers and transformers here.")
        return
    code, text = command(sys.executable, "tools/bench_diffusers.py", "--latentty", build / "latentty", "--synthetic", "sd14",
                         "--backend", "cuda", "--dtype", "f16", "--rounds", "2", "--repeat", "10", timeout=1800, apart=True)
    report.check("bench_diffusers.py", code == 0, f"exit code {code}")
    report.say("\n".join(text.splitlines()[:-1]) if code == 0 else text)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    build, report = ROOT / sys.argv[1], Report(pathlib.Path(sys.argv[2]))
    report.say("# latentty on this GPU")
    machine(report, build)
    for part in [parity, sanitize, pictures, speed, rivals]:
        try:
            part(report, build)
        except Exception as fault:  # the other parts are worth their time all the same
            report.check(part.__name__, False, repr(fault))
    report.heading("Result")
    report.say("everything passed" if not report.faults else f"failed: {', '.join(report.faults)}")
    print(f"gpu-check: the report is in {report.path}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
