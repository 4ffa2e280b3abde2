#!/usr/bin/env python3
"""The module latentty-cuda.so where there is no GPU: every way in which it cannot be used is told, and nothing else happens.

usage: test_module.py PROGRAM FOLDER      FOLDER: with the libcuda.so.1 of failing_driver.c
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, DRIVER = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
MODULE = PROGRAM.parent / "latentty-cuda.so"


def system_has_driver():
    found = subprocess.run(["ldconfig", "-p"], stdout=subprocess.PIPE, check=False,
                           env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}).stdout
    return b"libcuda.so.1" in found


class Module(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.temporary.name)

    def tearDown(self):
        self.temporary.cleanup()

    def run_it(self, *words, program=PROGRAM, driver=DRIVER, **env):
        env = {**os.environ, "XDG_CACHE_HOME": str(self.dir / "cache"), **env}
        env["LD_LIBRARY_PATH"] = ":".join(filter(None, [str(driver) if driver else "", os.environ.get("LD_LIBRARY_PATH")]))
        done = subprocess.run([program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=120,
                              cwd=self.dir, env=env, start_new_session=True)
        self.assertIn(done.returncode, (0, 1), (words, env, done.stderr))
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def why(self, **options):
        """What doctor says of the backend, and its hint."""
        _, out, _ = self.run_it("doctor", **options)
        lines = out.splitlines()
        self.assertTrue(lines[0].startswith("backend     cuda: not used: "), out)
        self.assertTrue(lines[1].startswith("            hint: "), out)
        return lines[0].split("not used: ")[1], lines[1].split("hint: ")[1]

    def calls(self, **env):
        """Calls of the driver until the program gives up."""
        path = self.dir / "calls"
        self.why(LT_DRIVER_CALLS=str(path), **env)
        return int(path.read_text())

    def test_no_driver(self):
        if system_has_driver():
            self.skipTest("this system has one")
        self.assertIn("no NVIDIA driver", self.why(driver=None)[0])

    def test_old_driver(self):
        why, hint = self.why(LT_DRIVER_VERSION="11080")
        self.assertIn("the NVIDIA driver is too old: it can do CUDA 11.8", why)
        self.assertIn("update the NVIDIA driver", hint)

    def test_each_call_fails(self):
        count = self.calls()
        self.assertGreater(count, 3)
        turns = sorted({*range(1, min(count, 40) + 1), *range(1, count + 1, 12), count})
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for why, hint in pool.map(lambda n: self.why(LT_DRIVER_FAILS=str(n)), turns):
                self.assertTrue(why and hint)

    def test_work_goes_on(self):
        words = ["render", "-p", "a fox", "-n", "1", "--seed", "1", "-q", "-o", "out.png"]
        code, _, err = self.run_it(*words)
        self.assertEqual((code, err), (0, ""))
        self.assertTrue((self.dir / "out.png").exists())
        code, _, err = self.run_it(*words, "--backend", "cuda")
        self.assertEqual(code, 1)
        self.assertIn("backend 'cuda' cannot be used: ", err)
        self.assertFalse((self.dir / "cache").exists(), "nothing is left behind")

    def test_foreign_modules(self):
        program, module = self.dir / "latentty", self.dir / "latentty-cuda.so"
        shutil.copy(PROGRAM, program)
        self.assertIn("this build has no module for CUDA", self.why(program=program)[0])
        module.write_bytes(b"no library")
        self.assertIn("the module for CUDA cannot be opened: ", self.why(program=program)[0])
        shutil.copy(DRIVER / "libcuda.so.1", module)
        self.assertIn("is not of this build of the program", self.why(program=program)[0])

    def test_links_no_driver(self):
        needed = subprocess.run(["readelf", "-d", MODULE], stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertNotIn("libcuda.so", needed)
        paths = [line.split("[")[1].split("]")[0] for line in needed.splitlines() if "RUNPATH" in line or "RPATH" in line]
        for path in ":".join(paths).split(":"):
            self.assertTrue(path.startswith(("/", "$ORIGIN")), f"'{path}' is looked for in the current folder")
        program = subprocess.run(["readelf", "-d", PROGRAM], stdout=subprocess.PIPE, check=True).stdout.decode()
        for library in ["libcuda", "libcudnn", "libcublas"]:
            self.assertNotIn(library, program)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
