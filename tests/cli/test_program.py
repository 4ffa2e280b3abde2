#!/usr/bin/env python3
"""Runs latentty as a user does: exit codes, names, JSON, signals, closed streams, terminals.

usage: test_program.py PROGRAM PROJECT_FOLDER
"""
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

PROGRAM, PROJECT = None, None
COMMANDS = ["render", "reproduce", "info", "tokens", "encode", "noise", "roundtrip", "schedule", "rng", "bench", "doctor",
            "config"]
QUICK = ["--steps", "2", "--dtype", "f32"]


def environment(**more):
    keep = {k: v for k, v in os.environ.items() if k.startswith(("ASAN", "UBSAN", "LSAN", "GCOV", "LLVM"))}
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C",
            "LATENTTY_ASSETS": str(PROJECT / "assets"), **keep, **more}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(path, width, height, text=b""):
    """A gradient, with one tEXt chunk if text is given."""
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in (x * 255 // width, y * 255 // height, 90))
                    for y in range(height))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + (chunk(b"tEXt", text) if text else b"") + chunk(b"IDAT", zlib.compress(rows))
                     + chunk(b"IEND", b""))


def png_size(path):
    return struct.unpack(">II", path.read_bytes()[16:24])


def read_tensors(path):
    """{name: (dtype, shape, bytes)} of a .safetensors file."""
    data = path.read_bytes()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n])
    return {k: (v["dtype"], v["shape"], data[8 + n + v["data_offsets"][0]:8 + n + v["data_offsets"][1]])
            for k, v in header.items() if k != "__metadata__"}


