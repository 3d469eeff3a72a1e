"""Batches for the classifier: pictures of the data set, a part of them after a round trip."""

import numpy as np
import torch

from ..data import store
from ..scenes.scene import Scene
from ..settings import CLASSIFIER
from .augment import damaged
from .round_trip import shrink

ROUND_TRIP_SHARE = 0.25


def to_input(pictures: np.ndarray) -> torch.Tensor:
    """(B, 256, 256, 3) uint8 -> (B, 3, 128, 128) in 0..1"""
    return shrink(torch.tensor(pictures).permute(0, 3, 1, 2).float()) / 255


class Examples:
    def __init__(self, seed: int):
        self._rng = np.random.default_rng(seed)
        torch.manual_seed(seed)
        self._pictures, self._scenes = store.pictures(), store.scenes()
        self._count = store.training_count()
        path = CLASSIFIER / "round-trip.npz"
        self._decoded = dict(np.load(path)) if path.exists() else None

    def batch(self, count: int) -> tuple[torch.Tensor, list[Scene]]:
        chosen = np.sort(self._rng.integers(0, self._count, count))
        pictures, scenes = to_input(self._pictures[chosen]), [self._scenes[index] for index in chosen]
        if self._decoded is not None:
            for k in range(int(count * ROUND_TRIP_SHARE)):
                at = int(self._rng.integers(len(self._decoded["index"])))
                pictures[k] = torch.tensor(self._decoded["pictures"][at]).float() / 255
                scenes[k] = self._scenes[int(self._decoded["index"][at])]
        return damaged(pictures), scenes
