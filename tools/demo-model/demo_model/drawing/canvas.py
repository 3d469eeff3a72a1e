"""A canvas for backgrounds: gradients, and shapes drawn at twice the size for smooth edges.

Coordinates are in units of which a picture has 128 in each direction, whatever its size in pixels.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ..settings import SIDE

UNITS = 128
OVERSAMPLING = 2
Colour = tuple[int, int, int]


def gradient(stops: Sequence[tuple[float, Colour]]) -> np.ndarray:
    """From top (0) to bottom (1) through the given colours.  (SIDE, SIDE, 3) float"""
    heights = np.linspace(0, 1, SIDE)
    places = [place for place, _ in stops]
    channels = [np.interp(heights, places, [colour[k] for _, colour in stops]) for k in range(3)]
    return np.repeat(np.stack(channels, -1)[:, None], SIDE, 1).astype(np.float32)


class Canvas:
    """Shapes over a background."""

    def __init__(self, background: np.ndarray):
        side = SIDE * OVERSAMPLING
        picture = Image.fromarray(np.clip(background, 0, 255).astype(np.uint8))
        self._image = picture.resize((side, side), Image.Resampling.BILINEAR)
        self._draw = ImageDraw.Draw(self._image)
        self._scale = side / UNITS

    def _scaled(self, values: Sequence[float]) -> list[float]:
        return [value * self._scale for value in values]

    def rectangle(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self._draw.rectangle(self._scaled((left, top, right, bottom)), fill=colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self._draw.ellipse(self._scaled((x - rx, y - ry, x + rx, y + ry)), fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self.ellipse(x, y, radius, radius, colour)

    def ring(self, x: float, y: float, rx: float, ry: float, colour: Colour, width: float) -> None:
        box = self._scaled((x - rx, y - ry, x + rx, y + ry))
        self._draw.ellipse(box, outline=colour, width=max(1, int(width * self._scale)))

    def polygon(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        self._draw.polygon([(x * self._scale, y * self._scale) for x, y in points], fill=colour)

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: Colour, width: float) -> None:
        self._draw.line(self._scaled((x, y, to_x, to_y)), fill=colour, width=max(1, int(width * self._scale)))

    def pixels(self) -> np.ndarray:
        """(SIDE, SIDE, 3) float"""
        return np.asarray(self._image.resize((SIDE, SIDE), Image.Resampling.BOX)).astype(np.float32)
