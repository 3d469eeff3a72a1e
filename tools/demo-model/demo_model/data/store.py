"""The data set on disk: for each format a folder with one array of pictures and one line of JSON per picture."""

import json
from pathlib import Path

import numpy as np

from ..scenes.format import SQUARE, Format
from ..scenes.scene import Scene
from ..settings import DATASET

HELD_BACK = 256
"""The last square pictures are for validation; no stage trains on them."""


def folder(format: Format) -> Path:
    return DATASET / format.name


def pictures(format: Format = SQUARE) -> np.ndarray:
    """All pictures, mapped rather than read.  (N, H, W, 3) uint8"""
    return np.load(folder(format) / "pictures.npy", mmap_mode="r")


def scenes(format: Format = SQUARE) -> list[Scene]:
    with open(folder(format) / "scenes.jsonl") as lines:
        return [Scene.from_json(json.loads(line)) for line in lines]


def training_count(format: Format = SQUARE) -> int:
    return len(pictures(format)) - (HELD_BACK if format.is_square else 0)
