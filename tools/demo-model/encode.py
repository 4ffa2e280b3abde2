"""Render scenes, encode them with the VAE and tokenise a few captions of each: the UNet's training set.

Run with torchrun --nproc_per_node 2; each worker writes OUT_<rank>.npz.
"""
import argparse
import random
import time

import numpy as np
import torch
from diffusers import AutoencoderKL
from transformers import CLIPTokenizer

import captions
import parallel
from pictures import render
from scenes import sample_scene

CAPTIONS, LENGTH = 4, 32        # captions of each picture; longest stored caption, with bos and eos
BATCH = 50


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--scenes", type=int, default=26000, help="per worker, a multiple of 50")
    ap.add_argument("--vae", default="work/vae")
    ap.add_argument("--tokenizer", required=True)
    ap.add_argument("--seed", type=int, default=1000)
    ap.add_argument("--out", default="work/set")
    args = ap.parse_args()
    torch.set_num_threads(1 if parallel.WORLD > 1 else 2)
    vae = AutoencoderKL.from_pretrained(args.vae, torch_dtype=torch.float32).eval()
    tok = CLIPTokenizer.from_pretrained(args.tokenizer)
    r = random.Random(args.seed + parallel.RANK)
    latents = np.empty((args.scenes, 4, 16, 16), np.float16)
    tokens = np.full((args.scenes, CAPTIONS, LENGTH), tok.eos_token_id, np.uint16)
    start = time.time()
    for i in range(0, args.scenes, BATCH):
        batch = [sample_scene(r) for _ in range(BATCH)]
        x = torch.from_numpy(np.stack([render(s) for s in batch])).permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            z = vae.encode(x).latent_dist.mean
        latents[i:i + BATCH] = (z.float() * vae.config.scaling_factor).numpy()
        texts = [captions.caption(s, r) for s in batch for _ in range(CAPTIONS)]
        for k, ids in enumerate(tok(texts, truncation=True, max_length=LENGTH)["input_ids"]):
            tokens[i + k // CAPTIONS, k % CAPTIONS, :len(ids)] = ids
        if i % 2000 == 0:
            print(f"{parallel.RANK}: {i} {time.time() - start:.0f} s", flush=True)
    np.savez(f"{args.out}_{parallel.RANK}.npz", latents=latents, tokens=tokens)
    f = latents.astype(np.float32)
    print("mean", f.mean((0, 2, 3)), "deviation", f.std((0, 2, 3)), f"{time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
