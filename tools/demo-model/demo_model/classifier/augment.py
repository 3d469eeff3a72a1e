"""Damages pictures the way a generator does: softness, noise, wrong brightness, things moved."""

import torch
import torch.nn.functional as F


def _soften(pictures: torch.Tensor) -> torch.Tensor:
    """Scaled down and up again by a factor between 1 and 3."""
    side = pictures.shape[-1]
    small = int(side / (1 + 2 * torch.rand(()).item()))
    reduced = F.interpolate(pictures, size=(small, small), mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(reduced, size=(side, side), mode="bilinear", align_corners=False)


def _move(pictures: torch.Tensor) -> torch.Tensor:
    """Shifted by up to 6 % and scaled by up to 8 %; the border repeats its last pixels."""
    count = len(pictures)
    maps = torch.zeros(count, 2, 3)
    scale = 1 + 0.16 * (torch.rand(count) - 0.5)
    maps[:, 0, 0] = maps[:, 1, 1] = scale
    maps[:, :, 2] = 0.24 * (torch.rand(count, 2) - 0.5)
    grid = F.affine_grid(maps, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def _tint(pictures: torch.Tensor) -> torch.Tensor:
    """Brightness and contrast off by a little, per channel."""
    gain = 1 + 0.08 * (torch.rand(len(pictures), 3, 1, 1) - 0.5)
    offset = 0.06 * (torch.rand(len(pictures), 3, 1, 1) - 0.5)
    return pictures * gain + offset


def damaged(pictures: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W) in 0..1; each kind of damage befalls half of the batches."""
    for damage in (_move, _soften, _tint):
        if torch.rand(()) < 0.5:
            pictures = damage(pictures)
    if torch.rand(()) < 0.5:
        pictures = pictures + 0.04 * torch.rand(()) * torch.randn_like(pictures)
    return pictures.clamp(0, 1)
