"""Sheets of pictures with their captions."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

LINE_HEIGHT = 11
CHARACTERS_PER_PIXEL = 1 / 6


def write_sheet(path: Path, pictures: Sequence[Image.Image], labels: Sequence[str], columns: int, side: int) -> None:
    """Pictures scaled to `side`, two lines of text under each."""
    width, height = side + 4, side + 2 * LINE_HEIGHT + 4
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (picture, label) in enumerate(zip(pictures, labels)):
        x, y = index % columns * width, index // columns * height
        sheet.paste(picture.resize((side, side), Image.Resampling.LANCZOS) if picture.width != side else picture, (x, y))
        for line, text in enumerate(textwrap.wrap(label, int(side * CHARACTERS_PER_PIXEL))[:2]):
            draw.text((x, y + side + line * LINE_HEIGHT), text, fill="black")
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
    print(f"{len(pictures)} pictures -> {path}")
