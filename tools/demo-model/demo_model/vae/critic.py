"""A small patch critic: tells drawn pictures from decoded ones, and so teaches the decoder crisp edges."""

import torch
import torch.nn.functional as F
from torch import nn


class PatchCritic(nn.Module):
    """Scores overlapping patches of about 30 pixels.  (B, 3, H, W) -> (B, 1, H/8, W/8)"""

    def __init__(self, width: int = 24):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width * 2, 4, 2, 1),
            nn.GroupNorm(4, width * 2),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width * 2, width * 4, 4, 2, 1),
            nn.GroupNorm(4, width * 4),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width * 4, 1, 3, 1, 1),
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.layers(pictures)

    def features(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Activations after each stage; matching them is steadier than fooling the score alone."""
        kept = []
        for layer in self.layers:
            pictures = layer(pictures)
            if isinstance(layer, nn.LeakyReLU):
                kept.append(pictures)
        return kept


def critic_loss(critic: PatchCritic, drawn: torch.Tensor, decoded: torch.Tensor) -> torch.Tensor:
    """Hinge loss: scores above 1 for drawn pictures, below -1 for decoded ones."""
    return F.relu(1 - critic(drawn)).mean() + F.relu(1 + critic(decoded.detach())).mean()


def decoder_loss(critic: PatchCritic, drawn: torch.Tensor, decoded: torch.Tensor) -> torch.Tensor:
    """Fool the critic, and look to it like the picture that was drawn."""
    with torch.no_grad():
        wanted = critic.features(drawn)
    got = critic.features(decoded)
    matching = sum((a - b).abs().mean() for a, b in zip(got, wanted))
    return -critic.layers[-1](got[-1]).mean() * 0.5 + matching
