#!/usr/bin/env python3
"""The user's file of settings as the commands follow it: who comes first, what is said, latentty config.

usage: test_config.py PROGRAM PROJECT_FOLDER
"""
import os
import pathlib
import sys
import unittest

import test_program
from test_program import Case

RENDER = ["render", "-p", "x", "--size", "16x16", "--dtype", "f32", "-o", "x.png"]


class Config(Case):
    def setUp(self):
        super().setUp()
        self.path = self.dir / "config" / "latentty" / "latentty.conf"
        self.path.parent.mkdir(parents=True)
        self.env = {"XDG_CONFIG_HOME": str(self.dir / "config")}

    def write(self, text, name="latentty.conf"):
        (self.path.parent / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def values(self, *words, **more):
        """{key: (value, from, line)} of `latentty config --json`."""
        found = self.json_of("config", *words, env={**self.env, **more})
        return {v["key"]: (v["value"], v["from"], v["line"]) for v in found["values"]}, found["mistakes"]

    def settings(self, *words):
        return self.json_of(*RENDER, *words, env=self.env)["pictures"][0]["settings"]

    def test_render_follows_the_file(self):
        self.write("steps = 2\nguidance-scale = 3\nscheduler = euler\nseed = 9\n")
        found = self.settings()
        self.assertEqual((found["steps"], found["guidance_scale"], found["scheduler"], found["seed"]),
                         (2, 3, "euler", 9))
        found = self.settings("--steps", "3", "--seed", "4")
        self.assertEqual((found["steps"], found["guidance_scale"], found["seed"]), (3, 3, 4))
        found = self.settings("--seeds", "5", "-n", "1")
        self.assertEqual((found["steps"], found["seed"]), (1, 5))
        found = self.settings("--no-config", "--steps", "1", "--seed", "4")
        self.assertEqual((found["guidance_scale"], found["scheduler"]), (7.5, "lms"))

    def test_mistakes_are_said_and_ignored(self):
        self.write("steps = 2\nstesp = 3\nsize\n")
        _, err = self.run_it(*RENDER, env=self.env)
        self.assertIn(f"{self.path}:2: there is no setting 'stesp'; steps is one\n", err)
        self.assertIn(f"{self.path}:3: expected 'key = value', found 'size'\n", err)
        _, err = self.run_it(*RENDER, "--quiet", env=self.env)
        self.assertEqual(err, "")
        _, err = self.run_it(*RENDER, "--no-config", "--steps", "1", env=self.env)
        self.assertNotIn("stesp", err)
        self.write(b"steps = 2\n\xff\x1b[31m\nmodel = \xe2\x80\xae\0\n")
        _, err = self.run_it(*RENDER, env=self.env)
        self.assertIn("latentty.conf:2: the line is not UTF-8: byte 0 is wrong", err)
        self.assertIn("latentty.conf:3: the line holds a NUL byte", err)

    def test_a_file_that_cannot_be_read(self):
        self.path.mkdir()
        out, err = self.run_it("config", env=self.env)
        self.assertIn(f"cannot read '{self.path}': it is a directory", err)
        self.assertIn("steps", out)
        self.path.rmdir()
        self.path.symlink_to("nowhere")
        _, err = self.run_it(*RENDER, "--steps", "1", env=self.env)
        self.assertIn(f"cannot open '{self.path}'", err)
        if os.getuid():
            self.path.unlink()
            self.write("steps = 2\n")
            self.path.chmod(0)
            self.assertIn("Permission denied", self.run_it("config", env=self.env)[1])

    def test_info_names_a_command_that_no_file_changes(self):
        self.settings("--steps", "1", "--seed", "4")
        self.write("negative-prompt = a fox\nvariant = fp16\n")
        again = self.json_of("info", "x.png")["command"].split()
        self.assertEqual(again[:3], ["latentty", "render", "--no-config"])
        before = (self.dir / "x.png").read_bytes()
        self.run_it(*again[1:], "-o", "y.png", env=self.env)
        self.assertEqual((self.dir / "y.png").read_bytes(), before)

    def test_other_commands_do_not_follow_it(self):
        self.write("scheduler = euler\nsteps = 2\n")
        self.assertEqual(self.json_of("schedule", env=self.env), self.json_of("schedule"))
        self.refused("schedule", "--no-config", part="unknown option")

    def test_where_values_come_from(self):
        self.write("# mine\nsteps = 12\ntheme = dark\nhistory.max-size = 2G\n")
        found, mistakes = self.values("--steps", "5", "--no-mouse", "--pace", "0.5")
        self.assertEqual(mistakes, [])
        self.assertEqual(found["steps"], ("5", "command", None))
        self.assertEqual(found["pace"], ("0.5", "command", None))
        self.assertEqual(found["mouse"], ("off", "command", None))
        self.assertEqual(found["theme"], ("dark", "file", 3))
        self.assertEqual(found["history.max-size"], ("2G", "file", 4))
        self.assertEqual(found["history"], (None, "default", None))
        self.assertEqual(found["scheduler"], (None, "default", None))
        found, _ = self.values("--no-config")
        self.assertEqual({source for _, source, _ in found.values()}, {"default"})
        out, _ = self.run_it("config", "--no-history", env=self.env)
        self.assertRegex(out, r"(?m)^steps +12 +line 2$")
        self.assertRegex(out, r"(?m)^history +off +command$")
        self.assertRegex(out, r"(?m)^guidance-scale +the model's, or 7.5 +default$")
        self.refused("config", "--steps", "0", part="--steps is '0'", env=self.env)
        self.refused("config", "--theme", "pink", part="--theme is 'pink'", env=self.env)

    def test_keys_are_checked_too(self):
        self.write("stesp = 3\n")
        self.write("q save\nCtrl+I run\n", "keys.conf")
        _, mistakes = self.values()
        self.assertEqual(len(mistakes), 2)
        self.assertTrue(mistakes[0].startswith(f"{self.path}:1: "))
        self.assertIn("keys.conf:2: 'Ctrl+I' cannot be told apart: a terminal sends Tab", mistakes[1])
        out, err = self.run_it("config", env=self.env)
        self.assertEqual(len(err.splitlines()), 2)
        self.assertIn(f"settings: {self.path}\n", out)

    def test_paths(self):
        self.assertEqual(self.run_it("config", "--path", env=self.env)[0], f"{self.path}\n")
        self.assertEqual(self.json_of("config", "--path", env=self.env), {"path": str(self.path)})
        home = "/nonexistent/.config/latentty/latentty.conf\n"
        self.assertEqual(self.run_it("config", "--path")[0], home)
        self.assertEqual(self.run_it("config", "--path", env={"XDG_CONFIG_HOME": "config"})[0], home)
        self.assertIn(" (not there)\n", self.run_it("config")[0])
        self.refused("config", part="neither XDG_CONFIG_HOME nor HOME is an absolute path", code=1, env={"HOME": ""})
        self.run_it(*RENDER, "--steps", "1", env={"HOME": ""})  # and nobody else minds

    def test_every_key(self):
        text = (test_program.PROJECT / "tests" / "data" / "cli" / "every.conf").read_text()
        self.write(text)
        found, mistakes = self.values()
        self.assertEqual(mistakes, [])
        lines = text.splitlines()
        for key, (value, source, line) in found.items():
            self.assertEqual(source, "file", key)
            self.assertTrue(lines[line - 1].startswith(f"{key} = "), key)
            self.assertNotIn("~/", value)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    test_program.PROGRAM, test_program.PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
