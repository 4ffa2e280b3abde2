#!/usr/bin/env python3
"""Runs latentty on files that are wrong: one message that names the fault, exit code 1, and never a signal.

usage: test_files.py PROGRAM PROJECT_FOLDER
"""
import os
import pathlib
import subprocess
import sys
import time
import unittest

import test_program
from test_program import Case, environment

UNET = "unet/diffusion_pytorch_model.safetensors"
RENDER = ["render", "-p", "x", "--seed", "1", "--steps", "1", "--size", "16x16", "-o", "out.png", "--model", "m"]


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


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    test_program.PROGRAM, test_program.PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
