#!/usr/bin/env python3
"""Prints the line coverage of src/, in all and per folder, from a build with LT_COVERAGE.

usage: coverage.py BUILD_FOLDER
A file that no test runs counts with all its lines.
"""
import json
import pathlib
import subprocess
import sys
from collections import defaultdict


def gcov_reports(build):
    """One gcov report a source file of src/, as dictionaries."""
    kernels = (build / "tests").rglob("*.cu.gcno")  # compiled for the processor only by their tests
    notes = sorted(str(p) for p in [*(build / "src").rglob("*.gcno"), *kernels])
    if not notes:
        sys.exit(f"coverage.py: no .gcno under '{build}/src'; configure with -DLT_COVERAGE=ON")
    gcov = subprocess.run(["gcov", "--json-format", "--stdout", *notes], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in gcov.stdout.splitlines() if line.startswith("{")]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    src = pathlib.Path(__file__).resolve().parent.parent / "src"
    reached = defaultdict(lambda: defaultdict(bool))  # file -> line -> was it run
    for report in gcov_reports(pathlib.Path(sys.argv[1])):
        for entry in report["files"]:
            path = pathlib.Path(report["current_working_directory"], entry["file"]).resolve()
            if src in path.parents:
                for line in entry["lines"]:
                    reached[path.relative_to(src)][line["line_number"]] |= line["count"] > 0

    folders = defaultdict(lambda: [0, 0])  # name -> lines run, lines
    for path, lines in reached.items():
        for name in (path.parts[0] if len(path.parts) > 1 else ".", "all of src"):
            folders[name][0] += sum(lines.values())
            folders[name][1] += len(lines)
    for name, (run, total) in sorted(folders.items(), key=lambda f: (f[0] == "all of src", f[0])):
        print(f"line coverage  {name:<12} {100 * run / total:5.1f} %  {run:6d} of {total}")


if __name__ == "__main__":
    main()
