#!/usr/bin/env python3
"""Text from strangers on its way to the terminal: no control character, no direction mark, no wrong byte arrives.

usage: test_shown.py PROGRAM PROJECT_FOLDER

Every place where a file, a prompt, a name or a setting can bring text in is tried with all kinds of hostile text, and
the bytes on stdout and stderr are searched for it.
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import unicodedata
import unittest

import test_program
from test_program import chunk, write_png, write_tensor

# a title, a clear screen, bell, backspace, DEL, CSI and OSC of C1, override and isolate of direction, line and paragraph
# separators, no-break marks, a tag, a private character
HOSTILE = ("a\x1b]0;title\x07\x1b[2J\x08\r\x7f\u009b31m\u009d\u0085\u202e\u2066\u200f\u2028\u2029\u200b\ufeff"
           "\U000e0041\ue000 z")
WRONG = HOSTILE.encode() + b"\xff\xc0\x80\xed\xa0\x80\xf5"  # and bytes that are no UTF-8, CSI alone among them
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
QUICK = ["--steps", "1", "--size", "8x8", "--backend", "ref"]


class Shown(test_program.Case):
    def look(self, *words, says=None, **more):
        """Runs the program; whatever its exit code, what it says can be shown."""
        done = subprocess.run([test_program.PROGRAM, *words], cwd=self.dir, env=test_program.environment(), timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)
        self.assertIn(done.returncode, (0, 1, 2), done.stderr)
        for stream in done.stdout, done.stderr:
            text = stream.decode("utf-8")  # raises where it is not
            hidden = {hex(ord(c)) for c in text if unicodedata.category(c) in HIDDEN and c not in "\n\u200d"}
            self.assertEqual(hidden, set(), f"{words}: {text!r}")
        if says:
            self.assertIn(says, (done.stdout + done.stderr).decode())
        return done

    def both(self, *words, says="u{9B}"):
        """In words and as JSON, which reads back."""
        done = self.look(*words, says=says)
        as_json = self.look(*words, "--json")
        self.assertEqual(as_json.returncode, done.returncode)
        return json.loads(as_json.stdout) if as_json.returncode == 0 else None

    def test_words_of_the_command_line(self):
        for words in [[HOSTILE], ["help", HOSTILE], ["render", "--" + HOSTILE], ["render", "-p", "x", HOSTILE],
                      ["render", "-p", "x", "--steps", HOSTILE], ["render", "-p", "x", "--seeds", HOSTILE],
                      ["render", "-p", "x", "--size", HOSTILE], ["render", "-p", "x", "--scheduler", HOSTILE],
                      ["render", "-p", "x", "--backend", HOSTILE], ["render", "-p", "x", "--dtype", HOSTILE],
                      ["render", "-p", "x", "--batch", HOSTILE], ["render", "-p", "x", "-o", "{" + HOSTILE],
                      ["render", "-p", "x", "-o", HOSTILE + "/x.png"], ["render", "-p", "x", "-o", HOSTILE + ".jpg"],
                      ["render", "-p", "x", "--latents", HOSTILE], ["render", "-p", "x", "--init-image", HOSTILE], ["render", "-p", "x", "--model", HOSTILE],
                      ["render", "-p", "x", "--unet", HOSTILE], ["render", "-p", "x", "--variant", HOSTILE],
                      ["tokens", "x", "--tokenizer", HOSTILE], ["tokens", "x", "--json=" + HOSTILE],
                      ["info", HOSTILE], ["reproduce", HOSTILE], ["render", "-p", "x", "--sheet", "{" + HOSTILE],
                      ["render", "-p", "x", "--sheet", "s.png", "--columns", HOSTILE], ["roundtrip", HOSTILE, "-o", "x.png"], ["rng", "--shape", HOSTILE],
                      ["noise", "in.png", "-t", HOSTILE, "-o", "x.png"]]:
            with self.subTest(words=words):
                self.assertNotEqual(self.look(*words, says="u{").returncode, 0)
                self.look(*[w.encode().replace(HOSTILE.encode(), WRONG) for w in words])

    def test_prompts(self):
        t = self.both("tokens", HOSTILE + " word" * 80 + HOSTILE)
        self.assertEqual(t["text"], HOSTILE + " word" * 80 + HOSTILE)
        self.assertTrue(t["cut"].endswith(HOSTILE))
        self.look("tokens", "-", input=HOSTILE.encode(), says="pieces")
        self.look("tokens", "-", input=WRONG, says="UTF-8")
        self.look("tokens", WRONG, says="UTF-8")
        self.both("encode", HOSTILE, "--backend", "ref", says="")
        self.look("render", "-p", "word " * 80 + HOSTILE, *QUICK, "-o", "x.png", says="u{9B}")
        self.look("render", "-p", "x", "--negative-prompt", "word " * 80 + HOSTILE, *QUICK, "-o", "x.png", says="u{9B}")
        self.look("render", "-p", WRONG, *QUICK, "-o", "x.png", says="UTF-8")

    def test_names_of_files(self):
        for name in HOSTILE.replace("/", "").encode(), WRONG.replace(b"/", b""):
            self.look("render", "-p", "x", *QUICK, "-o", name, "--trace", name + b".safetensors", "--frames", b"f" + name,
                      says="wrote a\\u{1B}")
            self.look("info", name, says="PNG")
            self.look("info", name, "--json", says="\\u001b" if name != WRONG else "")
            self.look("info", name + b".safetensors", says="tensors")
            self.look("roundtrip", name, "-o", "r.png", "--json")
            self.look("rng", "--shape", "1,4,1,1", "-o", name, says="u{9B}")
            self.look("render", "-p", "x", *QUICK, "--latents", name, "-o", "y.png", "--json")
            shutil.copytree(test_program.PROJECT / "assets/demo", self.dir / os.fsdecode(b"m" + name))
            self.look("info", b"m" + name)
            self.look("info", b"m" + name, "--json")
            self.look("render", "-p", "x", *QUICK, "--model", b"m" + name, "-o", "y.png")
            (self.dir / os.fsdecode(b"m" + name) / "vae/config.json").unlink()
            self.look("render", "-p", "x", "--model", b"m" + name, "-o", "y.png", says="u{9B}")

    def write_texts(self, rows):
        write_png(self.dir / "in.png", 8, 8)
        data = (self.dir / "in.png").read_bytes()
        texts = b"".join(chunk(kind, text) for kind, text in rows)
        (self.dir / "in.png").write_bytes(data[:33] + texts + data[33:])

    def test_texts_of_pictures(self):
        latin1 = bytes(range(1, 256))  # C0 and C1 as they are
        self.write_texts([(b"tEXt", b"key\0" + latin1), (b"iTXt", b"other\0\0\0\0\0" + HOSTILE.encode()),
                          (b"iTXt", b"wrong\0\0\0\0\0" + WRONG), (b"tEXt", b"k\x9b\xad\0value")])
        i = self.both("info", "in.png")
        self.assertEqual([t["value"] for t in i["text"][:2]], [latin1.decode("latin-1"), HOSTILE])
        self.write_texts([(b"iTXt", b"parameters\0\0\0\0\0" + HOSTILE.encode() + b"\nNegative prompt: " + HOSTILE.encode()
                           + b"\nSteps: 3, Sampler: " + HOSTILE.encode() + b", " + HOSTILE.encode() + b": 4")])
        self.both("info", "in.png")
        settings = {"prompt": HOSTILE, "negative_prompt": HOSTILE, "seed": HOSTILE, HOSTILE: HOSTILE, "model": HOSTILE}
        for ascii_only in True, False:
            self.write_texts([(b"iTXt", b"latentty\0\0\0\0\0" + json.dumps(settings, ensure_ascii=ascii_only).encode())])
            self.assertEqual(self.both("info", "in.png")["settings"], settings)
            self.look("reproduce", "in.png", says="have no seed")

    def test_settings_that_are_run(self):
        """Their texts come back in what `reproduce` does not follow, in its faults, and in JSON."""
        ours = {"prompt": HOSTILE, "seed": 1, "steps": 1, "width": 8, "height": 8, "version": HOSTILE}
        for more in [{}, {"model": HOSTILE}, {"backend": HOSTILE}, {"latents": HOSTILE}, {"init_image": HOSTILE}, {"scheduler": HOSTILE}]:
            self.write_texts([(b"iTXt", b"latentty\0\0\0\0\0" + json.dumps({**ours, **more}).encode())])
            for words in [[], ["--json"]]:
                self.look("reproduce", "in.png", *words)
        graph = {"1": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 1, "sampler_name": HOSTILE}},
                 "2": {"class_type": HOSTILE, "inputs": {"ckpt_name": HOSTILE}}, "3": {"class_type": HOSTILE}}
        for key, text in [(b"prompt", graph), (b"invokeai_metadata", {"positive_prompt": HOSTILE, "seed": 1, "steps": 1,
                                                                      HOSTILE: HOSTILE, "model": {"name": HOSTILE}})]:
            self.write_texts([(b"iTXt", key + b"\0\0\0\0\0" + json.dumps(text).encode())])
            self.look("reproduce", "in.png", "--model", "demo", says="u{9B}")
            self.look("reproduce", "in.png", "--model", "demo", "--json", says="not_followed")

    def test_names_in_weights(self):
        write_tensor(self.dir / "w.safetensors", HOSTILE, [1], struct.pack("<f", 1))
        self.both("info", "w.safetensors")
        self.look("render", "-p", "x", "--latents", "w.safetensors", "-o", "x.png", says="w.safetensors")
        header = json.dumps({"__metadata__": {HOSTILE: HOSTILE}}, ensure_ascii=False).encode()
        (self.dir / "m.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
        self.assertEqual(self.both("info", "m.safetensors")["metadata"], {HOSTILE: HOSTILE})
        (self.dir / "bad.safetensors").write_bytes(struct.pack("<Q", len(WRONG)) + WRONG)
        self.look("info", "bad.safetensors")

    def test_models(self):
        """Each string of each JSON file of a model, and each piece of its vocabulary."""
        demo = test_program.PROJECT / "assets/demo"
        shutil.copytree(demo, self.dir / "m")
        for path in sorted(demo.rglob("*.json")):
            there = self.dir / "m" / path.relative_to(demo)
            content = json.loads(path.read_text())
            keys = [k for k, v in content.items() if isinstance(v, (str, list))]
            for key in [*keys[:8], HOSTILE]:
                changed = {**content, key: [HOSTILE, HOSTILE] if isinstance(content.get(key), list) else HOSTILE}
                there.write_text(json.dumps(changed, ensure_ascii=False))
                with self.subTest(path=path.relative_to(demo), key=key):
                    self.look("info", "m", *(["--json"] if key != HOSTILE else []))
                    self.look("render", "-p", "x", *QUICK, "--model", "m", "-o", "x.png")
            there.write_bytes(b'{"a": "' + WRONG + b'"}')
            self.look("render", "-p", "x", *QUICK, "--model", "m", "-o", "x.png")
            shutil.copy(path, there)
        merges = self.dir / "m/tokenizer/merges.txt"
        merges.write_bytes(WRONG + b" x\n")
        self.look("tokens", "x", "--model", "m", says="u{")
        shutil.copy(demo / "tokenizer/merges.txt", merges)
        vocabulary = json.loads((demo / "tokenizer/vocab.json").read_text())
        piece = next(k for k, v in vocabulary.items() if v == vocabulary["x</w>"])
        vocabulary = {(HOSTILE if k == piece else k): v for k, v in vocabulary.items()}
        (self.dir / "m/tokenizer/vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
        self.look("tokens", "x", "--model", "m")
        self.look("tokens", "x", "--model", "m", "--json")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    test_program.PROGRAM, test_program.PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
