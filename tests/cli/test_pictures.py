#!/usr/bin/env python3
"""The files that `render` and `reproduce` make of several pictures, of all steps, and of a file's settings.

usage: test_pictures.py PROGRAM PROJECT_FOLDER
"""
import json
import os
import pathlib
import struct
import sys
import unittest
import zlib

import test_program
from test_program import Case, chunk, png_size, read_tensors, write_png


def chunks(path):
    """[(kind, data)] of a PNG whose checksums are right."""
    data, at, found = path.read_bytes(), 8, []
    while at < len(data):
        n = struct.unpack(">I", data[at:at + 4])[0]
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + n]
        assert data[at:at + 12 + n] == chunk(kind, body), kind
        found.append((kind, body))
        at += 12 + n
    return found


def unfiltered(data, width, height):
    """[row of bytes] of the inflated pixels of an 8-bit RGB picture."""
    n, rows, above = 3 * width, [], bytearray(3 * width)
    for y in range(height):
        kind, row = data[y * (n + 1)], bytearray(data[y * (n + 1) + 1:(y + 1) * (n + 1)])
        for i in range(n):
            a, b, c = (row[i - 3], above[i], above[i - 3]) if i >= 3 else (0, above[i], 0)
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[i] = (row[i] + [0, a, b, (a + b) // 2, nearest][kind]) & 255
        rows.append(bytes(row))
        above = row
    return rows


def pixels(path):
    data = zlib.decompress(b"".join(d for k, d in chunks(path) if k == b"IDAT"))
    return unfiltered(data, *png_size(path))


def copy_png(source, target, settings):
    """The picture with other settings (None: those of nobody)."""
    parts = [(k, d) for k, d in chunks(source) if k not in (b"tEXt", b"iTXt")]
    if settings is not None:
        parts.insert(1, (b"tEXt", b"latentty\0" + json.dumps(settings).encode()))
    target.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(k, d) for k, d in parts))


