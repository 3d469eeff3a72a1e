"""Fits a scene that is planned for a square into another format."""

import numpy as np

from ..scenes.format import Format
from ..settings import SIDE
from .canvas import UNITS

Place = tuple[float, float, float]
"""Centre and size, in units."""
FILLED = 0.8
"""Share of the short side that an object may take where it has the other direction for itself."""
ONE_ROW = 20
"""Objects whose centres differ by fewer units across the short side stand in one row along the long one."""


def cut(picture: np.ndarray, format: Format, rng: np.random.Generator) -> np.ndarray:
    """A part of a square background, about its middle, where horizons are.  (SIDE, SIDE, 3) -> (H, W, 3)"""
    if format.is_square:
        return picture
    top, left = (int(rng.uniform(0.35, 0.65) * (SIDE - length)) for length in (format.height, format.width))
    return picture[top : top + format.height, left : left + format.width].copy()


def fit(places: list[Place], format: Format) -> list[Place]:
    """Moves the objects together and makes them smaller, as far as is needed."""
    if format.is_square or not places:
        return places
    width, height = format.width / SIDE, format.height / SIDE
    short = min(width, height)
    across = [y if height < width else x for x, y, _ in places]
    stand_in_one_row = len(places) > 1 and max(across) - min(across) < ONE_ROW
    limit = FILLED * short * UNITS if stand_in_one_row else 0
    return [(x * width, y * height, max(size * short, min(size, limit))) for x, y, size in places]
