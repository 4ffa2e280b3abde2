#!/usr/bin/env python3
"""Runs latentty on files that are wrong: one message that names the fault, exit code 1, and never a signal.

usage: test_files.py PROGRAM PROJECT_FOLDER
"""
import json
import os
import pathlib
import pickle
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


class Weights(Model):
    def test_every_lie(self):
        """Each file of tests/data/weights/bad in the place of the UNet's."""
        bad = self.project / "tests/data/weights/bad"
        for case in json.loads((bad / "manifest.json").read_text()):
            if case["want"] == "reject":
                with self.subTest(case["file"]):
                    (self.model / UNET).write_bytes((bad / case["file"]).read_bytes())
                    self.fails(part=f"cannot load 'm/{UNET}': ")
                    self.refused("info", f"m/{UNET}", part=f"cannot load 'm/{UNET}': ", code=1)

    def test_cut_off(self):
        whole = (self.model / UNET).read_bytes()
        for n in (0, 7, 8, 100, len(whole) // 2, len(whole) - 1):
            (self.model / UNET).write_bytes(whole[:n])
            self.fails(part=f"cannot load 'm/{UNET}': ")

    def test_pickles_are_not_run(self):
        class Hostile:
            def __reduce__(self):
                return os.system, ("touch owned",)
        for protocol in (2, 3, 4, 5):
            data = pickle.dumps({"w": Hostile()}, protocol)
            for name in ("x.ckpt", "x.bin"):
                (self.dir / name).write_bytes(data)
                self.assertIn("weights_only=True", self.refused("info", name, part="torch files can run code", code=1))
                self.assertIn("hint: python3", self.fails(*RENDER[:-1], name, part=f"cannot use '{name}'"))
            (self.model / UNET).write_bytes(data)
            self.assertIn("weights_only=True", self.fails(part="torch files can run code"))
            (self.model / UNET).unlink()
            (self.model / UNET.replace(".safetensors", ".bin")).write_bytes(data)
            self.assertIn("weights_only=True", self.fails(part="torch files can run code"))
            self.copy("unet")
        self.assertFalse((self.dir / "owned").exists())

    def test_not_finite(self):
        tensors = read_tensors(self.model / UNET)
        kind, shape, data = tensors["conv_in.weight"]
        self.assertEqual(kind, "F16")
        for number, name in (b"\x00\x7e", "NaN"), (b"\x00\xfc", "infinity"):
            tensors["conv_in.weight"] = (kind, shape, data[:10] + number + data[12:])
            write_tensors(self.model / UNET, tensors)
            err = self.fails(part=f"tensor 'conv_in.weight' holds {name}, number 5 of ")
            self.assertIn(f"cannot load 'm/{UNET}'", err)

    def test_wrong_tensors(self):
        tensors = read_tensors(self.model / UNET)
        kind, shape, data = tensors["conv_in.weight"]
        for changed, part in [((kind, [shape[0], 9, *shape[2:]], data[:len(data) // 4] * 9), "expected [64,4,3,3]"),
                              (("I16", shape, data), "has dtype I16, expected F32, F16 or BF16")]:
            write_tensors(self.model / UNET, {**tensors, "conv_in.weight": changed})
            self.fails(part=part)
        del tensors["conv_in.weight"]
        write_tensors(self.model / UNET, tensors)
        self.fails(part="1 of 326 tensors are missing: 'conv_in.weight'")


class Configs(Model):
    def change(self, name, **values):
        path = self.model / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    def test_other_models(self):
        for name, part in [("StableDiffusionInpaintPipeline", "an inpainting model"),
                           ("StableDiffusionXLPipeline", "SDXL is another family")]:
            self.change("model_index.json", _class_name=name)
            self.assertIn(part, self.fails(part=name))
        self.copy("model_index.json")
        self.change("unet/config.json", in_channels=9)
        self.assertIn("an inpainting (9)", self.fails(part="'in_channels' is 9"))

    def test_no_json(self):
        for name in ("model_index.json", "unet/config.json", "vae/config.json", "text_encoder/config.json",
                     "scheduler/scheduler_config.json", "tokenizer/vocab.json"):
            for text, part in [("", "ends in the middle"), ("[" * 100000, "too deep"), ("<html>", "it is a web page"),
                               ("version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer"),
                               (" " * (17 << 20), "larger than the")]:
                with self.subTest(name=name, text=text[:9]):
                    (self.model / name).write_text(text)
                    self.assertIn(part, self.fails(part=f"cannot read 'm/{name}': "))
            self.copy(name)

    def test_index_that_points_outside(self):
        (self.model / UNET).rename(self.dir / "secret.safetensors")
        index = self.model / (UNET + ".index.json")
        for shard in ("../../secret.safetensors", str(self.dir / "secret.safetensors"), "..", "", 3):
            index.write_text(json.dumps({"weight_map": {"conv_in.weight": shard}}))
            self.fails(part="expected the name of a file beside the index")
        index.write_text(json.dumps({"weight_map": {"conv_in.weight": "absent.safetensors"}}))
        self.fails(part="cannot find 'm/unet/absent.safetensors'")


class Pictures(Case):
    WORDS = ["roundtrip", "in.png", "-o", "out.png", "-q"]

    def test_every_kind(self):
        palette = chunk(b"PLTE", bytes(6))
        for depth, kind, samples, more in [(16, 2, 3, b""), (8, 6, 4, b""), (16, 4, 2, b""), (1, 0, 1, b""),
                                           (16, 0, 1, b""), (1, 3, 1, palette), (8, 3, 1, palette)]:
            with self.subTest(depth=depth, kind=kind):
                write_flat(self.dir / "in.png", 16, 8, depth, kind, 0, samples, more)
                self.run_it(*self.WORDS)
        interlaced = self.dir / "in.png"
        interlaced.write_bytes((test_program.PROJECT / "tests/data/image/good/rgb16-adam7.png").read_bytes())
        self.assertEqual(interlaced.read_bytes()[28], 1)
        self.json_of("info", "in.png")

    def test_broken(self):
        bad = test_program.PROJECT / "tests/data/image/bad"
        for path in sorted(bad.iterdir()):
            with self.subTest(path.name):
                (self.dir / "in.png").write_bytes(path.read_bytes())
                self.refused(*self.WORDS, part="cannot read 'in.png': ", code=1)
        self.assertEqual(self.files(), ["in.png"])

    def test_64_megapixels(self):
        write_flat(self.dir / "in.png", 8193, 8192, 1, 0, 0, 1)
        self.refused(*self.WORDS, part="the picture has 8193x8192 pixels, expected at most 16384 a side and 67108864 in all",
                     code=1)
        write_flat(self.dir / "in.png", 8192, 8192, 1, 0, 0, 1)
        self.assertEqual(self.json_of("info", "in.png")["width"], 8192)


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
    def limit_to(self, size):
        """What sets the limit, in the child."""
        if b"__asan_init" in pathlib.Path(test_program.PROGRAM).read_bytes():
            self.skipTest("a sanitizer needs more address space than any limit leaves")
        return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))

    def test_address_space(self):
        limit = self.limit_to(2 << 30)
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
        said = self.run_it("info", "demo")[0]
        self.assertIn(f"about {small['bytes'] / 1e9:.2f} GB for a picture of 128x128\n", said)
        self.assertNotIn("may be used", said)

    def test_info_where_it_does_not_fit(self):
        self.assertRegex(self.run_it("info", "demo", preexec_fn=self.limit_to(160 << 20))[0],
                         r"128x128: more than the [\d.]+ GB that may be used \(ulimit -v\)\n")


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
        self.run_it(*self.two, "--dtype", "f32", "-o", "f32.png", "--attention", "c")
        again = ["-o", "out.png", "--frames", "b", "--trace", "b.safetensors", "--attention", "d"]
        out, err = self.run_it(*self.bf16, *again)
        self.assertEqual(err.count("step 1: the UNet's prediction is not finite in bf16; "
                                   "starting again in f32, in spite of --dtype bf16\n"), 1, err)
        self.assertEqual((self.dir / "out.png").read_bytes(), (self.dir / "f32.png").read_bytes())
        self.assertEqual(read_tensors(self.dir / "b.safetensors"), read_tensors(self.dir / "a.safetensors"))
        for name in ("000-000.png", "000-001.png", "000-002.png"):
            self.assertEqual((self.dir / "b" / name).read_bytes(), (self.dir / "a" / name).read_bytes())
        self.assertIn("wrote 3 frames to b", out)
        self.assertEqual([(p.name, p.read_bytes()) for p in sorted((self.dir / "c").iterdir())],
                         [(p.name, p.read_bytes()) for p in sorted((self.dir / "d").iterdir())])
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


class Lessons(Case):
    """The folder of the lessons, where it holds none or cannot be read."""

    def test_folder(self):
        folder = self.dir / "assets" / "lessons"
        folder.mkdir(parents=True)
        (folder / "README.md").write_text("no lesson")
        env = {"LATENTTY_ASSETS": str(self.dir / "assets")}
        for words in [["lesson", "--list"], ["lesson", "1"]]:
            self.refused(*words, code=1, env=env, part="has no lesson, expected files as 1-name.txt")
        if os.geteuid() != 0:  # who may read everything
            folder.chmod(0)
            self.refused("lesson", "--list", code=1, env=env, part="Permission denied")
        folder.chmod(0o700)
        (folder / "12-a-name.txt").write_text("title: Twelve\nabout: x\n---\nText\n")
        (folder / "3-b.txt").write_text("title: Ü\nabout: y\n---\nText\n", encoding="utf-8")
        self.assertEqual(self.run_it("lesson", "--list", env=env)[0], " 3  Ü       y\n12  Twelve  x\n")
        self.refused("lesson", "4", env=env, part="there is no lesson 4, expected 1 to 12")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    test_program.PROGRAM, test_program.PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
