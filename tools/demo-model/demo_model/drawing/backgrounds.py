"""The background of a scene, whichever kind it is."""

from collections.abc import Callable

import numpy as np

from ..scenes.scene import Background
from ..settings import SIDE
from ..words import colours
from . import hsv, lands, skies, surroundings
from .canvas import gradient

PLACES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "night": skies.night, "day": skies.day, "space": skies.space, "sunset": skies.sunset, "rain": skies.rain,
    "grass": lands.grass, "beach": lands.beach, "snow": lands.snow, "desert": lands.desert,
    "mountains": lands.mountains, "sea": surroundings.sea, "forest": surroundings.forest, "city": surroundings.city,
    "room": surroundings.room,
}  # fmt: skip


def draw_background(background: Background, style: str, rng: np.random.Generator) -> np.ndarray:
    """(SIDE, SIDE, 3) float in 0..255"""
    if background.kind == "place":
        return PLACES[background.name](rng)
    if background.kind == "plain":
        return _plain(colours.BACKGROUNDS[background.name], rng)
    return _light(style, rng)


def _plain(colour: tuple[int, int, int], rng: np.random.Generator) -> np.ndarray:
    """The colour, a little off, a little brighter at the top."""
    base = np.clip(np.array(colour, np.float32) + rng.normal(0, 4, 3), 0, 255)
    slope = rng.uniform(0, 0.06) * (1 - 2 * np.linspace(0, 1, SIDE, dtype=np.float32))
    return np.broadcast_to(np.clip(base * (1 + slope[:, None, None]), 0, 255), (SIDE, SIDE, 3)).copy()


def _light(style: str, rng: np.random.Generator) -> np.ndarray:
    """White, or a pale gradient of any hue."""
    if style == "line" or rng.random() < 0.35:
        return np.full((SIDE, SIDE, 3), 252, np.float32)
    hue = np.float64(rng.random())
    pale, stronger = (tuple(255 * hsv.to_rgb(hue, np.float64(s), np.float64(v))) for s, v in ((0.1, 0.99), (0.26, 0.95)))
    return gradient([(0, pale), (1, stronger)])
