"""Words that must not change the picture: praise, and words the model does not know.

Without them an unknown word at generation time pushes the text encoders where nothing was ever trained.
"""

import re
from functools import cache

import numpy as np

from ..words import colours, places, styles
from ..words.objects import THINGS
from .general_words import general_words

MODIFIERS = (
    "high quality", "highly detailed", "4k", "8k", "masterpiece", "best quality", "trending on artstation",
    "sharp focus", "cinematic lighting", "soft light", "beautiful", "digital art", "concept art", "award winning",
    "hd", "professional", "vivid colors", "studio lighting", "centered", "simple", "cute", "detailed",
    "octane render", "unreal engine", "ultra realistic", "minimalist", "colorful", "aesthetic", "stock photo",
    "close up", "high resolution", "illustration",
)

MEANINGFUL = {"big", "small", "two", "three", "tiny", "large", "flat", "pixel", "line", "art", "outline", "render"}


@cache
def unknown_words() -> tuple[str, ...]:
    """English words that no caption uses."""
    phrases = [noun for thing in THINGS for noun in thing.nouns]
    phrases += [*colours.BACKGROUNDS, *colours.OBJECTS, "golden", "violet"]
    for table in (colours.WORDS, places.AFTER_OBJECT, places.ALONE, styles.PHRASES):
        phrases += [phrase for group in table.values() for phrase in group]
    known = set(re.findall(r"[a-z]+", " ".join(phrases).lower())) | MEANINGFUL
    return tuple(sorted(word for word in general_words() if word not in known))


def distracted(caption: str, rng: np.random.Generator) -> str:
    """The caption, at times with modifiers or unknown words added: at the end, at the front, or within."""
    chance = rng.random()
    if chance < 0.15:
        chosen = [MODIFIERS[int(rng.integers(len(MODIFIERS)))] for _ in range(1 + int(rng.integers(3)))]
        return ", ".join([caption.rstrip("."), *chosen])
    if chance < 0.25:
        pool = unknown_words()
        words = " ".join(pool[int(rng.integers(len(pool)))] for _ in range(1 + int(rng.integers(3))))
        place = rng.random()
        if place < 0.4:
            return f"{caption.rstrip('.')}, {words}"
        if place < 0.7:
            return f"{caption.rstrip('.')} {words}"
        return f"{words}, {caption}" if place < 0.85 else f"{words} {caption}"
    return caption


def unknown_caption(rng: np.random.Generator) -> str:
    """A caption of unknown words only; any picture may go with it, which is what the model should learn."""
    pool = unknown_words()
    return " ".join(pool[int(rng.integers(len(pool)))] for _ in range(1 + int(rng.integers(5))))
