"""Colours of backgrounds and of objects."""

BACKGROUNDS: dict[str, tuple[int, int, int]] = {
    "white": (250, 250, 250),
    "black": (22, 22, 26),
    "gray": (140, 143, 148),
    "red": (214, 40, 46),
    "orange": (245, 135, 30),
    "yellow": (250, 212, 50),
    "green": (60, 165, 75),
    "blue": (45, 100, 215),
    "light blue": (135, 200, 245),
    "purple": (130, 65, 190),
    "pink": (248, 150, 190),
    "brown": (125, 80, 50),
    "teal": (25, 150, 150),
}
"""Plain backgrounds, as RGB."""

WORDS: dict[str, tuple[str, ...]] = {
    "light blue": ("light blue", "sky blue", "cyan"),
    "gray": ("gray", "grey"),
    "teal": ("teal", "turquoise"),
    "purple": ("purple", "violet"),
}
"""Other words for a background's colour, where there are any."""

OBJECTS: dict[str, tuple[float, float, float]] = {
    "red": (0, 0.82, 0.88),
    "orange": (27, 0.95, 0.96),
    "yellow": (49, 0.95, 0.97),
    "green": (128, 0.70, 0.72),
    "blue": (217, 0.85, 0.88),
    "purple": (276, 0.75, 0.75),
    "pink": (333, 0.55, 0.98),
}
"""Colours an object can take: hue in degrees, mean saturation and mean value."""
