"""Trains the autoencoder: both halves from noise (`joint`), then the decoder alone against a critic (`decoder`).

The decoder phase leaves the latents as they are, so the denoiser's training goes on meanwhile.
"""

import argparse

import torch
import torch.nn.functional as F

from ..settings import CHECKPOINTS, SAMPLES, SIDE
from ..training import checkpoint
from ..training.average import WeightAverage
from ..training.budget import Budget
from ..training.progress import Progress
from ..training.schedule import learning_rate
from ..training.setup import be_modest
from .batches import PictureBatches
from .check import psnr, reconstruct, write_sheet
from .critic import PatchCritic, critic_loss, decoder_loss
from .losses import reconstruction_loss
from .model import POSTERIOR_STD, new_autoencoder

CHECKPOINT = CHECKPOINTS / "vae.pt"
SAVE_EVERY = 240
"""Processor seconds between checkpoints."""


class Run:
    """The state of a run: weights, their average, optimisers, time spent in each phase."""

    def __init__(self, phase: str, peak_rate: float):
        self.phase = phase
        self.peak_rate = peak_rate
        self.model = new_autoencoder()
        self.model.quant_conv.requires_grad_(False)
        self.mean_colour = torch.nn.Conv2d(4, 3, 1)
        self.critic = PatchCritic()
        if phase == "decoder":
            self.model.encoder.requires_grad_(False)
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        if phase == "joint":
            self.parameters += list(self.mean_colour.parameters())
        self.optimiser = torch.optim.AdamW(self.parameters, lr=peak_rate, betas=(0.9, 0.98), weight_decay=1e-4)
        self.critic_optimiser = torch.optim.AdamW(self.critic.parameters(), lr=2e-4, betas=(0.5, 0.9))
        self.average = WeightAverage(self.model, 0.998)
        self.steps, spent = 0, 0.0
        state = checkpoint.load(CHECKPOINT)
        if state:
            self.model.load_state_dict(state["average"])
        if state and state["phase"] == phase:
            self.model.load_state_dict(state["model"])
            self.average.restore({"weights": state["average"], "steps": state["steps"]})
            self.optimiser.load_state_dict(state["optimiser"])
            self.critic.load_state_dict(state["critic"])
            self.critic_optimiser.load_state_dict(state["critic_optimiser"])
            self.mean_colour.load_state_dict(state["mean_colour"])
            self.steps, spent = state["steps"], state["seconds"]
        elif state:
            self.average = WeightAverage(self.model, 0.998)
        self.budget = Budget(spent)

    def save(self) -> None:
        checkpoint.save(CHECKPOINT, {
            "phase": self.phase, "steps": self.steps, "seconds": self.budget.seconds,
            "model": self.model.state_dict(), "average": self.average.weights,
            "optimiser": self.optimiser.state_dict(), "critic": self.critic.state_dict(),
            "critic_optimiser": self.critic_optimiser.state_dict(), "mean_colour": self.mean_colour.state_dict(),
        })

    def losses(self, pictures: torch.Tensor, critic_weight: float) -> torch.Tensor:
        joint = self.phase == "joint"
        with torch.set_grad_enabled(joint):
            mean = self.model.encode(pictures).latent_dist.mean
        # The decoder alone sees noise of every strength up to the encoder's: the denoiser's latents are not exact either.
        strength = POSTERIOR_STD * (1.0 if joint else torch.rand(len(mean), 1, 1, 1))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            decoded = self.model.decode(mean + strength * torch.randn_like(mean)).sample
        decoded = decoded.float()
        loss = reconstruction_loss(decoded, pictures)
        if joint:
            # Small latents, from which the mean colour of each cell can be read linearly.
            colour = (self.mean_colour(mean) - F.avg_pool2d(pictures, 8)).abs().mean()
            loss = loss + 2e-3 * mean.square().mean() + colour
        if critic_weight:
            self._train_critic(pictures, decoded)
            loss = loss + critic_weight * decoder_loss(self.critic, pictures, decoded)
        return loss

    def _train_critic(self, pictures: torch.Tensor, decoded: torch.Tensor) -> None:
        loss = critic_loss(self.critic, pictures, decoded)
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()

    def step(self, pictures: torch.Tensor, total_seconds: float, critic_weight: float) -> float:
        rate = learning_rate(self.peak_rate, self.budget.seconds, total_seconds, warmup=20)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self.losses(pictures, critic_weight)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        self.steps += 1
        self.average.update(self.model)
        return loss.item()


def check(run: Run, batches: PictureBatches) -> None:
    kept = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.model.load_state_dict(run.average.weights)
    pictures = batches.held_back(32)
    decoded = reconstruct(run.model, pictures)
    print(f"held back: {psnr(decoded, pictures):.2f} dB", flush=True)
    write_sheet(SAMPLES / f"vae-{run.phase}.png", pictures, decoded)
    run.model.load_state_dict(kept)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="vae", description=__doc__)
    parser.add_argument("phase", choices=["joint", "decoder"])
    parser.add_argument("--minutes", type=float, required=True, help="of processor time, earlier runs of the phase included")
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--critic-from", type=float, default=0.3, help="fraction of the decoder phase without a critic")
    options = parser.parse_args(arguments)
    be_modest()
    run = Run(options.phase, options.rate)
    torch.manual_seed(run.steps)
    batches, progress, total = PictureBatches(seed=run.steps), Progress(), options.minutes * 60
    saved = run.budget.seconds
    check(run, batches)
    while run.budget.seconds < total:
        critic_on = run.phase == "decoder" and run.budget.seconds > options.critic_from * total
        whole = run.steps % 2 == 0 or run.budget.seconds > 0.7 * total
        pictures = batches.next(2, SIDE) if whole else batches.next(8, SIDE // 2)
        progress.note(loss=run.step(pictures, total, 0.05 if critic_on else 0.0))
        progress.maybe_print(f"{run.phase} {run.budget.seconds / 60:.1f} min, step {run.steps}")
        if run.budget.seconds - saved > SAVE_EVERY:
            saved = run.budget.seconds
            run.save()
            check(run, batches)
    run.save()
    check(run, batches)
