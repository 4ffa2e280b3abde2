#!/usr/bin/env python3
"""What the user's environment must not change: numbers under a locale with commas, text under the C locale, terminals.

usage: test_environment.py PROGRAM PROJECT_FOLDER
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import test_program
from test_program import QUICK, Case

ASK = 'import locale; locale.setlocale(locale.LC_ALL, ""); print(locale.format_string("%.1f", 0.5))'
RENDER = ["render", "-p", "x", *QUICK, "--size", "16x16", "-g", "7.5", "--seed", "3", "-o", "x.png"]


class Commas(Case):
    """German writes 7,5; the program and its files write 7.5 all the same."""

    @classmethod
    def setUpClass(cls):
        cls.locales = tempfile.TemporaryDirectory()
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", f"{cls.locales.name}/de_DE.UTF-8"], check=True)
        cls.german = {"LC_ALL": "de_DE.UTF-8", "LOCPATH": cls.locales.name}
        if "ASAN_OPTIONS" in os.environ:  # glibc's newlocale (json-c uses it) never frees what it makes of LOCPATH
            cls.german["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"] + ":detect_leaks=0"

    @classmethod
    def tearDownClass(cls):
        cls.locales.cleanup()

    def test_the_locale_has_commas(self):
        said = subprocess.run([sys.executable, "-c", ASK], env={**os.environ, **self.german}, check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        self.assertEqual(said, "0,5\n")

    def test_facts(self):
        demo = str(test_program.PROJECT / "assets" / "demo")
        for words in [["schedule"], ["schedule", "--json"], ["rng", "--shape", "2,4"], ["info", demo],
                      ["rng", "--shape", "2,4", "--json"], ["encode", "a fox", "--dtype", "f32", "--json"]]:
            with self.subTest(words=words):
                self.assertEqual(self.run_it(*words, env=self.german), self.run_it(*words))

    def test_pictures(self):
        here = self.json_of(*RENDER)
        picture = (self.dir / "x.png").read_bytes()
        there = self.json_of(*RENDER, env=self.german)
        self.assertEqual((self.dir / "x.png").read_bytes(), picture)
        self.assertIn(b"CFG scale: 7.5", picture)
        self.assertEqual(here["pictures"], there["pictures"])
        for words in [["info", "x.png"], ["info", "x.png", "--json"]]:
            self.assertEqual(self.run_it(*words, env=self.german), self.run_it(*words))

    def test_numbers_of_the_user(self):
        self.assertEqual(self.json_of(*RENDER, env=self.german)["pictures"][0]["settings"]["guidance_scale"], 7.5)
        _, err = self.run_it("render", "-p", "x", "-g", "7,5", code=2, env=self.german)
        self.assertIn("expected a number such as 7.5", err)

    def test_times(self):
        out, err = self.run_it(*RENDER, env=self.german)
        self.assertRegex(out + err, r"\d\.\d")
        self.assertNotRegex(out + err, r"\d,\d")


class Terminals(Case):
    SHOWN = [["--help"], ["help", "render"], ["--version"], ["tokens", "a fox"], ["schedule", "--steps", "3"], RENDER]

    def seen(self, **env):
        """What a terminal is sent, on stdout and stderr, by each of SHOWN."""
        for words in self.SHOWN:
            code, text = self.on_terminal(*words, everything=True, **env)
            self.assertEqual(code, 0, text)
            self.assertNotEqual(text, "")
            yield text

    def test_dumb(self):
        for env in {"TERM": "dumb"}, {"TERM": ""}, {}:
            for text in self.seen(**env):
                self.assertNotIn("\x1b", text)
                self.assertNotRegex(text, r"\r(?!\r?\n)")

    def test_no_colours(self):
        for env in {"NO_COLOR": "1"}, {"NO_COLOR": ""}:
            for text in self.seen(TERM="xterm-256color", COLORTERM="truecolor", **env):
                self.assertNotRegex(text, r"\x1b\[[0-9;:]*m")

    def test_c_locale(self):
        for text in self.seen(TERM="xterm", LC_ALL="C"):
            self.assertTrue(text.isascii(), text)
        code, text = self.on_terminal(*RENDER, TERM="xterm", LC_ALL="C.UTF-8")
        self.assertEqual(code, 0)
        self.assertIn("\u2588", text)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    test_program.PROGRAM, test_program.PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
