"""Pictures for the autoencoder's training."""

import numpy as np
import torch

from ..data import store


def to_tensor(pictures: np.ndarray) -> torch.Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, H, W) in -1..1"""
    return torch.tensor(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()


class PictureBatches:
    """Random crops of a multiple of 8 pixels; whole pictures when `crop` is their side."""

    def __init__(self, seed: int):
        self._pictures = store.pictures()
        self._count = store.training_count()
        self._rng = np.random.default_rng(seed)

    def next(self, count: int, crop: int) -> torch.Tensor:
        side = self._pictures.shape[1]
        parts = []
        for index in self._rng.integers(0, self._count, count):
            top, left = self._rng.integers(0, (side - crop) // 8 + 1, 2) * 8
            parts.append(self._pictures[index, top : top + crop, left : left + crop])
        return to_tensor(np.stack(parts))

    def held_back(self, count: int) -> torch.Tensor:
        return to_tensor(self._pictures[self._count : self._count + count])
