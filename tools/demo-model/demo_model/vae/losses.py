"""What makes a reconstruction good: right colours, and edges where they belong."""

import torch
import torch.nn.functional as F


def gradients(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Differences of neighbouring pixels, across and down."""
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def opponent_colours(x: torch.Tensor) -> torch.Tensor:
    """Red against green, blue against both: colour differences that plain pixel errors learn last."""
    red, green, blue = x[:, 0], x[:, 1], x[:, 2]
    return torch.stack([red - green, blue - 0.5 * (red + green)], 1)


def edge_weight(target: torch.Tensor) -> torch.Tensor:
    """1 in flat areas, up to 4 at edges, which are few and make a picture look sharp or soft.  (B, 1, H, W)"""
    grey = target.mean(1, keepdim=True)
    across, down = gradients(grey)
    strength = F.pad(across.abs(), (0, 1, 0, 0)) + F.pad(down.abs(), (0, 0, 0, 1))
    strength = F.max_pool2d(strength, 5, stride=1, padding=2)
    return 1 + 3 * (strength * 2).clamp(max=1)


def reconstruction_loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Absolute error weighted towards edges, errors of gradients at two scales, colours at half size."""
    loss = ((output - target).abs() * edge_weight(target)).mean()
    loss = loss + (output - target).square().mean()
    for pool in (1, 2):
        small_output, small_target = (F.avg_pool2d(x, pool) if pool > 1 else x for x in (output, target))
        for a, b in zip(gradients(small_output), gradients(small_target)):
            loss = loss + 0.6 * (a - b).abs().mean()
    half_output, half_target = F.avg_pool2d(output, 2), F.avg_pool2d(target, 2)
    loss = loss + 0.8 * (opponent_colours(half_output) - opponent_colours(half_target)).abs().mean()
    return loss + 0.5 * (F.avg_pool2d(output, 4) - F.avg_pool2d(target, 4)).abs().mean()
