"""What the demo model can draw: things, colours and sceneries, with their names."""

# The emoji, then its names (the main one first).
_TABLE = {
    "animal": """
🐱 cat, kitten, kitty; 🐶 dog, puppy; 🐭 mouse; 🐰 rabbit, bunny; 🦊 fox; 🐻 bear; 🐼 panda; 🐯 tiger; 🦁 lion; 🐮 cow;
🐷 pig; 🐸 frog, toad; 🐵 monkey; 🐔 chicken, hen; 🐧 penguin; 🐦 bird; 🐤 chick, baby chick; 🦉 owl; 🐴 horse, pony;
🐝 bee; 🦋 butterfly; 🐞 ladybug; 🐢 turtle, tortoise; 🐍 snake; 🦖 dinosaur, T-Rex; 🐘 elephant; 🐑 sheep""",
    "sea": "🐙 octopus; 🦀 crab; 🐟 fish; 🐬 dolphin; 🐳 whale; 🦈 shark",
    "creature": """
🐉 dragon; 🦄 unicorn; 👽 alien; 👻 ghost; 🤖 robot; 💀 skull; ⛄ snowman; 🧸 teddy bear, teddy;
🎃 pumpkin, jack-o-lantern; 🧙 wizard, mage""",
    "face": "😀 happy face, smiley, smiling face; 😡 angry face; 😎 cool face, face with sunglasses",
    "food": """
🍎 apple; 🍊 orange, tangerine; 🍋 lemon; 🍌 banana; 🍉 watermelon; 🍓 strawberry; 🍒 cherries; 🍍 pineapple; 🥕 carrot;
🍄 mushroom, toadstool; 🍔 hamburger, burger; 🍕 pizza, slice of pizza; 🍩 donut, doughnut; 🎂 birthday cake, cake;
🧁 cupcake, muffin; 🍦 ice cream; ☕ cup of coffee, coffee; 🍇 grapes""",
    "plant": """
🌹 rose; 🌻 sunflower; 🌷 tulip; 🌸 flower, pink flower; 🌲 pine tree, fir tree; 🌳 tree, oak tree; 🌴 palm tree;
🌵 cactus; 🍁 maple leaf""",
    "vehicle": """
🚗 car, automobile; 🚕 taxi, cab; 🚌 bus; 🚚 truck; 🚜 tractor; 🏎 racing car, race car; 🚲 bicycle, bike;
🚂 locomotive, steam train, train""",
    "air": """
✈ airplane, plane, jet; 🚁 helicopter; 🚀 rocket, spaceship; 🛸 ufo, flying saucer; 🎈 balloon; ☀ sun;
🌙 moon, crescent moon; ⭐ star; 🌈 rainbow; ⚡ lightning bolt, lightning; ❄ snowflake; 🔥 fire, flame;
🌍 planet earth, earth, globe; 🪐 planet, saturn""",
    "boat": "⛵ sailboat, boat, sailing boat",
    "place": "🏠 house, home; 🏰 castle; ⛺ tent; 🌋 volcano; 🎄 christmas tree",
    "object": """
⚽ soccer ball, football, ball; 🏀 basketball; 🎸 guitar; 📕 book; 🔑 key; 🗡 sword, dagger; 👑 crown; 💎 diamond, gem;
🎩 top hat, hat; ☂ umbrella; 🎁 gift, present; 🏆 trophy; ❤ heart""",
}

TRUCK, DRAGON, SAUROPOD = "🚚", "🐉", "🦕"     # the dragon is drawn on the sauropod: see pictures.py

# The cast of "A wild pokemon appears!": five silhouettes and colours that nobody mixes up.
POKEMON = "🦊🐸🦄🐤🐉"
FAVOURITES = "🐱🐶🍎🚗🤖🏠🦖🚀🌳🍕🐧🏰❤🐟⭐👻🎃⛵🌻🌵🎂🍌🐰🐻" + POKEMON

COLOURS = {
    "red": (214, 48, 49), "orange": (243, 140, 40), "yellow": (250, 214, 60), "green": (60, 168, 80),
    "blue": (52, 110, 219), "purple": (132, 66, 186), "pink": (248, 150, 190), "brown": (128, 84, 52),
    "black": (18, 18, 22), "white": (248, 248, 248), "gray": (140, 144, 150), "light blue": (150, 208, 250),
    "dark blue": (22, 34, 96), "turquoise": (58, 196, 190), "light green": (168, 226, 140), "dark green": (20, 84, 48),
    "beige": (238, 222, 190),
}
# Hues of recoloured things; None is no hue.
TINTS = {"red": 0.0, "orange": 0.075, "yellow": 0.145, "green": 0.35, "blue": 0.60, "purple": 0.76, "pink": 0.91, "gray": None}
# Colours that may be said of things that simply have them.
NATURAL = {emoji: colour for colour, row in {
    "red": "🍎🍓🍒🚗🎈❤🌹🐞📕🏎", "yellow": "🍋🍌🌙⭐🐤☀🐱🚁👑🚕🌻😀", "green": "🐸🌲🌳🐢🌵🚜🐍🐉", "blue": "🐳🐬🐟💎🐦🌍☂",
    "orange": "🦊🍊🎃🥕🐯🏀🦀", "purple": "🍇", "pink": "🐷🌸🌷", "brown": "🐻🐴🐵🧸", "white": "👻⛄🐑🐔💀🐰🦄",
    "gray": "🐘🐭🦈🤖", "black": "🎩🐧"}.items() for emoji in row}

SCENERY = ["night", "sunset", "sea", "grass", "snow", "desert", "forest", "space", "rain", "city", "road", "beach",
           "mountains", "sky", "table"]
# Where things are when the caption does not say: one place each, so that a short prompt has one answer.
TYPICAL = {"animal": "grass", "sea": "sea", "creature": "grass", "face": "sky", "food": "table", "plant": "grass",
           "vehicle": "road", "air": "sky", "boat": "beach", "place": "grass", "object": "table"}
TYPICAL_OF = {emoji: place for place, row in {
    "snow": "🐧⛄🎄❄", "city": "🤖", "night": "👻🎃💀🛸⭐🌙", "space": "🚀👽🪐🌍", "desert": "🌵", "beach": "🌴",
    "mountains": "🏰🌋", "forest": "⛺🦉🐻🧙", "rain": "☂", "table": "🌹🌷"}.items() for emoji in row}


def _load():
    out = {}
    for kind, text in _TABLE.items():
        for entry in " ".join(text.split()).split(";"):
            emoji, names = entry.strip().split(" ", 1)
            out[emoji] = {"cat": kind, "names": [n.strip() for n in names.split(",")]}
    return out


CONCEPT = _load()
EMOJI = list(CONCEPT)
WEIGHT = [8.0 if e == TRUCK else 3.0 if e in FAVOURITES else 1.0 for e in EMOJI]
MOVING = [e for e in EMOJI if CONCEPT[e]["cat"] in ("animal", "sea", "creature")]       # things that can be wild


def typical_place(emoji):
    return TYPICAL_OF.get(emoji, TYPICAL[CONCEPT[emoji]["cat"]])
