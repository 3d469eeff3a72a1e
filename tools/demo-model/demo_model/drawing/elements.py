"""Things that several scenes share: stars, clouds, a sun."""

import numpy as np

from .canvas import UNITS, Canvas, Colour

WHITE: Colour = (255, 255, 255)
STARLIGHT: Colour = (255, 250, 225)


def stars(canvas: Canvas, rng: np.random.Generator, count: int) -> None:
    for _ in range(count):
        canvas.disc(rng.uniform(0, UNITS), rng.uniform(0, UNITS), rng.uniform(0.6, 1.5), STARLIGHT)


def cloud(canvas: Canvas, x: float, y: float, width: float, colour: Colour = WHITE) -> None:
    for across, down, radius in ((0, 0, 0.28), (-0.28, 0.06, 0.2), (0.28, 0.06, 0.2), (0.12, -0.08, 0.22)):
        canvas.ellipse(x + across * width, y + down * width, radius * width, radius * width * 0.75, colour)


def corner(rng: np.random.Generator, margin: float) -> float:
    """Left or right, `margin` from the edge: where a sun or moon does not hide behind the object."""
    return margin if rng.random() < 0.5 else UNITS - margin
