"""Draw a scene (see scenes.py): Noto Color Emoji glyphs, scaled and recoloured, pasted on a background."""
import colorsys
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from backgrounds import background
from concepts import DRAGON, SAUROPOD, TINTS

FONT = os.environ.get("EMOJI_FONT", "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")

_font = None
_glyph_cache = {}


def glyph(emoji, size=None, tint=None):
    """RGBA picture of an emoji, trimmed, square, optionally scaled and recoloured."""
    key = (emoji, size, tint)
    if key in _glyph_cache:
        return _glyph_cache[key]
    if size is None:
        global _font
        _font = _font or ImageFont.truetype(FONT, 109)
        im = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
        ImageDraw.Draw(im).text((10, 10), SAUROPOD if emoji == DRAGON else emoji, font=_font, embedded_color=True)
        box = im.getbbox()
        im = im.crop(box)
        if emoji == DRAGON:
            im = add_wings(im)
        side = max(im.size)
        sq = Image.new("RGBA", (side, side), (0, 0, 0, 0))
        sq.paste(im, ((side - im.width) // 2, (side - im.height) // 2))
        if tint:
            sq = recolour(sq, tint)
    else:
        base = np.asarray(glyph(emoji, None, tint)).astype(np.float32) / 255
        pre = np.concatenate([base[..., :3] * base[..., 3:], base[..., 3:]], -1)       # premultiplied alpha
        chans = [np.asarray(Image.fromarray(pre[..., c]).resize((size, size), Image.LANCZOS)) for c in range(4)]
        pre = np.clip(np.stack(chans, -1), 0, 1)
        rgb = pre[..., :3] / np.maximum(pre[..., 3:], 1e-4)
        sq = Image.fromarray((np.concatenate([np.clip(rgb, 0, 1), pre[..., 3:]], -1) * 255 + .5).astype(np.uint8), "RGBA")
    _glyph_cache[key] = sq
    return sq


def add_wings(im, k=4):
    """Two red bat wings make the sauropod a dragon that reads as one even in a small picture."""
    w, h = im.size
    big = Image.new("RGBA", (k * (w + 24), k * (h + 24)), (0, 0, 0, 0))
    d = ImageDraw.Draw(big)
    for dx, fill, rib in ((-18, (186, 50, 40, 255), (140, 32, 30, 255)), (0, (232, 82, 54, 255), (176, 48, 38, 255))):
        P = lambda *p: [(k * (x + dx + 6), k * y) for x, y in p]
        d.polygon(P((50, 84), (58, 34), (84, 6), (130, 2), (118, 26), (132, 52), (110, 58), (112, 82), (92, 78), (78, 96)), fill=fill)
        for end in ((129, 4), (130, 52), (110, 80)):
            d.line(P((60, 72), end), fill=rib, width=3 * k)
    out = big.resize((w + 24, h + 24), Image.LANCZOS)
    body = Image.new("RGBA", out.size, (0, 0, 0, 0))
    body.paste(im, (2, 22))
    out.alpha_composite(body)
    return out.crop(out.getbbox())


def recolour(im, tint):
    """Give every colour of a glyph the hue of `tint`, keeping its lightness and some of its saturation."""
    a = np.asarray(im).astype(np.float32) / 255
    v = a[..., :3].max(-1)
    s = (v - a[..., :3].min(-1)) / np.maximum(v, 1e-4)
    hue = TINTS[tint]
    if hue is None:
        rgb = np.repeat((a[..., :3] @ np.array([.3, .59, .11], np.float32))[..., None], 3, -1)
    else:
        s2 = np.clip(.30 + .65 * s, 0, 1) * (.6 if tint == "pink" else 1)
        full = np.array(colorsys.hsv_to_rgb(hue, 1, 1), np.float32)
        rgb = v[..., None] * (1 - s2[..., None] * (1 - full))
    return Image.fromarray((np.concatenate([np.clip(rgb, 0, 1), a[..., 3:]], -1) * 255 + .5).astype(np.uint8), "RGBA")


def render(scene):
    """Draw a scene: uint8 array 128x128x3."""
    im = Image.fromarray((background(scene["bg"])).astype(np.uint8))
    for o in scene["objects"]:
        g = glyph(o["emoji"], o["size"], o["tint"])
        im.paste(g, (int(o["x"] - o["size"] // 2), int(o["y"] - o["size"] // 2)), g)
    return np.asarray(im)
