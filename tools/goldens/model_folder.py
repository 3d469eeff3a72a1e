"""The parts of a diffusers model folder that are not weights: configs, tokenizer files, vocabulary."""
import json
import os
import shutil
from pathlib import Path

from pg_configs import (
    MODEL_INDEX,
    SCHEDULER,
    SPECIAL_TOKENS_MAP,
    SPECIAL_TOKENS_MAP_2,
    TOKENIZER,
    TOKENIZER_2,
    Config,
)

REPOSITORY = Path(__file__).resolve().parents[2]
VOCABULARY = REPOSITORY / "packages" / "engine" / "vocabulary"
VOCABULARY_FILES = ("vocab.json", "merges.txt")
TOKENIZERS = {"tokenizer": (TOKENIZER, SPECIAL_TOKENS_MAP), "tokenizer_2": (TOKENIZER_2, SPECIAL_TOKENS_MAP_2)}


def weight_file(component: str, variant: str = "") -> str:
    """`unet` -> diffusion_pytorch_model.safetensors; with variant `fp16`: ….fp16.safetensors."""
    stem = "model" if component.startswith("text_encoder") else "diffusion_pytorch_model"
    return f"{stem}.{variant}.safetensors" if variant else f"{stem}.safetensors"


def dump_json(config: Config, path: Path) -> None:
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def write_folder(folder: Path, components: dict[str, Config], vocabulary: Path = VOCABULARY) -> None:
    """Creates the folder with everything but the weights; `components` maps folder names to their configs."""
    for name in ("scheduler", *TOKENIZERS, *components):
        (folder / name).mkdir(parents=True, exist_ok=True)
    dump_json(MODEL_INDEX, folder / "model_index.json")
    dump_json(SCHEDULER, folder / "scheduler" / "scheduler_config.json")
    for name, config in components.items():
        dump_json(config, folder / name / "config.json")
    for name, (config, special_tokens) in TOKENIZERS.items():
        dump_json(config, folder / name / "tokenizer_config.json")
        dump_json(special_tokens, folder / name / "special_tokens_map.json")
        for file in VOCABULARY_FILES:
            _place(vocabulary / file, folder / name / file)


def _place(source: Path, target: Path) -> None:
    """A copy; inside the repository a relative link, because the repository stores the vocabulary once."""
    target.unlink(missing_ok=True)
    inside = target.parent.resolve().is_relative_to(REPOSITORY) and source.resolve().is_relative_to(REPOSITORY)
    if inside:
        target.symlink_to(os.path.relpath(source.resolve(), target.parent.resolve()))
    else:
        shutil.copyfile(source, target)
