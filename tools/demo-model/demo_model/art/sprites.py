"""Sprites: every object in its three drawn styles, cut to its outline and scaled to one size."""

from pathlib import Path

import numpy as np
from PIL import Image

from ..settings import SPRITES
from ..words.objects import THINGS
from .icons import picture_3d, picture_from_svg

SPRITE_SIDE = 288
LAYER_OF_STYLE = {"3d": 0, "pixel": 0, "flat": 1, "line": 2}
"""Pixel art is made from the 3D sprite when a scene is drawn."""


class Sprites:
    """Premultiplied RGBA by object and style."""

    def __init__(self, array: np.ndarray):
        self._array = array
        self._index = {thing.name: index for index, thing in enumerate(THINGS)}

    @staticmethod
    def load(path: Path = SPRITES) -> "Sprites":
        return Sprites(np.load(path)["sprites"])

    def of(self, name: str, style: str) -> np.ndarray:
        """(SPRITE_SIDE, SPRITE_SIDE, 4) uint8"""
        return self._array[self._index[name], LAYER_OF_STYLE[style]]


def cut_and_scale(picture: Image.Image) -> np.ndarray:
    """Cropped to what is opaque, centred in a square, scaled.  Premultiplied before scaling: no dark fringes."""
    opaque = picture.getchannel("A").point(lambda value: 255 if value > 8 else 0).getbbox()
    picture = picture.crop(opaque)
    side = max(picture.size)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    rgba = np.asarray(square).astype(np.float32) / 255
    rgba[..., :3] *= rgba[..., 3:]
    layers = [
        Image.fromarray(rgba[..., k]).resize((SPRITE_SIDE, SPRITE_SIDE), Image.Resampling.LANCZOS) for k in range(4)
    ]
    return (np.clip(np.stack(layers, -1), 0, 1) * 255 + 0.5).astype(np.uint8)


def main(_arguments: list[str]) -> None:
    sprites = np.zeros((len(THINGS), 3, SPRITE_SIDE, SPRITE_SIDE, 4), np.uint8)
    for index, thing in enumerate(THINGS):
        pictures = (
            picture_3d(thing.emoji),
            picture_from_svg("fluent-flat", thing.emoji),
            picture_from_svg("fluent-line", thing.emoji),
        )
        for layer, picture in enumerate(pictures):
            sprites[index, layer] = cut_and_scale(picture)
        if index % 50 == 0:
            print(f"{index} of {len(THINGS)} objects", flush=True)
    SPRITES.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(SPRITES, sprites=sprites)
    print(f"{len(THINGS)} objects -> {SPRITES}")
