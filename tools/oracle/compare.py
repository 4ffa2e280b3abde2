#!/usr/bin/env python3
"""Compare two files of tensors, of golden.py or of `latentty render --trace`, name by name.

  compare.py A REFERENCE             a table: relative L2 and greatest difference of each tensor of both
  compare.py A REFERENCE --limit L   also fail (exit 1) if a tensor of the reference (but for trace.*, init.picture) is not in
                                     A, token ids, noise or the picture to begin with are not equal, floats are further apart than L (relative
                                     L2; twice that for the VAE's, ten times for the guided eps, in which a
                                     difference of two UNet outputs is multiplied by the guidance scale), or more
                                     than 0.5 % of an 8-bit picture's values differ, or any by more than 1
"""
import argparse
import sys

import numpy as np
from safetensors.numpy import load_file


def fault_of(name, error, difference, limit):
    """What is wrong, or ''."""
    if not np.isfinite(error):
        return "not finite"
    if name in ("noise", "init.noise", "init.pixels") or name.startswith("ids."):
        return "must be equal" if difference.any() else ""
    if name == "image.u8":
        return "differs" if (difference > 1).any() or (difference > 0).mean() > 0.005 else ""
    own = limit
    if name.startswith(("image.", "vae.")):
        own = 2 * limit
    elif name.endswith(".eps"):
        own = 10 * limit
    return f"over {own:g}" if error > own else ""


def differences(a, b, limit):
    """Yields (name, relative L2, greatest difference, fault or '')."""
    for name in sorted(set(a) & set(b)):
        x, y = a[name].astype(np.float64), b[name].astype(np.float64)
        if x.shape != y.shape:
            yield name, np.inf, np.inf, f"{list(x.shape)} and {list(y.shape)}"
            continue
        difference = np.abs(x - y)
        error = np.linalg.norm(difference) / (np.linalg.norm(y) or 1.0)
        yield name, error, difference.max(initial=0.0), fault_of(name, error, difference, limit)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a")
    parser.add_argument("reference")
    parser.add_argument("--limit", type=float, default=np.inf)
    parser.add_argument("--quiet", action="store_true", help="only faults and the worst")
    args = parser.parse_args()
    a, b = load_file(args.a), load_file(args.reference)
    faults, worst = [], ("", 0.0)
    for name, error, greatest, fault in differences(a, b, args.limit):
        if fault or not args.quiet:
            print(f"{name:32} {error:10.2e} {greatest:10.2e}  {fault}".rstrip())
        faults += [name] if fault else []
        if error > worst[1] and name != "image.u8":
            worst = (name, error)
    lacking = [k for k in sorted(set(b) - set(a)) if not k.startswith("trace.") and k != "init.picture"]
    for name in lacking:
        print(f"{name:32} is missing")
    print(f"{args.a}: {len(set(a) & set(b))} tensors compared, worst {worst[1]:.2e} {worst[0]}")
    if np.isfinite(args.limit) and (faults or lacking):
        sys.exit(1)


if __name__ == "__main__":
    main()
