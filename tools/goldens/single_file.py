"""The same weights as one single-file checkpoint, and the proof that diffusers reads it back unchanged."""
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.loaders import single_file_utils
from safetensors.torch import load_file

from pg_configs import Config
from pg_single_file import ldm_clip1_name, ldm_clip2_name, ldm_unet_name, ldm_vae_name
from tensors import Tensors, write_tensors
from tiny_model import check_loaded


def write_single_file(path: Path, parts: dict[str, Tensors], configs: dict[str, Config], dtype: torch.dtype) -> None:
    write_tensors(path, to_single_file(parts, configs, dtype), {"format": "pt"})


def to_single_file(parts: dict[str, Tensors], configs: dict[str, Config], dtype: torch.dtype) -> Tensors:
    state = {ldm_unet_name(name, configs["unet"]): weight for name, weight in parts["unet"].items()}
    for name, weight in parts["vae"].items():
        projection = ".attentions.0.to_" in name and name.endswith(".weight")
        state[ldm_vae_name(name, configs["vae"])] = weight[:, :, None, None] if projection else weight
    state.update({ldm_clip1_name(name): weight for name, weight in parts["text_encoder"].items()})
    state.update(_open_clip(parts["text_encoder_2"]))
    state = {name: tensor.to(dtype) for name, tensor in state.items()}
    # These two mark the checkpoint as Playground v2.5: per-channel latent statistics, float32 [1,4,1,1].
    state["edm_mean"] = torch.tensor(configs["vae"]["latents_mean"]).view(1, 4, 1, 1)
    state["edm_std"] = torch.tensor(configs["vae"]["latents_std"]).view(1, 4, 1, 1)
    # Found in SDXL files; a loader must ignore them.
    state["conditioner.embedders.1.model.logit_scale"] = torch.tensor(4.6055)
    state["conditioner.embedders.0.transformer.text_model.embeddings.position_ids"] = torch.arange(77)[None]
    return state


def _open_clip(weights: Tensors) -> Tensors:
    """open_clip stores q, k, v as one matrix and the text projection transposed."""
    state: Tensors = {}
    fused: dict[str, dict[int, torch.Tensor]] = {}
    for name, weight in weights.items():
        stored = ldm_clip2_name(name)
        if "#" in stored:
            stem, third = stored.split("#")
            fused.setdefault(stem, {})[int(third)] = weight
        else:
            state[stored] = weight.t() if name == "text_projection.weight" else weight
    state.update({stem: torch.cat([thirds[i] for i in range(3)]) for stem, thirds in fused.items()})
    return state


def check_single_file(path: Path, model: Path, parts: dict[str, Tensors], configs: dict[str, Config]) -> None:
    """diffusers' own converters must give the folder's weights back, and its loader the same pipeline."""
    stored = load_file(path)
    assert single_file_utils.infer_diffusers_model_type(dict(stored)) == "playground-v2-5"
    converters = {"unet": single_file_utils.convert_ldm_unet_checkpoint,
                  "vae": single_file_utils.convert_ldm_vae_checkpoint}
    for name, convert in converters.items():
        weights = convert(dict(stored), configs[name])
        assert weights.keys() == parts[name].keys(), sorted(weights.keys() ^ parts[name].keys())[:5]
        for key, weight in parts[name].items():
            assert torch.equal(weights[key].reshape(weight.shape), weight.to(weights[key].dtype)), key
    pipe = StableDiffusionXLPipeline.from_single_file(str(path), config=str(model), dtype=torch.float32)
    check_loaded(pipe, parts)
