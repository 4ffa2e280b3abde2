"""Weights that any language can rebuild: every tensor is a function of (seed, name, shape, mean, std).

  h    = FNV-1a 64 over the UTF-8 bytes of the name
  base = h XOR (seed * 0x9E3779B97F4A7C15 mod 2^64)
  x_i  = output of splitmix64 for the state base + (i+1) * 0x9E3779B97F4A7C15      (i = 0, 1, 2, ...)
  d_i  = sum of the four 16-bit lanes of x_i, less 131070                          (an exact integer)
  w_i  = (float)((double)d_i * (std / sqrt((65536^2 - 1) / 3)) + mean)

All in IEEE double without contraction, then one rounding to float32; 16-bit files are rounded to nearest
even from that.  d_i is the sum of four uniform numbers: close to normal, at most 3.4641 std from the mean.
tests/support/detw.c is the same rule in C.
"""
import math

import numpy as np

M64 = (1 << 64) - 1
GOLD = 0x9E3779B97F4A7C15
LANE_STD = math.sqrt((65536.0 * 65536.0 - 1.0) / 3.0)


def fnv1a64(data):
    h = 0xCBF29CE484222325
    for b in data:
        h = ((h ^ b) * 0x100000001B3) & M64
    return h


def raw(name, seed, n, chunk=1 << 16):
    """Yields int32 arrays d_i for i in [0, n)."""
    base = fnv1a64(name.encode()) ^ ((seed * GOLD) & M64)
    steps = np.arange(1, chunk + 1, dtype=np.uint64) * np.uint64(GOLD)
    for done in range(0, n, chunk):
        x = steps[:min(chunk, n - done)] + np.uint64((base + done * GOLD) & M64)
        x ^= x >> np.uint64(30)
        x *= np.uint64(0xBF58476D1CE4E5B9)
        x ^= x >> np.uint64(27)
        x *= np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
        yield x.view(np.uint16).reshape(-1, 4).sum(axis=1, dtype=np.int32) - np.int32(131070)


def fill(name, seed, shape, mean, std):
    """float32 array of the given shape."""
    out = np.empty(math.prod(shape), dtype=np.float32)
    scale = std / LANE_STD
    at = 0
    for d in raw(name, seed, out.size):
        out[at:at + d.size] = d.astype(np.float64) * scale + mean
        at += d.size
    return out.reshape(shape)


RESIDUAL_ENDS = ("conv2.weight", "to_out.0.weight", "ff.net.2.weight", "proj_out.weight", "out_proj.weight",
                 "fc2.weight")
FIRST_CONVS = ("conv_in.weight", "encoder.conv_in.weight", "decoder.conv_in.weight")
QUERIES_AND_KEYS = ("to_q.", "to_k.", "q_proj.", "k_proj.")


def init_rule(name, shape, spread, small):
    """(mean, std) of a parameter.  spread 1: biases and gains far from 0 and 1, so that a swapped or forgotten
    one shows.  small < 1 shrinks what writes to a residual stream, so that its variance comes near a norm's eps."""
    if len(shape) == 1:
        if name.endswith("weight"):
            return 1.0, 0.2 * spread
        std = 0.1 * spread
        return 0.0, std if "norm" in name or "conv_out" in name else std * small
    if "token_embedding" in name:
        return 0.0, 0.5 * small
    if "position_embedding" in name:
        return 0.0, 0.2 * small
    gain = 1.0
    if name.endswith(RESIDUAL_ENDS):
        gain = 0.5 * small
    elif name in FIRST_CONVS:
        gain = small
    elif any(part in name for part in QUERIES_AND_KEYS):
        gain = 1.4
    elif "time_emb_proj" in name:
        gain = 0.7
    elif name == "decoder.conv_out.weight":
        gain = 0.4
    return 0.0, gain / math.sqrt(math.prod(shape[1:]))
