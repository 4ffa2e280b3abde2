"""Train the autoencoder (4 levels, 4 latent channels) on rendered scenes, or only the decoder of a finished one.

Latent noise of a fixed relative strength makes the decoder forgive a small UNet's errors. At the end the mean and deviation
of each channel are folded into the 1x1 quant convolutions, so that latents * 0.18215 have mean 0 and deviation 1.
Run with torchrun --nproc_per_node 2.
"""
import argparse
import copy
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from PIL import Image

import optim
import parallel
from models import SCALING, make_vae
from pictures import render
from scenes import sample_scene

HELD_OUT = 64               # the last pictures, never trained on


def batch_of(pictures, idx):
    """Float NCHW in [-1, 1]."""
    return torch.from_numpy(pictures[idx]).permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1)


def psnr(mse):
    return 10 * np.log10(4 / mse)


def grad_loss(a, b):
    """L1 of the horizontal and vertical differences at two scales: crisp edges."""
    d, loss = a - b, 0
    for _ in range(2):
        loss = loss + (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
        d = F.avg_pool2d(d, 2)
    return loss


@torch.no_grad()
def fold_statistics(vae, pictures):
    """Give the latents mean zero and deviation 1/SCALING in each channel, by editing the 1x1 convolutions."""
    z = torch.cat([vae.encode(batch_of(pictures, np.arange(i, i + 50))).latent_dist.mean for i in range(0, 1000, 50)])
    mu, sd = z.mean((0, 2, 3)), z.std((0, 2, 3))
    g = 1 / (SCALING * sd)
    q, p = vae.quant_conv, vae.post_quant_conv
    q.weight[:4] *= g[:, None, None, None]
    q.bias[:4] = (q.bias[:4] - mu) * g
    q.weight[4:] = 0
    q.bias[4:] = 2 * np.log(0.05 / SCALING)
    w = p.weight.clone()
    p.bias += w[:, :, 0, 0] @ mu
    p.weight.copy_(w / g[None, :, None, None])


@torch.no_grad()
def report(vae, pictures, path):
    """Print the error on held-out pictures and save sixteen of them above what becomes of them."""
    x = batch_of(pictures, np.arange(len(pictures) - HELD_OUT, len(pictures)))
    y = torch.cat([vae.decode(vae.encode(c).latent_dist.mean).sample for c in x.split(16)])
    print(f"held-out L1 {(y - x).abs().mean().item():.4f} psnr {psnr((y - x).square().mean().item()):.2f}", flush=True)
    g = torch.cat([torch.cat(list(t[i:i + 8]), -1) for i in (0, 8) for t in (x, y)], -2)
    Image.fromarray(g.add(1).mul(127.5).clamp(0, 255).round().byte().permute(1, 2, 0).numpy()).save(path)


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--minutes", type=float, default=15)
    ap.add_argument("--pictures", type=int, default=10000)
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--batch", type=int, default=4, help="pictures per worker")
    ap.add_argument("--noise", type=float, default=.08, help="latent noise, in units of each channel's deviation")
    ap.add_argument("--decoder-only", help="finished VAE whose decoder alone is trained on: its latents stay as they are")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--out", default="work/vae")
    return ap.parse_args()


def main():
    args = arguments()
    parallel.init()
    rng, r = np.random.default_rng(args.seed + parallel.RANK), random.Random(args.seed)
    pictures = np.stack([render(sample_scene(r)) for _ in range(args.pictures)])
    torch.manual_seed(args.seed)
    vae = AutoencoderKL.from_pretrained(args.decoder_only, torch_dtype=torch.float32) if args.decoder_only else make_vae()
    if args.decoder_only:
        vae.encoder.requires_grad_(False)
        vae.quant_conv.requires_grad_(False)
        if parallel.RANK == 0:
            report(vae, pictures, args.out + ".png")
    named = [(name, p) for name, p in vae.named_parameters() if p.requires_grad]
    params, ema = [p for _, p in named], copy.deepcopy(vae)
    ema_params = [p for p in ema.parameters() if p.requires_grad]
    opt = optim.Both(named, lambda name, p: p.ndim >= 2 and p.shape[0] > 8 and p.shape[1] > 4, args.lr)
    torch.manual_seed(args.seed + parallel.RANK)
    deviation, step, frac, log = torch.ones(4), 0, 0, []
    start = saved = time.time()
    while frac < 1:
        lr = args.lr * min(1, (step + 1) / 50) * (.5 + .5 * np.cos(np.pi * frac)) + 1e-6
        opt.set_lr(lr, .7 * lr)
        x = batch_of(pictures, rng.integers(0, len(pictures) - HELD_OUT, args.batch))
        with torch.autocast("cpu", torch.bfloat16):
            with torch.set_grad_enabled(not args.decoder_only):
                z = vae.encode(x).latent_dist.mean.float()
            deviation.lerp_(z.detach().std((0, 2, 3)), .05 if step > 50 else .5)
            y = vae.decode(z + args.noise * deviation[None, :, None, None] * torch.randn_like(z)).sample
        y = y.float()
        l1, l2 = (y - x).abs().mean(), (y - x).square().mean()
        loss = l1 + 2 * l2 + .5 * grad_loss(y, x) + 1e-4 * z.square().mean()
        loss.backward()
        *sds, frac = parallel.average(params, deviation.tolist() + [(time.time() - start) / (60 * args.minutes)])
        deviation = torch.tensor(sds)
        torch.nn.utils.clip_grad_norm_(params, .5)
        opt.step()
        opt.zero_grad()
        step += 1
        with torch.no_grad():
            torch._foreach_lerp_(ema_params, params, 1 - min(.998, step / (step + 19)))
        log.append((l1.item(), l2.item()))
        if step % 100 == 0:
            m = np.mean(log[-100:], 0)
            parallel.say(f"{step} {time.time() - start:.0f} s lr {lr:.1e} L1 {m[0]:.4f} psnr {psnr(m[1]):.2f}")
        if parallel.RANK == 0 and time.time() - saved > 150 and frac < 1:
            saved = time.time()
            report(ema, pictures, args.out + ".png")
            if args.decoder_only:
                ema.save_pretrained(args.out + "_part")
    if parallel.RANK:
        return
    if not args.decoder_only:
        fold_statistics(ema, pictures)
    ema.save_pretrained(args.out)
    print("done", step, "steps")
    report(ema, pictures, args.out + ".png")


if __name__ == "__main__":
    os.makedirs("work", exist_ok=True)
    main()
