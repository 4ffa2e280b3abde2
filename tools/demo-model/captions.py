"""Captions for the scenes of scenes.py: many natural ways to say the same picture."""
import html
import os
import random
import re

from concepts import CONCEPT, NATURAL, TRUCK

CLDR = os.environ.get("CLDR_EN", "/usr/share/unicode/cldr/common/annotations/en.xml")

PREFIX = ["an image of "] * 8 + ["a picture of ", "a drawing of ", "a photo of "] * 2 + [
    "a painting of ", "an illustration of ", "a cartoon of ", "an icon of ", "an emoji of "]
LEFT_RIGHT = ["{0} to the left of {1}"] * 5 + ["{0} and {1}"] * 4 + ["{1} to the right of {0}"] * 2 + [
    "{0} next to {1}", "{0} beside {1}", "{0} left of {1}", "{0} on the left and {1} on the right"]
ABOVE = ["{0} above {1}"] * 4 + ["{0} on top of {1}", "{0} over {1}", "{1} below {0}", "{1} under {0}"]
PLAIN = ["on a {} background"] * 3 + ["on {}", "on a {} wall", "with a {} background", "in front of a {} background", ", {} background"]
GRADIENT = ["on a {} and {} background", "on a {} and {} gradient", "on a {} to {} gradient", "with a {} and {} background"]
SIZE_WORDS = {"big": ["big", "big", "big", "large", "huge", "giant"], "small": ["small", "small", "little", "tiny"]}
POKEMON_WORDS = ["pokemon"] * 10 + ["pokémon", "pokémon", "monster", "creature"]
FILLER = ["cute", "nice", "beautiful", "pretty", "lovely"]
SCENE_WORDS = {
    "night": ["at night", "at night", "in the night", "under the stars", "at midnight", "in the dark", "on a starry night",
              "under the moon"],
    "sunset": ["at sunset", "at sunset", "at dusk", "in the evening", "at dawn", "at sunrise"],
    "sea": ["in the sea", "in the sea", "under the sea", "underwater", "in the ocean", "in the water"],
    "grass": ["on grass", "on the grass", "in a field", "in a meadow", "on a green hill", "in the countryside", "in the garden"],
    "snow": ["in the snow", "in the snow", "in winter", "on snow", "on a snowy day"],
    "desert": ["in the desert", "in the desert", "on the sand dunes", "in the sahara"],
    "forest": ["in the forest", "in the forest", "in the woods", "in a forest", "among the trees", "in the jungle"],
    "space": ["in space", "in space", "in outer space", "in the galaxy", "among the stars and planets"],
    "rain": ["in the rain", "in the rain", "on a rainy day", "in a storm"],
    "city": ["in the city", "in the city", "in a town", "downtown", "in front of skyscrapers"],
    "road": ["on the road", "on a road", "on the street", "on the highway"],
    "beach": ["on the beach", "on the beach", "at the beach", "at the seaside"],
    "mountains": ["in the mountains", "in the mountains", "in front of mountains", "in the alps"],
    "sky": ["in the sky", "in the sky", "in the clouds", "flying in the sky"],
    "table": ["on a table", "on a table", "on the table", "on a wooden table", "indoors", "in the kitchen"],
}
# CLDR keywords too vague to name one thing.
STOP = set("""face animal red green blue yellow white black orange purple pink brown gray object activity drink food eat
fruit vegetable plant vehicle travel open cold hot soft one two three wild card cards baby mouth smile nature weather place
building tool clothing sport music instrument restaurant dessert sweet eye eyes game fantasy tale fairy zodiac zoology
creature monster up down head day symbol sign book""".split())


def load_keywords():
    """Extra CLDR keywords per emoji, without the generic ones."""
    text = open(CLDR, encoding="utf-8").read()
    out = {e: [] for e in CONCEPT}
    for cp, kind, value in re.findall(r'<annotation cp="([^"]+)"( type="tts")?>([^<]*)</annotation>', text):
        if cp in out and not kind:
            for k in html.unescape(value).lower().split("|"):
                k = k.strip()
                if re.fullmatch(r"[a-z][a-z \-]{2,24}", k) and k not in STOP and k not in out[cp]:
                    out[cp].append(k)
    owners = {}
    for e, ks in out.items():
        for k in ks:
            owners.setdefault(k, []).append(e)
    names = {n.lower() for c in CONCEPT.values() for n in c["names"]}
    return {e: [k for k in ks if len(owners[k]) <= 2 and k not in names] for e, ks in out.items()}


