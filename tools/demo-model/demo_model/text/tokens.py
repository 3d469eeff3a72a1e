"""Token ids of captions."""

from collections.abc import Sequence

import torch
from transformers import CLIPTokenizer

from ..settings import MODEL
from .encoders import END, LENGTH

CACHE_LIMIT = 100_000


class Tokens:
    """Both encoders share a vocabulary and differ in padding: the first pads with the end token, the second with 0."""

    def __init__(self):
        self._tokenizer = CLIPTokenizer.from_pretrained(MODEL / "tokenizer")
        self._cache: dict[str, list[int]] = {}

    def of(self, captions: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, 77) twice"""
        if len(self._cache) > CACHE_LIMIT:
            self._cache.clear()
        missing = list({caption for caption in captions if caption not in self._cache})
        if missing:
            rows = self._tokenizer(missing, padding="max_length", max_length=LENGTH, truncation=True).input_ids
            self._cache.update(zip(missing, rows))
        first = torch.tensor([self._cache[caption] for caption in captions])
        ends = (first == END).int().argmax(1)
        padding = torch.arange(LENGTH)[None] > ends[:, None]
        return first, first.masked_fill(padding, 0)
