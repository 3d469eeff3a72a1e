"""Measures adherence: pictures of unseen combinations at the default settings, judged by the classifier."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ..classifier.judge import Judge, Verdict, share
from ..scenes.scene import Scene
from ..settings import MODEL, SAMPLES
from . import prompts
from .pipeline import GUIDANCE, STEPS, Pipeline
from .sheet import write_sheet

PICTURE_SEED = 100_000
"""The n-th picture is made from seed PICTURE_SEED + n."""


def figures(single: Sequence[Verdict], several: Sequence[Verdict], pairs: int) -> dict[str, float]:
    """Shares of right pictures.  Several objects count only if objects and number are both right."""
    complete = [verdict.objects and verdict.kind for verdict in several]
    return {
        "object": share([verdict.objects for verdict in single]),
        "background": share([verdict.background for verdict in single]),
        "style": share([verdict.style for verdict in single]),
        "several: objects and number": share(complete),
        "pairs": share(complete[:pairs]),
        "two or three of one": share(complete[pairs:]),
    }


def control(judge: Judge, pictures: Sequence[Image.Image], scenes: Sequence[Scene]) -> dict[str, float]:
    """The same pictures against each other's prompts: what a model that ignores its prompt would reach."""
    shifted = judge.verdicts(pictures, [*scenes[1:], scenes[0]])
    aspects = {"object": "objects", "background": "background", "style": "style"}
    return {name: share([getattr(verdict, field) for verdict in shifted]) for name, field in aspects.items()}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--single", type=int, default=200)
    parser.add_argument("--several", type=int, default=100)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--seed", type=int, default=PICTURE_SEED)
    options = parser.parse_args(arguments)
    scenes = prompts.singles(options.single) + prompts.several(options.several)
    wording = [prompts.plain_wording(scene) for scene in scenes]
    pictures = Pipeline(options.model).pictures(wording, [options.seed + k for k in range(len(scenes))])
    judge = Judge()
    verdicts = judge.verdicts(pictures, scenes)
    single, several = verdicts[: options.single], verdicts[options.single :]
    report = {
        "settings": {"steps": STEPS, "guidance": GUIDANCE, "first seed": options.seed},
        "prompts": {"single": options.single, "several": options.several, "seed": prompts.SEED},
        "adherence": figures(single, several, options.several // 2),
        "control": control(judge, pictures[: options.single], scenes[: options.single]),
        "wrong": [
            f"{text} -> {verdict.seen}"
            for text, verdict in zip(wording, verdicts)
            if not (verdict.objects and verdict.background in (True, None) and verdict.style and verdict.kind)
        ],
    }
    SAMPLES.mkdir(parents=True, exist_ok=True)
    (SAMPLES / "adherence.json").write_text(json.dumps(report, indent=1) + "\n")
    write_sheet(SAMPLES / "adherence.png", pictures, wording, columns=15, side=96)
    print(json.dumps({key: report[key] for key in ("adherence", "control")}, indent=1))
