"""Pictures that went through the autoencoder, some with disturbed latents: what generated pictures look like at best."""

import json

import numpy as np
import torch

from ..latents import load_autoencoder
from ..scenes.format import SQUARE
from ..settings import CLASSIFIER, LATENTS
from ..training.setup import be_modest

COUNT = 3000
DISTURBANCE = 0.35
"""Largest noise added to latents, as a share of their deviation."""


def shrink(pictures: torch.Tensor) -> torch.Tensor:
    """Half the side, by means of 2x2.  (B, 3, H, W)"""
    return torch.nn.functional.avg_pool2d(pictures, 2)


@torch.no_grad()
def decode_some() -> None:
    """Writes `round-trip.npz`: pictures (N, 3, 128, 128) uint8 and their indices in the data set."""
    torch.manual_seed(0)
    model, rng = load_autoencoder(), np.random.default_rng(0)
    std = torch.tensor(json.loads((LATENTS / "statistics.json").read_text())["std"]).view(1, 4, 1, 1)
    files = [np.load(file) for file in sorted((LATENTS / SQUARE.name).glob("*.npz"))]
    latents = np.concatenate([file["mean"] for file in files])
    indices = np.concatenate([file["index"] for file in files])
    chosen, parts = rng.permutation(len(latents))[:COUNT], []
    for part in np.split(chosen, range(8, len(chosen), 8)):
        z = torch.from_numpy(latents[part].astype(np.float32))
        z = z + DISTURBANCE * torch.rand(len(part), 1, 1, 1) * std * torch.randn_like(z)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            decoded = model.decode(z).sample
        parts.append(shrink(decoded.float().clamp(-1, 1).add(1).mul(127.5)).round().byte())
    np.savez(CLASSIFIER / "round-trip.npz", pictures=torch.cat(parts).numpy(), index=indices[chosen])


def main(_arguments: list[str]) -> None:
    be_modest()
    CLASSIFIER.mkdir(parents=True, exist_ok=True)
    decode_some()
