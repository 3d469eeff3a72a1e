"""Scenes that are mostly sky: night, day, space, sunset, rain."""

import numpy as np

from .canvas import UNITS, Canvas, gradient
from .elements import cloud, corner, stars


def night(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (10, 14, 52)), (1, (42, 50, 110))]))
    stars(canvas, rng, 28)
    canvas.disc(corner(rng, 18), 18, 9, (250, 240, 190))
    return canvas.pixels()


def day(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (80, 165, 240)), (1, (185, 225, 252))]))
    for _ in range(4):
        cloud(canvas, rng.uniform(0, UNITS), rng.uniform(8, UNITS - 8), rng.uniform(26, 46))
    return canvas.pixels()


def space(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (12, 8, 30)), (0.5, (40, 20, 70)), (1, (14, 10, 34))]))
    stars(canvas, rng, 45)
    canvas.disc(rng.uniform(12, UNITS - 12), rng.uniform(10, 24), rng.uniform(6, 9), (225, 120, 80))
    x, y, radius = rng.uniform(12, UNITS - 12), rng.uniform(UNITS - 26, UNITS - 10), rng.uniform(7, 11)
    canvas.disc(x, y, radius, (95, 160, 225))
    canvas.ring(x, y, radius * 1.7, radius * 0.35, (235, 215, 170), 2)
    return canvas.pixels()


def sunset(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (95, 50, 130)), (0.35, (230, 95, 100)), (0.66, (255, 185, 95)), (1, (255, 185, 95))]))
    x = rng.uniform(0.3, 0.7) * UNITS
    canvas.disc(x, 75, 17, (255, 232, 130))
    canvas.rectangle(0, 84, UNITS, UNITS, (120, 55, 105))
    canvas.rectangle(x - 13, 88, x + 13, 91, (255, 190, 110))
    canvas.rectangle(x - 8, 96, x + 8, 99, (250, 170, 110))
    return canvas.pixels()


def rain(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (100, 112, 135)), (1, (140, 155, 178))]))
    for k in range(5):
        cloud(canvas, k * 32 + rng.uniform(-6, 6), rng.uniform(6, 14), 48, (75, 85, 105))
    for _ in range(34):
        x, y = rng.uniform(0, UNITS), rng.uniform(22, UNITS)
        canvas.line(x, y, x - 3, y + 9, (175, 205, 235), 1.4)
    return canvas.pixels()
