"""Pictures from an assembled model, by the reference implementation."""

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image

STEPS = 25
GUIDANCE = 3.0
AT_ONCE = 8


class Pipeline:
    def __init__(self, folder: Path):
        self._pipeline = StableDiffusionXLPipeline.from_pretrained(
            folder, variant="fp16", torch_dtype=torch.float32, add_watermarker=False
        )
        self._pipeline.set_progress_bar_config(disable=True)

    def pictures(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        negative: Sequence[str] | None = None,
        steps: int = STEPS,
        guidance: float = GUIDANCE,
    ) -> list[Image.Image]:
        """One picture per prompt, each from its own seed, so that neither order nor batch changes any of them."""
        result: list[Image.Image] = []
        for start in range(0, len(prompts), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            result += self._pipeline(
                list(prompts[part]),
                negative_prompt=list(negative[part]) if negative else None,
                num_inference_steps=steps,
                guidance_scale=guidance,
                generator=[torch.Generator().manual_seed(seed) for seed in seeds[part]],
            ).images
        return result
