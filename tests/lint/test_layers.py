#!/usr/bin/env python3
"""layers.py must refuse each thing that it promises to refuse, and only that."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

LAYERS = pathlib.Path(__file__).resolve().parents[2] / "tools" / "layers.py"
CLEAN = {
    "src/main.c": '#include "base/a.h"\n#include "cpu/a.h"\n',
    "src/base/a.h": "#pragma once\n",
    "src/tensor/a.h": '#pragma once\n#include "base/a.h"\n',
    "src/cpu/a.h": '#pragma once\n#include <dnnl.h>\n#include "tensor/a.h"\n',
    "src/image/png.c": "#include <png.h>\n#include <setjmp.h>\n",
    "src/backends.c": "#ifdef LT_HAVE_CUDA\n#endif\n",
    "tests/support/check.h": "#pragma once\n#include <setjmp.h>\n",
    "tests/tensor/own.h": "#pragma once\n",
    "tests/tensor/test_a.c": '#include "own.h"\n#include "support/check.h"\n#include "tensor/a.h"\n',
}


def run(changes):
    """layers.py over the clean tree with some files changed: (exit status, output)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**CLEAN, **changes}.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, LAYERS, folder], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout


class Layers(unittest.TestCase):
    def refused(self, name, text, part):
        status, output = run({name: text})
        self.assertEqual(status, 1, output)
        self.assertIn(f"{name}:", output)
        self.assertIn(part, output)
        self.assertIn(" 1 faults", output)

    def test_clean(self):
        status, output = run({})
        self.assertEqual(status, 0, output)

    def test_upward(self):
        self.refused("src/base/b.c", '#include "tensor/a.h"\n', "base may not include")

    def test_sideways(self):
        self.refused("src/model/b.c", '#include "cpu/a.h"\n', "model may not include")

    def test_tests_follow_their_layer(self):
        self.refused("tests/tensor/test_b.c", '#include "cpu/a.h"\n', "tensor may not include")

    def test_unknown_folder(self):
        self.refused("src/other/b.c", "", "not in LAYERS")

    def test_backend_header(self):
        self.refused("src/tensor/b.c", "#include <dnnl.h>\n", "only in src/cpu/")

    def test_png_header(self):
        self.refused("src/image/b.c", "#  include <png.h>\n", "only in src/image/png.c")

    def test_setjmp(self):
        self.refused("src/base/b.c", "#include <setjmp.h>\n", "only in src/image/png.c")

    def test_threads(self):
        self.refused("src/pipeline/run.c", "#include <pthread.h>\n", "only in src/base/queue.c")

    def test_curses(self):
        self.refused("src/cli/b.c", "#include <curses.h>\n", "only in src/tui/")

    def test_relative_path(self):
        self.refused("src/tensor/b.c", '#include "../base/a.h"\n', "not a path from src/")

    def test_angle_brackets(self):
        self.refused("src/tensor/b.c", "#include <base/a.h>\n", "with quotes")

    def test_source_includes_test(self):
        self.refused("src/main.c", '#include "support/check.h"\n', "belongs to the tests")

    def test_backend_switch(self):
        self.refused("src/base/b.c", "#if defined(LT_HAVE_CUDA)\n#endif\n", "src/backends.c")

    def test_pragma_once(self):
        self.refused("src/base/b.h", "int lt_b;\n", "#pragma once")

    def test_outside(self):
        self.refused("tools/make.py", 'open("../' + 'shared/x")\n', "beside the project")

    def test_length(self):
        self.refused("src/base/b.c", "\n" * 1000, "split the file")
        self.assertEqual(run({"src/base/b.c": "\n" * 999})[0], 0)


if __name__ == "__main__":
    unittest.main()
