"""The cached latents of one format, in random order, again and again."""

import json

import numpy as np

from ..data import store
from ..scenes.format import Format
from ..scenes.held_out import is_held_out
from ..scenes.scene import Scene
from ..settings import LATENTS, SIGMA_DATA


class Pool:
    """Picks up latents that are added meanwhile; leaves out those that are held out."""

    def __init__(self, format: Format, rng: np.random.Generator):
        self.format = format
        self._rng = rng
        self._files = 0
        self._latents, self._scenes = np.zeros((0, 4, format.height // 8, format.width // 8), np.float16), []
        self._order = np.array([], int)
        self.refresh()

    def __len__(self) -> int:
        return len(self._scenes)

    def refresh(self) -> None:
        """Reads the latents again if there are more."""
        files = sorted((LATENTS / self.format.name).glob("*.npz"))
        if len(files) == self._files:
            return
        self._files = len(files)
        statistics = json.loads((LATENTS / "statistics.json").read_text())
        mean, std = (np.array(statistics[key], np.float32).reshape(1, 4, 1, 1) for key in ("mean", "std"))
        all_scenes, limit = store.scenes(self.format), store.training_count(self.format)
        parts, scenes = [], []
        for file in files:
            with np.load(file) as data:
                index = data["index"]
                keep = [k for k, at in enumerate(index) if at < limit and not is_held_out(all_scenes[int(at)])]
                scenes += [all_scenes[int(index[k])] for k in keep]
                parts.append(((data["mean"][keep].astype(np.float32) - mean) / std * SIGMA_DATA).astype(np.float16))
        self._latents, self._scenes = np.concatenate(parts), scenes
        self._order = np.array([], int)
        print(f"{self.format.name}: {len(scenes)} latents", flush=True)

    def next(self, count: int) -> tuple[np.ndarray, list[Scene]]:
        """Latents normalised to SIGMA_DATA (B, 4, h, w), with their scenes."""
        if len(self._order) < count:
            self._order = self._rng.permutation(len(self._scenes))
        chosen, self._order = self._order[:count], self._order[count:]
        return self._latents[chosen].astype(np.float32), [self._scenes[index] for index in chosen]
