"""Gives a sprite another main colour, and finds the one it has."""

import numpy as np

from ..words import colours
from . import hsv

COLOURLESS = 0.15
"""Below this share of coloured area a sprite counts as white or grey."""


def _straight(sprite: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Premultiplied RGBA in 0..255 -> straight colours and coverage in 0..1."""
    alpha = sprite[..., 3] / 255.0
    return np.clip(sprite[..., :3] / 255.0 / np.maximum(alpha, 1e-3)[..., None], 0, 1), alpha


def main_hue(sprite: np.ndarray) -> tuple[float, float]:
    """The most frequent hue (0..1) and the share of the sprite that has it."""
    rgb, alpha = _straight(sprite)
    hue, saturation, value = hsv.from_rgb(rgb)
    weight = alpha * saturation * value * (saturation > 0.25)
    counts = np.bincount((hue * 36).astype(int).ravel() % 36, weight.ravel(), 36)
    # A peak may lie across bins.  Its middle bin must win, so the neighbours weigh a little less.
    around = counts + 0.99 * (np.roll(counts, 1) + np.roll(counts, -1))
    return (around.argmax() + 0.5) / 36, around.max() / alpha.sum()


def recolour(sprite: np.ndarray, colour: str) -> np.ndarray:
    """Moves the main hue to the colour's and leaves other hues, outlines and highlights as they are."""
    rgb, alpha = _straight(sprite)
    hue, saturation, value = hsv.from_rgb(rgb)
    old_hue, share = main_hue(sprite)
    degrees, new_saturation, new_value = colours.OBJECTS[colour]
    offset = hsv.hue_distance(hue, old_hue)
    if share > COLOURLESS:
        selected = np.clip((0.16 - np.abs(offset)) / 0.04, 0, 1) * np.clip((saturation - 0.15) / 0.15, 0, 1)
    else:
        selected = np.clip((value - 0.15) / 0.2, 0, 1) * np.clip((0.97 - value) / 0.05, 0, 1)
    area = max((selected * alpha).sum(), 1e-3)
    mean_saturation = (saturation * selected * alpha).sum() / area
    mean_value = (value * selected * alpha).sum() / area
    if share > COLOURLESS:
        saturation = np.clip(new_saturation + (saturation - mean_saturation) * 0.5, 0, 1)
    else:
        saturation = np.full_like(saturation, new_saturation * 0.85)
    hue = (degrees / 360 + np.clip(offset, -0.05, 0.05) * 0.5) % 1
    value = np.clip(value + (new_value - mean_value) * 0.9, 0, 1)
    mixed = rgb * (1 - selected[..., None]) + hsv.to_rgb(hue, saturation, value) * selected[..., None]
    return np.concatenate([mixed * alpha[..., None] * 255, sprite[..., 3:]], -1)


def own_colour(sprite: np.ndarray) -> str | None:
    """The name of the sprite's main colour, or None if it has no clear one."""
    hue, share = main_hue(sprite)
    if share < 0.3:
        return None

    def distance(name: str) -> float:
        around = abs(float(hsv.hue_distance(np.float64(hue), colours.OBJECTS[name][0] / 360)))
        return around + (8 / 360 if name == "pink" else 0)  # in doubt red rather than pink

    return min(colours.OBJECTS, key=distance)
