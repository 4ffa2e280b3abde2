#!/usr/bin/env python3
"""Times latentty and diffusers in turns on this machine, and prints how much longer diffusers takes.

usage: bench_diffusers.py --latentty PROGRAM (--model DIR | --synthetic sd14) [--size WxH] [--batch N]
                          [--backend cpu|cuda] [--dtype f32|bf16|f16] [--threads N] [--rounds N] [--repeat R]
                          [--no-compile]

Compared are a prompt's encoding, a guided step (diffusers: one call of the UNet for 2N rows) and the decoding of N
pictures, with the same type and number of threads; diffusers with channels last, eager and compiled (torch.compile,
which needs g++; on cuda with mode max-autotune; --no-compile leaves it out).  A round is `latentty bench`, then diffusers eager, then compiled; each
warms up once and gives the median of R calls.  With --synthetic both have random weights of the same shapes.

Prints the medians over the rounds, and theirs / ours with the least and the greatest of single rounds, as a table in
Markdown; then everything as JSON on one line.  Needs the packages of tools/oracle/requirements.txt.

Nothing else should run meanwhile: a waiting thread of OpenMP spins, so torch loses far more to another program than
latentty, which shortens the spin (src/main.c).  Where that cannot be had, --threads 1 compares what is computed.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings

CONFIGS = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "tiny"
SYNTHETIC = ["sd14"]  # as in src/pipeline/synthetic.c
PARTS = ["text", "guided_step", "decode"]
BUSY = 0.3  # load average


class Diffusers:
    """The networks of a model in torch, and a call of each part."""

    def __init__(self, args):
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        warnings.filterwarnings("ignore")
        import diffusers
        import torch
        import transformers
        for library in (diffusers, transformers):
            library.utils.logging.set_verbosity_error()
            library.utils.logging.disable_progress_bar()
        torch.set_num_threads(args.threads)
        self.torch, self.args = torch, args
        self.versions = {m.__name__: m.__version__ for m in (torch, diffusers)}
        self.dtype = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}[args.dtype]
        self.device = torch.device(args.backend)
        torch.set_default_dtype(self.dtype)
        self.text, self.unet, self.vae = self.random() if args.synthetic else self.load()
        for part in (self.text, self.unet, self.vae):
            part.eval().to(self.device, self.dtype)
        for part in (self.unet, self.vae):
            part.to(memory_format=torch.channels_last)
        self.make_inputs()

    def random(self):
        import diffusers
        import transformers
        folder = CONFIGS / self.args.synthetic
        text, unet, vae = [json.loads((folder / part / "config.json").read_text())
                           for part in ("text_encoder", "unet", "vae")]
        text = {k: v for k, v in text.items() if not k.startswith("_")}
        return (transformers.CLIPTextModel(transformers.CLIPTextConfig(**text)),
                diffusers.UNet2DConditionModel.from_config(unet), diffusers.AutoencoderKL.from_config(vae))

    def load(self):
        import diffusers
        import transformers
        options = dict(local_files_only=True)
        return (transformers.CLIPTextModel.from_pretrained(self.args.model, subfolder="text_encoder",
                                                           dtype=self.dtype, **options),
                diffusers.UNet2DConditionModel.from_pretrained(self.args.model, subfolder="unet",
                                                               torch_dtype=self.dtype, **options),
                diffusers.AutoencoderKL.from_pretrained(self.args.model, subfolder="vae", torch_dtype=self.dtype,
                                                        **options))

    def make_inputs(self):
        torch, n = self.torch, self.args.batch
        factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        if any(side % factor for side in self.args.size):
            sys.exit(f"--size must be multiples of {factor}")
        w, h = (side // factor for side in self.args.size)
        c, width = self.unet.config.in_channels, self.unet.config.cross_attention_dim
        tokens = self.text.config.max_position_embeddings
        self.ids = (torch.arange(tokens) % self.text.config.vocab_size)[None]
        self.latents = torch.randn(n, c, h, w).to(memory_format=torch.channels_last)
        self.both = torch.cat([self.latents, self.latents]).to(memory_format=torch.channels_last)
        self.states = torch.randn(2 * n, tokens, width)
        for name in ("ids", "latents", "both", "states"):
            setattr(self, name, getattr(self, name).to(self.device))

    def calls(self, compiled):
        """{part: a function of no arguments}; compiled ones are compiled in their first call."""
        options = dict(mode="max-autotune") if self.args.backend == "cuda" else {}
        compile_ = (lambda f: self.torch.compile(f, **options)) if compiled else lambda f: f
        text, unet, decode = compile_(self.text), compile_(self.unet), compile_(self.vae.decode)
        return {"text": lambda: text(self.ids)[0],
                "guided_step": lambda: unet(self.both, 500, encoder_hidden_states=self.states, return_dict=False)[0],
                "decode": lambda: decode(self.latents / self.vae.config.scaling_factor, return_dict=False)[0]}

    def time(self, calls):
        """{part: milliseconds}: the median of R calls after one to warm up."""
        with self.torch.no_grad():
            return {part: self.time_one(call) for part, call in calls.items()}

    def finish(self):
        if self.args.backend == "cuda":
            self.torch.cuda.synchronize()

    def time_one(self, call):
        call()
        self.finish()
        seconds = []
        for _ in range(self.args.repeat):
            start = time.perf_counter()
            call()
            self.finish()
            seconds.append(time.perf_counter() - start)
        return 1e3 * statistics.median(seconds)


def latentty(args):
    """What `latentty bench --json` says."""
    model = ["--synthetic", args.synthetic] if args.synthetic else ["--model", args.model]
    done = subprocess.run([args.latentty, "bench", *model, "--size", "{}x{}".format(*args.size), "--batch",
                           str(args.batch), "--backend", args.backend, "--dtype", args.dtype, "--threads", str(args.threads), "--repeat",
                           str(args.repeat), "--json", "--quiet"], stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"{args.latentty} bench failed with {done.returncode}")
    return json.loads(done.stdout)


def summary(rounds):
    """rounds: [{"latentty": {part: ms}, "eager": {part: ms}, ...}] -> {part: {who: {ms, ratio, least, most}}}."""
    table = {}
    for part in PARTS:
        ours = [r["latentty"][part] for r in rounds]
        table[part] = {"latentty": {"ms": statistics.median(ours)}}
        for who in rounds[0]:
            if who == "latentty":
                continue
            theirs = [r[who][part] for r in rounds]
            ratios = [b / a for a, b in zip(ours, theirs)]
            table[part][who] = {"ms": statistics.median(theirs), "least": min(ratios), "most": max(ratios),
                                "ratio": statistics.median(theirs) / statistics.median(ours)}
    return table


def markdown(table):
    """Rows of a Markdown table."""
    others = [who for who in table[PARTS[0]] if who != "latentty"]
    yield "| | latentty | " + " | ".join(f"{who} | {who} / latentty" for who in others) + " |"
    yield "|---|" + "--:|" * (1 + 2 * len(others))
    for part in PARTS:
        row = [part.replace("_", " "), f"{table[part]['latentty']['ms']:.1f} ms"]
        for who in others:
            t = table[part][who]
            row += [f"{t['ms']:.1f} ms", f"{t['ratio']:.2f} ({t['least']:.2f} to {t['most']:.2f})"]
        yield "| " + " | ".join(row) + " |"


def size(text):
    """WxH -> [W, H]."""
    sides = [int(side) for side in text.split("x")]
    if len(sides) != 2 or min(sides) < 1:
        raise ValueError
    return sides


def positive(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("--latentty", required=True, metavar="PROGRAM")
    model = parser.add_mutually_exclusive_group(required=True)
    model.add_argument("--model", metavar="DIR")
    model.add_argument("--synthetic", choices=SYNTHETIC)
    parser.add_argument("--size", type=size, default=[512, 512], metavar="WxH")
    parser.add_argument("--batch", type=positive, default=1, metavar="N")
    parser.add_argument("--dtype", choices=["f32", "bf16", "f16"], default="bf16")
    parser.add_argument("--backend", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=positive, default=len(os.sched_getaffinity(0)), metavar="N")
    parser.add_argument("--rounds", type=positive, default=3, metavar="N")
    parser.add_argument("--repeat", type=positive, default=3, metavar="R")
    parser.add_argument("--no-compile", action="store_true")
    return parser.parse_args(words)


def main():
    args = arguments(sys.argv[1:])
    load = os.getloadavg()[0]
    if load > BUSY:
        print(f"warning: the machine is busy (load average {load:.2f}); see --help", file=sys.stderr)
    theirs = Diffusers(args)
    calls = {"eager": theirs.calls(False)}
    if not args.no_compile:
        calls["compiled"] = theirs.calls(True)
    rounds, facts = [], []
    for i in range(args.rounds):
        facts.append(latentty(args))
        rounds.append({"latentty": {part: facts[-1][f"{part}_ms"] for part in PARTS}})
        for who, parts in calls.items():
            print(f"round {i + 1} of {args.rounds}: {who}", file=sys.stderr)
            rounds[-1][who] = theirs.time(parts)
    table = summary(rounds)
    print(f"{args.synthetic or args.model}, {args.size[0]}x{args.size[1]}, batch {args.batch}, {args.dtype}, "
          f"{args.threads} threads; medians of {args.rounds} rounds of {args.repeat}; "
          + ", ".join(f"{name} {version}" for name, version in theirs.versions.items()) + "\n")
    print("\n".join(markdown(table)) + "\n")
    print(json.dumps({"summary": table, "rounds": rounds, "latentty": facts, "versions": theirs.versions, "load_average": load,
                      "settings": {k: v for k, v in vars(args).items() if k != "latentty"}}))


if __name__ == "__main__":
    main()
