"""Puts the trained parts into one diffusers folder, half precision, laid out like Playground v2.5's."""

import argparse
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, EDMDPMSolverMultistepScheduler, UNet2DConditionModel

from .latents import load_autoencoder
from .settings import LATENTS, MODEL, SIGMA_DATA
from .text.encoders import load_encoders
from .training import checkpoint
from .unet.edm import SIGMA_RANGE
from .unet.model import new_unet
from .unet.worker import CHECKPOINT

LIMIT_BYTES = 30_000_000
MODEL_INDEX = {
    "_class_name": "StableDiffusionXLPipeline",
    "_diffusers_version": "0.27.0.dev0",
    "feature_extractor": [None, None],
    "_easel": {"min_side": 64, "max_side": 256},
    "force_zeros_for_empty_prompt": True,
    "image_encoder": [None, None],
    "scheduler": ["diffusers", "EDMDPMSolverMultistepScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def new_scheduler() -> EDMDPMSolverMultistepScheduler:
    """The settings of Playground v2.5's own configuration."""
    return EDMDPMSolverMultistepScheduler(
        sigma_min=SIGMA_RANGE[0], sigma_max=SIGMA_RANGE[1], sigma_data=SIGMA_DATA, sigma_schedule="karras", rho=7.0,
        num_train_timesteps=1000, prediction_type="epsilon", solver_order=2, algorithm_type="dpmsolver++",
        solver_type="midpoint", lower_order_final=True, euler_at_final=False, final_sigmas_type="zero",
    )  # fmt: skip


def trained_unet() -> UNet2DConditionModel:
    """With the averaged weights of the last checkpoint."""
    model = new_unet()
    model.load_state_dict(checkpoint.load(CHECKPOINT)["average"])
    return model.eval()


def trained_autoencoder() -> AutoencoderKL:
    model = load_autoencoder()
    statistics = json.loads((LATENTS / "statistics.json").read_text())
    model.register_to_config(latents_mean=statistics["mean"], latents_std=statistics["std"])
    return model


def write_model(folder: Path) -> None:
    trained_unet().half().save_pretrained(folder / "unet", variant="fp16")
    trained_autoencoder().half().save_pretrained(folder / "vae", variant="fp16")
    for name, encoder in zip(("text_encoder", "text_encoder_2"), load_encoders()):
        encoder.to(torch.float16).save_pretrained(folder / name, variant="fp16")
    new_scheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(MODEL_INDEX, indent=2) + "\n")
    weights = list(folder.rglob("*.safetensors"))
    for file in weights:
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in weights)
    print(f"{folder}: {size / 1e6:.1f} MB of weights")
    if size > LIMIT_BYTES:
        raise ValueError(f"the weights are larger than {LIMIT_BYTES / 1e6:.0f} MB")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="assemble", description=__doc__)
    parser.add_argument("--to", type=Path, default=MODEL, help="folder; the tokenizers are already there by default")
    write_model(parser.parse_args(arguments).to)
