"""Scenes that enclose the object: sea, forest, city, room."""

import numpy as np

from .canvas import UNITS, Canvas, Colour, gradient


def sea(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (60, 185, 225)), (1, (10, 70, 140))]))
    canvas.ellipse(25, 134, 55, 26, (215, 190, 130))
    canvas.ellipse(110, 138, 60, 27, (200, 175, 115))
    for _ in range(10):
        radius = rng.uniform(2, 4)
        canvas.ring(rng.uniform(0, UNITS), rng.uniform(10, 105), radius, radius, (190, 235, 250), 1.2)
    for x in (rng.uniform(6, 30), rng.uniform(98, 122)):
        for k in range(5):  # a plant that winds upwards
            canvas.ellipse(x + 2 * (k % 2), 112.5 - 7 * k, 3, 4.5, (40, 150, 90))
    return canvas.pixels()


def forest(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (185, 220, 205)), (1, (215, 235, 205))]))
    ground = 96
    canvas.rectangle(0, ground, UNITS, UNITS, (60, 110, 50))
    for k in range(7):
        x, height, half = k * 20 + rng.uniform(-5, 5), rng.uniform(50, 75), rng.uniform(11, 15)
        colour: Colour = (25 + int(rng.uniform(0, 20)), 85 + int(rng.uniform(0, 30)), 55)
        canvas.rectangle(x - 2, ground - 2, x + 2, ground + 5, (90, 60, 35))
        canvas.polygon([(x - half, ground), (x + half, ground), (x, ground - height)], colour)
    return canvas.pixels()


def city(rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (150, 195, 235)), (1, (225, 235, 242))]))
    street, x = 104, 0.0
    while x < UNITS:
        width, height, shade = rng.uniform(13, 22), rng.uniform(35, 80), rng.uniform(0, 1)
        wall: Colour = (int(85 + 40 * shade), int(100 + 40 * shade), int(135 + 35 * shade))
        canvas.rectangle(x, street - height, x + width - 1, street, wall)
        for window_y in range(int(street - height) + 5, street - 6, 9):
            for window_x in range(int(x) + 3, int(x + width) - 4, 6):
                canvas.rectangle(window_x, window_y, window_x + 2.5, window_y + 4, (250, 225, 140))
        x += width
    canvas.rectangle(0, street, UNITS, UNITS, (75, 78, 88))
    for k in range(5):
        canvas.rectangle(k * 28 + 4, 114, k * 28 + 16, 117, (235, 235, 225))
    return canvas.pixels()


def room(_rng: np.random.Generator) -> np.ndarray:
    canvas = Canvas(gradient([(0, (235, 222, 205)), (1, (245, 235, 220))]))
    canvas.rectangle(0, 84, UNITS, UNITS, (165, 110, 65))
    canvas.rectangle(0, 84, UNITS, 88, (190, 135, 85))
    for y in (100, 114):
        canvas.line(0, y, UNITS, y, (140, 90, 52), 1.2)
    return canvas.pixels()
