"""What the classifier tells of a picture."""

import torch

from ..scenes.scene import Scene
from ..words import colours, places, styles
from ..words.objects import THINGS

OBJECTS = [thing.name for thing in THINGS]
BACKGROUNDS = [*colours.BACKGROUNDS, *places.NAMES]
STYLES = list(styles.NAMES)
KINDS = ["empty", "one", "two", "three", "pair"]
OUTPUTS = {"objects": OBJECTS, "background": BACKGROUNDS, "style": STYLES, "kind": KINDS}
"""Names of the model's outputs and their classes; `objects` can hold two, the others one."""

UNJUDGED = -100
"""PyTorch's class for `does not count`."""


def targets(scenes: list[Scene]) -> dict[str, torch.Tensor]:
    """`objects` (B, 205) of zeros and ones; the others (B,) class numbers.

    The unnamed light background has no class: it is often white, which is one.
    """
    objects = torch.zeros(len(scenes), len(OBJECTS))
    for row, scene in zip(objects, scenes):
        for item in scene.items:
            row[OBJECTS.index(item.name)] = 1
    backgrounds = [
        UNJUDGED if scene.background.kind == "light" else BACKGROUNDS.index(scene.background.name) for scene in scenes
    ]
    return {
        "objects": objects,
        "background": torch.tensor(backgrounds),
        "style": torch.tensor([STYLES.index(scene.style) for scene in scenes]),
        "kind": torch.tensor([KINDS.index(scene.kind) for scene in scenes]),
    }
