"""The combinations that are never trained on, so that adherence can be measured on unseen ones."""

import zlib

from .scene import Scene

ONE_IN = 8


def is_held_out(scene: Scene) -> bool:
    """One in eight combinations of a single object, a named background and a style, chosen by their CRC-32.

    Object, background and style are each seen in other company. Pairs: one in eight unordered pairs of objects.
    """
    if scene.kind == "one" and scene.background.kind != "light":
        key = f"{scene.items[0].name}|{scene.background.name}|{scene.style}"
    elif scene.kind == "pair":
        key = "|".join(sorted(item.name for item in scene.items))
    else:
        return False
    return zlib.crc32(key.encode()) % ONE_IN == 0
