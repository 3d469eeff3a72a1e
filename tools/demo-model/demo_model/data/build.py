"""Draws the data set.  Continues where it was stopped: scenes come from one generator per format, pictures from their seeds."""

import argparse
import json

import numpy as np

from ..art.sprites import Sprites
from ..drawing.render import Renderer
from ..scenes.format import ALL, OTHERS, Format
from ..scenes.sampling import training_scene
from . import store

SEED = 1234
OTHERS_SHARE = 0.05
"""Pictures of each other format, as a share of the square ones."""


def draw(renderer: Renderer, format: Format, count: int) -> None:
    folder = store.folder(format)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng((SEED, ALL.index(format)))
    scenes = [training_scene(rng) for _ in range(count)]
    path, marker = folder / "pictures.npy", folder / "drawn.txt"
    done = int(marker.read_text()) if marker.exists() and path.exists() else 0
    if done == 0:
        np.lib.format.open_memmap(path, "w+", np.uint8, (count, format.height, format.width, 3)).flush()
        with open(folder / "scenes.jsonl", "w") as lines:
            lines.writelines(json.dumps(scene.to_json()) + "\n" for scene in scenes)
    pictures = np.load(path, mmap_mode="r+")
    for index in range(done, count):
        pictures[index] = renderer.render(scenes[index], format)
        if (index + 1) % 1000 == 0:
            pictures.flush()
            marker.write_text(str(index + 1))
            print(f"{format.name}: {index + 1} of {count} pictures", flush=True)
    pictures.flush()
    marker.write_text(str(count))


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="dataset", description=__doc__)
    parser.add_argument("--pictures", type=int, default=20_000, help="square ones; the other formats get 5 % as many each")
    count = parser.parse_args(arguments).pictures
    renderer = Renderer(Sprites.load())
    for format in ALL:
        draw(renderer, format, int(count * OTHERS_SHARE) if format in OTHERS else count)
