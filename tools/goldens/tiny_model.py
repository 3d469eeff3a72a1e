"""A tiny model of exactly this architecture with seeded random weights, and its loading into diffusers."""
import math
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionXLPipeline

import pg_configs
from model_folder import weight_file, write_folder
from pg_configs import Config
from pg_layout import ENUMERATE, Entry
from tensors import Tensors, write_tensors

# Real switches, small widths. attention_head_dim is the NUMBER of heads, as in the real model.
TINY: dict[str, Config] = {
    "unet": dict(pg_configs.UNET, block_out_channels=[8, 16, 32], attention_head_dim=[1, 2, 4],
                 transformer_layers_per_block=[1, 2, 3], addition_time_embed_dim=8, norm_num_groups=4),
    "vae": dict(pg_configs.VAE, block_out_channels=[8, 16, 24, 24], norm_num_groups=4),
    "text_encoder": dict(pg_configs.TEXT_ENCODER, hidden_size=6, num_attention_heads=2, num_hidden_layers=3),
    "text_encoder_2": dict(pg_configs.TEXT_ENCODER_2, hidden_size=12, num_attention_heads=3, num_hidden_layers=4),
}
RESIDUAL_OUTPUTS = (".conv2.", ".to_out.0.", ".ff.net.2.", ".proj_out.", ".out_proj.", ".fc2.")
ATTENTION_INPUTS = (".to_q.", ".to_k.", ".q_proj.", ".k_proj.")


def tiny_configs(architecture: dict[str, dict[str, Any]]) -> dict[str, Config]:
    """The tiny configs with a spec's changes; widths that follow from others are filled in."""
    unknown = architecture.keys() - TINY.keys()
    if unknown:
        raise ValueError(f"unknown components {sorted(unknown)}; known: {sorted(TINY)}")
    configs = {name: {**config, **architecture.get(name, {})} for name, config in TINY.items()}
    unet, first, second = configs["unet"], configs["text_encoder"], configs["text_encoder_2"]
    for name in ("text_encoder", "text_encoder_2"):
        changes = architecture.get(name, {})
        width = configs[name]["hidden_size"]
        configs[name]["intermediate_size"] = changes.get("intermediate_size", 4 * width)
        configs[name]["projection_dim"] = changes.get("projection_dim", width)
    unet["cross_attention_dim"] = first["hidden_size"] + second["hidden_size"]
    unet["projection_class_embeddings_input_dim"] = 6 * unet["addition_time_embed_dim"] + second["projection_dim"]
    return configs


def make_weights(entries: Iterable[Entry], seed: int) -> Tensors:
    """Float16 weights, seeded per tensor name, so that the order of generation does not matter."""
    weights: Tensors = {}
    for name, shape in entries:
        values = np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal(shape)
        if name.endswith(".bias"):
            values *= 0.1
        elif len(shape) == 1:
            values = 1 + 0.2 * values
        elif "position_embedding" in name:
            values *= 0.3
        elif "token_embedding" not in name:
            values *= _gain(name) / math.sqrt(math.prod(shape[1:]))
        weights[name] = torch.from_numpy(values.astype(np.float32)).half()
    return weights


def _gain(name: str) -> float:
    """Residual branches are kept small and attention sharp, so that every part matters and nothing explodes."""
    if any(key in name for key in RESIDUAL_OUTPUTS):
        return 0.5
    if any(key in name for key in ATTENTION_INPUTS):
        return 1.5
    return 0.45 if name.startswith("decoder.conv_out") else 1.0


def write_model(folder: Path, configs: dict[str, Config], seed: int, vocabulary: Path) -> dict[str, Tensors]:
    """Writes the model folder (fp16; the VAE in fp32 as well) and returns the weights of every component."""
    write_folder(folder, configs, vocabulary)
    parts: dict[str, Tensors] = {}
    for index, (name, config) in enumerate(configs.items()):
        parts[name] = make_weights(ENUMERATE[name](config), seed + index)
        write_tensors(folder / name / weight_file(name, "fp16"), parts[name], {"format": "pt"})
    full = {name: weight.float() for name, weight in parts["vae"].items()}
    write_tensors(folder / "vae" / weight_file("vae"), full, {"format": "pt"})
    return parts


def load_pipeline(folder: Path) -> StableDiffusionXLPipeline:
    """The reference pipeline: the stored fp16 values, computed in float32."""
    pipe = StableDiffusionXLPipeline.from_pretrained(folder, variant="fp16", dtype=torch.float32, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    for model in (pipe.unet, pipe.vae, pipe.text_encoder, pipe.text_encoder_2):
        model.eval()
        assert next(model.parameters()).dtype == torch.float32
    return pipe


def check_loaded(pipe: StableDiffusionXLPipeline, parts: dict[str, Tensors]) -> None:
    """Every stored tensor must have arrived: from_pretrained only warns about missing or unexpected names."""
    for name, weights in parts.items():
        state = getattr(pipe, name).state_dict()
        # transformers 5 keeps CLIPTextModel without the "text_model." prefix in memory
        arrived = {key if key in state else key.removeprefix("text_model."): weight for key, weight in weights.items()}
        assert arrived.keys() == {key for key in state if not key.endswith("position_ids")}, name
        for key, weight in arrived.items():
            assert torch.equal(state[key], weight.float()), key
