#!/usr/bin/env python3
"""Runs latentty on files that are wrong: one message that names the fault, exit code 1, and never a signal.

usage: test_files.py PROGRAM PROJECT_FOLDER
"""
import json
import os
import pathlib
import re
import resource
import struct
import subprocess
import sys
import time
import unittest
import zlib

import test_program
from test_program import Case, chunk, environment, read_tensors

UNET = "unet/diffusion_pytorch_model.safetensors"
RENDER = ["render", "-p", "x", "--seed", "1", "--steps", "1", "--size", "16x16", "-o", "out.png", "--model", "m"]


def write_tensors(path, tensors):
    """The inverse of read_tensors."""
    header, data = {}, b""
    for name, (kind, shape, values) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def as_floats(tensor):
    kind, _, data = tensor
    size, letter = {"F16": (2, "e"), "F32": (4, "f")}[kind]
    return list(struct.unpack(f"<{len(data) // size}{letter}", data))


def write_flat(path, width, height, depth=8, kind=2, interlace=0, samples=3, more=b""):
    """A PNG of zeros."""
    rows = (b"\0" + bytes((width * samples * depth + 7) // 8)) * height
    path.write_bytes(b"\x89PNG\r\n\x1a\n"
                     + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace)) + more
                     + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


class Model(Case):
    """A copy of the demo model to spoil."""

    def setUp(self):
        super().setUp()
        self.model = self.dir / "m"
        self.project = test_program.PROJECT
        self.copy("")

    def copy(self, part):
        """Puts a part of the model back as it was."""
        subprocess.run(["rm", "-rf", str(self.model / part)], check=True)
        subprocess.run(["cp", "-r", str(self.project / "assets/demo" / part), str(self.model / part)], check=True)

    def fails(self, *words, part, model_code=1):
        """One line of message, perhaps one of hint, and no picture."""
        err = self.refused(*(words or RENDER), part=part, code=model_code)
        self.assertFalse((self.dir / "out.png").exists())
        return err


class Shrinking(Model):
    def test_while_mapped(self):
        """The file loses its end between opening and packing, or the program was faster."""
        codes = []
        for _ in range(10):
            self.copy(UNET)
            p = subprocess.Popen([test_program.PROGRAM, *RENDER], cwd=self.dir, env=environment(),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            maps = pathlib.Path(f"/proc/{p.pid}/maps")
            while p.poll() is None and UNET not in maps.read_text():
                time.sleep(0.0005)
            os.truncate(self.model / UNET, 100000)
            err = p.communicate(timeout=120)[1].decode()
            codes.append(p.returncode)
            self.assertIn(p.returncode, (0, 1), err)
            if p.returncode == 1:
                self.assertRegex(err, rf"{UNET}': it has 100000 bytes now, \d+ when it was opened\n")
                return
        self.fail(f"the file was never caught: {codes}")


class Memory(Case):
    def test_address_space(self):
        if b"__asan_init" in pathlib.Path(test_program.PROGRAM).read_bytes():
            self.skipTest("a sanitizer needs more address space than any limit leaves")
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
        words = ["render", "-p", "x", "--seed", "1", "--steps", "1", "-o", "out.png"]
        start = time.monotonic()
        _, err = self.run_it(*words, "--size", "8192x8192", code=1, preexec_fn=limit)
        self.assertLess(time.monotonic() - start, 20)  # 0.1 s on an idle machine
        said = re.fullmatch(r"latentty: 1 picture of 8192x8192 in \S+: needs about [\d.]+ GB, [\d.]+ GB may be used "
                            r"\(ulimit -v\)\nhint: --size (\d+x\d+)( or --dtype bf16)?\n", err)
        self.assertTrue(said, err)
        self.run_it("info", "demo", preexec_fn=limit)
        self.run_it(*words, "--size", "64x64", preexec_fn=limit)
        write_flat(self.dir / "big.png", 4096, 4096)
        _, err = self.run_it("roundtrip", "big.png", "-o", "r.png", code=1, preexec_fn=limit)
        self.assertRegex(err, r"hint: a picture of \d+x\d+")
        self.assertEqual(self.files(), ["big.png", "out.png"])

    def test_info(self):
        small, large = self.json_of("info", "demo")["memory"]
        self.assertEqual((small["width"], large["width"]), (128, 256))
        self.assertLess(small["bytes"], large["bytes"])
        self.assertIn(f"about {small['bytes'] / 1e9:.2f} GB for a picture of 128x128", self.run_it("info", "demo")[0])


class TooWide(Model):
    """A weight that float32 holds and bfloat16 does not: 3.4e38, read by weights of zero."""

    def setUp(self):
        super().setUp()
        if "bf16" not in self.run_it("--version")[0]:
            self.skipTest("this processor has no bf16")
        self.spoil(first=3.4e38, second=0)
        self.two = ["render", "-p", "x", "--seed", "1", "--steps", "2", "--size", "16x16", "--model", "m"]
        self.bf16 = [*self.two, "--dtype", "bf16"]

    def spoil(self, first, second):
        tensors = read_tensors(self.model / UNET)
        hidden = tensors["time_embedding.linear_2.weight"][1][0]
        for name, places, value in [("linear_1", [0], first), ("linear_2", range(0, hidden * hidden, hidden), second)]:
            name = f"time_embedding.{name}.weight"
            x = as_floats(tensors[name])
            for i in places:
                x[i] = value
            tensors[name] = ("F32", tensors[name][1], struct.pack(f"<{len(x)}f", *x))
        write_tensors(self.model / UNET, tensors)

    def test_again_in_f32(self):
        self.run_it(*self.two, "--dtype", "f32", "-o", "f32.png", "--frames", "a", "--trace", "a.safetensors")
        again = ["-o", "out.png", "--frames", "b", "--trace", "b.safetensors"]
        out, err = self.run_it(*self.bf16, *again)
        self.assertEqual(err.count("step 1: the UNet's prediction is not finite in bf16; "
                                   "starting again in f32, in spite of --dtype bf16\n"), 1, err)
        self.assertEqual((self.dir / "out.png").read_bytes(), (self.dir / "f32.png").read_bytes())
        self.assertEqual(read_tensors(self.dir / "b.safetensors"), read_tensors(self.dir / "a.safetensors"))
        for name in ("000-000.png", "000-001.png", "000-002.png"):
            self.assertEqual((self.dir / "b" / name).read_bytes(), (self.dir / "a" / name).read_bytes())
        self.assertIn("wrote 3 frames to b", out)
        said = self.json_of(*self.bf16, "-o", "json.png")
        self.assertEqual((said["dtype"], said["retried_from"], len(said["times"]["step_ms"])), ("f32", "bf16", 2))
        self.assertEqual(self.json_of("info", "out.png")["settings"]["dtype"], "f32")
        self.assertIsNone(self.json_of(*RENDER, "--dtype", "f32")["retried_from"])

    def test_f32_fails_as_well(self):
        self.spoil(first=3.4e38, second=3.4e38)
        _, err = self.run_it(*self.bf16, "--frames", "f", "-o", "out.png", code=1)
        # step 1 multiplies by silu(3.4e38 cos 501) = 0, step 2 by 3.4e38
        self.assertIn("\nlatentty: step 2: the UNet's prediction is not finite in f32\nhint: ", err)
        self.assertIn("damaged", err)
        self.assertEqual(self.files_of_run(), ["f/000-000.png", "f/000-001.png"])

    def test_decoder(self):
        self.copy("")
        path = self.model / "vae/diffusion_pytorch_model.safetensors"
        tensors = read_tensors(path)
        x = as_floats(tensors["post_quant_conv.weight"])
        tensors["post_quant_conv.weight"] = ("F32", tensors["post_quant_conv.weight"][1],
                                             struct.pack(f"<{len(x)}f", 3.4e38, *x[1:]))
        write_tensors(path, tensors)
        _, err = self.run_it(*self.bf16, "--frames", "f", "-o", "out.png", code=1)
        self.assertIn("the VAE's picture is not finite in bf16; starting again", err)
        self.assertIn("the VAE's picture is not finite in f32", err)
        self.assertEqual(self.files_of_run(), [])

    def files_of_run(self):
        return [name for name in self.files() if not name.startswith("m/")]


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    test_program.PROGRAM, test_program.PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
