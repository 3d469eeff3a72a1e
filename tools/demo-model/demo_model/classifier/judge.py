"""Compares what the classifier sees in pictures with the scenes they should show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from ..scenes.scene import Scene
from ..settings import CHECKPOINTS
from ..training import checkpoint
from .examples import to_input
from .labels import BACKGROUNDS, KINDS, OBJECTS, STYLES
from .model import Classifier

CHECKPOINT = CHECKPOINTS / "classifier.pt"


@dataclass(frozen=True)
class Verdict:
    """What was recognised, and whether it is right; None where there is nothing to judge."""

    seen: str
    objects: bool | None
    background: bool | None
    style: bool
    kind: bool


class Judge:
    def __init__(self):
        self._model = Classifier()
        self._model.load_state_dict(checkpoint.load(CHECKPOINT)["model"])
        self._model.eval()

    @torch.no_grad()
    def verdicts(self, pictures: Sequence[Image.Image], scenes: Sequence[Scene]) -> list[Verdict]:
        result = []
        for picture, scene in zip(pictures, scenes):
            logits = self._model(to_input(np.asarray(picture)[None]))
            result.append(judge(scene, *(values[0].numpy() for values in logits)))
        return result


def judge(scene: Scene, objects: np.ndarray, background: np.ndarray, style: np.ndarray, kind: np.ndarray) -> Verdict:
    """As many of the likeliest objects as the scene has must be its objects."""
    wanted = {item.name for item in scene.items}
    likeliest = [OBJECTS[k] for k in np.argsort(-objects)[: max(1, len(wanted))]]
    seen_background, seen_style, seen_kind = (
        names[int(values.argmax())] for names, values in ((BACKGROUNDS, background), (STYLES, style), (KINDS, kind))
    )
    return Verdict(
        seen=f"{' and '.join(likeliest)}, {seen_background}, {seen_style}, {seen_kind}",
        objects=set(likeliest) == wanted if wanted else None,
        background=None if scene.background.kind == "light" else seen_background == scene.background.name,
        style=seen_style == scene.style,
        kind=seen_kind == scene.kind,
    )


def share(values: Sequence[bool | None]) -> float:
    """The share of right ones among those judged."""
    judged = [value for value in values if value is not None]
    return sum(judged) / len(judged) if judged else float("nan")