KEYWORDS = load_keywords()
GENERIC = {"animal": ["animal"], "sea": ["sea creature", "sea animal"], "face": ["face", "emoji"], "food": ["food", "snack"],
           "plant": ["plant"], "vehicle": ["vehicle"], "place": ["place", "building"], "object": ["thing", "object"]}
NO_ARTICLE = re.compile(r"(ies|cherries|grapes|corn|coffee|fire|lightning|planet earth|earth)$")


def noun(obj, generic, r):
    """A name of the thing; `generic` things are called pokemon or the like."""
    e = obj["emoji"]
    if generic:
        return r.choice(POKEMON_WORDS)
    names, u = CONCEPT[e]["names"], r.random()
    if u < .02 and KEYWORDS[e]:
        return r.choice(KEYWORDS[e])
    if u < .03 and CONCEPT[e]["cat"] in GENERIC:
        return r.choice(GENERIC[CONCEPT[e]["cat"]])
    return names[0] if len(names) == 1 or r.random() < .6 else r.choice(names[1:])


def phrase(obj, size, r, generic=None, article=True):
    """'a big red apple' and the like."""
    words = []
    if size in SIZE_WORDS and r.random() < .95:
        words.append(r.choice(SIZE_WORDS[size]))
    if r.random() < .06:
        words.append(r.choice(FILLER))
    n = noun(obj, generic, r)
    if obj["tint"]:
        words.append(obj["tint"] if obj["tint"] != "gray" else r.choice(["gray", "grey"]))
    elif not generic and obj["emoji"] in NATURAL and r.random() < .22 and NATURAL[obj["emoji"]] not in n:
        words.append(NATURAL[obj["emoji"]])
    words.append(n)
    text = " ".join(words)
    if not article or NO_ARTICLE.search(text):
        return text
    if n in ("sun", "moon") and len(words) == 1:
        return "the " + text
    u = r.random()
    if u < .06:
        return "the " + text
    return ("an " if text[0] in "aeiouAEIOU" and not text.startswith(("uni", "ufo")) else "a ") + text


def backdrop(bg, r):
    """The words for a background."""
    if bg[0] == "scene":
        return r.choice(SCENE_WORDS[bg[1]])
    if bg[0] == "plain":
        return r.choice(PLAIN).format(bg[1]).replace("a orange", "an orange")
    return r.choice(GRADIENT).format(*bg[1])


def caption(scene, r):
    """One random caption for a scene."""
    o, bare = scene["objects"], r.random() < .08
    where = backdrop(scene["bg"], r) if scene["bg_said"] else ""
    if len(o) == 2:
        a, b = (phrase(x, "pair", r, article=not bare) for x in o)
        text = r.choice(LEFT_RIGHT if scene["kind"] == "h" else ABOVE).format(a, b)         # the order is always told
    elif scene["wild"]:
        text = "a wild " + phrase(o[0], scene["size"], r, scene["generic"], article=False)
        text += r.choice([" appears!"] * 8 + [" appears", " appeared!", ""])
    else:
        text = phrase(o[0], scene["size"], r, scene["generic"], article=not bare)
    if not scene["wild"] and r.random() < (.6 if o[0]["emoji"] == TRUCK else .33):
        text = r.choice(PREFIX) + text
    if where:
        if r.random() < .06 and not where.startswith(","):
            text = where + ", " + text
        else:
            end = "!" if text.endswith("!") and r.random() < .5 else ""
            text = (text.rstrip("!") if end else text) + (where if where.startswith(",") else " " + where) + end
    elif r.random() < .05 and not text.endswith("!"):
        text += r.choice([".", ", digital art", ", cartoon", ", high quality"])
    u = r.random()
    return text[0].upper() + text[1:] if u < .4 else text


if __name__ == "__main__":
    from scenes import sample_scene
    rng = random.Random(0)
    for _ in range(60):
        print(caption(sample_scene(rng), rng))
