"""Scenes with open ground: grass, beach, snow, desert, mountains."""

import numpy as np

from .canvas import UNITS, Canvas, gradient
from .elements import WHITE, cloud, corner


def grass(rng: np.random.Generator) -> np.ndarray:
    horizon = rng.uniform(0.58, 0.66) * UNITS
    canvas = Canvas(gradient([(0, (110, 190, 245)), (0.6, (205, 235, 252)), (1, (205, 235, 252))]))
    for _ in range(2):
        cloud(canvas, rng.uniform(5, UNITS - 5), rng.uniform(10, 36), rng.uniform(26, 40))
    canvas.rectangle(0, horizon, UNITS, UNITS, (95, 185, 70))
    canvas.ellipse(15, horizon + 26, 55, 34, (110, 198, 80))
    canvas.rectangle(0, horizon + 26, UNITS, UNITS, (85, 172, 62))
    return canvas.pixels()


def beach(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (110, 200, 250)), (0.5, (200, 235, 252)), (1, (200, 235, 252))]))
    canvas.rectangle(0, 60, UNITS, 84, (40, 150, 205))
    canvas.rectangle(0, 80, UNITS, 84, (225, 245, 250))
    canvas.rectangle(0, 84, UNITS, UNITS, (240, 214, 150))
    canvas.disc(corner(rng, 20), 20, 11, (255, 225, 90))
    return canvas.pixels()


def snow(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (140, 170, 210)), (1, (205, 222, 240))]))
    canvas.ellipse(20, 134, 80, 56, (236, 243, 252))
    canvas.ellipse(115, 137, 85, 53, (246, 250, 255))
    for _ in range(36):
        canvas.disc(rng.uniform(0, UNITS), rng.uniform(0, UNITS), rng.uniform(1, 2), WHITE)
    return canvas.pixels()


def desert(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (250, 205, 130)), (0.6, (255, 235, 190)), (1, (255, 235, 190))]))
    canvas.disc(corner(rng, 22), 19, 11, (255, 245, 190))
    canvas.ellipse(10, 135, 80, 65, (232, 178, 98))
    canvas.ellipse(120, 150, 100, 70, (214, 155, 78))
    return canvas.pixels()


def mountains(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (120, 185, 240)), (0.8, (220, 235, 248)), (1, (220, 235, 248))]))
    foot, cap = 100, 0.3
    for x_range, height_range, half in (((15, 40), (62, 74), 44), ((80, 110), (66, 80), 50), ((50, 70), (48, 60), 40)):
        x, height = rng.uniform(*x_range), rng.uniform(*height_range)
        top = (x, foot - height)
        canvas.polygon([(x - half, foot), (x + half, foot), top], (105, 115, 150))
        snow_line = foot - height * (1 - cap)
        canvas.polygon([(x - half * cap, snow_line), (x + half * cap, snow_line), top], (245, 248, 252))
    canvas.rectangle(0, 98, UNITS, UNITS, (100, 165, 85))
    return canvas.pixels()
