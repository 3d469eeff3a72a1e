"""Draws a scene."""

from functools import lru_cache

import numpy as np
from PIL import Image

from ..art.sprites import Sprites
from ..scenes.format import SQUARE, Format
from ..scenes.scene import Item, Scene
from ..settings import SIDE
from .backgrounds import draw_background
from .canvas import UNITS
from .frame import Place, cut, fit
from .paste import paste
from .pixelate import pixelate
from .recolour import recolour

DARK_INK, LIGHT_INK = (18, 18, 22), (245, 245, 245)


class Renderer:
    """Draws scenes with the sprites of a file."""

    def __init__(self, sprites: Sprites):
        self._sprites = sprites
        self._layers = lru_cache(maxsize=4096)(self._prepare)

    def render(self, scene: Scene, format: Format = SQUARE) -> np.ndarray:
        """(H, W, 3) uint8; the same scene gives the same picture."""
        rng = np.random.default_rng(scene.seed)
        picture = cut(draw_background(scene.background, scene.style, rng), format, rng)
        ink = LIGHT_INK if picture.mean() < 110 else DARK_INK
        unit = SIDE / UNITS
        for item, (x, y, size) in zip(_repeated(scene), fit(_places(scene, rng), format)):
            layers = self._layers(item, scene.style, ink if scene.style == "line" else None)
            picture = paste(picture, layers, x * unit, y * unit, size * unit, rng.normal(0, 0.05))
        if scene.style == "pixel":
            picture = pixelate(picture)
        return np.clip(picture + 0.5, 0, 255).astype(np.uint8)

    def _prepare(self, item: Item, style: str, ink: tuple[int, int, int] | None) -> list[Image.Image]:
        """The item's sprite in its style and colour, as four float images."""
        sprite = self._sprites.of(item.name, style).astype(np.float32)
        if ink is not None:
            sprite = np.concatenate([np.array(ink, np.float32) * sprite[..., 3:] / 255, sprite[..., 3:]], -1)
        elif item.colour:
            sprite = recolour(sprite, item.colour).astype(np.float32)
        return [Image.fromarray(np.ascontiguousarray(sprite[..., k])) for k in range(4)]


def _repeated(scene: Scene) -> list[Item]:
    return list(scene.items) * scene.count if len(scene.items) == 1 else list(scene.items)


def _places(scene: Scene, rng: np.random.Generator) -> list[Place]:
    """Where the objects go and how large they are, with a little chance."""
    if scene.kind == "one":
        size = rng.uniform(*{"": (80, 98), "big": (108, 118), "small": (44, 54)}[scene.size])
        return [(64 + rng.normal(0, 3), 66 + rng.normal(0, 3), size)]
    rows = {
        "empty": [],
        "two": [(34, 68), (94, 68)],
        "three": [(64, 38), (34, 92), (94, 92)],
        "pair": [(34, 68), (94, 68)] if scene.relation == "beside" else [(64, 35), (64, 94)],
    }[scene.kind]
    sizes = {"two": (52, 58), "three": (48, 54), "pair": (53, 60)}.get(scene.kind, (0, 0))
    return [(x + rng.normal(0, 2), y + rng.normal(0, 2), rng.uniform(*sizes)) for x, y in rows]
