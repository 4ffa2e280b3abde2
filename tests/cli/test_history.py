#!/usr/bin/env python3
"""`latentty history list` and `show`: how many pictures a run has, and which are starred or were stopped.

usage: test_history.py PROGRAM PROJECT_FOLDER

The history is made by the program, its rows here.
"""
import json
import os
import pathlib
import sqlite3
import sys
import unittest

import test_program
from test_program import Case

# id, what the run was asked for, and its pictures: (image, starred, last)
SEEDS = {"own_generators": True, "batch": 0, "prompts": ["a fox"], "seeds": ["7", "8", "9", "10"]}
VARIED = {"own_generators": True, "batch": 0, "prompts": ["a fox"], "seeds": ["7", "7"], "variation-seed": "5",
          "variation-strength": "0.2"}
ONE = {"own_generators": False, "batch": 0, "prompts": ["a tree"], "seeds": ["3"]}
RUNS = [(1, {"params": SEEDS}, True, [(1, 1, None), (2, 0, 2), (3, 1, 0)]), (2, {"params": ONE}, True, []),
        (3, {"params": ONE}, False, []), (4, {"params": VARIED}, True, [(1, 1, None)]), (5, {}, True, [])]


class History(Case):
    def setUp(self):
        super().setUp()
        self.env = {"XDG_DATA_HOME": str(self.dir)}
        self.run_it("history", "list", env=self.env)
        db = sqlite3.connect(self.dir / "latentty" / "history.db")
        for run, settings, starred, pictures in RUNS:
            db.execute("INSERT INTO runs(id, created, state, done, starred, steps, width, height, seed, guidance, "
                       "sampler, model, model_hash, prompt, negative, settings, folded) VALUES(?, 7, 1, 4, ?, 4, 64, "
                       "64, 7, 7.5, 'lms', 'demo', '', 'a fox', '', ?, '')", (run, starred, json.dumps(settings)))
            db.executemany("INSERT INTO pictures(run, image, starred, last) VALUES(?, ?, ?, ?)",
                           [(run, *p) for p in pictures])
        db.commit()
        db.close()

    def lines(self, *words):
        return self.run_it("history", *words, env=self.env)[0].splitlines()

    def json(self, *words):
        return self.json_of("history", *words, env=self.env)

    def test_list(self):
        found = {int(line[:6]): line[6:] for line in self.lines("list")}
        self.assertRegex(found[1], r"^\* .* seed 7 +\[4 pictures, \* 2 seed 8, 4 seed 10\] a fox$")
        self.assertRegex(found[2], r"^\* .* seed 7 +a fox$")
        self.assertRegex(found[4], r" \[2 pictures, \* 2 seed 7, variation 6 at 0\.2\] a fox$")
        self.assertRegex(found[5], r"^\* .* seed 7 +a fox$")  # settings that cannot be read

    def test_show(self):
        shown = self.lines("show", "1")
        at = shown.index("pictures: 4")
        self.assertEqual(shown[at + 1:at + 5], ["  1: seed 7", "  2: seed 8, starred", "  3: seed 9, stopped after step 2",
                                                "  4: seed 10, starred, stopped after step 0"])
        self.assertIn(", starred,", shown[0])
        for run in "2", "5":
            self.assertNotIn("pictures", "\n".join(self.lines("show", run)))
        self.assertIn("  2: seed 7, variation 6 at 0.2, starred", self.lines("show", "4"))

    def test_json(self):
        runs = {r["id"]: r for r in self.json("list")["runs"]}
        self.assertEqual(runs[1], self.json("show", "1"))
        self.assertTrue(runs[1]["starred"])
        self.assertEqual(runs[1]["pictures"],
                         [{"i": 0, "seed": 7, "starred": False}, {"i": 1, "seed": 8, "starred": True},
                          {"i": 2, "seed": 9, "starred": False, "stopped_after": 2},
                          {"i": 3, "seed": 10, "starred": True, "stopped_after": 0}])
        self.assertEqual(runs[2]["pictures"], [{"i": 0, "seed": 3, "starred": True}])
        self.assertEqual(runs[3]["pictures"], [{"i": 0, "seed": 3, "starred": False}])
        self.assertEqual(runs[4]["pictures"][1],
                         {"i": 1, "seed": 7, "variation_seed": 6, "variation_strength": 0.2, "starred": True})
        self.assertIsNone(runs[5]["pictures"])

    def test_only_starred(self):
        self.assertEqual([r["id"] for r in self.json("list", "--starred")["runs"]], [5, 4, 2, 1])

    def test_newer(self):
        db = sqlite3.connect(self.dir / "latentty" / "history.db")
        db.execute("PRAGMA user_version = 99")
        db.close()
        self.refused("history", "list", part="newer latentty", env=self.env, code=1)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    test_program.PROGRAM, test_program.PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
