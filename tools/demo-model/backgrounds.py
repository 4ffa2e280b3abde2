"""Backgrounds: plain colours, gradients and fifteen procedural sceneries, 128x128."""
import random

import numpy as np
from PIL import Image, ImageDraw

N = 128


def vgrad(*stops):
    """Vertical gradient through the given colours, NxNx3 float."""
    t = np.linspace(0, len(stops) - 1, N)
    c = np.array(stops, np.float32)
    i = np.minimum(t.astype(int), len(stops) - 2)
    col = c[i] + (c[i + 1] - c[i]) * (t - i)[:, None] if len(stops) > 1 else np.repeat(c, N, 0)
    return np.repeat(col[:, None], N, 1)


def _canvas(*stops):
    """Picture and pen at twice the size, on a vertical gradient."""
    im = Image.fromarray(vgrad(*stops).astype(np.uint8)).resize((2 * N, 2 * N))
    return im, ImageDraw.Draw(im)


def _cloud(d, x, y, r, col=(255, 255, 255)):
    for dx, dy, k in ((-1.1, .25, .7), (0, 0, 1), (1.1, .25, .75), (.5, -.2, .8)):
        d.ellipse([x + dx * r - k * r, y + dy * r - k * r * .8, x + dx * r + k * r, y + dy * r + k * r * .8], fill=col)


def _hill(d, y, amp, col, r, waves=1.3):
    ph = r.uniform(0, 6.28)
    pts = [(x, y + amp * np.sin(ph + x / (2 * N) * 6.28 * waves)) for x in range(0, 2 * N + 8, 8)]
    d.polygon([(0, 2 * N)] + pts + [(2 * N, 2 * N)], fill=col)


def _dots(d, r, n, y0, y1, s, cols):
    for _ in range(n):
        x, y, k = r.uniform(0, 2 * N), r.uniform(y0, y1), r.uniform(*s)
        d.ellipse([x - k, y - k, x + k, y + k], fill=r.choice(cols))


def _pine(d, x, y, h, col):
    for k in range(3):
        d.polygon([(x, y - h + k * h * .25), (x - h * (.18 + .08 * k), y - h * .55 + k * h * .25), (x + h * (.18 + .08 * k), y - h * .55 + k * h * .25)], fill=col)


