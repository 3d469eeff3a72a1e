"""Batches for the denoiser: cached latents with fresh captions."""

from dataclasses import dataclass

import numpy as np
import torch

from ..captions.distraction import distracted, unknown_caption
from ..captions.grammar import Grammar
from ..captions.own_colours import own_colours
from ..scenes.format import OTHERS, SQUARE, Format
from ..scenes.scene import Scene
from ..text.tokens import Tokens
from .pool import Pool

EMPTY = 0.10
"""Share of samples without a caption, for guidance."""
ZEROED = 0.7
"""Of those, how many see zeros instead of the encoded empty string: both occur when pictures are made."""
UNKNOWN = 0.03
"""Share of captions of unknown words only."""
OTHER_SIZE = 0.15
"""Share of samples that claim another original size; it must not matter."""
OTHER_FORMATS = 0.2
"""Share of batches that are not square."""


@dataclass
class Batch:
    latents: torch.Tensor
    """(B, 4, h, w), normalised to SIGMA_DATA"""
    tokens: tuple[torch.Tensor, torch.Tensor]
    """(B, 77) each, for the two encoders"""
    zeroed: torch.Tensor
    """(B,) bool: no text at all"""
    time_ids: torch.Tensor
    """(B, 6): original size, crop, target size"""


class Examples:
    """Batches of one format each."""

    def __init__(self, seed: int):
        self._rng = np.random.default_rng(seed)
        self._grammar = Grammar(self._rng, own_colours())
        self._tokens = Tokens()
        self._square = Pool(SQUARE, self._rng)
        self._others = [Pool(format, self._rng) for format in OTHERS]

    def refresh(self) -> None:
        """Picks up latents that were added."""
        for pool in (self._square, *self._others):
            pool.refresh()

    def batch(self, count: int) -> Batch:
        pool = self._any_pool(count)
        latents, scenes = pool.next(count)
        captions, zeroed = zip(*(self._caption(scene) for scene in scenes))
        return Batch(
            latents=torch.from_numpy(latents),
            tokens=self._tokens.of(captions),
            zeroed=torch.tensor(zeroed),
            time_ids=self._time_ids(len(scenes), pool.format),
        )

    def _any_pool(self, count: int) -> Pool:
        others = [pool for pool in self._others if len(pool) >= count]
        if others and self._rng.random() < OTHER_FORMATS:
            return others[int(self._rng.integers(len(others)))]
        return self._square

    def _caption(self, scene: Scene) -> tuple[str, bool]:
        chance = self._rng.random()
        if chance < EMPTY:
            return "", chance < EMPTY * ZEROED
        if chance < EMPTY + UNKNOWN:
            return unknown_caption(self._rng), False
        return distracted(self._grammar.caption(scene), self._rng), False

    def _time_ids(self, count: int, format: Format) -> torch.Tensor:
        size = [format.height, format.width]
        ids = torch.tensor([[*size, 0, 0, *size]] * count, dtype=torch.float32)
        for row in ids:
            if self._rng.random() < OTHER_SIZE:
                row[:2] = int(self._rng.integers(1, 9)) * 128
        return ids
