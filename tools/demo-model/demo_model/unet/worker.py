"""The training loop of one worker."""

from dataclasses import dataclass

import numpy as np
import torch

from ..settings import CHECKPOINTS
from ..text.encoders import encode, load_encoders
from ..training import checkpoint
from ..training.average import WeightAverage
from ..training.budget import Budget
from ..training.progress import Progress
from ..training.schedule import learning_rate
from ..training.setup import be_modest
from .edm import draw_sigmas, noised
from .examples import Batch, Examples
from .exchange import Exchange, Partner
from .model import new_unet

CHECKPOINT = CHECKPOINTS / "unet.pt"
SAVE_EVERY = 300
"""Processor seconds of the first worker between checkpoints."""
MEET_EVERY = 8
AVERAGE_EVERY = 4
REFRESH_EVERY = 200
CONSTANT_PART = 0.8
"""The rate falls only in the last fifth of the planned samples."""
BANDS = ((-9, -1), (-1, 0), (0, 1), (1, 9))
"""Ranges of log sigma for which the loss is reported."""


@dataclass(frozen=True)
class Plan:
    samples: int
    """All workers and earlier runs together."""
    batch: int
    rate: float
    workers: int


class Worker:
    def __init__(self, plan: Plan, rank: int, exchange: Exchange):
        be_modest()
        self.plan, self.rank = plan, rank
        self.model = new_unet()
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=0.01)
        self.average = WeightAverage(self.model, 0.999**AVERAGE_EVERY)
        self.samples, spent, self.first_step = 0, 0.0, True
        state = checkpoint.load(CHECKPOINT)
        if state:
            self.model.load_state_dict(state["model"])
            self.average.restore({"weights": state["average"], "steps": state["average_steps"]})
            if "optimiser" in state:
                self.optimiser.load_state_dict(state["optimiser"])
            self.samples, spent = state["samples"], state["seconds"]
        self.budget = Budget(spent)
        torch.manual_seed(self.samples * plan.workers + rank)
        self.encoders = load_encoders()
        self.examples = Examples(seed=self.samples * plan.workers + rank)
        self.partner = Partner(exchange, rank, self.model)
        self.progress = Progress()

    def run(self) -> None:
        start, step, saved = self.samples, 0, self.budget.seconds
        while self.samples < self.plan.samples:
            self._set_rate(self.samples - start)
            self.step(self.examples.batch(self.plan.batch))
            step += 1
            # Only this worker's samples are known here; the others are about as fast.
            self.samples += self.plan.batch * self.plan.workers
            if step % MEET_EVERY == 0:
                self.partner.meet()
            if step % REFRESH_EVERY == 0:
                self.examples.refresh()
            if self.rank:
                continue
            if step % AVERAGE_EVERY == 0:
                self.average.update(self.model)
            self.progress.maybe_print(f"unet {self.samples} samples, {self.budget.seconds / 60:.1f} min,")
            if self.budget.seconds - saved > SAVE_EVERY:
                saved = self.budget.seconds
                self.save()
        if not self.rank:
            self.save()

    def _set_rate(self, since_start: int) -> None:
        rate = learning_rate(self.plan.rate, self.samples, self.plan.samples, 0, CONSTANT_PART)
        warm = min(1.0, (since_start + 1) / (100 * self.plan.batch * self.plan.workers))
        for group in self.optimiser.param_groups:
            group["lr"] = rate * warm

    def step(self, batch: Batch) -> None:
        with torch.no_grad():
            sequence, pooled = encode(self.encoders, batch.tokens)
            sequence[batch.zeroed], pooled[batch.zeroed] = 0, 0
            sigma = draw_sigmas(len(batch.latents))
            noisy, condition, target = noised(batch.latents, sigma)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            added = {"text_embeds": pooled, "time_ids": batch.time_ids}
            output = self.model(noisy, condition, sequence, added_cond_kwargs=added).sample
        errors = (output.float() - target).square().mean((1, 2, 3))
        self.optimiser.zero_grad(set_to_none=True)
        errors.mean().backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self._note(errors.detach(), sigma.flatten().log())

    def _note(self, errors: torch.Tensor, log_sigma: torch.Tensor) -> None:
        self.progress.note(loss=errors.mean().item())
        for low, high in BANDS:
            inside = (log_sigma >= low) & (log_sigma < high)
            if inside.any():
                self.progress.note(**{f"[{low},{high})": errors[inside].mean().item()})

    def save(self) -> None:
        checkpoint.save(CHECKPOINT, {
            "model": self.model.state_dict(), "average": self.average.weights, "average_steps": self.average.steps,
            "optimiser": self.optimiser.state_dict(), "samples": self.samples,
            "seconds": self.budget.seconds,
        })
        print(f"saved at {self.samples} samples", flush=True)


def run_worker(rank: int, plan: Plan, exchange: Exchange) -> None:
    np.random.seed(rank)
    Worker(plan, rank, exchange).run()
