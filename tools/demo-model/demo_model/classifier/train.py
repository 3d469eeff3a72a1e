"""Trains the classifier on rendered scenes and measures it on renderings of held-out combinations."""

import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from ..art.sprites import Sprites
from ..drawing.render import Renderer
from ..scenes.sampling import unseen_scene
from ..settings import CLASSIFIER
from ..training import checkpoint
from ..training.budget import Budget
from ..training.progress import Progress
from ..training.schedule import learning_rate
from ..training.setup import be_modest
from .examples import Examples
from .judge import CHECKPOINT, Judge, share
from .labels import targets
from .model import Classifier

BATCH = 48
SAVE_EVERY = 120
TEST_SEED = 77
TEST_SINGLES, TEST_PAIRS = 400, 200


def loss_of(logits: tuple[torch.Tensor, ...], wanted: dict[str, torch.Tensor]) -> torch.Tensor:
    objects, *others = logits
    # One or two of 205 are present: without the factor the absent ones would drown them.
    loss = 50 * F.binary_cross_entropy_with_logits(objects, wanted["objects"])
    present = wanted["objects"].sum(1) > 0
    shares = wanted["objects"][present] / wanted["objects"][present].sum(1, keepdim=True)
    loss = loss + F.cross_entropy(objects[present], shares)
    return loss + sum(F.cross_entropy(a, wanted[name]) for a, name in zip(others, ("background", "style", "kind")))


def test() -> dict[str, float]:
    """Accuracy on renderings of combinations that no training picture shows."""
    rng, renderer = np.random.default_rng(TEST_SEED), Renderer(Sprites.load())
    singles = [unseen_scene(rng, "one") for _ in range(TEST_SINGLES)]
    pairs = [unseen_scene(rng, "pair") for _ in range(TEST_PAIRS)]
    figures = {}
    for name, scenes in (("one", singles), ("pair", pairs)):
        verdicts = Judge().verdicts([Image.fromarray(renderer.render(scene)) for scene in scenes], scenes)
        for aspect in ("objects", "background", "style", "kind"):
            figures[f"{name}: {aspect}"] = round(share([getattr(verdict, aspect) for verdict in verdicts]), 4)
    return figures


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="classifier", description=__doc__)
    parser.add_argument("--samples", type=int, required=True, help="to reach, earlier runs included")
    parser.add_argument("--rate", type=float, default=3e-3)
    options = parser.parse_args(arguments)
    be_modest()
    model = Classifier()
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=0.02)
    state = checkpoint.load(CHECKPOINT)
    if state:
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
    samples = state["samples"] if state else 0
    examples, progress, budget = Examples(seed=samples), Progress(), Budget(state["seconds"] if state else 0)
    saved = budget.seconds

    def save() -> None:
        checkpoint.save(CHECKPOINT, {
            "model": model.state_dict(), "optimiser": optimiser.state_dict(), "samples": samples,
            "seconds": budget.seconds,
        })

    while samples < options.samples:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(options.rate, samples, options.samples, warmup=3000)
        pictures, scenes = examples.batch(BATCH)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(pictures)
        wanted = targets(scenes)
        loss = loss_of(tuple(values.float() for values in logits), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        samples += BATCH
        right = (logits[0].argmax(1) == wanted["objects"].argmax(1)).float().mean().item()
        progress.note(loss=loss.item(), first=right)
        progress.maybe_print(f"classifier {samples} samples, {budget.seconds / 60:.1f} min,")
        if budget.seconds - saved > SAVE_EVERY:
            saved = budget.seconds
            save()
    save()
    figures = test()
    (CLASSIFIER / "accuracy.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
