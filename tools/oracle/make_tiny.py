#!/usr/bin/env python3
"""Write the random-weight models of tests/data/tiny/ as diffusers directories.

  make_tiny.py OUT [VARIANT ...]     every variant but lcm, rare and sd14 unless named

A variant's configs are committed in tests/data/tiny/VARIANT/; its tokenizer is cut from
assets/clip-vit-large-patch14/, its weights come from detw.py.  tests/support/tiny_model.c does the same in C;
this program is the independent second opinion.
"""
import argparse
import json
import pathlib
import shutil

import numpy as np

import detw

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "tests/data/tiny"
VOCABULARY = ROOT / "assets/clip-vit-large-patch14"
FILES = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model"}


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def variants():
    """Those with golden files: lcm and rare have only configs, for latentty to refuse; sd14 is full-size."""
    return sorted(p.name for p in CONFIGS.iterdir() if p.is_dir() and p.name not in ("lcm", "rare", "sd14"))


def configs(variant):
    return {part: read(CONFIGS / variant / part / "config.json") for part in FILES}


def write_tokenizer(dst, merges):
    """The first `merges` merges (all: None) and the tokens that they make, then begin and end."""
    lines = (VOCABULARY / "merges.txt").read_text(encoding="utf-8").split("\n")
    vocab = sorted(read(VOCABULARY / "vocab.json").items(), key=lambda item: item[1])
    if merges is not None:
        lines = lines[:1 + merges] + [""]
        names = [token for token, _ in vocab[:512 + merges]] + ["<|startoftext|>", "<|endoftext|>"]
        vocab = [(token, i) for i, token in enumerate(names)]
    (dst / "merges.txt").write_text("\n".join(lines), encoding="utf-8", newline="\n")
    (dst / "vocab.json").write_text(json.dumps(dict(vocab), ensure_ascii=False), encoding="utf-8")


def shapes(config):
    """{component: [(name, shape)]} as diffusers and transformers have them, without memory for the weights."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel
    text = {k: v for k, v in config["text_encoder"].items() if not k.startswith("_")}
    with torch.device("meta"):
        models = {"unet": UNet2DConditionModel.from_config(config["unet"]),
                  "vae": AutoencoderKL.from_config(config["vae"]),
                  "text_encoder": CLIPTextModel(CLIPTextConfig(**text))}

    def name(part, k):  # transformers 5.6 dropped the prefix that checkpoints have
        return k if part != "text_encoder" or k.startswith("text_model.") else "text_model." + k
    return {part: [(name(part, k), tuple(v.shape)) for k, v in model.state_dict().items()]
            for part, model in models.items()}


def write_weights(path, part, parameters, rule):
    """float32, in the order of the model, one tensor in memory at a time."""
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in parameters:
        size = 4 * int(np.prod(shape, dtype=np.int64))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for name, shape in parameters:
            mean, std = detw.init_rule(name, shape, rule["spread"], rule["small"])
            f.write(detw.fill(f"{part}/{name}", rule["seed"], shape, mean, std).astype("<f4").tobytes())


def write_model(variant, dst):
    src = CONFIGS / variant
    shutil.copytree(src, dst, dirs_exist_ok=True)
    rule = read(src / "tiny.json")
    write_tokenizer(dst / "tokenizer", rule["merges"])
    for part, parameters in shapes(configs(variant)).items():
        write_weights(dst / part / f"{FILES[part]}.safetensors", part, parameters, rule)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("variant", nargs="*")
    args = parser.parse_args()
    for variant in args.variant or variants():
        write_model(variant, args.out / variant)
        print(args.out / variant)


if __name__ == "__main__":
    main()
