"""Looks at an autoencoder: error on pictures held back, and a sheet of pictures beside their reconstructions."""

import math
from pathlib import Path

import torch
from PIL import Image

COLUMNS = 8


@torch.no_grad()
def reconstruct(model, pictures: torch.Tensor) -> torch.Tensor:
    """Four at a time, for memory's sake."""
    parts = [model.decode(model.encode(part).latent_dist.mean).sample.clamp(-1, 1) for part in pictures.split(4)]
    return torch.cat(parts)


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """Peak signal to noise ratio in dB, for values in -1..1."""
    return 10 * math.log10(4 / (a - b).square().mean().item())


def write_sheet(path: Path, pictures: torch.Tensor, decoded: torch.Tensor) -> None:
    """Rows of originals, each above the row of their reconstructions."""
    rows = []
    for start in range(0, len(pictures), COLUMNS):
        for source in (pictures, decoded):
            rows.append(torch.cat(list(source[start : start + COLUMNS]), 2))
    sheet = torch.cat(rows, 1).permute(1, 2, 0).add(1).mul(127.5).round().byte().numpy()
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path)
