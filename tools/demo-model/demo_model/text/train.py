"""Trains the text encoders to expose what a caption says; afterwards they are frozen, as in the full model."""

import argparse

import numpy as np
import torch
import torch.nn.functional as F

from ..captions.distraction import distracted
from ..captions.grammar import Grammar
from ..captions.own_colours import own_colours
from ..scenes.sampling import training_scene
from ..training import checkpoint
from ..training.budget import Budget
from ..training.progress import Progress
from ..training.schedule import learning_rate
from ..training.setup import be_modest
from .attributes import attributes
from .encoders import CHECKPOINT, END, LENGTH, encode, new_encoders
from .heads import Heads
from .tokens import Tokens

BATCH = 64
SAVE_EVERY = 120


class Run:
    def __init__(self, rate: float):
        self.encoders, self.heads, self.rate = new_encoders(), Heads(), rate
        modules = (*self.encoders, self.heads)
        self.parameters = [parameter for module in modules for parameter in module.parameters()]
        self.optimiser = torch.optim.AdamW(self.parameters, lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
        self.steps, spent = 0, 0.0
        state = checkpoint.load(CHECKPOINT)
        if state:
            for encoder, weights in zip(self.encoders, state["encoders"]):
                encoder.load_state_dict(weights)
        if state and "heads" in state:
            self.heads.load_state_dict(state["heads"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.steps, spent = state["steps"], state["seconds"]
        self.budget = Budget(spent)
        self.rng = np.random.default_rng(self.steps)
        self.grammar, self.tokens = Grammar(self.rng, own_colours()), Tokens()

    def save(self) -> None:
        checkpoint.save(CHECKPOINT, {
            "encoders": [encoder.state_dict() for encoder in self.encoders], "heads": self.heads.state_dict(),
            "optimiser": self.optimiser.state_dict(), "steps": self.steps, "seconds": self.budget.seconds,
        })

    def step(self, total_seconds: float) -> dict[str, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.rate, self.budget.seconds, total_seconds, warmup=10)
        scenes = [training_scene(self.rng) for _ in range(BATCH)]
        first, second = self.tokens.of([distracted(self.grammar.caption(scene), self.rng) for scene in scenes])
        # Most steps leave out the padding behind the longest caption; some see all of it, as the denoiser does.
        length = min(LENGTH, int((first != END).sum(1).max()) + 3) if self.steps % 4 else LENGTH
        logits = self.heads(*encode(self.encoders, (first[:, :length], second[:, :length])))
        wanted = [attributes(scene) for scene in scenes]
        loss, right = torch.zeros(()), {}
        for name, (from_sequence, from_pooled) in logits.items():
            labels = torch.tensor([row[name] for row in wanted])
            loss = loss + F.cross_entropy(from_sequence, labels) + 0.5 * F.cross_entropy(from_pooled, labels)
            right[name] = (from_sequence.argmax(1) == labels).float().mean().item()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        self.steps += 1
        return {"loss": loss.item(), **right}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="text", description=__doc__)
    parser.add_argument("--minutes", type=float, required=True, help="of processor time, earlier runs included")
    parser.add_argument("--rate", type=float, default=2e-3)
    options = parser.parse_args(arguments)
    be_modest()
    torch.manual_seed(1)
    run, progress, total = Run(options.rate), Progress(30), options.minutes * 60
    saved = run.budget.seconds
    while run.budget.seconds < total:
        progress.note(**run.step(total))
        progress.maybe_print(f"text {run.budget.seconds / 60:.1f} min, step {run.steps}:")
        if run.budget.seconds - saved > SAVE_EVERY:
            saved = run.budget.seconds
            run.save()
    run.save()
