"""Noun phrases for the objects of a scene."""

from dataclasses import dataclass

import numpy as np

from ..scenes.scene import Item
from ..words import colours
from ..words.objects import BY_NAME

USUAL = 0.45
"""How often the usual noun is taken rather than any of the synonyms."""

COLOUR_OWN = 0.3
"""How often the object's own colour is named although nothing was recoloured: `a yellow banana`."""


@dataclass(frozen=True)
class OwnColours:
    """The colour each object has by itself, where it has one; found by looking at its sprite."""

    by_name: dict[str, str | None]


def without_colour(noun: str) -> str:
    """`red rose` -> `rose`, `golden key` -> `key`: before another colour is put in front."""
    for colour in (*colours.OBJECTS, "golden"):
        if noun.startswith(colour + " "):
            return noun[len(colour) + 1 :]
    return noun


def noun_phrase(item: Item, style: str, rng: np.random.Generator, own: OwnColours) -> str:
    """A noun for the item, with its colour if it was recoloured, sometimes with its own colour."""
    thing = BY_NAME[item.name]
    noun = thing.name if rng.random() < USUAL else thing.nouns[int(rng.integers(len(thing.nouns)))]
    colour = item.colour
    if colour is None and style != "line" and thing.recolourable and rng.random() < COLOUR_OWN:
        colour = own.by_name.get(item.name)
    if colour is None:
        return noun
    if colour == "purple" and rng.random() < 0.15:
        colour = "violet"
    return f"{colour} {without_colour(noun)}"
