"""The look of pixel art."""

import numpy as np

from ..settings import SIDE

BLOCKS = 32
"""Blocks along a side: as many as latents, so that a block is one latent's cell."""

LEVELS = 7
"""Steps of each colour channel."""


def pixelate(picture: np.ndarray) -> np.ndarray:
    """Mean colour of each block, rounded to few levels.  (SIDE, SIDE, 3) -> the same shape"""
    size = SIDE // BLOCKS
    means = picture.reshape(BLOCKS, size, BLOCKS, size, 3).mean((1, 3))
    rounded = np.round(means / 255 * LEVELS) / LEVELS * 255
    return rounded.repeat(size, 0).repeat(size, 1)
