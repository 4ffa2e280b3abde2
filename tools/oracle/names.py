#!/usr/bin/env python3
"""Write what the tests know of diffusers' parameters without running it.

  tests/data/model/names/COMPONENT.txt   names and shapes of Stable Diffusion 1.4, as diffusers' classes have them
  tests/data/tiny/checksums.txt          of some tensors of each tiny model: FNV-1a 64 of their float32 bytes
"""
import math

import detw
import make_tiny

EVERY, LARGEST = 45, 4096  # one parameter in so many, of at most so many numbers


def write_names():
    folder = make_tiny.ROOT / "tests/data/model/names"
    folder.mkdir(parents=True, exist_ok=True)
    for part, parameters in make_tiny.shapes(make_tiny.configs("sd14")).items():
        lines = [" ".join([name, *map(str, shape)]) for name, shape in sorted(parameters)]
        (folder / f"{part}.txt").write_text("\n".join(lines) + "\n")


def checksums(variant):
    rule = make_tiny.read(make_tiny.CONFIGS / variant / "tiny.json")
    for part, parameters in make_tiny.shapes(make_tiny.configs(variant)).items():
        small = [(name, shape) for name, shape in sorted(parameters) if math.prod(shape) <= LARGEST]
        for name, shape in small[::EVERY]:
            mean, std = detw.init_rule(name, shape, rule["spread"], rule["small"])
            values = detw.fill(f"{part}/{name}", rule["seed"], shape, mean, std).astype("<f4")
            yield f"{variant} {part} {name} {detw.fnv1a64(values.tobytes()):016x}"


def main():
    write_names()
    lines = [line for variant in make_tiny.variants() for line in checksums(variant)]
    (make_tiny.CONFIGS / "checksums.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
