"""Reads the attributes of a caption from the encoders' outputs; used only to train them."""

import torch
from torch import nn

from .attributes import CLASSES
from .encoders import POOLED_WIDTH, SEQUENCE_WIDTH

KEY_WIDTH = 64


class Heads(nn.Module):
    """For each attribute: attention over the sequence with a learnt query, and a linear map of the pooled vector.

    The first asks of the sequence what the denoiser's cross-attention will ask of it.
    """

    def __init__(self):
        super().__init__()
        self.queries = nn.ParameterDict({name: nn.Parameter(torch.randn(KEY_WIDTH) * 0.2) for name in CLASSES})
        self.key = nn.Linear(SEQUENCE_WIDTH, KEY_WIDTH)
        self.from_sequence = nn.ModuleDict({n: nn.Linear(SEQUENCE_WIDTH, len(c)) for n, c in CLASSES.items()})
        self.from_pooled = nn.ModuleDict({n: nn.Linear(POOLED_WIDTH, len(c)) for n, c in CLASSES.items()})

    def forward(self, sequence: torch.Tensor, pooled: torch.Tensor) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """Logits (B, classes) by attribute: from the sequence and from the pooled vector."""
        keys = self.key(sequence)  # (B, L, 64)
        result = {}
        for name in CLASSES:
            weights = torch.softmax(keys @ self.queries[name] / 4, 1)  # (B, L)
            summary = (weights[..., None] * sequence).sum(1)
            result[name] = self.from_sequence[name](summary), self.from_pooled[name](pooled)
        return result
