"""Batches for the denoiser: cached latents with fresh captions."""

import json
from dataclasses import dataclass

import numpy as np
import torch

from ..captions.distraction import distracted, unknown_caption
from ..captions.grammar import Grammar
from ..captions.own_colours import own_colours
from ..data import store
from ..scenes.held_out import is_held_out
from ..settings import DATASET, LATENTS, SIDE, SIGMA_DATA
from ..text.tokens import Tokens

EMPTY = 0.10
"""Share of samples without a caption, for guidance."""
ZEROED = 0.7
"""Of those, how many see zeros instead of the encoded empty string: both occur when pictures are made."""
UNKNOWN = 0.03
"""Share of captions of unknown words only."""
OTHER_SIZE = 0.15
"""Share of samples that claim another original size; it must not matter."""


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
    """Goes through the latents in random order, again and again; picks up latents that are added meanwhile."""

    def __init__(self, seed: int):
        self._rng = np.random.default_rng(seed)
        self._grammar = Grammar(self._rng, own_colours())
        self._tokens = Tokens()
        self._all_scenes = store.scenes(DATASET)
        self._limit = store.training_count(DATASET)
        self._files = 0
        self._order = np.array([], int)
        self.refresh()

    def refresh(self) -> None:
        """Reads the latents again if there are more."""
        files = sorted(LATENTS.glob("*.npz"))
        if len(files) == self._files:
            return
        self._files = len(files)
        statistics = json.loads((LATENTS / "statistics.json").read_text())
        mean, std = (np.array(statistics[key], np.float32).reshape(1, 4, 1, 1) for key in ("mean", "std"))
        parts, scenes = [], []
        for file in files:
            with np.load(file) as data:
                keep = [k for k, index in enumerate(data["index"]) if self._is_for_training(int(index))]
                scenes += [self._all_scenes[int(data["index"][k])] for k in keep]
                parts.append(((data["mean"][keep].astype(np.float32) - mean) / std * SIGMA_DATA).astype(np.float16))
        self._latents, self._scenes = np.concatenate(parts), scenes
        self._order = np.array([], int)
        print(f"{len(scenes)} latents", flush=True)

    def _is_for_training(self, index: int) -> bool:
        return index < self._limit and not is_held_out(self._all_scenes[index])

    def batch(self, count: int) -> Batch:
        if len(self._order) < count:
            self._order = self._rng.permutation(len(self._scenes))
        chosen, self._order = self._order[:count], self._order[count:]
        captions, zeroed = zip(*(self._caption(index) for index in chosen))
        return Batch(
            latents=torch.from_numpy(self._latents[chosen].astype(np.float32)),
            tokens=self._tokens.of(captions),
            zeroed=torch.tensor(zeroed),
            time_ids=self._time_ids(count),
        )

    def _caption(self, index: int) -> tuple[str, bool]:
        chance = self._rng.random()
        if chance < EMPTY:
            return "", chance < EMPTY * ZEROED
        if chance < EMPTY + UNKNOWN:
            return unknown_caption(self._rng), False
        return distracted(self._grammar.caption(self._scenes[index]), self._rng), False

    def _time_ids(self, count: int) -> torch.Tensor:
        ids = torch.tensor([[SIDE, SIDE, 0, 0, SIDE, SIDE]] * count, dtype=torch.float32)
        for row in ids:
            if self._rng.random() < OTHER_SIZE:
                row[:2] = int(self._rng.integers(1, 9)) * 128
        return ids
