#!/usr/bin/env python3
"""Checks what each source file may include, and how long it may be.

usage: layers.py [ROOT]      (ROOT: the project's folder, default this script's)
The tables are the drawing in docs/ARCHITECTURE.md: a new folder or a new arrow is a line here.
"""
import pathlib
import re
import sys

# A folder of src/ -> the other folders it may include; base is for all.
LAYERS = {
    "base": set(),
    "tensor": set(),
    "sample": set(),
    "image": set(),
    "store": set(),
    "gfx": {"image"},
    "cpu": {"tensor"},
    "cuda": {"tensor"},
    "model": {"tensor"},
    "weights": {"tensor"},
    "pipeline": {"tensor", "model", "weights", "sample", "image", "store"},
    "tui": {"pipeline", "gfx", "store", "image", "sample", "model", "tensor"},
    "cli": {"tui", "pipeline", "gfx", "store", "image", "sample", "weights", "model", "tensor"},
}
# These files of src/ put the program together and may include any folder.
TOP = {"main.c", "backends.c", "backends.h", "no_memory.c"}
# A folder of tests/ -> what its tests may include beyond the rules of the layer itself.
TESTS_ALSO = {"pipeline": {"cpu"}, "cli": {"cpu"}, "cpu": {"model"}, "cuda": {"cpu", "model", "pipeline"}, "model": {"cpu", "weights"},
              "support": {"tensor", "model", "weights"},
              "fuzz": set(LAYERS) - {"cpu"}, "term": {"image"}, "tui": {"term"}}

# Headers with power over the whole program -> the only paths under src/ that may include them.
POWERS = [
    (r"(oneapi/)?dnnl.*", ("cpu/",)),
    (r"omp\.h", ("cpu/",)),
    (r"(libpng\d*/)?png\.h|setjmp\.h", ("image/png.c",)),
    (r"n?curses.*", ("tui/",)),
    (r"sqlite3(ext)?\.h", ("store/",)),
    (r"(sixel/)?sixel\.h", ("gfx/sixel.c",)),
    (r"pthread\.h|threads\.h|semaphore\.h", ("base/queue.c", "pipeline/session.c", "store/writer.c",
                                               "tui/saver.c")),
    (r"(cuda|cublas|cudnn|nv)[^/]*", ("cuda/",)),
]
BACKEND_SWITCH = re.compile(r"\s*#\s*(?:if|ifdef|ifndef|elif)\b.*\b(?:LT_HAVE_\w+|LT_CUDA|LT_CPU)\b")
OUTSIDE = re.compile(r"\.\./shared\b")
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^">]+)[">]')
MAX_LINES = 1000
CODE = {".c", ".h", ".def", ".cc", ".cu", ".cuh", ".py", ".sh"}


def check_include(root, path, folder, allowed, bracket, name):
    """Yields what is wrong with one #include line of root/path."""
    top = name.split("/")[0]
    if path.parts[0] == "src":
        inside = "/".join(path.parts[1:])
        for pattern, places in POWERS:
            if re.fullmatch(pattern, name) and not inside.startswith(places):
                yield f"'{name}' may be included only in src/{', src/'.join(places)}"
    if bracket == "<":
        if top in LAYERS and "/" in name:
            yield f"'{name}' is ours: include it with quotes"
        return
    if path.parts[0] == "tests" and "/" not in name and (root / path.parent / name).is_file():
        return  # a test's own header
    if ".." in name.split("/") or not any((root / base / name).is_file() for base in ("src", "tests")):
        yield f"'{name}' is not a path from src/ or tests/"
    elif "/" in name and allowed is not None and top not in allowed:
        yield f"{folder} may not include '{name}' (see LAYERS in tools/layers.py)"
    elif path.parts[0] == "src" and not (root / "src" / name).is_file():
        yield f"'{name}' belongs to the tests"


def allowed_folders(path):
    """(folder, the folders that root/path may include); None for all."""
    if path.parts[0] == "src" and len(path.parts) == 2:
        return "src", None if path.name in TOP else set()
    folder = path.parts[1] if len(path.parts) > 2 else ""
    if folder not in LAYERS:
        return folder, {"base", "support"} | TESTS_ALSO.get(folder, set()) if path.parts[0] == "tests" else set()
    allowed = LAYERS[folder] | {"base", folder}
    if path.parts[0] == "tests":
        allowed |= {"support"} | TESTS_ALSO.get(folder, set())
    return folder, allowed


def check_file(root, path):
    """Yields (line, what is wrong) for one file."""
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    if len(lines) >= MAX_LINES:
        yield len(lines), f"{len(lines)} lines; {MAX_LINES} are refused: split the file"
    for number, line in enumerate(lines, 1):
        if OUTSIDE.search(line):
            yield number, "nothing here reads what lies beside the project"
    if path.suffix in (".py", ".sh") or path.parts[0] == "tools":
        return
    folder, allowed = allowed_folders(path)
    if path.parts[0] == "src" and len(path.parts) > 2 and folder not in LAYERS:
        yield 1, f"src/{folder} is not in LAYERS of tools/layers.py"
        return
    if path.suffix == ".h" and "#pragma once" not in lines:
        yield 1, "a header has #pragma once (what is included several times is a .inc or .def)"
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            for fault in check_include(root, path, folder, allowed, *match.groups()):
                yield number, fault
        if path.parts[0] == "src" and path.name != "backends.c" and BACKEND_SWITCH.match(line):
            yield number, "only src/backends.c may ask which backends are built in"


def main():
    default = pathlib.Path(__file__).resolve().parent.parent
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    files = sorted(p.relative_to(root) for top in ("src", "tests", "tools")
                   for p in (root / top).rglob("*") if p.suffix in CODE)
    files = [p for p in files if p.parts[:2] != ("tests", "data")]
    faults = 0
    for path in files:
        for line, fault in check_file(root, path):
            print(f"{path}:{line}: {fault}")
            faults += 1
    print(f"layers.py: {len(files)} files, {faults} faults")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
