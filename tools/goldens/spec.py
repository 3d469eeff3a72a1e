"""What a fixture set is made of: weights, architecture, cases. The built-in one is golden_spec.SPEC; others are JSON.

    {
      "name": "mine", "weights_seed": 7,
      "architecture": {"unet": {"layers_per_block": 1}, "vae": {}, "text_encoder": {}, "text_encoder_2": {}},
      "randn_seeds": [0, 5], "strings": ["extra tokenizer strings"],
      "cases": [{"id": "01_first", "prompt": "a cat", "negative": null, "width": 64, "height": 64, "steps": 4,
                 "guidance": 3.0, "seed": 1}]
    }
"""
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

Pair = tuple[int, int]


class Case(TypedDict, total=False):
    """One pipeline run. Sizes in pixels, (height, width) where they are pairs, as the pipeline has it."""
    id: str
    prompt: str
    prompt_2: str
    negative: str | None
    negative_2: str
    width: int
    height: int
    steps: int
    guidance: float
    guidance_rescale: float
    seed: int               # one generator for all samples
    seeds: list[int]        # one generator per sample, instead of `seed`
    samples: int
    scheduler: str          # diffusers class; default: EDMDPMSolverMultistepScheduler
    scheduler_kwargs: dict[str, Any]
    original_size: Pair
    crops: Pair
    target_size: Pair
    negative_original_size: Pair
    negative_crops: Pair
    negative_target_size: Pair
    strength: float         # makes it image-to-image; the size then comes from the input picture
    input_width: int        # of the input picture, where it is not `width` (rounded down to a multiple of 8)
    input_height: int


REQUIRED = frozenset({"id", "prompt", "negative", "width", "height", "steps", "guidance"})


@dataclass(frozen=True)
class Spec:
    name: str
    cases: list[Case]
    weights_seed: int = 0
    architecture: dict[str, dict[str, Any]] = field(default_factory=dict)
    randn_seeds: list[int] = field(default_factory=lambda: [0])
    strings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """A misspelt key would silently make another case, so every key is checked."""
        for case in self.cases:
            unknown = case.keys() - Case.__annotations__.keys()
            missing = REQUIRED - case.keys()
            if unknown or missing:
                raise ValueError(f"case {case.get('id')}: unknown keys {sorted(unknown)}, missing {sorted(missing)}")
            if ("seed" in case) == ("seeds" in case):
                raise ValueError(f"case {case['id']}: give either seed or seeds")
            if "seeds" in case and len(case["seeds"]) != case.get("samples", 1):
                raise ValueError(f"case {case['id']}: {len(case['seeds'])} seeds for {case.get('samples', 1)} samples")


def read_spec(path: Path) -> Spec:
    return Spec(**json.loads(path.read_text(encoding="utf-8")))