def scenery(kind, seed):
    """One of the SCENERY pictures; `seed` picks a variant."""
    r = random.Random(f"{kind}{seed}")
    M = 2 * N
    if kind == "night":
        im, d = _canvas((8, 10, 40), (30, 34, 92))
        _dots(d, r, 42, 0, M * .8, (1, 2.6), [(255, 255, 255), (255, 240, 190), (200, 215, 255)])
        x = r.choice([38, 218])
        d.ellipse([x - 24, 14, x + 24, 62], fill=(255, 240, 180))
        d.ellipse([x - 10, 8, x + 34, 54], fill=(11, 13, 46))
        _hill(d, 218, 8, (12, 26, 40), r)
    elif kind == "sunset":
        im, d = _canvas((96, 52, 130), (236, 94, 88), (255, 178, 84))
        x = r.choice([64, 128, 192])
        d.ellipse([x - 38, 144, x + 38, 220], fill=(255, 232, 130))
        _hill(d, 200, 8, (72, 36, 62), r)
    elif kind == "sea":
        im, d = _canvas((92, 200, 236), (18, 104, 186), (10, 66, 140))
        for _ in range(14):
            x, y, k = r.uniform(0, M), r.uniform(0, M * .8), r.uniform(3, 8)
            d.ellipse([x - k, y - k, x + k, y + k], outline=(190, 236, 250), width=2)
        _hill(d, 232, 6, (222, 196, 130), r)
        for x in (r.uniform(8, 50), r.uniform(206, 248)):
            d.line([(x + 6 * np.sin(i), 240 - i * 9) for i in range(8)], fill=(30, 140, 90), width=7)
    elif kind == "grass":
        im, d = _canvas((120, 198, 250), (206, 238, 255))
        for x in (r.uniform(20, 90), r.uniform(150, 236)):
            _cloud(d, x, r.uniform(22, 60), 17)
        _hill(d, 158, 8, (134, 206, 92), r)
        _hill(d, 186, 6, (94, 180, 70), r)
        _dots(d, r, 14, 200, M, (2, 4), [(255, 255, 255), (255, 226, 90), (250, 130, 160)])
    elif kind == "snow":
        im, d = _canvas((150, 190, 226), (222, 236, 248))
        for x in (r.uniform(10, 60), r.uniform(196, 246)):
            _pine(d, x, 190, r.uniform(70, 100), (58, 110, 104))
        _hill(d, 184, 8, (246, 250, 255), r)
        _dots(d, r, 40, 0, M * .75, (1.5, 3.6), [(255, 255, 255)])
    elif kind == "desert":
        im, d = _canvas((250, 206, 130), (255, 236, 190))
        x = r.choice([50, 206])
        d.ellipse([x - 24, 20, x + 24, 68], fill=(255, 246, 200))
        _hill(d, 160, 16, (232, 178, 98), r)
        _hill(d, 196, 12, (214, 152, 76), r)
    elif kind == "forest":
        im, d = _canvas((150, 206, 170), (96, 164, 118))
        for i in range(7):
            _pine(d, 18 + i * 37 + r.uniform(-8, 8), 200, r.uniform(120, 165), r.choice([(34, 98, 62), (42, 112, 70)]))
        for i in range(4):
            _pine(d, r.choice([-4, 30, 226, 262]) + r.uniform(-8, 8), 222, r.uniform(130, 170), (24, 78, 50))
        _hill(d, 206, 5, (66, 120, 56), r)
    elif kind == "space":
        im, d = _canvas((6, 4, 18), (26, 10, 48))
        _dots(d, r, 60, 0, M, (.8, 2.4), [(255, 255, 255), (190, 210, 255), (255, 214, 190)])
        x, y, k = r.choice([34, 222]), r.choice([36, 214]), r.uniform(18, 28)
        c = r.choice([(226, 120, 80), (110, 160, 230), (170, 120, 220)])
        d.ellipse([x - k, y - k, x + k, y + k], fill=c)
        d.ellipse([x - 1.7 * k, y - .3 * k, x + 1.7 * k, y + .3 * k], outline=(236, 220, 190), width=4)
    elif kind == "rain":
        im, d = _canvas((92, 106, 126), (150, 164, 180))
        for x in (50, 130, 210):
            _cloud(d, x + r.uniform(-16, 16), r.uniform(14, 30), 28, (206, 212, 222))
        for _ in range(46):
            x, y = r.uniform(0, M), r.uniform(50, M)
            d.line([(x, y), (x - 4, y + 15)], fill=(186, 214, 246), width=3)
    elif kind == "city":
        im, d = _canvas((130, 180, 230), (236, 220, 214))
        x = -r.uniform(0, 20)
        while x < M:
            w, h = r.uniform(30, 46), r.uniform(70, 150)
            d.rectangle([x, 206 - h, x + w, 206], fill=r.choice([(96, 108, 140), (116, 126, 156), (80, 92, 124)]))
            for wy in range(int(206 - h) + 8, 196, 16):
                for wx in range(int(x) + 6, int(x + w) - 8, 12):
                    d.rectangle([wx, wy, wx + 5, wy + 7], fill=(250, 226, 140))
            x += w + 4
        d.rectangle([0, 206, M, M], fill=(84, 86, 94))
    elif kind == "road":
        im, d = _canvas((128, 204, 250), (214, 240, 255))
        for x in (r.uniform(20, 90), r.uniform(150, 236)):
            _cloud(d, x, r.uniform(22, 60), 17)
        _hill(d, 164, 8, (118, 194, 86), r)
        d.rectangle([0, 190, M, M], fill=(98, 100, 108))
        for x in range(int(r.uniform(-40, 0)), M, 60):
            d.rectangle([x, 228, x + 34, 234], fill=(250, 246, 226))
    elif kind == "beach":
        im, d = _canvas((110, 200, 250), (210, 240, 255))
        x = r.choice([44, 212])
        d.ellipse([x - 22, 16, x + 22, 60], fill=(255, 232, 110))
        d.rectangle([0, 130, M, M], fill=(46, 150, 206))
        for _ in range(9):
            x, y = r.uniform(0, M), r.uniform(138, 176)
            d.line([(x, y), (x + 18, y)], fill=(150, 214, 240), width=3)
        _hill(d, 192, 6, (244, 220, 160), r)
    elif kind == "mountains":
        im, d = _canvas((140, 190, 236), (226, 236, 246))
        for x, h in ((r.uniform(10, 60), 130), (r.uniform(190, 240), 140), (r.uniform(100, 156), 165)):
            d.polygon([(x, 200 - h), (x - h * .7, 200), (x + h * .7, 200)], fill=(112, 122, 146))
            d.polygon([(x, 200 - h), (x - h * .2, 200 - h * .72), (x, 200 - h * .78), (x + h * .2, 200 - h * .72)], fill=(248, 250, 255))
        _hill(d, 194, 8, (104, 168, 90), r)
    elif kind == "sky":
        im, d = _canvas((84, 170, 246), (196, 230, 255))
        for x, y in ((r.uniform(20, 80), r.uniform(24, 60)), (r.uniform(170, 236), r.uniform(60, 100)), (r.uniform(20, 100), r.uniform(190, 232)), (r.uniform(150, 236), r.uniform(200, 240))):
            _cloud(d, x, y, r.uniform(16, 22))
    elif kind == "table":
        c = r.choice([(236, 224, 204), (210, 226, 232), (240, 214, 206), (220, 232, 206)])
        im, d = _canvas(c, tuple(int(v * .93) for v in c))
        d.rectangle([0, 180, M, M], fill=(176, 118, 70))
        d.rectangle([0, 180, M, 190], fill=(200, 144, 92))
        for _ in range(6):
            x, y = r.uniform(0, M), r.uniform(198, 250)
            d.line([(x, y), (x + r.uniform(30, 80), y)], fill=(150, 98, 58), width=2)
    else:
        raise ValueError(kind)
    return np.asarray(im.resize((N, N), Image.LANCZOS)).astype(np.float32)


VARIANTS = 12           # pictures of each scenery
_cache = {}


def background(bg):
    """Picture of a background as the tuples of scenes.py describe it: NxNx3 float."""
    kind = bg[0]
    if kind == "scene":
        if bg not in _cache:
            _cache[bg] = scenery(bg[1], bg[2])
        return _cache[bg]
    if kind == "plain":
        return vgrad(np.clip(bg[2], 0, 255))
    return vgrad(np.clip(bg[2], 0, 255), np.clip(bg[3], 0, 255))
