"""Train the UNet and the text encoder together on the encoded scenes (see encode.py).

Epsilon prediction on Stable Diffusion's noise schedule, min-SNR weights, captions dropped for classifier-free guidance,
offset noise that fades out by half time, a moving average of the weights. Only tokens that occur in the captions have an
embedding here; the others become zero rows of the exported table. Zero rows are mixed into captions while training, so that
unknown words are mostly ignored.

--strength S calibrates guidance: the loss looks at u + (y - u) / S, where y is the captioned prediction and u that of the
averaged weights for the empty prompt. So the network learns y = u + S (c - u), c being what it would have predicted, and a
guidance scale g acts as S g does otherwise. Without it a network this small bursts into saturated colours at 7.5.

Run with torchrun --nproc_per_node 2.
"""
import argparse
import copy
import glob
import os
import time

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor

import optim
import parallel
from models import BOS, EOS, SEQ, UNK, VOCABULARY, make_text, make_unet, warm_start


def alphas_cumprod():
    """SD 1.x: scaled_linear 0.00085..0.012, 1000 steps."""
    betas = torch.linspace(0.00085 ** .5, 0.012 ** .5, 1000, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


class Captions:
    """Random caption ids in the compact vocabulary: some dropped to the empty prompt, some with unknown words mixed in."""

    def __init__(self, tokens, rng, drop, unknown):
        self.vocab = np.concatenate([[0], np.unique(np.append(tokens, [BOS, EOS]))])     # place 0 is UNK's
        table = np.zeros(VOCABULARY, np.int64)
        table[self.vocab[1:]] = np.arange(1, len(self.vocab))
        self.tokens = table[tokens].astype(np.int16)
        self.bos, self.eos = table[BOS], table[EOS]
        self.empty = torch.tensor([[self.bos] + [self.eos] * (SEQ - 1)])
        self.rng, self.drop, self.unknown = rng, drop, unknown

    def __call__(self, idx):
        r, out = self.rng, np.full((len(idx), SEQ), self.eos, np.int64)
        for k, i in enumerate(idx):
            row = self.tokens[i, r.integers(self.tokens.shape[1])]
            if r.random() < self.drop:
                out[k, 0] = self.bos
                continue
            out[k, :len(row)] = row
            if r.random() < self.unknown:
                n = int((row != self.eos).sum())
                for _ in range(r.integers(1, 4)):
                    p = r.integers(1, n + 1)
                    out[k, p + 1:n + 2] = out[k, p:n + 1].copy()
                    out[k, p], n = UNK, n + 1
        return torch.from_numpy(out)


class Batches:
    """Endless random indices, every picture once in each round."""

    def __init__(self, total, size, rng):
        self.total, self.size, self.rng, self.order, self.at = total, size, rng, np.zeros(0, np.int64), 0

    def next(self):
        if self.at + self.size > len(self.order):
            self.order, self.at = self.rng.permutation(self.total), 0
        self.at += self.size
        return self.order[self.at - self.size:self.at]


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--minutes", type=float, default=60)
    ap.add_argument("--batch", type=int, default=32, help="per worker")
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--lr-end", type=float, default=1e-5)
    ap.add_argument("--drop", type=float, default=.12, help="share of captions dropped")
    ap.add_argument("--unknown", type=float, default=.08, help="share of captions with unknown words")
    ap.add_argument("--offset", type=float, default=.04, help="offset noise at the start")
    ap.add_argument("--ema", type=float, default=.999)
    ap.add_argument("--snr", type=float, default=5.0, help="gamma of min-SNR")
    ap.add_argument("--strength", type=float, default=1.0, help="see above")
    ap.add_argument("--warmup", type=int, default=200)
    ap.add_argument("--compile", action="store_true", help="1.3 times faster steps, after some minutes of compilation")
    ap.add_argument("--warm", help="exported pipeline directory to start from")
    ap.add_argument("--init", help="checkpoint to start from (same vocabulary)")
    ap.add_argument("--data", default="work/set_*.npz")
    ap.add_argument("--out", default="work/unet.pt")
    ap.add_argument("--seed", type=int, default=7)
    return ap.parse_args()


def build(args, vocab):
    """The networks as the arguments want them started."""
    unet, text = make_unet(), make_text(len(vocab))
    unet.set_attn_processor(AttnProcessor())            # plain products: the fused attention's backward is slow on CPUs
    text.set_attn_implementation("eager")
    with torch.no_grad():
        text.get_input_embeddings().weight.normal_(0, .2)[UNK] = 0
    if args.warm:
        parallel.say("words new to the model:", warm_start(unet, text, vocab, args.warm))
    if args.init:
        ck = torch.load(args.init, weights_only=False)
        assert np.array_equal(ck["vocab"], vocab)
        unet.load_state_dict(ck["unet"])
        text.load_state_dict(ck["text"])
    return unet, text


def extrapolate(y, ema, x, t, captioned, empty, strength):
    """u + (y - u) / strength for the captioned pictures of a batch."""
    with torch.no_grad():
        u = ema["unet"](x, t, ema["text"](empty).last_hidden_state.float().expand(len(x), -1, -1)).sample.float()
    return torch.where(captioned[:, None, None, None], u + (y - u) / strength, y)


def save(ema, vocab, step, args, log):
    """Write the checkpoint in one step, so that a reader never meets half of one."""
    torch.save({"unet": ema["unet"].state_dict(), "text": ema["text"].state_dict(), "vocab": vocab, "step": step,
                "args": vars(args), "loss": np.mean(log[-500:], 0).tolist()}, args.out + ".tmp")
    os.replace(args.out + ".tmp", args.out)


def main():
    args = arguments()
    parallel.init()
    torch.manual_seed(args.seed)
    sets = [np.load(f) for f in sorted(glob.glob(args.data))]
    latents = torch.from_numpy(np.concatenate([s["latents"] for s in sets]))
    rng = np.random.default_rng(args.seed + parallel.RANK)
    words = Captions(np.concatenate([s["tokens"] for s in sets]), rng, args.drop, args.unknown)
    unet, text = build(args, words.vocab)
    emb = text.get_input_embeddings().weight
    both = torch.nn.ModuleDict({"unet": unet, "text": text})
    params, ema = list(both.parameters()), copy.deepcopy(both).requires_grad_(False)
    parallel.say(f"{len(latents)} latents, {len(words.vocab)} words, {sum(p.numel() for p in params) / 1e6:.2f} M parameters")
    hidden = lambda name, p: p.ndim >= 2 and min(p.shape[:2]) > 8 and "embeddings" not in name
    opt = optim.Both(list(both.named_parameters()), hidden, args.lr)
    forward = torch.compile(unet, dynamic=False) if args.compile else unet
    torch.manual_seed(args.seed + 100 + parallel.RANK)
    ac = alphas_cumprod()
    snr = ac / (1 - ac)
    weight = torch.clamp(snr, max=args.snr) / snr
    n, batches = args.batch, Batches(len(latents), args.batch, rng)
    step, frac, log = 0, 0.0, []
    start = saved = time.time()
    while frac < 1:
        lr = args.lr_end + (args.lr - args.lr_end) * min(1, (step + 1) / args.warmup) * (.5 + .5 * np.cos(np.pi * min(1, frac)))
        opt.set_lr(lr, .6 * lr)
        idx = batches.next()
        z = latents[idx].float()
        t = ((torch.randperm(n) + torch.rand(n)) / n * 1000).long().clamp_(0, 999)
        noise = torch.randn_like(z) + args.offset * max(0, 1 - 2 * frac) * torch.randn(n, 4, 1, 1)
        a = ac[t][:, None, None, None]
        x = a.sqrt() * z + (1 - a).sqrt() * noise
        ids = words(idx)
        with torch.autocast("cpu", torch.bfloat16):
            y = forward(x, t, text(ids).last_hidden_state.float()).sample.float()
            if args.strength < 1:
                y = extrapolate(y, ema, x, t, ids[:, 1] != words.eos, words.empty, args.strength)
        mse = (y - noise).square().mean((1, 2, 3))
        loss = (weight[t] * mse).mean()
        loss.backward()
        done = (time.time() - start) / (60 * args.minutes)
        *losses, frac = parallel.average(params, [loss.item(), mse.mean().item(), done])
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        opt.zero_grad()
        step += 1
        with torch.no_grad():
            emb[UNK] = 0
            torch._foreach_lerp_(list(ema.parameters()), params, 1 - min(args.ema, step / (step + 9)))
        log.append(losses)
        if step % 100 == 0 or step in (10, 50):
            m = np.mean(log[-100:], 0)
            parallel.say(f"{step} {time.time() - start:.0f} s lr {lr:.1e} loss {m[0]:.4f} mse {m[1]:.4f}")
        if parallel.RANK == 0 and (time.time() - saved > 120 or frac >= 1):
            saved = time.time()
            save(ema, words.vocab, step, args, log)
    parallel.say("done", step, "steps, mean loss and mse of the last 500:", np.mean(log[-500:], 0))


if __name__ == "__main__":
    main()