class Sheet(Case):
    SMALL = ["--steps", "1", "--size", "24x16", "--dtype", "f32"]

    def cell(self, sheet, column, row):
        """Its picture, above a caption of 14 rows and gaps of 2."""
        return [line[3 * 26 * column:3 * (26 * column + 24)] for line in pixels(self.dir / sheet)[32 * row:32 * row + 16]]

    def test_pictures(self):
        out, _ = self.run_it("render", "-p", "a fox", "-p", "a frog", "--seeds", "5..7", *self.SMALL, "-o", "{i}.png",
                             "--sheet", "all-{seed}.png")
        self.assertIn("wrote all-5.png\n", out)
        self.assertEqual(png_size(self.dir / "all-5.png"), (3 * 24 + 2 * 2, 2 * 30 + 2))
        for i in range(6):
            self.assertEqual(self.cell("all-5.png", i % 3, i // 3), pixels(self.dir / f"{i}.png"))
        texts = {t["key"]: t["value"] for t in self.json_of("info", "all-5.png")["text"]}
        self.assertEqual(list(texts), ["parameters", "latentty-pictures"])
        each = json.loads(texts["latentty-pictures"])
        self.assertEqual([(p["prompt"], p["seed"]) for p in each],
                         [(p, s) for p in ("a fox", "a frog") for s in (5, 6, 7)])
        self.assertEqual(each[4], self.json_of("info", "4.png")["settings"])
        self.assertIn("settings of each of its pictures (6): in --json\n", self.run_it("info", "all-5.png")[0])
        self.refused("reproduce", "all-5.png", part="a sheet, a comparison or an animation", code=1)
        self.assertIn("a fox\nSteps: 1, Sampler: LMS, CFG scale: 7.5, Seed: 5", texts["parameters"])

    def test_columns(self):
        words = ["render", "-p", "x", "--seed", "5", "--batch", "5", *self.SMALL, "-o", "{i}.png", "-q", "--sheet", "s.png"]
        for more, columns, rows in [([], 3, 2), (["--columns", "5"], 5, 1), (["--columns", "1"], 1, 5),
                                    (["--columns", "9"], 5, 1)]:
            self.run_it(*words, *more)
            self.assertEqual(png_size(self.dir / "s.png"), (26 * columns - 2, 32 * rows - 2))
        self.assertEqual(self.cell("s.png", 4, 0), pixels(self.dir / "4.png"))
        plain = (self.dir / "s.png").read_bytes()
        r = self.json_of(*words, "--columns", "5", "--frames", "f", "--trace", "t.safetensors")
        self.assertEqual((r["sheet"], (self.dir / "s.png").read_bytes()), ("s.png", plain))

    def test_refused(self):
        small = ["render", "-p", "x", *self.SMALL]
        one = [*small, "-o", "x.png"]
        (self.dir / "f").mkdir()
        for words, part in [(["--columns", "2"], "no --sheet"), (["--sheet", "s.png", "--columns", "0"], "--columns is '0'"),
                            (["--sheet", "x.png"], "named twice"), (["--sheet", "no/s.png"], "no directory"),
                            (["--sheet", "s.jpg"], "PNG"), (["--sheet", "{x}.png"], "field"),
                            (["--sheet", "f/000-001.png", "--frames", "f"], "named like a frame")]:
            self.refused(*one, *words, part=part)
        self.refused(*small, "-q", "--sheet", "s.png", "--columns", "700", "--batch", "700", "-o", "{i}.png",
                     part="the sheet would have 18198x30 pixels")
        self.assertEqual(self.files(), [])


class Animation(Case):
    SMALL = ["render", "-p", "x", "--seed", "5", "--steps", "3", "--size", "24x16", "--dtype", "f32", "-q"]

    def frames(self, path):
        """[(ms, deflated pixels)], after a look at the numbers that programs check."""
        parts, found, sequence = chunks(self.dir / path), [], 0
        self.assertEqual([k for k, _ in parts[:2]], [b"IHDR", b"acTL"])
        for kind, data in parts:
            if kind in (b"fcTL", b"fdAT"):
                self.assertEqual(struct.unpack(">I", data[:4])[0], sequence)
                sequence += 1
            if kind == b"fcTL":
                self.assertEqual(struct.unpack(">IIII", data[4:20]), (24, 16, 0, 0))
                delay, per_second, dispose, blend = struct.unpack(">HHBB", data[20:])
                self.assertEqual((per_second, dispose, blend), (1000, 0, 0))
                found.append((delay, b""))
            if kind in (b"IDAT", b"fdAT"):
                found[-1] = (found[-1][0], found[-1][1] + (data if kind == b"IDAT" else data[4:]))
        self.assertEqual(struct.unpack(">II", parts[1][1]), (len(found), 0))
        return found

    def test_frames(self):
        """They are those of --frames; the last one is the picture."""
        for lens in "latents", "x0", "noise":
            self.run_it(*self.SMALL, "-o", "a.png", "--frames", lens, "--lens", lens)
            self.run_it(*self.SMALL, "-o", "b.png", "--animation", "{seed}.png", "--lens", lens)
            self.assertEqual((self.dir / "a.png").read_bytes(), (self.dir / "b.png").read_bytes())
            found = self.frames("5.png")
            self.assertEqual([ms for ms, _ in found], [100, 100, 100, 2000])
            for k, (_, data) in enumerate(found):
                self.assertEqual(unfiltered(zlib.decompress(data), 24, 16), pixels(self.dir / lens / f"000-00{k}.png"))
            if lens == "latents":
                self.assertEqual(unfiltered(zlib.decompress(found[3][1]), 24, 16), pixels(self.dir / "a.png"))
        texts = {t["key"]: t["value"] for t in self.json_of("info", "5.png")["text"]}
        self.assertEqual(list(texts), ["parameters", "latentty-pictures"])
        self.assertEqual([p["steps"] for p in json.loads(texts["latentty-pictures"])], [3])

    def test_with_everything(self):
        r = self.json_of(*self.SMALL, "-o", "a.png", "--animation", "b.png", "--frame-ms", "5000", "--frames", "f",
                         "--trace", "t.safetensors", "--sheet", "s.png")
        self.assertEqual((r["animation"], r["sheet"], r["frames"]), ("b.png", "s.png", 4))
        self.assertEqual([ms for ms, _ in self.frames("b.png")], [5000] * 4)
        self.assertEqual(len(read_tensors(self.dir / "t.safetensors")["image.u8"][2]), 24 * 16 * 3)
        self.run_it("reproduce", "a.png", "-q")

    def test_pillow(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("no Pillow")
        self.run_it(*self.SMALL, "-o", "a.png", "--frames", "f", "--animation", "b.png")
        with Image.open(self.dir / "b.png") as animation:
            self.assertEqual((animation.n_frames, animation.info.get("loop")), (4, 0))
            for k in range(4):
                animation.seek(k)
                with Image.open(self.dir / f"f/000-00{k}.png") as frame:
                    self.assertEqual(animation.convert("RGB").tobytes(), frame.convert("RGB").tobytes())

    def test_refused(self):
        one = [*self.SMALL, "-o", "x.png"]
        for words, part in [(["--frame-ms", "5"], "no --animation"), (["--animation", "x.png"], "named twice"),
                            (["--animation", "a.png", "--frame-ms", "0"], "--frame-ms is '0'"),
                            (["--animation", "a.png", "--frame-ms", "65536"], "1 to 65535"),
                            (["--animation", "a.gif"], "hint: --animation FILE.png"), (["--animation", "no/a.png"], "no directory")]:
            self.refused(*one, *words, part=part)
        self.refused(*self.SMALL, "-o", "{i}.png", "--batch", "2", "--animation", "a.png", part="one picture, and there are 2")
        self.refused(*one, "--lens", "x0", part="no --frames or --animation")
        self.assertEqual(self.files(), [])


class Attention(Case):
    RENDER = ["render", "-p", "a fox, bioluminescent", "-p", "", "--steps", "2", "--size", "40x24", "--seed", "5",
              "--dtype", "f32"]

    def rows(self, name):
        lines = (self.dir / name).read_text().splitlines()
        self.assertEqual(lines[0], "share\tfirst\tlast\tfile\tword\ttokens")
        return [line.split("\t") for line in lines[1:]]

    def test_files(self):
        """The pictures are the same bytes; every step's maps add up to 1; words and shares are listed."""
        self.run_it(*self.RENDER, "-o", "a{i}.png", "--trace", "a.safetensors")
        out, _ = self.run_it(*self.RENDER, "-o", "b{i}.png", "--trace", "b.safetensors", "--attention", "new/att")
        self.assertEqual(read_tensors(self.dir / "a.safetensors"), read_tensors(self.dir / "b.safetensors"))
        for i in "01":
            self.assertEqual((self.dir / f"a{i}.png").read_bytes(), (self.dir / f"b{i}.png").read_bytes())
        words = [f"000-w{k:02}.png" for k in range(1, 5)]
        names = ["000-001.safetensors", "000-002.safetensors", *words, "000-words.txt", "001-001.safetensors",
                 "001-002.safetensors", "001-words.txt"]
        self.assertEqual(sorted(p.name for p in (self.dir / "new/att").iterdir()), names)
        self.assertIn(f"wrote {len(names)} files of attention to new/att\n", out)
        for name in words:
            self.assertEqual(png_size(self.dir / "new/att" / name), (40, 24))
        mean = {}
        for step in "12":
            for name, (dtype, shape, data) in read_tensors(self.dir / f"new/att/000-00{step}.safetensors").items():
                self.assertEqual((dtype, shape), ("F32", [*map(int, name.split("x")), 77]))
                x = struct.unpack(f"<{len(data) // 4}f", data)
                for row in range(0, len(x), 77):
                    self.assertAlmostEqual(sum(x[row:row + 77]), 1, places=5)
                mean.setdefault(name, []).extend(x[k::77] for k in range(77))
        self.assertGreater(len(mean), 1)
        rows = self.rows("new/att/000-words.txt")
        self.assertEqual([(r[3], r[4]) for r in rows], [("-", "<start>"), *zip(words, ["a", "fox", ",", "bioluminescent"]),
                                                        ("-", "<end>"), ("-", "<padding>")])
        self.assertAlmostEqual(sum(float(r[0]) for r in rows), 1, places=5)
        self.assertEqual((rows[2][1:3], rows[2][5], rows[-1][2]), (["2", "2"], "fox 3240", "76"))
        self.assertEqual(len(rows[4][5].split(", ")), int(rows[4][2]) - int(rows[4][1]) + 1)
        self.assertEqual([r[4] for r in self.rows("new/att/001-words.txt")], ["<start>", "<end>", "<padding>"])

    def test_json(self):
        r = self.json_of(*self.RENDER, "-o", "{i}.png", "--attention", "att")
        self.assertEqual((r["attention_dir"], r["attention_files"]), ("att", 10))

    def test_refused(self):
        (self.dir / "file").write_text("x")
        one = ["render", "-p", "a", "-o"]
        for words, part in [(["x.png", "--attention", "file"], "file"), (["x.png", "--attention", ""], "cannot make directory"),
                            (["x.jpg", "--attention", "new"], "PNG"),
                            (["att/000-w01.png", "--attention", "att"], "named like a map"),
                            (["x.png", "--trace", "./000-001.safetensors", "--attention", "."], "named like a map")]:
            self.refused(*one, *words, part=part)
        self.assertEqual(self.files(), ["file"])
        self.assertFalse((self.dir / "new").exists())


class Reproduce(Case):
    SMALL = ["--steps", "3", "--size", "32x24", "--dtype", "f32", "-q"]

    def make(self, *words):
        self.run_it("render", "-p", "a fox", *self.SMALL, *words)

    def settings(self, name):
        return self.json_of("info", name)["settings"]

    def change(self, source, **more):
        """Other settings in b.png, the same picture."""
        copy_png(self.dir / source, self.dir / "b.png", {**self.settings(source), **more})

    def test_identical(self):
        self.make("--seed", "7", "-o", "a.png")
        self.assertEqual(self.run_it("reproduce", "a.png")[0], "a.png: identical\n")
        self.assertEqual(self.run_it("reproduce", "a.png", "-q"), ("", ""))
        r = self.json_of("reproduce", "a.png")
        self.assertEqual((r["identical"], r["max_difference"], r["psnr_db"], r["first_difference"]), (True, 0, None, None))
        self.assertEqual((r["steps"], r["shown_step"], r["compared_frames"], r["dtype"]), (3, 3, 4, "f32"))

    def test_several(self):
        """Each picture of a run alone, from wherever it was."""
        for words in ["--seed", "7", "--batch", "3"], ["--seeds", "7..9"]:
            self.make("-p", "a frog", "--scheduler", "euler_a", *words, "-o", "{i}.png")
            for i in range(6):
                self.run_it("reproduce", f"{i}.png", "-q")
        self.make("-p", "a frog", "--seed", "7", "-o", "{i}.png")
        self.change("1.png", place=0)
        self.assertIn("the noise before the first step differs", self.run_it("reproduce", "b.png", code=1)[0])

    def test_first_difference(self):
        self.make("--seed", "7", "-o", "a.png")
        trail = self.settings("a.png")["trail"]
        self.assertEqual(len(set(trail)), 4)
        for more, first in [({"seed": 8}, 0), ({"guidance_scale": 3}, 1), ({"scheduler": "euler"}, 2)]:
            self.change("a.png", **more)
            out, err = self.run_it("reproduce", "b.png", "--json", code=1)
            r = json.loads(out)
            self.assertEqual((r["identical"], r["first_difference"]), (False, first), more)
            self.assertGreater(r["max_difference"], 0)
            self.assertGreater(r["mean_difference"], 0)
            self.assertLess(r["psnr_db"], 99)
            self.assertIn("'b.png' is not what its settings make here", err)
        self.assertIn("step 2 of 3 is the first whose latents differ", self.run_it("reproduce", "b.png", code=1)[0])
        self.change("a.png", seed=8, trail=[])
        self.assertIn("is not known", self.run_it("reproduce", "b.png", code=1)[0])
        self.change("a.png", trail=trail[:2] + ["0123456789abcdef"] + trail[3:])
        self.assertRegex(self.run_it("reproduce", "b.png")[0], r"identical\nstep 2 of 3 is the first")

    def test_changed_pixels(self):
        self.make("--seed", "7", "-o", "a.png")
        write_png(self.dir / "grey.png", 32, 24)
        copy_png(self.dir / "grey.png", self.dir / "b.png", self.settings("a.png"))
        out, _ = self.run_it("reproduce", "b.png", code=1)
        self.assertRegex(out, r"differs by [0-9.]+ in the mean, at most \d+ of 255, PSNR [0-9.]+ dB\n"
                              "the latents of every step are equal: the picture was decoded otherwise")
        write_png(self.dir / "grey.png", 24, 32)
        copy_png(self.dir / "grey.png", self.dir / "b.png", self.settings("a.png"))
        self.refused("reproduce", "b.png", part="24x32 pixels, its settings make 32x24", code=1)

    def test_other_backend(self):
        self.make("--seed", "7", "-o", "a.png", "--backend", "cpu")
        r = self.json_of("reproduce", "a.png", "--backend", "ref")  # too close to be seen in 8 bits
        self.assertEqual((r["backend"], r["identical"], r["first_difference"]), ("ref", True, 1))
        self.change("a.png", backend="gpu")
        err = self.refused("reproduce", "b.png", part="'b.png' was computed elsewhere", code=1)
        self.assertIn("--backend auto", err)
        self.run_it("reproduce", "b.png", "--backend", "cpu", "-q")

    def test_steps_on_the_way(self):
        """As the studio saves them."""
        for lens in "latents", "x0", "noise":
            self.make("--seed", "7", "-o", "a.png", "--frames", lens, "--lens", lens)
            for k in range(4):
                copy_png(self.dir / lens / f"000-00{k}.png", self.dir / "b.png",
                         {**self.settings("a.png"), "shown_step": k, "lens": lens})
                r = self.json_of("reproduce", "b.png")
                self.assertEqual((r["shown_step"], r["compared_frames"]), (k, k + 1))
        self.change("a.png", shown_step=4)
        self.refused("reproduce", "b.png", "-q", part="step 4 of 3", code=1)

    def test_latents(self):
        self.run_it("rng", "--seeds", "3,4", "--shape", "2,4,3,4", "-o", "n.safetensors")
        self.make("--latents", "n.safetensors", "--seed", "1", "--scheduler", "euler_a", "-o", "{i}.png")
        for i in range(2):
            self.run_it("reproduce", f"{i}.png", "-q")
        (self.dir / "n.safetensors").rename(self.dir / "m.safetensors")
        self.assertIn("--latents FILE", self.refused("reproduce", "1.png", part="n.safetensors", code=1))
        self.run_it("reproduce", "1.png", "-q", "--latents", "m.safetensors")
        self.run_it("rng", "--shape", "1,4,3,4", "-o", "m.safetensors")
        self.refused("reproduce", "1.png", "-q", "--latents", "m.safetensors", part="expected [2 or more,4,3,4]", code=1)

    def test_init_image(self):
        """The last steps of a picture that is given; made again only from the same pixels."""
        write_png(self.dir / "in.png", 37, 26)
        for sampler in "lms", "euler_a":
            first = ["--init-image", "in.png", "--strength", "0.7", "--scheduler", sampler]
            self.run_it("render", "-p", "a fox", "--steps", "4", *first, "--seeds", "7,8", "--dtype", "f32", "-q", "-o", "{i}.png",
                        "--trace", "t.safetensors", "--frames", "f")
            self.assertEqual(png_size(self.dir / "1.png"), (32, 24))
            self.assertEqual(len(list((self.dir / "f").iterdir())), 2 * 3)
            t = {name: shape for name, (_, shape, _) in read_tensors(self.dir / "t.safetensors").items()}
            self.assertEqual((t["sched.timesteps"], t["sched.sigmas"]), ([2], [3]))
            self.assertEqual((t["init.pixels"], t["init.noise"], t["init.mean"]), ([1, 3, 24, 32], [2, 4, 3, 4], [1, 4, 3, 4]))
            s = self.settings("1.png")
            self.assertEqual((s["init_image"], s["strength"], s["steps"], len(s["trail"])), ("in.png", 0.7, 4, 3))
            self.assertIn("--init-image=in.png", self.run_it("info", "1.png")[0])
            for i in range(2):
                r = self.json_of("reproduce", f"{i}.png")
                self.assertEqual((r["identical"], r["steps"], r["compared_frames"]), (True, 2, 3))
            copy_png(self.dir / "f/001-001.png", self.dir / "b.png", {**s, "shown_step": 1})
            self.run_it("reproduce", "b.png", "-q")
        (self.dir / "in.png").rename(self.dir / "moved.png")
        self.assertIn("--init-image FILE", self.refused("reproduce", "1.png", part="in.png", code=1))
        self.run_it("reproduce", "1.png", "-q", "--init-image", "moved.png")
        write_png(self.dir / "in.png", 37, 27)
        self.refused("reproduce", "1.png", part="'1.png' began with another picture than 'in.png' is now", code=1)

    def test_tiles(self):
        """The VAE in tiles: another picture, which says so, and is made again from what it says."""
        small = ["render", "-p", "a fox", "--steps", "1", "--dtype", "f32", "--size", "136x24", "--seed", "5", "-q"]
        for words, name in (["--vae-tiling", "on"], "on"), (["--vae-tiling=off"], "off"), ([], "auto"):
            self.assertEqual(self.json_of(*small, *words, "-o", f"{name}.png")["vae_tiling"], name == "on")
            s = self.settings(f"{name}.png")
            self.assertEqual(s["vae_tiling"], "on" if name == "on" else "off")
            self.assertIn("--vae-tiling=" + s["vae_tiling"], self.run_it("info", f"{name}.png")[0])
            self.assertTrue(self.json_of("reproduce", f"{name}.png")["identical"])
        pixels = [(self.dir / f"{name}.png").read_bytes().split(b"IDAT", 1)[1] for name in ("on", "off", "auto")]
        self.assertNotEqual(pixels[0], pixels[1])
        self.assertEqual(pixels[1], pixels[2])
        self.assertFalse(self.json_of("reproduce", "on.png", "--vae-tiling", "off", code=1)["identical"])
        del s["vae_tiling"]  # a file from before there were tiles
        copy_png(self.dir / "off.png", self.dir / "old.png", s)
        self.run_it("reproduce", "old.png", "-q")
        self.run_it("render", *small[1:5], "--dtype", "f32", "--size", "128x24", "--vae-tiling", "on", "-q", "-o", "small.png")
        self.assertEqual(self.settings("small.png")["vae_tiling"], "off")
        self.run_it("roundtrip", "on.png", "-o", "r.png", "--vae-tiling", "on", "-q")
        self.run_it("noise", "on.png", "-o", "n.png", "-t", "9", "--vae-tiling", "on", "-q")
        self.refused(*small, "--vae-tiling", "often", part="--vae-tiling is 'often', expected auto, on or off")

    def test_init_image_of_several(self):
        """One generator for all: it samples the picture once, then draws for each."""
        write_png(self.dir / "in.png", 32, 24)
        self.make("--init-image", "in.png", "--scheduler", "euler_a", "--seed", "7", "--batch", "2", "-o", "{i}.png")
        for i in range(2):
            self.run_it("reproduce", f"{i}.png", "-q")
        r = self.json_of("render", "-p", "a fox", *self.SMALL[:-1], "--init-image", "in.png", "-o", "{i}.png")
        self.assertEqual((r["init_image"], r["strength"], r["steps"], r["steps_left_out"]), ("in.png", 0.8, 2, 1))
        err = self.run_it("render", "-p", "a fox", *self.SMALL[:-1], "--init-image", "in.png", "-o", "{i}.png")[1]
        self.assertIn("2 steps (the last of 3: strength 0.8)", err)

    def test_init_image_refused(self):
        write_png(self.dir / "in.png", 32, 24)
        write_png(self.dir / "small.png", 7, 24)
        (self.dir / "no.png").write_text("no picture")
        one = ["render", "-p", "x", "--steps", "3", "-o", "x.png"]
        self.refused(*one, "--init-image", "there.png", part="there.png", code=1)
        self.refused(*one, "--init-image", "no.png", part="no.png", code=1)
        self.refused(*one, "--init-image", "small.png", part="7x24 pixels, expected sides of 8 to 8192")
        self.assertIn("hint: --strength 0.34", self.refused(*one, "--init-image", "in.png", "--strength", "0.3",
                                                            part="--strength 0.3 leaves none of 3 steps"))
        self.refused("render", "-p", "x", "-o", "in.png", "--init-image", "in.png", part="named twice")
        self.assertEqual(self.files(), ["in.png", "no.png", "small.png"])

    def test_refused(self):
        self.make("--seed", "7", "-o", "a.png")
        write_png(self.dir / "none.png", 8, 8)
        self.refused("reproduce", "none.png", part="no settings", code=1)
        self.refused("reproduce", "nothing.png", part="No such file", code=1)
        self.refused("reproduce", part="reproduce needs FILE.png")
        self.change("a.png", forked_at_step=2)
        self.refused("reproduce", "b.png", part="went on from step 2 of another run", code=1)
        self.change("a.png", seed=None)
        self.refused("reproduce", "b.png", part="have no seed", code=1)
        self.change("a.png", model="./gone")
        self.refused("reproduce", "b.png", part="./gone", code=1)
        self.run_it("reproduce", "b.png", "-q", "--model", "demo")

    def test_other_programs(self):
        text = b"parameters\0a fox\nSteps: 2, Sampler: Euler a, CFG scale: 7, Seed: 7, Size: 16x8, Clip skip: 2"
        write_png(self.dir / "a.png", 16, 8, text)
        self.refused("reproduce", "a.png", part="its model must be given")
        out, err = self.run_it("reproduce", "a.png", "--model", "demo", code=1)
        self.assertIn("not followed: Clip skip", err)
        self.assertIn("the file has no fingerprints", out)
        graph = {"1": {"class_type": "KSampler", "inputs": {"seed": 3, "steps": 2, "cfg": 5, "sampler_name": "euler",
                                                          "scheduler": "karras", "positive": ["2", 0]}},
                 "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox"}}}
        write_png(self.dir / "a.png", 16, 8, b"prompt\0" + json.dumps(graph).encode())
        out, _ = self.run_it("reproduce", "a.png", "--model", "demo", "--json", code=1)
        self.assertEqual((json.loads(out)["steps"], json.loads(out)["not_followed"]), (2, "scheduler karras"))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    test_program.PROGRAM, test_program.PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
