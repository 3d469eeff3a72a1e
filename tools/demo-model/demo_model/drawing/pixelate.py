"""The look of pixel art."""

import numpy as np

BLOCK = 8
"""Side of a block in pixels: one latent's cell."""

LEVELS = 7
"""Steps of each colour channel."""


def pixelate(picture: np.ndarray) -> np.ndarray:
    """Mean colour of each block, rounded to few levels.  (H, W, 3) -> the same shape"""
    height, width, _ = picture.shape
    means = picture.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3).mean((1, 3))
    rounded = np.round(means / 255 * LEVELS) / LEVELS * 255
    return rounded.repeat(BLOCK, 0).repeat(BLOCK, 1)