def write_tensor(path, name, shape, data):
    header = json.dumps({name: {"dtype": "F32", "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.temporary.name)

    def tearDown(self):
        subprocess.run(["chmod", "-R", "u+w", str(self.dir)], check=False)
        self.temporary.cleanup()

    def run_it(self, *words, code=0, env=None, **more):
        done = subprocess.run([PROGRAM, *words], cwd=self.dir, env=environment(**(env or {})), timeout=300,
                              stdout=more.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, check=False, **more)
        err = done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{words}: {err}")
        if code:
            self.assertTrue(err.startswith("latentty: ") or "usage:" in err, err)
        self.assertNotRegex(err, r"[\x00-\x08\x0b-\x1f\x7f]", "control characters in a message")
        return (done.stdout or b"").decode(), err

    def refused(self, *words, part, code=2, **more):
        out, err = self.run_it(*words, code=code, **more)
        self.assertEqual(out, "")
        self.assertIn(part, err)
        self.assertLessEqual(len(err.splitlines()), 2, err)
        return err

    def json_of(self, *words, **more):
        out, _ = self.run_it(*words, "--json", **more)
        self.assertEqual(out.count("\n"), 1)
        return json.loads(out)

    def on_terminal(self, *words, everything=False, **env):
        """(exit code, what a terminal on stderr is sent); with everything, the terminal is stdout too."""
        control, terminal = pty.openpty()
        p = subprocess.Popen([PROGRAM, *words], cwd=self.dir, env=environment(**env), stderr=terminal,
                             stdout=terminal if everything else subprocess.PIPE)
        os.close(terminal)
        seen = b""
        while True:
            ready, _, _ = select.select([control], [], [], 120)
            try:
                data = os.read(control, 65536) if ready else b""
            except OSError:  # the terminal's other side was closed
                data = b""
            if not data:
                break
            seen += data
        os.close(control)
        p.communicate(timeout=120)
        return p.returncode, seen.decode()

    def in_terminal(self, *words, answers=b"", **env):
        """(exit code, stdout, what the terminal was sent) of a program that has a terminal of its own."""
        control, terminal = pty.openpty()
        name = os.ttyname(terminal)

        def own():  # the first terminal that a session opens is its own
            os.close(os.open(name, os.O_RDWR))
        p = subprocess.Popen([PROGRAM, *words], cwd=self.dir, env=environment(**env), start_new_session=True,
                             preexec_fn=own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        seen = b""
        while p.poll() is None:
            if select.select([control], [], [], 0.05)[0]:
                seen += os.read(control, 65536)
                if seen.endswith(b"\x1b[c"):
                    os.write(control, answers)
        out, err = p.communicate(timeout=120)
        self.assertEqual(err, b"")
        os.close(terminal)
        os.close(control)
        return p.returncode, out.decode(), seen

    def files(self):
        return sorted(str(p.relative_to(self.dir)) for p in self.dir.rglob("*") if p.is_file())


class Doctor(Case):
    XTERM = b"\x1bP>|XTerm(379)\x1b\\\x1b[?1;0;256S\x1b[?1;0;256S\x1b[?2;0;1000;1000S\x1b[?2026;0$y\x1b[?63;1;2;4c"

    def test_without_terminal(self):
        out, err = self.run_it("doctor", code=1, start_new_session=True)
        self.assertIn("cannot open '/dev/tty'", err)
        self.assertRegex(out, r"(?m)^backend     cuda: .+$")
        self.assertRegex(out, r"(?m)^backend     cpu: f32.*\n {12}\d+ threads, own code for \w+, oneDNN \d")
        self.refused("doctor", "--graphics", "sixels", part="'sixels'", start_new_session=True)

    def test_answers(self):
        code, out, seen = self.in_terminal("doctor", "--json", answers=self.XTERM, TERM="xterm", LC_ALL="C.UTF-8")
        self.assertEqual(code, 0)
        found = json.loads(out)
        self.assertEqual((found["terminal"], found["graphics"], found["registers"]), ("XTerm(379)", "sixel", 256))
        self.assertEqual((found["largest"], found["cell"], found["advice"]), ([1000, 1000], [10, 20], None))
        self.assertTrue(found["in_time"] and found["utf8"])
        backends = {b["name"]: b for b in found["backends"]}
        self.assertEqual(list(backends), ["cuda", "cpu", "ref"])
        for b in backends.values():
            self.assertEqual((b["why"] is None, bool(b["dtypes"])), (b["usable"], b["usable"]), b)
        self.assertIn("f32", backends["cpu"]["dtypes"])
        self.assertEqual(len(backends["cpu"]["devices"]), 1)
        self.assertTrue(seen.startswith(b"\x1b[>q") and seen.endswith(b"\x1b[c"))
        self.assertEqual(found["asked"], seen.decode().replace("\x1b", "\\e"))

    def test_text(self):
        code, out, _ = self.in_terminal("doctor", answers=b"\x1bP>|XTerm(379)\x1b\\\x1b[?64;1;2c", TERM="xterm")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^pictures    text: .*not UTF-8")
        self.assertIn("-ti vt340", out)
        code, out, _ = self.in_terminal("doctor", "--graphics", "kitty", answers=b"\x1b[?62c", TERM="xterm")
        self.assertRegex(out, r"(?m)^pictures    kitty: kitty was asked for$")

    def test_silent_and_dumb(self):
        _, out, _ = self.in_terminal("doctor", TERM="xterm-256color", LC_ALL="C.UTF-8")
        self.assertRegex(out, r"(?m)^answered    not in \d{4} ms$")
        self.assertRegex(out, r"(?m)^pictures    blocks: the terminal answered no question")
        code, out, seen = self.in_terminal("doctor", TERM="dumb")
        self.assertEqual((code, seen), (0, b""))
        self.assertRegex(out, r"(?m)^pictures    none: ")

    def test_hostile(self):
        name = b"\x1bP>|a\xc2\x9b31m\xffb\x1b\\\x1b[?62c"
        for words in [["doctor"], ["doctor", "--json"]]:
            _, out, _ = self.in_terminal(*words, answers=name, TERM="x\x1b[31mterm")
            self.assertNotRegex(out, r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class Help(Case):
    def test_every_command(self):
        general, _ = self.run_it("--help")
        self.assertEqual(general, self.run_it("help")[0])
        manual = (PROJECT / "docs" / "latentty.1").read_text().replace("\\-", "-")
        for command in COMMANDS:
            self.assertRegex(general, rf"(?m)^  {command} ")
            text, _ = self.run_it(command, "--help")
            self.assertEqual(text, self.run_it("help", command)[0])
            self.assertIn(f"usage: latentty {command} ", text)
            for flag in re.findall(r"--[a-z0-9-]+", text):
                self.assertIn(flag, manual, f"{flag} of {command} is not in docs/latentty.1")

    def test_help_wins_and_fits(self):
        self.run_it("render", "--help", "--nonsense", code=0)
        text, _ = self.run_it("render", "-h", env={"COLUMNS": "50"})
        options = text.split("options:\n")[1].split("example:")[0]
        self.assertLessEqual(max(map(len, options.splitlines())), 50)

    def test_version(self):
        out, _ = self.run_it("--version")
        self.assertRegex(out, r"^latentty \d+\.\d+\.\d+\n")
        self.assertIn("backend ref (f32)", out)
        self.assertRegex(out, r"(?m)^backend cuda \(.+\): NVIDIA")

    def test_unusable_backend(self):
        code, out, _ = self.in_terminal("doctor", "--json", answers=b"\x1b[?62c", TERM="xterm")
        if code == 0 and json.loads(out)["backends"][0]["usable"]:
            self.skipTest("there is a GPU")
        err = self.refused("render", "-p", "x", "-o", "x.png", "--backend", "cuda", code=1,
                           part="backend 'cuda' cannot be used: ")
        self.assertIn("\nhint: ", err)

    def test_nothing(self):
        out, err = self.run_it(code=2)
        self.assertEqual(out, "")
        self.assertIn("usage:", err)


class Usage(Case):
    def test_refused_at_once(self):
        before = self.files()
        for words, part in [
                (["rendr"], "unknown command 'rendr'"), (["help", "rendr"], "hint: latentty render"),
                (["render"], "no prompt"), (["render", "-p"], "--prompt needs a value"),
                (["render", "-p", "x", "--stesp", "3"], "hint: --steps"),
                (["render", "-p", "x", "y"], "'y' is left over"),
                (["render", "-p", "x", "--steps", "0"], "--steps is '0'"),
                (["render", "-p", "x", "--steps", "1001"], "expected 1 to 1000"),
                (["render", "-p", "x", "--guidance-scale", "nan"], "expected a number"),
                (["render", "-p", "x", "--guidance-scale", "7,5"], "expected a number"),
                (["render", "-p", "x", "--seed", "1", "--seeds", "1,2"], "together"),
                (["render", "-p", "x", "--seeds", "5..1"], "--seeds is '5..1'"),
                (["render", "-p", "x", "--seed", "18446744073709551616"], "--seed is"),
                (["render", "-p", "x", "--batch", "0"], "--batch is '0'"),
                (["render", "-p", "x", "--size", "128"], "--size is '128'"),
                (["render", "-p", "x", "--scheduler", "plms"], "'plms'"),
                (["render", "-p", "x", "--timestep-spacing", "log"], "'log'"),
                (["render", "-p", "x", "--init-image", "a.png", "--strength", "0"], "--strength is 0, expected above 0 to 1"),
                (["render", "-p", "x", "--init-image", "a.png", "--strength", "1.5"], "--strength is 1.5"),
                (["render", "-p", "x", "--init-image", "a.png", "--strength", "half"], "expected a number"),
                (["render", "-p", "x", "--strength", "0.5"], "hint: --init-image FILE.png"),
                (["render", "-p", "x", "--init-image", "a.png", "--latents", "n.safetensors"], "leave out one of them"),
                (["render", "-p", "x", "--backend", "abacus"], "expected one of auto"),
                (["render", "-p", "x", "--dtype", "f64"], "--dtype is 'f64'"),
                (["render", "-p", "x", "--lens", "x0"], "--frames"),
                (["render", "-p", "x", "--frames", "f", "--lens", "x1"], "expected latents, x0 or noise"),
                (["render", "-p", "x", "--frames", "f", "--lens", "split"], "which only the studio shows"),
                (["tokens"], "tokens needs TEXT"), (["tokens", "a", "b"], "'b' is left over"),
                (["tokens", "x", "--json=1"], "--json takes no value"),
                (["roundtrip", "a.png"], "no -o"), (["noise", "a.png"], "no -o"),
                (["noise", "a.png", "-o", "b.png", "-t", "1,x"], "--timesteps is '1,x'"),
                (["rng"], "no --shape"), (["rng", "--shape", "2,0"], "--shape is '2,0'"),
                (["rng", "--shape", "2147483647,2147483647"], "too many"),
                (["rng", "--shape", "3,4", "--seeds", "1,2"], "one for each of the 3"),
                (["schedule", "--steps", "1.5"], "--steps is '1.5'"), (["info"], "info needs")]:
            with self.subTest(words=words):
                self.refused(*words, part=part)
        self.assertEqual(self.files(), before)

    def test_names(self):
        (self.dir / "closed").mkdir()
        (self.dir / "file").write_text("x")
        two = ["render", "-p", "a", "-p", "b"]
        one = ["render", "-p", "a"]
        for words, part in [
                (two + ["-o", "x.png"], "named twice"), (two + ["--batch", "2", "-o", "{prompt_i}.png"], "named twice"),
                (two + ["--seed", "3", "-o", "{seed}.png"], "named twice"),
                (one + ["-o", "{x}.png"], "field"), (one + ["-o", "{i.png"], "field"),
                (one + ["-o", "no/x.png"], "no directory 'no'"), (one + ["-o", "file/x.png"], "cannot write"),
                (one + ["-o", "closed"], "directory"), (one + ["-o", "/dev/full"], "not a regular file"),
                (one + ["-o", ""], "cannot write"), (one + ["-o", "x.jpg"], "PNG"),
                (one + ["-o", "-"], "stdout"), (one + ["-o", "x.png", "--trace", "-"], "stdout"),
                (one + ["-o", "x.png", "--trace", "x.png"], "named twice"),
                (one + ["-o", "x.png", "--trace", "no/t.safetensors"], "no directory"),
                (one + ["-o", "x.png", "--frames", "file"], "file"),
                (one + ["-o", "closed/000-002.png", "--frames", "closed"], "named like a frame")]:
            with self.subTest(words=words):
                self.refused(*words, part=part)
        self.assertEqual(self.files(), ["file"])
        self.assertFalse((self.dir / "new").exists())

    def test_read_only_directory(self):
        (self.dir / "closed").mkdir(0o555)
        self.dir.chmod(0o777)
        who = {}
        if os.geteuid() == 0:  # root may write anywhere, and another user not where a coverage build counts
            counts = tempfile.TemporaryDirectory()
            self.addCleanup(counts.cleanup)
            os.chmod(counts.name, 0o777)
            who = {"user": 65534, "group": 65534, "extra_groups": [], "env": {"GCOV_PREFIX": counts.name}}
        try:
            self.run_it("--version", **who)
        except PermissionError:
            self.skipTest("only root reaches the program")
        for words in [["render", "-p", "a", "-o", "closed/x.png"], ["render", "-p", "a", "-o", "x.png", "--frames", "closed"],
                      ["render", "-p", "a", "-o", "x.png", "--trace", "closed/t.safetensors"],
                      ["rng", "--shape", "3", "-o", "closed/n.safetensors"]]:
            self.refused(*words, part="closed': Permission denied", **who)
        self.refused("render", "-p", "a", "-o", "x.png", "--frames", "closed/new", part="Permission denied", **who)
        self.assertEqual(self.files(), [])

    def test_links(self):
        (self.dir / "link.png").symlink_to("out.png")
        self.refused("render", "-p", "a", "-o", "link.png", "--trace", "out.png", part="named twice")
        self.run_it("render", "-p", "x", *QUICK, "--size", "8x8", "-o", "link.png")
        self.assertTrue((self.dir / "link.png").is_symlink())
        self.assertEqual(png_size(self.dir / "out.png"), (8, 8))

    def test_usage_faults_leave_no_directory(self):
        (self.dir / "old").mkdir()
        for frames in ["new", "new/er/", "old/er/still", str(self.dir / "new")]:
            self.refused("render", "-p", "a", "-o", "x.jpg", "--frames", frames, part="PNG")
        self.refused("render", "-p", "a", "-o", "x.png", "--frames", "", part="cannot make directory ''")
        self.assertEqual(list(self.dir.rglob("*")), [self.dir / "old"])

    def test_missing_things_are_1(self):
        self.refused("info", "nothing.png", part="no such file", code=1)
        self.refused("info", "no/such/dir/x", part="no such file", code=1)
        self.refused("render", "-p", "x", "-o", "x.png", "--model", "./none", part="'./none'", code=1)
        self.refused("render", "-p", "x", "-o", "x.png", "--latents", "n.safetensors", part="n.safetensors", code=1)
        self.refused("roundtrip", "none.png", "-o", "b.png", part="none.png", code=1)
        err = self.refused("render", "-p", "x", "--model", "bad\x1b[31m\n", part="bad\\u{1B}[31m\\n", code=1)
        self.assertNotIn("\x1b", err)
        self.assertEqual(self.files(), [])


class Tokens(Case):
    def test_ids(self):
        t = self.json_of("tokens", "An image of a big truck")
        self.assertEqual(t["ids"], [49406, 550, 2867, 539, 320, 1205, 4629] + [49407] * 70)
        self.assertEqual((t["count"], t["used"], t["room"], t["cut"]), (6, 6, 75, ""))
        self.assertEqual([x["text"] for x in t["tokens"]], ["an", "image", "of", "a", "big", "truck"])
        self.assertEqual([(x["position"], x["word"], x["word_text"]) for x in t["tokens"]][1:3],
                         [(2, 1, "image"), (3, 2, "of")])
        out, _ = self.run_it("tokens", "An image of a big truck")
        self.assertIn("49406   550  2867   539   320  1205  4629 49407", out)

    def test_words(self):
        t = self.json_of("tokens", "A photorealistic fox's den")
        self.assertEqual([(x["text"], x["word"], x["word_text"]) for x in t["tokens"]],
                         [("a", 0, "A"), ("photo", 1, "photorealistic"), ("realistic", 1, "photorealistic"),
                          ("fox", 2, "fox"), ("'s", 3, "'s"), ("den", 4, "den")])
        out, _ = self.run_it("tokens", "A photorealistic fox's den")
        self.assertRegex(out, r"(?m)^  3  16157  realistic</w> +'realistic' of 'photorealistic'$")
        self.assertRegex(out, r"(?m)^  4   3240  fox</w> +'fox'$")

    def test_cut(self):
        t = self.json_of("tokens", "cat " * 75 + "the rest\n\x1b")
        self.assertEqual((t["count"] > 75, t["used"], len(t["ids"]), t["ids"][76]), (True, 75, 77, 49407))
        self.assertEqual(t["cut"], "the rest\n\x1b")
        out, _ = self.run_it("tokens", "cat " * 75 + "the rest\n\x1b")
        self.assertIn("'the rest\\n\\u{1B}'", out)

    def test_stdin(self):
        text = "a cat\n"
        self.assertEqual(self.json_of("tokens", "-", input=text.encode())["tokens"],
                         self.json_of("tokens", "a cat")["tokens"])
        start = time.monotonic()
        self.assertGreater(self.json_of("tokens", "-", input=b"word " * 20000)["count"], 19999)
        self.assertLess(time.monotonic() - start, 20)  # 100 kB takes 0.1 s on an idle machine
        self.run_it("tokens", "-", input=b"x" * 300000, code=2)
        self.run_it("tokens", "-", input=b"a \xff", code=2)
        self.run_it("tokens", b"a \xff", code=2)
        self.assertEqual(self.json_of("tokens", "")["count"], 0)

    def test_tokenizer_of_another(self):
        clip = str(PROJECT / "assets" / "clip-vit-large-patch14")
        self.assertEqual(self.json_of("tokens", "a cat", "--tokenizer", clip)["ids"][:4], [49406, 320, 2368, 49407])
        self.refused("tokens", "x", "--tokenizer", "./none", part="./none", code=1)


class Facts(Case):
    def test_encode(self):
        e = self.json_of("encode", "a red apple", "-o", "e.safetensors", "--backend", "ref")
        tensors = read_tensors(self.dir / "e.safetensors")
        self.assertEqual(sorted(tensors), ["last_hidden_state", "pooler_output"])
        kind, shape, data = tensors["last_hidden_state"]
        values = struct.unpack(f"<{len(data) // 4}f", data)
        self.assertEqual((kind, shape), ("F32", e["last_hidden_state"]["shape"]))
        norm = sum(v * v for v in values) ** 0.5
        self.assertAlmostEqual(norm, e["last_hidden_state"]["norm"], delta=1e-5 * norm)  # printed with 9 digits
        row = e["pooler_output"]["row"]
        self.assertEqual(row, 4)  # begin, three words, end
        self.assertEqual(e["pooler_output"]["token"], 49407)
        out, _ = self.run_it("encode", "a red apple", "--backend", "ref")
        self.assertRegex(out, r"pooler_output +\[\d+\], norm [0-9.]+: row 4 of it, at the end token; the UNet does not")
        out, _ = self.run_it("encode", "a <|endoftext|> apple", "--backend", "ref")
        self.assertIn("row 2 of it, at the end token in the text;", out)  # transformers: the first one
        width = shape[1]
        self.assertEqual(tensors["pooler_output"][2], data[4 * row * width:4 * (row + 1) * width])

    def test_schedule(self):
        s = self.json_of("schedule", "--steps", "70", "--scheduler", "lms-blog")
        self.assertEqual((len(s["timesteps"]), len(s["sigmas"]), s["timesteps"][0]), (70, 71, 999))
        self.assertAlmostEqual(s["init_noise_sigma"], 14.6146, delta=1e-4)  # diffusers: 14.614647
        self.assertEqual([len(r) for r in s["lms_coefficients"][:5]], [1, 2, 3, 4, 4])
        for i, row in enumerate(s["lms_coefficients"]):  # the coefficients of constants add to the step
            step = s["sigmas"][i + 1] - s["sigmas"][i]
            self.assertAlmostEqual(sum(row), step, delta=1e-5 * abs(step) + 1e-6)  # sigmas have float32's digits
        self.assertIsNone(self.json_of("schedule", "--scheduler", "euler")["lms_coefficients"])
        self.assertIn("LMS coefficients", self.run_it("schedule")[0])

    def test_rng(self):
        r = self.json_of("rng", "--seed", "0", "--shape", "1,4,8,8", "-o", "n.safetensors")
        # torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
        for have, want in zip(r["first"], [-1.1258398, -1.1523602, -0.25057858, -0.43387881]):
            self.assertAlmostEqual(have, want, delta=1e-7)
        kind, shape, data = read_tensors(self.dir / "n.safetensors")["noise"]
        self.assertEqual((kind, shape, len(data)), ("F32", [1, 4, 8, 8], 1024))
        self.run_it("rng", "--seeds", "7,0", "--shape", "2,4,8,8", "-o", "m.safetensors")
        self.assertEqual(read_tensors(self.dir / "m.safetensors")["noise"][2][1024:], data)
        _, err = self.run_it("rng", "--seed", "4294967296", "--shape", "1,4,8,8", "-o", "big.safetensors")
        self.assertIn("low 32", err)
        self.assertEqual(read_tensors(self.dir / "big.safetensors")["noise"][2], data)

    def test_info(self):
        m = self.json_of("info", str(PROJECT / "assets" / "demo"))
        self.assertTrue(m["runnable"])
        self.assertIn("can run", self.run_it("info", str(PROJECT / "assets" / "demo"))[0])
        weights = str(PROJECT / "assets/demo/unet/diffusion_pytorch_model.safetensors")
        self.assertEqual(self.json_of("info", weights)["what"], "a UNet")
        broken = self.dir / "broken"
        subprocess.run(["cp", "-r", str(PROJECT / "assets" / "demo"), str(broken)], check=True)
        subprocess.run(["rm", "-r", str(broken / "vae")], check=True)
        (broken / "unet" / "config.json").write_text('{"_class_name": "UNet2DConditionModel", "class_embed_type": "x"}')
        m = self.json_of("info", "broken")
        self.assertFalse(m["runnable"])
        self.assertIn("vae", m["components"]["vae"]["problem"]["message"])
        self.assertIn("class_embed_type", m["components"]["unet"]["problem"]["message"])
        self.assertIn("cannot run", self.run_it("info", "broken")[0])

    def test_info_of_demo_and_torch_files(self):
        self.assertTrue(self.json_of("info", "demo")["runnable"])
        config = str(PROJECT / "assets/demo/unet/config.json")
        self.assertIn("latentty info DIR", self.refused("info", config, part="weight_map", code=1))
        (self.dir / "a.ckpt").write_bytes(b"PK\x03\x04" + bytes(64))
        self.refused("info", "a.ckpt", part="torch files can run code", code=1)

    def test_info_of_foreign_pictures(self):
        write_png(self.dir / "a.png", 4, 5, b"parameters\0a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, Seed: 7")
        i = self.json_of("info", "a.png")
        self.assertEqual((i["width"], i["height"], i["settings"]), (4, 5, None))
        self.assertEqual(i["parameters"]["prompt"], "a cat")
        self.assertEqual(i["parameters"]["fields"], {"Steps": "20", "Sampler": "Euler a", "Seed": "7"})
        self.assertIn("--scheduler", self.run_it("info", "a.png")[0])
        for text in [b"latentty\0[1]", b"latentty\0{", b"latentty\0{\"prompt\":[{}],\"seed\":null,\"x\":\"\x1b\"}"]:
            write_png(self.dir / "b.png", 2, 2, text)
            self.json_of("info", "b.png")
            self.assertNotIn("\x1b", self.run_it("info", "b.png")[0])
        (self.dir / "c.png").write_bytes(b"\xff\xd8\xff\xe0 not a PNG")
        self.refused("info", "c.png", part="JPEG", code=1)
        (self.dir / "d.safetensors").write_bytes(b"\xff" * 40)
        self.refused("info", "d.safetensors", part="d.safetensors", code=1)


class Pictures(Case):
    def test_roundtrip(self):
        write_png(self.dir / "in.png", 70, 45)
        r = self.json_of("roundtrip", "in.png", "-o", "out.png", "--trace", "t.safetensors", "--dtype", "f32")
        self.assertEqual((r["pixels"]["width"], r["pixels"]["height"]), (64, 40))
        self.assertEqual((r["latents"]["width"], r["latents"]["height"]), (8, 5))
        self.assertEqual((r["pixels"]["numbers"], r["latents"]["numbers"], r["fewer"]), (7680, 160, 48))
        self.assertEqual(r["resized_from"], {"width": 70, "height": 45})
        self.assertGreater(r["psnr_db"], 15)  # 25 dB; a wrong decode has 8
        self.assertEqual(png_size(self.dir / "out.png")[0], 3 * 64 + 4)
        shapes = {k: (v[0], v[1]) for k, v in read_tensors(self.dir / "t.safetensors").items()}
        self.assertEqual(shapes["vae.enc.input"], ("F32", [1, 3, 40, 64]))
        self.assertEqual(shapes["vae.enc.mean"], ("F32", [1, 4, 5, 8]))
        self.assertEqual(shapes["vae.enc.logvar"], ("F32", [1, 4, 5, 8]))
        self.assertEqual(shapes["vae.roundtrip.float"], ("F32", [1, 3, 40, 64]))
        self.assertEqual(shapes["image.u8"], ("U8", [1, 40, 64, 3]))
        self.run_it("render", "-p", "x", "--steps", "1", "--strength", "1", "--init-image", "in.png", "--dtype", "f32",
                    "--trace", "i.safetensors", "-o", "i.png", "-q")
        trip, init = read_tensors(self.dir / "t.safetensors"), read_tensors(self.dir / "i.safetensors")
        for name, begun in [("vae.enc.input", "init.pixels"), ("vae.enc.mean", "init.mean")]:
            self.assertEqual(trip[name][2], init[begun][2])
        out, err = self.run_it("roundtrip", "in.png", "-o", "out.png")
        self.assertIn("resized 70x45 to 64x40: sides must be multiples of 8", err)
        self.assertIn("48x fewer", out)
        self.refused("roundtrip", "in.png", "-o", "in.png", part="named twice")
        write_png(self.dir / "small.png", 7, 90)
        self.refused("roundtrip", "small.png", "-o", "out.png", part="7x90", code=1)

    def test_noise(self):
        write_png(self.dir / "in.png", 64, 64)
        n = self.json_of("noise", "in.png", "-t", "0,999", "--seed", "0", "-o", "strip.png")
        self.assertEqual([r["t"] for r in n["timesteps"]], [0, 999])
        self.assertAlmostEqual(n["timesteps"][0]["signal_share"], 0.99915, delta=1e-5)  # 1 - beta_0
        self.assertEqual(png_size(self.dir / "strip.png")[0], 2 * 64 + 2)
        self.refused("noise", "in.png", "-t", "1000", "-o", "s.png", part="0 to 999")


class Render(Case):
    def test_one(self):
        r = self.json_of("render", "-p", "a red apple", "--seed", "42", *QUICK, "-o", "out.png")
        self.assertEqual(self.files(), ["out.png"])
        self.assertEqual(png_size(self.dir / "out.png"), (r["width"], r["height"]))
        self.assertEqual((r["steps"], r["seeds"], r["images"]), (2, [42], 1))
        self.assertEqual(len(r["times"]["step_ms"]), 2)
        self.assertEqual(len(r["times"]["decode_ms"]), 1)
        i = self.json_of("info", "out.png")
        self.assertEqual((i["settings"]["prompt"], i["settings"]["model"]), ("a red apple", "demo"))
        self.assertNotIn(str(PROJECT).encode(), (self.dir / "out.png").read_bytes())
        self.assertEqual(i["settings"], r["pictures"][0]["settings"])
        self.assertEqual(i["parameters"]["fields"]["Seed"], "42")
        again = i["command"].replace("latentty render", f"{PROGRAM} render -q -o again.png", 1)
        subprocess.run(again, shell=True, cwd=self.dir, env=environment(), check=True)
        self.assertEqual((self.dir / "again.png").read_bytes(), (self.dir / "out.png").read_bytes())

    def test_a_strangers_settings_are_quoted(self):
        said = {"prompt": "x'; touch a", "width": "8;touch b", "height": "$(touch c)", "seed": "1 | touch d",
                "own_generator": True, "images": "`touch e`"}
        for own in True, False:
            said["own_generator"] = own
            write_png(self.dir / "in.png", 8, 8, text=b"latentty\0" + json.dumps(said).encode())
            command = self.json_of("info", "in.png")["command"]
            subprocess.run(command.replace("latentty render", "true", 1), shell=True, cwd=self.dir, check=True)
            self.assertEqual(self.files(), ["in.png"])

    def test_control_characters_of_the_command(self):
        for prompt, there in ("a\nb", True), ("a\u202eb", True), ("ab", False):
            write_png(self.dir / "in.png", 8, 8, text=b"latentty\0" + json.dumps({"prompt": prompt}).encode())
            self.assertEqual("with control characters" in self.run_it("info", "in.png")[0], there)

    def test_frames_and_trace_change_nothing(self):
        words = ["render", "-p", "a rocket", "-p", "a frog", "--seed", "7", *QUICK, "-q", "--backend", "cpu"]
        self.run_it(*words, "-o", "a{i}.png")
        out, err = self.run_it(*words, "-o", "b{i}.png", "--frames", "f/g", "--trace", "t.safetensors")
        self.assertEqual((out, err), ("", ""))
        for i in "01":
            self.assertEqual((self.dir / f"a{i}.png").read_bytes(), (self.dir / f"b{i}.png").read_bytes())
        self.assertEqual(sorted(p.name for p in (self.dir / "f/g").iterdir()),
                         [f"{i:03}-{k:03}.png" for i in range(2) for k in range(3)])
        shapes = {k: (v[0], v[1]) for k, v in read_tensors(self.dir / "t.safetensors").items()}
        self.assertEqual(shapes["ids.cond"], ("I32", [2, 77]))
        self.assertEqual(shapes["noise"][1], shapes["step.001.latents"][1])
        self.assertEqual(shapes["image.u8"][0], "U8")
        self.run_it(*words, "-o", "c{i}.png", "--frames", "x0", "--lens", "x0")
        self.assertEqual((self.dir / "c1.png").read_bytes(), (self.dir / "a1.png").read_bytes())
        self.assertEqual((self.dir / "x0/001-000.png").read_bytes(), (self.dir / "f/g/001-000.png").read_bytes())
        self.assertNotEqual((self.dir / "x0/001-001.png").read_bytes(), (self.dir / "f/g/001-001.png").read_bytes())

    def test_seeds_and_latents(self):
        side = self.json_of("render", "-p", "x", "--seeds", "5,6..7", *QUICK, "-o", "{prompt_i}-{seed}-{i}.png")["width"] // 8
        self.assertEqual(self.files(), ["0-5-0.png", "0-6-1.png", "0-7-2.png"])
        self.run_it("rng", "--seed", "6", "--shape", f"1,4,{side},{side}", "-o", "n.safetensors")
        self.run_it("render", "-p", "x", "--seed", "6", *QUICK, "-o", "alone.png", "--trace", "t.safetensors", "-q")
        self.run_it("render", "-p", "x", "--seed", "6", *QUICK, "--latents", "n.safetensors", "-o", "given.png", "-q")
        self.assertEqual(self.json_of("info", "given.png")["settings"]["latents"], "n.safetensors")
        self.run_it("render", "-p", "x", "--seed", "6", *QUICK, "-o", "alone2.png", "--trace", "t2.safetensors", "-q", "--latents", "n.safetensors")
        self.assertEqual(read_tensors(self.dir / "t.safetensors"), read_tensors(self.dir / "t2.safetensors"))
        self.assertEqual(read_tensors(self.dir / "t.safetensors")["noise"][2],
                         read_tensors(self.dir / "n.safetensors")["noise"][2])
        self.refused("render", "-p", "x", "--latents", "n.safetensors", "--size", "8x8", "-o", "y.png", part="--size is 8x8")
        self.refused("render", "-p", "x", "-p", "y", "--latents", "n.safetensors", "-o", "y{i}.png", part="1 pictures, expected 2")
        self.refused("render", "-p", "x", "--latents", "n.safetensors", "--trace", "n.safetensors", "-o", "y.png", part="named twice")
        write_tensor(self.dir / "nan.safetensors", "noise", [1, 4, 1, 1], struct.pack("<4f", 0, 1, float("nan"), 2))
        self.refused("render", "-p", "x", "--latents", "nan.safetensors", "-o", "y.png", part="not finite", code=1)
        write_tensor(self.dir / "flat.safetensors", "noise", [4], struct.pack("<4f", 0, 1, 2, 3))
        self.refused("render", "-p", "x", "--latents", "flat.safetensors", "-o", "y.png", part="[4]", code=1)

    def test_sizes_and_odd_prompts(self):
        r = self.json_of("render", "-p", "", *QUICK, "--size", "24x40", "--guidance-scale", "1", "-o", "s.png", "--seed=-1")
        self.assertEqual((r["width"], r["height"], r["seeds"]), (24, 40, [2**64 - 1]))
        self.refused("render", "-p", "x", "--size", "25x40", "-o", "t.png", part="multiples of 8")
        _, err = self.run_it("render", "-p", "cat " * 100, *QUICK, "--size", "16x16", "-o", "u.png")
        self.assertIn("cut off", err)
        self.run_it("render", "-p", "((" * 23000 + "cat", *QUICK, "--size", "8x8", "-o", "long.png")
        self.refused("render", "-p", "\1" * 90000, "--negative-prompt", "\1" * 90000, "-o", "t.png", part="a PNG carries")
        self.run_it("render", "-p", "g\u00fcnes \U0001f600\n\x1b[31m'\"", *QUICK, "--size", "16x16", "-o", "\u00fc.png")
        self.assertEqual(self.json_of("info", "\u00fc.png")["settings"]["prompt"], "g\u00fcnes \U0001f600\n\x1b[31m'\"")

    def test_default_name_overwrites_nothing(self):
        words = ["render", "-p", "x", "--seed", "3", *QUICK, "--size", "8x8", "-q"]
        self.run_it(*words)
        self.run_it(*words)
        self.assertEqual(self.files(), ["latentty-3-again2.png", "latentty-3.png"])

    def test_model_without_tokenizer(self):
        model = self.dir / "m"
        subprocess.run(["cp", "-r", str(PROJECT / "assets" / "demo"), str(model)], check=True)
        subprocess.run(["rm", "-r", str(model / "tokenizer")], check=True)
        _, err = self.run_it("render", "-p", "x", "--seed", "3", *QUICK, "--size", "8x8", "-o", "a.png", "--model", "m")
        self.assertIn("openai/clip-vit-large-patch14", err)
        self.assertIsNone(self.json_of("info", "a.png")["settings"]["tokenizer"])


class Bench(Case):
    SMALL = ["bench", "--size", "16x16", "--repeat", "2", "--dtype", "f32", "--threads", "2"]

    def check_part(self, part, best):
        self.assertLessEqual(part["min_ms"], part["median_ms"])
        self.assertLessEqual(part["median_ms"], part["max_ms"])
        self.assertAlmostEqual(sum(op["share"] for op in part["ops"]), 1, places=5)
        self.assertAlmostEqual(sum(op["ms"] for op in part["ops"]) / part["ops_ms"], 1, places=5)
        self.assertAlmostEqual(sum(op["flop"] for op in part["ops"]) / part["flop"], 1, places=5)
        self.assertAlmostEqual(part["flop"] / part["median_ms"] * 1e3 / part["flop_per_s"], 1, places=5)
        products = [op for op in part["ops"] if op["flop"]]
        self.assertLessEqual({"conv2d", "linear", "attention"}, {op["op"] for op in products})
        for op in products:
            self.assertAlmostEqual(op["flop"] / op["ms"] * 1e3 / op["flop_per_s"], 1, places=5)
            self.assertAlmostEqual(op["flop_per_s"] / best / op["of_matmul"], 1, places=5)
        for op in part["ops"]:
            if not op["flop"]:
                self.assertEqual((op["flop_per_s"], op["of_matmul"]), (None, None))

    def test_json(self):
        facts = self.json_of(*self.SMALL, "--batch", "2", "--attention")
        self.assertTrue(0.1 < facts["attention_of_plain"] < 10, facts["attention_of_plain"])
        self.assertEqual({k: facts[k] for k in ["model", "synthetic", "backend", "dtype", "threads", "width", "height",
                                                "batch", "repeat"]},
                         {"model": "demo", "synthetic": False, "backend": "cpu", "dtype": "f32", "threads": 2,
                          "width": 16, "height": 16, "batch": 2, "repeat": 2})
        for part in ["text", "guided_step", "decode"]:
            self.assertEqual(facts[f"{part}_ms"], facts[part]["median_ms"])
        self.assertTrue(0 < facts["guided_step_of_one"] < 100, facts["guided_step_of_one"])
        self.assertGreater(facts["load_ms"], 0)
        self.assertGreater(facts["peak_rss_mb"], 8)  # of which the weights of this model are 23
        matmul = facts["matmul"]
        self.assertEqual(matmul["side"], 2048)
        for when in ["before", "after"]:  # computed, not remembered: no two threads do 100 TFLOP/s
            self.assertTrue(0 < matmul[f"{when}_flop_per_s"] < 1e14, matmul)
        best = max(matmul["before_flop_per_s"], matmul["after_flop_per_s"])
        self.check_part(facts["guided_step"], best)
        self.check_part(facts["decode"], best)

    def test_table(self):
        out, err = self.run_it(*self.SMALL)
        self.assertEqual(err, "")
        self.assertTrue(out.startswith("demo, 16x16, batch 1, f32 on cpu\n"), out)
        for row in ["load", "text", "guided step", "decode", "peak memory", "matmul", "conv2d", "group_norm"]:
            self.assertRegex(out, rf"(?m)^{row} +[0-9]")
        shares = [float(s) for s in re.findall(r"(?m)^(?!together).* ([0-9.]+)%", out)]
        self.assertAlmostEqual(sum(shares), 200, delta=1)  # two tables, rounded
        self.assertEqual(self.run_it(*self.SMALL, "-q"), ("", ""))

    def test_refused(self):
        self.refused("bench", "--synthetic", "sd99", part="--synthetic is 'sd99', expected sd14")
        self.refused("bench", "--synthetic", "sd14", "--model", "m", part="--model was given")
        self.refused("bench", "--synthetic", "sd14", "--variant", "fp16", part="--variant was given")
        self.refused("bench", "--synthetic", "sd14", "--size", "500x512", part="multiples of 8")
        self.refused("bench", "--size", "17x16", part="multiples of 8")
        self.refused("bench", "--batch", "0", part="--batch is '0', expected 1 to 1024")
        self.refused("bench", "--repeat", "many", part="--repeat is 'many', expected 1 to 1000")
        self.refused("bench", "--dtype", "f64", part="--dtype is 'f64'")
        self.refused("bench", "--model", "/nonexistent", part="nonexistent", code=1)


class Interrupts(Case):
    def stop(self, number, *words, again=None):
        p = subprocess.Popen([PROGRAM, "render", "-p", "x", "--steps", "1000", "-o", "out.png", "--backend", "ref",
                              *words], cwd=self.dir, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = p.stderr.readline() + p.stderr.readline()  # the second line is the start of the steps
        p.send_signal(number)
        if again:
            p.send_signal(again)
        out, err = p.communicate(timeout=120)
        return p.returncode, out.decode(), (first + err).decode()

    def test_codes(self):
        for number, code, name in [(signal.SIGINT, 130, "SIGINT"), (signal.SIGTERM, 143, "SIGTERM"),
                                   (signal.SIGHUP, 129, "SIGHUP")]:
            returned, out, err = self.stop(number)
            self.assertEqual((returned, out), (code, ""), err)
            self.assertRegex(err, rf"stopped by {name} at step \d+ of 1000, no picture written")
        self.assertEqual(self.files(), [])

    def test_frames_stay_whole(self):
        returned, _, _ = self.stop(signal.SIGINT, "--frames", "f")
        self.assertEqual(returned, 130)
        for name in self.files():
            self.assertRegex(name, r"^f/000-\d{3}\.png$")
            self.assertTrue((self.dir / name).read_bytes().endswith(b"IEND\xaeB`\x82"))

    def test_animation_is_whole_or_not_there(self):
        returned, _, _ = self.stop(signal.SIGTERM, "--animation", "a.png")
        self.assertEqual((returned, list(self.dir.iterdir())), (143, []))

    def test_other_commands_say_what_stopped_them(self):
        write_png(self.dir / "in.png", 512, 512)
        for words in [["roundtrip", "in.png", "-o", "out.png", "--backend", "ref"], ["bench", "--repeat", "1000"]]:
            p = subprocess.Popen([PROGRAM, *words], cwd=self.dir, env=environment(), stderr=subprocess.PIPE)
            while not self.catches(p.pid, signal.SIGTERM):
                time.sleep(0.01)
            time.sleep(0.5)
            p.send_signal(signal.SIGTERM)
            err = p.communicate(timeout=120)[1].decode()
            self.assertEqual((p.returncode, err), (143, "latentty: stopped by SIGTERM\n"))
            self.assertEqual(self.files(), ["in.png"])

    def test_limit_on_file_sizes(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        _, err = self.run_it("rng", "--shape", "10000", "-o", "n.safetensors", code=1, preexec_fn=limit)
        self.assertIn("File too large", err)
        _, err = self.run_it("render", "-p", "x", "--steps", "1", "-o", "n.png", code=1, preexec_fn=limit)
        self.assertIn("File too large", err)
        self.assertEqual(self.files(), [])

    def test_waiting_for_stdin(self):
        p = subprocess.Popen([PROGRAM, "tokens", "-"], env=environment(), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdin.write(b"a ")
        p.stdin.flush()
        while not self.catches(p.pid, signal.SIGINT):
            time.sleep(0.01)
        time.sleep(0.2)
        p.send_signal(signal.SIGINT)
        p.wait(timeout=60)
        self.assertEqual(p.returncode, 130)
        for stream in (p.stdin, p.stdout, p.stderr):
            stream.close()

    @staticmethod
    def catches(pid, number):
        """True once the process has a handler for the signal."""
        caught = re.search(r"SigCgt:\s*([0-9a-f]+)", pathlib.Path(f"/proc/{pid}/status").read_text())
        return int(caught[1], 16) >> (number - 1) & 1

    def test_twice(self):
        returned, _, _ = self.stop(signal.SIGINT, again=signal.SIGTERM)
        self.assertIn(returned, (130, 143))
        self.assertEqual(self.files(), [])


class Streams(Case):
    def test_closed_stdout(self):
        for how in [">&-", ">/dev/full"]:
            done = subprocess.run(f"{PROGRAM} schedule --json {how}", shell=True, env=environment(), cwd=self.dir,
                                  stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"cannot write to stdout", done.stderr)
        done = subprocess.run(f"{PROGRAM} rng --shape 2,3 -o n.safetensors --json >&-", shell=True, env=environment(),
                              cwd=self.dir, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(read_tensors(self.dir / "n.safetensors")["noise"][1], [2, 3])

    def test_closed_pipe(self):
        read, write = os.pipe()
        os.close(read)
        self.run_it("tokens", "x", stdout=write, code=1)
        os.close(write)

    def test_closed_stdin(self):
        done = subprocess.run(f"{PROGRAM} tokens - <&-", shell=True, env=environment(), stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 1)

    def test_bar(self):
        words = ["render", "-p", "x", *QUICK, "--size", "16x16", "-o", "x.png"]
        code, seen = self.on_terminal(*words, TERM="xterm", COLUMNS="70")
        self.assertEqual(code, 0)
        self.assertRegex(seen, r"\rsteps:   0%\|")
        self.assertRegex(seen, r"\rsteps: 100%\|#+\| 2/2 \[00:\d\d<00:00, [0-9.]+(it/s|s/it)\]\x1b\[K\r?\n")
        code, seen = self.on_terminal(*words, TERM="dumb")
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", seen)
        self.assertNotIn("%|", seen)
        code, seen = self.on_terminal(*words, "-q", TERM="xterm")
        self.assertEqual((code, seen), (0, ""))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    PROGRAM, PROJECT = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
