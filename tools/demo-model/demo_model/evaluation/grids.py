"""Grids to look at: prompts not picked by hand, guidance, negative prompts, seeds, unknown words."""

import argparse

import numpy as np

from ..captions.distraction import unknown_caption
from ..captions.grammar import Grammar
from ..captions.own_colours import own_colours
from ..scenes.sampling import any_scene
from ..settings import MODEL, SAMPLES
from .pipeline import Pipeline
from .sheet import write_sheet

SEED = 2024
"""Captions are drawn with it, and the n-th picture of a grid has seed SEED + n."""

GALLERY = (
    "a red apple on a blue background", "a smiling cat face", "pixel art of a rocket at night", "a panda in the snow",
    "a green car on the beach", "a house on grass", "a blue butterfly on a yellow background", "a fox in the forest",
    "a robot in the city", "a hamburger on a wooden table", "line art of a guitar", "a purple heart on a pink background",
    "a sunflower under a blue sky", "an octopus underwater", "flat illustration of a castle at sunset", "a dog and a cat",
    "two bananas on a purple background", "a star above a house", "pixel art of a mushroom in a meadow",
    "a penguin in the snow, 4k, highly detailed", "a rocket in space", "a yellow balloon on a teal background",
    "a ghost at night", "a cactus in the desert", "a snowman in the mountains", "three strawberries on a white background",
    "a small pink bird on a green background", "line art of a dragon on a black background", "an astronaut riding a horse",
    "a starry night", "a white cat next to a red car", "cool face with sunglasses on an orange background",
)  # fmt: skip


def _seeds(count: int) -> list[int]:
    return [SEED + k for k in range(count)]


def gallery(pipeline: Pipeline) -> None:
    write_sheet(SAMPLES / "gallery.png", pipeline.pictures(GALLERY, _seeds(32)), GALLERY, columns=8, side=160)


def random_captions(pipeline: Pipeline) -> None:
    """64 captions as the grammar gives them, seen or unseen."""
    rng = np.random.default_rng(SEED)
    grammar = Grammar(rng, own_colours())
    prompts = [grammar.caption(any_scene(rng)) for _ in range(64)]
    write_sheet(SAMPLES / "random.png", pipeline.pictures(prompts, _seeds(64)), prompts, columns=8, side=160)


def guidance(pipeline: Pipeline) -> None:
    prompts, scales = ("a fox in the forest", "a red car on a yellow background"), (1.0, 2.0, 3.0, 5.0, 8.0)
    pictures = [pipeline.pictures([p], [SEED], guidance=g)[0] for p in prompts for g in scales]
    write_sheet(SAMPLES / "guidance.png", pictures, [f"{p}, {g}" for p in prompts for g in scales], columns=5, side=160)


def negative(pipeline: Pipeline) -> None:
    prompts = ["an apple", "a car", "a house", "a heart"] * 2
    refused = [""] * 4 + ["red"] * 4
    pictures = pipeline.pictures(prompts, [SEED] * 8, negative=refused)
    write_sheet(SAMPLES / "negative.png", pictures, [f"{p}, not: {n}" for p, n in zip(prompts, refused)], 4, 160)


def seeds(pipeline: Pipeline) -> None:
    prompts = ["an owl at night"] * 8 + ["two mushrooms on grass"] * 8
    write_sheet(SAMPLES / "seeds.png", pipeline.pictures(prompts, _seeds(8) * 2), prompts, columns=8, side=160)


def unknown(pipeline: Pipeline) -> None:
    rng = np.random.default_rng(SEED)
    prompts = ["an astronaut riding a horse", "a portrait of my grandmother", "the quick brown fox jumps", "democracy"]
    prompts += [unknown_caption(rng) for _ in range(12)]
    write_sheet(SAMPLES / "unknown.png", pipeline.pictures(prompts, _seeds(16)), prompts, columns=8, side=160)


GRIDS = {
    "gallery": gallery, "random": random_captions, "guidance": guidance, "negative": negative, "seeds": seeds,
    "unknown": unknown,
}  # fmt: skip


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="grids", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*GRIDS, []], help="all by default")
    pipeline = Pipeline(MODEL)
    for name in parser.parse_args(arguments).names or GRIDS:
        GRIDS[name](pipeline)
