"""Pictures of an emoji from the packages: 3D as WebP, flat and line as SVG."""

import io
import json
from functools import cache

import resvg_py
from PIL import Image

from ..settings import ART

RENDERED_SIDE = 512
VARIATION_SELECTOR = "\ufe0f"


def code_points(emoji: str) -> tuple[str, str]:
    """The names an emoji can have in a package: with and without variation selectors."""
    whole = "-".join(f"{ord(character):04x}" for character in emoji)
    bare = "-".join(f"{ord(character):04x}" for character in emoji if character != VARIATION_SELECTOR)
    return whole, bare


def picture_3d(emoji: str) -> Image.Image:
    for name in reversed(code_points(emoji)):
        path = ART / "fluent-3d" / "assets" / f"{name}.webp"
        if path.exists():
            return Image.open(path).convert("RGBA")
    raise LookupError(f"no 3D picture of {emoji}")


@cache
def _icon_set(folder: str) -> tuple[dict, dict]:
    icons = json.loads((ART / folder / "icons.json").read_text())
    characters = json.loads((ART / folder / "chars.json").read_text())
    return icons, characters


def picture_from_svg(folder: str, emoji: str) -> Image.Image:
    icons, characters = _icon_set(folder)
    name = next((characters[code] for code in code_points(emoji) if code in characters), None)
    if name is None:
        raise LookupError(f"no icon of {emoji} in {folder}")
    icon = icons["icons"].get(name) or icons["icons"][icons["aliases"][name]["parent"]]
    width = icon.get("width", icons.get("width", 16))
    height = icon.get("height", icons.get("height", 16))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {width} {height}"'
        f' width="{RENDERED_SIDE}" height="{RENDERED_SIDE}" color="#000">{icon["body"]}</svg>'
    )
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGBA")
