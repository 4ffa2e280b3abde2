"""Writes the fixtures of tests/image beside this file: PNG pictures of every kind, what Pillow makes of
them, broken files, and numbers of numpy, Pillow and diffusers.

    python make_fixtures.py        (made with Pillow 13.0.0, numpy 2, diffusers 0.42.1)

good/NAME.png   every colour type, bit depth and interlacing, written here byte by byte
good.txt        NAME width height hash of Image.convert("RGB"); hash is 64-bit FNV-1a of the bytes.
                Exception: 16-bit grey is expected as its upper 8 bits, because Pillow clips it at 255.
resize.txt      filter width height hash: good/filters.png through Image.resize
bad/NAME        files that must be refused, each by a test that names it
text-*.png      text chunks as Pillow writes them
floats.bin      float32 [3,9,7] for from_chw, then the uint8 [9,7,3] that the golden formula of
                diffusers gives;  to_float.bin: float32[256], VaeImageProcessor.normalize of 0..255
"""
import io
import pathlib
import random
import struct
import zlib

import numpy as np
from diffusers.image_processor import VaeImageProcessor
from PIL import Image, PngImagePlugin

HERE = pathlib.Path(__file__).parent
W, H = 19, 11  # every pass of Adam7 has pixels, no row ends on a byte at 1, 2 or 4 bits
rng = random.Random(7)


def fnv(data):
    h = 0xCBF29CE484222325
    for b in data:
        h = (h ^ b) * 0x100000001B3 % 2**64
    return "%016x" % h


def chunk(kind, data, crc=0):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) ^ crc)


def ihdr(w, h, depth, colour, interlace=0, crc=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlace), crc)


CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def pack(samples, depth):
    if depth == 16:
        return b"".join(struct.pack(">H", s) for s in samples)
    bits = "".join(format(s, "0%db" % depth) for s in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def filtered(kind, row, above, step):
    out = bytearray([kind])
    for i, v in enumerate(row):
        a = row[i - step] if i >= step else 0
        b = above[i]
        c = above[i - step] if i >= step else 0
        out.append((v - [0, a, b, (a + b) // 2, paeth(a, b, c)][kind]) % 256)
    return bytes(out)


def scan(pixels, depth, colour, filters=(0,)):
    """pixels[y][x] = tuple of samples -> filtered rows"""
    step = max(1, CHANNELS[colour] * depth // 8)
    out, above, n = b"", None, 0
    for line in pixels:
        row = pack([s for p in line for s in p], depth)
        out += filtered(filters[n % len(filters)], row, above or bytes(len(row)), step)
        above, n = row, n + 1
    return out


def png(pixels, depth, colour, interlace=0, extra=b"", filters=(0,), after=b""):
    h, w = len(pixels), len(pixels[0])
    if interlace:
        raw = b""
        for x0, y0, dx, dy in ADAM7:
            part = [line[x0::dx] for line in pixels[y0::dy]]
            if part and part[0]:
                raw += scan(part, depth, colour, filters)
    else:
        raw = scan(pixels, depth, colour, filters)
    data = zlib.compress(raw, 9)
    return (b"\x89PNG\r\n\x1a\n" + ihdr(w, h, depth, colour, interlace) + extra
            + chunk(b"IDAT", data) + after + chunk(b"IEND", b""))


def noise(depth, colour, w=W, h=H):
    top = 2**depth - 1
    return [[tuple(rng.randint(0, top) for _ in range(CHANNELS[colour])) for _ in range(w)] for _ in range(h)]


def palette(depth):
    return chunk(b"PLTE", bytes(rng.randrange(256) for _ in range(3 * 2**depth)))


def good():
    files = {}
    for colour, name, depths in ((0, "grey", (1, 2, 4, 8, 16)), (2, "rgb", (8, 16)), (3, "palette", (1, 2, 4, 8)),
                                 (4, "grey-alpha", (8, 16)), (6, "rgb-alpha", (8, 16))):
        for depth in depths:
            for interlace in (0, 1):
                pixels = noise(depth, colour)
                extra = palette(depth) if colour == 3 else b""
                key = "%s%d%s" % (name, depth, "-adam7" if interlace else "")
                files[key] = png(pixels, depth, colour, interlace, extra), pixels
    pixels = noise(8, 0)
    files["trns-grey"] = png(pixels, 8, 0, 0, chunk(b"tRNS", struct.pack(">H", pixels[2][3][0]))), pixels
    pixels = noise(8, 2)
    files["trns-rgb"] = png(pixels, 8, 2, 0, chunk(b"tRNS", struct.pack(">HHH", *pixels[2][3]))), pixels
    pixels = noise(4, 3)
    files["trns-palette"] = png(pixels, 4, 3, 0, palette(4) + chunk(b"tRNS", bytes(range(0, 160, 10)))), pixels
    smooth = [[(x * 7 % 256, (x * y) % 256, (y * 11 + rng.randrange(8)) % 256) for x in range(37)] for y in range(23)]
    files["filters"] = png(smooth, 8, 2, 0, b"", (0, 1, 2, 3, 4)), smooth
    colours = (chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(3000)))
               + chunk(b"pHYs", struct.pack(">IIB", 1000, 2000, 1)))
    pixels = noise(8, 2)
    files["gamma"] = png(pixels, 8, 2, 0, colours), pixels
    files["one"] = png([[(1, 2, 3)]], 8, 2), None
    files["one-adam7"] = png([[(1, 2, 3)]], 8, 2, 1), None
    (HERE / "good").mkdir(exist_ok=True)
    lines = []
    for name, (data, pixels) in files.items():
        (HERE / "good" / (name + ".png")).write_bytes(data)
        image = Image.open(io.BytesIO(data))
        rgb = image.convert("RGB").tobytes()
        if name.startswith("grey16"):
            rgb = bytes(p[0] >> 8 for line in pixels for p in line for _ in range(3))
        lines.append("%s %d %d %s\n" % (name, image.width, image.height, fnv(rgb)))
    (HERE / "good.txt").write_text("".join(lines))


def resize():
    image = Image.open(HERE / "good/filters.png").convert("RGB")
    lines = []
    for name in ("NEAREST", "BOX", "BILINEAR", "LANCZOS"):
        for size in ((18, 11), (74, 69), (37, 5), (5, 23), (1, 1), (100, 3), (512, 2), (37, 23)):
            out = image.resize(size, getattr(Image.Resampling, name))
            lines.append("%s %d %d %s\n" % (name, *size, fnv(out.tobytes())))
    (HERE / "resize.txt").write_text("".join(lines))


def bad():
    (HERE / "bad").mkdir(exist_ok=True)
    pixels = noise(8, 2)
    ok = png(pixels, 8, 2)
    sig = ok[:8]
    idat = ok.index(b"IDAT") - 4
    end = chunk(b"IEND", b"")
    data = zlib.compress(scan(pixels, 8, 2))
    jpeg, webp, gif, bmp, tiff = (io.BytesIO() for _ in range(5))
    small = Image.new("RGB", (4, 4), (200, 10, 10))
    for to, kind in ((jpeg, "JPEG"), (webp, "WEBP"), (gif, "GIF"), (bmp, "BMP"), (tiff, "TIFF")):
        small.save(to, kind)
    bomb = zlib.compress(bytes(20_000_000), 9)
    files = {
        "empty": b"",
        "signature-only.png": sig,
        "cut-header.png": ok[:20],
        "cut-before-pixels.png": ok[:idat],
        "cut-in-pixels.png": ok[: idat + 100],
        "cut-before-end.png": ok[:-12],
        "cut-last-byte.png": ok[:-1],
        "crc-header.png": sig + ihdr(W, H, 8, 2, crc=1) + ok[idat:],
        "crc-pixels.png": ok[:idat] + chunk(b"IDAT", data, 1) + end,
        "zlib-damaged.png": ok[:idat] + chunk(b"IDAT", data[:2] + b"\x07" + data[3:]) + end,
        "zlib-short.png": ok[:idat] + chunk(b"IDAT", zlib.compress(scan(pixels[:5], 8, 2))) + end,
        "not-zlib.png": ok[:idat] + chunk(b"IDAT", bytes(100)) + end,
        "filter-9.png": ok[:idat] + chunk(b"IDAT", zlib.compress(b"\x09" + scan(pixels, 8, 2)[1:])) + end,
        "no-pixels.png": ok[:idat] + end,
        "no-palette.png": sig + ihdr(W, H, 8, 3) + ok[idat:],
        "depth-3.png": sig + ihdr(W, H, 3, 2) + ok[idat:],
        "colour-5.png": sig + ihdr(W, H, 8, 5) + ok[idat:],
        "interlace-2.png": sig + ihdr(W, H, 8, 2, 2) + ok[idat:],
        "width-0.png": sig + ihdr(0, H, 8, 2) + ok[idat:],
        "negative.png": sig + ihdr(2**31 + 5, H, 8, 2) + ok[idat:],
        "wide.png": sig + ihdr(16385, 1, 8, 2) + ok[idat:],
        "huge.png": sig + ihdr(16384, 16384, 8, 2) + ok[idat:],
        "too-short.png": sig + ihdr(8192, 8192, 8, 2) + ok[idat:],
        "chunk-length.png": ok[:idat] + b"\xff\xff\xff\xff" + ok[idat + 4 :],
        "unknown-critical.png": ok[:idat] + chunk(b"ABCD", b"x") + ok[idat:],
        "jpeg.png": jpeg.getvalue(), "webp.png": webp.getvalue(), "gif.png": gif.getvalue(),
        "bmp.png": bmp.getvalue(), "tiff.png": tiff.getvalue(),
        "page.png": b"\n<!DOCTYPE HTML><title>404</title>",
        "lfs.png": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "as-text.png": ok.replace(b"\r\n", b"\n"),
        "random.png": bytes(rng.randrange(256) for _ in range(300)),
    }
    for name, content in files.items():
        (HERE / "bad" / name).write_bytes(content)
    (HERE / "text-bomb.png").write_bytes(png(pixels, 8, 2, 0, chunk(b"zTXt", b"bomb\0\0" + bomb)
                                             + chunk(b"tEXt", b"after\0still read")))
    (HERE / "text-crc.png").write_bytes(png(pixels, 8, 2, 0, chunk(b"tEXt", b"k\0v", 1)))


def texts():
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a cat, caf\u00e9\nSteps: 20, Seed: 42")
    info.add_text("zipped", "long " * 200, zip=True)
    info.add_itxt("Description", "ein \u732b \U0001f408", lang="de", tkey="Beschreibung")
    info.add_itxt("zipped too", "\u732b" * 100, zip=True)
    Image.new("RGB", (3, 2), (1, 2, 3)).save(HERE / "text-pillow.png", pnginfo=info)
    pixels = noise(8, 2, 3, 2)
    extra = chunk(b"tEXt", b"nul\0a\0b") + chunk(b"iTXt", b"wrong\0\0\0\0\0caf\xe9") + chunk(b"tEXt", b"none\0")
    (HERE / "text-odd.png").write_bytes(png(pixels, 8, 2, 0, extra, after=chunk(b"tEXt", b"last\0behind")))


def floats():
    values = np.random.default_rng(7).normal(0, 0.9, 3 * 9 * 7).astype(np.float32)
    # halves: v * 255 = k + 0.5 exactly or nearly, on both sides of the rule "to even"
    k = np.arange(40, dtype=np.float32)
    values[:40] = ((k + np.float32(0.5)) / np.float32(255) - np.float32(0.5)) * np.float32(2)
    values[40:48] = [-1, 1, 0, -0.0, np.inf, -np.inf, 1.0000001, -1.0000001]
    img = values.reshape(1, 3, 9, 7)
    u8 = ((img * np.float32(0.5) + np.float32(0.5)).clip(0, 1).transpose(0, 2, 3, 1) * np.float32(255)).round()
    (HERE / "floats.bin").write_bytes(img.tobytes() + u8.astype("uint8").tobytes())
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16).repeat(3).reshape(16, 16, 3))
    back = VaeImageProcessor.normalize(VaeImageProcessor.pil_to_numpy(ramp))[0, :, :, 0]
    assert back.dtype == np.float32
    (HERE / "to_float.bin").write_bytes(back.tobytes())


good()
resize()
bad()
texts()
floats()
