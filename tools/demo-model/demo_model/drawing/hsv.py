"""Hue, saturation and value of arrays of colours in 0..1."""

import numpy as np


def from_rgb(colours: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(..., 3) -> three arrays (...)"""
    red, green, blue = colours[..., 0], colours[..., 1], colours[..., 2]
    value = colours.max(-1)
    chroma = value - colours.min(-1) + 1e-6
    sector = np.where(
        value == red,
        ((green - blue) / chroma) % 6,
        np.where(value == green, (blue - red) / chroma + 2, (red - green) / chroma + 4),
    )
    return (sector / 6) % 1, chroma / (value + 1e-6), value


def to_rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Three arrays (...) -> (..., 3)"""
    sector = np.floor(hue * 6).astype(int) % 6
    part = hue * 6 - np.floor(hue * 6)
    low = value * (1 - saturation)
    falling = value * (1 - part * saturation)
    rising = value * (1 - (1 - part) * saturation)
    return np.stack(
        [
            np.choose(sector, [value, falling, low, low, rising, value]),
            np.choose(sector, [rising, value, value, falling, low, low]),
            np.choose(sector, [low, low, rising, value, value, falling]),
        ],
        -1,
    )


def hue_distance(a: np.ndarray, b: float) -> np.ndarray:
    """Signed distance around the circle, in -0.5..0.5."""
    return (a - b + 0.5) % 1 - 0.5
