#!/usr/bin/env python3
"""The scripts in completions/ in their shells: what a user is offered, and that the program takes it.

usage: test_completions.py PROGRAM PROJECT_FOLDER
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, PROJECT = None, None
KINDS = {  # option: what it needs beside it
    "--scheduler": [], "--timestep-spacing": [], "--backend": [], "--dtype": [], "--lens": ["--frames", "f"]}

# The completion of words as a script sees it, one offer a line; FILES where it wants a file's name.
BASH = r"""
source "$1/completions/latentty.bash"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_latentty latentty "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
complete -p latentty | grep -q -- '-o default' && [[ ${#COMPREPLY[@]} -eq 0 ]] && echo FILES
printf '%s\n' "${COMPREPLY[@]}"
"""
ZSH = r"""
_describe() { printf '%s\n' "${(@P)2%%:*}" }
_files() { print FILES }
script=$1/completions/_latentty
shift
ask() { emulate -L zsh; local -a words=("$@"); local CURRENT=$#; source $script }
ask "$@"
"""
FISH = r"""
source $argv[1]/completions/latentty.fish
for offer in (complete -C (string join ' ' -- $argv[2..-1]))
    string split -m 1 \t -- $offer | head -n 1
end
"""
SHELLS = {"bash": ["bash", "--norc", "-c", BASH, "bash"], "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
          "fish": ["fish", "--no-config", "-c", FISH]}


class Completions(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.temporary.name)
        (self.dir / "bin").mkdir()
        (self.dir / "bin/latentty").symlink_to(PROGRAM)
        (self.dir / "picture.png").touch()

    def tearDown(self):
        self.temporary.cleanup()

    def environment(self):
        keep = {k: v for k, v in os.environ.items() if k.startswith(("ASAN", "UBSAN", "LSAN", "GCOV", "LLVM"))}
        return {**keep, "PATH": f"{self.dir}/bin:/usr/bin:/bin", "HOME": str(self.dir), "LC_ALL": "C.UTF-8",
                "LATENTTY_ASSETS": str(PROJECT / "assets")}

    def run_it(self, *command):
        return subprocess.run(command, cwd=self.dir, env=self.environment(), timeout=120, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def offered(self, shell, *words):
        done = self.run_it(*SHELLS[shell], str(PROJECT), "latentty", *words)
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().split()

    def in_shell(self, shell):
        self.assertIn("render", self.offered(shell, ""))
        self.assertEqual(self.offered(shell, "sch"), ["schedule"])
        self.assertEqual(sorted(self.offered(shell, "schedule", "--s")), ["--scheduler", "--steps"])
        self.assertEqual(sorted(self.offered(shell, "schedule", "--scheduler", "eu")), ["euler", "euler_a"])
        self.assertIn(self.offered(shell, "info", ""), (["FILES"], ["bin/", "picture.png"]))
        self.assertIn(self.offered(shell, "rng", "-o", "pic"), (["FILES"], ["picture.png"]))

    def test_bash(self):
        self.in_shell("bash")
        self.assertEqual(self.offered("bash", "schedule", "--scheduler", "=", "lms-"), ["lms-blog"])
        self.assertEqual(self.offered("bash", "lesson", ""), [str(number) for number in range(1, 9)])
        self.assertEqual(self.offered("bash", "render", "-p", '"a fox', "-s", "euler_"), ["euler_a"])

    @unittest.skipUnless(shutil.which("zsh"), "no zsh here")
    def test_zsh(self):
        self.in_shell("zsh")
        self.assertEqual(self.offered("zsh", "schedule", "--scheduler=lms-"), ["--scheduler=lms-blog"])

    @unittest.skipUnless(shutil.which("fish"), "no fish here")
    def test_fish(self):
        self.in_shell("fish")
        self.assertEqual(self.offered("fish", "schedule", "--scheduler=lms-"), ["--scheduler=lms-blog"])

    def test_offers_are_taken(self):
        quick = ["render", "-p", "x", "--steps", "1", "--size", "8x8", "-q", "-o", "x.png"]
        for option, also in KINDS.items():
            offers = self.offered("bash", "render", option, "")
            self.assertGreater(len(offers), 1)
            refusal = self.run_it("latentty", *quick, *also, option, "nonsense").stderr.decode()
            for offer in offers:
                with self.subTest(option=option, offer=offer):
                    done = self.run_it("latentty", *quick, *also, option, offer)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertIn(offer, refusal)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    PROGRAM, PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
