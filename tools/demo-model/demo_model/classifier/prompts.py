"""The prompts whose pictures are judged: combinations of known words that were never trained on.

The product's own tools make the pictures and judge them (`npm run adherence`): this stage writes what to ask for, and what
should be seen.
"""

import argparse
import json

import numpy as np

from ..scenes.scene import Background, Scene
from ..scenes.sampling import any_scene, unseen_scene
from ..words.plurals import plural, with_article
from ..settings import CLASSIFIER
from ..words.places import AFTER_OBJECT

SEED = 4242
COUNTS = {"two": "two", "three": "three"}
STYLE_WORDING = {"3d": "{}", "flat": "{}, flat illustration", "line": "line art of {}", "pixel": "pixel art of {}"}


def plain_wording(scene: Scene) -> str:
    """One fixed wording per scene, the usual words only: what is measured is the combination, not the grammar."""
    nouns = [f"{item.colour} {item.name}" if item.colour else item.name for item in scene.items]
    if scene.kind == "pair":
        joint = "and" if scene.relation == "beside" else "above"
        subject = f"{with_article(nouns[0])} {joint} {with_article(nouns[1])}"
    elif scene.kind in COUNTS:
        subject = f"{COUNTS[scene.kind]} {plural(nouns[0])}"
    else:
        subject = with_article(f"{scene.size} {nouns[0]}".strip())
    return STYLE_WORDING[scene.style].format(subject + _setting(scene.background))


def _setting(background: Background) -> str:
    match background.kind:
        case "plain":
            return f" on {with_article(background.name)} background"
        case "place":
            return f" {AFTER_OBJECT[background.name][0]}"
    return ""


def singles(count: int, seed: int = SEED) -> list[Scene]:
    """Held-out combinations of object, background and style."""
    rng = np.random.default_rng(seed)
    return [unseen_scene(rng, "one") for _ in range(count)]


def several(count: int, seed: int = SEED + 1) -> list[Scene]:
    """Half pairs of objects that were never together, half two or three of one object."""
    rng = np.random.default_rng(seed)
    pairs = [unseen_scene(rng, "pair") for _ in range(count // 2)]
    counted = []
    while len(counted) < count - len(pairs):
        scene = any_scene(rng)
        if scene.kind in COUNTS:
            counted.append(scene)
    return pairs + counted


def question(scene: Scene) -> dict:
    """A prompt with what the classifier should see; no background where none is named."""
    background = None if scene.background.kind == "light" else scene.background.name
    return {
        "prompt": plain_wording(scene),
        "objects": [item.name for item in scene.items],
        "background": background,
        "style": scene.style,
        "kind": scene.kind,
    }


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="prompts", description=__doc__)
    parser.add_argument("--single", type=int, default=200)
    parser.add_argument("--several", type=int, default=100)
    options = parser.parse_args(arguments)
    questions = {
        "single": [question(scene) for scene in singles(options.single)],
        "several": [question(scene) for scene in several(options.several)],
    }
    CLASSIFIER.mkdir(parents=True, exist_ok=True)
    lines = [f'"{name}": [\n' + ",\n".join(json.dumps(each) for each in all) + "\n]" for name, all in questions.items()]
    (CLASSIFIER / "prompts.json").write_text("{" + ",\n".join(lines) + "}\n")
