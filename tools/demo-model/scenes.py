"""Random scenes: plain dicts that pictures.render() draws and captions.caption() describes.

Sizes and places are few and fixed unless a caption can tell them apart, which lets a small VAE and UNet learn the
pictures in minutes rather than hours.
"""
from backgrounds import VARIANTS
from concepts import COLOURS, CONCEPT, EMOJI, MOVING, POKEMON, SCENERY, TINTS, TRUCK, WEIGHT, typical_place

SIZES = {"big": 112, "normal": 92, "small": 52, "pair": 60}


def _pick(r, pool=None):
    if pool:
        return r.choice(pool)
    return r.choices(EMOJI, WEIGHT)[0]


def sample_bg(r, emoji, wild=False):
    """Returns (background, said): `said` tells whether the caption should mention it."""
    def scene(kind):
        return ("scene", kind, r.randrange(VARIANTS))
    jit = lambda c, a=6: tuple(v + r.uniform(-a, a) for v in c)
    u = r.random()
    if wild:
        if u < .86:
            return scene("grass"), r.random() < .06
        return scene(r.choice(["forest", "night", "mountains", "sunset", "snow", "desert"])), True
    if u < .24:
        name = r.choice(list(COLOURS))
        return ("plain", name, jit(COLOURS[name])), True
    if u < .27:
        a, b = r.sample(list(COLOURS)[:15], 2)
        return ("gradient", (a, b), jit(COLOURS[a]), jit(COLOURS[b])), True
    if u < .62:
        return scene(r.choice(SCENERY)), True
    return scene(typical_place(emoji)), r.random() < .2


def sample_scene(r):
    """A random scene; everything in it is drawn from `r` (random.Random)."""
    u = r.random()
    q = lambda lo, hi: 4 * r.randint(lo, hi)
    if u < .26:                                                     # two objects
        a = _pick(r)
        b = _pick(r)
        while b == a:
            b = _pick(r)
        layout = "h" if r.random() < .72 else "v"
        pos = [(35, 68), (93, 68)] if layout == "h" else [(64, 34), (64, 94)]
        objs = [{"emoji": e, "size": SIZES["pair"], "tint": None, "x": x, "y": y} for e, (x, y) in zip((a, b), pos)]
        bg, said = sample_bg(r, a)
        return {"kind": layout, "objects": objs, "bg": bg, "bg_said": said, "size": "pair", "wild": False, "generic": None}
    wild = u < .38
    generic = None
    if wild and r.random() < .62:
        e, generic = _pick(r, POKEMON), "pokemon"
    elif wild:
        e = r.choices(MOVING, [WEIGHT[EMOJI.index(x)] for x in MOVING])[0]
    else:
        e = _pick(r)
        if e in POKEMON and r.random() < .10:
            generic = "pokemon"
    size = r.choices(["normal", "big", "small"], [.56, .30, .14])[0]
    if e == TRUCK and r.random() < .4:
        size = "big"
    if wild:
        size = "normal" if size == "small" or r.random() < .6 else size
    x, y = 64, 64 if size == "big" else 66
    if size == "small":
        x, y = 64 + q(-5, 5), 72 + q(-3, 3)
    elif size == "normal" and not wild:
        x, y = 64 + q(-1, 1), 66
    tint = r.choice(list(TINTS)) if not wild and r.random() < .16 and CONCEPT[e]["cat"] != "face" else None
    bg, said = sample_bg(r, e, wild)
    return {"kind": "one", "objects": [{"emoji": e, "size": SIZES[size], "tint": tint, "x": x, "y": y}], "bg": bg,
            "bg_said": said, "size": size, "wild": wild, "generic": generic}
