"""Draws random scenes."""

import numpy as np

from ..words import colours, places, styles
from ..words.objects import BY_NAME, THINGS
from .held_out import is_held_out
from .scene import Background, Item, Scene

KINDS = {"one": 0.68, "two": 0.07, "three": 0.07, "pair": 0.15, "empty": 0.03}
STYLES = {"3d": 0.60, "flat": 0.14, "line": 0.12, "pixel": 0.14}
RECOLOURED = 0.4
"""How often an object that can be recoloured is."""


def _pick(rng: np.random.Generator, options) -> str:
    return options[int(rng.integers(len(options)))]


def _weighted(rng: np.random.Generator, weights: dict[str, float]) -> str:
    return str(rng.choice(list(weights), p=list(weights.values())))


def _item(rng: np.random.Generator, style: str) -> Item:
    thing = _pick(rng, THINGS)
    # Line art has one colour only.
    if style != "line" and thing.recolourable and rng.random() < RECOLOURED:
        return Item(thing.name, _pick(rng, list(colours.OBJECTS)))
    return Item(thing.name)


def _background(rng: np.random.Generator, style: str, kind: str) -> Background:
    plain, place, light = (0.6, 0.0, 0.4) if style == "line" else (0.2, 0.8, 0.0) if kind == "empty" else (0.45, 0.4, 0.15)
    chosen = str(rng.choice(["plain", "place", "light"], p=[plain, place, light]))
    names = {"plain": list(colours.BACKGROUNDS), "place": places.NAMES, "light": [None]}[chosen]
    return Background(chosen, _pick(rng, names))


def any_scene(rng: np.random.Generator) -> Scene:
    """A scene, held out or not."""
    kind, style = _weighted(rng, KINDS), _weighted(rng, STYLES)
    if kind == "empty" and style in ("line", "flat"):
        style = "3d"  # without an object these styles show nothing
    items = [_item(rng, style) for _ in range({"empty": 0, "pair": 2}.get(kind, 1))]
    while kind == "pair" and items[0].name == items[1].name:
        items[1] = _item(rng, style)
    return Scene(
        style=style,
        items=tuple(items),
        count={"two": 2, "three": 3}.get(kind, 1),
        relation=_pick(rng, ("beside", "beside", "above")) if kind == "pair" else None,
        background=_background(rng, style, kind),
        size=_pick(rng, ("", "", "", "", "", "", "big", "small")) if kind == "one" else "",
        seed=int(rng.integers(1 << 31)),
    )


def training_scene(rng: np.random.Generator) -> Scene:
    """A scene that is not held out."""
    while is_held_out(scene := any_scene(rng)):
        pass
    return scene


def unseen_scene(rng: np.random.Generator, kind: str) -> Scene:
    """A held-out scene of the given kind."""
    while (scene := any_scene(rng)).kind != kind or not is_held_out(scene):
        pass
    return scene
