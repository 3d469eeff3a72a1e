"""What a caption says, as class numbers: the text encoders are trained to tell these from the text."""

from ..scenes.scene import Scene
from ..words import colours, places, styles
from ..words.objects import THINGS

OBJECTS = ["", *(thing.name for thing in THINGS)]
OBJECT_COLOURS = ["", *colours.OBJECTS]
BACKGROUNDS = ["", *colours.BACKGROUNDS, *places.NAMES]
KINDS = ["one", "empty", "two", "three", "pair"]
SIZES = ["", "big", "small"]

CLASSES: dict[str, list[str]] = {
    "first": OBJECTS, "second": OBJECTS, "first_colour": OBJECT_COLOURS, "second_colour": OBJECT_COLOURS,
    "background": BACKGROUNDS, "style": list(styles.NAMES), "kind": KINDS, "size": SIZES,
}  # fmt: skip


def attributes(scene: Scene) -> dict[str, int]:
    items = [(item.name, item.colour or "") for item in scene.items] + [("", "")] * 2
    words = {
        "first": items[0][0], "second": items[1][0], "first_colour": items[0][1], "second_colour": items[1][1],
        "background": scene.background.name or "", "style": scene.style, "kind": scene.kind, "size": scene.size,
    }  # fmt: skip
    return {name: CLASSES[name].index(word) for name, word in words.items()}
