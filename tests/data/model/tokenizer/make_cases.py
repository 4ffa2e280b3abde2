#!/usr/bin/env python3
"""Writes cases.json, fuzz.json and mini/ of this folder with the CLIPTokenizer of transformers (5.23.0 was used).

  make_cases.py        run anywhere; reads assets/clip-vit-large-patch14 and tools/data/clip_unicode.json

cases.json  tricky prompts (their texts are kept in the file itself): 77 ids with the padding token of SD 1 and of SD 2
fuzz.json   random strings that dwell on what differs between tokenizers: ids without begin and end, not cut
mini/       a vocabulary of 1000 tokens (486 merges), and its 77 ids for some of the prompts in mini.json
"""
import json
import os
import pathlib
import random
import shutil
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
from transformers import CLIPTokenizer  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
FULL = ROOT / "assets/clip-vit-large-patch14"
TABLES = json.loads((ROOT / "tools/data/clip_unicode.json").read_text())
MERGES = 486
CONFIGS = ("special_tokens_map.json", "tokenizer_config.json")

WORDS = ("a photograph of an astronaut riding horse masterpiece best quality 8k trending on ArtStation don't it's we'll "
         "THEY'RE o'clock (cat:1.3) [low] <lora:x:0.8> forest,river;mountain: oil painting by van gogh HDR").split()
SPECIAL = ["<|startoftext|>", "<|endoftext|>", "<|STARTOFTEXT|>", "<|EndOfText|>", "!", "<|", "|>", "'s", "'S", "'re",
           "'ll", "''", "'", "<|endoftext", "endoftext|>"]
OTHERS = [0x200D, 0xFE0F, 0x130, 0x3A3, 0x212A]


def points(ranges):
    return [c for lo, hi in ranges for c in range(lo, hi + 1)]


LOWER = [int(k) for k in TABLES["lower"]]
NFD = [int(k) for k in TABLES["nfd"]]
MARKS = [c for r in TABLES["ccc"].values() for c in points(r)]
SPACES, NUMBERS = points(TABLES["S"]), points(TABLES["N"])


def any_point(r):
    while True:
        c = r.randrange(r.choice((0x80, 0x800, 0x10000, 0x20000, 0x110000)))
        if not 0xD800 <= c <= 0xDFFF:
            return chr(c)


def composed(r):
    a, b, _ = r.choice(TABLES["comp"])
    return chr(a) + "".join(chr(r.choice(MARKS)) for _ in range(r.choice((0, 0, 1, 2)))) + chr(b)


def hangul(r):
    if r.random() < 0.4:
        return chr(0xAC00 + r.randrange(11172))
    return chr(0x1100 + r.randrange(22)) + chr(0x1160 + r.randrange(24)) + r.choice(("", chr(0x11A7 + r.randrange(30))))


ATOMS = [
    lambda r: r.choice(WORDS) + r.choice((" ", "", " ", ", ")),
    lambda r: r.choice(WORDS) + r.choice((" ", "", " ", ", ")),
    lambda r: r.choice(SPECIAL),
    lambda r: chr(r.choice(SPACES)) * r.choice((1, 1, 2, 3)),
    lambda r: chr(r.choice(NUMBERS)),
    lambda r: chr(r.choice(LOWER)),
    lambda r: chr(r.choice(NFD)) + r.choice(("", chr(r.choice(MARKS)))),
    composed, hangul, any_point,
    lambda r: r.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") * r.choice((1, 1, 2, 4)),
    lambda r: chr(r.choice(OTHERS + [0x1F600 + r.randrange(80), 0x1F1E6 + r.randrange(26), 0x1F3FB + r.randrange(5),
                                     0x4E00 + r.randrange(3000), 0x3040 + r.randrange(190)])),
    lambda r: "".join(r.choice("abcdefghijklmnopqrstuvwxyzABCDE") for _ in range(r.randrange(1, 9))),
]


def texts(seed, count):
    r = random.Random(seed)
    return ["".join(r.choice(ATOMS)(r) for _ in range(r.randrange(1, 12))) for _ in range(count)]


def with_pad(folder, source, pad):
    """A copy of a tokenizer folder that names another padding token."""
    for name in ("vocab.json", "merges.txt") + CONFIGS:
        shutil.copyfile(source / name, folder / name)
    special = json.loads((source / CONFIGS[0]).read_text())
    special["pad_token"] = pad
    (folder / CONFIGS[0]).write_text(json.dumps(special))
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def padded(tok, text):
    return tok(text, padding="max_length", max_length=77, truncation=True).input_ids


def bare(tok, text):
    return tok(text, add_special_tokens=False).input_ids


def write(name, lists):
    """One case a line."""
    def text(v):
        return json.dumps(v, ensure_ascii=False, separators=(",", ":"))
    body = ",\n".join(text(k) + ":[\n" + ",\n".join(map(text, v)) + "\n]" for k, v in lists.items())
    (HERE / name).write_text("{" + body + "}\n", "utf-8")


def write_mini():
    vocab = sorted(json.loads((FULL / "vocab.json").read_text("utf-8")).items(), key=lambda kv: kv[1])
    words = [w for w, _ in vocab[:512 + MERGES]] + ["<|startoftext|>", "<|endoftext|>"]
    merges = (FULL / "merges.txt").read_text("utf-8").split("\n")[:1 + MERGES]
    mini = HERE / "mini"
    mini.mkdir(exist_ok=True)
    (mini / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}, indent=0), "utf-8")
    (mini / "merges.txt").write_text("\n".join(merges) + "\n", "utf-8")
    for name in CONFIGS:
        shutil.copyfile(FULL / name, mini / name)
    return CLIPTokenizer.from_pretrained(mini, local_files_only=True)


def main():
    prompts = [c["text"] for c in json.loads((HERE / "cases.json").read_text("utf-8"))["cases"]]
    with tempfile.TemporaryDirectory() as a:
        sd1 = CLIPTokenizer.from_pretrained(FULL, local_files_only=True)
        sd2 = with_pad(pathlib.Path(a), FULL, "!")
        write("cases.json", {"cases": [{"text": t, "fast": padded(sd1, t), "sd2": padded(sd2, t)} for t in prompts]})
        write("fuzz.json", {"sd1": [[t, bare(sd1, t)] for t in texts(1, 1600)],
                            "sd2": [[t, bare(sd2, t)] for t in texts(2, 400)]})
    mini = write_mini()
    write("mini.json", {"cases": [{"text": t, "fast": padded(mini, t)} for t in prompts[:12]]})


if __name__ == "__main__":
    main()
