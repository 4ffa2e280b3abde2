#!/usr/bin/env python3
"""What bench_diffusers.py makes of measured times, and of its words; nothing is timed and torch is not needed."""
import contextlib
import io
import pathlib
import stat
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
sys.dont_write_bytecode = True
import bench_diffusers

WORDS = ["--latentty", "latentty", "--synthetic", "sd14", "--threads", "2"]


def parts(text, step, decode):
    return {"text": text, "guided_step": step, "decode": decode}


class Summary(unittest.TestCase):
    ROUNDS = [{"latentty": parts(1, 10, 40), "eager": parts(2, 30, 20), "compiled": parts(1, 11, 40)},
              {"latentty": parts(1, 20, 40), "eager": parts(2, 30, 20), "compiled": parts(1, 11, 40)},
              {"latentty": parts(1, 12, 40), "eager": parts(2, 33, 20), "compiled": parts(1, 14, 40)}]

    def test_ratios(self):
        table = bench_diffusers.summary(self.ROUNDS)
        step = table["guided_step"]
        self.assertEqual(step["latentty"], {"ms": 12})
        self.assertEqual(step["eager"], {"ms": 30, "ratio": 30 / 12, "least": 30 / 20, "most": 30 / 10})
        self.assertEqual(table["decode"]["eager"]["ratio"], 0.5)

    def test_markdown(self):
        rows = list(bench_diffusers.markdown(bench_diffusers.summary(self.ROUNDS)))
        self.assertEqual(rows[0], "| | latentty | eager | eager / latentty | compiled | compiled / latentty |")
        self.assertEqual(rows[3], "| guided step | 12.0 ms | 30.0 ms | 2.50 (1.50 to 3.00) "
                                  "| 11.0 ms | 0.92 (0.55 to 1.17) |")
        self.assertEqual({row.count("|") for row in rows}, {7})


class Words(unittest.TestCase):
    def refused(self, *words):
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit) as stop:
            bench_diffusers.arguments(list(words))
        self.assertEqual(stop.exception.code, 2)

    def test_refused(self):
        self.refused()
        self.refused("--latentty", "x")
        self.refused(*WORDS, "--model", "m")
        for wrong in [["--size", "512"], ["--size", "0x8"], ["--batch", "0"], ["--dtype", "f8"], ["--rounds", "x"]]:
            self.refused(*WORDS, *wrong)

    def test_command(self):
        """The program is called with the same settings that diffusers gets."""
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder, "latentty")
            program.write_text('#!/bin/sh\nprintf \'{"words": "%s"}\' "$*"\n')
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            args = bench_diffusers.arguments([*WORDS, "--size", "64x32", "--batch", "3", "--dtype", "f32",
                                              "--latentty", str(program)])
            self.assertEqual(bench_diffusers.latentty(args)["words"],
                             "bench --synthetic sd14 --size 64x32 --batch 3 --backend cpu --dtype f32 --threads 2 --repeat 3 "
                             "--json --quiet")
            program.write_text("#!/bin/sh\nexit 1\n")
            with self.assertRaises(SystemExit) as stop:
                bench_diffusers.latentty(args)
            self.assertIn("failed with 1", str(stop.exception.code))


if __name__ == "__main__":
    unittest.main()
