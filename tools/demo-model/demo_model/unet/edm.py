"""EDM's training objective (Karras et al. 2022, "Elucidating the Design Space of Diffusion-Based Generative Models")."""

import math

import torch

from ..settings import SIGMA_DATA

LOG_SIGMA_MEAN = -0.2
"""Above the paper's -1.2: most of what can go wrong in such pictures is their layout, which is decided at high noise.

The first 380,000 samples had 0.1; once layouts were right, shading and detail had more to gain."""
LOG_SIGMA_STD = 1.3
SIGMA_RANGE = (0.002, 80.0)


def draw_sigmas(count: int) -> torch.Tensor:
    """Log-normal, stratified: each batch covers the whole distribution.  (B, 1, 1, 1)"""
    quantiles = (torch.randperm(count) + torch.rand(count)) / count
    normal = math.sqrt(2) * torch.erfinv((2 * quantiles - 1).clamp(-0.9999, 0.9999))
    return (LOG_SIGMA_MEAN + LOG_SIGMA_STD * normal).exp().clamp(*SIGMA_RANGE).view(count, 1, 1, 1)


def scalings(sigma: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """c_skip, c_out, c_in, c_noise of the paper's table 1."""
    total = sigma**2 + SIGMA_DATA**2
    return SIGMA_DATA**2 / total, sigma * SIGMA_DATA / total.sqrt(), 1 / total.sqrt(), 0.25 * sigma.log()


def noised(latents: torch.Tensor, sigma: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The network's input, its noise condition (B,), and the target of its raw output.

    With the paper's weight, the loss is the plain mean square of the raw output's error.
    """
    skip, out, scale, condition = scalings(sigma)
    noisy = latents + sigma * torch.randn_like(latents)
    return scale * noisy, condition.flatten(), (latents - skip * noisy) / out
