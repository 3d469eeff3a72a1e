"""Which colour each recolourable object has by itself."""

from functools import cache

import numpy as np

from ..art.sprites import Sprites
from ..drawing.recolour import own_colour
from ..words.objects import THINGS
from .nouns import OwnColours


@cache
def own_colours() -> OwnColours:
    sprites = Sprites.load()
    return OwnColours({
        thing.name: own_colour(sprites.of(thing.name, "3d").astype(np.float32)) for thing in THINGS if thing.recolourable
    })
