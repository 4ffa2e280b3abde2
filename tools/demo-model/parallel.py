"""Two single-threaded workers with averaged gradients (run scripts with torchrun --nproc_per_node 2).

One thread per process has no OpenMP barriers to wait at, which is much faster than two
threads in one process as soon as anything else runs on the machine.
"""
import os

import torch
import torch.distributed as dist

RANK, WORLD = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def init():
    if WORLD > 1:
        dist.init_process_group("gloo")
    torch.set_num_threads(1 if WORLD > 1 else 2)


def average(params, extra):
    """All-reduce the gradients of `params` in place; returns the average of the list of numbers `extra`."""
    if WORLD == 1:
        return extra
    grads = [p.grad for p in params]
    flat = torch.cat([g.reshape(-1) for g in grads] + [torch.tensor(extra, dtype=torch.float32)])
    dist.all_reduce(flat)
    flat /= WORLD
    n = flat.numel() - len(extra)
    torch._foreach_copy_(grads, [v.view_as(g) for v, g in zip(flat[:n].split([g.numel() for g in grads]), grads)])
    return flat[n:].tolist()


def say(*words):
    """Print, once for both workers."""
    if RANK == 0:
        print(*words, flush=True)
