"""Puts a sprite onto a picture."""

import math

import numpy as np
from PIL import Image


def paste(picture: np.ndarray, sprite: list[Image.Image], x: float, y: float, size: float, angle: float) -> np.ndarray:
    """Centre, size in pixels and a turn in radians.  The sprite: four float images, premultiplied.

    A sprite that is reduced by more than 0.6 is halved first: plain bilinear sampling would skip pixels.
    """
    sprite_side = sprite[0].size[0]
    if size / sprite_side < 0.6:
        sprite_side //= 2
        sprite = [channel.resize((sprite_side, sprite_side), Image.Resampling.BOX) for channel in sprite]
    scale = sprite_side / size
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    # Pillow wants the map from output to input.
    left = sprite_side / 2 - cos * x - sin * y
    top = sprite_side / 2 + sin * x - cos * y
    matrix = (cos, sin, left, -sin, cos, top)
    placed = [c.transform(picture.shape[1::-1], Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR) for c in sprite]
    layers = np.stack([np.asarray(channel) for channel in placed], -1)
    return picture * (1 - layers[..., 3:] / 255) + layers[..., :3]
